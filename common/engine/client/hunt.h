#ifndef RSP_ENGINE_CLIENT_HUNT_H
#define RSP_ENGINE_CLIENT_HUNT_H

#include "engine/client/candidate.h"

/* The server hunt, the search for a home registrar (RFC 5352 s.3.6, SH1 to SH6), and how a home begins and ends. */

struct client_hunt {
	struct client_core *core;
	struct client_links *links;
	struct client_candidates *cands;
	enum client_hunt_state state;
	bool step_due;		/* settle() must call rsp_client_hunt_step() */
	unsigned rounds;	/* rounds of this hunt in which all addresses failed */
	uint64_t began_ms;	/* when this hunt began */
	uint64_t t5_ms;		/* duration of T5, which doubles when T5 expires */
	uint64_t next_dial_ms;	/* do not dial a configured address before this time */
	/* the last dial was to a configured address, so the next free place is for an announced address */
	bool announced_next;
	/* token bucket that limits dials to announced addresses: the time at which it is full */
	uint64_t pace_full_ms;
	bool home_answered;	/* the newest home has answered a request */
	unsigned failed_homes;	/* consecutive homes that closed the connection without an answer */
	struct client_timer t5, timer, outage;

	struct client_news news;
	enum rsp_client_event_type told; /* the event to report: ROUND_FAILED or GAVE_UP, because of @why */
	struct rsp_why why;
};

void rsp_client_hunt_init(struct client_hunt *hunt, struct client_core *core, struct client_links *links,
			  struct client_candidates *cands);

/** Start a hunt, unless one is running. With a home, the hunt looks for another
 * registrar in parallel (RFC 5352 s.3.7.2). */
void rsp_client_hunt_begin(struct client_hunt *hunt);
/** End the hunt and close its attempts. */
void rsp_client_hunt_stop(struct client_hunt *hunt);
/** End the hunt because of @why, until rsp_client_hunt_resume(). */
void rsp_client_hunt_give_up(struct client_hunt *hunt, const struct rsp_why *why);
/** Allow a new hunt after the last one gave up. */
void rsp_client_hunt_resume(struct client_hunt *hunt);
/** Whether a hunt is running. */
bool rsp_client_hunt_is_on(const struct client_hunt *hunt);
/** Dial the addresses that may be dialled now. May be called at any time. Called by settle(). */
void rsp_client_hunt_step(struct client_hunt *hunt);
/** T5, or the other timer of the hunt, has expired. */
void rsp_client_hunt_due(struct client_hunt *hunt, const struct client_timer *timer);

/** The attempt @link succeeded: during a hunt, @link becomes the home; else it is closed. */
void rsp_client_hunt_link_up(struct client_hunt *hunt, struct client_link *link, const struct rsp_link_info *info);
/** @link closed, or its dial failed. */
void rsp_client_hunt_link_down(struct client_hunt *hunt, struct client_link *link, enum rsp_client_step step,
			       const struct rsp_why *why);
/** Make @link the home. Close the former home, and all other connections that registrars opened to this client. */
void rsp_client_hunt_adopt(struct client_hunt *hunt, struct client_link *link);
/** Close the connection to the home, if there is one, because of @err and @reason. RFC 5352 s.3.1, s.3.2. */
void rsp_client_hunt_leave_home(struct client_hunt *hunt, enum rsp_err err, const char *reason);
/** The home answered a request: a parallel hunt ends. */
void rsp_client_hunt_home_answered(struct client_hunt *hunt);
/** The home is lost, and elements or requests need a home: start the outage timer, if one is configured. */
void rsp_client_hunt_await_home(struct client_hunt *hunt);

/** Report ROUND_FAILED or GAVE_UP to the runner. Called by settle(). */
void rsp_client_hunt_tell(struct client_hunt *hunt);
/** Report ATTEMPT, HOME_LOST and HOME for the link of @news. Called by settle(). */
void rsp_client_hunt_tell_link(struct client_hunt *hunt, struct client_news *news);

#endif
