#ifndef RSP_ENGINE_CLIENT_REGISTRATION_H
#define RSP_ENGINE_CLIENT_REGISTRATION_H

#include "engine/client/element.h"

/* Registrations and deregistrations, sent and answered: RFC 5352 s.3.1, s.3.2. */

/** The request of rsp_client_register(), and of rsp_client_update(). */
enum rsp_err rsp_client_registration_add(struct client_elements *elements, struct rsp_bytes handle,
					 const struct rsp_pool_element *pe) RSP_NODISCARD;
enum rsp_err rsp_client_registration_update(struct client_elements *elements, struct rsp_bytes handle,
					    const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Send what is queued, within the window. There is a home. */
void rsp_client_registration_send_queued(struct client_elements *elements);
/** The home sent a REGISTRATION_RESPONSE, or a DEREGISTRATION_RESPONSE. */
void rsp_client_registration_answered(struct client_elements *elements, const struct rsp_message *msg);
void rsp_client_registration_ended(struct client_elements *elements, const struct rsp_message *msg);
/** The home sent an ASAP_ERROR, and one request is unanswered. True if that is a registration or deregistration. */
bool rsp_client_registration_error(struct client_elements *elements, uint16_t cause);

#endif
