#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman why: each value with its origin, and what the kernel has of it, which is looked up here by
# other means.
load lib

answers() { cman why web --json "$@"; }
# of KEY MEMBER: a member of the answer about one key
of() { answers "$1" | jq -r ".[0].$2"; }

assert_now() { # KEY VALUE
	assert_equal "$(of "$1" now)" "$2"
	assert_equal "$(of "$1" state)" same
}

NETWORK='networks : { cman0 : { subnet = "10.83.0.0/16"; subnet6 = "fd00:83::/64"; }; };'

# The cgroup file of web: v2's name, v1's name.
cgroup_file() {
	local file

	for file in /sys/fs/cgroup/"$CGROUP"/web/"$1" /sys/fs/cgroup/*/"$CGROUP"/web/"$2"; do
		if [ -e "$file" ]; then
			echo "$file"
			return
		fi
	done
	return 1
}

link_of() { machine nsenter -t "$PID_INSIDE" -n ip -j "$@"; }
status_line() { awk -v key="$1:" '$1 == key { $1 = ""; sub(/^ /, ""); print }' "$(path "/proc/$PID_INSIDE/status")"; }

web() { # LINE...
	sleeper web <<-END
	hostname = "www"; domainname = "nis.example"; read_only = true; working_dir = "/tmp"; user = "1000:100";
	supplementary_groups = [ 7, 8 ]; environment = [ "A=1" ]; stop_timeout = 0;
	limits : { pids = 77; memory = "64M"; cpus = 0.5; nofile = "100:200"; ulimits = [ "core=0" ]; oom_score_adj = 11; };
	net : { name = "lan0"; ip = "10.83.0.10"; mac = "02:00:5e:10:00:01"; mtu = 1400; ports = [ "8080:80" ];
		isolate = true; routes = [ "10.9.0.0/16 via 10.83.0.7" ]; aliases = [ "other" ]; bandwidth : { ingress = "100Mbit"; }; };
	dns = [ "192.0.2.53" ]; dns_search = [ "example.org" ]; dns_options = [ "ndots:2" ]; extra_hosts = [ "far=192.0.2.99" ];
	security : { cap_drop = [ "CHOWN" ]; sysctls = [ "net.core.somaxconn=77", "kernel.sem=250 32000 32 99" ];
		masked_paths = [ "/www" ]; readonly_paths = [ "/var" ]; };
	mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; mode = "1777"; }, { source = "/run/rootfs/bin"; target = "/mnt"; read_only = true; } );
	$*
	END
	machine mkdir -p "$T/rootfs/web/mnt" "$T/rootfs/web/tmp" "$T/rootfs/web/var"
}

up() {
	write_manager "$NETWORK"
	web
	run_ok cman up web
	PID_INSIDE=$(pid_of web)
}

@test "why: every key of a running container, as the kernel has it" {
	up
	run_ok cman why web
	[[ $output != *DIFFERS* && $output != *unknown* && $output != *PENDING* ]] || { echo "$output"; return 1; }
	assert_now limits.pids "$(cat "$(cgroup_file pids.max pids.max)")"
	assert_now limits.memory "$(cat "$(cgroup_file memory.max memory.limit_in_bytes)")"
	assert_equal "$(of limits.memory now)" 67108864
	assert_match "$(of limits.memory object)" "^$(cgroup_file memory.max memory.limit_in_bytes) \(cgroup v[12]\)$"
	assert_match "$(of limits.cpus now)" "$(head -n 1 "$(cgroup_file cpu.max cpu.cfs_quota_us)")"
	assert_now limits.nofile "$(awk '/^Max open files/ { print "nofile=" $4 ":" $5 }' "$(path "/proc/$PID_INSIDE/limits")")"
	assert_now limits.ulimits core=0
	assert_now limits.oom_score_adj "$(cat "$(path "/proc/$PID_INSIDE/oom_score_adj")")"
	assert_now hostname "$(machine nsenter -t "$PID_INSIDE" -u hostname)"
	assert_now domainname "$(machine nsenter -t "$PID_INSIDE" -u cat /proc/sys/kernel/domainname)"
	assert_now net.ip "$(link_of -4 addr show lan0 | jq -r '.[0].addr_info[0] | "\(.local)/\(.prefixlen)"')"
	assert_now net.ip6 "$(link_of -6 addr show lan0 scope global | jq -r '.[0].addr_info[0] | "\(.local)/\(.prefixlen)"')"
	assert_now net.mac "$(link_of link show lan0 | jq -r '.[0].address')"
	assert_now net.mtu "$(link_of link show lan0 | jq -r '.[0].mtu')"
	assert_now net.name lan0
	assert_now net.network "$(machine ip -j link show c-web | jq -r '.[0].master')"
	assert_now net.routes "$(link_of route show 10.9.0.0/16 | jq -r '.[0] | "\(.dst) via \(.gateway)"')"
	assert_match "$(of net.default_route now)" "$(link_of route show default | jq -r '.[0] | "default via \(.gateway)"')"
	assert_match "$(of net.isolate now)" '^sent and received, ([0-9]+) of ([0-9]+) rules$'
	assert_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	assert_equal "$(machine tc filter show dev c-web ingress | grep -c bpf)" "$(machine tc filter show dev c-web egress | grep -c bpf)"
	assert_now net.bandwidth.ingress "$(machine ip -j link show c-web | jq -r '.[0].qdisc')"
	assert_match "$(of net.ports now)" '^([0-9]+) of ([0-9]+) rules$'
	assert_equal "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	assert_equal "${BASH_REMATCH[1]}" "$(cman firewall --json web | jq '[.rules[] | select(.key == "net.ports[0]")] | length')"
	assert_equal "$(of net.ports state)" same
	assert_now dns "$(within web sed -n 's/^nameserver //p' /etc/resolv.conf)"
	assert_now dns_search "$(within web sed -n 's/^search //p' /etc/resolv.conf)"
	assert_now dns_options "$(within web sed -n 's/^options //p' /etc/resolv.conf)"
	assert_now extra_hosts far=192.0.2.99
	assert_now net.aliases other
	assert_now read_only ro
	assert_now 'mounts[0].size' 1024k
	assert_now 'mounts[0].mode' 1777
	assert_now 'mounts[1].read_only' ro
	assert_equal "$(of 'mounts[1].source' state)" same
	assert_now security.masked_paths "mounted over"
	assert_now security.readonly_paths ro
	assert_now security.no_new_privs "$(status_line NoNewPrivs)"
	assert_now security.seccomp "$(status_line Seccomp)"
	assert_equal "$(of security.cap_drop now | wc -w)" "$(within web sh -c 'grep ^CapBnd /proc/1/status' | awk '{ x = $2; n = 0; for (i = 1; i <= length(x); i++) n += substr("0112122312232334", index("0123456789abcdef", substr(x, i, 1)), 1); print n }')"
	assert_now security.sysctls "77, $(within web cat /proc/sys/kernel/sem)"
	assert_equal "$(of security.userns now)" \
		"$(awk '{ printf "%s%s %s %s", sep, $1, $2, $3; sep = ", " }' "$(path "/proc/$PID_INSIDE/uid_map")" "$(path "/proc/$PID_INSIDE/gid_map")")"
	assert_match "$(of user now)" "^$(status_line Uid | tr '\t' ' '), $(status_line Gid | tr '\t' ' ')$"
	assert_equal "$(of supplementary_groups now)" "$(status_line Groups)"
	assert_equal "$(of working_dir now)" /tmp
	assert_match "$(of command now)" '^/bin/sh -c trap'
	assert_match "$(of environment now)" 'A=1'
	# On v1 its files.
	assert_match "$(of security.devices object)" '(devices|BPF program)'
	assert_equal "$(of stop_timeout state)" file
	assert_match "$(of stop_timeout object)" "$T/state/containers/web/settings"
}

@test "why: what somebody else has changed is told, and only that" {
	up
	file=$(cgroup_file memory.max memory.limit_in_bytes)
	echo 33554432 >"$file"
	run -1 cman why web limits.memory
	assert_output_has 'limits.memory = "64M"' "$T/conf.d/web.conf:" "change   live" "$file" "now      33554432" \
		"DIFFERS  it should be 67108864"
	run -1 cman why web
	assert_equal "$(grep -c DIFFERS <<<"$output")" 1
	run_ok cman why web limits.pids
	echo 67108864 >"$file"
	run_ok cman why web
	machine nsenter -t "$PID_INSIDE" -u hostname elsewhere
	link_of link set lan0 mtu 1300
	link_of addr del 10.83.0.10/16 dev lan0
	machine sh -c "sed 's/192.0.2.53/192.0.2.54/' $T/state/containers/web/resolv.conf >$T/other && cat $T/other >$T/state/containers/web/resolv.conf"
	machine sh -c "echo 12 >/proc/$PID_INSIDE/oom_score_adj"
	machine prlimit --pid "$PID_INSIDE" --nofile=50:60
	machine ip link set c-web nomaster
	machine iptables-legacy -t nat -F CMAN-DNAT 2>/dev/null || machine nft delete table inet cman
	machine rm "$T/other"
	run -1 cman why web --json
	changed=$(jq -r '[.[] | select(.state == "differs") | .key] | sort | join(" ")' <<<"$output")
	for key in hostname net.mtu net.ip dns limits.oom_score_adj limits.nofile net.ports; do
		[[ " $changed " == *" $key "* ]] || { echo "$key is not in: $changed"; return 1; }
	done
	[[ $changed != *memory* && $changed != *dns_search* && $changed != *mounts* ]]
	assert_equal "$(of net.network state)" differs
	assert_equal "$(of net.network now)" "no bridge"
	assert_equal "$(of net.mtu now)" 1300
}

@test "why: what the file says and what it was started with" {
	up
	web 'labels = [ "a=1" ];'
	sed -i 's/memory = "64M"/memory = "32M"/' "$(path "$T/conf.d/web.conf")"
	run_ok cman why web limits.memory
	assert_output_has 'limits.memory = "32M"' 'PENDING  it was started with "64M"' "now      67108864"
	[[ $output != *DIFFERS* ]]
	run_ok cman why web
	assert_equal "$(grep -c PENDING <<<"$output")" 2
	run_ok cman apply web
	run_ok cman why web limits.memory labels
	[[ $output != *PENDING* ]]
	assert_output_has "now      33554432" "$T/state/containers/web/spec"
	run_ok cman down web
	run_ok cman why web limits.memory
	assert_output_has "now      not running" "memory.max"
}

@test "why: who said it, and in the place of what" {
	write_manager 'defaults : { limits : { memory = "64M"; }; environment = [ "A=1" ]; };' \
		'templates : { small : { limits : { memory = "32M"; }; environment = [ "+", "B=2" ]; }; };' 'dns : { search = [ "lan" ]; };'
	sleeper web <<<'extends = [ "small" ]; limits : { memory = "16M"; }; environment = [ "+", "C=3" ];'
	run_ok cman why web limits.memory
	assert_output_has "from     $T/conf.d/web.conf:3" "over     \"32M\", $CONF:" ", template small" "over     \"64M\", $CONF:" \
		", defaults" 'over     "max", built in'
	run_ok cman why web environment
	assert_output_has 'part     "A=1", ' 'part     "B=2", ' 'part     "C=3", '
	run_ok cman why web dns_search
	assert_output_has '[ "lan" ]' "for all containers"
	run_ok cman why web limits.cpu_weight hostname
	assert_output_has "from     built in" "found by cman, default: the container's name"
	run_ok cman why web
	[[ $output != *cpu_weight* ]]
}

@test "why: an interface of several, groups, and keys that there are not" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	sleeper web <<<'net = ( { ip = "10.91.0.9"; }, { network = "back"; ip = "10.92.0.9"; mtu = 1400; } );'
	run_ok cman up web
	assert_equal "$(answers net.ip | jq -r '[.[].now] | join(" ")')" "10.91.0.9/24 10.92.0.9/24"
	assert_equal "$(answers 'net[1].mtu' | jq -r '.[0].now')" 1400
	assert_equal "$(answers 'net[0]' | jq -r '[.[].key] | map(select(startswith("net[0].") | not)) | length')" 0
	run_fails cman why web limits.memroy
	assert_output_has 'unknown key "limits.memroy"' 'did you mean "limits.memory"'
	run_fails cman why web 'net[2].ip'
	assert_output_has 'nothing has net[2].ip'
	run_fails cman why nobody
	assert_output_has 'no container "nobody"'
}

@test "why: looking changes nothing" {
	up
	snapshot >"$BATS_TEST_TMPDIR/look-before"
	run_ok cman why web
	run_ok cman why web security limits net mounts
	wait_until 5 sh_same
}
sh_same() { snapshot >"$BATS_TEST_TMPDIR/look-after"; cmp -s "$BATS_TEST_TMPDIR/look-before" "$BATS_TEST_TMPDIR/look-after"; }

@test "why: a whole key table of a container with an init and its own devices" {
	local allow

	write_manager
	sleeper web <<<'init = true; security : { devices = ( { path = "/dev/net/tun"; access = "rw"; } ); nesting = true; };'
	machine mkdir -p /dev/net
	machine sh -c '[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200'
	run_ok cman up web
	assert_now init cman-init
	assert_match "$(of command now)" '^/bin/sh -c trap'
	assert_equal "$(of security.nesting now)" there
	assert_match "$(of security.devices state)" '^(same|unknown)$'
	# More than it was given is not the same. On v1, which tells what it allows.
	if allow=$(cgroup_file none devices.allow); then
		echo 'c 10:200 m' >"$allow"
		assert_equal "$(of security.devices state)" differs
		echo 'c 10:200 m' >"${allow%allow}deny"
		assert_equal "$(of security.devices state)" same
	fi
	# All of them, set or not: none is left without an answer.
	for group in limits net security restart log hooks ready health dns mounts rootfs command hostname init; do
		answers $group >"$BATS_TEST_TMPDIR/answers" || [ $? = 1 ]
		assert_equal "$(jq -c '.[] | select(.state == "differs" or .object == "")' "$BATS_TEST_TMPDIR/answers")" ""
	done
}
