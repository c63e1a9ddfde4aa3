#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A payload that ends by itself is started again as its policy says, and nothing but the payload is.
load lib

case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

only_with() { [ $BACKEND = "$1" ] || skip "$1"; }

# runner NAME [LINE...]: ends with the status that end_with says; its log has a line for each start.
runner() {
	local name=$1

	shift
	container "$name" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo started; until [ -e /end ]; do sleep 0.1; done; s=\$(cat /end); rm /end; exit \$s" ];
	stop_signal = "SIGKILL";
	$*
	EOF
	chmod 777 "$(path "$T/rootfs/$name")"
}

# brief NAME [LINE...]: ends with status 3 at once, always.
brief() {
	local name=$1

	shift
	container "$name" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "exit 3" ];
	$*
	EOF
}

end_with() { # NAME STATUS [ROOT]
	local root

	root=$(path "${3:-$T/rootfs/$1}")
	echo "$2" >"$root/end.new"
	mv "$root/end.new" "$root/end"
}

is() { [ "$(field "$1" "$2" 2>/dev/null)" = "$3" ]; }
has_started() { [ "$(machine grep -cE '(^| )started$' "$T/log/$1.log")" = "$2" ]; }
logged() { machine grep -qF -- "$2" "$T/log/$1.log"; }

# Once more than COUNT times.
assert_started_again() { # NAME STARTS
	wait_until 20 has_started "$1" "$2" || { echo "$1 is not started again"; return 1; }
	wait_until 20 is "$1" state running
}

assert_stays() { # NAME STATE
	wait_until 20 is "$1" state "$2" || { cman status "$1"; return 1; }
}

@test "on-failure: a status other than 0 starts it again, with its addresses" {
	runner web 'restart : { policy = "on-failure"; delay = "100ms"; }; net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	pid=$(pid_of web)
	ip=$(ip_of web)
	mac=$(within web cat /sys/class/net/eth0/address)
	link=$(machine ip -o link show c-web | sed 's/^[0-9]*: \([^@:]*\).*/\1/')
	assert_equal "$(field web restarts)" 0
	end_with web 3
	assert_started_again web 2
	[ "$(pid_of web)" != "$pid" ]
	assert_equal "$(ip_of web)" "$ip"
	assert_equal "$(within web cat /sys/class/net/eth0/address)" "$mac"
	assert_equal "$(machine ip -o link show c-web | sed 's/^[0-9]*: \([^@:]*\).*/\1/')" "$link"
	run_ok cman ps
	assert_output_has "restarted 1x"
	run_ok cman status web
	assert_output_has "1, 1 in a row" "exit status 3"
	assert_equal "$(field web last_end.exit_status)" 3
	run_ok cman check
	run_ok cman down web
	assert_unchanged
}

@test "of each run the status is known, however short it was" {
	brief flap 'restart : { policy = "always"; delay = "100ms"; max_delay = "100ms"; };'
	run_ok cman up flap
	wait_until 60 logged flap "restart 12 in a row"
	run_ok cman down flap
	run_ok machine sed -n 's/.*"name":"flap".*"event":"exited",//p' $T/state/events
	assert_equal "$(sort -u <<<"$output")" '"exit_status":3}'
	[ "$(wc -l <<<"$output")" -ge 12 ]
}

@test "on-failure: an end with status 0 stays one" {
	runner web 'restart : { policy = "on-failure"; delay = "100ms"; };'
	run_ok cman up web
	end_with web 0
	assert_stays web exited
	has_started web 1
}

@test "always and unless-stopped: status 0 starts it again as well; no: nothing does" {
	runner a 'restart : { policy = "always"; delay = "100ms"; };'
	runner u 'restart : { policy = "unless-stopped"; delay = "100ms"; };'
	runner n ''
	run_ok cman up a u n
	end_with n 1
	end_with a 0
	end_with u 0
	assert_started_again a 2
	assert_started_again u 2
	assert_stays n exited
	has_started n 1
}

@test "the delay doubles with each restart in a row, up to max_delay" {
	brief flap 'restart : { policy = "always"; delay = "100ms"; max_delay = "500ms"; };'
	run_ok cman up flap
	wait_until 30 logged flap "restart 5 in a row"
	run_ok cman down flap
	assert_equal "$(machine sed -n 's/.*restart \([0-9]\) in a row in //p' $T/log/flap.log |
		head -n 5 | tr '\n' ' ')" "100ms 200ms 400ms 500ms 500ms "
	assert_unchanged
}

@test "one that waits is told apart, with the time that is left and its last end" {
	brief slow 'restart : { policy = "always"; delay = "30m"; max_delay = "1h"; };'
	run_ok cman up slow
	run_ok cman wait --state restarting --timeout 20s slow
	due=$(recorded slow restart-due-ms)
	now=$(($(machine cut -d. -f1 /proc/uptime) * 1000))
	[ $((due - now)) -gt 1600000 ] && [ $((due - now)) -le 1802000 ]
	run_ok cman ps
	assert_match "$output" "restarting .* in (29m|30m) .*restart 1"
	run cman status slow
	assert_equal "$status" 3
	assert_output_has "slow: restarting" "due " "exit status 3" "the time of its restart"
	left=$(field slow restart_in_ms)
	[ "$left" -gt 1600000 ] && [ "$left" -le 1800000 ]
	run -125 cman exec slow -- true
	run_ok cman check
	assert_output_has "nothing has drifted"
}

@test "after max_retries in a row it stays ended, and nothing of it is left" {
	brief flap 'restart : { policy = "on-failure"; delay = "100ms"; max_retries = 2; }; net : { ports = [ "8080:80" ]; };'
	run_ok cman up flap
	assert_stays flap exited
	logged flap "giving up"
	assert_equal "$(field flap restarts)" 2
	assert_equal "$(field flap exit_status)" 3
	refute machine ip link show cman0
	run_ok cman down flap
	assert_unchanged
}

@test "down while it waits ends it for good" {
	brief slow 'restart : { policy = "always"; delay = "1h"; max_delay = "1h"; }; net : { ports = [ "8080:80" ]; };'
	run_ok cman up slow
	run_ok cman wait --state restarting --timeout 20s slow
	supervisor=$(recorded slow supervisor)
	machine kill -0 "${supervisor%% *}"
	run_ok cman down slow
	refute machine kill -0 "${supervisor%% *}"
	assert_unchanged
}

@test "up while it waits starts it at once, and as its file says now; so does restart" {
	for command in up restart; do
		runner web 'restart : { policy = "always"; delay = "1h"; max_delay = "1h"; }; hostname = "before";'
		run_ok cman up web
		end_with web 1
		run_ok cman wait --state restarting --timeout 20s web
		runner web 'restart : { policy = "always"; delay = "1h"; max_delay = "1h"; }; hostname = "after";'
		run_ok cman $command web
		run_ok within web hostname
		assert_equal "$output" after
		assert_equal "$(field web restarts)" 0
		run_ok cman down web
		assert_unchanged
	done
}

@test "it is started again as it was, whatever its file says today" {
	runner web 'restart : { policy = "always"; delay = "100ms"; }; hostname = "before";'
	run_ok cman up web
	runner web 'restart : { policy = "no"; }; hostname = "after";'
	write_manager 'networks : { cman0 : { subnet = "10.99.0.0/16"; }; };'
	end_with web 1
	assert_started_again web 2
	run_ok within web hostname
	assert_equal "$output" before
	rm "$(path $T/conf.d/web.conf)"
	end_with web 1
	assert_started_again web 3
	run_ok cman down web
	write_manager
}

@test "what somebody has killed or stopped is not started again" {
	for signal in KILL TERM USR2; do
		container web <<-EOF
		rootfs = "@rootfs@";
		command = [ "/bin/sh", "-c", "trap 'exit 1' TERM USR2; while :; do sleep 1000 & wait; done" ];
		restart : { policy = "always"; delay = "100ms"; };
		stop_signal = "SIGUSR2";
		EOF
		run_ok cman up web
		wait_until 10 handles web
		run_ok cman kill -s $signal web
		assert_stays web exited
		assert_equal "$(field web restarts)" 0
	done
}

# Whether the first process handles SIGTERM, signal 15.
handles() {
	local caught

	caught=$(machine sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$(pid_of "$1")/status")
	[ $((0x$caught >> 14 & 1)) = 1 ]
}

@test "any other signal is an end like all others" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo started; trap 'exit 0' TERM; trap 'exit 1' HUP; while :; do sleep 1000 & wait; done" ];
	restart : { policy = "on-failure"; delay = "100ms"; };
	EOF
	run_ok cman up web
	wait_until 10 handles web
	run_ok cman kill -s HUP web
	assert_started_again web 2
}

@test "TERM to its supervisor stops it for good" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 1' TERM; while :; do sleep 1000 & wait; done" ];
	restart : { policy = "always"; delay = "100ms"; };
	EOF
	run_ok cman up web
	wait_until 10 handles web
	machine kill -TERM "$(field web supervisor_pid)"
	assert_stays web exited
}

@test "a supervisor that waits and is ended is replaced by whoever comes by" {
	brief slow 'restart : { policy = "always"; delay = "1h"; max_delay = "1h"; };'
	run_ok cman up slow
	run_ok cman wait --state restarting --timeout 20s slow
	supervisor=$(recorded slow supervisor)
	due=$(recorded slow restart-due-ms)
	machine kill -TERM "${supervisor%% *}"
	wait_until 10 has_gone "${supervisor%% *}"
	assert_equal "$(field slow state)" restarting
	assert_equal "$(recorded slow restart-due-ms)" "$due"
	[ "$(recorded slow supervisor)" != "$supervisor" ]
	run_ok cman down slow
	assert_unchanged
}

@test "addresses, rules and hosts files stay while it waits, and serve the next payload" {
	server other </dev/null
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo started; httpd -p 80 -h /www; until [ -e /end ]; do sleep 0.1; done; rm /end; exit 1" ];
	stop_signal = "SIGKILL";
	restart : { policy = "always"; delay = "2s"; };
	net : { ports = [ "8080:80" ]; };
	EOF
	chmod 777 "$(path $T/rootfs/web)"
	echo "page of web" >"$(path $T/rootfs/web/www/index.html)"
	run_ok cman up web other
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	before=$(rules_with_counters)
	ip=$(ip_of web)
	end_with web 1
	run_ok cman wait --state restarting --timeout 20s web
	assert_equal "$(resolve other web)" "$ip"
	assert_equal "$(ip_of web)" "$ip"
	run_ok cman up other
	assert_equal "$(rules_with_counters)" "$before"
	assert_started_again web 2
	assert_equal "$(rules_with_counters)" "$before"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_page other http://web/ "page of web"
}

# Handles, where there are any: a rule that was replaced has another.
rules_with_counters() {
	if [ $BACKEND = nftables ]; then
		machine nft -a list ruleset
	else
		machine iptables-legacy-save | grep -v '^#' | sed 's/ \[[0-9:]*\]$//'
	fi
}

# Holds the lock of the legacy tables until there is a file "free", for a minute at most.
hold_tables() {
	machine flock /run/xtables.lock sh -c "
		touch $T/held
		for i in \$(seq 600); do [ ! -e $T/free ] || break; sleep 0.1; done" 3>&- &
	holder=$!
	wait_until 10 [ -e "$(path $T/held)" ]
}

@test "a restart asks for no commit: the tables may be locked" {
	only_with iptables
	runner web 'restart : { policy = "always"; delay = "100ms"; }; net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	hold_tables
	end_with web 1
	assert_started_again web 2
	refute machine flock -n /run/xtables.lock true
	touch "$(path $T/free)"
	wait $holder
	machine rm "$T/held" "$T/free"
}

# The number of the transaction that made a table, from what nft monitor has printed.
generation_of() {
	grep -A 1 "add table inet $1\$" "$(path $T/log/monitor)" |
		sed -n 's/^# new generation \([0-9]*\) .*/\1/p'
}

mark() { # NAME: a transaction of our own, and its number in $generation
	machine nft add table inet "$1" || true
	generation=$(generation_of "$1")
	[ -n "$generation" ]
}

@test "a restart asks for no commit: there is no transaction" {
	only_with nftables
	runner web 'restart : { policy = "always"; delay = "100ms"; }; net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	machine sh -c "timeout 60 stdbuf -oL nft monitor >$T/log/monitor & echo \$! >$T/log/pid; wait" 3>&- &
	monitor=$!
	# Until it listens, and has printed the first.
	for i in $(seq 100); do
		mark "before$i" && break
		sleep 0.1
	done
	before=$generation
	end_with web 1
	assert_started_again web 2
	machine nft add table inet after
	wait_until 20 generation_of_after
	assert_equal "$(generation_of after)" $((before + 1))
	for table in $(machine nft list tables | sed -n 's/^table inet \(before[0-9]*\|after\)$/\1/p'); do
		machine nft delete table inet "$table"
	done
	machine kill "$(cat "$(path $T/log/pid)")"
	wait $monitor || true
}

generation_of_after() { [ -n "$(generation_of after)" ]; }

@test "out of memory: the last end says so, and the next run is not blamed for it" {
	container hog <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "if [ -e /once ]; then echo started; sleep 1000; fi; touch /once; x=\$(tr '\\\\0' a < /dev/zero | head -c 64000000)" ];
	limits : { memory = "16M"; };
	stop_signal = "SIGKILL";
	restart : { policy = "on-failure"; delay = "100ms"; };
	EOF
	chmod 777 "$(path $T/rootfs/hog)"
	run_ok cman up hog
	assert_started_again hog 1
	assert_equal "$(field hog last_end.oom_killed)" true
	assert_equal "$(field hog usage.oom_kills)" 0
}

@test "one of each kind: init, host ids, host network, no network, mounts, overlay, memory, own filter" {
	echo "@default" >"$(path $T/calls)"
	again='restart : { policy = "always"; delay = "100ms"; };'
	runner a "init = true; $again"
	runner b "security : { userns = \"none\"; }; $again"
	runner c "net = \"none\"; hostname = \"three\"; $again"
	runner d "net = \"host\"; limits : { memory = \"64M\"; pids = 20; }; $again"
	runner e "mounts = ( { type = \"tmpfs\"; target = \"/www\"; } ); $again"
	runner f "$again"
	runner g "$again"
	runner h "security : { seccomp = \"$T/calls\"; cap_drop = [ \"KILL\" ]; }; $again"
	sed -i "s|^rootfs = .*|rootfs : { path = \"$T/rootfs/f\"; mode = \"overlay\"; };|" "$(path $T/conf.d/f.conf)"
	sed -i "s|^rootfs = .*|rootfs : { path = \"$T/rootfs/g\"; mode = \"volatile\"; };|" "$(path $T/conf.d/g.conf)"
	run_ok cman up a b c d e f g h
	capabilities=$(within h sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)
	# It may be gone before we are told that it was done.
	for name in a b c d e f g h; do within $name sh -c 'echo 1 >/n; mv /n /end' || true; done
	for name in a b c d e f g h; do assert_started_again $name 2; done
	for name in a b c d e f g h; do run_ok within $name true; done
	run_ok within c hostname
	assert_equal "$output" three
	assert_equal "$(within h sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)" "$capabilities"
	run_ok within h sed -n 's/^Seccomp:[[:space:]]*//p' /proc/1/status
	assert_equal "$output" 2
	run_ok cman down --all
	machine rm "$T/calls"
	assert_unchanged
}

@test "a start that fails is told in the log, and tried again" {
	runner web 'restart : { policy = "always"; delay = "100ms"; max_delay = "200ms"; };'
	run_ok cman up web
	machine mv $T/rootfs/web $T/rootfs/away
	end_with web 1 $T/rootfs/away
	wait_until 20 logged web "rootfs"
	wait_until 20 logged web "restart 3 in a row"
	assert_equal "$(field web last_end.exit_status)" 1
	machine mv $T/rootfs/away $T/rootfs/web
	assert_started_again web 2
	run_ok cman down web
	assert_unchanged
}

@test "down at any moment of one that flaps leaves nothing" {
	brief flap 'restart : { policy = "always"; delay = "100ms"; max_delay = "100ms"; }; net : { ports = [ "8080:80" ]; };'
	for _ in 1 2 3 4 5 6 7 8; do
		run_ok cman up flap
		sleep 0.$((RANDOM % 4))$((RANDOM % 10))
		run_ok cman down flap
		assert_unchanged
	done
}

@test "after an upgrade it is started again by the new program" {
	runner web 'restart : { policy = "always"; delay = "100ms"; };'
	machine sh -c "mkdir /run/installed && cp '$CMAN' '${CMAN%/*}/cman-supervisor' '${CMAN%/*}/cman-init' /run/installed"
	run_ok machine timeout 60 /run/installed/cman -c $CONF up web
	printf '#!/bin/sh\necho upgraded >>%s\nexec %s "$@"\n' "$T/log/upgrade" "$CMAN" >"$(path /run/installed/new)"
	machine sh -c 'chmod 755 /run/installed/new && mv /run/installed/new /run/installed/cman'
	end_with web 1
	assert_started_again web 2
	run_ok machine cat $T/log/upgrade
	assert_equal "$output" upgraded
	run_ok cman down web
	machine rm -r /run/installed
}

@test "apply changes the policy of what runs, and leaves one that waits alone" {
	runner web 'restart : { policy = "no"; };'
	run_ok cman up web
	pid=$(pid_of web)
	runner web 'restart : { policy = "always"; delay = "30m"; max_delay = "1h"; };'
	run_ok cman apply web
	assert_equal "$(pid_of web)" "$pid"
	end_with web 1
	run_ok cman wait --state restarting --timeout 20s web
	due=$(recorded web restart-due-ms)
	run_ok cman apply web
	assert_equal "$(field web state)" restarting
	assert_equal "$(recorded web restart-due-ms)" "$due"
	runner web 'restart : { policy = "always"; delay = "30m"; max_delay = "1h"; }; hostname = "new";'
	run_ok cman apply web
	run_ok within web hostname
	assert_equal "$output" new
}
