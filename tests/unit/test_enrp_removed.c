#include "registrar_world.h"

/* A removed element stays removed until its tombstone expires. Each test removes it in another way. RFC 5353
 * s.3.3.2. */

enum { TOMBSTONE_MS = 20000 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.tombstone_ms = TOMBSTONE_MS;
	config.max_time_last_heard_ms = 60000;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
}

static void
stays_removed(uint64_t version)
{
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_run(TOMBSTONE_MS - 2000);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, version)); /* late */
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	world_run(4000); /* its tombstone expires */
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

static void
an_element_that_its_home_removes_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	stays_removed(22);
}

static void
an_element_whose_removal_comes_before_its_addition_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_B, 22));
	stays_removed(22);
}

/* c claimed and removed it, and b, its home, did not object in time. */
static void
an_element_of_a_claimant_that_removes_it_stays_removed(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 40));
	world_update(C, ID_C, ENRP_DEL_PE, "web", world_pe(7, ID_C, 42));
	world_run(500);
	stays_removed(42);
}

/* An element of ours was not connected, and did not come back in its grace time. */
static void
an_own_element_that_does_not_come_back_in_its_grace_time_stays_removed(void)
{
	begin();
	CHECK_EQ(world_up(5, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(5, "web", 7);
	uint64_t version = rsp_element_version(world_element("web", 7));
	world_down(5, RSP_ECLOSED);
	world_run(701);
	stays_removed(version + 1);
}

/* c took it over while it was cut off, which is not believed, since b is there. c is asked for its table before the
 * element is removed, unless b has spoken of the element since (@again). */
static void
is_not_in_its_home_s_table(bool again)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 20));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 41));
	CHECK_EQ(world_home("web", 7), ID_B);
	if (again)
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(7, ID_B, 44));
	world_clear();
	world_presence(B, ID_B, "b", false); /* b has no elements */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "web", 1, 0, ID_B, 0);
	world_run(2000);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), again ? 0 : 1);
	CHECK(!again || world_home("web", 7) == 0);
	world_end();
}

static void
an_element_that_its_home_does_not_list_is_removed_after_its_claimant_was_asked(void)
{
	is_not_in_its_home_s_table(false);
}

static void
an_element_that_its_home_does_not_list_is_removed_at_once_if_the_home_updated_it_after_the_claim(void)
{
	is_not_in_its_home_s_table(true);
}

int
main(void)
{
	TAP_RUN(an_element_that_its_home_removes_stays_removed);
	TAP_RUN(an_element_whose_removal_comes_before_its_addition_stays_removed);
	TAP_RUN(an_element_of_a_claimant_that_removes_it_stays_removed);
	TAP_RUN(an_own_element_that_does_not_come_back_in_its_grace_time_stays_removed);
	TAP_RUN(an_element_that_its_home_does_not_list_is_removed_after_its_claimant_was_asked);
	TAP_RUN(an_element_that_its_home_does_not_list_is_removed_at_once_if_the_home_updated_it_after_the_claim);
	return tap_end();
}
