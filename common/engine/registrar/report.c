#include "engine/registrar/report.h"

#include <stdio.h>
#include <stdlib.h>

/* Add the other side of @link to the reporters of @m. False: not added, because this account has reported @m since the
 * element last answered, or there are enough reporters, or no memory. */
static bool
note_reporter(const struct rsp_core *core, struct rsp_member *m, const struct rsp_link *link)
{
	for (unsigned i = 0; i < m->n_reporters; i++)
		if (m->reporters[i].account == link->account->id)
			return false;
	struct rsp_reporter *grown = m->n_reporters <= core->config.max_bad_pe_report
					     ? reallocarray(m->reporters, m->n_reporters + 1U, sizeof(*grown))
					     : NULL;
	if (!grown)
		return false;
	m->reporters = grown;
	grown += m->n_reporters++;
	*grown = (struct rsp_reporter){ .account = link->account->id,
					.role = link->info.role,
					.remote = link->info.remote,
					.remote_port = link->info.remote_port };
	(void)snprintf(grown->identity, sizeof(grown->identity), "%s", link->info.identity ? link->info.identity : "");
	return true;
}

/* Send a keep-alive to the reported element. Returns the reason for the record; NONE: a
 * report of this account is recorded already. */
static enum rsp_reason
ask_reported(struct rsp_core *core, struct rsp_member *m, const struct rsp_link *link)
{
	if (!m)
		return RSP_REASON_UNKNOWN_ELEMENT;
	bool own = rsp_member_is_own(core, m), again = own && !note_reporter(core, m, link);
	rsp_look_begin(core, m, true);
	return again ? RSP_REASON_NONE : RSP_REASON_ASKED;
}

void
rsp_report_received(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_element *e = rsp_element_find(core->space, rsp_pool_find(core->space, msg->handle), msg->pe_id);
	struct rsp_event event = { .kind = RSP_EVENT_LIMIT,
				   .message_type = msg->type,
				   .handle = msg->handle,
				   .pe_id = msg->pe_id,
				   .cause = RSP_CAUSE_NONE,
				   .reason = RSP_REASON_REPORTS };

	/* the RFC has no response to this message, so the refusal is only recorded */
	if (!core->config.insecure && !link->info.secure) {
		event.kind = RSP_EVENT_REFUSED;
		event.cause = RSP_CAUSE_SECURITY;
		event.reason = RSP_REASON_PLAIN_TEXT;
		core->stats.refused++;
		rsp_core_record(core, link, event);
		return;
	}
	if (!rsp_account_pay(link->account, RSP_TOLL_REPORT, &core->config.reports, core->now_ms)) {
		rsp_core_record(core, link, event);
		return;
	}
	core->stats.reports++;
	event.kind = RSP_EVENT_PE_REPORTED;
	event.reason = ask_reported(core, e ? rsp_member(e) : NULL, link);
	if (event.reason)
		rsp_core_record(core, link, event);
}
