#!/usr/bin/env bats
# All registrars crash at once, and start again with nothing.

load live

killed() {
	begin "$1"
	start_element e4 r1
	kill_process r1 r2 r3
	kill_process e5
	last 3000
	local name
	for name in r1 r2 r3; do
		run_registrar "$name"
	done
	serving r1 r2 r3
	finish 4 1 e1 e2 e3 e4
}

@test "all registrars are killed and start again: fast timers" {
	killed fast
}

@test "all registrars are killed and start again: timers of the RFC" {
	killed rfc
}
