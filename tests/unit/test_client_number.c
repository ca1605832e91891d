/* An element numbers its own statements: engine/client/number.h. */
#include "number_world.h"

static void
an_element_begins_with_the_time(void)
{
	begin_registering();
	CHECK_EQ(world_number(&w).epoch, ((WALL + w.now) << 16) + 1);
	CHECK(world_number(&w).instance != 0);
	CHECK_EQ(world_number(&w).over, 0);
	world_end(&w);
}

static void
a_clock_before_1970_or_far_in_the_future_gives_a_number_too(void)
{
	begin_at((uint64_t)-5000000);
	CHECK_EQ(world_number(&w).epoch, 1);
	world_end(&w);
	begin_at(UINT64_C(1) << 60);
	CHECK(world_number(&w).epoch < LIMIT);
	CHECK(world_number(&w).epoch > WALL << 16);
	world_end(&w);
}

static void
a_renewal_has_the_next_epoch(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	world_run(&w, w.now + 280000);
	CHECK_EQ(registrations(1), 2);
	check_above(first, 1, 0);
	world_end(&w);
}

static void
a_retry_after_a_lost_answer_has_the_next_epoch(void)
{
	begin_registering();
	struct rsp_epoch first = world_number(&w);
	world_run(&w, w.now + 30000);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	CHECK_EQ(registrations(w.next_link), 1);
	check_above(first, 1, 0);
	world_end(&w);
}

static void
a_deregistration_has_the_next_epoch(void)
{
	begin_registered();
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	struct rsp_message msg = world_last_sent(&w, ASAP_DEREGISTRATION, 1);
	CHECK(msg.has & RSP_HAS_EPOCH);
	CHECK_EQ(msg.epoch.epoch, world_number(&w).epoch + 1);
	CHECK_EQ(msg.epoch.instance, world_number(&w).instance);
	world_end(&w);
}

static void
the_elements_of_a_process_have_one_instance(void)
{
	begin_registered();
	struct rsp_epoch first = world_number(&w);
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	CHECK_EQ(world_number(&w).instance, first.instance);
	world_end(&w);
}

static void
an_element_sends_what_it_is_over_from_the_response_on(void)
{
	begin_registering();
	struct rsp_epoch known = world_number(&w);
	known.over = 9;
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, known);
	world_run(&w, w.now + 280000);
	check_above(known, 1, 9);
	world_end(&w);
}

static void
no_element_is_over_itself(void)
{
	begin_registering();
	struct rsp_epoch known = world_number(&w);
	known.over = known.instance;
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, known);
	world_ask(&w, 1, 0xa, false, 0x11, known);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DISPLACED), 0);
	world_run(&w, w.now + 280000);
	CHECK_EQ(world_number(&w).over, 0);
	world_end(&w);
}

static void
a_response_about_another_statement_teaches_nothing(void)
{
	begin_registering();
	struct rsp_epoch known = { .epoch = world_number(&w).epoch - 1, .instance = world_number(&w).instance, .over = 9 };
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, known);
	world_run(&w, w.now + 280000);
	CHECK_EQ(world_number(&w).over, 0);
	world_end(&w);
}

static void
a_client_without_numbers_sends_none_and_ignores_them(void)
{
	struct rsp_client_config config = world_config(1, true);

	config.no_epoch = true;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, other);
	world_ask(&w, 1, 0xa, false, 0x11, other);
	CHECK(!(world_last_sent(&w, ASAP_REGISTRATION, 1).has & RSP_HAS_EPOCH));
	CHECK(!(world_last_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1).has & RSP_HAS_EPOCH));
	CHECK_EQ(registrations(1), 1);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	CHECK(!(world_last_sent(&w, ASAP_DEREGISTRATION, 1).has & RSP_HAS_EPOCH));
	world_end(&w);
}

/* Refused as too old */

static void
a_clock_that_went_back_costs_one_exchange(void)
{
	begin_at(0);
	struct rsp_epoch old = { .epoch = WALL << 16, .instance = 9 };
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD, old);
	CHECK_EQ(registrations(1), 2);
	CHECK_EQ(world_number(&w).epoch, old.epoch + 1);
	CHECK_EQ(world_number(&w).over, 9);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, world_number(&w));
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1);
	world_end(&w);
}

/* Its removal may be forgotten where it registers again, and known elsewhere. */
static void
begin_again_after(uint64_t epoch, uint64_t next)
{
	begin_at(0);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD, (struct rsp_epoch){ .epoch = epoch, .instance = 9 });
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, world_number(&w));
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_deregistered(&w, 1, "web", 0x11);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	CHECK_EQ(world_number(&w).epoch, next);
	world_end(&w);
}

static void
an_element_that_registers_again_begins_above_what_its_process_has_sent(void)
{
	begin_again_after(WALL << 16, (WALL << 16) + 3);
}

static void
a_number_that_no_clock_gives_is_no_reason_for_others(void)
{
	begin_again_after(UINT64_C(1) << 62, (UINT64_C(1000) << 16) + 2); /* the clock was at 1 s when it registered first */
}

static void
refused_with_its_own_older_life_it_is_over_nothing(void)
{
	begin_registering();
	struct rsp_epoch first = world_number(&w);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD,
			    (struct rsp_epoch){ .epoch = first.epoch + 3, .instance = first.instance });
	check_above(first, 4, 0);
	world_end(&w);
}

static void
refused_without_a_number_it_is_rejected(void)
{
	begin_registering();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_EPOCH_OLD);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 1);
	CHECK_EQ(registrations(1), 1);
	world_end(&w);
}

static void
a_home_that_refuses_each_number_is_asked_less_and_less(void)
{
	begin_registered();
	world_run(&w, w.now + 280000);
	unsigned n = refuse_for(600000, RSP_CAUSE_EPOCH_OLD);
	CHECK(n > 8 && n < 30);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).cause, RSP_CAUSE_EPOCH_OLD);
	CHECK_EQ(world_last(&w, RSP_CLIENT_FAILED).err, RSP_EREJECTED);
	CHECK(world_count_told(&w, RSP_CLIENT_FAILED) + 3 >= n);
	for (n = registrations(1); n == registrations(1);)
		world_run(&w, w.now + 10);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, world_number(&w));
	struct rsp_epoch accepted = world_number(&w);
	world_run(&w, w.now + 280000); /* accepted, it starts from the beginning: refused again, it registers at once */
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD, (struct rsp_epoch){ accepted.epoch + 9, 9, 0 });
	check_above(accepted, 10, 9);
	world_end(&w);
}

static void
gives_up_when_refused_with(uint16_t cause)
{
	struct rsp_client_config config = world_config(1, true);

	config.persistent = false;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	CHECK_EQ(rsp_client_allow_new_id(w.c, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(refuse_for(100000, cause), 3);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REJECTED).cause, cause);
	world_end(&w);
}

static void
a_client_that_is_not_persistent_gives_up_when_each_number_is_refused(void)
{
	gives_up_when_refused_with(RSP_CAUSE_EPOCH_OLD);
}

static void
a_client_that_is_not_persistent_gives_up_when_each_identifier_is_refused(void)
{
	gives_up_when_refused_with(RSP_CAUSE_NON_UNIQUE_PE_ID);
}

static void
a_deregistration_that_is_refused_as_too_old_is_sent_again_a_few_times(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_EPOCH_OLD);

	begin_registered();
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	for (unsigned i = 0; i < 4; i++) {
		struct rsp_epoch known = { .epoch = world_last_sent(&w, ASAP_DEREGISTRATION, 1).epoch.epoch + 6, .instance = 9 };

		CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), i + 1);
		world_receive_numbered(&w, 1, msg, known);
		if (i < 3)
			CHECK_EQ(world_last_sent(&w, ASAP_DEREGISTRATION, 1).epoch.epoch, known.epoch + 1);
	}
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), 4);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DEREGISTERED).cause, RSP_CAUSE_EPOCH_OLD);
	world_end(&w);
}

static void
refused_registrations_do_not_count_for_the_deregistration(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_EPOCH_OLD);

	begin_registered();
	world_run(&w, w.now + 280000);
	(void)refuse_for(10, RSP_CAUSE_EPOCH_OLD);
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_receive_numbered(&w, 1, msg, other);
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), 2);
	world_end(&w);
}

static void
a_deregistration_is_given_up_when_another_process_knew_of_the_element(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_EPOCH_OLD);

	begin_registered();
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_receive_numbered(&w, 1, msg, over_us());
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 1), 1);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DEREGISTERED), 1);
	world_end(&w);
}

/* Displaced */

/* The element 0x11 has got a new identifier, under which it registers as a new element. */
static void
check_renamed(uint16_t cause)
{
	struct told told = world_last(&w, RSP_CLIENT_DISPLACED);
	struct rsp_message msg = world_last_sent(&w, ASAP_REGISTRATION, 1);

	CHECK_EQ(told.pe_id, 0x11);
	CHECK_EQ(told.cause, cause);
	CHECK(told.new_pe_id != 0 && told.new_pe_id != 0x11);
	CHECK_EQ(msg.element.pe_id, told.new_pe_id);
	CHECK_EQ(msg.epoch.epoch, ((WALL + w.now) << 16) + 1);
	CHECK_EQ(msg.epoch.over, 0);
	world_registered_as(&w, 1, told.new_pe_id, RSP_CAUSE_NONE, msg.epoch);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REGISTERED).pe_id, told.new_pe_id);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 2);
}

/* The element, the identifier of which was configured, has ended. */
static void
check_ended(uint16_t cause)
{
	struct rsp_client_stats stats;

	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).pe_id, 0x11);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).new_pe_id, 0);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).cause, cause);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.elements, 0);
	CHECK_EQ(world_count_sent(&w, ASAP_DEREGISTRATION, 0), 0);
}

static void
refused_because_another_process_knew_of_it_it_takes_a_new_identifier(void)
{
	begin_with_random_id();
	world_run(&w, w.now + 280000);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID, over_us());
	check_renamed(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
refused_because_another_process_knew_of_it_it_ends_if_its_identifier_is_configured(void)
{
	begin_registered();
	world_run(&w, w.now + 280000);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID, over_us());
	check_ended(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
asked_about_a_process_that_knew_of_it_it_takes_a_new_identifier(void)
{
	begin_with_random_id();
	world_ask(&w, 1, 0xa, false, 0x11, over_us());
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0), 0); /* it is no more under this name */
	check_renamed(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
asked_about_a_process_that_knew_of_it_it_ends_if_its_identifier_is_configured(void)
{
	begin_registered();
	world_ask(&w, 1, 0xa, false, 0x11, over_us());
	check_ended(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
told_that_it_was_displaced_it_takes_a_new_identifier(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID);

	begin_with_random_id();
	world_receive(&w, 1, &msg);
	check_renamed(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
removed_with_the_number_of_a_process_that_knew_of_it_it_takes_a_new_identifier(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_UNANSWERED);

	begin_with_random_id();
	world_receive_numbered(&w, 1, msg, over_us());
	check_renamed(RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
}

static void
with_a_new_identifier_it_has_its_newest_contents_and_is_updated_as_before(void)
{
	struct rsp_pool_element pe = world_element(0x11, 100);

	begin_with_random_id();
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID, over_us());
	CHECK_EQ(world_last_sent(&w, ASAP_REGISTRATION, 1).element.lifetime_s, 100);
	check_renamed(RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_EUNKNOWN_PE);
	pe = world_element(world_last(&w, RSP_CLIENT_DISPLACED).new_pe_id, 200);
	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	CHECK_EQ(world_last_sent(&w, ASAP_REGISTRATION, 1).element.pe_id, pe.pe_id);
	CHECK_EQ(world_last_sent(&w, ASAP_REGISTRATION, 1).element.lifetime_s, 200);
	world_end(&w);
}

static void
the_first_registration_is_rejected_as_not_unique_by_a_registrar_without_numbers(void)
{
	begin_registering();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DISPLACED), 0);
	CHECK_EQ(world_last(&w, RSP_CLIENT_REJECTED).cause, RSP_CAUSE_NON_UNIQUE_PE_ID);
	world_end(&w);
	begin_registering();
	CHECK_EQ(rsp_client_allow_new_id(w.c, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID); /* an identifier that was chosen at random */
	CHECK_EQ(registrations(1), 2);
	CHECK_EQ(world_last(&w, RSP_CLIENT_DISPLACED).pe_id, 0x11);
	world_end(&w);
}

static void
a_home_that_refuses_each_identifier_is_asked_less_and_less(void)
{
	begin_with_random_id();
	world_run(&w, w.now + 280000);
	unsigned n = refuse_for(600000, RSP_CAUSE_NON_UNIQUE_PE_ID);
	CHECK(n > 8 && n < 30);
	CHECK(world_count_told(&w, RSP_CLIENT_DISPLACED) >= n);
	world_end(&w);
}

static void
a_home_that_accepts_and_displaces_it_without_end_is_registered_at_once_a_second(void)
{
	begin_with_random_id();
	unsigned before = registrations(1);
	for (uint64_t end = w.now + 60000; w.now < end; world_run(&w, w.now + 10)) {
		uint32_t pe_id = world_last_sent(&w, ASAP_REGISTRATION, 1).element.pe_id;

		world_registered_as(&w, 1, pe_id, RSP_CAUSE_NONE, world_number(&w));
		world_ask(&w, 1, 0xa, false, pe_id, over_us());
	}
	CHECK(registrations(1) - before <= 65);
	world_end(&w);
}

static void
an_element_that_lost_its_identifier_is_not_given_up_for_lack_of_resources(void)
{
	begin_with_random_id();
	world_ask(&w, 1, 0xa, false, 0x11, over_us());
	uint32_t pe_id = world_last(&w, RSP_CLIENT_DISPLACED).new_pe_id;
	world_registered(&w, 1, "web", pe_id, RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 0);
	world_run(&w, w.now + 2000);
	CHECK_EQ(world_last_sent(&w, ASAP_REGISTRATION, 1).element.pe_id, pe_id);
	CHECK_EQ(registrations(1), 3);
	world_end(&w);
}

static void
when_the_numbers_are_used_up_it_takes_a_new_identifier(void)
{
	begin_with_random_id();
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = LIMIT, .instance = 9 });
	check_renamed(RSP_CAUSE_EPOCH_OLD);
	world_end(&w);
	begin_with_random_id();
	world_run(&w, w.now + 280000);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD, (struct rsp_epoch){ .epoch = LIMIT, .instance = 9 });
	check_renamed(RSP_CAUSE_EPOCH_OLD);
	world_end(&w);
}

static void
when_the_numbers_are_used_up_it_ends_if_its_identifier_is_configured(void)
{
	begin_registered();
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = LIMIT, .instance = 9 });
	check_ended(RSP_CAUSE_EPOCH_OLD);
	world_end(&w);
	begin_registered();
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ .epoch = LIMIT - 1, .instance = 9 }); /* one is left */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_DISPLACED), 0);
	CHECK_EQ(world_number(&w).epoch, LIMIT);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(an_element_begins_with_the_time);
	TAP_RUN(a_clock_before_1970_or_far_in_the_future_gives_a_number_too);
	TAP_RUN(a_renewal_has_the_next_epoch);
	TAP_RUN(a_retry_after_a_lost_answer_has_the_next_epoch);
	TAP_RUN(a_deregistration_has_the_next_epoch);
	TAP_RUN(the_elements_of_a_process_have_one_instance);
	TAP_RUN(an_element_sends_what_it_is_over_from_the_response_on);
	TAP_RUN(no_element_is_over_itself);
	TAP_RUN(a_response_about_another_statement_teaches_nothing);
	TAP_RUN(a_client_without_numbers_sends_none_and_ignores_them);
	TAP_RUN(a_clock_that_went_back_costs_one_exchange);
	TAP_RUN(an_element_that_registers_again_begins_above_what_its_process_has_sent);
	TAP_RUN(a_number_that_no_clock_gives_is_no_reason_for_others);
	TAP_RUN(refused_with_its_own_older_life_it_is_over_nothing);
	TAP_RUN(refused_without_a_number_it_is_rejected);
	TAP_RUN(a_home_that_refuses_each_number_is_asked_less_and_less);
	TAP_RUN(a_client_that_is_not_persistent_gives_up_when_each_number_is_refused);
	TAP_RUN(a_client_that_is_not_persistent_gives_up_when_each_identifier_is_refused);
	TAP_RUN(refused_registrations_do_not_count_for_the_deregistration);
	TAP_RUN(a_deregistration_is_given_up_when_another_process_knew_of_the_element);
	TAP_RUN(a_deregistration_that_is_refused_as_too_old_is_sent_again_a_few_times);
	TAP_RUN(refused_because_another_process_knew_of_it_it_takes_a_new_identifier);
	TAP_RUN(refused_because_another_process_knew_of_it_it_ends_if_its_identifier_is_configured);
	TAP_RUN(asked_about_a_process_that_knew_of_it_it_takes_a_new_identifier);
	TAP_RUN(asked_about_a_process_that_knew_of_it_it_ends_if_its_identifier_is_configured);
	TAP_RUN(told_that_it_was_displaced_it_takes_a_new_identifier);
	TAP_RUN(removed_with_the_number_of_a_process_that_knew_of_it_it_takes_a_new_identifier);
	TAP_RUN(with_a_new_identifier_it_has_its_newest_contents_and_is_updated_as_before);
	TAP_RUN(the_first_registration_is_rejected_as_not_unique_by_a_registrar_without_numbers);
	TAP_RUN(a_home_that_refuses_each_identifier_is_asked_less_and_less);
	TAP_RUN(a_home_that_accepts_and_displaces_it_without_end_is_registered_at_once_a_second);
	TAP_RUN(an_element_that_lost_its_identifier_is_not_given_up_for_lack_of_resources);
	TAP_RUN(when_the_numbers_are_used_up_it_takes_a_new_identifier);
	TAP_RUN(when_the_numbers_are_used_up_it_ends_if_its_identifier_is_configured);
	return tap_end();
}
