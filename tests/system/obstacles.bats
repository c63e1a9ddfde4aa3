#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules of others that drop what cman's rules accept: told by `up` and `check`, with a remedy that is
# one.
load lib

close_forward() { # nft or legacy
	case $1 in
	nft) machine nft 'table inet theirs { chain forward { type filter hook forward priority 0; policy drop; }; }' ;;
	legacy) machine iptables-legacy -P FORWARD DROP ;;
	esac
}

open_forward() {
	machine nft flush ruleset
	machine iptables-legacy -P FORWARD ACCEPT
	machine iptables-legacy -F FORWARD
}

# Runs each line that $output says to add.
follow_advice() {
	local line

	while read -r line; do
		machine sh -c "${line##*, add: }"
	done < <(grep ', add: ' <<<"$output")
}

assert_no_warning() { [[ $output != *"warning"* ]] || { echo "$output"; return 1; }; }

obstacle() { # BACKEND OTHER WHERE
	write_manager "firewall : { backend = \"$1\"; };"
	machine sh -c 'mkdir -p /run/outside; echo "page of outside" >/run/outside/index.html'
	outside busybox httpd -p 0.0.0.0:80 -h /run/outside
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman check
	assert_no_warning
	close_forward "$2"
	run_ok cman check
	assert_output_has "chain $3 drops what containers of cman0 send" "no errors"
	run_ok cman up web
	assert_output_has "chain $3 drops what containers of cman0 send" \
		"chain $3 drops answers to containers of cman0" \
		"chain $3 drops what comes for published ports of cman0"
	# It is true: and so is the advice.
	assert_no_page outside "http://$HOST_IP:8080/"
	assert_no_page web "http://$OUTSIDE_IP/"
	follow_advice
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page web "http://$OUTSIDE_IP/" "page of outside"
	run_ok cman check
	assert_no_warning
	run_ok cman restart web
	assert_no_warning
	run_ok cman down web
	assert_no_warning
	open_forward
	machine pkill -f 'httpd -p 0.0.0.0:80'
	machine rm -r /run/outside
}

@test "a closed chain of nftables, rules in iptables" {
	obstacle iptables nft "forward of the nftables table inet theirs"
}

@test "a closed chain of nftables, rules in nftables" {
	obstacle nftables nft "forward of the nftables table inet theirs"
}

@test "the policy of the legacy table, rules in nftables" {
	obstacle nftables legacy "FORWARD of the legacy iptables table filter"
}

@test "the policy of the legacy table, rules in iptables: no obstacle" {
	write_manager 'firewall : { backend = "iptables"; };'
	close_forward legacy
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman check
	assert_no_warning
	run_ok cman up web
	assert_no_warning
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down web
	open_forward
}

@test "check tells root, changes nothing, and tells nobody else" {
	close_forward nft
	server web </dev/null
	before=$(snapshot)
	run_ok cman check
	assert_output_has "drops what containers of cman0 send"
	assert_equal "$(snapshot)" "$before"
	run machine setpriv --reuid 65534 --clear-groups timeout 20 "$CMAN" -c $CONF check
	[[ $output != *drops* ]]
	open_forward
}
