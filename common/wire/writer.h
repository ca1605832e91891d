#ifndef RSP_WIRE_WRITER_H
#define RSP_WIRE_WRITER_H

#include <endian.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A bounded cursor that writes into the caller's buffer. Its error is sticky: octets that do not fit are not written,
 * nor any after them, and it is enough to check the result of rsp_wr_end(), or @err after the last write.
 */
struct rsp_wr {
	uint8_t *base;
	size_t pos, cap; /* pos <= cap, always */
	enum rsp_err err;
};

/** The place of a header whose length field is still to be filled in by rsp_wr_close(). */
struct rsp_mark {
	size_t at;
};

struct rsp_wr rsp_wr_init(uint8_t *buf, size_t cap);

/** Room for @n more octets, which the caller fills; NULL if the writer has failed, now or before. */
static inline uint8_t *
rsp_wr_room(struct rsp_wr *wr, size_t n)
{
	if (!wr->err && n > wr->cap - wr->pos)
		wr->err = RSP_ELIMIT;
	if (wr->err)
		return NULL;
	wr->pos += n;
	return wr->base + (wr->pos - n);
}

/* Numbers are written where they are called for: a registration is a dozen of them. */

static inline void
rsp_wr_u8(struct rsp_wr *wr, uint8_t v)
{
	uint8_t *to = rsp_wr_room(wr, sizeof(v));

	if (to)
		*to = v;
}

static inline void
rsp_wr_u16(struct rsp_wr *wr, uint16_t v)
{
	uint8_t *to = rsp_wr_room(wr, sizeof(v));

	v = htobe16(v);
	if (to)
		memcpy(to, &v, sizeof(v));
}

static inline void
rsp_wr_u32(struct rsp_wr *wr, uint32_t v)
{
	uint8_t *to = rsp_wr_room(wr, sizeof(v));

	v = htobe32(v);
	if (to)
		memcpy(to, &v, sizeof(v));
}

void rsp_wr_bytes(struct rsp_wr *wr, struct rsp_bytes bytes);

/** Begin a message of @type (RFC 5354 s.4); rsp_wr_close() ends it. */
struct rsp_mark rsp_wr_msg_open(struct rsp_wr *wr, uint8_t type, uint8_t flags);

/** Begin a parameter of @type (RFC 5354 s.3); write the padding of the previous one first. rsp_wr_close() ends it. */
struct rsp_mark rsp_wr_tlv_open(struct rsp_wr *wr, uint16_t type);

/** Fill in the length of the message or parameter that @mark began: padding between nested parameters counts, padding
 * after the last one does not. RFC 5354 s.2. */
void rsp_wr_close(struct rsp_wr *wr, struct rsp_mark mark);

/** Write zeros up to a multiple of 4. */
void rsp_wr_pad(struct rsp_wr *wr);

/** Pad the message; *@ret_size is its size on the wire. RSP_ELIMIT if it did not fit: then *@ret_size is unchanged. */
enum rsp_err rsp_wr_end(struct rsp_wr *wr, size_t *ret_size) RSP_NODISCARD;

#endif
