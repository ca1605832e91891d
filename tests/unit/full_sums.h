#ifndef TESTS_UNIT_FULL_SUMS_H
#define TESTS_UNIT_FULL_SUMS_H

#include "model/checksum.h"
#include "model/handlespace.h"

/* The checksum and the digest of a home, computed from all elements. The handlespace changes them with each element. */

/** Iterate over all records of @pool: @e NULL gives the first. */
static inline const struct rsp_element *
full_next(const struct rsp_handlespace *hs, const struct rsp_pool *pool, const struct rsp_element *e)
{
	const struct rsp_element *record = e ? rsp_element_next_record(hs, e) : NULL;

	if (record)
		return record;
	uint32_t place = e ? rsp_element_find(hs, pool, e->pe_id)->place + 1 : 0;

	return place < pool->n_elements ? pool->element[place] : NULL;
}

static inline uint16_t
full_checksum(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint64_t sum = 0;

	for (const struct rsp_pool *pool = NULL; (pool = rsp_pool_next(hs, pool));)
		for (const struct rsp_element *e = NULL; (e = full_next(hs, pool, e));)
			if (rsp_element_home_id(e) == home_id)
				sum += rsp_checksum_element(rsp_checksum_handle(rsp_pool_handle(pool)), e->pe_id);
	return rsp_checksum_fold(sum);
}

static inline uint64_t
full_digest(const struct rsp_handlespace *hs, uint32_t home_id)
{
	uint64_t digest = 0;

	for (const struct rsp_pool *pool = NULL; (pool = rsp_pool_next(hs, pool));)
		for (const struct rsp_element *e = NULL; (e = full_next(hs, pool, e));)
			if (rsp_element_home_id(e) == home_id && !rsp_element_is_word(e))
				digest += rsp_digest_statement(rsp_digest_handle(rsp_pool_handle(pool)), e->pe_id,
							       rsp_element_octets(e));
	return digest;
}

#endif
