#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables of the harness
# compare.sh: `make compare`. Runs the probe in cman and in what else is installed, each with its
# default settings, and prints the table of docs/security.md. Everything happens in a machine of
# its own (tests/system/lib.bash) and goes with it. The caller is a careless one: it leaves an
# open directory, a variable and an ignored signal to what it starts.
# CMAN and PROBE are the programs; KEEP=DIR keeps the lines of each column there.
set -euo pipefail

[ "$(id -u)" = 0 ] || { echo "compare: needs root" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
# What lib.bash expects of bats.
bats_require_minimum_version() { :; }
BATS_TEST_TMPDIR=$scratch BATS_RUN_TMPDIR=$scratch BATS_SUITE_TEST_NUMBER=compare
TEST_SECONDS=600
# shellcheck source=tests/system/lib.bash
. "$here/../system/lib.bash"
PROBE=${PROBE:-$(dirname "$CMAN")/probe}
columns=() absent=()

finish() {
	[ -z "${MACHINE:-}" ] || machine_stop
	rm -rf "$scratch"
}
trap finish EXIT

start() {
	exec 3>/dev/null
	machine_start
	write_manager
	outside=$(for kind in user pid mnt uts ipc net cgroup; do machine readlink /proc/1/ns/$kind; done |
		paste -sd,)
	probe=(/bin/probe --tabs --outside "$outside")
}

rootfs_with_probe() { # NAME
	make_rootfs "$1"
	machine cp "$PROBE" "$T/rootfs/$1/bin/probe"
}

# shellcheck disable=SC2016 # for the inner shell
carelessly() { machine env PROBE_SECRET=1 timeout -k 5 60 sh -c 'trap "" USR1; exec "$@" 7<"/"' sh "$@"; }

# A column from what stands in FILE; why there is none from its last line.
column() { # NAME FILE
	if grep -q $'\tnetlink-audit\t' "$2"; then
		grep -aE $'^(ok|FAIL|skip)\t' "$2" | tr -d '\r' >"$scratch/$1.tabs"
		columns+=("$1")
		return 0
	fi
	why=$(tail -n 1 "$2" | cut -c1-150)
	return 1
}

run_column() { # NAME CMD...
	local name=$1

	shift
	carelessly "$@" >"$scratch/$name.out" 2>&1 </dev/null || true
	column "$name" "$scratch/$name.out"
}

installed() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || { absent+=("$1: not installed"); false; }
}

try_cman() {
	rootfs_with_probe box
	container box <<-END
	rootfs = "@rootfs@";
	command = [ "/bin/probe", "--tabs", "--outside", "$outside" ];
	END
	rootfs_with_probe idle
	sleeper idle </dev/null
	carelessly "$CMAN" -c $CONF up box idle >&2
	wait_until 30 machine grep -q netlink-audit $T/log/box.log
	cman logs box >"$scratch/cman.out"
	column cman "$scratch/cman.out"
	run_column "cman exec" "$CMAN" -c $CONF exec idle -- "${probe[@]}"
	cman down --all >&2
}

# crun refuses a hybrid host: it gets to see the v1 half.
hide_unified() {
	machine touch /run/without-unified
	# EINVAL where its child was too quick.
	wait_until 5 machine unshare --mount=/run/without-unified --propagation private \
		sh -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified'
}

try_oci() { # runc or crun
	installed "$1" || return 0
	rootfs_with_probe "$1"
	machine mkdir -p "/run/$1-bundle"
	machine sh -c "cd /run/$1-bundle && $1 spec && jq '.process.terminal = false
		| .process.args = [\"/bin/probe\", \"--tabs\", \"--outside\", \"$outside\"]
		| .root.path = \"$T/rootfs/$1\" | .linux.cgroupsPath = \"/$CGROUP-$1\"' config.json >new &&
		mv new config.json"
	run_column "$1" "$1" --root "/run/$1-state" run -b "/run/$1-bundle" probe ||
		run_column "$1" nsenter --mount=/run/without-unified \
			"$1" --root "/run/$1-state" run -b "/run/$1-bundle" probe || absent+=("$1: $why")
}

try_podman() {
	local try=0

	installed podman || return 0
	rootfs_with_probe podman
	for runtime in crun runc; do
		for through in "" "nsenter --mount=/run/without-unified"; do
			try=$((try + 1))
			# shellcheck disable=SC2086 # no words or two
			run_column podman $through podman --root /run/podman-$try/root \
				--runroot /run/podman-$try/run --cgroup-manager cgroupfs --runtime $runtime run --rm \
				--cgroup-parent="/$CGROUP-podman" --rootfs "$T/rootfs/podman" "${probe[@]}" && return
		done
	done
	absent+=("podman: $why")
}

try_bubblewrap() {
	installed bwrap || return 0
	rootfs_with_probe bwrap
	run_column bubblewrap bwrap --unshare-all --bind "$T/rootfs/bwrap" / --proc /proc --dev /dev \
		"${probe[@]}" || absent+=("bubblewrap: $why")
}

# Its console would be a terminal: the probe writes into a file of the root filesystem.
try_lxc() { # NAME [CONFIG-LINE...]
	local name=$1 root=$T/rootfs/$1

	shift
	rootfs_with_probe "$name"
	machine sh -c "cat >$root/start && chmod 755 $root/start" <<-END
	#!/bin/sh
	exec /bin/probe --tabs --outside '$outside' >/probe.out 2>&1
	END
	if [ $# != 0 ]; then
		machine chown -R 100000:100000 "$root"
		machine sh -c 'echo root:100000:65536 | tee /etc/subuid >/etc/subgid'
	fi
	machine mkdir -p "/run/lxc/$name"
	machine sh -c "cat >/run/lxc/$name/config" <<-END
	lxc.uts.name = $name
	lxc.rootfs.path = dir:$root
	lxc.init.cmd = /start
	lxc.mount.auto = proc:mixed sys:mixed
	lxc.cgroup.dir = $CGROUP-$name
	lxc.net.0.type = empty
	lxc.include = /usr/share/lxc/config/common.conf
	$(printf '%s\n' "$@")
	END
	carelessly lxc-start -F -P /run/lxc -n "$name" >"$scratch/$name.log" 2>&1 </dev/null || true
	machine cat "$root/probe.out" >"$scratch/$name.out" 2>/dev/null || true
	[ -s "$scratch/$name.out" ] || cp "$scratch/$name.log" "$scratch/$name.out"
	column "$name" "$scratch/$name.out" || absent+=("$name: $why")
}

verdict() { awk -F'\t' -v name="$2" '$2 == name{ print $1 }' "$scratch/$1.tabs"; }

# The rows in which somebody fails; the others by name.
table() {
	local name promise column row all_ok=()

	printf '| check |'; printf ' %s |' "${columns[@]}"; echo
	printf '|---|'; printf -- '---|%.0s' "${columns[@]}"; echo
	while IFS=$'\t' read -r name promise; do
		row=
		for column in "${columns[@]}"; do
			case $(verdict "$column" "$name") in
			ok) row+=" ok |" ;;
			FAIL) row+=" **FAIL** |" ;;
			*) row+=" ? |" ;;
			esac
		done
		case $row in
		*FAIL* | *\?*) echo "| $name |$row" ;;
		*) all_ok+=("$name") ;;
		esac
	done < <("$PROBE" --list)
	printf '| FAIL of %s |' "$("$PROBE" --list | wc -l)"
	for column in "${columns[@]}"; do
		printf ' %s |' "$(grep -c ^FAIL "$scratch/$column.tabs" || true)"
	done
	printf '\n\nIn all of them ok: %s.\n' "$(printf '%s, ' "${all_ok[@]}" | sed 's/, $//')" |
		fold -s -w 100 | sed 's/ $//'
}

version() { "$@" 2>/dev/null | head -n 1; }
versions() {
	echo "Linux $(uname -r | cut -d. -f1,2), cgroup $(stat -fc %T /sys/fs/cgroup | sed 's/tmpfs/v1/; s/cgroup2fs/v2/');" \
		"called with an open directory, PROBE_SECRET in the environment and SIGUSR1 ignored."
	echo "$(version "$CMAN" --version); $(version runc --version); $(version crun --version);" \
		"$(version podman --version); $(version bwrap --version); lxc $(version lxc-start --version)"
}

main() {
	start
	hide_unified
	try_cman
	try_oci runc
	try_oci crun
	try_podman
	try_bubblewrap
	if installed lxc-start; then
		try_lxc lxc
		try_lxc lxc-userns "lxc.idmap = u 0 100000 65536" "lxc.idmap = g 0 100000 65536" \
			"lxc.include = /usr/share/lxc/config/userns.conf"
	fi
	[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP"; cp "$scratch"/*.tabs "$KEEP"; }
	versions
	echo
	table
	[ ${#absent[@]} = 0 ] || printf '\nNot in it: %s\n' "${absent[@]}"
}

main
