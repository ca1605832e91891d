#ifndef RSP_ENGINE_CLIENT_ELEMENT_H
#define RSP_ENGINE_CLIENT_ELEMENT_H

#include "engine/client/hunt.h"

/* The elements that the client holds, and their states. registration.c has the messages about them, keepalive.c their
 * keep-alives. */

#define CLIENT_BUCKETS 4096 /* of the hash table */

struct client_element {
	TAILQ_ENTRY(client_element) all;
	TAILQ_ENTRY(client_element) work; /* in the queue, in the states QUEUED and LEAVE_QUEUED */
	LIST_ENTRY(client_element) bucket;
	struct client_timer timer;
	/* @pe: a whole Pool Element parameter, without what engine and registrar fill in */
	struct rsp_bytes handle, pe;
	uint8_t *octets, *pe_octets; /* their memory */
	uint32_t pe_id;
	int32_t lifetime_s;
	enum client_element_state state;
	unsigned attempts; /* registrations, or deregistrations, sent since the last response. RFC 5352 s.3.1 */
	unsigned refusals; /* in a row, for lack of resources */
	/* Revisions of @pe: what the caller wants, what was sent last, and what a registrar has acknowledged (0:
	 * nothing, so no registrar knows the element). */
	uint64_t wanted, sent, acknowledged;
	uint64_t home;	   /* number of the home (links->homes) that acknowledged it; 0: another registrar, or none */
	uint64_t named_by; /* number of the home whose keep-alive with the H flag named it last */
	uint64_t first_sent_ms, registered_ms, next_ack_ms;
	bool removed; /* the registrar removed it: only a new registration makes it registered */

	struct client_news news;
	struct client_element_news {
		enum rsp_client_event_type type; /* CLIENT_NO_NEWS: nothing to tell */
		uint16_t cause;
		unsigned tries;
		bool changed;	  /* KEEPALIVE: its sender became the home */
		const char *what; /* FAILED: what got no response, "registrations" or "deregistrations" */
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
	struct client_element_list all; /* without dead ones */
	struct client_element_list work; /* those to be sent next */
	unsigned n_all, n_in[ELEMENT_STATES];
	struct client_timer silence;
	/* of the keep-alive that this turn is about; NULL: it is about something else */
	const struct client_link *sender;
	uint64_t keepalives; /* acknowledged */
};

void rsp_client_element_init(struct client_elements *elements, struct client_core *core, struct client_links *links,
			     struct client_hunt *hunt);
void rsp_client_element_done(struct client_elements *elements);

struct client_element *rsp_client_element_find(const struct client_elements *elements, struct rsp_bytes handle,
					       uint32_t pe_id);
/** A new element in the state WAITING, not in the table yet. Copies @handle. NULL: no memory. */
struct client_element *rsp_client_element_new(struct rsp_bytes handle, uint32_t pe_id);
void rsp_client_element_free(struct client_element *e);
void rsp_client_element_add(struct client_elements *elements, struct client_element *e);

/** The only setter of the state. It leaves the queue, stops the timer, and starts T2, T3 or T4 if @state has one. */
void rsp_client_element_enter(struct client_elements *elements, struct client_element *e,
			      enum client_element_state state);
/** Queue the REGISTRATION, or the DEREGISTRATION, of @e; without a home it waits for one. */
void rsp_client_element_queue(struct client_elements *elements, struct client_element *e);
/** Register @e after @delay_ms. */
void rsp_client_element_delay(struct client_elements *elements, struct client_element *e, uint64_t delay_ms);
/** A registrar has @e, as its keep-alive says: it need not register at once, but does so within refresh_ms. */
void rsp_client_element_adopted(struct client_elements *elements, struct client_element *e);
/** Drop @e; settle() frees it. */
void rsp_client_element_drop(struct client_elements *elements, struct client_element *e);
/** Leave the pool. Without a DEREGISTRATION if no registrar can know of @e. */
void rsp_client_element_leave(struct client_elements *elements, struct client_element *e);
void rsp_client_element_leave_all(struct client_elements *elements);

bool rsp_client_element_is_leaving(const struct client_element *e);
/** Whether a registrar acknowledged @e once. */
bool rsp_client_element_is_known(const struct client_element *e);
/** Whether a registrar has @e as the caller wants it, as far as we know. */
bool rsp_client_element_is_current(const struct client_element *e);
/** A random part of rejoin_ms. */
uint64_t rsp_client_element_rejoin_ms(struct client_elements *elements);
/** Elements whose registration or deregistration is not finished. */
unsigned rsp_client_element_pending(const struct client_elements *elements);

/** The timer of an element expired. */
void rsp_client_element_due(struct client_elements *elements, struct client_timer *timer);
/** The home's keep-alives stopped: it may have lost us, so registered elements register again, within rejoin_ms. */
void rsp_client_element_silence_due(struct client_elements *elements);
/** There is a new home: what has to be registered or deregistered is queued there. */
void rsp_client_element_home_found(struct client_elements *elements);
/** There is no home: nothing is sent before there is one. */
void rsp_client_element_home_lost(struct client_elements *elements);

/** Note that @type, with @cause and @tries, is to be told of @e at the end of the turn. */
void rsp_client_element_note(struct client_elements *elements, struct client_element *e,
			     enum rsp_client_event_type type, uint16_t cause, unsigned tries);
/** Tell the news of an element; free it if it is dead. For settle(). */
void rsp_client_element_tell(struct client_elements *elements, struct client_news *news);

#endif
