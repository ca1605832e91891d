# bash completion for rsp-audit(1)
_rsp_audit() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -a words

	case $prev in
	--protocol) words=(asap enrp) ;;
	--trace-pcap | --output | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	*)
		if [ "$COMP_CWORD" -eq 1 ]; then
			words=(decode --help --version)
		elif [[ $cur == -* ]]; then
			words=(--protocol --reencode --trace-pcap --pretty --output --quiet --verbose --version --help)
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}
complete -o filenames -F _rsp_audit rsp-audit
