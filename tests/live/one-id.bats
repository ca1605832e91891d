#!/usr/bin/env bats
# Two registrars are told to have one server id.

load live

# distinct: no two have one id now, and all know one another.
distinct() {
	local name
	[ "$(for name in r1 r2 r3; do
		rsp-peer status --control "$BATS_TEST_TMPDIR/$name.sock" | jq -r .server_id
	done | sort -u | wc -l)" -eq 3 ] && in_sync
}

# few_records: nothing goes round in circles.
few_records() {
	local name
	for name in r1 r2 r3; do
		[ "$(records "$name" | wc -l)" -le 150 ] || {
			records "$name" '[.event, .key] | join(" ")' | sort | uniq -c >&2
			return 1
		}
	done
}

together() {
	use_timers "$1"
	make_hosts "${hosts[@]}"
	run_registrar r1 --server-id 0xbeef
	run_registrar r2
	run_registrar r3 --server-id 0xbeef
	serving r1 r2 r3
	within 10000 distinct
	populate
	kill_process r1
	wait_for_record e1 '.event == "home-changed" or .event == "reregistered"' $((detection / 1000 + 10)) >/dev/null
	run_registrar r1 --server-id 0xbeef
	serving r1
	finish 4 0 e2 e3 && moved 1 e1
	few_records
}

meet() {
	use_timers "$1"
	make_hosts "${hosts[@]}"
	net cut r3 r1
	net cut r3 r2
	run_registrar r1 --server-id 0xbeef
	run_registrar r2
	run_registrar r3 --server-id 0xbeef
	serving r1 r2 r3
	start_element e1 r1
	start_element e2 r2
	start_element e3 r3
	ask_all
	last 2000
	net heal
	finish 3 0 e1 e2 e3
	distinct
	few_records
}

@test "two registrars of one server id start together: one draws another, and all goes on: fast timers" {
	together fast
}

@test "two registrars of one server id start together: one draws another, and all goes on: timers of the RFC" {
	together rfc
}

@test "two registrars of one server id meet when a partition ends: fast timers" {
	meet fast
}

@test "two registrars of one server id meet when a partition ends: timers of the RFC" {
	meet rfc
}
