#include "engine/registrar/state.h"
#include "registrar_world.h"

/* Updates of other registrars are checked against the rights of the elements' owners, and against a share. RFC 5355
 * s.2.2-2.5, s.2.9. */

/* The rights of one identity, web1. */
static struct {
	const char *pool; /* NULL: authz.json does not list it */
	bool any_address, no_key, opaque;
	const char *no_peer;
} rights;

static bool
may(void *ctx, const char *identity, struct rsp_bytes handle)
{
	(void)ctx;
	return strcmp(identity, "web1") == 0 && rights.pool && rsp_bytes_equal(handle, rsp_bytes_str(rights.pool));
}

static bool
may_address(void *ctx, const char *identity, const struct rsp_ip *ip)
{
	(void)ctx, (void)identity, (void)ip;
	return rights.any_address;
}

static bool
may_opaque(void *ctx, const char *identity)
{
	(void)ctx, (void)identity;
	return rights.opaque;
}

static bool
is_listed(void *ctx, const char *identity)
{
	(void)ctx;
	return strcmp(identity, "web1") == 0 && rights.pool;
}

static bool
has_key(void *ctx, enum rsp_role role, const char *identity)
{
	(void)ctx;
	return role == RSP_ROLE_PEER ? !rights.no_peer || strcmp(identity, rights.no_peer) != 0 : !rights.no_key;
}

static struct rsp_registrar_config
config(void)
{
	struct rsp_registrar_config config = world_config();

	config.may = may;
	config.may_address = may_address;
	config.may_opaque = may_opaque;
	config.is_listed = is_listed;
	config.has_key = has_key;
	return config;
}

static void
begin_with(const struct rsp_registrar_config *with)
{
	memset(&rights, 0, sizeof(rights));
	rights.pool = "web";
	world_begin(with);
	world_run(100);
	world_joined(B, ID_B, "b");
}

static void
begin(void)
{
	struct rsp_registrar_config with = config();

	begin_with(&with);
}

static bool
is_there(const char *pool, uint32_t pe_id)
{
	return rsp_element_find(w.r->core.space, rsp_pool_find(w.r->core.space, rsp_bytes_str(pool)), pe_id) != NULL;
}

static void
a_pool_that_the_owner_may_not_use_is_refused(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 10));
	world_update(B, ID_B, ENRP_ADD_PE, "bank", world_pe(2, ID_B, 10));
	CHECK(is_there("web", 1));
	CHECK(!is_there("bank", 2));
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pool-not-allowed");
	world_end();
}

static void
an_identity_that_authz_does_not_list_is_believed(void)
{ /* a registrar may have an older authz.json than the others */
	begin();
	rights.pool = NULL;
	world_update(B, ID_B, ENRP_ADD_PE, "bank", world_pe(2, ID_B, 10));
	CHECK(is_there("bank", 2));
	world_end();
}

static void
an_address_that_is_not_the_element_s_is_refused(void)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip other = { 4, { 198, 51, 100, 1 } };
	struct rsp_pool_element pe = world_pe(1, ID_B, 10);

	begin();
	rsp_transport_set_ips(&pe.user, &other, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK(!is_there("web", 1));
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "address-not-own");
	rights.any_address = true;
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK(is_there("web", 1));
	pe = world_pe(2, ID_B, 10);
	pe.user = (struct rsp_transport){ .type = RSP_PARAM_OPAQUE, .opaque = rsp_bytes_str("tipc") };
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "opaque-not-allowed");
	world_end();
}

static void
an_address_of_no_host_is_refused(void)
{
	uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_ip group = { 4, { 224, 0, 0, 1 } };
	struct rsp_pool_element pe = world_pe(1, ID_B, 10);

	begin();
	rights.any_address = true;
	rsp_transport_set_ips(&pe.user, &group, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	pe = world_pe(1, ID_B, 10);
	rsp_transport_set_ips(&pe.asap, &group, 1, room);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	CHECK(!is_there("web", 1));
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	world_end();
}

static void
a_registrar_may_have_a_share_of_the_handlespace(void)
{
	struct rsp_registrar_config with = config();

	with.max_registrar_elements = 3;
	with.max_registrar_pools = 2;
	begin_with(&with);
	rights.pool = NULL;
	world_joined(C, ID_C, "c");
	world_update(B, ID_B, ENRP_ADD_PE, "p1", world_pe(1, ID_B, 10));
	world_update(B, ID_B, ENRP_ADD_PE, "p2", world_pe(2, ID_B, 10));
	world_update(B, ID_B, ENRP_ADD_PE, "p3", world_pe(3, ID_B, 10));
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pools-of-one-registrar");
	world_update(B, ID_B, ENRP_ADD_PE, "p2", world_pe(3, ID_B, 10));
	world_update(B, ID_B, ENRP_ADD_PE, "p2", world_pe(4, ID_B, 10));
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "elements-of-one-registrar");
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_B), 3);
	world_update(B, ID_B, ENRP_ADD_PE, "p2", world_pe(3, ID_B, 12)); /* an element that it has already may change */
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	world_update(C, ID_C, ENRP_ADD_PE, "p3", world_pe(3, ID_C, 10)); /* c has its own share */
	CHECK(is_there("p3", 3));
	world_update(B, ID_B, ENRP_DEL_PE, "p1", world_pe(1, ID_B, 11)); /* the pool goes with its last element */
	CHECK_EQ(rsp_home_pools(w.r->core.space, ID_B), 1);
	world_update(B, ID_B, ENRP_ADD_PE, "p4", world_pe(4, ID_B, 10));
	CHECK(is_there("p4", 4));
	world_end();
}

static void
elements_at_other_registrars_do_not_count_for_their_identity(void)
{
	struct rsp_registrar_config with = config();

	with.max_identity_pools = 1;
	begin_with(&with);
	rights.pool = NULL;
	world_update(B, ID_B, ENRP_ADD_PE, "p1", world_pe(1, ID_B, 10));
	world_update(B, ID_B, ENRP_ADD_PE, "p2", world_pe(2, ID_B, 10));
	rights.pool = "web";
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(9, "web", 1);
	CHECK(is_there("web", 1));
	CHECK_EQ(rsp_owner_pools(w.r->core.space, rsp_bytes_str("web1")), 1);
	rights.pool = "web2";
	world_register(9, "web2", 1);
	CHECK(!is_there("web2", 1));
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pools-of-one-identity");
	world_end();
}

static void
a_pool_that_an_identity_has_left_does_not_count_for_it(void)
{
	struct rsp_registrar_config with = config();

	with.max_identity_pools = 1;
	with.may = NULL; /* all may use all pools */
	begin_with(&with);
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(9, "web", 1, (struct rsp_epoch){ 100, PROCESS, 0 });
	CHECK_EQ(world_up(10, RSP_ASAP, RSP_ROLE_ELEMENT, "web2"), RSP_OK);
	world_register(10, "web", 2);
	world_deregister_epoch(9, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	world_register(9, "other", 1);
	CHECK(is_there("web", 2) && is_there("other", 1));
	world_end();
}

static void
an_element_that_has_lost_the_right_to_its_pool_may_deregister(void)
{
	begin();
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(9, "web", 1, (struct rsp_epoch){ 100, PROCESS, 0 });
	rights.pool = "other";
	world_deregister_epoch(9, "web", 1, (struct rsp_epoch){ 101, PROCESS, 0 });
	CHECK(!is_there("web", 1));
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

/* b has the elements 1 to 3 of a pool that their owner may not use: the digests never agree. Its table is downloaded. */
static void
begin_partial(void)
{
	begin();
	rights.pool = "other";
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234, .update = 3 });
	world_table(B, ID_B, 0, "web", 1, 3, ID_B, 10);
	world_run(800);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 3);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "pool-not-allowed");
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "partial");
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_B), 0);
	world_clear();
}

static void
presence_of_b(uint64_t digest)
{
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = digest, .update = 3 });
}

static void
a_table_with_refused_elements_is_not_downloaded_again(void)
{
	begin_partial();
	for (unsigned i = 0; i < 4; i++) {
		presence_of_b(0x1234);
		world_run(800);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_table_with_refused_elements_is_downloaded_again_when_it_has_changed(void)
{
	begin_partial();
	presence_of_b(0x1235);
	presence_of_b(0x1235);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_end();
}

static void
a_table_with_refused_elements_is_downloaded_again_when_rights_have_changed(void)
{
	begin_partial();
	rights.pool = "web";
	rsp_registrar_rights_changed(w.r, w.now);
	presence_of_b(0x1234);
	presence_of_b(0x1234);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "web", 1, 3, ID_B, 10);
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_B), 3);
	world_end();
}

static void
a_table_with_refused_elements_is_downloaded_again_after_many_cycles(void)
{
	begin_partial();
	for (unsigned i = 0; i < 22; i++) {
		world_run(1000);
		presence_of_b(0x1234);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_end();
}

static void
elements_are_removed_with_the_rights_of_their_owner(void)
{
	begin();
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(9, "web", 1);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 10));
	CHECK(is_there("web", 1) && is_there("web", 2));
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK(is_there("web", 1) && is_there("web", 2));
	world_clear();
	rights.pool = "other";
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK(!is_there("web", 1) && !is_there("web", 2));
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 1); /* the home of the other one removes that */
	CHECK_STR(world_reason(RSP_EVENT_PE_REMOVED), "rights-ended");
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_count(9, ASAP_DEREGISTRATION_RESPONSE), 1); /* the element is sent the cause */
	rights.pool = "web";
	world_register(9, "web", 3);
	CHECK(is_there("web", 3));
	rights.no_key = true;
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK(!is_there("web", 3));
	world_end();
}

static void
a_smaller_quota_removes_the_elements_above_it(void)
{
	struct rsp_registrar_config with = config();

	with.max_identity_elements = 5;
	begin_with(&with);
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	for (uint32_t i = 1; i <= 5; i++)
		world_register(9, "web", i);
	w.r->core.config.max_identity_elements = 2;
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_US), 2);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 3);
	world_end();
}

static void
elements_that_moved_here_above_the_quota_stay(void)
{
	struct rsp_registrar_config with = config();

	with.max_identity_elements = 1;
	begin_with(&with);
	CHECK_EQ(world_up(9, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(9, "web", 1);
	for (uint32_t i = 2; i <= 3; i++) {
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(i, ID_B, 10));
		world_register(9, "web", i);
	}
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_US), 3);
	rsp_registrar_rights_changed(w.r, w.now); /* no right has ended */
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_US), 3);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	world_end();
}

static void
a_peer_without_a_key_is_dead(void)
{
	struct rsp_peer_view peer;

	begin();
	world_joined(C, ID_C, "c");
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 10));
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	rights.no_peer = "c";
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "rights-ended");
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_C);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	CHECK_EQ(rsp_home_count(w.r->core.space, ID_US), 1);
	for (unsigned i = 0; rsp_registrar_peer(w.r, i, &peer); i++)
		CHECK(peer.server_id != ID_C);
	world_end();
}

/* What c says of other registrars counts no more: no peer hears d. */
static void
the_word_of_a_peer_ends_with_its_rights(void)
{
	const struct rsp_heard d = { .server_id = ID_D };

	begin();
	world_joined(C, ID_C, "c");
	world_joined(D, ID_D, "d");
	world_run(2400);
	world_presence(B, ID_B, "b", false);
	world_presence(C, ID_C, "c", false);
	world_run(200);
	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .heard = &d, .n_heard = 1 });
	world_run(400);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	rights.no_peer = "c";
	rsp_registrar_rights_changed(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_C);
	world_presence(B, ID_B, "b", false); /* b does not hear d either */
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 2);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_pool_that_the_owner_may_not_use_is_refused);
	TAP_RUN(an_identity_that_authz_does_not_list_is_believed);
	TAP_RUN(an_address_that_is_not_the_element_s_is_refused);
	TAP_RUN(an_address_of_no_host_is_refused);
	TAP_RUN(a_registrar_may_have_a_share_of_the_handlespace);
	TAP_RUN(elements_at_other_registrars_do_not_count_for_their_identity);
	TAP_RUN(a_pool_that_an_identity_has_left_does_not_count_for_it);
	TAP_RUN(an_element_that_has_lost_the_right_to_its_pool_may_deregister);
	TAP_RUN(a_table_with_refused_elements_is_not_downloaded_again);
	TAP_RUN(a_table_with_refused_elements_is_downloaded_again_when_it_has_changed);
	TAP_RUN(a_table_with_refused_elements_is_downloaded_again_when_rights_have_changed);
	TAP_RUN(a_table_with_refused_elements_is_downloaded_again_after_many_cycles);
	TAP_RUN(elements_are_removed_with_the_rights_of_their_owner);
	TAP_RUN(a_smaller_quota_removes_the_elements_above_it);
	TAP_RUN(elements_that_moved_here_above_the_quota_stay);
	TAP_RUN(a_peer_without_a_key_is_dead);
	TAP_RUN(the_word_of_a_peer_ends_with_its_rights);
	return tap_end();
}
