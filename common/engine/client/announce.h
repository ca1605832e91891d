#ifndef RSP_ENGINE_CLIENT_ANNOUNCE_H
#define RSP_ENGINE_CLIENT_ANNOUNCE_H

#include "engine/client/candidate.h"

/* Announcements (ASAP_SERVER_ANNOUNCE, RFC 5352 s.3.6): adds announced addresses to the table
 * of candidates, and removes them when T7 expires. */

/** Add the addresses in one datagram from @source. False: the datagram had no
 * usable address; cands->dropped counts it. */
bool rsp_client_announce_hear(struct client_candidates *cands, const struct rsp_ip *source, struct rsp_bytes datagram);
/** Remove the addresses whose T7 has expired, except those that a link uses. */
void rsp_client_announce_expire(struct client_candidates *cands);
/** Set the timer of announcements to the earliest of: @wait_ms; the next expiry of an address; if @hunting, the next
 * time at which an address may be dialled. */
void rsp_client_announce_arm(struct client_candidates *cands, bool hunting, uint64_t wait_ms);
/** The registrar at the other end of @link, which was dialled to an announced address, has
 * authenticated as @identity: use this name from now on. */
void rsp_client_announce_proven(struct client_candidates *cands, struct client_link *link, const char *identity);
/** The number of announced addresses in the table. */
unsigned rsp_client_announce_count(const struct client_candidates *cands);
/** Report HEARD or FORGOTTEN to the runner, and free the slot of a forgotten address. Called by settle(). */
void rsp_client_announce_tell(struct client_candidates *cands, struct client_news *news);

/** A token bucket with room for @burst tokens gets one token each @step_ms, and is full at @full_ms. Return the time
 * until it has a token; 0: it has one now. rsp_client_announce_take() takes a token. */
uint64_t rsp_client_announce_wait(uint64_t full_ms, uint64_t now, uint64_t step_ms, unsigned burst);
void rsp_client_announce_take(uint64_t *full_ms, uint64_t now, uint64_t step_ms);

#endif
