#include "registrar_world.h"

/* Two registrars with one name: a restarted registrar is not recorded, two that both run are. */

enum { FIRST = 1, SECOND = 2, THIRD = 3, AGAIN = 4 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
}

static void
says(uint32_t link, uint32_t id)
{
	world_presence(link, id, "b", false);
}

/* b is ID_B first, and then ID_C. */
static void
replaced(void)
{
	begin();
	world_joined(FIRST, ID_B, "b");
	world_run(100);
	world_joined(SECOND, ID_C, "b");
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "restarted");
}

static bool
is_alive(uint32_t id)
{
	struct rsp_peer_view view;

	return world_peer_view(id, &view) && (view.state == RSP_PEER_ACTIVE || view.state == RSP_PEER_PROBED);
}

static void
a_restarted_registrar_is_no_duplicate(void)
{
	replaced();
	for (unsigned i = 0; i < 20; i++) {
		world_run(1000);
		says(SECOND, ID_C);
	}
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	CHECK(!is_alive(ID_B));
	world_end();
}

static void
last_messages_of_the_former_registrar_are_no_sign_of_life(void)
{
	replaced();
	says(FIRST, ID_B);
	world_run(500);
	says(FIRST, ID_B);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	world_end();
}

static void
last_messages_of_the_former_registrar_may_be_late(void)
{
	struct rsp_registrar_config config = world_config(); /* the network is slow at times */
	config.max_time_no_response_ms = 2000;
	world_begin(&config);
	world_joined(FIRST, ID_B, "b");
	world_joined(SECOND, ID_C, "b");
	world_run(1900);
	says(SECOND, ID_C);
	world_run(1900);
	says(FIRST, ID_B);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	world_end();
}

static void
two_registrars_that_both_send_are_recorded_and_both_kept(void)
{
	replaced();
	world_run(1500);
	says(SECOND, ID_C);
	world_clear();
	world_joined(AGAIN, ID_B, "b"); /* after its connection was lost */
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	CHECK_STR(world_reason(RSP_EVENT_DUPLICATE_NAME), "name-of-another");
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0); /* neither is taken for a restarted registrar any more */
	CHECK(is_alive(ID_B) && is_alive(ID_C));
	for (unsigned i = 0; i < 20; i++) {
		world_run(1000);
		says(AGAIN, ID_B);
		says(SECOND, ID_C);
	}
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	CHECK(is_alive(ID_B) && is_alive(ID_C));
	for (unsigned i = 0; i < 50; i++) { /* recorded again after a minute */
		world_run(1000);
		says(AGAIN, ID_B);
		says(SECOND, ID_C);
	}
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 2);
	world_end();
}

static void
a_former_registrar_that_sends_over_its_open_connection_is_a_duplicate(void)
{ /* a third registrar keeps us from taking over at once */
	struct rsp_peer_view view;

	begin();
	world_joined(THIRD, ID_D, "d");
	world_joined(FIRST, ID_B, "b");
	world_joined(SECOND, ID_C, "b");
	says(FIRST, ID_B); /* at once: it may have ended since */
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	for (unsigned i = 0; i < 15; i++) {
		world_run(100);
		world_presence(THIRD, ID_D, "d", false);
		says(SECOND, ID_C);
		says(FIRST, ID_B);
	}
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	CHECK(world_peer_view(ID_B, &view));
	CHECK_EQ(view.link_in, FIRST);
	world_end();
}

static void
a_third_id_is_a_restart_again(void)
{ /* also after two registrars that both ran */
	replaced();
	world_run(1500);
	says(SECOND, ID_C);
	world_joined(AGAIN, ID_B, "b");
	world_clear();
	world_joined(THIRD, ID_D, "b");
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 2);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	world_end();
}

static void
a_registrar_that_disconnected_before_the_former_one_came_is_no_duplicate(void)
{ /* ids that are configured may come again */
	replaced();
	world_run(1500);
	says(SECOND, ID_C);
	world_down(SECOND, RSP_ECLOSED);
	world_joined(AGAIN, ID_B, "b");
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	CHECK(is_alive(ID_B) && !is_alive(ID_C));
	world_end();
}

/* The peer "b" lists a registrar @name as @id. */
static void
lists(uint32_t id, const char *name, uint8_t flags)
{
	uint8_t list[256], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	struct rsp_server_info info = { .server_id = id,
					.transport = { .type = RSP_PARAM_TCP, .port = 77 },
					.name = rsp_bytes_str(name) };
	struct rsp_ip ip = { 4, { 192, 0, 2, 77 } };

	rsp_transport_set_ips(&info.transport, &ip, 1, room);
	rsp_server_info_encode(&wr, &info);
	CHECK(!wr.err);
	msg.flags = flags;
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, wr.pos);
	msg.n_list = 1;
	world_tell(FIRST, &msg);
}

static void
another_registrar_with_our_name_is_found_in_lists(void)
{
	begin();
	world_joined(FIRST, ID_B, "b");
	lists(ID_US, "us", 0); /* this registrar */
	lists(ID_C, "c", 0);
	lists(ID_D, "us", ENRP_FLAG_REJECT);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	lists(ID_D, "us", 0); /* it may be our former id, before we restarted */
	world_run(999);
	lists(ID_D, "us", 0);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	world_run(1);
	lists(ID_D, "us", 0);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	CHECK_STR(world_reason(RSP_EVENT_DUPLICATE_NAME), "name-ours");
	CHECK_EQ(w.event[w.n_events - 1].peer_id, ID_D);
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_US);
	lists(ID_D, "us", 0);
	for (uint32_t id = 0x1000; id < 0x1100; id++) /* invented ids */
		lists(id, "us", 0);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	for (unsigned i = 0; i < 61; i++) {
		world_run(1000);
		says(FIRST, ID_B);
	}
	lists(ID_D, "us", 0);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 2);
	world_end();
}

static void
another_registrar_with_our_name_is_found_by_its_presence_in_plain_text(void)
{
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	world_begin(&config);
	CHECK_EQ(world_up(FIRST, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	world_presence(FIRST, ID_B, "b", false);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	CHECK_EQ(world_up(SECOND, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	world_presence(SECOND, ID_C, "us", false);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	world_run(1000);
	world_presence(SECOND, ID_C, "us", false);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 1);
	CHECK_STR(world_reason(RSP_EVENT_DUPLICATE_NAME), "name-ours");
	world_end();
}

static void
many_restarts_leave_few_peers(void)
{
	begin();
	for (uint32_t i = 1; i < 200; i++) {
		world_joined(100 + i, 0x1000 + i, "b");
		world_run(20);
	}
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_NAME), 0);
	CHECK(rsp_registrar_stats(w.r).peers < 3);
	world_end();
}

/* One id, two names: while b is suspended, c starts with its id, and draws another one when b is back. */
static void
a_registrar_whose_id_another_one_had_for_a_while_is_not_refused(void)
{
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(1000); /* it serves alone */
	uint32_t dialled = world_dialled("b");
	world_joined(dialled, ID_B, "b");
	world_joined(THIRD, ID_D, "d");
	for (unsigned i = 0; i < 8 && is_alive(ID_B); i++) {
		world_run(500);
		world_presence(THIRD, ID_D, "d", false); /* it acknowledges no takeover */
	}
	CHECK(!is_alive(ID_B));
	world_joined(SECOND, ID_B, "c");
	says(dialled, ID_B);
	world_down(SECOND, RSP_ECLOSED);
	CHECK(is_alive(ID_B));
	world_joined(AGAIN, ID_B, "b");
	CHECK(!world_was_closed(AGAIN));
	world_end();
}

int
main(void)
{
	TAP_RUN(a_restarted_registrar_is_no_duplicate);
	TAP_RUN(last_messages_of_the_former_registrar_are_no_sign_of_life);
	TAP_RUN(last_messages_of_the_former_registrar_may_be_late);
	TAP_RUN(two_registrars_that_both_send_are_recorded_and_both_kept);
	TAP_RUN(a_former_registrar_that_sends_over_its_open_connection_is_a_duplicate);
	TAP_RUN(a_third_id_is_a_restart_again);
	TAP_RUN(a_registrar_that_disconnected_before_the_former_one_came_is_no_duplicate);
	TAP_RUN(another_registrar_with_our_name_is_found_in_lists);
	TAP_RUN(another_registrar_with_our_name_is_found_by_its_presence_in_plain_text);
	TAP_RUN(many_restarts_leave_few_peers);
	TAP_RUN(a_registrar_whose_id_another_one_had_for_a_while_is_not_refused);
	return tap_end();
}
