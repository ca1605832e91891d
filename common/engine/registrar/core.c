#include "engine/registrar/core.h"

#include <stdio.h>

#include "engine/registrar/link.h"

void
rsp_core_send_octets(struct rsp_core *core, uint32_t link, struct rsp_bytes message)
{
	core->stats.sent++;
	core->ops->send(core->ctx, link, message);
}

void
rsp_core_send(struct rsp_core *core, uint32_t link, const struct rsp_message *msg)
{
	size_t size;

	if (rsp_message_encode(msg, core->out, sizeof(core->out), &size)) {
		/* A pool handle may be so long that handle and error cause do not fit into one message. Then send an
		 * ASAP_ERROR with the cause alone. */
		static const uint8_t cause[] = { 0, RSP_CAUSE_INVALID_VALUES, 0, 4 };
		const struct rsp_message error = { .protocol = RSP_ASAP,
						   .type = ASAP_ERROR,
						   .has = RSP_HAS_ERROR,
						   .error = { .p = cause, .n = sizeof(cause) } };

		if (rsp_message_encode(&error, core->out, sizeof(core->out), &size))
			return;
	}
	rsp_core_send_octets(core, link, rsp_bytes_of(core->out, size));
}

/* Whether to record @event about @account. The first event over the rate is
 * replaced by a record that the rate was exceeded. */
static bool
may_complain(struct rsp_core *core, struct rsp_account *account, struct rsp_event *event)
{
	bool muted = account->muted;

	account->muted = !rsp_account_pay(account, RSP_TOLL_COMPLAINT, &core->config.complaints, core->now_ms);
	if (!account->muted)
		return true;
	core->stats.unrecorded++;
	*event = (struct rsp_event){ .kind = RSP_EVENT_LIMIT, .cause = RSP_CAUSE_NONE, .reason = RSP_REASON_RECORDS };
	return !muted;
}

/* Whether the other side can cause as many records such as @event as it likes. */
static bool
is_complaint(const struct rsp_event *event)
{
	return event->kind == RSP_EVENT_REFUSED || event->kind == RSP_EVENT_MALFORMED || event->kind == RSP_EVENT_LIMIT ||
	       event->kind == RSP_EVENT_PE_CONTESTED || event->kind == RSP_EVENT_PE_REPORTED ||
	       event->kind == RSP_EVENT_PE_MOVED || (event->kind == RSP_EVENT_PE_REMOVED && event->peer_id);
}

/* The account of the side that caused @event: that of @link; without one, that of the peer. NULL: none. */
static struct rsp_account *
find_culprit(struct rsp_core *core, const struct rsp_link *link, const struct rsp_event *event)
{
	char name[sizeof("@peer 00000000")]; /* addresses begin with "@", too, but go on with a digit or ":" */

	if (link || !event->peer_id)
		return link ? link->account : NULL;
	(void)snprintf(name, sizeof(name), "@peer %08x", (unsigned)event->peer_id);
	return rsp_account_get(&core->accounts, &core->key, rsp_bytes_str(name));
}

void
rsp_core_record(struct rsp_core *core, const struct rsp_link *link, struct rsp_event event)
{
	struct rsp_account *culprit = is_complaint(&event) ? find_culprit(core, link, &event) : NULL;

	if (culprit && !may_complain(core, culprit, &event))
		return;
	if (link && !event.identity) {
		event.identity = link->info.identity;
		event.role = link->info.role;
		event.remote = link->info.remote;
		event.remote_port = link->info.remote_port;
	}
	core->ops->record(core->ctx, &event);
}

void
rsp_core_bury(struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
	      const struct rsp_statement *removal, uint32_t home_id)
{
	enum rsp_err err = rsp_tomb_put(&core->tombs, handle, pe_id, owner, removal, home_id,
					core->now_ms + core->config.tombstone_ms);

	(void)err;
}

#define LATE_MS 50

struct rsp_timer *
rsp_core_expired(struct rsp_core *core, struct rsp_wheel *wheel)
{
	struct rsp_timer *timer = rsp_wheel_expired(wheel, core->now_ms);
	/* Between two pauses there is time without pause: so a registrar whose timers are
	 * always late still detects dead elements. */
	bool again = core->now_ms > core->liveness_paused_until_ms + core->config.keepalive_timeout_ms;

	if (timer && core->now_ms > timer->deadline_ms + LATE_MS && (!core->liveness_paused_until_ms || again))
		core->liveness_paused_until_ms = core->now_ms + core->config.keepalive_timeout_ms / 2;
	return timer;
}
