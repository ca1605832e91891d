#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/socket.h>

#include "serve_world.h"

/* The registrar on real sockets of the loopback interface: connections, keys, whole and broken messages, the end. What
 * the engine decides has tests of its own; here one request of a kind is enough. */

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
call_the_plain_port_of_a_secure_registrar(bool answers)
{
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

static void
a_secure_registrar_refuses_plain_elements_and_users(void)
{
	call_the_plain_port_of_a_secure_registrar(false);
}

static void
a_secure_registrar_that_answers_plain_users_refuses_plain_elements(void)
{
	call_the_plain_port_of_a_secure_registrar(true);
}

static void
refused_connections_are_told_with_their_reason(void)
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
	dial(RSP_SERVE_ASAP, &web, RSP_ROLE_ELEMENT, &end); /* and no other connection was held up by that */
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
leaving_sends_what_is_queued_and_deregisters_no_element(void)
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

	prepare(false); /* nothing is connected */
	start();
	rsp_registrar_service_leave(service.s, on_left);
	CHECK_EQ(service.left, 0);
	WORLD_RUN(service.left);
	CHECK_EQ(service.left, 1);
	stop();
}

static void
a_service_can_be_freed_with_connections_open(void)
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

/* A service with this name and scope is refused as wrong usage. */
static void
refuse_usage(const char *name, bool with_scope)
{
	struct rsp_registrar_service *second = NULL;
	struct rsp_why why = { 0 };

	prepare(true);
	CHECK_EQ(rsp_registrar_service_new(world_loop, &service.config, name, with_scope ? scope() : NULL, &second, &why),
		 RSP_EUSAGE);
	CHECK(second == NULL);
	start();
	stop();
}

static void
a_registrar_with_a_bad_name_is_refused(void)
{
	refuse_usage("no name", true);
}

static void
a_secure_registrar_without_a_scope_is_refused(void)
{
	refuse_usage("alpha", false);
}

/* A second registrar is refused because @port of the first is its port @i; it leaves no other port open. */
static void
refuse_port_in_use(unsigned i, enum rsp_registrar_service_port port)
{
	struct rsp_registrar_service *second = NULL;
	struct rsp_why why = { 0 };

	prepare(true);
	start();
	struct rsp_registrar_service_config config = service.config;
	config.at[i] = *rsp_registrar_service_address(service.s, port);
	CHECK_EQ(rsp_registrar_service_new(world_loop, &config, "alpha", &service.scope, &second, &why), RSP_EIO);
	CHECK(*why.reason);
	CHECK(second == NULL);
	stop();
}

static void
a_registrar_whose_asap_port_is_in_use_is_refused(void)
{
	refuse_port_in_use(0, RSP_SERVE_ASAP);
}

static void
a_registrar_whose_enrp_port_is_in_use_is_refused(void)
{
	refuse_port_in_use(1, RSP_SERVE_ENRP);
}

static void
the_open_asap_port_is_called_plain_asap(void)
{
	CHECK_STR(rsp_registrar_service_port_name(RSP_SERVE_ASAP_OPEN), "plain-asap");
}

int
main(void)
{
	if (!nodes_begin() || !world_begin())
		return 1;
	TAP_RUN(plain_text_registers_and_resolves);
	TAP_RUN(keys_register_and_certificates_resolve);
	TAP_RUN(a_secure_registrar_refuses_plain_elements_and_users);
	TAP_RUN(a_secure_registrar_that_answers_plain_users_refuses_plain_elements);
	TAP_RUN(refused_connections_are_told_with_their_reason);
	TAP_RUN(authorisations_of_the_scope_are_asked);
	TAP_RUN(places_of_connections_are_used_again);
	TAP_RUN(a_right_ends_when_its_key_goes);
	TAP_RUN(leaving_sends_what_is_queued_and_deregisters_no_element);
	TAP_RUN(a_service_can_be_freed_with_connections_open);
	TAP_RUN(a_registrar_with_a_bad_name_is_refused);
	TAP_RUN(a_secure_registrar_without_a_scope_is_refused);
	TAP_RUN(a_registrar_whose_asap_port_is_in_use_is_refused);
	TAP_RUN(a_registrar_whose_enrp_port_is_in_use_is_refused);
	TAP_RUN(the_open_asap_port_is_called_plain_asap);
	TAP_RUN(nothing_is_left);
	TAP_RUN(the_directory_is_gone);
	return tap_end();
}
