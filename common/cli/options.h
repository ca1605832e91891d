#ifndef RSP_CLI_OPTIONS_H
#define RSP_CLI_OPTIONS_H

#include <popt.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

/* The options that several tools share, after parsing. Each tool lists the groups of options that it has
 * (cli/main.h). */

enum {
	RSP_CLI_SCOPE = 1U << 0,	    /* --scope */
	RSP_CLI_SERVER = 1U << 1,	    /* --server --timeout --wait */
	RSP_CLI_TLS = 1U << 2,		    /* --tls-policy --insecure-plaintext --keylog-file --transport */
	RSP_CLI_CLIENT_TIMERS = 1U << 3,    /* --timers, and the timers of RFC 5352 s.7 that elements and users have */
	/* --timers, and the timers of RFC 5353 s.4 and RFC 5352 that registrars have */
	RSP_CLI_REGISTRAR_TIMERS = 1U << 4,
	RSP_CLI_TRACE = 1U << 5,	    /* --trace-pcap */
	RSP_CLI_DISCOVER = 1U << 6,	    /* --discover */
	RSP_CLI_KEYS = 1U << 7,		    /* --keys */
	RSP_CLI_IDENTITY = 1U << 8,	    /* --identity */
	RSP_CLI_CERTIFICATES = 1U << 9,	    /* --tls-ca --tls-cert --tls-key --tls-crl */
	RSP_CLI_TLS_NAME = 1U << 10,	    /* --tls-name */
	RSP_CLI_TLS_ALL = RSP_CLI_TLS | RSP_CLI_KEYS | RSP_CLI_IDENTITY | RSP_CLI_CERTIFICATES | RSP_CLI_TLS_NAME,
};
/* every tool has --pretty --output --quiet --verbose --version --help */

/* Timers and thresholds: name, option, unit, text, for clients and for registrars. A count has the unit "N". */
/* clang-format off */
#define RSP_CLI_TIMERS_CLIENT(X)                                                                                        \
	X(T1_ENRPREQUEST,	  "t1-enrprequest",	   "DUR", "how long a resolution waits for its answer")             \
	X(T2_REGISTRATION,	  "t2-registration",	   "DUR", "how long a registration waits for its answer")           \
	X(T3_DEREGISTRATION,	  "t3-deregistration",	   "DUR", "how long a deregistration waits for its answer")         \
	X(T4_REREGISTRATION,	  "t4-reregistration",	   "DUR", "when a registration is renewed at the latest")           \
	X(T5_SERVERHUNT,	  "t5-serverhunt",	   "DUR", "how long a registrar may take to be usable")             \
	X(T7_ENRPOUTDATE,	  "t7-enrpoutdate",	   "DUR", "how long an announcement is good for")                   \
	X(RETRAN_MAX,		  "retran-max",		   "DUR", "the most that T5 is doubled to")                         \
	X(MAX_REG_ATTEMPT,	  "max-reg-attempt",	   "N",	  "how often a registration is sent")                       \
	X(MAX_REQUEST_RETRANSMIT, "max-request-retransmit", "N",   "how often a request is sent again")
#define RSP_CLI_TIMERS_REGISTRAR(X)                                                                                     \
	X(T6_SERVERANNOUNCE,	  "t6-serverannounce",	   "DUR", "between announcements")                                  \
	X(PEER_HEARTBEAT_CYCLE,	  "peer-heartbeat-cycle",  "DUR", "between the presences sent to peers")                    \
	X(MAX_TIME_LAST_HEARD,	  "max-time-last-heard",   "DUR", "after which a silent peer is probed")                    \
	X(MAX_TIME_NO_RESPONSE,	  "max-time-no-response",  "DUR", "after which a probed peer counts as dead")               \
	X(MAX_BAD_PE_REPORT,	  "max-bad-pe-report",	   "N",	  "unreachable reports that remove an element")
/* clang-format on */

enum rsp_cli_timer {
#define RSP_CLI_TIMER_NAME(name, option, unit, text) RSP_TIMER_##name,
	RSP_CLI_TIMERS_CLIENT(RSP_CLI_TIMER_NAME) RSP_CLI_TIMERS_REGISTRAR(RSP_CLI_TIMER_NAME)
#undef RSP_CLI_TIMER_NAME
	RSP_TIMER_COUNT
};

#define RSP_CLI_SERVERS_MAX 64
#define RSP_CLI_DISCOVER_MAX 4
#define RSP_CLI_TIMEOUT_MS  10000 /* without --timeout */

struct rsp_cli {
	const char *tool;  /* "rsp-peer" */
	const char *scope; /* --scope, else $RSP_SCOPE, else /etc/rserpool */
	char *servers[RSP_CLI_SERVERS_MAX];
	unsigned n_servers;
	char *discover[RSP_CLI_DISCOVER_MAX]; /* addresses to listen on for announcements */
	unsigned n_discover;
	uint64_t timeout_ms; /* time limit for the whole run; RSP_CLI_TIMEOUT_MS without --timeout */
	bool timeout_given, wait;
	bool pretty, quiet;
	unsigned verbose;
	bool plain; /* the tool prints lines of text: failures are on stderr and in the exit status only */
	char *output; /* -o; NULL: stdout */

	char *scope_option, *keys, *identity;
	char *tls_ca, *tls_cert, *tls_key, *tls_crl, *tls_name;
	bool tls_rfc5352; /* --tls-policy=rfc5352 */
	bool plaintext;	  /* --insecure-plaintext */
	char *keylog;
	char *trace_pcap;

	bool timers_fast;	         /* --timers=fast */
	uint64_t timer[RSP_TIMER_COUNT]; /* ms, or a count; RSP_NEVER: not given */

	char *const *command; /* the words after `--`, NULL-terminated; NULL: no words */
};

/** The options of this run. */
extern struct rsp_cli rsp_cli;

/** Write timer @which to *@ret if its option was given; else *@ret is not changed. */
void rsp_cli_timer_u32(enum rsp_cli_timer which, uint32_t *ret);
void rsp_cli_timer_unsigned(enum rsp_cli_timer which, unsigned *ret);

/* Parse the values of a tool's own options. These functions return RSP_EUSAGE with a reason in @why that quotes @text;
 * the caller of the tool's .take adds the option's name. */
enum rsp_err rsp_cli_duration(const char *text, uint64_t *ret_ms, struct rsp_why *why) RSP_NODISCARD;
enum rsp_err rsp_cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret,
			    struct rsp_why *why) RSP_NODISCARD;
enum rsp_err rsp_cli_id(const char *text, uint32_t *ret, struct rsp_why *why) RSP_NODISCARD;

/** Copy @text to *@to and free the old value: of a repeated option the last value counts. */
enum rsp_err rsp_cli_string(const char *text, char **to, struct rsp_why *why) RSP_NODISCARD;

/**
 * Parse a pool handle: text, or "hex:" and hex digits; 1 to RSP_HANDLE_MAX octets. *@ret is on the heap and the
 * caller's. RSP_EUSAGE with the handle as object.
 */
enum rsp_err rsp_cli_handle(const char *text, uint8_t **ret, size_t *ret_size, struct rsp_why *why) RSP_NODISCARD;

/* For cli/main.c. Codes of shared options are 0x100 and up, those of a tool's own 1 to 0xff. */
enum { RSP_CLI_OPT_FIRST = 0x100, RSP_CLI_OPT_HELP, RSP_CLI_OPT_VERSION, RSP_CLI_OPT_SHARED };

/** Fill @table, which has RSP_CLI_TABLE_MAX rows, with the option tables of @groups and the end mark. */
#define RSP_CLI_TABLE_MAX 16
void rsp_cli_tables(unsigned groups, struct poptOption *own, struct poptOption *table);

/** Store the shared option @opt. */
enum rsp_err rsp_cli_take(int opt, const char *arg, struct rsp_why *why) RSP_NODISCARD;

/** The long name of the option @opt in @table and the tables it includes, or NULL. */
const char *rsp_cli_option_name(const struct poptOption *table, int opt);

void rsp_cli_init(const char *tool);
void rsp_cli_done(void);

#endif
