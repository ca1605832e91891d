#ifndef RSP_NET_ALARM_H
#define RSP_NET_ALARM_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct rsp_loop;

/** A timer of the loop. (struct rsp_timer belongs to the engines.) */
struct rsp_alarm;

/** A timer that is not armed. It will call @ring(@ctx). RSP_ENOMEM. */
enum rsp_err rsp_alarm_new(struct rsp_loop *loop, void (*ring)(void *ctx), void *ctx,
			   struct rsp_alarm **ret) RSP_NODISCARD;

/** Ring once at @deadline_ms (of rsp_clock_ms()), not earlier; RSP_NEVER: do not ring. Replaces what was set. */
void rsp_alarm_set(struct rsp_alarm *alarm, uint64_t deadline_ms);

/** Ring once in @delay_ms. */
void rsp_alarm_in(struct rsp_alarm *alarm, uint64_t delay_ms);

/** Free @alarm, which does not ring any more. NULL is fine. */
void rsp_alarm_free(struct rsp_alarm *alarm);

#endif
