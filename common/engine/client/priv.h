#ifndef RSP_ENGINE_CLIENT_PRIV_H
#define RSP_ENGINE_CLIENT_PRIV_H

#include <sys/queue.h>

#include "base/hash.h"
#include "engine/client/client.h"
#include "model/wheel.h"

/* What the files of the client share. client.c: construction, time, messages in. client_hunt.c: links and the hunt for
 * a home; client_room.c: how many attempts of it are under way; client_verdict.c: what is told of it. client_element.c: registrations. client_lookup.c: resolutions and unreachable reports. client_announce.c:
 * registrars that announce themselves. */

#define CLIENT_NOTIFY_MAX 16	/* connections that registrars opened to us */
#define CLIENT_LINKS_MAX (RSP_CLIENT_ATTEMPTS_MAX + CLIENT_NOTIFY_MAX)
#define CLIENT_WINDOW 256	/* requests on the way at a time */
#define CLIENT_CAUSES_MAX (RSP_MESSAGE_MAX - 8) /* octets of error causes that fit one ASAP_ERROR */
#define CLIENT_BUCKETS 4096	/* of the elements' hash table */
#define CLIENT_BAD_MAX 8	/* messages without sense that a registrar may send before it is left */
#define CLIENT_NAME_MAX 128
#define CLIENT_HINTS_PER_SOURCE 8
#define CLIENT_HINTS_PER_DATAGRAM 8

enum client_timer_kind {
	TIMER_T5,
	TIMER_NEXT,	/* the next attempt of a hunt, or its next round */
	TIMER_DEADLINE, /* the whole run's */
	TIMER_OUTAGE,
	TIMER_SILENCE, /* no keep-alives come any more */
	TIMER_HINTS, /* one may be tried, or is to be forgotten */
	TIMER_ELEMENT,
	TIMER_LOOKUP
};

struct client_timer {
	struct rsp_timer timer;
	enum client_timer_kind kind;
};

enum client_element_state {
	ELEMENT_WAITS,	     /* to be registered: queued, or its timer runs, or there is no home */
	ELEMENT_REGISTERING, /* T2 runs */
	ELEMENT_HELD,	     /* T4 runs */
	ELEMENT_REJECTED,
	ELEMENT_LEAVES,	 /* to be deregistered: queued, or there is no home */
	ELEMENT_LEAVING, /* T3 runs */
	ELEMENT_DEAD	 /* forgotten; freed when nobody can look at it any more */
};

struct client_element {
	TAILQ_ENTRY(client_element) all;
	TAILQ_ENTRY(client_element) work; /* in c->work while @queued */
	struct client_element *chain;	  /* of its bucket */
	struct client_timer timer;
	struct rsp_bytes handle, pe; /* @pe is a whole Pool Element parameter */
	uint8_t *octets, *pe_octets; /* what they are views of */
	uint64_t first_sent_ms, registered_ms, next_ack_ms;
	uint64_t home; /* which home (c->homes) has it, 0 none */
	uint32_t pe_id;
	int32_t lifetime_s;
	enum client_element_state state;
	unsigned attempts; /* registrations since the last success: RFC 5352 s.3.1 */
	unsigned refusals; /* for lack of resources, in a row */
	bool queued, known, expired; /* @known: was registered once */
	bool changed, again; /* @changed: no registrar has acknowledged what is in @pe; @again: nor was it sent */
};

struct client_lookup {
	TAILQ_ENTRY(client_lookup) all;
	TAILQ_ENTRY(client_lookup) work;
	struct client_timer timer; /* T1, or the next poll */
	uint8_t *octets;
	struct rsp_bytes handle;
	uint64_t first_sent_ms;
	uint32_t items;
	unsigned tries, expirations;
	bool watch, queued, asked, wanted; /* @wanted: an answer is waited for; @asked: T1 runs */
};

struct client_report {
	TAILQ_ENTRY(client_report) all;
	uint8_t *octets;
	struct rsp_bytes handle;
	uint32_t pe_id;
	bool sent, contacted; /* @contacted: tried anew since, so it may be reported again */
};

struct client_link {
	uint32_t id; /* 0: free */
	bool up, dialled;
	unsigned candidate;
	unsigned bad;
	uint32_t server_id;
	uint64_t dialled_ms, up_ms;
	uint64_t keepalive_ms, longest_ms; /* of keep-alives: when the last came, and the longest time between two */
	unsigned n_keepalives;
	enum rsp_role role;
	struct rsp_ip local;
	char name[CLIENT_NAME_MAX];
};

/* One address of one server. */
struct client_candidate {
	unsigned server, ip;
	bool tried; /* in this round */
};

/* An address from an announcement. It is a server like those of the configuration: hint i is the server number
 * n_servers + i, and its address the candidate number n_candidates + i. */
struct client_hint {
	bool used, told;
	unsigned rank; /* how much speaks for it */
	unsigned failures; /* attempts in a row */
	uint32_t server_id;
	struct rsp_ip source;
	const char *name; /* whose it is: the server name to dial */
	uint64_t expires_ms, next_try_ms;
	char label[CLIENT_NAME_MAX]; /* for records: that name, the name it proved, or its address */
};

struct client_attempt {
	struct rsp_client_attempt a;
	bool used;
};

TAILQ_HEAD(client_elements, client_element);
TAILQ_HEAD(client_lookups, client_lookup);
TAILQ_HEAD(client_reports, client_report);

struct rsp_client {
	struct rsp_client_ops ops;
	void *ctx;
	struct rsp_client_config config;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	struct rsp_wheel wheel;
	uint64_t now;

	/* client_hunt.c */
	struct rsp_client_server *servers;
	struct client_attempt *attempts;
	struct rsp_client_attempt *shown; /* what rsp_client_attempts() gives out */
	struct client_candidate *candidates;
	unsigned n_candidates, cursor; /* of the configured servers */
	struct client_link links[CLIENT_LINKS_MAX];
	struct client_link *home;
	uint64_t homes; /* how many there were; names the current one */
	bool home_answered; /* the current one, or the last */
	unsigned fruitless; /* homes in a row that closed without an answer */
	bool hunting, pausing, gave_up;
	unsigned rounds;
	uint64_t t5_ms;
	struct client_timer t5, next, deadline, outage, silence;

	/* client_announce.c */
	struct client_hint *hints; /* NULL: nothing is discovered */
	struct rsp_client_server *registrars;
	struct client_timer hint_timer;
	uint64_t hunt_began_ms;
	uint64_t hint_pace_ms, told_pace_ms; /* a bucket each: rsp_client_hints_try() and what is told of them */
	uint64_t announcements, announcements_dropped;

	/* client_element.c */
	struct client_element *buckets[CLIENT_BUCKETS];
	struct client_elements elements, element_work, dead;
	unsigned n_elements, n_held, n_rejected, n_dead;
	unsigned n_unwell; /* on their way to one of these */

	/* client_lookup.c */
	struct client_lookups lookups, lookup_work, dead_lookups;
	struct client_reports reports, dead_reports;
	unsigned n_lookups, n_wanted, n_reports, n_unsent;

	unsigned in_flight;
	uint64_t sent, received, dropped, keepalives;
	uint8_t *scratch; /* RSP_MESSAGE_MAX + 1 octets, to encode into */
	uint8_t *causes;  /* CLIENT_CAUSES_MAX octets: the error causes of an ASAP_ERROR */
};

/* client.c */
/** The clock moves; what was forgotten in earlier calls goes, as no handler is looking at it any more. */
void rsp_client_enter(struct rsp_client *c, uint64_t now_ms);
struct rsp_client_event rsp_client_event_new(const struct rsp_client *c, enum rsp_client_event_type type);
/** Tell the world. The handler may make requests, so callers hold on to nothing that those change. */
void rsp_client_tell(struct rsp_client *c, const struct rsp_client_event *event);
/** Encode @msg and send it on @link. */
enum rsp_err rsp_client_send(struct rsp_client *c, uint32_t link, const struct rsp_message *msg);
/** Set @timer to @in_ms from now. */
void rsp_client_arm(struct rsp_client *c, struct client_timer *timer, uint64_t in_ms);
void rsp_client_disarm(struct rsp_client *c, struct client_timer *timer);
/** Send what is queued, as far as the window goes, or begin the hunt for a home that it needs. */
void rsp_client_pump(struct rsp_client *c);
/** Whether anything is held, watched or waited for that needs a home. */
bool rsp_client_needs_home(const struct rsp_client *c);

/* client_hunt.c */
enum rsp_err rsp_client_hunt_init(struct rsp_client *c) RSP_NODISCARD;
void rsp_client_hunt_done(struct rsp_client *c);
/** Look for a home; beside the one there is (RFC 5352 s.3.7.2) if it is there. */
void rsp_client_hunt(struct rsp_client *c);
/** Stop that: attempts under way are dropped. */
void rsp_client_hunt_stop(struct rsp_client *c);
/** The home, which was there, is of no use: leave it and hunt for another. RFC 5352 s.3.1, s.3.2. */
void rsp_client_leave_home(struct rsp_client *c, enum rsp_err err, const char *reason);
/** Make @link the home. @named is the element whose keep-alive asked for that, NULL if it was the hunt. */
void rsp_client_adopt(struct rsp_client *c, struct client_link *link, const struct client_element *named);
void rsp_client_home_answered(struct rsp_client *c);
void rsp_client_give_up(struct rsp_client *c, const struct rsp_why *why);
void rsp_client_hunt_due(struct rsp_client *c, struct client_timer *timer);
struct client_link *rsp_client_link_find(struct rsp_client *c, uint32_t id);
void rsp_client_link_close(struct rsp_client *c, struct client_link *link);
/** The home's attempt, if it was dialled, ended badly after all. */
void rsp_client_blame(struct rsp_client *c, const struct client_link *link, enum rsp_client_step step,
		      const struct rsp_why *why);
/** Dial @cand. True if it is under way. */
bool rsp_client_dial(struct rsp_client *c, struct client_candidate *cand);
/** End the attempt @link, which took too long, and note the step that it had come to. */
void rsp_client_link_late(struct rsp_client *c, struct client_link *link);
/** End all attempts under way in that way: time ran out. */
void rsp_client_attempts_late(struct rsp_client *c);
/** A copy of @n servers in @to, zeroed before; and the end of it. */
enum rsp_err rsp_client_copy_servers(struct rsp_client_server *to, const struct rsp_client_server *from,
				     unsigned n) RSP_NODISCARD;
void rsp_client_free_servers(struct rsp_client_server *servers, unsigned n);
/** Whether a configured address is left to be tried in this round. */
bool rsp_client_untried(const struct rsp_client *c);

/** How many servers there are: the configured ones, and those that announcements may add. */
unsigned rsp_client_count_servers(const struct rsp_client *c);

/* client_room.c */
/** How long an attempt may be silent until it does not keep another one from its turn, in ms: four staggers. */
uint64_t rsp_client_patience(const struct rsp_client *c);
/** Whether any attempt is under way: dialled, and not up. */
bool rsp_client_under_way(const struct rsp_client *c);
/**
 * How long until there is room for one more attempt, at an address that was announced (@hint) or is configured, in ms.
 * 0: now; if need be, another attempt was ended for it. RSP_NEVER: not before something ends.
 */
uint64_t rsp_client_room(struct rsp_client *c, bool hint);

/* client_verdict.c */
/** Sum up why no server was usable. */
enum rsp_err rsp_client_verdict(const struct rsp_client *c, struct rsp_why *why);
/** What people are told that @link leads to, in @out or elsewhere; see rsp_client_server_text(). */
const char *rsp_client_link_text(const struct rsp_client *c, const struct client_link *link,
				 char out[static RSP_CLIENT_SERVER_TEXT_MAX]);

/* client_announce.c */
enum rsp_err rsp_client_hints_init(struct rsp_client *c) RSP_NODISCARD;
void rsp_client_hints_done(struct rsp_client *c);
/** The hint that @candidate is; NULL if it is a configured address. */
struct client_hint *rsp_client_hint_of(const struct rsp_client *c, unsigned candidate);
/** Whether one is worth to be tried now, beside what is under way. */
bool rsp_client_hints_wait(const struct rsp_client *c);
/** Whether a hunt that has just begun had better wait for announcements than give up. */
bool rsp_client_hints_expected(const struct rsp_client *c);
/** Dial those that may be dialled, while the hunt is on. */
void rsp_client_hints_try(struct rsp_client *c);
/** @link to one is up, and its other side has proven to be @identity. */
void rsp_client_hint_proven(struct rsp_client *c, struct client_link *link, const char *identity);
void rsp_client_hint_failed(struct rsp_client *c, struct client_hint *hint);
void rsp_client_hints_due(struct rsp_client *c);
unsigned rsp_client_hints_count(const struct rsp_client *c);

/* client_element.c */
struct client_element *rsp_client_element_find(const struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id);
void rsp_client_element_send(struct rsp_client *c, struct client_element *e);
/** The home may have lost the elements: they register again, spread over a moment. */
void rsp_client_elements_renew(struct rsp_client *c);
void rsp_client_element_due(struct rsp_client *c, struct client_timer *timer);
void rsp_client_elements_adopted(struct rsp_client *c, const struct client_element *named);
void rsp_client_elements_orphaned(struct rsp_client *c);
void rsp_client_element_keepalive(struct rsp_client *c, struct client_link *link, const struct rsp_message *msg);
void rsp_client_element_registered(struct rsp_client *c, const struct rsp_message *msg);
void rsp_client_element_deregistered(struct rsp_client *c, const struct rsp_message *msg);
/** An ASAP_ERROR that can only be about the one registration or deregistration on its way. */
bool rsp_client_element_error(struct rsp_client *c, uint16_t cause);
void rsp_client_elements_reap(struct rsp_client *c);
void rsp_client_elements_done(struct rsp_client *c);

/* client_lookup.c */
void rsp_client_lookup_send(struct rsp_client *c, struct client_lookup *l);
void rsp_client_lookup_due(struct rsp_client *c, struct client_timer *timer);
void rsp_client_lookups_adopted(struct rsp_client *c);
void rsp_client_lookups_orphaned(struct rsp_client *c);
void rsp_client_lookup_answered(struct rsp_client *c, const struct rsp_message *msg);
bool rsp_client_lookup_error(struct rsp_client *c, uint16_t cause);
void rsp_client_reports_send(struct rsp_client *c);
void rsp_client_lookups_reap(struct rsp_client *c);
void rsp_client_lookups_done(struct rsp_client *c);

#endif
