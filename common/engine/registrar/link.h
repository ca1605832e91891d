#ifndef RSP_REGISTRAR_LINK_H
#define RSP_REGISTRAR_LINK_H

#include "engine/registrar/core.h"

/*
 * A link is a connection to an element, a user, another registrar or a monitor; or the attempt to dial an element or
 * another registrar.
 *
 * Each link begins in state DIALLING, also a link that was accepted; that link becomes UP in the same turn. No search
 * finds a CLOSING link; registrar.c frees it at the end of the turn.
 */
enum rsp_link_state { RSP_LINK_DIALLING, RSP_LINK_UP, RSP_LINK_CLOSING, RSP_LINK_STATES };

/** Its transitions: base/moves.h. A look asks an element whether it is alive: look.h. */
#define RSP_LINK_MOVES(MOVE)                                                                                           \
	MOVE(DIALLING, UP, a_connection_is_accepted)                                                                   \
	MOVE(DIALLING, UP, a_dialled_connection_is_up)                                                                 \
	MOVE(DIALLING, CLOSING, a_dial_fails)                                                                          \
	MOVE(DIALLING, CLOSING, the_last_look_expires_while_it_dials)                                                  \
	MOVE(DIALLING, CLOSING, its_elements_register_elsewhere_while_it_dials)                                        \
	MOVE(DIALLING, CLOSING, this_registrar_leaves_while_it_dials)                                                  \
	MOVE(DIALLING, CLOSING, there_is_no_memory_for_a_connection)                                                   \
	MOVE(UP, CLOSING, the_connection_ends)                                                                         \
	MOVE(UP, CLOSING, the_last_look_is_answered)                                                                   \
	MOVE(UP, CLOSING, a_contact_sends_no_message)                                                                  \
	MOVE(UP, CLOSING, a_peer_connects_again)                                                                       \
	MOVE(UP, CLOSING, a_registrar_uses_the_server_id_of_another)                                                   \
	MOVE(UP, CLOSING, a_download_fails)                                                                            \
	MOVE(UP, CLOSING, the_takeover_of_a_peer_is_decided)                                                           \
	MOVE(UP, CLOSING, this_registrar_leaves)

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
	bool was_up;	/* CLOSING: it was UP before, not DIALLING */
	bool we_close;	/* CLOSING: this registrar closes the connection; else the connection has ended */
	bool dialled;	/* by this registrar */
	bool early;	/* it came while this registrar was joining */
	bool look_only; /* dialled to send keep-alives of looks only; no element was attached to it since (look.c) */
	enum rsp_err err;    /* CLOSING: the error */
	struct rsp_why *why; /* CLOSING: the error with a text; NULL: there is no text */
	struct rsp_link_info info;   /* the link owns the identity and the further addresses */
	struct rsp_account *account; /* NULL until the link is up */
	struct rsp_member_list members; /* elements that are linked or looked at over this link */
	struct rsp_subscription_list subscriptions;
	uint32_t n_subscriptions;
	struct rsp_table_node dial; /* in core->dials until CLOSING, if this registrar dialled the link to an element */
	/* ENRP: only the files of enrp/ set and use these fields */
	struct rsp_contact *contact; /* the contact for which this registrar dialled the link */
	struct rsp_peer *peer;	     /* the peer that sends over this link; NULL before its first message */
	struct rsp_upload *upload;   /* the handle table that is being sent over it */
	uint64_t slice_ms;	     /* when the time slice of the last update that was sent over it began; enrp/update.c */
	size_t slice_octets;	     /* of the updates that were sent over it in that slice */
};

/** Whether a link may change from @from to @to: the table above. */
bool rsp_link_may(enum rsp_link_state from, enum rsp_link_state to);

/** Make core->links, core->dials and the lists of links. RSP_ENOMEM; the caller frees the tables with rsp_table_done(). */
enum rsp_err rsp_link_init(struct rsp_core *core) RSP_NODISCARD;

/** Make a link in state DIALLING with the number @id. NULL: out of memory. */
struct rsp_link *rsp_link_new(struct rsp_core *core, uint32_t id);

/** Find the link @id; NULL: there is none, or it is CLOSING. */
struct rsp_link *rsp_link_find(const struct rsp_core *core, uint32_t id);

/** The connection of @link is up; @info describes the other side, and is copied. RSP_ENOMEM: nothing has changed. */
enum rsp_err rsp_link_up(struct rsp_core *core, struct rsp_link *link, const struct rsp_link_info *info) RSP_NODISCARD;

/** The connection of @link has ended because of @why: @link is CLOSING. It must not be CLOSING before. */
void rsp_link_lost(struct rsp_core *core, struct rsp_link *link, const struct rsp_why *why);

/** Close the connection as soon as all queued messages are sent: @link is CLOSING. A link that is CLOSING already is
 * not changed. @err: the reason; ENRP records it as the failure of the contact. */
void rsp_link_close(struct rsp_core *core, struct rsp_link *link, enum rsp_err err);

/** Close @link, which belongs to no contact and no peer any more: its end is no failure of them. */
void rsp_link_cut(struct rsp_core *core, struct rsp_link *link);

/** As rsp_link_close(), with the text of @why for the record about the contact. */
void rsp_link_refuse(struct rsp_core *core, struct rsp_link *link, const struct rsp_why *why);

/** Free @link, which is CLOSING. Called at the end of a turn only. */
void rsp_link_free(struct rsp_core *core, struct rsp_link *link);

/** Attach the element @m to @link, over which it is reached from now on. The previous link becomes link_before. */
void rsp_link_attach(struct rsp_link *link, struct rsp_member *m);

/** Detach the element @m from its link, if it has one. */
void rsp_link_detach(struct rsp_member *m);

/** Detach all elements from all links, and close all links. The phases of the elements do not change. */
void rsp_link_close_all(struct rsp_core *core);

#endif
