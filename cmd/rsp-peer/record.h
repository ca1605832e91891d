#ifndef CMD_RSP_PEER_RECORD_H
#define CMD_RSP_PEER_RECORD_H

#include <jansson.h>

#include "engine/event.h"
#include "keys/scope.h"
#include "serve/announcer.h"
#include "serve/registrar_service.h"

/* The records of `rsp-peer run` (rsp.peer/1). A remote host can cause records of refusals without end, so each source
 * has a quota of each kind (quota.h). Suppressed records are counted, and the counts are printed as records. */

struct peer_records;

/** RSP_ENOMEM, RSP_EIO (no random numbers). Counts of suppressed records are printed on @loop. */
enum rsp_err peer_records_new(struct rsp_loop *loop, struct peer_records **ret) RSP_NODISCARD;

/** NULL is fine. */
void peer_records_free(struct peer_records *records);

/**
 * "joining" while the handlespace is downloaded, "listening" when it is served. @control: the path of the control
 * socket, or NULL.
 */
void peer_record_state(const char *event, const char *name, const struct rsp_registrar_service *serve, const char *control);

void peer_record_event(struct peer_records *records, const struct rsp_event *event);

/** A connection was refused, or broke. @dialled, @whom: as in serve/registrar_service.h. */
void peer_record_refused(struct peer_records *records, enum rsp_registrar_service_port port, bool dialled, const char *whom,
			 const struct rsp_why *why);

/** SIGHUP: the keys were read again. @scope: NULL in plain text. */
void peer_record_reload(const struct rsp_scope *scope);

/** SIGHUP: the keys, or the file of --output, could not be read or opened. */
void peer_record_reload_failed(const struct rsp_why *why, bool keys_in_force);

/**
 * Announcements of the @n addresses @ip with @port are sent to @to; if @why is not NULL they cannot be sent, for that
 * reason.
 */
void peer_record_announcing(const struct rsp_announce_at *to, const struct rsp_ip *ip, unsigned n, uint16_t port,
			    const struct rsp_why *why);

/** The end of the run, after the counts of suppressed records. */
void peer_record_stopped(struct peer_records *records, const struct rsp_registrar_service *serve);

/** Put "asap", "enrp" and "plain_asap": where @serve listens; null for a port that it does not have. */
void peer_put_addresses(json_t **object, const struct rsp_registrar_service *serve);

#endif
