#!/usr/bin/env bats
# Bad input, the same for every tool that reads a scope directory: one record with ok false, a stable key, the object by
# name, the exit status of rsp(7), and one line on stderr. What only one tool can be given wrong is in that tool's file.

load helpers

# Each tool, as it is run on its own copy of a scope directory; who reads what is left out where it does not matter.
declare -gA command=([rsp-peer]='rsp-peer run' [rsp-register]='rsp-register -s r1@127.0.0.1:1 --port 80 web'
	[rsp-resolve]='rsp-resolve -s r1@127.0.0.1:1 web' [rsp-keygen]='rsp-keygen list')
declare -gA scope_of=([rsp-peer]=r1 [rsp-register]=e1 [rsp-resolve]=user [rsp-keygen]=r1)
all='rsp-peer rsp-register rsp-resolve rsp-keygen'

# refused STATUS KEY OBJECT TOOL ARG...: it ends so; OBJECT is a regular expression
refused() {
	local wanted=$1 key=$2 object=$3 tool=$4
	shift 3
	# shellcheck disable=SC2086 # words
	rsp "$wanted" ${wrapper-} "$@"
	said=$stderr
	assert_equal "$*: ${#lines[@]}" "$*: 1"
	run -0 jq -r '"\(.schema) \(.ok) \(.tool) \(.error.key) \(.error.exit)", .error.object, .error.reason' <<<"$output"
	assert_equal "$*: ${lines[0]}" "$*: rsp.error/1 false $tool $key $wanted"
	assert_regex "${lines[1]}" "^$object\$"
	assert_equal "$said" "$tool: ${lines[1]}: ${lines[2]}"
}

# each_refuses TOOLS STATUS KEY OBJECT FAULT: each of TOOLS does so, once the command FAULT has been run on its $dir
each_refuses() {
	local tools=$1 wanted=$2 key=$3 object=$4 fault=$5 tool dir
	for tool in $tools; do
		dir=$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")/scope
		cp -r "$scopes/${scope_of[$tool]}" "$dir"
		eval "$fault"
		# shellcheck disable=SC2086 # a tool and its operands
		refused "$wanted" "$key" "$dir$object" ${command[$tool]} --scope "$dir"
		chmod -R u+rwX "${dir%/scope}" # so that it can be removed
	done
}

@test "bad input: the scope directory is missing, or a file" {
	each_refuses "$all" 3 not-found '' 'rm -r "$dir"'
	each_refuses "$all" 3 not-found /scope.json 'rm -r "$dir"; : >"$dir"'
}

@test "bad input: scope.json is missing, a directory, or a link to itself" {
	each_refuses "$all" 3 not-found /scope.json 'rm "$dir/scope.json"'
	each_refuses "$all" 3 io /scope.json 'rm "$dir/scope.json"; mkdir "$dir/scope.json"'
	each_refuses "$all" 3 io /scope.json 'ln -sf scope.json "$dir/scope.json"'
}

@test "bad input: the scope directory is closed to us" {
	# root passes every door, unless the capability for that is gone
	[ "$(id -u)" -ne 0 ] || wrapper='setpriv --bounding-set -dac_override,-dac_read_search'
	each_refuses "$all" 3 permissions /scope.json 'chmod 000 "$dir/scope.json"'
	each_refuses "$all" 3 permissions /scope.json 'chmod 000 "$dir"'
	each_refuses "$all" 3 permissions /scope.json 'chmod 000 "${dir%/scope}"'
}

@test "bad input: secrets that others can read or write" {
	local mode
	for mode in 640 602; do
		each_refuses 'rsp-peer rsp-register rsp-keygen' 3 permissions /keys.json "chmod $mode \"\$dir/keys.json\""
		each_refuses 'rsp-peer rsp-keygen' 3 permissions /key.pem "chmod $mode \"\$dir/key.pem\""
	done
}

@test "bad input: malformed JSON is told with file, line and column" {
	local file tools
	for file in scope.json keys.json authz.json; do
		case $file in
		scope.json) tools=$all ;;
		keys.json) tools='rsp-peer rsp-register rsp-keygen' ;;
		authz.json) tools='rsp-peer rsp-keygen' ;;
		esac
		each_refuses "$tools" 3 config "/$file:2:1[0-9]" "printf '{\n  \"schema\": oops\n}\n' >\"\$dir/$file\""
		each_refuses "$tools" 3 config "/$file:[12]:[0-9]+" ": >\"\$dir/$file\""
		each_refuses "$tools" 3 config "/$file" "echo '{ \"schema\": \"rsp.other/1\" }' >\"\$dir/$file\""
	done
}

@test "bad input: a trust anchor that is none" {
	each_refuses 'rsp-peer rsp-resolve rsp-keygen' 3 bad-key /ca.pem 'echo rubbish >"$dir/ca.pem"'
	each_refuses 'rsp-peer rsp-resolve rsp-keygen' 3 not-found /ca.pem 'rm "$dir/ca.pem"'
}

@test "bad input: a handle longer than a message can carry" {
	local long
	printf -v long '%0*d' 4097 0
	for tool in rsp-resolve rsp-register; do
		refused 2 usage POOL "$tool" --scope "$scopes/e1" -s r1@127.0.0.1:1 "$long"
		assert_regex "$said" '4097 octets is too long'
	done
}
