#include <sys/socket.h>

#include "net/announce.h"
#include "net_world.h"

/* Datagrams to a group or to one address, over the loopback interface. */

struct ears {
	struct rsp_announce_listener *listener;
	unsigned n;
	size_t size; /* of the last */
	char text[64];
	struct rsp_sockaddr from;
	bool free_at_once;
};

static void
hear(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram)
{
	struct ears *ears = ctx;

	ears->n++;
	ears->size = datagram.n;
	ears->from = *from;
	(void)snprintf(ears->text, sizeof(ears->text), "%.*s", (int)datagram.n, (const char *)datagram.p);
	if (ears->free_at_once) {
		rsp_announce_listener_free(ears->listener);
		ears->listener = NULL;
	}
}

static void
listen_at(const char *text, struct ears *ears)
{
	struct rsp_announce_at at;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_announce_parse(text, &at), RSP_OK);
	CHECK_EQ(rsp_announce_listen(world_loop, &at, hear, ears, &ears->listener, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

static struct rsp_announce_sender *
sender_to(const struct ears *ears)
{
	struct rsp_announce_sender *sender = NULL;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_announce_sender_new(rsp_announce_listener_at(ears->listener), &sender, &why), RSP_OK);
	return sender;
}

static void
send_text(struct rsp_announce_sender *sender, const char *text)
{
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_announce_send(sender, rsp_bytes_str(text), &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

static void
a_destination_is_read_with_its_interface_port_and_hops_and_written_again(void)
{
	static const struct {
		const char *text, *again;
		bool group;
		unsigned hops;
	} cases[] = {
		{ "224.0.1.185", "224.0.1.185:3863", true, 1 },
		{ "224.0.1.185:4000", "224.0.1.185:4000", true, 1 },
		{ "224.0.1.185%lo", "224.0.1.185%lo:3863", true, 1 },
		{ "224.0.1.185%lo:0/255", "224.0.1.185%lo:0", true, 255 },
		{ "239.0.0.50/7", "239.0.0.50:3863", true, 7 },
		{ "127.0.0.1:1", "127.0.0.1:1", false, 1 },
		{ "ff05::133", "[ff05::133]:3863", true, 1 },
		{ "ff02::133%lo", "[ff02::133%lo]:3863", true, 1 },
		{ "[ff02::133%lo]:9/2", "[ff02::133%lo]:9", true, 2 },
		{ "[::1]:9", "[::1]:9", false, 1 },
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		char text[RSP_ANNOUNCE_TEXT_MAX] = "";
		struct rsp_announce_at at;

		CHECK_EQ(rsp_announce_parse(cases[i].text, &at), RSP_OK);
		rsp_announce_format(&at, text);
		CHECK_STR(text, cases[i].again);
		CHECK_EQ(rsp_announce_is_group(&at), cases[i].group);
		CHECK_EQ(at.hops, cases[i].hops);
	}
}

static void
a_text_that_is_no_destination_is_refused(void)
{
	static const char *const bad[] = {
		"",
		"r1.example",
		"224.0.1.185:99999",
		"224.0.1.185%",
		"224.0.1.185%nosuchinterface0",
		"224.0.1.185%a-name-that-is-far-too-long:1",
		"ff02::133%nosuch0",
		"224.0.1.185/0",
		"224.0.1.185/256",
		"224.0.1.185/",
		"[224.0.1.185]:1",
	};

	for (size_t i = 0; i < RSP_COUNT(bad); i++) {
		struct rsp_announce_at at;
		enum rsp_err err = rsp_announce_parse(bad[i], &at);

		CHECK_EQ(err, RSP_EVALUE);
		if (err != RSP_EVALUE)
			printf("# %s\n", bad[i]);
	}
}

/* A datagram with octets and one without arrive at @address, with the source that the sender names. */
static void
announce_to(const char *address)
{
	struct ears ears = { 0 };
	struct rsp_ip source = { 0 };

	listen_at(address, &ears);
	CHECK(rsp_sockaddr_port(&rsp_announce_listener_at(ears.listener)->sa) != 0);
	struct rsp_announce_sender *sender = sender_to(&ears);
	CHECK_EQ(rsp_announce_source(sender, &source, NULL), RSP_OK);
	send_text(sender, "hello");
	WORLD_RUN(ears.n == 1);
	CHECK_STR(ears.text, "hello");
	struct rsp_ip from = rsp_sockaddr_ip(&ears.from);
	CHECK(rsp_ip_equal(&from, &source));
	send_text(sender, "");
	WORLD_RUN(ears.n == 2);
	CHECK_EQ(ears.size, 0);
	rsp_announce_sender_free(sender);
	rsp_announce_listener_free(ears.listener);
}

static void
an_announcement_to_an_ipv4_address_arrives_with_its_source(void)
{
	announce_to("127.0.0.1:0");
}

static void
an_announcement_to_an_ipv6_address_arrives_with_its_source(void)
{
	announce_to("[::1]:0");
}

/* RFC 5352 s.8.4. Every client of a host can listen at a group and its port. */
static void
an_announcement_to_a_group_arrives_at_each_listener(void)
{
	struct ears first = { 0 }, second = { 0 };
	char text[RSP_ANNOUNCE_TEXT_MAX];
	struct rsp_ip source;

	listen_at("224.0.1.185%lo:0", &first);
	rsp_announce_format(rsp_announce_listener_at(first.listener), text);
	listen_at(text, &second);
	struct rsp_announce_sender *sender = sender_to(&first);
	send_text(sender, "to all");
	WORLD_RUN(first.n == 1 && second.n == 1);
	CHECK_STR(first.text, "to all");
	CHECK_STR(second.text, "to all");
	CHECK_EQ(rsp_announce_source(sender, &source, NULL), RSP_OK);
	CHECK(source.family == 4 && source.ip[0] == 127); /* of that interface, not of another */
	rsp_announce_sender_free(sender);
	rsp_announce_listener_free(first.listener);
	rsp_announce_listener_free(second.listener);
}

static void
a_second_listener_at_an_address_is_refused(void)
{
	struct ears ears = { 0 };
	struct rsp_announce_listener *other = NULL;
	struct rsp_why why = { 0 };

	listen_at("127.0.0.1:0", &ears);
	CHECK_EQ(rsp_announce_listen(world_loop, rsp_announce_listener_at(ears.listener), hear, &ears, &other, &why),
		 RSP_EIO);
	CHECK(strstr(why.reason, "cannot listen: "));
	CHECK(strncmp(why.object, "127.0.0.1:", 10) == 0);
	rsp_announce_listener_free(ears.listener);
}

static void
an_announcement_without_a_listener_is_no_error_and_the_next_one_arrives(void)
{
	struct ears ears = { 0 };

	listen_at("127.0.0.1:0", &ears);
	struct rsp_announce_sender *sender = sender_to(&ears);
	struct rsp_announce_at at = *rsp_announce_listener_at(ears.listener);
	rsp_announce_listener_free(ears.listener);
	for (unsigned i = 0; i < 5; i++) /* the kernel reports the error of each at the next */
		send_text(sender, "is anybody there?");
	CHECK_EQ(rsp_announce_listen(world_loop, &at, hear, &ears, &ears.listener, NULL), RSP_OK);
	send_text(sender, "now"); /* which is not lost by that */
	WORLD_RUN(ears.n == 1);
	CHECK_STR(ears.text, "now");
	rsp_announce_listener_free(ears.listener);
	rsp_announce_sender_free(sender);
}

static void
an_announcement_to_a_broadcast_address_fails_and_names_it(void)
{
	struct rsp_announce_sender *sender = NULL;
	struct rsp_announce_at at;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_announce_parse("255.255.255.255:9", &at), RSP_OK); /* broadcasts are not asked for */
	CHECK_EQ(rsp_announce_sender_new(&at, &sender, NULL), RSP_OK);
	CHECK(rsp_announce_send(sender, rsp_bytes_str("x"), &why) != RSP_OK);
	CHECK(strstr(why.reason, "cannot announce: "));
	CHECK_STR(why.object, "255.255.255.255:9");
	rsp_announce_sender_free(sender);
}

/* Send a datagram @times times from a plain socket. */
static void
throw(const struct ears *ears, const void *p, size_t n, unsigned times)
{
	const struct rsp_sockaddr *to = &rsp_announce_listener_at(ears->listener)->sa;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	for (unsigned i = 0; i < times; i++)
		CHECK_EQ(sendto(fd, p, n, 0, (const struct sockaddr *)&to->ss, to->len), n);
	rsp_fd_close(fd);
}

static void
a_datagram_that_is_too_long_is_not_sent_and_dropped_if_received(void)
{
	static const uint8_t octets[RSP_ANNOUNCE_MAX + 1] = { 'x' };
	struct ears ears = { 0 };
	struct rsp_why why = { 0 };

	listen_at("127.0.0.1:0", &ears);
	struct rsp_announce_sender *sender = sender_to(&ears);
	CHECK_EQ(rsp_announce_send(sender, rsp_bytes_of(octets, sizeof(octets)), &why), RSP_ELIMIT);
	throw(&ears, octets, sizeof(octets), 3);
	CHECK_EQ(rsp_announce_send(sender, rsp_bytes_of(octets, RSP_ANNOUNCE_MAX), &why), RSP_OK);
	WORLD_RUN(ears.n == 1);
	CHECK_EQ(ears.size, RSP_ANNOUNCE_MAX);
	CHECK_EQ(rsp_announce_listener_stats(ears.listener).oversize, 3);
	CHECK_EQ(rsp_announce_listener_stats(ears.listener).heard, 1);
	rsp_announce_sender_free(sender);
	rsp_announce_listener_free(ears.listener);
}

/* RFC 5352 s.9.2: a receiver must be prepared for a large number from attackers. */
static void
a_listener_reads_a_flood_in_bursts_and_goes_on_afterwards(void)
{
	struct ears ears = { 0 };

	listen_at("127.0.0.1:0", &ears);
	throw(&ears, "flood", 5, 10000); /* the system keeps as many as its buffer holds */
	uint64_t start = rsp_clock_ms();
	while (rsp_announce_listener_stats(ears.listener).pauses == 0 && rsp_clock_ms() < start + PATIENCE_MS)
		(void)rsp_loop_turn(world_loop, true);
	CHECK_EQ(ears.n, RSP_ANNOUNCE_BURST);
	(void)rsp_loop_turn(world_loop, false);
	CHECK(ears.n == RSP_ANNOUNCE_BURST || rsp_clock_ms() >= start + RSP_ANNOUNCE_WINDOW_MS);
	struct rsp_announce_sender *sender = sender_to(&ears);
	do { /* it goes on, and hears what comes when there is room again */
		send_text(sender, "at last");
		(void)rsp_loop_turn(world_loop, true);
	} while (strcmp(ears.text, "at last") != 0 && rsp_clock_ms() < start + PATIENCE_MS);
	CHECK_STR(ears.text, "at last");
	rsp_announce_sender_free(sender);
	rsp_announce_listener_free(ears.listener);
}

static void
a_listener_may_be_freed_when_it_hears_an_announcement(void)
{
	struct ears ears = { .free_at_once = true };

	listen_at("127.0.0.1:0", &ears);
	throw(&ears, "bye", 3, 5);
	WORLD_RUN(!ears.listener);
	CHECK_EQ(ears.n, 1);
	while (rsp_loop_turn(world_loop, false))
		;
	rsp_announce_listener_free(NULL);
	rsp_announce_sender_free(NULL);
}

int
main(void)
{
	if (!world_begin())
		return 1;
	TAP_RUN(a_destination_is_read_with_its_interface_port_and_hops_and_written_again);
	TAP_RUN(a_text_that_is_no_destination_is_refused);
	TAP_RUN(an_announcement_to_an_ipv4_address_arrives_with_its_source);
	TAP_RUN(an_announcement_to_an_ipv6_address_arrives_with_its_source);
	TAP_RUN(an_announcement_to_a_group_arrives_at_each_listener);
	TAP_RUN(a_second_listener_at_an_address_is_refused);
	TAP_RUN(an_announcement_without_a_listener_is_no_error_and_the_next_one_arrives);
	TAP_RUN(an_announcement_to_a_broadcast_address_fails_and_names_it);
	TAP_RUN(a_datagram_that_is_too_long_is_not_sent_and_dropped_if_received);
	TAP_RUN(a_listener_reads_a_flood_in_bursts_and_goes_on_afterwards);
	TAP_RUN(a_listener_may_be_freed_when_it_hears_an_announcement);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
