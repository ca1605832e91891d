#include "engine/registrar/registrar_priv.h"

/* Two registrars that run with one name, and so with one set of keys, are a mistake that nothing else shows: they have no
 * key for each other, and each believes to be the only one. A third one finds it out. It takes the second for the first,
 * restarted, and the first for dead; but the dead say no more. Those two are then let be, each as a peer of its own, so
 * that they learn of each other from the list of peers that the third one gives them. */

#define TOLD_MS 60000 /* and again after a while, as long as it lasts */

static struct rsp_namesake *
find(struct rsp_registrar *r, uint32_t id, uint32_t by)
{
	for (unsigned i = 0; i < RSP_NAMESAKES_MAX; i++)
		if (r->namesake[i].id == id && r->namesake[i].by == by)
			return &r->namesake[i];
	return NULL;
}

void
rsp_namesake_replaced(struct rsp_registrar *r, const struct rsp_peer *former, const struct rsp_peer *now)
{
	if (find(r, former->server_id, now->server_id))
		return;
	struct rsp_namesake *oldest = &r->namesake[r->n_namesakes++ % RSP_NAMESAKES_MAX];

	*oldest = (struct rsp_namesake){ .id = former->server_id, .by = now->server_id, .since_ms = r->now_ms };
}

bool
rsp_namesakes(struct rsp_registrar *r, const struct rsp_peer *a, const struct rsp_peer *b)
{
	const struct rsp_namesake *one = find(r, a->server_id, b->server_id);
	const struct rsp_namesake *other = find(r, b->server_id, a->server_id);

	return (one && one->both) || (other && other->both);
}

/* Whether it is time to say so, once more. */
static bool
is_news(struct rsp_registrar *r, struct rsp_namesake *namesake)
{
	if (namesake->both && r->now_ms - namesake->told_ms < TOLD_MS)
		return false;
	namesake->both = true;
	namesake->told_ms = r->now_ms;
	return true;
}

static void
tell(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_peer *peer, uint32_t by_id)
{
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = "peers",
				   .peer_id = peer->server_id,
				   .peer_name = peer->name,
				   .by_id = by_id };

	rsp_registrar_record(r, link, event);
}

/* Whether what one said before it ended has been read by now: nothing takes longer than an answer may. */
static bool
had_last_words(const struct rsp_registrar *r, const struct rsp_namesake *namesake)
{
	return r->now_ms - namesake->since_ms >= 2 * (uint64_t)r->config.max_time_no_response_ms;
}

void
rsp_namesake_heard(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_peer *peer)
{
	for (unsigned i = 0; i < RSP_NAMESAKES_MAX; i++) {
		struct rsp_namesake *namesake = &r->namesake[i];

		if (namesake->id != peer->server_id || !had_last_words(r, namesake))
			continue;
		const struct rsp_peer *other = rsp_peer_find(r, namesake->by);
		if (!other || !rsp_peer_link(other))
			continue;
		if (!link->dialled && !peer->link_in)
			peer->link_in = link->id; /* which was given up for the other's sake */
		if (is_news(r, namesake))
			tell(r, link, peer, other->server_id);
	}
}

void
rsp_namesake_of_ours(struct rsp_registrar *r, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip, uint16_t port)
{
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_NAME,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = "ours",
				   .remote = *ip,
				   .remote_port = port,
				   .peer_id = id,
				   .peer_name = r->name,
				   .by_id = r->config.server_id };

	if (!r->name || id == r->config.server_id || id == 0 || !rsp_bytes_equal(name, rsp_bytes_str(r->name)))
		return;
	struct rsp_namesake *of_ours = &r->namesake_of_ours;
	if (of_ours->id != id && (!of_ours->id || r->now_ms - of_ours->since_ms >= TOLD_MS)) /* one at a time */
		*of_ours = (struct rsp_namesake){ .id = id, .since_ms = r->now_ms };
	/* who we were before we were started anew may be listed for as long as our last words are under way */
	if (of_ours->id == id && had_last_words(r, of_ours) && is_news(r, of_ours))
		r->ops->record(r->ctx, &event);
}

void
rsp_same_id_heard(struct rsp_registrar *r, const struct rsp_link *link, uint32_t id, const char *holder)
{
	struct rsp_event event = { .kind = RSP_EVENT_DUPLICATE_SERVER_ID,
				   .protocol = RSP_ENRP,
				   .cause = RSP_CAUSE_NONE,
				   .reason = holder ? "peers" : "ours",
				   .peer_id = id,
				   .peer_name = !holder   ? r->name
						: *holder ? holder
							  : NULL };
	uint64_t who = rsp_hash(&r->key, rsp_bytes_str(link->info.identity ? link->info.identity : "")) ^ id;
	struct rsp_same_id *found = NULL;

	for (unsigned i = 0; i < RSP_SAME_IDS_MAX && !found; i++)
		if (r->same_id[i].told_ms && r->same_id[i].who == who)
			found = &r->same_id[i];
	if (found && r->now_ms - found->told_ms < TOLD_MS)
		return;
	if (!found)
		found = &r->same_id[r->n_same_ids++ % RSP_SAME_IDS_MAX];
	*found = (struct rsp_same_id){ .who = who, .told_ms = r->now_ms };
	rsp_registrar_record(r, link, event);
}

void
rsp_same_id_moved(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_ip *ip,
		  uint16_t port)
{
	bool back =
		peer->former_port == port && rsp_ip_equal(&peer->former_ip, ip) && r->now_ms - peer->moved_ms < TOLD_MS;

	if (link->info.identity || !peer->port || (peer->port == port && rsp_ip_equal(&peer->ip, ip)))
		return;
	if (back)
		rsp_same_id_heard(r, link, peer->server_id, "");
	peer->former_ip = peer->ip;
	peer->former_port = peer->port;
	peer->moved_ms = r->now_ms;
}
