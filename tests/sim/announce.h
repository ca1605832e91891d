#ifndef TESTS_SIM_ANNOUNCE_H
#define TESTS_SIM_ANNOUNCE_H

#include "node.h"

/** Let each registrar that serves announce itself to all clients that it reaches, RFC 5352 s.3.6, from now on: T6 is
 * SIM_ANNOUNCE_MS. Nothing happens unless the plan says so. */
void sim_announce_start(struct sim *w);

#define SIM_ANNOUNCE_MS 1000

#endif
