#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "keys/scope.h"
#include "net/alarm.h"
#include "net/loop.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/tls.h"
#include "serve/asap_client.h"
#include "tap.h"

/* The client session on real sockets of the loopback interface, against registrars that say what the test wants. */

enum manner {
	ANSWERS,
	MUTE,
	GARBAGE, /* octets that are no message */
	HANGS_UP /* after the first message */
};

struct server {
	struct rsp_listener *listener;
	enum manner manner;
	struct rsp_stream *last;
	unsigned messages, opened, closed, acks;
	enum rsp_role role;
	char identity[64], spec[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_transport asap;
};

static struct {
	struct rsp_loop *loop;
	struct rsp_asap_client *s;
	struct server server[2];
	struct rsp_alarm *limit;
	bool late;
	unsigned told[RSP_CLIENT_PROTOCOL + 1];
	struct rsp_why why;
	uint16_t cause;
	struct rsp_keyring *ring;
	struct rsp_scope scope;
	struct rsp_tls *server_tls;
	struct rsp_stream *caller; /* a registrar's connection to our listener */
	unsigned caller_opened, caller_closed, caller_messages;
} w;

static const struct rsp_ip loopback = { .family = 4, .ip = { 127, 0, 0, 1 } };

static void
answer(struct rsp_stream *stream, const struct rsp_message *request)
{
	uint8_t octets[512], room[64];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .handle = request->handle,
				   .pe_id = request->pe_id };
	size_t n = 0;

	if (request->type == ASAP_REGISTRATION) {
		msg.type = ASAP_REGISTRATION_RESPONSE;
		msg.pe_id = request->element.pe_id;
	} else if (request->type == ASAP_DEREGISTRATION) {
		msg.type = ASAP_DEREGISTRATION_RESPONSE;
	} else if (request->type == ASAP_HANDLE_RESOLUTION) {
		msg.type = ASAP_HANDLE_RESOLUTION_RESPONSE;
		msg.has = RSP_HAS_HANDLE | RSP_HAS_ERROR;
		msg.error =
			rsp_error_compose(RSP_CAUSE_UNKNOWN_POOL_HANDLE, (struct rsp_bytes){ 0 }, room, sizeof room);
	} else {
		return;
	}
	CHECK_EQ(rsp_message_encode(&msg, octets, sizeof octets, &n), RSP_OK);
	CHECK_EQ(rsp_stream_send(stream, rsp_bytes_of(octets, n)), RSP_OK);
}

static void
server_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct server *server = ctx;

	server->opened++;
	server->last = stream;
	server->role = auth->role;
	(void)snprintf(server->identity, sizeof server->identity, "%s", auth->identity ? auth->identity : "");
}

static size_t
server_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	static const uint8_t garbage[] = { 'H', 'T', 0, 0, 'n', 'o' };
	struct server *server = ctx;
	struct rsp_message msg;
	size_t at = 0, n;

	if (server->manner == MUTE) {
		server->messages++;
		return all.n;
	}
	while ((n = rsp_message_frame(rsp_bytes_of(all.p + at, all.n - at))) != 0 && n <= all.n - at) {
		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(all.p + at, n), &msg, NULL), RSP_OK);
		at += n;
		server->messages++;
		if (msg.type == ASAP_REGISTRATION)
			server->asap = msg.element.asap;
		if (server->manner == ANSWERS)
			answer(stream, &msg);
		if (server->manner == GARBAGE)
			CHECK_EQ(rsp_stream_send(stream, rsp_bytes_of(garbage, sizeof garbage)), RSP_OK);
		if (server->manner == HANGS_UP) {
			server->last = NULL;
			rsp_stream_close(stream, false);
			return all.n;
		}
	}
	return at;
}

static void
server_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct server *server = ctx;

	(void)why;
	server->closed++;
	if (server->last == stream)
		server->last = NULL;
}

static const struct rsp_stream_events server_events = { .open = server_open, .data = server_data,
							.closed = server_closed };

static void
on_event(void *ctx, const struct rsp_client_event *event)
{
	(void)ctx;
	w.told[event->type]++;
	if (event->why && event->type != RSP_CLIENT_ATTEMPT)
		w.why = *event->why;
	w.cause = event->cause;
}

static void
on_limit(void *ctx)
{
	(void)ctx;
	w.late = true;
}

/* Turn the loop until *@count is at least @wanted; ten seconds are too long. */
static void
await(const unsigned *count, unsigned wanted)
{
	w.late = false;
	rsp_alarm_in(w.limit, 10000);
	while (*count < wanted && !w.late)
		(void)rsp_loop_turn(w.loop, true);
	rsp_alarm_set(w.limit, RSP_NEVER);
	CHECK(!w.late);
}

static void
listen_as(struct server *server, struct rsp_tls *tls, enum manner manner)
{
	struct rsp_listener_params params = { .at = rsp_sockaddr_of(&loopback, 0),
					      .tls = tls,
					      .service = RSP_TLS_ASAP };
	struct rsp_why why = { 0 };

	server->manner = manner;
	CHECK_EQ(rsp_listener_new(w.loop, &params, &server_events, server, &server->listener, &why), RSP_OK);
	rsp_sockaddr_format(rsp_listener_address(server->listener), server->spec);
}

static void
begin(void)
{
	memset(&w, 0, sizeof w);
	CHECK_EQ(rsp_loop_new(&w.loop), RSP_OK);
	CHECK_EQ(rsp_alarm_new(w.loop, on_limit, NULL, &w.limit), RSP_OK);
}

/* Pre-shared keys between web1 and alpha; the scope knows alpha at server 0. */
static void
begin_secure(void)
{
	struct rsp_tls_config config = { .me = "alpha" };
	struct rsp_key key;
	struct rsp_why why = { 0 };

	begin();
	w.ring = rsp_keyring_new();
	CHECK(w.ring != NULL);
	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web1", "alpha", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(w.ring, &key), RSP_OK);
	CHECK_EQ(rsp_key_make(RSP_ROLE_NOTIFY, "alpha", "web1", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(w.ring, &key), RSP_OK);
	rsp_key_wipe(&key);
	config.keyring = w.ring;
	CHECK_EQ(rsp_tls_new(&config, &w.server_tls, &why), RSP_OK);
	listen_as(&w.server[0], w.server_tls, ANSWERS);

	static char dir[] = "/nowhere";
	static struct rsp_scope_registrar alpha;
	alpha = (struct rsp_scope_registrar){ .name = "alpha", .asap = { .host = "127.0.0.1" } };
	alpha.asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	w.scope = (struct rsp_scope){ .dir = dir, .node = "web1", .registrars = &alpha, .n_registrars = 1,
				      .keyring = w.ring };
}

static void
end(void)
{
	rsp_asap_client_free(w.s);
	for (unsigned i = 0; i < RSP_COUNT(w.server); i++)
		rsp_listener_free(w.server[i].listener);
	rsp_alarm_free(w.limit);
	for (unsigned i = 0; i < RSP_COUNT(w.server); i++)
		if (w.server[i].last)
			rsp_stream_close(w.server[i].last, false);
	if (w.caller)
		rsp_stream_close(w.caller, false);
	while (rsp_loop_turn(w.loop, true))
		;
	rsp_loop_free(w.loop);
	rsp_tls_unref(w.server_tls);
	rsp_keyring_unref(w.ring);
}

static struct rsp_asap_client_config
plain_config(const char *const *servers, unsigned n, bool element)
{
	struct rsp_client_timers timers = rsp_client_timers_fast();

	timers.stagger_ms = 50;
	return (struct rsp_asap_client_config){ .servers = servers, .n_servers = n, .element = element, .plaintext = true,
					    .listen = element, .timers = timers, .rounds = 1, .persistent = element };
}

static void
open_session(const struct rsp_asap_client_config *config)
{
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_asap_client_new(w.loop, config, on_event, NULL, &w.s, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

static void
put(uint32_t pe_id)
{
	struct rsp_pool_element pe = { .pe_id = pe_id, .lifetime_s = 300 };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	pe.user.type = RSP_PARAM_TCP;
	pe.user.port = 80;
	rsp_transport_set_ips(&pe.user, &loopback, 1, room);
	pe.policy.type = RSP_POLICY_RR;
	CHECK_EQ(rsp_asap_client_register(w.s, rsp_bytes_str("web"), &pe), RSP_OK);
}

static void
ask(void)
{
	CHECK_EQ(rsp_asap_client_resolve(w.s, rsp_bytes_str("web"), 0, false), RSP_OK);
}

static struct rsp_client_attempt
attempt(unsigned i)
{
	unsigned n;
	const struct rsp_client_attempt *all = rsp_asap_client_attempts(w.s, &n);

	CHECK(i < n);
	return i < n ? all[i] : (struct rsp_client_attempt){ 0 };
}

static void
an_element_registers_and_leaves_in_plain_text(void)
{
	const char *servers[] = { w.server[0].spec };
	struct rsp_asap_client_home home;

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	struct rsp_asap_client_config config = plain_config(servers, 1, true);
	open_session(&config);
	for (uint32_t i = 1; i <= 300; i++)
		put(i);
	await(&w.told[RSP_CLIENT_REGISTERED], 300);
	CHECK_EQ(w.server[0].opened, 1);
	CHECK_EQ(w.server[0].asap.type, RSP_PARAM_TCP);
	CHECK_EQ(w.server[0].asap.port, rsp_asap_client_asap_port(w.s));
	CHECK(w.server[0].asap.port != 0);
	rsp_asap_client_home(w.s, &home);
	CHECK_STR(home.address, w.server[0].spec);
	CHECK(!home.secure);
	CHECK_STR(home.server, "127.0.0.1");
	rsp_asap_client_deregister_all(w.s);
	await(&w.told[RSP_CLIENT_DEREGISTERED], 300);
	end();
}

static void
a_refused_connection_is_an_attempt_that_ended_at_tcp(void)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	rsp_listener_free(w.server[0].listener);
	w.server[0].listener = NULL;
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_EUNREACHABLE);
	CHECK_EQ(attempt(0).step, RSP_STEP_TCP);
	CHECK_EQ(attempt(0).err, RSP_EUNREACHABLE);
	CHECK(*attempt(0).reason);
	end();
}

static void
a_name_that_nobody_has_is_an_attempt_that_ended_at_dns(void)
{
	const char *servers[] = { "no-such-host.invalid:1" };

	begin();
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ELOOKUP);
	CHECK_EQ(attempt(0).step, RSP_STEP_DNS);
	CHECK_STR(attempt(0).host, "no-such-host.invalid");
	end();
}

static void
a_name_is_looked_up_and_its_addresses_tried(void)
{
	char spec[64];
	const char *servers[] = { spec };

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	(void)snprintf(spec, sizeof spec, "here@localhost:%u",
		       rsp_sockaddr_port(rsp_listener_address(w.server[0].listener)));
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	open_session(&config);
	ask(); /* ::1 may come first, where nobody listens */
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(w.why.err, RSP_EUNKNOWN_POOL);
	CHECK_STR(attempt(0).name, "here");
	CHECK_STR(attempt(0).host, "localhost");
	end();
}

static void
what_is_no_asap_is_left_for_the_next_server(void)
{
	const char *servers[] = { w.server[0].spec, w.server[1].spec };

	begin();
	listen_as(&w.server[0], NULL, GARBAGE);
	listen_as(&w.server[1], NULL, ANSWERS);
	struct rsp_asap_client_config config = plain_config(servers, 2, false);
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(attempt(0).step, RSP_STEP_ASAP);
	CHECK_EQ(attempt(0).err, RSP_EPROTO);
	CHECK_EQ(attempt(1).err, RSP_OK);
	CHECK_EQ(w.server[1].messages, 1);
	end();
}

static void
the_timeout_ends_a_run_without_answers(void)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, MUTE);
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	config.timeout_ms = 100;
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ETIMEOUT);
	CHECK_EQ(w.server[0].messages, 1);
	end();
}

static void
a_lost_connection_is_made_again_and_the_element_with_it(void)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	struct rsp_asap_client_config config = plain_config(servers, 1, true);
	open_session(&config);
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
caller_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ENDPOINT_KEEP_ALIVE, .flags = ASAP_FLAG_HOME,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID, .server_id = 0xb, .pe_id = 1 };
	uint8_t octets[128];
	size_t n = 0;

	(void)ctx;
	(void)auth;
	w.caller_opened++;
	msg.handle = rsp_bytes_str("web");
	CHECK_EQ(rsp_message_encode(&msg, octets, sizeof octets, &n), RSP_OK);
	CHECK_EQ(rsp_stream_send(stream, rsp_bytes_of(octets, n)), RSP_OK);
}

static size_t
caller_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx;
	(void)stream;
	if (all.n >= 4 && all.p[0] == ASAP_ENDPOINT_KEEP_ALIVE_ACK)
		w.caller_messages++;
	return all.n;
}

static void
caller_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	(void)ctx;
	(void)stream;
	(void)why;
	w.caller = NULL;
	w.caller_closed++;
}

static void
call(struct rsp_tls *tls, enum rsp_role role)
{
	static const struct rsp_stream_events events = { .open = caller_open, .data = caller_data,
							 .closed = caller_closed };
	struct rsp_dial_params params = { .to = rsp_sockaddr_of(&loopback, rsp_asap_client_asap_port(w.s)), .tls = tls,
					  .role = role, .server_name = "web1" };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_dial_start(w.loop, &params, &events, NULL, &w.caller, &why), RSP_OK);
}

/* RFC 5352 3.4 KA2.4, over TLS with a key of role notify */
static void
a_registrar_calls_and_becomes_the_home(void)
{
	struct rsp_asap_client_config config = { .element = true, .listen = true, .persistent = true };
	struct rsp_client_stats stats;
	struct rsp_asap_client_home home;

	begin_secure();
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_session(&config);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	CHECK_EQ(w.server[0].role, RSP_ROLE_ELEMENT);
	CHECK_STR(w.server[0].identity, "web1");
	rsp_asap_client_home(w.s, &home);
	CHECK(home.secure);
	CHECK_STR(home.tls_version, "TLS1.3");
	CHECK_STR(home.server, "alpha");

	call(NULL, RSP_ROLE_NONE); /* who cannot show a key is not heard */
	await(&w.caller_closed, 1);
	CHECK_EQ(w.told[RSP_CLIENT_KEEPALIVE], 0);
	call(w.server_tls, RSP_ROLE_NOTIFY);
	await(&w.caller_messages, 1);
	CHECK_EQ(w.told[RSP_CLIENT_KEEPALIVE], 1);
	CHECK_EQ(w.told[RSP_CLIENT_HOME], 1); /* it is alpha that calls: nothing changes */
	rsp_asap_client_stats(w.s, &stats);
	CHECK_EQ(stats.registered, 1);
	end();
}

static void
another_registrar_calls_in_plain_text_and_becomes_the_home(void)
{
	const char *servers[] = { "alpha@127.0.0.1:1" };
	char spec[96];
	struct rsp_client_stats stats;

	begin();
	listen_as(&w.server[0], NULL, ANSWERS);
	(void)snprintf(spec, sizeof spec, "alpha@%s", w.server[0].spec);
	servers[0] = spec;
	struct rsp_asap_client_config config = plain_config(servers, 1, true);
	config.listen_on = "127.0.0.1:0";
	open_session(&config);
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

static void
a_key_that_the_server_does_not_know_is_an_authentication_failure(void)
{
	struct rsp_asap_client_config config = { .element = true, .rounds = 1 };
	struct rsp_keyring *other;
	struct rsp_key key;

	begin_secure();
	other = rsp_keyring_new();
	CHECK(other != NULL);
	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web1", "alpha", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(other, &key), RSP_OK);
	w.scope.keyring = other;
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_session(&config);
	put(1);
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_EAUTH);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	CHECK_EQ(w.server[0].opened, 0);

	w.scope.keyring = w.ring; /* the right keys, read anew */
	struct rsp_why why = { 0 };
	CHECK_EQ(rsp_asap_client_reload(w.s, &w.scope, NULL, &why), RSP_OK);
	rsp_asap_client_retry(w.s);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	rsp_keyring_unref(other);
	end();
}

/* A scope whose CA and registrar's certificate are made here; ca.pem is what users get of it. */
static void
begin_certified(struct rsp_x509 *server, struct rsp_x509 *user)
{
	static const char *const dns[] = { "alpha" };
	struct rsp_x509_request request = { .kind = RSP_X509_CA, .organization = "test", .common_name = "test CA" };
	struct rsp_x509_pair ca = { 0 }, pair = { 0 };
	struct rsp_tls_config config = { .me = "alpha", .x509 = server };
	const struct {
		const char *path;
		enum rsp_file_kind kind;
		char **text;
	} file[] = { { "session-ca.pem", RSP_FILE_PUBLIC, &ca.cert_pem },
		     { "session-cert.pem", RSP_FILE_PUBLIC, &pair.cert_pem },
		     { "session-key.pem", RSP_FILE_SECRET, &pair.key_pem } };
	struct rsp_why why = { 0 };

	begin();
	request.not_before_ms = rsp_clock_wall_ms() - 60000;
	request.not_after_ms = rsp_clock_wall_ms() + 3600000;
	CHECK_EQ(rsp_x509_make(&request, NULL, &ca, &why), RSP_OK);
	request.kind = RSP_X509_SERVER;
	request.common_name = "alpha";
	request.dns = dns;
	request.n_dns = 1;
	CHECK_EQ(rsp_x509_make(&request, &ca, &pair, &why), RSP_OK);
	for (size_t i = 0; i < RSP_COUNT(file); i++)
		CHECK_EQ(rsp_file_write(file[i].path, file[i].kind, true, rsp_bytes_str(*file[i].text), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_ca(server, file[0].path, &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_ca(user, file[0].path, &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_pair(server, file[1].path, file[2].path, &why), RSP_OK);
	CHECK_EQ(rsp_tls_new(&config, &w.server_tls, &why), RSP_OK);
	for (size_t i = 0; i < RSP_COUNT(file); i++)
		(void)remove(file[i].path);
	rsp_x509_pair_done(&ca);
	rsp_x509_pair_done(&pair);
	listen_as(&w.server[0], w.server_tls, ANSWERS);
}

/* RFC 5352 9.2: a user authenticates the registrar by its certificate, for the name that it expects. */
static void
a_user_demands_a_certificate_of_the_scope_for_that_registrar(void)
{
	static char dir[] = "/nowhere";
	struct rsp_scope_registrar alpha = { .name = "alpha", .asap = { .host = "127.0.0.1" } };
	struct rsp_asap_client_config config = { .rounds = 1, .timers = rsp_client_timers_fast() };
	struct rsp_x509 server = { 0 }, user = { 0 };

	begin_certified(&server, &user);
	alpha.asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	w.ring = rsp_keyring_new();
	w.scope = (struct rsp_scope){ .dir = dir, .registrars = &alpha, .n_registrars = 1, .keyring = w.ring };
	w.scope.x509 = user;
	config.scope = &w.scope;
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(w.server[0].role, RSP_ROLE_USER);
	rsp_asap_client_free(w.s);

	config.tls_name = "beta";
	open_session(&config);
	ask();
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ECERT_NAME);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	CHECK_EQ(w.server[0].messages, 1);
	end();
	rsp_x509_done(&server);
	rsp_x509_done(&user);
}

static void
a_handshake_that_never_ends_is_an_attempt_that_ended_at_tls(void)
{
	struct rsp_asap_client_config config = { .element = true, .rounds = 1, .dial_timeout_ms = 300 };

	begin_secure();
	rsp_listener_free(w.server[0].listener);
	listen_as(&w.server[0], NULL, MUTE);
	w.scope.registrars->asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_session(&config);
	put(1);
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ETIMEOUT);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	end();
}

static void
bad_settings_are_refused_with_a_reason(void)
{
	const char *servers[] = { "bad host:x" };
	struct rsp_asap_client_config config = plain_config(servers, 1, false);
	struct rsp_why why = { 0 };

	begin();
	CHECK_EQ(rsp_asap_client_new(w.loop, &config, on_event, NULL, &w.s, &why), RSP_EUSAGE);
	CHECK_STR(why.object, "bad host:x");
	config.n_servers = 0;
	CHECK_EQ(rsp_asap_client_new(w.loop, &config, on_event, NULL, &w.s, &why), RSP_EUSAGE);
	config = plain_config(servers, 1, false);
	config.plaintext = false;
	CHECK_EQ(rsp_asap_client_new(w.loop, &config, on_event, NULL, &w.s, &why), RSP_ECONFIG);
	servers[0] = "127.0.0.1:1";
	config = plain_config(servers, 1, true);
	config.listen_on = "nonsense";
	CHECK_EQ(rsp_asap_client_new(w.loop, &config, on_event, NULL, &w.s, &why), RSP_EUSAGE);
	end();
}

int
main(void)
{
	TAP_RUN(an_element_registers_and_leaves_in_plain_text);
	TAP_RUN(a_refused_connection_is_an_attempt_that_ended_at_tcp);
	TAP_RUN(a_name_that_nobody_has_is_an_attempt_that_ended_at_dns);
	TAP_RUN(a_name_is_looked_up_and_its_addresses_tried);
	TAP_RUN(what_is_no_asap_is_left_for_the_next_server);
	TAP_RUN(the_timeout_ends_a_run_without_answers);
	TAP_RUN(a_lost_connection_is_made_again_and_the_element_with_it);
	TAP_RUN(a_registrar_calls_and_becomes_the_home);
	TAP_RUN(another_registrar_calls_in_plain_text_and_becomes_the_home);
	TAP_RUN(a_key_that_the_server_does_not_know_is_an_authentication_failure);
	TAP_RUN(a_user_demands_a_certificate_of_the_scope_for_that_registrar);
	TAP_RUN(a_handshake_that_never_ends_is_an_attempt_that_ended_at_tls);
	TAP_RUN(bad_settings_are_refused_with_a_reason);
	return tap_end();
}
