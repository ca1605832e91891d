# shellcheck shell=bash
# What the bats files share. `load helpers` in each. Every record that a tool prints is checked against its schema, every
# process that a test starts is stopped and must end well, everything listens on 127.0.0.1 and a port the kernel chose.

: "${RSP_SRCDIR:=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}"
: "${RSP_BUILDDIR:=$RSP_SRCDIR/build}"
case :$PATH: in *:"$RSP_BUILDDIR":*) ;; *) PATH=$RSP_BUILDDIR:$PATH ;; esac
export RSP_SRCDIR RSP_BUILDDIR PATH LC_ALL=C.UTF-8
export BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
unset RSP_SCOPE SSLKEYLOGFILE
export RUNTIME_DIRECTORY=${BATS_TEST_TMPDIR-${BATS_FILE_TMPDIR-}} # for control sockets; in setup_file there is no test yet
bats_require_minimum_version 1.8.0
bats_load_library bats-support
bats_load_library bats-assert

# Per test: the processes it started, and where registrars listen, each by the name it gave them.
declare -gA pids=() asap=() enrp=() plain=()
declare -ga started=() # in this order

# Where the scope directories of this suite are: $scopes/NAME for each registrar, element and monitor, and user.
scopes=$BATS_SUITE_TMPDIR/scopes

# make_scope DIR: a scope with registrars r1 to r4, elements e1, e2 and e3, and a monitor m1; DIR/master is its master
# directory, DIR/NAME what each of them gets, DIR/user what users get.
make_scope() {
	local dir=$1 node
	mkdir -p "$dir"
	{
		rsp-keygen init --scope "$dir/master" --name test || return
		for node in r1 r2 r3 r4; do
			rsp-keygen registrar --scope "$dir/master" "$node" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 || return
		done
		for node in e1 e2 e3; do
			rsp-keygen element --scope "$dir/master" "$node" || return
		done
		rsp-keygen monitor --scope "$dir/master" m1 || return
		for node in r1 r2 r3 r4 e1 e2 e3 m1; do
			rsp-keygen bundle --scope "$dir/master" "$node" -o "$dir/$node" || return
		done
		rsp-keygen bundle --scope "$dir/master" --user -o "$dir/user" || return
	} >"$dir/keygen.out"
}

# start NAME COMMAND...: run COMMAND in the background, its output in NAME.out and NAME.err. Call it bare, never by `run`.
start() {
	local name=$1
	shift
	"$@" >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" </dev/null 3>&- &
	pids[$name]=$!
	case " ${started[*]-} " in *" $name "*) ;; *) started+=("$name") ;; esac # one that starts again keeps its place
}

# The records that NAME printed so far, filtered: records NAME FILTER
records() {
	jq -c "${2-.}" "$BATS_TEST_TMPDIR/$1.out" 2>/dev/null
}

# wait_for_record NAME FILTER [SECONDS]: until NAME has printed a record for which the jq FILTER is true; prints the first.
# Fails at once when NAME has ended without it.
wait_for_record() {
	local out=$BATS_TEST_TMPDIR/$1.out filter=$2 end=$((SECONDS + ${3:-10})) size seen=-1 alive=1 found
	while :; do
		[ -z "${pids[$1]-}" ] || kill -0 "${pids[$1]}" 2>/dev/null || alive=
		size=$(stat -c %s "$out" 2>/dev/null || echo 0)
		if [ "$size" != "$seen" ]; then
			seen=$size
			# jq fails as long as the file is not there yet: the shell that makes it has only just been started
			found=$(jq -nc "first(inputs | select($filter))" "$out" 2>/dev/null) || :
			[ -z "$found" ] || break
		fi
		if [ -z "$alive" ] || [ "$SECONDS" -gt "$end" ]; then
			echo "$1 ${alive:+did not print}${alive:-ended without} a record with: $filter" >&2
			tail -n 20 "$out" "$BATS_TEST_TMPDIR/$1.err" >&2
			return 1
		fi
		sleep 0.02
	done
	echo "$found"
}

# said NAME REGEX [N]: NAME has written such a line to stderr; with N, so many of them.
said() {
	local n
	n=$(grep -cE "$2" "$BATS_TEST_TMPDIR/$1.err")
	[ "${3-}" ] && [ "$n" -eq "$3" ] || { [ -z "${3-}" ] && [ "$n" -gt 0 ]; }
}

# wait_until SECONDS COMMAND...: until COMMAND succeeds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.02
	done
}

# start_peer NAME [OPTION...]: run the registrar NAME of $scopes; ${asap[NAME]}, ${enrp[NAME]}, ${plain[NAME]} are then where.
start_peer() {
	local name=$1 listening
	shift
	start "$name" rsp-peer run --scope "$scopes/$name" --name "$name" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "$@"
	listening=$(wait_for_record "$name" '.event == "listening"') || return
	asap[$name]=$(jq -r .asap <<<"$listening")
	enrp[$name]=$(jq -r .enrp <<<"$listening")
	plain[$name]=$(jq -r .plain_asap <<<"$listening")
}

# What three registrars need to find out soon that one of them is gone, and (ms) how soon.
quick=(--peer-heartbeat-cycle 500ms --max-time-last-heard 1500ms --max-time-no-response 1s)
last_heard=1500 no_response=1000

# start_scope NAME...: run registrars of $scopes that know each other: the first one begins, the others join.
start_scope() {
	local first=$1 name
	start_peer "$first" "${quick[@]}" || return
	for name in "${@:2}"; do
		start_peer "$name" "${quick[@]}" --peer "$first@${enrp[$first]}" || return
	done
	wait_until 10 meshed "$@"
}

# meshed NAME...: each of these registrars has exactly the others for peers, and they have not fallen silent.
meshed() {
	local name there='.peers[] | select(.server_id) | "\(.name) \(.state)"'
	for name in "$@"; do
		[ "$(rsp-peer status --name "$name" 2>/dev/null | jq -r "$there" | sort)" = \
			"$(printf '%s active\n' "$@" | grep -v "^$name " | sort)" ] || return 1
	done
}

# elements NAME [OPTION...]: all that the registrar NAME has, an element a line: [handle_hex, element]. See rsp-peer dump.
elements() {
	local file=$BATS_TEST_TMPDIR/$1.dump
	rsp-peer dump --scope "$scopes/m1" -s "$1@${enrp[$1]}" -o "$file" "${@:2}" &&
		jq -cS 'select(.element) | [.handle_hex, .element]' "$file" | LC_ALL=C sort
}

# agree N NAME...: each of these registrars has the same N elements, and each element is exactly one's own. To be waited for:
# they are asked one after the other, and an element that renews its registration in between has another epoch then.
agree() {
	local wanted=$1 name
	shift
	elements "$1" >"$BATS_TEST_TMPDIR/all" || return
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" -eq "$wanted" ] || return
	for name in "${@:2}"; do
		elements "$name" | cmp -s - "$BATS_TEST_TMPDIR/all" || return
	done
	for name in "$@"; do
		elements "$name" --own || return
	done | LC_ALL=C sort | cmp -s - "$BATS_TEST_TMPDIR/all"
}

# psk CLIENT ROLE SERVER: IDENTITY:HEX of the key with which CLIENT, as ROLE, dials SERVER; for raw.py and the like.
psk() {
	jq -r --arg client "$1" --arg role "$2" --arg server "$3" \
		'.keys[] | select(.client == $client and .role == $role and .server == $server) | "\(.identity):\(.key)"' \
		"$scopes/$1/keys.json"
}

# server_id NAME: of the registrar NAME, as it is now.
server_id() {
	records "$1" 'select(.event == "listening").server_id, select(.event == "server-id-drawn").by_id' | jq -r . | tail -n 1
}

# home POOL REGISTRAR: each element of POOL as users of REGISTRAR are told it, with its home: "ID HOME" lines.
home() {
	rsp-resolve --scope "$scopes/user" -s "$2@${asap[$2]}" -n 1000 "$1" 2>/dev/null |
		jq -r '.elements[]? | "\(.pe_id) \(.home_id)"' | sort
}

# poll NAME REGISTRAR POOL [OPTION...]: ask REGISTRAR for POOL all the time, until `polled NAME`. See raw.py poll.
poll() {
	local name=$1
	start "$name" python3 "$RSP_SRCDIR/tests/e2e/raw.py" poll --ca "$scopes/user/ca.pem" "${@:4}" "${asap[$2]}" "$3" \
		"$BATS_TEST_TMPDIR/$name.answers"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/$name.answers"
}

# polled NAME: end it; $answers are the different ones that it had, in their order, without times and homes. Call it bare.
polled() {
	stop "$1" || return
	answers=$(cut -d ' ' -f 2- "$BATS_TEST_TMPDIR/$1.answers" | sed 's/@[^ ]*//g' | uniq)
}

# at NAME FILTER: when NAME printed its first record for which FILTER is true, in ms since the epoch.
at() {
	jq -n "first(inputs | select($2)).ts | (.[:19] + \"Z\" | fromdate) * 1000 + (.[20:23] | tonumber)" \
		"$BATS_TEST_TMPDIR/$1.out"
}

# now: the time in ms since the epoch.
now() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# start_register NAME ELEMENT REGISTRAR ARG...: hold an element with ELEMENT's keys at REGISTRAR; waits until it is registered.
start_register() {
	local name=$1 element=$2 registrar=$3
	shift 3
	start "$name" rsp-register --scope "$scopes/$element" -s "$registrar@${asap[$registrar]}" "$@"
	wait_for_record "$name" '.event == "registered"' >/dev/null
}

# rsp STATUS TOOL ARG...: run a tool to its end, which must be with STATUS; $output and $stderr are as after `run`.
rsp() {
	local status_wanted=$1
	shift
	run "-$status_wanted" --separate-stderr timeout 60 "$@"
	printf '%s\n' "$output" >>"$BATS_TEST_TMPDIR/run.out"
}

# resolve POOL [REGISTRAR] [STATUS]: ask REGISTRAR (r1) as a user.
resolve() {
	rsp "${3:-0}" rsp-resolve --scope "$scopes/user" -s "${2:-r1}@${asap[${2:-r1}]}" "$1"
}

# field FILTER: of the record in $output.
field() {
	jq -r "$1" <<<"$output"
}

# handspace [REGISTRAR]: what users see of the pools that tests use, without times, to compare before and after.
handspace() {
	local pool
	for pool in web other; do
		rsp-resolve --scope "$scopes/user" -s "${1:-r1}@${asap[${1:-r1}]}" "$pool" 2>/dev/null |
			jq -Sc '[.elements[]? | {pe_id, user_transport, policy}] | sort' || true
	done
}

# stop NAME [STATUS] [SIGNAL]: stop what `start` started; it must end with STATUS (0).
stop() {
	local name=$1 wanted=${2:-0} pid=${pids[$1]} status=0
	# a test may have ended with it stopped. Not afterwards: LeakSanitizer stops the process itself when it ends, in vain then
	kill -CONT "$pid" 2>/dev/null || :
	kill "-${3:-TERM}" "$pid" 2>/dev/null
	await_end "$name" "$wanted"
}

# await_end NAME [STATUS]: NAME ends by itself within 20 s, with STATUS (0).
await_end() {
	local name=$1 wanted=${2:-0} pid=${pids[$1]} status=0
	unset "pids[$1]"
	timeout 20 tail --pid="$pid" -s 0.02 -f /dev/null || {
		echo "$name (pid $pid) does not end" >&2
		kill -KILL "$pid"
		wanted=never
	}
	wait "$pid" || status=$?
	[ "$status" = "$wanted" ] || {
		echo "$name ended with status $status, not $wanted" >&2
		tail -n 20 "$BATS_TEST_TMPDIR/$name.err" >&2
		return 1
	}
}

# For teardown(): stop all that runs, check how it ended, what it printed, and that no sanitizer complained.
stop_all() {
	local name result=0 i
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do # elements before their registrars
		name=${started[i]}
		[ -z "${pids[$name]-}" ] || stop "$name" || result=1
	done
	for name in "${!pids[@]}"; do
		stop "$name" || result=1
	done
	if compgen -G "$BATS_TEST_TMPDIR/*.out" >/dev/null; then
		python3 "$RSP_SRCDIR/tests/e2e/validate.py" "$BATS_TEST_TMPDIR"/*.out >&2 || result=1
	fi
	if grep -lE 'Sanitizer|runtime error|Assertion' "$BATS_TEST_TMPDIR"/*.err 2>/dev/null >&2; then
		head -n 50 "$BATS_TEST_TMPDIR"/*.err >&2
		result=1
	fi
	return "$result"
}

teardown() {
	stop_all
}

# connect_fds NAME: how many descriptors the process NAME has open.
count_fds() {
	find "/proc/${pids[$1]}/fd" -mindepth 1 2>/dev/null | wc -l
}

# port ADDR:PORT: its port.
port() {
	echo "${1##*:}"
}
