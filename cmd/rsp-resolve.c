/* rsp-resolve: finds the elements of a pool. See rsp-resolve(1). */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/main.h"
#include "cli/message_json.h"
#include "cli/output.h"
#include "model/select.h"
#include "net/loop.h"
#include "tool/access.h"
#include "tool/client_event.h"
#include "tool/complaints.h"
#include "tool/endpoint.h"
#include "tool/object.h"
#include "tool/session.h"
#include "tool/startup.h"

enum { OPT_MAX = 1, OPT_SELECT, OPT_PLAIN, OPT_FORMAT, OPT_REPORT };

static struct poptOption options[] = {
	{ "max", 'n', POPT_ARG_STRING, NULL, OPT_MAX, "at most this many elements", "N" },
	{ "select", 0, POPT_ARG_NONE, NULL, OPT_SELECT, "exactly one element, chosen by the pool's policy", NULL },
	{ "plain", 0, POPT_ARG_NONE, NULL, OPT_PLAIN, "print ADDR:PORT lines instead of a record", NULL },
	{ "format", 0, POPT_ARG_STRING, NULL, OPT_FORMAT, "print a line like this for each element", "FORMAT" },
	{ "report-unreachable", 0, POPT_ARG_STRING, NULL, OPT_REPORT, "tell the registrar that this element is dead",
	  "ID" },
	POPT_TABLEEND
};

static struct {
	uint64_t items; /* 0: all */
	bool select, plain;
	char *format;
	uint32_t report_id; /* 0: none */
} option;

struct resolve {
	struct rsp_loop *loop;
	struct rsp_asap_client *session;
	struct rsp_bytes handle;
	const char *pool;		  /* as it was typed, for messages */
	struct tool_complaints complaints; /* about registrars, with --wait */
	bool done;
	int status;
};

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	enum rsp_err err;

	switch (opt) {
	case OPT_MAX:
		return rsp_cli_number(arg, 1, UINT32_MAX, &option.items, why);
	case OPT_SELECT:
		option.select = true;
		return RSP_OK;
	case OPT_PLAIN:
		option.plain = rsp_cli.plain = true;
		return RSP_OK;
	case OPT_FORMAT:
		rsp_cli.plain = true;
		err = tool_endpoint_check(arg, why);
		return err ? err : rsp_cli_string(arg, &option.format, why);
	default:
		return rsp_cli_id(arg, &option.report_id, why);
	}
}

static void
finish(struct resolve *r, int status)
{
	r->done = true;
	r->status = status;
	rsp_loop_stop(r->loop);
}

static void
fail(struct resolve *r, const struct rsp_why *why)
{
	finish(r, rsp_cli_fail_attempts(why, tool_object_attempts(r->session)));
}

/* The elements of an answer to print: from @first to before @end. The registrar sorts an answer by the pool's
 * policy. */
struct range {
	unsigned first, end;
};

static struct range
all_wanted(const struct rsp_message *answer)
{
	struct range range = { .end = answer->n_list };

	if (option.items && option.items < range.end)
		range.end = (unsigned)option.items;
	return range;
}

/* A registrar that ignores the requested item count answers with several elements: choose one by the policy. */
static enum rsp_err
one_wanted(const struct rsp_message *answer, struct range *ret)
{
	struct rsp_pool_element *pe = calloc(answer->n_list, sizeof(*pe));
	struct rsp_list_item item;
	struct rsp_rng rng;
	size_t cursor = 0;
	unsigned n = 0;

	if (!pe)
		return RSP_ENOMEM;
	while (n < answer->n_list && rsp_list_next(answer, &cursor, &item))
		pe[n++] = item.element;
	enum rsp_err err = n > 1 ? rsp_rng_os(&rng) : RSP_OK;
	unsigned chosen = n > 1 && !err ? rsp_select_answer(answer->policy.type, pe, n, 0, &rng) : 0;
	free(pe);
	*ret = (struct range){ .first = chosen, .end = chosen + 1 };
	return err;
}

static int
print_lines(const struct resolve *r, const struct rsp_message *answer, struct range range)
{
	struct rsp_list_item item;
	size_t cursor = 0, size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = 0; out && i < range.end && rsp_list_next(answer, &cursor, &item); i++)
		if (i >= range.first && option.format)
			tool_endpoint_format(out, option.format, r->handle, &item.element);
		else if (i >= range.first)
			tool_endpoint_plain(out, &item.element);
	enum rsp_err err = out && fclose(out) == 0 ? rsp_output_write(rsp_bytes_of(text, size)) : RSP_ENOMEM;
	free(text);
	return rsp_err_exit(err);
}

static int
print_record(const struct resolve *r, const struct rsp_message *answer, struct range range)
{
	json_t *record = rsp_json_record("rsp.resolve/1", true), *elements = json_array();
	unsigned n = range.end - range.first, asked = option.select ? 1 : (unsigned)option.items;
	struct rsp_list_item item;
	size_t cursor = 0;

	for (unsigned i = 0; i < range.end && rsp_list_next(answer, &cursor, &item); i++)
		if (i >= range.first)
			rsp_json_append(&elements, rsp_pool_element_json(&item.element));
	rsp_json_put_handle(&record, r->handle);
	rsp_json_put(&record, "policy", rsp_policy_json(&answer->policy));
	rsp_json_put(&record, "registrar", tool_object_home(r->session, false));
	rsp_json_put(&record, "elements", elements);
	/* without --max the registrar chooses the number of elements, and does not say whether the pool has more */
	rsp_json_put(&record, "complete", asked ? json_boolean(n == answer->n_list && n < asked) : json_null());
	rsp_json_put(&record, "attempts", tool_object_attempts(r->session));
	return rsp_err_exit(rsp_json_emit(record));
}

static void
on_resolved(void *ctx, const struct rsp_client_event *event)
{
	const struct rsp_message *answer = event->message;
	struct range range = all_wanted(answer);
	struct rsp_why why = { 0 };
	struct resolve *r = ctx;

	if (answer->n_list == 0)
		(void)rsp_fail(&why, RSP_EUNKNOWN_POOL, r->pool, "the pool has no elements");
	else if (option.select && one_wanted(answer, &range))
		(void)rsp_fail(&why, RSP_ENOMEM, r->pool, "cannot choose an element");
	if (why.err)
		fail(r, &why);
	else
		finish(r, rsp_cli.plain ? print_lines(r, answer, range) : print_record(r, answer, range));
}

static void
on_unresolved(void *ctx, const struct rsp_client_event *event)
{
	const char *name = rsp_cause_name(event->cause);
	struct resolve *r = ctx;
	struct rsp_why why;

	if (event->cause == RSP_CAUSE_UNKNOWN_POOL_HANDLE)
		(void)rsp_fail(&why, RSP_EUNKNOWN_POOL, r->pool, "no such pool");
	else
		(void)rsp_fail(&why, RSP_EREJECTED, r->pool, "the registrar answers: %s", name ? name : "an error");
	why.cause = event->cause;
	fail(r, &why);
}

static void
on_reported(void *ctx, const struct rsp_client_event *event)
{
	json_t *record = rsp_json_record("rsp.report/1", true);
	struct resolve *r = ctx;

	(void)event;
	rsp_json_put_handle(&record, r->handle);
	rsp_json_put(&record, "pe_id", rsp_json_id(option.report_id));
	rsp_json_put(&record, "registrar", tool_object_home(r->session, false));
	rsp_json_put(&record, "attempts", tool_object_attempts(r->session));
	finish(r, rsp_err_exit(rsp_json_emit(record)));
}

static void
on_missing(void *ctx, const struct rsp_client_event *event)
{
	struct resolve *r = ctx;

	if (rsp_cli.wait)
		tool_complaints_add(&r->complaints, event->why);
}

static void
on_failed(void *ctx, const struct rsp_client_event *event)
{
	fail(ctx, event->why);
}

static void
on_event(void *ctx, const struct rsp_client_event *event)
{
	static const struct tool_client_event_handlers handlers = { .on = {
		[RSP_CLIENT_RESOLVED] = on_resolved,
		[RSP_CLIENT_UNRESOLVED] = on_unresolved,
		[RSP_CLIENT_REPORTED] = on_reported,
		[RSP_CLIENT_HOME_LOST] = on_missing,
		[RSP_CLIENT_ROUND_FAILED] = on_missing,
		[RSP_CLIENT_GAVE_UP] = on_failed,
		[RSP_CLIENT_FAILED] = on_failed,
	} };
	const struct resolve *r = ctx;

	tool_client_event_handle(&handlers, !r->done, ctx, event);
}

static enum rsp_err
ask(struct resolve *r, struct rsp_why *why)
{
	uint32_t items = option.select ? 1 : (uint32_t)option.items;
	enum rsp_err err;

	if (option.report_id)
		err = rsp_asap_client_report_unreachable(r->session, r->handle, option.report_id);
	else
		err = rsp_asap_client_resolve(r->session, r->handle, items, false);
	return err ? rsp_fail(why, err, r->pool, "cannot ask: %s", rsp_err_text(err)) : RSP_OK;
}

static int
resolve(const char *pool, struct rsp_bytes handle)
{
	struct resolve r = { .handle = handle, .pool = pool };
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = NULL;
	struct rsp_asap_client_config config;
	struct rsp_why why = { 0 };

	if (tool_access_scope(false, &scope, &why))
		return rsp_cli_fail(&why);
	if (!rsp_cli.plaintext && tool_access_tls(scope, &tls, &why))
		return rsp_cli_fail(&why);
	tool_session_config(scope, false, &config);
	config.tls = tls;
	if (tool_startup_trace(&config.trace, &why))
		return rsp_cli_fail(&why);
	if (tool_startup_loop(&r.loop, &why))
		return rsp_cli_fail(&why);
	enum rsp_err err = rsp_asap_client_new(r.loop, &config, on_event, &r, &r.session, &why);
	if (!err) {
		tool_session_log_listening(r.session);
		err = ask(&r, &why);
	}
	if (err) {
		if (!r.done)
			r.status = rsp_cli_fail(&why);
	} else if (!r.done) {
		rsp_loop_run(r.loop);
	}
	if (r.session) {
		tool_session_log_heard(r.session);
		rsp_asap_client_free(r.session);
	}
	rsp_loop_run(r.loop); /* sends the queued output, then closes */
	rsp_loop_free(r.loop);
	return tool_startup_end_trace(config.trace, r.status);
}

static int
run(unsigned n, const char *const *operand)
{
	struct rsp_why why = { 0 };
	uint8_t *octets = NULL;
	size_t size = 0;

	if (n != 1)
		return rsp_cli_usage("POOL", n ? "one pool at a time" : "is missing");
	if (option.plain && option.format)
		return rsp_cli_usage("--format", "--plain and --format exclude each other");
	if (option.report_id && (rsp_cli.plain || option.select || option.items))
		return rsp_cli_usage("--report-unreachable", "excludes --max, --select, --plain and --format");
	if (rsp_cli_handle(operand[0], &octets, &size, &why))
		return rsp_cli_fail(&why);
	int status = resolve(operand[0], rsp_bytes_of(octets, size));
	free(octets);
	free(option.format);
	return status;
}

int
main(int argc, const char **argv)
{
	static const struct rsp_cli_tool tool = {
		.name = "rsp-resolve",
		.operands = "POOL",
		.options = options,
		.groups = RSP_CLI_SCOPE | RSP_CLI_SERVER | RSP_CLI_DISCOVER | RSP_CLI_TLS_ALL | RSP_CLI_TRACE |
			  RSP_CLI_CLIENT_TIMERS,
		.take = take,
		.run = run,
	};

	return rsp_cli_main(&tool, argc, argv);
}
