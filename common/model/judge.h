#ifndef RSP_MODEL_JUDGE_H
#define RSP_MODEL_JUDGE_H

#include <stdbool.h>

/*
 * What to do with a statement about an element that another registrar sent: RFC 5353 s.3.3 stores each update; here the
 * greatest statement stands (model/statement.h), whichever registrar relayed it.
 *
 * Terms. X: the statement. S: the stored statement or tombstone with the same key. P: a pending statement, which is greater
 * than S and waits for an answer of the element or of S.home. The sender: the registrar that sent X. The claimant: X.home.
 * Linked: the element registered here over a connection that is still there; S is then what it registered. One that was taken
 * over, and is asked with the H flag or has answered that, counts as linked for an X at the epoch of S. Heard: directly.
 * Peer without STATE: a registrar that sends a PRESENCE without RSP_PARAM_STATE; its own messages are not judged here.
 *
 * X is over the head of S.home if it takes over or removes, at its epoch, an element that S.home has, and S.home is heard,
 * and neither sent X nor claims the element in X. Such an X may be wrong: S.home, which can ask the element, is asked first.
 *
 * The table: the first matching row gives the verdict.
 *
 *  X                                                            | verdict
 *  -------------------------------------------------------------+----------------
 *  unsound                                                      | REFUSE_INVALID
 *  older than the greater of S and P                            | TELL
 *  the same as S, without P                                     | SAME
 *  the same as P:   linked, or over the head of S.home          | SAME
 *                   else (S.home sent it, or is not heard now)  | as if newer
 *  newer:           claimant is a peer without STATE            | IGNORE
 *                   owner has no right to it                    | REFUSE_RIGHTS
 *                   linked                                      | ASK_ELEMENT
 *                   over the head of S.home                     | ASK_HOME
 *                   else                                        | STORE
 *
 * It makes no difference whether X came in an ENRP_HANDLE_UPDATE or in a handle table, and whether this registrar joins.
 */

/** X compared with the greater of S and P, contents included. Without S and P: newer. */
enum judge_order { JUDGE_OLDER, JUDGE_EQUAL, JUDGE_NEWER };

/** All facts on which the verdict depends. A field that does not apply is 0. */
struct judge_facts {
	enum judge_order order;

	/* X */
	bool sound; /* handle, ids, transports and numbers are valid */
	bool rightful;	       /* the owner may register the element, and X.home is within its limits; true of a removal */
	bool claimant_foreign; /* X.home is a peer without STATE */
	bool same_number;      /* X has the epoch and the instance of S, whatever else is different */
	bool takes;	       /* the rank of X is above "registered": taken over, or removed */

	/* S, and what this registrar knows */
	bool removed; /* S is a tombstone */
	/* S.home is neither this registrar nor the sender nor the claimant, is heard, and is no peer without STATE */
	bool home_answers;
	bool linked; /* or about to register, with a greater number than X */
	bool pending; /* there is a P */
};

enum judge_verdict {
	JUDGE_SAME,	      /* nothing: this is known */
	/* send the sender the greater of S and P, in one update to it alone; or nothing, while the linked element is asked about
	 * a P at the number of S */
	JUDGE_TELL,
	JUDGE_IGNORE,	      /* count it, no more */
	JUDGE_REFUSE_INVALID, /* record it: invalid values */
	JUDGE_REFUSE_RIGHTS,  /* record it: the owner has no right to register this element, RFC 5355 s.2.2 */
	/* X becomes P. Send X to S.home, in one update to it alone. What S.home then holds is judged; if it does not answer
	 * within 2 x MAX-TIME-NO-RESPONSE, store P */
	JUDGE_ASK_HOME,
	/* X becomes P. Send the element a keep-alive with EPOCH = X. It registers above X, or its link is dropped and P is
	 * stored. Until then users are shown what it registered */
	JUDGE_ASK_ELEMENT,
	JUDGE_STORE /* X becomes S, or the tombstone, at once; there is no P any more. Do not announce it */
};

enum judge_verdict rsp_judge(const struct judge_facts *f);

#endif
