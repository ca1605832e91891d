#!/usr/bin/env bats
# An element belongs to who registered it, and registers only itself. RFC 5355 2.2-2.4; rsp(7), "Security".

load helpers

setup() {
	start_peer r1 --plain-asap 127.0.0.1:0
	start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
	before=$(handspace)
}

teardown() {
	if [ -n "${pids[r1]-}" ]; then
		assert_equal "$(handspace)" "$before"
	fi
	stop_all
}

# say NODE MESSAGE...: with NODE's key, as no tool of ours would; the answers as [flag reject, cause]
say() {
	local node=$1
	shift
	answers --psk "$(psk "$node" element r1)" "${asap[r1]}" "$@"
}

# answers ARG...: of raw.py exchange
answers() {
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange "$@" | grep -v closed | rsp-audit decode --protocol asap |
		jq -r '.message | "\(.type) \(.causes[0].code // "none")"'
}

@test "another identity cannot deregister an element: 0xa" {
	run -0 say e2 deregister:web:0x11
	assert_output "ASAP_DEREGISTRATION_RESPONSE 0x000a"
	wait_for_record r1 '.event == "refused" and .key == "element-of-another" and .identity == "e2"'
}

@test "another identity cannot register it again, elsewhere: 0xa" {
	run -0 say e2 register:web:0x11:127.0.0.1:6666
	assert_output "ASAP_REGISTRATION_RESPONSE 0x000a"
	wait_for_record r1 '.event == "refused" and .key == "element-of-another" and .identity == "e2"'
}

@test "rsp-register with another identity cannot take its id, and says so with status 6" {
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" --port 6666 --pe-id 0x11 web
	[[ $(tail -n1 <<<"$output" | jq -r '.error.cause.code // .cause.code') == 0x000a ]]
}

@test "an address that is not its own: 0xa" {
	run -0 say e2 register:web:0x22:192.0.2.1:80 register:web:0x22:127.0.0.2:80
	assert_line --index 0 "ASAP_REGISTRATION_RESPONSE 0x000a"
	assert_line --index 1 "ASAP_REGISTRATION_RESPONSE 0x000a"
	wait_for_record r1 '.event == "refused" and .key == "address-not-own" and .identity == "e2"'
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" --port 80 --address 192.0.2.1 web
}

@test "plain text on a secure registrar's plain port: registration, deregistration, resolution get 0xa" {
	run -0 answers "${plain[r1]}" register:web:0x22:127.0.0.1:80 deregister:web:0x11 resolve:web
	assert_line --index 0 "ASAP_REGISTRATION_RESPONSE 0x000a"
	assert_line --index 1 "ASAP_DEREGISTRATION_RESPONSE 0x000a"
	assert_line --index 2 "ASAP_HANDLE_RESOLUTION_RESPONSE 0x000a"
	wait_for_record r1 '.event == "refused" and .key == "plain-text" and
		.reason == "The request came over a connection without TLS."'
	rsp 6 rsp-register --insecure-plaintext -s "${plain[r1]}" --port 80 web
}

@test "plain users are answered where that is allowed, and still cannot register" {
	start_peer r2 --plain-asap 127.0.0.1:0 --answer-plain-users
	start_register at_r2 e2 r2 --port 8080 web
	rsp 0 rsp-resolve --insecure-plaintext -s "${plain[r2]}" web
	run -0 answers "${plain[r2]}" register:web:0x22:127.0.0.1:80
	assert_output "ASAP_REGISTRATION_RESPONSE 0x000a"
	stop at_r2
}

@test "the owner may do all of that" {
	run -0 say e1 register:other:0x33:127.0.0.1:81 deregister:other:0x33
	assert_line --index 0 "ASAP_REGISTRATION_RESPONSE none"
	assert_line --index 1 "ASAP_DEREGISTRATION_RESPONSE none"
}

@test "an element does what authz.json allows it, and nothing more: pools, addresses, how many" {
	local mine=$BATS_TEST_TMPDIR/mine at
	mkdir "$mine"
	{
		rsp-keygen init --scope "$mine/master" --name test
		rsp-keygen registrar --scope "$mine/master" r3 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
		rsp-keygen element --scope "$mine/master" e9 --pool 'w*' --address 192.0.2.0/24
		rsp-keygen bundle --scope "$mine/master" r3 -o "$mine/r3"
		rsp-keygen bundle --scope "$mine/master" e9 -o "$mine/e9"
	} >"$mine/keygen.out"
	jq '(.identities[] | select(.name == "e9")).max_registrations = 1' "$mine/r3/authz.json" >"$mine/authz.json"
	cp "$mine/authz.json" "$mine/r3/authz.json"
	scopes=$mine start_peer r3
	at=r3@${asap[r3]}
	# refused REASON ARG...: rejected, and the registrar tells why
	refused() {
		rsp 6 rsp-register --scope "$mine/e9" -s "$at" --port 80 "${@:2}"
		wait_for_record r3 ".event == \"refused\" and .key == \"$1\" and .identity == \"e9\""
	}
	refused pool-not-allowed other
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .error.cause.code)" 0x000a
	refused address-not-own --address 198.51.100.1 web
	start e9 rsp-register --scope "$mine/e9" -s "$at" --port 80 --address 192.0.2.7 web
	wait_for_record e9 '.event == "registered"'
	refused elements-of-one-identity wide
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .error.cause.code)" 0x0006
}
