#ifndef TESTS_SIM_INVARIANTS_H
#define TESTS_SIM_INVARIANTS_H

#include "engine/event.h"
#include "load.h"
#include "node.h"

/* What must hold. Some things always; some while at most one thing at a time goes wrong (strict); and all of it once
 * nothing goes wrong any more and the scope has settled. */

void sim_check_new(struct sim *w);
void sim_check_free(struct sim *w);

/** Look at everything every plan.sample_ms from now on. */
void sim_check_start(struct sim *w);
/** From now on at most one thing at a time goes wrong, or not. */
void sim_check_strict(struct sim *w, bool strict);

/* From the engines' calls. */
void sim_check_record(struct sim *w, struct sim_node *n, const struct rsp_event *event);
void sim_check_sent(struct sim *w, const struct sim_node *n, const struct sim_node *to, enum rsp_protocol protocol,
		    struct rsp_bytes message);
void sim_check_received(struct sim *w, const struct sim_node *n, enum rsp_protocol protocol, struct rsp_bytes message);
void sim_check_expired(struct sim *w, const struct sim_element *e);
/** A registrar's process has begun: it has shown nothing yet. */
void sim_check_started(struct sim *w, const struct sim_node *n);

/** Why the scope is not as it should be, or NULL: each registrar that is well knows all elements and all peers, and
 * agrees about them with the elements and with the others. Registrars that suffer a fault are taken for absent. */
const char *sim_unsettled(struct sim *w, char *text, size_t cap);

/** Write what every registrar knows into the trace. */
void sim_dump(struct sim *w);

/** Go on until the scope has settled; how long that took. A violation if it takes longer than @bound_ms. */
uint64_t sim_settle(struct sim *w, uint64_t bound_ms);

/** When all is over that began in the last partition: a registration that it kept has its grace time after that. */
uint64_t sim_over(const struct sim *w);

/** Let @ms pass in which nothing happens, and see how much is said meanwhile. */
void sim_check_traffic(struct sim *w, uint64_t ms);

/** Whether it runs and suffers nothing. */
bool sim_well(const struct sim_node *n);

#endif
