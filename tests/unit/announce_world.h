#ifndef TESTS_UNIT_ANNOUNCE_WORLD_H
#define TESTS_UNIT_ANNOUNCE_WORLD_H

#include "client_world.h"

/* A client that hears announcements: the registrars of its scope, and announcements to send. */

static const struct rsp_client_server scope[] = {
	{ .name = "alpha", .ip = { { 4, { 10, 0, 0, 1 } } }, .n_ips = 1, .port = 3864 },
	{ .name = "beta", .ip = { { 4, { 10, 0, 0, 2 } }, { 4, { 10, 0, 1, 2 } } }, .n_ips = 2, .port = 0 },
	{ .name = "gamma", .ip = { { 4, { 10, 0, 0, 3 } } }, .n_ips = 1, .port = 0 },
	{ .name = "delta", .ip = { { 4, { 10, 0, 0, 3 } } }, .n_ips = 1, .port = 0 },
	{ .name = "epsilon", .host = "epsilon.example", .port = 3864 },
};

static inline struct rsp_client_config
discovering(unsigned n_servers)
{
	struct rsp_client_config config = world_config(n_servers, false);

	config.discover = true;
	config.registrars = scope;
	config.n_registrars = RSP_COUNT(scope);
	config.rounds = 1;
	return config;
}

static inline void
begin_discovering(unsigned n_servers)
{
	struct rsp_client_config config = discovering(n_servers);

	world_begin(&w, &config);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
}

static inline struct rsp_ip
ip4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct rsp_ip){ .family = 4, .ip = { (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d } };
}

/* An announcement with @n transports of @type. */
static inline size_t
compose(uint32_t server_id, uint16_t type, const struct rsp_ip *ip, unsigned n, uint16_t port, uint8_t *out, size_t cap)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_SERVER_ANNOUNCE, .server_id = server_id };
	uint8_t list[512], room[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(list, sizeof list);
	size_t size = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rsp_transport transport = { .type = type, .port = port };

		rsp_transport_set_ips(&transport, &ip[i], 1, room);
		rsp_transport_encode(&wr, &transport);
	}
	CHECK_EQ(rsp_wr_end(&wr, &size), RSP_OK);
	msg.has = n ? RSP_HAS_LIST : 0;
	msg.list = rsp_bytes_of(list, size);
	msg.n_list = n;
	CHECK_EQ(rsp_message_encode(&msg, out, cap, &size), RSP_OK);
	return size;
}

static inline void
announce_as(uint32_t server_id, struct rsp_ip ip, uint16_t port, struct rsp_ip source)
{
	uint8_t octets[1024];
	size_t n = compose(server_id, RSP_PARAM_TCP, &ip, 1, port, octets, sizeof octets);

	rsp_client_announced(w.c, w.now, &source, rsp_bytes_of(octets, n));
}

static inline void
announce(struct rsp_ip ip, uint16_t port)
{
	announce_as(0xa, ip, port, ip);
}

static inline struct rsp_client_stats
stats(void)
{
	struct rsp_client_stats s;

	rsp_client_stats(w.c, &s);
	return s;
}

/* How often @ip and @port were dialled. */
static inline unsigned
dials_to(struct rsp_ip ip, uint16_t port)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_dials; i++)
		n += w.dial[i].to.port == port && rsp_ip_equal(&w.dial[i].to.ip, &ip);
	return n;
}

#endif
