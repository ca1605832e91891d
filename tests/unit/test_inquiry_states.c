/* Each row of the table in serve/inquiry_state.h happens, on real sockets of the loopback interface. The test plays the
 * registrars: one that answers, one that says nothing, and a closed port. */
#include "moves.h"

#include "chaos.h"
#include "net_world.h"
#include "serve/inquiry.h"
#include "serve/inquiry_state.h"

enum { REGISTRAR = 0xa, MANY = 20 };

struct registrar {
	struct rsp_listener *listener;
	char at[RSP_SOCKADDR_TEXT_MAX];
	unsigned requests, answers; /* it has got; it gives to each */
	struct rsp_stream *stream;
};

static struct {
	struct rsp_inquiry *q;
	const char *servers[MANY];
	struct registrar one, mute;
	unsigned failed, done, over;
	struct rsp_why why;
} w;

static void
on_open(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct registrar *registrar = ctx;

	(void)auth;
	registrar->stream = stream;
}

static size_t
on_data(void *ctx, struct rsp_stream *stream, struct rsp_bytes all)
{
	struct registrar *registrar = ctx;
	struct rsp_message msg;
	uint8_t octets[256];
	size_t n = 0;

	CHECK_EQ(rsp_message_decode(RSP_ENRP, all, &msg, NULL), RSP_OK);
	registrar->requests++;
	struct rsp_message answer = { .protocol = RSP_ENRP, .type = ENRP_LIST_RESPONSE, .sender_id = REGISTRAR,
				      .receiver_id = msg.sender_id };
	CHECK_EQ(rsp_message_encode(&answer, octets, sizeof(octets), &n), RSP_OK);
	for (unsigned i = 0; i < registrar->answers; i++)
		CHECK_EQ(rsp_stream_send(stream, rsp_bytes_of(octets, n)), RSP_OK);
	return all.n;
}

static void
on_closed(void *ctx, struct rsp_stream *stream, const struct rsp_why *why)
{
	struct registrar *registrar = ctx;

	(void)why;
	if (registrar->stream == stream)
		registrar->stream = NULL;
}

static void
listen_as(struct registrar *registrar)
{
	static const struct rsp_stream_events events = { .open = on_open, .data = on_data, .closed = on_closed };
	struct rsp_listener_params params = { .at = loopback() };

	CHECK_EQ(rsp_listener_new(world_loop, &params, &events, registrar, &registrar->listener, NULL), RSP_OK);
	rsp_sockaddr_format(rsp_listener_address(registrar->listener), registrar->at);
}

static void
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	(void)ctx, (void)rtt_us;
	if (event->type == RSP_MONITOR_FAILED) {
		w.failed++;
		w.why = server->why;
	}
	w.done += event->type == RSP_MONITOR_DONE;
}

static void
on_over(void *ctx)
{
	(void)ctx;
	w.over++;
}

/* Ask w.servers, @n of them, for their lists of peers. */
static void
begin(unsigned n, bool wait)
{
	struct rsp_inquiry_config config = { .servers = w.servers, .n_servers = n, .plaintext = true, .wait = wait,
					     .ask = { .ask = RSP_MONITOR_LIST, .answer_ms = PATIENCE_MS },
					     .timeout_ms = 2 * PATIENCE_MS };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_inquiry_new(world_loop, &config, on_event, on_over, NULL, &w.q, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

static void
prepare(void)
{
	memset(&w, 0, sizeof(w));
	listen_as(&w.one);
	listen_as(&w.mute);
	w.one.answers = 1;
	moves_expect();
}

static const char closed_port[] = "127.0.0.1:1";

static void
end(void)
{
	struct registrar *both[] = { &w.one, &w.mute };

	rsp_inquiry_free(w.q);
	for (unsigned i = 0; i < RSP_COUNT(both); i++) {
		rsp_listener_free(both[i]->listener);
		if (both[i]->stream)
			rsp_stream_close(both[i]->stream, false);
	}
	rsp_loop_run(world_loop);
}

static void
it_is_listed(void)
{
	prepare();
	w.servers[0] = w.one.at;
	begin(1, false);
	CHECK_EQ(moves.n, 1);
}

static void
it_is_to_be_asked_at_once_because_another_failed(void)
{
	prepare();
	w.servers[0] = closed_port;
	w.servers[1] = closed_port;
	w.servers[2] = w.one.at;
	begin(3, false);
	moves_expect();
	WORLD_RUN(w.failed == 1);
	CHECK(moves.seen[INQUIRY_WAITING][INQUIRY_WAITING]);
	CHECK(!rsp_inquiry_server_at(w.q, 2)->tried);
}

static void
its_turn_has_come(void)
{
	prepare();
	w.servers[0] = w.mute.at;
	begin(1, false);
	moves_expect();
	WORLD_RUN(w.mute.requests);
	CHECK_EQ(moves.n, 1);
}

static void
another_has_answered_before_it_was_asked(void)
{
	prepare();
	w.servers[0] = w.one.at;
	for (unsigned i = 1; i < MANY; i++)
		w.servers[i] = w.mute.at;
	begin(MANY, false);
	moves_expect();
	WORLD_RUN(w.over);
	CHECK(!rsp_inquiry_server_at(w.q, MANY - 1)->tried);
	CHECK_EQ(w.done, 1);
}

static void
it_cannot_be_asked_for_lack_of_memory(void)
{
	prepare();
	w.servers[0] = w.one.at;
	begin(1, false);
	moves_expect();
	chaos_begin(0);
	(void)rsp_loop_turn(world_loop, false);
	CHECK(chaos_end());
	CHECK_EQ(w.failed, 1);
	CHECK_EQ(w.why.err, RSP_ENOMEM);
	CHECK_EQ(moves.n, 1);
	WORLD_RUN(w.over);
}

static void
it_failed_and_is_to_be_asked_again(void)
{
	prepare();
	w.servers[0] = closed_port;
	begin(1, true);
	moves_expect();
	WORLD_RUN(w.failed);
	CHECK_EQ(moves.n, 2); /* asked, and to be asked again */
	CHECK_EQ(w.over, 0);
}

static void
it_has_given_its_last_answer(void)
{
	prepare();
	w.servers[0] = w.one.at;
	begin(1, false);
	moves_expect();
	WORLD_RUN(w.over);
	CHECK_EQ(moves.n, 2);
	CHECK_EQ(w.done, 1);
}

static void
it_failed_for_good(void)
{
	prepare();
	w.servers[0] = closed_port;
	begin(1, false);
	moves_expect();
	WORLD_RUN(w.over);
	CHECK_EQ(moves.n, 2);
	CHECK_EQ(w.failed, 1);
}

static void
another_has_answered_while_it_was_asked(void)
{
	prepare();
	w.servers[0] = w.mute.at;
	w.servers[1] = w.one.at;
	begin(2, false);
	WORLD_RUN(w.mute.requests);
	moves_expect();
	WORLD_RUN(w.over);
	CHECK_EQ(moves.n, 3); /* one is asked, and both are over */
	CHECK_EQ(w.done, 1);
}

static void
no_other_event_changes_the_state(void)
{
	prepare();
	w.one.answers = 3; /* of which two come too late */
	w.servers[0] = w.one.at;
	begin(1, false);
	WORLD_RUN(w.over);
	moves_expect();
	WORLD_RUN(!w.one.stream);
	CHECK_EQ(moves.n, 0);
	CHECK_EQ(w.over, 1);
	CHECK_EQ(w.done, 1);
	end();
	prepare();
	w.servers[0] = closed_port; /* which is over when the other answers, and stays so */
	w.servers[1] = w.one.at;
	begin(2, false);
	WORLD_RUN(w.over);
	CHECK_EQ(w.failed + w.done, 2);
	end();
}

int
main(void)
{
	if (!world_begin())
		return 1;
	moves.machine = "inquiry";
#define MOVE(from, to, event) moves_walk(INQUIRY_##from, INQUIRY_##to, event, end, #event);
	INQUIRY_MOVES(MOVE)
#undef MOVE
	TAP_RUN(no_other_event_changes_the_state);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
