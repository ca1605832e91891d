#include "registrar_world.h"

/* Statements that name this registrar as the home of an element that is not linked here: after a restart, when other registrars
 * took over in its name, or when an old statement comes back. It looks: rule 4.5 of the ownership of elements. */

/* b tells this registrar that it has element 7, at @rank. */
static void
begin(uint16_t rank)
{
	struct rsp_registrar_config config = world_config();

	config.keepalive_interval_ms = 1000;
	world_begin_peers(&config);
	world_says(B, ID_B, ID_US, world_statement(100, PROCESS, rank));
	world_run(0);
}

static unsigned
count_updates(void)
{
	return world_count(B, ENRP_HANDLE_UPDATE) + world_count(C, ENRP_HANDLE_UPDATE);
}

/* The dial to the element is up: the link, over which it was asked with this number, and with the H flag or without. */
static uint32_t
is_asked(bool home)
{
	uint32_t link = world_dialled("web1");
	struct rsp_message msg = { 0 };

	CHECK(link != 0);
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK(world_find(link, RSP_ASAP, ASAP_ENDPOINT_KEEP_ALIVE, -1, &msg));
	CHECK_EQ(msg.flags & ASAP_FLAG_HOME, home ? ASAP_FLAG_HOME : 0);
	CHECK(msg.has & RSP_HAS_EPOCH && msg.epoch.epoch == 100 && msg.epoch.instance == PROCESS);
	return link;
}

static void
an_element_that_is_not_linked_is_stored_and_looked_at(void)
{
	begin(RSP_RANK_REGISTERED);
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 1);
	CHECK_EQ(count_updates(), 0);
	(void)is_asked(false);
	world_end();
}

static void
an_element_that_this_registrar_took_over_is_asked_with_the_h_flag(void)
{
	begin(RSP_RANK_REGISTERED + 1);
	(void)is_asked(true);
	world_end();
}

static void
an_element_that_answers_stays_and_is_looked_at_again(void)
{
	begin(RSP_RANK_REGISTERED);
	world_ack_epoch(is_asked(false), "web", 7, (struct rsp_epoch){ 100, PROCESS, 0 });
	CHECK_EQ(world_stored("web", 7).rank, RSP_RANK_REGISTERED);
	unsigned dials = w.n_dials;
	for (unsigned i = 0; i < 20; i++) {
		world_run(100);
		world_presence_in_sync(B, ID_B, "b");
		world_presence_in_sync(C, ID_C, "c");
	}
	CHECK_EQ(world_home("web", 7), ID_US);
	CHECK(w.n_dials > dials);
	world_end();
}

static void
an_element_that_does_not_answer_is_removed_at_its_epoch_and_announced(void)
{
	struct rsp_message msg;

	begin(RSP_RANK_REGISTERED);
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
	w.no_keys = true;
	world_run(600);
	CHECK_EQ(world_home("web", 7), ID_US);
	world_run(1500);
	CHECK_EQ(world_home("web", 7), 0);
	CHECK_EQ(world_count(C, ENRP_HANDLE_UPDATE), 1);
	CHECK_EQ(world_update_sent(C, &msg), ENRP_DEL_PE);
	CHECK(msg.element.home_id == ID_US && msg.element.statement.epoch.epoch == 100);
	CHECK_EQ(msg.element.statement.rank, RSP_RANK_REMOVED);
	world_end();
}

static void
an_element_that_registers_meanwhile_is_linked(void)
{
	begin(RSP_RANK_REGISTERED);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 101, PROCESS, 0 });
	CHECK_EQ(world_epoch("web", 7), 101);
	CHECK(world_was_closed(world_dialled("web1"))); /* it was dialled for the look alone */
	world_end();
}

static void
a_removal_is_remembered_and_not_announced(void)
{ /* the process of this registrar that made it has announced it */
	begin(RSP_RANK_REMOVED);
	CHECK_EQ(rsp_registrar_stats(w.r).tombstones, 1);
	CHECK_EQ(count_updates(), 0);
	world_end();
}

static void
a_removal_after_one_that_was_heard_is_announced(void)
{
	begin(RSP_RANK_REMOVED);
	world_deregister_epoch(WEB1, "web", 8, (struct rsp_epoch){ 100, PROCESS, 0 });
	CHECK_EQ(count_updates(), 2);
	world_end();
}

int
main(void)
{
	TAP_RUN(an_element_that_is_not_linked_is_stored_and_looked_at);
	TAP_RUN(an_element_that_this_registrar_took_over_is_asked_with_the_h_flag);
	TAP_RUN(an_element_that_answers_stays_and_is_looked_at_again);
	TAP_RUN(an_element_that_does_not_answer_is_removed_at_its_epoch_and_announced);
	TAP_RUN(an_element_that_registers_meanwhile_is_linked);
	TAP_RUN(a_removal_is_remembered_and_not_announced);
	TAP_RUN(a_removal_after_one_that_was_heard_is_announced);
	return tap_end();
}
