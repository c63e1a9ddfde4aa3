#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check.sh BUILD [NAME...]: the tests in virtual machines, all of them or these, VM_JOBS (1) side by
# side, as `make check-vm` runs them. What they print comes out as one TAP stream, then a line of counts.
# See lib.sh.
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

start() { # NAME
	"$here/$1.sh" "$build" >"$work/$1" 2>&1
	echo $? >"$work/$1.ended"
	mv "$work/$1.ended" "$work/$1.status"
}

tell() { # NAME
	local status before=$number failed_before=$failed text

	while IFS= read -r text; do
		line "$text"
	done <"$work/$1"
	status=$(cat "$work/$1.status")
	# It ended otherwise than it told, or told nothing.
	if [ "$status" != 0 ] && [ $failed = $failed_before ]; then
		line "not ok - $1: exit status $status"
	elif [ $number = $before ]; then
		line "ok - $1"
	fi
	rm "$work/$1" "$work/$1.status"
}

# Those that have ended, in the order in which they did.
tell_ended() {
	local status

	while read -r status; do
		tell "$(basename "$status" .status)"
	done < <(ls -tr "$work"/*.status 2>/dev/null)
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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name; do
	while [ "$(jobs -pr | wc -l)" -ge "${VM_JOBS:-1}" ]; do
		wait -n
		tell_ended
	done
	start "$name" &
done
wait
tell_ended
echo "1..$number"
printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ] && [ $number -gt 0 ]
