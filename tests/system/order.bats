#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# depends_on, after and groups: what comes up, and goes down, before what.
load order

@test "what a container needs is brought along, and is ready before it" {
	gated db </dev/null
	sleeper cache </dev/null
	sleeper web <<<'depends_on = [ "db", "cache" ];'
	sleeper other </dev/null
	cman_aside up web
	wait_until 20 is_running cache
	wait_until 20 is_running db
	refute is_running web
	open_gate db
	wait "$ASIDE"
	is_running web
	refute is_running other
	assert_equal "$(happened started | grep -v cache)" "$(printf '%s\n' 'started db' 'started web')"
	grep -q '^db: ready after' "$BATS_TEST_TMPDIR/aside"
	# What is there already is no news.
	run_ok cman up web
	assert_equal "$(grep -c . <<<"$output")" 1
	assert_output_has "web: is running already"
}

@test "what fails takes along those that need it, and nobody else" {
	unstartable db </dev/null
	sleeper web <<<'depends_on = "db";'
	sleeper shop <<<'depends_on = "web";'
	sleeper late <<<'after = [ "db", "nowhere" ];'
	sleeper other </dev/null
	run_fails cman up --all
	assert_output_has "db: " "web: not started: needs db, which failed" \
		"shop: not started: needs web, which was not started" "other: running" "late: running" \
		"2 of 5 are up; db failed; shop, web not started"
	is_running other
	refute is_running web
	# Named alone it is not stopped by what is broken.
	run_ok cman up --no-deps web
	is_running web
}

@test "what does not become ready keeps those that need it down" {
	container db <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	ready : { file = "/go"; timeout = "1s"; };
	EOF
	sleeper web <<<'depends_on = "db";'
	run_fails cman up --no-wait web
	assert_output_has "db: not ready: " "web: not started: needs db, which is not ready" \
		"0 of 2 are up; db not ready; web not started"
	is_running db
	open_gate db
	run_ok cman up web
	is_running web
}

@test "errors in the file of what is needed keep up from beginning, or leave out those that need it" {
	container db <<<'rootfs = "@rootfs@"; oops = 1;'
	sleeper web <<<'depends_on = "db";'
	sleeper other </dev/null
	run_fails cman up web other
	assert_output_has 'unknown key "oops"' "nothing was done: errors in the configuration of db"
	refute is_running other
	run_fails cman up --all
	assert_output_has "web: not started: needs db, which was not started" "other: running"
}

@test "check names circles and what there is not, with its place" {
	sleeper a <<<'depends_on = "b";'
	sleeper b <<<'depends_on = [ "a" ];'
	sleeper c <<<'depends_on = "dd";'
	sleeper d </dev/null
	run_fails cman check
	assert_output_has "conf.d/a.conf:3:14: error: depends_on: these wait for each other: a -> b -> a" \
		"conf.d/b.conf:3:16: error: depends_on: these wait for each other: b -> a -> b" \
		"conf.d/c.conf:3:14: error: depends_on: there is no container \"dd\"" 'did you mean "d"?'
	run_fails cman up --all
	is_running d
	refute is_running a
}

@test "down stops what needs a container before it, and only that" {
	sleeper db </dev/null
	sleeper web <<<'depends_on = "db";'
	sleeper shop <<<'depends_on = "web";'
	sleeper other <<<'after = "db";'
	run_ok cman up --all
	before=$(pid_of other)
	# What the files say by now does not matter.
	sleeper web </dev/null
	run_ok cman down db
	assert_output_has "shop: stopped, as it needs web" "web: stopped, as it needs db" "db: stopped"
	assert_equal "$(happened stopped)" "$(printf 'stopped %s\n' shop web db)"
	assert_equal "$(pid_of other)" "$before"
	sleeper web <<<'depends_on = "db";'
	run_ok cman up shop
	run_ok cman down --no-deps db
	assert_equal "$output" "db: stopped"
	is_running web
	run_ok cman up db
	run_ok cman down --all
	assert_equal "$(happened stopped | tail -n 4)" "$(printf 'stopped %s\n' shop other web db)"
}

@test "restart leaves alone what needs a container, and starts what it needs" {
	sleeper db </dev/null
	sleeper web <<<'depends_on = "db";'
	run_ok cman up web
	before=$(pid_of web) db=$(pid_of db)
	run_ok cman restart db
	assert_equal "$(pid_of web)" "$before"
	[ "$(pid_of db)" != "$db" ]
	db=$(pid_of db)
	run_ok cman restart web
	assert_equal "$(pid_of db)" "$db"
	[ "$(pid_of web)" != "$before" ]
	# Both: one goes down last and comes up first.
	run_ok cman restart db web
	assert_equal "$(happened stopped started | tail -n 4)" \
		"$(printf '%s\n' 'stopped web' 'stopped db' 'started db' 'started web')"
	run_ok cman down --no-deps db
	run_ok cman restart web
	is_running db
}

@test "one that waits for another by way of one that is not named is stopped before it, too" {
	sleeper db </dev/null
	sleeper web <<<'depends_on = "db";'
	sleeper shop <<<'depends_on = "web";'
	run_ok cman up db shop
	assert_equal "$(happened started)" "$(printf 'started %s\n' db web shop)"
	before=$(pid_of web)
	run_ok cman restart db shop
	assert_equal "$(pid_of web)" "$before"
	assert_equal "$(happened stopped started | tail -n 4)" \
		"$(printf '%s\n' 'stopped shop' 'stopped db' 'started db' 'started shop')"
	run_ok cman down --no-deps db shop
	assert_equal "$(pid_of web)" "$before"
	assert_equal "$(happened stopped | tail -n 2)" "$(printf 'stopped %s\n' shop db)"
	# Also where that has ended by itself.
	run_ok cman up db shop
	run_ok cman kill -s KILL web
	wait_until 20 refute is_running web
	run_ok cman down db shop
	assert_equal "$(happened stopped | tail -n 2)" "$(printf 'stopped %s\n' shop db)"
}

# Each name with its process.
pids() {
	local name

	for name in db web other; do
		echo "$name $(pid_of "$name")"
	done
}
changed() { diff <(echo "$1") <(pids) | sed -n 's/^> \([a-z]*\) .*/\1/p' | paste -sd' '; }

@test "restart of several that need each other stops nobody who could not start again" {
	sleeper db </dev/null
	sleeper web <<<'depends_on = "db";'
	sleeper other <<<'after = "db";'
	run_ok cman up --all
	machine sh -c 'exec busybox httpd -f -p 8080 -h /run' 3>&- &
	wait_until 20 machine grep -q :1F90 /proc/net/tcp /proc/net/tcp6
	before=$(pids)
	sleeper db <<<'net : { ports = [ "8080:80" ]; };'
	run_fails cman restart db web other
	assert_output_has "db: net.ports" "port 8080/tcp of the host is taken by busybox" \
		"web: not started: needs db, which failed" "other: running" "1 of 3 are up"
	assert_equal "$(changed "$before")" other
	# The same with one that is needed, and does not run.
	run_ok cman down --no-deps db
	sleeper other <<<'after = "web";'
	before=$(pids)
	run_fails cman restart web other
	assert_output_has "db: net.ports" "web: not started: needs db, which failed" "other: running"
	assert_equal "$(changed "$before")" other
	refute machine test -e "$T/state/containers/db"
	# Who is needed goes on without who needs it.
	sleeper db </dev/null
	run_ok cman up db
	sleeper web <<<'depends_on = "db"; net : { ports = [ "8080:80" ]; };'
	before=$(pids)
	run_fails cman restart db web
	assert_output_has "web: net.ports" "db: running"
	assert_equal "$(changed "$before")" db
	machine pkill -f 'httpd -f -p 8080'
	# What has errors is left out of many, and with it those that need it.
	container db <<<'rootfs = "@rootfs@"; oops = 1;'
	sleeper other <<<'after = "web";'
	before=$(pids)
	run_fails cman restart --all
	assert_output_has 'unknown key "oops"' "web: not started: needs db, which was not started"
	assert_equal "$(changed "$before")" other
	sleeper db </dev/null
	before=$(pids)
	run_ok cman restart db web other
	assert_equal "$(changed "$before")" "db web other"
	assert_equal "$(happened stopped started | tail -n 6)" \
		"$(printf '%s\n' 'stopped other' 'stopped web' 'stopped db' 'started db' 'started web' 'started other')"
}

@test "groups are brought up and stopped by their names" {
	sleeper db </dev/null
	sleeper web <<<'groups = [ "front", "all" ]; depends_on = "db";'
	sleeper shop <<<'groups = "front";'
	sleeper other <<<'groups = "back";'
	run_fails cman up -g frnt
	assert_output_has 'no container is in a group "frnt"' 'did you mean "front"?'
	run_ok cman up -g front
	for name in db web shop; do
		is_running "$name"
	done
	refute is_running other
	run_ok cman down -g back
	assert_output_has "nothing runs of group back"
	run_ok cman down --group front
	assert_equal "$(cman ps --json | jq -r '.[] | select(.state == "running").name')" db
	run cman up -g front web
	assert_equal "$status" 2
	assert_output_has "up takes either --group or names"
	run cman up --all --boot
	assert_equal "$status" 2
}

@test "boot.parallel is how many are on their way at a time" {
	write_manager 'boot : { parallel = 1; };'
	gated a </dev/null
	gated b </dev/null
	sleeper c </dev/null
	cman_aside up --all
	wait_until 20 is_running a
	refute is_running b
	open_gate a
	wait_until 20 is_running b
	refute is_running c
	open_gate b
	wait "$ASIDE"
	is_running c
}

@test "apply restarts in order, and starts what is needed; plan tells whom it waits for" {
	gated db </dev/null
	sleeper web <<<'autostart = true; depends_on = "db";'
	sleeper cache </dev/null
	run cman plan
	assert_output_has "web: start" "it starts when these are up and ready: db"
	cman_aside apply
	wait_until 20 is_running db
	refute is_running web
	open_gate db
	wait "$ASIDE"
	is_running web
	refute is_running cache
	gated db <<<'environment = "A=1";'
	sleeper web <<<'autostart = true; depends_on = "db"; environment = "A=1";'
	run_ok cman apply
	assert_output_has "db: is restarted in its order, changed environment" \
		"web: is restarted in its order, changed environment"
	assert_equal "$(happened stopped started | tail -n 4)" \
		"$(printf '%s\n' 'stopped web' 'stopped db' 'started db' 'started web')"
	run_ok cman plan
	assert_output_has "nothing to do"
}
