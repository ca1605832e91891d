#ifndef TESTS_SIM_STRIP_H
#define TESTS_SIM_STRIP_H

#include "proto/message.h"

/* A registrar or element of another implementation: it does not send the private parameters of this one, and skips them. */

/** The octets that sim_strip() needs at most. */
#define SIM_STRIP_ROOM (RSP_MESSAGE_MAX + 4)

/** Copy @message to @room without the private parameters of the rule about statements, 0xbf09 to 0xbf15, wherever they
 * stand. Returns the copy, or @message itself if it has none, or is no whole message. */
struct rsp_bytes sim_strip(enum rsp_protocol protocol, struct rsp_bytes message, uint8_t room[static SIM_STRIP_ROOM]);

#endif
