#!/usr/bin/env bats
# Frames from one registrar to another are lost, those of the other direction are not: all of them, or some.

load live

# events: what happens while it lasts
events() {
	start_element e4 r1
	kill_process e5
	last $((detection + grace))
	leave e2
	start_element e2 r3 e2-2
	last $((2 * heartbeat + 2000))
}

deaf() {
	begin "$1"
	net oneway 'r1>r3'
	events
	net heal
	finish 4 0 e1 e2-2 e3 e4
}

lossy() {
	begin "$1"
	net loss 'r1>r2' 30%
	net delay all 20ms
	events
	net heal
	finish 4 0 e1 e2-2 e3 e4
}

@test "nothing passes from one registrar to another: fast timers" {
	deaf fast
}

@test "nothing passes from one registrar to another: timers of the RFC" {
	deaf rfc
}

@test "three of ten frames from one registrar to another are lost, and all are late: fast timers" {
	lossy fast
}

@test "three of ten frames from one registrar to another are lost, and all are late: timers of the RFC" {
	lossy rfc
}
