#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# net = "host": the container shares the host's network namespace, and everything else stays its own.
load lib

PROBE=${PROBE:-$(dirname "$CMAN")/probe}

# host_server NAME PORT: serves its name on a port of the host.
host_server() {
	container "$1" <<-EOF
	rootfs = "@rootfs@"; net = "host";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "$2", "-h", "/www" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	echo "page of $1" >"$(path "$T/rootfs/$1/www/index.html")"
}

netns_of() { machine readlink "/proc/$1/ns/net"; }

outside_namespaces() {
	local kind

	for kind in user pid mnt uts ipc net cgroup; do
		machine readlink /proc/1/ns/$kind
	done | paste -sd,
}

@test "a port the container listens on is one of the host, and cman makes nothing for it" {
	host_server web 8080 </dev/null
	before=$(machine ip -o link; machine cat /proc/sys/net/ipv4/ip_forward)
	run_ok cman up web
	assert_page outside http://$HOST_IP:8080/ "page of web"
	assert_page machine http://127.0.0.1:8080/ "page of web"
	assert_equal "$(netns_of "$(pid_of web)")" "$(netns_of self)"
	assert_equal "$(machine ip -o link; machine cat /proc/sys/net/ipv4/ip_forward)" "$before"
	assert_equal "$(rules | grep -i cman)" ""
	assert_equal "$(ls "$(path $T/state/networks)")" ""
	run_ok within web ifconfig -a
	assert_output_has uplink0 "inet addr:$HOST_IP"
	run_ok cman down web
	assert_no_page machine http://127.0.0.1:8080/
	run_ok machine ip -o link show up dev lo
}

@test "everything else is its own: of the probe's checks the one about the network fails" {
	[ -x "$PROBE" ] || { echo "no $PROBE: run make ${PROBE#"$SOURCE"/}" >&2; return 1; }
	make_rootfs box
	machine cp "$PROBE" $T/rootfs/box/bin/probe
	for more in "" 'user = "nobody";'; do
		sleeper box <<<"net = \"host\"; $more"
		run_ok cman up box
		run -1 within box /bin/probe --failed --outside "$(outside_namespaces)"
		assert_equal "$output" ns-net
		run_ok cman down box
	done
}

@test "without a user namespace too, but for the ids" {
	make_rootfs box
	machine cp "$PROBE" $T/rootfs/box/bin/probe
	sleeper box <<<'net = "host"; security : { userns = "none"; };'
	run_ok cman up box
	run -1 within box /bin/probe --failed --outside "$(outside_namespaces)"
	assert_equal "$(sort <<<"$output" | paste -sd' ')" "map-low map-root ns-net ns-user"
	run_ok cman ps
	assert_output_has "host-ids,host-net"
}

@test "/sys shows the host's links, is read-only, and has nothing of what the host mounts below" {
	sleeper box <<<'net = "host";'
	run_ok cman up box
	run_ok within box ls /sys/class/net
	assert_output_has uplink0
	run_ok within box grep ' /sys ' /proc/self/mountinfo
	assert_match "$output" ' ro,nosuid,nodev,noexec'
	run_fails within box mkdir /sys/fs/cgroup/x
	run_fails within box sh -c 'echo 1400 >/sys/class/net/uplink0/mtu'
	# cgroups at most, as everywhere, and what covers the rest.
	run_ok within box sh -c "awk '\$5 ~ \"^/sys/\" && !/ - (cgroup2|sysfs|devtmpfs|tmpfs) /' /proc/self/mountinfo"
	assert_equal "$output" ""
	run_ok within box sh -c 'ls /sys/firmware /sys/kernel/slab 2>/dev/null | grep -v :; cat /sys/kernel/notes'
	assert_equal "$(tr -d '\n' <<<"$output")" ""
}

@test "nesting has its sysfs, for networks of their own inside" {
	sleeper box <<<'net = "host"; security : { nesting = true; };'
	run_ok cman up box
	run_ok within box unshare -Urnm sh -c 'mount -t sysfs -o ro none /sys && ls /sys/class/net'
	assert_equal "$output" lo
}

@test "privileged: /sys may be written as far as the ids allow" {
	sleeper box <<<'net = "host"; security : { privileged = true; };'
	run_ok cman up box
	run_ok within box grep ' /sys ' /proc/self/mountinfo
	assert_match "$output" ' rw,nosuid,nodev,noexec'
	run_fails within box sh -c 'echo 1400 >/sys/class/net/uplink0/mtu'
	run_fails within box ifconfig uplink0 mtu 1400
}

@test "low ports and links are the host's: its root alone has them" {
	host_server low 80 </dev/null
	cman up low || true
	wait_until 10 machine grep -qi "permission denied" $T/log/low.log
	run_ok cman down low
	host_server low 80 <<<'security : { userns = "none"; };'
	run_ok cman up low
	assert_page outside http://$HOST_IP/ "page of low"
}

@test "resolv.conf has the host's own resolver, the hosts file the container's name" {
	printf 'search example.net\nnameserver 127.0.0.53\noptions edns0 trust-ad\n' >"$(path /etc/resolv.conf)"
	sleeper box <<<'net = "host"; hostname = "www"; extra_hosts = [ "printer=192.0.2.77" ];'
	sleeper other </dev/null
	run_ok cman up box other
	run_ok within box cat /etc/resolv.conf
	assert_output_has "nameserver 127.0.0.53" "search example.net" "trust-ad"
	run_ok within other cat /etc/resolv.conf
	[[ $output != *nameserver\ 127* ]]
	for name in box www; do assert_equal "$(resolve box $name)" 127.0.1.1; done
	assert_equal "$(resolve box printer)" 192.0.2.77
	assert_equal "$(resolve box other)" ""
	assert_equal "$(resolve other box)" ""
}

@test "ps, status and check say so" {
	sleeper box <<<'net = "host";'
	run_ok cman check
	assert_output_has "box: host-net"
	run_ok cman up box
	sleeper box </dev/null # what counts is what runs
	run_ok cman ps
	assert_match "$output" 'box +running +- +- .*host-net'
	run_ok cman status box
	assert_match "$output" 'mark +host-net'
	assert_equal "$(cman ps --json | jq -r '.[0].marks[0]')" host-net
}

@test "exec goes where the container is, whatever network cman itself is called on" {
	sleeper box <<<'net = "host";'
	run_ok cman up box
	run_ok outside timeout -k 5 60 "$CMAN" -c "$CONF" exec box -- ifconfig -a
	assert_output_has uplink0
	[[ $output != *uplink1* ]]
}

@test "graph and trace tell that the network is the host's" {
	sleeper box <<<'net = "host";'
	sleeper lone <<<'net = "none";'
	run_ok cman graph
	assert_output_has "|- the host's network: box" "\`- no network: lone"
	run_ok cman graph --dot
	assert_output_has '"host " -- "container box"'
	run_ok cman up box
	run_ok cman trace box $OUTSIDE_IP:443
	assert_output_has "shares the host's network" "ip route get $OUTSIDE_IP"
	run_ok cman trace box:80
	assert_output_has "shares the host's network" "sport = :80"
}

@test "sysctls of the network are refused, those of IPC are not" {
	sleeper box <<<'net = "host"; security : { sysctls = [ "kernel.msgmax=16384", "net.core.somaxconn=1024" ]; };'
	run_fails cman up box
	assert_output_has 'security.sysctls: net/core/somaxconn is the host'"'"'s with net = "host"' \
		"box.conf:3:"
	sleeper box <<<'net = "host"; security : { sysctls = [ "kernel.msgmax=16384" ]; };'
	run_ok cman up box
	run_ok within box cat /proc/sys/kernel/msgmax
	assert_equal "$output" 16384
}

@test "a template's network is replaced by the host's, and the other way round" {
	write_manager 'templates : { shared : { net = "host"; }; own : { net : { nat = false; }; }; };'
	sleeper a <<<'extends = "shared"; net : { ip = "10.83.0.9"; };'
	sleeper b <<<'extends = "own"; net = "host";'
	sleeper c <<<'extends = "shared"; net = "none";'
	run_ok cman up a b c
	assert_equal "$(ip_of a)" 10.83.0.9
	assert_equal "$(netns_of "$(pid_of b)")" "$(netns_of self)"
	refute test "$(netns_of "$(pid_of c)")" = "$(netns_of self)"
	run_ok cman show b
	assert_output_has 'net = "host"'
}

@test "a start that fails leaves nothing, and the host's network as it was" {
	unstartable box <<<'net = "host";'
	run_fails cman up box
	assert_output_has /no/such/program
	run_ok machine ip -o link show up dev uplink0
	assert_unchanged
}
