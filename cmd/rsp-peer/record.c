/* rsp-peer: the records of `run`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/message_json.h"
#include "keys/scope.h"
#include "net/loop.h"
#include "peer.h"
#include "quota.h"
#include "tool/object.h"

#define WARN_AGAIN_MS   60000 /* what goes on and on is said on stderr so often */
#define CONTEST_GOES_ON 3     /* times that one element is contested: at first a table may only be late */
#define CONTEST_OVER_MS 5000

static json_t *
begin(bool ok, const char *event)
{
	json_t *record = rsp_json_record("rsp.peer/1", ok);

	rsp_json_put(&record, "event", json_string(event));
	rsp_json_put(&record, "secure", json_boolean(!rsp_cli.plaintext));
	return record;
}

/* A record that cannot be written is no reason to stop serving: cli says so once, and the exit status does. */
static void
end(json_t *record)
{
	(void)rsp_json_emit(record);
}

/* What was left out since then, and is told nowhere else. */
static void
tell_sums(struct peer_budget *budget, uint64_t now_ms)
{
	struct quota_sum sum;

	while (quota_sum(budget->quota, now_ms, &sum)) {
		json_t *record = begin(false, "records-suppressed");

		rsp_json_put(&record, "kind", rsp_json_text(sum.of.kind));
		rsp_json_put(&record, "detail", rsp_json_text(sum.of.detail));
		rsp_json_put(&record, "source", rsp_json_text(sum.of.source));
		rsp_json_put(&record, "count", rsp_json_count(sum.count));
		end(record);
	}
}

static void
on_sums(void *ctx)
{
	struct peer_budget *budget = ctx;

	tell_sums(budget, rsp_clock_ms());
	uint64_t due_ms = quota_due(budget->quota);
	budget->due = due_ms != RSP_NEVER;
	rsp_alarm_set(budget->sums, due_ms);
}

enum rsp_err
peer_budget_init(struct peer_budget *budget, struct rsp_loop *loop)
{
	*budget = (struct peer_budget){ 0 };
	enum rsp_err err = quota_new(&budget->quota);

	return err ? err : rsp_alarm_new(loop, on_sums, budget, &budget->sums);
}

void
peer_budget_done(struct peer_budget *budget)
{
	quota_free(budget->quota);
	rsp_alarm_free(budget->sums);
}

#define SOURCE_TEXT_MAX (RSP_IP_TEXT_MAX + 3)

static const char *
source_text(const struct rsp_ip *ip, char out[static SOURCE_TEXT_MAX])
{
	struct rsp_ip source = rsp_ip_source(ip);
	char text[RSP_IP_TEXT_MAX];

	rsp_ip_format(&source, text);
	(void)snprintf(out, SOURCE_TEXT_MAX, "%s%s", text, source.family == 6 ? "/64" : "");
	return *out ? out : NULL;
}

/* Whether one more such record may be printed now; *@ret_left: see quota_pay(). */
static bool
affordable(struct peer_budget *budget, const struct quota_of *of, uint64_t *ret_left)
{
	if (quota_pay(budget->quota, rsp_clock_ms(), of, ret_left))
		return true;
	if (!budget->due)
		rsp_alarm_in(budget->sums, QUOTA_WINDOW_MS);
	budget->due = true;
	return false;
}

static void
put_suppressed(json_t **record, uint64_t left)
{
	rsp_json_put(record, "suppressed", rsp_json_count(left));
}

void
peer_put_addresses(json_t **object, const struct rsp_serve *serve)
{
	rsp_json_put(object, "asap", tool_object_sockaddr(rsp_serve_address(serve, RSP_SERVE_ASAP)));
	rsp_json_put(object, "enrp", tool_object_sockaddr(rsp_serve_address(serve, RSP_SERVE_ENRP)));
	rsp_json_put(object, "plain_asap", tool_object_sockaddr(rsp_serve_address(serve, RSP_SERVE_ASAP_OPEN)));
}

void
peer_record_state(const char *event, const char *name, const struct rsp_serve *serve, const char *control)
{
	json_t *record = begin(true, event);

	rsp_json_put(&record, "name", rsp_json_text(name));
	rsp_json_put(&record, "server_id", rsp_json_id(rsp_serve_id(serve)));
	peer_put_addresses(&record, serve);
	rsp_json_put(&record, "control", rsp_json_text(control));
	rsp_json_put(&record, "pid", json_integer(getpid()));
	end(record);
}

static void
warn_of_duplicate(const struct rsp_event *event)
{
	char at[RSP_SOCKADDR_TEXT_MAX] = "unknown";

	if (event->remote.family)
		rsp_addr_format(&event->remote, event->remote_port, at);
	if (strcmp(event->reason, "ours") == 0)
		rsp_log(RSP_LOG_ERROR, event->peer_name,
			"another registrar runs with our name and keys: 0x%08x at %s, we are 0x%08x; one has to stop",
			event->peer_id, at, event->by_id);
	else
		rsp_log(RSP_LOG_ERROR, event->peer_name,
			"two registrars run with this name and its keys, 0x%08x at %s and 0x%08x; one has to stop",
			event->peer_id, at, event->by_id);
}

static void
warn_of_same_id(const struct rsp_event *event)
{
	char at[RSP_SOCKADDR_TEXT_MAX] = "unknown";

	if (event->remote.family)
		rsp_addr_format(&event->remote, event->remote_port, at);
	if (strcmp(event->reason, "ours") == 0)
		rsp_log(RSP_LOG_ERROR, event->identity,
			"this registrar at %s has our server id 0x%08x: give one of both another --server-id, or none",
			at, event->peer_id);
	else
		rsp_log(RSP_LOG_ERROR, event->identity,
			"this registrar at %s has the server id 0x%08x of the registrar %s, and is refused: give one "
			"of "
			"both another --server-id, or none",
			at, event->peer_id, event->peer_name ? event->peer_name : "(unknown)");
}

static bool
is_due(uint64_t *told_ms)
{
	uint64_t now_ms = rsp_clock_ms();

	if (*told_ms && now_ms < *told_ms + WARN_AGAIN_MS)
		return false;
	*told_ms = now_ms;
	return true;
}

/* That an element is contested is normal when tables meet again; one that stays so is two processes. */
static void
warn_of_contest(struct peer_budget *budget, const struct rsp_event *event)
{
	uint64_t now_ms = rsp_clock_ms();

	if (budget->contested.pe_id != event->pe_id) {
		if (budget->contested.n > 0 && now_ms < budget->contested.ms + CONTEST_OVER_MS)
			return;
		budget->contested.pe_id = event->pe_id;
		budget->contested.n = 0;
	} else if (now_ms >= budget->contested.ms + CONTEST_OVER_MS) {
		budget->contested.n = 0;
	}
	budget->contested.ms = now_ms;
	if (++budget->contested.n >= CONTEST_GOES_ON && is_due(&budget->contested_ms))
		rsp_log(RSP_LOG_WARNING, event->identity,
			"its element 0x%08x is registered here, and at the registrar 0x%08x as well, again and again: "
			"two processes with one id and key? One of them has to stop",
			event->pe_id, event->by_id);
}

static void
warn_of_serving_alone(const struct peer_budget *budget)
{
	if (budget->key_refused)
		rsp_log(RSP_LOG_WARNING, NULL,
			"serves alone, and others run that do not take its key: a split scope, until they have new "
			"bundles (rsp-keygen bundle NAME --force) and SIGHUP");
	else
		rsp_log(RSP_LOG_WARNING, NULL, "serves alone: of the other registrars none is reached that serves");
}

/* What whoever runs a registrar has to see, although nobody reads the records. */
static void
warn(struct peer_budget *budget, const struct rsp_event *event)
{
	const struct rsp_why *why = event->why;
	const char *name = event->peer_name;

	if (event->kind == RSP_EVENT_PEER_UNREACHABLE)
		budget->key_refused |= why->err == RSP_EAUTH;
	if (event->kind == RSP_EVENT_SERVING && event->reason && strcmp(event->reason, "alone") == 0)
		warn_of_serving_alone(budget);
	else if (event->kind == RSP_EVENT_PE_CONTESTED && strcmp(event->reason, "claimed") == 0)
		warn_of_contest(budget, event);
	else if (event->kind == RSP_EVENT_PEER_UNREACHABLE && name && strcmp(name, why->object) != 0)
		rsp_log(RSP_LOG_WARNING, name, "is not reached%s%s: %s", *why->object ? " at " : "", why->object,
			why->reason);
	else if (event->kind == RSP_EVENT_DUPLICATE_NAME)
		warn_of_duplicate(event);
	else if (event->kind == RSP_EVENT_DUPLICATE_SERVER_ID)
		warn_of_same_id(event);
	else if (event->kind == RSP_EVENT_PEER_UNREACHABLE)
		rsp_log(RSP_LOG_WARNING, why->object, "is not reached: %s", why->reason);
	else if (event->kind == RSP_EVENT_PEER_REACHED) {
		budget->key_refused = false; /* a new bundle was rolled out; of one that has none we hear no more */
		rsp_log(RSP_LOG_WARNING, name, "is reached now");
	}
}

/* A registrar that cannot be dialled: where, and why not. */
static void
record_unreachable(const struct rsp_event *event, uint64_t left)
{
	json_t *record = begin(false, rsp_event_name(event->kind));

	rsp_json_put(&record, "peer", rsp_json_text(event->peer_name));
	rsp_json_put(&record, "peer_id", rsp_json_id_or_null(event->peer_id));
	rsp_json_put(&record, "remote", tool_object_address(&event->remote, event->remote_port));
	rsp_json_put(&record, "error", rsp_cli_error_json(event->why));
	put_suppressed(&record, left);
	end(record);
}

/* The reporters of an element that was removed. */
static json_t *
reporters_json(const struct rsp_event *event)
{
	json_t *reporters = json_array();

	for (unsigned i = 0; i < event->n_reporters; i++) {
		const struct rsp_reporter *reporter = &event->reporters[i];
		json_t *one = json_object();

		rsp_json_put(&one, "identity", rsp_json_text(*reporter->identity ? reporter->identity : NULL));
		rsp_json_put(&one, "role", json_string(rsp_role_name(reporter->role)));
		rsp_json_put(&one, "remote", tool_object_address(&reporter->remote, reporter->remote_port));
		rsp_json_append(&reporters, one);
	}
	return reporters;
}

static bool
is_bad(enum rsp_event_kind kind)
{
	return kind == RSP_EVENT_REFUSED || kind == RSP_EVENT_MALFORMED || kind == RSP_EVENT_LIMIT ||
	       kind == RSP_EVENT_PEER_UNREACHABLE || kind == RSP_EVENT_DUPLICATE_NAME ||
	       kind == RSP_EVENT_DUPLICATE_SERVER_ID || kind == RSP_EVENT_PE_REPORTED;
}

void
peer_record_event(struct peer_budget *budget, const struct rsp_event *event)
{
	bool bad = is_bad(event->kind), limited = bad || event->kind == RSP_EVENT_PE_CONTESTED;
	char address[SOURCE_TEXT_MAX];
	uint64_t left = 0;
	const struct quota_of of = {
		.kind = rsp_event_name(event->kind),
		.detail = event->kind == RSP_EVENT_MALFORMED ? NULL : event->reason,
		.source = event->identity ? event->identity : source_text(&event->remote, address),
	};

	if (limited && !affordable(budget, &of, bad ? &left : NULL))
		return;
	warn(budget, event);
	if (event->kind == RSP_EVENT_PEER_UNREACHABLE) {
		record_unreachable(event, left);
		return;
	}
	json_t *record = begin(!bad, rsp_event_name(event->kind));
	const char *message = event->message_type ? rsp_message_name(event->protocol, event->message_type) : NULL;

	tool_object_put_handle(&record, event->handle);
	rsp_json_put(&record, "pe_id", rsp_json_id_or_null(event->pe_id));
	rsp_json_put(&record, "message", rsp_json_text(message));
	rsp_json_put(&record, "cause", rsp_cli_cause_json(event->cause));
	rsp_json_put(&record, "reason", rsp_json_text(event->reason));
	rsp_json_put(&record, "identity", rsp_json_text(event->identity));
	rsp_json_put(&record, "role", json_string(rsp_role_name(event->role)));
	rsp_json_put(&record, "remote", tool_object_address(&event->remote, event->remote_port));
	rsp_json_put(&record, "reporters", reporters_json(event));
	rsp_json_put(&record, "peer", rsp_json_text(event->peer_name));
	rsp_json_put(&record, "peer_id", rsp_json_id_or_null(event->peer_id));
	rsp_json_put(&record, "by_id", rsp_json_id_or_null(event->by_id));
	rsp_json_put(&record, "count", json_integer(event->count));
	rsp_json_put(&record, "duration_ms", rsp_json_count(event->duration_ms));
	rsp_json_put(&record, "element", event->element ? rsp_pool_element_json(event->element) : json_null());
	if (bad)
		put_suppressed(&record, left);
	end(record);
}

void
peer_record_refused(struct peer_budget *budget, enum rsp_serve_port port, bool dialled, const char *whom,
		    const struct rsp_why *why)
{
	if (!dialled && strncmp(why->reason, "unknown identity", strlen("unknown identity")) == 0 &&
	    is_due(&budget->stranger_ms))
		rsp_log(RSP_LOG_WARNING, why->object,
			"came to the %s port with a key that is not in our keys.json: if it is of a new node, this "
			"registrar "
			"needs a new bundle (rsp-keygen bundle NAME --force) and SIGHUP",
			rsp_serve_port_name(port));
	char address[SOURCE_TEXT_MAX];
	struct rsp_sockaddr remote = { 0 };
	uint64_t left = 0;
	(void)!rsp_sockaddr_parse(why->object, 0, &remote);
	struct rsp_ip ip = rsp_sockaddr_ip(&remote);
	const struct quota_of of = {
		.kind = "connection-refused",
		.detail = rsp_err_key(why->err),
		.source = whom ? whom : source_text(&ip, address),
	};
	if (!affordable(budget, &of, &left))
		return;
	json_t *record = begin(false, "connection-refused");

	rsp_json_put(&record, "port", json_string(rsp_serve_port_name(port)));
	rsp_json_put(&record, "direction", json_string(dialled ? "out" : "in"));
	rsp_json_put(&record, "peer", rsp_json_text(whom));
	tool_object_put_refusal(&record, why->object, why, left);
	end(record);
}

void
peer_record_reload(const struct rsp_scope *scope)
{
	json_t *record = begin(true, "reload");

	rsp_json_put(&record, "keys", json_integer(scope ? (json_int_t)scope->keyring->n : 0));
	end(record);
}

void
peer_record_reload_failed(const struct rsp_why *why)
{
	json_t *record = begin(false, "reload-failed");

	rsp_json_put(&record, "error", rsp_cli_error_json(why));
	end(record);
	rsp_log(RSP_LOG_ERROR, why->object, "%s; the old keys stay in force",
		*why->reason ? why->reason : rsp_err_text(why->err));
}

void
peer_record_announcing(const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n, uint16_t port,
		       const struct rsp_why *why)
{
	json_t *record = begin(!why, why ? "announce-failed" : "announcing"), *addresses = json_array();
	char text[RSP_ANNOUNCE_TEXT_MAX];

	rsp_announce_format(to, text);
	rsp_json_put(&record, "to", json_string(text));
	for (unsigned i = 0; i < n; i++)
		rsp_json_append(&addresses, tool_object_address(&ip[i], port));
	rsp_json_put(&record, "addresses", addresses);
	rsp_json_put(&record, "error", why ? rsp_cli_error_json(why) : json_null());
	end(record);
}

void
peer_record_stopped(struct peer_budget *budget, const struct rsp_serve *serve)
{
	struct rsp_serve_stats stats;
	const struct rsp_registrar_stats *engine = &stats.engine;

	tell_sums(budget, rsp_clock_ms() + QUOTA_WINDOW_MS); /* the last ones, too */
	json_t *record = begin(true, "stopped");

	rsp_serve_stats(serve, &stats);
	rsp_json_put(&record, "elements", json_integer(engine->elements));
	rsp_json_put(&record, "pools", json_integer(engine->pools));
	rsp_json_put(&record, "received", rsp_json_count(engine->received));
	rsp_json_put(&record, "sent", rsp_json_count(engine->sent));
	rsp_json_put(&record, "malformed", rsp_json_count(engine->malformed));
	rsp_json_put(&record, "refused", rsp_json_count(engine->refused));
	uint64_t suppressed = quota_left_out(budget->quota) + engine->unrecorded;
	rsp_json_put(&record, "suppressed", rsp_json_count(suppressed));
	end(record);
}
