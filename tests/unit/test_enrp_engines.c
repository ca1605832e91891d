#include "registrar_world.h"

/* Several registrars in one process, over connections that can be held up: RFC 5353 s.3 as a whole. Elements answer the
 * registrar at which they registered, or the last one that sent them a keep-alive with the H flag. */

enum { NODES = 4, WIRES = 512, POOL_ELEMENTS = 9000 };

struct node {
	struct rsp_registrar *r; /* NULL: not running */
	uint32_t id;
};

/* A connection. The links at its ends are 2 * its number + 2 (the end that dialled) and + 3. */
struct wire {
	unsigned from, to;
	bool open, element; /* the end @to is an element */
};

enum kind { CONNECT, CARRY, HANG_UP };

struct parcel {
	struct parcel *next;
	enum kind kind;
	unsigned wire, end; /* which receives it */
	size_t n;
	uint8_t octets[];
};

static struct node node[NODES];
static struct wire wire[WIRES];
static unsigned n_wires, n_serving_alone;
static unsigned home_of[POOL_ELEMENTS + 1]; /* as each element sees it */
static bool apart[NODES][NODES];
static struct parcel *first, **last = &first;
static uint64_t now;

static void
post(enum kind kind, unsigned i, unsigned end, struct rsp_bytes octets)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel) + octets.n);

	if (!parcel)
		abort();
	parcel->kind = kind;
	parcel->wire = i;
	parcel->end = end;
	parcel->n = octets.n;
	if (octets.n)
		memcpy(parcel->octets, octets.p, octets.n);
	*last = parcel;
	last = &parcel->next;
}

static unsigned
wire_new(unsigned from, unsigned to, bool element)
{
	if (n_wires == WIRES)
		abort();
	wire[n_wires] = (struct wire){ .from = from, .to = to, .element = element };
	return n_wires++;
}

static void
on_send(void *ctx, uint32_t link, struct rsp_bytes octets)
{
	unsigned i = link / 2 - 1;
	struct rsp_message msg, ack = { .protocol = RSP_ASAP,
					.type = ASAP_ENDPOINT_KEEP_ALIVE_ACK,
					.has = RSP_HAS_HANDLE | RSP_HAS_PE_ID };

	(void)ctx;
	if (!wire[i].element) {
		post(CARRY, i, 1 - link % 2, octets);
		return;
	}
	if (octets.p[0] != ASAP_ENDPOINT_KEEP_ALIVE || rsp_message_decode(RSP_ASAP, octets, &msg, NULL))
		return;
	if (msg.flags & ASAP_FLAG_HOME)
		home_of[msg.pe_id] = wire[i].from;
	if (home_of[msg.pe_id] != wire[i].from)
		return;
	uint8_t room[256];
	size_t n;
	ack.handle = msg.handle;
	ack.pe_id = msg.pe_id;
	CHECK_EQ(rsp_message_encode(&ack, room, sizeof(room), &n), RSP_OK);
	post(CARRY, i, 0, rsp_bytes_of(room, n));
}

static void
on_close(void *ctx, uint32_t link)
{
	(void)ctx;
	if (wire[link / 2 - 1].open)
		post(HANG_UP, link / 2 - 1, 1 - link % 2, (struct rsp_bytes){ 0 });
}

static uint32_t
on_dial(void *ctx, const struct rsp_dial *to)
{
	const struct node *from = ctx;
	bool element = to->protocol == RSP_ASAP;
	unsigned there = element ? 0 : (unsigned)(to->server_name[1] - '0');
	unsigned i = wire_new((unsigned)(from - node), there, element);

	post(CONNECT, i, 0, (struct rsp_bytes){ 0 });
	return 2 * i + 2;
}

static void
on_record(void *ctx, const struct rsp_event *event)
{
	(void)ctx;
	n_serving_alone += event->kind == RSP_EVENT_SERVING && event->reason == RSP_REASON_ALONE;
	if (event->kind == RSP_EVENT_REFUSED || event->kind == RSP_EVENT_MALFORMED)
		CHECK_STR(event->why ? event->why->reason : rsp_reason_word(event->reason), "nothing is refused");
}

static const struct rsp_engine_ops ops = { on_send, on_close, on_dial, on_record };

static void
begin_link(unsigned i, unsigned end)
{
	const struct wire *at = &wire[i];
	char name[] = "r0";
	struct rsp_link_info info = { .protocol = at->element ? RSP_ASAP : RSP_ENRP,
				      .role = !at->element ? RSP_ROLE_PEER
					      : at->open   ? RSP_ROLE_NOTIFY
							   : RSP_ROLE_ELEMENT,
				      .secure = true,
				      .identity = at->element ? "web1" : name };
	unsigned self = end ? at->to : at->from, other = end ? at->from : at->to;

	name[1] = (char)('0' + other);
	info.remote = (struct rsp_ip){ 4, { 192, 0, 2, (uint8_t)(at->element ? 99 : 100 + other) } };
	info.local = (struct rsp_ip){ 4, { 192, 0, 2, (uint8_t)(100 + self) } };
	if (rsp_registrar_link_up(node[self].r, now, 2 * i + 2 + end, &info) != RSP_OK)
		post(HANG_UP, i, 1 - end, (struct rsp_bytes){ 0 });
}

static void
deliver(const struct parcel *parcel)
{
	unsigned i = parcel->wire;
	struct wire *at = &wire[i];
	unsigned self = parcel->end ? at->to : at->from;
	uint32_t link = 2 * i + 2 + parcel->end;
	bool there = at->element || node[at->to].r;

	if (!node[self].r || (parcel->end && at->element))
		return;
	if (parcel->kind == CONNECT && there) {
		at->open = true;
		if (!at->element)
			begin_link(i, 1);
		if (node[at->from].r)
			begin_link(i, 0);
	} else if (parcel->kind == CARRY) {
		rsp_registrar_receive(node[self].r, now, link, rsp_bytes_of(parcel->octets, parcel->n));
	} else {
		const struct rsp_why why = { .err = parcel->kind == CONNECT ? RSP_EUNREACHABLE : RSP_ECLOSED };

		at->open = false;
		rsp_registrar_link_down(node[self].r, now, link, &why);
	}
}

/* Deliver the next message that is not held up; false if there is none. */
static bool
arrive_one(void)
{
	for (struct parcel **slot = &first; *slot; slot = &(*slot)->next) {
		struct parcel *parcel = *slot;

		if (!wire[parcel->wire].element && apart[wire[parcel->wire].from][wire[parcel->wire].to])
			continue;
		*slot = parcel->next;
		if (last == &parcel->next)
			last = slot;
		deliver(parcel);
		free(parcel);
		return true;
	}
	return false;
}

static void
arrive(void)
{
	while (arrive_one())
		;
}

static void
run(uint64_t for_ms)
{
	for (uint64_t end = now + for_ms;;) {
		uint64_t next = end;

		arrive();
		for (unsigned i = 0; i < NODES; i++) {
			uint64_t due = node[i].r ? rsp_registrar_deadline(node[i].r) : RSP_NEVER;

			next = due < next ? due : next;
		}
		now = next > now ? next : now;
		for (unsigned i = 0; i < NODES; i++)
			if (node[i].r && rsp_registrar_deadline(node[i].r) <= now)
				rsp_registrar_tick(node[i].r, now);
		arrive();
		if (now >= end)
			return;
	}
}

/* Start registrar @i, with the registrars below @among as contacts. */
static void
start(unsigned i, unsigned among)
{
	static const char *const name[NODES] = { "r0", "r1", "r2", "r3" };
	static uint32_t ids = 0x1000;
	struct rsp_registrar_config config = world_config();
	struct rsp_contact_config contact[NODES];
	unsigned n = 0;

	for (unsigned k = 0; k < among; k++)
		if (k != i)
			contact[n++] = (struct rsp_contact_config){
				.name = name[k], .ip = { 4, { 192, 0, 2, (uint8_t)(100 + k) } }, .port = 9902
			};
	config.server_id = node[i].id = ids += 0x101;
	config.name = name[i];
	config.enrp_ip = (struct rsp_ip){ 4, { 192, 0, 2, (uint8_t)(100 + i) } };
	config.contacts = contact;
	config.n_contacts = n;
	CHECK_EQ(rsp_registrar_new(&config, &ops, &node[i], rsp_rng_seeded(i), now, &node[i].r), RSP_OK);
}

static void
kill_node(unsigned i)
{
	rsp_registrar_free(node[i].r);
	node[i].r = NULL;
	for (unsigned k = 0; k < n_wires; k++)
		if (wire[k].open && !wire[k].element && (wire[k].from == i || wire[k].to == i))
			post(HANG_UP, k, wire[k].from == i, (struct rsp_bytes){ 0 });
}

static void
begin(unsigned n)
{
	memset(node, 0, sizeof(node));
	memset(apart, 0, sizeof(apart));
	n_wires = n_serving_alone = 0;
	now = 100000;
	for (unsigned i = 0; i < n; i++)
		start(i, n);
	run(3000);
}

static void
end(void)
{
	for (unsigned i = 0; i < NODES; i++) {
		rsp_registrar_free(node[i].r);
		node[i].r = NULL;
	}
	memset(apart, 0, sizeof(apart));
	arrive(); /* to a registrar that is not running any more */
}

static void
set_apart(unsigned i, bool is)
{
	for (unsigned k = 0; k < NODES; k++)
		apart[i][k] = apart[k][i] = is && k != i;
}

/* Register elements @first to @first + @n - 1 at registrar @i. */
static void
fill(unsigned i, const char *pool, uint32_t pe_id, uint32_t n)
{
	unsigned k = wire_new(i, 0, true);
	uint8_t octets[512];
	size_t size;

	begin_link(k, 0);
	wire[k].open = true;
	for (uint32_t id = pe_id; id < pe_id + n; id++) {
		struct rsp_message msg = { .protocol = RSP_ASAP,
					   .type = ASAP_REGISTRATION,
					   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
					   .handle = rsp_bytes_str(pool),
					   .element = world_pe(id, 0, 0) };

		msg.element.owner = (struct rsp_bytes){ 0 };
		home_of[id] = i;
		CHECK_EQ(rsp_message_encode(&msg, octets, sizeof(octets), &size), RSP_OK);
		rsp_registrar_receive(node[i].r, now, 2 * k + 2, rsp_bytes_of(octets, size));
	}
}

static bool
is_of_a_live_one(uint32_t home_id)
{
	for (unsigned i = 0; i < NODES; i++)
		if (node[i].r && node[i].id == home_id)
			return true;
	return false;
}

/* All running registrars serve, know each other, and have the same @elements, each with a running home. */
static void
all_agree(uint32_t elements)
{
	unsigned running = 0, ref = NODES;

	for (unsigned i = 0; i < NODES; i++)
		running += node[i].r != NULL;
	for (unsigned i = 0; i < NODES; i++) {
		const struct rsp_registrar *r = node[i].r;

		if (!r)
			continue;
		ref = ref == NODES ? i : ref;
		const struct rsp_handlespace *space = rsp_registrar_handlespace(r);
		const struct rsp_handlespace *theirs = rsp_registrar_handlespace(node[ref].r);
		CHECK_EQ(rsp_registrar_state(r), RSP_REGISTRAR_SERVING);
		CHECK_EQ(rsp_registrar_stats(r).peers, running - 1);
		CHECK_EQ(rsp_registrar_stats(r).elements, elements);
		for (unsigned k = 0; k < NODES; k++) {
			CHECK_EQ(rsp_home_checksum(space, node[k].id), rsp_home_checksum(theirs, node[k].id));
			CHECK(rsp_home_digest(space, node[k].id) == rsp_home_digest(theirs, node[k].id));
			CHECK_EQ(rsp_home_checksum(space, node[k].id), full_checksum(space, node[k].id));
		}
		unsigned stray = 0;
		for (struct rsp_pool *pool = NULL; (pool = rsp_pool_next(space, pool));)
			for (uint32_t e = 0; e < pool->n_elements; e++)
				stray += !is_of_a_live_one(rsp_element_home_id(pool->element[e]));
		CHECK_EQ(stray, 0);
	}
}

static void
registrars_that_start_together_become_one_scope(void)
{ /* s.3.2 */
	begin(4);
	CHECK_EQ(n_serving_alone, 1); /* the one with the highest id */
	all_agree(0);
	fill(0, "web", 1, 5);
	fill(3, "mail", 1, 5);
	run(0);
	all_agree(10);
	end();
}

static void
a_registrar_that_starts_later_has_all_elements_when_it_begins_to_serve(void)
{ /* s.3.2.3: 9000 elements are some 15 pages */
	begin(3);
	fill(0, "web", 1, POOL_ELEMENTS / 2);
	fill(1, "mail", 1, POOL_ELEMENTS / 2);
	run(1000);
	start(3, 4);
	for (unsigned i = 0; i < 2000 && rsp_registrar_state(node[3].r) != RSP_REGISTRAR_SERVING; i++)
		run(1);
	CHECK_EQ(rsp_registrar_state(node[3].r), RSP_REGISTRAR_SERVING);
	CHECK_EQ(rsp_registrar_stats(node[3].r).elements, POOL_ELEMENTS);
	CHECK_EQ(n_serving_alone, 1);
	CHECK(rsp_registrar_stats(node[3].r).pages_received > 10);
	CHECK_EQ(rsp_registrar_stats(node[3].r).resyncs, 0);
	run(2000);
	all_agree(POOL_ELEMENTS);
	end();
}

static void
a_mentor_that_dies_during_a_download_is_left_for_another(void)
{ /* s.3.2.3 */
	begin(3);
	fill(0, "web", 1, POOL_ELEMENTS);
	run(1000);
	start(3, 4);
	rsp_registrar_tick(node[3].r, now); /* it dials the others */
	unsigned mentor = NODES;
	while (mentor == NODES && arrive_one()) /* until a registrar sends it a page */
		for (unsigned k = 0; k < 3; k++)
			if (rsp_registrar_stats(node[k].r).pages_sent)
				mentor = k;
	CHECK(mentor < NODES);
	kill_node(mentor < NODES ? mentor : 0);
	CHECK_EQ(rsp_registrar_state(node[3].r), RSP_REGISTRAR_JOINING);
	run(8000);
	all_agree(POOL_ELEMENTS);
	end();
}

static void
one_registrar_takes_over_a_dead_one_and_all_agree(void)
{ /* s.3.5 */
	begin(4);
	fill(1, "web", 1, 300);
	fill(2, "web", 1000, 100);
	run(100);
	kill_node(1);
	run(4000);
	all_agree(400);
	unsigned takeovers = 0;
	for (unsigned i = 0; i < NODES; i++)
		takeovers += node[i].r ? (unsigned)rsp_registrar_stats(node[i].r).takeovers : 0;
	CHECK_EQ(takeovers, 1);
	kill_node(3);
	kill_node(2);
	run(6000);
	all_agree(400); /* the last registrar is the home of all */
	CHECK_EQ(rsp_registrar_stats(node[0].r).own_elements, 400);
	end();
}

static void
updates_that_were_missed_in_a_cut_are_taken_later(void)
{ /* s.3.6: a cut that is too short for a suspicion loses nothing */
	begin(3);
	set_apart(2, true);
	fill(0, "web", 1, 50);
	run(1500);
	CHECK_EQ(rsp_registrar_stats(node[2].r).elements, 0);
	set_apart(2, false);
	run(2000);
	all_agree(50);
	end();
}

/* A registrar that is cut off takes all others over, and they take it over: after its return each element has one
 * home. */
static void
two_takeovers_converge(void)
{
	begin(3);
	fill(0, "web", 1, 40);
	fill(1, "web", 100, 40);
	fill(2, "web", 200, 40);
	run(1000);
	set_apart(2, true);
	run(6000);
	CHECK_EQ(rsp_registrar_stats(node[2].r).own_elements, 120);
	CHECK_EQ(rsp_registrar_stats(node[2].r).peers, 0);
	CHECK_EQ(rsp_registrar_stats(node[0].r).peers, 1);
	set_apart(2, false);
	run(20000);
	all_agree(120);
	end();
}

static void
restarts_of_all_in_turn_lose_nothing(void)
{
	begin(3);
	fill(0, "web", 1, 100);
	fill(1, "web", 200, 100);
	fill(2, "web", 300, 100);
	for (unsigned i = 0; i < 6; i++) {
		run(1000);
		kill_node(i % 3);
		run(i % 2 ? 4000 : 10); /* at once, too: its former id is not waited for */
		start(i % 3, 3);
		run(4000);
		all_agree(300);
	}
	end();
}

int
main(void)
{
	TAP_RUN(registrars_that_start_together_become_one_scope);
	TAP_RUN(a_registrar_that_starts_later_has_all_elements_when_it_begins_to_serve);
	TAP_RUN(a_mentor_that_dies_during_a_download_is_left_for_another);
	TAP_RUN(one_registrar_takes_over_a_dead_one_and_all_agree);
	TAP_RUN(updates_that_were_missed_in_a_cut_are_taken_later);
	TAP_RUN(two_takeovers_converge);
	TAP_RUN(restarts_of_all_in_turn_lose_nothing);
	return tap_end();
}
