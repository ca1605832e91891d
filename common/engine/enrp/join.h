#ifndef RSP_ENRP_JOIN_H
#define RSP_ENRP_JOIN_H

#include "engine/enrp/peer.h"

/*
 * How this registrar joins its scope, RFC 5353 s.3.2: it chooses one contact as its mentor, requests the mentor's list of
 * registrars, downloads the mentor's handle table, and then serves. Beyond the RFC: a registrar that finds no other
 * registrar serves at once. If several registrars are joining and find only each other, the registrar with the highest
 * server id serves first.
 */

void rsp_join_begin(struct rsp_enrp *n);

/** The process of this registrar did not run for @away_ms. If removals may have been forgotten elsewhere meanwhile, join
 * again, and answer users from a copy of what was stored; else the audits mend what has changed. */
void rsp_join_was_away(struct rsp_enrp *n, uint64_t away_ms);

/** A PRESENCE of @peer has arrived; peer->presence_ms is still that of the one before, which listed registrars that @peer hears
 * (@listed). If this registrar had heard no peer for so long that removals may have been forgotten elsewhere, and @peer, heard
 * again within MAX-TIME-LAST-HEARD after the first peer, or a registrar that it hears, has elements, join again. True: it does
 * so. */
bool rsp_join_if_forgotten(struct rsp_enrp *n, const struct rsp_peer *peer, bool listed);

/** The timer of @m in phase OLD has expired: it has not registered again. */
void rsp_join_old_due(struct rsp_enrp *n, struct rsp_member *m);

/** End of the turn, after a contact has come up or gone down: choose a mentor, or begin to serve. */
void rsp_join_step(struct rsp_enrp *n);

/** Whether this registrar is joining, and @peer is its mentor. */
bool rsp_join_is_mentor(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** @peer has answered an ENRP_LIST_REQUEST with its list, or with a rejection. If
 * @peer is the mentor, go on with the join. */
void rsp_join_listed(struct rsp_enrp *n, struct rsp_peer *peer, bool rejected);

/** End of the turn: the download of the whole table of @peer has ended with the result
 * @end. If @peer is the mentor, go on with the join. */
void rsp_join_downloaded(struct rsp_enrp *n, const struct rsp_peer *peer, enum rsp_download_end end);

/** The elements of @peer are stored here as it has them. If it has some, and so are those of the registrars that it hears, of
 * which one has some, this registrar lacks nothing of what happened while it heard nobody: it need not join again. */
void rsp_join_in_sync(struct rsp_enrp *n, const struct rsp_peer *peer);

/** The timer of the join has expired: begin a round, or give up a mentor that has not answered in time. */
void rsp_join_due(struct rsp_enrp *n);

#endif
