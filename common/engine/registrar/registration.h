#ifndef RSP_REGISTRAR_REGISTRATION_H
#define RSP_REGISTRAR_REGISTRATION_H

#include "engine/registrar/member.h"

/** Handle an ASAP_REGISTRATION, RFC 5352 s.3.1: check it, store the element, and answer. */
void rsp_registration_received(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg);

/** Handle an ASAP_DEREGISTRATION, RFC 5352 s.3.2: remove the element, and answer. For
 * an unknown element the answer is positive. */
void rsp_registration_ended(struct rsp_core *core, struct rsp_link *link, const struct rsp_message *msg);

/**
 * Answer the registration or deregistration @octets, which could not be decoded because of @why. False: not answered,
 * because its handle or PE identifier cannot be read, or it is another message, or the cause is not "invalid values".
 */
bool rsp_registration_undecodable(struct rsp_core *core, const struct rsp_link *link, struct rsp_bytes octets,
				  const struct rsp_why *why);

#endif
