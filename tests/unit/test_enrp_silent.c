#include "registrar_world.h"

/* The elements of a registrar that is silent while its takeover is not acknowledged, or that does not answer: they are asked,
 * because dead elements must not stay without end. RFC 5353 s.3.5.1 */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_distance_ms = 1000;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	for (uint32_t i = 1; i <= 3; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(i, ID_B, 20));
	world_clear();
}

/* b is dead, and c does not acknowledge its takeover. */
static void
not_acknowledged(uint64_t for_ms)
{
	for (uint64_t ms = 0; ms < for_ms; ms += 500) {
		world_run(500);
		world_presence(C, ID_C, "c", false);
	}
}

static void
until_asked(void)
{
	for (unsigned i = 0; i < 30 && !world_dialled("web1"); i++)
		not_acknowledged(500);
	CHECK(world_dialled("web1"));
}

/* The takeover of b is late: two times the silence after which b counts as dead, 3 s. The elements of b are dialled. */
static uint32_t
begin_late(void)
{
	begin();
	not_acknowledged(5500);
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_dialled("web1"), 0);
	until_asked();
	CHECK(w.now < 100000 + 8500);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	return link;
}

static void
the_elements_of_a_dead_registrar_are_asked_without_the_h_flag_when_its_takeover_is_late(void)
{ /* RFC 5353 s.3.5.1: a dead registrar's dead elements must not stay without end */
	struct rsp_message msg;
	uint32_t link = begin_late();

	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 3);
	for (int i = 0; i < 3; i++)
		CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, i, &msg) && msg.flags == 0);
	world_end();
}

static void
those_that_do_not_answer_are_removed_at_their_number(void)
{
	struct rsp_message msg;
	uint32_t link = begin_late();

	world_ack(link, "web", 2);
	world_clear();
	not_acknowledged(500);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 3), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "home-lost");
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.statement.epoch.epoch, 20);
	CHECK_EQ(msg.element.home_id, ID_US);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 20)); /* removed elements stay removed */
	CHECK_EQ(world_home("web", 1), 0);
	world_end();
}

static void
those_that_answer_keep_their_home_and_are_asked_again(void)
{
	uint32_t link = begin_late();

	for (uint32_t i = 1; i <= 3; i++)
		world_ack(link, "web", i);
	CHECK_EQ(world_home("web", 2), ID_B);
	CHECK_EQ(world_stored("web", 2).rank, RSP_RANK_REGISTERED);
	for (unsigned i = 0; i < 10 && world_dialled("web1") == link; i++)
		not_acknowledged(500);
	CHECK(world_dialled("web1") != link);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

static void
a_late_takeover_ends_when_no_element_is_left(void)
{
	struct rsp_peer_view view;

	(void)begin_late();
	not_acknowledged(500);
	CHECK(world_peer_view(ID_B, &view));
	not_acknowledged(3000);
	CHECK(!world_peer_view(ID_B, &view));
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "unacknowledged");
	world_end();
}

static void
a_registrar_that_returns_keeps_its_elements(void)
{
	begin();
	until_asked();
	world_presence(B, ID_B, "b", false);
	world_clear();
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

/* b is heard, and says that it has other elements than are stored here; but it answers no request. */
static void
not_answered(uint64_t for_ms)
{
	static uint32_t link = B;

	for (uint64_t ms = 0; ms < for_ms; ms += 500) {
		world_run(500);
		world_presence(C, ID_C, "c", false);
		if (world_was_closed(link)) {
			link = link == B ? B + 100 : link + 1;
			world_peer(link, "b");
		}
		world_presence_of(link, ID_B, "b", (struct world_state){ .states = true, .digest = 1, .update = 9 });
	}
}

static void
the_elements_of_a_registrar_that_is_heard_but_does_not_answer_are_looked_at(void)
{
	struct rsp_peer_view view;

	begin();
	not_answered(5500);
	CHECK_EQ(world_dialled("web1"), 0);
	for (unsigned i = 0; i < 6 && !world_dialled("web1"); i++)
		not_answered(500);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack(link, "web", 2);
	not_answered(500);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_B);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "home-lost");
	CHECK(world_peer_view(ID_B, &view));
	CHECK_EQ(view.state, RSP_PEER_ACTIVE);
	world_end();
}

/* b is heard by c only, and c does not send what b has. */
static void
the_elements_of_a_registrar_that_only_a_peer_hears_are_looked_at_if_the_peer_does_not_send_its_table(void)
{
	const struct rsp_heard heard = { .server_id = ID_B, .digest = 1 };
	unsigned asked = 0;

	begin();
	for (uint64_t ms = 0; ms < 30000 && !world_dialled("web1"); ms += 500) {
		world_run(500);
		world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &heard, .n_heard = 1 });
		for (unsigned n = world_count(C, ENRP_HANDLE_TABLE_REQUEST); asked < n; asked++) {
			struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_C);

			msg.flags = ENRP_FLAG_REJECT;
			world_tell(C, &msg);
		}
	}
	CHECK(asked > 1);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "home-lost");
	world_end();
}

int
main(void)
{
	TAP_RUN(the_elements_of_a_dead_registrar_are_asked_without_the_h_flag_when_its_takeover_is_late);
	TAP_RUN(those_that_do_not_answer_are_removed_at_their_number);
	TAP_RUN(those_that_answer_keep_their_home_and_are_asked_again);
	TAP_RUN(a_late_takeover_ends_when_no_element_is_left);
	TAP_RUN(a_registrar_that_returns_keeps_its_elements);
	TAP_RUN(the_elements_of_a_registrar_that_is_heard_but_does_not_answer_are_looked_at);
	TAP_RUN(the_elements_of_a_registrar_that_only_a_peer_hears_are_looked_at_if_the_peer_does_not_send_its_table);
	return tap_end();
}
