#include "engine/registrar/member.h"
#include "join_world.h"

/* How a registrar joins the others: RFC 5353 s.3.2. */

static const struct rsp_contact_config contacts[] = {
	{ .name = "a", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 },
	{ .name = "b", .ip = { 4, { 192, 0, 2, 11 } }, .port = 9902 },
	{ .name = "c", .port = 9902 }, /* without an address: the name is looked up */
};

static void
begin_without_key_for(unsigned n_contacts, const char *name)
{
	struct rsp_registrar_config config = world_config();

	config.contacts = contacts;
	config.n_contacts = n_contacts;
	world_begin(&config);
	w.no_key_for = name;
	world_run(0);
}

static void
begin(unsigned n_contacts)
{
	begin_without_key_for(n_contacts, NULL);
}

/* The list of @id has one registrar, @name. */
static void
listed_with(uint32_t link, uint32_t id, const char *name)
{
	struct rsp_server_info info = { .server_id = 0x500,
					.transport = { .type = RSP_PARAM_TCP, .port = 9902 },
					.name = rsp_bytes_str(name) };
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, 50 } };
	uint8_t addrs[RSP_ADDRS_ROOM(1)], room[128];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
	rsp_server_info_encode(&wr, &info);
	CHECK(!wr.err);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = 1;
	world_tell(link, &msg);
}

static void
a_server_id_is_not_zero(void)
{ /* s.3.2.1 */
	struct rsp_registrar_config config = world_config();
	struct rsp_registrar *r = NULL;

	config.server_id = 0;
	CHECK_EQ(rsp_registrar_new(&config, &world_ops, NULL, rsp_rng_seeded(1), 1, &r), RSP_EUSAGE);
	CHECK(r == NULL);
}

static void
a_registrar_without_contacts_serves_at_once(void)
{ /* s.3.2.2.1 */
	begin(0);
	CHECK(serves());
	CHECK_EQ(w.n_dials, 0);
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_end();
}

static void
the_mentor_sends_its_list_and_its_table(void)
{ /* s.3.2.2.2, s.3.2.3 */
	struct rsp_message msg;

	begin(3);
	CHECK_EQ(w.n_dials, 3);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(w.dial[i].role, RSP_ROLE_PEER);
		CHECK_EQ(w.dial[i].protocol, RSP_ENRP);
		CHECK_EQ(w.dial[i].port, 9902);
	}
	CHECK(!serves());
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_ELIMIT);

	uint32_t a = answers(ID_A, "a");
	CHECK(world_find(a, RSP_ENRP, ENRP_PRESENCE, 0, &msg) && msg.flags == ENRP_FLAG_REPLY_REQUIRED);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 1);
	CHECK_EQ(world_count(a, ENRP_HANDLE_TABLE_REQUEST), 0);
	uint32_t b = answers(ID_B, "b");
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 0); /* a backup mentor */

	lists(a, ID_A, false);
	CHECK(world_find(a, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 0, &msg));
	CHECK_EQ(msg.flags, 0); /* W=0: all of it */
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 100, ID_A, 8);
	CHECK(!serves());
	CHECK(world_find(a, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 1, &msg)); /* step 3 */
	world_table(a, ID_A, 0, "web", 101, 50, ID_B, 8);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 150);
	CHECK_EQ(world_home("web", 100), ID_A);
	CHECK_EQ(world_home("web", 101), ID_B);
	CHECK(world_find(b, RSP_ENRP, ENRP_PRESENCE, -1, &msg) && msg.flags == ENRP_FLAG_REPLY_REQUIRED);
	CHECK_EQ(world_up(1, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_end();
}

static void
attributes_in_the_table_replace_what_is_there(void)
{ /* s.3.2.3 step 4 */
	begin(2);
	uint32_t a = answers(ID_A, "a"), b = answers(ID_B, "b");
	struct rsp_pool_element pe = world_pe(1, ID_B, 20);

	pe.lifetime_s = 77;
	world_update(b, ID_B, ENRP_ADD_PE, "web", pe); /* an update during the download, which is newer */
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 2, ID_B, 8);
	rsp_element_decode(world_element("web", 1), &pe);
	CHECK_EQ(pe.lifetime_s, 77);
	rsp_element_decode(world_element("web", 2), &pe);
	CHECK_EQ(pe.lifetime_s, 300);
	CHECK_EQ(rsp_pool_find(rsp_registrar_handlespace(w.r), rsp_bytes_str("web"))->policy, RSP_POLICY_RR);
	world_end();
}

static void
a_silent_mentor_is_left_for_a_backup_mentor(void)
{ /* s.3.2.2.2: MAX-TIME-NO-RESPONSE */
	begin(2);
	uint32_t a = answers(ID_A, "a"), b = answers(ID_B, "b");

	world_run(499);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 0);
	world_run(2);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	lists(b, ID_B, false);
	CHECK_EQ(world_count(b, ENRP_HANDLE_TABLE_REQUEST), 1);
	lists(a, ID_A, false); /* too late */
	CHECK_EQ(world_count(a, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_table(b, ID_B, 0, "", 0, 0, 0, 0);
	CHECK(serves());
	world_end();
}

static void
a_download_that_times_out_begins_anew_at_a_backup_mentor(void)
{ /* s.3.2.3 */
	begin(2);
	uint32_t a = answers(ID_A, "a"), b = answers(ID_B, "b");

	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 10, ID_A, 8);
	world_run(501);
	CHECK(world_was_closed(a)); /* its session has sent a part of the table */
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	lists(b, ID_B, false);
	world_table(b, ID_B, 0, "web", 1, 30, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 30);
	world_end();
}

static void
a_download_that_is_cut_off_begins_anew_at_a_backup_mentor(void)
{ /* s.3.2.3 */
	begin(2);
	uint32_t a = answers(ID_A, "a");
	uint32_t b = answers(ID_B, "b");
	lists(a, ID_A, false);
	world_down(a, RSP_ECLOSED);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	world_end();
}

/* A mentor rejects the table request: it sends its table to too many others. */
static void
busy(uint32_t link, uint32_t id)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, id);

	msg.flags = ENRP_FLAG_REJECT;
	world_tell(link, &msg);
}

/* The only mentor, @a, did not send its whole table: it is asked again. */
static void
is_asked_again(uint32_t a)
{
	CHECK(!serves());
	world_run(0);
	if (world_dialled("a") != a) /* over a new connection */
		a = answers(ID_A, "a");
	unsigned before = world_count(a, ENRP_LIST_REQUEST);
	world_run(450);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), before + 1);
	CHECK(!serves());
	world_presence(a, ID_A, "a", false);
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 30, ID_A, 8);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 30);
	world_end();
}

static void
an_only_mentor_that_closes_is_asked_again(void)
{ /* s.3.2.2.2, s.3.2.3 */
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 10, ID_A, 8);
	world_down(a, RSP_ECLOSED);
	is_asked_again(a);
}

static void
an_only_mentor_that_sends_no_further_page_is_asked_again(void)
{ /* s.3.2.3 */
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 10, ID_A, 8);
	world_run(501);
	is_asked_again(a);
}

static void
an_only_mentor_that_sends_nothing_is_asked_again(void)
{ /* s.3.2.2.2 */
	begin(1);
	uint32_t a = world_dialled("a");
	world_peer(a, "a");
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 1);
	world_run(501);
	is_asked_again(a);
}

static void
an_only_mentor_that_sends_no_list_is_asked_twice(void)
{
	begin(1);
	uint32_t a = answers(ID_A, "a");
	world_run(501);
	CHECK(!serves());
	world_run(450);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 2);
	CHECK(!serves());
	world_run(501);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	world_end();
}

static void
a_mentor_that_restarts_is_asked_under_its_new_id(void)
{
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 10, ID_A, 8);
	world_joined(5, ID_D, "a");
	CHECK(world_was_closed(a));
	world_joined(6, ID_C, "c");
	world_about(6, ENRP_TAKEOVER_SERVER, ID_C, ID_A); /* the peer with its old id is removed */
	world_run(100);
	CHECK(world_dialled("a") != a);
	a = answers(ID_D, "a");
	world_run(450);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 1);
	lists(a, ID_D, false);
	world_table(a, ID_D, 0, "web", 1, 10, ID_C, 10);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_home_count(rsp_registrar_handlespace(w.r), ID_C), 10);
	world_end();
}

static void
a_rejected_registrar_asks_a_backup_mentor_or_again(void)
{ /* s.3.2.2.2, s.3.2.3 */
	begin(2);
	uint32_t a = answers(ID_A, "a"), b = answers(ID_B, "b");

	lists(a, ID_A, true);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	lists(b, ID_B, true); /* higher than us, and joining, too: it begins to serve */
	CHECK(!serves());
	world_run(450);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 2);
	lists(a, ID_A, true);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 2);
	lists(b, ID_B, false);
	busy(b, ID_B);
	CHECK(!serves());
	world_run(450);
	lists(a, ID_A, true);
	lists(b, ID_B, false);
	world_table(b, ID_B, 0, "web", 1, 3, ID_B, 8);
	CHECK(serves());
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	world_end();
}

/* No registrar has answered at b; what a did does not make us wait longer for it. */
static void
a_round_ends(bool is_busy)
{
	begin(2);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_run(300);
	if (is_busy)
		busy(a, ID_A);
	else
		world_down(a, RSP_ECLOSED);
	world_run(0);
	if (!is_busy)
		a = answers(ID_A, "a");
	world_clear();
	world_run(200 + 449);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 1); /* the next round */
	CHECK(!serves());
	world_end();
}

static void
a_round_ends_in_its_time_after_a_mentor_was_busy(void)
{
	a_round_ends(true);
}

static void
a_round_ends_in_its_time_after_a_mentor_closed(void)
{
	a_round_ends(false);
}

static void
a_busy_mentor_is_left_for_a_backup_mentor(void)
{ /* s.3.2.3 */
	begin(2);
	uint32_t a = answers(ID_A, "a"), b = answers(ID_B, "b");
	lists(a, ID_A, false);
	busy(a, ID_A);
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	lists(b, ID_B, false);
	world_table(b, ID_B, 0, "web", 1, 3, ID_A, 8);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	world_end();
}

static void
a_busy_mentor_without_a_backup_is_asked_again_and_again(void)
{ /* s.3.2.3 */
	begin(1);
	uint32_t a = answers(ID_A, "a");
	for (unsigned i = 1; i <= 10; i++) {
		CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), i);
		lists(a, ID_A, false);
		busy(a, ID_A);
		world_run(450);
		CHECK(!serves());
	}
	world_end();
}

/* A registrar for which we have no key cannot be dialled: that is known before the others have been dialled. */
static void
the_second_mentor_may_have_no_key(void)
{
	begin_without_key_for(2, "b");
	CHECK_EQ(w.n_dials, 1);
	uint32_t a = answers(ID_A, "a");
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 1); /* at once */
	CHECK(!serves());
	world_end();
}

static void
the_first_mentor_may_have_no_key(void)
{
	begin_without_key_for(2, "a");
	uint32_t b = answers(ID_B, "b");
	CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), 1);
	world_end();
}

static void
a_listed_registrar_may_have_no_key(void)
{
	begin_without_key_for(1, "x");
	uint32_t a = answers(ID_A, "a");
	listed_with(a, ID_A, "x");
	busy(a, ID_A);
	world_run(450);
	CHECK(!serves());
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 2);
	world_end();
}

static void
of_two_registrars_that_join_the_higher_id_begins_to_serve(void)
{
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, true); /* lower than us */
	CHECK(!serves());
	world_run(450);
	CHECK_EQ(world_count(a, ENRP_LIST_REQUEST), 2);
	CHECK(!serves());
	lists(a, ID_A, true);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	world_end();
}

static void
a_joining_registrar_may_have_found_a_mentor_meanwhile(void)
{
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, true);
	world_run(450);
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 3, ID_C, 8);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	world_end();
}

static void
a_joining_registrar_with_a_higher_id_is_waited_for(void)
{
	begin(1);
	uint32_t b = answers(ID_B, "a");
	for (unsigned i = 1; i < 5; i++) {
		CHECK_EQ(world_count(b, ENRP_LIST_REQUEST), i);
		lists(b, ID_B, true);
		world_run(450);
		CHECK(!serves());
	}
	world_end();
}

static void
a_registrar_whose_contacts_refuse_serves_alone(void)
{
	begin(2);
	world_down(world_dialled("a"), RSP_EUNREACHABLE);
	CHECK(!serves());
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	world_run(300);
	CHECK_EQ(w.n_dials, 4); /* and goes on dialling */
	world_end();
}

static void
a_registrar_whose_contact_is_silent_asks_twice_and_serves_alone(void)
{ /* 500 ms, 150 to 450 ms between, and 500 ms */
	begin(1);
	world_run(500);
	world_down(DIALLED, RSP_ETIMEOUT);
	CHECK(!serves());
	world_run(500 + 150 - 1);
	CHECK_EQ(w.n_dials, 2);
	CHECK(!serves());
	world_run(300 + 1);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	world_end();
}

static void
a_registrar_without_keys_serves_alone_after_two_rounds(void)
{
	struct rsp_registrar_config config = world_config(); /* there is no key for either: two rounds at once */
	config.contacts = contacts;
	config.n_contacts = 2;
	world_begin(&config);
	w.no_keys = true;
	world_run(149);
	CHECK(!serves());
	world_run(301);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "alone");
	world_end();
}

static void
other_registrars_are_rejected_while_we_join(void)
{ /* s.3.2.2.2, s.3.2.3 */
	struct rsp_message msg, ask = enrp_message(ENRP_LIST_REQUEST, ID_C);

	begin(1);
	world_joined(5, ID_C, "c");
	world_tell(5, &ask);
	CHECK(world_find(5, RSP_ENRP, ENRP_LIST_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REJECT);
	CHECK_EQ(msg.n_list, 0);
	ask.type = ENRP_HANDLE_TABLE_REQUEST;
	world_tell(5, &ask);
	CHECK(world_find(5, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_REJECT);
	CHECK_EQ(msg.n_list, 0);
	world_end();
}

/* A mentor's table names a home that no peer hears: it is watched, and its elements do not stay. */
static void
homes_that_only_the_table_names_are_watched(void)
{
	struct rsp_peer_view view;

	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 5, ID_D, 8);
	CHECK(world_peer_view(ID_D, &view));
	CHECK_EQ(view.elements, 5);
	for (unsigned i = 0; i < 4; i++) { /* a is alive */
		world_run(1000);
		world_presence(a, ID_A, "a", false);
	}
	struct rsp_message msg;
	CHECK(world_find(a, RSP_ENRP, ENRP_INIT_TAKEOVER, 0, &msg));
	CHECK_EQ(msg.target_id, ID_D);
	world_about(a, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_D);
	CHECK_EQ(world_home("web", 5), ID_US);
	world_end();
}

/* The list of @id says that ID_D has that name. */
static void
lists_d(uint32_t link, uint32_t id, const char *name)
{
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, id);
	struct rsp_server_info info = { .server_id = ID_D,
					.transport = { .type = RSP_PARAM_TCP, .port = 9000 },
					.name = rsp_bytes_str(name) };
	struct rsp_ip ip = { 4, { 192, 0, 2, ID_D } };
	uint8_t room[256], addrs[RSP_ADDRS_ROOM(1)];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
	rsp_server_info_encode(&wr, &info);
	list.has = RSP_HAS_LIST;
	list.list = rsp_bytes_of(room, wr.pos);
	list.n_list = 1;
	world_tell(link, &list);
}

static void
an_id_in_the_table_belongs_to_the_registrar_that_the_list_names(void)
{
	struct rsp_message msg;

	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists_d(a, ID_A, "d");
	world_joined(3, ID_C, "c");
	lists_d(3, ID_C, "c"); /* c is not our mentor: its list does not decide about d */
	world_table(a, ID_A, 0, "web", 1, 3, ID_D, 20);
	CHECK(serves());
	CHECK_EQ(world_home("web", 1), ID_D);
	world_peer(1, "b"); /* b has a key, but not that of d */
	world_presence(1, ID_D, "b", false);
	CHECK(world_find(1, RSP_ENRP, ENRP_ERROR, -1, &msg) && rsp_message_cause(&msg) == RSP_CAUSE_SECURITY);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "server-id-of-another");
	CHECK(world_was_closed(1));
	world_joined(2, ID_D, "d");
	CHECK(!world_was_closed(2));
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 1);
	CHECK_EQ(world_home("web", 1), ID_D);
	world_end();
}

/* The mentor's list was wrong: in the end the id belongs to the registrar that is heard with it. */
static void
an_id_whose_listed_registrar_never_came_may_be_another_s(void)
{
	begin(1);
	uint32_t a = answers(ID_A, "a");
	lists_d(a, ID_A, "b");
	world_table(a, ID_A, 0, "web", 1, 3, ID_D, 20);
	world_joined(1, ID_D, "d");
	CHECK(world_was_closed(1));
	for (unsigned i = 0; i < 4; i++) { /* a hears d, and does not acknowledge its takeover */
		world_run(1000);
		world_presence(a, ID_A, "a", false);
	}
	world_joined(2, ID_D, "d");
	CHECK(!world_was_closed(2));
	CHECK_EQ(world_home("web", 1), ID_D);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_server_id_is_not_zero);
	TAP_RUN(a_registrar_without_contacts_serves_at_once);
	TAP_RUN(the_mentor_sends_its_list_and_its_table);
	TAP_RUN(attributes_in_the_table_replace_what_is_there);
	TAP_RUN(a_silent_mentor_is_left_for_a_backup_mentor);
	TAP_RUN(a_download_that_times_out_begins_anew_at_a_backup_mentor);
	TAP_RUN(a_download_that_is_cut_off_begins_anew_at_a_backup_mentor);
	TAP_RUN(an_only_mentor_that_closes_is_asked_again);
	TAP_RUN(an_only_mentor_that_sends_no_further_page_is_asked_again);
	TAP_RUN(an_only_mentor_that_sends_nothing_is_asked_again);
	TAP_RUN(an_only_mentor_that_sends_no_list_is_asked_twice);
	TAP_RUN(a_mentor_that_restarts_is_asked_under_its_new_id);
	TAP_RUN(a_rejected_registrar_asks_a_backup_mentor_or_again);
	TAP_RUN(a_round_ends_in_its_time_after_a_mentor_was_busy);
	TAP_RUN(a_round_ends_in_its_time_after_a_mentor_closed);
	TAP_RUN(a_busy_mentor_is_left_for_a_backup_mentor);
	TAP_RUN(a_busy_mentor_without_a_backup_is_asked_again_and_again);
	TAP_RUN(the_second_mentor_may_have_no_key);
	TAP_RUN(the_first_mentor_may_have_no_key);
	TAP_RUN(a_listed_registrar_may_have_no_key);
	TAP_RUN(of_two_registrars_that_join_the_higher_id_begins_to_serve);
	TAP_RUN(a_joining_registrar_may_have_found_a_mentor_meanwhile);
	TAP_RUN(a_joining_registrar_with_a_higher_id_is_waited_for);
	TAP_RUN(a_registrar_whose_contacts_refuse_serves_alone);
	TAP_RUN(a_registrar_whose_contact_is_silent_asks_twice_and_serves_alone);
	TAP_RUN(a_registrar_without_keys_serves_alone_after_two_rounds);
	TAP_RUN(other_registrars_are_rejected_while_we_join);
	TAP_RUN(homes_that_only_the_table_names_are_watched);
	TAP_RUN(an_id_in_the_table_belongs_to_the_registrar_that_the_list_names);
	TAP_RUN(an_id_whose_listed_registrar_never_came_may_be_another_s);
	return tap_end();
}
