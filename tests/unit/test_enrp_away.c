#include "engine/registrar/member.h"
#include "registrar_world.h"

/* A registrar that was suspended (its process or its host) for longer than its peers wait joins again: they may
 * have taken its elements over. If all were suspended together, none of them throws its table away. */

static bool
serves(void)
{
	return rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING;
}

static uint64_t version;

static uint32_t
answers(uint32_t id, const char *name)
{
	uint32_t link = world_dialled(name);

	world_peer(link, name);
	world_presence(link, id, name, false);
	return link;
}

static void
lists(uint32_t link, uint32_t id, bool rejects)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, id);

	msg.flags = rejects ? ENRP_FLAG_REJECT : 0;
	world_tell(link, &msg);
}

/* A registrar with @n_contacts contacts: none or a. */
static void
begin_with(unsigned n_contacts)
{
	static const struct rsp_contact_config contact = { .name = "a",
							   .ip = { 4, { 192, 0, 2, ID_A } },
							   .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = n_contacts;
	world_begin(&config);
	world_run(0);
}

/* We have five elements of a, two of d (which only the table names), and one of our own, which a claims if
 * @contested. Then we are suspended. */
static void
begin_away_contested(bool contested)
{
	begin_with(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 5, ID_A, 8);
	world_table(a, ID_A, 0, "web", 11, 2, ID_D, 8);
	CHECK(serves());
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 7);
	version = rsp_element_version(world_element("mine", 7));
	world_run(0);
	world_clear();
	if (contested) {
		world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(7, ID_A, version + 2));
		CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	}
	w.now += 100000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(world_was_closed(WEB1));
	CHECK(!serves()); /* users wait, or ask another registrar */
	world_run(0);
}

static void
begin_away(void)
{
	begin_away_contested(false);
}

static unsigned
elements(void)
{
	return rsp_registrar_stats(w.r).elements;
}

/* a joins, too, and has the lower id: we begin to serve. */
static void
the_first_registrar_to_serve_keeps_its_old_table(void)
{
	struct rsp_peer_view view;

	begin_away();
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, true);
	for (unsigned i = 0; i < 30 && !serves(); i++) {
		world_run(100);
		if (world_dialled("a") != a)
			a = answers(ID_A, "a");
	}
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	CHECK_EQ(elements(), 8);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(rsp_element_version(world_element("mine", 7)), version);
	CHECK(world_peer_view(ID_D, &view)); /* d is watched, and dead if it is not heard */
	/* our element has the grace time to register again */
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB2, "mine", 7);
	for (unsigned i = 0; i < 30; i++) {
		world_run(100);
		world_presence(a, ID_A, "a", false);
	}
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

static void
an_own_element_that_does_not_come_back_is_removed(void)
{
	begin_away();
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_EQ(elements(), 8);
	world_run(701);
	CHECK_EQ(world_home("mine", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	/* elements of others are removed when their homes are dead and they do not answer us */
	for (unsigned i = 0; i < 50; i++) {
		world_run(100);
		if (w.n_dials > 0 && world_dialled("a"))
			world_down(world_dialled("a"), RSP_EUNREACHABLE);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 2);
	world_end();
}

static void
a_claim_of_before_is_forgotten(void)
{
	begin_away_contested(true);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_register(WEB2, "mine", 7);
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

/* a serves, and has a newer table: of the old table only what a confirms is left. */
static void
with_a_mentor_the_old_table_is_forgotten(void)
{
	begin_away();
	uint32_t a = answers(ID_A, "a");
	/* an update before the list replaces an old element, of whatever home and version */
	world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(7, ID_A, 6));
	world_update(a, ID_A, ENRP_ADD_PE, "web", world_pe(11, ID_A, 6));
	CHECK_EQ(elements(), 8);
	CHECK_EQ(world_home("mine", 7), ID_A);
	CHECK_EQ(world_home("web", 11), ID_A);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	lists(a, ID_A, false);
	CHECK_EQ(elements(), 2);
	world_table(a, ID_A, 0, "web", 1, 3, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(elements(), 5);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	world_end();
}

static void
a_registrar_that_was_suspended_joins_again(void)
{
	begin_with(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 5, ID_A, 8);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 7);
	CHECK_EQ(world_home("mine", 7), ID_US);
	version = world_version("mine", 7);
	world_run(0);
	world_clear();

	/* others wait for MAX-TIME-LAST-HEARD and MAX-TIME-NO-RESPONSE, after our last heartbeat */
	w.now += 2000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	w.now += 2001;
	world_presence(a, ID_A, "a", false); /* any message may show that we were suspended */
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(!serves());
	CHECK(world_was_closed(a) && world_was_closed(WEB1));
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 6); /* kept until a mentor answers */
	unsigned before = w.n_dials;
	world_run(0);
	CHECK_EQ(w.n_dials, before + 1);

	/* no peer has taken its element over: it is ours again, and has the grace time to register */
	a = answers(ID_A, "a");
	lists(a, ID_A, false);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(a, ID_A, 0, "mine", 7, 1, ID_US, version);
	CHECK(serves());
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK_EQ(world_home("mine", 7), ID_US);
	CHECK_EQ(rsp_element_version(world_element("mine", 7)), version);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 1);
	CHECK(rsp_timer_is_set(&rsp_member(world_element("mine", 7))->expiry));
	for (unsigned i = 0; i < 3; i++) {
		world_run(1000);
		world_presence(a, ID_A, "a", false);
	}
	CHECK_EQ(world_home("mine", 7), 0);
	world_end();
}

static void
a_registrar_without_peers_does_not_join_again(void)
{
	begin_with(0);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 7);
	w.now += 100000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

/* The first sign that we were suspended may be that a dialled connection is up. Joining again closes it. */
static void
a_connection_that_ends_with_joining_again_does_not_come_up(void)
{
	begin_with(1);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	world_run(300);
	CHECK_EQ(w.n_dials, 2);
	world_joined(B, ID_B, "b");
	uint32_t a = world_dialled("a");
	world_clear();
	w.now += 100000;
	CHECK_EQ(world_up(a, RSP_ENRP, RSP_ROLE_PEER, "a"), RSP_ELIMIT);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(world_was_closed(a) && world_was_closed(B));
	CHECK_EQ(rsp_registrar_stats(w.r).links, 0);
	CHECK_EQ(w.n_sent, 0);
	world_run(0);
	CHECK(world_dialled("a") != a); /* joining dials the contacts */
	world_end();
}

int
main(void)
{
	TAP_RUN(a_registrar_that_was_suspended_joins_again);
	TAP_RUN(a_registrar_without_peers_does_not_join_again);
	TAP_RUN(a_connection_that_ends_with_joining_again_does_not_come_up);
	TAP_RUN(the_first_registrar_to_serve_keeps_its_old_table);
	TAP_RUN(an_own_element_that_does_not_come_back_is_removed);
	TAP_RUN(a_claim_of_before_is_forgotten);
	TAP_RUN(with_a_mentor_the_old_table_is_forgotten);
	return tap_end();
}
