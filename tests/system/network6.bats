#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# IPv6 beyond the host: the way out, published ports, what is kept out, and what the host gets back.
load lib

# The same tests for both backends: network6-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

# RFC 3849, as those of IPv4 in lib.bash.
HOST_IP6=2001:db8:9::2
OUTSIDE_IP6=2001:db8:9::1

SIX='networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; }; };'

prepare() {
	machine ip address add $HOST_IP6/64 dev $UPLINK nodad
	machine ip -6 route add default via $OUTSIDE_IP6
	machine ip -n outside address add $OUTSIDE_IP6/64 dev uplink1 nodad
	# Where br_netfilter rewrites answers to ::1 inside the bridge the kernel throws them away.
	set_br_netfilter 0
}

set_br_netfilter() {
	machine sh -c "! [ -e /proc/sys/net/bridge/bridge-nf-call-ip6tables ] ||
		echo $1 >/proc/sys/net/bridge/bridge-nf-call-ip6tables"
}

# A server in both families with a page, and one that tells who asked.
server6() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	echo "page of $1" >"$(path "$T/rootfs/$1/www/index.html")"
	make_who "$T/rootfs/$1/www"
}

make_who() { # DIRECTORY
	machine mkdir -p "$1/cgi-bin"
	machine sh -c "printf '#!/bin/sh\necho; echo from \$REMOTE_ADDR\n' >$1/cgi-bin/who
		chmod +x $1/cgi-bin/who"
}

serve_outside() {
	make_who /run/outside
	outside busybox httpd -p '[::]:80' -h /run/outside
}

stop_outside() {
	machine pkill -f 'httpd -p \[::\]:80' || true
	machine rm -rf /run/outside
}

# Who a server says has asked: FROM URL.
seen() { http_get "$1" "$2/cgi-bin/who" | sed 's/^from //; s/[][]//g'; }

# With the host's rights: a container has none to raw sockets.
ping_from() { # NAME ADDRESS
	machine nsenter --net="/proc/$(pid_of "$1")/ns/net" busybox ping -6 -c 1 -W 5 "$2"
}

all_rules() {
	machine sh -c 'iptables-legacy-save; ip6tables-legacy-save; nft list ruleset' 2>/dev/null
}

@test "IPv6: the way out, masqueraded or not, with ICMPv6 and UDP" {
	write_manager "$SIX"
	serve_outside
	sleeper a <<<'net : { ip = "10.91.0.5"; };'
	sleeper b <<<'net : { ip = "10.91.0.6"; nat = false; };'
	run_ok cman up a b
	assert_page a "http://[$OUTSIDE_IP6]/cgi-bin/who" "$(http_get machine "http://[$OUTSIDE_IP6]/cgi-bin/who")"
	assert_equal "$(seen a "http://[$OUTSIDE_IP6]")" $HOST_IP6
	run_ok ping_from a $OUTSIDE_IP6
	# Nobody out there knows the way back to it.
	assert_no_page b "http://[$OUTSIDE_IP6]/cgi-bin/who"
	outside ip -6 route add fd00:91::/64 via $HOST_IP6
	assert_equal "$(seen b "http://[$OUTSIDE_IP6]")" fd00:91::6
	assert_equal "$(seen a "http://[$OUTSIDE_IP6]")" $HOST_IP6
	outside timeout 30 socat UDP6-LISTEN:53,fork EXEC:cat 3>&- &
	answered() {
		[ "$(machine timeout 5 nsenter --net="/proc/$(pid_of a)/ns/net" \
			sh -c "echo ping | socat -t 1 - UDP6:[$OUTSIDE_IP6]:53")" = ping ]
	}
	wait_until 10 answered
	machine pkill socat
	outside ip -6 route delete fd00:91::/64
	stop_outside
}

@test "IPv6: a port is published in both families, for everyone who could want it" {
	write_manager "$SIX"
	server6 web <<<'net : { ip = "10.91.0.5"; ports = [ "8080:80", "5000-5001:80-81" ]; };'
	sleeper other <<<'net : { ip = "10.91.0.6"; };'
	run_ok cman up web other
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	for port in 8080 5000; do
		assert_page outside "http://[$HOST_IP6]:$port/" "page of web"
		assert_page machine "http://[$HOST_IP6]:$port/" "page of web"
		assert_page machine "http://[::1]:$port/" "page of web"
		for from in other web; do
			assert_page $from "http://[$HOST_IP6]:$port/" "page of web"
			assert_page $from "http://[fd00:91::1]:$port/" "page of web"
		done
	done
	assert_page other "http://[fd00:91::5]/" "page of web"
	# The server sees who asks, but for siblings, who are to be answered by the way they came.
	assert_equal "$(seen outside "http://[$HOST_IP6]:8080")" $OUTSIDE_IP6
	assert_equal "$(seen machine "http://[::1]:8080")" fd00:91::1
	assert_equal "$(seen other "http://[$HOST_IP6]:8080")" fd00:91::1
	assert_equal "$(seen other "http://[fd00:91::5]")" fd00:91::6
	run_ok cman down web
	assert_no_page outside "http://[$HOST_IP6]:8080/"
}

@test "IPv6: the same where br_netfilter is on, but for ::1" {
	[ -e "$(path /proc/sys/net/bridge/bridge-nf-call-ip6tables)" ] || skip "no br_netfilter here"
	set_br_netfilter 1
	write_manager "$SIX"
	server6 web <<<'net : { ip = "10.91.0.5"; ports = [ "8080:80" ]; };'
	sleeper other </dev/null
	run_ok cman up web other
	for from in outside machine other web; do
		assert_page $from "http://[$HOST_IP6]:8080/" "page of web"
	done
	assert_page other "http://[fd00:91::5]/" "page of web"
	# Refused at once, so that programs go on to 127.0.0.1.
	run http_get machine 'http://[::1]:8080/'
	assert_output_has "Connection refused"
	run_ok cman down web other
	server6 web <<<'net : { ports = [ "[::1]:8080:80" ]; };'
	run_fails cman up web
	assert_output_has "web.conf:4" "no container can answer on ::1 where br_netfilter calls ip6tables"
	set_br_netfilter 0
}

@test "IPv6: a port published on one address, or in one family, answers there only" {
	write_manager "$SIX"
	machine ip address add 2001:db8:9::3/64 dev $UPLINK nodad
	server6 a <<<'net : { ip = "10.91.0.5"; ports = [ "[2001:db8:9::3]:8080:80", "[::1]:8081:80" ]; };'
	server6 b <<<'net : { ip = "10.91.0.6"; ports = [ "0.0.0.0:8082:80", "[::]:8083:80" ]; };'
	server6 c <<<'net : { ip = "10.91.0.7"; ip6 = "none"; ports = [ "8084:80" ]; };'
	run_ok cman up a b c
	assert_output_has "ports [2001:db8:9::3]:8080:80 [::1]:8081:80" "ports 0.0.0.0:8082:80 [::]:8083:80"
	assert_page outside "http://[2001:db8:9::3]:8080/" "page of a"
	assert_page machine "http://[2001:db8:9::3]:8080/" "page of a"
	assert_page machine "http://[::1]:8081/" "page of a"
	assert_page outside "http://$HOST_IP:8082/" "page of b"
	assert_page outside "http://[$HOST_IP6]:8083/" "page of b"
	assert_page outside "http://$HOST_IP:8084/" "page of c"
	for url in "[$HOST_IP6]:8080" "$HOST_IP:8080" "[$HOST_IP6]:8081" "[$HOST_IP6]:8082" \
		"$HOST_IP:8083" "[$HOST_IP6]:8084"; do
		assert_no_page outside "http://$url/"
	done
	assert_no_page machine "http://127.0.0.1:8081/"
	assert_no_page machine "http://[::1]:8080/"
	run_ok cman down a b c
	machine ip address delete 2001:db8:9::3/64 dev $UPLINK
}

@test "IPv6: a udp port is published" {
	write_manager "$SIX"
	sleeper web <<<'net : { ports = [ "5353:53/udp" ]; };'
	run_ok cman up web
	machine timeout 30 nsenter --net="/proc/$(pid_of web)/ns/net" \
		socat UDP6-LISTEN:53,fork EXEC:cat 3>&- &
	answers() { [ "$("$@" sh -c "echo ping | timeout 5 socat -t 1 - UDP6:[$HOST_IP6]:5353")" = ping ]; }
	wait_until 10 answers outside
	wait_until 10 answers machine
	machine pkill socat
}

@test "IPv6: nobody comes in by a route of his own, and networks are kept apart" {
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; };
		routed : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; nat = false; };
		quiet : { subnet = "10.93.0.0/24"; subnet6 = "fd00:93::/64"; internal = true; };
		cells : { subnet = "10.94.0.0/24"; subnet6 = "fd00:94::/64"; icc = false; }; };'
	serve_outside
	server6 six <<<'net : { ip = "10.91.0.5"; };'
	server6 routed <<<'net : { network = "routed"; ip = "10.92.0.5"; };'
	server6 quiet <<<'net : { network = "quiet"; ip = "10.93.0.5"; };'
	server6 cell <<<'net : { network = "cells"; ip = "10.94.0.5"; };'
	sleeper mate <<<'net : { network = "cells"; ip = "10.94.0.6"; };'
	run_ok cman up six routed quiet cell mate
	for net in 91 92 93 94; do
		assert_page machine "http://[fd00:$net::5]/" "page of $(
			case $net in 91) echo six ;; 92) echo routed ;; 93) echo quiet ;; 94) echo cell ;; esac)"
		outside ip -6 route add fd00:$net::/64 via $HOST_IP6
	done
	assert_page outside "http://[fd00:92::5]/" "page of routed"
	for net in 91 93 94; do
		assert_no_page outside "http://[fd00:$net::5]/"
		assert_no_page routed "http://[fd00:$net::5]/"
	done
	assert_no_page mate "http://[fd00:94::5]/"
	assert_page cell "http://[$OUTSIDE_IP6]/cgi-bin/who" "from [$HOST_IP6]"
	run_ok within quiet ip -6 route
	[[ $output != *default* ]]
	assert_no_page quiet "http://[$OUTSIDE_IP6]/cgi-bin/who"
	# The internal one does not know whether it is answered; neighbours find each other all the same.
	assert_page quiet "http://[fd00:93::5]/" "page of quiet"
	run_ok ping_from mate fd00:94::1
	for net in 91 92 93 94; do outside ip -6 route delete fd00:$net::/64; done
	stop_outside
}

@test "IPv6: forwarding is on while a network needs it; links that listen to routers listen on" {
	write_manager "$SIX"
	sleeper a </dev/null
	sleeper b </dev/null
	conf=/proc/sys/net/ipv6/conf
	machine ip link add ra0 type bridge
	machine ip link add ra1 type bridge
	machine ip link add fwd0 type bridge
	machine sh -c "echo 0 >$conf/all/forwarding; echo 1 >$conf/ra0/accept_ra; echo 2 >$conf/ra1/accept_ra
		echo 1 >$conf/fwd0/forwarding"
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up a b
	assert_equal "$(machine cat $conf/all/forwarding $conf/ra0/accept_ra $conf/ra1/accept_ra | tr '\n' ' ')" "1 2 2 "
	run_ok cman down a
	assert_equal "$(machine cat $conf/all/forwarding $conf/ra0/accept_ra)" $'1\n2'
	run_ok cman down b
	assert_unchanged
	# On before: nothing is touched. Without IPv6, or without a way out, neither.
	machine sh -c "echo 1 >$conf/all/forwarding; echo 1 >$conf/ra0/accept_ra"
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up a
	assert_equal "$(machine cat $conf/ra0/accept_ra)" 1
	run_ok cman down a
	assert_unchanged
	machine sh -c "echo 0 >$conf/all/forwarding"
	snapshot >"$BATS_TEST_TMPDIR/before"
	for manager in "" 'networks : { q : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; internal = true; }; };'; do
		write_manager "$manager"
		run_ok cman up a
		assert_equal "$(machine cat $conf/all/forwarding)" 0
		run_ok cman down a
	done
	assert_unchanged
}

@test "IPv6: a route that a router told stays while containers run" {
	write_manager "$SIX"
	sleeper a </dev/null
	# As the kernel notes it: protocol ra, with a time to live.
	machine sh -c "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding"
	machine ip -6 route delete default
	machine ip -6 route add default via fe80::99 dev $UPLINK proto ra expires 600
	run_ok cman up a
	run_ok machine ip -6 route show default
	assert_output_has "via fe80::99 dev $UPLINK proto ra"
	run_ok cman down a
	run_ok machine ip -6 route show default
	assert_output_has "via fe80::99 dev $UPLINK proto ra"
	machine ip -6 route delete default
	machine ip -6 route add default via $OUTSIDE_IP6
}

@test "IPv6: nothing of it stays, whatever way a container ends" {
	write_manager "$SIX"
	server6 web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	machine kill -KILL "$(pid_of web)"
	gone() { ! all_rules | grep -qi cman; }
	wait_until 10 gone
	run_ok cman down web
	assert_unchanged
	# Without IPv6 in it there is no rule of it.
	write_manager
	run_ok cman up web
	if [ $BACKEND = iptables ]; then
		refute grep -q CMAN <<<"$(machine ip6tables-legacy-save)"
	else
		refute grep -qi -e 'ip6 ' -e FWD6 <<<"$(machine nft list ruleset)"
	fi
}

@test "IPv6: a port of the host that is taken, and ports that cannot be" {
	write_manager "$SIX"
	server6 web <<<'net : { ports = [ "8080:80" ]; };'
	machine socat TCP6-LISTEN:8080,ipv6-v6only=1,fork EXEC:cat 3>&- &
	listening() { machine ss -ltn | grep -q 8080; }
	wait_until 10 listening
	run_fails cman up web
	assert_output_has "port 8080/tcp of the host is taken by socat" "net.ports"
	machine pkill socat
	server6 web <<<'net : { ports = [ "[2001:db8:9::99]:8080:80" ]; };'
	run_fails cman up web
	assert_output_has "2001:db8:9::99 is no address of this host"
	server6 web <<<'net : { ip6 = "none"; ports = [ "[::]:8080:80" ]; };'
	run_fails cman check
	assert_output_has 'web.conf:4' '[::]:8080:80: the interface has ip6 = "none"'
	write_manager
	server6 web <<<'net : { ports = [ "[::]:8080:80" ]; };'
	run_fails cman check
	assert_output_has '[::]:8080:80: network cman0 has no subnet6'
	server6 web <<<'net : { ports = [ "[fe80::1]:8080:80" ]; };'
	run_fails cman check
	assert_output_has 'nothing can be published on fe80::1'
	# Two that would take each other's packets, and two that would not.
	write_manager "$SIX"
	server6 web <<<'net : { ports = [ "8080:80" ]; };'
	server6 other <<<'net : { ports = [ "[::1]:8080:80" ]; };'
	run_fails cman check
	assert_output_has "port 8080/tcp of the host is published"
	server6 web <<<'net : { ports = [ "0.0.0.0:8080:80" ]; };'
	run_ok cman check
	run_ok cman up web other
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page machine "http://[::1]:8080/" "page of other"
	rm "$(path $T/conf.d/other.conf)"
	server6 third <<<'net : { ports = [ "8080:80" ]; };'
	rm "$(path $T/conf.d/web.conf)"
	run_fails cman up third
	assert_output_has "the running container"
}

@test "IPv6: an address that a running container holds, whatever its file says now" {
	write_manager "$SIX"
	server6 web <<<'net : { ip = "10.91.0.10"; ip6 = "fd00:91::77"; };'
	run_ok cman up web
	server6 web <<<'net : { ip = "10.91.0.10"; ip6 = "fd00:91::10"; };'
	server6 db <<<'net : { ip = "10.91.0.11"; ip6 = "fd00:91::77"; };'
	run_fails cman up db
	assert_output_has "db.conf:4" "fd00:91::77 is held by the running container web" "cman apply db web"
	run_ok cman apply web
	run_ok cman up db
}
