#ifndef TESTS_UNIT_REGISTRAR_WORLD_H
#define TESTS_UNIT_REGISTRAR_WORLD_H

#include "full_sums.h"
#include "model/home.h"
#include "model/record.h"
#include "model/statement.h"
#include "proto/private.h"
#include "world.h"

/* One registrar engine in virtual time. The test speaks for everything around it: peers, elements, users. It opens
 * links under the numbers in world.h, or its own; the registrar's dials get numbers from DIALLED on, in their order.
 *
 * world_begin(&config) starts a registrar, world_serve() one with links for elements and users. world_up(),
 * world_peer() and world_joined() open links; world_tell() and what is built on it deliver a message to the
 * registrar; world_find(), world_count() and world_heard() look at what it sent, world_told() and world_reason() at
 * what it recorded.
 *
 * A peer states numbers (its PRESENCE has RSP_PARAM_STATE), but for one of world_joined_plain(). An element sends no
 * RSP_PARAM_EPOCH, but for the functions that have an epoch: so its home makes the numbers, and its ACK is its answer. */

/* Messages of peers */

static inline struct rsp_message
enrp_message(uint8_t type, uint32_t sender_id)
{
	return (struct rsp_message){ .protocol = RSP_ENRP, .type = type, .sender_id = sender_id };
}

/* What a PRESENCE says beyond server id and name. { 0 }: nothing, as that of a registrar without STATE. */
struct world_state {
	bool states, reply;
	uint64_t digest, update; /* that of a registrar without elements is 0 */
	const struct rsp_heard *heard;
	unsigned n_heard;
	uint16_t elements_sum; /* what the checksum adds up */
	uint64_t clock_ms;     /* 0: it states no clock */
};

/* A PRESENCE of @id, at 192.0.2.(id) port 9000. */
static inline void
world_presence_of(uint32_t link, uint32_t id, const char *name, struct world_state state)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, (uint8_t)id } };
	uint8_t room[RSP_ADDRS_ROOM(1)], heard[8 * RSP_HEARD_SIZE];

	for (unsigned i = 0; i < state.n_heard; i++)
		rsp_heard_write(heard + (size_t)i * RSP_HEARD_SIZE, &state.heard[i]);
	msg.flags = state.reply ? ENRP_FLAG_REPLY_REQUIRED : 0;
	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = (uint16_t)~state.elements_sum;
	msg.server_info = (struct rsp_server_info){ .server_id = id,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .name = rsp_bytes_str(name),
						    .has_state = state.states,
						    .state = { .digest = state.digest, .update = state.update },
						    .has_clock = state.clock_ms != 0,
						    .clock_ms = state.clock_ms,
						    .heard = rsp_bytes_of(heard, state.n_heard * RSP_HEARD_SIZE) };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(link, &msg);
}

/* A PRESENCE of @id with the digest of a registrar without elements, which has sent no update. */
static inline void
world_presence(uint32_t link, uint32_t id, const char *name, bool reply)
{
	world_presence_of(link, id, name, (struct world_state){ .states = true, .reply = reply });
}

/* A PRESENCE of @id whose digest agrees with what this registrar has of it. */
static inline void
world_presence_in_sync(uint32_t link, uint32_t id, const char *name)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	world_presence_of(link, id, name, (struct world_state){ .states = true, .digest = rsp_home_digest(space, id) });
}

/* The peer @name connects over @link and sends a PRESENCE of @id. */
static inline void
world_joined(uint32_t link, uint32_t id, const char *name)
{
	world_peer(link, name);
	world_presence(link, id, name, false);
}

/* The same, of a registrar that knows RFC 5353 only. */
static inline void
world_joined_plain(uint32_t link, uint32_t id, const char *name)
{
	world_peer(link, name);
	world_presence_of(link, id, name, (struct world_state){ 0 });
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

static inline struct rsp_statement
world_statement(uint64_t epoch, uint32_t instance, uint16_t rank)
{
	return (struct rsp_statement){ .epoch = { .epoch = epoch, .instance = instance }, .since_ms = 1, .rank = rank };
}

/* The element @pe_id of web1, stated to be registered at @home_id; @epoch 0: without a statement. */
static inline struct rsp_pool_element
world_pe(uint32_t pe_id, uint32_t home_id, uint64_t epoch)
{
	static uint8_t room[2][RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 99 } };
	struct rsp_pool_element pe = { .pe_id = pe_id,
				       .home_id = home_id,
				       .lifetime_s = 300,
				       .user = { .type = RSP_PARAM_TCP, .port = 80 },
				       .policy = { .type = RSP_POLICY_RR },
				       .asap = { .type = RSP_PARAM_TCP, .port = 5000 },
				       .owner = rsp_bytes_str("web1") };

	rsp_transport_set_ips(&pe.user, &ip, 1, room[0]);
	rsp_transport_set_ips(&pe.asap, &ip, 1, room[1]);
	if (epoch)
		pe.statement = world_statement(epoch, PROCESS, RSP_RANK_REGISTERED);
	return pe;
}

/* The same element with the statement @s. */
static inline struct rsp_pool_element
world_stated_pe(uint32_t pe_id, uint32_t home_id, struct rsp_statement s)
{
	struct rsp_pool_element pe = world_pe(pe_id, home_id, 0);

	pe.statement = s;
	return pe;
}

/* An ENRP_HANDLE_UPDATE with @pe. With ENRP_DEL_PE its statement becomes a removal, which has no contents. */
static inline struct rsp_message
update_message(uint32_t sender_id, uint16_t action, const char *pool, struct rsp_pool_element pe)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_UPDATE, sender_id);

	msg.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT;
	msg.update_action = action;
	msg.handle = rsp_bytes_str(pool);
	if (action == ENRP_DEL_PE && pe.statement.rank) {
		pe.statement.rank = RSP_RANK_REMOVED;
		pe.lifetime_s = 0;
		pe.user = pe.asap = (struct rsp_transport){ 0 };
		pe.policy = (struct rsp_policy){ 0 };
	}
	msg.element = pe;
	return msg;
}

static inline void
world_update(uint32_t link, uint32_t sender_id, uint16_t action, const char *pool, struct rsp_pool_element pe)
{
	struct rsp_message msg = update_message(sender_id, action, pool, pe);

	world_tell(link, &msg);
}

/* The registrar @sender_id states @s of element 7 in pool "web", whose home is @home_id. */
static inline void
world_says(uint32_t link, uint32_t sender_id, uint32_t home_id, struct rsp_statement s)
{
	uint16_t action = s.rank == RSP_RANK_REMOVED ? ENRP_DEL_PE : ENRP_ADD_PE;

	world_update(link, sender_id, action, "web", world_stated_pe(7, home_id, s));
}

/* An update with @number. */
static inline void
world_update_numbered(uint32_t link, uint32_t sender_id, uint16_t action, const char *pool, struct rsp_pool_element pe,
		      uint64_t number)
{
	struct rsp_message msg = update_message(sender_id, action, pool, pe);

	msg.has |= RSP_HAS_UPDATE_NUMBER;
	msg.update_number = number;
	world_tell(link, &msg);
}

static uint32_t world_table_of; /* the next table is that of this registrar, relayed; 0: it is not relayed */

/* A table response with @n elements in one pool, ids from @first on, each with the statement @s of @home_id. With
 * ENRP_FLAG_MORE it is one page. */
static inline void
world_table_stated(uint32_t link, uint32_t sender_id, uint8_t flags, const char *pool, uint32_t first, uint32_t n,
		   uint32_t home_id, struct rsp_statement s)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, sender_id);

	if (n > 0)
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str(pool));
	for (uint32_t i = 0; i < n; i++) {
		struct rsp_pool_element pe = world_stated_pe(first + i, home_id, s);

		rsp_pool_element_encode(&wr, &pe);
	}
	CHECK(!wr.err);
	msg.flags = flags;
	msg.has = (n ? RSP_HAS_LIST : 0) | (world_table_of ? RSP_HAS_TABLE_OF : 0U);
	msg.table_of = world_table_of;
	world_table_of = 0;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = n ? n + 1 : 0;
	world_tell(link, &msg);
}

/* The same; each element is registered at @epoch. */
static inline void
world_table(uint32_t link, uint32_t sender_id, uint8_t flags, const char *pool, uint32_t first, uint32_t n,
	    uint32_t home_id, uint64_t epoch)
{
	world_table_stated(link, sender_id, flags, pool, first, n, home_id,
			   epoch ? world_statement(epoch, PROCESS, RSP_RANK_REGISTERED) : (struct rsp_statement){ 0 });
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

/* The same, of an element that numbers its registrations. */
static inline void
world_register_epoch(uint32_t link, const char *pool, uint32_t pe_id, struct rsp_epoch epoch)
{
	struct rsp_message msg = world_registration(pool, pe_id, "192.0.2.1");
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = epoch;
	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5000 };
	rsp_transport_set_ips(&msg.element.asap, &ip, 1, room);
	world_tell(link, &msg);
}

/* It acknowledges a keep-alive, with its number. */
static inline void
world_ack_epoch(uint32_t link, const char *pool, uint32_t pe_id, struct rsp_epoch epoch)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, pool, pe_id);

	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = epoch;
	world_tell(link, &msg);
}

static inline void
world_deregister_epoch(uint32_t link, const char *pool, uint32_t pe_id, struct rsp_epoch epoch)
{
	struct rsp_message msg = world_asap(ASAP_DEREGISTRATION, pool, pe_id);

	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = epoch;
	world_tell(link, &msg);
}

static inline void
world_ack(uint32_t link, const char *pool, uint32_t pe_id)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, pool, pe_id);

	world_tell(link, &msg);
}

/* The user at @link reports the element unreachable: RFC 5352 s.3.5. */
static inline void
world_report(uint32_t link, const char *pool, uint32_t pe_id)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_UNREACHABLE, pool, pe_id);

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

/* What is stored of the element, as users are shown it; rank 0: nothing, or a word. */
static inline struct rsp_statement
world_stored(const char *pool, uint32_t pe_id)
{
	struct rsp_element *e = world_element(pool, pe_id);

	return e ? rsp_element_statement(e) : (struct rsp_statement){ 0 };
}

static inline uint64_t
world_epoch(const char *pool, uint32_t pe_id)
{
	return world_stored(pool, pe_id).epoch.epoch;
}

/* The sums that are kept for each registrar are those of its elements. */
static inline void
world_sums_agree(void)
{
	static const uint32_t id[] = { ID_A, ID_US, ID_B, ID_C, ID_D };
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	for (unsigned i = 0; i < RSP_COUNT(id); i++) {
		CHECK_EQ(rsp_home_checksum(space, id[i]), full_checksum(space, id[i]));
		CHECK(rsp_home_digest(space, id[i]) == full_digest(space, id[i]));
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
