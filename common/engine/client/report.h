#ifndef RSP_ENGINE_CLIENT_REPORT_H
#define RSP_ENGINE_CLIENT_REPORT_H

#include "engine/client/link.h"

/* Sends ASAP_ENDPOINT_UNREACHABLE, RFC 5352 s.3.5. It has no response. Each report is
 * stored, so that one failure is reported only once. */

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

/** See rsp_client_report_unreachable(). If max_reports is reached, the oldest sent report is removed. */
enum rsp_err rsp_client_report_add(struct client_reports *reports, struct rsp_bytes handle,
				   uint32_t pe_id) RSP_NODISCARD;
/** The element was reached again: its next failure may be reported. */
void rsp_client_report_contacted(struct client_reports *reports, struct rsp_bytes handle, uint32_t pe_id);
/** Send all reports that were not sent yet. There must be a home. */
void rsp_client_report_send_all(struct client_reports *reports);
/** Report REPORTED to the runner, and free the report if it is FORGOTTEN. Called by settle(). */
void rsp_client_report_tell(struct client_reports *reports, struct client_news *news);

#endif
