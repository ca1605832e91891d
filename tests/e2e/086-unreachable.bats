#!/usr/bin/env bats
# rsp-peer run: other registrars that cannot be reached are told of, once, and are in rsp-peer status.

load helpers

# nobody: an address where nobody listens: r4 did a moment ago
nobody() {
	start_peer r4 && stop r4 && echo "${enrp[r4]}" >"$BATS_TEST_TMPDIR/nobody"
}


# lines NAME TEXT: how many lines with TEXT it has on standard error
lines() {
	grep -cF -- "$2" "$BATS_TEST_TMPDIR/$1.err" || :
}

# spoil NAME FILTER: a copy of the scope of NAME in which the keys for which FILTER is true are other ones
spoil() {
	cp -r "$scopes/$1" "$BATS_TEST_TMPDIR/$1"
	jq --arg key "$(printf '%064d' 0)" ".keys |= map(if $2 then .key = \$key else . end)" "$scopes/$1/keys.json" \
		>"$BATS_TEST_TMPDIR/$1/keys.json"
}

@test "nobody listens there: one record, one line, and an entry in status; and when it comes after all" {
	nobody
	local where
	where=$(cat "$BATS_TEST_TMPDIR/nobody")
	start_peer r1 "${quick[@]}" --peer "r4@$where"
	wait_for_record r1 '.event == "peer-unreachable"'
	run -0 records r1 'select(.event == "peer-unreachable") | [.ok, .peer, .peer_id, .remote, .error.key, .error.object]'
	assert_output "[false,\"r4\",null,\"$where\",\"unreachable\",\"$where\"]"
	wait_until 10 said r1 'serves alone'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/r1.err")" \
		"$(printf '%s\n' "rsp-peer: r4: is not reached at $where: Connection refused" \
			'rsp-peer: serves alone: no other registrar that serves can be reached (rsp-peer status shows why)')"
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '.peers[] | [.name, .state, .server_id, .address, .error.key, .error.reason] | join(" ")')" \
		"r4 unreachable  $where unreachable Connection refused"

	start_peer r4 "${quick[@]}" --enrp "$where" --peer "r1@${enrp[r1]}"
	wait_for_record r1 '.event == "peer-reached" and .peer == "r4"'
	wait_until 10 meshed r1 r4
	# it was tried more than once by then
	assert_equal "$(records r1 'select(.event == "peer-unreachable")' | wc -l)" 1
	assert_equal "$(lines r1 'is not reached')" 1
	assert_equal "$(lines r1 'r4: is reached now')" 1
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '.peers[] | [.name, .state, .error] | @json')" '["r4","active",null]'
	assert_equal "$(cat "$BATS_TEST_TMPDIR/r4.err")" ""
}

@test "who goes is unreachable, then gone, and stays in status" {
	start_scope r1 r2
	stop r1 137 KILL
	wait_for_record r2 '.event == "peer-unreachable" and .peer == "r1" and .error.key == "unreachable"'
	wait_for_record r2 '.event == "takeover-done"'
	rsp 0 rsp-peer status --name r2
	assert_equal "$(field '.peers[] | [.name, .state] | join(" ")')" "r1 unreachable"
}

@test "keys that do not fit are told by whom they dialled and as what; the other side knows only that somebody came" {
	spoil r1 '.role == "peer" and .server == "r2"' # its identity is the same
	start_peer r2 "${quick[@]}"
	start_peer r1 "${quick[@]}" --scope "$BATS_TEST_TMPDIR/r1" --peer "r2@${enrp[r2]}"
	wait_for_record r1 '.event == "peer-unreachable"'
	run -0 records r1 'select(.event == "peer-unreachable") | [.peer, .error.key]'
	assert_output '["r2","auth-failed"]'
	assert_equal "$(lines r1 "r2: is not reached at ${enrp[r2]}: ")" 1
	assert_equal "$(records r1 'select(.event == "connection-refused")')" ""
	wait_for_record r2 '.event == "connection-refused" and .direction == "in" and .peer == null and .key == "auth-failed"'
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '.peers[] | [.name, .state, .error.key] | join(" ")')" "r2 unreachable auth-failed"
}

@test "a registrar that is newer than the bundles of the others: both sides say so, and what to do" {
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	jq '.keys |= map(select(.server != "r4" and .client != "r4"))' "$scopes/r1/keys.json" >"$BATS_TEST_TMPDIR/r1/keys.json"
	start_peer r1 "${quick[@]}" --scope "$BATS_TEST_TMPDIR/r1"
	start_peer r4 "${quick[@]}" --peer "r1@${enrp[r1]}"
	wait_until 5 said r4 'r1: is not reached at .*: does not know our key'
	wait_until 5 said r4 '^rsp-peer: serves alone, because other registrars do not take its key: .*rsp-keygen bundle.*SIGHUP'
	wait_until 5 said r1 '^rsp-peer: 127.0.0.1:.* enrp port with a key that is not in our keys.json: .*rsp-keygen bundle'
	[ "$(records r1 'select(.event == "connection-refused")' | wc -l)" -gt 1 ]
	assert_equal "$(lines r1 'not in our keys.json')" 1 # in a minute
	cp "$scopes/r1/keys.json" "$BATS_TEST_TMPDIR/r1/keys.json"
	kill -HUP "${pids[r1]}"
	wait_until 10 meshed r1 r4
}

@test "no key at all, and then one by HUP" {
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	jq '.keys |= map(select(.server != "r2" and .client != "r2"))' "$scopes/r1/keys.json" >"$BATS_TEST_TMPDIR/r1/keys.json"
	start_peer r2 "${quick[@]}"
	start_peer r1 "${quick[@]}" --scope "$BATS_TEST_TMPDIR/r1" --peer "r2@${enrp[r2]}"
	wait_for_record r1 '.event == "peer-unreachable"'
	run -0 records r1 'select(.event == "peer-unreachable") | [.peer, .error.key, .error.object]'
	assert_output '["r2","no-key","r2"]'
	assert_equal "$(lines r1 'rsp-peer: r2: is not reached: no valid key')" 1
	cp "$scopes/r1/keys.json" "$BATS_TEST_TMPDIR/r1/keys.json"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "peer-reached" and .peer == "r2"'
	wait_until 10 meshed r1 r2
	assert_equal "$(records r1 'select(.event == "peer-unreachable")' | wc -l)" 1
}

@test "another reason is told anew: nobody, then somebody who says nothing" {
	nobody
	local where
	where=$(cat "$BATS_TEST_TMPDIR/nobody")
	start_peer r1 "${quick[@]}" --peer "r4@$where"
	start mute python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((host, int(port)))
s.listen()
links = []
while True:
    links.append(s.accept()[0])' "$where"
	wait_for_record r1 '.event == "peer-unreachable" and .error.key != "unreachable"'
	run -0 records r1 'select(.event == "peer-unreachable") | .error.key'
	assert_output $'"unreachable"\n"timeout"'
	stop mute 143
}

@test "in plain text nobody has a name, and is told of by its address" {
	nobody
	local where
	where=$(cat "$BATS_TEST_TMPDIR/nobody")
	start_peer r1 --insecure-plaintext --peer "$where"
	wait_for_record r1 '.event == "peer-unreachable"'
	run -0 records r1 'select(.event == "peer-unreachable") | [.peer, .remote, .error.object]'
	assert_output "[null,\"$where\",\"$where\"]"
	assert_equal "$(lines r1 "rsp-peer: $where: is not reached: Connection refused")" 1
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '.peers[] | [.name, .state, .address] | @json')" "[null,\"unreachable\",\"$where\"]"
}

@test "an element that was taken over and does not know our key is told by its name, as one that we dialled" {
	spoil r2 '.role == "notify"'
	start_peer r1 "${quick[@]}"
	start_peer r2 "${quick[@]}" --scope "$BATS_TEST_TMPDIR/r2" --peer "r1@${enrp[r1]}"
	start_register e1 e1 r1 --port 80 web
	wait_until 10 agree 1 r1 r2
	stop r1 137 KILL
	wait_for_record r2 '.event == "connection-refused" and .direction == "out" and .peer == "e1" and .service == "asap" and
		.key == "auth-failed"'
	stop e1
}

@test "before the first attempt has failed, status says connecting" {
	start_peer r2 "${quick[@]}"
	kill -STOP "${pids[r2]}" # the kernel takes the connection, and nobody speaks
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 \
		--max-time-no-response 60s --peer "r2@${enrp[r2]}"
	wait_for_record r1 '.event == "joining"'
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field '[.state, (.peers[] | .name, .state, .error)] | @json')" '["joining","r2","connecting",null]'
	kill -CONT "${pids[r2]}"
	wait_for_record r1 '.event == "serving" and .key == "synchronised"'
	assert_equal "$(records r1 'select(.event == "peer-unreachable" or .event == "peer-reached")')" ""
}
