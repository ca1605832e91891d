#!/bin/sh
# The benchmarks run to their end: each aborts when the work that it measures was not done. Few elements, and no rate is judged.
bench=${RSP_BUILDDIR:?run by make check}/tests/bench
status=0 n=0
echo 1..7

# ends NAME COMMAND...: one TAP test
ends() {
	name=$1 n=$((n + 1))
	shift
	if "$@" >/dev/null; then
		echo "ok $n - bench: $name"
	else
		status=1
		echo "not ok $n - bench: $name"
	fi
}

ends 'two registrars: registrations, a whole table, updates, a takeover' "$bench/bench_enrp" 1000
for operation in register find resolve3 answer3 reregister expire; do
	ends "handlespace: $operation" "$bench/bench_handlespace" "$operation" 100
done
exit $status
