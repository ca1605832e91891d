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
	w.no_keys = true; /* the element is dialled in vain */
	suspended(600);
	world_run(2000);
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

/* Its new home says so once the connections to the registrars are up again. */
static void
an_element_that_moved_while_we_were_suspended_does_not_expire_before_its_new_home_can_say_so(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_run(0);
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(1, "web", 1, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_run(299000);
	suspended(2000);
	world_down(1, RSP_ECLOSED);
	world_run(500);
	world_joined(B, ID_B, "b");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 101));
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
an_element_that_ended_while_we_were_suspended_expires(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_run(0);
	element(1);
	world_run(299000);
	suspended(2000);
	world_run(config.keepalive_timeout_ms / 2 + config.reconnect_grace_ms + 1);
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
	w.no_keys = true;
	for (unsigned i = 0; i < 20; i++)
		suspended(200);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
an_element_without_epoch_whose_older_registration_comes_last_registers_again(void)
{ /* its answer over the other connection would not say which process it is */
	begin();
	element(1);
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(2, "web", 1);
	world_register(1, "web", 1); /* sent before, delayed by the network */
	world_down(1, RSP_ECLOSED);
	CHECK(world_was_closed(2));
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

static void
an_older_registration_that_comes_last_is_refused(void)
{
	begin();
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(2, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_register_epoch(1, "web", 1, (struct rsp_epoch){ 100, PROCESS, 0 });
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "-");
	w.no_keys = true;
	world_down(1, RSP_ECLOSED);
	world_run(900);
	CHECK_EQ(world_home("web", 1), ID_US);
	world_end();
}

/* The element registered over connection 1, then over 2, which has closed. */
static void
begin_with_the_newer_connection_closed(void)
{
	begin();
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(1, "web", 1, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_register_epoch(2, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	w.no_keys = true;
	world_clear();
	world_down(2, RSP_ECLOSED);
	CHECK_EQ(world_count(1, ASAP_ENDPOINT_KEEP_ALIVE), 1);
}

static void
an_element_that_answers_over_its_other_connection_stays(void)
{
	begin_with_the_newer_connection_closed();
	world_ack_epoch(1, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_run(900);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
an_element_that_does_not_answer_over_its_other_connection_is_removed(void)
{
	begin_with_the_newer_connection_closed();
	world_run(2000);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "keepalive-unanswered");
	world_end();
}

static void
a_connection_over_which_it_never_registered_is_not_asked(void)
{
	begin();
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(2, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_clear();
	world_down(2, RSP_ECLOSED);
	CHECK_EQ(world_count(1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
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
	CHECK(world_was_closed(notify)); /* it was dialled for the look alone */
	world_clear();
	world_down(2, RSP_ECLOSED);
	world_run(1000); /* the distance of keep-alives */
	uint32_t again = world_dialled("web1");
	CHECK_EQ(world_up(again, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(world_count(again, ASAP_ENDPOINT_KEEP_ALIVE), 1);
	world_ack(again, "web", 1);
	world_run(800);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(world_home("web", 1), ID_US);
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
	TAP_RUN(an_element_that_moved_while_we_were_suspended_does_not_expire_before_its_new_home_can_say_so);
	TAP_RUN(an_element_that_ended_while_we_were_suspended_expires);
	TAP_RUN(a_peer_that_answered_while_we_were_suspended_is_not_dead);
	TAP_RUN(a_registrar_that_is_always_late_still_removes_elements);
	TAP_RUN(an_element_without_epoch_whose_older_registration_comes_last_registers_again);
	TAP_RUN(an_older_registration_that_comes_last_is_refused);
	TAP_RUN(an_element_that_answers_over_its_other_connection_stays);
	TAP_RUN(an_element_that_does_not_answer_over_its_other_connection_is_removed);
	TAP_RUN(a_connection_over_which_it_never_registered_is_not_asked);
	TAP_RUN(an_element_that_registers_while_it_is_dialled_may_close_one_connection);
	TAP_RUN(a_contact_that_sends_nothing_is_dialled_again);
	TAP_RUN(a_restarted_peer_is_dialled_before_it_is_dead);
	return tap_end();
}
