#include "engine/enrp/duplicate.h"

#define RECORD_DISTANCE_MS 60000 /* least time between two records about the same two registrars */

static struct rsp_same_name *
find_same_name(struct rsp_enrp *n, uint32_t id, uint32_t by)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++)
		if (n->same_name[i].id == id && n->same_name[i].by == by)
			return &n->same_name[i];
	return NULL;
}

void
rsp_duplicate_replaced(struct rsp_enrp *n, const struct rsp_peer *former, const struct rsp_peer *now)
{
	if (find_same_name(n, former->server_id, now->server_id))
		return;
	struct rsp_same_name *oldest = &n->same_name[n->n_same_names++ % RSP_SAME_NAMES_MAX];

	*oldest = (struct rsp_same_name){
		.id = former->server_id, .by = now->server_id, .since_ms = n->core->now_ms
	};
}

bool
rsp_duplicate_both_run(const struct rsp_enrp *n, const struct rsp_peer *a, const struct rsp_peer *b)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++) {
		const struct rsp_same_name *one = &n->same_name[i];

		if (one->both_run && ((one->id == a->server_id && one->by == b->server_id) ||
				      (one->id == b->server_id && one->by == a->server_id)))
			return true;
	}
	return false;
}

static bool
may_record(struct rsp_enrp *n, struct rsp_same_name *one)
{
	uint64_t subject = (uint64_t)one->id << 32 | one->by;

	one->both_run = true;
	return rsp_limiter_pass(&n->once, subject, RSP_ENRP_ONCE_SAME_NAME, RECORD_DISTANCE_MS, n->core->now_ms);
}

static void
record_peers(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_peer *peer, uint32_t by_id)
{
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_PEERS,
				   .peer_id = peer->server_id,
				   .peer_name = peer->name,
				   .by_id = by_id };

	rsp_core_record(n->core, link, event);
}

/* Whether all messages have arrived that the first registrar sent before its server id was declared dead. */
static bool
last_messages_arrived(const struct rsp_enrp *n, const struct rsp_same_name *one)
{
	return n->core->now_ms - one->since_ms >= 2 * (uint64_t)n->core->config.max_time_no_response_ms;
}

void
rsp_duplicate_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer)
{
	for (unsigned i = 0; i < RSP_SAME_NAMES_MAX; i++) {
		struct rsp_same_name *one = &n->same_name[i];

		if (one->id != peer->server_id || !last_messages_arrived(n, one))
			continue;
		const struct rsp_peer *other = rsp_peer_find(n, one->by);
		if (!other || !rsp_peer_link(other))
			continue;
		if (!link->dialled && !peer->link_in)
			/* retire_old_ids() cleared it, because the other peer seemed to be this one after a restart */
			peer->link_in = link->id;
		if (may_record(n, one))
			record_peers(n, link, peer, other->server_id);
	}
}

void
rsp_duplicate_of_our_name(struct rsp_enrp *n, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip, uint16_t port)
{
	const struct rsp_core *core = n->core;
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_OURS,
				   .remote = *ip,
				   .remote_port = port,
				   .peer_id = id,
				   .peer_name = core->name,
				   .by_id = core->config.server_id };

	if (!core->name || id == core->config.server_id || id == 0 || !rsp_bytes_equal(name, rsp_bytes_str(core->name)))
		return;
	struct rsp_same_name *one = &n->named_like_us;
	/* one server id at a time */
	if (one->id != id && (!one->id || core->now_ms - one->since_ms >= RECORD_DISTANCE_MS))
		*one = (struct rsp_same_name){ .id = id, .since_ms = core->now_ms };
	/* Other registrars may list the server id that this registrar had before its own
	 * restart, until its last messages have arrived. */
	if (one->id == id && last_messages_arrived(n, one) && may_record(n, one))
		core->ops->record(core->ctx, &event);
}

void
rsp_duplicate_id(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id, const char *holder)
{
	struct rsp_core *core = n->core;
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_SERVER_ID,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = holder ? RSP_REASON_PEERS : RSP_REASON_OURS,
				   .peer_id = id,
				   .peer_name = !holder   ? core->name
						: *holder ? holder
							  : NULL };
	uint64_t subject = rsp_hash(&core->key, rsp_bytes_str(link->info.identity ? link->info.identity : "")) ^ id;

	if (rsp_limiter_pass(&n->once, subject, RSP_ENRP_ONCE_SAME_ID, RECORD_DISTANCE_MS, core->now_ms))
		rsp_core_record(core, link, event);
}

void
rsp_duplicate_moved(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_ip *ip,
		    uint16_t port)
{
	uint64_t now_ms = n->core->now_ms;
	bool back = peer->former_port == port && rsp_ip_equal(&peer->former_ip, ip) &&
		    now_ms - peer->moved_ms < RECORD_DISTANCE_MS;

	if (link->info.identity || !peer->port || (peer->port == port && rsp_ip_equal(&peer->ip, ip)))
		return;
	if (back)
		rsp_duplicate_id(n, link, peer->server_id, "");
	peer->former_ip = peer->ip;
	peer->former_port = peer->port;
	peer->moved_ms = now_ms;
}
