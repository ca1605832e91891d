#!/bin/bash
# hosts.sh DIR HOST...: a network namespace for each HOST, at 10.78.0.1 and up, and a switch that joins them, which this
# process then is. Run it in a namespace of its own: unshare --user --map-root-user --net. Writes DIR/HOST.pid, a process
# in the namespace of HOST, and makes DIR/commands, the FIFO of the switch. When the switch ends, all of it ends.
set -eu
dir=$1
shift
number=0
for host; do
	# it says which process it is when its namespace is there, and is killed when the switch ends
	exec 3< <(exec unshare --net sh -c 'echo $$ && exec setpriv --pdeathsig KILL sleep infinity')
	read -r pid <&3
	exec 3<&-
	number=$((number + 1))
	ip link add name "$host" type veth peer name eth address "02:00:00:00:00:$(printf %02x $number)" netns "$pid"
	ip link set dev "$host" up
	{
		echo link set dev lo up
		echo "address add 10.78.0.$number/24 dev eth"
		echo link set dev eth up
		# no ARP: what a cut does would depend on what is cached
		for ((i = 1; i <= $#; i++)); do
			echo "neighbour replace 10.78.0.$i lladdr 02:00:00:00:00:$(printf %02x $i) dev eth nud permanent"
		done
	} | nsenter --target "$pid" --net ip -batch -
	echo "$pid" >"$dir/$host.pid"
done
mkfifo "$dir/commands"
exec "$RSP_BUILDDIR/tests/live/switch" "$dir/commands" "$@"
