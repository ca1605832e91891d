#!/usr/bin/env bats
# rsp-peer list, dump and ping: options, records and bad input, against an ENRP server that is not ours.

load helpers

# serve NAME [OPTION...]: start enrp_server.py; ${enrp[NAME]} is where, NAME.requests what came.
serve() {
	local name=$1 file=$BATS_TEST_TMPDIR/$1
	shift
	start "$name" python3 "$RSP_SRCDIR/tests/e2e/enrp_server.py" "$@" "$file.address" "$file.requests"
	wait_until 10 test -e "$file.address"
	enrp[$name]=$(cat "$file.address")
}

# ask STATUS VERB SERVER [OPTION...]: in plain text
ask() {
	local status=$1 verb=$2 server=$3
	shift 3
	rsp "$status" rsp-peer "$verb" --insecure-plaintext -s "${enrp[$server]}" "$@"
}

# error: key and reason of the failure in $output, whose last line it must be
error() {
	tail -n 1 <<<"$output" | jq -r '[.error.key, .error.reason] | join(": ")'
}

# each FILTER: of every record in $output; last FILTER: of the last one
each() {
	jq -c "$1" <<<"$output"
}
last() {
	tail -n 1 <<<"$output" | jq -c "$1"
}

# requests NAME FILTER: what came, decoded
requests() {
	rsp-audit decode --protocol enrp <"$BATS_TEST_TMPDIR/$1.requests" | jq -c ".message | $2"
}

@test "list: the registrar that was asked, and those that it knows" {
	serve a --peers 2
	ask 0 list a
	assert_equal "$(wc -l <<<"$output")" 1
	assert_equal "$(field '[.registrars[] | [.server_id, .asked]] | @json')" \
		'[["0x11111111",true],["0x22222222",false],["0x22222223",false]]'
	assert_equal "$(field '.registrars[1].transport | "\(.type) \(.addresses[0]):\(.port)"')" "tcp 127.0.0.1:9901"
	assert_equal "$(field '.registrars[0].transport | "\(.addresses[0]):\(.port)"')" "${enrp[a]}"
	assert_equal "$(field '.registrar | [.id, .address, .auth, .tls, .secure] | @json')" \
		"[\"0x11111111\",\"${enrp[a]}\",\"none\",null,false]"
	assert_equal "$(requests a '[.type, .receiver_id, .sender_id == "0x00000000"]')" \
		'["ENRP_LIST_REQUEST","0x00000000",false]'
}

@test "list: a registrar alone lists itself" {
	serve a
	ask 0 list a
	assert_equal "$(field '.registrars | length')" 1
}

@test "dump: an element a line, as they come, page after page, and a summary" {
	serve a --pools 3 --elements 4 --page 5
	ask 0 dump a
	assert_equal "$(wc -l <<<"$output")" 13
	assert_equal "$(each 'select(.element) | [.handle, .element.pe_id]' | sort -u | wc -l)" 12
	assert_equal "$(each '[.schema, .handle, .handle_hex, .element.pe_id, .element.home_id]' | head -n 1)" \
		'["rsp.peer.element/1","pool0","706f6f6c30","0x00000001","0x11111111"]'
	assert_equal \
		"$(last '[.schema, .n_elements, .n_pools, .pages, .own, .homeless, (.homes | map(.server_id, .n_elements))]')" \
		'["rsp.peer.dump/1",12,3,3,false,0,["0x11111111",12]]'
	assert_equal "$(requests a '[.type, .flags.own_children_only] | join(" ")' | uniq -c | xargs)" \
		"3 ENRP_HANDLE_TABLE_REQUEST false"
	assert_equal "$(requests a .receiver_id | xargs)" "0x00000000 0x11111111 0x11111111"
}

@test "dump: --own asks with the W flag; the checksum is RFC 5353 3.6.2's" {
	serve a --pools 1 --elements 2
	ask 0 dump a --own
	assert_equal "$(requests a '.flags.own_children_only')" true
	# pool0 twice, with ids 1 and 2: 2 * (706f + 6f6c + 3000) + 1 + 2 = 21fb9, folded 1fbb, inverted
	assert_equal "$(tail -n 1 <<<"$output" | jq -r '.own, .homes[0].checksum' | xargs)" "true 0xe044"
}

@test "dump: --pools prints a line for each pool, across pages" {
	serve a --pools 3 --elements 7 --page 4
	ask 0 dump a --pools
	assert_equal "$(each '[.schema, .handle, .n_elements, .policy.name, .policy.uniform]' | head -n 3)" \
		"$(printf '["rsp.peer.pool/1","pool%d",7,"round-robin",true]\n' 0 1 2)"
	assert_equal "$(last '[.schema, .n_elements, .n_pools, .pages]')" '["rsp.peer.dump/1",21,3,6]'
}

@test "dump: handles that are no text, policies that differ, pools that come twice, several homes" {
	serve a --behave unlike
	ask 0 dump a --pools
	assert_equal "$(each 'select(.policy) | [.handle, .handle_hex, .n_elements, .policy.name, .policy.uniform]')" \
		'["mixed","6d69786564",3,"round-robin",false]
[null,"ff00",1,"weighted-round-robin",true]'
	assert_equal "$(last '[.n_pools, (.homes | map([.server_id, .n_elements]))]')" \
		'[2,[["0x00000077",1],["0x11111111",3]]]'
	ask 0 dump a
	assert_equal "$(jq -sr '.[3].element.home_id' <<<"$output")" 0x00000077
}

@test "dump: an empty handlespace is a summary alone" {
	serve a --pools 0
	ask 0 dump a
	assert_equal "$(each '[.schema, .n_elements, .pages, .homes]')" '["rsp.peer.dump/1",0,1,[]]'
}

@test "dump: lines are out before the next page is there" {
	serve a --pools 1 --elements 9 --page 3 --hold 3 "$BATS_TEST_TMPDIR/go"
	start dump rsp-peer dump --insecure-plaintext -s "${enrp[a]}"
	wait_for_record dump '.element.pe_id == "0x00000006"'
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/dump.out")" 6
	touch "$BATS_TEST_TMPDIR/go"
	wait_for_record dump '.schema == "rsp.peer.dump/1"'
	await_end dump
}

@test "dump: a reader that has enough ends it as it ends cat" {
	serve a --pools 1 --elements 20000 --page 500
	run -0 bash -c "rsp-peer dump --insecure-plaintext -s '${enrp[a]}' | head -n 1; echo \${PIPESTATUS[0]}"
	assert_equal "${lines[1]}" 141
}

@test "dump: homes beyond all measure are counted, not kept" {
	serve a --pools 1 --elements 3000 --page 500 --behave many-homes
	ask 0 dump a --pools
	assert_equal "$(last '[.n_elements, (.homes | length), .homeless]')" '[3000,1024,1976]'
}

@test "ping: a sign of life, its round trip and checksum" {
	serve a
	ask 0 ping a
	assert_equal \
		"$(each '[.ok, .seq, .checksum_told, .server_info.server_id, .server_info.transport.port, .registrar.id, .error]')" \
		'[true,1,"0x1234","0x11111111",9901,"0x11111111",null]'
	assert_equal "$(field '.rtt_ms > 0 and .rtt_ms < 10000')" true
	# nothing in it that could make a peer of us: no Server Information; a checksum of nothing; a reply is demanded
	assert_equal "$(requests a '[.type, .flags.reply_required, .checksum_told, .server_info]')" \
		'["ENRP_PRESENCE",true,"0xffff",null]'
}

@test "ping: -n and --interval" {
	serve a
	ask 0 ping a -n 3 --interval 200ms
	assert_equal "$(jq -s -c 'map(.seq)' <<<"$output")" '[1,2,3]'
	assert_equal "$(requests a .receiver_id | xargs)" "0x00000000 0x11111111 0x11111111"
	assert_equal "$(jq -s '(.[2].ts | sub("\\.\\d+"; "") | fromdate) as $s | [.[].ts[-4:-1] | tonumber] |
		(((.[2] - .[0]) % 1000 + 1000) % 1000) >= 400' <<<"$output")" true
	start endless rsp-peer ping --insecure-plaintext -s "${enrp[a]}" -n 0 --interval 10ms
	wait_for_record endless '.seq == 5'
	stop endless 143
}

@test "ping: every registrar named; some that fail are a partial success, all that fail the first one's status" {
	serve a
	serve b --behave silent
	rsp 9 rsp-peer ping --insecure-plaintext -s "one@${enrp[a]}" -s "two@${enrp[b]}" -t 500ms
	assert_equal "$(each '[.registrar.name, .ok, .error.key, .step]' | sort)" \
		'["one",true,null,null]
["two",false,"timeout","enrp"]'
	assert_equal "$stderr" "rsp-peer: two: no answer in time"
	ask 4 ping b -t 300ms
	assert_equal "$(each '[.ok, .seq, .error.key, .checksum_told, .rtt_ms]')" '[false,1,"timeout",null,null]'
}

@test "who is not ready is asked again, and told as rejected if that does not end" {
	local verb
	for verb in list dump; do
		serve "$verb" --reject 2
		ask 0 "$verb" "$verb" -v
		assert_equal "$(requests "$verb" .type | wc -l | xargs)" "$([ "$verb" = list ] && echo 3 || echo 6)"
		assert_equal "$(grep -c 'not ready' <<<"$stderr")" 2
		serve "never-$verb" --reject 1000
		ask 6 "$verb" "never-$verb" -t 700ms
		assert_equal "$(error)" "rejected: it is not ready to answer"
		assert_equal "$(field '[.attempts[0] | .step, .key] | join(" ")')" "enrp rejected"
	done
}

@test "the first of several that answers is taken, whatever the others do" {
	serve dead --behave close
	serve hung --behave silent
	serve busy --reject 1000
	serve good
	local others=(-s "a@${enrp[dead]}" -s "b@${enrp[hung]}" -s "c@${enrp[busy]}")
	rsp 0 rsp-peer list --insecure-plaintext "${others[@]}" -s "d@${enrp[good]}"
	assert_equal "$(field .registrar.name)" d
	rsp 6 rsp-peer list --insecure-plaintext "${others[@]}" -t 1500ms
	assert_equal "$(field '[.attempts[] | .server, .key] | join(" ")')" "a closed b timeout c rejected"
}

# -v tells of each attempt
tried_again() {
	[ "$(grep -c 'Connection refused$' "$BATS_TEST_TMPDIR/waiting.err")" -ge 3 ]
}

@test "--wait outlasts a registrar that is not there yet" {
	serve a --listen-when "$BATS_TEST_TMPDIR/go"
	ask 4 list a --wait -t 1500ms
	assert_equal "$(field '.error.key, .attempts[0].step' | xargs)" "unreachable tcp"
	start waiting rsp-peer list --insecure-plaintext -s "one@${enrp[a]}" --wait -v
	wait_until 10 said waiting "^rsp-peer: one: ${enrp[a]}: Connection refused; trying again$"
	wait_until 10 tried_again
	said waiting 'trying again' 1
	touch "$BATS_TEST_TMPDIR/go"
	wait_for_record waiting .ok
	await_end waiting
}

@test "what fails everywhere is told of each, and what to do about it" {
	rsp 4 rsp-peer list --scope "$scopes/m1" -s r1@127.0.0.1:1 -s r2@127.0.0.1:2
	assert_equal "$stderr" "rsp-peer: registrars: r1@127.0.0.1:1: Connection refused; r2@127.0.0.1:2: Connection refused"
	assert_equal "$(field .error.key)" unreachable
	rsp 3 rsp-peer list --scope "$scopes/e1" -s r1@127.0.0.1:1
	assert_regex "$stderr" 'no valid key of role monitor .*\(rsp-keygen monitor makes one, rsp-keygen bundle writes it\)$'
	rsp 4 rsp-peer list --scope "$scopes/m1" -s r9.invalid
	assert_regex "$stderr" '^rsp-peer: r9.invalid: the scope has no registrar "r9.invalid", and no host of this name is found: '
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	jq '.scope = "other"' "$scopes/m1/keys.json" >"$BATS_TEST_TMPDIR/keys.json"
	chmod 600 "$BATS_TEST_TMPDIR/keys.json"
	rsp 3 rsp-peer list --scope "$scopes/m1" --keys "$BATS_TEST_TMPDIR/keys.json"
	assert_equal "$stderr" "rsp-peer: $BATS_TEST_TMPDIR/keys.json: is of the scope \"other\", not \"test\": take all files from one bundle"
	local file tool
	for file in scope.json ca.pem keys.json; do
		mv "$BATS_TEST_TMPDIR/r1/$file" "$BATS_TEST_TMPDIR/away"
		case $file in keys.json) tool=(rsp-peer list) ;; ca.pem) tool=(rsp-resolve web) ;; *) tool=(rsp-register -p 80 web) ;; esac
		rsp 3 "${tool[@]}" --scope "$BATS_TEST_TMPDIR/r1"
		assert_equal "$stderr" "${tool[0]}: $BATS_TEST_TMPDIR/r1/$file: is missing (rsp-keygen bundle writes it)"
		rsp 3 rsp-peer run --scope "$BATS_TEST_TMPDIR/r1"
		assert_regex "$stderr" "^rsp-peer: $BATS_TEST_TMPDIR/r1/$file: is missing.*\(rsp-keygen bundle writes it\)$"
		mv "$BATS_TEST_TMPDIR/away" "$BATS_TEST_TMPDIR/r1/$file"
	done
}

@test "an answer that is out of order breaks the protocol, and has its status and reason" {
	local how verb status wanted
	while read -r how verb status wanted; do
		serve "$how-$verb" --behave "$how"
		ask "$status" "$verb" "$how-$verb" -t "$([[ $wanted = timeout* ]] && echo 300ms || echo 20s)"
		assert_equal "$how $verb $(error)" "$how $verb $wanted"
		assert_equal "$(each 'select(.schema == "rsp.peer.dump/1")')" ""
		stop "$how-$verb"
	done <<-ROWS
		silent list 4 timeout: no answer in time
		silent dump 4 timeout: no answer in time
		close list 4 closed: closed by the other side without a word: does it want TLS?
		close dump 4 closed: closed by the other side without a word: does it want TLS?
		cut dump 4 closed: closed by the other side in the middle of a message
		other list 4 timeout: no answer in time
		other dump 4 timeout: no answer in time
		stranger list 4 timeout: no answer in time
		malformed list 7 malformed: Server Information (0x000b) at offset 12: it reaches beyond what holds it
		malformed dump 7 malformed: Pool Handle (0x0009) at offset 12: it reaches beyond what holds it
		malformed ping 7 malformed: PE Checksum (0x000f) at offset 12: it reaches beyond what holds it
		length list 7 protocol: no ENRP message: an impossible length
		loop dump 7 protocol: it sends pages of its handle table again
		circle dump 7 protocol: it sends pages of its handle table again
		empty dump 7 protocol: it sends empty pages of its handle table
		turncoat dump 7 protocol: it changes its server id
		id0 list 7 protocol: its server id is 0
		id0 dump 7 protocol: its server id is 0
		id0 ping 7 protocol: its server id is 0
		error list 6 rejected: it answered with an error: Rejected due to security considerations
		error dump 6 rejected: it answered with an error: Rejected due to security considerations
		error ping 6 rejected: it answered with an error: Rejected due to security considerations
	ROWS
}

@test "what is late, slow or not for us does no harm" {
	local how
	for how in noise drip ahead; do
		serve "$how" --behave "$how" --pools 1 --elements 4 --page 2 --peers 1
		ask 0 list "$how" -t 20s
		ask 0 ping "$how" -n 2 --interval 1ms -t 20s
		[ "$how" = ahead ] || {
			ask 0 dump "$how" -t 20s
			assert_equal "$(tail -n 1 <<<"$output" | jq .n_elements)" 4
		}
	done
}

@test "bad input: each gets one record, its status and its key" {
	local status key verb args
	while read -r status key verb args; do
		# shellcheck disable=SC2086 # words
		rsp "$status" rsp-peer "$verb" $args
		assert_equal "$args: $(wc -l <<<"$output")" "$args: 1"
		assert_equal "$args: $(field .error.key)" "$args: $key"
		assert_equal "$args: $(wc -l <<<"$stderr")" "$args: 1"
	done <<-ROWS
		2 usage list --insecure-plaintext -s 127.0.0.1:1 word
		2 usage dump --insecure-plaintext -s 127.0.0.1:1 word
		2 usage ping --insecure-plaintext -s 127.0.0.1:1 word
		2 usage ping --insecure-plaintext -s 127.0.0.1:1 -n x
		2 usage ping --insecure-plaintext -s 127.0.0.1:1 --interval x
		2 usage ping --insecure-plaintext -s 127.0.0.1:1 --interval 1000d
		2 usage list --insecure-plaintext -s 127.0.0.1:99999
		2 usage list --insecure-plaintext -s @127.0.0.1
		2 usage list --scope $scopes/m1 -s 127.0.0.1:99999
		2 usage list --insecure-plaintext -s 127.0.0.1:1 --own
		2 usage list --insecure-plaintext -s 127.0.0.1:1 --tls-name x
		2 usage dump --scope $scopes/m1 --tls-ca x
		3 not-found list --scope $BATS_TEST_TMPDIR/nowhere
		3 not-found list --scope $scopes/user
		3 not-found list --scope $scopes/m1 -s r9@127.0.0.1:1
		3 no-key list --scope $scopes/e1 -s r1@127.0.0.1:1
		3 output list --insecure-plaintext -s 127.0.0.1:1 --trace-pcap /nonexistent/x
		4 unreachable list --insecure-plaintext -s 127.0.0.1:1
		4 unreachable dump --scope $scopes/m1 -s r1@127.0.0.1:1
		4 unreachable ping --insecure-plaintext -s 127.0.0.1:1
	ROWS
}

@test "a full disk is an error" {
	serve a
	run -3 bash -c "rsp-peer list --insecure-plaintext -s '${enrp[a]}' >/dev/full"
	run -3 bash -c "rsp-peer dump --insecure-plaintext -s '${enrp[a]}' >/dev/full"
	run -3 bash -c "rsp-peer ping --insecure-plaintext -s '${enrp[a]}' >/dev/full"
}

@test "--trace-pcap: what a monitor and a registrar say, as tshark reads it" {
	cd "$BATS_TEST_TMPDIR" || return
	serve a --peers 1 --pools 1 --elements 4 --page 2
	for verb in list dump ping; do
		ask 0 "$verb" a --trace-pcap "$verb.pcap"
		assert_equal "$(tshark -r "$verb.pcap" -Y '_ws.malformed || _ws.expert || !enrp' 2>/dev/null)" ""
	done
	assert_equal "$(tshark -r list.pcap -T fields -e enrp.message_type 2>/dev/null | xargs)" "5 6"
	assert_equal "$(tshark -r dump.pcap -T fields -e enrp.message_type 2>/dev/null | xargs)" "2 3 2 3"
	assert_equal "$(tshark -r ping.pcap -T fields -e enrp.message_type 2>/dev/null | xargs)" "1 1"
	assert_equal "$(port "${enrp[a]}")" \
		"$(tshark -r ping.pcap -Y 'enrp.message_flags == 1' -T fields -e exported_pdu.dst_port 2>/dev/null)"
}
