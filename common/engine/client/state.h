#ifndef RSP_ENGINE_CLIENT_STATE_H
#define RSP_ENGINE_CLIENT_STATE_H

#include <stdint.h>

/* The states of the client's objects, and the allowed changes. Each kind of object has one function that changes its
 * state and checks the change here. tests/unit/test_client_states.c makes each change in these tables happen,
 * test_client_element_states.c those of an element. */

enum client_machine {
	MACHINE_LINK,
	MACHINE_HUNT,
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

/** The transitions of an element: base/moves.h. A change to the same state is no change. The home names an element by a
 * keep-alive with the H flag; an element gets no answer when MAX-REG-ATTEMPT requests have none. */
#define CLIENT_ELEMENT_MOVES(MOVE)                                                                                     \
	MOVE(WAITING, QUEUED, there_is_a_home_when_it_is_registered)                                                   \
	MOVE(WAITING, QUEUED, a_home_is_found)                                                                         \
	MOVE(WAITING, QUEUED, its_delay_ends)                                                                          \
	MOVE(WAITING, QUEUED, it_is_updated_during_its_delay)                                                          \
	MOVE(WAITING, QUEUED, the_home_asks_for_it_during_its_delay)                                                   \
	MOVE(WAITING, REGISTERED, the_registrar_that_becomes_its_home_names_it)                                        \
	MOVE(WAITING, REGISTERED, the_home_names_it_during_its_delay)                                                  \
	MOVE(WAITING, LEAVING, it_is_deregistered_without_a_home)                                                      \
	MOVE(WAITING, DEAD, it_is_deregistered_before_it_was_sent)                                                     \
	MOVE(WAITING, DEAD, its_registrations_get_no_answer)                                                           \
	MOVE(QUEUED, REGISTERING, the_window_allows_its_registration)                                                  \
	MOVE(QUEUED, WAITING, the_home_is_lost_while_it_is_queued)                                                     \
	MOVE(QUEUED, REGISTERED, the_home_names_it_while_it_is_queued)                                                 \
	MOVE(QUEUED, LEAVING, it_is_deregistered_while_it_is_queued)                                                   \
	MOVE(QUEUED, DEAD, it_is_deregistered_while_it_is_queued_for_the_first_time)                                   \
	MOVE(REGISTERING, REGISTERED, its_registration_is_accepted)                                                    \
	MOVE(REGISTERING, REJECTED, its_registration_is_rejected)                                                      \
	MOVE(REGISTERING, REJECTED, an_error_answers_its_registration)                                                 \
	MOVE(REGISTERING, QUEUED, it_was_updated_before_it_is_rejected)                                                \
	MOVE(REGISTERING, QUEUED, its_registration_is_refused_as_too_old)                                              \
	MOVE(REGISTERING, QUEUED, another_process_displaces_it_while_it_registers)                                     \
	MOVE(REGISTERING, WAITING, t2_expires)                                                                         \
	MOVE(REGISTERING, WAITING, the_home_is_lost_while_it_registers)                                                \
	MOVE(REGISTERING, WAITING, the_home_lacks_resources)                                                           \
	MOVE(REGISTERING, WAITING, its_registrations_are_refused_as_too_old_in_a_row)                                  \
	MOVE(REGISTERING, DEAD, another_process_displaces_its_configured_identifier_while_it_registers)                \
	MOVE(REGISTERING, LEAVING, it_is_deregistered_while_it_registers)                                              \
	MOVE(REGISTERED, QUEUED, t4_expires)                                                                           \
	MOVE(REGISTERED, QUEUED, it_is_updated)                                                                        \
	MOVE(REGISTERED, QUEUED, it_was_updated_before_it_is_accepted)                                                 \
	MOVE(REGISTERED, QUEUED, the_home_asks_for_its_next_statement)                                                 \
	MOVE(REGISTERED, QUEUED, another_process_displaces_it)                                                         \
	MOVE(REGISTERED, WAITING, its_home_is_lost)                                                                    \
	MOVE(REGISTERED, WAITING, another_registrar_becomes_its_home)                                                  \
	MOVE(REGISTERED, WAITING, the_registrar_removes_it)                                                            \
	MOVE(REGISTERED, WAITING, the_home_asks_for_its_next_statement_too_often)                                      \
	MOVE(REGISTERED, LEAVING, it_is_deregistered)                                                                  \
	MOVE(REGISTERED, DEAD, another_process_displaces_its_configured_identifier)                                    \
	MOVE(REJECTED, QUEUED, it_is_corrected)                                                                        \
	MOVE(REJECTED, WAITING, it_is_corrected_without_a_home)                                                        \
	MOVE(REJECTED, LEAVING, it_is_deregistered_after_a_rejected_update)                                            \
	MOVE(REJECTED, DEAD, it_is_deregistered_after_its_first_registration_was_rejected)                             \
	MOVE(LEAVING, LEAVE_QUEUED, there_is_a_home_when_it_is_deregistered)                                           \
	MOVE(LEAVING, LEAVE_QUEUED, a_home_is_found_for_its_deregistration)                                            \
	MOVE(LEAVING, DEAD, its_deregistrations_get_no_answer)                                                         \
	MOVE(LEAVE_QUEUED, DEREGISTERING, the_window_allows_its_deregistration)                                        \
	MOVE(LEAVE_QUEUED, LEAVING, the_home_is_lost_while_its_deregistration_is_queued)                               \
	MOVE(DEREGISTERING, DEAD, its_deregistration_is_answered)                                                      \
	MOVE(DEREGISTERING, DEAD, an_error_answers_its_deregistration)                                                 \
	MOVE(DEREGISTERING, LEAVING, t3_expires)                                                                       \
	MOVE(DEREGISTERING, LEAVING, the_home_is_lost_while_it_deregisters)                                            \
	MOVE(DEREGISTERING, LEAVE_QUEUED, its_deregistration_is_refused_as_too_old)

#define TO(state) (1U << (state))

/* client_moves[machine][from]: the states that may follow @from. A change to the same state is no change. */
static const uint16_t client_moves[MACHINE_COUNT][LOOKUP_STATES] = {
	[MACHINE_LINK] = {
		[LINK_FREE] = TO(LINK_DIALLED)	/* dialled */
			    | TO(LINK_UP)	/* a registrar has dialled this client */
			    | TO(LINK_CLOSED),	/* the dial failed at once */
		[LINK_DIALLED] = TO(LINK_UP) | TO(LINK_CLOSED),
		[LINK_UP] = TO(LINK_CLOSED),
		[LINK_CLOSED] = TO(LINK_FREE),	/* settle() */
	},
	[MACHINE_HUNT] = {
		[HUNT_IDLE] = TO(HUNT_TRYING)	/* an element or a request needs a home, or the home does not answer */
			    | TO(HUNT_GAVE_UP), /* the deadline passed, and there is a home */
		[HUNT_TRYING] = TO(HUNT_IDLE)	/* a home was found */
			      | TO(HUNT_PAUSED) /* all addresses failed */
			      | TO(HUNT_GAVE_UP), /* rounds, deadline or outage */
		[HUNT_PAUSED] = TO(HUNT_TRYING) /* the pause, or T5, is over */
			      | TO(HUNT_IDLE) | TO(HUNT_GAVE_UP),
		[HUNT_GAVE_UP] = TO(HUNT_IDLE)	  /* rsp_client_retry(), or a takeover's keep-alive */
			       | TO(HUNT_TRYING), /* the home does not answer */
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
