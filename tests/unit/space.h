#ifndef TESTS_UNIT_SPACE_H
#define TESTS_UNIT_SPACE_H

#include <stdio.h>
#include <string.h>

#include "full_sums.h"
#include "model/handlespace.h"
#include "tap.h"

/* Handlespaces for tests. */

static inline struct rsp_handlespace *
space_new(void)
{
	static const struct rsp_handlespace_limits roomy = { .pools = 1000, .elements = 100000, .pool_elements = 9999 };
	struct rsp_handlespace *hs = rsp_handlespace_new(&roomy, (struct rsp_hash_key){ 11, 22 }, 0);

	if (!hs)
		abort();
	return hs;
}

/** An element with @n_ips addresses and the policy words @a and @b. */
static inline struct rsp_pool_element
space_pe(uint32_t pe_id, uint32_t home_id, uint32_t policy, uint32_t a, uint32_t b, unsigned n_ips)
{
	static uint8_t room[RSP_ADDRS_ROOM(4)];
	struct rsp_ip ip[4] = { { 4, { 192, 0, 2, 1 } },
				{ 6, { 0x20, 1 } },
				{ 4, { 192, 0, 2, 2 } },
				{ 6, { 0x20, 2 } } };
	struct rsp_pool_element pe = { .pe_id = pe_id, .home_id = home_id, .lifetime_s = 30 };

	rsp_transport_set_ips(&pe.user, ip, n_ips, room);
	pe.user.type = RSP_PARAM_SCTP;
	pe.user.port = 80;
	pe.policy = (struct rsp_policy){ .type = policy, .value = { a, b } };
	return pe;
}

static inline struct rsp_element *
space_put(struct rsp_handlespace *hs, struct rsp_bytes handle, struct rsp_pool_element pe)
{
	struct rsp_element *e = NULL;

	CHECK_EQ(rsp_handlespace_put(hs, handle, &pe, &e), RSP_OK);
	return e;
}

#endif
