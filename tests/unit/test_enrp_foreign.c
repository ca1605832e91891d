#include "registrar_world.h"

/* What this registrar says to a registrar that knows RFC 5353 only, which is d here, and what it does when d dies. Section 7
 * of the ownership of elements: towards d, it has the elements that are linked here, and no others. */

enum { EMPTY = 0xffff }; /* the checksum over no elements, RFC 5353 s.3.6.2 */

static void
begin(void)
{
	world_begin_with_peers();
	world_joined_plain(D, ID_D, "d");
	world_clear();
}

static void
registers(uint32_t pe_id, uint64_t epoch)
{
	world_register_epoch(WEB1, "web", pe_id, (struct rsp_epoch){ epoch, PROCESS, 0 });
}

/* How many elements the own table that this registrar sends over @link has. */
static unsigned
own_table(uint32_t link, uint32_t id)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, id);
	struct rsp_list_item item;
	unsigned n = 0;

	msg.flags = ENRP_FLAG_OWN;
	world_tell(link, &msg);
	CHECK(world_find(link, RSP_ENRP, ENRP_HANDLE_TABLE_RESPONSE, -1, &msg));
	CHECK_EQ(msg.flags, 0);
	for (size_t cursor = 0; rsp_list_next(&msg, &cursor, &item);)
		n += item.type == RSP_PARAM_POOL_ELEMENT;
	return n;
}

/* The checksum in the next PRESENCE to d. */
static uint16_t
checksum_for_d(void)
{
	struct rsp_message msg = { 0 };

	world_clear();
	world_presence_of(D, ID_D, "d", (struct world_state){ .reply = true });
	CHECK(world_find(D, RSP_ENRP, ENRP_PRESENCE, -1, &msg));
	return msg.checksum;
}

/* Updates */

static void
it_is_sent_the_registrations_and_removals_of_linked_elements(void)
{
	struct rsp_message msg;

	begin();
	registers(7, 100);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_ADD_PE);
	CHECK(!(msg.has & RSP_HAS_UPDATE_NUMBER));
	world_clear();
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_DEL_PE);
	CHECK_EQ(msg.element.user.port, 80); /* it knows no removals without contents */
	world_end();
}

static void
it_is_sent_no_removal_of_an_element_that_was_not_linked(void)
{
	begin();
	world_deregister_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	world_end();
}

static void
an_element_whose_link_is_lost_is_removed_there(void)
{
	struct rsp_message msg;

	begin();
	registers(7, 100);
	world_clear();
	world_down(WEB1, RSP_ECLOSED);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_DEL_PE);
	CHECK_EQ(world_count(B, ENRP_HANDLE_UPDATE), 0); /* others look at what is stated */
	CHECK_EQ(world_home("web", 7), ID_US);
	world_end();
}

static void
an_element_whose_link_is_back_is_added_there(void)
{
	struct rsp_message msg;

	begin();
	registers(7, 100);
	world_down(WEB1, RSP_ECLOSED);
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	world_clear();
	registers(7, 101);
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_ADD_PE);
	world_end();
}

static void
an_element_that_is_asked_in_vain_is_removed_there(void)
{
	struct rsp_message msg;

	begin();
	registers(7, 100);
	world_clear();
	world_says(B, ID_B, ID_B, world_statement(200, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_count(D, ENRP_HANDLE_UPDATE), 0);
	world_run(501);
	CHECK_EQ(world_update_sent(D, &msg), ENRP_DEL_PE);
	world_end();
}

/* Table and checksum */

static void
its_table_has_the_linked_elements_only(void)
{
	begin();
	CHECK_EQ(world_up(OTHER, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	registers(7, 100);
	world_register_epoch(OTHER, "web", 8, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_deregister_epoch(WEB1, "web", 9, (struct rsp_epoch){ 100, PROCESS, 0 });
	world_down(OTHER, RSP_ECLOSED);
	CHECK_EQ(own_table(D, ID_D), 1);
	CHECK_EQ(own_table(B, ID_B), 3); /* and the removal */
	world_end();
}

static void
its_checksum_counts_the_linked_elements_only(void)
{
	begin();
	CHECK_EQ(checksum_for_d(), EMPTY);
	registers(7, 100);
	CHECK_EQ(checksum_for_d(), rsp_home_checksum(rsp_registrar_handlespace(w.r), ID_US));
	CHECK(checksum_for_d() != EMPTY);
	world_down(WEB1, RSP_ECLOSED);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(checksum_for_d(), EMPTY);
	world_end();
}

/* It dies */

/* d, which has element 7 by its word, dies; b and c are alive. */
static void
d_dies(void)
{
	world_run(2400);
	world_presence_in_sync(B, ID_B, "b");
	world_presence_in_sync(C, ID_C, "c");
	world_run(600);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 1);
	world_presence_in_sync(B, ID_B, "b");
	world_presence_in_sync(C, ID_C, "c");
}

static void
all_acknowledge(void)
{
	CHECK_EQ(world_count(B, ENRP_INIT_TAKEOVER), 1);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_D);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_D);
	CHECK_EQ(world_count(B, ENRP_TAKEOVER_SERVER), 1);
}

/* The same, and it was taken over: element 7 is dialled. */
static void
begin_with_a_word_that_is_taken_over(void)
{
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	d_dies();
	all_acknowledge();
	world_run(0);
}

static void
an_element_of_its_word_is_dialled_with_the_h_flag(void)
{
	struct rsp_message msg;

	begin_with_a_word_that_is_taken_over();
	uint32_t link = world_dialled("web1");
	CHECK(link != 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK(msg.flags & ASAP_FLAG_HOME);
	world_end();
}

static void
an_element_of_its_word_that_answers_is_numbered(void)
{
	struct rsp_message msg;

	begin_with_a_word_that_is_taken_over();
	uint32_t link = world_dialled("web1");
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	world_clear();
	world_ack(link, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(world_stored("web", 7).rank, RSP_RANK_REGISTERED);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_ADD_PE);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	world_run(1000);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_sums_agree();
	world_end();
}

static void
an_element_of_its_word_that_does_not_answer_is_dropped(void)
{
	begin_with_a_word_that_is_taken_over();
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	world_run(2000);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

static void
its_word_is_dropped_where_a_statement_is_shown(void)
{
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	world_says(B, ID_B, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	d_dies();
	all_acknowledge();
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 1);
	CHECK_EQ(world_home("web", 7), ID_B);
	CHECK_EQ(world_dialled("web1"), 0);
	world_end();
}

static void
its_word_is_dropped_when_another_registrar_takes_it_over(void)
{
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	d_dies();
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_D);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	world_end();
}

/* The takeover of d is not acknowledged for a long time: b still hears it. */
static void
no_takeover_completes(void)
{
	static const struct rsp_heard heard = { .server_id = ID_D };

	for (unsigned i = 0; i < 100 && !world_dialled("web1"); i++) {
		world_run(100);
		world_presence_of(B, ID_B, "b", (struct world_state){ .states = true, .heard = &heard, .n_heard = 1 });
		world_presence_in_sync(C, ID_C, "c");
	}
}

static void
its_elements_are_dialled_while_it_is_heard_by_others_only(void)
{
	struct rsp_message msg;

	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	no_takeover_completes();
	uint32_t link = world_dialled("web1");
	CHECK(link != 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	world_ack(link, "web", 7);
	CHECK_EQ(world_home("web", 7), ID_D);
	world_end();
}

static void
its_elements_that_do_not_answer_are_dropped_while_it_is_heard_by_others_only(void)
{
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	w.no_keys = true; /* each dial fails */
	no_takeover_completes();
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

/* It changes its version, and keeps its server id */

static void
its_word_ends_when_it_states_numbers(void)
{ /* from then on, its statements count */
	begin();
	world_update(D, ID_D, ENRP_ADD_PE, "web", world_pe(7, ID_D, 0));
	world_presence(D, ID_D, "d", false);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 0);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 0);
	world_end();
}

/* d has stated element 7, goes back to an older version, and does not list the element. */
static void
begin_with_a_statement_of_d(void)
{
	world_begin_with_peers();
	world_joined(D, ID_D, "d");
	world_says(D, ID_D, ID_D, world_statement(100, PROCESS, RSP_RANK_REGISTERED));
	world_presence_of(D, ID_D, "d", (struct world_state){ 0 });
	world_table(D, ID_D, 0, "web", 1, 0, ID_D, 0);
	world_run(0);
}

static void
an_element_that_it_stated_is_looked_at_when_it_goes_back(void)
{
	struct rsp_message msg;

	begin_with_a_statement_of_d();
	uint32_t link = world_dialled("web1");
	CHECK(link != 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, 0);
	world_ack_epoch(link, "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	CHECK_EQ(world_home("web", 7), ID_D);
	world_end();
}

static void
an_element_that_it_stated_and_that_does_not_answer_is_removed(void)
{
	struct rsp_message msg;

	begin_with_a_statement_of_d();
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_update_sent(B, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	world_end();
}

int
main(void)
{
	TAP_RUN(it_is_sent_the_registrations_and_removals_of_linked_elements);
	TAP_RUN(it_is_sent_no_removal_of_an_element_that_was_not_linked);
	TAP_RUN(an_element_whose_link_is_lost_is_removed_there);
	TAP_RUN(an_element_whose_link_is_back_is_added_there);
	TAP_RUN(an_element_that_is_asked_in_vain_is_removed_there);
	TAP_RUN(its_table_has_the_linked_elements_only);
	TAP_RUN(its_checksum_counts_the_linked_elements_only);
	TAP_RUN(an_element_of_its_word_is_dialled_with_the_h_flag);
	TAP_RUN(an_element_of_its_word_that_answers_is_numbered);
	TAP_RUN(an_element_of_its_word_that_does_not_answer_is_dropped);
	TAP_RUN(its_word_is_dropped_where_a_statement_is_shown);
	TAP_RUN(its_word_is_dropped_when_another_registrar_takes_it_over);
	TAP_RUN(its_elements_are_dialled_while_it_is_heard_by_others_only);
	TAP_RUN(its_elements_that_do_not_answer_are_dropped_while_it_is_heard_by_others_only);
	TAP_RUN(its_word_ends_when_it_states_numbers);
	TAP_RUN(an_element_that_it_stated_is_looked_at_when_it_goes_back);
	TAP_RUN(an_element_that_it_stated_and_that_does_not_answer_is_removed);
	return tap_end();
}
