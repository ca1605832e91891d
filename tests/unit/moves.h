#ifndef TESTS_UNIT_MOVES_H
#define TESTS_UNIT_MOVES_H

#include <string.h>

#include "base/moves.h"
#include "tap.h"

/* Walks a table of transitions (base/moves.h). The program's rsp_moves_check() replaces that of the library, and notes
 * each change of one kind of object; a change that is not listed fails the test. Each row has a test of the name of its
 * event, which calls moves_expect() and then lets the event happen. */

enum { MOVES_STATES = 16 };

static struct {
	const char *machine;
	bool seen[MOVES_STATES][MOVES_STATES]; /* since moves_expect() */
	unsigned n;			       /* changes since then */
	bool expected;			       /* moves_expect() was called */
	/* the row that is walked */
	void (*event)(void), (*end)(void);
	unsigned from, to;
} moves;

void
rsp_moves_check(const char *machine, unsigned from, unsigned to, bool listed)
{
	if (strcmp(machine, moves.machine) != 0)
		return;
	CHECK(from < MOVES_STATES && to < MOVES_STATES);
	if (!listed)
		printf("# from state %u to state %u\n", from, to);
	CHECK(listed);
	moves.seen[from % MOVES_STATES][to % MOVES_STATES] = true;
	moves.n++;
}

/* Forget the changes that were made before. */
static inline void
moves_expect(void)
{
	memset(moves.seen, 0, sizeof(moves.seen));
	moves.n = 0;
	moves.expected = true;
}

static inline void
moves_row(void)
{
	moves.expected = false;
	moves.event();
	CHECK(moves.expected);
	if (!moves.seen[moves.from][moves.to])
		printf("# no change from state %u to state %u\n", moves.from, moves.to);
	CHECK(moves.seen[moves.from][moves.to]);
	moves.end();
}

/* Run the test @event, then @end, and check that it changed a state from @from to @to. */
static inline void
moves_walk(unsigned from, unsigned to, void (*event)(void), void (*end)(void), const char *name)
{
	moves.from = from;
	moves.to = to;
	moves.event = event;
	moves.end = end;
	tap_run(moves_row, name);
}

#endif
