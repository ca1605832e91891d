#include "cli/main.h"
#include "keygen.h"
#include "options.h"

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
		.options = verb_name##_options, .groups = RSP_CLI_SCOPE, .take = keygen_take, .run = run_##verb_name }
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

	keygen_options_done();
	return status;
}
