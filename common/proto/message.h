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

/* Which parameters a message has. The fixed fields of its type are always there. */
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
	RSP_HAS_LIST = 1U << 9 /* one or more repeated parameters, in .list */
};

/**
 * Any ASAP or ENRP message (RFC 5352 s.2.2, RFC 5353 s.2). The grammar says which fields a type has (rsp_grammar());
 * the others are zero. Decoding copies nothing: the views live as long as the decoded octets.
 */
struct rsp_message {
	enum rsp_protocol protocol;
	uint8_t type, flags; /* flags that the type does not define are cleared when received and sent */
	unsigned has;	     /* RSP_HAS_… */

	uint32_t server_id;		 /* KEEP_ALIVE, SERVER_ANNOUNCE */
	uint32_t sender_id, receiver_id; /* all ENRP */
	uint32_t target_id;		 /* the three takeover messages */
	uint16_t update_action;		 /* HANDLE_UPDATE */

	struct rsp_bytes handle;
	uint32_t pe_id;
	struct rsp_policy policy;
	struct rsp_pool_element element;
	struct rsp_server_info server_info;
	struct rsp_bytes error; /* the causes; rsp_error_cause_next() on a reader of it returns them one by one */
	struct rsp_bytes cookie;
	uint16_t checksum; /* the 16 bits of the wire, read as a big-endian number */
	uint32_t item_count;

	/* The repeated parameters, as on the wire; the decoder has checked each of them. Pool Elements
	 * (HANDLE_RESOLUTION_RESPONSE, BUSINESS_CARD), transports (SERVER_ANNOUNCE), Pool Handles each followed by its
	 * Pool Elements (HANDLE_TABLE_RESPONSE), Server Informations (LIST_RESPONSE). Read it with rsp_list_next(). */
	struct rsp_bytes list;
	unsigned n_list; /* known parameters in @list */

	struct rsp_unknown unknown; /* of the message itself; a nested one is in its parameter */
};

/** One known parameter of a list. Of the last four fields, the one that belongs to @type is set. */
struct rsp_list_item {
	uint16_t type;
	struct rsp_bytes whole; /* with its header, without padding */
	struct rsp_bytes handle;
	struct rsp_pool_element element;
	struct rsp_server_info server_info;
	struct rsp_transport transport;
};

/** The next parameter of msg->list; begin with *@cursor = 0. False at the end. */
bool rsp_list_next(const struct rsp_message *msg, size_t *cursor, struct rsp_list_item *ret);

/** The RFC's name of a message type: "ASAP_REGISTRATION", or NULL. */
const char *rsp_message_name(enum rsp_protocol protocol, uint8_t type);

/**
 * The size on the wire, with padding, of the message that begins at @bytes: so messages are separated on a byte stream.
 * 0 if there are too few octets to know it; SIZE_MAX if the length field is impossible.
 */
size_t rsp_message_frame(struct rsp_bytes bytes);

/**
 * Decode one whole message. A length field that counts the final padding is accepted, because rsplib sends it so.
 * RSP_EMALFORM, RSP_EVALUE, RSP_EUNKNOWN_MSG or RSP_EUNKNOWN_PARAM: then *@ret is unchanged, and @why has the offset,
 * the parameter type, the reason and the error cause to send back (RSP_CAUSE_NONE: send nothing, RFC 5354 s.3 and s.4).
 */
enum rsp_err rsp_message_decode(enum rsp_protocol protocol, struct rsp_bytes bytes, struct rsp_message *ret,
				struct rsp_why *why) RSP_NODISCARD;

/** Encode @msg; *@ret_size counts the final padding. RSP_ELIMIT if it does not fit into @cap or RSP_MESSAGE_MAX;
 * RSP_EINTERNAL if it lacks what its grammar demands. */
enum rsp_err rsp_message_encode(const struct rsp_message *msg, uint8_t *buf, size_t cap,
				size_t *ret_size) RSP_NODISCARD;

/**
 * Write the value of an Operation Error (msg->error) with one cause to @room, of @cap octets: a view of it. @info is
 * the cause-specific part, which is left out if it does not fit. The view is empty if @cap is below 4.
 */
struct rsp_bytes rsp_error_compose(uint16_t cause, struct rsp_bytes info, uint8_t *room, size_t cap);

/**
 * The cause-specific part of the error cause that rsp_message_decode() left in @why: the parameter at fault, or the
 * whole message if its type is unknown (RFC 5354 s.3.12.2-3.12.4). A view into @message.
 */
struct rsp_bytes rsp_message_culprit(struct rsp_bytes message, const struct rsp_why *why);

/**
 * Write the value of an Operation Error that reports the skipped parameters of @msg with one cause each (RFC 5354 s.3,
 * high bits 11), also those in its Pool Elements and Server Informations. Causes that do not fit into @cap are left
 * out. Empty if there are none, and for ASAP_ERROR and ENRP_ERROR: an error must not be answered with an error.
 */
struct rsp_bytes rsp_message_unrecognized(const struct rsp_message *msg, uint8_t *room, size_t cap);

/** The code of the first cause in msg->error; RSP_CAUSE_NONE if there is none. */
uint16_t rsp_message_cause(const struct rsp_message *msg);

#endif
