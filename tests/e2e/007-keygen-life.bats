#!/usr/bin/env bats
# rsp-keygen on a scope that lives: what --force leaves alone, renew, rotate and retire, revoke and remove, and which bundles
# are outdated after it. RFC 5355 2.2-2.5; RFC 9257 s.6.
load helpers

setup() {
	export RSP_SCOPE=$BATS_TEST_TMPDIR/admin
	d=$RSP_SCOPE
}

# A scope with two registrars, an element with limits of every kind and a monitor.
make_all() {
	rsp 0 rsp-keygen init --name demo
	rsp 0 rsp-keygen registrar r1 --asap 127.0.0.1:5001 --enrp 127.0.0.1:5002 --dns r1.example --ip 192.0.2.1 --ed25519
	rsp 0 rsp-keygen registrar r2 --asap r2.example:6001
	rsp 0 rsp-keygen element web1 --pool 'web*' --address 10.0.0.0/8 --not-after 2040-01-01
	jq '.identities[0].max_registrations = 7' "$d/authz.json" >"$BATS_TEST_TMPDIR/new"
	cat "$BATS_TEST_TMPDIR/new" >"$d/authz.json"
	rsp 0 rsp-keygen monitor m1
}

# entry NAME: of authz.json
entry() {
	jq -cS --arg name "$1" '.identities[] | select(.name == $name)' "$d/authz.json"
}

# keys FILTER: each as "IDENTITY KEY NOT_AFTER", in order
keys() {
	jq -r ".keys[] | select($1) | \"\(.identity) \(.key) \(.not_after)\"" "${2-$d}/keys.json" | sort
}

of_web1='.client == "web1" or .server == "web1"'
of_r1='.client == "r1" or .server == "r1"'

# names NODE: the certificate's subjectAltName
names() {
	openssl x509 -in "$d/registrars/$1/cert.pem" -noout -ext subjectAltName | tail -n 1 | xargs
}

key_of() {
	openssl x509 -in "$d/registrars/$1/cert.pem" -noout -pubkey
}

outdated() {
	field '.outdated | [(.nodes | join(" ")), .users] | @tsv' | tr '\t' '|'
}

@test "life: element --force keeps pools, addresses, limit, dates and keys that are not named" {
	make_all
	before=$(entry web1) secrets=$(keys "$of_web1")
	rsp 0 rsp-keygen element web1 --force
	assert_equal "$(entry web1)" "$before"
	assert_equal "$(keys "$of_web1")" "$secrets"
	rsp 0 rsp-keygen element web1 --force --pool other
	assert_equal "$(entry web1)" "$(jq -cS '.pools = ["other"]' <<<"$before")"
	assert_equal "$(keys "$of_web1")" "$secrets"
	rsp 0 rsp-keygen element web1 --force --not-after never
	assert_equal "$(entry web1)" "$(jq -cS '.pools = ["other"] | .not_after = null' <<<"$before")"
	assert_equal "$(keys "$of_web1")" "$(sed 's/ [^ ]*$/ null/' <<<"$secrets")"
	before=$(entry m1)
	rsp 0 rsp-keygen monitor m1 --force --days 10
	assert_equal "$(entry m1 | jq -cS '.not_after = null')" "$before"
	refute [ "$(entry m1 | jq -r .not_after)" = null ]
}

@test "life: registrar --force keeps keys, ports, addresses and names that are not named" {
	make_all
	scope=$(cat "$d/scope.json") secrets=$(keys true) had=$(names r1) key=$(key_of r1)
	rsp 0 rsp-keygen registrar r1 --force
	assert_equal "$(field .n_keys)" 0
	assert_equal "$(cat "$d/scope.json")" "$scope"
	assert_equal "$(keys true)" "$secrets"
	assert_equal "$(names r1)" "$had"
	assert_equal "$(field .certificate.algorithm)" "EdDSA (Ed25519)"
	refute [ "$(key_of r1)" = "$key" ]
	rsp 0 rsp-keygen registrar r1 --force --asap 127.0.0.9
	assert_equal "$(jq -c '.registrars[0] | [.asap, .enrp, .addresses]' "$d/scope.json")" \
		'["127.0.0.9:5001","127.0.0.1:5002",["192.0.2.1"]]'
	assert_equal "$(names r1)" "DNS:r1, DNS:r1.example, IP Address:127.0.0.9, IP Address:127.0.0.1, IP Address:192.0.2.1"
	rsp 0 rsp-keygen registrar r2 --force --asap new.example --enrp new.example
	assert_equal "$(names r2)" "DNS:r2, DNS:new.example" # the former host is gone
	assert_equal "$(jq -c '.registrars[1] | [.asap, .enrp]' "$d/scope.json")" '["new.example:6001","new.example:9902"]'
	assert_equal "$(keys true)" "$secrets"
	rsp 0 rsp-keygen check
}

@test "life: --force makes keys that are missing, which check tells" {
	make_all
	secrets=$(keys true)
	jq '.keys |= map(select(.client != "web1" or .server != "r2"))' "$d/keys.json" >"$BATS_TEST_TMPDIR/new"
	cat "$BATS_TEST_TMPDIR/new" >"$d/keys.json"
	rsp 3 rsp-keygen check
	assert_equal "$(jq -rc 'select(.ok | not) | [.kind, .object, .key, .reason]' <<<"$output")" \
		'["key","r2","no-key","1 of its keys are missing (rsp-keygen registrar r2 --force makes them)"]'
	rsp 0 rsp-keygen element web1 --force
	assert_equal "$(field .n_keys)" 1
	assert_equal "$(comm -12 <(keys true) <(echo "$secrets") | wc -l)" 7
	rsp 0 rsp-keygen check
}

@test "life: renew makes a certificate with later dates and leaves all else" {
	make_all
	rsp 0 rsp-keygen registrar r1 --force --days 5
	scope=$(cat "$d/scope.json") secrets=$(keys true) had=$(names r1) key=$(key_of r1)
	cert=$(cat "$d/registrars/r1/cert.pem")
	rsp 1 rsp-keygen check
	rsp 0 rsp-keygen renew r1
	assert_equal "$(field '.action, .name, .role, .n_keys' | xargs)" "renew r1 peer 0"
	assert_equal "$(names r1)" "$had"
	assert_equal "$(key_of r1)" "$key"
	refute [ "$(cat "$d/registrars/r1/cert.pem")" = "$cert" ]
	assert_equal "$(cat "$d/scope.json")" "$scope"
	assert_equal "$(keys true)" "$secrets"
	openssl x509 -in "$d/registrars/r1/cert.pem" -noout -checkend $((396 * 86400))
	rsp 0 rsp-keygen check
	rsp 2 rsp-keygen renew web1
	rsp 0 rsp-keygen renew web1 --not-after 2041-01-01
	assert_equal "$(keys "$of_web1" | cut -d ' ' -f 3 | sort -u)" 2041-01-01T00:00:00.000Z
	assert_equal "$(entry web1 | jq -r .not_after)" 2041-01-01T00:00:00.000Z
	assert_equal "$(keys true | cut -d ' ' -f 1,2)" "$(cut -d ' ' -f 1,2 <<<"$secrets")"
	rsp 3 rsp-keygen renew nobody
	rsp 2 rsp-keygen renew
}

@test "life: rotate puts a second key beside each, retire ends the first" {
	make_all
	first=$(keys "$of_web1") others=$(keys "($of_web1) | not")
	rsp 0 rsp-keygen rotate web1
	assert_equal "$(field '.action, .name, .role, .n_keys' | xargs)" "rotate web1 element 4"
	assert_equal "$(comm -12 <(keys "$of_web1") <(echo "$first"))" "$first"
	assert_equal "$(keys "$of_web1" | wc -l)" 8
	assert_equal "$(keys "$of_web1" | cut -d ' ' -f 3 | sort -u)" 2040-01-01T00:00:00.000Z
	second=$(comm -23 <(keys "$of_web1") <(echo "$first"))
	rsp 3 rsp-keygen rotate web1
	assert_equal "$(field .error.key)" exists
	assert_regex "$stderr" 'rsp-keygen retire'
	rsp 3 rsp-keygen rotate r1 # web1 and r1 have two
	rsp 0 rsp-keygen retire web1
	assert_equal "$(keys "$of_web1")" "$second"
	assert_equal "$(keys "($of_web1) | not")" "$others"
	rsp 3 rsp-keygen retire web1
	assert_equal "$(field .error.key)" not-found
	rsp 0 rsp-keygen rotate r1
	assert_equal "$(field .n_keys)" 5
	rsp 0 rsp-keygen check
}

@test "life: revoke NAME replaces all that a node has, revoke KEY one key" {
	make_all
	others=$(keys "($of_r1) | not")
	cp "$d/registrars/r1/cert.pem" "$BATS_TEST_TMPDIR/stolen.pem"
	stolen=$(keys "$of_r1") had=$(names r1)
	rsp 0 rsp-keygen revoke r1
	assert_equal "$(field '.action, .name, .role, .n_keys' | xargs)" "revoke r1 peer 5"
	run -2 openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$BATS_TEST_TMPDIR/stolen.pem"
	assert_output --partial revoked
	openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$d/registrars/r1/cert.pem"
	assert_equal "$(names r1)" "$had"
	assert_equal "$(comm -12 <(keys true) <(echo "$stolen"))" ""
	assert_equal "$(keys "($of_r1) | not")" "$others"
	bad=$(jq -r '.keys[] | select(.client == "web1" and .server == "r2").identity' "$d/keys.json")
	rsp 0 rsp-keygen revoke "$bad"
	assert_equal "$(field '.name, .n_keys' | xargs)" "$bad 1"
	refute grep -q "$bad" "$d/keys.json"
	assert_equal "$(keys "$of_web1" | wc -l)" 4
	rsp 3 rsp-keygen revoke "$bad"
	rsp 0 rsp-keygen check
}

@test "life: remove takes a node out, and puts its certificate on the list" {
	make_all
	cp "$d/registrars/r1/cert.pem" "$BATS_TEST_TMPDIR/gone.pem"
	rsp 0 rsp-keygen remove r1
	[ ! -e "$d/registrars/r1" ]
	assert_equal "$(jq -r '.registrars[].name' "$d/scope.json")" r2
	assert_equal "$(keys "$of_r1")" ""
	run -2 openssl verify -CAfile "$d/ca.pem" -crl_check -CRLfile "$d/crl.pem" "$BATS_TEST_TMPDIR/gone.pem"
	rsp 0 rsp-keygen remove web1
	assert_equal "$(entry web1)" ""
	assert_equal "$(keys true | wc -l)" 1
	rsp 3 rsp-keygen remove web1
	assert_equal "$(field .error.key)" not-found
	rsp 0 rsp-keygen check
	rsp 0 rsp-keygen element web1 # the name is free again
}

@test "life: each change says whose bundle is outdated by it, and bundle who still needs one" {
	make_all
	assert_equal "$(outdated)" "m1 r1 r2 web1|true"
	for node in r1 r2 web1 m1; do rsp 0 rsp-keygen bundle "$node" -o "$BATS_TEST_TMPDIR/$node"; done
	assert_equal "$(outdated)" "|true"
	rsp 0 rsp-keygen bundle --user -o "$BATS_TEST_TMPDIR/user"
	assert_equal "$(outdated)" "|false"
	rsp 0 rsp-keygen element web1 --force
	assert_equal "$(outdated)" "|false"
	rsp 0 rsp-keygen element web1 --force --pool other # authz.json is the registrars'
	assert_equal "$(outdated)" "r1 r2|false"
	rsp 0 rsp-keygen renew r2
	assert_equal "$(outdated)" "r1 r2|false"
	rsp 0 rsp-keygen rotate m1
	assert_equal "$(outdated)" "m1 r1 r2|false"
	rsp 0 rsp-keygen bundle r1 -o "$BATS_TEST_TMPDIR/r1" --force
	assert_equal "$(outdated)" "m1 r2|false"
	rsp 0 rsp-keygen crl
	assert_equal "$(outdated)" "m1 r1 r2 web1|true"
}

@test "life: a scope made anew leaves no key of the old one behind" {
	make_all
	rsp 0 rsp-keygen init --name demo --force
	[ ! -e "$d/registrars/r1/key.pem" ]
	rsp 0 rsp-keygen check
}

# A rotation as it is rolled out, with real nodes: nobody is refused at any time, whoever gets the new keys first.

@test "life: during a rotation registrar and element may have new keys in any order" {
	local mine=$BATS_TEST_TMPDIR/mine
	make_scope "$mine"
	export RSP_SCOPE=$mine/master
	scopes=$mine start_peer r1
	scopes=$mine start_register e1 e1 r1 --port 8080 web
	stop e1
	rsp 0 rsp-keygen rotate e1
	# the element first: the registrar does not know the newer key, and takes the older one
	rsp 0 rsp-keygen bundle e1 -o "$mine/e1" --force
	scopes=$mine start_register e1 e1 r1 --port 8080 web
	stop e1
	# the registrar too: both are taken
	rsp 0 rsp-keygen bundle r1 -o "$mine/r1" --force
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"'
	scopes=$mine start_register e1 e1 r1 --port 8080 web
	stop e1
	# the registrar alone has retired the older one
	rsp 0 rsp-keygen retire e1
	rsp 0 rsp-keygen bundle r1 -o "$mine/r1" --force
	kill -HUP "${pids[r1]}"
	wait_until 10 reloaded r1 2
	scopes=$mine start_register e1 e1 r1 --port 8080 web
	assert_equal "$(records e1 'select(.event == "registered").registrar.auth' | tail -n 1)" '"psk"'
}

reloaded() {
	[ "$(records "$1" 'select(.event == "reload").event' | wc -l)" -eq "$2" ]
}

@test "life: the dates of what revoke makes are not those of the next list of revoked certificates" {
	make_all
	rsp 0 rsp-keygen revoke r1 --days 10
	rsp 1 rsp-keygen check --expires-in 100d
	assert_equal "$(jq -sc '[.[] | select(.kind == "crl") | [.state, (.expires_in_s / 86400 | round)]]' <<<"$output")" '[["ok",397]]'
}

@test "life: what concerns keys alone needs no CA; an element's keys may never end; a lost certificate is told" {
	make_all
	rsp 0 rsp-keygen element web1 --force --days 10
	mv "$RSP_SCOPE/ca.key" "$BATS_TEST_TMPDIR/ca.key"
	rsp 0 rsp-keygen rotate web1
	rsp 0 rsp-keygen retire web1
	rsp 0 rsp-keygen renew web1 --not-after never
	assert_equal "$(jq -c '[.keys[] | select(.client == "web1").not_after] | unique' "$RSP_SCOPE/keys.json")" '[null]'
	mv "$BATS_TEST_TMPDIR/ca.key" "$RSP_SCOPE/ca.key"
	rsp 2 rsp-keygen renew r1 --not-after never
	rm "$RSP_SCOPE/registrars/r1/cert.pem"
	rsp 3 rsp-keygen remove r1
	assert_regex "$stderr" 'rsp-keygen registrar r1 --force'
}
