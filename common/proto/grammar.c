#include "proto/grammar.h"

#include <stddef.h>

#include "base/attr.h"
#include "proto/param.h"

/* Fixed fields */
#define NO_FIELDS      { RSP_FIELD_END }
#define SERVER_ID      { RSP_FIELD_SERVER_ID }
#define IDS	       { RSP_FIELD_SENDER_ID, RSP_FIELD_RECEIVER_ID }
#define IDS_AND(field) { RSP_FIELD_SENDER_ID, RSP_FIELD_RECEIVER_ID, RSP_FIELD_##field }

/* Parameters */
#define ANY	        UINT16_MAX
#define ONE(param)      { RSP_PARAM_##param, 1, 1 }
#define OPTIONAL(param) { RSP_PARAM_##param, 0, 1 }
#define MANY(param)     { RSP_PARAM_##param, 0, ANY }
#define SOME(param)     { RSP_PARAM_##param, 1, ANY }
#define END	        { 0, 0, 0 }

static const struct rsp_grammar rows[] = {
#define ROW(protocol, type, number, flags, fields, ...)                                                                \
	{ RSP_##protocol, protocol##_##type, #protocol "_" #type, flags, fields, { __VA_ARGS__, END } },
	RSP_MESSAGES(ROW)
#undef ROW
};

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
