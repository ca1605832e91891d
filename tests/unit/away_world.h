#ifndef TEST_AWAY_WORLD_H
#define TEST_AWAY_WORLD_H

#include "engine/registrar/member.h"
#include "join_world.h"

/* A registrar that was away for more than half the time for which registrars keep removals: it joins again. */

enum { TOMBSTONE_MS = 60000, SHORT_MS = 20000, LONG_MS = 40000 };

static const struct rsp_epoch number = { .epoch = 30, .instance = PROCESS };

static inline unsigned
elements(void)
{
	return rsp_registrar_stats(w.r).elements;
}

/* A registrar with @n_contacts contacts: none or a. */
static inline void
begin_with(unsigned n_contacts)
{
	static const struct rsp_contact_config contact = { .name = "a",
							   .ip = { 4, { 192, 0, 2, ID_A } },
							   .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.contacts = &contact;
	config.n_contacts = n_contacts;
	config.tombstone_ms = TOMBSTONE_MS;
	config.keepalive_distance_ms = 0;
	config.hold_ms = 0;
	world_begin(&config);
	world_run(0);
}

/* We have five elements of a, two of d (which only the table names), and two of our own in the pool "mine": 7, which is
 * linked over WEB1, and 8, which is not linked. Returns the link of a. */
static inline uint32_t
begin(void)
{
	begin_with(1);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, ENRP_FLAG_MORE, "web", 1, 5, ID_A, 8);
	world_table(a, ID_A, 0, "web", 11, 2, ID_D, 8);
	CHECK(serves());
	CHECK_EQ(world_up(WEB1, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(WEB2, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(USER, RSP_ASAP, RSP_ROLE_USER, NULL), RSP_OK);
	world_register_epoch(WEB1, "mine", 7, number);
	world_register_epoch(WEB2, "mine", 8, number);
	world_down(WEB2, RSP_ECLOSED);
	CHECK_EQ(elements(), 9);
	world_clear();
	return a;
}

static inline void
pauses(uint64_t for_ms)
{
	w.now += for_ms;
	rsp_registrar_tick(w.r, w.now);
}

static inline uint32_t
begin_away(void)
{
	uint32_t a = begin();

	pauses(LONG_MS);
	CHECK_EQ(world_told(RSP_EVENT_REJOINING), 1);
	return a;
}

/* a is the mentor, and has the elements 1 to 3 of its own. */
static inline uint32_t
table_of_mentor(void)
{
	world_run(0);
	uint32_t a = answers(ID_A, "a");
	lists(a, ID_A, false);
	world_table(a, ID_A, 0, "web", 1, 3, ID_A, 8);
	CHECK(serves());
	return a;
}

#endif
