#ifndef TESTS_SIM_NODE_H
#define TESTS_SIM_NODE_H

#include "engine/client/client.h"
#include "engine/registrar/registrar.h"
#include "world.h"

/* The machines of the scope. Each runs one engine, has a clock of its own, and can be stopped in several ways. */

enum { SIM_ASAP_PORT = 3864, SIM_ENRP_PORT = 9902, SIM_NOTIFY_PORT = 5000 };

struct sim_end;

struct sim_node {
	struct sim *w;
	unsigned place; /* in w->node */
	bool is_registrar;
	enum rsp_role role; /* of all but registrars */
	bool no_epoch; /* an element that does not number its statements */
	bool stripped; /* no private parameter of the rule about statements passes to it or from it */
	char name[12];
	struct rsp_ip ip;

	bool up;      /* its process exists */
	bool present; /* its machine runs; if not, nothing answers what it is sent */
	bool paused;  /* SIGSTOP: connections stay, nothing is read */
	uint64_t paused_ms;
	uint32_t life;	/* counts its processes */
	uint64_t clock; /* the engine's time is that of the run plus this */
	uint64_t jumped_ms; /* when that last jumped ahead; 0: never */
	int64_t skew_ms; /* the error of its wall clock, up to years */
	uint32_t slow_ms; /* added to each message from it */
	uint64_t wake_ms;

	struct sim_end **end; /* by link number, from 1 */
	uint32_t n_ends, ends_room, *free_id, n_free;

	struct rsp_registrar *registrar;
	uint32_t server_id;
	struct rsp_client *client;

	unsigned faults;  /* how many it suffers now */
	unsigned ill;     /* those, and the faults that may still have consequences for it */
	uint64_t well_ms; /* since when it runs and suffers no fault */
	uint64_t runs_ms; /* since when it runs, at the same pace */
	uint64_t serving_ms; /* a registrar: since when it serves; RSP_NEVER: it does not */
	uint64_t served_ms;  /* when it last began to serve, in this life; RSP_NEVER: it has not */

	struct sim_node *last_home; /* a client: the last home that its process had */
	unsigned moves;		    /* how often that changed because of this fault */

	/* A client's home, as long as both ends of the connection are open and reach each other; truth.c */
	struct sim_node *attached; /* NULL: none */
	uint32_t attached_life, attached_generation;
	uint64_t attached_ms;
};

/** All nodes, none running. */
void sim_nodes_new(struct sim *w);
void sim_nodes_free(struct sim *w);

static inline struct sim_node *
sim_registrar(const struct sim *w, unsigned i)
{
	return &w->node[i];
}

/** Start its process anew: another server id, nothing known. */
void sim_node_start(struct sim_node *n);
/** The same with the server id of another registrar. */
void sim_node_start_as(struct sim_node *n, uint32_t server_id);

enum sim_end_kind {
	SIM_KILLED,  /* SIGKILL: its connections are reset */
	SIM_VANISHED, /* power failure: nothing answers what it is sent */
	SIM_LEFT     /* SIGTERM */
};

void sim_node_stop(struct sim_node *n, enum sim_end_kind kind);
void sim_node_pause(struct sim_node *n);
void sim_node_continue(struct sim_node *n);
/** Its clock jumps ahead: timers go off early. */
void sim_node_jump(struct sim_node *n, uint64_t by_ms);

/** Whether its process exists and is not paused. */
static inline bool
sim_node_runs(const struct sim_node *n)
{
	return n->up && !n->paused;
}

uint64_t sim_node_clock(const struct sim_node *n);

/** The registrar whose process has @server_id now, or NULL. */
struct sim_node *sim_node_of_id(const struct sim *w, uint32_t server_id);
/** The node of that name, or NULL. */
struct sim_node *sim_node_named(const struct sim *w, const char *name);
struct sim_node *sim_node_at(const struct sim *w, const struct rsp_ip *ip);

/* From the network. */
enum rsp_err sim_node_link_up(struct sim_node *n, uint32_t id, const struct rsp_link_info *info);
void sim_node_link_down(struct sim_node *n, uint32_t id, enum rsp_err why);
void sim_node_receive(struct sim_node *n, uint32_t id, struct rsp_bytes message);
/** Set the timer for the next tick of its engine, after other code has called the engine. */
void sim_node_arm(struct sim_node *n);

#endif
