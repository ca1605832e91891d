#ifndef TESTS_UNIT_SAMPLES_H
#define TESTS_UNIT_SAMPLES_H

#include "proto/message.h"

/**
 * Call @each with every kind of message that we can send: each type with each flag, and over them each parameter,
 * transport, policy and error cause. Returns how many.
 */
unsigned samples(void (*each)(const char *name, const struct rsp_message *msg));

#endif
