#ifndef RSP_MODEL_CONTENTS_H
#define RSP_MODEL_CONTENTS_H

#include "proto/param.h"

/* most octets of one stored Pool Element: two transports with 32 addresses each, and an owner; with a statement, also
 * parameters that later versions define, for example a signature */
#define RSP_CONTENTS_WORD_MAX 2048
#define RSP_CONTENTS_MAX      4096

/**
 * Encode @pe as all registrars store it, into @room. With a statement, unknown parameters belong to what the element said,
 * and are kept if their type says "skip" and not "report" (high bits 10, RFC 5354 s.3); without a statement, they are
 * dropped. So is a version, which the previous format has. @ret is a view into @room. RSP_ELIMIT: @pe is too long.
 */
enum rsp_err rsp_contents_encode(uint8_t room[static RSP_CONTENTS_MAX], const struct rsp_pool_element *pe,
				 struct rsp_bytes *ret) RSP_NODISCARD;

#endif
