#!/usr/bin/env bats
# What the README promises of ./bootstrap, of the demo, and of make install.

load helpers

@test "make demo does what it says, within 15 seconds" {
	local begin=$SECONDS
	run -0 "$RSP_SRCDIR/tests/demo/demo.sh"
	assert_line --partial 'everything did what it should'
	assert_line --regexp '^\$ kill -9 [0-9]+ # the web server$'
	assert_line --regexp '^\$ kill -9 [0-9]+ # the registrar$'
	assert_line '{"event":"reregistered","registrar":"r2"}'
	[ "$((SECONDS - begin))" -le 15 ]
}

@test "what the README says of the manual is true in a fresh clone" {
	local command
	command=$(grep -oE '`man [^`]*`, *$' "$RSP_SRCDIR/README.md" | cut -d '`' -f 2)
	[ -n "$command" ] || fail "no command"
	cd "$RSP_SRCDIR"
	test -f "${command#man }"
	mandoc -T ascii "${command#man }" | sed $'s/.\b//g' >"$BATS_TEST_TMPDIR/page" # man(1) itself may be missing
	grep -q '^EXAMPLES$' "$BATS_TEST_TMPDIR/page"
}

# example HOST: the commands that the examples of rsp(7) have typed there, a line each.
example() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^'"$1"'\$ //p' "$RSP_SRCDIR/man/rsp.7"
}

@test "the examples of rsp(7) are true" {
	unshare -rn true # CI may not do without
	cat >"$BATS_TEST_TMPDIR/admin" <<<"$(example admin)"
	mkdir "$BATS_TEST_TMPDIR/made"
	(cd "$BATS_TEST_TMPDIR/made" && bash -e "$BATS_TEST_TMPDIR/admin" >"$BATS_TEST_TMPDIR/admin.out")
	assert_equal "$(jq -r .ok "$BATS_TEST_TMPDIR/admin.out" | uniq -c | xargs)" "28 true"
	cat >"$BATS_TEST_TMPDIR/inside" <<-'EOF'
		ip link set lo up && ip addr add 192.0.2.1/32 dev lo && ip addr add 192.0.2.2/32 dev lo &&
			ip addr add 192.0.2.3/32 dev lo || exit
		on() { RSP_SCOPE=made/for-$1 exec bash -c "exec $2" >"$1.out" 3>&-; }
		trap 'kill $(jobs -p); wait' EXIT
		until_said() { for _ in {1..500}; do ! grep -q "$2" "$1.out" || return 0; sleep 0.02; done; return 1; }
		on r1 "$r1" & until_said r1 listening || exit
		on r2 "$r2" & until_said r2 listening || exit
		on r3 "$r3" & until_said r3 synchronised || exit
		on web1 "$web1" & until_said web1 '"registered"' || exit
		RSP_SCOPE=made/for-user bash -c "$user" >page || exit
		(on ops "$ops")
	EOF
	cd "$BATS_TEST_TMPDIR"
	r1=$(example r1) r2=$(example r2) r3=$(example r3) web1=$(example web1) user=$(example user) ops=$(example ops) \
		run -0 timeout 60 unshare -rn bash inside
	grep -q 'Directory listing' page
	assert_equal "$(jq -r '.registrars[].name' ops.out | sort | xargs)" "r1 r2 r3"
}

# bootstrap_with WHO PACKAGE... -- TARGET: run ./bootstrap as WHO (an id, with or without a sudo that works) in a tree of its own,
# where only these packages are there; $did is what it had others do, line by line.
bootstrap_with() {
	local who=$1 stub=$BATS_TEST_TMPDIR/stub tree=$BATS_TEST_TMPDIR/tree there=' '
	shift
	for (( ; $# > 0; )); do
		[ "$1" != -- ] || break
		there+="$1 "
		shift
	done
	shift
	rm -rf "$stub"
	mkdir -p "$stub" "$tree"
	cp "$RSP_SRCDIR/bootstrap" "$tree"
	: >"$BATS_TEST_TMPDIR/did"
	stub id "echo ${who%% *}"
	stub dpkg-query "for last; do :; done; case '$there' in *' all '* | *\" \$last \"*) echo install ok installed ;; *) exit 1 ;; esac"
	stub apt-get "$(log_it apt-get)"
	stub make "$(log_it make)"
	stub autoreconf "$(log_it autoreconf); printf '#!/bin/sh\n%s; : >Makefile\n' '$(log_it configure)' >configure; chmod +x configure"
	if [[ $who == *sudo ]]; then
		stub sudo "$(log_it sudo); [ \"\$1\" != -n ] || shift; exec \"\$@\""
	else
		stub sudo 'exit 1'
	fi
	PATH=$stub:$PATH CONFIGURE_FLAGS=--enable-werror run --separate-stderr "$tree/bootstrap" "$@"
	did=$(sed "s/-j$(nproc)\$/-jN/; s/-j$(($(nproc) + 1)) /-jN+1 /" "$BATS_TEST_TMPDIR/did")
}

stub() {
	printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/stub/$1"
	chmod +x "$BATS_TEST_TMPDIR/stub/$1"
}

log_it() {
	echo "echo $1 \"\$@\" >>$BATS_TEST_TMPDIR/did"
}

@test "bootstrap, when it may not install what is missing, says the one line to run, and does nothing else" {
	bootstrap_with 1000 gcc -- check
	assert_equal "$status" 1
	assert_equal "$output" ""
	assert_equal "${#stderr_lines[@]}" 1
	assert_regex "$stderr" '^bootstrap: .*: apt-get install --no-install-recommends autoconf automake make libc6-dev .* bats '
	assert_equal "$(ls "$BATS_TEST_TMPDIR/tree")" bootstrap
	assert_equal "$did" ""
}

@test "bootstrap, as root or by sudo, installs what is missing, configures, and makes its target" {
	local need='autoconf automake make libc6-dev pkg-config libgnutls28-dev libpopt-dev libjansson-dev libuv1-dev libc-ares-dev libsystemd-dev'
	bootstrap_with 0 gcc -- demo
	assert_equal "$status" 0
	assert_equal "$did" "apt-get update -q
apt-get install -y -q --no-install-recommends $need curl jq python3
autoreconf -fi
configure --enable-werror
make -jN
make -jN+1 demo"
	# the next time there is nothing left to do but that
	bootstrap_with 0 all -- check
	assert_equal "$status" 0
	assert_equal "$did" $'make -jN\nmake -jN+1 check'
	rm -r "$BATS_TEST_TMPDIR/tree"
	# shellcheck disable=SC2086 # a list
	bootstrap_with '1000 sudo' gcc make $need --
	assert_equal "$status" 0
	assert_equal "$did" $'autoreconf -fi\nconfigure --enable-werror\nmake -jN'
	rm -r "$BATS_TEST_TMPDIR/tree"
	# shellcheck disable=SC2086 # a list
	bootstrap_with '1000 sudo' make $need -- demo
	assert_equal "$status" 0
	assert_equal "$(head -n 5 <<<"$did")" "sudo -n true
sudo apt-get update -q
apt-get update -q
sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends gcc curl jq python3
apt-get install -y -q --no-install-recommends gcc curl jq python3"
}

@test "make install: each tool with its manual page and its completion, every schema; make uninstall leaves nothing" {
	local root=$BATS_TEST_TMPDIR/root tool
	unset MAKEFLAGS MFLAGS MAKELEVEL
	make -C "$RSP_BUILDDIR" install prefix=/usr DESTDIR="$root" >"$BATS_TEST_TMPDIR/log"
	for tool in rsp-audit rsp-keygen rsp-peer rsp-register rsp-resolve; do
		run -0 "$root/usr/bin/$tool" --version
		cmp "$RSP_SRCDIR/man/$tool.1" "$root/usr/share/man/man1/$tool.1"
		cmp "$RSP_SRCDIR/completions/$tool.bash" "$root/usr/share/bash-completion/completions/$tool.bash"
	done
	cmp "$RSP_SRCDIR/man/rsp.7" "$root/usr/share/man/man7/rsp.7"
	diff -r "$RSP_SRCDIR/cmd/schema" "$root/usr/share/rsp/schema"
	make -C "$RSP_BUILDDIR" uninstall prefix=/usr DESTDIR="$root" >>"$BATS_TEST_TMPDIR/log"
	assert_equal "$(find "$root" -type f)" ""
}

@test "make lint: all analysers and rules, and what one of them finds is a failure" { # make check runs the real ones
	unset MAKEFLAGS MFLAGS MAKELEVEL
	mkdir "$BATS_TEST_TMPDIR/stub"
	for tool in clang-tidy cppcheck gcc shellcheck mandoc; do
		stub "$tool" "$(log_it "$tool")"
	done
	PATH=$BATS_TEST_TMPDIR/stub:$PATH run -0 make -C "$RSP_BUILDDIR" lint
	refute_line --regexp '^not ok'
	assert_equal "$(grep -E '^1\.\.' <<<"$output" | xargs)" "1..5 1..9 1..11 1..12 1..1"
	assert_equal "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/did" | sort -u | xargs)" "clang-tidy cppcheck gcc mandoc shellcheck"
	stub cppcheck 'echo found something; exit 1'
	PATH=$BATS_TEST_TMPDIR/stub:$PATH run -2 make -C "$RSP_BUILDDIR" lint
	assert_line 'not ok 2 - cppcheck'
	assert_line '# found something'
}

@test "nothing that a build or its tests make is taken for a source by git" {
	local tree=$BATS_TEST_TMPDIR/tree made
	unset MAKEFLAGS MFLAGS MAKELEVEL
	mkdir "$tree"
	cd "$tree" || return
	git init -q .
	cp "$RSP_SRCDIR/.gitignore" .
	{ # as if it had been built where the sources are, by make, make check, make bench, make sim, and make dist
		(cd "$RSP_BUILDDIR" && find . -path './lane-*' -prune -o -type f -print)
		make -s -C "$RSP_BUILDDIR" --eval='print:; @echo $(EXTRA_PROGRAMS) $(EXTRA_LIBRARIES) $(check_PROGRAMS)' print |
			tr ' ' '\n'
		printf '%s\n' Makefile.in aclocal.m4 autom4te.cache/requests build-aux/missing config.h.in configure \
			build/config.status lane-clang/Makefile rsp-0.1.0.tar.xz rsp-0.1.0/configure
	} >"$BATS_TEST_TMPDIR/made"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/made")" -gt 100 ]
	while read -r made; do
		mkdir -p "$(dirname "$made")"
		touch "$made"
	done <"$BATS_TEST_TMPDIR/made"
	assert_equal "$(git status --porcelain --untracked-files=all)" '?? .gitignore'
	# and what is a source is none of them
	(cd "$RSP_SRCDIR" && find cmd common man tests completions -type f -name '*.?*' ! -name '*.pyc') |
		git check-ignore --no-index --stdin >"$BATS_TEST_TMPDIR/ignored" || :
	assert_equal "$(grep -vE '\.(o|log|trs)$|\.dirstamp$|\.deps/' "$BATS_TEST_TMPDIR/ignored")" ""
}
