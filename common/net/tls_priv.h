#ifndef RSP_NET_TLS_PRIV_H
#define RSP_NET_TLS_PRIV_H

#include <gnutls/gnutls.h>

#include "net/stream.h"
#include "net/tls.h"

/* For net's own files only: one connection's TLS. */

/** What only matters until the handshake is over. */
struct rsp_tls_handshake {
	enum rsp_role wanted;	       /* client: as what we dialled */
	const struct rsp_key *key;     /* client: what we offer; server: what the callback found */
	bool asked, verified;	       /* server: a key was named; the certificate was checked and is good */
	bool failed_verify;
	bool any; /* client: whichever registrar of the scope it is */
	struct rsp_why why;	       /* of the certificate check */
	char identity[RSP_IDENTITY_SIZE]; /* server: the unknown one, if it has the form of one of ours */
	char name[256];		       /* client: the server's; then the other side's, proven */
};

struct rsp_tls_session {
	gnutls_session_t session;
	struct rsp_tls *tls; /* a reference */
	bool server;
	enum rsp_tls_service service;
	struct rsp_tls_handshake *hs; /* NULL once it is over */
};

/** Begin the server's side. */
enum rsp_err rsp_tls_session_accept(struct rsp_tls *tls, enum rsp_tls_service service,
				    struct rsp_tls_session **ret) RSP_NODISCARD;

/**
 * Begin the client's side, with the @nth key for @name if @role needs one: RSP_ENOKEY with @why if there is no
 * such. Without a @name (NULL) any registrar of the scope may answer.
 */
enum rsp_err rsp_tls_session_dial(struct rsp_tls *tls, enum rsp_role role, const char *name, unsigned nth,
				  struct rsp_tls_session **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Go on with the handshake. RSP_OK with @ret_done false: more must come from the other side. On an error the alert is
 * sent and @reason (of @room) says why. When it is done, the other side has been checked; call
 * rsp_tls_session_auth().
 */
enum rsp_err rsp_tls_session_step(struct rsp_tls_session *ts, bool *ret_done, char *reason, size_t room);

/** Fill in what the handshake has shown; @ret->identity is on the heap or NULL. RSP_ENOMEM. */
enum rsp_err rsp_tls_session_auth(struct rsp_tls_session *ts, struct rsp_stream_auth *ret) RSP_NODISCARD;

/** The error and reason for what gnutls_record_recv() or _send() said on an open connection. */
enum rsp_err rsp_tls_record_error(struct rsp_tls_session *ts, ssize_t code, char *reason, size_t room);

/** NULL is fine. */
void rsp_tls_session_free(struct rsp_tls_session *ts);

#endif
