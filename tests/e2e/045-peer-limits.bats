#!/usr/bin/env bats
# The timers and limits of rsp-peer run: each can be set, and what a user of the registrar meets when one is reached.

load helpers

# numbers: every option that is a duration or a count, a line "OPTION DUR" or "OPTION N" each
numbers() {
	rsp-peer run --help | sed -nE 's/^ +--([a-z0-9-]+)=(DUR|N) .*/\1 \2/p'
}

@test "every timer and limit is what its option says" {
	local args=() name unit i=100
	declare -A wanted=()
	while read -r name unit; do
		case $name in leave-timeout | t6-serverannounce | bind-wait) continue ;; esac # status does not tell these
		i=$((i + 1))
		if [ "$unit" = DUR ]; then
			args+=("--$name" "${i}00ms")
			wanted[timers.${name//-/_}_ms]=$((i * 100))
		else
			args+=("--$name" "$i")
			wanted[limits.${name//-/_}]=$i
		fi
	done < <(numbers)
	[ "${#wanted[@]}" -ge 24 ]
	start_peer r1 "${args[@]}" --registration-rate 11:12 --resolution-rate 13:14 --report-rate 15:16
	rsp 0 rsp-peer status
	for name in "${!wanted[@]}"; do
		assert_equal "$name $(field ".$name")" "$name ${wanted[$name]}"
	done
	assert_equal "$(field '.limits | [.registrations, .resolutions, .reports | .per_s, .burst] | @json')" '[11,12,13,14,15,16]'
}

@test "an answer has --max-items elements at most, unless more are asked for" {
	start_peer r1 --max-items 2
	printf '{"port":%s}\n' 81 82 83 >"$BATS_TEST_TMPDIR/batch"
	start e1 bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/batch" --scope "$scopes/e1" -s "r1@${asap[r1]}" \
		--batch web
	wait_for_record r1 '.event == "pe-registered" and .element.user_transport.port == 83'
	resolve web
	assert_equal "$(field '.elements | length')" 2
	rsp 0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -n 5 web
	assert_equal "$(field '.elements | length')" 3
}

@test "elements of one pool, and of all: cause 0x6" {
	start_peer r1 --max-pool-elements 1 --max-elements 2
	start_register one e1 r1 --port 81 web
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" --port 82 web
	assert_equal "$(jq -rs '.[-1].error.cause.code' <<<"$output")" 0x0006
	start_register two e2 r1 --port 82 other
	rsp 6 rsp-register --scope "$scopes/e3" -s "r1@${asap[r1]}" --port 83 third
	assert_equal "$(jq -rs '.[-1].error.cause.code' <<<"$output")" 0x0006
	resolve web
	resolve other
}

@test "resolutions of one address: cause 0x6, and time heals" {
	start_peer r1 --resolution-rate 1:2
	start_register one e1 r1 --port 80 web # what is not known waits, as the registrar has just been started
	resolve web
	resolve web
	resolve web r1 6
	assert_equal "$(field .error.cause.code)" 0x0006
	wait_for_record r1 '.event == "limit" and .key == "rate"'
	wait_until 10 is_answered
}

is_answered() {
	rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" web >/dev/null 2>&1
}

# crowd N: hold N connections to r1 that say nothing, until it is stopped
crowd() {
	start crowd bash -c "tail -f /dev/null --pid=$BASHPID |
		exec python3 '$RSP_SRCDIR/tests/e2e/raw.py' hold $1 '${asap[r1]}' ''"
	wait_until 10 grep -q held "$BATS_TEST_TMPDIR/crowd.out"
}

disperse() {
	kill "${pids[crowd]}"
	unset "pids[crowd]"
	rm "$BATS_TEST_TMPDIR/crowd.out"
}

@test "connections, those of one address, and unfinished handshakes: who is one too many is closed, and others are not" {
	local limit
	for limit in max-connections max-per-source max-handshakes; do
		start_peer r1 "--$limit" 4 --handshake-timeout 3s
		start_register e1 e1 r1 --port 81 web
		crowd 6
		wait_for_record r1 '.event == "connection-refused" and .key == "limit" and .service == "asap"'
		wait_for_record r1 '.event == "connection-refused" and .key == "timeout"'
		wait_until 10 is_served
		assert_equal "$(records e1 .event | grep -cv registered)" 0
		disperse
		stop e1
		stop r1
	done
}

is_served() {
	rsp-resolve -q --scope "$scopes/user" -s "r1@${asap[r1]}" web
}

# counted FILTER: what the status of r1 says
counted() {
	rsp-peer status -q --name r1 | jq -e "$1" >/dev/null
}

# stalled: r1 has answered some of the 400 resolutions, and for a while no more
stalled() {
	local n
	n=$(rsp-peer status -q --name r1 | jq .counters.resolutions)
	[ "$n" -gt 0 ] && [ "$n" -lt 400 ] && [ "$n" = "${answered-}" ] || same=0
	answered=$n
	same=$((same + 1))
	[ "$same" -gt 8 ]
}

@test "--leave-timeout: who does not read what is queued does not hold up the end for longer" {
	local begin ms
	start_peer r1 --insecure-plaintext --leave-timeout 1s --max-queue 1000000000
	jq -nc 'range(1000) | {port: (10000 + .)}' >"$BATS_TEST_TMPDIR/batch"
	start e1 bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/batch" --insecure-plaintext -s "${asap[r1]}" \
		-t 5s --batch web
	wait_until 10 counted '.handlespace.n_elements == 1000'
	# 400 times all of the pool, some 16 MB, more than the kernel takes: then r1 reads no more questions
	start greedy python3 -c 'import signal, socket, sys
where, port = sys.argv[1].rsplit(":", 1)
link = socket.socket()
link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
link.connect((where, int(port)))
link.sendall(400 * bytes.fromhex("05000014" "0009000777656200" "803f0008000003e8"))
signal.pause()' "${asap[r1]}"
	wait_until 20 stalled
	begin=$(now)
	stop r1
	ms=$(($(now) - begin))
	[ "$ms" -ge 900 ] && [ "$ms" -lt 4500 ] || fail "it took $ms ms"
	stop greedy 143
}
