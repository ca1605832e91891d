#ifndef TESTS_UNIT_COUNTEREXAMPLE_WORLD_H
#define TESTS_UNIT_COUNTEREXAMPLE_WORLD_H

#include "registrar_world.h"

/* One registrar ("us") and an element 7 of pool "web" that numbers its own statements. The processes of the element are
 * instances P and Q. The test speaks for the peers a, b and c, which send STATE, and for f, which does not (rsplib). */

enum { P = 0xa1, Q = 0xb2, PE = 7, ID_F = 0xf0, F = 31 };

#define POOL "web"

/* Peers that are alive send a presence every half second: bit 0 is a, 1 is b, 2 is c, 3 is f. */
enum { LIVE_A = 1, LIVE_B = 2, LIVE_C = 4, LIVE_F = 8 };
static const struct {
	uint32_t link, id;
	const char *name;
} ce_peer[] = { { A, ID_A, "a" }, { B, ID_B, "b" }, { C, ID_C, "c" }, { F, ID_F, "f" } };

/* A presence of peer @i. Its digest and checksum are those of what we know of it: nothing is out of step. */
static inline void
ce_presence(unsigned i)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ce_peer[i].id);
	struct rsp_ip ip = { 4, { 192, 0, 2, (uint8_t)ce_peer[i].id } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = rsp_home_checksum(space, ce_peer[i].id);
	msg.server_info = (struct rsp_server_info){ .server_id = ce_peer[i].id,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .name = rsp_bytes_str(ce_peer[i].name),
						    .has_state = ce_peer[i].link != F,
						    .state = { .digest = rsp_home_digest(space, ce_peer[i].id) } };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(ce_peer[i].link, &msg);
}

static inline void
ce_presences(unsigned live)
{
	for (unsigned i = 0; i < RSP_COUNT(ce_peer); i++)
		if (live >> i & 1)
			ce_presence(i);
}

/* Let time pass, in which the peers @live are heard. */
static inline void
ce_run(uint64_t for_ms, unsigned live)
{
	for (uint64_t end = w.now + for_ms; w.now < end;) {
		world_run(end - w.now < 500 ? end - w.now : 500);
		ce_presences(live);
	}
}

/* Us, with the peers @live, and a link WEB1 of the element. */
static inline void
ce_begin_with(const struct rsp_registrar_config *config, unsigned live)
{
	world_begin(config);
	for (unsigned i = 0; i < RSP_COUNT(ce_peer); i++)
		if (live >> i & 1)
			world_peer(ce_peer[i].link, ce_peer[i].name);
	ce_presences(live);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

static inline void
ce_begin(unsigned live)
{
	struct rsp_registrar_config config = world_config();

	config.hold_ms = 0;
	config.keepalive_distance_ms = 0;
	ce_begin_with(&config, live);
}

/* The Pool Element with a statement: @port stands for the contents. */
static inline struct rsp_pool_element
ce_pe(uint32_t home_id, uint64_t epoch, uint32_t instance, uint16_t rank, uint16_t port)
{
	static uint8_t room[2][RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	struct rsp_pool_element pe = world_pe(PE, home_id, 0);

	pe.lifetime_s = 3600;
	pe.user.port = port;
	pe.statement = (struct rsp_statement){ { epoch, instance, 0 }, 1700000000000, rank };
	rsp_transport_set_ips(&pe.user, &ip, 1, room[0]);
	rsp_transport_set_ips(&pe.asap, &ip, 1, room[1]);
	return pe;
}

/* The peer @sender_id sends @pe in an ENRP_HANDLE_UPDATE over @link. */
static inline void
ce_says(uint32_t link, uint32_t sender_id, struct rsp_pool_element pe)
{
	world_update(link, sender_id, pe.statement.rank == RSP_RANK_REMOVED ? ENRP_DEL_PE : ENRP_ADD_PE, POOL, pe);
}

/* f says that the element is its own, or is no more: without STATEMENT. */
static inline void
ce_word(uint16_t action, uint16_t port)
{
	struct rsp_pool_element pe = ce_pe(ID_F, 0, 0, 0, port);

	pe.owner = (struct rsp_bytes){ 0 };
	world_update(F, ID_F, action, POOL, pe);
}

/* The element registers over @link, as (@epoch, @instance). Returns the cause in the answer; @ret_known: its EPOCH. */
static inline uint16_t
ce_register(uint32_t link, uint64_t epoch, uint32_t instance, uint16_t port, struct rsp_epoch *ret_known)
{
	struct rsp_message msg = world_registration(POOL, PE, "192.0.2.1"), answer;
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };

	msg.element.user.port = port;
	msg.element.lifetime_s = 3600;
	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5000 };
	rsp_transport_set_ips(&msg.element.asap, &ip, 1, room);
	if (instance) {
		msg.has |= RSP_HAS_EPOCH;
		msg.epoch = (struct rsp_epoch){ epoch, instance, 0 };
	}
	world_tell(link, &msg);
	answer = world_heard(link);
	while (answer.type && answer.type != ASAP_REGISTRATION_RESPONSE)
		answer = world_heard(link);
	CHECK_EQ(answer.type, ASAP_REGISTRATION_RESPONSE);
	if (ret_known)
		*ret_known = answer.epoch;
	return answer.type ? rsp_message_cause(&answer) : 0xffff;
}

/* The element acknowledges a keep-alive, and says its number (@instance 0: it has none). */
static inline void
ce_ack(uint32_t link, uint64_t epoch, uint32_t instance)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, POOL, PE);

	if (instance) {
		msg.has |= RSP_HAS_EPOCH;
		msg.epoch = (struct rsp_epoch){ epoch, instance, 0 };
	}
	world_tell(link, &msg);
}

/* What a user is told of the element: home id and contents; the home id is 0 if it is not told of it. */
struct ce_shown {
	uint32_t home_id;
	uint16_t port;
};

static inline struct ce_shown
ce_shown(void)
{
	struct rsp_message answer = world_resolve_as(USER, POOL, 0, 0);
	struct rsp_list_item item;
	struct ce_shown shown = { 0 };
	size_t cursor = 0;

	while (rsp_list_next(&answer, &cursor, &item))
		if (item.type == RSP_PARAM_POOL_ELEMENT && item.element.pe_id == PE)
			shown = (struct ce_shown){ item.element.home_id, item.element.user.port };
	return shown;
}

static inline void
ce_check_shown(uint32_t home_id, uint16_t port)
{
	struct ce_shown shown = ce_shown();

	CHECK_EQ(shown.home_id, home_id);
	CHECK_EQ(shown.port, home_id ? port : 0);
}

/* How many updates about the element we sent over @link (0: any). */
static inline unsigned
ce_updates(uint32_t link)
{
	return world_count(link, ENRP_HANDLE_UPDATE);
}

/* How many keep-alives we sent over @link. (ENRP has no message of this type that we send over a link of an element.) */
static inline unsigned
ce_asked(uint32_t link)
{
	return world_count(link, ASAP_ENDPOINT_KEEP_ALIVE);
}

/* The link of our last dial to the element's ASAP transport; 0: there was none. */
static inline uint32_t
ce_dialled(void)
{
	for (unsigned i = w.n_dials; i-- > 0;)
		if (w.dial[i].protocol == RSP_ASAP)
			return DIALLED + i;
	return 0;
}

static inline unsigned
ce_dials(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_dials; i++)
		n += w.dial[i].protocol == RSP_ASAP;
	return n;
}

/* Time passes, and no process answers where we dial the element. */
static inline void
ce_run_unanswered(uint64_t for_ms, unsigned live)
{
	static bool ended[WORLD_DIALS];

	memset(ended, 0, sizeof(ended));
	for (uint64_t end = w.now + for_ms; w.now < end;) {
		for (unsigned i = 0; i < w.n_dials; i++)
			if (w.dial[i].protocol == RSP_ASAP && !ended[i]) {
				ended[i] = true;
				world_down(DIALLED + i, RSP_EUNREACHABLE);
			}
		ce_run(100, live);
	}
}

/* The element answers where we dialled it. */
static inline uint32_t
ce_look_is_up(void)
{
	uint32_t link = ce_dialled();

	CHECK(link != 0);
	if (link)
		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	return link;
}

#endif
