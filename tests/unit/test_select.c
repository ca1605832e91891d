#include "model/select.h"
#include "space.h"

enum { MANY = 200 };

static const uint32_t all_policies[] = { RSP_POLICY_RR,	 RSP_POLICY_WRR, RSP_POLICY_RAND, RSP_POLICY_WRAND,
					 RSP_POLICY_PRIO, RSP_POLICY_LU,  RSP_POLICY_LUD,  RSP_POLICY_PLU,
					 RSP_POLICY_RLU,  0x80000001 };

static struct rsp_pool *
pool_of(const struct rsp_handlespace *hs)
{
	return rsp_pool_find(hs, rsp_bytes_str("pool"));
}

static struct rsp_element *
put(struct rsp_handlespace *hs, uint32_t pe_id, uint32_t policy, uint32_t a, uint32_t b)
{
	return space_put(hs, rsp_bytes_str("pool"), space_pe(pe_id, 1, policy, a, b, 1));
}

static void
remove_id(struct rsp_handlespace *hs, uint32_t pe_id)
{
	rsp_element_remove(hs, rsp_element_find(hs, pool_of(hs), pe_id));
}

/* The ranked policies, computed by looking at all elements. */
struct slow {
	uint64_t key, step;
	uint32_t turn;
	bool there;
};

static uint64_t
slow_least(const struct slow *slow)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < MANY; i++)
		if (slow[i].there && slow[i].key < least)
			least = slow[i].key;
	return least == UINT64_MAX ? 0 : least;
}

static void
slow_put(struct slow *slow, unsigned id, uint32_t policy, uint32_t a, uint32_t b, uint32_t *turn)
{
	struct slow *s = &slow[id];
	uint64_t step = policy == RSP_POLICY_WRR ? (a ? (1ULL << 40) / a : 0) : policy == RSP_POLICY_LUD ? b : 0;

	if (!s->there)
		s->turn = ++*turn;
	if (policy == RSP_POLICY_WRR && (!s->there || s->step != step))
		s->key = a ? slow_least(slow) + step : UINT64_MAX;
	else if (policy == RSP_POLICY_PRIO)
		s->key = UINT32_MAX - a;
	else if (policy != RSP_POLICY_WRR)
		s->key = policy == RSP_POLICY_PLU ? (uint64_t)a + b : a;
	s->step = step;
	s->there = true;
}

static unsigned
slow_best(const struct slow *slow, const bool *taken)
{
	unsigned best = MANY;

	for (unsigned i = 0; i < MANY; i++)
		if (slow[i].there && !taken[i] &&
		    (best == MANY || slow[i].key < slow[best].key ||
		     (slow[i].key == slow[best].key && slow[i].turn < slow[best].turn)))
			best = i;
	return best;
}

static void
check_selection(struct rsp_handlespace *hs, struct slow *slow, uint32_t policy, uint32_t max, struct rsp_rng *rng,
		uint32_t *turn)
{
	struct rsp_element *out[MANY];
	uint32_t n = pool_of(hs) ? rsp_select(pool_of(hs), max, rng, out) : 0;
	bool taken[MANY] = { false };

	for (uint32_t i = 0; i < max; i++) {
		unsigned best = slow_best(slow, taken);

		/* an element of weight 0 is not chosen beside others: RFC 5356 s.3.2 */
		if (best == MANY || (policy == RSP_POLICY_WRR && i > 0 && slow[best].key == UINT64_MAX &&
				     slow[out[0]->pe_id - 1].key != UINT64_MAX)) {
			CHECK_EQ(n, i);
			break;
		}
		taken[best] = true;
		CHECK(i < n && out[i]->pe_id == best + 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct slow *s = &slow[out[i]->pe_id - 1];

		if (s->key != UINT64_MAX && (policy == RSP_POLICY_LUD || (policy == RSP_POLICY_WRR && i == 0)))
			s->key += s->step;
		if (i == 0)
			s->turn = ++*turn;
	}
}

static void
a_random_history(uint32_t policy, uint64_t seed)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(seed);
	struct slow slow[MANY] = { 0 };
	uint32_t turn = 0, in_pool = 0;

	for (unsigned step = 0; step < 20000; step++) {
		unsigned id = (unsigned)rsp_rng_below(&rng, MANY);
		uint32_t a = (uint32_t)(rsp_rng_below(&rng, 4) ? rsp_rng_below(&rng, 5) : rsp_rng_u64(&rng));
		uint32_t b = (uint32_t)rsp_rng_below(&rng, 4);

		if (in_pool == 0)
			turn = 0; /* the pool is a new one */
		switch (rsp_rng_below(&rng, 8)) {
		case 0:
		case 1:
			in_pool += !slow[id].there;
			slow_put(slow, id, policy, a, b, &turn);
			(void)put(hs, id + 1, policy, a, b);
			break;
		case 2:
			if (!slow[id].there)
				break;
			remove_id(hs, id + 1);
			slow[id] = (struct slow){ 0 };
			in_pool--;
			break;
		case 3:
			check_selection(hs, slow, policy, (uint32_t)rsp_rng_below(&rng, MANY), &rng, &turn);
			break;
		default:
			check_selection(hs, slow, policy, 1 + (uint32_t)rsp_rng_below(&rng, 5), &rng, &turn);
		}
	}
	rsp_handlespace_free(hs);
}

static void
ranked_choices_agree_with_a_search_through_all(void)
{
	static const uint32_t policy[] = { RSP_POLICY_WRR, RSP_POLICY_PRIO, RSP_POLICY_LU, RSP_POLICY_LUD,
					   RSP_POLICY_PLU };

	for (unsigned i = 0; i < RSP_COUNT(policy); i++)
		a_random_history(policy[i], 100 + i);
}

static void
no_answer_holds_an_element_twice(void)
{
	for (unsigned p = 0; p < RSP_COUNT(all_policies); p++) {
		struct rsp_handlespace *hs = space_new();
		struct rsp_rng rng = rsp_rng_seeded(p);
		struct rsp_element *out[MANY];

		for (uint32_t i = 1; i <= 60; i++)
			(void)put(hs, i, all_policies[p], i % 4 ? i : 0, 1);
		for (unsigned round = 0; round < 300; round++) {
			uint32_t max = (uint32_t)rsp_rng_below(&rng, 70), n = rsp_select(pool_of(hs), max, &rng, out);
			bool weighs = all_policies[p] == RSP_POLICY_WRR || all_policies[p] == RSP_POLICY_WRAND;
			uint32_t able = weighs ? 45 : 60;
			bool seen[MANY] = { false };

			CHECK_EQ(n, max < able ? max : able);
			for (uint32_t i = 0; i < n; i++) {
				CHECK(!seen[out[i]->pe_id]);
				CHECK(!out[i]->chosen);
				seen[out[i]->pe_id] = true;
			}
		}
		rsp_handlespace_free(hs);
	}
}

/* Count how often each id is at place @at of answers of @max elements. */
static void
count_choices(struct rsp_handlespace *hs, uint32_t max, uint32_t at, uint32_t rounds, uint32_t *count)
{
	struct rsp_rng rng = rsp_rng_seeded(3);
	struct rsp_element *out[MANY];

	for (uint32_t i = 0; i < rounds; i++)
		if (rsp_select(pool_of(hs), max, &rng, out) > at)
			count[out[at]->pe_id]++;
}

static bool
near(uint32_t got, double wanted)
{
	double off = got > wanted ? got - wanted : wanted - got;

	return off * off < 25 * wanted; /* five standard deviations */
}

static void
round_robin_by_weight_is_exact_and_even(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(4);
	uint32_t count[6] = { 0 }, last[6] = { 0 };
	struct rsp_element *out[1];

	for (uint32_t i = 1; i <= 5; i++)
		(void)put(hs, i, RSP_POLICY_WRR, i, 0);
	for (uint32_t i = 0; i < 1500; i++) {
		CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
		uint32_t id = out[0]->pe_id;
		CHECK(i < 20 || i - last[id] <= 2 * (15 / id + 1)); /* RFC 5356 s.4.2.2: evenly distributed */
		last[id] = i;
		count[id]++;
	}
	for (uint32_t i = 1; i <= 5; i++)
		CHECK(count[i] >= 100 * i - 2 && count[i] <= 100 * i + 2);
	rsp_handlespace_free(hs);
}

static void
weights_decide_the_chances(void)
{
	struct rsp_handlespace *hs = space_new();
	uint32_t count[6] = { 0 }, second[6] = { 0 };

	for (uint32_t i = 0; i <= 4; i++)
		(void)put(hs, i + 1, RSP_POLICY_WRAND, i, 0);
	count_choices(hs, 1, 0, 20000, count);
	for (uint32_t i = 0; i <= 4; i++)
		CHECK(i ? near(count[i + 1], 2000.0 * i) : count[1] == 0);
	count_choices(hs, 2, 1, 20000, second); /* the chance of 4 to be second: 1/10*4/9 + 2/10*4/8 + 3/10*4/7 */
	CHECK(near(second[5], 20000 * (0.4 / 9 + 0.8 / 8 + 1.2 / 7)));
	rsp_handlespace_free(hs);
}

static void
a_very_heavy_element_does_not_exclude_the_others(void)
{
	struct rsp_handlespace *hs = space_new();
	uint32_t second[6] = { 0 }, fifth[6] = { 0 };

	(void)put(hs, 1, RSP_POLICY_WRAND, UINT32_MAX, 0);
	for (uint32_t i = 2; i <= 4; i++)
		(void)put(hs, i, RSP_POLICY_WRAND, 1, 0);
	(void)put(hs, 5, RSP_POLICY_WRAND, 0, 0);
	count_choices(hs, 2, 1, 9000, second);
	for (uint32_t i = 2; i <= 4; i++)
		CHECK(near(second[i], 3000));
	count_choices(hs, 5, 4, 100, fifth);
	for (uint32_t i = 1; i <= 5; i++)
		CHECK_EQ(fifth[i], 0); /* weight 0 is not chosen: s.3.2 */
	count_choices(hs, 1, 0, 100, fifth);
	CHECK_EQ(fifth[1], 100); /* the hidden weights are back */
	rsp_handlespace_free(hs);
}

static void
random_choices_are_equal(void)
{
	struct rsp_handlespace *hs = space_new();

	for (uint32_t i = 1; i <= 8; i++)
		(void)put(hs, i, RSP_POLICY_RAND, 0, 0);
	for (uint32_t at = 0; at < 7; at++) { /* 7 of 8 are chosen by another algorithm than 3 of 8 */
		uint32_t few[9] = { 0 }, most[9] = { 0 };

		if (at < 3)
			count_choices(hs, 3, at, 8000, few);
		count_choices(hs, 7, at, 8000, most);
		for (uint32_t i = 1; i <= 8; i++)
			CHECK((at >= 3 || near(few[i], 1000)) && near(most[i], 1000));
	}
	rsp_handlespace_free(hs);
}

static void
randomized_least_used_weighs_the_free_capacity(void)
{
	struct rsp_handlespace *hs = space_new();
	uint32_t count[4] = { 0 };

	(void)put(hs, 1, RSP_POLICY_RLU, 0, 0);
	(void)put(hs, 2, RSP_POLICY_RLU, UINT32_MAX / 2, 0);
	(void)put(hs, 3, RSP_POLICY_RLU, UINT32_MAX, 0);
	count_choices(hs, 1, 0, 9000, count);
	CHECK(near(count[1], 6000) && near(count[2], 3000));
	CHECK_EQ(count[3], 0);
	rsp_handlespace_free(hs);
}

static void
weights_survive_churn(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(5);
	uint32_t weight[MANY] = { 0 };
	bool there[MANY] = { false };
	struct rsp_element *out[MANY];

	for (unsigned step = 0; step < 20000; step++) {
		unsigned id = (unsigned)rsp_rng_below(&rng, MANY);
		uint64_t total = 0;

		if (rsp_rng_below(&rng, 2)) {
			weight[id] = (uint32_t)(rsp_rng_u64(&rng) >> rsp_rng_below(&rng, 33) >> 31);
			there[id] = true;
			(void)put(hs, id + 1, RSP_POLICY_WRAND, weight[id], 0);
		} else if (there[id]) {
			remove_id(hs, id + 1);
			there[id] = false;
		}
		if (!pool_of(hs))
			continue;
		(void)rsp_select(pool_of(hs), (uint32_t)rsp_rng_below(&rng, 8), &rng, out);
		for (unsigned i = 0; i < MANY; i++)
			total += there[i] ? weight[i] : 0;
		CHECK(rsp_order_total(&pool_of(hs)->order) == total);
	}
	rsp_handlespace_free(hs);
}

static void
degradation_counts_until_registered_again(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(6);
	struct rsp_element *out[2];

	(void)put(hs, 1, RSP_POLICY_LUD, 0, 10);
	(void)put(hs, 2, RSP_POLICY_LUD, 25, 1);
	for (unsigned i = 0; i < 3; i++) { /* 0, 10, 20, and then 30 is more than 25 */
		CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
		CHECK_EQ(out[0]->pe_id, 1);
	}
	CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
	CHECK_EQ(out[0]->pe_id, 2);
	(void)put(hs, 1, RSP_POLICY_LUD, 0, 10);
	CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
	CHECK_EQ(out[0]->pe_id, 1);
	rsp_handlespace_free(hs);
}

static void
users_choose_by_the_policy(void)
{
	struct rsp_rng rng = rsp_rng_seeded(7);
	struct rsp_pool_element pe[3] = { { .policy.value = { 1 } },
					  { .policy.value = { 7 } },
					  { .policy.value = { 3 } } };
	uint32_t count[3] = { 0 };

	for (unsigned p = 0; p < RSP_COUNT(all_policies); p++)
		CHECK_EQ(rsp_select_answer(all_policies[p], pe, 0, 0, &rng), 0);
	for (uint32_t turn = 0; turn < 7; turn++) {
		CHECK_EQ(rsp_select_answer(RSP_POLICY_RR, pe, 3, turn, &rng), turn % 3);
		CHECK_EQ(rsp_select_answer(RSP_POLICY_LU, pe, 3, turn, &rng), turn % 3);
		CHECK_EQ(rsp_select_answer(RSP_POLICY_PRIO, pe, 3, turn, &rng), 1);
	}
	for (uint32_t turn = 0; turn < 3000; turn++)
		count[rsp_select_answer(RSP_POLICY_WRAND, pe, 3, turn, &rng)]++;
	for (unsigned i = 0; i < 3; i++)
		CHECK(near(count[i], 1000));
}

/* RFC 5356 s.3.2: an element of weight 0 is not capable of providing any service. */
static void
weight_0_is_never_chosen_beside_another_weight(void)
{
	static const uint32_t policy[] = { RSP_POLICY_WRR, RSP_POLICY_WRAND };
	struct rsp_rng rng = rsp_rng_seeded(8);
	struct rsp_element *out[MANY];

	for (unsigned p = 0; p < RSP_COUNT(policy); p++) {
		for (uint32_t max = 1; max <= 40; max++) { /* more than 16 are chosen by another algorithm */
			struct rsp_handlespace *hs = space_new();

			for (uint32_t i = 1; i <= 40; i++)
				(void)put(hs, i, policy[p], 0, 0);
			CHECK_EQ(rsp_select(pool_of(hs), max, &rng, out), max); /* no element has weight */
			for (uint32_t i = 5; i <= 20; i += 5)
				(void)put(hs, i, policy[p], i, 0);
			for (unsigned round = 0; round < 50; round++) {
				uint32_t n = rsp_select(pool_of(hs), max, &rng, out);

				CHECK_EQ(n, max < 4 ? max : 4);
				for (uint32_t i = 0; i < n; i++)
					CHECK(out[i]->pe_id % 5 == 0 && out[i]->pe_id <= 20);
			}
			for (uint32_t i = 5; i <= 20; i += 5)
				(void)put(hs, i, policy[p], 0, 0);
			CHECK_EQ(rsp_select(pool_of(hs), max, &rng, out), max);
			rsp_handlespace_free(hs);
		}
	}
}

/* Only a weight has this meaning: the most loaded element, and the one of priority 0, are chosen after the others. */
static void
a_load_or_priority_is_no_weight(void)
{
	static const uint32_t policy[] = { RSP_POLICY_LU,   RSP_POLICY_LUD, RSP_POLICY_PLU, RSP_POLICY_RLU,
					   RSP_POLICY_PRIO, RSP_POLICY_RR,  RSP_POLICY_RAND };
	struct rsp_rng rng = rsp_rng_seeded(9);
	struct rsp_element *out[2];

	for (unsigned p = 0; p < RSP_COUNT(policy); p++) {
		struct rsp_handlespace *hs = space_new();

		(void)put(hs, 1, policy[p], 0, 0);
		(void)put(hs, 2, policy[p], UINT32_MAX, UINT32_MAX);
		CHECK_EQ(rsp_select(pool_of(hs), 2, &rng, out), 2);
		rsp_handlespace_free(hs);
	}
}

/* The same for a user: another make of registrar may put elements of weight 0 into its answer. */
static void
users_do_not_choose_weight_0(void)
{
	struct rsp_rng rng = rsp_rng_seeded(10);
	struct rsp_pool_element pe[5] = { { .policy.value = { 0 } },
					  { .policy.value = { 7 } },
					  { .policy.value = { 0 } },
					  { .policy.value = { 3 } },
					  { .policy.value = { 0 } } };
	struct rsp_pool_element nil[3] = { 0 };
	uint32_t count[5] = { 0 }, count_nil[3] = { 0 };

	for (uint32_t turn = 0; turn < 3000; turn++) {
		CHECK_EQ(rsp_select_answer(RSP_POLICY_WRR, pe, 5, turn, &rng), turn % 2 ? 3 : 1);
		count[rsp_select_answer(RSP_POLICY_WRAND, pe, 5, turn, &rng)]++;
		CHECK_EQ(rsp_select_answer(RSP_POLICY_WRR, nil, 3, turn, &rng), turn % 3);
		count_nil[rsp_select_answer(RSP_POLICY_WRAND, nil, 3, turn, &rng)]++;
	}
	CHECK(near(count[1], 1500) && near(count[3], 1500) && count[1] + count[3] == 3000);
	for (unsigned i = 0; i < 3; i++)
		CHECK(near(count_nil[i], 1000));
}

/* RFC 5356 s.4.1.2: the head of the circular list moves by one with each answer, however long the answer is. */
static void
plain_round_robin_is_a_circle(void)
{
	struct rsp_handlespace *hs = space_new();
	struct rsp_rng rng = rsp_rng_seeded(11);
	struct rsp_element *out[8];

	for (uint32_t i = 1; i <= 5; i++)
		(void)put(hs, i, RSP_POLICY_RR, 0, 0);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t max = 1 + round % 7, n = rsp_select(pool_of(hs), max, &rng, out);

		CHECK_EQ(n, max < 5 ? max : 5);
		for (uint32_t i = 0; i < n; i++)
			CHECK_EQ(out[i]->pe_id, (round + i) % 5 + 1);
	}
	(void)put(hs, 6, RSP_POLICY_RR, 0, 0); /* a new element is added at the end */
	for (uint32_t i = 0; i < 12; i++) {
		CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
		CHECK_EQ(out[0]->pe_id, i % 6 + 1);
	}
	rsp_handlespace_free(hs);
}

/* While other elements are added and removed, each element that stays has its turn once before any has it twice. */
static void
round_robin_goes_on_when_elements_are_removed(void)
{
	for (uint32_t turn = 0; turn < 6; turn++)
		for (uint32_t gone = 1; gone <= 6; gone++) {
			struct rsp_handlespace *hs = space_new();
			struct rsp_rng rng = rsp_rng_seeded(12);
			struct rsp_element *out[1];
			uint32_t count[7] = { 0 };

			for (uint32_t i = 1; i <= 6; i++)
				(void)put(hs, i, RSP_POLICY_RR, 0, 0);
			for (uint32_t i = 0; i < turn; i++)
				CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
			remove_id(hs, gone);
			for (uint32_t i = 0; i < 10; i++) {
				CHECK_EQ(rsp_select(pool_of(hs), 1, &rng, out), 1);
				count[out[0]->pe_id]++;
			}
			for (uint32_t i = 1; i <= 6; i++)
				CHECK_EQ(count[i], i == gone ? 0 : 2);
			rsp_handlespace_free(hs);
		}
}

int
main(void)
{
	TAP_RUN(ranked_choices_agree_with_a_search_through_all);
	TAP_RUN(no_answer_holds_an_element_twice);
	TAP_RUN(round_robin_by_weight_is_exact_and_even);
	TAP_RUN(weights_decide_the_chances);
	TAP_RUN(a_very_heavy_element_does_not_exclude_the_others);
	TAP_RUN(random_choices_are_equal);
	TAP_RUN(randomized_least_used_weighs_the_free_capacity);
	TAP_RUN(weights_survive_churn);
	TAP_RUN(degradation_counts_until_registered_again);
	TAP_RUN(users_choose_by_the_policy);
	TAP_RUN(weight_0_is_never_chosen_beside_another_weight);
	TAP_RUN(a_load_or_priority_is_no_weight);
	TAP_RUN(users_do_not_choose_weight_0);
	TAP_RUN(plain_round_robin_is_a_circle);
	TAP_RUN(round_robin_goes_on_when_elements_are_removed);
	return tap_end();
}
