#ifndef RSP_WIRE_READER_H
#define RSP_WIRE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A bounded cursor over received octets. Its error sticks: a read that does not fit yields zeros, later reads do nothing,
 * and one look at @err after the last read is enough. Views it hands out live as long as the octets do.
 */
struct rsp_rd {
	const uint8_t *base; /* the octets of the whole message, so that @origin + @pos is an offset a human can use */
	size_t pos, len;     /* pos <= len, always */
	size_t origin;	     /* where base[0] stands in the outermost message */
	size_t param_at;     /* offset of the parameter it reads the value of; once failed, of the one that failed it */
	uint16_t param;	     /* that parameter's type, 0 if it is none */
	enum rsp_err err;
	const char *reason; /* static; NULL unless failed */
};

/** A reader of @bytes, which stand @origin octets into the message. */
struct rsp_rd rsp_rd_init(struct rsp_bytes bytes, size_t origin);

/** How many octets are left; 0 once failed. */
size_t rsp_rd_left(const struct rsp_rd *rd);

/** The offset of the next octet in the outermost message. */
size_t rsp_rd_offset(const struct rsp_rd *rd);

/** Fail with @err and @reason, which is static, unless failed already. */
void rsp_rd_fail(struct rsp_rd *rd, enum rsp_err err, const char *reason);

/** Take @n octets, or none and fail with RSP_EMALFORM. */
struct rsp_bytes rsp_rd_take(struct rsp_rd *rd, size_t n);

/** Take all that is left. */
struct rsp_bytes rsp_rd_rest(struct rsp_rd *rd);

uint8_t rsp_rd_u8(struct rsp_rd *rd);
uint16_t rsp_rd_u16(struct rsp_rd *rd);
uint32_t rsp_rd_u32(struct rsp_rd *rd);

/**
 * Enter the next parameter (RFC 5354 s.2, s.3): its type, and in @body a reader of its value alone. Padding before it is
 * passed over. False at the end, and when the parameter does not fit: then the reader has failed.
 */
bool rsp_rd_tlv(struct rsp_rd *rd, uint16_t *type, struct rsp_rd *body);

/**
 * Whether @body was read to its end without an error; if not, @rd fails too and tells of the same parameter. What follows
 * the known fields is an error.
 */
bool rsp_rd_end(struct rsp_rd *rd, const struct rsp_rd *body);

/** The parameter that @body, entered from @rd, is the value of: with its header, without padding. */
struct rsp_bytes rsp_rd_whole(const struct rsp_rd *rd, const struct rsp_rd *body);

#endif
