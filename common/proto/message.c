#include "proto/message.h"

#include <stddef.h>

#include "proto/param_priv.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* The position in the grammar up to which a message has been read. */
struct place {
	const struct rsp_grammar *grammar;
	unsigned part, count; /* the part of the last parameter, and how many consecutive parameters belong to it */
};

static bool
is_error(enum rsp_protocol protocol, uint8_t type)
{
	return type == (protocol == RSP_ASAP ? ASAP_ERROR : ENRP_ERROR);
}

static bool
is_table(const struct rsp_grammar *grammar)
{
	return grammar->protocol == RSP_ENRP && grammar->type == ENRP_HANDLE_TABLE_RESPONSE;
}

static bool
covers(uint16_t param, uint16_t type)
{
	return param == type || (param == RSP_PARAM_SCTP && type == RSP_PARAM_TCP); /* RFC 5352 s.2.2.10 */
}

/* The type of the last parameter that was read; 0: none. */
static uint16_t
last_type(const struct place *at)
{
	return at->count ? at->grammar->part[at->part].param : 0;
}

/* As admits(), for a handle table. RFC 5353 s.2.3: one or more Pool Elements follow each Pool Handle. */
static bool
table_admits(struct place *at, uint16_t type)
{
	const struct rsp_grammar_part *part = at->grammar->part;
	uint16_t last = last_type(at);
	bool in_pool = last == RSP_PARAM_POOL_HANDLE || last == RSP_PARAM_POOL_ELEMENT;
	unsigned i = 0;

	if (type == RSP_PARAM_POOL_HANDLE ? last == RSP_PARAM_POOL_HANDLE
					  : (type == RSP_PARAM_POOL_ELEMENT ? !in_pool : last != 0))
		return false;
	while (part[i].param && part[i].param != type)
		i++;
	if (!part[i].param)
		return false;
	at->part = i;
	at->count = 1;
	return true;
}

/* Whether the grammar allows a parameter of @type next. If so, @at moves to it. */
static bool
admits(struct place *at, uint16_t type)
{
	const struct rsp_grammar_part *part = at->grammar->part;

	if (is_table(at->grammar))
		return table_admits(at, type);
	for (unsigned i = at->part; part[i].param; i++) {
		unsigned count = i == at->part ? at->count : 0;

		if (covers(part[i].param, type) && count < part[i].max) {
			at->part = i;
			at->count = count + 1;
			return true;
		}
		if (count < part[i].min)
			return false;
	}
	return false;
}

/* Let @rd fail if a required parameter is missing. */
static void
finish(const struct place *at, struct rsp_rd *rd)
{
	const struct rsp_grammar_part *part = at->grammar->part;
	uint16_t missing = 0;

	if (rd->err)
		return;
	if (is_table(at->grammar))
		missing = last_type(at) == RSP_PARAM_POOL_HANDLE ? RSP_PARAM_POOL_ELEMENT : 0;
	else
		for (unsigned i = at->part; part[i].param && !missing; i++)
			missing = (i == at->part ? at->count : 0) < part[i].min ? part[i].param : 0;
	if (!missing)
		return;
	rd->param = missing;
	rd->param_at = rsp_rd_offset(rd);
	rsp_rd_fail(rd, RSP_EMALFORM, "missing");
}

static void
handle_decode(struct rsp_rd *value, struct rsp_bytes *ret)
{
	*ret = rsp_rd_rest(value);
	if (ret->n == 0)
		rsp_rd_fail(value, RSP_EVALUE, "an empty handle");
}

static void
error_decode(struct rsp_rd *value, struct rsp_bytes *ret)
{
	struct rsp_rd causes = *value;
	struct rsp_error_cause cause;
	bool any = false;

	*ret = rsp_rd_rest(value);
	while (rsp_error_cause_next(&causes, &cause))
		any = true;
	if (causes.err)
		rsp_rd_fail(value, causes.err, "an error cause with an impossible length");
	else if (!any)
		rsp_rd_fail(value, RSP_EMALFORM, "no error cause");
}

/* Only registrars make statements: in ASAP there are no tombstones, and RSP_PARAM_STATEMENT is skipped. */
static void
element_decode(struct rsp_rd *value, enum rsp_protocol protocol, struct rsp_pool_element *ret)
{
	rsp_pool_element_decode(value, ret);
	if (value->err || protocol != RSP_ASAP)
		return;
	if (!ret->user.type)
		rsp_rd_fail(value, RSP_EMALFORM, "no user transport");
	ret->statement = (struct rsp_statement){ 0 };
}

/* The parameters that are a number, which may occur once in a message. */
static const struct number {
	uint16_t type;
	uint8_t size; /* octets on the wire, and of the field */
	unsigned has;
	size_t at; /* of the field in struct rsp_message */
} numbers[] = {
	{ RSP_PARAM_PE_ID, 4, RSP_HAS_PE_ID, offsetof(struct rsp_message, pe_id) },
	{ RSP_PARAM_PE_CHECKSUM, 2, RSP_HAS_CHECKSUM, offsetof(struct rsp_message, checksum) },
	{ RSP_PARAM_ITEM_COUNT, 4, RSP_HAS_ITEM_COUNT, offsetof(struct rsp_message, item_count) },
	{ RSP_PARAM_UPDATE_NUMBER, 8, RSP_HAS_UPDATE_NUMBER, offsetof(struct rsp_message, update_number) },
	{ RSP_PARAM_TABLE_OF, 4, RSP_HAS_TABLE_OF, offsetof(struct rsp_message, table_of) },
	{ RSP_PARAM_UPDATES_FROM, 8, RSP_HAS_UPDATES_FROM, offsetof(struct rsp_message, updates_from) },
	{ RSP_PARAM_REPORTED, 0, RSP_HAS_REPORTED, 0 }, /* no value: it is there or not */
};

static const struct number *
number_of(uint16_t type)
{
	for (size_t i = 0; i < RSP_COUNT(numbers); i++)
		if (numbers[i].type == type)
			return &numbers[i];
	return NULL;
}

static void
number_decode(struct rsp_rd *value, const struct number *number, struct rsp_message *msg)
{
	uint8_t *field = (uint8_t *)msg + number->at;
	uint16_t v16 = number->size == 2 ? rsp_rd_u16(value) : 0;
	uint32_t v32 = number->size == 4 ? rsp_rd_u32(value) : 0;
	uint64_t v64 = number->size == 8 ? rsp_rd_u64(value) : 0;

	msg->has |= number->has;
	if (number->size == 2)
		memcpy(field, &v16, sizeof(v16));
	else if (number->size == 4)
		memcpy(field, &v32, sizeof(v32));
	else if (number->size == 8)
		memcpy(field, &v64, sizeof(v64));
}

/* Decode the value of a parameter that may occur once. */
static void
part_decode(struct rsp_rd *value, uint16_t type, struct rsp_message *msg)
{
	const struct number *number = number_of(type);

	if (number) {
		number_decode(value, number, msg);
		return;
	}
	switch (type) {
	case RSP_PARAM_POOL_HANDLE:
		msg->has |= RSP_HAS_HANDLE;
		handle_decode(value, &msg->handle);
		break;
	case RSP_PARAM_POLICY:
		msg->has |= RSP_HAS_POLICY;
		rsp_policy_decode(value, &msg->policy);
		break;
	case RSP_PARAM_POOL_ELEMENT:
		msg->has |= RSP_HAS_ELEMENT;
		element_decode(value, msg->protocol, &msg->element);
		break;
	case RSP_PARAM_ERROR:
		msg->has |= RSP_HAS_ERROR;
		error_decode(value, &msg->error);
		break;
	case RSP_PARAM_COOKIE:
		msg->has |= RSP_HAS_COOKIE;
		msg->cookie = rsp_rd_rest(value);
		break;
	case RSP_PARAM_SERVER_INFO:
		msg->has |= RSP_HAS_SERVER_INFO;
		rsp_server_info_decode(value, &msg->server_info);
		break;
	case RSP_PARAM_EPOCH:
		msg->has |= RSP_HAS_EPOCH;
		rsp_epoch_decode(value, &msg->epoch);
		break;
	default: /* the grammar has no other parameter */
		rsp_rd_fail(value, RSP_EINTERNAL, "no decoder");
	}
}

/* Decode the value of a parameter that may occur several times. */
static void
item_decode(struct rsp_rd *value, enum rsp_protocol protocol, uint16_t type, struct rsp_list_item *ret)
{
	if (type == RSP_PARAM_POOL_HANDLE)
		handle_decode(value, &ret->handle);
	else if (type == RSP_PARAM_POOL_ELEMENT)
		element_decode(value, protocol, &ret->element);
	else if (type == RSP_PARAM_SERVER_INFO)
		rsp_server_info_decode(value, &ret->server_info);
	else
		rsp_transport_decode(value, type, &ret->transport);
}

static void
list_extend(struct rsp_message *msg, struct rsp_bytes whole)
{
	const uint8_t *first = msg->n_list ? msg->list.p : whole.p;

	msg->list = rsp_bytes_of(first, (size_t)(whole.p + whole.n - first));
	msg->has |= RSP_HAS_LIST;
	msg->n_list++;
}

static void
params_decode(struct rsp_rd *rd, const struct rsp_grammar *grammar, struct rsp_message *msg)
{
	struct place at = { .grammar = grammar };
	struct rsp_rd value;
	uint16_t type;

	while (rsp_rd_tlv(rd, &type, &value)) {
		struct rsp_bytes whole = rsp_rd_whole(rd, &value);

		if (!admits(&at, type)) {
			rsp_param_unknown(rd, type, whole, &msg->unknown);
		} else if (grammar->part[at.part].max > 1) {
			struct rsp_list_item item;

			item_decode(&value, msg->protocol, type, &item);
			if (rsp_rd_end(rd, &value))
				list_extend(msg, whole);
		} else {
			part_decode(&value, type, msg);
			(void)rsp_rd_end(rd, &value);
		}
	}
	finish(&at, rd);
}

static void
action_decode(struct rsp_rd *rd, struct rsp_message *msg)
{
	rd->param_at = rsp_rd_offset(rd);
	msg->update_action = rsp_rd_u16(rd);
	if (msg->update_action > ENRP_DEL_PE)
		rsp_rd_fail(rd, RSP_EVALUE, "an undefined update action");
	(void)rsp_rd_u16(rd); /* reserved, ignored on receipt */
}

static void
fields_decode(struct rsp_rd *rd, const struct rsp_grammar *grammar, struct rsp_message *msg)
{
	for (const enum rsp_field *field = grammar->field; *field != RSP_FIELD_END; field++)
		switch (*field) {
		case RSP_FIELD_SERVER_ID:
			msg->server_id = rsp_rd_u32(rd);
			break;
		case RSP_FIELD_SENDER_ID:
			msg->sender_id = rsp_rd_u32(rd);
			break;
		case RSP_FIELD_RECEIVER_ID:
			msg->receiver_id = rsp_rd_u32(rd);
			break;
		case RSP_FIELD_TARGET_ID:
			msg->target_id = rsp_rd_u32(rd);
			break;
		case RSP_FIELD_UPDATE_ACTION:
			action_decode(rd, msg);
			break;
		case RSP_FIELD_END:
			break;
		}
}

/* Set @why to the failure of @rd, and return its error. */
static enum rsp_err
failed(const struct rsp_rd *rd, const struct rsp_message *msg, struct rsp_why *why)
{
	const char *param = rsp_param_name(rd->param), *name = rsp_message_name(msg->protocol, msg->type);
	uint16_t cause = RSP_CAUSE_INVALID_VALUES;

	if (rd->err == RSP_EUNKNOWN_PARAM)
		cause = rsp_param_reported(rd->param) ? RSP_CAUSE_UNRECOGNIZED_PARAM : RSP_CAUSE_NONE;
	if (rd->param)
		(void)rsp_fail(why, rd->err, name, "%s (0x%04x) at offset %zu: %s", param ? param : "parameter",
			       rd->param, rd->param_at, rd->reason);
	else
		(void)rsp_fail(why, rd->err, name, "%s", rd->reason);
	if (why) {
		why->offset = rd->param_at ? rd->param_at : rsp_rd_offset(rd);
		why->param_type = rd->param;
		why->cause = is_error(msg->protocol, msg->type) ? RSP_CAUSE_NONE : cause;
	}
	return rd->err;
}

/* The octets are not exactly one message, so no answer is possible. */
static enum rsp_err
misframed(struct rsp_why *why, size_t offset, const char *reason)
{
	(void)rsp_fail(why, RSP_EMALFORM, "message", "%s", reason);
	if (why) {
		why->offset = offset;
		why->cause = RSP_CAUSE_NONE;
	}
	return RSP_EMALFORM;
}

static enum rsp_err
unknown_message(enum rsp_protocol protocol, uint8_t type, struct rsp_why *why)
{
	(void)rsp_fail(why, RSP_EUNKNOWN_MSG, "message", "type 0x%02x is no %s message", type,
		       protocol == RSP_ASAP ? "ASAP" : "ENRP");
	/* RFC 5354 s.4: report the type if its high bits are 01; do not if they are 00; 10 and 11 are reserved */
	if (why)
		why->cause = (type & 0xc0) == 0x40 ? RSP_CAUSE_UNRECOGNIZED_MSG : RSP_CAUSE_NONE;
	return RSP_EUNKNOWN_MSG;
}

const char *
rsp_message_name(enum rsp_protocol protocol, uint8_t type)
{
	const struct rsp_grammar *row = rsp_grammar(protocol, type);

	return row ? row->name : NULL;
}

size_t
rsp_message_frame(struct rsp_bytes bytes)
{
	if (bytes.n < 4)
		return 0;
	size_t length = (size_t)bytes.p[2] << 8 | bytes.p[3];

	return length < 4 ? SIZE_MAX : (length + 3) & ~(size_t)3;
}

enum rsp_err
rsp_message_decode(enum rsp_protocol protocol, struct rsp_bytes bytes, struct rsp_message *ret, struct rsp_why *why)
{
	struct rsp_rd rd = rsp_rd_init(bytes, 0);
	struct rsp_message msg = { .protocol = protocol };
	size_t padded = rsp_message_frame(bytes);

	msg.type = rsp_rd_u8(&rd);
	msg.flags = rsp_rd_u8(&rd);
	size_t length = rsp_rd_u16(&rd);
	if (padded == 0)
		return misframed(why, bytes.n, "shorter than a header");
	if (padded == SIZE_MAX)
		return misframed(why, 2, "a length below 4");
	if (length > bytes.n)
		return misframed(why, 2, "its length is more than there is");
	if (padded < bytes.n)
		return misframed(why, padded, "octets follow the message");
	const struct rsp_grammar *grammar = rsp_grammar(protocol, msg.type);
	if (!grammar)
		return unknown_message(protocol, msg.type, why);

	msg.flags &= grammar->flag_mask; /* RFC 5354 s.4: other flags are ignored */
	rd.len = length;
	fields_decode(&rd, grammar, &msg);
	params_decode(&rd, grammar, &msg);
	if (rd.err)
		return failed(&rd, &msg, why);
	*ret = msg;
	return RSP_OK;
}

bool
rsp_list_next(const struct rsp_message *msg, size_t *cursor, struct rsp_list_item *ret)
{
	struct rsp_rd rd = rsp_rd_init(msg->list, 0), value;
	const struct rsp_grammar *grammar = rsp_grammar(msg->protocol, msg->type);
	uint16_t type;

	(void)rsp_rd_take(&rd, *cursor);
	while (grammar && rsp_rd_tlv(&rd, &type, &value)) {
		bool listed = false;

		for (const struct rsp_grammar_part *part = grammar->part; part->param; part++)
			listed |= part->max > 1 && covers(part->param, type);
		*cursor = rsp_rd_offset(&rd);
		if (!listed) /* an unknown parameter between known ones */
			continue;
		*ret = (struct rsp_list_item){ .type = type, .whole = rsp_rd_whole(&rd, &value) };
		item_decode(&value, msg->protocol, type, ret);
		return rsp_rd_end(&rd, &value);
	}
	return false;
}

static void
number_encode(struct rsp_wr *wr, const struct number *number, const struct rsp_message *msg)
{
	const uint8_t *field = (const uint8_t *)msg + number->at;
	struct rsp_mark mark = rsp_wr_tlv_open(wr, number->type);
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	if (number->size == 2)
		rsp_wr_u16(wr, *(uint16_t *)memcpy(&v16, field, sizeof(v16)));
	else if (number->size == 4)
		rsp_wr_u32(wr, *(uint32_t *)memcpy(&v32, field, sizeof(v32)));
	else if (number->size == 8)
		rsp_wr_u64(wr, *(uint64_t *)memcpy(&v64, field, sizeof(v64)));
	rsp_wr_close(wr, mark);
}

static void
fields_encode(struct rsp_wr *wr, const struct rsp_grammar *grammar, const struct rsp_message *msg)
{
	for (const enum rsp_field *field = grammar->field; *field != RSP_FIELD_END; field++)
		switch (*field) {
		case RSP_FIELD_SERVER_ID:
			rsp_wr_u32(wr, msg->server_id);
			break;
		case RSP_FIELD_SENDER_ID:
			rsp_wr_u32(wr, msg->sender_id);
			break;
		case RSP_FIELD_RECEIVER_ID:
			rsp_wr_u32(wr, msg->receiver_id);
			break;
		case RSP_FIELD_TARGET_ID:
			rsp_wr_u32(wr, msg->target_id);
			break;
		case RSP_FIELD_UPDATE_ACTION:
			rsp_wr_u16(wr, msg->update_action);
			rsp_wr_u16(wr, 0);
			break;
		case RSP_FIELD_END:
			break;
		}
}

/* Write the parameter of @type if @msg has it; else return false. */
static bool
part_encode(struct rsp_wr *wr, uint16_t type, const struct rsp_message *msg)
{
	const struct number *number = number_of(type);
	unsigned has = msg->has;

	if (number && has & number->has)
		number_encode(wr, number, msg);
	if (number)
		return has & number->has;
	switch (type) {
	case RSP_PARAM_POOL_HANDLE:
		if (has & RSP_HAS_HANDLE)
			rsp_bytes_param_encode(wr, type, msg->handle);
		return has & RSP_HAS_HANDLE;
	case RSP_PARAM_POLICY:
		if (has & RSP_HAS_POLICY)
			rsp_policy_encode(wr, &msg->policy);
		return has & RSP_HAS_POLICY;
	case RSP_PARAM_POOL_ELEMENT:
		if (has & RSP_HAS_ELEMENT)
			rsp_pool_element_encode(wr, &msg->element);
		return has & RSP_HAS_ELEMENT;
	case RSP_PARAM_ERROR:
		if (has & RSP_HAS_ERROR)
			rsp_bytes_param_encode(wr, type, msg->error);
		return has & RSP_HAS_ERROR;
	case RSP_PARAM_COOKIE:
		if (has & RSP_HAS_COOKIE)
			rsp_bytes_param_encode(wr, type, msg->cookie);
		return has & RSP_HAS_COOKIE;
	case RSP_PARAM_SERVER_INFO:
		if (has & RSP_HAS_SERVER_INFO)
			rsp_server_info_encode(wr, &msg->server_info);
		return has & RSP_HAS_SERVER_INFO;
	case RSP_PARAM_EPOCH:
		if (has & RSP_HAS_EPOCH)
			rsp_epoch_encode(wr, &msg->epoch);
		return has & RSP_HAS_EPOCH;
	default: /* the grammar has no other parameter */
		wr->err = wr->err ? wr->err : RSP_EINTERNAL;
		return false;
	}
}

static void
params_encode(struct rsp_wr *wr, const struct rsp_grammar *grammar, const struct rsp_message *msg)
{
	struct rsp_bytes list = msg->has & RSP_HAS_LIST ? msg->list : (struct rsp_bytes){ 0 };
	bool list_written = false;

	for (const struct rsp_grammar_part *part = grammar->part; part->param; part++) {
		bool there;

		if (part->max > 1) {
			if (!list_written) {
				rsp_wr_pad(wr);
				rsp_wr_bytes(wr, list);
			}
			list_written = true;
			there = list.n > 0;
		} else {
			there = part_encode(wr, part->param, msg);
		}
		if (!there && part->min > 0 && !wr->err)
			wr->err = RSP_EINTERNAL;
	}
	rsp_unknown_encode(wr, &msg->unknown, list, (struct rsp_bytes){ 0 });
}

enum rsp_err
rsp_message_encode(const struct rsp_message *msg, uint8_t *buf, size_t cap, size_t *ret_size)
{
	const struct rsp_grammar *grammar = rsp_grammar(msg->protocol, msg->type);
	struct rsp_wr wr = rsp_wr_init(buf, cap);

	if (!grammar)
		return RSP_EUNKNOWN_MSG;
	struct rsp_mark whole = rsp_wr_msg_open(&wr, msg->type, msg->flags & grammar->flag_mask);
	fields_encode(&wr, grammar, msg);
	params_encode(&wr, grammar, msg);
	rsp_wr_close(&wr, whole);
	return rsp_wr_end(&wr, ret_size);
}

/* Append a cause. If @info does not fit, omit @info; if the cause alone does not fit, append nothing. */
static void
cause_append(struct rsp_wr *wr, uint16_t cause, struct rsp_bytes info)
{
	size_t gap = -wr->pos & 3, room = wr->cap - wr->pos;

	if (room < gap + 4)
		return;
	bool fits = info.n <= room - gap - 4;
	rsp_bytes_param_encode(wr, cause, fits ? info : (struct rsp_bytes){ 0 });
}

struct rsp_bytes
rsp_error_compose(uint16_t cause, struct rsp_bytes info, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);

	cause_append(&wr, cause, info);
	return rsp_bytes_of(room, wr.pos);
}

struct rsp_bytes
rsp_message_culprit(struct rsp_bytes message, const struct rsp_why *why)
{
	struct rsp_rd rd = rsp_rd_init(message, 0), value;
	uint16_t type;

	if (why->cause == RSP_CAUSE_UNRECOGNIZED_MSG)
		return message;
	(void)rsp_rd_take(&rd, why->offset);
	if (why->cause == RSP_CAUSE_NONE || !why->param_type || !rsp_rd_tlv(&rd, &type, &value))
		return (struct rsp_bytes){ 0 };
	return rsp_rd_whole(&rd, &value);
}

static void
unknown_report(struct rsp_wr *wr, const struct rsp_unknown *unknown)
{
	for (unsigned i = 0; i < unknown->n; i++)
		if (unknown->to_report & 1U << i)
			cause_append(wr, RSP_CAUSE_UNRECOGNIZED_PARAM, unknown->tlv[i]);
}

struct rsp_bytes
rsp_message_unrecognized(const struct rsp_message *msg, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);
	struct rsp_list_item item;
	size_t cursor = 0;

	if (is_error(msg->protocol, msg->type))
		return (struct rsp_bytes){ 0 };
	unknown_report(&wr, &msg->unknown);
	unknown_report(&wr, &msg->element.unknown);
	unknown_report(&wr, &msg->server_info.unknown);
	while (rsp_list_next(msg, &cursor, &item)) {
		unknown_report(&wr, &item.element.unknown);
		unknown_report(&wr, &item.server_info.unknown);
	}
	return rsp_bytes_of(room, wr.pos);
}

uint16_t
rsp_message_cause(const struct rsp_message *msg)
{
	struct rsp_rd rd = rsp_rd_init(msg->error, 0);
	struct rsp_error_cause cause;

	return rsp_error_cause_next(&rd, &cause) ? cause.code : RSP_CAUSE_NONE;
}
