#ifndef CMD_RSP_REGISTER_LISTENER_PID_H
#define CMD_RSP_REGISTER_LISTENER_PID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Which process listens on the TCP port @port of this machine: its pid, or 0 if that cannot be told, as with a process of
 * another user. *@ret_ours is true if it has the environment that rsp-register gives to a command: an earlier one started
 * it, and ended without it.
 */
pid_t listener_pid(uint16_t port, bool *ret_ours);

#endif
