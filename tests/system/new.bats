#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman new: a file to start from.
load lib

file() { path "$T/conf.d/$1.conf"; }

@test "new: a file that holds as it is, and comes up" {
	make_rootfs web
	run_ok cman new web --rootfs "$T/rootfs/web"
	assert_output_has "$T/conf.d/web.conf" "next: " "cman up web"
	assert_equal "$(stat -c '%U:%G %a' "$(file web)")" "root:root 644"
	run_ok cman check "$T/conf.d/web.conf"
	sed -i 's|^#command = .*|command = [ "/bin/sleep", "1000" ]; stop_signal = "SIGKILL";|' "$(file web)"
	run_ok cman up web
	assert_equal "$(cman status --json web | jq -r .state)" running
	[ "$(wc -l <"$(file web)")" -lt 90 ]
}

@test "new: without a root filesystem it says what is left to do" {
	run_ok cman new web
	assert_output_has "$T/conf.d/web.conf" "rootfs"
	run_fails cman up web
	assert_output_has "rootfs is missing"
	make_rootfs web
	sed -i "s|^#rootfs = .*|rootfs = \"$T/rootfs/web\";|" "$(file web)"
	run_ok cman show web
}

@test "new: what is there is never overwritten, whatever it is" {
	echo 'kept' >"$(file web)"
	run_fails cman new web
	assert_output_has "web has a file" "$T/conf.d/web.conf"
	assert_equal "$(cat "$(file web)")" kept
	ln -s /nowhere "$(file link)"
	run_fails cman new link
	assert_equal "$(readlink "$(file link)")" /nowhere
	rm "$(file web)" "$(file link)"
	# Of two at once one has it.
	cman new web >"$BATS_TEST_TMPDIR/1" 2>&1 &
	run cman new web
	if wait $!; then first=0; else first=1; fi
	assert_equal "$((first + (status != 0)))" 1
	assert_equal "$(ls -A "$(path "$T/conf.d")")" web.conf
}

@test "new: names, directories and templates that cannot be" {
	for name in Web a_b -a a- ../web ''; do
		run cman new -- "$name"
		assert_equal "$status" 2
	done
	run_fails cman new web --rootfs "$T/nowhere"
	assert_output_has "--rootfs $T/nowhere" "No such file"
	run_fails cman new web --rootfs "$T/container.conf"
	assert_output_has "Not a directory"
	write_manager 'templates : { small : { limits : { pids = 9; }; }; };'
	run_fails cman new web --template smal
	assert_output_has 'no template "smal"' 'did you mean "small"'
	assert_equal "$(ls -A "$(path "$T/conf.d")")" ""
	# Its own complaint, at once.
	run_fails cman new web --rootfs /
	assert_output_has "$T/conf.d/web.conf" "error:"
	run_ok cman new other --template small
	grep -q '^extends = \[ "small" \];$' "$(file other)"
}

@test "new --print: the same on standard output, and nothing is written" {
	run_ok cman new web --print
	printed=$output
	assert_equal "$(ls -A "$(path "$T/conf.d")")" ""
	run_ok cman new web
	assert_equal "$(cat "$(file web)")" "$printed"
}

@test "new: a directory that takes nothing is told, and nothing is left" {
	machine mount -t tmpfs -o size=4k,nr_inodes=1 full "$T/conf.d"
	run_fails cman new web
	assert_output_has "$T/conf.d" "No space left on device"
	assert_equal "$(ls -A "$(path "$T/conf.d")")" ""
	machine umount "$T/conf.d"
}
