#ifndef RSP_CLI_MESSAGE_JSON_H
#define RSP_CLI_MESSAGE_JSON_H

#include <jansson.h>

#include "proto/message.h"

/* Messages and their parts as JSON. The caller owns what these functions return (json_decref); NULL: out of memory.
 * An object always has the same members; a member that the message lacks is null or []. */

/**
 * @msg by the grammar of its type: "type" (the RFC's name), "type_code", "protocol", "flags" by name, the fixed fields,
 * then the parameters. See rsp.decode.schema.json.
 */
json_t *rsp_message_json(const struct rsp_message *msg);

json_t *rsp_pool_element_json(const struct rsp_pool_element *pe);
json_t *rsp_server_info_json(const struct rsp_server_info *info);

/** null for type 0 */
json_t *rsp_transport_json(const struct rsp_transport *transport);
json_t *rsp_policy_json(const struct rsp_policy *policy);

/** The error causes in the value of an Operation Error: a list of { code, key, name, info_hex }. */
json_t *rsp_causes_json(struct rsp_bytes error);

/** The word for the type of a transport parameter: "sctp", "tcp", "udp", "udp-lite", "dccp", "opaque"; or NULL. */
const char *rsp_transport_key(uint16_t type);

#endif
