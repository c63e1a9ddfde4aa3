#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# quickstart.sh up|clean DIR: `make quickstart`. Brings up conf.d/web.conf from a private tree of
# files, DIR, and shows it. Nothing outside DIR is written but what the container itself needs:
# a bridge, firewall rules, a cgroup. `clean` takes all of it back.
set -eu
umask 022
cd "$(dirname "$0")/.."

say() { printf '\n==> %s\n' "$*"; }
fail() { printf 'quickstart: %s\n' "$1" >&2; shift; [ $# = 0 ] || printf '  hint: %s\n' "$@" >&2; exit 1; }

action=${1:-}
tree=${2:-$PWD/build/quickstart}
config=$tree/container.conf
cman=$PWD/build/cman
name=web
port=${PORT:-8080}
here=build${tree#"$PWD/build"}
[ "$tree" = "$PWD/$here" ] || here=$tree

require_root() {
	[ "$(id -u)" = 0 ] || fail "needs root: it makes namespaces, a bridge and firewall rules" \
		"sudo make $1"
}

# A tree of its own: its names clash with no other cman on this machine.
write_files() {
	mkdir -p "$tree/conf.d"
	cat >"$config.new" <<-END
	# Made by 'make quickstart': a cman of its own, in this directory only.
	conf_dir  = "$tree/conf.d";
	state_dir = "$tree/state";
	data_dir  = "$tree/data";
	log_dir   = "$tree/log";
	cgroup    : { parent = "cman-quickstart"; };
	firewall  : { prefix = "CMANQUICK"; };
	networks  : { quick : { bridge = "cman-quick"; subnet = "10.82.0.0/24"; }; };
	END
	mv "$config.new" "$config"
	sed -e "s|^rootfs  = .*|rootfs  = \"$tree/rootfs\";|" -e "s|\"8080:80\"|\"$port:80\"|" \
		conf.d/web.conf >"$tree/conf.d/$name.conf"
	[ -d "$tree/rootfs" ] || examples/make-rootfs.sh "$tree/rootfs"
}

# httpd needs a moment between its start and its first answer.
fetch() {
	tries=50
	while ! timeout 5 busybox wget -q -O - "$1" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

show_failure() {
	echo "--- the container's log:" >&2
	timeout 10 "$cman" -c "$config" logs $name >&2 || true
}

up() {
	require_root quickstart
	case $tree in
	*[\"\\\|\&]* | *' '*) fail "the path $tree has characters in it that a shell would stumble on" \
		"make quickstart QUICKSTART=/root/cman-quickstart" ;;
	esac

	say "Packages that the build needs, from this system's package manager"
	tests/packages.sh install build quickstart
	echo "All there."

	say "Building build/cman"
	${MAKE:-make} --no-print-directory all

	say "Files: a manager, a container and its root filesystem in $here"
	write_files
	if ! timeout 30 "$cman" -c "$config" check; then
		fail "cman does not take these files (see above)" \
			"where it does not trust the directory: make quickstart QUICKSTART=/root/cman-quickstart"
	fi
	cat "$tree/conf.d/$name.conf"

	say "cman -c $here/container.conf up $name"
	timeout 60 "$cman" -c "$config" up $name ||
		fail "the container did not come up (see above)" \
			"where port $port is taken: make quickstart PORT=8081"

	say "Its page, through the published port: http://127.0.0.1:$port/"
	fetch "http://127.0.0.1:$port/" ||
		{ show_failure; fail "no answer from http://127.0.0.1:$port/"; }

	say "cman ps"
	timeout 10 "$cman" -c "$config" ps
	cat <<-END

	It runs. What to try next, as root:

	  export CMAN_CONFIG=$config
	  build/cman exec $name -- sh             look around inside
	  build/cman exec $name -- ps             only its own processes
	  build/cman status $name                 address, limits, memory in use
	  build/cman show $name                   the configuration that holds
	  build/cman logs $name                   what it has printed
	  \$EDITOR $here/conf.d/$name.conf && build/cman check && build/cman restart $name
	  build/cman down $name                   stop it and leave nothing behind
	  make quickstart-clean                  the same, and remove $here
	END
}

clean() {
	[ -e "$tree" ] || { echo "Nothing to clean: no $here."; return; }
	[ -e "$config" ] || fail "$tree is no tree of 'make quickstart': it has no container.conf"
	require_root quickstart-clean
	if [ -d "$tree/state" ]; then
		[ -x "$cman" ] || ${MAKE:-make} --no-print-directory all
		timeout 90 "$cman" -c "$config" down --all ||
			fail "could not take the container down; $here stays, to try again"
	fi
	rm -rf "$tree"
	echo "The container is down and $here is gone."
}

case $action in
up)    up ;;
clean) clean ;;
*)     fail "up or clean?" ;;
esac
