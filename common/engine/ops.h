#ifndef RSP_ENGINE_OPS_H
#define RSP_ENGINE_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/carrier.h"
#include "base/ip.h"
#include "base/err.h"
#include "base/role.h"
#include "proto/message.h"

/* The functions that an engine calls in its runner, the code that does the I/O for the engine. A link is a connection that
 * carries messages. The runner chooses the number of each link: not 0, and not the number of another link that the engine
 * knows. */

/** The other side of a link. Strings are valid during the call that passes this struct. */
struct rsp_link_info {
	enum rsp_protocol protocol; /* the protocol of its messages */
	enum rsp_carrier carrier;
	enum rsp_role role;
	bool secure;
	const char *identity; /* the name in the key of the other side; NULL: users, plain text */
	struct rsp_ip remote, local;
	uint16_t remote_port;
	/* Further addresses of the other side, if the association is multihomed;
	 * valid during the call. TCP: NULL, 0. */
	const struct rsp_ip *others;
	unsigned n_others;
};

/** The destination of a dial. */
struct rsp_dial {
	enum rsp_protocol protocol;
	enum rsp_carrier carrier;
	enum rsp_role role;	 /* the role in which this side authenticates */
	/* the name that the key or certificate of the other side must have; valid during
	 * the call. NULL: any registrar of the scope */
	const char *server_name;
	struct rsp_ip ip; /* family 0: the configuration gives the address of @server_name */
	uint16_t port;
};

struct rsp_event;

/** Calls from the engine to the runner. They must not call the engine. */
struct rsp_engine_ops {
	/** Queue a copy of one whole message. If the link cannot take the
	 * message, the runner reports link_down later. */
	void (*send)(void *ctx, uint32_t link, struct rsp_bytes message);
	/** Close @link as soon as all queued messages are sent. The runner does not report link_down for it. */
	void (*close)(void *ctx, uint32_t link);
	/** Return the number of a new link, or 0: the dial failed. The runner reports link_up
	 * or link_down later, never during this call. */
	uint32_t (*dial)(void *ctx, const struct rsp_dial *to);
	/** Record @event. Pointers in @event are valid during the call. */
	void (*record)(void *ctx, const struct rsp_event *event);
};

#endif
