#ifndef RSP_MODEL_TOMBSTONE_H
#define RSP_MODEL_TOMBSTONE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/table.h"
#include "model/statement.h"

/*
 * Tombstones: the statements of rank "removed", without contents. A late copy of an older statement does not add the
 * element again, because the tombstone is greater. The limits are per owner and in total, of their number and of the octets
 * of their pool handles; elements without an owner count as one owner. A tombstone that is dropped too early costs wrong
 * answers until a home has looked for the element.
 */

/** How long a tombstone is kept after its time, while a peer does not know what we know: three times the tombstone time of
 * 600 s. A peer that never learns it (a fault, or malice) must not make this registrar keep tombstones for ever. */
#define RSP_TOMBS_OVERTIME_MS 1800000U

/** The limits of octets are for handles of this length on average, several times that of usual names. Handles of
 * RSP_HANDLE_MAX would otherwise take 32 times the memory, at each registrar of the scope. */
#define RSP_TOMB_HANDLE_OCTETS 128

struct rsp_tomb_owner;

/** A tombstone. The caller only reads it. */
struct rsp_tomb {
	struct rsp_table_node node;
	TAILQ_ENTRY(rsp_tomb) entry, owner_entry; /* in the order of burial, which is that of expiry: all; of its owner */
	struct rsp_tomb_owner *of;
	struct rsp_statement statement;
	uint64_t until_ms; /* when it expires */
	uint64_t number;   /* counts the burials */
	uint32_t pe_id, home_id;
	uint16_t handle_size;
	uint8_t handle[];
};

TAILQ_HEAD(rsp_tomb_list, rsp_tomb);

/** An iteration over all tombstones in the order of burial. Between begin and end, the tombstones have a pointer to it. */
struct rsp_tomb_walk {
	LIST_ENTRY(rsp_tomb_walk) entry;
	struct rsp_tomb *at; /* the next tombstone, for the caller to read; NULL: the end */
	bool follows; /* the caller may set it: a walk at its end goes on with tombstones that are buried later */
};

struct rsp_tombs {
	struct rsp_table table; /* table.count: the number of tombstones */
	struct rsp_table owners;
	struct rsp_hash_key key;
	uint32_t max, max_of_owner;
	uint64_t octets; /* of the handles of all */
	uint64_t buried; /* the number of the last burial */
	struct rsp_tomb_list in_order;
	LIST_HEAD(, rsp_tomb_walk) walks; /* walks that have begun and have not ended */
};

/** Initialise an empty table for at most @max tombstones, and @max_of_owner of one owner. @key must be random. RSP_ENOMEM. */
enum rsp_err rsp_tombs_init(struct rsp_tombs *t, uint32_t max, uint32_t max_of_owner, struct rsp_hash_key key)
	RSP_NODISCARD;

/** Free all tombstones. { 0 } is a valid argument. */
void rsp_tombs_done(struct rsp_tombs *t);

/**
 * Store until @until_ms that the registrar @home_id has removed the element @pe_id of @owner (empty: none) in the pool
 * @handle. A greater statement replaces the stored one; another changes nothing. @until_ms must not decrease from call to
 * call. At a limit, the tombstone of @owner that expires first is dropped; if @owner has none, the first of all; and so on,
 * until there is room. A tombstone with a long handle is stored in any case, if need be alone. Those that a walk which
 * @follows has not returned yet are not dropped: there are more than the limit until the walk has returned them, and another
 * one is stored.
 * RSP_EVALUE: the statement is not of rank "removed", or handle or owner have an invalid length. RSP_ELIMIT: a limit is 0.
 * RSP_ENOMEM. On error, nothing is stored.
 */
enum rsp_err rsp_tomb_put(struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner,
			  const struct rsp_statement *statement, uint32_t home_id, uint64_t until_ms) RSP_NODISCARD;

/** Find a tombstone; NULL: there is none. The pointer is valid until tombstones are put or dropped. */
const struct rsp_tomb *rsp_tomb_find(const struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id,
				     struct rsp_bytes owner);

/** Drop a tombstone, if there is one: the element is back. */
void rsp_tomb_forget(struct rsp_tombs *t, struct rsp_bytes handle, uint32_t pe_id, struct rsp_bytes owner);

/** Drop the tombstones that have expired at @now_ms. @out_of_step: a peer that is heard does not know what this registrar
 * knows; then keep each for at most RSP_TOMBS_OVERTIME_MS longer. */
void rsp_tombs_expire(struct rsp_tombs *t, uint64_t now_ms, bool out_of_step);

/** Drop all tombstones. */
void rsp_tombs_clear(struct rsp_tombs *t);

/** The key and the owner (empty: none) of @stone, as views that are valid as long as @stone. */
struct rsp_bytes rsp_tomb_handle(const struct rsp_tomb *stone);
struct rsp_bytes rsp_tomb_owner(const struct rsp_tomb *stone);

/**
 * Walk over all tombstones. Meanwhile, tombstones may come and go: the walk returns each one that exists from its begin to
 * its end; one that is replaced meanwhile comes later, or again. A walk that has reached the end stays there, unless it
 * @follows.
 */
void rsp_tomb_walk_begin(struct rsp_tombs *t, struct rsp_tomb_walk *walk);

/** The next tombstone; the walk moves past it. NULL at the end. */
const struct rsp_tomb *rsp_tomb_walk_next(struct rsp_tomb_walk *walk);

/** End @walk. A walk that has not begun ({ 0 }), or has ended, does not change. */
void rsp_tomb_walk_end(struct rsp_tomb_walk *walk);

#endif
