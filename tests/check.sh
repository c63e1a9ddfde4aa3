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

# cmocka names a test that did not pass where it ran and again in the list at the end.
ended_as() { # WORD FILE
	awk -v word="$1" '/^\[ RUN / { running = 1 }
		running && $2 ~ /^(OK|FAILED|SKIPPED)$/ { count += $2 == word; running = 0 }
		END { print count + 0 }' "$2"
}

unit() {
	local status=0

	section check-unit
	$make --no-print-directory check-unit 2>&1 | tee "$log/unit" || status=1
	passed=$((passed + $(count '^\[       OK \]' "$log/unit")))
	failed=$((failed + $(ended_as FAILED "$log/unit")))
	skipped=$((skipped + $(ended_as SKIPPED "$log/unit")))
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
