#ifndef RSP_ENGINE_REGISTRAR_H
#define RSP_ENGINE_REGISTRAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "engine/event.h"
#include "engine/ops.h"
#include "model/handlespace.h"

/* The registrar: an ENRP server with its service to elements and users (RFC 5352 s.3) and its part among the other
 * registrars of the scope (RFC 5353 s.3). Sans-I/O: events and the time go in, messages and records come out through
 * struct rsp_engine_ops. */

/** How much one identity (or, where there is none, one address) may ask: @burst at once, then @per_s a second. 0: no
 * limit. */
struct rsp_rate {
	uint32_t per_s, burst;
};

#define RSP_CONTACTS_MAX 256

/** Another registrar of the scope, to be found there: a mentor or backup mentor (RFC 5353 s.3.2.2.1). */
struct rsp_contact_config {
	const char *name; /* as keys call it; NULL in plain text */
	struct rsp_ip ip; /* none: whoever dials knows where the name is */
	uint16_t port;
};

struct rsp_registrar_config {
	uint32_t server_id; /* not 0, RFC 5353 s.3.2.1 */
	const char *name;   /* as keys call us, told to peers; copied; NULL: none */
	bool insecure;	    /* plain text for its whole life: whoever connects may register */
	bool answer_plain_users; /* a secure registrar answers resolutions over plain links too, RFC 5352 s.9.3 */

	uint32_t keepalive_interval_ms; /* between keep-alives to an element, varied by half, RFC 5352 s.3.5; 0: none */
	uint32_t keepalive_timeout_ms;	/* an answer that takes longer counts as none: MAX-TIME-NO-RESPONSE */
	uint32_t keepalive_distance_ms; /* never closer than this, whatever anyone reports. RFC 5355 s.2.14 */
	uint32_t reconnect_grace_ms;	/* how long an element whose connection closed may take to come back */
	uint32_t max_bad_pe_report;	/* MAX-BAD-PE-REPORT, RFC 5352 s.3.5; at most 254 */
	uint32_t push_distance_ms;	/* updates of a watched pool are not sent closer than this */
	uint32_t hold_ms;        /* so long a question for an unknown pool waits that may be known soon; 0: never */
	uint32_t hold_window_ms; /* so long after this registrar began to serve alone, or heard a peer (again) */

	/* Among registrars. RFC 5353 s.4 */
	const struct rsp_contact_config *contacts; /* copied; without any we are alone until somebody dials us */
	unsigned n_contacts;
	struct rsp_ip enrp_ip; /* where peers reach us, told to them; none: the address that they see us at */
	uint16_t enrp_port;    /* 0: nobody can reach us, and we take no part */
	uint64_t epoch_ms;     /* wall clock minus the engine's: versions of elements are stamped by the wall clock */
	uint32_t peer_heartbeat_cycle_ms;
	uint32_t max_time_last_heard_ms;
	uint32_t max_time_no_response_ms;
	uint32_t tombstone_ms; /* how long it is remembered that an element was removed */
	uint32_t max_tombstones;
	uint32_t max_peers;
	uint32_t max_downloads; /* tables given out at a time; more are rejected, RFC 5353 s.3.2.3 */
	uint32_t max_adoptions; /* elements dialled at a time after a takeover */

	struct rsp_handlespace_limits limits;
	uint32_t max_identity_elements; /* registrations of one identity, unless @max_elements says how many */
	uint32_t max_identity_pools;    /* pools that it made here; likewise */
	uint32_t max_registrar_elements, max_registrar_pools; /* of one other registrar */
	uint32_t max_links;
	uint32_t max_items;	   /* elements in an answer to who asks for no number and does not watch */
	uint32_t max_subscriptions; /* of one link */
	struct rsp_rate registrations, resolutions, reports;
	struct rsp_rate complaints; /* records of what one identity did wrong; the rest of them is only counted */

	/** Whether @identity may register in the pool @handle; NULL: everybody who may register may. */
	bool (*may)(void *ctx, const char *identity, struct rsp_bytes handle);
	/** Whether @identity may register the user address @ip, which is not its connection's; NULL: nobody may. */
	bool (*may_address)(void *ctx, const char *identity, const struct rsp_ip *ip);
	/** Whether @identity may register an Opaque user transport (RFC 5354 s.3.16); NULL: nobody may. */
	bool (*may_opaque)(void *ctx, const char *identity);
	/**
	 * Whether @identity has a key of @role (ELEMENT or PEER), and what goes with it: asked of what is there already,
	 * after rsp_registrar_rights_changed(). NULL: everybody has.
	 */
	bool (*has_key)(void *ctx, enum rsp_role role, const char *identity);
	/** Whether it is known here what @identity may do: what peers say of its elements is held against that. NULL: no. */
	bool (*is_listed)(void *ctx, const char *identity);
	/**
	 * How many elements @identity may hold, and so many pools it may make; UINT32_MAX (and NULL): as many as
	 * @max_identity_elements and @max_identity_pools say. Its rate of registrations is enough to hold them.
	 */
	uint32_t (*max_elements)(void *ctx, const char *identity);
};

/** The RFC's defaults, and ours where it has none, with a server id of 0. */
struct rsp_registrar_config rsp_registrar_defaults(void);

struct rsp_registrar_stats {
	uint32_t links, pools, elements, own_elements, subscriptions, peers, tombstones;
	uint64_t received, sent, malformed;
	uint64_t registrations, deregistrations, resolutions, reports, refused, removed;
	uint64_t unrecorded; /* events that the rate of complaints kept out of the records */
	uint64_t updates_sent, updates_received, updates_stale; /* HANDLE_UPDATEs; stale: older than what was known */
	uint64_t presences_sent, pages_sent, pages_received, resyncs, takeovers, adopted, moved, contested;
};

struct rsp_registrar;

/** RSP_EUSAGE for an impossible configuration, RSP_ENOMEM. @ops and @ctx must outlive it. */
enum rsp_err rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
			       struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret) RSP_NODISCARD;
void rsp_registrar_free(struct rsp_registrar *r);

/**
 * A link is there and authenticated: one that we dialled, or one that was accepted. RSP_ELIMIT if there are too many,
 * nobody is served now, or it was closed from inside of this very call; RSP_ENOMEM: close it.
 */
enum rsp_err rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t link,
				   const struct rsp_link_info *info) RSP_NODISCARD;

/**
 * A link is gone, or (one that was dialled) did not come to be. @why: RSP_EUNREACHABLE, RSP_ETIMEOUT and RSP_ECLOSED
 * say that nobody is there any more, others that somebody is with whom we cannot speak.
 */
void rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, enum rsp_err why);

/** As rsp_registrar_link_down(), with words for what went wrong, for the records and for status. */
void rsp_registrar_link_failed(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, const struct rsp_why *why);

/** One whole message of the link's protocol came over @link. */
void rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, struct rsp_bytes message);

/** Whether elements are registered over @link, or are to be adopted over it. */
bool rsp_registrar_link_elements(const struct rsp_registrar *r, uint32_t link);

/** Whether @link is told of the changes of a pool, RFC 5352 s.2.2.5. */
bool rsp_registrar_link_watches(const struct rsp_registrar *r, uint32_t link);

/** Do what is due. */
void rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms);

/**
 * What the callbacks of the configuration answer has changed: look at all that is there. Elements of ours whose owner
 * has no key any more, or may not register them as they are, are removed, and peers told so; of others' they are
 * forgotten here. A peer without a key is taken for dead. RFC 5355 s.2.2-2.5.
 */
void rsp_registrar_rights_changed(struct rsp_registrar *r, uint64_t now_ms);

/** When to tick next at the latest; RSP_NEVER if nothing is due. */
uint64_t rsp_registrar_deadline(const struct rsp_registrar *r);

/**
 * Leave: close every link after what was sent, take no more, do nothing more. Nobody is deregistered: the elements find
 * another registrar by themselves, as they do when one dies (RFC 5352 s.3.6).
 */
void rsp_registrar_leave(struct rsp_registrar *r);

/** What a registrar is doing. Elements and users are served while it is SERVING only. */
enum rsp_registrar_state {
	RSP_REGISTRAR_JOINING, /* RFC 5353 s.3.2: it looks for a mentor, and downloads the handlespace */
	RSP_REGISTRAR_SERVING,
	RSP_REGISTRAR_LEAVING
};

enum rsp_registrar_state rsp_registrar_state(const struct rsp_registrar *r);

/** "joining", "serving", "leaving". Static. */
const char *rsp_registrar_state_name(enum rsp_registrar_state state);

struct rsp_registrar_stats rsp_registrar_stats(const struct rsp_registrar *r);

/** What becomes of a peer. */
enum rsp_peer_state {
	RSP_PEER_ACTIVE,
	RSP_PEER_PROBED,   /* RFC 5353 s.3.4.3: it has been asked for a sign of life */
	RSP_PEER_INACTIVE, /* s.3.5.1: another registrar takes over what is its */
	RSP_PEER_DEAD	   /* we take over what is its */
};

/** "active", "probed", "inactive", "dead". Static. */
const char *rsp_peer_state_name(enum rsp_peer_state state);

/** One entry of the peer list (RFC 5353 s.3.4), for those who only look. Texts live until the next call. */
struct rsp_peer_view {
	uint32_t server_id;
	const char *name; /* NULL: not known */
	enum rsp_peer_state state;
	struct rsp_ip ip; /* where it says that it can be dialled */
	uint16_t port;
	uint32_t link_out, link_in;   /* that we dialled, that it dialled; 0: none is up */
	uint64_t last_heard_ms;	      /* when */
	uint32_t elements;	      /* that are its, as far as we know */
	uint16_t checksum;	      /* over them */
	const struct rsp_why *failed; /* why it cannot be dialled; NULL: it can, or we know no way to it */
	bool resyncing;		      /* its elements are being downloaded */
	bool in_sync;		      /* its last presence agreed with what we have of it */
	uint32_t takeover_missing;    /* DEAD: acknowledgements that have not come */
	uint64_t takeover_started_ms; /* DEAD: when */
};

/** The @i-th peer (from 0), in no particular order; false past the end. */
bool rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret);

/** A registrar that the configuration names and that is not in the peer list, for those who only look. */
struct rsp_absent_view {
	const char *name; /* NULL: plain text */
	struct rsp_ip ip; /* none: where the name is, the configuration says */
	uint16_t port;
	const struct rsp_why *failed; /* why it cannot be reached; NULL: it is still being dialled */
};

/** The @i-th of them (from 0), in no particular order; false past the end. */
bool rsp_registrar_absent(const struct rsp_registrar *r, unsigned i, struct rsp_absent_view *ret);

/** The handlespace, for those who only look. */
const struct rsp_handlespace *rsp_registrar_handlespace(const struct rsp_registrar *r);

#endif
