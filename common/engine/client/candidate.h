#ifndef RSP_ENGINE_CLIENT_CANDIDATE_H
#define RSP_ENGINE_CLIENT_CANDIDATE_H

#include "engine/client/link.h"

/* Every address that the hunt may dial, in one table: first those of the configured servers, then those of
 * announcements. Each has the time before which it is not dialled. */

#define CLIENT_HINTS_PER_DATAGRAM 8
/* Slots: the limit, and room for those that one datagram evicts, which settle() has to tell of. */
#define CLIENT_HINT_SLOTS (RSP_CLIENT_HINTS_MAX + CLIENT_HINTS_PER_DATAGRAM)

enum client_hint_state {
	HINT_FREE,
	HINT_KNOWN,
	HINT_FORGOTTEN /* expired or evicted; settle() tells of it and frees the slot */
};

/** What is known of an announced address, besides its entry in the table. */
struct client_hint {
	enum client_hint_state state;
	bool is_told;	   /* HEARD was told of it, so FORGOTTEN will be */
	unsigned rank;	   /* see announce.c: a higher rank is dialled first and evicts a lower one */
	unsigned failures; /* failed attempts in a row */
	uint32_t server_id;
	struct rsp_ip source; /* sender address of the announcement; not authenticated */
	const char *name;     /* the registrar that has to answer; NULL: any of the scope */
	uint64_t expires_ms;
	char label[CLIENT_NAME_MAX]; /* for records: @name, the name that it proved, or its address */
	struct client_news news;
};

struct client_hints {
	struct client_hint hint[CLIENT_HINT_SLOTS];
	struct rsp_client_server *registrars; /* the scope's */
	unsigned n_registrars;
	struct client_timer timer;
	uint64_t told_pace_ms; /* token bucket of HEARD: the time at which it is full */
};

/** One address of one server. */
struct client_candidate {
	unsigned server; /* its row among the servers */
	unsigned ip;	 /* which of the server's addresses; past their end: the name has to be looked up */
	uint64_t next_try_ms; /* not dialled before; RSP_NEVER: dialled in this round, so not before the next one */
	struct client_hint *hint; /* NULL: of a configured server */
};

struct client_result; /* of the newest attempt at a server */

struct client_candidates {
	struct client_core *core;
	struct client_links *links;
	struct rsp_client_server *servers; /* @n_servers configured ones; then, with @hints, one row a hint slot */
	unsigned n_servers, n_rows;
	struct client_result *results; /* one a row */
	struct rsp_client_attempt *shown; /* what rsp_client_candidate_attempts() returns */
	struct client_candidate *list; /* @n_configured addresses of the configured servers; then one a hint slot */
	unsigned n_configured, n_all;
	unsigned cursor;	    /* index in the configured part of @list at which the search for the next address begins */
	struct client_hints *hints; /* NULL: announcements are ignored */
	uint64_t heard, dropped;    /* announcements; those without anything usable */
};

/** Build the table from the configuration in @core. RSP_ENOMEM. */
enum rsp_err rsp_client_candidate_init(struct client_candidates *cands, struct client_core *core,
				       struct client_links *links) RSP_NODISCARD;
void rsp_client_candidate_done(struct client_candidates *cands);
/** Whether the configured servers equal these @n. */
bool rsp_client_candidate_same(const struct client_candidates *cands, const struct rsp_client_server *servers,
			       unsigned n);
/** Replace the configured servers by these @n. Announced addresses stay. A link to an address that is no longer in the
 * table stays open, as a link of no candidate. On RSP_ENOMEM and RSP_EUSAGE nothing changes. */
enum rsp_err rsp_client_candidate_replace(struct client_candidates *cands, const struct rsp_client_server *servers,
					  unsigned n) RSP_NODISCARD;

uint32_t rsp_client_candidate_number(const struct client_candidates *cands, const struct client_candidate *cand);
/** The address that @link dialled. NULL: the registrar dialled us. */
struct client_candidate *rsp_client_candidate_of(const struct client_candidates *cands,
						 const struct client_link *link);
struct rsp_client_server *rsp_client_candidate_server(const struct client_candidates *cands,
						      const struct client_candidate *cand);
/** The address itself; family 0 if the name has to be looked up. */
struct rsp_ip rsp_client_candidate_ip(const struct client_candidates *cands, const struct client_candidate *cand);
/** The entry of @hint. */
struct client_candidate *rsp_client_candidate_of_hint(const struct client_candidates *cands,
						      const struct client_hint *hint);

/** Start a round: every configured address may be dialled, except those of the home (a hunt beside it looks for
 * another registrar). */
void rsp_client_candidate_begin_round(struct client_candidates *cands);
/** The next configured address of this round. NULL: all were dialled. */
struct client_candidate *rsp_client_candidate_next(const struct client_candidates *cands);
/** Whether @cand, an announced address, may be dialled now. */
bool rsp_client_candidate_hint_ready(const struct client_candidates *cands, const struct client_candidate *cand);
/** Whether any announced address may be dialled now. */
bool rsp_client_candidate_any_hint_ready(const struct client_candidates *cands);
/** The announced address to dial first: the highest rank, then the fewest failures, then at random. NULL: none. */
struct client_candidate *rsp_client_candidate_best_hint(struct client_candidates *cands);
/** Whether @a is a worse choice than @b. */
bool rsp_client_candidate_is_worse(const struct client_hint *a, const struct client_hint *b);
/** @cand, of a hint, is another address now: it may be dialled at once, and has no result. */
void rsp_client_candidate_reset(struct client_candidates *cands, struct client_candidate *cand);
/** @cand is being dialled: count it, and do not dial it again in this round. */
void rsp_client_candidate_dialled(struct client_candidates *cands, struct client_candidate *cand);

/** Keep the result of the attempt at @cand for rsp_client_candidate_attempts(). @why.err RSP_OK: it is up. A failed
 * announced address backs off: @base_ms, doubled with each failure up to T5, varied by a quarter. */
void rsp_client_candidate_ended(struct client_candidates *cands, struct client_candidate *cand,
				enum rsp_client_step step, const struct rsp_why *why, uint64_t base_ms);
/** The result of an attempt, as an event carries it. Views of the table. */
struct rsp_client_attempt rsp_client_candidate_result(const struct client_candidates *cands,
						      const struct client_candidate *cand, enum rsp_client_step step,
						      const struct rsp_why *why);
/** The newest result of the row @row; if the server was dialled but no attempt ended yet, a timeout. False: not
 * dialled. */
bool rsp_client_candidate_newest(const struct client_candidates *cands, unsigned row, struct rsp_client_attempt *ret);
const struct rsp_client_attempt *rsp_client_candidate_attempts(const struct client_candidates *cands, unsigned *ret_n);

#endif
