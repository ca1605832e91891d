#!/usr/bin/env bats
# Reports of elements that users cannot reach (RFC 5352 3.5): each registrar asks the element, one that answers stays, and one
# that is removed while it is connected is told why and comes back at once.

load helpers

# report REGISTRAR PE_ID N...: users without a key, each at the address 127.0.0.N, report the element of the pool web.
report() {
	local registrar=$1 pe_id=$2 n running=()
	for n in "${@:3}"; do
		python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --ca "$scopes/user/ca.pem" --openssl="-bind 127.0.0.$n:0" \
			--wait 0.5 "${asap[$registrar]}" "unreachable:web:$pe_id" 3>&- &
		running+=($!)
	done
	wait "${running[@]}"
}

# reported REGISTRAR N: it has recorded N reports
reported() {
	[ "$(records "$1" 'select(.event == "pe-reported" and .key == "asked")' | wc -l)" -ge "$2" ]
}

# kept_alive NAME N: it has answered N keep-alives
kept_alive() {
	[ "$(records "$1" 'select(.event == "keepalive")' | wc -l)" -eq "$2" ]
}

@test "users without a key, at as many addresses as they like, do not remove an element that answers" {
	start_peer r1
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	report r1 0x11 2 3 4 5 6 7
	assert_equal "$(records r1 'select(.event == "pe-removed")')" ""
	wait_until 10 reported r1 1
	wait_for_record e1 '.event == "keepalive"'
	report r1 0x11 12 13 14 15 16 17
	wait_until 10 reported r1 4
	resolve web
	assert_equal "$(field '.elements[].pe_id')" 0x00000011
	assert_equal "$(records r1 'select(.event == "pe-removed")')" ""
	assert_equal "$(records e1 'select(.event == "lost")')" ""
	# the records name who it was
	run -0 records r1 'select(.event == "pe-reported") | [.ok, .identity, .role, .remote[:8], .message_type]'
	assert_regex "${lines[0]}" '^\[false,null,"user","127\.0\.0\.","ASAP_ENDPOINT_UNREACHABLE"\]$'
}

@test "one that does not answer is removed, with the names of those who reported it; it is told why and is back at once" {
	start_peer r1 --max-time-no-response 1s
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	kill -STOP "${pids[e1]}"
	report r1 0x11 2 3 4 5 6
	wait_for_record r1 '.event == "pe-removed"'
	kill -CONT "${pids[e1]}"
	run -0 records r1 'select(.event == "pe-removed") |
		[.identity, (.reporters | length), ([.reporters[] | select(.role == "user") | .remote | split(":")[0]] | unique | length)]'
	assert_regex "$output" '^\["e1",([1-4]),\1\]$'
	wait_for_record e1 '.event == "lost" and (.cause.key == "keepalive-unanswered" or .cause.key == "reported-unreachable") and
		(.reason | test("^removed by r1@.*: .*a keep-alive was not answered in time$"))'
	wait_for_record e1 '.event == "reregistered"'
	[ $(($(at e1 '.event == "reregistered"') - $(at e1 '.event == "lost"'))) -lt 1000 ]
	said e1 '^rsp-register: web: removed by r1@.*a keep-alive was not answered in time; registering again$'
}

@test "an element of another registrar is asked, too, and stays where it is" {
	start_scope r1 r2 r3
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	wait_until 10 agree 1 r1 r2 r3
	local id
	for id in r2 r3; do
		rsp 0 rsp-resolve --scope "$scopes/user" -s "$id@${asap[$id]}" --report-unreachable 0x11 web
		wait_for_record "$id" '.event == "pe-reported" and .key == "asked" and .pe_id == "0x00000011" and .role == "user"'
	done
	wait_until 10 kept_alive e1 2
	assert_equal "$(home web r2)" "0x00000011 $(server_id r1)"
	assert_equal "$(records e1 'select(.event == "home-changed" or .event == "lost")')" ""
	assert_equal "$(records r1 'select(.event == "pe-contested")')" ""
}

@test "an element of another registrar that does not answer is removed by its home" {
	start_scope r1 r2
	start_register e1 e1 r1 --port 80 --pe-id 0x11 web
	wait_until 10 agree 1 r1 r2
	kill -STOP "${pids[e1]}"
	report r2 0x11 2
	wait_for_record r2 '.event == "pe-reported" and .key == "asked"'
	wait_for_record r1 '.event == "pe-removed" and .key == "keepalive-unanswered" and .pe_id == "0x00000011"'
	wait_until 10 agree 0 r1 r2
	kill -CONT "${pids[e1]}"
	wait_for_record e1 '.event == "lost" and .cause.key == "keepalive-unanswered"'
	wait_for_record e1 '.event == "reregistered"'
	wait_until 10 agree 1 r1 r2
}

# one_way NAME TO: a way to TO, at the address that NAME.out has, until SIGUSR1 comes: then nothing gets to TO any more
one_way() {
	start "$1" python3 -c 'import select, signal, socket, sys
def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen()
    return s
deaf = []
signal.signal(signal.SIGUSR1, lambda *_: deaf.append(1))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
host, port = sys.argv[1].split(":")
here, to_there, to_here = listener(), {}, {}
print("\"127.0.0.1:%d\"" % here.getsockname()[1], flush=True)
while True:
    for s in select.select([here, *to_here] + ([] if deaf else list(to_there)), [], [], 0.05)[0]:
        if s is here:
            a, b = here.accept()[0], socket.create_connection((host, int(port)))
            to_there[a], to_here[b] = b, a
            continue
        way = to_there if s in to_there else to_here
        octets = s.recv(65536)
        if octets:
            way[s].sendall(octets)
            continue
        del way[s]' "$2"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/$1.out"
	asap[$1]=$(jq -r . "$BATS_TEST_TMPDIR/$1.out")
	mv "$BATS_TEST_TMPDIR/$1.out" "$BATS_TEST_TMPDIR/$1.where" # it is no record
}

@test "an element that its home does not hear any more is told, and is at another registrar in seconds" {
	start_peer r1 "${quick[@]}" --keepalive-interval 500ms
	start_peer r2 "${quick[@]}" --peer "r1@${enrp[r1]}"
	wait_until 10 meshed r1 r2
	one_way way "${asap[r1]}"
	start e1 rsp-register --scope "$scopes/e1" -s "r1@${asap[way]}" -s "r2@${asap[r2]}" --port 80 --pe-id 0x11 web
	wait_for_record e1 '.event == "registered" and .registrar.name == "r1"'
	kill -USR1 "${pids[way]}"
	wait_for_record e1 '.event == "lost" and .cause.key == "keepalive-unanswered"'
	wait_for_record e1 '.event == "home-changed" and .registrar.name == "r2"'
	wait_for_record e1 '.event == "reregistered" and .registrar.name == "r2"'
	[ $(($(at e1 '.event == "reregistered"') - $(at e1 '.event == "lost"'))) -lt 5000 ] # T2 is 15 s
	wait_until 10 agree 1 r1 r2
}

@test "a report of an element that is not there is recorded as that" {
	start_peer r1
	report r1 0x99 2
	wait_for_record r1 '.event == "pe-reported" and .key == "unknown-element" and .pe_id == "0x00000099"'
}
