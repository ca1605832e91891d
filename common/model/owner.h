#ifndef RSP_MODEL_OWNER_H
#define RSP_MODEL_OWNER_H

#include <stdint.h>

#include "base/bytes.h"

struct rsp_handlespace;

/** The number of pools that count for the quota of the identity @owner: it has the first element of each, or, once that
 * has left, another one. */
uint32_t rsp_owner_pools(const struct rsp_handlespace *hs, struct rsp_bytes owner);

#endif
