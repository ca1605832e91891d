#!/usr/bin/env bats
# A registrar is cut off from the others again and again, for times short and long.

load live

flap() {
	local i cut=(4 30 15 75 8 50 100 20) whole=(5 10 2 20 40 3 8 1) unit=$2 # tenths of the time to find one silent
	begin "$1"
	for i in "${!cut[@]}"; do
		net cut r1 r2
		net cut r1 r3
		case $i in
		1) start_element e4 r1 ;;
		2) kill_process e5 ;;
		4) leave e2 ;;
		5) start_element e2 r2 e2-2 ;;
		6) leave e4 ;;
		esac
		last $((cut[i] * unit))
		net heal
		last $((whole[i] * unit))
	done
	finish 3 0 e1 e2 e2-2 e3 e4
}

@test "a registrar is cut off from the others again and again: fast timers" {
	flap fast 100
}

@test "a registrar is cut off from the others again and again: timers of the RFC" {
	flap rfc 400
}
