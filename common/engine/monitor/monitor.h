#ifndef RSP_ENGINE_MONITOR_H
#define RSP_ENGINE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "proto/message.h"

/* The monitor engine: sends one kind of request to the ENRP port of one registrar, and changes nothing there. A monitor is
 * not a registrar: its messages have a sender id, because ENRP requires one, but no address. The engine does no I/O: the
 * caller passes messages and the time, and the engine sends requests and reports events. */

enum rsp_monitor_ask {
	RSP_MONITOR_LIST,    /* the registrar's peer list: ENRP_LIST_REQUEST */
	RSP_MONITOR_TABLE,   /* its handlespace: ENRP_HANDLE_TABLE_REQUEST, page by page */
	RSP_MONITOR_PRESENCE /* whether the registrar answers: ENRP_PRESENCE with the flag that requires a reply */
};

struct rsp_monitor_config {
	enum rsp_monitor_ask ask;
	bool own;	      /* TABLE: only the elements whose home is the registrar (the W flag) */
	uint64_t deadline_ms; /* time limit of the whole run; RSP_NEVER: none */
	/* time limit of each answer; the first one includes the time to connect; 0: only @deadline_ms */
	uint32_t answer_ms;
	unsigned count;	      /* PRESENCE: number of requests; 0: no limit */
	uint32_t interval_ms; /* PRESENCE: time from an answer to the next request */
	uint32_t max_pages;   /* TABLE: most pages accepted; 0: RSP_MONITOR_PAGES_MAX */
};

#define RSP_MONITOR_PAGES_MAX	(1U << 20) /* pages of up to 64 KiB */
#define RSP_MONITOR_EMPTY_MAX	16	   /* most consecutive empty pages */
#define RSP_MONITOR_RETRY_MS	250	   /* pause after a rejection; it doubles with each one */
#define RSP_MONITOR_RETRY_MAX_MS 2000

enum rsp_monitor_event_type {
	RSP_MONITOR_LISTED,   /* .message: an ENRP_LIST_RESPONSE */
	RSP_MONITOR_PAGE,     /* .message: an ENRP_HANDLE_TABLE_RESPONSE */
	RSP_MONITOR_PRESENT,  /* .message: an ENRP_PRESENCE */
	RSP_MONITOR_REJECTED, /* the registrar is not ready to answer (the R flag); the request is sent again */
	RSP_MONITOR_DONE,     /* all answers arrived; the last event */
	/*
	 * The request failed; the last event. .why: RSP_ETIMEOUT; RSP_EREJECTED, with the cause if
	 * the registrar sent an ENRP_ERROR; RSP_ECLOSED or the error of the connection; RSP_EPROTO,
	 * or the error of the decoder, for an invalid answer.
	 */
	RSP_MONITOR_FAILED
};

/** One event. Pointers are valid during the callback. */
struct rsp_monitor_event {
	enum rsp_monitor_event_type type;
	const struct rsp_message *message;
	const struct rsp_why *why;
	uint32_t server_id; /* server id of the registrar; 0 before its first answer */
	unsigned n;	    /* number of answers so far, this one included */
};

struct rsp_monitor_ops {
	void (*send)(void *ctx, struct rsp_bytes message);
	/* The callback must not call the monitor. */
	void (*event)(void *ctx, const struct rsp_monitor_event *event);
};

struct rsp_monitor;

/** Make a monitor. The caller began to connect to the registrar at @now_ms. @ops and
 * @ctx must outlive the monitor. RSP_ENOMEM. */
enum rsp_err rsp_monitor_new(const struct rsp_monitor_config *config, const struct rsp_monitor_ops *ops, void *ctx,
			     struct rsp_rng rng, uint64_t now_ms, struct rsp_monitor **ret) RSP_NODISCARD;
void rsp_monitor_free(struct rsp_monitor *m);

/** The connection is up: send the first request. */
void rsp_monitor_up(struct rsp_monitor *m, uint64_t now_ms);

/** The connection closed, or the dial failed. @why may be NULL. */
void rsp_monitor_down(struct rsp_monitor *m, const struct rsp_why *why);

/** One whole message arrived. rsp_monitor_tick(), which may be due at once, sends the next request. */
void rsp_monitor_receive(struct rsp_monitor *m, uint64_t now_ms, struct rsp_bytes message);

/** Send the next request, or end with a timeout, if that is due at @now_ms. */
void rsp_monitor_tick(struct rsp_monitor *m, uint64_t now_ms);

/** The time at which rsp_monitor_tick() must be called next; RSP_NEVER: never again. */
uint64_t rsp_monitor_deadline(const struct rsp_monitor *m);

/** Whether the last event, DONE or FAILED, was reported. */
bool rsp_monitor_over(const struct rsp_monitor *m);

/** The number of messages that were ignored because they answer no request. */
uint64_t rsp_monitor_ignored(const struct rsp_monitor *m);

#endif
