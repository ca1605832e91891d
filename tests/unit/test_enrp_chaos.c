#include "../fuzz/fuzz_enrp.c"
#include "chaos.h"

/* A session among registrars in which everything happens, with each of its allocations failing in turn: whatever is
 * lost, the registrar stays in agreement with itself, and serves on. */

static long paused;

static void
pause_chaos(void)
{
	paused = chaos_left;
	chaos_left = -1;
}

/* The world's own allocations do not fail. */
static void
chaos_send(void *ctx, uint32_t link, struct rsp_bytes octets)
{
	pause_chaos();
	world_send(ctx, link, octets);
	chaos_left = paused;
}

static const struct rsp_engine_ops chaos_ops = { chaos_send, world_close, world_dial, world_record };

static bool
take(struct rsp_rd *rd, long failing)
{
	chaos_begin(failing);
	bool more = step_on(rd);
	(void)chaos_end();
	look_at_all(w.r);
	world_clear();
	return more;
}

static unsigned
count_steps(void)
{
	struct rsp_registrar_config config = fuzz_config(true);
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(session, session_size), 0);
	unsigned n = 0;

	world_begin_with(&config, &chaos_ops);
	while (take(&rd, -1))
		n++;
	world_end();
	return n;
}

static void
serves_on(void)
{
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	world_joined(100, 0x100, "late");
	world_update(100, 0x100, ENRP_ADD_PE, "late", world_pe(1, 0x100, 30));
	CHECK_EQ(world_home("late", 1), 0x100);
	CHECK_EQ(world_up(101, RSP_ASAP, RSP_ROLE_ELEMENT, "late1"), RSP_OK);
	world_register(101, "late", 2);
	CHECK_EQ(world_home("late", 2), ID_US);
	look_at_all(w.r);
}

/* Run the session with allocation @failing of step @at failing. False: the step has fewer allocations. */
static bool
run_with(unsigned at, long failing, bool intact)
{
	struct rsp_registrar_config config = fuzz_config(true);
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(session, session_size), 0);

	world_begin_with(&config, &chaos_ops);
	for (unsigned i = 0; i < at; i++)
		(void)take(&rd, -1);
	chaos_begin(failing);
	(void)step_on(&rd);
	bool failed = chaos_end();
	look_at_all(w.r);
	world_clear();
	while (take(&rd, -1))
		;
	if (intact)
		serves_on();
	world_end();
	return failed;
}

static unsigned
fail_each(bool intact)
{
	unsigned failed = 0, steps = count_steps();

	for (unsigned at = 0; at < steps; at++) {
		long n = 0;

		while (run_with(at, n, intact))
			n++;
		failed += (unsigned)n;
	}
	return failed;
}

static void
each_allocation_of_a_session_may_fail(void)
{
	compose();
	CHECK(count_steps() > 60);
	CHECK(fail_each(true) > 80);
}

static void
each_allocation_of_a_changed_session_may_fail(void)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < 12; i++) {
		struct rsp_rng rng = rsp_rng_seeded(1000 + i);

		compose();
		for (unsigned changes = 1 + (unsigned)rsp_rng_below(&rng, 8); changes > 0; changes--)
			session[rsp_rng_below(&rng, session_size)] = (uint8_t)rsp_rng_u64(&rng);
		failed += fail_each(false);
	}
	CHECK(failed > 500);
}

static void
a_registrar_is_whole_or_not_there(void)
{
	struct rsp_registrar_config config = fuzz_config(true);
	long n = 0;

	for (enum rsp_err err = RSP_ENOMEM; err != RSP_OK; n++) {
		struct rsp_registrar *r = NULL;

		chaos_begin(n);
		err = rsp_registrar_new(&config, &chaos_ops, NULL, rsp_rng_seeded(7), 1, &r);
		bool failed = chaos_end();
		CHECK_EQ(err, failed ? RSP_ENOMEM : RSP_OK);
		CHECK_EQ(r != NULL, !failed);
		rsp_registrar_free(r);
	}
	CHECK(n > 10);
}

static uint32_t
counted_for(const char *identity)
{
	return rsp_account_get(&w.r->core.accounts, &w.r->core.key, rsp_bytes_str(identity))->elements;
}

/* An element of ours moves to another registrar, and there is no memory for that: it is removed, since we do not
 * ask it any more. The next audit brings it back. */
static void
an_element_that_moves_to_another_registrar_is_whole_or_removed(void)
{
	struct rsp_registrar_config config = world_config();
	bool failed = true;

	for (long n = 0; failed; n++) {
		world_begin_with(&config, &chaos_ops);
		world_joined(B, ID_B, "b");
		CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
		world_register(WEB1, "web", 7);
		world_register(WEB1, "web", 8);
		CHECK_EQ(counted_for("web1"), 2);
		struct rsp_pool_element pe = world_pe(7, ID_B, world_epoch("web", 7) + 2);
		uint8_t room[RSP_ADDRS_ROOM(4)];
		struct rsp_ip ip[4];
		for (unsigned i = 0; i < 4; i++)
			ip[i] = (struct rsp_ip){ 6, { 0x20, (uint8_t)i } };
		pe.user.type = RSP_PARAM_SCTP;
		rsp_transport_set_ips(&pe.user, ip, 4, room); /* larger than what is stored */
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
		CHECK(rsp_member(world_element("web", 7))->pending != NULL);
		chaos_begin(n);
		world_down(WEB1, RSP_ECLOSED);
		failed = chaos_end();
		look_at_all(w.r);
		uint32_t home = world_home("web", 7);
		CHECK(home == ID_B || (failed && home == 0));
		CHECK_EQ(counted_for("web1"), 1);
		world_end();
	}
}

/* A takeover needs memory, too, as we have no elements yet: none stays with the dead registrar. */
static void
an_element_that_was_taken_over_is_ours_or_removed(void)
{
	struct rsp_registrar_config config = world_config();
	bool failed = true;

	for (long n = 0; failed; n++) {
		world_begin_with(&config, &chaos_ops);
		world_joined(B, ID_B, "b");
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 20));
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 20));
		world_run(2600);
		chaos_begin(n);
		world_run(500);
		failed = chaos_end();
		look_at_all(w.r);
		for (unsigned i = 0; i < 100 && rsp_registrar_stats(w.r).peers > 0; i++)
			world_run(100); /* tried again */
		CHECK_EQ(rsp_registrar_stats(w.r).peers, 0);
		for (uint32_t id = 1; id <= 2; id++)
			CHECK(world_home("web", id) == 0 || world_home("web", id) == ID_US);
		CHECK(failed || rsp_registrar_stats(w.r).own_elements == 2);
		world_end();
	}
}

int
main(void)
{
	TAP_RUN(a_registrar_is_whole_or_not_there);
	TAP_RUN(each_allocation_of_a_session_may_fail);
	TAP_RUN(each_allocation_of_a_changed_session_may_fail);
	TAP_RUN(an_element_that_moves_to_another_registrar_is_whole_or_removed);
	TAP_RUN(an_element_that_was_taken_over_is_ours_or_removed);
	return tap_end();
}
