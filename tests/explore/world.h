#ifndef TESTS_EXPLORE_WORLD_H
#define TESTS_EXPLORE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/client/client.h"
#include "engine/registrar/registrar.h"

/*
 * A small scope on the production engines, in virtual time, in which a caller chooses each step: which connection
 * delivers its next message, which engine runs its timers, when the fault occurs. The same choices give the same run.
 *
 * world: nodes and their engines. net: connections. fault: the faults. choice: the steps that are possible, and the one
 * that a real scope would most often take. check: what must hold at the end. state_hash: the only file that reads the
 * inside of an engine. memory: saves and restores a whole world. search: all histories up to a bound.
 *
 * Time passes only when a timer is chosen: messages take no time. Each message has a hop instead: one more than that of
 * the message that caused it. The default order delivers the lowest hop first, so without a deviation all messages are
 * equally fast. A connection is FIFO.
 */

enum { REGISTRARS_MAX = 4, ELEMENTS_MAX = 2, NODES_MAX = REGISTRARS_MAX + ELEMENTS_MAX, CONNECTIONS_MAX = 96 };

/** One way of a connection, with the messages that are on their way. */
struct pipe {
	struct parcel *head, **tail;
	uint64_t hop;	      /* of its last message */
	uint64_t held_until;  /* nothing is delivered before this time */
	bool held;	      /* nothing is delivered before the next timer of any node */
	uint64_t unheard_ms;  /* since when a cut keeps the sender from hearing that its data arrived; 0: no */
};

/** A connection. Side 0 has dialled. */
struct connection {
	uint64_t serial;
	enum rsp_protocol protocol;
	enum rsp_role role;
	uint16_t port;
	uint64_t dialled_ms;
	bool established; /* side 0 knows that it is up */
	struct {
		struct node *node;
		uint32_t life; /* of the node, at the time */
		uint32_t id;   /* the engine's number for it; 0: the engine does not know it */
		bool open;     /* the host has a socket */
	} side[2];
	struct pipe to[2]; /* what is on its way to each side */
};

struct node {
	struct world *w;
	unsigned place;
	bool is_registrar;
	char name[8], identity[8]; /* what a trace calls it; the name in its key */
	struct rsp_ip ip;

	bool up, present, paused; /* its process; its machine; SIGSTOP */
	uint32_t life, server_id;
	uint32_t next_id; /* of its connections */
	int64_t skew_ms;  /* the error of its wall clock */
	struct rsp_registrar *registrar;
	struct rsp_client *client;

	/* an element */
	uint32_t pe_id;
	uint16_t revision; /* of its contents */
	bool wants;	   /* it wants to be registered */
	bool displaced;	   /* it ended because of another process, or its registration was refused */
	uint64_t said;	   /* hash of the last registration that it sent */
	unsigned homes;	   /* how often it found a home: for tests only */
};

enum repair_kind { REPAIR_CUT, REPAIR_PAUSE, REPAIR_START, REPAIR_KINDS };

/** A change that was decided before: the end of a fault. */
struct repair {
	uint64_t at_ms;
	enum repair_kind kind;
	unsigned a, b;
};

enum start { START_SETTLED, START_REGISTER, START_COLD, STARTS };

struct setup {
	unsigned registrars, elements;
	bool twins;	 /* the second element is another process of the first */
	bool plain;	 /* elements have no EPOCH, as those of rsplib */
	bool relay;	 /* the scope is to agree also through registrars in between */
	enum start start;
};

struct world {
	struct setup setup;
	uint64_t now, hop, serial;
	uint64_t steps;
	unsigned table_pages; /* of handle tables, that were sent: for tests only */
	struct node node[NODES_MAX];
	unsigned n_nodes;
	struct connection *connection[CONNECTIONS_MAX]; /* in the order in which they were dialled */
	unsigned n_connections;
	uint8_t blocked[NODES_MAX][NODES_MAX]; /* [from][to]: how many cuts */
	struct repair repair[8];
	unsigned n_repairs;

	unsigned faults; /* how many may still occur */
	uint64_t begun_ms; /* when the start state was reached */
	uint64_t fault_ms; /* when the fault occurred; 0: it has not */
	uint64_t mended_ms; /* when the last fault or repair occurred */

	/* the end of a history */
	uint64_t tables, changed_ms; /* what the tables were at the last timer, and since when */
	unsigned changes;	     /* how often they changed since mended_ms */
	const char *broken;	     /* a rule that was broken on the way */
};

/** Whether each step is printed. */
extern bool world_verbose;
void world_say(const struct world *w, const char *fmt, ...) RSP_PRINTF(2, 3);

/** Make a world in its start state, which the default order has reached. */
struct world *world_new(const struct setup *setup);
void world_free(struct world *w);

void world_start(struct node *n);
enum { WORLD_KILLED, WORLD_VANISHED };
void world_stop(struct node *n, int how);
/** Run the timers of @n; the time is its deadline, if that is later than now. */
void world_tick(struct node *n);
uint64_t world_deadline(const struct node *n);
bool world_runs(const struct node *n);
void world_register(struct node *n);
void world_update(struct node *n);
void world_leave(struct node *n);
struct rsp_bytes world_pool(void);

/* net.c */

enum parcel_kind { PARCEL_HELLO, PARCEL_ACCEPTED, PARCEL_MESSAGE, PARCEL_FIN, PARCEL_RST };

struct parcel {
	struct parcel *next;
	enum parcel_kind kind;
	enum rsp_err why;
	uint64_t hop;
	size_t n;
	uint8_t octets[];
};

uint32_t net_dial(struct node *from, const struct rsp_dial *to);
void net_send(struct node *from, uint32_t id, struct rsp_bytes message);
void net_close(struct node *from, uint32_t id);
/** The process of @n has ended; @reset: its machine says so. */
void net_gone(struct node *n, bool reset);
/** Deliver the next message to side @to of @c. */
void net_deliver(struct world *w, struct connection *c, unsigned to);
bool net_can_deliver(const struct world *w, const struct connection *c, unsigned to);
/** Whether something is on its way that will arrive without a further fault or repair. */
bool net_is_busy(const struct world *w);
/** When a connection ends because its data is not acknowledged, or a dial takes too long; RSP_NEVER. */
uint64_t net_deadline(const struct world *w, struct connection **ret, unsigned *ret_side);
void net_tick(struct world *w);
/** @blocked or a node has changed. */
void net_changed(struct world *w);
/** Both sides lose @c at once. */
void net_drop(struct world *w, struct connection *c);
bool net_is_cut(const struct world *w, unsigned a, unsigned b);
/** A connection of @n by the engine's number, and the side of @n; NULL: none. */
struct connection *net_find(const struct node *n, uint32_t id, unsigned *ret_side);
/** What a deterministic number for the connection @id of @n is, that does not depend on the history; 0: none. */
uint64_t net_name(const struct node *n, uint32_t id);
void net_free_closed(struct world *w);

/* fault.c */

struct fault {
	uint8_t kind, a, b, how;
};

/** The faults that may occur in @w, each an index below the returned number. */
unsigned fault_count(const struct world *w);
/** Let the fault @i occur. False: it is not possible now (nothing has changed). */
bool fault_possible(const struct world *w, unsigned i);
void fault_occur(struct world *w, unsigned i);
void fault_text(const struct world *w, unsigned i, char *ret, size_t n);
/** When the next repair is due; RSP_NEVER. */
uint64_t fault_deadline(const struct world *w);
void fault_repair(struct world *w);

/* choice.c */

struct choice {
	enum { CHOICE_DELIVER, CHOICE_TICK, CHOICE_NET, CHOICE_REPAIR, CHOICE_HOLD, CHOICE_LATE, CHOICE_FAULT, CHOICE_KINDS } kind;
	uint8_t a, b;
	uint8_t deviation; /* 1: it is not the default order */
};

enum { CHOICES_MAX = 320 };

/** All steps that are possible: the first is that of the default order. @faults: with those. 0: nothing is left to do. */
unsigned choice_list(const struct world *w, bool deviations, bool faults, struct choice ret[static CHOICES_MAX]);
void choice_take(struct world *w, const struct choice *choice);
void choice_text(const struct world *w, const struct choice *choice, char *ret, size_t n);

/* check.c */

/** An element as a user is told of it. */
struct shown {
	uint32_t pe_id, home_id;
	uint16_t port;
};

/** Whether the registrar @r tells a user of the element @pe_id. */
bool check_shows(struct world *w, unsigned r, uint32_t pe_id, struct shown *ret);
/** The registrar that the element @n has for its home; NULL: none. */
struct node *check_home(const struct node *n);

/** Whether the history has come to its end: nothing happens any more but heartbeats. */
bool check_is_quiet(struct world *w);
/** What does not hold in @w, which is quiet; NULL: all holds. It sends messages: the world cannot be used after. */
const char *check(struct world *w);

/* state_hash.c */

/** All that decides the future of @w, in one number. */
uint64_t state_hash(struct world *w);
/** Only what must come to rest: tables, homes, peers. */
uint64_t state_tables(struct world *w);
/** Whether nothing is expected any more: all registrars hear one another and agree, and each element answers its home. */
bool state_rests(const struct world *w);

/* memory.c */

/** From now on all memory comes from one place, which can be saved and restored. */
void memory_begin(void);
void memory_end(void);
/** For a while, memory comes from elsewhere. */
void memory_pause(bool pause);
struct memory_copy *memory_save(struct memory_copy *reuse);
void memory_restore(const struct memory_copy *copy);
void memory_copy_free(struct memory_copy *copy);
size_t memory_used(void);

#endif
