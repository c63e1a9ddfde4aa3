#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What makes packages for Debian, Fedora and Alpine, held to what make installs and what the source wants.
# shellcheck disable=SC2154 # variables of the recipes
load lib

PACKAGES=$SOURCE/init/packages

# No machine is needed: everything goes below $dest.
setup() {
	require_system
	dest=$BATS_TEST_TMPDIR/dest
	mkdir "$dest"
}
teardown() { :; }

# Files and links below $dest, without what only uninstall reads.
installed() { (cd "$dest" && find . -not -type d -printf '/%P\n' | grep -v /libexec/cman/installed | sort); }

# names GROUP COLUMN: packages of tests/packages.sh, 3 for Debian, 4 for Fedora.
names() { awk -v group="$1" -v column="$2" '$1 == group && NF == 4 { print $column }' "$SOURCE/tests/packages.sh" | sort -u; }

# Libraries that are opened by name when they are needed.
opened() { grep -rhoE '"lib[a-z0-9]+\.so\.[0-9]+"' "$SOURCE"/src/kernel | tr -d '"' | sort -u; }

# make with other directories than those it was built for, and nothing is built anew.
make_there() {
	local there=$BATS_TEST_TMPDIR/build

	mkdir -p "$there"
	cp "${CMAN%/*}"/{cman,cman-supervisor,cman-init} "$there/"
	command make --no-print-directory -C "$SOURCE" -o all BUILD="$there" "$@" 3>&-
}

# What a file with the variables of sh says: apkbuild VARIABLE
apkbuild() { sh -c '. "$1/APKBUILD" && eval "printf \"%s\\n\" \$$2"' - "$PACKAGES" "$1"; }

@test "RPM: its files are those that make installs, and nothing it is built from is missing" {
	spec=$PACKAGES/cman.spec
	directories=$(sed -n 's/^%global directories //p' "$spec" | sed 's|%{_unitdir}|/usr/lib/systemd/system|')
	make_there $directories DESTDIR="$dest" install
	wanted=$(sed -n '/^%files$/,$p' "$spec" | grep -vE '^%(files|license|dir)' |
		sed -E 's/^%(doc|config\(noreplace\)) //; s|%\{_unitdir\}|/usr/lib/systemd/system|')
	# Each of them is there, and a file that none of them names is not.
	for pattern in $wanted; do
		compgen -G "$dest$pattern" >/dev/null || { echo "no $pattern"; return 1; }
	done
	for file in $(installed); do
		for pattern in $wanted; do
			# shellcheck disable=SC2053 # a pattern
			[[ $file == $pattern || $file == $pattern/* ]] && continue 2
		done
		echo "$file is in no line of %files"
		return 1
	done
	assert_equal "$(sed -n 's/^BuildRequires: *//p' "$spec" | tr -s ', ' '\n' | grep -v '^systemd-rpm-macros$\|^$' | sort -u)" \
		"$(names build 4 | grep -v '^make$\|^glibc-devel$' | cat - <(echo make) | sort -u)"
}

@test "RPM: rpmbuild makes it, and each file and scriptlet of it is as it should be" {
	command -v rpmbuild >/dev/null || skip "needs rpmbuild"
	local bin=$BATS_TEST_TMPDIR/bin build=$BATS_TEST_TMPDIR/build

	mkdir "$bin" "$build"
	cp "${CMAN%/*}"/{cman,cman-supervisor,cman-init} "$build/"
	# What it would build is there.
	printf '#!/bin/sh\ncase " $* " in *" install "*) exec %s --no-print-directory -o all BUILD=%s "$@" ;; esac\n' \
		"$(command -v make)" "$build" >"$bin/make"
	chmod 755 "$bin/make"
	PATH=$bin:$PATH run_ok "$PACKAGES/build.sh" rpm 1.2.3 "$dest"
	package=$(find "$dest" -name 'cman-1.2.3-*.rpm')
	run_ok rpm -qp --configfiles "$package"
	assert_equal "$(xargs <<<"$output")" "/etc/cman/conf.d/web.conf.sample /etc/cman/container.conf"
	run_ok rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' "$package"
	assert_output_has "-rwxr-xr-x root /usr/sbin/cman" "-rw-r--r-- root /usr/lib/systemd/system/cman@.service" \
		"drwxr-xr-x root /var/lib/cman" "/LICENSE"
	refute grep -q "/etc/init.d\|/etc/sv\|/installed" <<<"$output"
	for scriptlet in POSTIN PREUN; do
		run_ok rpm -qp --qf "%{$scriptlet}" "$package"
		sh -n <<<"$output"
		assert_output_has systemctl
	done
	assert_output_has "cman down --all"
}

@test "Debian: nothing it is built from is missing, and what is opened by name is recommended" {
	control=$PACKAGES/debian/control
	# What build-essential has is not named.
	assert_equal "$(sed -n '/^Build-Depends:/,/^[A-Z]/p' "$control" | grep -o '^ [a-z0-9-]*' | grep -v 'debhelper-compat' | tr -d ' ' |
		sed 's/^pkgconf$/pkg-config/' | sort)" "$(names build 3 | grep -vx 'gcc\|make\|libc6-dev')"
	recommended=$(sed -n '/^Recommends:/,/^[A-Z]/p' "$control" | grep '^ ' | tr -d ' ')
	for soname in $(opened); do
		# libkmod.so.2 is in libkmod2
		grep -qE "(^|\|)$(sed -E 's/\.so\.//' <<<"$soname")([,|]|\$)" <<<"$recommended" || { echo "no package with $soname"; return 1; }
	done
	assert_equal "$(wc -l <<<"$recommended")" "$(opened | wc -l)"
}

@test "Alpine: APKBUILD builds and packages what make installs, and names what is opened" {
	# Its functions as abuild calls them, in a place of their own.
	mkdir "$BATS_TEST_TMPDIR/pkg"
	make() { make_there "$@"; }
	pkgdir=$BATS_TEST_TMPDIR/pkg
	. "$PACKAGES/APKBUILD"
	run_ok package
	for path in usr/sbin/cman usr/libexec/cman/cman-supervisor usr/libexec/cman/cman-init etc/init.d/cman \
		usr/share/man/man8/cman.8 usr/share/doc/cman/README.md usr/share/bash-completion/completions/cman \
		usr/share/zsh/site-functions/_cman usr/share/fish/vendor_completions.d/cman.fish \
		etc/cman/container.conf; do
		[ -f "$pkgdir/$path" ] || { echo "no $path"; return 1; }
	done
	head -n 1 "$pkgdir/etc/init.d/cman" | grep -qx '#!/sbin/openrc-run'
	assert_equal "$(find "$pkgdir" -name '*.service' -o -path '*/etc/sv/*' -o -name installed)" ""
	# Each subpackage that abuild splits off has something in it.
	assert_equal "$(apkbuild subpackages | xargs)" \
		"cman-doc cman-openrc cman-bash-completion cman-zsh-completion cman-fish-completion"
	assert_equal "$(apkbuild depends | xargs -n 1 | sed 's/^so://' | sort)" "$(opened)"
	# By the names that Alpine has for them.
	for pair in libconfig:libconfig-dev libnl-route-3.0:libnl3-dev libip4tc:iptables-dev libip6tc:iptables-dev \
		uuid:util-linux-dev libcap:libcap-dev jansson:jansson-dev libseccomp:libseccomp-dev libkmod:kmod-dev \
		libnftables:nftables-dev ext2fs:e2fsprogs-dev; do
		grep -q "^	build  *pkg:${pair%:*} " "$SOURCE/tests/packages.sh"
		grep -q "^	${pair#*:}\$" <<<"$makedepends"
	done
	assert_equal "$(grep -c '^	build  *pkg:' "$SOURCE/tests/packages.sh")" 11
}

@test "Alpine: what abuild wants is made, with the version and the checksum of the source" {
	run_ok "$PACKAGES/build.sh" apk-source 1.2.3 "$dest"
	(
		cd "$dest/apk"
		. ./APKBUILD
		assert_equal "$pkgver" 1.2.3
		sha512sum -c --quiet <<<"$(grep . <<<"$sha512sums")"
		[ -f "$install" ]
		# It is what builddir is by default.
		tar -tzf "$source" >"$BATS_TEST_TMPDIR/contents"
		grep -qx "$pkgname-$pkgver/Makefile" "$BATS_TEST_TMPDIR/contents"
	)
	command -v abuild >/dev/null && skip "abuild is here"
	run -1 "$PACKAGES/build.sh" apk 1.2.3 "$dest"
	assert_output_has "abuild is missing" alpine-sdk
}

# Headers that are of no libc: the kernel's and those of libraries.
gather_headers() {
	local to=$BATS_TEST_TMPDIR/include arch name

	arch=/usr/include/$(${CC:-cc} -print-multiarch)
	mkdir -p "$to/sys"
	for name in linux asm-generic libconfig.h libnl3 uuid libiptc libkmod.h nftables jansson.h ext2fs et \
		seccomp.h seccomp-syscalls.h cmocka.h cmocka_version.h; do
		[ ! -e "/usr/include/$name" ] || ln -s "/usr/include/$name" "$to/"
	done
	ln -s "$arch"/asm "$to/"
	[ ! -e "$arch/jansson_config.h" ] || ln -s "$arch/jansson_config.h" "$to/"
	ln -s /usr/include/sys/capability.h "$to/sys/"
}

@test "musl: each file compiles, and what it calls is there" {
	command -v musl-gcc >/dev/null || skip "needs musl-tools"
	needs_compiler
	gather_headers
	objects=$BATS_TEST_TMPDIR/objects
	mkdir "$objects"
	set -- -std=gnu11 -O0 -include base/musl.h -I"$SOURCE/src" -I"${CMAN%/*}/generated" -D_GNU_SOURCE \
		'-DCMAN_VERSION=""' '-DLIBEXECDIR="/l"' '-DSYSCONFDIR="/e"' '-DRUNSTATEDIR="/r"' '-DLOCALSTATEDIR="/v"' \
		-Werror=implicit-function-declaration -Werror=incompatible-pointer-types -I"$BATS_TEST_TMPDIR/include/libnl3" -idirafter "$BATS_TEST_TMPDIR/include"
	[ -e "${CMAN%/*}/generated/config/calls_table.h" ]
	find "$SOURCE"/src/{base,config,kernel,state,lifecycle,cmd} "$SOURCE/src/main.c" -name '*.c' -print0 |
		xargs -0 -P 2 -I {} sh -c 'file=$1; shift; musl-gcc "$@" -c -o "$(mktemp -u "$0/XXXXXXXX.o")" "$file"' "$objects" {} "$@"
	# Not linked, as the libraries here are of glibc: what is called is looked for by name.
	{
		nm -g --defined-only "$objects"/*.o
		nm -D --defined-only /lib/ld-musl-*.so.1 "$(cc -print-file-name=libgcc_s.so.1)"
		for library in config nl-3 nl-route-3 uuid cap jansson; do
			nm -D --defined-only "$(cc -print-file-name=lib$library.so)"
		done
	} | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u >"$BATS_TEST_TMPDIR/there"
	nm -u "$objects"/*.o | awk '$1 == "U" { print $2 }' | sort -u >"$BATS_TEST_TMPDIR/called"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/called")" -gt 500 ]
	assert_equal "$(comm -13 "$BATS_TEST_TMPDIR/there" "$BATS_TEST_TMPDIR/called" | grep -v '^_GLOBAL_OFFSET_TABLE_$')" ""
}
