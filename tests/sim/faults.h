#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct sim_node;

/* The faults that happen to nodes and their network. A fault begins, and ends some time later. */
/* clang-format off */
#define SIM_FAULTS(X)                                                                               \
	X(KILL,        "killed")              /* its connections are reset; started again later */  \
	X(RESTART,     "restarted")           /* killed, and started again at once */               \
	X(VANISH,      "vanished")            /* power failure: no connection is closed */          \
	X(LEAVE,       "left")                /* SIGTERM */                                         \
	X(PAUSE,       "paused")              /* SIGSTOP, SIGCONT */                                \
	X(JUMP,        "clock-jump")          /* its clock is suddenly ahead */                     \
	X(SLOW,        "slow")                /* what it sends takes long */                        \
	X(CUT,         "connection-cut")      /* a connection between registrars breaks */          \
	X(MESH,        "cut-from-registrars") /* it reaches elements and users only */              \
	X(ISOLATE,     "isolated")            /* nothing that it sends arrives, nor what it is sent */ \
	X(DEAF,        "deaf")                /* what it is sent does not arrive */                 \
	X(MUTE,        "mute")                /* what it sends does not arrive */                   \
	X(PAIR,        "pair-parted")         /* two registrars do not reach each other */          \
	X(PAIR_ONEWAY, "pair-parted-one-way") /* one does not reach the other */                    \
	X(SPLIT,       "split")               /* some registrars and clients here, the rest there */\
	X(ALL_PAUSE,   "all-paused")          /* all registrars are paused, and continue together */ \
	X(ALL_KILL,    "all-killed")          /* all registrars are killed, and start together */   \
	X(SAME_ID,     "same-id")             /* restarted, with the server id of another one */    \
	X(ELEMENT_KILL,   "element-killed")                                                         \
	X(ELEMENT_VANISH, "element-vanished")                                                       \
	X(ELEMENT_PAUSE,  "element-paused")                                                         \
	X(ELEMENT_CUT,    "element-cut")      /* its connection to its home breaks */               \
	X(ELEMENT_AWAY,   "element-parted")   /* it does not reach its home */                      \
	X(ELEMENT_ALONE,  "element-isolated") /* nothing that it sends arrives, nor what it is sent */
/* clang-format on */

enum sim_fault_kind {
#define SIM_FAULT_NAME(id, name) SIM_FAULT_##id,
	SIM_FAULTS(SIM_FAULT_NAME)
#undef SIM_FAULT_NAME
	SIM_FAULT_COUNT
};

struct sim_fault {
	unsigned number; /* in its run, for --without */
	enum sim_fault_kind kind;
	uint64_t at, duration_ms;
	struct sim_node *victim, *other; /* @other: the second of a pair */
	uint32_t victim_life; /* node.life of the victim when the fault began */
	uint64_t half;	     /* SPLIT: nodes with an equal bit [place] reach each other */
	bool began, is_over, promises_nothing;
};

const char *sim_fault_name(enum sim_fault_kind kind);

/** Draw a fault for a scope in which nothing else goes wrong; or any fault. */
struct sim_fault sim_fault_gentle(struct sim *w, unsigned number);
struct sim_fault sim_fault_any(struct sim *w, unsigned number);
/** Draw a fault that may last while others do, and that the scope has to answer. */
struct sim_fault sim_fault_layer(struct sim *w, unsigned number);

/** Begin the fault; false if it is not possible now. */
bool sim_fault_begin(struct sim *w, struct sim_fault *fault);
/** End the fault. Nodes that it parted from others count as ill until sim_fault_forget(). */
void sim_fault_end(struct sim *w, struct sim_fault *fault);
void sim_fault_forget(struct sim *w, struct sim_fault *fault);

/** Whether all registrars are victims. */
bool sim_fault_of_all(enum sim_fault_kind kind);

/** Whether the connections of the victim break at once for the other side. */
bool sim_fault_resets(enum sim_fault_kind kind);

#endif
