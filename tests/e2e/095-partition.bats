#!/usr/bin/env bats
# A scope across hosts: network namespaces of this test's own, joined by a bridge in another one. Partitions in the middle of
# work, one-way ones too, and what is left when the network has healed: one owner for each element, checksums equal.

load helpers

quicker=(--peer-heartbeat-cycle 400ms --max-time-last-heard 1200ms --max-time-no-response 600ms --keepalive-interval 500ms
	--reconnect-grace 1s)

setup_file() {
	local dir=$BATS_FILE_TMPDIR/scopes node
	mkdir "$dir"
	{
		rsp-keygen init --scope "$dir/master" --name test
		for node in 1 2 3; do
			rsp-keygen registrar --scope "$dir/master" "r$node" --asap "10.77.0.$node:3864" --enrp "10.77.0.$node:9902"
		done
		for node in e1 e2 e3; do
			rsp-keygen element --scope "$dir/master" "$node"
		done
		rsp-keygen monitor --scope "$dir/master" m1
		for node in r1 r2 r3 e1 e2 e3 m1; do
			rsp-keygen bundle --scope "$dir/master" "$node" -o "$dir/$node"
		done
		rsp-keygen bundle --scope "$dir/master" --user -o "$dir/user"
	} >"$BATS_FILE_TMPDIR/keygen.out"
}

# Hosts h1 to h5 at 10.77.0.1 to .5; port p1 to p5 of the bridge `sw` leads to each.
setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
	net=rsp$$-$BATS_TEST_NUMBER
	local i
	ip netns add "$net-sw"
	ip -n "$net-sw" link add name bridge type bridge
	ip -n "$net-sw" link set dev bridge up
	for i in 1 2 3 4 5; do
		ip netns add "$net-h$i"
		ip -n "$net-h$i" link add name eth address "02:00:00:00:00:0$i" type veth peer name "p$i" netns "$net-sw"
		ip -n "$net-h$i" address add "10.77.0.$i/24" dev eth
		ip -n "$net-h$i" link set dev eth up
		ip -n "$net-h$i" link set dev lo up
		ip -n "$net-sw" link set dev "p$i" master bridge up
	done
}

teardown() {
	local result=0 i
	for i in 1 2 3 4 5; do
		restore "$i" 2>/dev/null
	done
	stop_all || result=1
	for i in h1 h2 h3 h4 h5 sw; do
		ip netns del "$net-$i" 2>/dev/null
	done
	return "$result"
}

# on HOST COMMAND...: there
on() {
	ip netns exec "$net-h$1" "${@:2}"
}

# cut_off HOST: nothing goes to it, nor comes from it. deafen HOST: nothing goes to it. restore HOST: as before.
cut_off() {
	ip -n "$net-sw" link set dev "p$1" down
}
deafen() {
	bridge -n "$net-sw" link set dev "p$1" flood off mcast_flood off bcast_flood off learning off
	bridge -n "$net-sw" fdb del "02:00:00:00:00:0$1" dev "p$1" master || true
}
restore() {
	ip -n "$net-sw" link set dev "p$1" up
	bridge -n "$net-sw" link set dev "p$1" flood on mcast_flood on bcast_flood on learning on
}

# All three at once, each knowing the others from scope.json.
start_all() {
	local i
	for i in 1 2 3; do
		start "r$i" ip netns exec "$net-h$i" rsp-peer run --scope "$scopes/r$i" "${quicker[@]}" \
			--control "$BATS_TEST_TMPDIR/r$i.sock"
	done
	for i in 1 2 3; do
		wait_for_record "r$i" '.event == "listening"' >/dev/null
	done
	wait_until 15 active r1 r2 r3
}

# active NAME...: these registrars have one another in their peer lists, alive and in sync, and nobody else.
active() {
	local name
	for name in "$@"; do
		[ "$(rsp-peer status --control "$BATS_TEST_TMPDIR/$name.sock" |
			jq -r '.peers[] | "\(.name) \(.state) \(.in_sync)"' | sort)" = \
			"$(printf '%s active true\n' "$@" | grep -v "^$name ")" ] || return 1
	done
}

# start_element NAME HOST POOL PORT [OPTION...]: an element on HOST, at any registrar of scope.json without an option -s.
start_element() {
	start "$1" ip netns exec "$net-h$2" rsp-register --scope "$scopes/$1" --timers=fast --address "10.77.0.$2" \
		--port "$4" "${@:5}" "$3"
	wait_for_record "$1" '.event == "registered"' >/dev/null
}

# dump HOST REGISTRAR: its elements as a monitor on HOST sees them: "POOL ID HOME EPOCH" lines
dump() {
	on "$1" rsp-peer dump --scope "$scopes/m1" -s "r$2" -t 5s 2>/dev/null |
		jq -r 'select(.element) | "\(.handle) \(.element.pe_id) \(.element.home_id) \(.element.statement.epoch)"' | sort
}

# same N: all registrars have the same N elements at the same epoch, and each registrar's own are those that the others
# say are its; the checksums that they send agree with that.
same() {
	local first i
	first=$(dump 5 1)
	[ "$(grep -c . <<<"$first")" -eq "$1" ] || return 1
	for i in 2 3; do
		[ "$(dump 5 "$i")" = "$first" ] || return 1
	done
	active r1 r2 r3
}

home_of() { # POOL: the name of the registrar that has it
	local id i
	id=$(dump 5 2 | awk -v pool="$1" '$1 == pool { print $3 }')
	for i in 1 2 3; do
		[ "$(records "r$i" 'select(.event == "listening").server_id' | jq -r .)" != "$id" ] || echo "r$i"
	done
}

@test "a scope that starts all at once: one begins, the others join, and each knows all" {
	start_all
	start_element e1 1 one 8001
	wait_until 10 same 1
	run -0 on 5 rsp-peer ping --scope "$scopes/m1" -s r1 -s r2 -s r3
	assert_equal "$(jq -s 'map(select(.ok)) | length' <<<"$output")" 3
	for i in 1 2 3; do
		run -0 on 5 rsp-resolve --scope "$scopes/user" -s "r$i" --plain one
		assert_output 10.77.0.1:8001
	done
}

@test "a registrar and its element are cut off from the others, and come back: nobody loses anything" {
	start_all
	start_element e1 1 one 8001 -s r1
	start_element e2 4 two 8002 # whoever its home is: it sees all but what is cut off
	wait_until 10 same 2
	cut_off 1
	wait_for_record r2 '.event == "peer-dead" and .peer == "r1"' >/dev/null
	wait_for_record r3 '.event == "peer-dead" or .event == "peer-left"' >/dev/null
	wait_for_record r1 '.event == "peer-dead" and .peer == "r2"' >/dev/null
	wait_for_record r1 '.event == "peer-dead" and .peer == "r3"' >/dev/null
	# both sides serve what they can reach
	run -0 on 1 rsp-resolve --scope "$scopes/user" -s r1 --plain one
	assert_output 10.77.0.1:8001
	wait_until 10 on 5 rsp-resolve --scope "$scopes/user" -s r2 --plain two
	# what only the other side can reach goes in time
	wait_until 10 gone 5 2 one
	restore 1
	wait_until 30 same 2
	assert_equal "$(home_of one)" r1
	refute [ "$(home_of two)" = "" ]
	for i in 1 2 3; do
		run -0 on 5 rsp-resolve --scope "$scopes/user" -s "r$i" --plain one
		assert_output 10.77.0.1:8001
		run -0 on 5 rsp-resolve --scope "$scopes/user" -s "r$i" --plain two
		assert_output 10.77.0.4:8002
	done
	# the element that was with its home all the time did not notice
	assert_equal "$(records e1 'select(.event == "lost" or .event == "home-changed")')" ""
}

# gone HOST REGISTRAR POOL: users are told that there is no such pool
gone() {
	local status=0
	on "$1" rsp-resolve --scope "$scopes/user" -s "r$2" "$3" >/dev/null 2>&1 || status=$?
	[ "$status" -eq 1 ]
}

@test "what happens on both sides of a partition holds when it is over" {
	start_all
	start_element e1 1 one 8001 -s r1
	start_element e2 4 two 8002 -s r2 -s r3
	wait_until 10 same 2
	cut_off 1
	wait_for_record r2 '.event == "peer-dead" and .peer == "r1"' >/dev/null
	wait_for_record r1 '.event == "peer-dead" and .peer == "r2"' >/dev/null
	# one leaves and one comes, on each side
	stop e1
	start_element e3 1 three 8003
	stop e2
	start late ip netns exec "$net-h4" rsp-register --scope "$scopes/e2" --timers=fast --address 10.77.0.4 --port 8004 four
	wait_for_record late '.event == "registered"' >/dev/null
	restore 1
	wait_until 30 same 2
	run -0 dump 5 3
	assert_equal "$(cut -d ' ' -f 1 <<<"$output" | xargs)" "four three"
}

@test "a registrar that hears nobody, but is heard: its elements have one home all the same" {
	start_all
	start_element e1 4 one 8001
	wait_until 10 same 1
	deafen 1
	# r1 takes all others for dead; they hear it, and that it calls them so
	wait_for_record r1 '.event == "peer-suspected"' >/dev/null
	wait_for_record r2 '.event == "peer-suspected" and .peer == "r1"' 15 >/dev/null
	restore 1
	wait_until 30 same 1
	for i in 1 2 3; do
		run -0 on 5 rsp-resolve --scope "$scopes/user" -s "r$i" --plain one
		assert_output 10.77.0.4:8001
	done
}
