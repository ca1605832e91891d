#ifndef TESTS_SIM_WRAP_H
#define TESTS_SIM_WRAP_H

/* Mistakes that are put into the engine, to see that the simulator's invariants catch them. The engine is the one that
 * is shipped: the linker lets it call functions of wrap.c in place of its own (-Wl,--wrap in Makefile.am). */

/* clang-format off */
#define SIM_MISTAKES(X)                                                                                   \
	X(NONE)                                                                                           \
	X(LATE_ADD_RESURRECTS)       /* an older statement brings a removed element back */               \
	X(REMOVAL_FORGOTTEN)         /* no removal is remembered */                                       \
	X(NUMBER_IGNORED)            /* an older statement replaces a newer one */                        \
	X(NOT_ASKED)                 /* a linked element is not asked about a greater statement */        \
	X(NOT_TOLD)                  /* the sender of an older statement is not told the newer one */     \
	X(NO_UPDATE)                 /* a new registration is not announced to peers */                   \
	X(DELETE_NOT_ANNOUNCED)      /* a removal is not announced to peers */                            \
	X(ANSWERS_WHILE_JOINING)     /* users are served before the handlespace is complete */            \
	X(NO_TAKEOVER)               /* the elements of a dead registrar stay with it */                  \
	X(NO_ARBITRATION)            /* a takeover does not wait for acknowledgements */                  \
	X(NO_LOOKS)                  /* elements that are not linked are not looked at */                 \
	X(CHECKSUM_NOT_UPDATED)      /* a removed element stays part of the PE checksum */                \
	X(NO_AUDIT)                  /* the digest in a presence is ignored */                            \
	X(DIGEST_IGNORED)            /* audits compare the update numbers only */                         \
	X(PROBE_UNANSWERED)          /* a presence that requires a reply gets none */                     \
	X(LATE_IS_DEAD)              /* after a pause it finds others dead before it reads what they sent */ \
	X(KEEPALIVE_IGNORED)         /* an element that does not answer a keep-alive is kept */
/* clang-format on */

enum sim_mistake {
#define SIM_MISTAKE_NAME(name) SIM_MISTAKE_##name,
	SIM_MISTAKES(SIM_MISTAKE_NAME)
#undef SIM_MISTAKE_NAME
	SIM_MISTAKE_COUNT
};

/** The mistake that the engine makes now. */
extern enum sim_mistake sim_mistake;

#endif
