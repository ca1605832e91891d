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

/* The registrar: an ENRP server's service to elements and users (RFC 5352 s.3). Sans-I/O: events and the time go in,
 * messages and records come out through struct rsp_engine_ops. */

/** How much one identity (or, where there is none, one address) may ask: @burst at once, then @per_s a second. 0: no
 * limit. */
struct rsp_rate {
	uint32_t per_s, burst;
};

struct rsp_registrar_config {
	uint32_t server_id; /* not 0, RFC 5353 s.3.2.1 */
	bool insecure;	    /* plain text for its whole life: whoever connects may register */
	bool answer_plain_users; /* a secure registrar answers resolutions over plain links too, RFC 5352 s.9.3 */

	uint32_t keepalive_interval_ms; /* between keep-alives to an element, varied by half, RFC 5352 s.3.5; 0: none */
	uint32_t keepalive_timeout_ms;	/* an answer that takes longer counts as none: MAX-TIME-NO-RESPONSE */
	uint32_t keepalive_distance_ms; /* never closer than this, whatever anyone reports. RFC 5355 s.2.14 */
	uint32_t reconnect_grace_ms;	/* how long an element whose connection closed may take to come back */
	uint32_t max_bad_pe_report;	/* MAX-BAD-PE-REPORT, RFC 5352 s.3.5; at most 254 */
	uint32_t push_distance_ms;	/* updates of a watched pool are not sent closer than this */

	struct rsp_handlespace_limits limits;
	uint32_t max_identity_elements; /* registrations of one identity */
	uint32_t max_links;
	uint32_t max_items;	   /* elements in an answer to who asks for no number and does not watch */
	uint32_t max_subscriptions; /* of one link */
	struct rsp_rate registrations, resolutions, reports;
	struct rsp_rate complaints; /* records of what one identity did wrong; the rest of them is only counted */

	/** Whether @identity may register in the pool @handle; NULL: everybody who may register may. */
	bool (*may)(void *ctx, const char *identity, struct rsp_bytes handle);
	/** Whether @identity may register the user address @ip, which is not its connection's; NULL: nobody may. */
	bool (*may_address)(void *ctx, const char *identity, const struct rsp_ip *ip);
	/** How many elements @identity may hold, if that is less than @max_identity_elements; NULL: no less. */
	uint32_t (*max_elements)(void *ctx, const char *identity);
};

/** The RFC's defaults, and ours where it has none, with a server id of 0. */
struct rsp_registrar_config rsp_registrar_defaults(void);

struct rsp_registrar_stats {
	uint32_t links, pools, elements, own_elements, subscriptions;
	uint64_t received, sent, malformed;
	uint64_t registrations, deregistrations, resolutions, reports, refused, removed;
	uint64_t unrecorded; /* events that the rate of complaints kept out of the records */
};

struct rsp_registrar;

/** RSP_EUSAGE for an impossible configuration, RSP_ENOMEM. @ops and @ctx must outlive it. */
enum rsp_err rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
			       struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret) RSP_NODISCARD;
void rsp_registrar_free(struct rsp_registrar *r);

/** A link is there and authenticated. RSP_ELIMIT if there are too many, RSP_ENOMEM: close it. */
enum rsp_err rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t link,
				   const struct rsp_link_info *info) RSP_NODISCARD;

/** A link is gone. */
void rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t link);

/** One whole ASAP message came over @link. */
void rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, struct rsp_bytes message);

/** Do what is due. */
void rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms);

/** When to tick next at the latest; RSP_NEVER if nothing is due. */
uint64_t rsp_registrar_deadline(const struct rsp_registrar *r);

/**
 * Leave: close every link after what was sent, take no more, do nothing more. Nobody is deregistered: the elements find
 * another registrar by themselves, as they do when one dies (RFC 5352 s.3.6).
 */
void rsp_registrar_leave(struct rsp_registrar *r);

struct rsp_registrar_stats rsp_registrar_stats(const struct rsp_registrar *r);

/** The handlespace, for those who only look. */
const struct rsp_handlespace *rsp_registrar_handlespace(const struct rsp_registrar *r);

#endif
