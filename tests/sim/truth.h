#ifndef TESTS_SIM_TRUTH_H
#define TESTS_SIM_TRUTH_H

#include "load.h"
#include "node.h"

/* What is true, as no registrar can know it: which registrars hear one another, and to which of them an element is
 * connected. Times are since when it is so; RSP_NEVER: it is not so now. */

void sim_truth_new(struct sim *w);
void sim_truth_free(struct sim *w);

/** Look at the network and at the processes again; to be called at each sample. */
void sim_truth_look(struct sim *w);

/** Since when both serve, and each message of one reaches the other in time. */
uint64_t sim_truth_hear(const struct sim *w, const struct sim_node *a, const struct sim_node *b);
/** Since when a third registrar hears both. */
uint64_t sim_truth_relay(const struct sim *w, const struct sim_node *a, const struct sim_node *b);

/** Since when the two have met: each had a connection to the other. 0 if all are configured with all. With one contact each, two
 * registrars meet after that one has told them of each other; if it ends before, they do not: RSP_NEVER. */
uint64_t sim_truth_met(const struct sim *w, const struct sim_node *a, const struct sim_node *b);
/** Whether each two of the registrars that run have met. */
bool sim_truth_all_met(const struct sim *w);

/** The time in which registrars that hear each other come to show the same now: sim_bound_converged(); and, while a
 * registrar is silent, twice MAX-TIME-NO-RESPONSE, for which its answer is waited for (ownership.md 4.3). */
uint64_t sim_truth_bound(const struct sim *w);

/** What a registrar hears of the home of an element. */
enum sim_relation {
	SIM_SELF,    /* it is the home */
	SIM_HEARD,   /* it hears the home */
	SIM_RELAYED, /* a registrar that it hears hears the home */
	SIM_UNHEARD
};

enum sim_relation sim_truth_relation(const struct sim *w, const struct sim_node *n, const struct sim_node *home);

/** Whether the registrar @n has to show @e now: the element is connected to a registrar, and @n has heard of that
 * registrar for so long that it knows. *@ret_bound_ms: the time in which @n hears of a change. */
bool sim_truth_must_show(const struct sim *w, const struct sim_node *n, const struct sim_element *e,
			 uint64_t *ret_bound_ms);

/** How long ago @value was the last one of @e; 0: it is; RSP_NEVER: it never was. */
uint64_t sim_truth_age(const struct sim *w, const struct sim_element *e, uint32_t value);

#endif
