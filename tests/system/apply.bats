#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman apply: what the file says now is so in the container that runs, in the same process; seen from
# inside, from outside and in the kernel. Afterwards cman finds nothing that differs, nor anything that
# has drifted. What fails, or is killed, is as before.
export TEST_SECONDS=${TEST_SECONDS:-600}
load lib

# The same tests for both backends: apply-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

NETWORKS='networks : { cman0 : { subnet = "10.83.0.0/16"; };
	back : { subnet = "10.92.0.0/24"; subnet6 = "fd00:92::/64"; }; };'

# What listens on ports of the machine and beyond is there before and after each test.
prepare() {
	write_manager "$NETWORKS"
	outside busybox httpd -p 0.0.0.0:80 -h /run
	machine busybox httpd -p 0.0.0.0:8888 -h /run
}

# What does not touch the network is tested with one backend.
once() { [ $BACKEND = iptables ] || skip "no matter of the firewall"; }

# web LINE...: its file, and what else is in it
web() { printf '%s\n' "$@" | server web; }

up() {
	web "$@"
	run_ok cman up web
	PID=$(pid_of web)
	assert_page machine "http://$(ip_of web)/" "page of web"
}

# as_wanted: nothing differs, nothing has drifted, the process is the same
as_wanted() {
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman plan web
	run_ok cman apply web
	assert_output_has "web: is as its file says"
	run_ok cman check
	assert_output_has "nothing has drifted"
	[ ! -e "$(path $T/state/containers/web/pending)" ]
}

# applied [WORD...]: apply does it, and says so
applied() {
	run_ok cman apply web
	assert_output_has "web: " "$@"
	as_wanted
}

cgroup_file() { # CONTROLLER FILE
	local dir

	for dir in /sys/fs/cgroup/"$1"/$CGROUP/web /sys/fs/cgroup/$CGROUP/web; do
		[ ! -e "$dir/$2" ] || { cat "$dir/$2"; return; }
	done
	echo "no $2"
	return 1
}

@test "apply: limits of the cgroup, up and down, and back to none" {
	once
	up 'limits : { memory = "64M"; pids = 100; cpus = 0.5; };'
	web 'limits : { memory = "96M"; swap = "16M"; pids = 200; cpus = 1; cpu_weight = 50; };'
	applied "changed" "limits.memory" "limits.pids" "limits.cpus" "limits.cpu_weight"
	assert_equal "$(cgroup_file pids pids.max)" 200
	if [ -e /sys/fs/cgroup/memory/$CGROUP ]; then
		assert_equal "$(cgroup_file memory memory.limit_in_bytes)" $((96 << 20))
		assert_equal "$(cgroup_file memory memory.memsw.limit_in_bytes)" $((112 << 20))
		assert_equal "$(cgroup_file cpu cpu.cfs_quota_us)" 100000
		assert_equal "$(cgroup_file cpu cpu.shares)" 512
	fi
	web 'limits : { memory = "32M"; swap = "0"; };'
	applied "limits.memory"
	if [ -e /sys/fs/cgroup/memory/$CGROUP ]; then
		assert_equal "$(cgroup_file memory memory.limit_in_bytes)" $((32 << 20))
		assert_equal "$(cgroup_file memory memory.memsw.limit_in_bytes)" $((32 << 20))
		assert_equal "$(cgroup_file cpu cpu.cfs_quota_us)" -1
	fi
	web
	applied "limits.memory"
	assert_equal "$(cgroup_file pids pids.max)" 512
}

@test "apply: a limit of a controller that nothing limited so far takes what runs along" {
	once
	up
	web 'limits : { cpuset = "0"; };'
	applied "limits.cpuset"
	run_ok within web grep Cpus_allowed_list /proc/1/status
	assert_match "$output" '[^0-9]0$'
	web
	applied "limits.cpuset"
}

process_limit() { within web awk -v name="$2" 'index($0, name) == 1 { sub(name, ""); print $1, $2 }' "/proc/$1/limits"; }

@test "apply: limits of each process that runs, and of those to come" {
	once
	up 'limits : { ulimits = [ "core=1M" ]; };'
	machine timeout 60 "$CMAN" -c $CONF exec web -- sleep 100 3>&- &
	wait_until 10 within web pidof sleep
	SLEEP=$(within web pidof sleep)
	web 'limits : { nofile = "512:4096"; ulimits = [ "core=0:1M" ]; oom_score_adj = 300; };'
	applied "limits.nofile" "limits.ulimits" "limits.oom_score_adj"
	for pid in 1 "$SLEEP" self; do
		assert_equal "$(process_limit "$pid" "Max open files")" "512 4096"
		assert_equal "$(process_limit "$pid" "Max core file size")" "0 1048576"
		assert_equal "$(within web cat "/proc/$pid/oom_score_adj")" 300
	done
	web
	if capsh --has-p=cap_sys_resource 2>/dev/null; then
		applied "limits.nofile"
		assert_equal "$(process_limit 1 "Max open files")" "1024 524288"
		assert_equal "$(within web cat /proc/1/oom_score_adj)" 0
	else
		run_fails cman apply web
		assert_output_has "limits.nofile" CAP_SYS_RESOURCE "all of it is as before"
		assert_equal "$(process_limit 1 "Max open files")" "512 4096"
		assert_equal "$(process_limit 1 "Max core file size")" "0 1048576"
	fi
}

@test "apply: name servers, names of others, the host name" {
	once
	server db </dev/null
	up 'dns = [ "192.0.2.53" ];'
	run_ok cman up db
	web 'dns = [ "192.0.2.54" ]; dns_search = [ "example.org" ]; dns_options = [ "ndots:3", "rotate" ];'
	applied "dns" "dns_search" "dns_options"
	run_ok within web cat /etc/resolv.conf
	assert_output_has "nameserver 192.0.2.54" "search example.org" "options ndots:3 rotate"
	[[ $output != *192.0.2.53* ]]
	# Its own hosts file now, with the siblings in it as before; and the one of the network again.
	web 'dns = [ "192.0.2.54" ]; extra_hosts = [ "far=192.0.2.99" ];'
	applied "extra_hosts"
	assert_equal "$(resolve web far)" 192.0.2.99
	assert_equal "$(resolve web db)" "$(ip_of db)"
	web 'hostname = "www"; dns = [ "192.0.2.54" ]; extra_hosts = [ "far=192.0.2.98" ];'
	applied "hostname" "extra_hosts"
	assert_equal "$(resolve web far)" 192.0.2.98
	assert_equal "$(within web hostname)" www
	assert_equal "$(within web cat /etc/hostname)" www
	assert_equal "$(resolve db www)" "$(ip_of web)"
	assert_equal "$(machine hostname)" "$(machine cat /proc/sys/kernel/hostname)"
	web 'dns = [ "192.0.2.54" ];'
	applied "hostname" "extra_hosts"
	assert_equal "$(resolve web far)" ""
	assert_equal "$(resolve web db)" "$(ip_of db)"
	assert_equal "$(within web hostname)" web
	assert_equal "$(resolve db www)" ""
	# It goes on being told of others.
	run_ok cman down db
	assert_equal "$(resolve web db)" ""
}

@test "apply: how large a tmpfs is" {
	once
	up 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; } );'
	size() { within web df -k /tmp | awk 'END { print $2 }'; }
	assert_equal "$(size)" 1024
	web 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "8M"; } );'
	applied "mounts[0].size"
	assert_equal "$(size)" 8192
	within web dd if=/dev/zero of=/tmp/much bs=1M count=4 2>/dev/null
	web 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "2M"; } );'
	run_fails cman apply web
	assert_output_has "mounts[0].size" "it holds more than that" "all of it is as before"
	assert_equal "$(size)" 8192
	assert_equal "$(pid_of web)" "$PID"
	within web rm /tmp/much
	applied "mounts[0].size"
	assert_equal "$(size)" 2048
}

@test "apply: what stands in the record alone" {
	once
	up 'labels = [ "tier=one" ]; stop_timeout = "1s";'
	web 'labels = [ "tier=two" ]; description = "the page"; stop_timeout = "3s";'
	applied "labels" "description" "stop_timeout"
	grep -q 'tier=two' "$(path $T/state/containers/web/spec)"
	grep -q '^stop-timeout-ms 3000$' "$(path $T/state/containers/web/record)"
	grep -q '^stop_signal 9$' "$(path $T/state/containers/web/settings)"
	# A restart by the recorded configuration would have it; and one by the file, too.
	run_ok cman restart web
	run_ok cman apply web
	assert_output_has "is as its file says"
}

@test "apply: ports come and go" {
	up 'net : { ports = [ "8080:80" ]; };'
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	web 'net : { ports = [ "8081:80", "9000:80/udp" ]; };'
	applied "net.ports"
	assert_page outside "http://$HOST_IP:8081/" "page of web"
	assert_page machine "http://127.0.0.1:8081/" "page of web"
	assert_no_page outside "http://$HOST_IP:8080/"
	run_ok cman ps
	assert_output_has "8081:80"
	web
	applied "net.ports"
	assert_no_page outside "http://$HOST_IP:8081/"
}

@test "apply: of a bridge that its link is on the kernel is told nothing anew, unless that is needed" {
	call_iptables() { machine cat /sys/class/net/cman0/bridge/nf_call_iptables; }
	up 'net : { ports = [ "8080:80" ]; };'
	web 'net : { ports = [ "8081:80" ]; };'
	run_ok traced -f -e trace=socket "$CMAN" -c $CONF apply web
	run_ok machine grep NETLINK_NETFILTER $T/calls
	refute machine grep NETLINK_ROUTE $T/calls
	machine rm $T/calls
	assert_page outside "http://$HOST_IP:8081/" "page of web"
	as_wanted
	# The rules look into it for a sibling, as its record says: who noted that may have been killed.
	sleeper limited <<<'net : { egress : { default = "deny"; }; };'
	run_ok cman up limited
	assert_equal "$(call_iptables)" 1
	machine sh -c "echo 0 >/sys/class/net/cman0/bridge/nf_call_iptables"
	web 'net : { ports = [ "8082:80" ]; };'
	applied "net.ports"
	assert_equal "$(call_iptables)" 1
	run_ok cman down limited
	machine ip link delete cman0
	web 'net : { ports = [ "8083:80" ]; };'
	run_ok cman apply web
	run_ok machine ip link show cman0
	run_ok cman check --repair
	assert_page outside "http://$HOST_IP:8083/" "page of web"
	as_wanted
}

@test "apply: a port that somebody has is refused before anything changes" {
	up 'limits : { pids = 100; };' 'net : { ports = [ "8080:80" ]; };'
	web 'limits : { pids = 200; };' 'net : { ports = [ "8888:80" ]; };'
	run_fails cman apply web
	assert_output_has "web: net.ports" "port 8888/tcp of the host is taken by busybox"
	assert_equal "$(cgroup_file pids pids.max)" 100
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman check
}

@test "apply: nat, what it may call, and whom it answers to" {
	calls_out() { within web timeout 3 busybox nc -w 2 $OUTSIDE_IP 80 </dev/null; }
	up
	wait_until 10 calls_out
	web 'net : { egress : { default = "deny"; allow = [ "dns" ]; }; };'
	applied "net.egress.default" "net.egress.allow"
	refute calls_out
	web 'net : { egress : { default = "deny"; allow = [ "192.0.2.1:80/tcp" ]; }; host_access = false; };'
	applied "net.egress.allow" "net.host_access"
	calls_out
	refute within web timeout 3 busybox nc -w 2 10.83.0.1 8888 </dev/null
	web 'net : { nat = false; };'
	applied "net.egress.default" "net.nat"
	refute calls_out
	web
	applied "net.nat"
	calls_out
}

filters() { machine tc filter show dev c-web "$1"; }

@test "apply: antispoof, isolate, bandwidth" {
	once
	server db </dev/null
	up
	run_ok cman up db
	assert_page db "http://$(ip_of web)/" "page of web"
	assert_equal "$(filters ingress)" ""
	web 'net : { antispoof = true; isolate = true; };'
	applied "net.antispoof" "net.isolate"
	assert_match "$(filters ingress)" cman
	assert_no_page db "http://$(ip_of web)/"
	assert_page machine "http://$(ip_of web)/" "page of web"
	web 'net : { antispoof = true; bandwidth : { egress = "8Mbit"; ingress = "16Mbit"; }; };'
	applied "net.isolate" "net.bandwidth.egress" "net.bandwidth.ingress"
	assert_page db "http://$(ip_of web)/" "page of web"
	assert_match "$(machine tc qdisc show dev c-web)" 'tbf .*rate 16Mbit'
	assert_match "$(machine nsenter -t "$PID" -n tc qdisc show dev eth0)" 'tbf .*rate 8Mbit'
	web 'net : { bandwidth : { egress = "80Mbit"; }; };'
	applied "net.antispoof" "net.bandwidth.egress" "net.bandwidth.ingress"
	assert_match "$(machine nsenter -t "$PID" -n tc qdisc show dev eth0)" 'tbf .*rate 80Mbit'
	[[ $(machine tc qdisc show dev c-web) != *tbf* ]]
	web
	applied "net.bandwidth.egress"
	assert_equal "$(filters ingress)" ""
	[[ $(machine tc qdisc show dev c-web) != *clsact* ]]
	[[ $(machine nsenter -t "$PID" -n tc qdisc show dev eth0) != *tbf* ]]
	assert_page db "http://$(ip_of web)/" "page of web"
}

@test "apply: another address, MAC, MTU and name of the interface, in the same process" {
	server db </dev/null
	up 'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'
	run_ok cman up db
	assert_equal "$(resolve db web)" 10.83.0.10
	web 'net : { ip = "10.83.0.77"; mac = "02:00:5e:10:00:77"; mtu = 1400; name = "lan0"; ports = [ "8080:80" ]; };'
	applied "re-attached" "net.ip" "net.mac" "net.mtu" "net.name"
	run_ok within web ip -o address show dev lan0
	assert_output_has 10.83.0.77/16
	run_ok within web ip link show dev lan0
	assert_output_has "mtu 1400" "02:00:5e:10:00:77"
	refute within web ip link show dev eth0
	assert_equal "$(ip_of web)" 10.83.0.77
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page db "http://web/" "page of web"
	assert_no_page machine "http://10.83.0.10/"
}

@test "apply: further networks, and another one, beside an interface that is not touched" {
	server db <<<'net : { network = "back"; };'
	up 'net : { ip = "10.83.0.10"; };'
	run_ok cman up db
	index() { within web cat /sys/class/net/eth0/ifindex; }
	INDEX=$(index)
	assert_no_page web "http://$(ip_of db)/"
	web 'net = ( { network = "cman0"; ip = "10.83.0.10"; }, { network = "back"; } );'
	applied "re-attached" "net"
	assert_equal "$(index)" "$INDEX"
	assert_page web "http://db/" "page of db"
	assert_page db "http://web/" "page of web"
	assert_page machine "http://10.83.0.10/" "page of web"
	web 'net : { network = "back"; };'
	applied "re-attached"
	refute within web ip link show dev eth1
	assert_page web "http://db/" "page of db"
	refute machine ip link show cman0
	web 'net : { ip = "10.83.0.10"; };'
	applied "re-attached"
	assert_page machine "http://10.83.0.10/" "page of web"
	assert_equal "$(resolve db web)" ""
	assert_equal "$(resolve web db)" ""
	assert_equal "$(resolve web web)" 10.83.0.10
}

@test "apply: what needs a restart is restarted, or left and told" {
	once
	up
	web 'environment = [ "COLOUR=green" ];' 'limits : { pids = 77; };'
	run -3 cman apply --no-restart web
	assert_output_has "web: left as it is, these need a restart: environment"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman apply web
	assert_output_has "web: restarted" "environment"
	[ "$(pid_of web)" != "$PID" ]
	assert_equal "$(within web sh -c 'echo $COLOUR')" green
	run_ok cman apply
	assert_output_has "all that runs is as the files say"
	web 'environment = 5;'
	run_fails cman apply
	assert_output_has "web: left out, its configuration has errors" "all else that runs is as the files say"
}

@test "apply: a network of another shape is for all of its containers together" {
	once
	server db </dev/null
	up
	run_ok cman up db
	write_manager 'networks : { cman0 : { subnet = "10.84.0.0/16"; }; };'
	run_fails cman apply web
	assert_output_has "web: network cman0 is up otherwise" "db is on it"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman apply
	assert_output_has "web: restarted" "db: restarted"
	assert_page web "http://db/" "page of db"
	assert_match "$(ip_of web)" '^10\.84\.'
}

@test "restart: on a network of another shape nothing is stopped that could not start again" {
	once
	server db </dev/null
	up
	run_ok cman up db
	write_manager 'networks : { cman0 : { subnet = "10.84.0.0/16"; }; };'
	run_fails cman restart web
	assert_output_has "web: network cman0 is up otherwise than $CONF says now" "db is on it"
	assert_equal "$(pid_of web)" "$PID"
	assert_page machine "http://$(ip_of web)/" "page of web"
	assert_match "$(ip_of web)" '^10\.83\.'
	# One that comes to it is refused as early.
	sleeper third <<<'hooks : { pre_start = [ "/bin/false" ]; };'
	run_fails cman up third
	assert_output_has "third: network cman0 is up otherwise"
	run_ok cman restart web db
	assert_match "$(ip_of web)" '^10\.84\.'
	assert_page web "http://db/" "page of db"
}

@test "restart: containers that get each other's addresses and ports" {
	server db <<<'net : { ip = "10.83.0.11"; ports = [ "8082:80" ]; };'
	server mail <<<'net : { ip = "10.83.0.12"; };'
	up 'net : { ip = "10.83.0.10"; ports = [ "8081:80" ]; };'
	run_ok cman up db mail
	server db <<<'net : { ip = "10.83.0.12"; ports = [ "8081:80" ]; };'
	server mail <<<'net : { ip = "10.83.0.10"; };'
	web 'net : { ip = "10.83.0.11"; ports = [ "8082:80" ]; };'
	# Not while one of them stays as it is, and nothing is touched then.
	run_fails cman restart web db
	assert_output_has "db: " "10.83.0.12 is held by the running container mail" \
		"web: " "10.83.0.11 is held by the running container db" "cman apply web db"
	assert_equal "$(pid_of web)" "$PID"
	assert_page outside "http://$HOST_IP:8081/" "page of web"
	run_ok cman restart web db mail
	assert_equal "$(ip_of web) $(ip_of db) $(ip_of mail)" "10.83.0.11 10.83.0.12 10.83.0.10"
	assert_page outside "http://$HOST_IP:8082/" "page of web"
	assert_page outside "http://$HOST_IP:8081/" "page of db"
	assert_page web "http://mail/" "page of mail"
	run_ok cman plan
	run_ok cman check
}

# Three in a ring, with ports and hardware addresses; "back" is for two of them in turn.
ring() { # ADDRESS, PORT and LAST of the MAC for each of web, db, mail; who is on back: web or db
	local name row

	for name in web db mail; do
		row="ip = \"10.83.0.$1\"; mac = \"02:00:00:00:00:$1\"; ports = [ \"80$1:80\" ];"
		[ "$name" != "$4" ] || row="$row }, { network = \"back\"; ip = \"10.92.0.9\"; mac = \"02:00:00:00:01:09\";"
		server "$name" <<<"net = ( { $row } );"
		set -- "$2" "$3" "$1" "$4"
	done
}
ring_is() { # as ring
	local name address=("$1" "$2" "$3") index=0

	for name in web db mail; do
		assert_equal "$(ip_of "$name")" "10.83.0.${address[index]}"
		within "$name" ip link show eth0 | grep -q "02:00:00:00:00:${address[index]}"
		assert_page outside "http://$HOST_IP:80${address[index]}/" "page of $name"
		assert_page mail "http://$name/" "page of $name"
		if [ "$name" = "$4" ]; then
			within "$name" ip address show eth1 | grep -q 10.92.0.9
		else
			refute within "$name" ip link show eth1
		fi
		index=$((index + 1))
	done
	assert_equal "$(pid_of web) $(pid_of db) $(pid_of mail)" "$PIDS"
	[ -z "$(machine find $T/state/containers -name pending)" ]
	run_ok cman check
	assert_output_has "nothing has drifted"
}
ring_up() {
	ring 10 11 12 web
	run_ok cman up web db mail
	PIDS="$(pid_of web) $(pid_of db) $(pid_of mail)"
	ring_is 10 11 12 web
}

@test "apply: containers that get each other's addresses, MACs, ports and networks, as they run" {
	ring_up
	ring 11 12 10 db
	# Not while one of them stays as it is, and nothing is touched then.
	run_fails cman apply web db
	assert_output_has "held by the running container" "cman apply"
	run_ok cman apply
	ring_is 11 12 10 db
	run_ok cman plan
	ring 12 11 10 web
	run_ok cman apply web db
	ring_is 12 11 10 web
}

@test "apply: of those that exchange all go back when one fails, and the others do not" {
	ring_up
	sleeper other </dev/null
	run_ok cman up other
	machine ip link add c-db_1 type bridge
	ring 11 12 10 db
	sleeper other <<<'hostname = "another";'
	run_fails cman apply
	assert_output_has "db: link c-db_1 is there already" "web: not changed, as db is not" "mail: not changed" \
		"web: all of it is as before" "other: changed hostname"
	ring_is 10 11 12 web
	machine ip link delete c-db_1
	run_ok cman apply
	ring_is 11 12 10 db
}

@test "apply: who gets what another gives up by a restart is restarted behind it, or left" {
	ring_up
	ring 11 10 12 web
	printf 'security : { no_new_privs = false; };\n' >>"$(path $T/conf.d/db.conf)"
	run_fails cman apply --no-restart web db
	assert_output_has "held by the running container db" "db: left as it is"
	ring_is 10 11 12 web
	run_ok cman apply web db
	assert_output_has "web: restarted" "db: restarted"
	PIDS="$(pid_of web) $(pid_of db) $(pid_of mail)"
	ring_is 11 10 12 web
}

@test "apply: what is to run is started, what has no file is stopped when it is asked for" {
	once
	sleeper boot <<<'autostart = true;'
	sleeper idle </dev/null
	up
	rm "$(path $T/conf.d/web.conf)"
	run -3 cman apply
	assert_output_has "boot: running" "web: left as it is, it has no file"
	[[ $output != *idle* ]]
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman apply idle
	assert_output_has "idle: running"
	run_ok cman apply --prune
	assert_output_has "web: stopped"
	web
	run_ok cman apply web
	rm "$(path $T/conf.d/web.conf)"
	run_ok cman apply web
	assert_output_has "web: stopped"
}

# --- what fails, and what is killed ---

# as_before: it is what the file said that "before" wrote, in the same process
as_before() {
	assert_equal "$(pid_of web)" "$PID"
	[ ! -e "$(path $T/state/containers/web/pending)" ]
	assert_equal "$(cgroup_file pids pids.max)" 100
	assert_equal "$(within web hostname)" web
	assert_equal "$(ip_of web)" 10.83.0.10
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	before
	as_wanted
}

before() {
	web 'limits : { pids = 100; };' 'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };' \
		'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "8M"; } );'
}

after() { # [LINE...]
	web 'limits : { pids = 200; };' 'hostname = "www";' 'extra_hosts = [ "far=192.0.2.99" ];' "$@"
}

before_up() {
	before
	run_ok cman up web
	PID=$(pid_of web)
}

@test "apply: a part that fails takes the others back" {
	before_up
	within web dd if=/dev/zero of=/tmp/much bs=1M count=4 2>/dev/null
	after 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; } );' \
		'net : { ip = "10.83.0.11"; ports = [ "8081:80" ]; };'
	run_fails cman apply web
	assert_output_has "web: mounts[0].size" "all of it is as before"
	as_before
}

@test "apply: a link that cannot be made takes all back, behind the commit of the rules" {
	before_up
	machine ip link add c-web_1 type bridge
	after 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; } );' \
		'net = ( { ip = "10.83.0.11"; ports = [ "8081:80" ]; }, { network = "back"; } );'
	run_fails cman apply web
	assert_output_has "link c-web_1 is there already" "all of it is as before"
	as_before
	machine ip link delete c-web_1
}

@test "apply: one container that fails does not keep the other from being changed" {
	before_up
	sleeper other </dev/null
	run_ok cman up other
	machine ip link add c-web_1 type bridge
	after 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; } );' \
		'net = ( { ip = "10.83.0.11"; }, { network = "back"; } );'
	sleeper other <<<'hostname = "another"; net : { ports = [ "8082:80" ]; };'
	run_fails cman apply
	assert_output_has "web: link c-web_1" "other: changed hostname, net.ports"
	assert_equal "$(within other hostname)" another
	as_before
	machine ip link delete c-web_1
}

# At each of some calls the command is killed; the next one, whichever it is, takes back what it had done.
@test "apply: killed in between, the next command takes it back, and another one does it" {
	once
	before_up
	for at in sethostname:1 renameat:1 renameat:2 renameat:3 renameat:4 sendto:2 sendto:5 sendto:8 \
		sendto:11 setns:2 setns:4 setns:6; do
		after 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "4M"; } );' \
			'net : { ip = "10.83.0.11"; ports = [ "8081:80" ]; };'
		echo "killed at ${at%:*}, number ${at#*:}"
		run traced -f -e trace="${at%:*}" -e inject="${at%:*}:signal=KILL:when=${at#*:}" \
			"$CMAN" -c $CONF apply web
		[ "$status" = 137 ] || { echo "it was not: $status, $output"; return 1; }
		# Whichever it is.
		case $at in
		setns:*) run_ok cman up web ;;
		sendto:*) run_ok cman check --repair ;;
		*) run_ok cman ps ;;
		esac
		as_before
	done
	after 'net : { ip = "10.83.0.11"; ports = [ "8081:80" ]; };' \
		'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "4M"; } );'
	run -137 traced -f -e trace=sethostname -e inject=sethostname:signal=KILL "$CMAN" -c $CONF apply web
	applied "limits.pids" "hostname" "net.ip"
	assert_equal "$(within web hostname)" www
	machine rm $T/calls
}

# The child that changes the mount is killed, on the way there and on the way back.
@test "apply: what could not be taken back is taken back by the next command" {
	once
	before_up
	after 'mounts = ( { type = "tmpfs"; target = "/tmp"; size = "4M"; } );' \
		'net : { ip = "10.83.0.11"; ports = [ "8081:80" ]; };'
	run -1 traced -f -e trace=fsconfig -e inject=fsconfig:signal=KILL "$CMAN" -c $CONF apply web
	assert_output_has "mounts[0].size" "the next command tries again"
	run_ok cman check --repair
	as_before
	machine rm $T/calls
}
