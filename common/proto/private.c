#include "proto/private.h"

#include "proto/param.h"

static void
epoch_get(struct rsp_rd *body, struct rsp_epoch *ret)
{
	ret->epoch = rsp_rd_u64(body);
	ret->instance = rsp_rd_u32(body);
	ret->over = rsp_rd_u32(body);
}

/* Let @body fail if @epoch has impossible values. */
static void
epoch_check(struct rsp_rd *body, const struct rsp_epoch *epoch)
{
	if (!body->err && epoch->epoch > INT64_MAX)
		rsp_rd_fail(body, RSP_EVALUE, "an impossible epoch");
	if (!body->err && epoch->instance == 0)
		rsp_rd_fail(body, RSP_EVALUE, "instance 0");
}

void
rsp_epoch_decode(struct rsp_rd *body, struct rsp_epoch *ret)
{
	struct rsp_epoch epoch;

	epoch_get(body, &epoch);
	epoch_check(body, &epoch);
	if (!body->err)
		*ret = epoch;
}

static void
epoch_put(struct rsp_wr *wr, const struct rsp_epoch *epoch)
{
	rsp_wr_u64(wr, epoch->epoch);
	rsp_wr_u32(wr, epoch->instance);
	rsp_wr_u32(wr, epoch->over);
}

void
rsp_epoch_encode(struct rsp_wr *wr, const struct rsp_epoch *epoch)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_EPOCH);

	epoch_put(wr, epoch);
	rsp_wr_close(wr, mark);
}

void
rsp_statement_get(struct rsp_rd *body, struct rsp_statement *ret)
{
	epoch_get(body, &ret->epoch);
	ret->since_ms = rsp_rd_u64(body);
	ret->rank = rsp_rd_u16(body);
	(void)rsp_rd_u16(body); /* reserved, ignored on receipt */
}

void
rsp_statement_decode(struct rsp_rd *body, struct rsp_statement *ret)
{
	struct rsp_statement statement;

	rsp_statement_get(body, &statement);
	epoch_check(body, &statement.epoch);
	bool taken_too_often = statement.rank > RSP_RANK_TAKEN_MAX && statement.rank != RSP_RANK_REMOVED;
	if (!body->err && (statement.rank == 0 || taken_too_often))
		rsp_rd_fail(body, RSP_EVALUE, "an impossible rank");
	if (!body->err)
		*ret = statement;
}

void
rsp_statement_put(struct rsp_wr *wr, const struct rsp_statement *statement)
{
	epoch_put(wr, &statement->epoch);
	rsp_wr_u64(wr, statement->since_ms);
	rsp_wr_u16(wr, statement->rank);
	rsp_wr_u16(wr, 0);
}

void
rsp_statement_encode(struct rsp_wr *wr, const struct rsp_statement *statement)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_STATEMENT);

	rsp_statement_put(wr, statement);
	rsp_wr_close(wr, mark);
}

void
rsp_state_decode(struct rsp_rd *body, struct rsp_state *ret)
{
	struct rsp_state state;

	state.digest = rsp_rd_u64(body);
	state.update = rsp_rd_u64(body);
	state.capabilities = rsp_rd_u32(body);
	(void)rsp_rd_rest(body); /* a later format may have more */
	if (!body->err)
		*ret = state;
}

void
rsp_state_encode(struct rsp_wr *wr, const struct rsp_state *state)
{
	struct rsp_mark mark = rsp_wr_tlv_open(wr, RSP_PARAM_STATE);

	rsp_wr_u64(wr, state->digest);
	rsp_wr_u64(wr, state->update);
	rsp_wr_u32(wr, state->capabilities);
	rsp_wr_close(wr, mark);
}

void
rsp_heard_decode(struct rsp_rd *body, struct rsp_bytes *ret)
{
	struct rsp_bytes heard = rsp_rd_rest(body);

	if (!body->err && heard.n % RSP_HEARD_SIZE)
		rsp_rd_fail(body, RSP_EMALFORM, "half an entry");
	if (!body->err)
		*ret = heard;
}

bool
rsp_heard_next(struct rsp_bytes heard, size_t *cursor, struct rsp_heard *ret)
{
	struct rsp_rd rd = rsp_rd_init(heard, 0);

	(void)rsp_rd_take(&rd, *cursor);
	if (rsp_rd_left(&rd) < RSP_HEARD_SIZE)
		return false;
	ret->server_id = rsp_rd_u32(&rd);
	ret->digest = rsp_rd_u64(&rd);
	*cursor += RSP_HEARD_SIZE;
	return true;
}

void
rsp_heard_write(uint8_t room[static RSP_HEARD_SIZE], const struct rsp_heard *heard)
{
	struct rsp_wr wr = rsp_wr_init(room, RSP_HEARD_SIZE);

	rsp_wr_u32(&wr, heard->server_id);
	rsp_wr_u64(&wr, heard->digest);
}
