# bash completion for rsp-register(1)
_rsp_register() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	local -a words

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then # from here on it is CMD
			if [ "$prev" = -- ]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			return
		fi
	done
	case $prev in
	--scope) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
	--keys | --tls-ca | --tls-cert | --tls-key | --tls-crl | --keylog-file | --trace-pcap | --output | -o | --pe-id-file | --load-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	--tls-policy) words=(default rfc5352) ;;
	--timers) words=(rfc fast) ;;
	--transport) words=(tcp) ;;
	--discover) words=(224.0.1.185 ff05::133) ;;
	--protocol) words=(tcp udp sctp) ;;
	--policy) words=(rr wrr rand wrand prio lu lud plu rlu) ;;
	--ready) words=(now port exec:) ;;
	*)
		words=(--port --protocol --address --pe-id --pe-id-file --policy --weight --priority --load
			--load-degradation --load-file --lifetime --max-outage --listen --no-listen --bind-wait --batch
			--ready --ready-timeout --drain --kill-after
			--scope --server --discover --timeout --wait
			--keys --identity --tls-ca --tls-cert --tls-key --tls-crl --tls-name --tls-policy --transport
			--insecure-plaintext --keylog-file --trace-pcap
			--timers --t1-enrprequest --t2-registration --t3-deregistration --t4-reregistration
			--t5-serverhunt --t7-enrpoutdate --retran-max --max-reg-attempt --max-request-retransmit
			--pretty --output --quiet --verbose --version --help)
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}
complete -F _rsp_register rsp-register
