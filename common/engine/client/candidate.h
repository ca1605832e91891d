#ifndef RSP_ENGINE_CLIENT_CANDIDATE_H
#define RSP_ENGINE_CLIENT_CANDIDATE_H

#include "engine/client/link.h"

/* The table of candidates: every address that the hunt may dial. First come the addresses of the configured servers, then
 * the announced addresses. The table has for each address the time before which it must not be dialled. */

#define CLIENT_HINTS_PER_DATAGRAM 8
/* Number of slots: the limit of known addresses, and those that one datagram may
 * evict, which settle() has to report first. */
#define CLIENT_HINT_SLOTS (RSP_CLIENT_HINTS_MAX + CLIENT_HINTS_PER_DATAGRAM)

enum client_hint_state {
	HINT_FREE,
	HINT_KNOWN,
	HINT_FORGOTTEN /* expired or evicted; settle() reports it and frees the slot */
};

/** The data about an announced address, besides its entry in the table. */
struct client_hint {
	enum client_hint_state state;
	bool is_told;	   /* HEARD was reported, so FORGOTTEN must be reported, too */
	/* see announce.c: an address of a higher rank is dialled first, and evicts one of a lower rank */
	unsigned rank;
	unsigned failures; /* failed attempts in a row */
	uint32_t server_id;
	struct rsp_ip source; /* source address of the datagram; not authenticated */
	const char *name;     /* the name of the registrar that must answer; NULL: any registrar of the scope */
	uint64_t expires_ms;
	/* for records: @name, or the name that the registrar authenticated with, or the address */
	char label[CLIENT_NAME_MAX];
	struct client_news news;
};

struct client_hints {
	struct client_hint hint[CLIENT_HINT_SLOTS];
	struct rsp_client_server *registrars; /* the registrars of the scope */
	unsigned n_registrars;
	struct client_timer timer;
	uint64_t told_pace_ms; /* token bucket that limits HEARD: the time at which it is full */
};

/** One address of one server. */
struct client_candidate {
	unsigned server; /* its row in @servers */
	unsigned ip;	 /* index in the addresses of the server; if it is too large, look up the name of the server */
	/* do not dial before this time; RSP_NEVER: dialled in this round, do not dial before the next round */
	uint64_t next_try_ms;
	struct client_hint *hint; /* NULL: the address of a configured server */
};

struct client_result; /* the result of the newest attempt at a server */

struct client_candidates {
	struct client_core *core;
	struct client_links *links;
	/* @n_servers configured servers; then, with @hints, one row for each hint slot */
	struct rsp_client_server *servers;
	unsigned n_servers, n_rows;
	struct client_result *results; /* one for each row */
	struct rsp_client_attempt *shown; /* what rsp_client_candidate_attempts() returns */
	/* @n_configured addresses of the configured servers; then one for each hint slot */
	struct client_candidate *list;
	unsigned n_configured, n_all;
	unsigned cursor;	    /* index in the configured part of @list at which the search for the next address begins */
	struct client_hints *hints; /* NULL: announcements are ignored */
	uint64_t heard, dropped;    /* datagrams received; datagrams without a usable address */
};

/** Build the table from the configuration in @core. RSP_ENOMEM. */
enum rsp_err rsp_client_candidate_init(struct client_candidates *cands, struct client_core *core,
				       struct client_links *links) RSP_NODISCARD;
void rsp_client_candidate_done(struct client_candidates *cands);
/** Whether the configured servers are equal to the @n servers @servers. */
bool rsp_client_candidate_same(const struct client_candidates *cands, const struct rsp_client_server *servers,
			       unsigned n);
/** Replace the configured servers by the @n servers @servers. Announced addresses stay. A link to an address that is no
 * longer in the table stays open, and belongs to no candidate. On RSP_ENOMEM and RSP_EUSAGE nothing changes. */
enum rsp_err rsp_client_candidate_replace(struct client_candidates *cands, const struct rsp_client_server *servers,
					  unsigned n) RSP_NODISCARD;

uint32_t rsp_client_candidate_number(const struct client_candidates *cands, const struct client_candidate *cand);
/** The candidate to which @link was dialled. NULL: a registrar dialled this client,
 * or the address is no longer in the table. */
struct client_candidate *rsp_client_candidate_of(const struct client_candidates *cands,
						 const struct client_link *link);
struct rsp_client_server *rsp_client_candidate_server(const struct client_candidates *cands,
						      const struct client_candidate *cand);
/** The address of @cand; family 0: the name must be looked up. */
struct rsp_ip rsp_client_candidate_ip(const struct client_candidates *cands, const struct client_candidate *cand);
/** The entry of @hint in the table. */
struct client_candidate *rsp_client_candidate_of_hint(const struct client_candidates *cands,
						      const struct client_hint *hint);

/** Start a round: every configured address may be dialled again. During a hunt beside a
 * home, the addresses of the home are excluded. */
void rsp_client_candidate_begin_round(struct client_candidates *cands);
/** The next configured address to dial in this round. NULL: all were dialled. */
struct client_candidate *rsp_client_candidate_next(const struct client_candidates *cands);
/** Whether @cand, an announced address, may be dialled now. */
bool rsp_client_candidate_hint_ready(const struct client_candidates *cands, const struct client_candidate *cand);
/** Whether at least one announced address may be dialled now. */
bool rsp_client_candidate_any_hint_ready(const struct client_candidates *cands);
/** The announced address to dial first: the highest rank, then the fewest failures, then at random. NULL: none. */
struct client_candidate *rsp_client_candidate_best_hint(struct client_candidates *cands);
/** Whether @a is a worse choice than @b. */
bool rsp_client_candidate_is_worse(const struct client_hint *a, const struct client_hint *b);
/** The slot of @cand has a new announced address: it may be dialled at once, and has no result. */
void rsp_client_candidate_reset(struct client_candidates *cands, struct client_candidate *cand);
/** @cand is being dialled: count it, and do not dial it again in this round. */
void rsp_client_candidate_dialled(struct client_candidates *cands, struct client_candidate *cand);

/**
 * Store the result of the attempt at @cand for rsp_client_candidate_attempts(). @why.err RSP_OK:
 * the attempt succeeded. After a failure, an announced address backs off: for @base_ms, doubled
 * with each failure up to T5, varied by a quarter.
 */
void rsp_client_candidate_ended(struct client_candidates *cands, struct client_candidate *cand,
				enum rsp_client_step step, const struct rsp_why *why, uint64_t base_ms);
/** The result of an attempt, in the form for events. Its pointers point into the table. */
struct rsp_client_attempt rsp_client_candidate_result(const struct client_candidates *cands,
						      const struct client_candidate *cand, enum rsp_client_step step,
						      const struct rsp_why *why);
/** The newest result of the row @row. If the server was dialled, but no attempt has ended, the result is a timeout.
 * False: the server was not dialled. */
bool rsp_client_candidate_newest(const struct client_candidates *cands, unsigned row, struct rsp_client_attempt *ret);
const struct rsp_client_attempt *rsp_client_candidate_attempts(const struct client_candidates *cands, unsigned *ret_n);

#endif
