# shellcheck shell=bash
# Once for each file, since automake runs each in a bats of its own: the keys that its tests use.
setup_suite() {
	BATS_TEST_DIRNAME=${BATS_TEST_DIRNAME:-$(dirname "${BASH_SOURCE[0]}")}
	# shellcheck source=tests/e2e/helpers.bash
	. "$(dirname "${BASH_SOURCE[0]}")/helpers.bash"
	make_scope "$BATS_SUITE_TMPDIR/scopes"
}
