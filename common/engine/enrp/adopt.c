#include "engine/enrp/adopt.h"

#include "engine/registrar/reach.h"

#define DIAL_AGAIN_MS 100 /* delay before the next try, if max_adoptions dials are under way */

void
rsp_adopt_queue(struct rsp_enrp *n, struct rsp_member *m, uint64_t in_ms)
{
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(rsp_member_element(m), &pe);
	rsp_link_detach(m);
	m->asked_ms = 0;
	rsp_member_set_life(n->core, m, pe.lifetime_s);
	rsp_member_enter(n->core, m, RSP_MEMBER_ADOPT_QUEUED, n->core->now_ms + in_ms);
}

/* The element cannot be reached: it is removed, unless it registers by itself within the grace time. */
static void
give_up(struct rsp_core *core, struct rsp_member *m)
{
	rsp_link_detach(m);
	rsp_member_enter(core, m, RSP_MEMBER_GRACE, core->now_ms + core->config.reconnect_grace_ms);
}

static void
dial(struct rsp_core *core, struct rsp_member *m)
{
	if (core->n_dialling >= core->config.max_adoptions) {
		rsp_member_postpone(core, m, core->now_ms + rsp_rng_jitter(&core->rng, DIAL_AGAIN_MS, 50));
		return;
	}
	struct rsp_link *link = rsp_reach_dial(core, m, false);
	if (!link) {
		give_up(core, m);
		return;
	}
	rsp_link_attach(link, m);
	if (link->state == RSP_LINK_UP)
		rsp_member_ask(core, m, true);
	else
		rsp_member_enter(core, m, RSP_MEMBER_ADOPT_DIALLING,
				 core->now_ms + core->config.keepalive_timeout_ms);
}

void
rsp_adopt_due(struct rsp_enrp *n, struct rsp_member *m)
{
	if (m->phase == RSP_MEMBER_ADOPT_DIALLING)
		give_up(n->core, m);
	else
		dial(n->core, m);
}
