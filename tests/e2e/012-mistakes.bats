# What people mistype, what files and networks say to terminals, and what is lost on a full disk.
load helpers

@test "mistakes: a forgotten -- is guessed" {
	local args
	while read -r -a args; do
		rsp 2 rsp-register "${args[@]}"
		assert_equal "$(field .error.key)" usage
		assert_regex "$stderr" "; if (sleep|python3|nginx) is a command, it goes behind --: web -- (sleep|python3|nginx)\$"
	done <<-'EOT'
		--port 8080 web sleep 60
		--port 8080 web python3 -m http.server
		--port 8080 web nginx -p /srv
		web sleep --port 80
	EOT
	rsp 125 rsp-register --port 8080 web other -- sleep 60
	assert_equal "$stderr" "rsp-register: POOL: one pool at a time"
}

@test "mistakes: a misspelt option or verb is guessed" {
	local typed meant command
	while read -r typed meant command; do
		# shellcheck disable=SC2086 # words
		rsp 2 $command "$typed"
		assert_equal "$stderr" "${command%% *}: $typed: unknown option; is $meant meant?"
	done <<-'EOT'
		--prot --port rsp-register
		--lifetme=5s --lifetime rsp-register
		--polciy --policy rsp-register
		--time-out --timeout rsp-resolve
		--sever --server rsp-peer ping
		--peer-heartbeat --peer-heartbeat-cycle rsp-peer run
		--reencod --reencode rsp-audit decode
	EOT
	rsp 2 rsp-register --bogus
	assert_equal "$stderr" "rsp-register: --bogus: unknown option"
	rsp 2 rsp-peer statsu
	assert_equal "$stderr" "rsp-peer: statsu: no such verb: see rsp-peer --help; is status meant?"
	rsp 2 rsp-peer run -Z
	assert_equal "$stderr" "rsp-peer: -Z: unknown option"
}

@test "mistakes: no control character and no mark of direction reaches a terminal; other text does" {
	local said
	said() {
		rsp 2 rsp-register --protocol "$(printf "$1")" web
		sed 's/^rsp-register: --protocol: "\(.*\)" is none of.*/\1/' <<<"$stderr"
	}
	assert_equal "$(said 'a\x1b[31mb\x7f')" 'a\x1b[31mb\x7f'
	assert_equal "$(said 'a\xc2\x9b31mb\xc2\x85')" 'a\xc2\x9b31mb\xc2\x85' # U+009B is CSI, too
	assert_equal "$(said 'a\x9bb\xff\xc2')" 'a\x9bb\xff\xc2' # and so it is in Latin 1
	assert_equal "$(said '\xe2\x80\xaea\xe2\x81\xa6b\xe2\x80\x8f\xd8\x9c')" '\xe2\x80\xaea\xe2\x81\xa6b\xe2\x80\x8f\xd8\x9c'
	assert_equal "$(said '\xe2\x80\xa8\xc0\x9b\xed\xa0\x80')" '\xe2\x80\xa8\xc0\x9b\xed\xa0\x80' # overlong, surrogate
	assert_equal "$(said 'Grüße, 世界 😀 ¡')" 'Grüße, 世界 😀 ¡'
	rsp 2 rsp-register --protocol $'\u202e' web
	assert_equal "$(LC_ALL=C grep -c '[^ -~]' <<<"$output")" 0
}

@test "mistakes: a registrar whose port the kernel chose is named with its port, or not found" {
	local command said='r1: scope.json has port 0 for it: name it with its port, r1@HOST:PORT (-s, --peer)'
	for command in "rsp-resolve --scope $scopes/user web" "rsp-register --scope $scopes/e1 --port 80 web" \
		"rsp-peer list --scope $scopes/m1" "rsp-peer ping --scope $scopes/m1 -s r1@127.0.0.1" \
		"rsp-peer run --scope $scopes/r2 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --peer r1@127.0.0.1:0"; do
		# shellcheck disable=SC2086 # words
		rsp 2 $command
		assert_equal "$stderr" "${command%% *}: $said"
	done
}

@test "mistakes: the bundle of users is no bundle of an element, and the error says so" {
	rsp 3 rsp-register --scope "$scopes/user" -s r1@127.0.0.1:1 --port 80 web
	assert_equal "$stderr" "rsp-register: $scopes/user/keys.json: is missing: this is the bundle of users, who have no keys; \
give that of a node (rsp-keygen bundle NAME)"
}

@test "mistakes: a tombstone time that is short for the timers is said, and taken" {
	start_peer r1 --timers=rfc --tombstone-time 303s
	said r1 '^rsp-peer: --tombstone-time: is short: with these timers, .* if it is below 304000 ms$' 1
	stop r1
	start_peer r2 --timers=rfc --tombstone-time 304s
	assert_equal "$(grep -c tombstone-time "$BATS_TEST_TMPDIR/r2.err")" 0
}

@test "mistakes: an answer that cannot be written is status 3, whatever the answer was" {
	start_peer r1
	run -3 bash -c "rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' nosuch >/dev/full"
	assert_output --partial "cannot write: No space left on device"
	rsp 1 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" nosuch
	run -2 bash -c "rsp-resolve --bogus >/dev/full" # a failure tells more
	run -3 bash -c "ulimit -f 0; exec rsp-resolve --scope '$scopes/user' -s 'r1@${asap[r1]}' -o '$BATS_TEST_TMPDIR/file' web"
	assert_output --partial "cannot write: File too large"
}

@test "mistakes: rsp-audit decode keeps flags that no type defines" {
	rsp 0 rsp-audit decode --reencode --protocol asap <<<0aff000811111111
	assert_equal "$(field '.reencoded, .unknown_flags' | xargs)" "0aff000811111111 0xff"
	rsp 0 rsp-audit decode --reencode --protocol asap <<<0a00000811111111
	assert_equal "$(field '.reencoded, .unknown_flags' | xargs)" "0a00000811111111 null"
}

@test "mistakes: the verbs of rsp-peer take every option that their help has, and offer no other" {
	local verb option
	for verb in list dump ping; do
		run -0 rsp-peer "$verb" --help
		refute_output --partial --tls-name
		refute_output --partial --tls-c # CA, certificate, list of revoked ones: a monitor has a key
		for option in --tls-ca --tls-cert --tls-key --tls-crl --tls-name; do
			rsp 2 rsp-peer "$verb" "$option" x
			assert_regex "$stderr" "^rsp-peer: $option: unknown option"
		done
	done
	run -0 rsp-peer run --help
	refute_output --partial --tls-name
	refute_output --partial --identity=
	assert_output --partial --tls-crl
}
