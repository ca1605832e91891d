#!/usr/bin/env bats
# Third-party eyes on a scope at work: what three registrars, their elements and users say to one another, captured by
# each registrar (--trace-pcap) and dissected by tshark. What tshark does not know is in tshark.bats.
#
# r1 and r2 begin apart, with an element each. r3 joins one of them, and finds by an audit what the other has; so do these
# two, once they have heard of each other. Elements come, are reported and go; r2 is stopped, its element is taken over,
# and it continues.

load ../e2e/helpers

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	scopes=$BATS_FILE_TMPDIR/scopes
	make_scope "$scopes"
	live
	stop_all
}

teardown_file() { # what is left if that failed
	stop_all
}

teardown() {
	[ -z "${pids[*]-}" ] || stop_all
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	cd "$BATS_FILE_TMPDIR" || return
}

# registrar NAME [OPTION...]: with a capture in NAME.pcap
registrar() {
	start_peer "$1" "${quick[@]}" --keepalive-interval 300ms --keepalive-distance 100ms \
		--trace-pcap "$BATS_TEST_TMPDIR/$1.pcap" "${@:2}"
}

live() {
	local r
	registrar r1
	registrar r2
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	start_register e2 e2 r2 --port 80 --pe-id 0x12 web
	registrar r3 --peer "r1@${enrp[r1]}" --peer "r2@${enrp[r2]}"
	wait_until 10 meshed r1 r2 r3
	wait_until 10 agree 2 r1 r2 r3
	for r in r1 r2 r3; do
		server_id "$r" >"$BATS_TEST_TMPDIR/$r.id"
	done
	start_register e3 e3 r3 --port 80 --pe-id 0x13 --policy wrr --weight 3 other
	wait_until 5 agree 3 r1 r2 r3
	rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" web >>"$BATS_TEST_TMPDIR/user.out"
	rsp-resolve --scope "$scopes/user" -s "r3@${asap[r3]}" --report-unreachable 0x13 other >>"$BATS_TEST_TMPDIR/user.out"
	# after a few it knows how often r2 asks, and that r2 is away when it asks no more
	wait_for_record e2 '[., (inputs | select(.event == "keepalive"))] | length > 6' >/dev/null
	stop e3
	wait_until 5 agree 2 r1 r2 r3
	kill -STOP "${pids[r2]}"
	wait_for_record e2 '.event == "home-changed"' >/dev/null
	wait_until 10 agree 2 r1 r3
	kill -CONT "${pids[r2]}"
	wait_until 10 meshed r1 r2 r3
	wait_until 10 agree 2 r1 r2 r3
	wait_until 10 arrived
}

# messages CAPTURE FILTER FIELD...: of each message there that passes tshark's FILTER
messages() {
	local fields=() field
	for field in "${@:3}"; do
		fields+=(-e "$field")
	done
	tshark -r "$1" -Y "$2" -T fields -E occurrence=f "${fields[@]}" 2>/dev/null
}

# between CAPTURE FROM:TO: the messages but the presences from one registrar to the other, as captured at CAPTURE, in the order
# of each of their two connections: the other side may read these in another order than they were written
between() {
	local from to
	from=$(cat "$BATS_FILE_TMPDIR/${2%:*}.id") to=$(cat "$BATS_FILE_TMPDIR/${2#*:}.id")
	messages "$BATS_FILE_TMPDIR/$1.live.pcap" "enrp.message_type != 1 && enrp.sender_servers_id == $from &&
		enrp.receiver_servers_id == $to" enrp.message_type enrp.message_length exported_pdu.src_port exported_pdu.dst_port |
		sort -s -k3,4
}

# Copy the captures of r1 and r3 while all work: all that one has sent is received. When registrars end, what one of them
# sends may be read no more.
arrived() {
	local r pair
	for r in r1 r3; do
		cp "$BATS_FILE_TMPDIR/$r.pcap" "$BATS_FILE_TMPDIR/$r.live.pcap"
	done
	for pair in r1:r3 r3:r1; do
		[ "$(between "${pair%:*}" "$pair")" = "$(between "${pair#*:}" "$pair")" ] || return
	done
}

@test "tshark: no message of a live scope is malformed, unknown or worth a remark" {
	for r in r1 r2 r3; do
		assert_equal "$r: $(tshark -r $r.pcap -Y '_ws.malformed || _ws.expert || !(asap || enrp)' 2>/dev/null)" "$r: "
		assert [ "$(tshark -r $r.pcap 2>/dev/null | wc -l)" -gt 50 ]
	done
}

@test "tshark: every ENRP message of a scope that works and fails is among them" {
	for r in r1 r2 r3; do
		messages $r.pcap enrp enrp.message_type
	done | sort -nu >types
	assert_equal "$(xargs <types)" "1 2 3 4 5 6 7 8 9" # all but the error
}

@test "tshark: every ASAP message between registrars, elements and users over a connection is among them" {
	for r in r1 r2 r3; do
		messages $r.pcap asap asap.message_type
	done | sort -nu >types
	assert_equal "$(xargs <types)" "1 2 3 4 5 6 7 8 9" # the others are announcements, of sessions, and the error
}

@test "tshark: who joins asks one registrar for all, and the other for what is its own" {
	messages r3.pcap "enrp.message_type == 2 && enrp.sender_servers_id == $(cat r3.id)" enrp.message_flags \
		enrp.receiver_servers_id | sort -u >requests
	assert_equal "$(cut -f 1 requests | sort -u | xargs)" "0x00 0x01" # RFC 5353 2.2: the W flag
	assert_equal "$(grep -c ^0x00 requests)" 1
	assert_equal "$(cut -f 2 requests | sort -u)" "$(sort r1.id r2.id)"
}

@test "tshark: r2 is the one that is taken over, by one of the others, with the other's consent" {
	target="enrp.target_servers_id == $(cat r2.id)" # others follow when all end
	winner=$(messages r1.pcap "enrp.message_type == 9 && $target" enrp.sender_servers_id)
	assert_equal "$(cat r1.id r3.id | grep -c "$winner")" 1
	for r in r1 r3; do
		messages $r.pcap "enrp.message_type == 7 && $target" enrp.sender_servers_id
	done >initiators
	assert grep -q "$winner" initiators
	# RFC 5353 3.5.1: the acknowledgement goes to the one that then takes over
	assert_equal "$(messages r1.pcap "enrp.message_type == 8 && $target" enrp.receiver_servers_id | sort -u)" "$winner"
}

@test "tshark: updates say what comes and what goes, and whose it is" {
	# at r1: e3 came and went at r3
	messages r1.pcap "enrp.message_type == 4 && enrp.sender_servers_id == $(cat r3.id)" enrp.update_action \
		enrp.pool_element_pe_identifier enrp.pool_element_home_enrp_server_identifier | head -n 2 >updates
	assert_equal "$(xargs <updates)" "0 0x00000013 $(cat r3.id) 1 0x00000013 $(cat r3.id)"
}

@test "tshark: what one registrar sends another gets, message by message" {
	for pair in r1:r3 r3:r1; do
		assert [ "$(between "${pair%:*}" "$pair" | wc -l)" -ge 2 ]
		run -0 diff <(between "${pair%:*}" "$pair") <(between "${pair#*:}" "$pair")
	done
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
	assert_equal "$(tshark -r r1.pcap -Y '_ws.malformed || _ws.expert || !enrp' 2>/dev/null)" ""
	assert_equal "$(messages r1.pcap enrp enrp.message_type | sort -nu | xargs)" "1 5 7 10" # a new peer is asked for its list
}
