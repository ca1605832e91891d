#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

void
rsp_ip_format(const struct rsp_ip *ip, char out[static RSP_IP_TEXT_MAX])
{
	out[0] = '\0';
	if (ip->family)
		(void)inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->ip, out, RSP_IP_TEXT_MAX);
}

enum rsp_err
rsp_ip_parse(const char *text, struct rsp_ip *ret)
{
	struct rsp_ip ip = { 0 };

	if (inet_pton(AF_INET, text, ip.ip) == 1)
		ip.family = 4;
	else if (inet_pton(AF_INET6, text, ip.ip) == 1)
		ip.family = 6;
	else
		return RSP_EVALUE;
	*ret = ip;
	return RSP_OK;
}

struct rsp_ip
rsp_ip_unmapped(const struct rsp_ip *ip)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct rsp_ip plain = *ip;

	if (ip->family == 6 && memcmp(ip->ip, prefix, sizeof(prefix)) == 0) {
		plain = (struct rsp_ip){ .family = 4 };
		memcpy(plain.ip, ip->ip + 12, 4);
	}
	return plain;
}

enum rsp_ip_kind
rsp_ip_kind(const struct rsp_ip *ip)
{
	static const struct rsp_ip one = { .family = 6, .ip = { [15] = 1 } };
	struct rsp_ip plain = rsp_ip_unmapped(ip);
	const uint8_t *o = plain.ip;
	bool zero = memcmp(o, one.ip, 15) == 0 && o[15] == 0;

	if (plain.family != 4 && plain.family != 6)
		return RSP_IP_NONE;
	if (zero)
		return RSP_IP_UNSPECIFIED;
	if (plain.family == 4)
		return o[0] == 0     ? RSP_IP_NETWORK
		       : o[0] == 127 ? RSP_IP_LOOPBACK
		       : o[0] >= 240 ? RSP_IP_BROADCAST
		       : o[0] >= 224 ? RSP_IP_MULTICAST
				     : RSP_IP_HOST;
	if (memcmp(o, one.ip, sizeof(one.ip)) == 0)
		return RSP_IP_LOOPBACK;
	if (o[0] == 0xff)
		return RSP_IP_MULTICAST;
	return o[0] == 0xfe && (o[1] & 0xc0) == 0x80 ? RSP_IP_LINK_LOCAL : RSP_IP_HOST;
}

const char *
rsp_ip_unfit(const struct rsp_ip *ip)
{
	static const char *const text[] = {
		[RSP_IP_NONE] = "is no address",
		[RSP_IP_UNSPECIFIED] = "is the unspecified address",
		[RSP_IP_NETWORK] = "is an address of no host",
		[RSP_IP_MULTICAST] = "is a multicast address",
		[RSP_IP_BROADCAST] = "is a broadcast or reserved address",
		[RSP_IP_LINK_LOCAL] = "is a link-local address",
		[RSP_IP_HOST] = NULL,
	};

	return text[rsp_ip_kind(ip)];
}

bool
rsp_ip_equal(const struct rsp_ip *a, const struct rsp_ip *b)
{
	struct rsp_ip x = rsp_ip_unmapped(a), y = rsp_ip_unmapped(b);

	return x.family == y.family && memcmp(x.ip, y.ip, sizeof(x.ip)) == 0;
}

struct rsp_ip
rsp_ip_source(const struct rsp_ip *ip)
{
	struct rsp_ip source = rsp_ip_unmapped(ip);

	if (source.family == 6)
		memset(source.ip + 8, 0, 8);
	return source;
}
