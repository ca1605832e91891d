#ifndef RSP_ENRP_UPLOAD_H
#define RSP_ENRP_UPLOAD_H

#include "engine/enrp/state.h"

/* Sends a handle table to another registrar or to a monitor, page by page: RFC 5353 s.3.2.3. */

struct rsp_upload {
	struct rsp_walk walk;
	bool own; /* only the elements whose home is this registrar */
	struct rsp_link *link;
	struct rsp_enrp_timer timer; /* expires if the other side does not request the next page in time */
};

/** Handle an ENRP_HANDLE_TABLE_REQUEST: send the first or the next page, or a rejection. */
void rsp_upload_requested(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg);

/** End @upload and free it. */
void rsp_upload_end(struct rsp_enrp *n, struct rsp_upload *upload);

#endif
