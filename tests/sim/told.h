#ifndef TESTS_SIM_TOLD_H
#define TESTS_SIM_TOLD_H

#include "inside.h"
#include "load.h"
#include "node.h"

/* Whether registrars act on what they were told: an element that its home has removed is not shown any more, nor one that was
 * taken over and did not register for longer than its registration life; after all registrars were killed, no question is
 * answered before elements have had the time to register again. */

void sim_told_new(struct sim *w);
void sim_told_free(struct sim *w);

/** The process of @n has begun, or joins again: it was told nothing. */
void sim_told_nothing(struct sim *w, const struct sim_node *n);

/** @n receives @message of @from, or sends it to @to. */
void sim_told_received(struct sim *w, const struct sim_node *n, const struct sim_node *from, enum rsp_protocol protocol,
		       struct rsp_bytes message);
void sim_told_sent(struct sim *w, const struct sim_node *n, const struct sim_node *to, enum rsp_protocol protocol,
		   struct rsp_bytes message);

/** @n shows @e as @got. */
void sim_told_look(struct sim *w, const struct sim_node *n, const struct sim_element *e, const struct sim_shown *got);

#endif
