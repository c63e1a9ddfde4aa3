#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The host's name servers in resolv.conf: where they are found, and how changes of them reach
# containers that run. No daemon: the supervisor of one container watches for all.
load lib

prepare() {
	machine mkdir -p /run/systemd/resolve /run/NetworkManager
	sleeper web </dev/null
	sleeper fixed <<<'dns = [ "192.0.2.9" ];'
}

# nameservers FILE ADDRESS...: rewrites a file of the host in place.
nameservers() {
	local file=$1

	shift
	printf 'nameserver %s\n' "$@" >"$(path "$file")"
}

has_server() { within "$1" grep -qx "nameserver $2" /etc/resolv.conf; }

# reaches NAME ADDRESS: within bounded time the container has that server, and no other.
reaches() {
	wait_until 10 has_server "$@" || { within "$1" cat /etc/resolv.conf; return 1; }
	assert_equal "$(within "$1" grep -c ^nameserver /etc/resolv.conf)" 1
}

inode_of() { within "$1" stat -c %i /etc/resolv.conf; }

# supervisors that have an inotify instance
watchers() {
	local pid

	for pid in $(machine pidof cman-supervisor); do
		[ -z "$(machine find "/proc/$pid/fd" -lname '*inotify*')" ] || echo "$pid"
	done
}
watcher_is() { assert_equal "$(watchers)" "$1" >/dev/null; }
supervisor_of() { cman status --json "$1" | jq -r .supervisor_pid; }
is_running() { [ "$(cman status --json "$1" | jq -r .state)" = running ]; }

@test "a file that is rewritten, replaced, or removed and made again reaches what runs, same inode" {
	nameservers /etc/resolv.conf 192.0.2.31
	run_ok cman up web fixed
	assert_equal "$(inode_of web) $(within fixed cat /etc/resolv.conf | cksum)" \
		"${before:=$(inode_of web) $(within fixed cat /etc/resolv.conf | cksum)}"
	nameservers /etc/resolv.conf 192.0.2.32
	reaches web 192.0.2.32
	# More than once, as a watch on a file that is replaced goes with it.
	for address in 192.0.2.33 192.0.2.34; do
		nameservers /etc/new "$address"
		machine mv /etc/new /etc/resolv.conf
		reaches web $address
	done
	machine rm /etc/resolv.conf
	wait_until 10 within web grep -q "there is none" /etc/resolv.conf
	nameservers /etc/resolv.conf 192.0.2.35
	reaches web 192.0.2.35
	machine rm /etc/resolv.conf
	nameservers /etc/resolv.conf 192.0.2.36
	reaches web 192.0.2.36
	assert_equal "$(inode_of web) $(within fixed cat /etc/resolv.conf | cksum)" "$before"
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "a link that is switched, its target that changes, and one that dangles until it is there" {
	nameservers /run/systemd/resolve/stub-resolv.conf 127.0.0.53
	nameservers /run/systemd/resolve/resolv.conf 192.0.2.41
	nameservers /run/NetworkManager/resolv.conf 192.0.2.42
	machine ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	run_ok cman up web
	inode=$(inode_of web)
	reaches web 192.0.2.41
	nameservers /run/systemd/resolve/resolv.conf 192.0.2.43
	reaches web 192.0.2.43
	machine ln -sfn ../run/NetworkManager/resolv.conf /etc/resolv.conf
	reaches web 192.0.2.42
	nameservers /run/NetworkManager/new 192.0.2.44
	machine mv /run/NetworkManager/new /run/NetworkManager/resolv.conf
	reaches web 192.0.2.44
	machine rm -r /run/NetworkManager /run/systemd/resolve
	wait_until 10 within web grep -q "there is none" /etc/resolv.conf
	# A service that starts: its directory first, with other things in it.
	machine touch /run/unrelated
	machine mkdir /run/NetworkManager
	sleep 2
	nameservers /run/NetworkManager/unrelated 192.0.2.45
	nameservers /run/NetworkManager/resolv.conf 192.0.2.46
	reaches web 192.0.2.46
	assert_equal "$(inode_of web)" "$inode"
	machine rm -r /run/NetworkManager /run/unrelated /etc/resolv.conf
	machine mkdir -p /run/systemd/resolve /run/NetworkManager
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "a server on the host's loopback never gets into a network of its own, but onto the host's" {
	nameservers /etc/resolv.conf 192.0.2.51
	sleeper shared <<<'net = "host";'
	run_ok cman up web shared
	nameservers /etc/resolv.conf 127.0.0.53
	nameservers /run/systemd/resolve/resolv.conf 192.0.2.52
	reaches web 192.0.2.52
	reaches shared 127.0.0.53
	nameservers /etc/resolv.conf ::1
	reaches shared ::1
	run_ok within web cat /etc/resolv.conf
	[[ $output != *127.0.0* && $output != *nameserver\ ::* ]]
	machine rm /run/systemd/resolve/resolv.conf
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "servers behind IPv6 addresses are for those that have a way out by IPv6" {
	write_manager 'networks : { six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; };
		inner : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; internal = true; };
		four : { subnet = "10.93.0.0/24"; }; };'
	printf 'nameserver 2001:db8::53\nnameserver 192.0.2.55\n' >"$(path /etc/resolv.conf)"
	sleeper six <<<'net : { network = "six"; };'
	sleeper none <<<'net : { network = "six"; ip6 = "none"; };'
	sleeper inner <<<'net : { network = "inner"; };'
	sleeper four <<<'net : { network = "four"; };'
	run_ok cman up six none inner four
	has_server six 2001:db8::53
	has_server six 192.0.2.55
	for name in none inner four; do
		reaches $name 192.0.2.55
		within $name grep -q "which need IPv6" /etc/resolv.conf
	done
	# Likewise when they change.
	printf 'nameserver 192.0.2.56\nnameserver 2001:db8::54\n' >"$(path /etc/resolv.conf)"
	for name in none inner four; do reaches $name 192.0.2.56; done
	wait_until 5 has_server six 2001:db8::54
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "one supervisor watches for all; when it goes, another one does, and at the end none" {
	sleeper app </dev/null
	run_ok cman up fixed
	assert_equal "$(watchers)" ""
	[ ! -e "$(path $T/state/dns.watcher)" ]
	run_ok cman up web app
	wait_until 10 watcher_is "$(supervisor_of app)"
	run_ok cman down app
	wait_until 10 watcher_is "$(supervisor_of web)"
	nameservers /etc/resolv.conf 192.0.2.61
	reaches web 192.0.2.61
	# It ends by itself, so that what cleans up is what has watched.
	run_ok cman up app
	machine kill -KILL "$(pid_of web)"
	wait_until 10 watcher_is "$(supervisor_of app)"
	nameservers /etc/resolv.conf 192.0.2.62
	reaches app 192.0.2.62
	run_ok cman down app web
	wait_until 10 watcher_is ""
	is_running fixed
	[ ! -e "$(path $T/state/dns.watcher)" ] && [ ! -e "$(path $T/state/dns.awaited)" ]
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "a watcher that was killed is replaced by the next command" {
	sleeper app </dev/null
	run_ok cman up web app
	wait_until 10 watcher_is "$(supervisor_of app)"
	machine kill -KILL "$(supervisor_of app)"
	nameservers /etc/resolv.conf 192.0.2.71
	run_ok cman up fixed
	wait_until 10 watcher_is "$(supervisor_of web)"
	reaches web 192.0.2.71
	reaches app 192.0.2.71
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "restarts to other servers, and back, take the watch along" {
	run_ok cman up web
	wait_until 10 watcher_is "$(supervisor_of web)"
	sleeper web <<<'dns = [ "192.0.2.9" ];'
	run_ok cman restart web
	wait_until 10 watcher_is ""
	sleeper web <<<'dns = [ "192.0.2.9", "host" ];'
	run_ok cman restart web
	wait_until 10 watcher_is "$(supervisor_of web)"
	nameservers /etc/resolv.conf 192.0.2.81
	wait_until 10 has_server web 192.0.2.81
	has_server web 192.0.2.9
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "what appears beside an awaited file starts nothing" {
	nameservers /etc/resolv.conf 127.0.0.1
	run_ok cman up web
	wait_until 10 test -s "$(path $T/state/dns.awaited)"
	run_ok cat "$(path $T/state/dns.awaited)"
	assert_equal "$(paste -sd' ' <<<"$output")" "resolv.conf no-stub-resolv.conf resolv.conf dnsmasq"
	sleep 1.5
	before=$(machine stat -c %Y.%Z $T/state/dns.awaited)
	machine touch /run/NetworkManager/a /run/systemd/resolve/b /run/c
	sleep 1.5
	assert_equal "$(machine stat -c %Y.%Z $T/state/dns.awaited)" "$before"
	machine rm /run/NetworkManager/a /run/systemd/resolve/b /run/c
	nameservers /run/NetworkManager/no-stub-resolv.conf 192.0.2.91
	reaches web 192.0.2.91
	machine rm /run/NetworkManager/no-stub-resolv.conf
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

# The real limit is one of all of root's programs on the machine that the tests run on.
@test "without an inotify instance for it a start is none the worse, and it is told" {
	run_ok traced -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE \
		"$CMAN" -c "$CONF" up web
	machine rm $T/calls
	assert_output_has "cman: warning: other name servers of the host will not reach running containers" \
		fs.inotify.max_user_instances
	is_running web
	assert_equal "$(watchers)" ""
	run_ok cman up web # the next command tries again
	wait_until 10 watcher_is "$(supervisor_of web)"
}

@test "a file of the host that is no file harms nobody" {
	run_ok cman up web
	before=$(within web cat /etc/resolv.conf)
	machine rm /etc/resolv.conf
	machine mkfifo /etc/resolv.conf
	wait_until 10 within web grep -q "not a regular file\|FIFO" /etc/resolv.conf ||
		{ within web cat /etc/resolv.conf; return 1; }
	machine rm /etc/resolv.conf
	nameservers /etc/resolv.conf 192.0.2.95
	reaches web 192.0.2.95
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "refresh by hand does the same, and is no command for people" {
	run_ok cman up web
	machine kill -STOP "$(supervisor_of web)"
	nameservers /etc/resolv.conf 192.0.2.97
	run_ok cman refresh
	has_server web 192.0.2.97
	machine kill -CONT "$(supervisor_of web)"
	run_ok cman help
	[[ $output != *refresh* ]]
	run_fails cman refresh 2
	run_fails cman refresh words
	nameservers /etc/resolv.conf $OUTSIDE_IP
}

@test "refresh with a manager file that is just being written makes nothing" {
	run_ok cman up web
	machine touch /run/half.conf
	run_fails machine "$CMAN" -c /run/half.conf refresh
	assert_output_has "state directory /run/cman"
	refute machine test -e /run/cman
	machine rm /run/half.conf
}

@test "the supervisor stays small while it watches" {
	run_ok cman up web fixed
	wait_until 10 watcher_is "$(supervisor_of web)"
	sleep 1
	run_ok machine awk '/^Pss:/{ print $2 }' "/proc/$(supervisor_of web)/smaps_rollup"
	# Of its text each supervisor that runs carries a share: with two of them half.
	[ "$output" -le 32 ] || { echo "$output KiB"; return 1; }
}
