#!/usr/bin/env bats
# rsp-keygen is killed before each of its calls that change something on the disk (keygen_crash.c): a change of the master
# directory is there whole or not at all, after what the next run repairs; until then check says that it was interrupted.
load helpers

# A small master: two registrars, an element.
setup_file() {
	local d=$BATS_FILE_TMPDIR/master
	{
		rsp-keygen init --scope "$d" --name demo
		rsp-keygen registrar --scope "$d" r1 --asap 127.0.0.1:3864
		rsp-keygen registrar --scope "$d" r2 --asap 127.0.0.1:4864
		rsp-keygen element --scope "$d" web1 --pool 'web*'
	} >"$d.out"
}

# shape DIR: all of a master that is not by chance; that certificates, keys and lists fit each other, check tells.
shape() {
	(
		cd "$1" || exit
		jq -c '.registrars // .identities // ([.keys[] | [.role, .client, .server, .not_after]] | sort)' \
			scope.json authz.json keys.json
		grep -c BEGIN ca.pem crl.pem
		ls -A . registrars
	)
}

# contents DIR: of all files
contents() {
	(cd "$1" && find . -type f ! -name .lock -exec cat {} + | cksum)
}

# whole VERB...: however far it gets, the master is what it was before, or has the shape after a run that was not killed
whole() {
	local at=0 d=$BATS_TEST_TMPDIR/d out=$BATS_TEST_TMPDIR/out before after status interrupted=0
	cp -r "$BATS_FILE_TMPDIR/master" "$d"
	before=$(contents "$d")
	rsp-keygen "$1" --scope "$d" "${@:2}" >"$out"
	after=$(shape "$d")
	while :; do
		rm -rf "$d"
		cp -r "$BATS_FILE_TMPDIR/master" "$d"
		status=0
		RSP_CRASH_AT=$at "$RSP_BUILDDIR/tests/e2e/keygen_crash" "$1" --scope "$d" "${@:2}" >"$out" 2>&1 || status=$?
		[ "$status" -ne 0 ] || break
		[ "$status" -eq 137 ] || { cat "$out"; return 1; }
		if [ -e "$d/.change/steps" ]; then
			run -3 rsp-keygen check --scope "$d"
			assert_equal "$(jq -r 'select(.kind == "change").object' <<<"$output")" "$d/.change"
			interrupted=$((interrupted + 1))
		fi
		# the next run that changes something: here one that changes nothing else
		rsp-keygen element --scope "$d" web1 --force >"$out"
		rsp-keygen check --scope "$d" >"$out" || { cat "$out"; return 1; }
		[ "$(contents "$d")" = "$before" ] || assert_equal "$(shape "$d")" "$after"
		at=$((at + 1))
	done
	[ "$at" -gt 10 ]
	[ "$interrupted" -gt 5 ]
}

@test "killed at any step: a registrar's addresses and certificate change together" {
	whole registrar r1 --asap 127.0.0.2:3864 --force
}

@test "killed at any step: a registrar leaves whole" {
	whole remove r2
}

@test "killed at any step: another CA joins the old one whole" {
	whole rollover
}

@test "killed at any step: a new scope is there, or none" {
	local at=0 status d=$BATS_TEST_TMPDIR/new
	while :; do
		rm -rf "$d"
		status=0
		RSP_CRASH_AT=$at "$RSP_BUILDDIR/tests/e2e/keygen_crash" init --scope "$d" >"$BATS_TEST_TMPDIR/out" || status=$?
		[ "$status" -ne 0 ] || break
		rsp-keygen init --scope "$d" >"$BATS_TEST_TMPDIR/out" 2>&1 || grep -q 'exists\|has a' "$BATS_TEST_TMPDIR/out"
		run -0 rsp-keygen check --scope "$d"
		at=$((at + 1))
	done
	[ "$at" -gt 10 ]
}
