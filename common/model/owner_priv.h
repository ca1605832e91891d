#ifndef RSP_MODEL_OWNER_PRIV_H
#define RSP_MODEL_OWNER_PRIV_H

#include <stddef.h>

#include "base/err.h"
#include "base/table.h"
#include "model/owner.h"

/** The name of an identity, of which all elements and pools share one copy. */
struct rsp_owner {
	struct rsp_table_node node;
	uint32_t references, pools; /* number of elements and pools that refer to it; pools that count for it */
	char text[];
};

static inline struct rsp_owner *
rsp_owner_of(const char *text)
{
	return (struct rsp_owner *)((uintptr_t)text - offsetof(struct rsp_owner, text));
}

/** Whether the owner @text (NULL: none) has the name @name (empty: none). */
static inline bool
rsp_owner_is(const char *text, struct rsp_bytes name)
{
	return text ? rsp_bytes_equal(rsp_bytes_str(text), name) : name.n == 0;
}

/** Find the copy of @name, or make it, and add one reference. NULL: no name; or out of memory, then @ret_err is set. */
const char *rsp_owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err);

/** Free @owner, which has no references. */
void rsp_owner_free(struct rsp_handlespace *hs, struct rsp_owner *owner);

/** Remove one reference, and free the copy with its last reference. @text may be NULL. */
static inline void
rsp_owner_drop(struct rsp_handlespace *hs, const char *text)
{
	if (text && --rsp_owner_of(text)->references == 0)
		rsp_owner_free(hs, rsp_owner_of(text));
}

/** The owner @text has made a pool, which counts for it and adds one reference, until rsp_owner_pool_gone(). */
void rsp_owner_pool_made(const char *text);
void rsp_owner_pool_gone(struct rsp_handlespace *hs, const char *text);

#endif
