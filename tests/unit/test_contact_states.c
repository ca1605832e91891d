/* Each row of the table in engine/enrp/contact.h happens. */
#include "engine/enrp/contact.h"

#include "moves.h"
#include "takeover_world.h"

/* A registrar with the contact b. */
static void
start(bool no_keys)
{
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 0xb0 } }, .port = 9000 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	w.no_keys = no_keys;
	moves_expect();
}

/* Returns the link that is dialled. */
static uint32_t
start_dialling(void)
{
	start(false);
	world_run(0);
	moves_expect();
	return world_dialled("b");
}

static uint32_t
start_up(void)
{
	uint32_t link = start_dialling();

	world_peer(link, "b");
	moves_expect();
	return link;
}

static void
it_is_time_to_dial(void)
{
	start(false);
	world_run(0);
	CHECK_EQ(moves.n, 1);
	CHECK_EQ(w.n_dials, 1);
}

static void
this_registrar_leaves_while_it_is_idle(void)
{
	uint32_t link = start_dialling();

	world_down(link, RSP_EUNREACHABLE);
	moves_expect();
	rsp_registrar_leave(w.r);
	CHECK_EQ(moves.n, 1);
}

static void
the_connection_is_up(void)
{
	uint32_t link = start_dialling();

	world_peer(link, "b");
	CHECK_EQ(moves.n, 1);
}

static void
there_is_no_key_to_dial_with(void)
{
	start(true);
	world_run(0);
	CHECK_EQ(moves.n, 2); /* DIALLING, and IDLE in the same turn */
	CHECK_EQ(w.n_dials, 0);
}

static void
the_dial_fails(void)
{
	uint32_t link = start_dialling();

	world_down(link, RSP_EUNREACHABLE);
	CHECK_EQ(moves.n, 1);
}

static void
this_registrar_leaves_while_it_dials(void)
{
	(void)start_dialling();
	rsp_registrar_leave(w.r);
	CHECK_EQ(moves.n, 1);
}

static void
the_connection_is_lost(void)
{
	uint32_t link = start_up();

	world_down(link, RSP_ECLOSED);
	CHECK_EQ(moves.n, 1);
}

/* The registrars a, c and d are peers; this registrar has learned where d is and has dialled it, and d answers there.
 * Returns the link. */
static uint32_t
start_with_peers(void)
{
	begin();
	uint32_t link = world_dialled("d");
	world_peer(link, "d");
	world_update(link, ID_D, ENRP_ADD_PE, "web", world_pe(1, ID_D, 22));
	moves_expect();
	return link;
}

static void
the_registrar_at_the_contact_is_taken_over(void)
{
	uint32_t link = start_with_peers();

	d_dies();
	acknowledged(A, ID_A);
	CHECK(!world_was_closed(link));
	moves_expect();
	acknowledged(C, ID_C);
	CHECK(world_was_closed(link));
}

static void
this_registrar_leaves_while_it_is_up(void)
{
	(void)start_up();
	rsp_registrar_leave(w.r);
	CHECK_EQ(moves.n, 1);
}

static void
this_registrar_was_suspended_and_joins_again(void)
{
	uint32_t link = start_with_peers();

	w.now += 600000; /* longer than half the tombstone time */
	rsp_registrar_tick(w.r, w.now);
	CHECK(world_was_closed(link));
}

int
main(void)
{
	moves.machine = "contact";
#define MOVE(from, to, event) moves_walk(RSP_CONTACT_##from, RSP_CONTACT_##to, event, world_end, #event);
	RSP_CONTACT_MOVES(MOVE)
#undef MOVE
	return tap_end();
}
