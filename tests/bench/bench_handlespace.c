/*
 * Rates of the handlespace, one JSON object a line. Without arguments: a space of 100 pools x 10 elements, then one of
 * 1000 x 1000. `bench_handlespace OPERATION COUNT [POLICY]` does one operation COUNT times in a space of 100 x 1000,
 * for callgrind: the difference between two counts is what the operation costs.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/parse.h"
#include "engine/registrar/member.h"
#include "model/select.h"

enum { HANDLES_MAX = 1000, PER_POOL_MAX = 1000 };

struct bench {
	struct rsp_handlespace *hs;
	struct rsp_wheel wheel;
	struct rsp_rng rng;
	uint32_t pools, per_pool, policy;
	uint32_t made; /* elements ever registered: element i is in pool i % pools */
	uint64_t now_ms;
	struct rsp_element **order; /* the elements in a random order */
	uint8_t addresses[RSP_ADDRS_ROOM(1)];
	struct rsp_pool_element pe;
	uint8_t answer[RSP_MESSAGE_MAX];
};

static char handle[HANDLES_MAX][16];
static uint8_t handle_size[HANDLES_MAX];

static struct rsp_bytes
handle_of(uint32_t pool)
{
	return rsp_bytes_of(handle[pool], handle_size[pool]);
}

static uint32_t
id_of(uint32_t i)
{
	return i * 2654435761U | 1; /* spread as random ids are; odd, so none is 0 */
}

static void
put(struct bench *b, uint32_t pool, uint32_t pe_id, uint32_t load)
{
	struct rsp_element *e;

	b->pe.pe_id = pe_id;
	b->pe.policy.value[0] = load;
	if (rsp_handlespace_put(b->hs, handle_of(pool), &b->pe, &e) != RSP_OK)
		abort();
	rsp_wheel_set(&b->wheel, &rsp_member(e)->expiry, b->now_ms + 300000 + pe_id % 1000);
	if (!rsp_timer_is_set(&rsp_member(e)->timer))
		rsp_wheel_set(&b->wheel, &rsp_member(e)->timer, b->now_ms + 5000000 + pe_id % 1000);
}

static void
op_register(struct bench *b, uint32_t i)
{
	(void)i;
	put(b, b->made % b->pools, id_of(b->made / b->pools), b->made % 97);
	b->made++;
}

static void
op_reregister(struct bench *b, uint32_t i)
{
	const struct rsp_element *e = b->order[i % (b->pools * b->per_pool)];
	struct rsp_bytes name = rsp_pool_handle(e->pool);
	struct rsp_element *again;

	b->pe.pe_id = e->pe_id;
	b->pe.policy.value[0] = i % 89;
	if (rsp_handlespace_put(b->hs, name, &b->pe, &again) != RSP_OK)
		abort();
	rsp_wheel_set(&b->wheel, &rsp_member(again)->expiry, b->now_ms + 300000 + i % 1000);
}

static void
op_resolve(struct bench *b, uint32_t i)
{
	struct rsp_element *out[3];

	if (rsp_select(rsp_pool_find(b->hs, handle_of(i * 7919 % b->pools)), 3, &b->rng, out) == 0)
		abort();
}

static void
op_answer(struct bench *b, uint32_t i)
{
	struct rsp_element *out[3];
	uint32_t n = rsp_select(rsp_pool_find(b->hs, handle_of(i * 7919 % b->pools)), 3, &b->rng, out);
	struct rsp_wr wr = rsp_wr_init(b->answer, sizeof(b->answer));

	for (uint32_t k = 0; k < n; k++)
		rsp_element_write(&wr, out[k], false);
}

static void
op_find(struct bench *b, uint32_t i)
{
	const struct rsp_element *e = b->order[i % (b->pools * b->per_pool)];

	if (rsp_element_find(b->hs, rsp_pool_find(b->hs, rsp_pool_handle(e->pool)), e->pe_id) != e)
		abort();
}

static void
op_rearm(struct bench *b, uint32_t i)
{
	struct rsp_element *e = b->order[i % (b->pools * b->per_pool)];

	rsp_wheel_set(&b->wheel, &rsp_member(e)->expiry, b->now_ms + 400000 + i % 1000);
}

static void
op_rearm_earlier(struct bench *b, uint32_t i)
{
	struct rsp_element *e = b->order[i % (b->pools * b->per_pool)];

	rsp_wheel_set(&b->wheel, &rsp_member(e)->expiry, b->now_ms + 200000 - i % 150000);
}

static void
op_expire(struct bench *b, uint32_t i)
{
	struct rsp_timer *timer;

	(void)i;
	while (!(timer = rsp_wheel_expired(&b->wheel, b->now_ms)))
		b->now_ms = rsp_wheel_next(&b->wheel);
	struct rsp_member *m = RSP_CONTAINER(timer, struct rsp_member, expiry);
	rsp_wheel_cancel(&b->wheel, &m->timer);
	rsp_element_remove(b->hs, rsp_member_element(m));
}

static void
op_none(struct bench *b, uint32_t i)
{
	(void)b;
	(void)i;
}

static const struct {
	const char *name;
	void (*run)(struct bench *b, uint32_t i);
} operation[] = { /* in the order in which one space can stand them: `expire` empties it */
	{ "find", op_find },
	{ "resolve3", op_resolve },
	{ "answer3", op_answer },
	{ "reregister", op_reregister },
	{ "rearm", op_rearm },
	{ "rearm-earlier", op_rearm_earlier },
	{ "register", op_register },
	{ "expire", op_expire },
	{ "none", op_none },
};

static void
collect(struct bench *b)
{
	uint32_t n = 0;

	b->order = calloc((size_t)b->pools * b->per_pool, sizeof(struct rsp_element *));
	if (!b->order)
		abort();
	for (uint32_t p = 0; p < b->pools; p++) {
		struct rsp_pool *pool = rsp_pool_find(b->hs, handle_of(p));
		for (uint32_t i = 0; i < pool->n_elements; i++)
			b->order[n++] = pool->element[i];
	}
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)rsp_rng_below(&b->rng, i);
		struct rsp_element *was = b->order[i - 1];

		b->order[i - 1] = b->order[k];
		b->order[k] = was;
	}
}

static struct bench *
bench_new(uint32_t pools, uint32_t per_pool, uint32_t policy)
{
	static const struct rsp_handlespace_limits limits = { .pools = 100000,
							     .elements = 10000000,
							     .pool_elements = 1000000 };
	struct bench *b = calloc(1, sizeof(*b));
	struct rsp_ip ip = { .family = 4, .ip = { 192, 0, 2, 1 } };

	if (!b)
		abort();
	b->pools = pools;
	b->per_pool = per_pool;
	b->policy = policy;
	b->rng = rsp_rng_seeded(1);
	b->pe = (struct rsp_pool_element){ .home_id = 0x1234, .lifetime_s = 300, .owner = rsp_bytes_str("web1") };
	b->pe.policy = (struct rsp_policy){ .type = policy, .value = { 1, 1 } };
	rsp_transport_set_ips(&b->pe.user, &ip, 1, b->addresses);
	b->pe.user.type = RSP_PARAM_TCP;
	b->pe.user.port = 80;
	rsp_wheel_init(&b->wheel, 0);
	b->hs = rsp_handlespace_new(&limits, (struct rsp_hash_key){ 0x1234567, 0x89abcdef }, sizeof(struct rsp_member));
	for (uint32_t p = 0; p < pools; p++)
		handle_size[p] = (uint8_t)snprintf(handle[p], sizeof(handle[p]), "pool-%06u", p);
	return b;
}

static uint64_t
now_ns(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static void
report(const struct bench *b, const char *name, uint32_t count, uint64_t ns)
{
	printf("{\"bench\":\"handlespace\",\"operation\":\"%s\",\"policy\":\"%s\",\"pools\":%u,\"per_pool\":%u,"
	       "\"count\":%u,\"ns_each\":%.1f,\"per_s\":%.0f}\n",
	       name, rsp_policy_row(b->policy)->key, b->pools, b->per_pool, count, (double)ns / count,
	       count * 1e9 / (double)ns);
	(void)fflush(stdout);
}

static void
rates(uint32_t pools, uint32_t per_pool, uint32_t policy)
{
	uint32_t all = pools * per_pool, count = all < 1000000 ? all * (1000000 / all) : all;
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct bench *b = bench_new(pools, per_pool, policy);
	uint64_t began = now_ns(), longest = 0;

	for (uint32_t i = 0; i < all; i++) {
		uint64_t at = now_ns();
		op_register(b, i);
		uint64_t took = now_ns() - at;
		longest = took > longest ? took : longest;
	}
	report(b, "register", all, now_ns() - began);
	size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
	printf("{\"bench\":\"handlespace\",\"policy\":\"%s\",\"elements\":%u,\"bytes_each\":%.1f,"
	       "\"longest_register_us\":%.1f}\n",
	       rsp_policy_row(policy)->key, all, (double)(after - before) / all, (double)longest / 1000);
	collect(b);
	for (unsigned k = 0; k < 6; k++) {
		began = now_ns();
		for (uint32_t i = 0; i < count; i++)
			operation[k].run(b, i);
		report(b, operation[k].name, count, now_ns() - began);
	}
	began = now_ns();
	for (uint32_t i = 0; i < all; i++)
		op_expire(b, i);
	report(b, "expire", all, now_ns() - began);
	rsp_handlespace_free(b->hs);
	free(b->order);
	free(b);
}

int
main(int argc, char **argv)
{
	static const uint32_t policy[] = { RSP_POLICY_RR,	  RSP_POLICY_WRR, RSP_POLICY_RAND,
					   RSP_POLICY_WRAND, RSP_POLICY_PRIO, RSP_POLICY_LU,
					   RSP_POLICY_LUD,	  RSP_POLICY_PLU, RSP_POLICY_RLU };
	uint64_t count;

	if (argc < 3) {
		for (unsigned i = 0; i < RSP_COUNT(policy); i++)
			rates(100, 10, policy[i]);
		for (unsigned i = 0; i < RSP_COUNT(policy); i++)
			rates(1000, 1000, policy[i]);
		return EXIT_SUCCESS;
	}
	const struct rsp_policy_row *row = rsp_policy_named(argc > 3 ? argv[3] : "rr");
	if (!row || rsp_parse_u64(argv[2], 0, 10000000, &count) != RSP_OK)
		return 2;
	struct bench *b = bench_new(100, 1000, row->type);
	for (uint32_t i = 0; i < b->pools * b->per_pool; i++)
		op_register(b, i);
	collect(b);
	for (unsigned k = 0; k < RSP_COUNT(operation); k++)
		for (uint32_t i = 0; i < count && strcmp(operation[k].name, argv[1]) == 0; i++)
			operation[k].run(b, i);
	return EXIT_SUCCESS; /* freeing would drown what is counted */
}
