#include "samples.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/writer.h"

static struct {
	void (*each)(const char *name, const struct rsp_message *msg);
	unsigned n;
} to;

static void RSP_PRINTF(2, 3) give(const struct rsp_message *msg, const char *fmt, ...)
{
	char name[128];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	to.each(name, msg);
	to.n++;
}

static const struct rsp_ip ips[] = {
	{ .family = 4, .ip = { 192, 0, 2, 1 } },
	{ .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	{ .family = 4, .ip = { 198, 51, 100, 7 } },
};

/* A transport of @type with the addresses from @first to @end (not included) of ips[]. */
static struct rsp_transport
transport(uint16_t type, unsigned first, unsigned end, uint8_t *room)
{
	struct rsp_transport t = { .type = type, .port = 8080 };

	if (type == RSP_PARAM_OPAQUE)
		return (struct rsp_transport){ .type = type, .opaque = rsp_bytes_str("tipc:1.2.3") };
	if (type == RSP_PARAM_DCCP)
		t.service_code = 0x6d617374;
	rsp_transport_set_ips(&t, ips + first, end - first, room);
	return t;
}

static struct rsp_pool_element
element(uint8_t *room)
{
	return (struct rsp_pool_element){
		.pe_id = 0x0a0b0c0d,
		.home_id = 0x01020304,
		.lifetime_s = 300,
		.user = transport(RSP_PARAM_TCP, 0, 1, room),
		.policy = { .type = RSP_POLICY_RR },
	};
}

static struct rsp_message
asap(uint8_t type)
{
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = type };

	if (rsp_grammar(RSP_ASAP, type)->part[0].param == RSP_PARAM_POOL_HANDLE) {
		msg.has = RSP_HAS_HANDLE;
		msg.handle = rsp_bytes_str("web");
	}
	return msg;
}

static struct rsp_message
enrp(uint8_t type)
{
	return (struct rsp_message){
		.protocol = RSP_ENRP, .type = type, .sender_id = 0x11111111, .receiver_id = 0x22222222
	};
}

static const struct rsp_epoch an_epoch = { .epoch = INT64_MAX, .instance = 0xa1a2a3a4, .over = 0xb1b2b3b4 };

static struct rsp_statement
statement(uint16_t rank)
{
	return (struct rsp_statement){ .epoch = an_epoch, .since_ms = 0x19a8f3c2b10, .rank = rank };
}

static void
registrations_of(struct rsp_pool_element pe, const char *what)
{
	struct rsp_message msg = asap(ASAP_REGISTRATION);

	msg.has |= RSP_HAS_ELEMENT;
	msg.element = pe;
	give(&msg, "asap_registration[%s]", what);
}

static void
transports(void)
{
	static const struct {
		const char *name;
		uint16_t type;
		uint8_t use, first, end;
	} kinds[] = {
		{ "sctp-v4", RSP_PARAM_SCTP, RSP_USE_DATA, 0, 1 },
		{ "sctp-v6-control", RSP_PARAM_SCTP, RSP_USE_DATA_CONTROL, 1, 2 },
		{ "sctp-many", RSP_PARAM_SCTP, RSP_USE_DATA_CONTROL, 0, 3 },
		{ "tcp-v4", RSP_PARAM_TCP, 0, 0, 1 },
		{ "tcp-v6", RSP_PARAM_TCP, 0, 1, 2 },
		{ "udp-v4", RSP_PARAM_UDP, 0, 2, 3 },
		{ "udp-v6", RSP_PARAM_UDP, 0, 1, 2 },
		{ "udp-lite-v4", RSP_PARAM_UDP_LITE, 0, 0, 1 },
		{ "dccp-v4", RSP_PARAM_DCCP, 0, 0, 1 },
		{ "dccp-v6", RSP_PARAM_DCCP, 0, 1, 2 },
		{ "opaque", RSP_PARAM_OPAQUE, 0, 0, 0 },
	};

	for (size_t i = 0; i < RSP_COUNT(kinds); i++) {
		uint8_t room[RSP_ADDRS_ROOM(3)];
		struct rsp_pool_element pe = element(room);

		pe.user = transport(kinds[i].type, kinds[i].first, kinds[i].end, room);
		pe.user.use = kinds[i].use;
		registrations_of(pe, kinds[i].name);
	}
}

static void
policies(void)
{
	uint8_t room[RSP_ADDRS_ROOM(3)];
	struct rsp_pool_element pe = element(room);
	const struct rsp_policy_row *row;

	for (unsigned i = 0; (row = rsp_policy_at(i)); i++) {
		pe.policy = (struct rsp_policy){ .type = row->type };
		for (unsigned v = 0; v < row->n_values; v++)
			pe.policy.value[v] = 0x01020304 * (v + 1);
		registrations_of(pe, row->alias);
	}
	pe.policy = (struct rsp_policy){ .type = 0xb0001001, .extra = rsp_bytes_str("\1\2\3\4\5\6\7\10") };
	registrations_of(pe, "private-policy");
}

static void
elements(void)
{
	uint8_t room[RSP_ADDRS_ROOM(3)], asap_room[RSP_ADDRS_ROOM(3)];
	struct rsp_pool_element pe = element(room);

	pe.lifetime_s = -1;
	registrations_of(pe, "infinite");
	pe.asap = transport(RSP_PARAM_SCTP, 0, 3, asap_room);
	registrations_of(pe, "asap-transport-sctp");
	pe.asap = transport(RSP_PARAM_TCP, 1, 2, asap_room);
	registrations_of(pe, "asap-transport-tcp");
	pe.owner = rsp_bytes_str("web-1");
	registrations_of(pe, "asap-transport-owner");
	pe.asap.type = 0;
	registrations_of(pe, "owner");
	struct rsp_message numbered = asap(ASAP_REGISTRATION);
	numbered.element = pe;
	numbered.has |= RSP_HAS_ELEMENT | RSP_HAS_EPOCH;
	numbered.epoch = an_epoch;
	give(&numbered, "asap_registration[epoch]");
	for (unsigned n = 1; n <= 5; n++) {
		struct rsp_message msg = asap(ASAP_REGISTRATION);

		msg.has |= RSP_HAS_ELEMENT;
		msg.element = pe;
		msg.handle = rsp_bytes_of("a\xffpool", n);
		give(&msg, "asap_registration[handle-of-%u]", n);
	}
}

/* The information that @cause carries, RFC 5354 s.3.12.1-3.12.11. */
static struct rsp_bytes
cause_info(uint16_t cause, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);
	uint8_t addrs[RSP_ADDRS_ROOM(3)];
	struct rsp_transport t = transport(RSP_PARAM_SCTP, 0, 2, addrs);

	if (cause == RSP_CAUSE_UNRECOGNIZED_PARAM || cause == RSP_CAUSE_INVALID_VALUES) {
		rsp_bytes_param_encode(&wr, 0x4042, rsp_bytes_str("abcde"));
	} else if (cause == RSP_CAUSE_UNRECOGNIZED_MSG) {
		struct rsp_mark mark = rsp_wr_msg_open(&wr, 0x41, 0);
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("web"));
		rsp_wr_close(&wr, mark);
	} else if (cause == RSP_CAUSE_INCONSISTENT_POLICY) {
		rsp_policy_encode(&wr, &(struct rsp_policy){ .type = RSP_POLICY_WRR, .value = { 9, 0 } });
	} else if (cause == RSP_CAUSE_INCONSISTENT_TRANSPORT) {
		rsp_transport_encode(&wr, &t);
	}
	return rsp_bytes_of(room, wr.pos);
}

static void
set_error(struct rsp_message *msg, uint16_t cause, uint8_t *room, size_t cap)
{
	uint8_t info[128];

	msg->has |= RSP_HAS_ERROR;
	msg->error = rsp_error_compose(cause, cause_info(cause, info, sizeof(info)), room, cap);
}

static void
causes(void)
{
	uint8_t room[128];

	for (uint16_t cause = 0; cause <= RSP_CAUSE_SECURITY; cause++) {
		struct rsp_message msg = asap(ASAP_REGISTRATION_RESPONSE);

		msg.flags = ASAP_FLAG_REJECT;
		msg.has |= RSP_HAS_PE_ID;
		msg.pe_id = 0x0a0b0c0d;
		set_error(&msg, cause, room, sizeof(room));
		give(&msg, "asap_registration_response[%s]", rsp_cause_key(cause));

		msg = asap(ASAP_ERROR);
		set_error(&msg, cause, room, sizeof(room));
		give(&msg, "asap_error[%s]", rsp_cause_key(cause));

		msg = enrp(ENRP_ERROR);
		set_error(&msg, cause, room, sizeof(room));
		give(&msg, "enrp_error[%s]", rsp_cause_key(cause));
	}
}

static void
two_causes(void)
{
	struct rsp_message msg = asap(ASAP_ERROR);
	uint8_t room[64];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	rsp_bytes_param_encode(&wr, RSP_CAUSE_UNRECOGNIZED_PARAM, rsp_bytes_of("\xc0\x42\0\5x", 5));
	rsp_bytes_param_encode(&wr, RSP_CAUSE_LACK_OF_RESOURCES, (struct rsp_bytes){ 0 });
	msg.has |= RSP_HAS_ERROR;
	msg.error = rsp_bytes_of(room, wr.pos);
	give(&msg, "asap_error[two]");
}

/* Messages of a handle and an identifier. */
static void
handles_and_ids(void)
{
	static const struct {
		uint8_t type;
		const char *name;
	} kinds[] = {
		{ ASAP_DEREGISTRATION, "asap_deregistration" },
		{ ASAP_REGISTRATION_RESPONSE, "asap_registration_response" },
		{ ASAP_DEREGISTRATION_RESPONSE, "asap_deregistration_response" },
		{ ASAP_ENDPOINT_KEEP_ALIVE_ACK, "asap_endpoint_keep_alive_ack" },
		{ ASAP_ENDPOINT_UNREACHABLE, "asap_endpoint_unreachable" },
	};
	uint8_t room[64];

	for (size_t i = 0; i < RSP_COUNT(kinds); i++) {
		struct rsp_message msg = asap(kinds[i].type);

		msg.has |= RSP_HAS_PE_ID;
		msg.pe_id = 0x0a0b0c0d;
		give(&msg, "%s", kinds[i].name);
		if (kinds[i].type == ASAP_ENDPOINT_UNREACHABLE)
			continue;
		msg.has |= RSP_HAS_EPOCH;
		msg.epoch = (struct rsp_epoch){ .instance = 1 };
		give(&msg, "%s[epoch]", kinds[i].name);
	}
	struct rsp_message msg = asap(ASAP_DEREGISTRATION_RESPONSE);
	msg.has |= RSP_HAS_PE_ID;
	msg.pe_id = 0x0a0b0c0d;
	set_error(&msg, RSP_CAUSE_SECURITY, room, sizeof(room));
	give(&msg, "asap_deregistration_response[security]");
	set_error(&msg, RSP_CAUSE_EPOCH_OLD, room, sizeof(room));
	msg.has |= RSP_HAS_EPOCH;
	msg.epoch = an_epoch;
	give(&msg, "asap_deregistration_response[epoch-old]");
	msg.type = ASAP_REGISTRATION_RESPONSE;
	msg.flags = ASAP_FLAG_REJECT;
	give(&msg, "asap_registration_response[epoch-old]");

	for (unsigned home = 0; home < 8; home++) {
		msg = asap(ASAP_ENDPOINT_KEEP_ALIVE);
		msg.server_id = 0x11111111;
		msg.flags = home & 1 ? ASAP_FLAG_HOME : 0;
		msg.has |= home & 2 ? RSP_HAS_PE_ID : 0;
		msg.pe_id = home & 2 ? 0x0a0b0c0d : 0;
		msg.has |= home & 4 ? RSP_HAS_EPOCH : 0;
		msg.epoch = home & 4 ? an_epoch : (struct rsp_epoch){ 0 };
		give(&msg, "asap_endpoint_keep_alive[%s%s%s]", home & 1 ? "home" : "", home & 2 ? " pe-id" : "",
		     home & 4 ? " epoch" : "");
	}
}

static void
resolutions(void)
{
	struct rsp_message msg = asap(ASAP_HANDLE_RESOLUTION);

	give(&msg, "asap_handle_resolution");
	msg.flags = ASAP_FLAG_SUBSCRIBE;
	give(&msg, "asap_handle_resolution[subscribe]");
	msg.has |= RSP_HAS_ITEM_COUNT;
	msg.item_count = UINT32_MAX;
	give(&msg, "asap_handle_resolution[items]");
}

static struct rsp_bytes
list_of_elements(unsigned n, uint8_t *room, size_t cap)
{
	struct rsp_wr wr = rsp_wr_init(room, cap);

	for (unsigned i = 0; i < n; i++) {
		uint8_t addrs[RSP_ADDRS_ROOM(3)];
		struct rsp_pool_element pe = element(addrs);

		pe.pe_id += i;
		pe.owner = rsp_bytes_of("web-1", i < 2 ? 0 : 5); /* unaligned, so that a gap follows */
		rsp_pool_element_encode(&wr, &pe);
	}
	return rsp_bytes_of(room, wr.pos);
}

static void
set_list(struct rsp_message *msg, struct rsp_bytes list, unsigned n)
{
	msg->has |= n ? RSP_HAS_LIST : 0;
	msg->list = list;
	msg->n_list = n;
}

static void
answers(void)
{
	uint8_t room[1024], error[64];
	struct rsp_message msg = asap(ASAP_HANDLE_RESOLUTION_RESPONSE);

	set_error(&msg, RSP_CAUSE_UNKNOWN_POOL_HANDLE, error, sizeof(error));
	give(&msg, "asap_handle_resolution_response[unknown-pool-handle]");
	for (unsigned n = 1; n <= 4; n++) {
		msg = asap(ASAP_HANDLE_RESOLUTION_RESPONSE);
		msg.flags = n & 1 ? ASAP_FLAG_ACCEPT : 0;
		msg.has |= n & 2 ? RSP_HAS_POLICY : 0;
		msg.policy.type = n & 2 ? RSP_POLICY_RR : 0;
		set_list(&msg, list_of_elements(n, room, sizeof(room)), n);
		give(&msg, "asap_handle_resolution_response[%u elements]", n);
	}
	msg = asap(ASAP_BUSINESS_CARD);
	set_list(&msg, list_of_elements(2, room, sizeof(room)), 2);
	give(&msg, "asap_business_card");
}

static void
cookies(void)
{
	for (unsigned n = 1; n <= 8; n += 3) {
		struct rsp_message msg = asap(ASAP_COOKIE);

		msg.has |= RSP_HAS_COOKIE;
		msg.cookie = rsp_bytes_of("\1\2\3\4\5\6\7\10", n);
		give(&msg, "asap_cookie[%u]", n);
		msg.type = ASAP_COOKIE_ECHO;
		give(&msg, "asap_cookie_echo[%u]", n);
	}
}

static void
announcements(void)
{
	uint8_t room[256], addrs[RSP_ADDRS_ROOM(3)];
	struct rsp_message msg = asap(ASAP_SERVER_ANNOUNCE);
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_transport sctp = transport(RSP_PARAM_SCTP, 0, 2, addrs);

	msg.server_id = 0x11111111;
	give(&msg, "asap_server_announce");
	rsp_transport_encode(&wr, &sctp);
	set_list(&msg, rsp_bytes_of(room, wr.pos), 1);
	give(&msg, "asap_server_announce[sctp]");
	struct rsp_transport tcp = transport(RSP_PARAM_TCP, 0, 1, addrs);
	rsp_transport_encode(&wr, &tcp);
	set_list(&msg, rsp_bytes_of(room, wr.pos), 2);
	give(&msg, "asap_server_announce[sctp+tcp]");
}

static struct rsp_server_info
server(uint16_t type, uint32_t id, uint8_t *room)
{
	struct rsp_server_info info = { .server_id = id,
					.transport = transport(type, 0, type == RSP_PARAM_TCP ? 1 : 3, room) };

	return info;
}

/* PRESENCEs as @msg, with the private parameters that replace the digest. */
static void
states(struct rsp_message *msg)
{
	struct rsp_server_info *info = &msg->server_info;
	uint8_t heard[3 * RSP_HEARD_SIZE];

	for (unsigned i = 0; i < 3; i++)
		rsp_heard_write(heard + (size_t)i * RSP_HEARD_SIZE,
				&(struct rsp_heard){ 0x33333333 * (i + 1), 0xfedcba9876543210 + i });
	info->has_digest = false;
	info->digest = 0;
	info->has_state = true;
	info->state = (struct rsp_state){ .digest = 0x123456789abcdef0, .update = 0x1122334455667788, .capabilities = 0x90 };
	give(msg, "enrp_presence[state]");
	info->has_clock = true;
	info->clock_ms = 0x19a8f3c2b10;
	for (unsigned n = 0; n <= 3; n++) {
		info->heard = rsp_bytes_of(heard, (size_t)n * RSP_HEARD_SIZE);
		give(msg, "enrp_presence[state, clock, %u heard]", n);
	}
	info->name = rsp_bytes_str("r1");
	give(msg, "enrp_presence[name, state, clock, heard]");
}

static void
presences(void)
{
	uint8_t room[RSP_ADDRS_ROOM(3)];
	struct rsp_message msg = enrp(ENRP_PRESENCE);

	give(&msg, "enrp_presence");
	msg.has |= RSP_HAS_CHECKSUM;
	msg.checksum = 0xfddc;
	give(&msg, "enrp_presence[checksum]");
	msg.has |= RSP_HAS_SERVER_INFO;
	msg.flags = ENRP_FLAG_REPLY_REQUIRED;
	msg.server_info = server(RSP_PARAM_SCTP, 0x11111111, room);
	give(&msg, "enrp_presence[checksum+sctp]");
	msg.server_info = server(RSP_PARAM_TCP, 0x11111111, room);
	give(&msg, "enrp_presence[checksum+tcp]");
	msg.server_info.name = rsp_bytes_str("r1");
	give(&msg, "enrp_presence[name]");
	msg.server_info.has_digest = true;
	msg.server_info.digest = 0x123456789abcdef0;
	give(&msg, "enrp_presence[name+digest]");
	msg.server_info.name = (struct rsp_bytes){ 0 };
	give(&msg, "enrp_presence[digest]");
	states(&msg);
}

static void
tables(void)
{
	uint8_t room[1024];
	struct rsp_message msg = enrp(ENRP_HANDLE_TABLE_REQUEST);
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	give(&msg, "enrp_handle_table_request");
	msg.flags = ENRP_FLAG_OWN;
	give(&msg, "enrp_handle_table_request[own]");
	msg.flags = ENRP_FLAG_OWN | ENRP_FLAG_CONTINUE;
	give(&msg, "enrp_handle_table_request[own, continue]");
	msg.flags = ENRP_FLAG_OWN;
	msg.has = RSP_HAS_TABLE_OF;
	msg.table_of = 0x33333333;
	give(&msg, "enrp_handle_table_request[table of]");
	msg.has |= RSP_HAS_UPDATES_FROM;
	msg.updates_from = 0x1122334455667788;
	give(&msg, "enrp_handle_table_request[table of, updates from]");
	msg.has = RSP_HAS_UPDATES_FROM;
	msg.table_of = 0;
	give(&msg, "enrp_handle_table_request[updates from]");
	msg = enrp(ENRP_HANDLE_TABLE_RESPONSE);
	give(&msg, "enrp_handle_table_response[empty]");
	msg.flags = ENRP_FLAG_REJECT;
	give(&msg, "enrp_handle_table_response[reject]");
	for (unsigned pool = 0; pool < 2; pool++) {
		uint8_t addrs[RSP_ADDRS_ROOM(3)], more[RSP_ADDRS_ROOM(3)];
		struct rsp_pool_element pe = element(addrs);

		pe.asap = transport(RSP_PARAM_TCP, 1, 2, more);
		pe.owner = rsp_bytes_str("web-1");
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str(pool ? "echo" : "web"));
		rsp_pool_element_encode(&wr, &pe);
		pe.version = 0x19a8f3c2b10;
		pe.asap = transport(RSP_PARAM_SCTP, 0, 3, more);
		rsp_pool_element_encode(&wr, &pe);
	}
	msg.flags = ENRP_FLAG_MORE;
	set_list(&msg, rsp_bytes_of(room, wr.pos), 6);
	give(&msg, "enrp_handle_table_response[two pools]");
	msg.has |= RSP_HAS_TABLE_OF;
	msg.table_of = 0x33333333;
	give(&msg, "enrp_handle_table_response[table of, two pools]");
	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("gone"));
	struct rsp_pool_element tombstone = { .pe_id = 1, .home_id = 2, .statement = statement(RSP_RANK_REMOVED) };
	rsp_pool_element_encode(&wr, &tombstone);
	set_list(&msg, rsp_bytes_of(room, wr.pos), 8);
	give(&msg, "enrp_handle_table_response[table of, tombstone]");
	set_list(&msg, (struct rsp_bytes){ 0 }, 0);
	msg.has = RSP_HAS_TABLE_OF;
	give(&msg, "enrp_handle_table_response[table of, empty]");
}

/* HANDLE_UPDATEs as @msg, with a statement. */
static void
statements(struct rsp_message *msg)
{
	static const uint16_t ranks[] = { RSP_RANK_REGISTERED, 2, RSP_RANK_TAKEN_MAX, RSP_RANK_REMOVED };
	struct rsp_pool_element *pe = &msg->element;

	pe->statement = statement(RSP_RANK_REGISTERED);
	give(msg, "enrp_handle_update[version, statement]");
	pe->version = 0;
	pe->owner = rsp_bytes_str("web-1");
	msg->has |= RSP_HAS_UPDATE_NUMBER;
	msg->update_number = UINT64_MAX;
	for (size_t i = 0; i < RSP_COUNT(ranks); i++) {
		pe->statement = statement(ranks[i]);
		give(msg, "enrp_handle_update[statement of rank %u]", ranks[i]);
	}
	msg->has |= RSP_HAS_REPORTED;
	give(msg, "enrp_handle_update[reported]");
	msg->has &= ~(unsigned)RSP_HAS_UPDATE_NUMBER;
	msg->update_number = 0;
	give(msg, "enrp_handle_update[reported, no number]");
	msg->has &= ~(unsigned)RSP_HAS_REPORTED;
	*pe = (struct rsp_pool_element){ .pe_id = 1, .home_id = 2, .statement = statement(RSP_RANK_REMOVED) };
	give(msg, "enrp_handle_update[tombstone, no owner]");
	pe->owner = rsp_bytes_str("web-1");
	give(msg, "enrp_handle_update[tombstone]");
}

static void
updates(void)
{
	uint8_t room[RSP_ADDRS_ROOM(3)], asap_room[RSP_ADDRS_ROOM(3)];
	struct rsp_message msg = enrp(ENRP_HANDLE_UPDATE);

	msg.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT;
	msg.handle = rsp_bytes_str("web");
	msg.element = element(room);
	msg.element.asap = transport(RSP_PARAM_SCTP, 0, 2, asap_room);
	msg.update_action = ENRP_ADD_PE;
	give(&msg, "enrp_handle_update[add]");
	msg.element.asap = transport(RSP_PARAM_TCP, 0, 1, asap_room);
	msg.element.owner = rsp_bytes_str("web-1");
	msg.update_action = ENRP_DEL_PE;
	give(&msg, "enrp_handle_update[del]");
	msg.element.version = INT64_MAX;
	give(&msg, "enrp_handle_update[del, version]");
	msg.element.owner = (struct rsp_bytes){ 0 };
	give(&msg, "enrp_handle_update[del, version, no owner]");
	statements(&msg);
}

static void
lists(void)
{
	uint8_t room[256], addrs[RSP_ADDRS_ROOM(3)];
	struct rsp_message msg = enrp(ENRP_LIST_REQUEST);
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	give(&msg, "enrp_list_request");
	msg = enrp(ENRP_LIST_RESPONSE);
	msg.flags = ENRP_FLAG_REJECT;
	give(&msg, "enrp_list_response[reject]");
	struct rsp_server_info info = server(RSP_PARAM_SCTP, 0x33333333, addrs);
	rsp_server_info_encode(&wr, &info);
	info = server(RSP_PARAM_TCP, 0x44444444, addrs);
	info.name = rsp_bytes_str("r4");
	rsp_server_info_encode(&wr, &info);
	msg.flags = 0;
	set_list(&msg, rsp_bytes_of(room, wr.pos), 2);
	give(&msg, "enrp_list_response[two]");
}

static void
takeovers(void)
{
	static const char *const names[] = { "enrp_init_takeover", "enrp_init_takeover_ack", "enrp_takeover_server" };

	for (uint8_t i = 0; i < RSP_COUNT(names); i++) {
		struct rsp_message msg = enrp((uint8_t)(ENRP_INIT_TAKEOVER + i));

		msg.target_id = 0x33333333;
		give(&msg, "%s", names[i]);
	}
}

unsigned
samples(void (*each)(const char *name, const struct rsp_message *msg))
{
	to.each = each;
	to.n = 0;
	transports();
	policies();
	elements();
	causes();
	two_causes();
	handles_and_ids();
	resolutions();
	answers();
	cookies();
	announcements();
	presences();
	tables();
	updates();
	lists();
	takeovers();
	return to.n;
}
