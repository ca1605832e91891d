# shellcheck shell=bash
# What the files with a registrar that lies share. `load ../e2e/helpers` before.

rogue_id=0x00002bad

setup_file() {
	make_scope "$BATS_FILE_TMPDIR/scopes"
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	quick+=(--reconnect-grace 500ms --keepalive-distance 200ms --max-pools 20 --max-elements 3000)
	start_scope r1 r3
	start_register e1 e1 r1 -s "r3@${asap[r3]}" --port 80 --pe-id 0x11 web
	start_register e3 e3 r3 -s "r1@${asap[r1]}" --port 80 --pe-id 0x13 web
	wait_until 5 agree 2 r1 r3
	before=$(theirs)
}

# theirs: what r1 has, but for statements and homes
theirs() {
	elements r1 | jq -c 'del(.[1].statement, .[1].home_id)'
}

teardown() {
	local result=0
	[ -z "${before-}" ] || unharmed || result=1
	stop_all || result=1
	return $result
}

# unharmed: r1 and r3 have what they had, users of both are told so, and the elements noticed nothing but questions.
unharmed() {
	local r e
	wait_until 10 agree 2 r1 r3 || fail "they differ: $(elements r1) $(elements r3)"
	assert_equal "$(theirs)" "$before" || return
	for r in r1 r3; do
		assert_equal "$(home web $r)" "0x00000011 $(server_id r1)
0x00000013 $(server_id r3)" || return
	done
	for e in e1 e3; do # a look that is not needed any more ends, perhaps in the handshake
		assert_equal "$(records $e 'select(.event != "connection-refused" or .key != "closed") | .event' | sort -u |
			grep -vE 'keepalive|renewed')" '"registered"' || return
	done
}

# rogue REGISTRAR STEP...: what came of it is in $output, each line once
rogue() {
	local registrar=$1
	shift
	run -0 timeout 60 python3 "$RSP_SRCDIR/tests/attack/enrp.py" --psk "$(psk r2 peer "$registrar")" --id "${id-$rogue_id}" \
		"${enrp[$registrar]}" "$@"
	output=$(uniq <<<"$output")
}

# statement PE_ID [REGISTRAR]: the element as REGISTRAR (r1) has it, as keys for enrp.py
statement() {
	elements "${2-r1}" | jq -r --arg id "$(printf '0x%08x' "$1")" '.[1] | select(.pe_id == $id) | .statement as $s |
		"owner=\(.owner),port=\(.user_transport.port),where=\(.asap_transport.port),epoch=\($s.epoch)," +
		"instance=\($s.instance),over=\($s.over // 0),rank=\($s.rank)"'
}

# epoch PE_ID: of the element as r1 has it
epoch() {
	elements r1 | jq -r --arg id "$(printf '0x%08x' "$1")" '.[1] | select(.pe_id == $id).statement.epoch'
}

# shows REGISTRAR PE_ID HOME: users of REGISTRAR get the element, with that home. HOME "": not at all
shows() {
	[ "$(home web "$1" | awk -v id="$2" '$1 == id { print $2 }')" = "$3" ]
}

# recorded REGISTRAR KEY: it has recorded that it refused r2 something, with that key
recorded() {
	wait_for_record "$1" ".event == \"refused\" and .key == \"$2\" and [.identity, .role] == [\"r2\", \"peer\"]" >/dev/null
}

# lying REGISTRAR STEP...: as rogue, in the background as `lying`, until it is stopped; what came of it is in lying.log. Call
# it bare.
lying() {
	local registrar=$1
	shift
	# shellcheck disable=SC2016 # $0 is the log: all that is printed to NAME.out has a schema
	start lying bash -c 'exec python3 "$@" >"$0"' "$BATS_TEST_TMPDIR/lying.log" "$RSP_SRCDIR/tests/attack/enrp.py" \
		--psk "$(psk r2 peer "$registrar")" --id "$rogue_id" "${enrp[$registrar]}" "$@" stay:60
	wait_for_record "$registrar" '.event == "peer-joined" and .peer == "r2"' >/dev/null
}
