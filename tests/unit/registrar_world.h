#ifndef TESTS_UNIT_REGISTRAR_WORLD_H
#define TESTS_UNIT_REGISTRAR_WORLD_H

#include <string.h>

#include "engine/registrar/registrar.h"
#include "tap.h"

/* One registrar engine in virtual time. The test speaks for everything around it: peers, elements, users. It opens
 * links under the numbers below, or its own; the registrar's dials get numbers from DIALLED on, in their order.
 *
 * world_begin(&config) starts a registrar, world_serve() one with links for elements and users. world_up(),
 * world_peer() and world_joined() open links; world_tell() and what is built on it deliver a message to the
 * registrar; world_find(), world_count() and world_heard() look at what it sent, world_told() and world_reason() at
 * what it recorded. */

enum { WEB1 = 1, WEB2, USER, PLAIN, GUEST, PROXY, MONITOR, WEB1_AGAIN, A = 11, B, C, D, OTHER }; /* links */
enum { ID_A = 0xa, ID_US = 0x10, ID_B = 0xb0, ID_C = 0xc0, ID_D = 0xd0 };			/* server ids */
enum { DIALLED = 1000, WORLD_SENT = 32768, WORLD_EVENTS = 4096, WORLD_DIALS = 2048 };

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
	rsp_registrar_link_down(w.r, w.now, link, why);
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

/* Messages of peers */

static inline struct rsp_message
enrp_message(uint8_t type, uint32_t sender_id)
{
	return (struct rsp_message){ .protocol = RSP_ENRP, .type = type, .sender_id = sender_id };
}

/* A presence of @id, at 192.0.2.(id) port 9000, with the checksum and digest of a registrar without elements. */
static inline void
world_presence(uint32_t link, uint32_t id, const char *name, bool reply)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, (uint8_t)id } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.flags = reply ? ENRP_FLAG_REPLY_REQUIRED : 0;
	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = 0xffff;
	msg.server_info = (struct rsp_server_info){ .server_id = id,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .name = rsp_bytes_str(name),
						    .has_digest = true };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(link, &msg);
}

/* The peer @name connects over @link and sends a presence of @id. */
static inline void
world_joined(uint32_t link, uint32_t id, const char *name)
{
	world_peer(link, name);
	world_presence(link, id, name, false);
}

/* A registrar with peers b and c over links B and C, and a link WEB1 of the element web1. */
static inline void
world_begin_peers(const struct rsp_registrar_config *config)
{
	world_begin(config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_clear();
}

static inline void
world_begin_with_peers(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin_peers(&config);
}

/* As world_begin_with_peers(), and at most two tables are sent at a time. */
static inline void
world_begin_two_downloads(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_downloads = 2;
	world_begin_peers(&config);
}

static inline struct rsp_pool_element
world_pe(uint32_t pe_id, uint32_t home_id, uint64_t version)
{
	static uint8_t room[2][RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 99 } };
	struct rsp_pool_element pe = { .pe_id = pe_id,
				       .home_id = home_id,
				       .lifetime_s = 300,
				       .user = { .type = RSP_PARAM_TCP, .port = 80 },
				       .policy = { .type = RSP_POLICY_RR },
				       .asap = { .type = RSP_PARAM_TCP, .port = 5000 },
				       .owner = rsp_bytes_str("web1"),
				       .version = version };

	rsp_transport_set_ips(&pe.user, &ip, 1, room[0]);
	rsp_transport_set_ips(&pe.asap, &ip, 1, room[1]);
	return pe;
}

static inline struct rsp_message
update_message(uint32_t sender_id, uint16_t action, const char *pool, struct rsp_pool_element pe)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_UPDATE, sender_id);

	msg.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT;
	msg.update_action = action;
	msg.handle = rsp_bytes_str(pool);
	msg.element = pe;
	return msg;
}

static inline void
world_update(uint32_t link, uint32_t sender_id, uint16_t action, const char *pool, struct rsp_pool_element pe)
{
	struct rsp_message msg = update_message(sender_id, action, pool, pe);

	world_tell(link, &msg);
}

/* A table response with @n elements of @home_id in one pool, ids from @first on. With ENRP_FLAG_MORE it is one page. */
static inline void
world_table(uint32_t link, uint32_t sender_id, uint8_t flags, const char *pool, uint32_t first, uint32_t n,
	    uint32_t home_id, uint64_t version)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, sender_id);

	if (n > 0)
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str(pool));
	for (uint32_t i = 0; i < n; i++) {
		struct rsp_pool_element pe = world_pe(first + i, home_id, version);

		rsp_pool_element_encode(&wr, &pe);
	}
	CHECK(!wr.err);
	msg.flags = flags;
	msg.has = n ? RSP_HAS_LIST : 0;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = n ? n + 1 : 0;
	world_tell(link, &msg);
}

static inline void
world_about(uint32_t link, uint8_t type, uint32_t sender_id, uint32_t target_id)
{
	struct rsp_message msg = enrp_message(type, sender_id);

	msg.target_id = target_id;
	world_tell(link, &msg);
}

/* Messages of elements and users */

static inline struct rsp_message
world_asap(uint8_t type, const char *pool, uint32_t pe_id)
{
	return (struct rsp_message){ .protocol = RSP_ASAP,
				     .type = type,
				     .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				     .handle = rsp_bytes_str(pool),
				     .pe_id = pe_id };
}

static inline struct rsp_message
world_registration(const char *pool, uint32_t pe_id, const char *address)
{
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .handle = rsp_bytes_str(pool),
				   .element = { .pe_id = pe_id,
						.lifetime_s = 300,
						.user = { .type = RSP_PARAM_TCP, .port = 80 },
						.policy = { .type = RSP_POLICY_RR } } };
	struct rsp_ip ip;

	CHECK_EQ(rsp_ip_parse(address, &ip), RSP_OK);
	rsp_transport_set_ips(&msg.element.user, &ip, 1, room);
	return msg;
}

/* An element at 192.0.2.@host, from which its link must come; port 5000 takes messages of registrars. */
static inline void
world_register_at(uint32_t link, const char *pool, uint32_t pe_id, uint8_t host)
{
	struct rsp_message msg = world_registration(pool, pe_id, "192.0.2.1");
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[2][RSP_ADDRS_ROOM(1)];

	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5000 };
	rsp_transport_set_ips(&msg.element.user, &ip, 1, room[0]);
	rsp_transport_set_ips(&msg.element.asap, &ip, 1, room[1]);
	world_tell(link, &msg);
}

static inline void
world_register(uint32_t link, const char *pool, uint32_t pe_id)
{
	world_register_at(link, pool, pe_id, 1);
}

static inline void
world_ack(uint32_t link, const char *pool, uint32_t pe_id)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, pool, pe_id);

	world_tell(link, &msg);
}

/* The newest ASAP message that the registrar sent over @link and that was not returned before; of type 0 if there is
 * none. */
static inline struct rsp_message
world_heard(uint32_t link)
{
	struct rsp_message msg = { 0 };

	for (unsigned i = w.n_sent; i-- > 0;) {
		if (w.sent[i].link != link)
			continue;
		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[i].octets, w.sent[i].n), &msg, NULL), RSP_OK);
		w.sent[i].link = 0;
		break;
	}
	return msg;
}

/* Register, and return the cause in the answer. */
static inline uint16_t
world_register_as(uint32_t link, const char *pool, uint32_t pe_id, const char *address)
{
	struct rsp_message msg = world_registration(pool, pe_id, address);

	world_tell(link, &msg);
	struct rsp_message answer = world_heard(link);
	CHECK_EQ(answer.type, ASAP_REGISTRATION_RESPONSE);
	CHECK_EQ(answer.pe_id, pe_id);
	CHECK(rsp_bytes_equal(answer.handle, rsp_bytes_str(pool)));
	CHECK_EQ(answer.flags & ASAP_FLAG_REJECT, rsp_message_cause(&answer) == RSP_CAUSE_NONE ? 0 : ASAP_FLAG_REJECT);
	return rsp_message_cause(&answer);
}

/* Deregister, and return the cause in the answer. */
static inline uint16_t
world_deregister_as(uint32_t link, const char *pool, uint32_t pe_id)
{
	struct rsp_message msg = world_asap(ASAP_DEREGISTRATION, pool, pe_id);

	world_tell(link, &msg);
	struct rsp_message answer = world_heard(link);
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	return rsp_message_cause(&answer);
}

/* Ask for @items elements of a pool (0: as many as the registrar likes), and return the answer. */
static inline struct rsp_message
world_resolve_as(uint32_t link, const char *pool, uint32_t items, uint8_t flags)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION,
				   .flags = flags,
				   .has = RSP_HAS_HANDLE | (items ? RSP_HAS_ITEM_COUNT : 0U),
				   .handle = rsp_bytes_str(pool),
				   .item_count = items };

	world_tell(link, &msg);
	struct rsp_message answer = world_heard(link);
	CHECK_EQ(answer.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	return answer;
}

/* How many elements of a pool a user is told of. */
static inline unsigned
world_members(const char *pool)
{
	return world_resolve_as(USER, pool, 1000, 0).n_list;
}

/* A registrar with a link for each kind of element, user and monitor. Its dials fail. */
static inline void
world_serve_with(const struct rsp_registrar_config *config)
{
	world_begin(config);
	w.no_keys = true;
	world_up_at(WEB1, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	world_up_at(WEB2, RSP_ROLE_ELEMENT, "web2", "192.0.2.2");
	world_up_at(USER, RSP_ROLE_USER, NULL, "192.0.2.99");
	world_up_at(PLAIN, RSP_ROLE_NONE, NULL, "192.0.2.1");
	world_up_at(GUEST, RSP_ROLE_ELEMENT, "guest", "192.0.2.1");
	world_up_at(PROXY, RSP_ROLE_ELEMENT, "proxy", "192.0.2.1");
	world_up_at(MONITOR, RSP_ROLE_MONITOR, "mon", "192.0.2.1");
}

static inline void
world_serve(void)
{
	struct rsp_registrar_config config = world_defaults();

	world_serve_with(&config);
}

/* What the registrar knows */

static inline struct rsp_element *
world_element(const char *pool, uint32_t pe_id)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	return rsp_element_find(space, rsp_pool_find(space, rsp_bytes_str(pool)), pe_id);
}

/* The id of the element's home registrar; 0: there is no such element. */
static inline uint32_t
world_home(const char *pool, uint32_t pe_id)
{
	struct rsp_element *e = world_element(pool, pe_id);

	return e ? rsp_element_home_id(e) : 0;
}

static inline uint64_t
world_version(const char *pool, uint32_t pe_id)
{
	return rsp_element_version(world_element(pool, pe_id));
}

/* The sums that are kept for each registrar are those of its elements. */
static inline void
world_sums_agree(void)
{
	static const uint32_t id[] = { ID_A, ID_US, ID_B, ID_C, ID_D };
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	for (unsigned i = 0; i < RSP_COUNT(id); i++) {
		CHECK_EQ(rsp_home_checksum(space, id[i]), rsp_home_checksum_full(space, id[i]));
		CHECK(rsp_home_digest(space, id[i]) == rsp_home_digest_full(space, id[i]));
	}
}

static inline bool
world_peer_view(uint32_t id, struct rsp_peer_view *ret)
{
	for (unsigned i = 0; rsp_registrar_peer(w.r, i, ret); i++)
		if (ret->server_id == id)
			return true;
	return false;
}

#endif
