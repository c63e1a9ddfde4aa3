#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman plan: what would make what runs what the files say, and that it does nothing of it.
load lib

TWO_NETWORKS='networks : {
  front : { subnet = "10.90.0.0/24"; };
  back : { subnet = "10.91.0.0/24"; };
};'

# plan_is STATUS [ARG...]: its exit status; its text in $output
plan_is() {
	local wanted=$1

	shift
	run cman plan "$@"
	# shellcheck disable=SC2154 # set by run
	assert_equal "$status: $output" "$wanted: $output"
}

# What runs: ids of the instances, and everything that the snapshot sees.
running() { cman ps --json | jq -r '.[] | "\(.name) \(.instance) \(.state)"'; }

@test "after up there is nothing to do, whatever the files leave to cman" {
	write_manager "$TWO_NETWORKS" 'defaults : { limits : { pids = 64; }; };'
	machine mkdir -p $T/rootfs/volume
	sleeper web <<-EOF
	environment = [ "LANG", "A=1" ];
	mounts = ( { source = "$T/rootfs/volume"; target = "/www"; read_only = true; },
	           { type = "tmpfs"; target = "/tmp"; } );
	net = ( { network = "back"; ports = [ "8080:80" ]; }, { } );
	security : { cap_add = [ "NET_RAW" ]; };
	EOF
	sleeper other </dev/null
	sleeper idle </dev/null
	LANG=C run_ok cman up web other
	LANG=de run_ok cman plan
	assert_equal "$output" "nothing to do; 3 containers looked at"
	# Who asks has another environment, or none: that is no reason to restart what runs.
	run_ok machine env -u LANG "$CMAN" -c $CONF plan
	assert_output_has "\"LANG\" is not set here" "nothing to do; 3 containers looked at"
	export LANG=C
	assert_equal "$(cman plan --json | jq -r '.[].action' | sort -u)" nothing
	run_ok cman plan --sh
	assert_equal "$output" ""
}

@test "plan tells old and new values, where they stand, and what each takes" {
	write_manager "$TWO_NETWORKS" 'templates : {' ' big : { limits : { memory = "64M"; }; }; };'
	sleeper live <<<'limits : { pids = 64; };'
	sleeper attach <<<'net : { ip = "10.90.0.10"; };'
	sleeper anew <<<'read_only = false;'
	run_ok cman up live attach anew
	running >"$BATS_TEST_TMPDIR/running"
	snapshot >"$BATS_TEST_TMPDIR/up"

	sleeper live <<<'extends = [ "big" ]; limits : { pids = 65; };
net : { ports = [ "8080:80" ]; };'
	sleeper attach <<<'net : { ip = "10.90.0.11"; mtu = 1400; };'
	sleeper anew <<<'read_only = true; autostart = true;'
	plan_is 3
	assert_output_has \
		"live: live (changed while it runs)" \
		"  live       limits.pids: 64 -> 65  ($T/conf.d/live.conf:3)" \
		"  live       limits.memory: \"max\" -> \"64M\"  ($CONF:9, template big)" \
		"  live       net.ports: [] -> [ \"8080:80\" ]  ($T/conf.d/live.conf:4)" \
		"attach: re-attach (" \
		"  re-attach  net.ip: \"10.90.0.10\" -> \"10.90.0.11\"  ($T/conf.d/attach.conf:3)" \
		"  re-attach  net.mtu: 1500 -> 1400" \
		"anew: restart (stopped and started anew)" \
		"  restart    read_only: false -> true  ($T/conf.d/anew.conf:3)" \
		"  none       autostart: false -> true" \
		"1 to change live, 1 to re-attach, 1 to restart; 3 containers looked at"
	plan_is 3 live
	assert_equal "$(tail -n 1 <<<"$output")" "1 to change live; 1 container looked at"

	assert_equal "$(cman plan --json live | jq -c '.[0].changes[] | select(.key == "limits.pids")')" \
		"{\"key\":\"limits.pids\",\"element\":null,\"old\":\"64\",\"new\":\"65\",\"class\":\"live\",\"file\":\"$T/conf.d/live.conf\",\"line\":3,\"layer\":null}"
	assert_equal "$(running)" "$(cat "$BATS_TEST_TMPDIR/running")"
	assert_equal "$(snapshot)" "$(cat "$BATS_TEST_TMPDIR/up")"
}

@test "plan starts what is named or has autostart, and stops what has no file" {
	sleeper idle </dev/null
	sleeper auto <<<'autostart = true;'
	sleeper gone </dev/null
	container brief <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "exit 3" ];
	EOF
	run_ok cman up gone brief
	wait_until 10 machine grep -q "phase stopped" $T/state/containers/brief/record
	machine rm $T/conf.d/gone.conf
	plan_is 3
	assert_output_has "auto: start (it does not run)" "  autostart = true  ($T/conf.d/auto.conf:3)" \
		"gone: stop (it runs and has no file any more)" "1 to start, 1 to stop; 4 containers"
	[[ $output != *idle* && $output != *brief* ]]
	plan_is 3 idle brief
	assert_output_has "idle: start" "brief: start" "it ended with exit status 3" "2 to start"
	run cman plan nobody
	assert_equal "$status" 1
	assert_output_has 'no container "nobody"'
}

@test "a list that grows by one is no change of the others" {
	write_manager "$TWO_NETWORKS"
	machine mkdir -p $T/rootfs/volume
	sleeper web <<<'net = ( { network = "front"; } );'
	run_ok cman up web
	sleeper web <<-EOF
	mounts = ( { source = "$T/rootfs/volume"; target = "/www"; } );
	net = ( { network = "front"; },
	        { network = "back"; ip = "10.91.0.10"; } );
	EOF
	plan_is 3
	assert_output_has "re-attach  net[1] (eth1): none -> { network = \"back\"; name = \"eth1\"; ip = \"10.91.0.10\";" \
		"($T/conf.d/web.conf:5)" \
		"restart    mounts[0] (/www): none -> { source = \"$T/rootfs/volume\"; target = \"/www\"; }  ($T/conf.d/web.conf:3)"
	assert_equal "$(cman plan --json | jq '.[0].changes | length')" 2
}

@test "a network that changes takes all its containers along" {
	write_manager "$TWO_NETWORKS"
	for name in web db; do sleeper $name <<<'net : { network = "front"; };'; done
	sleeper far <<<'net : { network = "back"; };'
	run_ok cman up web db far
	write_manager "${TWO_NETWORKS/10.90.0.0/10.92.0.0}"
	plan_is 3
	assert_output_has "web: restart (stopped, and started when all on its network are down)" \
		"  restart    networks.front.subnet: \"10.90.0.0/24\" -> \"10.92.0.0/24\"  ($CONF:5)" \
		"  its network changes, these are down meanwhile: db" "2 to restart; 3 containers"
	plan_is 3 web --sh
	assert_equal "$output" "cman -c '$CONF' down db web
cman -c '$CONF' up db web"
	# Nor can one come up that did not run.
	run_ok cman down web
	plan_is 3 web
	assert_output_has "web: start" "these are down meanwhile: db"
	run_fails cman up web
	run_ok run_script web
	plan_is 0
}

# As an administrator would: into a file, looked at, run.
run_script() {
	cman plan --sh "$@" >"$BATS_TEST_TMPDIR/script" || true
	sed -i "s|^cman |$CMAN |" "$BATS_TEST_TMPDIR/script"
	machine timeout 60 sh -e <"$BATS_TEST_TMPDIR/script"
}

@test "plan --sh prints what does the same" {
	write_manager "$TWO_NETWORKS"
	sleeper live <<<'limits : { pids = 64; }; net : { network = "back"; };'
	sleeper attach <<<'net : { network = "back"; ip = "10.91.0.10"; };'
	sleeper anew <<<'net : { network = "back"; };'
	sleeper front <<<'net : { network = "front"; };'
	sleeper gone <<<'net : { network = "front"; };'
	sleeper same <<<'net : { network = "back"; };'
	run_ok cman up live attach anew front gone same
	same=$(cman status --json same | jq -r .instance)

	write_manager "${TWO_NETWORKS/10.90.0.0\/24\"/10.92.0.0/24\"; mtu = 1400}"
	sleeper live <<<'limits : { pids = 65; }; net : { network = "back"; };'
	sleeper attach <<<'net : { network = "back"; ip = "10.91.0.11"; };'
	sleeper anew <<<'read_only = true; net : { network = "back"; };'
	sleeper auto <<<'autostart = true;'
	machine rm $T/conf.d/gone.conf
	plan_is 3
	run_ok run_script
	plan_is 0
	assert_equal "$(cman ps --json | jq -r '[.[] | select(.state == "running") | .name] | sort | join(" ")')" \
		"anew attach auto front live same"
	assert_equal "$(cman status --json same | jq -r .instance)" "$same"
	assert_equal "$(ip_of attach)" 10.91.0.11
	assert_equal "$(within front cat /sys/class/net/eth0/mtu)" 1400
	assert_match "$(ip_of front)" '^10\.92\.'
}

@test "a changed cgroup.parent moves what runs, by a restart" {
	sleeper web </dev/null
	run_ok cman up web
	machine sed -i "s|parent = \"$CGROUP\"|parent = \"$CGROUP-b\"|" $CONF
	plan_is 3
	assert_output_has "restart    cgroup.parent: \"$CGROUP\" -> \"$CGROUP-b\"  ($CONF:3)"
	run_ok run_script
	plan_is 0
}

@test "a file with errors is told, and the others are planned" {
	sleeper web </dev/null
	sleeper broken </dev/null
	run_ok cman up web broken
	sleeper web <<<'limits : { pids = 9; };'
	sleeper broken <<<'limits : { pids = "many"; };'
	plan_is 1
	assert_output_has "broken.conf:3" "broken: left out" "limits.pids: 512 -> 9"
	plan_is 3 web
	plan_is 1 broken
}

@test "plan prints one thing at a time" {
	run cman plan --json --sh
	assert_equal "$status" 2
}

marks() { cman ps --json | jq -c '[.[].marks]'; }

@test "ps and status mark what is not as its file says, and what has none" {
	sleeper one </dev/null
	sleeper three </dev/null
	sleeper two <<<'security : { userns = "none"; };'
	run_ok cman up one two three
	assert_equal "$(marks)" '[[],[],["host-ids"]]'
	machine touch $T/conf.d/one.conf
	machine sh -c "echo '# no more than a remark' >>$T/conf.d/three.conf"
	assert_equal "$(marks)" '[[],[],["host-ids"]]'
	sleeper one <<<'limits : { pids = 9; };'
	sleeper two <<<'security : { userns = "none"; }; read_only = true;'
	machine rm $T/conf.d/three.conf
	assert_equal "$(marks)" '[["changed"],["no-file"],["host-ids","changed"]]'
	assert_match "$(cman ps | grep ^two)" 'host-ids,changed$'
	assert_match "$(cman status one)" "mark +changed"
	assert_match "$(cman status three)" "mark +no-file"
	assert_equal "$(cman status --json three | jq -r .file)" null
	assert_equal "$(cman status --json one | jq -r .file)" $T/conf.d/one.conf
	sleeper one <<<'limits : { pids = "many"; };'
	assert_equal "$(marks)" '[["file-errors"],["no-file"],["host-ids","changed"]]'
	sleeper one <<<'autostart = true;'
	sleeper two <<<'security : { userns = "none"; };'
	assert_equal "$(marks)" '[[],["no-file"],["host-ids"]]'
}

@test "what the manager file says is marked at those it is about" {
	write_manager "$TWO_NETWORKS"
	sleeper web <<<'net : { network = "front"; };'
	sleeper far <<<'net : { network = "back"; }; limits : { pids = 64; };'
	run_ok cman up web far
	write_manager "${TWO_NETWORKS/10.90.0.0/10.92.0.0}"
	assert_equal "$(marks)" '[[],["changed"]]'
	write_manager "$TWO_NETWORKS" 'defaults : { limits : { pids = 128; }; };'
	assert_equal "$(marks)" '[[],["changed"]]'
	# Faults in it: nobody knows what it says.
	write_manager "$TWO_NETWORKS" 'defaults : { limits : { pids = "many"; }; };'
	run_ok cman ps
	assert_output_has container.conf
	[[ $output != *changed* ]]
}

# With a thousand files that is most of what it would cost.
@test "ps and status read no file that is as it was" {
	machine mkdir -p $T/data
	machine sh -c "echo 'limits : { pids = 64; };' >$T/data/common"
	sleeper web <<<"@include \"$T/data/common\""
	sleeper other </dev/null
	sleep 0.2 # what is newer than a tick of the clock is not known again by its times
	run_ok cman up web other
	for command in ps "status web"; do
		# shellcheck disable=SC2086 # split at blanks
		run_ok traced -e trace=openat,openat2 "$CMAN" -c $CONF $command
		run_ok machine cat $T/calls
		assert_output_has "$CONF"
		[[ $output != *web.conf* && $output != *other.conf* && $output != */common* ]] ||
			{ grep -E 'conf"|common' <<<"$output"; return 1; }
	done
	machine sh -c "echo 'limits : { pids = 65; };' >$T/data/common"
	run_ok traced -e trace=openat,openat2 "$CMAN" -c $CONF ps
	assert_match "$output" 'web.*changed'
	run_ok machine cat $T/calls
	assert_output_has web.conf /common
	[[ $output != *other.conf* ]]
	machine rm $T/calls $T/data/common
}
