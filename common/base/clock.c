#include "base/clock.h"

#include <stdio.h>
#include <time.h>

uint64_t
rsp_clock_us(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
rsp_clock_ms(void)
{
	return rsp_clock_us() / 1000;
}

int64_t
rsp_clock_wall_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
rsp_clock_format(int64_t wall_ms, char out[static RSP_TIMESTAMP_MAX])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	size_t n = strftime(out, RSP_TIMESTAMP_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out + n, RSP_TIMESTAMP_MAX - n, ".%03dZ", (int)(wall_ms % 1000));
}
