#!/bin/bash
# All tests of this folder, several files at a time: they wait for most of their time. TAP.
set -u
at_once=6
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
files=("$RSP_SRCDIR"/tests/live/*.bats)

for file in "${files[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
	bats --tap "$file" >"$dir/$(basename "$file" .bats).tap" 2>&1 &
done
wait

n=0
for file in "${files[@]}"; do
	name=$(basename "$file" .bats)
	planned=$(sed -n 's/^1\.\.//p' "$dir/$name.tap")
	ran=0
	while IFS= read -r line; do
		case $line in
		1..*) ;;
		"ok "* | "not ok "*)
			n=$((n + 1)) ran=$((ran + 1))
			printf '%s\n' "$line" | sed -E "s/^((not )?ok) [0-9]+/\1 $n - $name:/"
			;;
		*) printf '# %s: %s\n' "$name" "$line" ;;
		esac
	done <"$dir/$name.tap"
	if [ "$ran" -eq 0 ] || [ "$ran" -ne "${planned:-0}" ]; then
		n=$((n + 1))
		echo "not ok $n - $name: $ran of ${planned:-0} tests ran"
	fi
done
echo "1..$n"
