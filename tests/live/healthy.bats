#!/usr/bin/env bats
# The harness of tests/live itself: a scope in which nothing breaks, and the plainest of faults.

load live

healthy() {
	begin "$1"
	start_element e4 r2
	last 2000
	leave e5
	last 2000
	kill_process e4
	last $((grace + no_response + 2000))
	healed 3
	judge
}

crash() {
	begin "$1"
	kill_process r1
	start_element e4 r2
	wait_for_record e1 '.event == "home-changed" or .event == "reregistered"' $((detection / 1000 + 10)) >/dev/null
	kill_process e5
	last $((grace + no_response + 2000))
	run_registrar r1
	serving r1
	healed 4
	judge
}

@test "elements come, leave and die: fast timers" {
	healthy fast
}

@test "a registrar crashes, its element is taken over, and it comes back: fast timers" {
	crash fast
}

@test "a registrar crashes, its element is taken over, and it comes back: timers of the RFC" {
	crash rfc
}
