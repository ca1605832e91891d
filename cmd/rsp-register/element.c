#include "element.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/ip.h"
#include "base/parse.h"
#include "base/rng.h"
#include "cli/options.h"

static const char *const value_name[VALUE_COUNT] = {
	[VALUE_WEIGHT] = "weight",
	[VALUE_PRIORITY] = "priority",
	[VALUE_LOAD] = "load",
	[VALUE_LOAD_DEGRADATION] = "load-degradation",
};

/* Options say "load-degradation" where records and batches say "load_degradation". */
static bool
same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

struct element_spec
element_defaults(void)
{
	return (struct element_spec){
		.transport = RSP_PARAM_TCP,
		.lifetime_s = 300,
		.policy = rsp_policy_row(RSP_POLICY_RR),
		.value = { [VALUE_WEIGHT] = 1 },
	};
}

static enum rsp_err
set_protocol(struct element_spec *spec, const char *text, struct rsp_why *why)
{
	static const struct {
		const char *name;
		uint16_t transport;
	} table[] = { { "tcp", RSP_PARAM_TCP }, { "udp", RSP_PARAM_UDP }, { "sctp", RSP_PARAM_SCTP } };

	for (unsigned i = 0; i < RSP_COUNT(table); i++)
		if (strcmp(text, table[i].name) == 0) {
			spec->transport = table[i].transport;
			return RSP_OK;
		}
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is none of tcp, udp, sctp", text);
}

static enum rsp_err
add_address(struct element_spec *spec, const char *text, struct rsp_why *why)
{
	if (spec->n_ips == RSP_ADDRS_MAX)
		return rsp_fail(why, RSP_EUSAGE, NULL, "more than %d addresses", RSP_ADDRS_MAX);
	struct rsp_ip *ip = &spec->ip[spec->n_ips];
	if (rsp_ip_parse(text, ip))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is no IPv4 or IPv6 address", text);
	if (rsp_ip_unfit(ip))
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" %s: no user could reach it", text, rsp_ip_unfit(ip));
	spec->n_ips++;
	return RSP_OK;
}

static enum rsp_err
set_lifetime(struct element_spec *spec, const char *text, struct rsp_why *why)
{
	uint64_t ms;
	enum rsp_err err = rsp_cli_duration(text, &ms, why);

	if (err)
		return err;
	if (ms < 1000 || ms / 1000 > INT32_MAX || ms % 1000)
		return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a whole number of seconds, at least 1", text);
	spec->lifetime_s = (int32_t)(ms / 1000);
	return RSP_OK;
}

/* Read up to nine decimals: more would hardly change a load of 32 bits. */
enum rsp_err
element_load(const char *text, uint32_t *ret)
{
	uint64_t whole = 0, billionths = 0, unit = 1000000000, n = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9' && whole <= 100; c++, n++)
		whole = whole * 10 + (uint64_t)(*c - '0');
	if (n > 0 && *c == '.')
		for (c++; *c >= '0' && *c <= '9' && unit > 1; c++)
			billionths += (uint64_t)(*c - '0') * (unit /= 10);
	bool percent = *c == '%';
	if (n == 0 || c[percent] != '\0')
		return RSP_EVALUE;
	billionths += whole * 1000000000;
	billionths /= percent ? 100 : 1;
	if (billionths > 1000000000)
		return RSP_EVALUE;
	*ret = (uint32_t)(billionths * UINT32_MAX / 1000000000);
	return RSP_OK;
}

static enum rsp_err
not_a_load(const char *path, struct rsp_why *why)
{
	return rsp_fail(why, RSP_ECONFIG, path, "is not a load from 0 to 1 or from 0%% to 100%%");
}

/* Remove blanks and NULs at both ends: after a power failure a file can have NULs in place of its content. Returns
 * the begin of the text, "" if nothing is left; NULL if there is a NUL inside. */
static const char *
trim(uint8_t *text, size_t size)
{
	while (size > 0 && (isspace(text[size - 1]) || text[size - 1] == '\0'))
		text[--size] = '\0';
	while (size > 0 && (isspace(*text) || *text == '\0')) {
		text++;
		size--;
	}
	return memchr(text, '\0', size) ? NULL : (const char *)text;
}

enum rsp_err
element_read_load(struct element_spec *spec, const char *path, struct rsp_why *why)
{
	uint8_t *text = NULL;
	size_t size = 0;

	if (!path)
		return RSP_OK;
	enum rsp_err err = rsp_file_read(path, RSP_FILE_PUBLIC, 4096, &text, &size, why);
	if (err)
		return err == RSP_ELIMIT ? not_a_load(path, why) : err;
	const char *load = trim(text, size);
	if (!load || element_load(load, &spec->value[VALUE_LOAD]))
		err = not_a_load(path, why);
	free(text);
	spec->given[VALUE_LOAD] = true;
	return err;
}

enum rsp_err
element_choose_id(struct element_spec *spec, const char *path, struct rsp_rng *rng, struct rsp_why *why)
{
	uint8_t *text = NULL;
	size_t size = 0;
	char line[16];

	if (path && !spec->pe_id) {
		enum rsp_err err = rsp_file_read(path, RSP_FILE_PUBLIC, 4096, &text, &size, why);

		const char *id = err ? "" : trim(text, size);
		if (err == RSP_ELIMIT || (!err && (!id || (*id && rsp_cli_id(id, &spec->pe_id, why)))))
			err = rsp_fail(
				why, RSP_ECONFIG, path,
				"holds no identifier: write 0x and 8 hex digits, or remove the file to get a new one");
		free(text);
		if (err && err != RSP_ENOTFOUND)
			return err;
	}
	if (!spec->pe_id)
		spec->pe_id = rsp_rng_id(rng);
	if (!path)
		return RSP_OK;
	(void)snprintf(line, sizeof(line), "0x%08x\n", (unsigned)spec->pe_id);
	return rsp_file_write(path, RSP_FILE_PUBLIC, true, rsp_bytes_str(line), why);
}

static enum rsp_err
set_value(struct element_spec *spec, enum element_value which, const char *text, struct rsp_why *why)
{
	uint64_t number = 0;
	enum rsp_err err = RSP_OK;

	if (which == VALUE_WEIGHT || which == VALUE_PRIORITY) {
		err = rsp_cli_number(text, which == VALUE_WEIGHT, UINT32_MAX, &number, why);
		spec->value[which] = (uint32_t)number;
	} else if (element_load(text, &spec->value[which])) {
		err = rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is not a load from 0 to 1 or from 0%% to 100%%", text);
	}
	spec->given[which] = true;
	return err;
}

static enum rsp_err
set_policy(struct element_spec *spec, const char *text, struct rsp_why *why)
{
	const struct rsp_policy_row *row = rsp_policy_named(text);
	char all[128] = "";
	size_t at = 0;

	if (row) {
		spec->policy = row;
		return RSP_OK;
	}
	for (unsigned i = 0; (row = rsp_policy_at(i)) != NULL && at < sizeof(all); i++) {
		int n = snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "", row->alias);
		at += n > 0 ? (size_t)n : 0;
	}
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is none of %s", text, all);
}

enum rsp_err
element_set(struct element_spec *spec, const char *name, const char *text, struct rsp_why *why)
{
	uint64_t number = 0;
	enum rsp_err err;

	for (unsigned i = 0; i < VALUE_COUNT; i++)
		if (same(name, value_name[i]))
			return set_value(spec, (enum element_value)i, text, why);
	if (same(name, "port")) {
		err = rsp_cli_number(text, 1, UINT16_MAX, &number, why);
		spec->port = (uint16_t)number;
		return err;
	}
	if (same(name, "protocol"))
		return set_protocol(spec, text, why);
	if (same(name, "address"))
		return add_address(spec, text, why);
	if (same(name, "pe-id"))
		return rsp_cli_id(text, &spec->pe_id, why);
	if (same(name, "lifetime"))
		return set_lifetime(spec, text, why);
	if (!same(name, "policy"))
		return rsp_fail(why, RSP_EUSAGE, NULL, "is no property of an element (see --batch in rsp-register(1))");
	return set_policy(spec, text, why);
}

enum rsp_err
element_set_raw(struct element_spec *spec, const char *name, int64_t value, struct rsp_why *why)
{
	for (unsigned i = 0; i < VALUE_COUNT; i++) {
		if (!same(name, value_name[i]))
			continue;
		if (value < (i == VALUE_WEIGHT) || value > UINT32_MAX)
			return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is no number of 32 bits%s", name,
					i == VALUE_WEIGHT ? ", at least 1" : "");
		spec->value[i] = (uint32_t)value;
		spec->given[i] = true;
		return RSP_OK;
	}
	return rsp_fail(why, RSP_EUSAGE, NULL, "\"%s\" is no property of an element (see --batch in rsp-register(1))",
			name);
}

/* The values of the policy, in the order of its row. A value that was given and that the policy does not have is an
 * error. */
static enum rsp_err
make_policy(const struct element_spec *spec, struct rsp_policy *ret, struct rsp_why *why)
{
	bool used[VALUE_COUNT] = { false };

	*ret = (struct rsp_policy){ .type = spec->policy->type };
	for (unsigned i = 0; i < spec->policy->n_values; i++)
		for (unsigned v = 0; v < VALUE_COUNT; v++) {
			if (!same(spec->policy->value[i], value_name[v]))
				continue;
			ret->value[i] = spec->value[v];
			used[v] = true;
		}
	for (unsigned v = 0; v < VALUE_COUNT; v++)
		if (spec->given[v] && !used[v])
			return rsp_fail(why, RSP_EUSAGE, value_name[v],
					"the policy %s has no such value: omit it, or give another policy",
					spec->policy->key);
	return RSP_OK;
}

enum rsp_err
element_make(const struct element_spec *spec, uint8_t room[static ELEMENT_ROOM], struct rsp_pool_element *ret,
	     struct rsp_why *why)
{
	const struct rsp_ip any = { .family = 4 };

	if (!spec->port)
		return rsp_fail(why, RSP_EUSAGE, "port", "is missing");
	if (spec->n_ips > 1 && spec->transport != RSP_PARAM_SCTP)
		return rsp_fail(why, RSP_EUSAGE, "address", "only SCTP has more than one");
	*ret = (struct rsp_pool_element){
		.pe_id = spec->pe_id,
		.lifetime_s = spec->lifetime_s,
		.user = { .type = spec->transport, .port = spec->port, .use = RSP_USE_DATA },
	};
	/* the engine replaces an unspecified address by that of its connection */
	rsp_transport_set_ips(&ret->user, spec->n_ips ? spec->ip : &any, spec->n_ips ? spec->n_ips : 1, room);
	return make_policy(spec, &ret->policy, why);
}
