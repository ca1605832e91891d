#ifndef RSP_SERVE_REGISTRAR_SERVICE_H
#define RSP_SERVE_REGISTRAR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/registrar/registrar.h"
#include "keys/scope.h"
#include "net/listener.h"

/* The service of a registrar: its engine with listeners, connections, keys and the clock. */

struct rsp_loop;
struct rsp_scope;
struct rsp_trace;

/** The ports of a registrar; each has a listener of its own. */
enum rsp_registrar_service_port {
	RSP_SERVE_ASAP,      /* TLS: elements by key, users by certificate. Plain text if the engine is insecure */
	RSP_SERVE_ENRP,      /* TLS: registrars and monitors by key. Plain text if the engine is insecure */
	RSP_SERVE_ASAP_OPEN, /* plain text at a secure registrar, which refuses what needs TLS (RFC 5352 s.9.3) */
	RSP_SERVE_COUNT
};

/** "asap", "enrp", "plain-asap". Static. */
const char *rsp_registrar_service_port_name(enum rsp_registrar_service_port port);

/** Another registrar of the scope, and its ENRP address; HOST may be a name. */
struct rsp_registrar_service_contact {
	char name[RSP_NAME_MAX + 1]; /* "" in plain text */
	char host[RSP_HOST_MAX + 1];
	uint16_t port;
};

struct rsp_registrar_service_config {
	/* The service sets the callbacks (may and others), name, epoch_ms, contacts and the listening addresses. */
	struct rsp_registrar_config engine;
	const struct rsp_registrar_service_contact *contacts; /* copied; at most RSP_CONTACTS_MAX */
	unsigned n_contacts;
	struct rsp_sockaddr at[RSP_SERVE_COUNT]; /* where to listen; port 0: the kernel chooses; empty: no listener */
	struct rsp_listener_limits limits;       /* the limits of each port's listener */
	/* time limit from the first octet of a message to the last; 0: 30 s */
	uint32_t message_ms;
	/* how long a connection may stay open after its key was replaced by another one */
	uint32_t rekey_grace_ms;
	enum rsp_tls_policy policy;
	bool require_user_cert;
	struct rsp_trace *trace; /* the capture of all messages (net/trace.h); NULL: none. Must outlive the service */

	/** Elements and users are served from now on: RFC 5353 s.3.2.3 step 5. Once, from the loop. May be NULL. */
	void (*ready)(void *ctx);
	/** An event of the engine, or of the service. */
	void (*record)(void *ctx, const struct rsp_event *event);
	/**
	 * A connection to @port was refused, or it broke for a reason worth a record. @why->object is the other side's
	 * "ADDR:PORT". With @dialled this registrar has dialled, to a port of that kind, the node @whom (NULL: plain
	 * text). That another registrar cannot be reached is an event of the engine instead.
	 */
	void (*refused)(void *ctx, enum rsp_registrar_service_port port, bool dialled, const char *whom,
			const struct rsp_why *why);
	void *ctx;
};

struct rsp_registrar_service;

/**
 * Begin to serve on @loop as the registrar @name, with the keys, certificate and authorisations of @scope, which must
 * live until the next rsp_registrar_service_reload(). @scope may be NULL for an insecure one only.
 * RSP_ENOKEY, RSP_EKEY, RSP_EIO, RSP_EUSAGE… with @why filled.
 */
enum rsp_err rsp_registrar_service_new(struct rsp_loop *loop, const struct rsp_registrar_service_config *config,
				       const char *name, const struct rsp_scope *scope,
				       struct rsp_registrar_service **ret, struct rsp_why *why) RSP_NODISCARD;

/** The address of the listener of @port; NULL: no such listener. */
const struct rsp_sockaddr *rsp_registrar_service_address(const struct rsp_registrar_service *s,
							 enum rsp_registrar_service_port port);

/** The server id of the registrar. */
uint32_t rsp_registrar_service_id(const struct rsp_registrar_service *s);

/**
 * Use the keys, certificate, revocations and authorisations of @scope from now on, and check the present connections
 * and elements against them: a connection whose key is gone is closed and recorded (RSP_EVENT_RIGHTS_ENDED), one whose
 * node has another key of the kind after rekey_grace_ms; elements that their owner may not register any more are
 * removed; a peer without a key is declared dead. After an error the old scope stays in force; else the caller may free
 * it.
 */
enum rsp_err rsp_registrar_service_reload(struct rsp_registrar_service *s, const struct rsp_scope *scope,
			      struct rsp_why *why) RSP_NODISCARD;

/** Stop listening, and close every connection after its queued output was sent. Then @left is called. */
void rsp_registrar_service_leave(struct rsp_registrar_service *s, void (*left)(void *ctx));

/** The engine, for reading. */
const struct rsp_registrar *rsp_registrar_service_engine(const struct rsp_registrar_service *s);

struct rsp_registrar_service_stats {
	struct rsp_registrar_stats engine;
	struct rsp_listener_stats port[RSP_SERVE_COUNT];
};

void rsp_registrar_service_stats(const struct rsp_registrar_service *s, struct rsp_registrar_service_stats *ret);

/** The configuration, with each 0 replaced by its default. */
const struct rsp_registrar_service_config *rsp_registrar_service_config_of(const struct rsp_registrar_service *s);

/** Free @s and close its connections at once. No callback is called any more. NULL is fine. */
void rsp_registrar_service_free(struct rsp_registrar_service *s);
RSP_AUTO_DEFINE(struct rsp_registrar_service *, rsp_registrar_service_free)

#endif
