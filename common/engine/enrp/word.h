#ifndef RSP_ENRP_WORD_H
#define RSP_ENRP_WORD_H

#include "engine/enrp/peer.h"

/*
 * Registrars without STATEMENT (RSP_PEER_PLAIN), called F: other implementations, and the previous wire format. What F says
 * of elements whose home it is, is F's word: kept beside the statements, as a record without a statement, only the newest,
 * only as F itself says it. Users are shown the word only if there is no statement. All else that F says is ignored.
 */

/** Handle the ENRP_HANDLE_UPDATE @msg, which has no statement: the word of @peer; or that of a registrar which is perhaps
 * not heard here, and which @peer has passed on, because this registrar is the home of the element. */
void rsp_word_received(struct rsp_enrp *n, struct rsp_peer *peer, const struct rsp_message *msg);

/** Handle the entry @pe, without a statement, of the table of @peer. False: its values are invalid. */
bool rsp_word_listed(struct rsp_enrp *n, struct rsp_peer *peer, struct rsp_bytes handle,
		     const struct rsp_pool_element *pe);

/** The element @m has answered a keep-alive. If it is linked here, send each registrar without STATEMENT that says it has the
 * element too what the element has registered here, once in a heartbeat cycle at most. */
void rsp_word_answered(struct rsp_enrp *n, const struct rsp_member *m);

/** Whether users are shown @m, and a registrar without STATEMENT that is alive says that it has the element too. */
bool rsp_word_stands_beside(const struct rsp_enrp *n, const struct rsp_member *m);

/** F states numbers from now on: forget its words. */
void rsp_word_ended(struct rsp_enrp *n, const struct rsp_peer *f);

/** The takeover of F, whose word @m is, is decided; this registrar is the new home (@ours) or another. Forget the word; if
 * users were shown it and @ours, state that this registrar has taken the element over. */
void rsp_word_taken_over(struct rsp_enrp *n, struct rsp_member *m, bool ours);

#endif
