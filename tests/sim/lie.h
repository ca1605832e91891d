#ifndef TESTS_SIM_LIE_H
#define TESTS_SIM_LIE_H

#include "node.h"

/** A registrar says that it has taken over another one, which is well. True: it was said to one that hears the other. */
bool sim_lie(struct sim *w, uint64_t dice);

#endif
