#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables of the harness
# bench.sh: `make bench`, in parts, of which BENCH names some:
#
#   race         what it costs to bring an idle container up and down, side by side with what else is
#                installed, what a running one keeps in memory, and what the hundredth costs
#   throughput   TCP out of a container and between two, beside a bridge and veth made by hand
#   scale        rules, starts, stops and commits beside up to a thousand others
#   plan         ps and plan of a thousand that run as their files say
#   apply        a change that is applied while the container runs
#   idle         what the supervisors of CROWD containers keep in memory, and how often they wake up
#   logs         what a supervisor takes down of a container that prints as fast as it can
#
# Everything happens in a machine of its own (tests/system/lib.bash) and goes with it.
# ROUNDS, CROWD, PAUSE_MS and MIB may be set; CMAN is the program; the tools are beside it.
set -euo pipefail

BENCH=${BENCH:-race throughput scale plan apply idle logs}
ROUNDS=${ROUNDS:-25}
CROWD=${CROWD:-100}
PAUSE_MS=${PAUSE_MS:-60}
MIB=${MIB:-64}
TOOL=${CMAN%/*}/bench
BRIDGE_SWITCH=/proc/sys/net/bridge/bridge-nf-call-iptables

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
	machine "$TOOL" "$1" "$2" <"$contenders" | tee "$scratch/race" | awk '
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
		machine "$TOOL" "$ROUNDS" "$1" | cut -d' ' -f2,3
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

compare_starts() {
	hide_unified
	enter_cman
	enter_lxc
	enter_oci crun
	enter_oci runc
	enter_podman
	enter_bubblewrap
	enter_unshare

	echo "Spaced: $PAUSE_MS ms before each command; medians of $ROUNDS rounds, taken in turns; x: times cman"
	race "$ROUNDS" "$PAUSE_MS"
	echo "Back to back"
	race "$ROUNDS" 0
	echo "Memory of what stays beside a running container (PSS)"
	memory
	echo "One more among $CROWD containers, spaced"
	crowd
	echo "What each of them does"
	cat <<-'END'
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
	machine sh -c "rm -f $T/conf.d/*.conf"
}

# --- throughput --------------------------------------------------------------------------------

# A bridge with two others on it, made by hand.
make_by_hand() { # NAME NETWORK MTU: as 10.NETWORK.0.0/24, on the host that is the namespace NAME, or "machine"
	local i host=(ip)

	[ "$1" = machine ] || host=(ip -n "$1")
	machine "${host[@]}" link add hand0 mtu "$3" type bridge
	machine "${host[@]}" address add "10.$2.0.1/24" dev hand0
	machine "${host[@]}" link set hand0 up
	for i in 1 2; do
		machine ip netns add "$1$i"
		machine "${host[@]}" link add "port$i" mtu "$3" type veth peer name eth0 mtu "$3" netns "$1$i"
		machine "${host[@]}" link set "port$i" master hand0 up
		machine ip -n "$1$i" address add "10.$2.0.1$i/24" dev eth0
		machine ip -n "$1$i" link set eth0 up
	done
}

# A host with no rule and no connection tracking. The tables are there that the machine has without
# cman, as empty as on a host that has used them once.
make_bare_host() {
	local table

	machine ip netns add bare
	for table in filter nat mangle raw; do
		machine ip netns exec bare iptables-legacy -w -t $table -n -L >/dev/null 2>&1 || true
	done
}

# as CONTAINER CMD...: among its processes, for the scheduler and for its limits. With its network
# alone that would be another race: a cgroup has one share of the processors, whoever is in it.
as() {
	local name=$1

	shift
	# shellcheck disable=SC2016 # for that shell
	machine sh -c 'for file in /sys/fs/cgroup/$0/cgroup.procs /sys/fs/cgroup/*/$0/cgroup.procs; do
			[ ! -e "$file" ] || echo $$ >"$file"
		done
		exec "$@"' "$CGROUP/$name" "$@"
}

# What else the machine does is not to have the processors meanwhile.
prefer_containers() {
	# shellcheck disable=SC2016 # for that shell
	machine sh -c 'for file in /sys/fs/cgroup/*/$0/cpu.shares; do [ ! -e "$file" ] || echo 262144 >"$file"; done
		for file in /sys/fs/cgroup/$0/cpu.weight /sys/fs/cgroup/*/$0/cpu.weight; do
			[ ! -e "$file" ] || echo 10000 >"$file"
		done' "$CGROUP"
}

receive() { # COMMAND TO RUN IT WITH...
	as south "$@" "$TOOL-stream" receive 5001 >/dev/null 2>&1 &
	disown
}

stream_from() { # cman, bare or machine, ADDRESS, WAY: adds MiB/s to the file of that way
	local log=$scratch/$1-$3 try

	for ((try = 0; try < 50; try++)); do # a receiver may still be starting
		case $1 in
		cman) within north /bin/stream send "$2" 5001 "$MIB" ;;
		*) as north ip netns exec "${1}1" "$TOOL-stream" send "$2" 5001 "$MIB" ;;
		esac >>"$log" 2>"$scratch/stream.err" && return
		sleep 0.1
	done
	echo "bench: $1 sends nothing to $2: $(<"$scratch/stream.err")" >&2
	return 1
}

# Of numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# All three, one after the other, beginning with another one in each round: what the machine does
# besides changes within seconds.
stream_all() { # ROUND WAY CMAN_ADDRESS BARE_ADDRESS MACHINE_ADDRESS
	local turn

	for turn in 0 1 2; do
		case $((($1 + turn) % 3)) in
		0) stream_from cman "$3" "$2" ;;
		1) stream_from bare "$4" "$2" ;;
		2) stream_from machine "$5" "$2" ;;
		esac
	done
}

# Whether frames between containers are shown to the rules of IPv4; nothing where none can be.
br_netfilter() { # 0 or 1
	machine sh -c "[ ! -e $BRIDGE_SWITCH ] || echo $1 >$BRIDGE_SWITCH"
}

ratio() { paste "$scratch/cman-$1" "$scratch/$2-$1" | awk '{ print $1 / $2 }' | median; }

measure_throughput() {
	local round rounds=$((4 * ROUNDS)) way what south mtu

	machine cp -a "$T/rootfs/idle" "$T/rootfs/stream"
	machine cp "$TOOL-stream" "$T/rootfs/stream/bin/stream"
	for name in north south; do
		container $name <<-END
		rootfs = "$T/rootfs/stream";
		read_only = true;
		command = [ "/bin/stream", "receive", "5001" ];
		stop_signal = "SIGKILL";
		END
	done
	cman up north south >/dev/null
	mtu=$(machine cat /sys/class/net/cman0/mtu)
	make_bare_host
	make_by_hand bare 97 "$mtu"
	make_by_hand machine 96 "$mtu"
	prefer_containers
	receive
	receive ip netns exec bare
	receive ip netns exec bare2
	receive ip netns exec machine2
	south=$(ip_of south)
	for ((round = 0; round < rounds; round++)); do
		stream_all $round host 10.83.0.1 10.97.0.1 10.96.0.1
		br_netfilter 1
		stream_all $round container "$south" 10.97.0.12 10.96.0.12
		br_netfilter 0
		stream_all $round bridge "$south" 10.97.0.12 10.96.0.12
		br_netfilter 1
	done
	echo "TCP, one connection, $MIB MiB; medians of $rounds rounds, taken in turns; x: median of their ratios,"
	echo "to a bridge and veth by hand on a host without any rule, and to such on the same host"
	for way in host container bridge; do
		case $way in
		host) what="container to host" ;;
		container) what="container to container" ;;
		bridge) what="the same, br_netfilter off" ;;
		esac
		printf '  %-26s cman %6.0f MiB/s   no rule %6.0f MiB/s  %.2f x   same host %6.0f MiB/s  %.2f x\n' "$what" \
			"$(median <"$scratch/cman-$way")" \
			"$(median <"$scratch/bare-$way")" "$(ratio $way bare)" \
			"$(median <"$scratch/machine-$way")" "$(ratio $way machine)"
	done
	cman down --all >/dev/null
	machine sh -c "rm -f $T/conf.d/*.conf"
}

# --- scale -------------------------------------------------------------------------------------

plain_container() { # NAME [PORTS]
	container "$1" <<-END
	rootfs = "$T/rootfs/idle";
	read_only = true;
	command = [ "/bin/sleep", "100000" ];
	net : { ports = [ ${2:-} ]; };
	stop_signal = "SIGKILL";
	END
}

count_rules() { # those of them that match REGEX
	machine sh -c 'iptables-legacy-save; nft list ruleset 2>/dev/null' | grep '"cman' | grep -c -E "$1" || true
}

# One more beside those that run, among so many files.
scale_row() {
	local files running ports start stop rules

	files=$(machine sh -c "ls $T/conf.d | wc -l")
	running=$(cman ps --json | jq '[.[] | select(.state == "running")] | length')
	machine "$CMAN" -c $CONF up bench >/dev/null
	rules=$(count_rules .)
	ports=$(count_rules 'dport|DNAT --to')
	machine "$CMAN" -c $CONF down bench >/dev/null
	read -r start stop <<<"$(one_more "$PAUSE_MS")"
	printf '  %6s %8s %6s %6s   %8s %8s\n' "$files" "$running" "$ports" "$rules" "$start" "$stop"
}

measure_scale() {
	local i j ports names=() backend count

	echo "One more container, with nothing special, beside others; medians of $ROUNDS rounds, spaced"
	echo "   files  running  ports  rules   start ms  stop ms"
	plain_container bench
	scale_row
	for ((i = 1; i <= 100; i++)); do
		plain_container "plain$i"
		names+=("plain$i")
	done
	machine timeout 300 "$CMAN" -c $CONF up "${names[@]}" >/dev/null
	scale_row
	for ((i = 101; i < 1000; i++)); do plain_container "plain$i"; done
	scale_row
	names=()
	for ((i = 0; i < 10; i++)); do
		ports=
		for ((j = 0; j < 100; j++)); do ports+="${ports:+, }\"$((10000 + 100 * i + j)):80\""; done
		plain_container "ports$i" "$ports"
		names+=("ports$i")
	done
	machine timeout 300 "$CMAN" -c $CONF up "${names[@]}" >/dev/null
	scale_row
	cman down --all >/dev/null
	machine sh -c "rm -f $T/conf.d/*.conf"
	echo "One commit alone: ports published, rules; all of them at once, one more, one less, nothing to do"
	for backend in iptables nftables; do
		for count in 0 100 1000; do
			machine unshare --net "$TOOL-commit" $backend $count "$ROUNDS" | awk -v backend=$backend -v count=$count '{
				printf "  %-9s %5d %6d   first %7.2f ms   one more %6.2f ms   one less %6.2f ms   none %6.2f ms\n",
					backend, count, $1, $2, $3, $4, $5 }'
		done
	done
}

# --- plan --------------------------------------------------------------------------------------

looks_of() { # WHAT: medians, of ps and plan
	local command

	printf '  %-24s' "$1"
	for command in ps plan; do
		# shellcheck disable=SC2046 # two numbers
		printf ' %s %7s ms  ' $command $(printf '%s\t%s\t\n' $command "$CMAN -c $CONF $command" |
			machine "$TOOL" "$ROUNDS" "$PAUSE_MS" | awk '{ print $2 }')
	done
	echo
}

measure_looks() {
	echo "Those who only look, at records made by hand; medians of $ROUNDS rounds, spaced"
	machine "$TOOL-look" $CONF 1 $T/rootfs/idle
	looks_of "one container"
	machine "$TOOL-look" $CONF 1000 $T/rootfs/idle
	looks_of "1000, as their files say"
	machine touch $T/conf.d/web500.conf
	looks_of "1000, one file touched"
	machine sh -c "rm -rf $T/conf.d/*.conf $T/state/containers"
}

# --- apply -------------------------------------------------------------------------------------

# Two manager files that say the same of other files, so that each command has something to do.
apply_pair() { # WHAT LINE OTHER_LINE
	local line side=a

	for line in "$2" "$3"; do
		machine mkdir -p "$T/conf.$side"
		machine sh -c "sed 's|conf_dir = [^;]*;|conf_dir = \"$T/conf.$side\";|' $CONF >$T/$side.conf"
		printf '%s\n' "rootfs = \"$T/rootfs/idle\"; read_only = true; command = [ \"/bin/sleep\", \"1000\" ];" \
			"stop_signal = \"SIGKILL\"; $line" >"$(path "$T/conf.$side/web.conf")"
		side=b
	done
	machine "$CMAN" -c $T/b.conf up web >/dev/null
	printf '  %-32s %7s ms\n' "$1" "$(printf 'apply\t%s\t%s\n' "$CMAN -c $T/a.conf apply web" \
		"$CMAN -c $T/b.conf apply web" | machine "$TOOL" "$ROUNDS" "$PAUSE_MS" |
		awk '{ print ($2 + $3) / 2 }')"
	machine "$CMAN" -c $T/b.conf down web >/dev/null
}

measure_apply() {
	echo "A change of what runs, there and back; medians of $ROUNDS rounds, spaced"
	apply_pair "a limit" "limits : { pids = 64; };" "limits : { pids = 65; };"
	apply_pair "a port, with a firewall commit" 'net : { ports = [ "7000:80" ]; };' \
		'net : { ports = [ "7001:80" ]; };'
	machine unshare --net "$TOOL-commit" iptables 1 "$ROUNDS" |
		awk '{ printf "  %-32s %7.2f ms\n", "such a commit alone", $3 }'
}

# --- idle --------------------------------------------------------------------------------------

# What awk PROGRAM prints of /proc/PID/FILE of each supervisor.
of_supervisors() { # FILE PROGRAM
	# shellcheck disable=SC2016 # for that shell
	machine sh -c 'for dir in /proc/[0-9]*; do
			read -r name 2>/dev/null <$dir/comm || continue
			[ "$name" != cman-supervisor ] || awk "$1" "$dir/$0"
		done' "$1" "$2"
}

wake_ups() { of_supervisors status '/^voluntary/{ print $2 }' | awk '{ sum += $1 } END { print sum }'; }

measure_idle() {
	local i before seconds=5 names=()

	for ((i = 0; i < CROWD; i++)); do
		plain_container "plain$i"
		names+=("plain$i")
	done
	machine timeout 300 "$CMAN" -c $CONF up "${names[@]}" >/dev/null
	sleep 2 # what follows a start is over
	before=$(wake_ups)
	sleep $seconds
	printf 'Supervisors of %d containers: woken up %d times in %d seconds; PSS in KiB' "$CROWD" \
		$(($(wake_ups) - before)) $seconds
	of_supervisors smaps_rollup '/^Pss:/{ print $2 }' | sort -n |
		awk '{ v[NR] = $1 } END { print " least", v[1], "median", v[int((NR + 1) / 2)], "most", v[NR] }'
	machine timeout 300 "$CMAN" -c $CONF down --all >/dev/null
	machine sh -c "rm -f $T/conf.d/*.conf"
}

# --- logs --------------------------------------------------------------------------------------

printed() { cman logs "$1" 2>&1 >/dev/null | grep -E '^[0-9]+$'; } # MB/s, once it is through

log_row() { # WHAT LINE_BYTES BLOCK_BYTES
	local name=print-$2-$3 supervisor seconds plain

	container "$name" <<-END
	rootfs = "$T/rootfs/print";
	read_only = true;
	command = [ "/bin/stream", "print", "$MIB", "$2", "$3", "stay" ];
	net = "none";
	stop_signal = "SIGKILL";
	END
	cman up "$name" >/dev/null
	wait_until 60 printed "$name" >/dev/null
	supervisor=$(cman status "$name" | sed -n 's/.*supervised by //p')
	seconds=$(machine awk '{ print $1 / 1e9 }' "/proc/$supervisor/schedstat")
	# The same into a file without a supervisor.
	plain=$(machine timeout 60 sh -c "$TOOL-stream print $MIB $2 $3 | cat >$T/plain" 2>&1)
	printf '  %-28s %5d MB/s   %5.0f MB per second of its processor time   cat %5d MB/s\n' "$1" \
		"$(printed "$name")" "$(awk -v m="$MIB" -v s="$seconds" 'BEGIN { print m * 1.048576 / s }')" "$plain"
	cman down "$name" >/dev/null
	machine rm -f $T/plain
}

measure_logs() {
	machine cp -a "$T/rootfs/idle" "$T/rootfs/print"
	machine cp "$TOOL-stream" "$T/rootfs/print/bin/stream"
	echo "Lines from a container to its log, $MIB MiB; beside it cat(1) from a pipe to a file"
	log_row "100 bytes, 64 KiB at once" 100 65536
	log_row "100 bytes, one at once" 100 100
	log_row "1000 bytes, 64 KiB at once" 1000 65536
	machine sh -c "rm -f $T/conf.d/*.conf"
}

make_rootfs idle
echo "Linux $(uname -r), $(nproc) processors"
for part in $BENCH; do
	case $part in
	race) compare_starts ;;
	throughput) measure_throughput ;;
	scale) measure_scale ;;
	plan) measure_looks ;;
	apply) measure_apply ;;
	idle) measure_idle ;;
	logs) measure_logs ;;
	*)
		echo "bench: no such part: $part; there are: race throughput scale plan apply idle logs" >&2
		exit 2
		;;
	esac
done
