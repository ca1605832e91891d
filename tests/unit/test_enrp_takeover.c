#include "registrar_world.h"

/* Taking over a dead registrar's elements: RFC 5353 s.3.5. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_adoptions = 2;
	world_begin(&config);
	world_joined(A, ID_A, "a");
	world_joined(C, ID_C, "c");
	world_joined(D, ID_D, "d");
	for (uint32_t i = 1; i <= 3; i++)
		world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(i, ID_D, 20));
	world_clear();
}

static void
alive(void)
{
	world_presence(A, ID_A, "a", false);
	world_presence(C, ID_C, "c", false);
}

/* D has been silent for so long, and has not answered; the others are there. */
static void
d_dies(void)
{
	world_run(2400);
	alive();
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
}

static unsigned
n_peers(void)
{
	return rsp_registrar_stats(w.r).peers;
}

static enum rsp_peer_state
state(uint32_t id)
{
	struct rsp_peer_view view;

	return world_peer_view(id, &view) ? view.state : (enum rsp_peer_state)99;
}

static void
acknowledged(uint32_t link, uint32_t id)
{
	world_about(link, ENRP_INIT_TAKEOVER_ACK, id, ID_D);
}

static void
all_must_acknowledge(void)
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
	acknowledged(A, ID_A); /* twice is once */
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
	for (uint32_t i = 1; i <= 3; i++) {
		CHECK_EQ(world_home("web", i), ID_US);
		CHECK_EQ(rsp_element_version(world_element("web", i)), 21);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	CHECK(world_was_closed(D)); /* who may be half dead is dialled anew */
	acknowledged(C, ID_C); /* late */
	world_end();
}

static void
the_elements_are_told(void)
{ /* s.3.5.2: ASAP_ENDPOINT_KEEP_ALIVE with the H flag */
	struct rsp_message msg;

	begin();
	d_dies();
	acknowledged(A, ID_A);
	unsigned before = w.n_dials;
	acknowledged(C, ID_C);
	world_run(0);
	CHECK_EQ(w.n_dials - before, 1); /* they share a listener, and so a connection */
	uint32_t link = world_dialled("web1");
	CHECK_EQ(w.dial[link - DIALLED].role, RSP_ROLE_NOTIFY);
	CHECK_EQ(w.dial[link - DIALLED].protocol, RSP_ASAP);
	CHECK_EQ(w.dial[link - DIALLED].port, 5000);
	CHECK_EQ(w.dial[link - DIALLED].ip.ip[3], 99);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 3);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK_EQ(msg.flags, ASAP_FLAG_HOME);
	CHECK_EQ(msg.server_id, ID_US);
	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 2);
	alive();
	world_run(501); /* the third does not answer */
	CHECK_EQ(world_home("web", 3), 0);
	CHECK(world_find(A, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) && msg.update_action == ENRP_DEL_PE);
	CHECK_EQ(msg.element.pe_id, 3);

	/* over that connection the element is at home: RFC 5352 s.3.1 */
	world_clear();
	world_register_at(link, "web", 1, 99);
	CHECK(world_find(link, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, 0, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(rsp_element_version(world_element("web", 1)) & 1, 0); /* confirmed */
	world_down(link, RSP_ECLOSED);
	world_run(650);
	CHECK_EQ(world_home("web", 2), ID_US);
	world_run(100);
	CHECK_EQ(world_home("web", 2), 0); /* the grace time */
	world_end();
}

static void
an_element_that_cannot_be_reached_has_the_grace_time(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 2); /* it comes by itself */
	alive();
	world_run(701);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_US);
	world_end();

	begin(); /* the dialling hangs */
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(499);
	alive();
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(750);
	CHECK_EQ(world_home("web", 1), 0);
	world_end();

	begin(); /* it registers before it is reached, and is not told again */
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= 3; i++)
		world_register(WEB1, "web", i);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK(world_was_closed(link));
	world_end();
}

static void
taken_over(void)
{
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
}

static void
what_was_taken_over_counts_and_expires_as_ours(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_pool_element pe = world_pe(1, ID_D, 20);
	struct rsp_message msg;

	config.max_identity_elements = 2;
	world_begin(&config);
	world_joined(A, ID_A, "a");
	world_joined(C, ID_C, "c");
	world_joined(D, ID_D, "d");
	pe.lifetime_s = 4;
	world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(2, ID_D, 20));
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 9); /* D's do not count here */
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == 0);
	taken_over(); /* 3 s later */
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	world_register(WEB1, "web", 10);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == ASAP_FLAG_REJECT);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	for (unsigned i = 0; i < 3; i++) { /* its life is counted from the takeover on: nobody told us since when */
		world_run(1300);
		alive();
	}
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(100);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) && msg.update_action == ENRP_DEL_PE);
	world_register(WEB1, "web", 2); /* one that counts already */
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == 0);
	world_register(WEB1, "web", 10);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == ASAP_FLAG_REJECT);
	world_end();
}

static void
not_too_many_are_dialled_at_a_time(void)
{
	unsigned most = 0, seen;

	begin(); /* two at a time */
	for (uint32_t i = 1; i <= 6; i++) {
		struct rsp_pool_element pe = world_pe(i, ID_D, 22);

		pe.asap.port = (uint16_t)(5000 + i);
		world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
	}
	d_dies();
	unsigned before = seen = w.n_dials;
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	for (unsigned i = 0; i < 100 && w.n_dials - before < 6; i++) {
		world_run(50);
		most = w.n_dials - seen > most ? w.n_dials - seen : most;
		for (; seen < w.n_dials; seen++) {
			uint32_t link = DIALLED + seen;

			if (w.dial[seen].protocol != RSP_ASAP)
				continue;
			CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
			world_ack(link, "web", w.dial[seen].port - 5000U);
		}
	}
	CHECK_EQ(w.n_dials - before, 6);
	CHECK_EQ(most, 2);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 6);
	world_end();
}

/* Why element 1 cannot be dialled after the takeover. */
enum unreachable { NO_PORT, SCTP_ONLY, NO_KEY };
static void
element_that_cannot_be_dialled(enum unreachable how)
{
	struct rsp_pool_element pe = world_pe(1, ID_D, 22);

	begin();
	if (how == NO_PORT)
		pe.asap.port = 0;
	else if (how == SCTP_ONLY)
		pe.asap.type = RSP_PARAM_SCTP;
	world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(2, ID_D, 22));
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(3, ID_D, 22));
	d_dies();
	unsigned before = w.n_dials;
	w.no_keys = how == NO_KEY;
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(650);
	CHECK_EQ(w.n_dials, before);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(100);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "connection-lost");
	world_end();
}

static void
an_adopted_element_without_a_port_has_the_grace_time(void)
{
	element_that_cannot_be_dialled(NO_PORT);
}

static void
an_adopted_element_on_another_transport_has_the_grace_time(void)
{
	element_that_cannot_be_dialled(SCTP_ONLY);
}

static void
an_adopted_element_without_a_key_has_the_grace_time(void)
{
	element_that_cannot_be_dialled(NO_KEY);
}

static void
who_has_yielded_acknowledges_whoever_asks(void)
{
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(500);
	CHECK_EQ(state(ID_D), RSP_PEER_INACTIVE);
	world_clear();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D); /* they find out between them */
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER), 0);
	for (unsigned i = 0; i < 1000; i++)
		world_about(A, ENRP_TAKEOVER_SERVER, ID_A, 0x4711 + i); /* whom nobody knows */
	CHECK_EQ(n_peers(), 3);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(w.n_events, 0);
	world_about(A, ENRP_TAKEOVER_SERVER, ID_A, ID_D);
	CHECK_EQ(world_home("web", 1), ID_A);
	CHECK_EQ(w.n_events, 1);
	CHECK_EQ(w.event[0].kind, RSP_EVENT_PEER_LEFT);
	CHECK_STR(w.event[0].peer, "d");
	CHECK_EQ(w.event[0].count, 3);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D); /* a second winner: the element will decide */
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 21));
	CHECK_EQ(world_home("web", 1), ID_A);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 22));
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(1, ID_C, 22)); /* and a yield */
	CHECK_EQ(world_home("web", 1), ID_C);
	world_end();
}

static void
with_nobody_to_acknowledge_it_is_done_at_once(void)
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
a_target_that_lives_stops_it(void)
{ /* s.3.5.1 */
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_presence(D, ID_D, "d", false);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "target-alive");
	CHECK_EQ(state(ID_D), RSP_PEER_ACTIVE);
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(n_peers(), 3);
	world_end();
}

static void
the_higher_id_wins(void)
{ /* s.3.5.1, 2 A and B: A is lower than us, C higher */
	struct rsp_message msg;

	begin();
	d_dies();
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 0); /* B: ignored */
	CHECK_EQ(state(ID_D), RSP_PEER_DEAD);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	CHECK(world_find(C, RSP_ENRP, ENRP_INIT_TAKEOVER_ACK, 0, &msg));
	CHECK_EQ(msg.target_id, ID_D);
	CHECK_EQ(msg.sender_id, ID_US);
	CHECK_EQ(msg.receiver_id, ID_C);
	CHECK_STR(world_reason(RSP_EVENT_TAKEOVER_ABORTED), "other-wins");
	CHECK_EQ(state(ID_D), RSP_PEER_INACTIVE);
	acknowledged(A, ID_A); /* to what we have given up */
	acknowledged(C, ID_C);
	CHECK_EQ(world_home("web", 1), ID_D);

	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	for (uint32_t i = 1; i <= 3; i++) {
		CHECK_EQ(world_home("web", i), ID_C);
		CHECK_EQ(rsp_element_version(world_element("web", i)), 21);
	}
	CHECK_EQ(n_peers(), 2);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	world_end();
}

static void
who_has_not_noticed_looks_for_himself(void)
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
	CHECK_EQ(state(ID_D), RSP_PEER_ACTIVE);
	world_run(2000); /* when it dies later, that question is long over */
	alive();
	world_run(500);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER), 1);
	world_end();

	begin(); /* however often that is said, in a short time it is asked once */
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

	begin(); /* it does not */
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(499);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 0);
	world_run(1);
	CHECK_EQ(world_count(C, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER), 0);
	CHECK_EQ(state(ID_D), RSP_PEER_INACTIVE);
	world_end();

	begin(); /* and of a lower one: we do it ourselves */
	world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_D);
	world_run(501);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER_ACK), 0);
	CHECK_EQ(world_count(A, ENRP_INIT_TAKEOVER), 1);
	world_end();

	begin(); /* nobody that we know: nothing stands against it */
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, 0x4711);
	CHECK(world_find(C, RSP_ENRP, ENRP_INIT_TAKEOVER_ACK, 0, &msg) && msg.target_id == 0x4711);
	world_end();
}

static void
an_initiator_that_dies_is_followed(void)
{
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D);
	world_run(500);
	CHECK_EQ(state(ID_D), RSP_PEER_INACTIVE);
	for (unsigned i = 0; i < 3; i++) { /* it does not come about; C lives, but has forgotten it */
		world_run(1000);
		alive();
	}
	CHECK(world_count(A, ENRP_INIT_TAKEOVER) > 0);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "not-taken-over");
	world_end();
}

static void
a_peer_that_dies_meanwhile_need_not_acknowledge(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_presence(A, ID_A, "a", false);
	world_run(2000); /* C has been silent since */
	world_presence(A, ID_A, "a", false);
	world_run(1000);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 2);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* While C does not acknowledge, D's elements, which answer when they are asked, are asked too. */
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
initiations_are_repeated_less_and_less(void)
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
	CHECK_EQ(world_home("web", 1), ID_D); /* C hears it, perhaps */
	world_down(C, RSP_ECLOSED); /* lost with a connection: told anew with the next */
	world_clear();
	world_joined(B, ID_C, "c");
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER), 1);
	world_end();
}

static void
who_is_called_dead_says_that_he_lives(void)
{ /* s.3.5.1, 1 */
	begin();
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	for (uint32_t link = A; link <= D; link++)
		CHECK_EQ(world_count(link, ENRP_PRESENCE), link != B);
	CHECK_EQ(world_count(0, ENRP_INIT_TAKEOVER_ACK), 0);
	for (unsigned i = 0; i < 1000; i++)
		world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 1); /* not each time */
	world_run(101);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_US);
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 2);
	world_end();
}

static void
who_is_taken_over_alive_asks_his_elements(void)
{
	begin();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 1);
	world_register(WEB1, "mine", 2);
	uint64_t known = rsp_element_version(world_element("mine", 2));
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
	CHECK_EQ(world_count(A, ENRP_PRESENCE), 1); /* and says that it lives */
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	CHECK_EQ(world_home("mine", 1), ID_US);
	world_ack(WEB1, "mine", 1);
	world_run(501);
	CHECK_EQ(world_home("mine", 1), ID_US);
	CHECK_EQ(world_home("mine", 2), ID_C); /* it did not answer us */
	CHECK_EQ(rsp_element_version(world_element("mine", 2)), known + 1); /* as all others count it */
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 1);
	for (unsigned i = 0; i < 1000; i++)
		world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
	CHECK(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE) <= 3);
	world_end();

	struct rsp_registrar_config config = world_config(); /* nor in each second */
	config.peer_heartbeat_cycle_ms = 30000;
	config.max_time_last_heard_ms = 61000;
	world_begin(&config);
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 1);
	for (unsigned i = 0; i < 31; i++) {
		world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
		world_ack(WEB1, "mine", 1);
		CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), i < 30 ? 1 : 2);
		world_run(1000);
	}
	world_end();

	config = world_config(); /* and not many of them at once */
	config.registrations.per_s = 0;
	world_begin(&config);
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= 10000; i++)
		world_register(WEB1, "mine", i);
	world_clear();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_US);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 4096);
	world_run(50);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 8192);
	world_run(50);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 10000);
	CHECK(world_told(RSP_EVENT_PE_CONTESTED) < 1000); /* nor are all that he claims recorded */
	for (uint32_t i = 1; i <= 10000; i++)
		world_ack(WEB1, "mine", i);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 10000);
	world_end();
}

static void
the_living_are_not_taken_over(void)
{
	struct rsp_message msg;

	begin();
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "takeover-of-a-live-registrar");
	CHECK(world_find(C, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_D); /* nor while we look */
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_D);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_about(C, ENRP_TAKEOVER_SERVER, ID_C, ID_C);
	world_about(C, ENRP_INIT_TAKEOVER, ID_C, ID_C);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "takeover-of-itself");
	CHECK_EQ(n_peers(), 3);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	world_end();
}

static void
a_lower_one_that_was_first_holds_until_both_agree(void)
{ /* it has taken over what we were about to: TAKEOVER_SERVER ends ours */
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
who_comes_back_is_a_peer_again(void)
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
	world_joined(B, ID_D, "d"); /* it was only stopped */
	CHECK_EQ(n_peers(), 3);
	world_update(B, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 20)); /* and knows of nothing */
	struct rsp_message msg;
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg));
	CHECK(msg.update_action == ENRP_ADD_PE && msg.element.home_id == ID_US && msg.element.version == 21);
	world_end();
}

/* Elements share a connection that have the same identity, address and port, and nobody else does. */
static void
each_listener_is_dialled_once_for_its_identity(void)
{
	enum { OWNERS = 3, HOSTS = 10, PORTS = 10, LISTENERS = OWNERS * HOSTS * PORTS };
	struct rsp_registrar_config config = world_config();
	uint8_t room[RSP_ADDRS_ROOM(1)];
	unsigned n = 0, before = 0;

	config.max_adoptions = LISTENERS + 1;
	world_begin(&config);
	world_joined(D, ID_D, "d");
	for (uint32_t i = 0; i < 2 * LISTENERS; i++) {
		struct rsp_pool_element pe = world_pe(i + 1, ID_D, 20);
		struct rsp_ip ip = { 4, { 192, 0, 2, (uint8_t)(100 + i / OWNERS % HOSTS) } };
		char owner[16];

		(void)snprintf(owner, sizeof(owner), "web%u", i % OWNERS);
		rsp_transport_set_ips(&pe.asap, &ip, 1, room);
		pe.asap.port = (uint16_t)(5000 + i / OWNERS / HOSTS % PORTS);
		pe.owner = rsp_bytes_str(owner);
		world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
	}
	before = w.n_dials;
	world_run(3000);
	for (unsigned k = before; k < w.n_dials; k++) {
		if (w.dial[k].role != RSP_ROLE_NOTIFY)
			continue;
		n++;
		CHECK_EQ(world_up(DIALLED + k, RSP_ASAP, RSP_ROLE_NOTIFY, w.dial[k].name), RSP_OK);
		CHECK_EQ(world_count(DIALLED + k, ASAP_ENDPOINT_KEEP_ALIVE), 2);
	}
	CHECK_EQ(n, LISTENERS);
	world_end();
}

/* However many initiate, and however often, while we look for ourselves: each is acknowledged once, now or when it asks
 * again. */
static void
many_initiators_are_acknowledged(void)
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
	CHECK_EQ(state(ID_D), RSP_PEER_INACTIVE);
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

/* Who is given up to another meanwhile need not acknowledge either. */
static void
who_is_given_up_to_another_need_not_acknowledge(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	world_joined(B, ID_B, "b"); /* a higher one, that finds C dead before we do */
	acknowledged(B, ID_B);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_C);
	world_run(500);
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER_ACK), 1);
	CHECK_EQ(state(ID_C), RSP_PEER_INACTIVE);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* A is dead, and D has not agreed to its takeover; C has. */
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
	CHECK_EQ(state(ID_A), RSP_PEER_DEAD);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_A);
	world_clear();
}

/* That who has not agreed is off the list then is no agreement. */
static void
who_leaves_or_joins_again_completes_no_takeover(void)
{
	begin_to_take_a_over();
	rsp_registrar_free(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_clear();

	begin_to_take_a_over();
	rsp_registrar_leave(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	rsp_registrar_free(w.r);
	CHECK_EQ(w.n_sent, 0);
	CHECK_EQ(w.n_events, 0);
	world_clear();

	begin_to_take_a_over();
	w.now += 100000; /* we were stopped */
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 0);
	CHECK_EQ(world_count(0, ENRP_TAKEOVER_SERVER), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).takeovers, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(all_must_acknowledge);
	TAP_RUN(the_elements_are_told);
	TAP_RUN(an_element_that_cannot_be_reached_has_the_grace_time);
	TAP_RUN(what_was_taken_over_counts_and_expires_as_ours);
	TAP_RUN(not_too_many_are_dialled_at_a_time);
	TAP_RUN(an_adopted_element_without_a_port_has_the_grace_time);
	TAP_RUN(an_adopted_element_on_another_transport_has_the_grace_time);
	TAP_RUN(an_adopted_element_without_a_key_has_the_grace_time);
	TAP_RUN(who_has_yielded_acknowledges_whoever_asks);
	TAP_RUN(with_nobody_to_acknowledge_it_is_done_at_once);
	TAP_RUN(a_target_that_lives_stops_it);
	TAP_RUN(the_higher_id_wins);
	TAP_RUN(who_has_not_noticed_looks_for_himself);
	TAP_RUN(an_initiator_that_dies_is_followed);
	TAP_RUN(a_peer_that_dies_meanwhile_need_not_acknowledge);
	TAP_RUN(initiations_are_repeated_less_and_less);
	TAP_RUN(who_is_called_dead_says_that_he_lives);
	TAP_RUN(who_is_taken_over_alive_asks_his_elements);
	TAP_RUN(the_living_are_not_taken_over);
	TAP_RUN(a_lower_one_that_was_first_holds_until_both_agree);
	TAP_RUN(who_comes_back_is_a_peer_again);
	TAP_RUN(each_listener_is_dialled_once_for_its_identity);
	TAP_RUN(many_initiators_are_acknowledged);
	TAP_RUN(who_is_given_up_to_another_need_not_acknowledge);
	TAP_RUN(who_leaves_or_joins_again_completes_no_takeover);
	return tap_end();
}
