#include "registrar_world.h"

/* RFC 5352 s.2.2.5, s.2.2.6: updates are for users that asked for them with S, and A announces that they will come. */
static void
no_user_is_subscribed_that_did_not_ask(void)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "web", 0, 0).flags, 0);
	CHECK_EQ(world_resolve_as(USER, "web", 3, 0).flags, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 0);
	CHECK_EQ(world_register_as(WEB2, "web", 8, "192.0.2.2"), RSP_CAUSE_NONE);
	world_run(10000);
	CHECK_EQ(world_heard(USER).type, 0);
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 1);
	CHECK_EQ(world_resolve_as(USER, "web", 0, 0).flags, 0); /* A answers S, which this request did not set */
	CHECK_EQ(world_resolve_as(USER, "none", 0, ASAP_FLAG_SUBSCRIBE).flags, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(no_user_is_subscribed_that_did_not_ask);
	return tap_end();
}
