#ifndef RSP_ENRP_DOWNLOAD_H
#define RSP_ENRP_DOWNLOAD_H

#include "engine/enrp/peer.h"

/*
 * Handle tables received from other registrars, page by page: RFC 5353 s.3.2.3 when this registrar joins, s.3.6 when it
 * has missed something. Beyond the RFC: between registrars of ours several requests are under way at a time, so that a
 * page need not wait for a round trip; requests that arrive after the last page say that they are to be ignored then
 * (ENRP_FLAG_CONTINUE).
 */

/** Begin to download @peer's table: its own elements (@own) or all. Nothing happens without a link, or during another. */
void rsp_download_begin(struct rsp_enrp *n, struct rsp_peer *peer, bool own);

/** It fails: its link, where @peer's side is in the middle of the table, is closed. */
void rsp_download_fail(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** ENRP_HANDLE_TABLE_RESPONSE: a page, or a rejection. */
void rsp_download_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);

/** FOREIGN_SWEEP: the home of @m does not list it, and no other registrar has claimed it since. */
void rsp_download_sweep_due(struct rsp_enrp *n, struct rsp_member *m);

/** Compare what the PRESENCE of @peer says of its elements with what is stored of them; download them if need be. RFC 5353
 * s.3.6.1 */
void rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence);

/** Whether the elements of @peer are not all known here: its next PRESENCE may come long after the download. */
bool rsp_download_is_behind(const struct rsp_enrp *n, const struct rsp_peer *peer);

#endif
