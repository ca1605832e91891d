#include "proto/message.h"

#include "base/attr.h"

#define ANY UINT16_MAX
#define ONE(param) { RSP_PARAM_##param, 1, 1 }
#define OPTIONAL(param) { RSP_PARAM_##param, 0, 1 }
#define MANY(param) { RSP_PARAM_##param, 0, ANY }
#define SOME(param) { RSP_PARAM_##param, 1, ANY }
#define END { 0, 0, 0 }
#define ROW(protocol, type, flags, ...)                                                                                \
	{                                                                                                              \
		RSP_##protocol, protocol##_##type, #protocol "_" #type, flags, { __VA_ARGS__, END }                    \
	}

/* clang-format off */
static const struct rsp_grammar rows[] = {
	/* RFC 5352 s.2.2 */
	ROW(ASAP, REGISTRATION, 0, ONE(POOL_HANDLE), ONE(POOL_ELEMENT)),
	ROW(ASAP, DEREGISTRATION, 0, ONE(POOL_HANDLE), ONE(PE_ID)),
	ROW(ASAP, REGISTRATION_RESPONSE, ASAP_FLAG_REJECT, ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(ERROR)),
	ROW(ASAP, DEREGISTRATION_RESPONSE, 0, ONE(POOL_HANDLE), ONE(PE_ID), OPTIONAL(ERROR)),
	ROW(ASAP, HANDLE_RESOLUTION, ASAP_FLAG_SUBSCRIBE, ONE(POOL_HANDLE), OPTIONAL(ITEM_COUNT)),
	ROW(ASAP, HANDLE_RESOLUTION_RESPONSE, ASAP_FLAG_ACCEPT, ONE(POOL_HANDLE), OPTIONAL(POLICY), MANY(POOL_ELEMENT),
	    OPTIONAL(ERROR)),
	/* the identifier is not in the RFC, but a PE of rsplib cannot do without it */
	ROW(ASAP, ENDPOINT_KEEP_ALIVE, ASAP_FLAG_HOME, ONE(POOL_HANDLE), OPTIONAL(PE_ID)),
	ROW(ASAP, ENDPOINT_KEEP_ALIVE_ACK, 0, ONE(POOL_HANDLE), ONE(PE_ID)),
	ROW(ASAP, ENDPOINT_UNREACHABLE, 0, ONE(POOL_HANDLE), ONE(PE_ID)),
	ROW(ASAP, SERVER_ANNOUNCE, 0, MANY(SCTP)),
	ROW(ASAP, COOKIE, 0, ONE(COOKIE)),
	ROW(ASAP, COOKIE_ECHO, 0, ONE(COOKIE)),
	/* the policy is not in the RFC; rsplib writes one */
	ROW(ASAP, BUSINESS_CARD, 0, ONE(POOL_HANDLE), OPTIONAL(POLICY), SOME(POOL_ELEMENT)),
	ROW(ASAP, ERROR, 0, ONE(ERROR)),
	/* RFC 5353 s.2 */
	ROW(ENRP, PRESENCE, ENRP_FLAG_REPLY_REQUIRED, OPTIONAL(PE_CHECKSUM), OPTIONAL(SERVER_INFO)),
	ROW(ENRP, HANDLE_TABLE_REQUEST, ENRP_FLAG_OWN | ENRP_FLAG_CONTINUE, END),
	/* each handle with one or more elements after it: message.c sees to that */
	ROW(ENRP, HANDLE_TABLE_RESPONSE, ENRP_FLAG_REJECT | ENRP_FLAG_MORE, MANY(POOL_HANDLE), MANY(POOL_ELEMENT)),
	ROW(ENRP, HANDLE_UPDATE, 0, ONE(POOL_HANDLE), ONE(POOL_ELEMENT)),
	ROW(ENRP, LIST_REQUEST, 0, END),
	ROW(ENRP, LIST_RESPONSE, ENRP_FLAG_REJECT, MANY(SERVER_INFO)),
	ROW(ENRP, INIT_TAKEOVER, 0, END),
	ROW(ENRP, INIT_TAKEOVER_ACK, 0, END),
	ROW(ENRP, TAKEOVER_SERVER, 0, END),
	ROW(ENRP, ERROR, 0, ONE(ERROR)),
};
/* clang-format on */

const struct rsp_grammar *
rsp_grammar_at(unsigned i)
{
	return i < RSP_COUNT(rows) ? &rows[i] : NULL;
}

const struct rsp_grammar *
rsp_grammar(enum rsp_protocol protocol, uint8_t type)
{
	for (size_t i = 0; i < RSP_COUNT(rows); i++)
		if (rows[i].protocol == protocol && rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *
rsp_message_name(enum rsp_protocol protocol, uint8_t type)
{
	const struct rsp_grammar *row = rsp_grammar(protocol, type);

	return row ? row->name : NULL;
}
