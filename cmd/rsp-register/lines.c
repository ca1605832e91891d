#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/fail.h"
#include "hold_priv.h"

/* The elements of a batch, from the lines of standard input. */

void
hold_add(struct hold *h, struct rsp_bytes handle, const struct rsp_pool_element *pe, struct rsp_why *why)
{
	enum rsp_err err = rsp_session_register(h->session, handle, pe);

	if (!err)
		h->held++;
	else
		(void)rsp_fail(why, err, "", "cannot register: %s",
			       err == RSP_EEXISTS ? "the identifier is taken in this batch" : rsp_err_text(err));
}

/* A line that is no good is said, and the others go on. */
static void
no_good(struct hold *h, const struct rsp_why *why)
{
	struct rsp_why place;

	(void)rsp_fail(&place, why->err == RSP_EUSAGE ? RSP_ECONFIG : why->err, "", "%s%s%s", why->object,
		       *why->object ? ": " : "", why->reason);
	(void)snprintf(place.object, sizeof(place.object), "stdin:%u", h->lines);
	(void)rsp_cli_fail(&place);
	h->bad++;
}

static void
on_too_long(void *ctx)
{
	struct hold *h = ctx;
	struct rsp_why why;

	h->lines++;
	(void)rsp_fail(&why, RSP_ECONFIG, NULL, "the line is longer than %d octets: skipped", BATCH_LINE_MAX);
	if (h->phase < LEAVE)
		no_good(h, &why);
}

static void
on_line(void *ctx, struct rsp_bytes line)
{
	struct hold *h = ctx;
	struct element_spec spec = h->o->spec;
	struct rsp_pool_element pe;
	uint8_t room[ELEMENT_ROOM], *octets = NULL;
	struct rsp_why why = { 0 };
	size_t size = 0;

	if (h->lines++ == 0)
		line = rsp_bytes_skip_mark(line);
	if (rsp_bytes_blank(line) || h->phase >= LEAVE)
		return;
	if (h->held >= BATCH_MAX)
		(void)rsp_fail(&why, RSP_ELIMIT, NULL, "more than %d elements", BATCH_MAX);
	else if (batch_line(line, &spec, h->o->handle, &octets, &size, &why) == RSP_OK) {
		if (!spec.pe_id)
			spec.pe_id = rsp_rng_id(&h->rng);
		if (element_make(&spec, room, &pe, &why) == RSP_OK) {
			batch_note(&h->origins, rsp_bytes_of(octets, size), pe.pe_id, h->lines);
			hold_add(h, rsp_bytes_of(octets, size), &pe, &why);
		}
	}
	free(octets);
	if (why.err)
		no_good(h, &why);
}

/* Whether a batch has anything left to hold once it was read. */
void
hold_check_batch(struct hold *h)
{
	struct rsp_why why;

	if (!h->read_all || h->phase >= LEAVE || h->held > h->rejected)
		return;
	if (h->rejected > 0)
		(void)rsp_fail(&why, RSP_EREJECTED, "stdin", "all elements were rejected or displaced");
	else
		(void)rsp_fail(&why, RSP_ECONFIG, "stdin", "no element to register");
	why.cause = RSP_CAUSE_NONE;
	hold_fail(h, &why);
}

static void
on_read_all(void *ctx, const struct rsp_why *why)
{
	struct hold *h = ctx;

	h->read_all = true;
	if (why && why->err)
		hold_fail(h, why);
	hold_check_batch(h);
}

int
hold_partial(const struct hold *h)
{
	struct rsp_why why;

	if (h->failed || h->bad + h->rejected == 0)
		return h->status;
	char lines[64] = "", elements[64] = "";

	if (h->bad)
		(void)snprintf(lines, sizeof(lines), "%u line%s no good", h->bad, h->bad == 1 ? " was" : "s were");
	if (h->rejected)
		(void)snprintf(elements, sizeof(elements), "%u element%s refused or displaced", h->rejected,
			       h->rejected == 1 ? " was" : "s were");
	(void)rsp_fail(&why, RSP_EPARTIAL, "stdin", "%s%s%s", lines, *lines && *elements ? ", " : "", elements);
	return rsp_cli_fail(&why);
}

enum rsp_err
hold_read(struct hold *h, struct rsp_why *why)
{
	static const struct rsp_reader_events events = { .line = on_line, .too_long = on_too_long, .end = on_read_all };
	enum rsp_err err = rsp_reader_new(h->loop, STDIN_FILENO, BATCH_LINE_MAX, &events, h, &h->reader);

	return err ? rsp_fail(why, err, "stdin", "cannot read: %s", rsp_err_text(err)) : RSP_OK;
}
