#include "registrar_world.h"

/* A peer claims an element of ours, or says that it is gone (beyond RFC 5353 s.3.3): the registrar asks the element. */

/* Element 7 of pool "web" is ours, and connected. The registrars b and c are our peers. */
static void
begin(void)
{
	world_begin_with_peers();
	world_register(WEB1, "web", 7);
}

/* The same, and the connection of element 7 has closed: its grace time runs. */
static void
begin_in_grace_time(void)
{
	begin();
	world_down(WEB1, RSP_ECLOSED);
}

/* The peer B claims element 7 in a version that is newer than ours. Returns that version. */
static uint64_t
claim_by_b(void)
{
	uint64_t claimed = world_version("web", 7) + 2;

	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	return claimed;
}

/* The peer B says in a newer version that element 7 is gone. Returns that version. */
static uint64_t
removal_by_b(void)
{
	uint64_t gone = world_version("web", 7) + 2;

	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, gone));
	return gone;
}

/* Both peers were sent our element in its present version. */
static void
both_peers_were_sent_ours(void)
{
	struct rsp_message msg;

	for (uint32_t link = B; link <= C; link++)
		CHECK(world_update_sent(link, &msg) == ENRP_ADD_PE &&
		      msg.element.version == world_version("web", 7));
}

static void
an_element_that_answers_stays_ours(void)
{
	struct rsp_message msg;

	begin();
	world_run(2000);
	world_presence(B, ID_B, "b", false);
	world_presence(C, ID_C, "c", false);
	world_clear();
	uint64_t claimed = claim_by_b();
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg) && msg.flags == 0);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_version("web", 7) > claimed);
	both_peers_were_sent_ours();
	world_sums_agree();
	world_end();
}

static void
an_element_that_is_called_gone_is_asked_but_not_sooner_than_its_distance(void)
{ /* RFC 5355 s.2.14 */
	struct rsp_message msg;

	begin();
	world_run(2000);
	world_presence(B, ID_B, "b", false);
	world_presence(C, ID_C, "c", false);
	(void)claim_by_b();
	world_ack(WEB1, "web", 7);
	world_clear();
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, world_version("web", 7) + 2));
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	world_run(1000);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_ack(WEB1, "web", 7);
	CHECK(world_update_sent(C, &msg) == ENRP_ADD_PE);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

/* The claim in version @claimed held, and no timer of ours ends the element afterwards. */
static void
is_b_s_and_stays_so(uint64_t claimed)
{
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(world_version("web", 7) == claimed);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	for (unsigned i = 0; i < 5; i++) {
		world_run(1000);
		world_presence(C, ID_C, "c", false);
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, claimed));
	}
	CHECK_EQ(world_home("web", 7), ID_B);
	world_sums_agree();
}

static void
an_element_that_does_not_answer_moves_to_the_claimant(void)
{
	begin();
	uint64_t claimed = claim_by_b();
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(501);
	is_b_s_and_stays_so(claimed);
	world_end();
}

static void
an_element_whose_connection_closes_when_it_is_asked_moves_to_the_claimant(void)
{
	begin();
	uint64_t claimed = claim_by_b();
	CHECK_EQ(world_home("web", 7), ID_US);
	world_down(WEB1, RSP_ECLOSED);
	is_b_s_and_stays_so(claimed);
	world_end();
}

static void
an_element_without_a_connection_moves_to_the_claimant_at_once(void)
{
	begin_in_grace_time();
	uint64_t claimed = claim_by_b();
	is_b_s_and_stays_so(claimed);
	world_end();
}

/* Called gone, element 7 is removed at the end of its grace time, of which @left_ms remain; late claims change
 * nothing. */
static void
is_removed_after(uint64_t left_ms, uint64_t gone)
{
	world_run(left_ms - 1);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(1);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
	CHECK_STR(world_reason(RSP_EVENT_PE_MOVED), "removed");
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, gone));
	CHECK_EQ(world_home("web", 7), 0);
}

static void
an_element_that_is_called_gone_and_then_disconnects_has_its_grace_time(void)
{
	begin();
	uint64_t gone = removal_by_b();
	world_down(WEB1, RSP_ECLOSED);
	is_removed_after(700, gone);
	world_end();
}

static void
an_element_that_is_called_gone_in_its_grace_time_keeps_it(void)
{
	begin_in_grace_time();
	uint64_t gone = removal_by_b();
	is_removed_after(700, gone);
	world_end();
}

/* Element 7 comes back in the last millisecond of its grace time, and stays. */
static void
comes_back(uint64_t gone)
{
	world_run(699);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 7);
	CHECK(world_version("web", 7) > gone);
	world_run(1000);
	CHECK_EQ(world_home("web", 7), ID_US);
}

static void
an_element_that_is_called_gone_and_then_disconnects_may_come_back(void)
{
	begin();
	uint64_t gone = removal_by_b();
	world_down(WEB1, RSP_ECLOSED);
	comes_back(gone);
	world_end();
}

static void
an_element_that_is_called_gone_in_its_grace_time_may_come_back(void)
{
	begin_in_grace_time();
	uint64_t gone = removal_by_b();
	comes_back(gone);
	world_end();
}

static void
a_home_that_yields_passes_the_claim_on(void)
{
	struct rsp_message msg;

	begin_in_grace_time();
	world_clear();
	uint64_t claimed = claim_by_b();
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 1);
	CHECK(world_update_sent(C, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_B &&
	      msg.element.version == claimed);
	world_sums_agree();
	world_end();
}

static void
a_home_that_yields_to_a_takeover_passes_nothing_on(void)
{ /* odd versions are takeovers: there may be one for each of its elements */
	begin_in_grace_time();
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, world_version("web", 7) + 1));
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_sums_agree();
	world_end();
}

/* Claims that a third registrar reports */

static void
a_claim_of_b_that_c_reports_is_a_claim(void)
{
	begin();
	uint64_t claimed = world_version("web", 7) + 2;
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed - 4)); /* older than ours */
	CHECK_EQ(world_told(RSP_EVENT_REFUSED) + world_told(RSP_EVENT_PE_CONTESTED), 0);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_B);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_version("web", 7) > claimed);
	both_peers_were_sent_ours();
	world_end();
}

static void
a_claim_of_an_unknown_registrar_that_c_reports_is_a_claim_to_a_connected_element(void)
{
	begin();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, world_version("web", 7) + 2));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
an_element_without_a_connection_moves_to_a_known_registrar_only(void)
{
	begin_in_grace_time();
	uint64_t claimed = world_version("web", 7) + 2;
	struct rsp_pool_element pe = world_pe(7, ID_B, claimed);
	pe.owner = rsp_bytes_str("thief");
	world_update(C, ID_C, ENRP_ADD_PE, "web", pe);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another-registrar");
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, claimed)); /* d is no peer of ours */
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

/* Records */

static void
a_claim_is_recorded_once_and_claims_at_a_rate(void)
{
	begin();
	uint64_t claimed = world_version("web", 7) + 2;
	for (uint32_t i = 0; i < 10; i++) { /* all peers repeat it */
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, claimed)); /* that of another registrar is, too */
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 2);
	for (uint32_t i = 1; i <= 1000; i++) /* in the name of unknown registrars */
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D + i, claimed + i));
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) <= 110);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records");
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_version("web", 7) > claimed + 1000);
	world_end();
}

/* b connected again under id d, and that connection closed: b counts as gone, but its first connection still works. */
static void
claims_of_a_registrar_that_counts_as_gone_are_recorded_at_a_rate(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 0);

	begin();
	world_joined(D, ID_D, "b");
	world_down(D, RSP_ECLOSED);
	for (uint32_t i = 1; i <= 500; i++) {
		pe.version = world_version("web", 7) + i;
		pe.owner = rsp_bytes_str(i & 1 ? "web1" : "thief");
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	}
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) > 0 && world_told(RSP_EVENT_REFUSED) > 0);
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) + world_told(RSP_EVENT_REFUSED) <= 110);
	world_end();
}

/* The quota of an identity */

static void
an_element_that_moved_does_not_count_for_its_identity(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_identity_elements = 1;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 7);
	world_register(WEB1, "web", 8);
	CHECK_EQ(world_home("web", 8), 0);
	uint64_t claimed = claim_by_b();
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_register(WEB1, "web", 8);
	CHECK_EQ(world_home("web", 8), ID_US);
	world_register(WEB1, "web", 7); /* an element that comes back is not refused for the quota */
	CHECK_EQ(world_home("web", 7), ID_US);
	/* and the claim of before is forgotten: no answer to it is due */
	CHECK(world_version("web", 7) > claimed);
	world_clear();
	world_run(600);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED) + world_told(RSP_EVENT_PE_CONTESTED), 0);
	world_end();
}

/* Which claim is newer */

static void
a_claim_in_an_older_version_is_answered_with_ours(void)
{
	struct rsp_message msg;

	begin();
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.version == world_version("web", 7) && msg.receiver_id == ID_B);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	world_end();
}

static void
a_claim_of_a_lower_id_in_our_version_is_answered_with_ours(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_joined(A, ID_A, "a");
	world_register(WEB1, "web", 7);
	world_clear();
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, world_version("web", 7)));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	CHECK(world_update_sent(A, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_US);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_sums_agree();
	world_end();
}

static void
a_claim_of_a_higher_id_in_our_version_is_newer(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, world_version("web", 7)));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_sums_agree();
	world_end();
}

/* The newer of two claims, that of b, holds; and the element was asked once for both. */
static void
the_newer_claim_of_b_holds(uint64_t claimed)
{
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(world_version("web", 7) == claimed);
}

static void
of_two_claims_the_newer_holds_if_it_comes_first(void)
{
	begin();
	uint64_t ours = world_version("web", 7);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, ours + 40));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, ours + 20));
	the_newer_claim_of_b_holds(ours + 40);
	world_end();
}

static void
of_two_claims_the_newer_holds_if_it_comes_last(void)
{
	begin();
	uint64_t ours = world_version("web", 7);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, ours + 20));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, ours + 40));
	the_newer_claim_of_b_holds(ours + 40);
	world_end();
}

static void
an_answer_of_the_element_is_above_a_claim_and_a_removal(void)
{
	begin();
	uint64_t ours = world_version("web", 7);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, ours + 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, ours + 40));
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_version("web", 7) > ours + 40);
	world_sums_agree();
	world_end();
}

/* The octets of a claim */

/* A claim by b with more policy data than may be stored, while element 7 is connected or not: it changes nothing. */
static void
a_claim_that_is_too_large_changes_nothing(void)
{
	static uint8_t extra[3000];
	struct rsp_pool_element pe = world_pe(7, ID_B, world_version("web", 7) + 2);

	pe.policy.extra = rsp_bytes_of(extra, sizeof(extra));
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_sums_agree();
}

static void
a_claim_that_is_too_large_to_be_stored_is_ignored(void)
{
	begin();
	a_claim_that_is_too_large_changes_nothing();
	world_end();
}

static void
a_claim_that_is_too_large_to_be_stored_is_ignored_in_the_grace_time(void)
{
	begin_in_grace_time();
	a_claim_that_is_too_large_changes_nothing();
	world_end();
}

/* A claim by b with a large parameter of an unknown type that is to be passed over. It is kept without it until the
 * element was asked, and holds. */
static void
a_claim_with_an_unknown_parameter_holds(void)
{
	static uint8_t tlv[2104] = { 0xbf, 0x77, 2104 >> 8, 2104 & 255 };
	struct rsp_pool_element pe = world_pe(7, ID_B, world_version("web", 7) + 2);

	pe.unknown.n = 1;
	pe.unknown.tlv[0] = rsp_bytes_of(tlv, sizeof(tlv));
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(world_version("web", 7) == pe.version);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_sums_agree();
}

static void
a_claim_may_have_a_large_unknown_parameter(void)
{
	begin();
	a_claim_with_an_unknown_parameter_holds();
	world_end();
}

static void
a_claim_may_have_a_large_unknown_parameter_in_the_grace_time(void)
{
	begin_in_grace_time();
	a_claim_with_an_unknown_parameter_holds();
	world_end();
}

int
main(void)
{
	TAP_RUN(an_element_that_answers_stays_ours);
	TAP_RUN(an_element_that_is_called_gone_is_asked_but_not_sooner_than_its_distance);
	TAP_RUN(an_element_that_does_not_answer_moves_to_the_claimant);
	TAP_RUN(an_element_whose_connection_closes_when_it_is_asked_moves_to_the_claimant);
	TAP_RUN(an_element_without_a_connection_moves_to_the_claimant_at_once);
	TAP_RUN(an_element_that_is_called_gone_and_then_disconnects_has_its_grace_time);
	TAP_RUN(an_element_that_is_called_gone_in_its_grace_time_keeps_it);
	TAP_RUN(an_element_that_is_called_gone_and_then_disconnects_may_come_back);
	TAP_RUN(an_element_that_is_called_gone_in_its_grace_time_may_come_back);
	TAP_RUN(a_home_that_yields_passes_the_claim_on);
	TAP_RUN(a_home_that_yields_to_a_takeover_passes_nothing_on);
	TAP_RUN(a_claim_of_b_that_c_reports_is_a_claim);
	TAP_RUN(a_claim_of_an_unknown_registrar_that_c_reports_is_a_claim_to_a_connected_element);
	TAP_RUN(an_element_without_a_connection_moves_to_a_known_registrar_only);
	TAP_RUN(a_claim_is_recorded_once_and_claims_at_a_rate);
	TAP_RUN(claims_of_a_registrar_that_counts_as_gone_are_recorded_at_a_rate);
	TAP_RUN(an_element_that_moved_does_not_count_for_its_identity);
	TAP_RUN(a_claim_in_an_older_version_is_answered_with_ours);
	TAP_RUN(a_claim_of_a_lower_id_in_our_version_is_answered_with_ours);
	TAP_RUN(a_claim_of_a_higher_id_in_our_version_is_newer);
	TAP_RUN(of_two_claims_the_newer_holds_if_it_comes_first);
	TAP_RUN(of_two_claims_the_newer_holds_if_it_comes_last);
	TAP_RUN(an_answer_of_the_element_is_above_a_claim_and_a_removal);
	TAP_RUN(a_claim_that_is_too_large_to_be_stored_is_ignored);
	TAP_RUN(a_claim_that_is_too_large_to_be_stored_is_ignored_in_the_grace_time);
	TAP_RUN(a_claim_may_have_a_large_unknown_parameter);
	TAP_RUN(a_claim_may_have_a_large_unknown_parameter_in_the_grace_time);
	return tap_end();
}
