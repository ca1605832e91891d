#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client_world.h"
#include "engine/client/state.h"

/* Unusual input of a client: errors, malformed messages, requests of an event's callback, limits. */

static void
requests_and_elements_are_capped(void)
{
	struct rsp_client_config config = world_config(1, true);

	config.max_elements = 2;
	config.max_resolutions = 1;
	config.max_reports = 1;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 1, 300), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 2, 300), RSP_OK);
	CHECK_EQ(world_register(&w, "web", 3, 300), RSP_ELIMIT);
	CHECK_EQ(world_resolve(&w, "a", false), RSP_OK);
	CHECK_EQ(world_resolve(&w, "b", false), RSP_ELIMIT);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 1), RSP_OK);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 2), RSP_ELIMIT);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, rsp_bytes_str("a"), 2),
		 RSP_OK); /* the report that was sent is forgotten */
	rsp_client_deregister_all(w.c, w.now);
	world_serve(&w, 1);
	CHECK_EQ(world_register(&w, "web", 3, 300), RSP_OK);
	world_end(&w);
}

/* RFC 5352 2.2.14 */
static void
an_asap_error_is_the_answer_to_the_only_request(void)
{
	struct rsp_message msg = world_message(ASAP_ERROR, "", 0, RSP_CAUSE_UNRECOGNIZED_MSG);

	msg.has = RSP_HAS_ERROR;
	begin_registering_at_alpha(1);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REJECTED).cause, RSP_CAUSE_UNRECOGNIZED_MSG);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_ASAP_ERROR), 1);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EREJECTED);
	CHECK_EQ(world_count_sent(&w, ASAP_ERROR, 0), 0);
	world_end(&w);
}

/* RFC 5354 3, 4: an unknown message whose type says so is reported; a registrar that goes on like that is left. */
static void
malformed_messages_are_reported_and_too_many_lose_the_home(void)
{
	static const uint8_t unknown_message[] = { 0x41, 0, 0, 4 }, garbage[] = { 0x03, 0, 0, 4 };

	begin(2, true);
	world_registered_at_alpha(&w, 0x11, 300);
	rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(unknown_message, sizeof unknown_message));
	CHECK_EQ(world_count_sent(&w, ASAP_ERROR, 1), 1);
	CHECK_EQ(world_last(&w, RSP_CLIENT_PROTOCOL).err, RSP_EUNKNOWN_MSG);
	for (unsigned i = 0; i < 20; i++)
		rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(garbage, sizeof garbage));
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(world_last(&w, RSP_CLIENT_HOME_LOST).err, RSP_EPROTO);
	CHECK_EQ(w.dial[1].server, 1);
	world_end(&w);
}

static void
responses_of_a_registrar_that_is_not_the_home_change_nothing(void)
{
	begin_registering_at_alpha(1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_registered(&w, 77, "web", 0x11, RSP_CAUSE_SECURITY);
	world_registered(&w, 99, "web", 0x11, RSP_CAUSE_SECURITY);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 0);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	world_deregistered(&w, 77, "web", 0x11);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_EXPIRED), 0);
	world_end(&w);
}

/* Messages of a registrar, with some octets changed or cut off. */
static void
mutated_messages_do_no_harm(void)
{
	struct rsp_rng rng = rsp_rng_seeded(3);
	uint8_t octets[256];
	size_t n = 0;

	begin(3, true);
	world_registered_at_alpha(&w, 0x11, 300);
	for (unsigned i = 0; i < 5000; i++) {
		static const uint8_t types[] = { ASAP_REGISTRATION_RESPONSE,	  ASAP_DEREGISTRATION_RESPONSE,
						 ASAP_HANDLE_RESOLUTION_RESPONSE, ASAP_ENDPOINT_KEEP_ALIVE,
						 ASAP_ERROR };
		uint8_t type = types[rsp_rng_below(&rng, sizeof types)];
		uint16_t cause = rsp_rng_below(&rng, 2) ? RSP_CAUSE_NONE : (uint16_t)rsp_rng_below(&rng, 12);
		bool resolution = type == ASAP_HANDLE_RESOLUTION_RESPONSE, error = type == ASAP_ERROR;
		struct rsp_message msg = world_message(type, "web", resolution ? 0 : 0x11, error ? 1 : cause);

		msg.flags = (uint8_t)rsp_rng_below(&rng, 2);
		if (error)
			msg.has = RSP_HAS_ERROR;
		if (type == ASAP_ENDPOINT_KEEP_ALIVE)
			msg.has &= ~(unsigned)RSP_HAS_ERROR;
		CHECK_EQ(rsp_message_encode(&msg, octets, sizeof octets, &n), RSP_OK);
		for (uint64_t k = rsp_rng_below(&rng, 3); k > 0; k--)
			octets[rsp_rng_below(&rng, n)] = (uint8_t)rsp_rng_u64(&rng);
		uint32_t link = w.next_link;
		world_up(&w, link, RSP_ROLE_ELEMENT, "alpha");
		uint8_t *copy = malloc(n); /* of the exact size, so that a sanitizer finds a read beyond its end */
		CHECK(copy != NULL);
		if (copy)
			memcpy(copy, octets, n);
		rsp_client_receive(w.c, w.now, link, rsp_bytes_of(copy, n - rsp_rng_below(&rng, 4) / 3 * 4));
		free(copy);
		if (i % 7 == 0)
			(void)!world_resolve(&w, "web", i % 2);
		world_run(&w, w.now + rsp_rng_below(&rng, 400));
		w.n_sent = w.n_told = w.n_dials = w.n_closed = 0;
	}
	world_end(&w);
}

static void
leave_on_reject(struct world *at, const struct rsp_client_event *event)
{
	struct rsp_bytes handle = event->handle;

	if (event->type != RSP_CLIENT_REJECTED)
		return;
	CHECK_EQ(rsp_client_deregister(at->c, at->now, handle, event->pe_id), RSP_OK);
	CHECK(rsp_bytes_equal(handle, rsp_bytes_str("web"))); /* views last as long as the callback */
	CHECK_EQ(world_register(at, "web", event->pe_id + 1, 300), RSP_OK);
}

static void
handlers_may_make_requests(void)
{
	begin(1, true);
	w.hook = leave_on_reject;
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	for (uint32_t i = 0; i < 5; i++)
		world_registered(&w, 1, "web", 0x11 + i, RSP_CAUSE_LACK_OF_RESOURCES);
	world_registered(&w, 1, "web", 0x16, RSP_CAUSE_NONE);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

static void
register_again(struct world *at, const struct rsp_client_event *event)
{
	if (event->type == RSP_CLIENT_DEREGISTERED)
		rsp_client_deregister_all(at->c, at->now);
}

/* Elements that were never sent leave within the call; the callback makes the same call again. */
static void
a_callback_may_leave_all_pools_while_all_are_left(void)
{
	struct rsp_client_stats stats;

	begin(1, true);
	w.hook = register_again;
	for (uint32_t i = 1; i <= 100; i++)
		CHECK_EQ(world_register(&w, "web", i, 300), RSP_OK);
	rsp_client_deregister_all(w.c, w.now);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 100);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, 0);
	CHECK_EQ(stats.waiting, 0);
	world_end(&w);
}

/* The tables of the states are in engine/client/state.h; test_client_states.c has the changes that they allow. */
static void
a_change_of_state_that_the_table_does_not_allow_aborts(void)
{
	static const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)!freopen("/dev/null", "w", stderr);
		rsp_client_state_check(MACHINE_LOOKUP, LOOKUP_DEAD, LOOKUP_ASKED);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int
main(void)
{
	TAP_RUN(requests_and_elements_are_capped);
	TAP_RUN(an_asap_error_is_the_answer_to_the_only_request);
	TAP_RUN(malformed_messages_are_reported_and_too_many_lose_the_home);
	TAP_RUN(responses_of_a_registrar_that_is_not_the_home_change_nothing);
	TAP_RUN(mutated_messages_do_no_harm);
	TAP_RUN(handlers_may_make_requests);
	TAP_RUN(a_callback_may_leave_all_pools_while_all_are_left);
	TAP_RUN(a_change_of_state_that_the_table_does_not_allow_aborts);
	return tap_end();
}
