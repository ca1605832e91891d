#include "engine/registrar/state.h"
#include "registrar_world.h"

/* Other registrars state that elements are here: those of an earlier run of this registrar, or inventions. They have a share
 * of the handlespace, are looked at after those that this registrar knows itself, and charge no identity. */

enum { LIMIT = 8, SHARE = LIMIT * 3 / 4, INTERVAL_MS = 2000, DIALS = 2 };

static struct rsp_registrar_config
config_of_stated(void)
{
	struct rsp_registrar_config config = world_config();

	config.limits = (struct rsp_handlespace_limits){ .pools = LIMIT, .elements = LIMIT, .pool_elements = LIMIT };
	config.max_adoptions = DIALS;
	config.keepalive_distance_ms = 0;
	config.keepalive_interval_ms = INTERVAL_MS;
	config.max_time_last_heard_ms = 600000; /* b is silent, and alive */
	return config;
}

static void
begin_config(const struct rsp_registrar_config *config)
{
	world_begin(config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_clear();
}

static void
begin(void)
{
	struct rsp_registrar_config config = config_of_stated();

	begin_config(&config);
}

/* b states that @owner has registered the element @pe_id at @home_id. It listens for registrars at a port of its own. */
static void
b_states(uint32_t pe_id, uint32_t home_id, const char *owner)
{
	struct rsp_pool_element pe = world_pe(pe_id, home_id, 10);

	pe.owner = rsp_bytes_str(owner);
	pe.asap.port = (uint16_t)(5000 + pe_id);
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
b_states_many(uint32_t first, uint32_t n, uint32_t home_id)
{
	for (uint32_t i = 0; i < n; i++)
		b_states(first + i, home_id, "web1");
	world_run(1); /* looks begin */
}

/* The link of the dial to the element that listens at @port; 0: there was none. */
static uint32_t
dialled_at(uint16_t port)
{
	for (unsigned i = 0; i < w.n_dials; i++)
		if (w.dial[i].protocol == RSP_ASAP && w.dial[i].port == port)
			return DIALLED + i;
	return 0;
}

/* The first dial to an element fails. */
static void
a_dial_ends(void)
{
	unsigned i = 0;

	while (i < w.n_dials && w.dial[i].protocol != RSP_ASAP)
		i++;
	CHECK(i < w.n_dials);
	world_down(DIALLED + i, RSP_EUNREACHABLE);
}

static uint32_t
n_elements(void)
{
	return rsp_registrar_stats(w.r).elements;
}

/* The share */

static void
what_others_say_to_be_here_leaves_room_for_what_registers_here(void)
{
	begin();
	b_states_many(1, LIMIT, ID_US);
	CHECK_EQ(n_elements(), SHARE);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "share-of-all-registrars");
	CHECK_EQ(world_register_as(WEB1, "web", 100, "192.0.2.1"), RSP_CAUSE_NONE);
	world_end();
}

static void
pools_that_others_say_to_be_here_leave_room_for_pools_of_this_registrar(void)
{
	begin();
	for (unsigned i = 0; i < LIMIT; i++) {
		char pool[] = { 'p', (char)('0' + i), 0 };

		world_update(B, ID_B, ENRP_ADD_PE, pool, world_pe(1, ID_US, 10));
	}
	CHECK_EQ(rsp_registrar_stats(w.r).pools, SHARE);
	CHECK_EQ(world_register_as(WEB1, "new", 1, "192.0.2.1"), RSP_CAUSE_NONE);
	world_end();
}

static void
a_second_owner_of_an_element_counts_in_the_share(void)
{
	begin();
	b_states_many(1, SHARE, ID_B);
	b_states(1, ID_B, "web2");
	CHECK_EQ(n_elements(), SHARE);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "share-of-all-registrars");
	world_end();
}

static void
an_element_that_is_stored_may_change_when_the_share_is_used(void)
{
	begin();
	b_states_many(1, SHARE, ID_B);
	world_clear();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_US, 11));
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
a_registrar_that_restarts_holds_all_its_elements_that_its_mentor_lists(void)
{
	struct rsp_registrar_config config = config_of_stated();
	const struct rsp_contact_config mentor = { .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 };
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_B);

	config.contacts = &mentor;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_joined(link, ID_B, "b");
	world_tell(link, &list);
	world_table(link, ID_B, 0, "web", 1, SHARE, ID_US, 10);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, SHARE);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
what_another_registrar_may_hold_of_a_registrar_fits_into_the_share(void)
{ /* so a registrar that restarts meets no limit */
	struct rsp_registrar_config config = rsp_registrar_defaults();

	CHECK(config.max_registrar_elements <= config.limits.elements / 4 * 3);
	CHECK(config.max_registrar_pools <= config.limits.pools / 4 * 3);
}

/* The identity */

static void
begin_two_of_one_identity(void)
{
	struct rsp_registrar_config config = config_of_stated();

	config.max_identity_elements = 2;
	begin_config(&config);
	b_states_many(1, 2, ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 2);
}

static void
inventions_do_not_use_up_the_number_of_their_owner(void)
{
	begin_two_of_one_identity();
	CHECK_EQ(world_register_as(WEB1, "web", 100, "192.0.2.1"), RSP_CAUSE_NONE);
	world_end();
}

static void
an_element_that_answers_counts_for_its_owner(void)
{
	begin_two_of_one_identity();
	for (unsigned i = 0; i < 2; i++) {
		uint32_t link = dialled_at((uint16_t)(5001 + i));

		CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
		world_ack_epoch(link, "web", i + 1, (struct rsp_epoch){ 10, PROCESS, 0 });
	}
	CHECK_EQ(world_register_as(WEB1, "web", 100, "192.0.2.1"), RSP_CAUSE_LACK_OF_RESOURCES);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "elements-of-one-identity");
	world_end();
}

/* The order of looks */

static void
an_element_whose_link_was_lost_is_looked_at_before_those_that_others_invent(void)
{
	begin();
	world_register_epoch(WEB1, "web", 100, (struct rsp_epoch){ 10, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	b_states_many(1, 5, ID_US);
	world_run(400); /* the first look */
	CHECK(!dialled_at(5000));
	a_dial_ends();
	CHECK(dialled_at(5000));
	world_end();
}

static void
reported(uint32_t pe_id)
{
	world_report(USER, "web", pe_id);
}

static void
a_reported_element_is_looked_at_before_those_that_others_invent(void)
{
	begin();
	b_states(6, ID_B, "web1");
	b_states_many(1, 5, ID_US);
	reported(6);
	CHECK(!dialled_at(5006));
	a_dial_ends();
	CHECK(dialled_at(5006));
	world_end();
}

static void
a_reported_element_that_waits_for_its_look_is_next(void)
{
	begin();
	b_states_many(1, 5, ID_US);
	CHECK(!dialled_at(5001) && !dialled_at(5002));
	reported(1); /* the last in the order */
	a_dial_ends();
	CHECK(dialled_at(5001));
	CHECK(!dialled_at(5002));
	world_end();
}

int
main(void)
{
	TAP_RUN(what_others_say_to_be_here_leaves_room_for_what_registers_here);
	TAP_RUN(pools_that_others_say_to_be_here_leave_room_for_pools_of_this_registrar);
	TAP_RUN(a_second_owner_of_an_element_counts_in_the_share);
	TAP_RUN(an_element_that_is_stored_may_change_when_the_share_is_used);
	TAP_RUN(a_registrar_that_restarts_holds_all_its_elements_that_its_mentor_lists);
	TAP_RUN(what_another_registrar_may_hold_of_a_registrar_fits_into_the_share);
	TAP_RUN(inventions_do_not_use_up_the_number_of_their_owner);
	TAP_RUN(an_element_that_answers_counts_for_its_owner);
	TAP_RUN(an_element_whose_link_was_lost_is_looked_at_before_those_that_others_invent);
	TAP_RUN(a_reported_element_is_looked_at_before_those_that_others_invent);
	TAP_RUN(a_reported_element_that_waits_for_its_look_is_next);
	return tap_end();
}
