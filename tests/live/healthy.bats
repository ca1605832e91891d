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
	finish 3 0 e1 e2 e3
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
	finish 4 0 e2 e3 e4 && moved 1 e1
}

@test "the judge finds an answer that lacks an element, and one that has a dead one" {
	local when
	use_timers fast
	when=$(now)
	note up r1 0x1 "$when" 0
	note element e1 e1 0x00000001 0
	note live e1
	echo '{"event":"registered","ts":"2020-01-01T00:00:00.000Z","registrar":{"id":"0x1","name":"r1"}}' \
		>"$BATS_TEST_TMPDIR/e1.out"
	echo "$((when + 3000)) $((when + 9000)) ok 0x00000001@0x1" >"$BATS_TEST_TMPDIR/r1.answers"
	run -0 python3 "$RSP_SRCDIR/tests/live/judge.py" "$BATS_TEST_TMPDIR"
	echo "$((when + 9100)) $((when + 9100)) no 0x0009" >>"$BATS_TEST_TMPDIR/r1.answers"
	run -1 python3 "$RSP_SRCDIR/tests/live/judge.py" "$BATS_TEST_TMPDIR"
	assert_output --partial "r1 lacks e1, live for"
	sed -i '$d' "$BATS_TEST_TMPDIR/r1.answers"
	echo "$((when + 3500)) dead e1" >>"$BATS_TEST_TMPDIR/timeline"
	# 4 s for the home to find out, and one
	run -1 python3 "$RSP_SRCDIR/tests/live/judge.py" "$BATS_TEST_TMPDIR"
	assert_output --partial "r1 has e1, dead for 50"
	echo "$((when + 3000)) $((when + 8000)) ok 0x00000001@0x1" >"$BATS_TEST_TMPDIR/r1.answers"
	run -0 python3 "$RSP_SRCDIR/tests/live/judge.py" "$BATS_TEST_TMPDIR"
	rm "$BATS_TEST_TMPDIR/e1.out"
}

@test "elements come, leave and die: fast timers" {
	healthy fast
}

@test "elements come, leave and die: timers of the RFC" {
	healthy rfc
}

@test "a registrar crashes, its element is taken over, and it comes back: fast timers" {
	crash fast
}

@test "a registrar crashes, its element is taken over, and it comes back: timers of the RFC" {
	crash rfc
}
