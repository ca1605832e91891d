# What goes wrong is told by its cause, not by a sign of it: the wrong port, TLS where there is none, no descriptor left; and
# a byte order mark or a blank line is nothing wrong at all.
load helpers

# refused TOOL_STATUS REGEX COMMAND...: it fails so, and gives that reason.
refused() {
	rsp "$1" "${@:3}"
	assert_regex "$(tail -n 1 <<<"$output" | jq -r .error.reason)" "$2"
}

# with_ports NAME: $BATS_TEST_TMPDIR/NAME is the scope directory NAME, whose scope.json has the ports of r1 as they are.
with_ports() {
	cp -r "$scopes/$1" "$BATS_TEST_TMPDIR/$1"
	jq --arg asap "${asap[r1]}" --arg enrp "${enrp[r1]}" \
		'.registrars |= map(if .name == "r1" then .asap = $asap | .enrp = $enrp else . end)' \
		"$scopes/$1/scope.json" >"$BATS_TEST_TMPDIR/$1/scope.json"
}

@test "causes: a port of scope.json that is for the other service" {
	local name at
	start_peer r1
	for name in user e1 m1 r2; do
		with_ports "$name"
	done
	for at in "r1@${enrp[r1]}" "${enrp[r1]}" "r1@localhost:$(port "${enrp[r1]}")"; do
		refused 2 "^is the ENRP port of r1; for ASAP it has ${asap[r1]}$" \
			rsp-resolve --scope "$BATS_TEST_TMPDIR/user" -s "$at" web
		assert_equal "$(field '.error.object')" "$at"
		refused 2 '^is the ENRP port of r1' rsp-register --scope "$BATS_TEST_TMPDIR/e1" -s "$at" -p 1 web
	done
	refused 2 "^is the ASAP port of r1; for ENRP it has ${enrp[r1]}$" \
		rsp-peer list --scope "$BATS_TEST_TMPDIR/m1" -s "r1@${asap[r1]}"
	refused 2 '^is the ASAP port of r1' rsp-peer run --scope "$BATS_TEST_TMPDIR/r2" --asap 127.0.0.1:0 \
		--enrp 127.0.0.1:0 --peer "r1@${asap[r1]}"
	rsp 1 rsp-resolve --scope "$BATS_TEST_TMPDIR/user" -s "r1@${asap[r1]}" web
}

@test "causes: the wrong port, which scope.json does not have" {
	start_peer r1
	refused 5 'is it the ASAP port\? \(alert handshake_failure\)' \
		rsp-resolve --scope "$scopes/user" -s "r1@${enrp[r1]}" web
	wait_for_record r1 '.event == "connection-refused" and (.reason | test("a user at a port for keys"))'
	refused 5 'is it that registrar, and its ASAP port\?' \
		rsp-register --scope "$scopes/e1" -s "r1@${enrp[r1]}" -p 1 web
	refused 5 'is it that registrar, and its ENRP port\?' rsp-peer list --scope "$scopes/m1" -s "r1@${asap[r1]}"
}

@test "causes: TLS at a port for plain text" {
	start plain rsp-peer run --insecure-plaintext --name plain --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	local listening
	listening=$(wait_for_record plain '.event == "listening"')
	refused 4 'closed' rsp-resolve --scope "$scopes/user" -s "r1@$(jq -r .asap <<<"$listening")" web
	assert_equal "$(field '.error.key, .attempts[0].step' | xargs)" "closed tls"
	wait_for_record plain '.event == "malformed" and .key == "malformed" and (.reason | test("a TLS handshake, but this port is for plain text"))'
}

@test "causes: no descriptor is left" {
	local n
	for n in 5 6 8; do
		refused 10 '^Too many open files$' bash -c 'few "$0" "$@"' "$n" rsp-resolve --insecure-plaintext -s 127.0.0.1:1 web
		assert_equal "$(field '.error | "\(.key) \(.object)"')" "limit event loop"
		refused 10 '^Too many open files$' bash -c 'few "$0" "$@"' "$n" rsp-peer status
		refused 10 '^Too many open files$' bash -c 'few "$0" "$@"' "$n" rsp-peer list --insecure-plaintext -s 127.0.0.1:1
		refused 10 '^Too many open files$' bash -c 'few "$0" "$@"' "$n" rsp-register --insecure-plaintext -s 127.0.0.1:1 -p 1 web
	done
	for n in {9..12}; do # for the loop there are enough, but not for the sockets of a name server
		rsp 4 bash -c 'few "$0" "$@"' "$n" rsp-resolve --insecure-plaintext -s localhost:1 web
		assert_regex "$(field .error.reason)" '[Tt]oo many open files|Connection refused'
	done
}

# few N COMMAND...: run it with N descriptors, of which it has three.
few() {
	local n=$1 fd
	shift
	for fd in {3..9}; do
		eval "exec $fd>&-"
	done
	ulimit -n "$n"
	exec "$@"
}
export -f few

@test "causes: a byte order mark and blank lines are passed over" {
	local dir=$BATS_TEST_TMPDIR/marked file
	cp -r "$scopes/e1" "$dir"
	for file in scope keys; do
		{ printf '\357\273\277' && sed 's/$/\r/' "$scopes/e1/$file.json"; } >"$dir/$file.json"
	done
	start_peer r1
	printf '\357\273\277{"pool": "web", "port": 8001}\r\n\r\n \t\r\n{"pool": "web", "port": 8002}\r\n' >"$BATS_TEST_TMPDIR/lines"
	start batch bash -c "exec rsp-register --scope '$dir' -s 'r1@${asap[r1]}' --batch <'$BATS_TEST_TMPDIR/lines'"
	wait_until 10 two_registered
	refute said batch 'expected'

	printf '\357\273\2770100\r\n\r\n' >"$BATS_TEST_TMPDIR/hex" # too short: but it is hex
	run rsp-audit decode --protocol asap "$BATS_TEST_TMPDIR/hex"
	refute_output --partial 'hex digit'
	assert_equal "$(grep -c rsp.decode <<<"$output")" 1
}

two_registered() {
	[ "$(records batch 'select(.event == "registered")' | wc -l)" -eq 2 ]
}
