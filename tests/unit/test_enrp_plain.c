#include "join_world.h"

/* Registrars without TLS, which have no identities: RFC 5353 s.3.4.1, s.3.2.2.2. And what a registrar with TLS
 * answers to plain text: s.6.3. */

static void
begin(void)
{
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	world_begin(&config);
}

static void
plain(uint32_t link)
{
	CHECK_EQ(world_up(link, RSP_ENRP, RSP_ROLE_NONE, NULL), RSP_OK);
}

static unsigned
n_peers(void)
{
	return rsp_registrar_stats(w.r).peers;
}

static void
a_registrar_that_only_asks_is_no_peer(void)
{
	struct rsp_message msg, ask = enrp_message(ENRP_LIST_REQUEST, ID_B);

	begin();
	plain(B);
	world_tell(B, &ask);
	CHECK_EQ(world_count(B, ENRP_LIST_RESPONSE), 1);
	CHECK(world_find(B, RSP_ENRP, ENRP_PRESENCE, -1, &msg)); /* it is asked for its presence */
	CHECK_EQ(msg.flags, ENRP_FLAG_REPLY_REQUIRED);
	CHECK_EQ(msg.receiver_id, ID_B);
	ask.type = ENRP_HANDLE_TABLE_REQUEST;
	world_tell(B, &ask);
	CHECK_EQ(world_count(B, ENRP_HANDLE_TABLE_RESPONSE), 1);
	unsigned said = world_count(B, ENRP_PRESENCE);
	struct rsp_message sign = enrp_message(ENRP_PRESENCE, ID_B); /* without Server Information */
	world_tell(B, &sign);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), said); /* else two such registrars would do that for ever */
	sign.flags = ENRP_FLAG_REPLY_REQUIRED;
	world_tell(B, &sign);
	CHECK_EQ(world_count(B, ENRP_PRESENCE), said + 1);
	CHECK_EQ(n_peers(), 0);
	world_clear();
	world_run(10000);
	CHECK_EQ(w.n_sent, 0); /* no heartbeats, and it is not suspected when it disconnects */
	world_down(B, RSP_ECLOSED);
	CHECK_EQ(world_told(RSP_EVENT_PEER_SUSPECTED), 0);
	world_end();
}

static void
a_registrar_that_names_its_address_or_sends_an_update_is_a_peer(void)
{
	begin();
	plain(B);
	world_presence(B, ID_B, "whatever", false);
	CHECK_EQ(n_peers(), 1);
	CHECK_EQ(w.n_dials, 1);
	CHECK_EQ(w.dial[0].role, RSP_ROLE_NONE);
	CHECK_STR(w.dial[0].name, "");
	CHECK_EQ(w.dial[0].ip.ip[3], ID_B);
	CHECK_EQ(w.dial[0].port, 9000);
	plain(C);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 20));
	CHECK_EQ(n_peers(), 2);
	struct rsp_message ask = enrp_message(ENRP_LIST_REQUEST, ID_B); /* a peer may ask, too */
	world_tell(B, &ask);
	CHECK_EQ(world_count(B, ENRP_LIST_RESPONSE), 1);
	CHECK_EQ(n_peers(), 2);
	world_end();
}

static void
another_id_at_the_same_address_is_a_restarted_registrar(void)
{ /* there are no names: it accepts at the address of the former registrar */
	begin();
	plain(B);
	world_presence(B, ID_B, "b", false);
	plain(DIALLED);
	world_presence(DIALLED, ID_B, "b", false);
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 20));
	world_down(B, RSP_ECLOSED);
	world_down(DIALLED, RSP_ECLOSED);
	world_run(0);
	CHECK_EQ(w.n_dials, 2);
	plain(DIALLED + 1);
	world_presence(DIALLED + 1, ID_D, "b", false);
	CHECK_STR(world_reason(RSP_EVENT_PEER_DEAD), "restarted");
	world_about(DIALLED + 1, ENRP_INIT_TAKEOVER_ACK, ID_D, ID_B);
	CHECK_EQ(world_home("web", 1), ID_US);
	CHECK_EQ(n_peers(), 1);
	world_end();
}

/* A list of @n registrars, ids from @first on, each with its own address. */
static void
list_of(uint32_t link, uint32_t sender_id, uint32_t first, unsigned n)
{
	static uint8_t room[RSP_MESSAGE_MAX];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, sender_id);

	for (unsigned i = first; i < first + n; i++) {
		struct rsp_server_info info = { .server_id = i, .transport = { .type = RSP_PARAM_TCP, .port = 9000 } };
		struct rsp_ip ip = { 4, { 198, 51, (uint8_t)(i >> 8), (uint8_t)i } };
		uint8_t addrs[RSP_ADDRS_ROOM(1)];

		rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
		rsp_server_info_encode(&wr, &info);
	}
	CHECK(!wr.err);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = n;
	world_tell(link, &msg);
}

static void
ten_thousand_invented_registrars_cost_little(void)
{
	enum { IN_ONE = 2500 };

	begin();
	plain(B);
	world_presence(B, ID_B, "b", false);
	unsigned before = w.n_dials;
	for (unsigned i = 0; i < 4; i++)
		list_of(B, ID_B, 1000 + IN_ONE * i, IN_ONE);
	CHECK(w.n_dials - before <= 64);
	CHECK_EQ(n_peers(), 1);
	for (unsigned done = before, i = 0; i < 600; i++) { /* no dial succeeds */
		world_run(100);
		world_presence(B, ID_B, "b", false);
		for (; done < w.n_dials; done++)
			world_down(DIALLED + done, RSP_EUNREACHABLE);
	}
	unsigned then = w.n_dials;
	CHECK(then - before <= 64 * 6 + 40); /* each is dialled a few times, b again and again */
	for (unsigned i = 0; i < 30; i++) {
		world_run(1000);
		world_presence(B, ID_B, "b", false);
	}
	CHECK(w.n_dials - then <= 8);
	list_of(B, ID_B, 50000, 1); /* there is room for the next one that is listed */
	CHECK(w.dial[w.n_dials - 1].ip.ip[2] == (uint8_t)(50000 >> 8));
	CHECK_EQ(n_peers(), 1);
	world_end();
}

/* The address of b, which b named, is given up while b is still being taken over. */
static void
an_address_that_never_answers_is_forgotten(void)
{
	begin();
	plain(B);
	world_presence(B, ID_B, "b", false);
	plain(C);
	world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 20)); /* c never names its address */
	plain(DIALLED);
	world_presence(DIALLED, ID_B, "b", false);
	world_down(B, RSP_ECLOSED);
	world_down(DIALLED, RSP_ECLOSED);
	struct rsp_peer_view view;
	for (unsigned done = 1, i = 0; i < 300; i++) { /* c does not acknowledge */
		if (i == 40)
			CHECK(world_peer_view(ID_B, &view) && view.state == RSP_PEER_DEAD && view.link_out == 0);
		world_run(100);
		world_update(C, ID_C, ENRP_ADD_PE, "web", world_pe(1, ID_C, 20));
		for (; done < w.n_dials; done++)
			world_down(DIALLED + done, RSP_EUNREACHABLE);
	}
	CHECK(!world_peer_view(ID_B, &view)); /* in the end b is removed */
	unsigned then = w.n_dials;
	CHECK(then <= 10);
	world_run(0);
	plain(OTHER); /* b connects, and is dialled again */
	world_presence(OTHER, ID_B, "b", false);
	CHECK(world_peer_view(ID_B, &view) && view.state == RSP_PEER_ACTIVE);
	CHECK_EQ(w.n_dials, then + 1);
	world_end();
}

static void
a_registrar_does_not_dial_itself(void)
{ /* nor its own address under another id, which may be its id from before it restarted */
	struct rsp_server_info info = { .server_id = 0x999, .transport = { .type = RSP_PARAM_TCP, .port = 9902 } };
	struct rsp_message msg = enrp_message(ENRP_LIST_RESPONSE, ID_B);
	struct rsp_ip ip = { 4, { 192, 0, 2, 16 } };
	uint8_t addrs[RSP_ADDRS_ROOM(1)], room[128];
	struct rsp_wr wr = rsp_wr_init(room, sizeof(room));

	begin();
	plain(B);
	world_presence(B, ID_B, "b", false);
	unsigned before = w.n_dials;
	rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
	rsp_server_info_encode(&wr, &info);
	msg.has = RSP_HAS_LIST;
	msg.list = rsp_bytes_of(room, wr.pos);
	msg.n_list = 1;
	world_tell(B, &msg);
	list_of(B, ID_B, ID_US, 1);
	CHECK_EQ(w.n_dials, before);
	info.transport.port = 0; /* nor an impossible address */
	ip.ip[3] = 17;
	wr = rsp_wr_init(room, sizeof(room));
	rsp_transport_set_ips(&info.transport, &ip, 1, addrs);
	rsp_server_info_encode(&wr, &info);
	msg.list = rsp_bytes_of(room, wr.pos);
	world_tell(B, &msg);
	CHECK_EQ(w.n_dials, before);
	world_end();
}

static void
a_secure_registrar_has_no_plain_peers(void)
{ /* s.6.3 */
	static const enum rsp_role role[] = { RSP_ROLE_NONE, RSP_ROLE_USER, RSP_ROLE_ELEMENT, RSP_ROLE_NOTIFY };
	struct rsp_registrar_config config = world_config();
	struct rsp_message msg;

	world_begin(&config);
	world_joined(B, ID_B, "b");
	world_update(B, ID_B, ENRP_ADD_PE, "web", world_pe(1, ID_B, 20));
	for (unsigned i = 0; i < RSP_COUNT(role); i++) {
		world_clear();
		CHECK_EQ(world_up(60 + i, RSP_ENRP, role[i], role[i] == RSP_ROLE_NONE ? NULL : "x"), RSP_OK);
		world_update(60 + i, ID_C, ENRP_ADD_PE, "web", world_pe(2, ID_C, 20));
		CHECK(world_find(60 + i, RSP_ENRP, ENRP_ERROR, 0, &msg));
		CHECK_EQ(rsp_message_cause(&msg), RSP_CAUSE_SECURITY);
		CHECK_STR(world_reason(RSP_EVENT_REFUSED), "no-registrar");
		world_presence(60 + i, ID_C, "c", true);
		world_about(60 + i, ENRP_TAKEOVER_SERVER, ID_C, ID_B);
		struct rsp_message ask = enrp_message(ENRP_HANDLE_TABLE_REQUEST, ID_C);
		world_tell(60 + i, &ask);
		CHECK_EQ(world_count(60 + i, ENRP_ERROR), 4);
		unsigned said = w.n_sent;
		uint8_t room[16];
		struct rsp_message error = enrp_message(ENRP_ERROR, ID_C);
		error.has = RSP_HAS_ERROR;
		error.error = rsp_error_compose(RSP_CAUSE_SECURITY, (struct rsp_bytes){ 0 }, room, sizeof(room));
		world_tell(60 + i, &error);
		CHECK_EQ(w.n_sent, said); /* no error for an error */
		CHECK_EQ(said, 4);
	}
	CHECK_EQ(n_peers(), 1);
	CHECK_EQ(world_home("web", 1), ID_B);
	CHECK_EQ(world_home("web", 2), 0);
	world_end();
}

/* a is our only contact, at 192.0.2.110. It names another address, which we dial, too. */
static void
begin_at_two_addresses(void)
{
	static const struct rsp_contact_config contact = { .ip = { 4, { 192, 0, 2, 110 } }, .port = 9000 };
	struct rsp_registrar_config config = world_config();

	config.insecure = true;
	config.contacts = &contact;
	config.n_contacts = 1;
	world_begin(&config);
	world_run(0);
	plain(DIALLED);
	world_presence(DIALLED, ID_A, "", false);
	CHECK_EQ(w.n_dials, 2);
	plain(DIALLED + 1);
	CHECK_EQ(world_count(DIALLED, ENRP_LIST_REQUEST), 1);
}

static void
a_mentor_may_send_a_presence_from_another_address_during_its_table(void)
{ /* s.3.2.2.2, s.3.2.3 */
	begin_at_two_addresses();
	list_of(DIALLED, ID_A, 0, 0);
	world_table(DIALLED, ID_A, ENRP_FLAG_MORE, "web", 1, 10, ID_A, 8);
	world_presence(DIALLED + 1, ID_A, "", false); /* it says so in the middle of its table */
	world_table(DIALLED, ID_A, 0, "web", 11, 10, ID_A, 8);
	CHECK(serves());
	CHECK_STR(world_reason(RSP_EVENT_SERVING), "synchronised");
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 20);
	world_end();
}

static void
a_mentor_s_second_connection_may_close_before_its_list(void)
{ /* s.3.2.2.2, s.3.2.3 */
	begin_at_two_addresses();
	world_presence(DIALLED + 1, ID_A, "", false); /* before */
	world_down(DIALLED + 1, RSP_ECLOSED);	      /* the other way is still there */
	list_of(DIALLED, ID_A, 0, 0);
	CHECK_EQ(world_count(DIALLED, ENRP_HANDLE_TABLE_REQUEST), 1);
	world_table(DIALLED, ID_A, 0, "web", 1, 10, ID_A, 8);
	CHECK(serves());
	CHECK_EQ(rsp_registrar_stats(w.r).elements, 10);
	world_end();
}

static void
a_peer_that_is_connected_from_another_address_is_not_dead(void)
{ /* s.3.4.3 */
	struct rsp_peer_view view;

	begin_at_two_addresses();
	list_of(DIALLED, ID_A, 0, 0);
	world_table(DIALLED, ID_A, 0, "web", 1, 10, ID_A, 8);
	world_presence(DIALLED + 1, ID_A, "", false);
	world_down(DIALLED + 1, RSP_ECLOSED);
	world_run(0);
	CHECK_EQ(w.n_dials, 3);
	world_down(DIALLED + 2, RSP_EUNREACHABLE);
	CHECK(world_peer_view(ID_A, &view));
	CHECK_EQ(view.state, RSP_PEER_PROBED);
	CHECK_EQ(view.link_out, DIALLED);
	world_presence(DIALLED, ID_A, "", false);
	CHECK_EQ(world_told(RSP_EVENT_PEER_RETURNED), 1);
	CHECK_EQ(world_told(RSP_EVENT_PEER_DEAD), 0);
	CHECK_EQ(world_home("web", 10), ID_A);
	world_end();
}

int
main(void)
{
	TAP_RUN(a_registrar_that_only_asks_is_no_peer);
	TAP_RUN(a_registrar_that_names_its_address_or_sends_an_update_is_a_peer);
	TAP_RUN(another_id_at_the_same_address_is_a_restarted_registrar);
	TAP_RUN(ten_thousand_invented_registrars_cost_little);
	TAP_RUN(an_address_that_never_answers_is_forgotten);
	TAP_RUN(a_registrar_does_not_dial_itself);
	TAP_RUN(a_secure_registrar_has_no_plain_peers);
	TAP_RUN(a_mentor_may_send_a_presence_from_another_address_during_its_table);
	TAP_RUN(a_mentor_s_second_connection_may_close_before_its_list);
	TAP_RUN(a_peer_that_is_connected_from_another_address_is_not_dead);
	return tap_end();
}
