# rsp-peer(1) and rsp-register(1) as services: addresses that come late, log files that are rotated, units of systemd.
load helpers

# Holds a port of 127.0.0.1 until it gets SIGTERM; its number is its output.
squatter='
import signal, socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
signal.pause()'

squat() { # squat: $held is the port of 127.0.0.1 that is in use until `stop squatter 143`
	start squatter python3 -c "$squatter"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/squatter.out"
	held=$(cat "$BATS_TEST_TMPDIR/squatter.out")
	rm "$BATS_TEST_TMPDIR/squatter.out" # no record
}

@test "service: --bind-wait waits for a port that is in use, of each listener" {
	local held kind
	for kind in asap enrp plain-asap; do
		squat
		start "$kind" rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "--$kind" "127.0.0.1:$held" \
			--bind-wait 60s
		wait_until 10 said "$kind" "^rsp-peer: 127.0.0.1:$held: cannot listen: Address already in use; waiting for it"
		stop squatter 143
		wait_for_record "$kind" ".event == \"listening\" and .${kind/-/_} == \"127.0.0.1:$held\""
		said "$kind" 'waiting for it' 1
		stop "$kind"
	done
	start_peer r1
	squat
	start one rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --listen "127.0.0.1:$held" --bind-wait 60s web
	wait_until 10 said one "^rsp-register: 127.0.0.1:$held: cannot listen: .*; waiting for it"
	stop squatter 143
	wait_for_record one '.event == "registered"'
	squat
	rsp 3 rsp-peer run --scope "$scopes/r2" --asap "127.0.0.1:$held" --enrp 127.0.0.1:0 --bind-wait 300ms
	assert_equal "$(field '.error.key, .error.object' | xargs)" "io 127.0.0.1:$held"
	rsp 3 rsp-peer run --scope "$scopes/r2" --asap "127.0.0.1:$held" --enrp 127.0.0.1:0
	stop squatter 143
}

@test "service: --bind-wait waits for an address that is not there yet" {
	# 192.0.2.0/24 is for documentation: no machine has it
	start r2 rsp-peer run --scope "$scopes/r2" --asap 192.0.2.1:0 --enrp 127.0.0.1:0 --bind-wait 60s
	wait_until 10 said r2 "^rsp-peer: 192.0.2.1:0: cannot listen: Cannot assign requested address; waiting for it"
	stop r2 143
}

@test "service: HUP opens --output again, where it is then" {
	start_peer r1
	local log=$BATS_TEST_TMPDIR/records
	start peer rsp-peer run --scope "$scopes/r2" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 -o "$log.peer"
	start one rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 -o "$log.one" web
	wait_until 10 grep -q '"registered"' "$log.one"
	wait_until 10 grep -q '"listening"' "$log.peer"
	mv "$log.one" "$log.one.1"
	mv "$log.peer" "$log.peer.1"
	kill -HUP "${pids[one]}" "${pids[peer]}"
	wait_until 10 grep -q '"reloaded"' "$log.one"
	wait_until 10 grep -q '"reload"' "$log.peer"
	run -1 grep -q '"reload' "$log.one.1" "$log.peer.1"
	kill -HUP "${pids[one]}" # the same file: nothing of it is lost
	twice() { [ "$(grep -c '"reloaded"' "$log.one")" -eq 2 ]; }
	wait_until 10 twice
	mv "$log.one" "$log.one.1"
	mkdir "$log.one" # no file can be there: the old one stays in use, and that is a record
	kill -HUP "${pids[one]}"
	wait_until 10 grep -q '"reloaded".*cannot open' "$log.one.1"
	stop one
	grep -q '"deregistered"' "$log.one.1"
	stop peer
	grep -q '"stopped"' "$log.peer"
}

@test "service: units start the tools, stop them well, and start them again after a race at boot" {
	local unit file
	for unit in rsp-peer rsp-register@; do
		file=$RSP_BUILDDIR/units/$unit.service
		run -0 grep -E '^(Type=notify|Restart=on-failure|StartLimitIntervalSec=0|WatchdogSec=.+|ExecStart=/.*--bind-wait.*)$' "$file"
		assert_equal "${#lines[@]}" 5
		run -1 grep -E '^RestartPreventExitStatus=.*3' "$file" # the status of an address that is not there
	done
	grep -qx SuccessExitStatus=143 "$RSP_BUILDDIR/units/rsp-register@.service"
	grep -qx KillMode=mixed "$RSP_BUILDDIR/units/rsp-register@.service"
	# the command lines are ones that the tools take
	start_peer r1
	local args
	read -ra args < <(sed -n 's/^ExecStart=[^ ]*rsp-register //p' "$RSP_BUILDDIR/units/rsp-register@.service")
	args=("${args[@]//%i/web}")
	unset "args[-1]" # $ARGUMENTS
	start one rsp-register "${args[@]}" --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 8001 --ready now -- sleep 60
	wait_for_record one '.event == "registered"'
	stop one 143
	read -ra args < <(sed -n 's/^ExecStart=[^ ]*rsp-peer //p' "$RSP_BUILDDIR/units/rsp-peer.service")
	start r2 rsp-peer "${args[@]}" --scope "$scopes/r2" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_for_record r2 '.event == "listening"'
}
