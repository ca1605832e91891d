#ifndef TESTS_SIM_REACH_H
#define TESTS_SIM_REACH_H

#include "node.h"

/* Between which nodes messages pass; net.h has the questions. */

void sim_reach_new(struct sim *w);
void sim_reach_free(struct sim *w);

/** A connection between the two is cut now. */
void sim_reach_tear(struct sim *w, const struct sim_node *a, const struct sim_node *b);

#endif
