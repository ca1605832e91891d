#ifndef RSP_ENRP_PEER_H
#define RSP_ENRP_PEER_H

#include "engine/enrp/contact.h"

/*
 * The peer list, RFC 5353 s.3.4.
 *
 *	from \ to   ACTIVE  PROBED  INACTIVE  DEAD
 *	ACTIVE       yes     yes      yes     yes
 *	PROBED       yes      -       yes     yes
 *	INACTIVE     yes      -       yes     yes
 *	DEAD         yes      -       yes     yes
 *
 * takeover.c decides when. The one timer of a peer: ACTIVE, when it has been silent for too long; PROBED, when its answer
 * is due; INACTIVE, when its takeover by another registrar must be complete; DEAD, when the takeover is tried again;
 * INACTIVE or DEAD, when the next slice of its elements moves.
 */

/** A download of a handle table from a peer: RFC 5353 s.3.2.3 (all elements) or s.3.6.3 (its own). download.c */
enum rsp_download_state { RSP_DOWNLOAD_NONE, RSP_DOWNLOAD_ALL, RSP_DOWNLOAD_OWN };
enum rsp_download_end { RSP_DOWNLOAD_UNDECIDED, RSP_DOWNLOAD_COMPLETE, RSP_DOWNLOAD_FAILED, RSP_DOWNLOAD_REJECTED };

struct rsp_download {
	enum rsp_download_state state;
	enum rsp_download_end end; /* of a download of ALL, until the end of the turn */
	uint32_t link;
	uint32_t outstanding; /* requests without answer */
	uint32_t pages, entries;
	uint32_t refused; /* entries that were not accepted */
	uint64_t started_ms;
	uint64_t done_ms; /* when the last download of OWN was complete, or rejected; 0: none was */
	bool lists_refused; /* that table had elements that were not accepted */
	struct {
		bool has_digest;
		uint16_t checksum;
		uint64_t digest;
	} told; /* in the PRESENCE that led to that download */
	struct rsp_enrp_timer timer; /* the next page is due */
};

#define RSP_INITIATORS_MAX 16

/** A takeover of a peer, by this registrar or by others. takeover.c */
struct rsp_takeover {
	uint64_t started_ms;
	uint32_t retries;
	bool arbitrating;    /* DEAD: ENRP_INIT_TAKEOVER was sent */
	uint32_t *missing;   /* the @n_missing registrars that have not acknowledged it */
	uint32_t n_missing;
	uint32_t moving_to;  /* the takeover is decided, and its elements move there, slice by slice; 0: it is not */
	uint32_t n_moved;
	uint32_t n_initiators; /* registrars that wait for our acknowledgement of their takeover */
	uint32_t initiators[RSP_INITIATORS_MAX];
};

struct rsp_peer {
	uint32_t server_id;
	char name[RSP_OWNER_MAX + 1]; /* "": not known */
	struct rsp_contact *contact;  /* where it can be dialled; NULL: not known */
	uint32_t link_in;	      /* the link that it dialled; 0: none */
	uint32_t last_link;	      /* the link that its last message came over, which may have ended */
	enum rsp_peer_state state;
	bool heard;	/* a message of it was received; else it is only known as the home of elements */
	bool versioned; /* it is one of ours, and its statements have versions: RSP_PARAM_DIGEST in its PRESENCE */
	bool in_sync;	/* its last PRESENCE agreed with the elements stored here */
	bool in_changed;
	TAILQ_ENTRY(rsp_peer) of_list;	  /* n->changed, n->removed */
	struct rsp_ip ip; /* where it can be dialled, as its PRESENCE says */
	uint16_t port;	  /* 0: it has not said */
	struct rsp_ip former_ip; /* where it was before it moved, at moved_ms */
	uint16_t former_port;
	uint64_t moved_ms;
	uint64_t last_heard_ms; /* RFC 5353 s.3.4.3 */
	uint64_t answered_ms;	/* when it last answered after it was PROBED; 0: never */
	struct rsp_enrp_timer timer;
	struct rsp_download download;
	struct rsp_takeover *takeover; /* NULL: there is none */
};

bool rsp_peer_may(enum rsp_peer_state from, enum rsp_peer_state to);

/** Let @peer be in @state, with its timer set to expire in @in_ms. */
void rsp_peer_enter(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_peer_state state, uint64_t in_ms);

struct rsp_peer *rsp_peer_find(const struct rsp_enrp *n, uint32_t server_id);

/** The peer @server_id, put on the list if need be. NULL: the list is full, or no memory. */
struct rsp_peer *rsp_peer_get(struct rsp_enrp *n, uint32_t server_id);

/** The same for a registrar that a table names as the home of elements; it gets the name that the mentor's list gave. */
struct rsp_peer *rsp_peer_get_listed(struct rsp_enrp *n, uint32_t server_id);

/** Whether @peer was heard, and is neither DEAD nor INACTIVE. */
bool rsp_peer_is_alive(const struct rsp_peer *peer);

/** Whether @peer is dead, and no takeover of it is complete although much more than the usual time has passed. */
bool rsp_peer_takeover_is_late(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** Whether @peer's contact is up, and it is this peer that answered there. */
bool rsp_peer_is_dialled(const struct rsp_peer *peer);
/** The link over which to send to @peer; 0: none is up. */
uint32_t rsp_peer_link(const struct rsp_peer *peer);

/** Send a PRESENCE to each peer (to no receiver by id: RFC 5353 s.2.1). s.3.4.2 */
void rsp_peer_send_presences(struct rsp_enrp *n, bool reply);

/** Record an event about @peer. */
void rsp_peer_record(struct rsp_enrp *n, enum rsp_event_kind kind, const struct rsp_peer *peer, enum rsp_reason reason);

/** Let settle_peer() look at @peer at the end of the turn. */
void rsp_peer_note(struct rsp_enrp *n, struct rsp_peer *peer);

/** Close the connections of @peer: they may be half dead, and a peer that is there after all is dialled anew. */
void rsp_peer_disconnect(struct rsp_enrp *n, struct rsp_peer *peer);

/** Take @peer off the list and close its connections. It is freed at the end of the turn. */
void rsp_peer_remove(struct rsp_enrp *n, struct rsp_peer *peer);

/** Free the peers that are off the list. Called at the end of a turn only. */
void rsp_peer_reap(struct rsp_enrp *n);

/**
 * This registrar was told (by the registrar itself, by its mentor while it joins, or by another peer) that the registrar
 * @server_id, named @name, can be dialled at @ip and @port. RFC 5353 s.3.4.1, s.3.2.2.2
 */
enum rsp_told_by { RSP_TOLD_BY_ITSELF, RSP_TOLD_BY_MENTOR, RSP_TOLD_BY_PEER };
void rsp_peer_learn(struct rsp_enrp *n, uint32_t server_id, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port,
		    enum rsp_told_by by);

#endif
