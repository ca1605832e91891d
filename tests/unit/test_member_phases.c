/* Each change of an element's phase that engine/registrar/phase.c lists happens: one scenario a test. */
#define rsp_phase_may table_says
#include "engine/registrar/phase.c"
#undef rsp_phase_may

#include "engine/registrar/member.h"
#include "moves.h"
#include "registrar_world.h"

bool rsp_phase_may(enum rsp_member_phase from, enum rsp_member_phase to);

/* Replaces that of the library. */
bool
rsp_phase_may(enum rsp_member_phase from, enum rsp_member_phase to)
{
	rsp_moves_check("member", from, to, table_says(from, to));
	return table_says(from, to);
}

enum { PE = 7, LONG_MS = 40000 };

#define NEXT_EPOCH (UINT64_C(1) << 62) /* above all others */

static const struct rsp_epoch number = { .epoch = 30, .instance = PROCESS },
			      next = { .epoch = NEXT_EPOCH, .instance = PROCESS };

static enum rsp_member_phase
phase(void)
{
	struct rsp_element *e = world_element("web", PE);

	return e ? rsp_member(e)->phase : RSP_MEMBER_GONE;
}

/* The element is in phase @wanted, and what follows is the event. */
static void
is_in(enum rsp_member_phase wanted)
{
	if (phase() != wanted)
		printf("# it is %s, not %s\n", rsp_phase_name(phase()), rsp_phase_name(wanted));
	CHECK_EQ(phase(), wanted);
	moves_expect();
}

/* b and c are peers; one element is dialled at a time. */
static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_adoptions = 1;
	config.keepalive_distance_ms = 0;
	config.keepalive_interval_ms = 2000;
	config.tombstone_ms = 60000;
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
}

static void
reported(uint32_t pe_id)
{
	world_report(USER, "web", pe_id);
}

/* The registrar c states about the element. */
static void
c_states(uint32_t home_id, struct rsp_statement s)
{
	world_update(C, ID_C, s.rank == RSP_RANK_REMOVED ? ENRP_DEL_PE : ENRP_ADD_PE, "web", world_stated_pe(PE, home_id, s));
}

static void
is_up(void)
{
	CHECK_EQ(world_up(world_dialled("web1"), RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
}

static void
acknowledges(uint32_t link)
{
	world_ack_epoch(link, "web", PE, number);
}

/* Phases, and how an element comes there */

static void
foreign(void)
{
	begin();
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(PE, ID_B, number.epoch));
	is_in(RSP_MEMBER_FOREIGN);
}

static void
foreign_waits(void)
{
	foreign();
	c_states(ID_C, world_statement(number.epoch, PROCESS, RSP_RANK_REGISTERED + 1));
	is_in(RSP_MEMBER_FOREIGN_WAITS);
}

/* b is dead, and c does not acknowledge its takeover. */
static void
c_is_alive(uint64_t for_ms)
{
	for (uint64_t end = w.now + for_ms; w.now < end && !world_dialled("web1");) {
		world_run(100);
		world_presence(C, ID_C, "c", false);
	}
}

static void
foreign_look(void)
{
	foreign();
	c_is_alive(10000);
	is_up();
	acknowledges(world_dialled("web1"));
	is_in(RSP_MEMBER_FOREIGN_LOOK);
}

static void
held(void)
{
	begin();
	world_register_epoch(WEB1, "web", PE, number);
	is_in(RSP_MEMBER_HELD);
}

static void
asked(void)
{
	held();
	reported(PE);
	is_in(RSP_MEMBER_ASKED);
}

static void
doubted(void)
{
	held();
	c_states(ID_C, world_statement(number.epoch + 1, PROCESS, RSP_RANK_REGISTERED));
	acknowledges(WEB1);
	is_in(RSP_MEMBER_DOUBTED);
}

/* Another process, which knew of the one that is linked, has registered. */
static void
c_states_another_process(uint32_t displaced)
{
	struct rsp_statement s = world_statement(NEXT_EPOCH - 1, OTHER_PROCESS, RSP_RANK_REGISTERED);

	s.epoch.over = displaced;
	c_states(ID_C, s);
}

static void
displaced(void)
{
	begin();
	world_register(WEB1, "web", PE);
	c_states_another_process(world_stored("web", PE).epoch.instance);
	is_in(RSP_MEMBER_DISPLACED);
}

static void
unlinked(void)
{
	held();
	world_down(WEB1, RSP_ECLOSED);
	is_in(RSP_MEMBER_UNLINKED);
}

static void
look_queued(void)
{
	struct rsp_pool_element other = world_pe(8, ID_B, 20);

	held();
	world_update(B, ID_B, ENRP_ADD_PE, "web", other);
	reported(8);
	world_down(WEB1, RSP_ECLOSED);
	reported(PE);
	is_in(RSP_MEMBER_LOOK_QUEUED);
}

static void
look_dialling(void)
{
	unlinked();
	reported(PE);
	is_in(RSP_MEMBER_LOOK_DIALLING);
}

static void
look_asked(void)
{
	look_dialling();
	is_up();
	is_in(RSP_MEMBER_LOOK_ASKED);
}

/* We have taken b over. */
static void
taken_over(void)
{
	foreign();
	world_run(2400);
	world_presence(C, ID_C, "c", false);
	world_run(600);
	world_about(C, ENRP_INIT_TAKEOVER_ACK, ID_C, ID_B);
	CHECK_EQ(world_told(RSP_EVENT_TAKEOVER_DONE), 1);
	world_run(0);
}

static void
look_answered(void)
{
	taken_over();
	is_up();
	acknowledges(world_dialled("web1"));
	is_in(RSP_MEMBER_LOOK_ANSWERED);
}

static void
this_registrar_was_away(void)
{
	w.now += LONG_MS;
	rsp_registrar_tick(w.r, w.now);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
}

static void
old(void)
{
	unlinked();
	this_registrar_was_away();
	is_in(RSP_MEMBER_OLD);
}

/* Events */

static void
it_registers(void)
{
	world_register_epoch(WEB2, "web", PE, next);
}

static void
its_connection_ends(void)
{
	world_down(WEB1, RSP_ECLOSED);
}

static void
it_deregisters(void)
{
	world_deregister_epoch(WEB2, "web", PE, next);
}

static void
a_greater_statement_names_another_home(void)
{
	c_states(ID_C, world_statement(NEXT_EPOCH, PROCESS, RSP_RANK_REGISTERED));
}

static void
a_greater_statement_names_this_registrar(void)
{
	c_states(ID_US, world_statement(NEXT_EPOCH, PROCESS, RSP_RANK_REGISTERED));
}

static void
a_statement_over_the_head_of_its_home_is_heard(void)
{
	c_states(ID_C, world_statement(number.epoch, PROCESS, RSP_RANK_REGISTERED + 1));
}

static void
its_home_does_not_answer_in_time(void)
{
	world_run(1000);
}

static void
its_home_is_silent_for_long(void)
{
	c_is_alive(10000);
}

static void
it_is_reported(void)
{
	reported(PE);
}

static void
it_is_looked_at_again(void)
{
	for (unsigned i = 0; i < 20; i++) {
		world_run(100);
		world_presence(C, ID_C, "c", false);
	}
}

/* b, its home, is heard again. */
static void
a_statement_over_the_head_of_a_home_that_is_back_is_heard(void)
{
	world_presence(B, ID_B, "b", false);
	a_statement_over_the_head_of_its_home_is_heard();
}

static void
a_second_statement_over_the_head_of_its_home_is_heard(void)
{
	c_states(ID_C, world_statement(number.epoch, PROCESS, RSP_RANK_REGISTERED + 2));
}

/* An element of b that is looked at because it was reported. */

static void
foreign_queued(void)
{
	struct rsp_pool_element other = world_pe(8, ID_B, 20);

	foreign();
	other.asap.port = 5001;
	world_update(B, ID_B, ENRP_ADD_PE, "web", other);
	reported(8);
	reported(PE);
	is_in(RSP_MEMBER_LOOK_QUEUED);
}

static void
foreign_dialling(void)
{
	foreign();
	reported(PE);
	is_in(RSP_MEMBER_LOOK_DIALLING);
}

static void
foreign_asked(void)
{
	foreign_dialling();
	is_up();
	is_in(RSP_MEMBER_LOOK_ASKED);
}

static void
the_other_dial_ends(void)
{
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
}

static void
its_dialled_link_is_up(void)
{
	is_up();
}

static void
its_dial_fails(void)
{
	world_down(world_dialled("web1"), RSP_EUNREACHABLE);
}

static void
it_acknowledges_over_the_dialled_link(void)
{
	acknowledges(world_dialled("web1"));
}

static void
it_does_not_register_in_time(void)
{
	for (unsigned i = 0; i < 30; i++) {
		world_run(100);
		world_presence(C, ID_C, "c", false);
	}
}

static void
a_heartbeat_cycle_is_over(void)
{
	world_run(1000);
}

/* The registrar b is heard while this one joins again. */
static void
a_greater_statement_of_b_is_heard(void)
{
	world_run(0);
	world_joined(world_dialled("b"), ID_B, "b");
	world_update(world_dialled("b"), ID_B, ENRP_ADD_PE, "web", world_pe(PE, ID_B, NEXT_EPOCH));
}

static void
there_is_no_registrar_to_join(void)
{
	world_run(0);
	world_down(world_dialled("b"), RSP_EUNREACHABLE);
	world_down(world_dialled("c"), RSP_EUNREACHABLE);
	world_run(5000);
}

static void
it_acknowledges_a_question(void)
{
	acknowledges(WEB1);
}

static void
asked_about_another_statement(void)
{
	held();
	c_states(ID_C, world_statement(number.epoch + 1, PROCESS, RSP_RANK_REGISTERED));
	is_in(RSP_MEMBER_ASKED);
}

/* It registered over WEB1, and then over WEB2, over which it is asked. */
static void
asked_over_its_second_link(void)
{
	held();
	world_register_epoch(WEB2, "web", PE, next);
	reported(PE);
	is_in(RSP_MEMBER_ASKED);
}

static void
its_second_link_ends(void)
{
	world_down(WEB2, RSP_ECLOSED);
}

/* It sends no EPOCH. */
static void
held_without_epoch(void)
{
	begin();
	world_register(WEB1, "web", PE);
	is_in(RSP_MEMBER_HELD);
}

static void
asked_without_epoch(void)
{
	held_without_epoch();
	reported(PE);
	is_in(RSP_MEMBER_ASKED);
}

/* It registered without EPOCH, and acknowledges with one. */
static void
doubted_without_epoch(void)
{
	struct rsp_statement s = world_statement(0, PROCESS, RSP_RANK_REGISTERED);

	held_without_epoch();
	s.epoch.epoch = world_epoch("web", PE) + 1;
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_stated_pe(PE, ID_B, s));
	acknowledges(WEB1);
	is_in(RSP_MEMBER_DOUBTED);
}

static void
another_process_has_displaced_it(void)
{
	c_states_another_process(world_stored("web", PE).epoch.instance);
}

/* It was taken over, and is asked with the H flag. */
static void
asked_with_the_h_flag(void)
{
	taken_over();
	is_up();
	is_in(RSP_MEMBER_LOOK_ASKED);
}

static void
it_acknowledges_the_h_flag(void)
{
	it_acknowledges_over_the_dialled_link();
}

static void
it_acknowledges_the_h_flag_without_epoch(void)
{
	world_ack(world_dialled("web1"), "web", PE);
}

/* The table: from, to, start, event */
#define ROWS(ROW)                                                                                                      \
	ROW(FOREIGN, FOREIGN_WAITS, foreign, a_statement_over_the_head_of_its_home_is_heard)                           \
	ROW(FOREIGN, FOREIGN_LOOK, foreign, its_home_is_silent_for_long)                                               \
	ROW(FOREIGN, LOOK_QUEUED, foreign, it_is_reported)                                                             \
	ROW(FOREIGN, HELD, foreign, it_registers)                                                                      \
	ROW(FOREIGN, FOREIGN, foreign, a_greater_statement_names_another_home)                                         \
	ROW(FOREIGN, UNLINKED, foreign, a_greater_statement_names_this_registrar)                                      \
	ROW(FOREIGN, OLD, foreign, this_registrar_was_away)                                                            \
	ROW(FOREIGN, GONE, foreign, it_deregisters)                                                                    \
	ROW(FOREIGN_WAITS, FOREIGN_WAITS, foreign_waits, a_second_statement_over_the_head_of_its_home_is_heard)        \
	ROW(FOREIGN_WAITS, FOREIGN, foreign_waits, its_home_does_not_answer_in_time)                                   \
	ROW(FOREIGN_WAITS, HELD, foreign_waits, it_registers)                                                          \
	ROW(FOREIGN_WAITS, UNLINKED, foreign_waits, a_greater_statement_names_this_registrar)                          \
	ROW(FOREIGN_WAITS, OLD, foreign_waits, this_registrar_was_away)                                                \
	ROW(FOREIGN_WAITS, GONE, foreign_waits, it_deregisters)                                                        \
	ROW(FOREIGN_LOOK, LOOK_QUEUED, foreign_look, it_is_looked_at_again)                                            \
	ROW(FOREIGN_LOOK, FOREIGN_WAITS, foreign_look, a_statement_over_the_head_of_a_home_that_is_back_is_heard)      \
	ROW(FOREIGN_LOOK, FOREIGN, foreign_look, a_greater_statement_names_another_home)                               \
	ROW(FOREIGN_LOOK, HELD, foreign_look, it_registers)                                                            \
	ROW(FOREIGN_LOOK, UNLINKED, foreign_look, a_greater_statement_names_this_registrar)                            \
	ROW(FOREIGN_LOOK, OLD, foreign_look, this_registrar_was_away)                                                  \
	ROW(FOREIGN_LOOK, GONE, foreign_look, it_deregisters)                                                          \
	ROW(HELD, ASKED, held, it_is_reported)                                                                         \
	ROW(HELD, DISPLACED, held_without_epoch, another_process_has_displaced_it)                                     \
	ROW(HELD, HELD, held, it_registers)                                                                            \
	ROW(HELD, UNLINKED, held, its_connection_ends)                                                                 \
	ROW(HELD, OLD, held, this_registrar_was_away)                                                                  \
	ROW(HELD, GONE, held, it_deregisters)                                                                          \
	ROW(ASKED, HELD, asked, it_acknowledges_a_question)                                                            \
	ROW(ASKED, DOUBTED, asked_about_another_statement, it_acknowledges_a_question)                                 \
	ROW(ASKED, DISPLACED, asked_without_epoch, another_process_has_displaced_it)                                   \
	ROW(ASKED, ASKED, asked_over_its_second_link, its_second_link_ends)                                            \
	ROW(ASKED, UNLINKED, asked, its_connection_ends)                                                               \
	ROW(ASKED, OLD, asked, this_registrar_was_away)                                                                \
	ROW(ASKED, GONE, asked, it_deregisters)                                                                        \
	ROW(DOUBTED, DISPLACED, doubted_without_epoch, another_process_has_displaced_it)                               \
	ROW(DOUBTED, HELD, doubted, it_registers)                                                                      \
	ROW(DOUBTED, UNLINKED, doubted, it_does_not_register_in_time)                                                  \
	ROW(DOUBTED, OLD, doubted, this_registrar_was_away)                                                            \
	ROW(DOUBTED, GONE, doubted, it_deregisters)                                                                    \
	ROW(DISPLACED, HELD, displaced, it_registers)                                                                  \
	ROW(DISPLACED, UNLINKED, displaced, a_heartbeat_cycle_is_over)                                                 \
	ROW(DISPLACED, OLD, displaced, this_registrar_was_away)                                                        \
	ROW(DISPLACED, GONE, displaced, it_deregisters)                                                                \
	ROW(UNLINKED, LOOK_QUEUED, unlinked, it_is_reported)                                                           \
	ROW(UNLINKED, HELD, unlinked, it_registers)                                                                    \
	ROW(UNLINKED, FOREIGN, unlinked, a_greater_statement_names_another_home)                                       \
	ROW(UNLINKED, OLD, unlinked, this_registrar_was_away)                                                          \
	ROW(UNLINKED, GONE, unlinked, it_deregisters)                                                                  \
	ROW(LOOK_QUEUED, LOOK_DIALLING, look_queued, the_other_dial_ends)                                              \
	ROW(LOOK_QUEUED, FOREIGN_WAITS, foreign_queued, a_statement_over_the_head_of_its_home_is_heard)                \
	ROW(LOOK_QUEUED, UNLINKED, look_queued, it_registers)                                                          \
	ROW(LOOK_QUEUED, FOREIGN, look_queued, a_greater_statement_names_another_home)                                 \
	ROW(LOOK_QUEUED, OLD, look_queued, this_registrar_was_away)                                                    \
	ROW(LOOK_QUEUED, GONE, look_queued, it_deregisters)                                                            \
	ROW(LOOK_DIALLING, LOOK_ASKED, look_dialling, its_dialled_link_is_up)                                          \
	ROW(LOOK_DIALLING, FOREIGN_WAITS, foreign_dialling, a_statement_over_the_head_of_its_home_is_heard)            \
	ROW(LOOK_DIALLING, UNLINKED, look_dialling, its_dial_fails)                                                    \
	ROW(LOOK_DIALLING, FOREIGN, foreign_dialling, its_dial_fails)                                                  \
	ROW(LOOK_DIALLING, OLD, look_dialling, this_registrar_was_away)                                                \
	ROW(LOOK_DIALLING, GONE, look_dialling, it_deregisters)                                                        \
	ROW(LOOK_ASKED, LOOK_ANSWERED, asked_with_the_h_flag, it_acknowledges_the_h_flag)                              \
	ROW(LOOK_ASKED, HELD, asked_with_the_h_flag, it_acknowledges_the_h_flag_without_epoch)                         \
	ROW(LOOK_ASKED, FOREIGN_WAITS, foreign_asked, a_statement_over_the_head_of_its_home_is_heard)                  \
	ROW(LOOK_ASKED, UNLINKED, look_asked, it_acknowledges_over_the_dialled_link)                                   \
	ROW(LOOK_ASKED, FOREIGN, foreign_asked, it_acknowledges_over_the_dialled_link)                                 \
	ROW(LOOK_ASKED, OLD, look_asked, this_registrar_was_away)                                                      \
	ROW(LOOK_ASKED, GONE, look_asked, it_deregisters)                                                              \
	ROW(LOOK_ANSWERED, UNLINKED, look_answered, it_does_not_register_in_time)                                      \
	ROW(LOOK_ANSWERED, FOREIGN, look_answered, a_greater_statement_names_another_home)                             \
	ROW(LOOK_ANSWERED, OLD, look_answered, this_registrar_was_away)                                                \
	ROW(LOOK_ANSWERED, GONE, look_answered, it_deregisters)                                                        \
	ROW(OLD, HELD, old, it_registers)                                                                              \
	ROW(OLD, FOREIGN, old, a_greater_statement_of_b_is_heard)                                                      \
	ROW(OLD, UNLINKED, old, there_is_no_registrar_to_join)                                                         \
	ROW(OLD, GONE, old, it_deregisters)

#define TEST(from, to, start, event)                                                                                   \
	static void start##_and_##event(void)                                                                          \
	{                                                                                                              \
		start();                                                                                               \
		event();                                                                                               \
	}
ROWS(TEST)

/* What the table allows in general, and cannot happen. A linked element is asked before another home is believed. A new
 * registration over another link ends a look first. */
#define NEVER(from, to) { RSP_MEMBER_##from, RSP_MEMBER_##to }
static const struct rsp_move never[] = {
	NEVER(FOREIGN_WAITS, FOREIGN_LOOK), NEVER(FOREIGN_WAITS, LOOK_QUEUED), NEVER(FOREIGN_LOOK, FOREIGN_LOOK),
	NEVER(HELD, FOREIGN),		    NEVER(ASKED, FOREIGN),	       NEVER(DOUBTED, FOREIGN),
	NEVER(DISPLACED, FOREIGN),	    NEVER(UNLINKED, UNLINKED),	       NEVER(LOOK_QUEUED, HELD),
	NEVER(LOOK_DIALLING, HELD),	    NEVER(LOOK_ANSWERED, HELD),	       NEVER(OLD, OLD),
};

#define MOVE(from, to, start, event) { RSP_MEMBER_##from, RSP_MEMBER_##to },
static const struct rsp_move rows[] = { ROWS(MOVE) };

static void
no_other_change_is_listed(void)
{
	for (unsigned from = 0; from < RSP_MEMBER_PHASES; from++)
		for (unsigned to = 0; to < RSP_MEMBER_PHASES; to++) {
			bool known = rsp_moves_list(rows, RSP_COUNT(rows), from, to) ||
				     rsp_moves_list(never, RSP_COUNT(never), from, to);

			if (known != table_says(from, to))
				printf("# from %s to %s\n", rsp_phase_name(from), rsp_phase_name(to));
			CHECK_EQ(known, table_says(from, to));
		}
}

int
main(void)
{
	moves.machine = "member";
#define RUN(from, to, start, event)                                                                                    \
	moves_walk(RSP_MEMBER_##from, RSP_MEMBER_##to, start##_and_##event, world_end, #start "_and_" #event);
	ROWS(RUN)
	TAP_RUN(no_other_change_is_listed);
	return tap_end();
}
