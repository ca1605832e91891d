#include "counterexample_world.h"

/* The counterexamples of ownership.md 10 that one registrar decides, with elements and peers that number: what each clause
 * of the rule is for. tests/explore/counterexamples.c has those of several registrars, test_counterexamples_peers.c those
 * of elements without EPOCH and peers without STATEMENT. */

/* a is silent, b has acknowledged, and we have taken the element over, which was registered at a in epoch 3. */
static void
begin_after_takeover(void)
{
	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_check_shown(ID_A, 80);
	ce_run(4000, LIVE_B);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_A);
	ce_run(100, LIVE_B);
	ce_check_shown(ID_US, 80);
	world_clear();
}

static void
c01_a_statement_from_before_a_takeover_does_not_bring_the_dead_home_back(void)
{
	unsigned takeovers;

	begin_after_takeover();
	takeovers = world_count(B, ENRP_TAKEOVER_SERVER);
	for (unsigned i = 0; i < 5; i++) {
		ce_says(B, ID_B, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
		ce_check_shown(ID_US, 80);
		ce_run(100, LIVE_B);
	}
	CHECK_EQ(world_count(B, ENRP_TAKEOVER_SERVER), takeovers);
	world_end();
}

static void
c01_the_sender_of_the_older_statement_is_told_ours(void)
{
	struct rsp_message msg;

	begin_after_takeover();
	ce_says(B, ID_B, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
	CHECK_EQ(msg.element.home_id, ID_US);
	CHECK_EQ(msg.element.statement.epoch.epoch, 3);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REGISTERED + 1);
	world_end();
}

static void
c02_an_element_that_is_linked_is_asked_before_a_newer_statement_is_believed(void)
{
	struct rsp_message msg;

	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_clear();
	ce_says(A, ID_A, ce_pe(ID_A, 5, Q, RSP_RANK_REGISTERED, 81));
	ce_check_shown(ID_US, 80); /* until it answers, users are shown what it registered */
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK(msg.has & RSP_HAS_EPOCH && msg.epoch.epoch == 5 && msg.epoch.instance == Q);
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	world_end();
}

static void
c03_a_process_that_another_one_knew_of_is_refused_whatever_its_number(void)
{
	struct rsp_epoch known;
	struct rsp_pool_element pe = ce_pe(ID_A, 5, Q, RSP_RANK_REGISTERED, 81);

	ce_begin(LIVE_A);
	pe.statement.epoch.over = P;
	ce_says(A, ID_A, pe);
	CHECK_EQ(ce_register(WEB1, 4, P, 80, &known), RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK(known.epoch == 5 && known.instance == Q && known.over == P);
	ce_check_shown(ID_A, 81);
	world_end();
}

static void
c04_an_old_epoch_is_refused_with_the_number_that_is_known(void)
{
	struct rsp_epoch known;

	ce_begin(LIVE_A);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REMOVED, 80));
	ce_check_shown(0, 0);
	CHECK_EQ(ce_register(WEB1, 1, Q, 81, &known), RSP_CAUSE_EPOCH_OLD);
	CHECK(known.epoch == 3 && known.instance == P);
	CHECK_EQ(ce_register(WEB1, 4, Q, 81, NULL), RSP_CAUSE_NONE);
	ce_check_shown(ID_US, 81);
	world_end();
}

static void
c05_the_acknowledgement_of_a_new_home_moves_nothing(void)
{
	struct rsp_message msg;
	uint32_t link;

	begin_after_takeover();
	link = ce_look_is_up();
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, ASAP_FLAG_HOME);
	ce_ack(link, 4, P);
	CHECK(!world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) || msg.element.statement.epoch.epoch == 3);
	CHECK_EQ(ce_register(link, 5, P, 81, NULL), RSP_CAUSE_NONE);
	ce_check_shown(ID_US, 81);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
	CHECK(msg.element.statement.epoch.epoch == 5 && msg.element.statement.rank == RSP_RANK_REGISTERED);
	world_end();
}

static void
c06_a_removed_element_is_not_looked_at_again_for_an_old_statement(void)
{
	struct rsp_message msg;
	unsigned dials;

	ce_begin(LIVE_A | LIVE_B);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	ce_run_unanswered(3000, LIVE_A | LIVE_B);
	ce_check_shown(0, 0);
	world_clear();
	dials = ce_dials();
	for (unsigned i = 0; i < 5; i++) {
		ce_says(B, ID_B, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 80));
		ce_check_shown(0, 0);
	}
	CHECK_EQ(ce_dials(), dials);
	CHECK_EQ(ce_updates(A), 0);
	CHECK(ce_updates(B) >= 1 && world_update_sent(B, &msg) == ENRP_DEL_PE);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	world_end();
}

static void
c07_a_statement_is_believed_whichever_registrar_relays_it_and_a_dead_one_is_told_to_be_removed(void)
{
	struct rsp_message msg;

	ce_begin(LIVE_A | LIVE_B);
	ce_says(B, ID_B, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_check_shown(ID_A, 80);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REMOVED, 80));
	ce_check_shown(0, 0);
	world_clear();
	ce_says(B, ID_B, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_check_shown(0, 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK_EQ(ce_updates(A), 0);
	world_end();
}

static void
c08_what_names_us_as_home_and_is_not_linked_is_looked_at(void)
{
	struct rsp_message msg;
	uint32_t link;

	ce_begin(LIVE_A);
	ce_says(A, ID_A, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 80));
	ce_check_shown(ID_US, 80);
	ce_run(100, LIVE_A);
	link = ce_look_is_up();
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	CHECK(msg.epoch.epoch == 3 && msg.epoch.instance == P);
	ce_ack(link, 3, P);
	ce_check_shown(ID_US, 80);
	world_end();
}

static void
c08_what_names_us_as_home_and_does_not_answer_is_removed_at_its_epoch(void)
{
	struct rsp_message msg;

	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 80));
	ce_run_unanswered(3000, LIVE_A | LIVE_B);
	ce_check_shown(0, 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.statement.epoch.epoch == 3 && msg.element.statement.epoch.instance == P);
	CHECK(msg.element.statement.rank == RSP_RANK_REMOVED && msg.element.home_id == ID_US);
	world_end();
}

static void
c11_a_takeover_waits_for_each_registrar_that_is_heard(void)
{
	ce_begin(LIVE_A | LIVE_B | LIVE_C);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_run(4000, LIVE_B | LIVE_C);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_A);
	for (unsigned i = 0; i < 20; i++) {
		ce_run(500, LIVE_B | LIVE_C); /* c is heard, and does not acknowledge */
		CHECK(ce_shown().home_id != ID_US);
	}
	CHECK_EQ(world_count(0, ENRP_TAKEOVER_SERVER), 0);
	world_end();
}

static void
c12_a_home_is_believed_when_it_says_itself_that_another_removed_its_element(void)
{
	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	world_clear();
	ce_says(B, ID_B, ce_pe(ID_B, 3, P, RSP_RANK_REMOVED, 80));
	ce_check_shown(ID_A, 80); /* over the head of a, which is heard: a alone is asked */
	CHECK(ce_updates(A) == 1 && ce_updates(B) == 0);
	ce_says(A, ID_A, ce_pe(ID_B, 3, P, RSP_RANK_REMOVED, 80));
	ce_check_shown(0, 0);
	world_end();
}

static void
c13_a_tombstone_stays_while_a_peer_that_is_heard_is_out_of_step(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_ip ip = { 4, { 192, 0, 2, ID_B } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	config.hold_ms = 0;
	config.tombstone_ms = 3000;
	ce_begin_with(&config, LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_says(A, ID_A, ce_pe(ID_A, 4, P, RSP_RANK_REMOVED, 80));
	for (unsigned i = 0; i < 20; i++) { /* b's digest is that of a table that we do not have */
		struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_B);

		msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
		msg.checksum = 0x1234;
		msg.server_info = (struct rsp_server_info){ .server_id = ID_B,
							    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
							    .name = rsp_bytes_str("b"),
							    .has_state = true,
							    .state = { .digest = 99 } };
		rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
		world_tell(B, &msg);
		ce_run(500, LIVE_A);
		if (world_count(B, ENRP_HANDLE_TABLE_REQUEST))
			world_table(B, ID_B, ENRP_FLAG_REJECT, POOL, 0, 0, ID_B, 0);
		world_clear();
	}
	ce_says(B, ID_B, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_check_shown(0, 0);
	world_end();
}

static void
c14_over_is_compared_before_the_number(void)
{
	struct rsp_pool_element pe = ce_pe(ID_A, 5, P, RSP_RANK_REGISTERED, 80);

	ce_begin(LIVE_A);
	pe.statement.epoch.over = Q;
	ce_says(A, ID_A, pe);
	CHECK_EQ(ce_register(WEB1, 23, Q, 81, NULL), RSP_CAUSE_NON_UNIQUE_PE_ID);
	ce_check_shown(ID_A, 80);
	world_end();
}

static void
c15_the_elements_of_a_home_whose_takeover_never_completes_are_looked_at(void)
{
	ce_begin(LIVE_A | LIVE_C);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_run_unanswered(15000, LIVE_C); /* c is heard, and never acknowledges */
	CHECK(ce_dials() > 0);
	ce_check_shown(0, 0);
	world_end();
}

static void
c15_such_an_element_stays_if_it_answers_and_is_not_asked_to_move(void)
{
	struct rsp_message msg;
	uint32_t link = 0;

	ce_begin(LIVE_A | LIVE_C);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	for (unsigned i = 0; i < 30 && !link; i++) {
		ce_run(500, LIVE_C);
		link = ce_dialled();
	}
	link = ce_look_is_up();
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	ce_ack(link, 3, P);
	ce_check_shown(ID_A, 80);
	world_end();
}

static void
c16_a_statement_over_the_head_of_a_home_that_does_not_answer_holds_after_a_time(void)
{
	ce_begin(LIVE_A | LIVE_B);
	ce_says(A, ID_A, ce_pe(ID_A, 3, P, RSP_RANK_REGISTERED, 80));
	ce_says(B, ID_B, ce_pe(ID_B, 3, P, RSP_RANK_REGISTERED + 1, 80));
	ce_check_shown(ID_A, 80);
	ce_run(1500, LIVE_A | LIVE_B); /* 2 x MAX-TIME-NO-RESPONSE is 1000 ms */
	ce_check_shown(ID_B, 80);
	world_end();
}

static void
c17_a_registrar_that_was_suspended_forgets_all_and_asks_what_is_linked(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg;

	config.hold_ms = 0;
	config.tombstone_ms = 60000;
	ce_begin_with(&config, LIVE_A);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_clear();
	w.now += 40000;
	rsp_registrar_tick(w.r, w.now);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	ce_check_shown(ID_US, 80); /* users are answered from a copy */
	world_end();
}

static void
c29_a_statement_with_our_number_and_other_contents_is_not_what_was_registered_here(void)
{
	ce_begin(LIVE_A);
	CHECK_EQ(ce_register(WEB1, 3, P, 80, NULL), RSP_CAUSE_NONE);
	world_clear();
	ce_says(A, ID_A, ce_pe(ID_US, 3, P, RSP_RANK_REGISTERED, 60000));
	ce_check_shown(ID_US, 80);
	CHECK_EQ(ce_asked(WEB1), 1); /* the longer or greater contents are the greater statement: the element is asked */
	CHECK_EQ(ce_register(WEB1, 4, P, 80, NULL), RSP_CAUSE_NONE);
	ce_check_shown(ID_US, 80);
	world_end();
}

int
main(void)
{
	TAP_RUN(c01_a_statement_from_before_a_takeover_does_not_bring_the_dead_home_back);
	TAP_RUN(c01_the_sender_of_the_older_statement_is_told_ours);
	TAP_RUN(c02_an_element_that_is_linked_is_asked_before_a_newer_statement_is_believed);
	TAP_RUN(c03_a_process_that_another_one_knew_of_is_refused_whatever_its_number);
	TAP_RUN(c04_an_old_epoch_is_refused_with_the_number_that_is_known);
	TAP_RUN(c05_the_acknowledgement_of_a_new_home_moves_nothing);
	TAP_RUN(c06_a_removed_element_is_not_looked_at_again_for_an_old_statement);
	TAP_RUN(c07_a_statement_is_believed_whichever_registrar_relays_it_and_a_dead_one_is_told_to_be_removed);
	TAP_RUN(c08_what_names_us_as_home_and_is_not_linked_is_looked_at);
	TAP_RUN(c08_what_names_us_as_home_and_does_not_answer_is_removed_at_its_epoch);
	TAP_RUN(c11_a_takeover_waits_for_each_registrar_that_is_heard);
	TAP_RUN(c12_a_home_is_believed_when_it_says_itself_that_another_removed_its_element);
	TAP_RUN(c13_a_tombstone_stays_while_a_peer_that_is_heard_is_out_of_step);
	TAP_RUN(c14_over_is_compared_before_the_number);
	TAP_RUN(c15_the_elements_of_a_home_whose_takeover_never_completes_are_looked_at);
	TAP_RUN(c15_such_an_element_stays_if_it_answers_and_is_not_asked_to_move);
	TAP_RUN(c16_a_statement_over_the_head_of_a_home_that_does_not_answer_holds_after_a_time);
	TAP_RUN(c17_a_registrar_that_was_suspended_forgets_all_and_asks_what_is_linked);
	TAP_RUN(c29_a_statement_with_our_number_and_other_contents_is_not_what_was_registered_here);
	return tap_end();
}
