#ifndef RSP_REGISTRAR_RIGHTS_H
#define RSP_REGISTRAR_RIGHTS_H

#include "engine/registrar/member.h"

/* What identities may register, RFC 5355 s.2.1-2.4: addresses, pools, and how many elements. */

/** Why @link may not change registrations: it is not a connection of an element that showed its key. NONE: it may. */
enum rsp_reason rsp_rights_no_element(const struct rsp_core *core, const struct rsp_link *link);

/** Whether @identity (NULL: none) may register each address of @transport over @link. RFC 5352 s.2.2.1 */
bool rsp_rights_addresses(const struct rsp_core *core, const struct rsp_link *link, const char *identity,
			  const struct rsp_transport *transport);

/** Whether @identity (NULL: none) may register @user: an Opaque transport cannot be compared with any address. */
bool rsp_rights_opaque(const struct rsp_core *core, const char *identity, const struct rsp_transport *user);

/** How many elements @identity (NULL: none) may register here, how many pools it may create, and how fast. */
uint32_t rsp_rights_elements(const struct rsp_core *core, const char *identity);
uint32_t rsp_rights_pools(const struct rsp_core *core, const char *identity);
struct rsp_rate rsp_rights_rate(const struct rsp_core *core, const char *identity);

/** Whether the owner of the own element @m, which has one, may register it as it is. */
bool rsp_rights_own(struct rsp_core *core, const struct rsp_member *m);

/**
 * Why the owner of @pe, in the pool @handle of another registrar, may not register it. NONE: it may, or its rights are
 * not known here (another registrar may have a newer authz.json).
 */
enum rsp_reason rsp_rights_foreign(const struct rsp_core *core, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe);

/**
 * Why @pe, which another registrar says is in the pool @handle, is not accepted from it: its owner may not register it,
 * or its home has its share of the handlespace. NONE: it is. @ret_cause: the error cause of the refusal.
 */
enum rsp_reason rsp_rights_refusal(const struct rsp_core *core, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe, uint16_t *ret_cause);

#endif
