#ifndef TESTS_UNIT_REGISTRAR_WORLD_H
#define TESTS_UNIT_REGISTRAR_WORLD_H

#include <string.h>

#include "engine/registrar/registrar.h"
#include "tap.h"

/* A registrar in virtual time, with what it sent and told. */
static struct {
	struct rsp_registrar *r;
	uint64_t now;
	struct sent {
		uint32_t link;
		size_t size;
		uint8_t octets[65536];
	} sent[64];
	unsigned n_sent;
	struct {
		enum rsp_event_kind kind;
		uint16_t cause;
		uint32_t pe_id;
		char reason[64];
	} event[512];
	unsigned n_events;
	char reporters[512]; /* of the last element that was removed */
	uint32_t closed[16];
	unsigned n_closed;
} world;

static inline void
world_send(void *ctx, uint32_t link, struct rsp_bytes octets)
{
	(void)ctx;
	unsigned i = world.n_sent++ % RSP_COUNT(world.sent);

	world.sent[i].link = link;
	world.sent[i].size = octets.n;
	if (octets.n <= sizeof(world.sent[i].octets))
		memcpy(world.sent[i].octets, octets.p, octets.n);
}

static inline void
world_close(void *ctx, uint32_t link)
{
	(void)ctx;
	world.closed[world.n_closed++ % RSP_COUNT(world.closed)] = link;
}

static inline uint32_t
world_dial(void *ctx, const struct rsp_dial *to)
{
	(void)ctx;
	(void)to;
	return 0;
}

static inline void
world_record(void *ctx, const struct rsp_event *event)
{
	(void)ctx;
	unsigned i = world.n_events++ % RSP_COUNT(world.event);

	world.event[i].kind = event->kind;
	world.event[i].cause = event->cause;
	world.event[i].pe_id = event->pe_id;
	(void)snprintf(world.event[i].reason, sizeof(world.event[i].reason), "%s", event->reason ? event->reason : "");
	if (event->kind != RSP_EVENT_PE_REMOVED)
		return;
	world.reporters[0] = '\0';
	for (unsigned k = 0; k < event->n_reporters; k++) {
		char address[RSP_IP_TEXT_MAX];
		size_t at = strlen(world.reporters);

		rsp_ip_format(&event->reporters[k].remote, address);
		(void)snprintf(world.reporters + at, sizeof(world.reporters) - at, "%s%s:%u ",
			       event->reporters[k].identity, address, (unsigned)event->reporters[k].remote_port);
	}
}

static inline bool
may_pool(void *ctx, const char *identity, struct rsp_bytes handle)
{
	(void)ctx;
	return strcmp(identity, "guest") != 0 || rsp_bytes_equal(handle, rsp_bytes_str("guests"));
}

static inline bool
may_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	(void)ctx;
	return strcmp(identity, "proxy") == 0 && ip->ip[0] == 198;
}

static const struct rsp_engine_ops ops = { world_send, world_close, world_dial, world_record };

enum { SERVER_ID = 0x11111111 };
enum { WEB1 = 1, WEB2, USER, PLAIN, GUEST, PROXY, MONITOR, WEB1_AGAIN }; /* links */

static inline void
up(uint32_t link, enum rsp_role role, const char *identity, const char *address)
{
	struct rsp_link_info info = { .role = role,
				      .secure = role != RSP_ROLE_NONE,
				      .identity = identity,
				      .remote_port = (uint16_t)(40000 + link) };

	CHECK_EQ(rsp_ip_parse(address, &info.remote), RSP_OK);
	CHECK_EQ(rsp_registrar_link_up(world.r, world.now, link, &info), RSP_OK);
}

static inline void
begin_with(const struct rsp_registrar_config *config)
{
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	CHECK_EQ(rsp_registrar_new(config, &ops, NULL, rsp_rng_seeded(5), world.now, &world.r), RSP_OK);
	up(WEB1, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	up(WEB2, RSP_ROLE_ELEMENT, "web2", "192.0.2.2");
	up(USER, RSP_ROLE_USER, NULL, "192.0.2.99");
	up(PLAIN, RSP_ROLE_NONE, NULL, "192.0.2.1");
	up(GUEST, RSP_ROLE_ELEMENT, "guest", "192.0.2.1");
	up(PROXY, RSP_ROLE_ELEMENT, "proxy", "192.0.2.1");
	up(MONITOR, RSP_ROLE_MONITOR, "mon", "192.0.2.1");
}

static inline struct rsp_registrar_config
config_sample(void)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();

	config.server_id = SERVER_ID;
	config.hold_ms = 0; /* unknown pools are answered at once; test_hold.c has the rest */
	config.may = may_pool;
	config.may_address = may_address;
	config.limits = (struct rsp_handlespace_limits){ 100, 1000, 1000 };
	return config;
}

static inline void
begin(void)
{
	struct rsp_registrar_config config = config_sample();

	begin_with(&config);
}

static inline void
end(void)
{
	rsp_registrar_free(world.r);
}

static inline void
tell(uint32_t link, const struct rsp_message *msg)
{
	uint8_t buf[8192];
	size_t size = 0;

	CHECK_EQ(rsp_message_encode(msg, buf, sizeof(buf), &size), RSP_OK);
	uint8_t *exact = malloc(size);
	memcpy(exact, buf, size);
	rsp_registrar_receive(world.r, world.now, link, rsp_bytes_of(exact, size));
	free(exact);
}

/* Let time pass to @at, stopping at each deadline as a loop would. */
static inline void
pass(uint64_t ms)
{
	uint64_t until = world.now + ms;

	for (uint64_t next = rsp_registrar_deadline(world.r); next <= until; next = rsp_registrar_deadline(world.r)) {
		world.now = next > world.now ? next : world.now;
		rsp_registrar_tick(world.r, world.now);
	}
	world.now = until;
	rsp_registrar_tick(world.r, world.now);
}

/* The last message sent over @link; type 0 if there was none since the last look. */
static inline struct rsp_message
heard(uint32_t link)
{
	struct rsp_message msg = { 0 };

	for (unsigned i = world.n_sent; i-- > 0;) {
		struct sent *sent = &world.sent[i % RSP_COUNT(world.sent)];

		if (sent->link != link)
			continue;
		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(sent->octets, sent->size), &msg, NULL), RSP_OK);
		sent->link = 0;
		break;
	}
	return msg;
}

static uint8_t address_room[RSP_ADDRS_ROOM(1)];

static inline struct rsp_message
registration(const char *handle, uint32_t pe_id, const char *address)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .handle = rsp_bytes_str(handle) };
	struct rsp_ip ip;

	CHECK_EQ(rsp_ip_parse(address, &ip), RSP_OK);
	msg.element = (struct rsp_pool_element){ .pe_id = pe_id, .lifetime_s = 300 };
	msg.element.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 80 };
	rsp_transport_set_ips(&msg.element.user, &ip, 1, address_room);
	msg.element.policy.type = RSP_POLICY_RR;
	return msg;
}

static inline uint16_t
register_as(uint32_t link, const char *handle, uint32_t pe_id, const char *address)
{
	struct rsp_message msg = registration(handle, pe_id, address);

	tell(link, &msg);
	struct rsp_message answer = heard(link);
	CHECK_EQ(answer.type, ASAP_REGISTRATION_RESPONSE);
	CHECK_EQ(answer.pe_id, pe_id);
	CHECK(rsp_bytes_equal(answer.handle, rsp_bytes_str(handle)));
	CHECK_EQ(answer.flags & ASAP_FLAG_REJECT, rsp_message_cause(&answer) == RSP_CAUSE_NONE ? 0 : ASAP_FLAG_REJECT);
	return rsp_message_cause(&answer);
}

static inline struct rsp_message
simple(uint8_t type, const char *handle, uint32_t pe_id)
{
	return (struct rsp_message){ .protocol = RSP_ASAP,
				     .type = type,
				     .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				     .handle = rsp_bytes_str(handle),
				     .pe_id = pe_id };
}

static inline uint16_t
deregister_as(uint32_t link, const char *handle, uint32_t pe_id)
{
	struct rsp_message msg = simple(ASAP_DEREGISTRATION, handle, pe_id);

	tell(link, &msg);
	struct rsp_message answer = heard(link);
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	return rsp_message_cause(&answer);
}

static inline struct rsp_message
resolve_as(uint32_t link, const char *handle, uint32_t items, uint8_t flags)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION,
				   .flags = flags,
				   .has = RSP_HAS_HANDLE | (items ? RSP_HAS_ITEM_COUNT : 0U),
				   .handle = rsp_bytes_str(handle),
				   .item_count = items };

	tell(link, &msg);
	struct rsp_message answer = heard(link);
	CHECK_EQ(answer.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	return answer;
}

static inline unsigned
members(const char *handle)
{
	return resolve_as(USER, handle, 1000, 0).n_list;
}

static inline unsigned
events(enum rsp_event_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < world.n_events && i < RSP_COUNT(world.event); i++)
		n += world.event[i].kind == kind;
	return n;
}

static inline const char *
last_reason(enum rsp_event_kind kind)
{
	for (unsigned i = world.n_events; i-- > 0;)
		if (world.event[i % RSP_COUNT(world.event)].kind == kind)
			return world.event[i % RSP_COUNT(world.event)].reason;
	return "";
}

#endif
