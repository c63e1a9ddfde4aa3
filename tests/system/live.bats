#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What changes while a container runs, key by key: seen in the kernel, in the same process, and back again.
export TEST_SECONDS=${TEST_SECONDS:-600}
load lib

# web LINE...: its file, and what else is in it
web() { printf '%s\n' "$@" | sleeper web; }

up() {
	web "$@"
	run_ok cman up web
	PID=$(pid_of web)
}

# as_wanted: nothing differs, the process is the same, and nothing of the change is left
as_wanted() {
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman plan web
	run_ok cman check
	assert_output_has "nothing has drifted"
	[ ! -e "$(path $T/state/containers/web/pending)" ]
	[ ! -e "$(path $T/state/containers/web/sysctls)" ]
}

applied() { # TEXT...
	run_ok cman apply web
	assert_output_has "web: " "$@"
	as_wanted
}

switch() { machine nsenter -t "$PID" -n cat "/proc/sys/net/$1"; }

# --- security.sysctls ---

@test "live: switches of its network namespace, and of no other" {
	host=$(machine cat /proc/sys/net/core/somaxconn)
	up 'security : { sysctls = [ "net.core.somaxconn=1000" ]; };'
	assert_equal "$(switch core/somaxconn)" 1000
	web 'security : { sysctls = [ "net.core.somaxconn=2000", "net.ipv4.ip_forward=1" ]; };'
	applied "changed security.sysctls"
	assert_equal "$(switch core/somaxconn)" 2000
	assert_equal "$(switch ipv4/ip_forward)" 1
	assert_equal "$(machine cat /proc/sys/net/core/somaxconn)" "$host"
	# What it was before it was there is what a new start makes it.
	web 'security : { sysctls = [ "net.core.somaxconn=2000" ]; };'
	run -3 cman apply --no-restart web
	assert_output_has "these need a restart: security.sysctls"
	# Those of IPC are init's.
	web 'security : { sysctls = [ "net.core.somaxconn=2000", "net.ipv4.ip_forward=1", "kernel.shmmni=99" ]; };'
	run -3 cman apply --no-restart web
	assert_output_has "these need a restart: security.sysctls"
	assert_equal "$(switch core/somaxconn)" 2000
	run_ok cman apply web
	assert_output_has "web: restarted"
}

@test "live: a switch that does not take its value takes the others back" {
	up 'security : { sysctls = [ "net.core.somaxconn=1000" ]; };'
	before=$(switch ipv4/ip_default_ttl)
	web 'hostname = "www";' \
		'security : { sysctls = [ "net.ipv4.ip_default_ttl=33", "net.core.somaxconn=2000", "net.ipv4.tcp_syncookies=none" ]; };'
	run_fails cman apply web
	assert_output_has "web.conf:" "security.sysctls[2]" "tcp_syncookies" "all of it is as before"
	assert_equal "$(switch ipv4/ip_default_ttl)" "$before"
	assert_equal "$(switch core/somaxconn)" 1000
	assert_equal "$(within web hostname)" web
	web 'security : { sysctls = [ "net.ipv4.no_such_switch=1", "net.core.somaxconn=1000" ]; };'
	run_fails cman apply web
	assert_output_has "security.sysctls[0]" "this kernel has no such switch" "all of it is as before"
	web 'security : { sysctls = [ "net.core.somaxconn=1000" ]; };'
	as_wanted
}

@test "live: killed while switches are set, the next command sets them back" {
	up 'security : { sysctls = [ "net.core.somaxconn=1000" ]; };'
	before=$(switch ipv4/ip_default_ttl)
	web 'security : { sysctls = [ "net.ipv4.ip_default_ttl=33", "net.core.somaxconn=2000" ]; };'
	# The way into the network namespace, and the way out of it.
	for at in 1 2; do
		run -137 traced -e trace=setns -e inject=setns:signal=KILL:when=$at "$CMAN" -c $CONF apply web
		run_ok cman ps
		assert_equal "$(switch ipv4/ip_default_ttl)" "$before"
		assert_equal "$(switch core/somaxconn)" 1000
		[ ! -e "$(path $T/state/containers/web/pending)" ]
		[ ! -e "$(path $T/state/containers/web/sysctls)" ]
	done
	machine rm $T/calls
	applied "security.sysctls"
	assert_equal "$(switch ipv4/ip_default_ttl)" 33
}

@test "live: switches of an interface that is attached anew" {
	up 'net : { ip = "10.83.0.10"; };' 'security : { sysctls = [ "net.ipv4.conf.eth0.rp_filter=2" ]; };'
	assert_equal "$(switch ipv4/conf/eth0/rp_filter)" 2
	web 'net : { ip = "10.83.0.11"; };' 'security : { sysctls = [ "net.ipv4.conf.eth0.rp_filter=2" ]; };'
	applied "re-attached"
	assert_equal "$(switch ipv4/conf/eth0/rp_filter)" 2
}

# --- security.devices ---

# Two nodes of the machine that are not usual ones, and may be opened for reading.
find_devices() {
	local node

	DEVICES=()
	for node in /dev/fuse /dev/net/tun /dev/loop-control /dev/hpet /dev/kmsg; do
		if [ -c "$node" ] && machine sh -c ": <$node" 2>/dev/null; then DEVICES+=("$node"); fi
	done
	[ ${#DEVICES[@]} -ge 2 ] || skip "not two of /dev/fuse, /dev/net/tun and their like"
}

devices() { # GROUP...
	local IFS=,

	web "security : { devices = ( $* ); };"
}

opens() { within web sh -c ": <$1"; }
writes() { within web sh -c ": >>$1"; }

check_devices() {
	local one=${DEVICES[0]} two=${DEVICES[1]}

	up
	refute opens "$one"
	devices "{ path = \"$one\"; }"
	applied "changed security.devices[0]"
	run_ok within web sh -c ": <$one && : >>$one"
	run_ok within web sh -c ': </dev/null && echo >/dev/null && : <>/dev/ptmx'
	# Less of one, another one beside it; the node of the first is the same.
	inode=$(within web stat -c %d:%i "$one")
	devices "{ path = \"$one\"; access = \"r\"; }" "{ path = \"$two\"; access = \"r\"; }"
	applied "security.devices[0].access" "security.devices[1]"
	opens "$one"
	refute writes "$one"
	opens "$two"
	assert_equal "$(within web stat -c %d:%i "$one")" "$inode"
	# The first goes; also for those who make a name of their own for it.
	devices "{ path = \"$two\"; access = \"rw\"; }"
	applied "security.devices"
	refute within web ls "$one"
	opens "$two"
	# No directory of it is left, and no place where nodes were kept meanwhile.
	web
	applied "security.devices"
	refute within web ls "$two"
	refute within web ls /dev/net /dev/.devices
	assert_equal "$(within web ls -A /dev | xargs)" "$USUAL"
	run_ok within web sh -c ': <>/dev/ptmx && head -c 3 /dev/urandom >/dev/null'
}

usual() {
	web
	run_ok cman up web
	USUAL=$(within web ls -A /dev | xargs)
	run_ok cman down web
}

@test "live: devices come, go and may be used for less" {
	find_devices
	usual
	check_devices
}

@test "live: the same by a program on the v2 cgroup" {
	find_devices
	machine mountpoint -q /sys/fs/cgroup/devices || skip "no devices controller of v1 to be without"
	machine umount /sys/fs/cgroup/devices
	snapshot >"$BATS_TEST_TMPDIR/before"
	usual
	check_devices
}

@test "live: the list of the v1 controller, whatever was in it" {
	find_devices
	list=/sys/fs/cgroup/devices/$CGROUP/web/devices.list
	[ -d /sys/fs/cgroup/devices ] || skip "needs the devices controller of v1"
	up
	usual=$(sort "$list" | xargs)
	devices "{ path = \"${DEVICES[0]}\"; access = \"rwm\"; }"
	applied "security.devices"
	number=$(machine stat -c '%t:%T' "${DEVICES[0]}")
	grep -qx "c $((16#${number%:*})):$((16#${number#*:})) rwm" "$list"
	devices "{ path = \"${DEVICES[0]}\"; access = \"w\"; }"
	applied "security.devices[0].access"
	grep -qx "c $((16#${number%:*})):$((16#${number#*:})) w" "$list"
	web
	applied "security.devices"
	assert_equal "$(sort "$list" | xargs)" "$usual"
}

@test "live: a node in a directory of its own, with the owners and permissions of the host's" {
	find_devices
	machine mkdir -p /run/nodes
	machine mknod -m 620 /run/nodes/node c 10 229
	machine chown 7:44 /run/nodes/node
	machine mount --bind /run/nodes/node "${DEVICES[0]}"
	snapshot >"$BATS_TEST_TMPDIR/before"
	up
	devices "{ path = \"${DEVICES[0]}\"; }"
	applied "security.devices"
	assert_equal "$(within web stat -c '%F %t:%T %u:%g %a' "${DEVICES[0]}")" \
		"character special file a:e5 7:44 620"
}

@test "live: devices that cannot be, and what fails behind them" {
	find_devices
	up "security : { devices = ( { path = \"${DEVICES[0]}\"; } ); };"
	devices "{ path = \"${DEVICES[0]}\"; access = \"r\"; }" '{ path = "/dev/nowhere"; }'
	run_fails cman apply web
	assert_output_has "web.conf:" "security.devices[1].path" "No such file"
	writes "${DEVICES[0]}"
	# A directory of the container's is in the way of the node.
	within web mkdir -p "${DEVICES[1]}/mine"
	web 'hostname = "www";' "security : { devices = ( { path = \"${DEVICES[1]}\"; } ); };"
	run_fails cman apply web
	assert_output_has "security.devices[0].path" "${DEVICES[1]}" "all of it is as before"
	writes "${DEVICES[0]}"
	assert_equal "$(within web hostname)" web
	within web ls -d "${DEVICES[1]}/mine"
	# A link that leads out of /dev is not followed.
	within web rm -r "${DEVICES[1]}"
	within web ln -s /etc/group "${DEVICES[1]}"
	run cman apply web
	assert_equal "$(within web stat -c %F /etc/group)" "regular file"
	[ ! -e "$(path $T/state/containers/web/pending)" ]
	assert_equal "$(pid_of web)" "$PID"
}

@test "live: killed while devices change, the next command takes them back" {
	find_devices
	up "security : { devices = ( { path = \"${DEVICES[0]}\"; } ); };"
	for at in umount2:1 mknodat:1 move_mount:1 move_mount:2 umount2:2; do
		devices "{ path = \"${DEVICES[1]}\"; }"
		# The child that is in the container's mount namespace, and with it what it was to do.
		run traced -f -e trace="${at%:*}" -e inject="${at%:*}:signal=KILL:when=${at#*:}" \
			"$CMAN" -c $CONF apply web
		[ "$status" != 0 ] || { echo "not killed at $at: $output"; return 1; }
		run_ok cman ps
		writes "${DEVICES[0]}"
		refute opens "${DEVICES[1]}"
		refute within web ls /dev/.devices
		[ ! -e "$(path $T/state/containers/web/pending)" ]
	done
	machine rm $T/calls
	applied "security.devices"
	opens "${DEVICES[1]}"
	refute opens "${DEVICES[0]}"
}

# --- each key by itself ---

cgroup_value() { # CONTROLLER V1-FILE V2-FILE
	local dir=/sys/fs/cgroup/$1/$CGROUP/web

	if [ -e "$dir/$2" ]; then cat "$dir/$2"; else cat "/sys/fs/cgroup/$CGROUP/web/$3"; fi
}
setting() { sed -n "s/^$1 //p" "$(path $T/state/containers/web/settings)"; }
recorded() { grep -c -- "$1" "$(path $T/state/containers/web/spec)"; }
alias_known() { within web awk '/[ \t]www/ { found = 1 } END { print found + 0 }' /etc/hosts; }
route() { within web ip route | grep -c 198.51.100.0; }
address6() { within web ip -o -6 address show dev eth0 | sed -n 's/.*inet6 \(fd[^ ]*\).*/\1/p'; }

# change KEY BEFORE AFTER COMMAND SEEN-BEFORE SEEN-AFTER: there, and back again, in the same process
change() {
	local key=$1 before=$2 after=$3 command=$4

	echo "$key: $before to $after"
	web "$before"
	cman apply web >/dev/null
	assert_equal "$($command)" "$5"
	web "$after"
	applied "$key"
	assert_equal "$($command)" "$6"
	web "$before"
	applied "$key"
	assert_equal "$($command)" "$5"
}

limit() { # KEY BEFORE AFTER CONTROLLER V1-FILE V2-FILE SEEN-BEFORE SEEN-AFTER
	change "limits.$1" "limits : { $1 = $2; };" "limits : { $1 = $3; };" "cgroup_value $4 $5 $6" "$7" "$8"
}

@test "live: every limit of the cgroup" {
	up
	limit pids 100 200 pids pids.max pids.max 100 200
	limit memory '"64M"' '"96M"' memory memory.limit_in_bytes memory.max $((64 << 20)) $((96 << 20))
	limit memory_high '"32M"' '"48M"' memory memory.soft_limit_in_bytes memory.high $((32 << 20)) $((48 << 20))
	if [ ! -e /sys/fs/cgroup/memory ]; then
		limit memory_low '"8M"' '"16M"' - - memory.low $((8 << 20)) $((16 << 20))
		limit oom_group false true - - memory.oom.group 0 1
		limit cpus 0.5 1 - - cpu.max "50000 100000" "100000 100000"
		limit cpu_weight 100 200 - - cpu.weight 100 200
	else
		limit cpus 0.5 1 cpu cpu.cfs_quota_us - 50000 100000
		limit cpu_weight 100 200 cpu cpu.shares - 1024 2048
	fi
	change limits.mems 'limits : { cpuset = "0"; };' 'limits : { cpuset = "0"; mems = "0"; };' \
		"cgroup_value cpuset cpuset.mems cpuset.mems.effective" 0 0
}

@test "live: how fast block devices are" {
	local node number

	for node in /dev/vda /dev/sda /dev/nvme0n1 /dev/loop0; do [ ! -b $node ] || break; done
	[ -b $node ] || skip "no block device"
	number=$((16#$(stat -c %t $node))):$((16#$(stat -c %T $node)))
	v1=/sys/fs/cgroup/blkio
	v2=/sys/fs/cgroup/$CGROUP/web/io.max
	[ -e $v1/blkio.throttle.read_bps_device ] || grep -qsw io /sys/fs/cgroup/cgroup.controllers ||
		skip "no controller for block devices"
	up
	throttled() { # FILE-OF-V1 WORD-OF-V2
		if [ -d $v1 ]; then
			xargs <"$v1/$CGROUP/web/blkio.throttle.$1_device"
		elif [ -e "$v2" ]; then
			sed -n "s/^$number .*$2=\([0-9]*\).*/$number \1/p" "$v2"
		fi
	}
	io() { echo "limits : { io = ( { device = \"$node\"; $1 } ); };"; }
	change 'limits.io[0].rbps' "$(io 'rbps = "1M";')" "$(io 'rbps = "2M";')" "throttled read_bps rbps" \
		"$number 1048576" "$number 2097152"
	change 'limits.io[0].wbps' "$(io 'wbps = "1M";')" "$(io 'wbps = "2M";')" "throttled write_bps wbps" \
		"$number 1048576" "$number 2097152"
	change 'limits.io[0].riops' "$(io 'riops = 10;')" "$(io 'riops = 20;')" "throttled read_iops riops" \
		"$number 10" "$number 20"
	change 'limits.io[0].wiops' "$(io 'wiops = 10;')" "$(io 'wiops = 20;')" "throttled write_iops wiops" \
		"$number 10" "$number 20"
	change 'limits.io' "" "$(io 'wiops = 20;')" "throttled write_iops wiops" "" "$number 20"
}

@test "live: what its supervisor goes by" {
	up
	change stop_signal 'stop_signal = "SIGHUP";' 'stop_signal = "SIGTERM";' "setting stop_signal" 1 15
	change log.driver 'log : { driver = "file"; };' 'log : { driver = "none"; };' \
		"recorded driver.*none" 0 1
	for row in 'log.max_size:log : { max_size = "64K"; };:log : { max_size = "1M"; };' \
		'log.max_files:log : { max_files = 2; };:log : { max_files = 7; };' \
		'restart.policy:restart : { policy = "no"; };:restart : { policy = "always"; };' \
		'restart.delay:restart : { delay = "1s"; };:restart : { delay = "7s"; };' \
		'restart.max_delay:restart : { max_delay = "60s"; };:restart : { max_delay = "70s"; };' \
		'restart.max_retries:restart : { max_retries = 0; };:restart : { max_retries = 7; };' \
		'hooks.timeout:hooks : { timeout = "30s"; };:hooks : { timeout = "70s"; };' \
		'ready.timeout:ready : { file = "/a"; timeout = "30s"; };:ready : { file = "/a"; timeout = "70s"; };' \
		'ready.file:ready : { file = "/a"; };:ready : { file = "/b"; };' \
		'ready.port:ready : { port = 80; };:ready : { port = 7070; };' \
		'health.interval:health : { command = [ "/bin/true" ]; interval = "60s"; };:health : { command = [ "/bin/true" ]; interval = "70s"; };' \
		'health.timeout:health : { command = [ "/bin/true" ]; };:health : { command = [ "/bin/true" ]; timeout = "7s"; };' \
		'health.retries:health : { command = [ "/bin/true" ]; };:health : { command = [ "/bin/true" ]; retries = 7; };' \
		'health.start_period:health : { command = [ "/bin/true" ]; };:health : { command = [ "/bin/true" ]; start_period = "7s"; };' \
		'health.on_failure:health : { command = [ "/bin/true" ]; };:health : { command = [ "/bin/true" ]; on_failure = "kill"; };' \
		'health.command:health : { command = [ "/bin/true" ]; };:health : { command = [ "/bin/true", "x" ]; };'; do
		key=${row%%:*}
		row=${row#*:}
		# What stands after the colon of a group belongs to it.
		before=${row%%;:*}\;
		after=${row#*;:}
		echo "$key: $before to $after"
		web "$before"
		run_ok cman apply web
		web "$after"
		applied "$key"
		web "$before"
		applied "$key"
	done
}

@test "live: what an interface has besides" {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/16"; subnet6 = "fd00:83::/64"; }; };'
	up
	change net.aliases "" 'net : { aliases = [ "www" ]; };' alias_known 0 1
	change net.routes "" 'net : { routes = [ "198.51.100.0/24 via 10.83.0.9" ]; };' route 0 1
	change net.ip6 'net : { ip6 = "fd00:83::7"; };' 'net : { ip6 = "fd00:83::8"; };' address6 \
		fd00:83::7/64 fd00:83::8/64
	default_route() { within web ip route | grep -c default; }
	change net.default_route "" 'net : { default_route = false; };' default_route 1 0
}
