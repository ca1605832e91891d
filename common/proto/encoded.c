#include "proto/encoded.h"

enum {
	HEADER = 4,
	HOME_ID_AT = 8,
	LIFETIME_AT = 12,
	USER_AT = 16,
	STATEMENT_WHOLE = HEADER + RSP_STATEMENT_SIZE
};

/* The end of the parameter that begins at @at; 0: @pe ends before that. Called at
 * each registration, so it uses no reader. */
static size_t
end_of(struct rsp_bytes pe, size_t at)
{
	size_t size = pe.n >= at + HEADER ? (size_t)pe.p[at + 2] << 8 | pe.p[at + 3] : 0;

	return size >= HEADER && size <= pe.n - at ? at + size : 0;
}

struct rsp_bytes
rsp_encoded_policy(struct rsp_bytes pe)
{
	size_t at = (end_of(pe, USER_AT) + 3) & ~(size_t)3, end = at ? end_of(pe, at) : 0;

	if (!end || pe.p[at] != 0 || pe.p[at + 1] != RSP_PARAM_POLICY)
		return (struct rsp_bytes){ 0 };
	return rsp_bytes_of(pe.p + at, end - at);
}

struct rsp_bytes
rsp_encoded_public(struct rsp_bytes pe)
{
	struct rsp_bytes policy = rsp_encoded_policy(pe);

	return policy.n ? rsp_bytes_of(pe.p, (size_t)(policy.p + policy.n - pe.p)) : policy;
}

bool
rsp_encoded_public_equal(struct rsp_bytes a, struct rsp_bytes b)
{
	return a.n > HEADER && a.n == b.n && memcmp(a.p + HEADER, b.p + HEADER, a.n - HEADER) == 0;
}

void
rsp_encoded_set_home_id(uint8_t *pe, uint32_t home_id)
{
	struct rsp_wr wr = rsp_wr_init(pe + HOME_ID_AT, 4);

	rsp_wr_u32(&wr, home_id);
}

/* Whether the last octets of @pe look like a statement. */
static bool
ends_like_a_statement(struct rsp_bytes pe)
{
	static const uint8_t header[HEADER] = { RSP_PARAM_STATEMENT >> 8, RSP_PARAM_STATEMENT & 0xff, 0, STATEMENT_WHOLE };

	return pe.n >= USER_AT + STATEMENT_WHOLE && memcmp(pe.p + pe.n - STATEMENT_WHOLE, header, HEADER) == 0;
}

/* The octets could also be the end of another parameter's value, which other hosts choose, so the parameters before
 * are walked over. */
bool
rsp_encoded_has_statement(struct rsp_bytes pe)
{
	size_t at = USER_AT, last = pe.n - STATEMENT_WHOLE;

	if (!ends_like_a_statement(pe))
		return false;
	while (at && at < last)
		at = (end_of(pe, at) + 3) & ~(size_t)3;
	return at == last;
}

struct rsp_statement
rsp_encoded_statement(struct rsp_bytes pe)
{
	struct rsp_statement statement = { 0 };

	if (rsp_encoded_has_statement(pe)) {
		size_t at = pe.n - RSP_STATEMENT_SIZE;
		struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(pe.p + at, RSP_STATEMENT_SIZE), at);

		rsp_statement_get(&rd, &statement);
	}
	return statement;
}

void
rsp_encoded_set_statement(uint8_t *pe, size_t size, const struct rsp_statement *statement)
{
	struct rsp_wr wr = rsp_wr_init(pe + size - RSP_STATEMENT_SIZE, RSP_STATEMENT_SIZE);

	rsp_statement_put(&wr, statement);
}

/* @pe without its statement. */
static struct rsp_bytes
without_statement(struct rsp_bytes pe)
{
	return rsp_bytes_of(pe.p, rsp_encoded_has_statement(pe) ? pe.n - STATEMENT_WHOLE : pe.n);
}

static int
sign(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* As memcmp() of @a and @b from @from on. A view may lack the octets that pad it to a multiple of 4: these are zero. */
static int
octets_compare(struct rsp_bytes a, struct rsp_bytes b, size_t from)
{
	size_t least = a.n < b.n ? a.n : b.n;
	int order = memcmp(a.p + from, b.p + from, least - from);

	for (size_t i = least; order == 0 && (i < a.n || i < b.n); i++)
		order = (i < a.n ? a.p[i] : 0) - (i < b.n ? b.p[i] : 0);
	return order;
}

int
rsp_encoded_contents_compare(struct rsp_bytes a, struct rsp_bytes b)
{
	struct rsp_bytes x = without_statement(a), y = without_statement(b);
	int order = sign((x.n + 3) / 4, (y.n + 3) / 4);

	if (order == 0 && x.n >= USER_AT)
		order = memcmp(x.p + HEADER, y.p + HEADER, HOME_ID_AT - HEADER);
	return order || x.n < USER_AT || y.n < USER_AT ? order : octets_compare(x, y, LIFETIME_AT);
}

/* One step of the digest: each of @h and @word changes the result, whatever the other is. */
static uint64_t
digest_step(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* All registrars must compute the same digest, so it has no secret key, and reads octets in the order of the wire. */
uint64_t
rsp_encoded_digest(struct rsp_bytes pe)
{
	uint64_t h = digest_step(UINT64_C(0xbf58476d1ce4e5b9), pe.n), tail = 0;
	size_t at = 0;

	for (; pe.n - at >= 8; at += 8)
		h = digest_step(h, rsp_rd_u64_at(pe.p + at));
	for (; at < pe.n; at++)
		tail = tail << 8 | pe.p[at];
	return digest_step(digest_step(h, tail), 0);
}

void
rsp_encoded_decode(struct rsp_bytes pe, struct rsp_pool_element *ret)
{
	struct rsp_rd rd = rsp_rd_init(pe, 0), body;
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body) && type == RSP_PARAM_POOL_ELEMENT)
		rsp_pool_element_decode(&body, ret);
}
