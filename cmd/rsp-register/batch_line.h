#ifndef CMD_RSP_REGISTER_BATCH_LINE_H
#define CMD_RSP_REGISTER_BATCH_LINE_H

#include <jansson.h>

#include "element.h"

/* A line of a batch: a JSON object that describes an element. */

#define BATCH_LINE_MAX 65536 /* octets */

/**
 * Read @line into @spec, which the caller has filled from the options, and the pool handle into *@ret_handle, on the
 * heap. @default_handle is the pool of a line that names none. RSP_ECONFIG or RSP_EUSAGE with @why.
 */
enum rsp_err batch_line_read(struct rsp_bytes line, struct element_spec *spec, struct rsp_bytes default_handle,
			     uint8_t **ret_handle, size_t *ret_size, struct rsp_why *why) RSP_NODISCARD;

/**
 * Read the member @key as records of rsp-resolve and rsp-peer dump print it: "policy" and "user_transport" as objects,
 * "lifetime_s", and "load" and "load_degradation" as whole numbers of 32 bits above 1. *@ret_taken is false for any
 * other member. RSP_ECONFIG or RSP_EUSAGE with @why.
 */
enum rsp_err batch_line_printed(struct element_spec *spec, const char *key, const json_t *value, bool *ret_taken,
				struct rsp_why *why) RSP_NODISCARD;

#endif
