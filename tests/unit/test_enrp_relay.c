#include "registrar_world.h"

/* A registrar that this one does not hear, but a peer does: it is alive, and the peer relays its table. Section 6 of the
 * ownership of elements; beyond RFC 5353. Here b hears d, and this registrar does not. */

/* b lists @n registrars that it hears. */
static void
b_hears(const struct rsp_heard *heard, unsigned n)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	world_presence_of(B, ID_B, "b",
			  (struct world_state){ .states = true,
						.digest = rsp_home_digest(space, ID_B),
						.heard = heard,
						.n_heard = n });
}

static void
b_hears_d(uint64_t digest)
{
	struct rsp_heard heard = { .server_id = ID_D, .digest = digest };

	b_hears(&heard, 1);
}

/* The table of @of was requested from b, by the last of @times requests. */
static void
b_was_asked_for(unsigned times, uint32_t of)
{
	struct rsp_message msg = { 0 };

	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), times);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg));
	CHECK_EQ(msg.flags, ENRP_FLAG_OWN);
	CHECK_EQ(msg.receiver_id, ID_B);
	CHECK(msg.has & RSP_HAS_TABLE_OF);
	CHECK_EQ(msg.table_of, of);
}

/* b sends the table of @of, with @n elements of @home_id. */
static void
relayed_table(uint32_t of, uint32_t first, uint32_t n, uint32_t home_id, uint64_t epoch)
{
	world_table_of = of;
	world_table(B, ID_B, 0, "web", first, n, home_id, epoch);
}

static void
the_table_of_a_registrar_that_a_peer_hears_is_requested_from_it(void)
{
	struct rsp_peer_view view;

	world_begin_with_peers();
	b_hears_d(5);
	b_was_asked_for(1, ID_D);
	CHECK(world_peer_view(ID_D, &view));
	CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

/* The peers b and c; there is room for 8. b lists 8 registrars that do not exist. */
static void
begin_with_invented_registrars(void)
{
	struct rsp_registrar_config config = world_config();
	struct rsp_heard heard[8];

	config.max_peers = 8;
	world_begin_peers(&config);
	for (uint32_t i = 0; i < 8; i++)
		heard[i] = (struct rsp_heard){ .server_id = 0x1000 + i };
	b_hears(heard, 8);
}

static void
registrars_that_a_peer_lists_leave_room_for_those_that_connect(void)
{
	begin_with_invented_registrars();
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 6);
	world_joined(A, ID_A, "a");
	world_joined(D, ID_D, "d");
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 8);
	CHECK_EQ(world_told(RSP_EVENT_LIMIT), 0);
	world_end();
}

static void
homes_of_elements_leave_room_for_the_registrars_that_connect(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_peers = 8;
	world_begin_peers(&config);
	for (uint32_t i = 0; i < 8; i++)
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1 + i, 0x1000 + i, 100));
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 6);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 4);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "peers-full");
	world_joined(D, ID_D, "d");
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 7);
	world_end();
}

static void
its_statements_are_stored(void)
{
	world_begin_with_peers();
	b_hears_d(5);
	relayed_table(ID_D, 1, 3, ID_D, 100);
	CHECK_EQ(world_home("web", 3), ID_D);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 3);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	world_end();
}

static void
elements_of_a_third_registrar_in_a_relayed_table_are_refused(void)
{
	world_begin_with_peers();
	b_hears_d(5);
	relayed_table(ID_D, 1, 3, ID_B, 100);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_STR(world_reason(RSP_EVENT_REFUSED), "element-of-another-registrar");
	world_end();
}

/* b answers a request before, which ended when the updates arrived that were missing. */
static void
a_table_that_answers_a_request_before_is_none_of_a_relayed_one(void)
{
	world_begin_with_peers();
	b_hears_d(5);
	world_table(B, ID_B, 0, "web", 1, 3, ID_B, 100);
	CHECK_EQ(world_told(RSP_EVENT_REFUSED), 0);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 0);
	relayed_table(ID_D, 1, 3, ID_D, 100);
	CHECK_EQ(world_told(RSP_EVENT_RESYNC_DONE), 1);
	CHECK_EQ(world_home("web", 3), ID_D);
	world_end();
}

static void
elements_that_a_relayed_table_does_not_list_are_told_to_the_peer(void)
{
	struct rsp_message msg;

	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 100));
	b_hears_d(5);
	relayed_table(ID_D, 1, 0, ID_D, 100);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK(msg.element.pe_id == 7 && msg.element.home_id == ID_D);
	CHECK_EQ(world_home("web", 7), ID_D);
	world_end();
}

static void
a_registrar_that_is_heard_is_not_relayed(void)
{
	static const struct rsp_heard heard[] = { { .server_id = ID_C, .digest = 5 }, { .server_id = ID_US, .digest = 5 } };

	world_begin_with_peers();
	b_hears(heard, 2);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_table_whose_digest_agrees_is_not_relayed(void)
{
	world_begin_with_peers();
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_D, 100));
	b_hears_d(rsp_home_digest(rsp_registrar_handlespace(w.r), ID_D));
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_end();
}

static void
a_digest_that_changes_all_the_time_is_followed_once_in_a_heartbeat(void)
{
	world_begin_with_peers();
	for (uint64_t digest = 1; digest <= 10; digest++) {
		b_hears_d(digest);
		relayed_table(ID_D, 1, 1, ID_D, 100 + digest);
		world_run(100);
	}
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	b_hears_d(11);
	b_was_asked_for(2, ID_D);
	world_end();
}

static void
several_registrars_are_relayed_one_after_another(void)
{
	static const struct rsp_heard heard[] = { { .server_id = ID_A, .digest = 5 }, { .server_id = ID_D, .digest = 5 } };

	world_begin_with_peers();
	b_hears(heard, 2);
	b_was_asked_for(1, ID_A);
	relayed_table(ID_A, 1, 1, ID_A, 100);
	b_was_asked_for(2, ID_D);
	world_end();
}

/* The digest of b, which hears d, is not that of its elements as they are stored here. */
static void
b_differs_and_hears_d(void)
{
	struct rsp_heard heard = { .server_id = ID_D, .digest = 5 };

	world_presence_of(B, ID_B, "b",
			  (struct world_state){ .states = true, .digest = 0x1234, .heard = &heard, .n_heard = 1 });
}

static void
a_digest_that_differs_while_a_table_is_relayed_is_followed_when_that_is_complete(void)
{
	struct rsp_message msg = { 0 };

	world_begin_with_peers();
	b_hears_d(5);
	b_differs_and_hears_d();
	b_was_asked_for(1, ID_D);
	relayed_table(ID_D, 1, 1, ID_D, 100);
	b_differs_and_hears_d();
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 2);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, -1, &msg) && !(msg.has & RSP_HAS_TABLE_OF));
	world_end();
}

/* The own table of b is complete, and its digest still differs: b is asked for a new one, and then for the table of d. */
static void
a_relay_that_follows_the_own_table_of_a_peer_comes_after_the_check_of_that_table(void)
{
	struct rsp_message msg = { 0 };

	world_begin_with_peers();
	b_differs_and_hears_d();
	world_table(B, ID_B, 0, "web", 1, 1, ID_B, 100);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, -1, &msg) && msg.flags == ENRP_FLAG_REPLY_REQUIRED);
	b_was_asked_for(2, ID_D);
	world_end();
}

static void
a_table_that_is_accepted_in_part_is_recorded_also_if_a_relay_follows(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_registrar_elements = 1;
	world_begin_peers(&config);
	b_differs_and_hears_d();
	world_table(B, ID_B, 0, "web", 1, 2, ID_B, 100);
	CHECK_STR(world_reason(RSP_EVENT_RESYNC_FAILED), "partial");
	b_was_asked_for(2, ID_D);
	world_end();
}

/* b rejects to relay the table of d. */
static void
begin_with_a_rejected_relay(void)
{
	struct rsp_message no = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, ID_B);

	world_begin_with_peers();
	b_hears_d(5);
	no.flags = ENRP_FLAG_REJECT;
	world_tell(B, &no);
	world_clear();
}

static void
a_relay_that_was_rejected_is_requested_in_the_next_cycle(void)
{
	begin_with_a_rejected_relay();
	world_run(900);
	b_hears_d(5);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 0);
	world_run(100);
	b_hears_d(5);
	b_was_asked_for(1, ID_D);
	world_end();
}

static void
a_relay_that_was_rejected_does_not_delay_the_peer_s_own_table(void)
{
	struct rsp_message msg = { 0 };

	begin_with_a_rejected_relay();
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234 });
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_HANDLE_TABLE_REQUEST, 0, &msg) && !(msg.has & RSP_HAS_TABLE_OF));
	world_end();
}

static void
a_registrar_that_a_peer_hears_is_not_taken_over(void)
{
	world_begin_with_peers();
	world_joined(D, ID_D, "d");
	world_says(D, ID_D, ID_D, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	world_down(D, RSP_ECLOSED);
	for (unsigned i = 0; i < 100; i++) {
		world_run(100);
		b_hears_d(rsp_home_digest(rsp_registrar_handlespace(w.r), ID_D));
		world_presence(C, ID_C, "c", false);
		world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_D);
	}
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_STARTED), 0);
	CHECK_EQ(world_home("web", 7), ID_D);
	world_end();
}

/* This registrar relays */

/* How many elements the table has that c requests of @of. */
static unsigned
c_asks_for(uint32_t of)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, ID_C);
	struct rsp_list_item item;
	unsigned n = 0;

	msg.flags = ENRP_FLAG_OWN;
	msg.has = RSP_HAS_TABLE_OF;
	msg.table_of = of;
	world_tell(C, &msg);
	CHECK(world_find(C, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, 0);
	CHECK(msg.has & RSP_HAS_TABLE_OF);
	CHECK_EQ(msg.table_of, of);
	for (size_t cursor = 0; rsp_list_next(&msg, &cursor, &item);)
		if (item.type == RSP_PARAM_POOL_ELEMENT) {
			CHECK_EQ(item.element.home_id, of);
			n++;
		}
	return n;
}

static void
the_table_of_another_registrar_is_sent(void)
{
	world_begin_with_peers();
	world_register(WEB1, "web", 1);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 100));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(3, ID_C, 100));
	CHECK_EQ(c_asks_for(ID_B), 1);
	CHECK_EQ(c_asks_for(ID_D), 0); /* unknown: an empty table */
	world_end();
}

static void
a_word_is_not_relayed(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(2, ID_D, 0));
	CHECK_EQ(c_asks_for(ID_D), 0);
	world_end();
}

enum { NOT_LISTED = 1 }; /* no digest */

/* The digest of @id in the last PRESENCE over @link. */
static uint64_t
listed(uint32_t link, uint32_t id)
{
	struct rsp_message msg = { 0 };
	struct rsp_heard heard;
	size_t cursor = 0;

	CHECK(world_find(link, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	while (rsp_heard_next(msg.server_info.heard, &cursor, &heard))
		if (heard.server_id == id)
			return heard.digest;
	return NOT_LISTED;
}

/* b and c have an element each; d sends no STATE. */
static void
begin_with_elements(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(2, ID_B, 100));
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(3, ID_C, 100));
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(4, ID_D, 0));
	world_run(1000);
}

static void
a_presence_lists_the_registrars_that_are_heard_with_their_digests(void)
{
	begin_with_elements();
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);
	CHECK(listed(C, ID_B) == rsp_home_digest(space, ID_B));
	CHECK(listed(B, ID_C) == rsp_home_digest(space, ID_C));
	CHECK_EQ(listed(C, ID_C), NOT_LISTED); /* not the receiver itself */
	CHECK_EQ(listed(C, ID_D), NOT_LISTED); /* nor one whose elements cannot be relayed */
	world_end();
}

static void
a_presence_to_a_registrar_without_state_lists_none(void)
{
	struct rsp_message msg = { 0 };

	begin_with_elements();
	CHECK(world_find(D, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	CHECK_EQ(msg.server_info.heard.n, 0);
	world_end();
}

/* A PRESENCE of a sender that is no peer and requires a reply, as `rsp-peer ping` sends it. */
static void
pings(uint32_t link)
{
	struct rsp_message sign = enrp_message(ENRP_PRESENCE, 0x777);

	sign.flags = ENRP_FLAG_REPLY_REQUIRED;
	world_tell(link, &sign);
}

static void
a_monitor_is_told_which_registrars_are_heard(void)
{
	begin_with_elements();
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m1"), RSP_OK);
	pings(MONITOR);
	CHECK(listed(MONITOR, ID_B) == rsp_home_digest(space, ID_B));
	CHECK(listed(MONITOR, ID_C) == rsp_home_digest(space, ID_C));
	CHECK_EQ(listed(MONITOR, ID_D), NOT_LISTED);
	world_end();
}

static void
a_sender_in_plain_text_that_only_asks_is_told_which_registrars_are_heard(void)
{
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	world_begin(&config);
	CHECK_EQ(world_up(B, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	world_presence(B, ID_B, "b", false);
	CHECK_EQ(world_up(OTHER, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
	pings(OTHER);
	CHECK(listed(OTHER, ID_B) == rsp_home_digest(rsp_registrar_handlespace(w.r), ID_B));
	CHECK_EQ(rsp_registrar_stats(w.r).peers, 1);
	world_end();
}

/* What it is, its answer tells. */
static void
a_registrar_that_is_dialled_is_told_of_none_before_it_has_answered(void)
{
	static const struct rsp_contact_config contact = { .name = "c", .ip = { 4, { 192, 0, 2, 12 } }, .port = 9902 };
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg = { 0 };

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	world_joined(B, ID_B, "b");
	uint32_t c = world_dialled("c");
	world_peer(c, "c");
	CHECK(world_find(c, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	CHECK_EQ(msg.server_info.heard.n, 0);
	world_end();
}

static void
a_registrar_that_is_silent_is_not_listed(void)
{
	begin_with_elements();
	for (unsigned i = 0; i < 20; i++) { /* b is silent */
		world_run(100);
		world_presence_in_sync(C, ID_C, "c");
	}
	world_clear();
	world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .reply = true });
	CHECK_EQ(listed(C, ID_B), NOT_LISTED);
	world_end();
}

/* c does not list b as heard: it has the elements of b from this registrar, whose PRESENCE has the digest. */
static void
what_a_peer_has_only_from_us_is_told_soon(void)
{
	world_begin_with_peers();
	world_presence(C, ID_C, "c", false);
	world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .digest = 0x1234 });
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_clear();
	world_table(B, ID_B, 0, "web", 1, 2, ID_B, 8);
	world_presence_in_sync(B, ID_B, "b");
	world_clear();
	world_run(499);
	unsigned before = world_count(C, ENRP_PRESENCE);
	world_run(2);
	CHECK_EQ(before, 0);
	CHECK_EQ(world_count(C, ENRP_PRESENCE), 1);
	world_end();
}

int
main(void)
{
	TAP_RUN(the_table_of_a_registrar_that_a_peer_hears_is_requested_from_it);
	TAP_RUN(registrars_that_a_peer_lists_leave_room_for_those_that_connect);
	TAP_RUN(homes_of_elements_leave_room_for_the_registrars_that_connect);
	TAP_RUN(its_statements_are_stored);
	TAP_RUN(elements_of_a_third_registrar_in_a_relayed_table_are_refused);
	TAP_RUN(a_table_that_answers_a_request_before_is_none_of_a_relayed_one);
	TAP_RUN(elements_that_a_relayed_table_does_not_list_are_told_to_the_peer);
	TAP_RUN(a_registrar_that_is_heard_is_not_relayed);
	TAP_RUN(a_table_whose_digest_agrees_is_not_relayed);
	TAP_RUN(a_digest_that_changes_all_the_time_is_followed_once_in_a_heartbeat);
	TAP_RUN(several_registrars_are_relayed_one_after_another);
	TAP_RUN(a_digest_that_differs_while_a_table_is_relayed_is_followed_when_that_is_complete);
	TAP_RUN(a_relay_that_follows_the_own_table_of_a_peer_comes_after_the_check_of_that_table);
	TAP_RUN(a_table_that_is_accepted_in_part_is_recorded_also_if_a_relay_follows);
	TAP_RUN(a_relay_that_was_rejected_is_requested_in_the_next_cycle);
	TAP_RUN(a_relay_that_was_rejected_does_not_delay_the_peer_s_own_table);
	TAP_RUN(a_registrar_that_a_peer_hears_is_not_taken_over);
	TAP_RUN(the_table_of_another_registrar_is_sent);
	TAP_RUN(a_word_is_not_relayed);
	TAP_RUN(a_presence_lists_the_registrars_that_are_heard_with_their_digests);
	TAP_RUN(a_presence_to_a_registrar_without_state_lists_none);
	TAP_RUN(a_monitor_is_told_which_registrars_are_heard);
	TAP_RUN(a_sender_in_plain_text_that_only_asks_is_told_which_registrars_are_heard);
	TAP_RUN(a_registrar_that_is_dialled_is_told_of_none_before_it_has_answered);
	TAP_RUN(a_registrar_that_is_silent_is_not_listed);
	TAP_RUN(what_a_peer_has_only_from_us_is_told_soon);
	return tap_end();
}
