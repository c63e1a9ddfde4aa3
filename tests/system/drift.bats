#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman check: what somebody else has changed of what runs is told as wanted, recorded and actual;
# --repair mends it, and --watch as it happens. Traffic flows before and after, in the same process.
load lib

# The same tests for both backends: drift-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

NETWORKS='networks : { cman0 : { subnet = "10.83.0.0/16"; };
	cells : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; icc = false; }; };'

prepare() {
	write_manager "$NETWORKS"
	outside busybox httpd -p 0.0.0.0:80 -h /run
}

only_with() { [ $BACKEND = "$1" ] || skip "$1"; }

web() { server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'; }
up() { web; run_ok cman up web; PID=$(pid_of web); clean; }

# The kernel tells of a carrier that has come or gone up to a second later, or more where it is busy.
carriers_are_told() {
	machine sh -c 'for link in /sys/class/net/*; do
		carrier=$(cat "$link/carrier" 2>/dev/null) || continue
		case "$carrier $(cat "$link/operstate")" in "0 up" | "1 down" | "1 lowerlayerdown") exit 1 ;; esac
	done'
}

# A command that has ended has closed its nftables socket too, beside those who went on.
all_have_ended() { ! machine pgrep -x cman >/dev/null; }

# As nothing of the machine but what is told: reading is all that check does.
unchanging() { # CMD...
	wait_until 20 carriers_are_told
	wait_until 5 all_have_ended
	snapshot >"$BATS_TEST_TMPDIR/look-before"
	"$@"
	snapshot >"$BATS_TEST_TMPDIR/look-after"
	diff -u "$BATS_TEST_TMPDIR/look-before" "$BATS_TEST_TMPDIR/look-after"
}

clean() {
	run_ok cman check
	assert_output_has "nothing has drifted"
}

# tells OF WHAT WANTED RECORDED ACTUAL: as a row, whatever others there are
tells() {
	local IFS=' '

	[[ " $(tr -s ' ' <<<"$output" | tr '\n' '|') " == *"|$*|"* ]] || {
		printf 'no row: %s\nin:     %s\n' "$*" "$output"
		return 1
	}
}

drifted() { run -3 cman check; }

mended() {
	run_ok cman check --repair
	assert_output_has mended
	[[ $output != *"NOT MENDED"* ]] || { echo "$output"; return 1; }
	clean
	assert_equal "$(pid_of web)" "$PID"
	works
}

# In, out, and from the host.
works() {
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page machine "http://127.0.0.1:8080/" "page of web"
	wait_until 10 reaches_outside web
}

reaches_outside() { within "$1" timeout 3 busybox nc -w 2 $OUTSIDE_IP 80 </dev/null; }

inside() { # NAME CMD...: with the machine's programs, in the network of the container
	local pid

	pid=$(pid_of "$1")
	shift
	machine nsenter --target "$pid" --net -- "$@"
}

@test "drift: nothing runs, and what runs undisturbed" {
	run_ok cman check
	[[ $output != *drifted* ]]
	up
	works
	unchanging clean
	run_ok cman check --repair
	assert_output_has "nothing has drifted"
	run_ok cman check $T/conf.d/web.conf
	[[ $output != *drifted* ]]
	run -2 cman check --repair $T/conf.d/web.conf
}

@test "drift: the bridge down, without address, with another mtu, without route_localnet" {
	up
	machine ip link set cman0 down mtu 1300
	machine ip address flush dev cman0
	machine sysctl -qw net.ipv4.conf.cman0.route_localnet=0
	unchanging drifted
	tells cman0 cman0 up up down
	tells cman0 cman0 mtu 1500 1500 1300
	tells cman0 cman0 address 10.83.0.1/16 10.83.0.1/16 none
	tells cman0 cman0 route_localnet on on off
	mended
}

@test "drift: the bridge deleted" {
	up
	machine ip link delete cman0
	unchanging drifted
	tells cman0 cman0 bridge bridge gone
	tells web c-web bridge cman0 cman0 none
	mended
}

@test "drift: ip_forward switched off" {
	up
	machine sysctl -qw net.ipv4.ip_forward=0
	unchanging drifted
	tells host ip_forward on on off
	mended
	sleeper six <<<'net : { network = "cells"; };'
	run_ok cman up six
	machine sysctl -qw net.ipv6.conf.all.forwarding=0
	drifted
	tells host ipv6 forwarding on on off
	mended
}

@test "drift: a host that forwards IPv6 stops listening to its routers" {
	machine sysctl -qw net.ipv6.conf.uplink0.accept_ra=1
	web
	sleeper six <<<'net : { network = "cells"; };'
	run_ok cman up web six
	PID=$(pid_of web)
	clean
	assert_equal "$(machine sysctl -n net.ipv6.conf.uplink0.accept_ra)" 2
	machine sysctl -qw net.ipv6.conf.uplink0.accept_ra=1
	unchanging drifted
	tells host uplink0 accept_ra 2 2 1
	mended
	assert_equal "$(machine sysctl -n net.ipv6.conf.uplink0.accept_ra)" 2
	# Who does not want to listen at all is left alone.
	machine sysctl -qw net.ipv6.conf.uplink0.accept_ra=0
	clean
	machine sysctl -qw net.ipv6.conf.uplink0.accept_ra=2
}

@test "drift: links of cman that listen to routers, and the way of answers to ::1" {
	web
	server six <<<'net : { network = "cells"; ports = [ "8086:80" ]; };'
	run_ok cman up web six
	PID=$(pid_of web)
	clean
	machine sysctl -qw net.ipv6.conf.cells.accept_ra=2 net.ipv6.conf.c-six.accept_ra=1
	unchanging drifted
	tells cells cells accept_ra off off on
	tells six c-six accept_ra off off on
	mended
	machine ip -6 route delete local ::1 dev cells table local
	unchanging drifted
	tells cells cells route of ::1 on on off
	mended
	machine ip -6 route show table local | grep -q "local ::1 dev cells"
	machine sysctl -qw net.bridge.bridge-nf-call-ip6tables=0
	run_ok cman restart six
	assert_page machine "http://[::1]:8086/" "page of six"
	machine ip -6 route delete local ::1 dev cells table local
	assert_no_page machine "http://[::1]:8086/"
	mended
	assert_page machine "http://[::1]:8086/" "page of six"
	machine sysctl -qw net.bridge.bridge-nf-call-ip6tables=1
}

@test "drift: IPv6 switched off on a bridge, and on again" {
	web
	sleeper six <<<'net : { network = "cells"; };'
	run_ok cman up web six
	PID=$(pid_of web)
	machine sysctl -qw net.ipv6.conf.cells.disable_ipv6=1
	unchanging drifted
	tells cells cells address6 fd00:92::1/64 fd00:92::1/64 none
	# Who has switched it off is not overruled; the rest is mended.
	machine ip link set cman0 down
	run -3 cman check --repair
	assert_output_has "NOT MENDED" "sysctl -w net/ipv6/conf/cells/disable_ipv6=0"
	works
	machine sysctl -qw net.ipv6.conf.cells.disable_ipv6=0
	drifted
	tells cells cells link-local address on on off
	tells cells cells route of ::1 on on off
	mended
	wait_until 10 inside six busybox ping -q -c 1 -W 3 fd00:92::1
}

@test "drift: a bridge the rules no longer look into, and one they look into for nothing" {
	[ "$(machine cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" ] || skip "no br_netfilter"
	up
	sleeper limited <<<'net : { network = "cman0"; egress : { default = "deny"; }; };'
	run_ok cman up limited
	PID=$(pid_of web)
	clean
	machine sh -c "echo 0 >/sys/class/net/cman0/bridge/nf_call_iptables"
	machine sh -c "echo 0 >/sys/class/net/cman0/bridge/nf_call_ip6tables"
	unchanging drifted
	tells cman0 cman0 nf_call_iptables on on off
	tells cman0 cman0 nf_call_ip6tables on on off
	mended
	run_ok cman down limited
	clean
	machine sh -c "echo 1 >/sys/class/net/cman0/bridge/nf_call_iptables"
	drifted
	tells cman0 cman0 nf_call_iptables off off on
	mended
}

@test "drift: nobody watches the host's name servers any more" {
	up
	sleeper other </dev/null
	run_ok cman up other
	clean
	machine rm $T/state/dns.watcher
	unchanging drifted
	tells host watch for name servers on on off
	mended
	machine sh -c 'echo "nameserver 192.0.2.77" >/etc/resolv.conf'
	arrives() { within web grep -q 192.0.2.77 /etc/resolv.conf; }
	wait_until 15 arrives
	machine sh -c 'echo "nameserver 192.0.2.1" >/etc/resolv.conf'
}

@test "drift: the host's end of a veth taken out of its bridge, down, with other modes" {
	up
	machine ip link set c-web nomaster
	machine ip link set c-web down mtu 1400
	unchanging drifted
	tells web c-web bridge cman0 cman0 none
	tells web c-web up up down
	tells web c-web mtu 1500 1500 1400
	mended
	machine bridge link set dev c-web hairpin off
	machine bridge link set dev c-web isolated on
	drifted
	tells web c-web hairpin on on off
	tells web c-web isolated off off on
	mended
}

@test "drift: a veth deleted is made anew in the container that runs" {
	up
	mac=$(within web cat /sys/class/net/eth0/address)
	machine ip link delete c-web
	unchanging drifted
	tells web c-web veth veth gone
	mended
	assert_equal "$(within web cat /sys/class/net/eth0/address)" "$mac"
	inside web ip link delete eth0
	drifted
	mended
}

@test "drift: filters and rates taken off a link" {
	server web <<-EOF
	net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; antispoof = true;
		bandwidth : { egress = "50Mbit"; ingress = "50Mbit"; }; };
	EOF
	run_ok cman up web
	PID=$(pid_of web)
	clean
	machine tc qdisc delete dev c-web clsact
	unchanging drifted
	tells web c-web filter in on on off
	mended
	machine tc qdisc delete dev c-web root
	inside web tc qdisc delete dev eth0 root
	drifted
	tells web c-web rate on on off
	tells web eth0 rate on on off
	mended
	machine tc -d filter show dev c-web ingress | grep -q cman
}

@test "drift: addresses and routes inside" {
	up
	inside web ip route delete default
	unchanging drifted
	tells web eth0 route default via 10.83.0.1 via 10.83.0.1 none
	mended
	inside web ip address flush dev eth0
	drifted
	tells web eth0 address 10.83.0.10/16 10.83.0.10/16 none
	mended
	inside web ip route replace default via 10.83.0.99
	inside web ip address add 10.83.0.77/16 dev eth0
	drifted
	tells web eth0 route default via 10.83.0.1 via 10.83.0.1 via 10.83.0.99
	mended
	inside web ip link set eth0 down
	drifted
	tells web eth0 up up down
	mended
}

@test "drift: two networks, IPv6, isolated ports, routes by source" {
	sleeper both <<-EOF
	net = ( { network = "cman0"; }, { network = "cells"; } );
	EOF
	web
	run_ok cman up web both
	PID=$(pid_of web) both=$(pid_of both)
	clean
	machine ip -6 address delete fe80::1/64 dev cells
	drifted
	tells cells cells link-local address on on off
	mended
	machine ip link delete c-both_1
	machine ip -6 address flush dev cells
	inside both ip link set eth0 mtu 1400
	drifted
	tells both c-both_1 veth veth gone
	tells cells cells address6 fd00:92::1/64 fd00:92::1/64 none
	mended
	machine bridge link set dev c-both_1 isolated off
	address=$(cman status --json both | jq -r '.addresses[1].address')
	inside both ip rule delete from "$address"
	inside both ip route flush table "$(inside both ip -o link show eth1 | awk -F: '{ print 1000 + $1 }')"
	inside both ip -6 address flush dev eth1 scope global
	drifted
	tells both c-both_1 isolated on on off
	assert_output_has "eth1 rule from $address/32" "eth1 address6" "eth1 route default, table"
	mended
	assert_equal "$(pid_of both)" "$both"
}

@test "drift: rules of cman flushed, deleted, changed, and jumps moved" {
	only_with iptables
	up
	machine iptables-legacy -t nat -F CMAN-DNAT
	unchanging drifted
	tells host CMAN-DNAT 1 rule 1 rule other rules
	mended
	machine iptables-legacy -F
	machine iptables-legacy -X CMAN-FWD
	machine iptables-legacy -t nat -F
	drifted
	assert_match "$output" "CMAN-FWD .*gone"
	assert_match "$output" "CMAN-NAT .*other rules|CMAN-NAT .*not entered"
	mended
	machine iptables-legacy -t nat -D POSTROUTING -j CMAN-NAT -m comment --comment cman
	drifted
	assert_match "$output" "CMAN-NAT .*not entered"
	mended
	machine iptables-legacy -I FORWARD -p tcp --dport 1 -j DROP
	unchanging drifted
	tells host jumps in their place in their place elsewhere
	mended
	machine iptables-legacy -A CMAN-GUARD -t raw -j ACCEPT
	drifted
	mended
	machine iptables-legacy -D FORWARD -p tcp --dport 1 -j DROP
}

@test "drift: the table of nft deleted, flushed, changed" {
	only_with nftables
	up
	machine nft delete table inet cman
	unchanging drifted
	assert_match "$output" "inet cman FWD .*gone"
	mended
	machine nft flush chain inet cman DNAT
	unchanging drifted
	tells host inet cman DNAT 1 rule 1 rule other rules
	mended
	machine nft flush ruleset
	drifted
	mended
	machine nft flush chain inet cman nat-postrouting
	drifted
	assert_match "$output" "inet cman NAT .*not entered"
	mended
	machine nft add chain inet cman stranger
	drifted
	tells host table nothing else nothing else something else
	mended
}

@test "drift: generated files, changed and gone" {
	up
	hosts=$(within web cat /etc/hosts)
	machine sh -c "echo 6.6.6.6 web >$T/state/networks/cman0/hosts"
	# Not resolv.conf: whoever watches the host's name servers may be quicker.
	machine sh -c "echo other >$T/state/containers/web/hostname"
	unchanging drifted
	tells cman0 hosts generated generated changed
	tells web hostname generated generated changed
	mended
	assert_equal "$(within web cat /etc/hosts)" "$hosts"
	assert_equal "$(within web grep -c 192.0.2.1 /etc/resolv.conf)" 1
	machine rm $T/state/networks/cman0/hosts $T/state/containers/web/resolv.conf
	machine sh -c "cd $T/state/containers/web && cp hostname new && echo x >>new && mv new hostname"
	unchanging drifted
	tells cman0 hosts generated generated gone
	tells web resolv.conf generated generated gone
	tells web hostname generated generated gone
	mended
	# They are bound again: what comes later arrives.
	sleeper late </dev/null
	run_ok cman up late
	assert_equal "$(within web grep -c late /etc/hosts)" 1
	assert_equal "$(within web cat /etc/hostname)" web
	refute within web sh -c 'echo x >>/etc/hosts'
}

@test "drift: a network's record lost or damaged while containers run" {
	up
	machine rm -r $T/state/networks/cman0
	drifted
	tells web cman0 member yes no yes
	mended
	machine sh -c "echo nonsense >$T/state/networks/cman0/record"
	drifted
	tells cman0 record - damaged not known
	mended
}

@test "drift: what nobody knows any more is told, and nothing breaks" {
	sleeper lost <<<'net : { network = "cells"; };'
	up
	run_ok cman up lost
	pid=$(pid_of lost)
	machine rm -r $T/state/networks/cells
	machine ip link delete c-lost
	container lost <<<'rootfs = "@rootfs@"; command = "true";'
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; }; };'
	drifted
	run -3 cman check --repair
	assert_output_has "network cells is neither recorded nor in" "NOT MENDED"
	write_manager "$NETWORKS"
	mended
	machine sh -c "echo x >>$T/state/containers/lost/spec"
	run -3 cman check --repair
	tells lost record - damaged not known NOT MENDED
	assert_output_has "cman down lost ends it"
	machine kill -0 "$pid"
	machine sh -c "echo x >$T/state/containers/lost/record"
	run -3 cman check --repair
	assert_output_has "cman down lost ends it"
	machine kill -0 "$pid"
	run_ok cman down lost
	clean
}

@test "drift: what a killed supervisor left is cleaned up" {
	up
	sleeper dead </dev/null
	run_ok cman up dead
	clean
	supervisor=$(cman status --json dead | jq -r .supervisor_pid)
	pid=$(pid_of dead)
	machine kill -KILL "$supervisor" "$pid"
	wait_until 10 has_gone "$pid"
	drifted
	tells dead process - running gone
	mended
	run_ok cman ps dead
	assert_match "$output" "dead +stopped"
}

@test "drift: another command's container is left alone" {
	up
	machine ip link set c-web nomaster
	machine flock -o $T/state/containers/web/lock sleep 3 3>&- &
	sleep 0.3
	run_ok cman check --repair
	assert_output_has "web: another command works on it, left alone"
	machine ip -o link show c-web | grep -vq "master cman0"
	wait $!
	drifted
	mended
}

@test "drift: a container that administers its network has its own way inside" {
	server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; }; security : { cap_add = [ "NET_ADMIN" ]; };'
	run_ok cman up web
	PID=$(pid_of web)
	inside web ip route replace default via 10.83.0.99
	clean
	machine ip link delete c-web
	drifted
	mended
}

@test "drift: what cannot be mended is told, and the rest is mended" {
	up
	machine ip link delete cman0
	machine ip link add cman0 type bridge
	machine sysctl -qw net.ipv4.ip_forward=0
	run -3 cman check --repair
	assert_output_has "NOT MENDED" "not made by cman"
	assert_match "$output" "ip_forward .* mended"
	machine ip link delete cman0
	mended
}

@test "drift: a file that has changed since is told, and is no drift" {
	up
	server web <<<'net : { ip = "10.83.0.10"; ports = [ "8081:80" ]; };'
	clean
	assert_output_has "web: runs otherwise than its file says now: cman apply web"
	mv "$(path $T/conf.d/web.conf)" "$(path $T/web.conf)"
	clean
	assert_output_has "web: runs, and has no file any more: cman down web"
	mv "$(path $T/web.conf)" "$(path $T/conf.d/web.conf)"
	machine ip route delete 10.83.0.0/16 || true
	machine ip link delete cman0
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; mtu = 1400; }; };'
	drifted
	run_ok cman check --repair
	clean
	assert_equal "$(machine cat /sys/class/net/cman0/mtu)" 1500
	machine ip link set cman0 mtu 1300
	drifted
	tells cman0 cman0 mtu 1400 1500 1300
	write_manager "$NETWORKS"
	mended
}

@test "drift: containers and networks of every kind are found as they were made" {
	machine ip link add br9 type bridge
	machine ip link set br9 up
	write_manager 'dns : { domain = "lan.test"; };' 'networks : {
		cman0 : { subnet = "10.83.0.0/16"; mtu = 1400; };
		quiet : { subnet = "10.91.0.0/24"; internal = true; };
		cells : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; icc = false; };
		plain : { subnet = "10.93.0.0/24"; nat = false; };
		yours : { subnet = "10.94.0.0/24"; bridge = "br9"; external = true; };
		lan : { subnet = "192.0.2.0/24"; parent = "uplink0"; pool = "192.0.2.100-192.0.2.120"; }; };'
	sleeper alone <<<'net = "none";'
	sleeper usual </dev/null
	sleeper shared <<<'net = "host";'
	sleeper many <<-EOF
	net = ( { network = "cman0"; mtu = 1300; mac = "02:00:00:00:00:77"; nat = false;
		routes = [ "198.51.100.0/24 via 10.83.0.7" ]; aliases = [ "store" ]; },
		{ network = "quiet"; }, { network = "cells"; ports = [ "8081:80" ]; }, { network = "plain"; } );
	EOF
	sleeper mac <<<'net : { network = "lan"; };'
	sleeper guest <<<'net : { network = "yours"; };'
	sleeper six <<<'net : { network = "cells"; }; dns = [ "192.0.2.53" ]; extra_hosts = [ "a=192.0.2.9" ];'
	sleeper root <<<'security : { userns = "none"; privileged = true; };'
	container over <<-EOF
	rootfs : { path = "@rootfs@"; mode = "volatile"; };
	command = [ "/bin/sleep", "1000" ]; stop_signal = "SIGKILL"; hostname = "other";
	EOF
	container short <<<'rootfs = "@rootfs@"; command = "true";'
	run_ok cman up --all
	has_ended() { cman ps short | grep -q exited; }
	wait_until 10 has_ended
	unchanging clean
	assert_output_has "9 containers and 4 networks up"
	[[ $output != *restart* ]] || { echo "$output"; return 1; }
	run_ok cman check --repair
	assert_output_has "nothing has drifted"
	machine rm $T/state/containers/alone/hosts
	drifted
	tells alone hosts generated generated gone
	run_ok cman check --repair
	clean
	inside mac ip link delete eth0
	run -3 cman check
	tells mac eth0 macvlan macvlan gone
	run_ok cman check --repair
	clean
	inside mac ip -o address show eth0 | grep -q "$(ip_of mac)/24"
	run_ok cman ps short
	assert_match "$output" "short +exited 0"
	run_ok cman down --all
	write_manager "$NETWORKS"
	machine ip link delete br9
}

@test "drift: a container that stands still is looked at and mended as any other" {
	up
	run_ok cman pause web
	machine ip link delete c-web
	drifted
	run_ok cman check --repair
	run_ok cman resume web
	clean
	works
}

@test "drift: without rules there is none of them" {
	only_with iptables
	write_manager 'firewall : { backend = "none"; };'
	sleeper plain </dev/null
	run_ok cman up plain
	unchanging clean
	machine ip link delete cman0
	drifted
	run_ok cman check --repair
	clean
	assert_equal "$(machine cat /proc/sys/net/ipv4/conf/cman0/route_localnet)" 0
	[ -z "$(machine iptables-legacy-save | grep CMAN)" ]
	run_ok cman down plain
	write_manager "$NETWORKS"
}

# watch: runs it in the background; $WATCH is its process in the machine, $LINES what it prints.
watch() {
	LINES=$BATS_TEST_TMPDIR/watch
	rm -f "$LINES" # not that of an earlier one
	machine sh -c "echo \$\$ >$T/rootfs/watch.pid; exec '$CMAN' -c $CONF check --watch" \
		>"$LINES" 2>&1 3>&- &
	WATCHER=$!
	wait_until 10 grep -qs watching "$LINES"
	WATCH=$(<"$(path $T/rootfs/watch.pid)")
}

watch_ends() { # SIGNAL
	local status=0

	machine kill "-$1" "$WATCH"
	wait "$WATCHER" || status=$?
	assert_equal $status 0
}

says_nothing() {
	tail -n 1 "$LINES" | grep -q 'watching$' || { cat "$LINES"; return 1; }
}

is_clean() { cman check 2>&1 | grep -q "nothing has drifted"; }

# No command of ours in between: what mends is the watcher. A look takes the container's lock, and
# the watcher leaves alone what is locked, so not too often.
mends_itself() { # SECONDS TEXT
	wait_until "$1" grep -q -- "$2.*: mended$" "$LINES" || { cat "$LINES"; return 1; }
	wait_until 10 is_clean
	works
	assert_equal "$(pid_of web)" "$PID"
}

@test "drift: watch mends as it happens, and ends by a signal" {
	up
	watch
	machine ip link delete cman0
	mends_itself 3 "cman0: cman0: wanted bridge, recorded bridge, was gone"
	machine ip link set c-web nomaster
	mends_itself 3 "c-web bridge: wanted cman0, recorded cman0, was none"
	machine sysctl -qw net.ipv4.ip_forward=0
	mends_itself 3 "ip_forward: wanted on, recorded on, was off"
	# Of what happens inside it hears as well.
	inside web ip route delete default
	mends_itself 3 "eth0 route default"
	machine ip link delete c-web
	mends_itself 3 "c-web: wanted veth, recorded veth, was gone"
	if [ $BACKEND = nftables ]; then
		machine nft delete table inet cman
		mends_itself 3 "inet cman FWD: .* was gone"
	else
		machine iptables-legacy -t nat -F
		mends_itself 8 "CMAN-DNAT: .* was not entered"
	fi
	watch_ends TERM
	watch
	watch_ends INT
	says_nothing
}

@test "drift: watch leaves what up and down do alone, and takes little time for itself" {
	up
	watch
	sleeper db </dev/null
	run_ok cman up db
	run_ok cman restart db
	run_ok cman down db
	for ((i = 0; i < 200; i++)); do
		machine ip link set uplink0 alias "$i"
	done
	machine ip link set uplink0 alias ""
	sleep 3
	# of user and kernel, in ticks of 10 ms: a second at most
	read -r -a stat <<<"$(machine cat "/proc/$WATCH/stat")"
	[ $((stat[13] + stat[14])) -lt 100 ] || { echo "ticks: ${stat[13]} ${stat[14]}"; return 1; }
	says_nothing
	watch_ends TERM
}

@test "drift: watch tells once what it cannot mend" {
	up
	watch
	machine ip link delete cman0
	machine ip link add cman0 type bridge
	wait_until 5 grep -q "NOT MENDED" "$LINES"
	sleep 6
	assert_equal "$(grep -c "cman0: cman0: .*NOT MENDED" "$LINES")" 1
	assert_equal "$(grep -c "not made by cman" "$LINES")" 1
	machine ip link delete cman0
	wait_until 8 grep -q "cman0: cman0: .*: mended" "$LINES"
	watch_ends TERM
	works
}
