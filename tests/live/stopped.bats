#!/usr/bin/env bats
# All registrars are stopped for 50 s, as when their hosts sleep.

load live

stopped() {
	begin "$1"
	start_element e4 r1
	pause_process r1 r2 r3
	last 20000
	kill_process e5
	last 30000
	continue_process r1 r2 r3
	within 5000 one_table # with e5, or without: its home removes it at the end of the grace time, which is 5 s too
	finish 4 1 e1 e2 e3 e4
}

@test "all registrars are stopped for 50 s: fast timers" {
	stopped fast
}

@test "all registrars are stopped for 50 s: timers of the RFC" {
	stopped rfc
}
