#!/usr/bin/env bats
# Rights end when they are taken: keys and authorisations that are gone after SIGHUP. RFC 5355 2.2-2.5.

load helpers

setup() {
	cp -r "$scopes" "$BATS_TEST_TMPDIR/scopes"
	scopes=$BATS_TEST_TMPDIR/scopes
}

# edit FILE FILTER: change a JSON file in its place, with its mode
edit() {
	jq "$2" "$1" >"$BATS_TEST_TMPDIR/edited" && cat "$BATS_TEST_TMPDIR/edited" >"$1"
}

# forget NODE REGISTRAR...: take NODE's keys from the registrars' bundles
forget() {
	local node=$1 registrar
	for registrar in "${@:2}"; do
		edit "$scopes/$registrar/keys.json" "del(.keys[] | select(.client == \"$node\" or .server == \"$node\"))"
	done
}

# hangup REGISTRAR: have it read its scope, and wait until it has
hangup() {
	local before
	before=$(records "$1" 'select(.event == "reload")' | wc -l)
	kill -HUP "${pids[$1]}"
	wait_until 10 reloaded "$1" "$before"
}

reloaded() {
	[ "$(records "$1" 'select(.event == "reload")' | wc -l)" -gt "$2" ]
}

@test "a removed key: its connection is closed and recorded, its elements are removed, here and at peers" {
	start_scope r1 r2
	start e1 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 8080 --pe-id 0x11 web
	wait_for_record e1 '.event == "registered"'
	start_register e2 e2 r1 --port 8081 --pe-id 0x22 web
	wait_until 10 agree 2 r1 r2
	forget e1 r1
	hangup r1
	wait_for_record r1 '.event == "rights-ended" and .key == "key-removed" and .identity == "e1" and .role == "element"'
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .identity == "e1" and .pe_id == "0x00000011"'
	wait_until 10 agree 1 r1 r2
	resolve web r2
	assert_equal "$(field '.elements[].pe_id')" 0x00000022
	run -0 records r1 'select(.event == "rights-ended" and .identity != "e1")'
	assert_output ''
	stop e1 137 KILL
}

@test "a removed registrar is no peer: its connections are closed, others take its elements over" {
	start_scope r1 r2 r3
	start_register e1 e1 r3 --port 8080 --pe-id 0x11 web
	wait_until 10 agree 1 r1 r2 r3
	forget r3 r1 r2
	hangup r1
	hangup r2
	wait_for_record r1 '.event == "rights-ended" and .role == "peer" and .identity == "r3"'
	wait_for_record r1 '.event == "peer-dead" and .peer == "r3" and .key == "rights-ended"'
	wait_until 15 meshed r1 r2
	wait_until 10 adopted
	wait_until 10 agree 1 r1 r2
	stop e1 137 KILL # it may know r3, which goes on by itself
}

adopted() {
	cat "$BATS_TEST_TMPDIR"/r[12].out | jq -c 'select(.event == "pe-adopted" and .pe_id == "0x00000011")' | grep -q .
}

@test "a narrower authz.json applies to what is registered: pools, addresses, how many" {
	edit "$scopes/r1/authz.json" '(.identities[] | select(.name == "e1")).addresses = ["192.0.2.0/24"]'
	start_peer r1
	start_register web e1 r1 --port 8080 --pe-id 0x11 web
	start_register other e1 r1 --port 8080 --pe-id 0x12 other
	start_register there e1 r1 --port 8080 --pe-id 0x13 --address 192.0.2.7 other
	edit "$scopes/r1/authz.json" '(.identities[] | select(.name == "e1")).pools = ["oth*"]'
	hangup r1
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .pe_id == "0x00000011"'
	edit "$scopes/r1/authz.json" '(.identities[] | select(.name == "e1")).addresses = []'
	hangup r1
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .pe_id == "0x00000013"'
	resolve other
	assert_equal "$(field '.elements[].pe_id')" 0x00000012
	edit "$scopes/r1/authz.json" '(.identities[] | select(.name == "e1")).max_registrations = 0'
	hangup r1
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .pe_id == "0x00000012"'
	await_end web 6 # each was told, tried again, and was refused
	await_end there 6
	stop other 137 KILL # there may be room for it later
}

@test "a monitor that authz.json lists no longer is disconnected" {
	start_peer r1
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --wait 20 --psk "$(psk m1 monitor r1)" "${enrp[r1]}" \
		presence:9:0 hex:0a00000c0000000900000000 >"$BATS_TEST_TMPDIR/look.hex" &
	pids[look]=$!
	wait_until 10 test -s "$BATS_TEST_TMPDIR/look.hex"
	edit "$scopes/r1/authz.json" 'del(.identities[] | select(.name == "m1"))'
	hangup r1
	wait_for_record r1 '.event == "rights-ended" and .key == "monitor-not-allowed" and .identity == "m1"'
	await_end look
}

@test "a handshake that began before the key was removed and ends after it leads nowhere" {
	start_peer r1
	start gate python3 "$RSP_SRCDIR/tests/e2e/gate.py" "${asap[r1]}" "$BATS_TEST_TMPDIR/open"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/gate.out"
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk e1 element r1)" \
		"127.0.0.1:$(head -n 1 "$BATS_TEST_TMPDIR/gate.out")" register:web:0x11:127.0.0.1:80 >"$BATS_TEST_TMPDIR/late.hex" &
	pids[late]=$!
	wait_until 10 grep -q held "$BATS_TEST_TMPDIR/gate.out"
	forget e1 r1
	hangup r1
	: >"$BATS_TEST_TMPDIR/open"
	wait_for_record r1 '.event == "rights-ended" and .key == "key-removed" and .identity == "e1"'
	await_end late
	resolve web r1 1
	mv "$BATS_TEST_TMPDIR/gate.out" "$BATS_TEST_TMPDIR/gate.txt" # it holds no records
	await_end gate
}

@test "an element whose keys.json has no key of its registrar any more leaves it for another one" {
	start_peer r1
	start_peer r2
	start e1 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" -s "r2@${asap[r2]}" --port 8080 --pe-id 0x11 web
	wait_for_record e1 '.event == "registered" and .registrar.name == "r1"'
	edit "$scopes/e1/keys.json" 'del(.keys[] | select(.client == "r2" and .server == "e1"))' # another registrar's
	kill -HUP "${pids[e1]}"
	wait_for_record e1 '.event == "reloaded"'
	edit "$scopes/e1/keys.json" 'del(.keys[] | select(.client == "r1" or .server == "r1"))'
	kill -HUP "${pids[e1]}"
	wait_for_record e1 'select(.registrar.name? == "r2")'
	wait_for_record r2 '.event == "pe-registered" and .pe_id == "0x00000011"'
	said e1 'its key is not in our keys.json any more'
	resolve web r2
}

# rotate NODE REGISTRAR: NODE has new keys, and REGISTRAR a bundle with them
rotate() {
	rsp-keygen rotate --scope "$scopes/master" "$1" >/dev/null
	rsp-keygen retire --scope "$scopes/master" "$1" >/dev/null
	rsp-keygen bundle --scope "$scopes/master" --force "$2" -o "$scopes/$2" >/dev/null
}

@test "a replaced key: --rekey-grace is the time to take the new one; the element stays registered" {
	start_peer r1 --rekey-grace 2s --reconnect-grace 60s
	start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
	rotate e1 r1
	hangup r1
	rsp-keygen bundle --scope "$scopes/master" --force e1 -o "$scopes/e1" >/dev/null
	kill -HUP "${pids[e1]}"
	wait_for_record r1 '.event == "rights-ended" and .key == "key-replaced" and .identity == "e1"'
	assert [ $(($(at r1 '.event == "rights-ended"') - $(at r1 '.event == "reload"'))) -ge 1950 ]
	wait_for_record r1 '.event == "pe-updated" and .pe_id == "0x00000011"'
	run -0 records r1 'select(.event == "pe-removed")'
	assert_output ''
}

@test "a replaced key, and no --rekey-grace: the connection is closed at once" {
	start_peer r1 --reconnect-grace 60s
	start_register e1 e1 r1 --port 8080 --pe-id 0x11 web
	rotate e1 r1
	rsp-keygen bundle --scope "$scopes/master" --force e1 -o "$scopes/e1" >/dev/null
	kill -HUP "${pids[e1]}"
	hangup r1
	wait_for_record r1 '.event == "rights-ended" and .key == "key-replaced" and .identity == "e1"'
	wait_for_record r1 '.event == "pe-updated" and .pe_id == "0x00000011"'
}

# soon: the time in 4 seconds
soon() {
	date -u -d '+4 seconds' +%Y-%m-%dT%H:%M:%SZ
}

@test "a key, and an entry of authz.json, that end by their date end what they allowed, without a HUP" {
	start_peer r1
	start e1 rsp-register --scope "$scopes/e1" -s "r1@${asap[r1]}" --port 8080 --pe-id 0x11 web
	wait_for_record e1 '.event == "registered"'
	start_register e2 e2 r1 --port 8081 --pe-id 0x22 web
	start_register e3 e1 r1 --port 8082 --pe-id 0x33 other
	edit "$scopes/r1/authz.json" "(.identities[] | select(.name == \"e2\")).not_after = \"$(soon)\""
	hangup r1
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .pe_id == "0x00000022"'
	await_end e2 6
	edit "$scopes/r1/keys.json" "(.keys[] | select(.client == \"e1\")).not_after = \"$(soon)\""
	hangup r1
	wait_for_record r1 '.event == "rights-ended" and .key == "key-expired" and .identity == "e1" and .role == "element"'
	wait_for_record r1 '.event == "pe-removed" and .key == "rights-ended" and .pe_id == "0x00000011"'
	assert_equal "$(records r1 'select(.event == "reload")' | wc -l)" 2
	stop e1 137 KILL && stop e3 137 KILL
}
