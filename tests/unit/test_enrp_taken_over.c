#include "takeover_world.h"

/* A registrar that runs, but was declared dead, and taken over: RFC 5353 s.3.5.1. */

static void
a_live_registrar_that_is_called_dead_sends_presences(void)
{ /* s.3.5.1, 1 */
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	for (uint32_t link = A; link <= D; link++)
		CHECK_EQ(world_count(link, ENRP_PRESENCE), link != B);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	for (unsigned i = 0; i < 1000; i++)
		world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 1); /* once for all of them */
	world_run(101);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 2);
	world_end();
}

/* We have two elements, and c says that it took us over. Its table is requested. */
static void
begin_taken_over(void)
{
	begin();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= 2; i++)
		world_register_epoch(WEB1, "mine", i, (struct rsp_epoch){ .epoch = 20, .instance = PROCESS });
	world_clear();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
}

/* The table of c has them, as c states. */
static void
c_lists_our_elements(void)
{
	world_table_stated(C, ID_C, 0, "mine", 1, 2, ID_C, world_statement(20, PROCESS, RSP_RANK_REGISTERED + 1));
}

static void
a_live_registrar_that_is_taken_over_says_so_and_asks_for_the_table(void)
{
	begin_taken_over();
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 1);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK_EQ(world_home("mine", 1), ID_US);
	world_end();
}

static void
a_live_registrar_that_is_taken_over_asks_its_elements(void)
{
	struct rsp_message msg;

	begin_taken_over();
	c_lists_our_elements();
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg) && msg.flags == 0);
	CHECK_EQ(world_home("mine", 1), ID_US); /* users are shown what it registered */
	world_end();
}

static void
an_element_of_a_registrar_that_is_taken_over_stays_if_it_registers(void)
{
	struct rsp_message msg;

	begin_taken_over();
	c_lists_our_elements();
	world_ack_epoch(WEB1, "mine", 1, (struct rsp_epoch){ .epoch = 20, .instance = PROCESS });
	world_register_epoch(WEB1, "mine", 1, (struct rsp_epoch){ .epoch = 21, .instance = PROCESS });
	CHECK_EQ(world_home("mine", 1), ID_US);
	CHECK_EQ(world_stored("mine", 1).rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK_EQ(msg.element.statement.epoch.epoch, 21);
	world_end();
}

static void
an_element_of_a_registrar_that_is_taken_over_goes_if_it_does_not_answer(void)
{
	struct rsp_message msg;

	begin_taken_over();
	c_lists_our_elements();
	world_run(501);
	CHECK_EQ(world_home("mine", 2), ID_C);
	CHECK_EQ(world_epoch("mine", 2), 20);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_DEREGISTRATION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_MOVED);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	world_end();
}

static void
takeovers_of_a_live_registrar_make_it_ask_once_in_a_heartbeat_cycle(void)
{
	struct rsp_registrar_config config = world_config();

	config.peer_heartbeat_cycle_ms = 30000;
	config.max_time_last_heard_ms = 61000;
	world_begin(&config);
	world_joined(C, ID_C, "c");
	world_clear();
	for (unsigned i = 0; i < 31; i++) {
		world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
		world_table(C, ID_C, 0, "mine", 1, 0, ID_C, 0);
		CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), i < 30 ? 1 : 2);
		world_run(1000);
	}
	world_end();
}

int
main(void)
{
	TAP_RUN(a_live_registrar_that_is_called_dead_sends_presences);
	TAP_RUN(a_live_registrar_that_is_taken_over_says_so_and_asks_for_the_table);
	TAP_RUN(a_live_registrar_that_is_taken_over_asks_its_elements);
	TAP_RUN(an_element_of_a_registrar_that_is_taken_over_stays_if_it_registers);
	TAP_RUN(an_element_of_a_registrar_that_is_taken_over_goes_if_it_does_not_answer);
	TAP_RUN(takeovers_of_a_live_registrar_make_it_ask_once_in_a_heartbeat_cycle);
	return tap_end();
}
