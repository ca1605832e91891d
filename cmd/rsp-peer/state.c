/* rsp-peer: the state of a registrar, as the record rsp.peer.status/1. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/fail.h"
#include "cli/json.h"
#include "config.h"
#include "peer.h"
#include "record.h"
#include "tool/object.h"

static json_t *
handlespace_json(const struct rsp_registrar_service *serve, const struct rsp_registrar_stats *stats)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(rsp_registrar_service_engine(serve));
	uint32_t id = rsp_registrar_service_id(serve);
	json_t *object = json_object();

	rsp_json_put(&object, "n_pools", rsp_json_count(stats->pools));
	rsp_json_put(&object, "n_elements", rsp_json_count(stats->elements));
	rsp_json_put(&object, "own_elements", rsp_json_count(stats->own_elements));
	rsp_json_put(&object, "checksum", rsp_json_code(rsp_home_checksum(space, id)));
	rsp_json_put(&object, "digest", rsp_json_u64(rsp_home_digest(space, id)));
	rsp_json_put(&object, "tombstones", rsp_json_count(stats->tombstones));
	rsp_json_put(&object, "subscriptions", rsp_json_count(stats->subscriptions));
	return object;
}

static void
put_failed(json_t **object, const struct rsp_why *why)
{
	rsp_json_put(object, "error", why ? rsp_cli_error_json(why) : json_null());
}

static json_t *
peer_json(const struct rsp_peer_view *peer, uint64_t now_ms)
{
	json_t *object = json_object();
	uint64_t heard_ms = now_ms > peer->last_heard_ms ? now_ms - peer->last_heard_ms : 0;

	rsp_json_put(&object, "server_id", rsp_json_id(peer->server_id));
	rsp_json_put(&object, "name", rsp_json_text(peer->name));
	rsp_json_put(&object, "state", json_string(rsp_peer_state_name(peer->state)));
	rsp_json_put(&object, "address", tool_object_address(&peer->ip, peer->port));
	rsp_json_put(&object, "link_out", json_boolean(peer->link_out));
	rsp_json_put(&object, "link_in", json_boolean(peer->link_in));
	rsp_json_put(&object, "last_heard_ms", rsp_json_count(heard_ms));
	rsp_json_put(&object, "n_elements", rsp_json_count(peer->elements));
	rsp_json_put(&object, "checksum", rsp_json_code(peer->checksum));
	rsp_json_put(&object, "in_sync", json_boolean(peer->in_sync));
	rsp_json_put(&object, "resyncing", json_boolean(peer->resyncing));
	put_failed(&object, peer->failed);
	return object;
}

/* A registrar that the configuration names and that is not connected. */
static json_t *
absent_json(const struct rsp_absent_view *absent)
{
	json_t *object = json_object();

	rsp_json_put(&object, "server_id", json_null());
	rsp_json_put(&object, "name", rsp_json_text(absent->name));
	rsp_json_put(&object, "state", json_string(absent->failed ? "unreachable" : "connecting"));
	rsp_json_put(&object, "address", tool_object_address(&absent->ip, absent->port));
	rsp_json_put(&object, "link_out", json_false());
	rsp_json_put(&object, "link_in", json_false());
	rsp_json_put(&object, "last_heard_ms", json_null());
	rsp_json_put(&object, "n_elements", json_null());
	rsp_json_put(&object, "checksum", json_null());
	rsp_json_put(&object, "in_sync", json_false());
	rsp_json_put(&object, "resyncing", json_false());
	put_failed(&object, absent->failed);
	return object;
}

static json_t *
takeover_json(const struct rsp_peer_view *peer, uint64_t now_ms)
{
	json_t *object = json_object();

	rsp_json_put(&object, "server_id", rsp_json_id(peer->server_id));
	rsp_json_put(&object, "name", rsp_json_text(peer->name));
	rsp_json_put(&object, "n_elements", rsp_json_count(peer->elements));
	rsp_json_put(&object, "missing", rsp_json_count(peer->takeover_missing));
	rsp_json_put(&object, "since_ms",
		     rsp_json_count(now_ms > peer->takeover_started_ms ? now_ms - peer->takeover_started_ms : 0));
	return object;
}

static void
put_peers(json_t **record, const struct rsp_registrar *registrar)
{
	json_t *peers = json_array(), *takeovers = json_array();
	uint64_t now_ms = rsp_clock_ms();
	struct rsp_absent_view absent;
	struct rsp_peer_view peer;

	for (unsigned i = 0; rsp_registrar_peer(registrar, i, &peer); i++) {
		rsp_json_append(&peers, peer_json(&peer, now_ms));
		if (peer.state == RSP_PEER_DEAD)
			rsp_json_append(&takeovers, takeover_json(&peer, now_ms));
	}
	for (unsigned i = 0; rsp_registrar_absent(registrar, i, &absent); i++)
		rsp_json_append(&peers, absent_json(&absent));
	rsp_json_put(record, "peers", peers);
	rsp_json_put(record, "takeovers", takeovers);
}

static json_t *
port_json(const struct rsp_listener_stats *stats)
{
	json_t *object = json_object();

	rsp_json_put(&object, "connections", rsp_json_count(stats->connections));
	rsp_json_put(&object, "handshakes", rsp_json_count(stats->handshakes));
	rsp_json_put(&object, "accepted", rsp_json_count(stats->accepted));
	rsp_json_put(&object, "opened", rsp_json_count(stats->opened));
	rsp_json_put(&object, "refused_auth", rsp_json_count(stats->refused_auth));
	rsp_json_put(&object, "refused_limit", rsp_json_count(stats->refused_limit));
	rsp_json_put(&object, "timed_out", rsp_json_count(stats->timed_out));
	rsp_json_put(&object, "users", rsp_json_count(stats->users));
	rsp_json_put(&object, "probes", rsp_json_count(stats->probes));
	rsp_json_put(&object, "idle", rsp_json_count(stats->idle));
	rsp_json_put(&object, "evicted", rsp_json_count(stats->evicted));
	return object;
}

static json_t *
links_json(const struct rsp_registrar_service_stats *stats)
{
	json_t *object = json_object();

	rsp_json_put(&object, "links", rsp_json_count(stats->engine.links));
	rsp_json_put(&object, "asap", port_json(&stats->port[RSP_SERVE_ASAP]));
	rsp_json_put(&object, "enrp", port_json(&stats->port[RSP_SERVE_ENRP]));
	rsp_json_put(&object, "plain_asap", port_json(&stats->port[RSP_SERVE_ASAP_OPEN]));
	return object;
}

#define COUNTERS(X) \
	X(received) X(sent) X(malformed) X(refused) X(unrecorded) X(registrations) X(deregistrations) X(resolutions) \
	X(reports) X(removed) X(updates_sent) X(updates_received) X(updates_stale) X(presences_sent) X(pages_sent) \
	X(pages_received) X(resyncs) X(takeovers) X(adopted) X(moved) X(contested)

static json_t *
counters_json(const struct rsp_registrar_stats *stats)
{
	json_t *object = json_object();

#define COUNTER(name) rsp_json_put(&object, #name, rsp_json_count(stats->name));
	COUNTERS(COUNTER)
#undef COUNTER
	return object;
}

static json_t *
rate_json(const struct rsp_rate *rate)
{
	json_t *object = json_object();

	rsp_json_put(&object, "per_s", rsp_json_count(rate->per_s));
	rsp_json_put(&object, "burst", rsp_json_count(rate->burst));
	return object;
}

static json_t *
status_json(const struct rsp_registrar_service *serve, const struct peer_expiry *expiry, const char *name, int64_t started_ms)
{
	const struct rsp_registrar_service_config *config = rsp_registrar_service_config_of(serve);
	const struct rsp_registrar *registrar = rsp_registrar_service_engine(serve);
	json_t *record = rsp_json_record(PEER_STATUS_SCHEMA, true), *timers = json_object(), *limits = json_object();
	json_t *listening = json_object();
	struct rsp_registrar_service_stats stats;

	rsp_registrar_service_stats(serve, &stats);
	peer_put_numbers(config, &timers, &limits);
	rsp_json_put(&limits, "registrations", rate_json(&config->engine.registrations));
	rsp_json_put(&limits, "resolutions", rate_json(&config->engine.resolutions));
	rsp_json_put(&limits, "reports", rate_json(&config->engine.reports));
	const struct rsp_rate handshakes = { .per_s = config->limits.handshake_rate,
					     .burst = config->limits.handshake_burst };
	rsp_json_put(&limits, "handshakes", handshakes.per_s == RSP_UNLIMITED ? rate_json(&(struct rsp_rate){ 0 })
									       : rate_json(&handshakes));
	rsp_json_put(&record, "name", rsp_json_text(name));
	rsp_json_put(&record, "server_id", rsp_json_id(rsp_registrar_service_id(serve)));
	rsp_json_put(&record, "state", json_string(rsp_registrar_state_name(rsp_registrar_state(registrar))));
	rsp_json_put(&record, "secure", json_boolean(!config->engine.insecure));
	rsp_json_put(&record, "pid", json_integer(getpid()));
	rsp_json_put(&record, "program_version", json_string(PACKAGE_VERSION));
	rsp_json_put(&record, "started", rsp_json_time(started_ms));
	peer_put_addresses(&listening, serve);
	rsp_json_put(&record, "listening", listening);
	rsp_json_put(&record, "handlespace", handlespace_json(serve, &stats.engine));
	put_peers(&record, registrar);
	rsp_json_put(&record, "connections", links_json(&stats));
	rsp_json_put(&record, "counters", counters_json(&stats.engine));
	rsp_json_put(&record, "timers", timers);
	rsp_json_put(&record, "limits", limits);
	rsp_json_put(&record, "certificates", peer_expiry_json(expiry));
	return record;
}

char *
peer_status_text(const struct rsp_registrar_service *serve, const struct peer_expiry *expiry, const char *name, int64_t started_ms)
{
	json_auto_t *record = status_json(serve, expiry, name, started_ms);

	return record ? json_dumps(record, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
}
