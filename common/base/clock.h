#ifndef RSP_BASE_CLOCK_H
#define RSP_BASE_CLOCK_H

#include <stdint.h>

#define RSP_NEVER UINT64_MAX /* a deadline that is never reached */

/** Milliseconds of a clock that the operator cannot set (CLOCK_MONOTONIC). Engines get this number as @now_ms. */
uint64_t rsp_clock_ms(void);

/** The same clock in microseconds, to measure round-trip times. */
uint64_t rsp_clock_us(void);

/** Milliseconds since 1970-01-01 UTC. */
int64_t rsp_clock_wall_ms(void);

#define RSP_TIMESTAMP_MAX 32

/** Write @wall_ms to @out as RFC 3339 UTC time with milliseconds: 2026-01-31T12:00:00.000Z. */
void rsp_clock_format(int64_t wall_ms, char out[static RSP_TIMESTAMP_MAX]);

#endif
