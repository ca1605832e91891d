#include "registrar_world.h"

/* The peer list, and which registrars are dialled: RFC 5353 s.3.4. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
}

static enum rsp_peer_state
state(uint32_t id)
{
	struct rsp_peer_view view;

	return world_peer_view(id, &view) ? view.state : (enum rsp_peer_state)99;
}

static unsigned
n_peers(void)
{
	return rsp_registrar_stats(w.r).peers;
}

static void
any_message_makes_its_sender_a_peer_which_is_sent_a_presence(void)
{ /* s.3.4.1 */
	struct rsp_message request = enrp_message(ENRP_LIST_REQUEST, ID_B), msg;

	begin();
	world_peer(B, "b");
	CHECK_EQ(n_peers(), 0);
	world_tell(B, &request);
	CHECK_EQ(n_peers(), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_JOINED), 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REPLY_REQUIRED);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK_EQ(world_count(B, ENRP_LIST_RESPONSE), 1); /* and the request is answered */
	world_end();
}

/* Before its PRESENCE we do not know whether its statements have numbers. */
static void
an_update_before_the_first_presence_is_not_taken_in(void)
{
	begin();
	world_peer(B, "b");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	CHECK_EQ(world_home("web", 1), 0);
	world_presence(B, ID_B, "b", false);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	CHECK_EQ(world_home("web", 1), ID_B);
	world_end();
}

static void
a_presence_without_server_information_says_nothing_of_the_table(void)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_B);

	begin();
	world_joined(B, ID_B, "b");
	world_update_numbered(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8), 1);
	world_clear();
	for (unsigned i = 0; i < 3; i++) {
		world_tell(B, &msg);
		world_run(1000);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_presence_has_our_address_and_the_checksum_of_our_elements(void)
{ /* s.2.1, s.3.6.1 step 2 */
	struct rsp_message msg;

	begin();
	CHECK_EQ(world_up(OTHER, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(OTHER, "web", 7);
	world_peer(B, "b");
	world_presence(B, ID_B, "b", true);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, -1, &msg)); /* the reply */
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.sender_id, ID_US);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK_EQ(msg.checksum, full_checksum(rsp_registrar_handlespace(w.r), ID_US));
	CHECK(msg.checksum != 0xffff);
	CHECK_EQ(msg.server_info.server_id, ID_US);
	CHECK_EQ(msg.server_info.transport.port, 9902);
	CHECK_EQ(rsp_transport_ip(&msg.server_info.transport, 0).ip[3], 16);
	CHECK(rsp_bytes_equal(msg.server_info.name, rsp_bytes_str("us")));
	CHECK(msg.server_info.has_state);
	CHECK(msg.server_info.state.digest == full_digest(rsp_registrar_handlespace(w.r), ID_US));
	world_end();
}

static void
heartbeats_are_sent_to_all_peers(void)
{ /* s.3.4.2: PEER-HEARTBEAT-CYCLE, not to be answered */
	struct rsp_message msg;

	begin();
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	world_run(0);
	world_clear();
	for (unsigned i = 0; i < 10; i++) {
		world_run(1000);
		world_presence(B, ID_B, "b", false);
		world_presence(C, ID_C, "c", false);
	}
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 10);
	CHECK_EQ(world_count(C, ENRP_PRESENCE), 10);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, 5, &msg) && msg.flags == 0);
	CHECK_EQ(msg.receiver_id, 0); /* s.2.1: sent to all */
	/* and one of them in turn is asked for its list */
	CHECK_EQ(world_count(0, ENRP_LIST_REQUEST), 10);
	CHECK(world_count(B, ENRP_LIST_REQUEST) > 0 && world_count(C, ENRP_LIST_REQUEST) > 0);
	CHECK_EQ(world_count(0, ENRP_HANDLE_TABLE_REQUEST), 0); /* all is in sync */
	world_end();
}

static void
a_silent_peer_is_probed_and_then_dead(void)
{ /* s.3.4.3 */
	struct rsp_message msg;

	begin();
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	world_run(1000);
	world_presence(C, ID_C, "c", false);
	world_run(1499);
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	world_clear();
	world_run(1); /* MAX-TIME-LAST-HEARD */
	CHECK_EQ(state(ID_B), RSP_PEER_PROBED);
	CHECK_EQ(state(ID_C), RSP_PEER_ACTIVE);
	CHECK_STR(world_reason(RSP_EVENT_PEER_SUSPECTED), "silence");
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REPLY_REQUIRED);
	world_presence(C, ID_C, "c", false);
	world_run(499);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	world_run(1); /* MAX-TIME-NO-RESPONSE */
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "no-response");
	CHECK(world_find(C, RSP_ENRP, ENRP_INIT_TAKEOVER, 0, &msg) && msg.target_id == ID_B);
	world_end();
}

static void
any_message_is_a_sign_of_life(void)
{ /* s.3.4.3: peer_last_heard */
	struct rsp_message ask = enrp_message(ENRP_LIST_REQUEST, ID_B);

	begin();
	world_joined(B, ID_B, "b");
	for (unsigned i = 0; i < 5; i++) {
		world_run(2000);
		world_tell(B, &ask);
	}
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	world_run(2600);
	CHECK_EQ(state(ID_B), RSP_PEER_PROBED);
	world_tell(B, &ask);
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	CHECK_EQ(world_told(RSP_EVENT_PEER_RETURNED), 1);
	world_end();
}

/* b connects and names its address, to which we connect. Returns that link. */
static uint32_t
both_ways(void)
{
	world_joined(B, ID_B, "b");
	uint32_t out = world_dialled("b");
	CHECK(out != 0);
	CHECK_EQ(w.dial[out - DIALLED].port, 9000);
	CHECK_EQ(w.dial[out - DIALLED].ip.ip[3], ID_B);
	world_peer(out, "b");
	world_presence(out, ID_B, "b", false);
	return out;
}

static void
we_send_over_the_connection_that_we_dialled(void)
{
	struct rsp_peer_view view;

	begin();
	uint32_t out = both_ways();
	CHECK(world_peer_view(ID_B, &view));
	CHECK_EQ(view.link_out, out);
	CHECK_EQ(view.link_in, B);
	CHECK_EQ(n_peers(), 1);
	world_clear();
	world_run(1000);
	CHECK_EQ(world_count(out, ENRP_PRESENCE), 1);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 0);
	world_presence(B, ID_B, "b", false);
	world_down(out, RSP_ECLOSED);
	CHECK_STR(world_reason(RSP_EVENT_PEER_SUSPECTED), "peer-disconnected");
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 1); /* it is probed over the other connection */
	world_presence(B, ID_B, "b", false);
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	world_clear();
	world_run(1000);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), 1);
	world_end();
}

/* Until b sends something over the connection that we dialled, that is not bound to it, but we send over it. */
static void
a_request_over_a_connection_that_ends_before_the_peer_sent_anything_is_sent_again(void)
{
	begin();
	uint32_t out = both_ways();
	world_down(out, RSP_ECLOSED);
	world_run(100);
	uint32_t again = world_dialled("b");
	CHECK(again != out);
	world_peer(again, "b");
	world_clear();
	world_update_numbered(B, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 8), 2);
	CHECK_EQ(world_count(again, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_down(again, RSP_ECLOSED);
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234, .update = 2 });
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_end();
}

static void
failed_dials_before_a_connection_do_not_delay_the_next_one_after_it(void)
{
	begin();
	world_joined(B, ID_B, "b");
	uint32_t out = world_dialled("b");
	for (unsigned i = 0; i < 4; i++) {
		world_down(out, RSP_EUNREACHABLE);
		world_run(2000);
		world_presence(B, ID_B, "b", false);
		CHECK(world_dialled("b") != out);
		out = world_dialled("b");
	}
	world_peer(out, "b");
	world_presence(out, ID_B, "b", false);
	world_run(500);
	world_down(B, RSP_ECLOSED);
	world_down(out, RSP_ECLOSED);
	world_run(0);
	CHECK(world_dialled("b") != out);
	world_end();
}

static void
a_broken_connection_begins_the_detection_at_once(void)
{
	begin();
	uint32_t out = both_ways();
	world_down(B, RSP_ECLOSED);
	CHECK_EQ(state(ID_B), RSP_PEER_PROBED);
	world_down(out, RSP_ECLOSED);
	world_run(0);
	uint32_t again = world_dialled("b");
	CHECK(again != out);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	world_down(again, RSP_EUNREACHABLE); /* s.3.4.3: the send fails */
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "send-failed");
	CHECK_EQ(n_peers(), 0); /* no other peer has to acknowledge its takeover */
	world_end();
}

static void
a_peer_that_connects_again_is_probed_until_it_sends(void)
{
	begin();
	uint32_t out = both_ways();
	world_down(B, RSP_ECLOSED);
	world_down(out, RSP_ECLOSED);
	world_run(0);
	uint32_t again = world_dialled("b");
	world_peer(again, "b");
	CHECK_EQ(state(ID_B), RSP_PEER_PROBED); /* until it sends a message */
	world_presence(again, ID_B, "b", false);
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	world_end();
}

static void
a_peer_that_never_named_an_address_is_dead_when_it_disconnects(void)
{
	begin();
	world_peer(B, "b");
	struct rsp_message ask = enrp_message(ENRP_LIST_REQUEST, ID_B);
	world_tell(B, &ask);
	world_down(B, RSP_ECLOSED);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "send-failed");
	world_end();
}

static void
a_peer_that_refuses_our_key_is_waited_for(void)
{
	begin();
	uint32_t out = both_ways();
	world_down(B, RSP_ECLOSED);
	world_down(out, RSP_ECLOSED);
	world_run(0);
	world_down(world_dialled("b"), RSP_EAUTH);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	world_run(500);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "no-response");
	world_end();
}

static void
a_contact_that_refuses_is_dialled_at_growing_intervals(void)
{
	struct rsp_registrar_config config = world_config();
	const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 };

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	for (unsigned done = 0, i = 0; i < 600; i++) {
		world_run(100);
		for (; done < w.n_dials; done++)
			world_down(DIALLED + done, RSP_EUNREACHABLE);
	}
	CHECK(w.n_dials >= 45 && w.n_dials <= 85); /* 100 ms, doubled up to 1 s: these timers are short */
	world_end();
}

static void
a_contact_that_closes_at_once_is_dialled_at_growing_intervals(void)
{
	struct rsp_registrar_config config = world_config();
	const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 };

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	for (unsigned done = 0, i = 0; i < 600; i++) {
		world_run(10);
		for (; done < w.n_dials; done++) {
			world_peer(DIALLED + done, "b");
			world_down(DIALLED + done, RSP_ECLOSED);
		}
	}
	CHECK(w.n_dials <= 12);
	world_end();
}

static void
a_restarted_registrar_is_another_peer(void)
{
	begin();
	world_joined(B, ID_B, "b");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	world_joined(OTHER, ID_D, "b"); /* the same key, another id */
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "restarted");
	world_about(OTHER, ENRP_INIT_TAKEOVER_ACK, ID_D, ID_B);
	CHECK_EQ(n_peers(), 1);
	CHECK_EQ(state(ID_D), RSP_PEER_ACTIVE);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
a_registrar_that_alternates_between_two_ids_has_one_at_a_time(void)
{ /* for example two processes with one key */
	begin();
	world_joined(B, ID_B, "b");
	world_joined(OTHER, ID_C, "b"); /* b is dead, and c has to acknowledge that */
	CHECK_EQ(state(ID_B), RSP_PEER_DEAD);
	world_joined(C, ID_B, "b"); /* and now c is dead */
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	CHECK_EQ(state(ID_C), RSP_PEER_DEAD);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	for (uint32_t i = 0; i < 20; i++) {
		CHECK_EQ(world_up(100 + i, RSP_ENRP, RSP_ROLE_PEER, "b"), RSP_OK);
		world_presence(100 + i, i & 1 ? ID_B : ID_C, "b", true);
	}
	CHECK_EQ(n_peers(), 2);
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	world_end();
}

static void
a_second_connection_of_a_peer_replaces_the_first(void)
{
	struct rsp_peer_view view;

	begin();
	world_joined(B, ID_B, "b");
	world_joined(OTHER, ID_B, "b");
	CHECK(world_was_closed(B));
	CHECK(world_peer_view(ID_B, &view) && view.link_in == OTHER);
	CHECK_EQ(n_peers(), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	world_end();
}

static void
a_list_names_all_peers_that_are_alive(void)
{ /* s.3.2.2.2, s.2.6 */
	struct rsp_message ask = enrp_message(ENRP_LIST_REQUEST, ID_C), msg;
	struct rsp_list_item item;
	size_t cursor = 0;

	begin();
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	world_tell(C, &ask);
	CHECK(world_find(C, RSP_ENRP, ENRP_LIST_RESPONSE, 0, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.n_list, 2);
	CHECK(rsp_list_next(&msg, &cursor, &item));
	CHECK_EQ(item.server_info.server_id, ID_B);
	CHECK_EQ(item.server_info.transport.port, 9000);
	CHECK(rsp_bytes_equal(item.server_info.name, rsp_bytes_str("b")));
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_B);
	world_run(500); /* b does not answer: dead peers are not listed */
	world_tell(C, &ask);
	CHECK(world_find(C, RSP_ENRP, ENRP_LIST_RESPONSE, -1, &msg) && msg.n_list == 1);
	world_end();
}

static void
list_of(uint32_t link, uint32_t sender_id, uint32_t first, unsigned n, const char *prefix)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, sender_id);

	for (unsigned i = 0; i < n; i++) {
		struct rsp_server_info info = { .server_id = first + i,
						.transport = { .type = RSP_PARAM_TCP, .port = 9000 } };
		struct rsp_ip ip = { 4, { 198, 51, (uint8_t)(i >> 8), (uint8_t)i } };
		uint8_t addrs[RSP_ADDRS_ROOM(1)];
		char name[32];

		rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
		(void)snprintf(name, sizeof(name), "%s%u", prefix, first + i);
		info.name = rsp_bytes_str(name);
		rsp_server_info_encode(&wr, &info);
	}
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = n;
	world_tell(link, &msg);
}

static void
listed_registrars_are_dialled(void)
{ /* s.3.2.2.2 */
	begin();
	world_joined(B, ID_B, "b");
	list_of(B, ID_B, 500, 2, "r");
	CHECK(world_dialled("r500") && world_dialled("r501"));
	CHECK_EQ(n_peers(), 1); /* a registrar that is only listed is no peer */
	list_of(B, ID_B, ID_US, 1, "r");
	list_of(B, ID_B, 0, 1, "r");
	CHECK(!world_dialled("r16") && !world_dialled("r0"));
	world_end();
}

static void
ten_thousand_invented_registrars_cost_little(void)
{
	begin();
	world_joined(B, ID_B, "b");
	unsigned before = w.n_dials;
	for (unsigned i = 0; i < 10; i++)
		list_of(B, ID_B, 1000 + 1000 * i, 1000, "r");
	CHECK(w.n_dials - before <= 64);
	CHECK_EQ(n_peers(), 1);
	for (unsigned done = before, i = 0; i < 300; i++) { /* none of them can be reached: they are forgotten */
		world_run(100);
		world_presence(B, ID_B, "b", false);
		for (; done < w.n_dials; done++)
			world_down(DIALLED + done, RSP_EUNREACHABLE);
	}
	unsigned then = w.n_dials;
	for (unsigned i = 0; i < 20; i++) {
		world_run(1000);
		world_presence(B, ID_B, "b", false);
	}
	CHECK(w.n_dials - then <= 8); /* b itself, at most */
	CHECK_EQ(n_peers(), 1);
	world_end();
}

static void
ten_thousand_invented_registrars_without_keys_are_no_peers(void)
{
	begin();
	world_joined(B, ID_B, "b");
	w.no_keys = true;
	for (unsigned i = 0; i < 10; i++)
		list_of(B, ID_B, 1000 + 1000 * i, 1000, "r");
	world_run(60000);
	CHECK_EQ(n_peers(), 0); /* b was silent */
	world_end();
}

static void
a_list_does_not_move_a_configured_contact(void)
{
	struct rsp_registrar_config config = world_config();
	const struct rsp_contact_config contact = { .name = "r500", .ip = { 4, { 192, 0, 2, 77 } }, .port = 9902 };

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	world_down(world_dialled("r500"), RSP_EUNREACHABLE);
	world_joined(B, ID_B, "b");
	list_of(B, ID_B, 500, 1, "r");
	world_run(10000);
	CHECK_EQ(w.dial[world_dialled("r500") - DIALLED].ip.ip[3], 77);
	world_joined(C, 500, "r500"); /* the registrar itself may say that it moved */
	world_down(world_dialled("r500"), RSP_EUNREACHABLE);
	world_presence(C, 500, "r500", false);
	world_run(5000);
	CHECK_EQ(w.dial[world_dialled("r500") - DIALLED].port, 9000);
	world_end();
}

static void
the_peer_list_has_a_cap(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_message ask = enrp_message(ENRP_LIST_REQUEST, 0);
	char name[16];

	config.max_peers = 8;
	world_begin(&config);
	for (uint32_t i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		world_peer(100 + i, name);
		ask.sender_id = 200 + i;
		world_tell(100 + i, &ask);
	}
	CHECK_EQ(n_peers(), 8);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "peers-full");
	world_end();
}

static void
a_monitor_may_read_and_is_no_peer(void)
{
	struct rsp_message msg, ask = enrp_message(ENRP_LIST_REQUEST, 0x777);

	begin();
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
	world_tell(MONITOR, &ask);
	CHECK(world_find(MONITOR, RSP_ENRP, ENRP_LIST_RESPONSE, 0, &msg) && msg.n_list == 1);
	CHECK_EQ(msg.receiver_id, 0x777);
	ask.type = ENRP_HANDLE_TABLE_REQUEST;
	world_tell(MONITOR, &ask);
	CHECK_EQ(world_count(MONITOR, ENRP_HANDLE_TABLE_RESPONSE), 1);
	world_presence(MONITOR, 0x777, "m1", true);
	CHECK_EQ(world_count(MONITOR, ENRP_PRESENCE), 1);
	CHECK_EQ(n_peers(), 1);
	CHECK(!world_dialled("m1"));

	static const uint8_t changing[] = { ENRP_INIT_TAKEOVER, ENRP_INIT_TAKEOVER_ACK, ENRP_TAKEOVER_SERVER };
	for (unsigned i = 0; i < RSP_COUNT(changing); i++) {
		world_about(MONITOR, changing[i], 0x777, ID_B);
		CHECK(world_find(MONITOR, RSP_ENRP, ENRP_ERROR, -1, &msg));
		CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_SECURITY);
		CHECK_STR(world_reason(RSP_EVENT_REFUSED), "monitor");
	}
	world_update(MONITOR, 0x777, ENRP_ADD_PE, "web", world_pe(1, 0x777, 8));
	world_table(MONITOR, 0x777, 0, "web", 1, 3, ID_B, 8);
	list_of(MONITOR, 0x777, 500, 3, "r");
	CHECK_EQ(world_count(MONITOR, ENRP_ERROR), 6);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK(!world_dialled("r500"));
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);
	world_run(1000);
	CHECK_EQ(world_count(MONITOR, ENRP_PRESENCE), 1); /* no heartbeat for it */
	world_end();
}

static void
server_ids_that_are_not_the_sender_s_are_refused(void)
{
	struct rsp_message msg;

	begin();
	world_joined(B, ID_B, "b");
	world_peer(C, "c");
	world_presence(C, 0, "c", true);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-zero");
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_INVALID_VALUES);
	world_presence(C, ID_US, "c", true);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	CHECK_EQ(world_count(C, ENRP_PRESENCE), 0);
	CHECK_EQ(n_peers(), 1);

	world_presence(C, ID_B, "c", true); /* the id of b over the connection of c */
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-of-another");
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK(world_was_closed(C));
	CHECK(!world_was_closed(B));
	CHECK_EQ(state(ID_B), RSP_PEER_ACTIVE);

	world_presence(B, ID_C, "b", true); /* another id than before over the same connection */
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-of-another");
	CHECK(world_was_closed(B));
	CHECK_EQ(state(ID_C), 99);

	world_joined(OTHER, ID_C, "c");
	struct rsp_message odd = enrp_message(ENRP_PRESENCE, ID_C);
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];
	odd.has = RSP_HAS_SERVER_INFO;
	odd.server_info = (struct rsp_server_info){ .server_id = ID_D, .transport = { RSP_PARAM_TCP, .port = 1 } };
	rsp_transport_set_ips(&odd.server_info.transport, &ip, 1, room);
	world_tell(OTHER, &odd);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-not-the-sender's");
	world_end();
}

static void
a_message_for_another_server_id_is_ignored(void)
{ /* a registrar that used our address before us had another id */
	struct rsp_message msg = update_message(ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));

	begin();
	world_joined(B, ID_B, "b");
	msg.receiver_id = 0x12345;
	world_tell(B, &msg);
	CHECK_EQ(world_home("web", 1), 0);
	msg.receiver_id = ID_US;
	world_tell(B, &msg);
	CHECK_EQ(world_home("web", 1), ID_B);
	world_end();
}

static void
leaving_closes_everything(void)
{
	begin();
	uint32_t out = both_ways();
	rsp_registrar_leave(w.r);
	CHECK(world_was_closed(B) && world_was_closed(out));
	CHECK_EQ(rsp_registrar_deadline(w.r), RSP_NEVER);
	world_clear();
	world_run(10000);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(world_up(OTHER, RSP_ENRP, RSP_ROLE_PEER, "c"), RSP_ELIMIT);
	world_end();
}

int
main(void)
{
	TAP_RUN(any_message_makes_its_sender_a_peer_which_is_sent_a_presence);
	TAP_RUN(an_update_before_the_first_presence_is_not_taken_in);
	TAP_RUN(a_presence_without_server_information_says_nothing_of_the_table);
	TAP_RUN(a_presence_has_our_address_and_the_checksum_of_our_elements);
	TAP_RUN(heartbeats_are_sent_to_all_peers);
	TAP_RUN(a_silent_peer_is_probed_and_then_dead);
	TAP_RUN(any_message_is_a_sign_of_life);
	TAP_RUN(we_send_over_the_connection_that_we_dialled);
	TAP_RUN(a_request_over_a_connection_that_ends_before_the_peer_sent_anything_is_sent_again);
	TAP_RUN(failed_dials_before_a_connection_do_not_delay_the_next_one_after_it);
	TAP_RUN(a_broken_connection_begins_the_detection_at_once);
	TAP_RUN(a_peer_that_connects_again_is_probed_until_it_sends);
	TAP_RUN(a_peer_that_never_named_an_address_is_dead_when_it_disconnects);
	TAP_RUN(a_peer_that_refuses_our_key_is_waited_for);
	TAP_RUN(a_contact_that_refuses_is_dialled_at_growing_intervals);
	TAP_RUN(a_contact_that_closes_at_once_is_dialled_at_growing_intervals);
	TAP_RUN(a_restarted_registrar_is_another_peer);
	TAP_RUN(a_registrar_that_alternates_between_two_ids_has_one_at_a_time);
	TAP_RUN(a_second_connection_of_a_peer_replaces_the_first);
	TAP_RUN(a_list_names_all_peers_that_are_alive);
	TAP_RUN(listed_registrars_are_dialled);
	TAP_RUN(ten_thousand_invented_registrars_cost_little);
	TAP_RUN(ten_thousand_invented_registrars_without_keys_are_no_peers);
	TAP_RUN(a_list_does_not_move_a_configured_contact);
	TAP_RUN(the_peer_list_has_a_cap);
	TAP_RUN(a_monitor_may_read_and_is_no_peer);
	TAP_RUN(server_ids_that_are_not_the_sender_s_are_refused);
	TAP_RUN(a_message_for_another_server_id_is_ignored);
	TAP_RUN(leaving_closes_everything);
	return tap_end();
}
