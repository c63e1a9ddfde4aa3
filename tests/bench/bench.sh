#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables of the harness
# bench.sh: `make bench`. What it costs to bring an idle container up and down, side by side with
# what else is installed, what a running one keeps in memory, and what the hundredth costs.
# Everything happens in a machine of its own (tests/system/lib.bash) and goes with it.
# ROUNDS, CROWD and PAUSE_MS may be set; CMAN and BENCH are the programs.
set -euo pipefail

ROUNDS=${ROUNDS:-25}
CROWD=${CROWD:-100}
PAUSE_MS=${PAUSE_MS:-60}

[ "$(id -u)" = 0 ] || { echo "bench: needs root" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
# What lib.bash expects of bats.
bats_require_minimum_version() { :; }
BATS_TEST_TMPDIR=$scratch BATS_RUN_TMPDIR=$scratch BATS_SUITE_TEST_NUMBER=bench
TEST_SECONDS=3000
# shellcheck source=tests/system/lib.bash
. "$here/../system/lib.bash"

finish() {
	[ -z "${MACHINE:-}" ] || machine_stop
	rm -rf "$scratch"
}
trap finish EXIT

"$here/../packages.sh" check bench
exec 3>/dev/null
machine_start
write_manager
contenders=$scratch/contenders
: >"$contenders"
absent=()

contender() { printf '%s\t%s\t%s\n' "$@" >>"$contenders"; } # NAME START STOP

# Tries a contender once before the race; says why it is not in it.
enter() { # NAME START STOP
	local log=$scratch/$1.log

	# shellcheck disable=SC2086 # commands are split at blanks
	if machine timeout 60 $2 >"$log" 2>&1 </dev/null &&
		{ [ -z "$3" ] || machine timeout 60 $3 >>"$log" 2>&1 </dev/null; }; then
		contender "$@"
	else
		failed "$1" "$log"
		return 1
	fi
}

failed() { why="does not run here: $(tail -n 1 "$2" | cut -c1-110)"; }

installed() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || { absent+=("$1: not installed"); false; }
}

# --- the contenders: all with an idle payload; what each of them does is in the last table ---------

idle_container() { # NAME PORT READ_ONLY
	container "$1" <<-END
	rootfs = "$T/rootfs/idle";
	read_only = $3;
	command = [ "/bin/sleep", "100000" ];
	limits : { pids = 32; memory = "64M"; };
	net : { ports = [ "$2:80" ]; };
	stop_signal = "SIGKILL";
	END
}

enter_cman() {
	idle_container bench 7000 false
	enter cman "$CMAN -c $CONF up bench" "$CMAN -c $CONF down bench" ||
		{ cat "$scratch/cman.log" >&2; exit 1; }
}

enter_lxc() {
	installed lxc-start || return 0
	machine ip link add lxcbench0 type bridge
	machine ip address add 10.98.0.1/24 dev lxcbench0
	machine ip link set lxcbench0 up
	machine mkdir -p /run/lxc-bench/bench
	cat >"$(path /run/lxc-bench/bench/config)" <<-END
	lxc.uts.name = bench
	lxc.rootfs.path = dir:$T/rootfs/idle
	lxc.init.cmd = /bin/sleep 100000
	lxc.mount.auto = proc:mixed sys:ro
	lxc.cgroup.dir = $CGROUP-lxc
	lxc.net.0.type = veth
	lxc.net.0.link = lxcbench0
	lxc.net.0.flags = up
	lxc.net.0.ipv4.address = 10.98.0.2/24
	lxc.net.0.ipv4.gateway = 10.98.0.1
	END
	enter lxc "lxc-start -P /run/lxc-bench -n bench -d" "lxc-stop -P /run/lxc-bench -n bench -k" ||
		absent+=("lxc: $why")
}

# crun refuses a hybrid host: it gets to see the v1 half, through nsenter (about a millisecond).
hide_unified() {
	local pid=$scratch/without-unified

	mkfifo "$pid"
	machine unshare --mount --propagation private sh -c '
		! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
		echo $$
		exec sleep 3000' >"$pid" 2>/dev/null &
	disown
	read -r WITHOUT_UNIFIED <"$pid"
	WITHOUT_UNIFIED="nsenter --mount=/proc/$WITHOUT_UNIFIED/ns/mnt"
}

oci_bundle() { # DIR CGROUP_PATH
	machine mkdir -p "$1"
	machine sh -c "cd $1 && ${3:-crun} spec"
	machine sh -c "cd $1 && jq '.process.terminal = false | .process.args = [\"/bin/sleep\", \"100000\"]
		| .root = {path: \"$T/rootfs/idle\", readonly: false}
		| .linux.cgroupsPath = \"/$2\" | .linux.resources.memory.limit = 67108864
		| .linux.resources.pids.limit = 32' config.json >new && mv new config.json"
}

enter_oci() { # crun or runc
	installed "$1" || return 0
	oci_bundle "/run/$1-bundle" "$CGROUP-$1" "$1" >/dev/null 2>&1 || true
	for through in "" "$WITHOUT_UNIFIED"; do
		enter "$1" "$through $1 --root /run/$1-state run -d -b /run/$1-bundle bench" \
			"$through $1 --root /run/$1-state delete -f bench" && return
	done
	absent+=("$1: $why")
}

enter_podman() {
	local podman

	installed podman || return 0
	for runtime in crun runc; do
		machine rm -rf /run/podman
		podman="podman --root /run/podman/root --runroot /run/podman/run --cgroup-manager cgroupfs --runtime $runtime"
		enter podman "$podman run -d --name bench --cgroup-parent=/$CGROUP-podman -p 7100:80 --memory 64m --pids-limit 32 --rootfs $T/rootfs/idle /bin/sleep 100000" \
			"$podman rm -f -t 0 bench" && return
	done
	absent+=("podman: $why")
}

enter_bubblewrap() {
	installed bwrap || return 0
	enter bubblewrap "bwrap --unshare-all --bind $T/rootfs/idle / --proc /proc --dev /dev /bin/true" "" ||
		absent+=("bubblewrap: $why")
}

enter_unshare() {
	installed unshare || return 0
	enter unshare "unshare --user --map-root-user --net --mount --pid --uts --ipc --cgroup --fork --mount-proc --root $T/rootfs/idle /bin/true" "" ||
		absent+=("unshare: $why")
}

# --- the race ----------------------------------------------------------------------------------

race() { # ROUNDS PAUSE_MS
	machine "$BENCH" "$1" "$2" <"$contenders" | tee "$scratch/race" | awk '
		NR == 1 { start = $2; stop = $3 }
		{ printf "  %-12s start %8.2f ms  %6.2f x   ", $1, $2, $2 / start
		  if ($3 > 0) printf "stop %8.2f ms  %6.2f x\n", $3, $3 / stop
		  else printf "(start and end of /bin/true)\n" }'
}

pss_of() { # PROCESS_NAME...: PSS in KiB of the first process of that name
	local dir name

	for dir in "$(path /proc)"/[0-9]*; do
		read -r name 2>/dev/null <"$dir/comm" || continue
		if [ "$name" = "$1" ]; then
			awk '/^Pss:/{ print $2 }' "$dir/smaps_rollup"
			return
		fi
	done
	echo 0
}

memory() {
	local line name start stop process

	while IFS=$'\t' read -r name start stop; do
		case $name in
		cman) process=cman-supervisor ;;
		lxc) process=lxc-start ;;
		podman) process=conmon ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2086
		machine timeout 60 $start >/dev/null 2>&1 </dev/null
		# comm has 15 characters
		printf '  %-12s %6s KiB  (%s)\n' "$name" "$(pss_of "${process:0:15}")" "$process"
		# shellcheck disable=SC2086
		machine timeout 60 $stop >/dev/null 2>&1 </dev/null
	done <"$contenders"
}

one_more() { # prints "start stop" of one more container among those that run
	printf 'one\t%s\t%s\n' "$CMAN -c $CONF up bench" "$CMAN -c $CONF down bench" |
		machine "$BENCH" "$ROUNDS" "$1" | cut -d' ' -f2,3
}

crowd() {
	local i names=()

	for ((i = 1; i < CROWD; i++)); do
		names+=("crowd$i")
		idle_container "crowd$i" $((7200 + i)) true
	done
	# The same number of files to read in both cases: what is measured is those that run.
	read -r first_start first_stop <<<"$(one_more "$PAUSE_MS")"
	machine timeout 300 "$CMAN" -c $CONF up "${names[@]}" >/dev/null
	read -r nth_start nth_stop <<<"$(one_more "$PAUSE_MS")"
	awk -v a="$first_start" -v b="$nth_start" -v c="$first_stop" -v d="$nth_stop" -v n="$CROWD" 'BEGIN {
		printf "  up    alone %6.2f ms   as number %d %6.2f ms   %.2f x\n", a, n, b, b / a
		printf "  down  alone %6.2f ms   as number %d %6.2f ms   %.2f x\n", c, n, d, d / c }'
	machine timeout 300 "$CMAN" -c $CONF down --all >/dev/null
}

make_rootfs idle
hide_unified
enter_cman
enter_lxc
enter_oci crun
enter_oci runc
enter_podman
enter_bubblewrap
enter_unshare

echo "Linux $(uname -r), $(nproc) processors; medians of $ROUNDS rounds, taken in turns; x: times cman"
echo "Spaced: $PAUSE_MS ms before each command"
race "$ROUNDS" "$PAUSE_MS"
echo "Back to back"
race "$ROUNDS" 0
echo "Memory of what stays beside a running container (PSS)"
memory
echo "One more among $CROWD containers, spaced"
crowd
echo "What each of them does"
cat <<'END'
  cman         all namespaces with user ids of its own, limits, bridge and veth, NAT, a published port
  lxc          namespaces without user ids, limits none, veth on a bridge that is there already
  crun, runc   namespaces without user ids, limits, network namespace with nothing in it
  podman       as crun, with its network, NAT and a published port
  bubblewrap, unshare   namespaces and a root; no network, no limits
END
if [ ${#absent[@]} -gt 0 ]; then
	echo "Not compared"
	printf '  %s\n' "${absent[@]}"
fi
