#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets them
# rsp-audit decode: messages in hex to records.

bats_require_minimum_version 1.8.0
bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	vectors=$RSP_SRCDIR/tests/vectors/rsplib.tsv
}

field() { # JQ PROGRAM: its result for $output
	jq -cer "$1" <<<"$output"
}

valid() { # the records of $output are as their schemas say
	echo "$output" >records
	python3 "$RSP_SRCDIR/tests/e2e/validate.py" records
}

@test "decode: what rsplib sent decodes and encodes to the same octets" {
	run -0 --separate-stderr rsp-audit decode --reencode "$vectors"
	assert_equal "$stderr" ""
	valid
	diff <(cut -f3 "$vectors") <(jq -r .reencoded <<<"$output")
	diff <(cut -f1,2 "$vectors") <(jq -r '[.name, .protocol] | @tsv' <<<"$output")
	assert_equal "$(jq -s 'map(select(.ok and .error == null)) | length' <<<"$output")" "$(wc -l <"$vectors")"
}

@test "decode: everything we send, from standard input" {
	"$RSP_BUILDDIR/tests/unit/print_samples" >samples.tsv
	run -0 --separate-stderr rsp-audit decode --reencode - <samples.tsv
	valid
	diff <(cut -f3 samples.tsv) <(jq -r .reencoded <<<"$output")
	assert_equal "$(jq -rs 'map(.message.type) | unique | length' <<<"$output")" 24
}

@test "decode: hex alone is what --protocol says" {
	run -0 rsp-audit decode --protocol asap <<<"0a00000811111111"
	valid
	assert_equal "$(field '.message | [.type, .server_id]')" '["ASAP_SERVER_ANNOUNCE","0x11111111"]'
	assert_equal "$(field '[.file, .line, .name]')" '[null,1,null]'
	run -0 rsp-audit decode --protocol=enrp <<<"0A00 0014 11111111 22222222 000C 0008 0009 0004"
	assert_equal "$(field '.message | [.type, .causes[0].key]')" '["ENRP_ERROR","unknown-pool-handle"]'
	run -7 --separate-stderr rsp-audit decode <<<"0a00000811111111"
	valid
	assert_equal "$(field .error.key)" invalid-value
}

@test "decode: without --reencode there is no re-encoded message" {
	run -0 rsp-audit decode --protocol asap <<<"0a00000811111111"
	assert_equal "$(jq -c .reencoded <<<"$output")" null
}

@test "decode: a length that counts the final padding is normalised" {
	run -0 rsp-audit decode --reencode --protocol asap <<<"0b00000c000d000578000000"
	assert_equal "$(field .reencoded)" 0b000009000d000578000000
}

@test "decode: unknown parameters are kept as hex" {
	run -0 rsp-audit decode --reencode --protocol enrp <<<"050000181111111122222222c0420006abcd000080430004"
	valid
	assert_equal "$(field .message.unknown)" \
		'[{"type_code":"0xc042","report":true,"hex":"c0420006abcd"},{"type_code":"0x8043","report":false,"hex":"80430004"}]'
	assert_equal "$(field .reencoded)" 050000181111111122222222c0420006abcd000080430004
}

@test "decode: comments and empty lines are passed over, lines counted" {
	printf '# text\n\n   \n\r\n\tasap\t0a00000811111111\r\n  0a00000811111111  ' >in
	run -0 rsp-audit decode --protocol asap in
	valid
	assert_equal "$(jq -c '[.file, .line, .name]' <<<"$output")" $'["in",5,""]\n["in",6,null]'
}

@test "decode: a bad line is a record with offset and reason, and does not stop it" {
	printf '%s\n' 'a	asap	01000038' 'b	enrp	05' 'c	asap	0a0000081111111' 'd	asap	0a00zz' \
		'e	icmp	00' 'f	00' 'g	asap	0a00000811111111' 'h	asap	4f000004' 'i	asap	' \
		'j	asap	010000340009000777656200000a00280a0b0c0d010203040000012c000500101f90000000010008c00002010008000800000000' >in
	run -7 --separate-stderr rsp-audit decode in
	valid
	assert_equal "$(jq -c '[.ok, .error.key, .error.offset, .error.cause.key]' <<<"$output")" "$(cat <<-'END'
		[false,"malformed",2,null]
		[false,"malformed",1,null]
		[false,"invalid-value",15,null]
		[false,"invalid-value",4,null]
		[false,"invalid-value",0,null]
		[false,"invalid-value",0,null]
		[true,null,null,null]
		[false,"unrecognized-message",0,"unrecognized-message"]
		[false,"malformed",0,null]
		[false,"invalid-value",44,"invalid-values"]
	END
	)"
	assert_equal "${#stderr_lines[@]}" 9
	assert_equal "${stderr_lines[0]}" "rsp-audit: in:1: its length is more than there is"
	assert_equal "$(jq -r 'select(.name == "j").error.reason' <<<"$output")" \
		"Pool Member Selection Policy (0x0008) at offset 44: a reserved policy type"
}

@test "decode: names that are no text, and lines with NUL" {
	printf 'a\xff\tasap\t0a00000811111111\n0a\x0000\n' >in
	run -7 --separate-stderr rsp-audit decode --protocol asap in
	valid
	assert_equal "$(jq -r 'select(.line == 1).name' <<<"$output")" 'a\xff'
}

@test "decode: a line longer than the largest message is refused, and read past" {
	{
		head -c 300000 /dev/zero | tr '\0' 0
		printf '\n0a00000811111111\n'
	} >in
	run -7 --separate-stderr rsp-audit decode --protocol asap in
	valid
	assert_equal "$(jq -c '[.line, .ok]' <<<"$output")" $'[1,false]\n[2,true]'
}

@test "decode: the largest message" {
	{
		printf '0b00ffff000dfffb'
		head -c 131056 /dev/zero | tr '\0' 7
		echo
	} >in
	run -0 rsp-audit decode --reencode --protocol asap in
	assert_equal "$(field '.message.cookie_hex | length')" 131054
	assert_equal "$(field '.reencoded | length')" 131072
}

@test "decode: a file that is not there, a directory, and a bad option" {
	run -3 --separate-stderr rsp-audit decode nowhere
	valid
	assert_equal "$(field '[.schema, .error.key, .error.object]')" '["rsp.error/1","not-found","nowhere"]'
	run -3 --separate-stderr rsp-audit decode .
	valid
	run -2 --separate-stderr rsp-audit decode --protocol icmp
	valid
	assert_equal "$(field '[.error.key, .error.object]')" '["usage","--protocol"]'
	run -2 --separate-stderr rsp-audit decode --colour
	valid
	run -2 --separate-stderr rsp-audit paint
	valid
	run -2 --separate-stderr rsp-audit
	valid
}

@test "decode: a capture that cannot be written is an error, and so is a full disk" {
	run -3 --separate-stderr rsp-audit decode --trace-pcap nowhere/x "$vectors"
	valid
	run -3 --separate-stderr rsp-audit decode --trace-pcap /dev/full "$vectors"
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .error.key)" output
	run -3 --separate-stderr bash -c "rsp-audit decode '$vectors' >/dev/full"
	assert_equal "$stderr" "rsp-audit: stdout: cannot write: No space left on device"
}

@test "decode: a capture is for its owner only" {
	run -0 rsp-audit decode --trace-pcap trace.pcap "$vectors"
	assert_equal "$(stat -c %a trace.pcap)" 600
}

@test "decode: a reader that goes away ends it" {
	for _ in $(seq 50); do cat "$vectors"; done >many
	set +o pipefail
	rsp-audit decode many | head -n 1 >first
	assert_equal "${PIPESTATUS[0]}" 141
}

@test "rsp-audit: --help and --version" {
	run -0 rsp-audit --help
	assert_output --partial decode
	run -0 rsp-audit decode --help
	assert_output --partial --reencode
	run -0 rsp-audit --version
	assert_output --partial rsp-audit
}
