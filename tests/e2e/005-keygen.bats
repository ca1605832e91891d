# rsp-keygen: every verb, every file it makes as others see it, every refusal.
load helpers

setup() {
	export RSP_SCOPE=$BATS_TEST_TMPDIR/admin
	d=$RSP_SCOPE
}

# A scope with two registrars, an element and a monitor.
make_all() {
	rsp 0 rsp-keygen init --name demo
	rsp 0 rsp-keygen registrar r1 --asap 127.0.0.1:3864 --enrp 127.0.0.1:9902 --dns r1.example --ip 192.0.2.1
	rsp 0 rsp-keygen element web1 --pool 'web*' --address 10.0.0.0/8
	rsp 0 rsp-keygen registrar r2 --asap '[::1]:4864'
	rsp 0 rsp-keygen monitor m1
}

# refused STATUS KEY COMMAND...: it fails so, with a record and a line, and changes nothing in the master directory.
refused() {
	local status=$1 key=$2 before after
	shift 2
	before=$(snapshot)
	rsp "$status" "$@"
	assert_equal "$(field '.schema, .ok, .error.key' | xargs)" "rsp.error/1 false $key"
	[ -n "$stderr" ]
	after=$(snapshot)
	assert_equal "$after" "$before"
}

snapshot() {
	find "$d" -type f ! -name .lock -exec sha256sum {} + 2>/dev/null | sort
}

@test "keygen: init makes a CA that openssl and certtool accept" {
	rsp 0 rsp-keygen init --name demo --days 100
	assert_equal "$(field '.action, .scope, .certificate.common_name' | xargs)" "init demo demo scope CA"
	assert_equal "$(cd "$d" && find . -type f -printf '%m %P\n' | sort -k2 | xargs)" \
		"600 .lock 644 authz.json 600 ca.key 644 ca.pem 644 crl.pem 600 keys.json 644 scope.json"
	assert_equal "$(stat -c %a "$d")" 700
	openssl verify -CAfile "$d/ca.pem" -x509_strict "$d/ca.pem"
	openssl x509 -in "$d/ca.pem" -noout -ext basicConstraints,keyUsage >"$BATS_TEST_TMPDIR/text"
	grep -q CA:TRUE "$BATS_TEST_TMPDIR/text"
	grep -q 'Certificate Sign, CRL Sign' "$BATS_TEST_TMPDIR/text"
	openssl crl -in "$d/crl.pem" -CAfile "$d/ca.pem" -noout -nextupdate
	certtool --verify --load-ca-certificate "$d/ca.pem" --infile "$d/ca.pem"
	openssl x509 -in "$d/ca.pem" -noout -checkend $((99 * 86400))
	run ! openssl x509 -in "$d/ca.pem" -noout -checkend $((101 * 86400))
}

@test "keygen: a registrar's certificate has its names, purpose and a long serial" {
	make_all
	for algorithm in ecdsa ed25519; do
		[ "$algorithm" = ecdsa ] || rsp 0 rsp-keygen registrar r1 --force --ed25519 --asap 127.0.0.1 --dns r1.example --ip 192.0.2.1
		c=$d/registrars/r1/cert.pem
		openssl verify -x509_strict -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" -purpose sslserver -verify_ip 127.0.0.1 "$c"
		for name in r1 r1.example; do
			openssl verify -CAfile "$d/ca.pem" -verify_hostname "$name" "$c"
			certtool --verify --verify-hostname "$name" --verify-purpose 1.3.6.1.5.5.7.3.1 --load-ca-certificate "$d/ca.pem" --infile "$c"
		done
		run ! openssl verify -CAfile "$d/ca.pem" -verify_hostname r2 "$c"
		run ! openssl verify -CAfile "$d/ca.pem" -purpose sslclient "$c"
		assert_equal "$(openssl x509 -in "$c" -noout -ext subjectAltName | tail -1 | xargs)" \
			"DNS:r1, DNS:r1.example, IP Address:127.0.0.1, IP Address:192.0.2.1"
		serial=$(openssl x509 -in "$c" -noout -serial)
		assert_equal "${#serial}" $((7 + 32))
		cmp <(openssl x509 -in "$c" -noout -pubkey) <(openssl pkey -in "$d/registrars/r1/key.pem" -pubout)
		assert_equal "$(stat -c %a "$d/registrars/r1/key.pem" "$d/registrars/r1" | xargs)" "600 700"
	done
}

# algorithm CERTIFICATE: of its key, as OpenSSL calls it
algorithm() {
	openssl x509 -in "$1" -noout -text | sed -nE 's/^ *(ASN1 OID: |Public Key Algorithm: (ED))/\2/p'
}

@test "keygen: the CA and what it signs have ECDSA P-256 keys, or Ed25519 ones when that is asked for" {
	local wanted options=()
	for wanted in prime256v1 ED25519; do
		[ "$wanted" = prime256v1 ] || options=(--ed25519 --force)
		rsp 0 rsp-keygen init --name demo "${options[@]}"
		rsp 0 rsp-keygen registrar r1 "${options[@]}" --asap 127.0.0.1
		assert_equal "$(algorithm "$d/ca.pem")" "$wanted"
		assert_equal "$(algorithm "$d/registrars/r1/cert.pem")" "$wanted"
		openssl verify -x509_strict -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$d/registrars/r1/cert.pem"
		certtool --verify --verify-hostname r1 --load-ca-certificate "$d/ca.pem" --infile "$d/registrars/r1/cert.pem"
	done
}

@test "keygen: one key for each client, server, direction and role" {
	make_all
	rsp 0 rsp-keygen registrar r3 --asap 127.0.0.1:5864
	rsp 0 rsp-keygen list
	assert_equal "$(field '.keys | map("\(.role):\(.client)>\(.server)") | sort | join(" ")')" \
		"element:web1>r1 element:web1>r2 element:web1>r3 monitor:m1>r1 monitor:m1>r2 monitor:m1>r3 notify:r1>web1 notify:r2>web1 notify:r3>web1 peer:r1>r2 peer:r1>r3 peer:r2>r1 peer:r2>r3 peer:r3>r1 peer:r3>r2"
	assert_equal "$(field '[.keys[] | .psk_identity] | unique | length')" 15
	assert_equal "$(field '[.keys[].bits] | unique | join(" ")')" 256
	assert_equal "$(jq '[.keys[].key] | unique | length' "$d/keys.json")" 15
	while read -r secret; do
		refute grep -rqF "$secret" "$BATS_TEST_TMPDIR/run.out"
	done < <(jq -r '.keys[].key' "$d/keys.json")
}

@test "keygen: bundles hold what their node needs and nothing else" {
	make_all
	for node in r1 web1 m1; do
		rsp 0 rsp-keygen bundle "$node" --output "$BATS_TEST_TMPDIR/$node"
		assert_equal "$(jq -r .node "$BATS_TEST_TMPDIR/$node/keys.json")" "$node"
		assert_equal "$(jq -r --arg n "$node" '[.keys[] | select(.client != $n and .server != $n)] | length' "$BATS_TEST_TMPDIR/$node/keys.json")" 0
		assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/$node")" 700
	done
	rsp 0 rsp-keygen bundle --user --output "$BATS_TEST_TMPDIR/user"
	files() { (cd "$BATS_TEST_TMPDIR/$1" && find . -type f -printf '%m %P\n' | sort -k2 | xargs); }
	assert_equal "$(files r1)" "644 authz.json 644 ca.pem 644 cert.pem 644 crl.pem 600 key.pem 600 keys.json 644 scope.json"
	assert_equal "$(files web1)" "644 ca.pem 644 crl.pem 600 keys.json 644 scope.json"
	assert_equal "$(files m1)" "644 ca.pem 644 crl.pem 600 keys.json 644 scope.json"
	assert_equal "$(files user)" "644 ca.pem 644 crl.pem 644 scope.json"
	refute grep -rq 'PRIVATE\|rsp1\.' "$BATS_TEST_TMPDIR/user"
	refute grep -q "$(jq -r '.keys[0].key' "$d/keys.json")" -r "$BATS_TEST_TMPDIR/m1"
	for node in r1 web1 m1 user; do
		rsp 0 rsp-keygen list --scope "$BATS_TEST_TMPDIR/$node"
		rsp 0 rsp-keygen check --scope "$BATS_TEST_TMPDIR/$node"
	done
}

@test "keygen: nothing is overwritten without --force" {
	make_all
	rsp 0 rsp-keygen bundle web1 --output "$BATS_TEST_TMPDIR/web1"
	refused 3 exists rsp-keygen init
	refused 3 exists rsp-keygen registrar r1 --asap 127.0.0.1
	refused 3 exists rsp-keygen registrar web1 --asap 127.0.0.1
	refused 3 exists rsp-keygen element web1
	refused 3 exists rsp-keygen element r1 --force
	refused 3 exists rsp-keygen monitor web1 --force
	before=$(sha256sum "$BATS_TEST_TMPDIR"/web1/*)
	refused 3 exists rsp-keygen bundle web1 --output "$BATS_TEST_TMPDIR/web1"
	assert_equal "$(sha256sum "$BATS_TEST_TMPDIR"/web1/*)" "$before"
	rsp 0 rsp-keygen element web1 --force # nothing else is named: nothing changes
	assert_equal "$(field .n_keys)" 0
	rsp 0 rsp-keygen bundle web1 --output "$BATS_TEST_TMPDIR/web1" --force
	rsp 0 rsp-keygen list
	assert_equal "$(field '.keys | length')" 8
}

@test "keygen: wrong usage" {
	make_all
	refused 2 usage rsp-keygen registrar
	refused 2 usage rsp-keygen registrar r9
	refused 2 usage rsp-keygen registrar a b --asap h
	refused 2 usage rsp-keygen registrar ../x --asap h
	refused 2 usage rsp-keygen registrar r9 --asap h:99999
	refused 2 usage rsp-keygen registrar r9 --asap h --enrp 'a b'
	refused 2 usage rsp-keygen registrar r9 --asap h --ip nowhere
	refused 2 usage rsp-keygen registrar r9 --asap h --dns 'a/b'
	refused 2 usage rsp-keygen registrar r9 --asap h --days 0
	refused 2 usage rsp-keygen registrar r9 --asap h --not-after tomorrow
	refused 2 usage rsp-keygen element .hidden
	refused 2 usage rsp-keygen element "$(printf 'x%.0s' {1..64})"
	refused 2 usage rsp-keygen element e --address 10.0.0.1/8
	refused 2 usage rsp-keygen bundle web1
	refused 2 usage rsp-keygen bundle --output x
	refused 2 usage rsp-keygen bundle web1 --user --output x
	refused 2 usage rsp-keygen check --expires-in soon
	refused 2 usage rsp-keygen list more
	refused 2 usage rsp-keygen frobnicate
	refused 3 not-found rsp-keygen bundle nobody --output "$BATS_TEST_TMPDIR/x"
	refused 3 not-found rsp-keygen crl --revoke nobody
}

@test "keygen: no scope directory, or one that is not the master" {
	refused 3 not-found rsp-keygen list
	refused 3 not-found rsp-keygen element e
	refused 3 not-found rsp-keygen init --scope "$BATS_TEST_TMPDIR/no/such/parent"
	[ ! -e "$d" ]
	make_all
	rsp 0 rsp-keygen bundle web1 --output "$BATS_TEST_TMPDIR/web1"
	refused 3 config rsp-keygen element e --scope "$BATS_TEST_TMPDIR/web1"
	assert_regex "$(field .error.reason)" 'bundle of web1'
}

@test "keygen: secrets that others can reach are refused" {
	make_all
	for file in keys.json ca.key; do
		chmod 640 "$d/$file"
		refused 3 permissions rsp-keygen registrar r9 --asap h
		assert_equal "$(field .error.object)" "$d/$file"
		chmod 600 "$d/$file"
		mv "$d/$file" "$d/elsewhere"
		ln -s elsewhere "$d/$file"
		chmod 640 "$d/elsewhere"
		refused 3 permissions rsp-keygen registrar r9 --asap h
		chmod 600 "$d/elsewhere"
		rsp 0 rsp-keygen check
		rm "$d/$file"
		mv "$d/elsewhere" "$d/$file"
	done
	chmod 644 "$d/keys.json"
	rsp 3 rsp-keygen check
	assert_equal "$(jq -r 'select(.state == "bad").object' <<<"$output")" "$d/keys.json"
}

@test "keygen: malformed files are named with line and column, and never quoted" {
	make_all
	for file in scope.json keys.json authz.json; do
		cp "$d/$file" "$BATS_TEST_TMPDIR/saved"
		printf '{\n  "schema": secret00112233\n}\n' >"$d/$file"
		refused 3 config rsp-keygen list
		assert_regex "$(field .error.object)" "$file:2:[0-9]+$"
		refute_regex "$(field .error.reason)" secret
		cp "$BATS_TEST_TMPDIR/saved" "$d/$file"
	done
	jq '.keys[1].key = "00112233"' "$d/keys.json" >"$BATS_TEST_TMPDIR/new"
	cat "$BATS_TEST_TMPDIR/new" >"$d/keys.json"
	refused 3 bad-key rsp-keygen list
	assert_regex "$(field .error.reason)" '^keys\[1\]\.key: '
	echo rubbish >"$d/ca.pem"
	refused 3 bad-key rsp-keygen list
}

@test "keygen: check tells what is due, expired, not yet valid" {
	make_all
	rsp 0 rsp-keygen check
	rsp 1 rsp-keygen check --expires-in 400d
	assert_equal "$(jq -r 'select(.state == "due") | .kind' <<<"$output" | sort | xargs)" "certificate certificate crl"
	rsp 0 rsp-keygen registrar r1 --force --asap 127.0.0.1 --not-before 2020-01-01 --not-after 2020-02-01
	rsp 0 rsp-keygen registrar r2 --force --asap 127.0.0.1 --not-before 2050-01-01 --not-after 2050-02-01
	rsp 1 rsp-keygen check
	assert_equal "$(jq -r 'select(.ok | not) | .state' <<<"$output" | sort | xargs)" "expired not-yet-valid"
	rsp 0 rsp-keygen element web1 --force --days 10
	rsp 1 rsp-keygen check
	assert_equal "$(jq -r 'select(.state == "due") | .kind' <<<"$output" | sort | uniq -c | xargs)" "1 identity 4 key"
	rm "$d/registrars/r2/key.pem"
	rsp 3 rsp-keygen check
}

# lost DIR FILE KIND: without FILE, check says that it is missing, and nothing else, and ends with 3
lost() {
	mv "$1/$2" "$BATS_TEST_TMPDIR/away"
	rsp 3 rsp-keygen check --scope "$1"
	assert_equal "$(jq -rc 'select(.ok | not) | [.kind, .object, .state, .key, .reason]' <<<"$output")" \
		"[\"$3\",\"$1/$2\",\"bad\",\"not-found\",\"is missing\"]"
	mv "$BATS_TEST_TMPDIR/away" "$1/$2"
	rsp 0 rsp-keygen check --scope "$1"
}

@test "keygen: check tells what a directory has lost" {
	make_all
	for node in r1 web1; do rsp 0 rsp-keygen bundle "$node" --output "$BATS_TEST_TMPDIR/$node"; done
	rsp 0 rsp-keygen bundle --user --output "$BATS_TEST_TMPDIR/user"
	lost "$d" crl.pem crl
	lost "$d" keys.json key
	lost "$d" authz.json identity
	lost "$d" ca.key ca-key
	cd "$BATS_TEST_TMPDIR"
	lost r1 crl.pem crl
	lost r1 keys.json key
	lost r1 authz.json identity
	lost r1 cert.pem certificate
	lost r1 key.pem certificate
	lost web1 crl.pem crl
	lost user crl.pem crl
	rm r1/cert.pem r1/key.pem r1/authz.json # keys.json is still a registrar's
	rsp 3 rsp-keygen check --scope r1
	assert_equal "$(jq -r 'select(.state == "bad") | .object' <<<"$output" | xargs)" "r1/authz.json r1/cert.pem r1/key.pem"
}

@test "keygen: what exists, and what does not, is told with the way out" {
	rsp 3 rsp-keygen list
	assert_equal "$stderr" "rsp-keygen: $d: no such scope directory (rsp-keygen init makes one)"
	rsp 3 rsp-keygen check
	assert_equal "$stderr" "rsp-keygen: $d: no such scope directory (rsp-keygen init makes one)"
	rsp 3 rsp-keygen element e
	assert_equal "$stderr" "rsp-keygen: $d: no such scope directory (rsp-keygen init makes one)"
	rsp 3 rsp-resolve web # a user makes no scope
	assert_equal "$stderr" "rsp-resolve: $d: no such scope directory (its administrator makes one with rsp-keygen bundle)"
	make_all
	rsp 0 rsp-keygen bundle r1 -o "$BATS_TEST_TMPDIR/r1"
	rsp 3 rsp-keygen bundle r1 -o "$BATS_TEST_TMPDIR/r1"
	assert_equal "$stderr" "rsp-keygen: $BATS_TEST_TMPDIR/r1/scope.json: exists already (--force replaces what is there)"
	rsp 0 rsp-keygen bundle r1 -o "$BATS_TEST_TMPDIR/r1" --force
	rsp-keygen list --psktool -o "$BATS_TEST_TMPDIR/psk"
	rsp 3 rsp-keygen list --psktool -o "$BATS_TEST_TMPDIR/psk"
	assert_equal "$stderr" "rsp-keygen: $BATS_TEST_TMPDIR/psk: exists already (--force replaces what is there)"
}

@test "keygen: check tells what each key is for" {
	make_all
	rsp 0 rsp-keygen bundle web1 --output "$BATS_TEST_TMPDIR/web1"
	rsp 0 rsp-keygen check --scope "$BATS_TEST_TMPDIR/web1"
	assert_equal "$(jq -r 'select(.kind == "key") | "\(.role) \(.client) \(.server)"' <<<"$output" | sort | xargs)" \
		"element web1 r1 element web1 r2 notify r1 web1 notify r2 web1"
	assert_equal "$(jq -r 'select(.kind != "key") | .role // .client // .server' <<<"$output" | sort -u)" null
}

@test "keygen: a revoked certificate is in the list, and stays there" {
	make_all
	openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$d/registrars/r1/cert.pem"
	rsp 0 rsp-keygen crl --revoke r1
	rsp 0 rsp-keygen crl --days 10
	run -2 openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$d/registrars/r1/cert.pem"
	assert_output --partial revoked
	openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$d/registrars/r2/cert.pem"
}

@test "keygen: list --psktool exports what gnutls reads" {
	make_all
	run -0 rsp-keygen list --psktool
	assert_equal "${#lines[@]}" 8
	for line in "${lines[@]}"; do assert_regex "$line" '^rsp1\.[A-Za-z0-9_-]{22}:[0-9a-f]{64}$'; done
	rsp-keygen list --psktool --output "$BATS_TEST_TMPDIR/keys.psk"
	assert_equal "$(stat -c %a "$BATS_TEST_TMPDIR/keys.psk")" 600
	assert_equal "$(cat "$BATS_TEST_TMPDIR/keys.psk")" "$output"
	rsp 3 rsp-keygen list --psktool --output "$BATS_TEST_TMPDIR/keys.psk"
	assert_equal "$(field .error.key)" exists
}

@test "keygen: runs side by side lose no key" {
	rsp 0 rsp-keygen init
	rsp 0 rsp-keygen registrar r1 --asap 127.0.0.1
	local jobs=()
	for i in {1..12}; do
		rsp-keygen element "e$i" >>"$BATS_TEST_TMPDIR/side.out" 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	rsp 0 rsp-keygen list
	assert_equal "$(field '(.keys | length), (.identities | length)' | xargs)" "24 12"
}

@test "keygen: a full disk leaves what was there" {
	make_all
	rsp 0 rsp-keygen bundle r1 --output "$BATS_TEST_TMPDIR/r1"
	# a file size limit is the full disk that needs no mount: what is larger than 1 KiB cannot be written
	before=$(snapshot)
	run -3 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 1; rsp-keygen element more'
	assert_equal "$(snapshot)" "$before"
	run -3 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 1; rsp-keygen bundle r1 --output "$1"' - "$BATS_TEST_TMPDIR/r1b"
	[ ! -e "$BATS_TEST_TMPDIR/r1b" ]
	run -3 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 0; rsp-keygen init --scope "$1"' - "$BATS_TEST_TMPDIR/new"
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
	run -3 bash -c 'rsp-keygen list >/dev/full'
}
