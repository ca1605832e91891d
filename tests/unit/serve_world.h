#ifndef TESTS_UNIT_SERVE_WORLD_H
#define TESTS_UNIT_SERVE_WORLD_H

#include "keys/authz.h"
#include "keys/scope.h"
#include "net_nodes.h"
#include "serve/registrar_service.h"

/* The service of a registrar on real sockets of the loopback interface, and what tests ask of it. */

struct service {
	struct rsp_registrar_service *s;
	struct rsp_registrar_service_config config;
	struct node node; /* "alpha": its keys and certificate */
	struct rsp_scope scope;
	unsigned told[RSP_EVENT_COUNT], refused[RSP_SERVE_COUNT], ready, left;
	bool dialled; /* what was refused last */
	char whom[64];
	struct rsp_event last; /* its texts are in reason and identity */
	char reason[64], identity[64];
	struct rsp_why why; /* of the last refusal */
};

static struct service service;

static inline void
on_record(void *ctx, const struct rsp_event *event)
{
	struct service *v = ctx;

	v->told[event->kind]++;
	v->last = *event;
	(void)snprintf(v->reason, sizeof(v->reason), "%s", event->reason ? rsp_reason_word(event->reason) : "");
	(void)snprintf(v->identity, sizeof(v->identity), "%s", event->identity ? event->identity : "");
}

static inline void
on_refused(void *ctx, enum rsp_registrar_service_port port, bool dialled, const char *whom, const struct rsp_why *why)
{
	struct service *v = ctx;

	v->refused[port]++;
	v->why = *why;
	v->dialled = dialled;
	(void)snprintf(v->whom, sizeof(v->whom), "%s", whom ? whom : "");
}

static inline void
on_ready(void *ctx)
{
	((struct service *)ctx)->ready++;
}

static inline void
on_left(void *ctx)
{
	((struct service *)ctx)->left++;
}

/* What every service of these tests has; a test changes what it is about, then calls start(). */
static inline void
prepare(bool secure)
{
	struct service *v = &service;

	memset(v, 0, sizeof(*v));
	v->config = (struct rsp_registrar_service_config){ .engine = rsp_registrar_defaults(), .ready = on_ready,
					       .record = on_record, .refused = on_refused, .ctx = v };
	v->config.engine.insecure = !secure;
	v->config.engine.keepalive_interval_ms = 0;
	v->config.at[RSP_SERVE_ASAP] = loopback();
	v->config.at[RSP_SERVE_ENRP] = loopback();
	if (!secure)
		return;
	node_init(&v->node, "alpha");
	certify(&v->node, &(struct cert){ .kind = RSP_X509_SERVER, .name = "alpha" }, NULL);
}

/* The scope, as it is read again at a reload. */
static const struct rsp_scope *
scope(void)
{
	static char nowhere[] = "/nowhere";
	struct service *v = &service;

	v->scope = (struct rsp_scope){ .dir = nowhere, .node = "alpha", .keyring = v->node.ring,
				       .authz = v->scope.authz, .x509 = v->node.x509 };
	return &v->scope;
}

static inline void
start(void)
{
	struct service *v = &service;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_registrar_service_new(world_loop, &v->config, "alpha", v->node.ring ? scope() : NULL, &v->s, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
	WORLD_RUN(v->ready);
}

static inline void
stop(void)
{
	rsp_registrar_service_free(service.s);
	rsp_authz_free(service.scope.authz);
	node_done(&service.node);
	while (rsp_loop_turn(world_loop, false))
		;
	CHECK(service.ready <= 1);
}

static inline void
dial(enum rsp_registrar_service_port port, struct node *node, enum rsp_role role, struct end *end)
{
	struct rsp_dial_params params = { .to = *rsp_registrar_service_address(service.s, port), .tls = node ? node->tls : NULL,
					  .role = role, .server_name = "alpha" };

	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, end, &end->stream, &end->why), RSP_OK);
	WORLD_RUN(end->opened || end->closed);
}

/* Close @end, and wait until the service knows. */
static inline void
hang_up(struct end *end)
{
	struct rsp_registrar_service_stats stats;

	rsp_registrar_service_stats(service.s, &stats);
	unsigned links = stats.engine.links;
	bool open = end->stream != NULL;
	if (open) {
		rsp_stream_close(end->stream, true);
		WORLD_RUN(end->closed);
		WORLD_RUN((rsp_registrar_service_stats(service.s, &stats), stats.engine.links < links));
	}
	end_done(end);
}

static inline struct rsp_message
request(uint8_t type, const char *handle, uint32_t pe_id)
{
	static const struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = type, .has = RSP_HAS_HANDLE,
				   .handle = rsp_bytes_str(handle) };

	if (type == ASAP_DEREGISTRATION) {
		msg.has |= RSP_HAS_PE_ID;
		msg.pe_id = pe_id;
	} else if (type == ASAP_REGISTRATION) {
		msg.has |= RSP_HAS_ELEMENT;
		msg.element = (struct rsp_pool_element){ .pe_id = pe_id, .lifetime_s = 300,
							 .policy.type = RSP_POLICY_RR };
		msg.element.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 80 };
		rsp_transport_set_ips(&msg.element.user, &ip, 1, room);
	}
	return msg;
}

static inline size_t
encode(const struct rsp_message *msg, uint8_t out[static 4096])
{
	size_t n = 0;

	CHECK_EQ(rsp_message_encode(msg, out, 4096, &n), RSP_OK);
	return n;
}

/* Send; a connection that should be there and is not fails the test, once it has been seen to. */
static inline void
put_octets(struct end *end, const void *octets, size_t n)
{
	CHECK(end->stream != NULL);
	if (end->stream)
		CHECK_EQ(rsp_stream_send(end->stream, rsp_bytes_of(octets, n)), RSP_OK);
}

static inline void
say(struct end *end, uint8_t type, const char *handle, uint32_t pe_id)
{
	struct rsp_message msg = request(type, handle, pe_id);
	uint8_t octets[4096];

	put_octets(end, octets, encode(&msg, octets));
}

static inline bool
has_answer(const struct end *end)
{
	size_t n = rsp_message_frame(rsp_bytes_of(end->got, end->got_n));

	return n > 0 && n <= end->got_n;
}

/* The next answer; its views live until the one after it. */
static inline struct rsp_message
answer(struct end *end)
{
	static uint8_t octets[65536];
	struct rsp_message msg = { 0 };

	WORLD_RUN(has_answer(end) || end->closed);
	if (!has_answer(end))
		return msg;
	size_t n = rsp_message_frame(rsp_bytes_of(end->got, end->got_n));
	memcpy(octets, end->got, n);
	end->got_n -= n;
	memmove(end->got, end->got + n, end->got_n);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(octets, n), &msg, NULL), RSP_OK);
	return msg;
}

/* Send a request of @type over @end and read the response: returns its error cause. */
static inline uint16_t
ask(struct end *end, uint8_t type, const char *handle, uint32_t pe_id)
{
	say(end, type, handle, pe_id);
	struct rsp_message msg = answer(end);
	uint8_t wanted = type == ASAP_REGISTRATION     ? ASAP_REGISTRATION_RESPONSE
			 : type == ASAP_DEREGISTRATION ? ASAP_DEREGISTRATION_RESPONSE
						       : ASAP_HANDLE_RESOLUTION_RESPONSE;

	CHECK_EQ(msg.type, wanted);
	return rsp_message_cause(&msg);
}

static inline uint16_t
enrol(struct end *end, const char *handle, uint32_t pe_id)
{
	return ask(end, ASAP_REGISTRATION, handle, pe_id);
}

static inline uint16_t
resolve(struct end *end, const char *handle)
{
	return ask(end, ASAP_HANDLE_RESOLUTION, handle, 0);
}

static inline struct rsp_registrar_service_stats
stats(void)
{
	struct rsp_registrar_service_stats now;

	rsp_registrar_service_stats(service.s, &now);
	return now;
}

/* Give @node a key for the service, and its credentials. */
static inline void
element_of(struct node *node, const char *name)
{
	node_init(node, name);
	share(RSP_ROLE_ELEMENT, node, &service.node);
	node_ready(node);
}

static inline void
user_of(struct node *node)
{
	node_init(node, "");
	trust(node, &ca, NULL);
	node_ready(node);
}

#endif
