#include "registrar_world.h"

/* ENRP_HANDLE_UPDATE, sent and received: RFC 5353 s.3.3. The greatest statement stands, whichever registrar relays it.
 * What a registrar does if the element is linked here is in test_enrp_linked.c; if the home of the element must be asked, in
 * test_enrp_over_head.c. */

static struct rsp_message
resolution(uint8_t flags)
{
	return (struct rsp_message){ .protocol = RSP_ASAP,
				     .type = ASAP_HANDLE_RESOLUTION,
				     .flags = flags,
				     .has = RSP_HAS_HANDLE,
				     .handle = rsp_bytes_str("web") };
}

/* The update about element 7 that all peers were sent, numbered @number. */
static struct rsp_message
update_to_all(uint64_t number)
{
	struct rsp_message msg = { 0 };

	for (uint32_t link = B; link <= C; link++) {
		CHECK(world_find(link, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
		CHECK_EQ(msg.sender_id, ID_US);
		CHECK_EQ(msg.receiver_id, 0);
		CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
		CHECK(rsp_bytes_equal(msg.element.owner, rsp_bytes_str("web1")));
		CHECK_EQ(msg.element.pe_id, 7);
		CHECK_EQ(msg.element.home_id, ID_US);
		CHECK(msg.has & RSP_HAS_UPDATE_NUMBER && msg.update_number == number);
	}
	return msg;
}

static void
registrations_are_sent_to_all_peers(void)
{ /* s.3.3.1 */
	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	struct rsp_message msg = update_to_all(1);
	CHECK_EQ(msg.update_action, ENRP_ADD_PE);
	CHECK_EQ(msg.element.asap.port, 5000);
	CHECK_EQ(msg.element.lifetime_s, 300);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REGISTERED);
	CHECK(msg.element.statement.epoch.instance != 0);
	CHECK_EQ(msg.element.statement.since_ms, world_config().epoch_ms + w.now);
	world_end();
}

static void
a_renewal_is_sent_to_all_peers_at_a_higher_epoch(void)
{
	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	uint64_t first = update_to_all(1).element.statement.epoch.epoch;
	world_register(WEB1, "web", 7);
	CHECK(update_to_all(2).element.statement.epoch.epoch > first);
	world_end();
}

static void
a_deregistration_is_sent_to_all_peers_as_a_removal_without_contents(void)
{ /* s.3.3.2 */
	struct rsp_message dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	uint64_t epoch = world_epoch("web", 7);
	world_tell(WEB1, &dereg);
	struct rsp_message msg = update_to_all(2);
	CHECK_EQ(msg.update_action, ENRP_DEL_PE);
	CHECK_EQ(msg.element.user.type, 0);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.statement.epoch.epoch, epoch); /* it sends no EPOCH */
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
	pe = world_pe(7, ID_B, 22); /* 3 */
	pe.lifetime_s = 55;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	struct rsp_pool_element got = { 0 };
	rsp_element_decode(world_element("web", 7), &got);
	CHECK_EQ(got.lifetime_s, 55);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	CHECK_EQ(world_home("web", 7), 0);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 24)); /* the pool goes with its last element */
	CHECK_EQ(rsp_registrar_stats(w.r).pools, 0);
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
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 22));
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	world_sums_agree();
	world_end();
}

/* The order of statements */

static void
an_older_statement_is_answered_with_the_greater_one(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_ADD_PE);
	CHECK(msg.element.home_id == ID_B && msg.element.statement.epoch.epoch == 20);
	CHECK(!(msg.has & RSP_HAS_UPDATE_NUMBER)); /* it is for c alone */
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).updates_stale, 1);
	world_sums_agree();
	world_end();
}

static void
an_older_removal_removes_nothing(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
the_same_statement_again_is_not_answered(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(8, ID_B, 20));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_B, 20));
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_end();
}

static void
a_greater_statement_is_stored_and_not_announced(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 22));
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(w.n_sent, 0);
	world_end();
}

static void
a_statement_is_believed_whichever_registrar_relays_it(void)
{
	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
of_two_homes_at_one_number_the_higher_server_id_stands(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 20));
	CHECK_EQ(world_home("web", 7), ID_C);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), ID_C);
	world_sums_agree();
	world_end();
}

static void
of_two_processes_at_one_epoch_the_higher_instance_stands(void)
{
	world_begin_with_peers();
	world_says(C, ID_C, ID_C, world_statement(20, PROCESS, RSP_RANK_REGISTERED + 1));
	world_says(B, ID_B, ID_B, world_statement(20, OTHER_PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_says(C, ID_C, ID_C, world_statement(20, PROCESS, RSP_RANK_REGISTERED + 2));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

/* The element of b, at the address 192.0.2.@host, under one number. */
static void
b_says_contents(uint8_t host)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);
	struct rsp_ip ip = { 4, { 192, 0, 2, host } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
of_two_contents_under_one_number_the_greater_octets_stand(void)
{
	struct rsp_pool_element pe = { 0 };
	struct rsp_message msg;

	world_begin_with_peers();
	b_says_contents(5);
	b_says_contents(6);
	b_says_contents(4);
	rsp_element_decode(world_element("web", 7), &pe);
	CHECK_EQ(rsp_transport_ip(&pe.user, 0).ip[3], 6);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(rsp_transport_ip(&msg.element.user, 0).ip[3], 6);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	world_end();
}

/* Removals */

static void
a_late_update_does_not_bring_a_removed_element_back(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20)); /* repeated, or late */
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE); /* a registrar that still lists it is sent the removal */
	CHECK(msg.element.home_id == ID_B && msg.element.statement.rank == RSP_RANK_REMOVED);
	world_end();
}

static void
a_removal_may_overtake_the_registration(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(9, ID_B, 22));
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 20));
	CHECK_EQ(world_home("web", 9), 0);
	world_end();
}

static void
a_removed_element_may_register_again(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(9, ID_B, 22));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(9, ID_C, 23));
	CHECK_EQ(world_home("web", 9), ID_C);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
an_update_with_the_id_of_no_element_is_refused(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(0, ID_C, 20));
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_INVALID_VALUES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

static void
an_update_without_a_home_is_refused(void)
{
	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, 0, 20));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, 0, 20));
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).elements + rsp_registrar_stats(w.r).tombstones, 0);
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

static void
an_element_whose_home_cannot_be_watched_is_not_stored(void)
{ /* nothing would end it */
	struct rsp_registrar_config config = world_config();

	config.max_peers = 2;
	world_begin_peers(&config);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 20));
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "peers-full");
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

/* Registrations here of elements that another registrar had */

static void
an_element_that_registers_here_is_ours_from_then_on(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, UINT64_C(1) << 62)); /* far ahead */
	world_register(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(world_epoch("web", 7) > UINT64_C(1) << 62);
	CHECK(world_update_sent(B, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_US);
	world_sums_agree();
	world_end();
}

static void
an_element_of_another_home_may_deregister_here(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20));
	world_clear();
	world_deregister_epoch(WEB1, "web", 8, (struct rsp_epoch){ 21, PROCESS, 0 });
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 21);
	CHECK_EQ(world_home("web", 8), 0);
	world_sums_agree();
	world_end();
}

static void
the_home_keeps_the_time_since_when_the_owner_has_it(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_register(WEB1, "web", 7);
	CHECK_EQ(world_stored("web", 7).since_ms, 1); /* as b has said */
	world_end();
}

/* Two identities with one id: each has a record, and users are shown that of the lower name */

static void
b_has_it_of(const char *owner)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);

	pe.owner = rsp_bytes_str(owner);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
the_element_of_another_identity_stands_beside_ours(void)
{
	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	world_clear();
	b_has_it_of("web2");
	CHECK_STR(world_element("web", 7)->owner, "web1");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_sums_agree();
	world_end();
}

static void
the_element_of_a_lower_name_is_shown(void)
{
	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	b_has_it_of("web0");
	CHECK_STR(world_element("web", 7)->owner, "web0");
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 1);
	world_end();
}

static void
the_other_identity_is_shown_when_the_first_is_removed(void)
{
	struct rsp_message dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	world_register(WEB1, "web", 7);
	b_has_it_of("web2");
	world_tell(WEB1, &dereg);
	CHECK_STR(world_element("web", 7)->owner, "web2");
	world_sums_agree();
	world_end();
}

int
main(void)
{
	TAP_RUN(registrations_are_sent_to_all_peers);
	TAP_RUN(a_renewal_is_sent_to_all_peers_at_a_higher_epoch);
	TAP_RUN(a_deregistration_is_sent_to_all_peers_as_a_removal_without_contents);
	TAP_RUN(updates_of_a_peer_are_taken_in);
	TAP_RUN(users_see_the_updates_of_peers);
	TAP_RUN(elements_with_another_policy_are_kept);
	TAP_RUN(an_older_statement_is_answered_with_the_greater_one);
	TAP_RUN(an_older_removal_removes_nothing);
	TAP_RUN(the_same_statement_again_is_not_answered);
	TAP_RUN(a_greater_statement_is_stored_and_not_announced);
	TAP_RUN(a_statement_is_believed_whichever_registrar_relays_it);
	TAP_RUN(of_two_homes_at_one_number_the_higher_server_id_stands);
	TAP_RUN(of_two_processes_at_one_epoch_the_higher_instance_stands);
	TAP_RUN(of_two_contents_under_one_number_the_greater_octets_stand);
	TAP_RUN(a_late_update_does_not_bring_a_removed_element_back);
	TAP_RUN(a_removal_may_overtake_the_registration);
	TAP_RUN(a_removed_element_may_register_again);
	TAP_RUN(an_update_with_the_id_of_no_element_is_refused);
	TAP_RUN(an_update_without_a_home_is_refused);
	TAP_RUN(updates_beyond_the_caps_are_dropped);
	TAP_RUN(an_element_whose_home_cannot_be_watched_is_not_stored);
	TAP_RUN(an_element_that_registers_here_is_ours_from_then_on);
	TAP_RUN(an_element_of_another_home_may_deregister_here);
	TAP_RUN(the_home_keeps_the_time_since_when_the_owner_has_it);
	TAP_RUN(the_element_of_another_identity_stands_beside_ours);
	TAP_RUN(the_element_of_a_lower_name_is_shown);
	TAP_RUN(the_other_identity_is_shown_when_the_first_is_removed);
	return tap_end();
}
