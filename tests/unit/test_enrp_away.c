#include "away_world.h"

/* A registrar that was suspended (its process or its host), or that heard no peer, for more than half the time for which
 * registrars keep removals, joins again: removals may have been forgotten meanwhile. A copy of what it had answers users
 * until then, and stands again if there is no registrar to join. After a shorter pause it only asks its peers what is new. */

static void
a_short_pause_keeps_everything(void)
{
	uint32_t a = begin();

	pauses(SHORT_MS);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	CHECK_EQ(elements(), 9);
	CHECK(!world_was_closed(a) && !world_was_closed(WEB1));
	CHECK_EQ(world_epoch("mine", 7), number.epoch);
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	world_end();
}

static void
after_a_short_pause_the_peers_are_asked(void)
{
	struct rsp_message msg;
	uint32_t a = begin();

	pauses(SHORT_MS);
	CHECK(world_find(a, RSP_ENRP, ENRP_PRESENCE, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REPLY_REQUIRED);
	world_end();
}

/* Others wait for MAX-TIME-LAST-HEARD and MAX-TIME-NO-RESPONSE, after our last heartbeat. */
static void
a_pause_that_no_peer_can_have_noticed_is_none(void)
{
	struct rsp_message msg;
	uint32_t a = begin();

	pauses(2000);
	CHECK(!world_find(a, RSP_ENRP, ENRP_PRESENCE, 0, &msg) || !msg.flags);
	CHECK_EQ(elements(), 9);
	world_end();
}

static void
after_a_long_pause_the_registrar_joins_again(void)
{
	uint32_t a = begin_away();

	CHECK(!serves());
	CHECK(world_was_closed(a));
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 0);
	world_run(0);
	CHECK(world_dialled("a") != a);
	world_end();
}

static void
any_message_may_show_that_the_registrar_was_suspended(void)
{
	uint32_t a = begin();

	w.now += LONG_MS;
	world_presence(a, ID_A, "a", false);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(!serves());
	world_end();
}

/* The first sign may also be that a dialled connection is up. Joining again closes it. */
static void
a_connection_that_ends_with_joining_again_does_not_come_up(void)
{
	begin_with(1);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	world_run(300);
	CHECK_EQ(w.n_dials, 2);
	world_joined(B, ID_B, "b");
	uint32_t a = world_dialled("a");
	world_clear();
	w.now += LONG_MS;
	CHECK_EQ(world_up(a, RSP_ENRP, RSP_ROLE_PEER, "a"), RSP_ELIMIT);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(world_was_closed(a) && world_was_closed(B));
	CHECK_EQ(rsp_registrar_stats(w.r).links, 0);
	CHECK_EQ(w.n_sent, 0);
	world_run(0);
	CHECK(world_dialled("a") != a); /* joining dials the contacts */
	world_end();
}

static void
a_registrar_without_peers_does_not_join_again(void)
{
	begin_with(0);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 7);
	pauses(LONG_MS);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

static void
users_are_answered_from_a_copy_while_the_registrar_joins(void)
{
	(void)begin_away();
	CHECK_EQ(world_resolve_as(USER, "web", 0, 0).n_list, 7);
	CHECK_EQ(world_resolve_as(USER, "mine", 0, 0).n_list, 2);
	world_end();
}

static void
removals_are_forgotten(void)
{
	uint32_t a = begin();

	world_update(a, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_A, 8));
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	pauses(LONG_MS);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
a_linked_element_keeps_its_connection_and_is_asked_to_register(void)
{
	struct rsp_message msg;

	(void)begin_away();
	CHECK(!world_was_closed(WEB1));
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(msg.pe_id, 7);
	CHECK(msg.epoch.epoch > number.epoch); /* its own number would not make it register */
	world_end();
}

static void
registers_again(void)
{
	world_register_epoch(WEB1, "mine", 7, (struct rsp_epoch){ .epoch = number.epoch + 2, .instance = PROCESS });
}

static void
a_linked_element_that_registers_is_ours_before_the_join_is_complete(void)
{
	(void)begin_away();
	registers_again();
	CHECK_EQ(world_home("mine", 7), ID_US);
	CHECK_EQ(world_epoch("mine", 7), number.epoch + 2);
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	CHECK(!serves());
	world_end();
}

static void
the_table_of_a_mentor_replaces_the_copy(void)
{
	(void)begin_away();
	registers_again();
	(void)table_of_mentor();
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(world_home("web", 3), ID_A);
	CHECK_EQ(world_home("web", 4), 0);
	CHECK_EQ(world_home("web", 11), 0);
	CHECK_EQ(world_home("mine", 7), ID_US); /* it has registered */
	CHECK_EQ(world_home("mine", 8), 0);	/* it was not linked */
	CHECK_EQ(elements(), 4);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0); /* what is forgotten is not removed */
	world_sums_agree();
	world_end();
}

static void
a_linked_element_that_has_not_registered_yet_has_the_time_for_an_answer(void)
{
	(void)begin_away();
	(void)table_of_mentor();
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_run(499);
	CHECK_EQ(world_home("mine", 7), ID_US);
	registers_again();
	world_run(2);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

static void
a_linked_element_that_does_not_register_is_forgotten(void)
{
	(void)begin_away();
	(void)table_of_mentor();
	world_run(501);
	CHECK_EQ(world_home("mine", 7), 0);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

/* The mentor says that we are the home of the element 8: no peer has taken it over. */
static void
an_element_that_the_mentor_says_is_ours_is_looked_at(void)
{
	(void)begin_away();
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "mine", 8, 1, ID_US, number.epoch);
	CHECK(serves());
	CHECK_EQ(world_home("mine", 8), ID_US);
	CHECK_EQ(world_epoch("mine", 8), number.epoch);
	CHECK(rsp_timer_is_set(&rsp_member(world_element("mine", 8))->expiry));
	world_run(0);
	CHECK(world_dialled("web1") != 0);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 2); /* the other is linked */
	world_end();
}

/* Any statement is greater than what was forgotten. */
static void
an_update_while_the_registrar_joins_replaces_the_copy_of_the_element(void)
{
	(void)begin_away();
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(8, ID_A, number.epoch - 10));
	world_update(a, ID_A, ENRP_ADD_PE, "web", world_pe(11, ID_A, 6));
	CHECK_EQ(world_home("mine", 8), ID_A);
	CHECK_EQ(world_home("web", 11), ID_A);
	CHECK_EQ(elements(), 9);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	world_end();
}

static void
a_word_that_is_said_while_the_registrar_joins_replaces_its_copy(void)
{ /* of the registrar c, which sends no RSP_PARAM_STATE */
	(void)begin();
	world_joined_plain(C, ID_C, "c");
	world_update(C, ID_C, ENRP_ADD_PE, "words", world_pe(9, ID_C, 0));
	pauses(LONG_MS);
	world_joined_plain(OTHER, ID_C, "c");
	world_update(OTHER, ID_C, ENRP_ADD_PE, "words", world_pe(9, ID_C, 0));
	(void)table_of_mentor();
	CHECK_EQ(world_home("words", 9), ID_C);
	world_end();
}

/* No registrar is there to join: what we had stands again. */
static void
no_mentor(void)
{
	world_run(0);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
}

static void
without_a_mentor_the_copy_stands_again(void)
{
	struct rsp_peer_view view;

	(void)begin_away();
	no_mentor();
	CHECK_EQ(elements(), 9);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(world_epoch("web", 1), 8);
	CHECK_EQ(world_epoch("mine", 7), number.epoch);
	CHECK(world_peer_view(ID_A, &view) && world_peer_view(ID_D, &view)); /* dead if they are not heard */
	world_sums_agree();
	world_end();
}

static void
without_a_mentor_an_element_that_was_linked_is_linked(void)
{
	(void)begin_away();
	no_mentor();
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	world_ack_epoch(WEB1, "mine", 7, number);
	world_run(2000);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

static void
without_a_mentor_an_element_that_was_not_linked_has_the_grace_time(void)
{
	(void)begin_away();
	no_mentor();
	world_run(600);
	CHECK_EQ(world_home("mine", 8), ID_US);
	world_run(600);
	CHECK_EQ(world_home("mine", 8), 0);
	world_end();
}

static void
without_a_mentor_a_registration_life_begins_again(void)
{
	(void)begin_away();
	no_mentor();
	world_ack_epoch(WEB1, "mine", 7, number);
	world_run(301000);
	CHECK_EQ(world_home("mine", 7), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	world_end();
}

static void
without_a_mentor_the_homes_of_the_others_are_taken_over_when_they_are_silent(void)
{
	(void)begin_away();
	no_mentor();
	for (unsigned i = 0; i < 50; i++) {
		world_run(100);
		world_down(world_dialled("a"), RSP_EUNREACHABLE);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 2);
	world_end();
}

/* a joins, too, and has the lower id: we begin to serve. */
static void
joins_too(uint32_t a)
{
	lists(a, ID_A, true);
	for (unsigned i = 0; i < 30 && !serves(); i++) {
		world_run(100);
		if (world_dialled("a") != a)
			a = answers(ID_A, "a");
	}
	CHECK(serves());
}

static void
of_two_registrars_that_were_suspended_the_first_to_serve_has_its_copy(void)
{
	(void)begin_away();
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	joins_too(a);
	CHECK_EQ(elements(), 9);
	world_end();
}

static void
of_the_copy_that_stands_again_what_was_removed_meanwhile_is_forgotten(void)
{
	(void)begin_away();
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	world_update(a, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_A, 9));
	CHECK_EQ(world_home("web", 1), ID_A);
	world_update(a, ID_A, ENRP_DEL_PE, "web", world_pe(2, ID_A, 7)); /* older than what is known */
	joins_too(a);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_A);
	world_end();
}

static void
what_was_pending_is_forgotten(void)
{
	uint32_t a = begin();

	world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(7, ID_A, number.epoch + 2));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	pauses(LONG_MS);
	no_mentor();
	world_ack_epoch(WEB1, "mine", 7, number);
	world_run(2000);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

/* Isolation: this process runs, and hears no peer */

/* No peer is heard for @for_ms. The elements of a and d are taken over, and the element 7 answers. */
static void
begin_isolated(uint64_t for_ms)
{
	uint32_t a = begin();

	world_down(a, RSP_ECLOSED);
	for (uint64_t end = w.now + for_ms; w.now < end; world_run(1000))
		if (world_dialled("a"))
			world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_clear();
}

static void
returns(uint64_t digest)
{
	world_peer(A, "a");
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .digest = digest });
}

static void
a_registrar_that_heard_no_peer_for_long_joins_again_when_one_returns_with_elements(void)
{
	struct rsp_message msg;

	begin_isolated(LONG_MS);
	returns(0x1234);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(!serves());
	CHECK(!world_was_closed(WEB1));
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	world_end();
}

static void
a_registrar_that_heard_no_peer_for_a_short_time_does_not_join_again(void)
{
	begin_isolated(SHORT_MS);
	returns(0x1234);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	world_end();
}

static void
a_peer_without_elements_is_no_reason_to_join_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	world_end();
}

static void
b_has_elements(void)
{
	world_peer(B, "b");
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234 });
}

static void
after_a_peer_without_elements_one_that_has_them_is_a_reason_to_join_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

/* a has none itself, but hears b, which has some. What a lists comes with its second PRESENCE. */
static void
a_peer_that_hears_one_with_elements_is_a_reason_to_join_again(void)
{
	const struct rsp_heard b = { .server_id = ID_B, .digest = 0x1234 };

	begin_isolated(LONG_MS);
	returns(0);
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = &b, .n_heard = 1 });
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

static void
a_peer_that_hears_one_without_elements_or_us_is_no_reason_to_join_again(void)
{
	const struct rsp_heard heard[] = { { .server_id = ID_B }, { .server_id = ID_US, .digest = 0x1234 } };
	const struct rsp_heard later[] = { { .server_id = ID_B, .digest = 0x1234 } };

	begin_isolated(LONG_MS);
	returns(0);
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = heard, .n_heard = 2 });
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .heard = later, .n_heard = 1 });
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	world_end();
}

static void
after_a_peer_without_state_one_that_has_elements_is_a_reason_to_join_again(void)
{
	begin_isolated(LONG_MS);
	world_joined_plain(B, ID_B, "b");
	returns(0x1234);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

/* It has just begun to run. */
static void
a_peer_that_has_its_first_elements_later_is_no_reason_to_join_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	world_run(500);
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .digest = 0x1234 });
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	world_end();
}

static void
a_registrar_that_has_heard_peers_again_for_max_time_last_heard_does_not_join_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	for (unsigned i = 0; i < 5; i++) {
		world_run(500);
		world_presence(A, ID_A, "a", false);
	}
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	world_end();
}

/* a and c have registered an element each since all are back; a hears c, and has another digest of c's by @differs. */
static void
a_is_in_sync(uint64_t differs)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(1, ID_A, 200));
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(2, ID_C, 200));
	world_run(500);
	const struct rsp_heard c = { .server_id = ID_C, .digest = rsp_home_digest(space, ID_C) + differs };
	world_presence_of(A, ID_A, "a",
			  (struct world_state){ .states = true, .digest = rsp_home_digest(space, ID_A), .heard = &c, .n_heard = 1 });
}

/* All have been away: what a has, and what b lists, is what they have found together since. */
static void
a_registrar_in_sync_with_a_peer_that_has_elements_does_not_join_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	a_is_in_sync(0);
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	world_end();
}

/* a has just begun, and knows nothing of what b has. */
static void
a_peer_with_elements_that_hears_no_other_one_with_elements_is_not_enough(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(1, ID_A, 200));
	world_run(500);
	world_presence_in_sync(A, ID_A, "a");
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

static void
a_peer_that_hears_one_whose_elements_are_missing_is_not_enough(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	a_is_in_sync(1);
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

static void
a_registrar_that_is_isolated_twice_joins_again(void)
{
	begin_isolated(LONG_MS);
	returns(0);
	world_down(A, RSP_ECLOSED);
	for (unsigned i = 0; i < LONG_MS / 1000; i++) {
		world_run(1000);
		if (world_dialled("a"))
			world_down(world_dialled("a"), RSP_EUNREACHABLE);
	}
	b_has_elements();
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

/* What the mentor sent while this registrar joined says nothing of a second absence. */
static void
a_registrar_joins_again_once_for_one_pause(void)
{
	(void)begin_away();
	uint32_t a = table_of_mentor();
	world_clear();
	world_presence_in_sync(a, ID_A, "a");
	world_run(500);
	world_presence_in_sync(a, ID_A, "a");
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 0);
	CHECK(serves());
	world_end();
}

static void
a_registrar_that_is_away_again_joins_again(void)
{
	(void)begin_away();
	(void)table_of_mentor();
	world_clear();
	pauses(LONG_MS);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	world_end();
}

/* No registrar was there to join: what stands again is old, so this registrar joins the first one that returns. */
static void
a_copy_that_stands_again_is_given_up_when_a_peer_returns_with_elements(void)
{
	(void)begin_away();
	no_mentor();
	world_clear();
	returns(0x1234);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(!serves());
	world_end();
}

int
main(void)
{
	TAP_RUN(a_short_pause_keeps_everything);
	TAP_RUN(after_a_short_pause_the_peers_are_asked);
	TAP_RUN(a_pause_that_no_peer_can_have_noticed_is_none);
	TAP_RUN(after_a_long_pause_the_registrar_joins_again);
	TAP_RUN(any_message_may_show_that_the_registrar_was_suspended);
	TAP_RUN(a_connection_that_ends_with_joining_again_does_not_come_up);
	TAP_RUN(a_registrar_without_peers_does_not_join_again);
	TAP_RUN(users_are_answered_from_a_copy_while_the_registrar_joins);
	TAP_RUN(removals_are_forgotten);
	TAP_RUN(a_linked_element_keeps_its_connection_and_is_asked_to_register);
	TAP_RUN(a_linked_element_that_registers_is_ours_before_the_join_is_complete);
	TAP_RUN(the_table_of_a_mentor_replaces_the_copy);
	TAP_RUN(a_linked_element_that_has_not_registered_yet_has_the_time_for_an_answer);
	TAP_RUN(a_linked_element_that_does_not_register_is_forgotten);
	TAP_RUN(an_element_that_the_mentor_says_is_ours_is_looked_at);
	TAP_RUN(an_update_while_the_registrar_joins_replaces_the_copy_of_the_element);
	TAP_RUN(a_word_that_is_said_while_the_registrar_joins_replaces_its_copy);
	TAP_RUN(without_a_mentor_the_copy_stands_again);
	TAP_RUN(without_a_mentor_an_element_that_was_linked_is_linked);
	TAP_RUN(without_a_mentor_an_element_that_was_not_linked_has_the_grace_time);
	TAP_RUN(without_a_mentor_a_registration_life_begins_again);
	TAP_RUN(without_a_mentor_the_homes_of_the_others_are_taken_over_when_they_are_silent);
	TAP_RUN(of_two_registrars_that_were_suspended_the_first_to_serve_has_its_copy);
	TAP_RUN(of_the_copy_that_stands_again_what_was_removed_meanwhile_is_forgotten);
	TAP_RUN(what_was_pending_is_forgotten);
	TAP_RUN(a_registrar_that_heard_no_peer_for_long_joins_again_when_one_returns_with_elements);
	TAP_RUN(a_registrar_that_heard_no_peer_for_a_short_time_does_not_join_again);
	TAP_RUN(a_peer_without_elements_is_no_reason_to_join_again);
	TAP_RUN(after_a_peer_without_elements_one_that_has_them_is_a_reason_to_join_again);
	TAP_RUN(a_peer_that_hears_one_with_elements_is_a_reason_to_join_again);
	TAP_RUN(a_peer_that_hears_one_without_elements_or_us_is_no_reason_to_join_again);
	TAP_RUN(after_a_peer_without_state_one_that_has_elements_is_a_reason_to_join_again);
	TAP_RUN(a_peer_that_has_its_first_elements_later_is_no_reason_to_join_again);
	TAP_RUN(a_registrar_that_has_heard_peers_again_for_max_time_last_heard_does_not_join_again);
	TAP_RUN(a_registrar_in_sync_with_a_peer_that_has_elements_does_not_join_again);
	TAP_RUN(a_peer_with_elements_that_hears_no_other_one_with_elements_is_not_enough);
	TAP_RUN(a_peer_that_hears_one_whose_elements_are_missing_is_not_enough);
	TAP_RUN(a_registrar_that_is_isolated_twice_joins_again);
	TAP_RUN(a_registrar_joins_again_once_for_one_pause);
	TAP_RUN(a_registrar_that_is_away_again_joins_again);
	TAP_RUN(a_copy_that_stands_again_is_given_up_when_a_peer_returns_with_elements);
	return tap_end();
}
