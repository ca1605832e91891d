#!/usr/bin/env bats
# What others may do to the files of a scope directory, and to those that hold secrets of a run: read no secret, change
# nothing that a node trusts. RFC 5355 2.2-2.7; rsp(7), "The scope directory".
load helpers

setup() {
	d=$BATS_TEST_TMPDIR/r1
	cp -r "$scopes/r1" "$d"
}

# refused FILE TOOL ARG...: with status 3, for the permissions of FILE
refused() {
	local file=$1
	shift
	rsp 3 "$@"
	assert_equal "$(field '.error | [.key, .object] | join(" ")')" "permissions $file"
	assert_equal "$stderr" "$(basename "$1"): $file: $(field .error.reason)"
}

@test "a file that others can write is trusted no more than a secret that they can read" {
	local file mode
	for mode in 0666 0664 0646; do
		for file in scope.json ca.pem crl.pem authz.json cert.pem; do
			chmod "$mode" "$d/$file"
			refused "$d/$file" rsp-peer run --scope "$d" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
			assert_regex "$(field .error.reason)" "^mode is $mode: group or others can change it"
			chmod 644 "$d/$file"
		done
		for file in ca.pem crl.pem scope.json; do
			chmod "$mode" "$d/$file"
			refused "$d/$file" rsp-resolve --scope "$d" -s 127.0.0.1:1 web
			chmod 644 "$d/$file"
		done
	done
	chmod 666 "$d/authz.json"
	rsp 3 rsp-keygen check --scope "$d"
	assert_equal "$(jq -r 'select(.state == "bad").object' <<<"$output")" "$d/authz.json"
}

@test "a third user's file is trusted no more" {
	[ "$(id -u)" -eq 0 ] || return 0 # only root can give a file away
	for file in scope.json ca.pem crl.pem authz.json keys.json; do
		chown 12345 "$d/$file"
		refused "$d/$file" rsp-peer run --scope "$d" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
		chown 0 "$d/$file"
	done
}

@test "links inside a scope directory are followed, as a mounted Kubernetes secret has them" {
	mkdir "$d/..2026"
	mv "$d"/*.* "$d/..2026/"
	ln -s ..2026 "$d/..data"
	for file in "$d/..2026"/*; do ln -s "..data/${file##*/}" "$d/"; done
	rsp 0 rsp-keygen check --scope "$d"
	start r1 rsp-peer run --scope "$d" --name r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
	wait_for_record r1 '.event == "listening"'
	chmod 644 "$d/..2026/keys.json"
	kill -HUP "${pids[r1]}"
	wait_for_record r1 '.event == "reload-failed" and .error.key == "permissions"'
	chmod 666 "$d/..2026/ca.pem"
	refused "$d/ca.pem" rsp-resolve --scope "$d" -s 127.0.0.1:1 web
}

@test "a bundle goes into no directory that others can write in, nor does a master" {
	local mode dir=$BATS_TEST_TMPDIR/open
	mkdir "$dir"
	for mode in 0777 0775 1777 0707; do
		chmod "$mode" "$dir"
		refused "$dir" rsp-keygen bundle --scope "$scopes/master" r1 -o "$dir"
		refused "$dir" rsp-keygen bundle --scope "$scopes/master" --user -o "$dir"
		refused "$dir" rsp-keygen bundle --scope "$scopes/master" r1 -o "$dir" --force
		refused "$dir" rsp-keygen init --scope "$dir"
		assert_equal "$(ls -A "$dir")" ""
	done
	chmod 755 "$dir"
	rsp 0 rsp-keygen bundle --scope "$scopes/master" r1 -o "$dir"
}

@test "captures and key logs go through no link, and into no file that is open to others" {
	local option log=$BATS_TEST_TMPDIR/log target=$BATS_TEST_TMPDIR/target
	for option in --trace-pcap --keylog-file; do
		echo precious >"$target"
		chmod 600 "$target"
		ln -s target "$log"
		refused "$log" rsp-resolve --scope "$scopes/user" -s 127.0.0.1:1 "$option" "$log" web
		refused "$log" rsp-peer run --scope "$d" --asap 127.0.0.1:0 --enrp 127.0.0.1:0 "$option" "$log"
		rm "$log"
		ln "$target" "$log"
		refused "$log" rsp-resolve --scope "$scopes/user" -s 127.0.0.1:1 "$option" "$log" web
		rm "$log"
		chmod 644 "$target"
		refused "$target" rsp-resolve --scope "$scopes/user" -s 127.0.0.1:1 "$option" "$target" web
		assert_equal "$(cat "$target")" precious
		rm "$target"
		rsp 4 rsp-resolve --scope "$scopes/user" -s 127.0.0.1:1 "$option" "$log" web
		assert_equal "$(stat -c %a "$log")" 600
		rm "$log"
	done
}
