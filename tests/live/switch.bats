#!/usr/bin/env bats
# The switch of tests/live: what passes it, and what does not.

load live

setup_file() {
	:
}

setup() {
	make_hosts a b c
	local host
	for host in a b c; do
		start_on "$host" "$host" python3 "$BATS_TEST_DIRNAME/echo.py"
	done
	for host in a b c; do
		wait_until 10 test -s "$BATS_TEST_TMPDIR/$host.out"
	done
}

teardown() {
	local host
	for host in a b c; do
		kill "${pids[$host]}"
	done
	kill "$switch_pid"
}

# passed FROM TO [MORE]: how many of 200 datagrams come back to FROM from TO; of the last one, ms: "N MS".
passed() {
	on "$1" python3 "$BATS_TEST_DIRNAME/echo.py" "10.78.0.$2"
}

@test "what is not cut passes, to and fro" {
	assert_equal "$(passed a 2 | cut -d ' ' -f 1)" 200
	assert_equal "$(passed b 3 | cut -d ' ' -f 1)" 200
}

@test "a cut is between the two that it names, until it is healed" {
	net cut a b
	assert_equal "$(passed a 2)" "0 0"
	assert_equal "$(passed b 1)" "0 0"
	assert_equal "$(passed a 3 | cut -d ' ' -f 1)" 200
	net heal
	assert_equal "$(passed a 2 | cut -d ' ' -f 1)" 200
}

@test "one way is one way" {
	net oneway 'a>b'
	run -0 on a python3 "$BATS_TEST_DIRNAME/echo.py" 10.78.0.2
	assert_output "0 0"
	assert_equal "$(jq .heard "$BATS_TEST_TMPDIR/b.out" | tail -n 1)" 0
	net heal
	net oneway 'b>a'
	assert_equal "$(passed a 2)" "0 0"
	# b has heard, and its answers are lost
	wait_until 5 grep -q '"heard":200' "$BATS_TEST_TMPDIR/b.out"
}

@test "a host can be cut off from all" {
	net cut b
	assert_equal "$(passed a 2)" "0 0"
	assert_equal "$(passed b 3)" "0 0"
	assert_equal "$(passed a 3 | cut -d ' ' -f 1)" 200
}

@test "so many of a hundred are lost" {
	net loss 'a>b' 30%
	run -0 passed a 2
	[ "${output% *}" -gt 100 ] && [ "${output% *}" -lt 175 ]
}

@test "what is delayed comes later, all of it, in its order" {
	net delay a b 40ms
	run -0 passed a 2
	[ "${output% *}" -eq 200 ] && [ "${output#* }" -ge 80 ]
}

@test "a long stream comes whole" {
	start_on b stream python3 -c 'import socket
s = socket.create_server(("", 7001)); print("listening", flush=True); c, _ = s.accept(); n = 0
while d := c.recv(65536): n += len(d)
print(n, flush=True)'
	wait_until 10 grep -q listening "$BATS_TEST_TMPDIR/stream.out"
	net delay all 5ms
	on a python3 -c 'import socket
socket.create_connection(("10.78.0.2", 7001)).sendall(bytes(20000000))'
	wait_until 20 grep -qx 20000000 "$BATS_TEST_TMPDIR/stream.out"
}

@test "what is no command is refused" {
	local text n=0
	for text in "cut" "cut a d" "loss a>b 101%" "delay a" "oneway a>b c" "" "heal a b c" "halt all"; do
		n=$((n + 1))
		echo "$text" 1<>"$net/commands"
		wait_until 5 refused "$n"
	done
	net heal a b
}

refused() {
	[ "$(grep -c '"event":"refused"' "$net/log")" -eq "$1" ]
}
