#!/bin/sh
# The unit tests, the fuzz replays and the end-to-end tests under AddressSanitizer and UndefinedBehaviorSanitizer.
lane=sanitizers
. "${RSP_SRCDIR:?}/tests/lanes/lane.sh"
echo 1..3
step configure "$srcdir/configure" --enable-werror --enable-sanitizers CFLAGS='-g -O1'
step build make all
step 'all tests pass without a report' make -j2 check # most of them wait
[ "$lane_status" -eq 0 ] || grep -hE '^not ok|ERROR: |runtime error' ./*.log tests/*/*.log 2>/dev/null | head -n 40 | sed 's/^/# /'
exit $lane_status
