#include "engine/registrar/look.h"

#include "base/moves.h"
#include "engine/registrar/reach.h"

#define MOVE(from, to, event) { RSP_LOOK_##from, RSP_LOOK_##to },
static const struct rsp_move look_moves[] = { RSP_LOOK_MOVES(MOVE) };
#undef MOVE

bool
rsp_look_may(enum rsp_look_state from, enum rsp_look_state to)
{
	return rsp_moves_list(look_moves, RSP_COUNT(look_moves), from, to);
}

void
rsp_look_init(struct rsp_looks *looks, struct rsp_core *core)
{
	looks->core = core;
	rsp_wheel_init(&looks->wheel, core->now_ms);
}

/* Only this function changes the state of a look and its timer. */
static void
enter_state(struct rsp_looks *looks, struct rsp_look *look, enum rsp_look_state state)
{
	const struct rsp_registrar_config *config = &looks->core->config;

	rsp_moves_check("look", look->state, state, rsp_look_may(look->state, state));
	look->state = state;
	switch (state) {
	case RSP_LOOK_DIALLING:
	case RSP_LOOK_ASKED:
		rsp_wheel_set(&looks->wheel, &look->timer, looks->core->now_ms + config->keepalive_timeout_ms);
		break;
	case RSP_LOOK_RESTING:
		rsp_wheel_set(&looks->wheel, &look->timer, looks->core->now_ms + config->keepalive_distance_ms);
		break;
	case RSP_LOOK_FREE:
		rsp_wheel_cancel(&looks->wheel, &look->timer);
		break;
	}
}

static struct rsp_look *
find_look(struct rsp_looks *looks, const struct rsp_member *m)
{
	for (unsigned i = 0; looks->n > 0 && i < RSP_LOOKS_MAX; i++)
		if (looks->look[i].state != RSP_LOOK_FREE && looks->look[i].member == m)
			return &looks->look[i];
	return NULL;
}

static struct rsp_look *
find_free(struct rsp_looks *looks)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX; i++)
		if (looks->look[i].state == RSP_LOOK_FREE)
			return &looks->look[i];
	return NULL;
}

/* Detach @look from its link. If the link was dialled for looks only, close it with its last look. */
static void
leave_link(struct rsp_looks *looks, struct rsp_look *look)
{
	struct rsp_link *link = look->link ? rsp_link_find(looks->core, look->link) : NULL;

	look->link = 0;
	if (!link) /* the link is CLOSING: rsp_look_link_down() has decremented n_looks */
		return;
	link->n_looks--;
	if (link->look_only && LIST_EMPTY(&link->members) && link->n_looks == 0)
		rsp_link_close(looks->core, link, RSP_ECLOSED);
}

static void
release(struct rsp_looks *looks, struct rsp_look *look)
{
	leave_link(looks, look);
	enter_state(looks, look, RSP_LOOK_FREE);
	look->member = NULL;
	looks->n--;
}

static void
ask(struct rsp_looks *looks, struct rsp_look *look)
{
	enter_state(looks, look, RSP_LOOK_ASKED);
	rsp_member_send_keep_alive(looks->core, look->link, look->member, false);
}

static void
unanswered(struct rsp_core *core, struct rsp_member *m)
{
	if (m->phase == RSP_MEMBER_GONE)
		return;
	if (!rsp_member_is_own(core, m)) {
		rsp_member_note(core, m, RSP_NEWS_UNREACHED);
		return;
	}
	/* An own element without a link is in its grace time. Remove it now, if enough users reported it. */
	if (!m->link && m->n_reporters > core->config.max_bad_pe_report)
		rsp_member_remove(core, m, RSP_REMOVAL_UNREACHABLE, NULL);
}

static void
answered(struct rsp_core *core, struct rsp_member *m)
{
	if (!rsp_member_is_own(core, m) || m->link)
		return;
	rsp_member_clear_reports(m);
	if (m->phase == RSP_MEMBER_GRACE)
		rsp_member_postpone(core, m, core->now_ms + core->config.reconnect_grace_ms);
	if (m->claim)
		rsp_member_note(core, m, RSP_NEWS_ANSWERED);
}

bool
rsp_look_begin(struct rsp_looks *looks, struct rsp_member *m)
{
	struct rsp_core *core = looks->core;

	if (find_look(looks, m))
		return true;
	struct rsp_look *look = find_free(looks);
	if (!look || (!rsp_reach_find(core, m) && core->n_dialling > core->config.max_adoptions / 2))
		return false;
	struct rsp_link *link = rsp_reach_dial(core, m, true);
	if (!link) {
		unanswered(core, m);
		return true;
	}
	link->n_looks++;
	looks->n++;
	look->member = m;
	look->link = link->id;
	if (link->state == RSP_LINK_UP)
		ask(looks, look);
	else
		enter_state(looks, look, RSP_LOOK_DIALLING);
	return true;
}

void
rsp_look_link_up(struct rsp_looks *looks, const struct rsp_link *link)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && link->n_looks > 0; i++) {
		struct rsp_look *look = &looks->look[i];

		if (look->state == RSP_LOOK_DIALLING && look->link == link->id)
			ask(looks, look);
	}
}

void
rsp_look_link_down(struct rsp_looks *looks, struct rsp_link *link)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && link->n_looks > 0; i++) {
		struct rsp_look *look = &looks->look[i];

		if (look->link != link->id || (look->state != RSP_LOOK_DIALLING && look->state != RSP_LOOK_ASKED))
			continue;
		link->n_looks--;
		look->link = 0;
		enter_state(looks, look, RSP_LOOK_RESTING);
		unanswered(looks->core, look->member);
	}
}

void
rsp_look_acknowledged(struct rsp_looks *looks, const struct rsp_link *link, struct rsp_member *m)
{
	struct rsp_look *look = find_look(looks, m);

	if (!look || look->state != RSP_LOOK_ASKED || look->link != link->id)
		return;
	leave_link(looks, look);
	enter_state(looks, look, RSP_LOOK_RESTING);
	answered(looks->core, m);
}

void
rsp_look_forget(struct rsp_looks *looks, const struct rsp_member *m)
{
	struct rsp_look *look = find_look(looks, m);

	if (look)
		release(looks, look);
}

void
rsp_look_clear(struct rsp_looks *looks)
{
	for (unsigned i = 0; i < RSP_LOOKS_MAX && looks->n > 0; i++)
		if (looks->look[i].state != RSP_LOOK_FREE)
			release(looks, &looks->look[i]);
}

static void
look_due(struct rsp_looks *looks, struct rsp_look *look)
{
	struct rsp_core *core = looks->core;

	switch (look->state) {
	case RSP_LOOK_DIALLING:
	case RSP_LOOK_ASKED:
		if (rsp_core_liveness_is_paused(core)) { /* the answer may have arrived, but not been read yet */
			rsp_wheel_set(&looks->wheel, &look->timer, core->liveness_paused_until_ms);
			break;
		}
		leave_link(looks, look);
		enter_state(looks, look, RSP_LOOK_RESTING);
		unanswered(core, look->member);
		break;
	case RSP_LOOK_RESTING:
		release(looks, look);
		break;
	case RSP_LOOK_FREE:
		break;
	}
}

void
rsp_look_tick(struct rsp_looks *looks)
{
	struct rsp_timer *timer;

	while ((timer = rsp_core_expired(looks->core, &looks->wheel)))
		look_due(looks, RSP_CONTAINER(timer, struct rsp_look, timer));
}
