#include "registrar_world.h"

/* What the record of an element's removal says of the message that led to it, and of the sender of that. */

static void
was_removed(const char *reason, const char *identity)
{
	CHECK_EQ(w.n_events, 1);
	CHECK_EQ(w.event[0].kind, RSP_EVENT_PE_REMOVED);
	CHECK_STR(w.event[0].reason, reason);
	CHECK_STR(w.event[0].identity, identity);
}

static void
led_to_it(uint8_t message_type, enum rsp_role role, uint32_t link)
{
	const struct rsp_ip web1 = { 4, { 192, 0, 2, 1 } };

	CHECK_EQ(w.event[0].message_type, message_type);
	CHECK_EQ(w.event[0].role, role);
	CHECK(rsp_ip_equal(&w.event[0].remote, &web1));
	CHECK_EQ(w.event[0].remote_port, 40000 + link);
}

static void
a_deregistration_is_recorded_with_its_sender(void)
{
	world_serve();
	world_register(WEB1, "web", 7);
	world_clear();
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	was_removed("deregistered", "web1");
	led_to_it(ASAP_DEREGISTRATION, RSP_ROLE_ELEMENT, WEB1);
	world_end();
}

static void
a_deregistration_over_another_connection_is_recorded_with_that(void)
{
	world_serve();
	world_register(WEB1, "web", 7);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	world_clear();
	CHECK_EQ(world_deregister_as(WEB1_AGAIN, "web", 7), RSP_CAUSE_NONE);
	was_removed("deregistered", "web1");
	led_to_it(ASAP_DEREGISTRATION, RSP_ROLE_ELEMENT, WEB1_AGAIN);
	world_end();
}

static void
a_deregistration_in_plain_text_is_recorded_with_its_address(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.insecure = true;
	world_serve_with(&config);
	world_register(PLAIN, "web", 7);
	world_clear();
	CHECK_EQ(world_deregister_as(PLAIN, "web", 7), RSP_CAUSE_NONE);
	was_removed("deregistered", "");
	led_to_it(ASAP_DEREGISTRATION, RSP_ROLE_NONE, PLAIN);
	world_end();
}

/* A user may have sent the last message before, or nothing. */
static void
no_message_led_to_a_removal_because_of_silence(void)
{
	world_serve();
	world_register(WEB1, "web", 7);
	world_clear();
	world_down(WEB1, RSP_ECLOSED);
	world_run(60000);
	was_removed("connection-lost", "web1");
	CHECK_EQ(w.event[0].message_type, 0);
	CHECK_EQ(w.event[0].role, RSP_ROLE_NONE);
	CHECK_EQ(w.event[0].remote.family, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_deregistration_is_recorded_with_its_sender);
	TAP_RUN(a_deregistration_over_another_connection_is_recorded_with_that);
	TAP_RUN(a_deregistration_in_plain_text_is_recorded_with_its_address);
	TAP_RUN(no_message_led_to_a_removal_because_of_silence);
	return tap_end();
}
