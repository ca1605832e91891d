#ifndef RSP_REGISTRAR_VIEW_H
#define RSP_REGISTRAR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* The state of a registrar for `rsp-peer status` and for tests. */

struct rsp_registrar_stats {
	uint32_t links, pools, elements, own_elements, subscriptions, peers, tombstones;
	uint64_t received, sent, malformed;
	uint64_t registrations, deregistrations, resolutions, reports, refused, removed;
	uint64_t unrecorded; /* events that were not recorded, because the rate of complaints was exceeded */
	uint64_t updates_sent, updates_received, updates_stale; /* ENRP_HANDLE_UPDATE; stale: older than what is stored */
	uint64_t presences_sent, pages_sent, pages_received, resyncs, takeovers, adopted, moved, contested;
};

/**
 * The states of a registrar. It serves elements and users only while SERVING. JOINING → SERVING
 * (table downloaded from a mentor, or no other registrar found); SERVING → JOINING (the process was
 * suspended for too long); each → LEAVING, which is final.
 */
enum rsp_registrar_state {
	RSP_REGISTRAR_JOINING, /* RFC 5353 s.3.2: choosing a mentor, and downloading its table */
	RSP_REGISTRAR_SERVING,
	RSP_REGISTRAR_LEAVING
};

/** "joining", "serving", "leaving". Static. */
const char *rsp_registrar_state_name(enum rsp_registrar_state state);

/** The state of a peer, RFC 5353 s.3.4.3 and s.3.5. enrp/peer.h has the transitions. */
enum rsp_peer_state {
	RSP_PEER_ACTIVE,
	RSP_PEER_PROBED,   /* it was silent, or its connection ended: it must answer a PRESENCE that requires a reply */
	RSP_PEER_INACTIVE, /* it is dead, and another registrar takes over its elements */
	RSP_PEER_DEAD	   /* it is dead, and this registrar takes over its elements */
};

/** "active", "probed", "inactive", "dead". Static. */
const char *rsp_peer_state_name(enum rsp_peer_state state);

/** One entry of the peer list (RFC 5353 s.3.4). Strings and @failed are valid until the next call into the engine. */
struct rsp_peer_view {
	uint32_t server_id;
	const char *name; /* NULL: unknown */
	enum rsp_peer_state state;
	struct rsp_ip ip; /* its ENRP address in its last PRESENCE */
	uint16_t port;
	/* the link that this registrar dialled; the link that the peer dialled; 0: none is up */
	uint32_t link_out, link_in;
	bool heard;		      /* a message of it has arrived; else tables, lists and other peers have only named it */
	uint64_t last_heard_ms;	      /* when its last message arrived, or it was named */
	uint32_t elements;	      /* stored elements whose home it is */
	uint16_t checksum;	      /* checksum over these elements, computed by this registrar */
	const struct rsp_why *failed; /* the last failure to connect; NULL: none, or no address is known */
	bool resyncing;		      /* its elements are being downloaded */
	bool in_sync;		      /* checksum and digest of its last PRESENCE agree with the elements stored here */
	uint32_t takeover_missing;    /* DEAD: registrars that have not acknowledged our takeover */
	uint64_t takeover_started_ms; /* DEAD: when the takeover began */
};

/** A registrar that is named in the configuration, and is not in the peer list. Valid as rsp_peer_view is. */
struct rsp_absent_view {
	const char *name; /* NULL: plain text */
	struct rsp_ip ip; /* family 0: the code behind ops->dial() looks up the name */
	uint16_t port;
	const struct rsp_why *failed; /* the last failure to connect; NULL: the first dial has not ended */
};

#endif
