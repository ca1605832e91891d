#!/usr/bin/env bats
# Third-party eyes on a live scope: every message that three registrars, their elements and users say to one another while
# they join, register, fail, take over and resynchronise, as tshark reads it. What tshark does not know of ours is in
# tshark.bats.

load ../e2e/helpers

setup_file() {
	make_scope "$BATS_SUITE_TMPDIR/scopes"
}

# complaints CAPTURE: what tshark finds wrong with it
complaints() {
	tshark -r "$1" -Y '_ws.malformed || _ws.expert || !(asap || enrp)' 2>/dev/null
}

# types CAPTURE...: the types of ENRP messages in them
types() {
	local f
	for f in "$@"; do
		tshark -r "$f" -Y enrp -T fields -E occurrence=f -e enrp.message_type 2>/dev/null
	done | sort -nu | xargs
}

@test "tshark: a live scope of three registrars that loses one" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1 "${quick[@]}" --trace-pcap r1.pcap
	start_peer r2 "${quick[@]}" --trace-pcap r2.pcap --peer "r1@${enrp[r1]}"
	start_register web e1 r1 --port 8001 -s "r2@${asap[r2]}" --timers=fast web
	start_peer r3 "${quick[@]}" --trace-pcap r3.pcap --peer "r1@${enrp[r1]}" # takes a table with something in it
	wait_until 10 meshed r1 r2 r3
	resolve web r3
	kill -STOP "${pids[r1]}" # silence: probed, arbitrated, taken over
	wait_for_record web '.event == "home-changed"' 15
	wait_until 10 agree 1 r2 r3
	kill -CONT "${pids[r1]}"
	wait_for_record r1 '.event == "rejoining"'
	wait_until 10 agree 1 r1 r2 r3
	rsp 0 rsp-peer dump --scope "$scopes/m1" -s "r2@${enrp[r2]}" --own --trace-pcap dump.pcap
	stop web
	for r in r1 r2 r3; do
		stop "$r"
	done
	for f in r1 r2 r3 dump; do
		assert_equal "$(complaints "$f.pcap")" ""
		[ "$(tshark -r "$f.pcap" 2>/dev/null | wc -l)" -ge 2 ]
	done
	# presence, table request and response, update, list request and response, the three of a takeover
	run -0 types r1.pcap r2.pcap r3.pcap
	assert_output "1 2 3 4 5 6 7 8 9"
}

@test "tshark: what a registrar answers to what it refuses" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1 --insecure-plaintext --trace-pcap r1.pcap
	# a presence, an initiation that names its own sender as the target, one whose sender is nobody
	run -0 python3 - "${enrp[r1]}" <<-'EOF'
		import socket, sys
		host, port = sys.argv[1].rsplit(":", 1)
		link = socket.create_connection((host, int(port)))
		link.sendall(bytes.fromhex("0101000c0000bb0000000000"
		    "070000100000bb00000000000000bb00" "010000140000000000000000000f0006ffff0000"))
		link.settimeout(5)
		errors = 0
		while errors < 2:
		    octets = link.recv(4096)
		    assert octets
		    errors += octets.count(bytes.fromhex("000c000800000004"))
	EOF
	stop r1
	assert_equal "$(complaints r1.pcap)" ""
	run -0 types r1.pcap
	assert_output "1 7 10"
}
