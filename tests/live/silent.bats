#!/usr/bin/env bats
# The host of a registrar falls silent, and comes back with all that it had.

load live

silent() {
	begin "$1"
	net cut r1
	start_element e4 r2
	kill_process e5
	wait_for_record e1 '.event == "home-changed" or .event == "reregistered"' $((detection / 1000 + 20)) >/dev/null
	wait_for_record r2 '.event == "peer-dead" and .peer == "r1"' $((detection / 1000 + 10)) >/dev/null
	leave e4
	last $((grace + no_response))
	net heal
	finish 3 0 e2 e3 && moved 1 e1
}

@test "a host is cut off from all, and comes back: fast timers" {
	silent fast
}

@test "a host is cut off from all, and comes back: timers of the RFC" {
	silent rfc
}
