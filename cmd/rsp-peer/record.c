/* rsp-peer: the records of `run`. */
#include "net/alarm.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "cli/message_json.h"
#include "cli/options.h"
#include "net/loop.h"
#include "quota.h"
#include "tool/object.h"
#include "warning.h"

struct peer_records {
	struct quota *quota;
	struct rsp_alarm *sums; /* rings when the number of suppressed records is to be printed */
	bool armed;             /* @sums is set */
	struct peer_warnings warnings;
};

static json_t *
begin(bool ok, const char *event)
{
	json_t *record = rsp_json_record("rsp.peer/1", ok);

	rsp_json_put(&record, "event", json_string(event));
	rsp_json_put(&record, "secure", json_boolean(!rsp_cli.plaintext));
	return record;
}

/* If a record cannot be written, the registrar continues: cli/output.c reports the loss on stderr and by the exit
 * status. */
static void
end(json_t *record)
{
	(void)rsp_json_emit(record);
}

static void
put_suppressed(json_t **record, uint64_t left)
{
	rsp_json_put(record, "suppressed", rsp_json_count(left));
}

/* Print how many records were suppressed, of each quota that ended before @now_ms. */
static void
print_sums(struct peer_records *records, uint64_t now_ms)
{
	struct quota_sum sum;

	while (quota_sum(records->quota, now_ms, &sum)) {
		json_t *record = begin(false, "records-suppressed");

		rsp_json_put(&record, "suppressed_event", rsp_json_text(sum.of.kind));
		rsp_json_put(&record, "detail", rsp_json_text(sum.of.detail));
		rsp_json_put(&record, "source", rsp_json_text(sum.of.source));
		put_suppressed(&record, sum.count);
		end(record);
	}
}

static void
on_sums(void *ctx)
{
	struct peer_records *records = ctx;

	print_sums(records, rsp_clock_ms());
	uint64_t due_ms = quota_due(records->quota);
	records->armed = due_ms != RSP_NEVER;
	rsp_alarm_set(records->sums, due_ms);
}

enum rsp_err
peer_records_new(struct rsp_loop *loop, struct peer_records **ret)
{
	struct peer_records *records = calloc(1, sizeof(*records));
	enum rsp_err err = records ? quota_new(&records->quota) : RSP_ENOMEM;

	if (!err)
		err = rsp_alarm_new(loop, on_sums, records, &records->sums);
	if (err)
		peer_records_free(records);
	else
		*ret = records;
	return err;
}

void
peer_records_free(struct peer_records *records)
{
	if (!records)
		return;
	quota_free(records->quota);
	rsp_alarm_free(records->sums);
	free(records);
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
take_budget(struct peer_records *records, const struct quota_of *of, uint64_t *ret_left)
{
	if (quota_pay(records->quota, rsp_clock_ms(), of, ret_left))
		return true;
	if (!records->armed)
		rsp_alarm_in(records->sums, QUOTA_WINDOW_MS);
	records->armed = true;
	return false;
}

void
peer_put_addresses(json_t **object, const struct rsp_registrar_service *serve)
{
	rsp_json_put(object, "asap", tool_object_sockaddr(rsp_registrar_service_address(serve, RSP_SERVE_ASAP)));
	rsp_json_put(object, "enrp", tool_object_sockaddr(rsp_registrar_service_address(serve, RSP_SERVE_ENRP)));
	rsp_json_put(object, "plain_asap", tool_object_sockaddr(rsp_registrar_service_address(serve, RSP_SERVE_ASAP_OPEN)));
}

void
peer_record_state(const char *event, const char *name, const struct rsp_registrar_service *serve, const char *control)
{
	json_t *record = begin(true, event);

	rsp_json_put(&record, "name", rsp_json_text(name));
	rsp_json_put(&record, "server_id", rsp_json_id(rsp_registrar_service_id(serve)));
	peer_put_addresses(&record, serve);
	rsp_json_put(&record, "control", rsp_json_text(control));
	rsp_json_put(&record, "pid", json_integer(getpid()));
	end(record);
}

/* Print that a registrar cannot be dialled: where, and why. */
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

#define YEAR_10000_MS INT64_C(253402300800000)

/* A clock in RFC 3339; null: it is beyond the years that this can say. */
static json_t *
clock_json(uint64_t wall_ms)
{
	char text[RSP_TIMESTAMP_MAX];

	if (wall_ms >= YEAR_10000_MS)
		return json_null();
	rsp_clock_format((int64_t)wall_ms, text);
	return json_string(text);
}

/* Print that the clock of a registrar differs from that of this one: both, at one moment. */
static void
record_clocks(const struct rsp_event *event, uint64_t left)
{
	json_t *record = begin(false, rsp_event_name(event->kind));

	rsp_json_put(&record, "peer", rsp_json_text(event->peer_name));
	rsp_json_put(&record, "peer_id", rsp_json_id_or_null(event->peer_id));
	rsp_json_put(&record, "remote", tool_object_address(&event->remote, event->remote_port));
	rsp_json_put(&record, "our_clock", clock_json(event->our_clock_ms));
	rsp_json_put(&record, "peer_clock", clock_json(event->peer_clock_ms));
	put_suppressed(&record, left);
	end(record);
}

/* The users that reported an element unreachable which was removed. */
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
	       kind == RSP_EVENT_DUPLICATE_SERVER_ID || kind == RSP_EVENT_PE_REPORTED ||
	       kind == RSP_EVENT_CLOCK_DIFFERS || kind == RSP_EVENT_PE_TWO_OWNERS;
}

/* The word that scripts match; NULL: the kind of @event says it all. */
static const char *
key_of(const struct rsp_event *event)
{
	return event->reason ? rsp_reason_word(event->reason) : event->why ? rsp_err_key(event->why->err) : NULL;
}

/* The sentence for a human reader; NULL: as key_of(). */
static const char *
sentence_of(const struct rsp_event *event)
{
	const struct rsp_why *why = event->why;

	if (why && *why->reason)
		return why->reason;
	return event->reason ? rsp_reason_cause(event->reason) : why ? rsp_err_text(why->err) : NULL;
}

static json_t *
owner_json(const char *identity, uint32_t home_id, uint64_t since_ms)
{
	json_t *owner = json_object();

	rsp_json_put(&owner, "identity", rsp_json_text(identity));
	rsp_json_put(&owner, "home_id", rsp_json_id_or_null(home_id));
	rsp_json_put(&owner, "since", clock_json(since_ms));
	return owner;
}

/* Two identities have registered one PE identifier. */
static void
record_two_owners(const struct rsp_event *event, uint64_t left)
{
	json_t *record = begin(false, rsp_event_name(event->kind));

	tool_object_put_handle(&record, event->handle);
	rsp_json_put(&record, "pe_id", rsp_json_id_or_null(event->pe_id));
	rsp_json_put(&record, "shown", owner_json(event->identity, event->peer_id, event->since_ms));
	rsp_json_put(&record, "hidden", owner_json(event->other_identity, event->by_id, event->other_since_ms));
	put_suppressed(&record, left);
	end(record);
}

/* What another registrar has stated about an element is the whole cause of @event. */
static bool
is_stated(const struct rsp_event *event)
{
	return event->kind == RSP_EVENT_PE_CONTESTED || event->kind == RSP_EVENT_PE_MOVED ||
	       (event->kind == RSP_EVENT_PE_REMOVED && event->peer_id);
}

/* The source in whose quota @event counts: which other side caused it. */
static const char *
source_of(const struct rsp_event *event, char room[static SOURCE_TEXT_MAX])
{
	if (!is_stated(event))
		return event->identity ? event->identity : source_text(&event->remote, room);
	/* .identity is the owner of the element */
	if (!event->peer_name)
		(void)snprintf(room, SOURCE_TEXT_MAX, "0x%08x", (unsigned)event->peer_id);
	return event->peer_name ? event->peer_name : room;
}

void
peer_record_event(struct peer_records *records, const struct rsp_event *event)
{
	bool bad = is_bad(event->kind), limited = bad || is_stated(event);
	char address[SOURCE_TEXT_MAX];
	uint64_t left = 0;
	const struct quota_of of = {
		.kind = rsp_event_name(event->kind),
		.detail = key_of(event),
		.source = source_of(event, address),
	};

	if (limited && !take_budget(records, &of, bad ? &left : NULL))
		return;
	peer_warning_event(&records->warnings, event);
	if (event->kind == RSP_EVENT_PEER_UNREACHABLE) {
		record_unreachable(event, left);
		return;
	}
	if (event->kind == RSP_EVENT_CLOCK_DIFFERS) {
		record_clocks(event, left);
		return;
	}
	if (event->kind == RSP_EVENT_PE_TWO_OWNERS) {
		record_two_owners(event, left);
		return;
	}
	json_t *record = begin(!bad, rsp_event_name(event->kind));
	const char *message = event->message_type ? rsp_message_name(event->protocol, event->message_type) : NULL;

	tool_object_put_handle(&record, event->handle);
	rsp_json_put(&record, "pe_id", rsp_json_id_or_null(event->pe_id));
	rsp_json_put(&record, "message_type", rsp_json_text(message));
	rsp_json_put(&record, "cause", rsp_cli_cause_json(event->cause));
	rsp_json_put(&record, "key", rsp_json_text(key_of(event)));
	rsp_json_put(&record, "reason", rsp_json_text(sentence_of(event)));
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
peer_record_refused(struct peer_records *records, enum rsp_registrar_service_port port, bool dialled, const char *whom,
		    const struct rsp_why *why)
{
	if (why->err == RSP_EUNKNOWN_ID)
		peer_warning_unknown_key(&records->warnings, port, why);
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
	if (!take_budget(records, &of, &left))
		return;
	json_t *record = begin(false, "connection-refused");

	rsp_json_put(&record, "service", json_string(rsp_registrar_service_port_name(port)));
	rsp_json_put(&record, "direction", json_string(dialled ? "out" : "in"));
	rsp_json_put(&record, "peer", rsp_json_text(whom));
	tool_object_put_refusal(&record, why->object, why, left);
	end(record);
}

void
peer_record_reload(const struct rsp_scope *scope)
{
	json_t *record = begin(true, "reload");

	rsp_json_put(&record, "n_keys", json_integer(scope ? (json_int_t)scope->keyring->n : 0));
	end(record);
}

void
peer_record_reload_failed(const struct rsp_why *why, bool keys_in_force)
{
	json_t *record = begin(false, "reload-failed");

	rsp_json_put(&record, "error", rsp_cli_error_json(why));
	end(record);
	rsp_log(RSP_LOG_ERROR, why->object, "%s; the %s", *why->reason ? why->reason : rsp_err_text(why->err),
		keys_in_force ? "keys that were read are in force" : "old keys stay in force");
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
	rsp_json_put(&record, "announced", addresses);
	rsp_json_put(&record, "error", why ? rsp_cli_error_json(why) : json_null());
	end(record);
}

void
peer_record_stopped(struct peer_records *records, const struct rsp_registrar_service *serve)
{
	struct rsp_registrar_service_stats stats;
	const struct rsp_registrar_stats *engine = &stats.engine;

	print_sums(records, rsp_clock_ms() + QUOTA_WINDOW_MS); /* also the counts of quotas that have not ended */
	json_t *record = begin(true, "stopped");

	rsp_registrar_service_stats(serve, &stats);
	rsp_json_put(&record, "n_elements", json_integer(engine->elements));
	rsp_json_put(&record, "n_pools", json_integer(engine->pools));
	rsp_json_put(&record, "received", rsp_json_count(engine->received));
	rsp_json_put(&record, "sent", rsp_json_count(engine->sent));
	rsp_json_put(&record, "malformed", rsp_json_count(engine->malformed));
	rsp_json_put(&record, "refused", rsp_json_count(engine->refused));
	uint64_t suppressed = quota_left_out(records->quota) + engine->unrecorded;
	rsp_json_put(&record, "suppressed", rsp_json_count(suppressed));
	end(record);
}
