#include <netinet/in.h>
#include <sys/socket.h>

#include "net/lookup.h"
#include "net/sockaddr.h"
#include "net_world.h"

/* Name lookups with a name server that never answers, and with none: they do not delay other lookups, a cancelled one
 * leaves nothing behind, and the number under way is bounded. */

enum { MANY = 200 };

struct found {
	unsigned n, addresses;
	enum rsp_err err;
	char reason[RSP_REASON_MAX];
};

static struct found found[MANY];
static struct rsp_lookup *lookup[MANY];

static void
on_found(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct found *f = ctx;

	(void)addrs;
	f->n++;
	f->addresses = n;
	f->err = why->err;
	(void)snprintf(f->reason, sizeof(f->reason), "%s", why->reason);
}

/* Have names looked up at a socket of ours. What comes there is never read. */
static int
silent_server(void)
{
	struct rsp_sockaddr sa = loopback();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[RSP_SOCKADDR_TEXT_MAX];

	CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&sa.ss, sa.len) == 0);
	sa.len = sizeof(sa.ss);
	CHECK(getsockname(fd, (struct sockaddr *)&sa.ss, &sa.len) == 0);
	rsp_sockaddr_format(&sa, text);
	CHECK(setenv("RSP_NAME_SERVERS", text, 1) == 0);
	return fd;
}

static void
look_up(unsigned i, const char *host)
{
	found[i] = (struct found){ 0 };
	CHECK_EQ(rsp_lookup_start(world_loop, host, 80, on_found, &found[i], &lookup[i]), RSP_OK);
}

static void
begin_many(void)
{
	char host[32];

	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(host, sizeof(host), "host%u.example", i);
		look_up(i, host);
	}
}

static void
cancel_many(void)
{
	for (unsigned i = 0; i < MANY; i++)
		rsp_lookup_cancel(lookup[i]);
}

static void
lookups_that_are_cancelled_report_nothing_and_keep_no_descriptor(void)
{
	int fd = silent_server();
	size_t before = count_fds();
	uint64_t begin_ms = rsp_clock_ms();

	begin_many();
	for (unsigned i = 0; i < 20; i++)
		(void)rsp_loop_turn(world_loop, false);
	CHECK(count_fds() > before);
	CHECK(count_fds() <= before + RSP_LOOKUPS_UNDER_WAY);
	cancel_many();
	rsp_loop_run(world_loop);
	CHECK(rsp_clock_ms() - begin_ms < RSP_LOOKUP_MS / 2); /* it did not wait for answers */
	CHECK_EQ(count_fds(), before);
	for (unsigned i = 0; i < MANY; i++)
		CHECK_EQ(found[i].n, 0);
	rsp_fd_close(fd);
}

static void
lookups_that_a_name_server_does_not_answer_do_not_delay_others_that_need_none(void)
{
	static struct found other, number;
	struct rsp_lookup *unused;
	int fd = silent_server();
	char host[32];

	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(host, sizeof(host), "host%u.example", i);
		look_up(i, host);
	}
	CHECK_EQ(rsp_lookup_start(world_loop, "localhost", 80, on_found, &other, &unused), RSP_OK);
	CHECK_EQ(rsp_lookup_start(world_loop, "127.0.0.1", 80, on_found, &number, &unused), RSP_OK);
	WORLD_RUN(other.n && number.n);
	CHECK(other.addresses > 0);
	for (unsigned i = 0; i < 40; i++) {
		CHECK_EQ(found[i].n, 0);
		rsp_lookup_cancel(lookup[i]);
	}
	rsp_fd_close(fd);
}

static void
a_lookup_with_a_shorter_time_limit_fails_at_that_limit(void)
{
	int fd = silent_server();
	uint64_t begin_ms = rsp_clock_ms();

	look_up(0, "host.example");
	rsp_lookup_limit(lookup[0], 50);
	WORLD_RUN(found[0].n);
	CHECK_EQ(found[0].err, RSP_ELOOKUP);
	CHECK_STR(found[0].reason, "no name server answers");
	CHECK(rsp_clock_ms() - begin_ms < RSP_LOOKUP_MS / 2);
	rsp_fd_close(fd);
}

static void
a_lookup_above_the_limit_starts_when_another_one_ends(void)
{
	int fd = silent_server();
	char host[32];

	for (unsigned i = 0; i < RSP_LOOKUPS_UNDER_WAY; i++) {
		(void)snprintf(host, sizeof(host), "host%u.example", i);
		look_up(i, host);
	}
	for (unsigned i = RSP_LOOKUPS_UNDER_WAY; i < MANY; i++)
		look_up(i, "localhost");
	for (unsigned i = 0; i < 20; i++)
		(void)rsp_loop_turn(world_loop, false);
	CHECK_EQ(found[MANY - 1].n, 0);
	rsp_lookup_cancel(lookup[0]);
	WORLD_RUN(found[MANY - 1].n);
	for (unsigned i = RSP_LOOKUPS_UNDER_WAY; i < MANY; i++)
		CHECK_EQ(found[i].n, 1);
	for (unsigned i = 1; i < RSP_LOOKUPS_UNDER_WAY; i++)
		rsp_lookup_cancel(lookup[i]);
	rsp_fd_close(fd);
}

/* The lookup of @host fails. Returns why. */
static const char *
fail_to_look_up(const char *host)
{
	look_up(0, host);
	WORLD_RUN(found[0].n);
	CHECK_EQ(found[0].err, RSP_ELOOKUP);
	return found[0].reason;
}

static void
a_lookup_fails_if_no_name_server_can_be_reached_and_says_so(void)
{
	int fd = silent_server();

	rsp_fd_close(fd);
	CHECK_STR(fail_to_look_up("host.example"), "no name server can be reached");
}

static void
a_lookup_of_a_text_that_is_no_host_name_fails_and_says_so(void)
{
	int fd = silent_server();

	CHECK_STR(fail_to_look_up("-.-..example"), "is no host name");
	rsp_fd_close(fd);
}

static void
a_lookup_with_a_bad_address_of_the_name_server_fails_and_names_the_variable(void)
{
	CHECK(setenv("RSP_NAME_SERVERS", "no address", 1) == 0);
	CHECK(strstr(fail_to_look_up("host.example"), "RSP_NAME_SERVERS") != NULL);
}

int
main(void)
{
	if (!world_begin())
		return 1;
	TAP_RUN(lookups_that_are_cancelled_report_nothing_and_keep_no_descriptor);
	TAP_RUN(lookups_that_a_name_server_does_not_answer_do_not_delay_others_that_need_none);
	TAP_RUN(a_lookup_with_a_shorter_time_limit_fails_at_that_limit);
	TAP_RUN(a_lookup_above_the_limit_starts_when_another_one_ends);
	TAP_RUN(a_lookup_fails_if_no_name_server_can_be_reached_and_says_so);
	TAP_RUN(a_lookup_of_a_text_that_is_no_host_name_fails_and_says_so);
	TAP_RUN(a_lookup_with_a_bad_address_of_the_name_server_fails_and_names_the_variable);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
