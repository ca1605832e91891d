#include "registrar_world.h"

/* All registrars were stopped together, for longer than others wait: none of them throws its table away. */

static bool
serves(void)
{
	return rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING;
}

static uint64_t version;

static uint32_t
answers(uint32_t id, const char *name)
{
	uint32_t link = world_dialled(name);

	world_peer(link, name);
	world_presence(link, id, name, false);
	return link;
}

static void
lists(uint32_t link, uint32_t id, bool rejects)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, id);

	msg.flags = rejects ? ENRP_FLAG_REJECT : 0;
	world_tell(link, &msg);
}

/* We have five elements of a, two of d, which is known only as their home, and one of our own; and were away. */
static void
begin_away_contested(bool contested)
{
	static const struct rsp_contact_config contact = { .name = "a",
							   .ip = { 4, { 192, 0, 2, ID_A } },
							   .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 5, ID_A, 8);
	world_table(a, ID_A, 0, "web", 11, 2, ID_D, 8);
	CHECK(serves());
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB1, "mine", 7);
	version = rsp_element_version(world_element("mine", 7));
	world_run(0);
	world_clear();
	if (contested) {
		world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(7, ID_A, version + 2));
		CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 1);
	}
	w.now += 100000;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	CHECK(world_was_closed(WEB1));
	CHECK(!serves()); /* users wait, or ask another one */
	world_run(0);
}

static void
begin_away(void)
{
	begin_away_contested(false);
}

static unsigned
elements(void)
{
	return rsp_registrar_stats(w.r).elements;
}

/* a joins, too, and has the lower id. */
static void
the_first_one_to_serve_has_its_old_table(void)
{
	struct rsp_peer_view view;

	begin_away();
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, true);
	for (unsigned i = 0; i < 30 && !serves(); i++) {
		world_run(100);
		if (world_dialled("a") != a)
			a = answers(ID_A, "a");
	}
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	CHECK_EQ(elements(), 8);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 0);
	CHECK_EQ(rsp_element_version(world_element("mine", 7)), version);
	CHECK(world_peer_view(ID_D, &view)); /* it is watched, and dead if it does not come */
	/* its own element has the grace time to come back */
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register(WEB2, "mine", 7);
	for (unsigned i = 0; i < 30; i++) {
		world_run(100);
		world_presence(a, ID_A, "a", false);
	}
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

static void
an_own_element_that_does_not_come_back_goes(void)
{
	begin_away();
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_EQ(elements(), 8);
	world_run(701);
	CHECK_EQ(world_home("mine", 7), 0);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	/* those of others go when their homes are dead, and they do not answer us either */
	for (unsigned i = 0; i < 50; i++) {
		world_run(100);
		if (w.n_dials > 0 && world_dialled("a"))
			world_down(world_dialled("a"), RSP_EUNREACHABLE);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 2);
	world_end();
}

/* What another one said of an element before we were away counts no more. */
static void
what_was_contested_before_is_not_any_more(void)
{
	begin_away_contested(true);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_register(WEB2, "mine", 7);
	world_run(600);
	CHECK_EQ(world_home("mine", 7), ID_US);
	world_end();
}

/* a serves, and has a newer table: of the old one nothing is left but what a confirms. */
static void
with_a_mentor_the_old_table_is_forgotten(void)
{
	begin_away();
	uint32_t a = answers(ID_A, "a");
	/* what comes before the list replaces what is old, be it ours or of another one, and older by its version */
	world_update(a, ID_A, ENRP_ADD_PE, "mine", world_pe(7, ID_A, 6));
	world_update(a, ID_A, ENRP_ADD_PE, "web", world_pe(11, ID_A, 6));
	CHECK_EQ(elements(), 8);
	CHECK_EQ(world_home("mine", 7), ID_A);
	CHECK_EQ(world_home("web", 11), ID_A);
	CHECK_EQ(world_told(RSP_EVENT_PE_CONTESTED), 0);
	lists(a, ID_A, false);
	CHECK_EQ(elements(), 2);
	world_table(a, ID_A, 0, "web", 1, 3, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(elements(), 5);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_first_one_to_serve_has_its_old_table);
	TAP_RUN(an_own_element_that_does_not_come_back_goes);
	TAP_RUN(what_was_contested_before_is_not_any_more);
	TAP_RUN(with_a_mentor_the_old_table_is_forgotten);
	return tap_end();
}
