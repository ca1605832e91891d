#include "takeover_world.h"

/* The elements of a registrar that we took over: RFC 5353 s.3.5.2. Each is sent a keep-alive with the H flag. */

static void
taken_over(void)
{
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
}

/* The elements 1 to 3 of d are taken over, and asked over the connection that is returned. */
static uint32_t
begin_asked(void)
{
	begin();
	taken_over();
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	return link;
}

static void
adopted_elements_with_one_listener_share_a_connection(void)
{
	begin();
	unsigned before = w.n_dials;
	taken_over();
	CHECK_EQ(w.n_dials - before, 1);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(w.dial[link - DIALLED].role, RSP_ROLE_NOTIFY);
	CHECK_EQ(w.dial[link - DIALLED].protocol, RSP_ASAP);
	CHECK_EQ(w.dial[link - DIALLED].port, 5000);
	CHECK_EQ(w.dial[link - DIALLED].ip.ip[3], 99);
	world_end();
}

static void
adopted_elements_are_asked_with_the_h_flag(void)
{ /* s.3.5.2: ASAP_ENDPOINT_KEEP_ALIVE with the H flag */
	struct rsp_message msg;
	uint32_t link = begin_asked();

	CHECK_EQ(world_count(link, ASAP_ENDPOINT_KEEP_ALIVE), 3);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg));
	CHECK_EQ(msg.flags, ASAP_FLAG_HOME);
	CHECK_EQ(msg.server_id, ID_US);
	CHECK_EQ(msg.epoch.epoch, 20);
	CHECK_EQ(msg.epoch.instance, PROCESS);
	world_end();
}

static void
an_element_without_epoch_that_acknowledges_has_a_new_home(void)
{
	struct rsp_message msg;
	uint32_t link = begin_asked();

	world_ack(link, "web", 1);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 1);
	CHECK_EQ(world_stored("web", 1).rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_stored("web", 1).epoch.instance, PROCESS);
	CHECK(world_epoch("web", 1) > 20);
	CHECK_EQ(world_update_sent(A, &msg), ENRP_ADD_PE);
	CHECK_EQ(msg.element.statement.epoch.epoch, world_epoch("web", 1));
	CHECK_EQ(msg.element.home_id, ID_US);
	CHECK(rsp_registrar_link_elements(w.r, link));
	world_end();
}

static const struct rsp_epoch old = { .epoch = 20, .instance = PROCESS };

static void
the_acknowledgement_of_an_element_with_epoch_moves_nothing(void)
{ /* it may stay at its home, and what was taken over may be old */
	uint32_t link = begin_asked();

	world_clear();
	world_ack_epoch(link, "web", 1, old);
	CHECK_EQ(world_stored("web", 1).rank, RSP_RANK_REGISTERED + 1);
	CHECK_EQ(world_epoch("web", 1), 20);
	CHECK_EQ(world_count(A, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

/* Element 1 registers over @link. */
static void
registers(uint32_t link)
{
	struct rsp_message msg = world_registration("web", 1, "192.0.2.99");

	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = (struct rsp_epoch){ .epoch = old.epoch + 1, .instance = PROCESS };
	world_tell(link, &msg);
	CHECK(world_find(link, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, 0, &msg) && msg.flags == 0);
	CHECK_EQ(world_stored("web", 1).rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_epoch("web", 1), 21);
}

static void
an_element_with_epoch_registers_over_the_dialled_connection(void)
{ /* RFC 5352 s.3.1 */
	uint32_t link = begin_asked();

	world_ack_epoch(link, "web", 1, old);
	world_ack(link, "web", 2);
	world_ack(link, "web", 3);
	registers(link);
	alive();
	world_run(2000);
	CHECK(!world_was_closed(link));
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* Element 1 acknowledges the H flag over @link, and the others are removed; then a says that d had removed element 1 before. */
static void
is_removed_meanwhile(uint32_t link)
{
	world_ack_epoch(link, "web", 1, old);
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(2, ID_D, 30));
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(3, ID_D, 30));
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_D, old.epoch));
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(world_home("web", 2), 0);
	CHECK(!world_was_closed(link));
}

static uint32_t
removed_meanwhile(void)
{
	uint32_t link = begin_asked();

	is_removed_meanwhile(link);
	return link;
}

static void
a_removal_waits_for_the_registration_that_follows_the_acknowledgement(void)
{
	uint32_t link = removed_meanwhile();

	registers(link);
	alive();
	world_run(2000);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK(!world_was_closed(link));
	world_end();
}

/* Else the peer would believe it of the home, and remove the element. */
static void
the_removal_that_waits_is_not_passed_on(void)
{
	(void)removed_meanwhile();
	world_clear();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_D, old.epoch)); /* older than what we have */
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

/* The registration may be waiting to be read. */
static void
after_a_pause_the_removal_waits_on(void)
{
	uint32_t link = removed_meanwhile();

	w.now += 2000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK(!world_was_closed(link));
	registers(link);
	world_end();
}

/* Its home by the stored statement is another registrar then, which looks at it. */
static void
after_a_change_of_the_server_id_nothing_waits(void)
{
	struct rsp_message msg;
	uint32_t link = begin_asked();

	world_joined(B, ID_US, "b");
	world_run(200);
	is_removed_meanwhile(link);
	for (unsigned i = 0; i < 49 && world_told(RSP_EVENT_SERVER_ID_DRAWN) == 0; i++)
		world_run(10);
	CHECK_EQ(world_told(RSP_EVENT_SERVER_ID_DRAWN), 1);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_joined(OTHER, ID_C, "c");
	world_update(OTHER, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_D, old.epoch));
	CHECK_EQ(world_update_sent(OTHER, &msg), ENRP_ADD_PE); /* what we have, not the removal */
	CHECK_EQ(msg.element.home_id, ID_US);
	world_run(1000);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* The removal is d's: none of ours is recorded, or sent. */
static void
at_the_end_of_the_registration_life_the_removal_stands(void)
{
	struct rsp_pool_element pe = world_pe(1, ID_D, 21);

	begin();
	pe.lifetime_s = 1;
	world_update(D, ID_D, ENRP_ADD_PE, "web", pe);
	taken_over();
	uint32_t link = world_dialled("web1");
	world_run(300);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_run(350);
	world_ack_epoch(link, "web", 1, (struct rsp_epoch){ .epoch = 21, .instance = PROCESS });
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_D, 21));
	world_ack(link, "web", 2);
	world_ack(link, "web", 3);
	world_clear();
	world_run(349);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(1);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_MOVED), "removed");
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
without_that_registration_the_removal_stands(void)
{
	uint32_t link = removed_meanwhile();

	world_run(499);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(1);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK(world_was_closed(link));
	world_end();
}

static void
when_that_connection_ends_the_removal_stands(void)
{
	world_down(removed_meanwhile(), RSP_ECLOSED);
	world_run(0);
	CHECK_EQ(world_home("web", 1), 0);
	world_end();
}

/* The acknowledgement is on its way, too. */
static void
a_removal_waits_for_an_acknowledgement(void)
{
	uint32_t link = begin_asked();

	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_D, old.epoch));
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(2, ID_D, old.epoch));
	CHECK_EQ(world_home("web", 1), ID_US);
	world_ack_epoch(link, "web", 1, old);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_ack(link, "web", 2); /* it sends no EPOCH: it has come */
	CHECK_EQ(world_stored("web", 2).rank, RSP_RANK_REGISTERED);
	world_run(500);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_US);
	world_end();
}

static void
without_an_acknowledgement_the_removal_stands(void)
{
	(void)begin_asked();
	world_update(A, ID_A, ENRP_DEL_PE, "web", world_pe(1, ID_D, old.epoch));
	world_run(499);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(1);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_US); /* its grace time is not over */
	world_end();
}

/* It has taken the element over, and then removed it: the removal is what it says. */
static void
the_last_word_of_a_registrar_waits(void)
{
	uint32_t link = begin_asked();
	struct rsp_pool_element taken = world_pe(1, ID_A, old.epoch);

	taken.statement.rank = RSP_RANK_REGISTERED + 2;
	world_ack_epoch(link, "web", 1, old);
	world_update(A, ID_A, ENRP_ADD_PE, "web", taken);
	world_update(A, ID_A, ENRP_DEL_PE, "web", taken);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(500);
	CHECK_EQ(world_home("web", 1), 0);
	world_end();
}

static void
a_later_registration_at_another_registrar_does_not_wait(void)
{
	uint32_t link = begin_asked();

	world_ack_epoch(link, "web", 1, old);
	world_update(A, ID_A, ENRP_ADD_PE, "web", world_pe(1, ID_A, old.epoch + 1));
	CHECK_EQ(world_home("web", 1), ID_A);
	world_end();
}

static void
an_element_that_acknowledges_and_does_not_register_is_asked_again(void)
{
	struct rsp_message msg;
	uint32_t link = begin_asked();

	for (uint32_t i = 1; i <= 3; i++)
		world_ack_epoch(link, "web", i, old);
	world_run(499);
	CHECK(!world_was_closed(link));
	world_run(1);
	CHECK(world_was_closed(link));
	alive();
	world_run(1000);
	uint32_t again = world_dialled("web1");
	CHECK(again != link);
	CHECK_EQ(world_up(again, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK(world_find(again, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, 0, &msg) && msg.flags == ASAP_FLAG_HOME);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* Each look asks element 1 with the H flag, as long as it stays at its home; d, which we do not hear, still runs. */
static void
looks_find_it(unsigned looks)
{
	uint32_t link = world_dialled("web1");

	for (unsigned i = 0; i < looks; i++) {
		world_ack_epoch(link, "web", 1, old);
		for (unsigned t = 0; t < 50 && world_dialled("web1") == link; t++) {
			alive();
			world_run(100);
		}
		CHECK(world_dialled("web1") != link);
		link = world_dialled("web1");
		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	}
}

static void
an_element_that_stays_at_its_home_is_recorded_once(void)
{
	(void)begin_asked();
	looks_find_it(4);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 1);
	CHECK_EQ(rsp_registrar_stats(w.r).adopted, 1);
	world_end();
}

static void
an_element_that_is_taken_over_again_is_recorded_again(void)
{
	(void)begin_asked();
	looks_find_it(2);
	world_joined(D, ID_D, "d");
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 30));
	CHECK_EQ(world_home("web", 1), ID_D);
	world_clear();
	uint32_t before = world_dialled("web1");
	taken_over();
	CHECK_EQ(world_home("web", 1), ID_US);
	uint32_t link = world_dialled("web1");
	CHECK(link != before);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack_epoch(link, "web", 1, (struct rsp_epoch){ .epoch = 30, .instance = PROCESS });
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 1);
	world_end();
}

static void
an_adopted_element_that_does_not_answer_is_removed_at_its_number(void)
{
	struct rsp_message msg;
	uint32_t link = begin_asked();

	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	alive();
	world_run(600);
	CHECK_EQ(world_home("web", 3), ID_US);
	world_run(1400); /* the grace time, and the distance of two keep-alives */
	CHECK_EQ(world_home("web", 3), 0);
	CHECK_EQ(world_home("web", 2), ID_US);
	CHECK_EQ(world_update_sent(A, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.pe_id, 3);
	CHECK_EQ(msg.element.statement.epoch.epoch, 20);
	world_end();
}

static void
an_adopted_element_whose_connection_closes_has_the_grace_time(void)
{
	uint32_t link = begin_asked();

	for (uint32_t i = 1; i <= 3; i++)
		world_ack(link, "web", i);
	world_down(link, RSP_ECLOSED);
	alive();
	world_run(650);
	CHECK_EQ(world_home("web", 2), ID_US);
	world_run(1500);
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

static void
an_adopted_element_that_refuses_the_connection_has_the_grace_time(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 2); /* this one registers by itself */
	alive();
	world_run(701);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_EQ(world_home("web", 2), ID_US);
	world_end();
}

static void
an_adopted_element_whose_host_does_not_answer_has_the_grace_time(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(499);
	alive();
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(750);
	CHECK_EQ(world_home("web", 1), 0);
	world_end();
}

static void
an_adopted_element_that_registers_before_it_is_reached_is_not_asked(void)
{
	begin();
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
adopted_elements_count_and_expire_as_ours(void)
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
	world_register(WEB1, "web", 9); /* elements of d do not count here */
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == 0);
	taken_over(); /* 3 s later */
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_ack(link, "web", 1);
	world_ack(link, "web", 2);
	world_register(WEB1, "web", 10);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == ASAP_FLAG_REJECT);
	/* its lifetime counts from the takeover: we do not know when it registered */
	for (unsigned i = 0; i < 3; i++) {
		world_run(1300);
		alive();
	}
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(100);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_UPDATE, -1, &msg) && msg.update_action == ENRP_DEL_PE);
	world_register(WEB1, "web", 2); /* this one counts already */
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == 0);
	world_register(WEB1, "web", 10);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == ASAP_FLAG_REJECT);
	world_end();
}

static void
elements_that_were_taken_over_do_not_count_until_they_answer(void)
{ /* the dead registrar, or a peer, may have invented them */
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg;

	config.max_identity_elements = 1;
	begin_with(&config);
	taken_over();
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 3);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "web", 9);
	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg) && msg.flags == 0);
	world_end();
}

static void
adopted_elements_are_dialled_a_few_at_a_time(void)
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
adopted_element_that_cannot_be_dialled(enum unreachable how)
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
	adopted_element_that_cannot_be_dialled(NO_PORT);
}

static void
an_adopted_element_on_another_transport_has_the_grace_time(void)
{
	adopted_element_that_cannot_be_dialled(SCTP_ONLY);
}

static void
an_adopted_element_without_a_key_has_the_grace_time(void)
{
	adopted_element_that_cannot_be_dialled(NO_KEY);
}

/* Elements share a connection if they have the same identity, address and port. */
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

int
main(void)
{
	TAP_RUN(adopted_elements_with_one_listener_share_a_connection);
	TAP_RUN(adopted_elements_are_asked_with_the_h_flag);
	TAP_RUN(an_element_without_epoch_that_acknowledges_has_a_new_home);
	TAP_RUN(the_acknowledgement_of_an_element_with_epoch_moves_nothing);
	TAP_RUN(an_element_with_epoch_registers_over_the_dialled_connection);
	TAP_RUN(a_removal_waits_for_the_registration_that_follows_the_acknowledgement);
	TAP_RUN(the_removal_that_waits_is_not_passed_on);
	TAP_RUN(after_a_pause_the_removal_waits_on);
	TAP_RUN(after_a_change_of_the_server_id_nothing_waits);
	TAP_RUN(at_the_end_of_the_registration_life_the_removal_stands);
	TAP_RUN(without_that_registration_the_removal_stands);
	TAP_RUN(when_that_connection_ends_the_removal_stands);
	TAP_RUN(a_removal_waits_for_an_acknowledgement);
	TAP_RUN(without_an_acknowledgement_the_removal_stands);
	TAP_RUN(the_last_word_of_a_registrar_waits);
	TAP_RUN(a_later_registration_at_another_registrar_does_not_wait);
	TAP_RUN(an_element_that_acknowledges_and_does_not_register_is_asked_again);
	TAP_RUN(an_element_that_stays_at_its_home_is_recorded_once);
	TAP_RUN(an_element_that_is_taken_over_again_is_recorded_again);
	TAP_RUN(an_adopted_element_that_does_not_answer_is_removed_at_its_number);
	TAP_RUN(an_adopted_element_whose_connection_closes_has_the_grace_time);
	TAP_RUN(an_adopted_element_that_refuses_the_connection_has_the_grace_time);
	TAP_RUN(an_adopted_element_whose_host_does_not_answer_has_the_grace_time);
	TAP_RUN(an_adopted_element_that_registers_before_it_is_reached_is_not_asked);
	TAP_RUN(adopted_elements_count_and_expire_as_ours);
	TAP_RUN(elements_that_were_taken_over_do_not_count_until_they_answer);
	TAP_RUN(adopted_elements_are_dialled_a_few_at_a_time);
	TAP_RUN(an_adopted_element_without_a_port_has_the_grace_time);
	TAP_RUN(an_adopted_element_on_another_transport_has_the_grace_time);
	TAP_RUN(an_adopted_element_without_a_key_has_the_grace_time);
	TAP_RUN(each_listener_is_dialled_once_for_its_identity);
	return tap_end();
}
