#include "engine/enrp/heard.h"

#include <stdlib.h>
#include <string.h>

/* The index in @list of the first entry whose server id is @server_id or higher. */
static unsigned
place_of(const struct rsp_heard_list *list, uint32_t server_id)
{
	unsigned from = 0, to = list->n;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (list->item[middle].server_id < server_id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Insert @heard into @list, which has room for @max entries. */
static void
insert(struct rsp_heard_list *list, const struct rsp_heard *heard, size_t max)
{
	unsigned at = place_of(list, heard->server_id);

	if (heard->server_id == 0 || at >= max || rsp_heard_list_find(list, heard->server_id))
		return;
	if (list->n == max)
		list->n--; /* the highest server id goes */
	memmove(&list->item[at + 1], &list->item[at], (list->n - at) * sizeof(*list->item));
	list->item[at] = *heard;
	list->n++;
}

void
rsp_heard_list_set(struct rsp_heard_list *list, struct rsp_bytes encoded, unsigned max)
{
	size_t n = encoded.n / RSP_HEARD_SIZE, cursor = 0;
	struct rsp_heard heard;

	n = n < max ? n : max;
	rsp_heard_list_done(list);
	list->item = n ? reallocarray(NULL, n, sizeof(*list->item)) : NULL;
	while (list->item && rsp_heard_next(encoded, &cursor, &heard))
		insert(list, &heard, n);
}

void
rsp_heard_list_done(struct rsp_heard_list *list)
{
	free(list->item);
	*list = (struct rsp_heard_list){ 0 };
}

void
rsp_heard_list_remove(struct rsp_heard_list *list, uint32_t server_id)
{
	unsigned at = place_of(list, server_id);

	if (!rsp_heard_list_find(list, server_id))
		return;
	list->n--;
	memmove(&list->item[at], &list->item[at + 1], (list->n - at) * sizeof(*list->item));
}

const struct rsp_heard *
rsp_heard_list_find(const struct rsp_heard_list *list, uint32_t server_id)
{
	unsigned at = place_of(list, server_id);

	return at < list->n && list->item[at].server_id == server_id ? &list->item[at] : NULL;
}

struct rsp_bytes
rsp_heard_list_compose(const struct rsp_heard *item, unsigned n, uint8_t *room, size_t size)
{
	size_t entries = size / RSP_HEARD_SIZE;

	entries = entries < RSP_HEARD_MAX ? entries : RSP_HEARD_MAX;
	entries = entries < n ? entries : n;
	for (size_t i = 0; i < entries; i++)
		rsp_heard_write(room + i * RSP_HEARD_SIZE, &item[i]);
	return rsp_bytes_of(room, entries * RSP_HEARD_SIZE);
}

bool
rsp_relay_is_due(struct rsp_relay *relay, uint64_t listed, uint64_t stored, uint64_t now_ms, uint32_t cycle_ms)
{
	bool same = relay->requested && relay->digest == listed;

	if (listed == stored || now_ms < relay->next_ms ||
	    (same && now_ms - relay->next_ms < (RSP_RELAY_AGAIN - 1) * (uint64_t)cycle_ms))
		return false;
	*relay = (struct rsp_relay){ .requested = true, .digest = listed, .next_ms = now_ms + cycle_ms };
	return true;
}

void
rsp_relay_failed(struct rsp_relay *relay)
{
	relay->requested = false;
}
