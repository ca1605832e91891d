#!/usr/bin/env bats
# An attacker can record a first ClientHello and replay it, as nothing in it is fresh; after a HelloRetryRequest its second
# ClientHello can leave the key out and accept the server's certificate (hello.py). The server must refuse it, on every port
# that takes keys, and whichever side forces the retry: a server whose system-wide policy excludes the group that our clients
# offer first, or a recorded client that offers first a group that our servers do not have. RFC 5355 2.1-2.6, RFC 8446 4.1.4.

load ../e2e/helpers

setup_file() {
	make_scope "$BATS_FILE_TMPDIR/scopes"
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	printf '[overrides]\ndisabled-curve = x25519\n' >"$BATS_TEST_TMPDIR/policy"
}

# without_x25519 COMMAND...: under a system-wide policy of GnuTLS that does not allow it
without_x25519() {
	GNUTLS_SYSTEM_PRIORITY_FILE=$BATS_TEST_TMPDIR/policy "$@"
}

# start_recorder: listen at $recorder; the ClientHello of the client that dials it goes to the file hello.
start_recorder() {
	start recorder /usr/bin/python3 "$RSP_SRCDIR/tests/attack/hello.py" record "$BATS_TEST_TMPDIR/hello"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/recorder.out"
	recorder=$(head -n 1 "$BATS_TEST_TMPDIR/recorder.out")
}

recorded() {
	await_end recorder || return
	grep -q recorded "$BATS_TEST_TMPDIR/recorder.out" || return
	rm "$BATS_TEST_TMPDIR/recorder.out"
}

# record_other_stack IDENTITY:HEX GROUPS: the ClientHello of a TLS that is not ours, for that key, with a share for the first
# of the groups. Of P-521 we have none.
record_other_stack() {
	start_recorder
	timeout 10 openssl s_client -connect "$recorder" -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -groups "$2" \
		-psk_identity "${1%%:*}" -psk "${1##*:}" </dev/null >/dev/null 2>&1 || :
	recorded
}

# replay HOW WHERE MESSAGE...: the recorded ClientHello, and one like HOW after it; there must have been a retry
replay() {
	run -0 timeout 30 /usr/bin/python3 "$RSP_SRCDIR/tests/attack/hello.py" replay --second "$1" "$BATS_TEST_TMPDIR/hello" "${@:2}"
	[[ ${lines[0]} == retry\ 0x* ]] || fail "no retry: $output"
}

# cut_off: the server closed the connection, and answered no message. It may have sent an alert.
cut_off() {
	assert_line --index -1 closed
	! grep -qxE '[0-9a-f]+' <<<"$output" || fail "answered: $output"
}

# refused REGISTRAR PORT REASON N: it has recorded N refused connections on PORT whose reason begins with REASON
refused() {
	local of_it=".event == \"connection-refused\" and .service == \"$2\" and .key == \"auth-failed\""
	[ "$(records "$1" "select($of_it and (.reason | startswith(\"$3\"))) | .remote" | wc -l)" -eq "$4" ]
}

# refuse_replay WHERE REGISTRAR PORT IDENTITY NAME MESSAGE...: the recorded hello of NAME opens nothing there, whatever the
# second one is; the registrar's records say why
refuse_replay() {
	local where=$1 registrar=$2 port=$3 identity=$4 name=$5 second
	shift 5
	for second in drop keep old; do
		replay "$second" "$where" "$@"
		cut_off
	done
	wait_until 10 refused "$registrar" "$port" "" 3
	refused "$registrar" "$port" "withdrew its offer of the key $identity of $name after a HelloRetryRequest" 2
	refused "$registrar" "$port" "wrong key for the identity $identity of $name" 1
}

# keep_records AS NAME...: so that processes of these names can be started again; stop_all still checks them
keep_records() {
	local name
	for name in "${@:2}"; do
		mv "$BATS_TEST_TMPDIR/$name.out" "$BATS_TEST_TMPDIR/$1-$name.out"
	done
}

@test "ASAP port: a replayed ClientHello of an element opens nothing" {
	local side of_e1 before
	of_e1=$(psk e1 element r1)
	for side in server client; do
		if [ "$side" = server ]; then
			without_x25519 start_peer r1
			start_recorder
			start dialler rsp-register --scope "$scopes/e1" -s "r1@$recorder" --port 80 web
			recorded
			await_end dialler 4
		else
			start_peer r1
			record_other_stack "$of_e1" P-521:X25519
		fi
		start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
		before=$(handspace)
		refuse_replay "${asap[r1]}" r1 asap "${of_e1%%:*}" e1 register:web:0x77:127.0.0.1:80 deregister:web:0x11
		assert_equal "$(handspace)" "$before"
		assert_equal "$(records r1 'select(.event == "pe-registered" or .event == "pe-deregistered").pe_id')" '"0x00000011"'
		stop e1
		stop r1
		keep_records "$side" r1 e1
	done
}

@test "ENRP port: a replayed ClientHello of a registrar or a monitor opens nothing" {
	local side who key
	for side in server client; do
		for who in r2 m1; do
			key=$(psk "$who" "$([ "$who" = r2 ] && echo peer || echo monitor)" r1)
			if [ "$side" = client ]; then
				start_peer r1
				record_other_stack "$key" P-521:X25519
			else
				without_x25519 start_peer r1
				start_recorder
				if [ "$who" = r2 ]; then
					start_peer r2 --peer "r1@$recorder"
				else
					timeout 30 rsp-peer ping --scope "$scopes/m1" -s "r1@$recorder" >/dev/null 2>&1 || :
				fi
				recorded
				if [ "$who" = r2 ]; then
					stop r2
					keep_records "$side-$who" r2
				fi
			fi
			refuse_replay "${enrp[r1]}" r1 enrp "${key%%:*}" "$who" list:0x2bad:0 add:0x2bad:0:web:0x77:0x2bad
			assert_equal "$(handspace)" "$(printf '[]\n[]')"
			stop r1
			keep_records "$side-$who" r1
		done
	done
}

@test "an element's listener: a replayed ClientHello of a registrar opens nothing, its key does" {
	local side second at key groups keep_alive
	key=$(psk r1 notify e1)
	start_peer r1
	for side in server client; do
		if [ "$side" = server ]; then
			without_x25519 start_register "$side" e1 r1 --port 8080 --pe-id 0x11 web
			groups=X25519:P-256
		else
			start_register "$side" e1 r1 --port 8080 --pe-id 0x11 web
			groups=P-521:X25519
		fi
		record_other_stack "$key" "$groups"
		keep_alive=hex:07000018$(printf %08x "$(server_id r1)")0009000777656200000e000800000011
		at=$(records r1 'select(.event == "pe-registered").element.asap_transport | "\(.addresses[0]):\(.port)"' | jq -rs last)
		for second in drop keep old; do
			replay "$second" "$at" "$keep_alive"
			cut_off
			refute_line finished
		done
		run -0 records "$side" 'select(IN(.event; "registered", "connection-refused") | not)'
		assert_output ""
		run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$key" --openssl="-groups $groups" "$at" "$keep_alive"
		assert_output --regexp ^08 # ENDPOINT_KEEP_ALIVE_ACK
		wait_for_record "$side" '.event == "keepalive"'
		stop "$side"
	done
}

@test "a client that has the key gets through a retry of either side, in the role of the key" {
	without_x25519 start_peer r1 "${quick[@]}"
	start_peer r2 "${quick[@]}" --peer "r1@${enrp[r1]}"
	start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
	wait_until 10 meshed r1 r2
	resolve web
	assert_equal "$(field '.elements[].pe_id, .registrar.auth')" "0x00000011
certificate"
	assert_equal "$(elements r1 --own | jq -r '.[1].owner')" e1
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk e2 element r2)" --openssl="-groups P-521:X25519" "${asap[r2]}" \
		register:web:0x22:127.0.0.1:80 deregister:web:0x22
	assert_line --index 0 --regexp ^0300
	wait_for_record r2 '.event == "pe-registered" and [.pe_id, .identity, .role] == ["0x00000022", "e2", "element"]'
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --ca "$scopes/user/ca.pem" --openssl="-groups P-521:X25519" "${asap[r2]}" \
		register:web:0x33:127.0.0.1:80
	assert_line --index 0 --regexp ^0301 # a user may not
	wait_for_record r2 '.event == "refused" and .key == "not-an-element" and .role == "user"'
}

@test "a client that asks for a second handshake is disconnected" {
	start_peer r1
	mkfifo "$BATS_TEST_TMPDIR/typed"
	exec 9<>"$BATS_TEST_TMPDIR/typed" # so that it does not end
	echo R >&9
	run -1 timeout 10 openssl s_client -connect "${asap[r1]}" -tls1_2 -CAfile "$scopes/user/ca.pem" <&9
	exec 9>&-
	assert_output --partial RENEGOTIATING
	wait_for_record r1 '.event == "connection-refused" and .key == "protocol" and (.reason | startswith("Rehandshake"))'
}
