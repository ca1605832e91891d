# bash completion for rsp-peer(1)
_rsp_peer() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -a words output=(--pretty --output --quiet --verbose --version --help)
	local -a security=(--scope --keys --tls-policy --transport --insecure-plaintext --keylog-file --trace-pcap)
	local -a asking=(--server --timeout --wait --identity "${security[@]}" "${output[@]}")

	case $prev in
	--scope) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
	--keys | --tls-ca | --tls-cert | --tls-key | --tls-crl | --keylog-file | --trace-pcap | --control | --output | -o)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	esac
	case $prev:${COMP_WORDS[1]} in
	--tls-policy:*) words=(default rfc5352) ;;
	--timers:*) words=(rfc fast) ;;
	--transport:*) words=(tcp) ;;
	--announce:*) words=(224.0.1.185 ff05::133) ;;
	*:status) words=(--name --control --timeout "${output[@]}") ;;
	*:list) words=("${asking[@]}") ;;
	*:dump) words=(--own --pools "${asking[@]}") ;;
	*:ping) words=(--count --interval "${asking[@]}") ;;
	*:run)
		words=(--name --asap --enrp --plain-asap --answer-plain-users --require-user-cert --server-id
			--announce --t6-serverannounce
			--peer --bind-wait --leave-timeout --control --registration-rate --resolution-rate --report-rate
			--handshake-rate --user-idle --max-user-queue --max-user-memory
			--keepalive-interval
			--keepalive-distance --reconnect-grace --push-distance --message-time --rekey-grace --handshake-timeout
			--max-handshakes --max-connections --max-per-source --max-queue --max-pools
			--max-elements --max-pool-elements --max-identity-elements --max-identity-pools --max-registrar-elements --max-registrar-pools --max-subscriptions
			--max-items --max-peers --max-tombstones --max-updates --max-update-octets --max-downloads --max-adoptions --tombstone-time --timers
			--peer-heartbeat-cycle --max-time-last-heard --max-time-no-response
			--max-bad-pe-report --tls-ca --tls-cert --tls-key --tls-crl "${security[@]}" "${output[@]}")
		;;
	esac
	[ "$COMP_CWORD" -gt 1 ] || words=(run status list dump ping --help --version)
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}
complete -F _rsp_peer rsp-peer
