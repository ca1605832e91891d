#ifndef RSP_REGISTRAR_VIEW_H
#define RSP_REGISTRAR_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/* What a registrar shows of itself, for `rsp-peer status` and for tests. */

struct rsp_registrar_stats {
	uint32_t links, pools, elements, own_elements, subscriptions, peers, tombstones;
	uint64_t received, sent, malformed;
	uint64_t registrations, deregistrations, resolutions, reports, refused, removed;
	uint64_t unrecorded; /* events that were not recorded because of the rate of complaints */
	uint64_t updates_sent, updates_received, updates_stale; /* ENRP_HANDLE_UPDATE; stale: older than what is stored */
	uint64_t presences_sent, pages_sent, pages_received, resyncs, takeovers, adopted, moved, contested;
};

/** What a registrar is doing. It serves elements and users only while it is SERVING. JOINING → SERVING (synchronised, or
 * alone); SERVING → JOINING (it was paused for too long); each → LEAVING, which is final. */
enum rsp_registrar_state {
	RSP_REGISTRAR_JOINING, /* RFC 5353 s.3.2: it looks for a mentor, and downloads the handlespace */
	RSP_REGISTRAR_SERVING,
	RSP_REGISTRAR_LEAVING
};

/** "joining", "serving", "leaving". Static. */
const char *rsp_registrar_state_name(enum rsp_registrar_state state);

/** The state of a peer, RFC 5353 s.3.4.3 and s.3.5. enrp/peer.h has the transitions. */
enum rsp_peer_state {
	RSP_PEER_ACTIVE,
	RSP_PEER_PROBED,   /* it was silent, or its connection broke: it must answer a PRESENCE that requires a reply */
	RSP_PEER_INACTIVE, /* another registrar takes its elements over */
	RSP_PEER_DEAD	   /* this registrar takes its elements over */
};

/** "active", "probed", "inactive", "dead". Static. */
const char *rsp_peer_state_name(enum rsp_peer_state state);

/** One entry of the peer list (RFC 5353 s.3.4). Strings and @failed are valid until the next call into the engine. */
struct rsp_peer_view {
	uint32_t server_id;
	const char *name; /* NULL: not known */
	enum rsp_peer_state state;
	struct rsp_ip ip; /* where it can be dialled, as its PRESENCE says */
	uint16_t port;
	uint32_t link_out, link_in;   /* the connection that we dialled, that it dialled; 0: none is up */
	uint64_t last_heard_ms;	      /* when its last message came */
	uint32_t elements;	      /* elements whose home it is, as far as this registrar knows */
	uint16_t checksum;	      /* over these, computed here */
	const struct rsp_why *failed; /* why it cannot be dialled; NULL: it can, or no address is known */
	bool resyncing;		      /* its elements are being downloaded */
	bool in_sync;		      /* its last PRESENCE agreed with the elements stored here */
	uint32_t takeover_missing;    /* DEAD: registrars that have not acknowledged our takeover */
	uint64_t takeover_started_ms; /* DEAD: when the takeover began */
};

/** A registrar that the configuration names and that is not in the peer list. Valid as rsp_peer_view is. */
struct rsp_absent_view {
	const char *name; /* NULL: plain text */
	struct rsp_ip ip; /* family 0: the dialler looks the name up */
	uint16_t port;
	const struct rsp_why *failed; /* why it cannot be reached; NULL: it is still being dialled */
};

#endif
