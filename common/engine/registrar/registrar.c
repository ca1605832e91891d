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

/* A link to an element, by where it leads; the same element's registrations share one. */
static uint64_t
hash_of_reach(const void *ctx, const struct rsp_table_node *node)
{
	const struct rsp_link *link = RSP_CONTAINER((uintptr_t)node, struct rsp_link, reach);

	return rsp_reach_hash(ctx, link->info.identity, &link->info.remote, link->info.remote_port);
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
	r->space = rsp_handlespace_new(&config->limits, r->key);
	r->answer_room = RSP_MESSAGE_MAX / 32; /* no Pool Element is shorter */
	r->answer = calloc(r->answer_room, sizeof(struct rsp_element *));
	r->name = config->name ? strdup(config->name) : NULL;
	if (!r->space || !r->answer || (config->name && !r->name) ||
	    rsp_tombstones_init(&r->tombstones, config->max_tombstones, r->key) ||
	    rsp_table_init(&r->reach, 64, hash_of_reach, r) || rsp_contacts_init(r)) {
		rsp_registrar_free(r);
		return RSP_ENOMEM;
	}
	r->config.name = r->name;
	rsp_handlespace_count_pools_of(r->space, config->server_id);
	rsp_join_begin(r);
	*ret = r;
	return RSP_OK;
}

struct rsp_link *
rsp_link_new(struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->id = id;
	link->next = r->link[id % RSP_LINK_BUCKETS];
	r->link[id % RSP_LINK_BUCKETS] = link;
	r->n_links++;
	return link;
}

void
rsp_link_forget(struct rsp_registrar *r, struct rsp_link *link)
{
	struct rsp_link **slot = &r->link[link->id % RSP_LINK_BUCKETS];

	while (*slot != link)
		slot = &(*slot)->next;
	*slot = link->next;
	while (link->elements)
		rsp_element_attach(link->elements, NULL);
	while (link->subscriptions)
		rsp_subscription_end(r, link->subscriptions);
	if (link->giving)
		rsp_giving_end(r, link->giving);
	rsp_looks_link_forget(r, link);
	rsp_held_forget(r, link);
	if (link->dialled && link->info.protocol == RSP_ASAP) {
		rsp_table_remove(&r->reach, &link->reach, hash_of_reach(r, &link->reach));
		if (!link->up)
			r->n_dialling--;
	}
	if (link->account)
		link->account->links--;
	free((void *)(uintptr_t)link->info.identity);
	free(link);
	r->n_links--;
}

void
rsp_links_forget(struct rsp_registrar *r, bool close)
{
	for (unsigned i = 0; i < RSP_LINK_BUCKETS; i++)
		while (r->link[i]) {
			uint32_t id = r->link[i]->id;

			rsp_link_forget(r, r->link[i]);
			if (close)
				r->ops->close(r->ctx, id);
		}
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

struct rsp_link *
rsp_registrar_link(const struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = r->link[id % RSP_LINK_BUCKETS];

	while (link && link->id != id)
		link = link->next;
	return link;
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
	if (away_ms > most_ms && r->serving && r->n_peers > 0 && !r->leaving && !RSP_FAULTY(STAYS_AWAY))
		rsp_join_again(r, away_ms);
}

static enum rsp_err
link_authenticated(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_link_info *info)
{
	char address[1 + RSP_IP_TEXT_MAX] = "@"; /* no identity begins so */
	char *identity = info->identity ? strdup(info->identity) : NULL;
	struct rsp_ip source = rsp_ip_source(&info->remote);

	rsp_ip_format(&source, address + 1);
	struct rsp_account *account = rsp_account_get(&r->accounts, &r->key,
						      rsp_bytes_str(info->identity ? info->identity : address));
	if (!account || (info->identity && !identity)) {
		free(identity);
		return RSP_ENOMEM;
	}
	if (link->dialled && info->protocol == RSP_ASAP) { /* it is known by whom and where we dialled */
		r->n_dialling--;
		free(identity);
	} else {
		free((void *)(uintptr_t)link->info.identity);
		link->info.identity = identity;
		link->info.remote = info->remote;
		link->info.remote_port = info->remote_port;
	}
	link->info.protocol = info->protocol;
	link->info.role = info->role;
	link->info.secure = info->secure;
	link->info.local = info->local;
	link->account = account;
	account->links++;
	link->up = true;
	return RSP_OK;
}

enum rsp_err
rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t id, const struct rsp_link_info *info)
{
	bool known = rsp_registrar_link(r, id) != NULL;

	enter(r, now_ms);
	struct rsp_link *link = rsp_registrar_link(r, id);
	if (known && !link)
		return RSP_ELIMIT; /* closed just now: we were stopped, and join again */
	bool serves = r->serving || info->protocol == RSP_ENRP || RSP_FAULTY(ANSWERS_WHILE_JOINING);

	if (r->leaving || (!link && (!serves || r->n_links >= r->config.max_links)))
		return RSP_ELIMIT;
	if (!link) {
		link = rsp_link_new(r, id);
		if (!link)
			return RSP_ENOMEM;
	}
	enum rsp_err err = link_authenticated(r, link, info);
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
rsp_element_attach(struct rsp_element *e, struct rsp_link *link)
{
	if (e->link_link) {
		*e->link_link = e->link_next;
		if (e->link_next)
			e->link_next->link_link = e->link_link;
	}
	if (link && e->link && e->link != link->id)
		e->link_before = e->link;
	e->link = link ? link->id : 0;
	e->link_next = link ? link->elements : NULL;
	e->link_link = link ? &link->elements : NULL;
	if (!link)
		return;
	link->looked = false;
	if (link->elements)
		link->elements->link_link = &e->link_next;
	link->elements = e;
}

/* The connection that @e registered over before: what it sent over the one that it left may come after what it sent over
 * the other, and have bound it to the wrong one. */
static struct rsp_link *
link_before(const struct rsp_registrar *r, const struct rsp_element *e, const struct rsp_link *gone)
{
	struct rsp_link *link = rsp_registrar_link(r, e->link_before);
	bool same = link && link != gone && link->up && !link->dialled && link->account == gone->account;

	return same && link->info.protocol == RSP_ASAP ? link : NULL;
}

/* A closed connection is not a dead element: it has a grace time to come back, here or elsewhere; or it is there. */
void
rsp_link_orphan(struct rsp_registrar *r, struct rsp_link *link)
{
	rsp_looks_link_down(r, link);
	while (link->elements) {
		struct rsp_element *e = link->elements;
		struct rsp_link *other = link_before(r, e, link);
		const struct rsp_rival *rival = e->rival;

		if (other && !e->adopting && !rival) { /* its answer will tell */
			rsp_element_attach(e, other);
			rsp_asap_keep_alive(r, r->now_ms, e, false);
			continue;
		}
		if (!rival && rsp_adopt_otherwise(r, e))
			continue; /* it registered while we dialled it, and has closed one of the two */
		rsp_element_attach(e, NULL);
		e->waiting = e->adopting = false;
		if (rival && !rival->gone)
			rsp_rival_lost(r, e);
		else
			rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
	}
}

void
rsp_link_drop(struct rsp_registrar *r, struct rsp_link *link)
{
	uint32_t id = link->id;

	rsp_link_orphan(r, link);
	rsp_link_forget(r, link);
	r->ops->close(r->ctx, id);
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
		     event.kind == RSP_EVENT_LIMIT || event.kind == RSP_EVENT_PE_CONTESTED ||
		     event.kind == RSP_EVENT_PE_REPORTED;

	if (wrong && link && link->account && !may_complain(r, link->account, &event))
		return;
	if (link && !event.identity) {
		event.identity = link->info.identity;
		event.role = link->info.role;
		event.remote = link->info.remote;
		event.remote_port = link->info.remote_port;
	}
	r->ops->record(r->ctx, &event);
}

uint64_t
rsp_version_known(const struct rsp_element *e)
{
	const struct rsp_rival *rival = e->rival;
	uint64_t version = rsp_element_version(e);

	return rival && rival->version > version ? rival->version : version;
}

uint64_t
rsp_version_next(const struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id, uint64_t known)
{
	uint64_t removed = rsp_tombstone_version(&r->tombstones, handle, pe_id);
	uint64_t stamp = 2 * (r->config.epoch_ms + r->now_ms);

	known = removed > known ? removed : known;
	return stamp > known ? stamp : (known + 2) & ~UINT64_C(1);
}

uint64_t
rsp_version_taken_over(uint64_t known)
{
	return (known + 1) | 1;
}

void
rsp_registrar_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_change change)
{
	if (change == RSP_CHANGE_DEL && !RSP_FAULTY(DELETE_NOT_ANNOUNCED))
		rsp_updates_send(r, e, ENRP_DEL_PE);
	else if (change != RSP_CHANGE_DEL && !RSP_FAULTY(NO_UPDATE))
		rsp_updates_send(r, e, ENRP_ADD_PE);
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

static void
remove_element(struct rsp_registrar *r, struct rsp_element *e)
{
	rsp_registrar_count(r, e, -1);
	rsp_wheel_cancel(&r->expiry, &e->expiry);
	rsp_wheel_cancel(&r->keepalive, &e->keepalive);
	rsp_element_attach(e, NULL);
	rsp_look_forget(r, e);
	rsp_element_remove(r->space, e);
}

void
rsp_registrar_remove(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_removal why,
		     const struct rsp_link *by)
{
	static const struct {
		const char *reason;
		uint16_t cause; /* that the element is told, unless it knows */
	} row[] = {
		[RSP_REMOVAL_DEREGISTERED] = { "deregistered", RSP_CAUSE_NONE },
		[RSP_REMOVAL_EXPIRED] = { "expired", RSP_CAUSE_EXPIRED },
		[RSP_REMOVAL_KEEPALIVE] = { "keepalive-unanswered", RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_UNREACHABLE] = { "reported-unreachable", RSP_CAUSE_REPORTED },
		[RSP_REMOVAL_CONNECTION] = { "connection-lost", RSP_CAUSE_UNANSWERED },
		[RSP_REMOVAL_RIGHTS] = { "rights-ended", RSP_CAUSE_SECURITY },
	};
	struct rsp_event event = { .kind = RSP_EVENT_PE_REMOVED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = row[why].reason,
				   .identity = e->owner,
				   .reporters = e->reporters,
				   .n_reporters = e->bad_reports };

	uint64_t version = rsp_version_next(r, event.handle, e->pe_id, rsp_version_known(e));

	if (row[why].cause != RSP_CAUSE_NONE)
		rsp_asap_gone(r, e, row[why].cause);
	rsp_element_set_version(e, version);
	rsp_tombstone_put(&r->tombstones, event.handle, e->pe_id, version, r->now_ms + r->config.tombstone_ms);
	rsp_registrar_changed(r, now_ms, e, RSP_CHANGE_DEL);
	rsp_registrar_record(r, by, event);
	remove_element(r, e);
	r->stats.removed++;
}

void
rsp_registrar_forget(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e)
{
	rsp_watch_changed(r, now_ms, e->pool, e->pool->n_elements == 1);
	remove_element(r, e);
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

#define LATE_MS 50

/* A timer that goes off so late does so because we were stopped, or have too much to do. What elements and peers have
 * said in the meantime may be yet to be read. Who is always late holds the dead for dead all the same. */
struct rsp_timer *
rsp_registrar_due(struct rsp_registrar *r, struct rsp_wheel *wheel)
{
	struct rsp_timer *timer = rsp_wheel_expired(wheel, r->now_ms);
	bool again = r->now_ms > r->spared_ms + r->config.keepalive_timeout_ms;

	if (timer && r->now_ms > timer->deadline_ms + LATE_MS && (!r->spared_ms || again) && !RSP_FAULTY(LATE_IS_DEAD))
		r->spared_ms = r->now_ms + r->config.keepalive_timeout_ms / 2;
	return timer;
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
