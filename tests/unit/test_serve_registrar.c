#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>

#include "keys/authz.h"
#include "keys/scope.h"
#include "net_nodes.h"
#include "serve/registrar_service.h"

/* The registrar on real sockets of the loopback interface: connections, keys, whole and broken messages, the end. What
 * the engine decides has tests of its own; here one request of a kind is enough. */

struct service {
	struct rsp_registrar_service *s;
	struct rsp_registrar_service_config config;
	struct node node; /* "alpha": its keys and certificate */
	struct rsp_scope scope;
	unsigned told[RSP_EVENT_COUNT], refused[RSP_SERVE_COUNT], ready, left;
	bool dialled; /* what was refused last */
	char whom[64];
	struct rsp_event last; /* its texts are in reason and identity */
	char reason[64], identity[64];
	struct rsp_why why; /* of the last refusal */
};

static struct service service;

static void
on_record(void *ctx, const struct rsp_event *event)
{
	struct service *v = ctx;

	v->told[event->kind]++;
	v->last = *event;
	(void)snprintf(v->reason, sizeof(v->reason), "%s", event->reason ? event->reason : "");
	(void)snprintf(v->identity, sizeof(v->identity), "%s", event->identity ? event->identity : "");
}

static void
on_refused(void *ctx, enum rsp_registrar_service_port port, bool dialled, const char *whom, const struct rsp_why *why)
{
	struct service *v = ctx;

	v->refused[port]++;
	v->why = *why;
	v->dialled = dialled;
	(void)snprintf(v->whom, sizeof(v->whom), "%s", whom ? whom : "");
}

static void
on_ready(void *ctx)
{
	((struct service *)ctx)->ready++;
}

static void
on_left(void *ctx)
{
	((struct service *)ctx)->left++;
}

/* What every service of these tests has; a test changes what it is about, then calls start(). */
static void
prepare(bool secure)
{
	struct service *v = &service;

	memset(v, 0, sizeof(*v));
	v->config = (struct rsp_registrar_service_config){ .engine = rsp_registrar_defaults(), .ready = on_ready,
					       .record = on_record, .refused = on_refused, .ctx = v };
	v->config.engine.insecure = !secure;
	v->config.engine.keepalive_interval_ms = 0;
	v->config.at[RSP_SERVE_ASAP] = loopback();
	v->config.at[RSP_SERVE_ENRP] = loopback();
	if (!secure)
		return;
	node_init(&v->node, "alpha");
	certify(&v->node, &(struct cert){ .kind = RSP_X509_SERVER, .name = "alpha" }, NULL);
}

/* The scope, as it is read again at a reload. */
static const struct rsp_scope *
scope(void)
{
	static char nowhere[] = "/nowhere";
	struct service *v = &service;

	v->scope = (struct rsp_scope){ .dir = nowhere, .node = "alpha", .keyring = v->node.ring,
				       .authz = v->scope.authz, .x509 = v->node.x509 };
	return &v->scope;
}

static void
start(void)
{
	struct service *v = &service;
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_registrar_service_new(world_loop, &v->config, "alpha", v->node.ring ? scope() : NULL, &v->s, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
	WORLD_RUN(v->ready);
}

static void
stop(void)
{
	rsp_registrar_service_free(service.s);
	rsp_authz_free(service.scope.authz);
	node_done(&service.node);
	while (rsp_loop_turn(world_loop, false))
		;
	CHECK(service.ready <= 1);
}

static void
dial(enum rsp_registrar_service_port port, struct node *node, enum rsp_role role, struct end *end)
{
	struct rsp_dial_params params = { .to = *rsp_registrar_service_address(service.s, port), .tls = node ? node->tls : NULL,
					  .role = role, .server_name = "alpha" };

	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, end, &end->stream, &end->why), RSP_OK);
	WORLD_RUN(end->opened || end->closed);
}

/* Close @end, and wait until the service knows. */
static void
hang_up(struct end *end)
{
	struct rsp_registrar_service_stats stats;

	rsp_registrar_service_stats(service.s, &stats);
	unsigned links = stats.engine.links;
	bool open = end->stream != NULL;
	if (open) {
		rsp_stream_close(end->stream, true);
		WORLD_RUN(end->closed);
		WORLD_RUN((rsp_registrar_service_stats(service.s, &stats), stats.engine.links < links));
	}
	end_done(end);
}

static struct rsp_message
request(uint8_t type, const char *handle, uint32_t pe_id)
{
	static const struct rsp_ip ip = { .family = 4, .ip = { 127, 0, 0, 1 } };
	static uint8_t room[RSP_ADDRS_ROOM(1)];
	struct rsp_message msg = { .protocol = RSP_ASAP, .type = type, .has = RSP_HAS_HANDLE,
				   .handle = rsp_bytes_str(handle) };

	if (type == ASAP_DEREGISTRATION) {
		msg.has |= RSP_HAS_PE_ID;
		msg.pe_id = pe_id;
	} else if (type == ASAP_REGISTRATION) {
		msg.has |= RSP_HAS_ELEMENT;
		msg.element = (struct rsp_pool_element){ .pe_id = pe_id, .lifetime_s = 300,
							 .policy.type = RSP_POLICY_RR };
		msg.element.user = (struct rsp_transport){ .type = RSP_PARAM_TCP, .port = 80 };
		rsp_transport_set_ips(&msg.element.user, &ip, 1, room);
	}
	return msg;
}

static size_t
encode(const struct rsp_message *msg, uint8_t out[static 4096])
{
	size_t n = 0;

	CHECK_EQ(rsp_message_encode(msg, out, 4096, &n), RSP_OK);
	return n;
}

/* Send; a connection that should be there and is not fails the test, once it has been seen to. */
static void
put_octets(struct end *end, const void *octets, size_t n)
{
	CHECK(end->stream != NULL);
	if (end->stream)
		CHECK_EQ(rsp_stream_send(end->stream, rsp_bytes_of(octets, n)), RSP_OK);
}

static void
say(struct end *end, uint8_t type, const char *handle, uint32_t pe_id)
{
	struct rsp_message msg = request(type, handle, pe_id);
	uint8_t octets[4096];

	put_octets(end, octets, encode(&msg, octets));
}

static bool
has_answer(const struct end *end)
{
	size_t n = rsp_message_frame(rsp_bytes_of(end->got, end->got_n));

	return n > 0 && n <= end->got_n;
}

/* The next answer; its views live until the one after it. */
static struct rsp_message
answer(struct end *end)
{
	static uint8_t octets[65536];
	struct rsp_message msg = { 0 };

	WORLD_RUN(has_answer(end) || end->closed);
	if (!has_answer(end))
		return msg;
	size_t n = rsp_message_frame(rsp_bytes_of(end->got, end->got_n));
	memcpy(octets, end->got, n);
	end->got_n -= n;
	memmove(end->got, end->got + n, end->got_n);
	CHECK_EQ(rsp_message_decode(RSP_ASAP, rsp_bytes_of(octets, n), &msg, NULL), RSP_OK);
	return msg;
}

/* What is said to a request; the cause of the answer. */
static uint16_t
ask(struct end *end, uint8_t type, const char *handle, uint32_t pe_id)
{
	say(end, type, handle, pe_id);
	struct rsp_message msg = answer(end);
	uint8_t wanted = type == ASAP_REGISTRATION     ? ASAP_REGISTRATION_RESPONSE
			 : type == ASAP_DEREGISTRATION ? ASAP_DEREGISTRATION_RESPONSE
						       : ASAP_HANDLE_RESOLUTION_RESPONSE;

	CHECK_EQ(msg.type, wanted);
	return rsp_message_cause(&msg);
}

static uint16_t
enrol(struct end *end, const char *handle, uint32_t pe_id)
{
	return ask(end, ASAP_REGISTRATION, handle, pe_id);
}

static uint16_t
resolve(struct end *end, const char *handle)
{
	return ask(end, ASAP_HANDLE_RESOLUTION, handle, 0);
}

static struct rsp_registrar_service_stats
stats(void)
{
	struct rsp_registrar_service_stats now;

	rsp_registrar_service_stats(service.s, &now);
	return now;
}

static void
plain_text_registers_and_resolves(void)
{
	struct end element = { 0 }, user = { 0 };

	prepare(false);
	service.config.engine.server_id = 0xbeef;
	start();
	CHECK_EQ(rsp_registrar_service_id(service.s), 0xbeef);
	CHECK(rsp_sockaddr_port(rsp_registrar_service_address(service.s, RSP_SERVE_ASAP)) != 0);
	CHECK(rsp_registrar_service_address(service.s, RSP_SERVE_ASAP_OPEN) == NULL);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &element);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &user);
	CHECK_EQ(resolve(&user, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	CHECK_EQ(enrol(&element, "web", 7), RSP_CAUSE_NONE);
	CHECK_EQ(service.told[RSP_EVENT_PE_REGISTERED], 1);
	CHECK_EQ(service.last.pe_id, 7);
	say(&user, ASAP_HANDLE_RESOLUTION, "web", 0);
	struct rsp_message msg = answer(&user);
	CHECK_EQ(msg.n_list, 1);
	CHECK_EQ(stats().engine.links, 2);
	CHECK_EQ(stats().port[RSP_SERVE_ASAP].accepted, 2);
	CHECK_EQ(ask(&element, ASAP_DEREGISTRATION, "web", 7), RSP_CAUSE_NONE);
	CHECK_EQ(service.told[RSP_EVENT_PE_REMOVED], 1);
	CHECK_EQ(resolve(&user, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	hang_up(&element);
	hang_up(&user);
	CHECK_EQ(stats().engine.links, 0);
	stop();
}

/* Give @node a key for the service, and its credentials. */
static void
element_of(struct node *node, const char *name)
{
	node_init(node, name);
	share(RSP_ROLE_ELEMENT, node, &service.node);
	node_ready(node);
}

static void
user_of(struct node *node)
{
	node_init(node, "");
	trust(node, &ca, NULL);
	node_ready(node);
}

static void
keys_register_and_certificates_resolve(void)
{
	struct node web, somebody;
	struct end element = { 0 }, user = { 0 };

	prepare(true);
	element_of(&web, "web1");
	user_of(&somebody);
	start();
	CHECK(rsp_registrar_service_id(service.s) != 0);
	dial(RSP_SERVE_ASAP, &web, RSP_ROLE_ELEMENT, &element);
	dial(RSP_SERVE_ASAP, &somebody, RSP_ROLE_USER, &user);
	CHECK(element.auth.secure && user.auth.secure);
	CHECK_EQ(enrol(&element, "web", 7), RSP_CAUSE_NONE);
	CHECK_STR(service.identity, "web1");
	CHECK_EQ(service.last.role, RSP_ROLE_ELEMENT);
	CHECK_EQ(service.last.remote_port, element.auth.local_port);
	CHECK_EQ(resolve(&user, "web"), RSP_CAUSE_NONE);
	CHECK_EQ(enrol(&user, "web", 8), RSP_CAUSE_SECURITY);
	CHECK_EQ(service.told[RSP_EVENT_REFUSED], 1);
	CHECK_STR(service.identity, "");
	CHECK_EQ(service.last.role, RSP_ROLE_USER);
	CHECK_EQ(service.refused[RSP_SERVE_ASAP], 0);
	hang_up(&element);
	hang_up(&user);
	node_done(&web);
	node_done(&somebody);
	stop();
}

/* RFC 5352 9.3 */
static void
the_open_port_of_a_secure_one_refuses(void)
{
	for (unsigned answers = 0; answers < 2; answers++) {
		struct end end = { 0 };

		prepare(true);
		service.config.at[RSP_SERVE_ASAP_OPEN] = loopback();
		service.config.engine.answer_plain_users = answers;
		start();
		dial(RSP_SERVE_ASAP_OPEN, NULL, RSP_ROLE_NONE, &end);
		CHECK(!end.auth.secure);
		CHECK_EQ(enrol(&end, "web", 7), RSP_CAUSE_SECURITY);
		CHECK_EQ(resolve(&end, "web"), answers ? RSP_CAUSE_UNKNOWN_POOL_HANDLE : RSP_CAUSE_SECURITY);
		CHECK_EQ(stats().engine.elements, 0);
		hang_up(&end);
		stop();
	}
}

static void
who_does_not_get_in_is_told_of(void)
{
	struct node stranger, web;
	struct end end = { 0 };

	prepare(true);
	element_of(&web, "web1");
	node_init(&stranger, "web1");
	struct rsp_key key = make_key(RSP_ROLE_ELEMENT, "web1", "alpha");
	hold(&stranger, &key);
	key = make_key(RSP_ROLE_PEER, "web1", "alpha");
	hold(&stranger, &key);
	node_ready(&stranger);
	start();

	dial(RSP_SERVE_ASAP, &stranger, RSP_ROLE_ELEMENT, &end);
	WORLD_RUN(end.closed && service.refused[RSP_SERVE_ASAP] == 1);
	CHECK_EQ(end.why.err, RSP_EAUTH);
	CHECK_EQ(service.why.err, RSP_EUNKNOWN_ID);
	CHECK(!service.dialled);
	CHECK_STR(service.whom, "");
	CHECK(strncmp(service.why.object, "127.0.0.1:", 10) == 0);
	end_done(&end);

	dial(RSP_SERVE_ENRP, &stranger, RSP_ROLE_PEER, &end);
	WORLD_RUN(end.closed && service.refused[RSP_SERVE_ENRP] == 1);
	CHECK_EQ(service.why.err, RSP_EUNKNOWN_ID);
	end_done(&end);

	end.greeting = "hello";
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end);
	WORLD_RUN(end.closed && service.refused[RSP_SERVE_ASAP] == 2);
	CHECK_EQ(service.why.err, RSP_EPLAIN);
	end_done(&end);

	CHECK_EQ(stats().engine.links, 0);
	CHECK_EQ(stats().engine.received, 0);
	dial(RSP_SERVE_ASAP, &web, RSP_ROLE_ELEMENT, &end); /* and nobody was held up by that */
	CHECK_EQ(enrol(&end, "web", 7), RSP_CAUSE_NONE);
	hang_up(&end);
	node_done(&stranger);
	node_done(&web);
	stop();
}

/* RFC 5355 2.2-2.4 */
static void
authorisations_of_the_scope_are_asked(void)
{
	static char web[] = "web*";
	char *pools[] = { web };
	struct rsp_authz_entry entry = { .name = "web1", .role = RSP_ROLE_ELEMENT, .pools = pools, .n_pools = 1,
					 .max_registrations = 1, .not_after_ms = RSP_TIME_NEVER };
	struct node known, unknown;
	struct end end = { 0 };

	prepare(true);
	element_of(&known, "web1");
	element_of(&unknown, "web2");
	service.scope.authz = rsp_authz_new();
	CHECK(service.scope.authz && rsp_authz_put(service.scope.authz, &entry) == RSP_OK);
	start();
	dial(RSP_SERVE_ASAP, &unknown, RSP_ROLE_ELEMENT, &end);
	CHECK_EQ(enrol(&end, "web", 1), RSP_CAUSE_SECURITY);
	hang_up(&end);
	dial(RSP_SERVE_ASAP, &known, RSP_ROLE_ELEMENT, &end);
	CHECK_EQ(enrol(&end, "mail", 1), RSP_CAUSE_SECURITY);
	CHECK_EQ(enrol(&end, "web-9", 1), RSP_CAUSE_NONE);
	CHECK_EQ(enrol(&end, "web-9", 2), RSP_CAUSE_LACK_OF_RESOURCES);

	struct rsp_scope again = service.scope; /* read again, they count for who is there too */
	again.authz = rsp_authz_new();
	entry.max_registrations = 2;
	CHECK(again.authz && rsp_authz_put(again.authz, &entry) == RSP_OK);
	CHECK_EQ(rsp_registrar_service_reload(service.s, &again, &(struct rsp_why){ 0 }), RSP_OK);
	CHECK_EQ(enrol(&end, "web-9", 2), RSP_CAUSE_NONE);
	hang_up(&end);
	rsp_authz_free(service.scope.authz);
	service.scope.authz = again.authz;
	node_done(&known);
	node_done(&unknown);
	stop();
}

static void
messages_come_in_any_pieces(void)
{
	uint8_t octets[3 * 4096];
	struct end end = { 0 };
	size_t n = 0;

	prepare(false);
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end);
	for (uint32_t i = 1; i <= 3; i++) {
		struct rsp_message msg = request(ASAP_REGISTRATION, "web", i);
		n += encode(&msg, octets + n);
	}
	for (size_t piece = 1; piece < n; piece += piece < 5 ? 1 : 29) {
		for (size_t at = 0; at < n; at += piece) {
			size_t now = piece < n - at ? piece : n - at;

			put_octets(&end, octets + at, now);
			(void)rsp_loop_turn(world_loop, false);
		}
		for (uint32_t i = 1; i <= 3; i++) {
			struct rsp_message msg = answer(&end);

			CHECK_EQ(msg.type, ASAP_REGISTRATION_RESPONSE);
			CHECK_EQ(msg.pe_id, i);
		}
	}
	CHECK_EQ(stats().engine.elements, 3);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT] + service.told[RSP_EVENT_MALFORMED], 0);
	hang_up(&end);
	stop();
}

static void
a_length_that_no_message_has_ends_the_connection(void)
{
	static const uint8_t bad[] = { 1, 0, 0, 3, 5, 0, 0, 4 };
	struct end end = { 0 }, other = { 0 };

	prepare(false);
	service.config.engine.hold_ms = 0;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &other);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end);
	say(&end, ASAP_HANDLE_RESOLUTION, "web", 0);
	put_octets(&end, bad, sizeof(bad));
	struct rsp_message msg = answer(&end); /* to what came before it */
	CHECK_EQ(msg.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	WORLD_RUN(end.closed);
	CHECK_EQ(end.got_n, 0);
	CHECK_EQ(service.told[RSP_EVENT_MALFORMED], 1);
	CHECK_EQ(service.last.message_type, ASAP_REGISTRATION);
	CHECK_EQ(service.last.remote_port, end.auth.local_port);
	CHECK_EQ(stats().engine.received, 1);
	CHECK_EQ(resolve(&other, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE);
	end_done(&end);
	hang_up(&other);
	stop();
}

static void
a_message_once_begun_has_its_time(void)
{
	static const uint8_t begun[] = { 1, 0, 0 };
	struct end slow = { 0 }, quick = { 0 };
	uint8_t octets[4096];

	prepare(false);
	service.config.message_ms = 60;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &slow);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &quick);
	struct rsp_message msg = request(ASAP_HANDLE_RESOLUTION, "web", 0);
	size_t n = encode(&msg, octets);
	/* one that comes in two pieces, in time: its time does not go on */
	put_octets(&quick, octets, 5);
	for (unsigned i = 0; i < 10; i++) /* the first is read */
		(void)rsp_loop_turn(world_loop, false);
	put_octets(&quick, octets + 5, n - 5);
	(void)answer(&quick);
	uint64_t start_ms = rsp_clock_ms();
	put_octets(&slow, begun, sizeof(begun));
	WORLD_RUN(slow.closed);
	CHECK(rsp_clock_ms() >= start_ms + 60);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 1);
	CHECK_STR(service.reason, "message-time");
	CHECK_EQ(service.last.remote_port, slow.auth.local_port);
	CHECK_EQ(service.refused[RSP_SERVE_ASAP], 0);
	end_done(&slow);
	CHECK_EQ(resolve(&quick, "web"), RSP_CAUSE_UNKNOWN_POOL_HANDLE); /* silence is no fault */

	/* a whole message, and the next one begun with it: the time is the next one's, and runs out */
	memcpy(octets + n, begun, sizeof(begun));
	put_octets(&quick, octets, n + sizeof(begun));
	(void)answer(&quick);
	WORLD_RUN(quick.closed);
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 2);
	end_done(&quick);
	stop();
}

/* A connection of ours, by hand, as the streams of net read whatever comes. */
static int
raw_connection(void)
{
	const struct rsp_sockaddr *to = rsp_registrar_service_address(service.s, RSP_SERVE_ASAP);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	CHECK_EQ(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
who_does_not_read_is_cut_off(void)
{
	struct end element = { 0 };
	uint8_t octets[4096];
	struct rsp_message msg = request(ASAP_HANDLE_RESOLUTION, "web", 0);
	size_t n = encode(&msg, octets), at = 0;

	prepare(false);
	service.config.limits.queue_max = 10000;
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &element);
	for (uint32_t i = 1; i <= 16; i++)
		CHECK_EQ(enrol(&element, "web", i), RSP_CAUSE_NONE);
	int fd = raw_connection();
	uint64_t end_ms = rsp_clock_ms() + PATIENCE_MS;
	while (!service.told[RSP_EVENT_LIMIT] && rsp_clock_ms() < end_ms) {
		ssize_t put = send(fd, octets + at, n - at, MSG_NOSIGNAL);

		if (put > 0)
			at = (at + (size_t)put) % n;
		else if (errno != EAGAIN)
			break;
		(void)rsp_loop_turn(world_loop, false);
	}
	CHECK_EQ(service.told[RSP_EVENT_LIMIT], 1);
	CHECK_STR(service.reason, "connection-queue");
	WORLD_RUN(stats().engine.links == 1);
	CHECK_EQ(resolve(&element, "web"), RSP_CAUSE_NONE);
	(void)close(fd);
	hang_up(&element);
	stop();
}

static void
places_of_connections_are_used_again(void)
{
	enum { N = 100 };
	static struct end end[N];

	prepare(false);
	start();
	memset(end, 0, sizeof(end));
	for (unsigned i = 0; i < N; i++)
		dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end[i]);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = round; i < N; i += 2)
			hang_up(&end[i]);
		for (unsigned i = round; i < N; i += 2) {
			dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end[i]);
			CHECK_EQ(enrol(&end[i], "web", 1000 * round + i + 1), RSP_CAUSE_NONE);
		}
		for (unsigned i = 0; i < N; i++) { /* each hears what is meant for it, and nothing else */
			CHECK_EQ(resolve(&end[i], i % 3 ? "web" : "nowhere"),
				 i % 3 ? RSP_CAUSE_NONE : RSP_CAUSE_UNKNOWN_POOL_HANDLE);
			CHECK_EQ(end[i].got_n, 0);
		}
		CHECK_EQ(stats().engine.links, N);
	}
	for (unsigned i = 0; i < N; i++)
		hang_up(&end[i]);
	CHECK_EQ(stats().engine.links, 0);

	size_t held[10]; /* once as many have come and gone, more of them take no more room, but for what libuv keeps */
	for (unsigned round = 0; round < RSP_COUNT(held); round++) {
		for (unsigned i = 0; i < N; i++)
			dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &end[i]);
		for (unsigned i = 0; i < N; i++)
			hang_up(&end[i]);
		held[round] = mallinfo2().uordblks;
	}
	CHECK(held[9] < held[0] + 20000);
	stop();
}

static void
a_right_ends_when_its_key_goes(void)
{
	struct node web, late;
	struct end old = { 0 }, end = { 0 };
	struct rsp_why why = { 0 };

	prepare(true);
	element_of(&web, "web1");
	start();
	dial(RSP_SERVE_ASAP, &web, RSP_ROLE_ELEMENT, &old);
	CHECK_EQ(rsp_registrar_service_reload(service.s, NULL, &why), RSP_ENOKEY); /* a bad one changes nothing */
	CHECK_EQ(enrol(&old, "web", 1), RSP_CAUSE_NONE);

	struct node before = service.node;
	service.node.ring = rsp_keyring_new();
	element_of(&late, "web2");
	CHECK_EQ(rsp_registrar_service_reload(service.s, scope(), &why), RSP_OK);
	rsp_keyring_unref(before.ring);
	WORLD_RUN(old.closed); /* its key is gone: so is its connection, and its element */
	CHECK_EQ(service.told[RSP_EVENT_RIGHTS_ENDED], 1);
	CHECK_EQ(stats().engine.elements, 0);
	dial(RSP_SERVE_ASAP, &late, RSP_ROLE_ELEMENT, &end);
	CHECK_EQ(enrol(&end, "web", 2), RSP_CAUSE_NONE);
	CHECK_EQ(rsp_registrar_service_reload(service.s, scope(), &why), RSP_OK);
	CHECK_EQ(enrol(&end, "web", 2), RSP_CAUSE_NONE); /* its key is there: it stays */
	CHECK_EQ(service.told[RSP_EVENT_RIGHTS_ENDED], 1);
	hang_up(&end);
	dial(RSP_SERVE_ASAP, &web, RSP_ROLE_ELEMENT, &end); /* its key is no longer there */
	WORLD_RUN(end.closed && service.refused[RSP_SERVE_ASAP] == 1);
	end_done(&end);
	end_done(&old);
	node_done(&web);
	node_done(&late);
	stop();

	prepare(false);
	start();
	CHECK_EQ(rsp_registrar_service_reload(service.s, NULL, &why), RSP_OK);
	stop();
}

static void
leaving_sends_what_is_queued_and_deregisters_nobody(void)
{
	struct end element = { 0 }, user = { 0 }, late = { 0 };

	prepare(false);
	start();
	struct rsp_sockaddr at = *rsp_registrar_service_address(service.s, RSP_SERVE_ASAP);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &element);
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &user);
	CHECK_EQ(enrol(&element, "web", 7), RSP_CAUSE_NONE);
	say(&user, ASAP_HANDLE_RESOLUTION, "web", 0);
	WORLD_RUN(stats().engine.received == 2); /* the answer is queued, at least */
	rsp_registrar_service_leave(service.s, on_left);
	CHECK_EQ(service.left, 0);
	CHECK(rsp_registrar_service_address(service.s, RSP_SERVE_ASAP) == NULL);
	struct rsp_message msg = answer(&user);
	CHECK_EQ(msg.type, ASAP_HANDLE_RESOLUTION_RESPONSE);
	WORLD_RUN(element.closed && user.closed && service.left);
	CHECK_EQ(element.why.err, RSP_ECLOSED);
	CHECK_EQ(element.got_n, 0);
	CHECK_EQ(service.told[RSP_EVENT_PE_REMOVED], 0);
	CHECK_EQ(stats().engine.elements, 1);

	struct rsp_dial_params params = { .to = at };
	CHECK_EQ(rsp_dial_start(world_loop, &params, &end_events, &late, &late.stream, &late.why), RSP_OK);
	WORLD_RUN(late.closed);
	CHECK_EQ(late.why.err, RSP_EUNREACHABLE);
	CHECK_EQ(service.left, 1);
	end_done(&element);
	end_done(&user);
	end_done(&late);
	stop();

	prepare(false); /* nobody is connected */
	start();
	rsp_registrar_service_leave(service.s, on_left);
	CHECK_EQ(service.left, 0);
	WORLD_RUN(service.left);
	CHECK_EQ(service.left, 1);
	stop();
}

static void
freed_with_connections_open(void)
{
	struct end element = { 0 };

	prepare(false);
	start();
	dial(RSP_SERVE_ASAP, NULL, RSP_ROLE_NONE, &element);
	CHECK_EQ(enrol(&element, "web", 7), RSP_CAUSE_NONE);
	unsigned removed = service.told[RSP_EVENT_PE_REMOVED];
	stop();
	WORLD_RUN(element.closed);
	CHECK_EQ(service.told[RSP_EVENT_PE_REMOVED], removed);
	CHECK_EQ(service.refused[RSP_SERVE_ASAP], 0);
	end_done(&element);
	rsp_registrar_service_free(NULL);
}

static void
what_cannot_be_served_is_refused(void)
{
	struct rsp_registrar_service *second = NULL;
	struct rsp_why why = { 0 };

	prepare(true);
	CHECK_EQ(rsp_registrar_service_new(world_loop, &service.config, "no name", scope(), &second, &why), RSP_EUSAGE);
	CHECK_EQ(rsp_registrar_service_new(world_loop, &service.config, "alpha", NULL, &second, &why), RSP_EUSAGE);
	start();
	for (unsigned i = 0; i < 2; i++) { /* one of its ports is in use; no other one is left open */
		struct rsp_registrar_service_config config = service.config;

		config.at[i] = *rsp_registrar_service_address(service.s, i == 0 ? RSP_SERVE_ASAP : RSP_SERVE_ENRP);
		CHECK_EQ(rsp_registrar_service_new(world_loop, &config, "alpha", &service.scope, &second, &why), RSP_EIO);
		CHECK(*why.reason);
	}
	CHECK(second == NULL);
	stop();
	CHECK_STR(rsp_registrar_service_port_name(RSP_SERVE_ASAP_OPEN), "plain-asap");
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(plain_text_registers_and_resolves);
	TAP_RUN(keys_register_and_certificates_resolve);
	TAP_RUN(the_open_port_of_a_secure_one_refuses);
	TAP_RUN(who_does_not_get_in_is_told_of);
	TAP_RUN(authorisations_of_the_scope_are_asked);
	TAP_RUN(messages_come_in_any_pieces);
	TAP_RUN(a_length_that_no_message_has_ends_the_connection);
	TAP_RUN(a_message_once_begun_has_its_time);
	TAP_RUN(who_does_not_read_is_cut_off);
	TAP_RUN(places_of_connections_are_used_again);
	TAP_RUN(a_right_ends_when_its_key_goes);
	TAP_RUN(leaving_sends_what_is_queued_and_deregisters_nobody);
	TAP_RUN(freed_with_connections_open);
	TAP_RUN(what_cannot_be_served_is_refused);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
