/* Each row of the table in engine/registrar/link.h happens, and nothing else changes the state. */
#include "engine/registrar/link.h"

#include "chaos.h"
#include "moves.h"
#include "takeover_world.h"

/* The element 1 of the registrar d is reported, and so this registrar dials it for a look. Returns the link. */
static uint32_t
dial_for_a_look(void)
{
	begin();
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_report(USER, "web", 1);
	moves_expect();
	return world_dialled("web1");
}

static void
up(uint32_t link)
{
	CHECK_EQ(world_up(link, RSP_ASAP, RSP_ROLE_NOTIFY, "web1"), RSP_OK);
}

/* This registrar takes over the elements of d, and dials them. Returns the link. */
static uint32_t
dial_adopted_elements(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	acknowledged(C, ID_C);
	world_run(0);
	return world_dialled("web1");
}

static void
a_connection_is_accepted(void)
{
	begin();
	moves_expect();
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(moves.n, 1);
}

static void
a_dialled_connection_is_up(void)
{
	uint32_t link = dial_for_a_look();

	up(link);
	CHECK_EQ(moves.n, 1);
}

static void
a_dial_fails(void)
{
	uint32_t link = dial_for_a_look();

	world_down(link, RSP_EUNREACHABLE);
	CHECK_EQ(moves.n, 1);
}

static void
the_last_look_expires_while_it_dials(void)
{
	uint32_t link = dial_for_a_look();

	world_run(499);
	CHECK_EQ(moves.n, 0);
	world_run(1);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(link));
}

static void
this_registrar_leaves_while_it_dials(void)
{
	uint32_t link = dial_adopted_elements();

	moves_expect();
	rsp_registrar_leave(w.r);
	CHECK(world_was_closed(link));
}

static void
there_is_no_memory_for_a_connection(void)
{
	begin();
	moves_expect();
	chaos_begin(1); /* the link itself is made */
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_ENOMEM);
	CHECK(chaos_end());
	CHECK_EQ(moves.n, 1);
}

static void
the_connection_ends(void)
{
	begin();
	moves_expect();
	world_down(A, RSP_ECLOSED);
	CHECK_EQ(moves.n, 1);
}

static void
the_last_look_is_answered(void)
{
	uint32_t link = dial_for_a_look();

	up(link);
	moves_expect();
	world_ack(link, "web", 1);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(link));
}

static void
its_elements_register_elsewhere_while_it_dials(void)
{
	uint32_t link = dial_adopted_elements();

	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	moves_expect();
	for (uint32_t i = 1; i <= 3; i++) {
		CHECK_EQ(moves.n, 0);
		world_register(WEB1, "web", i);
	}
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(link));
}

static void
a_contact_sends_no_message(void)
{
	static const struct rsp_contact_config contact = { .name = "b", .ip = { 4, { 192, 0, 2, 0xb0 } }, .port = 9000 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("b");
	world_peer(link, "b");
	moves_expect();
	world_run(2600);
	CHECK(world_was_closed(link));
}

static void
a_peer_connects_again(void)
{
	begin();
	world_peer(OTHER, "a");
	moves_expect();
	world_presence(OTHER, ID_A, "a", false);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(A));
}

static void
a_registrar_uses_the_server_id_of_another(void)
{
	begin();
	moves_expect();
	world_presence(C, ID_A, "c", false);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(C));
}

static void
a_download_fails(void)
{
	begin();
	world_presence_of(A, ID_A, "a", (struct world_state){ .states = true, .digest = 0x1234, .update = 1 });
	CHECK_EQ(world_count(A, ENRP_HANDLE_TABLE_REQUEST), 1);
	moves_expect();
	world_table(A, ID_A, ENRP_FLAG_MORE, "", 0, 0, 0, 0);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(A));
}

static void
the_takeover_of_a_peer_is_decided(void)
{
	begin();
	d_dies();
	acknowledged(A, ID_A);
	moves_expect();
	acknowledged(C, ID_C);
	CHECK_EQ(moves.n, 1);
	CHECK(world_was_closed(D));
}

static void
this_registrar_leaves(void)
{
	begin();
	moves_expect();
	rsp_registrar_leave(w.r);
	CHECK(world_was_closed(A) && world_was_closed(C) && world_was_closed(D));
	CHECK_EQ(moves.n, w.n_closed);
}

/* No event of a link that has ended changes a state. */
static void
nothing_follows_the_end(void)
{
	struct rsp_why why = { .err = RSP_ECLOSED };

	begin();
	moves_expect();
	world_presence(C, ID_A, "c", false);
	CHECK_EQ(moves.n, 1);
	world_down(C, RSP_ECLOSED);
	rsp_registrar_link_down(w.r, w.now, C, &why);
	world_presence(C, ID_A, "c", false);
	CHECK_EQ(moves.n, 1);
	world_end();
}

int
main(void)
{
	moves.machine = "link";
#define MOVE(from, to, event) moves_walk(RSP_LINK_##from, RSP_LINK_##to, event, world_end, #event);
	RSP_LINK_MOVES(MOVE)
#undef MOVE
	TAP_RUN(nothing_follows_the_end);
	return tap_end();
}
