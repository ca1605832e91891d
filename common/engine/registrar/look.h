#ifndef RSP_REGISTRAR_LOOK_H
#define RSP_REGISTRAR_LOOK_H

#include "engine/registrar/member.h"

/*
 * A look checks whether an element is alive that has no connection to this registrar: this registrar connects to the ASAP
 * transport of the element, and sends an ASAP_ENDPOINT_KEEP_ALIVE without the H flag. So the home of the element does not
 * change. RFC 5352 s.3.5 requires this at once for an element that a user reported unreachable, also if its home is
 * another registrar.
 *
 * RFC deviation: if an element of another home does not answer, this registrar does not remove it, because only the home
 * may remove it. It sends the home an ENRP_HANDLE_UPDATE, and the home asks the element over its own connection. This
 * registrar removes the element only if the home is dead and its takeover is late (RSP_NEWS_UNREACHED).
 */
enum rsp_look_state {
	RSP_LOOK_FREE,
	RSP_LOOK_DIALLING, /* the timer: time limit of the dial */
	RSP_LOOK_ASKED,	   /* the timer: time limit of the answer */
	RSP_LOOK_RESTING   /* the timer: from then on, a new look at this element may begin, RFC 5355 s.2.14 */
};

/** Its transitions: base/moves.h. Looks at elements with the same transport share a connection. */
#define RSP_LOOK_MOVES(MOVE)                                                                                           \
	MOVE(FREE, DIALLING, an_element_is_reported)                                                                   \
	MOVE(FREE, ASKED, an_element_is_reported_whose_transport_is_connected)                                         \
	MOVE(DIALLING, FREE, the_element_is_removed_while_the_look_dials)                                              \
	MOVE(DIALLING, ASKED, the_connection_is_up)                                                                    \
	MOVE(DIALLING, RESTING, the_dial_fails)                                                                        \
	MOVE(DIALLING, RESTING, the_dial_takes_too_long)                                                               \
	MOVE(ASKED, FREE, the_element_is_removed_before_it_answers)                                                    \
	MOVE(ASKED, RESTING, the_element_answers)                                                                      \
	MOVE(ASKED, RESTING, the_connection_is_lost)                                                                   \
	MOVE(ASKED, RESTING, the_answer_takes_too_long)                                                                \
	MOVE(RESTING, FREE, the_rest_is_over)                                                                          \
	MOVE(RESTING, FREE, the_element_is_removed_while_the_look_rests)

struct rsp_look {
	struct rsp_timer timer;
	struct rsp_member *member; /* the element; NULL if FREE */
	uint32_t link;		   /* DIALLING, ASKED: the link to the element */
	enum rsp_look_state state;
};

#define RSP_LOOKS_MAX 256

struct rsp_looks {
	struct rsp_core *core;
	struct rsp_wheel wheel;
	struct rsp_look look[RSP_LOOKS_MAX];
	unsigned n; /* looks that are not FREE */
};

bool rsp_look_may(enum rsp_look_state from, enum rsp_look_state to);

void rsp_look_init(struct rsp_looks *looks, struct rsp_core *core);

/** Begin a look at the element @m; do nothing if there is a look at it already. If @m has no transport to dial, it
 * counts as unanswered. False: too many looks or dials are under way. */
bool rsp_look_begin(struct rsp_looks *looks, struct rsp_member *m);

/** @link, which was dialled to elements, is up: send the keep-alives of the looks that wait for it. */
void rsp_look_link_up(struct rsp_looks *looks, const struct rsp_link *link);
/** @link is CLOSING: the looks that use it count as unanswered. */
void rsp_look_link_down(struct rsp_looks *looks, struct rsp_link *link);

/** The element @m has sent an ASAP_ENDPOINT_KEEP_ALIVE_ACK over @link. */
void rsp_look_acknowledged(struct rsp_looks *looks, const struct rsp_link *link, struct rsp_member *m);

/** @m is about to be freed: end the look at it. */
void rsp_look_forget(struct rsp_looks *looks, const struct rsp_member *m);

/** End all looks; none of them counts as answered or unanswered. */
void rsp_look_clear(struct rsp_looks *looks);

/** Handle the timers that have expired. */
void rsp_look_tick(struct rsp_looks *looks);

#endif
