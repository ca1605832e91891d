#ifndef RSP_ENGINE_EVENT_H
#define RSP_ENGINE_EVENT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/role.h"
#include "proto/message.h"

/* What a registrar tells the world, beyond its answers. The name is what records carry as "event". */
/* clang-format off */
#define RSP_EVENTS(X)                                                                               \
	X(PE_REGISTERED, "pe-registered") /* a new element is ours */                               \
	X(PE_UPDATED,    "pe-updated")    /* it registered again: other attributes, or another link */\
	X(PE_REMOVED,    "pe-removed")    /* .reason */                                             \
	X(REFUSED,       "refused")       /* a request was answered with .cause; .reason says why */\
	X(MALFORMED,     "malformed")     /* a message could not be understood; .reason */          \
	X(LIMIT,         "limit")         /* .reason names the limit that was reached */
/* clang-format on */

enum rsp_event_kind {
#define RSP_EVENT_NAME(kind, name) RSP_EVENT_##kind,
	RSP_EVENTS(RSP_EVENT_NAME)
#undef RSP_EVENT_NAME
	RSP_EVENT_COUNT
};

struct rsp_event {
	enum rsp_event_kind kind;
	enum rsp_protocol protocol;
	uint8_t message_type;	/* the message that led to it, 0: none did */
	struct rsp_bytes handle;
	uint32_t pe_id;
	uint16_t cause;		/* RSP_CAUSE_NONE: none */
	const char *reason;	/* stable words with hyphens, or a sentence for MALFORMED; may be NULL */
	const char *identity;	/* who; NULL: nobody in particular */
	enum rsp_role role;
	struct rsp_ip remote;
	uint16_t remote_port;
	const struct rsp_pool_element *element; /* PE_REGISTERED, PE_UPDATED */
};

/** "pe-registered"… Static. */
const char *rsp_event_name(enum rsp_event_kind kind);

#endif
