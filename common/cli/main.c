#include "cli/main.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/hint.h"
#include "cli/output.h"
#include "config.h"

/* Protect the keys in this process's memory: no core dump, no ptrace(2) by another process of the same user (RFC
 * 5355 s.2.1-2.6 rest on the keys). */
static void
harden(void)
{
	sigset_t none;

	/* a signal that the caller blocked would never arrive, and with SIGCHLD ignored the end of a child is not
	 * reported */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* else GnuTLS writes TLS secrets to that file; use --keylog-file instead (rsp_tls_init()) */
	(void)unsetenv("SSLKEYLOGFILE");
	(void)signal(SIGPIPE, SIG_IGN);  /* for sockets; for stdout see rsp_output_write() */
	(void)signal(SIGXFSZ, SIG_IGN);  /* so that a write beyond RLIMIT_FSIZE fails with EFBIG */
	/* Open descriptors 0 to 2 if they are closed, or a socket could become stdout. Read-only: a write of a record
	 * must fail. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", (fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) | O_NOCTTY);
}

/* A text for people (help, version). It is formatted in memory, then written like a record. */
struct page {
	FILE *stream;
	char *text;
	size_t n;
};

static bool
page_open(struct page *page)
{
	page->stream = open_memstream(&page->text, &page->n);
	return page->stream != NULL;
}

static int
page_print(struct page *page)
{
	enum rsp_err err = RSP_ENOMEM;

	if (page->stream && fclose(page->stream) == 0)
		err = rsp_output_write(rsp_bytes_of(page->text, page->n));
	free(page->text);
	return rsp_err_exit(err);
}

static int
print_help(poptContext ctx, const struct rsp_cli_tool *tool)
{
	struct page page = { 0 };

	if (page_open(&page)) {
		poptPrintHelp(ctx, page.stream, 0);
		(void)fprintf(page.stream, "\nRecords and exit statuses are explained in %s(1) and rsp(7).\n",
			      tool->name);
	}
	return page_print(&page);
}

static int
print_version(const struct rsp_cli_tool *tool)
{
	struct page page = { 0 };

	if (page_open(&page))
		(void)fprintf(page.stream, "%s (%s)\n", tool->name, PACKAGE_STRING);
	return page_print(&page);
}

static enum rsp_err
take(const struct rsp_cli_tool *tool, const struct poptOption *table, int opt, const char *arg, struct rsp_why *why)
{
	enum rsp_err err = opt < RSP_CLI_OPT_FIRST ? tool->take(opt, arg, why) : rsp_cli_take(opt, arg, why);

	if (err && !*why->object) {
		const char *name = rsp_cli_option_name(table, opt);
		(void)snprintf(why->object, sizeof(why->object), "--%s", name ? name : "");
	}
	return err;
}

/* Read all options. Returns the option that asks for help or the version, or 0. */
static enum rsp_err
parse(poptContext ctx, const struct rsp_cli_tool *tool, const struct poptOption *table, int *ret_opt,
      struct rsp_why *why)
{
	int opt;

	while ((opt = poptGetNextOpt(ctx)) > 0) {
		RSP_AUTO(rsp_free) char *arg = poptGetOptArg(ctx);

		if (opt == RSP_CLI_OPT_HELP || opt == RSP_CLI_OPT_VERSION) {
			*ret_opt = opt;
			return RSP_OK;
		}
		enum rsp_err err = take(tool, table, opt, arg, why);
		if (err)
			return err;
	}
	if (opt == -1)
		return RSP_OK;
	const char *reason = opt == POPT_ERROR_BADOPT        ? "unknown option"
			     : opt == POPT_ERROR_NOARG       ? "an argument is missing"
			     : opt == POPT_ERROR_UNWANTEDARG ? "takes no argument"
							     : poptStrerror(opt);
	const char *typed = poptBadOption(ctx, 0);
	const char *meant = opt == POPT_ERROR_BADOPT ? rsp_hint_option(table, typed) : NULL;
	return rsp_fail(why, RSP_EUSAGE, typed, "%s%s%s%s", reason, meant ? "; is --" : "", meant ? meant : "",
			meant ? " meant?" : "");
}

/* The command before `--`, if `--` is missing: its words look like operands and its options like those of the tool. */
static void
hint_at_command(poptContext ctx, const struct rsp_cli_tool *tool, struct rsp_why *why)
{
	const char *const *word = poptGetArgs(ctx);
	struct rsp_why was = *why;

	if (was.err == RSP_EUSAGE && tool->wraps && !rsp_cli.command && word && word[0] && word[1])
		(void)rsp_fail(why, was.err, was.object, "%s; if %s is a command, it goes behind --: %s -- %s",
			       was.reason, word[1], word[0], word[1]);
}

static void
set_log(void)
{
	enum rsp_log_level most = rsp_cli.quiet          ? RSP_LOG_NOTHING
				  : rsp_cli.verbose == 0 ? RSP_LOG_WARNING
				  : rsp_cli.verbose == 1 ? RSP_LOG_INFO
							 : RSP_LOG_DEBUG;

	rsp_log_init(rsp_cli.tool, most);
}

static int
run(poptContext ctx, const struct rsp_cli_tool *tool, const struct poptOption *table)
{
	struct rsp_why why = { 0 };
	int other = 0;
	enum rsp_err err = parse(ctx, tool, table, &other, &why);

	set_log();
	if (err) {
		hint_at_command(ctx, tool, &why);
		return rsp_cli_fail(&why);
	}
	if (other == RSP_CLI_OPT_HELP)
		return print_help(ctx, tool);
	if (other == RSP_CLI_OPT_VERSION)
		return print_version(tool);
	if (rsp_output_open(rsp_cli.output, tool->holds, rsp_cli.pretty, &why))
		return rsp_cli_fail(&why);

	const char *const *operand = poptGetArgs(ctx);
	unsigned n = 0;
	while (operand && operand[n])
		n++;
	return tool->run(n, operand);
}

/* popt reorders its arguments and forgets where `--` was: so the command after `--` is cut off before popt runs. */
static int
cut_command(const struct rsp_cli_tool *tool, int argc, const char **argv)
{
	for (int i = 1; tool->wraps && i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			/* the type that exec(3) wants; the array is not written to */
			rsp_cli.command = (char *const *)(uintptr_t)(argv + i + 1);
			return i;
		}
	return argc;
}

static int
start(const struct rsp_cli_tool *tool, int argc, const char **argv)
{
	struct poptOption table[RSP_CLI_TABLE_MAX];
	char name[64], operands[256];

	rsp_cli_init(tool->name);
	rsp_log_init(tool->name, RSP_LOG_WARNING);
	argc = cut_command(tool, argc, argv);
	rsp_cli_tables(tool->groups, tool->options, table);
	(void)snprintf(name, sizeof(name), "%s%s%s", tool->name, tool->verb ? " " : "", tool->verb ? tool->verb : "");
	(void)snprintf(operands, sizeof(operands), "[OPTION]...%s%s", *tool->operands ? " " : "", tool->operands);

	argv[0] = name; /* for --help */
	poptContext ctx = poptGetContext(name, argc, argv, table, 0);
	if (!ctx)
		return rsp_err_exit(RSP_ENOMEM);
	poptSetOtherOptionHelp(ctx, operands);
	int status = run(ctx, tool, table);
	(void)poptFreeContext(ctx);

	enum rsp_err lost = rsp_output_close();
	rsp_cli_done();
	/* with the statuses 0 and 1 the record is the answer, so a lost record is the failure; other failures are more
	 * important */
	return status <= rsp_err_exit(RSP_EUNKNOWN_POOL) && lost && !rsp_cli.command ? rsp_err_exit(lost) : status;
}

int
rsp_cli_main(const struct rsp_cli_tool *tool, int argc, const char **argv)
{
	harden();
	return start(tool, argc, argv);
}

static int
print_verbs(const struct rsp_cli_tool *const *tools, unsigned n)
{
	struct page page = { 0 };

	if (page_open(&page)) {
		(void)fprintf(page.stream, "Usage: %s VERB [OPTION]...\n\nVerbs:\n", tools[0]->name);
		for (unsigned i = 0; i < n; i++)
			(void)fprintf(page.stream, "  %-12s %s\n", tools[i]->verb, tools[i]->summary);
		(void)fprintf(page.stream, "\n%s VERB --help lists the options of a verb; see %s(1).\n", tools[0]->name,
			      tools[0]->name);
	}
	return page_print(&page);
}

static const char *
verb_at(const void *ctx, unsigned i)
{
	const struct rsp_cli_tool *const *tools = ctx;

	return tools[i]->verb;
}

int
rsp_cli_main_verbs(const struct rsp_cli_tool *const *tools, unsigned n, int argc, const char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	harden();
	for (unsigned i = 0; i < n; i++)
		if (strcmp(verb, tools[i]->verb) == 0)
			return start(tools[i], argc - 1, argv + 1);

	rsp_cli_init(tools[0]->name);
	set_log();
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "-?") == 0)
		return print_verbs(tools, n);
	if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0)
		return print_version(tools[0]);
	const char *meant = rsp_hint_word(verb, n, verb_at, tools);
	int status =
		rsp_cli_usage(*verb ? verb : "VERB", "%s: see %s --help%s%s%s", *verb ? "no such verb" : "is missing",
			      tools[0]->name, meant ? "; is " : "", meant ? meant : "", meant ? " meant?" : "");
	return rsp_output_close() ? rsp_err_exit(RSP_EOUTPUT) : status;
}
