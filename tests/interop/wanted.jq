# What tshark's fields must be for a message of protocol $p, from our record of it: a row of columns, in the order of
# fields() in tshark.bats. A field that occurs more than once is a list with commas.
def all(f): [.. | objects | f] | map(tostring) | join(",");
def number: ltrimstr("0x") | explode | reduce .[] as $c (0; . * 16 + (if $c > 57 then $c - 87 else $c - 48 end));
def digits: ltrimstr("0x");
def as_hex($n): reduce range($n) as $_ ({ n: ., text: "" };
	{ n: (.n / 16 | floor), text: ("0123456789abcdef"[.n % 16:.n % 16 + 1] + .text) }) | .text;
def epoch: [.epoch, .instance, .over // "0x00000000"] | map(digits) | add;
def statement: epoch + (.since_ms | as_hex(16)) + (.rank | as_hex(4)) + "0000";
def state: [.digest, .update, .capabilities] | map(digits) | add;
def heard: [.[] | (.server_id, .digest) | digits] | add;
# the values of our parameters of a message itself: the one that comes first, and those that come last
def first_ours: select(.type == "ENRP_HANDLE_TABLE_RESPONSE") | .table_of | values | digits;
def last_ours: (.epoch, .update_number) | values | if type == "object" then epoch else digits end;
def transports: select(has("addresses"));
def port($type): all(transports | select(.type == $type) | .port);
def flag_bit: { "reject": 1, "subscribe": 1, "accept": 1, "home": 1, "reply_required": 1, "own_children_only": 1,
	"more_to_send": 2, "continue": 2 }[.];
def flags: [.flags | to_entries[] | select(.value) | .key | flag_bit] | add // 0 | "0x0\(.)";

select(.protocol == $p) | .message |
if any(.. | objects | .info_hex? // ""; . != "") then
	# tshark dissects what a cause carries as if it stood in the message: the rest is not compared
	[(.type_code | number | tostring), flags, all(select(has("info_hex")) | .code)]
else
	[
		(.type_code | number | tostring),
		flags,
		all(select(has("info_hex")) | .code),
		all(select(has("handle_hex")) | .handle_hex),
		all(select(has("home_id")) | .pe_id),
		all(select(has("home_id")) | .home_id),
		all(select(has("lifetime_s")) | .lifetime_s),
		port("sctp"), port("tcp"), port("udp"), port("udp-lite"), port("dccp"),
		all(transports | select(.service_code) | .service_code | number),
		all(transports | .addresses[] | select(contains(":") | not)),
		all(transports | .addresses[] | select(contains(":"))),
		# not in the RFC, but tshark shows the reserved octets of a TCP transport as its use, and names them "data only"
		all(transports | select(.type == "sctp" or .type == "tcp") | if .use == "data-plus-control" then 1 else 0 end),
		all(select(has("extra_hex")) | .type_code),
		all(.weight | values), all(.priority | values), all(.load | values), all(.load_degradation | values),
		all(select(has("extra_hex")) | .extra_hex | select(. != "")),
		(.pe_id // ""),
		(.cookie_hex // ""),
		(.checksum_told // ""),
		(.item_count // "" | tostring),
		all(select(has("digest") | not) | .server_id | values),
		# tshark does not know the opaque transport and our own parameters: it shows their octets
		([first_ours] + [.. | objects | if has("addresses") then .opaque_hex | values
			elif has("owner_hex") then (.owner_hex | values), (.version | values | digits), (.statement | values | statement)
			elif has("name_hex") then (.name_hex | values), (.digest_told | values | digits), (.state | values | state),
				(.clock_ms | values | as_hex(16)), (.heard | heard | values)
			else empty end] + [last_ours] | join(","))
	] + if $p == "enrp" then [
		.sender_id, .receiver_id, (.target_id // ""),
		(if .update_action then { "ADD_PE": "0", "DEL_PE": "1" }[.update_action] else "" end)
	] else [] end
end | @tsv
