#ifndef RSP_ENGINE_CLIENT_H
#define RSP_ENGINE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/rng.h"
#include "engine/client/config.h"
#include "engine/client/event.h"
#include "engine/ops.h"
#include "proto/param.h"

/* The client engine: ASAP for Pool Elements and Pool Users (RFC 5352 s.3). It does no I/O and reads no clock: the runner,
 * the code that uses the engine, passes inputs and the time, and the engine sends, dials and reports events through struct
 * rsp_client_ops. One client manages any number of elements, resolutions and reports, and has at most one home registrar
 * at a time. The hunt is the server hunt of RFC 5352 s.3.6: the search for a home registrar. */

struct rsp_client;

/** Create a client. RSP_EUSAGE: no server, or the configuration is impossible. RSP_ENOMEM. */
enum rsp_err rsp_client_new(const struct rsp_client_config *config, const struct rsp_client_ops *ops, void *ctx,
			    struct rsp_rng rng, uint64_t now_ms, struct rsp_client **ret) RSP_NODISCARD;
void rsp_client_free(struct rsp_client *c);

/* Inputs. A link is up when it is connected and authenticated, and its role was checked. */

/** A dialled link is up. If dial() did not return the number @link, a registrar
 * has connected to the client's listener. */
void rsp_client_link_up(struct rsp_client *c, uint64_t now_ms, uint32_t link, const struct rsp_link_info *info);
/** A link closed, or its dial failed. @why may be NULL. The runner does not call
 * this for links that the engine has closed. */
void rsp_client_link_down(struct rsp_client *c, uint64_t now_ms, uint32_t link, enum rsp_client_step step,
			  const struct rsp_why *why);
/** One whole message arrived over @link. */
void rsp_client_receive(struct rsp_client *c, uint64_t now_ms, uint32_t link, struct rsp_bytes message);
/**
 * A datagram arrived on the announcement channel; its source address @source is not authenticated. The addresses in an
 * ASAP_SERVER_ANNOUNCE become candidates, up to fixed limits, until T7 expires; the hunt dials them at a limited rate. The
 * client sends no response. False: the datagram had no usable address; it is only counted.
 */
bool rsp_client_announced(struct rsp_client *c, uint64_t now_ms, const struct rsp_ip *source,
			  struct rsp_bytes datagram);
/** Run all timers that are due at @now_ms. */
void rsp_client_tick(struct rsp_client *c, uint64_t now_ms);
/** When to call rsp_client_tick() next: at or before the earliest timer. RSP_NEVER: no timer is set. */
uint64_t rsp_client_deadline(const struct rsp_client *c);

/* Requests. Each request starts the hunt if there is no home. The result is an event. */

/**
 * Register @pe in the pool @handle and keep it registered: the client renews the registration before it expires, and
 * registers again at each new home. @pe is copied. The client sets @pe->asap, the registrar sets @pe->home_id. A single
 * unspecified address (0.0.0.0 or ::) in @pe->user is replaced by the local address of the connection to the home.
 * RSP_EEXISTS, RSP_ELIMIT, RSP_EVALUE (no message can carry the element), RSP_ENOMEM.
 */
enum rsp_err rsp_client_register(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				 const struct rsp_pool_element *pe) RSP_NODISCARD;
/** The identifier of the element @pe_id was chosen at random: if another process has the same one, the client registers
 * the element under a new random identifier. Else the client removes the element. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_allow_new_id(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id) RSP_NODISCARD;
/**
 * Register the element @pe again at once with other attributes, also after a rejection. If only its load has changed, the
 * client sends at most one registration a second, with the newest load. RSP_EUNKNOWN_PE: the client does not manage it, or
 * it is being deregistered; else errors as rsp_client_register().
 */
enum rsp_err rsp_client_update(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Deregister the element. The event DEREGISTERED follows, during this call if no
 * registrar can have the element. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_deregister(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				   uint32_t pe_id) RSP_NODISCARD;
/** Deregister all elements. */
void rsp_client_deregister_all(struct rsp_client *c, uint64_t now_ms);

/**
 * Resolve @handle to at most @items elements (0: as many as the registrar sends). @watch: report changes of the pool until
 * rsp_client_unwatch(). The client subscribes to updates (the S bit), or polls if the registrar sends no updates.
 * RSP_ELIMIT, RSP_EVALUE, RSP_ENOMEM.
 */
enum rsp_err rsp_client_resolve(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t items,
				bool watch) RSP_NODISCARD;
void rsp_client_unwatch(struct rsp_client *c, struct rsp_bytes handle);

/**
 * Report to the registrar that an element is unreachable. RFC 5352 s.3.5 allows one report for each failure. RSP_EEXISTS:
 * this failure was reported already; after rsp_client_contacted() (the element was reached again), the next failure may
 * be reported. RSP_ELIMIT, RSP_EVALUE, RSP_ENOMEM.
 */
enum rsp_err rsp_client_report_unreachable(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
					   uint32_t pe_id) RSP_NODISCARD;
void rsp_client_contacted(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id);

/** At @deadline_ms, give up if a request has no answer by then. RSP_NEVER: no deadline. */
void rsp_client_set_deadline(struct rsp_client *c, uint64_t now_ms, uint64_t deadline_ms);

/**
 * Replace the configured servers by the @n servers @servers, which are copied. The home and the announced addresses stay.
 * A hunt starts again with the new list. An equal list changes nothing. RSP_EUSAGE (none, or too many) and RSP_ENOMEM keep
 * the old list.
 */
enum rsp_err rsp_client_set_servers(struct rsp_client *c, uint64_t now_ms, const struct rsp_client_server *servers,
				    unsigned n) RSP_NODISCARD;

/** Allow the hunt to start again after GAVE_UP. */
void rsp_client_retry(struct rsp_client *c, uint64_t now_ms);

/** The result of the newest attempt at each server, in the order of the list. @ret_n: their number. */
const struct rsp_client_attempt *rsp_client_attempts(const struct rsp_client *c, unsigned *ret_n);

struct rsp_client_stats {
	uint32_t home_link, home_server_id;
	const char *home_server; /* "": no home */
	unsigned elements, registered, rejected; /* all elements; how many of them are registered, rejected */
	/* resolutions without an answer, or watched; links that are open or being dialled */
	unsigned resolutions, links;
	unsigned waiting;			 /* requests that have no answer yet */
	uint64_t sent, received, dropped, keepalives, homes;
	unsigned hints;				       /* announced addresses in the table */
	uint64_t announcements, announcements_dropped; /* datagrams received; datagrams without a usable address */
};

void rsp_client_stats(const struct rsp_client *c, struct rsp_client_stats *ret);

#endif
