#include <string.h>

#include "base/clock.h"
#include "engine/client.h"
#include "engine/registrar.h"
#include "tap.h"

/* A client and two registrars that do not know each other, back to back in memory and in virtual time. */

enum { REGISTRARS = 2, QUEUE = 1024, OCTETS = 1024 };

enum kind { UP, TO_REGISTRAR, TO_CLIENT, CLOSED_BY_CLIENT, CLOSED_BY_REGISTRAR };

static struct {
	uint64_t now;
	struct rsp_client *client;
	struct rsp_registrar *registrar[REGISTRARS];
	bool client_stopped; /* as by SIGSTOP: it neither hears nor ticks */
	uint32_t links;
	unsigned server_of[256];
	struct item {
		enum kind kind;
		uint32_t link;
		size_t n;
		uint8_t octets[OCTETS];
	} queue[QUEUE];
	unsigned n_queued;
	unsigned told[RSP_CLIENT_PROTOCOL + 1];
	unsigned recorded[RSP_EVENT_COUNT];
	unsigned n_list; /* of the last answer */
	char removed[64];
} net;

static void
enqueue(enum kind kind, uint32_t link, struct rsp_bytes octets)
{
	CHECK(net.n_queued < QUEUE && octets.n <= OCTETS);
	if (net.n_queued >= QUEUE || octets.n > OCTETS)
		return;
	struct item *item = &net.queue[net.n_queued++];

	*item = (struct item){ .kind = kind, .link = link, .n = octets.n };
	if (octets.n)
		memcpy(item->octets, octets.p, octets.n);
}

static void
client_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	enqueue(TO_REGISTRAR, link, message);
}

static void
client_close(void *ctx, uint32_t link)
{
	(void)ctx;
	enqueue(CLOSED_BY_CLIENT, link, (struct rsp_bytes){ 0 });
}

static uint32_t
client_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	(void)ctx;
	(void)to;
	net.server_of[++net.links % RSP_COUNT(net.server_of)] = server;
	enqueue(UP, net.links, (struct rsp_bytes){ 0 });
	return net.links;
}

static void
client_event(void *ctx, const struct rsp_client_event *event)
{
	(void)ctx;
	net.told[event->type]++;
	if (event->type == RSP_CLIENT_RESOLVED)
		net.n_list = event->message->n_list;
	if (event->type == RSP_CLIENT_UNRESOLVED)
		net.n_list = 0;
}

static void
registrar_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	enqueue(TO_CLIENT, link, message);
}

static void
registrar_close(void *ctx, uint32_t link)
{
	(void)ctx;
	enqueue(CLOSED_BY_REGISTRAR, link, (struct rsp_bytes){ 0 });
}

static uint32_t
registrar_dial(void *ctx, const struct rsp_dial *to)
{
	(void)ctx;
	(void)to;
	return 0;
}

static void
registrar_record(void *ctx, const struct rsp_event *event)
{
	(void)ctx;
	net.recorded[event->kind]++;
	if (event->kind == RSP_EVENT_PE_REMOVED)
		(void)snprintf(net.removed, sizeof(net.removed), "%s", event->reason);
}

static const struct rsp_client_ops client_ops = { client_send, client_close, client_dial, client_event };
static const struct rsp_engine_ops registrar_ops = { registrar_send, registrar_close, registrar_dial,
						     registrar_record };

static void
connect_both(uint32_t link)
{
	struct rsp_registrar *r = net.registrar[net.server_of[link % RSP_COUNT(net.server_of)]];
	struct rsp_link_info element = { .role = RSP_ROLE_ELEMENT, .secure = true, .identity = "web1" };
	struct rsp_link_info server = { .role = RSP_ROLE_ELEMENT, .secure = true, .identity = "alpha" };

	element.remote_port = 40000;
	server.remote_port = 3864;
	CHECK_EQ(rsp_ip_parse("192.0.2.1", &element.remote), RSP_OK);
	server.local = element.remote;
	CHECK_EQ(rsp_ip_parse("192.0.2.100", &server.remote), RSP_OK);
	element.local = server.remote;
	if (!r || rsp_registrar_link_up(r, net.now, link, &element)) {
		struct rsp_why why = { 0 };

		(void)rsp_fail(&why, RSP_EUNREACHABLE, "registrar", "gone");
		rsp_client_link_down(net.client, net.now, link, RSP_STEP_TCP, &why);
		return;
	}
	rsp_client_link_up(net.client, net.now, link, &server);
}

static void
deliver(const struct item *item)
{
	struct rsp_registrar *r = net.registrar[net.server_of[item->link % RSP_COUNT(net.server_of)]];
	struct rsp_bytes octets = rsp_bytes_of(item->octets, item->n);

	switch (item->kind) {
	case UP:
		connect_both(item->link);
		break;
	case TO_REGISTRAR:
		rsp_registrar_receive(r, net.now, item->link, octets);
		break;
	case TO_CLIENT:
		rsp_client_receive(net.client, net.now, item->link, octets);
		break;
	case CLOSED_BY_CLIENT:
		rsp_registrar_link_down(r, net.now, item->link, RSP_ECLOSED);
		break;
	case CLOSED_BY_REGISTRAR:
		rsp_client_link_down(net.client, net.now, item->link, RSP_STEP_ASAP, NULL);
	}
}

/* Deliver all that can be delivered, in order; what is for a stopped client waits. */
static void
settle(void)
{
	static struct item item;

	for (unsigned i = 0; i < net.n_queued;) {
		bool for_client = net.queue[i].kind == TO_CLIENT || net.queue[i].kind == CLOSED_BY_REGISTRAR ||
				  net.queue[i].kind == UP;

		if (for_client && net.client_stopped) {
			i++;
			continue;
		}
		item = net.queue[i];
		memmove(&net.queue[i], &net.queue[i + 1], (--net.n_queued - i) * sizeof(net.queue[0]));
		deliver(&item);
	}
}

static void
pass(uint64_t ms)
{
	uint64_t until = net.now + ms;

	settle();
	while (net.now < until) {
		uint64_t next = net.client_stopped ? RSP_NEVER : rsp_client_deadline(net.client);

		for (unsigned i = 0; i < REGISTRARS; i++)
			if (rsp_registrar_deadline(net.registrar[i]) < next)
				next = rsp_registrar_deadline(net.registrar[i]);
		next = next < until ? next : until;
		net.now = next > net.now ? next : net.now + 1;
		for (unsigned i = 0; i < REGISTRARS; i++)
			rsp_registrar_tick(net.registrar[i], net.now);
		if (!net.client_stopped)
			rsp_client_tick(net.client, net.now);
		settle();
	}
}

static void
begin(void)
{
	static const struct rsp_client_server server[REGISTRARS] = {
		{ .name = "alpha", .host = "alpha", .ip = { { 4, { 192, 0, 2, 100 } } }, .n_ips = 1, .port = 3864 },
		{ .name = "beta", .host = "beta", .ip = { { 4, { 192, 0, 2, 101 } } }, .n_ips = 1, .port = 3864 },
	};
	struct rsp_client_config client = { .timers = rsp_client_timers_rfc(),
					    .servers = server,
					    .n_servers = REGISTRARS,
					    .role = RSP_ROLE_ELEMENT,
					    .persistent = true };
	struct rsp_registrar_config config = rsp_registrar_defaults();

	memset(&net, 0, sizeof(net));
	net.now = 1000;
	CHECK_EQ(rsp_client_new(&client, &client_ops, NULL, rsp_rng_seeded(1), net.now, &net.client), RSP_OK);
	for (unsigned i = 0; i < REGISTRARS; i++) {
		config.server_id = i + 1;
		struct rsp_rng rng = rsp_rng_seeded(i);

		CHECK_EQ(rsp_registrar_new(&config, &registrar_ops, NULL, rng, net.now, &net.registrar[i]), RSP_OK);
	}
}

static void
end(void)
{
	rsp_client_free(net.client);
	for (unsigned i = 0; i < REGISTRARS; i++)
		rsp_registrar_free(net.registrar[i]);
}

static void
register_some(uint32_t n)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe = { .lifetime_s = 300, .policy = { .type = RSP_POLICY_RR } };
	struct rsp_ip ip;

	CHECK_EQ(rsp_ip_parse("192.0.2.1", &ip), RSP_OK);
	pe.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 80 };
	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	for (pe.pe_id = 1; pe.pe_id <= n; pe.pe_id++)
		CHECK_EQ(rsp_client_register(net.client, net.now, rsp_bytes_str("web"), &pe), RSP_OK);
	pass(2000);
	CHECK_EQ(net.told[RSP_CLIENT_REGISTERED], n);
}

static uint32_t
held(unsigned registrar)
{
	return rsp_registrar_stats(net.registrar[registrar]).own_elements;
}

static void
elements_are_held_for_a_day(void)
{ /* RFC 5352 s.3.1 T4, s.3.4 */
	begin();
	register_some(20);
	CHECK_EQ(held(0), 20);
	pass(1000ULL * 86400);
	CHECK_EQ(held(0), 20);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_REMOVED], 0);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_UPDATED], 0);
	CHECK(net.told[RSP_CLIENT_RENEWED] > 20 * 86400 / 300);
	CHECK(net.told[RSP_CLIENT_KEEPALIVE] > 20 * 86400 / 50);
	CHECK_EQ(net.told[RSP_CLIENT_HOME], 1);
	CHECK_EQ(net.recorded[RSP_EVENT_REFUSED] + net.recorded[RSP_EVENT_MALFORMED], 0);
	CHECK_EQ(net.told[RSP_CLIENT_PROTOCOL], 0);
	end();
}

static void
elements_leave(void)
{ /* RFC 5352 s.3.2 */
	begin();
	register_some(5);
	rsp_client_deregister_all(net.client, net.now);
	pass(1000);
	CHECK_EQ(net.told[RSP_CLIENT_DEREGISTERED], 5);
	CHECK_EQ(rsp_registrar_stats(net.registrar[0]).pools, 0);
	CHECK_STR(net.removed, "deregistered");
	end();
}

static void
a_stopped_element_comes_back_by_itself(void)
{ /* it learns that it was removed from the answer to its late ASAP_ENDPOINT_KEEP_ALIVE_ACK */
	begin();
	register_some(3);
	net.client_stopped = true;
	pass(60000);
	CHECK_EQ(held(0), 0);
	CHECK_STR(net.removed, "keepalive-unanswered");
	net.client_stopped = false;
	pass(2000);
	CHECK_EQ(held(0), 3);
	end();
}

static void
elements_of_a_registrar_that_leaves_go_to_another(void)
{ /* RFC 5352 s.3.6: with the same ids */
	begin();
	register_some(20);
	rsp_registrar_leave(net.registrar[0]);
	pass(5000);
	CHECK_EQ(held(1), 20);
	CHECK_EQ(net.told[RSP_CLIENT_REREGISTERED], 20);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_REMOVED], 0);
	end();
}

static void
a_watch_sees_every_change(void)
{ /* RFC 5352 s.2.2.5, the S and A bits */
	begin();
	register_some(10);
	CHECK_EQ(rsp_client_resolve(net.client, net.now, rsp_bytes_str("web"), 0, true), RSP_OK);
	pass(1000);
	CHECK_EQ(net.n_list, 10);
	for (uint32_t id = 1; id <= 9; id++) {
		CHECK_EQ(rsp_client_deregister(net.client, net.now, rsp_bytes_str("web"), id), RSP_OK);
		pass(500);
		CHECK_EQ(net.n_list, 10 - id);
	}
	CHECK_EQ(rsp_client_deregister(net.client, net.now, rsp_bytes_str("web"), 10), RSP_OK);
	pass(500);
	CHECK_EQ(net.n_list, 0);
	end();
}

int
main(void)
{
	TAP_RUN(elements_are_held_for_a_day);
	TAP_RUN(elements_leave);
	TAP_RUN(a_stopped_element_comes_back_by_itself);
	TAP_RUN(elements_of_a_registrar_that_leaves_go_to_another);
	TAP_RUN(a_watch_sees_every_change);
	return tap_end();
}
