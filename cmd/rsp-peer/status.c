/* rsp-peer status: the state of a registrar on this machine. */
#include <stdlib.h>

#include "ask.h"
#include "base/file.h"
#include "net/loop.h"
#include "peer.h"
#include "serve/control.h"
#include "serve/query.h"
#include "tool/startup.h"

enum { OPT_NAME = 1, OPT_CONTROL, OPT_TIMEOUT };

static struct poptOption options[] = {
	{ "name", 0, POPT_ARG_STRING, NULL, OPT_NAME, "the registrar, if there are several here", "NAME" },
	{ "control", 0, POPT_ARG_STRING, NULL, OPT_CONTROL, "its control socket", "PATH" },
	{ "timeout", 't', POPT_ARG_STRING, NULL, OPT_TIMEOUT, "how long it may take (10s)", "DUR" },
	POPT_TABLEEND
};

static struct {
	char *name, *control;
	uint64_t timeout_ms;
} option = { .timeout_ms = RSP_CLI_TIMEOUT_MS };

struct status {
	struct rsp_loop *loop;
	int status;
};

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	if (opt == OPT_NAME && !rsp_name_ok(arg))
		return rsp_fail(why, RSP_EUSAGE, NULL,
				"\"%s\" is no name for a registrar: letters, digits, '-', '_' and '.', at most %d", arg,
				RSP_NAME_MAX);
	if (opt == OPT_TIMEOUT)
		return rsp_cli_duration(arg, &option.timeout_ms, why);
	return rsp_cli_string(arg, opt == OPT_NAME ? &option.name : &option.control, why);
}

/* The answer is a record already. It is parsed to check it, and to print it like all records. */
static void
on_answer(void *ctx, struct rsp_bytes text, const struct rsp_why *why)
{
	struct status *s = ctx;
	struct rsp_why bad = { 0 };

	rsp_loop_stop(s->loop);
	if (why->err) {
		s->status = rsp_cli_fail(why);
		return;
	}
	json_t *record = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const char *schema = json_string_value(json_object_get(record, "schema"));
	if (schema && strcmp(schema, PEER_STATUS_SCHEMA) == 0) {
		(void)rsp_json_emit(record);
		return;
	}
	json_decref(record);
	(void)rsp_fail(&bad, RSP_EPROTO, option.control,
		       "the process that listens there is no registrar: give another --control");
	s->status = rsp_cli_fail(&bad);
}

static int
ask(struct rsp_loop *loop)
{
	struct status s = { .loop = loop };
	struct rsp_query *query = NULL;
	struct rsp_why why = { 0 };

	if (!option.control && peer_control_find(option.name, &option.control, &why))
		return rsp_cli_fail(&why);
	if (rsp_query_new(loop, option.control, option.timeout_ms, on_answer, &s, &query, &why))
		return rsp_cli_fail(&why);
	rsp_loop_run(loop);
	rsp_query_free(query);
	return s.status;
}

static int
run(unsigned n, const char *const *operand)
{
	struct rsp_loop *loop = NULL;
	struct rsp_why why;
	int status;

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	if (option.name && option.control)
		return rsp_cli_usage("--control", "--name and --control exclude each other");
	if (tool_startup_loop(&loop, &why))
		return rsp_cli_fail(&why);
	status = ask(loop);
	rsp_loop_run(loop); /* closes */
	rsp_loop_free(loop);
	free(option.name);
	free(option.control);
	return status;
}

const struct rsp_cli_tool peer_status = {
	.name = "rsp-peer",
	.verb = "status",
	.operands = "",
	.summary = "ask a registrar on this machine how it is",
	.options = options,
	.take = take,
	.run = run,
};
