#include "engine/enrp/statement.h"

#include "engine/registrar/rights.h"
#include "engine/registrar/version.h"

/* Limits for versions in statements of other registrars: a registrar could otherwise state the highest possible
 * version, and no later statement would ever be newer. VERSION_AHEAD_MS: no correct clock is so far ahead of this
 * registrar's clock. ANSWER_AHEAD_MS: a version may exceed the first limit if it is at most so far ahead of the newest
 * known version, so that a home can answer a statement with a high version. Versions count half milliseconds. */
#define VERSION_AHEAD_MS (366ULL * 86400 * 1000)
#define ANSWER_AHEAD_MS	 (60ULL * 1000)

static enum owner_claimant
claimant_of(const struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	if (s->pe.home_id == s->peer->server_id)
		return OWNER_CLAIMANT_SENDER;
	return s->pe.home_id == n->core->config.server_id ? OWNER_CLAIMANT_US : OWNER_CLAIMANT_THIRD;
}

static enum owner_home
home_of(const struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	if (!s->m)
		return OWNER_HOME_NONE;
	uint32_t home_id = rsp_element_home_id(rsp_member_element(s->m));
	if (home_id == n->core->config.server_id)
		return OWNER_HOME_US;
	if (home_id == s->pe.home_id)
		return OWNER_HOME_CLAIMANT;
	return home_id == s->peer->server_id ? OWNER_HOME_SENDER : OWNER_HOME_OTHER;
}

static bool
is_alive(const struct rsp_enrp *n, uint32_t server_id)
{
	const struct rsp_peer *peer = rsp_peer_find(n, server_id);

	return peer && rsp_peer_is_alive(peer);
}

static enum owner_home_life
home_life_of(const struct rsp_enrp *n, const struct rsp_element *e)
{
	const struct rsp_peer *home = rsp_peer_find(n, rsp_element_home_id(e));

	if (!home)
		return OWNER_HOME_UNLISTED;
	if (!rsp_peer_is_alive(home))
		return OWNER_HOME_LISTED;
	return home->versioned ? OWNER_HOME_VERSIONED : OWNER_HOME_ALIVE;
}

static enum owner_order
order_of(const struct rsp_heard_statement *s)
{
	uint64_t version = rsp_element_version(rsp_member_element(s->m));

	if (s->pe.version != version)
		return s->pe.version > version ? OWNER_NEWER : OWNER_OLDER;
	return s->pe.home_id > rsp_element_home_id(rsp_member_element(s->m)) ? OWNER_SAME_HIGHER : OWNER_SAME;
}

static bool
is_sound(const struct rsp_enrp *n, const struct rsp_heard_statement *s)
{
	const struct rsp_pool_element *pe = &s->pe;

	if (s->handle.n == 0 || s->handle.n > RSP_HANDLE_MAX || pe->pe_id == 0 || pe->home_id == 0 ||
	    pe->home_id == n->core->config.server_id || !rsp_transport_fits(&pe->user) || !rsp_transport_fits(&pe->asap))
		return false;
	if (pe->version <= 2 * (n->core->config.epoch_ms + n->core->now_ms + VERSION_AHEAD_MS))
		return true;
	uint64_t known = s->m ? rsp_version_known(s->m)
			      : rsp_tombstone_version(&n->core->tombstones, s->handle, pe->pe_id);
	return pe->version <= known + 2 * ANSWER_AHEAD_MS;
}

static void
gather_pending(const struct rsp_heard_statement *s, struct owner_facts *f)
{
	const struct rsp_pending_claim *pending = s->m->claim;
	uint32_t by = s->adds ? s->pe.home_id : s->peer->server_id;

	if (!pending)
		return;
	f->pending_by_sender = pending->by == s->peer->server_id;
	f->pending_newer = pending->version > s->pe.version ||
			   (pending->version == s->pe.version && pending->by == by && pending->removed == !s->adds);
}

void
rsp_statement_gather_record(const struct rsp_enrp *n, const struct rsp_heard_statement *s, struct owner_facts *f)
{
	const struct rsp_member *m = s->m;
	const struct rsp_element *e = rsp_member_element(m);
	struct rsp_bytes owner = e->owner ? rsp_bytes_str(e->owner) : (struct rsp_bytes){ 0 };

	f->outdated = f->joining && m->phase == RSP_MEMBER_OLD;
	f->order = order_of(s);
	f->same_owner = rsp_bytes_equal(owner, s->pe.owner);
	f->unaware = s->peer->versioned && rsp_element_version(e) != rsp_version_taken_over(s->pe.version);
	gather_pending(s, f);
	if (f->home == OWNER_HOME_US) {
		f->connected = m->link != 0;
		return;
	}
	f->home_life = home_life_of(n, e);
	f->disowned = m->phase == RSP_MEMBER_FOREIGN_SWEEP;
}

struct owner_facts
rsp_statement_gather(const struct rsp_enrp *n, struct rsp_heard_statement *s)
{
	const struct rsp_element *e =
		rsp_element_find(n->core->space, rsp_pool_find(n->core->space, s->handle), s->pe.pe_id);

	s->m = e ? rsp_member(e) : NULL;
	s->refusal = s->adds ? rsp_rights_refusal(n->core, s->handle, &s->pe, &s->cause) : RSP_REASON_NONE;
	struct owner_facts f = { .source = s->source,
				 .claimant = claimant_of(n, s),
				 .home = home_of(n, s),
				 .adds = s->adds,
				 .asks = s->asks,
				 .versioned = s->peer->versioned && s->pe.version != 0,
				 .sound = is_sound(n, s),
				 .rightful = !s->refusal,
				 .joining = n->core->state != RSP_REGISTRAR_SERVING };

	f.claimant_alive = f.claimant == OWNER_CLAIMANT_THIRD && is_alive(n, s->pe.home_id);
	if (!s->pe.version) /* the sender states no versions: its statement counts as the newest */
		s->pe.version = rsp_version_next(n->core, s->handle, s->pe.pe_id, s->m ? rsp_version_known(s->m) : 0);
	f.provisional = s->pe.version & 1;
	if (s->m)
		rsp_statement_gather_record(n, s, &f);
	if (!s->m || f.outdated)
		f.buried = s->pe.version <= rsp_tombstone_version(&n->core->tombstones, s->handle, s->pe.pe_id);
	return f;
}
