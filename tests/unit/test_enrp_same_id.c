#include "engine/enrp/duplicate.h"
#include "engine/enrp/contact.h"
#include "engine/registrar/state.h"
#include "registrar_world.h"

/* Two registrars with one server id: recorded, one of them draws another id, and they are dialled at growing intervals. */

static void
begin(void)
{
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 2 } }, .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
}

static unsigned
told_of(const char *reason, const char *peer)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_events; i++)
		if (w.event[i].kind == RSP_EVENT_DUPLICATE_SERVER_ID) {
			CHECK_STR(w.event[i].reason, reason);
			CHECK_STR(w.event[i].peer, peer);
			n++;
		}
	return n;
}

static void
list_of(uint32_t link, uint32_t sender_id, uint32_t id, const char *name, uint8_t host, uint16_t port)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, sender_id);
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[RSP_ADDRS_ROOM(1)], list[256];
	struct rsp_server_info info = { .server_id = id,
					.transport = { .type = RSP_PARAM_TCP, .port = port },
					.name = rsp_bytes_str(name) };
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));

	rsp_transport_set_ips(&info.transport, &ip, 1, room);
	rsp_server_info_encode(&wr, &info);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, wr.pos);
	msg.n_list = 1;
	world_tell(link, &msg);
}

/* A registrar that serves, has heard another one with its id, and has not drawn another id yet, because that may be about to
 * draw one. */
static void
begin_shared(void)
{
	begin();
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	world_run(2000);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	world_peer(C, "c");
	world_presence(C, ID_US, "c", false);
	CHECK_EQ(rsp_registrar_server_id(w.r), ID_US);
}

static void
run_until_drawn(void)
{
	uint32_t before = rsp_registrar_server_id(w.r);

	for (unsigned i = 0; i < 80 && rsp_registrar_server_id(w.r) == before; i++)
		world_run(10);
	CHECK(rsp_registrar_server_id(w.r) != before);
}

static void
a_registrar_that_serves_draws_another_id_after_a_short_random_time(void)
{
	begin_shared();
	CHECK_EQ(told_of("server-id-ours", "us"), 1);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	world_run(249);
	CHECK_EQ(rsp_registrar_server_id(w.r), ID_US);
	world_run(501);
	CHECK(rsp_registrar_server_id(w.r) != ID_US);
	CHECK_EQ(told_of("server-id-ours", "us"), 1);
	CHECK_EQ(world_told(RSP_EVENT_SERVER_ID_DRAWN), 1);
	CHECK_EQ(w.event[w.n_events - 1].peer_id, ID_US);
	CHECK_EQ(w.event[w.n_events - 1].by_id, rsp_registrar_server_id(w.r));
	world_end();
}

static void
a_registrar_that_serves_keeps_its_id_if_the_other_one_comes_back_with_another(void)
{
	begin_shared();
	world_run(200);
	world_joined(C + 1, ID_C, "c");
	world_run(5000);
	CHECK_EQ(rsp_registrar_server_id(w.r), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_SERVER_ID_DRAWN), 0);
	world_presence(C, ID_US, "c", false); /* a second registrar with its name uses our id */
	world_down(C + 1, RSP_ECLOSED);
	world_run(750);
	CHECK(rsp_registrar_server_id(w.r) != ID_US);
	world_end();
}

static void
another_peer_that_joins_meanwhile_does_not_count(void)
{
	begin_shared();
	world_joined(D, ID_D, "d");
	world_run(750);
	CHECK(rsp_registrar_server_id(w.r) != ID_US);
	world_end();
}

static void
a_registrar_that_joins_draws_another_id_at_once_and_joins_with_it(void)
{
	begin();
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_JOINING);
	static const uint8_t cause[] = { 0, RSP_CAUSE_SECURITY, 0, 4 };
	struct rsp_message refusal = enrp_message(ENRP_ERROR, ID_US);
	refusal.has = RSP_HAS_ERROR;
	refusal.error = rsp_bytes_of(cause, sizeof(cause));
	world_tell(link, &refusal);
	uint32_t id = rsp_registrar_server_id(w.r);
	CHECK(id != ID_US && id != 0);
	CHECK(world_was_closed(link));
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_JOINING);
	world_clear();
	world_run(200);
	uint32_t again = world_dialled("b");
	CHECK(again != link);
	world_peer(again, "b");
	struct rsp_message sent = { 0 };
	CHECK(world_find(again, RSP_ENRP, ENRP_PRESENCE, 0, &sent));
	CHECK_EQ(sent.sender_id, id);
	CHECK_EQ(sent.server_info.server_id, id);
	CHECK(world_find(again, RSP_ENRP, ENRP_LIST_REQUEST, 0, &sent));
	CHECK_EQ(sent.sender_id, id);
	world_end();
}

static void
an_id_that_a_peer_has_is_not_drawn(void)
{
	begin_shared();
	struct rsp_rng rng = rsp_rng_seeded(99), next = rng;
	uint32_t first = rsp_rng_id(&next), second = rsp_rng_id(&next);
	world_joined(B, first, "b");
	w.r->core.rng = rng;
	run_until_drawn();
	CHECK_EQ(rsp_registrar_server_id(w.r), second);
	world_end();
}

static void
an_id_that_is_the_home_of_elements_is_not_drawn(void)
{
	begin_shared();
	struct rsp_rng rng = rsp_rng_seeded(99), next = rng;
	uint32_t first = rsp_rng_id(&next), second = rsp_rng_id(&next);
	struct rsp_pool_element pe = world_pe(7, first, 1000);
	struct rsp_member *m;
	CHECK_EQ(rsp_member_put(&w.r->core, rsp_bytes_str("pool"), &pe, &m), RSP_OK);
	w.r->core.rng = rng;
	run_until_drawn();
	CHECK_EQ(rsp_registrar_server_id(w.r), second);
	world_end();
}

/* A registrar that lies can make this one draw: but after each draw it waits longer for the next one. */
static void
after_each_draw_the_next_one_is_later(void)
{
	static const uint64_t wait[] = { 60000, 120000, 240000, 480000, 960000, 1920000, 3600000, 3600000 };

	begin_shared();
	run_until_drawn();
	uint64_t drawn = w.event[w.n_events - 1].kind == RSP_EVENT_SERVER_ID_DRAWN ? w.now : 0;
	for (unsigned i = 0; i < RSP_COUNT(wait); i++) {
		uint32_t link = 2000 + i, id = rsp_registrar_server_id(w.r);

		world_peer(link, "c");
		world_presence(link, id, "c", false);
		world_run(drawn + wait[i] - w.now - 20);
		CHECK_EQ(rsp_registrar_server_id(w.r), id);
		world_presence(link, id, "c", false);
		world_run(20);
		CHECK(rsp_registrar_server_id(w.r) != id);
		drawn = w.now;
	}
	world_end();
}

static void
a_draw_that_had_to_wait_is_dropped_without_news_of_the_other_one(void)
{
	begin_shared();
	run_until_drawn();
	world_peer(C + 1, "c");
	world_presence(C + 1, rsp_registrar_server_id(w.r), "c", false);
	world_run(60000);
	uint32_t second = rsp_registrar_server_id(w.r);
	world_peer(C + 2, "c");
	world_presence(C + 2, second, "c", false);
	world_run(125000); /* the next draw is 120 s after the second one */
	CHECK_EQ(rsp_registrar_server_id(w.r), second);
	world_presence(C + 2, second, "c", false);
	world_run(750);
	CHECK(rsp_registrar_server_id(w.r) != second);
	world_end();
}

static void
a_download_that_is_under_way_begins_again_under_the_new_id(void)
{
	begin();
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	list_of(link, ID_B, ID_B, "b", 2, 9902);
	CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_peer(C, "c");
	world_presence(C, ID_US, "c", false);
	CHECK(rsp_registrar_server_id(w.r) != ID_US);
	world_run(200);
	link = world_dialled("b");
	world_peer(link, "b");
	list_of(link, ID_B, ID_B, "b", 2, 9902);
	CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(link, ID_B, 0, "pool", 1, 3, ID_B, 1000);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	world_end();
}

/* They have refused the former id, so this registrar was dialling them at growing intervals. */
static void
contacts_are_dialled_at_once_under_the_new_id(void)
{
	begin_shared();
	w.r->enrp->contact[0]->failures = 9;
	w.r->enrp->contact[0]->n_brief = 9;
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	run_until_drawn();
	unsigned before = w.n_dials;
	world_run(125);
	CHECK_EQ(w.n_dials, before + 1);
	world_end();
}

static void
pools_count_for_their_owner_under_the_new_id(void)
{
	begin_shared();
	w.r->core.config.max_identity_pools = 1;
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	run_until_drawn();
	CHECK_EQ(world_register_as(WEB1, "one", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "two", 7, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	world_end();
}

static void
the_elements_and_their_connections_stay(void)
{
	begin_shared();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_register(WEB1, "pool", 7);
	world_register(WEB1, "pool", 8);
	world_joined(B, ID_B, "b");
	run_until_drawn();
	uint32_t id = rsp_registrar_server_id(w.r);
	CHECK_EQ(world_home("pool", 7), id);
	CHECK_EQ(world_home("pool", 8), id);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 2);
	CHECK(!world_was_closed(WEB1) && !world_was_closed(USER));
	CHECK(world_was_closed(B) && world_was_closed(C));
	CHECK_EQ(world_members("pool"), 2);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	CHECK_EQ(rsp_element_statement(world_element("pool", 7)).rank, RSP_RANK_REGISTERED + 1);
	CHECK_EQ(rsp_ring_last(&w.r->enrp->ring), 2); /* peers are sent both, from number 1 on */
	world_sums_agree();
	world_run(10000);
	CHECK_EQ(world_members("pool"), 2);
	world_end();
}

/* It may be an element of the other registrar, which a third one has told this registrar of. */
static void
an_element_that_is_not_connected_is_left_to_the_other_registrar(void)
{
	begin_shared();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_register(WEB1, "pool", 7);
	world_run(240);
	world_down(WEB1, RSP_ECLOSED);
	run_until_drawn();
	CHECK_EQ(world_home("pool", 7), ID_US);
	CHECK_EQ(rsp_member(world_element("pool", 7))->phase, RSP_MEMBER_FOREIGN);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	CHECK_EQ(world_members("pool"), 1);
	struct rsp_peer_view view;
	CHECK(world_peer_view(ID_US, &view));
	world_clear();
	world_run(1500); /* it does not answer in the grace time */
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_run(10000);
	CHECK(world_told(RSP_EVENT_PEER_DEAD) > 0); /* no registrar has this id: it is taken over */
	world_end();
}

static void
peers_are_dialled_again_under_the_new_id_and_find_no_fault(void)
{
	begin_shared();
	world_presence(C, ID_US, "c", false);
	world_joined(B, ID_B, "b");
	run_until_drawn();
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	struct rsp_peer_view view;
	CHECK(world_peer_view(ID_B, &view));
	CHECK_EQ(view.link_in, 0);
	world_clear();
	world_run(400);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", true);
	struct rsp_message sent = { 0 };
	CHECK(world_find(link, RSP_ENRP, ENRP_PRESENCE, -1, &sent));
	CHECK_EQ(sent.sender_id, rsp_registrar_server_id(w.r));
	CHECK(world_peer_view(ID_B, &view));
	CHECK_EQ(view.state, RSP_PEER_ACTIVE);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
monitors_stay_connected(void)
{
	begin_shared();
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m"), RSP_OK);
	run_until_drawn();
	CHECK(!world_was_closed(MONITOR));
	world_end();
}

static void
a_peer_that_sends_our_id_in_place_of_its_own_does_not_change_ours(void)
{
	begin();
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", false);
	world_presence(link, ID_US, "b", false);
	CHECK_EQ(rsp_registrar_server_id(w.r), ID_US);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	world_end();
}

/* A third registrar knows both. */

static void
a_registrar_that_is_refused_is_told_who_has_its_id(void)
{
	struct rsp_message sent = { 0 };
	struct rsp_list_item item;
	size_t cursor = 0;

	begin();
	world_joined(B, ID_B, "b");
	world_peer(C, "c");
	world_presence(C, ID_B, "c", true);
	CHECK(world_find(C, RSP_ENRP, ENRP_LIST_RESPONSE, 0, &sent));
	CHECK_EQ(sent.flags, 0);
	CHECK(rsp_list_next(&sent, &cursor, &item));
	CHECK_EQ(item.server_info.server_id, ID_B);
	CHECK(rsp_bytes_equal(item.server_info.name, rsp_bytes_str("b")));
	CHECK_EQ(item.server_info.transport.port, 9000);
	CHECK(!rsp_list_next(&sent, &cursor, &item));
	world_end();
}

static void
a_registrar_that_is_told_of_another_one_with_its_id_draws_another_id(void)
{
	begin();
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	list_of(link, ID_B, ID_US, "us", 99, 1234); /* its own name: this one, at another address */
	list_of(link, ID_B, ID_US, "", 99, 1234);
	CHECK_EQ(rsp_registrar_server_id(w.r), ID_US);
	CHECK_EQ(told_of("server-id-ours", "us"), 0);
	list_of(link, ID_B, ID_US, "c", 16, 9902);
	CHECK(rsp_registrar_server_id(w.r) != ID_US);
	CHECK_EQ(told_of("server-id-ours", "us"), 1);
	world_end();
}

static void
a_contact_that_is_refused_for_its_id_is_recorded_with_that(void)
{
	begin();
	world_joined(C, ID_C, "c");
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_clear();
	world_presence(link, ID_C, "b", true);
	CHECK(world_was_closed(link));
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	for (unsigned i = 0; i < w.n_events; i++)
		if (w.event[i].kind == RSP_EVENT_PEER_UNREACHABLE) {
			CHECK_EQ(w.event[i].err, RSP_EPROTO);
			CHECK(strncmp(w.event[i].why, "refused: its server id 0x", 25) == 0);
			CHECK_STR(w.event[i].why + 33, " is that of c");
		}
	world_end();
}

static void
two_peers_with_one_id_are_recorded(void)
{
	begin();
	world_joined(B, ID_B, "b");
	world_peer(C, "c");
	world_presence(C, ID_B, "c", true);
	CHECK_EQ(told_of("server-id-of-another", "b"), 1);
	CHECK(world_was_closed(C));
	world_peer(C + 1, "c");
	world_presence(C + 1, ID_B, "c", true);
	world_peer(C + 2, "d"); /* a third registrar is recorded, too */
	world_presence(C + 2, ID_B, "d", true);
	CHECK_EQ(told_of("server-id-of-another", "b"), 2);
	world_end();
}

/* A registrar that changes its id on one connection is refused, but has not the id of another one. A monitor is
 * none. */
static void
other_refused_ids_are_no_duplicates(void)
{
	begin();
	world_joined(B, ID_B, "b");
	world_presence(B, ID_C, "b", true);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-of-another");
	CHECK_EQ(world_up(C, RSP_ENRP, RSP_ROLE_MONITOR, "m"), RSP_OK);
	world_presence(C, ID_US, "m", true);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_SERVER_ID), 0);
	world_end();
}

/* b accepts us, sends a presence, and closes. A registrar that knows another one with our id does that. */
static void
a_peer_that_closes_at_once_is_dialled_at_growing_intervals(void)
{
	begin();
	uint64_t end = w.now + 60000;
	for (unsigned answered = 0; w.now < end && answered < WORLD_DIALS; world_run(answered < w.n_dials ? 0 : 10))
		while (answered < w.n_dials && answered < WORLD_DIALS) {
			uint32_t link = DIALLED + answered++;

			world_peer(link, "b");
			world_presence(link, ID_B, "b", false);
			world_down(link, RSP_ECLOSED);
		}
	CHECK(w.n_dials >= 40 && w.n_dials <= 85); /* 100 ms, doubled up to 1 s: these timers are short */
	CHECK(world_told(RSP_EVENT_PEER_SUSPECTED) <= 85);
	world_end();
}

static void
a_peer_whose_connection_breaks_once_is_dialled_at_once(void)
{
	begin();
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", false);
	world_run(1500);
	world_presence(link, ID_B, "b", false);
	unsigned before = w.n_dials;
	world_down(link, RSP_ECLOSED);
	world_run(0);
	CHECK_EQ(w.n_dials, before + 1);
	world_end();
}

/* In plain text there are no names. */

static void
plain_presence_at(uint32_t link, uint32_t id, uint8_t host, uint16_t port)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = 0xffff;
	msg.server_info =
		(struct rsp_server_info){ .server_id = id, .transport = { .type = RSP_PARAM_TCP, .port = port } };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(link, &msg);
}

static void
plain_presence(uint32_t link, uint32_t id, uint16_t port)
{
	plain_presence_at(link, id, 7, port);
}

static void
begin_plain(void)
{
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	config.name = NULL;
	world_begin(&config);
	for (uint32_t link = B; link <= C + 1; link++)
		CHECK_EQ(world_up(link, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
}

static void
in_plain_text_an_id_that_alternates_between_addresses_is_two_registrars(void)
{
	begin_plain();
	plain_presence(B, ID_B, 1000);
	plain_presence(B, ID_B, 1000);
	plain_presence(C, ID_B, 2000); /* it may have restarted with that id */
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_SERVER_ID), 0);
	world_run(1000);
	plain_presence(C + 1, ID_B, 1000);
	CHECK_EQ(told_of("server-id-of-another", ""), 1);
	plain_presence(C + 1, ID_B, 2000);
	CHECK_EQ(told_of("server-id-of-another", ""), 1);
	world_run(61000);
	world_clear();
	CHECK_EQ(world_up(9, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	plain_presence(9, ID_C, 1000);
	plain_presence(9, ID_C, 2000);
	world_run(2000);
	plain_presence(9, ID_C, 3000);
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_SERVER_ID), 0);
	world_end();
}

static void
in_plain_text_our_id_at_our_address_is_this_registrar(void)
{
	begin_plain();
	plain_presence_at(B, ID_US, 16, 9902);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_SERVER_ID), 0);
	world_end();
}

static void
in_plain_text_our_id_at_another_port_is_another_registrar(void)
{
	begin_plain();
	plain_presence_at(B, ID_US, 16, 9903);
	CHECK_EQ(told_of("server-id-ours", ""), 1);
	world_end();
}

static void
in_plain_text_our_id_at_another_host_is_another_registrar(void)
{
	begin_plain();
	plain_presence_at(B, ID_US, 7, 9902);
	CHECK_EQ(told_of("server-id-ours", ""), 1);
	world_end();
}

static void
in_plain_text_our_id_at_another_address_is_another_registrar(void)
{
	begin_plain();
	CHECK_EQ(world_up(9, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	plain_presence(9, ID_B, 1000);
	list_of(9, ID_B, ID_US, "us", 16, 9902); /* 192.0.2.16: this registrar */
	CHECK_EQ(told_of("server-id-ours", ""), 0);
	list_of(9, ID_B, ID_US, "us", 7, 9902);
	CHECK_EQ(told_of("server-id-ours", ""), 1);
	world_end();
}

static void
in_plain_text_both_of_one_id_are_told_of_the_other_one(void)
{
	struct rsp_message sent = { 0 };
	struct rsp_list_item item;
	size_t cursor = 0;

	begin_plain();
	plain_presence(B, ID_B, 1000);
	plain_presence(C, ID_B, 2000);
	world_run(1000);
	world_clear();
	plain_presence(C + 1, ID_B, 1000); /* the first one, again */
	CHECK(world_find(C + 1, RSP_ENRP, ENRP_LIST_RESPONSE, 0, &sent));
	CHECK(rsp_list_next(&sent, &cursor, &item));
	CHECK_EQ(item.server_info.server_id, ID_B);
	CHECK_EQ(item.server_info.transport.port, 2000);
	world_end();
}

static bool
is_other(uint32_t link, bool with_info, uint8_t host, uint16_t port)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_US);
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = with_info ? RSP_HAS_SERVER_INFO : 0;
	msg.server_info = (struct rsp_server_info){ .server_id = ID_US,
						    .transport = { .type = RSP_PARAM_TCP, .port = port } };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	return rsp_duplicate_sent_by_other(w.r->enrp, rsp_link_find(&w.r->core, link), &msg);
}

static void
in_plain_text_the_address_in_a_presence_tells_whether_this_registrar_sent_it(void)
{
	begin_plain();
	CHECK(!is_other(B, true, 16, 9902));
	CHECK(is_other(B, true, 16, 9903));
	CHECK(is_other(B, true, 7, 9902)); /* another host with the same port */
	CHECK(!is_other(B, false, 0, 0));  /* there is no telling */
	world_end();
}

static void
in_plain_text_any_message_from_another_host_that_was_dialled_is_of_another_registrar(void)
{
	static const struct rsp_contact_config contact[] = { { NULL, { 4, { 192, 0, 2, 1 } }, 9902 },
							     { NULL, { 4, { 192, 0, 2, 16 } }, 9902 },
							     { NULL, { 4, { 192, 0, 2, 16 } }, 9903 } };
	static const char *const remote[] = { "192.0.2.1", "192.0.2.16", "192.0.2.16" };
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	config.name = NULL;
	config.contacts = contact;
	config.n_contacts = RSP_COUNT(contact);
	world_begin(&config);
	world_run(0);
	for (uint32_t i = 0; i < RSP_COUNT(contact); i++)
		CHECK_EQ(world_up_from(DIALLED + i, RSP_ENRP, RSP_ROLE_NONE, NULL, remote[i]), RSP_OK);
	CHECK(is_other(DIALLED, false, 0, 0));
	CHECK(!is_other(DIALLED + 1, false, 0, 0)); /* it has dialled itself */
	CHECK(is_other(DIALLED + 2, false, 0, 0));
	world_end();
}

int
main(void)
{
	TAP_RUN(a_registrar_that_serves_draws_another_id_after_a_short_random_time);
	TAP_RUN(a_registrar_that_serves_keeps_its_id_if_the_other_one_comes_back_with_another);
	TAP_RUN(another_peer_that_joins_meanwhile_does_not_count);
	TAP_RUN(a_registrar_that_joins_draws_another_id_at_once_and_joins_with_it);
	TAP_RUN(an_id_that_a_peer_has_is_not_drawn);
	TAP_RUN(an_id_that_is_the_home_of_elements_is_not_drawn);
	TAP_RUN(after_each_draw_the_next_one_is_later);
	TAP_RUN(a_draw_that_had_to_wait_is_dropped_without_news_of_the_other_one);
	TAP_RUN(a_download_that_is_under_way_begins_again_under_the_new_id);
	TAP_RUN(contacts_are_dialled_at_once_under_the_new_id);
	TAP_RUN(pools_count_for_their_owner_under_the_new_id);
	TAP_RUN(the_elements_and_their_connections_stay);
	TAP_RUN(an_element_that_is_not_connected_is_left_to_the_other_registrar);
	TAP_RUN(peers_are_dialled_again_under_the_new_id_and_find_no_fault);
	TAP_RUN(monitors_stay_connected);
	TAP_RUN(a_peer_that_sends_our_id_in_place_of_its_own_does_not_change_ours);
	TAP_RUN(a_registrar_that_is_refused_is_told_who_has_its_id);
	TAP_RUN(a_registrar_that_is_told_of_another_one_with_its_id_draws_another_id);
	TAP_RUN(a_contact_that_is_refused_for_its_id_is_recorded_with_that);
	TAP_RUN(two_peers_with_one_id_are_recorded);
	TAP_RUN(other_refused_ids_are_no_duplicates);
	TAP_RUN(a_peer_that_closes_at_once_is_dialled_at_growing_intervals);
	TAP_RUN(a_peer_whose_connection_breaks_once_is_dialled_at_once);
	TAP_RUN(in_plain_text_an_id_that_alternates_between_addresses_is_two_registrars);
	TAP_RUN(in_plain_text_our_id_at_our_address_is_this_registrar);
	TAP_RUN(in_plain_text_our_id_at_another_port_is_another_registrar);
	TAP_RUN(in_plain_text_our_id_at_another_host_is_another_registrar);
	TAP_RUN(in_plain_text_our_id_at_another_address_is_another_registrar);
	TAP_RUN(in_plain_text_both_of_one_id_are_told_of_the_other_one);
	TAP_RUN(in_plain_text_the_address_in_a_presence_tells_whether_this_registrar_sent_it);
	TAP_RUN(in_plain_text_any_message_from_another_host_that_was_dialled_is_of_another_registrar);
	return tap_end();
}
