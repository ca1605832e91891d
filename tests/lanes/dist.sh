#!/bin/sh
# The tarball builds, passes its unit tests and installs away from the source tree.
lane=dist
. "${RSP_SRCDIR:?}/tests/lanes/lane.sh"
echo 1..2
step configure "$srcdir/configure"
step 'make distcheck' make distcheck AM_MAKEFLAGS='BATS_TESTS=' DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0
exit $lane_status
