#ifndef RSP_ENRP_ENRP_H
#define RSP_ENRP_ENRP_H

#include "engine/registrar/member.h"

/*
 * ENRP, RFC 5353: how this registrar works with the other registrars of its scope. registrar/registrar.c uses this
 * header only, and no other header of enrp/. The files of enrp/ call registrar/core.h, link.h, member.h, look.h and number.h, but
 * never registrar.c: rsp_enrp_settle() handles the consequences of a change at the end of the turn.
 */

struct rsp_enrp;

/** Make the ENRP part of a registrar, which begins to join the scope. RSP_ENOMEM. @core must outlive it; the
 * caller frees it with rsp_enrp_free(). */
enum rsp_err rsp_enrp_new(struct rsp_core *core, struct rsp_enrp **ret) RSP_NODISCARD;
void rsp_enrp_free(struct rsp_enrp *n);

/** The ENRP link @link is up. */
void rsp_enrp_link_up(struct rsp_enrp *n, struct rsp_link *link);
/** The ENRP link @link is CLOSING. */
void rsp_enrp_link_down(struct rsp_enrp *n, struct rsp_link *link);
/** One whole message was received over the ENRP link @link. */
void rsp_enrp_receive(struct rsp_enrp *n, struct rsp_link *link, struct rsp_bytes message);

/** Handle the timers that have expired. rsp_enrp_deadline() returns the time at which the
 * next timer expires; RSP_NEVER: no timer is set. */
void rsp_enrp_tick(struct rsp_enrp *n);
uint64_t rsp_enrp_deadline(const struct rsp_enrp *n);

/** The process of this registrar did not run for @away_ms, so long that its peers may have taken it over. If removals may
 * have been forgotten meanwhile, join again (RFC 5353 s.3.2); else the audits mend what has changed. */
void rsp_enrp_was_away(struct rsp_enrp *n, uint64_t away_ms);
/** This registrar leaves the scope, and the caller has closed all links: forget
 * the link of each contact, and dial no more. */
void rsp_enrp_leave(struct rsp_enrp *n);
/** The rights of identities have changed: treat a peer whose name has no key any more as dead. RFC 5355 s.2.3-2.5 */
void rsp_enrp_rights_changed(struct rsp_enrp *n);

/** Whether pools may exist in the scope that this registrar will learn soon: registrar/hold.h. */
bool rsp_enrp_pools_may_be_missing(const struct rsp_enrp *n);

/** Whether a peer that is alive has elements or updates that this registrar does not have yet. */
bool rsp_enrp_is_behind(const struct rsp_enrp *n);

/** The timer of @m has expired in FOREIGN_WAITS, FOREIGN_LOOK or OLD; or @m is HELD, and its keep-alive is due, or
 * UNLINKED, and a look at it is due. */
void rsp_enrp_member_due(struct rsp_enrp *n, struct rsp_member *m);

/** End of the turn: handle one noted change of a contact, of a peer or of the join. False: no change was noted. */
bool rsp_enrp_settle(struct rsp_enrp *n);
/** End of the turn: handle @news (bits of enum rsp_news) of @m, and send updates to peers. */
void rsp_enrp_settle_member(struct rsp_enrp *n, struct rsp_member *m, unsigned news);
/** End of the turn, after rsp_enrp_settle() has returned false: free the peers that were removed from the peer list. */
void rsp_enrp_reap(struct rsp_enrp *n);

/** The peer list, to read: see registrar/registrar.h. */
unsigned rsp_enrp_n_peers(const struct rsp_enrp *n);
bool rsp_enrp_view_peer(const struct rsp_enrp *n, unsigned i, struct rsp_peer_view *ret);
bool rsp_enrp_view_absent(const struct rsp_enrp *n, unsigned i, struct rsp_absent_view *ret);

#endif
