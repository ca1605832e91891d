#!/usr/bin/env bats
# No registrar reaches another one, all elements and users reach all of them: ENRP is cut, ASAP is open.

load live

apart() {
	begin "$1"
	net cut r1 r2
	net cut r2 r3
	net cut r1 r3
	start_element e4 r1
	kill_process e5
	last $((detection + keepalive * 3 / 2 + no_response + grace))
	leave e2
	last $((keepalive * 3 / 2 + no_response + grace))
	net heal
	finish 3 0 e1 e3 e4
}

@test "registrars that do not reach one another keep the elements that they reach: fast timers" {
	apart fast
}

@test "registrars that do not reach one another keep the elements that they reach: timers of the RFC" {
	apart rfc
}
