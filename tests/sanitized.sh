#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sanitized.sh DIR COMMAND...: runs COMMAND with what the sanitizers find written to files in DIR,
# since some processes of cman have no standard error that anybody reads. Fails when there is one.
set -uo pipefail

reports=$1
shift
rm -rf "$reports"
mkdir -p "$reports"
export ASAN_OPTIONS="log_path=$reports/report:detect_stack_use_after_return=1:strict_string_checks=1"
export UBSAN_OPTIONS="log_path=$reports/report:print_stacktrace=1"
# Everything takes longer.
export TEST_SECONDS=${TEST_SECONDS:-300}
status=0
"$@" || status=$?
if [ -n "$(ls -A "$reports")" ]; then
	tail -n 40 "$reports"/*
	echo "found by the sanitizers: $(find "$reports" -type f | wc -l) reports in $reports" >&2
	status=1
fi
exit $status
