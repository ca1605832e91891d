#include "wire/writer.h"

struct rsp_wr
rsp_wr_init(uint8_t *buf, size_t cap)
{
	return (struct rsp_wr){ .base = buf, .cap = cap };
}

void
rsp_wr_bytes(struct rsp_wr *wr, struct rsp_bytes bytes)
{
	uint8_t *to = rsp_wr_room(wr, bytes.n);

	if (to && bytes.n)
		memcpy(to, bytes.p, bytes.n);
}

static inline void
pad(struct rsp_wr *wr)
{
	size_t gap = -wr->pos & 3;
	uint8_t *to = gap > 0 ? rsp_wr_room(wr, gap) : NULL;

	if (to)
		memset(to, 0, gap);
}

void
rsp_wr_pad(struct rsp_wr *wr)
{
	pad(wr);
}

struct rsp_mark
rsp_wr_msg_open(struct rsp_wr *wr, uint8_t type, uint8_t flags)
{
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_u8(wr, type);
	rsp_wr_u8(wr, flags);
	rsp_wr_u16(wr, 0);
	return mark;
}

struct rsp_mark
rsp_wr_tlv_open(struct rsp_wr *wr, uint16_t type)
{
	pad(wr);
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_u32(wr, (uint32_t)type << 16); /* the length field is 0 until rsp_wr_close() */
	return mark;
}

void
rsp_wr_close(struct rsp_wr *wr, struct rsp_mark mark)
{
	size_t len = wr->pos - mark.at;

	if (!wr->err && len > UINT16_MAX)
		wr->err = RSP_ELIMIT;
	if (wr->err)
		return;
	uint16_t be = htobe16((uint16_t)len);
	memcpy(wr->base + mark.at + 2, &be, sizeof(be));
}

enum rsp_err
rsp_wr_end(struct rsp_wr *wr, size_t *ret_size)
{
	rsp_wr_pad(wr);
	if (!wr->err)
		*ret_size = wr->pos;
	return wr->err;
}
