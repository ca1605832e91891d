#ifndef RSP_ENGINE_CLIENT_STATE_H
#define RSP_ENGINE_CLIENT_STATE_H

#include <stdint.h>

/* The states of the client's objects, and the allowed changes. Each kind of object has one function that changes its
 * state and checks the change here. tests/unit/test_client_states.c makes each change in these tables happen. */

enum client_machine {
	MACHINE_LINK,
	MACHINE_HUNT,
	MACHINE_ELEMENT,
	MACHINE_LOOKUP,
	MACHINE_REPORT,
	MACHINE_COUNT
};

enum client_link_state {
	LINK_FREE,    /* the slot is unused */
	LINK_DIALLED, /* the client has dialled; the runner has not reported yet that the link is up */
	LINK_UP,
	LINK_CLOSED, /* closed in this turn; settle() reports it and frees the slot */
	LINK_STATES
};

enum client_hunt_state {
	HUNT_IDLE,
	HUNT_TRYING,  /* T5 runs; the client dials addresses */
	HUNT_PAUSED,  /* T5 runs; all addresses failed, and the next round begins when the pause ends */
	HUNT_GAVE_UP, /* no hunt until rsp_client_retry(), or until a registrar makes itself the home by a keep-alive */
	HUNT_STATES
};

enum client_element_state {
	ELEMENT_WAITING,     /* must be registered; there is no home, or a delay runs */
	ELEMENT_QUEUED,	     /* its REGISTRATION waits until the window allows it */
	ELEMENT_REGISTERING, /* T2 runs */
	ELEMENT_REGISTERED,  /* T4 runs */
	ELEMENT_REJECTED,
	ELEMENT_LEAVING,       /* must be deregistered; there is no home */
	ELEMENT_LEAVE_QUEUED,  /* its DEREGISTRATION waits until the window allows it */
	ELEMENT_DEREGISTERING, /* T3 runs */
	ELEMENT_DEAD,	       /* removed; settle() reports it and frees it */
	ELEMENT_STATES
};

enum client_lookup_state {
	LOOKUP_WAITING,	  /* must be sent; there is no home */
	LOOKUP_QUEUED,	  /* its HANDLE_RESOLUTION waits until the window allows it */
	LOOKUP_ASKED,	  /* T1 runs */
	LOOKUP_FOLLOWING, /* a watch: the registrar sends updates */
	LOOKUP_POLLING,	  /* a watch: the poll timer runs */
	LOOKUP_DEAD,	  /* removed; settle() reports it and frees it */
	LOOKUP_STATES
};

enum client_report_state {
	REPORT_UNSENT,	  /* not sent yet; there is no home */
	REPORT_SENT,	  /* sent; this failure must not be reported again */
	REPORT_CONTACTED, /* sent; the element was reached again, so its next failure may be reported */
	REPORT_FORGOTTEN, /* removed; settle() frees it */
	REPORT_STATES
};

#define TO(state) (1U << (state))

/* client_moves[machine][from]: the states that may follow @from. A change to the same state is no change. */
static const uint16_t client_moves[MACHINE_COUNT][ELEMENT_STATES] = {
	[MACHINE_LINK] = {
		[LINK_FREE] = TO(LINK_DIALLED)	/* dialled */
			    | TO(LINK_UP)	/* a registrar dialled us */
			    | TO(LINK_CLOSED),	/* the dial failed at once */
		[LINK_DIALLED] = TO(LINK_UP) | TO(LINK_CLOSED),
		[LINK_UP] = TO(LINK_CLOSED),
		[LINK_CLOSED] = TO(LINK_FREE),	/* settle() */
	},
	[MACHINE_HUNT] = {
		[HUNT_IDLE] = TO(HUNT_TRYING)	/* something needs a home, or the home does not answer */
			    | TO(HUNT_GAVE_UP), /* the deadline passed, and there is a home */
		[HUNT_TRYING] = TO(HUNT_IDLE)	/* a home was found */
			      | TO(HUNT_PAUSED) /* every address failed */
			      | TO(HUNT_GAVE_UP), /* rounds, deadline or outage */
		[HUNT_PAUSED] = TO(HUNT_TRYING) /* the pause, or T5, is over */
			      | TO(HUNT_IDLE) | TO(HUNT_GAVE_UP),
		[HUNT_GAVE_UP] = TO(HUNT_IDLE)	  /* rsp_client_retry(), or a takeover's keep-alive */
			       | TO(HUNT_TRYING), /* the home does not answer */
	},
	[MACHINE_ELEMENT] = {
		[ELEMENT_WAITING] = TO(ELEMENT_QUEUED)
				  | TO(ELEMENT_REGISTERED) /* the new home's keep-alive names it */
				  | TO(ELEMENT_LEAVING)
				  /* MAX-REG-ATTEMPT reached; or deregistered before it was ever sent */
				  | TO(ELEMENT_DEAD),
		[ELEMENT_QUEUED] = TO(ELEMENT_REGISTERING)
				 | TO(ELEMENT_WAITING)	  /* the home changed */
				 | TO(ELEMENT_REGISTERED) /* the new home's keep-alive names it */
				 | TO(ELEMENT_LEAVING) | TO(ELEMENT_DEAD),
		[ELEMENT_REGISTERING] = TO(ELEMENT_REGISTERED)
				      | TO(ELEMENT_REJECTED)
				      | TO(ELEMENT_QUEUED)  /* rejected, but the caller has updated it meanwhile */
				      | TO(ELEMENT_WAITING) /* T2, a change of home, or lack of resources */
				      | TO(ELEMENT_LEAVING),
		[ELEMENT_REGISTERED] = TO(ELEMENT_QUEUED)  /* T4, or an update */
				     | TO(ELEMENT_WAITING) /* a change of home, or the registrar removed the element */
				     | TO(ELEMENT_LEAVING)
				     | TO(ELEMENT_DEAD), /* displaced */
		[ELEMENT_REJECTED] = TO(ELEMENT_QUEUED) | TO(ELEMENT_WAITING) /* an update, with or without a home */
				   | TO(ELEMENT_LEAVING) /* a registrar may still have an earlier registration */
				   | TO(ELEMENT_DEAD),
		[ELEMENT_LEAVING] = TO(ELEMENT_LEAVE_QUEUED)
				  | TO(ELEMENT_DEAD), /* MAX-REG-ATTEMPT */
		[ELEMENT_LEAVE_QUEUED] = TO(ELEMENT_DEREGISTERING) | TO(ELEMENT_LEAVING),
		[ELEMENT_DEREGISTERING] = TO(ELEMENT_DEAD) | TO(ELEMENT_LEAVING), /* T3, or a change of home */
	},
	[MACHINE_LOOKUP] = {
		[LOOKUP_WAITING] = TO(LOOKUP_QUEUED) | TO(LOOKUP_DEAD),
		[LOOKUP_QUEUED] = TO(LOOKUP_ASKED)
				| TO(LOOKUP_WAITING) /* the home changed */
				| TO(LOOKUP_POLLING) /* a negative update */
				| TO(LOOKUP_DEAD),   /* the caller ended the watch */
		[LOOKUP_ASKED] = TO(LOOKUP_FOLLOWING)
			       | TO(LOOKUP_POLLING)
			       | TO(LOOKUP_WAITING) /* the home changed, or T1 expired too often */
			       | TO(LOOKUP_DEAD),
		[LOOKUP_FOLLOWING] = TO(LOOKUP_QUEUED)	/* resolved again */
				   | TO(LOOKUP_POLLING) /* a negative update: no updates follow it */
				   | TO(LOOKUP_WAITING) | TO(LOOKUP_DEAD),
		[LOOKUP_POLLING] = TO(LOOKUP_QUEUED)
				 | TO(LOOKUP_FOLLOWING) /* an update arrived */
				 | TO(LOOKUP_WAITING) | TO(LOOKUP_DEAD),
	},
	[MACHINE_REPORT] = {
		[REPORT_UNSENT] = TO(REPORT_SENT),
		[REPORT_SENT] = TO(REPORT_CONTACTED)
			      | TO(REPORT_FORGOTTEN), /* max_reports */
		[REPORT_CONTACTED] = TO(REPORT_FORGOTTEN), /* the next failure is reported */
	},
};

/** Abort if an object of the kind @machine may not change from @from to @to: this would be an error of the engine. */
void rsp_client_state_check(enum client_machine machine, unsigned from, unsigned to);

#endif
