#include "registrar_world.h"

/* A peer claims an element of a third registrar (beyond RFC 5353 s.3.3): its home is asked before the claim is
 * believed. */

/* Whether b was asked, by the last message to it, whether c's statement (@action, @version) on element 7 is right. */
static bool
b_is_asked(uint16_t action, uint64_t version)
{
	struct rsp_message msg;

	return world_update_sent(B, &msg) == action && msg.receiver_id == ID_B && msg.element.home_id == ID_C &&
	       msg.element.version == version;
}

static void
b_announces(uint64_t version)
{
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, version));
}

static void
c_claims(uint64_t version)
{
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, version));
}

/* Element 7 of b, with peers b and c, and a if @with_a. */
static void
begin(bool with_a)
{
	world_begin_with_peers();
	if (with_a)
		world_joined(A, ID_A, "a");
	b_announces(20);
}

static void
a_claim_is_sent_to_the_home_which_may_object(void)
{
	begin(false);
	for (uint64_t v = 22; v < 62; v += 4) {
		world_clear();
		c_claims(v);
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK(b_is_asked(ENRP_ADD_PE, v));
		CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
		world_run(10);
		c_claims(v); /* b is not asked twice for one claim */
		CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
		world_run(489);
		CHECK_EQ(world_home("web", 7), ID_B);
		b_announces(v + 2); /* b objects in time */
		world_run(500);
		CHECK_EQ(world_home("web", 7), ID_B);
	}
	world_sums_agree();
	world_end();
}

static void
a_claim_to_which_the_home_yields_holds(void)
{
	begin(false);
	c_claims(70);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_C, 70)); /* b passes it on: it has yielded */
	CHECK_EQ(world_home("web", 7), ID_C);
	world_clear();
	world_run(600);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 72));
	CHECK_EQ(world_home("web", 7), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_C, 70)); /* late */
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

/* Element 7 is b's until the answer of b is due in @left_ms, and @home's then. */
static void
comes_to(uint64_t left_ms, uint32_t home)
{
	CHECK_EQ(world_home("web", 7), ID_B);
	world_run(left_ms - 1);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_run(1);
	CHECK_EQ(world_home("web", 7), home);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_sums_agree();
}

static void
a_claim_that_the_home_does_not_answer_holds(void)
{
	begin(false);
	c_claims(40);
	comes_to(500, ID_C);
	world_end();
}

static void
a_claim_holds_although_the_home_announces_an_older_version(void)
{ /* sent before b received the claim */
	begin(false);
	c_claims(40);
	b_announces(30);
	CHECK_EQ(world_version("web", 7), 30);
	comes_to(500, ID_C);
	world_end();
}

static void
a_claimant_may_remove_the_element_before_the_home_answers(void)
{
	begin(false);
	c_claims(40);
	world_clear();
	world_run(400);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 42));
	CHECK(b_is_asked(ENRP_DEL_PE, 42));
	comes_to(100, 0);
	world_end();
}

static void
a_claimant_may_withdraw_its_claim(void)
{
	begin(false);
	c_claims(40);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 50));
	comes_to(500, ID_B);
	world_end();
}

static void
a_claimant_may_yield_to_another_one(void)
{
	begin(true);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, 40));
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_C, 42));
	CHECK(b_is_asked(ENRP_ADD_PE, 42));
	comes_to(500, ID_C);
	world_end();
}

/* The home cannot answer */

static void
a_claim_to_an_element_of_a_dead_home_is_believed_at_once(void)
{
	begin(true);
	world_down(B, RSP_ECLOSED);
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
	world_run(600);
	world_clear();
	c_claims(40);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_claim_waits_its_time_when_the_home_dies_before_it_answers(void)
{
	begin(true);
	c_claims(40);
	world_down(B, RSP_ECLOSED);
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
	world_run(499);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
a_claim_of_a_registrar_that_is_gone_gives_way_to_a_takeover(void)
{
	begin(true);
	c_claims(40);
	world_down(B, RSP_ECLOSED);
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
	world_down(C, RSP_ECLOSED);
	world_run(501);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_B);
	CHECK_EQ(world_home("web", 7), ID_A);
	world_end();
}

/* Many claims do not make an element theirs */

/* c claims and removes element 7 in versions after @v; b objects each time before its answer is due. */
static void
b_objects_to_what_c_says(uint64_t v)
{
	c_claims(v + 4);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, v + 5));
	world_run(100);
	CHECK_EQ(world_home("web", 7), ID_B); /* b has to ask the element first */
	b_announces(v + 6);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_version("web", 7), v + 6);
}

static void
claims_of_a_registrar_that_says_it_took_the_home_over_do_not_hold(void)
{
	begin(true);
	for (uint64_t v = 22; v < 1022; v += 10) {
		world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
		CHECK_EQ(world_home("web", 7), ID_B);
		b_objects_to_what_c_says(v);
	}
	world_end();
}

static void
claims_of_two_registrars_do_not_hold_if_the_home_answers_both(void)
{
	begin(true);
	for (uint64_t v = 22; v < 1022; v += 10) {
		world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, v));
		CHECK_EQ(world_home("web", 7), ID_B);
		b_announces(v + 2);
		b_objects_to_what_c_says(v);
	}
	world_end();
}

static void
claims_of_two_registrars_do_not_hold_if_the_home_answers_the_last(void)
{
	begin(true);
	for (uint64_t v = 22; v < 1022; v += 10) {
		world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, v));
		CHECK_EQ(world_home("web", 7), ID_B);
		b_objects_to_what_c_says(v);
	}
	world_end();
}

static void
a_claim_far_ahead_does_not_hold_because_the_home_answered_a_smaller_one(void)
{
	begin(false);
	c_claims(22);
	c_claims(1000000);
	CHECK(b_is_asked(ENRP_ADD_PE, 1000000));
	b_announces(24);
	world_run(400);
	b_announces(1000002);
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
the_highest_version_that_is_accepted_leaves_room_for_an_objection(void)
{
	begin(false);
	uint64_t most = 2 * (UINT64_C(1700000000000) + w.now + UINT64_C(366) * 86400 * 1000);
	c_claims(most);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, most + 2));
	b_announces(most + 2);
	CHECK(world_version("web", 7) == most + 2);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 1);
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_home("web", 8), 0);
	world_end();
}

static void
an_unconfirmed_takeover_does_not_hold_against_a_live_home(void)
{ /* odd versions are takeovers */
	begin(false);
	c_claims(21);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_run(1000);
	CHECK_EQ(world_home("web", 7), ID_B);
	c_claims(22); /* the element has registered there */
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

/* Registrars that know less than we do */

static void
a_registrar_that_missed_a_claim_is_asked_about_it(void)
{
	world_begin_with_peers();
	c_claims(40);
	world_clear();
	b_announces(24);
	CHECK(b_is_asked(ENRP_ADD_PE, 40));
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_clear();
	c_claims(22); /* its own element, in an update that comes late */
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
a_registrar_that_asks_us_about_an_element_of_b_is_sent_its_home(void)
{
	struct rsp_message msg, claim = update_message(ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 24));

	begin(false);
	world_clear();
	claim.receiver_id = ID_US; /* c takes us for its home, and has a newer version of b's than we have */
	world_tell(C, &claim);
	CHECK(world_update_sent(C, &msg) == ENRP_ADD_PE && msg.receiver_id == 0);
	CHECK(msg.element.home_id == ID_B && msg.element.version == 24);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_version("web", 7), 20);
	claim.update_action = ENRP_DEL_PE;
	world_tell(C, &claim);
	claim.element.pe_id = 8; /* an element that we do not know */
	world_tell(C, &claim);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
the_last_statement_holds_of_a_registrar_without_versions(void)
{
	world_begin_with_peers();
	b_announces(0);
	CHECK_EQ(world_home("web", 7), ID_B);
	c_claims(0);
	world_run(500); /* b knows versions, and is asked */
	CHECK_EQ(world_home("web", 7), ID_C);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 0));
	CHECK_EQ(world_home("web", 7), 0);
	c_claims(0);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

/* TAKEOVER_SERVER of a registrar that is alive is refused; but should that one disown an element, the table of the
 * registrar that said so is looked at. Its elements are gone through once in a second at most. */

/* b says that it has no elements any more. Returns whether the registrar behind @link is asked for its table then. */
static bool
is_asked_when_b_disowns_all(uint32_t link)
{
	world_clear();
	world_presence(B, ID_B, "b", false);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "web", 0, 0, ID_B, 0);
	world_run(1500);
	return world_count(link, ENRP_HANDLE_TABLE_REQUEST) > 0;
}

static void
a_takeover_of_a_live_registrar_is_remembered_once_a_second(void)
{
	begin(true);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_B);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK(is_asked_when_b_disowns_all(C));
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
the_last_registrar_that_says_it_took_a_live_one_over_is_remembered(void)
{
	begin(true);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
	world_run(1000);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20));
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_B);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK(is_asked_when_b_disowns_all(A));
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
the_home_answers_a_claim_with_a_statement_that_is_too_large_to_store(void)
{
	static uint8_t extra[2040];
	struct rsp_pool_element pe = world_pe(7, ID_B, 24);

	pe.policy = (struct rsp_policy){ .type = 0x80000001, .extra = rsp_bytes_of(extra, sizeof(extra)) };
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 22)); /* b is asked */
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_told(RSP_EVENT_LIMIT), 1);
	world_run(600); /* nothing waits for an answer any more */
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_claim_is_sent_to_the_home_which_may_object);
	TAP_RUN(a_claim_to_which_the_home_yields_holds);
	TAP_RUN(a_claim_that_the_home_does_not_answer_holds);
	TAP_RUN(a_claim_holds_although_the_home_announces_an_older_version);
	TAP_RUN(a_claimant_may_remove_the_element_before_the_home_answers);
	TAP_RUN(a_claimant_may_withdraw_its_claim);
	TAP_RUN(a_claimant_may_yield_to_another_one);
	TAP_RUN(a_claim_to_an_element_of_a_dead_home_is_believed_at_once);
	TAP_RUN(a_claim_waits_its_time_when_the_home_dies_before_it_answers);
	TAP_RUN(a_claim_of_a_registrar_that_is_gone_gives_way_to_a_takeover);
	TAP_RUN(claims_of_a_registrar_that_says_it_took_the_home_over_do_not_hold);
	TAP_RUN(claims_of_two_registrars_do_not_hold_if_the_home_answers_both);
	TAP_RUN(claims_of_two_registrars_do_not_hold_if_the_home_answers_the_last);
	TAP_RUN(a_claim_far_ahead_does_not_hold_because_the_home_answered_a_smaller_one);
	TAP_RUN(the_highest_version_that_is_accepted_leaves_room_for_an_objection);
	TAP_RUN(an_unconfirmed_takeover_does_not_hold_against_a_live_home);
	TAP_RUN(a_registrar_that_missed_a_claim_is_asked_about_it);
	TAP_RUN(a_registrar_that_asks_us_about_an_element_of_b_is_sent_its_home);
	TAP_RUN(the_last_statement_holds_of_a_registrar_without_versions);
	TAP_RUN(a_takeover_of_a_live_registrar_is_remembered_once_a_second);
	TAP_RUN(the_last_registrar_that_says_it_took_a_live_one_over_is_remembered);
	TAP_RUN(the_home_answers_a_claim_with_a_statement_that_is_too_large_to_store);
	return tap_end();
}
