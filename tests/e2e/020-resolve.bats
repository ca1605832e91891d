# rsp-resolve(1): each option, exit status and kind of bad input.
load helpers

# A registrar and two elements of the pool web.
two_elements() {
	start_peer r1
	start_register one e1 r1 --port 8001 --pe-id 0x11 web
	start_register two e2 r1 --port 8002 --pe-id 0x12 web
}

ask() {
	local status=$1
	shift
	rsp "$status" rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" "$@"
}

@test "resolve: a pool's elements, by a user without any key" {
	two_elements
	ask 0 web
	assert_equal "$(field '.schema, .ok, .handle, .handle_hex' | xargs)" "rsp.resolve/1 true web 776562"
	assert_equal "$(field '[.elements[].pe_id] | sort | join(" ")')" "0x00000011 0x00000012"
	assert_equal "$(field '.elements[] | select(.pe_id == "0x00000011") | .user_transport | "\(.type) \(.port) \(.addresses[0])"')" \
		"tcp 8001 127.0.0.1"
	assert_equal "$(field '.policy.name, .complete' | xargs)" "round-robin null"
	assert_equal "$(field '.registrar | "\(.name) \(.auth) \(.secure) \(.id)"')" "r1 certificate true null"
	assert_equal "$(field '.registrar.address')" "${asap[r1]}"
	assert_equal "$(field '.attempts | length, .[0].key' | xargs)" "1 ok"
	assert_equal "$stderr" ""
}

@test "resolve: an unknown pool is the answer no" { # RFC 5352 s.2.2.6
	start_peer r1
	ask 1 nowhere
	assert_equal "$(field '.schema, .ok, .error.key, .error.object, .error.exit' | xargs)" \
		"rsp.error/1 false unknown-pool nowhere 1"
	assert_equal "$(field .error.cause.code)" 0x0009
	assert_equal "$stderr" "rsp-resolve: nowhere: no such pool"
	ask 1 -q nowhere
	assert_equal "$stderr" ""
}

@test "resolve: --max, --select, --plain and --format" {
	two_elements
	ask 0 -n 1 web
	assert_equal "$(field '(.elements | length), .complete' | xargs)" "1 false"
	ask 0 -n 5 web
	assert_equal "$(field '(.elements | length), .complete' | xargs)" "2 true"
	ask 0 --select web
	assert_equal "$(field '(.elements | length), .complete' | xargs)" "1 false"
	run -0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --plain web
	assert_equal "$(sort <<<"$output" | xargs)" "127.0.0.1:8001 127.0.0.1:8002"
	run -0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --format '%i %e %a %A %p %t %l %P %h%%\t.' web
	assert_line "$(printf '0x00000011 127.0.0.1:8001 127.0.0.1 127.0.0.1 8001 tcp 300 round-robin web%%\t.')"
	run -1 --separate-stderr rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --plain nowhere
	assert_equal "$output" ""
	assert_equal "$stderr" "rsp-resolve: nowhere: no such pool"
}

@test "resolve: --select follows the policy" { # RFC 5356 s.4.5: larger numbers mean higher priority
	start_peer r1
	start_register low e1 r1 --port 8001 --policy prio --priority 1 web
	start_register high e2 r1 --port 8002 --policy priority --priority 5 web
	for _ in 1 2 3; do
		ask 0 --select web
		assert_equal "$(field '.elements[0].user_transport.port, .elements[0].policy.priority' | xargs)" "8002 5"
	done
}

@test "resolve: handles are octets" {
	start_peer r1
	start_register one e1 r1 --port 8001 hex:00ff1b41
	ask 0 hex:00ff1b41
	assert_equal "$(field '.handle, .handle_hex' | xargs)" "null 00ff1b41"
	start_register two e1 r1 --port 8001 'snow ☃ man'
	ask 0 'snow ☃ man'
	assert_equal "$(field .handle)" 'snow ☃ man'
	ask 0 "hex:$(printf 'snow ☃ man' | od -An -tx1 | tr -d ' \n')"
	run -0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --format %h hex:00ff1b41
	assert_equal "$output" hex:00ff1b41
}

@test "resolve: the longest handle works, a longer one is refused before anything is sent" {
	start_peer r1
	local long
	printf -v long '%04096d' 7
	start_register one e1 r1 --port 8001 "$long"
	ask 0 "$long"
	rsp 2 rsp-resolve --scope "$scopes/user" -s 127.0.0.1:1 "${long}1"
	assert_equal "$(field '.error.key, .attempts' | xargs)" "usage []"
	assert_regex "$(field .error.reason)" 'octets is too long'
}

@test "resolve: --report-unreachable" { # RFC 5352 s.2.2.9, s.3.5
	two_elements
	ask 0 --report-unreachable 0x12 web
	assert_equal "$(field '.schema, .pe_id, .handle' | xargs)" "rsp.report/1 0x00000012 web"
	run -2 rsp-resolve --report-unreachable 0x12 --plain web
	ask 2 --report-unreachable 0 web
}

@test "resolve: wrong usage" {
	local args
	while read -r -a args; do
		run -2 --separate-stderr rsp-resolve "${args[@]}"
		assert_equal "$(field '.schema, .error.key, .error.exit, .ok' | xargs)" "rsp.error/1 usage 2 false"
		printf '%s\n' "$output" >>"$BATS_TEST_TMPDIR/run.out"
		assert_regex "$stderr" '^rsp-resolve: .*: .'
	done <<-'EOT'
		--bogus web
		web other
		--max 0 web
		--max 1x web
		--timeout soon web
		--timeout
		--report-unreachable 0xZZ web
		--tls-policy none web
		--transport sctp web
		--timers slow web
		--t1-enrprequest 0 web
		hex:0
		hex:0g
		hex:
		-s 127.0.0.1:99999 --insecure-plaintext web
		-s 127.0.0.1:0x10 --insecure-plaintext web
		-s [::1 --insecure-plaintext web
		-s @host --insecure-plaintext web
	EOT
	rsp 2 rsp-resolve
	rsp 2 rsp-resolve ""
	rsp 2 rsp-resolve -s "" web
	run -2 rsp-resolve --format '%z' web
	run -2 rsp-resolve --plain --format '%e' web
}

@test "resolve: --help and --version" {
	run -0 --separate-stderr rsp-resolve --help
	assert_regex "$output" '^Usage: rsp-resolve \[OPTION\]... POOL'
	run -0 --separate-stderr rsp-resolve -h
	run -0 --separate-stderr rsp-resolve --version
	assert_regex "$output" '^rsp-resolve \(rsp [0-9.]+\)$'
}

@test "resolve: the scope directory is missing, broken, or has no registrar" {
	local dir=$BATS_TEST_TMPDIR/scope
	rsp 3 rsp-resolve --scope "$dir" web
	assert_equal "$(field .error.key)" not-found
	assert_regex "$(field .error.object)" "^$dir"
	cp -r "$scopes/user" "$dir"
	printf '{"schema": "rsp.scope/1",\n  oops' >"$dir/scope.json"
	rsp 3 rsp-resolve --scope "$dir" web
	assert_equal "$(field .error.key)" config
	assert_regex "$(field '.error.object + " " + .error.reason')" 'scope.json.*2' # file and line
	cp "$scopes/user/scope.json" "$dir/scope.json"
	printf 'nothing' >"$dir/ca.pem"
	rsp 3 rsp-resolve --scope "$dir" web
	assert_equal "$(field .error.key)" bad-key
	rm "$dir/ca.pem"
	rsp 3 rsp-resolve --scope "$dir" web
	assert_equal "$(field .error.key)" not-found
	RSP_SCOPE=$dir rsp 3 rsp-resolve web
}

@test "resolve: \$RSP_SCOPE, and options in place of the scope directory" {
	two_elements
	export RSP_SCOPE=$scopes/user
	rsp 0 rsp-resolve -s "r1@${asap[r1]}" web
	unset RSP_SCOPE
	rsp 0 rsp-resolve --tls-ca "$scopes/user/ca.pem" -s "r1@${asap[r1]}" web
	rsp 0 rsp-resolve --scope "$scopes/user" --tls-name r1 -s "${asap[r1]}" web
}

@test "resolve: nobody there" {
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 -s r2@127.0.0.1:2 web
	assert_equal "$(field .error.key)" unreachable
	assert_equal "$(field '.attempts | map("\(.server) \(.step) \(.key)") | join(", ")')" \
		"r1 tcp unreachable, r2 tcp unreachable"
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@name.invalid:1 web
	assert_equal "$(field '.error.key, .attempts[0].step' | xargs)" "name-lookup dns"
}

@test "resolve: --timeout bounds the run, --wait does not" {
	local begin=$SECONDS
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 --wait -t 300ms web
	[ "$((SECONDS - begin))" -le 3 ]
	# one that accepts and says nothing
	start mute python3 -u -c 'import socket,sys
s=socket.create_server(("127.0.0.1",0)); print(s.getsockname()[1], file=sys.stderr, flush=True); c=s.accept(); s.accept()'
	wait_until 5 test -s "$BATS_TEST_TMPDIR/mute.err"
	rsp 4 rsp-resolve --scope "$scopes/user" -s "r1@127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/mute.err")" -t 300ms web
	assert_equal "$(field .error.key)" timeout
	stop mute 143
	# one that comes later
	start_peer r1
	local port=${asap[r1]}
	stop r1
	start late rsp-resolve --scope "$scopes/user" -s "r1@$port" --wait --wait web
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$port" --enrp 127.0.0.1:0
	await_end late 1
}

@test "resolve: another registrar is asked when the first is not there" { # RFC 5352 s.3.6
	start_peer r1
	start_register one e1 r1 --port 8001 web
	rsp 0 rsp-resolve --scope "$scopes/user" -s r2@127.0.0.1:1 -s "r1@${asap[r1]}" web
	assert_equal "$(field '.registrar.name, (.attempts | length)' | xargs)" "r1 2"
}

@test "resolve: a registrar that is not who it should be is not believed" { # RFC 5355 2.7
	start_peer r1
	ask 5 --tls-name other.example web
	assert_equal "$(field '.error.key, .attempts[0].step' | xargs)" "wrong-name tls"
	make_scope "$BATS_TEST_TMPDIR/else"
	rsp 5 rsp-resolve --scope "$BATS_TEST_TMPDIR/else/user" -s "r1@${asap[r1]}" web
	assert_equal "$(field .error.key)" unknown-ca
	rsp 7 rsp-resolve --scope "$scopes/user" -s "r1@$(plain_server)" web
	assert_equal "$(field .error.key)" not-tls
}

# Where something that speaks no TLS listens.
plain_server() {
	python3 -u -c 'import os,socket
s=socket.create_server(("127.0.0.1",0)); print("127.0.0.1:%d" % s.getsockname()[1], flush=True)
if os.fork() == 0:
    os.close(1); os.close(2); os.close(3) if os.path.exists("/proc/self/fd/3") else None
    s.settimeout(10)
    c=s.accept()[0]; c.recv(64); c.send(b"HTTP/1.0 400 no\r\n\r\n"); c.close()'
}

@test "resolve: lost output" {
	two_elements
	run -3 rsp-resolve -q --scope "$scopes/user" -s "r1@${asap[r1]}" -o /dev/full web
	run -3 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -o /dev/full web
	assert_output "rsp-resolve: /dev/full: cannot write: No space left on device"
	run -3 bash -c 'exec rsp-resolve --scope "$1" -s "$2" web >/dev/full' - "$scopes/user" "r1@${asap[r1]}"
	assert_regex "$output" 'stdout: cannot write'
	rsp 3 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -o /nonexistent/file web
	assert_equal "$(field .error.key)" output
	rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -o "$BATS_TEST_TMPDIR/file.out" web
	assert_equal "$(jq -r .schema "$BATS_TEST_TMPDIR/file.out")" rsp.resolve/1
	run bash -c 'set -o pipefail; (rsp-resolve --scope "$1" -s "$2" --wait web; echo "$?" >"$3") | true' - \
		"$scopes/user" "r1@${asap[r1]}" "$BATS_TEST_TMPDIR/status"
}

@test "resolve: --pretty indents, a pipe gets one line" {
	two_elements
	ask 0 web
	assert_equal "$(wc -l <<<"$output")" 1
	run -0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --pretty web
	assert_equal "${lines[1]}" '  "schema": "rsp.resolve/1",'
}

@test "resolve: SSLKEYLOGFILE is ignored, --keylog-file is not" {
	two_elements
	SSLKEYLOGFILE=$BATS_TEST_TMPDIR/env.log ask 0 web
	[ ! -e "$BATS_TEST_TMPDIR/env.log" ]
	ask 0 --keylog-file "$BATS_TEST_TMPDIR/keys.log" web
	grep -q SECRET "$BATS_TEST_TMPDIR/keys.log"
	assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/keys.log")" 600
}

@test "resolve: --wait tells what it waits for, once" {
	start one rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 -s r2@127.0.0.1:2 --wait -t 3s web
	await_end one 4
	said one "^rsp-resolve: registrars: r1@127.0.0.1:1: Connection refused; r2@127.0.0.1:2: Connection refused; trying again$" 1
	start one rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 -q --wait -t 1s web
	await_end one 4
	[ ! -s "$BATS_TEST_TMPDIR/one.err" ]
}

@test "resolve: a registrar is told of as -s takes it, each with its reason" {
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 web
	assert_equal "$stderr" "rsp-resolve: r1@127.0.0.1:1: Connection refused"
	assert_equal "$(field .error.object)" r1@127.0.0.1:1
	rsp 4 rsp-resolve --scope "$scopes/user" -s r1@127.0.0.1:1 -s r2@[::1]:2 web
	assert_equal "$stderr" "rsp-resolve: registrars: r1@127.0.0.1:1: Connection refused; r2@[::1]:2: Connection refused"
	rsp 4 rsp-resolve --insecure-plaintext -s 127.0.0.1:1 web
	assert_equal "$stderr" "rsp-resolve: 127.0.0.1:1: Connection refused"
}

@test "resolve: a lost crl.pem is said" {
	start_peer r1
	cp -r "$scopes/user" "$BATS_TEST_TMPDIR/user"
	rm "$BATS_TEST_TMPDIR/user/crl.pem"
	rsp 1 rsp-resolve --scope "$BATS_TEST_TMPDIR/user" -s "r1@${asap[r1]}" web
	assert_equal "$(head -n 1 <<<"$stderr")" \
		"rsp-resolve: $BATS_TEST_TMPDIR/user/crl.pem: is missing: revoked registrar certificates are accepted (rsp-keygen bundle writes it)"
	rsp 1 rsp-resolve --scope "$BATS_TEST_TMPDIR/user" --tls-crl "$scopes/user/crl.pem" -s "r1@${asap[r1]}" web
	assert_equal "$stderr" "rsp-resolve: web: no such pool"
}

@test "resolve: -v tells each attempt" {
	two_elements
	ask 0 -v web
	assert_regex "$stderr" "rsp-resolve: r1@${asap[r1]}: asap: ok"
}
