#include "registrar_world.h"

/* How long a registrar that joins waits for the table of its mentor: RFC 5353 s.3.2.3. */

static const struct rsp_contact_config contacts[] = {
	{ .name = "a", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 },
	{ .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 },
};

static uint32_t a, b; /* links */

static bool
serves(void)
{
	return rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING;
}

/* The contact @name, which was dialled, accepts, and its presence says @id. */
static uint32_t
answers(uint32_t id, const char *name)
{
	uint32_t link = world_dialled(name);

	world_peer(link, name);
	world_presence(link, id, name, false);
	return link;
}

static void
lists(uint32_t link, uint32_t id)
{
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, id);

	world_tell(link, &msg);
}

/* We join, and our mentor a has been asked for its table; b is another contact. */
static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = RSP_COUNT(contacts);
	world_begin(&config);
	world_run(0);
	a = answers(ID_A, "a");
	b = answers(ID_B, "b");
	lists(a, ID_A);
	CHECK_EQ(world_count(a, ENRP_HANDLE_TABLE_REQUEST), 1);
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
	lists(b, ID_B);
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

int
main(void)
{
	TAP_RUN(a_mentor_that_sends_one_element_a_page_is_left_for_another);
	TAP_RUN(a_large_table_may_take_longer);
	return tap_end();
}
