#include "net/tls_pump.h"
#include "net_nodes.h"

/* TLS as octets in and octets out: two pumps back to back in memory. What one puts on its wire is fed to the other in pieces
 * that the test chooses. */

enum { DATA = 100000 };

/* One end. What it has sent and the other end was not fed yet is wire.octets[fed] to wire.octets[wire.n]. */
struct pump_end {
	struct rsp_tls_pump pump;
	struct rsp_tls_wire wire;
	size_t fed;
	size_t sent; /* octets that it has put on the wire since the beginning */
	bool done;
	enum rsp_err err;
};

/* Before the octet @split of the whole row from one side, or (NONE) nowhere: a piece ends. */
enum { NONE = SIZE_MAX >> 1 };

static struct node node_a, node_b;
static struct pump_end client, server;
static uint8_t data[DATA], got[DATA];

static void
begin(void)
{
	struct rsp_tls_session *session = NULL;

	client = (struct pump_end){ .done = false };
	server = (struct pump_end){ .done = false };
	CHECK_EQ(rsp_tls_session_dial(node_a.tls, RSP_ROLE_ELEMENT, "b", 0, &session, NULL), RSP_OK);
	rsp_tls_pump_start(&client.pump, session, &client.wire);
	CHECK_EQ(rsp_tls_session_accept(node_b.tls, RSP_TLS_ASAP, &session), RSP_OK);
	rsp_tls_pump_start(&server.pump, session, &server.wire);
}

static void
end(void)
{
	rsp_tls_pump_done(&client.pump);
	rsp_tls_pump_done(&server.pump);
}

static void
shake(struct pump_end *side)
{
	char reason[RSP_REASON_MAX];

	if (!side->done && !side->err)
		side->err = rsp_tls_pump_shake(&side->pump, &side->done, reason, sizeof(reason));
}

/* The next piece of what @from has put on its wire: at most @piece octets, and not beyond the octet @split. */
static struct rsp_bytes
next_piece(struct pump_end *from, size_t piece, size_t split)
{
	size_t n = from->wire.n - from->fed, at = from->sent;

	n = n < piece ? n : piece;
	if (at < split && at + n > split)
		n = split - at;
	struct rsp_bytes octets = rsp_bytes_of(from->wire.octets + from->fed, n);
	from->fed += n;
	from->sent += n;
	return octets;
}

static bool
is_empty(struct pump_end *from)
{
	if (from->fed < from->wire.n)
		return false;
	from->fed = from->wire.n = 0;
	return true;
}

/* Go on with both handshakes until nothing is on the wires. */
static void
shake_both(size_t piece, size_t client_split, size_t server_split)
{
	shake(&client);
	while (!is_empty(&client) || !is_empty(&server)) {
		struct pump_end *from = is_empty(&client) ? &server : &client;
		struct pump_end *to = from == &client ? &server : &client;

		rsp_tls_pump_feed(&to->pump, next_piece(from, piece, from == &client ? client_split : server_split),
				  false);
		shake(to);
		rsp_tls_pump_starve(&to->pump);
		if (to->done && to->err)
			break;
	}
}

/* Decrypt at @to all that @from has on its wire, behind the @n octets that are there. */
static enum rsp_tls_flow
decrypt_all(struct pump_end *from, struct pump_end *to, size_t piece, size_t room, size_t *n)
{
	enum rsp_tls_flow flow = RSP_TLS_FLOW_WAIT;

	while (!is_empty(from)) {
		rsp_tls_pump_feed(&to->pump, next_piece(from, piece, NONE), false);
		do {
			size_t more = 0, left = sizeof(got) - *n;

			flow = rsp_tls_pump_decrypt(&to->pump, got + *n, left < room ? left : room, &more);
			*n += more;
		} while (flow == RSP_TLS_FLOW_FULL && *n < sizeof(got));
		rsp_tls_pump_starve(&to->pump);
	}
	return flow;
}

/* Send @size octets from @from to @to in pieces; at most @room of them are decrypted in one call. */
static void
carry(struct pump_end *from, struct pump_end *to, size_t size, size_t piece, size_t room)
{
	struct rsp_queue plain = { 0 };
	size_t n = 0;

	memset(got, 0, sizeof(got));
	CHECK(rsp_queue_add(&plain, data, size));
	while (rsp_queue_size(&plain)) {
		CHECK(rsp_tls_pump_encrypt(&from->pump, &plain));
		(void)decrypt_all(from, to, piece, room, &n);
	}
	CHECK_EQ(n, size);
	CHECK_EQ(memcmp(got, data, size), 0);
	rsp_queue_clear(&plain);
}

/* A connection whose handshake is over. What the server sends behind it (nothing in TLS 1.3 without tickets) is read. */
static void
begin_open(void)
{
	size_t n = 0;

	begin();
	shake_both(SIZE_MAX, NONE, NONE);
	CHECK(client.done && server.done);
	(void)decrypt_all(&server, &client, SIZE_MAX, SIZE_MAX, &n);
	CHECK_EQ(n, 0);
}

static void
a_handshake_is_done_when_its_octets_come_in_pieces_of_any_size(void)
{
	static const size_t pieces[] = { 1, 2, 3, 4, 5, 6, 7, 11, 64, 255, 1000, SIZE_MAX };

	for (size_t i = 0; i < RSP_COUNT(pieces); i++) {
		begin();
		shake_both(pieces[i], NONE, NONE);
		CHECK(client.done && server.done);
		end();
	}
}

static void
a_handshake_is_done_wherever_the_clients_octets_are_split(void)
{
	begin();
	shake_both(SIZE_MAX, NONE, NONE);
	size_t all = client.sent;
	end();
	CHECK(all > 200);
	for (size_t split = 1; split < all; split++) {
		begin();
		shake_both(SIZE_MAX, split, NONE);
		CHECK(client.done && server.done);
		end();
	}
}

static void
a_handshake_is_done_wherever_the_servers_octets_are_split(void)
{
	begin();
	shake_both(SIZE_MAX, NONE, NONE);
	size_t all = server.sent;
	end();
	CHECK(all > 100);
	for (size_t split = 1; split < all; split++) {
		begin();
		shake_both(SIZE_MAX, NONE, split);
		CHECK(client.done && server.done);
		end();
	}
}

static void
data_arrives_whole_in_both_directions_in_pieces_of_any_size(void)
{
	static const size_t pieces[] = { 1, 3, 5, 16, 1000, 16384, SIZE_MAX };

	for (size_t i = 0; i < RSP_COUNT(pieces); i++) {
		begin_open();
		carry(&client, &server, DATA, pieces[i], SIZE_MAX);
		carry(&server, &client, DATA, pieces[i], SIZE_MAX);
		end();
	}
}

static void
a_record_arrives_wherever_it_is_split(void)
{
	begin_open();
	for (size_t piece = 1; piece < 330; piece++)
		carry(&client, &server, 300, piece, SIZE_MAX);
	end();
}

static void
little_room_at_the_receiver_loses_nothing(void)
{
	static const size_t rooms[] = { 1, 2, 100, 16383, 16384, 16385 };

	for (size_t i = 0; i < RSP_COUNT(rooms); i++) {
		begin_open();
		carry(&client, &server, 40000, SIZE_MAX, rooms[i]);
		end();
	}
}

static void
the_end_of_a_direction_is_told_as_an_end(void)
{
	size_t n = 0;

	begin_open();
	rsp_tls_pump_bye(&client.pump);
	CHECK_EQ(decrypt_all(&client, &server, SIZE_MAX, SIZE_MAX, &n), RSP_TLS_FLOW_END);
	CHECK_EQ(n, 0);
	end();
}

static void
data_before_the_end_of_a_direction_comes_first(void)
{
	struct rsp_queue plain = { 0 };
	size_t n = 0;

	begin_open();
	CHECK(rsp_queue_add(&plain, data, 10));
	CHECK(rsp_tls_pump_encrypt(&client.pump, &plain));
	rsp_tls_pump_bye(&client.pump);
	CHECK_EQ(decrypt_all(&client, &server, SIZE_MAX, SIZE_MAX, &n), RSP_TLS_FLOW_END);
	CHECK_EQ(n, 10);
	end();
}

static void
a_transport_that_ends_without_the_end_of_tls_is_cut(void)
{
	size_t n;

	begin_open();
	rsp_tls_pump_feed(&server.pump, (struct rsp_bytes){ 0 }, true);
	CHECK_EQ(rsp_tls_pump_decrypt(&server.pump, got, sizeof(got), &n), RSP_TLS_FLOW_CUT);
	end();
}

static void
a_transport_that_ends_in_the_middle_of_a_record_is_an_error(void)
{
	struct rsp_queue plain = { 0 };
	char reason[RSP_REASON_MAX];
	size_t n;

	begin_open();
	CHECK(rsp_queue_add(&plain, data, 100));
	CHECK(rsp_tls_pump_encrypt(&client.pump, &plain));
	rsp_tls_pump_feed(&server.pump, rsp_bytes_of(client.wire.octets, 50), false);
	CHECK_EQ(rsp_tls_pump_decrypt(&server.pump, got, sizeof(got), &n), RSP_TLS_FLOW_WAIT);
	rsp_tls_pump_feed(&server.pump, (struct rsp_bytes){ 0 }, true);
	CHECK_EQ(rsp_tls_pump_decrypt(&server.pump, got, sizeof(got), &n), RSP_TLS_FLOW_FAILED);
	CHECK_EQ(n, 0);
	CHECK_EQ(rsp_tls_pump_error(&server.pump, reason, sizeof(reason)), RSP_EPROTO);
	end();
}

static void
a_changed_record_fails_and_puts_an_alert_on_the_wire(void)
{
	struct rsp_queue plain = { 0 };
	char reason[RSP_REASON_MAX] = "";
	size_t n = 0;

	begin_open();
	CHECK(rsp_queue_add(&plain, data, 100));
	CHECK(rsp_tls_pump_encrypt(&client.pump, &plain));
	client.wire.octets[50] ^= 1;
	CHECK_EQ(decrypt_all(&client, &server, SIZE_MAX, SIZE_MAX, &n), RSP_TLS_FLOW_FAILED);
	CHECK_EQ(n, 0);
	CHECK_EQ(server.wire.n, 0);
	CHECK_EQ(rsp_tls_pump_error(&server.pump, reason, sizeof(reason)), RSP_EPROTO);
	CHECK(*reason && server.wire.n > 0);
	end();
}

static void
a_transport_that_ends_during_the_handshake_ends_it(void)
{
	char reason[RSP_REASON_MAX];
	bool done;

	begin();
	rsp_tls_pump_feed(&server.pump, (struct rsp_bytes){ 0 }, true);
	CHECK_EQ(rsp_tls_pump_shake(&server.pump, &done, reason, sizeof(reason)), RSP_ECLOSED);
	CHECK(!done);
	end();
}

static void
a_client_without_the_servers_key_is_refused_with_an_alert(void)
{
	struct node stranger;
	struct rsp_tls_session *session = NULL;

	node_init(&stranger, "a");
	struct rsp_key key = make_key(RSP_ROLE_ELEMENT, "a", "b");
	hold(&stranger, &key);
	node_ready(&stranger);
	begin();
	rsp_tls_pump_done(&client.pump);
	CHECK_EQ(rsp_tls_session_dial(stranger.tls, RSP_ROLE_ELEMENT, "b", 0, &session, NULL), RSP_OK);
	rsp_tls_pump_start(&client.pump, session, &client.wire);
	shake_both(SIZE_MAX, NONE, NONE);
	CHECK_EQ(server.err, RSP_EUNKNOWN_ID);
	CHECK_EQ(client.err, RSP_EAUTH);
	end();
	node_done(&stranger);
}

int
main(void)
{
	if (!nodes_begin())
		return 1;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	node_init(&node_a, "a");
	node_init(&node_b, "b");
	share(RSP_ROLE_ELEMENT, &node_a, &node_b);
	node_ready(&node_a);
	node_ready(&node_b);
	TAP_RUN(a_handshake_is_done_when_its_octets_come_in_pieces_of_any_size);
	TAP_RUN(a_handshake_is_done_wherever_the_clients_octets_are_split);
	TAP_RUN(a_handshake_is_done_wherever_the_servers_octets_are_split);
	TAP_RUN(data_arrives_whole_in_both_directions_in_pieces_of_any_size);
	TAP_RUN(a_record_arrives_wherever_it_is_split);
	TAP_RUN(little_room_at_the_receiver_loses_nothing);
	TAP_RUN(the_end_of_a_direction_is_told_as_an_end);
	TAP_RUN(data_before_the_end_of_a_direction_comes_first);
	TAP_RUN(a_transport_that_ends_without_the_end_of_tls_is_cut);
	TAP_RUN(a_transport_that_ends_in_the_middle_of_a_record_is_an_error);
	TAP_RUN(a_changed_record_fails_and_puts_an_alert_on_the_wire);
	TAP_RUN(a_transport_that_ends_during_the_handshake_ends_it);
	TAP_RUN(a_client_without_the_servers_key_is_refused_with_an_alert);
	node_done(&node_a);
	node_done(&node_b);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
