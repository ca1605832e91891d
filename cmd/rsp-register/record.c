#include "base/clock.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/message_json.h"
#include "hold_priv.h"

#define REFUSALS_PER_S 10 /* anybody who can connect causes them */

const char *
hold_object(const struct hold *h)
{
	return h->o->pool ? h->o->pool : "batch";
}

/* The one in charge; the one that was, if it is lost now. */
static json_t *
registrar_json(struct hold *h, const struct rsp_client_event *event)
{
	json_t *now = h->session ? cmd_registrar_json(h->session, true) : json_null();
	bool gone = event && event->type == RSP_CLIENT_HOME_LOST;

	if (json_is_null(now) && gone && h->registrar) {
		json_decref(now);
		return json_incref(h->registrar);
	}
	if (!json_is_null(now)) {
		json_decref(h->registrar);
		h->registrar = json_incref(now);
	}
	return now;
}

static json_t *
make(struct hold *h, const char *name, const struct facts *facts)
{
	const struct rsp_client_event *event = facts->event;
	struct rsp_bytes handle = event && event->handle.n ? event->handle : h->o->handle;
	uint32_t pe_id = event && event->pe_id ? event->pe_id : h->pe.pe_id;
	uint16_t cause = event ? event->cause : RSP_CAUSE_NONE;
	json_t *record = rsp_json_record("rsp.register/1", !facts->failed);

	rsp_json_put(&record, "event", json_string(name));
	if (handle.n) {
		rsp_json_put_handle(&record, handle);
	} else {
		rsp_json_put(&record, "handle", json_null());
		rsp_json_put(&record, "handle_hex", json_null());
	}
	rsp_json_put(&record, "pe_id", pe_id ? rsp_json_id(pe_id) : json_null());
	unsigned line = h->o->batch && event && handle.n && pe_id ? batch_line_of(&h->origins, handle, pe_id) : 0;
	rsp_json_put(&record, "line", line ? json_integer(line) : json_null());
	rsp_json_put(&record, "registrar", registrar_json(h, event));
	int32_t lifetime_s = event && event->lifetime_s ? event->lifetime_s : h->pe.lifetime_s;
	rsp_json_put(&record, "lifetime_s", lifetime_s ? json_integer(lifetime_s) : json_null());
	rsp_json_put(&record, "rtt_ms", event && event->tries ? json_real(event->rtt_ms) : json_null());
	rsp_json_put(&record, "cause", rsp_cli_cause_json(cause));
	rsp_json_put(&record, "reason", rsp_json_text(facts->reason));
	bool exited = facts->ended && !facts->signum;
	rsp_json_put(&record, "exit_status", exited ? json_integer(facts->status) : json_null());
	rsp_json_put(&record, "signal", facts->signum ? json_integer(facts->signum) : json_null());
	return record;
}

/* An element does not leave its pool because a disk is full. */
void
hold_emit(struct hold *h, const char *name, const struct facts *facts)
{
	(void)rsp_json_emit(make(h, name, facts));
}

void
hold_refused(void *ctx, const struct rsp_sockaddr *remote, const struct rsp_why *why)
{
	struct hold *h = ctx;
	uint64_t second = rsp_clock_ms() / 1000;
	char text[RSP_SOCKADDR_TEXT_MAX];

	if (h->refusals.second != second) {
		h->refusals.second = second;
		h->refusals.printed = 0;
	}
	if (h->refusals.printed == REFUSALS_PER_S) {
		h->refusals.suppressed++;
		return;
	}
	h->refusals.printed++;
	rsp_sockaddr_format(remote, text);
	const char *reason = *why->reason ? why->reason : rsp_err_text(why->err);
	json_t *record = make(h, "connection-refused", &(struct facts){ .failed = true, .reason = reason });

	rsp_json_put(&record, "remote", json_string(text));
	rsp_json_put(&record, "key", json_string(rsp_err_key(why->err)));
	rsp_json_put(&record, "suppressed", json_integer(h->refusals.suppressed));
	h->refusals.suppressed = 0;
	(void)rsp_json_emit(record);
}
