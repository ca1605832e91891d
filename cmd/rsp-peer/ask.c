/* rsp-peer: what the verbs that ask registrars have in common. */
#include "ask.h"

#include <stdio.h>

#include "base/log.h"
#include "net/loop.h"
#include "net/trace.h"
#include "tool/access.h"
#include "tool/complaints.h"
#include "tool/object.h"
#include "tool/startup.h"

struct asking {
	const struct peer_question *question;
	struct rsp_loop *loop;
	bool done;	    /* at least one registrar answered completely */
	enum rsp_err ended; /* the error of the verb's own callback, which ended the run */
	struct tool_complaints complaints;
};

/* With --wait: write on stderr why @server is tried again, once for each reason. */
static void
complain(struct asking *asking, const struct rsp_inquiry_server *server, const struct rsp_why *why)
{
	struct rsp_why said = { 0 };

	(void)rsp_fail(&said, why->err, server->name, "%s%s%s", server->address, *server->address ? ": " : "",
		       *why->reason ? why->reason : rsp_err_text(why->err));
	tool_complaints_add(&asking->complaints, &said);
}

static void
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	struct asking *asking = ctx;

	if (event->type == RSP_MONITOR_REJECTED)
		rsp_log(RSP_LOG_INFO, server->name, "is not ready to answer");
	else if (event->type == RSP_MONITOR_FAILED)
		rsp_log(RSP_LOG_INFO, server->name, "%s: %s",
			*server->address ? server->address : rsp_inquiry_step_name(server->step),
			*event->why->reason ? event->why->reason : rsp_err_text(event->why->err));
	if (server->again)
		complain(asking, server, event->why);
	asking->done |= event->type == RSP_MONITOR_DONE;
	if (server->again || asking->ended)
		return;
	asking->ended = asking->question->event(asking->question->ctx, server, event, rtt_us);
	if (asking->ended)
		rsp_loop_stop(asking->loop);
}

static void
on_over(void *ctx)
{
	struct asking *asking = ctx;

	rsp_loop_stop(asking->loop);
}

static json_t *
attempts_json(const struct rsp_inquiry *q)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rsp_inquiry_servers(q); i++) {
		const struct rsp_inquiry_server *server = rsp_inquiry_server_at(q, i);
		const struct rsp_why *why = &server->why;

		if (server->tried)
			rsp_json_append(&list, rsp_cli_attempt(server->name, *server->address ? server->address : NULL,
							       rsp_inquiry_step_name(server->step), why->err,
							       *why->reason ? why->reason : rsp_err_text(why->err)));
	}
	return list;
}

/* Whether the failure of @a is more useful to report: that of a registrar that would answer later (RSP_EREJECTED), else
 * that which came at a later step. */
static bool
tells_more(const struct rsp_inquiry_server *a, const struct rsp_inquiry_server *b)
{
	bool ready_later = a->why.err == RSP_EREJECTED, other_later = b->why.err == RSP_EREJECTED;

	return ready_later == other_later ? a->step > b->step : ready_later;
}

/* Fill @ret with why @server failed and, where the cause is known, how to repair it. */
static void
explain(const struct rsp_scope *scope, const struct rsp_inquiry_server *server, struct rsp_why *ret)
{
	const struct rsp_why *why = &server->why;
	const char *reason = *why->reason ? why->reason : rsp_err_text(why->err);
	bool known = !scope || rsp_scope_registrar_named(scope, server->name);

	*ret = *why;
	if (why->err == RSP_ELOOKUP && !known)
		(void)rsp_fail(ret, RSP_ELOOKUP, server->name,
			       "the scope has no registrar \"%s\", and no host of this name is found: %s", server->name,
			       reason);
	else if (why->err == RSP_ENOKEY)
		(void)rsp_fail(ret, RSP_ENOKEY, server->name, "%s (rsp-keygen monitor makes one, rsp-keygen bundle writes it)",
			       reason);
}

/* Fill @ret with all failures that are as good to report as @worst, each with the name of its registrar, if there
 * are several. */
static void
put_together(const struct rsp_scope *scope, const struct rsp_inquiry *q, const struct rsp_inquiry_server *worst,
	     struct rsp_why *ret)
{
	char all[RSP_REASON_MAX] = "";
	struct rsp_why one;
	size_t at = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < rsp_inquiry_servers(q); i++) {
		const struct rsp_inquiry_server *server = rsp_inquiry_server_at(q, i);

		if (!server->why.err || tells_more(worst, server) || at >= sizeof(all))
			continue;
		explain(scope, server, &one);
		int more = snprintf(all + at, sizeof(all) - at, "%s%s%s%s: %s", n++ ? "; " : "", server->name,
				    *server->address ? "@" : "", server->address,
				    *one.reason ? one.reason : rsp_err_text(one.err));
		at += more > 0 ? (size_t)more : 0;
	}
	explain(scope, worst, ret);
	if (n > 1)
		(void)rsp_fail(ret, worst->why.err, "registrars", "%s", all);
}

static int
fail(const struct rsp_scope *scope, const struct rsp_inquiry *q)
{
	const struct rsp_inquiry_server *worst = NULL;
	struct rsp_why why = { .err = RSP_EINTERNAL, .object = "registrars" };

	for (unsigned i = 0; i < rsp_inquiry_servers(q); i++) {
		const struct rsp_inquiry_server *server = rsp_inquiry_server_at(q, i);
		if (server->why.err && (!worst || tells_more(server, worst)))
			worst = server;
	}
	if (worst)
		put_together(scope, q, worst, &why);
	return rsp_cli_fail_attempts(&why, attempts_json(q));
}

/* Report @err, the error of the verb's callback. cli/output.c has already reported RSP_EOUTPUT. */
static int
stopped(enum rsp_err err)
{
	struct rsp_why why = { .err = err, .object = "answer", .cause = RSP_CAUSE_NONE };

	return err == RSP_EOUTPUT ? rsp_err_exit(err) : rsp_cli_fail(&why);
}

static int
ask(struct asking *asking, struct rsp_inquiry_config *config)
{
	struct rsp_inquiry *q = NULL;
	struct rsp_why why = { 0 };
	int status = 0;

	if (tool_startup_trace(&config->trace, &why))
		return rsp_cli_fail(&why);
	if (tool_startup_loop(&asking->loop, &why)) {
		(void)rsp_trace_close(config->trace);
		return rsp_cli_fail(&why);
	}
	if (rsp_inquiry_new(asking->loop, config, on_event, on_over, asking, &q, &why)) {
		status = rsp_cli_fail(&why);
	} else {
		rsp_loop_run(asking->loop);
		status = asking->ended ? stopped(asking->ended) : config->each || asking->done ? 0 : fail(config->scope, q);
	}
	rsp_inquiry_free(q);
	rsp_loop_run(asking->loop); /* sends the queued output, then closes */
	rsp_loop_free(asking->loop);
	return tool_startup_end_trace(config->trace, status);
}

int
peer_ask(const struct peer_question *question)
{
	struct asking asking = { .question = question };
	RSP_AUTO(rsp_scope_free) struct rsp_scope *scope = NULL;
	RSP_AUTO(rsp_tls_unref) struct rsp_tls *tls = NULL;
	struct rsp_why why = { 0 };

	if (tool_access_scope(true, &scope, &why) || (!rsp_cli.plaintext && tool_access_tls(scope, &tls, &why)))
		return rsp_cli_fail(&why);
	struct rsp_inquiry_config config = {
		.scope = scope,
		.servers = (const char *const *)rsp_cli.servers,
		.n_servers = rsp_cli.n_servers,
		.plaintext = rsp_cli.plaintext,
		.tls = tls,
		.ask = question->ask,
		.each = question->each,
		.wait = rsp_cli.wait,
		.timeout_ms = rsp_cli.timeout_given ? rsp_cli.timeout_ms : 0,
	};
	config.ask.answer_ms = rsp_cli.timeout_given ? 0 : RSP_CLI_TIMEOUT_MS;
	return ask(&asking, &config);
}

json_t *
peer_registrar_json(const struct rsp_inquiry_server *server)
{
	return tool_object_registrar(&(struct tool_registrar){ .id = server->server_id,
							       .name = server->name,
							       .address = server->address,
							       .tls = server->tls_version,
							       .auth = "psk",
							       .secure = server->secure });
}
