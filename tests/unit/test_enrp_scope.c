#include <string.h>

#include "engine/registrar/registrar.h"
#include "model/handlespace.h"
#include "tap.h"

/* Several registrars in virtual time, and an element that listens for them: after takeovers, all agree on its home.
 * What one registrar does by itself is in the tests of registrar_world.h. */

enum { A, B, D, NODES, ELEMENT = NODES };
enum { CONNS = 4096, QUEUE = 65536, PE_ID = 7 };

enum what { UP, DOWN, MESSAGE };

struct item {
	enum what what;
	uint32_t conn;
	unsigned side;
	enum rsp_err why;
	size_t n;
	uint8_t *octets;
};

struct conn {
	unsigned end[2]; /* the node that dialled, the node that was dialled */
	enum rsp_protocol protocol;
	bool open;
};

static const char *const name[] = { "a", "b", "d", "web1" };
static const uint32_t id_of[] = { 0xa, 0xb, 0xd };

static struct {
	struct rsp_registrar *r[NODES];
	bool dead[NODES], stopped[NODES], cut[NODES][NODES];
	struct conn conn[CONNS];
	uint32_t n_conns;
	struct item queue[QUEUE];
	unsigned first, last;
	uint64_t now;
	unsigned done[NODES]; /* takeovers */
	/* the element */
	uint32_t home;  /* its connection to its home */
	bool registers; /* also registers when it is adopted */
} s;

static uint32_t
link_of(uint32_t conn, unsigned side)
{
	return conn * 2 + side + 2;
}

static void
push(struct item item)
{
	if (s.last - s.first == QUEUE)
		abort();
	s.queue[s.last++ % QUEUE] = item;
}

static void
cut_off(uint32_t conn, unsigned side, enum rsp_err why)
{
	if (!s.conn[conn].open)
		return;
	s.conn[conn].open = false;
	push((struct item){ .what = DOWN, .conn = conn, .side = !side, .why = why });
}

static void
say(uint32_t conn, unsigned side, struct rsp_bytes octets)
{
	if (s.conn[conn].open)
		push((struct item){
			.what = MESSAGE, .conn = conn, .side = !side, .n = octets.n, .octets = rsp_bytes_dup(octets) });
}

static uint32_t
connect_to(unsigned from, unsigned to, enum rsp_protocol protocol)
{
	uint32_t conn = s.n_conns++;
	bool there = to == ELEMENT || (!s.dead[to] && (from == ELEMENT || !s.cut[from][to]));

	if (conn == CONNS)
		abort();
	s.conn[conn] = (struct conn){ { from, to }, protocol, there };
	for (unsigned side = 0; side < (there ? 2 : 1); side++)
		push((struct item){ .what = there ? UP : DOWN, .conn = conn, .side = side, .why = RSP_EUNREACHABLE });
	return conn;
}

static void
node_send(void *ctx, uint32_t link, struct rsp_bytes octets)
{
	(void)ctx;
	say((link - 2) / 2, link % 2, octets);
}

static void
node_close(void *ctx, uint32_t link)
{
	(void)ctx;
	cut_off((link - 2) / 2, link % 2, RSP_ECLOSED);
}

static uint32_t
node_dial(void *ctx, const struct rsp_dial *to)
{
	for (unsigned i = 0; i <= ELEMENT; i++)
		if (to->server_name && strcmp(to->server_name, name[i]) == 0)
			return link_of(connect_to(*(const unsigned *)ctx, i, to->protocol), 0);
	return 0;
}

static void
node_record(void *ctx, const struct rsp_event *event)
{
	s.done[*(const unsigned *)ctx] += event->kind == RSP_EVENT_TAKEOVER_DONE;
}

static const struct rsp_engine_ops node_ops = { node_send, node_close, node_dial, node_record };

/* The element */

static void
element_says(uint32_t conn, unsigned side, struct rsp_message *msg)
{
	uint8_t octets[1024];
	size_t n = 0;

	msg->protocol = RSP_ASAP;
	msg->handle = rsp_bytes_str("web");
	CHECK_EQ(rsp_message_encode(msg, octets, sizeof(octets), &n), RSP_OK);
	say(conn, side, rsp_bytes_of(octets, n));
}

static void
element_registers(uint32_t conn, unsigned side)
{
	struct rsp_ip ip = { 4, { 192, 0, 2, 99 } };
	uint8_t room[2][RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = { .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .element = { .pe_id = PE_ID,
						.lifetime_s = 300,
						.user = { .type = RSP_PARAM_TCP, .port = 80 },
						.policy = { .type = RSP_POLICY_RR },
						.asap = { .type = RSP_PARAM_TCP, .port = 5000 } } };

	rsp_transport_set_ips(&msg.element.user, &ip, 1, room[0]);
	rsp_transport_set_ips(&msg.element.asap, &ip, 1, room[1]);
	element_says(conn, side, &msg);
}

static void
element_hears(uint32_t conn, unsigned side, struct rsp_bytes octets)
{
	struct rsp_message msg,
		ack = { .type = ASAP_ENDPOINT_KEEP_ALIVE_ACK, .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID, .pe_id = PE_ID };

	if (rsp_message_decode(RSP_ASAP, octets, &msg, NULL) || msg.type != ASAP_ENDPOINT_KEEP_ALIVE)
		return;
	element_says(conn, side, &ack);
	if (!(msg.flags & ASAP_FLAG_HOME) || conn == s.home)
		return;
	for (uint32_t i = 0; i < s.n_conns; i++) /* it has one home, s.1.1 */
		if (i != conn && (s.conn[i].end[0] == ELEMENT || s.conn[i].end[1] == ELEMENT))
			cut_off(i, s.conn[i].end[1] == ELEMENT, RSP_ECLOSED);
	s.home = conn;
	if (s.registers)
		element_registers(conn, side);
}

/* Time */

static void
deliver(const struct item *item)
{
	const struct conn *conn = &s.conn[item->conn];
	unsigned node = conn->end[item->side], other = conn->end[!item->side];
	uint32_t link = link_of(item->conn, item->side);
	struct rsp_bytes octets = rsp_bytes_of(item->octets, item->n);
	struct rsp_link_info info = { .protocol = conn->protocol,
				      .role = conn->protocol == RSP_ENRP ? RSP_ROLE_PEER
					      : conn->end[0] == ELEMENT  ? RSP_ROLE_ELEMENT
									 : RSP_ROLE_NOTIFY,
				      .secure = true,
				      .identity = name[other],
				      .remote = { 4, { 192, 0, 2, 99 } },
				      .remote_port = 5000 };

	if (node == ELEMENT) {
		if (item->what == MESSAGE && conn->open)
			element_hears(item->conn, item->side, octets);
		else if (item->what == UP && item->side == 0)
			element_registers(item->conn, 0);
	} else if (!s.dead[node]) {
		if (item->what == UP) {
			if (rsp_registrar_link_up(s.r[node], s.now, link, &info))
				cut_off(item->conn, item->side, RSP_ECLOSED);
		} else if (item->what == DOWN) {
			rsp_registrar_link_down(s.r[node], s.now, link, &(const struct rsp_why){ .err = item->why });
		} else {
			rsp_registrar_receive(s.r[node], s.now, link, octets);
		}
	}
}

/* Messages for a stopped node wait in their order. */
static void
deliver_all(void)
{
	for (unsigned left = s.last - s.first; left > 0; left--) {
		struct item item = s.queue[s.first++ % QUEUE];
		unsigned node = s.conn[item.conn].end[item.side];

		if (node < NODES && s.stopped[node]) {
			push(item);
			continue;
		}
		deliver(&item);
		free(item.octets);
	}
}

static void
run(uint64_t for_ms)
{
	for (uint64_t end = s.now + for_ms; s.now < end; s.now++) {
		for (unsigned i = 0; i < 20; i++) /* to and fro within the millisecond */
			deliver_all();
		for (unsigned i = 0; i < NODES; i++)
			if (!s.dead[i] && !s.stopped[i] && rsp_registrar_deadline(s.r[i]) <= s.now)
				rsp_registrar_tick(s.r[i], s.now);
	}
}

static void
begin(bool registers)
{
	static const struct rsp_contact_config contacts[NODES] = { { .name = "a", .port = 9902 },
								   { .name = "b", .port = 9902 },
								   { .name = "d", .port = 9902 } };
	static const unsigned self[NODES] = { A, B, D };

	memset(&s, 0, sizeof(s));
	s.now = 100000;
	s.registers = registers;
	for (unsigned i = 0; i < NODES; i++) {
		struct rsp_registrar_config config = rsp_registrar_defaults();
		struct rsp_contact_config others[NODES];

		for (unsigned k = 0; k < NODES; k++)
			if (k != i)
				others[config.n_contacts++] = contacts[k];
		config.contacts = others;
		config.server_id = id_of[i];
		config.name = name[i];
		config.epoch_ms = 1700000000000 + 5000 * i; /* clocks differ */
		config.enrp_ip = (struct rsp_ip){ 4, { 192, 0, 2, (uint8_t)id_of[i] } };
		config.enrp_port = 9902;
		config.peer_heartbeat_cycle_ms = 1000;
		config.max_time_last_heard_ms = 2500;
		config.max_time_no_response_ms = 500;
		config.keepalive_interval_ms = 1000;
		config.keepalive_timeout_ms = 500;
		config.reconnect_grace_ms = 700;
		CHECK_EQ(rsp_registrar_new(&config, &node_ops, (void *)(uintptr_t)&self[i], rsp_rng_seeded(i), s.now,
					   &s.r[i]),
			 RSP_OK);
	}
	run(8000);
	for (unsigned i = 0; i < NODES; i++)
		CHECK_EQ(rsp_registrar_stats(s.r[i]).peers, 2);
	s.home = connect_to(ELEMENT, D, RSP_ASAP);
	run(1500);
}

static void
end(void)
{
	for (unsigned i = 0; i < NODES; i++)
		rsp_registrar_free(s.r[i]);
	for (; s.first != s.last; s.first++)
		free(s.queue[s.first % QUEUE].octets);
}

static void
cut(unsigned a, unsigned b, bool on)
{
	s.cut[a][b] = s.cut[b][a] = on;
	for (uint32_t i = 0; i < s.n_conns && on; i++) {
		struct conn *conn = &s.conn[i];

		if (!conn->open ||
		    !((conn->end[0] == a && conn->end[1] == b) || (conn->end[0] == b && conn->end[1] == a)))
			continue;
		conn->open = false;
		for (unsigned side = 0; side < 2; side++)
			push((struct item){ .what = DOWN, .conn = i, .side = side, .why = RSP_ETIMEOUT });
	}
}

static void
kill_node(unsigned node)
{
	s.dead[node] = true;
	for (uint32_t i = 0; i < s.n_conns; i++)
		for (unsigned side = 0; side < 2; side++)
			if (s.conn[i].end[side] == node)
				cut_off(i, side, RSP_ECLOSED);
}

static uint32_t
home_at(unsigned node)
{
	const struct rsp_handlespace *space = rsp_registrar_handlespace(s.r[node]);
	const struct rsp_element *e = rsp_element_find(space, rsp_pool_find(space, rsp_bytes_str("web")), PE_ID);

	return e ? rsp_element_home_id(e) : 0;
}

/* @a and @b have the element once, with one living home, and agree on everything. */
static void
agree(unsigned a, unsigned b)
{
	const struct rsp_handlespace *at_a = rsp_registrar_handlespace(s.r[a]),
				     *at_b = rsp_registrar_handlespace(s.r[b]);

	CHECK_EQ(home_at(a), home_at(b));
	CHECK(home_at(a) == id_of[a] || home_at(a) == id_of[b]);
	for (unsigned i = 0; i < NODES; i++) {
		CHECK_EQ(rsp_home_checksum(at_a, id_of[i]), rsp_home_checksum(at_b, id_of[i]));
		CHECK(rsp_home_digest(at_a, id_of[i]) == rsp_home_digest(at_b, id_of[i]));
	}
	CHECK_EQ(rsp_registrar_stats(s.r[a]).own_elements + rsp_registrar_stats(s.r[b]).own_elements, 1);
}

static void
one_takes_over(bool registers)
{
	begin(registers);
	CHECK_EQ(home_at(A), id_of[D]);
	CHECK_EQ(home_at(B), id_of[D]);
	kill_node(D);
	run(5000);
	CHECK_EQ(s.done[A] + s.done[B], 1);
	CHECK_EQ(home_at(A), id_of[B]); /* the higher id */
	agree(A, B);
	end();
}

static void
one_of_two_registrars_takes_over(void)
{
	one_takes_over(false);
}

static void
one_of_two_registrars_takes_over_an_element_that_then_registers(void)
{
	one_takes_over(true);
}

/* a and b, both of which took d over, come to one home of the element after they can reach each other again. */
static void
come_to_one_home(void)
{
	run(6000); /* each is alone, as far as it knows */
	CHECK(s.done[A] > 0 && s.done[B] > 0);
	cut(A, B, false);
	run(20000);
	CHECK_EQ(rsp_registrar_stats(s.r[A]).peers, 1);
	CHECK_EQ(rsp_registrar_stats(s.r[B]).peers, 1);
	agree(A, B);
	/* and it stays there */
	uint32_t home = home_at(A);
	uint64_t moved = rsp_registrar_stats(s.r[A]).moved + rsp_registrar_stats(s.r[B]).moved;
	run(20000);
	CHECK_EQ(home_at(B), home);
	CHECK_EQ(rsp_registrar_stats(s.r[A]).moved + rsp_registrar_stats(s.r[B]).moved, moved);
	agree(A, B);
	end();
}

/* d dies, and a and b lose each other at once. */
static void
d_dies_before_the_cut(bool registers)
{
	begin(registers);
	kill_node(D);
	cut(A, B, true);
	come_to_one_home();
}

/* a and b lose each other, and d dies @after_ms. */
static void
d_dies_after_the_cut(bool registers, uint64_t after_ms)
{
	begin(registers);
	cut(A, B, true);
	run(after_ms);
	kill_node(D);
	come_to_one_home();
}

static void
two_takeovers_after_a_cut_come_to_one_home(void)
{
	d_dies_after_the_cut(false, 0);
}

static void
two_takeovers_after_a_cut_come_to_one_home_of_an_element_that_registers(void)
{
	d_dies_after_the_cut(true, 0);
}

static void
two_takeovers_well_after_a_cut_come_to_one_home(void)
{
	d_dies_after_the_cut(false, 200);
}

static void
two_takeovers_well_after_a_cut_come_to_one_home_of_an_element_that_registers(void)
{
	d_dies_after_the_cut(true, 200);
}

static void
two_takeovers_before_a_cut_come_to_one_home(void)
{
	d_dies_before_the_cut(false);
}

static void
two_takeovers_before_a_cut_come_to_one_home_of_an_element_that_registers(void)
{
	d_dies_before_the_cut(true);
}

static void
a_stopped_home_comes_back(bool registers)
{
	begin(registers);
	s.stopped[D] = true;
	run(8000);
	CHECK_EQ(home_at(A), id_of[B]);
	s.stopped[D] = false;
	run(20000);
	agree(A, B);
	CHECK_EQ(home_at(D), home_at(A));
	CHECK_EQ(rsp_registrar_stats(s.r[D]).peers, 2);
	CHECK_EQ(rsp_registrar_stats(s.r[D]).own_elements, 0);
	end();
}

static void
a_home_that_was_stopped_learns_the_new_home(void)
{
	a_stopped_home_comes_back(false);
}

static void
a_home_that_was_stopped_learns_where_the_element_registered(void)
{
	a_stopped_home_comes_back(true);
}

int
main(void)
{
	TAP_RUN(one_of_two_registrars_takes_over);
	TAP_RUN(one_of_two_registrars_takes_over_an_element_that_then_registers);
	TAP_RUN(two_takeovers_before_a_cut_come_to_one_home);
	TAP_RUN(two_takeovers_before_a_cut_come_to_one_home_of_an_element_that_registers);
	TAP_RUN(two_takeovers_after_a_cut_come_to_one_home);
	TAP_RUN(two_takeovers_after_a_cut_come_to_one_home_of_an_element_that_registers);
	TAP_RUN(two_takeovers_well_after_a_cut_come_to_one_home);
	TAP_RUN(two_takeovers_well_after_a_cut_come_to_one_home_of_an_element_that_registers);
	TAP_RUN(a_home_that_was_stopped_learns_the_new_home);
	TAP_RUN(a_home_that_was_stopped_learns_where_the_element_registered);
	return tap_end();
}
