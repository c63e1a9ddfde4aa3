#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package: as lintian wants it, and installed, upgraded and purged by dpkg in a root of its own.
# shellcheck disable=SC2034 # read by lib.bash
TEST_SECONDS=600
load lib

has_tools() {
	local tool

	for tool in dpkg-buildpackage dh lintian cc; do
		command -v $tool >/dev/null || return 1
	done
}

setup_file() {
	has_tools && [ $EUID = 0 ] || return 0
	"$SOURCE/init/packages/build.sh" deb 0.0.1 "$BATS_FILE_TMPDIR/packages" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- ||
		{ tail -n 30 "$BATS_FILE_TMPDIR/log" >&2; return 1; }
}

package() { echo "$BATS_FILE_TMPDIR/packages"/cman_0.0.1_*.deb; }

setup() {
	require_system
	has_tools || skip "needs dpkg-dev, debhelper, lintian and a C compiler"
	set_up
}

# A root of its own: this host's, with all that changes in it on a tmpfs of the machine.
prepare() {
	R=/run/root
	machine sh -c "mkdir -p $R/tree /run/changes && mount -t tmpfs none /run/changes &&
		mkdir /run/changes/upper /run/changes/work &&
		mount -t overlay none -o lowerdir=/,upperdir=/run/changes/upper,workdir=/run/changes/work $R/tree &&
		mount --rbind /proc $R/tree/proc && mount --rbind /sys $R/tree/sys && mount --rbind /dev $R/tree/dev &&
		mount -t tmpfs none $R/tree/run && mkdir $R/tree/run/packages"
}
in_root() { machine env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive chroot $R/tree "$@"; }
cman_there() { in_root timeout -k 5 60 cman "$@"; }
tree() { path "$R/tree$1"; }

supervisor_of() { sed -n 's/^supervisor \([0-9]*\) .*/\1/p' "$(tree "/run/cman/containers/$1/record")"; }

# The same with another version, and so other files.
newer_package() {
	rm -rf "$BATS_TEST_TMPDIR/new"
	dpkg-deb -R "$(package)" "$BATS_TEST_TMPDIR/new"
	sed -i 's/^Version: .*/Version: 0.0.2/' "$BATS_TEST_TMPDIR/new/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/new.deb" >/dev/null
}

put_container() {
	cp -a "$(shared_rootfs)" "$(tree /srv)/web"
	cat >"$(tree /etc/cman/conf.d)/web.conf" <<-EOF
	rootfs = "/srv/web";
	autostart = true;
	security : { userns = "none"; }; # the kernel makes none within a chroot
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	EOF
	# Other runs have this machine's cgroups, too.
	sed -i "s|^\([[:space:]]*parent = \)\"cman\";|\1\"$CGROUP\";|" "$(tree /etc/cman)/container.conf"
	grep -q "\"$CGROUP\"" "$(tree /etc/cman)/container.conf"
}

@test "lintian finds nothing" {
	run lintian --fail-on error,warning --allow-root "$(package)"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	assert_equal "$output" ""
}

@test "what is in it, and which of it are configuration files" {
	run_ok dpkg-deb --contents "$(package)"
	assert_output_has ./usr/sbin/cman ./usr/libexec/cman/cman-supervisor ./usr/share/man/man8/cman.8.gz \
		./lib/systemd/system/cman.service ./etc/init.d/cman ./usr/share/bash-completion/completions/cman
	run_ok dpkg-deb --info "$(package)" conffiles
	assert_equal "$(sort <<<"$output" | tr '\n' ' ')" "/etc/cman/conf.d/web.conf.sample /etc/cman/container.conf /etc/init.d/cman "
}

@test "systemd is told: active as installed, another unit by an upgrade, which starts and stops nothing" {
	cp "$(package)" "$(tree /run/packages)/old.deb"
	newer_package
	cp "$BATS_TEST_TMPDIR/new.deb" "$(tree /run/packages)/new.deb"
	machine mkdir -p $R/tree/run/systemd/system
	printf '#!/bin/sh\necho "$*" >>/run/asked\n' >"$(tree /usr/bin/deb-systemd-invoke)"
	asked() { paste -sd, "$(tree /run/asked)"; machine rm -f $R/tree/run/asked; }
	run_ok in_root dpkg -i /run/packages/old.deb
	assert_equal "$(asked)" "--system daemon-reload,start cman.service"
	run_ok in_root dpkg -i /run/packages/new.deb
	assert_equal "$(asked)" "--system daemon-reload"
	run_ok in_root dpkg -r cman
	assert_equal "$(asked)" "stop cman.service cman@*.service"
	run_ok in_root dpkg -P cman
}

@test "an upgrade leaves containers running, and the new version has them; a removal stops them; purge leaves their data" {
	cp "$(package)" "$(tree /run/packages)/old.deb"
	newer_package
	cp "$BATS_TEST_TMPDIR/new.deb" "$(tree /run/packages)/new.deb"
	run_ok in_root dpkg -i /run/packages/old.deb
	run_ok in_root sh -c 'ls /etc/rc2.d/S*cman /etc/rc0.d/K*cman; test -L /etc/systemd/system/multi-user.target.wants/cman.service'
	put_container
	run_ok cman_there up web
	pid=$(cman_there status --json web | jq -r .pid)
	run_ok in_root dpkg -i /run/packages/new.deb
	run_ok in_root dpkg-query -W -f '${Version}' cman
	assert_equal "$output" 0.0.2
	# A configuration file that was changed stays as it is, without a question.
	grep -q "parent = \"$CGROUP\"" "$(tree /etc/cman/container.conf)"
	assert_equal "$(cman_there status --json web | jq -r '.state, .pid' | tr '\n' ' ')" "running $pid "
	run_ok cman_there exec web true
	# Its supervisor, killed, has one of the new version for a successor.
	machine kill -KILL "$(supervisor_of web)"
	run_ok cman_there up web
	assert_equal "$(machine readlink "/proc/$(supervisor_of web)/exe")" "$R/tree/usr/libexec/cman/cman-supervisor"
	assert_equal "$(cman_there status --json web | jq -r '.state, .pid' | tr '\n' ' ')" "running $pid "
	run_ok cman_there restart web
	run_ok cman_there status web
	machine sh -c "echo kept >$R/tree/var/lib/cman/mine"
	run_ok in_root dpkg -r cman
	[ ! -e "$(tree /usr/sbin/cman)" ]
	[ -e "$(tree /etc/cman/container.conf)" ]
	assert_equal "$(find /sys/fs/cgroup -path "*/$CGROUP/*" 2>/dev/null)" ""
	run_ok in_root dpkg -P cman
	assert_output_has "data of containers stays in /var/lib/cman"
	[ ! -e "$(tree /etc/cman/container.conf)" ]
	[ ! -e "$(tree /var/log/cman)" ]
	[ -e "$(tree /etc/cman/conf.d/web.conf)" ]
	[ -e "$(tree /var/lib/cman/mine)" ]
}
