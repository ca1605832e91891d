#ifndef TESTS_UNIT_NET_NODES_H
#define TESTS_UNIT_NET_NODES_H

#include "base/clock.h"
#include "keys/psk.h"
#include "keys/x509.h"
#include "net/tls.h"
#include "net_world.h"

/* Nodes with keys and certificates, for tests of whatever speaks TLS: made as they are needed, in a directory of the
 * test's own. */

#define DAY_MS 86400000LL

static char nodes_dir[64];
static int64_t now_ms;
static struct rsp_x509_pair ca, other_ca;

/* One node: its keys, its certificates, and both as a credential set. */
struct node {
	const char *name;
	struct rsp_keyring *ring;
	struct rsp_x509 x509;
	struct rsp_tls *tls;
};

static inline char *
in_dir(const char *name)
{
	char *path = rsp_path_join(nodes_dir, name);

	CHECK(path != NULL);
	return path;
}

static inline char *
put(const char *name, const char *text, enum rsp_file_kind kind)
{
	char *path = in_dir(name);

	CHECK_EQ(rsp_file_write(path, kind, true, rsp_bytes_str(text), NULL), RSP_OK);
	return path;
}

static inline void
node_init(struct node *n, const char *name)
{
	*n = (struct node){ .name = name, .ring = rsp_keyring_new() };
	CHECK(n->ring != NULL);
}

static inline void
node_ready_as(struct node *n, const struct rsp_tls_config *extra)
{
	struct rsp_tls_config config = *extra;
	struct rsp_why why = { 0 };

	config.keyring = n->ring;
	config.me = n->name;
	config.x509 = n->x509.n_ca || n->x509.n_chain ? &n->x509 : NULL;
	CHECK_EQ(rsp_tls_new(&config, &n->tls, &why), RSP_OK);
	if (why.err)
		printf("# %s: %s\n", why.object, why.reason);
}

static inline void
node_ready(struct node *n)
{
	node_ready_as(n, &(struct rsp_tls_config){ 0 });
}

static inline void
node_done(struct node *n)
{
	rsp_tls_unref(n->tls);
	rsp_x509_done(&n->x509);
	rsp_keyring_unref(n->ring);
	*n = (struct node){ 0 };
}

static inline void
trust(struct node *n, const struct rsp_x509_pair *anchor, const char *crl_pem)
{
	char *path = put("ca.pem", anchor->cert_pem, RSP_FILE_PUBLIC);

	CHECK_EQ(rsp_x509_load_ca(&n->x509, path, NULL), RSP_OK);
	free(path);
	if (!crl_pem)
		return;
	path = put("crl.pem", crl_pem, RSP_FILE_PUBLIC);
	CHECK_EQ(rsp_x509_load_crl(&n->x509, path, NULL), RSP_OK);
	free(path);
}

struct cert {
	enum rsp_x509_kind kind;
	const char *name;
	bool ed25519;
	const struct rsp_x509_pair *issuer;
	int64_t from_ms, to_ms; /* from now */
};

/* Give @n a certificate; its text is @ret_pem's if that is not NULL. */
static inline void
certify(struct node *n, const struct cert *cert, char **ret_pem)
{
	struct rsp_x509_request request = {
		.kind = cert->kind,
		.ed25519 = cert->ed25519,
		.organization = "test",
		.common_name = cert->name,
		.dns = &cert->name,
		.n_dns = 1,
		.not_before_ms = now_ms + cert->from_ms,
		.not_after_ms = now_ms + (cert->to_ms ? cert->to_ms : DAY_MS),
	};
	struct rsp_x509_pair pair = { 0 };
	struct rsp_why why = { 0 };

	CHECK_EQ(rsp_x509_make(&request, cert->issuer ? cert->issuer : &ca, &pair, &why), RSP_OK);
	char *cert_path = put("cert.pem", pair.cert_pem, RSP_FILE_PUBLIC);
	char *key_path = put("key.pem", pair.key_pem, RSP_FILE_SECRET);
	CHECK_EQ(rsp_x509_load_pair(&n->x509, cert_path, key_path, &why), RSP_OK);
	free(cert_path);
	free(key_path);
	if (ret_pem) {
		*ret_pem = pair.cert_pem;
		pair.cert_pem = NULL;
	}
	rsp_x509_pair_done(&pair);
}

static inline struct rsp_key
make_key(enum rsp_role role, const char *client, const char *server)
{
	struct rsp_key key;

	CHECK_EQ(rsp_key_make(role, client, server, now_ms, RSP_TIME_NEVER, &key), RSP_OK);
	return key;
}

static inline void
hold(struct node *n, const struct rsp_key *key)
{
	CHECK_EQ(rsp_keyring_add(n->ring, key), RSP_OK);
}

/* A key that both know. */
static inline void
share(enum rsp_role role, struct node *client, struct node *server)
{
	struct rsp_key key = make_key(role, client->name, server->name);

	hold(client, &key);
	if (server != client)
		hold(server, &key);
}

/* A directory, a CA and another one. */
static inline bool
nodes_begin(void)
{
	(void)snprintf(nodes_dir, sizeof(nodes_dir), "/tmp/rsp-test-net.XXXXXX");
	if (!mkdtemp(nodes_dir) || rsp_tls_init(NULL, NULL))
		return false;
	now_ms = rsp_clock_wall_ms();
	struct rsp_x509_request request = { .kind = RSP_X509_CA,
					    .organization = "test",
					    .common_name = "CA",
					    .not_before_ms = now_ms - 10 * DAY_MS,
					    .not_after_ms = now_ms + 10 * DAY_MS };

	return !rsp_x509_make(&request, NULL, &ca, NULL) && !rsp_x509_make(&request, NULL, &other_ca, NULL);
}

/* The last test: the directory held nothing else. */
static inline void
the_directory_is_gone(void)
{
	static const char *const files[] = { "ca.pem", "crl.pem", "cert.pem", "key.pem" };

	rsp_x509_pair_done(&ca);
	rsp_x509_pair_done(&other_ca);
	for (size_t i = 0; i < RSP_COUNT(files); i++) {
		char *path = in_dir(files[i]);
		(void)unlink(path);
		free(path);
	}
	CHECK_EQ(rmdir(nodes_dir), 0);
}

#endif
