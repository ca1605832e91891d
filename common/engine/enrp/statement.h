#ifndef RSP_ENRP_STATEMENT_H
#define RSP_ENRP_STATEMENT_H

#include "engine/enrp/peer.h"
#include "model/judge.h"

/** A statement of another registrar about one element: an ENRP_HANDLE_UPDATE, or an entry of a handle table. */
struct rsp_heard_statement {
	const struct rsp_peer *peer; /* the sender */
	const struct rsp_link *link;   /* an update: the connection over which it arrived */
	const struct rsp_message *msg; /* an update: the message; NULL: an entry of a table */
	struct rsp_bytes handle;
	const struct rsp_pool_element *pe;

	/* set by rsp_statement_gather() */
	struct rsp_member *m;	    /* the stored element of the same owner; NULL: none. ownership.c: the one stored now */
	const struct rsp_tomb *tomb; /* the stored removal; NULL: none, or @m is greater */
	enum rsp_reason refusal; /* why the owner or the home may not have the element; NONE: allowed */
	uint16_t cause;		 /* the error cause to send for @refusal */

	bool failed; /* set by ownership.c: it stands, but there is no room to store it */
};

/** Whether handle, ids, owner and, unless it is a removal (@removed), transports of @pe are valid, whatever its statement is. */
bool rsp_statement_is_sound(struct rsp_bytes handle, const struct rsp_pool_element *pe, bool removed);

/** Gather the facts that rsp_judge() needs about @s, and set the last fields of @s. Changes nothing else. */
struct judge_facts rsp_statement_gather(const struct rsp_enrp *n, struct rsp_heard_statement *s);

#endif
