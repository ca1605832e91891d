#ifndef RSP_KEYS_SCOPE_H
#define RSP_KEYS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "keys/authz.h"
#include "keys/name.h"
#include "keys/psk.h"
#include "keys/x509.h"

/* The scope directory: all that a node knows of its scope. rsp(7), "The scope directory". */

#define RSP_SCOPE_FILE_MAX	(1U << 20)
#define RSP_SCOPE_REGISTRARS_MAX 256
#define RSP_SCOPE_ADDRESSES_MAX 16
#define RSP_SCOPE_SCHEMA	"rsp.scope/1"
#define RSP_SCOPE_DEFAULT_DIR	"/etc/rserpool"

#define RSP_HOST_MAX	       253
#define RSP_PORT_ASAP_PLAIN    3863
#define RSP_PORT_ASAP_TLS      3864
#define RSP_PORT_ENRP_PLAIN    9901
#define RSP_PORT_ENRP_TLS      9902
#define RSP_ENDPOINT_TEXT_MAX  (RSP_HOST_MAX + 9)

/** A host, by name or numeric address (IPv6 without brackets), and a port; 0 leaves the port to the kernel. */
struct rsp_endpoint {
	char host[RSP_HOST_MAX + 1];
	uint16_t port;
};

/** Read "host", "host:port", "address" or "[v6]:port". Without a port it gets @default_port. RSP_EVALUE. */
enum rsp_err rsp_endpoint_parse(const char *text, uint16_t default_port, struct rsp_endpoint *ret) RSP_NODISCARD;

/** Write @endpoint as "host:port" or "[v6]:port". */
void rsp_endpoint_format(const struct rsp_endpoint *endpoint, char out[static RSP_ENDPOINT_TEXT_MAX]);

struct rsp_scope_registrar {
	char name[RSP_NAME_MAX + 1];
	struct rsp_endpoint asap, enrp; /* the TLS ports */
	struct rsp_ip addresses[RSP_SCOPE_ADDRESSES_MAX]; /* further ones that it can be reached at */
	size_t n_addresses;
};

struct rsp_scope {
	char *dir; /* where it was read from */
	char name[RSP_NAME_MAX + 1];
	char node[RSP_NAME_MAX + 1]; /* who we are, from keys.json; "" for a user and for the administrator */
	struct rsp_scope_registrar *registrars;
	size_t n_registrars;
	struct rsp_keyring *keyring; /* never NULL; empty without a keys.json */
	struct rsp_authz *authz;     /* NULL without an authz.json */
	struct rsp_x509 x509;	     /* anchors, CRLs, and a registrar's certificate and key */
};

/** A scope of the directory @dir ("": of none) with nothing in it; NULL if out of memory. */
struct rsp_scope *rsp_scope_new(const char *dir) RSP_NODISCARD;

/**
 * Read the scope directory @dir: scope.json and ca.pem, and what else is there (crl.pem, keys.json, cert.pem with
 * key.pem, authz.json). RSP_ENOTFOUND if the directory, scope.json or ca.pem is missing. The certificates' dates are
 * not checked here.
 */
enum rsp_err rsp_scope_load(const char *dir, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Read scope.json alone. */
enum rsp_err rsp_scope_load_public(const char *dir, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Read a scope.json from memory; @path is for messages. */
enum rsp_err rsp_scope_parse(struct rsp_bytes text, const char *path, struct rsp_scope **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/** Write the scope.json of @scope to the directory @dir, in one step. */
enum rsp_err rsp_scope_save(const struct rsp_scope *scope, const char *dir, bool replace,
			    struct rsp_why *why) RSP_NODISCARD;

/** Free @scope and all it holds; NULL is fine. Keyrings that others hold a reference to live on. */
void rsp_scope_free(struct rsp_scope *scope);
RSP_AUTO_DEFINE(struct rsp_scope *, rsp_scope_free)

/** The registrar named @name, or NULL. */
const struct rsp_scope_registrar *rsp_scope_registrar_named(const struct rsp_scope *scope, const char *name);

/** RSP_ECONFIG if @ring, which was read from @path, is of another scope; one without a name is any. */
enum rsp_err rsp_scope_check_keys(const struct rsp_scope *scope, const struct rsp_keyring *ring, const char *path,
				  struct rsp_why *why) RSP_NODISCARD;

/** Put a copy of @registrar in, over one of the same name. RSP_EVALUE, RSP_ELIMIT, RSP_ENOMEM. */
enum rsp_err rsp_scope_put(struct rsp_scope *scope, const struct rsp_scope_registrar *registrar) RSP_NODISCARD;

/** Take the registrar @name out, if there is one. */
void rsp_scope_drop(struct rsp_scope *scope, const char *name);

enum rsp_service { RSP_SERVICE_ASAP, RSP_SERVICE_ENRP };

/**
 * Where to dial, and who must answer there: @name is the registrar's name, for its key and as its certificate's name.
 */
struct rsp_target {
	struct rsp_endpoint endpoint;
	const struct rsp_scope_registrar *registrar; /* into the scope; NULL if the scope does not know it */
	char name[RSP_HOST_MAX + 1]; /* the registrar's name; without one, the host: what a certificate must be for */
};

/**
 * Find what -s @spec means: [NAME@]HOST[:PORT], or just a registrar's NAME. Which registrar it is: NAME if given;
 * else the one whose endpoint it is; else the only one with that host among its endpoints and addresses; else the
 * only one in the scope. The port defaults to that registrar's, else the service's. With no @scope (NULL), or one
 * without registrars, a NAME is taken as it is. RSP_EVALUE for a bad spec, RSP_ENOTFOUND for a NAME that the scope
 * does not know, RSP_EUSAGE for a port that is a registrar's, but for the other service.
 */
enum rsp_err rsp_scope_registrar_at(const struct rsp_scope *scope, const char *spec, enum rsp_service service,
				    struct rsp_target *ret, struct rsp_why *why) RSP_NODISCARD;

#endif
