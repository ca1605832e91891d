#!/bin/sh
# Fuzz one target with libFuzzer: run.sh NAME [SECONDS]. The corpus is kept in ./corpus-NAME; a new fault becomes a file
# there that belongs, once understood, into tests/fuzz/repro/NAME.
set -eu
name=$1 seconds=${2:-60}
src=${RSP_SRCDIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
mkdir -p "corpus-$name"
# build SANITIZERS PROGRAM [FILE...]: the target and all that it may use
build() {
	with=$1 program=$2
	shift 2
	# shellcheck disable=SC2046 # a list of files
	clang -std=gnu17 -g -O1 -D_GNU_SOURCE -I"$src/common" -I"$src/tests/fuzz" -fsanitize="$with" -fno-sanitize-recover=all \
		"$src/tests/fuzz/fuzz_$name.c" "$src/tests/unit/samples.c" \
		$(find "$src/common/base" "$src/common/wire" "$src/common/proto" "$src/common/model" "$src/common/engine" -name '*.c') \
		-o "$program" "$@"
}
build address,undefined "seeds-$name" "$src/tests/fuzz/main.c"
RSP_SRCDIR=$src "./seeds-$name" -s "corpus-$name" >/dev/null
build fuzzer,address,undefined "fuzz-$name"
exec "./fuzz-$name" -max_total_time="$seconds" -max_len=16384 -artifact_prefix="corpus-$name/" \
	"corpus-$name" "$src/tests/fuzz/repro/$name"
