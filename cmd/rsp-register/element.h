#ifndef CMD_RSP_REGISTER_ELEMENT_H
#define CMD_RSP_REGISTER_ELEMENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "proto/param.h"

struct rsp_rng;

/* The description of an element, from options or from a line of a batch. */

enum element_value { VALUE_WEIGHT, VALUE_PRIORITY, VALUE_LOAD, VALUE_LOAD_DEGRADATION, VALUE_COUNT };

struct element_spec {
	uint16_t transport, port;
	struct rsp_ip ip[RSP_ADDRS_MAX]; /* none: the registrar sees the address of the connection */
	unsigned n_ips;
	uint32_t pe_id; /* 0: not chosen yet */
	int32_t lifetime_s;
	const struct rsp_policy_row *policy;
	uint32_t value[VALUE_COUNT];
	bool given[VALUE_COUNT];
};

/** The defaults: TCP, round robin, 300 s. */
struct element_spec element_defaults(void);

/**
 * Set the attribute @name ("port", "protocol", "address", "pe-id", "policy", "weight", "priority", "load",
 * "load-degradation" or "lifetime") from @text. "address" adds one address. RSP_EUSAGE with a reason in @why.
 */
enum rsp_err element_set(struct element_spec *spec, const char *name, const char *text,
			 struct rsp_why *why) RSP_NODISCARD;

/**
 * Set the policy value @name ("weight", "priority", "load" or "load_degradation") to @value, as it is on the wire: 0 to
 * UINT32_MAX. RSP_EUSAGE with a reason in @why.
 */
enum rsp_err element_set_raw(struct element_spec *spec, const char *name, int64_t value, struct rsp_why *why) RSP_NODISCARD;

#define ELEMENT_ROOM RSP_ADDRS_ROOM(RSP_ADDRS_MAX)

/** Check that @spec is complete, and make a Pool Element of it, with its addresses in @room. RSP_EUSAGE with @why. */
enum rsp_err element_make(const struct element_spec *spec, uint8_t room[static ELEMENT_ROOM],
			  struct rsp_pool_element *ret, struct rsp_why *why) RSP_NODISCARD;

/** Read the load from the file @path; no effect if @path is NULL. RSP_ECONFIG, or as rsp_file_read(), with @why. */
enum rsp_err element_read_load(struct element_spec *spec, const char *path, struct rsp_why *why) RSP_NODISCARD;

/**
 * Choose the identifier, if @spec has none: the identifier in the file @path, so that a restarted element replaces its
 * old registration; else a random identifier, which is written to @path. NULL: no file. Errors as above.
 */
enum rsp_err element_choose_id(struct element_spec *spec, const char *path, struct rsp_rng *rng,
			       struct rsp_why *why) RSP_NODISCARD;

/** Parse a load: 0 to 1 with decimals, or 0% to 100%, scaled to 32 bits. RSP_EVALUE. */
enum rsp_err element_load(const char *text, uint32_t *ret) RSP_NODISCARD;

#endif
