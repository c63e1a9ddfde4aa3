#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# make install and uninstall, into a directory of the test.
load lib

# No machine is needed: everything goes below $dest.
setup() {
	require_system
	dest=$BATS_TEST_TMPDIR/dest
	mkdir "$dest"
}
teardown() { :; }

listing() { (cd "$dest" && find . -printf '%p %y %m\n' | sort); }

@test "install puts program, supervisor, manual pages and configuration in their places" {
	install_as install
	for file in usr/local/sbin/cman usr/local/libexec/cman/cman-supervisor \
		usr/local/libexec/cman/cman-init \
		usr/local/share/man/man8/cman.8 usr/local/share/man/man5/container.conf.5 \
		usr/local/share/bash-completion/completions/cman usr/local/share/zsh/site-functions/_cman \
		usr/local/share/fish/vendor_completions.d/cman.fish \
		etc/cman/container.conf etc/cman/conf.d/web.conf.sample; do
		[ -f "$dest/$file" ] || { echo "no $file"; return 1; }
	done
	assert_equal "$(stat -c %a "$dest/usr/local/sbin/cman")" 755
	assert_equal "$(stat -c %a "$dest/etc/cman/container.conf")" 644
	run_ok "$dest/usr/local/sbin/cman" version
}

@test "uninstall takes back exactly what install has put" {
	mkdir -p "$dest/usr/local/sbin" "$dest/etc/cman/conf.d"
	echo mine >"$dest/etc/cman/conf.d/mine.conf"
	echo mine >"$dest/usr/local/sbin/other"
	listing >"$BATS_TEST_TMPDIR/before"
	install_as install
	install_as install
	install_as uninstall
	listing | diff "$BATS_TEST_TMPDIR/before" -
}

@test "INIT says for which init system; with DESTDIR it is all of them" {
	install_as install
	for file in usr/local/lib/systemd/system/cman.service usr/local/lib/systemd/system/cman@.service \
		etc/init.d/cman etc/sv/cman/run etc/sv/cman/finish etc/sv/cman@/run etc/sv/cman@/finish; do
		[ -f "$dest/$file" ] || { echo "no $file"; return 1; }
		refute grep -q "@[A-Z]*@" "$dest/$file"
	done
	grep -q '^# Provides: *cman$' "$dest/etc/init.d/cman"
	grep -q '^ExecStart=-/usr/local/sbin/cman up --boot$' "$dest/usr/local/lib/systemd/system/cman.service"
	install_as uninstall
	install_as install INIT=openrc
	grep -q '^#!/sbin/openrc-run$' "$dest/etc/init.d/cman"
	# Another choice takes back what the one before has put.
	install_as install INIT="runit systemd"
	[ -x "$dest/etc/sv/cman/run" ]
	[ ! -e "$dest/etc/init.d/cman" ]
	install_as install INIT=none
	assert_equal "$(find "$dest" -name 'cman*.service' -o -path '*/sv/*' -type f)" ""
	build=${CMAN%/*}
	run make --no-print-directory -C "$SOURCE" install INIT=upstart DESTDIR="$dest" BUILD="${build#"$SOURCE"/}" 3>&-
	[ "$status" != 0 ]
	assert_output_has "not 'upstart'"
	install_as uninstall
	assert_equal "$(find "$dest" -mindepth 1)" ""
}

@test "units are what systemd reads" {
	command -v systemd-analyze >/dev/null || skip "needs systemd-analyze"
	install_as install INIT=systemd
	# What it says of names is about this host; the program has to be there for it.
	sed -i 's|^\(Exec[A-Za-z]*=-\?\)/usr/local/sbin/cman|\1/usr/bin/env cman|' "$dest"/usr/local/lib/systemd/system/cman*.service
	cp "$dest/usr/local/lib/systemd/system/cman@.service" "$dest/cman@web.service"
	run_ok systemd-analyze --man=no verify "$dest/usr/local/lib/systemd/system/cman.service" "$dest/cman@web.service"
	refute grep -i "cman" <<<"$output"
}

@test "an existing configuration is not overwritten, a changed one stays" {
	mkdir -p "$dest/etc/cman"
	echo 'state_dir = "/mine";' >"$dest/etc/cman/container.conf"
	install_as install
	assert_equal "$(cat "$dest/etc/cman/container.conf")" 'state_dir = "/mine";'
	echo "# changed" >>"$dest/etc/cman/conf.d/web.conf.sample"
	install_as uninstall
	assert_equal "$(cat "$dest/etc/cman/container.conf")" 'state_dir = "/mine";'
	[ -e "$dest/etc/cman/conf.d/web.conf.sample" ]
}

@test "other directories: PREFIX, SYSCONFDIR, RUNSTATEDIR, LOCALSTATEDIR" {
	set -- PREFIX=/opt/c SYSCONFDIR=/opt/etc RUNSTATEDIR=/opt/run LOCALSTATEDIR=/opt/var
	needs_compiler
	build=$BATS_TEST_TMPDIR/build
	run_ok make --no-print-directory -j2 -C "$SOURCE" install "$@" DESTDIR="$dest" BUILD="$build" 3>&-
	[ -x "$dest/opt/c/sbin/cman" ]
	grep -q '"/opt/run/cman"' "$dest/opt/etc/cman/container.conf"
	refute grep -rq -e '"/run/cman' -e '"/etc/cman' -e '"/var/l' "$dest/opt/etc/cman/container.conf"
	run "$dest/opt/c/sbin/cman" check
	assert_output_has /opt/etc/cman/container.conf
	run_ok make --no-print-directory -C "$SOURCE" uninstall "$@" DESTDIR="$dest" BUILD="$build" 3>&-
	assert_equal "$(find "$dest" -mindepth 1)" ""
}

@test "a missing library is named with its packages before anything is compiled" {
	run make --no-print-directory -C "$SOURCE" all PKG_CONFIG="$BATS_TEST_TMPDIR/no-pkg-config" \
		BUILD="$BATS_TEST_TMPDIR/build" 3>&-
	[ "$status" != 0 ]
	assert_output_has libconfig-dev libconfig-devel libnl-route-3-dev libnl3-devel
	[[ $output != *"CC "* ]]
}
