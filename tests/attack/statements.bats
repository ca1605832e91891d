#!/usr/bin/env bats
# What a registrar that lies (enrp.py) says of elements, with good keys: what is believed, by which registrar, for how long,
# and that it mends itself. Each registration of an element has a number of its own, its epoch; registrars add a rank.

load ../e2e/helpers
load helpers

# registered NAME: the identifiers under which the element has registered, in order
registered() {
	records "$1" 'select(.event == "registered").pe_id' | jq -r . | uniq
}

# contested PE_ID [PEER [OWNER]]: r1 has recorded that the liar claims that element of OWNER (e1), as PEER (r2) has said
contested() {
	wait_for_record r1 ".event == \"pe-contested\" and .pe_id == \"$1\" and .by_id == \"$rogue_id\" and
		.identity == \"${3-e1}\" and .peer == \"${2-r2}\"" >/dev/null
}

@test "a claim at a higher epoch holds until the home has asked the element, which registers above it" {
	local keys former
	for keys in epoch=+1 epoch=+1,rank=65535 epoch=+1000,instance=7,port=81 rank=+1 rank=65535; do
		former=$(epoch 0x11)
		rogue r1 hello "add:web:0x11:me:$(statement 0x11),$keys" fence stay:0.3
		wait_until 5 agree 2 r1 r3
		assert_equal "$(theirs)" "$before"
		assert [ $(($(epoch 0x11))) -gt $((former)) ]
	done
	contested 0x00000011
	assert_equal "$(records r1 'select(.event == "pe-moved")')" ""
}

@test "who hears of such a claim from the liar alone believes it, until the home has heard of it" {
	poll users r3 web --ca "$scopes/user/ca.pem"
	lying r3 hello "add:web:0x11:me:$(statement 0x11),epoch=+1,port=6666" fence
	contested 0x00000011 r3 # which believed it, and has told r1; users see it only now and then, as that takes a round trip
	wait_until 5 agree 2 r1 r3
	assert_equal "$(theirs)" "$before"
	stop lying 143
	polled users
	assert_equal "$answers" "ok 0x00000011 0x00000013"
}

@test "an element that is named in 'over' takes another id; one with a configured id ends" {
	local id of
	start_register e2 e2 r1 -s "r3@${asap[r3]}" --port 82 web
	start_register other e2 r1 -s "r3@${asap[r3]}" --port 83 --pe-id 0x12 web
	id=$(registered e2)
	for of in "$id" 0x12; do
		rogue r1 hello "add:web:$of:me:$(statement "$of"),epoch=+1,instance=0x777,over=$(instance "$of")" fence stay:0.5
	done
	wait_for_record e2 ".event == \"registered\" and .pe_id != \"$id\"" >/dev/null
	await_end other 8
	wait_until 10 agree 3 r1 r3
	stop e2
	assert_equal "$(registered e2 | wc -l)" 2
}

# instance PE_ID: of the element as r1 has it
instance() {
	elements r1 | jq -r --arg id "$(printf '0x%08x' "$1")" '.[1] | select(.pe_id == $id).statement.instance'
}

@test "an element whose numbers are used up takes another id" {
	local id
	start_register e2 e2 r1 -s "r3@${asap[r3]}" --port 82 web
	id=$(registered e2)
	rogue r1 hello "add:web:$id:me:$(statement "$id"),epoch=0x7fffffffffffffff" fence stay:0.5
	wait_for_record e2 ".event == \"registered\" and .pe_id != \"$id\"" >/dev/null
	wait_until 10 agree 3 r1 r3
	# a number that no epoch may have is refused
	rogue r1 hello "add:web:0x11:me:$(statement 0x11),epoch=0x8000000000000000"
	assert_line "error 0x0003"
	stop e2
	assert_equal "$(registered e2 | wc -l)" 2
}

# start_plain: an element of e2 without EPOCH, 0x12 at r1; its answers are in plain.log
start_plain() {
	# shellcheck disable=SC2016 # $0 is the log
	start plain bash -c 'exec python3 "$@" >"$0"' "$BATS_TEST_TMPDIR/plain.log" "$RSP_SRCDIR/tests/e2e/raw.py" element \
		--psk "$(psk e2 element r1)" "${asap[r1]}" web 0x12 82
}

plain_said() {
	grep -qx "$1" "$BATS_TEST_TMPDIR/plain.log"
}

@test "an element without EPOCH that is named in 'over' is cut off, and refused for as long as the liar calls the other one alive" {
	start_plain
	wait_until 5 plain_said registered
	wait_until 5 agree 3 r1 r3
	lying r1 hello "add:web:0x12:me:$(statement 0x12),epoch=+1,instance=0x777,over=$(instance 0x12),port=83" fence
	wait_until 5 plain_said closed
	await_end plain
	start_plain
	wait_until 5 plain_said 'refused 0x0004'
	stop plain
	assert shows r1 0x00000012 "$rogue_id"
	stop lying 143
	wait_until 20 shows r1 0x00000012 ""
	start_plain
	wait_until 5 plain_said registered
	stop plain
}

@test "an element without EPOCH whose numbers are used up is refused; what its home says stays sound" {
	start_plain
	wait_until 5 plain_said registered
	wait_until 5 agree 3 r1 r3
	rogue r1 hello "add:web:0x12:me:$(statement 0x12),epoch=0x7fffffffffffffff" fence stay:0.5
	wait_until 5 plain_said 'refused 0x0004'
	wait_for_record r1 '.event == "refused" and .key == "numbers-used-up" and .pe_id == "0x00000012"' >/dev/null
	contested 0x00000012 r2 e2
	stop plain
	wait_until 20 agree 2 r1 r3
	assert_equal "$(records r1 'select(.event == "malformed")')$(records r3 'select(.event == "malformed")')" ""
}

@test "an element that it invents is there for as long as the liar is" {
	lying r1 hello add:web:0x66:me:epoch=1,owner=e2 fence
	wait_until 5 shows r1 0x00000066 "$rogue_id"
	sleep 3 # more than the grace time, and the time after which a silent registrar is taken over
	assert shows r1 0x00000066 "$rogue_id"
	stop lying 143
	wait_until 10 shows r1 0x00000066 "" # r1 or r3 has taken it over, and looked
}

@test "an element that it invents for another registrar is there until that one has looked" {
	local home
	home=$(server_id r3)
	poll users r1 web --watch # it may be there for a moment only
	lying r1 hello "add:web:0x66:$home:epoch=1,owner=e2" "add:web:0x67:$(server_id r1):epoch=1,owner=e2" fence
	wait_for_record r3 '.event == "pe-removed" and .pe_id == "0x00000066"' >/dev/null
	wait_for_record r1 '.event == "pe-removed" and .pe_id == "0x00000067"' >/dev/null
	wait_until 5 agree 2 r1 r3
	stop lying 143
	polled users
	assert grep -q "0x00000066@$home" "$BATS_TEST_TMPDIR/users.answers"
}

@test "an element that it invents for a registrar that does not exist is looked at, though the liar acknowledges no takeover" {
	lying r1 hello add:web:0x66:0x1234:epoch=1,owner=e2 fence
	wait_until 5 shows r1 0x00000066 0x00001234
	wait_for_record r1 '.event == "pe-removed" and .pe_id == "0x00000066"' 20 >/dev/null
	wait_until 10 agree 2 r1 r3
	stop lying 143
}

@test "taken over, or removed, at the epoch of an element: its home, which is heard, is asked first" {
	local keys
	poll users r1 web --ca "$scopes/user/ca.pem"
	for keys in rank=+1 rank=65535; do
		rogue r1 hello "add:web:0x13:me:$(statement 0x13),$keys" fence stay:0.5
		wait_until 5 agree 2 r1 r3
	done
	wait_for_record r3 '.event == "pe-contested" and .pe_id == "0x00000013" and .by_id == "'"$rogue_id"'" and .peer == "r1"' >/dev/null
	assert_equal "$(records e3 'select(.event == "keepalive")' | wc -l)" 2
	polled users
	assert_equal "$answers" "ok 0x00000011 0x00000013"
}

@test "what a dead registrar had, the liar has, and calls alive, until it leaves itself" {
	lying r1 hello await:init "takeover:$(server_id r3)" fence
	kill -KILL "${pids[e3]}" "${pids[r3]}"
	await_end e3 137
	await_end r3 137
	before=
	wait_until 10 shows r1 0x00000013 "$rogue_id"
	sleep 2
	assert shows r1 0x00000013 "$rogue_id"
	stop lying 143
	wait_until 10 shows r1 0x00000013 ""
}

@test "an older statement of an element, once more, changes nothing: the liar is told the newer one" {
	local old
	old=$(statement 0x11)
	rogue r1 hello "add:web:0x11:me:$old,epoch=+1" fence stay:0.5 # e1 registers again
	wait_until 5 agree 2 r1 r3
	rogue r1 hello "add:web:0x11:$(server_id r1):$old" "add:web:0x11:me:$old,rank=2" "add:web:0x11:me:$old,rank=65535" fence
	assert_output "update add 0x00000011 $(server_id r1) $(epoch 0x11) 1"
	rogue r3 hello "add:web:0x11:$(server_id r1):$old" fence
	assert_output "update add 0x00000011 $(server_id r1) $(epoch 0x11) 1"
}

@test "another identity's element of the same id is shown as long as the liar says so, if its name is lower, and nothing is removed for it" {
	lying r1 hello add:web:0x13:me:epoch=1,owner=e2,port=81 add:web:0x11:me:epoch=1,owner=e2,port=81 fence
	wait_until 5 shows r1 0x00000013 "$rogue_id" # e2 before e3
	assert shows r1 0x00000011 "$(server_id r1)" # e1 before e2
	stop lying 143
	wait_until 10 shows r1 0x00000013 "$(server_id r3)"
	assert_equal "$(records r1 'select(.event == "pe-moved")')$(records r3 'select(.event | test("pe-(removed|moved|contested)")) | select(.identity == "e3")')" ""
}

@test "what is said to be gone before it comes, comes all the same" {
	rogue r3 hello "delete:web:0x12:me:epoch=0x0700000000000000,owner=e2,rank=65535" # only r3 is told so
	start_register e2 e2 r1 --port 80 --pe-id 0x12 web
	wait_until 10 agree 3 r1 r3
	stop e2
}

@test "thousands of claims are a few questions to the element, and a few records, each of the registrar that claims" {
	local s
	s=$(statement 0x11)
	rogue r1 hello "climb:1000:add:web:0x11:me:$s,epoch=+1" fence stay:1.2 "climb:1000:add:web:0x11:me:$s,epoch=+2001" fence \
		stay:1.2 "climb:1000:add:web:0x11:me:$s,epoch=+4001" fence stay:0.5
	wait_until 5 agree 2 r1 r3
	contested 0x00000011
	said r1 "^rsp-peer: e1: its element 0x00000011 is registered here and at the registrar $rogue_id in turns" 1
	assert [ "$(records e1 'select(.event == "keepalive")' | wc -l)" -le 20 ]
	assert [ "$(records r1 . | wc -l)" -le 100 ]
}
