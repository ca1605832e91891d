#ifndef RSP_ENRP_GAP_H
#define RSP_ENRP_GAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of the numbered updates of one peer this registrar has (ring.h is the side of the sender), and when it requests
 * those that it missed, or the peer's own handle table. It sends nothing: a verdict says what the caller sends. The numbers
 * come from the peer, so they may be false: they decide what is requested and when, never which statement is stored.
 *
 * The caller handles each update at once, in whatever order it arrives: the greatest statement about an element stands.
 */

enum rsp_gap_verdict {
	RSP_GAP_NONE,  /* nothing is missing */
	RSP_GAP_OLD,   /* the message is older than an update that has arrived: its digest cannot be compared */
	RSP_GAP_ASK,   /* send a table request with RSP_PARAM_UPDATES_FROM = have + 1 */
	RSP_GAP_CHECK, /* request another PRESENCE of the peer */
	RSP_GAP_TABLE, /* request the own table of the peer: it has more than updates, or nothing of it has arrived yet */
	RSP_GAP_WAIT   /* something is missing, and has been requested already, or may not be requested yet */
};

enum rsp_gap_asked { RSP_GAP_ASKED_NOTHING, RSP_GAP_ASKED_UPDATES, RSP_GAP_ASKED_TABLE };

/** { 0 }: no update of the peer has arrived. */
struct rsp_gap {
	uint64_t have; /* the updates up to this number have arrived, or a complete table had their contents */
	uint64_t run_from, run_to; /* so have these, which came later and follow one another; 0: none */
	uint64_t told; /* the number in its last PRESENCE, or the highest of an update since */
	enum rsp_gap_asked asked; /* the request that is not answered yet */
	uint64_t until_ms; /* ASKED_UPDATES: when it counts as unanswered. ASKED_NOTHING: no request before */
	uint64_t next_table_ms; /* no table is requested before */
	uint32_t failures; /* requests in a row that were refused or not answered; the first refused ones count as one */
	uint32_t rejections; /* requests in a row that were refused, up to RSP_GAP_REJECTIONS */
	bool begun;	   /* a table was complete, or the digest has agreed: so @have counts, even if it is 0 */
	bool told_less;	   /* the last PRESENCE had a lower number than @have */
	bool checked;	   /* the digest of the last PRESENCE differed, but no number was missing */
};

/**
 * @wait_ms of the functions below: a request for updates without an answer has failed after this time, and two tables are
 * not requested at a shorter interval. After each further failure in a row, the next request waits twice as long, up to
 * RSP_GAP_BACK_OFF_MAX times this time.
 */
#define RSP_GAP_BACK_OFF_MAX 64
#define RSP_GAP_REJECTIONS   3

/** An update with @number has arrived. Verdict: NONE, OLD (it was counted already), ASK, TABLE or WAIT. */
enum rsp_gap_verdict rsp_gap_received(struct rsp_gap *gap, uint64_t number, uint64_t now_ms, uint32_t wait_ms);

/** A PRESENCE has arrived, which gives @last as the number of the last update, while this registrar joins and requests nothing. */
void rsp_gap_joining(struct rsp_gap *gap, uint64_t last);

/**
 * A PRESENCE has arrived, which gives @last as the number of the last update. @same: its digest is that of the peer's
 * elements as they are stored here; then nothing is missing, and no earlier update counts as missing any more. If the
 * digest differs but no number is missing, the verdict is CHECK, as what a third registrar says of the peer's elements may
 * arrive before the peer hears of it; the next time it is TABLE (or WAIT). It is OLD once if @last is lower than
 * an update that has arrived, since two connections can change the order; then TABLE: the peer has begun with number 1 again.
 */
enum rsp_gap_verdict rsp_gap_told(struct rsp_gap *gap, uint64_t last, bool same, uint64_t now_ms, uint32_t wait_ms);

/**
 * The peer answers the request for updates with its table, because it does not keep the updates any more. Call this before
 * the first page is handled. Return the number to pass to rsp_gap_set() when the table is complete.
 */
uint64_t rsp_gap_table_begun(struct rsp_gap *gap);

/** A table of the peer is complete. It was requested when @last was gap->told. */
void rsp_gap_set(struct rsp_gap *gap, uint64_t last);

/** The answer ended early, or this registrar could not send the request: request the table later. */
void rsp_gap_failed(struct rsp_gap *gap, uint64_t now_ms, uint32_t wait_ms);

/**
 * The peer has refused the request: it joins, or is busy. Each of the first RSP_GAP_REJECTIONS times its next PRESENCE leads to
 * another request: while it joins, it may send some, and then one by which it says that it has begun to serve. After that, the
 * same as rsp_gap_failed().
 */
void rsp_gap_rejected(struct rsp_gap *gap, uint64_t now_ms, uint32_t wait_ms);

/** The connection over which the request was sent has ended: it will not be answered, and may be sent again at once. */
void rsp_gap_lost(struct rsp_gap *gap);

/** Whether a request is not answered yet, or failed last, or a digest that differs is checked: this registrar is not
 * synchronised with the peer. */
static inline bool
rsp_gap_is_open(const struct rsp_gap *gap)
{
	return gap->asked != RSP_GAP_ASKED_NOTHING || gap->failures > 0 || gap->told > gap->have || gap->checked;
}

#endif
