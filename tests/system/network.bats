#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The network of a container: its address, the way out, the ways in, and what it does to the host.
load lib

# The same tests for both backends: network-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

# A server beyond the uplink that answers with the address it was asked from.
serve_outside() {
	machine mkdir -p /run/outside/cgi-bin
	machine sh -c 'printf "#!/bin/sh\necho; echo from \$REMOTE_ADDR\n" >/run/outside/cgi-bin/who
		chmod +x /run/outside/cgi-bin/who'
	outside busybox httpd -p 0.0.0.0:80 -h /run/outside
}

stop_outside() {
	machine pkill -f 'httpd -p 0.0.0.0:80' || true
	machine rm -rf /run/outside
}

@test "eth0 has the address of the file, a default route, and lo is up" {
	server web <<<'net : { ip = "10.83.0.10"; };'
	run_ok cman up web
	run_ok within web ip -4 -o addr show eth0
	assert_output_has 10.83.0.10/16
	run_ok within web ip route
	assert_output_has "default via 10.83.0.1 dev eth0"
	run_ok within web ip -4 -o addr show lo
	assert_output_has 127.0.0.1/8
	assert_page web http://127.0.0.1/ "page of web"
	run_ok within web sh -c 'ls /sys/class/net | grep -v -e ^lo$ -e ^eth0$ | wc -l'
	assert_equal "$output" 0
}

@test "ip = auto takes different addresses from the pool, clear of the static ones" {
	sleeper s <<<'net : { ip = "10.90.0.2"; };'
	for name in a b c; do sleeper $name <<<'net : { ip = "auto"; };'; done
	write_manager 'networks : { small : { subnet = "10.90.0.0/29"; }; };'
	run_ok cman up s a b c
	for name in s a b c; do
		within $name ip -4 -o addr show eth0 | grep -o '10\.90\.0\.[0-9]*/29'
	done | sort -u >"$BATS_TEST_TMPDIR/addresses"
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/addresses")" 4
	refute grep -e 10.90.0.0/ -e 10.90.0.1/ -e 10.90.0.7/ "$BATS_TEST_TMPDIR/addresses"
}

@test "an automatic address is the same after a restart, with others around or not" {
	for name in a b c; do sleeper $name </dev/null; done
	run_ok cman up c
	first=$(within c ip -4 -o addr show eth0)
	run_ok cman down c
	run_ok cman up --all
	assert_equal "$(within c ip -4 -o addr show eth0)" "$first"
}

@test "the bridge comes with the first container of a network and goes with the last" {
	for name in a b; do sleeper $name </dev/null; done
	run_fails machine ip link show cman0
	run_ok cman up a
	run_ok machine ip -o link show type bridge
	assert_output_has cman0
	run_ok cman up b
	run_ok cman down a
	run_ok machine ip link show cman0
	run_ok cman down b
	run_fails machine ip link show cman0
}

@test "containers of one network reach each other" {
	server a <<<'net : { ip = "10.83.0.11"; };'
	sleeper b </dev/null
	run_ok cman up a b
	assert_page b http://10.83.0.11/ "page of a"
}

@test "a container on two networks reaches and is reached over both, from outside too" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	server gate <<-'EOF'
	net = ( { ip = "10.91.0.5"; ports = [ "8080:80" ]; },
	        { network = "back"; ip = "10.92.0.5"; mac = "02:00:5e:10:00:01"; mtu = 1300;
	          ports = [ "8081:80" ]; } );
	EOF
	server inner <<<'net : { network = "back"; };'
	sleeper outer <<<'net : { network = "front"; };'
	run_ok cman up gate inner outer
	run_ok within gate ip route
	assert_output_has "default via 10.91.0.1 dev eth0" "10.92.0.0/24 dev eth1"
	run_ok within gate ip link show eth1
	assert_output_has "link/ether 02:00:5e:10:00:01" "mtu 1300"
	assert_page outer http://10.91.0.5/ "page of gate"
	assert_page inner http://10.92.0.5/ "page of gate"
	assert_page gate http://inner/ "page of inner"
	for port in 8080 8081; do
		assert_page outside http://$HOST_IP:$port/ "page of gate"
		assert_page machine http://127.0.0.1:$port/ "page of gate"
	done
	run_ok cman down gate
	run_ok machine ip -o link show type veth
	[[ $output != *c-gate* ]]
}

@test "the default route goes to the interface that asks for it" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	sleeper a <<<'net = ( { }, { network = "back"; name = "lan0"; default_route = true; } );'
	sleeper b <<<'net : { default_route = false; };'
	run_ok cman up a b
	run_ok within a ip route
	assert_output_has "default via 10.92.0.1 dev lan0"
	[[ $output != *"default via 10.91"* ]]
	run_ok within b ip route
	[[ $output != *default* ]]
}

@test "an internal network: siblings and the host, nothing beyond and nobody from there" {
	write_manager 'networks : { quiet : { subnet = "10.91.0.0/24"; internal = true; }; open : { subnet = "10.92.0.0/24"; }; };'
	serve_outside
	server a <<<'net : { ip = "10.91.0.5"; };'
	sleeper b </dev/null
	server c <<<'net : { network = "open"; ip = "10.92.0.5"; };'
	run_ok cman up a b c
	assert_page b http://10.91.0.5/ "page of a"
	assert_page machine http://10.91.0.5/ "page of a"
	run_ok within b ip route
	[[ $output != *default* ]]
	within b ip route add default via 10.91.0.1 2>/dev/null || true # it may not, and it is no use
	machine ip netns exec outside ip route add 10.91.0.0/24 via $HOST_IP
	for from in b c outside; do
		assert_page machine http://10.92.0.5/ "page of c"
		[ $from = b ] && url=http://$OUTSIDE_IP/cgi-bin/who || url=http://10.91.0.5/
		assert_no_page $from "$url"
	done
	assert_no_page b http://10.92.0.5/
	machine ip netns exec outside ip route delete 10.91.0.0/24
	stop_outside
}

@test "icc = false: containers of the network do not reach each other, whatever they route" {
	write_manager 'networks : { cells : { subnet = "10.91.0.0/24"; icc = false; }; };'
	server a <<<'net : { ip = "10.91.0.5"; ports = [ "8080:80" ]; };'
	# One that may route as it likes: over the host there is no way either.
	container b <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	security : { cap_add = [ "NET_ADMIN" ]; };
	EOF
	run_ok cman up a b
	assert_page machine http://10.91.0.5/ "page of a"
	assert_no_page b http://10.91.0.5/
	within b ip route add 10.91.0.5/32 via 10.91.0.1
	assert_no_page b http://10.91.0.5/
	# Where the bridge itself does NAT, the port stays closed to siblings: container.conf(5).
	nf=/proc/sys/net/bridge/bridge-nf-call-iptables
	before=$(cat "$(path $nf)" 2>/dev/null) || before=
	[ -z "$before" ] || machine sh -c "echo 0 >$nf"
	assert_no_page b http://10.91.0.5/
	assert_page b http://10.91.0.1:8080/ "page of a"
	[ -z "$before" ] || machine sh -c "echo $before >$nf"
}

@test "an external bridge is used and left as it was" {
	machine ip link add br9 type bridge
	machine ip address add 10.91.0.1/24 dev br9
	machine ip link add p0 type veth peer name p1
	machine ip link set p0 up master br9
	machine ip link set p1 up
	machine sh -c 'for link in br9 p0 p1; do echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6; done'
	machine ip link set br9 address 02:00:5e:10:00:09 up
	wait_until 5 grep -q up "$(path /sys/class/net/br9/operstate)"
	machine iptables-legacy -A FORWARD -s 198.51.100.9 -j DROP
	snapshot >"$BATS_TEST_TMPDIR/before"
	write_manager 'networks : { lan : { external = true; bridge = "br9"; subnet = "10.91.0.0/24"; gateway = "10.91.0.1"; pool = "10.91.0.100-10.91.0.200"; }; };'
	server a <<<'net : { };'
	run_ok cman up a
	assert_match "$(ip_of a)" '^10\.91\.0\.1[0-9][0-9]'
	assert_page machine "http://$(ip_of a)/" "page of a"
	run_ok within a ip route
	assert_output_has "default via 10.91.0.1"
	assert_equal "$(machine cat /proc/sys/net/ipv4/ip_forward)" 0
	run_ok machine iptables-legacy-save
	[[ $output != *CMAN* ]]
	run_ok cman down a
	run_ok machine ip -o address show br9
	assert_output_has 10.91.0.1/24
}

@test "an external bridge that is not there, or none, is an error before anything happens" {
	write_manager 'networks : { lan : { external = true; bridge = "br9"; subnet = "10.91.0.0/24"; }; wire : { parent = "eth9"; subnet = "10.92.0.0/24"; }; };'
	sleeper a </dev/null
	sleeper b <<<'net : { network = "wire"; };'
	run_fails cman up a
	assert_output_has "there is no link br9" "networks.lan is external"
	run_fails cman up b
	assert_output_has "networks.wire: there is no link eth9"
	machine ip link add br9 type veth peer name p1
	run_fails cman up a
	assert_output_has "link br9 is no bridge but veth"
	machine ip link delete br9
}

@test "macvlan: containers are on the network of the link, with addresses of their own" {
	write_manager "networks : { wire : { parent = \"$UPLINK\"; subnet = \"192.0.2.0/24\"; pool = \"192.0.2.100-192.0.2.120\"; gateway = \"$OUTSIDE_IP\"; }; };"
	serve_outside
	server a <<<'net : { ip = "192.0.2.50"; mac = "02:00:5e:10:00:07"; };'
	sleeper b </dev/null
	run_ok cman up a b
	assert_page outside http://192.0.2.50/ "page of a"
	run_ok outside ip neighbour show 192.0.2.50
	assert_output_has 02:00:5e:10:00:07
	assert_page b http://192.0.2.50/ "page of a"
	assert_page a "http://$OUTSIDE_IP/cgi-bin/who" "from 192.0.2.50"
	run_ok machine ip -o link show type bridge
	assert_equal "$output" ""
	stop_outside
}

@test "IPv6: host and siblings by address and name, static and automatic" {
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; }; };'
	container a <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { ip = "10.91.0.5"; aliases = [ "www" ]; };
	EOF
	echo "page of a" >"$(path "$T/rootfs/a/www/index.html")"
	sleeper b <<<'net : { ip6 = "fd00:91::beef"; };'
	sleeper c <<<'net : { ip6 = "none"; };'
	run_ok cman up a b c
	assert_page machine 'http://[fd00:91::5]/' "page of a"
	assert_page b 'http://[fd00:91::5]/' "page of a"
	run_ok within b ip -6 addr show eth0
	assert_output_has fd00:91::beef/64
	run_ok within b ip -6 route
	assert_output_has "default via fd00:91::1 dev eth0"
	run_ok within c ip -6 addr show eth0
	[[ $output != *fd00* ]]
	run_ok within c cat /etc/hosts
	assert_output_has $'fd00:91::5\ta.cman a www' $'10.91.0.5\ta.cman a www' $'fd00:91::beef\tb.cman b'
	run_ok cman status a
	assert_output_has "10.91.0.5, fd00:91::5 on six"
	assert_equal "$(cman status --json b | jq -r '.addresses[0].address6')" fd00:91::beef
}

@test "IPv6: a subnet of the machine's own, and one that is in use" {
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "auto"; }; };'
	sleeper a </dev/null
	run_ok cman up a
	assert_match "$(cman status --json a | jq -r '.addresses[0].address6')" '^fd[0-9a-f]{2}:'
	run_ok cman down a
	machine ip -6 addr add 2001:db8:7::1/48 dev $UPLINK nodad
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "2001:db8:7:5::/64"; }; };'
	run_fails cman up a
	assert_output_has "subnet 2001:db8:7:5::/64 of network six collides with the host's route 2001:db8:7::/48"
	machine ip -6 addr delete 2001:db8:7::1/48 dev $UPLINK
}

@test "routes by a neighbour" {
	sleeper a <<<'net : { routes = [ "198.51.100.0/24 via 10.83.0.77" ]; };'
	run_ok cman up a
	run_ok within a ip route
	assert_output_has "198.51.100.0/24 via 10.83.0.77 dev eth0"
}

@test "two networks: two bridges, each container on its own" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	server a <<<'net : { network = "front"; ip = "10.91.0.5"; };'
	sleeper b <<<'net : { network = "back"; };'
	run_ok cman up a b
	run_ok machine ip -o link show type bridge
	assert_output_has front back
	run_ok within b ip -4 -o addr show eth0
	assert_output_has 10.92.0.
}

@test "the host's end of the wire carries the container's name" {
	sleeper web </dev/null
	run_ok cman up web
	run_ok machine ip link show type veth
	assert_output_has cman:web:eth0
}

@test "the way out: forwarded and masqueraded behind the host's address" {
	serve_outside
	sleeper web </dev/null
	run_ok cman up web
	run_ok http_get web "http://$OUTSIDE_IP/cgi-bin/who"
	assert_equal "$output" "from $HOST_IP"
	run_ok cman down web
	stop_outside
}

@test "nat = false: no masquerade, and no answer where nobody knows the way back" {
	serve_outside
	sleeper web <<<'net : { nat = false; };'
	sleeper open </dev/null
	run_ok cman up web open
	assert_no_page web "http://$OUTSIDE_IP/cgi-bin/who"
	run_ok http_get open "http://$OUTSIDE_IP/cgi-bin/who"
	# The way back given, the address seen is the container's own.
	outside ip route add 10.83.0.0/16 via $HOST_IP
	run_ok http_get web "http://$OUTSIDE_IP/cgi-bin/who"
	assert_match "$output" '^from 10\.83\.'
	outside ip route del 10.83.0.0/16
	run_ok cman down web open
	stop_outside
}

@test "ip_forward is on while a container needs it, and back to what it was" {
	sleeper a </dev/null
	sleeper b </dev/null
	for was in 0 1; do
		machine sysctl -qw net.ipv4.ip_forward=$was
		snapshot >"$BATS_TEST_TMPDIR/before"
		run_ok cman up a b
		assert_equal "$(machine cat /proc/sys/net/ipv4/ip_forward)" 1
		run_ok cman down a
		assert_equal "$(machine cat /proc/sys/net/ipv4/ip_forward)" 1
		run_ok cman down b
		assert_equal "$(machine cat /proc/sys/net/ipv4/ip_forward)" $was
		assert_unchanged
	done
}

@test "a published port answers from outside, the host, localhost, a sibling and the container" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	sleeper other </dev/null
	run_ok cman up web other
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page machine "http://$HOST_IP:8080/" "page of web"
	assert_page machine http://127.0.0.1:8080/ "page of web"
	! grep -q "^127.*localhost" /etc/hosts || assert_page machine http://localhost:8080/ "page of web"
	assert_page other "http://$HOST_IP:8080/" "page of web"
	assert_page other http://10.83.0.1:8080/ "page of web"
	assert_page web "http://$HOST_IP:8080/" "page of web"
	assert_page web http://10.83.0.1:8080/ "page of web"
	run_ok cman down web
	assert_no_page outside "http://$HOST_IP:8080/"
}

@test "a port published on one address answers there only" {
	server web <<<'net : { ports = [ "127.0.0.1:8080:80" ]; };'
	run_ok cman up web
	assert_page machine http://127.0.0.1:8080/ "page of web"
	assert_no_page outside "http://$HOST_IP:8080/"
	assert_no_page machine "http://$HOST_IP:8080/"
}

@test "a range of ports goes to the same range inside" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "mkdir /tmp/a /tmp/b; echo one >/tmp/a/index.html; echo two >/tmp/b/index.html; httpd -p 81 -h /tmp/a; exec httpd -f -p 82 -h /tmp/b" ];
	net : { ports = [ "8081-8082:81-82" ]; };
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up web
	assert_page outside "http://$HOST_IP:8081/" one
	assert_page outside "http://$HOST_IP:8082/" two
}

@test "a udp port is published" {
	sleeper web <<<'net : { ports = [ "5353:53/udp" ]; };'
	run_ok cman up web
	# busybox has no server for UDP: one of the host's programs, in the container's network.
	machine timeout 30 nsenter --net="/proc/$(pid_of web)/ns/net" \
		socat UDP4-LISTEN:53,fork EXEC:cat 3>&- &
	answered() {
		[ "$(outside sh -c "echo ping | timeout 5 socat -t 1 - UDP4:$HOST_IP:5353")" = ping ]
	}
	wait_until 10 answered
	machine pkill socat
}

@test "foreign rules and their counters are not touched" {
	machine nft -f - <<-EOF
	table ip theirs {
		chain MINE {
			type filter hook forward priority 0; policy accept;
			ip saddr 198.51.100.7 counter packets 19 bytes 20 accept comment "not yours"
		}
	}
	EOF
	machine iptables-legacy -N MINE
	machine iptables-legacy -A MINE -s 198.51.100.7 -m comment --comment "not yours" -j ACCEPT
	machine iptables-legacy -A FORWARD -j MINE
	machine iptables-legacy -t nat -A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE
	machine iptables-legacy -A INPUT -i lo -c 1234 56789 -j ACCEPT
	machine busybox ping -c 2 -w 5 127.0.0.1 >/dev/null
	snapshot >"$BATS_TEST_TMPDIR/before"
	packets() { machine iptables-legacy -L INPUT -v -x -n | awk '/lo /{ print $1 }'; }
	before=$(packets)
	[ "$before" -ge 1238 ]
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	[ "$(packets)" -ge "$before" ]
	run_ok machine iptables-legacy-save
	assert_output_has "-A FORWARD -j MINE" 'not yours' "-A POSTROUTING -s 198.51.100.0/24 -j MASQUERADE"
	run_ok machine nft list table ip theirs
	assert_output_has "counter packets 19 bytes 20"
	run_ok cman down web
	[ "$(packets)" -ge "$before" ]
	[ "$(packets)" -lt $((before + 1000)) ]
	machine nft delete table ip theirs
	sed -Ei '/^firewall: +[0-9]+ table ip theirs/,/^firewall: +[0-9]+ }$/d' "$BATS_TEST_TMPDIR/before"
}

@test "our rules can be saved and restored by the tool itself" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	if [ $BACKEND = iptables ]; then
		machine sh -c 'iptables-legacy-save >/run/rules && iptables-legacy-restore </run/rules'
	else
		machine sh -c 'nft list ruleset >/run/rules && nft flush ruleset && nft -f /run/rules'
	fi
	machine rm /run/rules
	assert_page outside "http://$HOST_IP:8080/" "page of web"
}

@test "a table that another program holds is waited for" {
	[ $BACKEND = iptables ] || skip "nf_tables needs no lock"
	sleeper web </dev/null
	machine sh -c 'exec flock /run/xtables.lock sleep 1' 3>&- &
	holder=$!
	sleep 0.3
	run_ok cman up web
	wait $holder
}

@test "many ports and many containers are one set of rules" {
	server a <<<'net : { ports = [ "8081:80" ]; };'
	server b <<<'net : { ports = [ "8082:80" ]; };'
	run_ok cman up a
	run_ok cman up b
	assert_page outside "http://$HOST_IP:8081/" "page of a"
	assert_page outside "http://$HOST_IP:8082/" "page of b"
	run_ok cman down a
	assert_no_page outside "http://$HOST_IP:8081/"
	assert_page outside "http://$HOST_IP:8082/" "page of b"
	run_ok rules
	[[ $output != *8081* ]]
}

@test "a packet from the container's network cannot pose as localhost" {
	sleeper web </dev/null
	machine busybox httpd -p 127.0.0.1:81 -h /run/rootfs/www
	run_ok cman up web
	within web ip route add 127.0.0.5 via 10.83.0.1 2>/dev/null || true
	assert_no_page web http://10.83.0.1:81/
	run_ok cman down web
	machine pkill -f 'httpd -p 127.0.0.1:81'
}

@test "the prefix of chains is the manager file's" {
	write_manager "firewall : { backend = \"$BACKEND\"; prefix = \"OTHER\"; };"
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	run_ok rules
	[ $BACKEND = iptables ] && assert_output_has ":OTHER-" || assert_output_has "table inet other "
	[[ $output != *CMAN-* && $output != *"table inet cman"* ]]
}

@test "rules that somebody flushed are back after the next start" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	sleeper other </dev/null
	run_ok cman up web
	if [ $BACKEND = iptables ]; then
		machine sh -c 'for t in raw filter nat; do iptables-legacy -t $t -F; iptables-legacy -t $t -X; done'
	else
		machine nft flush ruleset
	fi
	assert_no_page outside "http://$HOST_IP:8080/"
	# What runs is left as it is; what starts brings the rules of all along.
	run_ok cman up web
	assert_no_page outside "http://$HOST_IP:8080/"
	run_ok cman up other
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page machine http://127.0.0.1:8080/ "page of web"
}

@test "the rules stand where firewall.backend says, and nowhere else" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	if [ $BACKEND = iptables ]; then
		run_fails machine nft list table inet cman
	else
		refute machine sh -c "iptables-legacy-save | grep CMAN"
	fi
	assert_equal "$(machine cut -d' ' -f1,2 $T/state/firewall)" "$BACKEND CMAN"
	run_ok cman down web
	refute machine test -e $T/state/firewall
}
