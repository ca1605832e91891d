#ifndef RSP_NET_ANNOUNCE_H
#define RSP_NET_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "net/sockaddr.h"

/* Announcements: UDP datagrams to and from a multicast group or one address. They are not authenticated, and their
 * octets are not interpreted here. */

struct rsp_loop;

#define RSP_ANNOUNCE_PORT     3863 /* asap-udp, RFC 5352 s.8.2; its groups are 224.0.1.185 and ff0x::133, s.8.4 */
#define RSP_ANNOUNCE_MAX      1200 /* octets of a datagram: no path of today has to fragment it */
#define RSP_ANNOUNCE_TEXT_MAX (RSP_SOCKADDR_TEXT_MAX + 16)

/** Where datagrams are sent to, or received at. */
struct rsp_announce_at {
	struct rsp_sockaddr sa;
	unsigned interface; /* its index; 0: the system chooses */
	uint8_t hops;       /* the TTL or hop limit of a multicast datagram */
};

/**
 * Read "GROUP[%INTERFACE][:PORT][/HOPS]", IPv6 in brackets if a port follows; the address is numeric and may be no
 * group, but one host's. Without HOPS a multicast datagram stays on its link. RSP_EVALUE.
 */
enum rsp_err rsp_announce_parse(const char *text, struct rsp_announce_at *ret) RSP_NODISCARD;

/** Write @at as "GROUP[%INTERFACE]:PORT". */
void rsp_announce_format(const struct rsp_announce_at *at, char out[static RSP_ANNOUNCE_TEXT_MAX]);

/** Whether @at is a multicast group. */
bool rsp_announce_is_group(const struct rsp_announce_at *at);

/** A sender. */
struct rsp_announce_sender;

/** RSP_EIO, RSP_ENOMEM with @why. */
enum rsp_err rsp_announce_sender_new(const struct rsp_announce_at *at, struct rsp_announce_sender **ret,
				     struct rsp_why *why) RSP_NODISCARD;

/**
 * Our address that the kernel would send from, by its present routes. RSP_EUNREACHABLE with @why: there is no route.
 */
enum rsp_err rsp_announce_source(struct rsp_announce_sender *sender, struct rsp_ip *ret,
				 struct rsp_why *why) RSP_NODISCARD;

/**
 * Send @datagram; it is no error if it is not received. RSP_ELIMIT if it is longer than RSP_ANNOUNCE_MAX,
 * RSP_EUNREACHABLE if it is lost, with @why.
 */
enum rsp_err rsp_announce_send(struct rsp_announce_sender *sender, struct rsp_bytes datagram,
			       struct rsp_why *why) RSP_NODISCARD;

/** NULL is fine. */
void rsp_announce_sender_free(struct rsp_announce_sender *sender);

/** A listener. It reads at most RSP_ANNOUNCE_BURST datagrams in RSP_ANNOUNCE_WINDOW_MS. */
struct rsp_announce_listener;

/** A datagram came; its source address, which may be forged, is @from. The call may free the listener. */
typedef void rsp_announce_heard(void *ctx, const struct rsp_sockaddr *from, struct rsp_bytes datagram);

struct rsp_announce_stats {
	uint64_t heard;    /* given to @heard */
	uint64_t oversize; /* dropped: longer than RSP_ANNOUNCE_MAX */
	/* how often the listener stopped reading at RSP_ANNOUNCE_BURST; the kernel may drop datagrams then */
	uint64_t pauses;
};

#define RSP_ANNOUNCE_BURST    256 /* datagrams read in one RSP_ANNOUNCE_WINDOW_MS at most */
#define RSP_ANNOUNCE_WINDOW_MS 100

/**
 * Listen at @at, a group to join or an address of ours; port 0: the kernel chooses. Several programs of one host may
 * listen to a group's port. RSP_EIO with @why.
 */
enum rsp_err rsp_announce_listen(struct rsp_loop *loop, const struct rsp_announce_at *at, rsp_announce_heard *heard,
				 void *ctx, struct rsp_announce_listener **ret, struct rsp_why *why) RSP_NODISCARD;

/** The address and port that the listener is bound to. */
const struct rsp_announce_at *rsp_announce_listener_at(const struct rsp_announce_listener *l);

struct rsp_announce_stats rsp_announce_listener_stats(const struct rsp_announce_listener *l);

/** NULL is fine. */
void rsp_announce_listener_free(struct rsp_announce_listener *l);

#endif
