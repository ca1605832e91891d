#ifndef TESTS_SIM_ARBITRATION_H
#define TESTS_SIM_ARBITRATION_H

#include "engine/event.h"
#include "node.h"

/*
 * What registrars say to each other about a takeover, RFC 5353 s.3.5.1: each registrar on the list acknowledges it before it
 * is done; of several that begin one, the one with the highest server id goes on; a registrar that is said to be dead says
 * at once that it is not.
 */

void sim_arbitration_new(struct sim *w);
void sim_arbitration_free(struct sim *w);

/** The process of the registrar @n has begun. */
void sim_arbitration_started(struct sim *w, const struct sim_node *n);
void sim_arbitration_record(struct sim *w, const struct sim_node *n, const struct rsp_event *event);
/** @n sends, or is about to read, the ENRP message @octets. */
void sim_arbitration_sent(struct sim *w, const struct sim_node *n, struct rsp_bytes octets);
void sim_arbitration_received(struct sim *w, const struct sim_node *n, struct rsp_bytes octets);

/** Which registrar the message is about that @n read last, an ENRP_INIT_TAKEOVER, its ACK, or an ENRP_TAKEOVER_SERVER. */
uint32_t sim_arbitration_target(const struct sim *w, const struct sim_node *n);

/** Judge what is due by now. */
void sim_arbitration_look(struct sim *w);

#endif
