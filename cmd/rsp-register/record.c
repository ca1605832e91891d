#include "base/clock.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/message_json.h"
#include "membership_priv.h"

#define REFUSALS_PER_S 10 /* a remote host can cause any number */

const char *
membership_object(const struct membership *m)
{
	return m->options->pool ? m->options->pool : "batch";
}

/* The home registrar; in a record of its loss, the last home registrar. */
static json_t *
registrar_json(struct membership *m, const struct rsp_client_event *event)
{
	json_t *now = m->access.session ? tool_object_home(m->access.session, true) : json_null();
	bool gone = event && event->type == RSP_CLIENT_HOME_LOST;

	if (json_is_null(now) && gone && m->access.registrar) {
		json_decref(now);
		return json_incref(m->access.registrar);
	}
	if (!json_is_null(now)) {
		json_decref(m->access.registrar);
		m->access.registrar = json_incref(now);
	}
	return now;
}

static json_t *
make_record(struct membership *m, const char *name, const struct membership_record *facts)
{
	const struct rsp_client_event *event = facts->event;
	struct rsp_bytes handle = event && event->handle.n ? event->handle : m->options->handle;
	uint32_t pe_id = event && event->pe_id ? event->pe_id : m->element.pe.pe_id;
	uint16_t cause = event ? event->cause : RSP_CAUSE_NONE;
	json_t *record = rsp_json_record("rsp.register/1", !facts->failed);

	rsp_json_put(&record, "event", json_string(name));
	tool_object_put_handle(&record, handle);
	rsp_json_put(&record, "pe_id", rsp_json_id_or_null(pe_id));
	bool has_line = m->options->batch && event && handle.n && pe_id;
	unsigned line = has_line ? batch_origins_line(&m->batch.origins, handle, pe_id) : 0;
	rsp_json_put(&record, "line", line ? json_integer(line) : json_null());
	rsp_json_put(&record, "registrar", registrar_json(m, event));
	int32_t lifetime_s = event && event->lifetime_s ? event->lifetime_s : m->element.pe.lifetime_s;
	rsp_json_put(&record, "lifetime_s", lifetime_s ? json_integer(lifetime_s) : json_null());
	rsp_json_put(&record, "rtt_ms", event && event->tries ? json_real(event->rtt_ms) : json_null());
	rsp_json_put(&record, "cause", rsp_cli_cause_json(cause));
	rsp_json_put(&record, "key", rsp_json_text(facts->err ? rsp_err_key(facts->err) : NULL));
	rsp_json_put(&record, "reason", rsp_json_text(facts->reason));
	bool exited = facts->ended && !facts->signum;
	if (event && event->type == RSP_CLIENT_DISPLACED)
		rsp_json_put(&record, "new_pe_id", rsp_json_id_or_null(event->new_pe_id));
	rsp_json_put(&record, "exit_status", exited ? json_integer(facts->status) : json_null());
	rsp_json_put(&record, "signal", facts->signum ? json_integer(facts->signum) : json_null());
	return record;
}

void
membership_emit(struct membership *m, const char *name, const struct membership_record *facts)
{
	(void)rsp_json_emit(make_record(m, name, facts));
}

void
membership_emit_refusal(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct membership *m = ctx;
	uint64_t second = rsp_clock_ms() / 1000;
	char text[RSP_SOCKADDR_TEXT_MAX];

	if (m->refusals.second != second) {
		m->refusals.second = second;
		m->refusals.printed = 0;
	}
	if (m->refusals.printed == REFUSALS_PER_S) {
		m->refusals.suppressed++;
		return;
	}
	m->refusals.printed++;
	rsp_sockaddr_format(remote, text);
	json_t *record = make_record(m, "connection-refused", &(struct membership_record){ .failed = true });

	tool_object_put_refusal(&record, text, why, m->refusals.suppressed);
	m->refusals.suppressed = 0;
	(void)rsp_json_emit(record);
}
