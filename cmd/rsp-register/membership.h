#ifndef CMD_RSP_REGISTER_MEMBERSHIP_H
#define CMD_RSP_REGISTER_MEMBERSHIP_H

#include "element.h"
#include "wrap.h"

/* The membership of elements in pools: from the first registration to the last deregistration, with or without a command. */

/** The options of a run. */
struct register_options {
	struct element_spec spec;
	const char *pool;	 /* as it was typed; NULL in a batch without one */
	struct rsp_bytes handle; /* the octets of @pool; empty in a batch without one */
	bool batch;
	char *pe_id_file, *load_file, *listen_on; /* NULL: not given */
	bool no_listen;
	uint64_t bind_wait_ms;
	uint64_t max_outage_ms; /* 0: no limit */
	enum wrap_ready ready;
	char *ready_exec; /* the shell command of --ready=exec:; else NULL */
	uint64_t ready_timeout_ms, drain_ms, kill_after_ms;
};

/** Register the element, or the elements of a batch, renew them, and deregister them at the end. Returns the exit status. */
int membership_run(const struct register_options *options);

#endif
