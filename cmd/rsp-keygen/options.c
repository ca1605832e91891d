#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "keygen.h"
#include "keys/date.h"

struct keygen keygen = { .expires_in_ms = UINT64_C(30) * 86400000, .max = UINT64_MAX };

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
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not an IPv4 or IPv6 address", text);
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

enum rsp_err
keygen_take(int opt, const char *arg, struct rsp_why *why)
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

void
keygen_options_done(void)
{
	for (unsigned i = 0; i < keygen.n_dns; i++)
		free(keygen.dns[i]);
	for (unsigned i = 0; i < keygen.n_pools; i++)
		free(keygen.pools[i]);
	free(keygen.name);
	free(keygen.asap);
	free(keygen.enrp);
	free(keygen.output);
	free(keygen.revoke);
}
