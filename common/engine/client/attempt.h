#ifndef RSP_ENGINE_CLIENT_ATTEMPT_H
#define RSP_ENGINE_CLIENT_ATTEMPT_H

#include "engine/client/candidate.h"

/* Attempts: dialled links that are not up. How they begin and end, and how many there may be at a time. */

/** Dial @cand. False: the dial failed at once; that is news of a closed link. */
bool rsp_client_attempt_dial(struct client_candidates *cands, struct client_candidate *cand);
/** The attempt, or the home, @link ended at @step because of @why (.err RSP_OK: it is up): keep the result and note the
 * news. Nothing happens for a link that a registrar opened to us. */
void rsp_client_attempt_ended(struct client_candidates *cands, struct client_link *link, enum rsp_client_step step,
			      const struct rsp_why *why);
/** End all attempts with RSP_ETIMEOUT, at the step that each has reached. */
void rsp_client_attempt_expire_all(struct client_candidates *cands);
/** Close all attempts but @keep without a result: they are no longer needed. */
void rsp_client_attempt_drop_all(struct client_candidates *cands, const struct client_link *keep);
/** Whether there is any. */
bool rsp_client_attempt_any(const struct client_candidates *cands);

/**
 * Time until there is a place for one more attempt, at an announced (@announced) or a configured address, in ms. 0:
 * now; if need be, another attempt was ended for it. RSP_NEVER: not before another one ends. @rounds: of this hunt, so
 * far.
 */
uint64_t rsp_client_attempt_room(struct client_candidates *cands, bool announced, unsigned rounds);

#endif
