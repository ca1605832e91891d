#ifndef RSP_REGISTRAR_RIGHTS_H
#define RSP_REGISTRAR_RIGHTS_H

#include "engine/registrar/member.h"

/* The rights of identities to register elements, RFC 5355 s.2.1-2.4: addresses, pools, and numbers. */

/** The reason why the other side of @link may not change registrations: it has not
 * authenticated as an element. NONE: it may. */
enum rsp_reason rsp_rights_no_element(const struct rsp_core *core, const struct rsp_link *link);

/** Whether @identity (NULL: none) may register each address of @transport over @link. RFC 5352 s.2.2.1 */
bool rsp_rights_addresses(const struct rsp_core *core, const struct rsp_link *link, const char *identity,
			  const struct rsp_transport *transport);

/** Whether @identity (NULL: none) may register the user transport @user. An Opaque transport needs a right of its own,
 * because it has no address to check. */
bool rsp_rights_opaque(const struct rsp_core *core, const char *identity, const struct rsp_transport *user);

/** How many elements @identity (NULL: none) may register here, how many pools it may
 * create here, and at which rate it may register. */
uint32_t rsp_rights_elements(const struct rsp_core *core, const char *identity);
uint32_t rsp_rights_pools(const struct rsp_core *core, const char *identity);
struct rsp_rate rsp_rights_rate(const struct rsp_core *core, const char *identity);

/** Whether the owner of the own element @m still has the right to register it as it is. @m has an owner. */
bool rsp_rights_own(struct rsp_core *core, const struct rsp_member *m);

/**
 * The reason why the owner of @pe, an element of another home in the pool @handle, may not register it. NONE: it may, or
 * this registrar does not know the rights of the owner (other registrars may have a newer authz.json).
 */
enum rsp_reason rsp_rights_foreign(const struct rsp_core *core, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe);

/**
 * The reason why this registrar refuses @pe in the pool @handle from another registrar: its owner may not register it, or
 * its home would exceed a limit of the handlespace, or all that other registrars state would, whatever the home. NONE: it is
 * accepted. @ret_cause: the error cause of the refusal.
 */
enum rsp_reason rsp_rights_refusal(const struct rsp_core *core, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe, uint16_t *ret_cause);

#endif
