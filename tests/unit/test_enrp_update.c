#include "registrar_world.h"

/* Updates between registrars, and who owns an element: RFC 5353 s.3.3, and claim.c's rules beyond it. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_clear();
}

static uint64_t
version(const char *pool, uint32_t pe_id)
{
	return rsp_element_version(world_element(pool, pe_id));
}

/* The last update that it sent over @link: its action, or 99. */
static unsigned
told(uint32_t link, struct rsp_message *ret)
{
	return world_find(link, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, ret) ? ret->update_action : 99;
}

static void
sums_agree(void)
{
	static const uint32_t id[] = { ID_A, ID_US, ID_B, ID_C, ID_D };
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	for (unsigned i = 0; i < RSP_COUNT(id); i++) {
		CHECK_EQ(rsp_home_checksum(space, id[i]), rsp_home_checksum_full(space, id[i]));
		CHECK(rsp_home_digest(space, id[i]) == rsp_home_digest_full(space, id[i]));
	}
}

static void
registrations_and_removals_are_told_to_all(void)
{ /* s.3.3.1, s.3.3.2 */
	struct rsp_message msg, dereg = { .protocol = RSP_ASAP,
					  .type = ASAP_DEREGISTRATION,
					  .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
					  .handle = rsp_bytes_str("web"),
					  .pe_id = 7 };

	begin();
	world_register(WEB1, "web", 7);
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(told(link, &msg), ENRP_ADD_PE);
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
	world_register(WEB1, "web", 7); /* a re-registration too */
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK(told(C, &msg) == ENRP_ADD_PE && msg.element.version > first);
	uint64_t second = msg.element.version;
	world_tell(WEB1, &dereg);
	for (uint32_t link = B; link <= C; link++) {
		CHECK_EQ(told(link, &msg), ENRP_DEL_PE);
		CHECK_EQ(msg.sender_id, ID_US);
		CHECK_EQ(msg.receiver_id, 0);
		CHECK_EQ(msg.element.pe_id, 7);
		CHECK_EQ(msg.element.home_id, ID_US);
		CHECK_EQ(msg.element.user.port, 80);
		CHECK(rsp_bytes_equal(msg.handle, rsp_bytes_str("web")));
		CHECK(msg.element.version > second);
	}
	CHECK_EQ(world_home("web", 7), 0);
	sums_agree();
	world_end();
}

static void
what_a_peer_tells_is_taken_in(void)
{ /* s.3.3.1 steps 1-3, s.3.3.2 */
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);

	begin();
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
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 24)); /* the last one: the pool goes */
	CHECK_EQ(rsp_registrar_stats(w.r).pools, 0);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(8, ID_C, 24)); /* not there: no more is done */
	CHECK_EQ(world_count(0, ENRP_ERROR), 0);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0); /* and nothing of it is passed on */
	sums_agree();
	world_end();
}

static void
users_see_what_peers_tell(void)
{
	struct rsp_message ask = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION,
				   .flags = ASAP_FLAG_SUBSCRIBE,
				   .has = RSP_HAS_HANDLE,
				   .handle = rsp_bytes_str("web") },
			   msg;

	begin();
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
elements_of_another_policy_are_kept(void)
{ /* registered at two registrars that were cut off: the pool is what it was here */
	struct rsp_pool_element pe = world_pe(8, ID_C, 20);
	struct rsp_message ask = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION,
				   .has = RSP_HAS_HANDLE,
				   .handle = rsp_bytes_str("web") },
			   msg;

	begin();
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
	sums_agree();
	world_end();
}

static void
older_statements_change_nothing(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 18));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 20)); /* equal: the higher id, if b does not mind */
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(rsp_registrar_stats(w.r).updates_stale, 3);
	sums_agree();
	world_end();
}

static void
what_was_removed_stays_removed(void)
{
	struct rsp_message msg;

	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20)); /* repeated, or late */
	CHECK_EQ(world_home("web", 7), 0);
	/* who still believes in it is told */
	CHECK_EQ(told(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.version == 22 && msg.element.home_id == ID_US);
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(9, ID_B, 22)); /* the removal comes first */
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 20));
	CHECK_EQ(world_home("web", 9), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 24)); /* it registered again */
	CHECK_EQ(world_home("web", 9), ID_B);
	world_register(WEB1, "web", 7); /* here: above what was removed */
	CHECK(version("web", 7) > 22);
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

static void
a_registrar_speaks_of_its_own_only(void)
{
	struct rsp_message msg;

	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_register(WEB1, "mine", 1);
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20)); /* in another's name */
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another-registrar");
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_B, 99));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 99)); /* in its own, but it is not */
	world_update(C, ID_C, ENRP_DEL_PE, "mine", world_pe(1, ID_US, UINT64_C(1) << 42));
	world_update(C, ID_C, ENRP_ADD_PE, "mine", world_pe(1, ID_US, UINT64_C(1) << 42));
	CHECK_EQ(world_count(C, ENRP_ERROR), 5);
	for (int i = 0; i < 5; i++)
		CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, i, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 5);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_home("web", 8), 0);
	CHECK_EQ(world_home("mine", 1), ID_US);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, UINT64_C(1) << 50)); /* no clock is so far ahead */
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_INVALID_VALUES);
	struct rsp_pool_element nobody = world_pe(0, ID_C, 20);
	world_update(C, ID_C, ENRP_ADD_PE, "web", nobody);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	world_end();
}

static void
an_element_that_answers_stays_ours(void)
{
	struct rsp_message msg;

	begin();
	world_register(WEB1, "web", 7);
	uint64_t claimed = version("web", 7) + 2;
	world_run(2000);
	world_presence(B, ID_B, "b", false);
	world_presence(C, ID_C, "c", false);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg) && msg.flags == 0);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(version("web", 7) > claimed);
	for (uint32_t link = B; link <= C; link++)
		CHECK(told(link, &msg) == ENRP_ADD_PE && msg.element.version == version("web", 7));
	sums_agree();

	world_clear(); /* so with who says that it is gone */
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, version("web", 7) + 2));
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(1000); /* not closer to the last than the distance allows */
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_ack(WEB1, "web", 7);
	CHECK(told(C, &msg) == ENRP_ADD_PE);
	world_end();
}

static void
an_element_that_does_not_answer_is_another_s(void)
{
	for (unsigned how = 0; how < 3; how++) {
		begin();
		world_register(WEB1, "web", 7);
		uint64_t claimed = version("web", 7) + 2;
		if (how == 2)
			world_down(WEB1, RSP_ECLOSED); /* it is not connected: nobody need be asked */
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
		CHECK_EQ(world_home("web", 7), how == 2 ? ID_B : ID_US);
		if (how == 0)
			world_run(501);
		else if (how == 1)
			world_down(WEB1, RSP_ECLOSED);
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK_EQ(version("web", 7), claimed);
		CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
		CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
		for (unsigned i = 0; i < 5; i++) { /* no timer of ours ends it */
			world_run(1000);
			world_presence(C, ID_C, "c", false);
			world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, claimed));
		}
		CHECK_EQ(world_home("web", 7), ID_B);
		sums_agree();
		world_end();
	}

	for (unsigned how = 0; how < 4; how++) { /* or nobody's; but then it has the grace time to come back */
		begin();
		world_register(WEB1, "web", 7);
		uint64_t gone = version("web", 7) + 2;
		if (how & 1)
			world_down(WEB1, RSP_ECLOSED);
		world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, gone));
		if (!(how & 1))
			world_down(WEB1, RSP_ECLOSED);
		world_run(699);
		CHECK_EQ(world_home("web", 7), ID_US);
		if (how & 2) {
			CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
			world_register(WEB1, "web", 7);
			CHECK(version("web", 7) > gone);
			world_run(1000);
			CHECK_EQ(world_home("web", 7), ID_US);
			world_end();
			continue;
		}
		world_run(1);
		CHECK_EQ(world_home("web", 7), 0);
		CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
		CHECK_STR(world_reason(RSP_EVENT_PE_MOVED), "removed");
		CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, gone)); /* late */
		CHECK_EQ(world_home("web", 7), 0);
		world_end();
	}
}

static void
who_yields_passes_the_claim_on(void)
{
	struct rsp_message msg;

	for (unsigned odd = 0; odd < 2; odd++) {
		begin();
		world_register(WEB1, "web", 7);
		world_down(WEB1, RSP_ECLOSED);
		uint64_t claimed = version("web", 7) + 2 - odd;
		world_clear();
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
		CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), odd ? 0 : 1); /* a whole takeover would be too many */
		if (!odd)
			CHECK(told(C, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_B &&
			      msg.element.version == claimed);
		sums_agree();
		world_end();
	}
}

/* Whether B was asked, by the last message to it, of what C says with @action in @version. */
static bool
b_is_asked(uint16_t action, uint64_t version)
{
	struct rsp_message msg;

	return told(B, &msg) == action && msg.receiver_id == ID_B && msg.element.home_id == ID_C &&
	       msg.element.version == version;
}

static void
a_claim_to_a_third_s_element_is_its_home_s_to_answer(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	for (uint64_t v = 22; v < 62; v += 4) { /* a claim, and what b says to it, in time */
		world_clear();
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, v));
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK(b_is_asked(ENRP_ADD_PE, v));
		CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
		world_run(10);
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, v)); /* the same is not asked twice */
		CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
		world_run(489);
		CHECK_EQ(world_home("web", 7), ID_B);
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, v + 2));
		world_run(500);
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK(!rsp_timer_is_set(&world_element("web", 7)->keepalive));
	}
	sums_agree();

	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 70));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_C, 70)); /* now b has yielded */
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK(!rsp_timer_is_set(&world_element("web", 7)->keepalive));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 72));
	CHECK_EQ(world_home("web", 7), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_C, 70)); /* late */
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
a_claim_that_its_home_does_not_answer_holds(void)
{
	for (unsigned how = 0; how < 4; how++) {
		begin();
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 40));
		if (how == 1) { /* what b said before it heard of that */
			world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 30));
			CHECK_EQ(version("web", 7), 30);
		} else if (how == 2) { /* c has given it up in the meantime: it never was b's any more */
			world_clear();
			world_run(400);
			world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 42));
			CHECK(b_is_asked(ENRP_DEL_PE, 42));
		} else if (how == 3) { /* or says that it is b's after all */
			world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 50));
		}
		CHECK_EQ(world_home("web", 7), ID_B);
		world_run(how == 2 ? 99 : 499);
		CHECK_EQ(world_home("web", 7), ID_B);
		world_run(1);
		CHECK_EQ(world_home("web", 7), how == 2 ? 0 : how == 3 ? ID_B : ID_C);
		CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
		sums_agree();
		world_end();
	}

	begin(); /* and who claimed it may yield to another */
	world_joined(A, ID_A, "a");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, 40));
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_C, 42));
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(b_is_asked(ENRP_ADD_PE, 42));
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();

	for (unsigned how = 0; how < 3; how++) { /* nor does it wait when the home can answer no more */
		begin();
		world_joined(A, ID_A, "a");
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
		if (how > 0)
			world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 40));
		world_down(B, RSP_ECLOSED);
		world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_B);
		if (how == 2)
			world_down(C, RSP_ECLOSED);
		else
			world_run(how == 0 ? 600 : 499);
		if (how == 0) {
			world_clear();
			world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 40));
			CHECK_EQ(world_home("web", 7), ID_C);
			CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
		}
		if (how == 2) {
			world_run(501);
			world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_B);
		}
		CHECK_EQ(world_home("web", 7), how == 0 ? ID_C : how == 1 ? ID_B : ID_A);
		world_end();
	}
}

/* Whatever they say, and whoever of them, and as fast as they like. */
static void
nobody_gets_an_element_by_saying_more(void)
{
	for (unsigned how = 0; how < 3; how++) {
		begin();
		world_joined(A, ID_A, "a");
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
		for (uint64_t v = 22; v < 1022; v += 10) {
			if (how == 0) /* that it took all of b's over */
				world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
			else /* two of them, about b's or one another's */
				world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, v));
			CHECK_EQ(world_home("web", 7), ID_B);
			if (how == 1)
				world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, v + 2));
			world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, v + 4));
			world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, v + 5));
			world_run(100);
			CHECK_EQ(world_home("web", 7), ID_B); /* b has to ask the element first */
			world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, v + 6));
			CHECK_EQ(world_home("web", 7), ID_B);
			CHECK_EQ(version("web", 7), v + 6);
		}
		world_end();
	}

	begin(); /* a claim far ahead, with a smaller one before, to which the home answers first */
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 22));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 1000000));
	CHECK(b_is_asked(ENRP_ADD_PE, 1000000));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 24));
	world_run(400);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 1000002));
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();

	begin(); /* nor by a version to which there is hardly an answer */
	uint64_t most = 2 * (UINT64_C(1700000000000) + w.now + UINT64_C(366) * 86400 * 1000);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, most));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, most + 2));
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, most + 2));
	CHECK(version("web", 7) == most + 2);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 1);
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_home("web", 8), 0);
	world_end();

	begin(); /* who was not heard when another had it believed is told of that */
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 40));
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 24));
	CHECK(b_is_asked(ENRP_ADD_PE, 40));
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 22)); /* its own, and late */
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
who_asks_the_wrong_one_is_told_whose_it_is(void)
{
	struct rsp_message msg, claim = update_message(ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, 24));

	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_clear();
	claim.receiver_id = ID_US; /* c takes it for ours, and has heard more of b than we have */
	world_tell(C, &claim);
	CHECK(told(C, &msg) == ENRP_ADD_PE && msg.receiver_id == 0);
	CHECK(msg.element.home_id == ID_B && msg.element.version == 24);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(version("web", 7), 20);
	claim.update_action = ENRP_DEL_PE;
	world_tell(C, &claim);
	claim.element.pe_id = 8; /* of which we know nothing */
	world_tell(C, &claim);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
who_says_that_he_took_the_living_over_has_little_looked_through(void)
{
	begin();
	world_joined(A, ID_A, "a");
	for (uint32_t i = 1; i <= 3; i++) {
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(i, ID_B, 20));
		world_about(i == 1 ? C : A, ENRP_TAKEOVER_SERVER, i == 1 ? ID_C : ID_A, ID_B);
		CHECK_EQ(world_told(RSP_EVENT_REFUSED), i);
		if (i == 2)
			world_run(1000);
	}
	CHECK_EQ(world_element("web", 1)->claimed_by, ID_A); /* who was the last to say so, a second later */
	CHECK_EQ(world_element("web", 3)->claimed_by, ID_A);
	world_end();

	begin();
	world_joined(A, ID_A, "a");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 20));
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_B);
	CHECK_EQ(world_element("web", 1)->claimed_by, ID_C);
	world_end();
}

static void
what_another_has_heard_of_our_element_is_a_claim(void)
{
	struct rsp_message msg;

	begin();
	world_register(WEB1, "web", 7);
	uint64_t claimed = version("web", 7) + 2;
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed - 4)); /* old news */
	CHECK_EQ(world_told(RSP_EVENT_REFUSED) + world_told(RSP_EVENT_PE_CONTESTED), 0);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_B);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(version("web", 7) > claimed);
	for (uint32_t link = B; link <= C; link++)
		CHECK(told(link, &msg) == ENRP_ADD_PE && msg.element.version == version("web", 7));
	world_run(2000);
	claimed = version("web", 7) + 2;
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, claimed)); /* of whom we do not know */
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 2);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_presence(B, ID_B, "b", false);

	world_down(WEB1, RSP_ECLOSED);
	claimed = version("web", 7) + 2;
	struct rsp_pool_element pe = world_pe(7, ID_B, claimed);
	pe.owner = rsp_bytes_str("thief");
	world_update(C, ID_C, ENRP_ADD_PE, "web", pe);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another-registrar");
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, claimed)); /* nobody knows d */
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
a_claim_is_recorded_once_and_claims_at_a_rate(void)
{
	begin();
	world_register(WEB1, "web", 7);
	uint64_t claimed = version("web", 7) + 2;
	for (uint32_t i = 0; i < 10; i++) { /* whom all tell it */
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_B, claimed));
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, claimed)); /* another one is */
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 2);
	for (uint32_t i = 1; i <= 1000; i++) /* in the name of whom nobody knows */
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D + i, claimed + i));
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) <= 110);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records");
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(version("web", 7) > claimed + 1000);
	world_end();
}

/* What is another's counts no more for who registered it, and what was said of it before is forgotten. */
static void
an_element_that_moved_is_not_counted(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_identity_elements = 1;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 7);
	world_register(WEB1, "web", 8);
	CHECK_EQ(world_home("web", 8), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, version("web", 7) + 2));
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(world_element("web", 7)->rival == NULL);
	world_register(WEB1, "web", 8);
	CHECK_EQ(world_home("web", 8), ID_US);
	world_register(WEB1, "web", 7); /* who comes back is not turned away for that */
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
who_claims_ours_in_an_older_version_is_told(void)
{
	struct rsp_message msg;

	begin();
	world_register(WEB1, "web", 7);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(told(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.version == version("web", 7) && msg.receiver_id == ID_B);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	world_end();
}

static void
equal_versions_of_ours_fall_to_the_higher_id(void)
{
	struct rsp_message msg;

	begin();
	world_joined(A, ID_A, "a");
	world_register(WEB1, "web", 7);
	world_clear();
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(7, ID_A, version("web", 7)));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	CHECK(told(A, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_US);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, version("web", 7)));
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	sums_agree();
	world_end();
}

static void
of_two_rivals_the_newer_claim_holds(void)
{
	for (unsigned first = 0; first < 2; first++) {
		begin();
		world_register(WEB1, "web", 7);
		uint64_t ours = version("web", 7);
		for (unsigned i = 0; i < 2; i++)
			if ((i == 0) == (first == 0))
				world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, ours + 40));
			else
				world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, ours + 20));
		CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 1); /* asked once for both */
		world_run(501);
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK(version("web", 7) == ours + 40);
		world_end();
	}

	begin(); /* and an answer is above either */
	world_register(WEB1, "web", 7);
	uint64_t ours = version("web", 7);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, ours + 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, ours + 40));
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(version("web", 7) > ours + 40);
	sums_agree();
	world_end();
}

static void
a_claim_that_nobody_would_store_changes_nothing(void)
{
	static uint8_t extra[3000];

	for (unsigned gone = 0; gone < 2; gone++) {
		begin();
		world_register(WEB1, "web", 7);
		if (gone)
			world_down(WEB1, RSP_ECLOSED);
		struct rsp_pool_element pe = world_pe(7, ID_B, version("web", 7) + 2);

		pe.policy.extra = rsp_bytes_of(extra, sizeof(extra));
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
		world_run(501);
		CHECK_EQ(world_home("web", 7), ID_US);
		CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
		CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
		sums_agree();
		world_end();
	}
}

/* What a rival says of the element is kept until that has been asked: without what we do not understand of it. */
static void
a_claim_may_have_large_parameters_that_are_unknown(void)
{
	static uint8_t tlv[2104] = { 0xbf, 0x77, 2104 >> 8, 2104 & 255 }; /* to be passed over */

	for (unsigned gone = 0; gone < 2; gone++) {
		begin();
		world_register(WEB1, "web", 7);
		if (gone)
			world_down(WEB1, RSP_ECLOSED);
		struct rsp_pool_element pe = world_pe(7, ID_B, version("web", 7) + 2);

		pe.unknown.n = 1;
		pe.unknown.tlv[0] = rsp_bytes_of(tlv, sizeof(tlv));
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
		CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
		world_run(501);
		CHECK_EQ(world_home("web", 7), ID_B);
		CHECK(version("web", 7) == pe.version);
		CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
		sums_agree();
		world_end();
	}
}

/* One that has connected again under another id, and left: it is not there any more, but it talks. */
static void
who_counts_as_gone_has_no_records_without_a_limit(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 0);

	begin();
	world_register(WEB1, "web", 7);
	world_joined(A, ID_D, "b");
	world_down(A, RSP_ECLOSED);
	for (uint32_t i = 1; i <= 500; i++) {
		pe.version = version("web", 7) + i;
		pe.owner = rsp_bytes_str(i & 1 ? "web1" : "thief");
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	}
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) > 0 && world_told(RSP_EVENT_REFUSED) > 0);
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) + world_told(RSP_EVENT_REFUSED) <= 110);
	world_end();
}

static void
two_identities_with_one_id_stay_where_they_are(void)
{ /* the owner's registration at B was still on its way when WEB1 came here */
	struct rsp_pool_element pe = world_pe(7, ID_B, 20);
	struct rsp_message msg;

	pe.owner = rsp_bytes_str("owner");
	for (unsigned connected = 0; connected < 2; connected++) {
		begin();
		world_register(WEB1, "web", 7);
		if (!connected)
			world_down(WEB1, RSP_ECLOSED);
		world_clear();
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
		CHECK_EQ(world_home("web", 7), ID_US);
		CHECK_STR(world_element("web", 7)->owner, "web1");
		CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another");
		CHECK_EQ(told(B, &msg), ENRP_ADD_PE);
		CHECK_EQ(world_count(WEB1, ASAP_DEREGISTRATION_RESPONSE), 0);
		sums_agree();
		world_run(connected ? 100 : 701);
		if (connected)
			world_down(WEB1, RSP_ECLOSED);
		world_run(connected ? 701 : 0);
		CHECK_EQ(world_home("web", 7), 0);
		pe.version = 2 * (UINT64_C(1700000000000) + w.now); /* when it renews */
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
		CHECK_EQ(world_home("web", 7), ID_B);
		pe.version = 20;
		world_end();
	}
}

static void
an_element_that_registers_here_is_ours_from_then_on(void)
{
	struct rsp_message msg;

	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, UINT64_C(3400000400000))); /* its clock is ahead */
	world_register(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(version("web", 7) > UINT64_C(3400000400000));
	CHECK_EQ(version("web", 7) & 1, 0);
	CHECK(told(B, &msg) == ENRP_ADD_PE && msg.element.home_id == ID_US);
	sums_agree();

	/* and so is one that only leaves here: peers believe its home only that it is gone */
	struct rsp_message dereg = { .protocol = RSP_ASAP,
				     .type = ASAP_DEREGISTRATION,
				     .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				     .handle = rsp_bytes_str("web"),
				     .pe_id = 8 };
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(8, ID_B, 20));
	world_clear();
	world_tell(WEB1, &dereg);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 2);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg) && msg.update_action == ENRP_ADD_PE);
	CHECK_EQ(told(C, &msg), ENRP_DEL_PE);
	CHECK_EQ(world_home("web", 8), 0);
	sums_agree();
	world_end();
}

static void
another_identity_does_not_get_an_id_through_another_registrar(void)
{
	struct rsp_pool_element pe = world_pe(7, ID_B, 0);
	struct rsp_message msg;

	begin();
	world_register(WEB1, "web", 7);
	world_clear();
	pe.owner = rsp_bytes_str("thief");
	pe.version = version("web", 7) + 100;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_STR(world_element("web", 7)->owner, "web1");
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another");
	CHECK_EQ(told(B, &msg), ENRP_ADD_PE); /* b is told whose it is */

	pe = world_pe(9, ID_C, 30); /* of two others the first one holds */
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

	pe = world_pe(10, ID_B, 30); /* at one registrar it is that registrar's affair */
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	pe.owner = rsp_bytes_str("heir");
	pe.version = 40;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_STR(world_element("web", 10)->owner, "heir");
	sums_agree();
	world_end();
}

static void
an_unconfirmed_takeover_does_not_hold_against_the_living(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 21));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_run(1000);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 22)); /* the element has registered there */
	world_run(500);
	CHECK_EQ(world_home("web", 7), ID_C);
	world_end();
}

static void
who_knows_no_versions_says_how_it_is_now(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 0));
	CHECK_EQ(world_home("web", 7), ID_B);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 0));
	world_run(500); /* b knows versions, and is asked */
	CHECK_EQ(world_home("web", 7), ID_C);
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 0));
	CHECK_EQ(world_home("web", 7), 0);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 0));
	CHECK_EQ(world_home("web", 7), ID_C);
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
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records"); /* that it is told is limited too */
	CHECK(world_told(RSP_EVENT_LIMIT) <= 101);
	sums_agree();
	world_update(B, ID_B, ENRP_DEL_PE, "pool-1", world_pe(1, ID_B, 22));
	world_register(WEB1, "pool-1", 1000); /* and it serves on */
	CHECK_EQ(world_home("pool-1", 1000), ID_US);
	world_end();
}

int
main(void)
{
	TAP_RUN(registrations_and_removals_are_told_to_all);
	TAP_RUN(what_a_peer_tells_is_taken_in);
	TAP_RUN(users_see_what_peers_tell);
	TAP_RUN(elements_of_another_policy_are_kept);
	TAP_RUN(older_statements_change_nothing);
	TAP_RUN(what_was_removed_stays_removed);
	TAP_RUN(tombstones_are_capped_and_expire);
	TAP_RUN(a_registrar_speaks_of_its_own_only);
	TAP_RUN(an_element_that_answers_stays_ours);
	TAP_RUN(an_element_that_does_not_answer_is_another_s);
	TAP_RUN(an_element_that_moved_is_not_counted);
	TAP_RUN(who_claims_ours_in_an_older_version_is_told);
	TAP_RUN(equal_versions_of_ours_fall_to_the_higher_id);
	TAP_RUN(of_two_rivals_the_newer_claim_holds);
	TAP_RUN(a_claim_that_nobody_would_store_changes_nothing);
	TAP_RUN(a_claim_may_have_large_parameters_that_are_unknown);
	TAP_RUN(who_yields_passes_the_claim_on);
	TAP_RUN(a_claim_to_a_third_s_element_is_its_home_s_to_answer);
	TAP_RUN(a_claim_that_its_home_does_not_answer_holds);
	TAP_RUN(nobody_gets_an_element_by_saying_more);
	TAP_RUN(who_asks_the_wrong_one_is_told_whose_it_is);
	TAP_RUN(who_says_that_he_took_the_living_over_has_little_looked_through);
	TAP_RUN(what_another_has_heard_of_our_element_is_a_claim);
	TAP_RUN(a_claim_is_recorded_once_and_claims_at_a_rate);
	TAP_RUN(who_counts_as_gone_has_no_records_without_a_limit);
	TAP_RUN(two_identities_with_one_id_stay_where_they_are);
	TAP_RUN(an_element_that_registers_here_is_ours_from_then_on);
	TAP_RUN(another_identity_does_not_get_an_id_through_another_registrar);
	TAP_RUN(an_unconfirmed_takeover_does_not_hold_against_the_living);
	TAP_RUN(who_knows_no_versions_says_how_it_is_now);
	TAP_RUN(updates_beyond_the_caps_are_dropped);
	return tap_end();
}
