#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Promise by promise, from inside: tests/probe as payload, through exec, and where there is no
# protection, to see that each check is able to fail. docs/security.md tells what stands behind each.
load lib

PROBE=${PROBE:-$(dirname "$CMAN")/probe}

# Promises that do not hold yet. A check that fails and is not here is a fault.
OPEN=""

# What security.userns = "none" gives up, and nothing else: there is no namespace (ns-user), and so
# the ids inside are those of the host (map-root, map-low).
WITHOUT_USERNS="ns-user map-root map-low"

# Checks that cannot be made to fail on every machine: the kernel lacks it or has it switched off
# (release_agent: without cgroup v1), the rights to do it wrong are missing (oom-score), or the
# machine is a container itself (processes, mknod-*).
UNABLE="kexec init-module delete-module ioperm abi-x32 abi-32 sysrq release-agent oom-score
processes mknod-memory mknod-block io-uring raw-socket6"

words() { tr -s ' \n' '\n' | grep . | sort -u; }

prepare() {
	[ -x "$PROBE" ] || { echo "no $PROBE: run make ${PROBE#"$SOURCE"/}" >&2; return 1; }
	make_rootfs box
	machine cp "$PROBE" $T/rootfs/box/bin/probe
}

# What the probe is told about outside.
outside_namespaces() {
	local kind

	for kind in user pid mnt uts ipc net cgroup; do
		machine readlink /proc/1/ns/$kind
	done | paste -sd,
}

# Lines of --tabs on standard input: what fails must be of $OPEN, and all must have been looked at.
assert_promises() {
	local lines

	lines=$(cat)
	assert_equal "$(awk -F'\t' '$1 == "FAIL"{ print $2 }' <<<"$lines" | words |
		comm -23 - <(words <<<"$OPEN" || true))" "" || { grep ^FAIL <<<"$lines"; return 1; }
	# What is skipped proves nothing.
	assert_equal "$(grep ^skip <<<"$lines")" ""
	assert_equal "$(cut -f2 <<<"$lines")" "$(machine "$PROBE" --list | cut -f1)"
}

@test "the payload: every promise holds" {
	container box <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/probe", "--tabs", "--outside", "$(outside_namespaces)" ];
	EOF
	run_ok cman up box
	wait_until 20 machine grep -q netlink-audit $T/log/box.log
	cman logs box | assert_promises
}

@test "the payload with a terminal of its own: every promise holds" {
	container box <<-EOF
	rootfs = "@rootfs@";
	tty = true;
	command = [ "/bin/probe", "--tabs", "--outside", "$(outside_namespaces)" ];
	EOF
	run_ok cman up box
	wait_until 20 machine grep -q netlink-audit $T/log/box.log
	cman logs box | assert_promises
}

@test "exec: every promise holds" {
	sleeper box </dev/null
	run_ok cman up box
	within box /bin/probe --tabs --outside "$(outside_namespaces)" >"$BATS_TEST_TMPDIR/lines" || true
	assert_promises <"$BATS_TEST_TMPDIR/lines"
}

# Lines as above of a container without a user namespace.
assert_promises_but_userns() {
	local lines

	lines=$(cat)
	assert_equal "$(awk -F'\t' '$1 == "FAIL"{ print $2 }' <<<"$lines" | words)" \
		"$(words <<<"$WITHOUT_USERNS")" || { grep ^FAIL <<<"$lines"; return 1; }
	OPEN=$WITHOUT_USERNS assert_promises <<<"$lines"
}

@test "no user namespace, the payload: only what is about it fails" {
	container box <<-EOF
	rootfs = "@rootfs@"; security : { userns = "none"; };
	command = [ "/bin/probe", "--tabs", "--outside", "$(outside_namespaces)" ];
	EOF
	run_ok cman up box
	wait_until 20 machine grep -q netlink-audit $T/log/box.log
	cman logs box | assert_promises_but_userns
}

@test "no user namespace, exec: only what is about it fails" {
	sleeper box <<<'security : { userns = "none"; };'
	run_ok cman up box
	within box /bin/probe --tabs --outside "$(outside_namespaces)" >"$BATS_TEST_TMPDIR/lines" || true
	assert_promises_but_userns <"$BATS_TEST_TMPDIR/lines"
}

@test "no user namespace, exec on a terminal and as a user: only what is about it fails" {
	sleeper box <<<'security : { userns = "none"; };'
	run_ok cman up box
	printf '%s -c %s exec box -- /bin/probe --tabs --outside %s\n' "$CMAN" "$CONF" \
		"'$(outside_namespaces)'" >"$(path /run/tty.sh)"
	machine timeout 30 script -qec "sh /run/tty.sh" /dev/null </dev/null >"$BATS_TEST_TMPDIR/lines" || true
	machine rm /run/tty.sh
	# "^@" is how script's terminal echoes the end of its input, until it is in raw mode.
	sed 's/\^@//; s/\r//' "$BATS_TEST_TMPDIR/lines" | assert_promises_but_userns
	run_ok cman down box
	sleeper box <<<'user = "nobody"; security : { userns = "none"; };'
	run_ok cman up box
	within box /bin/probe --tabs --outside "$(outside_namespaces)" >"$BATS_TEST_TMPDIR/lines" || true
	assert_promises_but_userns <"$BATS_TEST_TMPDIR/lines"
}

@test "ids chosen by the file: every promise holds" {
	sleeper box <<<'security : { userns = "0:1000000:65536"; };'
	run_ok cman up box
	within box /bin/probe --tabs --outside "$(outside_namespaces)" >"$BATS_TEST_TMPDIR/lines" || true
	assert_promises <"$BATS_TEST_TMPDIR/lines"
}

@test "exec on a terminal: every promise holds, the terminal is its own" {
	sleeper box </dev/null
	run_ok cman up box
	printf '%s -c %s exec box -- /bin/probe --tabs --outside %s\n' "$CMAN" "$CONF" \
		"'$(outside_namespaces)'" >"$(path /run/tty.sh)"
	machine timeout 30 script -qec "sh /run/tty.sh" /dev/null </dev/null >"$BATS_TEST_TMPDIR/lines" || true
	machine rm /run/tty.sh
	tr -d '\r' <"$BATS_TEST_TMPDIR/lines" | assert_promises
}

@test "a user other than root: every promise holds" {
	sleeper box <<<'user = "nobody";'
	run_ok cman up box
	within box /bin/probe --tabs --outside "$(outside_namespaces)" >"$BATS_TEST_TMPDIR/lines" || true
	assert_promises <"$BATS_TEST_TMPDIR/lines"
}

# What security.nesting gives up: the way to a new user namespace. A program without capabilities
# still mounts nothing and joins nothing in the container itself.
NESTING_OPENS="userns-unshare userns-clone clone3"
[ "$(uname -m)" != x86_64 ] || NESTING_OPENS+=" abi-32"

@test "nesting gives up new user namespaces and nothing else" {
	container box <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/probe", "--tabs", "--outside", "$(outside_namespaces)" ];
	security : { nesting = true; };
	EOF
	run_ok cman up box
	wait_until 20 machine grep -q netlink-audit $T/log/box.log
	assert_equal "$(cman logs box | awk -F'\t' '$1 == "FAIL"{ print $2 }' | words)" \
		"$(words <<<"$NESTING_OPENS")"
	run_ok cman down box
	for user in root nobody; do
		sleeper box <<<"user = \"$user\"; security : { nesting = true; };"
		run_ok cman up box
		run -1 within box /bin/probe --failed --outside "$(outside_namespaces)"
		assert_equal "$(words <<<"$output")" "$(words <<<"$NESTING_OPENS")"
		run_ok cman down box
	done
}

# CVE-2019-5736: a process inside waits for those that join, to open the program they still are.
@test "the program of cman is out of reach for those inside while it joins" {
	container box <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while :; do for p in /proc/[0-9]*; do readlink $p/exe; echo -n >>$p/exe && echo written $p; done; done >>/tmp/seen 2>/dev/null" ];
	stop_signal = "SIGKILL";
	EOF
	before=$(sha256sum "$CMAN" "$(dirname "$CMAN")/cman-supervisor")
	run_ok cman up box
	for _ in $(seq 60); do within box /bin/true; done
	# Of itself, as what cannot be opened may not be the only thing there is to see.
	run_ok machine grep -c '^/bin/busybox$' $T/rootfs/box/tmp/seen
	run_fails machine grep -v '^/bin/busybox$' $T/rootfs/box/tmp/seen
	assert_equal "$output" ""
	assert_equal "$(sha256sum "$CMAN" "$(dirname "$CMAN")/cman-supervisor")" "$before"
}

# Three ways of having no protection. Nothing that the probe does there has an effect.
failed_without_protection() {
	local root=$T/rootfs/box

	machine "$PROBE" --failed --outside "$(outside_namespaces)" || true
	machine chroot $root /bin/probe --failed || true
	for dir in proc sys dev; do machine mount --rbind /$dir $root/$dir; done
	machine "$PROBE" --careless $root /bin/probe --failed || true
	for dir in proc sys dev; do
		machine mount --make-rprivate $root/$dir
		machine umount --recursive $root/$dir
	done
}

@test "without protection every check fails: each is able to" {
	failed_without_protection | words >"$BATS_TEST_TMPDIR/failed"
	assert_equal "$(comm -23 <(machine "$PROBE" --list | cut -f1 | words) "$BATS_TEST_TMPDIR/failed" |
		comm -23 - <(words <<<"$UNABLE"))" ""
}

@test "in a bare chroot the probe says so" {
	run -1 machine chroot $T/rootfs/box /bin/probe
	[ "$(grep -c ^FAIL <<<"$output")" -ge 40 ] || { echo "$output"; return 1; }
	assert_output_has "FAIL  climb-out: " "FAIL  caps-permitted: " "FAIL  mount: "
}

@test "it does nothing where it has all rights" {
	machine hostname box-host
	before=$(snapshot; machine cat /proc/sys/kernel/core_pattern; machine cat /proc/self/mounts)
	run -1 machine "$PROBE"
	assert_equal "$(snapshot; machine cat /proc/sys/kernel/core_pattern; machine cat /proc/self/mounts)" "$before"
	machine hostname machine
}

@test "options of the probe" {
	run -2 machine "$PROBE" --no-such-option
	run -2 machine "$PROBE" no-such-check
	run_ok machine "$PROBE" --list
	assert_equal "$(cut -f1 <<<"$output" | sort | uniq -d)" ""
	run -1 machine "$PROBE" --failed seccomp no-new-privs
	assert_equal "$output" $'no-new-privs\nseccomp'
	run -0 machine setpriv --no-new-privs "$PROBE" no-new-privs
	assert_output_has "ok    no-new-privs: "
}
