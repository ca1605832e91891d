#ifndef RSP_ENRP_PEER_H
#define RSP_ENRP_PEER_H

#include "engine/enrp/clock.h"
#include "engine/enrp/contact.h"
#include "engine/enrp/gap.h"
#include "engine/enrp/heard.h"
#include "engine/enrp/ring.h"

/*
 * The peer list, RFC 5353 s.3.4.
 *
 *	from \ to   ACTIVE  PROBED  INACTIVE  DEAD
 *	ACTIVE       yes     yes      yes     yes
 *	PROBED       yes      -       yes     yes
 *	INACTIVE     yes      -       yes     yes
 *	DEAD         yes      -       yes     yes
 *
 * takeover.c changes the states. A peer has one timer. It expires in state ACTIVE: the peer has been silent for too long.
 * PROBED: the peer has not answered in time. INACTIVE: another registrar has not completed the takeover in time. DEAD:
 * send ENRP_INIT_TAKEOVER again. INACTIVE or DEAD, takeover decided: move the next slice of elements.
 */

/** A download from a peer. download.c
 *
 *	ALL	RFC 5353 s.3.2.3: all elements that the peer knows
 *	OWN	RFC 5353 s.3.6.3: the elements of one home, usually the peer
 *	UPDATES	beyond the RFC: the numbered updates of the peer that this registrar has missed
 */
enum rsp_download_state { RSP_DOWNLOAD_NONE, RSP_DOWNLOAD_ALL, RSP_DOWNLOAD_OWN, RSP_DOWNLOAD_UPDATES };
enum rsp_download_end { RSP_DOWNLOAD_UNDECIDED, RSP_DOWNLOAD_COMPLETE, RSP_DOWNLOAD_FAILED, RSP_DOWNLOAD_REJECTED };

struct rsp_download {
	enum rsp_download_state state;
	enum rsp_download_end end; /* the result of an ALL download; reset at the end of the turn */
	uint32_t link;
	uint32_t of;	      /* OWN: the home of the elements: the peer, or a registrar that only the peer hears */
	uint32_t outstanding; /* requests without a response */
	uint32_t pages, entries;
	uint32_t refused; /* entries that this registrar did not accept */
	uint64_t started_ms;
	uint64_t update;   /* the last update that the peer had stated when the download began */
	uint8_t number;	   /* OWN: of this download; listed elements have it in rsp_member.listed_in; 0: none yet */
	bool complained;   /* the record of a partial table was written since the tables last agreed */
	uint64_t begun_at; /* OWN: peer->told when the download began */
	/* peer->told of the table of which entries were refused last, which is not downloaded again until then */
	uint64_t partial, partial_until_ms;
	struct rsp_walk unlisted; /* after an OWN download: a walk over the elements of the home */
	/* time limit for the next page; while @unlisted is open, the time of the next slice; NONE: after a refusal, of a PRESENCE */
	struct rsp_enrp_timer timer;
};

#define RSP_INITIATORS_MAX 16

/** A takeover of a peer, by this registrar or by others. takeover.c */
struct rsp_takeover {
	uint64_t started_ms;
	uint64_t wait_ms; /* DEAD: time until ENRP_INIT_TAKEOVER is sent again */
	/* DEAD: server ids of the @n_missing registrars that have not acknowledged; NULL: no ENRP_INIT_TAKEOVER was sent */
	uint32_t *missing;
	uint32_t n_missing;
	/* server id of the new home: the takeover is decided, and the elements of the peer move
	 * to this home, slice by slice; 0: not decided */
	uint32_t moving_to;
	uint32_t n_moved;
	/* a registrar that has sent ENRP_TAKEOVER_SERVER, while this one heard the target, or a peer stated that it does; 0: none */
	uint32_t claimed_by;
	uint64_t claimed_ms; /* when it sent that */
	/* registrars that have sent ENRP_INIT_TAKEOVER for this peer, and to which this
	 * registrar has sent no ENRP_INIT_TAKEOVER_ACK yet */
	uint32_t n_initiators;
	uint32_t initiators[RSP_INITIATORS_MAX];
};

/** What a peer has stated in its PRESENCEs. */
enum rsp_peer_kind {
	RSP_PEER_UNKNOWN, /* no PRESENCE of it was received */
	RSP_PEER_STATES,  /* its PRESENCEs have RSP_PARAM_STATE: its statements about elements have numbers */
	RSP_PEER_PLAIN	  /* its PRESENCEs do not: a registrar that knows RFC 5353 only. word.c */
};

struct rsp_peer {
	uint32_t server_id;
	char name[RSP_OWNER_MAX + 1]; /* "": unknown */
	struct rsp_contact *contact;  /* where this registrar dials the peer; NULL: unknown */
	uint32_t link_in;	      /* the link that the peer has dialled; 0: none */
	uint32_t last_link; /* the link of its last message; the link may have ended; 0: it has never had one */
	enum rsp_peer_state state;
	bool heard;	/* a message of the peer was received; else the peer is only known as the home of elements */
	enum rsp_peer_kind kind;
	bool in_sync; /* the digest (PLAIN: the checksum) of its last PRESENCE agrees with the elements stored here */
	uint64_t told;		 /* the digest (PLAIN: the checksum) of its last PRESENCE */
	struct rsp_gap gap;	 /* the numbers of its updates, and what it was asked for */
	/* STATES: the last update that it was sent again, and until when none up to that one is sent again; upload.c */
	uint64_t sent_again, again_ms;
	uint64_t presence_ms;	 /* when its last PRESENCE arrived; 0: none has */
	struct rsp_heard_list heard_by_it; /* STATES: the registrars that it hears, by that PRESENCE */
	uint64_t doubted_ms; /* when it left the state ACTIVE last: an earlier statement that it is heard does not count */
	uint64_t relayed_ms; /* when a registrar that is no peer any more stated last that it hears it; 0: none did */
	bool spared; /* INACTIVE, because a peer that is alive says that it hears it */
	struct rsp_relay relay; /* when its elements were requested from that peer */
	/* since when requests for its elements, to it or to a peer that hears it, have no complete answer; 0: none is missing */
	uint64_t unanswered_ms;
	bool in_changed;
	TAILQ_ENTRY(rsp_peer) of_list;	  /* n->changed, n->removed */
	struct rsp_ip ip; /* its ENRP address in its last PRESENCE */
	uint16_t port;	  /* 0: no PRESENCE had an address */
	struct rsp_ip former_ip; /* its address before the last change, which was at moved_ms */
	uint16_t former_port;
	uint64_t moved_ms;
	uint64_t last_heard_ms; /* RFC 5353 s.3.4.3 */
	uint64_t answered_ms;	/* when it last returned from PROBED to ACTIVE; 0: never */
	struct rsp_peer_clock clock;
	struct rsp_enrp_timer timer;
	struct rsp_download download;
	struct rsp_takeover takeover; /* { 0 }: none */
};

bool rsp_peer_may(enum rsp_peer_state from, enum rsp_peer_state to);

/** Change the state of @peer to @state, and set its timer to expire in @in_ms. */
void rsp_peer_enter(struct rsp_enrp *n, struct rsp_peer *peer, enum rsp_peer_state state, uint64_t in_ms);

struct rsp_peer *rsp_peer_find(const struct rsp_enrp *n, uint32_t server_id);

/** Find the peer @server_id, or add it to the peer list. NULL: the list is full, or no memory. */
struct rsp_peer *rsp_peer_get(struct rsp_enrp *n, uint32_t server_id);

/** As rsp_peer_get(), for a registrar that a peer names: as the home of elements, or as a registrar that it hears. A new peer
 * gets the name that the mentor's list gives it. NULL also if the list is so full that the rest is kept for registrars that
 * connect to this one. */
struct rsp_peer *rsp_peer_get_listed(struct rsp_enrp *n, uint32_t server_id);

/** Whether a message of @peer was received, and @peer is ACTIVE or PROBED. */
bool rsp_peer_is_alive(const struct rsp_peer *peer);

/** Whether @peer is heard, directly or by a peer that is alive and hears @peer. */
bool rsp_peer_is_heard_of(const struct rsp_enrp *n, const struct rsp_peer *peer);
/** Whether a peer that is alive lists @peer as a registrar that it hears, in a PRESENCE of the last MAX-TIME-LAST-HEARD. */
bool rsp_peer_is_listed(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** The same, in a PRESENCE that arrived after @peer left the state ACTIVE. @ended: or a registrar that has died since does. */
bool rsp_peer_is_relayed(const struct rsp_enrp *n, const struct rsp_peer *peer, bool ended);

/** Whether @peer is DEAD or INACTIVE, is not heard of (PLAIN: not heard), and has been silent for LATE_TAKEOVER times as
 * long as a peer may be before it is declared dead. */
bool rsp_peer_takeover_is_late(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** Whether @peer is heard of, but its elements have been requested for as long as that, and no answer was complete. */
bool rsp_peer_is_unanswered(const struct rsp_enrp *n, const struct rsp_peer *peer);

/** Whether the contact of @peer is UP, and @peer is the registrar that answered there. */
bool rsp_peer_is_dialled(const struct rsp_peer *peer);
/** The link over which this registrar sends to @peer: preferably the link that it dialled; 0: none is up. */
uint32_t rsp_peer_link(const struct rsp_peer *peer);

/** Send a PRESENCE to each connected peer, with receiver id 0: RFC 5353 s.2.1,
 * s.3.4.2. @reply: the peers must answer. */
void rsp_peer_send_presences(struct rsp_enrp *n, bool reply);

/** Send @peer a PRESENCE, if it is not NULL, and connected. @reply: it must answer. */
void rsp_peer_send_presence(struct rsp_enrp *n, const struct rsp_peer *peer, bool reply);

/** What the PRESENCEs of this registrar state has changed, and no update says so: let the next heartbeat come soon. */
void rsp_peer_presences_soon(struct rsp_enrp *n);

/** An event about @peer, for the caller to complete and record. */
struct rsp_event rsp_peer_event(enum rsp_event_kind kind, const struct rsp_peer *peer);

/** Record an event about @peer. */
void rsp_peer_record(struct rsp_enrp *n, enum rsp_event_kind kind, const struct rsp_peer *peer, enum rsp_reason reason);

/** Record @event about a message of the registrar @server_id, which is perhaps no peer any more, with its name. */
void rsp_peer_complain(struct rsp_enrp *n, uint32_t server_id, struct rsp_event event);
/** Record that an element in a message of @peer is refused. No ENRP_ERROR is sent: the other elements of it are stored. */
void rsp_peer_refuse_element(struct rsp_enrp *n, const struct rsp_peer *peer, uint8_t message_type, struct rsp_bytes handle,
			     uint32_t pe_id, uint16_t cause, enum rsp_reason reason);

/** Put @peer on the list n->changed: settle_peer() handles it at the end of the turn. */
void rsp_peer_note(struct rsp_enrp *n, struct rsp_peer *peer);

/** Close all connections of @peer, which may be half open. Its contact is dialled again later. */
void rsp_peer_disconnect(struct rsp_enrp *n, struct rsp_peer *peer);

/** Remove @peer from the peer list and close its connections. rsp_peer_reap() frees it at the end of the turn. */
void rsp_peer_remove(struct rsp_enrp *n, struct rsp_peer *peer);

/** Free the peers that were removed from the peer list. Called at the end of a turn only. */
void rsp_peer_reap(struct rsp_enrp *n);

/**
 * A PRESENCE or an ENRP_LIST_RESPONSE says that the registrar @server_id with the name @name can be dialled at @ip and
 * @port: note that as a contact, and dial it if it is new. @by: the message came from that registrar itself, from the
 * mentor of this registrar while it joins, or from another peer. RFC 5353 s.3.4.1, s.3.2.2.2
 */
enum rsp_told_by { RSP_TOLD_BY_ITSELF, RSP_TOLD_BY_MENTOR, RSP_TOLD_BY_PEER };
void rsp_peer_learn(struct rsp_enrp *n, uint32_t server_id, struct rsp_bytes name, const struct rsp_ip *ip, uint16_t port,
		    enum rsp_told_by by);

#endif
