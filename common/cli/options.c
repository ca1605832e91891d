#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

struct rsp_cli rsp_cli;

enum {
	OPT_SCOPE = RSP_CLI_OPT_SHARED,
	OPT_SERVER,
	OPT_TIMEOUT,
	OPT_WAIT,
	OPT_PRETTY,
	OPT_OUTPUT,
	OPT_QUIET,
	OPT_VERBOSE,
	OPT_KEYS,
	OPT_IDENTITY,
	OPT_TLS_CA,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_TLS_CRL,
	OPT_TLS_NAME,
	OPT_TLS_POLICY,
	OPT_TRANSPORT,
	OPT_PLAINTEXT,
	OPT_KEYLOG,
	OPT_TRACE,
	OPT_TIMERS,
	OPT_DISCOVER,
	OPT_TIMER_FIRST = 0x200
};

#define FLAG(name, letter, val, text)                                                                                  \
	{                                                                                                              \
		name, letter, POPT_ARG_NONE, NULL, val, text, NULL                                                     \
	}
#define VALUE(name, letter, val, text, of)                                                                             \
	{                                                                                                              \
		name, letter, POPT_ARG_STRING, NULL, val, text, of                                                     \
	}

static struct poptOption scope_table[] = {
	VALUE("scope", 0, OPT_SCOPE, "the scope directory (else $RSP_SCOPE, else /etc/rserpool)", "DIR"), POPT_TABLEEND
};

static struct poptOption server_table[] = {
	VALUE("server", 's', OPT_SERVER, "a registrar to ask, instead of those of the scope; repeatable",
	      "[NAME@]HOST[:PORT]"),
	VALUE("timeout", 't', OPT_TIMEOUT, "how long to try (10s)", "DUR"),
	FLAG("wait", 0, OPT_WAIT, "wait for a registrar: no time limit unless --timeout is given"), POPT_TABLEEND
};

static struct poptOption trace_table[] = {
	VALUE("trace-pcap", 0, OPT_TRACE, "write the messages there, decrypted, for Wireshark", "FILE"), POPT_TABLEEND
};

static struct poptOption discover_table[] = { VALUE("discover", 0, OPT_DISCOVER,
						    "listen there for registrars that announce themselves; repeatable",
						    "GROUP[%IFACE][:PORT]"),
					      POPT_TABLEEND };

static struct poptOption keys_table[] = {
	VALUE("keys", 0, OPT_KEYS, "pre-shared keys, instead of the scope's keys.json", "FILE"), POPT_TABLEEND
};

static struct poptOption identity_table[] = { VALUE("identity", 0, OPT_IDENTITY, "the one pre-shared key to use", "ID"),
					      POPT_TABLEEND };

static struct poptOption certificates_table[] = {
	VALUE("tls-ca", 0, OPT_TLS_CA, "trust anchors, instead of the scope's ca.pem", "FILE"),
	VALUE("tls-cert", 0, OPT_TLS_CERT, "own certificate, instead of the scope's cert.pem", "FILE"),
	VALUE("tls-key", 0, OPT_TLS_KEY, "its key, instead of the scope's key.pem", "FILE"),
	VALUE("tls-crl", 0, OPT_TLS_CRL, "revocation list, instead of the scope's crl.pem", "FILE"), POPT_TABLEEND
};

static struct poptOption tls_name_table[] = {
	VALUE("tls-name", 0, OPT_TLS_NAME, "the name that certificates must have", "NAME"), POPT_TABLEEND
};

static struct poptOption tls_table[] = {
	VALUE("tls-policy", 0, OPT_TLS_POLICY, "which TLS suites are allowed (default)", "default|rfc5352"),
	VALUE("transport", 0, OPT_TRANSPORT, "what TLS runs over (tcp)", "tcp"),
	FLAG("insecure-plaintext", 0, OPT_PLAINTEXT, "no TLS at all: anybody can read and change everything"),
	VALUE("keylog-file", 0, OPT_KEYLOG, "write TLS secrets there, for debugging", "FILE"), POPT_TABLEEND
};

static struct poptOption timers_table[] = {
	VALUE("timers", 0, OPT_TIMERS, "which defaults the timers have (rfc)", "rfc|fast"), POPT_TABLEEND
};

#define TIMER_ROW(name, option, unit, text) VALUE(option, 0, OPT_TIMER_FIRST + (int)RSP_TIMER_##name, text, unit),
static struct poptOption client_timers_table[] = { RSP_CLI_TIMERS_CLIENT(TIMER_ROW) POPT_TABLEEND };
static struct poptOption registrar_timers_table[] = { RSP_CLI_TIMERS_REGISTRAR(TIMER_ROW) POPT_TABLEEND };
#undef TIMER_ROW

static const bool timer_counts[RSP_TIMER_COUNT] = {
	[RSP_TIMER_MAX_REG_ATTEMPT] = true,
	[RSP_TIMER_MAX_REQUEST_RETRANSMIT] = true,
	[RSP_TIMER_MAX_BAD_PE_REPORT] = true,
};

static struct poptOption output_table[] = {
	FLAG("pretty", 0, OPT_PRETTY, "indent the JSON"),
	VALUE("output", 'o', OPT_OUTPUT, "write records there instead of stdout", "FILE"),
	FLAG("quiet", 'q', OPT_QUIET, "nothing on stderr"),
	FLAG("verbose", 'v', OPT_VERBOSE, "more on stderr; repeatable"),
	FLAG("version", 'V', RSP_CLI_OPT_VERSION, "print the version"),
	FLAG("help", 'h', RSP_CLI_OPT_HELP, "print this help"),
	{ NULL, '?', POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, NULL, RSP_CLI_OPT_HELP, NULL, NULL },
	POPT_TABLEEND
};

static struct poptOption
include(struct poptOption *table, const char *heading)
{
	return (struct poptOption){ NULL, 0, POPT_ARG_INCLUDE_TABLE, table, 0, heading, NULL };
}

void
rsp_cli_tables(unsigned groups, struct poptOption *own, struct poptOption *table)
{
	static const struct {
		unsigned group;
		struct poptOption *table;
	} security[] = {
		{ RSP_CLI_KEYS, keys_table },
		{ RSP_CLI_IDENTITY, identity_table },
		{ RSP_CLI_CERTIFICATES, certificates_table },
		{ RSP_CLI_TLS_NAME, tls_name_table },
		{ RSP_CLI_TLS, tls_table },
	};
	const char *heading = "Security:";
	unsigned n = 0;

	if (own)
		table[n++] = include(own, "Options:");
	if (groups & RSP_CLI_SCOPE)
		table[n++] = include(scope_table, "The scope:");
	if (groups & RSP_CLI_SERVER)
		table[n++] = include(server_table, "Registrars:");
	if (groups & RSP_CLI_DISCOVER)
		table[n++] = include(discover_table, "Announcements:");
	for (unsigned i = 0; i < RSP_COUNT(security); i++)
		if (groups & security[i].group) {
			table[n++] = include(security[i].table, heading);
			heading = NULL; /* the continuation lines of the table are indented like this */
		}
	if (groups & RSP_CLI_TRACE)
		table[n++] = include(trace_table, "Debugging:");
	if (groups & (RSP_CLI_CLIENT_TIMERS | RSP_CLI_REGISTRAR_TIMERS))
		table[n++] = include(timers_table, "Timers and thresholds:");
	if (groups & RSP_CLI_CLIENT_TIMERS)
		table[n++] = include(client_timers_table, "Of RFC 5352:");
	if (groups & RSP_CLI_REGISTRAR_TIMERS)
		table[n++] = include(registrar_timers_table, "Of RFC 5352 and RFC 5353:");
	table[n++] = include(output_table, "Output:");
	table[n] = (struct poptOption)POPT_TABLEEND;
}

const char *
rsp_cli_option_name(const struct poptOption *table, int opt)
{
	for (; table->longName || table->shortName || table->arg; table++) {
		const char *name = NULL;

		if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE)
			name = rsp_cli_option_name(table->arg, opt);
		else if (table->val == opt)
			name = table->longName;
		if (name)
			return name;
	}
	return NULL;
}

void
rsp_cli_init(const char *tool)
{
	rsp_cli = (struct rsp_cli){ .tool = tool, .timeout_ms = RSP_CLI_TIMEOUT_MS };
	for (unsigned i = 0; i < RSP_TIMER_COUNT; i++)
		rsp_cli.timer[i] = RSP_NEVER;
	const char *scope = getenv("RSP_SCOPE");
	rsp_cli.scope = scope && *scope ? scope : "/etc/rserpool";
}

void
rsp_cli_done(void)
{
	char **strings[] = { &rsp_cli.output,   &rsp_cli.scope_option, &rsp_cli.keys,      &rsp_cli.identity,
			     &rsp_cli.tls_ca,   &rsp_cli.tls_cert,     &rsp_cli.tls_key,   &rsp_cli.tls_crl,
			     &rsp_cli.tls_name, &rsp_cli.keylog,       &rsp_cli.trace_pcap };

	for (unsigned i = 0; i < RSP_COUNT(strings); i++) {
		free(*strings[i]);
		*strings[i] = NULL;
	}
	while (rsp_cli.n_servers > 0)
		free(rsp_cli.servers[--rsp_cli.n_servers]);
	while (rsp_cli.n_discover > 0)
		free(rsp_cli.discover[--rsp_cli.n_discover]);
}

static enum rsp_err
bad_value(struct rsp_why *why, const char *text, const char *wanted)
{
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not %s", text, wanted);
}

static enum rsp_err
take_timer(unsigned which, const char *arg, struct rsp_why *why)
{
	uint64_t value = 0;
	enum rsp_err err;

	if (timer_counts[which])
		err = rsp_cli_number(arg, 1, 1000, &value, why);
	else
		err = rsp_cli_duration(arg, &value, why);
	if (!err && !timer_counts[which] && (value < 1 || value > UINT32_MAX / 4))
		err = bad_value(why, arg, "a duration from 1ms to 12d");
	if (!err)
		rsp_cli.timer[which] = value;
	return err;
}

static enum rsp_err
take_choice(const char *arg, const char *no, const char *yes, bool *ret, struct rsp_why *why)
{
	bool is_yes = strcmp(arg, yes) == 0;

	if (!is_yes && strcmp(arg, no) != 0)
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is neither %s nor %s", arg, no, yes);
	*ret = is_yes;
	return RSP_OK;
}

/* Add a value of an option that may be given @max times. */
static enum rsp_err
take_one_more(const char *arg, char **list, unsigned *n, unsigned max, struct rsp_why *why)
{
	if (*n == max)
		return rsp_fail(why, RSP_EUSAGE, NULL, "given more than %u times", max);
	enum rsp_err err = rsp_cli_string(arg, &list[*n], why);
	if (!err)
		++*n;
	return err;
}

static char **
string_of(int opt)
{
	switch (opt) {
	case OPT_SCOPE:
		return &rsp_cli.scope_option;
	case OPT_OUTPUT:
		return &rsp_cli.output;
	case OPT_KEYS:
		return &rsp_cli.keys;
	case OPT_IDENTITY:
		return &rsp_cli.identity;
	case OPT_TLS_CA:
		return &rsp_cli.tls_ca;
	case OPT_TLS_CERT:
		return &rsp_cli.tls_cert;
	case OPT_TLS_KEY:
		return &rsp_cli.tls_key;
	case OPT_TLS_CRL:
		return &rsp_cli.tls_crl;
	case OPT_TLS_NAME:
		return &rsp_cli.tls_name;
	case OPT_KEYLOG:
		return &rsp_cli.keylog;
	case OPT_TRACE:
		return &rsp_cli.trace_pcap;
	default:
		return NULL;
	}
}

static enum rsp_err
take_text(int opt, char **text, const char *arg, struct rsp_why *why)
{
	enum rsp_err err = rsp_cli_string(arg, text, why);

	if (!err && opt == OPT_SCOPE)
		rsp_cli.scope = rsp_cli.scope_option;
	return err;
}

enum rsp_err
rsp_cli_take(int opt, const char *arg, struct rsp_why *why)
{
	if (opt >= OPT_TIMER_FIRST && opt < OPT_TIMER_FIRST + (int)RSP_TIMER_COUNT)
		return take_timer((unsigned)(opt - OPT_TIMER_FIRST), arg, why);
	char **text = string_of(opt);
	if (text)
		return take_text(opt, text, arg, why);
	switch (opt) {
	case OPT_SERVER:
		return take_one_more(arg, rsp_cli.servers, &rsp_cli.n_servers, RSP_CLI_SERVERS_MAX, why);
	case OPT_DISCOVER:
		return take_one_more(arg, rsp_cli.discover, &rsp_cli.n_discover, RSP_CLI_DISCOVER_MAX, why);
	case OPT_TIMEOUT:
		rsp_cli.timeout_given = true;
		return rsp_cli_duration(arg, &rsp_cli.timeout_ms, why);
	case OPT_WAIT:
		rsp_cli.wait = true;
		return RSP_OK;
	case OPT_PRETTY:
		rsp_cli.pretty = true;
		return RSP_OK;
	case OPT_QUIET:
		rsp_cli.quiet = true;
		return RSP_OK;
	case OPT_VERBOSE:
		rsp_cli.verbose++;
		return RSP_OK;
	case OPT_TLS_POLICY:
		return take_choice(arg, "default", "rfc5352", &rsp_cli.tls_rfc5352, why);
	case OPT_TRANSPORT:
		return strcmp(arg, "tcp") == 0 ? RSP_OK : bad_value(why, arg, "a transport that this build has: tcp");
	case OPT_PLAINTEXT:
		rsp_cli.plaintext = true;
		return RSP_OK;
	case OPT_TIMERS:
		return take_choice(arg, "rfc", "fast", &rsp_cli.timers_fast, why);
	default:
		return rsp_fail(why, RSP_EINTERNAL, NULL, "an option that nobody takes");
	}
}

void
rsp_cli_timer_u32(enum rsp_cli_timer which, uint32_t *ret)
{
	if (rsp_cli.timer[which] != RSP_NEVER)
		*ret = (uint32_t)rsp_cli.timer[which];
}

void
rsp_cli_timer_unsigned(enum rsp_cli_timer which, unsigned *ret)
{
	if (rsp_cli.timer[which] != RSP_NEVER)
		*ret = (unsigned)rsp_cli.timer[which];
}
