#include "engine/registrar/registrar_priv.h"

/* Asks elements to which there is no connection whether they are there: RFC 5352 s.3.5 has any registrar ask a reported
 * element at once, also one of another registrar. It is asked by a keep-alive without the H flag, over a connection to
 * its ASAP transport: its home stays what it is. Elements that one process holds share a connection.
 *
 * RFC deviation: an element of another registrar that does not answer is not removed here, since only its home's word
 * counts among registrars. The home is told by an ENRP_HANDLE_UPDATE and asks the element over its own connection. An
 * element whose home is silent, and which nobody took over in time, is removed here. */

static struct rsp_look *
find(struct rsp_registrar *r, const struct rsp_element *e)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX; i++)
		if (r->look[i].used && r->look[i].element == e)
			return &r->look[i];
	return NULL;
}

static struct rsp_look *
find_room(struct rsp_registrar *r)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX; i++)
		if (!r->look[i].used)
			return &r->look[i];
	return NULL;
}

static void
ask(struct rsp_registrar *r, struct rsp_look *look)
{
	look->asked = true;
	rsp_enrp_set(r, &look->timer, r->config.keepalive_timeout_ms);
	rsp_asap_keep_alive_send(r, look->link, look->element, false);
}

/* The answer is there, or it is waited for no longer. The place is kept for the distance between two keep-alives, so
 * that no report makes the element be asked sooner. */
static void
rest(struct rsp_registrar *r, struct rsp_look *look)
{
	struct rsp_link *link = rsp_registrar_link(r, look->link);

	look->link = 0;
	look->asked = false;
	rsp_enrp_set(r, &look->timer, r->config.keepalive_distance_ms);
	if (link)
		link->n_looks--;
}

static void
release(struct rsp_registrar *r, struct rsp_look *look)
{
	struct rsp_link *link = rsp_registrar_link(r, look->link);

	if (link)
		link->n_looks--;
	rsp_wheel_cancel(&r->enrp, &look->timer.timer);
	*look = (struct rsp_look){ 0 };
	r->n_looks--;
}

/* @e may be gone then. */
static void
unanswered(struct rsp_registrar *r, struct rsp_element *e)
{
	const struct rsp_peer *home = rsp_peer_find(r, rsp_element_home_id(e));

	if (rsp_element_home_id(e) == r->config.server_id) { /* it has the grace time, unless many reported it */
		if (e->link == 0 && e->bad_reports > r->config.max_bad_pe_report)
			rsp_registrar_remove(r, r->now_ms, e, RSP_REMOVAL_UNREACHABLE, NULL);
	} else if (home && rsp_takeover_is_late(r, home)) {
		rsp_takeover_late_gone(r, home, e);
	} else if (home) {
		rsp_claim_ask_home(r, home, e);
	}
}

static void
answered(struct rsp_registrar *r, struct rsp_element *e)
{
	if (rsp_element_home_id(e) != r->config.server_id || e->link)
		return;
	rsp_reports_clear(e);
	if (!e->adopting) /* else the timer is that of the dialling */
		rsp_wheel_set(&r->keepalive, &e->keepalive, r->now_ms + r->config.reconnect_grace_ms);
	if (e->rival)
		rsp_rival_won(r, e);
}

bool
rsp_look_begin(struct rsp_registrar *r, struct rsp_element *e)
{
	struct rsp_look *look;

	if (r->n_looks > 0 && find(r, e))
		return true;
	look = find_room(r);
	if (!look || (!rsp_reach_find(r, e) && r->n_dialling > r->config.max_adoptions / 2))
		return false;
	struct rsp_link *link = rsp_reach(r, e, true);
	if (!link) {
		unanswered(r, e);
		return true;
	}
	link->n_looks++;
	r->n_looks++;
	*look = (struct rsp_look){ .used = true, .element = e, .link = link->id, .timer.kind = RSP_TIMER_LOOK };
	if (link->up)
		ask(r, look);
	else
		rsp_enrp_set(r, &look->timer, r->config.keepalive_timeout_ms);
	return true;
}

/* Close the connection @id, if it was dialled to ask and nothing needs it any more. */
static void
hang_up(struct rsp_registrar *r, uint32_t id)
{
	struct rsp_link *link = rsp_registrar_link(r, id);

	if (link && link->looked && !link->elements && link->n_looks == 0)
		rsp_link_drop(r, link);
}

void
rsp_looks_link_up(struct rsp_registrar *r, const struct rsp_link *link)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && link->n_looks > 0; i++)
		if (r->look[i].element && r->look[i].link == link->id)
			ask(r, &r->look[i]);
}

void
rsp_looks_link_down(struct rsp_registrar *r, const struct rsp_link *link)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && link->n_looks > 0; i++) {
		struct rsp_look *look = &r->look[i];
		struct rsp_element *e = look->element;

		if (!look->used || look->link != link->id)
			continue;
		rest(r, look);
		if (e)
			unanswered(r, e);
	}
}

void
rsp_looks_link_forget(struct rsp_registrar *r, const struct rsp_link *link)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && link->n_looks > 0; i++)
		if (r->look[i].used && r->look[i].link == link->id)
			release(r, &r->look[i]);
}

void
rsp_look_answered(struct rsp_registrar *r, uint32_t link, struct rsp_element *e)
{
	struct rsp_look *look = r->n_looks > 0 ? find(r, e) : NULL;

	if (!look || !look->asked || look->link != link)
		return;
	rest(r, look);
	answered(r, e);
	hang_up(r, link);
}

void
rsp_look_due(struct rsp_registrar *r, struct rsp_look *look)
{
	uint32_t link = look->link;
	struct rsp_element *e = look->element;

	if (!link || !e) {
		release(r, look);
	} else if (r->now_ms < r->spared_ms) { /* its answer may be yet to be read */
		rsp_enrp_set(r, &look->timer, r->spared_ms - r->now_ms);
		return;
	} else {
		rest(r, look);
		unanswered(r, e);
	}
	hang_up(r, link);
}

void
rsp_look_forget(struct rsp_registrar *r, const struct rsp_element *e)
{
	struct rsp_look *look = r->n_looks > 0 ? find(r, e) : NULL;

	if (!look)
		return;
	look->element = NULL;
	rsp_enrp_set(r, &look->timer, 0); /* the connection is closed from there: it may be in use just now */
}
