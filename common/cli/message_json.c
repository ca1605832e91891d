#include "cli/message_json.h"

#include "cli/json.h"
#include "wire/reader.h"

static json_t *
unknown_json(const struct rsp_unknown *unknown)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < unknown->n; i++) {
		struct rsp_rd rd = rsp_rd_init(unknown->tlv[i], 0);
		json_t *object = json_object();

		rsp_json_put(&object, "type_code", rsp_json_code(rsp_rd_u16(&rd)));
		rsp_json_put(&object, "report", json_boolean(unknown->to_report & 1U << i));
		rsp_json_put(&object, "hex", rsp_json_hex(unknown->tlv[i]));
		rsp_json_append(&list, object);
	}
	return list;
}

const char *
rsp_transport_key(uint16_t type)
{
	switch (type) {
	case RSP_PARAM_DCCP:
		return "dccp";
	case RSP_PARAM_SCTP:
		return "sctp";
	case RSP_PARAM_TCP:
		return "tcp";
	case RSP_PARAM_UDP:
		return "udp";
	case RSP_PARAM_UDP_LITE:
		return "udp-lite";
	case RSP_PARAM_OPAQUE:
		return "opaque";
	default:
		return NULL;
	}
}

json_t *
rsp_transport_json(const struct rsp_transport *transport)
{
	bool opaque = transport->type == RSP_PARAM_OPAQUE, sctp = transport->type == RSP_PARAM_SCTP;
	json_t *object = json_object(), *addresses = json_array();

	if (!transport->type) {
		json_decref(object);
		json_decref(addresses);
		return json_null();
	}
	for (unsigned i = 0; i < transport->n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(transport, i);

		rsp_json_append(&addresses, rsp_json_ip(&ip));
	}
	rsp_json_put(&object, "type", rsp_json_text(rsp_transport_key(transport->type)));
	rsp_json_put(&object, "port", opaque ? json_null() : json_integer(transport->port));
	rsp_json_put(&object, "use",
		     !sctp ? json_null() : json_string(transport->use ? "data-plus-control" : "data-only"));
	rsp_json_put(&object, "addresses", addresses);
	rsp_json_put(&object, "service_code",
		     transport->type == RSP_PARAM_DCCP ? rsp_json_id(transport->service_code) : json_null());
	rsp_json_put(&object, "opaque_hex", opaque ? rsp_json_hex(transport->opaque) : json_null());
	return object;
}

json_t *
rsp_policy_json(const struct rsp_policy *policy)
{
	const struct rsp_policy_row *row = rsp_policy_row(policy->type);
	json_t *object = json_object();

	if (!policy->type) {
		json_decref(object);
		return json_null();
	}
	rsp_json_put(&object, "type_code", rsp_json_id(policy->type));
	rsp_json_put(&object, "name", rsp_json_text(row ? row->key : NULL));
	for (unsigned i = 0; row && i < row->n_values; i++)
		rsp_json_put(&object, row->value[i], json_integer(policy->value[i]));
	rsp_json_put(&object, "extra_hex", rsp_json_hex(policy->extra));
	return object;
}

/* Milliseconds, as another host states them: more than a JSON number can be is shown as the greatest one. */
static json_t *
ms_json(uint64_t ms)
{
	return rsp_json_count(ms < INT64_MAX ? ms : INT64_MAX);
}

static void
put_epoch(json_t **object, const struct rsp_epoch *epoch)
{
	rsp_json_put(object, "epoch", rsp_json_u64(epoch->epoch));
	rsp_json_put(object, "instance", rsp_json_id(epoch->instance));
	rsp_json_put(object, "over", rsp_json_id_or_null(epoch->over));
}

static json_t *
epoch_json(const struct rsp_epoch *epoch)
{
	json_t *object = json_object();

	put_epoch(&object, epoch);
	return object;
}

static json_t *
statement_json(const struct rsp_statement *statement)
{
	json_t *object = json_object();

	put_epoch(&object, &statement->epoch);
	rsp_json_put(&object, "since_ms", ms_json(statement->since_ms));
	rsp_json_put(&object, "rank", json_integer(statement->rank));
	return object;
}

json_t *
rsp_pool_element_json(const struct rsp_pool_element *pe)
{
	json_t *object = json_object();

	rsp_json_put(&object, "pe_id", rsp_json_id(pe->pe_id));
	rsp_json_put(&object, "home_id", rsp_json_id(pe->home_id));
	rsp_json_put(&object, "lifetime_s", json_integer(pe->lifetime_s));
	rsp_json_put(&object, "user_transport", rsp_transport_json(&pe->user));
	rsp_json_put(&object, "policy", rsp_policy_json(&pe->policy));
	rsp_json_put(&object, "asap_transport", rsp_transport_json(&pe->asap));
	rsp_json_put(&object, "owner", rsp_json_text_or_null(pe->owner));
	rsp_json_put(&object, "owner_hex", pe->owner.n ? rsp_json_hex(pe->owner) : json_null());
	rsp_json_put(&object, "version", pe->version ? rsp_json_u64(pe->version) : json_null());
	rsp_json_put(&object, "statement", pe->statement.rank ? statement_json(&pe->statement) : json_null());
	rsp_json_put(&object, "unknown", unknown_json(&pe->unknown));
	return object;
}

static json_t *
state_json(const struct rsp_state *state)
{
	json_t *object = json_object();

	rsp_json_put(&object, "digest", rsp_json_u64(state->digest));
	rsp_json_put(&object, "update", rsp_json_u64(state->update));
	rsp_json_put(&object, "capabilities", rsp_json_id(state->capabilities));
	return object;
}

static json_t *
heard_json(struct rsp_bytes octets)
{
	json_t *list = json_array();
	struct rsp_heard heard;
	size_t cursor = 0;

	while (rsp_heard_next(octets, &cursor, &heard)) {
		json_t *object = json_object();

		rsp_json_put(&object, "server_id", rsp_json_id(heard.server_id));
		rsp_json_put(&object, "digest", rsp_json_u64(heard.digest));
		rsp_json_append(&list, object);
	}
	return list;
}

json_t *
rsp_server_info_json(const struct rsp_server_info *info)
{
	json_t *object = json_object();

	rsp_json_put(&object, "server_id", rsp_json_id(info->server_id));
	rsp_json_put(&object, "transport", rsp_transport_json(&info->transport));
	rsp_json_put(&object, "name", rsp_json_text_or_null(info->name));
	rsp_json_put(&object, "name_hex", info->name.n ? rsp_json_hex(info->name) : json_null());
	rsp_json_put(&object, "digest_told", info->has_digest ? rsp_json_u64(info->digest) : json_null());
	rsp_json_put(&object, "state", info->has_state ? state_json(&info->state) : json_null());
	rsp_json_put(&object, "clock_ms", info->has_clock ? ms_json(info->clock_ms) : json_null());
	rsp_json_put(&object, "heard", heard_json(info->heard));
	rsp_json_put(&object, "unknown", unknown_json(&info->unknown));
	return object;
}

json_t *
rsp_causes_json(struct rsp_bytes error)
{
	struct rsp_rd rd = rsp_rd_init(error, 0);
	struct rsp_error_cause cause;
	json_t *list = json_array();

	while (rsp_error_cause_next(&rd, &cause)) {
		json_t *object = json_object();

		rsp_json_put(&object, "code", rsp_json_code(cause.code));
		rsp_json_put(&object, "key", rsp_json_text(rsp_cause_key(cause.code)));
		rsp_json_put(&object, "name", rsp_json_text(rsp_cause_name(cause.code)));
		rsp_json_put(&object, "info_hex", rsp_json_hex(cause.info));
		rsp_json_append(&list, object);
	}
	return list;
}

/* The flags that each message type defines, by name. */
static const struct {
	enum rsp_protocol protocol;
	uint8_t type, flag;
	const char *name;
} flags[] = {
	{ RSP_ASAP, ASAP_REGISTRATION_RESPONSE, ASAP_FLAG_REJECT, "reject" },
	{ RSP_ASAP, ASAP_HANDLE_RESOLUTION, ASAP_FLAG_SUBSCRIBE, "subscribe" },
	{ RSP_ASAP, ASAP_HANDLE_RESOLUTION_RESPONSE, ASAP_FLAG_ACCEPT, "accept" },
	{ RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, ASAP_FLAG_HOME, "home" },
	{ RSP_ENRP, ENRP_PRESENCE, ENRP_FLAG_REPLY_REQUIRED, "reply_required" },
	{ RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, ENRP_FLAG_OWN, "own_children_only" },
	{ RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, ENRP_FLAG_CONTINUE, "continue" },
	{ RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, ENRP_FLAG_REJECT, "reject" },
	{ RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, ENRP_FLAG_MORE, "more_to_send" },
	{ RSP_ENRP, ENRP_LIST_RESPONSE, ENRP_FLAG_REJECT, "reject" },
};

static json_t *
flags_json(const struct rsp_message *msg)
{
	json_t *object = json_object();

	for (size_t i = 0; i < RSP_COUNT(flags); i++)
		if (flags[i].protocol == msg->protocol && flags[i].type == msg->type)
			rsp_json_put(&object, flags[i].name, json_boolean(msg->flags & flags[i].flag));
	return object;
}

static void
put_fields(json_t **object, const struct rsp_message *msg, const struct rsp_grammar *grammar)
{
	for (const enum rsp_field *field = grammar->field; *field != RSP_FIELD_END; field++)
		switch (*field) {
		case RSP_FIELD_SERVER_ID:
			rsp_json_put(object, "server_id", rsp_json_id(msg->server_id));
			break;
		case RSP_FIELD_SENDER_ID:
			rsp_json_put(object, "sender_id", rsp_json_id(msg->sender_id));
			break;
		case RSP_FIELD_RECEIVER_ID:
			rsp_json_put(object, "receiver_id", rsp_json_id(msg->receiver_id));
			break;
		case RSP_FIELD_TARGET_ID:
			rsp_json_put(object, "target_id", rsp_json_id(msg->target_id));
			break;
		case RSP_FIELD_UPDATE_ACTION:
			rsp_json_put(object, "update_action",
				     json_string(msg->update_action == ENRP_ADD_PE ? "ADD_PE" : "DEL_PE"));
			break;
		case RSP_FIELD_END:
			break;
		}
}

/* A handle table: pools, each with its elements. */
static json_t *
pools_json(const struct rsp_message *msg)
{
	json_t *list = json_array(), *elements = NULL;
	struct rsp_list_item item;
	size_t cursor = 0;

	while (list && rsp_list_next(msg, &cursor, &item)) {
		if (item.type == RSP_PARAM_POOL_HANDLE) {
			json_t *pool = json_object();

			rsp_json_put_handle(&pool, item.handle);
			rsp_json_put(&pool, "elements", json_array());
			elements = json_object_get(pool, "elements");
			rsp_json_append(&list, pool);
		} else if (json_array_append_new(elements, rsp_pool_element_json(&item.element))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *
items_json(const struct rsp_message *msg)
{
	json_t *list = json_array();
	struct rsp_list_item item;
	size_t cursor = 0;

	while (rsp_list_next(msg, &cursor, &item))
		if (item.type == RSP_PARAM_POOL_ELEMENT)
			rsp_json_append(&list, rsp_pool_element_json(&item.element));
		else if (item.type == RSP_PARAM_SERVER_INFO)
			rsp_json_append(&list, rsp_server_info_json(&item.server_info));
		else
			rsp_json_append(&list, rsp_transport_json(&item.transport));
	return list;
}

/* Put the value of a private parameter of a message. */
static void
put_private_part(json_t **object, const struct rsp_message *msg, uint16_t param)
{
	unsigned has = msg->has;

	switch (param) {
	case RSP_PARAM_EPOCH:
		rsp_json_put(object, "epoch", has & RSP_HAS_EPOCH ? epoch_json(&msg->epoch) : json_null());
		break;
	case RSP_PARAM_REPORTED:
		rsp_json_put(object, "reported", json_boolean(has & RSP_HAS_REPORTED));
		break;
	case RSP_PARAM_UPDATE_NUMBER:
		rsp_json_put(object, "update_number",
			     has & RSP_HAS_UPDATE_NUMBER ? rsp_json_u64(msg->update_number) : json_null());
		break;
	case RSP_PARAM_TABLE_OF:
		rsp_json_put(object, "table_of", has & RSP_HAS_TABLE_OF ? rsp_json_id(msg->table_of) : json_null());
		break;
	case RSP_PARAM_UPDATES_FROM:
		rsp_json_put(object, "updates_from",
			     has & RSP_HAS_UPDATES_FROM ? rsp_json_u64(msg->updates_from) : json_null());
		break;
	default: /* the grammar has no other parameter */
		break;
	}
}

static void
put_part(json_t **object, const struct rsp_message *msg, const struct rsp_grammar_part *part)
{
	unsigned has = msg->has;

	switch (part->param) {
	case RSP_PARAM_POOL_HANDLE:
		if (part->max > 1)
			rsp_json_put(object, "pools", pools_json(msg));
		else
			rsp_json_put_handle(object, msg->handle);
		break;
	case RSP_PARAM_POOL_ELEMENT:
		if (part->max == 1)
			rsp_json_put(object, "element", rsp_pool_element_json(&msg->element));
		else if (msg->protocol == RSP_ASAP) /* the elements of a handle table are inside its pools */
			rsp_json_put(object, "elements", items_json(msg));
		break;
	case RSP_PARAM_SERVER_INFO:
		if (part->max > 1)
			rsp_json_put(object, "servers", items_json(msg));
		else
			rsp_json_put(object, "server_info",
				     has & RSP_HAS_SERVER_INFO ? rsp_server_info_json(&msg->server_info) : json_null());
		break;
	case RSP_PARAM_SCTP:
		rsp_json_put(object, "transports", items_json(msg));
		break;
	case RSP_PARAM_PE_ID:
		rsp_json_put(object, "pe_id", has & RSP_HAS_PE_ID ? rsp_json_id(msg->pe_id) : json_null());
		break;
	case RSP_PARAM_POLICY:
		rsp_json_put(object, "policy", rsp_policy_json(&msg->policy));
		break;
	case RSP_PARAM_ERROR:
		rsp_json_put(object, "causes", rsp_causes_json(msg->error));
		break;
	case RSP_PARAM_COOKIE:
		rsp_json_put(object, "cookie_hex", rsp_json_hex(msg->cookie));
		break;
	case RSP_PARAM_PE_CHECKSUM:
		rsp_json_put(object, "checksum_told", has & RSP_HAS_CHECKSUM ? rsp_json_code(msg->checksum) : json_null());
		break;
	case RSP_PARAM_ITEM_COUNT:
		rsp_json_put(object, "item_count",
			     has & RSP_HAS_ITEM_COUNT ? json_integer(msg->item_count) : json_null());
		break;
	default:
		put_private_part(object, msg, part->param);
		break;
	}
}

json_t *
rsp_message_json(const struct rsp_message *msg)
{
	const struct rsp_grammar *grammar = rsp_grammar(msg->protocol, msg->type);
	json_t *object = json_object();

	rsp_json_put(&object, "protocol", json_string(msg->protocol == RSP_ASAP ? "asap" : "enrp"));
	rsp_json_put(&object, "type", rsp_json_text(grammar ? grammar->name : NULL));
	rsp_json_put(&object, "type_code", json_sprintf("0x%02x", (unsigned)msg->type));
	rsp_json_put(&object, "flags", flags_json(msg));
	if (grammar)
		put_fields(&object, msg, grammar);
	for (const struct rsp_grammar_part *part = grammar ? grammar->part : NULL; part && part->param; part++)
		put_part(&object, msg, part);
	rsp_json_put(&object, "unknown", unknown_json(&msg->unknown));
	return object;
}
