#ifndef RSP_MODEL_OWNERSHIP_H
#define RSP_MODEL_OWNERSHIP_H

#include <stdbool.h>

/*
 * Which registrar owns an element? RFC 5353 s.3.3 lets each statement replace what was known before. But statements
 * overtake one another on their way, and after a takeover (s.3.5) two registrars may both be sure that an element is
 * theirs. The rules here decide about one statement on one element: an ENRP_HANDLE_UPDATE, or an entry of a handle
 * table.
 *
 * Words. The sender sent the statement. The claimant is the registrar that the statement names as the element's home.
 * The home is the registrar that we have on record as the element's home. A claim says that an element is there, a
 * removal that it is gone. A pending claim is a statement that was noted at the element: it waits for an answer of the
 * element or of its home.
 *
 * Beyond the RFC, these are the rules:
 *
 * 1. Each statement of a home carries a version (RSP_PARAM_VERSION). The newer version holds; of two equal versions the
 *    one of the higher server id. A removed element is remembered with the version of its removal (tombstone).
 * 2. A registrar speaks only of elements of its own, with three exceptions: a home that yields passes the claim on to
 *    all; a registrar whose claim is pending passes on a newer one; any registrar may pass a statement on to the home
 *    that this statement concerns, because the home asks the element.
 * 3. The element decides: a home with a connection to the element asks it (ASAP_ENDPOINT_KEEP_ALIVE) before it yields.
 * 4. A claim to the element of another home which is heard waits: this registrar asks that home first.
 * 5. A takeover makes an odd version, until the element registers with its new home. Such a version does not hold
 *    against a home which is heard.
 * 6. A claimant that may not know the home's newer statement is told what this registrar knows.
 * 7. While an element exists, no other identity gets it: of two elements with one PE id in one pool, each registrar
 *    keeps the one that it knew first.
 *
 * The table, the first row that fits counts. "Versioned": the sender is known to state versions, and stated one.
 *
 *  statement                                                   | verdict
 *  ------------------------------------------------------------+-------------------------------------------------------
 *  handle table: owner has no right to it                      | REFUSE_RIGHTS
 *  handle table, names us, we join: not known, not removed     | TAKE_BACK
 *                                   older than the removal     | FORGET if on record from before the absence, else KEEP
 *                                   on record                  | KEEP
 *  handle table: unsound, or not the sender's in an own table  | REFUSE_INVALID
 *  update of a third registrar's element (rule 2):             |
 *    versioned, not on record, asks us or older than a removal | DROP
 *    versioned, not newer than the record                      | DROP
 *    versioned, the record's home, sender's claim is pending   | WITHDRAW, or WITHDRAW_AND_CONFIRM if it asks us
 *    versioned, the record's home, asks us                     | CONFIRM_TO_SENDER for a claim, DROP for a removal
 *    we are home, and connected or the update is a removal     | (go on)
 *    claim of a live registrar; we or sender home, or pending  | (go on)
 *    else, and if it names us                                  | REFUSE_NOT_HOME
 *  update: unsound                                             | REFUSE_INVALID
 *  update, claim: owner has no right to it                     | REFUSE_RIGHTS
 *  removal: not on record                                      | BURY
 *           older than the record                              | DROP
 *           we are home                                        | ASK_ELEMENT if connected, else AWAIT_ELEMENT; KEEP
 *           sender is home                                     | REMOVE
 *           of the sender's pending claim                      | ASK_HOME; KEEP
 *           else                                               | REFUSE_NOT_HOME
 *  claim: not on record, newer than the removal                | BELIEVE
 *         older than the removal                               | TELL_REMOVED if the sender is claimant, else DROP
 *         of another owner, not by the home, not disowned      | REFUSE_OWNER, _AND_TELL if the sender claims ours
 *         we are home, newer                                   | ASK_ELEMENT if connected, else YIELD; KEEP
 *                      not newer                               | TELL_SENDER if the sender is claimant, else DROP
 *         not newer, same home and version                     | CONFIRM
 *                    the sender may not know                   | TELL_SENDER
 *                    else                                      | DROP
 *         newer, by the home, passed on by the home, disowned, |
 *                or the home is not alive                      | BELIEVE
 *                of a takeover                                 | NOTE_CLAIM
 *                the home states versions                      | ASK_HOME; KEEP
 *                else                                          | BELIEVE
 *
 *  "; KEEP": instead, if the pending claim says the same or is newer.
 *  "Not on record" includes, for claims, an element on record from before an absence (@outdated).
 */

/** How the statement came. */
enum owner_source {
	OWNER_UPDATE,	  /* ENRP_HANDLE_UPDATE, RFC 5353 s.3.3 */
	OWNER_TABLE_ALL, /* an entry of the mentor's handle table, s.3.2.3 */
	OWNER_TABLE_OWN  /* an entry of the table of the sender's own elements, s.3.6.3 */
};

/** The registrar that the statement names as the home. */
enum owner_claimant { OWNER_CLAIMANT_SENDER, OWNER_CLAIMANT_THIRD, OWNER_CLAIMANT_US };

/** The home on record. */
enum owner_home {
	OWNER_HOME_NONE, /* the element is not on record */
	OWNER_HOME_US,
	OWNER_HOME_CLAIMANT, /* perhaps the sender as well */
	OWNER_HOME_SENDER,   /* and another one is the claimant */
	OWNER_HOME_OTHER
};

/** What is known of the home, if it is another registrar. Each value includes the ones before it. */
enum owner_home_life {
	OWNER_HOME_UNLISTED,
	OWNER_HOME_LISTED, /* on the peer list, but not heard, or held for dead */
	OWNER_HOME_ALIVE,
	OWNER_HOME_VERSIONED /* and it states versions */
};

/** The version that is stated, against the version on record. */
enum owner_order {
	OWNER_OLDER,
	OWNER_SAME,	    /* and the claimant's server id is not above the home's */
	OWNER_SAME_HIGHER, /* and the claimant's server id is above the home's */
	OWNER_NEWER
};

/** What decides about a statement. A field that does not apply is 0. */
struct owner_facts {
	enum owner_source source;
	enum owner_claimant claimant;
	enum owner_home home;
	enum owner_home_life home_life;
	enum owner_order order; /* OWNER_OLDER if the element is not on record */

	/* the statement */
	bool adds;	  /* it is a claim, else a removal */
	bool asks;	  /* it is addressed to this registrar alone, which is to answer with what is true */
	bool versioned;	  /* the sender is known to state versions, and this statement has one */
	bool provisional; /* its version is odd: of a takeover that the element has not confirmed */
	bool sound;	  /* handle, ids, transports and version are possible, and the claimant is not this registrar */
	bool rightful;	  /* the owner may register it, and the claimant may hold one more; always true of a removal */
	bool buried;	  /* it is not newer than the removal that is remembered; only if no record counts */
	bool claimant_alive; /* a third registrar, on the peer list, which is heard */

	/* this registrar, and what it has on record */
	bool joining;  /* it is not serving: RFC 5353 s.3.2 */
	bool outdated; /* @joining, and the element is on record from before an absence: any claim replaces it */
	bool same_owner; /* the element on record is of the identity that the statement gives */
	bool connected; /* we are the home, and the element has a connection to us, perhaps not up yet */
	bool disowned;	/* its home does not list it any more, and it is about to be removed: RFC 5353 s.3.6.3 */
	bool pending_by_sender; /* the pending claim at the element is the sender's */
	bool pending_newer;	/* the pending claim is newer than this statement, or says the same */
	bool unaware; /* the sender states versions, and may not know the record; false if the record is the takeover of
		       * exactly the version that it states: the sender is told of that takeover as a whole */
};

/** What is to be done about a statement. */
enum owner_verdict {
	/* nothing changes */
	OWNER_DROP,   /* the statement is stale: count it, and do nothing */
	OWNER_KEEP,   /* do nothing */
	OWNER_FORGET, /* drop it, and forget the element on record, which is from before the absence */

	/* refusals */
	OWNER_REFUSE_NOT_HOME,	     /* the sender is not the element's home, RFC 5353 s.3.3 */
	OWNER_REFUSE_INVALID,	     /* the statement cannot be true */
	OWNER_REFUSE_RIGHTS,	     /* the owner may not register this element, RFC 5355 s.2.2 */
	OWNER_REFUSE_OWNER,	     /* the element is another identity's: record that */
	OWNER_REFUSE_OWNER_AND_TELL, /* the same, and send the sender what is on record */

	/* the record changes */
	OWNER_BELIEVE,	  /* put the claim on record; if we were the home, the element has moved */
	OWNER_TAKE_BACK,  /* put the element on record as ours, as the mentor knows it from before our absence */
	OWNER_CONFIRM,	  /* the home has the element in the version on record: do not sweep it, RFC 5353 s.3.6.3 */
	OWNER_NOTE_CLAIM, /* drop it, but remember the claimant: it is asked if the home disowns the element */
	OWNER_REMOVE,	  /* remember the removal, and remove the element */
	OWNER_BURY,	  /* remember the removal; the element is not on record */

	/* the statement is dropped, and the sender is answered */
	OWNER_TELL_SENDER,	    /* send it what is on record */
	OWNER_TELL_REMOVED,	    /* send it its own words, as a removal by us */
	OWNER_CONFIRM_TO_SENDER,    /* send it its own words: they are true, but we are not the home that it asks */
	OWNER_WITHDRAW,		    /* no answer, but the sender's pending claim ends: it says that the home is right */
	OWNER_WITHDRAW_AND_CONFIRM, /* both */

	/* the statement waits */
	OWNER_ASK_ELEMENT,   /* the element is ours and connected: note the statement as pending, and ask the element */
	OWNER_AWAIT_ELEMENT, /* the removal is pending while the element, which is ours, may reconnect (grace time) */
	OWNER_YIELD,	     /* the element is ours, but not connected: it is the claimant's now */
	OWNER_ASK_HOME	     /* note the statement as pending, and pass it on to the home, which is to answer */
};

/** Decide about a statement. It depends on nothing but @f, and has no effect. */
enum owner_verdict rsp_owner_judge(const struct owner_facts *f);

#endif
