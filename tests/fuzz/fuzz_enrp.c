#include "../unit/registrar_world.h"
#include "engine/enrp/peer.h"
#include "engine/registrar/state.h"
#include "fuzz.h"

/* Input: steps, each an octet that says what happens, an octet for the link or the time, and for a message two
 * octets of length and the message. Whatever messages come: all sums and counts agree, each element of ours has a
 * timer and no other element has one of ours, and everything that grows has its cap. */

enum step { MESSAGE, PASS, LINK_DOWN, LINK_UP, DIAL_UP, DIAL_DOWN, STEPS };
enum { PEER_A = 1, PEER_B, PEER_C, LOOKER, ELEMENT_1, ELEMENT_2, ASKER, LINKS }; /* from LINKS on: the last dials */

static const struct {
	uint32_t link;
	const char *identity;
	enum rsp_protocol protocol;
	enum rsp_role role;
} link_kind[LINKS] = {
	[PEER_A] = { A, "a", RSP_ENRP, RSP_ROLE_PEER },
	[PEER_B] = { B, "b", RSP_ENRP, RSP_ROLE_PEER },
	[PEER_C] = { C, "c", RSP_ENRP, RSP_ROLE_PEER },
	[LOOKER] = { MONITOR, "m", RSP_ENRP, RSP_ROLE_MONITOR },
	[ELEMENT_1] = { WEB1, "web1", RSP_ASAP, RSP_ROLE_ELEMENT },
	[ELEMENT_2] = { WEB2, "web2", RSP_ASAP, RSP_ROLE_ELEMENT },
	[ASKER] = { USER, NULL, RSP_ASAP, RSP_ROLE_USER },
};

static void
must(bool condition)
{
	if (!condition)
		abort();
}

/* What the phase of the element promises: registrar/phase.h. */
static void
look_at_phase(const struct rsp_member *m, bool ours)
{
	bool timed = rsp_timer_is_set(&m->timer), linked = rsp_member_is_linked(m);
	const struct rsp_link *link = m->link ? rsp_link_find(&w.r->core, m->link) : NULL;

	must(!linked || (ours && link && link->state == RSP_LINK_UP));
	switch (m->phase) {
	case RSP_MEMBER_FOREIGN:
		must(!ours && !link && !timed && !m->pending);
		break;
	case RSP_MEMBER_FOREIGN_WAITS:
		must(!ours && !link && timed && m->pending);
		break;
	case RSP_MEMBER_FOREIGN_LOOK:
		must(!ours && !link && timed && !m->pending);
		break;
	case RSP_MEMBER_HELD:
		must(timed);
		break;
	case RSP_MEMBER_ASKED:
		must(timed);
		break;
	case RSP_MEMBER_DOUBTED:
	case RSP_MEMBER_DISPLACED:
		must(timed && m->pending);
		break;
	case RSP_MEMBER_UNLINKED:
		must(ours && !link && timed && !m->pending);
		break;
	case RSP_MEMBER_LOOK_QUEUED:
		must(!m->link && !timed && !m->pending);
		break;
	case RSP_MEMBER_LOOK_DIALLING:
		must(timed && link && link->state == RSP_LINK_DIALLING && !m->pending);
		break;
	case RSP_MEMBER_LOOK_ASKED:
		must(timed && link && link->state == RSP_LINK_UP && (ours || !m->pending));
		break;
	case RSP_MEMBER_LOOK_ANSWERED:
		must(ours && timed && link && link->state == RSP_LINK_UP);
		break;
	case RSP_MEMBER_OLD:
		must(!timed && w.r->core.state == RSP_REGISTRAR_JOINING);
		break;
	case RSP_MEMBER_GONE:
	case RSP_MEMBER_PHASES:
		must(false);
	}
}

static void
look_at(const struct rsp_registrar *r, const struct rsp_element *e)
{
	const struct rsp_member *m = rsp_member(e);
	bool ours = rsp_element_home_id(e) == ID_US, word = rsp_element_is_word(e);
	const struct rsp_link *link = m->link ? rsp_link_find(&r->core, m->link) : NULL;
	struct rsp_pool_element pe = { 0 };

	rsp_element_decode(e, &pe);
	must(rsp_member_element(m) == e && !m->in_changed && !m->news);
	must(pe.pe_id == e->pe_id && pe.pe_id && pe.home_id && pe.home_id == rsp_element_home_id(e));
	must(pe.statement.rank == rsp_element_statement(e).rank && pe.statement.rank != RSP_RANK_REMOVED);
	must(word == (pe.statement.rank == 0) && (word || pe.statement.epoch.instance));
	must(!word || (!ours && !m->pending));
	must(!m->link || link);
	must(!link || !link->info.identity || !e->owner || strcmp(link->info.identity, e->owner) == 0);
	must(ours || !rsp_timer_is_set(&m->expiry) || m->phase == RSP_MEMBER_OLD);
	/* its home is watched */
	must(ours || rsp_peer_find(r->enrp, pe.home_id) || r->core.state != RSP_REGISTRAR_SERVING);
	look_at_phase(m, ours);
}

static void
homes_agree(const struct rsp_registrar *r, uint32_t id)
{
	must(rsp_home_checksum(r->core.space, id) == full_checksum(r->core.space, id));
	must(rsp_home_digest(r->core.space, id) == full_digest(r->core.space, id));
}

static void
look_at_all(const struct rsp_registrar *r)
{
	struct rsp_registrar_stats stats = rsp_registrar_stats(r);
	uint32_t elements = 0, own = 0, pools = 0;

	for (struct rsp_pool *pool = NULL; (pool = rsp_pool_next(r->core.space, pool)); pools++)
		for (uint32_t i = 0; i < pool->n_elements; i++)
			for (struct rsp_element *e = pool->element[i]; e; e = rsp_element_next_record(r->core.space, e)) {
				look_at(r, e);
				own += rsp_element_home_id(e) == ID_US;
				elements++;
			}
	must(stats.elements == elements && stats.pools == pools && stats.own_elements == own);
	must(elements <= r->core.config.limits.elements && pools <= r->core.config.limits.pools);
	must(stats.peers <= r->core.config.max_peers && stats.tombstones <= r->core.config.max_tombstones);
	must(r->enrp->n_uploads <= r->core.config.max_downloads && r->enrp->n_contacts <= RSP_CONTACTS_MAX);
	homes_agree(r, ID_US);
	for (unsigned i = 0; i < r->enrp->n_peers; i++) {
		const struct rsp_peer *peer = r->enrp->peer[i];
		const struct rsp_link *in = rsp_link_find(&r->core, peer->link_in);

		homes_agree(r, peer->server_id);
		must(peer->server_id && peer->server_id != ID_US);
		must(!peer->link_in || (in && in->peer == peer));
		must(rsp_timer_is_set(&peer->timer.timer));
		must(peer->state == RSP_PEER_DEAD || peer->takeover.n_missing == 0);
		for (unsigned k = 0; k < i; k++)
			must(r->enrp->peer[k]->server_id != peer->server_id);
	}
	for (unsigned i = 0; i < r->enrp->n_contacts; i++) {
		const struct rsp_contact *contact = r->enrp->contact[i];
		const struct rsp_link *link = rsp_link_find(&r->core, contact->link);

		must(!contact->link || (link && link->contact == contact && (link->state == RSP_LINK_UP) == (contact->state == RSP_CONTACT_UP)));
	}
}

static bool insecure; /* in plain text: there are no names */

/* The row of link_kind that octet @what means, or from LINKS on a dial, counted from the last. */
static unsigned
row_of(uint8_t what)
{
	unsigned i = what % (LINKS + 3);

	return i == 0 ? PEER_B : i < LINKS || w.n_dials > i - LINKS ? i : PEER_A;
}

static uint32_t
link_of(uint8_t what)
{
	unsigned i = row_of(what);

	return i < LINKS ? link_kind[i].link : DIALLED + w.n_dials - 1 - (i - LINKS);
}

static void
take_step(enum step step, uint8_t what, struct rsp_bytes octets)
{
	uint32_t link = link_of(what);
	unsigned row = row_of(what);

	switch (step) {
	case PASS:
		world_run((uint64_t)what * what / 8);
		break;
	case LINK_DOWN:
		world_down(link, what & 0x80 ? RSP_ETIMEOUT : RSP_ECLOSED);
		break;
	case LINK_UP:
		if (row < LINKS && !rsp_link_find(&w.r->core, link))
			(void)!world_up(link, link_kind[row].protocol, insecure ? RSP_ROLE_NONE : link_kind[row].role,
					insecure ? NULL : link_kind[row].identity);
		break;
	case DIAL_UP:
		link = w.n_dials ? DIALLED + w.n_dials - 1 - what % (w.n_dials < 4 ? w.n_dials : 4) : 0;
		if (rsp_link_find(&w.r->core, link) && rsp_link_find(&w.r->core, link)->state != RSP_LINK_UP)
			(void)!world_up(link, w.dial[link - DIALLED].protocol, w.dial[link - DIALLED].role,
					*w.dial[link - DIALLED].name ? w.dial[link - DIALLED].name : NULL);
		break;
	case DIAL_DOWN:
		if (w.n_dials)
			world_down(DIALLED + w.n_dials - 1 - what % w.n_dials, RSP_EUNREACHABLE);
		break;
	case MESSAGE:
	case STEPS:
		rsp_registrar_receive(w.r, w.now, link, octets);
	}
}

static struct rsp_registrar_config
fuzz_config(bool with_mentor)
{
	static const struct rsp_contact_config contact = { .name = "a", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 };
	struct rsp_registrar_config config = world_config();

	config.keepalive_interval_ms = 900;
	config.limits = (struct rsp_handlespace_limits){ 20, 60, 30 };
	config.max_tombstones = 20;
	config.max_peers = 12;
	config.max_downloads = 2;
	config.contacts = &contact;
	config.n_contacts = with_mentor;
	return config;
}

/* Take the next step of a session; false at its end. */
static bool
step_on(struct rsp_rd *rd)
{
	if (rsp_rd_left(rd) < 2)
		return false;
	enum step step = (rsp_rd_u8(rd) & 0x3f) % STEPS;
	uint8_t what = rsp_rd_u8(rd);
	size_t n = step == MESSAGE ? rsp_rd_u16(rd) : 0;

	n = n < rsp_rd_left(rd) ? n : rsp_rd_left(rd);
	take_step(step, what, rsp_rd_take(rd, n));
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsp_registrar_config config = fuzz_config(size > 0 && data[0] & 0x40);
	struct rsp_rd rd = rsp_rd_init(rsp_bytes_of(data, size), 0);

	config.insecure = insecure = size > 0 && data[0] & 0x80;
	world_begin(&config);
	for (unsigned steps = 0; steps < 1000 && step_on(&rd); steps++) {
		look_at_all(w.r);
		world_clear();
	}
	world_end();
	return 0;
}

/* A session in which everything happens, copies of it with something changed, and its steps in any order. */

enum { COPIES = 400, ORDERS = 400, STEPS_MAX = 256 };

static uint8_t session[32768];
static size_t session_size;
static size_t step_at[STEPS_MAX + 1]; /* where each step begins; the last one: where the session ends */
static unsigned n_steps;

static void
add(enum step step, uint8_t what, const struct rsp_message *msg)
{
	uint8_t *at = session + session_size;
	size_t n = 0;

	must(session_size + 4096 < sizeof(session) && n_steps < STEPS_MAX);
	at[0] = (uint8_t)(step | (session_size ? 0 : 0x40));
	at[1] = what;
	session_size += 2;
	if (msg) {
		must(rsp_message_encode(msg, at + 4, 2048, &n) == RSP_OK);
		at[2] = (uint8_t)(n >> 8);
		at[3] = (uint8_t)n;
		session_size += 2 + n;
	}
	step_at[++n_steps] = session_size;
}

/* A presence of a registrar that states numbers, is at update @update, and hears @heard (0: none); or of one without STATE. */
static void
add_presence_of(uint8_t link, uint32_t id, bool states, uint64_t update, uint32_t heard)
{
	struct rsp_message msg = enrp_message(ENRP_PRESENCE, id);
	struct rsp_ip ip = { 4, { 192, 0, 2, (uint8_t)id } };
	struct rsp_heard item = { .server_id = heard, .digest = 77 };
	uint8_t room[RSP_ADDRS_ROOM(1)], heard_room[RSP_HEARD_SIZE];

	rsp_heard_write(heard_room, &item);
	msg.flags = ENRP_FLAG_REPLY_REQUIRED;
	msg.has = RSP_HAS_CHECKSUM | RSP_HAS_SERVER_INFO;
	msg.checksum = 0xffff;
	msg.server_info = (struct rsp_server_info){ .server_id = id,
						    .transport = { .type = RSP_PARAM_TCP, .port = 9000 },
						    .has_state = states,
						    .state = { .update = update },
						    .heard = rsp_bytes_of(heard_room, heard ? RSP_HEARD_SIZE : 0) };
	rsp_transport_set_ips(&msg.server_info.transport, &ip, 1, room);
	add(MESSAGE, link, &msg);
}

static void
add_presence(uint8_t link, uint32_t id)
{
	add_presence_of(link, id, true, 0, 0);
}

static void
add_plain(uint8_t link, uint8_t type, uint32_t id, uint8_t flags, uint32_t target_id)
{
	struct rsp_message msg = enrp_message(type, id);

	msg.flags = flags;
	msg.target_id = target_id;
	add(MESSAGE, link, &msg);
}

static void
add_update(uint8_t link, uint32_t id, uint16_t action, uint32_t pe_id, uint64_t epoch)
{
	struct rsp_message msg = update_message(id, action, "web", world_pe(pe_id, id, epoch));

	add(MESSAGE, link, &msg);
}

/* The registrar @id sends the statement @s of element @pe_id and @home_id, as its update @number (0: none). */
static void
add_statement(uint8_t link, uint32_t id, uint32_t pe_id, uint32_t home_id, struct rsp_statement s, uint64_t number)
{
	struct rsp_message msg = update_message(id, s.rank == RSP_RANK_REMOVED ? ENRP_DEL_PE : ENRP_ADD_PE, "web",
						world_stated_pe(pe_id, home_id, s));

	msg.has |= number ? RSP_HAS_UPDATE_NUMBER : 0;
	msg.update_number = number;
	add(MESSAGE, link, &msg);
}

static void
add_table(uint8_t link, uint32_t id, uint8_t flags, uint32_t home_id, uint32_t first, uint32_t n)
{
	static uint8_t room[2048];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_RESPONSE, id);

	rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("table"));
	for (uint32_t i = first; i < first + n; i++) {
		struct rsp_pool_element pe = world_pe(i, home_id, 20);

		rsp_pool_element_encode(&wr, &pe);
	}
	msg.flags = flags;
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = n + 1;
	add(MESSAGE, link, &msg);
}

/* @epoch 0: without RSP_PARAM_EPOCH */
static void
add_registration(uint8_t link, const char *pool, uint32_t pe_id, uint64_t epoch)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT | (epoch ? RSP_HAS_EPOCH : 0U),
				   .handle = rsp_bytes_str(pool),
				   .element = world_pe(pe_id, 0, 0),
				   .epoch = { .epoch = epoch, .instance = PROCESS } };
	struct rsp_ip ip = { 4, { 192, 0, 2, 1 } };
	uint8_t room[RSP_ADDRS_ROOM(1)];

	rsp_transport_set_ips(&msg.element.user, &ip, 1, room);
	add(MESSAGE, link, &msg);
}

static void
add_ack(uint8_t link, uint32_t pe_id, uint64_t epoch)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_KEEP_ALIVE_ACK,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | (epoch ? RSP_HAS_EPOCH : 0U),
				   .handle = rsp_bytes_str("web"),
				   .pe_id = pe_id,
				   .epoch = { .epoch = epoch, .instance = PROCESS } };

	add(MESSAGE, link, &msg);
}

static void
add_deregistration(uint8_t link, uint32_t pe_id, uint64_t epoch)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_DEREGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID | RSP_HAS_EPOCH,
				   .handle = rsp_bytes_str("web"),
				   .pe_id = pe_id,
				   .epoch = { .epoch = epoch, .instance = PROCESS } };

	add(MESSAGE, link, &msg);
}

static void
add_report(uint8_t link, uint32_t pe_id)
{
	struct rsp_message msg = { .protocol = RSP_ASAP,
				   .type = ASAP_ENDPOINT_UNREACHABLE,
				   .has = RSP_HAS_HANDLE | RSP_HAS_PE_ID,
				   .handle = rsp_bytes_str("web"),
				   .pe_id = pe_id };

	add(MESSAGE, link, &msg);
}

/* A table request with a parameter: the updates from @from on (not 0), or the table of @of. */
static void
add_request(uint8_t link, uint32_t id, uint64_t from, uint32_t of)
{
	struct rsp_message msg = enrp_message(ENRP_HANDLE_TABLE_REQUEST, id);

	msg.flags = ENRP_FLAG_OWN;
	msg.has = from ? RSP_HAS_UPDATES_FROM : RSP_HAS_TABLE_OF;
	msg.updates_from = from;
	msg.table_of = of;
	add(MESSAGE, link, &msg);
}

/* What registrars state of elements that are linked here, of elements of each other, and what a registrar without STATE
 * says. */
static void
compose_statements(void)
{
	const uint64_t high = UINT64_C(1) << 60;
	struct rsp_statement displacing = world_statement(high + 9, OTHER_PROCESS, RSP_RANK_REGISTERED);

	displacing.epoch.over = PROCESS;
	add_registration(ELEMENT_1, "web", 11, 100);
	add_statement(PEER_B, ID_B, 11, ID_B, world_statement(200, PROCESS, RSP_RANK_REGISTERED), 1);
	add_ack(ELEMENT_1, 11, 100); /* doubted */
	add_registration(ELEMENT_1, "web", 11, 201);
	add_statement(PEER_C, ID_C, 11, ID_C, world_statement(201, PROCESS, RSP_RANK_REMOVED), 3); /* and a gap */
	add(PASS, 50, NULL);
	add_statement(PEER_C, ID_C, 8, ID_C, world_statement(high, PROCESS, RSP_RANK_REGISTERED), 2);
	add_ack(ELEMENT_2, 8, 0);
	add_statement(PEER_B, ID_B, 12, ID_B, world_statement(100, PROCESS, RSP_RANK_REGISTERED), 2);
	add_statement(PEER_C, ID_C, 12, ID_C, world_statement(100, PROCESS, RSP_RANK_REGISTERED + 1), 4); /* over its head */
	add_report(ASKER, 12);
	add(PASS, 100, NULL);
	add_statement(PEER_B, ID_B, 7, ID_B, displacing, 3);
	add(PASS, 100, NULL);
	add_deregistration(ELEMENT_1, 11, 300);
	add_request(PEER_B, ID_B, 1, 0);
	add_request(PEER_C, ID_C, 0, ID_B);
	add_presence_of(PEER_B, ID_B, true, 9, ID_D); /* it hears d: its table is relayed */
	add_table(PEER_B, ID_B, 0, ID_D, 40, 2);
	add_presence_of(PEER_C, ID_C, false, 0, 0); /* goes back to an older version */
	add_update(PEER_C, ID_C, ENRP_ADD_PE, 13, 0);
	add_update(PEER_C, ID_C, ENRP_ADD_PE, 7, 0);
	add_registration(ELEMENT_1, "web", 13, 100);
	add_update(PEER_C, ID_C, ENRP_DEL_PE, 13, 0);
	add_presence(PEER_C, ID_C);
}

static void
compose(void)
{
	enum { DIAL = LINKS }; /* the last dial */

	session_size = n_steps = 0;
	add(PASS, 0, NULL); /* dials its mentor */
	add(DIAL_UP, 0, NULL);
	add_presence(DIAL, ID_A);
	add_plain(DIAL, ENRP_LIST_RESPONSE, ID_A, 0, 0);
	add_table(DIAL, ID_A, ENRP_FLAG_MORE, ID_A, 1, 4);
	add_table(DIAL, ID_A, 0, ID_D, 5, 3);
	for (uint8_t link = PEER_B; link < LINKS; link++)
		add(LINK_UP, link, NULL);
	add_presence(PEER_B, ID_B);
	add(DIAL_UP, 0, NULL);
	add_presence(PEER_C, ID_C);
	add_registration(ELEMENT_1, "web", 7, 0);
	add_registration(ELEMENT_2, "web", 8, 0);
	add_update(PEER_B, ID_B, ENRP_ADD_PE, 1, 20);
	add_update(PEER_C, ID_C, ENRP_ADD_PE, 2, 20);
	add_update(PEER_C, ID_C, ENRP_ADD_PE, 7, UINT64_C(1) << 59); /* it is asked */
	add_ack(ELEMENT_1, 7, 0);
	add_update(PEER_B, ID_B, ENRP_DEL_PE, 8, UINT64_C(1) << 59);
	add(PASS, 70, NULL);
	compose_statements();
	add_plain(LOOKER, ENRP_HANDLE_TABLE_REQUEST, 0x777, 0, 0);
	add_plain(PEER_B, ENRP_HANDLE_TABLE_REQUEST, ID_B, ENRP_FLAG_OWN, 0);
	add_plain(PEER_C, ENRP_LIST_REQUEST, ID_C, 0, 0);
	add_presence(PEER_B, ID_B); /* its checksum differs: its table is taken */
	add_table(PEER_B, ID_B, ENRP_FLAG_MORE, ID_B, 30, 3);
	add_table(PEER_B, ID_B, 0, ID_B, 33, 3);
	add_plain(PEER_C, ENRP_INIT_TAKEOVER, ID_C, 0, ID_B);
	add(PASS, 65, NULL);
	add_plain(PEER_C, ENRP_TAKEOVER_SERVER, ID_C, 0, ID_B);
	add_plain(PEER_C, ENRP_INIT_TAKEOVER, ID_C, 0, ID_US);
	add_plain(PEER_C, ENRP_TAKEOVER_SERVER, ID_C, 0, ID_US);
	add(PASS, 60, NULL);
	add(LINK_DOWN, PEER_C, NULL);
	for (unsigned i = 0; i < 4; i++) {
		add(DIAL_DOWN, (uint8_t)i, NULL);
		add_presence(DIAL, ID_A);
		add_plain(PEER_A, ENRP_INIT_TAKEOVER_ACK, ID_A, 0, ID_C);
		add_plain(DIAL, ENRP_INIT_TAKEOVER_ACK, ID_A, 0, ID_D);
		add(PASS, 120, NULL);
		add(DIAL_UP, 0, NULL);
		add_ack(DIAL, 2, 0);
	}
	add(LINK_UP, PEER_C, NULL);
	add_presence(PEER_C, ID_D); /* restarted */
	add(PASS, 255, NULL);
}

/* The steps of a session in any order and over any link, as if the network lost and delayed messages. */
static size_t
shuffle(uint64_t seed, uint8_t *out, size_t cap)
{
	struct rsp_rng rng = rsp_rng_seeded(seed);
	size_t size = 0;

	for (unsigned i = 0; i < 150; i++) {
		/* mostly forward, so that the session gets on */
		unsigned step = rsp_rng_below(&rng, 2) ? i % n_steps : (unsigned)rsp_rng_below(&rng, n_steps);
		size_t n = step_at[step + 1] - step_at[step];

		if (size + n > cap)
			break;
		memcpy(out + size, session + step_at[step], n);
		if (rsp_rng_below(&rng, 8) == 0)
			out[size + 1] = (uint8_t)rsp_rng_u64(&rng);
		size += n;
	}
	out[0] ^= seed % 4 == 0 ? 0x80 : 0;
	return size;
}

unsigned
fuzz_seeds(void (*each)(const char *name, const uint8_t *data, size_t size))
{
	static uint8_t copy[sizeof(session)];
	char name[32];

	compose();
	each("a session", session, session_size);
	for (unsigned i = 0; i < COPIES; i++) {
		struct rsp_rng rng = rsp_rng_seeded(i);

		memcpy(copy, session, session_size);
		for (unsigned changes = 1 + (unsigned)rsp_rng_below(&rng, 16); changes > 0; changes--)
			copy[rsp_rng_below(&rng, session_size)] = (uint8_t)rsp_rng_u64(&rng);
		(void)snprintf(name, sizeof(name), "a changed session, %u", i);
		each(name, copy, session_size);
	}
	for (unsigned i = 0; i < ORDERS; i++) {
		(void)snprintf(name, sizeof(name), "another order, %u", i);
		each(name, copy, shuffle(i, copy, sizeof(copy)));
	}
	return 1 + COPIES + ORDERS;
}
