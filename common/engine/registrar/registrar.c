#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

static const char *const event_names[RSP_EVENT_COUNT] = {
#define ROW(kind, name) [RSP_EVENT_##kind] = (name),
	RSP_EVENTS(ROW)
#undef ROW
};

const char *
rsp_event_name(enum rsp_event_kind kind)
{
	return kind < RSP_EVENT_COUNT ? event_names[kind] : "unknown";
}

struct rsp_registrar_config
rsp_registrar_defaults(void)
{
	return (struct rsp_registrar_config){
		.keepalive_interval_ms = 30000,
		.keepalive_timeout_ms = 5000,
		.keepalive_distance_ms = 1000,
		.reconnect_grace_ms = 5000,
		.max_bad_pe_report = 3,
		.push_distance_ms = 100,
		.hold_ms = 1000,
		.hold_window_ms = 5000,
		/* RFC 5353 s.4 */
		.peer_heartbeat_cycle_ms = 30000,
		.max_time_last_heard_ms = 61000,
		.max_time_no_response_ms = 5000,
		.tombstone_ms = 600000,
		.max_tombstones = 200000,
		.max_peers = 256,
		.max_downloads = 16,
		.max_adoptions = 256,
		.limits = { .pools = 100000, .elements = 2000000, .pool_elements = 100000 },
		.max_identity_elements = 10000,
		.max_identity_pools = 1000,
		.max_registrar_elements = 1000000,
		.max_registrar_pools = 50000,
		.max_links = 65536,
		.max_items = 16,
		.max_subscriptions = 64,
		.registrations = { .per_s = 1000, .burst = 10000 },
		.resolutions = { 0 },
		.reports = { .per_s = 5, .burst = 20 },
		.complaints = { .per_s = 10, .burst = 100 },
	};
}

enum rsp_err
rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
		  struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret)
{
	if (config->server_id == 0 || config->max_items == 0 || config->max_links == 0 ||
	    config->keepalive_timeout_ms == 0 || config->max_bad_pe_report >= UINT8_MAX ||
	    config->n_contacts > RSP_CONTACTS_MAX || config->peer_heartbeat_cycle_ms == 0 ||
	    config->max_time_last_heard_ms == 0 || config->max_time_no_response_ms == 0 || config->max_adoptions == 0 ||
	    (config->name && strlen(config->name) > RSP_OWNER_MAX))
		return RSP_EUSAGE;
	struct rsp_registrar *r = calloc(1, sizeof(*r));
	if (!r)
		return RSP_ENOMEM;
	r->config = *config;
	r->ops = ops;
	r->ctx = ctx;
	r->rng = rng;
	r->key = (struct rsp_hash_key){ .k0 = rsp_rng_u64(&r->rng), .k1 = rsp_rng_u64(&r->rng) };
	rsp_wheel_init(&r->expiry, now_ms);
	rsp_wheel_init(&r->keepalive, now_ms);
	rsp_wheel_init(&r->push, now_ms);
	rsp_wheel_init(&r->enrp, now_ms);
	r->now_ms = now_ms;
	r->space = rsp_handlespace_new(&config->limits, r->key, 0);
	r->answer_room = RSP_MESSAGE_MAX / 32; /* no Pool Element is shorter */
	r->answer = calloc(r->answer_room, sizeof(struct rsp_element *));
	r->name = config->name ? strdup(config->name) : NULL;
	if (!r->space || !r->answer || (config->name && !r->name) ||
	    rsp_tombstones_init(&r->tombstones, config->max_tombstones, r->key) ||
	    rsp_table_init(&r->reach, 64, rsp_reach_hash_of, r) || rsp_contacts_init(r)) {
		rsp_registrar_free(r);
		return RSP_ENOMEM;
	}
	r->config.name = r->name;
	rsp_handlespace_count_pools_of(r->space, config->server_id);
	rsp_join_begin(r);
	*ret = r;
	return RSP_OK;
}

void
rsp_registrar_leave(struct rsp_registrar *r)
{
	r->leaving = true;
	rsp_links_forget(r, true);
	for (unsigned i = 0; i < r->n_contacts; i++)
		r->contact[i]->link = 0;
}

void
rsp_registrar_free(struct rsp_registrar *r)
{
	if (!r)
		return;
	rsp_links_forget(r, false);
	rsp_peers_done(r);
	rsp_handlespace_free(r->space);
	rsp_tombstones_done(&r->tombstones);
	rsp_table_done(&r->reach);
	free(r->name);
	rsp_accounts_done(&r->accounts);
	free(r->answer);
	free(r);
}

bool
rsp_registrar_link_elements(const struct rsp_registrar *r, uint32_t id)
{
	const struct rsp_link *link = rsp_registrar_link(r, id);

	return link && link->elements;
}

bool
rsp_registrar_link_watches(const struct rsp_registrar *r, uint32_t id)
{
	const struct rsp_link *link = rsp_registrar_link(r, id);

	return link && link->subscriptions;
}

/* A registrar with peers is called at every heartbeat at the latest: it was stopped if that is long ago, so long that
 * they may have taken it for dead. */
static void
enter(struct rsp_registrar *r, uint64_t now_ms)
{
	uint64_t away_ms = now_ms > r->now_ms ? now_ms - r->now_ms : 0;
	uint64_t most_ms = (uint64_t)r->config.max_time_last_heard_ms + r->config.max_time_no_response_ms;

	most_ms = most_ms > 2 * (uint64_t)r->config.peer_heartbeat_cycle_ms
			  ? most_ms - r->config.peer_heartbeat_cycle_ms
			  : r->config.peer_heartbeat_cycle_ms;
	r->now_ms = now_ms;
	if (away_ms > most_ms && r->serving && r->n_peers > 0 && !r->leaving)
		rsp_join_again(r, away_ms);
}

enum rsp_err
rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	bool known = rsp_registrar_link(r, id) != NULL;

	enter(r, now_ms);
	struct rsp_link *link = rsp_registrar_link(r, id);
	if (known && !link)
		return RSP_ELIMIT; /* closed just now: we were stopped, and join again */
	bool serves = r->serving || info->protocol == RSP_ENRP;

	if (r->leaving || (!link && (!serves || r->n_links >= r->config.max_links)))
		return RSP_ELIMIT;
	if (!link) {
		link = rsp_link_new(r, id);
		if (!link)
			return RSP_ENOMEM;
	}
	enum rsp_err err = rsp_link_authenticated(r, link, info);
	if (err) {
		if (link->dialled && info->protocol == RSP_ENRP)
			rsp_enrp_link_down(r, link, err);
		rsp_link_orphan(r, link);
		rsp_link_forget(r, link);
		return err;
	}
	if (info->protocol == RSP_ENRP)
		rsp_enrp_link_up(r, link);
	else if (link->dialled)
		rsp_adopt_link_up(r, link);
	return RSP_OK;
}

void
rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, enum rsp_err why)
{
	enter(r, now_ms);
	struct rsp_link *link = rsp_registrar_link(r, id);

	if (!link)
		return;
	rsp_link_orphan(r, link);
	if (link->info.protocol == RSP_ENRP)
		rsp_enrp_link_down(r, link, why);
	rsp_link_forget(r, link);
}

void
rsp_registrar_link_failed(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_why *why)
{
	r->failure = why;
	rsp_registrar_link_down(r, now_ms, id, why->err);
	r->failure = NULL;
}

/* RFC 5352 s.2.2.14: tell the sender what could not be understood, if the rules ask for that. */
static void
report_error(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes causes)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = ASAP_ERROR, .has = RSP_HAS_ERROR, .error = causes };

	if (causes.n)
		rsp_registrar_send(r, link->id, &msg);
}

static void
not_understood(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes octets, const struct rsp_why *why)
{
	uint8_t room[1024];
	struct rsp_event event = { .kind = RSP_EVENT_MALFORMED,
				   .message_type = octets.n ? octets.p[0] : 0,
				   .cause = why->cause,
				   .reason = why->reason };

	r->stats.malformed++;
	rsp_registrar_record(r, link, event);
	if (why->cause != RSP_CAUSE_NONE && !rsp_asap_undecodable(r, link, octets, why))
		report_error(r, link,
			     rsp_error_compose(why->cause, rsp_message_culprit(octets, why), room, sizeof(room)));
}

void
rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, struct rsp_bytes octets)
{
	enter(r, now_ms);
	struct rsp_link *link = rsp_registrar_link(r, id);
	struct rsp_message msg;
	struct rsp_why why;
	uint8_t room[1024];

	if (!link || !link->up)
		return;
	r->stats.received++;
	if (link->info.protocol == RSP_ENRP) {
		rsp_enrp_receive(r, link, octets);
		rsp_held_settle(r);
		return;
	}
	if (rsp_message_decode(RSP_ASAP, octets, &msg, &why)) {
		not_understood(r, link, octets, &why);
		return;
	}
	report_error(r, link, rsp_message_unrecognized(&msg, room, sizeof(room)));
	switch (msg.type) {
	case ASAP_REGISTRATION:
		rsp_asap_registration(r, now_ms, link, &msg);
		break;
	case ASAP_DEREGISTRATION:
		rsp_asap_deregistration(r, now_ms, link, &msg);
		break;
	case ASAP_HANDLE_RESOLUTION:
		rsp_asap_resolution(r, now_ms, link, &msg);
		break;
	case ASAP_ENDPOINT_KEEP_ALIVE_ACK:
		rsp_asap_keep_alive_ack(r, now_ms, link, &msg);
		break;
	case ASAP_ENDPOINT_UNREACHABLE:
		rsp_asap_unreachable(r, now_ms, link, &msg);
		break;
	default: /* RFC 5352 s.4: the others are not for a registrar */
		break;
	}
	rsp_held_settle(r);
}

void
rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms)
{
	struct rsp_timer *timer;

	if (r->leaving)
		return;
	enter(r, now_ms);
	rsp_enrp_tick(r);
	while ((timer = rsp_registrar_due(r, &r->expiry)))
		rsp_asap_expired(r, now_ms, RSP_CONTAINER(timer, struct rsp_element, expiry));
	while ((timer = rsp_registrar_due(r, &r->keepalive)))
		rsp_asap_keepalive_due(r, now_ms, RSP_CONTAINER(timer, struct rsp_element, keepalive));
	while ((timer = rsp_registrar_due(r, &r->push)))
		rsp_watch_push(r, now_ms, RSP_CONTAINER(timer, struct rsp_watch, timer));
	rsp_held_settle(r);
}

void
rsp_registrar_rights_changed(struct rsp_registrar *r, uint64_t now_ms)
{
	enter(r, now_ms);
	rsp_rights_review(r);
}

uint64_t
rsp_registrar_deadline(const struct rsp_registrar *r)
{
	uint64_t next = rsp_wheel_next(&r->expiry), other = rsp_wheel_next(&r->keepalive);

	if (r->leaving)
		return RSP_NEVER;
	next = other < next ? other : next;
	other = rsp_wheel_next(&r->push);
	next = other < next ? other : next;
	other = rsp_wheel_next(&r->enrp);
	next = other < next ? other : next;
	other = rsp_held_next(r);
	return other < next ? other : next;
}

enum rsp_registrar_state
rsp_registrar_state(const struct rsp_registrar *r)
{
	return r->leaving ? RSP_REGISTRAR_LEAVING : r->serving ? RSP_REGISTRAR_SERVING : RSP_REGISTRAR_JOINING;
}

const char *
rsp_registrar_state_name(enum rsp_registrar_state state)
{
	static const char *const name[] = { "joining", "serving", "leaving" };

	return (unsigned)state < RSP_COUNT(name) ? name[state] : "";
}

const char *
rsp_peer_state_name(enum rsp_peer_state state)
{
	static const char *const name[] = { "active", "probed", "inactive", "dead" };

	return (unsigned)state < RSP_COUNT(name) ? name[state] : "";
}

struct rsp_registrar_stats
rsp_registrar_stats(const struct rsp_registrar *r)
{
	struct rsp_registrar_stats stats = r->stats;

	stats.links = r->n_links;
	stats.pools = rsp_handlespace_pools(r->space);
	stats.elements = rsp_handlespace_elements(r->space);
	stats.own_elements = rsp_home_count(r->space, r->config.server_id);
	stats.subscriptions = r->n_subscriptions;
	stats.peers = r->n_peers;
	stats.tombstones = r->tombstones.table.count;
	return stats;
}

const struct rsp_handlespace *
rsp_registrar_handlespace(const struct rsp_registrar *r)
{
	return r->space;
}
