#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check.sh MAKE BUILD: `make check`. Runs all there is to run, goes on after a failure, says what
# was skipped and why, and ends with one line of counts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

make=$1
build=$2
log=$build/check
passed=0 failed=0 skipped=0
mkdir -p "$log"

section() { printf '\n== %s\n' "$*"; }

# A part that is one test: passed or failed.
part() { # TARGET
	section "$1"
	if $make --no-print-directory "$1"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
}

count() { grep -cE "$1" "$2" || true; }

unit() {
	local status=0

	section check-unit
	$make --no-print-directory check-unit 2>&1 | tee "$log/unit" || status=1
	passed=$((passed + $(count '^\[       OK \]' "$log/unit")))
	failed=$((failed + $(count '^\[  FAILED  \] [a-z]' "$log/unit")))
	skipped=$((skipped + $(count '^\[  SKIPPED \] [a-z]' "$log/unit")))
	# Not built, crashed or timed out: no line of cmocka's tells.
	[ $status = 0 ] || grep -q '^\[  FAILED  \]' "$log/unit" || failed=$((failed + 1))
}

system() {
	local status=0

	section check-system
	if [ "$(id -u)" != 0 ]; then
		echo "SKIPPED: the system tests need root (namespaces, cgroups, firewall): sudo make check"
		skipped=$((skipped + $(cat tests/system/*.bats | count '^@test ' -)))
		return
	fi
	$make --no-print-directory check-system BATS='bats --tap' 2>&1 | tee "$log/system" || status=1
	passed=$((passed + $(grep -E '^ok ' "$log/system" | grep -vc '# skip')))
	skipped=$((skipped + $(count '^ok .*# skip' "$log/system")))
	failed=$((failed + $(count '^not ok ' "$log/system")))
	[ $status = 0 ] || grep -q '^not ok ' "$log/system" || failed=$((failed + 1))
	if grep -q '^ok .*# skip' "$log/system"; then
		echo "Skipped:"
		sed -n 's/^ok [0-9]* \(.*\) # skip *\(.*\)/  \1: \2/p' "$log/system"
	fi
}

jobs=-j$(nproc)
case ${MAKEFLAGS:-} in
*jobserver*) jobs= ;;
esac

section "build"
# shellcheck disable=SC2086 # no option or one
if ! $make --no-print-directory $jobs all unit-tests; then
	printf '\n0 passed, 1 failed\n'
	exit 1
fi
part check-layers
part check-docs
unit
system

printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ]
