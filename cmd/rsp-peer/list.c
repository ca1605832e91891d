/* rsp-peer list: the registrars that one registrar knows. */
#include "ask.h"
#include "cli/message_json.h"

/* The registrar that answered. Its own answer lists only the others (RFC 5353 s.3.2.2.2). */
static json_t *
asked_json(const struct rsp_inquiry_server *server)
{
	struct rsp_server_info info = {
		.server_id = server->server_id,
		.transport = { .type = RSP_PARAM_TCP, .port = server->port },
		.name = rsp_bytes_str(server->name),
	};
	uint8_t room[RSP_ADDRS_ROOM(1)];

	rsp_transport_set_ips(&info.transport, &server->ip, 1, room);
	return rsp_server_info_json(&info);
}

static json_t *
registrars_json(const struct rsp_inquiry_server *server, const struct rsp_message *msg)
{
	json_t *list = json_array();
	struct rsp_list_item item;
	size_t cursor = 0;
	bool itself = false;

	while (rsp_list_next(msg, &cursor, &item)) {
		json_t *entry = rsp_server_info_json(&item.server_info);

		itself |= item.server_info.server_id == server->server_id;
		rsp_json_put(&entry, "asked", json_boolean(item.server_info.server_id == server->server_id));
		rsp_json_append(&list, entry);
	}
	if (!itself) {
		json_t *entry = asked_json(server);

		rsp_json_put(&entry, "asked", json_true());
		if (!entry || json_array_insert_new(list, 0, entry)) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static enum rsp_err
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	(void)ctx;
	(void)rtt_us;
	if (event->type != RSP_MONITOR_LISTED)
		return RSP_OK;
	json_t *record = rsp_json_record("rsp.peer.list/1", true);

	rsp_json_put(&record, "registrar", peer_registrar_json(server));
	rsp_json_put(&record, "registrars", registrars_json(server, event->message));
	return rsp_json_emit(record);
}

static int
run(unsigned n, const char *const *operand)
{
	struct peer_question question = { .ask = { .ask = RSP_MONITOR_LIST }, .event = on_event };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	return peer_ask(&question);
}

const struct rsp_cli_tool peer_list = {
	.name = "rsp-peer",
	.verb = "list",
	.operands = "",
	.summary = "ask a registrar which registrars there are",
	.groups = PEER_ASK_GROUPS,
	.run = run,
};
