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

	quick+=(--tombstone-time 4s)
	start_scope r1 r2
	before=$(server_id r1)
	assert_equal "$(status_id r1)" "$before"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"' >/dev/null
	assert_equal "$(status_id r1)" "$before"
	# it joins again, as it may not know of removals: the others still know it by its id
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

# have_two_ids NAME NAME: the two have different ids.
have_two_ids() {
	[ "$(status_id "$1")" != "$(status_id "$2")" ]
}

@test "of two registrars with one --server-id, the one that joins draws another id" {
	start_peer r1 "${quick[@]}" --server-id 0xbeef
	start_peer r2 "${quick[@]}" --server-id 0xbeef --peer "r1@${enrp[r1]}"
	wait_for_record r2 '.event == "duplicate-server-id" and .ok == false and .key == "server-id-ours" and .identity == "r1" and
		.peer == "r2" and .peer_id == "0x0000beef" and .remote' >/dev/null
	wait_for_record r1 '.event == "duplicate-server-id" and .key == "server-id-ours" and .identity == "r2"' >/dev/null
	wait_until 5 said r1 '^rsp-peer: r2: the registrar at [0-9.:]+ has the same server id as this one, 0x0000beef: one of both takes another id' 1
	wait_until 5 said r2 '^rsp-peer: r2: this registrar has the server id 0x[0-9a-f]{8} now, because another one uses its former id 0x0000beef' 1
	wait_until 10 meshed r1 r2
	assert_equal "$(status_id r1)" 0x0000beef
	have_two_ids r1 r2
	start_peer r3 "${quick[@]}" --peer "r1@${enrp[r1]}"
	wait_until 10 meshed r1 r2 r3
	assert_equal "$(records r2 'select(.event == "server-id-drawn") | .peer_id')" '"0x0000beef"'
	assert_equal "$(records r1 'select(.event == "server-id-drawn")')" ""
	few_records r1 r2 r3
}

@test "a third registrar keeps the first one of an id, and tells the second, which draws another one" {
	start_peer r3 "${quick[@]}"
	start_peer r1 "${quick[@]}" --server-id 0xbeef --peer "r3@${enrp[r3]}"
	wait_until 10 meshed r1 r3
	start_peer r2 "${quick[@]}" --server-id 0xbeef --peer "r3@${enrp[r3]}"
	wait_for_record r3 '.event == "duplicate-server-id" and .key == "server-id-of-another" and .identity == "r2" and .peer == "r1"' \
		>/dev/null
	wait_until 5 said r3 '^rsp-peer: r2: the registrar at [0-9.:]+ is refused, it has the server id 0x0000beef of the registrar r1' 1
	wait_for_record r2 '.event == "duplicate-server-id" and .key == "server-id-ours" and .identity == "r1"' >/dev/null
	wait_until 10 meshed r1 r2 r3
	assert_equal "$(status_id r1)" 0x0000beef
	have_two_ids r1 r2
	few_records r1 r2 r3
}

# start_plain NAME [OPTION...]: a registrar without TLS; ${enrp[NAME]} is then where.
start_plain() {
	start "$1" rsp-peer run --insecure-plaintext --name "$1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --control none \
		"${quick[@]}" "${@:2}"
	enrp[$1]=$(wait_for_record "$1" '.event == "listening"' | jq -r .enrp)
}

# drawn NAME...: one of them has drawn another id.
drawn() {
	local name
	for name in "$@"; do
		[ -z "$(records "$name" 'select(.event == "server-id-drawn")')" ] || return 0
	done
	return 1
}

@test "in plain text a third registrar sees one that moves to and fro, says so, and one of the two draws another id" {
	start_plain r3
	start_plain r1 --server-id 0xbeef --peer "${enrp[r3]}"
	start_plain r2 --server-id 0xbeef --peer "${enrp[r3]}"
	wait_for_record r3 '.event == "duplicate-server-id" and .key == "server-id-of-another" and .peer_id == "0x0000beef" and
		.identity == null' 20 >/dev/null
	wait_until 20 drawn r1 r2
	few_records r1 r2 r3
}
