#include "registrar_world.h"

/* What an identity may register: which addresses, and how much. RFC 5355 s.2.1-2.4. */

static bool
may_any_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	(void)ctx, (void)ip;
	return strcmp(identity, "proxy") == 0;
}

static bool
may_opaque(void *ctx, const char *identity)
{
	(void)ctx;
	return strcmp(identity, "proxy") == 0;
}

static const char *const unusable[] = { "0.0.0.0",
					"::",
					"::ffff:0.0.0.0",
					"0.1.2.3",
					"224.0.0.1",
					"239.255.255.255",
					"::ffff:224.0.1.185",
					"240.0.0.1",
					"255.255.255.255",
					"::ffff:255.255.255.255",
					"ff02::133",
					"ff0e::1",
					"fe80::1",
					"febf::1" };

static const char *const usable[] = { "192.0.2.7", "127.0.0.1",       "::1",     "2001:db8::1", "::ffff:192.0.2.1",
				      "1.2.3.4",   "223.255.255.255", "fec0::1", "::2" };

static void
addresses_that_belong_to_no_host_are_unfit(void)
{
	for (unsigned i = 0; i < RSP_COUNT(unusable); i++) {
		struct rsp_ip ip;

		CHECK_EQ(rsp_ip_parse(unusable[i], &ip), RSP_OK);
		CHECK(rsp_ip_unfit(&ip));
	}
	for (unsigned i = 0; i < RSP_COUNT(usable); i++) {
		struct rsp_ip ip;

		CHECK_EQ(rsp_ip_parse(usable[i], &ip), RSP_OK);
		CHECK(!rsp_ip_unfit(&ip));
	}
	CHECK(rsp_ip_unfit(&(struct rsp_ip){ 0 }));
	static const struct {
		const char *text;
		enum rsp_ip_kind kind;
	} row[] = { { "::ffff:0.0.0.0", RSP_IP_UNSPECIFIED }, { "0.0.0.1", RSP_IP_NETWORK },
		    { "::ffff:239.0.0.1", RSP_IP_MULTICAST }, { "ff01::1", RSP_IP_MULTICAST },
		    { "255.255.255.255", RSP_IP_BROADCAST },  { "fe80::1", RSP_IP_LINK_LOCAL },
		    { "::ffff:127.1.2.3", RSP_IP_LOOPBACK },  { "::1", RSP_IP_LOOPBACK },
		    { "::ffff:192.0.2.1", RSP_IP_HOST } };
	for (unsigned i = 0; i < RSP_COUNT(row); i++) {
		struct rsp_ip ip;

		CHECK_EQ(rsp_ip_parse(row[i].text, &ip), RSP_OK);
		CHECK_EQ(rsp_ip_kind(&ip), row[i].kind);
	}
}

static void
an_address_of_no_host_is_refused(void)
{ /* also where authz.json allows all addresses */
	struct rsp_registrar_config config = world_defaults();

	config.may_address = may_any_address;
	world_serve_with(&config);
	for (unsigned i = 0; i < RSP_COUNT(unusable); i++) {
		CHECK_EQ(world_register_as(PROXY, "web", 7, unusable[i]), RSP_CAUSE_INVALID_VALUES);
		CHECK_STR(world_reason(RSP_EVENT_REFUSED), "address-unusable");
	}
	for (unsigned i = 0; i < RSP_COUNT(usable); i++)
		CHECK_EQ(world_register_as(PROXY, "web", 7, usable[i]), RSP_CAUSE_NONE);
	world_end();
}

static void
an_asap_transport_of_no_host_is_not_recorded(void)
{ /* RFC 5352 s.3.1 rule 4: the connection's address takes its place */
	struct rsp_registrar_config config = world_defaults();
	struct rsp_pool_element pe = { 0 };
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip group, own;

	config.may_address = may_any_address;
	world_serve_with(&config);
	CHECK_EQ(rsp_ip_parse("224.0.0.1", &group), RSP_OK);
	CHECK_EQ(rsp_ip_parse("192.0.2.1", &own), RSP_OK);
	struct rsp_message msg = world_registration("web", 7, "192.0.2.1");
	msg.element.asap = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 5555 };
	rsp_transport_set_ips(&msg.element.asap, &group, 1, room);
	world_tell(PROXY, &msg);
	rsp_element_decode(world_element("web", 7), &pe);
	struct rsp_ip ip = rsp_transport_ip(&pe.asap, 0);
	CHECK(rsp_ip_equal(&ip, &own));
	CHECK_EQ(pe.asap.port, 40000 + PROXY);
	world_end();
}

static uint16_t
register_opaque(uint32_t link, uint32_t pe_id)
{
	struct rsp_message msg = world_registration("tipc", pe_id, "192.0.2.1");

	msg.element.user = (struct rsp_transport){ .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("tipc:1.2.3") };
	world_tell(link, &msg);
	struct rsp_message answer = world_heard(link);
	return rsp_message_cause(&answer);
}

static void
an_opaque_transport_must_be_allowed(void)
{ /* RFC 5354 s.3.16: nothing compares it with the connection */
	struct rsp_registrar_config config = world_defaults();

	world_serve_with(&config);
	CHECK_EQ(register_opaque(PROXY, 7), RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "opaque-not-allowed");
	world_end();
	config.may_opaque = may_opaque;
	world_serve_with(&config);
	CHECK_EQ(register_opaque(WEB1, 7), RSP_CAUSE_SECURITY);
	CHECK_EQ(register_opaque(PROXY, 7), RSP_CAUSE_NONE);
	world_end();
	config.insecure = true; /* there are no identities */
	world_begin(&config);
	world_up_at(PLAIN, RSP_ROLE_NONE, NULL, "192.0.2.1");
	CHECK_EQ(register_opaque(PLAIN, 7), RSP_CAUSE_SECURITY);
	world_end();
}

static uint32_t
proxy_has_a_number(void *ctx, const char *identity)
{
	(void)ctx;
	return strcmp(identity, "proxy") == 0 ? 20 : UINT32_MAX;
}

static uint16_t
register_in(uint32_t link, unsigned pool, const char *address)
{
	char handle[16];

	(void)snprintf(handle, sizeof(handle), "pool%u", pool);
	return world_register_as(link, handle, pool + 1, address);
}

static void
an_identity_may_make_a_number_of_pools(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.max_identity_pools = 3;
	config.max_identity_elements = 8;
	config.max_elements = proxy_has_a_number;
	world_serve_with(&config);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(register_in(WEB1, i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(register_in(WEB1, 3, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pools-of-one-identity");
	CHECK_EQ(world_register_as(WEB1, "pool0", 77, "192.0.2.1"), RSP_CAUSE_NONE); /* a pool that exists */
	CHECK_EQ(register_in(WEB2, 3, "192.0.2.2"), RSP_CAUSE_NONE);           /* another identity */
	CHECK_EQ(world_register_as(WEB1, "pool3", 78, "192.0.2.1"), RSP_CAUSE_NONE);
	/* the pool goes with it, and a new one is allowed */
	CHECK_EQ(world_deregister_as(WEB1, "pool1", 2), RSP_CAUSE_NONE);
	CHECK_EQ(register_in(WEB1, 9, "192.0.2.1"), RSP_CAUSE_NONE);
	/* a number in authz.json takes the place of both limits, and is one itself */
	for (unsigned i = 20; i < 40; i++)
		CHECK_EQ(register_in(PROXY, i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(register_in(PROXY, 40, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	world_end();
}

static void
the_rate_is_enough_for_the_quota(void)
{
	struct rsp_registrar_config config = world_defaults();

	config.registrations = (struct rsp_rate){ .per_s = 1, .burst = 3 };
	config.max_elements = proxy_has_a_number;
	world_serve_with(&config);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(register_in(WEB1, i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(register_in(WEB1, 3, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "rate");
	for (unsigned i = 20; i < 40; i++)
		CHECK_EQ(register_in(PROXY, i, "192.0.2.1"), RSP_CAUSE_NONE);
	CHECK_EQ(register_in(PROXY, 20, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	world_end();
}

static void
the_quota_of_one_identity_is_far_below_the_caps(void)
{
	struct rsp_registrar_config config = rsp_registrar_defaults();

	CHECK(config.max_identity_elements <= config.limits.elements / 50);
	CHECK(config.max_identity_pools <= config.limits.pools / 50);
	CHECK(config.registrations.per_s && config.registrations.burst <= config.max_identity_elements);
	CHECK(config.max_registrar_elements <= config.limits.elements / 2);
	CHECK(config.max_registrar_pools <= config.limits.pools / 2);
}

int
main(void)
{
	TAP_RUN(addresses_that_belong_to_no_host_are_unfit);
	TAP_RUN(an_address_of_no_host_is_refused);
	TAP_RUN(an_asap_transport_of_no_host_is_not_recorded);
	TAP_RUN(an_opaque_transport_must_be_allowed);
	TAP_RUN(an_identity_may_make_a_number_of_pools);
	TAP_RUN(the_rate_is_enough_for_the_quota);
	TAP_RUN(the_quota_of_one_identity_is_far_below_the_caps);
	return tap_end();
}
