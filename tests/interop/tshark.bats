#!/usr/bin/env bats
# Third-party eyes: what we send, dissected by tshark, which knows ASAP and ENRP by their SCTP payload protocol identifiers.
# Asked of tshark 4.0. Where it knows less than the RFCs, a comment says so here or in wanted.jq:
# - it takes the reserved octets of a TCP transport for a transport use (they are 0);
# - it does not know the opaque transport (RFC 5354 3.16): "unknown parameter", its octets shown;
# - it does not know our parameters 0xbf01 to 0xbf15: the same; those of a HANDLE_TABLE_REQUEST, which has none in the
#   RFC, it does not look at;
# - it names the registration life milliseconds; RFC 5354 3.10 has seconds;
# - of ASAP's flags it shows R and H by name; S and A are compared through the flags octet;
# - it dissects the message inside an Unrecognized Message cause as if its parameters could be known. They cannot, so a
#   message whose octets look like no parameters makes it say "malformed": our sample holds a proper one.

bats_require_minimum_version 1.8.0
bats_load_library bats-support
bats_load_library bats-assert

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	"$RSP_BUILDDIR/tests/unit/print_samples" >samples.tsv
	"$RSP_BUILDDIR/rsp-audit" decode --trace-pcap samples.pcap samples.tsv >samples.json
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

fields() { # PROTOCOL: the -e options, in the order of wanted.jq
	local f server_id=server_identifier
	[ "$1" = asap ] || server_id=server_information_server_identifier
	for f in message_type message_flags cause_code \
		pool_handle_pool_handle pool_element_pe_identifier pool_element_home_enrp_server_identifier \
		pool_element_registration_life \
		sctp_transport_port tcp_transport_port udp_transport_port udp_lite_transport_port dccp_transport_port \
		dccp_transport_service_code ipv4_address ipv6_address transport_use \
		pool_member_selection_policy_type pool_member_selection_policy_weight \
		pool_member_selection_policy_priority pool_member_selection_policy_load \
		pool_member_selection_policy_degradation pool_member_selection_policy_value \
		pe_identifier cookie pe_checksum hropt_items "$server_id" parameter_value; do
		if [ "$1.$f" = enrp.hropt_items ]; then
			echo "-e frame.comment" # ENRP has no such field, and frames here no comments
		else
			echo "-e $1.$f"
		fi
	done
	[ "$1" = asap ] || echo "-e enrp.sender_servers_id -e enrp.receiver_servers_id -e enrp.target_servers_id" \
		"-e enrp.update_action"
}

compare() { # PROTOCOL LEAST: at least LEAST messages
	jq -r --arg p "$1" -f "$RSP_SRCDIR/tests/interop/wanted.jq" samples.json >"$1.wanted"
	# shellcheck disable=SC2046 # a list of options
	tshark -r samples.pcap -Y "$1" -T fields $(fields "$1") 2>/dev/null |
		jq -nRr --slurpfile cut <(jq -R . "$1.wanted") -f "$RSP_SRCDIR/tests/interop/got.jq" >"$1.got"
	assert [ "$(wc -l <"$1.wanted")" -ge "$2" ]
	diff -u "$1.wanted" "$1.got"
}

@test "tshark: every sample is a message it knows, and none is malformed or worth a remark" {
	run -0 --separate-stderr tshark -r samples.pcap -Y '_ws.malformed || _ws.expert || !(asap || enrp)'
	assert_output ""
	run -0 --separate-stderr tshark -r samples.pcap
	assert_equal "${#lines[@]}" "$(wc -l <samples.tsv)"
}

@test "tshark: every message type is there" {
	tshark -r samples.pcap -Y asap -T fields -E occurrence=f -e asap.message_type 2>/dev/null | sort -nu >types
	run -0 diff <(seq 1 14) types
	tshark -r samples.pcap -Y enrp -T fields -E occurrence=f -e enrp.message_type 2>/dev/null | sort -nu >types
	run -0 diff <(seq 1 10) types
}

@test "tshark: every parameter type is there, every policy and every error cause" {
	for f in parameter_type pool_member_selection_policy_type cause_code; do
		for p in asap enrp; do
			tshark -r samples.pcap -Y $p -T fields -E occurrence=a -e $p.$f 2>/dev/null | tr , '\n'
		done | grep . | sort -u >$f
	done
	# RFC 5354 3, table 1; what rsplib has beside it; ours; two that nobody knows, which causes carry
	run -0 diff <(printf '0x%04x\n' $(seq 1 16) 0x4042 0x803f 0xbf01 0xbf03 0xbf04 0xbf05 \
		0xbf09 0xbf0a 0xbf0b 0xbf0c 0xbf0d 0xbf0e 0xbf0f 0xbf15 0xc042) parameter_type
	# RFC 5356 4 and 5, and a private one
	run -0 diff <(printf '0x%08x\n' 1 2 3 4 5 0x40000001 0x40000002 0x40000003 0x40000004 0xb0001001) \
		pool_member_selection_policy_type
	# RFC 5354 3.12, table 2, and epoch-old
	run -0 diff <(printf '0x%04x\n' $(seq 0 10) 0xbf01) cause_code
}

@test "tshark: the fields of every ASAP message are ours" {
	compare asap 60
}

@test "tshark: the fields of every ENRP message are ours" {
	compare enrp 20
}

@test "tshark: what rsplib sent is read alike" {
	# but for errors whose causes carry no proper parameters, and policies of rsplib's own that tshark knows
	grep -v '_error\[\|b00020' "$RSP_SRCDIR/tests/vectors/rsplib.tsv" >samples.tsv
	"$RSP_BUILDDIR/rsp-audit" decode --trace-pcap samples.pcap samples.tsv >samples.json
	compare asap 12
	compare enrp 12
}
