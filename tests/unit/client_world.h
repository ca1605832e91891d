#ifndef TESTS_UNIT_CLIENT_WORLD_H
#define TESTS_UNIT_CLIENT_WORLD_H

#include <string.h>

#include "base/clock.h"
#include "engine/client/client.h"
#include "tap.h"

/* A client engine in virtual time. Everything that it does is logged. */

enum { WORLD_LOG = 20000, WORLD_MESSAGE = 256 };

struct sent {
	uint32_t link;
	uint64_t at_ms;
	size_t n;
	uint8_t octets[WORLD_MESSAGE];
	bool answered;
};

struct told {
	enum rsp_client_event_type type;
	uint64_t at_ms;
	uint32_t pe_id, new_pe_id, link;
	uint16_t cause;
	enum rsp_err err;
	bool changed, solicited, accepted;
	unsigned n_list, tries;
};

struct world {
	struct rsp_client *c;
	uint64_t now;
	uint32_t next_link;
	unsigned n_dials, n_sent, n_told, n_closed;
	struct {
		unsigned server;
		uint32_t link;
		uint64_t at_ms;
		struct rsp_dial to;
		bool ended, answered;
	} dial[256];
	struct sent *sent;
	struct told *told;
	uint32_t closed[256];
	bool cannot_dial;
	enum rsp_client_step step; /* that all attempts have reached */
	void (*hook)(struct world *w, const struct rsp_client_event *event);
	struct rsp_why last_why;
};

static const struct rsp_ip loopback = { .family = 4, .ip = { 127, 0, 0, 1 } };

static void
world_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	struct world *w = ctx;
	struct sent *s = &w->sent[w->n_sent];

	if (w->n_sent >= WORLD_LOG || message.n > WORLD_MESSAGE) {
		CHECK(false && "the log holds it");
		return;
	}
	*s = (struct sent){ .link = link, .at_ms = w->now, .n = message.n };
	memcpy(s->octets, message.p, message.n);
	w->n_sent++;
}

static void
world_close(void *ctx, uint32_t link)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < w->n_dials; i++)
		w->dial[i].ended |= w->dial[i].link == link;
	if (w->n_closed < RSP_COUNT(w->closed))
		w->closed[w->n_closed++] = link;
}

static uint32_t
world_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	struct world *w = ctx;

	if (w->n_dials >= RSP_COUNT(w->dial))
		return 0;
	w->dial[w->n_dials].server = server;
	w->dial[w->n_dials].to = *to;
	w->dial[w->n_dials].at_ms = w->now;
	w->dial[w->n_dials].link = w->cannot_dial ? 0 : ++w->next_link;
	w->dial[w->n_dials].ended = w->cannot_dial;
	return w->dial[w->n_dials++].link;
}

static void
world_event(void *ctx, const struct rsp_client_event *event)
{
	struct world *w = ctx;

	if (w->n_told < WORLD_LOG)
		w->told[w->n_told++] = (struct told){
			.type = event->type,
			.at_ms = event->now_ms,
			.pe_id = event->pe_id,
			.new_pe_id = event->new_pe_id,
			.link = event->link,
			.cause = event->cause,
			.err = event->why ? event->why->err : event->attempt ? event->attempt->err : RSP_OK,
			.changed = event->changed,
			.solicited = event->solicited,
			.accepted = event->accepted,
			.n_list = event->message ? event->message->n_list : 0,
			.tries = event->tries,
		};
	if (event->why)
		w->last_why = *event->why;
	if (w->hook)
		w->hook(w, event);
}

static enum rsp_client_step
world_step(void *ctx, uint32_t link)
{
	const struct world *w = ctx;

	(void)link;
	return w->step;
}

static const struct rsp_client_ops world_ops = { world_send, world_close, world_dial, world_event, world_step };

static struct rsp_client_config
world_config(unsigned n_servers, bool element)
{
	static const struct rsp_client_server server[] = {
		{ .name = "alpha", .host = "alpha", .ip = { { 4, { 10, 0, 0, 1 } } }, .n_ips = 1, .port = 3864 },
		{ .name = "beta", .host = "beta", .ip = { { 4, { 10, 0, 0, 2 } } }, .n_ips = 1, .port = 3864 },
		{ .name = "gamma", .host = "gamma", .ip = { { 4, { 10, 0, 0, 3 } } }, .n_ips = 1, .port = 3864 },
		{ .name = "delta", .host = "delta", .ip = { { 4, { 10, 0, 0, 4 } } }, .n_ips = 1, .port = 3864 },
		{ .name = "epsilon", .host = "epsilon", .ip = { { 4, { 10, 0, 0, 5 } } }, .n_ips = 1, .port = 3864 },
	};

	return (struct rsp_client_config){
		.timers = rsp_client_timers_rfc(),
		.servers = server,
		.n_servers = n_servers,
		.role = element ? RSP_ROLE_ELEMENT : RSP_ROLE_USER,
		.persistent = element,
		.asap_port = element ? 4711 : 0,
	};
}

static void
world_prepare(struct world *w)
{
	*w = (struct world){ .now = 1000, .step = RSP_STEP_TCP };
	w->sent = calloc(WORLD_LOG, sizeof *w->sent);
	w->told = calloc(WORLD_LOG, sizeof *w->told);
	CHECK(w->sent && w->told);
}

static inline void
world_begin(struct world *w, const struct rsp_client_config *config)
{
	world_prepare(w);
	CHECK_EQ(rsp_client_new(config, &world_ops, w, rsp_rng_seeded(7), w->now, &w->c), RSP_OK);
}

static void
world_end(struct world *w)
{
	rsp_client_free(w->c);
	free(w->sent);
	free(w->told);
}

static inline void
world_run(struct world *w, uint64_t until)
{
	for (uint64_t next; (next = rsp_client_deadline(w->c)) <= until;) {
		w->now = next > w->now ? next : w->now;
		rsp_client_tick(w->c, w->now);
	}
	w->now = until;
	rsp_client_tick(w->c, w->now);
}

static inline void
world_up(struct world *w, uint32_t link, enum rsp_role role, const char *identity)
{
	struct rsp_link_info info = { .role = role, .secure = true, .identity = identity, .remote = loopback,
				      .local = loopback };

	rsp_client_link_up(w->c, w->now, link, &info);
}

static inline void
world_down(struct world *w, uint32_t link, enum rsp_client_step step, enum rsp_err err)
{
	struct rsp_why why = { 0 };

	for (unsigned i = 0; i < w->n_dials; i++)
		w->dial[i].ended |= w->dial[i].link == link;
	(void)rsp_fail(&why, err, "test", "%s", rsp_err_text(err));
	rsp_client_link_down(w->c, w->now, link, step, &why);
}

static inline void
world_receive(struct world *w, uint32_t link, const struct rsp_message *msg)
{
	uint8_t octets[4096];
	size_t n = 0;

	CHECK_EQ(rsp_message_encode(msg, octets, sizeof octets, &n), RSP_OK);
	rsp_client_receive(w->c, w->now, link, rsp_bytes_of(octets, n));
}

static inline struct rsp_message
world_message(uint8_t type, const char *handle, uint32_t pe_id, uint16_t cause)
{
	static uint8_t room[64];
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = type, .has = RSP_HAS_HANDLE };

	msg.handle = rsp_bytes_str(handle);
	msg.pe_id = pe_id;
	if (pe_id)
		msg.has |= RSP_HAS_PE_ID;
	if (cause != RSP_CAUSE_NONE) {
		msg.has |= RSP_HAS_ERROR;
		msg.error = rsp_error_compose(cause, (struct rsp_bytes){ 0 }, room, sizeof room);
	}
	return msg;
}

static inline void
world_registered(struct world *w, uint32_t link, const char *handle, uint32_t pe_id, uint16_t cause)
{
	struct rsp_message msg = world_message(ASAP_REGISTRATION_RESPONSE, handle, pe_id, cause);

	msg.flags = cause == RSP_CAUSE_NONE ? 0 : ASAP_FLAG_REJECT;
	world_receive(w, link, &msg);
}

static inline void
world_deregistered(struct world *w, uint32_t link, const char *handle, uint32_t pe_id)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, handle, pe_id, RSP_CAUSE_NONE);

	world_receive(w, link, &msg);
}

static inline void
world_keepalive(struct world *w, uint32_t link, uint32_t server_id, bool home, const char *handle, uint32_t pe_id)
{
	struct rsp_message msg = world_message(ASAP_ENDPOINT_KEEP_ALIVE, handle, pe_id, RSP_CAUSE_NONE);

	msg.flags = home ? ASAP_FLAG_HOME : 0;
	msg.server_id = server_id;
	world_receive(w, link, &msg);
}

/* As world_registered() and so on, with the number of the greatest statement that the registrar knows. */
static inline void
world_receive_numbered(struct world *w, uint32_t link, struct rsp_message msg, struct rsp_epoch known)
{
	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = known;
	world_receive(w, link, &msg);
}

static inline void
world_registered_as(struct world *w, uint32_t link, uint32_t pe_id, uint16_t cause, struct rsp_epoch known)
{
	struct rsp_message msg = world_message(ASAP_REGISTRATION_RESPONSE, "web", pe_id, cause);

	msg.flags = cause == RSP_CAUSE_NONE ? 0 : ASAP_FLAG_REJECT;
	world_receive_numbered(w, link, msg, known);
}

static inline void
world_ask(struct world *w, uint32_t link, uint32_t server_id, bool home, uint32_t pe_id, struct rsp_epoch known)
{
	struct rsp_message msg = world_message(ASAP_ENDPOINT_KEEP_ALIVE, "web", pe_id, RSP_CAUSE_NONE);

	msg.flags = home ? ASAP_FLAG_HOME : 0;
	msg.server_id = server_id;
	world_receive_numbered(w, link, msg, known);
}

/* The newest message of @type over @link (0: any). */
static inline struct rsp_message
world_last_sent(const struct world *w, uint8_t type, uint32_t link)
{
	struct rsp_message msg = { 0 };

	for (unsigned i = w->n_sent; i-- > 0;) {
		if (w->sent[i].octets[0] != type || (link && w->sent[i].link != link))
			continue;
		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w->sent[i].octets, w->sent[i].n), &msg, NULL), RSP_OK);
		return msg;
	}
	CHECK(false && "it was sent");
	return msg;
}

/* The number of the newest registration. */
static inline struct rsp_epoch
world_number(const struct world *w)
{
	return world_last_sent(w, ASAP_REGISTRATION, 0).epoch;
}

static inline struct rsp_pool_element
world_element(uint32_t pe_id, int32_t lifetime_s)
{
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe = { .pe_id = pe_id, .lifetime_s = lifetime_s };

	pe.user.type = RSP_PARAM_TCP;
	pe.user.port = 80;
	rsp_transport_set_ips(&pe.user, &loopback, 1, room);
	pe.policy.type = RSP_POLICY_RR;
	return pe;
}

/* Send a positive answer with @n elements. */
static inline void
world_resolved(struct world *w, uint32_t link, const char *handle, unsigned n, bool accept)
{
	struct rsp_message msg = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, handle, 0, RSP_CAUSE_NONE);
	uint8_t room[2048];
	struct rsp_wr wr = rsp_wr_init(room, sizeof room);
	size_t size = 0;

	for (uint32_t i = 1; i <= n; i++) {
		struct rsp_pool_element pe = world_element(i, 100);

		rsp_pool_element_encode(&wr, &pe);
	}
	CHECK_EQ(rsp_wr_end(&wr, &size), RSP_OK);
	msg.flags = accept ? ASAP_FLAG_ACCEPT : 0;
	msg.has |= RSP_HAS_LIST | RSP_HAS_POLICY;
	msg.policy.type = RSP_POLICY_RR;
	msg.list = rsp_bytes_of(room, size);
	msg.n_list = n;
	world_receive(w, link, &msg);
}

static inline enum rsp_err
world_register(struct world *w, const char *handle, uint32_t pe_id, int32_t lifetime_s)
{
	struct rsp_pool_element pe = world_element(pe_id, lifetime_s);

	return rsp_client_register(w->c, w->now, rsp_bytes_str(handle), &pe);
}

static inline enum rsp_err
world_resolve(struct world *w, const char *handle, bool watch)
{
	return rsp_client_resolve(w->c, w->now, rsp_bytes_str(handle), 0, watch);
}

/* How many messages of @type went out on @link (0: on any). */
static inline unsigned
world_count_sent(const struct world *w, uint8_t type, uint32_t link)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_sent; i++)
		n += w->sent[i].octets[0] == type && (!link || w->sent[i].link == link);
	return n;
}

static inline unsigned
world_count_told(const struct world *w, enum rsp_client_event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_told; i++)
		n += w->told[i].type == type;
	return n;
}

/* The newest event of @type; one of zeros if there is none. */
static inline struct told
world_last(const struct world *w, enum rsp_client_event_type type)
{
	for (unsigned i = w->n_told; i-- > 0;)
		if (w->told[i].type == type)
			return w->told[i];
	return (struct told){ .cause = RSP_CAUSE_NONE };
}

static inline unsigned
world_open(const struct world *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_dials; i++)
		n += !w->dial[i].ended;
	return n;
}

static inline bool
world_was_closed(const struct world *w, uint32_t link)
{
	for (unsigned i = 0; i < w->n_closed; i++)
		if (w->closed[i] == link)
			return true;
	return false;
}

/* Accept every registration and deregistration that came on @link and was not answered. */
static inline void
world_serve(struct world *w, uint32_t link)
{
	for (unsigned i = 0; i < w->n_sent; i++) {
		struct sent *s = &w->sent[i];
		struct rsp_message msg;

		if (s->answered || s->link != link)
			continue;
		s->answered = true;
		if (rsp_message_decode(RSP_ASAP, rsp_bytes_of(s->octets, s->n), &msg, NULL)) {
			CHECK(false && "what we send is well-formed");
			continue;
		}
		struct rsp_message answer = { .protocol = RSP_ASAP, .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
					      .handle = msg.handle, .pe_id = msg.pe_id };
		if (msg.type == ASAP_REGISTRATION) {
			answer.type = ASAP_REGISTRATION_RESPONSE;
			answer.pe_id = msg.element.pe_id;
		} else if (msg.type == ASAP_DEREGISTRATION) {
			answer.type = ASAP_DEREGISTRATION_RESPONSE;
		} else {
			continue;
		}
		world_receive(w, link, &answer);
	}
}

/* Register the element @pe_id at alpha, over link 1. */
static inline void
world_registered_at_alpha(struct world *w, uint32_t pe_id, int32_t lifetime_s)
{
	CHECK_EQ(world_register(w, "web", pe_id, lifetime_s), RSP_OK);
	world_up(w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_registered(w, 1, "web", pe_id, RSP_CAUSE_NONE);
}

/* The world of the test that runs. */
static struct world w;

static inline void
begin(unsigned n_servers, bool element)
{
	struct rsp_client_config config = world_config(n_servers, element);

	world_begin(&w, &config);
}

/* A user whose home is alpha, over link 1, and that has sent a resolution of the pool "web". */
static inline void
begin_asking_alpha(unsigned n_servers)
{
	begin(n_servers, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
}

/* An element whose home is alpha, over link 1, and that has sent its registration. */
static inline void
begin_registering_at_alpha(unsigned n_servers)
{
	begin(n_servers, true);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
}

#endif
