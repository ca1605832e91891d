#!/bin/bash
# make demo: the main job, on a real service. Everything is in a temporary directory, on loopback, on ports that the kernel
# chooses. Each command is shown as you would type it. Ends with status 0 only if every step did what it says.
set -euo pipefail

: "${RSP_BUILDDIR:=$PWD}"
PATH=$RSP_BUILDDIR:$PATH
unset RSP_SCOPE SSLKEYLOGFILE
dir=$(mktemp -d)
cd "$dir"
export RUNTIME_DIRECTORY=$dir # for control sockets
jobs_started=()

cleanup() {
	local status=$? pid
	for pid in "${jobs_started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
	[ "$status" -eq 0 ] || printf '\ndemo: FAILED\n' >&2
}
trap cleanup EXIT

say() {
	printf '\n\033[1m# %s\033[0m\n' "$*"
}

fail() {
	echo "demo: $*" >&2
	exit 1
}

# Show a command and run it.
run() {
	printf '$ %s\n' "$1"
	eval "$1"
}

# The same, but it must fail with this status.
run_refused() {
	local status=0
	printf '$ %s\n' "$2"
	eval "$2" || status=$?
	[ "$status" -eq "$1" ] || fail "status $status instead of $1"
	echo "(status $status)"
}

# Show a command and run it in the background; its pid is then in $started.
run_background() {
	printf '$ %s &\n' "$1"
	eval "exec $1" &
	started=$!
	jobs_started+=("$started")
}

# Wait until the record of this event is in the file.
await() {
	local tries
	for ((tries = 0; tries < 250; tries++)); do
		if [ -n "$(jq -c "select(.event == \"$2\")" "$1" 2>/dev/null)" ]; then
			return 0
		fi
		sleep 0.02
	done
	cat "$1" >&2
	fail "no \"$2\" in $1"
}

# Kill a process of ours with -9, as the kernel does when memory is short.
run_kill() {
	printf '$ kill -9 %s # %s\n' "$1" "$2"
	kill -9 "$1"
	wait "$1" 2>/dev/null || : # it may be no child of ours
}

# Wait until a command prints this.
await_output() {
	local tries
	for ((tries = 0; tries < 250; tries++)); do
		[ "$(eval "$1" 2>/dev/null || :)" != "$2" ] || return 0
		sleep 0.02
	done
	eval "$1" >&2 || :
	fail "not \"$2\""
}

# Stop a job as an administrator would, and see that it ends well: with this status.
run_stop() {
	local status=0
	printf '$ kill %s\n' "$1"
	kill "$1"
	wait "$1" 2>/dev/null || status=$?
	[ "$status" -eq "$2" ] || fail "it ended with status $status"
	echo "(status $status)"
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

say "An administrator makes a scope: a certificate authority, two registrars, three servers, and a directory for each of them"
run "rsp-keygen init --scope admin --name demo >keygen.log"
for node in r1 r2; do
	run "rsp-keygen registrar --scope admin $node --asap 127.0.0.1:0 --enrp 127.0.0.1:0 >>keygen.log"
done
for node in alice bob carol; do
	run "rsp-keygen element --scope admin $node >>keygen.log"
done
for node in r1 r2 alice bob carol; do
	run "rsp-keygen bundle --scope admin $node -o $node >>keygen.log"
done
run "rsp-keygen bundle --scope admin --user -o user >>keygen.log"
run "ls user # what a client gets: nothing secret"
[ ! -e user/keys.json ] || fail "a user's bundle has keys"

say "Two registrars, which keep one list"
run_background "rsp-peer run --scope r1 --timers fast >r1.log"
peer1=$started
await r1.log listening
run_background "rsp-peer run --scope r2 --timers fast --peer r1@$(jq -r 'select(.event == "listening").enrp' r1.log) --plain-asap 127.0.0.1:0 >r2.log"
peer2=$started
await r2.log listening
run "jq -c 'select(.event == \"listening\") | {event, name, asap, secure}' r1.log r2.log"
at1=r1@$(jq -r 'select(.event == "listening").asap' r1.log)
at2=r2@$(jq -r 'select(.event == "listening").asap' r2.log)
plain=$(jq -r 'select(.event == "listening").plain_asap' r2.log)

say "Three web servers, which register themselves in the pool \"web\" while they run"
declare -A server port
for name in alice bob carol; do
	port[$name]=$(free_port)
	mkdir "www-$name"
	echo "Hello from $name" >"www-$name/index.html"
	run_background "rsp-register --scope $name -s $at1 -s $at2 --timers fast --port ${port[$name]} web -- \
sh -c 'echo \$\$ >$name.pid; exec python3 -m http.server ${port[$name]} --bind 127.0.0.1 --directory www-$name' >$name.log 2>$name.err"
	server[$name]=$started
done
for name in alice bob carol; do
	await "$name.log" registered
	run "jq -c 'select(.event == \"registered\") | {event, handle, pe_id, registrar: .registrar.name, auth: .registrar.auth, tls: .registrar.tls}' $name.log"
done
count="rsp-resolve --scope user -s $at1 -s $at2 web | jq '.elements | length'"
await_output "$count" 3

say "A client, which has only the user's directory, asks who serves \"web\", and fetches a page"
export RSP_SCOPE=user
echo "\$ export RSP_SCOPE=user"
run "rsp-resolve -s $at1 -s $at2 web | jq -c '.elements[] | [.pe_id, .user_transport.addresses[0], .user_transport.port]'"
for i in 1 2 3; do
	run "curl -sS http://\$(rsp-resolve -s $at1 -s $at2 --plain --select web)/ | tee page$i"
	grep -q '^Hello from' "page$i" || fail "no page"
done

say "Alice leaves: she is out of the pool before her server stops, and the pool goes on"
run_stop "${server[alice]}" 143 # that of her server, which TERM ended
await_output "$count" 2
run "rsp-resolve -s $at1 -s $at2 web | jq -c '.elements[] | [.pe_id, .user_transport.port]'"

say "Carol's server is killed: users fail over to Bob at once"
run_kill "$(cat carol.pid)" "the web server"
await_output "$count" 1
for i in 1 2 3; do
	run "curl -sS http://\$(rsp-resolve -s $at1 -s $at2 --plain --select web)/ | tee page"
	[ "$(cat page)" = "Hello from bob" ] || fail "that is not bob"
done

say "The registrar that has Bob is killed: users fail over to the other one, and so does Bob"
[ "$(jq -r 'select(.event == "registered").registrar.name' bob.log)" = r1 ] || fail "bob is not at r1"
run_kill "$peer1" "the registrar"
run "curl -sS http://\$(rsp-resolve -s $at1 -s $at2 --plain --select web)/ | tee page"
[ "$(cat page)" = "Hello from bob" ] || fail "that is not bob"
await bob.log reregistered
run "jq -c 'select(.event == \"lost\" or .event == \"reregistered\") | {event, registrar: .registrar.name}' bob.log"
run "rsp-resolve -s $at2 web | jq -c '.elements[] | [.pe_id, .user_transport.port]' | tee elements"
[ "$(wc -l <elements)" -eq 1 ] || fail "not one element"

say "Mallory has Alice's name, and guesses her key"
cp -r alice mallory
run "jq '.keys[].key = \"$(printf '66%.0s' {1..32})\"' alice/keys.json >mallory/keys.json"
run_refused 5 "rsp-register --scope mallory -s $at2 --port 6666 web | jq -c .error"

say "Mallory tries without TLS"
run_refused 6 "rsp-register --insecure-plaintext -s $plain --port 6666 web 2>mallory.err | tail -n 1 | jq -c '.error // .'"

say "The pool is as it was, and the registrar has kept book"
run "rsp-resolve -s $at2 web | jq -c '.elements[] | [.pe_id, .user_transport.port]' | diff - elements && echo unchanged"
run "jq -r 'select(.ok == false) | [.event, .key // .error.key, .reason // .error.reason] | join(\": \")' r2.log | tee refused"
grep -q 'auth-failed' refused || fail "no record of the wrong key"
grep -q 'plain-text' refused || fail "no record of the plain text"

say "Everything stops, and leaves nothing behind"
run_stop "${server[bob]}" 143
run_stop "$peer2" 0
wait "$peer1" "${server[carol]}" 2>/dev/null || :
jobs_started=()
printf '\ndemo: everything did what it should, in %d seconds\n' "$SECONDS"
