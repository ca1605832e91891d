#include "registrar_world.h"

/* Elements that send no RSP_PARAM_EPOCH, such as those of rsplib: their home makes the numbers, and the user transport shows
 * which process an element is. Section 7 of the ownership of elements. */

enum { PROXIED = 77 }; /* a link of "proxy", which may register all addresses that begin with 198 */
enum { THIRD = 9 };    /* the instance of a third process */

static struct rsp_epoch
number(void)
{
	return world_stored("web", 7).epoch;
}

/* Element 7 registers over WEB1, at the address of this link and @port. */
static void
registers(uint16_t port)
{
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");

	msg.element.user.port = port;
	world_tell(WEB1, &msg);
}

static void
begin_proxied(void)
{
	struct rsp_registrar_config config = world_config();

	config.may_address = world_may_address;
	world_begin(&config);
	world_up_at(PROXIED, RSP_ROLE_ELEMENT, "proxy", "198.51.100.9");
}

/* Element 7 registers at 198.51.100.@first and the next address. */
static void
registers_at(uint8_t first)
{
	struct rsp_message msg = world_registration("web", 7, "198.51.100.1");
	struct rsp_ip ip[2] = { { 4, { 198, 51, 100, first } }, { 4, { 198, 51, 100, (uint8_t)(first + 1) } } };
	uint8_t room[RSP_ADDRS_ROOM(2)];

	msg.element.user.type = RSP_PARAM_SCTP; /* over TCP there is one address */
	rsp_transport_set_ips(&msg.element.user, ip, 2, room);
	world_tell(PROXIED, &msg);
}

static uint16_t
answer(void)
{
	struct rsp_message msg;

	CHECK(world_find(WEB1, RSP_ASAP, ASAP_REGISTRATION_RESPONSE, -1, &msg));
	return rsp_message_cause(&msg);
}

/* b says that element 7 is registered there, as the process of @instance, at the address of WEB1 and @port. */
static void
b_has_it_at(uint64_t epoch, uint32_t instance, uint32_t over, uint16_t port)
{
	struct rsp_pool_element pe = world_stated_pe(7, ID_B, world_statement(epoch, instance, RSP_RANK_REGISTERED));
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	pe.statement.epoch.over = over;
	pe.user.port = port;
	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

/* Its connection was closed; it connects again, and registers at the same address and port. */
static void
comes_back(void)
{
	CHECK(world_was_closed(WEB1));
	world_clear();
	world_up_at(WEB1, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	registers(80);
}

/* A process has displaced element 7, which is linked here by its port 80. */
static void
is_displaced(void)
{
	b_has_it_at(number().epoch + 1, OTHER_PROCESS, number().instance, 81);
}

/* The number */

static void
the_first_number_is_the_wall_clock(void)
{
	world_begin_with_peers();
	registers(80);
	CHECK_EQ(number().epoch, ((world_config().epoch_ms + w.now) << 16) + 1);
	CHECK(number().instance != 0);
	CHECK_EQ(number().over, 0);
	world_end();
}

static void
each_registration_has_a_higher_number(void)
{
	world_begin_with_peers();
	registers(80);
	uint64_t first = number().epoch;
	registers(80);
	CHECK(number().epoch > first);
	world_end();
}

static void
its_number_is_above_each_that_was_heard(void)
{
	world_begin_with_peers();
	world_update(B, ID_B, ENRP_ADD_PE, "mail", world_pe(1, ID_B, UINT64_C(1) << 61));
	registers(80);
	CHECK(number().epoch > UINT64_C(1) << 61);
	world_end();
}

static void
its_number_is_above_that_of_its_removal(void)
{
	world_begin_with_peers();
	world_says(B, ID_B, ID_B, world_statement(UINT64_C(1) << 61, PROCESS, RSP_RANK_REMOVED));
	registers(80);
	CHECK(number().epoch > UINT64_C(1) << 61);
	CHECK_EQ(number().over, PROCESS);
	world_end();
}

/* The process */

static void
an_element_with_the_same_port_and_an_address_in_common_is_the_same_process(void)
{
	begin_proxied();
	registers_at(1);
	uint32_t instance = number().instance;
	registers_at(2);
	CHECK(instance != 0);
	CHECK_EQ(number().instance, instance);
	CHECK_EQ(number().over, 0);
	world_end();
}

static void
an_element_with_other_addresses_is_another_process(void)
{
	begin_proxied();
	registers_at(1);
	uint32_t instance = number().instance;
	registers_at(3);
	CHECK(number().instance != instance);
	CHECK_EQ(number().over, instance);
	world_end();
}

static void
an_element_with_another_port_is_another_process(void)
{
	world_begin_with_peers();
	registers(80);
	uint32_t instance = number().instance;
	registers(81);
	CHECK(number().instance != instance);
	CHECK_EQ(number().over, instance);
	world_end();
}

static void
all_registrars_compute_one_instance_for_a_process(void)
{ /* the first process, the second one, and the first one again after the second was removed */
	struct rsp_message dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	registers(80);
	uint32_t instance = number().instance;
	world_tell(WEB1, &dereg);
	registers(81);
	world_tell(WEB1, &dereg);
	registers(80);
	CHECK_EQ(number().instance, instance);
	world_end();
}

static void
a_process_that_moves_keeps_the_instance_that_its_last_home_gave_it(void)
{
	world_begin_with_peers();
	b_has_it_at(100, PROCESS, THIRD, 80);
	registers(80);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(number().instance, PROCESS);
	CHECK_EQ(number().over, THIRD);
	world_end();
}

static void
another_process_than_the_one_elsewhere_names_it(void)
{
	world_begin_with_peers();
	b_has_it_at(100, PROCESS, 0, 81);
	registers(80);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(number().instance != PROCESS);
	CHECK_EQ(number().over, PROCESS);
	world_end();
}

/* Asked */

static void
an_element_that_acknowledges_a_question_gets_the_next_number(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	registers(80);
	struct rsp_epoch before = number();
	uint64_t theirs = before.epoch + 5;
	b_has_it_at(theirs, before.instance, 0, 80);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(number().epoch > theirs);
	CHECK_EQ(number().instance, before.instance);
	for (uint32_t link = B; link <= C; link++)
		CHECK(world_update_sent(link, &msg) == ENRP_ADD_PE && msg.element.statement.epoch.epoch == number().epoch);
	world_run(2000);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
an_element_that_acknowledges_a_question_about_another_process_names_it(void)
{
	world_begin_with_peers();
	registers(80);
	uint32_t instance = number().instance;
	b_has_it_at(number().epoch + 5, OTHER_PROCESS, 0, 81);
	world_ack(WEB1, "web", 7);
	CHECK_EQ(number().instance, instance);
	CHECK_EQ(number().over, OTHER_PROCESS);
	struct rsp_pool_element pe = { 0 };
	rsp_element_decode(world_element("web", 7), &pe);
	CHECK_EQ(pe.user.port, 80); /* with the contents that it registered here */
	world_end();
}

static void
an_element_that_does_not_acknowledge_a_question_goes(void)
{
	world_begin_with_peers();
	registers(80);
	b_has_it_at(number().epoch + 5, OTHER_PROCESS, 0, 81);
	world_run(501);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

/* Displaced */

static void
a_displaced_element_is_not_asked_and_loses_its_link_a_heartbeat_later(void)
{
	world_begin_with_peers();
	registers(80);
	is_displaced();
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(999);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(1);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK(world_was_closed(WEB1));
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	CHECK_EQ(world_count(WEB1, ASAP_DEREGISTRATION_RESPONSE), 0); /* it is sent nothing */
	world_end();
}

static void
a_registration_of_a_displaced_element_is_refused(void)
{
	world_begin_with_peers();
	registers(80);
	is_displaced();
	registers(80);
	CHECK_EQ(answer(), RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_run(1000);
	comes_back();
	CHECK_EQ(answer(), RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
statements_that_go_on_do_not_put_the_end_of_a_displaced_link_off(void)
{
	world_begin_with_peers();
	registers(80);
	uint32_t instance = number().instance;
	uint64_t epoch = number().epoch;
	for (uint64_t i = 1; i <= 10; i++) {
		b_has_it_at(epoch + i, OTHER_PROCESS, instance, 81);
		world_run(100);
	}
	CHECK_EQ(world_home("web", 7), ID_B);
	world_end();
}

static void
a_displaced_element_is_accepted_when_the_other_is_removed(void)
{
	struct rsp_statement s;

	world_begin_with_peers();
	registers(80);
	is_displaced();
	world_run(1000);
	s = world_stored("web", 7);
	s.rank = RSP_RANK_REMOVED;
	world_says(B, ID_B, ID_B, s);
	comes_back();
	CHECK_EQ(answer(), RSP_CAUSE_NONE);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(number().over, OTHER_PROCESS);
	world_end();
}

/* Deregistrations */

/* A deregistration over a link of the identity web1 from @address is answered with success. Element 7 is removed by it,
 * or not. */
static void
deregisters_from(const char *address, bool removes)
{
	struct rsp_message msg, dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	registers(80);
	uint64_t epoch = number().epoch;
	world_up_at(OTHER, RSP_ROLE_ELEMENT, "web1", address);
	world_clear();
	world_tell(OTHER, &dereg);
	CHECK(world_find(OTHER, RSP_ASAP, ASAP_DEREGISTRATION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_NONE);
	CHECK_EQ(world_home("web", 7), removes ? 0 : ID_US);
	CHECK_EQ(world_update_sent(B, &msg), removes ? (unsigned)ENRP_DEL_PE : (unsigned)NO_UPDATE);
	if (removes)
		CHECK_EQ(msg.element.statement.epoch.epoch, epoch);
	world_end();
}

static void
a_deregistration_over_another_link_from_its_address_removes_it(void)
{
	deregisters_from("192.0.2.1", true);
}

/* What a process sent before it ended arrives late, over its connection: it registered and deregistered. The process that
 * runs now believes that it is registered here. */
static void
a_late_deregistration_of_a_former_process_lets_the_present_one_register_again(void)
{
	struct rsp_message dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	registers(80);
	world_up_at(OTHER, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	world_register(OTHER, "web", 7);
	CHECK(!world_was_closed(WEB1));
	world_tell(OTHER, &dereg);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK(world_was_closed(WEB1));
	CHECK(!world_was_closed(OTHER));
	world_end();
}

static void
a_deregistration_from_another_address_changes_nothing(void)
{
	deregisters_from("192.0.2.5", false);
}

static void
a_deregistration_of_an_element_that_is_unknown_is_not_announced(void)
{
	struct rsp_message dereg = world_asap(ASAP_DEREGISTRATION, "web", 7);

	world_begin_with_peers();
	world_tell(WEB1, &dereg);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_first_number_is_the_wall_clock);
	TAP_RUN(each_registration_has_a_higher_number);
	TAP_RUN(its_number_is_above_each_that_was_heard);
	TAP_RUN(its_number_is_above_that_of_its_removal);
	TAP_RUN(an_element_with_the_same_port_and_an_address_in_common_is_the_same_process);
	TAP_RUN(an_element_with_other_addresses_is_another_process);
	TAP_RUN(an_element_with_another_port_is_another_process);
	TAP_RUN(all_registrars_compute_one_instance_for_a_process);
	TAP_RUN(a_process_that_moves_keeps_the_instance_that_its_last_home_gave_it);
	TAP_RUN(another_process_than_the_one_elsewhere_names_it);
	TAP_RUN(an_element_that_acknowledges_a_question_gets_the_next_number);
	TAP_RUN(an_element_that_acknowledges_a_question_about_another_process_names_it);
	TAP_RUN(an_element_that_does_not_acknowledge_a_question_goes);
	TAP_RUN(a_displaced_element_is_not_asked_and_loses_its_link_a_heartbeat_later);
	TAP_RUN(a_registration_of_a_displaced_element_is_refused);
	TAP_RUN(statements_that_go_on_do_not_put_the_end_of_a_displaced_link_off);
	TAP_RUN(a_displaced_element_is_accepted_when_the_other_is_removed);
	TAP_RUN(a_deregistration_over_another_link_from_its_address_removes_it);
	TAP_RUN(a_late_deregistration_of_a_former_process_lets_the_present_one_register_again);
	TAP_RUN(a_deregistration_from_another_address_changes_nothing);
	TAP_RUN(a_deregistration_of_an_element_that_is_unknown_is_not_announced);
	return tap_end();
}
