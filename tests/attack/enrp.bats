#!/usr/bin/env bats
# A registrar that lies (enrp.py). It has the keys of one, r2's, and says what it likes to r1 and r3, which are honest and
# hold an element each. Whatever it says, in the end what is theirs is as it was, it is recorded who did what, and they serve
# on. RFC 5355 2.5, 2.6, 2.13. What it says of elements, and how long that is believed: statements.bats. For those who have
# other keys, or none, see 087-monitor-scope.bats and 050-handshake.bats.

load ../e2e/helpers
load helpers

@test "who claims another's server id, the receiver's own, or none, is refused, and cut off" {
	local who key cause last
	while read -r who key cause; do
		rogue r1 hello as:"$who" delete:web:0x13:"$who":epoch=1 # in the middle
		assert_line "error $cause"
		last=stay:0
		[ "$key" != server-id-of-another ] || last=await:closed
		rogue r1 as:"$who" hello add:web:0x66:"$who" "$last"
		assert_line "error $cause"
		recorded r1 "$key"
	done <<-ROWS
		$(server_id r3) server-id-of-another 0x000a
		0 server-id-zero 0x0003
		$(server_id r1) server-id-ours 0x0003
	ROWS
	assert_equal "$(rsp-peer status --name r1 | jq -r '.peers[] | select(.name == "r3") | "\(.server_id) \(.state)"')" \
		"$(server_id r3) active"
	wait_for_record r1 '.event == "server-id-drawn"' 15 >/dev/null # it has left the other one that id, and kept all else
}

@test "without STATE it has no statements: what it says of the elements of others is ignored" {
	local update
	for update in add delete; do
		rogue r1 word "$update:web:0x13:$(server_id r3):owner=e3" "$update:web:0x11:$(server_id r1):owner=e1" \
			"$update:web:0x13:$(server_id r3):$(statement 0x13),epoch=+1" "$update:web:0x11:me:$(statement 0x11),epoch=+1"
		assert_output ""
	done
	rogue r1 word delete:web:0x13:me:owner=e3
	assert_output ""
	assert_equal "$(records r1 'select(.event | startswith("pe-")) | .event' | xargs)" "pe-registered"
}

@test "without STATE, its word stands behind the elements of others, and ends with it" {
	local word=(web:0x66:me:owner=e2 web:0x13:me:owner=e3 web:0x11:me:owner=e1)
	lying r1 "${word[@]/#web/tables:with}" word "${word[@]/#/add:}" fence
	wait_until 5 shows r1 0x00000066 "$rogue_id"
	wait_until 5 grep -q 'update add 0x00000011' "$BATS_TEST_TMPDIR/lying.log" # r1 says that e1 is there
	assert shows r1 0x00000011 "$(server_id r1)"
	assert shows r1 0x00000013 "$(server_id r3)"
	assert shows r3 0x00000013 "$(server_id r3)"
	stop lying 143
}

@test "the living are not taken over: neither another, nor the receiver, nor itself" {
	rogue r1 hello "takeover:$(server_id r3)"
	assert_output "error 0x000a"
	recorded r1 takeover-of-a-live-registrar
	rogue r1 hello "takeover:$rogue_id"
	assert_output "error 0x000a"
	# r1 asks for its table, which says so; r1 asks its elements, and they are there
	rogue r1 "tables:with:0x11:me:$(statement 0x11),rank=2" hello "takeover:$(server_id r1)" await:asked stay:0.5
	wait_for_record r1 '.event == "pe-contested" and .pe_id == "0x00000011"' >/dev/null
	assert_equal "$(records r1 'select(.event == "pe-moved")')" ""
	rogue r1 hello "init:$(server_id r3)" "init:$(server_id r1)" "init:$rogue_id" stay:1.5
	refute_line --partial ack
	recorded r1 takeover-of-itself
	assert_equal "$(records r1 'select(.peer == "r3") | .event' | xargs)" "peer-joined peer-suspected peer-returned"
	assert_equal "$(records r3 'select(.event | test("takeover-started|rejoining"))' | grep -c "$(server_id r1)")" 0
}

@test "who is told a thousand times that it is dead asks its elements no more often" {
	rogue r1 "tables:with:0x11:me:$(statement 0x11),rank=2" hello "times:1000:takeover:$(server_id r1)" \
		"times:1000:init:$(server_id r1)" "times:1000:init:$(server_id r3)" await:asked fence
	wait_for_record r1 '.event == "pe-contested"' >/dev/null
	assert [ "$(records e1 'select(.event == "keepalive")' | wc -l)" -le 10 ]
	assert [ "$(records r1 . | wc -l)" -le 100 ]
}

@test "ten thousand servers that do not exist, and others' names at other addresses, move nobody" {
	local fds
	fds=$(count_fds r1)
	rogue r1 hello servers:10000 server:0x71:r3:127.0.0.1:9 server:0x72:r1:127.0.0.1:9 server:0x73:r4:127.0.0.1:9 fence
	assert_output ""
	wait_until 10 meshed r1 r3
	assert [ "$(count_fds r1)" -le $((fds + 64)) ]
}

@test "tables that nobody asked for, and pages after the last, are not taken" {
	rogue r1 hello table:0:web:0x66:me table:2:web:0x66:me "table:0:web:0x11:$(server_id r1)" "table:0:web:0x13:me" fence
	assert_output ""
	rogue r1 tables:twice hello:0x1234 await:asked fence # a digest that is not ours: it is audited
	assert_line "asked 1"
	refute_line --partial update
	elements r1 >"$BATS_TEST_TMPDIR/after"
	run -1 grep -E '0x00000066|0x00000999' "$BATS_TEST_TMPDIR/after"
}

@test "a table of others' elements, one without end, and one that does not come: refused, given up, served on" {
	rogue r1 "tables:with:0x11:$(server_id r1)" hello:0x1234 await:asked fence
	assert_line "error 0x000a"
	rogue r1 "tables:with:0x13:$(server_id r3)" hello:0x1234 await:asked fence
	assert_line "error 0x000a"
	recorded r1 element-of-another-registrar
	for how in endless circle; do
		rogue r1 tables:$how hello:0x1234 await:closed
		recorded r1 endless-table
		wait_for_record r1 '.event == "resync-failed" and .key == "endless-table"' >/dev/null
	done
	rogue r1 tables:nothing hello:0x1234 await:closed
	wait_for_record r1 '.event == "resync-failed" and .key == "no-response"' >/dev/null
	rogue r1 tables:reject hello:0x1234 await:asked fence
	wait_for_record r1 '.event == "resync-failed" and .key == "rejected"' >/dev/null
}

@test "more pools and elements than a registrar's share: the limit holds, and what is invented goes with who invented it" {
	for load in pools:40:1 pools:10:500; do
		rogue r1 hello $load stay:0.5
		wait_for_record r1 '.event == "refused" and (.key | endswith("-of-one-registrar")) and .identity == "r2"' >/dev/null
		resolves_both
		wait_until 10 agree 2 r1 r3
	done
	assert [ "$(records r1 . | wc -l)" -le 7000 ]
	start_register e2 e2 r1 --port 80 --pe-id 0x12 other # there is room again
	wait_until 5 agree 3 r1 r3
	stop e2
}

resolves_both() {
	assert_equal "$(home web r1 | wc -l)" 2
	assert_equal "$(home web r3 | wc -l)" 2
}

@test "noise, oversized and cut off messages: answered or dropped, recorded at a bounded rate, served on" {
	for seed in 1 2 3; do
		rogue r1 hello noise:$seed:700
		resolves_both
	done
	wait_for_record r1 '.event == "malformed" and .identity == "r2"' >/dev/null
	wait_for_record r1 '(.event == "records-suppressed" and .suppressed_event == "malformed" and .source == "r2") or
		(.event == "malformed" and .identity == "r2" and .suppressed > 0)' >/dev/null
	assert [ "$(records r1 'select(.event == "malformed")' | wc -l)" -le 400 ]
	rogue r1 hello hex:04000003 await:closed # a length that no message has
	wait_for_record r1 '.event == "malformed" and .key == "malformed" and (.reason | test("length"))' >/dev/null
	rogue r1 hello longest:4
	assert_output "error 0x0003"
	id=0x2bae rogue r1 hello hex:0400ffff00 # and leaves in the middle of it
}

@test "who has the keys of a registrar that runs harms that one for a moment at most" {
	start_peer r2 "${quick[@]}" --peer "r1@${enrp[r1]}"
	start_register e2 e2 r2 --port 80 --pe-id 0x12 web
	wait_until 10 meshed r1 r2 r3
	wait_until 5 agree 3 r1 r2 r3
	all=$(theirs)
	rogue r1 hello stay:0.5 # as if r2 had been restarted
	wait_until 10 agree 3 r1 r2 r3
	assert_equal "$(theirs)" "$all"
	id=$(server_id r2) rogue r1 hello "delete:web:0x12:me:$(statement 0x12),rank=65535" stay:0.5
	wait_until 10 agree 3 r1 r2 r3
	assert_equal "$(theirs)" "$all"
	id=$(server_id r2) rogue r1 hello "add:web:0x12:me:$(statement 0x12),port=99" stay:0.5
	wait_until 10 agree 3 r1 r2 r3
	assert_equal "$(theirs)" "$all"
	wait_until 10 meshed r1 r2 r3
	assert_equal "$(records e2 'select(.event == "lost" or .event == "home-changed")')" ""
	stop e2
	stop r2
}
