#ifndef RSP_REGISTRAR_LINK_H
#define RSP_REGISTRAR_LINK_H

#include "engine/registrar/core.h"

/*
 * A connection of an element, a user, another registrar or a monitor; or the attempt to dial one.
 *
 *	from \ to   DIALLING  UP   CLOSING
 *	DIALLING       -      yes    yes
 *	UP             -       -     yes
 *
 * A link is made DIALLING, also when it was accepted: it is UP as soon as the other side's authentication is known. A
 * CLOSING link is found by no search; registrar.c frees it at the end of the turn.
 */
enum rsp_link_state { RSP_LINK_DIALLING, RSP_LINK_UP, RSP_LINK_CLOSING };

struct rsp_contact;
struct rsp_peer;
struct rsp_upload;
struct rsp_subscription;
LIST_HEAD(rsp_subscription_list, rsp_subscription);
LIST_HEAD(rsp_member_list, rsp_member);

struct rsp_link {
	struct rsp_table_node node; /* in core->links */
	LIST_ENTRY(rsp_link) of_all;
	TAILQ_ENTRY(rsp_link) closing;
	uint32_t id;
	enum rsp_link_state state;
	bool was_up;	/* CLOSING: the state before was UP */
	bool we_close;	/* CLOSING: this registrar ends the connection; else the connection has ended */
	bool dialled;	/* by this registrar */
	bool look_only; /* dialled to ask elements only: no element has been attached to it since (look.c) */
	enum rsp_err err;    /* CLOSING: why */
	struct rsp_why *why; /* CLOSING: why, with a text; NULL: there is no text */
	struct rsp_link_info info;   /* the identity is the link's own copy; further addresses likewise */
	struct rsp_account *account; /* NULL until the link is up */
	struct rsp_member_list members; /* elements registered over it, or to be adopted over it */
	uint32_t n_looks;		/* elements that are asked over it: look.c */
	struct rsp_subscription_list subscriptions;
	uint32_t n_subscriptions;
	struct rsp_table_node dial; /* dialled to an element: in core->dials */
	uint64_t dial_hash;	    /* of its destination: reach.c */
	/* ENRP, set and used by the room enrp/ only */
	struct rsp_contact *contact; /* what was dialled */
	struct rsp_peer *peer;	     /* whose messages come over it, once one has */
	struct rsp_upload *upload;   /* the handle table that is being sent over it */
};

/** Whether @from → @to is in the table above. */
bool rsp_link_may(enum rsp_link_state from, enum rsp_link_state to);

/** Make core->links and the lists of links. RSP_ENOMEM; the caller frees core->links with rsp_table_done(). */
enum rsp_err rsp_link_init(struct rsp_core *core) RSP_NODISCARD;

/** A new link. NULL if out of memory. */
struct rsp_link *rsp_link_new(struct rsp_core *core, uint32_t id);

/** The link @id; NULL: there is none, or it is CLOSING. */
struct rsp_link *rsp_link_find(const struct rsp_core *core, uint32_t id);

/** @link is up, with the other side that @info describes (copied). RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_link_up(struct rsp_core *core, struct rsp_link *link, const struct rsp_link_info *info) RSP_NODISCARD;

/** The connection of @link, which is not CLOSING yet, has ended (@why says how): it is CLOSING. */
void rsp_link_lost(struct rsp_core *core, struct rsp_link *link, const struct rsp_why *why);

/** End the connection, once what was sent is out: @link is CLOSING, if it was not already. @err: what its peer's contact is told. */
void rsp_link_close(struct rsp_core *core, struct rsp_link *link, enum rsp_err err);

/** Free @link, which is CLOSING. Called at the end of a turn only. */
void rsp_link_free(struct rsp_core *core, struct rsp_link *link);

/** Let the element @m be reached over @link instead of its previous one. */
void rsp_link_attach(struct rsp_link *link, struct rsp_member *m);

/** Let the element @m be reached over no link. */
void rsp_link_detach(struct rsp_member *m);

/** Detach all elements of all links, and close the links: nothing follows for the elements. */
void rsp_link_close_all(struct rsp_core *core);

#endif
