#include "chaos.h"
#include "client_world.h"

/* Out of memory: a scenario with all requests runs again and again, each time with another allocation failing. A
 * request that returned RSP_OK is done; one that returned RSP_ENOMEM has no effect; nothing leaks. */

enum { ELEMENTS = 4 };

static const char *const pool_of[ELEMENTS] = { "web", "web", "mail", "a-pool-with-a-longer-name" };

static struct rsp_bytes
pool(unsigned i)
{
	return rsp_bytes_str(pool_of[i]);
}

/* Only RSP_OK and RSP_ENOMEM are allowed. True: RSP_OK. */
static bool
done(enum rsp_err err)
{
	CHECK(err == RSP_OK || err == RSP_ENOMEM);
	return err == RSP_OK;
}

/* Alpha refuses connections, the others accept them; every request is answered. */
static void
answer_all(void)
{
	static const char *const name[] = { "alpha", "beta", "gamma" };

	for (unsigned i = 0; i < w.n_dials; i++) {
		if (w.dial[i].ended || w.dial[i].link == 0 || w.dial[i].answered)
			continue;
		w.dial[i].answered = true;
		if (w.dial[i].server == 0)
			world_down(&w, w.dial[i].link, RSP_STEP_TCP, RSP_EUNREACHABLE);
		else
			world_up(&w, w.dial[i].link, RSP_ROLE_ELEMENT, name[w.dial[i].server]);
	}
	for (unsigned i = 0; i < w.n_sent; i++) {
		struct rsp_message msg;
		struct sent *s = &w.sent[i];

		if (s->answered || s->octets[0] != ASAP_HANDLE_RESOLUTION)
			continue;
		s->answered = true;
		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(s->octets, s->n), &msg, NULL), RSP_OK);
		char handle[64];
		(void)snprintf(handle, sizeof handle, "%.*s", (int)msg.handle.n, (const char *)msg.handle.p);
		world_resolved(&w, s->link, handle, 2, false);
	}
	for (uint32_t link = 1; link <= w.next_link; link++)
		world_serve(&w, link);
}

/* Let @seconds pass; the registrars answer all the time. */
static void
live(unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 4; i++) {
		answer_all();
		world_run(&w, w.now + 250);
	}
}

static void
check_registered(unsigned wanted)
{
	struct rsp_client_stats stats;

	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, wanted);
	CHECK_EQ(stats.registered, wanted);
	CHECK_EQ(stats.waiting, 0);
}

/* Every request of a client, once or more. */
static void
a_life(void)
{
	bool held[ELEMENTS], watched, asked, reported;
	unsigned n = 0;

	for (unsigned i = 0; i < ELEMENTS; i++) {
		held[i] = done(world_register(&w, pool_of[i], i + 1, 60));
		n += held[i];
	}
	watched = done(world_resolve(&w, "web", true));
	asked = done(world_resolve(&w, "mail", false));
	reported = done(rsp_client_report_unreachable(w.c, w.now, pool(0), 99));
	live(10);
	check_registered(n);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED) > 0, watched || asked);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REPORTED), reported);

	struct rsp_pool_element changed = world_element(1, 30);
	changed.policy = (struct rsp_policy){ .type = RSP_POLICY_WRR, .value = { 7 } };
	if (held[0] && done(rsp_client_update(w.c, w.now, pool(0), &changed)))
		live(1);
	if (reported) {
		rsp_client_contacted(w.c, pool(0), 99);
		(void)done(rsp_client_report_unreachable(w.c, w.now, pool(0), 99));
	}
	rsp_client_unwatch(w.c, pool(0));
	check_registered(n);

	struct rsp_client_stats stats;
	rsp_client_stats(w.c, &stats);
	if (stats.home_link)
		world_down(&w, stats.home_link, RSP_STEP_ASAP, RSP_ECLOSED);
	live(60);
	check_registered(n);

	if (n) { /* a registrar that took over dials us: RFC 5352 3.4 */
		uint32_t call = ++w.next_link; /* answer_all() looks at each link up to it */
		world_up(&w, call, RSP_ROLE_NOTIFY, "gamma");
		for (unsigned i = 0; i < ELEMENTS; i++)
			if (held[i])
				world_keepalive(&w, call, 0xc, true, pool_of[i], i + 1);
		live(60);
		check_registered(n);
	}
	if (held[1])
		CHECK_EQ(rsp_client_deregister(w.c, w.now, pool(1), 2), RSP_OK);
	rsp_client_deregister_all(w.c, w.now);
	live(5);
	check_registered(0);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), n);
}

static void
any_one_allocation_may_fail(void)
{
	struct rsp_client_config config = world_config(3, true);
	bool failed = true;
	long n = 0;

	config.shuffle = true;
	config.discover = true;
	config.registrars = config.servers;
	config.n_registrars = 2;
	for (; failed && n < 1000; n++) {
		world_prepare(&w);
		chaos_begin(n);
		if (done(rsp_client_new(&config, &world_ops, &w, rsp_rng_seeded(7), w.now, &w.c)))
			a_life();
		failed = chaos_end();
		world_end(&w);
		if (tap_state.failed) {
			printf("# with allocation number %ld failing\n", n);
			break;
		}
	}
	CHECK(!failed);
	CHECK(n > 20);
	printf("# %ld allocations\n", n - 1);
}

int
main(void)
{
	TAP_RUN(any_one_allocation_may_fail);
	return tap_end();
}
