#ifndef RSP_MODEL_HOME_H
#define RSP_MODEL_HOME_H

#include <stdint.h>

#include "model/element.h"

/*
 * For each registrar, by its server id, the elements whose home it is: how many, their checksum and their digest. Where
 * a server id has no elements, all of these are those of an empty set.
 */

/** The PE checksum over the elements of @home_id, kept up with every change. RFC 5353 s.3.6.2. */
uint16_t rsp_home_checksum(const struct rsp_handlespace *hs, uint32_t home_id);

/** The same, computed from all elements: for tests. */
uint16_t rsp_home_checksum_full(const struct rsp_handlespace *hs, uint32_t home_id);

/** The digest over them (model/checksum.h), kept up with every change; and computed from all elements, for tests. */
uint64_t rsp_home_digest(const struct rsp_handlespace *hs, uint32_t home_id);
uint64_t rsp_home_digest_full(const struct rsp_handlespace *hs, uint32_t home_id);

uint32_t rsp_home_count(const struct rsp_handlespace *hs, uint32_t home_id);

/** The number of pools that began with an element of @home_id. */
uint32_t rsp_home_pools(const struct rsp_handlespace *hs, uint32_t home_id);

/** Step through the elements of a home, until NULL. Ask for the next one before the current one is removed or moved. */
struct rsp_element *rsp_home_first(const struct rsp_handlespace *hs, uint32_t home_id);

static inline struct rsp_element *
rsp_home_next(const struct rsp_element *e)
{
	return LIST_NEXT(e, home_entry);
}

#endif
