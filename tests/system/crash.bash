# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# crash.bash: what tests share that kill cman at its points, or make them fail (src/base/fault.h).
# Which points there are is not written down here, but taken from a trace of the same command.
load lib

[[ $CMAN = */faults/cman ]] || CMAN=${CMAN%/cman}/faults/cman
export TEST_SECONDS=${CRASH_SECONDS:-900}

prepare() {
	[ -x "$CMAN" ] || { echo "no $CMAN: make FAULTS=1" >&2; return 1; }
	server web <<-'EOT'
	net : { ports = [ "8080:80" ]; };
	limits : { pids = 20; memory = "32M"; };
	EOT
}

# What is as it should be: numbers that the kernel gives away anew each time are left out.
picture() {
	snapshot | sed -E -e 's/^(processes:) [0-9]+/\1/' -e '/^namespaces:/d' \
		-e 's/@if[0-9]+//; s/link-netnsid [0-9]+//; s/ether [0-9a-f:]{17}/ether/' \
		-e 's/fe80::[0-9a-f:]+/fe80::/' | sort
}

# The same twice in a row, a second apart: what comes a moment later is there.
is_steady() { # FILE
	picture >"$1"
	sleep 1
	picture | cmp -s "$1" -
}

is_picture() { picture >"$BATS_TEST_TMPDIR/now"; cmp -s "$1" "$BATS_TEST_TMPDIR/now"; }

# What a container that runs looks like, from one that nobody disturbed.
picture_of_running() {
	run_ok cman up web
	wait_until 20 is_up web
	wait_until 30 is_steady "$BATS_TEST_TMPDIR/running"
	run_ok cman down web
	assert_unchanged
}
# Of what before() and after() write: it runs as before, and its file is that of after.
change_pictures() {
	before
	picture_of_running
	cp "$BATS_TEST_TMPDIR/running" "$BATS_TEST_TMPDIR/as_before"
	after
	picture_of_running
	before
	run_ok cman up web
	after
}
is_up() { [ "$(cman status --json "$1" | jq -r .state)" = running ]; }

assert_running() { # WHAT
	wait_until 20 is_picture "$BATS_TEST_TMPDIR/running" && return
	echo "$1: not what a running container looks like:"
	diff -u "$BATS_TEST_TMPDIR/running" "$BATS_TEST_TMPDIR/now" | tail -n +3
	return 1
}

# points ROLES COMMAND...: which points it passes and what it starts, as far as they are of these
# roles (a regular expression).
points() {
	local roles=$1

	shift
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace cman "$@" >"$BATS_TEST_TMPDIR/output" 2>&1
	wait_until 20 grep -qE "^($roles) " "$(path $T/rootfs/trace)"
	sort -u "$(path $T/rootfs/trace)" | grep -E "^($roles) "
}

# trace_end LAST: a trace of all that is passed from up to the end of the payload, up to the point LAST.
trace_end() {
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run_ok cman up web
	machine kill -KILL "$(pid_of web)"
	wait_until 30 has_passed "$1"
}

# with_fault POINT=WHAT COMMAND...: how it ends is not asked.
with_fault() {
	local fault=$1

	shift
	CMAN_FAULT=$fault cman "$@" >"$BATS_TEST_TMPDIR/output" 2>&1 || true
}

# at_each FILE DO...: runs DO POINT for each point in FILE, to the last one, and fails if any has. Of them
# POINTS (a regular expression) or POINT_SHARE (2/10: every tenth, from the second on) choose some.
# errexit is off in what a condition calls, so there is none.
at_each() {
	local file=$1 point status failed=0

	shift
	sed -Ei "/${POINTS:-.}/!d" "$file"
	[ -z "${POINT_SHARE:-}" ] || sed -ni "${POINT_SHARE%/*}~${POINT_SHARE#*/}p" "$file"
	while read -r point <&4; do
		set +e
		(set -e; "$@" "$point") >"$BATS_TEST_TMPDIR/each" 2>&1
		status=$?
		set -e
		[ $status != 0 ] || continue
		{ echo "--- $point:"; tail -n 20 "$BATS_TEST_TMPDIR/each"; } | tr -d '\0' | sed 's/^/# /' >&3
		failed=$((failed + 1))
		cman down --all || true
		[ $failed -lt 5 ] || break
	done 4<"$file"
	echo "$failed of $(wc -l <"$file") points failed"
	[ $failed = 0 ]
}

kill_keeper() {
	local keeper

	keeper=$(recorded "$1" keeper)
	machine kill -KILL "${keeper%% *}"
	wait_until 10 has_gone "${keeper%% *}"
}

has_passed() { machine grep -qxF "$1" $T/rootfs/trace; }

# An error that this may fail with when it is not ours who is to blame: its number.
errno_of() {
	case $1 in
	*" write "* | *" rename "* | *" rewrite "*) echo 28 ;; # ENOSPC
	*" remove "*) echo 30 ;;                               # EROFS
	*" table "* | *" rules "*) echo 12 ;;                  # ENOMEM
	*" forked "* | *" make init "* | *" made init "*) echo 11 ;; # EAGAIN
	*" make cgroup "*) echo 28 ;;
	*" exec "* | *" open "* | *" made "*) echo 24 ;; # EMFILE
	*) echo 5 ;;                                      # EIO
	esac
}

# Is started again at once, however often it has ended.
flapping() { server web <<<'net : { ports = [ "8080:80" ]; }; restart : { policy = "always"; delay = "100ms"; max_delay = "100ms"; };'; }

is_running_again() { is_up web && [ "$(recorded web restarts)" = 1 ]; }

# Each gets what the next one had.
exchange() {
	local name

	for name in web db mail; do
		server "$name" <<<"net : { ip = \"10.83.0.$1\"; mac = \"02:00:00:00:00:$1\"; ports = [ \"80$1:80\" ]; };"
		set -- "$2" "$3" "$1"
	done
}
exchange_pictures() {
	exchange 10 11 12
	run_ok cman up web db mail
	wait_until 30 is_steady "$BATS_TEST_TMPDIR/as_before"
	exchange 11 12 10
	run_ok cman apply
	wait_until 30 is_steady "$BATS_TEST_TMPDIR/running"
	exchange 10 11 12
	run_ok cman apply
	exchange 11 12 10
}
# Half a file that was being written for the first time is harmless, and replaced by the next apply.
is_whole() {
	picture | grep -v '/\.pending\.new ' >"$BATS_TEST_TMPDIR/now"
	cmp -s "$BATS_TEST_TMPDIR/as_before" "$BATS_TEST_TMPDIR/now" || cmp -s "$BATS_TEST_TMPDIR/running" "$BATS_TEST_TMPDIR/now"
}
