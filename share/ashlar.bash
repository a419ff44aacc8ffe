# Completion of ashlar for bash. The program itself knows what could come next; this asks it.

_ashlar()
{
	local words=() piece joined= cut line kind last i

	# bash splits words at ':' and '=', which ashlar has inside them: "rsa:3072", "--type=aes:256".
	for ((i = 1; i <= COMP_CWORD; i++)); do
		piece=${COMP_WORDS[i]}
		if ((${#words[@]} > 0)) && [[ $COMP_WORDBREAKS == *[:=]* ]] &&
			[[ $piece == [:=]* || $joined == yes ]]; then
			words[${#words[@]} - 1]+=$piece
		else
			words+=("$piece")
		fi
		joined=
		[[ $piece != *[:=] || $i -eq $COMP_CWORD ]] || joined=yes
	done
	((${#words[@]} > 0)) || words=('')
	last=${words[${#words[@]} - 1]}
	words[${#words[@]} - 1]=${last//[\'\"\\]/}
	cut=${last%"${COMP_WORDS[COMP_CWORD]}"}
	[[ ${COMP_WORDS[COMP_CWORD]} != [:=] ]] || cut=$last

	COMPREPLY=()
	{
		IFS= read -r kind || return 0
		while IFS= read -r line; do
			line=${line%%$'\t'*}
			[[ $line != *[!A-Za-z0-9_.,:=/@%+-]* ]] || printf -v line %q "$line"
			COMPREPLY+=("${line#"$cut"}")
		done
	} < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
	piece=${last#"$cut"}
	case $kind in
	files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$piece") ;;
	folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$piece") ;;
	variables) mapfile -t COMPREPLY < <(compgen -e -- "$piece") ;;
	esac
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *, ]] || compopt -o nospace 2>/dev/null
}

complete -F _ashlar ashlar
