#ifndef RSP_ENRP_STATE_H
#define RSP_ENRP_STATE_H

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
	uint64_t since_ms, recorded_ms;
	bool both_run; /* found out, and recorded */
};

/** The registrar behind a link has the server id of another one: duplicate.c. */
struct rsp_same_id {
	uint64_t subject;     /* a hash of its name and the id */
	uint64_t recorded_ms; /* 0: free */
};

#define RSP_SAME_NAMES_MAX 16
#define RSP_SAME_IDS_MAX   16

/** A contact that other registrars named and that could not be dialled; it may be forgotten and named again: contact.c. */
struct rsp_unreached {
	uint64_t subject; /* a hash of its name, or of its address */
	enum rsp_err err;
	uint64_t recorded_ms; /* 0: free */
};

#define RSP_UNREACHED_MAX 64

struct rsp_enrp {
	struct rsp_core *core;
	struct rsp_looks *looks;
	struct rsp_wheel wheel;
	struct rsp_enrp_timer heartbeat;

	/* contact.c */
	struct rsp_contact **contact;
	unsigned n_contacts;
	struct rsp_contact_list failed; /* contacts that could not be dialled in this turn */
	struct rsp_unreached unreached[RSP_UNREACHED_MAX];
	unsigned n_unreached; /* ever */

	/* peer.c */
	struct rsp_peer **peer;
	unsigned n_peers;
	struct rsp_peer_list changed; /* peers that settle_peer() in enrp.c looks at */
	struct rsp_peer_list removed; /* peers that are off the list, and freed at the end of the turn */

	/* duplicate.c */
	struct rsp_same_name same_name[RSP_SAME_NAMES_MAX];
	unsigned n_same_names;		 /* ever */
	struct rsp_same_name named_like_us; /* another registrar that has this registrar's name */
	struct rsp_same_id same_id[RSP_SAME_IDS_MAX];
	unsigned n_same_ids; /* ever */

	/* upload.c */
	uint32_t n_uploads;

	/* takeover.c: when peers last said of this registrar that it is dead, or taken over, and we reacted */
	uint64_t last_protest_ms, last_claim_scan_ms;

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
