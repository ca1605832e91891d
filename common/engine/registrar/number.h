#ifndef RSP_REGISTRAR_NUMBER_H
#define RSP_REGISTRAR_NUMBER_H

#include "engine/registrar/member.h"

/* The numbers of statements. An element with RSP_PARAM_EPOCH numbers its own registrations. For an element without it,
 * such as one of rsplib, its home makes the numbers. */

/** An epoch was heard, in any statement. Epochs that this registrar makes are higher. */
void rsp_number_heard(struct rsp_core *core, uint64_t epoch);

/** The greatest statement that is known of an element. */
struct rsp_known {
	struct rsp_statement statement; /* rank 0: nothing is known */
	uint32_t home_id;
	const struct rsp_tomb *tomb; /* it is that of this tombstone; NULL: it is the stored or the pending statement */
};

/** What this registrar knows of the element @pe_id of @owner in the pool @handle. @m: the stored element; NULL: none. */
struct rsp_known rsp_number_known(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id,
				  struct rsp_bytes owner, const struct rsp_member *m);

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
