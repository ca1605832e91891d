#ifndef RSP_MODEL_OWNERSHIP_H
#define RSP_MODEL_OWNERSHIP_H

#include <stdbool.h>

/*
 * Which registrar is the home of an element? By RFC 5353 s.3.3, each statement about an element replaces the stored data.
 * But statements can arrive in another order than they were sent, and after a takeover (s.3.5) two registrars may both
 * consider themselves the home of one element. The rules here decide about one statement on one element: an
 * ENRP_HANDLE_UPDATE, or an entry of a handle table.
 *
 * Terms. We: this registrar. The record: the data that we have stored about the element. The home: the registrar that is
 * the element's home by the record. The owner: the identity that registered the element. The sender: the registrar that
 * sent the statement. The claimant: the registrar that is the home by the statement. A claim states that the element
 * exists, a removal that it does not. A pending claim: a claim or removal that is stored with the element, and waits for
 * an answer of the element or of the home.
 *
 * Beyond the RFC, these are the rules:
 *
 * 1. Each statement of a home has a version (RSP_PARAM_VERSION). The newer version wins; of two equal versions, that of
 *    the higher server id. After a removal, a tombstone stores the version of the removal.
 * 2. A registrar may send statements only about its own elements, with three exceptions. A home that yields forwards the
 *    claim to all. A registrar whose claim is pending forwards a newer claim. Any registrar may forward a statement to the
 *    home of the element, because the home then asks the element.
 * 3. The element decides: a home with a connection to the element sends it a keep-alive before it yields.
 * 4. A claim to an element whose home is another live registrar is stored as pending, and we ask that home first.
 * 5. A takeover gives an odd version, until the element registers with its new home. A claim with an odd version does not
 *    win against a live home.
 * 6. If a claimant may not know the newer statement of the home, we send it the record.
 * 7. While an element exists, no other identity can register it: of two elements with one PE identifier in one pool, each
 *    registrar keeps the element that it stored first.
 *
 * The table: the first matching row gives the verdict. "Versioned": the sender states versions, and this statement has one.
 *
 *  statement                                                   | verdict
 *  ------------------------------------------------------------+-------------------------------------------------------
 *  handle table: owner has no right to it                      | REFUSE_RIGHTS
 *  handle table, names us, we join: not known, not removed     | TAKE_BACK
 *                                   older than the removal     | FORGET if on record from before the absence, else KEEP
 *                                   on record                  | KEEP
 *  handle table: unsound, or not the sender's in an own table  | REFUSE_INVALID
 *  update, the sender is not the claimant (rule 2):            |
 *    versioned, not on record, asks us or older than a removal | DROP
 *    versioned, not newer than the record                      | DROP
 *    versioned, the record's home, sender's claim is pending   | WITHDRAW, or WITHDRAW_AND_CONFIRM if it asks us
 *    versioned, the record's home, asks us                     | CONFIRM_TO_SENDER for a claim, DROP for a removal
 *    we are home, and connected or the update is a removal     | (next rows)
 *    claim of a live registrar; we or sender home, or pending  | (next rows)
 *    else, and always if it names us                           | REFUSE_NOT_HOME
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
 *  "; KEEP": KEEP instead, if the pending claim says the same or is newer.
 *  "Not on record" includes, for claims, an element that was stored before this registrar was away (@outdated).
 */

/** The message that had the statement. */
enum owner_source {
	OWNER_UPDATE,	  /* ENRP_HANDLE_UPDATE, RFC 5353 s.3.3 */
	OWNER_TABLE_ALL, /* an entry of the handle table of the mentor, RFC 5353 s.3.2.3 */
	OWNER_TABLE_OWN  /* an entry of the table of the sender's own elements, RFC 5353 s.3.6.3 */
};

/** The claimant: the registrar that is the home by the statement. */
enum owner_claimant { OWNER_CLAIMANT_SENDER, OWNER_CLAIMANT_THIRD, OWNER_CLAIMANT_US };

/** The home by the record. */
enum owner_home {
	OWNER_HOME_NONE, /* the element is not on record */
	OWNER_HOME_US,
	OWNER_HOME_CLAIMANT, /* the claimant, which may also be the sender */
	OWNER_HOME_SENDER,   /* the sender, which is not the claimant */
	OWNER_HOME_OTHER
};

/** The state of the home, if it is another registrar. Each value includes the values before it. */
enum owner_home_life {
	OWNER_HOME_UNLISTED,
	OWNER_HOME_LISTED, /* on the peer list, but not alive (never heard, DEAD or INACTIVE) */
	OWNER_HOME_ALIVE,
	OWNER_HOME_VERSIONED /* alive, and it states versions */
};

/** The version of the statement, compared with the version of the record. */
enum owner_order {
	OWNER_OLDER,
	OWNER_SAME,	    /* equal versions, and the server id of the claimant is not higher than that of the home */
	OWNER_SAME_HIGHER, /* equal versions, and the server id of the claimant is higher than that of the home */
	OWNER_NEWER
};

/** All facts on which the verdict about a statement depends. A field that does not apply is 0. */
struct owner_facts {
	enum owner_source source;
	enum owner_claimant claimant;
	enum owner_home home;
	enum owner_home_life home_life;
	enum owner_order order; /* OWNER_OLDER if there is no record */

	/* the statement */
	bool adds;	  /* true: a claim; false: a removal */
	bool asks;	  /* its receiver id is ours: we must answer whether it is true */
	bool versioned;	  /* the sender states versions, and this statement has one */
	bool provisional; /* its version is odd: it comes from a takeover, and the element has not registered since */
	bool sound;	  /* handle, ids, transports and version are valid, and the claimant is not this registrar */
	/* the owner may register the element, and the claimant is within its limits; always true of a removal */
	bool rightful;
	bool buried;	  /* it is not newer than the tombstone; set only if there is no record, or an outdated one */
	bool claimant_alive; /* the claimant is neither the sender nor we, and is alive on the peer list */

	/* this registrar and its record */
	bool joining;  /* this registrar is not SERVING: RFC 5353 s.3.2 */
	bool outdated; /* @joining, and the record is from before this registrar was away: any claim replaces it */
	bool same_owner; /* the record and the statement have the same owner */
	bool connected; /* we are the home, and the element has a link to us, which may not be up yet */
	/* the table of the home does not list the element, which will soon be removed: RFC 5353 s.3.6.3 */
	bool disowned;
	bool pending_by_sender; /* the pending claim is a statement of the sender */
	bool pending_newer;	/* the pending claim is newer than this statement, or says the same */
	/* the sender states versions, and may not know the record. False, if the record is the result of a takeover of
	 * exactly the stated version: the sender learns of the takeover as a whole */
	bool unaware;
};

/** The action for a statement. */
enum owner_verdict {
	/* nothing changes */
	OWNER_DROP,   /* the statement is stale: count it, and do nothing else */
	OWNER_KEEP,   /* do nothing */
	OWNER_FORGET, /* drop the statement, and forget the record, which is from before the absence */

	/* refusals */
	/* the sender may not send this statement, because it is not the home, RFC 5353 s.3.3 */
	OWNER_REFUSE_NOT_HOME,
	OWNER_REFUSE_INVALID,	     /* the statement has invalid values */
	OWNER_REFUSE_RIGHTS,	     /* the owner has no right to register this element, RFC 5355 s.2.2 */
	OWNER_REFUSE_OWNER,	     /* the element belongs to another identity: write a record of that */
	OWNER_REFUSE_OWNER_AND_TELL, /* REFUSE_OWNER, and send the sender the record */

	/* the record of the element changes */
	OWNER_BELIEVE,	  /* store the claim; if we were the home, the element moves to the claimant */
	OWNER_TAKE_BACK,  /* store the element with us as the home, as the mentor knows it from before our absence */
	OWNER_CONFIRM,	  /* the home still has the element in the stored version: do not remove it, RFC 5353 s.3.6.3 */
	/* drop the claim, but note the claimant: its table is downloaded if the
	 * home does not list the element any more */
	OWNER_NOTE_CLAIM,
	OWNER_REMOVE,	  /* store a tombstone, and remove the element */
	OWNER_BURY,	  /* store a tombstone; there is no record */

	/* the statement is dropped, and the sender is answered */
	OWNER_TELL_SENDER,	    /* send the record to the sender */
	OWNER_TELL_REMOVED,	    /* send the statement back as a removal by us */
	OWNER_CONFIRM_TO_SENDER,    /* send the statement back: it is true, but we are not the home */
	/* no answer, but end the pending claim of the sender, which now agrees with the home */
	OWNER_WITHDRAW,
	OWNER_WITHDRAW_AND_CONFIRM, /* WITHDRAW and CONFIRM_TO_SENDER */

	/* the statement waits */
	/* we are the home, and the element is connected: store the statement as pending, and ask the element */
	OWNER_ASK_ELEMENT,
	/* we are the home: the removal is pending until the element reconnects, or its grace time ends */
	OWNER_AWAIT_ELEMENT,
	OWNER_YIELD,	     /* we are the home, but the element is not connected: it moves to the claimant */
	OWNER_ASK_HOME	     /* store the statement as pending, and forward it to the home, which must answer */
};

/** Return the verdict about a statement. Depends on @f only, and has no side effect. */
enum owner_verdict rsp_owner_judge(const struct owner_facts *f);

#endif
