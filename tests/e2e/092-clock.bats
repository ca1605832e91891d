#!/usr/bin/env bats
# The clocks of two registrars differ: recorded, and nothing else.

load helpers

@test "a registrar whose clock is 400 days ahead is recorded once, by both, with both times, and serves as others do" {
	faketime -f +0 true 2>/dev/null || skip "no faketime"
	local lib
	lib=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')
	start_peer r1 "${quick[@]}"
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" FAKETIME=+400d DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$lib \
		start_peer r2 "${quick[@]}" --peer "r1@${enrp[r1]}"
	wait_for_record r1 '.event == "clock-differs" and .ok == false and .peer == "r2" and .peer_id and .remote and
		(.peer_clock | sub("\\..*"; "Z") | fromdate) - (.our_clock | sub("\\..*"; "Z") | fromdate) > 399 * 86400' >/dev/null
	wait_for_record r2 '.event == "clock-differs" and .peer == "r1" and
		(.our_clock | sub("\\..*"; "Z") | fromdate) - (.peer_clock | sub("\\..*"; "Z") | fromdate) > 399 * 86400' >/dev/null
	wait_until 5 said r1 '^rsp-peer: r2: the clock of the registrar at [0-9.:]+ is 345[0-9]+ s ahead of the clock of this one' 1
	wait_until 5 said r2 '^rsp-peer: r1: the clock of the registrar at [0-9.:]+ is 345[0-9]+ s behind the clock of this one' 1
	wait_until 10 meshed r1 r2
	sleep 3
	assert_equal "$(records r1 'select(.event == "clock-differs")' | wc -l)" 1
}
