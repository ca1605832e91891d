#include "client_world.h"

/* The list of servers is replaced while the client works. */

static const struct rsp_client_server *
servers(void)
{
	return world_config(5, true).servers; /* alpha to epsilon */
}

static void
begin_registering(unsigned n)
{
	struct rsp_client_config config = world_config(n, true);

	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 1, 100), RSP_OK);
}

static enum rsp_err
set(const struct rsp_client_server *list, unsigned n)
{
	return rsp_client_set_servers(w.c, w.now, list, n);
}

static void
the_home_stays_and_the_next_one_is_from_the_new_list(void)
{
	begin_registering(1);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_registered(&w, 1, "web", 1, RSP_CAUSE_NONE);
	CHECK_EQ(set(servers() + 1, 2), RSP_OK); /* alpha is not in it */
	CHECK_EQ(w.n_dials, 1);
	CHECK_EQ(w.n_closed, 0);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 1000);
	CHECK(w.n_dials >= 2);
	for (unsigned i = 1; i < w.n_dials; i++)
		CHECK(strcmp(w.dial[i].to.server_name, "alpha") != 0);
	CHECK(strcmp(w.dial[1].to.server_name, "beta") == 0 || strcmp(w.dial[1].to.server_name, "gamma") == 0);
	world_end(&w);
}

static void
a_home_in_both_lists_keeps_its_record(void)
{
	unsigned n = 0;

	begin_registering(1);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_registered(&w, 1, "web", 1, RSP_CAUSE_NONE);
	const struct rsp_client_server list[] = { servers()[1], servers()[2], servers()[0] };
	CHECK_EQ(set(list, 3), RSP_OK);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	const struct rsp_client_attempt *attempt = rsp_client_attempts(w.c, &n);
	CHECK_EQ(n, 1);
	CHECK_STR(attempt[0].name, "alpha");
	CHECK_EQ(attempt[0].err, RSP_ECLOSED);
	world_end(&w);
}

static void
a_hunt_starts_again_with_the_new_list(void)
{
	begin_registering(1);
	world_down(&w, 1, RSP_STEP_TCP, RSP_EUNREACHABLE); /* a pause before the next round */
	CHECK_EQ(w.n_dials, 1);
	CHECK_EQ(set(servers() + 3, 1), RSP_OK);
	CHECK_EQ(w.n_dials, 2);
	CHECK_STR(w.dial[1].to.server_name, "delta");
	CHECK_EQ(set(servers() + 4, 1), RSP_OK); /* an attempt at an old server is closed */
	CHECK_EQ(w.closed[0], w.dial[1].link);
	CHECK_STR(w.dial[2].to.server_name, "epsilon");
	world_up(&w, w.dial[2].link, RSP_ROLE_ELEMENT, "epsilon");
	world_registered(&w, w.dial[2].link, "web", 1, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

static void
the_same_list_changes_nothing(void)
{
	begin_registering(2);
	unsigned n = w.n_dials;
	CHECK_EQ(set(servers(), 2), RSP_OK);
	CHECK_EQ(w.n_dials, n);
	CHECK_EQ(w.n_closed, 0);
	CHECK_EQ(set(servers(), 0), RSP_EUSAGE);
	CHECK_EQ(set(servers(), RSP_CLIENT_SERVERS_MAX + 1), RSP_EUSAGE);
	CHECK_EQ(w.n_closed, 0);
	world_end(&w);
}

static void
announced_addresses_stay(void)
{
	struct rsp_client_config config = world_config(1, true);
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_SERVER_ANNOUNCE, .server_id = 9 };
	struct rsp_ip at = { .family = 4, .ip = { 10, 0, 0, 77 } };
	struct rsp_transport transport = { .type = RSP_PARAM_TCP, .port = 3864 };
	uint8_t list[64], room[RSP_ADDRS_ROOM(1)], octets[128];
	struct rsp_wr wr = rsp_wr_init(list, sizeof list);
	bool dialled = false;
	size_t size = 0;

	config.discover = true;
	world_begin(&w, &config);
	rsp_transport_set_ips(&transport, &at, 1, room);
	rsp_transport_encode(&wr, &transport);
	CHECK_EQ(rsp_wr_end(&wr, &size), RSP_OK);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(list, size);
	msg.n_list = 1;
	CHECK_EQ(rsp_message_encode(&msg, octets, sizeof octets, &size), RSP_OK);
	CHECK(rsp_client_announced(w.c, w.now, &at, rsp_bytes_of(octets, size)));
	CHECK_EQ(set(servers() + 1, 3), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 1, 100), RSP_OK);
	world_run(&w, w.now + 2000);
	for (unsigned i = 0; i < w.n_dials; i++)
		dialled |= rsp_ip_equal(&w.dial[i].to.ip, &at);
	CHECK(dialled);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(the_home_stays_and_the_next_one_is_from_the_new_list);
	TAP_RUN(a_home_in_both_lists_keeps_its_record);
	TAP_RUN(a_hunt_starts_again_with_the_new_list);
	TAP_RUN(the_same_list_changes_nothing);
	TAP_RUN(announced_addresses_stay);
	return tap_end();
}
