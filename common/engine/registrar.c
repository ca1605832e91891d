#include <stdlib.h>

#include "engine/registrar_priv.h"

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
		.max_identity_elements = 100000,
		.max_links = 65536,
		.max_items = 16,
		.max_subscriptions = 64,
		.registrations = { .per_s = 5000, .burst = 100000 },
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
	    config->keepalive_timeout_ms == 0 || config->max_bad_pe_report >= UINT8_MAX)
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
	r->space = rsp_handlespace_new(&config->limits, r->key);
	r->answer_room = RSP_MESSAGE_MAX / 32; /* no Pool Element is shorter */
	r->answer = calloc(r->answer_room, sizeof(struct rsp_element *));
	if (!r->space || !r->answer) {
		rsp_registrar_free(r);
		return RSP_ENOMEM;
	}
	*ret = r;
	return RSP_OK;
}

static void
link_forget(struct rsp_registrar *r, struct rsp_link *link)
{
	while (link->subscriptions)
		rsp_subscription_end(r, link->subscriptions);
	if (link->account)
		link->account->links--;
	free((void *)(uintptr_t)link->info.identity);
	free(link);
	r->n_links--;
}

static void
links_forget(struct rsp_registrar *r, bool close)
{
	for (unsigned i = 0; i < RSP_LINK_BUCKETS; i++)
		while (r->link[i]) {
			struct rsp_link *link = r->link[i];
			uint32_t id = link->id;

			r->link[i] = link->next;
			while (link->elements)
				rsp_element_attach(link->elements, NULL);
			link_forget(r, link);
			if (close)
				r->ops->close(r->ctx, id);
		}
}

void
rsp_registrar_leave(struct rsp_registrar *r)
{
	r->leaving = true;
	links_forget(r, true);
}

void
rsp_registrar_free(struct rsp_registrar *r)
{
	if (!r)
		return;
	links_forget(r, false);
	rsp_handlespace_free(r->space);
	rsp_accounts_done(&r->accounts);
	free(r->answer);
	free(r);
}

struct rsp_link *
rsp_registrar_link(const struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = r->link[id % RSP_LINK_BUCKETS];

	while (link && link->id != id)
		link = link->next;
	return link;
}

enum rsp_err
rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	char address[1 + RSP_IP_TEXT_MAX] = "@"; /* no identity begins so */

	r->now_ms = now_ms;
	if (r->leaving || r->n_links >= r->config.max_links)
		return RSP_ELIMIT;
	struct rsp_link *link = calloc(1, sizeof(*link));
	if (!link)
		return RSP_ENOMEM;
	link->id = id;
	link->info = *info;
	if (info->identity) {
		uint8_t *copy = rsp_bytes_dup(rsp_bytes_of(info->identity, strlen(info->identity) + 1));
		link->info.identity = (const char *)copy;
	}
	rsp_ip_format(&info->remote, address + 1);
	const char *name = info->identity ? info->identity : address;
	link->account = rsp_account_get(&r->accounts, &r->key, rsp_bytes_str(name));
	r->n_links++;
	if (!link->account || (info->identity && !link->info.identity)) {
		link->account = NULL;
		link_forget(r, link);
		return RSP_ENOMEM;
	}
	link->account->links++;
	link->next = r->link[id % RSP_LINK_BUCKETS];
	r->link[id % RSP_LINK_BUCKETS] = link;
	return RSP_OK;
}

void
rsp_element_attach(struct rsp_element *e, struct rsp_link *link)
{
	if (e->link_link) {
		*e->link_link = e->link_next;
		if (e->link_next)
			e->link_next->link_link = e->link_link;
	}
	e->link = link ? link->id : 0;
	e->link_next = link ? link->elements : NULL;
	e->link_link = link ? &link->elements : NULL;
	if (!link)
		return;
	if (link->elements)
		link->elements->link_link = &e->link_next;
	link->elements = e;
}

/* A closed connection is not a dead element: it has a grace time to come back, here or elsewhere. */
void
rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, enum rsp_err why)
{
	(void)why;
	struct rsp_link **slot = &r->link[id % RSP_LINK_BUCKETS];

	while (*slot && (*slot)->id != id)
		slot = &(*slot)->next;
	struct rsp_link *link = *slot;
	if (!link)
		return;
	r->now_ms = now_ms;
	*slot = link->next;
	while (link->elements) {
		struct rsp_element *e = link->elements;

		rsp_element_attach(e, NULL);
		e->waiting = false;
		rsp_wheel_set(&r->keepalive, &e->keepalive, now_ms + r->config.reconnect_grace_ms);
	}
	link_forget(r, link);
}

void
rsp_registrar_send(struct rsp_registrar *r, uint32_t link, const struct rsp_message *msg)
{
	size_t size;

	if (rsp_message_encode(msg, r->out, sizeof(r->out), &size)) {
		/* a handle that nearly fills its message leaves no room for the cause: then the cause alone */
		static const uint8_t cause[] = { 0, RSP_CAUSE_INVALID_VALUES, 0, 4 };
		const struct rsp_message error = { .protocol = RSP_ASAP,
						   .type = ASAP_ERROR,
						   .has = RSP_HAS_ERROR,
						   .error = { .p = cause, .n = sizeof(cause) } };

		if (rsp_message_encode(&error, r->out, sizeof(r->out), &size))
			return;
	}
	r->stats.sent++;
	r->ops->send(r->ctx, link, rsp_bytes_of(r->out, size));
}

/* Whether @event about @account is recorded; the first that is too much becomes the record of that. */
static bool
may_complain(struct rsp_registrar *r, struct rsp_account *account, struct rsp_event *event)
{
	bool muted = account->muted;

	account->muted = !rsp_account_pay(account, RSP_TOLL_COMPLAINT, &r->config.complaints, r->now_ms);
	if (!account->muted)
		return true;
	r->stats.unrecorded++;
	*event = (struct rsp_event){ .kind = RSP_EVENT_LIMIT, .cause = RSP_CAUSE_NONE, .reason = "records" };
	return !muted;
}

void
rsp_registrar_record(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_event event)
{
	bool wrong = event.kind == RSP_EVENT_REFUSED || event.kind == RSP_EVENT_MALFORMED ||
		     event.kind == RSP_EVENT_LIMIT;

	if (wrong && link && !may_complain(r, link->account, &event))
		return;
	if (link) {
		event.identity = link->info.identity;
		event.role = link->info.role;
		event.remote = link->info.remote;
		event.remote_port = link->info.remote_port;
	}
	r->ops->record(r->ctx, &event);
}

void
rsp_registrar_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_change change)
{
	if (change != RSP_CHANGE_RENEW)
		rsp_watch_changed(r, now_ms, e->pool, change == RSP_CHANGE_DEL && e->pool->n_elements == 1);
}

void
rsp_registrar_count(struct rsp_registrar *r, const struct rsp_element *e, int by)
{
	struct rsp_account *account = NULL;

	if (e->owner && rsp_element_home_id(e) == r->config.server_id)
		account = rsp_account_get(&r->accounts, &r->key, rsp_bytes_str(e->owner));
	if (account && by > 0)
		account->elements++;
	else if (account && account->elements > 0)
		account->elements--;
}

void
rsp_registrar_remove(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_removal why,
		     const struct rsp_link *by)
{
	static const char *const reason[] = { [RSP_REMOVAL_DEREGISTERED] = "deregistered",
					      [RSP_REMOVAL_EXPIRED] = "expired",
					      [RSP_REMOVAL_KEEPALIVE] = "keepalive-unanswered",
					      [RSP_REMOVAL_UNREACHABLE] = "reported-unreachable",
					      [RSP_REMOVAL_CONNECTION] = "connection-lost" };
	struct rsp_event event = { .kind = RSP_EVENT_PE_REMOVED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = reason[why],
				   .identity = e->owner };

	rsp_registrar_changed(r, now_ms, e, RSP_CHANGE_DEL);
	rsp_registrar_record(r, by, event);
	rsp_registrar_count(r, e, -1);
	rsp_wheel_cancel(&r->expiry, &e->expiry);
	rsp_wheel_cancel(&r->keepalive, &e->keepalive);
	rsp_element_attach(e, NULL);
	rsp_element_remove(r->space, e);
	r->stats.removed++;
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
	struct rsp_link *link = rsp_registrar_link(r, id);
	struct rsp_message msg;
	struct rsp_why why;
	uint8_t room[1024];

	if (!link)
		return;
	r->now_ms = now_ms;
	r->stats.received++;
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
}

void
rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms)
{
	struct rsp_timer *timer;

	if (r->leaving)
		return;
	r->now_ms = now_ms;
	while ((timer = rsp_wheel_expired(&r->expiry, now_ms)))
		rsp_asap_expired(r, now_ms, RSP_CONTAINER(timer, struct rsp_element, expiry));
	while ((timer = rsp_wheel_expired(&r->keepalive, now_ms)))
		rsp_asap_keepalive_due(r, now_ms, RSP_CONTAINER(timer, struct rsp_element, keepalive));
	while ((timer = rsp_wheel_expired(&r->push, now_ms)))
		rsp_watch_push(r, now_ms, RSP_CONTAINER(timer, struct rsp_watch, timer));
}

uint64_t
rsp_registrar_deadline(const struct rsp_registrar *r)
{
	uint64_t next = rsp_wheel_next(&r->expiry), other = rsp_wheel_next(&r->keepalive);

	if (r->leaving)
		return RSP_NEVER;
	next = other < next ? other : next;
	other = rsp_wheel_next(&r->push);
	return other < next ? other : next;
}

enum rsp_registrar_state
rsp_registrar_state(const struct rsp_registrar *r)
{
	return r->leaving ? RSP_REGISTRAR_LEAVING : RSP_REGISTRAR_SERVING;
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

bool
rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret)
{
	(void)r;
	(void)i;
	(void)ret;
	return false;
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
	return stats;
}

const struct rsp_handlespace *
rsp_registrar_handlespace(const struct rsp_registrar *r)
{
	return r->space;
}
