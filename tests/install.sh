#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# install.sh install|uninstall: called by make with the directories in the environment. What was
# installed stands in a list beside the program, so that uninstall takes back exactly that.
# Configuration files carry a checksum there: one that was changed stays.
set -eu
umask 022
cd "$(dirname "$0")/.."

DESTDIR=${DESTDIR:-}
list=$DESTDIR$LIBEXECDIR/installed
fail() { echo "install: $*" >&2; exit 1; }

record() { echo "$*" >>"$list.new"; } # KIND CHECKSUM PATH

directory() { # makes it and its parents; uninstall removes those made here, once empty
	[ -d "$DESTDIR$1" ] && return
	case $1 in
	/ | '') mkdir -p "$DESTDIR/" ; return ;;
	esac
	directory "$(dirname "$1")"
	mkdir -m 755 "$DESTDIR$1"
	new_directories="$1
$new_directories"
}

put() { # MODE SOURCE TARGET: a file that uninstall removes
	directory "$(dirname "$3")"
	# shellcheck disable=SC2086 # words: "install --strip-program=true"
	${INSTALL:-install} -m "$1" "$2" "$DESTDIR$3"
	record file - "$3"
}

# The samples name the default directories; ours may be others.
with_our_directories() {
	sed -e "s|\"/etc/cman|\"$SYSCONFDIR/cman|g" -e "s|\"/run/cman|\"$RUNSTATEDIR/cman|g" \
		-e "s|\"/var/lib/cman|\"$LOCALSTATEDIR/lib/cman|g" \
		-e "s|\"/var/log/cman|\"$LOCALSTATEDIR/log/cman|g" "$1"
}

put_filled() { # MODE SOURCE TARGET: as put, with our directories written into it
	directory "$(dirname "$3")"
	sed -e "s|@BINDIR@|$BINDIR|g" -e "s|@SYSCONFDIR@|$SYSCONFDIR|g" \
		-e "s|@LOCALSTATEDIR@|$LOCALSTATEDIR|g" "$2" >"$DESTDIR$3.new"
	chmod "$1" "$DESTDIR$3.new"
	mv "$DESTDIR$3.new" "$DESTDIR$3"
	record file - "$3"
}

# The init that this host runs; a tree is for any.
find_init() {
	if [ -n "$DESTDIR" ]; then
		echo all
	elif [ -d /run/systemd/system ]; then
		echo systemd
	elif [ -d /run/openrc ]; then
		echo openrc
	elif [ -d /run/runit ]; then
		echo runit
	elif [ -d /etc/init.d ]; then
		echo sysv
	else
		echo none
	fi
}

put_init() { # NAME
	case $1 in
	systemd)
		put_filled 644 init/cman.service "$UNITDIR/cman.service"
		put_filled 644 init/cman@.service "$UNITDIR/cman@.service"
		;;
	sysv) put_filled 755 init/cman.sysv "$SYSCONFDIR/init.d/cman" ;;
	openrc) put_filled 755 init/cman.openrc "$SYSCONFDIR/init.d/cman" ;;
	runit)
		put_filled 755 init/runit/cman/run "$SYSCONFDIR/sv/cman/run"
		put_filled 755 init/runit/cman/finish "$SYSCONFDIR/sv/cman/finish"
		put_filled 755 init/runit/cman@/run "$SYSCONFDIR/sv/cman@/run"
		put_filled 755 init/runit/cman@/finish "$SYSCONFDIR/sv/cman@/finish"
		;;
	# OpenRC has the place of SysV, and runs its scripts, too.
	all) for each in systemd sysv runit; do put_init $each; done ;;
	esac
}

sum() { sha256sum <"$1" | cut -d' ' -f1; }

put_config() { # SOURCE TARGET: never over a file that is there
	directory "$(dirname "$2")"
	if [ -e "$DESTDIR$2" ]; then
		# The list goes on telling what we installed then.
		! grep "^config .* $2\$" "$list" >>"$list.new" 2>/dev/null || true
		return
	fi
	with_our_directories "$1" >"$DESTDIR$2"
	record config "$(sum "$DESTDIR$2")" "$2"
}

install_all() {
	new_directories=
	for dir in "$BINDIR" "$LIBEXECDIR" "$MANDIR" "$DOCDIR" "$SYSCONFDIR" "$RUNSTATEDIR" \
		"$LOCALSTATEDIR" "$BASHDIR" "$ZSHDIR" "$FISHDIR" "$UNITDIR"; do
		case $dir in
		/*) ;;
		*) fail "'$dir' is not an absolute path" ;;
		esac
	done
	for init in ${INIT:=$(find_init)}; do
		case $init in
		systemd | sysv | openrc | runit | all | none) ;;
		*) fail "INIT: systemd, sysv, openrc, runit, all or none, not '$init'" ;;
		esac
	done
	directory "$LIBEXECDIR"
	: >"$list.new"

	put 755 "$BUILD/cman" "$BINDIR/cman"
	put 755 "$BUILD/cman-supervisor" "$LIBEXECDIR/cman-supervisor"
	put 755 "$BUILD/cman-init" "$LIBEXECDIR/cman-init"
	for page in docs/*.[1-8]; do
		put 644 "$page" "$MANDIR/man${page##*.}/${page##*/}"
	done
	put 644 src/completion/cman.bash "$BASHDIR/cman"
	put 644 src/completion/_cman "$ZSHDIR/_cman"
	put 644 src/completion/cman.fish "$FISHDIR/cman.fish"
	put 644 container.conf.sample "$DOCDIR/container.conf.sample"
	put 644 README.md "$DOCDIR/README.md"
	for init in $INIT; do
		put_init "$init"
	done
	put_config container.conf.sample "$SYSCONFDIR/cman/container.conf"
	for sample in conf.d/*.conf; do
		put_config "$sample" "$SYSCONFDIR/cman/$sample.sample"
	done
	directory "$LOCALSTATEDIR/lib/cman"
	directory "$LOCALSTATEDIR/log/cman"

	for path in $new_directories; do
		record directory - "$path"
	done
	grep '^directory ' "$list" >>"$list.new" 2>/dev/null || true
	record file - "$LIBEXECDIR/installed"
	remove_what_older_versions_had
	mv "$list.new" "$list"
}

remove_what_older_versions_had() {
	[ -e "$list" ] || return 0
	while read -r kind _ path; do
		[ "$kind" != file ] || grep -q "^file - $path\$" "$list.new" || rm -f "$DESTDIR$path"
	done <"$list"
}

uninstall_all() {
	[ -e "$list" ] || fail "nothing to undo: there is no $list"
	entries=$(cat "$list")
	echo "$entries" | while read -r kind checksum path; do
		target=$DESTDIR$path
		if [ "$kind" = file ]; then
			rm -f "$target"
		elif [ "$kind" = config ] && [ -e "$target" ]; then
			if [ "$(sum "$target")" = "$checksum" ]; then
				rm -f "$target"
			else
				echo "uninstall: $target was changed and stays" >&2
			fi
		fi
	done
	# Directories with something of the user's in them stay.
	echo "$entries" | awk '$1 == "directory" { print length($3), $3 }' | sort -rn |
		while read -r _ path; do
			rmdir "$DESTDIR$path" 2>/dev/null || true
		done
}

case ${1:-} in
install)   install_all ;;
uninstall) uninstall_all ;;
*)         fail "install or uninstall?" ;;
esac
