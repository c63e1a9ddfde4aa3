#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults in files are shown as a good compiler shows them. The exact texts are in the fixtures of
# the unit tests; here is what the command makes of them.
load lib

@test "file, line and column, the source line, a caret, and what would be right" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	hostnme = "web";
	EOF
	run_fails cman check
	assert_output_has "$T/conf.d/web.conf:2:1: error:" 'hostnme = "web";' "^" hostname
}

@test "all faults of all files in one run" {
	container a <<-'EOF'
	rootfs = "@rootfs@";
	limits : { pids = 1; memory = 512M; };
	EOF
	container b <<-'EOF'
	rootfs = "@rootfs@";
	autostart = yes;
	EOF
	container c <<-'EOF'
	rootfs = "@rootfs@";
	stop_signal = "SIGNOPE";
	net : { ip = "10.99.0.1"; ports = [ "80:99999" ]; };
	EOF
	run_fails cman check
	assert_output_has a.conf:2: b.conf:2: c.conf:2: c.conf:3: 512M yes SIGNOPE 10.99.0.1 99999
}

@test "check of good files says nothing bad and touches nothing" {
	sleeper web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman check
	assert_unchanged
	run_fails machine ls $T/state
	run_fails machine ls $T/data
}

@test "check takes single files, also such that are not in conf_dir" {
	sleeper web </dev/null
	machine mkdir $T/elsewhere
	make_rootfs other
	machine sed "s,rootfs/web,rootfs/other," $T/conf.d/web.conf >"$(path $T/elsewhere/other.conf)"
	run_ok cman check $T/elsewhere/other.conf
	echo 'oops = 1;' >>"$(path $T/elsewhere/other.conf)"
	run_fails cman check $T/elsewhere/other.conf
	assert_output_has other.conf oops
	machine rm -r $T/elsewhere
}

@test "one broken file is a warning for others, and an error for itself" {
	sleeper good </dev/null
	container broken <<<'rootfs = "/srv'
	run_ok cman up good
	assert_output_has broken.conf
	run_fails cman up broken
	assert_output_has broken.conf:1:
	run_ok cman down good
	run_fails cman up --all
	run_ok cman status good
	run_fails cman status broken
}

@test "two containers with one address or one port" {
	sleeper a <<<'net : { ip = "10.83.0.7"; ports = [ "8080:80" ]; };'
	sleeper b <<<'net : { ip = "10.83.0.7"; };'
	sleeper c <<<'net : { ports = [ "8080:81" ]; };'
	run_fails cman check
	assert_output_has 10.83.0.7 8080 a.conf b.conf c.conf
	run_fails cman up a b
	assert_unchanged
}

@test "a rootfs that two can change, or that another could replace, names both places" {
	sleeper a </dev/null
	echo "rootfs = \"$T/rootfs/a\";" >"$(path $T/conf.d/b.conf)"
	run_fails cman check
	assert_output_has "$T/conf.d/b.conf:1:10: error: rootfs: $T/rootfs/a can be changed by container a too ($T/conf.d/a.conf:1)" \
		"$T/conf.d/a.conf:1:10: error: rootfs: $T/rootfs/a can be changed by container b too ($T/conf.d/b.conf:1)"
	run_fails cman up a
	assert_unchanged
	machine cp -a /run/rootfs $T/rootfs/a/inner
	echo "rootfs = \"$T/rootfs/a/inner\"; read_only = true;" >"$(path $T/conf.d/b.conf)"
	run_fails cman up b
	assert_output_has "$T/conf.d/b.conf:1:10: error: rootfs: $T/rootfs/a/inner lies in $T/rootfs/a, where container a can put another one in its place ($T/conf.d/a.conf:1)"
	assert_unchanged
	# Both only read it, or change what is theirs.
	echo "rootfs : { path = \"$T/rootfs/a\"; mode = \"volatile\"; }; command = \"/bin/true\";" >"$(path $T/conf.d/b.conf)"
	sleeper a <<<'read_only = true;'
	run_ok cman check
	run_ok cman up a
}

@test "a file that others may write is refused" {
	sleeper web </dev/null
	machine chmod 666 $T/conf.d/web.conf
	run_fails cman up web
	assert_output_has web.conf writ
	machine chmod 644 $T/conf.d/web.conf
	machine chown 1000 $T/conf.d/web.conf
	run_fails cman up web
	machine chown 0 $T/conf.d/web.conf
	machine chmod 777 $T/conf.d
	run_fails cman up web
	machine chmod 755 $T/conf.d
	run_ok cman up web
}

@test "faults of the manager file" {
	sleeper web </dev/null
	write_manager 'networks : { lan : { subnet = "10.1.2.3"; }; };' 'conf_drs = "x";'
	run_fails cman check
	assert_output_has container.conf: 10.1.2.3 conf_drs conf_dir
	run_fails cman up web
	assert_unchanged
	write_manager
}

@test "a manager file that is not there" {
	run_fails machine "$CMAN" -c /nowhere/container.conf check
	assert_output_has /nowhere/container.conf "No such file"
}

@test "show prints the effective configuration, readable again" {
	write_manager 'defaults : { limits : { pids = 77; }; };' \
		'templates : { small : { limits : { memory = "48M"; }; }; };'
	sleeper web <<<'extends = [ "small" ]; net : { ports = [ "8080:80" ]; };'
	cman show web >"$BATS_TEST_TMPDIR/shown"
	grep -q 77 "$BATS_TEST_TMPDIR/shown"
	grep -q 48M "$BATS_TEST_TMPDIR/shown"
	cp "$BATS_TEST_TMPDIR/shown" "$(path $T/conf.d/web.conf)"
	run_ok cman check
	cman show web | diff "$BATS_TEST_TMPDIR/shown" -
	run_ok cman up web
}

@test "no colour without a terminal" {
	container web <<<'oops = 1;'
	run_fails machine env -u NO_COLOR "$CMAN" -c $CONF check
	[[ $output != *$'\e'* ]]
}
