#ifndef RSP_ENRP_UPLOAD_H
#define RSP_ENRP_UPLOAD_H

#include "engine/enrp/peer.h"

/*
 * Sends a handle table to another registrar or to a monitor, page by page: RFC 5353 s.3.2.3. Beyond the RFC: registrars that
 * state numbers also get the tombstones, after the elements. PLAIN peers get, as the elements of this registrar, the linked
 * ones only. A registrar that joins sends its own table only, to registrars that state numbers. If too many tables are being
 * sent, a peer waits for its turn.
 */
struct rsp_upload {
	struct rsp_walk walk;
	struct rsp_tomb_walk tombs; /* after the elements; not begun: the receiver gets no tombstones */
	uint32_t of; /* only elements of this home: this registrar, or the one that the request names; 0: all */
	enum rsp_peer_kind to; /* UNKNOWN: a monitor */
	uint32_t receiver_id;
	struct rsp_link *link;
	struct rsp_enrp_timer timer; /* expires if the other side does not request the next page in time; or see @waits */
	bool waits; /* for its turn, in n->waiting; it is rejected when @timer expires */
	TAILQ_ENTRY(rsp_upload) of_waiting;
};

/** Handle an ENRP_HANDLE_TABLE_REQUEST: send the missed updates that it names, the first or the next page, or a rejection;
 * or let it wait for its turn. */
void rsp_upload_requested(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg);

/** The timer of @upload has expired. */
void rsp_upload_due(struct rsp_enrp *n, struct rsp_upload *upload);

/** End @upload and free it, and serve those that wait for their turn. */
void rsp_upload_end(struct rsp_enrp *n, struct rsp_upload *upload);

#endif
