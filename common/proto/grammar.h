#ifndef RSP_PROTO_GRAMMAR_H
#define RSP_PROTO_GRAMMAR_H

#include <stdint.h>

enum rsp_protocol { RSP_ASAP, RSP_ENRP };

/*
 * All messages, one row for each: protocol, type, number of the type, the flags that the type defines; then its fixed
 * fields, and its parameters in the order in which they are sent. grammar.c defines the macros for fields and parameters.
 */
/* clang-format off */
#define RSP_MESSAGES(X)                                                                                                \
	/* ASAP, RFC 5352 s.2.2 figure 1 */                                                                            \
	X(ASAP, REGISTRATION, 0x01, 0, NO_FIELDS, ONE(POOL_HANDLE), ONE(POOL_ELEMENT), OPTIONAL(EPOCH))                \
	X(ASAP, DEREGISTRATION, 0x02, 0, NO_FIELDS, ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(EPOCH))                     \
	X(ASAP, REGISTRATION_RESPONSE, 0x03, ASAP_FLAG_REJECT, NO_FIELDS,                                              \
	  ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(ERROR), OPTIONAL(EPOCH))                                              \
	X(ASAP, DEREGISTRATION_RESPONSE, 0x04, 0, NO_FIELDS,                                                           \
	  ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(ERROR), OPTIONAL(EPOCH))                                              \
	X(ASAP, HANDLE_RESOLUTION, 0x05, ASAP_FLAG_SUBSCRIBE, NO_FIELDS, ONE(POOL_HANDLE), OPTIONAL(ITEM_COUNT))       \
	X(ASAP, HANDLE_RESOLUTION_RESPONSE, 0x06, ASAP_FLAG_ACCEPT, NO_FIELDS,                                         \
	  ONE(POOL_HANDLE), OPTIONAL(POLICY), MANY(POOL_ELEMENT), OPTIONAL(ERROR))                                     \
	/* the RFC has no PE identifier here, but elements of rsplib need it */                                        \
	X(ASAP, ENDPOINT_KEEP_ALIVE, 0x07, ASAP_FLAG_HOME, SERVER_ID,                                                  \
	  ONE(POOL_HANDLE), OPTIONAL(PE_ID), OPTIONAL(EPOCH))                                                          \
	X(ASAP, ENDPOINT_KEEP_ALIVE_ACK, 0x08, 0, NO_FIELDS, ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(EPOCH))            \
	X(ASAP, ENDPOINT_UNREACHABLE, 0x09, 0, NO_FIELDS, ONE(POOL_HANDLE), ONE(PE_ID))                                \
	X(ASAP, SERVER_ANNOUNCE, 0x0a, 0, SERVER_ID, MANY(SCTP))                                                       \
	X(ASAP, COOKIE, 0x0b, 0, NO_FIELDS, ONE(COOKIE))                                                               \
	X(ASAP, COOKIE_ECHO, 0x0c, 0, NO_FIELDS, ONE(COOKIE))                                                          \
	/* the policy is not in the RFC; rsplib writes one */                                                          \
	X(ASAP, BUSINESS_CARD, 0x0d, 0, NO_FIELDS, ONE(POOL_HANDLE), OPTIONAL(POLICY), SOME(POOL_ELEMENT))             \
	X(ASAP, ERROR, 0x0e, 0, NO_FIELDS, ONE(ERROR))                                                                 \
	/* ENRP, RFC 5353 s.2 figure 1 */                                                                              \
	X(ENRP, PRESENCE, 0x01, ENRP_FLAG_REPLY_REQUIRED, IDS, OPTIONAL(PE_CHECKSUM), OPTIONAL(SERVER_INFO))           \
	X(ENRP, HANDLE_TABLE_REQUEST, 0x02, ENRP_FLAG_OWN | ENRP_FLAG_CONTINUE, IDS,                                   \
	  OPTIONAL(TABLE_OF), OPTIONAL(UPDATES_FROM))                                                                  \
	/* one or more elements follow each handle: message.c checks this */                                           \
	X(ENRP, HANDLE_TABLE_RESPONSE, 0x03, ENRP_FLAG_REJECT | ENRP_FLAG_MORE, IDS,                                   \
	  OPTIONAL(TABLE_OF), MANY(POOL_HANDLE), MANY(POOL_ELEMENT))                                                   \
	X(ENRP, HANDLE_UPDATE, 0x04, 0, IDS_AND(UPDATE_ACTION),                                                        \
	  ONE(POOL_HANDLE), ONE(POOL_ELEMENT), OPTIONAL(REPORTED), OPTIONAL(UPDATE_NUMBER))                            \
	X(ENRP, LIST_REQUEST, 0x05, 0, IDS, END)                                                                       \
	X(ENRP, LIST_RESPONSE, 0x06, ENRP_FLAG_REJECT, IDS, MANY(SERVER_INFO))                                         \
	X(ENRP, INIT_TAKEOVER, 0x07, 0, IDS_AND(TARGET_ID), END)                                                       \
	X(ENRP, INIT_TAKEOVER_ACK, 0x08, 0, IDS_AND(TARGET_ID), END)                                                   \
	X(ENRP, TAKEOVER_SERVER, 0x09, 0, IDS_AND(TARGET_ID), END)                                                     \
	X(ENRP, ERROR, 0x0a, 0, IDS, ONE(ERROR))
/* clang-format on */

enum {
#define RSP_MESSAGE_TYPE(protocol, type, number, ...) protocol##_##type = (number),
	RSP_MESSAGES(RSP_MESSAGE_TYPE)
#undef RSP_MESSAGE_TYPE
};

enum {
	ASAP_FLAG_REJECT = 0x01,	 /* REGISTRATION_RESPONSE, R */
	ASAP_FLAG_SUBSCRIBE = 0x01,	 /* HANDLE_RESOLUTION, S */
	ASAP_FLAG_ACCEPT = 0x01,	 /* HANDLE_RESOLUTION_RESPONSE, A */
	ASAP_FLAG_HOME = 0x01,		 /* ENDPOINT_KEEP_ALIVE, H */
	ENRP_FLAG_REPLY_REQUIRED = 0x01, /* PRESENCE */
	ENRP_FLAG_OWN = 0x01,		 /* HANDLE_TABLE_REQUEST, W */
	ENRP_FLAG_CONTINUE = 0x02,	 /* HANDLE_TABLE_REQUEST, private: continue the current download */
	ENRP_FLAG_REJECT = 0x01,	 /* HANDLE_TABLE_RESPONSE and LIST_RESPONSE, R */
	ENRP_FLAG_MORE = 0x02		 /* HANDLE_TABLE_RESPONSE, M */
};

/** The fixed fields that a message may have between its header and its parameters. */
enum rsp_field {
	RSP_FIELD_END,		/* no field: ends the list of fields */
	RSP_FIELD_SERVER_ID,	/* this and the next three: 32 bits each */
	RSP_FIELD_SENDER_ID,
	RSP_FIELD_RECEIVER_ID,
	RSP_FIELD_TARGET_ID,
	RSP_FIELD_UPDATE_ACTION /* 16 bits, and 16 reserved bits */
};

/** How many times a parameter may occur at one position in a message. */
struct rsp_grammar_part {
	uint16_t param; /* RSP_PARAM_SCTP: an SCTP or a TCP transport */
	uint8_t min;
	uint16_t max; /* UINT16_MAX: limited only by the size of the message */
};

struct rsp_grammar {
	enum rsp_protocol protocol;
	uint8_t type;
	const char *name;		 /* the name in the RFC: "ASAP_REGISTRATION" */
	uint8_t flag_mask;		 /* the flags that the type defines */
	enum rsp_field field[4];	 /* ends with RSP_FIELD_END */
	struct rsp_grammar_part part[5]; /* ends with param 0 */
};

/** The grammar of a message type; NULL: the type is unknown. */
const struct rsp_grammar *rsp_grammar(enum rsp_protocol protocol, uint8_t type);

/** Row @i of all grammars; NULL past the end. */
const struct rsp_grammar *rsp_grammar_at(unsigned i);

#endif
