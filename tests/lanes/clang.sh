#!/bin/sh
# Everything builds with clang without a warning.
lane=clang
. "${RSP_SRCDIR:?}/tests/lanes/lane.sh"
echo 1..2
step configure "$srcdir/configure" CC=clang --enable-werror CFLAGS=-O0 # its warnings do not need the optimiser
step 'build without warnings' make all check TESTS=
exit $lane_status
