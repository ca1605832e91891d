#ifndef RSP_ENRP_STATEMENT_H
#define RSP_ENRP_STATEMENT_H

#include "engine/enrp/peer.h"
#include "model/ownership.h"

/** What another registrar says of one element: an ENRP_HANDLE_UPDATE, or an entry of a handle table. */
struct rsp_statement {
	enum owner_source source;
	bool adds; /* a claim, else a removal */
	bool asks; /* addressed to this registrar alone */
	const struct rsp_message *msg; /* the update; NULL: an entry of a table */
	const struct rsp_link *link;   /* the connection that @msg came over */
	const struct rsp_peer *peer;   /* the sender */
	struct rsp_bytes handle;
	struct rsp_pool_element pe;

	/* set by rsp_statement_gather() */
	struct rsp_member *m; /* the element on record; NULL: none */
	enum rsp_reason refusal;   /* why the owner or the claimant may not have the element; NONE: it may */
	uint16_t cause;	       /* of @refusal: the cause that the sender is sent */
};

/**
 * Find out what rsp_owner_judge() must know about @s, and complete @s: its last fields, and the version of a statement
 * that came without one. Nothing else changes.
 */
struct owner_facts rsp_statement_gather(const struct rsp_enrp *n, struct rsp_statement *s);

/** Fill in what the element on record, @s->m, has to do with the facts. f->home and f->joining must be set. */
void rsp_statement_gather_record(const struct rsp_enrp *n, const struct rsp_statement *s, struct owner_facts *f);

#endif
