#!/usr/bin/env bats
# The timers and thresholds of RFC 5352 7 that elements and users have: each option does what its name says.

load helpers

# deaf TYPE...: a registrar without TLS that answers registrations, unless their type (1) or those of what else it is to be
# deaf to are among TYPE; deaf.err has the type of each message that came, after where it listens: $at.
deaf() {
	cat >"$BATS_TEST_TMPDIR/deaf.py" <<-'PYTHON'
		import socket, struct, sys, threading

		def say(what):
		    print(what, file=sys.stderr, flush=True)

		def take(link, n):
		    octets = b""
		    while len(octets) < n:
		        more = link.recv(n - len(octets))
		        if not more:
		            raise EOFError
		        octets += more
		    return octets

		def serve(link):
		    try:
		        while True:
		            kind, _, size = struct.unpack("!BBH", take(link, 4))
		            body = take(link, size - 4 + -size % 4)
		            say(kind)
		            if kind == 1 and "1" not in sys.argv:
		                end = struct.unpack("!H", body[2:4])[0]
		                end += -end % 4
		                answer = body[:end] + struct.pack("!HH", 14, 8) + body[end + 4:end + 8]
		                link.sendall(struct.pack("!BBH", 3, 0, 4 + len(answer)) + answer)
		    except (EOFError, OSError):
		        pass

		listener = socket.create_server(("127.0.0.1", 0))
		say("127.0.0.1:%d" % listener.getsockname()[1])
		while True:
		    link = listener.accept()[0]
		    say("accepted")
		    threading.Thread(target=serve, args=(link,), daemon=True).start()
	PYTHON
	start deaf python3 "$BATS_TEST_TMPDIR/deaf.py" "$@"
	wait_until 10 grep -q . "$BATS_TEST_TMPDIR/deaf.err"
	at=$(head -n 1 "$BATS_TEST_TMPDIR/deaf.err")
	begin=$(now)
}

# came WHAT: how often it came so far
came() {
	grep -cx "$1" "$BATS_TEST_TMPDIR/deaf.err" || :
}

# took FROM TO: since $begin, ms
took() {
	local ms=$(($(now) - begin))
	[ "$ms" -ge "$1" ] && [ "$ms" -le "$2" ] || fail "it took $ms ms"
}

@test "T1-ENRPrequest, MAX-REQUEST-RETRANSMIT: how long and how often a resolution is tried" {
	deaf
	rsp 4 rsp-resolve --insecure-plaintext -s "$at" -t 60s --t1-enrprequest 300ms --max-request-retransmit 3 web
	took 1200 9000
	assert_equal "$(field '.error.key, .error.reason' | xargs)" "timeout no answer to 4 requests: check the registrar with rsp-peer ping, or give another --server"
	assert_equal "$(came 5)" 4
	stop deaf 143
}

@test "T2-registration, MAX-REG-ATTEMPT: how long a registration is waited for, and when that is told" {
	deaf 1
	rsp 4 rsp-register --insecure-plaintext -s "$at" -t 4s --t2-registration 200ms --max-reg-attempt 4 --port 80 web
	assert_equal "$(field .error.key)" timeout
	assert_regex "${stderr_lines[0]}" '^rsp-register: .*: no answer to 5 registrations; trying again$'
	[ "$(came 1)" -ge 10 ]
	stop deaf 143
}

@test "T3-deregistration, MAX-REG-ATTEMPT: how long and how often leaving is tried" {
	deaf
	start e1 rsp-register --insecure-plaintext -s "$at" -t 60s --t3-deregistration 300ms --max-reg-attempt 2 --port 80 web
	wait_for_record e1 '.event == "registered"'
	begin=$(now)
	stop e1
	took 900 9000
	assert_equal "$(came 2)" 3
	assert_equal "$(records e1 'select(.event == "deregistered") | [.ok, .reason]')" '[false,"no answer to 3 deregistrations"]'
	stop deaf 143
}

@test "T4-reregistration: when a registration is renewed at the latest" {
	start_peer r1
	start_register e1 e1 r1 --t4-reregistration 500ms --port 80 web
	wait_for_record e1 '.event == "renewed"'
}

@test "T5-Serverhunt, RETRAN-MAX: how long a registrar has to be usable, and how much longer the next time" {
	local retran counts=() begin
	deaf
	for retran in 100ms 60s; do
		: >"$BATS_TEST_TMPDIR/deaf.err"
		rsp 4 rsp-resolve --scope "$scopes/user" -s "r1@$at" --wait -t 4s --t5-serverhunt 100ms --retran-max "$retran" web
		counts+=("$(came accepted)")
	done
	[ "${counts[0]}" -ge 15 ] && [ "${counts[1]}" -le 9 ] || fail "${counts[*]}" # 40, and 6 or 7
	stop deaf 143
}
