#ifndef RSP_ENGINE_CLIENT_ELEMENT_H
#define RSP_ENGINE_CLIENT_ELEMENT_H

#include "engine/client/hunt.h"
#include "engine/client/number.h"

/* The elements that the client manages, and their states. registration.c handles the
 * messages about them, keepalive.c their keep-alives. */

#define CLIENT_OVERRULED_MAX 3 /* after so many in a row, see @overruled, an element is not registered again at once */
#define CLIENT_BUCKETS 4096 /* of the hash table */

struct client_element {
	TAILQ_ENTRY(client_element) all;
	TAILQ_ENTRY(client_element) work; /* in elements->work, in the states QUEUED and LEAVE_QUEUED */
	LIST_ENTRY(client_element) bucket;
	struct client_timer timer;
	/* @pe: the Pool Element parameter, without the fields that the engine or the registrar sets */
	struct rsp_bytes handle, pe;
	uint8_t *octets, *pe_octets; /* the memory of @handle and @pe */
	uint32_t pe_id;
	int32_t lifetime_s;
	enum client_element_state state;
	unsigned attempts; /* registrations or deregistrations sent since the last response. RFC 5352 s.3.1 */
	unsigned refusals; /* consecutive rejections for lack of resources */
	unsigned overruled; /* consecutive rejections because of its number or its identifier */
	struct rsp_epoch own;  /* the number of the statement that was sent last */
	struct rsp_epoch next; /* the epoch of the next statement is that of @next plus 1; see number.h */
	bool fixed_id;	      /* the identifier was configured: without it, the element ends */
	bool renamed;	      /* the element has got a new identifier; a registrar had accepted the old one */
	/* Revision numbers of @pe: the newest one from the caller, the one sent last, and the one that a registrar
	 * acknowledged last (0: none, so no registrar knows the element). */
	uint64_t wanted, sent, acknowledged;
	/* number (links->homes) of the home that acknowledged the element; 0: another registrar, or none */
	uint64_t home;
	/* number of the home that last named the element in a keep-alive with the H flag: @asked_by if this keep-alive
	 * had RSP_PARAM_EPOCH, else @named_by */
	uint64_t named_by, asked_by;
	/* number of the home that sent the last keep-alive of a home, and when it arrived */
	uint64_t kept_by, kept_ms;
	uint64_t first_sent_ms, registered_ms;
	/* when the next period begins, in which keep-alives are acknowledged: [1] of the home, [0] of others */
	uint64_t next_ack_ms[2];
	unsigned others_acknowledged; /* so many of others in this period */
	uint64_t again_full_ms;	 /* token bucket of rsp_client_element_again(): the time at which it is full */
	/* the revisions that were not sent yet differ from the sent one in their load alone; they wait until @next_load_ms */
	bool load_only;
	uint64_t next_load_ms;
	bool removed; /* the registrar has removed the element: only a new registration makes it REGISTERED */

	struct client_news news;
	struct client_element_news {
		enum rsp_client_event_type type; /* CLIENT_NO_NEWS: nothing to report */
		uint16_t cause;
		unsigned tries;
		uint32_t old_id;  /* DISPLACED: the identifier that the element has lost */
		bool changed;	  /* KEEPALIVE: the sender became the home */
		const char *what; /* FAILED: the requests without response, "registrations" or "deregistrations" */
	} told;
};

#define CLIENT_NO_NEWS RSP_CLIENT_ATTEMPT /* an event that is never about an element or a lookup */

TAILQ_HEAD(client_element_list, client_element);
LIST_HEAD(client_bucket, client_element);

struct client_elements {
	struct client_core *core;
	struct client_links *links;
	struct client_hunt *hunt;
	struct client_bucket bucket[CLIENT_BUCKETS];
	struct client_element_list all; /* without DEAD elements */
	struct client_element_list work; /* elements whose request is sent next */
	unsigned n_all, n_in[ELEMENT_STATES];
	struct client_timer silence;
	/* the sender of the keep-alive that this turn handles; NULL: this turn handles another input */
	const struct client_link *sender;
	uint64_t keepalives; /* keep-alives acknowledged */
};

void rsp_client_element_init(struct client_elements *elements, struct client_core *core, struct client_links *links,
			     struct client_hunt *hunt);
void rsp_client_element_done(struct client_elements *elements);

struct client_element *rsp_client_element_find(const struct client_elements *elements, struct rsp_bytes handle,
					       uint32_t pe_id);
/** Make an element in state WAITING, which is not in the table yet. Copies @handle. NULL: no memory. */
struct client_element *rsp_client_element_new(struct rsp_bytes handle, uint32_t pe_id);
void rsp_client_element_free(struct client_element *e);
void rsp_client_element_add(struct client_elements *elements, struct client_element *e);

/** Change the state of @e to @state; no other function does. Removes @e from the queue, stops its
 * timer, and starts T2, T3 or T4 if @state has one. */
void rsp_client_element_enter(struct client_elements *elements, struct client_element *e,
			      enum client_element_state state);
/** Queue the REGISTRATION or DEREGISTRATION of @e. Without a home, @e waits for a home. */
void rsp_client_element_queue(struct client_elements *elements, struct client_element *e);
/** Let @e wait, and register it after @delay_ms. */
void rsp_client_element_delay(struct client_elements *elements, struct client_element *e, uint64_t delay_ms);
/** The home has @e, because its keep-alive names @e: @e is REGISTERED, and registers again within refresh_ms. */
void rsp_client_element_adopted(struct client_elements *elements, struct client_element *e);
/** Remove @e from the client; settle() frees it. */
void rsp_client_element_drop(struct client_elements *elements, struct client_element *e);
/**
 * Register @e again, because a registrar refused or asked for its statement: at once, but at most a few times in a row,
 * then once a second. If registrars go on to refuse it, the time doubles up to RETRAN-MAX (RFC 5352 s.7.3). False: not at
 * once, because they refuse it too often.
 */
bool rsp_client_element_again(struct client_elements *elements, struct client_element *e);
/** @e has lost its identifier because of @cause. Register it under a new random identifier, or remove it if its
 * identifier was configured. */
void rsp_client_element_displace(struct client_elements *elements, struct client_element *e, uint16_t cause);
/** Deregister @e. If no registrar can know @e, remove it without a DEREGISTRATION. */
void rsp_client_element_leave(struct client_elements *elements, struct client_element *e);
void rsp_client_element_leave_all(struct client_elements *elements);

bool rsp_client_element_is_leaving(const struct client_element *e);
/** Whether any registrar has ever acknowledged @e. */
bool rsp_client_element_is_known(const struct client_element *e);
/** Whether a registrar has acknowledged the newest revision of @e. */
bool rsp_client_element_is_current(const struct client_element *e);
/** A random time of at most rejoin_ms. */
uint64_t rsp_client_element_rejoin_ms(struct client_elements *elements);
/** The number of elements whose registration or deregistration is not finished. */
unsigned rsp_client_element_pending(const struct client_elements *elements);

/** The timer of an element has expired. */
void rsp_client_element_due(struct client_elements *elements, struct client_timer *timer);
/** No keep-alive of the home for too long: it may have lost the connection. Let all
 * registered elements register again within rejoin_ms. */
void rsp_client_element_silence_due(struct client_elements *elements);
/** There is a new home: queue all registrations and deregistrations there. */
void rsp_client_element_home_found(struct client_elements *elements);
/** The home is lost: all requests wait for a new home. */
void rsp_client_element_home_lost(struct client_elements *elements);

/** Note the event @type about @e, with @cause and @tries, which is reported at the end of the turn. */
void rsp_client_element_note(struct client_elements *elements, struct client_element *e,
			     enum rsp_client_event_type type, uint16_t cause, unsigned tries);
/** Report the news of an element, and free it if it is DEAD. Called by settle(). */
void rsp_client_element_tell(struct client_elements *elements, struct client_news *news);

#endif
