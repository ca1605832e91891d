#include "engine/registrar/core.h"
#include "registrar_world.h"

/* ENRP_HANDLE_TABLE_RESPONSE, sent to peers and monitors: RFC 5353 s.3.2.3, s.3.6. */

enum { AGAIN = 5000, MANY = 3000 };

static void
alive(void)
{
	world_presence(B, ID_B, "b", false);
	world_presence(C, ID_C, "c", false);
}

static void
request(uint32_t link, uint32_t id, uint8_t flags)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, id);

	msg.flags = flags;
	world_tell(link, &msg);
}

/* @n elements of ours in three pools, and @others of b. */
static void
fill(uint32_t n, uint32_t others)
{
	static const char *const pool[] = { "web", "mail", "a pool with a long name" };

	for (uint32_t i = 1; i <= n; i++)
		world_register(WEB1, pool[i % 3], i);
	for (uint32_t i = 1; i <= others; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(i, ID_B, 8));
	world_clear();
}

/* Read all pages that the registrar sent over @link. Returns how many elements they have; @seen counts each id. */
static uint32_t
pages(uint32_t link, uint8_t *seen, unsigned *ret_pages, bool *ret_complete)
{
	struct rsp_message msg;
	struct rsp_list_item item;
	uint32_t n = 0;

	*ret_pages = 0;
	*ret_complete = false;
	while (world_find(link, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, (int)*ret_pages, &msg)) {
		size_t cursor = 0;

		++*ret_pages;
		*ret_complete = !(msg.flags & ENRP_FLAG_MORE);
		while (rsp_list_next(&msg, &cursor, &item))
			if (item.type == RSP_PARAM_POOL_ELEMENT) {
				n++;
				seen[item.element.pe_id]++;
			}
	}
	return n;
}

static void
pages_are_as_full_as_a_message_can_be(void)
{
	static uint8_t seen[MANY + 1];
	unsigned n_pages, asked = 0;
	bool complete = false;
	struct rsp_message msg;

	memset(seen, 0, sizeof(seen));
	world_begin_two_downloads();
	fill(MANY, 0);
	while (!complete && asked++ < 20) {
		request(C, ID_C, 0);
		memset(seen, 0, sizeof(seen));
		(void)pages(C, seen, &n_pages, &complete);
		CHECK_EQ(n_pages, asked); /* one for each request */
	}
	CHECK(complete);
	CHECK(n_pages > 3 && n_pages < 10);
	for (unsigned i = 0; i < w.n_sent; i++)
		CHECK(w.sent[i].n <= 65535);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg));
	CHECK_EQ(msg.receiver_id, ID_C);
	CHECK(w.sent[0].n > 65000);
	unsigned handles = 0;
	struct rsp_list_item item;
	for (size_t cursor = 0; rsp_list_next(&msg, &cursor, &item);)
		handles += item.type == RSP_PARAM_POOL_HANDLE;
	CHECK(handles <= 3); /* once for all of a pool's elements */
	for (uint32_t i = 1; i <= MANY; i++)
		CHECK_EQ(seen[i], 1);
	world_end();
}

static void
a_request_with_w_is_answered_with_our_own_elements(void)
{
	static uint8_t seen[MANY + 1];
	unsigned n_pages;
	bool complete;

	world_begin_two_downloads();
	fill(10, 20);
	request(C, ID_C, ENRP_FLAG_OWN);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 10);
	CHECK(complete);
	world_clear();
	request(C, ID_C, 0);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 30);
	world_end();
}

static void
a_request_of_the_other_kind_begins_a_new_table(void)
{
	unsigned n_pages;
	bool complete;

	world_begin_two_downloads();
	fill(MANY, 3);
	static uint8_t own[MANY + 1];
	request(C, ID_C, 0);
	world_clear();
	complete = false;
	for (unsigned i = 0; i < 20 && !complete; i++) {
		request(C, ID_C, ENRP_FLAG_OWN);
		memset(own, 0, sizeof(own));
		(void)pages(C, own, &n_pages, &complete);
	}
	unsigned missed = 0;
	for (uint32_t i = 1; i <= MANY; i++)
		missed += own[i] != 1;
	CHECK_EQ(missed, 0);
	world_end();
}

static void
a_table_without_elements_is_one_page(void)
{
	static uint8_t seen[MANY + 1];
	unsigned n_pages;
	bool complete;

	world_begin_two_downloads();
	world_clear();
	request(C, ID_C, ENRP_FLAG_OWN);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 0);
	CHECK(complete && n_pages == 1);
	world_end();
}

/* Between two pages: some elements deregister, others register, and one of ours, which would be in the next page,
 * moves to b. */
static void
change(struct rsp_rng *rng, const uint8_t *seen, bool *gone, bool *moved)
{
	static const char *const pool[] = { "web", "mail", "a pool with a long name" };

	for (uint32_t i = 0; i < 100; i++) {
		uint32_t id = 1 + (uint32_t)rsp_rng_below(rng, MANY);
		struct rsp_message msg = { .protocol = RSP_ASAP,
					   .type = ASAP_DEREGISTRATION,
					   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
					   .handle = rsp_bytes_str(pool[id % 3]),
					   .pe_id = id };

		if (!moved[id]) {
			world_tell(AGAIN, &msg);
			gone[id] = true;
		}
		world_register(AGAIN, "new", MANY + 1 + i);
	}
	struct rsp_element *e = rsp_home_first(rsp_registrar_handlespace(w.r), ID_US);
	while (e && (seen[e->pe_id] || e->pe_id > MANY))
		e = rsp_home_next(e);
	if (!e)
		return;
	uint32_t id = e->pe_id;
	world_update(B, ID_B, ENRP_ADD_PE, pool[id % 3], world_pe(id, ID_B, rsp_element_statement(e).epoch.epoch + 1));
	CHECK_EQ(world_home(pool[id % 3], id), ID_B);
	moved[id] = true;
}

static void
table_that_changes(bool own)
{
	struct rsp_rng rng = rsp_rng_seeded(3);

	static uint8_t seen[2 * MANY + 1];
	static bool gone[MANY + 1], moved[MANY + 1];
	uint32_t given = 0, n = 0, n_gone = 0, n_moved = 0;
	unsigned n_pages = 0;
	bool complete = false;

	memset(seen, 0, sizeof(seen));
	memset(gone, 0, sizeof(gone));
	memset(moved, 0, sizeof(moved));
	world_begin_two_downloads();
	fill(MANY, 0);
	CHECK_EQ(world_up(AGAIN, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_down(WEB1, RSP_ECLOSED); /* what is stated of elements that are not linked is believed at once */
	while (!complete && n_pages < 20) {
		request(C, ID_C, own ? ENRP_FLAG_OWN : 0);
		memset(seen, 0, sizeof(seen));
		given = pages(C, seen, &n_pages, &complete);
		if (!complete)
			change(&rng, seen, gone, moved);
	}
	CHECK(complete);
	for (uint32_t i = 1; i <= MANY; i++) {
		CHECK(seen[i] > 0 || gone[i] || (own && moved[i]));
		n_gone += gone[i];
		n_moved += moved[i];
	}
	for (uint32_t i = 1; i <= 2 * MANY; i++)
		n += seen[i] > 0;
	CHECK(n_pages > 3 && n_moved >= 3);
	/* the place of a removed element may go to one that was sent before; the order of one home does not change */
	CHECK(given - n <= (own ? 0 : n_gone));
	world_end();
}

static void
a_table_that_changes_has_all_elements_that_stay(void)
{
	table_that_changes(false);
}

static void
a_table_of_our_own_that_changes_has_all_elements_that_stay(void)
{
	table_that_changes(true);
}

static void
downloads_are_limited_and_time_out(void)
{ /* s.3.2.3: the timer of the session */
	struct rsp_message msg;

	world_begin_two_downloads();
	fill(MANY, 0);
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
	request(B, ID_B, 0);
	request(C, ID_C, 0);
	request(MONITOR, 0x777, 0);
	CHECK(world_find(MONITOR, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REJECT);
	CHECK_EQ(msg.n_list, 0);
	world_run(501);
	alive();
	request(MONITOR, 0x777, 0); /* b and c did not ask for the next page */
	CHECK(world_find(MONITOR, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_MORE);
	world_clear();
	request(C, ID_C, 0); /* a new table */
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg) && msg.flags == ENRP_FLAG_MORE);
	world_down(C, RSP_ECLOSED);
	world_down(MONITOR, RSP_ECLOSED);
	world_clear();
	request(B, ID_B, 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg) && msg.flags == ENRP_FLAG_MORE);
	world_end();
}

/* Two tables of several pages may be sent at a time, and there are four peers: b and c have connected before a and d. */
static void
begin_with_four_peers(void)
{
	world_begin_two_downloads();
	fill(MANY, 0);
	world_joined(A, ID_A, "a");
	world_joined(D, ID_D, "d");
}

/* B and C are sent a table each; A and D have requested one, too. */
static void
begin_waiting(void)
{
	begin_with_four_peers();
	request(B, ID_B, 0);
	request(C, ID_C, 0);
	world_clear();
	request(A, ID_A, 0);
	request(D, ID_D, 0);
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_RESPONSE) + world_count(D, ENRP_HANDLE_TABLE_RESPONSE), 0);
}

/* The flags of the only response over @link. */
static unsigned
answered(uint32_t link)
{
	struct rsp_message msg = { .flags = UINT8_MAX };

	CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_RESPONSE), 1);
	(void)world_find(link, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg);
	return msg.flags;
}

static void
peers_wait_for_their_turn_in_the_order_of_their_requests(void)
{
	struct rsp_message msg;

	begin_waiting();
	for (unsigned i = 0; i < 20; i++)
		request(B, ID_B, ENRP_FLAG_CONTINUE);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, 0); /* it is complete */
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK_EQ(answered(A), ENRP_FLAG_MORE);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_down(C, RSP_ECLOSED);
	CHECK_EQ(answered(D), ENRP_FLAG_MORE);
	for (unsigned i = 0; i < 20; i++)
		request(D, ID_D, ENRP_FLAG_CONTINUE);
	CHECK(world_count(D, ENRP_HANDLE_TABLE_RESPONSE) > 3);
	world_end();
}

static void
a_peer_that_has_waited_for_half_of_its_time_is_rejected(void)
{ /* s.3.2.3 */
	begin_waiting();
	world_run(249);
	request(C, ID_C, ENRP_FLAG_CONTINUE); /* they are slow */
	request(B, ID_B, ENRP_FLAG_CONTINUE);
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_run(1);
	CHECK_EQ(answered(A), ENRP_FLAG_REJECT);
	CHECK_EQ(answered(D), ENRP_FLAG_REJECT);
	world_clear();
	request(A, ID_A, 0);
	world_run(249);
	world_down(B, RSP_ECLOSED);
	CHECK_EQ(answered(A), ENRP_FLAG_MORE);
	world_end();
}

static void
a_peer_that_is_gone_has_lost_its_turn(void)
{
	begin_waiting();
	world_down(A, RSP_ECLOSED);
	CHECK_EQ(world_count(D, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_down(B, RSP_ECLOSED);
	CHECK_EQ(answered(D), ENRP_FLAG_MORE);
	world_end();
}

/* Else it could keep its place for ever. */
static void
a_peer_that_begins_another_table_waits_behind_the_others(void)
{
	begin_waiting();
	request(B, ID_B, ENRP_FLAG_OWN);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_RESPONSE), 0);
	CHECK_EQ(answered(A), ENRP_FLAG_MORE);
	world_down(C, RSP_ECLOSED);
	CHECK_EQ(answered(D), ENRP_FLAG_MORE);
	world_down(A, RSP_ECLOSED);
	CHECK_EQ(answered(B), ENRP_FLAG_MORE);
	world_end();
}

static void
a_peer_that_requests_updates_instead_of_the_table_makes_room(void)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, ID_B);

	begin_waiting();
	msg.flags = ENRP_FLAG_OWN;
	msg.has = RSP_HAS_UPDATES_FROM;
	msg.updates_from = MANY; /* the last update */
	world_tell(B, &msg);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(answered(A), ENRP_FLAG_MORE);
	world_end();
}

/* As many tables as an identity may have, with those that wait: RFC 5355 s.2.14. */
static void
a_peer_waits_over_one_connection_only(void)
{
	begin_waiting();
	uint32_t dialled = world_dialled("a");
	CHECK_EQ(world_up(dialled, RSP_ENRP, RSP_ROLE_PEER, "a"), RSP_OK);
	world_presence(dialled, ID_A, "a", false);
	world_clear();
	request(dialled, ID_A, 0);
	CHECK_EQ(answered(dialled), ENRP_FLAG_REJECT);
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_end();
}

/* Until all elements of d have moved to b, the table would list some at a home that is dead. */
static void
those_that_wait_are_rejected_while_elements_are_taken_over(void)
{
	begin_with_four_peers();
	for (uint32_t i = 1; i <= 2 * RSP_SLICE; i++) /* they move in two slices */
		world_update(D, ID_D, ENRP_ADD_PE, "d", world_pe(i, ID_D, 20));
	world_down(D, RSP_ECLOSED);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_D);
	world_run(600);
	request(B, ID_B, 0);
	request(C, ID_C, 0);
	world_clear();
	request(A, ID_A, 0);
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_D);
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_down(C, RSP_ECLOSED);
	CHECK_EQ(answered(A), ENRP_FLAG_REJECT);
	world_end();
}

/* A link that is being closed gets nothing. The newest is closed first, so b and c wait here. */
static void
when_the_server_id_changes_no_table_is_sent_over_the_former_connections(void)
{
	begin_with_four_peers();
	world_joined(OTHER, ID_US, "e");
	world_run(240);
	alive();
	request(A, ID_A, 0);
	request(D, ID_D, 0);
	request(B, ID_B, 0);
	request(C, ID_C, 0);
	for (unsigned i = 0; i < 60 && world_told(RSP_EVENT_SERVER_ID_DRAWN) == 0; i++) {
		CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_RESPONSE), 0);
		world_clear();
		if (i % 20 == 19) { /* they have waited for too long */
			request(B, ID_B, 0);
			request(C, ID_C, 0);
		}
		world_run(10);
	}
	CHECK_EQ(world_told(RSP_EVENT_SERVER_ID_DRAWN), 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_RESPONSE) + world_count(C, ENRP_HANDLE_TABLE_RESPONSE), 0);
	world_end();
}

static void
a_peer_that_waits_and_requests_again_is_answered_once(void)
{
	begin_waiting();
	for (unsigned i = 0; i < 5; i++)
		request(D, ID_D, 0);
	world_down(B, RSP_ECLOSED);
	world_down(C, RSP_ECLOSED);
	CHECK_EQ(answered(A), ENRP_FLAG_MORE);
	CHECK_EQ(answered(D), ENRP_FLAG_MORE);
	world_end();
}

static void
one_monitor_does_not_get_all_downloads(void)
{ /* with many connections */
	enum { MONITORS = 20, MOST = 7 };
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg;
	unsigned given = 0;

	config.max_downloads = MOST;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	fill(MANY, 0);
	for (uint32_t i = 0; i < MONITORS; i++) {
		CHECK_EQ(world_up(100 + i, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
		request(100 + i, 0x777, 0);
		CHECK(world_find(100 + i, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
		given += msg.flags == ENRP_FLAG_MORE;
	}
	CHECK_EQ(given, 4);
	request(B, ID_B, 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg) && msg.flags == ENRP_FLAG_MORE);
	world_down(100, RSP_ECLOSED); /* one download has ended */
	request(100 + MONITORS - 1, 0x777, 0);
	CHECK(world_find(100 + MONITORS - 1, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_MORE);
	world_end();
}

static void
without_keys_one_address_may_have_all_downloads(void)
{ /* there are no identities */
	enum { MONITORS = 20, MOST = 7 };
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg;
	unsigned given = 0;

	config.max_downloads = MOST;
	config.insecure = true;
	world_begin(&config);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_NONE, NULL), RSP_OK);
	fill(MANY, 0);
	for (uint32_t i = given = 0; i < MONITORS; i++) {
		CHECK_EQ(world_up(100 + i, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
		request(100 + i, 0x777 + i, 0);
		CHECK(world_find(100 + i, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
		given += msg.flags == ENRP_FLAG_MORE;
	}
	CHECK_EQ(given, MOST);
	world_end();
}

static void
a_continuing_request_after_the_last_page_is_not_answered(void)
{
	world_begin_two_downloads();
	fill(MANY, 0);
	request(C, ID_C, 0);
	for (unsigned i = 0; i < 20; i++)
		request(C, ID_C, ENRP_FLAG_CONTINUE);
	CHECK(world_count(C, ENRP_HANDLE_TABLE_RESPONSE) < 10);
	unsigned n = world_count(C, ENRP_HANDLE_TABLE_RESPONSE);
	request(C, ID_C, ENRP_FLAG_CONTINUE);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), n);
	request(C, ID_C, 0); /* begins a new table */
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), n + 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(pages_are_as_full_as_a_message_can_be);
	TAP_RUN(a_request_with_w_is_answered_with_our_own_elements);
	TAP_RUN(a_request_of_the_other_kind_begins_a_new_table);
	TAP_RUN(a_table_without_elements_is_one_page);
	TAP_RUN(a_table_that_changes_has_all_elements_that_stay);
	TAP_RUN(a_table_of_our_own_that_changes_has_all_elements_that_stay);
	TAP_RUN(downloads_are_limited_and_time_out);
	TAP_RUN(peers_wait_for_their_turn_in_the_order_of_their_requests);
	TAP_RUN(a_peer_that_has_waited_for_half_of_its_time_is_rejected);
	TAP_RUN(a_peer_that_is_gone_has_lost_its_turn);
	TAP_RUN(a_peer_that_begins_another_table_waits_behind_the_others);
	TAP_RUN(a_peer_that_requests_updates_instead_of_the_table_makes_room);
	TAP_RUN(a_peer_waits_over_one_connection_only);
	TAP_RUN(those_that_wait_are_rejected_while_elements_are_taken_over);
	TAP_RUN(when_the_server_id_changes_no_table_is_sent_over_the_former_connections);
	TAP_RUN(a_peer_that_waits_and_requests_again_is_answered_once);
	TAP_RUN(one_monitor_does_not_get_all_downloads);
	TAP_RUN(without_keys_one_address_may_have_all_downloads);
	TAP_RUN(a_continuing_request_after_the_last_page_is_not_answered);
	return tap_end();
}
