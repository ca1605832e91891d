#!/usr/bin/env bats
# Registrars that were all stopped together, as a host is that sleeps, and registrars that do not know all yet.

load helpers

# all_away NAME...: stop these registrars for longer than others would wait for them, then let them go on.
all_away() {
	local name
	for name in "$@"; do
		kill -STOP "${pids[$name]}"
	done
	sleep "$(((last_heard + 2 * no_response) / 1000 + 1))" # nothing runs that could be waited for
	for name in "$@"; do
		kill -CONT "${pids[$name]}"
	done
}

# away_with_elements: r1, r2 and r3 are all away, and afterwards have all elements, of which users were told all the time.
away_with_elements() {
	local name
	start_scope r1 r2 r3
	start_register one e1 r1 -s "r2@${asap[r2]}" -s "r3@${asap[r3]}" --port 80 --pe-id 0x11 web
	start_register two e2 r2 -s "r1@${asap[r1]}" -s "r3@${asap[r3]}" --port 80 --pe-id 0x12 web
	wait_until 10 agree 2 r1 r2 r3
	for name in r1 r2 r3; do
		poll "at_$name" "$name" web
	done
	all_away r1 r2 r3
	wait_until 15 meshed r1 r2 r3
	wait_until 15 agree 2 r1 r2 r3
	for name in r1 r2 r3; do
		polled "at_$name"
		# meanwhile it was silent, and closed connections: a user goes to another registrar then, or waits
		assert_equal "$name: $(grep -vx -e silent -e closed <<<"$answers" | uniq)" "$name: ok 0x00000011 0x00000012"
		assert_equal "$(records "$name" 'select(.event == "pe-removed" or .event == "takeover-done")')" ""
	done
}

@test "all registrars stopped together, and continued: no user is told that there is no such pool" {
	away_with_elements
	assert_equal "$(records r1 'select(.event == "rejoining")')" "" # it has forgotten nothing
}

@test "all registrars stopped together for so long that they may have forgotten removals: they join again, users do not notice" {
	local name
	quick+=(--tombstone-time 4s)
	away_with_elements
	for name in r1 r2 r3; do
		wait_for_record "$name" '.event == "rejoining"' >/dev/null
	done
}

@test "a registrar that was just started lets a question wait for the element that is about to register" {
	local raw=$RSP_SRCDIR/tests/e2e/raw.py
	start r1 rsp-peer run --insecure-plaintext --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --control none
	asap[r1]=$(wait_for_record r1 '.event == "listening"' | jq -r .asap)
	# first the question for the pool, then the registration that makes it
	run -0 python3 "$raw" exchange "${asap[r1]}" resolve:web register:web:0x11:127.0.0.1:80
	[[ ${lines[0]} == 0300* ]]
	[[ ${lines[1]} == 0600* && ${lines[1]} == *00000011* ]]
	# and one for a pool that does not come is answered all the same: cause 9
	run -0 python3 "$raw" exchange "${asap[r1]}" resolve:web2
	[[ $output == 0600*00090004* ]]
}
