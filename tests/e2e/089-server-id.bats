#!/usr/bin/env bats
# The id of a registrar: random, the same as long as it runs, and not that of another one.

load helpers

status_id() {
	rsp-peer status --name "$1" | jq -r .server_id
}

@test "without --server-id it is a random one, which stays until the registrar ends" {
	local ids=() name before
	for name in r1 r1 r2 r2; do
		start_peer "$name"
		ids+=("$(server_id "$name")")
		stop "$name"
	done
	assert_equal "$(printf '%s\n' "${ids[@]}" | sort -u | wc -l)" 4
	[[ " ${ids[*]} " != *" 0x00000000 "* ]]

	start_scope r1 r2
	before=$(server_id r1)
	assert_equal "$(status_id r1)" "$before"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"' >/dev/null
	assert_equal "$(status_id r1)" "$before"
	# it joins again: the others still know it by its id
	kill -STOP "${pids[r1]}"
	wait_for_record r2 ".event == \"peer-dead\" and .peer_id == \"$before\"" >/dev/null
	kill -CONT "${pids[r1]}"
	wait_for_record r1 '.event == "rejoining"' >/dev/null
	wait_until 10 meshed r1 r2
	assert_equal "$(status_id r1)" "$before"
	wait_until 10 knows r2 r1 "$before"
}

# knows NAME PEER ID: NAME has PEER in its list under this ID.
knows() {
	[ "$(rsp-peer status --name "$1" | jq -r ".peers[] | select(.name == \"$2\").server_id")" = "$3" ]
}

# sent_more NAME N: NAME has sent more than N presences.
sent_more() {
	[ "$(rsp-peer status --name "$1" | jq .counters.presences_sent)" -gt "$2" ]
}

# few_records NAME...: since the test began each of them printed no more than 100.
few_records() {
	local name
	for name in "$@"; do
		[ "$(records "$name" | wc -l)" -le 100 ] || {
			records "$name" '[.event, .key] | join(" ")' | sort | uniq -c >&2
			return 1
		}
	done
}

@test "two registrars with one --server-id say so, and dial each other no more than others" {
	local sent
	start_peer r1 "${quick[@]}" --server-id 0xbeef
	start_peer r2 "${quick[@]}" --server-id 0xbeef --peer "r1@${enrp[r1]}"
	wait_for_record r1 '.event == "duplicate-server-id" and .ok == false and .key == "ours" and .identity == "r2" and
		.peer == "r1" and .peer_id == "0x0000beef" and .remote' >/dev/null
	wait_for_record r2 '.event == "duplicate-server-id" and .key == "ours" and .identity == "r1"' >/dev/null
	wait_until 5 said r1 '^rsp-peer: r2: the registrar at [0-9.:]+ has the same server id as this one, 0x0000beef: start one of both with another' 1
	start_peer r3 "${quick[@]}" --peer "r1@${enrp[r1]}"
	wait_until 10 meshed r1 r3
	sent=$(rsp-peer status --name r3 | jq .counters.presences_sent)
	wait_until 10 sent_more r3 $((sent + 4))
	few_records r1 r2 r3
}

@test "a third registrar keeps the first one of an id, says so of the second, and is not dialled without end" {
	local name sent
	start_peer r3 "${quick[@]}"
	start_peer r1 "${quick[@]}" --server-id 0xbeef --peer "r3@${enrp[r3]}"
	wait_until 10 meshed r1 r3
	start_peer r2 "${quick[@]}" --server-id 0xbeef --peer "r3@${enrp[r3]}"
	wait_for_record r3 '.event == "duplicate-server-id" and .key == "peers" and .identity == "r2" and .peer == "r1"' \
		>/dev/null
	wait_until 5 said r3 '^rsp-peer: r2: the registrar at [0-9.:]+ is refused, it has the server id 0x0000beef of the registrar r1' 1
	sent=$(rsp-peer status --name r3 | jq .counters.presences_sent)
	wait_until 15 sent_more r3 $((sent + 6))
	few_records r1 r2 r3
	meshed r1 r3
}

# start_plain NAME [OPTION...]: a registrar without TLS; ${enrp[NAME]} is then where.
start_plain() {
	start "$1" rsp-peer run --insecure-plaintext --name "$1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --control none \
		"${quick[@]}" "${@:2}"
	enrp[$1]=$(wait_for_record "$1" '.event == "listening"' | jq -r .enrp)
}

@test "in plain text a third registrar sees one that moves to and fro, and says so" {
	start_plain r3
	start_plain r1 --server-id 0xbeef --peer "${enrp[r3]}"
	start_plain r2 --server-id 0xbeef --peer "${enrp[r3]}"
	wait_for_record r3 '.event == "duplicate-server-id" and .key == "peers" and .peer_id == "0x0000beef" and
		.identity == null' 20 >/dev/null
	few_records r1 r2 r3
}
