#ifndef RSP_ENGINE_CLIENT_ANNOUNCE_H
#define RSP_ENGINE_CLIENT_ANNOUNCE_H

#include "engine/client/candidate.h"

/* Announcements: which announced addresses enter the table of candidates, and when they expire. RFC 5352 s.3.6, T7. */

/** Add the addresses of one datagram from @source. False: nothing in it was usable, which is counted. */
bool rsp_client_announce_hear(struct client_candidates *cands, const struct rsp_ip *source, struct rsp_bytes datagram);
/** Forget the addresses whose T7 expired, except those in use. */
void rsp_client_announce_expire(struct client_candidates *cands);
/** Set the timer: in @wait_ms, or when the next address expires or, if @hunting, may be dialled. */
void rsp_client_announce_arm(struct client_candidates *cands, bool hunting, uint64_t wait_ms);
/** The registrar behind @link, an announced address, authenticated as @identity: its name from now on. */
void rsp_client_announce_proven(struct client_candidates *cands, struct client_link *link, const char *identity);
/** How many announced addresses are known. */
unsigned rsp_client_announce_count(const struct client_candidates *cands);
/** Tell HEARD or FORGOTTEN, and free a forgotten slot. For settle(). */
void rsp_client_announce_tell(struct client_candidates *cands, struct client_news *news);

/** A token bucket of @burst tokens, one more each @step_ms; it is full at @full_ms. Time until there is a token, 0:
 * now. */
uint64_t rsp_client_announce_wait(uint64_t full_ms, uint64_t now, uint64_t step_ms, unsigned burst);
void rsp_client_announce_take(uint64_t *full_ms, uint64_t now, uint64_t step_ms);

#endif
