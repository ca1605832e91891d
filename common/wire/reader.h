#ifndef RSP_WIRE_READER_H
#define RSP_WIRE_READER_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A reader: a bounded cursor over received octets. A read beyond the end fails: it returns zeros, as do all later reads,
 * so it is enough to check @err after the last read. Views that the reader returns are valid as long as the octets.
 */
struct rsp_rd {
	const uint8_t *base; /* the first octet of the reader */
	size_t pos, len;     /* always pos <= len */
	size_t origin;	     /* the offset of base[0] in the whole message, for error reports */
	/* the offset of the parameter whose value this reader reads; after a failure, of the invalid parameter */
	size_t param_at;
	uint16_t param;	     /* the type of this parameter; 0: no parameter */
	enum rsp_err err;
	const char *reason; /* static text; NULL: not failed */
};

/** Make a reader of @bytes. The first octet has the offset @origin in the whole message. */
struct rsp_rd rsp_rd_init(struct rsp_bytes bytes, size_t origin);

/** The number of octets left; 0 if the reader has failed. */
size_t rsp_rd_left(const struct rsp_rd *rd);

/** The offset of the next octet in the whole message. */
size_t rsp_rd_offset(const struct rsp_rd *rd);

/** Let the reader fail with @err and @reason, a static text, unless it has failed before. */
void rsp_rd_fail(struct rsp_rd *rd, enum rsp_err err, const char *reason);

/** Read the next @n octets. If there are fewer, return none and fail with RSP_EMALFORM. */
struct rsp_bytes rsp_rd_take(struct rsp_rd *rd, size_t n);

/** Read all octets that are left. */
struct rsp_bytes rsp_rd_rest(struct rsp_rd *rd);

uint8_t rsp_rd_u8(struct rsp_rd *rd);
uint16_t rsp_rd_u16(struct rsp_rd *rd);
uint32_t rsp_rd_u32(struct rsp_rd *rd);
uint64_t rsp_rd_u64(struct rsp_rd *rd);

/** The number in the 8 octets at @p: for loops over octets that were checked before. */
static inline uint64_t
rsp_rd_u64_at(const uint8_t p[static 8])
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/**
 * Read the next parameter (RFC 5354 s.2, s.3): *@type is its type, and @body a reader of its value. Padding before the
 * parameter is skipped. False: the end, or the length of the parameter is invalid; then the reader has failed.
 */
bool rsp_rd_tlv(struct rsp_rd *rd, uint16_t *type, struct rsp_rd *body);

/**
 * Whether @body, which rsp_rd_tlv() has made from @rd, was read to its end without error. If not, @rd also fails, with the
 * same parameter. Octets that are left in @body are an error.
 */
bool rsp_rd_end(struct rsp_rd *rd, const struct rsp_rd *body);

/** The whole parameter of which @body reads the value: with its header, without
 * padding. rsp_rd_tlv() has made @body from @rd. */
struct rsp_bytes rsp_rd_whole(const struct rsp_rd *rd, const struct rsp_rd *body);

#endif
