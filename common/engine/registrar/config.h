#ifndef RSP_REGISTRAR_CONFIG_H
#define RSP_REGISTRAR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/role.h"
#include "model/handlespace.h"

/* The configuration of a registrar: timers, limits, contacts, and callbacks for the rights of identities. */

/** A token bucket of one identity, or of one address where there is no identity: @burst requests at once, then @per_s
 * requests each second. per_s == 0: no limit. */
struct rsp_rate {
	uint32_t per_s, burst;
};

#define RSP_CONTACTS_MAX 256

/** Another registrar of the scope and where it can be dialled: a mentor or backup mentor (RFC 5353 s.3.2.2.1). */
struct rsp_contact_config {
	const char *name; /* the name of the registrar in its key; NULL in plain text */
	struct rsp_ip ip; /* family 0: the code behind ops->dial() looks up the name */
	uint16_t port;
};

struct rsp_registrar_config {
	uint32_t server_id; /* not 0, RFC 5353 s.3.2.1 */
	const char *name;   /* this registrar's name in keys, sent to peers; copied; NULL: none */
	bool insecure;	    /* no TLS: any element may register */
	bool answer_plain_users; /* a secure registrar also answers resolutions over plain links, RFC 5352 s.9.3 */

	/* interval of the keep-alives to an element, varied by half, RFC 5352 s.3.5; 0: no keep-alives */
	uint32_t keepalive_interval_ms;
	uint32_t keepalive_timeout_ms;	/* an element must answer within this time: MAX-TIME-NO-RESPONSE */
	uint32_t keepalive_distance_ms; /* least time between two keep-alives to one element. RFC 5355 s.2.14 */
	uint32_t reconnect_grace_ms;	/* time for an element to register again after its connection closed */
	uint32_t max_bad_pe_report;	/* MAX-BAD-PE-REPORT, RFC 5352 s.3.5; at most 254 */
	uint32_t push_distance_ms;	/* least time between two updates of one watched pool */
	uint32_t hold_ms;	 /* time that a resolution of an unknown pool waits for this pool; 0: no wait */
	/* resolutions of unknown pools wait only within this time, after this registrar began to serve, or heard
	 * a peer for the first time or again */
	uint32_t hold_window_ms;

	/* ENRP: RFC 5353 s.4 */
	/* copied. None: this registrar is alone until another registrar dials it */
	const struct rsp_contact_config *contacts;
	unsigned n_contacts;
	struct rsp_ip enrp_ip; /* where peers can dial this registrar; family 0: the local address of each connection */
	uint16_t enrp_port;    /* 0: peers cannot dial this registrar, and it takes no part in ENRP */
	uint64_t epoch_ms;     /* wall clock minus the engine's clock; for the numbers of elements without EPOCH */
	uint32_t peer_heartbeat_cycle_ms;
	uint32_t max_time_last_heard_ms;
	uint32_t max_time_no_response_ms;
	uint32_t tombstone_ms; /* how long the removal of an element is remembered */
	/* of all elements; of the elements of one identity; of both, the octets are bounded, too: model/tombstone.h */
	uint32_t max_tombstones, max_identity_tombstones;
	/* announced updates that are kept for peers that missed them, and the octets of these updates: enrp/ring.h */
	uint32_t max_updates, max_update_octets;
	uint32_t max_peers;
	uint32_t max_downloads; /* handle tables sent at a time; further requests wait, or are rejected: enrp/upload.c */
	uint32_t max_adoptions; /* elements dialled at a time after a takeover */

	struct rsp_handlespace_limits limits;
	/* limit of the elements of one identity, if @max_elements() gives no number for it */
	uint32_t max_identity_elements;
	uint32_t max_identity_pools;	/* limit of the pools that one identity may create here, in the same case */
	/* limits of the elements and pools of one other registrar */
	uint32_t max_registrar_elements, max_registrar_pools;
	uint32_t max_links;
	uint32_t max_items;	    /* elements in an answer, if the request gives no number and does not subscribe */
	uint32_t max_subscriptions; /* of one link */
	struct rsp_rate registrations, resolutions, reports;
	struct rsp_rate complaints; /* records about the mistakes of one identity; further mistakes are only counted */

	/** Whether @identity may register in the pool @handle. NULL: every element may. */
	bool (*may)(void *ctx, const char *identity, struct rsp_bytes handle);
	/** Whether @identity may register @ip, which is not the address of its connection. NULL: no element may. */
	bool (*may_address)(void *ctx, const char *identity, const struct rsp_ip *ip);
	/** Whether @identity may register an Opaque user transport (RFC 5354 s.3.16). NULL: no element may. */
	bool (*may_opaque)(void *ctx, const char *identity);
	/**
	 * Whether @identity has a key of @role (ELEMENT or PEER). Called for existing elements and peers after
	 * rsp_registrar_rights_changed(). NULL: every identity has one.
	 */
	bool (*has_key)(void *ctx, enum rsp_role role, const char *identity);
	/** Whether the configuration lists the rights of @identity. If it does, this registrar checks statements of
	 * peers about the elements of @identity against these rights. NULL: it does not. */
	bool (*is_listed)(void *ctx, const char *identity);
	/**
	 * How many elements @identity may register, and how many pools it may create. UINT32_MAX (or NULL):
	 * @max_identity_elements and @max_identity_pools apply. The rate limit of its registrations is raised so that
	 * so many elements can renew their registrations.
	 */
	uint32_t (*max_elements)(void *ctx, const char *identity);
};

/** The default configuration: values of the RFCs, or values of this project where the RFCs
 * have none. The server id is 0 and must be set. */
struct rsp_registrar_config rsp_registrar_defaults(void);

#endif
