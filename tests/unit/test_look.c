#include "registrar_world.h"

/* An own element that is not linked is looked at before it is removed: its ASAP transport is dialled, and a keep-alive asks
 * whether it is alive (RFC 5352 s.3.4, s.3.5). registrar/look.h has the rule; test_enrp_adopt.c tests the looks after a
 * takeover. */

enum { GRACE_MS = 700, FIRST_LOOK_MS = GRACE_MS * 3 / 8, ANSWER_MS = 500, INTERVAL_MS = 2000, PE = 7 };

static const struct rsp_epoch number = { .epoch = 100, .instance = PROCESS };

static struct rsp_registrar_config
config_of_looks(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_interval_ms = INTERVAL_MS;
	config.keepalive_timeout_ms = ANSWER_MS;
	config.keepalive_distance_ms = 0;
	config.reconnect_grace_ms = GRACE_MS;
	config.max_time_last_heard_ms = 600000; /* b is silent, and alive */
	return config;
}

static void
begin_config(const struct rsp_registrar_config *config)
{
	world_begin(config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_register_epoch(WEB1, "web", PE, number);
	world_clear();
}

/* The link of the dial to an element that is the @nth, from 0 on. 0: there were fewer. */
static uint32_t
look(unsigned nth)
{
	for (unsigned i = 0; i < w.n_dials; i++)
		if (w.dial[i].protocol == RSP_ASAP && nth-- == 0)
			return DIALLED + i;
	return 0;
}

static unsigned
n_looks(void)
{
	unsigned n = 0;

	while (look(n))
		n++;
	return n;
}

static void
begin(void)
{
	struct rsp_registrar_config config = config_of_looks();

	begin_config(&config);
}

/* The connection of the element closes, and the first look dials. Returns the link. */
static uint32_t
begin_dialled(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
	world_run(FIRST_LOOK_MS);
	return world_dialled("web1");
}

static void
is_up(uint32_t link)
{
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
}

static uint32_t
begin_asked(void)
{
	uint32_t link = begin_dialled();

	is_up(link);
	return link;
}

static void
acknowledges(uint32_t link)
{
	world_ack_epoch(link, "web", PE, number);
}

/* Time passes, in which each dial is refused. */
static void
run_refused(uint64_t for_ms)
{
	for (uint64_t end = w.now + for_ms; w.now < end; world_run(1))
		for (unsigned i = 0; i < n_looks(); i++)
			world_down(look(i), RSP_EUNREACHABLE); /* of one that has ended: nothing */
}

static void
reported(uint32_t pe_id)
{
	world_report(USER, "web", pe_id);
}

static bool
is_there(void)
{
	return world_home("web", PE) == ID_US;
}

static void
an_element_whose_connection_closes_is_dialled_at_its_asap_transport(void)
{
	uint32_t link = begin_dialled();

	CHECK_EQ(n_looks(), 1);
	const unsigned i = link - DIALLED;
	CHECK_EQ(w.dial[i].protocol, RSP_ASAP);
	CHECK_EQ(w.dial[i].role, RSP_ROLE_NOTIFY);
	CHECK_EQ(w.dial[i].ip.ip[3], 1);
	CHECK_EQ(w.dial[i].port, 5000);
	CHECK(is_there());
	world_end();
}

static void
the_keep_alive_of_a_look_has_the_number_of_the_element_and_no_h_flag(void)
{
	struct rsp_message msg;
	uint32_t link = begin_asked();

	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.server_id, ID_US);
	CHECK_EQ(msg.pe_id, PE);
	CHECK(msg.has & RSP_HAS_EPOCH);
	CHECK_EQ(msg.epoch.epoch, number.epoch);
	CHECK_EQ(msg.epoch.instance, number.instance);
	world_end();
}

static void
an_element_that_answers_a_look_stays_as_it_was(void)
{
	uint32_t link = begin_asked();

	acknowledges(link);
	CHECK(world_was_closed(link));
	run_refused(GRACE_MS);
	CHECK(is_there());
	CHECK_EQ(world_epoch("web", PE), number.epoch);
	CHECK_EQ(world_stored("web", PE).rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_element_without_epoch_that_answers_a_look_stays_as_it_was(void)
{
	begin();
	world_register(WEB1, "web", 8);
	uint64_t epoch = world_epoch("web", 8);
	world_down(WEB1, RSP_ECLOSED);
	world_run(FIRST_LOOK_MS);
	uint32_t link = world_dialled("web1");
	is_up(link);
	world_clear();
	world_ack(link, "web", 8);
	CHECK_EQ(world_home("web", 8), ID_US);
	CHECK_EQ(world_epoch("web", 8), epoch);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_element_that_answers_a_look_is_looked_at_again_after_the_keep_alive_interval(void)
{
	acknowledges(begin_asked());
	world_run(INTERVAL_MS / 2 - 1);
	CHECK_EQ(n_looks(), 1);
	world_run(INTERVAL_MS + 1);
	CHECK_EQ(n_looks(), 2);
	world_end();
}

static void
an_element_that_answered_one_look_has_the_grace_time_after_the_next(void)
{
	acknowledges(begin_asked());
	while (n_looks() < 2)
		world_run(1);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	run_refused(GRACE_MS - 1);
	CHECK(is_there());
	run_refused(2);
	CHECK(!is_there());
	world_end();
}

static void
an_element_that_refuses_every_look_is_removed_at_the_end_of_the_grace_time(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
	run_refused(GRACE_MS - 1);
	CHECK(is_there());
	run_refused(2);
	CHECK(!is_there());
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "connection-lost");
	world_end();
}

static void
an_element_whose_host_does_not_answer_is_removed_after_the_grace_time(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
	world_run(GRACE_MS - 1);
	CHECK(is_there());
	world_run(1);
	CHECK(!is_there());
	world_end();
}

static void
an_element_that_accepts_the_connection_and_is_silent_is_removed_after_the_grace_time(void)
{
	uint32_t link = begin_asked();

	world_run(GRACE_MS - FIRST_LOOK_MS - 1);
	CHECK(is_there());
	world_run(1);
	CHECK(world_was_closed(link));
	CHECK(!is_there());
	world_end();
}

static void
an_acknowledgement_over_another_connection_does_not_answer_a_look(void)
{
	(void)begin_asked();
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	acknowledges(WEB2);
	run_refused(2 * ANSWER_MS);
	CHECK(!is_there());
	world_end();
}

static void
a_removal_has_the_number_that_the_element_gave(void)
{
	struct rsp_message msg;

	begin();
	world_down(WEB1, RSP_ECLOSED);
	run_refused(GRACE_MS + 1);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.statement.epoch.epoch, number.epoch);
	CHECK_EQ(msg.element.statement.epoch.instance, number.instance);
	CHECK_EQ(msg.element.home_id, ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_end();
}

/* The element does not acknowledge a keep-alive over its connection, which is still there. */
static void
begin_silent(void)
{
	begin();
	while (!world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE))
		world_run(1);
	CHECK_EQ(n_looks(), 0);
	world_run(ANSWER_MS);
}

static void
an_element_that_does_not_acknowledge_a_keep_alive_is_dialled_at_once(void)
{
	begin_silent();
	CHECK_EQ(n_looks(), 1);
	CHECK(is_there());
	CHECK(!rsp_registrar_link_elements(w.r, WEB1));
	world_end();
}

static void
an_element_that_answers_neither_a_keep_alive_nor_a_look_is_removed(void)
{
	begin_silent();
	run_refused(GRACE_MS - 1);
	CHECK(is_there());
	run_refused(2);
	CHECK(!is_there());
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

/* It may only be slow: it registers again, and does not wait for a keep-alive for ever. */
static void
an_element_that_loses_its_link_is_told_over_the_connection_that_is_left(void)
{
	struct rsp_message msg;

	begin_silent();
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_DEREGISTRATION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_UNANSWERED);
	world_end();
}

static void
an_element_that_registers_over_the_dialled_connection_is_linked_there(void)
{
	uint32_t link = begin_asked();
	struct rsp_epoch next = { .epoch = number.epoch + 1, .instance = PROCESS };

	world_register_epoch(link, "web", PE, next);
	CHECK(rsp_registrar_link_elements(w.r, link));
	CHECK(!world_was_closed(link));
	CHECK_EQ(world_epoch("web", PE), next.epoch);
	world_run(3 * INTERVAL_MS / 2);
	CHECK(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE) > 1); /* as over any link */
	CHECK_EQ(n_looks(), 1);
	world_end();
}

static void
an_element_that_registers_elsewhere_while_it_is_dialled_is_not_asked(void)
{
	uint32_t link = begin_dialled();
	struct rsp_epoch next = { .epoch = number.epoch + 1, .instance = PROCESS };

	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(WEB2, "web", PE, next);
	CHECK(world_was_closed(link));
	run_refused(2 * GRACE_MS);
	CHECK(is_there());
	CHECK_EQ(n_looks(), 1);
	world_end();
}

/* @n elements, each with its own listener, lose their connection. At most two are dialled at a time. */
static void
begin_queue(uint32_t n)
{
	struct rsp_registrar_config config = config_of_looks();

	config.max_adoptions = 2;
	begin_config(&config);
	for (uint32_t i = 1; i < n; i++) {
		struct rsp_message msg = world_registration("web", PE + i, "192.0.2.1");
		struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
		uint8_t room[RSP_ADDRS_ROOM(1)];

		msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = (uint16_t)(5000 + i) };
		rsp_transport_set_ips(&msg.element.asap, &ip, 1, room);
		world_tell(WEB1, &msg);
	}
	world_down(WEB1, RSP_ECLOSED);
	world_run(FIRST_LOOK_MS);
}

static void
looks_dial_a_few_elements_at_a_time(void)
{
	begin_queue(6);
	CHECK_EQ(n_looks(), 2);
	world_end();
}

static void
a_look_that_waits_begins_when_another_dial_ends(void)
{
	begin_queue(6);
	world_down(look(0), RSP_EUNREACHABLE);
	CHECK_EQ(n_looks(), 3);
	is_up(look(1));
	CHECK_EQ(n_looks(), 4);
	world_end();
}

static void
an_element_whose_look_waits_is_not_removed(void)
{
	begin_queue(3);
	CHECK_EQ(n_looks(), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	world_run(GRACE_MS - FIRST_LOOK_MS); /* two have not answered */
	CHECK_EQ(n_looks(), 3);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 1);
	world_end();
}

static void
elements_with_one_listener_share_a_look_s_connection(void)
{
	begin();
	world_register(WEB1, "web", 8);
	world_down(WEB1, RSP_ECLOSED);
	world_run(FIRST_LOOK_MS);
	CHECK_EQ(n_looks(), 1);
	uint32_t link = world_dialled("web1");
	is_up(link);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	acknowledges(link);
	CHECK(!world_was_closed(link));
	world_ack(link, "web", 8);
	CHECK(world_was_closed(link));
	world_end();
}

static void
two_looks_at_one_element_keep_their_distance(void)
{
	struct rsp_registrar_config config = config_of_looks();

	config.keepalive_distance_ms = 1000;
	config.reconnect_grace_ms = 10000;
	begin_config(&config);
	world_down(WEB1, RSP_ECLOSED);
	reported(PE);
	is_up(look(0));
	world_run(999); /* it does not answer */
	reported(PE);
	CHECK_EQ(n_looks(), 1);
	world_run(1);
	reported(PE);
	CHECK_EQ(n_looks(), 2);
	world_end();
}

/* This process did not run while the answer may have arrived: it is read first. */
static void
an_answer_that_may_not_have_been_read_yet_is_awaited(void)
{
	uint32_t link = begin_asked();

	w.now += 5000;
	rsp_registrar_tick(w.r, w.now);
	CHECK(is_there());
	CHECK(!world_was_closed(link));
	acknowledges(link);
	CHECK(world_was_closed(link));
	CHECK(is_there());
	world_end();
}

static void
a_registrar_that_leaves_begins_no_look(void)
{
	begin();
	rsp_registrar_leave(w.r);
	CHECK_EQ(n_looks(), 0);
	world_end();
}

static void
a_report_of_an_element_that_is_not_linked_begins_a_look_at_once(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
	reported(PE);
	CHECK_EQ(n_looks(), 1);
	world_end();
}

static void
a_report_of_a_linked_element_asks_it_over_its_link(void)
{
	begin();
	reported(PE);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK_EQ(n_looks(), 0);
	world_end();
}

/* The element 8, with the listener of the other one, lives one second. */
static void
begin_short_life(void)
{
	struct rsp_message msg = world_registration("web", 8, "192.0.2.1");

	begin();
	msg.element.lifetime_s = 1;
	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5000 };
	msg.element.asap.addrs = msg.element.user.addrs;
	msg.element.asap.n_addrs = msg.element.user.n_addrs;
	world_tell(WEB1, &msg);
}

static void
an_element_that_expires_is_removed_without_a_look(void)
{
	begin_short_life();
	world_run(1001);
	CHECK_EQ(world_home("web", 8), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	CHECK_EQ(n_looks(), 0);
	world_end();
}

static void
an_element_that_expires_while_it_is_dialled_ends_the_look(void)
{
	begin_short_life();
	world_run(700);
	world_down(WEB1, RSP_ECLOSED);
	world_run(FIRST_LOOK_MS);
	is_up(look(0));
	acknowledges(look(0));
	CHECK(!world_was_closed(look(0))); /* the other one is asked, too */
	world_run(1000 - 700 - FIRST_LOOK_MS);
	CHECK_EQ(world_home("web", 8), 0);
	CHECK(world_was_closed(look(0)));
	world_end();
}

int
main(void)
{
	TAP_RUN(an_element_whose_connection_closes_is_dialled_at_its_asap_transport);
	TAP_RUN(the_keep_alive_of_a_look_has_the_number_of_the_element_and_no_h_flag);
	TAP_RUN(an_element_that_answers_a_look_stays_as_it_was);
	TAP_RUN(an_element_without_epoch_that_answers_a_look_stays_as_it_was);
	TAP_RUN(an_element_that_answers_a_look_is_looked_at_again_after_the_keep_alive_interval);
	TAP_RUN(an_element_that_answered_one_look_has_the_grace_time_after_the_next);
	TAP_RUN(an_element_that_refuses_every_look_is_removed_at_the_end_of_the_grace_time);
	TAP_RUN(an_element_whose_host_does_not_answer_is_removed_after_the_grace_time);
	TAP_RUN(an_element_that_accepts_the_connection_and_is_silent_is_removed_after_the_grace_time);
	TAP_RUN(an_acknowledgement_over_another_connection_does_not_answer_a_look);
	TAP_RUN(a_removal_has_the_number_that_the_element_gave);
	TAP_RUN(an_element_that_does_not_acknowledge_a_keep_alive_is_dialled_at_once);
	TAP_RUN(an_element_that_answers_neither_a_keep_alive_nor_a_look_is_removed);
	TAP_RUN(an_element_that_loses_its_link_is_told_over_the_connection_that_is_left);
	TAP_RUN(an_element_that_registers_over_the_dialled_connection_is_linked_there);
	TAP_RUN(an_element_that_registers_elsewhere_while_it_is_dialled_is_not_asked);
	TAP_RUN(looks_dial_a_few_elements_at_a_time);
	TAP_RUN(a_look_that_waits_begins_when_another_dial_ends);
	TAP_RUN(an_element_whose_look_waits_is_not_removed);
	TAP_RUN(elements_with_one_listener_share_a_look_s_connection);
	TAP_RUN(two_looks_at_one_element_keep_their_distance);
	TAP_RUN(an_answer_that_may_not_have_been_read_yet_is_awaited);
	TAP_RUN(a_registrar_that_leaves_begins_no_look);
	TAP_RUN(a_report_of_an_element_that_is_not_linked_begins_a_look_at_once);
	TAP_RUN(a_report_of_a_linked_element_asks_it_over_its_link);
	TAP_RUN(an_element_that_expires_is_removed_without_a_look);
	TAP_RUN(an_element_that_expires_while_it_is_dialled_ends_the_look);
	return tap_end();
}
