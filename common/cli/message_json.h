#ifndef RSP_CLI_MESSAGE_JSON_H
#define RSP_CLI_MESSAGE_JSON_H

#include <jansson.h>

#include "proto/message.h"

/* How records show what travels on the wire. The caller owns what these return (json_decref); NULL: out of memory. Each
 * object always has the same members; what is not there is null or []. */

/**
 * @msg, as its type's grammar has it: "type" (the RFC's name), "type_code", "protocol", "flags" by name, the fixed fields,
 * then the parameters. See rsp.decode.schema.json.
 */
json_t *rsp_message_json(const struct rsp_message *msg);

json_t *rsp_pool_element_json(const struct rsp_pool_element *pe);
json_t *rsp_server_info_json(const struct rsp_server_info *info);

/** null for none (type 0). */
json_t *rsp_transport_json(const struct rsp_transport *transport);
json_t *rsp_policy_json(const struct rsp_policy *policy);

/** An Operation Error's value: a list of { code, key, name, info_hex }. */
json_t *rsp_causes_json(struct rsp_bytes error);

/** "sctp", "tcp", "udp", "udp-lite", "dccp", "opaque", or NULL: how records name a transport parameter's type. */
const char *rsp_transport_key(uint16_t type);

#endif
