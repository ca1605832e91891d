#ifndef RSP_NET_BIND_WAIT_H
#define RSP_NET_BIND_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* When a machine starts, the address of a listener may not be configured yet; after a crash its port may still be in
 * use. A listener that is opened may wait for that. The whole process waits, as it has nothing to do without its
 * listeners. */

/** Let all listeners together wait for at most @ms from now. 0, and without this call: they do not wait. */
void rsp_bind_wait(uint64_t ms);

/**
 * bind(2) to the address @object has failed with @error. If it may succeed later and time is left, wait a moment and
 * return true: call bind(2) again. The wait is logged once for each @object.
 */
bool rsp_bind_wait_again(int error, const char *object);

#endif
