#ifndef RSP_ENRP_MESSAGE_H
#define RSP_ENRP_MESSAGE_H

#include "engine/enrp/state.h"

/* Messages between registrars, RFC 5353 s.2. */

/** Send @msg, whose type, flags and contents are set, over @link. */
void rsp_enrp_send(struct rsp_enrp *n, uint32_t link, struct rsp_message *msg);

/** Begin a message in core->out, and end it. The octets of the whole message are valid until the next one is encoded. */
struct rsp_mark rsp_enrp_open(struct rsp_enrp *n, struct rsp_wr *wr, uint8_t type, uint8_t flags,
				 uint32_t receiver_id);
struct rsp_bytes rsp_enrp_close(struct rsp_wr *wr, struct rsp_mark whole);

/** Send ENRP_PRESENCE over @link to @receiver_id (0: any registrar); with @reply it must be answered. RFC 5353 s.2.1 */
void rsp_enrp_presence(struct rsp_enrp *n, const struct rsp_link *link, uint32_t receiver_id, bool reply);

/** Refuse @msg, which was received over @link, with ENRP_ERROR and @cause, and record @reason. */
void rsp_enrp_refuse(struct rsp_enrp *n, const struct rsp_link *link, const struct rsp_message *msg, uint16_t cause,
			enum rsp_reason reason);

#endif
