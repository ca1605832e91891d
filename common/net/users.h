#ifndef RSP_NET_USERS_H
#define RSP_NET_USERS_H

#include "net/source.h"

/* For net's own files only. A listener's open connections without a key: they have an idle limit, never more than a part of
 * the listener's connections, and the idle ones make room for others. RFC 5355 s.2.1, s.2.13. */

struct rsp_loop;
struct rsp_alarm;

struct rsp_users {
	const struct rsp_listener_params *params;
	struct rsp_listener_stats *stats;
	struct rsp_alarm *idle;        /* set while there are users: when the first may have been idle for too long */
	struct rsp_accepted_queue all;   /* the longest idle one first */
	struct rsp_source_queue crowd; /* sources that have users */
	uint32_t n;
};

/** No users yet. @params and @atats must outlive it. RSP_ENOMEM. */
enum rsp_err rsp_users_init(struct rsp_users *users, struct rsp_loop *loop, const struct rsp_listener_params *params,
			    struct rsp_listener_stats *stats) RSP_NODISCARD;
void rsp_users_done(struct rsp_users *users);

/** How many connections may be users'. */
uint32_t rsp_users_max(const struct rsp_listener_limits *limits);

/**
 * Count @a, which is open and has no key. If that is one too many, the one that rsp_users_evict() chooses goes;
 * RSP_ELIMIT: none may, and @a is not counted.
 */
enum rsp_err rsp_users_add(struct rsp_users *users, struct rsp_accepted *a) RSP_NODISCARD;

/** @a is gone. */
void rsp_users_remove(struct rsp_users *users, struct rsp_accepted *a);

/** @a has said something whole: it is not idle. */
void rsp_users_heard(struct rsp_users *users, struct rsp_accepted *a);

/**
 * Close a user's connection for the sake of a newcomer from @aource, which has @n connections: of the source with the most
 * users the longest idle one, rather one that watches nothing. False if no other source has more than @n users, and @aource
 * itself has not the most.
 */
bool rsp_users_evict(struct rsp_users *users, const struct rsp_source *source, uint32_t n);

#endif
