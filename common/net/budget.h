#ifndef RSP_NET_BUDGET_H
#define RSP_NET_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* For net's own files only. The memory that many connections may hold together in their queues: RFC 5355 s.2.1,
 * s.2.13. */

struct rsp_budget_share;
LIST_HEAD(rsp_budget_shares, rsp_budget_share);

/** A limit for the memory of several shares together. */
struct rsp_budget {
	size_t used, max; /* octets */
	struct rsp_budget_shares shares; /* the shares whose @used is not 0 */
};

/** The memory that one connection holds. */
struct rsp_budget_share {
	LIST_ENTRY(rsp_budget_share) entry; /* while @used is not 0 */
	struct rsp_budget *budget;
	size_t *group; /* octets that all shares of one source hold; NULL: the share belongs to no source */
	size_t used;   /* octets, as of the last rsp_budget_count() */
	/** Release all memory of @share and count it: rsp_budget_count(share, 0). */
	void (*give_up)(struct rsp_budget_share *share);
};

/** An empty budget of @max octets. */
void rsp_budget_init(struct rsp_budget *budget, size_t max);

/**
 * Count that @share holds @now octets. If the budget is exceeded by an increase, the share that holds the most must
 * give up, until the rest fits. Where shares have groups it is the largest share of the largest group. It may be @share
 * itself.
 */
void rsp_budget_count(struct rsp_budget_share *share, size_t now);

/** Count @share in the budget @to from now on, and in no group. No share gives up for that. */
void rsp_budget_move(struct rsp_budget_share *share, struct rsp_budget *to);

#endif
