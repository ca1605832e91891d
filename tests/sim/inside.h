#ifndef TESTS_SIM_INSIDE_H
#define TESTS_SIM_INSIDE_H

#include "node.h"

/* What the simulator reads of a registrar that its public functions (registrar.h) do not tell. Only inside.c includes
 * headers of the engine's inside, and of the model: another engine needs another inside.c. */

/** The number of a statement about an element: the first part that differs decides which of two is newer. */
struct sim_number {
	uint64_t part[4];
};

/** Less than 0: @a is older than @b; 0: they are equal. */
int sim_number_compare(const struct sim_number *a, const struct sim_number *b);

/** An element as a registrar shows it to users. Views are valid until the next call of the engine. */
struct sim_shown {
	struct rsp_bytes handle;
	uint32_t pe_id, home_id;
	const char *owner; /* NULL: none */
	struct sim_number number;
	bool linked; /* the registrar reaches it over a connection */
	bool old;    /* stored before the registrar was away, and not confirmed since: no statement */
	const void *element; /* for sim_inside_value() */
	const char *phase;
};

/** A walk over all elements that a registrar shows; it begins zeroed. */
struct sim_walk {
	void *pool;
	uint32_t i;
};

/** The next element of the registrar @n; false: the end. */
bool sim_inside_next(const struct sim_node *n, struct sim_walk *walk, struct sim_shown *ret);
/** The element @pe_id in the pool @handle at @n; false: @n does not show it. */
bool sim_inside_find(const struct sim_node *n, struct rsp_bytes handle, uint32_t pe_id, struct sim_shown *ret);
/** The first value of its policy. */
uint32_t sim_inside_value(const struct sim_shown *got);
/** How many elements @n shows. */
uint32_t sim_inside_count(const struct sim_node *n);

/** Whether @got is newer than the removal of it that @n remembers. */
bool sim_inside_outlives(const struct sim_node *n, const struct sim_shown *got);

/** What @n keeps for the elements of the registrar @id, and, @full, what that has to be. */
uint16_t sim_inside_checksum(const struct sim_node *n, uint32_t id, bool full);
uint64_t sim_inside_digest(const struct sim_node *n, uint32_t id, bool full);

/** How many elements @n has charged to identities, and, @full, how many it has to charge: its own that are linked, or were
 * charged when they registered or answered. */
uint32_t sim_inside_charged(const struct sim_node *n, bool full);

/** The registrar @n has taken another one over: an element whose number does not say so, or false. */
bool sim_inside_badly_taken(const struct sim_node *n, struct sim_shown *ret);

#endif
