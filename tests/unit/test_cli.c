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

static void
options(void)
{
	json_t *record = NULL;

	CHECK_EQ(RUN(&record, "-s", "a:1", "--server=[::1]:2", "-t", "250ms", "--wait", "pool", "-x", "y", "--timers=fast",
		     "--t1-enrprequest", "7s", "--", "cmd", "-s", "--"),
		 0);
	CHECK_STR(seen.server[0], "a:1");
	CHECK_STR(seen.server[1], "[::1]:2");
	CHECK_EQ(seen.timeout_ms, 250);
	CHECK(seen.wait);
	CHECK(seen.fast);
	CHECK_EQ(seen.t1, 7000);
	CHECK(seen.t2 == RSP_NEVER);
	CHECK_EQ(seen.opt, 1);
	CHECK_STR(seen.arg, "y");
	CHECK_EQ(seen.n, 1);
	CHECK_STR(seen.operand, "pool");
	CHECK_STR(seen.command, "cmd");
	CHECK_STR(at(record, "schema", NULL), "rsp.test/1");
	CHECK_STR(json_object_iter_key(json_object_iter(record)), "schema");
	CHECK_STR(at(record, "handle", NULL), "caf\xc3\xa9");
	CHECK_STR(at(record, "handle_hex", NULL), "636166c3a9");
	json_decref(record);
}

static void
wrong_usage(void)
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
	CHECK_EQ(RUN(NULL, "-q", "--bogus", "--", "cmd"), 125);
}

static void
lost_output(void)
{
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", NULL }), 3);
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", "--help", NULL }), 3);
	CHECK_EQ(run_to("/dev/full", NULL, (const char *[]){ "-q", "--bogus", NULL }), 2);
	json_t *record = NULL;
	CHECK_EQ(RUN(&record, "-q", "-o", "/nonexistent/file"), 3);
	CHECK_STR(at(record, "error", "key"), "output");
	json_decref(record);
	CHECK_EQ(RUN(&record, "-o", "/dev/full", "-q"), 3);
	json_decref(record);
}

/* The status of a child that runs the tool with a stdout that nobody reads. */
static int
closed_pipe(bool holds)
{
	int pipe_fd[2];

	if (pipe(pipe_fd) < 0)
		return -1;
	(void)close(pipe_fd[0]); /* before anybody can write */
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
pipes(void)
{
	CHECK_EQ(closed_pipe(false), 128 + 13);
	CHECK_EQ(closed_pipe(true), 0);
}

static void
keylog_needs_the_option(void)
{
	(void)setenv("SSLKEYLOGFILE", "/nonexistent", 1);
	CHECK_EQ(RUN(NULL, "pool"), 0);
	CHECK(getenv("SSLKEYLOGFILE") == NULL);
}

static void
handles(void)
{
	char text[2 * RSP_HANDLE_MAX + 8];
	struct rsp_why why = { 0 };
	uint8_t *handle = NULL;
	size_t n = 0;

	CHECK_EQ(rsp_cli_handle("hex:00fF", &handle, &n, &why), RSP_OK);
	CHECK_EQ(n, 2);
	CHECK(handle && handle[0] == 0 && handle[1] == 0xff);
	free(handle);
	CHECK_EQ(rsp_cli_handle("", &handle, &n, &why), RSP_EUSAGE);
	CHECK_EQ(rsp_cli_handle("hex:", &handle, &n, &why), RSP_EUSAGE);
	CHECK_EQ(rsp_cli_handle("hex:0", &handle, &n, &why), RSP_EUSAGE);
	CHECK_EQ(rsp_cli_handle("hex:0g", &handle, &n, &why), RSP_EUSAGE);
	memset(text, 'a', sizeof(text));
	text[RSP_HANDLE_MAX + 1] = '\0';
	CHECK_EQ(rsp_cli_handle(text, &handle, &n, &why), RSP_EUSAGE);
	text[RSP_HANDLE_MAX] = '\0';
	CHECK_EQ(rsp_cli_handle(text, &handle, &n, &why), RSP_OK);
	CHECK_EQ(n, RSP_HANDLE_MAX);
	free(handle);
}

static void
texts(void)
{
	json_t *bad = rsp_json_text("a\xff"), *none = rsp_json_text(NULL);
	json_t *nul = rsp_json_text_or_null(rsp_bytes_of("a\0b", 3));

	CHECK_STR(json_string_value(bad), "a\\xff");
	CHECK(json_is_null(none));
	CHECK(json_is_null(nul));
	json_decref(bad);
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
	TAP_RUN(options);
	TAP_RUN(wrong_usage);
	TAP_RUN(lost_output);
	TAP_RUN(pipes);
	TAP_RUN(keylog_needs_the_option);
	TAP_RUN(handles);
	TAP_RUN(texts);
	(void)unlink(output);
	return tap_end();
}
