#!/usr/bin/env bats
# rsp-peer run: options, records, signals, bad input.

load helpers

# peer STATUS ARG...: run it to an end that comes at once
peer() {
	local status=$1
	shift
	rsp "$status" rsp-peer run "$@"
}

@test "listening names the real addresses, and is the first record" {
	start_peer r1 --plain-asap 127.0.0.1:0 --server-id 0xbeef
	run -0 jq -nc 'input | [.event, .name, .server_id, .secure]' "$BATS_TEST_TMPDIR/r1.out"
	assert_output '["listening","r1","0x0000beef",true]'
	for where in "${asap[r1]}" "${enrp[r1]}" "${plain[r1]}"; do
		[[ $where =~ ^127\.0\.0\.1:[1-9][0-9]*$ ]]
	done
}

@test "an insecure registrar says so in every record, and anybody may register" {
	start_peer r1 --insecure-plaintext
	rsp 0 bash -c "python3 '$RSP_SRCDIR/tests/e2e/raw.py' exchange '${asap[r1]}' register:web:7:127.0.0.1:80 |
		rsp-audit decode --protocol asap"
	assert_equal "$(field '.message.flags.reject')" false
	stop r1
	run -0 jq -c .secure "$BATS_TEST_TMPDIR/r1.out"
	refute_output --partial true
}

@test "TERM leaves with status 0 and a last record; INT too" {
	start_peer r1
	stop r1 0 TERM
	run -0 jq -sc '.[-1].event' "$BATS_TEST_TMPDIR/r1.out"
	assert_output '"stopped"'
	start_peer r2
	stop r2 0 INT
}

# keyless DIR: a scope with the one registrar r1 and nobody else yet; DIR/r1 and DIR/user are its bundles.
keyless() {
	{
		rsp-keygen init --scope "$1/master" --name test &&
			rsp-keygen registrar --scope "$1/master" r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 &&
			rsp-keygen bundle --scope "$1/master" r1 -o "$1/r1" &&
			rsp-keygen bundle --scope "$1/master" --user -o "$1/user"
	} >"$1/keygen.out"
}

@test "a registrar that has a certificate and no key yet serves users; elements come with HUP" {
	local dir=$BATS_TEST_TMPDIR/scope
	mkdir "$dir"
	keyless "$dir"
	assert_equal "$(jq -c .keys "$dir/r1/keys.json")" '[]'
	start_peer r1 --scope "$dir/r1"
	rsp 1 rsp-resolve --scope "$dir/user" -s "r1@${asap[r1]}" web
	assert_equal "$(field '.error.key')" unknown-pool
	rsp 5 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -t 3s --port 80 web
	assert_equal "$(jq -rs '.[-1].error.key' <<<"$output")" auth-failed

	rsp-keygen element --scope "$dir/master" e1 >>"$dir/keygen.out"
	rsp-keygen bundle --scope "$dir/master" e1 -o "$dir/e1" >>"$dir/keygen.out"
	rsp-keygen bundle --scope "$dir/master" r1 -o "$dir/r1" --force >>"$dir/keygen.out"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload" and .n_keys > 0'
	start e1 rsp-register --scope "$dir/e1" -s "r1@${asap[r1]}" --port 80 web
	wait_for_record e1 '.event == "registered"'
	rsp 0 rsp-resolve --scope "$dir/user" -s "r1@${asap[r1]}" web
}

@test "a registrar that has lost a file of its bundle does not start, nor does HUP take it" { # RFC 5355 2.2-2.4, 2.15
	local dir=$BATS_TEST_TMPDIR/r1 file
	cp -r "$scopes/r1" "$dir"
	start_peer r1 --scope "$dir"
	for file in keys.json authz.json cert.pem key.pem crl.pem; do
		mv "$dir/$file" "$BATS_TEST_TMPDIR/away"
		peer 3 --scope "$dir"
		assert_equal "$(field '.error.key, .error.object' | xargs)" "not-found $dir/$file"
		assert_regex "$stderr" "^rsp-peer: $dir/$file: is missing(, without it| \\()"
		kill -HUP "${pids[r1]}"
		wait_for_record r1 ".event == \"reload-failed\" and .error.object == \"$dir/$file\""
		mv "$BATS_TEST_TMPDIR/away" "$dir/$file"
	done
	start_register e1 e1 r1 --port 80 web # with all that was in force before
	resolve web
	mv "$dir/keys.json" "$dir/cert.pem" "$dir/key.pem" "$dir/crl.pem" "$BATS_TEST_TMPDIR"
	stop e1
	stop r1
	start_peer r1 --scope "$dir" --keys "$BATS_TEST_TMPDIR/keys.json" --tls-crl "$BATS_TEST_TMPDIR/crl.pem" \
		--tls-cert "$BATS_TEST_TMPDIR/cert.pem" --tls-key "$BATS_TEST_TMPDIR/key.pem"
}

@test "a registrar without a key and without a certificate does not start, nor does HUP take both away" {
	local dir=$BATS_TEST_TMPDIR/scope
	mkdir "$dir"
	keyless "$dir"
	cp -r "$dir/r1" "$dir/bare"
	rm "$dir/bare/cert.pem" "$dir/bare/key.pem"
	peer 3 --scope "$dir/bare"
	assert_equal "$(field '.error.key, .error.object' | xargs)" "not-found $dir/bare/cert.pem"
	start_peer r1 --scope "$dir/r1"
	rm "$dir/r1/cert.pem" "$dir/r1/key.pem"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload-failed" and .error.key == "not-found"'
	rsp 1 rsp-resolve --scope "$dir/user" -s "r1@${asap[r1]}" web
}

@test "HUP takes new keys; who has them gets in, and who is there stays" {
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	jq '.keys |= map(select(.client != "e2"))' "$scopes/r1/keys.json" >"$BATS_TEST_TMPDIR/r1/keys.json"
	start_peer r1 --scope "$BATS_TEST_TMPDIR/r1"
	start_register e1 e1 r1 --port 80 web
	rsp 5 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" -t 3s --port 81 web
	cp "$scopes/r1/keys.json" "$BATS_TEST_TMPDIR/r1/keys.json"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"'
	start_register e2 e2 r1 --port 81 web
	assert_equal "$(records e1 'select(.event == "lost" or .event == "home-changed")')" ""
}

@test "systemd is told when it is ready, reads its keys again, and stops" {
	local wanted='READY=1 STATUS=serving RELOADING=1 READY=1 STOPPING=1'
	grep -q HAVE_SYSTEMD.1 "$RSP_BUILDDIR/config.h" || wanted=
	export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
	start listener python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(os.environ["NOTIFY_SOCKET"])
with open(sys.argv[1], "w", buffering=1) as log:
    while True:
        print(s.recv(4096).decode(), file=log)' "$BATS_TEST_TMPDIR/told"
	wait_until 5 test -e "$NOTIFY_SOCKET"
	start_peer r1
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"'
	stop r1
	wait_until 5 is_told "$wanted"
	stop listener 143
}

is_told() {
	[ "$(xargs <"$BATS_TEST_TMPDIR/told")" = "$1" ]
}

@test "HUP with a bad set changes nothing, and says what is bad" {
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	start_peer r1 --scope "$BATS_TEST_TMPDIR/r1"
	echo '{ "schema": ' >"$BATS_TEST_TMPDIR/r1/keys.json"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload-failed" and .error.key == "config" and (.error.object | contains("keys.json:"))'
	start_register e1 e1 r1 --port 80 web
	resolve web
	rm "$BATS_TEST_TMPDIR/r1/ca.pem"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload-failed" and .error.key == "not-found"'
	resolve web
}

# not_ours DIR FILE WHY: a registrar does not start with DIR, nor does r1, whose directory is $r1, take it at HUP
not_ours() {
	peer 3 --scope "$1"
	assert_equal "$stderr" "rsp-peer: $1/$2: $3"
	mv "$r1" "$BATS_TEST_TMPDIR/old"
	cp -r "$1" "$r1"
	kill -HUP "${pids[r1]}"
	wait_until 5 grep -qxF "rsp-peer: $r1/$2: $3; the old keys stay in force" "$BATS_TEST_TMPDIR/r1.err"
	wait_for_record r1 ".event == \"reload-failed\" and .error.object == \"$r1/$2\""
	rm -r "$r1"
	mv "$BATS_TEST_TMPDIR/old" "$r1"
}

@test "a bundle that check calls bad: a registrar does not start with it, nor does HUP take it" {
	local r1=$BATS_TEST_TMPDIR/r1 bad=$BATS_TEST_TMPDIR/bad
	cp -r "$scopes/r1" "$r1"
	start_peer r1 --scope "$r1"
	peer 3 --scope "$scopes/r2" --name r3
	assert_equal "$stderr" "rsp-peer: $scopes/r2/keys.json: is of node r2, not of r3 (give the bundle of this node, or another --name)"
	cp -r "$scopes/r1" "$bad"
	cp "$scopes/r2/keys.json" "$bad" # HUP knows whom it is of, a start has no other name to go by
	rsp 3 rsp-keygen check --scope "$bad"
	peer 3 --scope "$bad" --name r1
	assert_equal "$stderr" "rsp-peer: $bad/keys.json: is of node r2, not of r1 (give the bundle of this node, or another --name)"
	peer 3 --scope "$bad"
	assert_regex "$stderr" "^rsp-peer: $bad/cert.pem: "
	cp "$scopes/r2"/{cert,key}.pem "$scopes/r1/keys.json" "$bad"
	rsp 3 rsp-keygen check --scope "$bad"
	not_ours "$bad" cert.pem "$(jq -r 'select(.state == "bad").reason' <<<"$output")"
	cp "$scopes/r1"/{cert,key}.pem "$bad"
	cp -r "$scopes/master" "$BATS_TEST_TMPDIR/master"
	rsp 0 rsp-keygen crl --scope "$BATS_TEST_TMPDIR/master" --revoke r1
	cp "$BATS_TEST_TMPDIR/master/crl.pem" "$bad"
	rsp 3 rsp-keygen check --scope "$bad"
	not_ours "$bad" cert.pem "$(jq -r 'select(.state == "bad").reason' <<<"$output")"
	cp "$scopes/r1/crl.pem" "$bad"
	jq '.scope = "other"' "$scopes/r1/keys.json" >"$bad/keys.json"
	rsp 3 rsp-keygen check --scope "$bad"
	assert_equal "$(jq -r 'select(.state == "bad").object' <<<"$output")" "$bad/keys.json"
	not_ours "$bad" keys.json 'is of the scope "other", not "test": take all files from one bundle'
	cp "$scopes/r2/keys.json" "$r1"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload-failed" and .error.reason == "is of node r2, not of r1 (give the bundle of this node, or another --name)"'
	start_register e1 e1 r1 --port 80 web # with all that was in force before
}

@test "a registrar that keys.json names, not --name, knows its name after HUP, too" {
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/r1"
	start r1 rsp-peer run --scope "$BATS_TEST_TMPDIR/r1" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_for_record r1 '.event == "listening"'
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload"'
	rsp 0 rsp-peer status --name r1
	assert_equal "$(field .name)" r1
}

@test "bad input: each gets one record, its status and its key" {
	local status key args
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/open"
	chmod 644 "$BATS_TEST_TMPDIR/open/keys.json"
	cp -r "$scopes/r1" "$BATS_TEST_TMPDIR/json"
	echo 'no JSON' >"$BATS_TEST_TMPDIR/json/keys.json"
	while read -r status key args; do
		# shellcheck disable=SC2086 # words
		peer "$status" $args
		assert_equal "$(wc -l <<<"$output")" 1
		assert_equal "$(field .error.key)" "$key"
		assert_equal "$(field .error.exit)" "$status"
		assert_equal "$(wc -l <<<"$stderr")" 1
	done <<-ROWS
		3 not-found --scope $BATS_TEST_TMPDIR/nowhere
		3 permissions --scope $BATS_TEST_TMPDIR/open
		3 config --scope $BATS_TEST_TMPDIR/json
		3 not-found --scope $scopes/user --name r1
		3 config --scope $scopes/r1 --name r9
		2 usage --scope $scopes/r1 --asap nowhere
		2 usage --scope $scopes/r1 --asap 127.0.0.1:65536
		2 usage --scope $scopes/r1 --max-pools 0
		2 usage --scope $scopes/r1 --keepalive-interval soon
		2 usage --scope $scopes/r1 --registration-rate 5:x
		2 usage --scope $scopes/r1 --server-id 0
		2 usage --scope $scopes/r1 --no-such-option
		2 usage --scope $scopes/r1 --identity x
		2 usage --scope $scopes/r1 word
		2 usage --scope $scopes/r1 --peer 192.0.2.1:99
		2 usage --scope $scopes/r1 --peer r1@192.0.2.1:99
		2 usage --scope $scopes/r1 --peer r2@[::1
		3 not-found --scope $scopes/r1 --peer r9@192.0.2.1:99
	ROWS
	peer 2 --insecure-plaintext --asap 127.0.0.1:0 # and no name
	assert_equal "$(field '.error.object')" --name
}

@test "bad input: an address in use, and one that is not ours" {
	start_peer r1
	peer 3 --scope "$scopes/r2" --asap "${asap[r1]}" --enrp 127.0.0.1:0
	assert_equal "$(field .error.key)" io
	peer 3 --scope "$scopes/r2" --asap 192.0.2.1:0 --enrp 127.0.0.1:0
	assert_equal "$(field .error.key)" io
}

@test "an address without a port has the protocol's, of TLS or of plain text" {
	local at=127.$((RANDOM % 100 + 100)).$((RANDOM % 250)).1 # where nobody else has them
	start_peer r1 --asap "$at" --enrp "$at" --plain-asap "$at"
	assert_equal "${asap[r1]} ${enrp[r1]} ${plain[r1]}" "$at:3864 $at:9902 $at:3863"
	stop r1
	start_peer r1 --insecure-plaintext --asap "$at" --enrp "$at"
	assert_equal "${asap[r1]} ${enrp[r1]}" "$at:3863 $at:9901"
}

@test "limits: pools, and elements of one identity, are answered with cause 0x6" {
	start_peer r1 --max-pools 1 --max-identity-elements 2
	start_register one e1 r1 --port 80 web
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" --port 80 other
	assert_equal "$(jq -rs '.[-1].error.cause.code' <<<"$output")" 0x0006
	start_register two e1 r1 --port 81 web
	rsp 6 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 82 web
	assert_equal "$(jq -rs '.[-1].error.cause.code' <<<"$output")" 0x0006
	wait_for_record r1 '.event == "refused" and .cause.code == "0x0006"'
}

@test "every long option is in the completion and in the manual page" {
	for option in $(rsp-peer run --help | grep -oE -- '--[a-z0-9-]+' | sort -u); do
		grep -q -- "$option" "$RSP_SRCDIR/completions/rsp-peer.bash" || fail "$option: no completion"
		grep -qE -- "(Fl -| )${option#--}" "$RSP_SRCDIR/man/rsp-peer.1" ||
			grep -q -- "Fl -${option#--}" "$RSP_SRCDIR/man/rsp-peer.1" "$RSP_SRCDIR/man/rsp.7" ||
			case $option in
			--identity | --tls-name | --transport | --output | --quiet | --verbose | --version | --help) ;;
			*) fail "$option: not in the manual" ;;
			esac
	done
}
