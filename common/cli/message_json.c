#include "cli/message_json.h"

#include <stdlib.h>

#include "base/ip.h"
#include "wire/reader.h"

/* An object under construction is NULL once anything ran out of memory, and stays so. */
static void
put(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
	} else if (json_object_set_new(*object, key, value)) {
		json_decref(*object);
		*object = NULL;
	}
}

static void
append(json_t **array, json_t *value)
{
	if (!*array) {
		json_decref(value);
	} else if (json_array_append_new(*array, value)) {
		json_decref(*array);
		*array = NULL;
	}
}

static json_t *
hex(struct rsp_bytes bytes)
{
	char *text = malloc(bytes.n * 2 + 1);

	if (!text)
		return NULL;
	rsp_hex_encode(bytes, text);
	json_t *string = json_stringn(text, bytes.n * 2);
	free(text);
	return string;
}

static json_t *
id(uint32_t v)
{
	return json_sprintf("0x%08x", (unsigned)v);
}

static json_t *
code(uint16_t v)
{
	return json_sprintf("0x%04x", (unsigned)v);
}

static json_t *
string_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Octets as text, null if they are not UTF-8: jansson refuses them then, or cannot tell NUL apart. */
static json_t *
text(struct rsp_bytes bytes)
{
	json_t *string = bytes.n && !memchr(bytes.p, 0, bytes.n) ? json_stringn((const char *)bytes.p, bytes.n) : NULL;

	return string ? string : json_null();
}

static void
put_handle(json_t **object, struct rsp_bytes handle)
{
	put(object, "handle", text(handle));
	put(object, "handle_hex", hex(handle));
}

static json_t *
unknown_json(const struct rsp_unknown *unknown)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < unknown->n; i++) {
		struct rsp_rd rd = rsp_rd_init(unknown->tlv[i], 0);
		json_t *object = json_object();

		put(&object, "type", code(rsp_rd_u16(&rd)));
		put(&object, "report", json_boolean(unknown->to_report & 1U << i));
		put(&object, "hex", hex(unknown->tlv[i]));
		append(&list, object);
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
		char address[RSP_IP_TEXT_MAX];

		rsp_ip_format(&ip, address);
		append(&addresses, json_string(address));
	}
	put(&object, "type", string_or_null(rsp_transport_key(transport->type)));
	put(&object, "port", opaque ? json_null() : json_integer(transport->port));
	put(&object, "use", !sctp ? json_null() : json_string(transport->use ? "data-plus-control" : "data-only"));
	put(&object, "addresses", addresses);
	put(&object, "service_code", transport->type == RSP_PARAM_DCCP ? id(transport->service_code) : json_null());
	put(&object, "opaque_hex", opaque ? hex(transport->opaque) : json_null());
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
	put(&object, "type", id(policy->type));
	put(&object, "name", string_or_null(row ? row->key : NULL));
	for (unsigned i = 0; row && i < row->n_values; i++)
		put(&object, row->value[i], json_integer(policy->value[i]));
	put(&object, "extra_hex", hex(policy->extra));
	return object;
}

json_t *
rsp_pool_element_json(const struct rsp_pool_element *pe)
{
	json_t *object = json_object();

	put(&object, "pe_id", id(pe->pe_id));
	put(&object, "home_id", id(pe->home_id));
	put(&object, "lifetime_s", json_integer(pe->lifetime_s));
	put(&object, "user_transport", rsp_transport_json(&pe->user));
	put(&object, "policy", rsp_policy_json(&pe->policy));
	put(&object, "asap_transport", rsp_transport_json(&pe->asap));
	put(&object, "owner", text(pe->owner));
	put(&object, "owner_hex", pe->owner.n ? hex(pe->owner) : json_null());
	put(&object, "unknown", unknown_json(&pe->unknown));
	return object;
}

json_t *
rsp_server_info_json(const struct rsp_server_info *info)
{
	json_t *object = json_object();

	put(&object, "server_id", id(info->server_id));
	put(&object, "transport", rsp_transport_json(&info->transport));
	put(&object, "unknown", unknown_json(&info->unknown));
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

		put(&object, "code", code(cause.code));
		put(&object, "key", string_or_null(rsp_cause_key(cause.code)));
		put(&object, "name", string_or_null(rsp_cause_name(cause.code)));
		put(&object, "info_hex", hex(cause.info));
		append(&list, object);
	}
	return list;
}

/* The flags that each type defines, by name. */
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
			put(&object, flags[i].name, json_boolean(msg->flags & flags[i].flag));
	return object;
}

static void
put_fixed(json_t **object, const struct rsp_message *msg)
{
	if (msg->protocol == RSP_ASAP) {
		if (msg->type == ASAP_ENDPOINT_KEEP_ALIVE || msg->type == ASAP_SERVER_ANNOUNCE)
			put(object, "server_id", id(msg->server_id));
		return;
	}
	put(object, "sender_id", id(msg->sender_id));
	put(object, "receiver_id", id(msg->receiver_id));
	if (msg->type >= ENRP_INIT_TAKEOVER && msg->type <= ENRP_TAKEOVER_SERVER)
		put(object, "target_id", id(msg->target_id));
	if (msg->type == ENRP_HANDLE_UPDATE)
		put(object, "update_action", json_string(msg->update_action == ENRP_ADD_PE ? "ADD_PE" : "DEL_PE"));
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

			put_handle(&pool, item.handle);
			put(&pool, "elements", json_array());
			elements = json_object_get(pool, "elements");
			append(&list, pool);
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
			append(&list, rsp_pool_element_json(&item.element));
		else if (item.type == RSP_PARAM_SERVER_INFO)
			append(&list, rsp_server_info_json(&item.server_info));
		else
			append(&list, rsp_transport_json(&item.transport));
	return list;
}

static void
put_part(json_t **object, const struct rsp_message *msg, const struct rsp_grammar_part *part)
{
	unsigned has = msg->has;

	switch (part->param) {
	case RSP_PARAM_POOL_HANDLE:
		if (part->max > 1)
			put(object, "pools", pools_json(msg));
		else
			put_handle(object, msg->handle);
		break;
	case RSP_PARAM_POOL_ELEMENT:
		if (part->max == 1)
			put(object, "element", rsp_pool_element_json(&msg->element));
		else if (msg->protocol == RSP_ASAP) /* those of a handle table are with their pools */
			put(object, "elements", items_json(msg));
		break;
	case RSP_PARAM_SERVER_INFO:
		if (part->max > 1)
			put(object, "servers", items_json(msg));
		else
			put(object, "server",
			    has & RSP_HAS_SERVER_INFO ? rsp_server_info_json(&msg->server_info) : json_null());
		break;
	case RSP_PARAM_SCTP:
		put(object, "transports", items_json(msg));
		break;
	case RSP_PARAM_PE_ID:
		put(object, "pe_id", has & RSP_HAS_PE_ID ? id(msg->pe_id) : json_null());
		break;
	case RSP_PARAM_POLICY:
		put(object, "policy", rsp_policy_json(&msg->policy));
		break;
	case RSP_PARAM_ERROR:
		put(object, "causes", rsp_causes_json(msg->error));
		break;
	case RSP_PARAM_COOKIE:
		put(object, "cookie_hex", hex(msg->cookie));
		break;
	case RSP_PARAM_PE_CHECKSUM:
		put(object, "checksum", has & RSP_HAS_CHECKSUM ? code(msg->checksum) : json_null());
		break;
	case RSP_PARAM_ITEM_COUNT:
		put(object, "item_count", has & RSP_HAS_ITEM_COUNT ? json_integer(msg->item_count) : json_null());
		break;
	default: /* the grammar names no other */
		break;
	}
}

json_t *
rsp_message_json(const struct rsp_message *msg)
{
	const struct rsp_grammar *grammar = rsp_grammar(msg->protocol, msg->type);
	json_t *object = json_object();

	put(&object, "protocol", json_string(msg->protocol == RSP_ASAP ? "asap" : "enrp"));
	put(&object, "type", string_or_null(grammar ? grammar->name : NULL));
	put(&object, "type_code", json_integer(msg->type));
	put(&object, "flags", flags_json(msg));
	put_fixed(&object, msg);
	for (const struct rsp_grammar_part *part = grammar ? grammar->part : NULL; part && part->param; part++)
		put_part(&object, msg, part);
	put(&object, "unknown", unknown_json(&msg->unknown));
	return object;
}
