#ifndef RSP_ENGINE_REGISTRAR_PRIV_H
#define RSP_ENGINE_REGISTRAR_PRIV_H

#include "engine/account.h"
#include "engine/registrar.h"

/** A connection of an element or a user. */
struct rsp_link {
	struct rsp_link *next; /* in its hash chain */
	uint32_t id;
	uint32_t n_subscriptions;
	struct rsp_link_info info; /* info.identity is the link's own copy */
	struct rsp_account *account;
	struct rsp_element *elements;	 /* registered over it */
	struct rsp_subscription *subscriptions;
};

/** A link that is told of a pool's changes, RFC 5352 s.2.2.5. */
struct rsp_subscription {
	struct rsp_subscription *pool_next, **pool_link, *link_next, **link_link;
	struct rsp_link *link;
	struct rsp_watch *watch;
	uint32_t items;
};

/** The subscriptions to one pool. */
struct rsp_watch {
	struct rsp_timer timer; /* when to push, if there is something to push */
	struct rsp_pool *pool;
	struct rsp_subscription *subscriptions;
	uint64_t pushed_ms;
};

#define RSP_LINK_BUCKETS 4096
#define RSP_SUBSCRIPTIONS_MAX (1U << 20) /* of all links */

struct rsp_registrar {
	struct rsp_registrar_config config;
	const struct rsp_engine_ops *ops;
	void *ctx;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	struct rsp_handlespace *space;
	struct rsp_accounts accounts;
	struct rsp_wheel expiry, keepalive, push; /* what goes off: registration life, keep-alive and grace, updates */
	struct rsp_link *link[RSP_LINK_BUCKETS];
	uint32_t n_links, n_subscriptions;
	struct rsp_registrar_stats stats;
	uint64_t now_ms; /* of the call that is being served */
	bool leaving;
	struct rsp_element **answer; /* room for max_items elements at least */
	uint32_t answer_room;
	uint8_t out[RSP_MESSAGE_MAX + 1]; /* the message being made */
};

/** Why an element goes; rsp_removal_name() tells records. */
enum rsp_removal {
	RSP_REMOVAL_DEREGISTERED,
	RSP_REMOVAL_EXPIRED,
	RSP_REMOVAL_KEEPALIVE,	 /* it did not answer */
	RSP_REMOVAL_UNREACHABLE, /* too many reported it */
	RSP_REMOVAL_CONNECTION	 /* its connection closed and it did not come back */
};

struct rsp_link *rsp_registrar_link(const struct rsp_registrar *r, uint32_t id);

/** Encode @msg and send it. */
void rsp_registrar_send(struct rsp_registrar *r, uint32_t link, const struct rsp_message *msg);

/**
 * Report @event, whose who is filled from @link (may be NULL). What somebody did wrong is reported at a limited rate,
 * so that nobody fills our records: RFC 5355 s.2.13.
 */
void rsp_registrar_record(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_event event);

enum rsp_change {
	RSP_CHANGE_ADD,	  /* it is new, or other than before in what a user sees */
	RSP_CHANGE_RENEW, /* it registered again, and is what it was */
	RSP_CHANGE_DEL	  /* it is about to go */
};

/**
 * Every change that a message or a timer of ASAP makes to the handlespace passes here, exactly once: whoever must be
 * told (watchers of the pool; peers, by ENRP_HANDLE_UPDATE) is told from here. Changes that a peer made do not: they
 * only concern rsp_watch_changed().
 */
void rsp_registrar_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_change change);

/** Count @e for its owner, if it is ours (home and owner as they are now), or (@by is -1) no longer. */
void rsp_registrar_count(struct rsp_registrar *r, const struct rsp_element *e, int by);

/** Take @e from the handlespace, with its timers, and tell everyone. @by may be NULL. */
void rsp_registrar_remove(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_removal why,
			  const struct rsp_link *by);

/** Let @e be reached over @link (NULL: over none). */
void rsp_element_attach(struct rsp_element *e, struct rsp_link *link);

/* asap.c: one function a message, RFC 5352 s.3 */
void rsp_asap_registration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			   const struct rsp_message *msg);
void rsp_asap_deregistration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			     const struct rsp_message *msg);
void rsp_asap_keep_alive_ack(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			     const struct rsp_message *msg);
void rsp_asap_unreachable(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			  const struct rsp_message *msg);
void rsp_asap_keepalive_due(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);
/** Answer a request that could not be decoded, if enough of it could be read. False if not. */
bool rsp_asap_undecodable(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes octets,
			  const struct rsp_why *why);
void rsp_asap_expired(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);

/* resolve.c */
void rsp_asap_resolution(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			 const struct rsp_message *msg);
void rsp_watch_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_pool *pool, bool gone);
void rsp_watch_push(struct rsp_registrar *r, uint64_t now_ms, struct rsp_watch *watch);
void rsp_subscription_end(struct rsp_registrar *r, struct rsp_subscription *subscription);

#endif
