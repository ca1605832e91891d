#!/usr/bin/env bats
# rsp-peer status and the control socket of rsp-peer run. helpers.bash lets sockets be in $BATS_TEST_TMPDIR by default.

load helpers

# status STATUS [OPTION...]
status() {
	local wanted=$1
	shift
	rsp "$wanted" rsp-peer status "$@"
}

# control NAME: where the control socket of NAME is, by its own word.
control() {
	records "$1" 'select(.event == "listening").control' | jq -r .
}

r9=(rsp-peer run --insecure-plaintext --name r9 --asap 127.0.0.1:0 --enrp 127.0.0.1:0)

# plain_peer NAME [OPTION...]: an insecure registrar.
plain_peer() {
	local name=$1
	shift
	start "$name" rsp-peer run --insecure-plaintext --name "$name" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "$@"
	wait_for_record "$name" '.event == "listening"' >/dev/null
}

@test "status: who it is, where it listens, what it holds and did" {
	start_peer r1 --plain-asap 127.0.0.1:0 --server-id 0xbeef
	start_register e1 e1 r1 --port 80 web
	start_register e2 e2 r1 --port 81 web
	start_register e3 e1 r1 --port 82 other
	resolve web
	status 0
	assert_equal "$(wc -l <<<"$output")" 1
	assert_equal "$(field '[.name, .server_id, .state, .secure, .pid] | join(" ")')" \
		"r1 0x0000beef serving true ${pids[r1]}"
	assert_equal "$(field '.listening | [.asap, .enrp, .plain_asap] | join(" ")')" \
		"${asap[r1]} ${enrp[r1]} ${plain[r1]}"
	assert_equal "$(field '.handlespace | [.n_pools, .n_elements, .own_elements] | join(" ")')" "2 3 3"
	assert_equal "$(field '.counters | [.registrations >= 3, .resolutions, .received >= 4] | join(" ")')" "true 1 true"
	assert_equal "$(field '.connections | [.asap.connections >= 2, .asap.opened >= 4, .links >= 2] | join(" ")')" \
		"true true true"
	assert_equal "$(field '.peers, .takeovers | @json' | xargs)" "[] []"
}

@test "status: timers and limits are those in force" {
	plain_peer r1 --timers=fast --max-pools 7 --keepalive-interval 90s --registration-rate 3:9 \
		--max-bad-pe-report 2 --message-time 4s --max-time-last-heard 6s
	status 0
	assert_equal "$(field '.limits | [.max_pools, .max_elements, .max_connections, .max_bad_pe_report] | @json')" \
		"[7,2000000,20000,2]"
	assert_equal "$(field '.limits.registrations | [.per_s, .burst] | join(" ")')" "3 9"
	assert_equal "$(field '.timers | [.keepalive_interval_ms, .max_time_no_response_ms, .max_time_last_heard_ms,
		.message_time_ms] | join(" ")')" "90000 2000 6000 4000"
	assert_equal "$(field .secure)" false
}

# ms TEXT: 100ms, 2s and 10m in milliseconds; 3 is 3
ms() {
	case $1 in
	*ms) echo "${1%ms}" ;;
	*m) echo $((${1%m} * 60000)) ;;
	*s) echo $((${1%s} * 1000)) ;;
	*) echo "$1" ;;
	esac
}

@test "status: timers are by default what the manual page says" {
	local option rfc fast key kind n=0
	plain_peer rfc --timers=rfc
	plain_peer fast --timers=fast
	while read -r option rfc fast; do
		[ "$option" != t6-serverannounce ] || continue # it is the announcer's
		key=${option//-/_}
		for kind in rfc fast; do
			status 0 --name "$kind"
			assert_equal "$kind $option $(field ".timers.${key}_ms // .limits.$key")" "$kind $option $(ms "${!kind}")"
		done
		n=$((n + 1))
	done < <(sed -nE 's/^\.It Fl -([a-z0-9-]+) Ta ([0-9]+m?s?) Ta ([0-9]+m?s?) Ta.*/\1 \2 \3/p' \
		"$RSP_SRCDIR/man/rsp-peer.1" | grep -v -e '^asap' -e '^enrp')
	assert_equal "$n" 9
}

@test "status: a checksum of what it owns, as a registration changes it" {
	start_peer r1
	status 0
	assert_equal "$(field .handlespace.checksum)" 0xffff
	start_register e1 e1 r1 --port 80 --pe-id 0x00000001 web
	status 0
	# "we", "b" and a zero, 0, 1: 7765 + 6200 + 0 + 1, inverted
	assert_equal "$(field .handlespace.checksum)" 0x2699
}

@test "status: the only registrar here needs no name, one of several does" {
	plain_peer r1
	plain_peer r2
	status 2
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "usage --name"
	for name in r1 r2; do
		status 0 --name "$name"
		assert_equal "$(field .name)" "$name"
		status 0 --control "$(control "$name")"
		assert_equal "$(field .name)" "$name"
	done
	stop r2
	status 0
	assert_equal "$(field .name)" r1
	status 4 --name r2
}

@test "status: a registrar that was killed left its socket, and does not count" {
	plain_peer r1
	plain_peer r2
	plain_peer r3
	status 2
	assert_equal "$(field .error.reason)" "is missing, and several registrars are here: r1, r2, r3"
	for name in r1 r3; do
		stop "$name" 137 KILL
		assert [ -S "$BATS_TEST_TMPDIR/$name.sock" ]
	done
	status 0
	assert_equal "$(field .name)" r2
	status 4 --name r1
	assert_regex "$(field '.error | [.object, .reason] | join(": ")')" 'r1.sock: no registrar listens there'
	stop r2
	status 4 # the first of those that are left is named
	assert_regex "$(field '.error | [.object, .reason] | join(": ")')" 'r1.sock: no registrar listens there'
}

@test "control: only its owner may read it, and it goes with its registrar" {
	plain_peer r1
	socket=$(control r1)
	assert_equal "$socket" "$BATS_TEST_TMPDIR/r1.sock"
	assert_equal "$(stat -c '%F %a' "$socket")" "socket 600"
	stop r1
	assert [ ! -e "$socket" ]
	status 4
	assert_equal "$(field .error.key)" unreachable
	XDG_RUNTIME_DIR=/nowhere status 4 --name r1 # it says where it looked
	assert_equal "$(field .error.reason)" "no control socket: --control says where it is, if not at $socket or \
/nowhere/rserpool/r1.sock or /run/rserpool/r1.sock"
}

@test "control: another user is told nothing, whatever the socket's mode" {
	plain_peer r1
	if [ "$(id -u)" = 0 ]; then
		chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
		chmod 666 "$(control r1)"
		cat >"$BATS_TEST_TMPDIR/other.py" <<-'PYTHON'
			import os, socket, sys
			link = socket.socket(socket.AF_UNIX)
			os.setgroups([])
			os.setuid(65534)
			link.connect(sys.argv[1])
			print(link.recv(65536))
		PYTHON
		run -0 python3 - "$(control r1)" <"$BATS_TEST_TMPDIR/other.py"
		assert_output "b''"
	fi
	status 0
}

@test "control: what a dead registrar left is replaced, what a living one has is not" {
	plain_peer r1
	rsp 3 "${r9[@]}" --control "$(control r1)"
	assert_equal "$(field '.error | [.key, .object, .reason] | join(": ")')" \
		"exists: $(control r1): the registrar r1 listens there, process ${pids[r1]}: give another --control"
	status 0 --name r1
	stop r1 137 KILL
	assert [ -S "$BATS_TEST_TMPDIR/r1.sock" ]
	status 4 --name r1
	plain_peer r1
	status 0
	assert_equal "$(field .pid)" "${pids[r1]}"
}

@test "control: what is no socket stays" {
	echo precious >"$BATS_TEST_TMPDIR/file"
	rsp 3 "${r9[@]}" --control "$BATS_TEST_TMPDIR/file"
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "exists $BATS_TEST_TMPDIR/file"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/file")" precious
	ln -s "$BATS_TEST_TMPDIR/nowhere" "$BATS_TEST_TMPDIR/link"
	rsp 3 "${r9[@]}" --control "$BATS_TEST_TMPDIR/link"
	assert [ ! -e "$BATS_TEST_TMPDIR/nowhere" ]
}

@test "control: a file that another put in its place is not removed" {
	plain_peer r1
	rm "$(control r1)"
	echo theirs >"$BATS_TEST_TMPDIR/r1.sock"
	stop r1
	assert_equal "$(cat "$BATS_TEST_TMPDIR/r1.sock")" theirs
}

@test "control: none, and one that cannot be had" {
	plain_peer r1 --control none
	assert_equal "$(control r1)" null
	assert [ ! -e "$BATS_TEST_TMPDIR/r1.sock" ]
	RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/nowhere plain_peer r2 # by default one can do without
	assert_equal "$(control r2)" null
	grep -q 'there is no control socket' "$BATS_TEST_TMPDIR/r2.err"
	local long
	long=$BATS_TEST_TMPDIR/$(printf '%0100d' 0)
	rsp 2 "${r9[@]}" --control "$long"
	rsp 3 "${r9[@]}" --control /nonexistent/socket
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "io /nonexistent/socket"
}

@test "control: a registrar that hangs is told as such, and one that is asked much serves on" {
	plain_peer r1
	kill -STOP "${pids[r1]}"
	status 4 -t 300ms
	assert_equal "$(field '.error | [.key, .reason] | join(": ")')" "timeout: no answer in time"
	kill -CONT "${pids[r1]}"
	# more than it takes at a time, that never read and never go
	cat >"$BATS_TEST_TMPDIR/crowd.py" <<-'PYTHON'
		import signal, socket, sys
		links = []
		for _ in range(200):
		    link = socket.socket(socket.AF_UNIX)
		    links.append(link)
		    try:
		        link.connect(sys.argv[1])
		        link.send(b"x" * 10000)
		    except OSError:
		        pass
		open(sys.argv[1] + ".crowded", "w").close()
		signal.pause()
	PYTHON
	start crowd python3 "$BATS_TEST_TMPDIR/crowd.py" "$(control r1)"
	wait_until 10 test -e "$(control r1).crowded"
	wait_until 10 rsp-peer status -q -o /dev/null
	status 0
	stop crowd 143
}

@test "bad input: each gets one record, its status and its key" {
	local status key args
	while read -r status key args; do
		# shellcheck disable=SC2086 # words
		rsp "$status" rsp-peer status $args
		assert_equal "$args: $(wc -l <<<"$output") $(field .error.key)" "$args: 1 $key"
		assert_equal "$args: $(wc -l <<<"$stderr")" "$args: 1"
	done <<-ROWS
		2 usage word
		2 usage --name ../r1
		2 usage --name r1 --control x
		2 usage --timeout soon
		2 usage --no-such-option
		4 unreachable --name r1
		4 unreachable --control $BATS_TEST_TMPDIR/nowhere
		2 usage --control $BATS_TEST_TMPDIR/$(printf '%0100d' 0)
	ROWS
	cat >"$BATS_TEST_TMPDIR/liar.py" <<-'PYTHON'
		import os, socket, sys
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(sys.argv[1] + ".new")
		listener.listen()
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		for answer in b"", b"no JSON", b"{}", b'{"schema":"rsp.error/1"}', b"[" * 100000:
		    link = listener.accept()[0]
		    link.sendall(answer)
		    link.close()
	PYTHON
	start liar python3 "$BATS_TEST_TMPDIR/liar.py" "$BATS_TEST_TMPDIR/liar"
	wait_until 10 test -S "$BATS_TEST_TMPDIR/liar"
	status 4 --control "$BATS_TEST_TMPDIR/liar"
	assert_equal "$(field .error.key)" closed
	for _ in 1 2 3 4; do
		status 7 --control "$BATS_TEST_TMPDIR/liar"
		assert_equal "$(field .error.key)" protocol
	done
	await_end liar
}
