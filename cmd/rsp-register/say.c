#include "say.h"

#include <stdio.h>
#include <string.h>

#include "cli/message_json.h"
#include "cli/options.h"
#include "wire/reader.h"

/* The policy or transport that @cause carries, by its option word; NULL if it carries none. */
static const char *
theirs(const struct rsp_error_cause *cause)
{
	struct rsp_rd rd = rsp_rd_init(cause->info, 0), body;
	struct rsp_policy policy = { 0 };
	uint16_t type;

	if (!rsp_rd_tlv(&rd, &type, &body))
		return NULL;
	if (cause->code == RSP_CAUSE_INCONSISTENT_TRANSPORT)
		return rsp_transport_key(type);
	if (cause->code != RSP_CAUSE_INCONSISTENT_POLICY || type != RSP_PARAM_POLICY)
		return NULL;
	rsp_policy_decode(&body, &policy);
	const struct rsp_policy_row *row = body.err ? NULL : rsp_policy_row(policy.type);
	return row ? row->alias : NULL;
}

/* The policy or transport of @spec, whichever @cause is about; NULL for another cause. */
static const char *
of(const struct element_spec *spec, uint16_t cause)
{
	return cause == RSP_CAUSE_INCONSISTENT_POLICY      ? spec->policy->alias
	       : cause == RSP_CAUSE_INCONSISTENT_TRANSPORT ? rsp_transport_key(spec->transport)
							   : NULL;
}

void
say_rejection(const struct rsp_client_event *event, const struct element_spec *ours, char out[static RSP_REASON_MAX])
{
	struct rsp_rd rd = rsp_rd_init(event->message ? event->message->error : (struct rsp_bytes){ 0 }, 0);
	const char *name = rsp_cause_name(event->cause), *has = NULL, *have = ours ? of(ours, event->cause) : NULL;
	struct rsp_error_cause cause;

	while (!has && rsp_error_cause_next(&rd, &cause))
		has = cause.code == event->cause ? theirs(&cause) : NULL;
	(void)snprintf(out, RSP_REASON_MAX, "%s%s%s%s%s", name ? name : "an unknown cause",
		       has ? ": the pool has " : "", has ? has : "",
		       !have ? ""
		       : has ? ", this element "
			     : ": this element has ",
		       have ? have : "");
}

static const char *
why_removed(uint16_t cause)
{
	switch (cause) {
	case RSP_CAUSE_EXPIRED:
		return "the registration life is over";
	case RSP_CAUSE_UNANSWERED:
		return "a keep-alive was not answered in time";
	case RSP_CAUSE_REPORTED:
		return "users reported it unreachable, and a keep-alive was not answered in time";
	case RSP_CAUSE_MOVED:
		return "it is registered at another registrar now";
	case RSP_CAUSE_DEREGISTERED:
		return "another connection with the same key deregistered it";
	default:
		return cause == RSP_CAUSE_NONE ? NULL : rsp_cause_name(cause);
	}
}

void
say_removal(uint16_t cause, const char *home, char out[static RSP_REASON_MAX])
{
	const char *why = why_removed(cause);

	(void)snprintf(out, RSP_REASON_MAX, "removed by %.200s%s%s", home, why ? ": " : "", why ? why : "");
}

void
say_displaced(const struct rsp_client_event *event, const char *home, char out[static RSP_REASON_MAX])
{
	(void)snprintf(out, RSP_REASON_MAX, "0x%08x at %.200s: %s", (unsigned)event->pe_id, home,
		       event->cause == RSP_CAUSE_EPOCH_OLD
			       ? "no higher number is left for what this identifier registers"
			       : "another process, or another identity, has registered this identifier");
}

void
say_late(const struct register_options *options, char out[static RSP_REASON_MAX])
{
	double s = (double)options->ready_timeout_ms / 1000;

	if (options->ready == WRAP_READY_EXEC)
		(void)snprintf(out, RSP_REASON_MAX, "\"%.200s\" does not succeed after %g s (--ready, --ready-timeout)",
			       options->ready_exec, s);
	else
		(void)snprintf(out, RSP_REASON_MAX,
			       "port %u takes no connections after %g s (--ready, --ready-timeout)",
			       (unsigned)options->spec.port, s);
}

void
say_ended(int status, int signum, char out[static RSP_REASON_MAX])
{
	if (signum)
		(void)snprintf(out, RSP_REASON_MAX, "ended by signal %d (%s)", signum, strsignal(signum));
	else
		(void)snprintf(out, RSP_REASON_MAX, "ended with status %d", status);
}

static bool
is_there(const struct rsp_scope *scope, const struct rsp_scope_registrar *registrar)
{
	const struct rsp_scope_registrar *was = rsp_scope_registrar_named(scope, registrar->name);

	return was && was->asap.port == registrar->asap.port && strcmp(was->asap.host, registrar->asap.host) == 0;
}

void
say_new_registrars(const struct rsp_scope *before, const struct rsp_scope *now, char out[static RSP_REASON_MAX])
{
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < now->n_registrars && at < RSP_REASON_MAX; i++) {
		if (is_there(before, &now->registrars[i]))
			continue;
		int n = snprintf(out + at, RSP_REASON_MAX - at, "%s%s",
				 at ? ", " : "new registrars, or new addresses: ", now->registrars[i].name);
		at += n > 0 ? (size_t)n : 0;
	}
}
