#include <string.h>

#include "proto/encoded.h"
#include "tap.h"

/* An element as it is on the wire: PE 0a0b0c01 at home 11223344, for 300 s, at 192.0.2.1 port 80 over TCP, weighted round
 * robin with weight 7, ASAP transport 192.0.2.1 port 4000, owner "web1", version 0102030405060708. */
static const uint8_t golden[] = {
	0x00, 0x0a, 0x00, 0x50, 0x0a, 0x0b, 0x0c, 0x01, 0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x01, 0x2c, /* 16 */
	0x00, 0x05, 0x00, 0x10, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0xc0, 0x00, 0x02, 0x01, /* user, 32 */
	0x00, 0x08, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x07,			/* policy, 44 */
	0x00, 0x05, 0x00, 0x10, 0x0f, 0xa0, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0xc0, 0x00, 0x02, 0x01, /* ASAP, 60 */
	0xbf, 0x01, 0x00, 0x08, 'w',  'e',  'b',  '1',							/* owner, 68 */
	0xbf, 0x03, 0x00, 0x0c, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,			/* version, 80 */
};

static uint8_t copy[128];

/* The golden element, encoded from its values, in @copy. */
static struct rsp_bytes
encoded(void)
{
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	struct rsp_pool_element pe = { .pe_id = 0x0a0b0c01,
				       .home_id = 0x11223344,
				       .lifetime_s = 300,
				       .policy = { .type = RSP_POLICY_WRR, .value = { 7 } },
				       .owner = rsp_bytes_str("web1"),
				       .version = UINT64_C(0x0102030405060708) };
	struct rsp_wr wr = rsp_wr_init(copy, sizeof(copy));

	rsp_transport_set_ips(&pe.user, &ip, 1, room);
	pe.user.type = RSP_PARAM_TCP;
	pe.asap = pe.user;
	pe.user.port = 80;
	pe.asap.port = 4000;
	rsp_pool_element_encode(&wr, &pe);
	CHECK_EQ(wr.err, RSP_OK);
	return rsp_bytes_of(copy, wr.pos);
}

static void
the_golden_octets_are_what_the_encoder_writes(void)
{
	struct rsp_bytes pe = encoded();

	CHECK_EQ(pe.n, sizeof(golden));
	CHECK(rsp_bytes_equal(pe, rsp_bytes_of(golden, sizeof(golden))));
}

static void
the_policy_is_found(void)
{
	struct rsp_bytes pe = encoded(), policy = rsp_encoded_policy(pe);

	CHECK_EQ(policy.p - pe.p, 32);
	CHECK_EQ(policy.n, 12);
}

static void
the_policy_is_found_behind_a_transport_that_needs_padding(void)
{
	struct rsp_pool_element pe = { .pe_id = 1, .user = { .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("abcde") } };
	struct rsp_wr wr = rsp_wr_init(copy, sizeof(copy));

	pe.policy.type = RSP_POLICY_RR;
	rsp_pool_element_encode(&wr, &pe);
	struct rsp_bytes whole = rsp_bytes_of(copy, wr.pos), policy = rsp_encoded_policy(whole);
	CHECK_EQ(policy.p - copy, 16 + 12);
	CHECK_EQ(policy.n, 8);
	CHECK_EQ(rsp_encoded_public(whole).n, whole.n);
}

static void
the_public_part_ends_with_the_policy(void)
{
	struct rsp_bytes pe = encoded(), part = rsp_encoded_public(pe);

	CHECK(part.p == pe.p);
	CHECK_EQ(part.n, 44);
}

static void
public_parts_are_equal_whatever_the_length_field_counts(void)
{
	uint8_t other[sizeof(golden)];
	struct rsp_bytes a = rsp_encoded_public(encoded()), b = rsp_bytes_of(other, a.n);

	memcpy(other, a.p, a.n);
	other[3] = 0x77;
	CHECK(rsp_encoded_public_equal(a, b));
	other[a.n - 1] ^= 1; /* the weight */
	CHECK(!rsp_encoded_public_equal(a, b));
	CHECK(!rsp_encoded_public_equal(a, rsp_bytes_of(a.p, a.n - 4)));
	CHECK(!rsp_encoded_public_equal((struct rsp_bytes){ 0 }, (struct rsp_bytes){ 0 }));
}

static void
the_home_id_is_replaced_in_place(void)
{
	struct rsp_bytes pe = encoded();
	struct rsp_pool_element got = { 0 };

	rsp_encoded_set_home_id(copy, 0xfffefdfc);
	rsp_encoded_decode(pe, &got);
	CHECK_EQ(got.home_id, 0xfffefdfc);
	rsp_encoded_set_home_id(copy, 0x11223344);
	CHECK(rsp_bytes_equal(pe, rsp_bytes_of(golden, sizeof(golden)))); /* nothing else has changed */
}

static const struct rsp_statement a_statement = {
	.epoch = { .epoch = UINT64_C(0x7102030405060708), .instance = 0x11121314, .over = 0x21222324 },
	.since_ms = UINT64_C(0x3132333435363738),
	.rank = 0x4142,
};

/* An element at @home_id with the @owner; @rank 0: without a statement. Encoded in @room, which has 256 octets. */
static struct rsp_bytes
stated(uint8_t *room, uint32_t home_id, const char *owner, uint16_t rank)
{
	struct rsp_pool_element pe = { .pe_id = 1,
				       .home_id = home_id,
				       .user = { .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("abcde") },
				       .policy = { .type = RSP_POLICY_RR },
				       .owner = rsp_bytes_str(owner),
				       .statement = a_statement };
	struct rsp_wr wr = rsp_wr_init(room, 256);

	pe.statement.rank = rank;
	rsp_pool_element_encode(&wr, &pe);
	CHECK_EQ(wr.err, RSP_OK);
	return rsp_bytes_of(room, wr.pos);
}

static bool
same_statement(const struct rsp_statement *a, const struct rsp_statement *b)
{
	return a->epoch.epoch == b->epoch.epoch && a->epoch.instance == b->epoch.instance && a->epoch.over == b->epoch.over &&
	       a->since_ms == b->since_ms && a->rank == b->rank;
}

static void
the_statement_is_read_and_replaced_in_place(void)
{
	uint8_t room[256], before[256];
	struct rsp_bytes pe = stated(room, 2, "web-1", a_statement.rank);
	struct rsp_statement got = rsp_encoded_statement(pe), other = { .epoch = { 1, 2, 0 }, .since_ms = 3, .rank = 4 };
	struct rsp_pool_element decoded = { 0 };

	memcpy(before, room, pe.n);
	CHECK(rsp_encoded_has_statement(pe));
	CHECK(same_statement(&got, &a_statement));
	rsp_encoded_set_statement(room, pe.n, &other);
	got = rsp_encoded_statement(pe);
	CHECK(same_statement(&got, &other));
	rsp_encoded_decode(pe, &decoded);
	CHECK(same_statement(&decoded.statement, &other));
	rsp_encoded_set_statement(room, pe.n, &a_statement);
	CHECK(rsp_bytes_equal(pe, rsp_bytes_of(before, pe.n))); /* nothing else has changed */
}

static void
a_tombstone_has_a_statement_and_no_public_part(void)
{
	struct rsp_pool_element pe = { .pe_id = 1, .statement = a_statement };
	struct rsp_wr wr = rsp_wr_init(copy, sizeof(copy));

	pe.statement.rank = RSP_RANK_REMOVED;
	rsp_pool_element_encode(&wr, &pe);
	struct rsp_bytes whole = rsp_bytes_of(copy, wr.pos);
	CHECK_EQ(whole.n, 16 + 32);
	CHECK_EQ(rsp_encoded_statement(whole).rank, RSP_RANK_REMOVED);
	CHECK_EQ(rsp_encoded_policy(whole).n, 0);
	CHECK_EQ(rsp_encoded_public(whole).n, 0);
}

static void
an_element_without_a_statement_has_rank_0(void)
{
	uint8_t room[256];
	struct rsp_bytes pe = stated(room, 2, "web-1", 0);

	CHECK(!rsp_encoded_has_statement(pe));
	CHECK_EQ(rsp_encoded_statement(pe).rank, 0);
	pe = stated(room, 2, "web-1", 1);
	for (size_t n = 0; n < pe.n; n++)
		CHECK(!rsp_encoded_has_statement(rsp_bytes_of(room, n)));
	CHECK(!rsp_encoded_has_statement((struct rsp_bytes){ 0 }));
}

static void
an_owner_that_looks_like_a_statement_is_none(void)
{
	uint8_t room[256], owner[64];
	struct rsp_pool_element pe = { .pe_id = 1,
				       .user = { .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("abcd") },
				       .policy = { .type = RSP_POLICY_RR } };
	struct rsp_bytes whole = stated(room, 2, "", 1);
	struct rsp_wr wr = rsp_wr_init(copy, sizeof(copy));

	memcpy(owner, room + whole.n - 40, 40);
	pe.owner = rsp_bytes_of(owner, 40);
	rsp_pool_element_encode(&wr, &pe);
	whole = rsp_bytes_of(copy, wr.pos);
	CHECK(memcmp(whole.p + whole.n - 32, "\xbf\x0a\0\x20", 4) == 0);
	CHECK(!rsp_encoded_has_statement(whole));
}

static void
the_version_stands_before_the_statement(void)
{
	struct rsp_pool_element pe = { .pe_id = 1,
				       .user = { .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("abcd") },
				       .policy = { .type = RSP_POLICY_RR },
				       .version = 5,
				       .statement = a_statement };
	struct rsp_wr wr = rsp_wr_init(copy, sizeof(copy));
	struct rsp_statement got;

	rsp_pool_element_encode(&wr, &pe);
	struct rsp_bytes whole = rsp_bytes_of(copy, wr.pos);
	CHECK_EQ(rsp_rd_u64_at(whole.p + whole.n - (4 + RSP_STATEMENT_SIZE) - 8), 5);
	got = rsp_encoded_statement(whole);
	CHECK(same_statement(&got, &a_statement));
}

static int
compared(struct rsp_bytes a, struct rsp_bytes b)
{
	int order = rsp_encoded_contents_compare(a, b), back = rsp_encoded_contents_compare(b, a);

	CHECK((order > 0) == (back < 0) && (order == 0) == (back == 0));
	return order;
}

static void
contents_are_equal_whatever_home_and_statement_are(void)
{
	uint8_t a[256], b[256];

	for (const char *owner = "web-1234"; *owner; owner++) { /* each gap before the statement */
		CHECK_EQ(compared(stated(a, 1, owner, 1), stated(b, 2, owner, 9)), 0);
		CHECK_EQ(compared(stated(a, 1, owner, 1), stated(b, 2, owner, 0)), 0);
		CHECK_EQ(compared(stated(a, 1, owner, 0), stated(b, 2, owner, 0)), 0);
	}
}

static void
shorter_contents_come_first_then_lower_octets(void)
{
	uint8_t a[256], b[256];

	CHECK(compared(stated(a, 1, "zzzz", 1), stated(b, 1, "aaaaa", 0)) < 0);
	CHECK(compared(stated(a, 1, "zzzz", 0), stated(b, 1, "aaaaa", 1)) < 0);
	CHECK(compared(stated(a, 1, "", 1), stated(b, 1, "a", 0)) < 0);
	CHECK(compared(stated(a, 1, "aaab", 1), stated(b, 1, "aaac", 1)) < 0);
	CHECK(compared(stated(a, 1, "aa\xff", 1), stated(b, 1, "aab", 0)) > 0); /* octets have no sign */
	struct rsp_bytes x = stated(a, 1, "aaab", 1), y = stated(b, 1, "aaab", 1);
	for (size_t at = 4; at < 16; at++) { /* PE identifier, home id, lifetime */
		b[at] ^= 0x80;
		CHECK((compared(x, y) < 0) == (at < 8 || at >= 12));
		b[at] ^= 0x80;
	}
}

static void
octets_that_are_no_pool_element_are_compared_by_length(void)
{
	uint8_t a[256];
	struct rsp_bytes whole = stated(a, 1, "aaab", 0);

	for (size_t n = 0; n < 16; n += 4)
		CHECK(compared(rsp_bytes_of(a, n), whole) < 0);
	CHECK_EQ(compared((struct rsp_bytes){ 0 }, (struct rsp_bytes){ 0 }), 0);
}

static void
each_octet_changes_the_digest(void)
{
	uint64_t digest = rsp_encoded_digest(rsp_bytes_of(golden, sizeof(golden)));

	CHECK_EQ(rsp_encoded_digest(encoded()), digest);
	for (size_t bit = 0; bit < sizeof(golden) * 8; bit++) {
		memcpy(copy, golden, sizeof(golden));
		copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
		CHECK(rsp_encoded_digest(rsp_bytes_of(copy, sizeof(golden))) != digest);
	}
	for (size_t n = 0; n < sizeof(golden); n++)
		CHECK(rsp_encoded_digest(rsp_bytes_of(golden, n)) != digest);
	memcpy(copy, golden, sizeof(golden));
	copy[79] = 0;
	CHECK(rsp_encoded_digest(rsp_bytes_of(copy, 79)) != rsp_encoded_digest(rsp_bytes_of(copy, 80)));
}

/* Registrars of every machine must agree, so these numbers never change. */
static void
the_digest_is_the_same_on_every_machine(void)
{
	CHECK(rsp_encoded_digest(rsp_bytes_of(golden, sizeof(golden))) == UINT64_C(0xdb72508d76d150d3));
	CHECK(rsp_encoded_digest(rsp_bytes_of(golden, 13)) == UINT64_C(0x61553bc673602438));
}

static void
octets_that_are_no_pool_element_have_no_policy(void)
{
	struct rsp_bytes pe = encoded();
	struct rsp_pool_element got = { .pe_id = 5 };

	for (size_t n = 0; n < 44; n++) {
		CHECK_EQ(rsp_encoded_policy(rsp_bytes_of(pe.p, n)).n, 0);
		CHECK_EQ(rsp_encoded_public(rsp_bytes_of(pe.p, n)).n, 0);
	}
	rsp_encoded_decode(rsp_bytes_of(pe.p, 3), &got);
	copy[1] = RSP_PARAM_SERVER_INFO;
	rsp_encoded_decode(pe, &got);
	CHECK_EQ(got.pe_id, 5);
}

int
main(void)
{
	TAP_RUN(the_golden_octets_are_what_the_encoder_writes);
	TAP_RUN(the_policy_is_found);
	TAP_RUN(the_policy_is_found_behind_a_transport_that_needs_padding);
	TAP_RUN(the_public_part_ends_with_the_policy);
	TAP_RUN(public_parts_are_equal_whatever_the_length_field_counts);
	TAP_RUN(the_home_id_is_replaced_in_place);
	TAP_RUN(the_statement_is_read_and_replaced_in_place);
	TAP_RUN(a_tombstone_has_a_statement_and_no_public_part);
	TAP_RUN(an_element_without_a_statement_has_rank_0);
	TAP_RUN(an_owner_that_looks_like_a_statement_is_none);
	TAP_RUN(the_version_stands_before_the_statement);
	TAP_RUN(contents_are_equal_whatever_home_and_statement_are);
	TAP_RUN(shorter_contents_come_first_then_lower_octets);
	TAP_RUN(octets_that_are_no_pool_element_are_compared_by_length);
	TAP_RUN(each_octet_changes_the_digest);
	TAP_RUN(the_digest_is_the_same_on_every_machine);
	TAP_RUN(octets_that_are_no_pool_element_have_no_policy);
	return tap_end();
}
