#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* The elements of a registrar that was taken over, RFC 5353 s.3.5.2: each is told by a keep-alive with the H flag that
 * we are its home. For that it is dialled where it listens for registrars (its ASAP transport); the elements that one
 * process holds share a connection. Who cannot be reached has the grace time to come by itself. */

void
rsp_adopt(struct rsp_registrar *r, struct rsp_element *e, uint64_t in_ms)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	rsp_element_attach(e, NULL);
	e->adopting = true;
	e->waiting = e->marked = false;
	e->keepalive_sent_ms = 0;
	rsp_wheel_set(&r->expiry, &e->expiry,
		      pe.lifetime_s < 0 ? RSP_NEVER : r->now_ms + (uint64_t)pe.lifetime_s * 1000);
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + in_ms);
}

/* It comes by itself, or it is gone. */
static void
leave_alone(struct rsp_registrar *r, struct rsp_element *e)
{
	rsp_element_attach(e, NULL);
	e->adopting = false;
	rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
}

void
rsp_adopt_due(struct rsp_registrar *r, struct rsp_element *e)
{
	if (e->link) { /* the dialling takes too long */
		leave_alone(r, e);
		return;
	}
	if (r->n_dialling >= r->config.max_adoptions) {
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + rsp_rng_jitter(&r->rng, 100, 50));
		return;
	}
	struct rsp_link *link = rsp_reach(r, e, false);
	if (!link) {
		leave_alone(r, e);
		return;
	}
	rsp_element_attach(e, link);
	if (link->up)
		rsp_asap_keep_alive(r, r->now_ms, e, true);
	else
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.keepalive_timeout_ms);
}

bool
rsp_adopt_otherwise(struct rsp_registrar *r, struct rsp_element *e)
{
	uint32_t gone = e->link;
	struct rsp_link *link = rsp_reach_find(r, e);

	if (!link || !link->up || link->id == gone)
		return false;
	rsp_element_attach(e, link);
	e->adopting = true;
	rsp_asap_keep_alive(r, r->now_ms, e, true);
	return true;
}

void
rsp_adopt_link_up(struct rsp_registrar *r, struct rsp_link *link)
{
	if (!link->elements && link->n_looks == 0) { /* they came by themselves, or went elsewhere */
		rsp_link_drop(r, link);
		return;
	}
	rsp_looks_link_up(r, link);
	for (struct rsp_element *e = link->elements, *next; e; e = next) {
		next = e->link_next;
		if (!e->waiting)
			rsp_asap_keep_alive(r, r->now_ms, e, true);
	}
}

void
rsp_adopted(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_element *e)
{
	struct rsp_event event = { .kind = RSP_EVENT_PE_ADOPTED,
				   .handle = rsp_pool_handle(e->pool),
				   .pe_id = e->pe_id,
				   .cause = RSP_CAUSE_NONE };

	e->adopting = false;
	r->stats.adopted++;
	rsp_registrar_record(r, link, event);
}
