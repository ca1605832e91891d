#ifndef RSP_ENGINE_CLIENT_EVENT_H
#define RSP_ENGINE_CLIENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "engine/ops.h"
#include "proto/message.h"

/* What a client tells its runner, and what it needs from it. */

/** The last step that an attempt at a server reached. */
enum rsp_client_step {
	RSP_STEP_DNS,
	RSP_STEP_TCP,
	RSP_STEP_TLS,
	RSP_STEP_ASAP
};

/** "dns", "tcp", "tls", "asap". Static. */
const char *rsp_client_step_name(enum rsp_client_step step);

/** Write a server as people read it: "NAME@ADDR:PORT" as -s takes it; without NAME if the address is its only name. */
#define RSP_CLIENT_SERVER_TEXT_MAX 448
void rsp_client_server_text(const char *name, const char *host, const struct rsp_ip *ip, uint16_t port,
			    char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** The result of the newest attempt at a server. Views live until the next call to the engine. */
struct rsp_client_attempt {
	unsigned server; /* index in the configured list; larger: an address from an announcement */
	const char *name, *host;
	uint16_t port;
	struct rsp_ip ip; /* the address dialled; none if the name had to be looked up */
	enum rsp_client_step step;
	enum rsp_err err; /* RSP_OK: the connection was usable */
	unsigned tries;
	char reason[RSP_REASON_MAX];
};

/** An announced address (RFC 5352 s.3.6). None of this is authenticated (RFC 5355 s.2.12). */
struct rsp_client_hint {
	uint32_t server_id;
	struct rsp_ip ip, source; /* the address announced; the sender address of the datagram */
	uint16_t port;
	const char *name; /* the registrar of the scope that has this address; NULL: none has it */
};

enum rsp_client_event_type {
	RSP_CLIENT_ATTEMPT,	 /* .attempt: an attempt at a server ended, with success or not */
	RSP_CLIENT_HOME,	 /* a home registrar was found; .changed: it is not the first */
	RSP_CLIENT_HOME_LOST,	 /* .why: the home, its .object, is lost; the hunt begins if anything needs a home */
	RSP_CLIENT_ROUND_FAILED, /* .why: every address of the list failed; the hunt goes on */
	RSP_CLIENT_GAVE_UP,	 /* .why: no home in time, or after the configured rounds; requests stay queued */
	RSP_CLIENT_REGISTERED,	 /* .cause: a warning, or RSP_CAUSE_NONE */
	RSP_CLIENT_RENEWED,	 /* registered again at the same home */
	RSP_CLIENT_REREGISTERED, /* registered again at another home, or after the registrar had removed it */
	/* .cause, .message: the response, NULL if it was an ASAP_ERROR; not sent again before rsp_client_update()
	 * (RFC 5352 s.3.1) */
	RSP_CLIENT_REJECTED,
	RSP_CLIENT_EXPIRED, /* the registrar removed the element, because of .cause; we register it again */
	/* Another process registered the same identifier with our key; .cause is from the registrar. The client drops
	 * the element: otherwise both processes would take it from each other without end. */
	RSP_CLIENT_DISPLACED,
	/* The client dropped the element. .cause: set if the registrar refused (the registration then expires). .tries
	 * 0: no DEREGISTRATION was sent, because no registrar had the element. */
	RSP_CLIENT_DEREGISTERED,
	RSP_CLIENT_KEEPALIVE,  /* a keep-alive was acknowledged; .changed: its sender became the home */
	RSP_CLIENT_RESOLVED,   /* .message: the response, or an update of a watched pool */
	RSP_CLIENT_UNRESOLVED, /* .cause, .why: a negative response; a watch continues to poll */
	RSP_CLIENT_REPORTED,   /* an ENDPOINT_UNREACHABLE was sent */
	/* .why: no response to the last retransmit of a request (.pe_id 0: a resolution), or the registrar lacks
	 * resources for an element of a persistent client that was registered before. A watch, and an element of a
	 * persistent client, is retried; any other request is dropped, with its element. */
	RSP_CLIENT_FAILED,
	RSP_CLIENT_HEARD,      /* .hint: an unknown address was announced. Rate limited */
	RSP_CLIENT_FORGOTTEN,  /* .hint: an address of a HEARD event expired, or was evicted */
	RSP_CLIENT_ASAP_ERROR, /* .cause: an ASAP_ERROR came that matches no request */
	RSP_CLIENT_PROTOCOL    /* .why: a message from a registrar was malformed or unexpected */
};

/** "registered", "home-changed"… for logs. Static. */
const char *rsp_client_event_name(enum rsp_client_event_type type);

/** One event. Views live during the callback. A field that the type does not mention may be set or not. */
struct rsp_client_event {
	enum rsp_client_event_type type;
	uint64_t now_ms;
	struct rsp_bytes handle;
	uint32_t pe_id;
	uint32_t link;	    /* the connection concerned, 0: none */
	const char *server; /* the registrar's name; "": unknown (a registrar that dialled us in plain text) */
	uint32_t server_id; /* 0 until the home sent a keep-alive with it */
	bool changed, solicited; /* @solicited: the response to a request, not an update */
	bool accepted;		 /* RESOLVED: the registrar sends updates from now on (the A bit) */
	uint16_t cause;		 /* RFC 5354 s.3.12, or RSP_CAUSE_NONE */
	int32_t lifetime_s;	 /* of the element's registration; 0: not about an element */
	uint32_t rtt_ms;	 /* from the first request to the response */
	unsigned tries;		 /* how often the request was sent */
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
	/* May call all functions of the client except _free and the inputs (link_up to tick). What such a call changes
	 * is sent and told after the callback has returned. */
	void (*event)(void *ctx, const struct rsp_client_event *event);
	/* The step that the dialled @link, which is not up, has reached: name lookup, connect or handshake. NULL:
	 * connect. */
	enum rsp_client_step (*step)(void *ctx, uint32_t link);
};

#endif
