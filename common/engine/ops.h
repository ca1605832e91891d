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

/* What an engine needs of the one who runs it. A link is a connection that carries messages; its number is chosen by
 * the one who runs the engine, is not 0, and is not used again while the engine may know it. */

/** Who is at the other end of a link. Strings live during the call that passes it. */
struct rsp_link_info {
	enum rsp_protocol protocol; /* what it carries */
	enum rsp_carrier carrier;
	enum rsp_role role;
	bool secure;
	const char *identity; /* the name that the other side's key stands for; NULL: users, plain text */
	struct rsp_ip remote, local;
	uint16_t remote_port;
	/* Further addresses of the other side, if the association is multihomed; live during the call. TCP: NULL, 0. */
	const struct rsp_ip *others;
	unsigned n_others;
};

/** Whom to dial. */
struct rsp_dial {
	enum rsp_protocol protocol;
	enum rsp_carrier carrier;
	enum rsp_role role;	 /* as whom */
	/* whose key or certificate must answer; lives during the call. NULL: any registrar's of the scope */
	const char *server_name;
	struct rsp_ip ip; /* none: where @server_name is, as the configuration says */
	uint16_t port;
};

struct rsp_event;

/** Calls from the engine. None of them may call back into it. */
struct rsp_engine_ops {
	/** Queue one whole message; the octets are the engine's. A link that cannot take it goes down later. */
	void (*send)(void *ctx, uint32_t link, struct rsp_bytes message);
	/** Close once what was sent is out. The engine has forgotten the link; no link_down follows. */
	void (*close)(void *ctx, uint32_t link);
	/** A new link's number, or 0. Its link_up or link_down comes later, never during the call. */
	uint32_t (*dial)(void *ctx, const struct rsp_dial *to);
	/** Something worth a record happened. Views live during the call. */
	void (*record)(void *ctx, const struct rsp_event *event);
};

#endif
