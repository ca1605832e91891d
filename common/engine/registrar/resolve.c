#include "engine/registrar/resolve.h"

#include <stdlib.h>

#include "model/select.h"

#define SHORTEST_ELEMENT 32 /* least octets of a Pool Element parameter */

enum rsp_err
rsp_resolve_init(struct rsp_resolver *resolver, struct rsp_core *core)
{
	resolver->core = core;
	resolver->answer_room = RSP_MESSAGE_MAX / SHORTEST_ELEMENT;
	resolver->answer = calloc(resolver->answer_room, sizeof(struct rsp_element *));
	return resolver->answer ? RSP_OK : RSP_ENOMEM;
}

void
rsp_resolve_done(struct rsp_resolver *resolver)
{
	free(resolver->answer);
}

static void
send_error(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, uint16_t cause)
{
	uint8_t room[16];
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_HANDLE_RESOLUTION_RESPONSE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ERROR,
				   .handle = handle };

	msg.error = rsp_error_compose(cause, (struct rsp_bytes){ 0 }, room, sizeof(room));
	rsp_core_send(core, link->id, &msg);
}

static void
refuse_question(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *request, uint16_t cause,
		enum rsp_reason reason)
{
	struct rsp_event event = { .kind = cause == RSP_CAUSE_SECURITY ? RSP_EVENT_REFUSED : RSP_EVENT_LIMIT,
				   .message_type = request->type,
				   .handle = request->handle,
				   .cause = cause,
				   .reason = reason };

	core->stats.refused++;
	rsp_core_record(core, link, event);
	send_error(core, link, request->handle, cause);
}

bool
rsp_resolve_check(struct rsp_resolver *resolver, struct rsp_link *link, const struct rsp_message *msg,
		  struct rsp_question *ret)
{
	struct rsp_core *core = resolver->core;
	bool watch = msg->flags & ASAP_FLAG_SUBSCRIBE;
	uint32_t items = msg->has & RSP_HAS_ITEM_COUNT && msg->item_count ? msg->item_count : 0;

	core->stats.resolutions++;
	if (!core->config.insecure && !link->info.secure && !core->config.answer_plain_users) {
		refuse_question(core, link, msg, RSP_CAUSE_SECURITY, RSP_REASON_PLAIN_TEXT);
		return false;
	}
	if (!rsp_account_pay(link->account, RSP_TOLL_RESOLUTION, &core->config.resolutions, core->now_ms)) {
		refuse_question(core, link, msg, RSP_CAUSE_LACK_OF_RESOURCES, RSP_REASON_RATE);
		return false;
	}
	/* Without a number in the request, a subscriber gets all elements: with a
	 * selection, each update would have other elements. */
	if (items == 0)
		items = watch ? resolver->answer_room : core->config.max_items;
	*ret = (struct rsp_question){ .link = link, .handle = msg->handle, .items = items, .watch = watch };
	return true;
}

/* Send an answer with at most @items elements. It always has the pool's policy, with the values of the first element
 * (RFC 5352 s.3.3; rsplib needs it). The stored octets of the elements are copied. The answer ends before the first
 * element that does not fit into the message. */
static void
send_answer(struct rsp_resolver *resolver, const struct rsp_link *link, struct rsp_pool *pool, uint32_t items,
	    bool accepted)
{
	struct rsp_core *core = resolver->core;
	uint32_t most = items < resolver->answer_room ? items : resolver->answer_room;
	uint32_t n = rsp_select(pool, most, &core->rng, resolver->answer);
	struct rsp_wr wr = rsp_wr_init(core->out, RSP_MESSAGE_MAX - 3);
	struct rsp_mark whole = rsp_wr_msg_open(&wr, ASAP_HANDLE_RESOLUTION_RESPONSE, accepted ? ASAP_FLAG_ACCEPT : 0);
	size_t size;

	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_pool_handle(pool));
	rsp_element_policy_write(&wr, resolver->answer[0]);
	for (uint32_t i = 0; i < n; i++) {
		struct rsp_wr before = wr;

		rsp_element_write(&wr, resolver->answer[i], false);
		if (wr.err) {
			wr = before;
			break;
		}
	}
	rsp_wr_close(&wr, whole);
	if (rsp_wr_end(&wr, &size))
		return;
	rsp_core_send_octets(core, link->id, rsp_bytes_of(core->out, size));
}

void
rsp_resolve_answer(struct rsp_resolver *resolver, const struct rsp_question *q)
{
	struct rsp_core *core = resolver->core;
	struct rsp_pool *pool = rsp_pool_find(core->space, q->handle);

	if (pool)
		send_answer(resolver, q->link, pool, q->items,
			    q->watch && rsp_subscription_make(core, q->link, pool, q->items));
	else
		send_error(core, q->link, q->handle, RSP_CAUSE_UNKNOWN_POOL_HANDLE);
}

void
rsp_resolve_push(struct rsp_resolver *resolver, struct rsp_watched_pool *watched)
{
	struct rsp_subscription *s;

	if (watched->pool->n_elements == 0) /* the pool lost its last element in this turn */
		return;
	watched->pushed_ms = resolver->core->now_ms;
	LIST_FOREACH(s, &watched->subscriptions, of_pool)
		send_answer(resolver, s->link, watched->pool, s->items, true);
}

void
rsp_resolve_pool_gone(struct rsp_resolver *resolver, struct rsp_pool *pool)
{
	struct rsp_watched_pool *watched;

	while ((watched = pool->watchers)) { /* rsp_subscription_end() frees it with its last subscription */
		struct rsp_subscription *s = LIST_FIRST(&watched->subscriptions);

		send_error(resolver->core, s->link, rsp_pool_handle(pool), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
		rsp_subscription_end(resolver->core, s);
	}
}
