#!/usr/bin/env bats
# One CA takes the place of another while users and registrars go on: rsp-keygen rollover, renew, rollover --finish.
load helpers

setup() {
	mine=$BATS_TEST_TMPDIR/mine
	cp -r "$scopes" "$mine"
	export RSP_SCOPE=$mine/master
	d=$RSP_SCOPE
}

# bundle NODE: write it again
bundle() {
	if [ "$1" = user ]; then
		rsp 0 rsp-keygen bundle --user -o "$mine/user" --force
	else
		rsp 0 rsp-keygen bundle "$1" -o "$mine/$1" --force
	fi
}

# ask STATUS USER [OPTION...]: as a user with the bundle USER; an unknown pool is an answer
ask() {
	rsp "$1" rsp-resolve --scope "$mine/$2" -s "r1@${asap[r1]}" -t 5s "${@:3}" web
}

reload() {
	local n
	n=$(records r1 'select(.event == "reload")' | wc -l)
	kill -HUP "${pids[r1]}"
	wait_until 10 reloaded "$n"
}

reloaded() {
	[ "$(records r1 'select(.event == "reload")' | wc -l)" -gt "$1" ]
}

@test "rollover: at each step those who have the bundles of the step before go on" {
	cp -r "$mine/user" "$mine/old-user"
	scopes=$mine start_peer r1
	ask 1 user
	rsp 0 rsp-keygen rollover
	assert_equal "$(field '.action, .outdated.users' | xargs)" "rollover true"
	assert_equal "$(grep -c BEGIN "$d/ca.pem") $(grep -c BEGIN "$d/crl.pem")" "2 2"
	assert_equal "$(stat -c %a "$d/ca-old.key")" 600
	rsp 0 rsp-keygen check
	rsp 3 rsp-keygen rollover
	assert_equal "$(field .error.key)" exists
	rsp 3 rsp-keygen rollover --finish
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "exists r1"
	bundle user
	ask 1 user # the registrar has its old certificate still
	for node in r1 r2 r3 r4; do rsp 0 rsp-keygen renew "$node"; done
	bundle r1
	reload
	ask 1 user
	ask 5 old-user # the order counts: users first
	assert_equal "$(field .error.key)" unknown-ca
	# both lists work on
	rsp 0 rsp-keygen crl
	assert_equal "$(grep -c BEGIN "$d/crl.pem")" 2
	rsp 0 rsp-keygen crl --revoke r1
	ask 5 user --tls-crl "$d/crl.pem"
	assert_equal "$(field .error.key)" certificate-revoked
	rsp 0 rsp-keygen revoke r1
	rsp 0 rsp-keygen rollover --finish
	assert_equal "$(grep -c BEGIN "$d/ca.pem") $(grep -c BEGIN "$d/crl.pem")" "1 1"
	[ ! -e "$d/ca-old.key" ]
	rsp 0 rsp-keygen check
	rsp 3 rsp-keygen rollover --finish
	assert_equal "$(field .error.key)" not-found
	bundle r1
	bundle user
	reload
	ask 1 user
	rsp 0 rsp-keygen rollover # and again, one day
}

@test "rollover: two CAs and two lists in any order, also with an expired CA among them" {
	rsp 0 rsp-keygen init --scope "$mine/other" --name test --not-before 2020-01-01 --not-after 2021-01-01
	openssl ca -gencrl -config <(printf '[ca]\ndefault_ca=a\n[a]\ndatabase=/dev/null\ndefault_md=sha256\n') \
		-cert "$mine/other/ca.pem" -keyfile "$mine/other/ca.key" -crl_lastupdate 20200101000000Z \
		-crl_nextupdate 20200201000000Z -out "$mine/other/crl.pem"
	for file in ca crl; do
		cat "$mine/other/$file.pem" "$scopes/r1/$file.pem" >"$mine/r1/$file.pem"
		cat "$mine/other/$file.pem" "$scopes/user/$file.pem" >"$mine/user/$file.pem"
	done
	scopes=$mine start_peer r1
	ask 1 user
	cat "$scopes/user/ca.pem" "$mine/other/ca.pem" >"$mine/user/ca.pem"
	ask 1 user
	cat "$scopes/user/crl.pem" "$mine/other/crl.pem" >"$mine/user/crl.pem"
	ask 1 user
}

@test "rollover: a user who lacks the list of one CA, or all of them, is told" {
	scopes=$mine start_peer r1
	rsp 0 rsp-keygen rollover
	bundle user
	ask 1 user
	assert_equal "$stderr" "rsp-resolve: web: no such pool"
	cp "$scopes/user/crl.pem" "$mine/user/crl.pem" # of the old CA only
	ask 1 user
	assert_regex "$stderr" "^rsp-resolve: $mine/user/crl.pem: has no revocation list \(CRL\) of the CA \"test scope CA [-0-9]+\": "
	rsp 3 rsp-keygen check --scope "$mine/user"
	assert_regex "$(jq -r 'select(.state == "bad") | "\(.kind) \(.object) \(.reason)"' <<<"$output")" \
		"^crl $mine/user/crl.pem has no list of the CA \"test scope CA [-0-9]+\"$"
	rm "$mine/user/crl.pem"
	ask 1 user
	assert_equal "$(head -n 1 <<<"$stderr")" \
		"rsp-resolve: $mine/user/crl.pem: is missing: revoked registrar certificates are accepted (rsp-keygen bundle writes it)"
}

@test "rollover: check tells of an old CA's key that others can read" {
	export RSP_SCOPE=$BATS_TEST_TMPDIR/open
	rsp 0 rsp-keygen init --name demo
	rsp 0 rsp-keygen rollover
	chmod 644 "$RSP_SCOPE/ca-old.key"
	run --separate-stderr rsp-keygen check
	assert_equal "$(jq -r 'select(.kind == "ca-key" and .ok == false).object' <<<"$output")" "$RSP_SCOPE/ca-old.key"
}
