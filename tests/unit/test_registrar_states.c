#include "engine/enrp/contact.h"
#include "engine/enrp/peer.h"
#include "engine/registrar/look.h"
#include "engine/registrar/member.h"
#include <string.h>

#include "tap.h"

/* The states of the registrar's objects. Each table below repeats the one in the object's header: a row for each state,
 * and in it a 1 for each state that may follow. */

#define WALK(table, may)                                                                                               \
	for (unsigned from = 0; from < RSP_COUNT(table); from++)                                                       \
		for (unsigned to = 0; to < RSP_COUNT(table); to++)                                                     \
			CHECK_EQ(may(from, to), table[from][to] == '1')

static void
a_link_comes_up_once_and_closes_once(void)
{
	static const char table[3][4] = {
		/* DIALLING, UP, CLOSING */
		"011",
		"001",
		"000",
	};

	WALK(table, rsp_link_may);
}

static void
a_contact_is_dialled_before_it_is_up_and_goes_back_to_idle(void)
{
	static const char table[3][4] = {
		/* IDLE, DIALLING, UP */
		"110",
		"101",
		"100",
	};

	WALK(table, rsp_contact_may);
}

static void
only_an_active_peer_is_probed(void)
{
	static const char table[4][5] = {
		/* ACTIVE, PROBED, INACTIVE, DEAD */
		"1111",
		"1011",
		"1011",
		"1011",
	};

	WALK(table, rsp_peer_may);
}

static void
a_look_rests_after_its_question(void)
{
	static const char table[4][5] = {
		/* FREE, DIALLING, ASKED, RESTING */
		"0110",
		"1011",
		"1001",
		"1000",
	};

	WALK(table, rsp_look_may);
}

static void
an_element_changes_its_phase_as_the_table_says(void)
{
	static const char table[RSP_MEMBER_PHASES][RSP_MEMBER_PHASES + 1] = {
		/* FOREIGN, _SWEEP, _CLAIMED, _LOOK; HELD, ASKED, GRACE; ADOPT_QUEUED, _DIALLING, _ASKED; OLD, GONE */
		[RSP_MEMBER_FOREIGN] = "111110110011",
		[RSP_MEMBER_FOREIGN_SWEEP] = "111110010011",
		[RSP_MEMBER_FOREIGN_CLAIMED] = "111110010011",
		[RSP_MEMBER_FOREIGN_LOOK] = "111110010011",
		[RSP_MEMBER_HELD] = "100011110111",
		[RSP_MEMBER_ASKED] = "100011110111",
		[RSP_MEMBER_GRACE] = "100011110111",
		[RSP_MEMBER_ADOPT_QUEUED] = "100010111111",
		[RSP_MEMBER_ADOPT_DIALLING] = "100010110111",
		[RSP_MEMBER_ADOPT_ASKED] = "100010110111",
		[RSP_MEMBER_OLD] = "110010110011",
		[RSP_MEMBER_GONE] = "000000000000",
	};

	WALK(table, rsp_member_may);
}

static void
each_phase_of_an_element_has_a_name_of_its_own(void)
{
	for (unsigned a = 0; a < RSP_MEMBER_PHASES; a++) {
		CHECK(*rsp_member_phase_name(a));
		for (unsigned b = 0; b < a; b++)
			CHECK(strcmp(rsp_member_phase_name(a), rsp_member_phase_name(b)) != 0);
	}
	CHECK_STR(rsp_member_phase_name(RSP_MEMBER_PHASES), "");
}

int
main(void)
{
	TAP_RUN(a_link_comes_up_once_and_closes_once);
	TAP_RUN(a_contact_is_dialled_before_it_is_up_and_goes_back_to_idle);
	TAP_RUN(only_an_active_peer_is_probed);
	TAP_RUN(a_look_rests_after_its_question);
	TAP_RUN(an_element_changes_its_phase_as_the_table_says);
	TAP_RUN(each_phase_of_an_element_has_a_name_of_its_own);
	return tap_end();
}
