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

/* The ASAP client, for elements and for users (RFC 5352 s.3). Sans-I/O: inputs and the time go in; messages, dials and
 * events come out. It reads no clock and opens no socket. One client holds any number of elements, resolutions and
 * reports, and has at most one home registrar at a time. */

struct rsp_client;

/** Create a client. RSP_EUSAGE: no server, or the configuration is impossible. RSP_ENOMEM. */
enum rsp_err rsp_client_new(const struct rsp_client_config *config, const struct rsp_client_ops *ops, void *ctx,
			    struct rsp_rng rng, uint64_t now_ms, struct rsp_client **ret) RSP_NODISCARD;
void rsp_client_free(struct rsp_client *c);

/* Inputs. A link is up when it is usable: connected, authenticated, its role checked. */

/** A dialled link is up; or a registrar dialled our listener, if @link is a number that dial did not return. */
void rsp_client_link_up(struct rsp_client *c, uint64_t now_ms, uint32_t link, const struct rsp_link_info *info);
/** A link closed, or its dial failed. @why may be NULL. Not called for links that the engine closed. */
void rsp_client_link_down(struct rsp_client *c, uint64_t now_ms, uint32_t link, enum rsp_client_step step,
			  const struct rsp_why *why);
/** One whole message arrived on @link. */
void rsp_client_receive(struct rsp_client *c, uint64_t now_ms, uint32_t link, struct rsp_bytes message);
/**
 * A datagram arrived on the announcement channel; its sender address @source is not authenticated. An
 * ASAP_SERVER_ANNOUNCE adds its addresses, up to fixed limits, until T7 expires; they are dialled at a limited rate. No
 * response is sent. Returns false if nothing in the datagram was usable; that is only counted.
 */
bool rsp_client_announced(struct rsp_client *c, uint64_t now_ms, const struct rsp_ip *source,
			  struct rsp_bytes datagram);
/** Run all timers that are due at @now_ms. */
void rsp_client_tick(struct rsp_client *c, uint64_t now_ms);
/** When to call rsp_client_tick() next: at or before the earliest timer. RSP_NEVER: no timer is set. */
uint64_t rsp_client_deadline(const struct rsp_client *c);

/* Requests. Each starts the hunt for a home if there is none; the result is an event. */

/**
 * Register @pe in the pool @handle and keep it registered: renewed in time, and registered again at each new home. @pe
 * is copied. The engine fills in @pe->asap and @pe->home_id; a single unspecified address (0.0.0.0) in @pe->user
 * becomes the local address of the home's connection. RSP_EEXISTS, RSP_ELIMIT, RSP_EVALUE (no message can carry it),
 * RSP_ENOMEM.
 */
enum rsp_err rsp_client_register(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				 const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Register the held element @pe again at once, with other attributes. Also after a rejection. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_update(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe) RSP_NODISCARD;
/** Deregister; DEREGISTERED follows, in this call if the element was never registered. RSP_EUNKNOWN_PE. */
enum rsp_err rsp_client_deregister(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
				   uint32_t pe_id) RSP_NODISCARD;
/** Deregister all elements. */
void rsp_client_deregister_all(struct rsp_client *c, uint64_t now_ms);

/**
 * Resolve @handle, to at most @items elements (0: as many as the registrar sends). @watch: follow the pool until
 * rsp_client_unwatch(), by updates (the S bit) or, if the registrar sends none, by polling. RSP_ELIMIT, RSP_EVALUE,
 * RSP_ENOMEM.
 */
enum rsp_err rsp_client_resolve(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle, uint32_t items,
				bool watch) RSP_NODISCARD;
void rsp_client_unwatch(struct rsp_client *c, struct rsp_bytes handle);

/**
 * Report to the registrar that an element is unreachable. RSP_EEXISTS: this failure was reported already, and
 * RFC 5352 s.3.5 allows one report a failure; rsp_client_contacted() says that the element was reached since.
 * RSP_ELIMIT, RSP_EVALUE, RSP_ENOMEM.
 */
enum rsp_err rsp_client_report_unreachable(struct rsp_client *c, uint64_t now_ms, struct rsp_bytes handle,
					   uint32_t pe_id) RSP_NODISCARD;
void rsp_client_contacted(struct rsp_client *c, struct rsp_bytes handle, uint32_t pe_id);

/** Give up at @deadline_ms if a request is unanswered then. RSP_NEVER: no deadline. */
void rsp_client_set_deadline(struct rsp_client *c, uint64_t now_ms, uint64_t deadline_ms);

/**
 * Replace the configured servers by these @n, which are copied. The home and the announced addresses stay; a hunt
 * starts again with the new list. An equal list changes nothing. RSP_EUSAGE (none, or too many) and RSP_ENOMEM keep the
 * old one.
 */
enum rsp_err rsp_client_set_servers(struct rsp_client *c, uint64_t now_ms, const struct rsp_client_server *servers,
				    unsigned n) RSP_NODISCARD;

/** Start the hunt again after GAVE_UP. */
void rsp_client_retry(struct rsp_client *c, uint64_t now_ms);

/** The newest attempt at each server, in the order of the list: @ret_n of them. */
const struct rsp_client_attempt *rsp_client_attempts(const struct rsp_client *c, unsigned *ret_n);

struct rsp_client_stats {
	uint32_t home_link, home_server_id;
	const char *home_server; /* "": no home */
	unsigned elements, registered, rejected; /* all elements; registered and rejected ones of them */
	unsigned resolutions, links;		 /* unanswered or watched; open or being dialled */
	unsigned waiting;			 /* requests without an answer so far */
	uint64_t sent, received, dropped, keepalives, homes;
	unsigned hints;				       /* announced addresses remembered now */
	uint64_t announcements, announcements_dropped; /* datagrams heard; those without anything usable */
};

void rsp_client_stats(const struct rsp_client *c, struct rsp_client_stats *ret);

#endif
