#ifndef TESTS_SIM_NET_H
#define TESTS_SIM_NET_H

#include "engine/ops.h"
#include "node.h"

/*
 * Connections between nodes. What is sent over one arrives in order and whole, or the connection ends; connections are
 * independent of each other, so their messages overtake one another. What cannot arrive (a partition, a paused process)
 * waits, as TCP retransmits; a sender whose data is not acknowledged for link_timeout_ms gives the connection up.
 */

#define SIM_PROBE_MS 30000 /* TCP_KEEPIDLE, and the last of SIM_PROBES probes */
#define SIM_PROBES 2
#define SIM_RETRANSMIT_MAX_MS 1000 /* the longest time in which TCP notices that a partition has ended */

void sim_net_new(struct sim *w);
void sim_net_free(struct sim *w);

/* The engines' calls. */
uint32_t sim_dial(struct sim_node *from, const struct rsp_dial *to);
void sim_send(struct sim_node *from, uint32_t id, struct rsp_bytes message);
void sim_close(struct sim_node *from, uint32_t id);

/** One partition more (@by 1) or less (-1) keeps messages of @from from @to. */
void sim_net_block(struct sim *w, const struct sim_node *from, const struct sim_node *to, int by);
bool sim_net_blocked(const struct sim *w, const struct sim_node *from, const struct sim_node *to);
/** Since when messages of @from have reached @to, or have not. */
uint64_t sim_net_since(const struct sim *w, const struct sim_node *from, const struct sim_node *to);

/** When a connection between them was last cut. */
uint64_t sim_net_torn(const struct sim *w, const struct sim_node *a, const struct sim_node *b);
/** The other side of the connection @id of @n, if both ends are open; *@ret_generation tells connections apart. */
struct sim_node *sim_net_joined(const struct sim_node *n, uint32_t id, uint32_t *ret_generation);

/** The process of @n has ended, perhaps with its machine: end its connections. */
void sim_net_gone(struct sim_node *n);

/** Messages that waited may arrive now: a machine is back, a process continues, a partition has ended. */
void sim_net_changed(struct sim *w);

/** Break one connection of @n to a registrar (or to a client) for both sides; @rng chooses it. */
bool sim_net_cut_one(struct sim_node *n, bool to_registrar, struct rsp_rng *rng);

/** Octets that wait for @n, or that it has sent and that have not arrived. */
uint64_t sim_net_queued(const struct sim *w);
/** How many links there are to @n, or from it, that its engine knows. */
uint32_t sim_net_links(const struct sim_node *n);

#endif
