#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names: hostname, hosts, resolv.conf, laid over the root filesystem and never written into it.
load lib

@test "siblings find each other by name, as they come and go" {
	server db </dev/null
	sleeper app </dev/null
	run_ok cman up app
	assert_equal "$(resolve app db)" ""
	run_ok cman up db
	assert_page app http://db/ "page of db"
	run_ok cman down db
	run_ok within app cat /etc/hosts
	[[ $output != *db* ]]
	run_ok cman up db
	assert_page app http://db/ "page of db"
}

@test "a container finds itself by name and by hostname, and localhost" {
	sleeper web <<<'hostname = "www";'
	run_ok cman up web
	for name in web www; do assert_match "$(resolve web $name)" '^10\.83\.'; done
	assert_equal "$(resolve web localhost)" 127.0.0.1
	run_ok within web cat /etc/hostname
	assert_equal "$output" www
}

@test "domainname is the container's own, and the host keeps its own" {
	machine sh -c 'echo of.the.host >/proc/sys/kernel/domainname'
	sleeper web <<<'domainname = "nis.example";'
	sleeper other </dev/null
	run_ok cman up web other
	assert_equal "$(within web cat /proc/sys/kernel/domainname)" nis.example
	assert_equal "$(within other cat /proc/sys/kernel/domainname)" of.the.host
	assert_equal "$(machine cat /proc/sys/kernel/domainname)" of.the.host
	sleeper web <<<'domainname = "other.example";'
	run cman plan web
	assert_output_has "restart" 'domainname: "nis.example" -> "other.example"'
	run_ok cman restart web
	assert_equal "$(within web cat /proc/sys/kernel/domainname)" other.example
}

@test "a container on two networks knows the names of both, and nobody knows more through it" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; }; back : { subnet = "10.92.0.0/24"; }; };'
	sleeper gate <<<'net = ( { }, { network = "back"; aliases = [ "db", "cache" ]; } );'
	sleeper outer <<<'net : { network = "front"; };'
	sleeper inner <<<'net : { network = "back"; };'
	run_ok cman up gate
	run_ok cman up outer inner
	assert_match "$(resolve gate outer)" '^10\.91\.'
	assert_match "$(resolve gate inner)" '^10\.92\.'
	assert_match "$(resolve outer gate)" '^10\.91\.'
	for name in gate db cache; do assert_match "$(resolve inner $name)" '^10\.92\.'; done
	assert_equal "$(resolve outer inner)" ""
	assert_equal "$(resolve outer db)" ""
	assert_equal "$(resolve inner outer)" ""
	run_ok cman down inner
	run_ok within gate cat /etc/hosts
	[[ $output == *outer* && $output != *inner* ]]
}

@test "extra_hosts are in the hosts file of the container that asks for them, and of no other" {
	sleeper a <<<'extra_hosts = [ "gateway=10.83.0.1", "printer=192.0.2.77" ];'
	sleeper b </dev/null
	run_ok cman up a b
	run_ok within a cat /etc/hosts
	assert_output_has 192.0.2.77 printer gateway
	assert_equal "$(resolve a gateway)" 10.83.0.1
	assert_match "$(resolve a b)" '^10\.83\.'
	run_ok within b cat /etc/hosts
	[[ $output != *printer* ]]
}

@test "resolv.conf has the servers of the host" {
	printf 'search example.net\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n' >"$(path /etc/resolv.conf)"
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.53" "nameserver 192.0.2.54"
}

@test "the stub of systemd-resolved is replaced by the servers behind it" {
	machine mkdir -p /run/systemd/resolve
	echo "nameserver 192.0.2.99" >"$(path /run/systemd/resolve/resolv.conf)"
	echo "nameserver 127.0.0.53" >"$(path /run/systemd/resolve/stub-resolv.conf)"
	machine rm /etc/resolv.conf
	machine ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.99"
	[[ $output != *127.0.0* ]]
}

@test "without any server of the host there is a fallback, and it is told" {
	echo "nameserver 127.0.0.1" >"$(path /etc/resolv.conf)"
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web grep -c '^nameserver' /etc/resolv.conf
	run_ok within web cat /etc/resolv.conf
	[[ $output != *127.0.0* ]]
}

@test "dns and dns_search of the file win" {
	sleeper web <<<'dns = [ "192.0.2.11", "192.0.2.12" ]; dns_search = [ "corp.example", "example" ];'
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.11" "nameserver 192.0.2.12" "search corp.example example"
	refute grep -qx "nameserver $OUTSIDE_IP" <<<"$output"
}

@test "the root filesystem is never written to" {
	sleeper web </dev/null
	listing() {
		machine find $T/rootfs/web -printf '%p %y %m %U:%G %s %T@ %C@\n' | sort
	}
	listing >"$BATS_TEST_TMPDIR/listing"
	run_ok cman up web
	run_ok within web cat /etc/hosts /etc/resolv.conf /etc/hostname
	run_ok cman down web
	listing | diff "$BATS_TEST_TMPDIR/listing" -
}

@test "links of the image in the place of these files lead nowhere" {
	sleeper trap </dev/null
	echo precious >"$(path $T/precious)"
	machine sh -c "cd $T/rootfs/trap/etc && ln -sf /run/test/precious hosts &&
		ln -sf ../../../../../run/test/precious resolv.conf"
	run cman up trap
	assert_equal "$(cat "$(path $T/precious)")" precious
	machine rm $T/precious
}

@test "names and aliases have both addresses, and each answers" {
	write_manager 'networks : { front : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; };
		back : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; }; };'
	server db <<<'net : { network = "back"; ip = "10.92.0.5"; aliases = [ "cache" ]; };'
	sleeper app <<<'net = ( { network = "front"; }, { network = "back"; } );'
	sleeper outer <<<'net : { network = "front"; };'
	sleeper old <<<'net : { network = "back"; ip6 = "none"; };'
	run_ok cman up db app outer old
	run_ok within app cat /etc/hosts
	for name in db cache old outer; do
		assert_match "$output" $'\n10\\.9[12]\\.0\\.[0-9]+\t[^\n]*'$name
	done
	for name in db cache outer; do
		assert_match "$output" $'\nfd00:9[12]::[0-9a-f:]+\t[^\n]*'$name
	done
	refute grep -q "^fd00.*old" <<<"$output"
	assert_page app http://db/ "page of db"
	assert_page app http://cache/ "page of db"
	assert_page app "http://[fd00:92::5]/" "page of db"
	# Only what shares a network with the one that asks.
	run_ok within outer cat /etc/hosts
	assert_output_has app outer
	[[ $output != *db* && $output != *cache* && $output != *old* && $output != *:92:* && $output != *10.92.* ]]
	run_ok within db cat /etc/hosts
	assert_output_has app old
	[[ $output != *outer* && $output != *:91:* && $output != *10.91.* ]]
}

@test "dns = none is no server, whatever the host has" {
	sleeper web <<<'dns = [ "none" ];'
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "No servers, as configured"
	refute grep -q '^nameserver' <<<"$output"
	refute grep -q '^search' <<<"$output"
}

@test "servers that NetworkManager keeps behind its own resolver, and a link that dangles" {
	machine mkdir -p /run/NetworkManager
	echo "nameserver 127.0.1.1" >"$(path /etc/resolv.conf)"
	echo "nameserver 127.0.1.1" >"$(path /run/NetworkManager/resolv.conf)"
	echo "nameserver 192.0.2.98" >"$(path /run/NetworkManager/no-stub-resolv.conf)"
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.98" "from /run/NetworkManager/no-stub-resolv.conf"
	[[ $output != *nameserver\ 127* ]]
	run_ok cman down web
	machine rm /run/NetworkManager/no-stub-resolv.conf
	echo "nameserver 192.0.2.97" >"$(path /run/NetworkManager/resolv.conf)"
	machine ln -sf ../run/nowhere/resolv.conf /etc/resolv.conf
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up web
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.97" "/etc/resolv.conf: there is none"
}
