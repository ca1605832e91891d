/* The engine of a monitor, in virtual time. The test plays the registrar. */
#include <string.h>

#include "base/clock.h"
#include "engine/monitor/monitor.h"
#include "tap.h"

enum { REGISTRAR = 0x00c0ffee, ANSWER_MS = 10000 };

static struct {
	struct rsp_monitor *m;
	uint64_t now;
	unsigned n_sent, n_rejected, n_answers, n_done, n_failed, n_elements;
	struct rsp_message sent; /* the newest request; without views */
	uint64_t sent_ms;
	struct rsp_why why;
	uint32_t server_id;
	unsigned n; /* of the event DONE or FAILED */
	uint16_t checksum;
} world;

static void
world_send(void *ctx, struct rsp_bytes message)
{
	static uint8_t octets[64]; /* world.sent may have views of it */

	(void)ctx;
	CHECK(message.n <= sizeof(octets));
	memcpy(octets, message.p, message.n);
	CHECK_EQ(rsp_message_decode(RSP_ENRP, rsp_bytes_of(octets, message.n), &world.sent, NULL), RSP_OK);
	world.n_sent++;
	world.sent_ms = world.now;
}

static void
world_event(void *ctx, const struct rsp_monitor_event *event)
{
	(void)ctx;
	CHECK_EQ(world.n_done + world.n_failed, 0); /* nothing follows the last event */
	world.server_id = event->server_id;
	switch (event->type) {
	case RSP_MONITOR_REJECTED:
		world.n_rejected++;
		break;
	case RSP_MONITOR_DONE:
		world.n_done++;
		world.n = event->n;
		break;
	case RSP_MONITOR_FAILED:
		world.n_failed++;
		world.n = event->n;
		world.why = *event->why;
		break;
	case RSP_MONITOR_LISTED:
	case RSP_MONITOR_PAGE:
	case RSP_MONITOR_PRESENT:
		world.n_answers++;
		CHECK_EQ(event->n, world.n_answers);
		world.n_elements += event->message->n_list;
		world.checksum = event->message->checksum;
		break;
	}
}

static const struct rsp_monitor_ops ops = { world_send, world_event };

static void
begin_with(struct rsp_monitor_config config)
{
	uint64_t now = world.now + 100000;

	rsp_monitor_free(world.m);
	memset(&world, 0, sizeof(world));
	world.now = now;
	config.deadline_ms = config.deadline_ms ? now + config.deadline_ms : RSP_NEVER;
	CHECK_EQ(rsp_monitor_new(&config, &ops, NULL, rsp_rng_seeded(now), now, &world.m), RSP_OK);
}

static void
begin(enum rsp_monitor_ask ask)
{
	begin_with((struct rsp_monitor_config){ .ask = ask, .answer_ms = ANSWER_MS });
	rsp_monitor_up(world.m, world.now);
	CHECK_EQ(world.n_sent, 1);
}

/* Let @ms pass. Each tick happens at its deadline. */
static void
pass(uint64_t ms)
{
	uint64_t end = world.now + ms;

	while (rsp_monitor_deadline(world.m) <= end) {
		uint64_t due = rsp_monitor_deadline(world.m);
		world.now = due > world.now ? due : world.now;
		rsp_monitor_tick(world.m, world.now);
		if (rsp_monitor_deadline(world.m) == due) {
			CHECK(false && "a tick makes progress");
			break;
		}
	}
	world.now = end;
}

static void
say(const struct rsp_message *msg)
{
	static uint8_t octets[RSP_MESSAGE_MAX + 1];
	size_t n = 0;

	CHECK_EQ(rsp_message_encode(msg, octets, sizeof(octets), &n), RSP_OK);
	rsp_monitor_receive(world.m, world.now, rsp_bytes_of(octets, n));
}

static struct rsp_message
reply(uint8_t type, uint8_t flags)
{
	return (struct rsp_message){
		.protocol = RSP_ENRP,
		.type = type,
		.flags = flags,
		.sender_id = REGISTRAR,
		.receiver_id = world.sent.sender_id,
	};
}

/* A page with the elements @first to @first + @n - 1 of one pool. */
static void
say_page(uint32_t first, unsigned n, uint8_t flags)
{
	static uint8_t octets[RSP_MESSAGE_MAX], room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = reply(ENRP_HANDLE_TABLE_RESPONSE, flags);
	struct rsp_wr wr = rsp_wr_init(octets, sizeof(octets));
	struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	struct rsp_pool_element pe = {
		.home_id = REGISTRAR,
		.lifetime_s = 300,
		.user = { .type = RSP_PARAM_TCP, .port = 80 },
		.policy = { .type = RSP_POLICY_RR },
	};

	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	if (n > 0) {
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("web"));
		msg.has = RSP_HAS_LIST;
		msg.n_list = n + 1;
	}
	for (unsigned i = 0; i < n; i++) {
		pe.pe_id = first + i;
		rsp_pool_element_encode(&wr, &pe);
	}
	CHECK_EQ(wr.err, RSP_OK);
	msg.list = rsp_bytes_of(octets, wr.pos);
	say(&msg);
}

static void
failed_with(enum rsp_err err)
{
	CHECK_EQ(world.n_failed, 1);
	CHECK_EQ(world.n_done, 0);
	CHECK_EQ(world.why.err, err);
	CHECK(rsp_monitor_over(world.m));
	CHECK_EQ(rsp_monitor_deadline(world.m), RSP_NEVER);
}

static void
a_list_is_asked_for_once(void)
{
	begin(RSP_MONITOR_LIST);
	CHECK_EQ(world.sent.type, ENRP_LIST_REQUEST);
	CHECK(world.sent.sender_id != 0);
	CHECK_EQ(world.sent.receiver_id, 0);
	struct rsp_message msg = reply(ENRP_LIST_RESPONSE, 0);
	say(&msg);
	CHECK_EQ(world.n_answers, 1);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.server_id, REGISTRAR);
	say(&msg); /* unsolicited: world_event() checks that no event follows the last one */
	pass(100000);
	CHECK_EQ(world.n_sent, 1);
}

static void
a_table_comes_page_by_page(void)
{
	begin(RSP_MONITOR_TABLE);
	CHECK_EQ(world.sent.type, ENRP_HANDLE_TABLE_REQUEST);
	CHECK_EQ(world.sent.flags, 0);
	say_page(1, 100, ENRP_FLAG_MORE);
	CHECK_EQ(world.n_sent, 1); /* the next request is sent by the tick, so the caller can take its time */
	CHECK_EQ(rsp_monitor_deadline(world.m), world.now);
	world.now += 60000;
	pass(0);
	CHECK_EQ(world.n_sent, 2);
	CHECK_EQ(world.sent.type, ENRP_HANDLE_TABLE_REQUEST);
	CHECK_EQ(world.sent.receiver_id, REGISTRAR);
	pass(ANSWER_MS - 1); /* each page has its own time limit */
	say_page(101, 100, ENRP_FLAG_MORE);
	pass(ANSWER_MS - 1);
	say_page(201, 50, 0);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n, 3);
	CHECK_EQ(world.n_elements, 250 + 3); /* and three handles */
	CHECK_EQ(world.n_sent, 3);
}

static void
own_elements_are_asked_for_with_w(void)
{
	begin_with((struct rsp_monitor_config){ .ask = RSP_MONITOR_TABLE, .own = true, .answer_ms = ANSWER_MS });
	rsp_monitor_up(world.m, world.now);
	CHECK_EQ(world.sent.flags, ENRP_FLAG_OWN);
	say_page(1, 10, ENRP_FLAG_MORE);
	pass(0);
	CHECK_EQ(world.sent.flags, ENRP_FLAG_OWN);
	say_page(0, 0, 0); /* a last page may be empty */
	CHECK_EQ(world.n_done, 1);
}

static void
a_page_may_be_as_large_as_a_message(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(1, 1480, ENRP_FLAG_MORE); /* 44 octets each */
	pass(0);
	say_page(2000, 1480, 0);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n_elements, 2 * (1480 + 1));
}

static void
an_empty_table_is_one_empty_page(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(0, 0, 0);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n, 1);
	CHECK_EQ(world.n_elements, 0);
}

static void
presence_is_demanded_as_often_as_wanted(void)
{
	begin_with((struct rsp_monitor_config){
		.ask = RSP_MONITOR_PRESENCE, .answer_ms = ANSWER_MS, .count = 3, .interval_ms = 500 });
	rsp_monitor_up(world.m, world.now);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(world.n_sent, i + 1);
		CHECK_EQ(world.sent.type, ENRP_PRESENCE);
		CHECK_EQ(world.sent.flags, ENRP_FLAG_REPLY_REQUIRED);
		CHECK_EQ(world.sent.has, RSP_HAS_CHECKSUM); /* and no Server Information */
		CHECK_EQ(world.sent.checksum, 0xffff);
		pass(30);
		struct rsp_message msg = reply(ENRP_PRESENCE, 0);
		msg.has = RSP_HAS_CHECKSUM;
		msg.checksum = 0x1234;
		say(&msg);
		CHECK_EQ(world.checksum, 0x1234);
		pass(499);
		CHECK_EQ(world.n_sent, i + 1);
		pass(1);
	}
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n, 3);
}

static void
presence_without_end_goes_on(void)
{
	begin_with((struct rsp_monitor_config){
		.ask = RSP_MONITOR_PRESENCE, .answer_ms = ANSWER_MS, .interval_ms = 20000 });
	rsp_monitor_up(world.m, world.now);
	for (unsigned i = 0; i < 1000; i++) {
		struct rsp_message msg = reply(ENRP_PRESENCE, 0);
		say(&msg);
		pass(20000); /* longer than the time limit of an answer */
	}
	CHECK_EQ(world.n_done + world.n_failed, 0);
	CHECK_EQ(world.n_sent, 1001);
	pass(ANSWER_MS);
	failed_with(RSP_ETIMEOUT);
	CHECK_EQ(world.n, 1000);
}

static void
a_rejected_request_is_sent_again_after_growing_pauses(void)
{
	static const unsigned pause[] = { 250, 500, 1000, 2000, 2000, 2000 };

	begin(RSP_MONITOR_LIST);
	struct rsp_message msg = reply(ENRP_LIST_RESPONSE, ENRP_FLAG_REJECT);
	for (unsigned i = 0; i < RSP_COUNT(pause); i++) {
		uint64_t before = world.sent_ms;
		CHECK_EQ(world.n_sent, i + 1);
		say(&msg);
		pass(pause[i]);
		CHECK_EQ(world.sent_ms - before, pause[i]);
	}
	CHECK_EQ(world.n_rejected, RSP_COUNT(pause));
	msg.flags = 0;
	say(&msg);
	CHECK_EQ(world.n_done, 1);
}

/* The registrar rejects every request @ask, until the monitor gives up. */
static void
reject_all(enum rsp_monitor_ask ask, uint8_t answer)
{
	begin(ask);
	uint64_t from = world.now;
	while (!world.n_failed && world.n_sent < 100) {
		unsigned sent = world.n_sent;
		struct rsp_message msg = reply(answer, ENRP_FLAG_REJECT);
		say(&msg);
		while (!world.n_failed && world.n_sent == sent)
			pass(1);
	}
	failed_with(RSP_EREJECTED);
	CHECK_EQ(world.now - from, ANSWER_MS); /* rejections do not extend the time limit */
}

static void
a_list_that_is_always_rejected_fails_as_rejected(void)
{
	reject_all(RSP_MONITOR_LIST, ENRP_LIST_RESPONSE);
}

static void
a_table_that_is_always_rejected_fails_as_rejected(void)
{
	reject_all(RSP_MONITOR_TABLE, ENRP_HANDLE_TABLE_RESPONSE);
}

static void
a_rejection_between_pages_does_not_restart_the_table(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(1, 10, ENRP_FLAG_MORE);
	pass(0);
	say_page(0, 0, ENRP_FLAG_REJECT);
	CHECK_EQ(world.n_rejected, 1);
	pass(RSP_MONITOR_RETRY_MS);
	CHECK_EQ(world.n_sent, 3);
	say_page(11, 10, ENRP_FLAG_MORE);
	pass(0);
	say_page(21, 10, 0);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n, 3);
}

static void
silence_after_an_accepted_retransmit_is_a_timeout_not_a_rejection(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(0, 0, ENRP_FLAG_REJECT);
	pass(RSP_MONITOR_RETRY_MS);
	say_page(1, 10, ENRP_FLAG_MORE);
	pass(ANSWER_MS);
	failed_with(RSP_ETIMEOUT);
}

static void
a_connection_that_does_not_come_up_times_out(void)
{
	begin_with((struct rsp_monitor_config){ .ask = RSP_MONITOR_LIST, .answer_ms = ANSWER_MS });
	pass(ANSWER_MS - 1);
	CHECK_EQ(world.n_failed, 0);
	pass(1);
	failed_with(RSP_ETIMEOUT);
	CHECK_EQ(world.n_sent, 0);
	rsp_monitor_up(world.m, world.now); /* too late */
	CHECK_EQ(world.n_sent, 0);
}

static void
a_request_without_answer_times_out(void)
{
	begin(RSP_MONITOR_TABLE);
	pass(ANSWER_MS);
	failed_with(RSP_ETIMEOUT);
}

static void
pages_do_not_extend_the_deadline_of_the_run(void)
{
	begin_with((struct rsp_monitor_config){ .ask = RSP_MONITOR_TABLE, .deadline_ms = 3000 });
	rsp_monitor_up(world.m, world.now);
	for (uint32_t i = 0; i < 10; i++) {
		say_page(1 + 10 * i, 10, ENRP_FLAG_MORE);
		pass(299);
	}
	CHECK_EQ(world.n_failed, 0);
	pass(10);
	failed_with(RSP_ETIMEOUT);
	CHECK_EQ(world.n, 10);
}

static void
a_lost_connection_is_told_once(void)
{
	begin(RSP_MONITOR_LIST);
	rsp_monitor_down(world.m, NULL);
	failed_with(RSP_ECLOSED);
	rsp_monitor_down(world.m, NULL);
	failed_with(RSP_ECLOSED);
}

static void
the_error_of_the_connection_is_told(void)
{
	struct rsp_why why = { .err = RSP_EAUTH };

	begin_with((struct rsp_monitor_config){ .ask = RSP_MONITOR_LIST });
	rsp_monitor_down(world.m, &why);
	failed_with(RSP_EAUTH);
}

static void
a_connection_lost_after_the_last_answer_is_no_failure(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(1, 1, 0);
	rsp_monitor_down(world.m, NULL);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n_failed, 0);
}

static void
messages_that_answer_no_request_are_ignored(void)
{
	uint8_t junk[] = { ENRP_HANDLE_UPDATE, 0, 0, 8, 1, 2, 3, 4 }, unknown[] = { 0x7f, 0, 0, 4 };
	uint8_t cut[] = { ENRP_HANDLE_TABLE_RESPONSE, 0, 0, 8, 0, 0, 0, 1 };

	begin(RSP_MONITOR_TABLE);
	struct rsp_message list = reply(ENRP_LIST_RESPONSE, 0);
	struct rsp_message presence = reply(ENRP_PRESENCE, ENRP_FLAG_REPLY_REQUIRED);
	struct rsp_message request = reply(ENRP_LIST_REQUEST, 0), takeover = reply(ENRP_INIT_TAKEOVER, 0);
	takeover.target_id = 7;
	say(&list);
	say(&presence);
	say(&request);
	say(&takeover);
	rsp_monitor_receive(world.m, world.now, rsp_bytes_of(junk, sizeof(junk)));
	rsp_monitor_receive(world.m, world.now, rsp_bytes_of(unknown, sizeof(unknown)));
	rsp_monitor_receive(world.m, world.now, rsp_bytes_of(unknown, 0));
	struct rsp_message other = reply(ENRP_HANDLE_TABLE_RESPONSE, 0);
	other.receiver_id ^= 1;
	say(&other);
	CHECK_EQ(rsp_monitor_ignored(world.m), 8);
	CHECK_EQ(world.n_sent, 1); /* and none is answered: a monitor is not a registrar */
	say_page(1, 1, ENRP_FLAG_MORE);
	say_page(2, 1, ENRP_FLAG_MORE); /* it was not requested yet */
	rsp_monitor_receive(world.m, world.now, rsp_bytes_of(cut, sizeof(cut)));
	CHECK_EQ(world.n_answers, 1);
	pass(0);
	say_page(2, 1, 0);
	CHECK_EQ(world.n_done, 1);
	CHECK_EQ(world.n, 2);
}

static void
ignored_messages_do_not_extend_the_time_limit(void)
{
	begin(RSP_MONITOR_LIST);
	for (unsigned i = 0; i < 200 && !world.n_failed; i++) {
		struct rsp_message presence = reply(ENRP_PRESENCE, 0);
		say(&presence);
		pass(100);
	}
	failed_with(RSP_ETIMEOUT);
}

/* The answer is @octets. */
static void
fails_as_malformed(struct rsp_bytes octets)
{
	begin(RSP_MONITOR_TABLE);
	rsp_monitor_receive(world.m, world.now, octets);
	failed_with(RSP_EMALFORM);
	CHECK_EQ(world.n_answers, 0);
}

static void
a_page_with_an_element_before_a_handle_is_malformed(void)
{
	uint8_t octets[] = { ENRP_HANDLE_TABLE_RESPONSE, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xa, 0, 4 };

	fails_as_malformed(rsp_bytes_of(octets, sizeof(octets)));
}

static void
a_page_with_a_parameter_longer_than_the_message_is_malformed(void)
{
	uint8_t octets[] = { ENRP_HANDLE_TABLE_RESPONSE, 0, 0, 19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 9, 0, 99, 'w', 'e', 'b' };

	fails_as_malformed(rsp_bytes_of(octets, sizeof(octets)));
}

static void
a_page_that_is_too_short_is_malformed(void)
{
	uint8_t octets[] = { ENRP_HANDLE_TABLE_RESPONSE, 0, 0, 8, 0, 0, 0, 1 };

	fails_as_malformed(rsp_bytes_of(octets, sizeof(octets)));
}

static void
an_error_is_a_rejection_with_its_cause(void)
{
	uint8_t room[16];

	begin(RSP_MONITOR_TABLE);
	struct rsp_message msg = reply(ENRP_ERROR, 0);
	msg.has = RSP_HAS_ERROR;
	msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
	say(&msg);
	failed_with(RSP_EREJECTED);
	CHECK_EQ(world.why.cause, RSP_CAUSE_SECURITY);
}

static void
an_answer_with_server_id_0_is_refused(void)
{
	begin(RSP_MONITOR_LIST);
	struct rsp_message msg = reply(ENRP_LIST_RESPONSE, 0);
	msg.sender_id = 0;
	say(&msg);
	failed_with(RSP_EPROTO);
}

static void
an_answer_with_our_own_id_is_refused(void)
{
	begin(RSP_MONITOR_LIST);
	struct rsp_message msg = reply(ENRP_LIST_RESPONSE, 0);
	msg.sender_id = world.sent.sender_id;
	say(&msg);
	failed_with(RSP_EPROTO);
}

static void
an_answer_with_another_server_id_than_before_is_refused(void)
{
	begin(RSP_MONITOR_TABLE);
	say_page(1, 1, ENRP_FLAG_MORE);
	pass(0);
	struct rsp_message msg = reply(ENRP_HANDLE_TABLE_RESPONSE, 0);
	msg.sender_id = REGISTRAR + 1;
	say(&msg);
	failed_with(RSP_EPROTO);
}

/* Send pages without end: @before different ones, then a cycle of @length pages. Returns how many were accepted. */
static unsigned
send_cycle(unsigned before, unsigned length)
{
	begin(RSP_MONITOR_TABLE);
	for (unsigned i = 0; i < 100000 && !world.n_failed; i++) {
		unsigned page = i < before ? i : before + (i - before) % length;
		say_page(1 + 10 * page, 10, ENRP_FLAG_MORE);
		pass(1);
	}
	failed_with(RSP_EPROTO);
	CHECK_EQ(world.n, world.n_answers);
	return world.n;
}

static void
a_cycle_of_pages_is_found_before_it_has_come_twice(void)
{
	CHECK_EQ(send_cycle(0, 1), 1);
	CHECK_EQ(send_cycle(0, 7), 7); /* it begins with the first page: found at once */
	for (unsigned before = 1; before < 40; before += 13)
		for (unsigned length = 1; length < 40; length++) {
			unsigned most = before > length ? before : length;
			CHECK(send_cycle(before, length) <= 2 * most + length);
		}
}

static void
too_many_empty_pages_in_a_row_are_refused(void)
{
	begin(RSP_MONITOR_TABLE);
	for (unsigned i = 0; i < 1000 && !world.n_failed; i++) {
		say_page(0, 0, ENRP_FLAG_MORE);
		pass(1);
	}
	failed_with(RSP_EPROTO);
	CHECK_EQ(world.n, RSP_MONITOR_EMPTY_MAX);
}

static void
empty_pages_between_others_are_accepted(void)
{
	begin(RSP_MONITOR_TABLE);
	for (uint32_t i = 0; i < 100; i++) {
		say_page(1 + i, i % 3 == 0, ENRP_FLAG_MORE);
		pass(1);
	}
	CHECK_EQ(world.n_failed, 0);
}

static void
a_table_with_too_many_pages_is_refused(void)
{
	begin_with((struct rsp_monitor_config){ .ask = RSP_MONITOR_TABLE, .answer_ms = ANSWER_MS, .max_pages = 50 });
	rsp_monitor_up(world.m, world.now);
	for (uint32_t i = 0; i < 1000 && !world.n_failed; i++) {
		say_page(1 + i, 1, ENRP_FLAG_MORE);
		pass(1);
	}
	failed_with(RSP_EPROTO);
	CHECK_EQ(world.n, 50);
	CHECK_EQ(world.n_answers, 50);
}

int
main(void)
{
	TAP_RUN(a_list_is_asked_for_once);
	TAP_RUN(a_table_comes_page_by_page);
	TAP_RUN(own_elements_are_asked_for_with_w);
	TAP_RUN(a_page_may_be_as_large_as_a_message);
	TAP_RUN(an_empty_table_is_one_empty_page);
	TAP_RUN(presence_is_demanded_as_often_as_wanted);
	TAP_RUN(presence_without_end_goes_on);
	TAP_RUN(a_rejected_request_is_sent_again_after_growing_pauses);
	TAP_RUN(a_list_that_is_always_rejected_fails_as_rejected);
	TAP_RUN(a_table_that_is_always_rejected_fails_as_rejected);
	TAP_RUN(a_rejection_between_pages_does_not_restart_the_table);
	TAP_RUN(silence_after_an_accepted_retransmit_is_a_timeout_not_a_rejection);
	TAP_RUN(a_connection_that_does_not_come_up_times_out);
	TAP_RUN(a_request_without_answer_times_out);
	TAP_RUN(pages_do_not_extend_the_deadline_of_the_run);
	TAP_RUN(a_lost_connection_is_told_once);
	TAP_RUN(the_error_of_the_connection_is_told);
	TAP_RUN(a_connection_lost_after_the_last_answer_is_no_failure);
	TAP_RUN(messages_that_answer_no_request_are_ignored);
	TAP_RUN(ignored_messages_do_not_extend_the_time_limit);
	TAP_RUN(a_page_with_an_element_before_a_handle_is_malformed);
	TAP_RUN(a_page_with_a_parameter_longer_than_the_message_is_malformed);
	TAP_RUN(a_page_that_is_too_short_is_malformed);
	TAP_RUN(an_error_is_a_rejection_with_its_cause);
	TAP_RUN(an_answer_with_server_id_0_is_refused);
	TAP_RUN(an_answer_with_our_own_id_is_refused);
	TAP_RUN(an_answer_with_another_server_id_than_before_is_refused);
	TAP_RUN(a_cycle_of_pages_is_found_before_it_has_come_twice);
	TAP_RUN(too_many_empty_pages_in_a_row_are_refused);
	TAP_RUN(empty_pages_between_others_are_accepted);
	TAP_RUN(a_table_with_too_many_pages_is_refused);
	rsp_monitor_free(world.m);
	return tap_end();
}
