#include "engine/client/candidate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client_result {
	struct rsp_client_attempt attempt; /* .tries counts all dials, also of attempts that have not ended */
	bool has_ended;
};

/* Copy @n servers to @to, which is zeroed. On failure, the caller frees @to with free_servers(). */
static enum rsp_err
copy_servers(struct rsp_client_server *to, const struct rsp_client_server *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *name = from[i].name ? from[i].name : from[i].host;
		const char *host = from[i].host ? from[i].host : from[i].name;

		if (!name || !host)
			return RSP_EUSAGE;
		to[i] = from[i];
		to[i].name = strdup(name);
		to[i].host = strdup(host);
		if (!to[i].name || !to[i].host)
			return RSP_ENOMEM;
	}
	return RSP_OK;
}

static void
free_servers(struct rsp_client_server *servers, unsigned n)
{
	for (unsigned i = 0; servers && i < n; i++) {
		union {
			const char *c;
			char *p;
		} name = { servers[i].name }, host = { servers[i].host };

		free(name.p);
		free(host.p);
	}
	free(servers);
}

static enum rsp_err
hints_new(const struct rsp_client_config *config, struct client_hints **ret)
{
	unsigned n = config->n_registrars;

	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return RSP_ENOMEM;
	(*ret)->registrars = calloc(n ? n : 1, sizeof *(*ret)->registrars);
	if (!(*ret)->registrars)
		return RSP_ENOMEM;
	(*ret)->n_registrars = n;
	(*ret)->timer.kind = TIMER_ANNOUNCED;
	for (size_t i = 0; i < RSP_COUNT((*ret)->hint); i++)
		(*ret)->hint[i].news.kind = NEWS_HINT;
	return copy_servers((*ret)->registrars, config->registrars, n);
}

/* Fill the configured part of the list: the first address of each server comes before the second address of any server,
 * so that the first three attempts go to three servers. Then fill the part of the hints. */
static void
fill_list(struct client_candidates *cands)
{
	unsigned n = cands->n_servers, most_ips = 0;

	for (unsigned i = 0; i < n; i++)
		most_ips = cands->servers[i].n_ips > most_ips ? cands->servers[i].n_ips : most_ips;
	for (unsigned ip = 0; ip == 0 || ip < most_ips; ip++)
		for (unsigned i = 0; i < n; i++)
			if (ip == 0 || ip < cands->servers[i].n_ips)
				cands->list[cands->n_configured++] =
					(struct client_candidate){ .server = i, .ip = ip };
	cands->n_all = cands->n_configured;
	for (unsigned i = 0; cands->hints && i < CLIENT_HINT_SLOTS; i++)
		cands->list[cands->n_all++] =
			(struct client_candidate){ .server = n + i, .hint = &cands->hints->hint[i] };
}

/* Allocate and fill all of the table except @hints. On failure, the caller frees with free_table(). */
static enum rsp_err
table_init(struct client_candidates *cands, const struct rsp_client_server *servers, unsigned n)
{
	cands->n_rows = n + (cands->hints ? CLIENT_HINT_SLOTS : 0);
	cands->servers = calloc(cands->n_rows, sizeof *cands->servers);
	cands->results = calloc(cands->n_rows, sizeof *cands->results);
	cands->shown = calloc(cands->n_rows, sizeof *cands->shown);
	cands->list = calloc((size_t)cands->n_rows * RSP_CLIENT_SERVER_IPS_MAX, sizeof *cands->list);
	if (!cands->servers || !cands->results || !cands->shown || !cands->list)
		return RSP_ENOMEM;
	cands->n_servers = n;
	if (copy_servers(cands->servers, servers, n))
		return RSP_ENOMEM;
	fill_list(cands);
	cands->cursor = cands->core->config.shuffle ? (unsigned)rsp_rng_below(&cands->core->rng, n) : 0;
	return RSP_OK;
}

static void
free_table(struct client_candidates *cands)
{
	free_servers(cands->servers, cands->n_servers);
	free(cands->results);
	free(cands->shown);
	free(cands->list);
}

enum rsp_err
rsp_client_candidate_init(struct client_candidates *cands, struct client_core *core, struct client_links *links)
{
	struct rsp_client_config *config = &core->config;
	enum rsp_err err = RSP_OK;

	cands->core = core;
	cands->links = links;
	if (config->discover)
		err = hints_new(config, &cands->hints);
	if (!err)
		err = table_init(cands, config->servers, config->n_servers);
	/* the arrays belong to the caller; from now on only the copies are used */
	config->servers = config->registrars = NULL;
	return err;
}

void
rsp_client_candidate_done(struct client_candidates *cands)
{
	free_table(cands);
	if (cands->hints)
		free_servers(cands->hints->registrars, cands->hints->n_registrars);
	free(cands->hints);
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool
same_server(const struct rsp_client_server *a, const struct rsp_client_server *b)
{
	if (a->n_ips != b->n_ips || a->port != b->port)
		return false;
	for (unsigned i = 0; i < a->n_ips; i++)
		if (!rsp_ip_equal(&a->ip[i], &b->ip[i]))
			return false;
	return same_text(a->name ? a->name : a->host, b->name ? b->name : b->host) &&
	       same_text(a->host ? a->host : a->name, b->host ? b->host : b->name);
}

bool
rsp_client_candidate_same(const struct client_candidates *cands, const struct rsp_client_server *servers, unsigned n)
{
	bool same = n == cands->n_servers;

	for (unsigned i = 0; same && i < n; i++)
		same = same_server(&cands->servers[i], &servers[i]);
	return same;
}

/* The number in the table @now of the address with the number @was in the table @old;
 * CLIENT_NO_CANDIDATE: @now does not have it. */
static uint32_t
new_number(const struct client_candidates *now, const struct client_candidates *old, uint32_t was)
{
	const struct client_candidate *cand = &old->list[was];

	if (cand->hint)
		return was - old->n_configured + now->n_configured;
	for (uint32_t i = 0; i < now->n_configured; i++)
		if (now->list[i].ip == cand->ip &&
		    same_server(&now->servers[now->list[i].server], &old->servers[cand->server]))
			return i;
	return CLIENT_NO_CANDIDATE;
}

/* Copy the data about announced addresses from @old to @now, and give each link the new number of its address. */
static void
carry_over(struct client_candidates *now, const struct client_candidates *old)
{
	for (unsigned i = 0; now->hints && i < CLIENT_HINT_SLOTS; i++) {
		now->servers[now->n_servers + i] = old->servers[old->n_servers + i];
		now->results[now->n_servers + i] = old->results[old->n_servers + i];
		now->list[now->n_configured + i].next_try_ms = old->list[old->n_configured + i].next_try_ms;
	}
	for (size_t i = 0; i < RSP_COUNT(now->links->slot); i++) {
		struct client_link *link = &now->links->slot[i];

		if (link->state != LINK_FREE && link->candidate != CLIENT_NO_CANDIDATE)
			link->candidate = new_number(now, old, link->candidate);
	}
}

enum rsp_err
rsp_client_candidate_replace(struct client_candidates *cands, const struct rsp_client_server *servers, unsigned n)
{
	struct client_candidates old = *cands;

	*cands = (struct client_candidates){ .core = old.core, .links = old.links, .hints = old.hints,
					     .heard = old.heard, .dropped = old.dropped };
	enum rsp_err err = table_init(cands, servers, n);
	if (err) {
		free_table(cands);
		*cands = old;
		return err;
	}
	carry_over(cands, &old);
	free_table(&old);
	return RSP_OK;
}

uint32_t
rsp_client_candidate_number(const struct client_candidates *cands, const struct client_candidate *cand)
{
	return (uint32_t)(cand - cands->list);
}

struct client_candidate *
rsp_client_candidate_of(const struct client_candidates *cands, const struct client_link *link)
{
	return link->candidate == CLIENT_NO_CANDIDATE ? NULL : &cands->list[link->candidate];
}

struct rsp_client_server *
rsp_client_candidate_server(const struct client_candidates *cands, const struct client_candidate *cand)
{
	return &cands->servers[cand->server];
}

struct rsp_ip
rsp_client_candidate_ip(const struct client_candidates *cands, const struct client_candidate *cand)
{
	const struct rsp_client_server *server = &cands->servers[cand->server];

	return cand->ip < server->n_ips ? server->ip[cand->ip] : (struct rsp_ip){ 0 };
}

struct client_candidate *
rsp_client_candidate_of_hint(const struct client_candidates *cands, const struct client_hint *hint)
{
	return &cands->list[cands->n_configured + (unsigned)(hint - cands->hints->hint)];
}

void
rsp_client_candidate_begin_round(struct client_candidates *cands)
{
	const struct client_link *home = cands->links->home;

	for (unsigned i = 0; i < cands->n_configured; i++) {
		const char *name = cands->servers[cands->list[i].server].name;
		bool at_home = home && strcmp(home->name, name) == 0;

		cands->list[i].next_try_ms = at_home ? RSP_NEVER : 0;
	}
}

struct client_candidate *
rsp_client_candidate_next(const struct client_candidates *cands)
{
	for (unsigned i = 0; i < cands->n_configured; i++) {
		struct client_candidate *cand = &cands->list[(cands->cursor + i) % cands->n_configured];

		if (cand->next_try_ms <= cands->core->now)
			return cand;
	}
	return NULL;
}

/* Whether the announced address @cand leads to the home: it has the name of the home,
 * or the address that was dialled for the home. */
static bool
leads_to_home(const struct client_candidates *cands, const struct client_candidate *cand)
{
	const struct client_link *home = cands->links->home;
	const struct client_candidate *dialled = home ? rsp_client_candidate_of(cands, home) : NULL;

	if (home && strcmp(home->name, cand->hint->label) == 0)
		return true;
	if (!dialled)
		return false;
	struct rsp_ip ip = rsp_client_candidate_ip(cands, cand), home_ip = rsp_client_candidate_ip(cands, dialled);
	return cands->servers[dialled->server].port == cands->servers[cand->server].port && home_ip.family &&
	       rsp_ip_equal(&home_ip, &ip);
}

bool
rsp_client_candidate_hint_ready(const struct client_candidates *cands, const struct client_candidate *cand)
{
	const struct client_hint *hint = cand->hint;
	uint64_t now = cands->core->now;

	return hint->state == HINT_KNOWN && hint->expires_ms > now && cand->next_try_ms <= now &&
	       !rsp_client_link_uses(cands->links, rsp_client_candidate_number(cands, cand)) &&
	       !leads_to_home(cands, cand);
}

bool
rsp_client_candidate_any_hint_ready(const struct client_candidates *cands)
{
	for (unsigned i = cands->n_configured; i < cands->n_all; i++)
		if (rsp_client_candidate_hint_ready(cands, &cands->list[i]))
			return true;
	return false;
}

bool
rsp_client_candidate_is_worse(const struct client_hint *a, const struct client_hint *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->failures > b->failures;
}

struct client_candidate *
rsp_client_candidate_best_hint(struct client_candidates *cands)
{
	struct client_candidate *best = NULL;
	unsigned n_equal = 0;

	for (unsigned i = cands->n_configured; i < cands->n_all; i++) {
		struct client_candidate *cand = &cands->list[i];

		if (!rsp_client_candidate_hint_ready(cands, cand) ||
		    (best && rsp_client_candidate_is_worse(cand->hint, best->hint)))
			continue;
		if (!best || rsp_client_candidate_is_worse(best->hint, cand->hint))
			n_equal = 0;
		n_equal++;
		if (n_equal == 1 || rsp_rng_below(&cands->core->rng, n_equal) == 0)
			best = cand;
	}
	return best;
}

void
rsp_client_candidate_reset(struct client_candidates *cands, struct client_candidate *cand)
{
	cand->next_try_ms = 0;
	cands->results[cand->server] = (struct client_result){ 0 };
}

void
rsp_client_candidate_dialled(struct client_candidates *cands, struct client_candidate *cand)
{
	cands->results[cand->server].attempt.tries++;
	if (cand->hint)
		return;
	cand->next_try_ms = RSP_NEVER;
	cands->cursor = (rsp_client_candidate_number(cands, cand) + 1) % cands->n_configured;
}

struct rsp_client_attempt
rsp_client_candidate_result(const struct client_candidates *cands, const struct client_candidate *cand,
			    enum rsp_client_step step, const struct rsp_why *why)
{
	const struct rsp_client_server *server = &cands->servers[cand->server];
	struct rsp_client_attempt attempt = {
		.server = cand->server,
		.name = server->name,
		.host = server->host,
		.port = server->port,
		.ip = rsp_client_candidate_ip(cands, cand),
		.step = step,
		.err = why->err,
		.tries = cands->results[cand->server].attempt.tries,
	};

	memcpy(attempt.reason, why->reason, sizeof attempt.reason);
	return attempt;
}

void
rsp_client_candidate_ended(struct client_candidates *cands, struct client_candidate *cand, enum rsp_client_step step,
			   const struct rsp_why *why, uint64_t base_ms)
{
	struct client_core *core = cands->core;
	struct client_hint *hint = cand->hint;

	cands->results[cand->server] = (struct client_result){
		.attempt = rsp_client_candidate_result(cands, cand, step, why),
		.has_ended = true,
	};
	if (!why->err || !hint)
		return;
	uint64_t wait_ms = base_ms << (hint->failures < 16 ? hint->failures : 16);
	uint64_t cap_ms = core->config.timers.t5_serverhunt_ms;
	hint->failures++;
	cand->next_try_ms = core->now + rsp_rng_jitter(&core->rng, wait_ms < cap_ms ? wait_ms : cap_ms, 25);
}

bool
rsp_client_candidate_newest(const struct client_candidates *cands, unsigned row, struct rsp_client_attempt *ret)
{
	const struct client_result *result = &cands->results[row];
	const struct rsp_client_server *server = &cands->servers[row];

	if (!result->has_ended && !result->attempt.tries)
		return false;
	*ret = result->attempt;
	if (!result->has_ended) {
		*ret = (struct rsp_client_attempt){ .name = server->name, .host = server->host, .port = server->port };
		ret->ip = server->n_ips ? server->ip[0] : (struct rsp_ip){ 0 };
		ret->err = RSP_ETIMEOUT;
		(void)snprintf(ret->reason, sizeof ret->reason, "no connection in time");
	} else if (!ret->err) { /* the attempt succeeded, but no answer arrived */
		(void)snprintf(ret->reason, sizeof ret->reason, "no answer in time");
	}
	return true;
}

const struct rsp_client_attempt *
rsp_client_candidate_attempts(const struct client_candidates *cands, unsigned *ret_n)
{
	*ret_n = 0;
	for (unsigned i = 0; i < cands->n_rows; i++)
		if (cands->results[i].has_ended)
			cands->shown[(*ret_n)++] = cands->results[i].attempt;
	return cands->shown;
}
