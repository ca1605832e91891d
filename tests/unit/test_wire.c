#include <string.h>

#include "tap.h"
#include "wire/reader.h"
#include "wire/writer.h"

static void
after_a_failed_read_all_reads_give_zeros(void)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(in, sizeof(in)), 0);

	CHECK_EQ(rsp_rd_u16(&rd), 0x0102);
	CHECK_EQ(rsp_rd_u32(&rd), 0);
	CHECK_EQ(rd.err, RSP_EMALFORM);
	CHECK_EQ(rsp_rd_left(&rd), 0);
	CHECK_EQ(rsp_rd_u8(&rd), 0);
	CHECK_EQ(rsp_rd_offset(&rd), 2);
}

static void
an_empty_view_is_no_special_case(void)
{
	struct rsp_rd rd = rsp_rd_init((struct rsp_bytes){ 0 }, 0), body;
	uint16_t type;

	CHECK(!rsp_rd_tlv(&rd, &type, &body));
	CHECK_EQ(rd.err, RSP_OK);
	CHECK_EQ(rsp_rd_rest(&rd).n, 0);
}

static void
nested_parameters_see_only_their_value(void)
{
	static const uint8_t in[] = { 0, 9, 0, 5, 'a', 0, 0, 0, 0, 9, 0, 5, 'b' };
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(in, sizeof(in)), 4), body;
	uint16_t type;

	CHECK(rsp_rd_tlv(&rd, &type, &body));
	CHECK_EQ(type, 9);
	CHECK_EQ(rsp_rd_offset(&body), 8);
	CHECK_EQ(rsp_rd_u8(&body), 'a');
	CHECK(rsp_rd_end(&rd, &body));
	CHECK(rsp_rd_tlv(&rd, &type, &body));
	CHECK_EQ(rsp_rd_left(&body), 1);
	CHECK(!rsp_rd_end(&rd, &body)); /* octets are left in it */
	CHECK_EQ(rd.err, RSP_EMALFORM);
}

static void
impossible_lengths_fail(void)
{
	for (uint8_t len = 0; len < 4; len++) {
		uint8_t in[] = { 0, 9, 0, len, 'a', 0, 0, 0 };
		struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(in, sizeof(in)), 0), body;
		uint16_t type;

		CHECK(!rsp_rd_tlv(&rd, &type, &body));
		CHECK_EQ(rd.err, RSP_EMALFORM);
	}
}

static size_t
write_sample(uint8_t *buf, size_t cap, enum rsp_err *ret)
{
	struct rsp_wr wr = rsp_wr_init(buf, cap);
	size_t size = 0;
	struct rsp_mark whole = rsp_wr_msg_open(&wr, 1, 2), outer = rsp_wr_tlv_open(&wr, 10);

	for (unsigned i = 0; i < 2; i++) {
		struct rsp_mark inner = rsp_wr_tlv_open(&wr, 9);
		rsp_wr_u8(&wr, 'x');
		rsp_wr_close(&wr, inner);
	}
	rsp_wr_close(&wr, outer);
	rsp_wr_close(&wr, whole);
	*ret = rsp_wr_end(&wr, &size);
	return size;
}

static void
padding_counts_between_parameters_and_not_after_the_last(void)
{
	/* RFC 5354 s.2 */
	static const uint8_t wanted[] = { 1, 2, 0, 21, 0, 10, 0, 17, 0, 9, 0, 5, 'x', 0, 0, 0, 0, 9, 0, 5, 'x', 0, 0, 0 };
	uint8_t buf[64];
	enum rsp_err err;
	size_t size = write_sample(buf, sizeof(buf), &err);

	CHECK_EQ(err, RSP_OK);
	CHECK_EQ(size, sizeof(wanted));
	CHECK(memcmp(buf, wanted, sizeof(wanted)) == 0);
	for (size_t cap = 0; cap < sizeof(wanted); cap++) {
		uint8_t *tight = malloc(cap + 1);
		CHECK_EQ(write_sample(tight, cap, &err), 0);
		CHECK_EQ(err, RSP_ELIMIT);
		free(tight);
	}
}

int
main(void)
{
	TAP_RUN(after_a_failed_read_all_reads_give_zeros);
	TAP_RUN(an_empty_view_is_no_special_case);
	TAP_RUN(nested_parameters_see_only_their_value);
	TAP_RUN(impossible_lengths_fail);
	TAP_RUN(padding_counts_between_parameters_and_not_after_the_last);
	return tap_end();
}
