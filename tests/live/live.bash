# shellcheck shell=bash
# What the files of tests/live share: hosts, each a network namespace of its own, joined by a switch (switch.c) that cuts,
# loses and delays; registrars and elements on them; a user who asks all registrars all the time (ask.py); and a timeline
# of what was done to them, with which the answers are judged (judge.py).

load ../e2e/helpers

# Three registrars, the hosts of five elements, and where users and monitors are.
hosts=(r1 r2 r3 e1 e2 e3 e4 e5 u)

# use_timers rfc|fast: those of all processes; the numbers (ms) are the defaults in rsp-peer(1).
use_timers() {
	timers=$1
	case $timers in
	fast) last_heard=5000 no_response=2000 grace=2000 keepalive=2000 heartbeat=2000 ;;
	rfc) last_heard=61000 no_response=5000 grace=5000 keepalive=30000 heartbeat=30000 ;;
	esac
	detection=$((last_heard + no_response))
	note timers "$last_heard" "$no_response" "$grace" "$keepalive"
}

# note WORD...: something happened now; judge.py says which words it knows.
note() {
	echo "$(now) $*" >>"$BATS_TEST_TMPDIR/timeline"
}

# Keys for the scope, in DIR: make_live_scope DIR [COMMAND...]. The tools that make them are run by COMMAND.
make_live_scope() {
	local dir=$1 node
	shift
	mkdir -p "$dir"
	{
		"$@" rsp-keygen init --scope "$dir/master" --name live --days 20000 || return
		for node in 1 2 3; do
			"$@" rsp-keygen registrar --scope "$dir/master" "r$node" --days 20000 --asap "10.78.0.$node:3864" \
				--enrp "10.78.0.$node:9902" || return
		done
		for node in e1 e2 e3 e4 e5; do
			"$@" rsp-keygen element --scope "$dir/master" "$node" || return
		done
		"$@" rsp-keygen monitor --scope "$dir/master" m1 || return
		for node in r1 r2 r3 e1 e2 e3 e4 e5 m1; do
			"$@" rsp-keygen bundle --scope "$dir/master" "$node" -o "$dir/$node" || return
		done
		"$@" rsp-keygen bundle --scope "$dir/master" --user -o "$dir/user" || return
	} >"$dir/keygen.out"
}

# make_hosts HOST...: the namespaces and the switch.
make_hosts() {
	local apart=(unshare --user --map-root-user --net)
	own_users=(--user --preserve-credentials)
	if ! "${apart[@]}" true 2>/dev/null; then
		own_users=() apart=(unshare --net)
		"${apart[@]}" true || {
			echo "live: this user can make no network namespaces, with user namespaces or without: see" \
				"/proc/sys/user/max_user_namespaces, kernel.unprivileged_userns_clone," \
				"kernel.apparmor_restrict_unprivileged_userns, and what a container forbids" >&2
			return 1
		}
	fi
	net=$BATS_TEST_TMPDIR/net
	mkdir "$net"
	note hosts "$@"
	"${apart[@]}" "$BASH" "$RSP_SRCDIR/tests/live/hosts.sh" "$net" "$@" >"$net/log" 2>"$net/err" </dev/null 3>&- &
	switch_pid=$!
	wait_until 10 has_switch && grep -q . "$net/log" || {
		cat "$net/err" >&2
		return 1
	}
}

# has_switch: it forwards, or has ended.
has_switch() {
	grep -q '"event":"forwarding"' "$net/log" || ! kill -0 "$switch_pid" 2>/dev/null
}

# net COMMAND...: tell the switch, and wait until it has done so; see switch.c.
net() {
	local n
	n=$(grep -c . "$net/log")
	note net "$@"
	echo "$*" 1<>"$net/commands"
	wait_until 5 obeyed "$n" "$*"
}

# obeyed N COMMAND: past its first N lines the switch says that it has done this.
obeyed() {
	tail -n "+$(($1 + 1))" "$net/log" | grep -qxF "{\"event\":\"done\",\"command\":\"$2\"}"
}

# on HOST COMMAND...: there, in place of this shell if that is one of its own.
on() {
	local host=$1
	shift
	nsenter --target "$(<"$net/$host.pid")" "${own_users[@]}" --net -- "$@"
}

# start_on HOST NAME COMMAND...: like `start`, on HOST.
start_on() {
	local host=$1 name=$2
	shift 2
	start "$name" nsenter --target "$(<"$net/$host.pid")" "${own_users[@]}" --net -- "$@"
}

# Which clock a process on HOST has: clock[HOST]=+400d. Only CLOCK_REALTIME is another one.
declare -gA clock=()
faketime=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')
clocked() { # HOST: sets $clocked, the words before a command
	clocked=()
	[ -z "${clock[$1]-}" ] ||
		clocked=(env "FAKETIME=${clock[$1]}" FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 "LD_PRELOAD=$faketime")
}

# run_registrar NAME [OPTION...]: start it; it may have to join others before it serves: serving NAME...
run_registrar() {
	local name=$1
	shift
	clocked "$name"
	start_on "$name" "$name" "${clocked[@]}" rsp-peer run --scope "$scopes/$name" --timers="$timers" \
		--control "$BATS_TEST_TMPDIR/$name.sock" "$@"
}

# serving NAME...: wait until they serve.
serving() {
	local name
	for name in "$@"; do
		wait_for_record "$name" '.event == "listening"' 30 >/dev/null || return
		note up "$name" "$(server_id "$name")" "$(at "$name" '.event == "listening"')" "${clock[$name]:-0}"
	done
}

# start_scope: the registrars, together.
start_scope() {
	local name
	for name in r1 r2 r3; do
		run_registrar "$name"
	done
	serving r1 r2 r3 && wait_until 30 in_sync
}

# in_sync: each registrar has the others for peers, alive, and has of their elements what they say.
in_sync() {
	local name
	for name in r1 r2 r3; do
		[ "$(rsp-peer status --control "$BATS_TEST_TMPDIR/$name.sock" |
			jq -r '.peers[] | select(.server_id) | "\(.name) \(.state) \(.in_sync)"' | sort)" = \
			"$(printf '%s active true\n' r1 r2 r3 | grep -v "^$name ")" ] || return 1
	done
}

# read_tables: all that each registrar has, in NAME.table, an element a line.
read_tables() {
	local name jobs=()
	for name in r1 r2 r3; do
		read_table "$name" 3>&- &
		jobs+=($!)
	done
	wait "${jobs[@]}"
}

read_table() {
	on u rsp-peer dump --scope "$scopes/m1" -s "$1" -t 5s 2>/dev/null |
		jq -cS 'select(.element) | [.handle, .element]' | LC_ALL=C sort >"$BATS_TEST_TMPDIR/$1.table"
}

# same_table [N]: all registrars have the same elements, N of them, with the same contents, and of the same homes.
same_table() {
	read_tables
	[ $# -eq 0 ] || [ "$(wc -l <"$BATS_TEST_TMPDIR/r1.table")" -eq "$1" ] || return
	cmp -s "$BATS_TEST_TMPDIR/r1.table" "$BATS_TEST_TMPDIR/r2.table" &&
		cmp -s "$BATS_TEST_TMPDIR/r1.table" "$BATS_TEST_TMPDIR/r2.table" &&
		cmp -s "$BATS_TEST_TMPDIR/r1.table" "$BATS_TEST_TMPDIR/r3.table"
}

# one_table [N]: and the digests agree.
one_table() {
	same_table "$@" && in_sync
}

# within MS COMMAND...: COMMAND, begun so soon, succeeds: how long it takes is not counted. If it does not, go on for a
# while: how late it is helps to find out why.
within() {
	local bound=$1 from late
	from=$(now)
	shift
	while late=$(($(now) - from)); ! "$@"; do
		[ "$late" -lt $((bound + 20000)) ] || break
	done
	note reached "$late" "$@"
	[ "$late" -le "$bound" ] || {
		echo "after $late ms, or never, not $bound ms: $*" >&2
		show_tables >&2
		return 1
	}
}

show_tables() {
	local name line
	read_tables
	for name in r1 r2 r3; do
		echo "$name $(server_id "$name"): elements, their homes, and what differs if any of it does"
		while read -r line; do
			echo "$(jq -r '.[1] | "\(.pe_id) \(.home_id)"' <<<"$line") $(cksum <<<"$line" | cut -d ' ' -f 1)"
		done <"$BATS_TEST_TMPDIR/$name.table"
		rsp-peer status --control "$BATS_TEST_TMPDIR/$name.sock" | jq -c '.peers[] | {name, server_id, state, in_sync}'
	done
}

# moved N NAME...: each of these processes has registered at another home N times at most.
moved() {
	local most=$1 name result=0
	for name in "${@:2}"; do
		[ "$(records "$name" 'select(.event | IN("registered", "reregistered", "renewed")).registrar.name' |
			uniq | wc -l)" -le $((most + 1)) ] || {
			echo "$name has changed its home more than $most times:"
			records "$name" 'select(.event != "keepalive") | [.ts, .event, .registrar.name, .key]'
			result=1
		} >&2
	done
	return "$result"
}

# finish ELEMENTS N NAME...: the fault has just ended. Within 5 s all ELEMENTS are everywhere, no answer was wrong, and those
# processes have had another home N times at most.
finish() {
	local result=0
	within 5000 one_table "$1" || result=1
	judge || result=1
	moved "${@:2}" || result=1
	return "$result"
}

# start_element NAME HOME [AS]: the element NAME on its host, at HOME if that can be had; its process is called AS.
start_element() {
	local name=$1 home=$2 as=${3:-$1} other others=()
	for other in r1 r2 r3; do
		[ "$other" = "$home" ] || others+=(-s "$other")
	done
	clocked "$name"
	note element "$name" "$as" "0x0000000${name#e}" "${clock[$name]:-0}"
	note changing "$name"
	start_on "$name" "$as" "${clocked[@]}" rsp-register --scope "$scopes/$name" --timers="$timers" \
		--address "10.78.0.$((3 + ${name#e}))" --port 80 --pe-id "${name#e}" -s "$home" "${others[@]}" web
	wait_for_record "$as" '.event == "registered"' 30 >/dev/null || return
	note live "$name"
	assert_equal "$(records "$as" 'select(.event == "registered").registrar.name' | jq -r .)" "$home"
}

# kill_process NAME...: by SIGKILL, as a crash; all at once.
kill_process() {
	local name all=()
	for name; do
		case $name in r*) note down "$name" ;; e*) note changing "${name%%-*}" ;; esac
		all+=("${pids[$name]}")
	done
	kill -STOP "${all[@]}" # else an element may register at one before it is killed
	kill -KILL "${all[@]}"
	for name; do
		await_end "$name" 137 || return
		case $name in e*) note dead "${name%%-*}" ;; esac
	done
}

# leave NAME: the element deregisters.
leave() {
	note changing "${1%%-*}"
	stop "$1" || return
	note left "${1%%-*}"
}

# pause_process NAME..., continue_process NAME...
pause_process() {
	local name
	for name in "$@"; do
		note down "$name"
		kill -STOP "${pids[$name]}"
	done
}
continue_process() {
	local name
	for name in "$@"; do
		kill -CONT "${pids[$name]}"
		note continued "$name"
	done
}

# The user, who begins when all know all.
ask_all() {
	start_on u asking python3 "$RSP_SRCDIR/tests/live/ask.py" "$scopes/user/ca.pem" web "$BATS_TEST_TMPDIR" \
		r1=10.78.0.1:3864 r2=10.78.0.2:3864 r3=10.78.0.3:3864
	wait_until 10 answered r1 && wait_until 10 answered r2 && wait_until 10 answered r3
}

answered() {
	[ -s "$BATS_TEST_TMPDIR/$1.answers" ]
}

# judge: end the asking, and see whether any answer was wrong for too long.
judge() {
	stop asking || return
	python3 "$RSP_SRCDIR/tests/live/judge.py" "$BATS_TEST_TMPDIR" >&2
}

# begin rfc|fast: three registrars with an element each, e1 at r1 and so on, one more, e5, at r3; a user asks.
begin() {
	use_timers "$1"
	make_hosts "${hosts[@]}"
	start_scope
	populate
}

populate() {
	start_element e1 r1
	start_element e2 r2
	start_element e3 r3
	start_element e5 r3
	wait_until 20 one_table 4
	ask_all
}

# last MS: a fault does; nothing happens meanwhile that could be waited for.
last() {
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

setup_file() {
	make_live_scope "$BATS_FILE_TMPDIR/scopes"
}

setup() {
	scopes=$BATS_FILE_TMPDIR/scopes
}

teardown() {
	local result=0
	[ ! -e "${net-}/commands" ] || net heal || result=1
	stop_all || result=1
	[ -z "${switch_pid-}" ] || kill -TERM "$switch_pid" || result=1
	[ -z "${switch_pid-}" ] || wait "$switch_pid" || [ $? -eq 143 ] || result=1
	# to look at afterwards: KEEP_LIVE=DIR
	[ -z "${KEEP_LIVE-}" ] || cp -a "$BATS_TEST_TMPDIR" "$KEEP_LIVE/$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER-$$"
	if [ "$result" -ne 0 ] || [ -z "${BATS_TEST_COMPLETED-}" ]; then
		cat "$BATS_TEST_TMPDIR/timeline" >&2
	fi
	return "$result"
}
