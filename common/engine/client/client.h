#ifndef RSP_ENGINE_CLIENT_H
#define RSP_ENGINE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/rng.h"
#include "base/role.h"
#include "engine/ops.h"
#include "proto/message.h"
#include "proto/param.h"

/* The ASAP client: the registrar's other side, for elements and for users (RFC 5352 s.3). Sans-I/O: what happens and
 * when goes in, messages, dials and events come out; it reads no clock and opens nothing. One client holds any number
 * of elements, resolutions and reports, and has one home registrar at a time. */

#define RSP_CLIENT_SERVERS_MAX 64
#define RSP_CLIENT_SERVER_IPS_MAX 8
#define RSP_CLIENT_PARALLEL 3 /* RFC 5352 s.3.6 SH1: the home and attempts that are not silent */
#define RSP_CLIENT_ATTEMPTS_MAX 9 /* with the silent ones */
#define RSP_CLIENT_REGISTRARS_MAX 256
#define RSP_CLIENT_HINTS_MAX	  64 /* addresses remembered from announcements */

/** A registrar to try. The strings are copied. Without an @ip the one who dials has to look @host up. */
struct rsp_client_server {
	const char *name; /* as keys and certificates call it; NULL: @host */
	const char *host; /* as the operator wrote it; for the one who dials and for records */
	struct rsp_ip ip[RSP_CLIENT_SERVER_IPS_MAX];
	unsigned n_ips;
	uint16_t port;
};

/** RFC 5352 s.7.1 and s.7.3, and our own below. rsp_client_timers_rfc() and _fast() fill it. */
struct rsp_client_timers {
	uint32_t t1_enrprequest_ms;
	uint32_t t2_registration_ms;
	uint32_t t3_deregistration_ms;
	uint32_t t4_reregistration_ms; /* or 20 s less than the lifetime, or half a short lifetime: the least of them */
	uint32_t t5_serverhunt_ms;
	uint32_t t7_enrpoutdate_ms;
	uint32_t retran_max_ms;
	unsigned max_reg_attempt;
	unsigned max_request_retransmit;

	uint32_t stagger_ms;   /* between the attempts of one hunt: 250 */
	uint32_t rejoin_ms;    /* registrations after a change of home are spread over this: 200 */
	uint32_t refresh_ms;   /* and those of elements that a registrar adopted, so that it knows them as they are: 5000 */
	uint32_t poll_ms;      /* a watch that is not sent updates asks so often, varied by half: 5000 */
	uint32_t min_ack_ms;   /* keep-alives to one element that come faster are dropped: 10 */
};

struct rsp_client_timers rsp_client_timers_rfc(void);
struct rsp_client_timers rsp_client_timers_fast(void);

/** Where an attempt at a server ended. */
enum rsp_client_step {
	RSP_STEP_DNS,
	RSP_STEP_TCP,
	RSP_STEP_TLS,
	RSP_STEP_ASAP
};

/** "dns", "tcp", "tls", "asap". Static. */
const char *rsp_client_step_name(enum rsp_client_step step);

/** How people are told of a server: "NAME@ADDR:PORT" as -s takes it, without NAME if it has none but its address. */
#define RSP_CLIENT_SERVER_TEXT_MAX 448
void rsp_client_server_text(const char *name, const char *host, const struct rsp_ip *ip, uint16_t port,
			    char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/** What became of the newest attempt at a server. Views live until the next call to the engine. */
struct rsp_client_attempt {
	unsigned server; /* index in the configured list; past its end: an address from an announcement */
	const char *name, *host;
	uint16_t port;
	struct rsp_ip ip; /* the address dialled; none if the name had to be looked up */
	enum rsp_client_step step;
	enum rsp_err err; /* RSP_OK: it was usable */
	unsigned tries;
	char reason[RSP_REASON_MAX];
};

/** What an announcement said (RFC 5352 s.3.6). Nothing of it is proven (RFC 5355 s.2.12). */
struct rsp_client_hint {
	uint32_t server_id;
	struct rsp_ip ip, source; /* the address announced; where the datagram says it is from */
	uint16_t port;
	const char *name; /* the registrar of the scope with this address; NULL: it is none that is known */
};

enum rsp_client_event_type {
	RSP_CLIENT_ATTEMPT,	 /* .attempt: an attempt at a server ended, well or not */
	RSP_CLIENT_HOME,	 /* a home registrar was found; .changed: it is not the first */
	/* .why: the home, its .object, is gone; the hunt is on if anything needs a home */
	RSP_CLIENT_HOME_LOST,
	RSP_CLIENT_ROUND_FAILED, /* .why: all that could be tried failed; the hunt goes on */
	RSP_CLIENT_GAVE_UP,	 /* .why: no home in time, or after the configured rounds; all stays queued */
	RSP_CLIENT_REGISTERED,	 /* .cause: a warning, or RSP_CAUSE_NONE */
	RSP_CLIENT_RENEWED,	 /* registered again at the same home */
	RSP_CLIENT_REREGISTERED, /* registered again at another home, or after it had expired */
	/* .cause, .message: the answer, NULL if it was an ASAP_ERROR; not tried again until rsp_client_update() (RFC 5352
	 * s.3.1) */
	RSP_CLIENT_REJECTED,
	RSP_CLIENT_EXPIRED,	 /* the registrar removed the element, because of .cause; it is being registered again */
	/* Another process has registered the identifier with our key: .cause, as the registrar tells it. The element is
	 * forgotten, or the two would take it from each other for ever. */
	RSP_CLIENT_DISPLACED,
	/* The element is forgotten; .cause if the registrar refused (it will expire). .tries 0: none was asked, as none
	 * had it. */
	RSP_CLIENT_DEREGISTERED,
	RSP_CLIENT_KEEPALIVE,	 /* a keep-alive was acknowledged; .changed: it also made its sender the home */
	RSP_CLIENT_RESOLVED,	 /* .message: the answer, or an update of a watched pool */
	RSP_CLIENT_UNRESOLVED,	 /* .cause, .why: a negative answer; a watch goes on asking */
	RSP_CLIENT_REPORTED,	 /* an unreachable report was sent */
	/* .why: a request went unanswered too often; .pe_id is 0 for a resolution. Or the registrar lacks resources for
	 * an element of a persistent client that was registered before. A watch, and an element of a persistent client,
	 * is tried on; anything else is dropped, and the element forgotten. */
	RSP_CLIENT_FAILED,
	RSP_CLIENT_HEARD,      /* .hint: an address that was not known was announced. Told at a bounded rate */
	RSP_CLIENT_FORGOTTEN,  /* .hint: one that was told is not announced any more, or made room for another */
	RSP_CLIENT_ASAP_ERROR, /* .cause: an ASAP_ERROR came that answers none of our requests */
	RSP_CLIENT_PROTOCOL    /* .why: a message from a registrar made no sense */
};

/** "registered", "home-changed"… for logs. Static. */
const char *rsp_client_event_name(enum rsp_client_event_type type);

/** Something happened. Views live during the callback only. Fields that a type does not mention may still be set. */
struct rsp_client_event {
	enum rsp_client_event_type type;
	uint64_t now_ms;
	struct rsp_bytes handle;
	uint32_t pe_id;
	uint32_t link;	    /* the link in question, 0 none */
	const char *server; /* the server's name, "" if it is not known (a registrar that dialled us, plain) */
	uint32_t server_id; /* 0 until the home has told it in a keep-alive */
	bool changed, solicited; /* @solicited: the answer to a request, not an update */
	bool accepted;		 /* RESOLVED: updates will follow by themselves (the A bit) */
	uint16_t cause;		 /* RFC 5354 s.3.12, or RSP_CAUSE_NONE */
	int32_t lifetime_s;	 /* of the element's registration; 0: not about an element */
	uint32_t rtt_ms;	 /* from the first request to the answer */
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
	/* May call any function of the client but _free, and those that deliver (link_up … tick). */
	void (*event)(void *ctx, const struct rsp_client_event *event);
	/* How far the dialled @link, which is not up, has come: its name is being looked up, it connects, it shakes hands.
	 * NULL: it connects. */
	enum rsp_client_step (*step)(void *ctx, uint32_t link);
};

struct rsp_client_config {
	struct rsp_client_timers timers;
	const struct rsp_client_server *servers; /* copied; at most RSP_CLIENT_SERVERS_MAX */
	unsigned n_servers;
	enum rsp_role role;	  /* what to dial as: ELEMENT, USER, or NONE in plain text */
	bool shuffle;		  /* begin the hunt anywhere in the list instead of at its front */
	bool persistent;	  /* registrations are never given up by themselves */
	/* Addresses from announcements are tried too; @n_servers may be 0. Each is tried as the registrar of the scope
	 * that has it or, if none has, as whichever registrar of the scope answers (rsp_dial.server_name NULL). */
	bool discover;
	const struct rsp_client_server *registrars; /* the scope's: copied, at most RSP_CLIENT_REGISTRARS_MAX */
	unsigned n_registrars;
	unsigned rounds;	  /* of the whole list before giving up; 0, or persistent with a home once: no end */
	uint64_t max_outage_ms;	  /* give up after so long without a home; 0: never */
	unsigned max_elements;	  /* caps; 0: 65536, 1024 and 4096 */
	unsigned max_resolutions;
	unsigned max_reports;
	uint16_t asap_port;	  /* our listener for registrars (ASAP transport, TCP); 0: none */
};

struct rsp_client;

/** RSP_EUSAGE if there is no server or the configuration is impossible. */
enum rsp_err rsp_client_new(const struct rsp_client_config *config, const struct rsp_client_ops *ops, void *ctx,
			    struct rsp_rng rng, uint64_t now_ms, struct rsp_client **ret) RSP_NODISCARD;
void rsp_client_free(struct rsp_client *c);

/* What happened outside. A link is up once it is usable: connected, authenticated, its role checked. */

/** A dialled link is up, or (an id that dial did not give) a registrar has dialled our listener. */
void rsp_client_link_up(struct rsp_client *c, uint64_t now_ms, uint32_t link, const struct rsp_link_info *info);
/** A link is down, or never came up. @why may be NULL. Not called for links that the engine closed. */
void rsp_client_link_down(struct rsp_client *c, uint64_t now_ms, uint32_t link, enum rsp_client_step step,
			  const struct rsp_why *why);
/** One whole message came in. */
void rsp_client_receive(struct rsp_client *c, uint64_t now_ms, uint32_t link, struct rsp_bytes message);
/**
 * A datagram came, from @source as it says: an ASAP_SERVER_ANNOUNCE, or anything at all. It is never answered. What is
 * usable in it is remembered until T7, so much of it at most, and tried at a bounded rate; the rest is only counted.
 * False if all of it was of no use.
 */
bool rsp_client_announced(struct rsp_client *c, uint64_t now_ms, const struct rsp_ip *source,
			  struct rsp_bytes datagram);
/** Run what is due. */
void rsp_client_tick(struct rsp_client *c, uint64_t now_ms);
/** When rsp_client_tick() is wanted next: not after anything is due; RSP_NEVER if nothing is. */
uint64_t rsp_client_deadline(const struct rsp_client *c);

/* Requests. They begin the hunt for a home if there is none; what comes of them is an event. */

/**
 * Register @pe in the pool @handle and hold it there: renewed in time, registered again wherever the home goes. Copied;
 * @pe->asap and @pe->home_id are filled in by the engine; a single unspecified address (0.0.0.0) in @pe->user becomes
 * our own on the way to the home. RSP_EEXISTS, RSP_ELIMIT, RSP_EVALUE (what no message carries).
 */
enum rsp_err rsp_client_register(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				 const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Register @pe, which is held, with other attributes at once; also the way out of a rejection. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_update(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Leave the pool; DEREGISTERED follows, at once if the element was never registered. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_deregister(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				   uint32_t pe_id) RSP_NODISCARD;
/** Leave all pools. */
void rsp_client_deregister_all(struct rsp_client *c, uint64_t now_ms);

/**
 * Resolve @handle, to @items elements at most (0: as many as the registrar gives). With @watch the pool is followed
 * until rsp_client_unwatch(): by updates (the S bit), or by asking again where the registrar does not send them.
 */
enum rsp_err rsp_client_resolve(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t items,
				bool watch) RSP_NODISCARD;
void rsp_client_unwatch(struct rsp_client *c, struct rsp_bytes handle);

/**
 * Tell the registrar that an element cannot be reached. RSP_EEXISTS if this failure was reported already: once is all
 * that is allowed (RFC 5352 s.3.5) until rsp_client_contacted() says that the element was tried anew.
 */
enum rsp_err rsp_client_report_unreachable(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
					   uint32_t pe_id) RSP_NODISCARD;
void rsp_client_contacted(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id);

/** Give up at @deadline_ms if anything is still waiting for an answer then. RSP_NEVER: no deadline. */
void rsp_client_set_deadline(struct rsp_client *c, uint64_t now_ms, uint64_t deadline_ms);

/**
 * Replace the configured servers by these @n, which are copied. The home stays the home, and the addresses that
 * announcements added stay; a hunt that is under way begins anew. The same ones change nothing. RSP_EUSAGE (none, or too
 * many) and RSP_ENOMEM leave the old ones.
 */
enum rsp_err rsp_client_set_servers(struct rsp_client *c, uint64_t now_ms, const struct rsp_client_server *servers,
				    unsigned n) RSP_NODISCARD;

/** Begin the hunt again after GAVE_UP. */
void rsp_client_retry(struct rsp_client *c, uint64_t now_ms);

/** The newest attempt at each server so far, in the order of the list: @ret_n of them. */
const struct rsp_client_attempt *rsp_client_attempts(const struct rsp_client *c, unsigned *ret_n);

struct rsp_client_stats {
	uint32_t home_link, home_server_id;
	const char *home_server; /* "" if there is none */
	unsigned elements, registered, rejected; /* held; of those */
	unsigned resolutions, links;		 /* waiting or watched; open or opening */
	unsigned waiting;			 /* requests not answered yet */
	uint64_t sent, received, dropped, keepalives, homes;
	unsigned hints;					/* remembered now */
	uint64_t announcements, announcements_dropped; /* heard; of those without anything usable in them */
};

void rsp_client_stats(const struct rsp_client *c, struct rsp_client_stats *ret);

#endif
