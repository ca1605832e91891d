#ifndef RSP_ENRP_DOWNLOAD_H
#define RSP_ENRP_DOWNLOAD_H

#include "engine/enrp/peer.h"

/*
 * Downloads a handle table from a peer, page by page: the whole table when this registrar joins (RFC 5353 s.3.2.3), or
 * the peer's own elements when the audit finds a difference (RFC 5353 s.3.6). Beyond the RFC: to a peer that states
 * versions, this registrar sends several requests before the first response arrives, so that no page costs a round trip.
 * Such a request has ENRP_FLAG_CONTINUE: the peer ignores a request with this flag after the last page. A complete
 * download of the peer's own elements is followed by a sweep: this registrar removes the elements that the table of the
 * peer did not list, in slices.
 */

/** Begin to download the table of @peer: only the elements whose home is @peer (@own), or all. If @peer has no link, or
 * a download from @peer or the sweep after it is running, do nothing. */
void rsp_download_begin(struct rsp_enrp *n, struct rsp_peer *peer, bool own);

/** The download timer of @peer has expired: sweep the next slice, or, during a
 * download, abort it because no page arrived in time. */
void rsp_download_due(struct rsp_enrp *n, struct rsp_peer *peer);

/** Abort the download from @peer, and record @reason. The link is closed, because
 * @peer would continue in the middle of the table. */
void rsp_download_fail(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** Handle an ENRP_HANDLE_TABLE_RESPONSE, which has a page or a rejection. */
void rsp_download_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);

/** The timer of @m in phase FOREIGN_SWEEP has expired: the table of its home does not list @m. Remove @m, or wait
 * longer if the table of another registrar may list it. */
void rsp_download_sweep_due(struct rsp_enrp *n, struct rsp_member *m);

/** Compare the checksum and the digest in the PRESENCE of @peer with the stored elements of @peer. If they differ,
 * download these elements. RFC 5353 s.3.6.1 */
void rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence);

/** Whether this registrar may lack elements of @peer: a download is running, or the last PRESENCE of @peer differed and
 * no download has been completed (or rejected) within hold_window_ms. */
bool rsp_download_is_behind(const struct rsp_enrp *n, const struct rsp_peer *peer);

#endif
