#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# packages.sh: the one list of what cman is built from and tested with, and its two uses.
#
#   packages.sh check GROUP...      name what is missing, with the package that has it
#   packages.sh install GROUP...    install what is missing with apt-get or dnf
#   packages.sh list GROUP...       print the packages of this system, one a line
#
# Groups: build, quickstart, tests, proof (valgrind, fuzzing, completion, packages, tests side by
# side), deb, rpm, vm, bench. CC and PKG_CONFIG are taken from the environment.
set -u

CC=${CC:-cc}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}

# group      how to tell that it is there    Debian, Ubuntu     Fedora (-: has none)
packages() {
	cat <<-'END'
	build        cc                           gcc                gcc
	build        make                         make               make
	build        pkg-config                   pkg-config         pkgconf-pkg-config
	build        header:stdio.h               libc6-dev          glibc-devel
	build        static:libc                  libc6-dev          glibc-static
	build        pkg:libconfig                libconfig-dev      libconfig-devel
	build        pkg:libnl-route-3.0          libnl-route-3-dev  libnl3-devel
	build        pkg:libip4tc                 libip4tc-dev       iptables-legacy-devel
	build        pkg:libip6tc                 libip6tc-dev       iptables-legacy-devel
	build        pkg:uuid                     uuid-dev           libuuid-devel
	build        pkg:libcap                   libcap-dev         libcap-devel
	build        pkg:jansson                  libjansson-dev     jansson-devel
	build        pkg:libseccomp               libseccomp-dev     libseccomp-devel
	build        pkg:libkmod                  libkmod-dev        kmod-devel
	build        pkg:libnftables              libnftables-dev    nftables-devel
	build        pkg:ext2fs                   libext2fs-dev      e2fsprogs-devel
	quickstart   busybox                      busybox-static     busybox
	tests        static:libc                  libc6-dev          glibc-static
	tests        busybox                      busybox-static     busybox
	tests        pkg:cmocka                   libcmocka-dev      libcmocka-devel
	tests        bats                         bats               bats
	tests        python3                      python3            python3
	tests        ip                           iproute2           iproute
	tests        iptables-legacy              iptables           iptables-legacy
	tests        nft                          nftables           nftables
	tests        unshare                      util-linux         util-linux
	tests        script                       bsdutils           util-linux-script
	tests        ps                           procps             procps-ng
	tests        dot                          graphviz           graphviz
	tests        jq                           jq                 jq
	tests        mandoc                       mandoc             mandoc
	tests        shellcheck                   shellcheck         ShellCheck
	tests        cppcheck                     cppcheck           cppcheck
	tests        setpriv                      util-linux         util-linux
	tests        socat                        socat              socat
	tests        strace                       strace             strace
	tests        bwrap                        bubblewrap         bubblewrap
	tests        crun                         crun               crun
	tests        mkfs.ext4                    e2fsprogs          e2fsprogs
	tests        mkfs.xfs                     xfsprogs           xfsprogs
	proof        valgrind                     valgrind           valgrind
	proof        header:valgrind/memcheck.h   valgrind           valgrind-devel
	proof        clang                        clang              clang
	proof        parallel                     parallel           parallel
	proof        zsh                          zsh                zsh
	proof        fish                         fish               fish
	proof        fuzzer                       libclang-rt-dev    compiler-rt
	proof        runsv                        runit              -
	proof        lintian                      lintian            -
	proof        dh                           debhelper          -
	proof        rpmbuild                     rpm                rpm-build
	proof        musl-gcc                     musl-tools         musl-gcc
	deb          dh                           debhelper          -
	deb          dpkg-buildpackage            dpkg-dev           -
	rpm          rpmbuild                     rpm                rpm-build
	vm           qemu-system-x86_64           qemu-system-x86    qemu-system-x86-core
	vm           busybox                      busybox-static     busybox
	vm           cpio                         cpio               cpio
	vm           depmod                       kmod               kmod
	vm           mke2fs                       e2fsprogs          e2fsprogs
	vm           flock                        util-linux         util-linux-core
	vm           apparmor_parser              apparmor           -
	vm           debootstrap                  debootstrap        debootstrap
	vm           dh                           debhelper          -
	vm           dpkg-buildpackage            dpkg-dev           -
	bench        busybox                      busybox-static     busybox
	bench        ip                           iproute2           iproute
	bench        iptables-legacy              iptables           iptables-legacy
	bench        unshare                      util-linux         util-linux
	bench        nft                          nftables           nftables
	bench        jq                           jq                 jq
	END
}

compiles() { # compiles PROGRAM FLAG...
	program=$1
	shift
	printf '%s\n' "$program" | $CC "$@" -x c - -o /dev/null 2>/dev/null
}

# Where the Makefile builds the supervisor without libc.
needs_no_libc() {
	case $($CC -dumpmachine 2>/dev/null) in
	x86_64-* | aarch64-*) ;;
	*) false ;;
	esac
}

has_fuzzer() {
	printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n ? 0 : 0; }\n' |
		clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null
}

present() {
	case $1 in
	cc)         command -v "${CC%% *}" >/dev/null ;;
	pkg-config) command -v "${PKG_CONFIG%% *}" >/dev/null ;;
	pkg:*)      $PKG_CONFIG --exists "${1#pkg:}" 2>/dev/null ;;
	fuzzer)     has_fuzzer ;;
	header:*)   compiles "#include <${1#header:}>" -fsyntax-only ;;
	static:*)   needs_no_libc || compiles 'int main(void) { return 0; }' -static ;;
	*)          PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
	esac
}

describe() {
	case $1 in
	cc)         echo "C compiler ($CC)" ;;
	pkg:*)      echo "library ${1#pkg:}" ;;
	fuzzer)     echo "clang's libFuzzer" ;;
	header:*)   echo "header ${1#header:}" ;;
	static:*)   echo "static library ${1#static:}" ;;
	*)          echo "program $1" ;;
	esac
}

# Calls "$1 WHAT DEBIAN FEDORA" for each line of the groups that follow.
each() {
	action=$1
	shift
	wanted=" $* "
	here=$(system)
	packages | while read -r group what debian fedora; do
		[ "$here$fedora" != fedora- ] || continue
		case $wanted in
		*" $group "*) "$action" "$what" "$debian" "$fedora" </dev/null ;;
		esac
	done
}

report_missing() {
	present "$1" || printf '  %-28s Debian, Ubuntu: %-20s Fedora: %s\n' \
		"$(describe "$1")" "$2" "$3"
}

system() { # which column of the list is ours
	if command -v apt-get >/dev/null; then
		echo debian
	elif command -v dnf >/dev/null; then
		echo fedora
	else
		echo other
	fi
}

name_of_package() { if [ "$(system)" = fedora ]; then echo "$3"; else echo "$2"; fi; }
name_if_missing() { present "$1" || name_of_package "$@"; }

check() {
	missing=$(each report_missing "$@")
	[ -z "$missing" ] && return 0
	{
		echo "cman: something is missing:"
		echo "$missing"
		echo "  hint: as root, 'tests/packages.sh install $*' installs it"
	} >&2
	return 1
}

install() {
	names=$(each name_if_missing "$@" | sort -u | tr '\n' ' ')
	[ -z "$names" ] && return 0
	if [ "$(system)" = other ] || [ "$(id -u)" != 0 ]; then
		check "$@"
		return 1
	fi
	echo "Installing packages: $names" >&2
	# shellcheck disable=SC2086 # a list of words
	install_with_"$(system)" $names || { echo "cman: could not install: $names" >&2; return 1; }
	check "$@"
}

install_with_debian() {
	export DEBIAN_FRONTEND=noninteractive
	# Lists may be old or not there at all: then fetch them, and try once more.
	apt_install "$@" || { timeout 600 apt-get update -qq >&2 && apt_install "$@"; }
}

apt_install() {
	timeout 1800 apt-get install -y -qq --no-install-recommends \
		-o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" >&2
}

install_with_fedora() {
	timeout 1800 dnf install -y -q --setopt=install_weak_deps=False "$@" >&2
}

command=${1:-}
[ $# -gt 1 ] || { sed -n '4,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
shift
case $command in
check)   check "$@" ;;
install) install "$@" ;;
list)    each name_of_package "$@" | sort -u ;;
*)       echo "packages.sh: no such command: $command" >&2; exit 2 ;;
esac
