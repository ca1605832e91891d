#include "engine/registrar/registrar_priv.h"

void
rsp_registrar_send(struct rsp_registrar *r, uint32_t link, const struct rsp_message *msg)
{
	size_t size;

	if (rsp_message_encode(msg, r->out, sizeof(r->out), &size)) {
		/* a handle that nearly fills its message leaves no room for the cause: then the cause alone */
		static const uint8_t cause[] = { 0, RSP_CAUSE_INVALID_VALUES, 0, 4 };
		const struct rsp_message error = { .protocol = RSP_ASAP,
						   .type = ASAP_ERROR,
						   .has = RSP_HAS_ERROR,
						   .error = { .p = cause, .n = sizeof(cause) } };

		if (rsp_message_encode(&error, r->out, sizeof(r->out), &size))
			return;
	}
	r->stats.sent++;
	r->ops->send(r->ctx, link, rsp_bytes_of(r->out, size));
}

/* Whether @event about @account is recorded; the first that is too much becomes the record of that. */
static bool
may_complain(struct rsp_registrar *r, struct rsp_account *account, struct rsp_event *event)
{
	bool muted = account->muted;

	account->muted = !rsp_account_pay(account, RSP_TOLL_COMPLAINT, &r->config.complaints, r->now_ms);
	if (!account->muted)
		return true;
	r->stats.unrecorded++;
	*event = (struct rsp_event){ .kind = RSP_EVENT_LIMIT, .cause = RSP_CAUSE_NONE, .reason = "records" };
	return !muted;
}

void
rsp_registrar_record(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_event event)
{
	bool wrong = event.kind == RSP_EVENT_REFUSED || event.kind == RSP_EVENT_MALFORMED ||
		     event.kind == RSP_EVENT_LIMIT || event.kind == RSP_EVENT_PE_CONTESTED ||
		     event.kind == RSP_EVENT_PE_REPORTED;

	if (wrong && link && link->account && !may_complain(r, link->account, &event))
		return;
	if (link && !event.identity) {
		event.identity = link->info.identity;
		event.role = link->info.role;
		event.remote = link->info.remote;
		event.remote_port = link->info.remote_port;
	}
	r->ops->record(r->ctx, &event);
}

#define LATE_MS 50

/* A timer that goes off so late does so because we were stopped, or have too much to do. What elements and peers have
 * said in the meantime may be yet to be read. Who is always late holds the dead for dead all the same. */
struct rsp_timer *
rsp_registrar_due(struct rsp_registrar *r, struct rsp_wheel *wheel)
{
	struct rsp_timer *timer = rsp_wheel_expired(wheel, r->now_ms);
	bool again = r->now_ms > r->spared_ms + r->config.keepalive_timeout_ms;

	if (timer && r->now_ms > timer->deadline_ms + LATE_MS && (!r->spared_ms || again))
		r->spared_ms = r->now_ms + r->config.keepalive_timeout_ms / 2;
	return timer;
}
