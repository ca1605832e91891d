#include <stdlib.h>
#include <string.h>

#include "engine/client/priv.h"

/* Another list of servers, while the client works. */

/* What rsp_client_hunt_init() makes of the list. */
struct lists {
	const struct rsp_client_server *configured;
	struct rsp_client_server *servers;
	struct client_attempt *attempts;
	struct rsp_client_attempt *shown;
	struct client_candidate *candidates;
	unsigned n, n_candidates, cursor;
};

static struct lists
lists_of(const struct rsp_client *c)
{
	return (struct lists){ c->config.servers,   c->servers,	     c->attempts, c->shown, c->candidates,
			       c->config.n_servers, c->n_candidates, c->cursor };
}

static void
use(struct rsp_client *c, const struct lists *lists)
{
	c->config.servers = lists->configured;
	c->config.n_servers = lists->n;
	c->servers = lists->servers;
	c->attempts = lists->attempts;
	c->shown = lists->shown;
	c->candidates = lists->candidates;
	c->n_candidates = lists->n_candidates;
	c->cursor = lists->cursor;
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

static bool
is_same(const struct rsp_client *c, const struct rsp_client_server *servers, unsigned n)
{
	bool same = n == c->config.n_servers;

	for (unsigned i = 0; same && i < n; i++)
		same = same_server(&c->servers[i], &servers[i]);
	return same;
}

/* Where the candidate @was of @old is now; n_candidates and more are the announced ones. UINT32_MAX: nowhere. */
static unsigned
moved(const struct rsp_client *c, const struct lists *old, unsigned was)
{
	const struct client_candidate *cand = &old->candidates[was];

	if (was >= old->n_candidates)
		return was - old->n_candidates + c->n_candidates;
	for (unsigned i = 0; i < c->n_candidates; i++)
		if (c->candidates[i].ip == cand->ip &&
		    same_server(&c->servers[c->candidates[i].server], &old->servers[cand->server]))
			return i;
	return UINT32_MAX;
}

/* The addresses that announcements added, what became of attempts at them, and the home. */
static void
carry_over(struct rsp_client *c, const struct lists *old)
{
	unsigned n_hints = rsp_client_count_servers(c) - c->config.n_servers;

	for (unsigned i = 0; i < n_hints; i++) {
		c->servers[c->config.n_servers + i] = old->servers[old->n + i];
		c->attempts[c->config.n_servers + i] = old->attempts[old->n + i];
	}
	for (size_t i = 0; i < RSP_COUNT(c->links); i++) {
		struct client_link *link = &c->links[i];
		unsigned now = link->id && link->dialled ? moved(c, old, link->candidate) : 0;

		if (now == UINT32_MAX)
			link->dialled = false; /* of no server any more, as if it had dialled us; it stays in use */
		else
			link->candidate = now;
	}
}

enum rsp_err
rsp_client_set_servers(struct rsp_client *c, uint64_t now_ms, const struct rsp_client_server *servers, unsigned n)
{
	struct lists old = lists_of(c), fresh = { .configured = servers, .n = n };
	bool beside = c->home && c->hunting;

	if (n > RSP_CLIENT_SERVERS_MAX || (n == 0 && !c->config.discover))
		return RSP_EUSAGE;
	rsp_client_enter(c, now_ms);
	if (is_same(c, servers, n))
		return RSP_OK;
	rsp_client_hunt_stop(c); /* attempts under way are at old ones */
	use(c, &fresh);
	enum rsp_err err = rsp_client_hunt_init(c);
	fresh = lists_of(c);
	if (!err)
		carry_over(c, &old);
	use(c, err ? &fresh : &old); /* what goes */
	rsp_client_hunt_done(c);
	use(c, err ? &old : &fresh);
	if (beside)
		rsp_client_hunt(c);
	rsp_client_pump(c);
	return err;
}
