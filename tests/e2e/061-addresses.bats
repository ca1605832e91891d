#!/usr/bin/env bats
# Addresses that no host has, and transports that cannot be compared with an address. RFC 5354 3.16, RFC 5355 2.1.

load helpers

setup_file() {
	local mine=$BATS_FILE_TMPDIR node
	{
		rsp-keygen init --scope "$mine/master" --name test
		rsp-keygen registrar --scope "$mine/master" r1 --asap 127.0.0.1:0 --enrp 127.0.0.1:0
		rsp-keygen element --scope "$mine/master" anywhere --address 0.0.0.0/0 --address ::/0
		rsp-keygen element --scope "$mine/master" sealed --opaque --max 2
		for node in r1 anywhere sealed; do
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

@test "multicast, broadcast, unspecified, link-local addresses, mapped ones too, are refused from who may register any: 0x3" {
	local bad=(0.0.0.0 0.1.2.3 224.0.0.1 239.1.2.3 240.0.0.1 255.255.255.255 __ ff02__1 fe80__1
		__ffff_0.0.0.0 __ffff_224.0.0.1 __ffff_255.255.255.255)
	local good=(198.51.100.1 2001_db8__1 __ffff_198.51.100.1)
	start_peer r1
	bad=("${bad[@]/%/:80}")
	run -0 say anywhere "${bad[@]/#/register:web:0x11:}"
	assert_output "$(printf '0x0003\n%.0s' "${bad[@]}")"
	wait_for_record r1 '.event == "refused" and .key == "address-unusable" and .identity == "anywhere"'
	good=("${good[@]/%/:80}")
	run -0 say anywhere "${good[@]/#/register:web:0x11:}"
	assert_output "$(printf 'none\n%.0s' "${good[@]}")"
}

@test "an Opaque user transport is refused unless authz.json allows it: 0xa" {
	start_peer r1
	run -0 say anywhere opaque:box:0x11:tipc
	assert_output 0x000a
	wait_for_record r1 '.event == "refused" and .key == "opaque-not-allowed" and .identity == "anywhere"'
	run -0 say sealed opaque:box:0x11:tipc
	assert_output none
	assert_equal "$(rsp-keygen list --scope "$scopes/master" | jq -c '.identities[] | [.name, .opaque, .max_registrations]')" \
		"$(printf '%s\n' '["anywhere",false,null]' '["sealed",true,2]')"
}

@test "rsp-register and rsp-keygen do not take such an address, and say what it is" {
	rsp 2 rsp-register --scope "$scopes/anywhere" -s r1@127.0.0.1:1 --port 80 --address 224.0.0.1 web
	[[ $stderr == *"224.0.0.1"*"is a multicast address"* ]]
	rsp 2 rsp-register --scope "$scopes/anywhere" -s r1@127.0.0.1:1 --port 80 --address ::ffff:0.0.0.0 web
	[[ $stderr == *"is the unspecified address"* ]]
	rsp 2 rsp-keygen registrar --scope "$scopes/master" r2 --asap r2.example --ip fe80::1
	[[ $stderr == *"fe80::1"*"is a link-local address"* ]]
}
