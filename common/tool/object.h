#ifndef RSP_TOOL_OBJECT_H
#define RSP_TOOL_OBJECT_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/ip.h"
#include "net/sockaddr.h"

struct rsp_asap_client;
struct rsp_why;

/*
 * JSON objects and values that the records of several tools have. Elements, server information and other parts of
 * messages: cli/message_json.h. Errors, causes and attempts: cli/fail.h. The caller owns the result (json_decref);
 * NULL: out of memory.
 */

/** A registrar that answered a tool. */
struct tool_registrar {
	uint32_t id;	     /* 0: not known yet */
	const char *name;    /* NULL or "": not known */
	const char *address; /* "ADDR:PORT"; NULL or "": not known */
	const char *tls;     /* "TLS1.3"; NULL or "": plain text */
	const char *auth;    /* "psk", "certificate"; ignored if not @secure */
	bool secure;
};

/** { id, name, address, auth, tls, secure }. */
json_t *tool_object_registrar(const struct tool_registrar *registrar);

/**
 * The home registrar of @s; null if there is none. Its address is null if the home dialled this element and the scope
 * has no ASAP address of it; its id is null until it has sent a keep-alive.
 */
json_t *tool_object_home(const struct rsp_asap_client *s, bool element);

/** The newest attempt of @s at each registrar. @s may be NULL. */
json_t *tool_object_attempts(const struct rsp_asap_client *s);

/** "ADDR:PORT"; null for NULL. */
json_t *tool_object_sockaddr(const struct rsp_sockaddr *address);

/** "ADDR:PORT"; null without an address. */
json_t *tool_object_address(const struct rsp_ip *ip, uint16_t port);

/** Put "handle" and "handle_hex" of @handle; null for an empty one. */
void tool_object_put_handle(json_t **object, struct rsp_bytes handle);

/**
 * Put "remote" (null for none), "key" and "reason" of a connection that @why refused, and how many others were not
 * printed.
 */
void tool_object_put_refusal(json_t **object, const char *remote, const struct rsp_why *why, uint64_t suppressed);

#endif
