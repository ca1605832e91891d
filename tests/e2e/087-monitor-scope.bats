#!/usr/bin/env bats
# rsp-peer list, dump, ping and status against registrars of ours, over TLS: what a monitor sees, and that it can do no
# more.

load helpers

# monitor STATUS VERB [OPTION...]: ask as m1
monitor() {
	local status=$1 verb=$2
	shift 2
	rsp "$status" rsp-peer "$verb" --scope "$scopes/m1" "$@"
}

# id NAME: the server id of a registrar
id() {
	records "$1" 'select(.event == "listening").server_id' | jq -r .
}

# scope_of_two: r1 and r2 know each other, elements e1 and e2 are at r1, e3 at r2
scope_of_two() {
	start_peer r1
	start_peer r2 --peer "r1@${enrp[r1]}"
	start_register e1 e1 r1 --port 80 web
	start_register e2 e2 r1 --port 81 other
	start_register e3 e3 r2 --port 82 web
	wait_until 10 in_sync r1 3
	wait_until 10 in_sync r2 3
}

# in_sync NAME ELEMENTS: whether NAME has so many and sees its peers as they see themselves
in_sync() {
	[ "$(rsp-peer status -q --name "$1" |
		jq -c '[.handlespace.n_elements, (.peers | length), all(.peers[]; .n_elements > 0)]')" = "[$2,1,true]" ]
}

# elements REGISTRAR: what a dump of it says, in an order of its own
elements() {
	rsp-peer dump --scope "$scopes/m1" -s "$1@${enrp[$1]}" |
		jq -cS 'select(.element) | [.handle_hex, .element]' | sort
}

@test "list: each registrar names itself and the other" {
	scope_of_two
	for name in r1 r2; do
		monitor 0 list -s "$name@${enrp[$name]}"
		assert_equal "$(field '.registrar | [.id, .name, .address, .auth, .tls, .secure] | @json')" \
			"[\"$(id "$name")\",\"$name\",\"${enrp[$name]}\",\"psk\",\"TLS1.3\",true]"
		assert_equal "$(field '.registrars[] | select(.asked).name')" "$name"
		assert_equal "$(field '.registrars[] | [.server_id, .name, "\(.transport.addresses[0]):\(.transport.port)"] |
			join(" ")' | sort)" "$(for i in r1 r2; do echo "$(id $i) $i ${enrp[$i]}"; done | sort)"
	done
}

@test "dump: both have the same; ping, status and the dump agree on checksums and digests" {
	scope_of_two
	assert_equal "$(elements r1 | wc -l)" 3
	assert_equal "$(elements r1)" "$(elements r2)"
	assert_equal "$(elements r1 | jq -r '.[1] | [.owner, .home_id] | join(" ")' | sort)" \
		"$(printf '%s\n' "e1 $(id r1)" "e2 $(id r1)" "e3 $(id r2)")"
	rsp 0 rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}" -s "r2@${enrp[r2]}"
	local pings=$output
	for at in r1 r2; do
		monitor 0 dump -s "$at@${enrp[$at]}"
		local summary
		summary=$(tail -n 1 <<<"$output")
		assert_equal "$(jq -c '[.n_elements, .n_pools, .homeless]' <<<"$summary")" "[3,2,0]"
		for name in r1 r2; do
			local its
			its=$(jq -r --arg name "$name" 'select(.registrar.name == $name) | .checksum_told, .server_info.state.digest' \
				<<<"$pings")
			assert_equal "$its" "$(jq -r --arg id "$(id "$name")" \
				'.homes[] | select(.server_id == $id) | .checksum, .digest' <<<"$summary")"
			assert_equal "$its" "$(rsp-peer status --name "$name" | jq -r '.handlespace | .checksum, .digest')"
		done
	done
}

@test "ping: each registrar says which other ones it hears, and what it has of them" {
	local pings name other
	scope_of_two
	pings=$(rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}" -s "r2@${enrp[r2]}")
	for name in r1 r2; do
		other=$([ $name = r1 ] && echo r2 || echo r1)
		assert_equal "$(jq -r --arg name $name 'select(.registrar.name == $name).server_info.heard[] | .server_id, .digest' <<<"$pings")" \
			"$(jq -r --arg name "$other" 'select(.registrar.name == $name).server_info | .server_id, .state.digest' <<<"$pings")"
	done
}

@test "dump: an element without connection is in the digests, and not in the checksum that others are told" {
	local ping summary
	start_peer r1 --reconnect-grace 60s
	start_register e1 e1 r1 --port 80 web
	start_register e2 e2 r1 --port 81 other
	ping=$(rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}")
	kill -KILL "${pids[e1]}"
	await_end e1 137
	wait_until 5 told_otherwise "$(jq -r .checksum_told <<<"$ping")"
	monitor 0 dump -s "r1@${enrp[r1]}"
	summary=$(tail -n 1 <<<"$output" | jq -c '.homes[] | [.n_elements, .checksum, .digest]')
	assert_equal "$summary" "$(jq -c '[2, .checksum_told, .server_info.state.digest]' <<<"$ping")"
	assert_equal "$(rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}" | jq -r .server_info.state.digest)" \
		"$(jq -r .server_info.state.digest <<<"$ping")"
}

# told_otherwise CHECKSUM: r1 tells another one
told_otherwise() {
	[ "$(rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}" | jq -r .checksum_told)" != "$1" ]
}

@test "dump: --own, and --pools, which counts each pool once though its elements come in no order" {
	scope_of_two
	start_register e4 e1 r1 --port 83 web
	start_register e5 e2 r1 --port 84 other
	monitor 0 dump -s "r1@${enrp[r1]}" --own
	assert_equal "$(jq -rs '[.[].element.home_id // empty] | unique[]' <<<"$output")" "$(id r1)"
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.own, .n_elements, (.homes | length)]')" "[true,4,1]"
	monitor 0 dump -s "r1@${enrp[r1]}" --own --pools
	assert_equal "$(jq -c 'select(.policy) | [.handle, .n_elements]' <<<"$output" | sort)" $'["other",2]\n["web",2]'
	monitor 0 dump -s "r1@${enrp[r1]}" --pools
	assert_equal "$(jq -c 'select(.policy) | [.handle, .n_elements]' <<<"$output" | sort)" $'["other",2]\n["web",3]'
}

@test "dump: thousands of elements, over many pages" {
	start_peer r1
	for i in $(seq 2000); do
		echo "{\"pool\":\"pool$((i % 50))\",\"pe_id\":$i,\"port\":$((1000 + i))}"
	done >"$BATS_TEST_TMPDIR/batch"
	start many bash -c 'exec rsp-register --scope "$0" -s "$1" --batch <"$2"' \
		"$scopes/e1" "r1@${asap[r1]}" "$BATS_TEST_TMPDIR/batch"
	wait_until 30 holds r1 2000
	monitor 0 dump -s "r1@${enrp[r1]}"
	assert_equal "$(jq -r 'select(.element).element.pe_id' <<<"$output" | sort -u | wc -l)" 2000
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.n_elements, .n_pools, .pages > 2]')" "[2000,50,true]"
	stop many
}

# holds NAME N: whether it has N elements
holds() {
	[ "$(rsp-peer status -q --name "$1" | jq .handlespace.n_elements)" = "$2" ]
}

@test "status: peers, by name and state" {
	scope_of_two
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '.peers[] | [.server_id, .name, .state, .address, .n_elements, .in_sync] | @json')" \
		"[\"$(id r2)\",\"r2\",\"active\",\"${enrp[r2]}\",1,true]"
	assert_equal "$(field '.takeovers | @json')" "[]"
}

@test "who asks is no peer, neither while it asks nor after" {
	scope_of_two
	start endless rsp-peer ping --scope "$scopes/m1" -s "r1@${enrp[r1]}" -n 0 --interval 20ms
	wait_for_record endless '.seq == 5' >/dev/null
	monitor 0 list -s "r1@${enrp[r1]}"
	assert_equal "$(field '.registrars | length')" 2
	assert_equal "$(rsp-peer status --name r1 | jq -r '.peers[].name')" r2
	stop endless 143
	monitor 0 list -s "r1@${enrp[r1]}"
	assert_equal "$(field '.registrars | length')" 2
	assert_equal "$(records r1 'select(.event | startswith("peer-")) | .event, .peer' | xargs)" "peer-joined r2"
}

@test "in plain text too: who only asks is no peer" {
	start r1 rsp-peer run --insecure-plaintext --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	enrp[r1]=$(wait_for_record r1 '.event == "listening"' | jq -r .enrp)
	for verb in list dump ping; do
		rsp 0 rsp-peer "$verb" --insecure-plaintext -s "${enrp[r1]}"
	done
	rsp 0 rsp-peer ping --insecure-plaintext -s "${enrp[r1]}" -n 3 --interval 10ms
	assert_equal "$(jq -s -c 'map([.ok, .server_info.name])' <<<"$output")" '[[true,"r1"],[true,"r1"],[true,"r1"]]'
	rsp 0 rsp-peer list --insecure-plaintext -s "${enrp[r1]}"
	assert_equal "$(field '.registrars | length')" 1
	assert_equal "$(rsp-peer status --name r1 | jq -c .peers)" "[]"
	assert_equal "$(records r1 'select(.event | startswith("peer-"))')" ""
}

# say KEY REGISTRAR MESSAGE...: by raw.py, over its ENRP port; $output is what came, decoded: types and causes
say() {
	local key=$1 registrar=$2
	shift 2
	run -0 bash -c 'set -o pipefail; python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$@" |
		rsp-audit decode --protocol enrp | jq -r ".message | [.type, .causes[0].code // empty] | join(\" \")"' \
		- "$key" "${enrp[$registrar]}" "$@"
}

@test "a monitor key changes nothing: every message that could is refused, reported and without effect" {
	scope_of_two
	local r1 r2 before peers message
	r1=$(id r1) r2=$(id r2)
	before=$(elements r1)
	peers=$(rsp-peer status --name r1 | jq -c '[.peers[] | [.server_id, .name, .state]]')
	for who in 0x0badcafe "$r2"; do # as itself, and in the name of a registrar
		for message in "add:$who:$r1:web:77:$r2" "delete:$who:$r1:web:1:$r1" "init:$who:$r1:$r2" \
			"ack:$who:$r1:$r2" "takeover:$who:$r1:$r2" "tabled:$who:$r1:web:77:$r2" \
			"listed:$who:$r1:0x33333333"; do
			say "$(psk m1 monitor r1)" r1 "$message"
			assert_equal "$message $output" "$message ENRP_ERROR 0x000a"
		done
		say "$(psk m1 monitor r1)" r1 "presence:$who:$r1:$who"
		assert_output ENRP_PRESENCE
	done
	assert_equal "$(elements r1)" "$before"
	assert_equal "$(elements r2)" "$before"
	assert_equal "$(rsp-peer status --name r1 | jq -c '[.peers[] | [.server_id, .name, .state]]')" "$peers"
	assert_equal "$(records r1 'select(.event == "refused") | .role, .identity, .key, .cause.code' |
		xargs -n 4 | sort | uniq -c | xargs)" "14 monitor m1 monitor 0x000a"
	assert_equal "$(records r1 'select(.event | test("takeover|peer-dead|peer-suspected|pe-moved"))')" ""
}

@test "a monitor key gets nowhere on the ASAP port" {
	start_peer r1
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk m1 monitor r1)" "${asap[r1]}" \
		register:web:7:127.0.0.1:80
	assert_output closed
	wait_for_record r1 '.event == "connection-refused" and .service == "asap"' >/dev/null
}

@test "element keys and certificates get nowhere on the ENRP port" {
	start_peer r1
	start_register e1 e1 r1 --port 80 web
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(key e1 element r1)" "${enrp[r1]}" list:7:0
	assert_output closed
	wait_for_record r1 '.event == "connection-refused" and .service == "enrp"' >/dev/null
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --ca "$scopes/user/ca.pem" "${enrp[r1]}" list:7:0
	assert_output closed
	wait_until 10 refused_twice
	# our own tool, told to use what is no monitor's
	monitor 3 list -s "r1@${enrp[r1]}" --keys "$scopes/e1/keys.json"
	assert_equal "$(field .error.key)" no-key
	jq '.keys |= map(.role = "monitor")' "$scopes/e1/keys.json" >"$BATS_TEST_TMPDIR/keys.json"
	chmod 600 "$BATS_TEST_TMPDIR/keys.json"
	for verb in list dump ping; do
		monitor 5 "$verb" -s "r1@${enrp[r1]}" --keys "$BATS_TEST_TMPDIR/keys.json"
		assert_equal "$verb $(field '.error.key')" "$verb auth-failed"
	done
	assert_equal "$(rsp-peer status --name r1 | jq -c '[.peers, .counters.pages_sent]')" "[[],0]"
}

# refused_twice: r1 has refused two connections to its ENRP port
refused_twice() {
	[ "$(records r1 'select(.event == "connection-refused" and .service == "enrp")' | wc -l)" = 2 ]
}

@test "a monitor is as sure of the registrar as it is of it: a wrong key, another registrar, plain text" {
	start_peer r1
	start_peer r2
	monitor 5 list -s "r1@${enrp[r2]}" # r2 answers in r1's place
	assert_equal "$(field .error.key)" auth-failed
	rsp 4 rsp-peer list --insecure-plaintext -s "${enrp[r1]}" -t 3s
	[[ $(field .error.key) =~ ^(closed|timeout)$ ]]
	start plain python3 "$RSP_SRCDIR/tests/e2e/enrp_server.py" "$BATS_TEST_TMPDIR/address" \
		"$BATS_TEST_TMPDIR/requests"
	wait_until 10 test -e "$BATS_TEST_TMPDIR/address"
	rsp 4 rsp-peer list --scope "$scopes/m1" -s "r1@$(cat "$BATS_TEST_TMPDIR/address")" -t 500ms
	assert_equal "$(field '.attempts[0] | [.step, .key] | join(" ")')" "tls timeout"
}

@test "all registrars of the scope are asked by default, by their names" {
	cp -r "$scopes/m1" "$BATS_TEST_TMPDIR/m1"
	start_peer r1
	start_peer r2 --peer "r1@${enrp[r1]}"
	jq --arg r1 "${enrp[r1]}" --arg r2 "${enrp[r2]}" \
		'.registrars |= map(select(.name == "r1" or .name == "r2") | .enrp = if .name == "r1" then $r1 else $r2 end)' \
		"$scopes/m1/scope.json" \
		>"$BATS_TEST_TMPDIR/m1/scope.json"
	rsp 0 rsp-peer ping --scope "$BATS_TEST_TMPDIR/m1"
	assert_equal "$(jq -r .registrar.name <<<"$output" | sort | xargs)" "r1 r2"
	rsp 0 rsp-peer list --scope "$BATS_TEST_TMPDIR/m1" -s r2
	assert_equal "$(field .registrar.name)" r2
	stop r1
	rsp 9 rsp-peer ping --scope "$BATS_TEST_TMPDIR/m1" -t 5s
	assert_equal "$(jq -r '[.registrar.name, .ok, .error.key] | join(" ")' <<<"$output" | sort | xargs)" \
		"r1 false unreachable r2 true"
	rsp 0 rsp-peer dump --scope "$BATS_TEST_TMPDIR/m1" # whoever is there
	assert_equal "$(field .registrar.name)" r2
}

@test "a registrar that is not ready says so, and its status that it joins" {
	start mentor python3 "$RSP_SRCDIR/tests/e2e/enrp_server.py" --id 0xffffffff --reject 100000 \
		"$BATS_TEST_TMPDIR/address" "$BATS_TEST_TMPDIR/requests"
	wait_until 10 test -e "$BATS_TEST_TMPDIR/address"
	start r1 rsp-peer run --insecure-plaintext --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 \
		--peer "mentor@$(cat "$BATS_TEST_TMPDIR/address")"
	enrp[r1]=$(wait_for_record r1 '.event == "joining"' | jq -r .enrp)
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field .state)" joining
	for verb in list dump; do
		rsp 6 rsp-peer "$verb" --insecure-plaintext -s "${enrp[r1]}" -t 600ms
		assert_equal "$verb $(field .error.key)" "$verb rejected"
	done
	rsp 0 rsp-peer ping --insecure-plaintext -s "${enrp[r1]}" # it is there
}
