#ifndef RSP_ENGINE_CLIENT_HUNT_H
#define RSP_ENGINE_CLIENT_HUNT_H

#include "engine/client/candidate.h"

/* The hunt for a home registrar (RFC 5352 s.3.6, SH1 to SH6), and how a home is taken and left. */

struct client_hunt {
	struct client_core *core;
	struct client_links *links;
	struct client_candidates *cands;
	enum client_hunt_state state;
	bool step_due;		/* settle() has to call rsp_client_hunt_step() */
	unsigned rounds;	/* of this hunt: how often every address had failed */
	uint64_t began_ms;	/* when this hunt began */
	uint64_t t5_ms;		/* length of T5, which doubles */
	uint64_t next_dial_ms;	/* no configured address is dialled before */
	/* the last dial was to a configured address: the next free place is an announced one's */
	bool announced_next;
	uint64_t pace_full_ms;	/* token bucket of dials to announced addresses: the time at which it is full */
	bool home_answered;	/* the newest home answered a request */
	unsigned failed_homes;	/* homes in a row that closed without an answer */
	struct client_timer t5, timer, outage;

	struct client_news news;
	enum rsp_client_event_type told; /* the news: ROUND_FAILED or GAVE_UP, because of @why */
	struct rsp_why why;
};

void rsp_client_hunt_init(struct client_hunt *hunt, struct client_core *core, struct client_links *links,
			  struct client_candidates *cands);

/** Start a hunt, unless one is on. With a home it looks for another one beside it (RFC 5352 s.3.7.2). */
void rsp_client_hunt_begin(struct client_hunt *hunt);
/** End the hunt and close its attempts. */
void rsp_client_hunt_stop(struct client_hunt *hunt);
/** End the hunt because of @why, until rsp_client_hunt_resume(). */
void rsp_client_hunt_give_up(struct client_hunt *hunt, const struct rsp_why *why);
/** Allow a new hunt after the last one gave up. */
void rsp_client_hunt_resume(struct client_hunt *hunt);
/** Whether a hunt is on. */
bool rsp_client_hunt_is_on(const struct client_hunt *hunt);
/** Dial what may be dialled now. Has no effect between the times at which something may be. For settle(). */
void rsp_client_hunt_step(struct client_hunt *hunt);
/** T5 or the hunt's own timer expired. */
void rsp_client_hunt_due(struct client_hunt *hunt, const struct client_timer *timer);

/** Our dial succeeded: the first such link is the home, a later one is closed. */
void rsp_client_hunt_link_up(struct client_hunt *hunt, struct client_link *link, const struct rsp_link_info *info);
/** A link closed, or its dial failed. */
void rsp_client_hunt_link_down(struct client_hunt *hunt, struct client_link *link, enum rsp_client_step step,
			       const struct rsp_why *why);
/** Make @link the home. The former home, and all other connections of registrars to us, are closed. */
void rsp_client_hunt_adopt(struct client_hunt *hunt, struct client_link *link);
/** Leave the home, if there is one, for the error @err. RFC 5352 s.3.1, s.3.2. */
void rsp_client_hunt_leave_home(struct client_hunt *hunt, enum rsp_err err, const char *reason);
/** The home answered a request, so a hunt beside it ends. */
void rsp_client_hunt_home_answered(struct client_hunt *hunt);
/** The home is lost, and elements or requests need one: start the outage timer, if one is configured. */
void rsp_client_hunt_await_home(struct client_hunt *hunt);

/** Tell ROUND_FAILED or GAVE_UP. For settle(). */
void rsp_client_hunt_tell(struct client_hunt *hunt);
/** Tell ATTEMPT, HOME_LOST and HOME of the link that holds @news. For settle(). */
void rsp_client_hunt_tell_link(struct client_hunt *hunt, struct client_news *news);

#endif
