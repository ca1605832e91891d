#!/usr/bin/env bats
# Registrars of a scope among themselves, RFC 5353, as real processes over TLS: what one of them knows all know, and the
# service outlives any of them. Between hosts: 095-partition.bats. See start_scope for the timers.
#
# How soon an element must have another home, once its own is gone: within 200 ms after that is found out. A process
# that is killed closes its connections, so that is at once. One that is stopped is found out
# MAX-TIME-LAST-HEARD + MAX-TIME-NO-RESPONSE after it was last heard, at the latest when it was stopped.

load helpers

adoption=200 # ms

# hold NAME ELEMENT POOL N REGISTRAR...: one process that holds N elements in POOL, ids from 0x1001, at the REGISTRARs.
hold() {
	local name=$1 element=$2 pool=$3 n=$4 r servers=()
	shift 4
	for r in "$@"; do
		servers+=(-s "$r@${asap[$r]}")
	done
	jq -nc --arg pool "$pool" "range($n) | {pool: \$pool, port: (10000 + .), pe_id: (4097 + .)}" \
		>"$BATS_TEST_TMPDIR/$name.batch"
	start "$name" bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/$name.batch" --scope "$scopes/$element" \
		--timers=fast "${servers[@]}" --batch
	wait_until 60 registered "$n" "$BATS_TEST_TMPDIR/$name.out"
}

# registered N FILE: N records there say so.
registered() {
	[ -e "$2" ] && [ "$(grep -c '"event":"registered"' "$2")" -ge "$1" ]
}

# resolves REGISTRAR POOL N [HOME]: users of REGISTRAR are told N elements of POOL (all of which have the home HOME).
resolves() {
	local found
	found=$(home "$2" "$1" | grep -c "${4-}")
	[ "$found" -eq "$3" ]
}

# first FILTER NAME...: when the first of these printed such a record; last: when the last one did, of those that did.
first() {
	local filter=$1 name
	for name in "${@:2}"; do
		at "$name" "$filter" 2>/dev/null
	done | sort -n | head -n 1
}
last() {
	local filter=$1 name
	for name in "${@:2}"; do
		at "$name" "$filter" 2>/dev/null
	done | sort -n | tail -n 1
}

# no_record FILTER NAME...: none of these has printed such a record.
no_record() {
	local filter=$1 name
	for name in "${@:2}"; do
		assert_equal "$name: $(records "$name" "select($filter)")" "$name: "
	done
}

@test "what is registered, changed and deregistered at one is so at all" {
	start_scope r1 r2 r3
	echo 10% >"$BATS_TEST_TMPDIR/load"
	start_register e1 e1 r1 --port 80 --pe-id 0x11 --policy lu --load-file "$BATS_TEST_TMPDIR/load" web
	start_register e2 e2 r2 --port 81 --pe-id 0x12 --policy lu --load 0.5 web
	start_register e3 e3 r3 --port 82 --pe-id 0x13 other
	wait_until 5 agree 3 r1 r2 r3
	for r in r1 r2 r3; do
		assert_equal "$(home web $r)" "0x00000011 $(server_id r1)
0x00000012 $(server_id r2)"
	done

	echo 90% >"$BATS_TEST_TMPDIR/load"
	kill -HUP "${pids[e1]}"
	for r in r1 r2 r3; do
		wait_until 5 load_is $r 3865470565
	done

	stop e2
	stop e3
	wait_until 5 agree 1 r1 r2 r3
	for r in r1 r2 r3; do
		resolve other $r 1
		assert_equal "$(home web $r)" "0x00000011 $(server_id r1)"
	done
}

load_is() { # REGISTRAR VALUE
	[ "$(elements "$1" | jq 'select(.[1].pe_id == "0x00000011")[1].policy.load')" = "$2" ]
}

@test "an element belongs to who registered it at every registrar, and when its home is gone" {
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	wait_until 5 agree 1 r1 r2 r3
	for r in r1 r2; do
		rsp 6 rsp-register --scope "$scopes/e2" -s "r2@${asap[r2]}" --port 6666 --pe-id 0x11 web
		assert_equal "$(jq -rs '.[-1].error.cause.code' <<<"$output")" 0x000a
		[ $r = r2 ] || stop r1 137 KILL
		wait_for_record e1 '.event == "home-changed"'
	done
	wait_until 5 agree 1 r2 r3
	assert_equal "$(elements r3 | jq -c '[.[1].owner, .[1].user_transport.port]')" '["e1",80]'
}

@test "kill -9 of a home: its elements are resolved throughout, and have another home at once" {
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web # it knows no other: a registrar must come to it
	start_register e2 e2 r1 -s "r2@${asap[r2]}" -s "r3@${asap[r3]}" --port 80 --pe-id 0x12 web
	wait_until 5 agree 2 r1 r2 r3
	poll at_r2 r2 web
	poll at_r3 r3 web
	poll watch_r2 r2 web --watch

	kill -KILL "${pids[r1]}"
	killed=$(now)
	for e in e1 e2; do
		wait_for_record $e '.event == "home-changed"' >/dev/null
	done
	await_end r1 137
	suspected=$(first '.event == "peer-suspected" and .peer == "r1"' r2 r3)
	adopted=$(last '.event == "home-changed"' e1 e2)
	echo "suspected after $((suspected - killed)) ms, another home $((adopted - suspected)) ms later"
	assert [ $((suspected - killed)) -le 1000 ] # by another process's clock, and this one may not have run
	assert [ $((adopted - suspected)) -le $adoption ]

	wait_until 5 agree 2 r2 r3
	resolves r2 web 2
	resolves r3 web 2
	for poll in at_r2 at_r3 watch_r2; do
		polled $poll
		assert_equal "$poll: $answers" "$poll: ok 0x00000011 0x00000012"
	done
	for e in e1 e2; do # what was lost is named, and so is where it is again
		wait_for_record $e '.event == "lost" and .registrar.name == "r1"' | jq -r .registrar.address >>"$BATS_TEST_TMPDIR/lost"
		wait_for_record $e '.event == "reregistered"'
	done
	assert_equal "$(sort -u "$BATS_TEST_TMPDIR/lost")" "${asap[r1]}"
	# who has dialled us is not at the port it dialled from: it is known where it listens, or not
	assert_equal "$(records e1 'select(.event == "home-changed" or .event == "reregistered") | .registrar.address' | sort -u)" null
	local name address
	while read -r name address; do
		assert_equal "$address" "${asap[$name]}"
	done < <(records e2 'select(.event == "home-changed").registrar | "\(.name) \(.address)"' | jq -r .)
	assert_equal "$(for r in r2 r3; do records $r 'select(.event == "takeover-done").count'; done)" 2 # one of them did
	no_record '.event == "pe-removed"' r2 r3

	start_peer r1 "${quick[@]}" --peer "r2@${enrp[r2]}"
	wait_until 10 meshed r1 r2 r3
	wait_until 5 agree 2 r1 r2 r3
	resolves r1 web 2
	no_record '.event == "pe-removed"' r1 r2 r3
}

@test "a registrar that took over is said to listen where the scope says it does, or nowhere" {
	local e
	for e in e1 e2; do
		cp -r "$scopes/$e" "$BATS_TEST_TMPDIR/$e"
	done
	jq 'del(.registrars[] | select(.name == "r2"))' "$scopes/e1/scope.json" >"$BATS_TEST_TMPDIR/e1/scope.json"
	jq '(.registrars[] | select(.name == "r2")).asap = "127.0.0.9:4999"' "$scopes/e2/scope.json" \
		>"$BATS_TEST_TMPDIR/e2/scope.json"
	start_scope r1 r2
	for e in e1 e2; do
		start $e rsp-register --scope "$BATS_TEST_TMPDIR/$e" -s "r1@${asap[r1]}" --port 80 web
		wait_for_record $e '.event == "registered"' >/dev/null
	done
	wait_until 5 agree 2 r1 r2
	stop r1 137 KILL
	assert_equal "$(wait_for_record e1 '.event == "home-changed"' | jq -c '.registrar | [.name, .address]')" '["r2",null]'
	assert_equal "$(wait_for_record e2 '.event == "home-changed"' | jq -c '.registrar | [.name, .address]')" \
		'["r2","127.0.0.9:4999"]'
}

@test "a takeover that somebody has not acknowledged yet is in the status of who began it" {
	quick=(--peer-heartbeat-cycle 1s --max-time-last-heard 30s --max-time-no-response 10s) # r3 will be stopped
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	wait_until 5 agree 1 r1 r2 r3
	local target
	target=$(server_id r1)
	kill -STOP "${pids[r3]}"
	stop r1 137 KILL
	wait_for_record r2 '.event == "takeover-started"' >/dev/null
	rsp 0 rsp-peer status --name r2
	assert_equal "$(jq -c '.takeovers | map([.server_id, .name, .missing])' <<<"$output")" "[[\"$target\",\"r1\",1]]"
	assert_equal "$(jq '.takeovers[0] | .since_ms >= 0 and .n_elements == 1' <<<"$output")" true
	kill -CONT "${pids[r3]}"
	wait_for_record e1 '.event == "home-changed"' >/dev/null
	wait_until 10 agree 1 r2 r3
	rsp 0 rsp-peer status --name r2
	assert_equal "$(jq -c .takeovers <<<"$output")" "[]"
}

@test "SIGSTOP of a home: the same, and it continues and rejoins without harm" {
	# it joins again after half of the tombstone time; elements stay with a home that they have heard in the last 3 s
	quick+=(--tombstone-time 4s --max-time-last-heard 3s)
	local last_heard=3000
	start_scope r1 r2 r3
	start_register e1 e1 r1 --timers=fast --port 80 --pe-id 0x11 web
	start_register e2 e2 r1 --timers=fast -s "r2@${asap[r2]}" -s "r3@${asap[r3]}" --port 80 --pe-id 0x12 web
	start_register e3 e3 r2 --port 80 --pe-id 0x13 web
	wait_until 5 agree 3 r1 r2 r3
	poll at_r2 r2 web
	poll at_r3 r3 web

	kill -STOP "${pids[r1]}"
	stopped=$(now)
	for e in e1 e2; do
		wait_for_record $e '.event == "home-changed"' >/dev/null
	done
	suspected=$(last '.event == "peer-suspected" and .peer == "r1"' r2 r3)
	adopted=$(last '.event == "home-changed"' e1 e2)
	echo "suspected after $((suspected - stopped)) ms, another home $((adopted - suspected)) ms later"
	assert [ $((suspected - stopped)) -le $((last_heard + adoption)) ]
	assert [ $((adopted - suspected)) -le $((no_response + adoption)) ]
	wait_until 5 agree 3 r2 r3
	former=$(server_id r1)
	assert_equal "$(elements r2 | grep -c "$former")" 0

	# who asks it now is answered when it is one of them again, not with what it knew
	start asking rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --wait web
	kill -CONT "${pids[r1]}"
	wait_for_record r1 '.event == "rejoining"' >/dev/null
	wait_for_record asking .ok
	assert_equal "$(records asking '.elements | length')" 3
	assert_equal "$(records asking '.elements[].home_id' | grep -c "$former")" 0
	await_end asking
	wait_until 10 meshed r1 r2 r3
	wait_until 5 agree 3 r1 r2 r3
	for poll in at_r2 at_r3; do
		polled $poll
		assert_equal "$poll: $answers" "$poll: ok 0x00000011 0x00000012 0x00000013"
	done
	no_record '.event == "pe-removed"' r1 r2 r3
	no_record '.event == "takeover-started"' r1
	no_record '.event == "lost"' e3
}

@test "a pause that is shorter than that changes nothing" {
	quick+=(--max-time-no-response 10s) # it must end before that, and this process may be late
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	wait_until 5 agree 1 r1 r2 r3
	kill -STOP "${pids[r1]}"
	wait_for_record r2 '.event == "peer-suspected"' >/dev/null
	kill -CONT "${pids[r1]}"
	wait_for_record r2 '.event == "peer-returned"' >/dev/null
	wait_until 10 meshed r1 r2 r3
	wait_until 5 agree 1 r1 r2 r3
	assert_equal "$(home web r3)" "0x00000011 $(server_id r1)"
	no_record '.event == "takeover-done" or .event == "pe-removed" or .event == "rejoining"' r1 r2 r3
	no_record '.event == "home-changed" or .event == "lost"' e1
}

@test "one that joins a scope of 10,000 elements has all of them in its first answer" {
	quick=(--peer-heartbeat-cycle 1s --max-time-last-heard 30s --max-time-no-response 10s) # r3 will be stopped
	start_scope r1 r2 r3
	# twenty pools, so that users can be told a whole one
	jq -nc 'range(20) as $p | range(500) | {pool: "pool\($p)", port: (10000 + .)}' >"$BATS_TEST_TMPDIR/batch"
	start holder bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/batch" --scope "$scopes/e1" \
		-s "r1@${asap[r1]}" --batch -o "$BATS_TEST_TMPDIR/many" # records that are all alike: nobody validates them
	wait_until 60 registered 10000 "$BATS_TEST_TMPDIR/many"
	wait_until 10 agree 10000 r1 r3

	# the one that it asks does not answer for a while: so users that are earlier than the table can come
	kill -STOP "${pids[r3]}"
	start r4 rsp-peer run --scope "$scopes/r4" --name r4 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "${quick[@]}" \
		--max-time-no-response 30s --peer "r3@${enrp[r3]}"
	joining=$(wait_for_record r4 '.event == "joining"')
	asap[r4]=$(jq -r .asap <<<"$joining")
	enrp[r4]=$(jq -r .enrp <<<"$joining")
	for pool in 0 9 19; do
		poll "early$pool" r4 "pool$pool" # has got an answer, if only that its connection is closed
		start "user$pool" rsp-resolve --scope "$scopes/user" -s "r4@${asap[r4]}" --wait -n 1000 "pool$pool"
	done
	no_record '.event == "serving"' r4
	kill -CONT "${pids[r3]}"
	wait_for_record r4 '.event == "serving"' >/dev/null
	assert_equal "$(records r4 'select(.event == "serving") | [.key, .count]')" '["synchronised",10000]'
	for pool in 0 9 19; do
		wait_for_record "user$pool" .schema >/dev/null
		assert_equal "$(records "user$pool" '[.ok, (.elements | length), .complete]')" '[true,500,true]'
		await_end "user$pool"
		wait_until 10 grep -q ' ok ' "$BATS_TEST_TMPDIR/early$pool.answers"
		polled "early$pool"
		assert_equal "$(head -n 1 <<<"$answers") $(wc -lw <<<"$answers" | xargs)" "closed 2 502" # ok and 500 elements
	done
	agree 10000 r1 r4
	no_record '.event == "takeover-started" or .event == "pe-removed"' r1 r2 r3 r4
}

@test "restarts of all in turn lose nothing" {
	start_scope r1 r2 r3
	hold holder e1 web 30 r1 r2 r3
	start_register alone e2 r1 --port 80 --pe-id 0x11 web
	wait_until 10 agree 31 r1 r2 r3
	others=(r1 r2 r3 r1 r2)
	for i in 0 1 2; do
		r=${others[i]} one=${others[i + 1]} two=${others[i + 2]}
		poll "$r.one" "$one" web
		poll "$r.two" "$two" web
		stop "$r"
		start_peer "$r" "${quick[@]}" --asap "${asap[$r]}" --enrp "${enrp[$r]}" --peer "$one@${enrp[$one]}" \
			--peer "$two@${enrp[$two]}"
		wait_until 10 agree 31 "$r" "$one" "$two"
		for poll in one two; do
			polled "$r.$poll"
			assert_equal "$r.$poll: $(wc -lw <<<"$answers" | xargs)" "$r.$poll: 1 32"
		done
		wait_until 10 meshed r1 r2 r3
	done
	no_record '.event == "pe-removed"' r1 r2 r3
	assert_equal "$(home web r2 | cut -d ' ' -f 1)" "$(
		echo 0x00000011
		printf '0x%08x\n' {4097..4126}
	)"
}

@test "who lost its keys is not let in again, and takes nothing along" {
	local dir=$BATS_TEST_TMPDIR/scope n
	mkdir "$dir"
	make_scope "$dir"
	local scopes=$dir
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	start_register e3 e3 r3 -s "r1@${asap[r1]}" --port 80 --pe-id 0x13 web
	wait_until 5 agree 2 r1 r2 r3
	# the one in r3's place gets new keys
	rsp-keygen revoke --scope "$dir/master" r3 >>"$dir/keygen.out"
	for n in r1 r2; do
		rsp-keygen bundle --scope "$dir/master" "$n" -o "$dir/$n" --force >>"$dir/keygen.out"
		kill -HUP "${pids[$n]}"
		wait_for_record "$n" '.event == "reload"' >/dev/null
	done
	stop r3
	wait_for_record e3 '.event == "home-changed"' >/dev/null
	wait_until 5 agree 2 r1 r2
	start_peer r3 "${quick[@]}" --peer "r1@${enrp[r1]}" --peer "r2@${enrp[r2]}"
	wait_for_record r1 '.event == "connection-refused" and .service == "enrp" and .key == "unknown-identity"' >/dev/null
	assert_equal "$(records r3 'select(.event == "serving").key')" '"alone"'
	# what it registers stays with it
	start_register rogue e2 r3 --port 80 --pe-id 0x66 web
	wait_until 10 meshed r1 r2
	wait_until 5 agree 2 r1 r2
	resolves r1 web 2
	no_record '.event == "pe-removed"' r1 r2
}
