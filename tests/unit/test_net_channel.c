#include <sys/socket.h>

#include "net/channel.h"
#include "net_world.h"

/* Whole messages over a connection. A message of this test is its length in one octet, and then as many octets; a length of
 * 0xff is none. */

struct peer {
	struct rsp_channel *channel;
	unsigned ups, partials, malformed, downs;
	enum rsp_connect_stage stage;
	struct rsp_why why;
	char text[1000];    /* of all messages, each with a comma behind it */
	bool closes, frees; /* in the next message */
};

static size_t
frame(struct rsp_bytes octets)
{
	return octets.p[0] == 0xff ? SIZE_MAX : (size_t)octets.p[0] + 1;
}

static void
on_up(void *ctx, const struct rsp_stream_auth *auth)
{
	struct peer *peer = ctx;

	CHECK_EQ(auth->carrier, RSP_CARRIER_TCP);
	peer->ups++;
}

static void
on_message(void *ctx, struct rsp_bytes message)
{
	struct peer *peer = ctx;
	size_t n = strlen(peer->text);

	(void)snprintf(peer->text + n, sizeof(peer->text) - n, "%.*s,", (int)message.n - 1,
		       (const char *)message.p + 1);
	if (peer->closes)
		rsp_channel_close(peer->channel, true);
	if (peer->frees) {
		rsp_channel_free(peer->channel);
		peer->channel = NULL;
	}
}

static void
on_malformed(void *ctx, struct rsp_bytes octets)
{
	struct peer *peer = ctx;
	struct rsp_why why;

	CHECK_EQ(octets.p[0], 0xff);
	peer->malformed++;
	(void)rsp_fail(&why, RSP_EPROTO, "peer", "no message");
	rsp_channel_fail(peer->channel, &why);
	CHECK_EQ(peer->downs, 0); /* not from inside */
}

static void
on_partial(void *ctx)
{
	struct peer *peer = ctx;

	peer->partials++;
}

static void
on_down(void *ctx, enum rsp_connect_stage stage, const struct rsp_why *why)
{
	struct peer *peer = ctx;

	peer->downs++;
	peer->stage = stage;
	peer->why = *why;
}

static const struct rsp_channel_events events = {
	.up = on_up, .message = on_message, .malformed = on_malformed, .partial = on_partial, .down = on_down
};

static struct peer dialler, acceptor;
static struct rsp_listener *listener;

static void
on_accepted(void *ctx, struct rsp_stream *stream, const struct rsp_stream_auth *auth)
{
	struct rsp_channel_params params = { .frame = frame, .events = &events, .ctx = ctx };
	struct peer *peer = ctx;

	(void)auth;
	CHECK_EQ(rsp_channel_accept(world_loop, &params, stream, &peer->channel), RSP_OK);
	peer->ups++;
}

static void
dial(const struct rsp_sockaddr *to)
{
	struct rsp_channel_params params = { .frame = frame, .events = &events, .ctx = &dialler };
	struct rsp_connect_params connect = { .to = to, .n = 1 };

	CHECK_EQ(rsp_channel_dial(world_loop, &params, &connect, &dialler.channel), RSP_OK);
	CHECK_EQ(dialler.ups + dialler.downs, 0); /* nothing is told from inside */
}

static void
begin(void)
{
	static const struct rsp_stream_events accepted = { .open = on_accepted };
	struct rsp_listener_params params = { .at = loopback() };

	dialler = acceptor = (struct peer){ .channel = NULL };
	CHECK_EQ(rsp_listener_new(world_loop, &params, &accepted, &acceptor, &listener, NULL), RSP_OK);
	dial(rsp_listener_address(listener));
	WORLD_RUN(dialler.ups && acceptor.ups);
}

static void
end(void)
{
	rsp_channel_free(dialler.channel);
	rsp_channel_free(acceptor.channel);
	rsp_listener_free(listener);
	listener = NULL;
	rsp_loop_run(world_loop);
}

/* Send the octets of a text, of which the first of each message is its length. */
static void
send_text(const char *text)
{
	CHECK_EQ(rsp_channel_send(dialler.channel, rsp_bytes_str(text)), RSP_OK);
}

static void
messages_in_one_send_are_shown_one_by_one(void)
{
	begin();
	send_text("\003one\003two\005three");
	WORLD_RUN(strlen(acceptor.text) == 14);
	CHECK_STR(acceptor.text, "one,two,three,");
	CHECK_EQ(acceptor.partials, 0);
	end();
}

static void
a_message_in_two_sends_is_shown_once_it_is_whole(void)
{
	begin();
	send_text("\006thr");
	WORLD_RUN(acceptor.partials);
	CHECK_STR(acceptor.text, "");
	CHECK(rsp_channel_partial_ms(acceptor.channel) > 0);
	send_text("ees\002fo");
	WORLD_RUN(strlen(acceptor.text) == 10);
	CHECK_STR(acceptor.text, "threes,fo,");
	CHECK_EQ(rsp_channel_partial_ms(acceptor.channel), 0);
	CHECK_EQ(acceptor.partials, 1);
	end();
}

static void
octets_that_are_no_message_end_the_channel_behind_those_that_are(void)
{
	begin();
	send_text("\003one\377\003two");
	WORLD_RUN(acceptor.downs && dialler.downs);
	CHECK_STR(acceptor.text, "one,");
	CHECK_EQ(acceptor.malformed, 1);
	CHECK_EQ(acceptor.why.err, RSP_EPROTO);
	CHECK_EQ(acceptor.stage, RSP_CONNECT_OPEN);
	CHECK_EQ(dialler.why.err, RSP_ECLOSED);
	end();
}

static void
a_channel_that_is_closed_during_a_message_shows_no_more(void)
{
	begin();
	acceptor.closes = true;
	send_text("\003one\003two");
	WORLD_RUN(acceptor.downs && dialler.downs);
	CHECK_STR(acceptor.text, "one,");
	CHECK_EQ(acceptor.downs, 1);
	CHECK_EQ(acceptor.why.err, RSP_ECLOSED);
	CHECK(!rsp_channel_is_open(acceptor.channel));
	CHECK_EQ(rsp_channel_send(acceptor.channel, rsp_bytes_str("\001x")), RSP_ECLOSED);
	end();
}

static void
a_channel_that_is_freed_during_a_message_tells_nothing_more(void)
{
	begin();
	acceptor.frees = true;
	send_text("\003one\003two");
	WORLD_RUN(dialler.downs);
	CHECK_STR(acceptor.text, "one,");
	CHECK_EQ(acceptor.downs, 0);
	end();
}

static void
what_was_queued_before_the_channel_was_freed_arrives(void)
{
	begin();
	send_text("\003one");
	rsp_channel_free(dialler.channel);
	dialler.channel = NULL;
	WORLD_RUN(acceptor.downs);
	CHECK_STR(acceptor.text, "one,");
	end();
}

static void
an_address_that_refuses_is_told_at_the_end_of_a_turn(void)
{
	struct rsp_sockaddr closed = loopback();

	dialler = acceptor = (struct peer){ .channel = NULL };
	rsp_sockaddr_set_port(&closed, 1);
	dial(&closed);
	CHECK_EQ(rsp_channel_stage(dialler.channel), RSP_CONNECT_TRANSPORT);
	CHECK_EQ(rsp_channel_send(dialler.channel, rsp_bytes_str("\001x")), RSP_ECLOSED);
	WORLD_RUN(dialler.downs);
	CHECK_EQ(dialler.why.err, RSP_EUNREACHABLE);
	CHECK_EQ(dialler.stage, RSP_CONNECT_TRANSPORT);
	end();
}

static void
a_dial_that_is_closed_is_told_at_the_end_of_the_turn(void)
{
	struct rsp_sockaddr closed = loopback();

	dialler = acceptor = (struct peer){ .channel = NULL };
	rsp_sockaddr_set_port(&closed, 1);
	dial(&closed);
	rsp_channel_close(dialler.channel, true);
	CHECK_EQ(dialler.downs, 0);
	WORLD_RUN(dialler.downs);
	CHECK_EQ(dialler.why.err, RSP_ECLOSED);
	CHECK_EQ(dialler.downs, 1);
	end();
}

static void
a_dial_that_is_freed_tells_nothing(void)
{
	struct rsp_sockaddr closed = loopback();

	dialler = acceptor = (struct peer){ .channel = NULL };
	rsp_sockaddr_set_port(&closed, 1);
	dial(&closed);
	end();
	CHECK_EQ(dialler.ups + dialler.downs, 0);
}

int
main(void)
{
	if (!world_begin())
		return 1;
	TAP_RUN(messages_in_one_send_are_shown_one_by_one);
	TAP_RUN(a_message_in_two_sends_is_shown_once_it_is_whole);
	TAP_RUN(octets_that_are_no_message_end_the_channel_behind_those_that_are);
	TAP_RUN(a_channel_that_is_closed_during_a_message_shows_no_more);
	TAP_RUN(a_channel_that_is_freed_during_a_message_tells_nothing_more);
	TAP_RUN(what_was_queued_before_the_channel_was_freed_arrives);
	TAP_RUN(an_address_that_refuses_is_told_at_the_end_of_a_turn);
	TAP_RUN(a_dial_that_is_closed_is_told_at_the_end_of_the_turn);
	TAP_RUN(a_dial_that_is_freed_tells_nothing);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
