#ifndef RSP_REGISTRAR_REGISTRATION_H
#define RSP_REGISTRAR_REGISTRATION_H

#include "engine/registrar/member.h"

/** ASAP_REGISTRATION, RFC 5352 s.3.1: check it, store the element, and answer. */
void rsp_registration_received(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg);

/** ASAP_DEREGISTRATION, RFC 5352 s.3.2: remove the element, and answer. An element that is unknown counts as removed. */
void rsp_registration_ended(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg);

/**
 * Answer a registration or deregistration that could not be decoded (@why), if its handle and PE identifier can be read.
 * False: they cannot, or it is another message.
 */
bool rsp_registration_undecodable(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes octets,
				  const struct rsp_why *why);

#endif
