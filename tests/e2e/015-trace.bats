#!/usr/bin/env bats
# --trace-pcap: what elements and users say to a registrar inside TLS, as tshark reads it.

load helpers

dissect() { # CAPTURE: a line of type and error causes for each message
	tshark -r "$1" -T fields -e asap.message_type -e asap.cause_code -e ip.src -e ip.dst 2>/dev/null
}

@test "trace: a registration, its keep-alives aside, and its end" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1
	start_register web e1 r1 --port 8080 --trace-pcap register.pcap web
	stop web
	assert_equal "$(stat -c %a register.pcap)" 600
	assert_equal "$(tshark -r register.pcap -Y '_ws.malformed || _ws.expert || !asap' 2>/dev/null)" ""
	# registration and response, deregistration and response
	assert_equal "$(dissect register.pcap | grep -vE '^[78]' | cut -f1 | xargs)" "1 3 2 4"
	assert_equal "$(dissect register.pcap | cut -f3,4 | sort -u)" $'127.0.0.1\t127.0.0.1'
}

@test "trace: a resolution of a pool, and of none" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1
	start_register web e1 r1 --port 8080 web
	rsp 0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --trace-pcap resolve.pcap web
	assert_equal "$(dissect resolve.pcap | cut -f1 | xargs)" "5 6"
	assert_equal "$(tshark -r resolve.pcap -Y 'asap.message_type == 6' -T fields -e asap.tcp_transport_port 2>/dev/null)" 8080
	rsp 1 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --trace-pcap none.pcap nowhere
	assert_equal "$(dissect none.pcap | cut -f1,2)" $'5\t\n6\t0x0009'
	assert_equal "$(tshark -r none.pcap -Y '_ws.malformed || _ws.expert || !asap' 2>/dev/null)" ""
}

@test "trace: a capture that cannot be written is an error before anything is sent" {
	start_peer r1
	rsp 3 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --trace-pcap /nonexistent/x web
	assert_equal "$(field '[.error.key, .error.object] | join(" ")')" "output /nonexistent/x"
	rsp 3 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 8080 --trace-pcap /dev/full web
	assert_equal "$(field .error.key)" output
}

@test "trace: a registrar's capture has what all of them say, with their addresses" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1 --trace-pcap peer.pcap
	start_register web e1 r1 --port 8080 --trace-pcap register.pcap web
	rsp 0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" --trace-pcap resolve.pcap web
	stop web
	stop r1
	assert_equal "$(stat -c %a peer.pcap)" 600
	assert_equal "$(tshark -r peer.pcap -Y '_ws.malformed || _ws.expert || !asap' 2>/dev/null)" ""
	# the same messages, seen from both ends
	for f in register resolve; do
		tshark -r "$f.pcap" -T fields -e asap.message_type -e exported_pdu.src_port -e exported_pdu.dst_port 2>/dev/null
	done | sort >wanted
	tshark -r peer.pcap -T fields -e asap.message_type -e exported_pdu.src_port -e exported_pdu.dst_port 2>/dev/null | sort >got
	assert [ "$(wc -l <got)" -ge 6 ]
	run -0 diff wanted got
	run -0 awk -F '\t' -v port="$(port "${asap[r1]}")" '$2 != port && $3 != port' got
	assert_output ""
}

@test "trace: a registrar's capture has what came to its ENRP port too" {
	cd "$BATS_TEST_TMPDIR" || return
	start_peer r1 --insecure-plaintext --trace-pcap peer.pcap
	# ENRP_LIST_REQUEST
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange "${enrp[r1]}" hex:0500000c0000002a00000000
	wait_until 5 test "$(stat -c %s peer.pcap)" -gt 24
	stop r1
	assert_equal "$(tshark -r peer.pcap -Y 'enrp.message_type == 5' -T fields -e enrp.sender_servers_id \
		-e exported_pdu.dst_port 2>/dev/null)" "0x0000002a"$'\t'"$(port "${enrp[r1]}")"
}

@test "trace: a registrar whose capture cannot be written does not start" {
	rsp 3 rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --trace-pcap /nonexistent/x
	assert_equal "$(field '[.error.key, .error.object] | join(" ")')" "output /nonexistent/x"
}
