#ifndef RSP_ENRP_CLOCK_H
#define RSP_ENRP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A peer's clock, from the RSP_PARAM_CLOCK of its PRESENCEs. No clock decides about an element, so a difference is never a
 * reason to refuse a message; but it makes the times in records of both hard to compare, and certificates and keys expire by
 * the clock, so it is recorded.
 */

#define RSP_CLOCK_FAR_MS   60000   /* a greater difference is recorded */
#define RSP_CLOCK_AGAIN_MS 3600000 /* the interval at which it is recorded again */
/* the least time between two records about one peer, if the difference changes by more than RSP_CLOCK_FAR_MS */
#define RSP_CLOCK_DISTANCE_MS 60000

/** What was recorded about the clock of one peer. { 0 }: nothing. */
struct rsp_peer_clock {
	bool recorded;
	uint64_t recorded_ms; /* when */
	int64_t ahead_ms;     /* how far its clock was ahead of this registrar's; negative: behind */
};

/** How far @theirs_ms is ahead of @ours_ms, as near as an int64_t can say. */
int64_t rsp_peer_clock_ahead(uint64_t ours_ms, uint64_t theirs_ms);

/**
 * The peer's clock was at @theirs_ms when this registrar's was at @ours_ms, both in ms since 1970. Whether to record that at
 * @now_ms, the time of this turn: they differ by more than RSP_CLOCK_FAR_MS, and that was not recorded within
 * RSP_CLOCK_AGAIN_MS, or the difference has changed by more than RSP_CLOCK_FAR_MS since. If so, note it as recorded.
 */
bool rsp_peer_clock_is_news(struct rsp_peer_clock *clock, uint64_t ours_ms, uint64_t theirs_ms, uint64_t now_ms);

struct rsp_enrp;
struct rsp_link;
struct rsp_peer;

/** A PRESENCE of @peer over @link gives @theirs_ms as its clock: record the difference if rsp_peer_clock_is_news() says so. Soon
 * after the process of this registrar was away, nothing is recorded: the PRESENCE may have waited to be read. */
void rsp_peer_clock_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, uint64_t theirs_ms);

#endif
