# Registrars and name servers that say nothing: they do not hide a registrar that works, no process waits for them when it
# ends, and records list the attempts that were under way.
load helpers

# silent NAME ADDR:PORT...: servers that take connections and say nothing; ${silent[@]} is where.
silent() {
	local file=$BATS_TEST_TMPDIR/$1.where
	start "$1" python3 "$RSP_SRCDIR/tests/e2e/silent.py" "$file" "${@:2}"
	wait_until 10 test -e "$file"
	mapfile -t silent <"$file"
}

# names [NAME=ADDR,ADDR...]: a name server that answers for these, and for others never.
names() {
	local file=$BATS_TEST_TMPDIR/names.where
	start names python3 "$RSP_SRCDIR/tests/e2e/names.py" "$file" "$@"
	wait_until 10 test -e "$file"
	RSP_NAME_SERVERS=$(cat "$file")
	export RSP_NAME_SERVERS
}

teardown() {
	local name
	for name in quiet names; do # they know only signals
		[ -z "${pids[$name]-}" ] || stop "$name" 143
	done
	stop_all
}

@test "silent: three registrars that hang do not hide a fourth" {
	start_peer r4
	start_register one e1 r4 --port 8001 web
	silent quiet 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0
	local hang=(-s "r1@${silent[0]}" -s "r2@${silent[1]}" -s "r3@${silent[2]}")
	rsp 0 rsp-resolve --scope "$scopes/user" "${hang[@]}" -s "r4@${asap[r4]}" -t 8s web
	assert_equal "$(field '.registrar.name')" r4
	start two rsp-register --scope "$scopes/e2" "${hang[@]}" -s "r4@${asap[r4]}" -t 8s --port 8002 web
	wait_for_record two '.event == "registered"'
}

@test "silent: the record lists what was under way when time ran out, with its step" {
	silent quiet 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0
	names
	rsp 4 rsp-resolve --scope "$scopes/user" -s "r1@${silent[0]}" -s "r2@${silent[1]}" -s "r3@${silent[2]}" \
		-s r4@no-answer.example:1 -t 2s web
	assert_equal "$(field '.error.key, (.attempts | length)' | xargs)" "timeout 4"
	assert_equal "$(field '.attempts | map("\(.server) \(.step) \(.key)") | join(", ")')" \
		"r1 tls timeout, r2 tls timeout, r3 tls timeout, r4 dns timeout"
	assert_regex "$(field '.attempts[0].reason')" 'connected, but no TLS handshake'
	assert_regex "$(field '.attempts[3].reason')" 'name lookup'

	rsp 4 rsp-peer list --scope "$scopes/m1" -s "r1@${silent[0]}" -s r2@no-answer.example:1 -t 2s
	assert_equal "$(field '.attempts | map("\(.server) \(.step) \(.key)") | join(", ")')" "r1 tls timeout, r2 dns timeout"
	assert_regex "$(field '.attempts[0].reason')" 'connected, but no TLS handshake'
	assert_regex "$(field '.attempts[1].reason')" 'name lookup'
}

@test "silent: addresses of one registrar do not hide another one of it" {
	local dir=$BATS_TEST_TMPDIR/scope port
	start_peer r4 --asap 127.0.0.5:0 --enrp 127.0.0.5:0
	start_register one e1 r4 --port 8001 web
	port=$(port "${asap[r4]}")
	silent quiet "127.0.0.2:$port" "127.0.0.3:$port" "127.0.0.4:$port" "127.0.0.2:$(port "${enrp[r4]}")"

	# in the scope directory
	cp -r "$scopes/user" "$dir"
	jq --arg asap "127.0.0.2:$port" '.registrars |= map(select(.name == "r4") |
		.asap = $asap | .addresses = ["127.0.0.3", "127.0.0.4", "127.0.0.5"])' "$scopes/user/scope.json" >"$dir/scope.json"
	rsp 0 rsp-resolve --scope "$dir" -t 5s web

	# of a name
	names "r4.example=127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5"
	rsp 0 rsp-resolve --scope "$scopes/user" -s "r4@r4.example:$port" -t 5s web
	assert_equal "$(field '.registrar.address')" "127.0.0.5:$port"

	# for monitors
	cp -r "$scopes/m1" "$dir.m1"
	jq --arg enrp "127.0.0.2:$(port "${enrp[r4]}")" '.registrars |= map(select(.name == "r4") |
		.enrp = $enrp | .addresses = ["127.0.0.5"])' "$scopes/m1/scope.json" >"$dir.m1/scope.json"
	rsp 0 rsp-peer list --scope "$dir.m1" -t 5s
	assert_equal "$(field '.registrar.address')" "${enrp[r4]}"
}

@test "names: a process ends when it has its answer, whatever a name server does" {
	names
	start_peer r1 "${quick[@]}" --peer r2@no-answer.example:1 # it begins alone after MAX-TIME-NO-RESPONSE
	start_register one e1 r1 --port 8001 web
	# `rsp` allows 60 s: the limit here is what a process that waited for the lookup would not keep
	run -0 --separate-stderr timeout 5 rsp-resolve --scope "$scopes/user" -s r2@no-answer.example:1 -s "r1@${asap[r1]}" web
	assert_equal "$(field '.registrar.name')" r1
	run -0 --separate-stderr timeout 5 rsp-peer list --scope "$scopes/m1" -s r2@no-answer.example:1 -s "r1@${enrp[r1]}"
	start two rsp-register --scope "$scopes/e2" -s r2@two.example:1 --port 8002 web
	wait_until 10 grep -q two.example "$BATS_TEST_TMPDIR/names.where.asked"
	kill -TERM "${pids[two]}"
	timeout 5 tail --pid="${pids[two]}" -s 0.02 -f /dev/null
	await_end two 4 # it never found a registrar
	stop one
	kill -TERM "${pids[r1]}"
	timeout 5 tail --pid="${pids[r1]}" -s 0.02 -f /dev/null
}

@test "names: eight that no name server knows do not stop one of /etc/hosts" {
	local i servers=()
	names
	start_peer r1
	start_register one e1 r1 --port 8001 web
	for i in {1..8}; do
		servers+=(-s "r2@no-answer$i.example:1")
	done
	rsp 0 rsp-resolve --scope "$scopes/user" "${servers[@]}" -s "r1@localhost:$(port "${asap[r1]}")" -t 8s web
	assert_equal "$(field '.registrar.name')" r1
}
