#include "proto/policy.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "proto/param.h"

enum {
#define PLACE(id, ...) AT_##id,
	RSP_POLICIES(PLACE)
#undef PLACE
};

static const struct rsp_policy_row rows[] = {
#define ROW(id, type, key, alias, n_values, first, second, choice, ...)                                                \
	[AT_##id] = { type, key, alias, n_values, { first, second } },
	RSP_POLICIES(ROW)
#undef ROW
};

const struct rsp_policy_row *
rsp_policy_at(unsigned i)
{
	return i < RSP_COUNT(rows) ? &rows[i] : NULL;
}

const struct rsp_policy_row *
rsp_policy_row(uint32_t type)
{
	switch (type) {
#define CASE(id, ...)                                                                                                  \
	case RSP_POLICY_##id:                                                                                          \
		return &rows[AT_##id];
		RSP_POLICIES(CASE)
#undef CASE
	}
	return NULL;
}

const struct rsp_policy_row *
rsp_policy_named(const char *name)
{
	for (size_t i = 0; i < RSP_COUNT(rows); i++)
		if (strcmp(rows[i].key, name) == 0 || strcmp(rows[i].alias, name) == 0)
			return &rows[i];
	return NULL;
}

void
rsp_policy_decode(struct rsp_rd *body, struct rsp_policy *ret)
{
	struct rsp_policy policy = { .type = rsp_rd_u32(body) };
	const struct rsp_policy_row *row = rsp_policy_row(policy.type);

	if (policy.type == 0 || policy.type == 0x40000000) /* RFC 5356 s.7: reserved, invalid value */
		rsp_rd_fail(body, RSP_EVALUE, "a reserved policy type");
	for (unsigned i = 0; row && i < row->n_values; i++)
		policy.value[i] = rsp_rd_u32(body);
	policy.extra = rsp_rd_rest(body);
	if (!body->err)
		*ret = policy;
}

void
rsp_policy_encode(struct rsp_wr *wr, const struct rsp_policy *policy)
{
	const struct rsp_policy_row *row = rsp_policy_row(policy->type);
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_POLICY);

	rsp_wr_u32(wr, policy->type);
	for (unsigned i = 0; row && i < row->n_values; i++)
		rsp_wr_u32(wr, policy->value[i]);
	rsp_wr_bytes(wr, policy->extra);
	rsp_wr_close(wr, mark);
}
