#ifndef RSP_ENRP_CONTACT_H
#define RSP_ENRP_CONTACT_H

#include "engine/enrp/state.h"

/*
 * A contact is a name or an address where this registrar dials another registrar. Each registrar dials all others. The
 * registrar that answers at a contact is a peer. After a restart it has a new server id, and so is another peer.
 */
enum rsp_contact_state {
	RSP_CONTACT_IDLE,     /* the timer: dial again */
	RSP_CONTACT_DIALLING, /* no timer: the code behind ops->dial() limits the time */
	RSP_CONTACT_UP	      /* the timer: if no message has arrived over the link by then, the link is closed */
};

/** Its transitions: base/moves.h. */
#define RSP_CONTACT_MOVES(MOVE)                                                                                        \
	MOVE(IDLE, DIALLING, it_is_time_to_dial)                                                                       \
	MOVE(IDLE, IDLE, this_registrar_leaves_while_it_is_idle)                                                       \
	MOVE(DIALLING, UP, the_connection_is_up)                                                                       \
	MOVE(DIALLING, IDLE, there_is_no_key_to_dial_with)                                                             \
	MOVE(DIALLING, IDLE, the_dial_fails)                                                                           \
	MOVE(DIALLING, IDLE, this_registrar_leaves_while_it_dials)                                                     \
	MOVE(UP, IDLE, the_connection_is_lost)                                                                         \
	MOVE(UP, IDLE, the_registrar_at_the_contact_is_taken_over)                                                     \
	MOVE(UP, IDLE, this_registrar_leaves_while_it_is_up)                                                           \
	MOVE(UP, IDLE, this_registrar_was_suspended_and_joins_again)

/** While this registrar joins: the answer of the registrar at the contact in this
 * round. "It" is that registrar. RFC 5353 s.3.2 */
enum rsp_mentor_answer {
	RSP_MENTOR_NOT_ASKED,
	RSP_MENTOR_ASKED,
	RSP_MENTOR_JOINING, /* it rejected ENRP_LIST_REQUEST: it is joining, too */
	RSP_MENTOR_BUSY,    /* it rejected ENRP_HANDLE_TABLE_REQUEST: it sends its table to others */
	RSP_MENTOR_SILENT,	/* this registrar could not connect to it in time */
	RSP_MENTOR_UNANSWERED /* it did not answer a request, or the download of its table failed */
};

struct rsp_contact {
	char *name; /* the name of the registrar in its key; NULL in plain text */
	struct rsp_ip ip;
	uint16_t port;
	bool configured; /* named in the configuration; else learned from other registrars */
	enum rsp_contact_state state;
	enum rsp_mentor_answer answer;
	struct rsp_enrp_timer timer;
	uint32_t link;	     /* DIALLING, UP: the link that this registrar dialled; else 0 */
	uint64_t up_ms;	     /* when the state last became UP */
	uint64_t dialled_ms; /* when the last dial began */
	unsigned failures;   /* consecutive failures; each doubles the delay before the next dial */
	unsigned n_brief;    /* consecutive connections that were lost within LASTED_MS */
	struct rsp_why failed;	/* the last failure to connect; RSP_OK: none since a registrar last answered */
	uint32_t peer_id;	/* server id of the registrar that answered last; 0: none has */
	uint32_t listed_id;	/* server id that the mentor's list gives for this contact; 0: none */
	bool in_failed, refused; /* @in_failed: on the list n->failed; @refused: no process listens at the address */
	TAILQ_ENTRY(rsp_contact) of_failed;
};

bool rsp_contact_may(enum rsp_contact_state from, enum rsp_contact_state to);

/** Make the contacts that are named in the configuration. RSP_ENOMEM. */
enum rsp_err rsp_contact_init(struct rsp_enrp *n) RSP_NODISCARD;
void rsp_contact_free(struct rsp_enrp *n, struct rsp_contact *contact);

/**
 * Another registrar has sent that the registrar @name can be dialled at @ip and @port. @itself: the
 * registrar @name has sent this about itself. Returns the contact, which is made if it is new, or
 * gets the new address. NULL: no room for a new contact.
 */
struct rsp_contact *rsp_contact_learn(struct rsp_enrp *n, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port,
				      bool itself);

/** Dial @contact, if it is IDLE. A failed dial is handled at the end of the turn. */
void rsp_contact_dial(struct rsp_enrp *n, struct rsp_contact *contact);

/** The link that was dialled for @contact is up. */
void rsp_contact_up(struct rsp_enrp *n, struct rsp_contact *contact);
/** The dial of @contact has failed, because of @why. */
void rsp_contact_failed(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why);
/** The link of @contact was up and has ended. @why: the error, if no message ever arrived over the link; else NULL. */
void rsp_contact_lost(struct rsp_enrp *n, struct rsp_contact *contact, const struct rsp_why *why);
/** Let @contact be IDLE and forget its link; no failure is recorded. @later: dial again
 * by the timer; else by rsp_contact_dial() only. */
void rsp_contact_reset(struct rsp_enrp *n, struct rsp_contact *contact, bool later);
/** The registrar with the server id @id has answered over @link, which was dialled to a
 * contact: record it, if the contact had failed before. */
void rsp_contact_reached(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id);

/** The timer of @contact has expired. */
void rsp_contact_due(struct rsp_enrp *n, struct rsp_contact *contact);

/** Whether to forget @contact: it was learned from other registrars, and LEARNED_TRIES dials in a row have failed,
 * and it was not up for a long time, or refuses connections. */
bool rsp_contact_is_hopeless(const struct rsp_enrp *n, const struct rsp_contact *contact);

#endif
