#ifndef RSP_MODEL_HOME_H
#define RSP_MODEL_HOME_H

#include <stdint.h>

#include "model/element.h"

/*
 * For each home registrar, given by its server id: its elements, hidden records included, their number, their checksum and
 * their digest. A server id without elements has the values of an empty set.
 */

/** The PE checksum over the elements of @home_id, which each change updates. RFC 5353 s.3.6.2. */
uint16_t rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id);

/** The digest over the elements of @home_id, but for words (model/record.h), which each change updates: model/checksum.h. */
uint64_t rsp_home_digest(const struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id);

/** The number of pools that count for the home @home_id: it had the first element of each, or, once that has left, another
 * one. */
uint32_t rsp_home_pools(const struct rsp_handlespace *hs, uint32_t home_id);

/** Iterate over the elements of @home_id, until NULL. Get the next element
 * before the current one is removed or moved. */
struct rsp_element *rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id);

static inline struct rsp_element *
rsp_home_next(const struct rsp_element *e)
{
	return LIST_NEXT(e, home_entry);
}

#endif
