/* rsp-peer dump: the handlespace as one registrar has it, line by line as it comes. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "cli/message_json.h"
#include "model/checksum.h"

enum { OPT_OWN = 1, OPT_POOLS };

static struct poptOption options[] = {
	{ "own", 0, POPT_ARG_NONE, NULL, OPT_OWN, "only elements whose home the registrar is", NULL },
	{ "pools", 0, POPT_ARG_NONE, NULL, OPT_POOLS, "a line for each pool, not for each element", NULL },
	POPT_TABLEEND
};

static struct {
	bool own, pools;
} option;

/* More registrars than a scope has are somebody's invention: their elements are counted, not summed. */
#define HOMES_MAX 1024

struct home {
	uint32_t id;
	uint64_t elements, sum, digest;
	bool versions; /* all have one */
};

struct dump {
	uint64_t begin_ms, elements, pools;
	struct home home[HOMES_MAX]; /* by id */
	unsigned n_homes;
	uint64_t homeless; /* elements of homes that had no room */

	/* the pool that is being read */
	uint8_t *handle;
	size_t handle_size;
	uint32_t handle_sum;
	uint64_t handle_digest;
	uint64_t pool_elements;
	uint32_t policy;
	bool uniform; /* all its elements have that policy */
};

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	(void)arg;
	(void)why;
	option.own |= opt == OPT_OWN;
	option.pools |= opt == OPT_POOLS;
	return RSP_OK;
}

/* Where @id is among the homes, or belongs. */
static unsigned
home_place(const struct dump *d, uint32_t id)
{
	unsigned low = 0, high = d->n_homes;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (d->home[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
count(struct dump *d, const struct rsp_pool_element *pe)
{
	unsigned i = home_place(d, pe->home_id);

	d->elements++;
	if (i == d->n_homes || d->home[i].id != pe->home_id) {
		if (d->n_homes == HOMES_MAX) {
			d->homeless++;
			return;
		}
		memmove(&d->home[i + 1], &d->home[i], (d->n_homes - i) * sizeof(d->home[0]));
		d->home[i] = (struct home){ .id = pe->home_id, .versions = true };
		d->n_homes++;
	}
	d->home[i].elements++;
	d->home[i].sum += rsp_checksum_element(d->handle_sum, pe->pe_id);
	d->home[i].digest += rsp_digest_element(d->handle_digest, pe->pe_id, pe->version);
	d->home[i].versions &= pe->version != 0;
}

static void
pool_end(struct dump *d)
{
	if (!d->handle || d->pool_elements == 0)
		return;
	d->pools++;
	if (!option.pools)
		return;
	const struct rsp_policy_row *row = rsp_policy_row(d->policy);
	json_t *record = rsp_json_record("rsp.peer.pool/1", true), *policy = json_object();

	rsp_json_put(&policy, "type", rsp_json_id(d->policy));
	rsp_json_put(&policy, "name", rsp_json_text(row ? row->key : NULL));
	rsp_json_put(&policy, "uniform", json_boolean(d->uniform));
	rsp_json_put_handle(&record, rsp_bytes_of(d->handle, d->handle_size));
	rsp_json_put(&record, "elements", json_integer((json_int_t)d->pool_elements));
	rsp_json_put(&record, "policy", policy);
	(void)rsp_json_emit(record);
}

/* A handle: of another pool, or, at the top of a page, of the one that the last page ended amid. */
static void
pool_begin(struct dump *d, struct rsp_bytes handle)
{
	if (d->handle && rsp_bytes_equal(handle, rsp_bytes_of(d->handle, d->handle_size)))
		return;
	pool_end(d);
	free(d->handle);
	d->handle = rsp_bytes_dup(handle);
	d->handle_size = d->handle ? handle.n : 0;
	d->handle_sum = rsp_checksum_handle(handle);
	d->handle_digest = rsp_digest_handle(handle);
	d->pool_elements = 0;
}

static void
element(struct dump *d, const struct rsp_pool_element *pe)
{
	count(d, pe);
	if (d->pool_elements++ == 0) {
		d->policy = pe->policy.type;
		d->uniform = true;
	}
	d->uniform &= pe->policy.type == d->policy;
	if (option.pools)
		return;
	json_t *record = d->handle ? rsp_json_record("rsp.peer.element/1", true) : NULL;

	rsp_json_put_handle(&record, rsp_bytes_of(d->handle, d->handle_size));
	rsp_json_put(&record, "element", rsp_pool_element_json(pe));
	(void)rsp_json_emit(record);
}

static void
page(struct dump *d, const struct rsp_message *msg)
{
	struct rsp_list_item item;
	size_t cursor = 0;

	while (rsp_list_next(msg, &cursor, &item))
		if (item.type == RSP_PARAM_POOL_HANDLE)
			pool_begin(d, item.handle);
		else
			element(d, &item.element);
}

static void
summary(const struct dump *d, const struct rsp_inquiry_server *server, unsigned pages)
{
	json_t *record = rsp_json_record("rsp.peer.dump/1", true), *homes = json_array();

	for (unsigned i = 0; i < d->n_homes; i++) {
		json_t *home = json_object();

		rsp_json_put(&home, "server_id", rsp_json_id(d->home[i].id));
		rsp_json_put(&home, "elements", json_integer((json_int_t)d->home[i].elements));
		rsp_json_put(&home, "checksum", rsp_json_code(rsp_checksum_fold(d->home[i].sum)));
		rsp_json_put(&home, "digest", d->home[i].versions ? rsp_json_u64(d->home[i].digest) : json_null());
		rsp_json_append(&homes, home);
	}
	rsp_json_put(&record, "registrar", peer_registrar_json(server));
	rsp_json_put(&record, "own", json_boolean(option.own));
	rsp_json_put(&record, "elements", json_integer((json_int_t)d->elements));
	rsp_json_put(&record, "pools", json_integer((json_int_t)d->pools));
	rsp_json_put(&record, "pages", json_integer(pages));
	rsp_json_put(&record, "homes", homes);
	rsp_json_put(&record, "homeless", json_integer((json_int_t)d->homeless));
	rsp_json_put(&record, "duration_ms", json_integer((json_int_t)(rsp_clock_ms() - d->begin_ms)));
	(void)rsp_json_emit(record);
}

static void
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	struct dump *d = ctx;

	(void)rtt_us;
	if (event->type == RSP_MONITOR_PAGE) {
		page(d, event->message);
	} else if (event->type == RSP_MONITOR_DONE) {
		pool_end(d);
		summary(d, server, event->n);
	}
}

static int
run(unsigned n, const char *const *operand)
{
	static struct dump dump;
	struct peer_question question = {
		.ask = { .ask = RSP_MONITOR_TABLE, .own = option.own },
		.event = on_event,
		.ctx = &dump,
	};

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one word too many");
	dump.begin_ms = rsp_clock_ms();
	int status = peer_ask(&question);
	free(dump.handle);
	return status;
}

const struct rsp_cli_tool peer_dump = {
	.name = "rsp-peer",
	.verb = "dump",
	.operands = "",
	.summary = "print the handlespace of a registrar",
	.options = options,
	.groups = PEER_ASK_GROUPS,
	.take = take,
	.run = run,
};
