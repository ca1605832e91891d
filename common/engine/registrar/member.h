#ifndef RSP_REGISTRAR_MEMBER_H
#define RSP_REGISTRAR_MEMBER_H

#include "engine/registrar/link.h"

/*
 * A member is the registrar's own data about an element, kept in the opaque part of struct rsp_element. The phase of the
 * member says what this registrar knows about the liveness of the element, and what the timer of the member means.
 *
 * FOREIGN: its home is another registrar. OWN: its home is this registrar.
 *
 *	phase                 the timer
 *	FOREIGN               -
 *	FOREIGN_SWEEP         remove it       the table of its home does not list it: RFC 5353 s.3.6.3
 *	FOREIGN_CLAIMED       end the claim   another registrar claims it; this registrar has asked the home
 *	FOREIGN_LOOK          begin a look    its home is dead, and the takeover is late: look.c
 *	HELD                  keep-alive      OWN: connected
 *	ASKED                 answer is late  OWN: a keep-alive was sent
 *	GRACE                 remove it       OWN: its connection closed, and it may register again
 *	ADOPT_QUEUED          dial it         OWN: taken over; it must get a keep-alive with the H flag
 *	ADOPT_DIALLING        dial is late    OWN: taken over; its ASAP transport is being dialled
 *	ADOPT_ASKED           answer is late  OWN: taken over; the keep-alive with the H flag was sent
 *	OLD                   -               stored before this registrar was away: join.c
 *	GONE                  -               removed in this turn; freed at its end
 *
 * rsp_member_may() has the transitions.
 */
enum rsp_member_phase {
	RSP_MEMBER_FOREIGN, /* also the first phase of each stored element */
	RSP_MEMBER_FOREIGN_SWEEP,
	RSP_MEMBER_FOREIGN_CLAIMED,
	RSP_MEMBER_FOREIGN_LOOK,
	RSP_MEMBER_HELD,
	RSP_MEMBER_ASKED,
	RSP_MEMBER_GRACE,
	RSP_MEMBER_ADOPT_QUEUED,
	RSP_MEMBER_ADOPT_DIALLING,
	RSP_MEMBER_ADOPT_ASKED,
	RSP_MEMBER_OLD,
	RSP_MEMBER_GONE,
	RSP_MEMBER_PHASES
};

/** Changes of an element in this turn, which are handled at the end of the turn. */
enum rsp_news {
	RSP_NEWS_ADD = 1,       /* an own element has changed: send peers an ENRP_HANDLE_UPDATE with ADD_PE */
	RSP_NEWS_DEL = 2,       /* an own element was removed: send DEL_PE */
	RSP_NEWS_PASS_ON = 4,   /* it was an own element, and a claim was accepted: send the claim to the other peers */
	RSP_NEWS_ANSWERED = 8,  /* it has answered a keep-alive while a claim is pending */
	RSP_NEWS_SILENT = 16,   /* it has not answered, or its connection closed, while a claim is pending */
	RSP_NEWS_UNREACHED = 32 /* an element of another home has not answered a look */
};

/** A claim to an element, or a removal of it, by another registrar, which waits for an
 * answer of the element or its home: enrp/ownership.c. */
struct rsp_pending_claim {
	uint32_t by;
	uint64_t version;
	bool removed;  /* true: a removal; false: a claim */
	uint16_t size; /* a claim: the Pool Element parameter, and its size */
	uint8_t octets[];
};

struct rsp_member {
	enum rsp_member_phase phase : 4;
	unsigned sweep_postponed : 4; /* FOREIGN_SWEEP: how often the removal was postponed */
	unsigned news : 6;	      /* bits of enum rsp_news; a member with news, or GONE, is in core->changed */
	bool in_changed : 1;
	bool counted : 1; /* the account of its owner counts it: OWN, with an owner */
	uint8_t n_reporters;
	/* FOREIGN: the number (rsp_download.number) of the last download of the
	 * home's table that listed the element; 0: none */
	uint8_t listed_in;
	uint32_t link;        /* the link over which the element is reached; 0: none */
	uint32_t link_before; /* the previous link, which may have ended */
	/* the registrar that claims to have taken the element over, although its home is alive; 0: none */
	uint32_t claimed_by;
	struct rsp_timer expiry; /* OWN: end of the registration life */
	struct rsp_timer timer;  /* of its phase */
	STAILQ_ENTRY(rsp_member) changed;
	LIST_ENTRY(rsp_member) of_link;
	uint64_t asked_ms;               /* when the last keep-alive was sent; 0: never */
	struct rsp_reporter *reporters;  /* the @n_reporters senders of reports since the element last answered */
	struct rsp_pending_claim *claim; /* NULL: none */
};

static inline struct rsp_member *
rsp_member(const struct rsp_element *e)
{
	return rsp_element_engine(e);
}

static inline struct rsp_element *
rsp_member_element(const struct rsp_member *m)
{
	return rsp_element_of_engine(m);
}

/** Store @pe in the pool @handle. Errors: see rsp_handlespace_put(). */
enum rsp_err rsp_member_put(struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe,
			    struct rsp_member **ret) RSP_NODISCARD;

/** Why this registrar removes an element. */
enum rsp_removal {
	RSP_REMOVAL_DEREGISTERED,
	RSP_REMOVAL_EXPIRED,
	RSP_REMOVAL_KEEPALIVE,   /* a keep-alive was not answered */
	RSP_REMOVAL_UNREACHABLE, /* too many reports, and a keep-alive was not answered */
	RSP_REMOVAL_CONNECTION,  /* its connection closed, and it did not register again in the grace time */
	RSP_REMOVAL_RIGHTS       /* its owner has no key any more, or has lost the right to register it */
};

/**
 * Whether a member may change from phase @from to phase @to:
 *
 *	from                            to
 *	each but GONE                   HELD           the Pool Element registers at this registrar, or answers it
 *	                                FOREIGN        it is another registrar's, as that registrar's statement says
 *	                                ADOPT_QUEUED   this registrar takes its home over
 *	                                OLD            this registrar was paused for too long, and joins again
 *	                                GONE           it is removed
 *	FOREIGN…                        FOREIGN…       a registrar claims it, its home does not list it, its home is dead
 *	FOREIGN                         GRACE          a table lists it as this registrar's, from before this was away
 *	HELD, ASKED, GRACE              ASKED          it is sent ASAP_ENDPOINT_KEEP_ALIVE
 *	HELD, ASKED, GRACE, ADOPT…      ADOPT_ASKED    the same, with the H flag
 *	ADOPT_QUEUED                    ADOPT_DIALLING its ASAP transport is dialled
 *	HELD, ASKED, GRACE, ADOPT…, OLD GRACE          it has no connection now
 *	OLD                             FOREIGN_SWEEP  the peer list has no room for its home
 */
bool rsp_member_may(enum rsp_member_phase from, enum rsp_member_phase to);

/** The name of @phase, such as "held". Static. */
const char *rsp_member_phase_name(enum rsp_member_phase phase);

/** Change the phase of @m to @phase, and set its timer to @at_ms (RSP_NEVER: no timer). */
void rsp_member_enter(struct rsp_core *core, struct rsp_member *m, enum rsp_member_phase phase, uint64_t at_ms);

/** Keep the phase of @m, and set its timer to @at_ms. */
void rsp_member_postpone(struct rsp_core *core, struct rsp_member *m, uint64_t at_ms);

bool rsp_member_is_own(const struct rsp_core *core, const struct rsp_member *m);
static inline bool
rsp_member_is_waited_for(const struct rsp_member *m)
{
	return m->phase == RSP_MEMBER_ASKED || m->phase == RSP_MEMBER_ADOPT_ASKED;
}

/** Add @news to the news of @m, which are handled at the end of the turn. */
void rsp_member_note(struct rsp_core *core, struct rsp_member *m, enum rsp_news news);

/** Count @m as an own element of its owner, if it is an own element and has an owner (@counts); or count it no longer.
 * An element counts at most once. */
void rsp_member_count(struct rsp_core *core, struct rsp_member *m, bool counts);

/** Set the end of the registration life to @lifetime_s seconds from now (< 0: never). */
void rsp_member_set_life(struct rsp_core *core, struct rsp_member *m, int32_t lifetime_s);

/** Change the phase of @m to HELD, and set its timer to the next keep-alive. */
void rsp_member_hold(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive over the link of @m, which is up. @home: with the H flag, so that the element takes this registrar
 * as its home; the phase is then ADOPT_ASKED. Else the phase is ASKED. */
void rsp_member_ask(struct rsp_core *core, struct rsp_member *m, bool home);

/** HELD: send a keep-alive as soon as keepalive_distance_ms allows. In other phases do nothing. */
void rsp_member_ask_soon(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive for @m over @link; @home: with the H flag. The phase does not change. */
void rsp_member_send_keep_alive(struct rsp_core *core, uint32_t link, const struct rsp_member *m, bool home);

/** Handle an ASAP_ENDPOINT_KEEP_ALIVE_ACK, RFC 5352 s.3.5. @m: the element that @msg names; NULL: unknown here. */
void rsp_member_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			     struct rsp_member *m);

/** Send the element an ASAP_DEREGISTRATION_RESPONSE with @cause over its link, if the link is up: the element is not
 * registered here any more. RFC 5352 s.3.2; the cause is beyond the RFC. */
void rsp_member_send_removed(struct rsp_core *core, const struct rsp_member *m, uint16_t cause);

/** Forget the reports of @m (RFC 5352 s.3.5). */
void rsp_member_clear_reports(struct rsp_member *m);

/** Forget the pending claim of @m. */
void rsp_member_clear_claim(struct rsp_member *m);

/** Remove the own element @m: record the event, store a tombstone, and announce the removal to
 * peers. @by: the link of a deregistration; NULL: none. */
void rsp_member_remove(struct rsp_core *core, struct rsp_member *m, enum rsp_removal why, const struct rsp_link *by);

/** Remove @m from the handlespace: send subscribers an update, but no ENRP_HANDLE_UPDATE to peers. */
void rsp_member_forget(struct rsp_core *core, struct rsp_member *m);

/** Free @m, which is GONE. Called at the end of a turn only. */
void rsp_member_free(struct rsp_core *core, struct rsp_member *m);

/** @link has ended: each element attached to it enters its grace time, or gets a keep-alive over another link. */
void rsp_member_link_down(struct rsp_core *core, struct rsp_link *link);

#endif
