#ifndef RSP_MODEL_STATEMENT_H
#define RSP_MODEL_STATEMENT_H

#include <stdbool.h>

#include "proto/param.h"

/*
 * The order of the statements about one element. An element is one process, and numbers what it says: each registration has
 * a higher epoch. Its home adds only a rank, at the epoch of the element: registered, taken over, removed. Each registrar
 * keeps the greatest statement that it has heard, so all registrars that hear of one another come to keep the same.
 */

/**
 * Compare two statements by epoch, instance, rank, home and over, each as an unsigned integer. Negative: @a is older;
 * positive: @a is newer; 0: the same. Then the contents decide: rsp_encoded_contents_compare(). Registrars that follow the
 * rules never differ in over or contents alone; the comparison lets the others agree, too.
 */
int rsp_statement_compare(const struct rsp_statement *a, uint32_t a_home, const struct rsp_statement *b,
			  uint32_t b_home);

/** Whether @a and @b have the same epoch and instance, whatever else is different. */
bool rsp_statement_same_number(const struct rsp_statement *a, const struct rsp_statement *b);

bool rsp_statement_is_removed(const struct rsp_statement *s);

#endif
