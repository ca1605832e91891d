#include "counterexample_world.h"

/* The counterexamples of ownership.md 10 about two owners of one PE id, as one registrar decides them. */

/* The statement of the owner @name at @home_id. */
static struct rsp_pool_element
of_owner(const char *name, uint32_t home_id, uint64_t epoch, uint64_t since_ms)
{
	struct rsp_pool_element pe = ce_pe(home_id, epoch, P, RSP_RANK_REGISTERED, (uint8_t)name[1]);

	pe.owner = rsp_bytes_str(name);
	pe.statement.since_ms = since_ms;
	return pe;
}

static void
c27_of_two_owners_the_lower_name_is_shown_whatever_came_first_or_is_older(void)
{
	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, of_owner("xa", ID_A, 3, 2000));
	ce_says(B, ID_B, of_owner("xb", ID_B, 9, 1000));
	ce_check_shown(ID_A, 'a');
	world_end();
	ce_begin(LIVE_A | LIVE_B);
	ce_says(B, ID_B, of_owner("xb", ID_B, 9, 1000));
	ce_check_shown(ID_B, 'b');
	ce_says(A, ID_A, of_owner("xa", ID_A, 3, 2000));
	ce_check_shown(ID_A, 'a');
	world_end();
}

/* The element is ours, by web1, and connected; and a's, by "aaa", which is the lower name. */
static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.hold_ms = 0;
	config.keepalive_distance_ms = 0;
	config.keepalive_interval_ms = 1000;
	ce_begin_with(&config, LIVE_A);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	ce_says(A, ID_A, of_owner("aaa", ID_A, 3, 1000));
	ce_check_shown(ID_A, 'a');
}

static void
c28_the_other_owner_is_kept_while_the_one_that_is_shown_does_not_answer(void)
{
	begin();
	world_clear();
	for (unsigned i = 0; i < 6; i++) {
		ce_run_unanswered(500, LIVE_A);
		ce_ack(WEB1, 3, P);
	}
	CHECK(ce_dials() > 0);
	CHECK(!world_was_closed(WEB1));
	CHECK_EQ(world_count(WEB1, ASAP_DEREGISTRATION_RESPONSE), 0);
	struct rsp_pool_element pe = of_owner("aaa", ID_A, 3, 1000);
	pe.statement.rank = RSP_RANK_REMOVED;
	ce_says(A, ID_A, pe);
	ce_check_shown(ID_US, 80); /* seen again */
	world_end();
}

static void
c28_the_other_owner_is_removed_when_the_one_that_is_shown_has_answered(void)
{
	uint32_t link;

	begin();
	for (unsigned i = 0; i < 6 && !ce_dialled(); i++) {
		ce_run(400, LIVE_A);
		ce_ack(WEB1, 3, P);
	}
	link = ce_dialled();
	CHECK(link != 0);
	if (link)
		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "aaa"), RSP_OK);
	ce_ack(link, 3, P);
	ce_run(100, LIVE_A);
	CHECK_EQ(world_count(WEB1, ASAP_DEREGISTRATION_RESPONSE), 1);
	ce_check_shown(ID_A, 'a');
	world_end();
}

/* The element of web1 is ours, as a says, but not connected; it answers where we dial it. That of "aaa" is shown. Returns the
 * link over which we dial the latter; 0: we do not. */
static uint32_t
begin_not_connected(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_distance_ms = 0;
	config.keepalive_interval_ms = 1000;
	ce_begin_with(&config, LIVE_A);
	ce_says(A, ID_A, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 80));
	world_run(0);
	ce_ack(ce_look_is_up(), 3, P);
	ce_says(A, ID_A, of_owner("aaa", ID_A, 3, 1000));
	ce_run(1501, LIVE_A);
	return world_dialled("aaa");
}

static void
c28_the_one_that_is_shown_is_dialled_for_an_own_one_that_is_not_connected(void)
{
	CHECK(begin_not_connected() != 0);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	ce_check_shown(ID_A, 'a');
	world_end();
}

static void
c28_an_own_one_that_is_not_connected_is_removed_when_the_one_that_is_shown_has_answered(void)
{
	uint32_t link = begin_not_connected();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "aaa"), RSP_OK);
	ce_ack(link, 3, P);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "element-of-another");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	ce_check_shown(ID_A, 'a');
	world_end();
}

/* Pair by pair, in pools that have the same ids. */
static void
c28_two_owners_in_each_of_two_pools_are_recorded_twice(void)
{
	ce_begin(LIVE_A | LIVE_B);
	for (unsigned i = 0; i < 2; i++) {
		world_update(A, ID_A, ENRP_ADD_PE, i ? "mail" : POOL, of_owner("xa", ID_A, 3, 2000));
		world_update(B, ID_B, ENRP_ADD_PE, i ? "mail" : POOL, of_owner("xb", ID_B, 3, 1000));
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_TWO_OWNERS), 2);
	world_end();
}

int
main(void)
{
	TAP_RUN(c27_of_two_owners_the_lower_name_is_shown_whatever_came_first_or_is_older);
	TAP_RUN(c28_the_other_owner_is_kept_while_the_one_that_is_shown_does_not_answer);
	TAP_RUN(c28_the_other_owner_is_removed_when_the_one_that_is_shown_has_answered);
	TAP_RUN(c28_the_one_that_is_shown_is_dialled_for_an_own_one_that_is_not_connected);
	TAP_RUN(c28_an_own_one_that_is_not_connected_is_removed_when_the_one_that_is_shown_has_answered);
	TAP_RUN(c28_two_owners_in_each_of_two_pools_are_recorded_twice);
	return tap_end();
}
