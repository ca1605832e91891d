#include "asap_client_world.h"

/* An ASAP client in plain text: its registrations, how an attempt at a server fails, and what the client does then. */

/* Elements */

static void
three_hundred_elements_register_and_deregister_over_one_connection(void)
{
	begin_plain(ANSWERS, true);
	for (uint32_t i = 1; i <= 300; i++)
		put(i);
	await(&w.told[RSP_CLIENT_REGISTERED], 300);
	CHECK_EQ(w.server[0].opened, 1);
	rsp_asap_client_deregister_all(w.s);
	await(&w.told[RSP_CLIENT_DEREGISTERED], 300);
	CHECK_EQ(w.server[0].opened, 1);
	end();
}

static void
a_registration_names_the_transport_at_which_the_client_listens(void)
{
	begin_plain(ANSWERS, true);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	CHECK_EQ(w.server[0].asap.type, RSP_PARAM_TCP);
	CHECK_EQ(w.server[0].asap.port, rsp_asap_client_asap_port(w.s));
	CHECK(w.server[0].asap.port != 0);
	end();
}

static void
a_home_without_a_name_is_called_by_its_address(void)
{
	struct rsp_asap_client_home home;

	begin_plain(ANSWERS, true);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	rsp_asap_client_home(w.s, &home);
	CHECK_STR(home.address, w.server[0].spec);
	CHECK(!home.secure);
	CHECK_STR(home.server, "127.0.0.1");
	end();
}

static void
an_element_whose_home_closes_the_connection_registers_again(void)
{
	begin_plain(ANSWERS, true);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	rsp_stream_close(w.server[0].last, false);
	w.server[0].last = NULL;
	await(&w.told[RSP_CLIENT_REREGISTERED], 1);
	CHECK_EQ(w.told[RSP_CLIENT_HOME_LOST], 1);
	CHECK_EQ(w.server[0].opened, 2);
	end();
}

static void
another_registrar_that_sends_a_keep_alive_with_the_h_flag_becomes_the_home(void)
{ /* RFC 5352 s.3.4 KA2.4 */
	const char *servers[] = { "alpha@127.0.0.1:1" };
	char spec[96];
	struct rsp_client_stats stats;

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	(void)snprintf(spec, sizeof spec, "alpha@%s", w.server[0].spec);
	servers[0] = spec;
	struct rsp_asap_client_config config = plain_config(servers, 1, true);
	config.listen_on = "127.0.0.1:0";
	open_client(&config);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	call(NULL, RSP_ROLE_NONE);
	await(&w.caller_messages, 1);
	await(&w.server[0].closed, 1);
	CHECK_EQ(w.told[RSP_CLIENT_HOME], 2);
	rsp_asap_client_stats(w.s, &stats);
	CHECK_EQ(stats.home_server_id, 0xb);
	end();
}

/* Attempts that fail */

static void
an_attempt_at_a_server_that_refuses_the_connection_fails_at_tcp(void)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	rsp_listener_free(w.server[0].listener);
	w.server[0].listener = NULL;
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_client(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_EUNREACHABLE);
	CHECK_EQ(attempt(0).step, RSP_STEP_TCP);
	CHECK_EQ(attempt(0).err, RSP_EUNREACHABLE);
	CHECK(*attempt(0).reason);
	end();
}

static void
an_attempt_at_a_host_name_that_does_not_exist_fails_at_dns(void)
{
	const char *servers[] = { "no-such-host.invalid:1" };

	begin();
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_client(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ELOOKUP);
	CHECK_EQ(attempt(0).step, RSP_STEP_DNS);
	CHECK_STR(attempt(0).host, "no-such-host.invalid");
	end();
}

static void
a_host_name_is_looked_up_and_its_addresses_are_dialled_until_one_answers(void)
{
	char spec[64];
	const char *servers[] = { spec };

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	(void)snprintf(spec, sizeof spec, "here@localhost:%u",
		       rsp_sockaddr_port(rsp_listener_address(w.server[0].listener)));
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_client(&config);
	ask(); /* ::1 may be the first address; the registrar does not listen there */
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(w.why.err, RSP_EUNKNOWN_POOL);
	CHECK_STR(attempt(0).name, "here");
	CHECK_STR(attempt(0).host, "localhost");
	end();
}

static void
a_server_that_sends_no_asap_message_is_left_for_the_next_server(void)
{
	const char *servers[] = { w.server[0].spec, w.server[1].spec };

	begin();
	listen_as(&w.server[0], NULL, GARBAGE);
	listen_as(&w.server[1], NULL, ANSWERS);
	struct rsp_asap_client_config config = plain_config(servers, 2, false);
	open_client(&config);
	ask();
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(attempt(0).step, RSP_STEP_ASAP);
	CHECK_EQ(attempt(0).err, RSP_EPROTO);
	CHECK_EQ(attempt(1).err, RSP_OK);
	CHECK_EQ(w.server[1].messages, 1);
	end();
}

static void
a_request_that_no_server_answers_fails_at_the_timeout_of_the_run(void)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, MUTE);
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	config.timeout_ms = 100;
	open_client(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ETIMEOUT);
	CHECK_EQ(w.server[0].messages, 1);
	end();
}

/* Settings that are refused */

static void
a_client_of_a_server_with_a_bad_address_is_refused_and_the_address_named(void)
{
	const char *servers[] = { "bad host:x" };
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	struct rsp_why why = { 0 };

	begin();
	CHECK_EQ(rsp_asap_client_new(w.loop, &config, on_event, NULL, &w.s, &why), RSP_EUSAGE);
	CHECK_STR(why.object, "bad host:x");
	end();
}

/* A client with these settings is refused with @err. */
static void
refused(const struct rsp_asap_client_config *config, enum rsp_err err)
{
	struct rsp_why why = { 0 };

	begin();
	CHECK_EQ(rsp_asap_client_new(w.loop, config, on_event, NULL, &w.s, &why), err);
	CHECK_EQ(why.err, err);
	end();
}

static const char *const one_server[] = { "127.0.0.1:1" };

static void
a_client_without_a_server_is_refused(void)
{
	struct rsp_asap_client_config config = plain_config(one_server, 0, false);

	refused(&config, RSP_EUSAGE);
}

static void
a_client_that_has_no_keys_and_may_not_use_plain_text_is_refused(void)
{
	struct rsp_asap_client_config config = plain_config(one_server, 1, false);

	config.plaintext = false;
	refused(&config, RSP_ECONFIG);
}

static void
an_element_that_is_to_listen_at_a_bad_address_is_refused(void)
{
	struct rsp_asap_client_config config = plain_config(one_server, 1, true);

	config.listen_on = "nonsense";
	refused(&config, RSP_EUSAGE);
}

int
main(void)
{
	TAP_RUN(three_hundred_elements_register_and_deregister_over_one_connection);
	TAP_RUN(a_registration_names_the_transport_at_which_the_client_listens);
	TAP_RUN(a_home_without_a_name_is_called_by_its_address);
	TAP_RUN(an_element_whose_home_closes_the_connection_registers_again);
	TAP_RUN(another_registrar_that_sends_a_keep_alive_with_the_h_flag_becomes_the_home);
	TAP_RUN(an_attempt_at_a_server_that_refuses_the_connection_fails_at_tcp);
	TAP_RUN(an_attempt_at_a_host_name_that_does_not_exist_fails_at_dns);
	TAP_RUN(a_host_name_is_looked_up_and_its_addresses_are_dialled_until_one_answers);
	TAP_RUN(a_server_that_sends_no_asap_message_is_left_for_the_next_server);
	TAP_RUN(a_request_that_no_server_answers_fails_at_the_timeout_of_the_run);
	TAP_RUN(a_client_of_a_server_with_a_bad_address_is_refused_and_the_address_named);
	TAP_RUN(a_client_without_a_server_is_refused);
	TAP_RUN(a_client_that_has_no_keys_and_may_not_use_plain_text_is_refused);
	TAP_RUN(an_element_that_is_to_listen_at_a_bad_address_is_refused);
	return tap_end();
}
