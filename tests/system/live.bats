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
