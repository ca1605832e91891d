#ifndef RSP_ENGINE_EVENT_H
#define RSP_ENGINE_EVENT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/role.h"
#include "proto/message.h"
#include "proto/reason.h"

/* The events that a registrar records. The string is the "event" member of the record.
 * An own element: its home is this registrar. */
/* clang-format off */
#define RSP_EVENTS(X)                                                                               \
	X(PE_REGISTERED, "pe-registered") /* a new element registered: this registrar is its home */ \
	X(PE_UPDATED,    "pe-updated")    /* an element registered again: other attributes, or another link */\
	X(PE_REMOVED,    "pe-removed")    /* .reason */                                             \
	X(PE_REPORTED,   "pe-reported")   /* a user reported an element unreachable; .reason: "asked", "unknown-element" */ \
	X(REFUSED,       "refused")       /* a request was answered with .cause; .reason says why */\
	X(RIGHTS_ENDED,  "rights-ended")  /* a connection is closed, after a reload or at the end of a key; .reason: "key-removed", "key-replaced", "key-expired", "monitor-not-allowed", or that of .why, a fault of a certificate */ \
	X(MALFORMED,     "malformed")     /* a message could not be understood; .why */          \
	X(LIMIT,         "limit")         /* .reason names the limit that was reached */              \
	X(SERVING,       "serving")       /* the table is complete; .reason: "alone" or "synchronised" */ \
	X(REJOINING,     "rejoining")     /* the process of this registrar did not run, or heard no peer, for .duration_ms */ \
	X(PEER_JOINED,   "peer-joined")   /* a registrar is in the peer list */                       \
	X(PEER_UNREACHABLE, "peer-unreachable") /* this registrar cannot connect to a registrar, because of .why; recorded again when .why changes */ \
	X(PEER_REACHED,  "peer-reached")  /* a registrar that was unreachable has answered */           \
	X(DUPLICATE_NAME, "duplicate-name") /* .peer_id and .by_id run with one name; .reason: "peers", "ours" */ \
	X(DUPLICATE_SERVER_ID, "duplicate-server-id") /* .identity uses the server id .peer_id of .peer_name; .reason: "peers", "ours" */ \
	X(SERVER_ID_DRAWN, "server-id-drawn") /* this registrar has the id .by_id now, because another one uses .peer_id, its former id; it has .count elements */ \
	X(CLOCK_DIFFERS, "clock-differs") /* the clock of .peer_id differs from this registrar's by more than a minute; .our_clock_ms, .peer_clock_ms */ \
	X(PEER_SUSPECTED, "peer-suspected") /* a peer is probed; .reason: "silence", "connection-lost", "takeover-initiated" */ \
	X(PEER_RETURNED, "peer-returned") /* a suspected or dead peer has sent a message */            \
	X(PEER_DEAD,     "peer-dead")     /* .reason: "no-response", "send-failed", "restarted", "not-taken-over", "rights-ended" */ \
	X(PEER_LEFT,     "peer-left")     /* .by_id took over the .count elements of .peer_id, which is removed from the peer list */ \
	X(TAKEOVER_STARTED, "takeover-started") /* this registrar sends ENRP_INIT_TAKEOVER for .peer_id, which has .count elements */ \
	X(TAKEOVER_ABORTED, "takeover-aborted") /* .duration_ms after "takeover-started"; .peer_id still has .count elements; .reason: "target-alive", "other-wins", "unacknowledged" */ \
	X(TAKEOVER_DONE, "takeover-done") /* this registrar is the home of .count more elements, .duration_ms after "takeover-started" */ \
	X(PE_ADOPTED,    "pe-adopted")    /* an element that was taken over acknowledged the keep-alive of this registrar, for the first time */ \
	X(PE_MOVED,      "pe-moved")      /* .by_id is the home of an own element now, or has removed it */ \
	X(PE_CONTESTED,  "pe-contested")  /* .peer_id sent a statement of .by_id greater than that of an element that is asked, or was asked with the H flag a moment ago; .reason: "claimed", "removed" */ \
	X(PE_TWO_OWNERS, "pe-two-owners") /* .identity and .other_identity have registered one PE identifier; the first is shown to users */ \
	X(RESYNC_STARTED, "resync-started") /* the checksum or digest of .peer_id differs from the stored elements of .peer_id */ \
	X(RESYNC_DONE,   "resync-done")   /* .count entries were in the table of .peer_id, refused ones included */                           \
	X(RESYNC_FAILED, "resync-failed") /* .reason */
/* clang-format on */

enum rsp_event_kind {
#define RSP_EVENT_NAME(kind, name) RSP_EVENT_##kind,
	RSP_EVENTS(RSP_EVENT_NAME)
#undef RSP_EVENT_NAME
	RSP_EVENT_COUNT
};

/** The sender of an ASAP_ENDPOINT_UNREACHABLE: an identity, or a user without a key. RFC 5352 s.3.5 */
struct rsp_reporter {
	uint32_t account; /* number of the account in the engine */
	enum rsp_role role;
	struct rsp_ip remote;
	uint16_t remote_port;
	char identity[RSP_OWNER_MAX + 1]; /* "": a user without a key */
};

struct rsp_event {
	enum rsp_event_kind kind;
	enum rsp_protocol protocol;
	uint8_t message_type;	/* type of the message that caused the event; 0: none */
	struct rsp_bytes handle;
	uint32_t pe_id;
	uint16_t cause;		/* error cause sent to the other side; RSP_CAUSE_NONE: none */
	enum rsp_reason reason; /* RSP_REASON_NONE: none */
	const char *identity;	/* the identity of the other side, or the owner of the element; NULL: none */
	enum rsp_role role;
	struct rsp_ip remote;
	uint16_t remote_port;
	const struct rsp_pool_element *element; /* PE_REGISTERED, PE_UPDATED */
	/* the error: MALFORMED, PEER_UNREACHABLE, RIGHTS_ENDED because of a certificate; else NULL */
	const struct rsp_why *why;
	/* PE_REMOVED: the @n_reporters senders of reports since the element last answered */
	const struct rsp_reporter *reporters;
	unsigned n_reporters;

	/* ENRP events */
	uint32_t peer_id, by_id; /* 0: none */
	const char *peer_name;	 /* the name of the registrar @peer_id; NULL: unknown */
	uint32_t count;
	uint64_t duration_ms;
	const char *other_identity; /* PE_TWO_OWNERS: the owner of the hidden element; NULL: none. Its home is .by_id */
	uint64_t since_ms, other_since_ms; /* PE_TWO_OWNERS: when their first homes accepted them, ms since 1970 */
	uint64_t our_clock_ms, peer_clock_ms; /* CLOCK_DIFFERS: both at one moment, ms since 1970 */
};

/** "pe-registered"… Static. */
const char *rsp_event_name(enum rsp_event_kind kind);

#endif
