#ifndef RSP_REGISTRAR_RESOLVE_H
#define RSP_REGISTRAR_RESOLVE_H

#include "engine/registrar/subscription.h"

/* Handle resolution, RFC 5352 s.3.3: answers users, and sends updates to subscribers. */

struct rsp_resolver {
	struct rsp_core *core;
	struct rsp_element **answer; /* the elements selected for an answer; room for @answer_room */
	uint32_t answer_room;
};

/** A checked ASAP_HANDLE_RESOLUTION. */
struct rsp_question {
	struct rsp_link *link;
	struct rsp_bytes handle;
	uint32_t items; /* most elements in the answer */
	bool watch;	/* the user asks for a subscription */
};

/** Initialise @resolver. RSP_ENOMEM. The caller frees with rsp_resolve_done(), also after an error. */
enum rsp_err rsp_resolve_init(struct rsp_resolver *resolver, struct rsp_core *core) RSP_NODISCARD;
void rsp_resolve_done(struct rsp_resolver *resolver);

/** Check the ASAP_HANDLE_RESOLUTION @msg, and make it a question. False: refused, and the
 * refusal was sent. Views in @ret point into @msg. */
bool rsp_resolve_check(struct rsp_resolver *resolver, struct rsp_link *link, const struct rsp_message *msg,
		       struct rsp_question *ret);

/** Answer @question with elements of the pool, or with the error "unknown pool handle". */
void rsp_resolve_answer(struct rsp_resolver *resolver, const struct rsp_question *question);

/** Send each subscriber of @watched the current elements of the pool. If the pool lost
 * its last element in this turn, send nothing. */
void rsp_resolve_push(struct rsp_resolver *resolver, struct rsp_watched_pool *watched);

/** Send each subscriber of @pool, which has no element any more, the error
 * "unknown pool handle", and end the subscriptions. */
void rsp_resolve_pool_gone(struct rsp_resolver *resolver, struct rsp_pool *pool);

#endif
