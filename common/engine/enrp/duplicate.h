#ifndef RSP_ENRP_DUPLICATE_H
#define RSP_ENRP_DUPLICATE_H

#include "engine/enrp/peer.h"

/*
 * Two registrars that run with one name, and so with one set of keys, are a mistake that nothing else shows: they have
 * no key for each other, and each believes that it is the only one. A third registrar finds it out: it takes the second
 * one for the first one, restarted, and the first one for dead; but a dead registrar sends nothing. It then keeps both
 * as peers, so that each learns of the other from its list of peers. Two registrars with one server id are found, too.
 */

/** The peer @now has the name of @former, which is held to be dead. */
void rsp_duplicate_replaced(struct rsp_enrp *n, const struct rsp_peer *former, const struct rsp_peer *now);

/** Whether @a and @b, which have one name, are known to run both. */
bool rsp_duplicate_both_run(const struct rsp_enrp *n, const struct rsp_peer *a, const struct rsp_peer *b);

/** A message of @peer came over @link: if another peer replaced it that runs, too, that is recorded. */
void rsp_duplicate_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer);

/** A registrar @name runs at @ip and @port as @id: if it has our name and not our id, that is recorded. */
void rsp_duplicate_of_our_name(struct rsp_enrp *n, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip,
			       uint16_t port);

/**
 * The registrar behind @link has the server id @id of another registrar, named @holder ("": its name is unknown; NULL: it
 * is this registrar). Recorded at most once a minute for each registrar and id.
 */
void rsp_duplicate_id(struct rsp_enrp *n, const struct rsp_link *link, uint32_t id, const char *holder);

/**
 * @peer says over @link that it can be dialled at @ip and @port; that is not stored yet. In plain text two registrars with
 * one id look like one registrar that moves to and fro: that is recorded.
 */
void rsp_duplicate_moved(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, const struct rsp_ip *ip,
			 uint16_t port);

#endif
