/* The records of one element: of each owner, and the words of registrars without statements. */
#include "base/rng.h"
#include "model/contents.h"
#include "model/select.h"
#include "space.h"

enum { HOME = 1, OTHER_HOME = 2 };

static struct rsp_handlespace *hs;
static const char *const unnamed = "";

static struct rsp_pool *
web(void)
{
	return rsp_pool_find(hs, rsp_bytes_str("web"));
}

static struct rsp_element *
put(const char *owner, uint32_t home, uint64_t epoch)
{
	struct rsp_pool_element pe = space_pe(7, home, RSP_POLICY_RR, 0, 0, 1);

	pe.owner = rsp_bytes_str(owner);
	pe.statement = (struct rsp_statement){ .epoch = { epoch, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	return space_put(hs, rsp_bytes_str("web"), pe);
}

static struct rsp_element *
put_word(uint32_t home)
{
	return space_put(hs, rsp_bytes_str("web"), space_pe(7, home, RSP_POLICY_RR, 0, 0, 1));
}

/* Whether the records of the element are the @n records @e, in this order. */
static bool
are_records(struct rsp_element *const *e, unsigned n)
{
	const struct rsp_element *at = rsp_element_find(hs, web(), 7);

	for (unsigned i = 0; i < n; i++, at = at ? rsp_element_next_record(hs, at) : NULL)
		if (at != e[i] || rsp_element_is_shown(at) != (i == 0))
			return false;
	return at == NULL && web()->n_elements == (n > 0) && web()->n_hidden == (n ? n - 1 : 0) &&
	       rsp_handlespace_elements(hs) == n;
}

static void
statements_come_before_words_and_names_in_their_order(void)
{
	struct rsp_element *e[4];

	hs = space_new();
	e[3] = put_word(9);
	CHECK(are_records(&e[3], 1) && rsp_element_is_word(e[3]));
	e[2] = put(unnamed, HOME, 5);
	CHECK(are_records(&e[2], 2) && !rsp_element_is_word(e[2]));
	e[0] = put("ab", HOME, 4);
	CHECK_EQ(e[0]->pool->element[0]->hidden, 0);
	e[1] = put("abc", OTHER_HOME, 900);
	CHECK(are_records(e, 4));
	rsp_handlespace_free(hs);
}

static void
names_are_compared_octet_by_octet(void)
{
	struct rsp_element *e[4];

	hs = space_new();
	e[3] = put("\xc3\xa4", HOME, 9);
	e[2] = put("b", HOME, 9);
	e[1] = put("a", HOME, 9);
	e[0] = put("Z", HOME, 9);
	CHECK(are_records(e, 4));
	rsp_handlespace_free(hs);
}

static void
of_words_that_of_the_lowest_server_id_is_shown(void)
{
	struct rsp_element *e[3];

	hs = space_new();
	e[1] = put_word(0x80000000);
	e[2] = put_word(0xffffffff);
	e[0] = put_word(5);
	CHECK(are_records(e, 3));
	rsp_handlespace_free(hs);
}

static void
a_record_is_found_by_owner_or_home(void)
{
	hs = space_new();
	struct rsp_element *a = put("a", HOME, 5), *none = put(unnamed, HOME, 5), *word = put_word(HOME);

	CHECK(rsp_element_find_of(hs, web(), 7, rsp_bytes_str("a")) == a);
	CHECK(rsp_element_find_of(hs, web(), 7, (struct rsp_bytes){ 0 }) == none);
	CHECK(rsp_element_find_word(hs, web(), 7, HOME) == word);
	CHECK(!rsp_element_find_of(hs, web(), 7, rsp_bytes_str("b")));
	CHECK(!rsp_element_find_of(hs, web(), 8, rsp_bytes_str("a")));
	CHECK(!rsp_element_find_of(hs, NULL, 7, rsp_bytes_str("a")));
	CHECK(!rsp_element_find_word(hs, web(), 7, OTHER_HOME));
	CHECK(!rsp_element_find_word(hs, NULL, 7, HOME));
	rsp_handlespace_free(hs);
}

static void
a_put_replaces_the_record_of_its_owner_or_home_only(void)
{
	hs = space_new();
	struct rsp_element *e[] = { put("a", HOME, 5), put(unnamed, HOME, 5), put_word(HOME) };

	CHECK(put("a", OTHER_HOME, 6) == e[0]);
	CHECK(put(unnamed, OTHER_HOME, 7) == e[1]);
	CHECK(put_word(HOME) == e[2]);
	CHECK(are_records(e, 3));
	CHECK_EQ(rsp_element_statement(e[0]).epoch.epoch, 6);
	CHECK_EQ(rsp_element_statement(e[1]).epoch.epoch, 7);
	CHECK_EQ(rsp_element_statement(e[2]).rank, 0);
	CHECK(rsp_home_count(hs, HOME) == 1 && rsp_home_count(hs, OTHER_HOME) == 2);
	rsp_handlespace_free(hs);
}

static void
when_the_shown_record_ends_the_next_one_takes_its_place(void)
{
	struct rsp_element *e[4], *out[2];
	struct rsp_rng rng = rsp_rng_seeded(1);

	hs = space_new();
	e[0] = put("a", HOME, 5);
	e[1] = put("b", HOME, 5);
	e[2] = put(unnamed, HOME, 5);
	e[3] = put_word(HOME);
	rsp_element_remove(hs, e[1]); /* a hidden one */
	e[1] = e[2], e[2] = e[3];
	CHECK(are_records(e, 3));
	for (unsigned i = 0; i < 3; i++) {
		CHECK(are_records(&e[i], 3 - i));
		CHECK_EQ(rsp_select(web(), 2, &rng, out), 1);
		CHECK(out[0] == e[i]);
		rsp_element_remove(hs, e[i]);
	}
	CHECK(!web() && rsp_handlespace_elements(hs) == 0);
	rsp_handlespace_free(hs);
}

/* The engine still reads a record after it has unlinked it. */
static void
an_unlinked_record_is_not_shown_and_no_record_of_its_element(void)
{
	hs = space_new();
	struct rsp_element *a = put("a", HOME, 5), *b = put("b", HOME, 5);

	rsp_element_unlink(hs, a);
	CHECK(!rsp_element_is_shown(a) && are_records(&b, 1) && a->pool == web());
	CHECK_EQ(rsp_element_statement(a).epoch.epoch, 5);
	struct rsp_element *back[] = { put("a", HOME, 6), b };
	CHECK(back[0] != a && are_records(back, 2));
	rsp_element_free(hs, a);
	rsp_element_unlink(hs, b); /* a hidden one */
	CHECK(!rsp_element_is_shown(b) && are_records(back, 1));
	rsp_element_free(hs, b);
	rsp_handlespace_free(hs);
}

static void
the_policy_of_the_record_that_is_shown_counts(void)
{
	static const char *const owner[] = { "b", "a" };
	struct rsp_pool_element pe = space_pe(7, HOME, RSP_POLICY_PRIO, 50, 0, 1);
	struct rsp_rng rng = rsp_rng_seeded(1);
	struct rsp_element *out[2], *e;

	hs = space_new();
	(void)space_put(hs, rsp_bytes_str("web"), space_pe(8, HOME, RSP_POLICY_PRIO, 20, 0, 1));
	pe.statement = (struct rsp_statement){ .epoch = { 5, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	for (unsigned i = 0; i < 2; i++) {
		pe.owner = rsp_bytes_str(owner[i]);
		pe.policy.value[0] = i ? 10 : 50;
		e = space_put(hs, rsp_bytes_str("web"), pe);
		CHECK_EQ(rsp_select(web(), 2, &rng, out), 2);
		CHECK_EQ(out[0]->pe_id, i ? 8 : 7);
	}
	rsp_element_remove(hs, e);
	CHECK_EQ(rsp_select(web(), 2, &rng, out), 2);
	CHECK_EQ(out[0]->pe_id, 7);
	pe.owner = rsp_bytes_str("c"); /* hidden: its policy does not count */
	pe.policy.value[0] = 100;
	(void)space_put(hs, rsp_bytes_str("web"), pe);
	(void)space_put(hs, rsp_bytes_str("web"), pe);
	CHECK_EQ(rsp_select(web(), 2, &rng, out), 2);
	CHECK_EQ(out[0]->pe_id, 7);
	rsp_handlespace_free(hs);
}

static void
hidden_records_count_for_their_homes(void)
{
	hs = space_new();
	(void)put("a", HOME, 5);
	uint64_t digest = rsp_home_digest(hs, OTHER_HOME);
	struct rsp_element *b = put("b", OTHER_HOME, 5);

	CHECK_EQ(rsp_home_count(hs, OTHER_HOME), 1);
	CHECK(rsp_home_first(hs, OTHER_HOME) == b);
	CHECK(rsp_home_checksum(hs, OTHER_HOME) != rsp_home_checksum(hs, 99));
	CHECK(rsp_home_digest(hs, OTHER_HOME) != digest);
	CHECK(rsp_home_checksum(hs, OTHER_HOME) == full_checksum(hs, OTHER_HOME));
	CHECK(rsp_home_digest(hs, OTHER_HOME) == full_digest(hs, OTHER_HOME));
	rsp_handlespace_free(hs);
}

static void
a_word_is_in_the_checksum_but_not_in_the_digest(void)
{
	hs = space_new();
	(void)put_word(HOME);
	CHECK(rsp_home_digest(hs, HOME) == 0 && full_digest(hs, HOME) == 0);
	CHECK(rsp_home_checksum(hs, HOME) != rsp_home_checksum(hs, 99));
	rsp_handlespace_free(hs);
}

static void
an_element_has_at_most_four_records(void)
{
	struct rsp_pool_element pe = space_pe(7, 77, RSP_POLICY_RR, 0, 0, 1);
	struct rsp_element *e = NULL;

	hs = space_new();
	(void)put_word(1);
	for (unsigned i = 0; i + 1 < RSP_RECORDS_MAX; i++)
		(void)put((const char *[]){ "a", "b", "c", "d" }[i], HOME, 5);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_ELIMIT);
	pe.owner = rsp_bytes_str("e");
	pe.statement = (struct rsp_statement){ .epoch = { 5, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_ELIMIT);
	CHECK(!e && rsp_handlespace_elements(hs) == RSP_RECORDS_MAX);
	pe.owner = rsp_bytes_str("b");
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_OK);
	rsp_handlespace_free(hs);
}

static void
hidden_records_count_for_the_limit_of_all_but_not_of_a_pool(void)
{
	static const struct rsp_handlespace_limits limits = { .pools = 5, .elements = 3, .pool_elements = 1 };
	struct rsp_pool_element pe = space_pe(8, HOME, RSP_POLICY_RR, 0, 0, 1);
	struct rsp_element *e;

	hs = rsp_handlespace_new(&limits, (struct rsp_hash_key){ 1, 2 }, 0);
	(void)put("b", HOME, 5);
	(void)put("a", HOME, 5); /* shown now, in the pool that is full */
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_ELIMIT);
	(void)put("c", HOME, 5);
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("other"), &pe, &e), RSP_ELIMIT);
	rsp_element_remove(hs, rsp_element_find(hs, web(), 7));
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("other"), &pe, &e), RSP_OK);
	rsp_handlespace_free(hs);
}

static void
a_tombstone_is_no_record(void)
{
	struct rsp_pool_element pe = space_pe(7, HOME, RSP_POLICY_RR, 0, 0, 1);
	struct rsp_element *e;

	hs = space_new();
	pe.statement = (struct rsp_statement){ .epoch = { 5, 1, 0 }, .rank = RSP_RANK_REMOVED };
	CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e), RSP_EVALUE);
	rsp_handlespace_free(hs);
}

static void
a_restated_element_has_the_new_home_and_statement(void)
{
	struct rsp_statement taken = { .epoch = { 5, 1, 8 }, .since_ms = 3, .rank = 2 };
	struct rsp_pool_element pe = { 0 };

	hs = space_new();
	struct rsp_element *e = put("a", HOME, 5);
	CHECK_EQ(rsp_element_restate(hs, e, OTHER_HOME, &taken), RSP_OK);
	CHECK(rsp_home_count(hs, HOME) == 0 && rsp_home_count(hs, OTHER_HOME) == 1);
	CHECK(rsp_home_digest(hs, HOME) == 0);
	CHECK(rsp_home_digest(hs, OTHER_HOME) == full_digest(hs, OTHER_HOME));
	rsp_element_decode(e, &pe);
	CHECK(pe.home_id == OTHER_HOME && pe.statement.rank == 2 && pe.statement.since_ms == 3);
	CHECK(rsp_element_statement(e).epoch.over == 8 && rsp_element_home_id(e) == OTHER_HOME);
	taken.rank = 3;
	CHECK_EQ(rsp_element_restate(hs, e, OTHER_HOME, &taken), RSP_OK);
	CHECK(rsp_home_digest(hs, OTHER_HOME) == full_digest(hs, OTHER_HOME));
	CHECK(rsp_home_first(hs, OTHER_HOME) == e && rsp_element_statement(e).rank == 3);
	rsp_handlespace_free(hs);
}

/* The digest of a home that has only the element @pe. */
static uint64_t
digest_with(const char *handle, struct rsp_pool_element pe)
{
	hs = space_new();
	(void)space_put(hs, rsp_bytes_str(handle), pe);
	uint64_t digest = rsp_home_digest(hs, pe.home_id);

	rsp_handlespace_free(hs);
	return digest;
}

static void
each_fact_of_a_statement_is_in_the_digest_but_since(void)
{
	struct rsp_pool_element base = space_pe(7, HOME, RSP_POLICY_LU, 1, 0, 1), pe[9];
	uint64_t digest[10];

	base.statement = (struct rsp_statement){ .epoch = { 5, 1, 2 }, .since_ms = 9, .rank = 1 };
	digest[9] = digest_with("web", base);
	for (unsigned i = 0; i < 9; i++)
		pe[i] = base;
	pe[0].statement.epoch.epoch++;
	pe[1].statement.epoch.instance++;
	pe[2].statement.epoch.over++;
	pe[3].statement.rank++;
	pe[4].policy.value[0]++; /* one of the contents */
	pe[5].pe_id++;
	pe[6].owner = rsp_bytes_str("a");
	pe[7].home_id++;
	for (unsigned i = 0; i < 8; i++)
		digest[i] = digest_with("web", pe[i]);
	digest[8] = digest_with("wea", base);
	for (unsigned i = 0; i < 10; i++)
		for (unsigned k = 0; k < i; k++)
			CHECK(digest[i] != digest[k]);
	pe[8].statement.since_ms++;
	CHECK(digest_with("web", pe[8]) == digest[9]);
}

static void
unknown_parameters_belong_to_what_a_statement_says(void)
{
	static const uint8_t silent[] = { 0xbf, 0x70, 0, 8, 1, 2, 3, 4 }, reported[] = { 0xff, 0x71, 0, 4 };
	struct rsp_pool_element pe = space_pe(7, HOME, RSP_POLICY_RR, 0, 0, 1), got = { 0 };

	hs = space_new();
	pe.unknown = (struct rsp_unknown){ .n = 2,
					   .to_report = 1,
					   .tlv = { rsp_bytes_of(reported, sizeof(reported)),
						    rsp_bytes_of(silent, sizeof(silent)) } };
	pe.version = 8;
	rsp_element_decode(space_put(hs, rsp_bytes_str("previous"), pe), &got);
	CHECK(got.unknown.n == 0 && got.version == 0);
	pe.version = 0;
	rsp_element_decode(space_put(hs, rsp_bytes_str("word"), pe), &got);
	CHECK_EQ(got.unknown.n, 0);
	pe.version = 8; /* the previous format, which is not kept beside a statement */
	pe.statement = (struct rsp_statement){ .epoch = { 5, 1, 0 }, .rank = RSP_RANK_REGISTERED };
	struct rsp_element *e = space_put(hs, rsp_bytes_str("web"), pe);
	rsp_element_decode(e, &got);
	CHECK(got.unknown.n == 1 && rsp_bytes_equal(got.unknown.tlv[0], pe.unknown.tlv[1]));
	CHECK(got.version == 0 && got.statement.epoch.epoch == 5);
	CHECK_EQ(rsp_element_statement(e).epoch.epoch, 5);
	rsp_handlespace_free(hs);
}

static void
a_statement_has_room_for_4096_octets_and_a_word_for_2048(void)
{
	static uint8_t extra[4096];
	struct rsp_pool_element pe = space_pe(7, HOME, 0x80000001, 0, 0, 1);
	struct rsp_element *e;

	hs = space_new();
	for (unsigned stated = 0; stated < 2; stated++) {
		pe.statement = (struct rsp_statement){ .epoch = { 5, 1, 0 }, .rank = (uint16_t)stated };
		for (size_t n = 0; n <= sizeof(extra); n += 4) {
			pe.policy.extra = rsp_bytes_of(extra, n);
			enum rsp_err err = rsp_handlespace_put(hs, rsp_bytes_str("web"), &pe, &e);
			CHECK(err ? e->encoded_size == (stated ? RSP_CONTENTS_MAX : RSP_CONTENTS_WORD_MAX)
				  : e->encoded_size <= (stated ? RSP_CONTENTS_MAX : RSP_CONTENTS_WORD_MAX));
			CHECK(err == RSP_OK || err == RSP_ELIMIT);
		}
		rsp_element_remove(hs, e);
	}
	rsp_handlespace_free(hs);
}

static void
a_walk_over_all_returns_hidden_records(void)
{
	struct rsp_element *e[3], *other[2], *at;
	unsigned seen[5] = { 0 };
	struct rsp_walk walk;

	hs = space_new();
	for (uint32_t i = 0; i < 2; i++)
		other[i] = space_put(hs, rsp_bytes_str("web"), space_pe(8 + i, HOME, RSP_POLICY_RR, 0, 0, 1));
	e[0] = put("a", HOME, 5);
	e[1] = put("b", HOME, 5);
	e[2] = put_word(9);
	rsp_walk_begin(hs, &walk, 0);
	while ((at = rsp_walk_peek(&walk))) {
		CHECK(rsp_walk_next(&walk) == at);
		for (unsigned i = 0; i < 3; i++)
			seen[i] += at == e[i];
		for (unsigned i = 0; i < 2; i++)
			seen[3 + i] += at == other[i];
	}
	rsp_walk_end(&walk);
	for (unsigned i = 0; i < 5; i++)
		CHECK_EQ(seen[i], 1);
	rsp_handlespace_free(hs);
}

/* The records of one element, of which a walk has returned the first. */
static void
begin_walk_at_the_second(struct rsp_walk *walk, struct rsp_element *e[3])
{
	hs = space_new();
	for (unsigned i = 0; i < 3; i++)
		e[i] = put((const char *[]){ "a", "b", "c" }[i], HOME, 5);
	rsp_walk_begin(hs, walk, 0);
	CHECK(rsp_walk_next(walk) == e[0] && rsp_walk_peek(walk) == e[1]);
}

static void
a_walk_goes_past_a_record_that_is_removed(void)
{
	struct rsp_element *e[3];
	struct rsp_walk walk;

	begin_walk_at_the_second(&walk, e);
	rsp_element_remove(hs, e[1]);
	CHECK(rsp_walk_next(&walk) == e[2] && !rsp_walk_next(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
	begin_walk_at_the_second(&walk, e);
	rsp_element_remove(hs, e[0]); /* the one at which the walk is takes its place */
	CHECK(rsp_walk_next(&walk) == e[1] && rsp_walk_next(&walk) == e[2] && !rsp_walk_next(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
a_walk_returns_the_elements_before_one_that_is_moved_while_it_is_there(void)
{
	struct rsp_element *e[3], *other[3];
	struct rsp_walk walk;

	hs = space_new();
	for (uint32_t i = 0; i < 3; i++)
		other[i] = space_put(hs, rsp_bytes_str("web"), space_pe(8 + i, HOME, RSP_POLICY_RR, 0, 0, 1));
	for (unsigned i = 0; i < 2; i++)
		e[i] = put((const char *[]){ "a", "b" }[i], HOME, 5);
	rsp_walk_begin(hs, &walk, 0);
	CHECK(rsp_walk_next(&walk) == e[0]);
	rsp_element_remove(hs, other[0]); /* its place is now that of @e */
	CHECK(rsp_walk_next(&walk) == e[1]);
	CHECK(rsp_walk_next(&walk) == other[2] && rsp_walk_next(&walk) == other[1]);
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

static void
a_walk_over_one_home_is_not_moved_by_other_records(void)
{
	struct rsp_walk walk;

	hs = space_new();
	struct rsp_element *b = put("b", OTHER_HOME, 5), *a = put("a", HOME, 5);
	rsp_walk_begin(hs, &walk, OTHER_HOME);
	rsp_element_remove(hs, a);
	CHECK(rsp_walk_next(&walk) == b && !rsp_walk_next(&walk));
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

/* One of the elements or records that a random history has. */
struct fact {
	struct rsp_element *e;
	bool stays, seen; /* it was there when the walk began, and is; the walk has returned it */
};

enum { IDS = 12, KEYS = 6, STEPS = 60000 };
static const char *const owner_of[KEYS] = { "a", "ab", "b", "", NULL, NULL }; /* NULL: a word */
static struct fact fact[IDS][KEYS];

static unsigned
count(unsigned id)
{
	unsigned n = 0;

	for (unsigned k = 0; k < KEYS; k++)
		n += fact[id][k].e != NULL;
	return n;
}

static void
check_records(unsigned id)
{
	const struct rsp_pool *pool = rsp_pool_find(hs, rsp_bytes_str(id % 2 ? "odd" : "even"));
	const struct rsp_element *at = rsp_element_find(hs, pool, id);

	for (unsigned k = 0; k < KEYS; k++) {
		if (!fact[id][k].e)
			continue;
		CHECK(at == fact[id][k].e);
		at = at ? rsp_element_next_record(hs, at) : NULL;
	}
	CHECK(!at);
}

static void
step(struct rsp_rng *rng, unsigned id, unsigned k)
{
	struct rsp_pool_element pe = space_pe(id, k == 4 ? 3 : k == 5 ? 4 : 1 + (uint32_t)rsp_rng_below(rng, 4),
					      RSP_POLICY_LU, (uint32_t)rsp_rng_below(rng, 100), 0, 1);

	if (owner_of[k]) {
		pe.owner = rsp_bytes_str(owner_of[k]);
		pe.statement = (struct rsp_statement){ .epoch = { 1 + rsp_rng_below(rng, 9), 1, 0 }, .rank = 1 };
	}
	if (rsp_rng_below(rng, 2) && fact[id][k].e) {
		rsp_element_remove(hs, fact[id][k].e);
		fact[id][k] = (struct fact){ 0 };
	} else if (fact[id][k].e || count(id) < RSP_RECORDS_MAX) {
		struct rsp_element *before = fact[id][k].e;
		CHECK_EQ(rsp_handlespace_put(hs, rsp_bytes_str(id % 2 ? "odd" : "even"), &pe, &fact[id][k].e), RSP_OK);
		CHECK(!before || before == fact[id][k].e);
	}
}

static void
walk_on(struct rsp_walk *walk)
{
	if (!rsp_walk_is_open(walk)) {
		for (unsigned i = 0; i < IDS * KEYS; i++)
			fact[i / KEYS][i % KEYS].stays = fact[i / KEYS][i % KEYS].e != NULL;
		rsp_walk_begin(hs, walk, 0);
	}
	const struct rsp_element *e = rsp_walk_next(walk);

	for (unsigned i = 0; i < IDS * KEYS; i++) {
		struct fact *f = &fact[i / KEYS][i % KEYS];
		f->seen |= e && f->e == e;
		CHECK(e || f->seen || !f->stays);
		f->seen &= e != NULL;
	}
	if (!e)
		rsp_walk_end(walk);
}

static void
a_random_history_shows_the_first_record_of_each_element(void)
{
	struct rsp_rng rng = rsp_rng_seeded(99);
	struct rsp_walk walk = { 0 };

	hs = space_new();
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned id = (unsigned)rsp_rng_below(&rng, IDS);
		unsigned n = 0, shown = 0;

		step(&rng, id, (unsigned)rsp_rng_below(&rng, KEYS));
		check_records(id);
		for (unsigned k = 0; k < IDS; k++) {
			n += count(k);
			shown += count(k) > 0;
		}
		const struct rsp_pool *odd = rsp_pool_find(hs, rsp_bytes_str("odd"));
		const struct rsp_pool *even = rsp_pool_find(hs, rsp_bytes_str("even"));
		CHECK_EQ((odd ? odd->n_elements : 0) + (even ? even->n_elements : 0), shown);
		CHECK_EQ((odd ? odd->n_hidden : 0) + (even ? even->n_hidden : 0), n - shown);
		CHECK_EQ(rsp_handlespace_elements(hs), n);
		for (uint32_t h = 1; h <= 4 && i % 50 == 0; h++)
			CHECK(rsp_home_checksum(hs, h) == full_checksum(hs, h) &&
			      rsp_home_digest(hs, h) == full_digest(hs, h));
		walk_on(&walk);
	}
	rsp_walk_end(&walk);
	rsp_handlespace_free(hs);
}

int
main(void)
{
	TAP_RUN(statements_come_before_words_and_names_in_their_order);
	TAP_RUN(names_are_compared_octet_by_octet);
	TAP_RUN(of_words_that_of_the_lowest_server_id_is_shown);
	TAP_RUN(a_record_is_found_by_owner_or_home);
	TAP_RUN(a_put_replaces_the_record_of_its_owner_or_home_only);
	TAP_RUN(when_the_shown_record_ends_the_next_one_takes_its_place);
	TAP_RUN(an_unlinked_record_is_not_shown_and_no_record_of_its_element);
	TAP_RUN(the_policy_of_the_record_that_is_shown_counts);
	TAP_RUN(hidden_records_count_for_their_homes);
	TAP_RUN(a_word_is_in_the_checksum_but_not_in_the_digest);
	TAP_RUN(an_element_has_at_most_four_records);
	TAP_RUN(hidden_records_count_for_the_limit_of_all_but_not_of_a_pool);
	TAP_RUN(a_tombstone_is_no_record);
	TAP_RUN(a_restated_element_has_the_new_home_and_statement);
	TAP_RUN(each_fact_of_a_statement_is_in_the_digest_but_since);
	TAP_RUN(unknown_parameters_belong_to_what_a_statement_says);
	TAP_RUN(a_statement_has_room_for_4096_octets_and_a_word_for_2048);
	TAP_RUN(a_walk_over_all_returns_hidden_records);
	TAP_RUN(a_walk_goes_past_a_record_that_is_removed);
	TAP_RUN(a_walk_returns_the_elements_before_one_that_is_moved_while_it_is_there);
	TAP_RUN(a_walk_over_one_home_is_not_moved_by_other_records);
	TAP_RUN(a_random_history_shows_the_first_record_of_each_element);
	return tap_end();
}
