#ifndef RSP_ENRP_DUPLICATE_H
#define RSP_ENRP_DUPLICATE_H

#include "engine/enrp/peer.h"

/*
 * Finds two registrars A and B that run with one name, and so with one set of keys. This is a mistake of the operator. A
 * and B cannot detect it: they have no key to connect to each other. A third registrar C can. When B connects, C
 * considers B to be A after a restart, and declares the server id of A dead. If C then receives another message from A,
 * both run: C records the mistake and keeps both as peers. A and B find each other's server id with their own name in the
 * ENRP_LIST_RESPONSE of C, and record it, too. This file also finds two registrars that use one server id.
 */

/** The peer @now has the same name as the peer @former, whose server id was declared dead because of that: note both. */
void rsp_duplicate_replaced(struct rsp_enrp *n, const struct rsp_peer *former, const struct rsp_peer *now);

/** Whether the peers @a and @b, which have the same name, are known to run at the same time. */
bool rsp_duplicate_both_run(const struct rsp_enrp *n, const struct rsp_peer *a, const struct rsp_peer *b);

/** A message of @peer arrived over @link. If the server id of @peer was declared dead because of another peer with the
 * same name, and that peer is connected, record both. */
void rsp_duplicate_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer);

/**
 * Another registrar has sent that the registrar @name (empty: unknown) runs at @ip and @port with the server id @id. If it is
 * another registrar than this one, but has the name of this one, record that. If it has the server id of this one, record
 * that, and this registrar draws another id (server_id.h). In plain text the address tells which registrar it is.
 */
void rsp_duplicate_of_our_name(struct rsp_enrp *n, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip,
			       uint16_t port);

/**
 * Whether @msg, which has the server id of this registrar as its sender, was sent by another registrar: not by a monitor, and
 * not by this registrar itself, which may have dialled its own ENRP address.
 */
bool rsp_duplicate_sent_by_other(const struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg);

/**
 * Record that the registrar at the other end of @link uses the server id @id of another registrar, which has the name
 * @holder ("": the name is unknown; NULL: the other registrar is this one). At most one record a minute for each
 * registrar and server id. If the other registrar is this one, this one draws another id (server_id.h). Else send an
 * ENRP_LIST_RESPONSE with that registrar over @link, so that the registrar there draws one.
 */
void rsp_duplicate_id(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id, const char *holder);

/**
 * A PRESENCE of @peer over @link has the address @ip and @port; call this before the address is
 * stored in @peer. In plain text, two registrars that use one server id look like one registrar
 * whose address changes and changes back: record that.
 */
void rsp_duplicate_moved(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_ip *ip,
			 uint16_t port);

#endif
