#ifndef RSP_BASE_MOVES_H
#define RSP_BASE_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tables of transitions. A kind of object with states has one setter, and in its header a table of rows
 * MOVE(from, to, event): the setter allows no change without a row. An event is also the name of the test that makes it
 * happen, so a row without a test does not compile (tests/unit/moves.h). */

/** A row: the state before, and the state after. */
struct rsp_move {
	uint8_t from, to;
};

/** Whether the @n rows of @table have one from @from to @to. */
static inline bool
rsp_moves_list(const struct rsp_move *table, size_t n, unsigned from, unsigned to)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].from == from && table[i].to == to)
			return true;
	return false;
}

/** Called by each setter, before the change: abort unless the table of @machine lists it, because then the setter's
 * caller is wrong. */
void rsp_moves_check(const char *machine, unsigned from, unsigned to, bool listed);

#endif
