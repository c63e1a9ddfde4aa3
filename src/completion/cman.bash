# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of cman(8) for bash. cman itself knows what may stand where: "cman complete".

_cman()
{
	local line current=${COMP_WORDS[COMP_CWORD]} before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

	COMPREPLY=()
	# bash makes a word of "=": what follows is the value.
	if [ "$current" = = ]; then before+=("=") current=; fi
	while IFS= read -r line; do
		case $line in
		:files) compopt -o default 2>/dev/null ;;
		*[:=]$'\t'*)
			compopt -o nospace 2>/dev/null
			COMPREPLY+=("${line%%$'\t'*}")
			;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <("${COMP_WORDS[0]}" complete -- "${before[@]}" "$current" 2>/dev/null)
}

complete -F _cman cman
