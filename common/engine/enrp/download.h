#ifndef RSP_ENRP_DOWNLOAD_H
#define RSP_ENRP_DOWNLOAD_H

#include "engine/enrp/peer.h"

/*
 * Downloads a handle table from a peer, page by page: the whole table when this registrar joins (RFC 5353 s.3.2.3), or
 * the elements of one home when the audit finds a difference (RFC 5353 s.3.6). Beyond the RFC, for peers that state numbers:
 *
 * - If updates are missing, this registrar requests these (RSP_PARAM_UPDATES_FROM), and the table only if the peer does not
 *   keep them any more, or the digests still differ.
 * - The table of a registrar that this one does not hear is requested from a peer that hears it (RSP_PARAM_TABLE_OF).
 * - Elements that the table does not list are not removed: the peer is sent the statements about them, in slices. As their
 *   home, it looks at them.
 * - Several requests are sent before the first response arrives, so that no page costs a round trip. Such a request has
 *   ENRP_FLAG_CONTINUE: the peer ignores a request with this flag after the last page.
 */

/** Begin to download the elements of the home @of (0: all that @peer knows) from @peer. If @peer has no link, or a download
 * from @peer or the work after it is running, do nothing and return false. */
bool rsp_download_begin(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t of);

/** The download timer of @peer has expired: send the next slice of unlisted elements; during a download, abort it because no page
 * arrived in time; else a request was refused, and a PRESENCE is asked for, which leads to the next request. */
void rsp_download_due(struct rsp_enrp *n, struct rsp_peer *peer);

/** Abort the download from @peer, if there is one, and record @reason. The link is closed, because
 * @peer would continue in the middle of the table. */
void rsp_download_fail(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_reason reason);

/** The link @link_id has ended: abort the download from @peer, if it is over that link. */
void rsp_download_link_down(struct rsp_enrp *n, struct rsp_peer *peer, uint32_t link_id);

/** Handle an ENRP_HANDLE_TABLE_RESPONSE, which has a page or a rejection. */
void rsp_download_received(struct rsp_enrp *n, struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);

/** Update @number of @peer has arrived: request the updates before it that are missing. */
void rsp_download_update_received(struct rsp_enrp *n, struct rsp_peer *peer, uint64_t number);

/** Compare the digest (PLAIN peers: the checksum) in the PRESENCE of @peer with the stored elements of @peer, and the digests
 * of the registrars that it hears with theirs. If they differ, download what is missing. RFC 5353 s.3.6.1 */
void rsp_download_audit(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *presence);

/** Whether this registrar may lack elements of @peer: the last PRESENCE of @peer differed, and no table of @peer was
 * complete since. */
bool rsp_download_is_behind(const struct rsp_peer *peer);

#endif
