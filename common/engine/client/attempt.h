#ifndef RSP_ENGINE_CLIENT_ATTEMPT_H
#define RSP_ENGINE_CLIENT_ATTEMPT_H

#include "engine/client/candidate.h"

/* An attempt is a dialled link that is not up yet. This file begins and ends attempts, and limits their number. */

/** Dial @cand. False: the dial failed at once; this is noted as news of a closed link. */
bool rsp_client_attempt_dial(struct client_candidates *cands, struct client_candidate *cand);
/** The attempt or home connection @link ended at @step because of @why (.err RSP_OK: the attempt succeeded). Store the
 * result and note the news. For a link that a registrar dialled, only @link is updated. */
void rsp_client_attempt_ended(struct client_candidates *cands, struct client_link *link, enum rsp_client_step step,
			      const struct rsp_why *why);
/** End all attempts with RSP_ETIMEOUT, at the step that each has reached. */
void rsp_client_attempt_expire_all(struct client_candidates *cands);
/** Close all attempts except @keep, and store no result: they are not needed any more. */
void rsp_client_attempt_drop_all(struct client_candidates *cands, const struct client_link *keep);
/** Whether there is an attempt. */
bool rsp_client_attempt_any(const struct client_candidates *cands);

/**
 * The time in ms until one more attempt may begin, at an announced (@announced) or a configured address. 0: now; another
 * attempt may have been ended for it. RSP_NEVER: not before another attempt ends. @rounds: number of rounds of this hunt
 * so far.
 */
uint64_t rsp_client_attempt_room(struct client_candidates *cands, bool announced, unsigned rounds);

#endif
