#include "../unit/registrar_world.h"
#include "engine/registrar/state.h"
#include "fuzz.h"

/* Input: steps, each an octet that says what happens, an octet for the link or the time, and for a message two octets
 * of length and the message. Whatever messages come: only the identity that registered an element changes it, and all
 * counts agree. */

enum step { MESSAGE, PASS, LINK_DOWN, LINK_UP, LEAVE, STEPS };

static const struct {
	const char *identity, *address;
	enum rsp_role role;
} link_kind[] = {
	[WEB1] = { "web1", "192.0.2.1", RSP_ROLE_ELEMENT },   [WEB2] = { "web2", "192.0.2.2", RSP_ROLE_ELEMENT },
	[USER] = { NULL, "192.0.2.99", RSP_ROLE_USER },	      [PLAIN] = { NULL, "192.0.2.1", RSP_ROLE_NONE },
	[GUEST] = { "guest", "192.0.2.1", RSP_ROLE_ELEMENT }, [PROXY] = { "proxy", "192.0.2.1", RSP_ROLE_ELEMENT },
	[MONITOR] = { "mon", "192.0.2.1", RSP_ROLE_MONITOR },
};

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
look_at_all(const struct rsp_registrar *r)
{
	struct rsp_registrar_stats stats = rsp_registrar_stats(r);
	uint32_t elements = 0, pools = 0;

	for (struct rsp_pool *pool = NULL; (pool = rsp_pool_next(r->core.space, pool)); pools++) {
		must(pool->n_elements > 0);
		for (uint32_t i = 0; i < pool->n_elements; i++, elements++) {
			const struct rsp_element *e = pool->element[i];
			const struct rsp_member *m = rsp_member(e);
			const struct rsp_link *link = m->link ? rsp_link_find(&r->core, m->link) : NULL;
			struct rsp_pool_element pe = { 0 };

			rsp_element_decode(e, &pe);
			must(e->owner && e->pe_id && pe.home_id == ID_US && pe.asap.port);
			must(rsp_pool_consistent(pool, &pe) == RSP_CAUSE_NONE);
			must(!m->link || (link && strcmp(link->info.identity, e->owner) == 0));
			must(r->core.state == RSP_REGISTRAR_LEAVING || rsp_timer_is_set(&m->timer));
		}
	}
	must(stats.elements == elements && stats.pools == pools && stats.own_elements == elements);
	must(rsp_home_checksum(r->core.space, ID_US) == full_checksum(r->core.space, ID_US));
}

static void
take_step(enum step step, uint8_t what, struct rsp_bytes octets)
{
	uint32_t link = 1U + what % MONITOR;

	switch (step) {
	case PASS:
		world_run((uint64_t)what * what * 4);
		break;
	case LINK_DOWN:
		world_down(link, RSP_ECLOSED);
		break;
	case LINK_UP:
		if (!rsp_link_find(&w.r->core, link) && w.r->core.state != RSP_REGISTRAR_LEAVING)
			world_up_at(link, link_kind[link].role, link_kind[link].identity, link_kind[link].address);
		break;
	case LEAVE:
		if (what == 0xff)
			rsp_registrar_leave(w.r);
		break;
	case MESSAGE:
	case STEPS:
		rsp_registrar_receive(w.r, w.now, link, octets);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(data, size), 0);

	world_serve();
	for (unsigned steps = 0; steps < 1000 && rsp_rd_left(&rd) > 1; steps++) {
		enum step step = rsp_rd_u8(&rd) % STEPS;
		uint8_t what = rsp_rd_u8(&rd);
		size_t n = step == MESSAGE ? rsp_rd_u16(&rd) : 0;

		n = n < rsp_rd_left(&rd) ? n : rsp_rd_left(&rd);
		take_step(step, what, rsp_rd_take(&rd, n));
		if (w.r->core.state == RSP_REGISTRAR_LEAVING)
			break;
		look_at_all(w.r);
		world_clear();
	}
	world_end();
	return 0;
}

/* A session of all kinds of steps, and copies of it with changed octets. The seed of copy i is i. */

static uint8_t session[8192];
static size_t session_size;

static void
add(enum step step, uint8_t what, const struct rsp_message *msg)
{
	uint8_t *at = session + session_size;
	size_t n = 0;

	at[0] = (uint8_t)step;
	at[1] = what;
	session_size += 2;
	if (!msg)
		return;
	must(rsp_message_encode(msg, at + 4, 1024, &n) == RSP_OK);
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
	session_size += 2 + n;
}

static void
compose(void)
{
	struct rsp_message web1 = world_registration("web", 7, "192.0.2.1");
	struct rsp_message resolution = world_asap(ASAP_HANDLE_RESOLUTION, "web", 0);
	struct rsp_message ack = world_asap(ASAP_ENDPOINT_KEEP_ALIVE_ACK, "web", 7);
	struct rsp_message report = world_asap(ASAP_ENDPOINT_UNREACHABLE, "web", 7);
	struct rsp_message leave = world_asap(ASAP_DEREGISTRATION, "web", 8);

	resolution.has = RSP_HAS_HANDLE;
	resolution.flags = ASAP_FLAG_SUBSCRIBE;
	session_size = 0;
	add(MESSAGE, WEB1 - 1, &web1);
	struct rsp_message web2 = world_registration("web", 8, "192.0.2.2");
	add(MESSAGE, WEB2 - 1, &web2);
	add(MESSAGE, WEB1 - 1, &web2); /* refused */
	add(MESSAGE, USER - 1, &resolution);
	add(MESSAGE, PLAIN - 1, &web2);
	add(MESSAGE, USER - 1, &report);
	add(MESSAGE, WEB1 - 1, &ack);
	for (unsigned i = 0; i < 3; i++) {
		add(PASS, 100, NULL);
		add(MESSAGE, WEB1 - 1, &ack);
	}
	add(LINK_DOWN, WEB1 - 1, NULL);
	add(PASS, 20, NULL);
	add(LINK_UP, WEB1 - 1, NULL);
	web1 = world_registration("web", 7, "192.0.2.1");
	add(MESSAGE, WEB1 - 1, &web1);
	add(MESSAGE, WEB1 - 1, &leave);
	add(MESSAGE, WEB2 - 1, &leave);
	add(LINK_DOWN, USER - 1, NULL);
	add(PASS, 255, NULL);
}

unsigned
fuzz_seeds(void (*each)(const char *name, const uint8_t *data, size_t size))
{
	enum { COPIES = 300 };
	static uint8_t copy[sizeof(session)];

	compose();
	each("a session", session, session_size);
	for (unsigned i = 0; i < COPIES; i++) {
		struct rsp_rng rng = rsp_rng_seeded(i);
		char name[32];

		memcpy(copy, session, session_size);
		for (unsigned changes = 1 + (unsigned)rsp_rng_below(&rng, 12); changes > 0; changes--)
			copy[rsp_rng_below(&rng, session_size)] = (uint8_t)rsp_rng_u64(&rng);
		(void)snprintf(name, sizeof(name), "a changed session, %u", i);
		each(name, copy, session_size);
	}
	return 1 + COPIES;
}
