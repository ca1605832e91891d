#include "registrar_world.h"

/* Messages that other registrars should not send: RFC 5353 s.3.7, RFC 5354 s.3 and s.4. None of them changes
 * anything; it is answered as the rules say, and the registrar serves on. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.complaints = (struct rsp_rate){ .per_s = 10, .burst = 100 };
	world_begin_peers(&config);
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m"), RSP_OK);
	world_register(WEB1, "mine", 1);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(7, ID_C, 20));
	world_clear();
}

static void
unharmed(void)
{
	struct rsp_peer_view view;

	CHECK_EQ(world_home("mine", 1), ID_US);
	CHECK_EQ(world_home("web", 7), ID_C);
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 2);
	CHECK(world_peer_view(ID_C, &view) && view.state == RSP_PEER_ACTIVE);
	CHECK_EQ(rsp_registrar_state(w.r), RSP_REGISTRAR_SERVING);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, 20)); /* the service goes on */
	CHECK_EQ(world_home("web", 8), ID_C);
}

static void
octets(uint32_t link, const char *hex)
{
	uint8_t room[256];
	size_t n = 0;

	for (const char *c = hex; *c; c++) {
		if (*c == ' ')
			continue;
		CHECK_EQ(rsp_hex_decode(c, 2, &room[n++], NULL), RSP_OK);
		c++;
	}
	uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(room, n));
	rsp_registrar_receive(w.r, w.now, link, rsp_bytes_of(exact, n));
	free(exact);
}

static void
defaults_are_the_rfc_s(void)
{ /* s.4.2 */
	struct rsp_registrar_config config = rsp_registrar_defaults();

	CHECK_EQ(config.peer_heartbeat_cycle_ms, 30000);
	CHECK_EQ(config.max_time_last_heard_ms, 61000);
	CHECK_EQ(config.max_time_no_response_ms, 5000);
}

static void
unknown_messages_and_parameters_are_reported_by_the_rules(void)
{ /* s.3.7, RFC 5354 s.3, s.4 */
	static const struct {
		const char *what, *hex;
		int cause; /* of the ENRP_ERROR; -1: there is none */
	} cases[] = {
		{ "unknown message, discard", "1f00 000c 000000b0 00000010", -1 },
		{ "unknown message, report", "5f00 000c 000000b0 00000010", RSP_CAUSE_UNRECOGNIZED_MSG },
		{ "unknown message, skip", "9f00 000c 000000b0 00000010", -1 },
		{ "unknown parameter, stop", "0500 0010 000000b0 00000010 3f000004", -1 },
		{ "unknown parameter, stop and report", "0500 0010 000000b0 00000010 7f000004",
		  RSP_CAUSE_UNRECOGNIZED_PARAM },
		{ "unknown parameter, skip and report", "0500 0010 000000b0 00000010 ff000004",
		  RSP_CAUSE_UNRECOGNIZED_PARAM },
		{ "no sender", "0500 0008 000000b0", RSP_CAUSE_INVALID_VALUES },
		{ "no target", "0700 000c 000000b0 00000010", RSP_CAUSE_INVALID_VALUES },
		{ "update action 2", "0400 0010 000000b0 00000010 00020000", RSP_CAUSE_INVALID_VALUES },
		{ "update without an element", "0400 0010 000000b0 00000010 00000000", RSP_CAUSE_INVALID_VALUES },
		{ "handle without elements", "0300 0014 000000b0 00000010 00090007 77656200",
		  RSP_CAUSE_INVALID_VALUES },
		{ "parameter beyond the end", "0100 0014 000000b0 00000010 000f0100 ffff0000",
		  RSP_CAUSE_INVALID_VALUES },
		{ "an error never answers an error", "0a00 000c 000000b0 00000010", -1 },
		{ "nothing", "", -1 },
		{ "one octet", "01", -1 },
	};
	struct rsp_message msg;

	for (size_t i = 0; i < RSP_COUNT(cases); i++) {
		begin();
		octets(B, cases[i].hex);
		unsigned n = world_count(B, ENRP_ERROR);
		int cause = world_find(B, RSP_ENRP, ENRP_ERROR, 0, &msg) ? rsp_message_cause(&msg) : -1;
		if (cause != cases[i].cause)
			printf("# %s\n", cases[i].what);
		CHECK_EQ(cause, cases[i].cause);
		CHECK(n <= 1);
		unharmed();
		world_end();
	}
}

/* s.2.4, and the flags that a message does not have */
static void
reserved_bits_are_ignored(void)
{
	struct rsp_message msg = update_message(ID_B, ENRP_ADD_PE, "web", world_pe(9, ID_B, 20));
	uint8_t room[512];
	unsigned i = 0;
	size_t n = 0;

	begin();
	world_register(WEB1, "mine", 2);
	while (i < w.n_sent && w.sent[i].link == WEB1) /* the response to the element */
		i++;
	CHECK_EQ(w.sent[i].octets[0], ENRP_HANDLE_UPDATE);
	CHECK_EQ(w.sent[i].octets[1], 0);
	CHECK_EQ(w.sent[i].octets[14] | w.sent[i].octets[15], 0);
	CHECK_EQ(rsp_message_encode(&msg, room, sizeof(room), &n), RSP_OK);
	room[1] = 0xff;
	room[14] = room[15] = 0xff;
	rsp_registrar_receive(w.r, w.now, B, rsp_bytes_of(room, n));
	CHECK_EQ(world_home("web", 9), ID_B);
	CHECK_EQ(world_count(B, ENRP_ERROR), 0);
	world_end();
}

static void
answers_without_a_request_change_nothing(void)
{
	static const uint8_t type[] = { ENRP_LIST_RESPONSE, ENRP_HANDLE_TABLE_RESPONSE, ENRP_ERROR };

	begin();
	for (unsigned i = 0; i < RSP_COUNT(type); i++) {
		struct rsp_message msg = enrp_message(type[i], ID_B);
		uint8_t room[16];

		if (type[i] == ENRP_ERROR) {
			msg.has = RSP_HAS_ERROR;
			msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
		}
		for (unsigned flags = 0; flags < 4; flags++) {
			msg.flags = (uint8_t)flags;
			world_tell(B, &msg);
		}
	}
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_C);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, ID_US);
	world_about(B, ENRP_INIT_TAKEOVER_ACK, ID_B, 0);
	world_about(B, ENRP_TAKEOVER_SERVER, ID_B, 0);
	world_about(B, ENRP_INIT_TAKEOVER, ID_B, 0);
	CHECK_EQ(world_count(B, ENRP_ERROR), 0);
	unharmed();
	world_end();
}

static void
errors_are_not_answered(void)
{
	struct rsp_message msg = enrp_message(ENRP_ERROR, 0);
	uint8_t room[16];

	begin();
	msg.has = RSP_HAS_ERROR;
	msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
	world_tell(B, &msg); /* id 0 */
	msg.sender_id = ID_US;
	world_tell(B, &msg);
	CHECK_EQ(world_count(B, ENRP_ERROR), 0);
	unharmed();
	world_end();
}

static void
asap_and_enrp_do_not_mix(void)
{
	struct rsp_message presence = enrp_message(ENRP_PRESENCE, ID_B);
	struct rsp_message reg = { .protocol = RSP_ASAP,
				   .type = ASAP_REGISTRATION,
				   .has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT,
				   .handle = rsp_bytes_str("web"),
				   .element = world_pe(9, 0, 0) };

	begin();
	world_tell(WEB1, &presence); /* read as a registration */
	world_tell(B, &reg);	    /* read as a presence */
	CHECK_EQ(world_home("web", 9), 0);
	unharmed();
	world_end();
}

static void
floods_are_recorded_at_a_bounded_rate(void)
{
	begin();
	for (unsigned i = 0; i < 3000; i++) {
		world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(0, ID_C, 99));
		octets(B, "0500 0008 000000b0");
		world_about(MONITOR, ENRP_TAKEOVER_SERVER, 0x777, ID_C);
		if (w.n_sent > WORLD_SENT - 100) {
			for (unsigned k = 0; k < w.n_sent; k++)
				free(w.sent[k].octets);
			w.n_sent = 0;
		}
	}
	CHECK(w.n_events <= 2 * 102);
	CHECK_STR(world_reason(RSP_EVENT_LIMIT), "records");
	CHECK(rsp_registrar_stats(w.r).unrecorded > 8000);
	unharmed();
	world_end();
}

/* Every message that a peer can send, with every octet changed in some ways, and with every length: no linked element
 * changes, and no other without a greater statement. */
static void
changed_messages_of_a_peer_change_no_element_about_which_more_is_known(void)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_message list[16];
	unsigned n = 0;

	list[n++] = update_message(ID_B, ENRP_ADD_PE, "web", world_pe(5, ID_B, 10));
	list[n++] = update_message(ID_B, ENRP_DEL_PE, "web", world_pe(5, ID_B, 10));
	for (uint8_t type = ENRP_HANDLE_TABLE_REQUEST; type <= ENRP_TAKEOVER_SERVER; type++) {
		struct rsp_message msg = enrp_message(type, ID_B);

		msg.target_id = ID_C;
		if (type != ENRP_HANDLE_UPDATE)
			list[n++] = msg;
	}
	for (unsigned i = 0; i < n; i++) {
		size_t size = 0;

		CHECK_EQ(rsp_message_encode(&list[i], room, sizeof(room), &size), RSP_OK);
		for (size_t at = 0; at < size; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				if (at == 0)
					continue; /* that is another message */
				begin();
				room[at] ^= (uint8_t)(1U << bit);
				uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(room, size));
				rsp_registrar_receive(w.r, w.now, B, rsp_bytes_of(exact, size));
				free(exact);
				room[at] ^= (uint8_t)(1U << bit);
				CHECK_EQ(world_home("mine", 1), ID_US);
				CHECK_EQ(world_home("web", 7), ID_C);
				world_end();
			}
		for (size_t cut = 0; cut < size; cut++) {
			begin();
			uint8_t *exact = rsp_bytes_dup(rsp_bytes_of(room, cut));
			rsp_registrar_receive(w.r, w.now, B, rsp_bytes_of(exact, cut));
			free(exact);
			unharmed();
			world_end();
		}
	}
}

/* Every message in every state of a registrar, over the link of a peer which that state does not concern. */

enum { STATES = 7 };
enum state { LIST_AWAITED, TABLE_AWAITED, SERVING, PROBING, TAKING_OVER, YIELDED, RESYNCING };

static const char *const state_name[STATES] = { "list awaited", "table awaited", "serving", "probing",
						"taking over",	"yielded",	 "resyncing" };

static void
begin_joining(enum state state)
{
	static const struct rsp_contact_config mentor = { .name = "a", .ip = { 4, { 192, 0, 2, 10 } }, .port = 9902 };
	struct rsp_registrar_config config = world_config();
	struct rsp_message list = enrp_message(ENRP_LIST_RESPONSE, ID_A);

	config.contacts = &mentor;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	uint32_t link = world_dialled("a");
	world_joined(link, ID_A, "a");
	world_joined(B, ID_B, "b");
	if (state == TABLE_AWAITED) {
		world_tell(link, &list);
		world_table(link, ID_A, ENRP_FLAG_MORE, "web", 7, 1, ID_C, 20);
	}
}

static void
begin_in(enum state state)
{
	if (state <= TABLE_AWAITED) {
		begin_joining(state);
		return;
	}
	begin();
	switch (state) {
	case PROBING:
		world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_C);
		break;
	case TAKING_OVER: /* of c; the acknowledgement of b is due */
		world_joined(A, ID_A, "a");
		world_about(A, ENRP_INIT_TAKEOVER, ID_A, ID_C);
		world_run(501);
		world_about(A, ENRP_INIT_TAKEOVER_ACK, ID_A, ID_C);
		break;
	case YIELDED: /* c is left to b */
		world_about(B, ENRP_INIT_TAKEOVER, ID_B, ID_C);
		world_run(501);
		break;
	case RESYNCING: /* with c */
		world_presence_of(C, ID_C, "c", (struct world_state){ .states = true, .digest = 0x1234, .update = 1 });
		CHECK_EQ(world_count(C, ENRP_HANDLE_TABLE_REQUEST), 1);
		break;
	case LIST_AWAITED:
	case TABLE_AWAITED:
	case SERVING:
		break;
	}
}

static struct rsp_message
anything(uint8_t type, uint32_t sender_id, uint32_t receiver_id, uint32_t target_id, bool flagged)
{
	static uint8_t room[1024];
	struct rsp_message msg = enrp_message(type, sender_id);
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_pool_element pe = world_pe(7, ID_C, 99);

	msg.receiver_id = receiver_id;
	msg.target_id = target_id;
	msg.flags = flagged ? ENRP_FLAG_REJECT : 0; /* W, R or reply required */
	switch (type) {
	case ENRP_HANDLE_TABLE_RESPONSE:
		rsp_bytes_param_encode(&wr, RSP_PARAM_POOL_HANDLE, rsp_bytes_str("web"));
		rsp_pool_element_encode(&wr, &pe);
		msg.has = flagged ? 0 : RSP_HAS_LIST;
		msg.list = rsp_bytes_of(room, wr.pos);
		msg.n_list = flagged ? 0 : 2;
		break;
	case ENRP_HANDLE_UPDATE: /* of an element of another registrar */
		msg.has = RSP_HAS_HANDLE | RSP_HAS_ELEMENT;
		msg.flags = 0;
		msg.update_action = flagged ? ENRP_DEL_PE : ENRP_ADD_PE;
		msg.handle = rsp_bytes_str("web");
		msg.element = pe;
		break;
	case ENRP_ERROR:
		msg.has = RSP_HAS_ERROR;
		msg.flags = 0;
		msg.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
		break;
	default:
		break;
	}
	return msg;
}

/* The home that the element of c has after @msg of b. */
static uint32_t
rightful(enum state state, const struct rsp_message *msg, uint32_t before)
{
	bool from_peer = msg->sender_id == ID_B && (msg->receiver_id == 0 || msg->receiver_id == ID_US);
	bool heeded = from_peer && msg->target_id == ID_C;

	if (from_peer && msg->type == ENRP_HANDLE_UPDATE)
		return ID_C; /* the greatest statement stands, also while this registrar joins */

	if (heeded && msg->type == ENRP_INIT_TAKEOVER_ACK && state == TAKING_OVER)
		return ID_US;
	/* s.3.5.2; a registrar that joins knows c only from the table */
	if (heeded && msg->type == ENRP_TAKEOVER_SERVER && before &&
	    (state == TAKING_OVER || state == YIELDED || state == TABLE_AWAITED))
		return ID_B;
	return before;
}

static bool
sums_agree(void)
{
	static const uint32_t home[] = { ID_A, ID_US, ID_B, ID_C, ID_D };
	const struct rsp_handlespace *space = rsp_registrar_handlespace(w.r);

	for (unsigned i = 0; i < RSP_COUNT(home); i++)
		if (rsp_home_checksum(space, home[i]) != full_checksum(space, home[i]))
			return false;
	return true;
}

static void
send_in(enum state state, struct rsp_message *msg)
{
	static const unsigned c_is[STATES] = { [LIST_AWAITED] = 99,
					       [PROBING] = RSP_PEER_PROBED,
					       [TAKING_OVER] = RSP_PEER_DEAD,
					       [YIELDED] = RSP_PEER_INACTIVE };
	struct rsp_peer_view c;

	begin_in(state);
	CHECK_EQ(world_peer_view(ID_C, &c) ? c.state : 99, c_is[state]);
	unsigned peers = rsp_registrar_stats(w.r).peers;
	uint32_t before = world_home("web", 7), mine = world_home("mine", 1);
	bool serves = rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING;

	world_clear();
	world_tell(B, msg);
	bool right = world_home("web", 7) == rightful(state, msg, before) && world_home("mine", 1) == mine;
	if (msg->sender_id != ID_B) { /* the id of no registrar, ours, that of another, or another id than before */
		right = right && rsp_registrar_stats(w.r).peers == peers;
		right = right && (msg->sender_id == 0 || msg->sender_id == ID_US ? !world_was_closed(B)
										 : world_was_closed(B));
	}
	if (msg->type == ENRP_ERROR && (msg->sender_id == ID_B || msg->sender_id == 0 || msg->sender_id == ID_US))
		right = right && w.n_sent == 0;
	right = right && world_count(0, ENRP_ERROR) <= 1;
	right = right && (rsp_registrar_state(w.r) == RSP_REGISTRAR_SERVING) == serves && sums_agree();
	if (!right)
		printf("# %s: type %u flags %u from %x to %x about %x\n", state_name[state], msg->type, msg->flags,
		       msg->sender_id, msg->receiver_id, msg->target_id);
	CHECK(right);
	world_end();
}

static void
any_message_is_harmless_in_any_state(void)
{
	static const uint32_t sender[] = { ID_B, 0, ID_US, ID_C, ID_D }, receiver[] = { 0, ID_US, 0x12345 },
			      target[] = { ID_C, 0, ID_US, ID_B, 0x4711 };

	for (enum state state = LIST_AWAITED; state <= RESYNCING; state++)
		for (uint8_t type = ENRP_PRESENCE; type <= ENRP_ERROR; type++)
			for (unsigned i = 0; i < RSP_COUNT(sender) * RSP_COUNT(receiver); i++) {
				bool has_target = type >= ENRP_INIT_TAKEOVER && type <= ENRP_TAKEOVER_SERVER;

				for (unsigned k = 0; k < (has_target ? RSP_COUNT(target) : 2); k++) {
					struct rsp_message msg =
						anything(type, sender[i % RSP_COUNT(sender)],
							 receiver[i / RSP_COUNT(sender)],
							 has_target ? target[k] : 0, !has_target && k);

					send_in(state, &msg);
				}
			}
}

int
main(void)
{
	TAP_RUN(defaults_are_the_rfc_s);
	TAP_RUN(unknown_messages_and_parameters_are_reported_by_the_rules);
	TAP_RUN(reserved_bits_are_ignored);
	TAP_RUN(answers_without_a_request_change_nothing);
	TAP_RUN(errors_are_not_answered);
	TAP_RUN(asap_and_enrp_do_not_mix);
	TAP_RUN(floods_are_recorded_at_a_bounded_rate);
	TAP_RUN(changed_messages_of_a_peer_change_no_element_about_which_more_is_known);
	TAP_RUN(any_message_is_harmless_in_any_state);
	return tap_end();
}
