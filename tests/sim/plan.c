#include "plan.h"

#include "base/attr.h"
#include "net.h"
#include "world.h"

#define SIM_SHORT_LIFE_S 60
#define SIM_UPDATE_DISTANCE_MS 1000 /* an element registers once a second for a change alone */
#define SIM_KEEPALIVE_DISTANCE_MS 1000 /* a registrar asks an element once a second, as config.h says */

const char *
sim_style_name(enum sim_style style)
{
	static const char *const name[] = { "quiet", "gentle", "storm", "layers" };

	return (unsigned)style < RSP_COUNT(name) ? name[style] : "any";
}

static void
draw_timers(struct sim_plan *p, struct rsp_rng *rng)
{
	unsigned which = (unsigned)rsp_rng_below(rng, 10);

	if (which < 6) { /* --timers=fast */
		p->heartbeat_ms = 2000;
		p->last_heard_ms = 5000;
		p->no_response_ms = 2000;
	} else if (which < 9) {
		p->heartbeat_ms = (uint32_t)sim_between(rng, 1000, 10000);
		p->last_heard_ms = p->heartbeat_ms * 2 + (uint32_t)sim_between(rng, 500, 2000);
		p->no_response_ms = (uint32_t)sim_between(rng, 1500, 5000);
	} else { /* RFC 5353 s.4.2 */
		p->heartbeat_ms = 30000;
		p->last_heard_ms = 61000;
		p->no_response_ms = 5000;
	}
	p->keepalive_ms = (uint32_t)sim_between(rng, 2000, 15000);
	p->keepalive_timeout_ms = p->no_response_ms;
	p->grace_ms = (uint32_t)sim_between(rng, 3000, 6000);
}

static void
draw_network(struct sim_plan *p, struct rsp_rng *rng)
{
	static const struct {
		uint32_t min, max;
	} delay[] = { { 0, 1 }, { 1, 5 }, { 1, 40 }, { 20, 80 }, { 1, 250 } };
	static const uint32_t link_timeout[] = { 5000, 12000, 60000, 900000 };
	unsigned i = (unsigned)rsp_rng_below(rng, RSP_COUNT(delay));

	p->delay_min_ms = delay[i].min;
	p->delay_max_ms = delay[i].max;
	p->link_timeout_ms = link_timeout[rsp_rng_below(rng, RSP_COUNT(link_timeout))];
	p->lag_percent = sim_chance(rng, 50) ? 20 : 0;
	p->lag_ms = 250;
	p->dial_timeout_ms = 2000;
	p->skew_ms = sim_chance(rng, 30) ? 0 : sim_chance(rng, 80) ? 2000 : 3600000;
}

#define DAY_MS (UINT64_C(86400) * 1000)

/* Limits that are reached. */
static void
draw_limits(struct sim_plan *p, struct rsp_rng *rng)
{
	if (sim_chance(rng, 25)) /* the shortest time that the rule allows */
		p->tombstone_ms = (uint32_t)(4 * (sim_bound_takeover(p, false) + p->grace_ms));
	if (sim_chance(rng, 10))
		p->max_tombstones = 4;
	if (sim_chance(rng, 15))
		p->max_downloads = 1;
	if (sim_chance(rng, 15))
		p->max_adoptions = 2;
	if (sim_chance(rng, 10))
		p->max_items = 3;
	p->quota = sim_chance(rng, 25);
	p->tight = p->max_tombstones < 100 || p->max_downloads == 1 || p->max_adoptions == 2;
}

static void
draw_more(struct sim_plan *p, uint64_t seed)
{
	struct rsp_rng rng = rsp_rng_seeded(seed ^ UINT64_C(0x6d6f7265));
	unsigned clock = (unsigned)rsp_rng_below(&rng, 100);

	p->more = true;
	if (clock < 10)
		p->skew_ms = 400 * DAY_MS;
	else if (clock < 20)
		p->skew_ms = 20 * 365 * DAY_MS;
	draw_limits(p, &rng);
	p->changes = sim_chance(&rng, 30);
	p->announces = sim_chance(&rng, 12);
	p->no_epoch_percent = sim_chance(&rng, 15) ? 50 : 0;
	p->stripped = sim_chance(&rng, 10) ? (unsigned)sim_between(&rng, 1, p->registrars) : 0;
}

const char *
sim_plan_with(const struct sim_plan *p, unsigned i)
{
	const struct {
		bool is;
		const char *name;
	} row[] = {
		{ p->insecure, "insecure" },
		{ !p->all_contacts, "one-contact" },
		{ !p->listens, "no-listeners" },
		{ p->heartbeat_ms == 30000, "rfc-timers" },
		{ p->skew_ms > DAY_MS && p->skew_ms < 500 * DAY_MS, "clocks-400-days" },
		{ p->skew_ms >= 500 * DAY_MS, "clocks-20-years" },
		{ p->tombstone_ms < 600000, "short-tombstones" },
		{ p->max_tombstones < 100, "few-tombstones" },
		{ p->max_downloads == 1, "one-download" },
		{ p->max_adoptions == 2, "few-adoptions" },
		{ p->max_items == 3, "short-answers" },
		{ p->quota, "quota" },
		{ p->changes, "changes" },
		{ p->announces, "announces" },
		{ p->no_epoch_percent > 0, "no-epoch" },
		{ p->stripped > 0, "stripped" },
	};

	return i == RSP_COUNT(row) ? NULL : row[i].is ? row[i].name : "";
}

int64_t
sim_plan_skew(const struct sim_plan *p, struct rsp_rng *rng)
{
	return (int64_t)rsp_rng_below(rng, 2 * p->skew_ms + 1) - (int64_t)p->skew_ms;
}

/* A small scope, in which the faults meet. */
static void
draw_layers(struct sim_plan *p, uint64_t seed)
{
	struct rsp_rng rng = rsp_rng_seeded(seed ^ UINT64_C(0x6c617965));

	p->registrars = (unsigned)sim_between(&rng, 3, 4);
	p->element_clients = (unsigned)sim_between(&rng, 2, 4);
	p->elements_each = (unsigned)sim_between(&rng, 1, 2);
	p->faults = (unsigned)sim_between(&rng, 4, 10);
	p->load_ms = (uint32_t)sim_between(&rng, 500, 8000); /* so that what left stays away for as long as a fault lasts */
	p->max_tombstones = 200000; /* dropped too early, they let the dead go to and fro until their home has looked */
	p->stripped = sim_chance(&rng, 35) ? (unsigned)sim_between(&rng, 1, p->registrars) : 0;
}

struct sim_plan
sim_plan_of(uint64_t seed, enum sim_style style, bool plain, bool strict)
{
	struct rsp_rng rng = rsp_rng_seeded(seed ^ UINT64_C(0x706c616e));
	struct sim_plan p = { 0 };
	unsigned which = (unsigned)rsp_rng_below(&rng, 20);

	p.style = style != SIM_STYLES ? style : which < 2 ? SIM_QUIET : which < 11 ? SIM_GENTLE : SIM_STORM;
	p.registrars = (unsigned)sim_between(&rng, 3, 9);
	p.element_clients = (unsigned)sim_between(&rng, 2, 10);
	p.elements_each = (unsigned)sim_between(&rng, 1, 4);
	p.users = (unsigned)sim_between(&rng, 1, 3);
	p.pools = (unsigned)sim_between(&rng, 1, 4);
	p.handle_size = 6;
	if (sim_chance(&rng, 6)) { /* handle tables of several pages */
		p.handle_size = 4000;
		p.element_clients = 12;
		p.elements_each = 4;
		p.pools = 24;
	}
	p.insecure = sim_chance(&rng, 15);
	p.all_contacts = sim_chance(&rng, 70);
	p.listens = sim_chance(&rng, 85);
	draw_timers(&p, &rng);
	draw_network(&p, &rng);
	p.faults = p.style == SIM_GENTLE ? (unsigned)sim_between(&rng, 2, 5) : (unsigned)sim_between(&rng, 3, 14);
	if (p.heartbeat_ms > 10000 && p.style == SIM_GENTLE)
		p.faults = 2;
	/* an element that has not noticed that its connection is dead does so when it renews: RFC 5352 s.3.1, T4 */
	p.lifetime_s = (int32_t)sim_between(&rng, 20, SIM_SHORT_LIFE_S);
	if (p.style != SIM_STORM && p.link_timeout_ms > 2 * sim_bound_takeover(&p, false) && sim_chance(&rng, 75))
		p.lifetime_s = 600;
	p.load_ms = (uint32_t)sim_between(&rng, 150, 3000);
	p.sample_ms = 100;
	p.max_items = 4096;
	p.tombstone_ms = 600000;
	p.max_tombstones = 200000;
	p.max_downloads = 16;
	p.max_adoptions = 256;
	if (!plain)
		draw_more(&p, seed);
	if (p.style == SIM_LAYERS)
		draw_layers(&p, seed);
	if (!strict)
		p.stripped = 0;
	return p;
}

struct sim_plan
sim_plan_large(void)
{
	struct sim_plan p = sim_plan_of(1, SIM_GENTLE, true, false);

	p.registrars = 100;
	p.element_clients = 400;
	p.elements_each = 25;
	p.users = 4;
	p.pools = 500;
	p.handle_size = 8;
	p.insecure = false;
	p.all_contacts = true;
	p.listens = true;
	p.heartbeat_ms = 30000;
	p.last_heard_ms = 61000;
	p.no_response_ms = 5000;
	p.keepalive_ms = 30000;
	p.keepalive_timeout_ms = 5000;
	p.grace_ms = 5000;
	p.lifetime_s = 1800;
	p.delay_min_ms = 1;
	p.delay_max_ms = 20;
	p.lag_percent = 1;
	p.link_timeout_ms = 60000;
	p.faults = 4;
	p.load_ms = 2000;
	p.sample_ms = 5000;
	return p;
}

/* The longest time that a message takes, one way. */
static uint64_t
way(const struct sim_plan *p)
{
	return (uint64_t)p->delay_max_ms + (p->lag_percent ? p->lag_ms : 0);
}

/* The next keep-alive, or look, and its answer. */
static uint64_t
look(const struct sim_plan *p)
{
	return p->keepalive_ms + p->keepalive_ms / 2 + p->dial_timeout_ms + (uint64_t)p->keepalive_timeout_ms;
}

uint64_t
sim_bound_exchange(const struct sim_plan *p)
{
	return 500 + 8 * way(p);
}

uint64_t
sim_bound_detection(const struct sim_plan *p, bool reset)
{
	/* RFC 5353 s.3.4.3: silence, then a probe without an answer; a reset is followed by a refused connection */
	uint64_t silence = (uint64_t)p->last_heard_ms + p->no_response_ms;

	return sim_bound_exchange(p) + (reset ? 0 : silence);
}

uint64_t
sim_bound_takeover(const struct sim_plan *p, bool reset)
{
	/* s.3.5.1; beyond the RFC, a registrar that is asked to agree probes the target first, and agrees once no peer
	 * says any more in its heartbeat that it hears the target */
	return sim_bound_detection(p, reset) + p->no_response_ms + (reset ? 0 : p->heartbeat_ms) + sim_bound_exchange(p);
}

uint64_t
sim_bound_rehoming(const struct sim_plan *p, bool reset)
{
	/* s.3.5.2; the new home dials elements, or they hunt for a registrar. One that does not know yet that its home is
	 * dead stays, and is asked again: ownership.md 3.7, 4.5 */
	return sim_bound_takeover(p, reset) + 2 * (uint64_t)p->dial_timeout_ms + (reset ? 0 : look(p)) +
	       sim_bound_exchange(p);
}

uint64_t
sim_bound_removal(const struct sim_plan *p, bool reset)
{
	/* RFC 5352 s.3.4: the next keep-alive comes within one and a half intervals, and is not answered */
	uint64_t silence = p->keepalive_ms + p->keepalive_ms / 2 + (uint64_t)p->keepalive_timeout_ms;

	/* when the grace time ends, a look may be under way */
	uint64_t last = p->dial_timeout_ms + (uint64_t)p->keepalive_timeout_ms;

	return sim_bound_exchange(p) + (reset ? 0 : silence) + p->grace_ms + last;
}

uint64_t
sim_bound_converged(const struct sim_plan *p)
{
	return SIM_RETRANSMIT_MAX_MS + (uint64_t)p->heartbeat_ms + sim_bound_exchange(p);
}

uint64_t
sim_bound_relayed(const struct sim_plan *p)
{
	return sim_bound_detection(p, false) + sim_bound_converged(p);
}

uint64_t
sim_bound_orphan(const struct sim_plan *p)
{
	/* twice the time in which a takeover completes; then a look */
	uint64_t late = 2 * ((uint64_t)p->last_heard_ms + p->no_response_ms);

	return late + p->dial_timeout_ms + p->keepalive_timeout_ms + p->grace_ms + sim_bound_converged(p);
}

uint64_t
sim_bound_healed(const struct sim_plan *p)
{
	return sim_bound_converged(p) + look(p) + p->grace_ms;
}

uint64_t
sim_bound_update(const struct sim_plan *p)
{
	return SIM_UPDATE_DISTANCE_MS + sim_bound_exchange(p);
}

uint64_t
sim_bound_report(const struct sim_plan *p)
{
	/* the registrar that is told looks, and then the home; each may have asked just before */
	uint64_t once = p->dial_timeout_ms + (uint64_t)p->keepalive_timeout_ms + SIM_KEEPALIVE_DISTANCE_MS;

	return 2 * once + sim_bound_converged(p);
}

uint64_t
sim_bound_settled(const struct sim_plan *p)
{
	/* dead connections are found, a takeover, the next audit, a download; elements without a home hunt for one */
	return sim_bound_rehoming(p, false) + sim_bound_removal(p, false) + p->heartbeat_ms +
	       2 * (uint64_t)p->no_response_ms + 10000;
}
