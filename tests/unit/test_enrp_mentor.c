#include "join_world.h"

/* How long a registrar that joins waits for the table of its mentor, and what comes to it meanwhile: RFC 5353 s.3.2.3. */

static const struct rsp_contact_config contacts[] = {
	{ .name = "a", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 },
	{ .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 },
};

static uint32_t a, b; /* links */

/* We join, and our mentor a, which has made @update updates, has been asked for its table; b is another contact. */
static void
begin_told(uint64_t update)
{
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = RSP_COUNT(contacts);
	world_begin(&config);
	world_run(0);
	a = answers(ID_A, "a");
	b = answers(ID_B, "b");
	world_presence_of(a, ID_A, "a", (struct world_state){ .states = true, .update = update });
	lists(a, ID_A, false);
	CHECK_EQ(world_count(a, ENRP_HANDLE_TABLE_REQUEST), 1);
}

static void
begin(void)
{
	begin_told(0);
}

/* The mentor sends a page of @n elements @times, each after @ms. Return the number of elements. */
static uint32_t
sends_pages(unsigned times, uint32_t n, uint64_t ms)
{
	uint32_t sent = 0;

	for (unsigned i = 0; i < times && !world_was_closed(a); i++, sent += n) {
		world_run(ms);
		world_presence(b, ID_B, "b", false);
		world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1 + sent, n, ID_A, 8);
	}
	return sent;
}

static void
a_mentor_that_sends_one_element_a_page_is_left_for_another(void)
{
	begin();
	(void)sends_pages(40, 1, 490);
	CHECK(world_was_closed(a));
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	lists(b, ID_B, false);
	world_table(b, ID_B, 0, "", 0, 0, 0, 0);
	CHECK(serves());
	world_end();
}

static void
a_large_table_may_take_longer(void)
{
	begin();
	uint32_t sent = sends_pages(40, 200, 100);
	CHECK_EQ(sent, 8000);
	world_table(a, ID_A, 0, "web", 1 + sent, 1, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 8001);
	world_end();
}

/* This registrar joins: it accepts the connections of elements, and sends users away. */

/* All registrars may have just started: then none would take the element. What the mentor knows of it is compared later. */
static void
elements_register_while_the_registrar_joins(void)
{
	begin();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ .epoch = 100, .instance = PROCESS });
	CHECK_EQ(world_home("web", 7), ID_US);
	world_table(a, ID_A, 0, "web", 7, 1, ID_A, 90); /* from its former registration */
	CHECK(serves());
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_epoch("web", 7), 100);
	CHECK(rsp_registrar_link_elements(w.r, WEB1));
	world_end();
}

/* The answer to the last request of b: how many elements it lists; -1: it is a rejection. */
static int
listed_to_b(uint8_t flags)
{
	struct rsp_message msg, ask = enrp_message(ENRP_HANDLE_TABLE_REQUEST, ID_B);
	struct rsp_list_item item;
	int n = 0;

	ask.flags = flags;
	world_tell(b, &ask);
	CHECK(world_find(b, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	for (size_t cursor = 0; rsp_list_next(&msg, &cursor, &item);)
		n += item.type == RSP_PARAM_POOL_ELEMENT;
	return msg.flags & ENRP_FLAG_REJECT ? -1 : n;
}

/* What registered while this registrar joins is known to it alone. */
static void
a_registrar_that_joins_has_its_own_table_for_peers_that_order_statements(void)
{
	begin();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ .epoch = 100, .instance = PROCESS });
	CHECK_EQ(listed_to_b(ENRP_FLAG_OWN), 1);
	CHECK_EQ(listed_to_b(0), -1);
	world_presence_of(b, ID_B, "b", (struct world_state){ .states = false });
	CHECK_EQ(listed_to_b(ENRP_FLAG_OWN), -1);
	world_end();
}

/* The table has what updates had stated before. */
static void
of_the_updates_of_a_mentor_those_after_its_table_are_requested(void)
{
	struct rsp_message msg = { 0 };

	begin_told(40);
	world_table(a, ID_A, 0, "web", 1, 2, ID_A, 8);
	CHECK(serves());
	world_clear();
	world_presence_of(a, ID_A, "a", (struct world_state){ .states = true, .digest = 1, .update = 42 });
	CHECK_EQ(world_count(a, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK(world_find(a, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(!!(msg.has & RSP_HAS_UPDATES_FROM), true);
	CHECK_EQ(msg.updates_from, 41);
	world_end();
}

/* Perhaps it had a server id for a moment only, and no other registrar knew it. */
static void
a_peer_that_ends_while_the_registrar_joins_is_taken_over_soon_after_that(void)
{
	begin();
	world_down(b, RSP_ECLOSED);
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	world_table(a, ID_A, 0, "web", 1, 2, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 0);
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_end();
}

/* The registrar @id, over @link, has begun to take b over, and we have acknowledged that. */
static void
left_to(uint32_t link, uint32_t id, const char *name)
{
	world_down(b, RSP_ECLOSED);
	world_about(link, ENRP_INIT_TAKEOVER, id, ID_B);
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	CHECK_EQ(world_count(link, ENRP_INIT_TAKEOVER_ACK), 1);
	world_table(a, ID_A, 0, "web", 1, 2, ID_A, 8);
	CHECK(serves());
	world_run(2400);
	world_presence(link, id, name, false);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 0);
	world_run(200); /* MAX-TIME-LAST-HEARD */
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 1);
	world_end();
}

static void
a_takeover_of_it_that_another_registrar_has_begun_is_left_to_that_one(void)
{
	begin();
	world_joined(C, ID_C, "c");
	left_to(C, ID_C, "c");
}

static void
so_is_one_of_a_registrar_with_a_lower_id(void)
{
	begin();
	left_to(a, ID_A, "a");
}

/* In plain text a connection does not say whether it is of an element or of a user. */
static void
in_plain_text_a_user_is_sent_away_by_its_first_question(void)
{
	struct rsp_message msg = world_asap(ASAP_HANDLE_RESOLUTION, "web", 0);
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = 1;
	config.insecure = true;
	world_begin(&config);
	world_run(0);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_NONE, NULL), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_NONE, NULL), RSP_OK);
	world_register(WEB1, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	msg.has = RSP_HAS_HANDLE;
	world_tell(USER, &msg);
	CHECK(world_was_closed(USER));
	CHECK(!world_was_closed(WEB1));
	CHECK_EQ(world_count(USER, ASAP_HANDLE_RESOLUTION_RESPONSE), 0);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_mentor_that_sends_one_element_a_page_is_left_for_another);
	TAP_RUN(a_large_table_may_take_longer);
	TAP_RUN(elements_register_while_the_registrar_joins);
	TAP_RUN(a_registrar_that_joins_has_its_own_table_for_peers_that_order_statements);
	TAP_RUN(of_the_updates_of_a_mentor_those_after_its_table_are_requested);
	TAP_RUN(a_peer_that_ends_while_the_registrar_joins_is_taken_over_soon_after_that);
	TAP_RUN(a_takeover_of_it_that_another_registrar_has_begun_is_left_to_that_one);
	TAP_RUN(so_is_one_of_a_registrar_with_a_lower_id);
	TAP_RUN(in_plain_text_a_user_is_sent_away_by_its_first_question);
	return tap_end();
}
