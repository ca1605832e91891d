#include "batch_origins.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"

struct batch_origin {
	uint64_t pool; /* hash of its handle */
	uint32_t pe_id;
	unsigned line; /* 0: this slot of the hash table is free */
};

static uint64_t
hash_of(struct rsp_bytes handle)
{
	static const struct rsp_hash_key key = { 0 }; /* no secret is needed: one user writes the whole batch */

	return rsp_hash(&key, handle);
}

/* The slot of this element in the table of @room slots, or the free slot for it. At least half of the slots are
 * free. */
static struct batch_origin *
place_of(struct batch_origin *origin, unsigned room, uint64_t pool, uint32_t pe_id)
{
	unsigned at = (unsigned)(pool ^ pe_id * 0x9e3779b1U) & (room - 1);

	while (origin[at].line && (origin[at].pool != pool || origin[at].pe_id != pe_id))
		at = (at + 1) & (room - 1);
	return &origin[at];
}

static bool
grow(struct batch_origins *origins)
{
	unsigned room = origins->room ? origins->room * 2 : 64;
	struct batch_origin *grown = calloc(room, sizeof(*grown));

	if (!grown)
		return false;
	for (unsigned i = 0; i < origins->room; i++)
		if (origins->origin[i].line)
			*place_of(grown, room, origins->origin[i].pool, origins->origin[i].pe_id) = origins->origin[i];
	free(origins->origin);
	origins->origin = grown;
	origins->room = room;
	return true;
}

void
batch_origins_note(struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id, unsigned line)
{
	if (origins->n >= BATCH_ORIGINS_MAX || (origins->n * 2 >= origins->room && !grow(origins)))
		return; /* out of memory: messages will lack the line */
	struct batch_origin *at = place_of(origins->origin, origins->room, hash_of(handle), pe_id);

	if (at->line)
		return; /* the first line keeps the identifier */
	*at = (struct batch_origin){ hash_of(handle), pe_id, line };
	origins->n++;
}

unsigned
batch_origins_line(const struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id)
{
	return origins->room ? place_of(origins->origin, origins->room, hash_of(handle), pe_id)->line : 0;
}

void
batch_origins_complain(const struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id, const char *reason)
{
	char pool[256] = "", place[40];
	bool text = true;

	for (size_t i = 0; i < handle.n; i++)
		text = text && isgraph(handle.p[i]);
	(void)snprintf(pool, sizeof(pool), "%s%.*s",
		       text ? "" : "hex:", text ? (int)(handle.n < 200 ? handle.n : 200) : 0, (const char *)handle.p);
	if (!text)
		rsp_hex_encode(rsp_bytes_of(handle.p, handle.n < 100 ? handle.n : 100), pool + strlen(pool));
	(void)snprintf(place, sizeof(place), "stdin:%u", batch_origins_line(origins, handle, pe_id));
	rsp_log(RSP_LOG_ERROR, place, "%s, 0x%08x: %s", pool, (unsigned)pe_id, reason);
}
