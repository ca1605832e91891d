#include "net/alarm.h"

#include <stdlib.h>

#include "net/loop_priv.h"

struct rsp_alarm {
	uv_timer_t timer;
	uint64_t deadline_ms;
	void (*ring)(void *ctx);
	void *ctx;
};

static void
free_alarm(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_alarm(uv_timer_t *timer)
{
	struct rsp_alarm *alarm = timer->data;

	/* libuv's clock may be as old as this turn, and coarse: the deadline may not be reached yet. */
	if (rsp_clock_ms() < alarm->deadline_ms)
		rsp_alarm_set(alarm, alarm->deadline_ms);
	else
		alarm->ring(alarm->ctx);
}

enum rsp_err
rsp_alarm_new(struct rsp_loop *loop, void (*ring)(void *ctx), void *ctx, struct rsp_alarm **ret)
{
	struct rsp_alarm *alarm = calloc(1, sizeof(*alarm));

	if (!alarm)
		return RSP_ENOMEM;
	(void)uv_timer_init(&loop->uv, &alarm->timer);
	alarm->timer.data = alarm;
	alarm->ring = ring;
	alarm->ctx = ctx;
	*ret = alarm;
	return RSP_OK;
}

void
rsp_alarm_set(struct rsp_alarm *alarm, uint64_t deadline_ms)
{
	alarm->deadline_ms = deadline_ms;
	if (deadline_ms == RSP_NEVER) {
		(void)uv_timer_stop(&alarm->timer);
		return;
	}
	uint64_t now = rsp_clock_ms();
	uv_update_time(alarm->timer.loop);
	(void)uv_timer_start(&alarm->timer, on_alarm, deadline_ms > now ? deadline_ms - now : 0, 0);
}

void
rsp_alarm_in(struct rsp_alarm *alarm, uint64_t delay_ms)
{
	uint64_t now = rsp_clock_ms();

	rsp_alarm_set(alarm, delay_ms < RSP_NEVER - now ? now + delay_ms : RSP_NEVER);
}

void
rsp_alarm_free(struct rsp_alarm *alarm)
{
	if (alarm)
		uv_close((uv_handle_t *)&alarm->timer, free_alarm);
}
