#!/usr/bin/env bats
# Clocks that are years off, of registrars and of elements. The clock that measures times is right everywhere.

load live

# Certificates for all these years: their dates are not what is tried.
setup_file() {
	make_live_scope "$BATS_FILE_TMPDIR/scopes" env FAKETIME=-21y "LD_PRELOAD=$faketime"
}

# Elements come, crash, come again, with another clock than before, and a registrar crashes.
off() {
	begin "$1"
	start_element e4 r2
	kill_process e2
	clock[e2]=-20y
	start_element e2 r3 e2-2
	leave e3
	clock[e3]=+400d
	start_element e3 r1 e3-2
	kill_process e5
	clock[e5]=-400d
	start_element e5 r2 e5-2
	within 5000 same_table 5
	kill_process r1
	wait_for_record e1 '.event == "home-changed" or .event == "reregistered"' $((detection / 1000 + 20)) >/dev/null
	kill_process e4
	last $((grace + no_response + 2000))
	run_registrar r1
	serving r1
	finish 4 1 e1 e3-2 && moved 0 e2-2 e5-2
}

registrars() {
	clock=([r1]=+400d [r3]=-400d)
	off "$1"
}

lost() {
	clock=([r2]=-20y [e2]=+400d [e3]=-20y [e5]=+400d)
	off "$1"
}

@test "one registrar is 400 days ahead, another one behind: fast timers" {
	registrars fast
}

@test "one registrar is 400 days ahead, another one behind: timers of the RFC" {
	registrars rfc
}

@test "a registrar is 20 years back, elements are ahead or back, and come again with the other clock: fast timers" {
	lost fast
}

@test "a registrar is 20 years back, elements are ahead or back, and come again with the other clock: timers of the RFC" {
	lost rfc
}
