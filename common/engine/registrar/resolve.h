#ifndef RSP_REGISTRAR_RESOLVE_H
#define RSP_REGISTRAR_RESOLVE_H

#include "engine/registrar/subscription.h"

/* Handle resolution, RFC 5352 s.3.3: answers to users, and updates to subscribers. */

struct rsp_resolver {
	struct rsp_core *core;
	struct rsp_element **answer; /* room for @answer_room elements: the ones selected for an answer */
	uint32_t answer_room;
};

/** A request that may be answered. */
struct rsp_question {
	struct rsp_link *link;
	struct rsp_bytes handle;
	uint32_t items; /* elements in the answer at most */
	bool watch;	/* the user asks for a subscription */
};

/** RSP_ENOMEM. The caller frees with rsp_resolve_done(), also after an error. */
enum rsp_err rsp_resolve_init(struct rsp_resolver *resolver, struct rsp_core *core) RSP_NODISCARD;
void rsp_resolve_done(struct rsp_resolver *resolver);

/** Check the ASAP_HANDLE_RESOLUTION @msg. False: it was refused, and the refusal was sent. Views in @ret are @msg's. */
bool rsp_resolve_check(struct rsp_resolver *resolver, struct rsp_link *link, const struct rsp_message *msg,
		       struct rsp_question *ret);

/** Answer @question, whether its pool exists or not. */
void rsp_resolve_answer(struct rsp_resolver *resolver, const struct rsp_question *question);

/** Send the subscribers of @watched the pool as it is now; nothing, if it has lost its last element in this turn. */
void rsp_resolve_push(struct rsp_resolver *resolver, struct rsp_watched_pool *watched);

/** Send the subscribers of @pool, which has no element any more, that it is unknown, and end their subscriptions. */
void rsp_resolve_pool_gone(struct rsp_resolver *resolver, struct rsp_pool *pool);

#endif
