/* rsp-register: registers elements in pools and keeps them registered. See rsp-register(1). */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "membership.h"

enum {
	OPT_PORT = 1,
	OPT_PROTOCOL,
	OPT_ADDRESS,
	OPT_PE_ID,
	OPT_POLICY,
	OPT_WEIGHT,
	OPT_PRIORITY,
	OPT_LOAD,
	OPT_LOAD_DEGRADATION,
	OPT_LIFETIME,
	OPT_SPEC_LAST = OPT_LIFETIME,
	OPT_LOAD_FILE,
	OPT_PE_ID_FILE,
	OPT_MAX_OUTAGE,
	OPT_LISTEN,
	OPT_NO_LISTEN,
	OPT_BIND_WAIT,
	OPT_BATCH,
	OPT_READY,
	OPT_READY_TIMEOUT,
	OPT_DRAIN,
	OPT_KILL_AFTER
};

#define VALUE(name, letter, val, text, of)                                                                             \
	{                                                                                                              \
		name, letter, POPT_ARG_STRING, NULL, val, text, of                                                     \
	}

static struct poptOption table[] = {
	VALUE("port", 'p', OPT_PORT, "where the element serves", "N"),
	VALUE("protocol", 0, OPT_PROTOCOL, "over what it serves (tcp)", "tcp|udp|sctp"),
	VALUE("address", 'a', OPT_ADDRESS, "its address (that of the connection to the registrar); SCTP: repeatable",
	      "IP"),
	VALUE("pe-id", 0, OPT_PE_ID, "its identifier (random)", "ID"),
	VALUE("pe-id-file", 0, OPT_PE_ID_FILE, "keep the identifier in this file, and use the one that is there",
	      "FILE"),
	VALUE("policy", 0, OPT_POLICY,
	      "how to select from the pool: rr, wrr, rand, wrand, prio, lu, lud, plu, rlu (rr)", "NAME"),
	VALUE("weight", 0, OPT_WEIGHT, "its weight (1)", "N"),
	VALUE("priority", 0, OPT_PRIORITY, "its priority, the largest is chosen first (0)", "N"),
	VALUE("load", 0, OPT_LOAD, "its load, 0 to 1 or 0% to 100% (0)", "LOAD"),
	VALUE("load-degradation", 0, OPT_LOAD_DEGRADATION, "what one more user adds to its load (0)", "LOAD"),
	VALUE("load-file", 0, OPT_LOAD_FILE, "read the load from this file, and again at SIGHUP", "FILE"),
	VALUE("lifetime", 0, OPT_LIFETIME, "how long a registration lasts if it is not renewed (300s)", "DUR"),
	VALUE("max-outage", 0, OPT_MAX_OUTAGE, "give up after so long without a registrar (never)", "DUR"),
	VALUE("listen", 0, OPT_LISTEN, "where registrars reach the element (any address and port)", "HOST[:PORT]"),
	VALUE("bind-wait", 0, OPT_BIND_WAIT,
	      "wait so long for an address or port that cannot be had yet at the start (0s)", "DUR"),
	{ "no-listen", 0, POPT_ARG_NONE, NULL, OPT_NO_LISTEN, "do not let registrars reach the element", NULL },
	{ "batch", 0, POPT_ARG_NONE, NULL, OPT_BATCH, "read elements from stdin, a JSON object a line", NULL },
	VALUE("ready", 0, OPT_READY, "when CMD can be registered (port for TCP, else now)", "now|port|exec:COMMAND"),
	VALUE("ready-timeout", 0, OPT_READY_TIMEOUT, "how long CMD may take to be ready (30s)", "DUR"),
	VALUE("drain", 0, OPT_DRAIN, "let CMD serve so long after leaving the pool (0s)", "DUR"),
	VALUE("kill-after", 0, OPT_KILL_AFTER, "kill CMD if it has not ended so long after SIGTERM (10s)", "DUR"),
	POPT_TABLEEND
};

static struct register_options options = { .ready_timeout_ms = 30000, .kill_after_ms = 10000 };
static bool ready_given, spec_set;

static enum rsp_err
take_ready(const char *arg, struct rsp_why *why)
{
	ready_given = true;
	if (strcmp(arg, "now") == 0) {
		options.ready = WRAP_READY_NOW;
	} else if (strcmp(arg, "port") == 0) {
		options.ready = WRAP_READY_PORT;
	} else if (strncmp(arg, "exec:", 5) == 0 && arg[5]) {
		options.ready = WRAP_READY_EXEC;
		return rsp_cli_string(arg + 5, &options.ready_exec, why);
	} else {
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is none of now, port, exec:COMMAND", arg);
	}
	return RSP_OK;
}

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	if (!spec_set)
		options.spec = element_defaults();
	spec_set = true;
	if (opt <= OPT_SPEC_LAST)
		return element_set(&options.spec, rsp_cli_option_name(table, opt), arg, why);
	switch (opt) {
	case OPT_LOAD_FILE:
		return rsp_cli_string(arg, &options.load_file, why);
	case OPT_PE_ID_FILE:
		return rsp_cli_string(arg, &options.pe_id_file, why);
	case OPT_MAX_OUTAGE:
		return rsp_cli_duration(arg, &options.max_outage_ms, why);
	case OPT_LISTEN:
		return rsp_cli_string(arg, &options.listen_on, why);
	case OPT_NO_LISTEN:
		options.no_listen = true;
		return RSP_OK;
	case OPT_BIND_WAIT:
		return rsp_cli_duration(arg, &options.bind_wait_ms, why);
	case OPT_BATCH:
		options.batch = true;
		return RSP_OK;
	case OPT_READY:
		return take_ready(arg, why);
	case OPT_READY_TIMEOUT:
		return rsp_cli_duration(arg, &options.ready_timeout_ms, why);
	case OPT_DRAIN:
		return rsp_cli_duration(arg, &options.drain_ms, why);
	default:
		return rsp_cli_duration(arg, &options.kill_after_ms, why);
	}
}

/* Report options that exclude each other. Returns 0, or the exit status. */
static int
check(unsigned n, const char *const *operand)
{
	if (n > 1 && rsp_cli.command)
		return rsp_cli_usage("POOL", "one pool at a time");
	if (n > 1)
		return rsp_cli_usage("POOL", "one pool at a time; if %s is a command, it goes behind --: %s -- %s",
				     operand[1], operand[0], operand[1]);
	if (n == 0 && !options.batch)
		return rsp_cli_usage("POOL", "is missing");
	if (options.batch && (rsp_cli.command || options.spec.pe_id || options.pe_id_file || options.load_file))
		return rsp_cli_usage("--batch", "excludes CMD, --pe-id, --pe-id-file and --load-file");
	if (rsp_cli.command && !rsp_cli.command[0])
		return rsp_cli_usage("--", "CMD is missing");
	if (!rsp_cli.command && (ready_given || options.drain_ms))
		return rsp_cli_usage(ready_given ? "--ready" : "--drain", "needs CMD");
	if (options.no_listen && options.listen_on)
		return rsp_cli_usage("--no-listen", "excludes --listen");
	if (options.load_file && options.spec.given[VALUE_LOAD])
		return rsp_cli_usage("--load-file", "excludes --load");
	return 0;
}

static int
run(unsigned n, const char *const *operand)
{
	struct rsp_why why = { 0 };
	uint8_t *octets = NULL;
	size_t size = 0;

	if (!spec_set)
		options.spec = element_defaults();
	int status = check(n, operand);
	if (status)
		return status;
	if (n == 1 && rsp_cli_handle(operand[0], &octets, &size, &why))
		return rsp_cli_fail(&why);
	if (!ready_given)
		options.ready = options.spec.transport == RSP_PARAM_TCP ? WRAP_READY_PORT : WRAP_READY_NOW;
	options.pool = n ? operand[0] : NULL;
	options.handle = rsp_bytes_of(octets, size);
	status = membership_run(&options);
	free(octets);
	free(options.load_file);
	free(options.pe_id_file);
	free(options.listen_on);
	free(options.ready_exec);
	return status;
}

int
main(int argc, const char **argv)
{
	static const struct rsp_cli_tool tool = {
		.name = "rsp-register",
		.operands = "POOL [-- CMD [ARG]...]",
		.options = table,
		.groups = RSP_CLI_SCOPE | RSP_CLI_SERVER | RSP_CLI_DISCOVER | RSP_CLI_TLS_ALL | RSP_CLI_TRACE |
			  RSP_CLI_CLIENT_TIMERS,
		.wraps = true,
		.holds = true,
		.take = take,
		.run = run,
	};

	return rsp_cli_main(&tool, argc, argv);
}
