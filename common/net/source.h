#ifndef RSP_NET_SOURCE_H
#define RSP_NET_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/ip.h"
#include "net/accepted.h"
#include "net/listener.h"

/* For net's own files only. The sources of a listener's connections: a source is an IPv4 address or an IPv6 /64. Limits
 * how many connections, new connections in a second, and unfinished handshakes one source may have. RFC 5355 s.2.1,
 * s.2.13. */

TAILQ_HEAD(rsp_source_queue, rsp_source);
LIST_HEAD(rsp_source_list, rsp_source);

#define RSP_SOURCE_KNOWN_MS  3600000 /* how long a source counts as known after its last connection with a key */
#define RSP_SOURCE_IDLE_MAX  8192    /* sources without a connection that are kept, for their token buckets */
#define RSP_SOURCE_KNOWN_MAX 8192    /* known sources without a connection that are kept */

struct rsp_source {
	LIST_ENTRY(rsp_source) entry;
	/* in @rest of the table while the source has no connection */
	TAILQ_ENTRY(rsp_source) rest;
	TAILQ_ENTRY(rsp_source) shaking[RSP_SHAKES_COUNT]; /* while it has unfinished handshakes in that table */
	TAILQ_ENTRY(rsp_source) crowd;                     /* while it has users */
	struct rsp_ip ip;
	uint32_t n, n_named; /* connections; those that are open and have a key */
	uint32_t n_shakes[RSP_SHAKES_COUNT], n_users;
	struct rsp_accepted_queue shakes[RSP_SHAKES_COUNT]; /* the oldest first */
	struct rsp_accepted_queue users;                    /* open, without a key; the longest idle one first */
	size_t held;                                      /* octets of memory in the queues of its users */
	uint64_t millitokens, filled_ms;                  /* token bucket of new connections; full if @filled_ms is 0 */
	uint64_t known_ms;                                /* when it last had a connection with a key; 0: never */
	uint64_t rest_ms;                                 /* the time at which its last connection was closed */
	bool known_rest;                                  /* the source is in rest[1] of the table */
};

#define RSP_SOURCE_BUCKETS 1024

struct rsp_sources {
	const struct rsp_listener_limits *limits;
	struct rsp_hash_key hash_key;
	struct rsp_source_list bucket[RSP_SOURCE_BUCKETS];
	struct rsp_source_queue rest[2]; /* without a connection, known ones in [1]; ordered by rest_ms */
	uint32_t n_rest[2];
	struct rsp_source_queue shaking[RSP_SHAKES_COUNT]; /* ordered by when their first handshake began */
	uint32_t n_shakes[RSP_SHAKES_COUNT];
};

/** An empty table; @limits must outlive it. RSP_EIO: there are no random numbers. */
enum rsp_err rsp_sources_init(struct rsp_sources *sources, const struct rsp_listener_limits *limits) RSP_NODISCARD;

/** Free all sources. No connection may still refer to a source. */
void rsp_sources_done(struct rsp_sources *sources);

/**
 * Count one more connection from @ip at @now_ms, and take a token from the bucket of its source. RSP_ELIMIT:
 * *@ret_limit names the limit that was reached ("connections from there"), static. RSP_ENOMEM.
 */
enum rsp_err rsp_source_take(struct rsp_sources *sources, const struct rsp_ip *ip, uint64_t now_ms,
			     struct rsp_source **ret, const char **ret_limit) RSP_NODISCARD;

/** A connection of @source was closed: count it off. NULL is fine. */
void rsp_source_release(struct rsp_sources *sources, struct rsp_source *source, uint64_t now_ms);

/** A node with a key is at @source at @now_ms: for RSP_SOURCE_KNOWN_MS its handshakes may use the reserve. */
void rsp_source_know(struct rsp_source *source, uint64_t now_ms);

/** The same for the source of @ip, which may have no connection here. No effect if out of memory. */
void rsp_sources_know(struct rsp_sources *sources, const struct rsp_ip *ip, uint64_t now_ms);

/**
 * Enter @a, which is NEW and has its source, in a table of unfinished handshakes. Returns the connection whose
 * handshake must end for it, which may be @a, or NULL: the oldest of its source if that has more than its share; the
 * newest of the source with the most, if the table is full.
 */
struct rsp_accepted *rsp_source_shake(struct rsp_sources *sources, struct rsp_accepted *a, uint64_t now_ms);

/**
 * Take @a out of its table, if it is in one: its handshake is over, or the connection is closed. SHAKING becomes NEW.
 */
void rsp_source_shaken(struct rsp_sources *sources, struct rsp_accepted *a);

#endif
