# rsp-register(1): each option, exit status, signal and kind of bad input.
load helpers

hold() { # hold NAME ARG...: like start_register, without waiting
	local name=$1
	shift
	start "$name" rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" "$@"
}

reg() { # reg STATUS ARG...: to the end
	local status=$1
	shift
	rsp "$status" rsp-register --scope "$scopes/e1" "$@"
}

# A port that nobody uses just now.
free_port() {
	python3 -c 'import socket; s=socket.create_server(("127.0.0.1",0)); print(s.getsockname()[1])'
}

# A server that answers with 8 octets on port $1, and says so on its stdout.
serve() {
	cat <<-'EOT'
		import signal, socket, sys
		s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		signal.signal(signal.SIGTERM, lambda *a: sys.exit(int(sys.argv[2])))
		while True:
		    s.accept()[0].close()
	EOT
}

@test "register: held until SIGTERM, then gone" {
	start_peer r1
	start_register one e1 r1 --port 8001 web
	resolve web
	assert_equal "$(field '.elements | length')" 1
	local id
	id=$(records one 'select(.event == "registered") | .pe_id' | jq -r .)
	assert_equal "$(field '.elements[0].pe_id')" "$id"
	assert_equal "$(records one 'select(.event == "registered") | .registrar | [.name, .auth, .secure]')" '["r1","psk",true]'
	stop one 0
	wait_for_record one '.event == "deregistered"'
	resolve web r1 1
}

@test "register: SIGINT too" {
	start_peer r1
	python3 - "$BATS_TEST_TMPDIR" "$scopes/e1" "r1@${asap[r1]}" <<-'EOT'
		import json, signal, subprocess, sys
		p = subprocess.Popen(["rsp-register", "--scope", sys.argv[2], "-s", sys.argv[3], "-p", "8001", "web"],
		    stdout=subprocess.PIPE, text=True)
		assert json.loads(p.stdout.readline())["event"] == "registered"
		p.send_signal(signal.SIGINT)
		assert json.loads(p.stdout.readline())["event"] == "deregistered"
		assert p.wait(10) == 0
	EOT
}

@test "register: what is registered is what was asked for" {
	start_peer r1
	start_register one e1 r1 -p 8001 -a 127.0.0.1 --pe-id 0xbeef --lifetime 1h --policy wrr --weight 7 web
	resolve web
	assert_equal "$(field '.elements[0] | "\(.pe_id) \(.lifetime_s) \(.policy.name) \(.policy.weight) \(.user_transport.port)"')" \
		"0x0000beef 3600 weighted-round-robin 7 8001"
	start_register two e1 r1 -p 8002 --protocol udp --policy lud --load 50% --load-degradation 0.25 other
	resolve other
	assert_equal "$(field '.elements[0] | "\(.user_transport.type) \(.policy.load) \(.policy.load_degradation)"')" \
		"udp 2147483647 1073741823"
}

@test "register: --pe-id-file keeps the identifier" {
	local file=$BATS_TEST_TMPDIR/id
	start_peer r1
	start_register one e1 r1 -p 8001 --pe-id-file "$file" web
	assert_equal "$(cat "$file")" "$(records one 'select(.event == "registered") | .pe_id' | jq -r .)"
	local id
	id=$(cat "$file")
	stop one
	start_register two e1 r1 -p 8001 --pe-id-file "$file" web
	assert_equal "$(records two 'select(.event == "registered") | .pe_id' | jq -r .)" "$id"
	printf 'what\n' >"$file"
	reg 3 -s "r1@${asap[r1]}" -p 8001 --pe-id-file "$file" web
	assert_equal "$(field '.error.key, .error.object' | xargs)" "config $file"
	reg 3 -s "r1@${asap[r1]}" -p 8001 --pe-id-file /dev/full web # which reads as zeros without end
	assert_equal "$(field '.error.key, .error.object' | xargs)" "config /dev/full"
	reg 3 -s "r1@${asap[r1]}" -p 8001 --policy lu --load-file /dev/full web
	ln -s /dev/null "$BATS_TEST_TMPDIR/null" # reads as an empty file, but is not to be replaced by one
	reg 3 -s "r1@${asap[r1]}" -p 8001 --pe-id-file "$BATS_TEST_TMPDIR/null" web
	assert_equal "$(field '.error.key, .error.object' | xargs)" "io $BATS_TEST_TMPDIR/null"
	[ -L "$BATS_TEST_TMPDIR/null" ]
}

@test "register: wrong usage" {
	local args
	while read -r -a args; do
		reg 2 "${args[@]}"
		assert_equal "$(field '.schema, .error.key, .error.exit' | xargs)" "rsp.error/1 usage 2"
		assert_regex "$stderr" '^rsp-register: .*: .'
	done <<-'EOT'
		web
		--port 0 web
		--port 65536 web
		--port http web
		--port 80 web other
		--port 80
		--port 80 --protocol icmp web
		--port 80 --address example.net web
		--port 80 --address 0.0.0.0 web
		--port 80 --address 127.0.0.1 --address 127.0.0.2 web
		--port 80 --pe-id 0 web
		--port 80 --pe-id 0x100000000 web
		--port 80 --policy best web
		--port 80 --weight 3 web
		--port 80 --policy wrr --weight 0 web
		--port 80 --policy lu --load 101% web
		--port 80 --policy lu --load 1.1 web
		--port 80 --policy lu --load half web
		--port 80 --lifetime 0 web
		--port 80 --lifetime 1500ms web
		--port 80 --lifetime ever web
		--port 80 --ready port web
		--port 80 --drain 5s web
		--port 80 --ready when web
		--port 80 --no-listen --listen 127.0.0.1 web
		--port 80 --load-file x --load 1 web
		--port 80 --bogus web
		--batch --pe-id 5 web
	EOT
	reg 2 --port 80 --policy best web
	assert_equal "$stderr" "rsp-register: --policy: \"best\" is none of rr, wrr, rand, wrand, prio, lu, lud, plu, rlu"
	reg 125 --port 80 web --
	assert_equal "$(field '.error.key, .error.exit' | xargs)" "usage 2"
	reg 125 --bogus web -- true
	reg 125 --port 80 -- true
}

@test "register: keys that others can read, no keys, no key for this registrar" {
	local dir=$BATS_TEST_TMPDIR/scope
	cp -r "$scopes/e1" "$dir"
	chmod 640 "$dir/keys.json"
	rsp 3 rsp-register --scope "$dir" -s r1@127.0.0.1:1 -p 80 web
	assert_equal "$(field '.error.key, .error.object' | xargs)" "permissions $dir/keys.json"
	chmod 600 "$dir/keys.json"
	printf '{"schema": "rsp.keys/1",\n "keys": [' >"$dir/keys.json"
	rsp 3 rsp-register --scope "$dir" -s r1@127.0.0.1:1 -p 80 web
	assert_equal "$(field '.error.key, .error.object' | xargs)" "config $dir/keys.json:2:10"
	assert_equal "$stderr" "rsp-register: $dir/keys.json:2:10: ends too early"
	rm "$dir/keys.json"
	rsp 3 rsp-register --scope "$dir" -s r1@127.0.0.1:1 -p 80 web
	assert_equal "$(field .error.key)" not-found
	rsp 3 rsp-register --scope "$scopes/user" -s r1@127.0.0.1:1 -p 80 web
	reg 3 -s r9@127.0.0.1:1 -p 80 web
	reg 3 --identity rsp1.AAAAAAAAAAAAAAAAAAAAAA -s r1@127.0.0.1:1 -p 80 web
	assert_equal "$(field .error.key)" no-key
}

@test "register: who gives an address is told how to say whose it is" {
	reg 3 -s 192.0.2.1 -p 80 web
	assert_equal "$stderr" "rsp-register: 192.0.2.1:3864: no valid key of role element from e1 to 192.0.2.1; \
if it is a registrar of the scope, say which: NAME@192.0.2.1"
}

@test "register: a missing --port is called so" {
	reg 2 web
	assert_equal "$stderr" "rsp-register: --port: is missing"
	reg 2 -p 80 -a 127.0.0.1 -a 127.0.0.2 web
	assert_equal "$stderr" "rsp-register: --address: only SCTP has more than one"
}

@test "register: --keys and --identity" {
	start_peer r1
	local id
	id=$(jq -r '.keys[] | select(.role == "element" and .server == "r1") | .identity' "$scopes/e1/keys.json")
	start_register one e2 r1 --keys "$scopes/e1/keys.json" --identity "$id" -p 8001 web
	stop one
	id=$(jq -r '.keys[] | select(.role == "element" and .server == "r2") | .identity' "$scopes/e1/keys.json")
	reg 3 -s "r1@${asap[r1]}" --identity "$id" -p 8001 web
	assert_equal "$(field .error.key)" no-key
}

@test "register: nobody there, at once or after --timeout" {
	reg 4 -s r1@127.0.0.1:1 -p 80 web
	assert_equal "$(field '.error.key, .attempts[0].key' | xargs)" "unreachable unreachable"
	reg 4 -s r1@127.0.0.1:1 --wait -t 300ms -p 80 web
	reg 125 -s r1@127.0.0.1:1 -p 80 --ready now web -- touch "$BATS_TEST_TMPDIR/never"
	[ ! -e "$BATS_TEST_TMPDIR/never" ]
}

@test "register: --wait waits for the registrar" {
	start_peer r1
	local at=${asap[r1]}
	stop r1
	start one rsp-register --scope "$scopes/e1" -s "r1@$at" --wait -p 8001 web
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$at" --enrp 127.0.0.1:0
	wait_for_record one '.event == "registered"'
	stop one
}

refused_often() { # refused_often REGISTRAR: it refused several handshakes
	[ "$(records "$1" 'select(.event == "connection-refused")' | wc -l)" -gt 3 ]
}

@test "register: --wait tells what it waits for, once for each reason, and when that is over" {
	start_peer r1
	local at=${asap[r1]} else=$BATS_TEST_TMPDIR/else
	stop r1
	make_scope "$else"
	cp -r "$else/e1" "$BATS_TEST_TMPDIR/e1"
	start one rsp-register --scope "$BATS_TEST_TMPDIR/e1" -s "r1@$at" --wait --t5-serverhunt 500ms -p 8001 web
	wait_until 10 said one "^rsp-register: r1@$at: Connection refused; trying again$"
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$at" --enrp 127.0.0.1:0
	wait_until 10 said one "^rsp-register: r1@$at: does not know our key, .*; trying again$"
	wait_until 10 refused_often r1
	cp "$scopes/e1/keys.json" "$scopes/e1/scope.json" "$BATS_TEST_TMPDIR/e1"
	kill -HUP "${pids[one]}" # keys that are rolled out mend it
	wait_for_record one '.event == "registered"'
	said one "^rsp-register: web: registered with r1@$at$" 1
	said one "refused; trying again$" 1
	said one "does not know our key" 1
	stop r1
	wait_for_record one '.event == "lost"'
	said one "^rsp-register: web: lost r1@$at: .*; looking for a registrar$" 1
	wait_until 10 said one "refused; trying again$" 2
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$at" --enrp 127.0.0.1:0
	wait_for_record one '.event == "reregistered"'
	wait_until 10 said one "^rsp-register: web: registered with r1@$at$" 2
}

@test "register: --wait tells a reason once, also where two take turns" {
	start moody python3 -u -c 'import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1])
for turn in range(1 << 20):
    with listener.accept()[0] as link:
        link.recv(65536)
        if turn % 2:
            link.sendall(bytes.fromhex("15030300020228")) # handshake_failure
    if turn == 6:
        print("six")'
	wait_until 10 test -s "$BATS_TEST_TMPDIR/moody.out"
	start one rsp-register --scope "$scopes/e1" -s "r1@127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/moody.out")" --wait \
		--t5-serverhunt 100ms -p 8001 web
	wait_until 10 grep -q six "$BATS_TEST_TMPDIR/moody.out"
	said one "closed during the handshake; trying again$" 1
	said one "alert handshake_failure; trying again$" 1
	stop one 4
	stop moody 143
	rm "$BATS_TEST_TMPDIR/moody.out" # these are no records
}

@test "register: a wrong key is refused" {
	start_peer r1
	make_scope "$BATS_TEST_TMPDIR/else"
	rsp 5 rsp-register --scope "$BATS_TEST_TMPDIR/else/e1" -s "r1@${asap[r1]}" -p 8001 web
	assert_equal "$(field '.error.key, .attempts[0].step' | xargs)" "auth-failed tls"
	assert_equal "$stderr" "rsp-register: r1@${asap[r1]}: does not know our key, or has another one for it; is it that registrar, and its ASAP port? (alert illegal_parameter)"
	resolve web r1 1
}

@test "register: an address of somebody else is rejected" { # RFC 5355 2.2; RFC 5354 s.3.12 cause 0xa
	start_peer r1
	reg 6 -s "r1@${asap[r1]}" -p 8001 -a 192.0.2.1 web
	assert_equal "$stderr" "rsp-register: web: the registrar answers: Rejected due to security considerations \
(its record tells which rule; see REFUSALS in rsp-register(1))"
	wait_for_record r1 '.event == "refused" and .key == "address-not-own" and .identity == "e1"'
	assert_equal "$(tail -n 1 <<<"$output" | jq -r '.error.key, .error.cause.code' | xargs)" "rejected 0x000a"
	assert_equal "$(head -n 1 <<<"$output" | jq -r '.event, .ok, .cause.code' | xargs)" "rejected false 0x000a"
	resolve web r1 1
}

@test "register: who is displaced by another process with the same key and identifier is told, and ends" {
	start_peer r1
	start_register one e1 r1 -p 8001 --pe-id 0x11 web
	start_register two e1 r1 -p 8002 --pe-id 0x11 web
	wait_for_record one '.event == "displaced" and (.ok | not) and .cause.key == "non-unique-pe-id" and .pe_id == "0x00000011"'
	await_end one 8
	assert_equal "$(records one 'select(.error) | .error | "\(.key) \(.exit) \(.object)"')" '"lost 8 web"'
	said one "^rsp-register: web: 0x00000011 at r1@127.0.0.1:[0-9]+: another process, or another identity, has registered this identifier$" 1
	resolve web # and it has not taken the other one with it
	assert_equal "$(field '[.elements[].user_transport.port] | join(" ")')" 8002
	stop two
	assert_equal "$(records two 'select(.event == "lost" or .event == "displaced")')" ""
	resolve web r1 1
}

@test "register: an identifier that was chosen at random is chosen again when another process has it" {
	start_peer r1
	start_register one e1 r1 -p 8001 web
	local old new
	old=$(records one 'select(.event == "registered") | .pe_id' | tr -d '"')
	start_register two e1 r1 -p 8002 --pe-id "$old" web
	wait_for_record one ".event == \"displaced\" and (.ok | not) and .cause.key == \"non-unique-pe-id\" and .pe_id == \"$old\""
	new=$(records one 'select(.event == "displaced") | .new_pe_id' | tr -d '"')
	assert_not_equal "$new" "$old"
	wait_for_record one ".event == \"registered\" and .pe_id == \"$new\""
	said one "^rsp-register: web: $old at r1@127.0.0.1:[0-9]+: another process, or another identity, has registered this identifier; registering again as $new$" 1
	resolve web
	assert_equal "$(field '[.elements[].user_transport.port] | sort | join(" ")')" "8001 8002"
	stop one
	assert_equal "$(records one 'select(.event == "deregistered") | .pe_id')" "\"$new\""
	stop two
	resolve web r1 1
}

@test "register: of two processes at two registrars, one is told by its own" {
	start_scope r1 r2
	start_register one e1 r1 -p 8001 web
	local old new
	old=$(records one 'select(.event == "registered") | .pe_id' | tr -d '"')
	wait_until 5 agree 1 r1 r2
	start_register two e1 r2 -p 8002 --pe-id "$old" web
	wait_for_record one ".event == \"displaced\" and .pe_id == \"$old\" and .new_pe_id"
	new=$(records one 'select(.event == "displaced") | .new_pe_id' | tr -d '"')
	wait_for_record one ".event == \"registered\" and .pe_id == \"$new\""
	wait_until 5 agree 2 r1 r2
	start_register three e1 r1 -p 8003 --pe-id "$old" web # and one that has a configured identifier ends
	await_end two 8
	wait_until 5 agree 2 r1 r2
	resolve web r2
	assert_equal "$(field '[.elements[].user_transport.port] | sort | join(" ")')" "8001 8003"
}

@test "register: a process with an older clock than the one before it is registered at once" {
	command -v faketime >/dev/null || skip "no faketime"
	start_peer r1
	local lib # faketime would be the parent of rsp-register, and the signal would end it alone
	# shellcheck disable=SC2016 # for the inner shell
	lib=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')
	# the runtime of AddressSanitizer, where it is linked, comes after that of faketime
	start one env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" FAKETIME=+1h LD_PRELOAD="$lib" rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --pe-id 0x11 web
	wait_for_record one '.event == "registered"'
	stop one 137 KILL
	start_register two e1 r1 -p 8002 --pe-id 0x11 web
	assert_equal "$(records two 'select(.event != "keepalive") | "\(.event) \(.pe_id)"')" '"registered 0x00000011"'
	assert_equal "$(records r1 'select(.event == "refused")')" ""
	resolve web
	assert_equal "$(field '.elements[0].user_transport.port')" 8002
}

@test "register: an element of a batch with an identifier that was chosen at random chooses another one" {
	start_peer r1
	printf '{"port": 1}\n{"port": 2, "pe_id": 18}\n' >"$BATS_TEST_TMPDIR/lines"
	# shellcheck disable=SC2016 # for the inner shell
	start batch bash -c 'exec rsp-register --scope "$1" -s "$2" --batch web <"$3"' - "$scopes/e1" "r1@${asap[r1]}" \
		"$BATS_TEST_TMPDIR/lines"
	wait_for_record batch '.event == "registered" and .line == 1'
	wait_for_record batch '.event == "registered" and .line == 2'
	local old
	old=$(records batch 'select(.event == "registered" and .line == 1) | .pe_id' | tr -d '"')
	start_register two e1 r1 -p 8002 --pe-id "$old" web
	wait_for_record batch ".event == \"displaced\" and .pe_id == \"$old\" and .new_pe_id"
	wait_for_record batch ".event == \"registered\" and .pe_id != \"$old\" and .line == 1"
	resolve web
	assert_equal "$(field '[.elements[].user_transport.port] | sort | join(" ")')" "1 2 8002"
	stop batch # no element is lost
}

@test "register: an element of a batch that is displaced leaves the others" {
	start_peer r1
	printf '{"port": 1, "pe_id": 17}\n{"port": 2, "pe_id": 18}\n' >"$BATS_TEST_TMPDIR/lines"
	# shellcheck disable=SC2016 # for the inner shell
	start batch bash -c 'exec rsp-register --scope "$1" -s "$2" --batch web <"$3"' - "$scopes/e1" "r1@${asap[r1]}" \
		"$BATS_TEST_TMPDIR/lines"
	wait_for_record batch '.event == "registered" and .pe_id == "0x00000012"'
	start_register two e1 r1 -p 8002 --pe-id 0x11 web
	wait_for_record batch '.event == "displaced" and .pe_id == "0x00000011"'
	resolve web
	assert_equal "$(field '[.elements[].user_transport.port] | sort | join(" ")')" "2 8002"
	stop batch 9
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/batch.err")" "rsp-register: stdin: 1 element was refused or displaced"
	assert_equal "$(records batch 'select(.event == "deregistered") | .pe_id')" '"0x00000012"'
	resolve web
	assert_equal "$(field '[.elements[].user_transport.port] | sort | join(" ")')" 8002
}

@test "register: an element of another identity stays as it is" { # RFC 5355 2.3
	start_peer r1
	start_register one e1 r1 -p 8001 --pe-id 0x11 web
	resolve web
	local before
	before=$(field '.elements')
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" -p 9001 --pe-id 0x11 web
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .error.cause.code)" 0x000a
	resolve web
	assert_equal "$(field '.elements')" "$before"
}

@test "register: another policy than the pool's is rejected" { # RFC 5352 s.3.1 rule 3
	start_peer r1
	start_register one e1 r1 -p 8001 web
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" -p 8002 --policy rand web
	assert_equal "$(tail -n 1 <<<"$output" | jq -r .error.cause.key)" inconsistent-policy
	assert_equal "$stderr" \
		"rsp-register: web: the registrar answers: Inconsistent Pooling Policy: the pool has rr, this element rand"
	rsp 6 rsp-register --scope "$scopes/e2" -s "r1@${asap[r1]}" -p 8002 --protocol udp web
	assert_regex "$stderr" ': the pool has tcp, this element udp$'
}

@test "register: renewed in time" {
	start_peer r1
	start_register one e1 r1 -p 8001 --lifetime 2s web
	wait_for_record one '.event == "renewed"'
	resolve web
}

@test "register: the registrar comes back, and so does the element, with its id" {
	start_peer r1
	local at=${asap[r1]}
	start_register one e1 r1 -p 8001 --pe-id 0x11 web
	stop r1 137 KILL
	wait_for_record one '.event == "lost"'
	start r1 rsp-peer run --scope "$scopes/r1" --name r1 --asap "$at" --enrp 127.0.0.1:0
	wait_for_record one '.event == "reregistered"' 20
	resolve web
	assert_equal "$(field '.elements[0].pe_id')" 0x00000011
}

@test "register: --max-outage" {
	start_peer r1
	start_register one e1 r1 -p 8001 --max-outage 300ms web
	stop r1 137 KILL
	await_end one 8
	assert_equal "$(records one 'select(.error) | .error.key')" '"lost"'
}

@test "register: SIGTERM while the registrar hangs ends after --timeout, a second SIGTERM at once" {
	start_peer r1
	start_register one e1 r1 -p 8001 -t 500ms web
	start_register two e2 r1 -p 8002 -t 60s web
	kill -STOP "${pids[r1]}"
	stop one 0
	wait_for_record one '.event == "deregistered" and (.ok | not)'
	kill -TERM "${pids[two]}"
	wait_until 5 grep -Eq '^ShdPnd:[[:space:]]*0+$' "/proc/${pids[two]}/status" # two that are pending would be one
	stop two 143
	kill -CONT "${pids[r1]}"
}

@test "register: SIGHUP reads the load and the keys again" {
	start_peer r1
	local dir=$BATS_TEST_TMPDIR/scope load=$BATS_TEST_TMPDIR/load
	cp -r "$scopes/e1" "$dir"
	echo 0.5 >"$load"
	start one rsp-register --scope "$dir" -s "r1@${asap[r1]}" -p 8001 --policy lu --load-file "$load" web
	wait_for_record one '.event == "registered"'
	echo 100% >"$load"
	kill -HUP "${pids[one]}"
	wait_for_record one '.event == "reloaded" and .ok'
	wait_until 5 load_is 4294967295
	chmod 644 "$dir/keys.json"
	kill -HUP "${pids[one]}"
	wait_for_record one '.event == "reloaded" and (.ok | not) and (.reason | test("^/.*/keys.json: mode"))'
	chmod 600 "$dir/keys.json"
	echo much >"$load"
	kill -HUP "${pids[one]}"
	wait_for_record one '.event == "reloaded" and (.ok | not) and (.reason | test("load"))'
	load_is 4294967295
}

# scope_of DIR NAME...: the scope.json of DIR has these registrars, where they run, and no others
scope_of() {
	local dir=$1 where
	shift
	where=$(for name in "$@"; do jq -n --arg name "$name" --arg asap "${asap[$name]}" '{$name, $asap}'; done | jq -sc .)
	jq --argjson where "$where" '.registrars |= [.[] | . as $r | $where[] | select(.name == $r.name) as $w | $r | .asap = $w.asap]' \
		"$scopes/e1/scope.json" >"$dir/scope.json.new"
	mv "$dir/scope.json.new" "$dir/scope.json"
}

@test "register: SIGHUP takes the registrars of scope.json, for the next hunt and for one under way" {
	start_peer r1
	start_peer r2
	local dir=$BATS_TEST_TMPDIR/scope
	cp -r "$scopes/e1" "$dir"
	scope_of "$dir" r1
	start one rsp-register --scope "$dir" -p 8001 --timers fast web
	start two rsp-register --scope "$dir" -s "r1@${asap[r1]}" -p 8002 web # it goes by its options
	wait_for_record one '.event == "registered" and .registrar.name == "r1"'
	wait_for_record two '.event == "registered"'
	kill -HUP "${pids[one]}"
	wait_for_record one '.event == "reloaded" and .ok and .reason == null'
	scope_of "$dir" r1 r2
	kill -HUP "${pids[one]}" "${pids[two]}"
	wait_for_record one '.event == "reloaded" and .ok and .reason == "new registrars, or new addresses: r2"'
	wait_for_record two '.event == "reloaded" and .ok and .reason == null'
	stop two
	stop r1 137 KILL
	wait_for_record one '.event == "reregistered" and .registrar.name == "r2"'
	resolve web r2
	stop one
	asap[r1]=127.0.0.1:1
	scope_of "$dir" r1
	start three rsp-register --scope "$dir" -p 8003 --wait --t5-serverhunt 60s --retran-max 60s web
	wait_until 10 said three 'trying again$'
	scope_of "$dir" r2
	kill -HUP "${pids[three]}"
	wait_for_record three '.event == "registered" and .registrar.name == "r2"'
	printf '{' >"$dir/scope.json" # what is wrong leaves the list that there was
	kill -HUP "${pids[three]}"
	wait_for_record three '.event == "reloaded" and (.ok | not)'
	stop three
}

@test "register: a registrar that never answers is waited for once, and nothing is said to expire" {
	cat >"$BATS_TEST_TMPDIR/silent.py" <<-'EOT'
		import socket, subprocess, sys
		s = socket.create_server(("127.0.0.1", 0))
		at = "127.0.0.1:%d" % s.getsockname()[1]
		status = subprocess.call(["rsp-register", "--insecure-plaintext", "-s", at, "-t", "3s", "-p", "8001", "web"])
		got, sent = s.accept()[0].recv(65536), []
		while got:
		    sent.append(got[0])
		    size = int.from_bytes(got[2:4], "big")
		    got = got[size + -size % 4:]
		assert sent == [1, 2], sent # a registration, and the end of it for who may yet have taken it
		sys.exit(status)
	EOT
	local begun
	begun=$(now)
	rsp 4 python3 "$BATS_TEST_TMPDIR/silent.py"
	# waited for twice it would take 8 s: the close takes 2 s more, as nobody reads what was sent
	assert [ $(($(now) - begun)) -lt 7500 ]
	assert_equal "$(grep -c . <<<"$stderr")" 1
}

load_is() {
	resolve web
	[ "$(field '.elements[0].policy.load')" = "$1" ]
}

@test "register: nobody reads the records any more, and the registration is kept" {
	start_peer r1
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 --lifetime 2s web \
		>"$BATS_TEST_TMPDIR/fifo" 2>"$BATS_TEST_TMPDIR/one.err" 3>&- &
	pids[one]=$!
	head -n 1 "$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/one.out"
	wait_until 10 grep -q 'closed the pipe' "$BATS_TEST_TMPDIR/one.err"
	resolve web
	stop one 0
	assert_equal "$(grep -c 'closed the pipe' "$BATS_TEST_TMPDIR/one.err")" 1
}

@test "register: a full disk is said once, and is the exit status" {
	start_peer r1
	rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -p 8001 web >/dev/full 2>"$BATS_TEST_TMPDIR/one.err" 3>&- &
	pids[one]=$!
	wait_until 10 grep -q 'cannot write' "$BATS_TEST_TMPDIR/one.err"
	wait_until 10 resolves web
	stop one 3
	assert_equal "$(grep -c 'cannot write' "$BATS_TEST_TMPDIR/one.err")" 1
}

resolves() {
	rsp-resolve -q --scope "$scopes/user" -s "r1@${asap[r1]}" "$1" >/dev/null
}

@test "register: -- CMD is registered when its port answers, and stopped after it has left the pool" {
	start_peer r1
	local port
	port=$(free_port)
	serve >"$BATS_TEST_TMPDIR/serve.py"
	hold one -p "$port" web -- python3 "$BATS_TEST_TMPDIR/serve.py" "$port" 7
	wait_for_record one '.event == "registered"'
	resolve web
	assert_equal "$(field '.elements[0].user_transport.port')" "$port"
	stop one 7
	assert_equal "$(records one .event | jq -sc 'map(select(. != "keepalive"))')" '["registered","deregistered","child-exit"]'
	assert_equal "$(records one 'select(.event == "child-exit") | [.exit_status, .signal]')" '[7,null]'
	resolve web r1 1
}

@test "register: CMD that ends before it is registered is no success" {
	start_peer r1
	reg 125 -s "r1@${asap[r1]}" -p "$(free_port)" web -- true
	assert_equal "$(jq -rc 'select(.event) | [.event, .ok, .exit_status, .reason]' <<<"$output")" \
		'["child-exit",false,0,"ended before it was registered"]'
	assert_equal "$(jq -r 'select(.error) | "\(.error.key) \(.error.object)"' <<<"$output")" "lost true"
	assert_equal "$stderr" "rsp-register: true: ended before it was registered"
	reg 7 -s "r1@${asap[r1]}" -p "$(free_port)" web -- sh -c 'exit 7'
	assert_equal "$(jq -rc 'select(.event) | [.event, .ok, .exit_status]' <<<"$output")" '["child-exit",false,7]'
	reg 3 -s "r1@${asap[r1]}" -p 8001 --ready now web -- sh -c 'exit 3' # it was registered: an end like another
	assert_equal "$(jq -rc 'select(.event == "child-exit") | [.ok, .reason]' <<<"$output")" '[true,null]'
}

@test "register: CMD is not started where somebody else serves its port" {
	local port
	start_peer r1
	port=$(free_port)
	serve >"$BATS_TEST_TMPDIR/serve.py"
	start other python3 "$BATS_TEST_TMPDIR/serve.py" "$port" 0
	wait_until 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
	reg 125 -s "r1@${asap[r1]}" -p "$port" web -- touch "$BATS_TEST_TMPDIR/never"
	assert_equal "$stderr" "rsp-register: touch: is not started: pid ${pids[other]} serves the port $port already"
	assert_equal "$(field .error.key)" exists
	[ ! -e "$BATS_TEST_TMPDIR/never" ]
	hold one -p "$port" --ready now web -- sleep 60 # who knows better says so
	wait_for_record one '.event == "registered"'
	stop one 143
}

@test "register: -- CMD sees who it is; --ready exec and now" {
	start_peer r1
	hold one -p 8001 --pe-id 0x11 --ready "exec:test -e $BATS_TEST_TMPDIR/ready" web -- \
		sh -c "env | grep ^RSP_P >'$BATS_TEST_TMPDIR/env'; sleep 0.2; touch '$BATS_TEST_TMPDIR/ready'; exec sleep 60"
	wait_for_record one '.event == "registered"'
	assert_equal "$(sort "$BATS_TEST_TMPDIR/env" | xargs)" "RSP_PE_ID=0x00000011 RSP_POOL=web RSP_POOL_HEX=776562"
	stop one 143
	hold two -p 8001 --ready now web -- sh -c 'echo "$RSP_REGISTRAR"; exec sleep 60'
	wait_for_record two '.event == "registered"'
	wait_until 5 grep -q . "$BATS_TEST_TMPDIR/two.err"
	assert_equal "$(cat "$BATS_TEST_TMPDIR/two.err")" "${asap[r1]}"
	stop two 143
}

@test "register: -- CMD that ends by itself leaves the pool, with its status" {
	start_peer r1
	reg 5 -s "r1@${asap[r1]}" -p 8001 --ready now web -- sh -c 'exit 5'
	assert_equal "$(jq -r .event <<<"$output" | xargs)" "registered child-exit deregistered"
	assert_equal "$stderr" "rsp-register: sh: ended with status 5"
	reg 137 -s "r1@${asap[r1]}" -p 8001 --ready now web -- sh -c 'kill -KILL $$'
	assert_equal "$stderr" "rsp-register: sh: ended by signal 9 (Killed)"
	reg 3 -s "r1@${asap[r1]}" -p "$(free_port)" --ready port web -- sh -c 'exit 3'
	assert_equal "$(jq -r ".event // .error.key" <<<"$output" | xargs)" "child-exit lost"
	resolve web r1 1
}

@test "register: -- CMD not found, not executable, never ready" {
	start_peer r1
	reg 127 -s "r1@${asap[r1]}" -p 8001 web -- /nonexistent/cmd
	assert_equal "$(field .error.key)" not-found
	: >"$BATS_TEST_TMPDIR/plain"
	reg 126 -s "r1@${asap[r1]}" -p 8001 web -- "$BATS_TEST_TMPDIR/plain"
	assert_equal "$(field .error.key)" permissions
	reg 125 -s "r1@${asap[r1]}" -p "$(free_port)" --ready-timeout 300ms web -- sleep 60
	assert_equal "$(jq -r 'select(.error) | .error.key' <<<"$output")" timeout
	reg 127 -s "r1@${asap[r1]}" -p 8001 --ready now web -- /nonexistent/cmd
	resolve web r1 1
}

@test "register: --drain and --kill-after; a second SIGTERM does not wait" {
	start_peer r1
	hold one -p 8001 --ready now --drain 300ms --kill-after 200ms web -- sh -c 'trap "" TERM; while :; do sleep 1; done'
	wait_for_record one '.event == "registered"'
	stop one 137
	hold two -p 8001 --ready now --drain 60s web -- sleep 60
	wait_for_record two '.event == "registered"'
	kill -TERM "${pids[two]}"
	wait_for_record two '.event == "deregistered"'
	stop two 143
	assert_equal "$(records two 'select(.event == "child-exit") | .signal')" 15
}

@test "register: a batch over one connection" {
	start_peer r1
	seq 100 | jq -c '{port: (8000 + .), pe_id: ., lifetime: "\(. + 100)s", pool: (if . > 50 then "other" else "web" end)}' >"$BATS_TEST_TMPDIR/batch"
	rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --batch <"$BATS_TEST_TMPDIR/batch" \
		>"$BATS_TEST_TMPDIR/one.out" 2>"$BATS_TEST_TMPDIR/one.err" 3>&- &
	pids[one]=$!
	wait_until 10 registered one 100
	assert_equal "$(records one 'select(.event == "registered" and .pe_id == "0x00000007") | .lifetime_s')" 107
	rsp 0 rsp-resolve --scope "$scopes/user" -s "r1@${asap[r1]}" -n 100 web
	assert_equal "$(field '(.elements | length), .complete' | xargs)" "50 true"
	stop one 0
	assert_equal "$(records one 'select(.event == "deregistered")' | wc -l)" 100
	resolve web r1 1
}

registered() {
	[ "$(records "$1" 'select(.event == "registered")' | wc -l)" -eq "$2" ]
}

@test "register: bad lines of a batch are told by number, and the others are held" {
	start_peer r1
	cat >"$BATS_TEST_TMPDIR/batch" <<-'EOT'
		{"port": 8001}
		{"port": 8002
		[]
		{"port": "x"}
		{"port": 8003, "colour": "red"}
		{"port": 8004, "pool": 5}
		{"port": 8005, "port": 8005}

		{"pool": "web", "port": 8006, "address": ["127.0.0.1"], "policy": "rr", "lifetime": "1h"}
		{"port": 8007, "pe_id": null}
	EOT
	rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --batch web <"$BATS_TEST_TMPDIR/batch" \
		>"$BATS_TEST_TMPDIR/one.out" 2>"$BATS_TEST_TMPDIR/one.err" 3>&- &
	pids[one]=$!
	wait_until 10 registered one 2
	assert_equal "$(records one 'select(.error) | .error.object' | jq -sc 'map(ltrimstr("stdin:")) | join(" ")')" '"2 3 4 5 6 7 10"'
	assert_equal "$(records one 'select(.error) | .error.key' | sort -u)" '"config"'
	stop one 9
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/one.err")" "rsp-register: stdin: 7 lines could not be used"
	rsp 3 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --batch web </dev/null
	assert_equal "$(field .error.key)" config
}

@test "register: an element of a batch that was rejected is not said to leave its pool" {
	start_peer r1
	start_register other e2 r1 -p 9001 --policy rand other
	printf '{"port": 1, "pe_id": 5}\n{"port": 2, "pe_id": 6, "pool": "other"}\n' >"$BATS_TEST_TMPDIR/lines"
	# shellcheck disable=SC2016 # for the inner shell
	start batch bash -c 'exec rsp-register --scope "$1" -s "$2" --batch web <"$3"' - "$scopes/e1" "r1@${asap[r1]}" \
		"$BATS_TEST_TMPDIR/lines"
	wait_for_record batch '.event == "registered"'
	wait_for_record batch '.event == "rejected" and .pe_id == "0x00000006"'
	stop batch 9
	assert_equal "$(records batch 'select(.event == "deregistered") | "\(.pe_id) \(.ok)"')" '"0x00000005 true"'
	said batch '^rsp-register: stdin:2: other, 0x00000006: Inconsistent Pooling Policy: the pool has rand$' 1
}

@test "register: CMD that ends before the registration succeeded has not ended well, whoever stopped it" {
	start_peer r1
	start_register other e2 r1 -p 9001 web
	serve >"$BATS_TEST_TMPDIR/serve.py"
	local port
	port=$(free_port)
	reg 125 -s "r1@${asap[r1]}" -p "$port" --policy rand web -- python3 "$BATS_TEST_TMPDIR/serve.py" "$port" 0
	assert_equal "$(jq -rc 'select(.event == "rejected" or .event == "child-exit") | [.event, .ok]' <<<"$output" | xargs)" \
		'[rejected,false] [child-exit,false]'
	reg 125 -s "r1@${asap[r1]}" -p "$(free_port)" --ready-timeout 300ms web -- sleep 60
	assert_equal "$(jq -rc 'select(.event == "child-exit") | [.ok, .signal, .reason]' <<<"$output")" \
		'[false,15,"ended before it was registered"]'
	assert_regex "$stderr" 'sleep: port [0-9]+ takes no connections after 0.3 s \(--ready, --ready-timeout\)$'
	reg 125 -s "r1@${asap[r1]}" -p 8001 --ready exec:false --ready-timeout 1s web -- sleep 60
	assert_regex "$stderr" 'sleep: "false" does not succeed after 1 s \(--ready, --ready-timeout\)$'
}

@test "register: --pretty, --output, --help, --version" {
	start_peer r1
	hold one -p 8001 -o "$BATS_TEST_TMPDIR/records.out" --ready now web -- sh -c 'echo hello; exec sleep 60'
	wait_until 10 grep -q hello "$BATS_TEST_TMPDIR/one.out"
	assert_equal "$(jq -r .event "$BATS_TEST_TMPDIR/records.out" | head -n 1)" registered
	stop one 143
	rm "$BATS_TEST_TMPDIR/one.out"
	run -0 rsp-register --help
	assert_regex "$output" '^Usage: rsp-register \[OPTION\]... POOL'
	run -0 rsp-register --version
}

@test "register: plain text with --insecure-plaintext" {
	start r1 rsp-peer run --insecure-plaintext --name r1 --asap 127.0.0.1:0
	local at
	at=$(wait_for_record r1 '.event == "listening"' | jq -r .asap)
	start one rsp-register --insecure-plaintext -s "$at" -p 8001 web
	wait_for_record one '.event == "registered" and .registrar.auth == "none" and .registrar.secure == false'
	rsp 0 rsp-resolve --insecure-plaintext -s "$at" web
	assert_equal "$(field .registrar.secure)" false
}
