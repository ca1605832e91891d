#!/usr/bin/env bats
# Nothing in a first ClientHello is fresh, so whoever has recorded one can send it again; and after a HelloRetryRequest the
# second one may leave out the offer of a key, and go on with the server's certificate (hello.py). Whoever does that is
# nobody, on each port that takes keys, whichever side it is that has the other one retry: a server whose GnuTLS is not
# allowed the group that all offer first, or a client that offers another one first. RFC 5355 2.1-2.6, RFC 8446 4.1.4.

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

# key CLIENT ROLE SERVER: IDENTITY:HEX of the key that CLIENT, as ROLE, has for SERVER
key() {
	jq -r --arg client "$1" --arg role "$2" --arg server "$3" \
		'.keys[] | select(.client == $client and .role == $role and .server == $server) | "\(.identity):\(.key)"' \
		"$scopes/$1/keys.json"
}

# start_recorder: a place to be dialled; $recorder is where. What comes is in the file hello.
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

# cut_off: that was the end of it, and not a message was answered. At most it was sent an alert.
cut_off() {
	assert_line --index -1 closed
	! grep -qxE '[0-9a-f]+' <<<"$output" || fail "answered: $output"
}

# refused REGISTRAR PORT REASON N: so many connections were, on that port, for a reason that begins so
refused() {
	local of_it=".event == \"connection-refused\" and .port == \"$2\" and .key == \"auth-failed\""
	wait_until 10 test "$(records "$1" "select($of_it and (.reason | startswith(\"$3\"))) | .remote" | wc -l)" -eq "$4"
}

# nobody_by WHERE REGISTRAR PORT IDENTITY NAME MESSAGE...: the hello of NAME, replayed there, opens nothing, whatever the
# second one is like; the registrar's records say why
nobody_by() {
	local where=$1 registrar=$2 port=$3 identity=$4 name=$5
	shift 5
	for second in drop keep old; do
		replay "$second" "$where" "$@"
		cut_off
	done
	refused "$registrar" "$port" "withdrew its offer of the key $identity of $name after a HelloRetryRequest" 1
	refused "$registrar" "$port" "wrong key for the identity $identity of $name" 1
	refused "$registrar" "$port" "" 3
}

@test "ASAP port: whoever replays an element's ClientHello is not that element" {
	local side of_e1
	of_e1=$(key e1 element r1)
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
		nobody_by "${asap[r1]}" r1 asap "${of_e1%%:*}" e1 register:web:0x77:127.0.0.1:80 deregister:web:0x11
		assert_equal "$(handspace)" "$before"
		assert_equal "$(records r1 'select(.event == "pe-registered" or .event == "pe-deregistered").pe_id')" '"0x00000011"'
		stop e1
		stop r1
		rm "$BATS_TEST_TMPDIR"/{r1,e1}.out
	done
}

@test "ENRP port: whoever replays a registrar's or a monitor's ClientHello is neither" {
	local side who key
	for side in server client; do
		for who in r2 m1; do
			key=$(key "$who" "$([ "$who" = r2 ] && echo peer || echo monitor)" r1)
			if [ "$side" = client ]; then
				start_peer r1
				record_other_stack "$key" P-521:X25519
			else
				without_x25519 start_peer r1
				start_recorder
				if [ "$who" = r2 ]; then
					start_peer r2 --peer "r1@$recorder"
				else
					rsp-peer ping --scope "$scopes/m1" -s "r1@$recorder" >/dev/null 2>&1 || :
				fi
				recorded
				[ "$who" = m1 ] || stop r2
			fi
			nobody_by "${enrp[r1]}" r1 enrp "${key%%:*}" "$who" list:0x2bad:0 add:0x2bad:0:web:0x77:0x2bad
			assert_equal "$(handspace)" "$(printf '[]\n[]')"
			stop r1
			rm -f "$BATS_TEST_TMPDIR"/{r1,r2}.out
		done
	done
}

@test "an element's listener: whoever replays a registrar's ClientHello is not that registrar" {
	local side at key
	key=$(key r1 notify e1)
	start_peer r1
	for side in server client; do
		if [ "$side" = server ]; then
			without_x25519 start_register "$side" e1 r1 --port 8080 --pe-id 0x11 web
			record_other_stack "$key" X25519:P-256
		else
			start_register "$side" e1 r1 --port 8080 --pe-id 0x11 web
			record_other_stack "$key" P-521:X25519
		fi
		at=$(records r1 'select(.event == "pe-registered").element.asap_transport | "\(.addresses[0]):\(.port)"' | jq -rs last)
		for second in drop keep old; do
			replay "$second" "$at" hex:0700001400090007776562000e000800000011 # ENDPOINT_KEEP_ALIVE
			cut_off
			refute_line finished
		done
		assert_equal "$(records "$side" .event)" '"registered"'
		stop "$side"
	done
}

@test "whoever has the key gets in all the same, on either side's retry, as what the key says" {
	without_x25519 start_peer r1 "${quick[@]}"
	start_peer r2 "${quick[@]}" --peer "r1@${enrp[r1]}"
	start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
	wait_until 10 meshed r1 r2
	resolve web
	assert_equal "$(field '.elements[].pe_id, .registrar.auth')" "0x00000011
certificate"
	assert_equal "$(elements r1 --own | jq -r '.[1].owner')" e1
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(key e2 element r2)" --groups P-521:X25519 "${asap[r2]}" \
		register:web:0x22:127.0.0.1:80 deregister:web:0x22
	assert_line --index 0 --regexp ^0300
	wait_for_record r2 '.event == "pe-registered" and [.pe_id, .identity, .role] == ["0x00000022", "e2", "element"]'
	run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --ca "$scopes/user/ca.pem" --groups P-521:X25519 "${asap[r2]}" \
		register:web:0x33:127.0.0.1:80
	assert_line --index 0 --regexp ^0301 # a user may not
	wait_for_record r2 '.event == "refused" and .reason == "not-an-element" and .role == "user"'
}

@test "who the other side is, is settled once: who asks for another handshake is cut off" {
	start_peer r1
	mkfifo "$BATS_TEST_TMPDIR/typed"
	exec 9<>"$BATS_TEST_TMPDIR/typed" # so that it does not end
	echo R >&9
	run -1 timeout 10 openssl s_client -connect "${asap[r1]}" -tls1_2 -CAfile "$scopes/user/ca.pem" <&9
	exec 9>&-
	assert_output --partial RENEGOTIATING
	wait_for_record r1 '.event == "connection-refused" and .key == "protocol" and (.reason | startswith("Rehandshake"))'
}
