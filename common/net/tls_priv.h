#ifndef RSP_NET_TLS_PRIV_H
#define RSP_NET_TLS_PRIV_H

#include <gnutls/gnutls.h>

#include "net/stream.h"
#include "net/tls.h"

/* For net's own files only: TLS of one connection. */

#define RSP_TLS_FINGERPRINT_SIZE 32 /* SHA-256 */

/** What a client demands of the server. Set when the handshake begins; it does not change. */
enum rsp_tls_demand {
	RSP_TLS_DEMAND_NONE,    /* we are the server */
	RSP_TLS_DEMAND_KEY,     /* proof that the server has the key that the client offers */
	RSP_TLS_DEMAND_NAME,    /* a certificate with the server's name */
	RSP_TLS_DEMAND_ANY_NAME /* a certificate with the name of any registrar of the scope */
};

/** Server: the pre-shared key that a ClientHello offers. An offer is no proof, and the client may withdraw it. */
struct rsp_tls_offer {
	bool made;
	const struct rsp_key *key;	  /* NULL: this port does not accept it */
	char identity[RSP_IDENTITY_SIZE]; /* "" if the offered identity does not have the form of ours */
};

enum rsp_tls_verdict { RSP_TLS_NOT_JUDGED, RSP_TLS_GOOD, RSP_TLS_BAD };

/** The verdict on the certificate of the other side, and the fingerprint of that certificate. */
struct rsp_tls_judged {
	enum rsp_tls_verdict verdict;
	struct rsp_why why;			/* BAD: err, and reason where there is more to say */
	uint8_t leaf[RSP_TLS_FINGERPRINT_SIZE]; /* SHA-256 of the certificate judged */
	const char *registrar;			/* GOOD, client that dialled any registrar: the name that matched */
};

/** The role and the name that the other side has proved. */
struct rsp_tls_peer {
	enum rsp_role role;
	char name[256]; /* "" if the other side has no name: plain text, or a user without a certificate */
	char key[RSP_IDENTITY_SIZE]; /* identity of the key that both sides proved; "": no key was used */
};

/**
 * State of a handshake, until it is over. Callbacks write first, offer and judged, which serve alerts and reasons and
 * are compared with the finished handshake. rsp_tls_auth_peer() alone writes peer.
 */
struct rsp_tls_handshake {
	/* Client: set when the handshake begins. */
	enum rsp_role wanted;
	enum rsp_tls_demand demand;
	const struct rsp_key *key; /* DEMAND_KEY: the key that the client offers; else NULL */
	char name[256];            /* the name of the server; "": DEMAND_ANY_NAME, or the caller gave none */
	/* During the handshake. */
	struct rsp_tls_offer first; /* server: of the ClientHello before a HelloRetryRequest */
	struct rsp_tls_offer offer; /* server: of the last ClientHello */
	struct rsp_tls_judged judged;
	/* When it is over. */
	struct rsp_tls_peer peer;
};

struct rsp_tls_session {
	gnutls_session_t session;
	struct rsp_tls *tls; /* a reference */
	bool server;
	enum rsp_tls_service service;
	struct rsp_tls_handshake *hs; /* NULL after the handshake is over */
};

/** Begin the server's side. */
enum rsp_err rsp_tls_session_accept(struct rsp_tls *tls, enum rsp_tls_service service,
				    struct rsp_tls_session **ret) RSP_NODISCARD;

/**
 * Begin the client's side, with the @nth key for @name if @role needs one: RSP_ENOKEY with @why if there is no
 * such key. If @name is NULL any registrar of the scope may answer.
 */
enum rsp_err rsp_tls_session_dial(struct rsp_tls *tls, enum rsp_role role, const char *name, unsigned nth,
				  struct rsp_tls_session **ret, struct rsp_why *why) RSP_NODISCARD;

/**
 * Continue the handshake. RSP_OK with @ret_done false: further input of the other side is needed. On an error the alert
 * is sent and @reason (of @room) says why. When it is done, the other side has been checked; call
 * rsp_tls_session_auth().
 */
enum rsp_err rsp_tls_session_step(struct rsp_tls_session *ts, bool *ret_done, char *reason, size_t room);

/**
 * For rsp_tls_session_step(): take role and name of the other side from the finished handshake, check that they suit,
 * and store them in @ts->hs->peer. On an error peer stays empty and @reason (of @room) says why: RSP_EROLE (the other
 * side authenticated in another way than demanded) or RSP_EAUTH. RFC 5355 s.2.1-2.7.
 */
enum rsp_err rsp_tls_auth_peer(struct rsp_tls_session *ts, char *reason, size_t room) RSP_NODISCARD;

/**
 * Server: whether the certificate that the client has shown, if it has, is good by what @tls trusts and revokes. Errors
 * are those of rsp_x509_verify(). RFC 5355 s.2.13.
 */
enum rsp_err rsp_tls_auth_review(const struct rsp_tls_session *ts, const struct rsp_tls *tls,
			    struct rsp_why *why) RSP_NODISCARD;

/**
 * Server: if a handshake failed because of the key that the client offered, write the reason and return RSP_EAUTH or
 * RSP_EUNKNOWN_ID; else RSP_OK. @mismatch: GnuTLS found that the client does not know the key. For records only: the
 * client must not learn which of the reasons it is.
 */
enum rsp_err rsp_tls_auth_describe_offer(const struct rsp_tls_session *ts, bool mismatch, char *reason, size_t room);

/** Fill @ret with the identity and parameters of the handshake; @ret->identity is on the heap or NULL. RSP_ENOMEM. */
enum rsp_err rsp_tls_session_auth(struct rsp_tls_session *ts, struct rsp_stream_auth *ret) RSP_NODISCARD;

/** The error and reason for @code, which gnutls_record_recv() or _send() returned on an open connection. */
enum rsp_err rsp_tls_session_record_error(struct rsp_tls_session *ts, ssize_t code, char *reason, size_t room);

/** NULL is fine. */
void rsp_tls_session_free(struct rsp_tls_session *ts);

#endif
