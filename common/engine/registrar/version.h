#ifndef RSP_REGISTRAR_VERSION_H
#define RSP_REGISTRAR_VERSION_H

#include "engine/registrar/member.h"

/* Versions of statements about an element (beyond the RFC, RSP_PARAM_VERSION): the newer statement holds. */

/** The newest version that is known of @m: of what is stored, or of a pending claim. */
uint64_t rsp_version_known(const struct rsp_member *m);

/**
 * The version of this registrar's next statement about an element whose newest known version is @known: an even number,
 * twice the wall clock in ms, or the next even number above @known and above the version of a remembered removal.
 */
uint64_t rsp_version_next(const struct rsp_core *core, struct rsp_bytes handle, uint32_t pe_id, uint64_t known);

/**
 * The version of an element with the version @known after a takeover: the next odd number. It stays odd until the
 * element has registered with its new home. All registrars that hear of the takeover count alike.
 */
uint64_t rsp_version_taken_over(uint64_t known);

#endif
