#include "wire/writer.h"

#include <endian.h>

struct rsp_wr
rsp_wr_init(uint8_t *buf, size_t cap)
{
	return (struct rsp_wr){ .base = buf, .cap = cap };
}

/* Room for @n more octets; NULL if the writer has failed, now or before. */
static inline uint8_t *
room_for(struct rsp_wr *wr, size_t n)
{
	if (!wr->err && n > wr->cap - wr->pos)
		wr->err = RSP_ELIMIT;
	if (wr->err)
		return NULL;
	wr->pos += n;
	return wr->base + (wr->pos - n);
}

void
rsp_wr_bytes(struct rsp_wr *wr, struct rsp_bytes bytes)
{
	uint8_t *to = room_for(wr, bytes.n);

	if (to && bytes.n)
		memcpy(to, bytes.p, bytes.n);
}

void
rsp_wr_u8(struct rsp_wr *wr, uint8_t v)
{
	uint8_t *to = room_for(wr, sizeof(v));

	if (to)
		*to = v;
}

void
rsp_wr_u16(struct rsp_wr *wr, uint16_t v)
{
	uint8_t *to = room_for(wr, sizeof(v));

	v = htobe16(v);
	if (to)
		memcpy(to, &v, sizeof(v));
}

void
rsp_wr_u32(struct rsp_wr *wr, uint32_t v)
{
	uint8_t *to = room_for(wr, sizeof(v));

	v = htobe32(v);
	if (to)
		memcpy(to, &v, sizeof(v));
}

void
rsp_wr_pad(struct rsp_wr *wr)
{
	size_t gap = -wr->pos & 3;
	uint8_t *to = gap > 0 ? room_for(wr, gap) : NULL;

	if (to)
		memset(to, 0, gap);
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
	rsp_wr_pad(wr);
	struct rsp_mark mark = { .at = wr->pos };

	rsp_wr_u16(wr, type);
	rsp_wr_u16(wr, 0);
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
