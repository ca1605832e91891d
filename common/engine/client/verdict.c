#include <stdio.h>
#include <string.h>

#include "engine/client/priv.h"

/* What people are told of servers, and of why none of them was of use. */

void
rsp_client_server_text(const char *name, const char *host, const struct rsp_ip *ip, uint16_t port,
		       char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	char address[RSP_IP_TEXT_MAX];

	rsp_ip_format(ip, address);
	if (*address)
		host = address;
	/* a name with a colon in it is an address that stands for one */
	bool named = *name && !strchr(name, ':') && strcmp(name, host) != 0;
	bool v6 = strchr(host, ':') != NULL;
	(void)snprintf(out, RSP_CLIENT_SERVER_TEXT_MAX, "%s%s%s%s%s:%u", named ? name : "", named ? "@" : "",
		       v6 ? "[" : "", host, v6 ? "]" : "", (unsigned)port);
}

const char *
rsp_client_link_text(const struct rsp_client *c, const struct client_link *link,
		     char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	if (!link->dialled) /* where it dialled us from is nowhere to be reached */
		return link->name;
	const struct client_candidate *cand = &c->candidates[link->candidate];
	const struct rsp_client_server *server = &c->servers[cand->server];
	struct rsp_ip ip = cand->ip < server->n_ips ? server->ip[cand->ip] : (struct rsp_ip){ 0 };

	rsp_client_server_text(link->name, server->host, &ip, server->port, out);
	return out;
}

/* Append to the text @to of @cap octets what fits. */
static size_t
append(char *to, size_t at, size_t cap, const char *text)
{
	size_t n = strlen(text), room = cap - 1 - at;

	n = n < room ? n : room;
	memcpy(to + at, text, n);
	to[at + n] = '\0';
	return at + n;
}

/* The newest attempt at the server @i, or that there was none that ended. False if it was not tried. */
static bool
newest(const struct rsp_client *c, unsigned i, struct rsp_client_attempt *ret)
{
	const struct client_attempt *attempt = &c->attempts[i];
	const struct rsp_client_server *server = &c->servers[i];

	if (!attempt->used && !attempt->a.tries)
		return false;
	*ret = attempt->a;
	if (!attempt->used) {
		*ret = (struct rsp_client_attempt){ .name = server->name, .host = server->host, .port = server->port };
		ret->ip = server->n_ips ? server->ip[0] : (struct rsp_ip){ 0 };
		ret->err = RSP_ETIMEOUT;
		(void)snprintf(ret->reason, sizeof ret->reason, "no connection in time");
	} else if (!ret->err) { /* it was usable once */
		(void)snprintf(ret->reason, sizeof ret->reason, "no answer in time");
	}
	return true;
}

enum rsp_err
rsp_client_verdict(const struct rsp_client *c, struct rsp_why *why)
{
	char server[RSP_CLIENT_SERVER_TEXT_MAX], reasons[RSP_REASON_MAX] = "", first[RSP_REASON_MAX];
	enum rsp_err auth = RSP_OK, other = RSP_OK, absent = RSP_OK;
	struct rsp_client_attempt attempt;
	size_t at = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < rsp_client_count_servers(c); i++) {
		if (!newest(c, i, &attempt))
			continue;
		enum rsp_err err = attempt.err;
		rsp_client_server_text(attempt.name, attempt.host, &attempt.ip, attempt.port, server);
		if (n++ == 0)
			(void)snprintf(first, sizeof first, "%s", attempt.reason);
		at = append(reasons, at, sizeof reasons, n > 1 ? "; " : "");
		at = append(reasons, at, sizeof reasons, server);
		at = append(reasons, at, sizeof reasons, ": ");
		at = append(reasons, at, sizeof reasons, attempt.reason);
		if (rsp_err_exit(err) == rsp_err_exit(RSP_EAUTH))
			auth = auth ? auth : err;
		else if (!err || rsp_err_exit(err) == rsp_err_exit(RSP_EUNREACHABLE))
			absent = !err ? RSP_ETIMEOUT : !absent || absent == err ? err : RSP_EUNREACHABLE;
		else
			other = other ? other : err;
	}
	if (n == 0 && c->hints)
		return rsp_fail(why, RSP_ETIMEOUT, "registrar",
				c->announcements ? "none was announced that could be tried" : "none was heard in time");
	if (n == 0)
		return rsp_fail(why, RSP_ETIMEOUT, "registrar", "none was tried in time");
	return rsp_fail(why, other ? other : auth ? auth : absent, n == 1 ? server : "registrars", "%s",
			n == 1 ? first : reasons);
}
