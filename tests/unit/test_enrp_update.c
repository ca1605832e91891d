#include "registrar_world.h"

/* ENRP_HANDLE_UPDATE, sent and received: RFC 5353 s.3.3. What a registrar does when two registrars claim an element
 * is in test_enrp_claim.c and test_enrp_claim_other.c; which of them is right in each case, in test_ownership.c. */

static struct rsp_message
resolution(uint8_t flags)
{
	return (struct rsp_message){ .protocol = RSP_ASAP,
				     .type = ASAP_HANDLE_RESOLUTION,
				     .flags = flags,
				     .has = RSP_HAS_HANDLE,
				     .handle = rsp_bytes_str("web") };
}

static void
registrations_and_removals_are_sent_to_all_peers(void)
{ /* s.3.3.1, s.3.3.2 */
	struct rsp_message msg, dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(world_update_sent(link, &msg), ENRP_ADD_PE);
		CHECK_EQ(msg.sender_id, ID_US);
		CHECK_EQ(msg.receiver_id, 0);
		CHECK_EQ(msg.element.pe_id, 7);
		CHECK_EQ(msg.element.home_id, ID_US);
		CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
		CHECK(rsp_bytes_equal(msg.element.owner, rsp_bytes_str("web1")));
		CHECK_EQ(msg.element.asap.port, 5000);
		CHECK_EQ(msg.element.lifetime_s, 300);
	}
	uint64_t first = msg.element.version;
	world_register(WEB1, "web", 7); /* a re-registration is announced, too */
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK(world_update_sent(C, &msg) == ENRP_ADD_PE && msg.element.version > first);
	uint64_t second = msg.element.version;
	world_tell(WEB1, &dereg);
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(world_update_sent(link, &msg), ENRP_DEL_PE);
		CHECK_EQ(msg.sender_id, ID_US);
		CHECK_EQ(msg.receiver_id, 0);
		CHECK_EQ(msg.element.pe_id, 7);
		CHECK_EQ(msg.element.home_id, ID_US);
		CHECK_EQ(msg.element.user.port, 80);
		CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
		CHECK(msg.element.version > second);
	}
	CHECK_EQ(world_home("web", 7), 0);
	world_sums_agree();
	world_end();
}

static void
updates_of_a_peer_are_taken_in(void)
{ /* s.3.3.1 steps 1-3, s.3.3.2 */
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe); /* 1: the pool is made, with its policy */
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(rsp_pool_find(rsp_registrar_handlespace(w.r), rsp_bytes_str("web"))->policy, RSP_POLICY_RR);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, 20)); /* 2 */
	CHECK_EQ(world_home("web", 8), ID_C);
	pe.lifetime_s = 55; /* 3 */
	pe.version = 22;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	struct rsp_pool_element got = { 0 };
	rsp_element_decode(world_element("web", 7), &got);
	CHECK_EQ(got.lifetime_s, 55);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 24));
	CHECK_EQ(world_home("web", 7), 0);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 24)); /* the pool goes with its last element */
	CHECK_EQ(rsp_registrar_stats(w.r).pools, 0);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 24)); /* no such element: no error */
	CHECK_EQ(world_count(0, ENRP_ERROR), 0);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0); /* no update is passed on to other peers */
	world_sums_agree();
	world_end();
}

static void
users_see_the_updates_of_peers(void)
{
	struct rsp_message ask = resolution(ASAP_FLAG_SUBSCRIBE), msg;

	world_begin_with_peers();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_tell(USER, &ask);
	CHECK(world_find(USER, RSP_ASAP, ASAP_HANDLE_RESOLUTION_RESPONSE, -1, &msg) && msg.n_list == 1);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, 20));
	world_run(200);
	CHECK(world_find(USER, RSP_ASAP, ASAP_HANDLE_RESOLUTION_RESPONSE, -1, &msg) && msg.n_list == 2);
	world_end();
}

static void
elements_with_another_policy_are_kept(void)
{ /* registered at two registrars that could not reach each other: the pool keeps the policy that it has here */
	struct rsp_pool_element pe = world_pe(8, ID_C, 20);
	struct rsp_message ask = resolution(0), msg;

	world_begin_with_peers();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	pe.policy = (struct rsp_policy){ .type = RSP_POLICY_LU, .value = { UINT32_MAX / 2 } };
	world_update(C, ID_C, ENRP_ADD_PE, "web", pe);
	for (unsigned i = 0; i < 3; i++) {
		world_tell(USER, &ask);
		CHECK(world_find(USER, RSP_ASAP, ASAP_HANDLE_RESOLUTION_RESPONSE, -1, &msg) && msg.n_list == 2);
		CHECK(!(msg.has & RSP_HAS_ERROR));
	}
	world_register(WEB1, "web", 9);
	CHECK_EQ(world_home("web", 9), ID_US);
	pe.version = 22;
	world_update(C, ID_C, ENRP_DEL_PE, "web", pe);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	world_sums_agree();
	world_end();
}

static void
older_updates_change_nothing(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(rsp_registrar_stats(w.r).updates_stale, 2);
	world_sums_agree();
	world_end();
}

static void
of_equal_versions_the_higher_server_id_holds(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 20));
	world_run(500); /* b does not object */
	CHECK_EQ(world_home("web", 7), ID_C);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(rsp_registrar_stats(w.r).updates_stale, 1);
	world_sums_agree();
	world_end();
}

/* Removals */

static void
a_late_update_does_not_bring_a_removed_element_back(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20)); /* repeated, or late */
	CHECK_EQ(world_home("web", 7), 0);
	/* a registrar that still announces it is sent the removal */
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.version == 22 && msg.element.home_id == ID_US);
	world_end();
}

static void
a_removal_may_overtake_the_registration(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(9, ID_B, 22));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 20));
	CHECK_EQ(world_home("web", 9), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 24)); /* it registered again */
	CHECK_EQ(world_home("web", 9), ID_B);
	world_end();
}

static void
a_registration_here_has_a_version_above_the_removed_one(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	world_register(WEB1, "web", 7);
	CHECK(world_version("web", 7) > 22);
	world_end();
}

static void
tombstones_are_capped_and_expire(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_tombstones = 10;
	config.tombstone_ms = 5000;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	for (uint32_t i = 1; i <= 100; i++)
		world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(i, ID_B, 22));
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 10);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(100, ID_B, 20));
	CHECK_EQ(world_home("web", 100), 0);
	for (unsigned i = 0; i < 7; i++) {
		world_run(1000);
		world_presence(B, ID_B, "b", false);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

/* What a registrar may not announce */

static void
an_update_for_an_element_of_another_registrar_is_refused(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_register(WEB1, "mine", 1);
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20)); /* in the name of b */
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another-registrar");
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_B, 99));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 99)); /* in its own, although b is the home */
	world_update(C, ID_C, ENRP_DEL_PE, "mine", world_pe(1, ID_US, UINT64_C(1) << 42));
	world_update(C, ID_C, ENRP_ADD_PE, "mine", world_pe(1, ID_US, UINT64_C(1) << 42));
	CHECK_EQ(world_count(C, ENRP_ERROR), 5);
	for (int i = 0; i < 5; i++)
		CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, i, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 5);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_home("web", 8), 0);
	CHECK_EQ(world_home("mine", 1), ID_US);
	world_end();
}

static void
an_update_with_impossible_values_is_refused(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, UINT64_C(1) << 50)); /* no clock is so far ahead */
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_INVALID_VALUES);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(0, ID_C, 20)); /* the id of no element */
	CHECK_EQ(world_count(C, ENRP_ERROR), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

static void
updates_beyond_the_caps_are_dropped(void)
{
	struct rsp_registrar_config config = world_config();
	char pool[32];

	config.limits = (struct rsp_handlespace_limits){ 5, 8, 3 };
	world_begin(&config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= 300; i++) {
		(void)snprintf(pool, sizeof(pool), "pool-%u", i % 50);
		world_update(B, ID_B, ENRP_ADD_PE, pool, world_pe(i, ID_B, 20));
	}
	CHECK_EQ(rsp_registrar_stats(w.r).pools, 4); /* a quarter is kept for elements that register here */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 6);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records"); /* the records of it are limited, too */
	CHECK(world_told(RSP_EVENT_LIMIT) <= 101);
	world_sums_agree();
	world_update(B, ID_B, ENRP_DEL_PE, "pool-1", world_pe(1, ID_B, 22));
	world_register(WEB1, "pool-1", 1000); /* the service goes on */
	CHECK_EQ(world_home("pool-1", 1000), ID_US);
	world_end();
}

/* Registrations here of elements that another registrar had */

static void
an_element_that_registers_here_is_ours_from_then_on(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, UINT64_C(3400000400000))); /* its clock is ahead */
	world_register(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_version("web", 7) > UINT64_C(3400000400000));
	CHECK_EQ(world_version("web", 7) & 1, 0);
	CHECK(world_update_sent(B, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_US);
	world_sums_agree();
	world_end();
}

static void
an_element_that_deregisters_here_becomes_ours_first(void)
{ /* peers believe a removal only from an element's home */
	struct rsp_message msg, dereg = world_asap(ASAP_DEREGISTRATION, "web", 8);

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20));
	world_clear();
	world_tell(WEB1, &dereg);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg) && msg.update_action == ENRP_ADD_PE);
	CHECK_EQ(msg.element.home_id, ID_US);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK_EQ(world_home("web", 8), 0);
	world_sums_agree();
	world_end();
}

/* Two elements with one id */

static void
another_identity_does_not_get_our_element_s_id_through_a_peer(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 0);
	struct rsp_message msg;

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	world_clear();
	pe.owner = rsp_bytes_str("thief");
	pe.version = world_version("web", 7) + 100;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_STR(world_element("web", 7)->owner, "web1");
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another");
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE); /* b is sent the element as it is here */
	world_sums_agree();
	world_end();
}

static void
of_two_identities_at_two_peers_the_first_keeps_the_id(void)
{
	struct rsp_pool_element pe = world_pe(9, ID_C, 30);

	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", pe);
	pe.owner = rsp_bytes_str("thief");
	pe.home_id = ID_B;
	pe.version = 32;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_home("web", 9), ID_C);
	pe.version = 28;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_home("web", 9), ID_C);
	CHECK_STR(world_element("web", 9)->owner, "web1");
	world_sums_agree();
	world_end();
}

static void
the_home_itself_may_give_an_id_to_another_identity(void)
{
	struct rsp_pool_element pe = world_pe(10, ID_B, 30);

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	pe.owner = rsp_bytes_str("heir");
	pe.version = 40;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_STR(world_element("web", 10)->owner, "heir");
	world_sums_agree();
	world_end();
}

/* The owner's registration at b was still on its way when WEB1 registered the same id here. */
static struct rsp_pool_element
owner_s_element_at_b(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);

	pe.owner = rsp_bytes_str("owner");
	return pe;
}

/* ... which is refused, and b is sent ours. */
static void
is_refused_and_b_is_sent_ours(void)
{
	struct rsp_message msg;

	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_STR(world_element("web", 7)->owner, "web1");
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another");
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(world_count(WEB1, ASAP_DEREGISTRATION_RESPONSE), 0);
	world_sums_agree();
}

/* ... until ours is gone: then the owner's renewal at b counts. */
static void
is_believed_when_it_renews(struct rsp_pool_element pe)
{
	CHECK_EQ(world_home("web", 7), 0);
	pe.version = 2 * (UINT64_C(1700000000000) + w.now);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_home("web", 7), ID_B);
}

static void
two_identities_with_one_id_stay_where_they_are_while_ours_is_connected(void)
{
	struct rsp_pool_element pe = owner_s_element_at_b();

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	is_refused_and_b_is_sent_ours();
	world_run(100);
	world_down(WEB1, RSP_ECLOSED);
	world_run(701);
	is_believed_when_it_renews(pe);
	world_end();
}

static void
two_identities_with_one_id_stay_where_they_are_in_the_grace_time(void)
{
	struct rsp_pool_element pe = owner_s_element_at_b();

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	world_down(WEB1, RSP_ECLOSED);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	is_refused_and_b_is_sent_ours();
	world_run(701);
	is_believed_when_it_renews(pe);
	world_end();
}

int
main(void)
{
	TAP_RUN(registrations_and_removals_are_sent_to_all_peers);
	TAP_RUN(updates_of_a_peer_are_taken_in);
	TAP_RUN(users_see_the_updates_of_peers);
	TAP_RUN(elements_with_another_policy_are_kept);
	TAP_RUN(older_updates_change_nothing);
	TAP_RUN(of_equal_versions_the_higher_server_id_holds);
	TAP_RUN(a_late_update_does_not_bring_a_removed_element_back);
	TAP_RUN(a_removal_may_overtake_the_registration);
	TAP_RUN(a_registration_here_has_a_version_above_the_removed_one);
	TAP_RUN(tombstones_are_capped_and_expire);
	TAP_RUN(an_update_for_an_element_of_another_registrar_is_refused);
	TAP_RUN(an_update_with_impossible_values_is_refused);
	TAP_RUN(updates_beyond_the_caps_are_dropped);
	TAP_RUN(an_element_that_registers_here_is_ours_from_then_on);
	TAP_RUN(an_element_that_deregisters_here_becomes_ours_first);
	TAP_RUN(another_identity_does_not_get_our_element_s_id_through_a_peer);
	TAP_RUN(of_two_identities_at_two_peers_the_first_keeps_the_id);
	TAP_RUN(the_home_itself_may_give_an_id_to_another_identity);
	TAP_RUN(two_identities_with_one_id_stay_where_they_are_while_ours_is_connected);
	TAP_RUN(two_identities_with_one_id_stay_where_they_are_in_the_grace_time);
	return tap_end();
}
