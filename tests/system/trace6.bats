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

web() {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "${1:-[::]}:80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { network = "six"; ip = "10.91.0.10"; ports = [ "8080:80" ]; };
	EOF
	echo "page of web" >"$(path "$T/rootfs/web/www/index.html")"
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
