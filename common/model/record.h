#ifndef RSP_MODEL_RECORD_H
#define RSP_MODEL_RECORD_H

#include "model/element.h"

/*
 * The records of one element, that is of one (pool, PE identifier). Each owner has its own record with a statement. A
 * registrar that sends no statements may also say that the element is its own: that is its *word*, a record without a
 * statement. Users are shown one of the records; the others are hidden: they count in the limits of the handlespace, in
 * the lists, checksums and digests of their homes, and in walks, but not in their pool, and are never selected.
 *
 * The order of the records: statements before words; of statements, named owners before the unnamed, then the lower name
 * (octet by octet, a prefix first); of words, the lower home id. The first one is shown. So all registrars that have the
 * same records show the same one, whatever their clocks say.
 */

/** At most this many records of one element; more than two identities with one element are a misconfiguration. */
#define RSP_RECORDS_MAX 4

/** The record with a statement of exactly @owner (empty: of no owner). NULL: there is none, or @pool is NULL. */
struct rsp_element *rsp_element_find_of(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id,
					struct rsp_bytes owner);

/** The word of the registrar @home_id. NULL: there is none, or @pool is NULL. */
struct rsp_element *rsp_element_find_word(const struct rsp_handlespace *hs, const struct rsp_pool *pool, uint32_t pe_id,
					  uint32_t home_id);

/** The record of the same element that comes after @e in the order of the records; NULL: @e is the last. So the shown
 * record (rsp_element_find()) and this function go through all records. */
struct rsp_element *rsp_element_next_record(const struct rsp_handlespace *hs, const struct rsp_element *e);

static inline bool
rsp_element_is_shown(const struct rsp_element *e)
{
	return !e->hidden && !e->unlinked;
}

/** Whether @e has no statement: it is the word of its home. */
static inline bool
rsp_element_is_word(const struct rsp_element *e)
{
	return !e->stated;
}

#endif
