#ifndef RSP_ENGINE_REGISTRAR_PRIV_H
#define RSP_ENGINE_REGISTRAR_PRIV_H

#include "engine/registrar/account.h"
#include "engine/registrar/registrar.h"
#include "model/tombstones.h"

/** A connection of an element, a user, a registrar or a monitor, or (not @up) the way to one. */
struct rsp_link {
	struct rsp_link *next; /* in its hash chain */
	uint32_t id;
	uint32_t n_subscriptions;
	bool up, dialled;
	bool looked; /* dialled to ask elements, and none was attached to it since: look.c */
	uint32_t n_looks; /* elements that are asked over it: look.c */
	struct rsp_link_info info; /* info.identity is the link's own copy */
	struct rsp_account *account; /* NULL until it is up */
	struct rsp_element *elements;	 /* registered over it, or to be adopted over it */
	struct rsp_subscription *subscriptions;

	struct rsp_table_node reach; /* dialled to an element: in r->reach, by where it leads */
	struct rsp_contact *contact; /* dialled to a registrar */
	struct rsp_peer *peer;	     /* whose messages come over it, once one has */
	struct rsp_giving *giving;   /* the table that is being given out over it */
};

/** A link that is told of a pool's changes, RFC 5352 s.2.2.5. */
struct rsp_subscription {
	struct rsp_subscription *pool_next, **pool_link, *link_next, **link_link;
	struct rsp_link *link;
	struct rsp_watch *watch;
	uint32_t items;
};

/** A question for a pool that is not known, and may be soon: hold.c. */
struct rsp_held {
	struct rsp_held *next;
	struct rsp_link *link;
	uint64_t until_ms; /* then the answer is that there is no such pool */
	uint32_t items;
	bool watch;
	uint64_t hash; /* of the handle */
	size_t handle_size;
	uint8_t handle[];
};

#define RSP_HELD_MAX      1024 /* of all links */
#define RSP_HELD_LINK_MAX 16   /* of one */

/** The subscriptions to one pool. */
struct rsp_watch {
	struct rsp_timer timer; /* when to push, if there is something to push */
	struct rsp_pool *pool;
	struct rsp_subscription *subscriptions;
	uint64_t pushed_ms;
};

enum rsp_enrp_timer_kind {
	RSP_TIMER_HEARTBEAT,
	RSP_TIMER_JOIN,
	RSP_TIMER_CONTACT,
	RSP_TIMER_PEER,
	RSP_TIMER_TAKING,
	RSP_TIMER_GIVING,
	RSP_TIMER_LOOK
};

struct rsp_enrp_timer {
	struct rsp_timer timer;
	enum rsp_enrp_timer_kind kind;
};

/** Where another registrar can be dialled. Who answers there is a peer; after a restart it is another one. */
struct rsp_contact {
	char *name; /* what keys call it; NULL in plain text */
	struct rsp_ip ip;
	uint16_t port;
	bool configured; /* else we were told of it */
	bool asked;	 /* while joining: it was the mentor in this round */
	bool rejected;	 /* and said that it is joining itself, or (@busy) that it gives its table to others */
	bool busy;
	bool silent;	 /* while joining: it did not refuse us, but did not answer either, or not to the end */
	uint32_t link;	 /* that we dialled, 0: none */
	bool up;
	uint64_t up_ms; /* since when, or when it was last */
	uint64_t tried_ms; /* when it was last dialled */
	unsigned failures;	 /* in a row */
	unsigned n_brief;	 /* connections in a row that were lost as soon as they were up */
	struct rsp_why failed;	 /* why it cannot be reached, as was told; RSP_OK: it can, or has not been tried */
	uint32_t peer_id;	 /* who answered last; 0: nobody yet */
	uint32_t told_id;	 /* who it is as the mentor says; 0: it has not */
	struct rsp_enrp_timer timer; /* the next attempt; or when it must have said something */
};

/** A table that is being taken from a peer: RFC 5353 s.3.2.3 (all) or s.3.6.3 (own). */
struct rsp_taking {
	bool on, own;
	uint32_t link;
	uint32_t outstanding; /* requests */
	uint32_t pages, entries;
	uint32_t refused; /* entries that we do not take */
	uint64_t started_ms;
	uint64_t done_ms; /* when the last of its own was complete, or refused */
	struct rsp_enrp_timer timer;
};

/** A table that is being given out: RFC 5353 s.3.2.3. */
struct rsp_giving {
	struct rsp_walk walk;
	bool own;
	struct rsp_link *link;
	struct rsp_enrp_timer timer;
};

/** An entry of the peer list: RFC 5353 s.3.4. */
struct rsp_peer {
	uint32_t server_id;
	char name[RSP_OWNER_MAX + 1]; /* "": not known */
	struct rsp_contact *contact;  /* NULL: we know no way to it */
	uint32_t link_in;	      /* that it dialled, 0: none */
	uint32_t heard_over;	      /* the link that its last message came over, be it one that we gave up */
	enum rsp_peer_state state;
	bool heard;	/* else it is only known as the home of elements */
	bool pipelines; /* it is one of ours: RSP_PARAM_DIGEST */
	bool in_sync;
	bool lists_refused; /* its table of @audited has elements that we do not take */
	struct {
		bool has_digest;
		uint16_t checksum;
		uint64_t digest;
	} audited;        /* what its presence said that led to the last download of its own table */
	struct rsp_ip ip; /* as it told */
	uint16_t port;
	struct rsp_ip former_ip; /* where it was before it moved there, at moved_ms */
	uint16_t former_port;
	uint64_t moved_ms;
	uint64_t last_heard_ms; /* s.3.4.3 */
	uint64_t answered_ms;	/* when it last did after it had been asked for a sign of life */
	uint64_t called_taken_ms; /* when somebody last said so, and was not believed */
	struct rsp_enrp_timer timer;
	struct rsp_taking taking;

	uint32_t *missing; /* DEAD: who has not acknowledged our takeover */
	uint32_t n_missing;
	uint32_t retries;
	uint64_t takeover_ms;	/* when it began */
	uint32_t *initiators; /* who wait for our acknowledgement of theirs, while we see for ourselves */
	uint32_t n_initiators;
};

/** What another registrar says of an element of ours, or of a third registrar, until that is found out: claim.c. */
struct rsp_rival {
	uint32_t by;
	uint64_t version;
	bool gone;	/* it says that the element was removed */
	uint16_t size;	/* else the Pool Element parameter */
	uint8_t octets[];
};

/** A peer that was taken for dead because another one has its name: it restarted, or both run. See namesake.c. */
struct rsp_namesake {
	uint32_t id, by;
	uint64_t since_ms, told_ms;
	bool both;
};

#define RSP_NAMESAKES_MAX 16

/** A registrar that others told us of and that was not reached, and why: it may be forgotten and heard of again. */
struct rsp_unreached {
	uint64_t who; /* a hash */
	enum rsp_err err;
	uint64_t told_ms; /* 0: none */
};

#define RSP_UNREACHED_MAX 64

/** A registrar whose server id another one has, and when that was last recorded. See namesake.c. */
struct rsp_same_id {
	uint64_t who;	  /* a hash of its name and of the id */
	uint64_t told_ms; /* 0: none */
};

#define RSP_SAME_IDS_MAX 16

/** An element that is asked over a connection to its ASAP transport, or was just now: look.c. */
struct rsp_look {
	struct rsp_enrp_timer timer; /* the end of the dialling, of the wait for the answer, or of the rest after it */
	struct rsp_element *element; /* NULL: it was removed meanwhile */
	uint32_t link;		     /* 0: it is not asked any more */
	bool used, asked;
};

#define RSP_LOOKS_MAX 256

#define RSP_LINK_BUCKETS 4096
#define RSP_BURST	 4096 /* elements told every RSP_BURST_MS: a queue must hold what goes over one connection */
#define RSP_BURST_MS	 50
#define RSP_SUBSCRIPTIONS_MAX (1U << 20) /* of all links */

struct rsp_registrar {
	struct rsp_registrar_config config;
	const struct rsp_engine_ops *ops;
	void *ctx;
	struct rsp_rng rng;
	struct rsp_hash_key key;
	struct rsp_handlespace *space;
	struct rsp_accounts accounts;
	struct rsp_wheel expiry, keepalive, push; /* what goes off: registration life, keep-alive and grace, updates */
	struct rsp_link *link[RSP_LINK_BUCKETS];
	uint32_t n_links, n_subscriptions;
	struct rsp_registrar_stats stats;
	uint64_t now_ms; /* of the call that is being served */
	uint64_t spared_ms; /* until then nobody is held for dead: we were stopped, and have not read what was said meanwhile */
	struct rsp_held *held; /* the oldest first */
	unsigned n_held;
	uint64_t held_made; /* the pools that had ever been made when the questions were last looked at */
	uint64_t alone_until_ms;   /* until then elements of an earlier run may be on their way back */
	uint64_t merging_until_ms; /* until then the tables of peers that were not heard before are waited for */
	bool leaving;
	const struct rsp_why *failure; /* of the link that is being told to be down, in words; or NULL */

	/* among registrars */
	bool serving;
	char *name;
	struct rsp_tombstones tombstones;
	struct rsp_wheel enrp;
	struct rsp_enrp_timer heartbeat, join;
	struct rsp_contact **contact;
	struct rsp_peer **peer;
	unsigned n_contacts, n_peers;
	struct rsp_contact *mentor; /* while joining */
	bool mentor_listed;	    /* it has given its list */
	struct rsp_unreached unreached[RSP_UNREACHED_MAX];
	unsigned n_unreached; /* ever */
	struct rsp_namesake namesake[RSP_NAMESAKES_MAX];
	unsigned n_namesakes;	    /* ever */
	struct rsp_namesake namesake_of_ours; /* the other one that has our name, by what a list or itself says */
	struct rsp_same_id same_id[RSP_SAME_IDS_MAX];
	unsigned n_same_ids;	    /* ever */
	uint64_t joining_ms;	    /* since when */
	unsigned rounds;	    /* of asking all contacts */
	uint64_t round_ms;	    /* the end of this round: who is not connected by then is not there */
	uint32_t n_giving, n_dialling;
	uint64_t called_dead_ms, called_taken_ms; /* when others last said so of us, and we did something about it */
	struct rsp_table reach; /* links to elements that we dialled, by where they lead */
	struct rsp_look look[RSP_LOOKS_MAX];
	unsigned n_looks;

	struct rsp_element **answer; /* room for max_items elements at least */
	uint32_t answer_room;
	uint8_t out[RSP_MESSAGE_MAX + 1]; /* the message being made */
};

/** Why an element goes; rsp_removal_name() tells records. */
enum rsp_removal {
	RSP_REMOVAL_DEREGISTERED,
	RSP_REMOVAL_EXPIRED,
	RSP_REMOVAL_KEEPALIVE,	 /* it did not answer */
	RSP_REMOVAL_UNREACHABLE, /* too many reported it */
	RSP_REMOVAL_CONNECTION,	 /* its connection closed and it did not come back */
	RSP_REMOVAL_RIGHTS	 /* its owner has no key any more, or may not register it */
};

/* registrar.c */

/** @link is up, and is @info's. */
enum rsp_err rsp_link_authenticated(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_link_info *info);
/** A link, not up yet. NULL if out of memory. */
struct rsp_link *rsp_link_new(struct rsp_registrar *r, uint32_t id);
/** Take @link off and free it. Its elements are detached; whose they are is the caller's to see to. */
void rsp_link_forget(struct rsp_registrar *r, struct rsp_link *link);
/** Close @link and forget it, with all that follows from its being gone but the suspicion that its peer is dead. */
void rsp_link_drop(struct rsp_registrar *r, struct rsp_link *link);
/** End every link, with a close if @close. */
void rsp_links_forget(struct rsp_registrar *r, bool close);
/** The elements of @link, which is gone, have the grace time to come back. */
void rsp_link_orphan(struct rsp_registrar *r, struct rsp_link *link);

struct rsp_link *rsp_registrar_link(const struct rsp_registrar *r, uint32_t id);

/** Encode @msg and send it. */
void rsp_registrar_send(struct rsp_registrar *r, uint32_t link, const struct rsp_message *msg);

/**
 * Report @event, whose who is filled from @link (may be NULL) unless it has an identity. What somebody did wrong is
 * reported at a limited rate, so that nobody fills our records: RFC 5355 s.2.13.
 */
void rsp_registrar_record(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_event event);

enum rsp_change {
	RSP_CHANGE_ADD,	  /* it is new, or other than before in what a user sees */
	RSP_CHANGE_RENEW, /* it registered again, and is what it was */
	RSP_CHANGE_DEL	  /* it is about to go */
};

/**
 * Every change that a message or a timer of ASAP makes to the handlespace passes here, exactly once: whoever must be
 * told (watchers of the pool; peers, by ENRP_HANDLE_UPDATE) is told from here. Changes that a peer made do not: they
 * only concern rsp_watch_changed().
 */
void rsp_registrar_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_change change);

/** Count @e for its owner, if it is ours (home and owner as they are now), or (@by is -1) no longer. */
void rsp_registrar_count(struct rsp_registrar *r, const struct rsp_element *e, int by);

/** Take @e from the handlespace, with its timers, and tell everyone. @by may be NULL. */
void rsp_registrar_remove(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, enum rsp_removal why,
			  const struct rsp_link *by);

/** The newest version of @e that we know of, ours or a rival's. */
uint64_t rsp_version_known(const struct rsp_element *e);

/**
 * A statement of ours about an element whose newest known version is @known must have this version. An even one: twice
 * the wall clock in ms, or the next after @known.
 */
uint64_t rsp_version_next(const struct rsp_registrar *r, struct rsp_bytes handle, uint32_t pe_id, uint64_t known);
/**
 * The version of an element that was known in @known and is taken over: an odd one, as long as the element has not
 * confirmed it by registering. All who hear of the takeover count alike.
 */
uint64_t rsp_version_taken_over(uint64_t known);

/** Forget @e, which is not ours or no longer, with its timers; watchers are told, peers are not. */
void rsp_registrar_forget(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);

/** The next timer of @wheel that is due; NULL: none. */
struct rsp_timer *rsp_registrar_due(struct rsp_registrar *r, struct rsp_wheel *wheel);

/** Let @e be reached over @link (NULL: over none). */
void rsp_element_attach(struct rsp_element *e, struct rsp_link *link);

/* rights.c: what identities may register */

/** Whether @identity (NULL: none), whose own address is @own, may register each address of @transport. RFC 5352 s.2.2.1 */
bool rsp_rights_addresses(const struct rsp_registrar *r, const char *identity, const struct rsp_ip *own,
			  const struct rsp_transport *transport);
/** Why @link may not change what is registered: it is not a connection of an element that showed its key. NULL: it may. */
const char *rsp_rights_no_element(const struct rsp_registrar *r, const struct rsp_link *link);
/** Whether @identity (NULL: none) may register @user: an Opaque transport cannot be compared with any address. */
bool rsp_rights_opaque(const struct rsp_registrar *r, const char *identity, const struct rsp_transport *user);
/** How many elements @identity (NULL: none) may hold here, how many pools it may make, and how fast. */
uint32_t rsp_rights_elements(const struct rsp_registrar *r, const char *identity);
uint32_t rsp_rights_pools(const struct rsp_registrar *r, const char *identity);
struct rsp_rate rsp_rights_rate(const struct rsp_registrar *r, const char *identity);
/**
 * Why we do not take @pe, which another registrar says is in the pool @handle, from it: its owner may not register it, as
 * far as its rights are known here, or its home has its share of the handlespace. NULL: we do. @ret_cause: the cause.
 */
const char *rsp_rights_refusal(const struct rsp_registrar *r, struct rsp_bytes handle,
			       const struct rsp_pool_element *pe, uint16_t *ret_cause);
/** Look at peers and elements again: see rsp_registrar_rights_changed(). Any peer, link or element may be gone then. */
void rsp_rights_review(struct rsp_registrar *r);

/* asap.c: one function a message, RFC 5352 s.3 */
void rsp_asap_registration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			   const struct rsp_message *msg);
void rsp_asap_deregistration(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			     const struct rsp_message *msg);
void rsp_asap_keep_alive_ack(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			     const struct rsp_message *msg);
/** Tell @e, if there is a connection to it, that it is not registered here any more, because of @cause. RFC 5352 s.3.2 */
void rsp_asap_gone(struct rsp_registrar *r, const struct rsp_element *e, uint16_t cause);
void rsp_asap_keepalive_due(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);
/** Send a keep-alive; with @home (the H flag) @e is to take us for its home. */
void rsp_asap_keep_alive(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e, bool home);
/** Send a keep-alive for @e over @link, which must be up, and do nothing else. */
void rsp_asap_keep_alive_send(struct rsp_registrar *r, uint32_t link, const struct rsp_element *e, bool home);
/** Ask @e over its connection as soon as the distance to the last keep-alive allows; not while that is being made. */
void rsp_asap_keep_alive_soon(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);
/** Its next keep-alive comes in its time. */
void rsp_asap_keep_alive_arm(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);
/** Answer a request that could not be decoded, if enough of it could be read. False if not. */
bool rsp_asap_undecodable(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes octets,
			  const struct rsp_why *why);
void rsp_asap_expired(struct rsp_registrar *r, uint64_t now_ms, struct rsp_element *e);

/* report.c: RFC 5352 s.3.5 */
void rsp_asap_unreachable(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			  const struct rsp_message *msg);
/** Forget the reports of @e. */
void rsp_reports_clear(struct rsp_element *e);

/* look.c: elements that are asked although there is no connection to them, RFC 5352 s.3.5 */

/** Dial the ASAP transport of @e and send a keep-alive without the H flag. @e may be gone then: if it listens nowhere it
 * counts as one that does not answer. False if too many are asked just now. */
bool rsp_look_begin(struct rsp_registrar *r, struct rsp_element *e);
void rsp_looks_link_up(struct rsp_registrar *r, const struct rsp_link *link);
/** @link is gone: its elements have not answered. */
void rsp_looks_link_down(struct rsp_registrar *r, const struct rsp_link *link);
/** @link is gone, and nothing follows from that. */
void rsp_looks_link_forget(struct rsp_registrar *r, const struct rsp_link *link);
/** @e has acknowledged a keep-alive over @link, which may be gone then, unless an element is attached to it. */
void rsp_look_answered(struct rsp_registrar *r, uint32_t link, struct rsp_element *e);
void rsp_look_due(struct rsp_registrar *r, struct rsp_look *look);
/** @e is about to be freed. */
void rsp_look_forget(struct rsp_registrar *r, const struct rsp_element *e);

/* resolve.c */
void rsp_asap_resolution(struct rsp_registrar *r, uint64_t now_ms, struct rsp_link *link,
			 const struct rsp_message *msg);
void rsp_watch_changed(struct rsp_registrar *r, uint64_t now_ms, struct rsp_pool *pool, bool gone);
void rsp_watch_push(struct rsp_registrar *r, uint64_t now_ms, struct rsp_watch *watch);
bool rsp_watch_subscribe(struct rsp_registrar *r, struct rsp_link *link, struct rsp_pool *pool, uint32_t items);
void rsp_subscription_end(struct rsp_registrar *r, struct rsp_subscription *subscription);

/* enrp.c: messages between registrars, RFC 5353 s.2 */

void rsp_enrp_receive(struct rsp_registrar *r, struct rsp_link *link, struct rsp_bytes octets);
/** Send @msg, of which type, flags and contents are set. */
void rsp_enrp_send(struct rsp_registrar *r, uint32_t link, struct rsp_message *msg);
/** Begin a message in r->out, and end it: its octets. */
struct rsp_mark rsp_enrp_open(struct rsp_registrar *r, struct rsp_wr *wr, uint8_t type, uint8_t flags,
			      uint32_t receiver_id);
struct rsp_bytes rsp_enrp_close(struct rsp_wr *wr, struct rsp_mark whole);
/** Send a presence over @link to @receiver_id (0: whoever it is), which must be answered if @reply. s.2.1 */
void rsp_enrp_presence(struct rsp_registrar *r, uint32_t link, uint32_t receiver_id, bool reply);
/** A presence to every peer, and so (s.2.1) to nobody by id. s.3.4.2 */
void rsp_enrp_presences(struct rsp_registrar *r, bool reply);
/** Refuse @msg, which came over @link, with an ENRP_ERROR, and record why. */
void rsp_enrp_refuse(struct rsp_registrar *r, const struct rsp_link *link, const struct rsp_message *msg,
		     uint16_t cause, const char *reason);
/** Record something about @peer. */
void rsp_enrp_record(struct rsp_registrar *r, enum rsp_event_kind kind, const struct rsp_peer *peer,
		     const char *reason);
/** Do what is due among registrars. */
void rsp_enrp_tick(struct rsp_registrar *r);
void rsp_enrp_set(struct rsp_registrar *r, struct rsp_enrp_timer *timer, uint64_t in_ms);

/*
 * Peers, links and contacts come and go inside of calls. After these nothing of the kind may be relied on, but is to be
 * looked up again: rsp_peer_dead(), rsp_peer_due(), rsp_peer_forget(), rsp_enrp_link_down(), rsp_taking_end() and what
 * is in takeover.c, since a takeover that is complete takes its target off the list, which may complete the next one.
 * Others say below what they free. What sends, records or sets a timer frees nothing.
 */

/* peers.c: the peer list, and who is to be dialled, s.3.4 */

enum rsp_err rsp_contacts_init(struct rsp_registrar *r) RSP_NODISCARD;
void rsp_peers_done(struct rsp_registrar *r);
struct rsp_peer *rsp_peer_find(const struct rsp_registrar *r, uint32_t server_id);
/** The peer, entered into the list if need be. NULL if that is full or out of memory. */
struct rsp_peer *rsp_peer_get(struct rsp_registrar *r, uint32_t server_id);
/** The same for one that a table names as a home, by the name that the list gave it. */
struct rsp_peer *rsp_peer_told(struct rsp_registrar *r, uint32_t server_id);
/** Take @peer off the list and close its connections. Who waits for it is not told: nothing is to follow from it. */
void rsp_peer_free(struct rsp_registrar *r, struct rsp_peer *peer);
/** The same, and nothing waits for it any more: takeovers may be complete by that, and other peers gone too. */
void rsp_peer_forget(struct rsp_registrar *r, struct rsp_peer *peer);
/** Whether @peer was heard, and nobody has found it dead. */
bool rsp_peer_is_alive(const struct rsp_peer *peer);
/** The link over which to send to @peer; 0: none is up. */
uint32_t rsp_peer_link(const struct rsp_peer *peer);
/** A message of @peer came. */
void rsp_peer_heard(struct rsp_registrar *r, struct rsp_peer *peer);
/** Ask @peer for a sign of life. Its contact, which may be dialled for that, may be gone then, as after a dial. */
void rsp_peer_probe(struct rsp_registrar *r, struct rsp_peer *peer, const char *reason);
/** Take @peer over, or wait for who does. It may be gone then, and any other peer. */
void rsp_peer_dead(struct rsp_registrar *r, struct rsp_peer *peer, const char *reason);
/** Its timer went off; the same may be gone. */
void rsp_peer_due(struct rsp_registrar *r, struct rsp_peer *peer);
/** Bind @link to the peer whose @msg came over it. NULL: it may not speak; @link may be gone then. Other peers may be
 * gone, and other links of the one that is returned, which is there. */
struct rsp_peer *rsp_peer_of_link(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg);
enum rsp_hearsay {
	RSP_HEARSAY_ITSELF,
	RSP_HEARSAY_MENTOR, /* while we join: whose table is going to name it */
	RSP_HEARSAY_OTHER
};

/** We were told, @by whom, that a registrar @name is at @ip and @port, where it may be dialled. */
void rsp_contact_heard_of(struct rsp_registrar *r, uint32_t server_id, struct rsp_bytes name, const struct rsp_ip *ip,
			  uint16_t port, enum rsp_hearsay by);
/** Dial it, unless that is done or under way. If that fails at once, @contact may be gone. */
void rsp_contact_dial(struct rsp_registrar *r, struct rsp_contact *contact);
/** It is time to dial it, or it has said nothing since it was dialled. @contact may be gone, or its link is. */
void rsp_contact_due(struct rsp_registrar *r, struct rsp_contact *contact);
void rsp_contact_forget(struct rsp_registrar *r, struct rsp_contact *contact);
void rsp_contact_later(struct rsp_registrar *r, struct rsp_contact *contact);
void rsp_contact_failed(struct rsp_registrar *r, struct rsp_contact *contact, enum rsp_err why);
void rsp_contact_lost(struct rsp_registrar *r, struct rsp_contact *contact, enum rsp_err err);
void rsp_contact_reached(struct rsp_registrar *r, const struct rsp_link *link);
void rsp_enrp_link_up(struct rsp_registrar *r, struct rsp_link *link);
/** @link, of a registrar or monitor, is gone; the caller forgets it. Its contact may be gone then, and any peer. */
void rsp_enrp_link_down(struct rsp_registrar *r, struct rsp_link *link, enum rsp_err why);

/* namesake.c: two registrars with one name */

/** @now has the name of @former, which is taken for dead. */
void rsp_namesake_replaced(struct rsp_registrar *r, const struct rsp_peer *former, const struct rsp_peer *now);
/** Whether @a and @b, of one name, are known to run both. */
bool rsp_namesakes(struct rsp_registrar *r, const struct rsp_peer *a, const struct rsp_peer *b);
/** @peer has said something over @link: if it was replaced, and by one that is there, both run, which is recorded. */
void rsp_namesake_heard(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_peer *peer);
/** A registrar @name is alive at @ip and @port, as @id: if the name is ours and the id is not, that is recorded. */
void rsp_namesake_of_ours(struct rsp_registrar *r, struct rsp_bytes name, uint32_t id, const struct rsp_ip *ip,
			  uint16_t port);

/**
 * The registrar at the other end of @link says that its server id is @id, which the registrar @holder has ("": one of
 * unknown name; NULL: we have it). Recorded, at most once a minute for each.
 */
void rsp_same_id_heard(struct rsp_registrar *r, const struct rsp_link *link, uint32_t id, const char *holder);
/**
 * @peer says over @link that it is at @ip and @port, before that is noted. In plain text two registrars with one id look
 * like one that moves to and fro, which is recorded as that.
 */
void rsp_same_id_moved(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_peer *peer,
		       const struct rsp_ip *ip, uint16_t port);

/* hold.c: questions that come too early */

/** Hold the question @msg for a pool that is not known. False if this registrar knows all that it can, or no room. */
bool rsp_hold(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg, uint32_t items);
/** Answer what can be answered now, or is not worth waiting for any longer. */
void rsp_held_settle(struct rsp_registrar *r);
/** Forget what came over @link. */
void rsp_held_forget(struct rsp_registrar *r, const struct rsp_link *link);
/** When the next held question is due; RSP_NEVER: there is none. */
uint64_t rsp_held_next(const struct rsp_registrar *r);

/** Answer that the pool @handle is unknown, or whatever @cause says. */
void rsp_resolution_error(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_bytes handle, uint16_t cause);

/** Answer the question for @handle, whose pool is there or not. */
void rsp_resolution_answer(struct rsp_registrar *r, struct rsp_link *link, struct rsp_bytes handle, uint32_t items,
			   bool watch);

/* join.c: s.3.2 */

void rsp_join_begin(struct rsp_registrar *r);
/** We were away for @away_ms: nothing we know can be relied on. All links and peers are gone then. */
void rsp_join_again(struct rsp_registrar *r, uint64_t away_ms);
/** Something changed that the search for a mentor waits for: a contact is up, or down. Nothing is dialled or freed. */
void rsp_join_step(struct rsp_registrar *r);
/** Whether we are joining, and with @peer for our mentor. */
bool rsp_join_is_mentor(const struct rsp_registrar *r, const struct rsp_peer *peer);
void rsp_join_listed(struct rsp_registrar *r, const struct rsp_peer *peer, bool rejected);
void rsp_join_taken(struct rsp_registrar *r, const struct rsp_peer *peer, bool complete, bool rejected);
void rsp_join_due(struct rsp_registrar *r);

/* table.c: s.3.2.3, s.3.6 */

void rsp_table_requested(struct rsp_registrar *r, struct rsp_link *link, const struct rsp_message *msg);
void rsp_giving_end(struct rsp_registrar *r, struct rsp_giving *giving);
/** Begin to take @peer's table: its own elements only, or all. */
void rsp_taking_begin(struct rsp_registrar *r, struct rsp_peer *peer, bool own);
/** It ends in the middle: its link, if still @peer's, is dropped, after which @peer may be gone. */
void rsp_taking_end(struct rsp_registrar *r, struct rsp_peer *peer, const char *failure);
/** A page came. @link and @peer may be gone: see rsp_taking_end(). */
void rsp_table_responded(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
			 const struct rsp_message *msg);
/** @e's home does not have it, and nobody else has claimed it since. */
void rsp_swept(struct rsp_registrar *r, struct rsp_element *e);
/** Compare what @peer says of its elements with what we have of them. s.3.6.1 */
void rsp_audit(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_message *presence);

/* claim.c: who owns an element, and updates, s.3.3 */

void rsp_updates_send(struct rsp_registrar *r, const struct rsp_element *e, uint16_t action);
void rsp_update_received(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
			 const struct rsp_message *msg);
/** @peer's table has @pe in it. False if that may not be. */
bool rsp_claim(struct rsp_registrar *r, struct rsp_peer *peer, struct rsp_bytes handle, struct rsp_pool_element *pe);
/** @peer says that all our elements are its: who of them is still there? */
void rsp_claims_all(struct rsp_registrar *r, const struct rsp_peer *peer);
/** The element that a rival claims has answered us; or it has not. */
void rsp_rival_lost(struct rsp_registrar *r, struct rsp_element *e);
void rsp_rival_won(struct rsp_registrar *r, struct rsp_element *e);
/** @e of the registrar @home was reported, and does not answer us: @home is to ask it over its own connection. */
void rsp_claim_ask_home(struct rsp_registrar *r, const struct rsp_peer *home, const struct rsp_element *e);
/** The home of @e, which is another's, has not answered to what is claimed of it: that holds. @e may be gone then. */
void rsp_claim_unanswered(struct rsp_registrar *r, struct rsp_element *e);

/* takeover.c: s.3.5 */

void rsp_takeover_begin(struct rsp_registrar *r, struct rsp_peer *target);
void rsp_takeover_abort(struct rsp_registrar *r, struct rsp_peer *target, const char *reason);
void rsp_takeover_retry(struct rsp_registrar *r, struct rsp_peer *target);
/** @server_id is no peer any more, or is heard of no more: nobody waits for its acknowledgement. */
void rsp_takeovers_without(struct rsp_registrar *r, uint32_t server_id);
/** @peer is reachable: send it what it may have missed of our takeovers. */
void rsp_takeovers_tell(struct rsp_registrar *r, const struct rsp_peer *peer);
void rsp_takeover_initiated(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
			    const struct rsp_message *msg);
void rsp_takeover_acknowledged(struct rsp_registrar *r, struct rsp_peer *peer, const struct rsp_message *msg);
void rsp_takeover_enforced(struct rsp_registrar *r, struct rsp_link *link, struct rsp_peer *peer,
			   const struct rsp_message *msg);
/** Acknowledge to those who wait for it that @target is given up. */
void rsp_takeover_yield(struct rsp_registrar *r, struct rsp_peer *target);

/** Whether @target is silent, and no takeover of it is complete although it should be for long. */
bool rsp_takeover_is_late(const struct rsp_registrar *r, const struct rsp_peer *target);
/** Remove @e of @target, whose takeover is late: it does not answer. */
void rsp_takeover_late_gone(struct rsp_registrar *r, const struct rsp_peer *target, struct rsp_element *e);

/* adopt.c: s.3.5.2, the elements of a registrar that was taken over */

/** @e is ours now: it is to be told, in @in_ms. */
void rsp_adopt(struct rsp_registrar *r, struct rsp_element *e, uint64_t in_ms);
/** Its time has come: dial it, or give up on the dialling. */
void rsp_adopt_due(struct rsp_registrar *r, struct rsp_element *e);
/** The link of @e is gone. Whether there is another one where it listens, over which it is being asked now. */
bool rsp_adopt_otherwise(struct rsp_registrar *r, struct rsp_element *e);
void rsp_adopt_link_up(struct rsp_registrar *r, struct rsp_link *link);
uint64_t rsp_reach_hash_of(const void *ctx, const struct rsp_table_node *node);
/** Under which hash a link to the element @identity at @ip and @port is in r->reach. */
uint64_t rsp_reach_hash(const struct rsp_registrar *r, const char *identity, const struct rsp_ip *ip, uint16_t port);
/** The connection to where @e listens, there or under way; NULL if there is none. */
struct rsp_link *rsp_reach_find(const struct rsp_registrar *r, const struct rsp_element *e);
/** The same, dialled if need be (@look: only to ask, see rsp_link.looked); NULL if there can be none. */
struct rsp_link *rsp_reach(struct rsp_registrar *r, const struct rsp_element *e, bool look);
void rsp_adopted(struct rsp_registrar *r, const struct rsp_link *link, struct rsp_element *e);

#endif
