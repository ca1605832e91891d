#include "net/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum rsp_err
rsp_sources_init(struct rsp_sources *sources, const struct rsp_listener_limits *limits)
{
	struct rsp_rng rng;
	enum rsp_err e = rsp_rng_os(&rng);

	*sources = (struct rsp_sources){ .limits = limits };
	for (unsigned i = 0; i < 2; i++)
		TAILQ_INIT(&sources->rest[i]);
	for (unsigned i = 0; i < RSP_SHAKES_COUNT; i++)
		TAILQ_INIT(&sources->shaking[i]);
	if (!e)
		sources->hash_key = (struct rsp_hash_key){ rsp_rng_u64(&rng), rsp_rng_u64(&rng) };
	return e;
}

void
rsp_sources_done(struct rsp_sources *sources)
{
	for (unsigned i = 0; i < RSP_SOURCE_BUCKETS; i++) {
		struct rsp_source *source;

		while ((source = LIST_FIRST(&sources->bucket[i]))) {
			LIST_REMOVE(source, entry);
			free(source);
		}
	}
}

static bool
is_known(const struct rsp_source *source, uint64_t now_ms)
{
	return source->n_named || (source->known_ms && now_ms - source->known_ms < RSP_SOURCE_KNOWN_MS);
}

static void
wake(struct rsp_sources *sources, struct rsp_source *source)
{
	TAILQ_REMOVE(&sources->rest[source->known_rest], source, rest);
	sources->n_rest[source->known_rest]--;
}

static void
forget(struct rsp_sources *sources, struct rsp_source *source)
{
	wake(sources, source);
	LIST_REMOVE(source, entry);
	free(source);
}

/* Free sources without a connection that hold no state: their token bucket is full, and they are not known any more. */
static void
forget_some(struct rsp_sources *sources, uint64_t now_ms)
{
	const struct rsp_listener_limits *limits = sources->limits;
	uint64_t full_ms = (uint64_t)limits->handshake_burst * 1000 / limits->handshake_rate + 1;
	static const uint32_t most[2] = { RSP_SOURCE_IDLE_MAX, RSP_SOURCE_KNOWN_MAX };
	const uint64_t stay_ms[2] = { full_ms, RSP_SOURCE_KNOWN_MS };

	for (unsigned i = 0; i < 2; i++) {
		struct rsp_source *first;

		while ((first = TAILQ_FIRST(&sources->rest[i])) &&
		       (sources->n_rest[i] > most[i] || now_ms - first->rest_ms >= stay_ms[i]))
			forget(sources, first);
	}
}

static void
rest(struct rsp_sources *sources, struct rsp_source *source, uint64_t now_ms)
{
	source->known_rest = is_known(source, now_ms);
	source->rest_ms = now_ms;
	TAILQ_INSERT_TAIL(&sources->rest[source->known_rest], source, rest);
	sources->n_rest[source->known_rest]++;
	forget_some(sources, now_ms);
}

/* The source of @ip; a new one has no connection. NULL: out of memory. */
static struct rsp_source *
find(struct rsp_sources *sources, const struct rsp_ip *ip, uint64_t now_ms)
{
	struct rsp_ip key = rsp_ip_source(ip);
	uint64_t hash = rsp_hash(&sources->hash_key, rsp_bytes_of(key.ip, sizeof(key.ip)));
	struct rsp_source_list *list = &sources->bucket[hash % RSP_SOURCE_BUCKETS];
	struct rsp_source *source;

	LIST_FOREACH(source, list, entry)
	if (memcmp(&source->ip, &key, sizeof(key)) == 0)
		return source;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->ip = key;
	TAILQ_INIT(&source->users);
	for (unsigned i = 0; i < RSP_SHAKES_COUNT; i++)
		TAILQ_INIT(&source->shakes[i]);
	LIST_INSERT_HEAD(list, source, entry);
	rest(sources, source, now_ms);
	return source;
}

static bool
pay(const struct rsp_listener_limits *limits, struct rsp_source *source, uint64_t now_ms)
{
	uint64_t full = (uint64_t)limits->handshake_burst * 1000, passed_ms = now_ms - source->filled_ms;

	if (source->filled_ms == 0 || passed_ms > full / limits->handshake_rate)
		source->millitokens = full;
	else
		source->millitokens += passed_ms * limits->handshake_rate;
	if (source->millitokens > full)
		source->millitokens = full;
	source->filled_ms = now_ms ? now_ms : 1;
	if (source->millitokens < 1000)
		return false;
	source->millitokens -= 1000;
	return true;
}

enum rsp_err
rsp_source_take(struct rsp_sources *sources, const struct rsp_ip *ip, uint64_t now_ms, struct rsp_source **ret,
		const char **ret_limit)
{
	struct rsp_source *source = find(sources, ip, now_ms);

	if (!source)
		return RSP_ENOMEM;
	*ret_limit = "connections from there";
	if (source->n >= sources->limits->per_source)
		return RSP_ELIMIT;
	*ret_limit = "new connections a second from there";
	if (sources->limits->handshake_rate != RSP_UNLIMITED && !pay(sources->limits, source, now_ms))
		return RSP_ELIMIT;
	if (source->n++ == 0)
		wake(sources, source);
	*ret = source;
	return RSP_OK;
}

void
rsp_source_release(struct rsp_sources *sources, struct rsp_source *source, uint64_t now_ms)
{
	if (source && --source->n == 0)
		rest(sources, source, now_ms);
}

void
rsp_source_know(struct rsp_source *source, uint64_t now_ms)
{
	source->known_ms = now_ms ? now_ms : 1;
}

void
rsp_sources_know(struct rsp_sources *sources, const struct rsp_ip *ip, uint64_t now_ms)
{
	struct rsp_source *source = find(sources, ip, now_ms);

	if (!source)
		return;
	rsp_source_know(source, now_ms);
	if (source->n == 0) {
		wake(sources, source);
		rest(sources, source, now_ms);
	}
}

/* The source with the most handshakes in @table; of several, the source that is in the table for the longest time. */
static struct rsp_source *
greediest(const struct rsp_sources *sources, enum rsp_shakes table)
{
	struct rsp_source *source, *most = NULL;

	TAILQ_FOREACH(source, &sources->shaking[table], shaking[table])
	if (!most || source->n_shakes[table] > most->n_shakes[table])
		most = source;
	return most;
}

struct rsp_accepted *
rsp_source_shake(struct rsp_sources *sources, struct rsp_accepted *a, uint64_t now_ms)
{
	const struct rsp_listener_limits *limits = sources->limits;
	const uint32_t most[RSP_SHAKES_COUNT] = { limits->handshakes, (limits->handshakes + 3) / 4 };
	struct rsp_source *source = a->source;
	bool full = sources->n_shakes[RSP_SHAKES_ALL] >= most[RSP_SHAKES_ALL];
	enum rsp_shakes table = full && is_known(source, now_ms) ? RSP_SHAKES_RESERVE : RSP_SHAKES_ALL;

	a->table = table;
	a->in_table = true;
	a->state = RSP_ACCEPTED_SHAKING;
	TAILQ_INSERT_TAIL(&source->shakes[table], a, siblings);
	if (source->n_shakes[table]++ == 0)
		TAILQ_INSERT_TAIL(&sources->shaking[table], source, shaking[table]);
	sources->n_shakes[table]++;
	if (source->n_shakes[table] > limits->source_handshakes)
		return TAILQ_FIRST(&source->shakes[table]);
	if (sources->n_shakes[table] > most[table])
		return TAILQ_LAST(&greediest(sources, table)->shakes[table], rsp_accepted_queue);
	return NULL;
}

void
rsp_source_shaken(struct rsp_sources *sources, struct rsp_accepted *a)
{
	struct rsp_source *source = a->source;
	enum rsp_shakes table = a->table;

	if (!a->in_table)
		return;
	a->in_table = false;
	if (a->state == RSP_ACCEPTED_SHAKING)
		a->state = RSP_ACCEPTED_NEW;
	TAILQ_REMOVE(&source->shakes[table], a, siblings);
	if (--source->n_shakes[table] == 0)
		TAILQ_REMOVE(&sources->shaking[table], source, shaking[table]);
	sources->n_shakes[table]--;
}
