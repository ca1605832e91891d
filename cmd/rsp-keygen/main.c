#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "keygen.h"
#include "keys/date.h"

struct keygen keygen = { .expires_in_ms = UINT64_C(30) * 86400000, .max = UINT64_MAX };

enum {
	OPT_NAME = 1,
	OPT_ED25519,
	OPT_DAYS,
	OPT_NOT_BEFORE,
	OPT_NOT_AFTER,
	OPT_FORCE,
	OPT_ASAP,
	OPT_ENRP,
	OPT_DNS,
	OPT_IP,
	OPT_POOL,
	OPT_ADDRESS,
	OPT_USER,
	OPT_OUTPUT,
	OPT_PSKTOOL,
	OPT_REVOKE,
	OPT_EXPIRES_IN,
	OPT_MAX,
	OPT_OPAQUE,
	OPT_END,
	OPT_FINISH,
};

static enum rsp_err
take_date(const char *text, int64_t *to, struct rsp_why *why)
{
	return rsp_date_parse(text, to)
		       ? rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a time like 2026-01-31T12:00:00Z", text)
		       : RSP_OK;
}

static enum rsp_err
append(const char *text, char **list, unsigned *n, struct rsp_why *why)
{
	if (*n == KEYGEN_LIST_MAX)
		return rsp_fail(why, RSP_EUSAGE, NULL, "given more than %d times", KEYGEN_LIST_MAX);
	enum rsp_err err = rsp_cli_string(text, &list[*n], why);
	*n += err == RSP_OK;
	return err;
}

static enum rsp_err
take_dns(const char *text, struct rsp_why *why)
{
	struct rsp_endpoint endpoint;
	struct rsp_ip ip;
	const char *name = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

	if (strchr(text, ':') || rsp_ip_parse(text, &ip) == RSP_OK || rsp_endpoint_parse(name, 1, &endpoint))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a DNS name", text);
	return append(text, keygen.dns, &keygen.n_dns, why);
}

static enum rsp_err
take_ip(const char *text, struct rsp_why *why)
{
	if (keygen.n_ips == KEYGEN_LIST_MAX)
		return rsp_fail(why, RSP_EUSAGE, NULL, "given more than %d times", KEYGEN_LIST_MAX);
	if (rsp_ip_parse(text, &keygen.ips[keygen.n_ips]))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not an address", text);
	if (rsp_ip_unfit(&keygen.ips[keygen.n_ips]))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" %s: no user could reach it", text,
				rsp_ip_unfit(&keygen.ips[keygen.n_ips]));
	keygen.n_ips++;
	return RSP_OK;
}

static enum rsp_err
take_address(const char *text, struct rsp_why *why)
{
	if (keygen.n_addresses == KEYGEN_LIST_MAX)
		return rsp_fail(why, RSP_EUSAGE, NULL, "given more than %d times", KEYGEN_LIST_MAX);
	if (rsp_cidr_parse(text, &keygen.addresses[keygen.n_addresses]))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not an address or block like 10.0.0.0/8", text);
	keygen.n_addresses++;
	return RSP_OK;
}

static enum rsp_err
take(int opt, const char *arg, struct rsp_why *why)
{
	switch (opt) {
	case OPT_NAME:
		return rsp_cli_string(arg, &keygen.name, why);
	case OPT_DAYS:
		return rsp_cli_number(arg, 1, 36500, &keygen.days, why);
	case OPT_NOT_BEFORE:
		return take_date(arg, &keygen.not_before_ms, why);
	case OPT_NOT_AFTER:
		return take_date(arg, &keygen.not_after_ms, why);
	case OPT_END:
		if (strcmp(arg, "never") != 0)
			return take_date(arg, &keygen.not_after_ms, why);
		keygen.not_after_ms = RSP_TIME_NEVER;
		return RSP_OK;
	case OPT_ASAP:
		return rsp_cli_string(arg, &keygen.asap, why);
	case OPT_ENRP:
		return rsp_cli_string(arg, &keygen.enrp, why);
	case OPT_DNS:
		return take_dns(arg, why);
	case OPT_IP:
		return take_ip(arg, why);
	case OPT_POOL:
		return append(arg, keygen.pools, &keygen.n_pools, why);
	case OPT_ADDRESS:
		return take_address(arg, why);
	case OPT_OUTPUT:
		return rsp_cli_string(arg, &keygen.output, why);
	case OPT_REVOKE:
		return rsp_cli_string(arg, &keygen.revoke, why);
	case OPT_EXPIRES_IN:
		return rsp_cli_duration(arg, &keygen.expires_in_ms, why);
	case OPT_MAX:
		return rsp_cli_number(arg, 0, UINT32_MAX - 1, &keygen.max, why);
	default: /* options without an argument */
		keygen.ed25519 = keygen.ed25519 || opt == OPT_ED25519;
		keygen.force = keygen.force || opt == OPT_FORCE;
		keygen.finish = keygen.finish || opt == OPT_FINISH;
		keygen.user = keygen.user || opt == OPT_USER;
		keygen.opaque = keygen.opaque || opt == OPT_OPAQUE;
		keygen.psktool = keygen.psktool || opt == OPT_PSKTOOL;
		return RSP_OK;
	}
}

/* clang-format off */
#define FLAG(name, opt, text)	  { name, 0, POPT_ARG_NONE, NULL, opt, text, NULL }
#define VALUE(name, opt, text, v) { name, 0, POPT_ARG_STRING, NULL, opt, text, v }
#define DATES \
	VALUE("days", OPT_DAYS, "how long it is valid from now on", "N"), \
	VALUE("not-before", OPT_NOT_BEFORE, "valid from then on (now)", "TIME"), \
	VALUE("not-after", OPT_NOT_AFTER, "valid until then", "TIME")
#define END_DATES \
	VALUE("days", OPT_DAYS, "how long its keys are valid (for ever)", "N"), \
	VALUE("not-after", OPT_END, "its keys are valid until then, or never end", "TIME|never")
#define FORCE FLAG("force", OPT_FORCE, "replace what is there")
#define CHANGE FLAG("force", OPT_FORCE, "change one that is there; what is not named stays")

static struct poptOption init_options[] = {
	VALUE("name", OPT_NAME, "the scope's name (default)", "NAME"),
	FLAG("ed25519", OPT_ED25519, "an Ed25519 key, not ECDSA P-256"),
	DATES, FORCE, POPT_TABLEEND
};
static struct poptOption registrar_options[] = {
	VALUE("asap", OPT_ASAP, "where it serves elements and users", "HOST[:PORT]"),
	VALUE("enrp", OPT_ENRP, "where it serves its peers", "HOST[:PORT]"),
	VALUE("dns", OPT_DNS, "a further DNS name for its certificate; repeatable", "NAME"),
	VALUE("ip", OPT_IP, "a further address for its certificate; repeatable", "ADDRESS"),
	FLAG("ed25519", OPT_ED25519, "an Ed25519 key, not ECDSA P-256"),
	DATES, CHANGE, POPT_TABLEEND
};
static struct poptOption element_options[] = {
	VALUE("pool", OPT_POOL, "a pool it may register in, * and ? match; repeatable (all)", "GLOB"),
	VALUE("address", OPT_ADDRESS, "addresses it may register that are not its connection's; repeatable", "CIDR"),
	VALUE("max", OPT_MAX, "so many registrations it may hold (as the registrars' options say)", "N"),
	FLAG("opaque", OPT_OPAQUE, "it may register Opaque user transports"),
	END_DATES, CHANGE, POPT_TABLEEND
};
static struct poptOption monitor_options[] = { END_DATES, CHANGE, POPT_TABLEEND };
static struct poptOption bundle_options[] = {
	FLAG("user", OPT_USER, "the bundle of users: nothing in it is secret"),
	{ "output", 'o', POPT_ARG_STRING, NULL, OPT_OUTPUT, "the directory to write", "DIR" },
	FORCE, POPT_TABLEEND
};
static struct poptOption crl_options[] = {
	VALUE("revoke", OPT_REVOKE, "revoke this registrar's certificate", "NAME"),
	VALUE("days", OPT_DAYS, "when the next list is due (397)", "N"),
	VALUE("not-after", OPT_NOT_AFTER, "when the next list is due", "TIME"),
	POPT_TABLEEND
};
static struct poptOption rollover_options[] = {
	FLAG("finish", OPT_FINISH, "drop the old CA, once no registrar has a certificate of it"),
	FLAG("ed25519", OPT_ED25519, "an Ed25519 key, not that of the old CA's kind"),
	DATES,
	FLAG("force", OPT_FORCE, "with --finish: although a registrar still has a certificate of it"),
	POPT_TABLEEND
};
static struct poptOption renew_options[] = {
	VALUE("days", OPT_DAYS, "how long it is valid from now on", "N"),
	VALUE("not-before", OPT_NOT_BEFORE, "a certificate is valid from then on (now)", "TIME"),
	VALUE("not-after", OPT_END, "valid until then; the keys of an element or monitor may never end", "TIME|never"),
	POPT_TABLEEND
};
static struct poptOption rotate_options[] = { POPT_TABLEEND };
static struct poptOption retire_options[] = { POPT_TABLEEND };
static struct poptOption remove_options[] = { POPT_TABLEEND };
static struct poptOption revoke_options[] = { DATES, POPT_TABLEEND };
static struct poptOption list_options[] = {
	FLAG("psktool", OPT_PSKTOOL, "print the keys, secrets too, as identity:hex"),
	{ "output", 'o', POPT_ARG_STRING, NULL, OPT_OUTPUT, "write there (mode 0600 with --psktool)", "FILE" },
	FORCE, POPT_TABLEEND
};
static struct poptOption check_options[] = {
	VALUE("expires-in", OPT_EXPIRES_IN, "what ends sooner is due (30d)", "DUR"),
	POPT_TABLEEND
};

#define VERB(verb_name, verb_operands, verb_summary) \
	static const struct rsp_cli_tool verb_##verb_name = { \
		.name = "rsp-keygen", .verb = #verb_name, .operands = verb_operands, .summary = verb_summary, \
		.options = verb_name##_options, .groups = RSP_CLI_SCOPE, .take = take, .run = run_##verb_name }
VERB(init, "", "make a scope: its CA and its directory");
VERB(registrar, "NAME", "add a registrar: certificate, keys with all others");
VERB(element, "NAME", "add an element: keys with all registrars");
VERB(monitor, "NAME", "add one who may look at the registrars");
VERB(bundle, "NAME|--user", "write the directory that one node needs");
VERB(renew, "NAME", "a new certificate for the same names, addresses and keys; or later dates");
VERB(rotate, "NAME", "a second key beside each of a node's keys; both are accepted");
VERB(retire, "NAME", "end the older key of each two");
VERB(revoke, "NAME|KEY", "replace all that a node has, or one key; a certificate goes on the list");
VERB(remove, "NAME", "take a node out of the scope; a certificate goes on the list");
VERB(rollover, "", "a new CA beside the old one; --finish ends the old one");
VERB(crl, "", "renew the list of revoked certificates");
VERB(list, "", "show registrars, identities and keys");
VERB(check, "", "find what is due, expired, unreadable or open to others");
/* clang-format on */

static const struct rsp_cli_tool *const verbs[] = { &verb_init,   &verb_registrar, &verb_element,  &verb_monitor,
						    &verb_bundle, &verb_renew,     &verb_rotate,   &verb_retire,
						    &verb_revoke, &verb_remove,    &verb_rollover, &verb_crl,
						    &verb_list,   &verb_check };

int
main(int argc, const char **argv)
{
	int status = rsp_cli_main_verbs(verbs, RSP_COUNT(verbs), argc, argv);

	for (unsigned i = 0; i < keygen.n_dns; i++)
		free(keygen.dns[i]);
	for (unsigned i = 0; i < keygen.n_pools; i++)
		free(keygen.pools[i]);
	free(keygen.name);
	free(keygen.asap);
	free(keygen.enrp);
	free(keygen.output);
	free(keygen.revoke);
	return status;
}
