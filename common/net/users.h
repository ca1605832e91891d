#ifndef RSP_NET_USERS_H
#define RSP_NET_USERS_H

#include "net/source.h"

/* For net's own files only. A listener's open connections without a key. They are closed after an idle time, they may
 * take only a part of the listener's connections, and idle ones are closed in favour of new ones. RFC 5355 s.2.1,
 * s.2.13. */

struct rsp_loop;
struct rsp_alarm;

struct rsp_users {
	const struct rsp_listener_params *params;
	struct rsp_listener_stats *stats;
	/* armed while users are connected: the earliest time at which a user may have been idle too long */
	struct rsp_alarm *idle;
	struct rsp_accepted_queue all;   /* the longest idle one first */
	struct rsp_source_queue crowd; /* sources that have users */
	uint32_t n;
};

/** No users yet. @params and @stats must outlive it. RSP_ENOMEM. */
enum rsp_err rsp_users_init(struct rsp_users *users, struct rsp_loop *loop, const struct rsp_listener_params *params,
			    struct rsp_listener_stats *stats) RSP_NODISCARD;
void rsp_users_done(struct rsp_users *users);

/** The greatest number of users that @limits allow. */
uint32_t rsp_users_max(const struct rsp_listener_limits *limits);

/**
 * Count @a, which is open and has no key. If the limit is reached, rsp_users_evict() closes another user first.
 * RSP_ELIMIT: no user could be closed, and @a is not counted.
 */
enum rsp_err rsp_users_add(struct rsp_users *users, struct rsp_accepted *a) RSP_NODISCARD;

/** Do not count @a any more. No effect if @a is no user. */
void rsp_users_remove(struct rsp_users *users, struct rsp_accepted *a);

/** Input of @a was consumed, or @a is in use: its idle time begins anew. No effect if @a is no user. */
void rsp_users_heard(struct rsp_users *users, struct rsp_accepted *a);

/**
 * Close one user in favour of a new connection from @source, which has @n connections: of the source with the most
 * users, the one that is idle for the longest time; one that watches a pool only if there is no other. False: no user
 * may be closed. That is so if the source with the most users is not @source, and has not more than @n.
 */
bool rsp_users_evict(struct rsp_users *users, const struct rsp_source *source, uint32_t n);

#endif
