/* Each row of the table in engine/monitor/state.h happens, and nothing else changes the state. */
#include "engine/monitor/monitor.h"

#include "base/clock.h"
#include "engine/monitor/state.h"
#include "moves.h"

enum { REGISTRAR = 0x00c0ffee, ANSWER_MS = 10000, INTERVAL_MS = 500 };

static struct rsp_monitor *m;
static uint64_t now = 100000;
static uint32_t id; /* the monitor's */
static unsigned n_sent;

static void
on_send(void *ctx, struct rsp_bytes message)
{
	struct rsp_message msg;

	(void)ctx;
	CHECK_EQ(rsp_message_decode(RSP_ENRP, message, &msg, NULL), RSP_OK);
	id = msg.sender_id;
	n_sent++;
}

static void
on_event(void *ctx, const struct rsp_monitor_event *event)
{
	(void)ctx, (void)event;
}

static void
begin(enum rsp_monitor_ask ask)
{
	static const struct rsp_monitor_ops ops = { on_send, on_event };
	struct rsp_monitor_config config = {
		.ask = ask, .deadline_ms = RSP_NEVER, .answer_ms = ANSWER_MS, .count = 2, .interval_ms = INTERVAL_MS
	};

	n_sent = 0;
	CHECK_EQ(rsp_monitor_new(&config, &ops, NULL, rsp_rng_seeded(7), now, &m), RSP_OK);
}

static void
begin_waiting(enum rsp_monitor_ask ask)
{
	begin(ask);
	rsp_monitor_up(m, now);
	moves_expect();
}

static void
end(void)
{
	rsp_monitor_free(m);
	m = NULL;
}

/* Let the registrar @sender_id answer. */
static void
answer_as(uint32_t sender_id, uint8_t type, uint8_t flags)
{
	struct rsp_message msg = {
		.protocol = RSP_ENRP, .type = type, .flags = flags, .sender_id = sender_id, .receiver_id = id
	};
	uint8_t octets[256], room[64];
	size_t n = 0;

	if (type == ENRP_ERROR) {
		msg.has = RSP_HAS_ERROR;
		msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
	}
	CHECK_EQ(rsp_message_encode(&msg, octets, sizeof(octets), &n), RSP_OK);
	rsp_monitor_receive(m, now, rsp_bytes_of(octets, n));
}

static void
answer(uint8_t type, uint8_t flags)
{
	answer_as(REGISTRAR, type, flags);
}

static void
begin_paused(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	answer(ENRP_LIST_RESPONSE, ENRP_FLAG_REJECT);
	moves_expect();
}

static void
pass(uint64_t ms)
{
	now += ms;
	rsp_monitor_tick(m, now);
}

static void
the_connection_is_up(void)
{
	begin(RSP_MONITOR_LIST);
	moves_expect();
	rsp_monitor_up(m, now);
	CHECK_EQ(n_sent, 1);
}

static void
the_connection_cannot_be_made(void)
{
	begin(RSP_MONITOR_LIST);
	moves_expect();
	rsp_monitor_down(m, NULL);
}

static void
time_runs_out_before_the_connection_is_up(void)
{
	begin(RSP_MONITOR_LIST);
	moves_expect();
	pass(ANSWER_MS - 1);
	CHECK_EQ(moves.n, 0);
	pass(1);
}

static void
a_page_says_that_more_pages_follow(void)
{
	begin_waiting(RSP_MONITOR_TABLE);
	answer(ENRP_HANDLE_TABLE_RESPONSE, ENRP_FLAG_MORE);
}

static void
a_presence_is_not_the_last_one(void)
{
	begin_waiting(RSP_MONITOR_PRESENCE);
	answer(ENRP_PRESENCE, 0);
}

static void
the_registrar_is_not_ready(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	answer(ENRP_LIST_RESPONSE, ENRP_FLAG_REJECT);
}

static void
the_last_answer_comes(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	answer(ENRP_LIST_RESPONSE, 0);
}

static void
a_wrong_answer_comes(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	answer_as(0, ENRP_LIST_RESPONSE, 0);
}

static void
an_answer_cannot_be_decoded(void)
{
	static const uint8_t octets[] = { ENRP_LIST_RESPONSE, 0, 0, 4 };

	begin_waiting(RSP_MONITOR_LIST);
	rsp_monitor_receive(m, now, rsp_bytes_of(octets, sizeof(octets)));
}

static void
an_error_comes(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	answer(ENRP_ERROR, 0);
}

static void
no_answer_comes_in_time(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	pass(ANSWER_MS - 1);
	CHECK_EQ(moves.n, 0);
	pass(1);
}

static void
the_connection_is_lost_before_the_answer(void)
{
	begin_waiting(RSP_MONITOR_LIST);
	rsp_monitor_down(m, NULL);
}

static void
the_pause_is_over(void)
{
	begin_paused();
	pass(RSP_MONITOR_RETRY_MS - 1);
	CHECK_EQ(moves.n, 0);
	pass(1);
	CHECK_EQ(n_sent, 2);
}

static void
time_runs_out_in_a_pause(void)
{
	begin_paused();
	pass(ANSWER_MS);
}

static void
the_connection_is_lost_in_a_pause(void)
{
	begin_paused();
	rsp_monitor_down(m, NULL);
}

/* In state @at, nothing changes it that is not in the table. */
static void
nothing_else(enum monitor_state at)
{
	moves_expect();
	if (at != MONITOR_CONNECTING)
		rsp_monitor_up(m, now);
	if (at != MONITOR_WAITING) {
		answer(ENRP_LIST_RESPONSE, 0);
		answer(ENRP_LIST_RESPONSE, ENRP_FLAG_REJECT);
		answer(ENRP_ERROR, 0);
		answer_as(0, ENRP_LIST_RESPONSE, 0);
	}
	answer(ENRP_PRESENCE, 0); /* it answers no request for a list */
	pass(0);
	if (at == MONITOR_OVER) {
		rsp_monitor_down(m, NULL);
		pass(2 * ANSWER_MS);
	}
	CHECK_EQ(moves.n, 0);
	end();
}

static void
no_other_event_changes_the_state(void)
{
	begin(RSP_MONITOR_LIST);
	nothing_else(MONITOR_CONNECTING);
	begin_waiting(RSP_MONITOR_LIST);
	nothing_else(MONITOR_WAITING);
	begin_paused();
	nothing_else(MONITOR_PAUSED);
	begin_waiting(RSP_MONITOR_LIST);
	rsp_monitor_down(m, NULL);
	nothing_else(MONITOR_OVER);
}

int
main(void)
{
	moves.machine = "monitor";
#define MOVE(from, to, event) moves_walk(MONITOR_##from, MONITOR_##to, event, end, #event);
	MONITOR_MOVES(MOVE)
#undef MOVE
	TAP_RUN(no_other_event_changes_the_state);
	return tap_end();
}
