#ifndef RSP_WIRE_WRITER_H
#define RSP_WIRE_WRITER_H

#include <endian.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A writer: a bounded cursor that writes into a buffer of the caller. If octets do not fit, the writer fails: it writes
 * neither these nor any later octets. So it is enough to check the result of rsp_wr_end(), or @err after the last write.
 */
struct rsp_wr {
	uint8_t *base;
	size_t pos, cap; /* always pos <= cap */
	enum rsp_err err;
};

/** The position of a header. rsp_wr_close() sets its length field. */
struct rsp_mark {
	size_t at;
};

struct rsp_wr rsp_wr_init(uint8_t *buf, size_t cap);

/** Reserve @n octets, which the caller writes; NULL: they do not fit, or the writer has failed before. */
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

/* These functions are inline for speed: encoding a registration calls them about a dozen times. */

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

static inline void
rsp_wr_u64(struct rsp_wr *wr, uint64_t v)
{
	uint8_t *to = rsp_wr_room(wr, sizeof(v));

	v = htobe64(v);
	if (to)
		memcpy(to, &v, sizeof(v));
}

void rsp_wr_bytes(struct rsp_wr *wr, struct rsp_bytes bytes);

/** Begin a message of @type (RFC 5354 s.4). rsp_wr_close() ends it. */
struct rsp_mark rsp_wr_msg_open(struct rsp_wr *wr, uint8_t type, uint8_t flags);

/** Begin a parameter of @type (RFC 5354 s.3), after the padding of the previous parameter. rsp_wr_close() ends it. */
struct rsp_mark rsp_wr_tlv_open(struct rsp_wr *wr, uint16_t type);

/** Set the length of the message or parameter that began at @mark. The length includes the padding between nested
 * parameters, but not the padding after the last one. RFC 5354 s.2. */
void rsp_wr_close(struct rsp_wr *wr, struct rsp_mark mark);

/** Write zeros up to a multiple of 4. */
void rsp_wr_pad(struct rsp_wr *wr);

/** Write the final padding of the message. *@ret_size: the size with padding. RSP_ELIMIT: the
 * message did not fit, and *@ret_size is unchanged. */
enum rsp_err rsp_wr_end(struct rsp_wr *wr, size_t *ret_size) RSP_NODISCARD;

#endif
