#ifndef TESTS_SIM_LOAD_H
#define TESTS_SIM_LOAD_H

#include "node.h"

/* What elements and users do while the world goes on, and what they were told. */

enum sim_want {
	SIM_OUT, /* in no pool, or it has not come back since its process ended */
	SIM_IN,
	SIM_LEAVING /* deregistered, not answered yet */
};

/** An element as it is meant to be: what every registrar has to agree with in the end. */
struct sim_element {
	struct sim_element *next; /* in its bucket */
	struct sim_node *client;
	unsigned pool;
	uint32_t pe_id;
	uint32_t value; /* of its policy */
	enum sim_want want;
	bool held;   /* the client was told that it is registered */
	bool stable; /* every registrar that is well has shown it: none may lose it while it is left alone */
	bool expired; /* its client was told that it was removed */
	bool retired; /* it never comes back */
	bool torn;    /* it has told something to a registrar that is stopped, and that will read it late */
	uint64_t out_ms;	      /* since when it is not wanted any more */
	uint64_t out_bound_ms;	      /* for how long it may still be seen */
	const struct sim_node *home; /* when it left */
	uint8_t *seen;	   /* by registrar: enum sim_seen */
	uint64_t *version; /* by registrar: of what it showed last */
};

enum sim_seen {
	SIM_UNSEEN,
	SIM_SEEN,
	SIM_BURIED /* it was not wanted any more, and went, or was said to have gone */
};

struct sim_pool {
	char *handle;
	uint32_t policy;
};

struct sim_load {
	struct sim_element *element, **bucket; /* by pe_id */
	unsigned n_elements, room, bucket_mask;
	struct sim_pool *pool;
	bool running, asking;
	uint32_t turn; /* counts the times that it was started */
	uint64_t acts, resolutions, answers;
};

void sim_load_new(struct sim *w);
void sim_load_free(struct sim *w);

/** Register everything, and begin to change things at random. */
void sim_load_start(struct sim *w);
/** Begin again to change things. */
void sim_load_act(struct sim *w);
/** Change nothing any more. */
void sim_load_stop(struct sim *w);

/** Let every user ask whichever registrar it finds for some pool all the time. */
void sim_load_ask_often(struct sim *w, bool often);
/** Let every element leave its pool. */
void sim_load_leave_all(struct sim *w);

/** A client's process has begun again: what it held is registered again. */
void sim_load_restarted(struct sim_node *n);
/** A client's process has ended: after @bound_ms nothing of it may be left. */
void sim_load_ended(struct sim_node *n, uint64_t bound_ms);
/** Something was done to what is between @n, a client or a home, and its elements: nothing is promised just now. */
void sim_load_disturbed(struct sim_node *n);

void sim_load_event(struct sim_node *n, const struct rsp_client_event *event);

struct rsp_bytes sim_load_handle(const struct sim *w, unsigned pool);
/** NULL: no such element was ever wanted. */
struct sim_element *sim_load_find(const struct sim *w, struct rsp_bytes handle, uint32_t pe_id);
/** The registrar that @n takes for its home, or NULL. */
struct sim_node *sim_load_home(const struct sim_node *n);

#endif
