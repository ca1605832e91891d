/* rsp-peer: limits how many records of errors and refusals are printed. */
#include "quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"

#define BUCKETS 1024

struct quota_name {
	char kind[QUOTA_TEXT_MAX], detail[QUOTA_TEXT_MAX], source[QUOTA_TEXT_MAX]; /* "": none; padded with 0 */
};

struct quota_entry {
	LIST_ENTRY(quota_entry) chain;
	TAILQ_ENTRY(quota_entry) age;
	struct quota_name name;
	uint64_t since_ms, left;
	unsigned printed, most;
};

LIST_HEAD(quota_chain, quota_entry);
TAILQ_HEAD(quota_ages, quota_entry);

struct quota {
	struct rsp_hash_key key;
	struct quota_chain bucket[BUCKETS];
	struct quota_ages ages; /* sorted by their begin: the first one ends first */
	unsigned n;
	uint64_t window_ms; /* the begin of the window in which @printed records of all quotas were printed */
	unsigned printed;
	uint64_t left_out;
	struct quota_name told;
};

enum rsp_err
quota_new(struct quota **ret)
{
	struct quota *q = calloc(1, sizeof(*q));
	struct rsp_rng rng;
	enum rsp_err err = q ? rsp_rng_os(&rng) : RSP_ENOMEM;

	if (err) {
		free(q);
		return err;
	}
	q->key = (struct rsp_hash_key){ rsp_rng_u64(&rng), rsp_rng_u64(&rng) };
	TAILQ_INIT(&q->ages);
	*ret = q;
	return RSP_OK;
}

static void
forget(struct quota *q, struct quota_entry *e)
{
	LIST_REMOVE(e, chain);
	TAILQ_REMOVE(&q->ages, e, age);
	q->n--;
	free(e);
}

void
quota_free(struct quota *q)
{
	struct quota_entry *e;

	while (q && (e = TAILQ_FIRST(&q->ages)))
		forget(q, e);
	free(q);
}

static bool
is_over(const struct quota_entry *e, uint64_t now_ms)
{
	return now_ms - e->since_ms >= QUOTA_WINDOW_MS;
}

static struct quota_name
name_of(const struct quota_of *of)
{
	struct quota_name name = { { 0 }, { 0 }, { 0 } };

	(void)snprintf(name.kind, sizeof(name.kind), "%s", of->kind);
	(void)snprintf(name.detail, sizeof(name.detail), "%s", of->detail ? of->detail : "");
	(void)snprintf(name.source, sizeof(name.source), "%s", of->source ? of->source : "");
	return name;
}

static void
begin(struct quota *q, struct quota_entry *e, uint64_t now_ms)
{
	if (now_ms - q->window_ms >= QUOTA_WINDOW_MS) {
		q->window_ms = now_ms;
		q->printed = 0;
	}
	e->since_ms = now_ms;
	e->printed = 0;
	e->left = 0;
	e->most = q->printed < QUOTA_FULL ? QUOTA_RECORDS : 1;
}

/* The quota of @name, made if missing. NULL: out of memory. */
static struct quota_entry *
find(struct quota *q, const struct quota_name *name, uint64_t now_ms)
{
	struct quota_chain *chain =
		&q->bucket[rsp_hash(&q->key, rsp_bytes_of((const uint8_t *)name, sizeof(*name))) % BUCKETS];
	struct quota_entry *e;

	LIST_FOREACH(e, chain, chain)
	if (memcmp(&e->name, name, sizeof(*name)) == 0)
		return e;
	if (q->n >= QUOTA_ENTRIES_MAX && *name->source) {
		struct quota_name others = *name;

		memset(others.source, 0, sizeof(others.source));
		return find(q, &others, now_ms);
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->name = *name;
	begin(q, e, now_ms);
	LIST_INSERT_HEAD(chain, e, chain);
	TAILQ_INSERT_TAIL(&q->ages, e, age);
	q->n++;
	return e;
}

bool
quota_pay(struct quota *q, uint64_t now_ms, const struct quota_of *of, uint64_t *ret_left)
{
	struct quota_name name = name_of(of);
	struct quota_entry *first = TAILQ_FIRST(&q->ages), *e;

	while (first && is_over(first, now_ms) && !first->left) {
		forget(q, first);
		first = TAILQ_FIRST(&q->ages);
	}
	e = find(q, &name, now_ms);
	if (!e) {
		q->left_out++;
		return false;
	}
	uint64_t left = e->left;
	if (is_over(e, now_ms) && (left == 0 || ret_left)) {
		begin(q, e, now_ms);
		TAILQ_REMOVE(&q->ages, e, age);
		TAILQ_INSERT_TAIL(&q->ages, e, age);
	}
	if (e->printed >= e->most) {
		e->left++;
		q->left_out++;
		return false;
	}
	e->printed++;
	q->printed++;
	if (ret_left)
		*ret_left = left;
	return true;
}

bool
quota_sum(struct quota *q, uint64_t now_ms, struct quota_sum *ret)
{
	struct quota_entry *e;

	while ((e = TAILQ_FIRST(&q->ages)) && is_over(e, now_ms)) {
		uint64_t left = e->left;

		q->told = e->name;
		forget(q, e);
		if (!left)
			continue;
		*ret = (struct quota_sum){ { q->told.kind, *q->told.detail ? q->told.detail : NULL,
					     *q->told.source ? q->told.source : NULL },
					   left };
		return true;
	}
	return false;
}

uint64_t
quota_due(const struct quota *q)
{
	const struct quota_entry *e;

	TAILQ_FOREACH(e, &q->ages, age)
	if (e->left)
		return e->since_ms + QUOTA_WINDOW_MS;
	return RSP_NEVER;
}

uint64_t
quota_left_out(const struct quota *q)
{
	return q->left_out;
}
