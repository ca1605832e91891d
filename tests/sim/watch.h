#ifndef TESTS_SIM_WATCH_H
#define TESTS_SIM_WATCH_H

#include "load.h"

/* What users that follow pools (RFC 5352 s.2.2.5, the S bit) have been told. */

void sim_watch_new(struct sim *w);
void sim_watch_free(struct sim *w);

/** The user @n follows the pool from now on, or no longer. */
void sim_watch_set(struct sim *w, const struct sim_node *n, unsigned pool, bool on);
void sim_watch_event(struct sim *w, const struct sim_node *n, const struct rsp_client_event *event);

/** Once the scope has settled: each follower was told the elements that are there, and no others. */
void sim_watch_judge(struct sim *w);

#endif
