#include "engine/client/priv.h"

/* How many attempts of the hunt are under way at a time. RFC 5352 s.3.6 SH1 allows three. A registrar that takes
 * connections and says nothing, and a firewall that swallows them, would each hold one of these places until T5, so an
 * attempt that is silent for a while holds none: as RFC 8305 s.5 does it, it goes on, and the next one begins beside
 * it. RSP_CLIENT_ATTEMPTS_MAX bounds them all. */

#define PATIENCE   4 /* staggers */
#define ROUNDS_MAX 3 /* that give attempts at configured servers more time */
#define SHARE      (RSP_CLIENT_ATTEMPTS_MAX - RSP_CLIENT_PARALLEL) /* of all places for one kind, while both kinds wait */

/* The links that were dialled, [0] to configured addresses and [1] to announced ones. */
struct places {
	unsigned all[2], fresh[2]; /* @fresh: up, or not silent yet */
	uint64_t silent_ms[2];     /* when the next of the fresh ones is silent; RSP_NEVER: none */
};

uint64_t
rsp_client_patience(const struct rsp_client *c)
{
	return PATIENCE * (uint64_t)c->config.timers.stagger_ms;
}

bool
rsp_client_under_way(const struct rsp_client *c)
{
	for (size_t i = 0; i < RSP_COUNT(c->links); i++)
		if (c->links[i].id && c->links[i].dialled && !c->links[i].up)
			return true;
	return false;
}

static struct places
take_stock(const struct rsp_client *c)
{
	struct places places = { .silent_ms = { RSP_NEVER, RSP_NEVER } };

	for (size_t i = 0; i < RSP_COUNT(c->links); i++) {
		const struct client_link *link = &c->links[i];
		unsigned kind = link->candidate >= c->n_candidates;
		uint64_t silent_ms = link->up ? RSP_NEVER : link->dialled_ms + rsp_client_patience(c);

		if (!link->id || !link->dialled)
			continue;
		places.all[kind]++;
		places.fresh[kind] += silent_ms > c->now;
		if (silent_ms > c->now && silent_ms < places.silent_ms[kind])
			places.silent_ms[kind] = silent_ms;
	}
	return places;
}

/* Until when an attempt may go on although its place is needed. A registrar may be slow, so it gets more time with each
 * failure. */
static uint64_t
end_of(const struct rsp_client *c, const struct client_link *link)
{
	const struct client_hint *hint = rsp_client_hint_of(c, link->candidate);
	unsigned failures = hint ? hint->failures : c->rounds;
	unsigned most = hint ? 16 : ROUNDS_MAX;

	return link->dialled_ms + (rsp_client_patience(c) << (failures < most ? failures : most));
}

/* The attempt at an address of @kind that has to make room first. NULL: there is none. */
static struct client_link *
first_to_end(struct rsp_client *c, unsigned kind)
{
	struct client_link *first = NULL;

	for (size_t i = 0; i < RSP_COUNT(c->links); i++) {
		struct client_link *link = &c->links[i];

		if (link->id && link->dialled && !link->up && (link->candidate >= c->n_candidates) == kind &&
		    (!first || end_of(c, link) < end_of(c, first)))
			first = link;
	}
	return first;
}

uint64_t
rsp_client_room(struct rsp_client *c, bool hint)
{
	bool others_wait = hint ? rsp_client_untried(c) : rsp_client_hints_wait(c);

	for (;;) { /* ends: each turn but the last ends an attempt */
		struct places p = take_stock(c);
		uint64_t at_ms = 0;

		if (p.fresh[0] + p.fresh[1] >= RSP_CLIENT_PARALLEL)
			at_ms = p.silent_ms[0] < p.silent_ms[1] ? p.silent_ms[0] : p.silent_ms[1];
		if (others_wait && p.fresh[hint] >= RSP_CLIENT_PARALLEL - 1 && p.silent_ms[hint] > at_ms)
			at_ms = p.silent_ms[hint];
		if (at_ms)
			return at_ms == RSP_NEVER ? RSP_NEVER : at_ms - c->now;
		if (p.all[0] + p.all[1] < RSP_CLIENT_ATTEMPTS_MAX && !(others_wait && p.all[hint] >= SHARE))
			return 0;
		/* Anybody can announce addresses that swallow everything: these make room before configured ones do. */
		struct client_link *late = first_to_end(c, p.all[1] > (hint ? 0 : RSP_CLIENT_PARALLEL));
		if (!late)
			return RSP_NEVER;
		uint64_t end_ms = end_of(c, late);
		if (end_ms > c->now)
			return end_ms - c->now;
		rsp_client_link_late(c, late);
	}
}
