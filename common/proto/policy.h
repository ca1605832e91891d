#ifndef RSP_PROTO_POLICY_H
#define RSP_PROTO_POLICY_H

#include <stdint.h>

#include "base/bytes.h"
#include "wire/reader.h"
#include "wire/writer.h"

/*
 * The policies of RFC 5356, one row for each: id, type, key and alias (rsp_policy_named()), the number of 32-bit words
 * after the type in the parameter, and the JSON keys of these words; then the function by which a user selects from an
 * answer, and the shape by which a registrar selects. model/shape.c defines these functions and shapes; a row without
 * them does not compile.
 */
/* clang-format off */
#define RSP_POLICIES(X)                                                                                \
	X(RR, 0x00000001, "round-robin", "rr", 0, NULL, NULL,                                          \
	  in_turn, CIRCULAR)                                                                           \
	X(WRR, 0x00000002, "weighted-round-robin", "wrr", 1, "weight", NULL,                           \
	  in_turn_by_weight, SCHEDULED)                                                                \
	X(RAND, 0x00000003, "random", "rand", 0, NULL, NULL,                                           \
	  at_random, RANDOM)                                                                           \
	X(WRAND, 0x00000004, "weighted-random", "wrand", 1, "weight", NULL,                            \
	  at_random_by_weight, WEIGHTED(weight, true))                                                 \
	X(PRIO, 0x00000005, "priority", "prio", 1, "priority", NULL,                                   \
	  highest_first_word, RANKED(highest_first))                                                   \
	X(LU, 0x40000001, "least-used", "lu", 1, "load", NULL,                                         \
	  in_turn, RANKED(lowest_first))                                                               \
	X(LUD, 0x40000002, "least-used-with-degradation", "lud", 2, "load", "load_degradation",        \
	  in_turn, DEGRADED)                                                                           \
	X(PLU, 0x40000003, "priority-least-used", "plu", 2, "load", "load_degradation",                \
	  in_turn, RANKED(lowest_sum_first))                                                           \
	X(RLU, 0x40000004, "randomized-least-used", "rlu", 1, "load", NULL,                            \
	  at_random, WEIGHTED(idleness, false))
/* clang-format on */

enum {
#define RSP_POLICY_TYPE(id, type, ...) RSP_POLICY_##id = (type),
	RSP_POLICIES(RSP_POLICY_TYPE)
#undef RSP_POLICY_TYPE
};

/** A Pool Member Selection Policy, RFC 5354 s.3.8, RFC 5356. rsp_policy_row()
 * gives the meaning of the words in @value. */
struct rsp_policy {
	uint32_t type; /* 0: none */
	uint32_t value[2];
	struct rsp_bytes extra; /* octets after these words; for an unknown policy, all octets after the type */
};

/** A row of the table of policies: the names of the policy and of its words. */
struct rsp_policy_row {
	uint32_t type;
	const char *key;      /* name in records and options: "round-robin" */
	const char *alias;    /* short name for options: "rr" */
	uint8_t n_values;     /* 0 to 2 */
	const char *value[2]; /* JSON keys: "weight", "priority", "load", "load_degradation" */
};

/** The row of @type; NULL: not a standard policy. */
const struct rsp_policy_row *rsp_policy_row(uint32_t type);

/** The row with the key or alias @name; NULL: there is none. */
const struct rsp_policy_row *rsp_policy_named(const char *name);

/** Row @i of the table; NULL past its end. */
const struct rsp_policy_row *rsp_policy_at(unsigned i);

/** Decode the value of a policy parameter. @body is read to its end, or has failed. RSP_EVALUE: a reserved type. */
void rsp_policy_decode(struct rsp_rd *body, struct rsp_policy *ret);

/** Append the whole policy parameter. */
void rsp_policy_encode(struct rsp_wr *wr, const struct rsp_policy *policy);

#endif
