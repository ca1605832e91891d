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

/* The scope directory: all that a node knows about its scope. rsp(7), "The scope directory". */

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

/** A host, which is a name or an address (IPv6 without brackets), and a port; port 0: the kernel chooses one. */
struct rsp_endpoint {
	char host[RSP_HOST_MAX + 1];
	uint16_t port;
};

/** Parse "host", "host:port", "address" or "[v6]:port". @default_port is the port if none is given. RSP_EVALUE. */
enum rsp_err rsp_endpoint_parse(const char *text, uint16_t default_port, struct rsp_endpoint *ret) RSP_NODISCARD;

/** Write @endpoint as "host:port" or "[v6]:port". */
void rsp_endpoint_format(const struct rsp_endpoint *endpoint, char out[static RSP_ENDPOINT_TEXT_MAX]);

struct rsp_scope_registrar {
	char name[RSP_NAME_MAX + 1];
	struct rsp_endpoint asap, enrp; /* its addresses with the TLS ports */
	struct rsp_ip addresses[RSP_SCOPE_ADDRESSES_MAX]; /* its other addresses */
	size_t n_addresses;
};

struct rsp_scope {
	char *dir; /* the directory */
	char name[RSP_NAME_MAX + 1];
	char node[RSP_NAME_MAX + 1]; /* this node's name, from keys.json; "" for users and the administrator */
	struct rsp_scope_registrar *registrars;
	size_t n_registrars;
	struct rsp_keyring *keyring; /* never NULL; empty without a keys.json */
	struct rsp_authz *authz;     /* NULL without an authz.json */
	struct rsp_x509 x509;	     /* trust anchors, CRLs, and a registrar's certificate and key */
};

/** A scope of the directory @dir ("": none) without content; NULL if out of memory. */
struct rsp_scope *rsp_scope_new(const char *dir) RSP_NODISCARD;

/**
 * Read the scope directory @dir: scope.json and ca.pem, and crl.pem, keys.json, cert.pem with key.pem, and authz.json
 * if they exist. RSP_ENOTFOUND if the directory, scope.json or ca.pem is missing. Dates of certificates are not checked
 * here.
 */
enum rsp_err rsp_scope_load(const char *dir, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Read only scope.json. */
enum rsp_err rsp_scope_load_public(const char *dir, struct rsp_scope **ret, struct rsp_why *why) RSP_NODISCARD;

/** Read a scope.json from memory; @path is for messages. */
enum rsp_err rsp_scope_parse(struct rsp_bytes text, const char *path, struct rsp_scope **ret,
			     struct rsp_why *why) RSP_NODISCARD;

/** Write the scope.json of @scope to the directory @dir, atomically. */
enum rsp_err rsp_scope_save(const struct rsp_scope *scope, const char *dir, bool replace,
			    struct rsp_why *why) RSP_NODISCARD;

/** Free @scope and drop its reference to the keyring. NULL is fine. */
void rsp_scope_free(struct rsp_scope *scope);
RSP_AUTO_DEFINE(struct rsp_scope *, rsp_scope_free)

/** The registrar named @name, or NULL. */
const struct rsp_scope_registrar *rsp_scope_registrar_named(const struct rsp_scope *scope, const char *name);

/**
 * RSP_ECONFIG if @ring, which was read from @path, belongs to another scope. A keyring without a scope name belongs to
 * any.
 */
enum rsp_err rsp_scope_check_keys(const struct rsp_scope *scope, const struct rsp_keyring *ring, const char *path,
				  struct rsp_why *why) RSP_NODISCARD;

/** Add a copy of @registrar; it replaces one of the same name. RSP_EVALUE, RSP_ELIMIT, RSP_ENOMEM. */
enum rsp_err rsp_scope_put(struct rsp_scope *scope, const struct rsp_scope_registrar *registrar) RSP_NODISCARD;

/** Remove the registrar @name, if there is one. */
void rsp_scope_drop(struct rsp_scope *scope, const char *name);

enum rsp_service { RSP_SERVICE_ASAP, RSP_SERVICE_ENRP };

/**
 * An address to dial, and the registrar that must answer there: its name selects the key and is checked against the
 * certificate.
 */
struct rsp_target {
	struct rsp_endpoint endpoint;
	const struct rsp_scope_registrar *registrar; /* an entry of the scope; NULL if the scope has none */
	char name[RSP_HOST_MAX + 1]; /* the registrar's name; without one, the host. The certificate must be for it */
};

/** The registrar @name has port 0 in scope.json: the kernel chose its port, and only an option can tell it. RSP_EUSAGE. */
enum rsp_err rsp_scope_no_port(const char *name, struct rsp_why *why);

/**
 * Resolve the spec of -s: [NAME@]HOST[:PORT], or the NAME of a registrar. The registrar is that of NAME; without NAME,
 * the one with this endpoint; else the only one with that host among its endpoints and addresses; else the only one of
 * the scope. The default port is that registrar's, else the service's. Without @scope (NULL), or if it has no
 * registrars, any NAME is accepted. RSP_EVALUE for a bad spec, RSP_ENOTFOUND for a NAME that the scope does not have,
 * RSP_EUSAGE for a port of a registrar that is for the other service, and if neither @spec nor the scope has a port.
 */
enum rsp_err rsp_scope_registrar_at(const struct rsp_scope *scope, const char *spec, enum rsp_service service,
				    struct rsp_target *ret, struct rsp_why *why) RSP_NODISCARD;

#endif
