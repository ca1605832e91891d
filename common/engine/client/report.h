#ifndef RSP_ENGINE_CLIENT_REPORT_H
#define RSP_ENGINE_CLIENT_REPORT_H

#include "engine/client/link.h"

/* Reports of unreachable elements: RFC 5352 s.3.5. They have no response; each is kept so that a failure is reported
 * once. */

struct client_report;
TAILQ_HEAD(client_report_list, client_report);

struct client_reports {
	struct client_core *core;
	struct client_links *links;
	struct client_report_list unsent, sent; /* oldest first */
	unsigned n_unsent, n_sent;
};

void rsp_client_report_init(struct client_reports *reports, struct client_core *core, struct client_links *links);
void rsp_client_report_done(struct client_reports *reports);

/** The request of rsp_client_report_unreachable(). At the limit the oldest report that was sent is forgotten. */
enum rsp_err rsp_client_report_add(struct client_reports *reports, struct rsp_bytes handle,
				   uint32_t pe_id) RSP_NODISCARD;
/** The element was reached since: its next failure may be reported. */
void rsp_client_report_contacted(struct client_reports *reports, struct rsp_bytes handle, uint32_t pe_id);
/** Send what was not sent. There is a home. */
void rsp_client_report_send_all(struct client_reports *reports);
/** Tell REPORTED; free the report if it was forgotten. For settle(). */
void rsp_client_report_tell(struct client_reports *reports, struct client_news *news);

#endif
