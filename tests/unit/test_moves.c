/* Tables of transitions: what no table lists aborts. */
#include "base/moves.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "engine/client/state.h"
#include "engine/monitor/state.h"
#include "engine/registrar/link.h"
#include "net/channel_state.h"
#include "serve/inquiry_state.h"
#include "tap.h"

/* Whether a setter that has @table, of @n rows, aborts before a change from @from to @to. */
static bool
aborts(const struct rsp_move *table, size_t n, unsigned from, unsigned to)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		(void)close(STDERR_FILENO);
		rsp_moves_check("test", from, to, rsp_moves_list(table, n, from, to));
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* Each table below repeats that of a header: a row for each state, and in it a 1 for each state that may follow. */
#define WALK(rows, wanted)                                                                                             \
	for (unsigned from = 0; from < RSP_COUNT(wanted); from++)                                                      \
		for (unsigned to = 0; to < RSP_COUNT(wanted); to++)                                                    \
			CHECK_EQ(aborts(rows, RSP_COUNT(rows), from, to), wanted[from][to] != '1')

static void
a_monitor_aborts_at_a_change_that_is_not_in_its_table(void)
{
#define MOVE(from, to, event) { MONITOR_##from, MONITOR_##to },
	static const struct rsp_move rows[] = { MONITOR_MOVES(MOVE) };
#undef MOVE
	static const char wanted[MONITOR_STATES][MONITOR_STATES + 1] = {
		/* CONNECTING, PAUSED, WAITING, OVER */
		"0011",
		"0011",
		"0101",
		"0000",
	};

	WALK(rows, wanted);
}

static void
a_channel_aborts_at_a_change_that_is_not_in_its_table(void)
{
#define MOVE(from, to, event) { CHANNEL_##from, CHANNEL_##to },
	static const struct rsp_move rows[] = { CHANNEL_MOVES(MOVE) };
#undef MOVE
	static const char wanted[CHANNEL_STATES][CHANNEL_STATES + 1] = {
		/* CONNECTING, OPEN, CLOSING, DOWN */
		"0111",
		"0011",
		"0001",
		"0000",
	};

	WALK(rows, wanted);
}

static void
an_inquiry_aborts_at_a_change_that_is_not_in_its_table(void)
{
#define MOVE(from, to, event) { INQUIRY_##from, INQUIRY_##to },
	static const struct rsp_move rows[] = { INQUIRY_MOVES(MOVE) };
#undef MOVE
	static const char wanted[INQUIRY_STATES][INQUIRY_STATES + 1] = {
		/* WAITING, ASKING, OVER */
		"111",
		"101",
		"000",
	};

	WALK(rows, wanted);
}

static void
a_link_aborts_at_a_change_that_is_not_in_its_table(void)
{
#define MOVE(from, to, event) { RSP_LINK_##from, RSP_LINK_##to },
	static const struct rsp_move rows[] = { RSP_LINK_MOVES(MOVE) };
#undef MOVE
	static const char wanted[RSP_LINK_STATES][RSP_LINK_STATES + 1] = {
		/* DIALLING, UP, CLOSING */
		"011",
		"001",
		"000",
	};

	WALK(rows, wanted);
}

static void
an_element_of_a_client_aborts_at_a_change_that_is_not_in_its_table(void)
{
#define MOVE(from, to, event) { ELEMENT_##from, ELEMENT_##to },
	static const struct rsp_move rows[] = { CLIENT_ELEMENT_MOVES(MOVE) };
#undef MOVE
	static const char wanted[ELEMENT_STATES][ELEMENT_STATES + 1] = {
		/* WAITING, QUEUED, REGISTERING, REGISTERED, REJECTED; LEAVING, LEAVE_QUEUED, DEREGISTERING; DEAD */
		"010101001",
		"101101001",
		"110111001",
		"110001001",
		"110001001",
		"000000101",
		"000001010",
		"000001101",
		"000000000",
	};

	WALK(rows, wanted);
}

int
main(void)
{
	TAP_RUN(a_monitor_aborts_at_a_change_that_is_not_in_its_table);
	TAP_RUN(a_channel_aborts_at_a_change_that_is_not_in_its_table);
	TAP_RUN(an_inquiry_aborts_at_a_change_that_is_not_in_its_table);
	TAP_RUN(a_link_aborts_at_a_change_that_is_not_in_its_table);
	TAP_RUN(an_element_of_a_client_aborts_at_a_change_that_is_not_in_its_table);
	return tap_end();
}
