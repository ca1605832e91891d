#include "engine/client/attempt.h"

#include "engine/client/verdict.h"

/* RFC 5352 s.3.6 SH1 allows three attempts at a time: there are three places. At a registrar that accepts connections and
 * sends nothing, or behind a firewall that drops all packets, an attempt would keep its place until T5. So an attempt that
 * is not up after PATIENCE loses its place, and goes on in parallel with the next attempt, as in RFC 8305 s.5.
 * RSP_CLIENT_ATTEMPTS_MAX limits all attempts, with and without a place. */

#define PATIENCE 4   /* in units of stagger_ms */
#define ROUNDS_MAX 3 /* the time for a configured server doubles after each round, at most so often */
#define HINT_FAILURES_MAX 16
/* Limit for attempts of one kind, announced or configured, while addresses of the other kind wait to be dialled. */
#define SHARE (RSP_CLIENT_ATTEMPTS_MAX - RSP_CLIENT_PARALLEL)

/* Counts of home and attempts: [0] at configured addresses, [1] at announced addresses. */
struct places {
	unsigned all[2];
	unsigned fresh[2];	   /* links that have a place: UP, or dialled less than PATIENCE ago */
	uint64_t next_silent_ms[2]; /* when the next attempt loses its place; RSP_NEVER: no attempt has one */
};

static uint64_t
patience_ms(const struct client_candidates *cands)
{
	return PATIENCE * (uint64_t)cands->core->config.timers.stagger_ms;
}

void
rsp_client_attempt_ended(struct client_candidates *cands, struct client_link *link, enum rsp_client_step step,
			 const struct rsp_why *why)
{
	struct client_candidate *cand = rsp_client_candidate_of(cands, link);

	link->why = *why;
	link->step = step;
	if (!cand)
		return;
	rsp_client_candidate_ended(cands, cand, step, why, patience_ms(cands));
	link->attempt_ended = true;
	rsp_client_core_note(cands->core, &link->news);
}

bool
rsp_client_attempt_dial(struct client_candidates *cands, struct client_candidate *cand)
{
	struct client_core *core = cands->core;
	const struct rsp_client_server *server = rsp_client_candidate_server(cands, cand);
	struct rsp_dial to = {
		.role = core->config.role,
		.server_name = cand->hint ? cand->hint->name : server->name,
		.ip = rsp_client_candidate_ip(cands, cand),
		.port = server->port,
	};
	struct rsp_why why = { 0 };

	rsp_client_candidate_dialled(cands, cand);
	uint32_t id = core->ops.dial(core->ctx, &to, cand->server);
	struct client_link *link = rsp_client_link_new(cands->links, id, id ? LINK_DIALLED : LINK_CLOSED);
	if (link) {
		link->candidate = rsp_client_candidate_number(cands, cand);
		link->dialled_ms = core->now;
		rsp_client_link_set_name(link, server->name);
	}
	if (link && id)
		return true;
	(void)rsp_fail(&why, RSP_EUNREACHABLE, server->name, "cannot be dialled");
	if (link)
		rsp_client_attempt_ended(cands, link, RSP_STEP_TCP, &why);
	else if (id)
		core->ops.close(core->ctx, id);
	return false;
}

/* End the attempt @link with a timeout. */
static void
expire_attempt(struct client_candidates *cands, struct client_link *link)
{
	static const char *const missing[] = {
		[RSP_STEP_DNS] = "no answer to the name lookup in time",
		[RSP_STEP_TCP] = "no connection in time",
		[RSP_STEP_TLS] = "connected, but no TLS handshake in time: it hangs, or speaks no TLS",
		[RSP_STEP_ASAP] = "no answer in time",
	};
	struct client_core *core = cands->core;
	enum rsp_client_step step = core->ops.step ? core->ops.step(core->ctx, link->id) : RSP_STEP_TCP;
	char text[RSP_CLIENT_SERVER_TEXT_MAX];
	struct rsp_why why = { 0 };

	(void)rsp_fail(&why, RSP_ETIMEOUT, rsp_client_verdict_link_text(cands, link, text), "%s", missing[step]);
	rsp_client_link_close(cands->links, link);
	rsp_client_attempt_ended(cands, link, step, &why);
}

void
rsp_client_attempt_expire_all(struct client_candidates *cands)
{
	for (size_t i = 0; i < RSP_COUNT(cands->links->slot); i++)
		if (rsp_client_link_is_attempt(&cands->links->slot[i]))
			expire_attempt(cands, &cands->links->slot[i]);
}

void
rsp_client_attempt_drop_all(struct client_candidates *cands, const struct client_link *keep)
{
	for (size_t i = 0; i < RSP_COUNT(cands->links->slot); i++) {
		struct client_link *link = &cands->links->slot[i];

		if (rsp_client_link_is_attempt(link) && link != keep)
			rsp_client_link_close(cands->links, link);
	}
}

bool
rsp_client_attempt_any(const struct client_candidates *cands)
{
	for (size_t i = 0; i < RSP_COUNT(cands->links->slot); i++)
		if (rsp_client_link_is_attempt(&cands->links->slot[i]))
			return true;
	return false;
}

static struct places
count_places(const struct client_candidates *cands)
{
	struct places places = { .next_silent_ms = { RSP_NEVER, RSP_NEVER } };
	uint64_t now = cands->core->now;

	for (size_t i = 0; i < RSP_COUNT(cands->links->slot); i++) {
		const struct client_link *link = &cands->links->slot[i];
		bool is_attempt = rsp_client_link_is_attempt(link);
		const struct client_candidate *cand = rsp_client_candidate_of(cands, link);

		if (!cand || (!is_attempt && link->state != LINK_UP))
			continue;
		unsigned kind = cand->hint != NULL;
		uint64_t silent_ms = is_attempt ? link->dialled_ms + patience_ms(cands) : RSP_NEVER;
		places.all[kind]++;
		places.fresh[kind] += silent_ms > now;
		if (silent_ms > now && silent_ms < places.next_silent_ms[kind])
			places.next_silent_ms[kind] = silent_ms;
	}
	return places;
}

/* When the attempt @link may be ended to make room for another attempt. A registrar may be
 * slow, so the time doubles after each failure. */
static uint64_t
end_of(const struct client_candidates *cands, const struct client_link *link, unsigned rounds)
{
	const struct client_candidate *cand = rsp_client_candidate_of(cands, link);
	unsigned failures = cand->hint ? cand->hint->failures : rounds;
	unsigned most = cand->hint ? HINT_FAILURES_MAX : ROUNDS_MAX;

	return link->dialled_ms + (patience_ms(cands) << (failures < most ? failures : most));
}

/* The attempt of one kind (announced or configured) that is ended first to make room. NULL: there is none. */
static struct client_link *
first_to_end(struct client_candidates *cands, bool announced, unsigned rounds)
{
	struct client_link *first = NULL;

	for (size_t i = 0; i < RSP_COUNT(cands->links->slot); i++) {
		struct client_link *link = &cands->links->slot[i];

		if (!rsp_client_link_is_attempt(link) ||
		    (rsp_client_candidate_of(cands, link)->hint != NULL) != announced)
			continue;
		if (!first || end_of(cands, link, rounds) < end_of(cands, first, rounds))
			first = link;
	}
	return first;
}

uint64_t
rsp_client_attempt_room(struct client_candidates *cands, bool announced, unsigned rounds)
{
	bool others_wait = announced ? rsp_client_candidate_next(cands) != NULL
				     : rsp_client_candidate_any_hint_ready(cands);
	uint64_t now = cands->core->now;

	for (;;) { /* at most RSP_CLIENT_ATTEMPTS_MAX + 1 times: each pass but the last ends an attempt */
		struct places p = count_places(cands);
		uint64_t at_ms = 0;

		if (p.fresh[0] + p.fresh[1] >= RSP_CLIENT_PARALLEL)
			at_ms = p.next_silent_ms[0] < p.next_silent_ms[1] ? p.next_silent_ms[0] : p.next_silent_ms[1];
		if (others_wait && p.fresh[announced] >= RSP_CLIENT_PARALLEL - 1 && p.next_silent_ms[announced] > at_ms)
			at_ms = p.next_silent_ms[announced];
		if (at_ms)
			return at_ms == RSP_NEVER ? RSP_NEVER : at_ms - now;
		if (p.all[0] + p.all[1] < RSP_CLIENT_ATTEMPTS_MAX && !(others_wait && p.all[announced] >= SHARE))
			return 0;
		/* Any host can announce addresses that never answer. So attempts at announced addresses are ended
		 * before attempts at configured addresses. */
		struct client_link *late =
			first_to_end(cands, p.all[1] > (announced ? 0U : RSP_CLIENT_PARALLEL), rounds);
		if (!late)
			return RSP_NEVER;
		uint64_t end_ms = end_of(cands, late, rounds);
		if (end_ms > now)
			return end_ms - now;
		expire_attempt(cands, late);
	}
}
