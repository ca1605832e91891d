/* Each row of the table of an element in engine/client/state.h happens. */
#include "client_world.h"

#include "engine/client/state.h"
#include "moves.h"

enum { MORE_THAN_THE_WINDOW = 300, RETRIES = 3 };

static void
end(void)
{
	world_end(&w);
}

static void
start(void)
{
	begin(1, true);
	moves_expect();
}

/* An element whose REGISTRATION was sent to alpha. */
static void
start_registering(void)
{
	begin_registering_at_alpha(1);
	moves_expect();
}

static void
start_registered(void)
{
	begin(1, true);
	world_registered_at_alpha(&w, 0x11, 300);
	moves_expect();
}

static void
deregister(uint32_t pe_id)
{
	CHECK_EQ(rsp_client_deregister(w.c, w.now, rsp_bytes_str("web"), pe_id), RSP_OK);
}

static void
update(uint32_t pe_id)
{
	struct rsp_pool_element pe = world_element(pe_id, 100);

	CHECK_EQ(rsp_client_update(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
}

static void
reject(void)
{
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_SECURITY);
}

static void
lose(uint32_t link)
{
	world_down(&w, link, RSP_STEP_ASAP, RSP_ECLOSED);
}

/* The registrar alpha sends an error that names no request. */
static void
error(void)
{
	uint8_t room[64];
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ERROR, .has = RSP_HAS_ERROR };

	msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof room);
	world_receive(&w, 1, &msg);
}

/* The registrar has removed the element, which waits to register again. */
static void
start_delayed(void)
{
	start_registered();
	world_deregistered(&w, 1, "web", 0x11);
	moves_expect();
}

static void
register_more_than_the_window(void)
{
	begin(2, true);
	for (uint32_t i = 1; i <= MORE_THAN_THE_WINDOW; i++)
		CHECK_EQ(world_register(&w, "web", i, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	moves_expect();
}

/* All elements are registered; alpha is lost; at beta more than the window is to be registered again. Returns one that
 * is queued. */
static uint32_t
queue_known_elements(void)
{
	bool sent[MORE_THAN_THE_WINDOW + 1] = { false };
	uint32_t id = 1;

	register_more_than_the_window();
	world_serve(&w, 1);
	lose(1);
	world_up(&w, 2, RSP_ROLE_ELEMENT, "beta");
	world_run(&w, w.now + 200);
	for (unsigned i = 0; i < w.n_sent; i++) {
		struct rsp_message msg;

		CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[i].octets, w.sent[i].n), &msg, NULL), RSP_OK);
		if (w.sent[i].link == 2 && msg.element.pe_id <= MORE_THAN_THE_WINDOW)
			sent[msg.element.pe_id] = true;
	}
	while (id < MORE_THAN_THE_WINDOW && sent[id])
		id++;
	moves_expect();
	return id;
}

/* WAITING */

static void
there_is_a_home_when_it_is_registered(void)
{
	start_registered();
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
}

static void
a_home_is_found(void)
{
	start();
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	moves_expect();
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
}

static void
its_delay_ends(void)
{
	start_delayed();
	world_run(&w, w.now + 1000);
}

static void
it_is_updated_during_its_delay(void)
{
	start_delayed();
	update(0x11);
}

static void
the_home_asks_for_it_during_its_delay(void)
{
	start_delayed();
	world_ask(&w, 1, 0xa, true, 0x11, world_number(&w));
}

static void
the_registrar_that_becomes_its_home_names_it(void)
{
	start_registered();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	moves_expect();
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
}

static void
the_home_names_it_during_its_delay(void)
{
	start_registered();
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_serve(&w, 1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x11);
	moves_expect();
	world_keepalive(&w, 77, 0xb, true, "web", 0x12);
}

static void
it_is_deregistered_without_a_home(void)
{
	start_registered();
	lose(1);
	moves_expect();
	deregister(0x11);
}

static void
it_is_deregistered_before_it_was_sent(void)
{
	start();
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	moves_expect();
	deregister(0x11);
}

/* The registrar does not answer three requests. */
static void
answer_nothing(void)
{
	for (unsigned i = 0; i < RETRIES; i++) {
		CHECK(!moves.seen[moves.from][moves.to]);
		world_run(&w, w.now + 30000); /* T2 or T3 */
		world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "alpha");
	}
}

static void
its_registrations_get_no_answer(void)
{
	struct rsp_client_config config = world_config(1, true);

	config.persistent = false;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	moves_expect();
	answer_nothing();
}

/* QUEUED */

static void
the_window_allows_its_registration(void)
{
	register_more_than_the_window();
	world_registered(&w, 1, "web", 1, RSP_CAUSE_NONE);
}

static void
the_home_is_lost_while_it_is_queued(void)
{
	register_more_than_the_window();
	lose(1);
}

static void
the_home_names_it_while_it_is_queued(void)
{
	uint32_t queued = queue_known_elements();

	world_keepalive(&w, 2, 0xb, true, "web", queued);
}

static void
it_is_deregistered_while_it_is_queued(void)
{
	uint32_t queued = queue_known_elements();

	deregister(queued);
}

static void
it_is_deregistered_while_it_is_queued_for_the_first_time(void)
{
	register_more_than_the_window();
	deregister(MORE_THAN_THE_WINDOW);
}

/* REGISTERING */

static void
its_registration_is_accepted(void)
{
	start_registering();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
}

static void
its_registration_is_rejected(void)
{
	start_registering();
	reject();
}

static void
an_error_answers_its_registration(void)
{
	start_registering();
	error();
}

static void
it_was_updated_before_it_is_rejected(void)
{
	start_registering();
	update(0x11);
	CHECK_EQ(moves.n, 0);
	reject();
}

/* The registrar knows the statement of another process, which is greater. */
static void
refuse_as_too_old(void)
{
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_EPOCH_OLD, (struct rsp_epoch){ world_number(&w).epoch + 7, 9, 0 });
}

static void
its_registration_is_refused_as_too_old(void)
{
	start_registering();
	refuse_as_too_old();
}

static void
its_registrations_are_refused_as_too_old_in_a_row(void)
{
	start_registering();
	for (unsigned i = 0; i < 3; i++)
		refuse_as_too_old();
	CHECK(!moves.seen[ELEMENT_REGISTERING][ELEMENT_WAITING]);
	refuse_as_too_old();
}

static void
displace_while_it_registers(bool fixed)
{
	start_registering();
	if (!fixed)
		CHECK_EQ(rsp_client_allow_new_id(w.c, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID, (struct rsp_epoch){ 5, 9, world_number(&w).instance });
}

static void
another_process_displaces_it_while_it_registers(void)
{
	displace_while_it_registers(false);
}

static void
another_process_displaces_its_configured_identifier_while_it_registers(void)
{
	displace_while_it_registers(true);
}

static void
t2_expires(void)
{
	start_registering();
	world_run(&w, w.now + 29999);
	CHECK_EQ(moves.n, 0);
	world_run(&w, w.now + 1);
}

static void
the_home_is_lost_while_it_registers(void)
{
	start_registering();
	lose(1);
}

static void
the_home_lacks_resources(void)
{
	start_registered();
	update(0x11);
	moves_expect();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_LACK_OF_RESOURCES);
}

static void
it_is_deregistered_while_it_registers(void)
{
	start_registering();
	deregister(0x11);
}

/* REGISTERED */

static void
t4_expires(void)
{
	start_registered();
	world_run(&w, w.now + 280000); /* 20 s before the end of its lifetime, at the latest */
}

static void
it_is_updated(void)
{
	start_registered();
	update(0x11);
}

static void
it_was_updated_before_it_is_accepted(void)
{
	start_registering();
	update(0x11);
	CHECK_EQ(moves.n, 0);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
}

static void
its_home_is_lost(void)
{
	start_registered();
	lose(1);
}

static void
another_registrar_becomes_its_home(void)
{
	start_registered();
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_serve(&w, 1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	moves_expect();
	world_keepalive(&w, 77, 0xb, true, "web", 0x12);
}

static void
the_registrar_removes_it(void)
{
	start_registered();
	world_deregistered(&w, 1, "web", 0x11);
}

static void
it_is_deregistered(void)
{
	start_registered();
	deregister(0x11);
}

static void
another_process_displaces_its_configured_identifier(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_NON_UNIQUE_PE_ID);

	start_registered();
	world_receive(&w, 1, &msg);
}

static void
another_process_displaces_it(void)
{
	start_registered();
	CHECK_EQ(rsp_client_allow_new_id(w.c, rsp_bytes_str("web"), 0x11), RSP_OK);
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ 5, 9, world_number(&w).instance });
}

/* The home knows another statement than the last one of the element. */
static void
ask(void)
{
	world_run(&w, w.now + 20);
	world_ask(&w, 1, 0xa, false, 0x11, (struct rsp_epoch){ world_number(&w).epoch + 7, 9, 0 });
}

static void
the_home_asks_for_its_next_statement(void)
{
	start_registered();
	ask();
}

static void
the_home_asks_for_its_next_statement_too_often(void)
{
	start_registered();
	for (unsigned i = 0; i < 4; i++) {
		ask();
		CHECK(!moves.seen[ELEMENT_REGISTERED][ELEMENT_WAITING]);
		world_serve(&w, 1);
	}
	ask();
}

/* REJECTED */

/* An element that was registered, and of which an update was rejected. */
static void
start_rejected(void)
{
	start_registered();
	update(0x11);
	reject();
	moves_expect();
}

static void
it_is_corrected(void)
{
	start_rejected();
	update(0x11);
}

static void
it_is_corrected_without_a_home(void)
{
	start_rejected();
	lose(1);
	CHECK_EQ(moves.n, 0);
	update(0x11);
}

static void
it_is_deregistered_after_a_rejected_update(void)
{
	start_rejected();
	deregister(0x11);
}

static void
it_is_deregistered_after_its_first_registration_was_rejected(void)
{
	start_registering();
	reject();
	moves_expect();
	deregister(0x11);
}

/* LEAVING, LEAVE_QUEUED, DEREGISTERING */

static void
start_deregistering(void)
{
	start_registered();
	deregister(0x11);
	moves_expect();
}

static void
there_is_a_home_when_it_is_deregistered(void)
{
	start_registered();
	deregister(0x11);
}

static void
a_home_is_found_for_its_deregistration(void)
{
	start_registered();
	lose(1);
	deregister(0x11);
	CHECK(!moves.seen[ELEMENT_LEAVING][ELEMENT_LEAVE_QUEUED]);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "alpha");
}

static void
its_deregistrations_get_no_answer(void)
{
	start_deregistering();
	answer_nothing();
}

/* All elements leave, and the window is full of their deregistrations. */
static void
deregister_more_than_the_window(void)
{
	register_more_than_the_window();
	world_serve(&w, 1);
	rsp_client_deregister_all(w.c, w.now);
	moves_expect();
}

static void
the_window_allows_its_deregistration(void)
{
	deregister_more_than_the_window();
	world_deregistered(&w, 1, "web", 1);
}

static void
the_home_is_lost_while_its_deregistration_is_queued(void)
{
	deregister_more_than_the_window();
	lose(1);
}

static void
its_deregistration_is_answered(void)
{
	start_deregistering();
	world_deregistered(&w, 1, "web", 0x11);
}

static void
an_error_answers_its_deregistration(void)
{
	start_deregistering();
	error();
}

static void
t3_expires(void)
{
	start_deregistering();
	world_run(&w, w.now + 29999);
	CHECK_EQ(moves.n, 0);
	world_run(&w, w.now + 1);
}

static void
its_deregistration_is_refused_as_too_old(void)
{
	struct rsp_message msg = world_message(ASAP_DEREGISTRATION_RESPONSE, "web", 0x11, RSP_CAUSE_EPOCH_OLD);

	start_deregistering();
	world_receive_numbered(&w, 1, msg, (struct rsp_epoch){ world_number(&w).epoch + 7, 9, 0 });
}

static void
the_home_is_lost_while_it_deregisters(void)
{
	start_deregistering();
	lose(1);
}

/* Of an element that registers, a response to a deregistration changes nothing, and so on. */
static void
a_response_to_no_request_changes_nothing(void)
{
	start_registering();
	world_deregistered(&w, 1, "web", 0x11);
	CHECK_EQ(moves.n, 0);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	moves_expect();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	reject();
	error();
	CHECK_EQ(moves.n, 0);
	deregister(0x11);
	moves_expect();
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	reject();
	deregister(0x11); /* for the second time */
	CHECK_EQ(moves.n, 0);
	end();
}

int
main(void)
{
	moves.machine = "element";
#define MOVE(from, to, event) moves_walk(ELEMENT_##from, ELEMENT_##to, event, end, #event);
	CLIENT_ELEMENT_MOVES(MOVE)
#undef MOVE
	TAP_RUN(a_response_to_no_request_changes_nothing);
	return tap_end();
}
