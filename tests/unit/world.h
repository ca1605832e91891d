#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include <string.h>

#include "engine/registrar/registrar.h"
#include "tap.h"

/* One registrar engine in virtual time: registrar_world.h has the messages. */

enum { WEB1 = 1, WEB2, USER, PLAIN, GUEST, PROXY, MONITOR, WEB1_AGAIN, A = 11, B, C, D, OTHER }; /* links */
enum { ID_A = 0xa, ID_US = 0x10, ID_B = 0xb0, ID_C = 0xc0, ID_D = 0xd0 };			/* server ids */
enum { DIALLED = 1000, WORLD_SENT = 32768, WORLD_EVENTS = 4096, WORLD_DIALS = 2048 };
enum { PROCESS = 7, OTHER_PROCESS = 8 }; /* instances: of the process that each element is; of another one */

static struct {
	struct rsp_registrar *r;
	uint64_t now;
	struct {
		uint32_t link;
		size_t n;
		uint8_t *octets;
	} sent[WORLD_SENT];
	unsigned n_sent;
	struct {
		enum rsp_event_kind kind;
		char reason[48];
		uint32_t peer_id, by_id, pe_id, count;
		uint64_t duration_ms;
		uint8_t message_type;
		char identity[64]; /* "": none */
		enum rsp_role role;
		struct rsp_ip remote;
		uint16_t remote_port;
		uint16_t cause;
		enum rsp_err err;
		char why[64], peer[64];
	} event[WORLD_EVENTS];
	unsigned n_events;
	char reporters[512]; /* that the last removal of an element named */
	struct {
		enum rsp_protocol protocol;
		enum rsp_role role;
		char name[64];
		struct rsp_ip ip;
		uint16_t port;
	} dial[WORLD_DIALS];
	unsigned n_dials;
	uint32_t closed[64];
	unsigned n_closed;
	bool no_keys;		/* every dial fails at once */
	const char *no_key_for; /* so does a dial to the registrar of this name */
} w;

static inline void
world_send(void *ctx, uint32_t link, struct rsp_bytes octets)
{
	(void)ctx;
	if (w.n_sent == WORLD_SENT)
		abort();
	w.sent[w.n_sent].link = link;
	w.sent[w.n_sent].n = octets.n;
	w.sent[w.n_sent].octets = rsp_bytes_dup(octets);
	if (!w.sent[w.n_sent++].octets)
		abort();
}

static inline void
world_close(void *ctx, uint32_t link)
{
	(void)ctx;
	w.closed[w.n_closed++ % RSP_COUNT(w.closed)] = link;
}

static inline uint32_t
world_dial(void *ctx, const struct rsp_dial *to)
{
	(void)ctx;
	unsigned i = w.n_dials;

	if (w.no_keys || i == WORLD_DIALS)
		return 0;
	if (w.no_key_for && to->server_name && strcmp(to->server_name, w.no_key_for) == 0)
		return 0;
	w.n_dials++;
	w.dial[i].protocol = to->protocol;
	w.dial[i].role = to->role;
	(void)snprintf(w.dial[i].name, sizeof(w.dial[i].name), "%s", to->server_name ? to->server_name : "");
	w.dial[i].ip = to->ip;
	w.dial[i].port = to->port;
	return DIALLED + i;
}

static inline void
world_list_reporters(const struct rsp_event *event)
{
	w.reporters[0] = '\0';
	for (unsigned i = 0; i < event->n_reporters; i++) {
		char address[RSP_IP_TEXT_MAX];
		size_t at = strlen(w.reporters);

		rsp_ip_format(&event->reporters[i].remote, address);
		(void)snprintf(w.reporters + at, sizeof(w.reporters) - at, "%s%s:%u ", event->reporters[i].identity, address,
			       (unsigned)event->reporters[i].remote_port);
	}
}

static inline void
world_record(void *ctx, const struct rsp_event *event)
{
	(void)ctx;
	unsigned i = w.n_events++ % WORLD_EVENTS;

	w.event[i].kind = event->kind;
	(void)snprintf(w.event[i].reason, sizeof(w.event[i].reason), "%s", event->reason ? rsp_reason_word(event->reason) : "");
	w.event[i].peer_id = event->peer_id;
	w.event[i].by_id = event->by_id;
	w.event[i].pe_id = event->pe_id;
	w.event[i].count = event->count;
	w.event[i].duration_ms = event->duration_ms;
	w.event[i].message_type = event->message_type;
	(void)snprintf(w.event[i].identity, sizeof(w.event[i].identity), "%s", event->identity ? event->identity : "");
	w.event[i].role = event->role;
	w.event[i].remote = event->remote;
	w.event[i].remote_port = event->remote_port;
	w.event[i].cause = event->cause;
	(void)snprintf(w.event[i].peer, sizeof(w.event[i].peer), "%s", event->peer_name ? event->peer_name : "");
	w.event[i].err = event->why ? event->why->err : RSP_OK;
	(void)snprintf(w.event[i].why, sizeof(w.event[i].why), "%.63s", event->why ? event->why->reason : "");
	if (event->kind == RSP_EVENT_PE_REMOVED)
		world_list_reporters(event);
}

static const struct rsp_engine_ops world_ops = { world_send, world_close, world_dial, world_record };

/* "guest" may register in one pool only. */
static inline bool
world_may_pool(void *ctx, const char *identity, struct rsp_bytes handle)
{
	(void)ctx;
	return strcmp(identity, "guest") != 0 || rsp_bytes_equal(handle, rsp_bytes_str("guests"));
}

/* "proxy" may register addresses that begin with 198. */
static inline bool
world_may_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	(void)ctx;
	return strcmp(identity, "proxy") == 0 && ip->ip[0] == 198;
}

/* The default times; an unknown pool is reported at once (test_hold.c tests the other case). */
static inline struct rsp_registrar_config
world_defaults(void)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();

	config.server_id = ID_US;
	config.hold_ms = 0;
	config.may = world_may_pool;
	config.may_address = world_may_address;
	config.limits = (struct rsp_handlespace_limits){ 100, 1000, 1000 };
	return config;
}

/* Short times: a heartbeat lasts 1 s. */
static inline struct rsp_registrar_config
world_config(void)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();

	config.server_id = ID_US;
	config.name = "us";
	config.epoch_ms = 1700000000000;
	config.enrp_ip = (struct rsp_ip){ 4, { 192, 0, 2, 16 } };
	config.enrp_port = 9902;
	config.peer_heartbeat_cycle_ms = 1000;
	config.max_time_last_heard_ms = 2500;
	config.max_time_no_response_ms = 500;
	config.keepalive_interval_ms = 0;
	config.keepalive_timeout_ms = 500;
	config.reconnect_grace_ms = 700;
	return config;
}

static inline void
world_begin_with(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops)
{
	memset(&w, 0, sizeof(w));
	w.now = 100000;
	CHECK_EQ(rsp_registrar_new(config, ops, NULL, rsp_rng_seeded(7), w.now, &w.r), RSP_OK);
}

static inline void
world_begin(const struct rsp_registrar_config *config)
{
	world_begin_with(config, &world_ops);
}

/* Forget what was sent, closed and recorded. */
static inline void
world_clear(void)
{
	for (unsigned i = 0; i < w.n_sent; i++)
		free(w.sent[i].octets);
	w.n_sent = w.n_events = w.n_closed = 0;
}

static inline void
world_end(void)
{
	rsp_registrar_free(w.r);
	world_clear();
}

/* Let time pass, stopping at each deadline as a loop would. */
static inline void
world_run(uint64_t for_ms)
{
	uint64_t end = w.now + for_ms;

	for (;;) {
		uint64_t next = rsp_registrar_deadline(w.r);

		if (next > end)
			break;
		w.now = next > w.now ? next : w.now;
		rsp_registrar_tick(w.r, w.now);
	}
	w.now = end;
	rsp_registrar_tick(w.r, w.now);
}

static inline enum rsp_err
world_up_from(uint32_t link, enum rsp_protocol protocol, enum rsp_role role, const char *identity, const char *address)
{
	struct rsp_link_info info = { .protocol = protocol,
				      .role = role,
				      .secure = role != RSP_ROLE_NONE,
				      .identity = identity,
				      .local = { 4, { 192, 0, 2, 16 } },
				      .remote_port = (uint16_t)(40000 + link) };

	CHECK_EQ(rsp_ip_parse(address, &info.remote), RSP_OK);
	return rsp_registrar_link_up(w.r, w.now, link, &info);
}

static inline enum rsp_err
world_up(uint32_t link, enum rsp_protocol protocol, enum rsp_role role, const char *identity)
{
	return world_up_from(link, protocol, role, identity, "192.0.2.1");
}

/* A link of an element, user or monitor, from @address. */
static inline void
world_up_at(uint32_t link, enum rsp_role role, const char *identity, const char *address)
{
	CHECK_EQ(world_up_from(link, RSP_ASAP, role, identity, address), RSP_OK);
}

static inline void
world_peer(uint32_t link, const char *name)
{
	CHECK_EQ(world_up(link, RSP_ENRP, RSP_ROLE_PEER, name), RSP_OK);
}

static inline void
world_down(uint32_t link, enum rsp_err why)
{
	rsp_registrar_link_down(w.r, w.now, link, &(const struct rsp_why){ .err = why });
}

/* The link of the last dial to the registrar of that name; 0: there was none. */
static inline uint32_t
world_dialled(const char *name)
{
	for (unsigned i = w.n_dials; i-- > 0;)
		if (strcmp(w.dial[i].name, name) == 0)
			return DIALLED + i;
	return 0;
}

static inline void
world_tell(uint32_t link, const struct rsp_message *msg)
{
	static uint8_t octets[RSP_MESSAGE_MAX + 1];
	size_t n = 0;

	CHECK_EQ(rsp_message_encode(msg, octets, sizeof(octets), &n), RSP_OK);
	uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(octets, n));
	rsp_registrar_receive(w.r, w.now, link, rsp_bytes_of(exact, n));
	free(exact);
}

/* A message of @type that the registrar sent over @link (0: any): the @nth from 0 on, or with -1 the last. Its
 * views live until world_clear(). */
static inline bool
world_find(uint32_t link, enum rsp_protocol protocol, uint8_t type, int nth, struct rsp_message *ret)
{
	bool found = false;

	for (unsigned i = 0; i < w.n_sent; i++) {
		if ((link && w.sent[i].link != link) || w.sent[i].octets[0] != type ||
		    rsp_message_decode(protocol, rsp_bytes_of(w.sent[i].octets, w.sent[i].n), ret, NULL))
			continue;
		found = true;
		if (nth-- == 0)
			return true;
	}
	return found && nth < -1;
}

enum { NO_UPDATE = 99 };

/* The action of the last update that the registrar sent over @link. */
static inline unsigned
world_update_sent(uint32_t link, struct rsp_message *ret)
{
	return world_find(link, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, ret) ? ret->update_action : (unsigned)NO_UPDATE;
}

static inline unsigned
world_count(uint32_t link, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_sent; i++)
		n += (!link || w.sent[i].link == link) && w.sent[i].octets[0] == type;
	return n;
}

static inline unsigned
world_told(enum rsp_event_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_events && i < WORLD_EVENTS; i++)
		n += w.event[i].kind == kind;
	return n;
}

/* The reason of the last event of that kind; "-" if there was none. */
static inline const char *
world_reason(enum rsp_event_kind kind)
{
	for (unsigned i = w.n_events < WORLD_EVENTS ? w.n_events : WORLD_EVENTS; i-- > 0;)
		if (w.event[i].kind == kind)
			return w.event[i].reason;
	return "-";
}

static inline bool
world_was_closed(uint32_t link)
{
	for (unsigned i = 0; i < w.n_closed; i++)
		if (w.closed[i] == link)
			return true;
	return false;
}

#endif
