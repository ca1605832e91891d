#include "wire/reader.h"

struct rsp_rd
rsp_rd_init(struct rsp_bytes bytes, size_t origin)
{
	return (struct rsp_rd){ .base = bytes.p, .len = bytes.n, .origin = origin };
}

size_t
rsp_rd_left(const struct rsp_rd *rd)
{
	return rd->err ? 0 : rd->len - rd->pos;
}

size_t
rsp_rd_offset(const struct rsp_rd *rd)
{
	return rd->origin + rd->pos;
}

void
rsp_rd_fail(struct rsp_rd *rd, enum rsp_err err, const char *reason)
{
	if (rd->err)
		return;
	rd->err = err;
	rd->reason = reason;
}

struct rsp_bytes
rsp_rd_take(struct rsp_rd *rd, size_t n)
{
	if (rd->err || n > rd->len - rd->pos) { /* never compute pos + n: it could overflow */
		rsp_rd_fail(rd, RSP_EMALFORM, "it ends too early");
		return (struct rsp_bytes){ 0 };
	}
	struct rsp_bytes got = { .p = n ? rd->base + rd->pos : NULL, .n = n };
	rd->pos += n;
	return got;
}

struct rsp_bytes
rsp_rd_rest(struct rsp_rd *rd)
{
	return rsp_rd_take(rd, rsp_rd_left(rd));
}

uint8_t
rsp_rd_u8(struct rsp_rd *rd)
{
	struct rsp_bytes b = rsp_rd_take(rd, 1);

	return b.n ? b.p[0] : 0;
}

uint16_t
rsp_rd_u16(struct rsp_rd *rd)
{
	struct rsp_bytes b = rsp_rd_take(rd, 2);
	uint16_t v = 0;

	if (b.n)
		memcpy(&v, b.p, sizeof(v));
	return be16toh(v);
}

uint32_t
rsp_rd_u32(struct rsp_rd *rd)
{
	struct rsp_bytes b = rsp_rd_take(rd, 4);
	uint32_t v = 0;

	if (b.n)
		memcpy(&v, b.p, sizeof(v));
	return be32toh(v);
}

uint64_t
rsp_rd_u64(struct rsp_rd *rd)
{
	struct rsp_bytes b = rsp_rd_take(rd, 8);

	return b.n ? rsp_rd_u64_at(b.p) : 0;
}

bool
rsp_rd_tlv(struct rsp_rd *rd, uint16_t *type, struct rsp_rd *body)
{
	size_t left = rsp_rd_left(rd), gap = -rd->pos & 3;

	(void)rsp_rd_take(rd, gap < left ? gap : left); /* the last nested parameter may have no padding */
	if (rsp_rd_left(rd) == 0)
		return false;
	size_t header_at = rsp_rd_offset(rd);
	*type = rsp_rd_u16(rd);
	size_t len = rsp_rd_u16(rd); /* includes the header, but not the padding */
	size_t at = rsp_rd_offset(rd);
	if (!rd->err && (len < 4 || len - 4 > rsp_rd_left(rd)))
		rsp_rd_fail(rd, RSP_EMALFORM, len < 4 ? "a length below 4" : "it reaches beyond what holds it");
	if (rd->err) {
		rd->param_at = header_at;
		rd->param = *type;
		return false;
	}
	*body = rsp_rd_init(rsp_rd_take(rd, len - 4), at);
	body->param_at = header_at;
	body->param = *type;
	return true;
}

bool
rsp_rd_end(struct rsp_rd *rd, const struct rsp_rd *body)
{
	if (rd->err || (!body->err && body->pos == body->len))
		return !rd->err;
	rd->param_at = body->param_at;
	rd->param = body->param;
	if (body->err)
		rsp_rd_fail(rd, body->err, body->reason);
	else
		rsp_rd_fail(rd, RSP_EMALFORM, "octets are left over");
	return false;
}

struct rsp_bytes
rsp_rd_whole(const struct rsp_rd *rd, const struct rsp_rd *body)
{
	return rsp_bytes_of(rd->base + (body->param_at - rd->origin), 4 + body->len);
}
