#ifndef RSP_ENGINE_CLIENT_REGISTRATION_H
#define RSP_ENGINE_CLIENT_REGISTRATION_H

#include "engine/client/element.h"

/* Sends registrations and deregistrations, and handles the responses: RFC 5352 s.3.1, s.3.2. */

/** See rsp_client_register() and rsp_client_update(). */
enum rsp_err rsp_client_registration_add(struct client_elements *elements, struct rsp_bytes handle,
					 const struct rsp_pool_element *pe) RSP_NODISCARD;
enum rsp_err rsp_client_registration_update(struct client_elements *elements, struct rsp_bytes handle,
					    const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Send the queued requests, as the window allows. There must be a home. */
void rsp_client_registration_send_queued(struct client_elements *elements);
/** The home has sent an ASAP_REGISTRATION_RESPONSE (answered) or an ASAP_DEREGISTRATION_RESPONSE (ended). */
void rsp_client_registration_answered(struct client_elements *elements, const struct rsp_message *msg);
void rsp_client_registration_ended(struct client_elements *elements, const struct rsp_message *msg);
/** The home has sent an ASAP_ERROR while one request has no answer. True: this request is a registration or
 * deregistration; the error is its answer. */
bool rsp_client_registration_error(struct client_elements *elements, uint16_t cause);

#endif
