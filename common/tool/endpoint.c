#include "tool/endpoint.h"

#include <string.h>

#include "base/ip.h"
#include "cli/message_json.h"

static void
put_endpoint(FILE *out, const struct rsp_pool_element *pe)
{
	char text[RSP_IP_TEXT_MAX];

	if (pe->user.n_addrs == 0)
		return;
	struct rsp_ip ip = rsp_transport_ip(&pe->user, 0);
	rsp_ip_format(&ip, text);
	(void)fprintf(out, ip.family == 6 ? "[%s]:%u" : "%s:%u", text, (unsigned)pe->user.port);
}

void
tool_endpoint_plain(FILE *out, const struct rsp_pool_element *pe)
{
	if (pe->user.n_addrs == 0)
		return;
	put_endpoint(out, pe);
	(void)fputc('\n', out);
}

static void
put_addresses(FILE *out, const struct rsp_pool_element *pe, unsigned n)
{
	for (unsigned i = 0; i < n && i < pe->user.n_addrs; i++) {
		struct rsp_ip ip = rsp_transport_ip(&pe->user, i);
		char text[RSP_IP_TEXT_MAX];

		rsp_ip_format(&ip, text);
		(void)fprintf(out, "%s%s", i ? "," : "", text);
	}
}

/* A pool handle has any octets: it is printed as text only if it is plain ASCII, so that it cannot break the line. */
static void
put_handle(FILE *out, struct rsp_bytes handle)
{
	bool plain = true;

	for (size_t i = 0; i < handle.n; i++)
		plain = plain && handle.p[i] > 0x20 && handle.p[i] < 0x7f;
	if (plain && !(handle.n >= 4 && memcmp(handle.p, "hex:", 4) == 0)) {
		(void)fwrite(handle.p, 1, handle.n, out);
		return;
	}
	(void)fputs("hex:", out);
	for (size_t i = 0; i < handle.n; i++)
		(void)fprintf(out, "%02x", handle.p[i]);
}

static void
put_field(FILE *out, char field, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	const struct rsp_policy_row *policy = rsp_policy_row(pe->policy.type);
	const char *transport = rsp_transport_key(pe->user.type);

	switch (field) {
	case 'e':
		put_endpoint(out, pe);
		break;
	case 'a':
		put_addresses(out, pe, 1);
		break;
	case 'A':
		put_addresses(out, pe, pe->user.n_addrs);
		break;
	case 'p':
		(void)fprintf(out, "%u", (unsigned)pe->user.port);
		break;
	case 't':
		(void)fputs(transport ? transport : "unknown", out);
		break;
	case 'i':
		(void)fprintf(out, "0x%08x", (unsigned)pe->pe_id);
		break;
	case 'r':
		(void)fprintf(out, "0x%08x", (unsigned)pe->home_id);
		break;
	case 'l':
		(void)fprintf(out, "%d", (int)pe->lifetime_s);
		break;
	case 'P':
		if (policy)
			(void)fputs(policy->key, out);
		else
			(void)fprintf(out, "0x%08x", (unsigned)pe->policy.type);
		break;
	case 'h':
		put_handle(out, handle);
		break;
	default:
		(void)fputc(field, out);
		break;
	}
}

#define FIELDS "eaAptirlPh%"

enum rsp_err
tool_endpoint_check(const char *format, struct rsp_why *why)
{
	for (const char *c = format; *c; c++) {
		const char *known = *c == '%' ? FIELDS : *c == '\\' ? "nt\\" : NULL;

		if (!known)
			continue;
		if (!c[1] || !strchr(known, c[1]))
			return rsp_fail(why, RSP_EUSAGE, NULL,
					"\"%.2s\" is no directive of a format (see --format in rsp-resolve(1))", c);
		c++;
	}
	return RSP_OK;
}

void
tool_endpoint_format(FILE *out, const char *format, struct rsp_bytes handle, const struct rsp_pool_element *pe)
{
	for (const char *c = format; *c; c++) {
		if (*c == '%')
			put_field(out, *++c, handle, pe);
		else if (*c == '\\')
			(void)fputc(*++c == 'n' ? '\n' : *c == 't' ? '\t' : '\\', out);
		else
			(void)fputc(*c, out);
	}
	(void)fputc('\n', out);
}
