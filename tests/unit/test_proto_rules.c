#include <stdlib.h>
#include <string.h>

#include "proto/message.h"
#include "tap.h"

static struct rsp_message msg;
static struct rsp_why why;
static uint8_t octets[RSP_MESSAGE_MAX + 8];
static size_t n_octets;

/* Decode the octets @hex, without its blanks. The first "...." stands for the length field, which is filled in. */
static enum rsp_err
decode(enum rsp_protocol protocol, const char *hex)
{
	char digits[2048] = "";
	size_t n = 0;
	bool fill = false;

	for (; *hex; hex++)
		if (*hex != ' ') {
			fill |= *hex == '.';
			digits[n++] = *hex == '.' ? '0' : *hex;
		}
	if (rsp_hex_decode(digits, n, octets, NULL))
		abort();
	n_octets = n / 2;
	if (fill)
		octets[3] = (uint8_t)n_octets;
	uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(octets, n_octets));
	why = (struct rsp_why){ 0 };
	enum rsp_err err = rsp_message_decode(protocol, rsp_bytes_of(exact, n_octets), &msg, &why);
	free(exact); /* exact size: a sanitizer sees a read beyond it; the views are into octets[] */
	if (!err && rsp_message_decode(protocol, rsp_bytes_of(octets, n_octets), &msg, NULL))
		abort();
	return err;
}

#define PH	      "0009 0007 776562 00 "
#define PE_ID	      "000e 0008 0a0b0c0d "
#define TCP	      "0005 0010 1f90 0000 0001 0008 c0000201 "
#define SCTP	      "0004 0010 1f90 0001 0001 0008 c0000201 "
#define RR	      "0008 0008 00000001 "
/* statement of epoch 5, instance 7, rank registered or removed */
#define STATEMENT(rank) "bf0a 0020 00000000 00000005 00000007 00000000 00000000 00000000 " rank " 0000 "
#define OWNER	      "bf01 0008 77656231 "
#define TOMB(len, life, what) "000a " len " 0a0b0c0d 00000000 " life what
#define UPDATE	      "0400 .... 11111111 00000000 0001 0000 "
#define PRESENCE      "0100 .... 11111111 00000000 "
#define PE(len, what) "000a " len " 0a0b0c0d 00000000 0000012c " what

static void
an_unknown_parameter_is_treated_by_its_high_bits(void)
{
	/* RFC 5354 s.3: 00 stops in silence, 01 stops and is reported, 10 is skipped, 11 is skipped and reported */
	CHECK_EQ(decode(RSP_ASAP, "0200 .... " PH PE_ID "0042 0005 78"), RSP_EUNKNOWN_PARAM);
	CHECK_EQ(why.cause, RSP_CAUSE_NONE);
	CHECK_EQ(why.offset, 20);
	CHECK_EQ(why.param_type, 0x42);

	CHECK_EQ(decode(RSP_ASAP, "0200 .... " PH PE_ID "4042 0005 78"), RSP_EUNKNOWN_PARAM);
	CHECK_EQ(why.cause, RSP_CAUSE_UNRECOGNIZED_PARAM);
	CHECK_EQ(why.offset, 20);
	struct rsp_bytes culprit = rsp_message_culprit(rsp_bytes_of(octets, n_octets), &why);
	CHECK(rsp_bytes_equal(culprit, rsp_bytes_of("\x40\x42\0\5x", 5)));

	uint8_t room[64];
	CHECK_EQ(decode(RSP_ASAP, "0200 .... " PH PE_ID "8042 0005 78"), RSP_OK);
	CHECK_EQ(msg.unknown.n, 1);
	CHECK_EQ(msg.unknown.to_report, 0);
	CHECK_EQ(rsp_message_unrecognized(&msg, room, sizeof(room)).n, 0);

	CHECK_EQ(decode(RSP_ASAP, "0200 .... " PH PE_ID "c042 0005 78"), RSP_OK);
	CHECK_EQ(msg.unknown.n, 1);
	CHECK_EQ(msg.unknown.to_report, 1);
	struct rsp_bytes report = rsp_message_unrecognized(&msg, room, sizeof(room));
	CHECK(rsp_bytes_equal(report, rsp_bytes_of("\0\1\0\11\xc0\x42\0\5x", 9)));
}

static void
unknown_parameters_may_stand_anywhere(void)
{
	uint8_t room[64];

	CHECK_EQ(decode(RSP_ASAP, "0200 .... 8042 0005 78000000" PH "8042 0004" PE_ID), RSP_OK);
	CHECK_EQ(msg.unknown.n, 2);
	CHECK_EQ(msg.pe_id, 0x0a0b0c0d);
	/* in an element: before, between and after the known ones, and among the addresses of a transport */
	CHECK_EQ(decode(RSP_ASAP,
			"0100 .... " PH PE("003c", "8042 0004" TCP "c043 0004" RR "c044 0006 abcd0000 8045 0004")),
		 RSP_OK);
	CHECK_EQ(msg.element.unknown.n, 4);
	CHECK_EQ(msg.element.unknown.to_report, 6);
	CHECK_EQ(rsp_message_unrecognized(&msg, room, sizeof(room)).n, 8 + 10);
	CHECK_EQ(decode(RSP_ASAP,
			"0100 .... " PH PE("0030", "0004 0018 1f90 0001 c042 0004 0001 0008 c0000201 8043 0004" RR)),
		 RSP_OK);
	CHECK_EQ(msg.element.user.n_addrs, 1);
	CHECK_EQ(msg.element.unknown.n, 2);
	CHECK_EQ(msg.element.unknown.to_report, 1);
	CHECK_EQ(rsp_transport_ip(&msg.element.user, 0).ip[0], 192);
	/* those that must stop the decoding do so inside an element, too */
	CHECK_EQ(decode(RSP_ASAP, "0100 .... " PH PE("002c", TCP RR "4044 0004")), RSP_EUNKNOWN_PARAM);
	CHECK_EQ(why.cause, RSP_CAUSE_UNRECOGNIZED_PARAM);
	CHECK_EQ(why.offset, 52);
	CHECK_EQ(decode(RSP_ENRP, "0100 .... 11111111 00000000 000b 001c 11111111" SCTP "0045 0004"),
		 RSP_EUNKNOWN_PARAM);
	CHECK_EQ(why.cause, RSP_CAUSE_NONE);
}

static void
more_unknown_parameters_than_are_kept_are_forgotten(void)
{
	CHECK_EQ(decode(RSP_ENRP,
			"0500 .... 11111111 22222222 c042 0004 c043 0004 c044 0004 c045 0004 c046 0004 c047 0004"
			"c048 0004 c049 0004 c04a 0004 c04b 0004"),
		 RSP_OK);
	CHECK_EQ(msg.unknown.n, RSP_UNKNOWN_MAX);
	CHECK_EQ(msg.unknown.to_report, 0xff);
}

static void
unknown_parameters_among_listed_ones_stay_there(void)
{
	uint8_t out[256];
	size_t n = 0;

	CHECK_EQ(decode(RSP_ENRP, "0600 .... 11111111 22222222 000b 0018 11111111" SCTP
				  "c042 0004 000b 0018 22222222" TCP "8043 0004"),
		 RSP_OK);
	CHECK_EQ(msg.n_list, 2);
	CHECK_EQ(msg.unknown.n, 2);
	CHECK_EQ(rsp_message_encode(&msg, out, sizeof(out), &n), RSP_OK);
	CHECK(rsp_bytes_equal(rsp_bytes_of(out, n), rsp_bytes_of(octets, n_octets)));
	struct rsp_list_item item;
	size_t cursor = 0;
	CHECK(rsp_list_next(&msg, &cursor, &item));
	CHECK_EQ(item.server_info.server_id, 0x11111111);
	CHECK_EQ(item.whole.n, 24);
	CHECK(rsp_list_next(&msg, &cursor, &item));
	CHECK_EQ(item.server_info.transport.type, RSP_PARAM_TCP);
	CHECK(!rsp_list_next(&msg, &cursor, &item));
}

static void
an_unknown_message_is_treated_by_its_high_bits(void)
{
	/* RFC 5354 s.4: 00 is not reported, 01 is; 10 and 11 are reserved */
	static const struct {
		const char *hex;
		uint16_t cause;
	} cases[] = {
		{ "00000004", RSP_CAUSE_NONE },
		{ "0f000004", RSP_CAUSE_NONE },
		{ "4f000004", RSP_CAUSE_UNRECOGNIZED_MSG },
		{ "7f00000800000001", RSP_CAUSE_UNRECOGNIZED_MSG },
		{ "81000004", RSP_CAUSE_NONE },
		{ "ff000004", RSP_CAUSE_NONE },
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		CHECK_EQ(decode(RSP_ASAP, cases[i].hex), RSP_EUNKNOWN_MSG);
		CHECK_EQ(why.cause, cases[i].cause);
		size_t culprit = rsp_message_culprit(rsp_bytes_of(octets, n_octets), &why).n;
		CHECK_EQ(culprit, cases[i].cause == RSP_CAUSE_NONE ? 0 : n_octets);
	}
	CHECK_EQ(decode(RSP_ENRP, "0b000004"), RSP_EUNKNOWN_MSG); /* a type of ASAP, not of ENRP */
}

static void
errors_never_answer_errors(void)
{
	uint8_t room[64];

	CHECK_EQ(decode(RSP_ASAP, "0e00 .... 000c 0004"), RSP_EMALFORM);
	CHECK_EQ(why.cause, RSP_CAUSE_NONE);
	CHECK_EQ(decode(RSP_ASAP, "0e00 .... 4042 0004"), RSP_EUNKNOWN_PARAM);
	CHECK_EQ(why.cause, RSP_CAUSE_NONE);
	CHECK_EQ(decode(RSP_ENRP, "0a00 .... 11111111 22222222 000c 0008 0001 0004 c042 0004"), RSP_OK);
	CHECK_EQ(msg.unknown.to_report, 1);
	CHECK_EQ(rsp_message_unrecognized(&msg, room, sizeof(room)).n, 0);
}

static void
the_size_of_a_message_is_known_from_its_first_four_octets(void)
{
	CHECK_EQ(rsp_message_frame(rsp_bytes_of("\1\0\0", 3)), 0);
	CHECK_EQ(rsp_message_frame(rsp_bytes_of("\1\0\0\3", 4)), SIZE_MAX);
	CHECK_EQ(rsp_message_frame(rsp_bytes_of("\1\0\0\4", 4)), 4);
	CHECK_EQ(rsp_message_frame(rsp_bytes_of("\1\0\0\5", 4)), 8);
	CHECK_EQ(rsp_message_frame(rsp_bytes_of("\1\0\xff\xff", 4)), 65536);
}

static void
a_message_must_fill_its_octets_exactly(void)
{
	CHECK_EQ(decode(RSP_ASAP, ""), RSP_EMALFORM);
	CHECK_EQ(decode(RSP_ASAP, "010000"), RSP_EMALFORM);
	CHECK_EQ(decode(RSP_ASAP, "01000003"), RSP_EMALFORM);
	CHECK_EQ(decode(RSP_ASAP, "01000008"), RSP_EMALFORM);
	CHECK_EQ(why.cause, RSP_CAUSE_NONE);
	CHECK_EQ(decode(RSP_ENRP, "0500000c 11111111 22222222 00000000"), RSP_EMALFORM); /* octets follow the message */
	CHECK_EQ(why.offset, 12);
	CHECK_EQ(decode(RSP_ENRP, "05000008 11111111"), RSP_EMALFORM); /* no room for its fixed fields */
}

static void
the_final_padding_may_be_counted_or_missing(void)
{
	/* not counted; counted, as rsplib does; missing */
	CHECK_EQ(decode(RSP_ASAP, "0b000009 000d 0005 78 000000"), RSP_OK);
	CHECK_EQ(msg.cookie.n, 1);
	CHECK_EQ(decode(RSP_ASAP, "0b00000c 000d 0005 78 000000"), RSP_OK);
	CHECK_EQ(msg.cookie.n, 1);
	CHECK_EQ(decode(RSP_ASAP, "0b000009 000d 0005 78"), RSP_OK);
	CHECK_EQ(decode(RSP_ASAP, "0b000009 000d 0005 78 abcdef"), RSP_OK); /* its content is ignored */
}

static void
padding_between_parameters_counts_in_the_message(void)
{
	CHECK_EQ(decode(RSP_ASAP, "0200 0014 " PH PE_ID), RSP_OK);
	CHECK_EQ(decode(RSP_ASAP, "0200 0013 0009 0007 776562 000e 0008 0a0b0c0d 00"), RSP_EMALFORM);
}

static void
more_than_three_octets_are_not_padding(void)
{
	CHECK_EQ(decode(RSP_ASAP, "0b000010 000d 0005 78 000000 00000000"), RSP_EMALFORM);
}

static void
impossible_values_are_refused(void)
{
	static const struct {
		enum rsp_protocol protocol;
		const char *what, *hex;
		enum rsp_err err;
		size_t offset;
	} cases[] = {
		{ RSP_ASAP, "no handle", "0200 .... " PE_ID, RSP_EMALFORM, 4 },
		{ RSP_ASAP, "no identifier", "0200 .... " PH, RSP_EMALFORM, 12 },
		{ RSP_ASAP, "two handles", "0200 .... " PH PH PE_ID, RSP_EMALFORM, 12 },
		{ RSP_ASAP, "identifier first", "0200 .... " PE_ID PH, RSP_EMALFORM, 4 },
		{ RSP_ASAP, "empty handle", "0500 .... 0009 0004", RSP_EVALUE, 4 },
		{ RSP_ASAP, "short identifier", "0200 .... " PH "000e 0007 0a0b0c00", RSP_EMALFORM, 12 },
		{ RSP_ASAP, "long identifier", "0200 .... " PH "000e 000c 0a0b0c0d 00000000", RSP_EMALFORM, 12 },
		{ RSP_ASAP, "length 3", "0500 .... 0009 0003 776562 00", RSP_EMALFORM, 4 },
		{ RSP_ASAP, "beyond the message", "0500 .... 0009 0009 776562 00", RSP_EMALFORM, 4 },
		{ RSP_ASAP, "two elements", "0100 .... " PH PE("0028", TCP RR) PE("0028", TCP RR), RSP_EMALFORM, 52 },
		{ RSP_ASAP, "element too short", "0100 .... " PH "000a 000c 0a0b0c0d 00000000", RSP_EMALFORM, 12 },
		{ RSP_ASAP, "no transport", "0100 .... " PH PE("0018", RR), RSP_EMALFORM, 28 },
		{ RSP_ASAP, "no transport at all", "0100 .... " PH PE("0010", ""), RSP_EMALFORM, 12 },
		{ RSP_ASAP, "no policy", "0100 .... " PH PE("0020", TCP), RSP_EMALFORM, 12 },
		{ RSP_ASAP, "two transports", "0100 .... " PH PE("0038", TCP TCP RR), RSP_EMALFORM, 44 },
		{ RSP_ASAP, "udp as ASAP transport",
		  "0100 .... " PH PE("0038", TCP RR "0006 0010 1f90 0000 0001 0008 c0000201"), RSP_EMALFORM, 52 },
		{ RSP_ASAP, "negative life", "0100 .... " PH "000a 0028 0a0b0c0d 00000000 fffffffe" TCP RR, RSP_EVALUE,
		  12 },
		{ RSP_ASAP, "transport without address", "0100 .... " PH PE("0018", "0004 0008 1f90 0000" RR),
		  RSP_EMALFORM, 28 },
		{ RSP_ASAP, "transport use 2", "0100 .... " PH PE("0028", "0004 0010 1f90 0002 0001 0008 c0000201" RR),
		  RSP_EVALUE, 28 },
		{ RSP_ASAP, "two TCP addresses",
		  "0100 .... " PH PE("0030", "0005 0018 1f90 0000 0001 0008 c0000201 0001 0008 c0000202" RR),
		  RSP_EVALUE, 28 },
		{ RSP_ASAP, "address of 3 octets",
		  "0100 .... " PH PE("0028", "0005 000f 1f90 0000 0001 0007 c0000200" RR), RSP_EMALFORM, 36 },
		{ RSP_ASAP, "address of 8 octets",
		  "0100 .... " PH PE("002c", "0005 0014 1f90 0000 0001 000c c0000201 00000000" RR), RSP_EMALFORM, 36 },
		{ RSP_ASAP, "IPv6 address of 4 octets",
		  "0100 .... " PH PE("0028", "0005 0010 1f90 0000 0002 0008 c0000201" RR), RSP_EMALFORM, 36 },
		{ RSP_ASAP, "handle in a transport",
		  "0100 .... " PH PE("0028", "0005 0010 1f90 0000 0009 0008 c0000201" RR), RSP_EMALFORM, 36 },
		{ RSP_ASAP, "policy 0", "0100 .... " PH PE("0028", TCP "0008 0008 00000000"), RSP_EVALUE, 44 },
		{ RSP_ASAP, "policy without type", "0100 .... " PH PE("0024", TCP "0008 0006 00000000"), RSP_EMALFORM,
		  44 },
		{ RSP_ASAP, "weight missing", "0100 .... " PH PE("0028", TCP "0008 0008 00000002"), RSP_EMALFORM, 44 },
		{ RSP_ASAP, "degradation missing", "0100 .... " PH PE("002c", TCP "0008 000c 40000002 00000001"),
		  RSP_EMALFORM, 44 },
		{ RSP_ASAP, "empty owner", "0100 .... " PH PE("002c", TCP RR "bf01 0004"), RSP_EVALUE, 52 },
		{ RSP_ASAP, "version 0", "0100 .... " PH PE("0034", TCP RR "bf03 000c 00000000 00000000"), RSP_EVALUE, 52 },
		{ RSP_ASAP, "version 2^63", "0100 .... " PH PE("0034", TCP RR "bf03 000c 80000000 00000000"), RSP_EVALUE,
		  52 },
		{ RSP_ASAP, "version of 4 octets", "0100 .... " PH PE("0030", TCP RR "bf03 0008 00000001"), RSP_EMALFORM,
		  52 },
		{ RSP_ENRP, "server without a name", "0100 .... 11111111 00000000 000b 001c 11111111" TCP "bf04 0004",
		  RSP_EVALUE, 36 },
		{ RSP_ENRP, "digest of 4 octets", "0100 .... 11111111 00000000 000b 0020 11111111" TCP "bf05 0008 00000001",
		  RSP_EMALFORM, 36 },
		{ RSP_ASAP, "epoch 2^63", "0200 .... " PH PE_ID "bf09 0014 80000000 00000000 00000001 00000000", RSP_EVALUE,
		  20 },
		{ RSP_ASAP, "instance 0", "0200 .... " PH PE_ID "bf09 0014 00000000 00000001 00000000 00000001", RSP_EVALUE,
		  20 },
		{ RSP_ASAP, "epoch of 12 octets", "0200 .... " PH PE_ID "bf09 0010 00000000 00000001 00000001", RSP_EMALFORM,
		  20 },
		{ RSP_ASAP, "epoch of 20 octets",
		  "0200 .... " PH PE_ID "bf09 0018 00000000 00000001 00000001 00000000 00000000", RSP_EMALFORM, 20 },
		{ RSP_ENRP, "statement of rank 0", UPDATE PH PE("0048", TCP RR STATEMENT("0000")), RSP_EVALUE, 64 },
		{ RSP_ENRP, "statement of rank 65001", UPDATE PH PE("0048", TCP RR STATEMENT("fde9")), RSP_EVALUE, 64 },
		{ RSP_ENRP, "statement of rank 65534", UPDATE PH PE("0048", TCP RR STATEMENT("fffe")), RSP_EVALUE, 64 },
		{ RSP_ENRP, "statement of instance 0",
		  UPDATE PH PE("0048", TCP RR "bf0a 0020 00000000 00000005 00000000 00000007 00000000 00000000 00010000"),
		  RSP_EVALUE, 64 },
		{ RSP_ENRP, "statement of epoch 2^63",
		  UPDATE PH PE("0048", TCP RR "bf0a 0020 80000000 00000000 00000007 00000000 00000000 00000000 00010000"),
		  RSP_EVALUE, 64 },
		{ RSP_ENRP, "statement of 24 octets",
		  UPDATE PH PE("0044", TCP RR "bf0a 001c 00000000 00000005 00000007 00000000 00000000 00000000"),
		  RSP_EMALFORM, 64 },
		{ RSP_ENRP, "statement of 32 octets",
		  UPDATE PH PE("004c", TCP RR "bf0a 0024 00000000 00000005 00000007 00000000 00000000 00000000 00010000 00000000"),
		  RSP_EMALFORM, 64 },
		{ RSP_ENRP, "tombstone of rank 1", UPDATE PH TOMB("0030", "00000000", STATEMENT("0001")), RSP_EMALFORM, 24 },
		{ RSP_ENRP, "tombstone without statement", UPDATE PH TOMB("0018", "00000000", OWNER), RSP_EMALFORM, 24 },
		{ RSP_ENRP, "tombstone with life", UPDATE PH TOMB("0030", "0000012c", STATEMENT("ffff")), RSP_EVALUE, 24 },
		{ RSP_ENRP, "tombstone with transport only", UPDATE PH TOMB("0040", "00000000", TCP STATEMENT("ffff")),
		  RSP_EMALFORM, 24 },
		{ RSP_ENRP, "tombstone with policy only", UPDATE PH TOMB("0038", "00000000", RR STATEMENT("ffff")), RSP_EMALFORM,
		  40 },
		{ RSP_ENRP, "transport after the owner", UPDATE PH TOMB("0050", "00000000", OWNER TCP RR STATEMENT("ffff")),
		  RSP_EMALFORM, 48 },
		{ RSP_ASAP, "tombstone in ASAP", "0100 .... " PH TOMB("0030", "00000000", STATEMENT("ffff")), RSP_EMALFORM, 12 },
		{ RSP_ASAP, "tombstone in an answer", "0600 .... " PH TOMB("0030", "00000000", STATEMENT("ffff")), RSP_EMALFORM,
		  12 },
		{ RSP_ENRP, "state of 16 octets",
		  PRESENCE "000b 002c 11111111" TCP "bf0b 0014 00000000 00000001 00000000 00000001", RSP_EMALFORM, 36 },
		{ RSP_ENRP, "clock of 4 octets", PRESENCE "000b 0020 11111111" TCP "bf0c 0008 00000001", RSP_EMALFORM, 36 },
		{ RSP_ENRP, "clock of 12 octets", PRESENCE "000b 0028 11111111" TCP "bf0c 0010 00000000 00000001 00000000",
		  RSP_EMALFORM, 36 },
		{ RSP_ENRP, "one and a half heard", PRESENCE
		  "000b 0030 11111111" TCP "bf0d 0016 22222222 00000000 00000001 33333333 0000 0000", RSP_EMALFORM, 36 },
		{ RSP_ENRP, "update number of 4 octets", UPDATE PH PE("0028", TCP RR) "bf0e 0008 00000001", RSP_EMALFORM, 64 },
		{ RSP_ENRP, "reported with a value", UPDATE PH PE("0028", TCP RR) "bf15 0008 00000001", RSP_EMALFORM, 64 },
		{ RSP_ENRP, "table of 8 octets", "0201 .... 11111111 22222222 bf0f 000c 33333333 00000000", RSP_EMALFORM, 12 },
		{ RSP_ENRP, "table of 2 octets in an answer", "0300 .... 11111111 22222222 bf0f 0006 33330000", RSP_EMALFORM, 12 },
		{ RSP_ENRP, "updates from 4 octets", "0201 .... 11111111 22222222 bf11 0008 00000001", RSP_EMALFORM, 12 },
		{ RSP_ENRP, "element after the id of a table", "0300 .... 11111111 22222222 bf0f 0008 33333333" PE("0028", TCP RR),
		  RSP_EMALFORM, 20 },
		{ RSP_ASAP, "error without cause", "0e00 .... 000c 0004", RSP_EMALFORM, 4 },
		{ RSP_ASAP, "cause length 3", "0e00 .... 000c 0008 0001 0003", RSP_EMALFORM, 4 },
		{ RSP_ASAP, "cause beyond", "0e00 .... 000c 0008 0001 0005", RSP_EMALFORM, 4 },
		{ RSP_ASAP, "udp announced", "0a00 .... 11111111 0006 0010 1f90 0000 0001 0008 c0000201", RSP_EMALFORM,
		  8 },
		{ RSP_ASAP, "card without element", "0d00 .... " PH, RSP_EMALFORM, 12 },
		{ RSP_ASAP, "item count of 2 octets", "0500 .... " PH "803f 0006 0001 0000", RSP_EMALFORM, 12 },
		{ RSP_ENRP, "checksum of 4 octets", "0100 .... 11111111 00000000 000f 0008 00000000", RSP_EMALFORM,
		  12 },
		{ RSP_ENRP, "server without transport", "0100 .... 11111111 00000000 000b 0008 11111111", RSP_EMALFORM,
		  12 },
		{ RSP_ENRP, "update action 2", "0400 .... 11111111 00000000 0002 0000" PH PE("0028", TCP RR),
		  RSP_EVALUE, 12 },
		{ RSP_ENRP, "element without handle", "0300 .... 11111111 00000000" PE("0028", TCP RR), RSP_EMALFORM,
		  12 },
		{ RSP_ENRP, "handle without element", "0300 .... 11111111 00000000" PH, RSP_EMALFORM, 20 },
		{ RSP_ENRP, "handle after handle", "0300 .... 11111111 00000000" PH PH PE("0028", TCP RR), RSP_EMALFORM,
		  20 },
		{ RSP_ENRP, "takeover without target", "0700 .... 11111111 00000000", RSP_EMALFORM, 12 },
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		enum rsp_err err = decode(cases[i].protocol, cases[i].hex);

		if (err != cases[i].err || why.offset != cases[i].offset)
			printf("# %s: %s, %s\n", cases[i].what, rsp_err_key(err), why.reason);
		CHECK_EQ(err, cases[i].err);
		CHECK_EQ(why.offset, cases[i].offset);
		CHECK(why.object[0] && why.reason[0]);
	}
}

/* RFC 5354 s.4 */
static void
flags_that_a_type_does_not_define_are_ignored(void)
{
	CHECK_EQ(decode(RSP_ASAP, "02ff .... " PH PE_ID), RSP_OK);
	CHECK_EQ(msg.flags, 0);
	CHECK_EQ(decode(RSP_ENRP, "03ff .... 11111111 22222222"), RSP_OK);
	CHECK_EQ(msg.flags, ENRP_FLAG_MORE | ENRP_FLAG_REJECT);
}

static void
reserved_fields_are_ignored(void)
{
	CHECK_EQ(decode(RSP_ASAP, "0100 .... " PH PE("0028", "0005 0010 1f90 ffff 0001 0008 c0000201" RR)), RSP_OK);
	CHECK_EQ(msg.element.user.use, 0);
	CHECK_EQ(decode(RSP_ENRP, "0400 .... 11111111 00000000 0001 ffff" PH PE("0028", TCP RR)), RSP_OK);
}

static void
octets_behind_the_words_of_a_policy_are_kept(void)
{
	CHECK_EQ(decode(RSP_ASAP, "0100 .... " PH PE("002a", TCP "0008 000a 00000001 abcd 0000")), RSP_OK);
	CHECK_EQ(msg.element.policy.extra.n, 2);
}

static void
the_item_count_is_known_in_a_resolution_only(void)
{
	CHECK_EQ(decode(RSP_ASAP, "0500 .... " PH "803f 0008 00000007"), RSP_OK);
	CHECK_EQ(msg.item_count, 7);
	CHECK_EQ(decode(RSP_ASAP, "0200 .... " PH PE_ID "803f 0008 00000007"), RSP_OK); /* here it is skipped */
	CHECK_EQ(msg.unknown.n, 1);
}

static void
a_statement_may_have_the_ranks_of_registered_taken_over_and_removed(void)
{
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH PE("0048", TCP RR STATEMENT("0001"))), RSP_OK);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REGISTERED);
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH PE("0048", TCP RR STATEMENT("fde8"))), RSP_OK);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_TAKEN_MAX);
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH PE("0048", TCP RR STATEMENT("ffff"))), RSP_OK);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	CHECK_EQ(msg.element.user.type, RSP_PARAM_TCP);
	CHECK_EQ(msg.element.statement.epoch.epoch, 5);
	CHECK_EQ(msg.element.statement.epoch.instance, 7);
}

static void
a_tombstone_needs_neither_transport_nor_policy(void)
{
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH TOMB("0038", "00000000", OWNER STATEMENT("ffff"))), RSP_OK);
	CHECK_EQ(msg.element.user.type, 0);
	CHECK_EQ(msg.element.policy.type, 0);
	CHECK_EQ(msg.element.owner.n, 4);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
}

/* Decode @hex, and encode it again: into octets[]. */
static bool
encodes_as(const char *hex, const char *wanted)
{
	uint8_t out[256];
	size_t n = 0;

	if (decode(RSP_ENRP, hex) || rsp_message_encode(&msg, out, sizeof(out), &n))
		return false;
	return decode(RSP_ENRP, wanted) == RSP_OK && rsp_bytes_equal(rsp_bytes_of(out, n), rsp_bytes_of(octets, n_octets));
}

#define SIGNED "bf02 0008 aaaaaaaa "
#define TAGS   "bf13 0006 bbbb 0000 "

static void
a_statement_is_written_behind_unknown_parameters(void)
{
	const char *wanted = UPDATE PH PE("0060", TCP RR OWNER SIGNED TAGS STATEMENT("0001"));

	CHECK(encodes_as(wanted, wanted));
	CHECK_EQ(msg.element.unknown.n, 2);
	CHECK(encodes_as(UPDATE PH PE("0060", TCP RR OWNER STATEMENT("0001") SIGNED TAGS), wanted));
	CHECK(encodes_as(UPDATE PH PE("0060", TCP SIGNED RR OWNER TAGS STATEMENT("0001")), wanted));
	wanted = UPDATE PH PE("0064", TCP RR SIGNED TAGS "bf03 000c 00000000 00000009" STATEMENT("0001"));
	CHECK(encodes_as(wanted, wanted));
	CHECK_EQ(msg.element.version, 9);
	wanted = UPDATE PH TOMB("0040", "00000000", OWNER SIGNED STATEMENT("ffff"));
	CHECK(encodes_as(wanted, wanted));
}

static void
of_two_statements_the_first_one_counts(void)
{
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH PE("0068", TCP RR STATEMENT("0001") STATEMENT("0002"))), RSP_OK);
	CHECK_EQ(msg.element.statement.rank, 1);
	CHECK_EQ(msg.element.unknown.n, 0);
}

static void
a_statement_in_asap_is_skipped(void)
{
	struct rsp_list_item item;
	size_t cursor = 0;

	CHECK_EQ(decode(RSP_ASAP, "0100 .... " PH PE("0048", TCP RR STATEMENT("0001"))), RSP_OK);
	CHECK_EQ(msg.element.statement.rank, 0);
	CHECK_EQ(msg.element.statement.epoch.instance, 0);
	CHECK_EQ(decode(RSP_ASAP, "0600 .... " PH PE("0048", TCP RR STATEMENT("0001"))), RSP_OK);
	CHECK(rsp_list_next(&msg, &cursor, &item));
	CHECK_EQ(item.element.statement.rank, 0);
}

static void
octets_behind_the_known_ones_of_a_state_are_ignored(void)
{
	CHECK_EQ(decode(RSP_ENRP, PRESENCE "000b 0034 11111111" TCP
				  "bf0b 001c 00000000 00000001 00000000 00000002 00000003 00000004"),
		 RSP_OK);
	CHECK(msg.server_info.has_state);
	CHECK_EQ(msg.server_info.state.digest, 1);
	CHECK_EQ(msg.server_info.state.update, 2);
	CHECK_EQ(msg.server_info.state.capabilities, 3);
}

static void
the_heard_registrars_are_read_one_by_one(void)
{
	struct rsp_heard heard = { 0 };
	size_t cursor = 0;

	CHECK_EQ(decode(RSP_ENRP, PRESENCE "000b 0034 11111111" TCP
				  "bf0d 001c 22222222 00000000 00000001 33333333 ffffffff fffffffe"),
		 RSP_OK);
	CHECK(rsp_heard_next(msg.server_info.heard, &cursor, &heard));
	CHECK_EQ(heard.server_id, 0x22222222);
	CHECK_EQ(heard.digest, 1);
	CHECK(rsp_heard_next(msg.server_info.heard, &cursor, &heard));
	CHECK_EQ(heard.server_id, 0x33333333);
	CHECK(heard.digest == UINT64_MAX - 1);
	CHECK(!rsp_heard_next(msg.server_info.heard, &cursor, &heard));
	cursor = 0;
	CHECK_EQ(decode(RSP_ENRP, PRESENCE "000b 001c 11111111" TCP "bf0d 0004"), RSP_OK);
	CHECK(!rsp_heard_next(msg.server_info.heard, &cursor, &heard));
}

static void
a_private_parameter_at_a_wrong_position_is_skipped_and_not_kept(void)
{
	static const struct {
		enum rsp_protocol protocol;
		const char *hex;
	} cases[] = {
		{ RSP_ASAP, "0200 .... " PH "bf09 0014 00000000 00000001 00000001 00000000" PE_ID },
		{ RSP_ASAP, "0900 .... " PH PE_ID "bf09 0014 00000000 00000001 00000001 00000000" },
		{ RSP_ENRP, UPDATE PH "bf0e 000c 00000000 00000001" PE("0028", TCP RR) },
		{ RSP_ENRP, UPDATE PH "bf15 0004" PE("0028", TCP RR) },
		{ RSP_ENRP, "0300 .... 11111111 22222222" PH PE("0028", TCP RR) "bf0f 0008 33333333" },
		{ RSP_ENRP, "0300 .... 11111111 22222222" PH PE("0028", TCP RR) "bf11 000c 00000000 00000001" },
		{ RSP_ENRP, "0500 .... 11111111 22222222 bf0f 0008 33333333" },
	};

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		CHECK_EQ(decode(cases[i].protocol, cases[i].hex), RSP_OK);
		CHECK_EQ(msg.has & ~(unsigned)(RSP_HAS_HANDLE | RSP_HAS_PE_ID | RSP_HAS_ELEMENT | RSP_HAS_LIST), 0);
		CHECK_EQ(msg.unknown.n, 0);
	}
	/* after 0xbf0e, 0xbf15 stands at a wrong position */
	CHECK_EQ(decode(RSP_ENRP, UPDATE PH PE("0028", TCP RR) "bf0e 000c 00000000 00000001 bf15 0004"), RSP_OK);
	CHECK_EQ(msg.has, RSP_HAS_HANDLE | RSP_HAS_ELEMENT | RSP_HAS_UPDATE_NUMBER);
}

static void
an_element_without_transport_is_encoded_as_a_tombstone_only(void)
{
	struct rsp_message out = { .protocol = RSP_ENRP, .type = ENRP_HANDLE_UPDATE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT, .handle = rsp_bytes_str("web") };
	size_t n = 0;

	out.element.lifetime_s = 300;
	out.element.statement = (struct rsp_statement){ .epoch = { .instance = 1 }, .rank = RSP_RANK_REGISTERED };
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_EINTERNAL);
	out.element.statement.rank = RSP_RANK_REMOVED;
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_OK);
	CHECK_EQ(rsp_message_decode(RSP_ENRP, rsp_bytes_of(octets, n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.element.lifetime_s, 0);
}

static void
a_transport_has_at_most_32_addresses(void)
{
	static uint8_t room[RSP_ADDRS_ROOM(RSP_ADDRS_MAX + 1)];
	struct rsp_ip ips[RSP_ADDRS_MAX + 1];
	struct rsp_transport sctp = { .type = RSP_PARAM_SCTP, .port = 1 };
	size_t n = 0;

	for (unsigned i = 0; i <= RSP_ADDRS_MAX; i++)
		ips[i] = (struct rsp_ip){ .family = i % 2 ? 6 : 4, .ip = { (uint8_t)i } };
	for (unsigned count = RSP_ADDRS_MAX; count <= RSP_ADDRS_MAX + 1; count++) {
		struct rsp_message out = { .protocol = RSP_ASAP, .type = ASAP_REGISTRATION };

		rsp_transport_set_ips(&sctp, ips, count, room);
		out.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT;
		out.handle = rsp_bytes_str("web");
		out.element = (struct rsp_pool_element){ .user = sctp, .policy = { .type = RSP_POLICY_RR } };
		CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_OK);
		enum rsp_err err = rsp_message_decode(RSP_ASAP, rsp_bytes_of(octets, n), &msg, &why);
		CHECK_EQ(err, count > RSP_ADDRS_MAX ? RSP_EVALUE : RSP_OK);
		for (unsigned i = 0; !err && i < count; i++) {
			struct rsp_ip ip = rsp_transport_ip(&msg.element.user, i);
			CHECK(rsp_ip_equal(&ip, &ips[i]));
		}
	}
	CHECK_EQ(rsp_transport_ip(&msg.element.user, RSP_ADDRS_MAX).family, 0);
}

static void
a_message_has_at_most_65535_octets(void)
{
	static const uint8_t zeros[RSP_MESSAGE_MAX];
	struct rsp_message out = { .protocol = RSP_ASAP, .type = ASAP_COOKIE, .has = RSP_HAS_COOKIE };
	size_t n = 0;

	out.cookie = rsp_bytes_of(zeros, RSP_MESSAGE_MAX - 8);
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_OK);
	CHECK_EQ(n, 65536);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(octets, n), &msg, NULL), RSP_OK);
	CHECK_EQ(msg.cookie.n, RSP_MESSAGE_MAX - 8);
	out.cookie.n++;
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_ELIMIT);
}

static void
a_message_that_lacks_a_mandatory_parameter_is_not_encoded(void)
{
	struct rsp_message out = { .protocol = RSP_ASAP, .type = ASAP_REGISTRATION, .has = RSP_HAS_HANDLE };
	size_t n = 0;

	out.handle = rsp_bytes_str("web");
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_EINTERNAL);
	out.has |= RSP_HAS_ELEMENT; /* without a transport */
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_EINTERNAL);
	out.type = 0x0f;
	CHECK_EQ(rsp_message_encode(&out, octets, sizeof(octets), &n), RSP_EUNKNOWN_MSG);
}

static void
a_cause_fits_its_room_or_goes_without_information(void)
{
	uint8_t room[16];

	CHECK_EQ(rsp_error_compose(RSP_CAUSE_INVALID_VALUES, rsp_bytes_str("12345678"), room, 3).n, 0);
	CHECK_EQ(rsp_error_compose(RSP_CAUSE_INVALID_VALUES, rsp_bytes_str("12345678"), room, 11).n, 4);
	CHECK_EQ(rsp_error_compose(RSP_CAUSE_INVALID_VALUES, rsp_bytes_str("12345678"), room, 12).n, 12);
	msg = (struct rsp_message){ .error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, 16) };
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_SECURITY);
	msg.error.n = 0;
	CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_NONE);
}

static void
parameters_causes_and_messages_have_names(void)
{
	const struct rsp_policy_row *row;
	unsigned policies = 0;

	for (; (row = rsp_policy_at(policies)); policies++) {
		CHECK(rsp_policy_row(row->type) == row);
		CHECK(rsp_policy_named(row->key) == row);
		CHECK(rsp_policy_named(row->alias) == row);
	}
	CHECK_EQ(policies, 9);
	CHECK(!rsp_policy_named("fastest"));
	CHECK(!rsp_policy_row(0));
	for (uint16_t cause = 0; cause <= RSP_CAUSE_SECURITY; cause++)
		CHECK(rsp_cause_key(cause) && rsp_cause_name(cause));
	CHECK(!rsp_cause_key(0xb) && !rsp_cause_name(RSP_CAUSE_NONE));
	for (uint16_t cause = RSP_CAUSE_EPOCH_OLD; cause <= RSP_CAUSE_DEREGISTERED; cause++)
		CHECK(rsp_cause_key(cause) && rsp_cause_name(cause));
	CHECK(!rsp_cause_key(RSP_CAUSE_EPOCH_OLD - 1) && !rsp_cause_key(RSP_CAUSE_DEREGISTERED + 1));
	CHECK_STR(rsp_cause_key(RSP_CAUSE_EPOCH_OLD), "epoch-old");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_EXPIRED), "registration-expired");
	CHECK_STR(rsp_cause_key(RSP_CAUSE_DEREGISTERED), "deregistered");
	CHECK_STR(rsp_param_name(RSP_PARAM_STATEMENT), "Statement");
	CHECK(!rsp_param_name(0xbf02) && !rsp_param_name(0xbf10) && !rsp_param_name(0xbf70));
	CHECK_STR(rsp_param_name(0x1), "IPv4 Address");
	CHECK_STR(rsp_param_name(0x10), "Opaque Transport");
	CHECK(!rsp_param_name(0) && !rsp_param_name(0x11) && !rsp_param_name(0xffff));
	CHECK_STR(rsp_message_name(RSP_ENRP, ENRP_INIT_TAKEOVER_ACK), "ENRP_INIT_TAKEOVER_ACK");
	CHECK(!rsp_message_name(RSP_ASAP, 0));
	CHECK(rsp_param_reported(0x4042) && !rsp_param_reported(0x42) && !rsp_param_reported(0xc042));
}

int
main(void)
{
	TAP_RUN(an_unknown_parameter_is_treated_by_its_high_bits);
	TAP_RUN(unknown_parameters_may_stand_anywhere);
	TAP_RUN(more_unknown_parameters_than_are_kept_are_forgotten);
	TAP_RUN(unknown_parameters_among_listed_ones_stay_there);
	TAP_RUN(an_unknown_message_is_treated_by_its_high_bits);
	TAP_RUN(errors_never_answer_errors);
	TAP_RUN(the_size_of_a_message_is_known_from_its_first_four_octets);
	TAP_RUN(a_message_must_fill_its_octets_exactly);
	TAP_RUN(the_final_padding_may_be_counted_or_missing);
	TAP_RUN(padding_between_parameters_counts_in_the_message);
	TAP_RUN(more_than_three_octets_are_not_padding);
	TAP_RUN(impossible_values_are_refused);
	TAP_RUN(flags_that_a_type_does_not_define_are_ignored);
	TAP_RUN(reserved_fields_are_ignored);
	TAP_RUN(octets_behind_the_words_of_a_policy_are_kept);
	TAP_RUN(the_item_count_is_known_in_a_resolution_only);
	TAP_RUN(a_statement_may_have_the_ranks_of_registered_taken_over_and_removed);
	TAP_RUN(a_tombstone_needs_neither_transport_nor_policy);
	TAP_RUN(a_statement_is_written_behind_unknown_parameters);
	TAP_RUN(of_two_statements_the_first_one_counts);
	TAP_RUN(a_statement_in_asap_is_skipped);
	TAP_RUN(octets_behind_the_known_ones_of_a_state_are_ignored);
	TAP_RUN(the_heard_registrars_are_read_one_by_one);
	TAP_RUN(a_private_parameter_at_a_wrong_position_is_skipped_and_not_kept);
	TAP_RUN(an_element_without_transport_is_encoded_as_a_tombstone_only);
	TAP_RUN(a_transport_has_at_most_32_addresses);
	TAP_RUN(a_message_has_at_most_65535_octets);
	TAP_RUN(a_message_that_lacks_a_mandatory_parameter_is_not_encoded);
	TAP_RUN(a_cause_fits_its_room_or_goes_without_information);
	TAP_RUN(parameters_causes_and_messages_have_names);
	return tap_end();
}
