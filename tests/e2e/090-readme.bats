#!/usr/bin/env bats
# What the README promises of ./bootstrap and of the demo.

load helpers

@test "make demo does what it says, within 15 seconds" {
	local begin=$SECONDS
	run -0 "$RSP_SRCDIR/tests/demo/demo.sh"
	assert_line --partial 'everything did what it should'
	[ "$((SECONDS - begin))" -le 15 ]
}

@test "bootstrap, when it may not install what is missing, says the one line to run, and does nothing else" {
	local stub=$BATS_TEST_TMPDIR/stub tool
	mkdir "$stub" "$BATS_TEST_TMPDIR/tree"
	cp "$RSP_SRCDIR/bootstrap" "$BATS_TEST_TMPDIR/tree"
	for tool in 'id:echo 1000' 'sudo:exit 1' 'apt-get:echo apt-get was run' 'autoreconf:echo autoreconf was run' \
		'dpkg-query:for last; do :; done; [ "$last" = gcc ] || exit 1; echo install ok installed'; do
		printf '#!/bin/sh\n%s\n' "${tool#*:}" >"$stub/${tool%%:*}"
	done
	chmod +x "$stub"/*
	PATH=$stub:$PATH run -1 --separate-stderr "$BATS_TEST_TMPDIR/tree/bootstrap" check
	assert_equal "$output" ""
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^bootstrap: .*: apt-get install --no-install-recommends autoconf automake make libc6-dev .* bats '
	assert_equal "$(ls "$BATS_TEST_TMPDIR/tree")" bootstrap
}
