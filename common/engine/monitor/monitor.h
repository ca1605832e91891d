#ifndef RSP_ENGINE_MONITOR_H
#define RSP_ENGINE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "proto/message.h"

/* A monitor: puts one question to one registrar's ENRP port, and changes nothing. It is no server: it has an id for the
 * sake of the messages, and never says where it could be found. Sans-I/O: messages and the time go in, requests and
 * events come out. */

enum rsp_monitor_ask {
	RSP_MONITOR_LIST,    /* which registrars there are: ENRP_LIST_REQUEST */
	RSP_MONITOR_TABLE,   /* the handlespace: ENRP_HANDLE_TABLE_REQUEST, page after page */
	RSP_MONITOR_PRESENCE /* whether it is there: ENRP_PRESENCE that demands a reply */
};

struct rsp_monitor_config {
	enum rsp_monitor_ask ask;
	bool own;	      /* TABLE: of the registrar's own elements only (the W flag) */
	uint64_t deadline_ms; /* the end of all patience; RSP_NEVER: none */
	uint32_t answer_ms;   /* how long each answer may take, the first one with the connection; 0: until then */
	unsigned count;	      /* PRESENCE: how often; 0: without end */
	uint32_t interval_ms; /* PRESENCE: from one to the next */
	uint32_t max_pages;   /* TABLE: more are a registrar that does not come to an end; 0: RSP_MONITOR_PAGES_MAX */
};

#define RSP_MONITOR_PAGES_MAX	(1U << 20) /* of up to 64 KiB */
#define RSP_MONITOR_EMPTY_MAX	16	   /* empty pages in a row */
#define RSP_MONITOR_RETRY_MS	250	   /* after a rejection; then twice that, and so on */
#define RSP_MONITOR_RETRY_MAX_MS 2000

enum rsp_monitor_event_type {
	RSP_MONITOR_LISTED,   /* .message: an ENRP_LIST_RESPONSE */
	RSP_MONITOR_PAGE,     /* .message: an ENRP_HANDLE_TABLE_RESPONSE */
	RSP_MONITOR_PRESENT,  /* .message: an ENRP_PRESENCE */
	RSP_MONITOR_REJECTED, /* the registrar is not ready to answer (the R flag); it is asked again */
	RSP_MONITOR_DONE,     /* that was all */
	/* .why: RSP_ETIMEOUT, RSP_EREJECTED (with the cause, if an ENRP_ERROR told one), RSP_ECLOSED or what took the
	 * connection, RSP_EPROTO, or what is wrong with a message. The last event, as DONE is. */
	RSP_MONITOR_FAILED
};

/** Views live during the call. */
struct rsp_monitor_event {
	enum rsp_monitor_event_type type;
	const struct rsp_message *message;
	const struct rsp_why *why;
	uint32_t server_id; /* the registrar's; 0 until it has said anything */
	unsigned n;	    /* how many pages or presences there were, with this one */
};

struct rsp_monitor_ops {
	void (*send)(void *ctx, struct rsp_bytes message);
	/* May not call the monitor. */
	void (*event)(void *ctx, const struct rsp_monitor_event *event);
};

struct rsp_monitor;

/** The connection is being made as of now. RSP_ENOMEM. @ops and @ctx must outlive it. */
enum rsp_err rsp_monitor_new(const struct rsp_monitor_config *config, const struct rsp_monitor_ops *ops, void *ctx,
			     struct rsp_rng rng, uint64_t now_ms, struct rsp_monitor **ret) RSP_NODISCARD;
void rsp_monitor_free(struct rsp_monitor *m);

/** The connection is there. */
void rsp_monitor_up(struct rsp_monitor *m, uint64_t now_ms);

/** It is gone, or never came about; @why may be NULL. */
void rsp_monitor_down(struct rsp_monitor *m, const struct rsp_why *why);

/** One whole message came. What follows from it is sent by the next rsp_monitor_tick(), which is due at once. */
void rsp_monitor_receive(struct rsp_monitor *m, uint64_t now_ms, struct rsp_bytes message);

/** Do what is due. */
void rsp_monitor_tick(struct rsp_monitor *m, uint64_t now_ms);

/** When to tick next at the latest; RSP_NEVER if nothing is due. */
uint64_t rsp_monitor_deadline(const struct rsp_monitor *m);

/** Whether DONE or FAILED was told. */
bool rsp_monitor_over(const struct rsp_monitor *m);

/** How many messages came that answer nothing, and were passed over. */
uint64_t rsp_monitor_ignored(const struct rsp_monitor *m);

#endif
