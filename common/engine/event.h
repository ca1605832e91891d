#ifndef RSP_ENGINE_EVENT_H
#define RSP_ENGINE_EVENT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/role.h"
#include "proto/message.h"
#include "proto/reason.h"

/* What a registrar reports beside its messages. The name is what records carry as "event". */
/* clang-format off */
#define RSP_EVENTS(X)                                                                               \
	X(PE_REGISTERED, "pe-registered") /* a new element is ours */                               \
	X(PE_UPDATED,    "pe-updated")    /* it registered again: other attributes, or another link */\
	X(PE_REMOVED,    "pe-removed")    /* .reason */                                             \
	X(PE_REPORTED,   "pe-reported")   /* a user cannot reach it; .reason: "asked", "unknown-element", "too-many-asked" */ \
	X(REFUSED,       "refused")       /* a request was answered with .cause; .reason says why */\
	X(RIGHTS_ENDED,  "rights-ended")  /* a connection is closed, after a reload or at the end of a key; .reason: "key-removed", "key-replaced", "key-expired", "monitor-not-allowed"; else .text */ \
	X(MALFORMED,     "malformed")     /* a message could not be understood; .text */          \
	X(LIMIT,         "limit")         /* .reason names the limit that was reached */              \
	X(SERVING,       "serving")       /* the table is complete; .reason: "alone" or "synchronised" */ \
	X(REJOINING,     "rejoining")     /* we were away for .duration_ms */ \
	X(PEER_JOINED,   "peer-joined")   /* a registrar is in the peer list */                       \
	X(PEER_UNREACHABLE, "peer-unreachable") /* it cannot be dialled; .why. Again when that changes */    \
	X(PEER_REACHED,  "peer-reached")  /* it can, after all */                                      \
	X(DUPLICATE_NAME, "duplicate-name") /* .peer_id and .by_id run with one name; .reason: "peers", "ours" */ \
	X(DUPLICATE_SERVER_ID, "duplicate-server-id") /* .identity has the id of .peer_name; .reason: "peers", "ours" */ \
	X(PEER_SUSPECTED, "peer-suspected") /* it is probed; .reason: "silence", "connection-lost", "takeover-initiated" */ \
	X(PEER_RETURNED, "peer-returned") /* it was suspected or dead, and was heard again */         \
	X(PEER_DEAD,     "peer-dead")     /* .reason: "no-response", "send-failed", "restarted", "not-taken-over", "rights-ended" */ \
	X(PEER_LEFT,     "peer-left")     /* .by_id took over what was its, .count elements; it is off the peer list */ \
	X(TAKEOVER_STARTED, "takeover-started") /* arbitration for .peer_id's elements */             \
	X(TAKEOVER_ABORTED, "takeover-aborted") /* .reason: "target-alive", "other-wins", "unacknowledged" */           \
	X(TAKEOVER_DONE, "takeover-done") /* .count elements are ours now, .duration_ms after the arbitration began */ \
	X(PE_ADOPTED,    "pe-adopted")    /* an element that was taken over acknowledged us */        \
	X(PE_MOVED,      "pe-moved")      /* an element that was ours is .by_id's now */              \
	X(PE_CONTESTED,  "pe-contested")  /* .by_id says that an element of ours is its own, or gone; it is asked if it is connected */ \
	X(RESYNC_STARTED, "resync-started") /* .peer_id's checksum or digest is not ours of it */     \
	X(RESYNC_DONE,   "resync-done")   /* .count entries were in the table of .peer_id, refused ones included */                           \
	X(RESYNC_FAILED, "resync-failed") /* .reason */
/* clang-format on */

enum rsp_event_kind {
#define RSP_EVENT_NAME(kind, name) RSP_EVENT_##kind,
	RSP_EVENTS(RSP_EVENT_NAME)
#undef RSP_EVENT_NAME
	RSP_EVENT_COUNT
};

/** An identity, or a user without a key, that reported an element unreachable. RFC 5352 s.3.5 */
struct rsp_reporter {
	uint32_t account; /* the engine's */
	enum rsp_role role;
	struct rsp_ip remote;
	uint16_t remote_port;
	char identity[RSP_OWNER_MAX + 1]; /* "": a user without a key */
};

struct rsp_event {
	enum rsp_event_kind kind;
	enum rsp_protocol protocol;
	uint8_t message_type;	/* the message that led to it, 0: none did */
	struct rsp_bytes handle;
	uint32_t pe_id;
	uint16_t cause;		/* RSP_CAUSE_NONE: none */
	enum rsp_reason reason; /* RSP_REASON_NONE: none */
	const char *text;	/* instead of a reason. MALFORMED: what could not be understood; RIGHTS_ENDED: an error key */
	const char *identity;	/* who; NULL: nobody in particular */
	enum rsp_role role;
	struct rsp_ip remote;
	uint16_t remote_port;
	const struct rsp_pool_element *element; /* PE_REGISTERED, PE_UPDATED */
	const struct rsp_why *why; /* PEER_UNREACHABLE; else NULL */
	const struct rsp_reporter *reporters; /* PE_REMOVED: @n_reporters, since it answered last */
	unsigned n_reporters;

	/* between registrars */
	uint32_t peer_id, by_id; /* 0: none */
	const char *peer_name;	 /* peer_id's; NULL: not known */
	uint32_t count;
	uint64_t duration_ms;
};

/** "pe-registered"… Static. */
const char *rsp_event_name(enum rsp_event_kind kind);

#endif
