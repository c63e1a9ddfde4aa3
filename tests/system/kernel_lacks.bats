#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without a module: what it answers then, at the place where it does (src/base/fault.h, and
# strace). What is missing is named, with the remedy, and nothing is left.
load crash

lacks() { # POINT=ERRNO REMEDY...
	local fault=$1

	shift
	CMAN_FAULT=$fault run_fails cman up web
	assert_output_has "$@"
	run_fails cman status web
	assert_unchanged
	run_ok cman up web
	run_ok cman down web
	assert_unchanged
}

@test "a kernel without bridges, or without veth" {
	lacks "up make bridge 1=95" "make bridge" "Operation not supported" "modprobe bridge" CONFIG_BRIDGE
	lacks "up make link 1=95" "make link" "Operation not supported" "modprobe veth" CONFIG_VETH
}

@test "a kernel without overlayfs" {
	make_rootfs web
	container web <<<"rootfs : { path = \"$T/rootfs/web\"; mode = \"overlay\"; }; command = [ \"/bin/sleep\", \"1000\" ];"
	lacks "init make overlay 1=19" "make overlay" "No such device" "modprobe overlay" CONFIG_OVERLAY_FS
}

@test "a kernel without ip_tables, and no module for it" {
	write_manager 'firewall : { backend = "iptables"; };'
	for error in ENOPROTOOPT:ip_tables ENOENT:iptable_; do
		run -1 traced -e trace=getsockopt -e inject=getsockopt:error="${error%:*}" "$CMAN" -c $CONF up web
		assert_output_has "${error#*:}"
		assert_match "$output" "hint: .*(modules|modprobe|libkmod)"
		run_fails cman status web
		machine rm $T/calls
		assert_unchanged
	done
	run_ok cman up web
}
