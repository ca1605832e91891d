#include "engine/registrar/state.h"
#include "registrar_world.h"

/* What another registrar states of elements is recorded at a rate, if it costs that registrar nothing: RFC 5355 s.2.13. */

enum { MANY = 500, MOST = 110 }; /* the burst of complaints is 100 */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.max_time_last_heard_ms = 600000; /* b is silent, and alive */
	world_begin_peers(&config);
}

/* b states that element 7 is here, and then that b has removed it. */
static void
move_to_and_fro(uint64_t epoch)
{
	world_says(B, ID_B, ID_US, world_statement(epoch, PROCESS, RSP_RANK_REGISTERED));
	world_says(B, ID_B, ID_B, world_statement(epoch, PROCESS, RSP_RANK_REMOVED));
}

/* b states that the elements 1 to @n are here, which listen nowhere. */
static void
invent(uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++) {
		struct rsp_pool_element pe = world_pe(i, ID_US, 10);

		pe.asap = (struct rsp_transport){ 0 };
		world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	}
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, n);
}

static void
elements_that_a_registrar_moves_to_and_fro_are_recorded_at_a_rate(void)
{
	begin();
	for (uint64_t i = 1; i <= MANY; i++)
		move_to_and_fro(i);
	CHECK(world_told(RSP_EVENT_PE_MOVED) > 0);
	CHECK(world_told(RSP_EVENT_PE_MOVED) <= MOST);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records");
	CHECK_EQ(rsp_registrar_stats(w.r).moved, MANY);
	world_end();
}

static void
the_record_of_a_move_names_the_sender(void)
{
	begin();
	world_says(C, ID_C, ID_US, world_statement(10, PROCESS, RSP_RANK_REGISTERED));
	world_says(C, ID_C, ID_B, world_statement(11, PROCESS, RSP_RANK_REGISTERED));
	CHECK_EQ(world_told(RSP_EVENT_PE_MOVED), 1);
	CHECK_EQ(w.event[w.n_events - 1].peer_id, ID_C);
	CHECK_STR(w.event[w.n_events - 1].peer, "c");
	CHECK_EQ(w.event[w.n_events - 1].by_id, ID_B);
	world_end();
}

static void
elements_that_a_registrar_moves_to_and_fro_cause_no_presences(void)
{
	begin();
	world_run(100);
	world_clear();
	for (uint64_t i = 1; i <= 10; i++, world_run(80))
		move_to_and_fro(i);
	CHECK(world_count(C, ENRP_PRESENCE) <= 1); /* one says that b, which is in step again, is relayed to c */
	world_end();
}

static void
an_element_that_registered_here_and_moves_causes_a_presence(void)
{
	begin();
	world_run(100);
	world_register_epoch(WEB1, "web", 7, (struct rsp_epoch){ 10, PROCESS, 0 });
	world_down(WEB1, RSP_ECLOSED);
	world_clear();
	world_says(B, ID_B, ID_B, world_statement(11, PROCESS, RSP_RANK_REGISTERED));
	world_run(500);
	CHECK_EQ(world_count(C, ENRP_PRESENCE), 1);
	world_end();
}

static void
inventions_that_do_not_answer_are_recorded_at_a_rate(void)
{
	begin();
	invent(MANY);
	world_run(1500);
	CHECK_EQ(rsp_registrar_stats(w.r).own_elements, 0);
	CHECK(world_told(RSP_EVENT_PE_REMOVED) > 0);
	CHECK(world_told(RSP_EVENT_PE_REMOVED) <= MOST);
	CHECK_EQ(rsp_registrar_stats(w.r).removed, MANY);
	world_end();
}

static void
the_record_of_an_invention_names_the_sender(void)
{
	begin();
	invent(1);
	world_run(1500);
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), 1);
	for (unsigned i = 0; i < w.n_events; i++)
		CHECK(w.event[i].kind != RSP_EVENT_PE_REMOVED || w.event[i].peer_id == ID_B);
	world_end();
}

/* b states that the element @pe_id of web1, and that of web2, are at b. */
static void
invent_two_owners(uint32_t pe_id)
{
	struct rsp_pool_element pe = world_pe(pe_id, ID_B, 10);

	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
	pe.owner = rsp_bytes_str("web2");
	world_update(B, ID_B, ENRP_ADD_PE, "web", pe);
}

static void
records_of_two_owners_do_not_lift_the_limit_of_protests(void)
{
	begin();
	for (uint32_t i = 1; i <= MANY; i++) {
		invent_two_owners(i);
		world_about(B, ENRP_TAKEOVER_SERVER, ID_B, ID_US);
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_TWO_OWNERS), MANY);
	CHECK_EQ(world_count(C, ENRP_PRESENCE), 1);
	world_end();
}

static void
elements_that_registered_here_are_recorded_without_a_limit(void)
{
	begin();
	for (uint32_t i = 1; i <= MANY; i++)
		world_register_epoch(WEB1, "web", i, (struct rsp_epoch){ 10, PROCESS, 0 });
	world_clear();
	world_down(WEB1, RSP_ECLOSED);
	while (w.now < 200000 && rsp_registrar_stats(w.r).own_elements) {
		uint32_t link = world_dialled("web1");

		world_run(100);
		world_down(link, RSP_EUNREACHABLE);
	}
	CHECK_EQ(world_told(RSP_EVENT_PE_REMOVED), MANY);
	world_end();
}

int
main(void)
{
	TAP_RUN(elements_that_a_registrar_moves_to_and_fro_are_recorded_at_a_rate);
	TAP_RUN(the_record_of_a_move_names_the_sender);
	TAP_RUN(elements_that_a_registrar_moves_to_and_fro_cause_no_presences);
	TAP_RUN(an_element_that_registered_here_and_moves_causes_a_presence);
	TAP_RUN(inventions_that_do_not_answer_are_recorded_at_a_rate);
	TAP_RUN(the_record_of_an_invention_names_the_sender);
	TAP_RUN(records_of_two_owners_do_not_lift_the_limit_of_protests);
	TAP_RUN(elements_that_registered_here_are_recorded_without_a_limit);
	return tap_end();
}
