#ifndef CMD_RSP_REGISTER_BATCH_ORIGINS_H
#define CMD_RSP_REGISTER_BATCH_ORIGINS_H

#include <stdint.h>

#include "base/bytes.h"

/* For each element of a batch, the line that describes it. */

#define BATCH_MAX 65536 /* elements */
#define BATCH_ORIGINS_MAX (4 * BATCH_MAX) /* identifiers: an element that is displaced gets another one */

struct batch_origin;

/** { 0 } is empty. */
struct batch_origins {
	struct batch_origin *origin; /* a hash table; freed with free(3) */
	unsigned n, room;
};

/**
 * Remember that the element @pe_id of the pool @handle is from @line, unless it was from another line before. Without
 * memory, and beyond BATCH_ORIGINS_MAX, nothing is remembered: messages lack a line number then.
 */
void batch_origins_note(struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id, unsigned line);

/** The line that the element is from; 0 if it is not known. */
unsigned batch_origins_line(const struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id);

/** Write @reason on stderr, with the line, the pool and the identifier of the element. */
void batch_origins_complain(const struct batch_origins *origins, struct rsp_bytes handle, uint32_t pe_id,
			    const char *reason);

#endif
