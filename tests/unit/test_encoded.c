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

static void
the_version_is_read_and_replaced_in_place(void)
{
	struct rsp_bytes pe = encoded();
	struct rsp_pool_element got = { 0 };

	CHECK(rsp_encoded_version(pe) == UINT64_C(0x0102030405060708));
	rsp_encoded_set_version(copy, pe.n, INT64_MAX - 1);
	CHECK(rsp_encoded_version(pe) == INT64_MAX - 1);
	rsp_encoded_decode(pe, &got);
	CHECK(got.version == INT64_MAX - 1);
	rsp_encoded_set_version(copy, pe.n, UINT64_C(0x0102030405060708));
	CHECK(rsp_bytes_equal(pe, rsp_bytes_of(golden, sizeof(golden))));
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
	TAP_RUN(the_version_is_read_and_replaced_in_place);
	TAP_RUN(octets_that_are_no_pool_element_have_no_policy);
	return tap_end();
}
