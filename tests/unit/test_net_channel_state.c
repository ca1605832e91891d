/* Each row of the table in net/channel_state.h happens, and nothing else changes the state. */
#include "moves.h"

#include "net/channel.h"
#include "net/channel_state.h"
#include "net_world.h"

static struct {
	struct rsp_channel *channel;
	struct rsp_listener *listener;
	struct end other; /* the other side is a mere connection */
	unsigned ups, downs;
} w;

static size_t
frame(struct rsp_bytes octets)
{
	return octets.n;
}

static void
on_up(void *ctx, const struct rsp_stream_auth *auth)
{
	(void)ctx, (void)auth;
	w.ups++;
}

static void
on_message(void *ctx, struct rsp_bytes message)
{
	(void)ctx, (void)message;
}

static void
on_malformed(void *ctx, struct rsp_bytes octets)
{
	(void)ctx, (void)octets;
}

static void
on_down(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	(void)ctx, (void)stage, (void)why;
	w.downs++;
}

static const struct rsp_channel_events events = {
	.up = on_up, .message = on_message, .malformed = on_malformed, .down = on_down
};
static const struct rsp_channel_params params = { .frame = frame, .events = &events };

/* Dial the listener; or with @refused a port where nothing listens. */
static void
dial(bool refused)
{
	struct rsp_sockaddr nowhere = loopback();
	struct rsp_connect_params connect = { .to = &nowhere, .n = 1 };

	rsp_sockaddr_set_port(&nowhere, 1);
	if (!refused) {
		w.listener = world_listen(NULL, RSP_TLS_ASAP, NULL, &w.other);
		connect.to = rsp_listener_address(w.listener);
	}
	CHECK_EQ(rsp_channel_dial(world_loop, &params, &connect, &w.channel), RSP_OK);
	moves_expect();
}

static void
dial_and_open(void)
{
	dial(false);
	WORLD_RUN(w.ups && w.other.opened);
	moves_expect();
}

static void
fail(void)
{
	struct rsp_why why = { 0 };

	(void)rsp_fail(&why, RSP_EPROTO, "test", "a test");
	rsp_channel_fail(w.channel, &why);
}

static void
end(void)
{
	rsp_channel_free(w.channel);
	rsp_listener_free(w.listener);
	if (w.other.stream)
		rsp_stream_close(w.other.stream, false);
	rsp_loop_run(world_loop);
	end_done(&w.other);
	memset(&w, 0, sizeof(w));
}

static void
a_dialled_connection_opens(void)
{
	dial(false);
	WORLD_RUN(w.ups);
	CHECK_EQ(moves.n, 1);
	CHECK(rsp_channel_is_open(w.channel));
}

static void
on_accepted(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	(void)ctx, (void)auth;
	moves_expect();
	CHECK_EQ(rsp_channel_accept(world_loop, &params, stream, &w.channel), RSP_OK);
	CHECK_EQ(moves.n, 1);
	CHECK(rsp_channel_is_open(w.channel));
}

static void
an_accepted_connection_is_taken(void)
{
	static const struct rsp_stream_events accepted = { .open = on_accepted };
	struct rsp_listener_params at = { .at = loopback() };

	CHECK_EQ(rsp_listener_new(world_loop, &at, &accepted, NULL, &w.listener, NULL), RSP_OK);
	CHECK_EQ(world_dial(w.listener, NULL, RSP_ROLE_NONE, NULL, &w.other), RSP_OK);
	WORLD_RUN(w.channel && w.other.opened);
}

static void
a_dial_is_closed(void)
{
	dial(false);
	rsp_channel_close(w.channel, true);
	CHECK_EQ(moves.n, 1);
	CHECK_EQ(w.downs, 0);
}

static void
a_dial_is_failed_by_its_owner(void)
{
	dial(false);
	fail();
	CHECK_EQ(moves.n, 1);
	CHECK_EQ(w.downs, 0);
}

static void
a_dial_fails(void)
{
	dial(true);
	WORLD_RUN(w.downs);
	CHECK_EQ(moves.n, 1);
}

static void
an_open_channel_is_closed(void)
{
	dial_and_open();
	rsp_channel_close(w.channel, true);
	CHECK_EQ(moves.n, 1);
	CHECK(!rsp_channel_is_open(w.channel));
	CHECK_EQ(w.downs, 0);
}

static void
an_open_channel_is_failed_by_its_owner(void)
{
	dial_and_open();
	fail();
	CHECK_EQ(moves.n, 1);
	CHECK(!rsp_channel_is_open(w.channel));
	CHECK_EQ(w.downs, 0);
}

static void
the_other_side_closes(void)
{
	dial_and_open();
	rsp_stream_close(w.other.stream, true);
	WORLD_RUN(w.downs);
	CHECK_EQ(moves.n, 1);
}

static void
the_stream_of_a_closed_channel_has_closed(void)
{
	dial_and_open();
	rsp_channel_close(w.channel, true);
	moves_expect();
	WORLD_RUN(w.downs);
	CHECK_EQ(moves.n, 1);
}

static void
the_turn_ends_in_which_a_channel_failed(void)
{
	dial_and_open();
	fail();
	moves_expect();
	(void)rsp_loop_turn(world_loop, false);
	CHECK_EQ(w.downs, 1);
	CHECK_EQ(moves.n, 1);
}

/* Whatever is asked of a channel that closes or is down. */
static void
ask_in_vain(void)
{
	moves_expect();
	rsp_channel_close(w.channel, true);
	rsp_channel_close(w.channel, false);
	fail();
	CHECK_EQ(rsp_channel_send(w.channel, rsp_bytes_str("x")), RSP_ECLOSED);
	CHECK_EQ(moves.n, 0);
}

static void
no_other_event_changes_the_state(void)
{
	dial(false);
	CHECK_EQ(rsp_channel_send(w.channel, rsp_bytes_str("x")), RSP_ECLOSED);
	CHECK_EQ(moves.n, 0); /* it is CONNECTING still */
	WORLD_RUN(w.ups && w.other.opened);
	moves_expect();
	CHECK_EQ(rsp_channel_send(w.channel, rsp_bytes_str("x")), RSP_OK);
	CHECK_EQ(rsp_stream_send(w.other.stream, rsp_bytes_str("x")), RSP_OK);
	WORLD_RUN(w.other.got_n > 0);
	CHECK_EQ(moves.n, 0);
	rsp_channel_close(w.channel, true);
	ask_in_vain();
	WORLD_RUN(w.downs);
	ask_in_vain();
	WORLD_RUN(w.other.closed);
	CHECK_EQ(w.downs, 1);
	end();
	dial_and_open();
	fail();
	ask_in_vain();
	WORLD_RUN(w.downs);
	ask_in_vain();
	WORLD_RUN(w.other.closed);
	CHECK_EQ(w.downs, 1);
	end();
}

int
main(void)
{
	if (!world_begin())
		return 1;
	moves.machine = "channel";
#define MOVE(from, to, event) moves_walk(CHANNEL_##from, CHANNEL_##to, event, end, #event);
	CHANNEL_MOVES(MOVE)
#undef MOVE
	TAP_RUN(no_other_event_changes_the_state);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
