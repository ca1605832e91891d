#ifndef TESTS_SIM_TALLY_H
#define TESTS_SIM_TALLY_H

#include "engine/event.h"
#include "faults.h"
#include "load.h"
#include "node.h"

/*
 * What is counted between the beginning of a fault and the time at which the scope has settled after it. A fault costs so
 * many takeovers, changes of home, downloads and records, and no more.
 */

#define SIM_MOVES_PER_FAULT	 1 /* changes of home of one element */
#define SIM_DOWNLOADS_PER_PAIR	 2 /* tables that one registrar loads from another */
#define SIM_RECORDS_PER_PAIR	 12 /* of one registrar about another */
#define SIM_RECORDS_PER_ELEMENT	 6 /* of one registrar about an element */

void sim_tally_new(struct sim *w);
void sim_tally_free(struct sim *w);

void sim_tally_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event);
/** A client has the home @home now, perhaps the same as before. */
void sim_tally_home(struct sim_node *client, struct sim_node *home);
/** @n sends the last part of a table. */
void sim_tally_download(struct sim *w);

/** Count from now on, for @fault. */
void sim_tally_begin(struct sim *w, const struct sim_fault *fault, uint32_t server_id);
/** The scope has settled after the fault: judge what was counted. */
void sim_tally_end(struct sim *w, const struct sim_fault *fault);

#endif
