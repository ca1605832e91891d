#include "takeover_world.h"

/* A registrar that we do not hear, but a peer does, is alive: no registrar takes it over. */

/* The peer c hears d, which we do not. */
static void
c_hears_d(void)
{
	const struct rsp_heard d = { .server_id = ID_D, .digest = rsp_home_digest(rsp_registrar_handlespace(w.r), ID_D) };

	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &d, .n_heard = 1 });
}

/* The peer a hears d, too. */
static void
a_hears_d(void)
{
	const struct rsp_heard d = { .server_id = ID_D, .digest = rsp_home_digest(rsp_registrar_handlespace(w.r), ID_D) };

	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = &d, .n_heard = 1 });
}

/* We do not hear d, and c says that it does: after we have begun to doubt. */
static void
begin_relayed(void)
{
	begin();
	world_run(2400);
	alive();
	world_run(200);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_PROBED);
	c_hears_d();
	world_run(400);
}

static void
a_registrar_that_is_heard_by_relay_is_not_taken_over(void)
{
	begin_relayed();
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER), 0);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

/* What c said before may be from before d died. */
static void
a_relay_from_before_the_silence_does_not_count(void)
{
	begin();
	world_run(2400);
	alive();
	c_hears_d();
	world_run(600);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_DEAD);
	world_end();
}

static void
a_takeover_ends_when_a_peer_says_that_it_hears_the_target(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	c_hears_d();
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	world_end();
}

static void
a_takeover_of_what_is_heard_by_relay_is_not_acknowledged(void)
{
	begin_relayed();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	world_run(1000);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	world_end();
}

static void
a_completed_takeover_of_what_is_heard_by_relay_moves_nothing_while_the_relay_hears_it(void)
{
	begin_relayed();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_run(1);
	c_hears_d();
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

static void
a_completed_takeover_of_what_was_heard_by_relay_moves_the_elements_when_the_relay_hears_it_no_more(void)
{
	begin_relayed();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	world_run(1);
	world_presence(C, ID_C, "c", false);
	is_taken_over(1, ID_A);
	world_end();
}

/* What the relay says counts for the time after which a registrar is silent. */
static void
a_registrar_that_is_heard_by_relay_no_more_is_taken_over(void)
{
	begin_relayed();
	for (unsigned i = 0; i < 8; i++) {
		world_run(1000);
		alive();
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_end();
}

/* The statement of c was on its way when d died: c says soon that it does not hear d any more. */
static void
a_takeover_begins_as_soon_as_no_relay_hears_the_registrar_any_more(void)
{
	begin_relayed();
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 0);
	world_presence(C, ID_C, "c", false);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "no-response");
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_end();
}

/* We gave up our takeover because of what a had sent before; a has left it to us, as our id is higher, and asks for its own. */
static void
two_registrars_do_not_leave_a_takeover_to_each_other(void)
{
	begin();
	d_dies();
	a_hears_d();
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	world_clear();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER), 1);
	world_end();
}

/* Its removal may be followed by what c sent before c knew of it. After a time, what c says is news. */
static void
a_registrar_that_was_taken_over_does_not_come_back_by_relay(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	is_taken_over(1, ID_US);
	unsigned peers = rsp_registrar_stats(w.r).peers;
	c_hears_d();
	CHECK_EQ(rsp_registrar_stats(w.r).peers, peers);
	for (unsigned i = 0; i < 4; i++) {
		world_run(1000);
		alive();
	}
	c_hears_d();
	CHECK_EQ(rsp_registrar_stats(w.r).peers, peers + 1);
	world_end();
}

/* We do not hear d. First a says that it does, then c. The registrar b is there, too. */
static void
begin_relayed_twice(void)
{
	begin();
	world_joined(B, ID_B, "b");
	world_run(2400);
	alive();
	world_presence(B, ID_B, "b", false);
	world_run(200);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_PROBED);
	a_hears_d();
	c_hears_d();
	world_run(400);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	world_clear();
}

static void
what_two_peers_hear_is_not_acknowledged_when_one_of_them_hears_it_no_more(void)
{
	begin_relayed_twice();
	world_presence(C, ID_C, "c", false);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_D);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	world_end();
}

static void
what_two_peers_hear_is_acknowledged_when_none_of_them_hears_it_any_more(void)
{
	begin_relayed_twice();
	world_presence(C, ID_C, "c", false);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_D);
	world_presence(A, ID_A, "a", false);
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER_ACK), 1);
	world_end();
}

/* The initiator c hears d no more, although its last PRESENCE said so. */
static void
what_two_peers_hear_is_not_acknowledged_to_one_of_them(void)
{
	begin_relayed_twice();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	world_end();
}

static void
a_completed_takeover_of_what_two_peers_hear_waits_for_both(void)
{
	begin_relayed_twice();
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_D);
	world_run(1);
	world_presence(C, ID_C, "c", false);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_presence(A, ID_A, "a", false);
	is_taken_over(1, ID_B);
	world_end();
}

static void
a_completed_takeover_ends_when_the_second_of_two_peers_hears_the_target(void)
{
	begin_relayed_twice();
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_D);
	world_run(1);
	world_presence(C, ID_C, "c", false);
	a_hears_d();
	world_run(1);
	world_presence(B, ID_B, "b", false);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

/* Two registrars say that they have taken d over. */
static void
a_second_completed_takeover_waits_as_the_first_does(void)
{
	begin_relayed();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	world_joined(B, ID_B, "b");
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_run(1);
	c_hears_d();
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

/* c, which heard d, is taken over. */
static void
the_relay_ends(void)
{
	world_down(C, RSP_ECLOSED);
	world_run(600);
	world_presence(A, ID_A, "a", false);
	world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_C);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
}

/* c hears d, and c is taken over: d, of which c spoke a moment ago, need not have ended. */
static void
a_registrar_that_was_heard_by_relay_is_not_taken_over_at_once_when_the_relay_ends(void)
{
	begin_relayed();
	the_relay_ends();
	world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_D);
	world_presence(A, ID_A, "a", false);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_INACTIVE);
	CHECK_EQ(world_home("web", 1), ID_D);
	for (unsigned i = 0; i < 2; i++) {
		world_run(1000);
		world_presence(A, ID_A, "a", false);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 2);
	world_end();
}

static void
a_completed_takeover_is_accepted_although_a_relay_that_has_ended_heard_the_target(void)
{
	begin_relayed();
	the_relay_ends();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	is_taken_over(1, ID_A);
	world_end();
}

/* No registrar that is left says that it hears d. */
static void
a_completed_takeover_that_waited_for_a_relay_is_accepted_when_the_relay_has_ended(void)
{
	begin_relayed();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	the_relay_ends();
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1); /* that of c */
	is_taken_over(1, ID_A);
	world_end();
}

static void
a_refused_takeover_does_not_move_what_a_peer_hears_when_we_hear_it_no_more(void)
{
	begin();
	world_run(2400);
	alive();
	a_hears_d();
	world_run(200);
	CHECK_EQ(peer_state(ID_D), RSP_PEER_PROBED);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	world_run(400);
	CHECK_EQ(world_home("web", 1), ID_D);
	a_hears_d();
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

/* a has completed a takeover of d, which waits for the relay; then a ends itself. */
static void
a_completed_takeover_by_a_registrar_that_has_ended_is_not_accepted(void)
{
	begin_relayed();
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	world_down(A, RSP_ECLOSED);
	world_run(600);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_A);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	world_presence(C, ID_C, "c", false);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 2);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_D);
	is_taken_over(1, ID_US);
	world_end();
}

/* c is heard, but has not said for long that it hears d. */
static void
a_relay_does_not_count_after_max_time_last_heard(void)
{
	struct rsp_message sign = enrp_message(ENRP_LIST_REQUEST, ID_C);

	begin_relayed();
	for (unsigned i = 0; i < 10; i++) {
		world_run(500);
		world_presence(A, ID_A, "a", false);
		world_tell(C, &sign);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_end();
}

/* c says that it hears b, and where b is; so b is a peer before we hear it. */
static void
c_names_b(void)
{
	const struct rsp_heard b = { .server_id = ID_B };
	const struct rsp_ip ip = { 4, { 192, 0, 2, ID_B } };
	struct rsp_server_info info = { .server_id = ID_B,
					.transport = { .type = RSP_PARAM_TCP, .port = 9000 },
					.name = rsp_bytes_str("b") };
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_C);
	uint8_t addrs[RSP_ADDRS_ROOM(1)], room[256];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &b, .n_heard = 1 });
	rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
	rsp_server_info_encode(&wr, &info);
	list.has = RSP_HAS_LIST;
	list.list = rsp_bytes_of(room, wr.pos);
	list.n_list = 1;
	world_tell(C, &list);
}

static void
a_registrar_that_a_relay_named_has_joined_when_it_is_heard(void)
{
	begin();
	c_names_b();
	CHECK_EQ(peer_state(ID_B), RSP_PEER_ACTIVE);
	uint32_t b = world_dialled("b");
	CHECK(b != 0);
	world_peer(b, "b");
	CHECK_EQ(world_told(RSP_EVENT_PEER_JOINED), 0); /* not yet */
	world_presence(b, ID_B, "b", false);
	CHECK_EQ(world_told(RSP_EVENT_PEER_JOINED), 1);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1); /* the registrars that it knows may be new */
	world_presence(b, ID_B, "b", false);
	CHECK_EQ(world_told(RSP_EVENT_PEER_JOINED), 1);
	world_end();
}

/* Two registrars that have just begun know a, but not each other. */
static void
the_list_of_a_peer_is_requested_when_it_hears_a_registrar_whose_address_is_unknown(void)
{
	const struct rsp_heard e = { .server_id = 0xe0 };
	struct rsp_message msg = { 0 };

	begin();
	c_hears_d();
	CHECK_EQ(world_count(0, ENRP_LIST_REQUEST), 0); /* d is known */
	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &e, .n_heard = 1 });
	CHECK_EQ(world_count(0, ENRP_LIST_REQUEST), 1);
	CHECK(world_find(C, RSP_ENRP, ENRP_LIST_REQUEST, -1, &msg) && msg.receiver_id == ID_C);
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = &e, .n_heard = 1 });
	CHECK_EQ(world_count(0, ENRP_LIST_REQUEST), 1); /* it was requested a moment ago */
	world_run(500);
	world_clear();
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = &e, .n_heard = 1 });
	CHECK_EQ(world_count(0, ENRP_LIST_REQUEST), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_registrar_that_is_heard_by_relay_is_not_taken_over);
	TAP_RUN(a_relay_from_before_the_silence_does_not_count);
	TAP_RUN(a_takeover_ends_when_a_peer_says_that_it_hears_the_target);
	TAP_RUN(a_takeover_of_what_is_heard_by_relay_is_not_acknowledged);
	TAP_RUN(a_completed_takeover_of_what_is_heard_by_relay_moves_nothing_while_the_relay_hears_it);
	TAP_RUN(a_completed_takeover_of_what_was_heard_by_relay_moves_the_elements_when_the_relay_hears_it_no_more);
	TAP_RUN(a_registrar_that_is_heard_by_relay_no_more_is_taken_over);
	TAP_RUN(a_takeover_begins_as_soon_as_no_relay_hears_the_registrar_any_more);
	TAP_RUN(two_registrars_do_not_leave_a_takeover_to_each_other);
	TAP_RUN(a_registrar_that_was_taken_over_does_not_come_back_by_relay);
	TAP_RUN(what_two_peers_hear_is_not_acknowledged_when_one_of_them_hears_it_no_more);
	TAP_RUN(what_two_peers_hear_is_acknowledged_when_none_of_them_hears_it_any_more);
	TAP_RUN(what_two_peers_hear_is_not_acknowledged_to_one_of_them);
	TAP_RUN(a_completed_takeover_of_what_two_peers_hear_waits_for_both);
	TAP_RUN(a_completed_takeover_ends_when_the_second_of_two_peers_hears_the_target);
	TAP_RUN(a_second_completed_takeover_waits_as_the_first_does);
	TAP_RUN(a_registrar_that_was_heard_by_relay_is_not_taken_over_at_once_when_the_relay_ends);
	TAP_RUN(a_completed_takeover_is_accepted_although_a_relay_that_has_ended_heard_the_target);
	TAP_RUN(a_completed_takeover_that_waited_for_a_relay_is_accepted_when_the_relay_has_ended);
	TAP_RUN(a_refused_takeover_does_not_move_what_a_peer_hears_when_we_hear_it_no_more);
	TAP_RUN(a_completed_takeover_by_a_registrar_that_has_ended_is_not_accepted);
	TAP_RUN(a_relay_does_not_count_after_max_time_last_heard);
	TAP_RUN(a_registrar_that_a_relay_named_has_joined_when_it_is_heard);
	TAP_RUN(the_list_of_a_peer_is_requested_when_it_hears_a_registrar_whose_address_is_unknown);
	return tap_end();
}
