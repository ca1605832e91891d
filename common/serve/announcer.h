#ifndef RSP_SERVE_ANNOUNCER_H
#define RSP_SERVE_ANNOUNCER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/announce.h"

/* Announces a registrar to elements and users: RFC 5352 s.3.6, ASAP_SERVER_ANNOUNCE and T6. */

struct rsp_loop;

#define RSP_ANNOUNCER_TO_MAX	    4
#define RSP_ANNOUNCER_ADDRESSES_MAX 17 /* the registrar's own address and those of scope.json */

struct rsp_announcer_config {
	struct rsp_announce_at to[RSP_ANNOUNCER_TO_MAX];
	unsigned n_to;
	uint32_t t6_ms;	    /* 0: 1 s */
	uint32_t server_id; /* not 0 */
	/* the address at which the registrar listens for elements and users; unspecified: every address */
	struct rsp_ip ip;
	uint16_t port;
	/* further addresses of the registrar, which are announced, too */
	struct rsp_ip more[RSP_ANNOUNCER_ADDRESSES_MAX - 1];
	unsigned n_more;

	/** Whether the registrar serves now. It is announced only while it serves. NULL: always. */
	bool (*serves)(void *ctx);
	/**
	 * Announcing to @to works from now on, with the @n addresses @ip; or, if @why is not NULL, it fails and is
	 * tried again at each T6. Called when this changes.
	 */
	void (*state)(void *ctx, const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n,
		      const struct rsp_why *why);
	void *ctx;
};

struct rsp_announcer;

/** Announce from the next turn of the loop on, until rsp_announcer_free(). RSP_EIO, RSP_ENOMEM with @why. */
enum rsp_err rsp_announcer_new(struct rsp_loop *loop, const struct rsp_announcer_config *config,
			       struct rsp_announcer **ret, struct rsp_why *why) RSP_NODISCARD;

/** The registrar has begun to serve: announce it now, and then at each T6. NULL is fine. */
void rsp_announcer_now(struct rsp_announcer *a);

/** The registrar has the server id @server_id from now on. NULL is fine. */
void rsp_announcer_set_id(struct rsp_announcer *a, uint32_t server_id);

/** NULL is fine. */
void rsp_announcer_free(struct rsp_announcer *a);

#endif
