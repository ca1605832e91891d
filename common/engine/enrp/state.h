#ifndef RSP_ENRP_STATE_H
#define RSP_ENRP_STATE_H

#include "base/limiter.h"
#include "engine/enrp/enrp.h"
#include "engine/enrp/ring.h"

/* The data that the files of enrp/ share. A comment above each group of fields
 * gives the file that the group belongs to. */

enum rsp_enrp_timer_kind {
	RSP_ENRP_TIMER_HEARTBEAT,
	RSP_ENRP_TIMER_JOIN,
	RSP_ENRP_TIMER_CONTACT,
	RSP_ENRP_TIMER_PEER,
	RSP_ENRP_TIMER_DOWNLOAD,
	RSP_ENRP_TIMER_UPLOAD,
	RSP_ENRP_TIMER_SERVER_ID
};

struct rsp_enrp_timer {
	struct rsp_timer timer;
	enum rsp_enrp_timer_kind kind;
};

TAILQ_HEAD(rsp_contact_list, rsp_contact);
TAILQ_HEAD(rsp_peer_list, rsp_peer);

/** Two registrars that may run with the same name: duplicate.c. */
struct rsp_same_name {
	uint32_t id, by; /* server ids; @by was heard later. 0: this entry is free */
	uint64_t since_ms;
	bool both_run; /* both are known to run, and this was recorded */
};

#define RSP_SAME_NAMES_MAX 16

/** A registrar that was taken over. */
struct rsp_gone {
	uint32_t server_id;
	uint64_t at_ms;
};

#define RSP_GONE_MAX 32

/** Another registrar that uses the server id of this one: server_id.c. */
struct rsp_shared_id {
	struct rsp_enrp_timer timer; /* when to draw another id */
	uint64_t heard_ms;	     /* when a message last showed that registrar; valid while @timer is set */
	char name[RSP_OWNER_MAX + 1]; /* its name; "": unknown */
	uint64_t next_ms;	     /* draw no other id before */
	unsigned draws;		     /* ids drawn so far */
	bool draw;		     /* draw at the end of this turn */
};

/** Actions that a limiter allows at most once in an interval for each subject. */
enum rsp_enrp_once {
	RSP_ENRP_ONCE_SAME_NAME, /* the record of two registrars with one name */
	RSP_ENRP_ONCE_SAME_ID,	 /* the record of two registrars with one server id */
	RSP_ENRP_ONCE_PROTEST,	 /* PRESENCEs to all peers, because a peer has declared this registrar dead */
	RSP_ENRP_ONCE_LIST,	 /* the request for a list, because a peer hears a registrar of unknown address */
	RSP_ENRP_ONCE_TABLE,	 /* the download of the table of a peer that says that it has taken over this registrar */
	RSP_ENRP_ONCE_RIVAL,	 /* the record of two identities with one PE identifier */
	RSP_ENRP_ONCE_RELAYED,	 /* PRESENCEs soon, because other peers have the elements of a peer from this registrar */
	RSP_ENRP_ONCE_WORD	 /* an update because a registrar without STATEMENT says that it has an element of another home */
};

struct rsp_enrp {
	struct rsp_core *core;
	struct rsp_wheel wheel;
	struct rsp_enrp_timer heartbeat;
	struct rsp_limiter once; /* its kinds are enum rsp_enrp_once */

	/* contact.c */
	struct rsp_contact **contact;
	unsigned n_contacts;
	struct rsp_contact_list failed; /* contacts whose dial failed in this turn */
	struct rsp_limiter unreachable; /* limits the records about learned contacts; its kinds are errors */

	/* peer.c */
	struct rsp_peer **peer;
	unsigned n_peers;
	struct rsp_peer_list changed; /* peers that settle_peer() in enrp.c handles at the end of the turn */
	struct rsp_peer_list removed; /* peers that were removed from the peer list; freed at the end of the turn */

	/* takeover.c */
	struct rsp_gone gone[RSP_GONE_MAX];
	unsigned n_gone; /* entries ever made in @gone, which is a ring */

	/* duplicate.c */
	struct rsp_same_name same_name[RSP_SAME_NAMES_MAX];
	unsigned n_same_names;		 /* entries ever made in @same_name, which is a ring */
	struct rsp_same_name named_like_us; /* another registrar that has the name of this registrar */

	/* server_id.c */
	struct rsp_shared_id shared_id;

	/* upload.c */
	uint32_t n_uploads; /* at most max_downloads, without those that wait */
	TAILQ_HEAD(, rsp_upload) waiting; /* requests of peers, at most one of each link */

	/* clock.c */
	uint64_t unread_until_ms; /* until then, a message may have waited to be read while the process of this registrar was away */

	/* update.c */
	struct rsp_ring ring;		/* the updates that this registrar has sent last */
	struct rsp_tomb_walk buried;	/* tombstones that were made since the last turn: they are announced */

	/* download.c */
	uint8_t downloads; /* number of the last OWN download: 1 to 255, then 1 again */

	/* join.c */
	struct rsp_enrp_timer join;
	struct rsp_contact *mentor; /* NULL: this registrar has not chosen a mentor */
	bool mentor_listed;	    /* the mentor has sent its list of registrars */
	/* a contact has come up or gone down: call rsp_join_step() at the end of the turn */
	bool join_changed;
	uint64_t joining_ms;	    /* when joining began */
	unsigned rounds;	    /* rounds of the join so far; in each round, every contact may be asked once */
	/* when this round ends: it does not wait longer for contacts that are not UP. 0: between two rounds */
	uint64_t round_ms;
	/* When this registrar begins to serve, elements are perhaps not registered yet: those of its earlier run, or of its mentor,
	 * which may have started at the same time. Until then, the answer for an unknown pool is held: registrar/hold.c */
	uint64_t starting_until_ms;
	uint64_t heard_ms;    /* when a peer was heard last, or this registrar began */
	uint64_t isolated_ms; /* since when no peer had been heard, if that was too long; join.c; 0: no matter any more */
	uint64_t back_ms;     /* when a peer was heard again after that */
	/* until then, this registrar may lack elements of peers that it heard for the first time or again */
	uint64_t merging_until_ms;
};

/** Removals may be forgotten elsewhere after this time of silence: half the time for which each registrar keeps them. */
static inline uint64_t
rsp_enrp_forgetting_ms(const struct rsp_enrp *n)
{
	return n->core->config.tombstone_ms / 2;
}

static inline void
rsp_enrp_set(struct rsp_enrp *n, struct rsp_enrp_timer *timer, uint64_t in_ms)
{
	rsp_wheel_set(&n->wheel, &timer->timer, n->core->now_ms + in_ms);
}

#endif
