#ifndef RSP_ENRP_STATEMENT_H
#define RSP_ENRP_STATEMENT_H

#include "engine/enrp/peer.h"
#include "model/ownership.h"

/** A statement of another registrar about one element: an ENRP_HANDLE_UPDATE, or an entry of a handle table. */
struct rsp_heard_statement {
	enum owner_source source;
	bool adds; /* true: a claim; false: a removal */
	bool asks; /* the receiver id is this registrar's: the sender wants this registrar to answer */
	const struct rsp_message *msg; /* the update; NULL: an entry of a table */
	const struct rsp_link *link;   /* the connection over which @msg arrived */
	const struct rsp_peer *peer;   /* the sender */
	struct rsp_bytes handle;
	struct rsp_pool_element pe;

	/* set by rsp_statement_gather() */
	struct rsp_member *m; /* the stored element; NULL: none */
	enum rsp_reason refusal;   /* why the owner or the claimant may not have the element; NONE: allowed */
	uint16_t cause;	       /* the error cause to send for @refusal */
};

/**
 * Gather the facts that rsp_owner_judge() needs about @s. Also set the last fields of @s, and give @s a version if it
 * has none. Changes nothing else.
 */
struct owner_facts rsp_statement_gather(const struct rsp_enrp *n, struct rsp_heard_statement *s);

/** Set the facts in @f that depend on the stored element @s->m. The caller has set f->home and f->joining. */
void rsp_statement_gather_record(const struct rsp_enrp *n, const struct rsp_heard_statement *s, struct owner_facts *f);

#endif
