#include "proto/encoded.h"

enum { HEADER = 4, HOME_ID_AT = 8, USER_AT = 16, VERSION_SIZE = 8 };

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

uint64_t
rsp_encoded_version(struct rsp_bytes pe)
{
	const uint8_t *at = pe.p + pe.n - VERSION_SIZE;
	uint64_t version = 0;

	for (unsigned i = 0; i < VERSION_SIZE; i++)
		version = version << 8 | at[i];
	return version;
}

void
rsp_encoded_set_version(uint8_t *pe, size_t size, uint64_t version)
{
	struct rsp_wr wr = rsp_wr_init(pe + size - VERSION_SIZE, VERSION_SIZE);

	rsp_wr_u32(&wr, (uint32_t)(version >> 32));
	rsp_wr_u32(&wr, (uint32_t)version);
}

void
rsp_encoded_decode(struct rsp_bytes pe, struct rsp_pool_element *ret)
{
	struct rsp_rd rd = rsp_rd_init(pe, 0), body;
	uint16_t type;

	if (rsp_rd_tlv(&rd, &type, &body) && type == RSP_PARAM_POOL_ELEMENT)
		rsp_pool_element_decode(&body, ret);
}
