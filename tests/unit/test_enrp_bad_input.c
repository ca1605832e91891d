#include "enrp_world.h"

/* What other registrars may send that they should not: RFC 5353 s.3.7, RFC 5354 s.3 and s.4. Nothing of it changes
 * anything; it is answered as the rules say, and the registrar serves on. */

enum { B = 1, C = 2, WEB = 3, MONITOR = 4 };

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.complaints = (struct rsp_rate){ .per_s = 10, .burst = 100 };
	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_joined(C, ID_C, "c");
	CHECK_EQ(world_up(WEB, RSP_ASAP, RSP_ROLE_ELEMENT, "web1"), RSP_OK);
	CHECK_EQ(world_up(MONITOR, RSP_ENRP, RSP_ROLE_MONITOR, "m"), RSP_OK);
	world_register(WEB, "mine", 1);
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
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(8, ID_C, 20)); /* it serves on */
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
what_is_not_understood_is_reported_by_the_rules(void)
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

static void
answers_that_nobody_asked_for_change_nothing(void)
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
	world_tell(WEB, &presence); /* read as a registration, which it is not */
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
		world_update(B, ID_B, ENRP_DEL_PE, "web", world_pe(7, ID_C, 99));
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

/* Every message that a peer can send, with every octet changed in some ways and every length: whatever it does, it does
 * to what is the sender's. */
static void
changed_messages_touch_nobody_else_s(void)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_message list[16];
	unsigned n = 0;

	list[n++] = update_message(ID_B, ENRP_ADD_PE, "web", world_pe(5, ID_B, 20));
	list[n++] = update_message(ID_B, ENRP_DEL_PE, "web", world_pe(5, ID_B, 22));
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
					continue; /* another type is another message */
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

int
main(void)
{
	TAP_RUN(defaults_are_the_rfc_s);
	TAP_RUN(what_is_not_understood_is_reported_by_the_rules);
	TAP_RUN(answers_that_nobody_asked_for_change_nothing);
	TAP_RUN(errors_are_not_answered);
	TAP_RUN(asap_and_enrp_do_not_mix);
	TAP_RUN(floods_are_recorded_at_a_bounded_rate);
	TAP_RUN(changed_messages_touch_nobody_else_s);
	return tap_end();
}
