# bash completion for rsp-keygen(1)
_rsp_keygen() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local -a words common=(--scope --pretty --output --quiet --verbose --version --help)

	case $prev in
	--scope) mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
	--output | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
	esac
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=(init registrar element monitor bundle renew rotate retire revoke remove rollover crl list check --help --version)
	else
		case ${COMP_WORDS[1]} in
		init) words=(--name --ed25519 --days --not-before --not-after --force "${common[@]}") ;;
		registrar) words=(--asap --enrp --dns --ip --ed25519 --days --not-before --not-after --force "${common[@]}") ;;
		element) words=(--pool --address --max --opaque --days --not-after --force "${common[@]}") ;;
		monitor) words=(--days --not-after --force "${common[@]}") ;;
		bundle) words=(--user --force "${common[@]}") ;;
		renew | revoke) words=(--days --not-before --not-after "${common[@]}") ;;
		rotate | retire | remove) words=("${common[@]}") ;;
		rollover) words=(--finish --ed25519 --days --not-before --not-after --force "${common[@]}") ;;
		crl) words=(--revoke --days --not-after "${common[@]}") ;;
		list) words=(--psktool --force "${common[@]}") ;;
		check) words=(--expires-in "${common[@]}") ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}
complete -o filenames -F _rsp_keygen rsp-keygen
