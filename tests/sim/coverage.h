#ifndef TESTS_SIM_COVERAGE_H
#define TESTS_SIM_COVERAGE_H

#include "engine/client/client.h"
#include "engine/event.h"
#include "faults.h"
#include "plan.h"

/* Which clauses of the RFCs and which faults the runs met. A clause counts as met when a message or a record shows it.
 * Clauses and faults that no run meets are not tested. */

/* clang-format off */
#define SIM_CLAUSES(X)                                                                              \
	X(REGISTRATION,   "5352 3.1 an element registers")                                          \
	X(RENEWAL,        "5352 3.1 a registration is renewed")                                     \
	X(REREGISTRATION, "5352 3.1 an element registers at another home")                          \
	X(DEREGISTRATION, "5352 3.2 an element deregisters")                                        \
	X(REMOVED_TOLD,   "5352 3.2 an element is told that it was removed")                        \
	X(RESOLUTION,     "5352 3.3 a handle is resolved")                                          \
	X(UNKNOWN_HANDLE, "5352 3.3 a handle is not known")                                         \
	X(SUBSCRIPTION,   "5352 2.2.5 a user follows a pool")                                       \
	X(KEEP_ALIVE,     "5352 3.4 an element is kept alive")                                      \
	X(ADOPTION,       "5352 3.4 a keep-alive with H makes another home")                        \
	X(UNANSWERED,     "5352 3.4 an element that does not answer is removed")                    \
	X(CONNECTION,     "an element whose connection broke does not come back")                   \
	X(REPORT,         "5352 3.5 an element is reported unreachable")                            \
	X(HUNT,           "5352 3.6 a home is lost, and another one found")                         \
	X(ALONE,          "5353 3.2.2.1 a registrar finds nobody and begins alone")                 \
	X(LIST_REQUEST,   "5353 3.2.2.2 a peer list is asked for")                                  \
	X(LIST_RESPONSE,  "5353 3.2.2.2 a peer list is given")                                      \
	X(LIST_REJECT,    "5353 3.2.2.2 a peer list is refused by one that is starting")            \
	X(TABLE_REQUEST,  "5353 3.2.3 the whole handlespace is asked for")                          \
	X(TABLE_RESPONSE, "5353 3.2.3 a part of the handlespace is given")                          \
	X(TABLE_MORE,     "5353 3.2.3 a handlespace of several messages")                           \
	X(TABLE_REJECT,   "5353 3.2.3 a download is refused")                                       \
	X(SYNCHRONISED,   "5353 3.2.3 a registrar serves after its download")                       \
	X(ADD_PE,         "5353 3.3.1 an addition is announced")                                    \
	X(DEL_PE,         "5353 3.3.2 a removal is announced")                                      \
	X(NEW_PEER,       "5353 3.4.1 a peer that was not known")                                   \
	X(HEARTBEAT,      "5353 3.4.2 a heartbeat")                                                 \
	X(REPLY_REQUIRED, "5353 3.4.3 a presence that requires a reply")                            \
	X(SILENCE,        "5353 3.4.3 a peer is silent for MAX-TIME-LAST-HEARD")                    \
	X(LOST,           "a peer's connection breaks")                                             \
	X(NO_RESPONSE,    "5353 3.4.3 a probe is not answered")                                     \
	X(SEND_FAILED,    "5353 3.4.3 a probe cannot be sent")                                      \
	X(RESTARTED,      "a peer comes back under another id")                                     \
	X(RETURNED,       "a peer that was suspected is heard again")                               \
	X(INIT_TAKEOVER,  "5353 3.5.1 an arbitration begins")                                       \
	X(TAKEOVER_ACK,   "5353 3.5.1 a peer agrees to a takeover")                                 \
	X(OTHER_WINS,     "5353 3.5.1 2A the greater id wins an arbitration")                       \
	X(TARGET_ALIVE,   "5353 3.5.1 the target turns out to be alive")                            \
	X(TAKEOVER,       "5353 3.5.2 a takeover is enforced")                                      \
	X(ADOPTED,        "5353 3.5.2 an element that was taken over acknowledges")                 \
	X(PEER_LEFT,      "5353 3.5.2 a peer was taken over by another")                            \
	X(MOVED,          "an element moves from one home to another")                              \
	X(CONTESTED,      "two registrars claim one element")                                       \
	X(OWN_REQUEST,    "5353 3.6.3 a peer's own elements are asked for")                         \
	X(RESYNC,         "5353 3.6.1 a checksum differs")                                          \
	X(RESYNC_DONE,    "5353 3.6.3 a peer's elements are synchronised again")                    \
	X(REJOINING,      "a registrar finds that it was away")
/* clang-format on */

enum sim_clause {
#define SIM_CLAUSE_NAME(id, text) SIM_CLAUSE_##id,
	SIM_CLAUSES(SIM_CLAUSE_NAME)
#undef SIM_CLAUSE_NAME
	SIM_CLAUSE_COUNT
};

struct sim_coverage {
	uint64_t clause[SIM_CLAUSE_COUNT];
	uint64_t fault[SIM_FAULT_COUNT];
	uint64_t runs[SIM_STYLES], enrp[16], asap[16], events[RSP_EVENT_COUNT];
};

const char *sim_clause_text(enum sim_clause clause);

void sim_coverage_message(struct sim_coverage *coverage, enum rsp_protocol protocol, struct rsp_bytes message);
void sim_coverage_record(struct sim_coverage *coverage, const struct rsp_event *event);
void sim_coverage_client(struct sim_coverage *coverage, const struct rsp_client_event *event);

/** Print, after @prefix, how often each was met. Returns how many clauses and faults were never met. */
unsigned sim_coverage_print(const struct sim_coverage *coverage, const char *prefix);
/** The same as one JSON object a line. */
void sim_coverage_json(const struct sim_coverage *coverage);

#endif
