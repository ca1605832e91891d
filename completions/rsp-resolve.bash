# bash completion for rsp-resolve(1)
_rsp_resolve() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -a words

	case $prev in
	--scope) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
	--keys | --tls-ca | --tls-cert | --tls-key | --tls-crl | --keylog-file | --trace-pcap | --output | -o)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	--tls-policy) words=(default rfc5352) ;;
	--timers) words=(rfc fast) ;;
	--transport) words=(tcp) ;;
	--discover) words=(224.0.1.185 ff05::133) ;;
	*)
		words=(--max --select --plain --format --report-unreachable
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
complete -F _rsp_resolve rsp-resolve
