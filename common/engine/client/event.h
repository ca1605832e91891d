#ifndef RSP_ENGINE_CLIENT_EVENT_H
#define RSP_ENGINE_CLIENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "engine/ops.h"
#include "proto/message.h"

/* The events that a client reports to its runner, and the functions that it calls. */

/** The last step that an attempt at a server reached. */
enum rsp_client_step {
	RSP_STEP_DNS,
	RSP_STEP_TCP,
	RSP_STEP_TLS,
	RSP_STEP_ASAP
};

/** "dns", "tcp", "tls", "asap". Static. */
const char *rsp_client_step_name(enum rsp_client_step step);

/** Write a server as text for people: "NAME@ADDR:PORT", as option -s takes it;
 * without "NAME@" if the address is its only name. */
#define RSP_CLIENT_SERVER_TEXT_MAX 448
void rsp_client_server_text(const char *name, const char *host, const struct rsp_ip *ip, uint16_t port,
			    char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** The result of the newest attempt at a server. Pointers are valid until the next call of the engine. */
struct rsp_client_attempt {
	unsigned server; /* index in the configured list; a larger number: an announced address */
	const char *name, *host;
	uint16_t port;
	struct rsp_ip ip; /* the address that was dialled; family 0: the name had to be looked up */
	enum rsp_client_step step;
	enum rsp_err err; /* RSP_OK: the attempt succeeded */
	unsigned tries;
	char reason[RSP_REASON_MAX];
};

/** An announced address (RFC 5352 s.3.6). No field is authenticated (RFC 5355 s.2.12). */
struct rsp_client_hint {
	uint32_t server_id;
	struct rsp_ip ip, source; /* the announced address; the source address of the datagram */
	uint16_t port;
	const char *name; /* the name of the registrar of the scope with this address; NULL: none */
};

enum rsp_client_event_type {
	RSP_CLIENT_ATTEMPT,	 /* .attempt: an attempt at a server ended, successfully or not */
	RSP_CLIENT_HOME,	 /* a home registrar was found; .changed: there was a home before */
	/* .why: the home (.object in it) is lost; the hunt begins if a request or element needs a home */
	RSP_CLIENT_HOME_LOST,
	RSP_CLIENT_ROUND_FAILED, /* .why: all addresses failed in this round; the hunt goes on */
	/* .why: no home within the time limit or the configured rounds; requests stay queued */
	RSP_CLIENT_GAVE_UP,
	RSP_CLIENT_REGISTERED,	 /* .cause: a warning, or RSP_CAUSE_NONE */
	RSP_CLIENT_RENEWED,	 /* registered again at the same home */
	RSP_CLIENT_REREGISTERED, /* registered again at another home, or after the registrar removed the element */
	/* The registration was rejected. .cause, .message: the response, NULL: an ASAP_ERROR. The client does not
	 * register the element again before rsp_client_update() (RFC 5352 s.3.1). */
	RSP_CLIENT_REJECTED,
	RSP_CLIENT_EXPIRED, /* the registrar removed the element because of .cause; the client registers it again */
	/*
	 * The element .pe_id has lost its PE identifier. .cause NON_UNIQUE_PE_ID: another process registered the same
	 * identifier, with the same key or with that of an identity that users are shown instead; if both registered
	 * again, they would replace each other's registration for ever.
	 * .cause EPOCH_OLD: nearly all numbers for its statements are used up. The client registers the element under
	 * the new random identifier .new_pe_id; 0: it has removed the element, because its identifier was configured.
	 */
	RSP_CLIENT_DISPLACED,
	/* The client has removed the element. .cause: set if the registrar refused the deregistration (the registration
	 * then expires). .tries 0: no DEREGISTRATION was sent, because no registrar had the element. */
	RSP_CLIENT_DEREGISTERED,
	RSP_CLIENT_KEEPALIVE,  /* the client acknowledged a keep-alive; .changed: the sender became the home */
	RSP_CLIENT_RESOLVED,   /* .message: the response, or an update of a watched pool */
	RSP_CLIENT_UNRESOLVED, /* .cause, .why: a negative response; a watch continues to poll */
	RSP_CLIENT_REPORTED,   /* an ENDPOINT_UNREACHABLE was sent */
	/*
	 * .why: no response to the last retransmit of a request (.pe_id 0: of a resolution); or, for an element of a
	 * persistent client, the registrar lacks resources for an element that was registered before (.cause), or
	 * refuses each number of the element as too old (.cause). A watch, and an element of a persistent client, are
	 * tried again. Any other request is given up, and its element removed.
	 */
	RSP_CLIENT_FAILED,
	RSP_CLIENT_HEARD,      /* .hint: an announcement had an unknown address. Rate limited */
	RSP_CLIENT_FORGOTTEN,  /* .hint: an address of a HEARD event expired, or was evicted */
	RSP_CLIENT_ASAP_ERROR, /* .cause: an ASAP_ERROR arrived that matches no request */
	RSP_CLIENT_PROTOCOL    /* .why: a message from a registrar was malformed or unexpected */
};

/** "registered", "home-changed"… for logs. Static. */
const char *rsp_client_event_name(enum rsp_client_event_type type);

/** One event. Pointers are valid during the callback. Fields that the comment of
 * the type does not mention have no meaning. */
struct rsp_client_event {
	enum rsp_client_event_type type;
	uint64_t now_ms;
	struct rsp_bytes handle;
	uint32_t pe_id, new_pe_id;
	uint32_t link;	    /* the connection of the event; 0: none */
	/* the name of the registrar; "": unknown (a registrar that dialled this client in plain text) */
	const char *server;
	uint32_t server_id; /* 0: the registrar has not sent a keep-alive yet */
	bool changed, solicited; /* @solicited: a response to a request; else an update */
	bool accepted;		 /* RESOLVED: the registrar sends updates from now on (the A bit) */
	uint16_t cause;		 /* RFC 5354 s.3.12, or RSP_CAUSE_NONE */
	int32_t lifetime_s;	 /* lifetime of the registration; 0: the event is not about an element */
	uint32_t rtt_ms;	 /* from the first request to the response */
	unsigned tries;		 /* how many times the request was sent */
	const struct rsp_message *message;
	const struct rsp_client_attempt *attempt;
	const struct rsp_client_hint *hint;
	const struct rsp_why *why;
};

struct rsp_client_ops {
	/* As in struct rsp_engine_ops. */
	void (*send)(void *ctx, uint32_t link, struct rsp_bytes message);
	void (*close)(void *ctx, uint32_t link);
	uint32_t (*dial)(void *ctx, const struct rsp_dial *to, unsigned server);
	/* Report @event. The callback may call all functions of the client except rsp_client_free() and the inputs
	 * (link_up to tick). Their messages and events follow after the callback has returned. */
	void (*event)(void *ctx, const struct rsp_client_event *event);
	/* Return the step that the attempt @link has reached: name lookup, connect or
	 * handshake. NULL: the engine assumes connect. */
	enum rsp_client_step (*step)(void *ctx, uint32_t link);
};

#endif
