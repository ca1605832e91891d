# shellcheck shell=sh
# Sourced by the lanes: build the tree another way beside this build, and run the tests there that make sense for it.
set -u
srcdir=${RSP_SRCDIR:?run by make check}
lane_dir=${RSP_BUILDDIR:?}/lane-$lane

export RSP_LANE=$lane
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
test_number=0 lane_status=0

# step NAME COMMAND...: one TAP test
step() {
	name=$1
	shift
	test_number=$((test_number + 1))
	if [ "$lane_status" -eq 0 ] && "$@" >"$lane_dir/step.log" 2>&1; then
		echo "ok $test_number - $lane: $name"
	else
		lane_status=1
		echo "not ok $test_number - $lane: $name"
		tail -n 60 "$lane_dir/step.log" | sed 's/^/# /'
	fi
}

mkdir -p "$lane_dir"
cd "$lane_dir" || exit 99
