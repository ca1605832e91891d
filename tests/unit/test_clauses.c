#include "client_world.h"

/* Clauses of RFC 5352 and RFC 5354 that an element or a user keeps, each tried from all sides. */

/* RFC 5352 3.1: a rejected registration MUST NOT be re-attempted without correcting the error: not at a new home either */

static unsigned
count_registrations(uint32_t link, uint32_t pe_id)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w.n_sent; i++) {
		struct rsp_message msg;

		if (w.sent[i].link == link && w.sent[i].octets[0] == ASAP_REGISTRATION &&
		    !rsp_message_decode(RSP_ASAP, rsp_bytes_of(w.sent[i].octets, w.sent[i].n), &msg, NULL))
			n += msg.element.pe_id == pe_id;
	}
	return n;
}

/* 0x11 is rejected by alpha, 0x12 is held there. */
static void
one_rejected_one_held(void)
{
	begin_registering_at_alpha(2);
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_INCONSISTENT_POLICY);
	world_registered(&w, 1, "web", 0x12, RSP_CAUSE_NONE);
}

static void
only_what_was_accepted_registered_at(uint32_t link, unsigned at_alpha)
{
	struct rsp_client_stats stats;

	world_run(&w, w.now + 2000);
	world_serve(&w, link);
	world_run(&w, w.now + 3600000);
	CHECK_EQ(count_registrations(1, 0x11), at_alpha);
	CHECK_EQ(count_registrations(link, 0x11), 0);
	CHECK(count_registrations(link, 0x12) > 0);
	rsp_client_stats(w.c, &stats);
	CHECK_EQ(stats.rejected, 1);
	world_end(&w);
}

static void
a_rejected_registration_is_not_tried_at_the_next_home(void)
{
	one_rejected_one_held();
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	only_what_was_accepted_registered_at(w.next_link, 1);
}

/* KA2.4: the new home comes to us */
static void
nor_at_a_home_that_takes_over(void)
{
	one_rejected_one_held();
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	world_keepalive(&w, 77, 0xb, true, "web", 0x12);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 2);
	only_what_was_accepted_registered_at(77, 1);
}

/* T2 is over for another one of its elements */
static void
nor_when_the_home_does_not_answer_another_registration(void)
{
	begin_registering_at_alpha(2);
	CHECK_EQ(world_register(&w, "web", 0x12, 300), RSP_OK);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_SECURITY);
	world_run(&w, w.now + 30000);
	CHECK(world_was_closed(&w, 1));
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	only_what_was_accepted_registered_at(w.next_link, 1);
}

/* The registration was accepted once; it is its renewal that is rejected. */
static void
nor_a_renewal_that_was_rejected(void)
{
	begin_registering_at_alpha(2);
	CHECK_EQ(world_register(&w, "web", 0x12, -1), RSP_OK);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_NONE);
	world_registered(&w, 1, "web", 0x12, RSP_CAUSE_NONE);
	world_run(&w, w.now + 281000);
	CHECK_EQ(count_registrations(1, 0x11), 2);
	world_registered(&w, 1, "web", 0x11, RSP_CAUSE_SECURITY);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REJECTED), 1);
	world_deregistered(&w, 1, "web", 0x11); /* its registration ends there */
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	world_up(&w, w.next_link, RSP_ROLE_ELEMENT, "beta");
	only_what_was_accepted_registered_at(w.next_link, 2);
}

/* RFC 5352 3.4 KA1: a keep-alive for a pool handle that was not registered gets silence */

static void
is_silent(const char *handle, uint32_t pe_id)
{
	unsigned sent = w.n_sent, told = w.n_told;

	world_run(&w, w.now + 1000); /* it is no flood that is held back */
	world_keepalive(&w, 1, 0xa, false, handle, pe_id);
	world_keepalive(&w, 77, 0xb, true, handle, pe_id);
	CHECK_EQ(w.n_sent, sent);
	CHECK_EQ(w.n_told, told);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_HOME), 1); /* nor does the sender become the home */
}

static void
a_keep_alive_for_another_handle_gets_silence(void)
{
	static const char *const other[] = { "we", "webb", "wea", "Web", "xweb" };

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, -1);
	world_up(&w, 77, RSP_ROLE_NOTIFY, "beta");
	for (unsigned i = 0; i < RSP_COUNT(other); i++) {
		is_silent(other[i], 0x11);
		is_silent(other[i], 0);
	}
	is_silent("web", 0x12);
	world_run(&w, w.now + 1000);
	world_keepalive(&w, 1, 0xa, false, "web", 0x11);
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 1), 1);
	world_end(&w);
}

/* So many that some of them are in one place of the elements' table. */
static void
no_other_handle_is_taken_for_ours(void)
{
	char handle[16];

	begin(1, true);
	world_registered_at_alpha(&w, 0x11, -1);
	for (unsigned i = 0; i < 40000; i++) {
		w.now += 20;
		(void)snprintf(handle, sizeof handle, "web%u", i);
		world_keepalive(&w, 1, 0xa, false, handle, 0x11);
		world_keepalive(&w, 1, 0xa, false, "web", 0x10000 + i);
	}
	CHECK_EQ(world_count_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, 0), 0);
	world_end(&w);
}

/* RFC 5352 2.2.14, RFC 5354 3.12.2 to 3.12.4: what an ASAP_ERROR of an element or a user carries */

static uint8_t octets[RSP_MESSAGE_MAX];
static uint8_t answer[RSP_MESSAGE_MAX + 1];
static size_t n_octets, n_answer;
static unsigned n_answers;

static void
keep_answer(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	CHECK_EQ(link, 1);
	if (message.n && message.p[0] != ASAP_ERROR)
		return;
	n_answers++;
	n_answer = message.n;
	memcpy(answer, message.p, message.n);
}

static const struct rsp_client_ops keeping_ops = { keep_answer, world_close, world_dial, world_event, world_step };

static void
begin_to_misunderstand(bool element)
{
	struct rsp_client_config config = world_config(1, element);

	world_prepare(&w);
	CHECK_EQ(rsp_client_new(&config, &keeping_ops, &w, rsp_rng_seeded(7), w.now, &w.c), RSP_OK);
	CHECK_EQ(element ? world_register(&w, "web", 0x11, 300) : world_resolve(&w, "web", true), RSP_OK);
	world_up(&w, 1, element ? RSP_ROLE_ELEMENT : RSP_ROLE_USER, "alpha");
	n_answers = 0;
}

/* Receive the octets of @hex (blanks are passed over), of which the message's length is filled in. */
static void
receive(const char *hex)
{
	char digits[1024];
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ')
			digits[n++] = *hex;
	CHECK_EQ(rsp_hex_decode(digits, n, octets, NULL), RSP_OK);
	n_octets = n / 2;
	octets[2] = (uint8_t)(n_octets >> 8);
	octets[3] = (uint8_t)n_octets;
	rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(octets, n_octets));
}

/* The last ASAP_ERROR has these @n causes, one after another: their codes, and which octets of the message they carry. */
static void
carries(unsigned n, const uint16_t code[], const size_t at[], const size_t size[])
{
	struct rsp_error_cause cause;
	struct rsp_message msg;

	CHECK_EQ(n_answers, 1);
	n_answers = 0;
	if (rsp_message_decode(RSP_ASAP, rsp_bytes_of(answer, n_answer), &msg, NULL)) {
		CHECK(false && "it is well-formed");
		return;
	}
	CHECK_EQ(msg.type, ASAP_ERROR);
	CHECK_EQ(msg.flags, 0);
	struct rsp_rd rd = rsp_rd_init(msg.error, 0);
	for (unsigned i = 0; i < n; i++) {
		if (!rsp_error_cause_next(&rd, &cause)) {
			CHECK(false && "another cause");
			return;
		}
		CHECK_EQ(cause.code, code[i]);
		CHECK_EQ(cause.info.n, size[i]);
		CHECK(rsp_bytes_equal(cause.info, rsp_bytes_of(octets + at[i], size[i])));
	}
	CHECK(!rsp_error_cause_next(&rd, &cause));
}

static void
carries_one(uint16_t code, size_t at, size_t size)
{
	carries(1, &code, &at, &size);
}

#define PH  "0009 0007 776562 00 "
#define RR  "0008 0008 00000001 "
#define TCP "0005 0010 0050 0000 0001 0008 7f000001 "

static void
an_error_carries_the_message_of_an_unknown_type(void)
{
	for (unsigned element = 0; element < 2; element++) {
		begin_to_misunderstand(element);
		receive("4100 0000 " PH "0102 0008 01020304");
		carries_one(RSP_CAUSE_UNRECOGNIZED_MSG, 0, n_octets);
		receive("2f00 0000 " PH); /* high bits 00: no report */
		CHECK_EQ(n_answers, 0);
		receive("0e00 0000 000c 000c 0001 0008 4042 0004"); /* nor are errors answered with errors */
		CHECK_EQ(n_answers, 0);
		world_end(&w);
	}
}

static void
an_error_carries_a_long_message_whole(void)
{
	begin_to_misunderstand(true);
	n_octets = 65520; /* behind it there is room for three headers */
	memset(octets, 0x5a, n_octets);
	memcpy(octets, (uint8_t[]){ 0x41, 0, 0xff, 0xf0 }, 4);
	rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(octets, n_octets));
	carries_one(RSP_CAUSE_UNRECOGNIZED_MSG, 0, n_octets);
	n_octets = 65532;
	octets[3] = 0xfc;
	rsp_client_receive(w.c, w.now, 1, rsp_bytes_of(octets, n_octets));
	carries_one(RSP_CAUSE_UNRECOGNIZED_MSG, 0, 0); /* what does not fit is left out */
	world_end(&w);
}

static void
an_error_carries_the_parameter_that_is_unknown(void)
{
	begin_to_misunderstand(true);
	receive("0300 0000 " PH "000e 0008 00000011 4042 0006 abcd 0000"); /* high bits 01: it ends the message */
	carries_one(RSP_CAUSE_UNRECOGNIZED_PARAM, 20, 6);
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 0);
	receive("0300 0000 " PH "000e 0008 00000011 0042 0004"); /* 00: in silence */
	CHECK_EQ(n_answers, 0);
	receive("0300 0000 " PH "c042 0004 c143 0007 abcdef00 8044 0004 000e 0008 00000011 c045 0008 00000001");
	carries(3, (const uint16_t[]){ 1, 1, 1 }, (const size_t[]){ 12, 16, 36 }, (const size_t[]){ 4, 7, 8 });
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_REGISTERED), 1); /* 11: it is skipped */
	world_end(&w);
}

static void
an_error_carries_the_parameter_that_is_nested(void)
{
	begin_to_misunderstand(false);
	/* in the second Pool Element of the answer, and in the transport of the first */
	receive("0601 0000 " PH RR "000a 0030 00000011 00000000 0000012c "
		"0005 0018 0050 0000 0001 0008 7f000001 c042 0006 abcd 0000 " RR
		"000a 0030 00000012 00000000 0000012c " TCP RR "c043 0008 01020304");
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	carries(2, (const uint16_t[]){ 1, 1 }, (const size_t[]){ 52, 108 }, (const size_t[]){ 6, 8 });
	receive("0601 0000 " PH RR "000a 002c 00000011 00000000 0000012c " TCP RR "4042 0004");
	carries_one(RSP_CAUSE_UNRECOGNIZED_PARAM, 60, 4);
	world_end(&w);
}

static void
an_error_carries_the_parameter_whose_value_is_invalid(void)
{
	begin_to_misunderstand(false);
	receive("0600 0000 0009 0004 " RR); /* an empty handle */
	carries_one(RSP_CAUSE_INVALID_VALUES, 4, 4);
	receive("0601 0000 " PH RR "000a 0028 00000011 00000000 0000012c 0005 0010 0050 0000 0001 0006 7f000000 " RR);
	carries_one(RSP_CAUSE_INVALID_VALUES, 44, 6); /* the address in the transport in the element */
	world_end(&w);
}

/* RFC 5354 4: a length has 16 bits. What register() takes is sent, also if its padding goes beyond them. */
static size_t n_longest;

static void
keep_size(void *ctx, uint32_t link, struct rsp_bytes message)
{
	(void)ctx;
	(void)link;
	n_longest = message.n;
}

static void
the_longest_registration_is_sent(void)
{
	static const struct rsp_client_ops sizing_ops = { keep_size, world_close, world_dial, world_event, world_step };
	struct rsp_client_config config = world_config(1, true);
	struct rsp_pool_element pe = world_element(0x11, 300);

	config.asap_port = 0;
	config.no_epoch = true; /* else its number is last, and has no padding */
	pe.policy.type = 0x80000001;
	pe.policy.extra = rsp_bytes_of(octets, 65535 - 52); /* what else is in the message has 52 octets */
	world_prepare(&w);
	CHECK_EQ(rsp_client_new(&config, &sizing_ops, &w, rsp_rng_seeded(7), w.now, &w.c), RSP_OK);
	CHECK_EQ(rsp_client_register(w.c, w.now, rsp_bytes_str("web"), &pe), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
	CHECK_EQ(n_longest, 65536);
	pe.policy.extra.n++;
	CHECK(rsp_client_register(w.c, w.now, rsp_bytes_str("wob"), &pe) != RSP_OK);
	world_end(&w);
}

/* RFC 5352 2.2.6: A says that updates will come; and what comes without a question is an update. */
static void
the_a_bit_counts_for_a_watch(void)
{
	begin(1, false);
	CHECK_EQ(world_resolve(&w, "web", false), RSP_OK);
	world_up(&w, 1, RSP_ROLE_USER, "alpha");
	world_resolved(&w, 1, "web", 1, true); /* it was not asked for */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 2, true); /* and no user waits for an update */
	CHECK_EQ(world_count_told(&w, RSP_CLIENT_RESOLVED), 1);

	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK);
	world_resolved(&w, 1, "web", 1, false);
	CHECK(!world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_run(&w, w.now + 10000); /* so it polls */
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 3);
	world_resolved(&w, 1, "web", 1, true);
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_resolved(&w, 1, "web", 2, false); /* an update, of a registrar that sets A in answers only */
	CHECK(world_last(&w, RSP_CLIENT_RESOLVED).accepted);
	world_run(&w, w.now + 60000);
	CHECK_EQ(world_count_sent(&w, ASAP_HANDLE_RESOLUTION, 1), 3);
	world_end(&w);
}

/* RFC 5352 3.7.2: the hunt beside a home ends when that answers; and when the home is lost there is another one. */
static void
a_home_that_answered_late_and_is_lost_is_replaced(void)
{
	begin_asking_alpha(3);
	world_run(&w, w.now + 16000);
	CHECK(w.n_dials > 1);
	world_resolved(&w, 1, "web", 1, true);
	CHECK_EQ(world_resolve(&w, "web", true), RSP_OK); /* which needs a home from now on */
	world_run(&w, w.now + 16000);
	unsigned dials = w.n_dials;
	world_resolved(&w, 1, "web", 1, true);
	CHECK_EQ(world_open(&w), 1);
	world_run(&w, w.now + 1000);
	CHECK_EQ(w.n_dials, dials);
	world_down(&w, 1, RSP_STEP_ASAP, RSP_ECLOSED);
	CHECK_EQ(w.n_dials, dials + 1);
	world_end(&w);
}

int
main(void)
{
	TAP_RUN(a_rejected_registration_is_not_tried_at_the_next_home);
	TAP_RUN(nor_at_a_home_that_takes_over);
	TAP_RUN(nor_when_the_home_does_not_answer_another_registration);
	TAP_RUN(nor_a_renewal_that_was_rejected);
	TAP_RUN(a_keep_alive_for_another_handle_gets_silence);
	TAP_RUN(no_other_handle_is_taken_for_ours);
	TAP_RUN(an_error_carries_the_message_of_an_unknown_type);
	TAP_RUN(an_error_carries_a_long_message_whole);
	TAP_RUN(an_error_carries_the_parameter_that_is_unknown);
	TAP_RUN(an_error_carries_the_parameter_that_is_nested);
	TAP_RUN(an_error_carries_the_parameter_whose_value_is_invalid);
	TAP_RUN(the_longest_registration_is_sent);
	TAP_RUN(the_a_bit_counts_for_a_watch);
	TAP_RUN(a_home_that_answered_late_and_is_lost_is_replaced);
	return tap_end();
}
