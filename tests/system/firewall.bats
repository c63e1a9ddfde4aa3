#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman firewall beside what the kernel's own tools say, and the keys that leave things to others:
# firewall.publish, firewall.manage_forward, networks.NAME.uplink.
load lib

# The same tests for both backends: firewall-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

# A second way out: wan1, to 198.51.100.1 in "other". Who asks is told with which address.
OTHER_IP=198.51.100.1
WAN_IP=198.51.100.2

other() { machine ip netns exec other "$@"; }

prepare() {
	machine mkdir -p /run/outside/cgi-bin
	machine sh -c 'printf "#!/bin/sh\necho; echo from \$REMOTE_ADDR\n" >/run/outside/cgi-bin/who
		chmod +x /run/outside/cgi-bin/who'
	machine ip netns add other
	machine ip link add wan1 type veth peer name wan1p netns other
	machine ip address add $WAN_IP/24 dev wan1
	machine ip link set wan1 up
	other ip link set lo up
	other ip address add $OTHER_IP/24 dev wan1p
	other ip link set wan1p up
	wait_until 10 grep -q up "$(path /sys/class/net/wan1/operstate)"
	outside busybox httpd -p 0.0.0.0:80 -h /run/outside
	other busybox httpd -p 0.0.0.0:80 -h /run/outside
}

who() { http_get "$1" "http://$2/cgi-bin/who"; }

# manager KEYS LINE...: the backend is that of this run
manager() {
	local keys=$1

	shift
	write_manager "firewall : { backend = \"$BACKEND\"; $keys };" "$@"
}

# The rules of cman in the words of the tool, in their order.
kernel_rules() {
	local tool table

	if [ $BACKEND = nftables ]; then
		machine nft -y list table inet cman
		return
	fi
	for tool in iptables ip6tables; do
		for table in raw filter nat; do
			machine $tool-legacy-save -t $table | grep '^-A.*CMAN-' || true
		done
	done
}

# The same from cman firewall.
told_rules() {
	if [ $BACKEND = nftables ]; then
		cman firewall | sed '/^\t*#/d'
	else
		cman firewall | sed -n 's/^\[[0-9]*:[0-9]*\] //p'
	fi
}

assert_told_as_it_is() {
	assert_equal "$(told_rules)" "$(kernel_rules)"
}

# The line number of the first line of a file of the machine that has the text.
line_of() { grep -nF -- "$2" "$(path "$1")" | head -n 1 | cut -d: -f1; }

# assert_comes_from TEXT ORIGIN: the rule with that text stands below that origin
assert_comes_from() {
	local found

	found=$(cman firewall | sed 's/^[\t]*//' |
		awk -v text="$1" '/^# /{origin = substr($0, 3)} index($0, text) && !/^#/ {print origin; exit}')
	assert_equal "$found" "$2"
}

web() { server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80", "127.0.0.1:8081:80" ]; };'; }

# Takes away what leads to the port 80 of web, or puts nothing in its place.
delete_port_rule() {
	if [ $BACKEND = nftables ]; then
		machine sh -c 'nft delete rule inet cman DNAT handle "$(nft -a list chain inet cman DNAT |
			sed -n "s/.*tcp dport 8080 .* # handle //p")"'
	else
		machine iptables-legacy -t nat -D CMAN-DNAT -p tcp -m tcp --dport 8080 \
			-m comment --comment cman:web -j DNAT --to-destination 10.83.0.10:80
	fi
}

@test "firewall: every rule as the tool of the backend has it" {
	write_manager 'networks : {
		cman0 : { };
		quiet : { subnet = "10.91.0.0/24"; internal = true; };
		cells : { subnet = "10.92.0.0/24"; icc = false; uplink = "uplink0"; };
		apart : { subnet = "10.94.0.0/24"; isolate = true; subnet6 = "fd00:94::/64"; };
		plain : { subnet = "10.93.0.0/24"; nat = false; uplink = "wan1"; }; };'
	web
	sleeper apart <<<'net : { network = "apart"; ports = [ "9300:80" ]; };'
	sleeper range <<<'net : { ports = [ "9001-9003:81-83", "9101-9103:9101-9103/udp" ]; nat = false; };'
	sleeper inner <<<'net : { network = "quiet"; };'
	sleeper cell <<<'net : { network = "cells"; ports = [ "192.0.2.2:53:53/udp" ]; };'
	sleeper routed <<<'net : { network = "plain"; nat = true; };'
	sleeper kept <<-'EOF'
	net : { host_access = false;
	  egress : { default = "deny"; deny = [ "203.0.113.0/24" ];
	    allow = [ "dns", "icmp", "tcp:443", "10.0.0.0/8:5432-5433/tcp", "192.0.2.7" ]; }; };
	EOF
	run_ok cman up --all
	assert_told_as_it_is
	[ "$(told_rules | wc -l)" -gt 30 ]
	run_ok cman firewall --json
	jq -e '.complete and (.rules | length > 30) and (.rules | all(.present)) and .faults == []' <<<"$output"
	assert_equal "$(jq -r .backend <<<"$output")" $BACKEND
	assert_comes_from "cman:apart" "$CONF:$(line_of $CONF 'apart :') networks.apart.isolate"
	run_ok cman down routed cell inner range
	assert_told_as_it_is
}

@test "firewall: file, line and key of what asks for a rule" {
	write_manager '' 'networks : {' '  cman0 : {' '    nat = true;' '  };' \
		'  plain : { subnet = "10.93.0.0/24"; nat = false; };' '};'
	server web <<-'EOF'
	net : {
	  ports = [ "8080:80",
	            "8443:443" ];
	};
	EOF
	sleeper two <<-'EOF'
	net = ( { },
	        { network = "plain";
	          nat = true; } );
	EOF
	sleeper alone <<-'EOF'
	net : {
	  isolate = true;
	};
	EOF
	sleeper kept <<-'EOF'
	net : { egress : { default = "deny"; allow = [ "tcp:443",
	          "tcp:444" ];
	        };
	        host_access = false; };
	EOF
	run_ok cman up web two alone kept
	kept=$T/conf.d/kept.conf
	assert_comes_from "dport 444" "$kept:$(line_of $kept tcp:444) net.egress.allow[1]"
	key() { cman firewall --json | jq -r --arg key "$1" '.rules[] | select(.key == $key) | .line' | sort -u; }
	assert_equal "$(key net.egress.default)" "$(line_of $kept default)"
	assert_equal "$(key net.host_access)" "$(line_of $kept host_access)"
	assert_comes_from "cman:alone" "$T/conf.d/alone.conf:$(line_of $T/conf.d/alone.conf isolate) net.isolate"
	assert_told_as_it_is
	web=$T/conf.d/web.conf
	assert_comes_from "dport 8080" "$web:$(line_of $web 8080:80) net.ports[0]"
	assert_comes_from "dport 8443" "$web:$(line_of $web 8443:443) net.ports[1]"
	assert_comes_from "cman:two" "$T/conf.d/two.conf:$(line_of $T/conf.d/two.conf 'nat = true') net[1].nat"
	assert_comes_from "10.83.0.0/16" "$CONF:$(line_of $CONF 'cman0 :') networks.cman0"
	masquerade=$(cman firewall --json | jq -r '.rules[] | select(.key == "networks.cman0.nat" and
		(.rule | ascii_downcase | contains("masquerade"))) | .line')
	assert_equal "$(sort -u <<<"$masquerade")" "$(line_of $CONF 'nat = true')"
	# No jump has an origin, every rule has one.
	cman firewall --json | jq -e '[.rules[] | select(.key == null)] | length > 0 and
		all(.rule | test("(-j |jump )(CMAN-)?[A-Z6]+| return"))'
	run_ok cman firewall
	[[ $output != *"not recorded"* ]]
}

@test "firewall: rules for what a container may call" {
	write_manager 'networks : { cman0 : { subnet6 = "fd00:83::/64"; }; };'
	sleeper a <<-'EOF'
	net : {
	  host_access = false;
	  egress : { default = "deny";
	    deny = [ "192.0.2.9", "udp:5000-5009" ];
	    allow = [ "dns", "icmp",
	              "tcp:443" ];
	  };
	};
	EOF
	sleeper b <<<'net : { egress : { deny = [ "2001:db8:9::/48" ]; }; };'
	run_ok cman up a b
	run_ok cman firewall
	assert_told_as_it_is
	a=$T/conf.d/a.conf
	assert_comes_from "192.0.2.9" "$a:$(line_of $a 192.0.2.9) net.egress.deny[0]"
	assert_comes_from "dport 443" "$a:$(line_of $a tcp:443) net.egress.allow[2]"
	assert_equal "$(cman firewall --json | jq -r '[.rules[] | select(.container == "a") | .key] |
		unique | join(" ")')" "net.egress.allow[0] net.egress.allow[1] net.egress.allow[2] $(:
		)net.egress.default net.egress.deny[0] net.egress.deny[1] net.host_access"
	cman firewall --json | jq -e '[.rules[] | select(.container != null)] | all(.line > 0)'
	# The answers that all of them get go with the rules of each.
	run_ok cman firewall b
	assert_output_has 2001:db8:9::/48
	[[ $output != *192.0.2.9* ]]
}

@test "firewall: what no file says is a default" {
	sleeper a </dev/null
	run_ok cman up a
	run_ok cman firewall
	assert_output_has "# default networks.cman0.nat" "# default networks.cman0"
	cman firewall --json | jq -e '.rules | all(.file == null and .line == null and .file_state == null)'
}

@test "firewall: a file that has changed since, or is gone" {
	web
	sleeper job <<<'net : { ports = [ "9000:9000" ]; };'
	run_ok cman up web job
	machine sh -c "echo '# more' >>$T/conf.d/web.conf; rm $T/conf.d/job.conf"
	run_ok cman firewall
	assert_output_has "$T/conf.d/web.conf:4 net.ports[0] (file changed since)" \
		"$T/conf.d/job.conf:3 net.ports[0] (file gone)"
	assert_equal "$(cman firewall --json | jq -r '[.rules[] | select(.container != null) |
		.container + " " + .file_state] | unique | join(",")')" "job gone,web changed"
	# What holds is what was said then.
	machine sh -c "sed -i 's/8080:80/8099:80/' $T/conf.d/web.conf"
	assert_told_as_it_is
	run_ok cman restart web
	run_ok cman firewall web
	assert_output_has "dport 8099" "$T/conf.d/web.conf:4 net.ports[0]"
	[[ $output != *changed* ]]
}

@test "firewall: a rule that somebody has taken away is marked, and comes back" {
	web
	sleeper other </dev/null
	run_ok cman up web
	delete_port_rule
	run cman firewall
	assert_equal "$status" 1
	assert_match "$output" 'MISSING [^#]*dport 8080'
	assert_equal "$(grep -c MISSING <<<"$output")" 1
	assert_output_has "1 rule is missing in the kernel; cman restart web makes all rules anew"
	cman firewall --json 2>/dev/null | jq -e '(.complete | not) and
		([.rules[] | select(.present | not)] | length == 1 and (.[0].rule | contains("8080")) and
		.[0].packets == null)'
	run_ok cman up other
	run_ok cman firewall
	[[ $output != *MISSING* ]]
}

@test "firewall: all of it flushed, and rules of others in its chains" {
	web
	run_ok cman up web
	if [ $BACKEND = nftables ]; then
		machine nft add rule inet cman FWD oifname cman0 drop
	else
		machine iptables-legacy -A CMAN-FWD -o cman0 -j DROP
	fi
	run_ok cman firewall
	assert_output_has "# and 1 rule in $([ $BACKEND = nftables ] || echo CMAN-)FWD not of cman's"
	cman firewall --json | jq -e '.faults | length == 1 and .[0].strangers == 1'
	if [ $BACKEND = nftables ]; then
		machine nft delete table inet cman
	else
		for table in raw filter nat; do machine iptables-legacy -t $table -F; done
	fi
	run cman firewall
	assert_equal "$status" 1
	assert_equal "$(grep -c MISSING <<<"$output")" "$(cman firewall --json 2>/dev/null | jq '.rules | length')"
	run_ok cman restart web
	run_ok cman firewall
}

@test "firewall: packets and bytes" {
	web
	run_ok cman up web
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	counted=$(cman firewall --json | jq '.rules[] | select(.rule | contains("dport 8080")) | .packets')
	if [ $BACKEND = nftables ]; then
		assert_equal "$counted" null
	else
		[ "$counted" -ge 1 ]
		run_ok cman firewall
		assert_match "$output" "\[$counted:[1-9][0-9]*\] -A CMAN-DNAT .*dport 8080"
	fi
}

@test "firewall: of some containers and their networks alone" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	sleeper a <<<'net : { ports = [ "8001:80" ]; };'
	sleeper b <<<'net : { ports = [ "8002:80" ]; };'
	sleeper c <<<'net : { network = "back"; ports = [ "8003:80" ]; };'
	run_ok cman up a b c
	run_ok cman firewall a
	assert_output_has "dport 8001" cman:network:front
	[[ $output != *8002* && $output != *8003* && $output != *network:back* ]]
	run_ok cman firewall b c
	assert_output_has "dport 8002" "dport 8003" cman:network:front cman:network:back
	[[ $output != *8001* ]]
	cman firewall --json c | jq -e '.rules | all(.network == null or .network == "back")'
	run_fails cman firewall nobody
	assert_output_has 'no container "nobody"'
}

@test "firewall: without containers, without rules, without root" {
	sleeper a </dev/null
	run_ok cman firewall
	assert_equal "$output" "# none: no container is up on a network of cman's own"
	cman firewall --json | jq -e '.backend == null and .manage_forward == null and .rules == [] and .complete'
	run_ok cman up a
	run machine setpriv --reuid 65534 --clear-groups timeout 20 "$CMAN" -c $CONF firewall
	assert_equal "$status" 1
	assert_output_has "root alone can see the rules"
	run_ok cman down a
	write_manager 'firewall : { backend = "none"; };'
	run_ok cman up a
	run_ok cman firewall
	assert_equal "$output" '# none: firewall.backend = "none"'
	cman firewall --json | jq -e '.backend == "none" and .rules == []'
}

# --- firewall.publish --------------------------------------------------------------------------

# The administrator's own FORWARD: closed but for what containers send and answers.
close_forward() {
	if [ $BACKEND = nftables ]; then
		machine nft 'table inet theirs { chain forward { type filter hook forward priority 0; policy drop;
			ct state established,related accept
			iifname "cman0" accept
		}; }'
	else
		machine iptables-legacy -P FORWARD DROP
	fi
}

# The lines of docs/networking.md.
open_port() {
	if [ $BACKEND = nftables ]; then
		machine nft insert rule inet theirs forward oifname cman0 ct status dnat \
			ip daddr 10.83.0.10 tcp dport 80 accept
	else
		machine iptables-legacy -I FORWARD -o cman0 -m conntrack --ctstate DNAT \
			-d 10.83.0.10 -p tcp --dport 80 -j ACCEPT
	fi
}

forget_forward() {
	if [ $BACKEND = nftables ]; then
		machine nft delete table inet theirs
	else
		machine iptables-legacy -P FORWARD ACCEPT
		machine iptables-legacy -F FORWARD
	fi
}

@test "publish = host-firewall: from outside as the administrator's rules say, else as ever" {
	manager 'publish = "host-firewall";' 'networks : { cman0 : { }; back : { subnet = "10.92.0.0/24"; nat = false; }; };'
	web
	sleeper other </dev/null
	sleeper stranger <<<'net : { network = "back"; };'
	close_forward
	run_ok cman up web other
	[[ $output != *warning* ]] || { echo "$output"; return 1; }
	assert_told_as_it_is
	assert_page machine "http://$HOST_IP:8080/" "page of web"
	assert_page machine http://127.0.0.1:8080/ "page of web"
	for from in other web; do
		assert_page $from "http://$HOST_IP:8080/" "page of web"
		assert_page $from http://10.83.0.1:8080/ "page of web"
	done
	assert_equal "$(who web $OUTSIDE_IP)" "from $HOST_IP"
	assert_no_page outside "http://$HOST_IP:8080/"
	run_ok cman check
	[[ $output != *warning* ]] || { echo "$output"; return 1; }
	# Those of other networks are outside, too.
	run cman up stranger
	assert_no_page stranger "http://$HOST_IP:8080/"
	open_port
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	[ $BACKEND = nftables ] || assert_page stranger "http://$HOST_IP:8080/" "page of web"
	# cman's own place in FORWARD is before those rules, and lets nothing else in.
	outside ip route add 10.83.0.0/16 via $HOST_IP
	assert_no_page outside http://10.83.0.10/
	outside ip route del 10.83.0.0/16
	run_ok cman down web other stranger
	forget_forward
}

@test "publish: a change reaches what is up with the next command, and is told as it was" {
	web
	sleeper other </dev/null
	manager ''
	run_ok cman up web
	before=$(kernel_rules)
	manager 'publish = "host-firewall";'
	assert_equal "$(told_rules)" "$before"
	run_ok cman up other
	[ "$(kernel_rules)" != "$before" ]
	assert_told_as_it_is
	assert_comes_from "cman:network:cman0" "default networks.cman0"
	cman firewall --json | jq -e --arg file $CONF '.rules[] |
		select(.key == "firewall.publish") | .file == $file'
	manager ''
	run_ok cman down other
	assert_equal "$(kernel_rules)" "$before"
}

# --- networks.NAME.uplink ----------------------------------------------------------------------

@test "uplink: masqueraded by that link alone, routed by the other" {
	sleeper a <<<'net : { ip = "10.83.0.10"; };'
	run_ok cman up a
	assert_equal "$(who a $OUTSIDE_IP)" "from $HOST_IP"
	assert_equal "$(who a $OTHER_IP)" "from $WAN_IP"
	run_ok cman down a
	write_manager 'networks : { cman0 : { uplink = "uplink0"; }; };'
	run_ok cman up a
	assert_told_as_it_is
	assert_equal "$(who a $OUTSIDE_IP)" "from $HOST_IP"
	refute who a $OTHER_IP
	other ip route add 10.83.0.0/16 via $WAN_IP
	assert_equal "$(who a $OTHER_IP)" "from 10.83.0.10"
	# In, by either: published ports alone.
	assert_no_page machine http://10.83.0.10:81/
	other ip route del 10.83.0.0/16
}

@test "uplink: a container's own nat goes by it, too" {
	write_manager 'networks : { plain : { subnet = "10.93.0.0/24"; nat = false; uplink = "wan1"; }; };'
	sleeper a <<<'net : { nat = true; };'
	run_ok cman up a
	assert_equal "$(who a $OTHER_IP)" "from $WAN_IP"
	refute who a $OUTSIDE_IP
}

@test "uplink: a network that is up keeps it; a link that is not there is told" {
	sleeper a </dev/null
	sleeper b </dev/null
	run_ok cman up a
	write_manager 'networks : { cman0 : { uplink = "ppp7"; }; };'
	run_fails cman up b
	assert_output_has "network cman0 is up otherwise than $CONF says now" "a is on it"
	run_ok cman down a
	run_ok cman check
	assert_output_has "networks.cman0.uplink: there is no link ppp7"
	run_ok cman up b
	assert_output_has "networks.cman0.uplink: there is no link ppp7"
	refute who b $OUTSIDE_IP
	machine ip link add ppp7 type veth peer name ppp8
	run_ok cman check
	[[ $output != *ppp7* ]]
	machine ip link delete ppp7
}

# --- firewall.manage_forward -------------------------------------------------------------------

forwarding() { machine cat /proc/sys/net/ipv4/ip_forward; }

@test "manage_forward = false: forwarding and the way to the chain are the administrator's" {
	manager 'manage_forward = false;'
	web
	run_ok cman up web
	assert_output_has "net.ipv4.ip_forward is off" "sysctl -w net.ipv4.ip_forward=1"
	assert_equal "$(forwarding)" 0
	refute grep -qi 'hook forward\|-A FORWARD' <<<"$(kernel_rules)"
	assert_told_as_it_is
	run_ok cman firewall
	assert_output_has "# FORWARD is left to you: firewall.manage_forward = false"
	cman firewall --json | jq -e '.manage_forward == false and .publish == "open"'
	assert_no_page outside "http://$HOST_IP:8080/"
	machine sysctl -qw net.ipv4.ip_forward=1
	run_ok cman restart web
	[[ $output != *ip_forward* ]]
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_equal "$(who web $OUTSIDE_IP)" "from $HOST_IP"
	run_ok cman trace web:80
	run_ok cman trace web $OUTSIDE_IP:80
	run_ok cman down web
	assert_equal "$(forwarding)" 1
	machine sysctl -qw net.ipv4.ip_forward=0
}

@test "manage_forward = false: what a container may call holds all the same" {
	manager 'manage_forward = false;'
	machine sysctl -qw net.ipv4.ip_forward=1
	sleeper a <<<'net : { egress : { default = "deny"; }; };'
	sleeper b </dev/null
	run_ok cman up a b
	assert_equal "$(who b $OUTSIDE_IP)" "from $HOST_IP"
	refute who a $OUTSIDE_IP
	assert_told_as_it_is
	run_ok cman down a b
	machine sysctl -qw net.ipv4.ip_forward=0
}

@test "manage_forward = false: forwarding of IPv6, too" {
	manager 'manage_forward = false;' 'networks : { cman0 : { subnet6 = "fd00:83::/64"; }; };'
	web
	run_ok cman up web
	assert_output_has "net.ipv6.conf.all.forwarding is off" "sysctl -w net.ipv6.conf.all.forwarding=1"
	assert_equal "$(machine cat /proc/sys/net/ipv6/conf/all/forwarding)" 0
	assert_told_as_it_is
	run_ok cman firewall
	assert_output_has fd00:83::
}

@test "manage_forward = false: a jump of the administrator's is theirs, wherever it stands" {
	[ $BACKEND = iptables ] || skip "nftables has no way into another's table"
	manager 'manage_forward = false;'
	machine sysctl -qw net.ipv4.ip_forward=1
	web
	run_ok cman up web
	machine iptables-legacy -A FORWARD -s 203.0.113.7 -j DROP
	machine iptables-legacy -A FORWARD -j CMAN-FWD
	forward=$(machine iptables-legacy -S FORWARD)
	outside ip route add 10.83.0.0/16 via $HOST_IP
	assert_no_page outside http://10.83.0.10/
	run_ok cman restart web
	assert_equal "$(machine iptables-legacy -S FORWARD)" "$forward"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman check
	assert_output_has "nothing has drifted"
	run_ok cman down web
	assert_equal "$(machine iptables-legacy -S FORWARD)" "$forward"
	# The chain stays for it, empty: with nothing up it does nothing.
	assert_equal "$(machine iptables-legacy -S CMAN-FWD)" "-N CMAN-FWD"
	outside ip route del 10.83.0.0/16
	machine iptables-legacy -F FORWARD
	machine iptables-legacy -X CMAN-FWD
	machine sysctl -qw net.ipv4.ip_forward=0
}

@test "manage_forward: a change moves the jump; forwarding that was switched on goes back" {
	web
	sleeper other </dev/null
	manager ''
	run_ok cman up web
	assert_equal "$(forwarding)" 1
	before=$(kernel_rules)
	manager 'manage_forward = false;'
	run_ok cman up other
	refute grep -qi 'hook forward\|-A FORWARD' <<<"$(kernel_rules)"
	assert_told_as_it_is
	manager ''
	run_ok cman down other
	assert_equal "$(kernel_rules)" "$before"
	manager 'manage_forward = false;'
	run_ok cman down web
	assert_equal "$(forwarding)" 0
}

@test "manage_forward = false: a closed FORWARD is told in either backend" {
	manager 'manage_forward = false;'
	machine sysctl -qw net.ipv4.ip_forward=1
	close_forward
	web
	run_ok cman up web
	assert_output_has "drops what comes for published ports of cman0, add: "
	manager 'manage_forward = false; publish = "host-firewall";'
	run_ok cman restart web
	[[ $output != *"published ports"* ]] || { echo "$output"; return 1; }
	run_ok cman down web
	forget_forward
	machine sysctl -qw net.ipv4.ip_forward=0
}

# changes COMMAND...: how often cman hands rules for IPv4 to the kernel, of iptables those of nat.
changes() {
	local pattern=NFNL_MSG_BATCH_BEGIN

	[ $BACKEND = nftables ] || pattern='IPT_SO_SET_REPLACE, "nat'
	traced -e trace=setsockopt,sendmsg "$CMAN" -c $CONF "$@" >/dev/null || return 1
	machine grep -c "$pattern" $T/calls
	machine rm $T/calls
}

@test "the rules of all that come up side by side are one change, and so are those of all that go down" {
	local name port=8080 depends=

	for name in a b c d; do
		port=$((port + 1))
		[ $name != d ] || depends='depends_on = "a";'
		sleeper $name <<<"autostart = true; net : { ports = [ \"$port:80\" ]; }; $depends"
	done
	assert_equal "$(changes up a b c)" 1
	assert_equal "$(changes down --all)" 1
	# One comes after the others.
	assert_equal "$(changes up --boot)" 2
	assert_equal "$(changes down --shutdown)" 2
}
