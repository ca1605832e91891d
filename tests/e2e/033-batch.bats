# rsp-register --batch: any line that is no good costs only itself, records say the line, and what we print is taken.
load helpers

batch() { # batch NAME ARG...: hold the elements of the file NAME.batch
	local name=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	start "$name" bash -c 'exec rsp-register "${@:2}" <"$1"' - "$BATS_TEST_TMPDIR/$name.batch" --scope "$scopes/e1" \
		-s "r1@${asap[r1]}" --batch "$@"
}

registered() { # registered NAME N
	[ "$(records "$1" 'select(.event == "registered")' | wc -l)" -eq "$2" ]
}

@test "batch: a line of any length, and of any octets, costs only itself; records have the line" {
	start_peer r1
	{
		echo '{"port": 8001, "pe_id": 1}'
		head -c 65537 /dev/zero | tr '\0' x
		echo
		echo '{"port": 8003, "pe_id": 3}'
		head -c 300000 /dev/zero # one of many pieces, with NULs in it
		echo
		printf '\377\376\n'
		echo '{"port": 8006, "pe_id": 6}'
		printf '{"port": 8007, "pe_id": 7, "pool": "%s"}\n' "$(head -c 65000 /dev/zero | tr '\0' p)"
		echo '{"port": 8008, "pe_id": 3}' # the identifier of line 3
		head -c 70000 /dev/zero | tr '\0' ' ' # and one without an end
	} >"$BATS_TEST_TMPDIR/one.batch"
	batch one web
	wait_until 10 registered one 3
	assert_equal "$(records one 'select(.event == "registered") | "\(.line) \(.pe_id)"' | jq -sc 'sort | join(", ")')" \
		'"1 0x00000001, 3 0x00000003, 6 0x00000006"'
	wait_for_record one '.error.object == "stdin:9"'
	assert_equal "$(records one 'select(.error) | .error.object' | jq -sc 'map(ltrimstr("stdin:")) | join(" ")')" '"2 4 5 7 8 9"'
	assert_regex "$(records one 'select(.error.object == "stdin:2") | .error.reason')" 'longer than 65536 octets'
	stop one 9
	assert_equal "$(records one 'select(.event == "deregistered") | .line' | sort | xargs)" "1 3 6"
	said one '^rsp-register: stdin: 6 lines could not be used$' 1
}

@test "batch: elements as they are printed are taken back, with the same load" {
	start_peer r1
	jq -nc '{pool: "web", port: 8001, pe_id: 1, policy: "lud", load: "50%", load_degradation: 0.25},
		{pool: "web", port: 8002, pe_id: 2, policy: "lud", load: 1, lifetime: "7m"},
		{pool: "other", port: 8003, pe_id: 3, policy: "wrr", weight: 5, address: "127.0.0.1"}' >"$BATS_TEST_TMPDIR/one.batch"
	batch one
	wait_until 10 registered one 3
	printed() {
		elements r1 | jq -Sc '.[1] |= del(.home_id, .statement, .asap_transport, .owner, .owner_hex)'
	}
	printed >"$BATS_TEST_TMPDIR/before"
	rsp-peer dump --scope "$scopes/m1" -s "r1@${enrp[r1]}" | jq -c 'select(.element) | {handle, handle_hex} + .element' \
		>"$BATS_TEST_TMPDIR/two.batch"
	stop one
	batch two
	wait_until 10 registered two 3
	assert_equal "$(records two 'select(.error)')" ""
	printed | diff "$BATS_TEST_TMPDIR/before" -
	stop two
	jq -nc '{pool: "web", port: 8001, pe_id: 1, policy: "lu", load: 2147483648}, {pool: "web", port: 8002, policy: "lu", load: 4294967296},
		{pool: "web", policy: "lu", user_transport: {type: "tcp", port: 0}}, {pool: "web", port: 8001, policy: {name: "least-used", load: -1}},
		{pool: "web", port: 8001, policy: {name: "least-used", extra_hex: "00"}}, {pool: "web", port: 8001, policy: {}},
		{handle_hex: "7", port: 8001}, {pool: "web", user_transport: [], port: 8001}, {pool: "web", port: 1, lifetime_s: 0}' \
		>"$BATS_TEST_TMPDIR/three.batch"
	batch three
	wait_for_record three '.error.object == "stdin:9"'
	wait_until 10 registered three 1
	resolve web
	assert_equal "$(field '.elements[0].policy.load')" 2147483648
	assert_equal "$(records three 'select(.error)' | wc -l)" 8
	stop three 9
}

@test "batch: an identifier file of NULs or blanks is an empty one" {
	start_peer r1
	local file=$BATS_TEST_TMPDIR/id content
	for content in '\0\0\0\0\0\0\0\0\0\0\0' ' \t\n\n' '' '\0 \n\0'; do
		printf "$content" >"$file"
		start_register one e1 r1 -p 8001 --pe-id-file "$file" web
		assert_equal "$(cat "$file")" "$(records one 'select(.event == "registered") | .pe_id' | jq -r .)"
		stop one
	done
	printf '  0x0000abcd \n\n' >"$file"
	start_register one e1 r1 -p 8001 --pe-id-file "$file" web
	assert_equal "$(records one 'select(.event == "registered") | .pe_id')" '"0x0000abcd"'
	stop one
	printf '0x1\0\0x2' >"$file" # this is no file of ours
	rsp 3 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --pe-id-file "$file" web
}

@test "batch: a printed handle names the pool, before the operand does" {
	start_peer r1
	echo '{"handle": "other", "port": 8001, "pe_id": 1}' >"$BATS_TEST_TMPDIR/one.batch"
	batch one web
	wait_until 10 registered one 1
	assert_equal "$(records one 'select(.event == "registered").handle')" '"other"'
}
