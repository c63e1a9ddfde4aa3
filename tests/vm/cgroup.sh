#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cgroup.sh BUILD [CGROUPS...]: the tests of cgroups in the build directory, on hosts of each
# kind, whatever this one is: v2, none (cman mounts v2 itself), v1 and hybrid. See run.sh.
set -eu

if [ "$1" = --inside ]; then
	shift
	status=0
	for test; do
		"$test" || status=1
	done
	exit $status
fi

here=$(dirname "$(realpath "$0")")
build=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- v2 none v1 hybrid
failed=
for kind; do
	echo "=== cgroups: $kind"
	"$here/run.sh" -c "$kind" -b "$build/test_cgroup" -b "$build/test_cgroup_kill" \
		-b "$build/test_device" "$0" --inside \
		"$build/test_cgroup" "$build/test_cgroup_kill" "$build/test_device" || failed="$failed $kind"
done
[ -z "$failed" ] || { echo "failed with cgroups:$failed" >&2; exit 1; }
