#include "asap_client_world.h"

/* An ASAP client over TLS: an element with pre-shared keys, and a user that verifies the registrar's certificate. */

/* Pre-shared keys between web1 and alpha; the scope knows alpha at server 0. */
static void
begin_secure(void)
{
	struct rsp_tls_config config = { .me = "alpha" };
	struct rsp_key key;
	struct rsp_why why = { 0 };

	begin();
	w.ring = rsp_keyring_new();
	CHECK(w.ring != NULL);
	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web1", "alpha", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(w.ring, &key), RSP_OK);
	CHECK_EQ(rsp_key_make(RSP_ROLE_NOTIFY, "alpha", "web1", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(w.ring, &key), RSP_OK);
	rsp_key_wipe(&key);
	config.keyring = w.ring;
	CHECK_EQ(rsp_tls_new(&config, &w.server_tls, &why), RSP_OK);
	listen_as(&w.server[0], w.server_tls, ANSWERS);

	static char dir[] = "/nowhere";
	static struct rsp_scope_registrar alpha;
	alpha = (struct rsp_scope_registrar){ .name = "alpha", .asap = { .host = "127.0.0.1" } };
	alpha.asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	w.scope = (struct rsp_scope){ .dir = dir, .node = "web1", .registrars = &alpha, .n_registrars = 1,
				      .keyring = w.ring };
}

/* The element web1 registers at alpha over TLS. */
static void
register_secure(void)
{
	struct rsp_asap_client_config config = { .element = true, .listen = true, .persistent = true };

	begin_secure();
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_client(&config);
	put(1);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
}

static void
an_element_registers_over_tls_by_its_key(void)
{
	struct rsp_asap_client_home home;

	register_secure();
	CHECK_EQ(w.server[0].role, RSP_ROLE_ELEMENT);
	CHECK_STR(w.server[0].identity, "web1");
	rsp_asap_client_home(w.s, &home);
	CHECK(home.secure);
	CHECK_STR(home.tls_version, "TLS1.3");
	CHECK_STR(home.server, "alpha");
	end();
}

static void
an_element_closes_a_connection_without_a_key_and_ignores_its_keep_alive(void)
{
	register_secure();
	call(NULL, RSP_ROLE_NONE);
	await(&w.caller_closed, 1);
	CHECK_EQ(w.told[RSP_CLIENT_KEEPALIVE], 0);
	end();
}

static void
a_keep_alive_of_the_home_over_its_own_connection_is_acknowledged_and_changes_nothing(void)
{ /* RFC 5352 s.3.4 KA2.4, over TLS with a key of role notify */
	struct rsp_client_stats stats;

	register_secure();
	call(w.server_tls, RSP_ROLE_NOTIFY);
	await(&w.caller_messages, 1);
	CHECK_EQ(w.told[RSP_CLIENT_KEEPALIVE], 1);
	CHECK_EQ(w.told[RSP_CLIENT_HOME], 1);
	rsp_asap_client_stats(w.s, &stats);
	CHECK_EQ(stats.registered, 1);
	end();
}

/* web1 has another key than the one that alpha knows of it; the caller owns the keyring. */
static struct rsp_keyring *
fail_authentication(void)
{
	struct rsp_asap_client_config config = { .element = true, .rounds = 1 };
	struct rsp_keyring *other;
	struct rsp_key key;

	begin_secure();
	other = rsp_keyring_new();
	CHECK(other != NULL);
	CHECK_EQ(rsp_key_make(RSP_ROLE_ELEMENT, "web1", "alpha", rsp_clock_wall_ms(), RSP_TIME_NEVER, &key), RSP_OK);
	CHECK_EQ(rsp_keyring_add(other, &key), RSP_OK);
	w.scope.keyring = other;
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_client(&config);
	put(1);
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	return other;
}

static void
an_attempt_with_a_key_that_the_server_does_not_know_fails_at_tls(void)
{
	struct rsp_keyring *other = fail_authentication();

	CHECK_EQ(w.why.err, RSP_EAUTH);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	CHECK_EQ(w.server[0].opened, 0);
	end();
	rsp_keyring_unref(other);
}

static void
an_element_that_failed_authentication_registers_when_its_keys_are_read_again(void)
{
	struct rsp_keyring *other = fail_authentication();
	struct rsp_why why = { 0 };

	w.scope.keyring = w.ring;
	CHECK_EQ(rsp_asap_client_reload(w.s, &w.scope, NULL, &why), RSP_OK);
	rsp_asap_client_retry(w.s);
	await(&w.told[RSP_CLIENT_REGISTERED], 1);
	end();
	rsp_keyring_unref(other);
}

static void
an_attempt_whose_handshake_is_not_answered_fails_at_tls(void)
{
	struct rsp_asap_client_config config = { .element = true, .rounds = 1, .dial_timeout_ms = 300 };

	begin_secure();
	rsp_listener_free(w.server[0].listener);
	listen_as(&w.server[0], NULL, MUTE);
	w.scope.registrars->asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	config.scope = &w.scope;
	config.timers = rsp_client_timers_fast();
	open_client(&config);
	put(1);
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ETIMEOUT);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	end();
}

/* Certificates */

/* Make a CA and a certificate of the registrar alpha: @registrar has both, @client the CA. */
static void
begin_certified(struct rsp_x509 *registrar, struct rsp_x509 *client)
{
	static const char *const dns[] = { "alpha" };
	struct rsp_x509_request request = { .kind = RSP_X509_CA, .organization = "test", .common_name = "test CA" };
	struct rsp_x509_pair ca = { 0 }, pair = { 0 };
	struct rsp_tls_config config = { .me = "alpha", .x509 = registrar };
	const struct {
		const char *path;
		enum rsp_file_kind kind;
		char **text;
	} file[] = { { "asap-client-ca.pem", RSP_FILE_PUBLIC, &ca.cert_pem },
		     { "asap-client-cert.pem", RSP_FILE_PUBLIC, &pair.cert_pem },
		     { "asap-client-key.pem", RSP_FILE_SECRET, &pair.key_pem } };
	struct rsp_why why = { 0 };

	begin();
	request.not_before_ms = rsp_clock_wall_ms() - 60000;
	request.not_after_ms = rsp_clock_wall_ms() + 3600000;
	CHECK_EQ(rsp_x509_make(&request, NULL, &ca, &why), RSP_OK);
	request.kind = RSP_X509_SERVER;
	request.common_name = "alpha";
	request.dns = dns;
	request.n_dns = 1;
	CHECK_EQ(rsp_x509_make(&request, &ca, &pair, &why), RSP_OK);
	for (size_t i = 0; i < RSP_COUNT(file); i++)
		CHECK_EQ(rsp_file_write(file[i].path, file[i].kind, true, rsp_bytes_str(*file[i].text), &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_ca(registrar, file[0].path, &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_ca(client, file[0].path, &why), RSP_OK);
	CHECK_EQ(rsp_x509_load_pair(registrar, file[1].path, file[2].path, &why), RSP_OK);
	CHECK_EQ(rsp_tls_new(&config, &w.server_tls, &why), RSP_OK);
	for (size_t i = 0; i < RSP_COUNT(file); i++)
		(void)remove(file[i].path);
	rsp_x509_pair_done(&ca);
	rsp_x509_pair_done(&pair);
	listen_as(&w.server[0], w.server_tls, ANSWERS);
}

static struct rsp_x509 server, user;

/* A user of the scope sends a request to alpha, and expects a certificate for @name, or for alpha if NULL. */
static void
ask_certified(const char *name)
{
	static char dir[] = "/nowhere";
	static struct rsp_scope_registrar alpha;
	struct rsp_asap_client_config config = { .rounds = 1, .timers = rsp_client_timers_fast(), .tls_name = name };

	server = user = (struct rsp_x509){ 0 };
	begin_certified(&server, &user);
	alpha = (struct rsp_scope_registrar){ .name = "alpha", .asap = { .host = "127.0.0.1" } };
	alpha.asap.port = rsp_sockaddr_port(rsp_listener_address(w.server[0].listener));
	w.ring = rsp_keyring_new();
	w.scope = (struct rsp_scope){ .dir = dir, .registrars = &alpha, .n_registrars = 1, .keyring = w.ring };
	w.scope.x509 = user;
	config.scope = &w.scope;
	open_client(&config);
	ask();
}

static void
end_certified(void)
{
	end();
	rsp_x509_done(&server);
	rsp_x509_done(&user);
}

/* RFC 5352 s.9.2: a user authenticates the registrar by its certificate, for the name that it expects. */

static void
a_user_is_answered_by_a_registrar_with_a_certificate_of_the_scope(void)
{
	ask_certified(NULL);
	await(&w.told[RSP_CLIENT_UNRESOLVED], 1);
	CHECK_EQ(w.server[0].role, RSP_ROLE_USER);
	CHECK_EQ(w.server[0].messages, 1);
	end_certified();
}

static void
a_user_sends_nothing_to_a_registrar_whose_certificate_is_for_another_name(void)
{
	ask_certified("beta");
	await(&w.told[RSP_CLIENT_GAVE_UP], 1);
	CHECK_EQ(w.why.err, RSP_ECERT_NAME);
	CHECK_EQ(attempt(0).step, RSP_STEP_TLS);
	CHECK_EQ(w.server[0].messages, 0);
	end_certified();
}

int
main(void)
{
	TAP_RUN(an_element_registers_over_tls_by_its_key);
	TAP_RUN(an_element_closes_a_connection_without_a_key_and_ignores_its_keep_alive);
	TAP_RUN(a_keep_alive_of_the_home_over_its_own_connection_is_acknowledged_and_changes_nothing);
	TAP_RUN(an_attempt_with_a_key_that_the_server_does_not_know_fails_at_tls);
	TAP_RUN(an_element_that_failed_authentication_registers_when_its_keys_are_read_again);
	TAP_RUN(an_attempt_whose_handshake_is_not_answered_fails_at_tls);
	TAP_RUN(a_user_is_answered_by_a_registrar_with_a_certificate_of_the_scope);
	TAP_RUN(a_user_sends_nothing_to_a_registrar_whose_certificate_is_for_another_name);
	return tap_end();
}
