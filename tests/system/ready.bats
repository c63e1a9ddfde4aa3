#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ready: up waits until a container is, and tells what it waited for.
load lib

# late NAME COMMAND <<LINES: COMMAND is run a second after the start; ends at once when it is told to.
late() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1; $2; while :; do sleep 1000 & wait; done" ];
	$(cat)
	EOF
}

is_ready() { cman ps --json "$1" | jq -e '.[0].ready.ready' >/dev/null; }

said() { grep -q -- "$1" "$BATS_TEST_TMPDIR/aside"; }

@test "a port: up returns once it takes connections, ps and status tell since when" {
	late web '/bin/busybox httpd -p 80 -h /www' <<<'ready : { port = 80; };'
	run_ok cman up web
	assert_output_has "web: running" "web: ready after"
	run_ok http_get machine "http://$(ip_of web)/"
	is_ready web
	cman ps --json web | jq -e '.[0].ready | .since > 0 and .awaited == "port 80"'
	run_ok cman status web
	assert_output_has "  ready  " "(port 80)"
	[[ $(cman ps web) != *"not ready"* ]]
	run_ok cman up web
	assert_output_has "is running already"
	[[ $output != *"ready after"* ]]
	run_ok cman restart web
	assert_output_has "web: ready after"
}

@test "a port that is taken on any of its addresses counts, of either family" {
	write_manager 'networks : { cman0 : { subnet6 = "fd00:83::/64"; }; };'
	for address in 127.0.0.1 '[::1]' 10.83.0.77 '[fd00:83::77]'; do
		late web "/bin/busybox httpd -p $address:80 -h /www" \
			<<<'net : { ip = "10.83.0.77"; ip6 = "fd00:83::77"; }; ready : { port = 80; };'
		run_ok cman up web
		assert_output_has "web: ready after"
		run_ok cman down web
	done
}

@test "a port is that of the container, and not the host's of the same number" {
	machine busybox httpd -p 80 -h /
	late web true <<<'ready : { port = 80; timeout = "2s"; };'
	run_fails cman up web
	machine pkill -x busybox
	assert_output_has "port 80 takes no connection"
}

@test "with net = \"host\" and \"none\" a port is waited for as well" {
	late web '/bin/busybox httpd -p 8099 -h /www' <<<'net = "none"; ready : { port = 8099; };'
	run_ok cman up web
	assert_output_has "web: ready after"
	run_ok cman down web
	late web '/bin/busybox httpd -p 8099 -h /www' <<<'net = "host"; ready : { port = 8099; };'
	run_ok cman up web
	assert_output_has "web: ready after"
}

@test "a file: it is looked for in the container, whatever its links say" {
	late web 'touch /run/up' <<<'ready : { file = "/run/up"; };'
	run_ok cman up web
	assert_output_has "web: ready after"
	run_ok cman down web
	# On the host there is such a file, and a link that leads to it from inside leads elsewhere.
	machine touch /run/only-here
	late web 'ln -s ../../../../run/only-here /run/link; ln -s /proc/1/root/run/only-here /run/magic' \
		<<<'ready : { file = "/run/link"; timeout = "2s"; };'
	run_fails cman up web
	assert_output_has "file /run/link is not there"
	run_ok cman down web
	late web true <<<'ready : { file = "/run/magic"; timeout = "2s"; };'
	run_fails cman up web
	machine rm /run/only-here
}

@test "a command: its exit status tells, and its words are told" {
	late web 'touch /run/up' <<<'ready : { command = [ "/bin/sh", "-c", "test -e /run/up" ]; };'
	run_ok cman up web
	assert_output_has "web: ready after"
	run_ok cman down web
	late web true <<<'ready : { command = "sh -c \"echo no database yet; exit 3\""; timeout = "2s"; };'
	run_fails cman up web
	assert_output_has "web: not ready" "command sh: exit status 3: no database yet" "for 2s"
	run_ok cman down web
	# Who waits for ever.
	late web 'rm /run/up; sleep 1; touch /run/up' <<<'ready : { command = "test -e /run/up"; };'
	run_ok cman up --no-wait web
	run_ok cman wait --state ready web
	assert_equal "$output" "web: ready"
	run_ok cman down web
	late web true <<<'ready : { command = "/no/such"; timeout = "1s"; };'
	run_fails cman up web
	assert_output_has /no/such "No such file"
}

@test "a command is run without a user namespace as well" {
	late web 'touch /run/up' <<<'security : { userns = "none"; };
		ready : { command = [ "/bin/sh", "-c", "test -e /run/up" ]; };'
	run_ok cman up web
	assert_output_has "web: ready after"
}

@test "a command that does not end is killed, with all it has started" {
	late web true <<<'ready : { timeout = "2s";
		command = [ "/bin/sh", "-c", "(setsid sleep 7001 &); sleep 7002" ]; };'
	run_fails cman up web
	assert_output_has "no end within"
	run_ok cman status web
	run -1 machine pgrep -f '^sleep 700[12]'
	run_ok cman exec web true
}

@test "what is not ready in time is named, goes on running, and may become ready later" {
	late web true <<<'ready : { file = "/run/up"; timeout = "1s"; };'
	run -1 cman up web
	assert_output_has "web: not ready: file /run/up is not there, for 1s" "cman logs web"
	assert_match "$(cman ps web)" "running, not ready"
	run_ok cman status web
	assert_output_has "not ready  file /run/up is not there, for 1s"
	cman status --json web | jq -e '.ready.ready == false and .ready.missing == "file /run/up is not there, for 1s"'
	run -1 cman wait --state ready -t 1s web
	assert_output_has "file /run/up is not there"
	within web touch /run/up
	run_ok cman wait --state ready -t 30s web
	assert_equal "$output" "web: ready"
	is_ready web
	[[ $(cman ps web) != *"not ready"* ]]
}

@test "a payload that ends while it is waited for is told at once, with its exit status" {
	container web <<<'rootfs = "@rootfs@"; command = "sh -c \"sleep 1; exit 7\"";
		ready : { port = 80; timeout = "1h"; };'
	run_fails cman up web
	assert_output_has "web: ended before it was ready, exit status 7"
}

@test "several are waited for side by side, and one that fails does not hide the others" {
	late one 'touch /run/up' <<<'ready : { file = "/run/up"; };'
	late two '/bin/busybox httpd -p 80 -h /www' <<<'ready : { port = 80; };'
	late three true <<<'ready : { file = "/run/up"; timeout = "3s"; };'
	sleeper four </dev/null
	run -1 cman up one two three four
	assert_output_has "one: ready after" "two: ready after" "three: not ready" "four: running"
	[[ $output != *"four: ready"* ]]
}

@test "no lock is held meanwhile: others may exec, look, and stop it" {
	late web true <<<'ready : { file = "/run/up"; timeout = "1h"; };'
	cman_aside up web
	wait_until 20 said "web: running"
	run_ok cman exec web true
	run_ok cman pause web
	run_ok cman resume web
	run_ok cman down web
	wait "$ASIDE" && return 1
	said "web: ended before it was ready"
}

@test "up --no-wait returns at once; what becomes ready is noted all the same" {
	late web 'sleep 1; touch /run/up' <<<'ready : { file = "/run/up"; };'
	run_ok cman up --no-wait web
	[[ $output != *"ready after"* ]]
	wait_until 20 is_ready web
	run_ok cman down web
	# Who waits in our place ends with the container.
	late web true <<<'ready : { file = "/run/never"; timeout = "1h"; };'
	run_ok cman up --no-wait web
	wait_until 20 machine pgrep -f "cman -c $CONF await"
	run_ok cman down web
	follower_is_gone() { ! machine pgrep -f "cman -c $CONF await" >/dev/null; }
	wait_until 20 follower_is_gone
}

@test "on a terminal a line tells what is waited for, elsewhere none does" {
	late web 'sleep 2; touch /run/up' <<<'ready : { file = "/run/up"; };'
	run_ok machine timeout 60 script -qec "$CMAN -c $CONF up web" /dev/null
	assert_output_has "waiting for web: file /run/up, 1 s"
	run_ok cman down web
	# One that is too long is cut: of two lines only the second could be taken away.
	late web 'sleep 2; touch /run/up-and-running' <<<'ready : { file = "/run/up-and-running"; };'
	run_ok machine timeout 60 script -qec "stty cols 30; $CMAN -c $CONF up web" /dev/null
	assert_output_has $'\r\e[Kwaiting for web: file..., 1 s\r'
	run_ok cman restart web
	[[ $output != *"waiting for"* ]]
}

# notifier NAME <<LINES: sends what the file /run/say holds, a datagram a line, as soon as it is there.
notifier() {
	local name=$1

	late "$name" 'until [ -e /run/say ]; do sleep 0.1; done; while read -r line; do /bin/probe_notify \"$line\"; done </run/say'
	cat >>"$(path "$T/conf.d/$name.conf")"
	cp "$(dirname "$CMAN")/probe_notify" "$(path "$T/rootfs/$name/bin")"
}
say() { # NAME TEXT
	printf '%s\n' "$2" >"$(path "$T/rootfs/$1/run/say.new")"
	mv "$(path "$T/rootfs/$1/run/say.new")" "$(path "$T/rootfs/$1/run/say")"
}

@test "notify: it is ready once it says so, and may go on talking" {
	notifier web <<<'ready : { notify = true; };'
	say web READY=1
	run_ok cman up web
	assert_output_has "web: ready after"
	run_ok cman status web
	assert_output_has "(notification)"
	run_ok within web probe_notify WATCHDOG=1 'STATUS=serving' STOPPING=1
	run_ok within web probe_notify --flood 2000
	run_ok within web probe_notify --barrier
	is_ready web
	# A restart begins anew.
	rm "$(path "$T/rootfs/web/run/say")"
	run_ok cman restart --no-wait web
	refute is_ready web
	run_ok within web probe_notify READY=1
	wait_until 10 is_ready web
}

@test "notify: nothing but READY=1 counts, however it is wrapped" {
	notifier web <<<'ready : { notify = true; timeout = "3s"; };'
	cman_aside up web
	wait_until 20 said "web: running"
	within web probe_notify READY=0 READY=11 'XREADY=1' 'READY' '' 'STATUS=READY=1' "$(printf 'STATUS=\033[31mREADY=1')"
	within web probe_notify --garbage 65536
	within web probe_notify --barrier
	wait "$ASIDE" && return 1
	said "it has not said READY=1 to NOTIFY_SOCKET; its status: ?.31mREADY=1"
	run_ok cman status web
	assert_output_has "its status: ?[31mREADY=1"
	run_ok within web probe_notify "$(printf 'FDNAME=x\nREADY=1\nSTATUS=up')"
	wait_until 10 is_ready web
}

@test "notify works without a user namespace, on the host's network, and for another user" {
	for line in 'security : { userns = "none"; };' 'net = "host";' 'user = "1000:1000";'; do
		notifier web <<<"ready : { notify = true; }; $line"
		say web READY=1
		run_ok cman up web
		assert_output_has "web: ready after"
		# Nobody else reaches it.
		run_ok within web ls /dev/.notify
		assert_equal "$output" socket
		run_fails within web touch /dev/.notify/other
		run_ok cman down web
	done
}

@test "who is started again is looked at again, though nobody waits" {
	container web <<-'EOF2'
	rootfs = "@rootfs@"; restart : { policy = "always"; delay = "1s"; };
	command = [ "/bin/sh", "-c", "/bin/busybox httpd -p 80; trap 'exit 0' TERM; until [ -e /run/end ]; do sleep 0.2; done; rm /run/end; exit 1" ];
	ready : { port = 80; };
	EOF2
	run_ok cman up web
	instance=$(cman ps --json web | jq -r '.[0].instance')
	touch "$(path $T/rootfs/web/run/end)"
	another_is_ready() { is_ready web && [ "$(cman ps --json web | jq -r '.[0].instance')" != "$instance" ]; }
	wait_until 30 another_is_ready
}

@test "notify: the supervisor that takes over hears it as well" {
	notifier web <<<'ready : { notify = true; timeout = "1h"; };'
	run_ok cman up --no-wait web
	supervisor=$(cman status --json web | jq .supervisor_pid)
	machine kill -KILL "$supervisor"
	wait_until 10 has_gone "$supervisor"
	run_ok cman up --no-wait web
	refute [ "$(cman status --json web | jq .supervisor_pid)" = "$supervisor" ]
	refute is_ready web
	run_ok within web probe_notify READY=1
	wait_until 20 is_ready web
}

# Late, so that the supervisor alone has heard it: nobody waits any more.
@test "notify: who takes over knows what was said before" {
	notifier web <<<'ready : { notify = true; timeout = "1s"; };'
	run cman up web
	run_ok within web probe_notify READY=1
	wait_until 20 is_ready web
	supervisor=$(cman status --json web | jq .supervisor_pid)
	machine kill -KILL "$supervisor"
	wait_until 10 has_gone "$supervisor"
	run_ok cman check --repair
	refute [ "$(cman status --json web | jq .supervisor_pid)" = "$supervisor" ]
	run_ok within web probe_notify STATUS=serving
	run_ok within web probe_notify --barrier
	is_ready web
}

@test "notify: nothing of the socket is there for who does not ask for it" {
	sleeper web </dev/null
	run_ok cman up web
	run_fails within web ls /dev/.notify
	run_ok within web sh -c 'echo "${NOTIFY_SOCKET-none}"'
	assert_equal "$output" none
	sleeper db <<<'environment = [ "NOTIFY_SOCKET=/run/x" ]; ready : { notify = true; };'
	run_fails cman check
	assert_output_has "NOTIFY_SOCKET leads elsewhere"
}

@test "what excludes each other, or is out of range, is told with its place" {
	late web true <<<'ready : { port = 80; file = "/run/up"; };'
	run_fails cman check
	assert_output_has "web.conf:3:" "ready.file and ready.port exclude each other"
	late web true <<<'ready : { port = 65536; };'
	run_fails cman check
	assert_output_has "ready.port: 65536 is out of range, 0 to 65535"
}
