#include "net/bind_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define PAUSE_MS 200

static uint64_t until_ms;
static char said[128]; /* the object that was logged last */

void
rsp_bind_wait(uint64_t ms)
{
	uint64_t now_ms = rsp_clock_ms();

	until_ms = ms < RSP_NEVER - now_ms ? now_ms + ms : RSP_NEVER;
}

bool
rsp_bind_wait_again(int error, const char *object)
{
	uint64_t now_ms = rsp_clock_ms();

	/* ENODEV, ENETUNREACH: there is no interface for a multicast group */
	if (error != EADDRINUSE && error != EADDRNOTAVAIL && error != ENODEV && error != ENETUNREACH)
		return false;
	if (now_ms >= until_ms)
		return false;
	if (strcmp(said, object) != 0)
		rsp_log(RSP_LOG_WARNING, object, "cannot listen: %s; waiting for it (--bind-wait)", strerror(error));
	(void)snprintf(said, sizeof(said), "%s", object);
	/* A signal makes the pause shorter, for instance SIGWINCH. */
	(void)poll(NULL, 0, until_ms - now_ms < PAUSE_MS ? (int)(until_ms - now_ms) : PAUSE_MS);
	return true;
}
