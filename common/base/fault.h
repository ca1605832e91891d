#ifndef RSP_BASE_FAULT_H
#define RSP_BASE_FAULT_H

/* Mistakes that the simulator's tests make on purpose, to see that its invariants catch them (tests/sim). They exist in
 * a build for that test only. */
#ifdef RSP_FAULTS
/* clang-format off */
#define RSP_FAULT_LIST(X)                                                                           \
	X(NONE)                                                                                     \
	X(LATE_ADD_RESURRECTS)       /* tombstones are not looked at */                             \
	X(VERSION_IGNORED)           /* an older statement replaces a newer one */                  \
	X(NO_UPDATE)                 /* a new registration is not announced */                      \
	X(DELETE_NOT_ANNOUNCED)      /* a removal is not announced, and audits remove nothing */    \
	X(ANSWERS_WHILE_JOINING)     /* users are served before the table is complete */            \
	X(NO_TAKEOVER)               /* a dead registrar's elements are left alone */               \
	X(NO_ARBITRATION)            /* a takeover does not wait for anybody's acknowledgement */   \
	X(TAKEOVER_WITHOUT_ADOPTION) /* elements are claimed, but not told so */                    \
	X(CHECKSUM_NOT_UPDATED)      /* a removal leaves its part in the checksum */                \
	X(NO_AUDIT)                  /* what a presence says of its sender's elements is ignored */ \
	X(NO_CONTEST)                /* an owner yields to any claim, although its element is there */ \
	X(PROBE_UNANSWERED)          /* presences that require a reply get none */                  \
	X(STAYS_AWAY)                /* after a pause it goes on as if nothing had happened */      \
	X(LATE_IS_DEAD)              /* nor does it read what was said before it holds others for dead */ \
	X(KEEPALIVE_IGNORED)         /* an element that does not answer is kept */
/* clang-format on */

enum rsp_fault {
#define RSP_FAULT_NAME(name) RSP_FAULT_##name,
	RSP_FAULT_LIST(RSP_FAULT_NAME)
#undef RSP_FAULT_NAME
	RSP_FAULT_COUNT
};

extern enum rsp_fault rsp_fault;
#define RSP_FAULTY(name) (rsp_fault == RSP_FAULT_##name)
#else
#define RSP_FAULTY(name) false
#endif

#endif
