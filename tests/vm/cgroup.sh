#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# cgroup.sh BUILD [CGROUPS...]: the tests of cgroups in the build directory, on hosts of each
# kind, whatever this one is: v2, none (cman mounts v2 itself), v1 and hybrid. See run.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
programs="test_cgroup test_cgroup_kill test_device"

inside() {
	status=0
	for test in $programs; do
		"$build/$test" || status=1
	done
	return $status
}

run_test "$@"
