#include "engine/client/hunt.h"

#include <limits.h>
#include <stdio.h>

#include "engine/client/announce.h"
#include "engine/client/attempt.h"
#include "engine/client/verdict.h"

/* this number of announced addresses may be dialled at once; after that, one in each stagger_ms */
#define ANNOUNCED_BURST 4

void
rsp_client_hunt_init(struct client_hunt *hunt, struct client_core *core, struct client_links *links,
		     struct client_candidates *cands)
{
	hunt->core = core;
	hunt->links = links;
	hunt->cands = cands;
	hunt->t5.kind = TIMER_T5;
	hunt->timer.kind = TIMER_HUNT;
	hunt->outage.kind = TIMER_OUTAGE;
	hunt->news.kind = NEWS_HUNT;
}

bool
rsp_client_hunt_is_on(const struct client_hunt *hunt)
{
	return hunt->state == HUNT_TRYING || hunt->state == HUNT_PAUSED;
}

/* Change the state of the hunt. Its timer is set to @in_ms; RSP_NEVER: it is stopped. When the hunt ends, T5 stops. */
static void
hunt_enter(struct client_hunt *hunt, enum client_hunt_state state, uint64_t in_ms)
{
	rsp_client_state_check(MACHINE_HUNT, hunt->state, state);
	hunt->state = state;
	if (in_ms == RSP_NEVER)
		rsp_client_core_disarm(hunt->core, &hunt->timer);
	else
		rsp_client_core_arm(hunt->core, &hunt->timer, in_ms);
	if (!rsp_client_hunt_is_on(hunt))
		rsp_client_core_disarm(hunt->core, &hunt->t5);
}

/* End the hunt, and close all its attempts except @keep. */
static void
end_hunt(struct client_hunt *hunt, const struct client_link *keep)
{
	if (rsp_client_hunt_is_on(hunt))
		hunt_enter(hunt, HUNT_IDLE, RSP_NEVER);
	rsp_client_attempt_drop_all(hunt->cands, keep);
}

void
rsp_client_hunt_stop(struct client_hunt *hunt)
{
	end_hunt(hunt, NULL);
}

void
rsp_client_hunt_resume(struct client_hunt *hunt)
{
	if (hunt->state == HUNT_GAVE_UP)
		hunt_enter(hunt, HUNT_IDLE, RSP_NEVER);
}

static void
note_hunt_news(struct client_hunt *hunt, enum rsp_client_event_type type, const struct rsp_why *why)
{
	hunt->told = type;
	hunt->why = *why;
	rsp_client_core_note(hunt->core, &hunt->news);
}

void
rsp_client_hunt_give_up(struct client_hunt *hunt, const struct rsp_why *why)
{
	rsp_client_attempt_drop_all(hunt->cands, NULL);
	hunt_enter(hunt, HUNT_GAVE_UP, RSP_NEVER);
	rsp_client_core_disarm(hunt->core, &hunt->outage);
	note_hunt_news(hunt, RSP_CLIENT_GAVE_UP, why);
}

/* Whether a registrar may still announce itself for the first time in this hunt:
 * a registrar sends announcements within T7. */
static bool
announcements_expected(const struct client_hunt *hunt)
{
	return hunt->cands->hints && hunt->core->now - hunt->began_ms < hunt->core->config.timers.t7_enrpoutdate_ms;
}

/* Pause before the next round. RFC 5352 s.3.6 SH5 waits for T5, but a registrar that restarts refuses connections only
 * for a moment. So the pause is stagger_ms, doubled with each of @failures up to T5, varied by half. If only hosts without a
 * registrar answer, it does not grow beyond ABSENT_PAUSE_MS: when all registrars have restarted, all elements must be
 * back within a second. */
#define ABSENT_PAUSE_MS 600
#define STARTING_HOMES	8

static void
pause_hunt(struct client_hunt *hunt, unsigned failures, bool absent)
{
	unsigned doublings = failures < 16 ? failures - 1 : 15;
	uint64_t wait_ms = (uint64_t)hunt->core->config.timers.stagger_ms << doublings;

	wait_ms = absent && wait_ms > ABSENT_PAUSE_MS ? ABSENT_PAUSE_MS : wait_ms;
	wait_ms = wait_ms < hunt->t5_ms ? wait_ms : hunt->t5_ms;
	wait_ms = rsp_rng_jitter(&hunt->core->rng, wait_ms, 50);
	if (announcements_expected(hunt)) { /* the pause ends when T7 is over, at the latest */
		uint64_t left_ms = hunt->began_ms + hunt->core->config.timers.t7_enrpoutdate_ms - hunt->core->now;
		wait_ms = wait_ms < left_ms ? wait_ms : left_ms;
	}
	hunt_enter(hunt, HUNT_PAUSED, wait_ms);
}

/* All addresses failed in this round. True: the hunt goes on. *@ret_absent: each refused the connection. */
static bool
round_failed(struct client_hunt *hunt, bool *ret_absent)
{
	const struct rsp_client_config *config = &hunt->core->config;
	struct rsp_why why = { 0 };

	*ret_absent = false;
	hunt->rounds++;
	if (hunt->links->home) { /* a parallel hunt found no other registrar */
		end_hunt(hunt, NULL);
		return false;
	}
	if (announcements_expected(hunt))
		return true;
	*ret_absent = rsp_client_verdict_of(hunt->cands, &why) == RSP_EUNREACHABLE;
	if (config->rounds && hunt->rounds >= config->rounds && !(config->persistent && hunt->links->homes > 0)) {
		rsp_client_hunt_give_up(hunt, &why);
		return false;
	}
	note_hunt_news(hunt, RSP_CLIENT_ROUND_FAILED, &why);
	return true;
}

/* Dial the next configured address. Set the timer for the address after it: to
 * stagger_ms, or to the time at which a place is free. */
static void
dial_configured(struct client_hunt *hunt)
{
	struct client_candidate *cand = rsp_client_candidate_next(hunt->cands);

	if (!cand || hunt->next_dial_ms > hunt->core->now)
		return;
	uint64_t wait_ms = rsp_client_attempt_room(hunt->cands, false, hunt->rounds);
	if (wait_ms == RSP_NEVER)
		return;
	if (wait_ms == 0) {
		hunt->announced_next = true;
		if (!rsp_client_attempt_dial(hunt->cands, cand)) {
			hunt->step_due = true;
			return;
		}
		wait_ms = hunt->core->config.timers.stagger_ms;
	}
	hunt->next_dial_ms = hunt->core->now + wait_ms;
	rsp_client_core_arm(hunt->core, &hunt->timer, wait_ms);
}

/* Dial the announced addresses that may be dialled now. Return the time until the next
 * one may be dialled; RSP_NEVER: there is none. */
static uint64_t
dial_announced(struct client_hunt *hunt)
{
	struct client_core *core = hunt->core;
	uint64_t stagger_ms = core->config.timers.stagger_ms;
	struct client_candidate *cand;

	while (!hunt->step_due && (cand = rsp_client_candidate_best_hint(hunt->cands)) != NULL) {
		uint64_t wait_ms =
			rsp_client_announce_wait(hunt->pace_full_ms, core->now, stagger_ms, ANNOUNCED_BURST);

		if (!wait_ms)
			wait_ms = rsp_client_attempt_room(hunt->cands, true, hunt->rounds);
		if (wait_ms)
			return wait_ms;
		rsp_client_announce_take(&hunt->pace_full_ms, core->now, stagger_ms);
		hunt->announced_next = false;
		if (!rsp_client_attempt_dial(hunt->cands, cand))
			hunt->step_due = true;
	}
	return RSP_NEVER;
}

void
rsp_client_hunt_step(struct client_hunt *hunt)
{
	uint64_t wait_ms = RSP_NEVER;
	bool announced_first = hunt->announced_next && hunt->state == HUNT_TRYING, absent;

	hunt->step_due = false;
	if (announced_first)
		wait_ms = dial_announced(hunt);
	if (hunt->state == HUNT_TRYING && !hunt->step_due)
		dial_configured(hunt);
	if (!announced_first && rsp_client_hunt_is_on(hunt))
		wait_ms = dial_announced(hunt);
	rsp_client_announce_arm(hunt->cands, rsp_client_hunt_is_on(hunt), wait_ms);
	if (hunt->step_due) /* a dial failed at once: settle() reports it, and calls this function again */
		return;
	if (hunt->state == HUNT_TRYING && !rsp_client_attempt_any(hunt->cands) &&
	    !rsp_client_candidate_next(hunt->cands) && !rsp_client_candidate_any_hint_ready(hunt->cands) &&
	    round_failed(hunt, &absent))
		pause_hunt(hunt, hunt->rounds, absent);
}

void
rsp_client_hunt_begin(struct client_hunt *hunt)
{
	if (rsp_client_hunt_is_on(hunt))
		return;
	rsp_client_candidate_begin_round(hunt->cands);
	if (!rsp_client_candidate_next(hunt->cands) && !rsp_client_candidate_any_hint_ready(hunt->cands) &&
	    (hunt->links->home || !hunt->cands->hints))
		return;
	hunt_enter(hunt, HUNT_TRYING, RSP_NEVER);
	hunt->began_ms = hunt->core->now;
	hunt->next_dial_ms = 0;
	hunt->rounds = 0;
	hunt->t5_ms = hunt->core->config.timers.t5_serverhunt_ms;
	rsp_client_core_arm(hunt->core, &hunt->t5, hunt->t5_ms); /* SH2 */
	/* A registrar may accept connections and close them without an answer: limit how often it is dialled. One that
	 * starts does so for a moment. */
	if (hunt->failed_homes > 1)
		pause_hunt(hunt, hunt->failed_homes - 1, hunt->failed_homes <= STARTING_HOMES);
	hunt->step_due = true;
}

/* T5 has expired: SH5. */
static void
t5_due(struct client_hunt *hunt)
{
	uint64_t cap_ms = hunt->core->config.timers.retran_max_ms, t5_ms = hunt->t5_ms;
	bool absent;

	hunt_enter(hunt, HUNT_TRYING, RSP_NEVER);
	hunt->t5_ms = t5_ms * 2 < cap_ms ? t5_ms * 2 : cap_ms > t5_ms ? cap_ms : t5_ms;
	rsp_client_attempt_expire_all(hunt->cands);
	if (!rsp_client_candidate_next(hunt->cands)) { /* else the rest of this round is the "different set" of SH5 */
		if (!round_failed(hunt, &absent))
			return;
		rsp_client_candidate_begin_round(hunt->cands);
	}
	rsp_client_core_arm(hunt->core, &hunt->t5, hunt->t5_ms);
	hunt->next_dial_ms = 0;
	hunt->step_due = true;
}

void
rsp_client_hunt_due(struct client_hunt *hunt, const struct client_timer *timer)
{
	switch (hunt->state) {
	case HUNT_TRYING:
	case HUNT_PAUSED:
		if (timer == &hunt->t5) {
			t5_due(hunt);
			return;
		}
		if (hunt->state == HUNT_PAUSED) {
			hunt_enter(hunt, HUNT_TRYING, RSP_NEVER);
			rsp_client_candidate_begin_round(hunt->cands);
		}
		hunt->next_dial_ms = 0;
		hunt->step_due = true;
		break;
	case HUNT_IDLE:
	case HUNT_GAVE_UP:
	case HUNT_STATES:
		break;
	}
}

void
rsp_client_hunt_adopt(struct client_hunt *hunt, struct client_link *link)
{
	struct client_links *links = hunt->links;

	end_hunt(hunt, link); /* SH3, SH6 */
	rsp_client_hunt_resume(hunt);
	rsp_client_core_disarm(hunt->core, &hunt->outage);
	links->home = link;
	links->homes++;
	hunt->home_answered = false;
	/* Also close connections that other registrars opened to this client: each of these
	 * registrars would consider itself the home. */
	for (size_t i = 0; i < RSP_COUNT(links->slot); i++)
		if (links->slot[i].state == LINK_UP && &links->slot[i] != link)
			rsp_client_link_close(links, &links->slot[i]);
	rsp_client_core_note(hunt->core, &link->news);
}

void
rsp_client_hunt_home_answered(struct client_hunt *hunt)
{
	const struct client_link *home = hunt->links->home;
	struct client_candidate *cand = home ? rsp_client_candidate_of(hunt->cands, home) : NULL;

	hunt->home_answered = true;
	hunt->failed_homes = 0;
	if (cand && cand->hint)
		cand->hint->failures = 0;
	if (rsp_client_hunt_is_on(hunt))
		end_hunt(hunt, NULL);
}

/* The connection to the home @gone has closed, because of @gone->why. */
static void
lose_home(struct client_hunt *hunt, struct client_link *gone)
{
	hunt->links->home = NULL;
	if (rsp_client_hunt_is_on(hunt)) /* a parallel hunt ends; the next hunt starts with the whole list */
		end_hunt(hunt, NULL);
	rsp_client_core_note(hunt->core, &gone->news);
}

void
rsp_client_hunt_leave_home(struct client_hunt *hunt, enum rsp_err err, const char *reason)
{
	struct client_link *home = hunt->links->home;
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	if (!home)
		return;
	(void)rsp_fail(&why, err, rsp_client_verdict_link_text(hunt->cands, home, text), "%s", reason);
	rsp_client_link_close(hunt->links, home);
	rsp_client_attempt_ended(hunt->cands, home, RSP_STEP_ASAP, &why);
	lose_home(hunt, home);
}

void
rsp_client_hunt_await_home(struct client_hunt *hunt)
{
	if (hunt->core->config.max_outage_ms)
		rsp_client_core_arm(hunt->core, &hunt->outage, hunt->core->config.max_outage_ms);
}

void
rsp_client_hunt_link_up(struct client_hunt *hunt, struct client_link *link, const struct rsp_link_info *info)
{
	static const struct rsp_why up = { 0 };

	rsp_client_link_rise(hunt->links, link, info);
	rsp_client_announce_proven(hunt->cands, link, info->identity);
	rsp_client_attempt_ended(hunt->cands, link, RSP_STEP_ASAP, &up);
	if (rsp_client_hunt_is_on(hunt))
		rsp_client_hunt_adopt(hunt, link);
	else
		rsp_client_link_close(hunt->links, link);
}

void
rsp_client_hunt_link_down(struct client_hunt *hunt, struct client_link *link, enum rsp_client_step step,
			  const struct rsp_why *why)
{
	bool was_attempt = rsp_client_link_is_attempt(link);

	rsp_client_link_lost(hunt->links, link);
	if (hunt->links->home == link) {
		if (!hunt->home_answered && hunt->failed_homes < UINT_MAX)
			hunt->failed_homes++;
		rsp_client_attempt_ended(hunt->cands, link, step, why);
		lose_home(hunt, link);
	} else if (was_attempt) {
		rsp_client_attempt_ended(hunt->cands, link, step, why);
		if (hunt->state == HUNT_TRYING) /* SH4: dial another address at once */
			hunt->next_dial_ms = 0;
		hunt->step_due = true;
	}
}

void
rsp_client_hunt_tell(struct client_hunt *hunt)
{
	struct rsp_client_event event = rsp_client_link_event(hunt->links, hunt->told);
	struct rsp_why why = hunt->why;

	event.why = &why;
	rsp_client_core_tell(hunt->core, &event);
}

static void
tell_attempt(struct client_hunt *hunt, struct client_link *link)
{
	struct rsp_client_event event = rsp_client_link_event(hunt->links, RSP_CLIENT_ATTEMPT);
	const struct client_candidate *cand = rsp_client_candidate_of(hunt->cands, link);
	struct rsp_client_attempt attempt;

	link->attempt_ended = false;
	if (!cand) /* rsp_client_set_servers() removed the address in this turn */
		return;
	attempt = rsp_client_candidate_result(hunt->cands, cand, link->step, &link->why);
	if (link == hunt->links->told_home) /* the attempt to the home that is lost: HOME_LOST follows */
		event.link = event.server_id = 0;
	event.attempt = &attempt;
	event.server = attempt.name;
	event.why = link->why.err ? &link->why : NULL;
	rsp_client_core_tell(hunt->core, &event);
}

static void
tell_home_lost(struct client_hunt *hunt, struct client_link *gone)
{
	struct rsp_client_event event = rsp_client_link_event(hunt->links, RSP_CLIENT_HOME_LOST);
	char text[RSP_CLIENT_SERVER_TEXT_MAX];

	(void)snprintf(gone->why.object, sizeof gone->why.object, "%.*s", RSP_OBJECT_MAX - 1,
		       rsp_client_verdict_link_text(hunt->cands, gone, text));
	event.why = &gone->why;
	hunt->links->told_home = NULL;
	rsp_client_core_tell(hunt->core, &event);
}

void
rsp_client_hunt_tell_link(struct client_hunt *hunt, struct client_news *news)
{
	struct client_link *link = RSP_CONTAINER(news, struct client_link, news);
	struct client_links *links = hunt->links;

	if (link->attempt_ended)
		tell_attempt(hunt, link);
	if (links->told_home == link && links->home != link) {
		tell_home_lost(hunt, link);
	} else if (links->home == link && links->told_home != link) {
		links->told_home = link;
		struct rsp_client_event event = rsp_client_link_event(links, RSP_CLIENT_HOME);
		event.changed = links->homes > 1;
		rsp_client_core_tell(hunt->core, &event);
	}
}
