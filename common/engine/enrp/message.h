#ifndef RSP_ENRP_MESSAGE_H
#define RSP_ENRP_MESSAGE_H

#include "engine/enrp/state.h"

/* Messages between registrars, RFC 5353 s.2. */

/** Send @msg over @link. The caller has set type, flags and parameters of @msg;
 * this function sets protocol and sender id. */
void rsp_enrp_send(struct rsp_enrp *n, uint32_t link, struct rsp_message *msg);

/** Begin a message in core->out, and complete it. The returned octets of the whole message are valid until the next
 * message is encoded; empty: the message is too large. */
struct rsp_mark rsp_enrp_open(struct rsp_enrp *n, struct rsp_wr *wr, uint8_t type, uint8_t flags,
				 uint32_t receiver_id);
struct rsp_bytes rsp_enrp_close(struct rsp_wr *wr, struct rsp_mark whole);

struct rsp_peer;

/** Append the Server Information of @peer to a message. False: its address is unknown. */
bool rsp_enrp_write_info(struct rsp_wr *wr, const struct rsp_peer *peer);

/** Send an ENRP_PRESENCE over @link to the server id @receiver_id (0: unknown, or any). @reply: the receiver must
 * answer with a PRESENCE. If @link is NULL, do nothing. RFC 5353 s.2.1 */
void rsp_enrp_presence(struct rsp_enrp *n, const struct rsp_link *link, uint32_t receiver_id, bool reply);

/** Send an ENRP_LIST_REQUEST over @link to the registrar @receiver_id. RFC 5353 s.2.5 */
void rsp_enrp_request_list(struct rsp_enrp *n, uint32_t link, uint32_t receiver_id);

/** Refuse @msg, which was received over @link: send an ENRP_ERROR with @cause, and record @reason. */
void rsp_enrp_refuse(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg, uint16_t cause,
			enum rsp_reason reason);

#endif
