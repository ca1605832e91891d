#ifndef CMD_RSP_REGISTER_HOLD_H
#define CMD_RSP_REGISTER_HOLD_H

#include <jansson.h>

#include "element.h"
#include "wrap.h"

/* Holding elements: from joining a pool to leaving it, with or without a command. */

/** What the options say. */
struct hold_options {
	struct element_spec spec;
	const char *pool;	  /* as it was typed; NULL in a batch without one */
	struct rsp_bytes handle; /* empty then */
	bool batch;
	char *pe_id_file, *load_file, *listen_on;
	bool no_listen;
	uint64_t bind_wait_ms;
	uint64_t max_outage_ms; /* 0: for ever */
	enum wrap_ready ready;
	char *ready_exec;
	uint64_t ready_timeout_ms, drain_ms, kill_after_ms;
};

#define BATCH_MAX	65536 /* elements */
#define BATCH_LINE_MAX	65536 /* octets of a line */

/** Do it all. Returns the exit status. */
int hold(const struct hold_options *options);

/**
 * Read one line of a batch, a JSON object, into @spec (which holds what the options say) and *@ret_handle, on the heap.
 * RSP_ECONFIG or RSP_EUSAGE with @why.
 */
enum rsp_err batch_line(struct rsp_bytes line, struct element_spec *spec, struct rsp_bytes default_handle,
			uint8_t **ret_handle, size_t *ret_size, struct rsp_why *why) RSP_NODISCARD;

/**
 * If the member @key of a line is one that records print, set what it stands for: "policy" and "user_transport" as
 * objects, "lifetime_s", and a whole number above 1 as "load", which is then of 32 bits. *@ret_taken is false for another
 * one. RSP_ECONFIG or RSP_EUSAGE with @why.
 */
enum rsp_err batch_printed(struct element_spec *spec, const char *key, const json_t *value, bool *ret_taken,
			   struct rsp_why *why) RSP_NODISCARD;

/** Which lines the elements of a batch are from. { 0 }: none. */
struct batch_lines {
	struct batch_origin *origin; /* to be freed with free(3) */
	unsigned n, room;
};

/** Remember that @pe_id of the pool @handle is from @line, unless another line has it. At most BATCH_MAX are to be. */
void batch_note(struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id, unsigned line);

/** The line that element is from, or 0. */
unsigned batch_line_of(const struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id);

/** Say what is wrong with that element, and which one it is: its line, pool and identifier. */
void batch_complain(const struct batch_lines *lines, struct rsp_bytes handle, uint32_t pe_id, const char *reason);

#endif
