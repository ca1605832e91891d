#include "registrar_world.h"

/* Messages that come late, or over another connection than the messages to which they belong. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_interval_ms = 1000;
	config.reconnect_grace_ms = 700;
	world_begin(&config);
	world_run(0);
}

static void
element(uint32_t link)
{
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(link, "web", 1);
	CHECK_EQ(world_home("web", 1), ID_US);
}

/* Let time pass until a keep-alive is sent. */
static void
await_keep_alive(void)
{
	for (unsigned i = 0; i < 200 && !world_count(0, ASAP_ENDPOINT_KEEP_ALIVE); i++)
		world_run(10);
	CHECK_EQ(world_count(0, ASAP_ENDPOINT_KEEP_ALIVE), 1);
}

/* This process is suspended; when it continues, its timers run before it reads its sockets. */
static void
suspended(uint64_t for_ms)
{
	w.now += for_ms;
	rsp_registrar_tick(w.r, w.now);
}

static void
an_answer_that_came_while_we_were_suspended_is_read_first(void)
{ /* RFC 5352 s.3.4 */
	begin();
	element(1);
	await_keep_alive();
	suspended(600);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_ack(1, "web", 1);
	world_run(400);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
a_missing_answer_counts_although_we_were_suspended(void)
{
	begin();
	element(1);
	await_keep_alive();
	suspended(600);
	world_run(300);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
a_renewal_that_came_while_we_were_suspended_is_read_first(void)
{ /* RFC 5352 s.3.1 */
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_run(0);
	element(1);
	world_run(299900);
	suspended(200);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_register(1, "web", 1);
	world_run(1000);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_run(300000);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	world_end();
}

static void
a_peer_that_answered_while_we_were_suspended_is_not_dead(void)
{ /* RFC 5353 s.3.4.3 */
	begin();
	world_joined(1, ID_B, "b");
	world_run(2600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 1);
	suspended(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	world_presence(1, ID_B, "b", false);
	world_run(500);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	CHECK_EQ(world_told(RSP_EVENT_PEER_RETURNED), 1);
	world_end();
}

static void
a_registrar_that_is_always_late_still_removes_elements(void)
{
	begin();
	element(1);
	await_keep_alive();
	for (unsigned i = 0; i < 10; i++)
		suspended(200);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
an_element_whose_older_registration_comes_last_is_asked_over_its_other_connection(void)
{
	begin();
	element(1);
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(2, "web", 1);
	world_register(1, "web", 1); /* sent before, delayed by the network */
	world_clear();
	world_down(1, RSP_ECLOSED);
	CHECK_EQ(world_count(2, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_ack(2, "web", 1);
	world_run(900);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
an_element_that_does_not_answer_over_its_other_connection_is_removed(void)
{
	begin();
	element(1);
	/* the element never registered over this one */
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(3, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(3, "web", 1);
	world_clear();
	world_down(3, RSP_ECLOSED);
	CHECK_EQ(world_count(2, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_count(1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_run(600);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
an_element_that_registers_while_it_is_dialled_may_close_one_connection(void)
{ /* RFC 5353 s.3.5.2 */
	struct rsp_pool_element pe = world_pe(1, ID_B, 8);
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	begin();
	world_joined(1, ID_B, "b");
	rsp_transport_set_ips(&pe.asap, &ip, 1, room); /* the address from which it registers */
	world_update(1, ID_B, ENRP_ADD_PE, "web", pe);
	world_down(1, RSP_ECLOSED);
	world_run(600); /* there is no other peer: the takeover is complete at once */
	CHECK_EQ(world_home("web", 1), ID_US);
	uint32_t notify = world_dialled("web1");
	CHECK_EQ(world_up(notify, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	element(2);
	world_clear();
	world_down(2, RSP_ECLOSED);
	CHECK_EQ(world_count(notify, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_ack(notify, "web", 1);
	world_run(800);
	CHECK_EQ(world_told(RSP_EVENT_PE_ADOPTED), 1);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

/* b has two elements, and its table has none. */
static void
begin_sweep(void)
{
	begin();
	world_joined(1, ID_B, "b");
	world_joined(2, ID_C, "c");
	world_update(1, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	world_update(1, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 8));
	world_clear();
	world_presence(1, ID_B, "b", false);
	CHECK_EQ(world_count(1, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(1, ID_B, 0, "web", 1, 0, ID_B, 8);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
}

static void
an_element_that_its_home_lacks_may_have_another_home_by_now(void)
{ /* RFC 5353 s.3.6.3 */
	begin_sweep();
	CHECK_EQ(world_home("web", 1), ID_B);
	world_run(100);
	world_update(2, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 20));
	CHECK_EQ(world_home("web", 1), ID_C);
	world_run(500);
	CHECK_EQ(world_home("web", 1), ID_C);
	CHECK_EQ(world_home("web", 2), 0);
	world_update(2, ID_C, ENRP_ADD_PE, "web", world_pe(2, ID_C, 8)); /* not newer than the removed one */
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

static void
the_claimant_of_an_element_that_its_home_lacks_is_asked_for_its_table(void)
{ /* RFC 5353 s.3.5.2: its takeover was not believed while the home was heard */
	begin();
	world_joined(1, ID_B, "b");
	world_joined(2, ID_C, "c");
	world_update(1, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	world_update(1, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 8));
	world_update(2, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 9)); /* odd: a takeover */
	CHECK_EQ(world_home("web", 1), ID_B);
	world_presence(1, ID_B, "b", false);
	world_table(1, ID_B, 0, "web", 1, 0, ID_B, 8);
	world_clear();
	world_run(510);
	CHECK_EQ(world_count(2, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_home("web", 2), ID_B); /* the table of c may name it, too */
	world_table(2, ID_C, 0, "web", 1, 1, ID_C, 9);
	CHECK_EQ(world_home("web", 1), ID_C);
	world_run(1000);
	CHECK_EQ(world_home("web", 1), ID_C);
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

static void
an_element_that_home_and_claimant_lack_is_removed(void)
{
	begin();
	world_joined(1, ID_B, "b");
	world_joined(2, ID_C, "c");
	world_update(1, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 8));
	world_update(2, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 9));
	world_presence(1, ID_B, "b", false);
	world_table(1, ID_B, 0, "web", 1, 0, ID_B, 8);
	world_run(510);
	world_table(2, ID_C, 0, "web", 1, 0, ID_C, 9);
	CHECK_EQ(world_home("web", 1), ID_B);
	world_run(510);
	CHECK_EQ(world_home("web", 1), 0);
	world_end();
}

static void
a_removal_that_our_element_did_not_contest_is_sent_to_all(void)
{ /* RFC 5353 s.3.3.2: other peers believe the removal only from us */
	struct rsp_message msg;

	begin();
	world_joined(1, ID_B, "b");
	world_joined(2, ID_C, "c");
	element(3);
	world_down(3, RSP_ECLOSED);
	world_clear();
	world_update(1, ID_B, ENRP_DEL_PE, "web", world_pe(1, ID_B, rsp_element_version(world_element("web", 1)) + 100));
	world_run(700);
	CHECK_EQ(world_home("web", 1), 0);
	CHECK(world_find(2, RSP_ENRP, ENRP_HANDLE_UPDATE, 0, &msg));
	CHECK_EQ(msg.update_action, ENRP_DEL_PE);
	CHECK_EQ(msg.element.home_id, ID_US);
	world_end();
}

static void
a_contact_that_sends_nothing_is_dialled_again(void)
{
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 0xb0 } }, .port = 9000 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_run(2400);
	CHECK(!world_was_closed(link));
	world_run(200);
	CHECK(world_was_closed(link));
	CHECK(world_dialled("b") != link);
	world_end();
}

static void
a_restarted_peer_is_dialled_before_it_is_dead(void)
{ /* RFC 5353 s.3.4.3: the contact is known by the former id */
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 0xb0 } }, .port = 9000 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", false);
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	world_tell(link, &list);
	world_table(link, ID_B, 0, "web", 1, 0, ID_B, 8);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);

	world_down(link, RSP_ECLOSED);
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
	unsigned dials = w.n_dials;
	world_joined(5, ID_C, "b"); /* b restarted, and connects before we dial it */
	world_clear();
	world_down(5, RSP_ECLOSED);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	CHECK_EQ(w.n_dials, dials + 1);
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "send-failed");
	world_end();
}

int
main(void)
{
	TAP_RUN(an_answer_that_came_while_we_were_suspended_is_read_first);
	TAP_RUN(a_missing_answer_counts_although_we_were_suspended);
	TAP_RUN(a_renewal_that_came_while_we_were_suspended_is_read_first);
	TAP_RUN(a_peer_that_answered_while_we_were_suspended_is_not_dead);
	TAP_RUN(a_registrar_that_is_always_late_still_removes_elements);
	TAP_RUN(an_element_whose_older_registration_comes_last_is_asked_over_its_other_connection);
	TAP_RUN(an_element_that_does_not_answer_over_its_other_connection_is_removed);
	TAP_RUN(an_element_that_registers_while_it_is_dialled_may_close_one_connection);
	TAP_RUN(an_element_that_its_home_lacks_may_have_another_home_by_now);
	TAP_RUN(the_claimant_of_an_element_that_its_home_lacks_is_asked_for_its_table);
	TAP_RUN(an_element_that_home_and_claimant_lack_is_removed);
	TAP_RUN(a_removal_that_our_element_did_not_contest_is_sent_to_all);
	TAP_RUN(a_contact_that_sends_nothing_is_dialled_again);
	TAP_RUN(a_restarted_peer_is_dialled_before_it_is_dead);
	return tap_end();
}
