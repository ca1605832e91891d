#include "engine/client/verdict.h"

#include <stdio.h>
#include <string.h>

const char *
rsp_client_verdict_link_text(const struct client_candidates *cands, const struct client_link *link,
			     char out[static RSP_CLIENT_SERVER_TEXT_MAX])
{
	const struct client_candidate *cand = rsp_client_candidate_of(cands, link);

	if (!cand) /* a registrar dialled this client: its source address cannot be dialled */
		return link->name;
	const struct rsp_client_server *server = rsp_client_candidate_server(cands, cand);
	struct rsp_ip ip = rsp_client_candidate_ip(cands, cand);

	rsp_client_server_text(link->name, server->host, &ip, server->port, out);
	return out;
}

/* Append @text to the text @to, which has the length @at and room for @cap octets with its NUL; cut it off if it does
 * not fit. Returns the new length. */
static size_t
append_text(char *to, size_t at, size_t cap, const char *text)
{
	size_t n = strlen(text), room = cap - 1 - at;

	n = n < room ? n : room;
	memcpy(to + at, text, n);
	to[at + n] = '\0';
	return at + n;
}

enum rsp_err
rsp_client_verdict_of(const struct client_candidates *cands, struct rsp_why *why)
{
	char server[RSP_CLIENT_SERVER_TEXT_MAX], reasons[RSP_REASON_MAX] = "", first[RSP_REASON_MAX];
	enum rsp_err auth = RSP_OK, other = RSP_OK, absent = RSP_OK;
	struct rsp_client_attempt attempt;
	size_t at = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < cands->n_rows; i++) {
		if (!rsp_client_candidate_newest(cands, i, &attempt))
			continue;
		enum rsp_err err = attempt.err;
		rsp_client_server_text(attempt.name, attempt.host, &attempt.ip, attempt.port, server);
		if (n++ == 0)
			(void)snprintf(first, sizeof first, "%s", attempt.reason);
		at = append_text(reasons, at, sizeof reasons, n > 1 ? "; " : "");
		at = append_text(reasons, at, sizeof reasons, server);
		at = append_text(reasons, at, sizeof reasons, ": ");
		at = append_text(reasons, at, sizeof reasons, attempt.reason);
		if (rsp_err_exit(err) == rsp_err_exit(RSP_EAUTH))
			auth = auth ? auth : err;
		else if (!err || rsp_err_exit(err) == rsp_err_exit(RSP_EUNREACHABLE))
			absent = !err ? RSP_ETIMEOUT : !absent || absent == err ? err : RSP_EUNREACHABLE;
		else
			other = other ? other : err;
	}
	if (n == 0 && cands->hints)
		return rsp_fail(why, RSP_ETIMEOUT, "registrar",
				cands->heard ? "no announced registrar could be tried: check --discover, or name a "
					       "registrar with -s HOST:PORT"
					     : "no announcement was heard in time: check --discover, or name a "
					       "registrar with -s HOST:PORT");
	if (n == 0)
		return rsp_fail(why, RSP_ETIMEOUT, "registrar",
				"no registrar was tried in time: give a longer --timeout");
	return rsp_fail(why,
			other  ? other
			: auth ? auth
			       : absent,
			n == 1 ? server : "registrars", "%s", n == 1 ? first : reasons);
}
