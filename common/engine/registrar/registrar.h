#ifndef RSP_REGISTRAR_REGISTRAR_H
#define RSP_REGISTRAR_REGISTRAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "engine/event.h"
#include "engine/ops.h"
#include "engine/registrar/config.h"
#include "engine/registrar/view.h"

/*
 * The registrar: an ENRP server with its service to elements and users (RFC 5352 s.3) and its part among the other
 * registrars of the scope (RFC 5353 s.3). Sans-I/O: events and the time go in, messages and records come out through
 * struct rsp_engine_ops. Each entry below is one turn: it notes the time, handles the event, and then settles what
 * follows from it (common/README.md).
 */

struct rsp_registrar;

/** RSP_EUSAGE for an impossible configuration, RSP_ENOMEM. @ops and @ctx must outlive the registrar, which the caller
 * frees with rsp_registrar_free(). */
enum rsp_err rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
			       struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret) RSP_NODISCARD;
void rsp_registrar_free(struct rsp_registrar *r);

/**
 * The connection @link is established and authenticated: this registrar dialled it, or accepted it. RSP_ELIMIT: there
 * are too many links, this registrar does not serve now, or it gave the link up in this turn. RSP_ENOMEM. On error the
 * caller closes the connection.
 */
enum rsp_err rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t link,
				   const struct rsp_link_info *info) RSP_NODISCARD;

/**
 * The connection @link has ended, or the attempt to dial it has failed. @why: RSP_EUNREACHABLE, RSP_ETIMEOUT and
 * RSP_ECLOSED mean that nothing answers there any more; other errors mean that something does, with which this
 * registrar cannot speak.
 */
void rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, enum rsp_err why);

/** As rsp_registrar_link_down(), with a text about the failure for records and status. */
void rsp_registrar_link_failed(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, const struct rsp_why *why);

/** One whole message of the link's protocol was received over @link. */
void rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, struct rsp_bytes message);

/** Whether elements are registered over @link, or are being adopted over it. */
bool rsp_registrar_link_elements(const struct rsp_registrar *r, uint32_t link);

/** Whether @link is subscribed to the changes of a pool, RFC 5352 s.2.2.5. */
bool rsp_registrar_link_watches(const struct rsp_registrar *r, uint32_t link);

/** Handle all timers that have expired. */
void rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms);

/**
 * The answers of the configuration's callbacks have changed: check all elements and peers again. Own elements whose
 * owner has no key any more, or may not register them as they are, are removed and the removal is announced; elements of
 * other registrars are only removed here. A peer without a key is treated as dead. RFC 5355 s.2.2-2.5.
 */
void rsp_registrar_rights_changed(struct rsp_registrar *r, uint64_t now_ms);

/** When rsp_registrar_tick() must be called at the latest; RSP_NEVER: no timer is set. */
uint64_t rsp_registrar_deadline(const struct rsp_registrar *r);

/**
 * Leave the scope: close all links once their messages are sent, accept no more, do nothing more. No element is
 * deregistered: each finds another registrar, as it does when a registrar dies (RFC 5352 s.3.6).
 */
void rsp_registrar_leave(struct rsp_registrar *r);

enum rsp_registrar_state rsp_registrar_state(const struct rsp_registrar *r);
struct rsp_registrar_stats rsp_registrar_stats(const struct rsp_registrar *r);

/** The @i-th peer (from 0), in no particular order; false past the end. */
bool rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret);
/** The @i-th registrar (from 0) that the configuration names and that is not a peer; false past the end. */
bool rsp_registrar_absent(const struct rsp_registrar *r, unsigned i, struct rsp_absent_view *ret);

/** The handlespace, for reading. */
const struct rsp_handlespace *rsp_registrar_handlespace(const struct rsp_registrar *r);

#endif
