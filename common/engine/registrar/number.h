#ifndef RSP_REGISTRAR_NUMBER_H
#define RSP_REGISTRAR_NUMBER_H

#include "engine/registrar/member.h"

/* The numbers of statements. An element with RSP_PARAM_EPOCH numbers its own registrations. For an element without it,
 * such as one of rsplib, its home makes the numbers. */

/** An epoch was heard, in any statement. Epochs that this registrar makes are higher. */
void rsp_number_heard(struct rsp_core *core, uint64_t epoch);

/** What this registrar knows of the element @pe_id of @owner in the pool @handle: the greatest of the stored statement, the
 * pending one and the tombstone. Rank 0: nothing. @m: the stored element; NULL: none. @ret_home_id, if not NULL: its home. */
struct rsp_statement rsp_number_known(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id,
				      struct rsp_bytes owner, const struct rsp_member *m, uint32_t *ret_home_id);

/**
 * The number for the next statement about an element without EPOCH, whose process has the user transport @user; @known:
 * see rsp_number_known(). The instance stands for the process: it is that of @m while @m has the same transport protocol
 * and port, and an address in common; else a hash of @user.
 */
struct rsp_epoch rsp_number_next(const struct rsp_core *core, const struct rsp_statement *known,
				 const struct rsp_member *m, const struct rsp_transport *user);

/** Whether another process has displaced the process with the number @next (of rsp_number_next()), by what is @known. */
bool rsp_number_displaced(const struct rsp_statement *known, const struct rsp_epoch *next);

/** Whether no number is greater than that of @known: a registrar that lies can use up the numbers of an element. Its home then
 * makes no more of them: rsp_number_next() needs a number that is left. */
bool rsp_number_is_last(const struct rsp_statement *known);

#endif
