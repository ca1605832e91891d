#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/main.h"
#include "proto/param.h"
#include "tap.h"

static char output[512];

/* What the tool under test was given. */
static struct {
	int opt;
	char arg[64];
	unsigned n;
	char operand[64], command[64], server[2][64];
	uint64_t timeout_ms, t1, t2;
	bool wait, fast;
} seen;

static enum rsp_err
own(int opt, const char *arg, struct rsp_why *why)
{
	uint64_t ms;

	if (opt == 2)
		return rsp_cli_duration(arg, &ms, why);
	seen.opt = opt;
	(void)snprintf(seen.arg, sizeof(seen.arg), "%s", arg ? arg : "");
	return RSP_OK;
}

static int
look(unsigned n, const char *const *operand)
{
	json_t *record = rsp_json_record("rsp.test/1", true);

	seen.n = n;
	(void)snprintf(seen.operand, sizeof(seen.operand), "%s", n ? operand[0] : "");
	(void)snprintf(seen.command, sizeof(seen.command), "%s", rsp_cli.command ? rsp_cli.command[0] : "none");
	for (unsigned i = 0; i < rsp_cli.n_servers && i < 2; i++)
		(void)snprintf(seen.server[i], sizeof(seen.server[i]), "%s", rsp_cli.servers[i]);
	seen.timeout_ms = rsp_cli.timeout_ms;
	seen.t1 = rsp_cli.timer[RSP_TIMER_T1_ENRPREQUEST];
	seen.t2 = rsp_cli.timer[RSP_TIMER_T2_REGISTRATION];
	seen.wait = rsp_cli.wait;
	seen.fast = rsp_cli.timers_fast;
	rsp_json_put_handle(&record, rsp_bytes_of("caf\xc3\xa9", 5));
	(void)rsp_json_emit(record);
	return 0;
}

static struct poptOption own_table[] = { { "own", 'x', POPT_ARG_STRING, NULL, 1, "own", "ARG" },
					 { "dur", 0, POPT_ARG_STRING, NULL, 2, "a duration", "DUR" },
					 POPT_TABLEEND };

static struct rsp_cli_tool tool = {
	.name = "rsp-test",
	.operands = "POOL",
	.options = own_table,
	.groups = RSP_CLI_SCOPE | RSP_CLI_SERVER | RSP_CLI_TLS | RSP_CLI_CLIENT_TIMERS,
	.wraps = true,
	.take = own,
	.run = look,
};

/* Run the tool with @args in a child's stead: stdout is @to; what it wrote is read back as JSON (NULL if it is none). */
static int
run_to(const char *to, json_t **ret, const char **args)
{
	const char *argv[32] = { "rsp-test" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];
	memset(&seen, 0, sizeof(seen));
	(void)fflush(stdout);
	int saved = dup(STDOUT_FILENO), fd = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
	(void)dup2(fd, STDOUT_FILENO);
	int status = rsp_cli_main(&tool, argc, argv);
	(void)dup2(saved, STDOUT_FILENO);
	(void)close(saved);
	(void)close(fd);
	if (ret)
		*ret = json_load_file(to, JSON_REJECT_DUPLICATES, NULL);
	return status;
}

#define RUN(ret, ...) run_to(output, ret, (const char *[]){ __VA_ARGS__, NULL })

static const char *
at(json_t *record, const char *a, const char *b)
{
	json_t *value = b ? json_object_get(json_object_get(record, a), b) : json_object_get(record, a);

	return json_is_string(value) ? json_string_value(value) : "";
}

static const char *const full_line[] = { "-s",	 "a:1", "--server=[::1]:2",  "-t", "250ms", "--wait", "pool", "-x", "y",
					 "--timers=fast", "--t1-enrprequest", "7s", "--", "cmd",   "-s",	  "--",   NULL };

/* Run the tool with options of all kinds. */
static json_t *
run_full_line(void)
{
	const char *args[RSP_COUNT(full_line)];
	json_t *record = NULL;

	memcpy(args, full_line, sizeof(full_line));
	CHECK_EQ(run_to(output, &record, args), 0);
	return record;
}

static void
shared_options_are_read_in_all_forms(void)
{
	json_decref(run_full_line());
	CHECK_STR(seen.server[0], "a:1");
	CHECK_STR(seen.server[1], "[::1]:2");
	CHECK_EQ(seen.timeout_ms, 250);
	CHECK(seen.wait);
}

static void
a_timer_is_set_by_its_own_option_only(void)
{
	json_decref(run_full_line());
	CHECK(seen.fast);
	CHECK_EQ(seen.t1, 7000);
	CHECK(seen.t2 == RSP_NEVER);
}

static void
an_option_of_the_tool_and_operands_are_passed_on(void)
{
	json_decref(run_full_line());
	CHECK_EQ(seen.opt, 1);
	CHECK_STR(seen.arg, "y");
	CHECK_EQ(seen.n, 1);
	CHECK_STR(seen.operand, "pool");
}

static void
the_words_behind_two_dashes_are_the_command(void)
{
	json_decref(run_full_line());
	CHECK_STR(seen.command, "cmd");
	CHECK_EQ(seen.n, 1);
}

static void
a_record_begins_with_its_schema(void)
{
	json_t *record = run_full_line();

	CHECK_STR(at(record, "schema", NULL), "rsp.test/1");
	CHECK_STR(json_object_iter_key(json_object_iter(record)), "schema");
	json_decref(record);
}

static void
a_handle_is_printed_as_text_and_in_hex(void)
{
	json_t *record = run_full_line();

	CHECK_STR(at(record, "handle", NULL), "caf\xc3\xa9");
	CHECK_STR(at(record, "handle_hex", NULL), "636166c3a9");
	json_decref(record);
}

static void
wrong_usage_is_a_record_that_names_the_option(void)
{
	static const struct {
		const char *arg[2], *object;
	} table[] = {
		{ { "--bogus", NULL }, "--bogus" },	    { { "--timeout", NULL }, "--timeout" },
		{ { "--timeout", "5x" }, "--timeout" },	    { { "--dur", "" }, "--dur" },
		{ { "--wait=1", NULL }, "--wait=1" },    { { "-o", "" }, "--output" },
		{ { "--timers", "slow" }, "--timers" },	    { { "--max-reg-attempt", "0" }, "--max-reg-attempt" },
		{ { "--t5-serverhunt", "0" }, "--t5-serverhunt" }, { { "--transport", "x25" }, "--transport" },
		{ { "--tls-policy", "none" }, "--tls-policy" },
	};

	for (unsigned i = 0; i < RSP_COUNT(table); i++) {
		json_t *record = NULL;

		CHECK_EQ(RUN(&record, "-q", table[i].arg[0], table[i].arg[1]), 2);
		CHECK_STR(at(record, "schema", NULL), "rsp.error/1");
		CHECK_STR(at(record, "tool", NULL), "rsp-test");
		CHECK_STR(at(record, "error", "key"), "usage");
		CHECK_STR(at(record, "error", "object"), table[i].object);
		CHECK(json_is_false(json_object_get(record, "ok")));
		json_decref(record);
	}
}

static void
wrong_usage_with_a_command_has_status_125(void)
{
	CHECK_EQ(RUN(NULL, "-q", "--bogus", "--", "cmd"), 125);
}

static void
a_record_that_is_lost_fails_the_run(void)
{
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", NULL }), 3);
	json_t *record = NULL;
	CHECK_EQ(RUN(&record, "-o", "/dev/full", "-q"), 3);
	json_decref(record);
}

static void
a_help_text_that_is_lost_fails_the_run(void)
{
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", "--help", NULL }), 3);
}

static void
a_failure_keeps_its_status_if_its_record_is_lost(void)
{
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", "--bogus", NULL }), 2);
}

static void
an_output_file_that_cannot_be_opened_is_an_error(void)
{
	json_t *record = NULL;

	CHECK_EQ(RUN(&record, "-q", "-o", "/nonexistent/file"), 3);
	CHECK_STR(at(record, "error", "key"), "output");
	json_decref(record);
}

/* The status of a child process that runs the tool with a pipe as stdout whose reader has closed it. */
static int
closed_pipe(bool holds)
{
	int pipe_fd[2];

	if (pipe(pipe_fd) < 0)
		return -1;
	(void)close(pipe_fd[0]); /* before the child writes */
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		const char *argv[] = { "rsp-test", "-q", NULL };

		(void)dup2(pipe_fd[1], STDOUT_FILENO);
		tool.holds = holds;
		_exit(rsp_cli_main(&tool, 2, argv));
	}
	(void)close(pipe_fd[1]);
	int status = 0;
	(void)waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void
a_closed_pipe_ends_a_tool_like_sigpipe(void)
{
	CHECK_EQ(closed_pipe(false), 128 + 13);
}

static void
a_closed_pipe_does_not_end_a_tool_that_holds_something(void)
{
	CHECK_EQ(closed_pipe(true), 0);
}

static void
tls_secrets_are_not_written_because_of_the_environment(void)
{
	(void)setenv("SSLKEYLOGFILE", "/nonexistent", 1);
	CHECK_EQ(RUN(NULL, "pool"), 0);
	CHECK(getenv("SSLKEYLOGFILE") == NULL);
}

static void
a_handle_in_hex_is_read(void)
{
	struct rsp_why why = { 0 };
	uint8_t *handle = NULL;
	size_t n = 0;

	CHECK_EQ(rsp_cli_handle("hex:00fF", &handle, &n, &why), RSP_OK);
	CHECK_EQ(n, 2);
	CHECK(handle && handle[0] == 0 && handle[1] == 0xff);
	free(handle);
}

static void
an_empty_handle_or_bad_hex_is_refused(void)
{
	static const char *const bad[] = { "", "hex:", "hex:0", "hex:0g" };
	struct rsp_why why = { 0 };
	uint8_t *handle = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < RSP_COUNT(bad); i++)
		CHECK_EQ(rsp_cli_handle(bad[i], &handle, &n, &why), RSP_EUSAGE);
}

static void
a_handle_has_a_longest_length(void)
{
	char text[RSP_HANDLE_MAX + 2];
	struct rsp_why why = { 0 };
	uint8_t *handle = NULL;
	size_t n = 0;

	memset(text, 'a', sizeof(text));
	text[RSP_HANDLE_MAX + 1] = '\0';
	CHECK_EQ(rsp_cli_handle(text, &handle, &n, &why), RSP_EUSAGE);
	text[RSP_HANDLE_MAX] = '\0';
	CHECK_EQ(rsp_cli_handle(text, &handle, &n, &why), RSP_OK);
	CHECK_EQ(n, RSP_HANDLE_MAX);
	free(handle);
}

static void
octets_that_are_not_utf8_are_escaped_in_a_text(void)
{
	json_t *bad = rsp_json_text("a\xff");

	CHECK_STR(json_string_value(bad), "a\\xff");
	json_decref(bad);
}

static void
no_text_is_null(void)
{
	json_t *none = rsp_json_text(NULL), *nul = rsp_json_text_or_null(rsp_bytes_of("a\0b", 3));

	CHECK(json_is_null(none));
	CHECK(json_is_null(nul));
	json_decref(none);
	json_decref(nul);
}

int
main(void)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	(void)snprintf(output, sizeof(output), "%s/test_cli.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(output);
	if (fd < 0)
		return 99;
	(void)close(fd);
	TAP_RUN(shared_options_are_read_in_all_forms);
	TAP_RUN(a_timer_is_set_by_its_own_option_only);
	TAP_RUN(an_option_of_the_tool_and_operands_are_passed_on);
	TAP_RUN(the_words_behind_two_dashes_are_the_command);
	TAP_RUN(a_record_begins_with_its_schema);
	TAP_RUN(a_handle_is_printed_as_text_and_in_hex);
	TAP_RUN(wrong_usage_is_a_record_that_names_the_option);
	TAP_RUN(wrong_usage_with_a_command_has_status_125);
	TAP_RUN(a_record_that_is_lost_fails_the_run);
	TAP_RUN(a_help_text_that_is_lost_fails_the_run);
	TAP_RUN(a_failure_keeps_its_status_if_its_record_is_lost);
	TAP_RUN(an_output_file_that_cannot_be_opened_is_an_error);
	TAP_RUN(a_closed_pipe_ends_a_tool_like_sigpipe);
	TAP_RUN(a_closed_pipe_does_not_end_a_tool_that_holds_something);
	TAP_RUN(tls_secrets_are_not_written_because_of_the_environment);
	TAP_RUN(a_handle_in_hex_is_read);
	TAP_RUN(an_empty_handle_or_bad_hex_is_refused);
	TAP_RUN(a_handle_has_a_longest_length);
	TAP_RUN(octets_that_are_not_utf8_are_escaped_in_a_text);
	TAP_RUN(no_text_is_null);
	(void)unlink(output);
	return tap_end();
}
