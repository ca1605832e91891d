#!/usr/bin/env bats
# Registrars that announce themselves, those who listen, and those who lie: RFC 5352 2.2.10 and 3.6 (T6, T7), RFC 5355 2.12.
# No test knows an address of a registrar: the clients have a scope directory whose registrars have port 0.

load helpers

raw() {
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" "$@"
}

# start_listener NAME AT TOOL ARG...: start a tool that listens for announcements at AT; $at is then where it really does.
start_listener() {
	local name=$1 where=$2
	shift 2
	start "$name" "$@" -v --discover "$where"
	wait_until 10 said "$name" 'listening for announcements$'
	at=$(sed -n 's/^rsp-[a-z]*: \(.*\): listening for announcements$/\1/p' "$BATS_TEST_TMPDIR/$name.err")
}

# freeze NAME: what NAME hears from now on waits until `thaw NAME`.
freeze() {
	kill -STOP "${pids[$1]}"
}
thaw() {
	kill -CONT "${pids[$1]}"
}

# result NAME FILTER: of the one record that NAME printed.
result() {
	jq -r "$2" "$BATS_TEST_TMPDIR/$1.out"
}

# start_rogue ARG...: a registrar r1 of another scope, with an element of its own in the pool web.
start_rogue() {
	make_scope "$BATS_TEST_TMPDIR/else"
	start rogue rsp-peer run --scope "$BATS_TEST_TMPDIR/else/r1" --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --control none \
		"$@"
	rogue=$(wait_for_record rogue '.event == "listening"' | jq -r .asap)
	start bait rsp-register --scope "$BATS_TEST_TMPDIR/else/e1" -s "r1@$rogue" --port 6666 web
	wait_for_record bait '.event == "registered"'
}

@test "announce: a registrar tells where it is, as often as T6 says" { # RFC 5352 2.2.10
	start ears python3 "$RSP_SRCDIR/tests/e2e/raw.py" hear 3
	wait_until 10 test -s "$BATS_TEST_TMPDIR/ears.out"
	start_peer r1 --announce "127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/ears.out")" --t6-serverannounce 100ms
	announcing=$(wait_for_record r1 '.event == "announcing"')
	assert_equal "$(jq -r '.to, .announced[], .error' <<<"$announcing" | xargs)" \
		"127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/ears.out") ${asap[r1]} null"
	await_end ears
	sed 1d "$BATS_TEST_TMPDIR/ears.out" >"$BATS_TEST_TMPDIR/datagrams"
	rm "$BATS_TEST_TMPDIR/ears.out"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/datagrams")" 3
	run -0 bash -c 'rsp-audit decode --protocol asap <"$1" | jq -c "[.message.type, .message.server_id] + [.message.transports[]? | .type, .port, .addresses[]]" | sort -u' - "$BATS_TEST_TMPDIR/datagrams"
	assert_output "[\"ASAP_SERVER_ANNOUNCE\",\"$(records r1 .server_id | jq -r 'select(.)' | head -n 1)\",\"tcp\",$(port "${asap[r1]}"),\"127.0.0.1\"]"
}

@test "announce: a user finds the registrar, and believes it by its certificate" {
	start_listener user 127.0.0.1:0 rsp-resolve --scope "$scopes/user" -t 60s --trace-pcap "$BATS_TEST_TMPDIR/user.pcap" web
	freeze user
	start_peer r1 --announce "$at"
	start_register one e1 r1 --port 8001 web
	thaw user
	await_end user
	assert_equal "$(result user '.registrar | .name, .address, .auth, .secure' | xargs)" "r1 ${asap[r1]} certificate true"
	assert_equal "$(result user '.elements[].user_transport.port')" 8001
	assert_equal "$(result user '.attempts | length, .[0].server, .[0].address, .[0].key' | xargs)" "1 r1 ${asap[r1]} ok"
	said user "^rsp-resolve: ${asap[r1]}: announced by 127.0.0.1 as the registrar 0x[0-9a-f]{8}$"
	said user 'announcements: [1-9][0-9]* received, 0 of them without a usable registrar$'
	run -0 --separate-stderr tshark -r "$BATS_TEST_TMPDIR/user.pcap" -T fields -e asap.message_type -e asap.tcp_transport_port
	assert_line --index 0 "$(printf '10\t%s' "$(port "${asap[r1]}")")"
}

@test "announce: an element finds the registrar, and moves to the next one when it is gone" { # RFC 5352 3.6
	start_listener one 127.0.0.1:0 rsp-register --scope "$scopes/e1" --t7-enrpoutdate 1s -t 60s --port 8001 web
	start_peer r1 --announce "$at" --t6-serverannounce 200ms
	wait_for_record one '.event == "registered" and .registrar.name == "r1" and .registrar.auth == "psk"'
	resolve web r1
	local gone=${asap[r1]}
	stop r1
	wait_for_record one '.event == "lost"'
	wait_until 10 said one "^rsp-register: $gone: forgotten, it is not announced any more$"
	start_peer r2 --announce "$at" --t6-serverannounce 200ms
	wait_for_record one '.event == "reregistered" and .registrar.name == "r2"' 20
	resolve web r2
	assert_equal "$(field '.elements[].user_transport.port')" 8001
	stop one
}

@test "announce: a rogue does not get the user, who looks for another one" { # RFC 5355 2.7, 2.12
	start_listener user 127.0.0.1:0 rsp-resolve --scope "$scopes/user" -t 60s --wait web
	start_rogue --announce "$at" --t6-serverannounce 100ms
	wait_until 10 said user "$rogue: tls: the certificate is not from the scope's CA \\(ca\\.pem\\)$"
	freeze user
	start_peer r1 --announce "$at"
	start_register one e1 r1 --port 8001 web
	thaw user
	await_end user
	assert_equal "$(result user '.registrar.name, .elements[].user_transport.port' | xargs)" "r1 8001"
	assert_equal "$(result user '.attempts[] | "\(.address) \(.step) \(.key)"' | sort)" \
		"$(printf '%s tls unknown-ca\n%s asap ok\n' "$rogue" "${asap[r1]}" | sort)"
	stop bait
	stop rogue
	assert_equal "$(records rogue 'select(.event == "stopped").received')" 2 # the bait's coming and going
}

@test "announce: with nobody but rogues there, authentication has failed" {
	# the group's port is held by one who waits for long: those whose T7 is short start when the rogue is there
	start_listener bystander 224.0.1.185%lo:0 rsp-resolve --scope "$scopes/user" -t 60s --t7-enrpoutdate 60s web
	start_rogue --announce "$at" --t6-serverannounce 100ms
	start_listener user "$at" rsp-resolve --scope "$scopes/user" --t7-enrpoutdate 2s web
	start_listener one "$at" rsp-register --scope "$scopes/e1" --t7-enrpoutdate 2s --port 8001 web
	await_end user 5
	assert_equal "$(result user '.error.key, .attempts[0].address' | xargs)" "unknown-ca $rogue"
	await_end one 5
	assert_equal "$(result one '.error.key, .attempts[0].step' | xargs)" "auth-failed tls"
	stop bait
	stop bystander 143
}

@test "announce: a flood of invented registrars and of noise: the tool goes on and finds the one there is" { # RFC 5352 9.2
	start_listener user 127.0.0.1:0 rsp-resolve --scope "$scopes/user" -t 60s --wait web
	run -0 raw noise 1 2000 "$at" # before the flood: of what comes after it the kernel may drop everything
	run -0 raw invent 10000 "$at"
	run -0 raw shout "$at" announce:0:127.0.0.1:1 announce:1:127.0.0.1:0 announce:1:224.0.0.1:1 hex: hex:0a
	kill -0 "${pids[user]}"
	start_peer r1 --announce "$at" --t6-serverannounce 100ms
	await_end user 1
	assert_equal "$(result user '.error.key, (.attempts[] | select(.server == "r1").key)' | xargs)" "unknown-pool ok"
	[ "$(result user '.attempts | length')" -le 64 ]
	[ "$(grep -c 'announced by' "$BATS_TEST_TMPDIR/user.err")" -le 100 ]
	said user 'announcements: [0-9]+ received, [1-9][0-9]* of them without a usable registrar$'
}

@test "announce: a group has room for many" { # RFC 5352 8.4
	start_listener user 224.0.1.185%lo:0 rsp-resolve --scope "$scopes/user" -t 60s web
	freeze user
	start_listener one "$at" rsp-register --scope "$scopes/e1" -t 60s --port 8001 web
	start_peer r1 --announce "$at" --t6-serverannounce 200ms
	start_peer r2 --announce "$at" --t6-serverannounce 200ms
	wait_for_record one '.event == "registered"'
	stop r2
	stop one
	thaw user
	await_end user 1 # the pool is empty again
	assert_equal "$(result user '.error.key, (.attempts[] | select(.key == "ok").server)' | xargs)" "unknown-pool r1"
}

@test "announce: an IPv6 group at the default port, in a network of its own" { # RFC 5352 8.2, 8.4
	unshare -rn true 2>/dev/null || skip "no network namespaces" # CI takes this for a failure
	cat >"$BATS_TEST_TMPDIR/inside" <<-'EOT'
		ip link add left type veth peer name right && ip address add fd00::1/64 dev left nodad || exit 90
		for interface in lo left right; do ip link set "$interface" up; done
		rsp-resolve --scope "$1/user" -v -t 30s --discover 'ff02::133%left' web >"$2/user.out" 2>"$2/user.err" &
		until grep -q '^rsp-resolve: \[ff02::133%left\]:3863: listening' "$2/user.err"; do
			kill -0 $! || exit 91
			sleep 0.02
		done
		rsp-peer run --scope "$1/r1" --name r1 --asap '[::]:0' --enrp '[::]:0' --announce '[ff02::133%left]' >"$2/r1.out" &
		wait %1
		status=$?
		kill %2
		wait %2 || exit 92
		exit $status
	EOT
	start inside unshare -rn bash "$BATS_TEST_TMPDIR/inside" "$scopes" "$BATS_TEST_TMPDIR"
	await_end inside 1
	rm "$BATS_TEST_TMPDIR/inside.out"
	assert_equal "$(result user '.error.key, .attempts[0].server, .attempts[0].key' | xargs)" "unknown-pool r1 ok"
	assert_equal "$(records r1 'select(.event == "announcing") | .to, .announced[0][:10]' | xargs)" "[ff02::133%left]:3863 [fd00::1]:"
}

@test "announce: in plain text whoever is heard is asked, and nothing else is needed" {
	start_listener user 127.0.0.1:0 rsp-resolve --insecure-plaintext --scope /nonexistent -t 60s web
	start r9 rsp-peer run --insecure-plaintext --name r9 --asap 127.0.0.1:0 --enrp 127.0.0.1:0 --announce "$at"
	await_end user 1
	asked=$(wait_for_record r9 '.event == "listening"' | jq -r .asap)
	assert_equal "$(result user '.error.key, .attempts[0].server, .attempts[0].address' | xargs)" "unknown-pool $asked $asked"
}

@test "announce: what cannot be announced is said once, and the rest is" {
	start ears python3 "$RSP_SRCDIR/tests/e2e/raw.py" hear 3
	wait_until 10 test -s "$BATS_TEST_TMPDIR/ears.out"
	start_peer r1 --announce 255.255.255.255:9 --announce "127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/ears.out")" \
		--t6-serverannounce 50ms
	await_end ears
	rm "$BATS_TEST_TMPDIR/ears.out"
	assert_equal "$(records r1 'select(.event == "announce-failed") | .to, .error.key' | xargs)" "255.255.255.255:9 unreachable"
}

@test "announce: wrong usage" {
	local where
	for where in nowhere 127.0.0.1:x 224.0.1.185%nosuch0 224.0.1.185/0 '[::1' ''; do
		rsp 2 rsp-resolve --scope "$scopes/user" --discover "$where" web
		assert_equal "$(field .error.object)" --discover
		rsp 2 rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --announce "$where"
		assert_equal "$(field .error.object)" --announce
	done
	rsp 2 rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --announce 224.0.1.185%lo:0
	rsp 2 rsp-peer run --scope "$scopes/r1" --asap 127.0.0.1:0 --announce 127.0.0.1 --announce 127.0.0.1 --announce 127.0.0.1 \
		--announce 127.0.0.1 --announce 127.0.0.1
	rsp 2 rsp-resolve --scope "$scopes/user" --discover 127.0.0.1:0 --discover 127.0.0.1:0 --discover 127.0.0.1:0 \
		--discover 127.0.0.1:0 --discover 127.0.0.1:0 web
	rsp 3 rsp-resolve --scope "$scopes/user" --discover 203.0.113.9:1 web
	assert_equal "$(field '.error.key, .error.object' | xargs)" "io 203.0.113.9:1"
	RSP_SCOPE=/nonexistent rsp 2 rsp-resolve --tls-ca "$scopes/user/ca.pem" --discover 127.0.0.1:0 web
	RSP_SCOPE=/nonexistent rsp 3 rsp-resolve --discover 127.0.0.1:0 web
	rsp 4 rsp-resolve --scope "$scopes/user" --discover 127.0.0.1:0 --t7-enrpoutdate 50ms web
	assert_equal "$(field '.error.key, .error.reason' | xargs)" "timeout no announcement was heard in time: check --discover, or name a registrar with -s HOST:PORT"
}
