#!/usr/bin/env bats
# What our tools make of the other side of a handshake where 050-handshake.bats leaves off: OpenSSL in a registrar's place,
# registrars that keep silent, revocation lists, users' certificates, and the suites of RFC 5352 9.2.

load helpers

# impostor ARG...: OpenSSL listens in the place of r1, with r1's certificate; $at is where.
impostor() {
	start impostor openssl s_server -accept 127.0.0.1:0 -www -cert "$scopes/r1/cert.pem" -key "$scopes/r1/key.pem" "$@"
	wait_until 10 grep -q '^ACCEPT 127' "$BATS_TEST_TMPDIR/impostor.out"
	at=$(sed -n 's/^ACCEPT //p' "$BATS_TEST_TMPDIR/impostor.out")
}

# It was there until the end, which is no record.
impostor_ends() {
	stop impostor 143
	rm "$BATS_TEST_TMPDIR/impostor.out"
}

# fails STATUS KEY TOOL ARG...: it ends so, with one record that names the object
fails() {
	local status=$1 key=$2
	shift 2
	rsp "$status" "$@"
	assert_equal "$(field '[.ok, .error.key, .error.exit, (.error.object | length > 0)] | @json')" \
		"[false,\"$key\",$status,true]"
	assert_equal "${#stderr_lines[@]}" 1
}

# key FIELD: of the key that e1 has for r1
key() {
	jq -r --arg field "$1" '.keys[] | select(.client == "e1" and .role == "element" and .server == "r1")[$field]' \
		"$scopes/e1/keys.json"
}

# issue NAME ALGORITHM PARAMETER EXTENSION...: NAME.pem and NAME.key, a certificate of the scope's CA that rsp-keygen would not make
issue() {
	(
		cd "$BATS_TEST_TMPDIR" || return
		openssl req -new -newkey "$2" -pkeyopt "$3" -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
		openssl x509 -req -in "$1.csr" -CA "$scopes/master/ca.pem" -CAkey "$scopes/master/ca.key" -days 2 \
			-extfile <(printf '%s\n' basicConstraints=CA:FALSE "${@:4}") -out "$1.pem"
		chmod 600 "$1.key"
	) 2>/dev/null
}

@test "TLS 1.1: an element and a user do not speak it" {
	impostor -tls1_1 -cipher DEFAULT@SECLEVEL=0
	# it can be spoken to
	openssl s_client -connect "$at" -tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null
	fails 5 auth-failed rsp-register --scope "$scopes/e1" -s "r1@$at" -t 3s --port 80 web
	assert_regex "$stderr" protocol_version
	fails 5 auth-failed rsp-resolve --scope "$scopes/user" -s "r1@$at" -t 3s web
	assert_regex "$stderr" protocol_version
	impostor_ends
}

@test "a registrar's own certificate is no substitute for an element's key" {
	impostor
	# it is good enough for a user, who hears no ASAP afterwards
	rsp 4 rsp-resolve --scope "$scopes/user" -s "r1@$at" -t 1s web
	assert_equal "$(field '.attempts[0].step')" asap
	fails 5 auth-failed rsp-register --scope "$scopes/e1" -s "r1@$at" -t 3s --port 80 web
	impostor_ends
}

@test "who has not the element's key is no registrar to it" {
	impostor -nocert -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -psk_identity "$(key identity)" \
		-psk "$(printf '00%.0s' {1..32})"
	fails 5 auth-failed rsp-register --scope "$scopes/e1" -s "r1@$at" -t 3s --port 80 web
	impostor_ends
	impostor -nocert -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -psk_identity "$(key identity)" -psk "$(key key)"
	rsp 4 rsp-register --scope "$scopes/e1" -s "r1@$at" -t 1s --port 80 web
	assert_equal "$(field '.attempts[0].step')" asap # it has: no more is asked
	impostor_ends
}

@test "a registrar that never finishes its handshake, and one that closes: status 4" {
	cat >"$BATS_TEST_TMPDIR/mute.py" <<-'PYTHON'
		import socket, sys
		listener = socket.create_server(("127.0.0.1", 0))
		print(listener.getsockname()[1], file=sys.stderr, flush=True)
		kept = []
		while True:
		    kept.append(listener.accept()[0])
		    if sys.argv[1] == "close":
		        kept.pop().close()
	PYTHON
	local how key
	for how in mute close; do
		start "$how" python3 "$BATS_TEST_TMPDIR/mute.py" "$how"
		wait_until 10 grep -q . "$BATS_TEST_TMPDIR/$how.err"
		at=127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/$how.err")
		[ "$how" = mute ] && key=timeout || key=closed
		fails 4 "$key" rsp-register --scope "$scopes/e1" -s "r1@$at" -t 500ms --port 80 web
		fails 4 "$key" rsp-resolve --scope "$scopes/user" -s "r1@$at" -t 500ms web
		fails 4 "$key" rsp-peer list --scope "$scopes/m1" -s "r1@$at" -t 500ms
		stop "$how" 143
	done
}

@test "a revoked certificate, a revocation list that has expired, and --tls-crl" {
	local mine=$BATS_TEST_TMPDIR/mine
	cp -r "$scopes/master" "$mine"
	start_peer r1
	rsp 0 rsp-keygen crl --scope "$mine" --revoke r2
	rsp 1 rsp-resolve --scope "$scopes/user" --tls-crl "$mine/crl.pem" -s "r1@${asap[r1]}" web
	rsp 0 rsp-keygen crl --scope "$mine" --revoke r1
	fails 5 certificate-revoked rsp-resolve --scope "$scopes/user" --tls-crl "$mine/crl.pem" -s "r1@${asap[r1]}" web
	cp -r "$scopes/user" "$BATS_TEST_TMPDIR/user"
	cp "$mine/crl.pem" "$BATS_TEST_TMPDIR/user/crl.pem"
	fails 5 certificate-revoked rsp-resolve --scope "$BATS_TEST_TMPDIR/user" -s "r1@${asap[r1]}" web
	rsp 1 rsp-resolve --scope "$BATS_TEST_TMPDIR/user" --tls-crl "$scopes/user/crl.pem" -s "r1@${asap[r1]}" web
	: >"$BATS_TEST_TMPDIR/index"
	echo 01 >"$BATS_TEST_TMPDIR/number"
	printf '[ca]\ndefault_ca=a\n[a]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\n' "$BATS_TEST_TMPDIR/index" \
		"$BATS_TEST_TMPDIR/number" >"$BATS_TEST_TMPDIR/ca.conf"
	openssl ca -gencrl -config "$BATS_TEST_TMPDIR/ca.conf" -cert "$mine/ca.pem" -keyfile "$mine/ca.key" \
		-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z -out "$BATS_TEST_TMPDIR/old.pem"
	fails 5 crl-expired rsp-resolve --scope "$scopes/user" --tls-crl "$BATS_TEST_TMPDIR/old.pem" -s "r1@${asap[r1]}" web
	fails 3 not-found rsp-resolve --scope "$scopes/user" --tls-crl "$BATS_TEST_TMPDIR/none" -s "r1@${asap[r1]}" web
}

@test "--require-user-cert: users with a certificate of the scope's CA, and nobody else" {
	start_peer r1 --require-user-cert
	start_register e1 e1 r1 --port 80 web # keys are as good as ever
	fails 5 auth-failed rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -t 3s web
	wait_for_record r1 '.event == "connection-refused" and .service == "asap" and .key == "auth-failed"'
	issue someone ec ec_paramgen_curve:P-256 extendedKeyUsage=clientAuth
	local mine=(--tls-cert "$BATS_TEST_TMPDIR/someone.pem" --tls-key "$BATS_TEST_TMPDIR/someone.key")
	rsp 0 rsp-resolve --scope "$scopes/user" "${mine[@]}" -s "r1@${asap[r1]}" web
	assert_equal "$(field '.elements | length')" 1
	chmod 644 "$BATS_TEST_TMPDIR/someone.key"
	fails 3 permissions rsp-resolve --scope "$scopes/user" "${mine[@]}" -s "r1@${asap[r1]}" web
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$BATS_TEST_TMPDIR/own.key" \
		-out "$BATS_TEST_TMPDIR/own.pem" -subj /CN=someone -days 2
	chmod 600 "$BATS_TEST_TMPDIR/own.key"
	fails 5 auth-failed rsp-resolve --scope "$scopes/user" --tls-cert "$BATS_TEST_TMPDIR/own.pem" \
		--tls-key "$BATS_TEST_TMPDIR/own.key" -s "r1@${asap[r1]}" -t 3s web
}

@test "--require-user-cert: a user whose certificate is revoked is disconnected at HUP, another one is not" {
	local who key=$BATS_TEST_TMPDIR
	cp -r "$scopes" "$BATS_TEST_TMPDIR/scopes"
	scopes=$BATS_TEST_TMPDIR/scopes
	start_peer r1 --require-user-cert
	: >"$key/index" && echo 01 >"$key/number"
	printf '[ca]\ndefault_ca=a\n[a]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ndefault_crl_days=2\n' "$key/index" \
		"$key/number" >"$key/ca.conf"
	for who in bad good; do
		issue "$who" ec ec_paramgen_curve:P-256 extendedKeyUsage=clientAuth
		python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --wait 20 --ca "$scopes/user/ca.pem" \
			--openssl="-cert $key/$who.pem -key $key/$who.key" "${asap[r1]}" resolve:web hex: >"$key/$who.hex" &
		pids[$who]=$!
		wait_until 10 test -s "$key/$who.hex"
	done
	openssl ca -config "$key/ca.conf" -cert "$scopes/master/ca.pem" -keyfile "$scopes/master/ca.key" -revoke "$key/bad.pem"
	openssl ca -config "$key/ca.conf" -cert "$scopes/master/ca.pem" -keyfile "$scopes/master/ca.key" -gencrl \
		-out "$scopes/r1/crl.pem"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "rights-ended" and .key == "certificate-revoked" and .role == "user" and
		.identity == "bad" and (.reason | startswith("the certificate was revoked (crl.pem): its holder needs a new one"))'
	await_end bad
	wait_for_record r1 '.event == "reload"'
	run -0 records r1 'select(.event == "rights-ended" and .identity != "bad")'
	assert_output ""
	kill -0 "${pids[good]}" # it goes on
	kill "${pids[good]}"
	await_end good 143
}

# suite NAME: whether OpenSSL gets it from r1
suite() {
	timeout 10 openssl s_client -connect "${asap[r1]}" -tls1_2 -cipher "$1@SECLEVEL=0" </dev/null
}

@test "--tls-policy: no suite without forward secrecy or without AEAD, unless RFC 5352's are asked for" {
	issue r1 rsa rsa_keygen_bits:2048 subjectAltName=DNS:r1 extendedKeyUsage=serverAuth # only RSA can do without
	local policy name
	for policy in default rfc5352; do
		start_peer r1 --tls-cert "$BATS_TEST_TMPDIR/r1.pem" --tls-key "$BATS_TEST_TMPDIR/r1.key" --tls-policy "$policy"
		run -0 suite ECDHE-RSA-AES128-GCM-SHA256
		for name in AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA AES128-SHA; do
			if [ "$policy" = default ]; then
				run -1 suite "$name"
				assert_output --partial 'alert handshake failure'
			else
				run -0 suite "$name"
				assert_output --partial "Cipher is $name"
			fi
		done
		rsp 1 rsp-resolve --scope "$scopes/user" --tls-policy "$policy" -s "r1@${asap[r1]}" web
		start_register e1 e1 r1 --tls-policy "$policy" --port 80 web
		stop e1
		stop r1
	done
}

@test "a scope whose certificates are Ed25519: our own tools, OpenSSL and GnuTLS" {
	local mine=$BATS_TEST_TMPDIR/mine
	mkdir "$mine"
	{
		rsp-keygen init --scope "$mine/master" --name test --ed25519
		rsp-keygen registrar --scope "$mine/master" r1 --ed25519 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
		rsp-keygen bundle --scope "$mine/master" r1 -o "$mine/r1"
		rsp-keygen bundle --scope "$mine/master" --user -o "$mine/user"
	} >"$mine/keygen.out"
	scopes=$mine start_peer r1
	rsp 1 rsp-resolve --scope "$mine/user" -s "r1@${asap[r1]}" web
	run -0 openssl s_client -connect "${asap[r1]}" -CAfile "$mine/user/ca.pem" -verify_return_error -verify_hostname r1 </dev/null
	assert_output --partial 'sigalg: ED25519'
	run -0 gnutls-cli --x509cafile "$mine/user/ca.pem" --verify-hostname r1 --port "$(port "${asap[r1]}")" 127.0.0.1 </dev/null
	assert_output --partial 'EdDSA-Ed25519'
}
