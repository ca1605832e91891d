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
 * The registrar engine: an ENRP server that serves elements and users (RFC 5352 s.3), and works with the other registrars
 * of the scope (RFC 5353 s.3). The engine does no I/O. The caller passes events and the time to it; it sends messages and
 * writes records through struct rsp_engine_ops. Each function below that takes @now_ms is one turn: it sets the time,
 * handles the event, and then handles all consequences of the event (common/README.md).
 */

struct rsp_registrar;

/** Make a registrar. RSP_EUSAGE: the configuration is invalid. RSP_ENOMEM. @ops and @ctx must outlive the registrar,
 * which the caller frees with rsp_registrar_free(). */
enum rsp_err rsp_registrar_new(const struct rsp_registrar_config *config, const struct rsp_engine_ops *ops, void *ctx,
			       struct rsp_rng rng, uint64_t now_ms, struct rsp_registrar **ret) RSP_NODISCARD;
void rsp_registrar_free(struct rsp_registrar *r);

/**
 * The connection @link, which this registrar dialled or accepted, is established and authenticated. RSP_ELIMIT: there are
 * too many links, this registrar is not SERVING, or it closed @link at the beginning of this turn. RSP_ENOMEM. On error
 * the caller closes the connection.
 */
enum rsp_err rsp_registrar_link_up(struct rsp_registrar *r, uint64_t now_ms, uint32_t link,
				   const struct rsp_link_info *info) RSP_NODISCARD;

/**
 * The connection @link has ended, or the dial has failed. @why->err: RSP_EUNREACHABLE, RSP_ETIMEOUT and RSP_ECLOSED mean
 * that no process answers at the address. Other errors mean that a process answers, but this registrar cannot communicate
 * with it, for example because authentication failed. A text in @why is for records and the status.
 */
void rsp_registrar_link_down(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, const struct rsp_why *why);

/** One whole message of the link's protocol was received over @link. */
void rsp_registrar_receive(struct rsp_registrar *r, uint64_t now_ms, uint32_t link, struct rsp_bytes message);

/** Whether elements are registered or are being adopted over @link. */
bool rsp_registrar_link_elements(const struct rsp_registrar *r, uint32_t link);

/** Whether @link has a subscription to a pool, RFC 5352 s.2.2.5. */
bool rsp_registrar_link_watches(const struct rsp_registrar *r, uint32_t link);

/** Handle all timers that have expired. */
void rsp_registrar_tick(struct rsp_registrar *r, uint64_t now_ms);

/**
 * The callbacks of the configuration give other answers now: check all elements and peers again. An own element whose
 * owner has no key any more, or may not register it as it is, is removed, and the removal is announced to peers. An
 * element of another home is removed here only. A peer without a key is treated as dead. RFC 5355 s.2.2-2.5.
 */
void rsp_registrar_rights_changed(struct rsp_registrar *r, uint64_t now_ms);

/** The time at which rsp_registrar_tick() must be called at the latest; RSP_NEVER: no timer is set. */
uint64_t rsp_registrar_deadline(const struct rsp_registrar *r);

/**
 * Leave the scope: close all links as soon as their messages are sent, accept no new link, and run no timer. No element is
 * deregistered: each element finds another registrar, as it does when its home dies (RFC 5352 s.3.6).
 */
void rsp_registrar_leave(struct rsp_registrar *r);

/** The present server id: that of the configuration, or the last one that this registrar has drawn, because another
 * registrar uses its former id (RSP_EVENT_SERVER_ID_DRAWN). */
uint32_t rsp_registrar_server_id(const struct rsp_registrar *r);

enum rsp_registrar_state rsp_registrar_state(const struct rsp_registrar *r);
struct rsp_registrar_stats rsp_registrar_stats(const struct rsp_registrar *r);

/** The @i-th peer (from 0), in no particular order; false past the end. */
bool rsp_registrar_peer(const struct rsp_registrar *r, unsigned i, struct rsp_peer_view *ret);
/** The @i-th registrar (from 0) that the configuration names and that is not a peer; false past the end. */
bool rsp_registrar_absent(const struct rsp_registrar *r, unsigned i, struct rsp_absent_view *ret);

/** The handlespace; the caller only reads it. */
const struct rsp_handlespace *rsp_registrar_handlespace(const struct rsp_registrar *r);

#endif
