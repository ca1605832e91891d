#include "registrar_world.h"

/* Registrars that cannot be reached are recorded once, not at every attempt. */

static const struct rsp_contact_config contacts[] = {
	{ .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 },
	{ .name = "c", .port = 9902 }, /* without an address: the name is looked up */
};

static void
begin(unsigned n_contacts)
{
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = n_contacts;
	world_begin(&config);
	world_run(0);
}

/* The last dial to @name fails. */
static void
fails(const char *name, enum rsp_err err, const char *reason)
{
	struct rsp_why why;

	(void)rsp_fail(&why, err, w.n_dials % 2 ? "192.0.2.11:9902" : "192.0.2.12:9902", "%s", reason);
	rsp_registrar_link_down(w.r, w.now, world_dialled(name), &why);
}

/* The registrar dials @name again, which fails. */
static void
fails_again(const char *name, enum rsp_err err, const char *reason)
{
	uint32_t before = world_dialled(name);

	for (unsigned i = 0; i < 100 && world_dialled(name) == before; i++)
		world_run(100);
	CHECK(world_dialled(name) != before);
	fails(name, err, reason);
}

static struct rsp_absent_view
absent(unsigned i)
{
	struct rsp_absent_view view = { .port = 1 };

	CHECK(rsp_registrar_absent(w.r, i, &view));
	return view;
}

static void
a_failure_is_recorded_once_and_another_failure_again(void)
{
	struct rsp_absent_view view;

	begin(1);
	view = absent(0);
	CHECK_STR(view.name, "b");
	CHECK(view.failed == NULL); /* not yet */
	CHECK(!rsp_registrar_absent(w.r, 1, &view));
	fails("b", RSP_EUNREACHABLE, "Connection refused");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	CHECK_EQ(w.event[0].err, RSP_EUNREACHABLE);
	CHECK_STR(w.event[0].why, "Connection refused");
	for (unsigned i = 0; i < 5; i++)
		fails_again("b", RSP_EUNREACHABLE, "Connection refused");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	fails_again("b", RSP_EUNREACHABLE, "No route to host");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 2);
	fails_again("b", RSP_EAUTH, "No route to host");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 3);
	view = absent(0);
	CHECK(view.failed != NULL);
	CHECK_EQ(view.failed->err, RSP_EAUTH);
	CHECK_EQ(view.port, 9902);
	CHECK_EQ(world_told(RSP_EVENT_PEER_REACHED), 0);
	world_end();
}

static void
a_registrar_that_is_reached_after_failures_is_recorded(void)
{
	struct rsp_peer_view peer;
	struct rsp_absent_view view;

	begin(1);
	fails("b", RSP_EUNREACHABLE, "Connection refused");
	world_run(1000);
	world_peer(world_dialled("b"), "b");
	/* the connection is up, but no message says which registrar it is */
	CHECK_EQ(world_told(RSP_EVENT_PEER_REACHED), 0);
	world_presence(world_dialled("b"), ID_B, "b", false);
	CHECK_EQ(world_told(RSP_EVENT_PEER_REACHED), 1);
	CHECK(!rsp_registrar_absent(w.r, 0, &view));
	CHECK(world_peer_view(ID_B, &peer));
	CHECK(peer.failed == NULL);
	/* recorded again when it fails again */
	world_down(world_dialled("b"), RSP_ECLOSED);
	world_run(0);
	fails("b", RSP_EUNREACHABLE, "Connection refused");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 2);
	world_end();
}

static void
a_registrar_that_is_reached_at_once_is_not_recorded_as_reached(void)
{
	begin(1);
	world_peer(world_dialled("b"), "b");
	world_presence(world_dialled("b"), ID_B, "b", false);
	CHECK_EQ(world_told(RSP_EVENT_PEER_JOINED), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_REACHED), 0);
	world_end();
}

static void
a_registrar_that_closes_before_its_first_message_is_not_reached(void)
{
	begin(1);
	world_peer(world_dialled("b"), "b");
	world_down(world_dialled("b"), RSP_ECLOSED);
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	CHECK_EQ(w.event[0].err, RSP_ECLOSED);
	/* nor is one that sends nothing: the connection is closed in the end */
	world_run(1000);
	world_peer(world_dialled("b"), "b");
	world_run(10000);
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 2);
	CHECK_EQ(absent(0).failed->err, RSP_ETIMEOUT);
	world_end();
}

static void
a_peer_that_connects_to_us_may_be_unreachable(void)
{
	struct rsp_absent_view view;
	struct rsp_peer_view peer;

	begin(2);
	fails("b", RSP_EUNREACHABLE, "Connection refused");
	fails("c", RSP_ELOOKUP, "no such host");
	world_joined(1, ID_B, "b");
	CHECK(world_peer_view(ID_B, &peer));
	CHECK(peer.failed != NULL && peer.failed->err == RSP_EUNREACHABLE);
	view = absent(0);
	CHECK_STR(view.name, "c");
	CHECK_EQ(view.failed->err, RSP_ELOOKUP);
	CHECK_EQ(view.ip.family, 0);
	CHECK(!rsp_registrar_absent(w.r, 1, &view));
	world_end();
}

static void
a_learned_contact_that_fails_is_recorded_but_not_absent(void)
{
	struct rsp_absent_view view;

	begin(0);
	world_joined(1, ID_C, "c"); /* c names its address, and is dialled */
	fails("c", RSP_ETIMEOUT, "not connected");
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	world_down(1, RSP_ECLOSED);
	for (unsigned i = 0; i < 10 && rsp_registrar_stats(w.r).peers; i++)
		world_run(1000);
	CHECK(!rsp_registrar_absent(w.r, 0, &view));
	world_end();
}

static void
a_contact_that_is_learned_again_and_again_is_recorded_at_a_rate(void)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	uint8_t list[256], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	struct rsp_server_info info = { .server_id = ID_D,
					.transport = { .type = RSP_PARAM_TCP, .port = 77 },
					.name = rsp_bytes_str("d") };
	struct rsp_ip ip = { 4, { 192, 0, 2, 77 } };
	unsigned failures = 0;
	uint32_t last = 0;

	begin(0);
	world_joined(1, ID_B, "b");
	world_peer(world_dialled("b"), "b");
	world_presence(world_dialled("b"), ID_B, "b", false);
	rsp_transport_set_ips(&info.transport, &ip, 1, room);
	rsp_server_info_encode(&wr, &info);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, wr.pos);
	msg.n_list = 1;
	for (unsigned i = 0; i < 900; i++) { /* it is forgotten after six failures, and listed again */
		world_tell(1, &msg);
		if (world_dialled("d") != last) {
			last = world_dialled("d");
			fails("d", RSP_ENOKEY, "no key");
			failures++;
		}
		world_run(1000);
	}
	CHECK(failures > 100);
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 2); /* each ten minutes */
	world_end();
}

/* @id says over @link that @itself, or else d, is at @port. */
static void
is_said_to_be_at(uint32_t link, uint32_t id, bool itself, uint16_t port)
{
	struct rsp_message msg = enrp_message(itself ? ENRP_PRESENCE : ENRP_LIST_RESPONSE, id);
	uint8_t list[256], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof(list));
	struct rsp_ip ip = { 4, { 192, 0, 2, 77 } };

	msg.server_info = (struct rsp_server_info){ .server_id = itself ? id : ID_D,
						    .transport = { .type = RSP_PARAM_TCP, .port = port },
						    .name = rsp_bytes_str(itself ? "b" : "d") };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	rsp_server_info_encode(&wr, &msg.server_info);
	msg.has = itself ? RSP_HAS_SERVER_INFO : RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, wr.pos);
	msg.n_list = 1;
	world_tell(link, &msg);
}

/* b says a thousand times that b itself, or that d, is at another port. */
static void
is_dialled_at_a_rate(bool itself)
{
	begin(0);
	world_joined(1, ID_B, "b");
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	unsigned before = w.n_dials;
	for (uint16_t i = 0; i < 1000; i++) { /* each time at another port */
		is_said_to_be_at(1, ID_B, itself, 1000 + i);
		world_run(1);
		world_down(world_dialled(itself ? "b" : "d"), RSP_EUNREACHABLE);
	}
	CHECK(w.n_dials - before > 3 && w.n_dials - before <= (itself ? 11 : 10));
	world_end();
}

static void
a_peer_that_names_other_addresses_again_and_again_is_dialled_at_a_rate(void)
{
	is_dialled_at_a_rate(true);
}

static void
a_registrar_of_which_a_peer_names_other_addresses_is_dialled_at_a_rate(void)
{
	is_dialled_at_a_rate(false);
}

static void
a_missing_key_is_recorded_as_unreachable(void)
{
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = 1;
	world_begin(&config);
	w.no_keys = true;
	world_run(5000);
	CHECK_EQ(world_told(RSP_EVENT_PEER_UNREACHABLE), 1);
	CHECK_EQ(absent(0).failed->err, RSP_ENOKEY);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_failure_is_recorded_once_and_another_failure_again);
	TAP_RUN(a_registrar_that_is_reached_after_failures_is_recorded);
	TAP_RUN(a_registrar_that_is_reached_at_once_is_not_recorded_as_reached);
	TAP_RUN(a_registrar_that_closes_before_its_first_message_is_not_reached);
	TAP_RUN(a_peer_that_connects_to_us_may_be_unreachable);
	TAP_RUN(a_learned_contact_that_fails_is_recorded_but_not_absent);
	TAP_RUN(a_contact_that_is_learned_again_and_again_is_recorded_at_a_rate);
	TAP_RUN(a_peer_that_names_other_addresses_again_and_again_is_dialled_at_a_rate);
	TAP_RUN(a_registrar_of_which_a_peer_names_other_addresses_is_dialled_at_a_rate);
	TAP_RUN(a_missing_key_is_recorded_as_unreachable);
	return tap_end();
}
