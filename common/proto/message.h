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

/* Which parts of a message are there, beside the fixed fields of its type. */
enum {
	RSP_HAS_HANDLE = 1U << 0,
	RSP_HAS_PE_ID = 1U << 1,
	RSP_HAS_POLICY = 1U << 2,
	RSP_HAS_ELEMENT = 1U << 3, /* exactly one Pool Element: .element */
	RSP_HAS_ERROR = 1U << 4,
	RSP_HAS_COOKIE = 1U << 5,
	RSP_HAS_CHECKSUM = 1U << 6,
	RSP_HAS_SERVER_INFO = 1U << 7, /* exactly one: .server_info */
	RSP_HAS_ITEM_COUNT = 1U << 8,
	RSP_HAS_LIST = 1U << 9 /* one or more of the parameters that repeat: .list, see below */
};

/**
 * Any ASAP or ENRP message (RFC 5352 s.2.2, RFC 5353 s.2). Which fields a type has is in the grammar (rsp_grammar());
 * the others are zero. Decoding copies nothing: views live as long as the octets decoded.
 */
struct rsp_message {
	enum rsp_protocol protocol;
	uint8_t type, flags; /* flags that the type does not define are neither received nor sent */
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
	struct rsp_bytes error; /* the causes: rsp_error_cause_next() on a reader of it */
	struct rsp_bytes cookie;
	uint16_t checksum; /* as a number in host order: the 16 bits of the wire read big-endian */
	uint32_t item_count;

	/* A list of parameters one after the other, as on the wire, already checked: Pool Elements
	 * (HANDLE_RESOLUTION_RESPONSE, BUSINESS_CARD), transports (SERVER_ANNOUNCE), Pool Handles each followed by its
	 * Pool Elements (HANDLE_TABLE_RESPONSE), Server Informations (LIST_RESPONSE). Walk it with rsp_list_next(). */
	struct rsp_bytes list;
	unsigned n_list; /* how many known parameters it holds */

	struct rsp_unknown unknown; /* of the message itself; nested ones are with their parameter */
};

/** One known parameter of a list. */
struct rsp_list_item {
	uint16_t type;
	struct rsp_bytes whole; /* with its header, without padding */
	struct rsp_bytes handle;
	struct rsp_pool_element element;
	struct rsp_server_info server_info;
	struct rsp_transport transport;
};

/** Step through msg->list: begin with *@cursor = 0. False at the end. */
bool rsp_list_next(const struct rsp_message *msg, size_t *cursor, struct rsp_list_item *ret);

/** The RFC's name of a message type: "ASAP_REGISTRATION", or NULL. */
const char *rsp_message_name(enum rsp_protocol protocol, uint8_t type);

/**
 * The size on the wire, padding included, of the message that begins at @bytes: 0 if more octets are needed to tell,
 * SIZE_MAX if its length field is impossible. On a byte stream messages follow one another, framed by this.
 */
size_t rsp_message_frame(struct rsp_bytes bytes);

/**
 * Decode one whole message. A length that counts the final padding is accepted (rsplib sends it so). RSP_EMALFORM,
 * RSP_EVALUE, RSP_EUNKNOWN_MSG or RSP_EUNKNOWN_PARAM otherwise, with offset, parameter type, reason and the cause to
 * answer in @why (RSP_CAUSE_NONE: discard in silence, RFC 5354 s.3 and s.4). @ret is untouched on error.
 */
enum rsp_err rsp_message_decode(enum rsp_protocol protocol, struct rsp_bytes bytes, struct rsp_message *ret,
				struct rsp_why *why) RSP_NODISCARD;

/** Encode @msg. @ret_size counts the final padding. RSP_ELIMIT if it does not fit @cap or the message limit. */
enum rsp_err rsp_message_encode(const struct rsp_message *msg, uint8_t *buf, size_t cap,
				size_t *ret_size) RSP_NODISCARD;

/**
 * Compose an Operation Error's value (msg->error) with one cause in @room: @info is the cause-specific part, left out
 * if it does not fit @cap. The view lives as long as @room; it is empty if @cap is below 4.
 */
struct rsp_bytes rsp_error_compose(uint16_t cause, struct rsp_bytes info, uint8_t *room, size_t cap);

/**
 * The cause-specific part for answering @why->cause, as rsp_message_decode() left it: the parameter in question, or the
 * message if that is unrecognized (RFC 5354 s.3.12.2-3.12.4). A view into @message.
 */
struct rsp_bytes rsp_message_culprit(struct rsp_bytes message, const struct rsp_why *why);

/**
 * Compose an Operation Error's value that reports the parameters @msg was decoded without, one cause each
 * (RFC 5354 s.3, high bits 11): its own, and those in its Pool Elements and Server Informations. Empty if there are
 * none, and for ASAP_ERROR and ENRP_ERROR, so that errors never answer errors. What does not fit @cap is left out.
 */
struct rsp_bytes rsp_message_unrecognized(const struct rsp_message *msg, uint8_t *room, size_t cap);

/** The first cause in msg->error, RSP_CAUSE_NONE if there is none. */
uint16_t rsp_message_cause(const struct rsp_message *msg);

#endif
