#!/bin/sh
# Static analysis of every C file, shell script and man page. Prints TAP: one test an analyser.
set -u
cd "${RSP_SRCDIR:-.}" || exit 99
build=${RSP_BUILDDIR:-build}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

sources=$(find cmd common -name '*.c' | sort)
flags="-std=gnu17 -D_GNU_SOURCE -DHAVE_CONFIG_H -Icommon -I$build $(pkg-config --cflags gnutls popt jansson libuv libcares)"

n=0 status=0
# report NAME: the analyser's findings are in $out/log
report() {
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$out/log" | head -n 60
		status=1
	fi
}
have() { command -v "$1" >/dev/null; }
need() {
	have "$1" && return 0
	n=$((n + 1))
	if [ -n "${CI-}" ]; then echo "not ok $n - $1 is installed"; status=1; else echo "ok $n - $1 # SKIP not installed"; fi
	return 1
}

echo 1..5
if need clang-tidy; then
	# shellcheck disable=SC2086 # lists of words
	printf '%s\n' $sources | xargs -P 2 -n 4 sh -c 'flags=$1; shift; exec clang-tidy --quiet "$@" -- $flags' sh "$flags" >"$out/log" 2>/dev/null
	report clang-tidy $?
fi
# cppcheck reads no system headers, but needs the list macros; what is set by one it takes for unset, which clang sees right
queue=$(echo '#include <sys/queue.h>' | gcc -M -x c - | grep -o '[^ ]*sys/queue.h')
if need cppcheck; then
	# cppcheck does not know the cleanup attribute; LeakSanitizer and valgrind look for leaks
	# shellcheck disable=SC2086
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --include="$queue" --suppress=leakReturnValNotUsed --suppress=nullPointerRedundantCheck --suppress=uninitvar --suppress=legacyUninitvar --suppress=missingIncludeSystem --suppress=memleak --suppress=resourceLeak \
		--error-exitcode=1 -j 2 -D_GNU_SOURCE -Icommon $sources >"$out/log" 2>&1
	report cppcheck $?
fi
# gcc 12 takes what a global keeps for lost: LeakSanitizer and valgrind look for leaks
if need gcc; then
	# shellcheck disable=SC2086
	printf '%s\n' $sources | xargs -P 2 -n 1 sh -c 'flags=$1; shift; exec gcc -O1 -fanalyzer -Wno-analyzer-malloc-leak -Werror -c -o /dev/null $flags "$@"' sh "$flags" >"$out/log" 2>&1
	report 'gcc -fanalyzer' $?
fi
if need shellcheck; then
	find bootstrap .ci/run tests completions \( -name '*.sh' -o -name '*.bash' -o -name run -o -name bootstrap \) >"$out/files"
	xargs shellcheck -S warning -e SC1091,SC2034,SC2154 <"$out/files" >"$out/log" 2>&1
	report shellcheck $?
fi
if need mandoc; then
	: >"$out/log"
	find man -name '*.[1578]' -exec mandoc -T lint -W warning {} + >"$out/log" 2>&1
	report 'mandoc -T lint' $?
fi
exit $status
