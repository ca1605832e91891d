#include "engine/enrp/contact.h"
#include "engine/enrp/peer.h"
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
an_element_changes_its_phase_as_the_table_says(void)
{
	static const char table[RSP_MEMBER_PHASES][RSP_MEMBER_PHASES + 1] = {
		/* FOREIGN, _WAITS, _LOOK; HELD, ASKED, DOUBTED, DISPLACED; UNLINKED; LOOK_QUEUED, _DIALLING, _ASKED, _ANSWERED;
		 * OLD, GONE */
		[RSP_MEMBER_FOREIGN] = "11110001100011",
		[RSP_MEMBER_FOREIGN_WAITS] = "11110001100011",
		[RSP_MEMBER_FOREIGN_LOOK] = "11110001100011",
		[RSP_MEMBER_HELD] = "10011011000011",
		[RSP_MEMBER_ASKED] = "10011111000011",
		[RSP_MEMBER_DOUBTED] = "10010011000011",
		[RSP_MEMBER_DISPLACED] = "10010001000011",
		[RSP_MEMBER_UNLINKED] = "10010001100011",
		[RSP_MEMBER_LOOK_QUEUED] = "11010001010011",
		[RSP_MEMBER_LOOK_DIALLING] = "11010001001011",
		[RSP_MEMBER_LOOK_ASKED] = "11010001000111",
		[RSP_MEMBER_LOOK_ANSWERED] = "10010001000011",
		[RSP_MEMBER_OLD] = "10010001000011",
		[RSP_MEMBER_GONE] = "00000000000000",
	};

	WALK(table, rsp_phase_may);
}

static void
each_phase_of_an_element_has_a_name_of_its_own(void)
{
	for (unsigned a = 0; a < RSP_MEMBER_PHASES; a++) {
		CHECK(*rsp_phase_name(a));
		for (unsigned b = 0; b < a; b++)
			CHECK(strcmp(rsp_phase_name(a), rsp_phase_name(b)) != 0);
	}
	CHECK_STR(rsp_phase_name(RSP_MEMBER_PHASES), "");
}

int
main(void)
{
	TAP_RUN(a_link_comes_up_once_and_closes_once);
	TAP_RUN(a_contact_is_dialled_before_it_is_up_and_goes_back_to_idle);
	TAP_RUN(only_an_active_peer_is_probed);
	TAP_RUN(an_element_changes_its_phase_as_the_table_says);
	TAP_RUN(each_phase_of_an_element_has_a_name_of_its_own);
	return tap_end();
}
