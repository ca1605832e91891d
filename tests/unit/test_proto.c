#include <string.h>

#include "proto/message.h"
#include "samples.h"
#include "tap.h"
#include "vectors.h"

static uint8_t first[RSP_MESSAGE_MAX + 1], second[RSP_MESSAGE_MAX + 1];

static struct rsp_bytes
view(const struct vector *v)
{
	return rsp_bytes_of(v->octets, v->n);
}

static void
decodes_and_encodes_alike(const struct vector *v)
{
	struct rsp_message msg;
	struct rsp_why why = { 0 };
	size_t n = 0;
	enum rsp_err err = rsp_message_decode(v->protocol, view(v), &msg, &why);

	if (err)
		printf("# %s: %s\n", v->name, why.reason);
	CHECK_EQ(err, RSP_OK);
	CHECK_EQ(rsp_message_encode(&msg, first, sizeof(first), &n), RSP_OK);
	if (!rsp_bytes_equal(rsp_bytes_of(first, n), view(v)))
		printf("# %s: encoded otherwise\n", v->name);
	CHECK(rsp_bytes_equal(rsp_bytes_of(first, n), view(v)));
}

static void
what_rsplib_sends_decodes_and_encodes_alike(void)
{
	CHECK(vectors("rsplib.tsv", decodes_and_encodes_alike) >= 40);
}

/* Decode @octets; what decodes must encode, and that must decode to what encodes alike. */
static bool
is_stable(enum rsp_protocol protocol, const uint8_t *octets, size_t n)
{
	struct rsp_message msg, again;
	struct rsp_why why;
	size_t n1 = 0, n2 = 0;

	if (rsp_message_decode(protocol, rsp_bytes_of(octets, n), &msg, &why))
		return why.err && why.reason[0] && why.offset <= n;
	if (rsp_message_encode(&msg, first, sizeof(first), &n1))
		return false;
	if (rsp_message_decode(protocol, rsp_bytes_of(first, n1), &again, NULL))
		return false;
	return rsp_message_encode(&again, second, sizeof(second), &n2) == RSP_OK && n1 == n2 &&
	       memcmp(first, second, n1) == 0;
}

static void
each_truncation(const struct vector *v)
{
	size_t length = (size_t)v->octets[2] << 8 | v->octets[3]; /* the padding after it may be cut */

	for (size_t n = 0; n < v->n; n++) {
		uint8_t *cut = malloc(n ? n : 1);
		struct rsp_message msg;

		if (!cut)
			abort();
		memcpy(cut, v->octets, n);
		CHECK(rsp_message_decode(v->protocol, rsp_bytes_of(cut, n), &msg, NULL) ==
		      (n < length ? RSP_EMALFORM : RSP_OK));
		for (size_t fitting = n; n >= 4 && fitting + 4 > n; fitting--) {
			cut[2] = (uint8_t)(fitting >> 8);
			cut[3] = (uint8_t)fitting;
			CHECK(is_stable(v->protocol, cut, n));
		}
		free(cut);
	}
}

static void
each_truncation_is_refused(void)
{
	CHECK(vectors("rsplib.tsv", each_truncation) >= 40);
}

/* Valgrind, some thirty times slower, sees single bits changed only; sanitizers see all. */
static bool
is_slow(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

static void
each_changed_octet(const struct vector *v)
{
	bool bits_only = is_slow();

	for (size_t at = 0; at < v->n; at++) {
		uint8_t was = v->octets[at];

		for (unsigned change = 1; change < 256; change++) {
			if (bits_only && (change & (change - 1)))
				continue;
			v->octets[at] = (uint8_t)(was ^ change);
			bool stable = is_stable(v->protocol, v->octets, v->n);

			if (!stable)
				printf("# %s: octet %zu changed by %u\n", v->name, at, change);
			CHECK(stable);
		}
		v->octets[at] = was;
	}
}

static void
each_changed_octet_is_decoded_or_refused(void)
{
	CHECK(vectors("rsplib.tsv", each_changed_octet) >= 40);
}

static void
each_capacity(const struct vector *v)
{
	struct rsp_message msg;

	CHECK_EQ(rsp_message_decode(v->protocol, view(v), &msg, NULL), RSP_OK);
	for (size_t cap = 0; cap <= v->n; cap++) {
		uint8_t *room = malloc(cap ? cap : 1);
		size_t n = 12345;
		enum rsp_err err = rsp_message_encode(&msg, room, cap, &n);

		CHECK_EQ(err, cap < v->n ? RSP_ELIMIT : RSP_OK);
		CHECK_EQ(n, cap < v->n ? 12345 : v->n);
		free(room);
	}
}

static void
each_capacity_is_kept(void)
{
	CHECK(vectors("rsplib.tsv", each_capacity) >= 40);
}

static unsigned seen[2][16]; /* how often each type came */

static void
a_sample(const char *name, const struct rsp_message *msg)
{
	struct rsp_message again;
	struct rsp_why why = { 0 };
	size_t n = 0;

	seen[msg->protocol][msg->type & 15]++;
	CHECK_EQ(rsp_message_encode(msg, first, sizeof(first), &n), RSP_OK);
	CHECK_EQ(n % 4, 0);
	CHECK_EQ(rsp_message_frame(rsp_bytes_of(first, n)), n);
	uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(first, n));
	if (rsp_message_decode(msg->protocol, rsp_bytes_of(exact, n), &again, &why)) {
		printf("# %s: %s\n", name, why.reason);
		CHECK(false);
	} else {
		CHECK_EQ(again.has, msg->has);
		CHECK_EQ(again.flags, msg->flags);
		CHECK_EQ(again.n_list, msg->n_list);
		CHECK_EQ(again.pe_id, msg->pe_id);
		CHECK(rsp_bytes_equal(again.handle, msg->handle));
		CHECK(rsp_bytes_equal(again.list, msg->list));
		CHECK_EQ(again.unknown.n, 0);
	}
	CHECK(is_stable(msg->protocol, exact, n));
	each_truncation(&(struct vector){ .protocol = msg->protocol, .octets = exact, .n = n });
	each_capacity(&(struct vector){ .protocol = msg->protocol, .octets = exact, .n = n });
	each_changed_octet(&(struct vector){ .protocol = msg->protocol, .octets = exact, .n = n });
	free(exact);
}

static void
everything_we_send_is_read_back(void)
{
	const struct rsp_grammar *row;

	CHECK(samples(a_sample) > 80);
	for (unsigned i = 0; (row = rsp_grammar_at(i)); i++)
		CHECK(seen[row->protocol][row->type & 15] > 0);
}

int
main(void)
{
	TAP_RUN(what_rsplib_sends_decodes_and_encodes_alike);
	TAP_RUN(each_truncation_is_refused);
	TAP_RUN(each_changed_octet_is_decoded_or_refused);
	TAP_RUN(each_capacity_is_kept);
	TAP_RUN(everything_we_send_is_read_back);
	return tap_end();
}
