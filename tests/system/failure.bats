#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever fails while coming up: the message says what, where it was configured and what to do,
# and the host is as it was before, at once.
load lib

# up_fails NAME TEXT...: with these texts in the message, and nothing left behind.
up_fails() {
	local name=$1

	shift
	run_fails cman up "$name"
	assert_output_has "$name" "$@"
	run_fails cman status "$name"
	assert_unchanged
}

# What most of a container has been made when the last step fails.
whole() {
	cat <<-'EOF'
	net : { ports = [ "8080:80" ]; };
	limits : { pids = 20; memory = "32M"; };
	EOF
}

@test "no such program in the root filesystem" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/nginx" ];
	$(whole)
	EOF
	up_fails web /bin/nginx "No such file" web.conf:2
}

@test "a program that may not be executed" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/etc/passwd" ];
	$(whole)
	EOF
	up_fails web /etc/passwd denied web.conf:2
}

@test "no such user in the root filesystem" {
	sleeper web <<-EOF
	user = "nginx";
	$(whole)
	EOF
	up_fails web nginx web.conf
}

@test "no such working directory" {
	sleeper web <<-EOF
	working_dir = "/srv/nowhere";
	$(whole)
	EOF
	up_fails web /srv/nowhere web.conf
}

@test "a root filesystem that is not there" {
	container web <<<'rootfs = "/run/test/rootfs/missing"; command = "/bin/true";'
	up_fails web /run/test/rootfs/missing web.conf:1
}

@test "a root filesystem without the directories that are mounted over" {
	sleeper web < <(whole)
	machine rmdir $T/rootfs/web/proc
	up_fails web proc
}

@test "a port that a program of the host listens on" {
	server web < <(whole)
	machine sh -c 'exec busybox httpd -f -p 8080 -h /run/rootfs/www' 3>&- &
	listener=$!
	wait_until 5 page_is machine http://127.0.0.1:8080/ "$(cat "$(path /run/rootfs/www/index.html)")"
	snapshot >"$BATS_TEST_TMPDIR/before"
	up_fails web 8080 web.conf
	machine pkill -f 'httpd -f -p 8080'
	wait $listener || true
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up web
}

@test "a udp port that a program of the host listens on, while tcp is free" {
	server web <<<'net : { ports = [ "5353:53/udp" ]; };'
	machine timeout 60 socat -u UDP4-RECV:5353 STDOUT 3>&- &
	wait_until 5 machine grep -q ":14E9 " /proc/net/udp /proc/net/udp6
	snapshot >"$BATS_TEST_TMPDIR/before"
	up_fails web 5353
	machine pkill socat
	snapshot >"$BATS_TEST_TMPDIR/before"
}

@test "a port within a wide range that a program of the host has, in either family" {
	server web <<<'net : { ports = [ "9000-19000:9000-19000", "9000-19000:9000-19000/udp" ]; };'
	machine timeout 60 socat -u UDP4-RECV:15353 STDOUT 3>&- &
	wait_until 5 machine grep -q ":3BF9 " /proc/net/udp
	run_fails cman up web
	assert_output_has "port 15353/udp of the host is taken by socat"
	machine pkill socat
	machine timeout 60 socat -u TCP4-LISTEN:19000 STDOUT 3>&- &
	wait_until 5 machine grep -q ":4A38 " /proc/net/tcp
	run_fails cman up web
	assert_output_has "port 19000/tcp of the host is taken by socat"
	machine pkill socat
	wait_until 5 cman up web
	server web <<<'net : { ports = [ "203.0.113.9:9000-19000:9000-19000" ]; };'
	run_ok cman down web
	run_fails cman up web
	assert_output_has "203.0.113.9 is no address of this host"
}

@test "a port that another container has, of a file that came later" {
	server a <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up a
	mv "$(path $T/conf.d/a.conf)" "$(path $T/a.conf)"
	server b <<<'net : { ports = [ "8080:80" ]; };'
	run_fails cman up b
	assert_output_has 8080 a
	assert_page outside "http://$HOST_IP:8080/" "page of a"
	rm "$(path $T/a.conf)"
}

@test "a subnet that collides with a route of the host" {
	machine ip route add 10.83.4.0/24 via $OUTSIDE_IP
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web < <(whole)
	up_fails web 10.83.4.0/24
}

@test "a subnet under a default-like route of the host is no collision" {
	machine ip route add 0.0.0.0/1 via $OUTSIDE_IP
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web < <(whole)
	run_ok cman up web
}

@test "a subnet6 where the host keeps IPv6 off: said before anything happens; IPv4 as ever" {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; };
		six : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; }; };'
	server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'
	server six <<<'net : { network = "six"; ports = [ "8086:80" ]; };'
	machine sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	run_fails cman up six
	assert_output_has "network six has a subnet6" "net.ipv6.conf.default.disable_ipv6 = 1" \
		"take subnet6 out of networks.six"
	refute machine test -e /sys/class/net/six
	assert_equal "$(machine cat /proc/sys/net/ipv4/ip_forward)" 0
	run_ok cman up web
	assert_page machine "http://127.0.0.1:8080/" "page of web"
	run_ok cman check
	assert_output_has "nothing has drifted"
	# What the message says helps.
	machine sysctl -qw net.ipv6.conf.default.disable_ipv6=0
	run_ok cman up six
	assert_page machine "http://$(ip_of six)/" "page of six"
	run_ok cman down --all
	machine sysctl -qw net.ipv6.conf.all.disable_ipv6=0
}

@test "a bridge that is full" {
	local i

	sleeper first </dev/null
	sleeper last </dev/null
	run_ok cman up first
	machine ip netns add crowd
	for ((i = 0; i < 1022; i++)); do
		echo "link add full$i type veth peer name eth$i netns crowd"
		echo "link set full$i master cman0"
	done | machine sh -c 'ulimit -Sn 4096; exec ip -batch -' # it keeps a file open for each peer
	# Not all of the machine: so many links take their time.
	there() { machine ip -o link | cut -d : -f 2 | sort; machine find $T/state /sys/fs/cgroup -path "*last*"; }
	there >"$BATS_TEST_TMPDIR/full"
	run_fails cman up last
	assert_output_has "c-last on bridge cman0" "a bridge takes 1023 containers: add a network"
	still_full() { there | cmp -s - "$BATS_TEST_TMPDIR/full"; }
	wait_until 20 still_full
	machine ip link set full7 nomaster
	run_ok cman up last
	# All of them go with it, behind our back.
	machine ip netns delete crowd
	all_gone() { ! machine ip -o link | grep -q full; }
	wait_until 60 all_gone
}

@test "an interface of somebody else in the place of the bridge" {
	machine ip link add cman0 type veth peer name other0
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web < <(whole)
	up_fails web cman0
}

@test "a state directory without space" {
	server web < <(whole)
	machine mkdir -p $T/state
	machine mount -t tmpfs -o size=128k,mode=700 tmpfs $T/state
	machine sh -c "cat /dev/zero >$T/state/full 2>/dev/null; true"
	snapshot >"$BATS_TEST_TMPDIR/before"
	up_fails web "No space left"
	machine rm $T/state/full
	run_ok cman up web
	run_ok cman down web
	machine umount $T/state
	machine rm -rf $T/state
	snapshot >"$BATS_TEST_TMPDIR/before"
}

@test "a log directory that cannot be written" {
	server web < <(whole)
	machine sh -c "rm -rf $T/log; echo file >$T/log"
	up_fails web log
	machine rm $T/log
}

@test "a table that another program never gives back" {
	sleeper web < <(whole)
	machine sh -c 'exec flock /run/xtables.lock sleep 100' 3>&- &
	sleep 0.3
	run_fails machine timeout 60 "$CMAN" -c $CONF up web
	assert_output_has xtables.lock
	machine pkill -f 'sleep 100'
	assert_unchanged
}

@test "one that fails does not keep the others of the command down" {
	sleeper good </dev/null
	unstartable bad </dev/null
	sleeper fine </dev/null
	run_fails cman up good bad fine
	assert_output_has /no/such/program
	run_ok cman status good
	run_ok cman status fine
	run_fails cman status bad
}

@test "a command that is killed half way leaves what the next one cleans up" {
	server web < <(whole)
	for delay in 0.002 0.005 0.01 0.02 0.04; do
		machine timeout -s KILL $delay "$CMAN" -c $CONF up web >/dev/null 2>&1 || true
		run_ok cman down web
		assert_unchanged
	done
	run_ok cman up web
	assert_page outside "http://$HOST_IP:8080/" "page of web"
}

@test "a supervisor that is killed: down still takes everything back" {
	server web < <(whole)
	run_ok cman up web
	machine sh -c 'for dir in /proc/[0-9]*; do
		case $(cat $dir/comm) in cman-superviso*) kill -KILL ${dir#/proc/};; esac; done'
	run_ok cman down web
	assert_unchanged
}

@test "a payload that is killed from outside takes everything with it" {
	server web < <(whole)
	run_ok cman up web
	machine kill -KILL "$(pid_of web)"
	ended() { ! cman status web >/dev/null; }
	wait_until 10 ended
	assert_no_page outside "http://$HOST_IP:8080/"
	# What is left is the record with the exit status, until the next up or down.
	run_ok cman down web
	assert_unchanged
}

@test "a published port that a process of the host has: the message names it" {
	server web < <(whole)
	machine sh -c 'exec busybox httpd -f -p 8080 -h /run/rootfs/www' 3>&- &
	wait_until 5 http_get machine http://127.0.0.1:8080/ >/dev/null
	run_fails cman up web
	assert_output_has "port 8080/tcp of the host is taken by busybox (process " web.conf:4
	machine pkill -f 'httpd -f -p 8080'
	machine sh -c 'exec socat UDP6-LISTEN:5353 -' </dev/null 3>&- &
	sleeper dns <<<'net : { ports = [ "5353:53/udp" ]; };'
	wait_until 5 machine grep -q :14E9 /proc/net/udp6
	run_fails cman up dns
	assert_output_has "port 5353/udp of the host is taken by socat (process "
	machine pkill socat
	assert_unchanged
}

@test "no rights: said in one line, nothing tried" {
	sleeper web </dev/null
	run_fails machine setpriv --reuid 65534 --regid 65534 --clear-groups "$CMAN" -c $CONF up web
	assert_output_has root
}
