#include "registrar_world.h"

/* Two registrars with one server id: recorded, and dialled at growing intervals. */

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
another_registrar_with_our_id_is_recorded_once_a_minute(void)
{
	begin();
	world_peer(C, "c");
	for (unsigned i = 0; i < 59; i++) {
		world_presence(C, ID_US, "c", false);
		world_run(1000);
	}
	CHECK_EQ(told_of("ours", "us"), 1);
	CHECK_EQ(w.event[w.n_events - 1].kind, RSP_EVENT_REFUSED); /* each of its messages is refused */
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 0);
	world_run(1001);
	world_presence(C, ID_US, "c", false);
	CHECK_EQ(told_of("ours", "us"), 2);
	for (unsigned i = 0; w.n_events && i < w.n_events; i++)
		CHECK(w.event[i].kind != RSP_EVENT_DUPLICATE_SERVER_ID || w.event[i].peer_id == ID_US);
	world_end();
}

static void
two_peers_with_one_id_are_recorded(void)
{
	begin();
	world_joined(B, ID_B, "b");
	world_peer(C, "c");
	world_presence(C, ID_B, "c", true);
	CHECK_EQ(told_of("peers", "b"), 1);
	CHECK(world_was_closed(C));
	world_peer(C + 1, "c");
	world_presence(C + 1, ID_B, "c", true);
	world_peer(C + 2, "d"); /* a third registrar is recorded, too */
	world_presence(C + 2, ID_B, "d", true);
	CHECK_EQ(told_of("peers", "b"), 2);
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
	CHECK(w.n_dials >= 10 && w.n_dials <= 25); /* 100 ms, doubled up to 5 s */
	CHECK(world_told(RSP_EVENT_PEER_SUSPECTED) <= 25);
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
plain_presence(uint32_t link, uint32_t id, uint16_t port)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, 7 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = 0xffff;
	msg.server_info =
		(struct rsp_server_info){ .server_id = id, .transport = { .type = RSP_PARAM_TCP, .port = port } };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(link, &msg);
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
	CHECK_EQ(told_of("peers", ""), 1);
	plain_presence(C + 1, ID_B, 2000);
	CHECK_EQ(told_of("peers", ""), 1);
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
	plain_presence(B, ID_US, 9902);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-ours");
	CHECK_EQ(world_told(RSP_EVENT_DUPLICATE_SERVER_ID), 0);
	plain_presence(B, ID_US, 9903);
	CHECK_EQ(told_of("ours", ""), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(another_registrar_with_our_id_is_recorded_once_a_minute);
	TAP_RUN(two_peers_with_one_id_are_recorded);
	TAP_RUN(other_refused_ids_are_no_duplicates);
	TAP_RUN(a_peer_that_closes_at_once_is_dialled_at_growing_intervals);
	TAP_RUN(a_peer_whose_connection_breaks_once_is_dialled_at_once);
	TAP_RUN(in_plain_text_an_id_that_alternates_between_addresses_is_two_registrars);
	TAP_RUN(in_plain_text_our_id_at_our_address_is_this_registrar);
	return tap_end();
}
