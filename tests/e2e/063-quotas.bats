#!/usr/bin/env bats
# One key does not use up what is there for all: quotas of an identity and of a registrar. RFC 5355 2.1-2.5, 2.9.

load helpers

setup_file() {
	local mine=$BATS_FILE_TMPDIR node
	{
		rsp-keygen init --scope "$mine/master" --name test
		for node in r1 r2; do
			rsp-keygen registrar --scope "$mine/master" "$node" --asap 127.0.0.1:0 --enrp 127.0.0.1:0
		done
		rsp-keygen element --scope "$mine/master" greedy
		rsp-keygen element --scope "$mine/master" honest
		rsp-keygen element --scope "$mine/master" few --max 2 --pool 'web*'
		for node in r1 r2 greedy honest few; do
			rsp-keygen bundle --scope "$mine/master" "$node" -o "$mine/$node"
		done
		rsp-keygen bundle --scope "$mine/master" --user -o "$mine/user"
	} >"$mine/keygen.out"
}

setup() {
	scopes=$BATS_FILE_TMPDIR
}

# say NODE MESSAGE...: with NODE's key, as no tool of ours would; the cause of each answer
say() {
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --psk "$(psk "$1" element r1)" "${asap[r1]}" "${@:2}" |
		grep -v closed | rsp-audit decode --protocol asap | jq -r '.message.causes[0].code // "none"'
}

# enrp_say MESSAGE...: with the key of r2, to r1
enrp_say() {
	python3 "$RSP_SRCDIR/tests/e2e/raw.py" exchange --wait 2 --psk "$(psk r2 peer r1)" "${enrp[r1]}" "$@" >/dev/null
}

pools() {
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "register:p$i:0x11:127.0.0.1:80"
	done
}

@test "one key makes 1000 pools, far below the total, and others still register: 0x6" {
	local -a all
	mapfile -t all < <(pools 1 1002)
	start_peer r1
	say greedy "${all[@]}" >"$BATS_TEST_TMPDIR/causes"
	assert_equal "$(sort "$BATS_TEST_TMPDIR/causes" | uniq -c | tr -s ' ')" "$(printf ' %s\n' '2 0x0006' '1000 none')"
	wait_for_record r1 '.event == "refused" and .key == "pools-of-one-identity" and .identity == "greedy"'
	run -0 say honest register:mine:0x22:127.0.0.1:80
	assert_output none
	run -0 say greedy deregister:p1:0x11 register:p1001:0x11:127.0.0.1:80 # one goes, another one may come
	assert_output "$(printf '%s\n' none none)"
	rsp 0 rsp-peer status
	assert_equal "$(field '.limits | [.max_identity_pools, .max_identity_elements, .max_pools, .max_elements] | @json')" \
		'[1000,10000,100000,2000000]'
}

@test "elements of one key: --max-identity-elements, and rsp-keygen element --max in its place" {
	start_peer r1 --max-identity-elements 3 --max-identity-pools 2
	run -0 say honest register:a:1:127.0.0.1:80 register:b:2:127.0.0.1:80 register:c:3:127.0.0.1:80 \
		register:b:3:127.0.0.1:80 register:b:4:127.0.0.1:80
	assert_output "$(printf '%s\n' none none 0x0006 none 0x0006)"
	run -0 say few register:web:1:127.0.0.1:80 register:web:2:127.0.0.1:80 register:web:3:127.0.0.1:80
	assert_output "$(printf '%s\n' none none 0x0006)"
	wait_for_record r1 '.event == "refused" and .key == "elements-of-one-identity" and .identity == "few"'
}

@test "a number of rsp-keygen element --max may be above --max-identity-elements and --max-identity-pools" {
	start_peer r1 --max-identity-elements 1 --max-identity-pools 1
	run -0 say few register:web1:1:127.0.0.1:80 register:web2:2:127.0.0.1:80
	assert_output "$(printf '%s\n' none none)"
}

@test "what a registrar's key says is held against authz.json: the owner's pools, and its address" {
	start_peer r1
	enrp_say presence:9:0:9 add:9:0:bank:0x11:9:few
	wait_for_record r1 '.event == "refused" and .key == "pool-not-allowed" and .handle == "bank" and .peer_id == "0x00000009"'
	enrp_say presence:9:0:9 add:9:0:web:0x11:9:few
	wait_for_record r1 '.event == "refused" and .key == "address-not-own" and .handle == "web"'
	enrp_say presence:9:0:9 add:9:0:web:0x11:9:stranger # of whom authz.json says nothing here
	resolve web
}

@test "a registrar's key fills its share, and no more" {
	start_peer r1 --max-registrar-elements 2 --max-registrar-pools 1
	enrp_say presence:9:0:9 add:9:0:web:1:9 add:9:0:other:4:9 add:9:0:web:2:9 add:9:0:web:3:9
	wait_for_record r1 '.event == "refused" and .key == "pools-of-one-registrar" and .handle == "other"'
	wait_for_record r1 '.event == "refused" and .key == "elements-of-one-registrar" and .pe_id == "0x00000003"'
	run -0 say honest register:mine:0x22:127.0.0.1:80
	assert_output none
}
