#!/bin/sh
# The unit tests under valgrind: no error, no leak.
lane=valgrind
. "${RSP_SRCDIR:?}/tests/lanes/lane.sh"
export G_SLICE=always-malloc
tests=$(cd "$RSP_BUILDDIR" && find tests/unit -name 'test_*' -type f -perm -u+x | sort)
echo "1..$(echo "$tests" | wc -w)"
for test in $tests; do
	step "$test" valgrind -q --leak-check=full --error-exitcode=99 --child-silent-after-fork=yes "$RSP_BUILDDIR/$test"
	verdict=$lane_status
	[ "$verdict" -eq 0 ] || failed=1
	lane_status=0
done
exit ${failed-0}
