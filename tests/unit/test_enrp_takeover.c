#include "takeover_world.h"

/* Which registrar takes over a dead one's elements: RFC 5353 s.3.5. What the new home does with them is in
 * test_enrp_adopt.c. */

static unsigned
n_peers(void)
{
	return rsp_registrar_stats(w.r).peers;
}

static void
all_peers_must_acknowledge_a_takeover(void)
{ /* s.3.5.1, s.3.5.2 */
	struct rsp_message msg;

	begin();
	d_dies();
	for (uint32_t link = A; link <= D; link++)
		if (link != B) {
			CHECK(world_find(link, RSP_ENRP, ENRP_INIT_TAKEOVER, 0, &msg)); /* the target too */
			CHECK_EQ(msg.sender_id, ID_US);
			CHECK_EQ(msg.receiver_id, 0); /* announced: s.2.1 */
			CHECK_EQ(msg.target_id, ID_D);
		}
	acknowledged(A, ID_A);
	acknowledged(A, ID_A); /* twice counts once */
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_A); /* for another target */
	CHECK_EQ(world_home("web", 1), ID_D);
	acknowledged(C, ID_C);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	for (uint32_t link = A; link <= C; link += 2) {
		CHECK(world_find(link, RSP_ENRP, ENRP_TAKEOVER_SERVER, 0, &msg));
		CHECK_EQ(msg.receiver_id, 0);
		CHECK_EQ(msg.target_id, ID_D);
	}
	CHECK_EQ(n_peers(), 2);
	for (uint32_t i = 1; i <= 3; i++)
		is_taken_over(i, ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	CHECK(world_was_closed(D)); /* the connection may be broken: dialled again if d returns */
	acknowledged(C, ID_C); /* late */
	world_end();
}

static void
a_registrar_that_has_yielded_acknowledges_each_initiator(void)
{
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(500);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	world_clear();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D); /* a and c settle it between them */
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER), 0);
	for (unsigned i = 0; i < 1000; i++)
		world_about(A, ENRP_TAKEOVER_SERVER, ID_A, 0x4711 + i); /* unknown registrars */
	CHECK_EQ(n_peers(), 3);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(w.n_events, 0);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(world_home("web", 1), ID_A);
	CHECK_EQ(w.n_events, 1);
	CHECK_EQ(w.event[0].kind, RSP_EVENT_PEER_LEFT);
	CHECK_STR(w.event[0].peer, "d");
	CHECK_EQ(w.event[0].count, 3);
	world_end();
}

/* a and c have both taken d over: the statement of the higher server id is greater, and stands. */
static void
of_two_winners_the_greater_statement_stands(void)
{
	struct rsp_pool_element by_c = world_stated_pe(1, ID_C, world_statement(20, PROCESS, RSP_RANK_REGISTERED + 1));

	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(500);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	is_taken_over(1, ID_A);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D); /* there is nothing of d left */
	is_taken_over(1, ID_A);
	world_update(C, ID_C, ENRP_ADD_PE, "web", by_c); /* over the head of a, which is asked */
	is_taken_over(1, ID_A);
	world_update(A, ID_A, ENRP_ADD_PE, "web", by_c); /* a yields */
	is_taken_over(1, ID_C);
	world_end();
}

/* Each takeover since the element registered has its rank. */
static void
a_second_takeover_has_a_higher_rank(void)
{
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web",
		     world_stated_pe(1, ID_D, world_statement(20, PROCESS, RSP_RANK_REGISTERED + 1)));
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	CHECK_EQ(world_stored("web", 1).rank, RSP_RANK_REGISTERED + 2);
	CHECK_EQ(world_stored("web", 2).rank, RSP_RANK_REGISTERED + 1);
	world_end();
}

static void
a_takeover_without_other_peers_is_complete_at_once(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(D, ID_D, "d");
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 20));
	world_run(3000);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(n_peers(), 0);
	world_end();
}

static void
a_takeover_stops_when_the_target_is_heard(void)
{ /* s.3.5.1 */
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_presence(D, ID_D, "d", false);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	CHECK_EQ(peer_state(ID_D), RSP_PEER_ACTIVE);
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(n_peers(), 3);
	world_end();
}

static void
of_two_initiators_the_higher_id_wins(void)
{ /* s.3.5.1, 2 A and B: A is lower than us, C higher */
	struct rsp_message msg;

	begin();
	d_dies();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 0); /* B: ignored */
	CHECK_EQ(peer_state(ID_D), RSP_PEER_DEAD);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	CHECK(world_find(C, RSP_ENRP, ENRP_INIT_TAKEOVER_ACK, 0, &msg));
	CHECK_EQ(msg.target_id, ID_D);
	CHECK_EQ(msg.sender_id, ID_US);
	CHECK_EQ(msg.receiver_id, ID_C);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "other-wins");
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	acknowledged(A, ID_A); /* of a takeover that we have given up */
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);

	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	for (uint32_t i = 1; i <= 3; i++)
		is_taken_over(i, ID_C);
	CHECK_EQ(n_peers(), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	world_end();
}

static void
a_target_that_answers_is_not_given_up(void)
{ /* RFC deviation: s.3.5.1, 3 has it acknowledge at once */
	struct rsp_message msg;

	begin(); /* the target answers: no acknowledgement */
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	CHECK(world_find(D, RSP_ENRP, ENRP_PRESENCE, -1, &msg) && msg.flags == ENRP_FLAG_REPLY_REQUIRED);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	struct rsp_message sign = enrp_message(ENRP_LIST_REQUEST, ID_D);
	world_tell(D, &sign);
	world_run(600);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_ACTIVE);
	world_run(2000); /* when it dies later, that initiation has been answered */
	alive();
	world_run(500);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER), 1);
	world_end();
}

static void
a_target_is_probed_at_a_rate_however_often_it_is_called_dead(void)
{ /* RFC deviation: s.3.5.1, 3 has it acknowledge at once */
	begin();
	for (unsigned i = 0; i < 1000; i++) {
		world_about(i & 1 ? A : C, ENRP_INIT_TAKEOVER, i & 1 ? ID_A : ID_C, ID_D);
		world_presence(D, ID_D, "d", false);
	}
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_RETURNED), 1);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	world_run(250);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 2);
	world_run(500);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 1);
	world_end();
}

static void
a_target_that_does_not_answer_is_given_up(void)
{ /* RFC deviation: s.3.5.1, 3 has it acknowledge at once */
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(499);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	world_run(1);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER), 0);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	world_end();
}

static void
a_target_that_does_not_answer_is_taken_over_if_the_initiator_s_id_is_lower(void)
{ /* RFC deviation: s.3.5.1, 3 has it acknowledge at once */
	begin();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	world_run(501);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER), 1);
	world_end();
}

static void
a_target_is_not_left_to_an_initiator_that_has_died(void)
{
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(400);
	world_down(C, RSP_ECLOSED);
	world_down(world_dialled("c"), RSP_EUNREACHABLE);
	CHECK_EQ(peer_state(ID_C), RSP_PEER_DEAD);
	world_run(100);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_DEAD);
	acknowledged(A, ID_A);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
a_takeover_of_an_unknown_registrar_is_acknowledged(void)
{ /* RFC deviation: s.3.5.1, 3 has it acknowledge at once */
	struct rsp_message msg;

	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, 0x4711);
	CHECK(world_find(C, RSP_ENRP, ENRP_INIT_TAKEOVER_ACK, 0, &msg) && msg.target_id == 0x4711);
	world_end();
}

static void
a_takeover_that_its_initiator_does_not_complete_is_begun_by_another(void)
{
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(500);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	for (unsigned i = 0; i < 3; i++) { /* c is alive, but does not complete it */
		world_run(1000);
		alive();
	}
	CHECK(world_count(A, ENRP_INIT_TAKEOVER) > 0);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "not-taken-over");
	world_end();
}

static void
a_peer_that_dies_need_not_acknowledge(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_presence(A, ID_A, "a", false);
	world_run(2000); /* c is silent meanwhile */
	world_presence(A, ID_A, "a", false);
	world_run(1000);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 2);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
a_registrar_that_connects_during_a_takeover_must_acknowledge_it_too(void)
{ /* it may hear d */
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER), 1);
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);
	acknowledged(B, ID_B);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
a_registrar_that_is_heard_again_during_a_takeover_must_acknowledge_it_too(void)
{
	begin();
	world_run(2400);
	world_presence(A, ID_A, "a", false);
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 2); /* c, too */
	world_clear();
	world_presence(C, ID_C, "c", false);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER), 1); /* and c's own takeover has ended */
	acknowledged(A, ID_A);
	CHECK_EQ(world_home("web", 1), ID_D);
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* It has acknowledged the takeover already. */
static void
a_registrar_that_answers_a_probe_during_a_takeover_need_not_acknowledge_it_again(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_A);
	CHECK_EQ(peer_state(ID_A), RSP_PEER_PROBED);
	world_presence(A, ID_A, "a", false);
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* While c does not acknowledge, d's elements are asked whether d is their home. They answer. */
static void
elements_answer(unsigned *dials)
{
	for (; *dials < w.n_dials; ++*dials) {
		uint32_t link = DIALLED + *dials;

		if (w.dial[*dials].protocol != RSP_ASAP)
			continue;
		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
		for (uint32_t i = 1; i <= 3; i++)
			world_ack(link, "web", i);
	}
}

static void
initiations_are_repeated_at_growing_intervals(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	unsigned dials = w.n_dials;
	for (unsigned i = 0; i < 80; i++) {
		world_run(250);
		alive();
		elements_answer(&dials);
	}
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER), 1);
	CHECK(world_count(C, ENRP_INIT_TAKEOVER) > 5 && world_count(C, ENRP_INIT_TAKEOVER) < 14);
	CHECK_EQ(world_home("web", 1), ID_D); /* c may hear d */
	world_down(C, RSP_ECLOSED); /* sent again over the next connection */
	world_clear();
	world_joined(B, ID_C, "c");
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER), 1);
	world_end();
}

static void
a_takeover_of_a_live_registrar_is_refused(void)
{
	struct rsp_message msg;

	begin();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "takeover-of-a-live-registrar");
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D); /* nor while it is probed */
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_C);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_C);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "takeover-of-itself");
	CHECK_EQ(n_peers(), 3);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	world_end();
}

/* What we heard last of d came late: c had taken it over by then. */
static void
a_registrar_that_ends_after_a_refused_takeover_is_not_taken_over_again(void)
{
	begin();
	world_run(2400);
	alive();
	world_run(200);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_PROBED);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	world_presence(A, ID_A, "a", false);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_run(400);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	acknowledged(A, ID_A);
	CHECK_EQ(world_home("web", 1), ID_D);
	acknowledged(C, ID_C);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "other-wins");
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	is_taken_over(1, ID_C);
	world_end();
}

/* What c said is perhaps false: others may hear d. */
static void
a_registrar_that_ends_long_after_a_refused_takeover_is_taken_over(void)
{
	begin();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	d_dies();
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_presence(A, ID_A, "a", false);
	CHECK_EQ(world_home("web", 1), ID_D);
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	is_taken_over(1, ID_US);
	world_end();
}

static void
a_registrar_that_is_heard_after_a_refused_takeover_is_taken_over_when_it_ends(void)
{
	begin();
	world_run(2400);
	alive();
	world_run(200);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	world_presence(D, ID_D, "d", false);
	world_down(D, RSP_ECLOSED);
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

static void
a_completed_takeover_of_a_lower_id_ends_ours(void)
{ /* TAKEOVER_SERVER of a comes before all have acknowledged ours */
	begin();
	d_dies();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(world_home("web", 1), ID_A);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "other-wins");
	acknowledged(C, ID_C);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	world_end();
}

static void
a_target_that_comes_back_is_a_peer_again(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack(link, "web", 1);
	world_clear();
	world_joined(B, ID_D, "d"); /* it was suspended */
	CHECK_EQ(n_peers(), 3);
	world_update(B, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 20)); /* and missed the takeover */
	struct rsp_message msg;
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
	CHECK(msg.update_action == ENRP_ADD_PE && msg.element.home_id == ID_US);
	CHECK_EQ(msg.element.statement.epoch.epoch, world_epoch("web", 1));
	world_end();
}

/* Many registrars initiate again and again while the target is probed: each is acknowledged once, when the probe
 * ends or when it initiates again. */
static void
each_of_many_initiators_is_acknowledged_once(void)
{
	enum { FIRST = 100, N = 20 };
	struct rsp_message msg;
	char name[16];

	begin();
	for (uint32_t i = FIRST; i < FIRST + N; i++) {
		(void)snprintf(name, sizeof(name), "i%u", i);
		world_joined(i, 0x1000 + i, name);
	}
	world_clear();
	for (unsigned k = 0; k < 30; k++)
		world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	for (uint32_t i = FIRST; i < FIRST + N; i++)
		world_about(i, ENRP_INIT_TAKEOVER, 0x1000 + i, ID_D);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	world_run(500);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(world_count(FIRST, ENRP_INIT_TAKEOVER_ACK), 1);
	for (uint32_t i = FIRST; i < FIRST + N; i++)
		if (!world_count(i, ENRP_INIT_TAKEOVER_ACK))
			world_about(i, ENRP_INIT_TAKEOVER, 0x1000 + i, ID_D);
	for (uint32_t i = FIRST; i < FIRST + N; i++)
		CHECK(world_find(i, RSP_ENRP, ENRP_INIT_TAKEOVER_ACK, 0, &msg) && msg.target_id == ID_D);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), N + 1);
	world_end();
}

static void
a_peer_that_is_given_up_to_another_initiator_need_not_acknowledge(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_joined(B, ID_B, "b"); /* b has a higher id, and finds c dead before we do */
	acknowledged(B, ID_B);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_C);
	world_run(500);
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(peer_state(ID_C), RSP_PEER_INACTIVE);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* a is dead; c has acknowledged its takeover, d has not. */
static void
begin_to_take_a_over(void)
{
	begin();
	uint32_t c = world_dialled("c");
	world_peer(c, "c");
	world_presence(c, ID_C, "c", false);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(9, ID_A, 20));
	world_run(2400);
	world_presence(C, ID_C, "c", false);
	world_presence(D, ID_D, "d", false);
	world_run(600);
	CHECK_EQ(peer_state(ID_A), RSP_PEER_DEAD);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_A);
	world_clear();
}

/* d leaves our list without having acknowledged: that completes no takeover. */
static void
a_registrar_that_is_freed_completes_no_takeover(void)
{
	begin_to_take_a_over();
	rsp_registrar_free(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_clear();
}

static void
a_registrar_that_leaves_completes_no_takeover(void)
{
	begin_to_take_a_over();
	rsp_registrar_leave(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	rsp_registrar_free(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_clear();
}

static void
a_registrar_that_joins_again_completes_no_takeover(void)
{
	begin_to_take_a_over();
	w.now += 600000; /* this process was suspended */
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	CHECK_EQ(world_count(0, ENRP_TAKEOVER_SERVER), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).takeovers, 0);
	world_end();
}

static void
a_peer_that_was_only_named_need_not_acknowledge(void)
{
	struct rsp_peer_view view;

	begin();
	world_run(2000);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(9, ID_B, 20));
	CHECK(world_peer_view(ID_B, &view) && !view.heard && view.state == RSP_PEER_ACTIVE);
	alive();
	world_run(400);
	alive();
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(all_peers_must_acknowledge_a_takeover);
	TAP_RUN(a_registrar_that_has_yielded_acknowledges_each_initiator);
	TAP_RUN(of_two_winners_the_greater_statement_stands);
	TAP_RUN(a_second_takeover_has_a_higher_rank);
	TAP_RUN(a_takeover_without_other_peers_is_complete_at_once);
	TAP_RUN(a_takeover_stops_when_the_target_is_heard);
	TAP_RUN(of_two_initiators_the_higher_id_wins);
	TAP_RUN(a_target_that_answers_is_not_given_up);
	TAP_RUN(a_target_is_probed_at_a_rate_however_often_it_is_called_dead);
	TAP_RUN(a_target_that_does_not_answer_is_given_up);
	TAP_RUN(a_target_that_does_not_answer_is_taken_over_if_the_initiator_s_id_is_lower);
	TAP_RUN(a_target_is_not_left_to_an_initiator_that_has_died);
	TAP_RUN(a_takeover_of_an_unknown_registrar_is_acknowledged);
	TAP_RUN(a_takeover_that_its_initiator_does_not_complete_is_begun_by_another);
	TAP_RUN(a_peer_that_dies_need_not_acknowledge);
	TAP_RUN(a_registrar_that_connects_during_a_takeover_must_acknowledge_it_too);
	TAP_RUN(a_registrar_that_is_heard_again_during_a_takeover_must_acknowledge_it_too);
	TAP_RUN(a_registrar_that_answers_a_probe_during_a_takeover_need_not_acknowledge_it_again);
	TAP_RUN(initiations_are_repeated_at_growing_intervals);
	TAP_RUN(a_takeover_of_a_live_registrar_is_refused);
	TAP_RUN(a_registrar_that_ends_after_a_refused_takeover_is_not_taken_over_again);
	TAP_RUN(a_registrar_that_ends_long_after_a_refused_takeover_is_taken_over);
	TAP_RUN(a_registrar_that_is_heard_after_a_refused_takeover_is_taken_over_when_it_ends);
	TAP_RUN(a_completed_takeover_of_a_lower_id_ends_ours);
	TAP_RUN(a_target_that_comes_back_is_a_peer_again);
	TAP_RUN(each_of_many_initiators_is_acknowledged_once);
	TAP_RUN(a_peer_that_is_given_up_to_another_initiator_need_not_acknowledge);
	TAP_RUN(a_registrar_that_is_freed_completes_no_takeover);
	TAP_RUN(a_registrar_that_leaves_completes_no_takeover);
	TAP_RUN(a_registrar_that_joins_again_completes_no_takeover);
	TAP_RUN(a_peer_that_was_only_named_need_not_acknowledge);
	return tap_end();
}
