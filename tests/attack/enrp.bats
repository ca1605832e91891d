#!/usr/bin/env bats
# A registrar that lies (enrp.py). It has the keys of one, r2's, and says what it likes to r1 and r3, which are honest and
# hold an element each. Whatever it says, what is theirs stays as it was, it is recorded who did what, and they serve on.
# RFC 5355 2.5, 2.6, 2.13. For those who have other keys, or none, see 087-monitor-scope.bats and 050-handshake.bats.

load ../e2e/helpers

rogue_id=0x00002bad

setup_file() {
	make_scope "$BATS_FILE_TMPDIR/scopes"
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	quick+=(--reconnect-grace 500ms --keepalive-distance 200ms --max-pools 20 --max-elements 3000)
	start_scope r1 r3
	start_register e1 e1 r1 -s "r3@${asap[r3]}" --port 80 --pe-id 0x11 web
	start_register e3 e3 r3 -s "r1@${asap[r1]}" --port 80 --pe-id 0x13 web
	wait_until 5 agree 2 r1 r3
	before=$(theirs)
}

# theirs: what r1 has, but for versions
theirs() {
	elements r1 | jq -c 'del(.[1].version)'
}

teardown() {
	local result=0
	[ -z "${before-}" ] || unharmed || result=1
	stop_all || result=1
	return $result
}

# unharmed: r1 and r3 have what they had, users of both are told so, and the elements noticed nothing.
unharmed() {
	local r e
	wait_until 10 agree 2 r1 r3 || fail "they differ: $(elements r1) $(elements r3)"
	assert_equal "$(theirs)" "$before" || return
	for r in r1 r3; do
		assert_equal "$(home web $r)" "0x00000011 $(server_id r1)
0x00000013 $(server_id r3)" || return
	done
	for e in e1 e3; do
		assert_equal "$(records $e '.event' | sort -u | grep -v keepalive)" '"registered"' || return
	done
}

# rogue REGISTRAR STEP...: what came of it is in $output, each line once
rogue() {
	local registrar=$1
	shift
	run -0 timeout 60 python3 "$RSP_SRCDIR/tests/attack/enrp.py" --psk "$(psk r2 peer "$registrar")" --id "${id-$rogue_id}" \
		"${enrp[$registrar]}" "$@"
	output=$(uniq <<<"$output")
}

# recorded REGISTRAR KEY: it has recorded that it refused r2 something, with that key
recorded() {
	wait_for_record "$1" ".event == \"refused\" and .key == \"$2\" and [.identity, .role] == [\"r2\", \"peer\"]" >/dev/null
}

@test "who claims another's server id, the receiver's own, or none, is refused, and cut off" {
	local who key cause
	while read -r who key cause; do
		rogue r1 as:"$who" hello add:web:0x66:"$who"
		assert_line "error $cause"
		[ "$key" != server-id-of-another ] || assert_line closed
		recorded r1 "$key"
		# and in the middle
		rogue r1 hello as:"$who" delete:web:0x13:"$who":max
		assert_line "error $cause"
	done <<-ROWS
		$(server_id r3) server-id-of-another 0x000a
		$(server_id r1) server-id-ours 0x0003
		0 server-id-zero 0x0003
	ROWS
	assert_equal "$(rsp-peer status --name r1 | jq -r '.peers[] | select(.name == "r3") | "\(.server_id) \(.state)"')" \
		"$(server_id r3) active"
}

@test "updates and removals of what another registrar has are refused" {
	for update in add delete; do
		rogue r1 hello "$update:web:0x13:$(server_id r3):max:e3"
		assert_output "error 0x000a"
		rogue r1 hello "$update:web:0x11:$(server_id r1):max:e1"
		assert_output "error 0x000a"
	done
	rogue r1 hello delete:web:0x13:me:max:e3
	assert_output "error 0x000a"
	assert_equal "$(records r1 'select(.event == "refused") | .key, .message_type' | sort | uniq -c | xargs)" \
		"5 ENRP_HANDLE_UPDATE 5 element-of-another-registrar"
}

@test "who claims an element that is connected to its home, or says that it is gone, does not get it" {
	for update in add:web:0x11:me:now:e1 add:web:0x11:me:max:e1 delete:web:0x11:me:now:e1 delete:web:0x11:me:max:e1; do
		rogue r1 hello "$update" fence stay:0.3
		wait_until 5 agree 2 r1 r3
		assert_equal "$(theirs)" "$before"
	done
	assert_equal "$(records r1 'select(.event == "pe-contested") | [.pe_id, .by_id, .identity] | join(" ")' | sort -u)" \
		"\"0x00000011 $rogue_id e1\""
	assert_equal "$(records r1 'select(.event == "pe-moved")')" ""
	# the element may change all the same, and all hear of it
	stop e1
	wait_until 5 agree 1 r1 r3
	start_register e1 e1 r1 -s "r3@${asap[r3]}" --port 80 --pe-id 0x11 web
	wait_until 5 agree 2 r1 r3
	before=$(theirs) # it listens at another port
}

@test "versions further ahead than any clock, and another identity's newer claim, are refused" {
	rogue r1 hello add:web:0x11:me:over:e1
	assert_output "error 0x0003"
	recorded r1 element
	rogue r1 hello add:web:0x11:me:max:e2
	wait_for_record r1 '.event == "refused" and .key == "element-of-another" and .pe_id == "0x00000011"' >/dev/null
	assert_equal "$(records r1 'select(.event == "pe-contested")')" ""
}

@test "another identity gets no element by having had it longer: neither the receiver's nor a third registrar's" {
	for id_of in 0x11:e2 0x13:e2; do
		for version in 1 now; do
			rogue r1 hello "add:web:${id_of%:*}:me:$version:e2" fence stay:0.3
		done
		wait_for_record r1 ".event == \"refused\" and .key == \"element-of-another\" and
			.pe_id == \"0x000000${id_of:2:2}\"" >/dev/null
	done
	assert_equal "$(records r1 'select(.event == "pe-contested" or .event == "pe-moved")')" ""
	# nor as long as its table says so
	rogue r1 tables:with:0x11:me:1:e2 hello:0x1234 await:asked add:web:0x11:me:1:e2 stay:1
}

@test "who claims an element to all but its home does not get it there either" {
	start lying bash -c 'exec python3 "$@" >/dev/null' - "$RSP_SRCDIR/tests/attack/enrp.py" --psk "$(psk r2 peer r3)" --id "$rogue_id" "${enrp[r3]}" \
		tables:with:0x11:me:max:e1 hello add:web:0x11:me:max:e1 stay:3 hello:0x1234 add:web:0x11:me:max:e1 stay:60
	until [ -n "$(records r1 ".event == \"pe-contested\" and .by_id == \"$rogue_id\" | select(.)")" ] &&
		[ -n "$(records r3 'select(.event == "resync-done" and .peer == "r2")')" ]; do # it claims it again then
		assert_equal "$(home web r3 | head -n 1)" "0x00000011 $(server_id r1)"
	done
	for _ in {1..40}; do
		assert_equal "$(home web r3 | head -n 1)" "0x00000011 $(server_id r1)"
	done
	wait_until 5 agree 2 r1 r3
	assert_equal "$(theirs)" "$before"
	assert_equal "$(records r1 'select(.event == "pe-contested").pe_id' | sort -u)" '"0x00000011"'
	stop lying 143
}

@test "what is said to be gone before it comes, comes all the same" {
	rogue r3 hello delete:web:0x12:me:max:e2 # only r3 is told so
	start_register e2 e2 r1 --port 80 --pe-id 0x12 web
	wait_until 5 agree 3 r1 r3
	stop e2
}

@test "the living are not taken over: neither another, nor the receiver, nor itself" {
	rogue r1 hello "takeover:$(server_id r3)"
	assert_output "error 0x000a"
	recorded r1 takeover-of-a-live-registrar
	rogue r1 hello "takeover:$rogue_id"
	assert_output "error 0x000a"
	rogue r1 hello "takeover:$(server_id r1)" stay:0.5 # r1 asks its elements, and they are there
	wait_for_record r1 '.event == "pe-contested" and .pe_id == "0x00000011"' >/dev/null
	assert_equal "$(records r1 'select(.event == "pe-moved")')" ""
	rogue r1 hello "init:$(server_id r3)" "init:$(server_id r1)" "init:$rogue_id" stay:1.5
	refute_line --partial ack
	recorded r1 takeover-of-itself
	assert_equal "$(records r1 'select(.peer == "r3") | .event' | xargs)" "peer-joined peer-suspected peer-returned"
	assert_equal "$(records r3 'select(.event | test("takeover-started|rejoining"))' | grep -c "$(server_id r1)")" 0
}

@test "who is told a thousand times that it is dead asks its elements no more often" {
	rogue r1 hello "times:1000:takeover:$(server_id r1)" "times:1000:init:$(server_id r1)" \
		"times:1000:init:$(server_id r3)"
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
	rogue r1 tables:twice hello:0x1234 await:asked fence # a checksum that is not ours: it is audited
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
	id=$(server_id r2) rogue r1 hello delete:web:0x12:me:max:e2 stay:0.5
	wait_until 10 agree 3 r1 r2 r3
	assert_equal "$(theirs)" "$all"
	wait_until 10 meshed r1 r2 r3
	assert_equal "$(records e2 'select(.event == "lost" or .event == "home-changed")')" ""
	stop e2
	stop r2
}
