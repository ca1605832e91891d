#include "engine/enrp/clock.h"

#include "engine/enrp/peer.h"

int64_t
rsp_peer_clock_ahead(uint64_t ours_ms, uint64_t theirs_ms)
{
	bool ahead = theirs_ms >= ours_ms;
	uint64_t by_ms = ahead ? theirs_ms - ours_ms : ours_ms - theirs_ms;
	int64_t near = by_ms > INT64_MAX ? INT64_MAX : (int64_t)by_ms;

	return ahead ? near : -near;
}

/* Whether @a and @b differ by more than RSP_CLOCK_FAR_MS. */
static bool
are_far(int64_t a, int64_t b)
{
	int64_t low = a < b ? a : b, high = a < b ? b : a;

	return (uint64_t)high - (uint64_t)low > RSP_CLOCK_FAR_MS;
}

bool
rsp_peer_clock_is_news(struct rsp_peer_clock *clock, uint64_t ours_ms, uint64_t theirs_ms, uint64_t now_ms)
{
	int64_t ahead_ms = rsp_peer_clock_ahead(ours_ms, theirs_ms);
	uint64_t since_ms = clock->recorded ? now_ms - clock->recorded_ms : RSP_CLOCK_AGAIN_MS;
	bool changed = are_far(ahead_ms, clock->ahead_ms) && since_ms >= RSP_CLOCK_DISTANCE_MS;

	if (!are_far(ahead_ms, 0) || (!changed && since_ms < RSP_CLOCK_AGAIN_MS))
		return false;
	*clock = (struct rsp_peer_clock){ .recorded = true, .recorded_ms = now_ms, .ahead_ms = ahead_ms };
	return true;
}

void
rsp_peer_clock_heard(struct rsp_enrp *n, const struct rsp_link *link, struct rsp_peer *peer, uint64_t theirs_ms)
{
	uint64_t now_ms = n->core->now_ms, ours_ms = n->core->config.epoch_ms + now_ms;
	struct rsp_event event = rsp_peer_event(RSP_EVENT_CLOCK_DIFFERS, peer);

	if (now_ms < n->unread_until_ms)
		return;
	event.our_clock_ms = ours_ms;
	event.peer_clock_ms = theirs_ms;
	if (rsp_peer_clock_is_news(&peer->clock, ours_ms, theirs_ms, now_ms))
		rsp_core_record(n->core, link, event);
}
