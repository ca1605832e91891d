#ifndef RSP_WIRE_READER_H
#define RSP_WIRE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A bounded cursor over received octets. Its error is sticky: a read that does not fit gives zeros, later reads do
 * nothing, and it is enough to check @err after the last read. The views that it returns live as long as the octets.
 */
struct rsp_rd {
	const uint8_t *base; /* the first octet that this reader may read */
	size_t pos, len;     /* pos <= len, always */
	size_t origin;	     /* the offset of base[0] in the whole message, for error reports */
	size_t param_at;     /* the offset of the parameter whose value is read; after a failure, of the faulty one */
	uint16_t param;	     /* that parameter's type; 0: no parameter */
	enum rsp_err err;
	const char *reason; /* static; NULL unless failed */
};

/** A reader of @bytes, the first of which has the offset @origin in the whole message. */
struct rsp_rd rsp_rd_init(struct rsp_bytes bytes, size_t origin);

/** How many octets are left; 0 once failed. */
size_t rsp_rd_left(const struct rsp_rd *rd);

/** The offset of the next octet in the whole message. */
size_t rsp_rd_offset(const struct rsp_rd *rd);

/** Fail with @err and @reason, a static text, unless the reader has failed before. */
void rsp_rd_fail(struct rsp_rd *rd, enum rsp_err err, const char *reason);

/** Take @n octets, or none and fail with RSP_EMALFORM. */
struct rsp_bytes rsp_rd_take(struct rsp_rd *rd, size_t n);

/** Take all that is left. */
struct rsp_bytes rsp_rd_rest(struct rsp_rd *rd);

uint8_t rsp_rd_u8(struct rsp_rd *rd);
uint16_t rsp_rd_u16(struct rsp_rd *rd);
uint32_t rsp_rd_u32(struct rsp_rd *rd);

/**
 * Enter the next parameter (RFC 5354 s.2, s.3): *@type is its type, and @body reads its value and nothing else. Padding
 * before the parameter is skipped. False at the end, and if the parameter does not fit: then the reader has failed.
 */
bool rsp_rd_tlv(struct rsp_rd *rd, uint16_t *type, struct rsp_rd *body);

/**
 * Whether @body, entered from @rd, was read to its end without an error. If not, @rd fails too, with the same
 * parameter; octets that are left in @body are an error.
 */
bool rsp_rd_end(struct rsp_rd *rd, const struct rsp_rd *body);

/** The whole parameter whose value @body reads: with its header, without padding. @body was entered from @rd. */
struct rsp_bytes rsp_rd_whole(const struct rsp_rd *rd, const struct rsp_rd *body);

#endif
