#include "registrar_world.h"

/* Tables given and taken: RFC 5353 s.3.2.3 and s.3.6. */

enum { AGAIN = 5000, MANY = 3000 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_downloads = 2;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
}

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

/* @n elements of ours in three pools, and @others of B's. */
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

/* All pages that went over @link, counted: elements, and how often each id was in them. */
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
	begin();
	fill(MANY, 0);
	while (!complete && asked++ < 20) {
		request(C, ID_C, 0);
		memset(seen, 0, sizeof(seen));
		(void)pages(C, seen, &n_pages, &complete);
		CHECK_EQ(n_pages, asked); /* a page a request */
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
w_asks_for_our_own_only(void)
{
	static uint8_t seen[MANY + 1];
	unsigned n_pages;
	bool complete;

	begin();
	fill(10, 20);
	request(C, ID_C, ENRP_FLAG_OWN);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 10);
	CHECK(complete);
	world_clear();
	request(C, ID_C, 0);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 30);
	world_end();

	begin(); /* who asks for something else in the middle gets that, from the front */
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

	begin(); /* nothing is an answer too */
	world_clear();
	request(C, ID_C, ENRP_FLAG_OWN);
	CHECK_EQ(pages(C, seen, &n_pages, &complete), 0);
	CHECK(complete && n_pages == 1);
	world_end();
}

/* What changes between two pages: some go, some come, and one of ours, which would be given next, moves to B. */
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
	world_update(B, ID_B, ENRP_ADD_PE, pool[id % 3], world_pe(id, ID_B, rsp_element_version(e) + 2));
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
	begin();
	fill(MANY, 0);
	CHECK_EQ(world_up(AGAIN, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_down(WEB1, RSP_ECLOSED); /* they are in their grace time: whoever claims one has it */
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
	/* in place of one that goes another may come that was given before; the order of a home's does not change */
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
sessions_are_few_and_end(void)
{ /* s.3.2.3: too many, and the session timer */
	struct rsp_message msg;

	begin();
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
	request(MONITOR, 0x777, 0); /* those two did not go on */
	CHECK(world_find(MONITOR, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_MORE);
	world_clear();
	request(C, ID_C, 0); /* from the front again */
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg) && msg.flags == ENRP_FLAG_MORE);
	world_down(C, RSP_ECLOSED);
	world_down(MONITOR, RSP_ECLOSED);
	world_clear();
	request(B, ID_B, 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, 0, &msg) && msg.flags == ENRP_FLAG_MORE);
	world_end();
}

static void
nobody_has_all_sessions(void)
{ /* a monitor that has many connections, and goes on with each only as it must */
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
	world_down(100, RSP_ECLOSED); /* its place is free again */
	request(100 + MONITORS - 1, 0x777, 0);
	CHECK(world_find(100 + MONITORS - 1, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_MORE);
	world_end();

	config.insecure = true; /* many may be at one address there */
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
requests_beyond_the_end_that_say_so_get_nothing(void)
{
	begin();
	fill(MANY, 0);
	request(C, ID_C, 0);
	for (unsigned i = 0; i < 20; i++)
		request(C, ID_C, ENRP_FLAG_CONTINUE);
	CHECK(world_count(C, ENRP_HANDLE_TABLE_RESPONSE) < 10);
	unsigned n = world_count(C, ENRP_HANDLE_TABLE_RESPONSE);
	request(C, ID_C, ENRP_FLAG_CONTINUE);
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), n);
	request(C, ID_C, 0); /* a new one */
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_RESPONSE), n + 1);
	world_end();
}

/* B's presence, with the checksum and digest that these of its elements give. */
static void
presence_with(uint16_t checksum, bool has_digest, uint64_t digest)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, ID_B);
	struct rsp_ip ip = { 4, { 192, 0, 2, ID_B } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = checksum;
	msg.server_info = (struct rsp_server_info){ .server_id = ID_B,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .has_digest = has_digest,
						    .digest = digest };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	world_tell(B, &msg);
}

static const struct rsp_handlespace *
space(void)
{
	return rsp_registrar_handlespace(w.r);
}

static void
what_agrees_is_left_alone(void)
{ /* s.3.6.1 */
	begin();
	fill(0, 5);
	presence_with(rsp_home_checksum(space(), ID_B), true, rsp_home_digest(space(), ID_B));
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	presence_with(rsp_home_checksum(space(), ID_B), false, 0); /* the RFC's checksum alone */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
what_differs_is_taken_anew_and_swept(void)
{ /* s.3.6.1, s.3.6.3 */
	struct rsp_message msg;
	struct rsp_peer_view view;

	begin();
	fill(0, 5);
	presence_with(0x1234, false, 0);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 0, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK(world_peer_view(ID_B, &view) && view.resyncing && !view.in_sync);
	presence_with(0x1234, false, 0); /* one at a time */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);

	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(9, ID_B, 8)); /* meanwhile */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 2, 2, ID_B, 8);
	CHECK_EQ(world_home("of-b", 1), ID_B); /* not before the end */
	world_table(B, ID_B, 0, "of-b", 7, 1, ID_B, 8);
	CHECK_EQ(world_home("of-b", 1), ID_B); /* it may have moved, and its new home's word be on its way */
	world_update(C, ID_C, ENRP_ADD_PE, "of-b", world_pe(5, ID_C, 10));
	world_run(500);
	CHECK_EQ(world_home("of-b", 5), ID_C);
	CHECK_EQ(world_home("of-b", 1), 0);
	CHECK_EQ(world_home("of-b", 2), ID_B);
	CHECK_EQ(world_home("of-b", 3), ID_B);
	CHECK_EQ(world_home("of-b", 4), 0);
	CHECK_EQ(world_home("of-b", 7), ID_B);
	CHECK_EQ(world_home("of-b", 9), ID_B);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 1);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK(world_peer_view(ID_B, &view) && !view.resyncing && view.elements == 4);
	CHECK_EQ(world_count(0, ENRP_HANDLE_UPDATE), 0); /* silently */
	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(4, ID_B, 8)); /* late */
	CHECK_EQ(world_home("of-b", 4), 0);
	world_update(B, ID_B, ENRP_ADD_PE, "of-b", world_pe(4, ID_B, 10));
	CHECK_EQ(world_home("of-b", 4), ID_B);
	CHECK_EQ(rsp_home_checksum(space(), ID_B), rsp_home_checksum_full(space(), ID_B));
	world_end();
}

/* b does not list element 5 any more while the table of c is being taken; @moved: c lists it. */
static void
sweep_during_another_download(uint32_t moved)
{
	begin();
	fill(0, 5);
	world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(30, ID_C, 8));
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	world_run(300);
	world_presence(C, ID_C, "c", false); /* it says that it has nothing of what we know */
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_run(400);
	CHECK_EQ(world_home("of-b", 5), ID_B);
	world_table(C, ID_C, 0, "of-b", 5, moved, ID_C, 10);
	world_run(500);
	CHECK_EQ(world_home("of-b", 5), moved ? ID_C : 0);
	CHECK_EQ(world_home("of-b", 4), ID_B);
	world_end();
}

static void
an_element_that_another_table_may_have_is_not_swept_before_its_end(void)
{
	sweep_during_another_download(1);
}

static void
an_element_that_is_in_no_table_is_swept_at_the_end_of_the_last(void)
{
	sweep_during_another_download(0);
}

static void
whoever_gives_a_table_slowly_keeps_nobody_s_elements(void)
{
	struct rsp_message sign = enrp_message(ENRP_LIST_REQUEST, ID_B);

	begin();
	fill(0, 5);
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, 0, "of-b", 1, 4, ID_B, 8);
	world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(30, ID_C, 8));
	world_presence(C, ID_C, "c", false);
	for (uint32_t i = 0; i < 20 && world_home("of-b", 5); i++) { /* c's table has no end */
		world_run(300);
		world_table(C, ID_C, ENRP_FLAG_MORE, "of-c", i + 1, 1, ID_C, 8);
		world_tell(B, &sign);
	}
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_FAILED), 0);
	CHECK_EQ(world_home("of-b", 5), 0);
	world_end();
}

static void
who_is_never_in_sync_is_asked_at_a_rate(void)
{
	begin();
	for (unsigned i = 0; i < 200; i++) {
		world_run(10);
		presence_with(0x1234, false, 0);
		world_table(B, ID_B, 0, "of-b", 1, 0, ID_B, 8);
		if (i == 50)
			alive();
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 4); /* in 2 s */
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 4);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 4);
	world_end();
}

/* b has taken over elements of c, which we hear: each page is of c's elements, and none of them is b's. */
static void
table_of_others(bool gone)
{
	begin();
	for (uint32_t i = 1; i <= 100; i++)
		world_update(C, ID_C, ENRP_ADD_PE, "of-c", world_pe(i, ID_C, 8));
	for (uint32_t i = 1; i <= 100 && gone; i++)
		world_update(C, ID_C, ENRP_DEL_PE, "of-c", world_pe(i, ID_C, 10));
	presence_with(0x1234, false, 0);
	for (uint32_t i = 1; i <= 100; i++)
		world_table(B, ID_B, i < 100 ? ENRP_FLAG_MORE : 0, "of-c", i, 1, ID_B, 9);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "-");
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(rsp_home_count(space(), ID_C), gone ? 0 : 100);
	CHECK(!world_was_closed(B));
	world_end();
}

static void
a_table_of_elements_of_another_registrar_ends(void)
{
	table_of_others(false);
}

static void
a_table_of_elements_that_were_removed_ends(void)
{
	table_of_others(true);
}

static void
a_changed_attribute_differs_in_the_digest(void)
{
	begin();
	fill(0, 5);
	presence_with(rsp_home_checksum(space(), ID_B), true, rsp_home_digest(space(), ID_B) + 1);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, 0, "of-b", 1, 5, ID_B, 12);
	CHECK_EQ(rsp_element_version(world_element("of-b", 3)), 12);
	world_run(1000); /* what is replaced is not swept */
	CHECK_EQ(rsp_home_count(space(), ID_B), 5);
	world_end();
}

static void
who_sends_no_digest_is_asked_a_page_at_a_time(void)
{
	struct rsp_message msg;

	begin();
	presence_with(0x1234, false, 0);
	for (unsigned i = 1; i < 5; i++) {
		CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), i);
		world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", i * 10, 10, ID_B, 8);
	}
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();

	begin(); /* one of ours has several under way */
	presence_with(0x1234, true, 5);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 10, 10, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 9);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN | ENRP_FLAG_CONTINUE);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 20, 10, ID_B, 8);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 10);
	world_table(B, ID_B, 0, "of-b", 30, 10, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 30);
	world_run(500);
	presence_with(0x1234, true, 5); /* the next one begins anew, whatever was not answered */
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && msg.flags == ENRP_FLAG_OWN);
	world_end();
}

static void
pages_that_nobody_asked_for_change_nothing(void)
{
	begin();
	world_table(B, ID_B, 0, "of-b", 1, 10, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	presence_with(0x1234, false, 0);
	world_table(C, ID_C, 0, "of-c", 1, 10, ID_C, 8); /* it was b who was asked */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(B, ID_B, 0, "of-b", 1, 10, ID_B, 8);
	world_table(B, ID_B, 0, "of-b", 11, 10, ID_B, 8); /* after the end */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 10);
	world_end();
}

static void
a_table_of_its_own_names_no_elements_of_others(void)
{
	struct rsp_message msg;

	begin();
	fill(1, 0);
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-c", 1, 10, ID_C, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	world_table(B, ID_B, 0, "mail", 1, 1, ID_US, UINT64_C(3400000000000));
	CHECK_EQ(world_home("mail", 1), ID_US);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 2);
	world_end();
}

static void
who_knows_no_versions_is_believed(void)
{
	begin();
	for (unsigned i = 0; i < 2; i++) {
		presence_with((uint16_t)(0x1234 + i), false, 0);
		world_table(B, ID_B, 0, "of-b", 1, 5 - i, ID_B, 0);
		world_run(501);
		CHECK_EQ(rsp_home_count(space(), ID_B), 5 - i);
		CHECK(rsp_element_version(world_element("of-b", 1)) > 20); /* as it is now */
	}
	world_end();
}

static void
impossible_entries_are_refused(void)
{
	begin();
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 1, 1, ID_B, UINT64_C(1) << 50); /* no clock is so far ahead */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 0, 1, ID_B, 8);		       /* nor is an id 0 */
	world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 2, 1, 0, 8);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 3);
	CHECK_EQ(world_count(B, ENRP_ERROR), 3);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_table(B, ID_B, 0, "of-b", 3, 1, ID_B, 8); /* the rest of the table is taken */
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_end();
}

static void
a_table_page_without_an_element_but_with_more_to_come_is_refused(void)
{
	begin();
	presence_with(0x1234, false, 0);
	world_table(B, ID_B, ENRP_FLAG_MORE, "", 0, 0, 0, 0);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "endless-table");
	CHECK(world_was_closed(B));
	world_end();
}

static void
a_table_that_is_larger_than_the_handlespace_ends(void)
{
	struct rsp_registrar_config config = world_config();
	unsigned i = 0;

	config.limits = (struct rsp_handlespace_limits){ 10, 100, 100 };
	world_begin(&config);
	world_joined(B, ID_B, "b");
	presence_with(0x1234, false, 0);
	while (!world_was_closed(B) && i < 100)
		world_table(B, ID_B, ENRP_FLAG_MORE, "of-b", 1 + 10 * i++, 10, ID_B, 8);
	CHECK(i > 20 && i < 30);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 75); /* a quarter is kept for elements that register here */
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "share-of-all-registrars");
	world_end();
}

/* b sends one page again and again over @link. */
static void
a_repeated_page_ends_the_table(uint32_t link)
{
	unsigned i = 0;

	CHECK_EQ(world_count(link, ENRP_HANDLE_TABLE_REQUEST), 1);
	for (; i < 200 && !world_was_closed(link); i++)
		world_table(link, ID_B, ENRP_FLAG_MORE, "of-b", 1, 10, ID_B, 8);
	CHECK_EQ(i, 64 + 10 + 1);
	world_end();
}

static void
a_table_that_repeats_a_page_ends(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	presence_with(0x1234, false, 0);
	a_repeated_page_ends_the_table(B);
}

static void
a_mentor_s_table_that_repeats_a_page_ends(void)
{
	static const struct rsp_contact_config b = { .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 };
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	struct rsp_registrar_config config = world_config();

	config.contacts = &b;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	world_presence(link, ID_B, "b", false);
	world_tell(link, &list);
	a_repeated_page_ends_the_table(link);
}

static void
a_table_may_have_one_element_a_page(void)
{
	struct rsp_registrar_config config = world_config();

	world_begin(&config);
	world_joined(B, ID_B, "b");
	presence_with(0x1234, false, 0);
	for (unsigned i = 0; i < 1000; i++)
		world_table(B, ID_B, i < 999 ? ENRP_FLAG_MORE : 0, "of-b", 1 + i, 1, ID_B, 8);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1000);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	world_end();
}

static void
a_download_without_answer_is_given_up(void)
{
	begin();
	fill(0, 3);
	presence_with(0x1234, false, 0);
	world_run(501);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "no-response");
	CHECK(world_was_closed(B)); /* the session there is in the middle of the table */
	CHECK_EQ(world_home("of-b", 1), ID_B); /* what is marked stays */
	world_end();

	begin();
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);
	no.flags = ENRP_FLAG_REJECT;
	presence_with(0x1234, false, 0);
	world_tell(B, &no);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "rejected");
	world_run(500);
	presence_with(0x1234, false, 0); /* with the next presence */
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 2);
	world_end();
}

static void
a_download_ends_with_its_connection(void)
{
	begin();
	fill(0, 3);
	presence_with(0x1234, false, 0);
	world_down(B, RSP_ECLOSED);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "connection-lost");
	world_end();

	begin(); /* also if that is left for another one */
	fill(0, 3);
	presence_with(0x1234, false, 0);
	world_peer(AGAIN, "b");
	world_presence(AGAIN, ID_B, "b", false);
	CHECK(world_was_closed(B));
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "connection-lost");
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_STARTED), 2); /* what it said there differs too */
	CHECK_EQ(world_count(AGAIN, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	world_table(AGAIN, ID_B, 0, "of-b", 1, 5, ID_B, 8);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(rsp_home_count(space(), ID_B), 5);
	world_end();
}

int
main(void)
{
	TAP_RUN(pages_are_as_full_as_a_message_can_be);
	TAP_RUN(w_asks_for_our_own_only);
	TAP_RUN(a_table_that_changes_has_all_elements_that_stay);
	TAP_RUN(a_table_of_our_own_that_changes_has_all_elements_that_stay);
	TAP_RUN(sessions_are_few_and_end);
	TAP_RUN(nobody_has_all_sessions);
	TAP_RUN(requests_beyond_the_end_that_say_so_get_nothing);
	TAP_RUN(what_agrees_is_left_alone);
	TAP_RUN(what_differs_is_taken_anew_and_swept);
	TAP_RUN(an_element_that_another_table_may_have_is_not_swept_before_its_end);
	TAP_RUN(an_element_that_is_in_no_table_is_swept_at_the_end_of_the_last);
	TAP_RUN(whoever_gives_a_table_slowly_keeps_nobody_s_elements);
	TAP_RUN(who_is_never_in_sync_is_asked_at_a_rate);
	TAP_RUN(a_table_of_elements_of_another_registrar_ends);
	TAP_RUN(a_table_of_elements_that_were_removed_ends);
	TAP_RUN(a_changed_attribute_differs_in_the_digest);
	TAP_RUN(who_sends_no_digest_is_asked_a_page_at_a_time);
	TAP_RUN(pages_that_nobody_asked_for_change_nothing);
	TAP_RUN(a_table_of_its_own_names_no_elements_of_others);
	TAP_RUN(who_knows_no_versions_is_believed);
	TAP_RUN(impossible_entries_are_refused);
	TAP_RUN(a_table_page_without_an_element_but_with_more_to_come_is_refused);
	TAP_RUN(a_table_that_is_larger_than_the_handlespace_ends);
	TAP_RUN(a_table_that_repeats_a_page_ends);
	TAP_RUN(a_mentor_s_table_that_repeats_a_page_ends);
	TAP_RUN(a_table_may_have_one_element_a_page);
	TAP_RUN(a_download_without_answer_is_given_up);
	TAP_RUN(a_download_ends_with_its_connection);
	return tap_end();
}
