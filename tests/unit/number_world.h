#ifndef TESTS_UNIT_NUMBER_WORLD_H
#define TESTS_UNIT_NUMBER_WORLD_H

#include "client_world.h"

/* An element with the identifier 0x11 that numbers its statements, with the home alpha, over link 1. */

#define WALL UINT64_C(1750000000000) /* ms since 1970, when the engine's clock is 0 */
#define LIMIT ((UINT64_C(1) << 63) - (UINT64_C(1) << 32))

static const struct rsp_epoch other = { .epoch = 5, .instance = 9 }; /* a statement of another process */

static inline void
begin_at(uint64_t epoch_ms)
{
	struct rsp_client_config config = world_config(2, true);

	config.epoch_ms = epoch_ms;
	world_begin(&w, &config);
	CHECK_EQ(world_register(&w, "web", 0x11, 300), RSP_OK);
	world_up(&w, 1, RSP_ROLE_ELEMENT, "alpha");
}

static inline void
begin_registering(void)
{
	begin_at(WALL);
}

static inline void
begin_registered(void)
{
	begin_registering();
	world_registered_as(&w, 1, 0x11, RSP_CAUSE_NONE, world_number(&w));
}

/* The identifier of the element was chosen at random. */
static inline void
begin_with_random_id(void)
{
	begin_registered();
	CHECK_EQ(rsp_client_allow_new_id(w.c, rsp_bytes_str("web"), 0x11), RSP_OK);
}

/* A statement of another process, which knew of this one. */
static inline struct rsp_epoch
over_us(void)
{
	return (struct rsp_epoch){ .epoch = world_number(&w).epoch + 1, .instance = 9, .over = world_number(&w).instance };
}

static inline unsigned
registrations(uint32_t link)
{
	return world_count_sent(&w, ASAP_REGISTRATION, link);
}

static inline struct rsp_epoch
acknowledged(uint32_t link)
{
	return world_last_sent(&w, ASAP_ENDPOINT_KEEP_ALIVE_ACK, link).epoch;
}

/* The registration that was sent last is @n epochs above @before, of the same process. */
static inline void
check_above(struct rsp_epoch before, uint64_t n, uint32_t over)
{
	CHECK_EQ(world_number(&w).epoch, before.epoch + n);
	CHECK_EQ(world_number(&w).instance, before.instance);
	CHECK_EQ(world_number(&w).over, over);
}

/* The home refuses each registration for @ms. Returns how many there were. */
static inline unsigned
refuse_for(uint64_t ms, uint16_t cause)
{
	unsigned before = registrations(1);

	for (uint64_t end = w.now + ms; w.now < end; world_run(&w, w.now + 10))
		for (unsigned n = 0; n != registrations(1);) {
			n = registrations(1);
			struct rsp_message msg = world_last_sent(&w, ASAP_REGISTRATION, 1);
			world_registered_as(&w, 1, msg.element.pe_id, cause,
					    (struct rsp_epoch){ .epoch = msg.epoch.epoch + 1,
								.instance = 9,
								.over = cause == RSP_CAUSE_EPOCH_OLD ? 0 : msg.epoch.instance });
		}
	return registrations(1) - before;
}

#endif
