# rsp-register(1) and rsp-peer(1) as a child, a parent and a service: signals, processes, systemd.
load helpers

hold() { # hold NAME ARG...: like start_register, without waiting
	local name=$1
	shift
	start "$name" rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" "$@"
}

# For the command line of a command: it writes the signals that it gets to the file $1, "up" first, and ends at SIGTERM.
log_signals='
import signal, sys
log = open(sys.argv[1], "a", buffering=1)
def on(signum, frame):
    print(signum, file=log)
    if signum == signal.SIGTERM:
        sys.exit(0)
for s in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
    signal.signal(s, on)
print("up", file=log)
while True:
    signal.pause()'

got() { # got FILE LINE: FILE has this line
	grep -qx "$2" "$1" 2>/dev/null
}

gone() { # gone PID: no such process, not even a zombie
	[ ! -e "/proc/$1" ]
}

ended() { # ended PID: no such process, or a zombie of another's
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# Signals that would end a process which has no handler for them, and that nobody sends for that.
everyday=(USR1 USR2 ALRM VTALRM PROF IO PWR XCPU XFSZ STKFLT RTMIN RTMIN+3 RTMAX WINCH URG CONT)

@test "wrapper: signals that are not its own go to the command, and the registration is kept" {
	start_peer r1
	local log=$BATS_TEST_TMPDIR/signals signal
	hold one -p 8001 --ready "exec:test -s $log" web -- python3 -c "$log_signals" "$log"
	wait_for_record one '.event == "registered"'
	for signal in "${everyday[@]}" QUIT TSTP; do
		kill "-$signal" "${pids[one]}"
		wait_until 10 got "$log" "$(kill -l "$signal")"
	done
	kill -HUP "${pids[one]}" # is its own
	wait_for_record one '.event == "reloaded"'
	run -1 got "$log" 1
	resolve web
	stop one 0
	run -0 got "$log" 15
	assert_equal "$(records one 'select(.event == "deregistered") | .ok')" true
}

@test "wrapper: a signal that ends the command takes it out of the pool" {
	start_peer r1
	hold one -p 8001 --ready now web -- sleep 60
	wait_for_record one '.event == "registered"'
	kill -QUIT "${pids[one]}"
	await_end one 131
	assert_equal "$(records one 'select(.event == "child-exit") | [.ok, .signal]')" '[true,3]'
	resolve web r1 1
}

@test "wrapper: without a command everyday signals change nothing, and SIGQUIT leaves the pool" {
	start_peer r1
	start_register one e1 r1 -p 8001 web
	for signal in "${everyday[@]}"; do
		kill "-$signal" "${pids[one]}"
	done
	kill -HUP "${pids[one]}" # handled after those
	wait_for_record one '.event == "reloaded"'
	resolve web
	stop one 0 QUIT
	assert_equal "$(records one 'select(.event == "deregistered") | .ok')" true
	resolve web r1 1
}

@test "wrapper: no everyday signal ends a registrar, and SIGQUIT lets it leave" {
	start_peer r1
	start_register one e1 r1 -p 8001 web
	for signal in "${everyday[@]}"; do
		kill "-$signal" "${pids[r1]}"
	done
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"'
	resolve web
	stop one 0
	stop r1 0 QUIT
	wait_for_record r1 '.event == "stopped"'
}

@test "wrapper: the command ends when the wrapper is killed" {
	start_peer r1
	local log=$BATS_TEST_TMPDIR/signals
	hold one -p 8001 --ready "exec:test -s $log" web -- \
		sh -c 'echo $$ >"$2"; exec python3 -c "$0" "$1"' "$log_signals" "$log" "$BATS_TEST_TMPDIR/pid"
	wait_for_record one '.event == "registered"'
	stop one 137 KILL
	wait_until 10 got "$log" 15
	wait_until 10 ended "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "wrapper: what outlives a killed wrapper is named by the next start, with its pid" {
	start_peer r1
	local port pid
	port=$(python3 -c 'import socket; s=socket.create_server(("127.0.0.1",0)); print(s.getsockname()[1])')
	# a shell with a server as its child: the kernel tells the shell only
	hold one -p "$port" web -- sh -c "python3 -m http.server $port --bind 127.0.0.1 & echo \$! >$BATS_TEST_TMPDIR/pid; wait"
	wait_for_record one '.event == "registered"'
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	stop one 137 KILL
	rsp 125 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p "$port" web -- sleep 60
	kill "$pid"
	assert_equal "$stderr" "rsp-register: sleep: is not started: pid $pid serves the port $port already, \
which an earlier rsp-register started: it has to end first"
}

@test "wrapper: what it did not start is reaped, too; a registrar does so as well" {
	start_peer r1
	# shellcheck disable=SC2016 # for the inner shell
	local orphaning='(until [ -e "$0.go" ]; do sleep 0.02; done) & echo $! >"$0"; exec "$@"'
	start one sh -c "$orphaning" "$BATS_TEST_TMPDIR/one" rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 web
	wait_for_record one '.event == "registered"'
	: >"$BATS_TEST_TMPDIR/one.go"
	wait_until 5 gone "$(cat "$BATS_TEST_TMPDIR/one")"
	start two sh -c "$orphaning" "$BATS_TEST_TMPDIR/two" rsp-peer run --scope "$scopes/r2" --asap 127.0.0.1:0 \
		--enrp 127.0.0.1:0
	wait_for_record two '.event == "listening"'
	: >"$BATS_TEST_TMPDIR/two.go"
	wait_until 5 gone "$(cat "$BATS_TEST_TMPDIR/two")"
}

@test "wrapper: a probe is killed with all its processes: at the timeout, at its own end, and at ours" {
	start_peer r1
	local file=$BATS_TEST_TMPDIR/probes pid
	rsp 125 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --ready "exec:sleep 60 & echo \$! >>$file; wait" \
		--ready-timeout 300ms web -- sleep 60
	hold two -p 8001 --ready "exec:sleep 60 & echo \$! >>$file" web -- sleep 60
	wait_for_record two '.event == "registered"'
	stop two 143
	rm -f "$BATS_TEST_TMPDIR/last"
	hold three -p 8001 --ready "exec:sleep 60 & echo \$! >$BATS_TEST_TMPDIR/last; wait" web -- sleep 60
	wait_until 10 test -s "$BATS_TEST_TMPDIR/last"
	stop three 143
	for pid in $(cat "$file" "$BATS_TEST_TMPDIR/last"); do
		wait_until 5 ended "$pid"
	done
	hold four -p 8001 --ready "exec:echo \$\$ >$BATS_TEST_TMPDIR/killed; exec sleep 60" web -- sleep 60
	wait_until 10 test -s "$BATS_TEST_TMPDIR/killed"
	stop four 137 KILL
	wait_until 5 ended "$(cat "$BATS_TEST_TMPDIR/killed")"
}

@test "wrapper: blocked signals and an ignored SIGCHLD, as a caller may leave them, change nothing" {
	start_peer r1
	start one python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])' rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --ready exec:true web -- \
		sh -c "grep -E '^Sig(Blk|Ign)' /proc/self/status >'$BATS_TEST_TMPDIR/status'; exec sleep 60"
	wait_for_record one '.event == "registered"'
	run -0 cat "$BATS_TEST_TMPDIR/status"
	assert_line --regexp '^SigBlk:	0*$'
	# SIGINT may be ignored where the tests run; SIGCHLD, which is signal 17, is not any more
	assert [ $((0x$(awk '/^SigIgn/ { print $2 }' "$BATS_TEST_TMPDIR/status") & 1 << 16)) -eq 0 ]
	stop one 143
	start two python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
os.execvp(sys.argv[1], sys.argv[1:])' rsp-peer run --scope "$scopes/r2" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_for_record two '.event == "listening"'
	stop two 0
}

@test "wrapper: asked to end before it has found a registrar, it says so, and that is no success" {
	local status
	hold_at() {
		start "$1" rsp-register --scope "$scopes/e1" -s r1@127.0.0.1:1 --wait -p 8001 --ready now web "${@:2}"
		wait_until 10 said "$1" 'trying again$'
	}
	start one rsp-register --scope "$scopes/e1" -s r1@127.0.0.1:1 --wait -p 8001 web
	wait_until 10 said one 'trying again$'
	stop one 4
	assert_equal "$(records one '[.error.key, .error.object, (.attempts | length)]')" '["unreachable","web",1]'
	said one '^rsp-register: web: ended by signal 15 \(Terminated\) before it was registered$' 1
	hold_at two -- touch "$BATS_TEST_TMPDIR/never"
	stop two 125
	assert_equal "$(records two .error.key)" '"unreachable"'
	[ ! -e "$BATS_TEST_TMPDIR/never" ]
}

# What a service manager is told: datagrams to a socket, a line each, in the file $1; "up" on stdout.
manager='
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[2])
log = open(sys.argv[1], "a", buffering=1)
print("up", file=log)
while True:
    print(s.recv(65536).decode(), file=log)'

@test "wrapper: systemd is told when it is registered, how it is, that it lives, and that it stops" {
	grep -q '^#define HAVE_SYSTEMD' "$RSP_BUILDDIR/config.h" || skip "built without libsystemd"
	start_peer r1
	local log=$BATS_TEST_TMPDIR/told
	start manager python3 -c "$manager" "$log" "$BATS_TEST_TMPDIR/notify"
	wait_until 10 got "$log" up
	start one env NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify" WATCHDOG_USEC=200000 rsp-register --scope "$scopes/e1" \
		-s "r1@${asap[r1]}" -p 8001 web
	wait_until 10 got "$log" READY=1
	wait_until 10 got "$log" "STATUS=web: registered with r1@${asap[r1]}"
	[ -n "$(records one 'select(.event == "registered")')" ] # not before
	: >"$log"
	wait_until 10 got "$log" WATCHDOG=1
	kill -HUP "${pids[one]}"
	wait_until 10 got "$log" RELOADING=1
	wait_until 10 got "$log" READY=1
	local at=${asap[r1]}
	stop r1
	wait_until 10 grep -q '^STATUS=web: no registrar: ' "$log"
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$at" --enrp 127.0.0.1:0
	wait_for_record one '.event == "reregistered"' 20
	stop one
	wait_until 10 got "$log" STOPPING=1
	wait_until 10 got "$log" 'STATUS=web: leaving the pool'
	start two env NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify" WATCHDOG_USEC=200000 rsp-peer run --scope "$scopes/r2" \
		--asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_until 10 got "$log" STATUS=serving
	: >"$log"
	wait_until 10 got "$log" WATCHDOG=1
	stop two
	wait_until 10 got "$log" STOPPING=1
	stop manager 143
}

@test "wrapper: a connection that its listener refuses is recorded, so many a second" {
	start_peer r1
	local port
	port=$(python3 -c 'import socket; s=socket.create_server(("127.0.0.1",0)); print(s.getsockname()[1])')
	start_register one e1 r1 -p 8001 --listen "127.0.0.1:$port" web
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --wait 2 "127.0.0.1:$port" hex:0100000411111111
	wait_for_record one '.event == "connection-refused" and (.ok | not) and (.remote | test("^127.0.0.1:"))'
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" flood 1 100 "127.0.0.1:$port" >"$BATS_TEST_TMPDIR/flooded"
	stop one
	[ "$(records one 'select(.event == "connection-refused")' | wc -l)" -lt 60 ]
}

@test "wrapper: a second SIGTERM while it drains gives the command all of --kill-after" {
	start_peer r1
	hold one -p 8099 --ready now --drain 2s --kill-after 30s web -- \
		python3 -c '
import signal, sys, time
def on(signum, frame):
    time.sleep(3)
    open(sys.argv[1], "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, on)
open(sys.argv[2], "w").close()
while True:
    signal.pause()' "$BATS_TEST_TMPDIR/clean" "$BATS_TEST_TMPDIR/up"
	wait_until 10 test -e "$BATS_TEST_TMPDIR/up"
	wait_for_record one '.event == "registered"'
	kill -TERM "${pids[one]}"
	wait_for_record one '.event == "deregistered"'
	kill -TERM "${pids[one]}" # the command takes longer for its end than the rest of --drain
	wait_for_record one '.event == "child-exit" and .exit_status == 0 and .signal == null'
	assert [ -e "$BATS_TEST_TMPDIR/clean" ]
}
