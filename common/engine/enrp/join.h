#ifndef RSP_ENRP_JOIN_H
#define RSP_ENRP_JOIN_H

#include "engine/enrp/peer.h"

/*
 * How a registrar joins its scope, RFC 5353 s.3.2: of its contacts it makes one its mentor, takes the mentor's list of
 * registrars and its table, and serves when these are complete. Beyond the RFC: a registrar that finds no other one
 * serves at once; of several that find only each other, all joining, the one with the highest id begins.
 */

void rsp_join_begin(struct rsp_enrp *n);

/** This registrar was away for @away_ms: nothing that it knows can be relied on. Closes all links, removes all peers. */
void rsp_join_again(struct rsp_enrp *n, uint64_t away_ms);

/** End of the turn: contacts have come up or gone down: choose a mentor, or serve. */
void rsp_join_step(struct rsp_enrp *n);

/** Whether @peer is the mentor that this registrar asks. */
bool rsp_join_is_mentor(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** The mentor @peer has sent its list of registrars, or rejected. */
void rsp_join_listed(struct rsp_enrp *n, struct rsp_peer *peer, bool rejected);

/** End of the turn: the download of @peer's table has ended so. */
void rsp_join_downloaded(struct rsp_enrp *n, const struct rsp_peer *peer, enum rsp_download_end end);

/** Its timer has expired: a round begins, or the mentor has not answered in time. */
void rsp_join_due(struct rsp_enrp *n);

#endif
