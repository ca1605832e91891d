#ifndef RSP_CLI_MAIN_H
#define RSP_CLI_MAIN_H

#include <popt.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/options.h"

/** A tool, or one verb of a tool. */
struct rsp_cli_tool {
	const char *name;     /* "rsp-peer" */
	const char *verb;     /* "run"; NULL if the tool has no verbs */
	const char *operands; /* for --help: "POOL" */
	const char *summary;  /* for --help of a tool with verbs: what the verb does */
	struct poptOption *options; /* its own options, with codes 1 to 0xff in .val and no .arg pointers; NULL: none */
	unsigned groups;	    /* RSP_CLI_...: the groups of shared options that the tool has */
	bool wraps;		    /* `-- CMD ARG...` may follow; otherwise `--` only ends the options */
	bool holds;		    /* continues although no process reads its records: rsp_output_write() */
	/* Read one of the tool's own options. On failure @why has the reason; the caller adds the option's name as
	 * object. */
	enum rsp_err (*take)(int opt, const char *arg, struct rsp_why *why);
	/* Run; @operand has @n operands. Returns the exit status, as rsp_cli_fail() does. */
	int (*run)(unsigned n, const char *const *operand);
};

/**
 * main() of a tool: forbid core dumps, remove SSLKEYLOGFILE, unblock signals, ignore SIGPIPE and SIGXFSZ; read the
 * options into rsp_cli, print --help and --version, open the output, run, and report records that were lost. @argv is
 * main's.
 */
int rsp_cli_main(const struct rsp_cli_tool *tool, int argc, const char **argv);

/** As rsp_cli_main(), for a tool with verbs: @tools are its @n verbs; the first operand selects the verb. */
int rsp_cli_main_verbs(const struct rsp_cli_tool *const *tools, unsigned n, int argc, const char **argv);

#endif
