#ifndef RSP_REGISTRAR_LOOK_H
#define RSP_REGISTRAR_LOOK_H

#include "engine/registrar/member.h"

/*
 * Looks: elements without a connection to this registrar are asked whether they are there. RFC 5352 s.3.5 has any
 * registrar ask a reported element at once, also one of another registrar. It is sent a keep-alive without the H flag
 * over a connection to its ASAP transport: its home stays what it is.
 *
 * RFC deviation: an element of another registrar that does not answer is not removed here, since among registrars only
 * the word of its home counts. The home is sent an ENRP_HANDLE_UPDATE and asks the element over its own connection. Only
 * an element whose home is dead, and which no registrar took over in time, is removed here (RSP_NEWS_UNREACHED).
 *
 *	from \ to   FREE  DIALLING  ASKED  RESTING
 *	FREE          -     yes      yes      -
 *	DIALLING     yes     -       yes     yes
 *	ASKED        yes     -        -      yes
 *	RESTING      yes     -        -       -
 */
enum rsp_look_state {
	RSP_LOOK_FREE,
	RSP_LOOK_DIALLING, /* the timer: the end of dialling */
	RSP_LOOK_ASKED,	   /* the timer: the answer is due */
	RSP_LOOK_RESTING   /* the timer: the element may be asked again, RFC 5355 s.2.14 */
};

struct rsp_look {
	struct rsp_timer timer;
	struct rsp_member *member; /* not FREE */
	uint32_t link;		   /* DIALLING, ASKED */
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

/** Ask the element @m, unless it is being asked or was just now. An element that cannot be dialled counts as one that does
 * not answer. False: too many are asked at this time. */
bool rsp_look_begin(struct rsp_looks *looks, struct rsp_member *m);

/** @link, to elements, is up: ask the ones that wait for it. */
void rsp_look_link_up(struct rsp_looks *looks, const struct rsp_link *link);
/** @link is CLOSING: its elements have not answered. */
void rsp_look_link_down(struct rsp_looks *looks, struct rsp_link *link);

/** The element @m has acknowledged a keep-alive over @link. */
void rsp_look_acknowledged(struct rsp_looks *looks, const struct rsp_link *link, struct rsp_member *m);

/** @m is about to be freed. */
void rsp_look_forget(struct rsp_looks *looks, const struct rsp_member *m);

/** End all looks without consequence. */
void rsp_look_clear(struct rsp_looks *looks);

/** Handle the timers that have expired. */
void rsp_look_tick(struct rsp_looks *looks);

#endif
