#ifndef RSP_ENRP_UPLOAD_H
#define RSP_ENRP_UPLOAD_H

#include "engine/enrp/state.h"

/* Handle tables sent to other registrars, page by page: RFC 5353 s.3.2.3. */

struct rsp_upload {
	struct rsp_walk walk;
	bool own; /* this registrar's elements only */
	struct rsp_link *link;
	struct rsp_enrp_timer timer; /* the next page must be requested by then */
};

/** ENRP_HANDLE_TABLE_REQUEST: send the next page, or the first one; or reject. */
void rsp_upload_requested(struct rsp_enrp *n, struct rsp_link *link, const struct rsp_message *msg);

/** End it and free it. */
void rsp_upload_end(struct rsp_enrp *n, struct rsp_upload *upload);

#endif
