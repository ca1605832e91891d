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

/* Decode @octets. A message that decodes must encode, and what was encoded must decode to a message that encodes to the
 * same octets. */
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
	size_t length = (size_t)v->octets[2] << 8 | v->octets[3]; /* without the padding, which may be missing */

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

/* Under valgrind, some thirty times slower, only single bits are changed; under sanitizers each octet gets each
 * value. */
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

static bool
same_transport(const struct rsp_transport *a, const struct rsp_transport *b)
{
	if (a->type == 0) /* none */
		return b->type == 0;
	return a->type == b->type && a->port == b->port && a->use == b->use && a->service_code == b->service_code &&
	       a->n_addrs == b->n_addrs && rsp_bytes_equal(a->addrs, b->addrs) && rsp_bytes_equal(a->opaque, b->opaque);
}

static bool
same_policy(const struct rsp_policy *a, const struct rsp_policy *b)
{
	return a->type == b->type && a->value[0] == b->value[0] && a->value[1] == b->value[1] &&
	       rsp_bytes_equal(a->extra, b->extra);
}

static void
check_same_epoch(const struct rsp_epoch *got, const struct rsp_epoch *wanted)
{
	CHECK_EQ(got->epoch, wanted->epoch);
	CHECK_EQ(got->instance, wanted->instance);
	CHECK_EQ(got->over, wanted->over);
}

static void
check_same_statement(const struct rsp_statement *got, const struct rsp_statement *wanted)
{
	check_same_epoch(&got->epoch, &wanted->epoch);
	CHECK_EQ(got->since_ms, wanted->since_ms);
	CHECK_EQ(got->rank, wanted->rank);
}

static void
check_same_server(const struct rsp_server_info *got, const struct rsp_server_info *wanted)
{
	CHECK_EQ(got->server_id, wanted->server_id);
	CHECK(same_transport(&got->transport, &wanted->transport));
	CHECK(rsp_bytes_equal(got->name, wanted->name));
	CHECK_EQ(got->has_digest, wanted->has_digest);
	CHECK_EQ(got->digest, wanted->digest);
	CHECK_EQ(got->has_state, wanted->has_state);
	CHECK_EQ(got->state.digest, wanted->state.digest);
	CHECK_EQ(got->state.update, wanted->state.update);
	CHECK_EQ(got->state.capabilities, wanted->state.capabilities);
	CHECK_EQ(got->has_clock, wanted->has_clock);
	CHECK_EQ(got->clock_ms, wanted->clock_ms);
	CHECK(rsp_bytes_equal(got->heard, wanted->heard));
}

static void
check_same_element(const struct rsp_pool_element *got, const struct rsp_pool_element *wanted)
{
	CHECK_EQ(got->pe_id, wanted->pe_id);
	CHECK_EQ(got->home_id, wanted->home_id);
	CHECK_EQ(got->lifetime_s, wanted->lifetime_s);
	CHECK(same_transport(&got->user, &wanted->user));
	CHECK(same_policy(&got->policy, &wanted->policy));
	CHECK(same_transport(&got->asap, &wanted->asap));
	CHECK(rsp_bytes_equal(got->owner, wanted->owner));
	CHECK_EQ(got->version, wanted->version);
	check_same_statement(&got->statement, &wanted->statement);
	CHECK_EQ(got->unknown.n, 0);
}

/* Compare all parts of two messages. Another test compares what we decode with what tshark reads; this one compares it
 * with what was sent. */
static void
check_same(const struct rsp_message *got, const struct rsp_message *wanted)
{
	CHECK_EQ(got->protocol, wanted->protocol);
	CHECK_EQ(got->type, wanted->type);
	CHECK_EQ(got->flags, wanted->flags);
	CHECK_EQ(got->has, wanted->has);
	CHECK_EQ(got->server_id, wanted->server_id);
	CHECK_EQ(got->sender_id, wanted->sender_id);
	CHECK_EQ(got->receiver_id, wanted->receiver_id);
	CHECK_EQ(got->target_id, wanted->target_id);
	CHECK_EQ(got->update_action, wanted->update_action);
	CHECK(rsp_bytes_equal(got->handle, wanted->handle));
	CHECK_EQ(got->pe_id, wanted->pe_id);
	CHECK(same_policy(&got->policy, &wanted->policy));
	check_same_element(&got->element, &wanted->element);
	check_same_server(&got->server_info, &wanted->server_info);
	CHECK(rsp_bytes_equal(got->error, wanted->error));
	CHECK(rsp_bytes_equal(got->cookie, wanted->cookie));
	CHECK_EQ(got->checksum, wanted->checksum);
	CHECK_EQ(got->item_count, wanted->item_count);
	check_same_epoch(&got->epoch, &wanted->epoch);
	CHECK_EQ(got->update_number, wanted->update_number);
	CHECK_EQ(got->table_of, wanted->table_of);
	CHECK_EQ(got->updates_from, wanted->updates_from);
	CHECK(rsp_bytes_equal(got->list, wanted->list));
	CHECK_EQ(got->n_list, wanted->n_list);
	CHECK_EQ(got->unknown.n, 0);
}

static unsigned seen[2][16]; /* how often each type was met */

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
		check_same(&again, msg);
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

	CHECK(samples(a_sample) > 110);
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
