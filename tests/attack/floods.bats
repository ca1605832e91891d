#!/usr/bin/env bats
# Floods from addresses without a key, bounded, and honest users that must not notice: RFC 5355 2.1, 2.13; rsp(7), Floods.
# The honest ones are some way off, by delaying proxies (floods.py), each from an address of its own.

load ../e2e/helpers

setup_file() {
	make_scope "$BATS_FILE_TMPDIR/scopes"
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	ulimit -n "$(ulimit -Hn)"
}

floods() {
	python3 "$RSP_SRCDIR/tests/attack/floods.py" "$@"
}

# start_floods NAME VERB...: floods.py in the background
start_floods() {
	start "$1" python3 "$RSP_SRCDIR/tests/attack/floods.py" "${@:2}"
}

# start_proxy NAME RTT_MS FROM WHERE: ${through[NAME]} is then WHERE, so far away
declare -gA through=()
start_proxy() {
	start_floods "$1" proxy "${@:2}"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/$1.err"
	through[$1]=$(head -n 1 "$BATS_TEST_TMPDIR/$1.err")
}

# start_honest: users 100 ms and 40 ms off, who come from addresses of their own, and a monitor with a key, 40 ms off
start_honest() {
	start_proxy far 100 127.0.0.2 "${asap[r1]}"
	start_proxy near 40 127.0.0.3 "${asap[r1]}"
	start_proxy keyed 40 127.0.0.4 "${enrp[r1]}"
}

# honest NAME SECONDS: how they are served meanwhile, a file NAME.USER for each
honest() {
	local who waited=()
	floods measure "$2" 2 rsp-resolve -q --scope "$scopes/user" -t 5s -s "r1@${through[far]}" web \
		>"$BATS_TEST_TMPDIR/$1.far" 3>&- &
	waited+=($!)
	floods measure "$2" 2 rsp-resolve -q --scope "$scopes/user" -t 5s -s "r1@${through[near]}" web \
		>"$BATS_TEST_TMPDIR/$1.near" 3>&- &
	waited+=($!)
	floods measure "$2" 2 rsp-peer ping -q --scope "$scopes/m1" -t 5s -s "r1@${through[keyed]}" \
		>"$BATS_TEST_TMPDIR/$1.keyed" 3>&- &
	waited+=($!)
	wait "${waited[@]}"
	for who in far near keyed; do
		echo "$1 $who: $(cat "$BATS_TEST_TMPDIR/$1.$who")"
	done
}

# unharmed BEFORE NOW: all were served each time, and 99 of 100 in less than twice the time of BEFORE
unharmed() {
	local who
	for who in far near keyed; do
		jq -se '.[1].failed == 0 and .[1].n > 5 and .[1].p99_ms < 2 * .[0].p99_ms' "$BATS_TEST_TMPDIR/$1.$who" \
			"$BATS_TEST_TMPDIR/$2.$who" >/dev/null || return 1
	done
}

# rss NAME: KiB of memory that it has now
rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/${pids[$1]}/status"
}

# counted FILTER: what the status of r1 says
counted() {
	rsp-peer status -q --name r1 | jq -e "$1" >/dev/null
}

@test "floods: unfinished handshakes on both ports push out nobody else's" {
	local try
	start_peer r1 --max-handshakes 16
	start_register e1 e1 r1 --port 80 web
	start_honest
	for try in 1 2 3 4 5; do # other processes of the machine may disturb either measurement
		honest quiet 3
		start_floods "asap$try" handshakes 400 8000 4 "${asap[r1]}"
		start_floods "enrp$try" handshakes 400 8000 4 "${enrp[r1]}"
		wait_until 10 counted '.connections | .asap.handshakes >= 15 and .enrp.handshakes >= 15'
		honest flooded 3
		counted '.connections | .asap.refused_limit > 100 and .enrp.refused_limit > 100'
		stop "asap$try"
		stop "enrp$try"
		! unharmed quiet flooded || break
	done
	unharmed quiet flooded
	assert_equal "$(records e1 '.event' | sort -u | grep -vE 'keepalive|renewed')" '"registered"'
}

# small NAME: it has less than 200 MiB of memory; AddressSanitizer adds what it keeps of freed memory, 256 MiB, and as much
# again around what is there
small() {
	local most=204800
	[ "${RSP_LANE-}" != sanitizers ] || most=$((most * 2 + 262144))
	[ "$(rss "$1")" -lt "$most" ]
}

# crowds KIND: 2000 users in plain text from four addresses do that; r1 has never more than 200 MiB
crowds() {
	start_floods "$1" crowd "$1" 2000 4 "${plain[r1]}"
	while ! said "$1" crowded; do
		small r1 || fail "$1: $(rss r1) KiB"
		sleep 0.05
	done
}

@test "floods: output that nobody reads, and half messages, of 2000 connections: memory is bounded, and nobody else's is closed" {
	local kind try
	jq -nc 'range(1000) | {port: (10000 + .)}' >"$BATS_TEST_TMPDIR/batch"
	start_peer r1 --plain-asap 127.0.0.1:0 --answer-plain-users
	start e1 bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/batch" --scope "$scopes/e1" -s "r1@${asap[r1]}" \
		--batch big
	wait_until 20 counted '.handlespace.n_elements == 1000'
	start_register e2 e2 r1 --port 80 web
	start_honest
	for try in 1 2 3 4 5; do
		honest quiet 2
		for kind in unread half; do
			crowds "$kind"
			honest "$kind" 2
			echo "$kind: $(rss r1) KiB"
			small r1 || fail "$kind: $(rss r1) KiB"
			stop "$kind"
			wait_until 10 counted '.connections.plain_asap.connections == 0'
		done
		! unharmed quiet unread || ! unharmed quiet half || break
	done
	unharmed quiet unread
	unharmed quiet half
	wait_for_record r1 '.event == "connection-refused" and (.reason | test("most of the memory"))' >/dev/null
	counted '.handlespace.n_elements == 1001'
	assert_equal "$(records e1 'select(IN(.event; "registered", "renewed", "keepalive") | not)')" ""
}

@test "floods: reports of 20 users and pools of one key: the element stays, others register, and nobody waits longer" {
	local try
	local -a pools
	mapfile -t pools < <(printf 'register:p%d:0x22:127.0.0.1:80\n' {1..3000})
	start_peer r1
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	start_honest
	for try in 1 2 3 4 5; do
		honest quiet 3
		start_floods "reports$try" reports 500 20 "${asap[r1]}" "$scopes/user/ca.pem" web 0x11
		wait_until 10 said "reports$try" reporting
		python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk e2 element r1)" "${asap[r1]}" "${pools[@]}" \
			>"$BATS_TEST_TMPDIR/pools.hex" 3>&- &
		pids[pools]=$!
		honest flooded 3
		wait_for_record r1 '.event == "limit" and .key == "reports"' 60 >/dev/null
		wait_for_record r1 '.event == "refused" and .key == "pools-of-one-identity" and .identity == "e2"' 60 >/dev/null
		stop "reports$try"
		kill "${pids[pools]}" 2>/dev/null || :
		unset 'pids[pools]'
		! unharmed quiet flooded || break
	done
	unharmed quiet flooded
	counted '.handlespace | .n_pools > 1 and .n_pools <= 1001'
	wait_for_record e1 '.event == "keepalive"' >/dev/null # it was asked
	start_register other e1 r1 --port 81 other
	assert_equal "$(records e1 '.event' | sort -u | grep -vE 'keepalive|renewed')" '"registered"'
	assert_equal "$(records r1 'select(.event == "pe-removed" and .identity == "e1")')" ""
}

@test "floods: idle users make room for others, and for keys" {
	start_peer r1 --max-connections 100
	start_register e1 e1 r1 --port 80 web
	start_honest
	start_floods idle crowd idle 120 2 "${asap[r1]}" "$scopes/user/ca.pem"
	wait_until 20 counted '.connections.asap.users == 75' # the others are kept for keys
	honest crowded 1
	[ "$(jq -s 'map(.failed) | add' "$BATS_TEST_TMPDIR/crowded".*)" = 0 ]
	start_register e2 e2 r1 --port 81 web
	wait_until 20 said idle crowded
	counted '.connections.asap | .evicted >= 45 and .users <= 75'
	assert_equal "$(records e1 '.event' | sort -u | grep -vE 'keepalive|renewed')" '"registered"'
}

@test "floods: idle users are closed; those who watch a pool, and elements, are not" {
	start_peer r1 --user-idle 1s --keepalive-interval 0
	start_register e1 e1 r1 --port 80 web
	poll watcher r1 web --watch
	start_floods idle crowd idle 10 2 "${asap[r1]}" "$scopes/user/ca.pem"
	wait_until 10 counted '.connections.asap | .idle == 10 and .users == 1'
	start_register e2 e2 r1 --port 81 web
	wait_until 10 grep -q ' ok .* ' "$BATS_TEST_TMPDIR/watcher.answers" # it is told of e2
	polled watcher
	assert_equal "$(grep -c closed <<<"$answers")" 0
	assert_equal "$(records e1 .event)" '"registered"'
}

# told FROM: how many refused connections of that address r1 has told of, printed or summed
told() {
	records r1 "select(.event == \"connection-refused\" and (.remote | startswith(\"$1:\"))) | 1 + .suppressed" >"$BATS_TEST_TMPDIR/told"
	records r1 "select(.event == \"records-suppressed\" and .suppressed_event == \"connection-refused\" and .source == \"$1\") | .suppressed" \
		>>"$BATS_TEST_TMPDIR/told"
	jq -s 'add // 0' "$BATS_TEST_TMPDIR/told"
}

told_all() {
	[ "$(told 127.0.0.11)" -eq 400 ] && [ "$(told 127.0.0.12)" -eq 400 ]
}

@test "floods: noise of two addresses does not hide what a third one does, and is summed" {
	start_peer r1
	start_floods noise1 noise 400 127.0.0.11 "${asap[r1]}"
	start_floods noise2 noise 400 127.0.0.12 "${asap[r1]}"
	wait_until 10 counted '.connections.asap.refused_auth > 250'
	floods noise 5 127.0.0.13 "${asap[r1]}"
	await_end noise1
	await_end noise2
	assert_equal "$(records r1 'select(.event == "connection-refused" and (.remote | startswith("127.0.0.13:"))) | .key' | sort | uniq -c |
		xargs)" "5 not-tls"
	wait_until 15 told_all
	[ "$(records r1 'select(.event == "connection-refused")' | wc -l)" -lt 200 ]
}

@test "floods: connections that are closed before their first octet are counted, and make no record" {
	local port
	start_peer r1 --plain-asap 127.0.0.1:0
	for port in asap enrp plain_asap; do
		case $port in
		asap) floods probe 10 "${asap[r1]}" ;;
		enrp) floods probe 10 "${enrp[r1]}" ;;
		*) floods probe 10 "${plain[r1]}" ;;
		esac
		wait_until 10 counted ".connections.$port | .probes == 10 and .connections == 0"
	done
	floods noise 1 127.0.0.1 "${asap[r1]}"
	wait_for_record r1 '.event == "connection-refused"' >/dev/null
	assert_equal "$(records r1 'select(.event == "connection-refused")' | wc -l)" 1
	counted '.connections.asap | .probes == 10 and .refused_auth == 1'
}

@test "floods: unfinished handshakes at an element's listener do not push out a registrar's" {
	local listener i
	start_peer r1
	start_register e1 e1 r1 --port 80 web
	listener=$(wait_for_record r1 '.event == "pe-registered"' | jq -r '.element.asap_transport | "127.0.0.1:\(.port)"')
	start_proxy other 100 127.0.0.5 "$listener"
	start_floods ears handshakes 400 8000 8 "$listener"
	wait_until 10 flooded ears 30
	for i in 1 2 3 4; do # another registrar asks the element whether it is there
		run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk r2 notify e1)" "${through[other]}" \
			hex:0700000f000000010009000777656200
		assert_output --regexp '^08'
	done
	flooded ears 100
}

# flooded NAME N: the flood NAME had N of its connections closed
flooded() {
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/$1.err")" -ge "$2" ] 2>/dev/null
}
