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

static void
alarms(void)
{
	struct note first = { 0 }, second = { 0 }, never = { 0 };
	uint64_t start = rsp_clock_ms();

	CHECK_EQ(rsp_alarm_new(world_loop, ring, &first, &first.alarm), RSP_OK);
	CHECK_EQ(rsp_alarm_new(world_loop, ring, &second, &second.alarm), RSP_OK);
	CHECK_EQ(rsp_alarm_new(world_loop, ring, &never, &never.alarm), RSP_OK);
	rsp_alarm_set(second.alarm, start + 30);
	rsp_alarm_set(first.alarm, start + 1000);
	rsp_alarm_set(first.alarm, start + 15); /* moved */
	rsp_alarm_in(never.alarm, 5);
	rsp_alarm_set(never.alarm, RSP_NEVER);
	rsp_loop_run(world_loop); /* until no alarm is set */
	CHECK_EQ(first.n, 1);
	CHECK_EQ(second.n, 1);
	CHECK_EQ(never.n, 0);
	CHECK(first.at_ms >= start + 15 && second.at_ms >= start + 30 && second.at_ms >= first.at_ms);
	rsp_alarm_in(never.alarm, UINT64_MAX);
	rsp_alarm_free(first.alarm);
	rsp_alarm_free(second.alarm);
	rsp_alarm_free(never.alarm);
	rsp_alarm_free(NULL);
}

static void
ask_again(void *ctx)
{
	struct note *note = ctx;

	if (++note->n < 100)
		rsp_defer_ask(world_loop, &note->defer);
}

static void
deferred_calls(void)
{
	struct note once = { 0 }, often = { 0 }, withdrawn = { 0 };

	once.defer = (struct rsp_defer){ .call = ring, .ctx = &once };
	often.defer = (struct rsp_defer){ .call = ask_again, .ctx = &often };
	withdrawn.defer = (struct rsp_defer){ .call = ring, .ctx = &withdrawn };
	rsp_defer_ask(world_loop, &once.defer);
	rsp_defer_ask(world_loop, &once.defer);
	rsp_defer_ask(world_loop, &withdrawn.defer);
	rsp_defer_ask(world_loop, &often.defer);
	rsp_defer_cancel(world_loop, &withdrawn.defer);
	rsp_defer_cancel(world_loop, &withdrawn.defer);
	CHECK_EQ(once.n, 0); /* not inside the call */
	rsp_loop_run(world_loop);
	CHECK_EQ(once.n, 1);
	CHECK_EQ(often.n, 100);
	CHECK_EQ(withdrawn.n, 0);
}

static void
on_signal(void *ctx, int signum)
{
	struct note *note = ctx;

	CHECK_EQ(signum, SIGUSR1);
	note->n++;
}

static void
signals(void)
{
	struct note note = { 0 };
	struct rsp_signal *signal = NULL;

	CHECK_EQ(rsp_signal_new(world_loop, SIGUSR1, on_signal, &note, &signal), RSP_OK);
	rsp_loop_run(world_loop); /* it does not keep the loop running */
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	WORLD_RUN(note.n == 1);
	rsp_signal_free(signal);
	rsp_signal_free(NULL);
}

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
lines_of_a_pipe(void)
{
	struct lines lines = { 0 };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0); /* it may be shared */
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
lines_that_are_too_long_are_skipped(void)
{
	static const struct rsp_lines_events events = { .line = on_line, .end = on_end, .too_long = on_too_long };
	static const char text[] = "1\n123456789012345678901234567890\n12345678\n123456789\n\n1234567890123";

	for (unsigned pauses = 0; pauses < 2; pauses++) {
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
}

static void
lines_with_pauses(void)
{
	struct lines lines = { .pause_after_each = true };
	int ends[2];

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(write(ends[1], "1\n2\n3\n", 6), 6);
	for (unsigned i = 1; i <= 3; i++) {
		WORLD_RUN(lines.n >= i);
		CHECK_EQ(lines.n, i);
		rsp_loop_run(world_loop); /* paused: nothing to wait for */
		CHECK_EQ(lines.n, i);
		rsp_lines_pause(lines.reader, false);
	}
	(void)close(ends[1]);
	WORLD_RUN(lines.ends);
	rsp_lines_free(lines.reader);

	struct lines one = { .free_after_first = true };
	(void)close(ends[0]);
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &one, &one.reader), RSP_OK);
	CHECK_EQ(write(ends[1], "1\n2\n3\n", 6), 6);
	rsp_loop_run(world_loop);
	CHECK_EQ(one.n, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
lines_of_a_file(void)
{
	char path[] = "/tmp/rsp-test-loop.XXXXXX";
	struct lines lines = { 0 }, tiny = { 0 };
	int fd = mkstemp(path);

	CHECK_EQ(write(fd, "a\nbb\nccc", 8), 8);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(rsp_lines_new(world_loop, fd, 100, &reader_events, &lines, &lines.reader), RSP_OK);
	rsp_loop_run(world_loop);
	CHECK_STR(lines.text, "a|bb|ccc|");
	CHECK_EQ(lines.ends, 1);
	rsp_lines_free(lines.reader);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(rsp_lines_new(world_loop, fd, 2, &reader_events, &tiny, &tiny.reader), RSP_OK);
	rsp_loop_run(world_loop);
	CHECK_STR(tiny.text, "a|bb|");
	CHECK_EQ(tiny.err, RSP_ELIMIT);
	rsp_lines_free(tiny.reader);
	(void)close(fd);
	(void)unlink(path);
}

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
children(void)
{
	const char *const shell[] = { "sh", "-c", "echo \"$RSP_TEST\"; exit 7", NULL };
	const char *const env[] = { "RSP_TEST=from us", "PATH=/usr/bin:/bin", NULL };
	const char *const sleeper[] = { "sh", "-c", "sleep 100 & wait", NULL };
	const char *const missing[] = { "/nonexistent/command", NULL };
	const char *const data[] = { "/etc/passwd", NULL };
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
	rsp_child_kill(child, SIGTERM); /* it has ended: nobody is hit */
	rsp_child_free(child);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);

	ended = (struct ended){ 0 };
	params = (struct rsp_child_params){ .argv = sleeper, .fds = { -1, -1, 2 }, .own_group = true };
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_OK);
	pid_t pid = rsp_child_pid(child);
	CHECK_EQ(getpgid(pid), pid);
	rsp_child_kill(child, SIGKILL);
	WORLD_RUN(ended.n);
	CHECK_EQ(ended.signum, SIGKILL);
	rsp_child_free(child);

	/* what is left of its group holds the pipe open */
	const char *const leaving[] = { "sh", "-c", "sleep 100 & exit 3", NULL };
	ended = (struct ended){ 0 };
	lines = (struct lines){ 0 };
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	params = (struct rsp_child_params){
		.argv = leaving, .fds = { -1, ends[1], 2 }, .own_group = true, .kill_rest = true
	};
	CHECK_EQ(rsp_lines_new(world_loop, ends[0], 100, &reader_events, &lines, &lines.reader), RSP_OK);
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_OK);
	(void)close(ends[1]);
	WORLD_RUN(ended.n && lines.ends);
	CHECK_EQ(ended.status, 3);
	rsp_child_free(child);
	rsp_lines_free(lines.reader);
	(void)close(ends[0]);

	params.argv = missing;
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_ENOTFOUND);
	params.argv = data;
	CHECK_EQ(rsp_child_start(world_loop, &params, on_child, &ended, &child, &why), RSP_EPERMS);
	CHECK_STR(why.object, "/etc/passwd");
	rsp_loop_run(world_loop);
}

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

static void
lookups(void)
{
	static const struct {
		const char *host, *text;
	} numeric[] = { { "192.0.2.1", "192.0.2.1:3864" },
			{ "2001:db8::1", "[2001:db8::1]:3864" },
			{ "[::1]", "[::1]:3864" },
			{ "::ffff:192.0.2.1", "192.0.2.1:3864" } };
	struct rsp_lookup *lookup = NULL;
	char text[RSP_SOCKADDR_TEXT_MAX];

	for (size_t i = 0; i < RSP_COUNT(numeric); i++) {
		struct found found = { 0 };

		CHECK_EQ(rsp_lookup_start(world_loop, numeric[i].host, 3864, on_found, &found, &lookup), RSP_OK);
		CHECK_EQ(found.n, 0);
		rsp_loop_run(world_loop);
		CHECK_EQ(found.n, 1);
		CHECK_EQ(found.addresses, 1);
		rsp_sockaddr_format(&found.first, text);
		CHECK_STR(text, numeric[i].text);
	}
	struct found found = { 0 }, cancelled = { 0 }, bad = { 0 };
	CHECK_EQ(rsp_lookup_start(world_loop, "192.0.2.1", 1, on_found, &cancelled, &lookup), RSP_OK);
	rsp_lookup_cancel(lookup);
	CHECK_EQ(rsp_lookup_start(world_loop, "localhost", 1, on_found, &cancelled, &lookup), RSP_OK);
	rsp_lookup_cancel(lookup);
	rsp_lookup_cancel(NULL);
	CHECK_EQ(rsp_lookup_start(world_loop, "localhost", 99, on_found, &found, &lookup), RSP_OK);
	CHECK_EQ(rsp_lookup_start(world_loop, "no-such-host.invalid", 99, on_found, &bad, &lookup), RSP_OK);
	rsp_loop_run(world_loop);
	CHECK_EQ(found.n, 1);
	CHECK(found.addresses >= 1);
	CHECK_EQ(rsp_sockaddr_port(&found.first), 99);
	CHECK_EQ(cancelled.n, 0);
	CHECK_EQ(bad.n, 1);
	CHECK_EQ(bad.err, RSP_ELOOKUP);
	CHECK_EQ(rsp_lookup_start(world_loop, "", 99, on_found, &bad, &lookup), RSP_EVALUE);
}

static void
address_texts(void)
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
	static const char *const bad[] = { "",           "localhost", "1.2.3.4:",   "1.2.3.4:65536",
					   "1.2.3.4:-1", "[::1",      "::1]",       "[::1]80",
					   "[::1]:x",    "[1.2.3.4]", "1.2.3",      "1.2.3.4:80x",
					   ":80",        "[]:80",     "1.2.3.4%lo", "::1%nosuchif",
					   "[::1]]:80" };
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
	for (size_t i = 0; i < RSP_COUNT(bad); i++) {
		CHECK_EQ(rsp_sockaddr_parse(bad[i], 7, &sa), RSP_EVALUE);
		if (!rsp_sockaddr_parse(bad[i], 7, &sa))
			printf("# taken: %s\n", bad[i]);
	}
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
	TAP_RUN(alarms);
	TAP_RUN(deferred_calls);
	TAP_RUN(signals);
	TAP_RUN(lines_of_a_pipe);
	TAP_RUN(lines_that_are_too_long_are_skipped);
	TAP_RUN(lines_with_pauses);
	TAP_RUN(lines_of_a_file);
	TAP_RUN(children);
	TAP_RUN(lookups);
	TAP_RUN(address_texts);
	TAP_RUN(nothing_is_left);
	return tap_end();
}
