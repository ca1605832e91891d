#!/usr/bin/env bats
# Nothing ends as a surprise: a registrar warns of a certificate, CA or list of revoked certificates that ends within 30, 7 and
# 1 days, and of one that ended; rsp-peer status has the dates; users are told which file is to be renewed.
load helpers

setup() {
	mine=$BATS_TEST_TMPDIR/mine
	cp -r "$scopes" "$mine"
	export RSP_SCOPE=$mine/master
}

# in_time TIME: as options take it
in_time() {
	date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ
}

# renewed: r1 and users have the bundles that the master writes now
renewed() {
	rsp-keygen bundle r1 -o "$mine/r1" --force >"$BATS_TEST_TMPDIR/keygen"
	rsp-keygen bundle --user -o "$mine/user" --force >"$BATS_TEST_TMPDIR/keygen"
}

# warnings: the records of r1, without times
warnings() {
	records r1 'select(.event == "expiry") | [.file, .subject, .state, .ok]'
}

@test "expiry: a registrar whose files are good for long says nothing" {
	scopes=$mine start_peer r1
	assert_equal "$(warnings)" ""
	assert_equal "$(cat "$BATS_TEST_TMPDIR/r1.err")" ""
	run -0 rsp-peer status --name r1
	assert_equal "$(field '.certificates[] | [.file, .subject, .state] | join(" ")')" \
		$'cert.pem r1 ok\nca.pem test scope CA ok\ncrl.pem test scope CA ok'
	assert_equal "$(field '.certificates[0].not_after')" \
		"$(openssl x509 -in "$mine/r1/cert.pem" -noout -enddate | sed 's/notAfter=//' | date -u -f - +%Y-%m-%dT%H:%M:%S.000Z)"
	assert_equal "$(field '.certificates[0].expires_in_s / 86400 | floor')" 396
}

@test "expiry: at the start a registrar warns of what ends within 30, 7, 1 days, and of what ended" {
	local days within
	for days in 20 5 0; do
		rsp 0 rsp-keygen renew r1 --not-after "$(in_time "+$days days +1 hour")"
		renewed
		scopes=$mine start_peer r1
		wait_for_record r1 '.event == "expiry"'
		assert_equal "$(warnings)" '["cert.pem","r1","due",true]'
		case $days in 20) within='30 days' ;; 5) within='7 days' ;; *) within='a day' ;; esac
		said r1 "^rsp-peer: cert.pem: the certificate of \"r1\" expires in less than $within, on 20.*\(rsp-keygen renew\)$" 1
		run -0 rsp-peer status --name r1
		assert_equal "$(field '.certificates[0] | [.state, (.expires_in_s / 86400 | floor)] | join(" ")')" "due $days"
		stop r1
	done
	rsp 0 rsp-keygen renew r1 --not-before 2020-01-01 --not-after 2021-01-01
	rsp 0 rsp-keygen crl --not-after "$(in_time '+3 days')"
	renewed
	scopes=$mine start_peer r1
	wait_for_record r1 '.event == "expiry" and .file == "crl.pem"'
	assert_equal "$(warnings)" $'["cert.pem","r1","expired",false]\n["crl.pem","test scope CA","due",true]'
	said r1 '^rsp-peer: cert.pem: the certificate of "r1" expired on 2021-01-01T00:00:00.000Z: ' 1
	said r1 '^rsp-peer: crl.pem: a newer list of "test scope CA" is due in less than 7 days, on 20.*\(rsp-keygen crl\)$' 1
}

@test "expiry: a registrar that runs warns when something comes nearer to its end, and at HUP" {
	local begun margin # s: enough for what is done before, however slow this machine is now
	begun=$(now)
	rsp 0 rsp-keygen renew r1
	renewed
	scopes=$mine start_peer r1
	stop r1
	margin=$((2 + ($(now) - begun) / 200))
	rsp 0 rsp-keygen renew r1 --not-after "$(in_time "+7 days +$margin seconds")"
	renewed
	scopes=$mine start_peer r1
	wait_for_record r1 '.event == "expiry" and .state == "due"'
	wait_until $((20 + margin)) said r1 'cert.pem: .* expires in less than 7 days'
	assert_equal "$(warnings)" $'["cert.pem","r1","due",true]\n["cert.pem","r1","due",true]'
	rsp 0 rsp-keygen renew r1 --not-after "$(in_time "+$margin seconds")"
	renewed
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "expiry" and .state == "expired"' $((20 + margin))
	said r1 'cert.pem: .* expires in less than a day'
	said r1 '^rsp-peer: cert.pem: the certificate of "r1" expired on ' 1
	run -0 rsp-peer status --name r1
	assert_equal "$(field '.certificates[0].state')" expired
	rsp 0 rsp-keygen renew r1
	renewed
	kill -HUP "${pids[r1]}"
	wait_until 10 is_fine
	assert_equal "$(warnings | wc -l)" 4
}

is_fine() {
	[ "$(rsp-peer status --name r1 | jq -r '.certificates[0].state')" = ok ]
}

@test "expiry: a user is told which file ended, and when" {
	rsp 0 rsp-keygen crl --not-after 2021-01-01
	renewed
	scopes=$mine start_peer r1
	said r1 '^rsp-peer: crl.pem: a newer list of "test scope CA" was due on 2021-01-01T00:00:00.000Z: users refuse' 1
	rsp 5 rsp-resolve --scope "$mine/user" -s "r1@${asap[r1]}" -t 4s web
	assert_equal "$(field '.error | [.key, .reason] | join(" ")')" \
		"crl-expired crl.pem: a newer list was due on 2021-01-01T00:00:00.000Z (rsp-keygen crl)"
	assert_equal "$stderr" "rsp-resolve: r1@${asap[r1]}: crl.pem: a newer list was due on 2021-01-01T00:00:00.000Z (rsp-keygen crl)"
	stop r1
	rsp 0 rsp-keygen crl
	rsp 0 rsp-keygen renew r1 --not-before 2020-01-01 --not-after 2021-01-01
	renewed
	scopes=$mine start_peer r1
	rsp 5 rsp-resolve --scope "$mine/user" -s "r1@${asap[r1]}" -t 4s web
	assert_equal "$stderr" \
		"rsp-resolve: r1@${asap[r1]}: its cert.pem: the certificate expired on 2021-01-01T00:00:00.000Z (rsp-keygen renew)"
}
