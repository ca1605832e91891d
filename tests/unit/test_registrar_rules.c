#include "registrar_world.h"

/* What a registrar does in rarer cases, and against attackers. */

static struct rsp_transport
asap_transport(const char *handle, uint32_t pe_id)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(world_element(handle, pe_id), &pe);
	return pe.asap;
}

static void
the_asap_transport_is_recorded(void)
{ /* RFC 5352 s.3.1 rule 4, in the TCP profile */
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip own, other;

	world_serve();
	CHECK_EQ(rsp_ip_parse("192.0.2.1", &own), RSP_OK);
	CHECK_EQ(rsp_ip_parse("192.0.2.2", &other), RSP_OK);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_transport asap = asap_transport("web", 7);
	struct rsp_ip ip = rsp_transport_ip(&asap, 0);
	CHECK_EQ(asap.type, RSP_PARAM_TCP);
	CHECK_EQ(asap.port, 40000 + WEB1);
	CHECK(rsp_ip_equal(&ip, &own));

	/* the transport that it names, if that is its own address */
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5555 };
	rsp_transport_set_ips(&msg.element.asap, &own, 1, room);
	world_tell(WEB1, &msg);
	asap = asap_transport("web", 7);
	CHECK_EQ(asap.port, 5555);

	rsp_transport_set_ips(&msg.element.asap, &other, 1, room);
	world_tell(WEB1, &msg);
	asap = asap_transport("web", 7);
	ip = rsp_transport_ip(&asap, 0);
	CHECK_EQ(asap.port, 40000 + WEB1);
	CHECK(rsp_ip_equal(&ip, &own));
	world_end();
}

static void
an_element_that_registers_here_is_taken_from_its_former_registrar(void)
{ /* RFC 5352 s.3.1 rule 4; its owner stays the same */
	struct rsp_registrar_config config = world_defaults();
	const struct rsp_handlespace *space;

	config.max_identity_elements = 1;
	world_serve_with(&config);
	space = rsp_registrar_handlespace(w.r);
	world_joined(B, ID_B, "b");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20)); /* owned by web1 */
	CHECK_EQ(world_register_as(WEB2, "web", 7, "192.0.2.2"), RSP_CAUSE_SECURITY);
	CHECK_EQ(world_deregister_as(WEB2, "web", 7), RSP_CAUSE_SECURITY);
	CHECK_EQ(rsp_home_count(space, ID_B), 1);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(rsp_home_count(space, ID_B), 0);
	CHECK_EQ(rsp_home_count(space, ID_US), 1);
	/* it counts for its owner from now on, until it is removed */
	CHECK_EQ(world_register_as(WEB1, "web", 8, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "web", 8, "192.0.2.1"), RSP_CAUSE_NONE);
	world_end();
}

static void
a_renewal_without_a_change_is_not_announced(void)
{ /* RFC 5352 s.3.1, T4: elements register again all the time */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(1000);
	CHECK_EQ(world_heard(USER).type, 0);
	CHECK_EQ(world_told(RSP_EVENT_PE_REGISTERED), 1);
	CHECK_EQ(world_told(RSP_EVENT_PE_UPDATED), 0);
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.user.port = 81;
	world_tell(WEB1, &msg);
	world_run(1000);
	CHECK_EQ(world_heard(USER).type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	CHECK_EQ(world_told(RSP_EVENT_PE_UPDATED), 1);
	world_end();
}

static void
a_renewal_prolongs_life(void)
{ /* RFC 5352 s.3.1 */
	struct rsp_registrar_config config = world_defaults();

	config.keepalive_interval_ms = 0;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE); /* 300 s */
	for (unsigned i = 0; i < 10; i++) {
		world_run(14000);
		CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	}
	world_run(299999);
	CHECK_EQ(world_members("web"), 1);
	world_run(1);
	CHECK_EQ(world_members("web"), 0);
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "expired");
	world_end();
}

static void
a_message_that_was_partly_decoded_is_answered(void)
{ /* RFC 5352 s.3.1 rule 5: a rejection names the cause, RFC 5354 s.3.12.4 */
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	uint8_t buf[256];
	size_t size;

	world_serve();
	CHECK_EQ(rsp_message_encode(&msg, buf, sizeof(buf), &size), RSP_OK);
	memcpy(buf + 4 + 8 + 4 + 12, "\x00\x77", 2); /* the type of the user transport */
	rsp_registrar_receive(w.r, w.now, WEB1, rsp_bytes_of(buf, size));
	CHECK_EQ(world_heard(WEB1).type, 0); /* an unknown parameter of that kind stops in silence, RFC 5354 s.3 */

	msg.element.lifetime_s = -5;
	CHECK_EQ(rsp_message_encode(&msg, buf, sizeof(buf), &size), RSP_OK);
	rsp_registrar_receive(w.r, w.now, WEB1, rsp_bytes_of(buf, size));
	struct rsp_message answer = world_heard(WEB1);
	CHECK_EQ(answer.type, ASAP_REGISTRATION_RESPONSE);
	CHECK_EQ(answer.flags, ASAP_FLAG_REJECT);
	CHECK_EQ(answer.pe_id, 7);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_INVALID_VALUES);
	/* a link without rights learns nothing by it */
	rsp_registrar_receive(w.r, w.now, PLAIN, rsp_bytes_of(buf, size));
	answer = world_heard(PLAIN);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_SECURITY);
	/* without an id there is nothing to answer with but an error */
	static const uint8_t no_id[] = { 2, 0, 0, 12, 0, 9, 0, 5, 'w', 0, 0, 0 };
	rsp_registrar_receive(w.r, w.now, WEB1, rsp_bytes_of(no_id, sizeof(no_id)));
	CHECK_EQ(world_heard(WEB1).type, ASAP_ERROR);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

static void
a_handle_that_fills_its_message_is_answered(void)
{ /* RFC 5352 s.3.3: no request goes unanswered */
	static uint8_t request[65536] = { 5, 0, 0xff, 0xff, 0, 9, 0xff, 0xfb };

	world_serve();
	rsp_registrar_receive(w.r, w.now, USER, rsp_bytes_of(request, sizeof(request)));
	struct rsp_message answer = world_heard(USER);
	CHECK_EQ(answer.type, ASAP_ERROR);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_INVALID_VALUES);
	memcpy(request + 2, "\x20\0\0\x09\x1f\xfc", 6); /* 8 kB: too long to exist, short enough to answer */
	rsp_registrar_receive(w.r, w.now, USER, rsp_bytes_of(request, 0x2000));
	answer = world_heard(USER);
	CHECK_EQ(answer.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	world_end();
}

static void
a_reported_unknown_parameter_is_passed_over(void)
{ /* RFC 5354 s.3, high bits 11: done, and reported */
	static const uint8_t resolution[] = { 5, 0, 0, 20, 0, 9, 0, 5, 'w', 0, 0, 0, 0xc0, 0x77, 0, 8, 1, 2, 3, 4 };

	world_serve();
	CHECK_EQ(world_register_as(WEB1, "w", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	rsp_registrar_receive(w.r, w.now, USER, rsp_bytes_of(resolution, sizeof(resolution)));
	CHECK_EQ(world_heard(USER).type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	struct rsp_message error = world_heard(USER);
	CHECK_EQ(error.type, ASAP_ERROR);
	CHECK_EQ(rsp_message_cause(&error), RSP_CAUSE_UNRECOGNIZED_PARAM);
	world_end();
}

static void
messages_for_others_are_ignored(void)
{ /* RFC 5352 s.2.2: what registrars send, and what elements and users send each other */
	static const uint8_t type[] = { ASAP_REGISTRATION_RESPONSE, ASAP_DEREGISTRATION_RESPONSE };

	world_serve();
	for (unsigned i = 0; i < RSP_COUNT(type); i++) {
		struct rsp_message msg = world_asap(type[i], "web", 7);

		world_tell(WEB1, &msg);
		CHECK_EQ(world_heard(WEB1).type, 0);
	}
	rsp_registrar_receive(w.r, w.now, 4711, rsp_bytes_of("x", 1)); /* an unknown link */
	CHECK_EQ(w.n_sent, 0);
	world_end();
}

static void
a_removed_element_that_answers_late_is_sent_the_cause(void)
{ /* Beyond the RFC; for example an element that was suspended */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(60000);
	struct rsp_message answer = world_heard(WEB1); /* at once, and again when it answers late */
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(world_heard(WEB1).type, ASAP_ENDPOINT_KEEP_ALIVE);
	CHECK_EQ(world_members("web"), 0);
	world_ack(WEB1, "web", 7);
	answer = world_heard(WEB1);
	CHECK_EQ(answer.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(answer.pe_id, 7);
	CHECK_EQ(rsp_message_cause(&answer), RSP_CAUSE_UNANSWERED);
	world_ack(USER, "web", 7);
	CHECK_EQ(world_heard(USER).type, 0);
	world_ack(PLAIN, "web", 7);
	CHECK_EQ(world_heard(PLAIN).type, 0);
	world_end();
}

static void
other_connections_do_not_keep_an_element_alive(void)
{ /* RFC 5355 s.2.4 */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 60; i++) {
		for (uint32_t link = WEB2; link <= MONITOR; link++)
			world_ack(link, "web", 7);
		world_run(1000);
	}
	CHECK_EQ(world_members("web"), 0);
	world_end();
}

static void
an_unasked_answer_counts_for_nothing(void)
{ /* RFC 5352 s.3.4: no ACK without a KEEP_ALIVE */
	bool asked = false;

	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 450; i++) {
		if (world_heard(WEB1).type == ASAP_ENDPOINT_KEEP_ALIVE)
			asked = true;
		if (!asked)
			world_ack(WEB1, "web", 7);
		world_run(100);
	}
	CHECK(asked);
	world_end();
}

static void
keep_alives_are_varied_evenly(void)
{ /* RFC 5352 s.3.5: plus or minus 50 percent */
	enum { ELEMENTS = 900, SLICES = 9, SLICE_MS = 30000 / SLICES };
	unsigned all = 0;

	world_serve();
	for (uint32_t i = 1; i <= ELEMENTS; i++)
		CHECK_EQ(world_register_as(WEB1, "web", i, "192.0.2.1"), RSP_CAUSE_NONE);
	world_clear();
	world_run(14999);
	CHECK_EQ(world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE), 0);
	for (unsigned i = 0; i < SLICES; i++) {
		world_run(SLICE_MS);
		unsigned n = world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE) - all;
		all += n;
		CHECK(n > 60 && n < 140); /* 100 each, four standard deviations */
	}
	world_run(4); /* the rest of the 30 s, of which the slices are ninths, and both ends */
	all = world_count(WEB1, ASAP_ENDPOINT_KEEP_ALIVE);
	CHECK_EQ(all, ELEMENTS);
	world_end();
}

static void
keep_alives_keep_their_distance(void)
{ /* RFC 5355 s.2.14, also when the interval is set shorter than that */
	struct rsp_registrar_config config = world_defaults();
	uint64_t last = 0;
	unsigned n = 0;

	config.keepalive_interval_ms = 200;
	config.keepalive_distance_ms = 1000;
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	for (unsigned i = 0; i < 2000; i++) {
		world_run(10);
		if (i % 7 == 0)
			world_report(USER, "web", 7);
		if (i % 50 == 0) {
			(void)world_register_as(WEB1, "web", 7, "192.0.2.1");
		} else if (world_heard(WEB1).type == ASAP_ENDPOINT_KEEP_ALIVE) {
			CHECK(last == 0 || w.now - last >= 990);
			last = w.now;
			n++;
			world_ack(WEB1, "web", 7);
		}
	}
	CHECK(n >= 10 && n <= 20);
	world_end();
}

static void
reports_count_per_episode(void)
{ /* RFC 5352 s.3.5, RFC 5355 s.2.13: one reporter counts once, and a registration begins anew */
	struct rsp_message report = world_asap(ASAP_ENDPOINT_UNREACHABLE, "web", 7);

	world_serve();
	for (unsigned round = 0; round < 5; round++) {
		CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
		for (unsigned again = 0; again < 3; again++) {
			world_tell(USER, &report);
			world_tell(WEB2, &report);
			world_tell(GUEST, &report);
			world_ack(WEB1, "web", 7);
			world_run(1500);
			world_ack(WEB1, "web", 7);
		}
	}
	CHECK_EQ(world_members("web"), 1);
	/* a report of an unknown element does no harm */
	report.pe_id = 99;
	world_tell(USER, &report);
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

static void
a_report_during_the_grace_time_waits(void)
{
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	world_report(USER, "web", 7);
	world_run(4000);
	CHECK_EQ(world_members("web"), 1);
	world_run(2000);
	CHECK_EQ(world_members("web"), 0);
	world_end();
}

static void
the_old_connection_may_close_later(void)
{ /* an element that connects again before its old connection times out */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(world_register_as(WEB1_AGAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_down(WEB1, RSP_ECLOSED);
	for (unsigned i = 0; i < 600; i++) {
		world_run(100);
		if (world_heard(WEB1_AGAIN).type == ASAP_ENDPOINT_KEEP_ALIVE)
			world_ack(WEB1_AGAIN, "web", 7);
	}
	CHECK_EQ(world_members("web"), 1);
	world_end();
}

static void
a_displaced_process_is_sent_the_cause(void)
{ /* two processes with one key and one identifier */
	struct rsp_message ack = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 7), told;

	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_up_at(WEB1_AGAIN, RSP_ROLE_ELEMENT, "web1", "192.0.2.1");
	CHECK_EQ(world_register_as(WEB1_AGAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	world_run(2000);
	CHECK_EQ(world_heard(WEB1_AGAIN).type, ASAP_ENDPOINT_KEEP_ALIVE);
	world_tell(WEB1, &ack); /* over a connection on which it was not asked */
	CHECK_EQ(world_heard(WEB1).type, 0);
	world_tell(WEB1_AGAIN, &ack);
	told = world_heard(WEB1);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(told.pe_id, 7);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_NON_UNIQUE_PE_ID);
	for (unsigned i = 0; i < 600; i++) { /* it is sent once */
		world_run(100);
		if (world_heard(WEB1_AGAIN).type == ASAP_ENDPOINT_KEEP_ALIVE)
			world_tell(WEB1_AGAIN, &ack);
	}
	CHECK_EQ(world_heard(WEB1).type, 0);
	CHECK_EQ(world_members("web"), 1);
	/* the displaced process may deregister the element; the other process is sent that */
	CHECK_EQ(world_deregister_as(WEB1, "web", 7), RSP_CAUSE_NONE);
	told = world_heard(WEB1_AGAIN);
	CHECK_EQ(told.type, ASAP_DEREGISTRATION_RESPONSE);
	CHECK_EQ(rsp_message_cause(&told), RSP_CAUSE_DEREGISTERED);
	world_end();
}

static void
the_handlespace_has_caps(void)
{ /* RFC 5355 s.2.1: cause 6, nothing changed */
	struct rsp_registrar_config config = world_defaults();

	config.limits = (struct rsp_handlespace_limits){ .pools = 2, .elements = 4, .pool_elements = 3 };
	world_serve_with(&config);
	CHECK_EQ(world_register_as(WEB1, "a", 1, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "a", 2, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "a", 3, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "a", 4, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_EQ(world_register_as(WEB1, "b", 1, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_register_as(WEB1, "b", 2, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_EQ(world_register_as(WEB1, "c", 1, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	/* a registered element may register again */
	CHECK_EQ(world_register_as(WEB1, "a", 3, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(rsp_registrar_stats(w.r).pools, 2);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 4);
	world_end();
}

static uint32_t
two_for_web1(void *ctx, const char *identity)
{
	(void)ctx;
	return strcmp(identity, "web1") == 0 ? 2 : UINT32_MAX;
}

static void
an_identity_may_have_its_own_limit(void)
{ /* RFC 5355 s.2.2 */
	struct rsp_registrar_config config = world_defaults();

	config.max_elements = two_for_web1;
	world_serve_with(&config);
	for (uint32_t i = 1; i <= 3; i++) {
		uint16_t cause = i <= 2 ? RSP_CAUSE_NONE : RSP_CAUSE_LACK_OF_RESOURCES;

		CHECK_EQ(world_register_as(WEB1, "web", i, "192.0.2.1"), cause);
		CHECK_EQ(world_register_as(WEB2, "web", 10 + i, "192.0.2.2"), RSP_CAUSE_NONE);
	}
	world_end();
}

static void
subscriptions_have_caps(void)
{ /* RFC 5352 s.2.2.6: the A bit stays 0 */
	struct rsp_registrar_config config = world_defaults();

	config.max_subscriptions = 2;
	world_serve_with(&config);
	for (char handle[2] = "a"; handle[0] <= 'c'; handle[0]++)
		CHECK_EQ(world_register_as(WEB1, handle, 1, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "a", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	CHECK_EQ(world_resolve_as(USER, "b", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	struct rsp_message answer = world_resolve_as(USER, "c", 0, ASAP_FLAG_SUBSCRIBE);
	CHECK_EQ(answer.flags, 0);
	CHECK_EQ(answer.n_list, 1);
	/* a second time counts once */
	CHECK_EQ(world_resolve_as(USER, "a", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	CHECK_EQ(rsp_registrar_stats(w.r).subscriptions, 2);
	CHECK_EQ(world_resolve_as(WEB1, "c", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT); /* elements may, too */
	world_end();
}

static void
updates_keep_their_distance(void)
{ /* one pool that changes all the time does not flood its watchers */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	unsigned updates = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		struct rsp_message msg = world_registration("web", 7, "192.0.2.1");

		msg.has |= RSP_HAS_EPOCH; /* else another port were another process */
		msg.epoch = (struct rsp_epoch){ .epoch = UINT64_MAX / 2 - 2000 + i, .instance = PROCESS };
		msg.element.user.port = (uint16_t)(100 + i % 2);
		world_tell(WEB1, &msg);
		updates += world_heard(USER).type == ASAP_HANDLE_RESOLUTION_RESPONSE;
		world_run(10);
	}
	CHECK(updates >= 90 && updates <= 102); /* 10 s, 100 ms apart */
	world_end();
}

static void
the_largest_answer_is_a_message(void)
{ /* RFC 5354 s.4: 65535 octets at most */
	struct rsp_registrar_config config = world_defaults();

	config.limits = (struct rsp_handlespace_limits){ 10, 5000, 5000 };
	world_serve_with(&config);
	for (uint32_t i = 1; i <= 4000; i++)
		CHECK_EQ(world_register_as(WEB1, "web", i, "192.0.2.1"), RSP_CAUSE_NONE);
	struct rsp_message answer = world_resolve_as(USER, "web", UINT32_MAX, 0);
	CHECK(answer.n_list > 1000 && answer.n_list < 2000);
	CHECK(w.sent[w.n_sent - 1].n > 65400);
	CHECK(w.sent[w.n_sent - 1].n <= 65536);
	world_end();
}

static void
refusals_are_recorded_at_a_rate(void)
{ /* RFC 5355 s.2.13: each is answered and counted */
	world_serve();
	for (uint32_t i = 0; i < 5000; i++) {
		CHECK_EQ(world_register_as(PLAIN, "web", 7, "192.0.2.1"), RSP_CAUSE_SECURITY);
		rsp_registrar_receive(w.r, w.now, PLAIN, rsp_bytes_of("\x4f\0\0\4", 4));
		world_run(1);
	}
	CHECK(w.n_events >= 100 && w.n_events < 400); /* 100 at once, 10 a second, and when they stop */
	CHECK(rsp_registrar_stats(w.r).unrecorded > 9000);
	CHECK_EQ(rsp_registrar_stats(w.r).refused, 5000);
	unsigned before = w.n_events;
	/* those of another identity are recorded */
	CHECK_EQ(world_register_as(USER, "web", 7, "192.0.2.99"), RSP_CAUSE_SECURITY);
	CHECK_EQ(w.n_events, before + 1);
	world_end();
}

static void
leaving_deregisters_no_element(void)
{ /* RFC 5352 s.3.6: the elements hunt for another registrar, with the same ids */
	world_serve();
	CHECK_EQ(world_register_as(WEB1, "web", 7, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE).flags, ASAP_FLAG_ACCEPT);
	unsigned sent = w.n_sent, events_before = w.n_events;
	rsp_registrar_leave(w.r);
	CHECK_EQ(w.n_closed, 7);
	CHECK_EQ(w.n_sent, sent);
	CHECK_EQ(rsp_registrar_deadline(w.r), RSP_NEVER);
	rsp_registrar_tick(w.r, w.now + 1000000);
	CHECK_EQ(w.n_events, events_before);
	struct rsp_link_info info = { .role = RSP_ROLE_USER, .secure = true };
	CHECK_EQ(rsp_registrar_link_up(w.r, w.now, 50, &info), RSP_ELIMIT);
	world_end();
}

static void
impossible_configurations_are_refused(void)
{
	struct rsp_registrar_config config = world_defaults();
	struct rsp_registrar *r = NULL;

	config.server_id = 0; /* RFC 5353 s.3.2.1 */
	CHECK_EQ(rsp_registrar_new(&config, &world_ops, NULL, rsp_rng_seeded(1), 0, &r), RSP_EUSAGE);
	config = world_defaults();
	config.max_bad_pe_report = 255;
	CHECK_EQ(rsp_registrar_new(&config, &world_ops, NULL, rsp_rng_seeded(1), 0, &r), RSP_EUSAGE);
	config = world_defaults();
	config.keepalive_timeout_ms = 0;
	CHECK_EQ(rsp_registrar_new(&config, &world_ops, NULL, rsp_rng_seeded(1), 0, &r), RSP_EUSAGE);
	CHECK(!r);
	rsp_registrar_free(NULL);
}

static void
subscribers_are_sent_nothing_but_the_end_of_a_pool_that_expires(void)
{
	struct rsp_registrar_config config = world_defaults();
	struct rsp_message msg;

	world_serve_with(&config);
	msg = world_registration("web", 7, "192.0.2.1");
	msg.element.lifetime_s = 1;
	world_tell(WEB1, &msg);
	world_run(200);
	world_resolve_as(USER, "web", 0, ASAP_FLAG_SUBSCRIBE);
	world_register_as(WEB1, "other", 9, "192.0.2.1"); /* the last answer is of an element that goes */
	world_resolve_as(USER, "other", 0, 0);
	world_deregister_as(WEB1, "other", 9);
	world_clear();
	world_run(2000);
	CHECK_EQ(world_count(USER, ASAP_HANDLE_RESOLUTION_RESPONSE), 1);
	CHECK(world_find(USER, RSP_ASAP, ASAP_HANDLE_RESOLUTION_RESPONSE, -1, &msg));
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_asap_transport_is_recorded);
	TAP_RUN(an_element_that_registers_here_is_taken_from_its_former_registrar);
	TAP_RUN(a_renewal_without_a_change_is_not_announced);
	TAP_RUN(a_renewal_prolongs_life);
	TAP_RUN(a_message_that_was_partly_decoded_is_answered);
	TAP_RUN(a_handle_that_fills_its_message_is_answered);
	TAP_RUN(a_reported_unknown_parameter_is_passed_over);
	TAP_RUN(messages_for_others_are_ignored);
	TAP_RUN(a_removed_element_that_answers_late_is_sent_the_cause);
	TAP_RUN(other_connections_do_not_keep_an_element_alive);
	TAP_RUN(an_unasked_answer_counts_for_nothing);
	TAP_RUN(keep_alives_are_varied_evenly);
	TAP_RUN(keep_alives_keep_their_distance);
	TAP_RUN(reports_count_per_episode);
	TAP_RUN(a_report_during_the_grace_time_waits);
	TAP_RUN(the_old_connection_may_close_later);
	TAP_RUN(a_displaced_process_is_sent_the_cause);
	TAP_RUN(the_handlespace_has_caps);
	TAP_RUN(an_identity_may_have_its_own_limit);
	TAP_RUN(subscriptions_have_caps);
	TAP_RUN(updates_keep_their_distance);
	TAP_RUN(the_largest_answer_is_a_message);
	TAP_RUN(refusals_are_recorded_at_a_rate);
	TAP_RUN(leaving_deregisters_no_element);
	TAP_RUN(impossible_configurations_are_refused);
	TAP_RUN(subscribers_are_sent_nothing_but_the_end_of_a_pool_that_expires);
	return tap_end();
}
