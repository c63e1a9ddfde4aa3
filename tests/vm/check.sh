#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check.sh BUILD [NAME...]: the tests in virtual machines, all of them or these, as `make check-vm`
# runs them. What they print comes out as one TAP stream, then a line of counts. See lib.sh.
set -uo pipefail

here=$(dirname "$(realpath "$0")")
build=$1
shift
number=0 passed=0 failed=0 skipped=0

line() { # LINE OF TAP
	case $1 in
	"ok - "*"# skip"*) skipped=$((skipped + 1)) ;;
	"ok - "*) passed=$((passed + 1)) ;;
	"not ok - "*) failed=$((failed + 1)) ;;
	*) echo "$1"; return ;;
	esac
	number=$((number + 1))
	echo "${1%% - *} $number - ${1#* - }"
}

run_one() { # NAME
	local status before=$number failed_before=$failed text

	exec 3< <("$here/$1.sh" "$build" 2>&1)
	while IFS= read -r text; do
		line "$text"
	done <&3
	exec 3<&-
	wait $!
	status=$?
	# It ended otherwise than it told, or told nothing.
	if [ $status != 0 ] && [ $failed = $failed_before ]; then
		line "not ok - $1: exit status $status"
	elif [ $number = $before ]; then
		line "ok - $1"
	fi
}

if [ $# = 0 ]; then
	for script in "$here"/*.sh; do
		name=$(basename "$script" .sh)
		case $name in
		run | lib* | check | image) ;;
		*) set -- "$@" "$name" ;;
		esac
	done
fi
for name; do
	run_one "$name"
done
echo "1..$number"
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ] && [ $number -gt 0 ]
