#ifndef RSP_REGISTRAR_CONFIG_H
#define RSP_REGISTRAR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "base/role.h"
#include "model/handlespace.h"

/* What a registrar is told when it starts: timers, limits, contacts, and whom to ask about rights. */

/** A token bucket of one identity, or of one address where there is no identity: @burst requests at once, then @per_s
 * requests each second. per_s == 0: no limit. */
struct rsp_rate {
	uint32_t per_s, burst;
};

#define RSP_CONTACTS_MAX 256

/** Another registrar of the scope and where it can be dialled: a mentor or backup mentor (RFC 5353 s.3.2.2.1). */
struct rsp_contact_config {
	const char *name; /* the name that keys give it; NULL in plain text */
	struct rsp_ip ip; /* family 0: the dialler looks the name up */
	uint16_t port;
};

struct rsp_registrar_config {
	uint32_t server_id; /* not 0, RFC 5353 s.3.2.1 */
	const char *name;   /* this registrar's name in keys, sent to peers; copied; NULL: none */
	bool insecure;	    /* plain text for its whole life: any element may register */
	bool answer_plain_users; /* a secure registrar also answers resolutions over plain links, RFC 5352 s.9.3 */

	uint32_t keepalive_interval_ms; /* between keep-alives to an element, varied by half, RFC 5352 s.3.5; 0: none */
	uint32_t keepalive_timeout_ms;	/* an element must answer within this time: MAX-TIME-NO-RESPONSE */
	uint32_t keepalive_distance_ms; /* least time between two keep-alives to one element. RFC 5355 s.2.14 */
	uint32_t reconnect_grace_ms;	/* time for an element to register again after its connection closed */
	uint32_t max_bad_pe_report;	/* MAX-BAD-PE-REPORT, RFC 5352 s.3.5; at most 254 */
	uint32_t push_distance_ms;	/* least time between two updates of one watched pool */
	uint32_t hold_ms;	 /* how long a question for an unknown pool waits for that pool; 0: not at all */
	uint32_t hold_window_ms; /* questions wait for so long after this registrar began to serve alone, or heard a peer
				  * for the first time or again */

	/* Among registrars. RFC 5353 s.4 */
	const struct rsp_contact_config *contacts; /* copied; none: this registrar is alone until another one dials it */
	unsigned n_contacts;
	struct rsp_ip enrp_ip; /* where peers can dial this registrar; family 0: the local address of each connection */
	uint16_t enrp_port;    /* 0: peers cannot dial this registrar, and it takes no part in ENRP */
	uint64_t epoch_ms;     /* wall clock minus the engine's clock: element versions are wall-clock times */
	uint32_t peer_heartbeat_cycle_ms;
	uint32_t max_time_last_heard_ms;
	uint32_t max_time_no_response_ms;
	uint32_t tombstone_ms; /* how long the removal of an element is remembered */
	uint32_t max_tombstones;
	uint32_t max_peers;
	uint32_t max_downloads; /* handle tables sent at a time; further requests are rejected, RFC 5353 s.3.2.3 */
	uint32_t max_adoptions; /* elements dialled at a time after a takeover */

	struct rsp_handlespace_limits limits;
	uint32_t max_identity_elements; /* elements of one identity, if @max_elements has no number for it */
	uint32_t max_identity_pools;	/* pools that one identity may create here, likewise */
	uint32_t max_registrar_elements, max_registrar_pools; /* of one other registrar */
	uint32_t max_links;
	uint32_t max_items;	    /* elements in an answer to a user that names no number and does not subscribe */
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
	/** Whether this registrar knows the rights of @identity; if so, what peers say of its elements is checked against
	 * these rights. NULL: it does not. */
	bool (*is_listed)(void *ctx, const char *identity);
	/**
	 * How many elements @identity may register and pools it may create; UINT32_MAX (or NULL):
	 * @max_identity_elements and @max_identity_pools apply. Its rate of registrations is high enough to keep so many
	 * elements registered.
	 */
	uint32_t (*max_elements)(void *ctx, const char *identity);
};

/** The defaults of the RFCs, and ours where the RFCs have none. The server id is 0 and must be set. */
struct rsp_registrar_config rsp_registrar_defaults(void);

#endif
