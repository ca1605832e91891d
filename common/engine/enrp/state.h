#ifndef RSP_ENRP_STATE_H
#define RSP_ENRP_STATE_H

#include "base/limiter.h"
#include "engine/enrp/enrp.h"

/* What the files of this room share. Each group of fields belongs to the file that its comment names. */

enum rsp_enrp_timer_kind {
	RSP_ENRP_TIMER_HEARTBEAT,
	RSP_ENRP_TIMER_JOIN,
	RSP_ENRP_TIMER_CONTACT,
	RSP_ENRP_TIMER_PEER,
	RSP_ENRP_TIMER_DOWNLOAD,
	RSP_ENRP_TIMER_UPLOAD
};

struct rsp_enrp_timer {
	struct rsp_timer timer;
	enum rsp_enrp_timer_kind kind;
};

TAILQ_HEAD(rsp_contact_list, rsp_contact);
TAILQ_HEAD(rsp_peer_list, rsp_peer);

/** Two registrars that run with one name: duplicate.c. */
struct rsp_same_name {
	uint32_t id, by; /* server ids; @by appeared later. 0: free */
	uint64_t since_ms;
	bool both_run; /* found out, and recorded */
};

#define RSP_SAME_NAMES_MAX 16

/** What is done at most once in an interval for each subject. */
enum rsp_enrp_once {
	RSP_ENRP_ONCE_SAME_NAME, /* the record of two registrars with one name */
	RSP_ENRP_ONCE_SAME_ID,	 /* the record of two registrars with one server id */
	RSP_ENRP_ONCE_PROTEST,	 /* presences to all, since a peer held this registrar for dead */
	RSP_ENRP_ONCE_SCAN,	 /* asking all own elements, since a peer claims to have taken them over */
	RSP_ENRP_ONCE_CLAIMED	 /* noting that a live peer is claimed to be taken over */
};

struct rsp_enrp {
	struct rsp_core *core;
	struct rsp_looks *looks;
	struct rsp_wheel wheel;
	struct rsp_enrp_timer heartbeat;
	struct rsp_limiter once; /* kinds: enum rsp_enrp_once */

	/* contact.c */
	struct rsp_contact **contact;
	unsigned n_contacts;
	struct rsp_contact_list failed; /* contacts that could not be dialled in this turn */
	struct rsp_limiter unreachable; /* records about contacts that peers named, by error */

	/* peer.c */
	struct rsp_peer **peer;
	unsigned n_peers;
	struct rsp_peer_list changed; /* peers that settle_peer() in enrp.c looks at */
	struct rsp_peer_list removed; /* peers that are off the list, and freed at the end of the turn */

	/* duplicate.c */
	struct rsp_same_name same_name[RSP_SAME_NAMES_MAX];
	unsigned n_same_names;		 /* ever */
	struct rsp_same_name named_like_us; /* another registrar that has this registrar's name */

	/* upload.c */
	uint32_t n_uploads;


	/* join.c */
	struct rsp_enrp_timer join;
	struct rsp_contact *mentor; /* NULL: none is asked */
	bool mentor_listed;	    /* it has sent its list of registrars */
	bool join_changed;	    /* a contact is up, or down: rsp_join_step() at the end of the turn */
	uint64_t joining_ms;	    /* when joining began */
	unsigned rounds;	    /* of asking all contacts */
	uint64_t round_ms; /* when this round ends: contacts that are not up by then do not count. 0: between rounds */
	uint64_t alone_until_ms;   /* elements of an earlier run may be registering again until then */
	uint64_t merging_until_ms; /* tables of peers that were heard (again) may be incomplete until then */
};

static inline void
rsp_enrp_set(struct rsp_enrp *n, struct rsp_enrp_timer *timer, uint64_t in_ms)
{
	rsp_wheel_set(&n->wheel, &timer->timer, n->core->now_ms + in_ms);
}

#endif
