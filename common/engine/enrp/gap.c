#include "engine/enrp/gap.h"

static uint64_t
back_off(const struct rsp_gap *gap, uint32_t wait_ms)
{
	uint64_t times = gap->failures < 7 ? UINT64_C(1) << (gap->failures - 1) : RSP_GAP_BACK_OFF_MAX;

	return times * wait_ms;
}

void
rsp_gap_failed(struct rsp_gap *gap, uint64_t now_ms, uint32_t wait_ms)
{
	gap->failures += gap->failures < UINT32_MAX;
	gap->asked = RSP_GAP_ASKED_NOTHING;
	gap->until_ms = now_ms + back_off(gap, wait_ms);
}

void
rsp_gap_lost(struct rsp_gap *gap)
{
	gap->asked = RSP_GAP_ASKED_NOTHING;
	gap->until_ms = gap->next_table_ms = 0;
}

void
rsp_gap_rejected(struct rsp_gap *gap, uint64_t now_ms, uint32_t wait_ms)
{
	if (gap->rejections == RSP_GAP_REJECTIONS) {
		rsp_gap_failed(gap, now_ms, wait_ms);
		return;
	}
	gap->rejections++;
	gap->failures = gap->failures ? gap->failures : 1;
	rsp_gap_lost(gap);
}

static void
nothing_missing(struct rsp_gap *gap)
{
	gap->asked = RSP_GAP_ASKED_NOTHING;
	gap->until_ms = 0;
	gap->failures = gap->rejections = 0;
	gap->checked = false;
}

/* Something is missing: the request to send now. @numbers: updates are missing; else only the digest differs. */
static enum rsp_gap_verdict
request(struct rsp_gap *gap, bool numbers, uint64_t now_ms, uint32_t wait_ms)
{
	bool unanswered = gap->asked == RSP_GAP_ASKED_UPDATES && now_ms >= gap->until_ms;

	if (gap->asked == RSP_GAP_ASKED_TABLE || (!unanswered && now_ms < gap->until_ms))
		return RSP_GAP_WAIT;
	if (unanswered)
		gap->failures++;
	gap->asked = RSP_GAP_ASKED_NOTHING;
	if (numbers && (gap->have > 0 || gap->begun) && gap->failures == 0) {
		gap->asked = RSP_GAP_ASKED_UPDATES;
		gap->until_ms = now_ms + wait_ms;
		return RSP_GAP_ASK;
	}
	if (now_ms < gap->next_table_ms)
		return RSP_GAP_WAIT;
	gap->asked = RSP_GAP_ASKED_TABLE;
	gap->next_table_ms = now_ms + wait_ms;
	return RSP_GAP_TABLE;
}

/* Count @number, which is higher than gap->have. */
static void
count(struct rsp_gap *gap, uint64_t number)
{
	bool inside = gap->run_to && number >= gap->run_from && number <= gap->run_to;

	if (number == gap->have + 1)
		gap->have = number;
	else if (gap->run_to && number == gap->run_to + 1)
		gap->run_to = number;
	else if (!inside)
		gap->run_from = gap->run_to = number;
	if (gap->run_to && gap->run_from <= gap->have + 1) {
		gap->have = gap->run_to > gap->have ? gap->run_to : gap->have;
		gap->run_from = gap->run_to = 0;
	}
}

enum rsp_gap_verdict
rsp_gap_received(struct rsp_gap *gap, uint64_t number, uint64_t now_ms, uint32_t wait_ms)
{
	uint64_t before = gap->have;

	if (number <= gap->have)
		return RSP_GAP_OLD;
	gap->told = number > gap->told ? number : gap->told;
	gap->told_less = false;
	count(gap, number);
	if (gap->have >= gap->told) {
		if (gap->asked != RSP_GAP_ASKED_TABLE)
			nothing_missing(gap);
		return RSP_GAP_NONE;
	}
	if (gap->have > before && gap->asked == RSP_GAP_ASKED_UPDATES)
		gap->until_ms = now_ms + wait_ms; /* the answer is arriving */
	return request(gap, true, now_ms, wait_ms);
}

void
rsp_gap_joining(struct rsp_gap *gap, uint64_t last)
{
	gap->told = last;
}

enum rsp_gap_verdict
rsp_gap_told(struct rsp_gap *gap, uint64_t last, bool same, uint64_t now_ms, uint32_t wait_ms)
{
	bool told_less = last < gap->have;

	if (told_less && !gap->told_less && !same) {
		gap->told_less = true;
		return RSP_GAP_OLD;
	}
	if (told_less)
		gap->run_from = gap->run_to = 0;
	gap->told_less = told_less;
	gap->told = last;
	if (same) {
		rsp_gap_set(gap, last);
		return RSP_GAP_NONE;
	}
	bool counted = gap->have > 0 && gap->told == gap->have && !told_less;
	if (counted && !gap->checked && gap->failures == 0 && gap->asked == RSP_GAP_ASKED_NOTHING) {
		gap->checked = true;
		return RSP_GAP_CHECK;
	}
	return request(gap, gap->told > gap->have, now_ms, wait_ms);
}

uint64_t
rsp_gap_table_begun(struct rsp_gap *gap)
{
	gap->asked = RSP_GAP_ASKED_TABLE;
	return gap->told;
}

void
rsp_gap_set(struct rsp_gap *gap, uint64_t last)
{
	gap->have = last;
	gap->begun = true;
	gap->told_less = false;
	if (gap->run_to && gap->run_from <= last + 1) {
		gap->have = gap->run_to > last ? gap->run_to : last;
		gap->run_from = gap->run_to = 0;
	}
	if (gap->told < gap->have)
		gap->told = gap->have;
	nothing_missing(gap);
}
