#ifndef RSP_REGISTRAR_REPORT_H
#define RSP_REGISTRAR_REPORT_H

#include "engine/registrar/look.h"

/**
 * ASAP_ENDPOINT_UNREACHABLE, RFC 5352 s.3.5: a user cannot reach an element. A report never removes an element that
 * answers: the registrar asks the element, and an answer clears all reports (RFC 5355 s.2.13).
 */
void rsp_report_received(struct rsp_looks *looks, const struct rsp_link *link, const struct rsp_message *msg);

#endif
