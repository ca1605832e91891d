#ifndef RSP_REGISTRAR_MEMBER_H
#define RSP_REGISTRAR_MEMBER_H

#include "engine/registrar/link.h"
#include "engine/registrar/phase.h"

/** Changes of an element in this turn, which are handled at the end of the turn. */
enum rsp_news {
	RSP_NEWS_ADD = 1,	 /* this registrar has made a statement about an own element: send it to peers */
	RSP_NEWS_LINKED = 2,	 /* the element is linked now: send it to peers without STATEMENT */
	RSP_NEWS_UNLINKED = 4,	 /* it is linked no more: send its removal to peers without STATEMENT */
	RSP_NEWS_DROPPED = 8,	 /* it has not registered in time, or its link was dropped: store m->pending */
	RSP_NEWS_UNREACHED = 16, /* an element of another home has not answered a look */
	RSP_NEWS_REACHED = 32	 /* an element has answered a keep-alive */
};

/** A statement of another registrar about an element, greater than the stored one, which waits for an answer of the element
 * or its home: enrp/ownership.c. */
struct rsp_pending {
	struct rsp_statement statement;
	uint32_t home_id, by_id; /* the home by the statement; the sender of the statement */
	uint16_t size;
	uint8_t octets[]; /* the Pool Element parameter */
};

struct rsp_member {
	enum rsp_member_phase phase : 4;
	unsigned news : 6; /* bits of enum rsp_news; a member with news, or GONE, is in core->changed */
	bool in_changed : 1;
	bool counted : 1;    /* the account of its owner counts it: OWN, with an owner */
	bool met : 1;	     /* it has registered here, or answered a look, since @stated_by stated it */
	bool numbered : 1;   /* the element sends no EPOCH: its home makes its statements */
	bool by_ack : 1;     /* @numbered: it acknowledged the H flag; it has not registered over this link */
	bool adopted : 1;    /* OWN: it has acknowledged the H flag, and that was recorded */
	bool questioned : 1; /* ASKED: the keep-alive had the number of @pending */
	bool unanswered : 1; /* it lost its link because it did not acknowledge a keep-alive */
	bool missed : 1;     /* UNLINKED: a look was not answered since @silent_ms */
	bool first : 1;	     /* LOOK_QUEUED: in core->first_looks, not in core->looks */
	uint8_t n_reporters;
	/* FOREIGN: the number (rsp_download.number) of the last download of the
	 * home's table that listed the element; 0: none */
	uint8_t listed_in;
	uint32_t link;        /* linked or LOOK_…: the link over which the element is reached; 0: none */
	uint32_t link_before; /* the previous link, which may have ended */
	uint32_t stated_by;   /* the peer by which this registrar knows the element; 0: none */
	struct rsp_timer expiry; /* OWN: end of the registration life */
	struct rsp_timer timer;  /* of its phase */
	STAILQ_ENTRY(rsp_member) changed;
	union {
		LIST_ENTRY(rsp_member) of_link;	  /* @link is not 0 */
		TAILQ_ENTRY(rsp_member) of_looks; /* LOOK_QUEUED: in core->looks or core->first_looks */
	};
	uint64_t asked_ms;  /* when the last keep-alive was sent; 0: never */
	uint64_t silent_ms; /* not linked: since when no look was answered; 0: the last one was, or there was none */
	struct rsp_reporter *reporters; /* the @n_reporters senders of reports since the element last answered */
	struct rsp_pending *pending;	/* NULL: none */
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
	RSP_REMOVAL_RIGHTS,	 /* its owner has no key any more, or has lost the right to register it */
	RSP_REMOVAL_HOME_LOST,	 /* its home is silent, and it did not answer */
	RSP_REMOVAL_CLAIMED,	 /* a registrar without STATEMENT has it */
	RSP_REMOVAL_OTHER_OWNER	 /* another identity has the PE identifier, and that element answered */
};

/** Change the phase of @m to @phase, and set its timer to @at_ms (RSP_NEVER: no timer). Ends the look at @m, if @phase is
 * no phase of a look. */
void rsp_member_enter(struct rsp_core *core, struct rsp_member *m, enum rsp_member_phase phase, uint64_t at_ms);

/** Keep the phase of @m, and set its timer to @at_ms. */
void rsp_member_postpone(struct rsp_core *core, struct rsp_member *m, uint64_t at_ms);

bool rsp_member_is_own(const struct rsp_core *core, const struct rsp_member *m);
/** Whether @m registered over a connection that is still there. */
bool rsp_member_is_linked(const struct rsp_member *m);
/** Whether a look at @m is waiting or under way. */
bool rsp_member_is_looked_at(const struct rsp_member *m);
/** The greatest statement that this registrar knows about @m: the stored one, or m->pending. @ret_home_id, if not NULL:
 * its home. */
struct rsp_statement rsp_member_greatest(const struct rsp_member *m, uint32_t *ret_home_id);

/** An event about @m, for the caller to complete and record. */
struct rsp_event rsp_member_event(enum rsp_event_kind kind, const struct rsp_member *m);

/** Add @news to the news of @m, which are handled at the end of the turn. */
void rsp_member_note(struct rsp_core *core, struct rsp_member *m, enum rsp_news news);

/** Count @m as an own element of its owner, if it is an own element and has an owner (@counts); or count it no longer.
 * An element counts at most once. One of which only other registrars have said that it exists counts as soon as it answers:
 * else they could use up the number of another identity. */
void rsp_member_count(struct rsp_core *core, struct rsp_member *m, bool counts);

/** Let the registration life of @m, as it is stored, begin now. */
void rsp_member_set_life(struct rsp_core *core, struct rsp_member *m);

/** Change the phase of @m, which is linked, to HELD, and set its timer to the next keep-alive. */
void rsp_member_hold(struct rsp_core *core, struct rsp_member *m);

/** @m, an own element, is not linked: begin a look at it in @in_ms (ownership by statements, "look"). */
void rsp_member_unlink(struct rsp_core *core, struct rsp_member *m, uint64_t in_ms);

/** @m, which names this registrar as its home, has not registered here: its registration life begins. If it was linked before
 * this registrar was away (OLD), it is linked again, and asked soon; else a look at it begins in @in_ms. */
void rsp_member_take(struct rsp_core *core, struct rsp_member *m, uint64_t in_ms);

/** @m has another home: release what only the home keeps. @m is FOREIGN. */
void rsp_member_let_go(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive over the link of @m, which is up and linked. It has the number of the greatest statement. */
void rsp_member_ask(struct rsp_core *core, struct rsp_member *m);

/** When the next keep-alive may be sent to @m at the earliest: RFC 5355 s.2.14. */
uint64_t rsp_member_rested_ms(const struct rsp_core *core, const struct rsp_member *m);

/** HELD: send a keep-alive as soon as keepalive_distance_ms allows. In other phases do nothing. */
void rsp_member_ask_soon(struct rsp_core *core, struct rsp_member *m);

/** Send a keep-alive for @m over @link; @home: with the H flag. The phase does not change. */
void rsp_member_send_keep_alive(struct rsp_core *core, uint32_t link, const struct rsp_member *m, bool home);

/** Send the element an ASAP_DEREGISTRATION_RESPONSE with @cause over its link, if the link is up: the element is not
 * registered here any more. RFC 5352 s.3.2; the cause is beyond the RFC. */
void rsp_member_send_removed(struct rsp_core *core, const struct rsp_member *m, uint16_t cause);
/** The same, for an element that is not stored: over @link. */
void rsp_member_send_unknown(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes handle, uint32_t pe_id,
			     uint16_t cause);

/** Forget the reports of @m (RFC 5352 s.3.5). */
void rsp_member_clear_reports(struct rsp_member *m);

/** Forget the pending statement of @m. */
void rsp_member_clear_pending(struct rsp_member *m);

/** Remove @m: record the event, and store the statement that it is removed at its epoch, with this registrar as the home,
 * which peers are sent. @by: the link of a deregistration; NULL: none. @epoch: that of a deregistration; NULL: the stored
 * one. */
void rsp_member_remove(struct rsp_core *core, struct rsp_member *m, enum rsp_removal why, const struct rsp_link *by,
		       const struct rsp_epoch *epoch);

/** Remove @m from the handlespace: send subscribers an update, but no ENRP_HANDLE_UPDATE to peers. */
void rsp_member_forget(struct rsp_core *core, struct rsp_member *m);

/** Free @m, which is GONE. Called at the end of a turn only. */
void rsp_member_free(struct rsp_core *core, struct rsp_member *m);

#endif
