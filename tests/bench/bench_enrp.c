/*
 * What registrars do among themselves, one JSON object a line: two engines in one process, without a net between them. An
 * element's way from a registration to the other registrar, a whole table taken, the longest that one message holds the
 * receiver up, a takeover. `bench_enrp [ELEMENTS]`, 100000 else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "engine/registrar/registrar.h"

enum { ROOM = 1 << 16, POOLS = 1000 };

struct parcel {
	unsigned to;
	uint32_t link;
	size_t n;
	uint8_t *octets;
};

static struct {
	struct rsp_registrar *r[2];
	uint64_t now_ms;
	struct parcel queue[ROOM];
	unsigned head, tail;
	uint32_t links;
	struct {
		unsigned from; /* the end that dialled */
		bool dialled, up;
	} link[64];
	uint64_t octets, messages, longest_ns;
	unsigned elements_done;
} net;

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static unsigned
index_of(void *ctx)
{
	return (unsigned)(uintptr_t)ctx;
}

static void
op_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	struct parcel *p = &net.queue[net.tail % ROOM];

	if (link == 1) /* the element's */
		return;
	if (net.tail - net.head >= ROOM)
		abort();
	net.tail++;
	*p = (struct parcel){ .to = !index_of(ctx), .link = link, .n = message.n, .octets = rsp_bytes_dup(message) };
	if (!p->octets)
		abort();
	net.octets += message.n;
	net.messages++;
}

static void
op_close(void *ctx, uint32_t link)
{
	(void)ctx;
	net.link[link].up = net.link[link].dialled = false;
}

static uint32_t
op_dial(void *ctx, const struct rsp_dial *to)
{
	if (to->protocol != RSP_ENRP || net.links + 1 >= RSP_COUNT(net.link))
		return 0;
	net.link[++net.links].dialled = true;
	net.link[net.links].from = index_of(ctx);
	return net.links;
}

static void
op_record(void *ctx, const struct rsp_event *event)
{
	(void)ctx;
	if (event->kind == RSP_EVENT_TAKEOVER_DONE)
		net.elements_done = event->count;
}

static const struct rsp_engine_ops ops = { op_send, op_close, op_dial, op_record };
static const struct rsp_ip host = { .family = 4, .ip = { 192, 0, 2, 1 } };

static void
pump(void)
{
	for (uint32_t i = 2; i <= net.links; i++) {
		struct rsp_link_info info = {
			.protocol = RSP_ENRP, .role = RSP_ROLE_PEER, .secure = true, .remote = host, .local = host
		};
		unsigned from = net.link[i].from;

		if (!net.link[i].dialled || !net.r[0] || !net.r[1])
			continue;
		net.link[i].dialled = false;
		net.link[i].up = true;
		info.identity = from ? "b" : "a";
		(void)!rsp_registrar_link_up(net.r[!from], net.now_ms, i, &info);
		info.identity = from ? "a" : "b";
		(void)!rsp_registrar_link_up(net.r[from], net.now_ms, i, &info);
	}
	while (net.head != net.tail) {
		struct parcel p = net.queue[net.head++ % ROOM];
		uint64_t began = now_ns();

		if (net.r[p.to] && net.link[p.link].up)
			rsp_registrar_receive(net.r[p.to], net.now_ms, p.link, rsp_bytes_of(p.octets, p.n));
		uint64_t took = now_ns() - began;
		net.longest_ns = took > net.longest_ns ? took : net.longest_ns;
		free(p.octets);
	}
}

static void
run(uint64_t for_ms)
{
	for (uint64_t end = net.now_ms + for_ms; net.now_ms < end; net.now_ms += 10) {
		for (unsigned i = 0; i < 2; i++)
			if (net.r[i])
				rsp_registrar_tick(net.r[i], net.now_ms);
		pump();
	}
}

static void
start(unsigned i, bool knows_other)
{
	struct rsp_contact_config other = { .name = "a", .ip = host, .port = 9902 };
	struct rsp_registrar_config config = rsp_registrar_defaults();

	config.server_id = 0xa + i;
	config.name = i ? "b" : "a";
	config.enrp_ip = host;
	config.enrp_port = (uint16_t)(9902 + i);
	config.contacts = &other;
	config.n_contacts = knows_other;
	config.epoch_ms = 1700000000000;
	config.registrations.per_s = 0;
	config.max_identity_elements = UINT32_MAX;
	config.keepalive_interval_ms = 0;
	/* a peer may bring only a part of what fits: rights.c */
	config.limits = (struct rsp_handlespace_limits){ 4 * POOLS, 16000000, 4000000 };
	if (rsp_registrar_new(&config, &ops, (void *)(uintptr_t)i, rsp_rng_seeded(i), net.now_ms, &net.r[i]))
		abort();
}

static void
register_all(uint32_t first, uint32_t n)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .element = { .lifetime_s = 3600,
						.user = { .type = RSP_PARAM_TCP, .port = 80 },
						.policy = { .type = RSP_POLICY_RR } } };
	uint8_t room[RSP_ADDRS_ROOM(1)], octets[512];
	char handle[16];
	size_t size;

	rsp_transport_set_ips(&msg.element.user, &host, 1, room);
	for (uint32_t i = first; i < first + n; i++) {
		(void)snprintf(handle, sizeof(handle), "pool-%u", i % POOLS);
		msg.handle = rsp_bytes_str(handle);
		msg.element.pe_id = i * 2654435761U | 1;
		if (rsp_message_encode(&msg, octets, sizeof(octets), &size))
			abort();
		rsp_registrar_receive(net.r[0], net.now_ms, 1, rsp_bytes_of(octets, size));
		if (i % 64 == 0)
			pump();
	}
	pump();
}

static void
report(const char *what, uint32_t n, uint64_t ns)
{
	printf("{\"bench\":\"enrp\",\"what\":\"%s\",\"elements\":%u,\"ms\":%.1f,\"ns_each\":%.0f,\"messages\":%llu,"
	       "\"octets\":%llu,\"longest_message_ms\":%.2f}\n",
	       what, n, (double)ns / 1e6, (double)ns / n, (unsigned long long)net.messages,
	       (unsigned long long)net.octets, (double)net.longest_ns / 1e6);
	net.messages = net.octets = net.longest_ns = 0;
}

int
main(int argc, char **argv)
{
	struct rsp_link_info element = { .role = RSP_ROLE_ELEMENT,
					 .secure = true,
					 .identity = "e",
					 .remote = host,
					 .local = host,
					 .remote_port = 4000 };
	uint64_t n = 100000, began;

	if (argc > 1 && rsp_parse_u64(argv[1], 1000, 4000000, &n))
		return 2;
	net.now_ms = 1000;
	net.links = 1;
	start(0, false);
	if (rsp_registrar_link_up(net.r[0], net.now_ms, 1, &element))
		abort();
	began = now_ns();
	register_all(1, (uint32_t)n);
	report("register, alone", (uint32_t)n, now_ns() - began);

	start(1, true);
	began = now_ns();
	run(100);
	if (rsp_registrar_state(net.r[1]) != RSP_REGISTRAR_SERVING || rsp_registrar_stats(net.r[1]).elements != n)
		abort();
	report("table taken by one that joins", (uint32_t)n, now_ns() - began);

	uint32_t more = (uint32_t)n / 10;
	began = now_ns();
	register_all(1, more);
	report("register again, with an update to a peer", more, now_ns() - began);

	rsp_registrar_free(net.r[0]);
	net.r[0] = NULL;
	began = now_ns();
	for (uint32_t i = 2; i <= net.links; i++)
		rsp_registrar_link_down(net.r[1], net.now_ms, i, &(const struct rsp_why){ .err = RSP_ECLOSED });
	run(10000);
	report("takeover", net.elements_done, now_ns() - began);
	rsp_registrar_free(net.r[1]);
	return EXIT_SUCCESS;
}
