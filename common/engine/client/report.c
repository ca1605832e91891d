#include "engine/client/report.h"

#include <stdlib.h>

struct client_report {
	TAILQ_ENTRY(client_report) list; /* in the list of unsent or of sent reports, unless the state is FORGOTTEN */
	uint8_t *octets;		 /* the memory of @handle */
	struct rsp_bytes handle;
	uint32_t pe_id;
	enum client_report_state state;
	struct client_news news;
	bool is_news; /* to report as an event: this report was sent */
};

void
rsp_client_report_init(struct client_reports *reports, struct client_core *core, struct client_links *links)
{
	reports->core = core;
	reports->links = links;
	TAILQ_INIT(&reports->unsent);
	TAILQ_INIT(&reports->sent);
}

static void
free_report(struct client_report *r)
{
	free(r->octets);
	free(r);
}

/* Remove @r from its list. */
static void
unlink_report(struct client_reports *reports, struct client_report *r)
{
	bool unsent = r->state == REPORT_UNSENT;

	TAILQ_REMOVE(unsent ? &reports->unsent : &reports->sent, r, list);
	reports->n_unsent -= unsent;
	reports->n_sent -= !unsent;
}

/* Change the state of @r; no other function does. */
static void
report_enter(struct client_reports *reports, struct client_report *r, enum client_report_state state)
{
	rsp_client_state_check(MACHINE_REPORT, r->state, state);
	if (state != REPORT_CONTACTED) /* a CONTACTED report stays in the list of sent reports */
		unlink_report(reports, r);
	r->state = state;
	if (state == REPORT_SENT) {
		TAILQ_INSERT_TAIL(&reports->sent, r, list);
		reports->n_sent++;
	} else if (state == REPORT_FORGOTTEN) {
		rsp_client_core_note(reports->core, &r->news);
	}
}

void
rsp_client_report_done(struct client_reports *reports)
{
	struct client_report *r;

	while ((r = TAILQ_FIRST(&reports->unsent)) != NULL || (r = TAILQ_FIRST(&reports->sent)) != NULL) {
		unlink_report(reports, r);
		free_report(r);
	}
}

static struct client_report *
find_report(const struct client_reports *reports, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r;

	TAILQ_FOREACH(r, &reports->sent, list)
		if (r->pe_id == pe_id && rsp_bytes_equal(r->handle, handle))
			return r;
	TAILQ_FOREACH(r, &reports->unsent, list)
		if (r->pe_id == pe_id && rsp_bytes_equal(r->handle, handle))
			return r;
	return NULL;
}

enum rsp_err
rsp_client_report_add(struct client_reports *reports, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r = find_report(reports, handle, pe_id), *oldest = TAILQ_FIRST(&reports->sent);
	bool full = reports->n_sent + reports->n_unsent >= reports->core->config.max_reports;

	if (handle.n == 0 || handle.n > RSP_HANDLE_MAX)
		return RSP_EVALUE;
	if (r && r->state != REPORT_CONTACTED)
		return RSP_EEXISTS;
	if (!r && full && !oldest)
		return RSP_ELIMIT;
	if (r || full)
		report_enter(reports, r ? r : oldest, REPORT_FORGOTTEN);
	r = calloc(1, sizeof *r);
	uint8_t *octets = r ? rsp_bytes_dup(handle) : NULL;
	if (!octets) {
		free(r);
		return RSP_ENOMEM;
	}
	r->octets = octets;
	r->handle = rsp_bytes_of(octets, handle.n);
	r->pe_id = pe_id;
	r->news.kind = NEWS_REPORT;
	TAILQ_INSERT_TAIL(&reports->unsent, r, list);
	reports->n_unsent++;
	return RSP_OK;
}

void
rsp_client_report_contacted(struct client_reports *reports, struct rsp_bytes handle, uint32_t pe_id)
{
	struct client_report *r = find_report(reports, handle, pe_id);

	if (r && r->state == REPORT_SENT)
		report_enter(reports, r, REPORT_CONTACTED);
}

void
rsp_client_report_send_all(struct client_reports *reports)
{
	struct client_report *r;

	while ((r = TAILQ_FIRST(&reports->unsent)) != NULL) {
		struct rsp_message msg = {
			.protocol = RSP_ASAP,
			.type = ASAP_ENDPOINT_UNREACHABLE,
			.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
			.handle = r->handle,
			.pe_id = r->pe_id,
		};

		report_enter(reports, r, REPORT_SENT);
		r->is_news = true;
		(void)rsp_client_core_send(reports->core, reports->links->home->id, &msg);
		rsp_client_core_note(reports->core, &r->news);
	}
}

void
rsp_client_report_tell(struct client_reports *reports, struct client_news *news)
{
	struct client_report *r = RSP_CONTAINER(news, struct client_report, news);
	struct rsp_client_event event = rsp_client_link_event(reports->links, RSP_CLIENT_REPORTED);
	bool is_news = r->is_news;

	r->is_news = false;
	event.handle = r->handle;
	event.pe_id = r->pe_id;
	if (is_news)
		rsp_client_core_tell(reports->core, &event);
	if (r->state == REPORT_FORGOTTEN && !r->news.listed)
		free_report(r);
}
