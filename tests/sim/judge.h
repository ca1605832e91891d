#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "load.h"
#include "node.h"

/*
 * What registrars show is compared with what is true, whatever faults last: a fault excuses only what no registrar can
 * know meanwhile. Registrars that hear one another, also over one registrar in between, show the same.
 */

#define SIM_BACK_MS 1000 /* after all registrars were stopped, answers may be wrong for so long */

void sim_judge_new(struct sim *w);
void sim_judge_free(struct sim *w);

/** Compare what each registrar shows with what is true; to be called at each sample, after sim_truth_look(). */
void sim_judge_look(struct sim *w);

/** The registrar @n answers a user: @msg is an ASAP_HANDLE_RESOLUTION_RESPONSE. */
void sim_judge_answer(struct sim *w, const struct sim_node *n, const struct rsp_message *msg);

/** A user has reported to the registrar @n that the element in @msg is unreachable. */
void sim_judge_report(struct sim *w, const struct sim_node *n, const struct rsp_message *msg);

#endif
