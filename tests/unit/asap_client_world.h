#ifndef TESTS_UNIT_ASAP_CLIENT_WORLD_H
#define TESTS_UNIT_ASAP_CLIENT_WORLD_H

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

/* An ASAP client on sockets of the loopback interface, and registrars that answer, or not, as the test wants. */

enum manner {
	ANSWERS,
	MUTE,
	GARBAGE /* octets that are no message */
};

struct server {
	struct rsp_listener *listener;
	enum manner manner;
	struct rsp_stream *last;
	unsigned messages, opened, closed;
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

static inline void
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

static inline void
server_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct server *server = ctx;

	server->opened++;
	server->last = stream;
	server->role = auth->role;
	(void)snprintf(server->identity, sizeof server->identity, "%s", auth->identity ? auth->identity : "");
}

static inline size_t
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
	}
	return at;
}

static inline void
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

static inline void
on_event(void *ctx, const struct rsp_client_event *event)
{
	(void)ctx;
	w.told[event->type]++;
	if (event->why && event->type != RSP_CLIENT_ATTEMPT)
		w.why = *event->why;
	w.cause = event->cause;
}

static inline void
on_limit(void *ctx)
{
	(void)ctx;
	w.late = true;
}

/* Turn the loop until *@count is at least @wanted; ten seconds are too long. */
static inline void
await(const unsigned *count, unsigned wanted)
{
	w.late = false;
	rsp_alarm_in(w.limit, 10000);
	while (*count < wanted && !w.late)
		(void)rsp_loop_turn(w.loop, true);
	rsp_alarm_set(w.limit, RSP_NEVER);
	CHECK(!w.late);
}

static inline void
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

static inline void
begin(void)
{
	memset(&w, 0, sizeof w);
	CHECK_EQ(rsp_loop_new(&w.loop), RSP_OK);
	CHECK_EQ(rsp_alarm_new(w.loop, on_limit, NULL, &w.limit), RSP_OK);
}

static inline void
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

static inline struct rsp_asap_client_config
plain_config(const char *const *servers, unsigned n, bool element)
{
	struct rsp_client_timers timers = rsp_client_timers_fast();

	timers.stagger_ms = 50;
	return (struct rsp_asap_client_config){ .servers = servers, .n_servers = n, .element = element, .plaintext = true,
					    .listen = element, .timers = timers, .rounds = 1, .persistent = element };
}

static inline void
open_client(const struct rsp_asap_client_config *config)
{
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_asap_client_new(w.loop, config, on_event, NULL, &w.s, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

/* A client in plain text, of an element or a user, and one registrar. */
static inline void
begin_plain(enum manner manner, bool element)
{
	const char *servers[] = { w.server[0].spec };

	begin();
	listen_as(&w.server[0], NULL, manner);
	struct rsp_asap_client_config config = plain_config(servers, 1, element);
	open_client(&config);
}

static inline void
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

static inline void
ask(void)
{
	CHECK_EQ(rsp_asap_client_resolve(w.s, rsp_bytes_str("web"), 0, false), RSP_OK);
}

static inline struct rsp_client_attempt
attempt(unsigned i)
{
	unsigned n;
	const struct rsp_client_attempt *all = rsp_asap_client_attempts(w.s, &n);

	CHECK(i < n);
	return i < n ? all[i] : (struct rsp_client_attempt){ 0 };
}

static inline void
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

static inline size_t
caller_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	(void)ctx;
	(void)stream;
	if (all.n >= 4 && all.p[0] == ASAP_ENDPOINT_KEEP_ALIVE_ACK)
		w.caller_messages++;
	return all.n;
}

static inline void
caller_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	(void)ctx;
	(void)stream;
	(void)why;
	w.caller = NULL;
	w.caller_closed++;
}

static inline void
call(struct rsp_tls *tls, enum rsp_role role)
{
	static const struct rsp_stream_events events = { .open = caller_open, .data = caller_data,
							 .closed = caller_closed };
	struct rsp_dial_params params = { .to = rsp_sockaddr_of(&loopback, rsp_asap_client_asap_port(w.s)), .tls = tls,
					  .role = role, .server_name = "web1" };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_dial_start(w.loop, &params, &events, NULL, &w.caller, &why), RSP_OK);
}

#endif
