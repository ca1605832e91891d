# What all tools have in common: completions that know every option, man pages that explain it.
load helpers

# Each "TOOL" or "TOOL VERB" that prints help.
commands() {
	local tool verb
	for tool in rsp-audit rsp-keygen rsp-peer rsp-register rsp-resolve; do
		if "$tool" --help | grep -q '^Verbs:'; then
			for verb in $("$tool" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
				echo "$tool $verb"
			done
		else
			echo "$tool"
		fi
	done
}

# The long options that a command's --help names.
options() {
	# shellcheck disable=SC2086 # a tool and a verb
	$1 --help | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u
}

@test "cli: completions offer every option of --help, and no other" {
	local command tool all
	while read -r command; do
		tool=${command%% *}
		missing=$(comm -23 <(options "$command") <(grep -oE -- '--[a-z0-9-]+' "$RSP_SRCDIR/completions/$tool.bash" | sort -u))
		assert_equal "$command:$missing" "$command:"
	done < <(commands)
	for tool in rsp-audit rsp-keygen rsp-peer rsp-register rsp-resolve; do
		all=$(commands | grep "^$tool" | while read -r command; do options "$command"; done | sort -u)
		stale=$(comm -13 <(echo "$all") <(grep -oE -- '--[a-z][a-z0-9-]+' "$RSP_SRCDIR/completions/$tool.bash" | sort -u))
		assert_equal "$tool:$stale" "$tool:"
	done
}

@test "cli: man pages explain every option of --help" {
	local command missing
	while read -r command; do
		missing=$(comm -23 <(options "$command") \
			<(sed 's/\\&//g' "$RSP_SRCDIR/man/${command%% *}.1" |
				grep -oE '(Fl -|, -)[a-z0-9-]+' | sed -E 's/^(Fl |, )-/--/' | sort -u))
		assert_equal "$command:$missing" "$command:"
	done < <(commands)
}

@test "cli: every tool refuses an unknown option with a record" {
	local command
	while read -r command; do
		# shellcheck disable=SC2086 # a tool and a verb
		rsp 2 $command --bogus
		assert_equal "$(field '.error.key, .tool' | xargs)" "usage ${command%% *}"
	done < <(commands)
}

@test "cli: a record is indented on a terminal, and one line elsewhere" {
	run -0 rsp-keygen list --scope "$scopes/user"
	assert_equal "${#lines[@]}" 1
	run -0 python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' rsp-keygen list --scope "$scopes/user"
	assert_equal "${lines[0]}" $'{\r'
	assert_equal "${lines[1]}" $'  "schema": "rsp.keygen.list/1",\r'
}

@test "cli: --help to a full disk fails" {
	local command
	while read -r command; do
		run -3 bash -c '$1 --help >/dev/full' - "$command"
	done < <(commands)
}

@test "cli: --help says how the command is typed, verb included" {
	local command
	while read -r command; do
		# shellcheck disable=SC2086 # a tool and a verb
		run -0 $command --help # not `rsp`: it is no record
		assert_regex "${lines[0]}" "^Usage: $command \[OPTION\]\.\.\.( [^ ]+)*\$"
	done < <(commands)
	[ "$(commands | wc -l)" -ge 12 ]
}

@test "cli: rsp(7) has every error key, under its exit status" {
	diff <(sed -nE 's/^\tX\([A-Z_]+, +([0-9]+), "([a-z-]+)".*/\1 \2/p' "$RSP_SRCDIR/common/base/err.h" | grep -v '^0 ' | sort) \
		<(sed -n '/^.Ss Error keys/,/^.El/p' "$RSP_SRCDIR/man/rsp.7" |
			awk '$1 == ".It" { status = $2 } $1 == ".Li" && status { for (i = 2; i <= NF; i += 2) print status, $i }' | sort)
}

@test "cli: completion of words" {
	# shellcheck source=/dev/null
	. "$RSP_SRCDIR/completions/rsp-register.bash"
	COMP_WORDS=(rsp-register --pol) COMP_CWORD=1
	_rsp_register
	assert_equal "${COMPREPLY[*]}" --policy
	COMP_WORDS=(rsp-register --policy w) COMP_CWORD=2
	_rsp_register
	assert_equal "${COMPREPLY[*]}" "wrr wrand"
	COMP_WORDS=(rsp-register web -- ech) COMP_CWORD=3
	_rsp_register
	assert_regex "${COMPREPLY[*]}" '(^| )echo( |$)'
}

@test "cli: completion of verbs and their options" {
	# shellcheck source=/dev/null
	. "$RSP_SRCDIR/completions/rsp-peer.bash"
	COMP_WORDS=(rsp-peer "") COMP_CWORD=1
	_rsp_peer
	for verb in $(rsp-peer --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
		assert_regex " ${COMPREPLY[*]} " " $verb "
		COMP_WORDS=(rsp-peer "$verb" --) COMP_CWORD=2
		_rsp_peer
		assert_equal "$verb:$(printf '%s\n' "${COMPREPLY[@]}" | sort)" "$verb:$(options "rsp-peer $verb")"
		COMP_WORDS=(rsp-peer "") COMP_CWORD=1
		_rsp_peer
	done
}
