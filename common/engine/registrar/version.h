#ifndef RSP_REGISTRAR_VERSION_H
#define RSP_REGISTRAR_VERSION_H

#include "engine/registrar/member.h"

/* Versions of statements about an element (beyond the RFC, RSP_PARAM_VERSION):
 * of two statements, the newer one counts. */

/** The newest known version of @m: the stored version, or that of its pending claim. */
uint64_t rsp_version_known(const struct rsp_member *m);

/**
 * The version for the next statement of this registrar about an element, whose newest known version is @known. It is an
 * even number: twice the wall clock in ms; but at least the next even number above @known and above the version of a
 * tombstone.
 */
uint64_t rsp_version_next(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, uint64_t known);

/**
 * The version that a takeover gives to an element with the version @known: the next odd number. All registrars compute
 * the same number. The version stays odd until the new home makes its next statement about the element.
 */
uint64_t rsp_version_taken_over(uint64_t known);

#endif
