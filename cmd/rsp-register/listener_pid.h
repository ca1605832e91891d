#ifndef CMD_RSP_REGISTER_LISTENER_PID_H
#define CMD_RSP_REGISTER_LISTENER_PID_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * The pid of the process that listens on the TCP port @port of this machine; 0 if it cannot be found, as for a process
 * of another user. *@ret_ours: that process has the environment of a command of rsp-register, which ended before its
 * command.
 */
pid_t listener_pid(uint16_t port, bool *ret_ours);

#endif
