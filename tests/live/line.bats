#!/usr/bin/env bats
# A line r1-r2-r3: r1 and r3 do not reach each other. Elements come, leave, die and come again at its ends.

load live

line() {
	begin "$1"
	net cut r1 r3
	net cut r3 e1 # and what is at one end is out of reach for the other
	start_element e4 r1
	kill_process e5
	last $((detection + grace))
	leave e4
	start_element e4 r3 e4-2
	start_element e5 r3 e5-2
	result=0
	within $((detection + 1000)) same_table 5 || result=1
	net heal
	finish 5 0 e1 e2 e3 e4 e4-2 e5-2 && [ "$result" -eq 0 ]
}

@test "the ends of a line show one table, and agree when it is closed: fast timers" {
	line fast
}

@test "the ends of a line show one table, and agree when it is closed: timers of the RFC" {
	line rfc
}
