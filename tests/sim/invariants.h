#ifndef TESTS_SIM_INVARIANTS_H
#define TESTS_SIM_INVARIANTS_H

#include "engine/event.h"
#include "load.h"
#include "node.h"

/* What must hold. Some invariants hold always; some while at most one fault at a time happens (strict); and all of them
 * once no fault happens any more and the scope has settled. */

void sim_check_new(struct sim *w);
void sim_check_free(struct sim *w);

/** Check all registrars every plan.sample_ms from now on. */
void sim_check_start(struct sim *w);
/** From now on at most one fault at a time happens (@strict), or any number. */
void sim_check_strict(struct sim *w, bool strict);

/* To be called when an engine records an event, when a message is sent and read, and when a client loses an element. */
void sim_check_record(struct sim *w, struct sim_node *n, const struct rsp_event *event);
void sim_check_sent(struct sim *w, const struct sim_node *n, const struct sim_node *to, enum rsp_protocol protocol,
		    struct rsp_bytes message);
void sim_check_received(struct sim *w, const struct sim_node *n, enum rsp_protocol protocol, struct rsp_bytes message);
void sim_check_expired(struct sim *w, const struct sim_element *e);
/** The process of the registrar @n has begun: it has shown nothing yet. */
void sim_check_started(struct sim *w, const struct sim_node *n);

/** Why the scope is not as it should be, or NULL: each registrar that is well knows all elements and all peers, and
 * agrees about them with the elements and with the others. Registrars that suffer a fault are taken for absent. */
const char *sim_unsettled(struct sim *w, char *text, size_t cap);

/** Write into the trace what each registrar has on record. */
void sim_dump(struct sim *w);

/** Go on until the scope has settled; how long that took. A violation if it takes longer than @bound_ms. */
uint64_t sim_settle(struct sim *w, uint64_t bound_ms);

/** When the last partition has no consequences any more: a registration that it kept back has had its grace time. */
uint64_t sim_over(const struct sim *w);

/** Let @ms pass in which nothing happens. Meanwhile few messages are sent, and all registrars come to agree. */
void sim_check_traffic(struct sim *w, uint64_t ms);

/** Whether it runs and suffers nothing. */
bool sim_well(const struct sim_node *n);

#endif
