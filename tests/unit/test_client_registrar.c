#include <string.h>

#include "base/clock.h"
#include "engine/client/client.h"
#include "engine/registrar/registrar.h"
#include "tap.h"

/* The client engine and registrar engines back to back, in memory and in virtual time. */

enum { REGISTRARS = 3, QUEUE = 8192, LINKS = 512, MESSAGE = 1024, FIRST_ID = 0xa };

enum state {
	CLOSED,
	DIALLED,
	OPEN
};

struct parcel {
	uint32_t link;
	size_t n;
	uint8_t octets[MESSAGE];
};

static struct net {
	struct rsp_client *c;
	struct rsp_registrar *r[REGISTRARS];
	bool rfc;		/* timers of the RFC, not fast ones */
	bool stopped;		/* the client, as by SIGSTOP: it neither receives nor ticks */
	bool hung[REGISTRARS];	/* it neither receives nor sends, and closes nothing */
	bool refuses[REGISTRARS]; /* fails authentication */
	uint64_t now;
	struct {
		enum state state;
		unsigned server;
	} link[LINKS];
	uint32_t n_links;
	struct queue {
		struct parcel *parcel;
		unsigned head, tail;
	} to_client, to_registrars;
	unsigned told[RSP_CLIENT_PROTOCOL + 1];
	uint16_t cause;
	unsigned n_list;
	bool accepted;
	enum rsp_err err;
	enum rsp_role role;
	unsigned recorded[RSP_EVENT_COUNT];
	char removed[64]; /* reason of the last PE_REMOVED */
} net;

static const char *const name[REGISTRARS] = { "alpha", "beta", "gamma" };
static const struct rsp_ip here = { .family = 4, .ip = { 192, 0, 2, 1 } };

static void
post(struct queue *q, uint32_t link, struct rsp_bytes message)
{
	struct parcel *p = &q->parcel[q->tail++ % QUEUE];

	CHECK(q->tail - q->head < QUEUE);
	CHECK(message.n <= MESSAGE);
	*p = (struct parcel){ .link = link, .n = message.n };
	memcpy(p->octets, message.p, message.n <= MESSAGE ? message.n : 0);
}

static void
client_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	post(&net.to_registrars, link, message);
}

static void
client_close(void *ctx, uint32_t link)
{
	(void)ctx;
	struct rsp_registrar *r = net.r[net.link[link].server];

	if (net.link[link].state == OPEN && r)
		rsp_registrar_link_down(r, net.now, link, &(const struct rsp_why){ .err = RSP_ECLOSED });
	net.link[link].state = CLOSED;
}

static uint32_t
client_dial(void *ctx, const struct rsp_dial *to, unsigned server)
{
	(void)ctx;
	(void)to;
	if (net.n_links + 1 >= LINKS)
		return 0;
	net.link[++net.n_links].state = DIALLED;
	net.link[net.n_links].server = server;
	return net.n_links;
}

static void
client_event(void *ctx, const struct rsp_client_event *event)
{
	(void)ctx;
	net.told[event->type]++;
	if (event->type == RSP_CLIENT_RESOLVED) {
		net.n_list = event->message->n_list;
		net.accepted = event->accepted;
	}
	if (event->type == RSP_CLIENT_REJECTED || event->type == RSP_CLIENT_UNRESOLVED)
		net.cause = event->cause;
	if (event->type == RSP_CLIENT_UNRESOLVED)
		net.n_list = 0;
	if (event->type == RSP_CLIENT_GAVE_UP)
		net.err = event->why->err;
}

static void
registrar_send(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	post(&net.to_client, link, message);
}

static void
registrar_close(void *ctx, uint32_t link)
{
	(void)ctx;
	net.link[link].state = CLOSED;
	rsp_client_link_down(net.c, net.now, link, RSP_STEP_ASAP, NULL);
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
		(void)snprintf(net.removed, sizeof net.removed, "%s", rsp_reason_word(event->reason));
}

static const struct rsp_client_ops client_ops = { client_send, client_close, client_dial, client_event, NULL };
static const struct rsp_engine_ops registrar_ops = { registrar_send, registrar_close, registrar_dial,
						     registrar_record };

static void
start(unsigned i)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();

	config.server_id = FIRST_ID + i;
	if (!net.rfc)
		config.keepalive_interval_ms = 2000;
	CHECK_EQ(rsp_registrar_new(&config, &registrar_ops, NULL, rsp_rng_seeded(i), net.now, &net.r[i]), RSP_OK);
}

/* The process dies: all its connections break. */
static void
crash(unsigned i)
{
	struct rsp_why why = { 0 };

	rsp_registrar_free(net.r[i]);
	net.r[i] = NULL;
	for (uint32_t link = 1; link <= net.n_links; link++)
		if (net.link[link].state == OPEN && net.link[link].server == i) {
			net.link[link].state = CLOSED;
			(void)rsp_fail(&why, RSP_ECLOSED, name[i], "reset");
			rsp_client_link_down(net.c, net.now, link, RSP_STEP_ASAP, &why);
		}
}

static void
begin_with(bool rfc, enum rsp_role role, unsigned rounds)
{
	struct rsp_client_server server[REGISTRARS] = { { 0 } };
	struct rsp_client_config config = {
		.timers = rfc ? rsp_client_timers_rfc() : rsp_client_timers_fast(),
		.servers = server,
		.n_servers = REGISTRARS,
		.role = role,
		.persistent = true,
		.rounds = rounds,
		.asap_port = 5000,
	};

	net = (struct net){ .rfc = rfc, .now = 5000, .role = role, .cause = RSP_CAUSE_NONE };
	net.to_client.parcel = calloc(QUEUE, sizeof(struct parcel));
	net.to_registrars.parcel = calloc(QUEUE, sizeof(struct parcel));
	CHECK(net.to_client.parcel && net.to_registrars.parcel);
	for (unsigned i = 0; i < REGISTRARS; i++) {
		server[i] = (struct rsp_client_server){ .name = name[i], .host = name[i], .port = 3864 };
		start(i);
	}
	CHECK_EQ(rsp_client_new(&config, &client_ops, NULL, rsp_rng_seeded(9), net.now, &net.c), RSP_OK);
}

static void
begin(enum rsp_role role, unsigned rounds)
{
	begin_with(false, role, rounds);
}

static void
end(void)
{
	rsp_client_free(net.c);
	for (unsigned i = 0; i < REGISTRARS; i++)
		rsp_registrar_free(net.r[i]);
	free(net.to_client.parcel);
	free(net.to_registrars.parcel);
}

static void
connect_links(void)
{
	for (uint32_t link = 1; link <= net.n_links; link++) {
		unsigned i = net.link[link].server;
		struct rsp_link_info info = { .role = net.role, .secure = true, .identity = name[i], .remote = here,
					      .local = here, .remote_port = 40000 };
		struct rsp_why why = { 0 };

		if (net.link[link].state != DIALLED || net.hung[i])
			continue;
		if (!net.r[i] || net.refuses[i]) {
			net.link[link].state = CLOSED;
			(void)rsp_fail(&why, net.refuses[i] ? RSP_EAUTH : RSP_EUNREACHABLE, name[i], "refused");
			rsp_client_link_down(net.c, net.now, link, net.refuses[i] ? RSP_STEP_TLS : RSP_STEP_TCP, &why);
			continue;
		}
		net.link[link].state = OPEN;
		info.identity = net.role == RSP_ROLE_ELEMENT ? "web1" : NULL;
		CHECK_EQ(rsp_registrar_link_up(net.r[i], net.now, link, &info), RSP_OK);
		info.identity = name[i];
		rsp_client_link_up(net.c, net.now, link, &info);
	}
}

/* Take the oldest message of @q; those on closed links, and of registrars that hang, are dropped. False: there is
 * none. */
static bool
take(struct queue *q, struct parcel *ret)
{
	while (q->head != q->tail) {
		*ret = q->parcel[q->head++ % QUEUE];
		if (net.link[ret->link].state == OPEN && !net.hung[net.link[ret->link].server])
			return true;
	}
	return false;
}

static void
deliver(void)
{
	struct parcel p;

	do {
		while (take(&net.to_registrars, &p)) {
			struct rsp_registrar *r = net.r[net.link[p.link].server];

			if (r)
				rsp_registrar_receive(r, net.now, p.link, rsp_bytes_of(p.octets, p.n));
		}
		while (!net.stopped && take(&net.to_client, &p))
			rsp_client_receive(net.c, net.now, p.link, rsp_bytes_of(p.octets, p.n));
	} while (net.to_registrars.head != net.to_registrars.tail);
}

static uint64_t
deadline(void)
{
	uint64_t next = net.stopped ? RSP_NEVER : rsp_client_deadline(net.c);

	for (unsigned i = 0; i < REGISTRARS; i++)
		if (net.r[i] && !net.hung[i] && rsp_registrar_deadline(net.r[i]) < next)
			next = rsp_registrar_deadline(net.r[i]);
	return next;
}

static void
tick(void)
{
	for (unsigned i = 0; i < REGISTRARS; i++)
		if (net.r[i] && !net.hung[i])
			rsp_registrar_tick(net.r[i], net.now);
	if (!net.stopped)
		rsp_client_tick(net.c, net.now);
}

static void
run(uint64_t for_ms)
{
	uint64_t until = net.now + for_ms;

	for (;;) {
		for (unsigned turn = 0; turn < 4; turn++) {
			connect_links();
			deliver();
		}
		uint64_t next = deadline();
		if (next > until)
			break;
		net.now = next > net.now ? next : net.now;
		tick();
	}
	net.now = until;
	tick();
}

static void
put(uint32_t pe_id, int32_t lifetime_s, uint32_t policy)
{
	struct rsp_pool_element pe = { .pe_id = pe_id, .lifetime_s = lifetime_s };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	pe.user.type = RSP_PARAM_TCP;
	pe.user.port = 80;
	rsp_transport_set_ips(&pe.user, &here, 1, room);
	pe.policy.type = policy;
	CHECK_EQ(rsp_client_register(net.c, net.now, rsp_bytes_str("web"), &pe), RSP_OK);
}

static unsigned
elements_at(unsigned i)
{
	return net.r[i] ? rsp_registrar_stats(net.r[i]).elements : 0;
}

static void
put_some(uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		put(i, 300, RSP_POLICY_RR);
	run(2000);
	CHECK_EQ(net.told[RSP_CLIENT_REGISTERED], n);
}

static void
ask(bool watch)
{
	CHECK_EQ(rsp_client_resolve(net.c, net.now, rsp_bytes_str("web"), 0, watch), RSP_OK);
}

static void
registered_kept_alive_resolved_and_deregistered(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 60, RSP_POLICY_RR);
	ask(false);
	run(1000);
	CHECK_EQ(net.told[RSP_CLIENT_REGISTERED], 1);
	/* positive or negative: the order of the two requests is not fixed */
	CHECK_EQ(net.told[RSP_CLIENT_RESOLVED], 1);
	ask(false);
	run(600000);
	CHECK_EQ(net.told[RSP_CLIENT_RESOLVED], 2);
	CHECK_EQ(net.n_list, 1);
	CHECK(net.told[RSP_CLIENT_KEEPALIVE] > 200);
	CHECK(net.told[RSP_CLIENT_RENEWED] >= 14 && net.told[RSP_CLIENT_RENEWED] <= 18);
	CHECK_EQ(net.told[RSP_CLIENT_EXPIRED] + net.told[RSP_CLIENT_HOME_LOST], 0);
	CHECK_EQ(elements_at(0), 1);
	rsp_client_deregister_all(net.c, net.now);
	run(10);
	CHECK_EQ(net.told[RSP_CLIENT_DEREGISTERED], 1);
	CHECK_EQ(elements_at(0), 0);
	end();
}

static void
a_killed_registrar_is_replaced_and_a_restarted_one_is_found_again(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 300, RSP_POLICY_RR);
	run(1000);
	crash(0);
	run(1000);
	CHECK_EQ(elements_at(1), 1);
	CHECK_EQ(net.told[RSP_CLIENT_REREGISTERED], 1);
	crash(1);
	crash(2);
	run(20000);
	CHECK_EQ(net.told[RSP_CLIENT_GAVE_UP], 0);
	start(1);
	run(10000);
	CHECK_EQ(elements_at(1), 1);
	CHECK_EQ(net.told[RSP_CLIENT_REREGISTERED], 2);
	end();
}

static void
a_hung_registrar_is_left_when_it_does_not_answer(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 60, RSP_POLICY_RR);
	run(1000);
	net.hung[0] = true;
	run(45000); /* T4, then T2 */
	CHECK_EQ(elements_at(1), 1);
	CHECK_EQ(net.told[RSP_CLIENT_HOME], 2);
	net.hung[0] = false;
	run(100000); /* its copies expire there, which changes nothing for us */
	CHECK_EQ(elements_at(0), 0);
	CHECK_EQ(elements_at(1), 1);
	end();
}

static void
a_rejection_has_its_cause(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 60, RSP_POLICY_RR);
	run(10);
	put(0x12, 60, RSP_POLICY_RAND);
	run(100000);
	CHECK_EQ(net.told[RSP_CLIENT_REJECTED], 1);
	CHECK_EQ(net.cause, RSP_CAUSE_INCONSISTENT_POLICY);
	CHECK_EQ(elements_at(0), 1);
	end();
}

static void
a_user_cannot_register(void)
{
	begin(RSP_ROLE_USER, 0);
	put(0x11, 60, RSP_POLICY_RR);
	run(100);
	CHECK_EQ(net.cause, RSP_CAUSE_SECURITY);
	CHECK_EQ(elements_at(0), 0);
	end();
}

static void
authentication_failure_everywhere_is_the_verdict(void)
{
	begin(RSP_ROLE_USER, 1);
	for (unsigned i = 0; i < REGISTRARS; i++)
		net.refuses[i] = true;
	crash(1);
	net.refuses[1] = false;
	ask(false);
	run(1000);
	CHECK_EQ(net.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(net.err, RSP_EAUTH);
	net.refuses[2] = false;
	rsp_client_retry(net.c, net.now);
	run(2000); /* a registrar that has just begun to serve holds the question: hold_ms */
	CHECK_EQ(net.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(net.cause, RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	end();
}

static void
a_watch_follows_the_pool_across_registrars(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 300, RSP_POLICY_RR);
	run(100);
	ask(true);
	run(100);
	CHECK(net.accepted);
	CHECK_EQ(net.n_list, 1);
	put(0x12, 300, RSP_POLICY_RR);
	run(1000);
	CHECK_EQ(net.n_list, 2);
	crash(0);
	run(2000);
	CHECK_EQ(net.n_list, 2);
	CHECK_EQ(rsp_client_deregister(net.c, net.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	run(2000);
	CHECK_EQ(net.n_list, 1);
	end();
}

static void
a_report_makes_the_registrar_ask_the_element(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put(0x11, 300, RSP_POLICY_RR);
	run(100);
	CHECK_EQ(rsp_client_report_unreachable(net.c, net.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	unsigned before = net.told[RSP_CLIENT_KEEPALIVE];
	run(500);
	CHECK(net.told[RSP_CLIENT_KEEPALIVE] >= before);
	CHECK_EQ(net.told[RSP_CLIENT_REPORTED], 1);
	CHECK_EQ(elements_at(0), 1);
	end();
}

static void
a_thousand_elements_move_from_registrar_to_registrar(void)
{
	begin(RSP_ROLE_ELEMENT, 0);
	put_some(1000);
	CHECK_EQ(elements_at(0), 1000);
	crash(0);
	run(1000);
	CHECK_EQ(elements_at(1), 1000);
	CHECK_EQ(net.told[RSP_CLIENT_REREGISTERED], 1000);
	run(600000);
	CHECK_EQ(elements_at(1), 1000);
	CHECK_EQ(net.told[RSP_CLIENT_EXPIRED], 0);
	start(0);
	net.hung[1] = true;
	run(350000);
	CHECK_EQ(elements_at(2) + elements_at(0), 1000);
	rsp_client_deregister_all(net.c, net.now);
	run(1000);
	CHECK_EQ(net.told[RSP_CLIENT_DEREGISTERED], 1000);
	CHECK_EQ(elements_at(2) + elements_at(0), 0);
	end();
}

/* RFC 5352 3.1 T4, 3.4 */
static void
elements_are_held_for_a_day(void)
{
	begin_with(true, RSP_ROLE_ELEMENT, 0);
	put_some(20);
	CHECK_EQ(elements_at(0), 20);
	run(1000ULL * 86400);
	CHECK_EQ(elements_at(0), 20);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_REMOVED], 0);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_UPDATED], 0);
	CHECK(net.told[RSP_CLIENT_RENEWED] > 20 * 86400 / 300);
	CHECK(net.told[RSP_CLIENT_KEEPALIVE] > 20 * 86400 / 50);
	CHECK_EQ(net.told[RSP_CLIENT_HOME], 1);
	CHECK_EQ(net.recorded[RSP_EVENT_REFUSED] + net.recorded[RSP_EVENT_MALFORMED], 0);
	CHECK_EQ(net.told[RSP_CLIENT_PROTOCOL], 0);
	end();
}

/* RFC 5352 3.2 */
static void
elements_leave(void)
{
	begin_with(true, RSP_ROLE_ELEMENT, 0);
	put_some(5);
	rsp_client_deregister_all(net.c, net.now);
	run(1000);
	CHECK_EQ(net.told[RSP_CLIENT_DEREGISTERED], 5);
	CHECK_EQ(rsp_registrar_stats(net.r[0]).pools, 0);
	CHECK_STR(net.removed, "deregistered");
	end();
}

/* The answer to its late ASAP_ENDPOINT_KEEP_ALIVE_ACK says that it was removed. */
static void
a_stopped_element_comes_back_by_itself(void)
{
	begin_with(true, RSP_ROLE_ELEMENT, 0);
	put_some(3);
	net.stopped = true;
	run(60000);
	CHECK_EQ(elements_at(0), 0);
	CHECK_STR(net.removed, "keepalive-unanswered");
	net.stopped = false;
	run(2000);
	CHECK_EQ(elements_at(0), 3);
	end();
}

/* RFC 5352 3.6: with the same ids */
static void
elements_of_a_registrar_that_leaves_go_to_another(void)
{
	begin_with(true, RSP_ROLE_ELEMENT, 0);
	put_some(20);
	rsp_registrar_leave(net.r[0]);
	run(5000);
	CHECK_EQ(elements_at(1), 20);
	CHECK_EQ(net.told[RSP_CLIENT_REREGISTERED], 20);
	CHECK_EQ(net.recorded[RSP_EVENT_PE_REMOVED], 0);
	end();
}

/* RFC 5352 2.2.5, the S and A bits */
static void
a_watch_sees_every_change(void)
{
	begin_with(true, RSP_ROLE_ELEMENT, 0);
	put_some(10);
	ask(true);
	run(1000);
	CHECK_EQ(net.n_list, 10);
	for (uint32_t id = 1; id <= 10; id++) {
		CHECK_EQ(rsp_client_deregister(net.c, net.now, rsp_bytes_str("web"), id), RSP_OK);
		run(500);
		CHECK_EQ(net.n_list, 10 - id);
	}
	end();
}

int
main(void)
{
	TAP_RUN(registered_kept_alive_resolved_and_deregistered);
	TAP_RUN(a_killed_registrar_is_replaced_and_a_restarted_one_is_found_again);
	TAP_RUN(a_hung_registrar_is_left_when_it_does_not_answer);
	TAP_RUN(a_rejection_has_its_cause);
	TAP_RUN(a_user_cannot_register);
	TAP_RUN(authentication_failure_everywhere_is_the_verdict);
	TAP_RUN(a_watch_follows_the_pool_across_registrars);
	TAP_RUN(a_report_makes_the_registrar_ask_the_element);
	TAP_RUN(a_thousand_elements_move_from_registrar_to_registrar);
	TAP_RUN(elements_are_held_for_a_day);
	TAP_RUN(elements_leave);
	TAP_RUN(a_stopped_element_comes_back_by_itself);
	TAP_RUN(elements_of_a_registrar_that_leaves_go_to_another);
	TAP_RUN(a_watch_sees_every_change);
	return tap_end();
}
