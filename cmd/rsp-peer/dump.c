/* rsp-peer dump: the handlespace of one registrar, printed page by page as it arrives. */
#include "ask.h"
#include "base/clock.h"
#include "cli/message_json.h"
#include "model/checksum.h"
#include "model/statement.h"
#include "model/tally.h"

enum { OPT_OWN = 1, OPT_POOLS };

static struct poptOption options[] = {
	{ "own", 0, POPT_ARG_NONE, NULL, OPT_OWN, "only elements whose home the registrar is", NULL },
	{ "pools", 0, POPT_ARG_NONE, NULL, OPT_POOLS, "a line for each pool, not for each element", NULL },
	POPT_TABLEEND
};

static struct {
	bool own, pools;
} option;

struct dump {
	uint64_t begin_ms;
	struct tally tally;
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

static enum rsp_err
element_line(const struct tally_pool *pool, const struct rsp_pool_element *pe)
{
	json_t *record = rsp_json_record("rsp.peer.element/1", true);

	rsp_json_put_handle(&record, rsp_bytes_of(pool->handle, pool->handle_size));
	rsp_json_put(&record, "element", rsp_pool_element_json(pe));
	return rsp_json_emit(record);
}

static enum rsp_err
pool_line(const struct tally_pool *pool)
{
	const struct rsp_policy_row *row = rsp_policy_row(pool->policy);
	json_t *record = rsp_json_record("rsp.peer.pool/1", true), *policy = json_object();

	rsp_json_put(&policy, "type_code", rsp_json_id(pool->policy));
	rsp_json_put(&policy, "name", rsp_json_text(row ? row->key : NULL));
	rsp_json_put(&policy, "uniform", json_boolean(pool->uniform));
	rsp_json_put_handle(&record, rsp_bytes_of(pool->handle, pool->handle_size));
	rsp_json_put(&record, "n_elements", rsp_json_count(pool->elements));
	rsp_json_put(&record, "policy", policy);
	return rsp_json_emit(record);
}

static enum rsp_err
page(struct dump *d, const struct rsp_message *msg)
{
	struct tally_pool *pool = NULL;
	struct rsp_list_item item;
	enum rsp_err err = RSP_OK;
	size_t cursor = 0;

	while (!err && rsp_list_next(msg, &cursor, &item)) {
		if (item.type == RSP_PARAM_POOL_HANDLE) {
			err = tally_pool(&d->tally, item.handle, &pool);
		} else if (pool) { /* the grammar has each element behind the handle of its pool */
			tally_element(&d->tally, pool, &item.element);
			if (!option.pools && !rsp_statement_is_removed(&item.element.statement))
				err = element_line(pool, &item.element);
		}
	}
	return err;
}

static json_t *
homes_json(const struct tally *t)
{
	json_t *homes = json_array();

	for (unsigned i = 0; i < t->n_homes; i++) {
		const struct tally_home *home = &t->home[i];
		json_t *object = json_object();

		rsp_json_put(&object, "server_id", rsp_json_id(home->id));
		rsp_json_put(&object, "n_elements", rsp_json_count(home->elements));
		rsp_json_put(&object, "checksum", rsp_json_code(rsp_checksum_fold(home->sum)));
		rsp_json_put(&object, "digest", home->numbered ? rsp_json_u64(home->digest) : json_null());
		rsp_json_append(&homes, object);
	}
	return homes;
}

static enum rsp_err
end(const struct dump *d, const struct rsp_inquiry_server *server, unsigned pages)
{
	const struct tally *t = &d->tally;
	enum rsp_err err = RSP_OK;

	for (const struct tally_pool *pool = option.pools ? STAILQ_FIRST(&t->in_order) : NULL; pool && !err;
	     pool = STAILQ_NEXT(pool, entry))
		err = pool->elements ? pool_line(pool) : RSP_OK;
	if (err)
		return err;
	json_t *record = rsp_json_record("rsp.peer.dump/1", true);

	rsp_json_put(&record, "registrar", peer_registrar_json(server));
	rsp_json_put(&record, "own", json_boolean(option.own));
	rsp_json_put(&record, "n_elements", rsp_json_count(t->elements));
	rsp_json_put(&record, "n_pools", rsp_json_count(t->pools));
	rsp_json_put(&record, "pages", json_integer(pages));
	rsp_json_put(&record, "homes", homes_json(t));
	rsp_json_put(&record, "homeless", rsp_json_count(t->homeless));
	rsp_json_put(&record, "duration_ms", rsp_json_count(rsp_clock_ms() - d->begin_ms));
	return rsp_json_emit(record);
}

static enum rsp_err
on_event(void *ctx, const struct rsp_inquiry_server *server, const struct rsp_monitor_event *event, uint64_t rtt_us)
{
	struct dump *d = ctx;

	(void)rtt_us;
	if (event->type == RSP_MONITOR_PAGE)
		return page(d, event->message);
	return event->type == RSP_MONITOR_DONE ? end(d, server, event->n) : RSP_OK;
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
	struct rsp_why why = { .object = "handlespace" };

	if (n > 0)
		return rsp_cli_usage(operand[0], "is one operand too many");
	dump.begin_ms = rsp_clock_ms();
	why.err = tally_init(&dump.tally);
	int status = why.err ? rsp_cli_fail(&why) : peer_ask(&question);
	tally_done(&dump.tally);
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
