#!/bin/sh
# The conformance tables, one row a normative sentence: every test that a row names exists, and what is done has one.
set -u
src=${RSP_SRCDIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
n=0

bad() {
	echo "# $table:$line: $1"
	result=not
}

# PROGRAM:FUNCTION of a C test (BOTH runs a test with two kinds of certificates), or FILE.bats:TITLE
exists() {
	file=${1%%:*} name=${1#*:}
	case $file in
	*.bats) found=$(find "$src/tests" -name "$file") && [ -n "$found" ] && grep -qF "@test \"$name\"" "$found" ;;
	*) found=$(find "$src/tests" -name "$file.c") && [ -n "$found" ] && grep -qE "(TAP_RUN|BOTH)\($name\);" "$found" ;;
	esac
}

for path in "$src"/tests/conformance/*.tsv; do
	table=$(basename "$path") line=0 result='' n=$((n + 1))
	# shellcheck disable=SC2094 # it is only read
	while IFS= read -r row; do
		line=$((line + 1))
		[ "$line" -gt 1 ] || continue
		[ "$(printf '%s' "$row" | tr -cd '\t' | wc -c)" -eq 4 ] || bad "not five columns"
		section=$(printf '%s' "$row" | cut -f1) level=$(printf '%s' "$row" | cut -f2)
		status=$(printf '%s' "$row" | cut -f4) test=$(printf '%s' "$row" | cut -f5)
		case $section in [0-9]*) ;; *) bad "no section" ;; esac
		case $level in MUST | SHOULD | MAY | -) ;; *) bad "\"$level\" is no level" ;; esac
		case $status:$test in
		done:- | partly:-) bad "$status, and no test" ;;
		no:- | n.a.:-) continue ;;
		done:* | partly:* | no:*) exists "$test" || bad "there is no test $test" ;;
		*) bad "\"$status\" is no status" ;;
		esac
	done <"$path"
	echo "${result:+not }ok $n - $table: $((line - 1)) sentences"
done
echo "1..$n"
