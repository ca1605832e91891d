#include "tool/systemd.h"

#include <stdarg.h>
#include <stdio.h>

#include "config.h"
#include "net/alarm.h"
#include "net/loop.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

static void
tell(const char *state)
{
#ifdef HAVE_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

void
tool_systemd_tell(const char *fmt, ...)
{
	char state[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(state, sizeof(state), fmt, args);
	va_end(args);
	tell(state);
}

void
tool_systemd_status(const char *fmt, ...)
{
	char state[512] = "STATUS=";
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(state + 7, sizeof(state) - 7, fmt, args);
	va_end(args);
	for (char *c = state; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	tell(state);
}

#ifdef HAVE_SYSTEMD
static struct {
	struct rsp_alarm *alarm;
	uint64_t every_ms;
} watchdog;

static void
on_watchdog(void *ctx)
{
	(void)ctx;
	tell("WATCHDOG=1");
	rsp_alarm_in(watchdog.alarm, watchdog.every_ms);
}
#endif

enum rsp_err
tool_systemd_watchdog(struct rsp_loop *loop, struct rsp_alarm **ret)
{
	*ret = NULL;
#ifdef HAVE_SYSTEMD
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return RSP_OK;
	enum rsp_err err = rsp_alarm_new(loop, on_watchdog, NULL, &watchdog.alarm);
	if (err)
		return err;
	watchdog.every_ms = us / 2000 ? us / 2000 : 1;
	on_watchdog(NULL);
	*ret = watchdog.alarm;
#else
	(void)loop;
#endif
	return RSP_OK;
}
