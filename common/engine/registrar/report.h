#ifndef RSP_REGISTRAR_REPORT_H
#define RSP_REGISTRAR_REPORT_H

#include "engine/registrar/look.h"

/**
 * Handle an ASAP_ENDPOINT_UNREACHABLE, RFC 5352 s.3.5: a user reports that it cannot reach an element. This registrar
 * sends the element a keep-alive. If the element answers, it stays, and all reports are cleared (RFC 5355 s.2.13).
 */
void rsp_report_received(struct rsp_core *core, const struct rsp_link *link, const struct rsp_message *msg);

#endif
