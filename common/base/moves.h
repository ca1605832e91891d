#ifndef RSP_BASE_MOVES_H
#define RSP_BASE_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tables of state transitions. For each kind of object with states, one function changes the state, the setter, and the
 * header has a table of rows MOVE(from, to, event). The setter allows only changes that have a row. An event is also the
 * name of the test that causes it, so a row without a test does not compile (tests/unit/moves.h). */

/** A row of such a table: the states before and after the change. */
struct rsp_move {
	uint8_t from, to;
};

/** Whether @table, which has @n rows, has a row from @from to @to. */
static inline bool
rsp_moves_list(const struct rsp_move *table, size_t n, unsigned from, unsigned to)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].from == from && table[i].to == to)
			return true;
	return false;
}

/** Each setter calls this before the change. Abort if @listed is false, that is, the table of @machine has no such row:
 * then the caller of the setter is wrong. */
void rsp_moves_check(const char *machine, unsigned from, unsigned to, bool listed);

#endif
