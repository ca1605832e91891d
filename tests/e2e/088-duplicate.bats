#!/usr/bin/env bats
# Two registrars that run with one name and its keys: they cannot tell, others can, and tell them.

load helpers

# twin NAME OPTION...: one more registrar with the name and the keys of NAME, as on another machine
twin() {
	start twin rsp-peer run --scope "$scopes/$1" --name "$1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --control none \
		"${quick[@]}" "${@:2}"
	wait_for_record twin '.event == "listening"' >/dev/null
}

# heartbeats NAME N: NAME has sent N presences more
heartbeats() {
	local sent
	sent=$(($(rsp-peer status --name "$1" | jq .counters.presences_sent) + $2))
	wait_until 20 has_sent "$1" "$sent"
}

has_sent() {
	[ "$(rsp-peer status --name "$1" | jq .counters.presences_sent)" -ge "$2" ]
}

@test "a third registrar finds them out, and both learn of each other from it" {
	start_scope r1 r2
	twin r1 --peer "r2@${enrp[r2]}"
	wait_for_record r2 '.event == "duplicate-name" and .ok == false and .peer == "r1" and .key == "name-of-another" and .remote'
	run -0 records r2 'select(.event == "duplicate-name") | [.peer_id, .by_id] | sort | @json'
	assert_line --index 0 "$(jq -cn --arg a "$(server_id r1)" --arg b "$(server_id twin)" '[$a, $b] | sort | @json')"
	grep -qE '^rsp-peer: r1: two registrars run with this name and its keys, 0x[0-9a-f]{8} at [0-9.:]+ and 0x' \
		"$BATS_TEST_TMPDIR/r2.err"
	wait_for_record r1 ".event == \"duplicate-name\" and .key == \"name-ours\" and .peer_id == \"$(server_id twin)\"" 20
	wait_for_record twin ".event == \"duplicate-name\" and .key == \"name-ours\" and .peer_id == \"$(server_id r1)\"" 20
	grep -q "^rsp-peer: r1: another registrar runs with the same name and keys: $(server_id r1) at ${enrp[r1]}" \
		"$BATS_TEST_TMPDIR/twin.err"
	# from then on none of the two is taken for dead because of the other
	local dead
	dead=$(records r2 'select(.event == "peer-dead")' | wc -l)
	heartbeats r2 12
	assert_equal "$(records r2 'select(.event == "peer-dead")' | wc -l)" "$dead"
	# and when one has stopped it is as it was
	stop twin
	wait_for_record r2 ".event == \"peer-dead\" and .peer_id == \"$(server_id twin)\" and .key != \"restarted\""
	wait_until 10 meshed r1 r2
}

@test "a registrar that is restarted is no duplicate, for nobody" {
	start_scope r1 r2 r3
	for _ in 1 2; do
		stop r1 137 KILL
		start_peer r1 "${quick[@]}" --enrp "${enrp[r1]}" --peer "r2@${enrp[r2]}"
		wait_until 10 meshed r1 r2 r3
		heartbeats r2 8
	done
	stop r1
	start_peer r1 "${quick[@]}" --enrp "${enrp[r1]}" --peer "r3@${enrp[r3]}"
	wait_until 10 meshed r1 r2 r3
	heartbeats r2 8
	for name in r1 r2 r3; do
		assert_equal "$(records "$name" 'select(.event == "duplicate-name")')" ""
	done
}

@test "on one machine the second one does not start, if it is not told where else its control socket is" {
	start_peer r1
	rsp 3 rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "exists r1"
	[[ $(field .error.reason) == *"process ${pids[r1]}, at ${asap[r1]};"* ]]
	twin r1
	stop twin
	start_peer r2 # another name is another registrar
	stop r1 137 KILL
	start_peer r1 # what a dead one left is in nobody's way
}

# answers TEXT...: somebody at the control socket of r1 who answers with one TEXT after another, then not at all
answers() {
	start liar python3 -c 'import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1] + ".new")
listener.listen()
os.rename(sys.argv[1] + ".new", sys.argv[1])
links = []
for answer in sys.argv[2:]:
    links = [listener.accept()[0]]
    answer and links[0].sendall(answer.encode())
links[0].close()
while True:
    links.append(listener.accept()[0])' "$BATS_TEST_TMPDIR/r1.sock" "$@"
	wait_until 5 test -S "$BATS_TEST_TMPDIR/r1.sock"
}

@test "one that is leaving, and what is no registrar of this name, keep nobody from starting" {
	local leaving='{"schema":"rsp.peer.status/1","name":"r1","state":"leaving","pid":1}'
	# it is asked once, and then a connection is tried when the socket is to be ours
	answers "$leaving" '' "${leaving//r1/r9}" '' 'no JSON' ''
	for _ in 1 2 3; do
		start_peer r1
		grep -q 'r1.sock: another process listens there; there is no control socket' "$BATS_TEST_TMPDIR/r1.err"
		stop r1
	done
	start_peer r1 # it does not answer: 2 s
	stop r1
	stop liar 143
}

@test "two processes with one id and key at two registrars: the later one stays, and the other one ends and says why" {
	start_scope r1 r3
	start_register one e1 r1 --port 80 --pe-id 0x11 web
	start_register two e1 r3 --port 81 --pe-id 0x11 web
	await_end one 8
	said one '^rsp-register: web: 0x00000011 at r1@127.0.0.1:[0-9]+: another process, or another identity, has registered this identifier$'
	wait_for_record r1 ".event == \"pe-contested\" and .key == \"claimed\" and .peer == \"r3\" and .by_id == \"$(server_id r3)\"" >/dev/null
	wait_until 10 agree 1 r1 r3
	assert_equal "$(home web r1)" "0x00000011 $(server_id r3)"
	assert_equal "$(records two 'select(.event != "registered" and .event != "keepalive")')" ""
}
