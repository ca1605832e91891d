#include <stdlib.h>

#include "engine/registrar/registrar_priv.h"
#include "model/select.h"

static bool
refused(const struct rsp_registrar *r, const struct rsp_link *link)
{
	return !r->config.insecure && !link->info.secure && !r->config.answer_plain_users;
}

void
rsp_resolution_error(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes handle, uint16_t cause)
{
	uint8_t room[16];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION_RESPONSE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ERROR,
				   .handle = handle };

	msg.error = rsp_error_compose(cause, (struct rsp_bytes){ 0 }, room, sizeof(room));
	rsp_registrar_send(r, link->id, &msg);
}

static void
answer_refused(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *request, uint16_t cause,
	       const char *reason)
{
	struct rsp_event event = { .kind = cause == RSP_CAUSE_SECURITY ? RSP_EVENT_REFUSED : RSP_EVENT_LIMIT,
				   .message_type = request->type,
				   .handle = request->handle,
				   .cause = cause,
				   .reason = reason };

	r->stats.refused++;
	rsp_registrar_record(r, link, event);
	rsp_resolution_error(r, link, request->handle, cause);
}

/* The overall policy is always sent, with the first element's values (RFC 5352 s.3.3; rsplib needs it). The elements
 * are copied as they are kept; the answer ends before the one that would not fit a message. */
static void
answer(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_pool *pool, uint32_t items, bool accepted)
{
	uint32_t most = items < r->answer_room ? items : r->answer_room;
	uint32_t n = rsp_select(pool, most, &r->rng, r->answer);
	struct rsp_wr wr = rsp_wr_init(r->out, RSP_MESSAGE_MAX - 3);
	struct rsp_mark whole = rsp_wr_msg_open(&wr, ASAP_HANDLE_RESOLUTION_RESPONSE, accepted ? ASAP_FLAG_ACCEPT : 0);
	size_t size;

	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(pool));
	rsp_element_policy_write(&wr, r->answer[0]);
	for (uint32_t i = 0; i < n; i++) {
		struct rsp_wr before = wr;

		rsp_element_write(&wr, r->answer[i], false);
		if (wr.err) {
			wr = before;
			break;
		}
	}
	rsp_wr_close(&wr, whole);
	if (rsp_wr_end(&wr, &size))
		return;
	r->stats.sent++;
	r->ops->send(r->ctx, link->id, rsp_bytes_of(r->out, size));
}

/* RFC 5352 s.3.3 */
void
rsp_asap_resolution(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link, const struct rsp_message *msg)
{
	struct rsp_pool *pool = rsp_pool_find(r->space, msg->handle);
	bool watch = msg->flags & ASAP_FLAG_SUBSCRIBE;
	uint32_t items = msg->has & RSP_HAS_ITEM_COUNT && msg->item_count ? msg->item_count : 0;

	/* who follows a pool wants to know all of it: a part would change with every round */
	if (items == 0)
		items = watch ? r->answer_room : r->config.max_items;

	r->stats.resolutions++;
	if (refused(r, link))
		answer_refused(r, link, msg, RSP_CAUSE_SECURITY, "plain-text");
	else if (!rsp_account_pay(link->account, RSP_TOLL_RESOLUTION, &r->config.resolutions, now_ms))
		answer_refused(r, link, msg, RSP_CAUSE_LACK_OF_RESOURCES, "rate");
	else if (pool || !rsp_hold(r, link, msg, items))
		rsp_resolution_answer(r, link, msg->handle, items, watch);
}

void
rsp_resolution_answer(struct rsp_registrar *r, struct rsp_link *link, struct rsp_bytes handle, uint32_t items,
		      bool watch)
{
	struct rsp_pool *pool = rsp_pool_find(r->space, handle);

	if (pool)
		answer(r, link, pool, items, watch && rsp_watch_subscribe(r, link, pool, items));
	else
		rsp_resolution_error(r, link, handle, RSP_CAUSE_UNKNOWN_POOL_HANDLE);
}

void
rsp_watch_push(struct rsp_registrar *r, uint64_t now_ms, struct rsp_watch *watch)
{
	watch->pushed_ms = now_ms;
	for (struct rsp_subscription *s = watch->subscriptions; s; s = s->pool_next)
		answer(r, s->link, watch->pool, s->items, true);
}
