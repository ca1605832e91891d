#include "client_world.h"

/* Resolutions, watches and reports of a client, clause by clause: RFC 5352 3.3, 3.5, 3.7. */

/* RFC 5352 3.3, 2.2.6 */
static void
a_resolution_gives_the_answer(void)
{
	struct rsp_message msg;

	begin(1, false);
	CHECK_EQ(rsp_client_resolve(w.c, w.now, rsp_bytes_str("web"), 5, false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_HANDLE_RESOLUTION);
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.item_count, 5);
	w.now += 20;
	world_resolved(&w, 1, "other", 1, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 0);
	world_resolved(&w, 1, "web", 3, false);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 3);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).solicited);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 3, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_sent, 1);
	world_end(&w);
}

static void
a_negative_answer_tells_its_cause(void)
{
	struct rsp_message msg;

	begin_asking_alpha(1);
	msg = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EUNKNOWN_POOL);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	msg = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_SECURITY);
	world_receive(&w, 1, &msg);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).err, RSP_EREJECTED);
	CHECK_EQ(world_last(&w, RSP_CLIENT_UNRESOLVED).cause, RSP_CAUSE_SECURITY);
	world_end(&w);
}

/* RFC 5352 3.7.2: retransmit and hunt in parallel, at most MAX-REQUEST-RETRANSMIT times; then the request fails. */
static void
t1_without_answer_resends_and_hunts_beside(void)
{
	begin_asking_alpha(3);
	world_run(&w, w.now + 15000);
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 2);
	CHECK_EQ(w.n_dials, 2);
	CHECK_EQ(w.dial[1].server, 1);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, 3);
	CHECK_EQ(world_open(&w), 3); /* SH1: the home counts */
	world_resolved(&w, 1, "web", 1, false);
	CHECK_EQ(world_open(&w), 1); /* the home answered, so the hunt ends */
	CHECK(world_was_closed(&w, 2) && world_was_closed(&w, 3));
	world_run(&w, w.now + 100000);
	CHECK_EQ(w.n_sent, 2);
	CHECK_EQ(w.n_dials, 3);
	world_end(&w);
}

static void
t1_expired_too_often_fails_the_request_and_leaves_the_home(void)
{
	begin_asking_alpha(1);
	world_run(&w, w.now + 44999);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_FAILED), 0);
	world_run(&w, w.now + 1);
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 3);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).err, RSP_ETIMEOUT);
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(w.n_dials, 1); /* nothing needs a home */
	world_end(&w);
}

/* RFC 5352 3.7.2: another server becomes the home and gets the request. */
static void
another_server_takes_the_request_over(void)
{
	begin_asking_alpha(2);
	world_run(&w, w.now + 15000);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK(world_was_closed(&w, 1));
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	CHECK(world_last(&w, RSP_CLIENT_HOME).changed);
	world_resolved(&w, 2, "web", 1, false);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	world_end(&w);
}

/* RFC 5352 3.7.1: a request whose connection broke is sent again at the next home. */
static void
a_broken_connection_does_not_lose_a_request(void)
{
	begin_asking_alpha(2);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(w.dial[1].server, 1);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	world_end(&w);
}

/* RFC 5352 2.2.5, 2.2.6: S and A */
static void
a_watch_gets_updates_and_subscribes_again_at_a_new_home(void)
{
	begin(2, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(w.sent[0].octets[1], ASAP_FLAG_SUBSCRIBE);
	world_resolved(&w, 1, "web", 1, true);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_run(&w, w.now + 3600000);
	CHECK_EQ(w.n_sent, 1); /* no polling */
	world_resolved(&w, 1, "web", 2, true);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 2);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).solicited);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, 2, RSP_ROLE_USER, "beta");
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 2), 1);
	world_resolved(&w, 2, "web", 2, true);
	rsp_client_unwatch(w.c, rsp_bytes_str("web"));
	world_resolved(&w, 2, "web", 3, true);
	CHECK_EQ(world_last(&w, RSP_CLIENT_RESOLVED).n_list, 2);
	world_end(&w);
}

static void
a_watch_that_is_not_accepted_polls_with_jitter(void)
{
	struct rsp_message msg =
		world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);

	begin(1, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_resolved(&w, 1, "web", 1, false);
	for (unsigned i = 2; i < 12; i++) {
		uint64_t since = w.now;

		world_run(&w, since + 2499);
		CHECK_EQ(w.n_sent, i - 1);
		world_run(&w, since + 7500);
		CHECK_EQ(w.n_sent, i);
		if (i % 2)
			world_resolved(&w, 1, "web", 1, false);
		else
			world_receive(&w, 1, &msg); /* negative: RFC 5352 2.2.5, no updates, so ask again */
	}
	world_end(&w);
}

/* RFC 5352 3.5 */
static void
a_failure_is_reported_once(void)
{
	struct rsp_bytes web = rsp_bytes_str("web");
	struct rsp_message msg;

	begin(1, false);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_OK);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_EEXISTS);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REPORTED), 1);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[0].octets, w.sent[0].n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.type, ASAP_ENDPOINT_UNREACHABLE);
	CHECK_EQ(msg.pe_id, 0x11);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_EEXISTS);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x12), RSP_OK);
	CHECK_EQ(w.n_sent, 2);
	rsp_client_contacted(w.c, web, 0x11);
	CHECK_EQ(rsp_client_report_unreachable(w.c, w.now, web, 0x11), RSP_OK);
	CHECK_EQ(w.n_sent, 3);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_run(&w, w.now + 60000);
	CHECK_EQ(w.n_dials, 1); /* nothing is left to send, so no home is needed */
	world_end(&w);
}

/* The flags of the last question that was sent. */
static uint8_t
last_flags(void)
{
	CHECK(w.n_sent > 0 && w.sent[w.n_sent - 1].octets[0] == ASAP_HANDLE_RESOLUTION);
	return w.n_sent ? w.sent[w.n_sent - 1].octets[1] : 0;
}

/* RFC 5352 2.2.5: an update of a watch that has ended answers the question after it; then the answer comes. */
static void
a_watch_that_begins_while_a_resolution_is_asked_subscribes_after_its_answer(void)
{
	begin_asking_alpha(1);
	CHECK_EQ(last_flags(), 0);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	CHECK_EQ(w.n_sent, 1);
	world_resolved(&w, 1, "web", 1, true);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	CHECK_EQ(w.n_sent, 2);
	CHECK_EQ(last_flags(), ASAP_FLAG_SUBSCRIBE);
	world_resolved(&w, 1, "web", 2, false);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 3, true);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 2, false);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_end(&w);
}

static void
a_late_answer_to_a_request_that_has_ended_promises_no_updates(void)
{
	struct rsp_message no = world_message(ASAP_HANDLE_RESOLUTION_RESPONSE, "web", 0, RSP_CAUSE_UNKNOWN_POOL_HANDLE);

	begin(1, false);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_receive(&w, 1, &no);
	world_resolved(&w, 1, "web", 1, false);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	unsigned sent = w.n_sent;
	world_run(&w, w.now + 60000);
	CHECK(w.n_sent > sent); /* it polls */
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(a_resolution_gives_the_answer);
	TAP_RUN(a_negative_answer_tells_its_cause);
	TAP_RUN(t1_without_answer_resends_and_hunts_beside);
	TAP_RUN(t1_expired_too_often_fails_the_request_and_leaves_the_home);
	TAP_RUN(another_server_takes_the_request_over);
	TAP_RUN(a_broken_connection_does_not_lose_a_request);
	TAP_RUN(a_watch_gets_updates_and_subscribes_again_at_a_new_home);
	TAP_RUN(a_watch_that_is_not_accepted_polls_with_jitter);
	TAP_RUN(a_failure_is_reported_once);
	TAP_RUN(a_watch_that_begins_while_a_resolution_is_asked_subscribes_after_its_answer);
	TAP_RUN(a_late_answer_to_a_request_that_has_ended_promises_no_updates);
	return tap_end();
}
