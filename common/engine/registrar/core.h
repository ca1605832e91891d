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
#include "model/tombstone.h"

/*
 * The data that all files of a registrar share: configuration, time, tables; and the functions that send messages and
 * records. A turn is one call into the engine, from an event to its consequences (common/README.md). A file never calls a
 * file that is above it in the order of layers. It puts the changed object on a list (@closing, @changed) instead, and
 * registrar.c handles these lists at the end of the turn.
 */

struct rsp_link;
struct rsp_member;

TAILQ_HEAD(rsp_closing_list, rsp_link);
LIST_HEAD(rsp_link_list, rsp_link);
TAILQ_HEAD(rsp_look_list, rsp_member);
STAILQ_HEAD(rsp_changed_list, rsp_member);

/* Work on many elements is done in slices: at most RSP_SLICE elements in each RSP_SLICE_MS. A peer that was sent
 * RSP_SLICE_OCTETS of updates in this time is sent only what cannot wait: a sixteenth of its send queue by default
 * (RSP_STREAM_QUEUE_MAX), which a connection of 42 Mbit/s never fills. */
#define RSP_SLICE	 4096
#define RSP_SLICE_MS	 50
#define RSP_SLICE_OCTETS (256U << 10)

struct rsp_core {
	struct rsp_registrar_config config;
	char *name; /* the copy of config.name; NULL: none */
	const struct rsp_engine_ops *ops;
	void *ctx;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	enum rsp_registrar_state state;
	uint64_t now_ms; /* the time of this turn */
	/* Until this time, no liveness timeout removes an element or declares a peer dead: the process was suspended or
	 * overloaded, and messages that arrived meanwhile have not been read yet. */
	uint64_t liveness_paused_until_ms;

	struct rsp_handlespace *space;
	struct rsp_tombs tombs;
	uint64_t linked_sum; /* the checksum (model/checksum.h), not folded, over the linked elements */
	uint64_t highest_epoch; /* the highest epoch that was heard of any element: number.h */
	struct rsp_accounts accounts;
	struct rsp_registrar_stats stats;
	struct rsp_wheel expiry;   /* timers: the end of each registration life */
	struct rsp_wheel liveness; /* timers: the phase of each element (member.h) */

	struct rsp_table links; /* key: id */
	struct rsp_link_list all_links;
	uint32_t n_links;
	struct rsp_closing_list closing;	/* links that ended in this turn */
	struct rsp_changed_list changed; /* elements with news: member.h */

	struct rsp_wheel push; /* timers: pools with subscriptions that have changed (subscription.c) */
	uint32_t n_subscriptions;

	struct rsp_table dials; /* links that this registrar dialled to elements; key: destination (reach.c) */
	uint32_t n_dialling;	/* number of these links that are not up yet */
	/* elements that are LOOK_QUEUED: first those that registered or answered here, or that users reported; then those
	 * of which only other registrars have said that they exist */
	struct rsp_look_list first_looks, looks;

	uint8_t out[RSP_MESSAGE_MAX + 1]; /* buffer for the message that is being encoded */
};

/** Encode the ASAP message @msg and send it over @link. */
void rsp_core_send(struct rsp_core *core, uint32_t link, const struct rsp_message *msg);

/** Send the encoded @message over @link. */
void rsp_core_send_octets(struct rsp_core *core, uint32_t link, struct rsp_bytes message);

/**
 * Record @event. If @event has no identity, it gets identity, role and address of @link (may be NULL). Records about
 * mistakes of the other side, and about elements that it moves or invents, are limited for each account, so that it cannot
 * flood the records: RFC 5355 s.2.13. Without @link, the peer event.peer_id has an account.
 */
void rsp_core_record(struct rsp_core *core, const struct rsp_link *link, struct rsp_event event);

/** Store for tombstone_ms that the element was removed (model/tombstone.h), as the registrar @home_id states. If out of
 * memory, nothing is stored: an old statement about the element then costs a look. */
void rsp_core_bury(struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
		   const struct rsp_statement *removal, uint32_t home_id);

/**
 * Take the next expired timer of @wheel; NULL: none. If the timer expired more than LATE_MS ago, liveness timeouts are
 * paused: messages may have arrived meanwhile, and must be read first.
 */
struct rsp_timer *rsp_core_expired(struct rsp_core *core, struct rsp_wheel *wheel);

/** The interval between keep-alives; if none are sent, the time limit for their answers. */
static inline uint32_t
rsp_core_interval_ms(const struct rsp_core *core)
{
	return core->config.keepalive_interval_ms ? core->config.keepalive_interval_ms : core->config.keepalive_timeout_ms;
}

static inline bool
rsp_core_liveness_is_paused(const struct rsp_core *core)
{
	return core->now_ms < core->liveness_paused_until_ms;
}

#endif
