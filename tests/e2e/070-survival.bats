#!/usr/bin/env bats
# The registrar lives on, and so do registrations: signals, restarts, garbage, full disks, closed pipes.

load helpers

raw() {
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" "$@"
}

# hold N: one rsp-register that holds N elements of the pool web
hold() {
	local n=$1
	jq -nc "range($n) | {pool: \"web\", port: (10000 + .), pe_id: (4096 + .)}" >"$BATS_TEST_TMPDIR/batch"
	start holder bash -c 'exec rsp-register "$@" <"$0"' "$BATS_TEST_TMPDIR/batch" --scope "$scopes/e1" \
		-s "r1@${asap[r1]}" --timers fast --batch
	wait_until 20 registered "$n"
}

# registered N: the registrar has N elements in the pool web
registered() {
	[ "$(ids | wc -l)" -eq "$1" ]
}

fds_at_most() {
	[ "$(count_fds r1)" -le "$1" ]
}

ids() {
	rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -n 1000 web 2>/dev/null | jq -r '.elements[]?.pe_id' | sort
}

@test "TERM while 100 elements are held: ends well and at once" {
	start_peer r1
	hold 100
	local begin
	begin=$(now)
	stop r1
	[ "$(($(now) - begin))" -lt 4000 ] # it does not wait for all of --leave-timeout, 5 s
	run -0 jq -sc '.[-1] | [.event, .n_elements]' "$BATS_TEST_TMPDIR/r1.out"
	assert_output '["stopped",100]'
}

@test "kill -9 and restart: the elements come back by themselves, with the same ids" {
	start_peer r1
	hold 100
	ids >"$BATS_TEST_TMPDIR/before"
	stop r1 137 KILL
	start_peer r1 --asap "${asap[r1]}"
	wait_until 20 registered 100
	ids | diff - "$BATS_TEST_TMPDIR/before"
}

@test "garbage, oversized lengths and slow senders: served on, and no descriptor is left" {
	start_peer r1 --plain-asap 127.0.0.1:0 --message-time 1s --handshake-timeout 1s
	start_register e1 e1 r1 --port 80 web
	resolve web
	idle=$(count_fds r1)
	for where in "${asap[r1]}" "${enrp[r1]}" "${plain[r1]}"; do
		run -0 raw flood 1 30 "$where"
	done
	run -0 raw exchange --wait 2 "${plain[r1]}" hex:0100ffff
	run -0 raw exchange "${plain[r1]}" hex:01000003
	assert_output --partial closed
	run -0 raw exchange --wait 3 "${plain[r1]}" hex:010000380009000c
	assert_output closed
	wait_for_record r1 '.event == "limit" and .key == "message-time"'
	wait_for_record r1 '.event == "malformed"'
	# one that has a key may not do it either
	for garbage in 01000003 0100ffff00 0100000c0009ffff00000000; do
		run -0 raw exchange --psk "$(psk e2 element r1)" --wait 3 "${asap[r1]}" "hex:$garbage"
	done
	wait_for_record r1 '.event == "malformed" and .identity == "e2"'
	wait_for_record r1 '.event == "limit" and .key == "message-time" and .identity == "e2"'
	resolve web
	wait_until 15 fds_at_most "$idle"
}

@test "many connections come and go: no descriptor is left" {
	start_peer r1
	start_register e1 e1 r1 --port 80 web
	resolve web
	idle=$(count_fds r1)
	for _ in {1..10}; do
		resolve web
	done
	run -0 raw hold 50 "${asap[r1]}" '' </dev/null
	resolve web
	wait_until 10 fds_at_most "$idle"
}

@test "a full disk: said on stderr, and status 3 in the end; the registrar serves on" {
	start_peer r1
	start full bash -c "exec rsp-peer run --scope '$scopes/r2' --asap 127.0.0.1:0 --enrp 127.0.0.1:0 >/dev/full"
	wait_until 10 grep -q . "$BATS_TEST_TMPDIR/full.err"
	stop full 3
	start_register e1 e1 r1 --port 80 web
	run -3 bash -c "rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' web >/dev/full"
	assert_output --partial "rsp-resolve: "
	run -3 bash -c "echo 0a00000811111111 | rsp-audit decode --protocol asap >/dev/full"
	run -3 bash -c "rsp-keygen list --scope '$scopes/master' >/dev/full"
	run -3 bash -c "rsp-peer status --name r1 >/dev/full"
	start gone bash -c "exec rsp-register --scope '$scopes/e2' -s 'r1@${asap[r1]}' --port 81 web >/dev/full"
	wait_for_record r1 '.event == "pe-registered" and .identity == "e2"'
	wait_until 10 grep -q . "$BATS_TEST_TMPDIR/gone.err"
	stop gone 3
}

@test "a closed stdout: records that nobody can get are lost output, status 3" {
	start_peer r1
	start_register e1 e1 r1 --port 80 web
	run -3 bash -c "exec rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' web >&-"
	assert_output "rsp-resolve: stdout: cannot write: Bad file descriptor"
	run -3 bash -c "exec rsp-keygen list --scope '$scopes/master' >&-"
	run -3 bash -c "exec rsp-peer status --name r1 >&-"
	run -3 bash -c "exec rsp-resolve --version >&-"
	run -0 bash -c "exec rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' -o '$BATS_TEST_TMPDIR/file.out' web >&-"
	start held bash -c "exec rsp-register --scope '$scopes/e2' -s 'r1@${asap[r1]}' --port 81 web >&-"
	wait_for_record r1 '.event == "pe-registered" and .identity == "e2"'
	stop held 3
	wait_for_record r1 '.event == "pe-removed" and .identity == "e2" and .key == "deregistered"'
}

@test "--keylog-file on a full disk: nothing is disturbed, and status 3 in the end" {
	start_peer r1 --keylog-file /dev/full
	start_register e1 e1 r1 --port 80 --keylog-file /dev/full web
	rsp 3 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --keylog-file /dev/full web
	assert_equal "$(jq -rs '.[0].schema, .[1].error.key, .[1].error.object' <<<"$output" | xargs)" \
		"rsp.resolve/1 output /dev/full"
	assert_equal "$(tail -n 1 <<<"$stderr")" "rsp-resolve: /dev/full: incomplete: part of it could not be written (disk full?)"
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 --keylog-file /dev/full web # nothing was to be written
	stop e1 3
	wait_for_record r1 '.event == "pe-removed" and .identity == "e1" and .key == "deregistered"'
	stop r1 3
}

@test "a closed pipe: what holds something goes on, what only prints ends" {
	start_peer r1
	start r2 bash -c "exec rsp-peer run --scope '$scopes/r2' --asap 127.0.0.1:0 --enrp 127.0.0.1:0 > >(head -c 1 >/dev/null)"
	start e1 bash -c "exec rsp-register --scope '$scopes/e1' -s 'r1@${asap[r1]}' --port 80 web > >(head -c 1 >/dev/null)"
	wait_for_record r1 '.event == "pe-registered" and .identity == "e1"'
	stop e1
	wait_for_record r1 '.event == "pe-removed" and .identity == "e1" and .key == "deregistered"'
	run -0 bash -c "set -o pipefail; rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' web | :; [[ \${PIPESTATUS[0]} =~ ^(1|141)\$ ]]"
}

# unread COMMAND...: with a pipe as its stdout that nobody reads, for certain, and in place of this shell
unread() {
	exec python3 -c 'import os, signal, sys
end, out = os.pipe()
os.close(end)
os.dup2(out, 1)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

@test "a closed pipe ends every tool that only prints, as SIGPIPE does" {
	local verb
	start_peer r1
	run -141 unread rsp-keygen list --scope "$scopes/master"
	run -141 unread rsp-keygen check --scope "$scopes/master"
	run -141 unread rsp-audit decode "$RSP_SRCDIR/tests/vectors/rsplib.tsv"
	run -141 unread rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" web
	run -141 unread rsp-peer status --name r1
	for verb in list dump ping; do
		run -141 unread rsp-peer "$verb" --scope "$scopes/m1" -s "r1@${enrp[r1]}"
	done
	run -141 unread rsp-peer run --scope "$scopes/r2" --no-such-option
	run -141 unread rsp-register --help
}

@test "a closed pipe from the beginning: a registrar serves, an element is held, and both end well" {
	start r1 unread rsp-peer run --scope "$scopes/r1" --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_until 10 grep -q 'closed the pipe' "$BATS_TEST_TMPDIR/r1.err"
	asap[r1]=$(rsp-peer status --name r1 | jq -r .listening.asap)
	start e1 unread rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 80 web
	wait_until 10 grep -q 'closed the pipe' "$BATS_TEST_TMPDIR/e1.err"
	resolve web
	stop e1
	resolve web r1 1
	kill -HUP "${pids[r1]}"
	stop r1
	assert_equal "$(grep -c . "$BATS_TEST_TMPDIR/r1.err")" 1
}
