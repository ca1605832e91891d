#ifndef RSP_SERVE_ANNOUNCER_H
#define RSP_SERVE_ANNOUNCER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/announce.h"

/* A registrar that tells elements and users where it is: RFC 5352 s.3.6, ASAP_SERVER_ANNOUNCE and T6. */

struct rsp_loop;

#define RSP_ANNOUNCER_TO_MAX	    4
#define RSP_ANNOUNCER_ADDRESSES_MAX 17 /* an address of its own and those of scope.json */

struct rsp_announcer_config {
	struct rsp_announce_at to[RSP_ANNOUNCER_TO_MAX];
	unsigned n_to;
	uint32_t t6_ms;	    /* 0: 1 s */
	uint32_t server_id; /* not 0 */
	struct rsp_ip ip;   /* where it listens for elements and users; the unspecified one: on every address */
	uint16_t port;
	struct rsp_ip more[RSP_ANNOUNCER_ADDRESSES_MAX - 1]; /* addresses beyond that which it can be reached at */
	unsigned n_more;

	/** Whether it serves now: else it is not announced. NULL: it does. */
	bool (*serves)(void *ctx);
	/**
	 * It has begun to announce @ip (@n of them) to @to, or cannot announce anything there (@why, not NULL) and
	 * goes on trying. Told when that changes.
	 */
	void (*state)(void *ctx, const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n,
		      const struct rsp_why *why);
	void *ctx;
};

struct rsp_announcer;

/** Announce from the next turn of the loop on until it is freed. RSP_EIO, RSP_ENOMEM with @why. */
enum rsp_err rsp_announcer_new(struct rsp_loop *loop, const struct rsp_announcer_config *config,
			       struct rsp_announcer **ret, struct rsp_why *why) RSP_NODISCARD;

/** Announce now, and then each T6 again: it has begun to serve. NULL is fine. */
void rsp_announcer_now(struct rsp_announcer *a);

/** NULL is fine. */
void rsp_announcer_free(struct rsp_announcer *a);

#endif
