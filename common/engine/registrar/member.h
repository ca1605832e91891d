#ifndef RSP_REGISTRAR_MEMBER_H
#define RSP_REGISTRAR_MEMBER_H

#include "engine/registrar/link.h"

/*
 * An element as a member of a pool here: what this registrar keeps of it beside its contents (the opaque part of struct
 * rsp_element). Its phase says what is known about its liveness, and what its one timer means.
 *
 * FOREIGN: its home is another registrar. OWN: its home is this registrar.
 *
 *	phase                 the timer
 *	FOREIGN               -
 *	FOREIGN_MARKED        -               its home's table is being downloaded, and has not listed it yet
 *	FOREIGN_SWEEP         removed then    its home's table does not list it: RFC 5353 s.3.6.3
 *	FOREIGN_CLAIMED       claim holds     another registrar claims it; its home was asked
 *	FOREIGN_CLAIMED_MARKED   likewise     both
 *	FOREIGN_LOOK          asked then      its home is dead, and no takeover completes: look.c
 *	HELD                  keep-alive      OWN: connected
 *	ASKED                 answer is due   OWN: a keep-alive was sent
 *	GRACE                 removed then    OWN: its connection closed, and it may register again
 *	ADOPT_QUEUED          dialled then    OWN: taken over, to be told so by a keep-alive with the H flag
 *	ADOPT_DIALLING        dial is late    OWN: its ASAP transport is being dialled for that
 *	ADOPT_ASKED           answer is due   OWN: that keep-alive was sent
 *	OLD                   -               of the table that this registrar had before it was away: join.c
 *	GONE                  -               removed in this turn; freed at its end
 *
 * rsp_member_may() has the transitions.
 */
enum rsp_member_phase {
	RSP_MEMBER_FOREIGN, /* also of an element that was only just stored */
	RSP_MEMBER_FOREIGN_MARKED,
	RSP_MEMBER_FOREIGN_SWEEP,
	RSP_MEMBER_FOREIGN_CLAIMED,
	RSP_MEMBER_FOREIGN_CLAIMED_MARKED,
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

/** What happened to an element in this turn, and is settled at its end. */
enum rsp_news {
	RSP_NEWS_ADD = 1,       /* it is ours and has changed: peers get ENRP_HANDLE_UPDATE with ADD_PE */
	RSP_NEWS_DEL = 2,       /* it was ours and is removed: DEL_PE */
	RSP_NEWS_PASS_ON = 4,   /* it was ours, and another registrar's claim to it was accepted: peers are told */
	RSP_NEWS_ANSWERED = 8,  /* it answered while another registrar claimed it */
	RSP_NEWS_SILENT = 16,   /* it did not answer, or its connection closed, while another registrar claimed it */
	RSP_NEWS_UNREACHED = 32 /* it is another registrar's, was asked (look.c) and did not answer */
};

/** What another registrar says about an element, until that is decided: enrp/ownership.c. */
struct rsp_pending_claim {
	uint32_t by;
	uint64_t version;
	bool removed;  /* it says that the element was removed */
	uint16_t size; /* else the Pool Element parameter, with its length */
	uint8_t octets[];
};

struct rsp_member {
	enum rsp_member_phase phase : 8;
	uint8_t news; /* enum rsp_news; not 0, or GONE: it is in core->changed */
	bool in_changed : 1;
	bool counted : 1;            /* its owner's account counts it: OWN, with an owner */
	uint8_t sweep_postponed : 6; /* FOREIGN_SWEEP: how often the removal was postponed */
	uint8_t n_reporters;
	uint32_t link;        /* the link it is reached over; 0: none */
	uint32_t link_before; /* the previous link; it may have ended */
	uint32_t claimed_by;  /* the registrar that claims to have taken it over from its home, which lives; 0: none */
	struct rsp_timer expiry; /* OWN: the end of its registration life */
	struct rsp_timer timer;  /* of its phase */
	STAILQ_ENTRY(rsp_member) changed;
	LIST_ENTRY(rsp_member) of_link;
	uint64_t asked_ms;               /* when the last keep-alive was sent; 0: none was */
	struct rsp_reporter *reporters;  /* @n_reporters, since it answered last */
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

/** Store @pe in the pool @handle: rsp_handlespace_put() has the errors. */
enum rsp_err rsp_member_put(struct rsp_core *core, struct rsp_bytes handle, const struct rsp_pool_element *pe,
			    struct rsp_member **ret) RSP_NODISCARD;

/** Why this registrar removes an element. */
enum rsp_removal {
	RSP_REMOVAL_DEREGISTERED,
	RSP_REMOVAL_EXPIRED,
	RSP_REMOVAL_KEEPALIVE,   /* a keep-alive was not answered */
	RSP_REMOVAL_UNREACHABLE, /* too many reports, and a keep-alive was not answered */
	RSP_REMOVAL_CONNECTION,  /* its connection closed, and it did not register again in the grace time */
	RSP_REMOVAL_RIGHTS       /* its owner has no key any more, or may not register it */
};

/** Whether the phase may change from @from to @to. */
bool rsp_member_may(enum rsp_member_phase from, enum rsp_member_phase to);

/** "held"… Static. */
const char *rsp_member_phase_name(enum rsp_member_phase phase);

/** Let @m be in @phase, with its timer set to @at_ms (RSP_NEVER: none). */
void rsp_member_enter(struct rsp_core *core, struct rsp_member *m, enum rsp_member_phase phase, uint64_t at_ms);

/** The same phase, with the timer set anew. */
void rsp_member_postpone(struct rsp_core *core, struct rsp_member *m, uint64_t at_ms);

bool rsp_member_is_own(const struct rsp_core *core, const struct rsp_member *m);
static inline bool
rsp_member_is_waited_for(const struct rsp_member *m)
{
	return m->phase == RSP_MEMBER_ASKED || m->phase == RSP_MEMBER_ADOPT_ASKED;
}

/** Note @news of @m, to be settled at the end of the turn. */
void rsp_member_note(struct rsp_core *core, struct rsp_member *m, enum rsp_news news);

/** Let the account of @m's owner count @m, if that is ours, or no longer count it. An element counts once at most. */
void rsp_member_count(struct rsp_core *core, struct rsp_member *m, bool counts);

/** Let the registration life end in @lifetime_s (< 0: never). */
void rsp_member_set_life(struct rsp_core *core, struct rsp_member *m, int32_t lifetime_s);

/** Wait for @m's next keep-alive: HELD. */
void rsp_member_hold(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive over the element's link, which is up. With @home (the H flag) the element is to take this registrar
 * for its home, and is ADOPT_ASKED; else ASKED. */
void rsp_member_ask(struct rsp_core *core, struct rsp_member *m, bool home);

/** HELD: ask as soon as the distance to the last keep-alive allows. In other phases an answer is awaited anyway. */
void rsp_member_ask_soon(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive for @m over @link, without change of phase. */
void rsp_member_send_keep_alive(struct rsp_core *core, uint32_t link, const struct rsp_member *m, bool home);

/** ASAP_ENDPOINT_KEEP_ALIVE_ACK, RFC 5352 s.3.5. @m: the element it names, NULL: unknown here. */
void rsp_member_acknowledged(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg,
			     struct rsp_member *m);

/** Send ASAP_DEREGISTRATION_RESPONSE with @cause to the element over its link, if there is one: it is not registered here
 * any more. RFC 5352 s.3.2; the cause is beyond the RFC. */
void rsp_member_send_removed(struct rsp_core *core, const struct rsp_member *m, uint16_t cause);

/** Forget the reports of @m (RFC 5352 s.3.5). */
void rsp_member_clear_reports(struct rsp_member *m);

/** Forget the pending claim of @m. */
void rsp_member_clear_claim(struct rsp_member *m);

/** Remove the own element @m: record it, remember its removal, announce it. @by (may be NULL): the link it is removed by. */
void rsp_member_remove(struct rsp_core *core, struct rsp_member *m, enum rsp_removal why, const struct rsp_link *by);

/** Remove @m here: subscribers are told, peers are not. */
void rsp_member_forget(struct rsp_core *core, struct rsp_member *m);

/** Free @m, which is GONE. Called at the end of a turn only. */
void rsp_member_free(struct rsp_core *core, struct rsp_member *m);

/** @link has ended: its elements have the grace time to register again, or are asked over another link. */
void rsp_member_link_down(struct rsp_core *core, struct rsp_link *link);

#endif
