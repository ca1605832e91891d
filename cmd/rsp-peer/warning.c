/* rsp-peer: what `run` writes on standard error. */
#include "warning.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/sockaddr.h"
#include "proto/reason.h"

#define WARN_AGAIN_MS	60000 /* the interval of a warning that repeats */
#define CONTEST_TURNS	3     /* statements of other homes that make a contest: a takeover or a move can cause one or two */
#define CONTEST_OVER_MS 5000  /* a contest ends after this time without one */

/* The kinds of the rate limiter; the subject is always 0. */
enum { WARN_CONTEST = 1, WARN_UNKNOWN_KEY };

static bool
is_due(struct peer_warnings *warnings, uint32_t kind)
{
	return rsp_limiter_pass(&warnings->limiter, 0, kind, WARN_AGAIN_MS, rsp_clock_ms());
}

/* "ADDR:PORT" of the registrar that @event is about. */
static const char *
address_of(const struct rsp_event *event, char out[static RSP_SOCKADDR_TEXT_MAX])
{
	if (!event->remote.family)
		return "an unknown address";
	rsp_sockaddr_format_ip(&event->remote, event->remote_port, out);
	return out;
}

static void
warn_of_duplicate_name(const struct rsp_event *event)
{
	char at[RSP_SOCKADDR_TEXT_MAX];

	if (event->reason == RSP_REASON_NAME_OURS)
		rsp_log(RSP_LOG_ERROR, event->peer_name,
			"another registrar runs with the same name and keys: 0x%08x at %s, this one is 0x%08x; stop "
			"one of both",
			event->peer_id, address_of(event, at), event->by_id);
	else
		rsp_log(RSP_LOG_ERROR, event->peer_name,
			"two registrars run with this name and its keys, 0x%08x at %s and 0x%08x; stop one of both",
			event->peer_id, address_of(event, at), event->by_id);
}

static void
warn_of_duplicate_id(const struct rsp_event *event)
{
	char at[RSP_SOCKADDR_TEXT_MAX];

	if (event->reason == RSP_REASON_SERVER_ID_OURS)
		rsp_log(RSP_LOG_ERROR, event->identity,
			"the registrar at %s has the same server id as this one, 0x%08x: one of both takes another id; "
			"start them with different ones, or without --server-id",
			address_of(event, at), event->peer_id);
	else
		rsp_log(RSP_LOG_ERROR, event->identity,
			"the registrar at %s is refused, it has the server id 0x%08x of the registrar %s: start one of "
			"both with another --server-id, or with none",
			address_of(event, at), event->peer_id, event->peer_name ? event->peer_name : "(unknown)");
}

static void
warn_of_drawn_id(const struct rsp_event *event)
{
	rsp_log(RSP_LOG_WARNING, event->peer_name,
		"this registrar has the server id 0x%08x now, because another one uses its former id 0x%08x; if --server-id "
		"gave it, remove that option",
		event->by_id, event->peer_id);
}

static void
warn_of_clock(const struct rsp_event *event)
{
	bool ahead = event->peer_clock_ms > event->our_clock_ms;
	uint64_t by_ms = ahead ? event->peer_clock_ms - event->our_clock_ms : event->our_clock_ms - event->peer_clock_ms;
	char at[RSP_SOCKADDR_TEXT_MAX];

	rsp_log(RSP_LOG_WARNING, event->peer_name,
		"the clock of the registrar at %s is %" PRIu64 " s %s the clock of this one: set the wrong one "
		"(NTP); the pools do not depend on it, but expiry dates and the times in records do",
		address_of(event, at), by_ms / 1000, ahead ? "ahead of" : "behind");
}

void
peer_warning_timers(const struct rsp_registrar_config *config)
{
	uint64_t detection_ms = (uint64_t)config->max_time_last_heard_ms + config->max_time_no_response_ms;
	uint64_t takeover_ms = config->max_time_no_response_ms;
	uint64_t least_ms = 4 * (detection_ms + takeover_ms + config->reconnect_grace_ms);

	if (config->tombstone_ms < least_ms)
		rsp_log(RSP_LOG_WARNING, "--tombstone-time",
			"is short: with these timers, elements that were removed may be shown again if it is below %" PRIu64
			" ms",
			least_ms);
}

/* Count a statement of another home about @pe_id. True: its contest goes on. Those of other elements do not count then. */
static bool
contest_goes_on(struct peer_contest *contest, uint32_t pe_id, uint64_t now_ms)
{
	bool over = contest->n == 0 || now_ms >= contest->last_ms + CONTEST_OVER_MS;

	if (!over && contest->pe_id != pe_id)
		return false;
	*contest = (struct peer_contest){ .pe_id = pe_id, .n = over ? 1 : contest->n + 1, .last_ms = now_ms };
	return contest->n >= CONTEST_TURNS;
}

/* One greater statement about a connected element is normal when two tables are compared; many mean that two processes use
 * one identifier. */
static void
warn_of_contest(struct peer_warnings *warnings, const struct rsp_event *event)
{
	if (contest_goes_on(&warnings->contest, event->pe_id, rsp_clock_ms()) && is_due(warnings, WARN_CONTEST))
		rsp_log(RSP_LOG_WARNING, event->identity,
			"its element 0x%08x is registered here and at the registrar 0x%08x in turns: two processes use "
			"one pe-id and one key; stop one, or give it another --pe-id",
			event->pe_id, event->by_id);
}

static void
warn_of_serving_alone(const struct peer_warnings *warnings)
{
	if (warnings->key_refused)
		rsp_log(RSP_LOG_WARNING, NULL,
			"serves alone, because other registrars do not take its key: the scope is split until they "
			"have new bundles (rsp-keygen bundle NAME --force) and get SIGHUP");
	else
		rsp_log(RSP_LOG_WARNING, NULL,
			"serves alone: no other registrar that serves can be reached (rsp-peer status shows why)");
}

static void
warn_of_unreachable(struct peer_warnings *warnings, const struct rsp_event *event)
{
	const struct rsp_why *why = event->why;
	const char *name = event->peer_name;

	warnings->key_refused |= why->err == RSP_EAUTH;
	if (name && strcmp(name, why->object) != 0)
		rsp_log(RSP_LOG_WARNING, name, "is not reached%s%s: %s", *why->object ? " at " : "", why->object,
			why->reason);
	else
		rsp_log(RSP_LOG_WARNING, why->object, "is not reached: %s", why->reason);
}

void
peer_warning_event(struct peer_warnings *warnings, const struct rsp_event *event)
{
	switch ((int)event->kind) { /* other kinds are records only */
	case RSP_EVENT_SERVING:
		if (event->reason == RSP_REASON_ALONE)
			warn_of_serving_alone(warnings);
		break;
	case RSP_EVENT_PE_CONTESTED:
		if (event->reason == RSP_REASON_CLAIMED)
			warn_of_contest(warnings, event);
		break;
	case RSP_EVENT_PEER_UNREACHABLE:
		warn_of_unreachable(warnings, event);
		break;
	case RSP_EVENT_PEER_REACHED:
		/* a peer has accepted our key: an earlier refusal is not the reason any more if we serve alone later */
		warnings->key_refused = false;
		rsp_log(RSP_LOG_WARNING, event->peer_name, "is reached now");
		break;
	case RSP_EVENT_DUPLICATE_NAME:
		warn_of_duplicate_name(event);
		break;
	case RSP_EVENT_DUPLICATE_SERVER_ID:
		warn_of_duplicate_id(event);
		break;
	case RSP_EVENT_SERVER_ID_DRAWN:
		warn_of_drawn_id(event);
		break;
	case RSP_EVENT_CLOCK_DIFFERS:
		warn_of_clock(event);
		break;
	}
}

void
peer_warning_unknown_key(struct peer_warnings *warnings, enum rsp_registrar_service_port port, const struct rsp_why *why)
{
	if (is_due(warnings, WARN_UNKNOWN_KEY))
		rsp_log(RSP_LOG_WARNING, why->object,
			"came to the %s port with a key that is not in our keys.json: if it is of a new node, this "
			"registrar needs a new bundle (rsp-keygen bundle NAME --force) and SIGHUP",
			rsp_registrar_service_port_name(port));
}
