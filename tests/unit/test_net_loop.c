#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "net/alarm.h"
#include "net/child.h"
#include "net/lines.h"
#include "net/lookup.h"
#include "net/signal.h"
#include "net/sockaddr.h"
#include "net_world.h"

/* The loop itself: alarms, deferred calls, signals, children, lines, lookups; and addresses as text. */

struct note {
	unsigned n;
	uint64_t at_ms;
	struct rsp_alarm *alarm;
	struct rsp_defer defer;
};

static void
ring(void *ctx)
{
	struct note *note = ctx;

	note->n++;
	note->at_ms = rsp_clock_ms();
}

/* Alarms */

static void
an_alarm_rings_once_at_the_time_that_was_set_last(void)
{
	struct note first = { 0 }, second = { 0 };
	uint64_t start = rsp_clock_ms();

	CHECK_EQ(rsp_alarm_new(world_loop, ring, &first, &first.alarm), RSP_OK);
	CHECK_EQ(rsp_alarm_new(world_loop, ring, &second, &second.alarm), RSP_OK);
	rsp_alarm_set(second.alarm, start + 30);
	rsp_alarm_set(first.alarm, start + 1000);
	rsp_alarm_set(first.alarm, start + 15);
	rsp_loop_run(world_loop); /* until no alarm is set */
	CHECK_EQ(first.n, 1);
	CHECK_EQ(second.n, 1);
	CHECK(first.at_ms >= start + 15 && second.at_ms >= start + 30 && second.at_ms >= first.at_ms);
	rsp_alarm_free(first.alarm);
	rsp_alarm_free(second.alarm);
	rsp_alarm_free(NULL);
}

static void
an_alarm_that_is_set_to_never_does_not_ring(void)
{
	struct note never = { 0 }, other = { 0 };

	CHECK_EQ(rsp_alarm_new(world_loop, ring, &never, &never.alarm), RSP_OK);
	CHECK_EQ(rsp_alarm_new(world_loop, ring, &other, &other.alarm), RSP_OK);
	rsp_alarm_in(never.alarm, 5);
	rsp_alarm_in(other.alarm, 30);
	rsp_alarm_set(never.alarm, RSP_NEVER);
	rsp_loop_run(world_loop);
	CHECK_EQ(other.n, 1);
	CHECK_EQ(never.n, 0);
	rsp_alarm_in(never.alarm, UINT64_MAX); /* the sum with the time is not above the range */
	rsp_alarm_free(never.alarm);
	rsp_alarm_free(other.alarm);
}

/* Deferred calls */

static void
ask_again(void *ctx)
{
	struct note *note = ctx;

	if (++note->n < 100)
		rsp_defer_ask(world_loop, &note->defer);
}

static void
a_deferred_call_that_is_asked_for_twice_is_made_once_and_later(void)
{
	struct note once = { 0 };

	once.defer = (struct rsp_defer){ .call = ring, .ctx = &once };
	rsp_defer_ask(world_loop, &once.defer);
	rsp_defer_ask(world_loop, &once.defer);
	CHECK_EQ(once.n, 0);
	rsp_loop_run(world_loop);
	CHECK_EQ(once.n, 1);
}

static void
a_deferred_call_may_ask_for_itself_again(void)
{
	struct note often = { 0 };

	often.defer = (struct rsp_defer){ .call = ask_again, .ctx = &often };
	rsp_defer_ask(world_loop, &often.defer);
	rsp_loop_run(world_loop);
	CHECK_EQ(often.n, 100);
}

static void
a_deferred_call_that_is_cancelled_is_not_made(void)
{
	struct note cancelled = { 0 };

	cancelled.defer = (struct rsp_defer){ .call = ring, .ctx = &cancelled };
	rsp_defer_ask(world_loop, &cancelled.defer);
	rsp_defer_cancel(world_loop, &cancelled.defer);
	rsp_defer_cancel(world_loop, &cancelled.defer);
	rsp_loop_run(world_loop);
	CHECK_EQ(cancelled.n, 0);
}

/* Signals */

static void
on_signal(void *ctx, int signum)
{
	struct note *note = ctx;

	CHECK_EQ(signum, SIGUSR1);
	note->n++;
}

static void
a_signal_is_reported_and_waiting_for_it_does_not_keep_the_loop_running(void)
{
	struct note note = { 0 };
	struct rsp_signal *signal = NULL;

	CHECK_EQ(rsp_signal_new(world_loop, SIGUSR1, on_signal, &note, &signal), RSP_OK);
	rsp_loop_run(world_loop); /* returns */
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	WORLD_RUN(note.n == 1);
	rsp_signal_free(signal);
	rsp_signal_free(NULL);
}

/* Lines */

struct lines {
	char text[4096];
	unsigned n, ends;
	bool pause_after_each, free_after_first;
	struct rsp_lines *reader;
	enum rsp_err err;
};

static void
on_line(void *ctx, struct rsp_bytes line)
{
	struct lines *lines = ctx;
	size_t at = strlen(lines->text);

	(void)snprintf(lines->text + at, sizeof(lines->text) - at, "%.*s|", (int)line.n, (const char *)line.p);
	lines->n++;
	if (lines->pause_after_each)
		rsp_lines_pause(lines->reader, true);
	if (lines->free_after_first) {
		rsp_lines_free(lines->reader);
		lines->reader = NULL;
	}
}

static void
on_end(void *ctx, const struct rsp_why *why)
{
	struct lines *lines = ctx;

	lines->ends++;
	lines->err = why->err;
}

static const struct rsp_lines_events reader_events = { .line = on_line, .end = on_end };

static void
lines_of_a_pipe_are_read_however_they_are_split_and_the_last_needs_no_end(void)
{
	struct lines lines = { 0 };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0); /* another process may use the same pipe */
	CHECK_EQ(write(ends[1], "one\ntwo\nth", 10), 10);
	WORLD_RUN(lines.n == 2);
	CHECK_EQ(write(ends[1], "ree\n\nlast", 9), 9);
	(void)close(ends[1]);
	WORLD_RUN(lines.ends);
	CHECK_STR(lines.text, "one|two|three||last|");
	CHECK_EQ(lines.err, RSP_OK);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);
}

static void
on_too_long(void *ctx)
{
	struct lines *lines = ctx;

	size_t at = strlen(lines->text);

	(void)snprintf(lines->text + at, sizeof(lines->text) - at, "too long|");
	lines->n++;
	if (lines->pause_after_each)
		rsp_lines_pause(lines->reader, true);
}

static void
read_lines_of_which_some_are_too_long(bool pauses)
{
	static const struct rsp_lines_events events = { .line = on_line, .end = on_end, .too_long = on_too_long };
	static const char text[] = "1\n123456789012345678901234567890\n12345678\n123456789\n\n1234567890123";
	struct lines lines = { .pause_after_each = pauses };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 8, &events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(write(ends[1], text, sizeof(text) - 1), sizeof(text) - 1);
	(void)close(ends[1]);
	for (unsigned i = 1; pauses && i <= 6; i++) {
		WORLD_RUN(lines.n >= i);
		CHECK_EQ(lines.n, i);
		rsp_lines_pause(lines.reader, false);
	}
	WORLD_RUN(lines.ends);
	CHECK_STR(lines.text, "1|too long|12345678|too long||too long|");
	CHECK_EQ(lines.err, RSP_OK);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);
}

static void
lines_that_are_too_long_are_skipped_and_reported(void)
{
	read_lines_of_which_some_are_too_long(false);
}

static void
lines_that_are_too_long_are_skipped_by_a_reader_that_pauses(void)
{
	read_lines_of_which_some_are_too_long(true);
}

static void
a_reader_that_pauses_is_sent_no_line_until_it_goes_on(void)
{
	struct lines lines = { .pause_after_each = true };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(write(ends[1], "1\n2\n3\n", 6), 6);
	for (unsigned i = 1; i <= 3; i++) {
		WORLD_RUN(lines.n >= i);
		CHECK_EQ(lines.n, i);
		rsp_loop_run(world_loop); /* returns: a paused reader waits for nothing */
		CHECK_EQ(lines.n, i);
		rsp_lines_pause(lines.reader, false);
	}
	(void)close(ends[1]);
	WORLD_RUN(lines.ends);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);
}

static void
a_reader_that_is_freed_at_its_first_line_is_sent_no_other(void)
{
	struct lines one = { .free_after_first = true };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &one, &one.reader), RSP_OK);
	CHECK_EQ(write(ends[1], "1\n2\n3\n", 6), 6);
	rsp_loop_run(world_loop);
	CHECK_EQ(one.n, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* Read a file of three lines, each of at most @max octets. */
static void
read_a_file(size_t max, struct lines *lines)
{
	char path[] = "/tmp/rsp-test-loop.XXXXXX";
	int fd = mkstemp(path);

	CHECK_EQ(write(fd, "a\nbb\nccc", 8), 8);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(rsp_lines_new(world_loop, fd, max, &reader_events, lines, &lines->reader), RSP_OK);
	rsp_loop_run(world_loop);
	rsp_lines_free(lines->reader);
	(void)close(fd);
	(void)unlink(path);
}

static void
lines_of_a_file_are_read_to_its_end(void)
{
	struct lines lines = { 0 };

	read_a_file(100, &lines);
	CHECK_STR(lines.text, "a|bb|ccc|");
	CHECK_EQ(lines.ends, 1);
}

static void
a_line_that_is_too_long_ends_a_reader_that_does_not_skip_it(void)
{
	struct lines lines = { 0 };

	read_a_file(2, &lines);
	CHECK_STR(lines.text, "a|bb|");
	CHECK_EQ(lines.err, RSP_ELIMIT);
}

/* Child processes */

struct ended {
	unsigned n;
	int status, signum;
};

static void
on_child(void *ctx, int status, int signum)
{
	struct ended *ended = ctx;

	ended->n++;
	ended->status = status;
	ended->signum = signum;
}

static void
a_child_has_the_environment_and_descriptors_given_and_its_status_is_reported(void)
{
	const char *const shell[] = { "sh", "-c", "echo \"$RSP_TEST\"; exit 7", NULL };
	const char *const env[] = { "RSP_TEST=from us", "PATH=/usr/bin:/bin", NULL };
	struct rsp_child *child = NULL;
	struct ended ended = { 0 };
	struct lines lines = { 0 };
	struct rsp_why why = { 0 };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	struct rsp_child_params params = { .argv = shell, .env = env, .fds = { -1, ends[1], 2 } };
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_OK);
	(void)close(ends[1]);
	WORLD_RUN(ended.n && lines.ends);
	CHECK_EQ(ended.status, 7);
	CHECK_STR(lines.text, "from us|");
	rsp_child_kill(child, SIGTERM); /* it has ended: no process gets the signal */
	rsp_child_free(child);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);
}

static void
a_signal_to_a_child_reaches_its_process_group_and_is_reported(void)
{
	const char *const sleeper[] = { "sh", "-c", "sleep 100 & wait", NULL };
	struct rsp_child_params params = { .argv = sleeper, .fds = { -1, -1, 2 }, .own_group = true };
	struct rsp_child *child = NULL;
	struct ended ended = { 0 };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_OK);
	pid_t pid = rsp_child_pid(child);
	CHECK_EQ(getpgid(pid), pid);
	rsp_child_kill(child, SIGKILL);
	WORLD_RUN(ended.n);
	CHECK_EQ(ended.signum, SIGKILL);
	rsp_child_free(child);
}

static void
processes_that_a_child_leaves_in_its_group_are_killed_when_it_ends(void)
{
	const char *const leaving[] = { "sh", "-c", "sleep 100 & exit 3", NULL };
	struct rsp_child *child = NULL;
	struct ended ended = { 0 };
	struct lines lines = { 0 };
	struct rsp_why why = { 0 };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	struct rsp_child_params params = {
		.argv = leaving, .fds = { -1, ends[1], 2 }, .own_group = true, .kill_rest = true
	};
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_OK);
	(void)close(ends[1]);
	WORLD_RUN(ended.n && lines.ends); /* the process that is left holds the pipe open */
	CHECK_EQ(ended.status, 3);
	rsp_child_free(child);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);
}

/* The command @argv is not started, because of @err. */
static void
cannot_start(const char *const *argv, enum rsp_err err, struct rsp_why *why)
{
	struct rsp_child_params params = { .argv = argv, .fds = { -1, -1, 2 }, .own_group = true, .kill_rest = true };
	struct rsp_child *child = NULL;
	struct ended ended = { 0 };

	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, why), err);
	rsp_loop_run(world_loop);
	CHECK_EQ(ended.n, 0);
}

static void
a_command_that_does_not_exist_is_not_found(void)
{
	const char *const missing[] = { "/nonexistent/command", NULL };

	cannot_start(missing, RSP_ENOTFOUND, &(struct rsp_why){ 0 });
}

static void
a_file_that_is_no_command_is_refused_and_named(void)
{
	const char *const data[] = { "/etc/passwd", NULL };
	struct rsp_why why = { 0 };

	cannot_start(data, RSP_EPERMS, &why);
	CHECK_STR(why.object, "/etc/passwd");
}

/* Lookups */

struct found {
	unsigned n;
	struct rsp_sockaddr first;
	unsigned addresses;
	enum rsp_err err;
};

static void
on_found(void *ctx, const struct rsp_sockaddr *addrs, unsigned n, const struct rsp_why *why)
{
	struct found *found = ctx;

	found->n++;
	found->addresses = n;
	found->err = why->err;
	if (n)
		found->first = addrs[0];
}

/* The number @host is its own address, which is reported after rsp_lookup_start() has returned. */
static void
look_up_a_number(const char *host, const char *address)
{
	struct found found = { 0 };
	struct rsp_lookup *lookup = NULL;
	char text[RSP_SOCKADDR_TEXT_MAX];

	CHECK_EQ(rsp_lookup_start(world_loop, host, 3864, on_found, &found, &lookup), RSP_OK);
	CHECK_EQ(found.n, 0);
	rsp_loop_run(world_loop);
	CHECK_EQ(found.n, 1);
	CHECK_EQ(found.addresses, 1);
	rsp_sockaddr_format(&found.first, text);
	CHECK_STR(text, address);
}

static void
the_lookup_of_an_ipv4_address_gives_that_address(void)
{
	look_up_a_number("192.0.2.1", "192.0.2.1:3864");
}

static void
the_lookup_of_an_ipv6_address_gives_that_address(void)
{
	look_up_a_number("2001:db8::1", "[2001:db8::1]:3864");
}

static void
the_lookup_of_an_ipv6_address_in_brackets_gives_that_address(void)
{
	look_up_a_number("[::1]", "[::1]:3864");
}

static void
the_lookup_of_an_ipv4_address_mapped_to_ipv6_gives_the_ipv4_address(void)
{
	look_up_a_number("::ffff:192.0.2.1", "192.0.2.1:3864");
}

static void
the_lookup_of_a_host_name_gives_its_addresses_with_the_port(void)
{
	struct found found = { 0 };
	struct rsp_lookup *lookup = NULL;

	CHECK_EQ(rsp_lookup_start(world_loop, "localhost", 99, on_found, &found, &lookup), RSP_OK);
	rsp_loop_run(world_loop);
	CHECK_EQ(found.n, 1);
	CHECK(found.addresses >= 1);
	CHECK_EQ(rsp_sockaddr_port(&found.first), 99);
}

static void
a_lookup_that_is_cancelled_reports_nothing(void)
{
	struct found cancelled = { 0 };
	struct rsp_lookup *lookup = NULL;

	CHECK_EQ(rsp_lookup_start(world_loop, "192.0.2.1", 1, on_found, &cancelled, &lookup), RSP_OK);
	rsp_lookup_cancel(lookup);
	CHECK_EQ(rsp_lookup_start(world_loop, "localhost", 1, on_found, &cancelled, &lookup), RSP_OK);
	rsp_lookup_cancel(lookup);
	rsp_lookup_cancel(NULL);
	rsp_loop_run(world_loop);
	CHECK_EQ(cancelled.n, 0);
}

static void
the_lookup_of_a_host_name_that_does_not_exist_fails(void)
{
	struct found bad = { 0 };
	struct rsp_lookup *lookup = NULL;

	CHECK_EQ(rsp_lookup_start(world_loop, "no-such-host.invalid", 99, on_found, &bad, &lookup), RSP_OK);
	rsp_loop_run(world_loop);
	CHECK_EQ(bad.n, 1);
	CHECK_EQ(bad.err, RSP_ELOOKUP);
}

static void
the_lookup_of_an_empty_name_is_refused(void)
{
	struct found bad = { 0 };
	struct rsp_lookup *lookup = NULL;

	CHECK_EQ(rsp_lookup_start(world_loop, "", 99, on_found, &bad, &lookup), RSP_EVALUE);
}

/* Addresses as text */

static void
an_address_is_read_from_text_and_written_with_its_port(void)
{
	static const struct {
		const char *text, *formatted;
	} good[] = { { "127.0.0.1", "127.0.0.1:7" },
		     { "127.0.0.1:80", "127.0.0.1:80" },
		     { "::1", "[::1]:7" },
		     { "[::1]", "[::1]:7" },
		     { "[::1]:0", "[::1]:0" },
		     { "::", "[::]:7" },
		     { "[2001:db8::2]:65535", "[2001:db8::2]:65535" },
		     { "[::1%lo]:80", "[::1]:80" } };
	char text[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_sockaddr sa;

	for (size_t i = 0; i < RSP_COUNT(good); i++) {
		CHECK_EQ(rsp_sockaddr_parse(good[i].text, 7, &sa), RSP_OK);
		rsp_sockaddr_format(&sa, text);
		CHECK_STR(text, good[i].formatted);
		struct rsp_ip ip = rsp_sockaddr_ip(&sa);
		struct rsp_sockaddr back = rsp_sockaddr_of(&ip, rsp_sockaddr_port(&sa));
		CHECK_EQ(back.len, sa.len);
	}
}

static void
a_text_that_is_no_address_is_refused(void)
{
	static const char *const bad[] = { "",           "localhost", "1.2.3.4:",   "1.2.3.4:65536",
					   "1.2.3.4:-1", "[::1",      "::1]",       "[::1]80",
					   "[::1]:x",    "[1.2.3.4]", "1.2.3",      "1.2.3.4:80x",
					   ":80",        "[]:80",     "1.2.3.4%lo", "::1%nosuchif",
					   "[::1]]:80" };
	struct rsp_sockaddr sa;

	for (size_t i = 0; i < RSP_COUNT(bad); i++) {
		CHECK_EQ(rsp_sockaddr_parse(bad[i], 7, &sa), RSP_EVALUE);
		if (!rsp_sockaddr_parse(bad[i], 7, &sa))
			printf("# taken: %s\n", bad[i]);
	}
}

static void
no_address_is_written_as_local(void)
{
	char text[RSP_SOCKADDR_TEXT_MAX];
	struct rsp_sockaddr none = rsp_sockaddr_of(&(struct rsp_ip){ 0 }, 1);

	CHECK_EQ(none.len, 0);
	rsp_sockaddr_format(&none, text);
	CHECK_STR(text, "local");
}

int
main(void)
{
	if (!world_begin())
		return 1;
	TAP_RUN(an_alarm_rings_once_at_the_time_that_was_set_last);
	TAP_RUN(an_alarm_that_is_set_to_never_does_not_ring);
	TAP_RUN(a_deferred_call_that_is_asked_for_twice_is_made_once_and_later);
	TAP_RUN(a_deferred_call_may_ask_for_itself_again);
	TAP_RUN(a_deferred_call_that_is_cancelled_is_not_made);
	TAP_RUN(a_signal_is_reported_and_waiting_for_it_does_not_keep_the_loop_running);
	TAP_RUN(lines_of_a_pipe_are_read_however_they_are_split_and_the_last_needs_no_end);
	TAP_RUN(lines_that_are_too_long_are_skipped_and_reported);
	TAP_RUN(lines_that_are_too_long_are_skipped_by_a_reader_that_pauses);
	TAP_RUN(a_reader_that_pauses_is_sent_no_line_until_it_goes_on);
	TAP_RUN(a_reader_that_is_freed_at_its_first_line_is_sent_no_other);
	TAP_RUN(lines_of_a_file_are_read_to_its_end);
	TAP_RUN(a_line_that_is_too_long_ends_a_reader_that_does_not_skip_it);
	TAP_RUN(a_child_has_the_environment_and_descriptors_given_and_its_status_is_reported);
	TAP_RUN(a_signal_to_a_child_reaches_its_process_group_and_is_reported);
	TAP_RUN(processes_that_a_child_leaves_in_its_group_are_killed_when_it_ends);
	TAP_RUN(a_command_that_does_not_exist_is_not_found);
	TAP_RUN(a_file_that_is_no_command_is_refused_and_named);
	TAP_RUN(the_lookup_of_an_ipv4_address_gives_that_address);
	TAP_RUN(the_lookup_of_an_ipv6_address_gives_that_address);
	TAP_RUN(the_lookup_of_an_ipv6_address_in_brackets_gives_that_address);
	TAP_RUN(the_lookup_of_an_ipv4_address_mapped_to_ipv6_gives_the_ipv4_address);
	TAP_RUN(the_lookup_of_a_host_name_gives_its_addresses_with_the_port);
	TAP_RUN(a_lookup_that_is_cancelled_reports_nothing);
	TAP_RUN(the_lookup_of_a_host_name_that_does_not_exist_fails);
	TAP_RUN(the_lookup_of_an_empty_name_is_refused);
	TAP_RUN(an_address_is_read_from_text_and_written_with_its_port);
	TAP_RUN(a_text_that_is_no_address_is_refused);
	TAP_RUN(no_address_is_written_as_local);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
