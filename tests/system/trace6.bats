#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman trace by IPv6: what it says, beside what real packets do.
load lib
load trace

HOST_IP6=2001:db8:1::2
OUTSIDE_IP6=2001:db8:1::1

NETWORKS='networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; };
	quiet : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; internal = true; };
	plain : { subnet = "10.93.0.0/24"; subnet6 = "2001:db8:93::/64"; nat = false; };
	four : { subnet = "10.94.0.0/24"; }; };'

# An uplink with IPv6, and a server outside, which are there before the snapshot.
prepare() {
	write_manager "$NETWORKS"
	machine ip -6 address add $HOST_IP6/64 dev $UPLINK nodad
	outside ip -6 address add $OUTSIDE_IP6/64 dev uplink1 nodad
	machine ip -6 route add default via $OUTSIDE_IP6
	outside busybox httpd -p '[::]:80' -h /run
}

# The chains of IPv6 have names of their own in nf_tables alone.
chain6() { if [ $BACKEND = nftables ]; then echo "inet cman ${1}6"; else echo "CMAN-$1"; fi; }

web() {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "${1:-[::]}:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { network = "six"; ip = "10.91.0.10"; ports = [ "8080:80" ]; };
	EOF
	echo "page of web" >"$(path "$T/rootfs/web/www/index.html")"
}

@test "trace: the way out by IPv6, hop by hop" {
	web
	run_ok cman up web
	arrives web "[$OUTSIDE_IP6]:80"
	for hop in "route inside" eth0 c-web six forwarding route "$(chain6 FWD)" "$(chain6 NAT)" $UPLINK beyond; do
		assert_match "$output" "ok +$hop "
	done
	[[ $output != *rp_filter* && $output != *GUARD* ]]
	assert_output_has "by fd00:91::1" "the source becomes $HOST_IP6"
	reaches_outside web $OUTSIDE_IP6
	arrives web 2001:db8:7::1
	assert_output_has "by $OUTSIDE_IP6"
	cman trace --json web "[$OUTSIDE_IP6]:80" | jq -e '.arrives and (.walks | length) == 1 and
		.walks[0].family == "ipv6" and (.walks[0].hops | all(.verdict == "ok")) and
		.destination == "2001:db8:1::1" and .port == 80'
}

@test "trace: IPv6 forwarding switched off by hand" {
	web
	run_ok cman up web
	machine sysctl -qw net.ipv6.conf.all.forwarding=0
	stops forwarding "sysctl -w net.ipv6.conf.all.forwarding=1" web "[$OUTSIDE_IP6]:80"
	stops forwarding "net.ipv6.conf.all.forwarding is 0" -6 web:80
	refute reaches_outside web $OUTSIDE_IP6
	arrives web $OUTSIDE_IP:80
	machine ip -6 route replace default via $OUTSIDE_IP6
	machine sysctl -qw net.ipv6.conf.all.forwarding=1
	machine ip -6 route replace default via $OUTSIDE_IP6
	arrives web "[$OUTSIDE_IP6]:80"
	reaches_outside web $OUTSIDE_IP6
}

@test "trace: no route of the host by IPv6, one that prohibits, an uplink without an address" {
	web
	run_ok cman up web
	machine ip -6 route add prohibit 2001:db8:8::/48
	stops route "2001:db8:8::1: Permission denied" web '[2001:db8:8::1]:80'
	machine ip -6 route delete prohibit 2001:db8:8::/48
	machine ip -6 route delete default
	stops route "the host drops what is for 2001:db8:7::1" web '[2001:db8:7::1]:80'
	assert_output_has "ip route get 2001:db8:7::1"
	# A host that forwards believes no router, unless told to.
	machine sysctl -qw net/ipv6/conf/$UPLINK/accept_ra=1
	stops route "sysctl -w net/ipv6/conf/$UPLINK/accept_ra=2" web '[2001:db8:7::1]:80'
	run cman trace -6 web:80
	assert_match "$output" '\? +uplink +no default route'
	machine ip -6 address delete $HOST_IP6/64 dev $UPLINK
	machine ip -6 route add default via fe80::1 dev $UPLINK
	warns "$(chain6 NAT)" "which is no address of $UPLINK" web '[2001:db8:7::1]:80'
	machine ip -6 route delete default
	machine ip -6 address add $HOST_IP6/64 dev $UPLINK nodad
	machine ip -6 route add default via $OUTSIDE_IP6
}

@test "trace: rules and policies of others in FORWARD of IPv6" {
	web
	run_ok cman up web
	arrives web "[$OUTSIDE_IP6]:80"
	if [ $BACKEND = iptables ]; then
		machine ip6tables-legacy -P FORWARD DROP
		arrives web "[$OUTSIDE_IP6]:80"
		reaches_outside web $OUTSIDE_IP6
		machine ip6tables-legacy -I FORWARD -s fd00:91::/64 -p tcp --dport 80 -j REJECT
		stops FORWARD "rule 1 of FORWARD drops it" web "[$OUTSIDE_IP6]:80"
		assert_output_has "ip6tables-legacy -I FORWARD -i six -j ACCEPT"
		arrives web "[$OUTSIDE_IP6]:81"
		machine ip6tables-legacy -D FORWARD 1
		machine ip6tables-legacy -D FORWARD 1
		stops CMAN-FWD "a jump to the chain is missing, and the policy of FORWARD drops it" web "[$OUTSIDE_IP6]:80"
	else
		machine ip6tables-legacy -P FORWARD DROP
		stops FORWARD "the policy of FORWARD drops it" web "[$OUTSIDE_IP6]:80"
		stops FORWARD "ip6tables-legacy -I FORWARD -o six" -6 web:80
	fi
	refute reaches_outside web $OUTSIDE_IP6
	arrives web $OUTSIDE_IP:80
	machine ip6tables-legacy -P FORWARD ACCEPT
	run_ok cman restart web
	machine nft add table ip6 other
	machine nft 'add chain ip6 other passing { type filter hook forward priority 0; policy drop; }'
	stops FORWARD "chain passing of ip6 other drops it" web "[$OUTSIDE_IP6]:80"
	assert_output_has "nft insert rule ip6 other passing iifname six accept"
	arrives web $OUTSIDE_IP:80
	refute reaches_outside web $OUTSIDE_IP6
	machine nft insert rule ip6 other passing iifname six accept
	arrives web "[$OUTSIDE_IP6]:80"
	machine nft delete table ip6 other
	reaches_outside web $OUTSIDE_IP6
}

@test "trace: rules of ours for IPv6 that somebody took away or changed" {
	web
	run_ok cman up web
	if [ $BACKEND = nftables ]; then
		machine nft flush chain inet cman NAT6
	else
		machine ip6tables-legacy -t nat -F CMAN-NAT
	fi
	stops "$(chain6 NAT)" "somebody has changed its rules" web "[$OUTSIDE_IP6]:80"
	arrives web $OUTSIDE_IP:80
	if [ $BACKEND = nftables ]; then
		machine nft delete table inet cman
	else
		machine ip6tables-legacy -t nat -F
		machine ip6tables-legacy -t nat -X
	fi
	stops "$(chain6 DNAT)" "nothing leads to [fd00:91::a]:80" -6 web:80
	assert_no_page outside "http://[$HOST_IP6]:8080/"
	run_ok cman restart web
	arrives web:80
	assert_page outside "http://[$HOST_IP6]:8080/" "page of web"
}

@test "trace: from outside to a port that is published in both families, or in one" {
	# On ::1 nothing is published where br_netfilter is on.
	local switch=/proc/sys/net/bridge/bridge-nf-call-ip6tables was=
	if was=$(machine cat $switch 2>/dev/null); then machine sh -c "echo 0 >$switch"; fi
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { network = "six"; ip = "10.91.0.10";
		ports = [ "8080:80", "192.0.2.2:8081:81", "[2001:db8:1::2]:8082:82", "[::1]:8083:83" ]; };
	EOF
	echo "page of web" >"$(path "$T/rootfs/web/www/index.html")"
	sleeper db <<<'net : { network = "six"; };'
	run_ok cman up web db
	assert_page outside "http://[$HOST_IP6]:8080/" "page of web"
	arrives web:80
	assert_match "$output" $'^IPv4:\n.*leads to 10\\.91\\.0\\.10:80.*\nIPv6:\n.*leads to \\[fd00:91::a\\]:80'
	arrives -6 web:80
	[[ $output != *10.91.0.10* ]]
	stops listener "port 81/tcp" web:81
	[[ $output != *IPv6* && $output == *10.91.0.10:81* ]]
	stops published "port 81 is not published" -6 web:81
	stops listener "port 82/tcp" web:82
	[[ $output != *10.91.0.10* && $output == *"port 8082/tcp of $HOST_IP6 leads to web:82"* ]]
	stops published "on ::1: for this host alone" web:83
	stops published "cman trace web:80" -6 web:8080
	# By the host's address, from a sibling.
	arrives db "[$HOST_IP6]:8080"
	assert_output_has "port 8080 of the host leads to [fd00:91::a]:80" "the source becomes fd00:91::1"
	assert_page db "http://[$HOST_IP6]:8080/" "page of web"
	run_ok cman graph
	assert_output_has "192.0.2.2:8081:81" "[2001:db8:1::2]:8082:82"
	run_ok cman down web
	[ -z "$was" ] || machine sh -c "echo $was >$switch"
}

@test "trace: networks that are closed, and one without nat, by IPv6" {
	container plain <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { network = "plain"; ip6 = "2001:db8:93::5"; };
	EOF
	echo "page of plain" >"$(path "$T/rootfs/plain/www/index.html")"
	sleeper quiet <<<'net : { network = "quiet"; };'
	web
	run_ok cman up plain quiet web
	stops published "nothing gets in from outside" -6 quiet:80
	stops "$(chain6 FWD)" "into six come answers and published ports alone" plain '[fd00:91::a]:80'
	assert_no_page plain 'http://[fd00:91::a]/'
	outside ip -6 route add 2001:db8:93::/64 via $HOST_IP6
	assert_page outside 'http://[2001:db8:93::5]/' "page of plain"
	arrives -6 plain:80
	arrives plain "[$OUTSIDE_IP6]:80"
	assert_output_has "leaves the source 2001:db8:93::5"
	reaches_outside plain $OUTSIDE_IP6
	outside ip -6 route delete 2001:db8:93::/64
}

@test "trace: a name that has both addresses is walked to by both, or by the one asked for" {
	web
	sleeper db <<<'net : { network = "six"; };'
	sleeper old <<<'net : { network = "six"; ip6 = "none"; };'
	run_ok cman up web db old
	assert_page db 'http://[fd00:91::a]/' "page of web"
	arrives db web:80
	assert_match "$output" $'^IPv4:\n.*10\\.91\\.0\\.10, by its hosts file.*\nIPv6:\n.*fd00:91::a, by its hosts file'
	assert_output_has "address ::"
	arrives -4 db web:80
	[[ $output != *IPv6* && $output == *10.91.0.10* && $output != *fd00* ]]
	arrives -6 db web:80
	[[ $output != *IPv6:* && $output != *10.91.0.10* && $output == *fd00:91::a* ]]
	# One that has IPv4 alone asks by that, and is asked by that.
	arrives old web:80
	[[ $output != *fd00* ]]
	stops eth0 "old has no IPv6 address" -6 old web:80
	assert_output_has "net.ip6 in its file"
	stops name "old has no IPv6 address in its hosts file" -6 web old:80
	cman trace --json db web:80 | jq -e '.arrives and (.walks | map(.family)) == ["ipv4", "ipv6"] and
		(.walks | all(.arrives)) and .protocol == "tcp"'
	cman trace --json -6 db web | jq -e '.port == null and .protocol == "icmp" and
		(.walks[0].hops | map(.where) | contains(["ping"]))'
}

@test "trace: to an address without IPv6 in the container, on the network, on the host" {
	sleeper four <<<'net : { network = "four"; };'
	sleeper six <<<'net : { network = "six"; };'
	sleeper quiet <<<'net : { network = "quiet"; };'
	run_ok cman up four six quiet
	stops eth0 "networks.four.subnet6" four "[$OUTSIDE_IP6]:80"
	stops eth0 "four has no IPv6 address" -6 four:80
	stops "route inside" "its network is internal" quiet "[$OUTSIDE_IP6]:80"
	stops neighbour "no running container has the address fd00:91::77" six '[fd00:91::77]:80'
	machine nsenter --net="/proc/$(pid_of six)/ns/net" ip -6 route delete default
	stops "route inside" "six has no route to $OUTSIDE_IP6" six "[$OUTSIDE_IP6]:80"
	refute reaches_outside six $OUTSIDE_IP6
}

@test "trace: IPv6 switched off in the container, or on the bridge" {
	web
	sleeper db <<<'net : { network = "six"; };'
	run_ok cman up web db
	machine sysctl -qw net/ipv6/conf/six/disable_ipv6=1
	stops six "sysctl -w net/ipv6/conf/six/disable_ipv6=0, then cman restart" web "[$OUTSIDE_IP6]:80"
	refute reaches_outside web $OUTSIDE_IP6
	arrives web $OUTSIDE_IP:80
	machine sysctl -qw net/ipv6/conf/six/disable_ipv6=0
	machine ip -6 address add fd00:91::1/64 dev six nodad
	machine nsenter --net="/proc/$(pid_of web)/ns/net" sysctl -qw net/ipv6/conf/eth0/disable_ipv6=1
	stops eth0 "net/ipv6/conf/eth0/disable_ipv6 is 1 inside" -6 db web:80
	assert_no_page db 'http://[fd00:91::a]/'
	arrives -4 db web:80
}

@test "trace: the bridge or the veth down by IPv6, or without the gateway's address" {
	web
	run_ok cman up web
	machine ip -6 address delete fd00:91::1/64 dev six
	stops six "ip address add fd00:91::1/64 dev six" web "[$OUTSIDE_IP6]:80"
	refute reaches_outside web $OUTSIDE_IP6
	machine ip -6 address add fd00:91::1/64 dev six nodad
	machine ip link set c-web down
	stops c-web "ip link set c-web up" web "[$OUTSIDE_IP6]:80"
	refute reaches_outside web $OUTSIDE_IP6
	machine ip link set c-web up
	machine ip link set c-web nomaster
	stops c-web "is not on the bridge six" web "[$OUTSIDE_IP6]:80"
	machine ip link delete c-web
	stops "route inside" "cman restart web" web "[$OUTSIDE_IP6]:80"
}

@test "trace: who listens by IPv6, and who on ::1 or by IPv4 alone" {
	web '[::1]'
	sleeper db <<<'net : { network = "six"; };'
	run_ok cman up web db
	listens() { cman trace -6 db web:80 | grep -q "listens on ::1"; }
	wait_until 10 listens
	stops listener "web listens on ::1 alone, which is its own loopback" -6 db web:80
	assert_output_has "let the program listen on ::, port 80"
	assert_no_page db 'http://[fd00:91::a]/'
	stops listener "nothing in web listens on port 81/tcp" -6 db web:81
	arrives web '[::1]:80'
	run_ok cman down web
	web 0.0.0.0
	run_ok cman up web
	assert_page db 'http://10.91.0.10/' "page of web"
	stops listener "web listens on 0.0.0.0 alone, which is IPv4" db web:80
	assert_no_page db 'http://[fd00:91::a]/'
	arrives -4 db web:80
}

@test "trace: a ping, by IPv4 and IPv6" {
	web
	sleeper db <<<'net : { network = "six"; };'
	run_ok cman up web db
	arrives db web
	assert_output_has "web answers"
	arrives db fd00:91::a
	assert_match "$output" 'ok +ping +web answers'
	arrives db fd00:91::1
	assert_match "$output" 'ok +ping +the host answers'
	machine nsenter --net="/proc/$(pid_of web)/ns/net" sysctl -qw net/ipv6/icmp/echo_ignore_all=1
	stops ping "security.sysctls" -6 db web
	arrives -4 db web
	machine sysctl -qw net.ipv4.icmp_echo_ignore_all=1
	stops ping "sysctl -w net/ipv4/icmp_echo_ignore_all=0" db 10.91.0.1
	machine sysctl -qw net.ipv4.icmp_echo_ignore_all=0
}

@test "trace: to the host itself by IPv6, and what INPUT drops" {
	web
	run_ok cman up web
	stops listener "nothing on the host has port 2222/tcp" web '[fd00:91::1]:2222'
	machine busybox httpd -p '[::1]:2222' -h /run
	stops listener "the host listens on ::1 alone" web '[fd00:91::1]:2222'
	assert_output_has "let busybox (process "
	machine busybox httpd -p '[::]:2223' -h /run
	arrives web '[fd00:91::1]:2223'
	assert_output_has ": busybox (process "
	machine ip6tables-legacy -A INPUT -i six -p tcp --dport 2223 -j DROP
	stops INPUT "rule 1 of INPUT drops it" web '[fd00:91::1]:2223'
	assert_output_has "ip6tables-legacy -I INPUT -i six -j ACCEPT"
	arrives web 10.91.0.1:2223
	machine ip6tables-legacy -F INPUT
	machine pkill -f 'httpd -p .::1?]:222[23]'
}

@test "graph: both families, in 80 columns" {
	web
	sleeper gate <<<'net = ( { network = "six"; ip = "10.91.0.9"; }, { network = "quiet"; name = "lan0"; } );'
	sleeper idle <<<'net : { network = "plain"; ip6 = "2001:db8:93::1:2:3:4"; ports = [ "81:81" ]; };'
	sleeper a-container-with-quite-a-long-name <<<'net : { network = "plain";
		ip6 = "2001:db8:93:0:1234:5678:9abc:def0"; ports = [ "192.0.2.2:18000-18999:8000-8999" ]; };'
	run_ok cman up web gate a-container-with-quite-a-long-name
	run_ok cman graph
	assert_output_has "machine  uplink $UPLINK $HOST_IP/24, $HOST_IP6/64" \
		"bridge six, 10.91.0.1/24, fd00:91::1/64, nat" "fd00:92::1/64, internal"
	assert_match "$output" $'web +up +eth0 +10\\.91\\.0\\.10 +8080:80\n[| ]+fd00:91::a\n'
	assert_match "$output" $'long-name +up +eth0\n[| ]+10\\.93\\.0\\.[0-9]+ +192.0.2.2:18000-18999:8000-8999\n[| ]+2001:db8:93:0:1234:5678:9abc:def0\n'
	refute grep -nE '.{81}| $' <<<"$output"
	run_ok cman graph idle
	assert_match "$output" $'idle +down +eth0 +10\\.93\\.0\\.[0-9]+ +81:81\n +2001:db8:93:0:1:2:3:4'
	run_ok cman graph --dot
	assert_output_has "label=\"machine\\n$UPLINK $HOST_IP/24\\n$HOST_IP6/64\"" \
		'"network six" -- "container web" [style=solid, label="eth0\n10.91.0.10\nfd00:91::a"]'
	cman graph --dot | dot -Tpng | head -c 4 | grep -q PNG
	# IPv6 over a link of its own; none at all.
	machine ip link add six0 type dummy 2>/dev/null || machine ip link add six0 type bridge
	machine ip link set six0 up
	machine ip -6 address add 2001:db8:2::2/64 dev six0 nodad
	machine ip -6 route replace default via 2001:db8:2::1
	run_ok cman graph web
	assert_output_has "machine  uplink $UPLINK $HOST_IP/24"$'\n'"|  uplink six0 2001:db8:2::2/64"
	machine ip -6 route replace default via $OUTSIDE_IP6
	machine ip link delete six0
}
