#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container may call: net.egress and net.host_access, by packets.
load lib

# The same tests for both backends: egress-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

NF=/proc/sys/net/bridge/bridge-nf-call
GATEWAY=10.83.0.1
OUTSIDE6=2001:db8:9::1

# Servers outside (TCP 80 and 81, UDP 53 and 5000) and on the host (TCP 81, UDP 53 and 5000) that are
# there before the snapshot and end with the machine. Bridges are not looked at by themselves.
prepare() {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; subnet6 = "fd00:83::/64"; }; };'
	machine sh -c "for f in $NF-iptables $NF-ip6tables $NF-arptables; do echo 0 >\$f; done"
	machine sysctl -qw net.ipv6.conf.all.forwarding=1
	machine ip -6 address add 2001:db8:9::2/64 dev $UPLINK nodad
	machine ip -n outside -6 address add $OUTSIDE6/64 dev uplink1 nodad
	machine ip -n outside -6 route add fd00:83::/64 via 2001:db8:9::2
	for port in 80 81; do outside busybox httpd -p "[::]:$port" -h /run/rootfs/www; done
	machine busybox httpd -p '[::]:81' -h /run/rootfs/www
	for port in 53 5000; do
		serve_udp outside $port
		serve_udp machine $port
	done
	wait_until 5 answers_udp machine $OUTSIDE_IP 5000
	wait_until 5 answers_udp machine 127.0.0.1 5000
}

# serve_udp WHERE PORT: answers with what it gets
serve_udp() {
	"$1" timeout 100 socat "UDP6-RECVFROM:$2,fork,reuseaddr" EXEC:cat 3>&- &
	disown
}

# Runs a program of the host in the network of a container, or where lib.bash says.
at() {
	local where=$1

	shift
	case $where in
	machine | outside) "$where" "$@" ;;
	*) machine nsenter --net="/proc/$(pid_of "$where")/ns/net" "$@" ;;
	esac
}

bracket() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }

answers_tcp() { # FROM ADDRESS PORT
	at "$1" timeout 2 socat -u /dev/null "TCP:$(bracket "$2"):$3,connect-timeout=1" 2>/dev/null
}
answers_udp() { # FROM ADDRESS PORT [OPTION]
	[ "$(at "$1" sh -c "echo ping | timeout 2 socat -t 0.7 - 'UDP:$(bracket "$2"):$3${4:+,$4}'" 2>/dev/null)" = ping ]
}
answers_ping() { at "$1" busybox ping -c 1 -W 1 "$2" >/dev/null 2>&1; } # FROM ADDRESS

# reaches FROM ADDRESS WHAT..., keeps FROM ADDRESS WHAT...: WHAT is "tcp:80", "udp:53" or "ping"
answers() {
	case $3 in
	ping) answers_ping "$1" "$2" ;;
	*) "answers_${3%:*}" "$1" "$2" "${3#*:}" ;;
	esac
}
reaches() {
	local from=$1 address=$2 what

	shift 2
	for what; do
		answers "$from" "$address" "$what" || { echo "$from does not reach $address $what"; return 1; }
	done
}
keeps() {
	local from=$1 address=$2 what

	shift 2
	for what; do
		refute answers "$from" "$address" "$what" || return 1
	done
}

# server6 NAME: as server of lib.bash, in both families, with an echo on UDP 5000 of its network.
server6() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	echo "page of $1" >"$(path "$T/rootfs/$1/www/index.html")"
}
echo_at() {
	machine timeout 60 nsenter --net="/proc/$(pid_of "$1")/ns/net" \
		socat UDP6-RECVFROM:5000,reuseaddr,fork EXEC:cat 3>&- &
	disown
	wait_until 5 answers_udp machine "$2" 5000
}
# The echo keeps a network namespace from going.
end_echo() { machine pkill -f 'socat UDP6-RECVFROM:5000,reuseaddr,fork EXEC:cat' || true; }

filters() { cat "$(path "/sys/class/net/$1/bridge/nf_call_iptables")" "$(path "/sys/class/net/$1/bridge/nf_call_ip6tables")" | tr -d '\n'; }

@test "egress: without the keys there is no rule, no chain and no look into the bridge" {
	sleeper a </dev/null
	run_ok cman up a
	run_ok rules
	[[ $output != *EGRESS* && $output != *HOST* && $output != *input* && $output != *-A\ INPUT* ]]
	assert_equal "$(filters cman0)" 00
}

@test "egress: default = deny keeps it from everything, in both families" {
	sleeper a <<<'net : { ip = "10.83.0.10"; egress : { default = "deny"; }; };'
	server6 b <<<'net : { ip = "10.83.0.11"; };'
	sleeper free </dev/null
	run_ok cman up a b free
	wait_until 5 answers_tcp free 10.83.0.11 80
	for address in $OUTSIDE_IP $OUTSIDE6; do
		reaches free $address tcp:80 udp:53 udp:5000 ping
		keeps a $address tcp:80 udp:53 udp:5000 ping
	done
	for address in $GATEWAY $HOST_IP fd00:83::1 2001:db8:9::2; do
		reaches free $address tcp:81 ping
		keeps a $address tcp:81 ping
	done
	# Those whose answers come from the address that was asked.
	for address in $GATEWAY fd00:83::1; do
		reaches free $address udp:53 udp:5000
		keeps a $address udp:53 udp:5000
	done
	for address in 10.83.0.11 fd00:83::b; do
		reaches free $address tcp:80 ping
		keeps a $address tcp:80 ping
	done
	# Answers to what others begin.
	reaches machine 10.83.0.10 ping
	reaches free 10.83.0.10 ping
	reaches free fd00:83::a ping
	reaches machine fd00:83::a ping
}

@test "egress: the allow list, item by item" {
	server6 b <<<'net : { ip = "10.83.0.11"; };'
	try() { # ALLOW
		sleeper a <<<"net : { ip = \"10.83.0.10\"; egress : { default = \"deny\"; allow = [ \"$1\" ]; }; };"
		run_ok cman up a
	}
	run_ok cman up b
	try tcp:80
	reaches a $OUTSIDE_IP tcp:80
	reaches a $OUTSIDE6 tcp:80
	reaches a 10.83.0.11 tcp:80
	reaches a fd00:83::b tcp:80
	keeps a $OUTSIDE_IP tcp:81 udp:53 ping
	keeps a $GATEWAY tcp:81
	run_ok cman down a
	try icmp
	reaches a $OUTSIDE_IP ping
	reaches a $OUTSIDE6 ping
	reaches a 10.83.0.11 ping
	reaches a $GATEWAY ping
	keeps a $OUTSIDE_IP tcp:80 udp:5000
	run_ok cman down a
	try udp:4990-5000
	reaches a $OUTSIDE_IP udp:5000
	reaches a $GATEWAY udp:5000
	keeps a $OUTSIDE_IP udp:53 tcp:80
	run_ok cman down a
	try 192.0.2.0/24
	reaches a $OUTSIDE_IP tcp:80 tcp:81 udp:53 ping
	reaches a $HOST_IP tcp:81
	keeps a $OUTSIDE6 tcp:80 ping
	keeps a $GATEWAY tcp:81
	run_ok cman down a
	try $OUTSIDE_IP:80-80/tcp
	reaches a $OUTSIDE_IP tcp:80
	keeps a $OUTSIDE_IP tcp:81 ping
	run_ok cman down a
	try 10.83.0.1:81
	reaches a $GATEWAY tcp:81
	keeps a $GATEWAY udp:5000
	keeps a $HOST_IP tcp:81
	run_ok cman down a
	try "[$OUTSIDE6]:80/tcp"
	reaches a $OUTSIDE6 tcp:80
	keeps a $OUTSIDE6 tcp:81 udp:53
	keeps a $OUTSIDE_IP tcp:80
	run_ok cman down a
	try fd00:83::b
	reaches a fd00:83::b tcp:80 ping
	keeps a 10.83.0.11 tcp:80 ping
	keeps a fd00:83::1 tcp:81
}

@test "egress: deny goes before allow, and allow before default" {
	sleeper a <<<'net : { egress : { default = "deny"; allow = [ "192.0.2.1", "icmp" ]; deny = [ "tcp:81", "192.0.2.2" ]; }; };'
	sleeper b <<<'net : { egress : { deny = [ "192.0.2.1:81/tcp", "udp:5000" ]; }; };'
	run_ok cman up a b
	reaches a $OUTSIDE_IP tcp:80 udp:5000 ping
	keeps a $OUTSIDE_IP tcp:81
	keeps a $HOST_IP ping tcp:81
	reaches a $GATEWAY ping
	reaches b $OUTSIDE_IP tcp:80 udp:53 ping
	keeps b $OUTSIDE_IP tcp:81 udp:5000
	reaches b $OUTSIDE6 tcp:81
	keeps b $OUTSIDE6 udp:5000
}

@test "egress: dns is port 53 of the container's servers, and nothing without it" {
	sleeper a <<-'EOF'
	net : { egress : { default = "deny"; allow = [ "dns" ]; }; };
	EOF
	sleeper b <<-'EOF'
	dns = [ "10.83.0.1", "2001:db8:9::1" ];
	net : { egress : { default = "deny"; allow = [ "dns" ]; }; };
	EOF
	sleeper c <<-'EOF'
	net : { egress : { default = "deny"; }; };
	EOF
	run_ok cman up a b c
	run_ok within a cat /etc/resolv.conf
	assert_output_has "nameserver $OUTSIDE_IP"
	reaches a $OUTSIDE_IP udp:53
	keeps a $OUTSIDE_IP udp:5000 tcp:80
	keeps a $GATEWAY udp:53
	reaches b $GATEWAY udp:53
	reaches b $OUTSIDE6 udp:53
	keeps b $GATEWAY udp:5000
	keeps b $OUTSIDE_IP udp:53
	keeps c $OUTSIDE_IP udp:53
}

@test "egress: dns follows other name servers of the host while the container runs" {
	sleeper a <<-'EOF'
	net : { egress : { default = "deny"; allow = [ "dns" ]; }; };
	EOF
	sleeper b <<-'EOF'
	net : { host_access = false; };
	EOF
	run_ok cman up a b
	reaches a $OUTSIDE_IP udp:53
	keeps a $GATEWAY udp:53
	keeps b $GATEWAY udp:53
	echo "nameserver $GATEWAY" | machine tee /etc/resolv.conf
	wait_until 10 within a grep -q $GATEWAY /etc/resolv.conf
	follows() { cman firewall --json | jq -e --arg to "$GATEWAY" \
		'[.rules[] | select(.rule | contains("dport 53") and contains($to))] | length == 4'; }
	wait_until 10 follows
	reaches a $GATEWAY udp:53
	reaches b $GATEWAY udp:53
	keeps a $OUTSIDE_IP udp:53
}

@test "egress: it holds for addresses that a socket makes up, and for link-local ones" {
	# With antispoof such addresses do not even get to the bridge.
	sleeper a <<<'net : { ip = "10.83.0.10"; antispoof = false; egress : { default = "deny"; }; };'
	sleeper b <<<'net : { ip = "10.83.0.11"; };'
	sleeper free <<<'net : { ip = "10.83.0.12"; antispoof = false; };'
	run_ok cman up a b free
	machine sh -c "timeout 60 nsenter --net=/proc/$(pid_of b)/ns/net socat -u UDP6-RECV:5000 OPEN:/run/got,creat,append" 3>&- &
	disown
	local b
	b=$(at b cat /proc/thread-self/net/if_inet6 | awk '$6 == "eth0" && /^fe80/ { print $1 }' | sed 's/..../&:/g; s/:$//')
	say() { # FROM WORD ADDRESS OPTION: in one direction, as nobody could answer
		at "$1" sh -c "echo $2 | timeout 2 socat - 'UDP6-SENDTO:[$3]:5000$4'" || true
	}
	got() { grep -q "^$1\$" "$(path /run/got)"; }
	arrives() { say "$@" && got "$2"; }
	wait_until 5 arrives free plain fd00:83::b ""
	say a plain-a fd00:83::b ""
	say free made-up fd00:83::b ",bind=[fd00:83::99],freebind"
	say a made-up-a fd00:83::b ",bind=[fd00:83::98],freebind"
	say free local "$b%eth0" ""
	say a local-a "$b%eth0" ""
	say a all-nodes "ff02::1%eth0" ""
	wait_until 5 got local
	got made-up
	refute grep -e '-a$' -e all-nodes "$(path /run/got)"
	machine pkill -f OPEN:/run/got
	machine rm /run/got
}

@test "egress: in force before the first instruction" {
	start() { # NAME NET
		container "$1" <<-EOF
		rootfs = "@rootfs@";
		command = [ "/bin/sh", "-c", "for to in 192.0.2.1 10.83.0.11 10.83.0.1; do timeout 1 tftp -g -r $1 -l /dev/null \$to 6000; done; sleep 1000" ];
		stop_signal = "SIGKILL";
		net : { $2 };
		EOF
	}
	sleeper b <<<'net : { ip = "10.83.0.11"; };'
	for name in loose1 loose2; do start $name ''; done
	for name in kept1 kept2; do start $name 'egress : { default = "deny"; };'; done
	run_ok cman up b
	local where
	for where in outside machine b; do
		at $where timeout 60 socat -u UDP4-RECV:6000 "OPEN:/run/got-$where,creat,append" 3>&- &
		disown
	done
	for where in outside machine b; do wait_until 5 test -e "$(path /run/got-$where)"; done
	run_ok cman up kept1 loose1 kept2 loose2
	for where in outside machine b; do
		wait_until 10 grep -q loose1 "$(path /run/got-$where)"
		wait_until 10 grep -q loose2 "$(path /run/got-$where)"
	done
	sleep 1
	for where in outside machine b; do refute grep kept "$(path /run/got-$where)"; done
	machine pkill -f UDP4-RECV:6000
	for where in outside machine b; do machine rm "/run/got-$where"; done
}

@test "egress: published ports of a container that may call nothing, and of others for it" {
	server6 web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; egress : { default = "deny"; }; };'
	server6 self <<<'net : { ip = "10.83.0.12"; ports = [ "8082:80" ]; egress : { default = "deny"; allow = [ "10.83.0.12:80/tcp", "10.83.0.10:80/tcp" ]; }; };'
	sleeper free </dev/null
	run_ok cman up web self free
	for from in outside machine free; do
		assert_page $from http://$HOST_IP:8080/ "page of web"
		assert_page $from http://$HOST_IP:8082/ "page of self"
	done
	assert_page free http://$GATEWAY:8080/ "page of web"
	assert_page free http://web/ "page of web"
	# By where the port leads.
	assert_page self http://$HOST_IP:8080/ "page of web"
	assert_page self http://$GATEWAY:8082/ "page of self"
	assert_page self http://$HOST_IP:8082/ "page of self"
	keeps web $HOST_IP tcp:8082 tcp:8080
	keeps web $GATEWAY tcp:8082
}

@test "egress: siblings that may call everything still do, and TCP and UDP on such a network" {
	server6 a <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'
	server6 b <<<'net : { ip = "10.83.0.11"; };'
	sleeper kept <<<'net : { ip = "10.83.0.12"; egress : { deny = [ "10.83.0.10", "fd00:83::a" ]; }; };'
	run_ok cman up a b kept
	assert_equal "$(filters cman0)" 11
	echo_at b 10.83.0.11
	for address in 10.83.0.11 fd00:83::b; do
		reaches a $address tcp:80 udp:5000 ping
		reaches kept $address tcp:80 udp:5000 ping
	done
	keeps kept 10.83.0.10 tcp:80 ping
	keeps kept fd00:83::a tcp:80 ping
	for from in outside machine a b; do assert_page $from http://$HOST_IP:8080/ "page of a"; done
	keeps kept $HOST_IP tcp:8080
	reaches b $OUTSIDE_IP tcp:80 udp:5000 ping
	end_echo
}

@test "egress: only bridges that need it are looked at, and only as long as they do" {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; }; other : { subnet = "10.91.0.0/24"; };
		cells : { subnet = "10.92.0.0/24"; icc = false; }; };'
	for name in a b; do sleeper $name </dev/null; done
	sleeper kept <<<'net : { egress : { default = "deny"; }; };'
	sleeper kept2 <<<'net : { egress : { deny = [ "icmp" ]; }; };'
	sleeper hostless <<<'net : { network = "other"; host_access = false; };'
	sleeper cell <<<'net : { network = "cells"; egress : { default = "deny"; }; };'
	run_ok cman up a hostless cell
	assert_equal "$(filters cman0)" 00
	run_ok cman up kept
	assert_equal "$(filters cman0) $(filters other) $(filters cells)" "11 00 00"
	assert_equal "$(machine cat $NF-iptables)" 0
	run_ok cman up b kept2
	run_ok cman down kept
	assert_equal "$(filters cman0)" 11
	run_ok cman down kept2
	assert_equal "$(filters cman0)" 00
	run_ok rules
	assert_output_has "cman:cell" "cman:hostless"
	[[ $output != *cman:kept* ]]
	run_ok cman down cell hostless
	run_ok rules
	[[ $output != *EGRESS* && $output != *HOST* ]]
	run_ok cman up kept
	run_ok cman restart kept
	assert_equal "$(filters cman0)" 11
	keeps kept $OUTSIDE_IP tcp:80
}

@test "egress: on an internal network, on a routed one, and on two at once" {
	write_manager 'networks : { quiet : { subnet = "10.91.0.0/24"; internal = true; };
		plain : { subnet = "10.92.0.0/24"; nat = false; }; };'
	sleeper a <<<'net = ( { ip = "10.91.0.10"; egress : { default = "deny"; allow = [ "tcp:80", "10.0.0.0/8:9/udp" ]; }; },
		{ network = "plain"; ip = "10.92.0.10"; egress : { deny = [ "tcp:81" ]; }; } );'
	server6 q <<<'net : { ip = "10.91.0.11"; };'
	server6 p <<<'net : { network = "plain"; ip = "10.92.0.11"; };'
	run_ok cman up a q p
	outside ip route add 10.92.0.0/24 via $HOST_IP
	reaches a 10.91.0.11 tcp:80
	keeps a 10.91.0.11 ping
	keeps q $OUTSIDE_IP tcp:80
	reaches a 10.92.0.11 tcp:80 ping
	reaches a $OUTSIDE_IP tcp:80 ping
	keeps a $OUTSIDE_IP tcp:81
	# What is allowed opens nothing that the network closes.
	at a ip route add 10.92.0.11/32 via 10.91.0.1
	keeps a 10.92.0.11 tcp:80
	at a ip route del 10.92.0.11/32 via 10.91.0.1
	reaches p 10.92.0.10 ping
	reaches q 10.91.0.10 ping
	outside ip route del 10.92.0.0/24 via $HOST_IP
}

@test "egress: a kernel without br_netfilter: up says what to do, and leaves nothing" {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; }; cells : { subnet = "10.92.0.0/24"; icc = false; }; };'
	# With a user namespace the kernel wants all of the host's /proc to be seen.
	local none='security : { userns = "none"; };'
	sleeper kept <<<"net : { egress : { default = \"deny\"; }; }; $none"
	sleeper cell <<<"net : { network = \"cells\"; egress : { default = \"deny\"; }; }; $none"
	sleeper alone <<<"net : { isolate = true; egress : { default = \"deny\"; }; }; $none"
	sleeper a <<<"$none"
	machine mount -t tmpfs none /proc/sys/net/bridge
	run_fails cman up kept
	assert_output_has "net.egress (" "kept.conf:3" "br_netfilter" "networks.cman0.icc = false" "net.isolate = true"
	run_fails machine ip link show cman0
	run_ok cman up a
	run_fails cman up kept
	refute machine grep -rq kept "$T/state/networks"
	reaches a $OUTSIDE_IP tcp:80
	run_ok cman up cell alone
	keeps cell $OUTSIDE_IP tcp:80
	keeps alone $OUTSIDE_IP tcp:80
	keeps alone "$(ip_of a)" ping
	machine umount /proc/sys/net/bridge
}

@test "host_access = false: nothing of the host but names, and the way out stays" {
	sleeper a <<-'EOF'
	dns = [ "10.83.0.1", "fd00:83::1" ];
	net : { ip = "10.83.0.10"; host_access = false; };
	EOF
	server6 web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up a web
	# The kernel looks for neighbours with a link-local address of its own.
	machine ip -6 -o address show dev cman0 scope link | grep -q inet6 ||
		machine ip -6 address add fe80::1/64 dev cman0 nodad
	for address in $GATEWAY fd00:83::1 fe80::1%eth0; do
		keeps a $address tcp:81
	done
	for address in $GATEWAY fd00:83::1; do
		reaches a $address udp:53
		keeps a $address tcp:81 udp:5000 ping
	done
	keeps a $HOST_IP tcp:81 udp:53 ping
	keeps a 2001:db8:9::2 tcp:81 udp:53 ping
	reaches a $OUTSIDE_IP tcp:80 udp:5000 ping
	reaches a $OUTSIDE6 tcp:80
	assert_page a http://$HOST_IP:8080/ "page of web"
	assert_page a http://$GATEWAY:8080/ "page of web"
	assert_page a http://web/ "page of web"
	reaches web $GATEWAY tcp:81 ping
	# What the host begins is answered.
	reaches machine 10.83.0.10 ping
	reaches machine fd00:83::a ping
	refute answers_udp a 10.83.255.255 5000 broadcast
	assert_equal "$(filters cman0)" 00
}

@test "host_access = false and egress together: both have to let it pass" {
	sleeper a <<-'EOF'
	dns = [ "10.83.0.1" ];
	net : { host_access = false; egress : { default = "deny"; allow = [ "10.83.0.1", "tcp:80" ]; }; };
	EOF
	sleeper b <<-'EOF'
	dns = [ "10.83.0.1" ];
	net : { host_access = false; egress : { default = "deny"; allow = [ "tcp:80" ]; }; };
	EOF
	run_ok cman up a b
	reaches a $GATEWAY udp:53
	keeps a $GATEWAY tcp:81 ping
	reaches a $OUTSIDE_IP tcp:80
	keeps b $GATEWAY udp:53
	reaches b $OUTSIDE_IP tcp:80
	keeps b $OUTSIDE_IP tcp:81
}

@test "egress: rules of others for INPUT and FORWARD stay, and stand behind cman's" {
	sleeper a <<<'net : { host_access = false; egress : { deny = [ "icmp" ]; }; };'
	machine iptables-legacy -A INPUT -s 198.51.100.9 -j DROP
	machine iptables-legacy -A FORWARD -s 198.51.100.9 -j DROP
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up a
	if [ $BACKEND = iptables ]; then
		run_ok machine iptables-legacy -S INPUT
		assert_equal "$(sed -n '2,$p' <<<"$output" | awk '{ print $NF }' | tr '\n' ' ')" "CMAN-HOST CMAN-EGRESS DROP "
		run_ok machine iptables-legacy -S FORWARD
		assert_equal "$(sed -n '2,$p' <<<"$output" | awk '{ print $NF }' | tr '\n' ' ')" "CMAN-EGRESS CMAN-FWD DROP "
		run_ok machine ip6tables-legacy -S
		assert_output_has "-N CMAN-EGRESS" "-N CMAN-HOST"
	else
		run_ok machine nft list table inet cman
		assert_output_has "chain EGRESS" "chain HOST" "chain EGRESS6" "chain HOST6" "hook input"
	fi
	# Once more is no change; what others send meanwhile is counted.
	without_counters() { rules | sed '/^#/d; s/ \[[0-9]*:[0-9]*\]$//'; }
	before=$(without_counters)
	run_ok cman up a
	assert_equal "$(without_counters)" "$before"
	run_ok cman down a
	machine iptables-legacy -C INPUT -s 198.51.100.9 -j DROP
}

@test "trace: names what keeps a packet, as the packets do" {
	write_manager
	sleeper a <<<'net : { ip = "10.83.0.10"; egress : { default = "deny"; allow = [ "tcp:80", "10.83.0.1:81" ]; }; };'
	sleeper b <<<'net : { host_access = false; };'
	server6 web <<<'net : { ip = "10.83.0.11"; ports = [ "8080:80" ]; };'
	run_ok cman up a b web
	stops() { # CHAIN TEXT ARG...
		local chain=$1 text=$2

		shift 2
		[ $BACKEND = nftables ] && chain="inet cman $chain" || chain=CMAN-$chain
		run cman trace "$@"
		assert_equal "$status" 1
		[[ $(grep -A 1 -E "^STOP +$chain " <<<"$output") == *"$text"* ]] || { echo "$output"; return 1; }
	}
	stops EGRESS "a may not call that" a $OUTSIDE_IP:81
	assert_output_has "net.egress in the file of a"
	run_ok cman trace a $OUTSIDE_IP:80
	stops EGRESS "a may not call that" a web:81
	reaches a 10.83.0.11 tcp:80
	run_ok cman trace a web:80
	run_ok cman trace a $HOST_IP:8080
	run_ok cman trace a $GATEWAY:81
	stops EGRESS "a may not call that" a $HOST_IP:81
	stops HOST "b may not call the host itself" b $GATEWAY:81
	assert_output_has "net.host_access in the file of b"
	run_ok cman trace b $OUTSIDE_IP:81
	run_ok cman trace b $HOST_IP:8080
	run_ok cman trace b web:80
}
