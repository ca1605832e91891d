#!/bin/sh
# Functions that have no place here, or only in one. Prints TAP: one test a rule.
set -u
cd "${RSP_SRCDIR:-.}" || exit 99

n=0 status=0
# rule TEXT PATTERN [FILE THAT MAY]...
rule() {
	text=$1 pattern=$2
	shift 2
	n=$((n + 1))
	files=$(find common cmd -name '*.[ch]' | sort)
	for exempt; do
		files=$(echo "$files" | grep -v "^$exempt")
	done
	# shellcheck disable=SC2086 # a list of files
	bad=$(grep -nE "(^|[^A-Za-z0-9_>.\"])($pattern)" $files /dev/null | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)')
	if [ -z "$bad" ]; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		echo "$bad" | sed 's/^/# /'
		status=1
	fi
}

echo 1..9
rule "no unbounded string functions" '(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|strtok|alloca)\('
rule "numbers are parsed in base/parse only" '(atoi|atol|atof|strtol|strtoul|strtoll|strtoull)\(' common/base/parse.c
rule "randomness comes from base/rng or GnuTLS" '(rand|random|srand|srandom|drand48)\('
rule "time comes from base/clock" '(time|gettimeofday|clock_gettime)\(' common/base/clock.c
rule "byte order belongs to wire and net/addr" '(htons|ntohs|htonl|ntohl|htobe16|be16toh|htobe32|be32toh)\(' \
	common/wire/ common/net/sockaddr.c
rule "only commands, cli, and a child that cannot exec, exit" '(exit|_exit|abort|quick_exit)\(' cmd/ common/cli/ \
	common/net/child.c
rule "sizes are not multiplied inside malloc" '(malloc|realloc)\([^;]* \* [^;]*\)'
rule "no session tickets, no early data" \
	'gnutls_session_ticket_enable_server|GNUTLS_ENABLE_EARLY_DATA|gnutls_record_send_early_data'
rule "model and engine read no clock and print nothing" '(rsp_clock_ms|rsp_clock_us|rsp_clock_wall_ms|rsp_log|printf|fprintf)\(' \
	cmd/ common/base/ common/wire/ common/proto/ common/keys/ common/net/ common/serve/ common/cli/ common/tool/
exit $status
