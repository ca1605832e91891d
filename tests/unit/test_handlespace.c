#include <string.h>

#include "full_sums.h"
#include "model/handlespace.h"
#include "model/select.h"
#include "tap.h"

static const struct rsp_handlespace_limits roomy = { .pools = 1000, .elements = 100000, .pool_elements = 50000 };
static const struct rsp_hash_key key = { 1, 2 };
static uint8_t room[RSP_ADDRS_ROOM(1)];

static struct rsp_pool_element
sample(uint32_t pe_id, uint32_t home_id, uint32_t policy, uint32_t value)
{
	struct rsp_pool_element pe = { .pe_id = pe_id, .home_id = home_id, .lifetime_s = 30 };
	struct rsp_ip ip;

	if (!rsp_ip_parse("192.0.2.1", &ip))
		rsp_transport_set_ips(&pe.user, &ip, 1, room);
	pe.user.type = RSP_PARAM_TCP;
	pe.user.port = 80;
	pe.policy = (struct rsp_policy){ .type = policy, .value = { value } };
	pe.statement = (struct rsp_statement){ .epoch = { 1, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	return pe;
}

static struct rsp_element *
put(struct rsp_handlespace *hs, const char *handle, uint32_t pe_id, uint32_t home_id)
{
	struct rsp_pool_element pe = sample(pe_id, home_id, RSP_POLICY_RR, 0);
	struct rsp_element *e = NULL;

	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str(handle), &pe, &e), RSP_OK);
	return e;
}

static void
an_element_is_found_until_it_is_removed(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *e = put(hs, "web", 7, 1);
	struct rsp_pool *pool = rsp_pool_find(hs, rsp_bytes_str("web"));
	struct rsp_pool_element pe = sample(7, 2, RSP_POLICY_RR, 0), got = { 0 };
	struct rsp_element *again = NULL;

	CHECK(pool && rsp_element_find(hs, pool, 7) == e);
	CHECK(!rsp_element_find(hs, pool, 8));
	CHECK(!rsp_pool_find(hs, rsp_bytes_str("we")));
	CHECK_EQ(rsp_pool_consistent(pool, &pe), RSP_CAUSE_NONE);

	pe.user.port = 8080;
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &again), RSP_OK);
	CHECK(again == e);
	CHECK(!e->owner);
	rsp_element_decode(e, &got);
	CHECK_EQ(got.user.port, 8080);
	CHECK_EQ(got.home_id, 2);
	CHECK_EQ(got.owner.n, 0);
	CHECK_EQ(rsp_home_count(hs, 1), 0);
	CHECK_EQ(rsp_home_count(hs, 2), 1);
	CHECK_EQ(rsp_element_restate(hs, e, 3, &pe.statement), RSP_OK);
	rsp_element_decode(e, &got);
	CHECK_EQ(got.home_id, 3);

	pe.policy.type = RSP_POLICY_PRIO;
	CHECK_EQ(rsp_pool_consistent(pool, &pe), RSP_CAUSE_INCONSISTENT_POLICY);
	pe = sample(9, 1, RSP_POLICY_RR, 0);
	pe.user.type = RSP_PARAM_UDP;
	CHECK_EQ(rsp_pool_consistent(pool, &pe), RSP_CAUSE_INCONSISTENT_TRANSPORT);

	rsp_element_remove(hs, e);
	CHECK(!rsp_pool_find(hs, rsp_bytes_str("web")));
	CHECK_EQ(rsp_handlespace_pools(hs), 0);
	CHECK_EQ(rsp_handlespace_elements(hs), 0);
	rsp_handlespace_free(hs);
}

static void
users_do_not_see_owner_and_asap_transport(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_pool_element pe = sample(7, 1, RSP_POLICY_RR, 0), got = { 0 };
	struct rsp_element *e = NULL;
	uint8_t buf[512];
	struct rsp_wr wr = rsp_wr_init(buf, sizeof(buf));
	struct rsp_rd body, rd;
	uint16_t type;

	pe.owner = rsp_bytes_str("web1");
	pe.asap = pe.user;
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_OK);
	rsp_element_write(&wr, e, false);
	rd = rsp_rd_init(rsp_bytes_of(buf, wr.pos), 0);
	CHECK(rsp_rd_tlv(&rd, &type, &body));
	rsp_pool_element_decode(&body, &got);
	CHECK_EQ(body.err, RSP_OK);
	CHECK_EQ(got.owner.n, 0);
	CHECK_EQ(got.asap.type, 0);
	CHECK_EQ(got.user.port, 80);
	wr = rsp_wr_init(buf, sizeof(buf));
	rsp_element_write(&wr, e, true);
	CHECK_EQ(wr.pos, e->encoded_size);
	rsp_handlespace_free(hs);
}

static void
caps_are_kept_and_change_nothing(void)
{
	struct rsp_handlespace_limits tight = { .pools = 2, .elements = 4, .pool_elements = 3 };
	struct rsp_handlespace *hs = rsp_handlespace_new(&tight, key, 0);
	struct rsp_pool_element pe = sample(99, 1, RSP_POLICY_RR, 0);
	struct rsp_element *e = NULL;
	static char long_handle[RSP_HANDLE_MAX + 1];

	for (uint32_t i = 1; i <= 3; i++)
		(void)put(hs, "a", i, 1);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("a"), &pe, &e), RSP_ELIMIT);
	(void)put(hs, "b", 1, 1);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("b"), &pe, &e), RSP_ELIMIT);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("c"), &pe, &e), RSP_ELIMIT);
	CHECK_EQ(rsp_handlespace_put(hs, (struct rsp_bytes){ 0 }, &pe, &e), RSP_EVALUE);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_of(long_handle, sizeof(long_handle)), &pe, &e), RSP_EVALUE);
	CHECK_EQ(rsp_handlespace_elements(hs), 4);
	CHECK_EQ(rsp_handlespace_pools(hs), 2);
	CHECK(rsp_home_checksum(hs, 1) == full_checksum(hs, 1));
	rsp_handlespace_free(hs);
}

static void
the_checksum_is_that_of_rfc_1071(void)
{
	/* RFC 5353 s.3.6.2, and the table that rsplib computed fddc for: 11111111 owns EchoPool 0a0b0c01 */
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	uint32_t words = 0x4563 + 0x686f + 0x506f + 0x6f6c + 0x0a0b + 0x0c01;

	CHECK_EQ(rsp_home_checksum(hs, 1), 0xffff);
	(void)put(hs, "EchoPool", 0x0a0b0c01, 1);
	words = (words & 0xffff) + (words >> 16);
	CHECK_EQ(rsp_home_checksum(hs, 1), (uint16_t)~words);
	rsp_handlespace_free(hs);
}

/* Compare a random history with a plain array, while walks go on. */
static void
a_random_history_agrees_with_an_array(void)
{
	enum { POOLS = 20, IDS = 60, HOMES = 4, STEPS = 60000 };
	static uint8_t home_of[POOLS][IDS], seen[POOLS][IDS], there_throughout[POOLS][IDS];
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_rng rng = rsp_rng_seeded(20261123);
	struct rsp_walk walk = { 0 };
	char handle[16];

	for (unsigned step = 0; step < STEPS; step++) {
		unsigned p = (unsigned)rsp_rng_below(&rng, POOLS), id = (unsigned)rsp_rng_below(&rng, IDS);
		uint8_t home = (uint8_t)(1 + rsp_rng_below(&rng, HOMES));
		(void)snprintf(handle, sizeof(handle), "pool%u", p * p);
		struct rsp_pool *pool = rsp_pool_find(hs, rsp_bytes_str(handle));
		struct rsp_element *e = rsp_element_find(hs, pool, id + 1);

		CHECK_EQ(e != NULL, home_of[p][id] != 0);
		switch (rsp_rng_below(&rng, 4)) {
		case 0:
		case 1:
			(void)put(hs, handle, id + 1, home);
			home_of[p][id] = home;
			break;
		case 2:
			if (e)
				rsp_element_remove(hs, e);
			home_of[p][id] = there_throughout[p][id] = 0;
			break;
		default:
			if (e) {
				struct rsp_statement moved = { .epoch = { step + 2, 1, 0 }, .rank = 2 };
				CHECK_EQ(rsp_element_restate(hs, e, home, &moved), RSP_OK);
				home_of[p][id] = home;
			}
		}
		if (!rsp_walk_is_open(&walk)) {
			memset(seen, 0, sizeof(seen));
			for (unsigned i = 0; i < POOLS * IDS; i++)
				there_throughout[i / IDS][i % IDS] = home_of[i / IDS][i % IDS] != 0;
			rsp_walk_begin(hs, &walk, 0);
		} else {
			struct rsp_element *at = rsp_walk_next(&walk);

			if (!at) {
				for (unsigned i = 0; i < POOLS * IDS; i++)
					CHECK(seen[i / IDS][i % IDS] >= there_throughout[i / IDS][i % IDS]);
				rsp_walk_end(&walk);
			} else {
				for (unsigned q = 0; q < POOLS; q++) {
					(void)snprintf(handle, sizeof(handle), "pool%u", q * q);
					if (rsp_bytes_equal(rsp_pool_handle(at->pool), rsp_bytes_str(handle)))
						seen[q][at->pe_id - 1] = 1;
				}
			}
		}
		if (step % 500 == 0)
			for (uint32_t h = 1; h <= HOMES; h++)
				CHECK(rsp_home_checksum(hs, h) == full_checksum(hs, h) &&
				      rsp_home_digest(hs, h) == full_digest(hs, h));
	}
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
the_table_grows_and_loses_no_element(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);

	for (uint32_t i = 1; i <= 20000; i++) {
		(void)put(hs, i % 2 ? "odd" : "even", i, 1);
		if (i % 1000 == 0)
			for (uint32_t k = 1; k <= i; k += 7)
				CHECK(rsp_element_find(hs, rsp_pool_find(hs, rsp_bytes_str(k % 2 ? "odd" : "even")), k));
	}
	CHECK_EQ(rsp_home_count(hs, 1), 20000);
	rsp_handlespace_free(hs);
}

static void
round_robin_takes_turns(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_rng rng = rsp_rng_seeded(1);
	struct rsp_element *out[8];
	unsigned first[4] = { 0 };

	for (uint32_t i = 0; i < 4; i++)
		(void)put(hs, "web", i + 1, 1);
	for (unsigned i = 0; i < 400; i++) {
		CHECK_EQ(rsp_select(rsp_pool_find(hs, rsp_bytes_str("web")), 3, &rng, out), 3);
		CHECK(out[0] != out[1] && out[1] != out[2] && out[0] != out[2]);
		first[out[0]->pe_id - 1]++;
	}
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(first[i], 100);
	CHECK_EQ(rsp_select(rsp_pool_find(hs, rsp_bytes_str("web")), 8, &rng, out), 4);
	CHECK_EQ(rsp_select(rsp_pool_find(hs, rsp_bytes_str("web")), 0, &rng, out), 0);
	rsp_handlespace_free(hs);
}

static void
priority_gives_the_highest_in_decreasing_order(void)
{
	static const uint32_t value[] = { 3, 9, 1, 9, 5 };
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_rng rng = rsp_rng_seeded(1);
	struct rsp_element *out[8];
	unsigned best[6] = { 0 };

	for (uint32_t i = 0; i < 5; i++) {
		struct rsp_pool_element pe = sample(i + 1, 1, RSP_POLICY_PRIO, value[i]);
		CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("p"), &pe, &out[0]), RSP_OK);
	}
	for (unsigned i = 0; i < 50; i++) {
		CHECK_EQ(rsp_select(rsp_pool_find(hs, rsp_bytes_str("p")), 3, &rng, out), 3);
		CHECK(out[0]->pe_id + out[1]->pe_id == 6 && out[2]->pe_id == 5);
		best[out[0]->pe_id]++;
	}
	CHECK(best[2] > 0 && best[4] > 0);
	rsp_handlespace_free(hs);
}

struct engine_part {
	uint64_t number;
	uint8_t octets[7];
};

static void
the_engines_part_of_an_element_survives_its_replacement(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, sizeof(struct engine_part));
	struct rsp_element *e = put(hs, "web", 7, 1);
	struct engine_part *part = rsp_element_engine(e);
	struct rsp_pool_element pe = sample(7, 1, RSP_POLICY_RR, 0), got = { 0 };
	static const uint8_t zero[sizeof(struct engine_part)];

	CHECK((uintptr_t)part % alignof(uint64_t) == 0);
	CHECK(memcmp(part, zero, sizeof(zero)) == 0);
	memset(part->octets, 0xa5, sizeof(part->octets));
	part->number = UINT64_C(15);
	pe.asap = pe.user; /* makes the parameter larger than it was */
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_OK);
	CHECK(rsp_element_engine(e) == part);
	CHECK(part->number == UINT64_C(15) && part->octets[0] == 0xa5 && part->octets[6] == 0xa5);
	rsp_element_decode(e, &got);
	CHECK_EQ(got.asap.port, 80);
	rsp_handlespace_free(hs);
}

static void
an_unlinked_element_is_not_found_counted_or_selected(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *gone = put(hs, "web", 1, 5), *stays = put(hs, "web", 2, 5), *out[4];
	struct rsp_pool *pool = rsp_pool_find(hs, rsp_bytes_str("web"));
	struct rsp_rng rng = rsp_rng_seeded(1);

	rsp_element_unlink(hs, gone);
	CHECK(!rsp_element_find(hs, pool, 1));
	CHECK_EQ(rsp_handlespace_elements(hs), 1);
	CHECK_EQ(rsp_home_count(hs, 5), 1);
	CHECK(rsp_home_first(hs, 5) == stays && !rsp_home_next(stays));
	CHECK_EQ(rsp_home_checksum(hs, 5), full_checksum(hs, 5));
	CHECK(rsp_home_digest(hs, 5) == full_digest(hs, 5));
	CHECK_EQ(rsp_select(pool, 4, &rng, out), 1);
	CHECK(out[0] == stays && gone->pool == pool);
	rsp_element_free(hs, gone);
	CHECK(rsp_pool_find(hs, rsp_bytes_str("web")) == pool);
	rsp_handlespace_free(hs);
}

static void
an_unlinked_element_can_still_be_read(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_pool_element pe = sample(7, 0x55, RSP_POLICY_RR, 0), got = { 0 };
	struct rsp_element *e = NULL;
	uint8_t buf[512];
	struct rsp_wr wr = rsp_wr_init(buf, sizeof(buf));

	pe.owner = rsp_bytes_str("web1");
	pe.statement.epoch.epoch = 12;
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_OK);
	rsp_element_unlink(hs, e);
	CHECK_EQ(rsp_element_home_id(e), 0x55);
	CHECK_EQ(rsp_element_statement(e).epoch.epoch, 12);
	CHECK_STR(e->owner, "web1");
	rsp_element_decode(e, &got);
	CHECK(got.pe_id == 7 && got.user.port == 80);
	rsp_element_write(&wr, e, true);
	CHECK_EQ(wr.pos, e->encoded_size);
	CHECK_EQ(rsp_home_count(hs, 0x55), 0);
	CHECK_EQ(rsp_home_pools(hs, 0x55), 0);
	CHECK_EQ(rsp_owner_pools(hs, rsp_bytes_str("web1")), 0);
	rsp_element_free(hs, e);
	rsp_handlespace_free(hs);
}

static void
a_pool_can_be_made_anew_while_its_unlinked_elements_are_kept(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *first = put(hs, "web", 1, 1), *second = put(hs, "web", 2, 1), *anew;
	struct rsp_pool *old = first->pool;
	int watcher;

	old->watchers = &watcher;
	rsp_element_unlink(hs, first);
	rsp_element_unlink(hs, second);
	CHECK(!rsp_pool_find(hs, rsp_bytes_str("web")) && !rsp_pool_next(hs, NULL));
	CHECK_EQ(rsp_handlespace_pools(hs), 0);
	anew = put(hs, "web", 1, 1);
	CHECK(anew != first && anew->pool != old && !anew->pool->watchers);
	CHECK_EQ(rsp_handlespace_pools(hs), 1);
	CHECK_EQ(anew->pool->n_elements, 1);
	rsp_element_free(hs, first);
	CHECK(second->pool == old && old->watchers == &watcher);
	CHECK(rsp_bytes_equal(rsp_pool_handle(old), rsp_bytes_str("web")));
	rsp_element_free(hs, second);
	CHECK(rsp_pool_find(hs, rsp_bytes_str("web")) == anew->pool);
	rsp_handlespace_free(hs);
}

static void
an_unlinked_element_leaves_room_for_another(void)
{
	struct rsp_handlespace_limits tight = { .pools = 1, .elements = 1, .pool_elements = 1 };
	struct rsp_handlespace *hs = rsp_handlespace_new(&tight, key, 0);
	struct rsp_element *gone = put(hs, "a", 1, 1);

	rsp_element_unlink(hs, gone);
	(void)put(hs, "b", 1, 1);
	CHECK_EQ(rsp_handlespace_elements(hs), 1);
	rsp_element_free(hs, gone);
	rsp_handlespace_free(hs);
}

static struct rsp_element *
put_of(struct rsp_handlespace *hs, const char *handle, uint32_t pe_id, uint32_t home_id, const char *owner)
{
	struct rsp_pool_element pe = sample(pe_id, home_id, RSP_POLICY_RR, 0);
	struct rsp_element *e = NULL;

	pe.owner = rsp_bytes_str(owner);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str(handle), &pe, &e), RSP_OK);
	return e;
}

/* How many pools count for web1, for web2, and for the homes 1 and 2. */
static void
pools_count(const struct rsp_handlespace *hs, uint32_t web1, uint32_t web2, uint32_t one, uint32_t two)
{
	CHECK_EQ(rsp_owner_pools(hs, rsp_bytes_str("web1")), web1);
	CHECK_EQ(rsp_owner_pools(hs, rsp_bytes_str("web2")), web2);
	CHECK_EQ(rsp_home_pools(hs, 1), one);
	CHECK_EQ(rsp_home_pools(hs, 2), two);
}

static void
a_pool_whose_first_element_has_left_counts_for_another(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *first = put_of(hs, "web", 1, 1, "web1"), *second = put_of(hs, "web", 2, 2, "web2");

	pools_count(hs, 1, 0, 1, 0);
	rsp_element_remove(hs, first);
	pools_count(hs, 0, 1, 0, 1);
	first = put_of(hs, "web", 1, 1, "web1"); /* it was not the first */
	pools_count(hs, 0, 1, 0, 1);
	rsp_element_remove(hs, first);
	pools_count(hs, 0, 1, 0, 1);
	rsp_element_remove(hs, second);
	pools_count(hs, 0, 0, 0, 0);
	rsp_handlespace_free(hs);
}

static void
a_hidden_record_that_made_the_pool_leaves_it_to_another(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *first = put_of(hs, "web", 1, 2, "web2");

	(void)put_of(hs, "web", 1, 1, "web1"); /* the lower name hides it: model/record.h */
	CHECK(first->hidden);
	pools_count(hs, 0, 1, 0, 1);
	rsp_element_remove(hs, first);
	pools_count(hs, 1, 0, 1, 0);
	rsp_handlespace_free(hs);
}

static void
a_pool_left_to_a_home_that_does_not_count_counts_for_no_identity(void)
{
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, key, 0);
	struct rsp_element *first = put_of(hs, "web", 1, 1, "web1");

	rsp_handlespace_count_pools_of(hs, 1);
	(void)put_of(hs, "web", 2, 2, "web2");
	rsp_element_remove(hs, first);
	pools_count(hs, 0, 0, 0, 1);
	rsp_handlespace_free(hs);
}

int
main(void)
{
	TAP_RUN(an_element_is_found_until_it_is_removed);
	TAP_RUN(users_do_not_see_owner_and_asap_transport);
	TAP_RUN(caps_are_kept_and_change_nothing);
	TAP_RUN(the_checksum_is_that_of_rfc_1071);
	TAP_RUN(a_random_history_agrees_with_an_array);
	TAP_RUN(the_table_grows_and_loses_no_element);
	TAP_RUN(round_robin_takes_turns);
	TAP_RUN(priority_gives_the_highest_in_decreasing_order);
	TAP_RUN(the_engines_part_of_an_element_survives_its_replacement);
	TAP_RUN(an_unlinked_element_is_not_found_counted_or_selected);
	TAP_RUN(an_unlinked_element_can_still_be_read);
	TAP_RUN(a_pool_can_be_made_anew_while_its_unlinked_elements_are_kept);
	TAP_RUN(an_unlinked_element_leaves_room_for_another);
	TAP_RUN(a_pool_whose_first_element_has_left_counts_for_another);
	TAP_RUN(a_hidden_record_that_made_the_pool_leaves_it_to_another);
	TAP_RUN(a_pool_left_to_a_home_that_does_not_count_counts_for_no_identity);
	return tap_end();
}
