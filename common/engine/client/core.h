#ifndef RSP_ENGINE_CLIENT_CORE_H
#define RSP_ENGINE_CLIENT_CORE_H

#include <sys/queue.h>

#include "base/hash.h"
#include "engine/client/client.h"
#include "engine/client/state.h"
#include "model/wheel.h"

/* The parts that all files of the client use: the time of this turn, timers, the list of news, encoding and sending.
 *
 * A file calls only files that come before it in this list: state, core, number, link, candidate, announce, verdict,
 * attempt, hunt, element, registration, keepalive, lookup, report, client.
 *
 * A turn is one call of a function of client.h. The function sets the time and handles one input, which changes the states
 * of objects. An object with news, that is, changes to report as an event, is put on the list of news. settle() in
 * client.c ends the turn: it reports the news as events, frees objects that ended, dials and sends. No object is freed
 * earlier, so pointers are valid until settle(). */

#define CLIENT_WINDOW 256 /* most requests without an answer at a time */
#define CLIENT_CAUSES_MAX (RSP_MESSAGE_MAX - 8) /* octets of error causes that fit one ASAP_ERROR */

enum client_timer_kind {
	TIMER_T5,
	TIMER_HUNT,	/* the next attempt of the hunt, or the end of a pause */
	TIMER_DEADLINE, /* the time of rsp_client_set_deadline() */
	TIMER_OUTAGE,	/* max_outage_ms without a home */
	TIMER_SILENCE,	/* no keep-alive of the home for too long */
	TIMER_ANNOUNCED, /* an announced address expires, or may be dialled */
	TIMER_ELEMENT,
	TIMER_LOOKUP
};

struct client_timer {
	struct rsp_timer timer;
	enum client_timer_kind kind;
};

enum client_news_kind {
	NEWS_MESSAGE,
	NEWS_LINK,
	NEWS_HUNT,
	NEWS_HINT,
	NEWS_ELEMENT,
	NEWS_LOOKUP,
	NEWS_REPORT
};

/** Embedded in each object that can have news. An object is on the list at most
 * once, at the position of its first news. */
struct client_news {
	TAILQ_ENTRY(client_news) list;
	enum client_news_kind kind;
	bool listed;
};

TAILQ_HEAD(client_news_list, client_news);

struct client_core {
	struct rsp_client_ops ops;
	void *ctx;
	/* its servers and registrars are NULL after rsp_client_new(): see candidate.h */
	struct rsp_client_config config;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	struct rsp_wheel wheel;
	uint64_t now; /* the time of this turn */
	uint32_t instance; /* a random number that stands for this process in struct rsp_epoch */
	uint64_t highest;  /* the highest epoch that an element of this process has sent, if a clock can give it */
	struct client_news_list news;
	/* the response that this turn handles; NULL: this turn handles another input */
	const struct rsp_message *answer;
	unsigned in_flight; /* requests without an answer, at most CLIENT_WINDOW */
	uint64_t sent, dropped;
	uint8_t *scratch; /* buffer of RSP_MESSAGE_MAX + 1 octets for encoding */
};

/** Copy @config, and set the defaults of its limits. RSP_ENOMEM. */
enum rsp_err rsp_client_core_init(struct client_core *core, const struct rsp_client_config *config,
				  const struct rsp_client_ops *ops, void *ctx, struct rsp_rng rng,
				  uint64_t now_ms) RSP_NODISCARD;
void rsp_client_core_done(struct client_core *core);

/** Put the object of @news at the end of the list of news, if it is not on the list. */
void rsp_client_core_note(struct client_core *core, struct client_news *news);
/** Remove the first object from the list. NULL: the list is empty. */
struct client_news *rsp_client_core_next_news(struct client_core *core);

/** Report @event to the runner. Only settle() may call this, because the runner's callback may make requests. */
void rsp_client_core_tell(struct client_core *core, const struct rsp_client_event *event);

/** Encode @msg and send it over the link with the number @link. Errors as rsp_message_encode(). */
enum rsp_err rsp_client_core_send(struct client_core *core, uint32_t link, const struct rsp_message *msg);

/** Set @timer to expire @in_ms from now. */
void rsp_client_core_arm(struct client_core *core, struct client_timer *timer, uint64_t in_ms);
void rsp_client_core_disarm(struct client_core *core, struct client_timer *timer);

#endif
