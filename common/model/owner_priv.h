#ifndef RSP_MODEL_OWNER_PRIV_H
#define RSP_MODEL_OWNER_PRIV_H

#include <stddef.h>

#include "base/err.h"
#include "base/table.h"
#include "model/owner.h"

/** The name of an identity: stored once, however many elements and pools refer to it. */
struct rsp_owner {
	struct rsp_table_node node;
	uint64_t hash;
	uint32_t references, pools; /* pools that it made */
	char text[];
};

enum rsp_err rsp_owners_init(struct rsp_handlespace *hs) RSP_NODISCARD;

static inline struct rsp_owner *
rsp_owner_of(const char *text)
{
	return (struct rsp_owner *)((uintptr_t)text - offsetof(struct rsp_owner, text));
}

/** Whether the owner @text, NULL for none, has the name @name, empty for none. */
static inline bool
rsp_owner_is(const char *text, struct rsp_bytes name)
{
	return text ? rsp_bytes_equal(rsp_bytes_str(text), name) : name.n == 0;
}

/** The one copy of @name, with one more reference; NULL for no name and, with @ret_err, when out of memory. */
const char *rsp_owner_hold(struct rsp_handlespace *hs, struct rsp_bytes name, enum rsp_err *ret_err);

/** Free the owner, to which nothing refers any more. */
void rsp_owner_free(struct rsp_handlespace *hs, struct rsp_owner *owner);

/** Drop one reference, and with the last one the copy. NULL is allowed. */
static inline void
rsp_owner_drop(struct rsp_handlespace *hs, const char *text)
{
	if (text && --rsp_owner_of(text)->references == 0)
		rsp_owner_free(hs, rsp_owner_of(text));
}

/** The owner has made a pool: it counts for it, and holds one more reference, until rsp_owner_pool_gone(). */
void rsp_owner_pool_made(const char *text);
void rsp_owner_pool_gone(struct rsp_handlespace *hs, const char *text);

#endif
