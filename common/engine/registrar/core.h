#ifndef RSP_REGISTRAR_CORE_H
#define RSP_REGISTRAR_CORE_H

#include <sys/queue.h>

#include "base/hash.h"
#include "base/rng.h"
#include "engine/event.h"
#include "engine/ops.h"
#include "engine/registrar/account.h"
#include "engine/registrar/config.h"
#include "engine/registrar/view.h"
#include "model/tombstones.h"

/*
 * What all rooms of a registrar share: configuration, the time of the turn, the stores, and how a message or a record
 * leaves. Each file below adds one kind of object. A lower room never calls a higher one: it puts the object that
 * changed on a list (@closing, @changed), and registrar.c settles these lists at the end of the turn.
 */

struct rsp_link;
struct rsp_member;

TAILQ_HEAD(rsp_closing_list, rsp_link);
LIST_HEAD(rsp_link_list, rsp_link);
STAILQ_HEAD(rsp_changed_list, rsp_member);

/* Work on many elements is done in slices: so many elements each RSP_SLICE_MS. A queue of messages to one connection
 * must hold what a slice sends. */
#define RSP_SLICE    4096
#define RSP_SLICE_MS 50

struct rsp_core {
	struct rsp_registrar_config config;
	char *name; /* config.name; NULL: none */
	const struct rsp_engine_ops *ops;
	void *ctx;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	enum rsp_registrar_state state;
	uint64_t now_ms; /* the time of this turn */
	/* No liveness timeout expires before this time: the process was suspended or overloaded, and messages that were
	 * received meanwhile have not been read yet. */
	uint64_t liveness_paused_until_ms;

	struct rsp_handlespace *space;
	struct rsp_tombstones tombstones;
	struct rsp_accounts accounts;
	struct rsp_registrar_stats stats;
	struct rsp_wheel expiry;   /* registration lives */
	struct rsp_wheel liveness; /* the timer of each element's phase: member.h */

	struct rsp_table links; /* by id */
	struct rsp_link_list all_links;
	uint32_t n_links;
	struct rsp_closing_list closing;	/* links that ended in this turn */
	struct rsp_changed_list changed; /* elements with news: member.h */

	struct rsp_wheel push; /* watched pools that have changed: subscription.c */
	uint32_t n_subscriptions;

	struct rsp_table dials; /* links that we dialled to elements, by their destination: reach.c */
	uint32_t n_dialling;	/* of these, the ones that are not up yet */

	uint8_t out[RSP_MESSAGE_MAX + 1]; /* the message that is being encoded */
};

/** Encode the ASAP message @msg and send it over @link. */
void rsp_core_send(struct rsp_core *core, uint32_t link, const struct rsp_message *msg);

/** Send @message, which is encoded. */
void rsp_core_send_octets(struct rsp_core *core, uint32_t link, struct rsp_bytes message);

/**
 * Record @event. Its identity, role and address are those of @link (may be NULL), unless it has an identity. Records
 * about mistakes of the other side are limited per identity, so that it cannot fill our records: RFC 5355 s.2.13.
 */
void rsp_core_record(struct rsp_core *core, const struct rsp_link *link, struct rsp_event event);

/**
 * The next timer of @wheel that has expired; NULL: none. If it expired long ago, liveness timeouts are paused, so that
 * messages which were received meanwhile can be read first.
 */
struct rsp_timer *rsp_core_expired(struct rsp_core *core, struct rsp_wheel *wheel);

static inline bool
rsp_core_liveness_is_paused(const struct rsp_core *core)
{
	return core->now_ms < core->liveness_paused_until_ms;
}

#endif
