#!/usr/bin/env bats
# Who gets in, and who does not: the ASAP and ENRP ports against our own tools, GnuTLS and OpenSSL. RFC 5355 2.1-2.7,
# rsp(7), "Security". After each refusal the handlespace is what it was.

load helpers

setup() {
	start_peer r1 --handshake-timeout 2s
	start_register e1 e1 r1 --port 8080 web
	before=$(handspace)
	[ -n "$before" ]
}

teardown() {
	if [ -n "${before-}" ] && [ -n "${pids[r1]-}" ]; then
		assert_equal "$(handspace)" "$before"
	fi
	stop_all
}

# key NODE ROLE SERVER MEMBER: of the key that NODE, as ROLE, has for SERVER
key() {
	jq -r --arg node "$1" --arg role "$2" --arg server "$3" \
		".keys[] | select(.client == \$node and .role == \$role and .server == \$server).$4" "$scopes/$1/keys.json"
}

# scope_with NODE FILTER: a copy of NODE's scope directory in $bad, its keys changed by a jq FILTER
scope_with() {
	bad=$BATS_TEST_TMPDIR/bad
	cp -r "$scopes/$1" "$bad"
	jq "$2" "$scopes/$1/keys.json" >"$bad/keys.json"
	chmod 600 "$bad/keys.json"
}

# refused_to_register SCOPE STATUS KEY: rsp-register ends so
refused_to_register() {
	rsp "$2" rsp-register --scope "$1" -s "r1@${asap[r1]}" -t 4s --port 8081 web
	assert_equal "$(field .error.key)" "$3"
	assert_equal "$(field .error.exit)" "$2"
	[[ $stderr == rsp-register:\ * ]]
}

tls13=NORMAL:-VERS-ALL:+VERS-TLS1.3
tls12=NORMAL:-VERS-ALL:+VERS-TLS1.2

# gnutls PORT ARG...: what gnutls-cli makes of it; ends as soon as the handshake is done and stdin has ended
gnutls() {
	local where=$1
	shift
	timeout 10 gnutls-cli --no-ca-verification --port "$(port "$where")" 127.0.0.1 "$@" </dev/null 2>&1
}

# gnutls_psk PORT IDENTITY HEX PRIORITY
gnutls_psk() {
	gnutls "$1" --pskusername "$2" --pskkey "$3" --priority "$4:-KX-ALL:+ECDHE-PSK"
}

# openssl PORT ARG...
openssl_client() {
	local where=$1
	shift
	timeout 10 openssl s_client -connect "$where" "$@" </dev/null 2>&1
}

wrong=$(printf '00%.0s' {1..32})

# Our own tools

@test "right key: an element registers over TLS 1.3 with its pre-shared key" {
	run -0 wait_for_record e1 '.event == "registered"'
	assert_equal "$(field .registrar.auth)" psk
	assert_equal "$(field .registrar.tls)" TLS1.3
	assert_equal "$(field .registrar.secure)" true
	run -0 wait_for_record r1 '.event == "pe-registered"'
	assert_equal "$(field '.identity + " " + .role')" "e1 element"
}

@test "wrong key: refused, status 5" {
	scope_with e1 ".keys[].key = \"$wrong\""
	refused_to_register "$bad" 5 auth-failed
	wait_for_record r1 '.event == "connection-refused" and .service == "asap" and .key == "auth-failed"'
}

@test "unknown identity: refused, status 5" {
	scope_with e1 '.keys |= [to_entries[] | .value * { identity: "rsp1.AAAAAAAAAAAAAAAAAAAA\(.key + 10)" }]'
	refused_to_register "$bad" 5 auth-failed
	wait_for_record r1 '.event == "connection-refused" and .service == "asap" and .key == "unknown-identity"'
}

@test "another role's key: a registrar's key is no element's" {
	identity=$(key r2 peer r1 identity) secret=$(key r2 peer r1 key)
	scope_with e1 "(.keys[] | select(.client == \"e1\" and .server == \"r1\")) |= . * { identity: \"$identity\", key: \"$secret\" }"
	refused_to_register "$bad" 5 auth-failed
}

@test "another server's key: the key for r2 does not open r1" {
	identity=$(key e1 element r2 identity) secret=$(key e1 element r2 key)
	scope_with e1 ".keys |= [.[] | select(.client == \"e1\" and .server == \"r1\") | . * { identity: \"$identity\", key: \"$secret\" }]"
	refused_to_register "$bad" 5 auth-failed
}

@test "no key at all: nothing is even tried, status 3" {
	refused_to_register "$scopes/user" 3 not-found
}

@test "no key for this registrar: status 3" {
	scope_with e1 '.keys |= map(select(.server != "r1"))'
	refused_to_register "$bad" 3 no-key
}

@test "certificate only: a user resolves, and may not register (0xa)" {
	resolve web
	assert_equal "$(field .registrar.auth)" certificate
	run -0 bash -c "python3 '$RSP_SRCDIR/tests/e2e/raw.py' exchange --ca '$scopes/user/ca.pem' '${asap[r1]}' \
		register:web:77:127.0.0.1:80 deregister:web:77 | rsp-audit decode --protocol asap | jq -c '[.message.flags.reject, .message.causes[0].code]'"
	assert_line --index 0 '[true,"0x000a"]'
	wait_for_record r1 '.event == "refused" and .key == "not-an-element" and .role == "user"'
}

@test "a user who expects another registrar is told that the name is wrong, status 5" {
	rsp 5 rsp-resolve --scope "$scopes/user" -s "r2@${asap[r1]}" -t 4s web
	assert_equal "$(field .error.key)" wrong-name
}

@test "a user with another CA: status 5" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$BATS_TEST_TMPDIR/ca.key" \
		-out "$BATS_TEST_TMPDIR/ca.pem" -subj /CN=other -days 2
	rsp 5 rsp-resolve --scope "$scopes/user" --tls-ca "$BATS_TEST_TMPDIR/ca.pem" -s "r1@${asap[r1]}" -t 4s web
	assert_equal "$(field .error.key)" unknown-ca
}

# user_of_dated ERROR DATE-OPTION...: what a user says of a registrar whose certificate has those dates
user_of_dated() {
	local error=$1 mine=$BATS_TEST_TMPDIR/dated node
	shift
	mkdir "$mine"
	rsp-keygen init --scope "$mine/master" --name test >/dev/null
	rsp-keygen registrar --scope "$mine/master" r9 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "$@" >/dev/null
	rsp-keygen element --scope "$mine/master" e9 >/dev/null
	rsp-keygen bundle --scope "$mine/master" r9 -o "$mine/r9" >/dev/null
	rsp-keygen bundle --scope "$mine/master" --user -o "$mine/user" >/dev/null
	scopes=$mine start_peer r9
	rsp 5 rsp-resolve --scope "$mine/user" -s "r9@${asap[r9]}" -t 4s web
	assert_equal "$(field .error.key)" "$error"
	assert_equal "$(field .error.object)" "r9@${asap[r9]}"
}

@test "a user meets a certificate that has expired: status 5" {
	user_of_dated certificate-expired --not-before 2020-01-01 --not-after 2021-01-01
}

@test "a user meets a certificate that is not yet valid: status 5" {
	user_of_dated certificate-not-yet-valid --not-before 2040-01-01 --not-after 2041-01-01
}

@test "plain text: a tool that speaks it to the TLS port is cut off, status 4" {
	rsp 4 rsp-resolve --insecure-plaintext -s "${asap[r1]}" -t 4s web
	assert_equal "$(field '.error | [.key, .reason] | join(" ")')" \
		"closed closed by the other side without a word: does it want TLS?"
	wait_for_record r1 '.event == "connection-refused" and .key == "not-tls"'
}

@test "plain text: an element that is cut off again and again does not dial without end" {
	rsp 4 rsp-register --insecure-plaintext -s "${asap[r1]}" -t 2s --port 8081 web
	[ "$(records r1 'select(.event == "connection-refused")' | wc -l)" -lt 20 ]
}

@test "plain text: messages on the TLS ports get no answer but the end" {
	for where in "${asap[r1]}" "${enrp[r1]}"; do
		run -0 python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange "$where" register:web:77:127.0.0.1:80
		assert_line --index -1 closed
		assert_equal "$(jq -R 'select(startswith("03"))' <<<"$output")" ""
	done
}

# GnuTLS

@test "gnutls-cli: the right key opens the ASAP port" {
	run -0 gnutls_psk "${asap[r1]}" "$(key e1 element r1 identity)" "$(key e1 element r1 key)" "$tls13"
	assert_output --partial "PSK authentication"
	refute_output --partial "Session ID: NULL)"
}

@test "gnutls-cli: wrong key, unknown identity, another role's and another server's key get the same alert" {
	local where right role at first=
	for where in asap enrp; do
		right='e1 element' role='r2 peer' at=${asap[r1]}
		[ "$where" = asap ] || right='r2 peer' role='e1 element' at=${enrp[r1]}
		# shellcheck disable=SC2086 # two words each
		for try in "$(key $right r1 identity) $wrong" "rsp1.AAAAAAAAAAAAAAAAAAAAAA $wrong" "nobody $wrong" \
			"$(key $role r1 identity) $(key $role r1 key)" "$(key e1 element r2 identity) $(key e1 element r2 key)"; do
			run -1 gnutls_psk "$at" $try "$tls13"
			alert=$(grep -o 'alert \[[0-9]*\].*' <<<"$output")
			assert [ -n "$alert" ]
			assert_equal "$alert" "${first:=$alert}"
		done
	done
}

@test "gnutls-cli: certificate only is a user on the ASAP port, and nobody on the ENRP port" {
	run -0 gnutls "${asap[r1]}" --priority "$tls13"
	assert_output --partial "X.509"
	run -1 gnutls "${enrp[r1]}" --priority "$tls13"
	run -1 gnutls "${enrp[r1]}" --priority "$tls12"
	wait_for_record r1 '.event == "connection-refused" and .service == "enrp"'
}

@test "gnutls-cli: neither key nor certificate: anonymous suites are refused on both ports" {
	for where in "${asap[r1]}" "${enrp[r1]}"; do
		run -1 gnutls "$where" --priority "$tls12:-KX-ALL:+ANON-ECDH:+ANON-DH"
	done
}

@test "gnutls-cli: TLS 1.1 and 1.0 are refused on both ports" {
	for where in "${asap[r1]}" "${enrp[r1]}"; do
		for version in TLS1.1 TLS1.0; do
			run -1 gnutls "$where" --priority "NORMAL:-VERS-ALL:+VERS-$version"
			assert_output --partial 'Received alert [70]: Error in protocol version'
			run -1 gnutls_psk "$where" "$(key e1 element r1 identity)" "$(key e1 element r1 key)" "NORMAL:-VERS-ALL:+VERS-$version"
			assert_output --partial 'Received alert [70]: Error in protocol version'
		done
	done
}

@test "gnutls-cli: no suites without AEAD, no pre-shared keys without forward secrecy" { # RSA is in 055-other-side.bats
	run -1 gnutls "${asap[r1]}" --priority "$tls12:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC:+3DES-CBC"
	# psk_ke alone: no key is taken, and what is left is a user with the registrar's certificate
	run -0 gnutls "${asap[r1]}" --pskusername "$(key e1 element r1 identity)" --pskkey "$(key e1 element r1 key)" \
		--priority "$tls13:-KX-ALL:+PSK"
	assert_output --partial "TLS1.3-X.509)-(ECDHE-X25519)"
}

@test "gnutls-cli: no session tickets" {
	run -0 gnutls_psk "${asap[r1]}" "$(key e1 element r1 identity)" "$(key e1 element r1 key)" "$tls13"
	refute_output --partial "ticket"
	run -0 openssl_client "${asap[r1]}" -CAfile "$scopes/user/ca.pem" -tls1_3
	refute_output --partial "New Session Ticket"
}

# The ENRP port

@test "ENRP: a registrar's key opens the port, an element's does not" {
	run -0 gnutls_psk "${enrp[r1]}" "$(key r2 peer r1 identity)" "$(key r2 peer r1 key)" "$tls13"
	run -1 gnutls_psk "${enrp[r1]}" "$(key e1 element r1 identity)" "$(key e1 element r1 key)" "$tls13"
	run -0 gnutls_psk "${enrp[r1]}" "$(key m1 monitor r1 identity)" "$(key m1 monitor r1 key)" "$tls13"
}

@test "ENRP: r1's own key for r2 does not open r1 (a reflected connection)" { # RFC 9257, Selfie
	run -1 gnutls_psk "${enrp[r1]}" "$(key r1 peer r2 identity)" "$(key r1 peer r2 key)" "$tls13"
	wait_for_record r1 '.event == "connection-refused" and .service == "enrp" and .key == "auth-failed"'
}

# OpenSSL

# openssl_psk PORT IDENTITY HEX
openssl_psk() {
	openssl_client "$1" -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -psk_identity "$2" -psk "$3"
}

@test "openssl s_client: the right key opens the ASAP port, a registrar's the ENRP port" {
	run -0 openssl_psk "${asap[r1]}" "$(key e1 element r1 identity)" "$(key e1 element r1 key)"
	assert_output --partial "TLS_AES_128_GCM_SHA256"
	run -0 openssl_psk "${enrp[r1]}" "$(key r2 peer r1 identity)" "$(key r2 peer r1 key)"
}

@test "openssl s_client: wrong key, unknown identity, another role's and another server's key get the same alert" {
	for where in asap enrp; do
		local right='e1 element' role='r2 peer' at=${asap[r1]}
		[ "$where" = asap ] || right='r2 peer' role='e1 element' at=${enrp[r1]}
		# shellcheck disable=SC2086 # two words
		for try in "$(key $right r1 identity) $wrong" "rsp1.AAAAAAAAAAAAAAAAAAAAAA $wrong" "nobody $wrong" \
			"$(key $role r1 identity) $(key $role r1 key)" "$(key e1 element r2 identity) $(key e1 element r2 key)" \
			"$(key r1 peer r2 identity) $(key r1 peer r2 key)"; do
			run -1 openssl_psk "$at" $try
			assert_output --partial "alert illegal parameter"
		done
	done
}

@test "openssl s_client: neither key nor certificate: anonymous suites are refused on both ports" {
	for where in "${asap[r1]}" "${enrp[r1]}"; do
		run -1 openssl_client "$where" -tls1_2 -cipher aNULL:@SECLEVEL=0
		assert_output --partial "alert handshake failure"
	done
}

@test "openssl s_client: the certificate, and TLS 1.1" {
	run -0 openssl_client "${asap[r1]}" -CAfile "$scopes/user/ca.pem" -verify_return_error -verify_hostname r1
	assert_output --partial "Verify return code: 0 (ok)"
	run -1 openssl_client "${asap[r1]}" -tls1_1 -cipher DEFAULT@SECLEVEL=0
	assert_output --partial 'alert protocol version'
	run -1 openssl_client "${enrp[r1]}" -CAfile "$scopes/user/ca.pem" -tls1_3
}

# with_early_data N: a user with a session of another server sends N octets before the handshake is over, and
# one question behind it; the answers in hex
with_early_data() {
	local dir=$BATS_TEST_TMPDIR
	yes "$(printf %06d 0)" | head -c "$1" >"$dir/early"
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --ca "$scopes/user/ca.pem" \
		--openssl="-sess_in $dir/session -early_data $dir/early" "${asap[r1]}" resolve:web
}

@test "openssl s_client: early data is never taken, and neither hangs nor breaks the handshake" {
	local dir=$BATS_TEST_TMPDIR server client
	mkfifo "$dir/typed"
	exec 8<>"$dir/typed" # so that it does not end
	openssl s_server -accept 127.0.0.1:0 -cert "$scopes/r1/cert.pem" -key "$scopes/r1/key.pem" -tls1_3 -early_data \
		-max_early_data 100000 >"$dir/server" 2>&1 <&8 3>&- &
	server=$!
	wait_until 10 grep -q '^ACCEPT' "$dir/server"
	openssl s_client -connect "$(sed -n 's/^ACCEPT //p' "$dir/server")" -tls1_3 -sess_out "$dir/session" \
		>"$dir/client" 2>&1 <&8 3>&- &
	client=$!
	wait_until 10 test -s "$dir/session"
	kill "$client" "$server"
	run -0 with_early_data 6000
	assert_output --regexp '^0600[0-9a-f]+$'
	run -0 with_early_data 20000 # more than GnuTLS discards
	assert_output closed
	exec 8>&-
	wait_for_record r1 '.event == "connection-refused" and .key == "protocol"'
	assert_equal "$(records r1 'select(.event == "connection-refused").key')" '"protocol"'
}

# Slow ones

# all_timed_out PORT: the 40 handshakes there
all_timed_out() {
	rsp-peer status -q --name r1 | jq -e ".connections.$1 | .timed_out == 40 and .handshakes == 0" >/dev/null
}

@test "a handshake that never ends is ended on either port, and holds nobody up" {
	local port
	for port in asap enrp; do
		local -n at=$port
		start "at_$port" bash -c "tail -f /dev/null --pid=$BASHPID |
			python3 '$RSP_SRCDIR/tests/e2e/raw.py' hold 40 '${at[r1]}' 1603010200010001fc0303"
	done
	for port in asap enrp; do
		wait_until 10 grep -q held "$BATS_TEST_TMPDIR/at_$port.out"
	done
	resolve web
	wait_for_record r1 '.event == "connection-refused" and .key == "timeout"'
	for port in asap enrp; do
		wait_until 10 all_timed_out "$port" # the records of the second port may have been summed
		kill "${pids[at_$port]}"
		unset "pids[at_$port]"
		rm "$BATS_TEST_TMPDIR/at_$port.out"
	done
}
