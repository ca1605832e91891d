#ifndef RSP_WIRE_WRITER_H
#define RSP_WIRE_WRITER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * A bounded cursor that writes into the caller's buffer. Its error sticks: what does not fit is not written, and
 * rsp_wr_end() is the one place where that is looked at.
 */
struct rsp_wr {
	uint8_t *base;
	size_t pos, cap; /* pos <= cap, always */
	enum rsp_err err;
};

/** The place of a header whose length is not known yet. */
struct rsp_mark {
	size_t at;
};

struct rsp_wr rsp_wr_init(uint8_t *buf, size_t cap);

void rsp_wr_u8(struct rsp_wr *wr, uint8_t v);
void rsp_wr_u16(struct rsp_wr *wr, uint16_t v);
void rsp_wr_u32(struct rsp_wr *wr, uint32_t v);
void rsp_wr_bytes(struct rsp_wr *wr, struct rsp_bytes bytes);

/** Begin a message of @type (RFC 5354 s.4); its length is patched by rsp_wr_close(). */
struct rsp_mark rsp_wr_msg_open(struct rsp_wr *wr, uint8_t type, uint8_t flags);

/** Begin a parameter of @type (RFC 5354 s.3), after the padding that the one before it needs. */
struct rsp_mark rsp_wr_tlv_open(struct rsp_wr *wr, uint16_t type);

/** End what @mark began: its length counts the padding between what it holds, not after the last. RFC 5354 s.2. */
void rsp_wr_close(struct rsp_wr *wr, struct rsp_mark mark);

/** Write zeros up to a multiple of 4. */
void rsp_wr_pad(struct rsp_wr *wr);

/** Pad the message and tell its size on the wire, or why it did not fit (RSP_ELIMIT): @ret_size is then untouched. */
enum rsp_err rsp_wr_end(struct rsp_wr *wr, size_t *ret_size) RSP_NODISCARD;

#endif
