#ifndef RSP_ENRP_CONTACT_H
#define RSP_ENRP_CONTACT_H

#include "engine/enrp/state.h"

/*
 * Contacts: where other registrars can be dialled. Each registrar dials all others. Which registrar answers is a peer;
 * after its restart it is another peer.
 *
 *	from \ to   IDLE  DIALLING  UP
 *	IDLE         yes     yes     -
 *	DIALLING     yes      -     yes
 *	UP           yes      -      -
 */
enum rsp_contact_state {
	RSP_CONTACT_IDLE,     /* the timer: the next attempt */
	RSP_CONTACT_DIALLING, /* no timer: the dialler has one */
	RSP_CONTACT_UP	      /* the timer: a message must have come by then */
};

/** While this registrar joins: what became of the contact in this round. RFC 5353 s.3.2 */
enum rsp_mentor_answer {
	RSP_MENTOR_NOT_ASKED,
	RSP_MENTOR_ASKED,
	RSP_MENTOR_JOINING, /* it rejected: it is joining, too */
	RSP_MENTOR_BUSY,    /* it rejected: it sends its table to others */
	RSP_MENTOR_SILENT,	/* it could not be dialled in time */
	RSP_MENTOR_UNANSWERED /* it was asked, and did not answer, or not to the end */
};

struct rsp_contact {
	char *name; /* the name that keys give it; NULL in plain text */
	struct rsp_ip ip;
	uint16_t port;
	bool configured; /* else other registrars named it */
	enum rsp_contact_state state;
	enum rsp_mentor_answer answer;
	struct rsp_enrp_timer timer;
	uint32_t link;	     /* DIALLING, UP: that we dialled; else 0 */
	uint64_t up_ms;	     /* when it was UP last */
	uint64_t dialled_ms; /* when it was dialled last */
	unsigned failures;   /* in a row: each doubles the time to the next attempt */
	unsigned n_brief;    /* connections in a row that were lost as soon as they were up */
	struct rsp_why failed;	/* why it cannot be reached, as recorded; RSP_OK: it can, or has not been tried */
	uint32_t peer_id;	/* the registrar that answered last; 0: none has */
	uint32_t listed_id;	/* the registrar that it is, as the mentor's list says; 0: it does not */
	bool in_failed, refused; /* on n->failed; @refused: nothing listens there */
	TAILQ_ENTRY(rsp_contact) of_failed;
};

bool rsp_contact_may(enum rsp_contact_state from, enum rsp_contact_state to);

/** Make the contacts that the configuration names. RSP_ENOMEM. */
enum rsp_err rsp_contact_init(struct rsp_enrp *n) RSP_NODISCARD;
void rsp_contact_free(struct rsp_enrp *n, struct rsp_contact *contact);

/** The contact of that name (NULL or empty: of that address); NULL: there is none. */
struct rsp_contact *rsp_contact_find(const struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip,
				     uint16_t port);

/**
 * Another registrar says that a registrar @name can be dialled at @ip and @port; @itself: that registrar does. Returns
 * the contact, made or moved there if need be; NULL: there is no room.
 */
struct rsp_contact *rsp_contact_learn(struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port,
				      bool itself);

/** Dial @contact, if it is IDLE. A failure is settled at the end of the turn. */
void rsp_contact_dial(struct rsp_enrp *n, struct rsp_contact *contact);

/** Its link is up. */
void rsp_contact_up(struct rsp_enrp *n, struct rsp_contact *contact);
/** It could not be dialled. */
void rsp_contact_failed(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why);
/** Its link, which was up, has ended. @why: set if no message ever came over it, else NULL. */
void rsp_contact_lost(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why);
/** Forget its link, without consequence; it is dialled again @later, or not by itself. */
void rsp_contact_reset(struct rsp_enrp *n, struct rsp_contact *contact, bool later);
/** The registrar @id has answered over @link, which was dialled for @contact. */
void rsp_contact_reached(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id);

/** Its timer has expired. */
void rsp_contact_due(struct rsp_enrp *n, struct rsp_contact *contact);

/** Whether it is to be forgotten: other registrars named it, and it could not be dialled for so many times. */
bool rsp_contact_is_hopeless(const struct rsp_contact *contact);

#endif
