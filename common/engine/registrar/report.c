#include <stdio.h>
#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"

/* Reports of elements that users cannot reach: RFC 5352 s.3.5. A report never removes an element that answers: it makes
 * the registrar ask, and an answer clears all reports (RFC 5355 s.2.13). */

/* Note that @link reports @e. False if its identity, or its source address, has done so since the element answered last;
 * or if enough have. */
static bool
note_reporter(const struct rsp_registrar *r, struct rsp_element *e, const struct rsp_link *link)
{
	const struct rsp_reporter *reporters = e->reporters;

	for (unsigned i = 0; i < e->bad_reports; i++)
		if (reporters[i].account == link->account->id)
			return false;
	struct rsp_reporter *grown = e->bad_reports <= r->config.max_bad_pe_report
					     ? reallocarray(e->reporters, e->bad_reports + 1U, sizeof(*grown))
					     : NULL;
	if (!grown)
		return false;
	e->reporters = grown;
	grown += e->bad_reports++;
	*grown = (struct rsp_reporter){ .account = link->account->id,
					.role = link->info.role,
					.remote = link->info.remote,
					.remote_port = link->info.remote_port };
	(void)snprintf(grown->identity, sizeof(grown->identity), "%s", link->info.identity ? link->info.identity : "");
	return true;
}

/* Ask @e. Returns the reason for the record; NULL: this reporter is recorded already. */
static const char *
reported(struct rsp_registrar *r, struct rsp_element *e, const struct rsp_link *link)
{
	bool ours = e && rsp_element_home_id(e) == r->config.server_id;

	if (!e)
		return "unknown-element";
	bool again = ours && !note_reporter(r, e, link);
	if (ours && e->link)
		rsp_asap_keep_alive_soon(r, r->now_ms, e);
	else if (!rsp_look_begin(r, e))
		return "too-many-asked";
	return again ? NULL : "asked";
}

void
rsp_asap_unreachable(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_element *e = rsp_element_find(r->space, rsp_pool_find(r->space, msg->handle), msg->pe_id);
	struct rsp_event event = { .kind = RSP_EVENT_LIMIT,
				   .message_type = msg->type,
				   .handle = msg->handle,
				   .pe_id = msg->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = "reports" };

	if (!r->config.insecure && !link->info.secure) { /* there is no answer in which to say so */
		event.kind = RSP_EVENT_REFUSED;
		event.cause = RSP_CAUSE_SECURITY;
		event.reason = "plain-text";
		r->stats.refused++;
		rsp_registrar_record(r, link, event);
		return;
	}
	if (!rsp_account_pay(link->account, RSP_TOLL_REPORT, &r->config.reports, now_ms)) {
		rsp_registrar_record(r, link, event);
		return;
	}
	r->stats.reports++;
	event.kind = RSP_EVENT_PE_REPORTED;
	event.reason = reported(r, e, link);
	if (event.reason)
		rsp_registrar_record(r, link, event);
}
