#ifndef RSP_NET_BIND_WAIT_H
#define RSP_NET_BIND_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* At the start of a machine the address of a listener may not be there yet, and after a crash its port may be in use for
 * another moment: a listener that is opened may wait for that. The whole process waits; there is nothing to do without
 * its listeners. */

/** Wait for at most @ms, from now, counted for all listeners together; 0, and before this call: not at all. */
void rsp_bind_wait(uint64_t ms);

/**
 * After bind(2) of the address @object failed with @error: if it may succeed later and there is time left, wait a moment
 * and return true. That it waits is said once for each @object. False after a signal that was handled.
 */
bool rsp_bind_wait_again(int error, const char *object);

#endif
