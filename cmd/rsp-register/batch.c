#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "batch_line.h"
#include "cli/fail.h"
#include "membership_priv.h"
#include "net/lines.h"

/* The elements of a batch, from the lines of standard input. */

void
membership_add(struct membership *m, struct rsp_bytes handle, const struct rsp_pool_element *pe, bool random_id,
	       struct rsp_why *why)
{
	enum rsp_err err = rsp_asap_client_register(m->access.session, handle, pe);

	if (!err && random_id)
		err = rsp_asap_client_allow_new_id(m->access.session, handle, pe->pe_id);

	if (!err)
		m->batch.elements++;
	else
		(void)rsp_fail(why, err, "", "cannot register: %s",
			       err == RSP_EEXISTS ? "another line of this batch has the same pool and identifier"
						  : rsp_err_text(err));
}

/* Report a line that cannot be used. The other lines are read on. */
static void
report_bad_line(struct membership *m, const struct rsp_why *why)
{
	struct rsp_why place;

	(void)rsp_fail(&place, why->err == RSP_EUSAGE ? RSP_ECONFIG : why->err, "", "%s%s%s", why->object,
		       *why->object ? ": " : "", why->reason);
	(void)snprintf(place.object, sizeof(place.object), "stdin:%u", m->batch.lines);
	(void)rsp_cli_fail(&place);
	m->batch.bad_lines++;
}

static void
on_line_too_long(void *ctx)
{
	struct membership *m = ctx;
	struct rsp_why why;

	m->batch.lines++;
	(void)rsp_fail(&why, RSP_ECONFIG, NULL, "the line is longer than %d octets: skipped", BATCH_LINE_MAX);
	if (m->phase < PHASE_LEAVE)
		report_bad_line(m, &why);
}

static void
on_line(void *ctx, struct rsp_bytes line)
{
	struct membership *m = ctx;
	struct element_spec spec = m->options->spec;
	struct rsp_pool_element pe;
	uint8_t room[ELEMENT_ROOM], *octets = NULL;
	struct rsp_why why = { 0 };
	size_t size = 0;

	if (m->batch.lines++ == 0)
		line = rsp_bytes_skip_mark(line);
	if (rsp_bytes_blank(line) || m->phase >= PHASE_LEAVE)
		return;
	if (m->batch.elements >= BATCH_MAX)
		(void)rsp_fail(&why, RSP_ELIMIT, NULL, "more than %d elements in one batch: use several rsp-register",
			       BATCH_MAX);
	else if (batch_line_read(line, &spec, m->options->handle, &octets, &size, &why) == RSP_OK) {
		bool random_id = !spec.pe_id;
		if (random_id)
			spec.pe_id = rsp_rng_id(&m->rng);
		if (element_make(&spec, room, &pe, &why) == RSP_OK) {
			batch_origins_note(&m->batch.origins, rsp_bytes_of(octets, size), pe.pe_id, m->batch.lines);
			membership_add(m, rsp_bytes_of(octets, size), &pe, random_id, &why);
		}
	}
	free(octets);
	if (why.err)
		report_bad_line(m, &why);
}

bool
membership_batch_is_empty(const struct membership *m, struct rsp_why *why)
{
	if (!m->batch.read_all || m->batch.elements > m->batch.lost)
		return false;
	if (m->batch.lost > 0)
		(void)rsp_fail(
			why, RSP_EREJECTED, "stdin",
			"all elements were rejected or displaced (the records before this one have the reasons)");
	else
		(void)rsp_fail(why, RSP_ECONFIG, "stdin",
			       "no line names an element to register: write one JSON object per line");
	why->cause = RSP_CAUSE_NONE;
	return true;
}

int
membership_batch_status(const struct membership *m)
{
	unsigned bad = m->batch.bad_lines, lost = m->batch.lost;
	char lines[64] = "", elements[64] = "";
	struct rsp_why why;

	if (m->status_final || bad + lost == 0)
		return m->status;
	if (bad)
		(void)snprintf(lines, sizeof(lines), "%u line%s could not be used", bad, bad == 1 ? "" : "s");
	if (lost)
		(void)snprintf(elements, sizeof(elements), "%u element%s refused or displaced", lost,
			       lost == 1 ? " was" : "s were");
	(void)rsp_fail(&why, RSP_EPARTIAL, "stdin", "%s%s%s", lines, *lines && *elements ? ", " : "", elements);
	return rsp_cli_fail(&why);
}

enum rsp_err
membership_read_batch(struct membership *m, void (*end)(void *ctx, const struct rsp_why *why), struct rsp_why *why)
{
	const struct rsp_lines_events events = { .line = on_line, .too_long = on_line_too_long, .end = end };
	enum rsp_err err = rsp_lines_new(m->watches.loop, STDIN_FILENO, BATCH_LINE_MAX, &events, m, &m->batch.reader);

	return err ? rsp_fail(why, err, "stdin", "cannot read: %s", rsp_err_text(err)) : RSP_OK;
}
