#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall.backend: which holds the rules, and what happens when that changes.
load lib

backend() { write_manager "firewall : { backend = \"$1\"; $2 };"; }

in_force() { machine cut -d' ' -f1,2 $T/state/firewall; }

assert_rules_in() { # iptables, nftables or none
	local legacy=0 nft=0

	! machine iptables-legacy-save | grep -q CMAN- || legacy=1
	! machine nft list tables | grep -q 'inet cman$' || nft=1
	case $1 in
	iptables) assert_equal "$legacy$nft" 10 ;;
	nftables) assert_equal "$legacy$nft" 01 ;;
	none) assert_equal "$legacy$nft" 00 ;;
	esac
}

forget_nft() { machine nft flush ruleset; }

@test "auto: iptables on a host that has no rules, or an empty table" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	assert_rules_in iptables
	run_ok cman down web
	machine nft add table ip filter
	machine nft add chain ip filter FORWARD '{ type filter hook forward priority 0; }'
	run_ok cman up web
	assert_rules_in iptables
	run_ok cman down web
	forget_nft
}

@test "auto: nftables where the host has rules or a closed chain there" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	machine nft add table ip filter
	machine nft add chain ip filter INPUT '{ type filter hook input priority 0; }'
	machine nft add rule ip filter INPUT tcp dport 7 drop
	run_ok cman up web
	assert_rules_in nftables
	assert_equal "$(in_force)" "nftables CMAN"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down web
	assert_rules_in none
	forget_nft
	machine nft add table inet theirs
	machine nft add chain inet theirs in '{ type filter hook input priority 0; policy drop; }'
	run_ok cman up web
	assert_rules_in nftables
	run_ok cman down web
	forget_nft
	# Of bridges and devices it is another matter.
	machine nft add table bridge theirs
	machine nft add chain bridge theirs in '{ type filter hook input priority 0; policy drop; }'
	run_ok cman up web
	assert_rules_in iptables
	run_ok cman down web
	forget_nft
}

@test "auto stays with its choice until the last container is down" {
	sleeper a </dev/null
	sleeper b </dev/null
	run_ok cman up a
	assert_rules_in iptables
	machine nft add table ip filter
	machine nft add chain ip filter INPUT '{ type filter hook input priority 0; }'
	machine nft add rule ip filter INPUT tcp dport 7 drop
	run_ok cman up b
	assert_rules_in iptables
	run_ok cman restart --all
	assert_rules_in iptables
	run_ok cman down a b
	assert_rules_in none
	run_ok cman up a
	assert_rules_in nftables
	machine nft delete table ip filter
	run_ok cman up b
	assert_rules_in nftables
	run_ok cman down a b
}

@test "a change of the key moves the rules of all that runs" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	sleeper other </dev/null
	backend iptables
	run_ok cman up web
	backend nftables
	run_ok cman up other
	assert_rules_in nftables
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page machine http://127.0.0.1:8080/ "page of web"
	backend iptables 'prefix = "NEW";'
	run_ok cman down other
	assert_rules_in none
	assert_equal "$(in_force)" "iptables NEW"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	backend nftables
	run_ok cman down web
	assert_rules_in none
	refute machine sh -c "iptables-legacy-save | grep NEW-"
}

@test "what a command leaves half way between two backends goes with the next" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	sleeper other </dev/null
	backend iptables
	run_ok cman up web
	# As if it had been killed after the new rules, before the old ones went.
	machine sh -c "sed 's/^iptables/nftables/' $T/state/firewall >/run/new && cat $T/state/firewall >>/run/new && cat /run/new >$T/state/firewall && rm /run/new"
	backend nftables
	run_ok cman up other
	assert_rules_in nftables
	assert_equal "$(in_force)" "nftables CMAN"
	run_ok cman down web other
}

@test "none: no rules, and what would need them is an error" {
	backend none
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_fails cman up web
	assert_output_has "net.ports: nothing is published with firewall.backend = \"none\"" "web.conf:4"
	sleeper job <<<'net : { nat = true; };'
	run_fails cman check
	assert_output_has "net.nat: there is no NAT with firewall.backend = \"none\"" "job.conf:3"
	machine rm $T/conf.d/job.conf $T/conf.d/web.conf
	server web <<<'net : { ip = "10.83.0.10"; };'
	machine busybox httpd -p 127.0.0.1:81 -h /run/rootfs/www
	run_ok cman up web
	assert_rules_in none
	assert_equal "$(in_force)" "none CMAN"
	assert_page machine http://10.83.0.10/ "page of web"
	# Nothing guards the host's 127.0.0.1: so nothing is led there.
	assert_equal "$(machine cat /proc/sys/net/ipv4/conf/cman0/route_localnet)" 0
	within web ip route add 127.0.0.5 via 10.83.0.1 2>/dev/null || true
	assert_no_page web http://127.0.0.5:81/
	# Routed: who knows the way gets in.
	outside ip route add 10.83.0.0/16 via $HOST_IP
	assert_page outside http://10.83.0.10/ "page of web"
	outside ip route del 10.83.0.0/16
	run_ok cman down web
	machine pkill -f 'httpd -p 127.0.0.1:81'
}

@test "none has to wait until nothing runs" {
	sleeper a </dev/null
	write_manager 'firewall : { backend = "nftables"; };' 'networks : { cman0 : { nat = false; }; };'
	run_ok cman up a
	sleeper b </dev/null
	backend none
	run_ok cman up b
	assert_output_has 'firewall.backend = "none" has to wait until no container runs' nftables
	assert_rules_in nftables
	run_ok cman down a b
	run_ok cman up a
	assert_rules_in none
	backend nftables
	run_ok cman restart a
	run_ok cman down a
}

@test "without libnftables: said so, and nothing is left" {
	backend nftables
	sleeper a </dev/null
	library=$(ldconfig -p | sed -n 's/.*libnftables.so.1 .* => //p' | head -n 1)
	machine mount --bind /dev/null "$(readlink -f "$library")"
	run_fails cman up a
	machine umount "$(readlink -f "$library")"
	assert_output_has "firewall: nftables table inet cman: libnftables.so.1" "install libnftables" "firewall.backend"
	run_ok cman up a
	run_ok cman down a
}
