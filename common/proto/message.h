#ifndef RSP_PROTO_MESSAGE_H
#define RSP_PROTO_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "proto/grammar.h"
#include "proto/param.h"

enum { RSP_PPID_ASAP = 11, RSP_PPID_ENRP = 12 };

enum { ENRP_ADD_PE = 0, ENRP_DEL_PE = 1 }; /* Update Action, RFC 5353 s.2.4 */

/* Bits of rsp_message.has: the parameters that a message has. It always has the fixed fields of its type. */
enum {
	RSP_HAS_HANDLE = 1U << 0,
	RSP_HAS_PE_ID = 1U << 1,
	RSP_HAS_POLICY = 1U << 2,
	RSP_HAS_ELEMENT = 1U << 3, /* one Pool Element, in .element */
	RSP_HAS_ERROR = 1U << 4,
	RSP_HAS_COOKIE = 1U << 5,
	RSP_HAS_CHECKSUM = 1U << 6,
	RSP_HAS_SERVER_INFO = 1U << 7, /* one Server Information, in .server_info */
	RSP_HAS_ITEM_COUNT = 1U << 8,
	RSP_HAS_LIST = 1U << 9, /* one or more repeated parameters, in .list */
	RSP_HAS_EPOCH = 1U << 10,
	RSP_HAS_UPDATE_NUMBER = 1U << 11,
	RSP_HAS_TABLE_OF = 1U << 12,
	RSP_HAS_UPDATES_FROM = 1U << 13,
	RSP_HAS_REPORTED = 1U << 14 /* has no value */
};

/**
 * Any ASAP or ENRP message (RFC 5352 s.2.2, RFC 5353 s.2). The grammar of the type says which fields are used
 * (rsp_grammar()); the others are zero. The decoder copies nothing: views are valid as long as the decoded octets.
 */
struct rsp_message {
	enum rsp_protocol protocol;
	uint8_t type, flags; /* decoder and encoder clear the flags that the type does not define */
	unsigned has;	     /* RSP_HAS_… */

	uint32_t server_id;		 /* KEEP_ALIVE, SERVER_ANNOUNCE */
	uint32_t sender_id, receiver_id; /* all ENRP messages */
	uint32_t target_id;		 /* the three takeover messages */
	uint16_t update_action;		 /* HANDLE_UPDATE */

	struct rsp_bytes handle;
	uint32_t pe_id;
	struct rsp_policy policy;
	struct rsp_pool_element element;
	struct rsp_server_info server_info;
	struct rsp_bytes error; /* all error causes; rsp_error_cause_next() reads them one by one */
	struct rsp_bytes cookie;
	uint16_t checksum; /* the 16 bits in the message, as a big-endian number */
	uint32_t item_count;
	struct rsp_epoch epoch;	 /* RSP_PARAM_EPOCH */
	uint64_t update_number;	 /* HANDLE_UPDATE: RSP_PARAM_UPDATE_NUMBER */
	uint32_t table_of;	 /* HANDLE_TABLE_REQUEST and _RESPONSE: RSP_PARAM_TABLE_OF */
	uint64_t updates_from;	 /* HANDLE_TABLE_REQUEST: RSP_PARAM_UPDATES_FROM */

	/*
	 * The repeated parameters, as encoded octets; the decoder has checked each of them. Pool Elements
	 * (HANDLE_RESOLUTION_RESPONSE, BUSINESS_CARD), transports (SERVER_ANNOUNCE), Pool Handles, each followed by its
	 * Pool Elements (HANDLE_TABLE_RESPONSE), Server Informations (LIST_RESPONSE). rsp_list_next() reads them.
	 */
	struct rsp_bytes list;
	unsigned n_list; /* number of known parameters in @list */

	/* unknown parameters of the message itself; those in a nested parameter are in its struct */
	struct rsp_unknown unknown;
};

/** One known parameter of a list. Of the last four fields, only the one for @type is set. */
struct rsp_list_item {
	uint16_t type;
	struct rsp_bytes whole; /* the whole parameter: with its header, without padding */
	struct rsp_bytes handle;
	struct rsp_pool_element element;
	struct rsp_server_info server_info;
	struct rsp_transport transport;
};

/** Read the next parameter of msg->list into @ret; begin with *@cursor = 0. False: the end. */
bool rsp_list_next(const struct rsp_message *msg, size_t *cursor, struct rsp_list_item *ret);

/** The name of a message type in the RFC, such as "ASAP_REGISTRATION"; NULL: unknown. */
const char *rsp_message_name(enum rsp_protocol protocol, uint8_t type);

/**
 * The size, with padding, of the message that begins at @bytes: to separate the messages of a byte stream. 0: too few
 * octets to read the length field. SIZE_MAX: the length field is invalid.
 */
size_t rsp_message_frame(struct rsp_bytes bytes);

/**
 * Decode one whole message. A length field that includes the final padding is accepted, because rsplib sends such fields.
 * Errors: RSP_EMALFORM, RSP_EVALUE, RSP_EUNKNOWN_MSG, RSP_EUNKNOWN_PARAM. On error *@ret is unchanged, and @why has the
 * offset, the parameter type, the reason and the error cause for the answer (RSP_CAUSE_NONE: send no answer, RFC 5354 s.3
 * and s.4).
 */
enum rsp_err rsp_message_decode(enum rsp_protocol protocol, struct rsp_bytes bytes, struct rsp_message *ret,
				struct rsp_why *why) RSP_NODISCARD;

/** Encode @msg. *@ret_size includes the final padding. RSP_ELIMIT: it does not fit into @cap, or exceeds
 * RSP_MESSAGE_MAX. RSP_EINTERNAL: it lacks a parameter that its grammar requires. RSP_EUNKNOWN_MSG. */
enum rsp_err rsp_message_encode(const struct rsp_message *msg, uint8_t *buf, size_t cap,
				size_t *ret_size) RSP_NODISCARD;

/**
 * Write the value of an Operation Error (for msg->error) with one cause into @room, which has @cap octets, and return a
 * view of it. @info: the cause-specific part, which is omitted if it does not fit. If @cap is below 4, the view is empty.
 */
struct rsp_bytes rsp_error_compose(uint16_t cause, struct rsp_bytes info, uint8_t *room, size_t cap);

/**
 * The cause-specific part for the error cause in @why, which rsp_message_decode() has set for @message: the invalid
 * parameter, or the whole message if its type is unknown (RFC 5354 s.3.12.2-3.12.4). A view into @message.
 */
struct rsp_bytes rsp_message_culprit(struct rsp_bytes message, const struct rsp_why *why);

/**
 * Write the value of an Operation Error with one cause for each unknown parameter of @msg that must be reported (high
 * bits 11, RFC 5354 s.3), also for those in its Pool Elements and Server Informations. Causes that do not fit into @cap
 * are omitted. Empty: there are none, or @msg is an ASAP_ERROR or ENRP_ERROR: an error must not be answered with an error.
 */
struct rsp_bytes rsp_message_unrecognized(const struct rsp_message *msg, uint8_t *room, size_t cap);

/** The code of the first error cause in msg->error; RSP_CAUSE_NONE: there is none. */
uint16_t rsp_message_cause(const struct rsp_message *msg);

#endif
