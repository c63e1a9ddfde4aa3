#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# docs.sh: manual pages are well-formed, links lead to files, and what the texts name exists.
set -u
cd "$(dirname "$0")/.." || exit 1
wrong=0

complain() {
	echo "docs: $*" >&2
	wrong=1
}

for page in docs/*.[1-8]; do
	[ -e "$page" ] || { complain "no manual page in docs/"; break; }
	mandoc -T lint -W warning "$page" || wrong=1
done

# [text](target) of each Markdown file, from its own directory
for text in *.md docs/*.md examples/*.md examples/*/*.md; do
	[ -e "$text" ] || continue
	for target in $(grep -oE '\]\([^)#]+' "$text" | sed 's/^](//' | grep -v '^https\?:'); do
		[ -e "$(dirname "$text")/$target" ] || complain "$text: no file $target"
	done
	# What architecture and README call by its path in the source tree
	for path in $(grep -oE '`(src|docs|tests|examples|conf\.d|init)/[A-Za-z0-9_./-]+`' "$text" |
		tr -d '\`'); do
		[ -e "$path" ] || complain "$text: no $path"
	done
done

# Checks of the probe and tests that stand behind each known escape
escapes() { sed -n '/^| known as/,/^$/s/^| .* | .* | .* | \(.*\) |$/\1/p' docs/security.md | sed '1d'; }
[ "$(escapes | wc -l)" -ge 35 ] || complain "docs/security.md: the table of known escapes is not found"
tried=$(escapes | sed 's/; /\n/g')
while IFS= read -r test; do
	file=${test#\`} file=${file%%\`*} title=${test#*\"} title=${title%\"}
	case $test in
	'`tests/system/'*'" '* | '`tests/system/'*'"')
		grep -qF "@test \"$title\" {" "$file" || complain "docs/security.md: no test \"$title\" in $file"
		;;
	'`tests/unit/'*'"')
		grep -q "($title)\|^static void $title(" "$file" ||
			complain "docs/security.md: no test $title in $file"
		;;
	'`tests/fuzz/'*) [ -e "$file" ] || complain "docs/security.md: no $file" ;;
	*)
		for check in $test; do
			grep -qs "^	{\"$check\", " tests/probe/*.c ||
				complain "docs/security.md: no check \"$check\" in tests/probe"
		done
		;;
	esac
done <<-END
	$tried
END

# Every command but those that cman calls itself, and every target
commands=$(awk -F'"' '/^\t\t\.name = "/ { name = $2 } /^\t\t\.hidden = true/ { name = "" }
	/^\t\t\.run = / && name { print name }' src/cmd/command_table.c)
[ -n "$commands" ] || complain "no commands in src/cmd/command_table.c"
for command in $commands; do
	grep -q "^\.It Ic $command\b" docs/cman.8 || complain "docs/cman.8 does not tell about '$command'"
	grep -qw "$command" README.md || complain "README.md does not tell about '$command'"
done
for target in $(grep -oE '`make [a-z-]+' README.md | cut -d' ' -f2); do
	grep -q "^$target:\|^\.PHONY.*$target\|^        .*$target" Makefile ||
		complain "README.md: no target $target"
done

[ $wrong = 0 ] && echo "docs: ok"
exit $wrong
