#include "engine/enrp/statement.h"

/* Bounds for the versions that others state: without them a registrar could state the highest version, and no statement
 * would ever be newer. No honest clock is VERSION_AHEAD_MS ahead of ours. An answer to the highest version that we know
 * must be possible: it may be ANSWER_AHEAD_MS ahead of that one. Versions count half milliseconds. */
#define VERSION_AHEAD_MS (366ULL * 86400 * 1000)
#define ANSWER_AHEAD_MS	 (60ULL * 1000)

static enum owner_claimant
claimant_of(const struct rsp_registrar *r, const struct rsp_statement *s)
{
	if (s->pe.home_id == s->peer->server_id)
		return OWNER_CLAIMANT_SENDER;
	return s->pe.home_id == r->config.server_id ? OWNER_CLAIMANT_US : OWNER_CLAIMANT_THIRD;
}

static enum owner_home
home_of(const struct rsp_registrar *r, const struct rsp_statement *s)
{
	if (!s->e)
		return OWNER_HOME_NONE;
	uint32_t home_id = rsp_element_home_id(s->e);
	if (home_id == r->config.server_id)
		return OWNER_HOME_US;
	if (home_id == s->pe.home_id)
		return OWNER_HOME_CLAIMANT;
	return home_id == s->peer->server_id ? OWNER_HOME_SENDER : OWNER_HOME_OTHER;
}

static bool
is_alive(const struct rsp_registrar *r, uint32_t server_id)
{
	const struct rsp_peer *peer = rsp_peer_find(r, server_id);

	return peer && rsp_peer_is_alive(peer);
}

static enum owner_home_life
home_life_of(const struct rsp_registrar *r, const struct rsp_element *e)
{
	const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(e));

	if (!home)
		return OWNER_HOME_UNLISTED;
	if (!rsp_peer_is_alive(home))
		return OWNER_HOME_LISTED;
	return home->pipelines ? OWNER_HOME_VERSIONED : OWNER_HOME_ALIVE;
}

static enum owner_order
order_of(const struct rsp_statement *s)
{
	uint64_t version = rsp_element_version(s->e);

	if (s->pe.version != version)
		return s->pe.version > version ? OWNER_NEWER : OWNER_OLDER;
	return s->pe.home_id > rsp_element_home_id(s->e) ? OWNER_SAME_HIGHER : OWNER_SAME;
}

static bool
is_sound(const struct rsp_registrar *r, const struct rsp_statement *s)
{
	const struct rsp_pool_element *pe = &s->pe;

	if (s->handle.n == 0 || s->handle.n > RSP_HANDLE_MAX || pe->pe_id == 0 || pe->home_id == 0 ||
	    pe->home_id == r->config.server_id || !rsp_transport_fits(&pe->user) || !rsp_transport_fits(&pe->asap))
		return false;
	if (pe->version <= 2 * (r->config.epoch_ms + r->now_ms + VERSION_AHEAD_MS))
		return true;
	uint64_t known = s->e ? rsp_version_known(s->e)
			      : rsp_tombstone_version(&r->tombstones, s->handle, pe->pe_id);
	return pe->version <= known + 2 * ANSWER_AHEAD_MS;
}

static void
gather_pending(const struct rsp_statement *s, struct owner_facts *f)
{
	const struct rsp_rival *pending = s->e->rival;
	uint32_t by = s->adds ? s->pe.home_id : s->peer->server_id;

	if (!pending)
		return;
	f->pending_by_sender = pending->by == s->peer->server_id;
	f->pending_newer = pending->version > s->pe.version ||
			   (pending->version == s->pe.version && pending->by == by && pending->gone == !s->adds);
}

void
rsp_statement_gather_record(const struct rsp_registrar *r, const struct rsp_statement *s, struct owner_facts *f)
{
	const struct rsp_element *e = s->e;
	struct rsp_bytes owner = e->owner ? rsp_bytes_str(e->owner) : (struct rsp_bytes){ 0 };

	f->outdated = f->joining && e->marked;
	f->order = order_of(s);
	f->same_owner = rsp_bytes_equal(owner, s->pe.owner);
	f->unaware = s->peer->pipelines && rsp_element_version(e) != rsp_version_taken_over(s->pe.version);
	gather_pending(s, f);
	if (f->home == OWNER_HOME_US) {
		f->connected = e->link != 0;
		return;
	}
	f->home_life = home_life_of(r, e);
	f->disowned = e->marked && !e->rival && rsp_timer_is_set(&e->keepalive);
}

struct owner_facts
rsp_statement_gather(const struct rsp_registrar *r, struct rsp_statement *s)
{
	s->e = rsp_element_find(r->space, rsp_pool_find(r->space, s->handle), s->pe.pe_id);
	s->refusal = s->adds ? rsp_rights_refusal(r, s->handle, &s->pe, &s->cause) : NULL;
	struct owner_facts f = { .source = s->source,
				 .claimant = claimant_of(r, s),
				 .home = home_of(r, s),
				 .adds = s->adds,
				 .asks = s->asks,
				 .versioned = s->peer->pipelines && s->pe.version != 0,
				 .sound = is_sound(r, s),
				 .rightful = !s->refusal,
				 .joining = !r->serving };

	f.claimant_alive = f.claimant == OWNER_CLAIMANT_THIRD && is_alive(r, s->pe.home_id);
	if (!s->pe.version) /* a registrar that states no versions says how things are now */
		s->pe.version = rsp_version_next(r, s->handle, s->pe.pe_id, s->e ? rsp_version_known(s->e) : 0);
	f.provisional = s->pe.version & 1;
	if (s->e)
		rsp_statement_gather_record(r, s, &f);
	if (!s->e || f.outdated)
		f.buried = s->pe.version <= rsp_tombstone_version(&r->tombstones, s->handle, s->pe.pe_id);
	return f;
}
