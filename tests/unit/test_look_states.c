/* Each row of the table in engine/registrar/look.h happens. */
#include "engine/registrar/look.h"

#include "moves.h"
#include "takeover_world.h"

static void
report(uint32_t pe_id)
{
	struct rsp_message msg = world_asap(ASAP_ENDPOINT_UNREACHABLE, "web", pe_id);

	world_tell(USER, &msg);
}

static void
start(void)
{
	begin();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	moves_expect();
}

/* A look dials the element 1 of the registrar d. Returns the link. */
static uint32_t
start_dialling(void)
{
	start();
	report(1);
	moves_expect();
	return world_dialled("web1");
}

static uint32_t
start_asked(void)
{
	uint32_t link = start_dialling();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	moves_expect();
	return link;
}

/* The registrar d removes the element. */
static void
remove_element(void)
{
	world_update(D, ID_D, ENRP_DEL_PE, "web", world_pe(1, ID_D, 22));
	CHECK_EQ(world_home("web", 1), 0);
}

static void
an_element_is_reported(void)
{
	start();
	report(1);
	CHECK_EQ(moves.n, 1);
}

static void
an_element_is_reported_whose_transport_is_connected(void)
{
	(void)start_asked();
	report(2);
	CHECK_EQ(moves.n, 1);
}

static void
the_element_is_removed_while_the_look_dials(void)
{
	(void)start_dialling();
	remove_element();
	CHECK_EQ(moves.n, 1);
}

static void
the_connection_is_up(void)
{
	uint32_t link = start_dialling();

	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
	CHECK_EQ(moves.n, 1);
}

static void
the_dial_fails(void)
{
	uint32_t link = start_dialling();

	world_down(link, RSP_EUNREACHABLE);
	CHECK_EQ(moves.n, 1);
}

static void
the_dial_takes_too_long(void)
{
	(void)start_dialling();
	world_run(499);
	CHECK_EQ(moves.n, 0);
	world_run(1);
}

static void
the_element_is_removed_before_it_answers(void)
{
	(void)start_asked();
	remove_element();
	CHECK_EQ(moves.n, 1);
}

static void
the_element_answers(void)
{
	uint32_t link = start_asked();

	world_ack(link, "web", 2); /* this one was not asked */
	CHECK_EQ(moves.n, 0);
	world_ack(link, "web", 1);
	CHECK_EQ(moves.n, 1);
}

static void
the_connection_is_lost(void)
{
	uint32_t link = start_asked();

	world_down(link, RSP_ECLOSED);
	CHECK_EQ(moves.n, 1);
}

static void
the_answer_takes_too_long(void)
{
	(void)start_asked();
	world_run(499);
	CHECK_EQ(moves.n, 0);
	world_run(1);
}

static void
start_resting(void)
{
	uint32_t link = start_asked();

	world_ack(link, "web", 1);
	moves_expect();
	report(1); /* too early */
	CHECK_EQ(moves.n, 0);
}

static void
the_rest_is_over(void)
{
	start_resting();
	world_run(rsp_registrar_defaults().keepalive_distance_ms);
	CHECK_EQ(moves.n, 1);
}

static void
the_element_is_removed_while_the_look_rests(void)
{
	start_resting();
	remove_element();
	CHECK_EQ(moves.n, 1);
}

int
main(void)
{
	moves.machine = "look";
#define MOVE(from, to, event) moves_walk(RSP_LOOK_##from, RSP_LOOK_##to, event, world_end, #event);
	RSP_LOOK_MOVES(MOVE)
#undef MOVE
	return tap_end();
}
