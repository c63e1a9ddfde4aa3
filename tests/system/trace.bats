#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman trace and cman graph: what they say, beside what real packets do.
load lib
load trace

NETWORKS='networks : { cman0 : { subnet = "10.83.0.0/16"; };
	quiet : { subnet = "10.91.0.0/24"; internal = true; };
	cells : { subnet = "10.92.0.0/24"; icc = false; };
	plain : { subnet = "10.93.0.0/24"; nat = false; };
	lan : { subnet = "192.0.2.0/24"; parent = "uplink0"; pool = "192.0.2.100-192.0.2.120"; }; };'

# The server outside is there before the snapshot, and ends with the machine.
prepare() {
	write_manager "$NETWORKS"
	outside busybox httpd -p 0.0.0.0:80 -h /run
}

web() { server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'; }

@test "trace: the way out, hop by hop" {
	web
	run_ok cman up web
	arrives web $OUTSIDE_IP:80
	for hop in "route inside" eth0 c-web cman0 forwarding rp_filter route "$(chain FWD)" "$(chain NAT)" $UPLINK; do
		assert_match "$output" "ok +$hop "
	done
	assert_output_has "by 10.83.0.1" "the source becomes $HOST_IP"
	reaches_outside web
	arrives web $OUTSIDE_IP:53/udp
	cman trace --json web $OUTSIDE_IP:80 | jq -e '.arrives and (.walks | length) == 1 and
		.walks[0].family == "ipv4" and (.walks[0].hops | length) > 8 and
		(.walks[0].hops | all(.verdict == "ok")) and .destination == "192.0.2.1" and .port == 80'
}

@test "trace: IPv4 of a container that has IPv6 as well" {
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; }; };'
	server dual <<<'net : { ip = "10.91.0.5"; ports = [ "8080:80" ]; };'
	run_ok cman up dual
	arrives dual $OUTSIDE_IP:80
	arrives dual:80
	assert_output_has "the host's end of eth0"
	reaches_outside dual
	assert_page outside http://$HOST_IP:8080/ "page of dual"
}

@test "trace: a name is looked up where the container does, and nowhere else" {
	web
	sleeper db <<<'net : { aliases = [ "store" ]; };'
	run_ok cman up web db
	stops listener "nothing in db listens on port 80/tcp" web store:80
	assert_output_has "store is $(ip_of db), by its hosts file"
	stops name "DNS is not asked" web example.org:80
	arrives db web:80
	assert_page db http://web/ "page of web"
}

@test "trace: ip_forward switched off by hand" {
	web
	run_ok cman up web
	machine sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	stops forwarding "sysctl -w net.ipv4.ip_forward=1" web $OUTSIDE_IP:80
	stops forwarding "net.ipv4.ip_forward is 0" web:80
	refute reaches_outside web
	machine sysctl -qw net.ipv4.ip_forward=1
	arrives web $OUTSIDE_IP:80
	machine sysctl -qw net/ipv4/conf/cman0/forwarding=0
	stops forwarding "net/ipv4/conf/cman0/forwarding=1" web $OUTSIDE_IP:80
	refute reaches_outside web
}

@test "trace: a strict reverse path filter, and a route of the host that is elsewhere" {
	web
	run_ok cman up web
	machine sysctl -qw net.ipv4.conf.all.rp_filter=1
	arrives web $OUTSIDE_IP:80
	assert_output_has "strict, and the way back to 10.83.0.10 is cman0"
	reaches_outside web
	machine ip route add 10.83.0.10/32 via $OUTSIDE_IP
	stops rp_filter "but the way back is $UPLINK" web $OUTSIDE_IP:80
	stops route "what is for 10.83.0.10 goes to $UPLINK, not to cman0" web:80
	refute reaches_outside web
	machine ip route delete 10.83.0.10/32
	machine sysctl -qw net.ipv4.conf.all.rp_filter=0
	machine ip route add prohibit 203.0.113.0/24
	stops route "203.0.113.1" web 203.0.113.1:80
	machine ip route delete prohibit 203.0.113.0/24
}

@test "trace: rules and policies of others in FORWARD" {
	only_with iptables
	web
	run_ok cman up web
	# Ours come first: a policy does not get to see the packet.
	machine iptables-legacy -P FORWARD DROP
	arrives web $OUTSIDE_IP:80
	reaches_outside web
	machine iptables-legacy -I FORWARD -s 10.83.0.0/16 -p tcp --dport 80 -j REJECT
	stops FORWARD "rule 1 of FORWARD drops it" web $OUTSIDE_IP:80
	assert_output_has "iptables-legacy -I FORWARD -i cman0 -j ACCEPT"
	refute reaches_outside web
	arrives web $OUTSIDE_IP:81
	machine iptables-legacy -R FORWARD 1 -m string --string GET --algo bm -j DROP
	run_ok cman trace web $OUTSIDE_IP:80
	assert_match "$output" '\? +FORWARD +rule 1 of FORWARD may drop it'
	# A chain of somebody else that returns, and one that does not.
	machine iptables-legacy -N OTHER
	machine iptables-legacy -R FORWARD 1 -j OTHER
	arrives web $OUTSIDE_IP:80
	machine iptables-legacy -A OTHER -i cman0 -j DROP
	stops FORWARD "rule 1 of OTHER drops it" web $OUTSIDE_IP:80
	refute reaches_outside web
	machine iptables-legacy -D FORWARD -j OTHER
	machine iptables-legacy -F OTHER
	machine iptables-legacy -X OTHER
	# Without our jump the policy decides.
	machine iptables-legacy -D FORWARD 1
	stops CMAN-FWD "a jump to the chain is missing, and the policy of FORWARD drops it" web $OUTSIDE_IP:80
	assert_output_has "cman restart web"
	refute reaches_outside web
	run_ok cman restart web
	arrives web $OUTSIDE_IP:80
	machine iptables-legacy -P FORWARD ACCEPT
}

@test "trace: chains of others in nf_tables, and FORWARD of the legacy tables beside ours" {
	web
	run_ok cman up web
	machine nft add table ip other
	machine nft 'add chain ip other passing { type filter hook forward priority 0; policy drop; }'
	stops FORWARD "chain passing of ip other drops it" web $OUTSIDE_IP:80
	assert_output_has "nft insert rule ip other passing iifname cman0 accept"
	stops FORWARD "nft insert rule ip other passing oifname cman0 ct status dnat accept" web:80
	refute reaches_outside web
	machine nft insert rule ip other passing iifname cman0 accept
	arrives web $OUTSIDE_IP:80
	machine nft delete table ip other
	arrives web:80
	reaches_outside web
	[ $BACKEND = nftables ] || return 0
	# Nothing that is accepted in one of them saves a packet from the other.
	machine iptables-legacy -P FORWARD DROP
	stops FORWARD "the policy of FORWARD drops it" web $OUTSIDE_IP:80
	refute reaches_outside web
	machine iptables-legacy -P FORWARD ACCEPT
}

@test "trace: what chains of others in nf_tables make of a port, and of what is for the host" {
	web
	run_ok cman up web
	machine busybox httpd -p $HOST_IP:2223 -h /run
	machine nft -f - <<-'EOF'
	table inet other {
		chain in {
			type filter hook input priority 0; policy drop;
			ct state established,related accept
			iif lo accept
			tcp dport 2223 accept
		}
		chain passing {
			type filter hook forward priority 0; policy drop;
			ct state vmap { established : accept, related : accept, invalid : drop }
			tcp dport 80-89 accept
			udp dport { 53, 123 } accept
		}
	}
	EOF
	arrives web $HOST_IP:2223
	within web timeout 3 busybox nc -w 2 $HOST_IP 2223 </dev/null
	stops INPUT "chain in of inet other drops it" web $HOST_IP:2224
	assert_output_has "nft insert rule inet other in iifname cman0 accept"
	arrives web $OUTSIDE_IP:80
	reaches_outside web
	stops FORWARD "chain passing of inet other drops it" web $OUTSIDE_IP:90
	stops FORWARD "chain passing of inet other drops it" web $OUTSIDE_IP
	wonders FORWARD "chain passing of inet other may drop it" web $OUTSIDE_IP:53/udp
	machine nft insert rule inet other in tcp dport 2223 drop
	stops INPUT "chain in of inet other drops it" web $HOST_IP:2223
	refute within web timeout 3 busybox nc -w 2 $HOST_IP 2223 </dev/null
	machine nft delete table inet other
	machine pkill -f 'httpd -p 192.0.2.2:2223'
}

@test "trace: rules of ours in nf_tables that somebody took away or changed" {
	only_with nftables
	web
	run_ok cman up web
	machine nft flush chain inet cman NAT
	stops "inet cman NAT" "somebody has changed its rules" web $OUTSIDE_IP:80
	machine nft flush chain inet cman nat-prerouting
	stops "inet cman DNAT" "a jump to the chain is missing" web:80
	assert_no_page outside http://$HOST_IP:8080/
	machine nft delete table inet cman
	stops "inet cman DNAT" "the chain is not in the kernel" web:80
	stops "inet cman NAT" "answers to 10.83.0.10 do not find back" web $OUTSIDE_IP:80
	run_ok cman restart web
	arrives web:80
	arrives web $OUTSIDE_IP:80
}

@test "trace: a network without nat is left to the policy of FORWARD" {
	server plain <<<'net : { network = "plain"; ip = "10.93.0.5"; };'
	run_ok cman up plain
	outside ip route add 10.93.0.0/24 via $HOST_IP
	arrives plain:80
	arrives plain $OUTSIDE_IP:80
	assert_output_has "leaves the source 10.93.0.5"
	assert_page outside http://10.93.0.5/ "page of plain"
	machine iptables-legacy -P FORWARD DROP
	stops FORWARD "the policy of FORWARD drops it" plain:80
	assert_output_has "iptables-legacy -I FORWARD -o plain -j ACCEPT"
	assert_no_page outside http://10.93.0.5/
	machine iptables-legacy -P FORWARD ACCEPT
	outside ip route delete 10.93.0.0/24
}

@test "trace: rules of ours that somebody took away or changed" {
	only_with iptables
	web
	run_ok cman up web
	machine iptables-legacy -t nat -F CMAN-NAT
	stops CMAN-NAT "somebody has changed its rules" web $OUTSIDE_IP:80
	machine iptables-legacy -t nat -F PREROUTING
	stops CMAN-DNAT "a jump to the chain is missing" web:80
	assert_no_page outside http://$HOST_IP:8080/
	machine iptables-legacy -t nat -F
	machine iptables-legacy -t nat -X
	stops CMAN-NAT "the chain is not in the kernel" web $OUTSIDE_IP:80
	stops CMAN-DNAT "nothing leads to 10.83.0.10:80" web:80
	run_ok cman restart web
	arrives web:80
	arrives web $OUTSIDE_IP:80
}

@test "trace: from outside to a published port, and to the host's address from a sibling" {
	web
	sleeper db </dev/null
	run_ok cman up web db
	assert_page outside http://$HOST_IP:8080/ "page of web"
	arrives web:80
	assert_output_has "port 8080/tcp of the host leads to web:80" "web listens on port 80/tcp"
	arrives db $HOST_IP:8080
	assert_output_has "port 8080 of the host leads to 10.83.0.10:80" "the source becomes 10.83.0.1"
	assert_page db http://$HOST_IP:8080/ "page of web"
	arrives web $HOST_IP:8080
	stops published "cman trace web:80" web:8080
	stops published 'net.ports = [ "81:81" ]' web:81
	stops published 'net.ports = [ "80:80/udp" ]' web:80/udp
}

@test "trace: published, but nothing listens, or on 127.0.0.1 alone, or for the host alone" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { ports = [ "8080:80", "8081:81", "127.0.0.1:8082:82", "8083:83/udp" ]; };
	EOF
	run_ok cman up web
	listens() { cman trace web:80 | grep -q "listens on 127"; }
	wait_until 10 listens
	stops listener "web listens on 127.0.0.1 alone, which is its own loopback" web:80
	assert_output_has "let the program listen on 0.0.0.0, port 80"
	assert_no_page outside http://$HOST_IP:8080/
	stops listener "nothing in web listens on port 81/tcp" web:81
	stops published "for this host alone" web:82
	stops listener "port 83/udp" web:83/udp
	arrives web 127.0.0.1:80
	machine timeout 30 nsenter --net="/proc/$(pid_of web)/ns/net" \
		socat UDP4-LISTEN:83,fork EXEC:cat 3>&- &
	takes_udp() { cman trace web:83/udp >/dev/null; }
	wait_until 10 takes_udp
	machine pkill socat
}

@test "trace: a guard that is missing stops nothing, and is told" {
	web
	run_ok cman up web
	arrives web $OUTSIDE_IP:80
	[[ $output != *GUARD* ]]
	if [ $BACKEND = nftables ]; then
		machine nft flush chain inet cman GUARD
	else
		machine iptables-legacy -t raw -F CMAN-GUARD
	fi
	warns "$(chain GUARD)" "containers reach 127.0.0.0/8 of the host" web $OUTSIDE_IP:80
	assert_output_has "cman restart web makes all rules anew"
	reaches_outside web
	if [ $BACKEND = nftables ]; then
		machine nft flush chain inet cman raw-prerouting
	else
		machine iptables-legacy -t raw -F PREROUTING
	fi
	warns "$(chain GUARD)" "a jump to the chain is missing" web $OUTSIDE_IP:80
	cman trace --json web $OUTSIDE_IP:80 | jq -e '.arrives and (.walks[0].hops | any(.verdict == "warning"))'
	run_ok cman restart web
	arrives web $OUTSIDE_IP:80
	[[ $output != *GUARD* ]]
}

@test "trace: a gateway that does not answer, and rules that choose another table" {
	web
	run_ok cman up web
	arrives web 203.0.113.1:80
	assert_output_has "it leaves this host"
	outside ip address delete $OUTSIDE_IP/24 dev uplink1
	machine ip neighbour flush dev $UPLINK
	refute reaches_outside web 203.0.113.1
	wonders $UPLINK "$OUTSIDE_IP did not answer there when the host last looked for it" web 203.0.113.1:80
	assert_output_has "ping -c 1 $OUTSIDE_IP"
	outside ip address add $OUTSIDE_IP/24 dev uplink1
	machine ip neighbour flush dev $UPLINK
	reaches_outside web
	arrives web $OUTSIDE_IP:80
	assert_output_has "it leaves this host"
	machine ip rule add from 10.83.0.10 table 77
	machine ip route add prohibit default table 77
	stops route "the host drops what is for $OUTSIDE_IP: Permission denied" web $OUTSIDE_IP:80
	refute reaches_outside web
	machine ip route delete prohibit default table 77
	machine ip rule delete from 10.83.0.10 table 77
}

@test "trace: a container that is paused" {
	web
	sleeper db </dev/null
	run_ok cman up web db
	arrives db web:80
	run_ok cman pause web
	stops listener "web is paused, and answers nobody" db web:80
	assert_output_has "cman resume web"
	stops listener "web is paused" web:80
	stops container "web is paused, and sends nothing" web db:80
	assert_no_page db http://web/
	run_ok cman resume web
	arrives db web:80
	assert_page db http://web/ "page of web"
}

@test "trace: the veth taken off its bridge, down, or gone" {
	web
	run_ok cman up web
	machine ip link set c-web nomaster
	stops c-web "is not on the bridge cman0" web $OUTSIDE_IP:80
	assert_output_has "ip link set c-web master cman0"
	stops c-web "is not on the bridge cman0" web:80
	refute reaches_outside web
	machine ip link set c-web master cman0
	reaches_outside web
	arrives web $OUTSIDE_IP:80
	machine ip link set c-web down
	stops c-web "ip link set c-web up" web $OUTSIDE_IP:80
	machine ip link delete c-web
	stops "route inside" "cman restart web" web $OUTSIDE_IP:80
	stops c-web "the host's end of eth0 is gone" web:80
	run_ok cman restart web
	arrives web:80
}

@test "trace: the bridge down, without its address, or gone" {
	web
	run_ok cman up web
	machine ip link set cman0 down
	stops cman0 "the bridge is down" web $OUTSIDE_IP:80
	assert_output_has "ip link set cman0 up"
	stops cman0 "the bridge is down" web:80
	machine ip link set cman0 up
	machine ip address delete 10.83.0.1/16 dev cman0
	stops cman0 "ip address add 10.83.0.1/16 dev cman0" web $OUTSIDE_IP:80
	refute reaches_outside web
	machine ip link delete cman0
	stops cman0 "the bridge is gone" web $OUTSIDE_IP:80
	run_ok cman restart web
	arrives web $OUTSIDE_IP:80
}

@test "trace: no route inside, no address, the link down inside" {
	web
	sleeper lost <<<'net : { default_route = false; ports = [ "8088:80" ]; };'
	run_ok cman up web lost
	stops "route inside" "net.default_route" lost $OUTSIDE_IP:80
	stops answer "lost has no route back" lost:80
	inside() { machine nsenter --net="/proc/$(pid_of web)/ns/net" "$@"; }
	inside ip route delete default
	stops "route inside" "web has no route to $OUTSIDE_IP" web $OUTSIDE_IP:80
	stops answer "no route back" web:80
	assert_no_page outside http://$HOST_IP:8080/
	inside ip address flush dev eth0
	stops eth0 "has lost its address 10.83.0.10" web:80
	inside ip link set eth0 down
	stops eth0 "is down inside" web:80
}

@test "trace: networks that are closed: internal, without icc, none, another one" {
	server quiet <<<'net : { network = "quiet"; ip = "10.91.0.5"; };'
	server one <<<'net : { network = "cells"; ip = "10.92.0.5"; };'
	sleeper two <<<'net : { network = "cells"; };'
	sleeper none <<<'net = "none";'
	web
	run_ok cman up quiet one two none web
	stops "route inside" "networks.quiet.internal" quiet $OUTSIDE_IP:80
	stops published "nothing gets in from outside" quiet:80
	stops "(cells|$(chain FWD))" "networks.cells.icc" two one:80
	assert_no_page two http://10.92.0.5/
	stops container 'net = "none"' none $OUTSIDE_IP:80
	stops container 'net = "none"' none:80
	stops "$(chain FWD)" "into cells come answers and published ports alone" web 10.92.0.5:80
	assert_no_page web http://10.92.0.5/
	stops neighbour "no running container has the address 10.83.0.77" web 10.83.0.77:80
}

set_br_netfilter() { machine sysctl -qw net.bridge.bridge-nf-call-iptables="$1"; }

@test "trace: a container that is isolated" {
	local was
	was=$(machine cat /proc/sys/net/bridge/bridge-nf-call-iptables) || skip "no br_netfilter"
	server one <<<'net : { ip = "10.83.0.20"; isolate = true; ports = [ "8090:80" ]; };'
	sleeper two </dev/null
	run_ok cman up one two
	stops c-one "one is isolated" two one:80
	assert_output_has "net.isolate in its file"
	stops c-one "one is isolated" one two:80
	assert_no_page two http://10.83.0.20/
	set_br_netfilter 1
	stops cman0 "sysctl -w net.bridge.bridge-nf-call-iptables=0" two $HOST_IP:8090
	assert_no_page two http://$HOST_IP:8090/
	set_br_netfilter 0
	arrives two $HOST_IP:8090
	assert_page two http://$HOST_IP:8090/ "page of one"
	arrives one $OUTSIDE_IP:80
	arrives one:80
	# Sent to the bridge all the same.
	machine nsenter --net="/proc/$(pid_of two)/ns/net" ip route add 10.83.0.20/32 via 10.83.0.1
	stops "$(chain FWD)" "one is isolated" two 10.83.0.20:80
	assert_no_page two http://10.83.0.20/
	run_ok cman graph
	assert_match "$output" $'one +up +eth0 +10\\.83\\.0\\.20 +8090:80\n[| ]+isolated\n'
	set_br_netfilter "$was"
}

@test "trace: without icc, a published port, and br_netfilter" {
	local was
	was=$(machine cat /proc/sys/net/bridge/bridge-nf-call-iptables) || skip "no br_netfilter"
	server one <<<'net : { network = "cells"; ports = [ "8090:80" ]; };'
	sleeper two <<<'net : { network = "cells"; };'
	run_ok cman up one two
	set_br_netfilter 1
	stops cells "br_netfilter leads it to one inside the bridge" two $HOST_IP:8090
	assert_no_page two http://$HOST_IP:8090/
	set_br_netfilter 0
	arrives two $HOST_IP:8090
	assert_page two http://$HOST_IP:8090/ "page of one"
	set_br_netfilter "$was"
}

@test "trace: to the host itself" {
	web
	run_ok cman up web
	stops listener "nothing on the host has port 2222/tcp" web $HOST_IP:2222
	machine busybox httpd -p 127.0.0.1:2222 -h /run
	stops listener "the host listens on 127.0.0.1 alone" web $HOST_IP:2222
	machine busybox httpd -p $HOST_IP:2223 -h /run
	arrives web $HOST_IP:2223
	machine iptables-legacy -A INPUT -i cman0 -p tcp --dport 2223 -j DROP
	stops INPUT "rule 1 of INPUT drops it" web $HOST_IP:2223
	machine iptables-legacy -F INPUT
	machine pkill -f 'httpd -p (127.0.0.1:2222|192.0.2.2:2223)'
}

@test "trace: a macvlan, an external bridge, an uplink that is down" {
	machine ip link add br9 type bridge
	machine ip link set br9 up
	machine ip address add 10.94.0.1/24 dev br9
	write_manager "${NETWORKS%\};} ext : { bridge = \"br9\"; external = true; subnet = \"10.94.0.0/24\";
		gateway = \"10.94.0.254\"; pool = \"10.94.0.10-10.94.0.20\"; }; };"
	server lan <<<'net : { network = "lan"; ip = "192.0.2.110"; };'
	server ext <<<'net : { network = "ext"; };'
	web
	run_ok cman up lan ext web
	arrives lan $OUTSIDE_IP:80
	assert_page outside http://192.0.2.110/ "page of lan"
	stops macvlan "a macvlan does not reach" lan $HOST_IP:80
	arrives ext $OUTSIDE_IP:80
	assert_output_has "by a gateway that is not this host"
	run_ok cman trace ext 10.94.0.7:80
	assert_match "$output" '\? +br9 +beyond this bridge'
	machine ip link set $UPLINK down
	stops $UPLINK "the link is down" lan $OUTSIDE_IP:80
	machine ip link set $UPLINK up
	machine ip route add default via $OUTSIDE_IP
	outside ip link set uplink1 down
	stops $UPLINK "without carrier" web $OUTSIDE_IP:80
	outside ip link set uplink1 up
	machine ip link delete br9
	wait_until 5 grep -q up "$(path /sys/class/net/$UPLINK/operstate)"
}

@test "trace: a container that is down, one that is unknown, and what is no question" {
	web
	stops container "cman up web" web $OUTSIDE_IP:80
	stops container "web does not run" web:80
	cman trace --json web:80 >"$BATS_TEST_TMPDIR/json" || true
	jq -e '.arrives == false and .walks[0].hops[0].verdict == "stop" and
		.walks[0].hops[0].remedy == "cman up web" and .destination == null' "$BATS_TEST_TMPDIR/json"
	run_fails cman trace wbe:80
	assert_output_has 'did you mean "web"?'
	for question in web "web web:" "web :80" "web:0" "web:65536" "web:http" "web web:80/sctp" \
		"web 1.2.3:80" "web 1.2.3.4.5:80" "web 2001:db8::1:443" "web [2001:db8::1" "web [fe80::1]" \
		"web a_b:80" "web:80 192.0.2.1" "web web/udp"; do
		# shellcheck disable=SC2086 # words
		run cman trace $question
		assert_equal "$question: $status" "$question: 2"
		assert_output_has 'trace: "' 'hint: '
	done
	run cman trace web 2001:db8::1:443
	assert_output_has '"[2001:db8::1]:443"'
	run cman trace -4 -6 web:80
	assert_equal "$status" 2
	run cman trace -4 web '[2001:db8::1]:443'
	assert_equal "$status" 2
	assert_output_has "is an address of IPv6"
}

@test "trace and graph change nothing" {
	web
	run_ok cman up web
	snapshot >"$BATS_TEST_TMPDIR/one"
	stops listener "" web $HOST_IP:1
	arrives web:80
	run_ok cman graph
	snapshot >"$BATS_TEST_TMPDIR/two"
	diff "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
}

@test "graph: networks with their containers, up or down" {
	web
	sleeper gate <<<'net = ( { ip = "10.83.0.9"; }, { network = "quiet"; ip = "10.91.0.9"; name = "lan\"0"; } );'
	sleeper idle <<<'net : { ip = "10.83.0.11"; ports = [ "81:81", "82:82/udp" ]; };'
	sleeper alone <<<'net = "none";'
	run_ok cman up web gate
	run_ok cman graph
	assert_output_has "uplink $UPLINK $HOST_IP/24" "bridge cman0, 10.83.0.1/16, nat" \
		"bridge quiet, 10.91.0.1/24, internal" "bridge cells, 10.92.0.1/24, nat, no icc, not up" \
		"macvlan of uplink0, 192.0.2.0/24, not up" "- no network: alone"
	assert_match "$output" 'web +up +eth0 +10\.83\.0\.10 +8080:80'
	assert_match "$output" 'gate +up +eth0 +10\.83\.0\.9'
	assert_match "$output" 'gate +up +lan"0 +10\.91\.0\.9'
	assert_match "$output" 'idle +down +eth0 +10\.83\.0\.11 +81:81'
	assert_match "$output" $'\n[| ]+82:82/udp\n'
	refute grep -q ' $' <<<"$output"
	run_ok cman graph gate
	assert_output_has cman0 quiet
	[[ $output != *web* && $output != *cells* ]]
	run_fails cman graph gaet
	assert_output_has 'did you mean "gate"?'
}

# What dot(1) is given: statements "ID [attributes];" and "ID -- ID [attributes];" of quoted strings.
@test "graph --dot is the language of Graphviz" {
	web
	sleeper gate <<<'net = ( { ip = "10.83.0.9"; }, { network = "quiet"; name = "a\"\\N"; } );'
	sleeper alone <<<'net = "none";'
	run_ok cman up gate
	run_ok cman graph --dot
	id='"([^"\\]|\\.)*"'
	attributes="\\[[a-z]+=($id|[a-z0-9]+)(, [a-z]+=($id|[a-z0-9]+))*\\]"
	assert_equal "$(head -n 3 <<<"$output")" $'graph cman {\n\trankdir=LR;\n\tranksep=1;'
	assert_equal "$(tail -n 1 <<<"$output")" "}"
	refute grep -vE "^	($id( -- $id)?|node|edge) $attributes;\$" <(sed '1,3d;$d' <<<"$output")
	assert_output_has '"network quiet" -- "container gate" [style=solid, label="a\"\\N\n10.91.0.' \
		'"network cman0" -- "container web" [style=dashed, label="eth0\n10.83.0.10"]' \
		'"container web" [shape=box, style="dashed", label="web\n8080:80"]' \
		'"network cells" [shape=box, style="rounded,dashed", label="cells\nbridge cells\n'
	cman graph --dot | dot -Tsvg | grep -q '</svg>'
}
