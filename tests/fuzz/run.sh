#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh MAKE BUILD: `make fuzz`. Builds the targets with clang and runs each for FUZZ_SECONDS,
# 0: only over what is kept in tests/fuzz/corpus. What is new is gathered in BUILD/corpus; an input
# that crashes or hangs in BUILD/crashes. FUZZ="conf user" runs some. FUZZ_RUNS=10000: so many inputs
# instead, the same ones each time, so that what passed once does not fail beside another change.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=$1
build=$2
clang=${FUZZ_CC:-clang}
seconds=${FUZZ_SECONDS:-30}
sanitizers=-fsanitize=address,undefined

can_fuzz() {
	printf '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n) { return d && n ? 0 : 0; }\n' |
		"$clang" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null
}

command -v "$clang" >/dev/null || { echo "fuzz: SKIPPED: no $clang (package clang)"; exit 0; }
can_fuzz || {
	echo "fuzz: SKIPPED: $clang has no libFuzzer (Debian, Ubuntu: libclang-rt-dev or" \
		"libclang-common-VERSION-dev; Fedora: compiler-rt)"
	exit 0
}

$make --no-print-directory -j"$(nproc)" BUILD="$build" CC="$clang" CFLAGS='-O1 -g' \
	HARDENING="-fsanitize=fuzzer-no-link $sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=undefined" \
	LINKING="-fsanitize=fuzzer $sanitizers -Wl,--as-needed" fuzz-targets

mkdir -p "$build/crashes"
# The files the targets read, in memory; here, so that those of a target that crashed go as well.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
# Words of the language, which bytes changed at random would not find.
{
	grep -ohE '"[a-z_.]+"' src/config/keys*.c src/config/values*.c | sort -u
	printf '"%s"\n' '@include ' ' : { ' ' };' ' = [ ' ' ];' '"+"' '/\*' '\*/' '0x' '1L' '\x0a%%\x0a' | sed 's/"+"/\\"+\\"/; s/\\\*/*/'
} >"$build/words.dict"
failed=()
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	case " ${FUZZ:-${name#fuzz_}} " in
	*" ${name#fuzz_} "*) ;;
	*) continue ;;
	esac
	mkdir -p "$build/corpus/$name"
	limit=(-max_total_time="$seconds")
	[ "$seconds" != 0 ] || limit=(-runs=0)
	[ -z "${FUZZ_RUNS:-}" ] || limit=(-runs="$FUZZ_RUNS" -seed=1)
	printf '== %s\n' "$name"
	# Time-outs are of one input, in seconds.
	"$build/$name" "${limit[@]}" -max_len=8192 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-dict="$build/words.dict" -artifact_prefix="$build/crashes/$name-" \
		"$build/corpus/$name" "tests/fuzz/corpus/$name" >"$build/$name.log" 2>&1 </dev/null || {
		failed+=("$name")
		grep -v '^#' "$build/$name.log" | tail -n 40
		continue
	}
	sed -n 's/^stat::\(number_of_executed_units\|new_units_added\): */  \1 /p' "$build/$name.log"
done
[ ${#failed[@]} = 0 ] || { echo "fuzz: failed: ${failed[*]}; inputs in $build/crashes" >&2; exit 1; }
echo "fuzz: ok"
