#ifndef TESTS_SIM_MONITOR_H
#define TESTS_SIM_MONITOR_H

#include "node.h"

/* A monitor reads the tables of registrars, as `rsp-peer dump` does, on the engine of that. It is the last node. */

#define SIM_MONITOR_MS 20000 /* the time for reading one table */

void sim_monitor_new(struct sim *w);
void sim_monitor_free(struct sim *w);

/** Begin to read the table of @registrar, unless the monitor reads another one. */
void sim_monitor_ask(struct sim *w, const struct sim_node *registrar);
/** Read it, wait for the end, and compare it with what @registrar shows: nothing may change meanwhile. */
void sim_monitor_judge(struct sim *w, const struct sim_node *registrar);

/* From the network. */
void sim_monitor_up(struct sim_node *n, uint32_t link);
void sim_monitor_down(struct sim_node *n, uint32_t link, enum rsp_err err);
void sim_monitor_receive(struct sim_node *n, uint32_t link, struct rsp_bytes message);

#endif
