#!/bin/sh
# Each layer includes only what is below it. Prints TAP: one test a layer.
set -u
cd "${RSP_SRCDIR:-.}/common" || exit 99

allowed() {
	case $1 in
	base) echo base ;;
	wire) echo base wire ;;
	proto) echo base wire proto ;;
	model) echo base wire proto model ;;
	engine) echo base wire proto model engine ;;
	keys) echo base keys ;;
	net) echo base keys net ;;
	serve) echo base wire proto model engine net keys serve ;;
	cli) echo base wire proto model cli ;;
	tool) echo base wire proto model engine keys net serve cli tool ;;
	esac
}

n=0 status=0
echo 1..11
for layer in base wire proto model engine keys net serve cli tool; do
	n=$((n + 1))
	pattern=$(allowed "$layer" | sed 's/ /|/g')
	bad=$(find "$layer" -name "*.[ch]" -exec grep -nE '^#include "' /dev/null {} + | grep -vE "#include \"($pattern)/|#include \"config\\.h\"")
	if [ -z "$bad" ]; then
		echo "ok $n - $layer includes only: $(allowed "$layer")"
	else
		echo "not ok $n - $layer includes only: $(allowed "$layer")"
		echo "$bad" | sed 's/^/# /'
		status=1
	fi
done
n=$((n + 1))
stray=$(find . -name '*.[ch]' | grep -vE '^\./(base|wire|proto|model|engine|keys|net|serve|cli|tool)/')
if [ -z "$stray" ]; then
	echo "ok $n - every file belongs to a layer"
else
	echo "not ok $n - every file belongs to a layer"
	echo "$stray" | sed 's/^/# /'
	status=1
fi
exit $status
