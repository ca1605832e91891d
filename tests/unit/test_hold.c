#include "registrar_world.h"

/* A resolution of a pool that may be known soon is held: it is not answered with "unknown pool handle" at once. */

enum { HOLD = 1000, WINDOW = 5000 };

static void
begin_to_hold(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.hold_ms = HOLD;
	config.hold_window_ms = WINDOW;
	world_serve_with(&config);
}

static void
ask(uint32_t link, const char *handle, uint8_t flags)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION,
				   .flags = flags,
				   .has = RSP_HAS_HANDLE,
				   .handle = rsp_bytes_str(handle) };

	world_tell(link, &msg);
}

static unsigned
answers(uint32_t link)
{
	unsigned n = 0;

	while (world_heard(link).type)
		n++;
	return n;
}

static void
a_registrar_that_began_alone_waits_for_its_elements(void)
{
	begin_to_hold();
	ask(USER, "web", 0);
	ask(USER, "other", 0);
	world_run(400);
	CHECK_EQ(answers(USER), 0);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_message answer = world_heard(USER);
	CHECK_EQ(answer.n_list, 1);
	CHECK_EQ(answers(USER), 0);
	world_run(HOLD - 401);
	CHECK_EQ(answers(USER), 0);
	world_run(1); /* the bound */
	answer = world_heard(USER);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	CHECK(rsp_bytes_equal(answer.handle, rsp_bytes_str("other")));
	CHECK_EQ(answers(USER), 0);
	world_end();
}

static void
after_the_window_unknown_pools_are_reported_at_once(void)
{
	begin_to_hold();
	world_run(WINDOW - 500);
	ask(USER, "web", 0);
	CHECK_EQ(answers(USER), 0);
	world_run(499);
	CHECK_EQ(answers(USER), 0);
	world_run(501); /* the window ends before the bound does */
	CHECK_EQ(answers(USER), 1);
	ask(USER, "web", 0);
	CHECK_EQ(answers(USER), 1);
	world_end();
}

static void
a_repeated_request_is_answered_once(void)
{
	begin_to_hold();
	ask(USER, "web", 0);
	world_run(100);
	ask(USER, "web", ASAP_FLAG_SUBSCRIBE);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 1);
	CHECK_EQ(answers(USER), 1);
	world_end();
}

static void
held_requests_have_caps_and_end_with_their_link(void)
{
	char handle[16];

	begin_to_hold();
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(handle, sizeof(handle), "pool%u", i);
		ask(USER, handle, 0);
	}
	CHECK_EQ(answers(USER), 4);
	ask(PROXY, "pool19", 0); /* each link has its own cap */
	CHECK_EQ(answers(PROXY), 0);
	world_down(USER, RSP_ECLOSED);
	CHECK_EQ(world_register_as(WEB1, "pool3", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(HOLD);
	CHECK_EQ(answers(USER), 0);
	CHECK_EQ(answers(PROXY), 1);
	ask(PROXY, "x", 0);
	world_end(); /* while one is held */
}

/* Else 1024 requests of 64 KiB could be held. */
static void
a_request_with_a_handle_that_is_too_long_is_not_held(void)
{
	char handle[RSP_HANDLE_MAX + 2] = "";

	begin_to_hold();
	memset(handle, 'a', RSP_HANDLE_MAX);
	ask(USER, handle, 0);
	CHECK_EQ(answers(USER), 0);
	handle[RSP_HANDLE_MAX] = 'a';
	ask(USER, handle, 0);
	CHECK_EQ(answers(USER), 1);
	world_end();
}

static void
an_answered_request_is_not_held_any_more(void)
{
	begin_to_hold();
	for (unsigned i = 0; i < 1100; i++) { /* more than are held at a time */
		ask(USER, "web", 0);
		CHECK_EQ(answers(USER), 0);
		CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
		CHECK_EQ(answers(USER), 1);
		CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	}
	world_end();
}

static void
peer_says(uint32_t link, uint32_t id, uint16_t checksum)
{
	struct rsp_message msg = { .protocol = RSP_ENRP,
				   .type = ENRP_PRESENCE,
				   .has = RSP_HAS_CHECKSUM,
				   .sender_id = id,
				   .checksum = checksum };

	world_tell(link, &msg);
}

static void
requests_are_held_until_a_returned_peer_has_sent_its_table(void)
{
	enum { PEER = 20, ID = 0x77 };
	struct rsp_link_info info = { .protocol = RSP_ENRP, .role = RSP_ROLE_PEER, .secure = true, .identity = "r2" };

	begin_to_hold();
	world_run(2 * WINDOW);
	ask(USER, "web", 0);
	CHECK_EQ(answers(USER), 1);
	CHECK_EQ(rsp_registrar_link_up(w.r, w.now, PEER, &info), RSP_OK);
	peer_says(PEER, ID, 0xffff); /* the checksum of no elements, as we know */
	ask(USER, "web", 0);
	CHECK_EQ(answers(USER), 1);
	peer_says(PEER, ID, 0x1234); /* it has elements that we do not know */
	ask(USER, "web", 0);
	world_run(100);
	CHECK_EQ(answers(USER), 0);
	peer_says(PEER, ID, 0xffff); /* it has none any more */
	CHECK_EQ(answers(USER), 0);  /* the download has not ended */
	world_run(HOLD);
	CHECK_EQ(answers(USER), 0);
	peer_says(PEER, ID, 0x1234);
	struct rsp_message table = { .protocol = RSP_ENRP, .type = ENRP_HANDLE_TABLE_RESPONSE, .sender_id = ID };
	world_tell(PEER, &table); /* complete, although no new presence has come */
	CHECK_EQ(answers(USER), 1);
	ask(USER, "web", 0);
	CHECK_EQ(answers(USER), 1);
	world_end();
}

/* A peer has joined that has elements. It does not send them. */
static void
requests_are_held_for_longer_if_a_peer_is_known_to_have_more(void)
{
	enum { PEER = 20, ID = 0x77 };
	struct rsp_link_info info = { .protocol = RSP_ENRP, .role = RSP_ROLE_PEER, .secure = true, .identity = "r2" };

	begin_to_hold();
	CHECK_EQ(rsp_registrar_link_up(w.r, w.now, PEER, &info), RSP_OK);
	peer_says(PEER, ID, 0x1234);
	world_run(300);
	ask(USER, "web", 0);
	ask(USER, "other", 0);
	world_run(WINDOW - 301);
	CHECK_EQ(answers(USER), 0);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(answers(USER), 1);
	world_run(1);
	CHECK_EQ(answers(USER), 1);
	world_end();
}

/* Peers that come one after another make the time in which pools may be missing longer, but not that of a question. */
static void
requests_are_held_for_the_window_at_most(void)
{
	struct rsp_link_info info = { .protocol = RSP_ENRP, .role = RSP_ROLE_PEER, .secure = true };
	struct rsp_registrar_config config = world_defaults();
	char name[8];

	config.hold_ms = 2 * HOLD;
	config.hold_window_ms = WINDOW;
	world_serve_with(&config);
	world_run(500);
	ask(USER, "web", 0);
	for (uint32_t i = 0; i < WINDOW / 500; i++) {
		(void)snprintf(name, sizeof(name), "p%u", (unsigned)i);
		info.identity = name;
		CHECK_EQ(rsp_registrar_link_up(w.r, w.now, 30 + i, &info), RSP_OK);
		peer_says(30 + i, 0x80 + i, 0x1234);
		world_run(500);
		if (i == 6)
			CHECK_EQ(answers(USER), 0);
	}
	CHECK_EQ(answers(USER), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_registrar_that_began_alone_waits_for_its_elements);
	TAP_RUN(after_the_window_unknown_pools_are_reported_at_once);
	TAP_RUN(a_repeated_request_is_answered_once);
	TAP_RUN(held_requests_have_caps_and_end_with_their_link);
	TAP_RUN(a_request_with_a_handle_that_is_too_long_is_not_held);
	TAP_RUN(an_answered_request_is_not_held_any_more);
	TAP_RUN(requests_are_held_until_a_returned_peer_has_sent_its_table);
	TAP_RUN(requests_are_held_for_longer_if_a_peer_is_known_to_have_more);
	TAP_RUN(requests_are_held_for_the_window_at_most);
	return tap_end();
}
