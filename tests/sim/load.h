#ifndef TESTS_SIM_LOAD_H
#define TESTS_SIM_LOAD_H

#include "inside.h"
#include "node.h"

/* What elements and users do during a run, and what registrars answer them. */

#define SIM_VALUES 16

enum sim_want {
	SIM_OUT, /* in no pool; or its process ended, and has not registered it again */
	SIM_IN,
	SIM_LEAVING /* deregistered, not answered yet */
};

/** An element as its client wants it: every registrar has to agree with that in the end. */
struct sim_element {
	struct sim_element *next; /* in its bucket */
	struct sim_node *client;
	unsigned pool;
	uint32_t pe_id;
	uint32_t value; /* of its policy */
	struct {
		uint32_t value;
		uint64_t until_ms; /* 0: unused */
	} former[SIM_VALUES]; /* the last ones before it, as a ring */
	unsigned n_former;
	enum sim_want want;
	bool held;   /* a registrar has acknowledged its registration */
	bool stable; /* every registrar that is well has it: none may lose it while nothing touches it */
	bool expired; /* a registrar has told its client that it was removed */
	bool retired; /* it is never registered again */
	uint32_t kept; /* the life of its client when all registrars stopped, if it was registered; else 0 */
	uint32_t kept_generation; /* its connection then */
	bool torn;    /* it has sent a message to a registrar that is stopped, and reads it late */
	uint64_t want_ms;     /* since when it is wanted */
	uint64_t late_ms;     /* when a registrar last read a registration of a former life of its client; 0: never */
	uint64_t ended_late_ms; /* when a registrar last read a deregistration of it, while it is wanted again; 0: never */
	uint64_t reported_ms; /* when a user first reported it after its end; 0: none did */
	uint64_t out_ms;	      /* since when it is not wanted, */
	uint64_t out_bound_ms;	      /* and for how long registrars may still show it */
	const struct sim_node *home; /* when it left */
	uint8_t *seen;	   /* by registrar: enum sim_seen */
	uint64_t *hidden_ms; /* by registrar: since when it does not show it; 0: it does */
	struct sim_number *number; /* by registrar: that of the statement that it showed last */
};

enum sim_seen {
	SIM_UNSEEN,
	SIM_SEEN,
	SIM_BURIED /* it was not wanted, and was removed, or its removal was read */
};

struct sim_pool {
	char *handle;
	uint32_t policy;
};

struct sim_load {
	struct sim_element *element, **bucket; /* by pe_id */
	unsigned n_elements, room, bucket_mask;
	struct sim_pool *pool;
	bool running, asking, changes_only;
	uint32_t turn; /* counts the starts */
	uint64_t acts, resolutions, answers;
};

void sim_load_new(struct sim *w);
void sim_load_free(struct sim *w);

/** Register all elements, and begin to change them at random. */
void sim_load_start(struct sim *w);
/** Change elements at random again. */
void sim_load_act(struct sim *w);
/** Change nothing but contents from now on, if the plan wants that; else no element. */
void sim_load_calm(struct sim *w);
/** Users report the elements of @client that have ended. */
void sim_load_report(struct sim *w, const struct sim_node *client);
/** Change no element from now on. */
void sim_load_stop(struct sim *w);

/** Let every user resolve pools all the time (@often), or now and then. */
void sim_load_ask_often(struct sim *w, bool often);
/** Let every element leave its pool. */
void sim_load_leave_all(struct sim *w);

/** The process of the client @n has started again: it registers what it held before. */
void sim_load_restarted(struct sim_node *n);
/** The process of the client @n has ended: after @bound_ms no registrar may have its elements. */
void sim_load_ended(struct sim_node *n, uint64_t bound_ms);
/** A fault touched the connections of @n, a client or a home: for now nothing is promised about its elements. */
void sim_load_disturbed(struct sim_node *n);

/** A registrar reads @message over an ASAP connection of @from. @former: of a former life of it. */
void sim_load_read(struct sim_node *from, struct rsp_bytes message, bool former);

void sim_load_event(struct sim_node *n, const struct rsp_client_event *event);

struct rsp_bytes sim_load_handle(const struct sim *w, unsigned pool);
/** The number of the pool @handle; plan.pools: there is none. */
unsigned sim_load_pool(const struct sim *w, struct rsp_bytes handle);
/** The element with that id in the pool @handle; NULL: no client ever wanted one. */
struct sim_element *sim_load_find(const struct sim *w, struct rsp_bytes handle, uint32_t pe_id);
/** The registrar that @n takes for its home, or NULL. */
struct sim_node *sim_load_home(const struct sim_node *n);

#endif
