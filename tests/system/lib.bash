# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2120 # used by the tests that load it
# lib.bash: what the system tests share. Each test gets a machine of its own: network, mount, pid,
# uts and ipc namespaces with an uplink to a second network namespace, "outside". Nothing that a
# test does reaches the real host, and when the machine's first process dies everything in it
# goes. After each test the machine has to look as it did before (snapshot.bash).
#
#   machine CMD...             run CMD inside the machine
#   outside CMD...             run CMD in the network beyond its uplink
#   cman ARG...                run the program under test there, with the test's manager file
#   cman_aside ARG...          the same beside the test
#   container NAME <<EOF       write NAME.conf; @rootfs@ stands for a root filesystem made for it
#   traced OPTION... CMD...    CMD under strace with OPTIONs, its calls in $T/calls
#   within NAME CMD...         cman exec
#   http_get FROM URL          FROM is machine, outside or the name of a container
#   wait_until SECONDS CMD...  until CMD succeeds
#   rules                      the firewall's rules as its tool prints them, cman's among them
#
# BACKEND, where a file sets it before any test, is the firewall.backend of its manager files.
#
# $T is the test's directory inside the machine; seen from the test itself it is "$(path FILE)".

TESTS=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
SOURCE=${TESTS%/tests/system}
CMAN=${CMAN:-$SOURCE/build/cman}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

T=/run/test
CONF=$T/container.conf
# RFC 5737: addresses that are nobody's.
HOST_IP=192.0.2.2
OUTSIDE_IP=192.0.2.1
UPLINK=uplink0
TEST_SECONDS=${TEST_SECONDS:-120}

bats_require_minimum_version 1.5.0 # "run -N"
export NO_COLOR=1 LC_ALL=C
unset CMAN_CONFIG

require_system() {
	[ $EUID = 0 ] || skip "needs root"
	[ -x "$CMAN" ] || { echo "no $CMAN: run make" >&2; return 1; }
	command -v busybox >/dev/null || skip "needs busybox (package busybox-static)"
}

setup() {
	require_system
	set_up
}

# For a file that asks for more before, in a setup() of its own.
set_up() {
	machine_start
	write_manager
	if declare -F prepare >/dev/null; then prepare; fi
	snapshot >"$BATS_TEST_TMPDIR/before"
}

teardown() {
	local status=0 left=1

	[ -n "${MACHINE:-}" ] || return 0
	if [ -n "${BATS_TEST_COMPLETED:-}" ]; then
		cman down --all >"$BATS_TEST_TMPDIR/down" 2>&1 ||
			{ echo "down --all failed:"; cat "$BATS_TEST_TMPDIR/down"; status=1; }
		if assert_unchanged; then left=0; else status=1; fi
	else
		show_logs
	fi
	machine_stop
	# Only of a test that failed.
	[ $left = 0 ] || remove_cgroups
	return $status
}

# --- the machine -------------------------------------------------------------------------------

machine_start() {
	local unshare_pid

	CGROUP=cman-test-$$-$BATS_SUITE_TEST_NUMBER
	mkfifo "$BATS_TEST_TMPDIR/ready"
	# fd 3 is bats' own: whoever keeps it open keeps bats waiting.
	unshare --net --mount --uts --ipc --pid --fork --kill-child --mount-proc \
		--propagation private bash "$TESTS/machine.bash" "$BATS_TEST_TMPDIR" "$TEST_SECONDS" \
		"$(shared_rootfs)" </dev/null >"$BATS_TEST_TMPDIR/machine.log" 2>&1 3>&- &
	unshare_pid=$!
	disown "$unshare_pid"
	if ! read -r -t 20 <>"$BATS_TEST_TMPDIR/ready"; then
		cat "$BATS_TEST_TMPDIR/machine.log"
		return 1
	fi
	MACHINE=$(<"/proc/$unshare_pid/task/$unshare_pid/children")
	MACHINE=${MACHINE% }
}

machine_stop() {
	kill -KILL "$MACHINE" 2>/dev/null || true
	wait_until 10 machine_is_gone || true
}

remove_cgroups() {
	find /sys/fs/cgroup -depth -type d -path "*/$CGROUP*" -delete 2>/dev/null || true
}

machine_is_gone() { [ ! -e "/proc/$MACHINE/ns/net" ]; }

machine() { nsenter --target "$MACHINE" --mount --net --uts --ipc --pid -- "$@"; }

outside() { nsenter --target "$MACHINE" --mount --uts --ipc --pid --net="$(path /run/netns/outside)" -- "$@"; }

# A path of the machine, for the test itself, which is not inside.
path() { echo "/proc/$MACHINE/root$1"; }

# One root filesystem for the whole run, copied for each container. Tests that run side by side
# ("bats --jobs") may each make one: the first that is whole counts.
shared_rootfs() {
	local dir=$BATS_RUN_TMPDIR/rootfs own

	if [ ! -d "$dir" ]; then
		own=$(mktemp -d "$BATS_RUN_TMPDIR/rootfs.XXXXXX")
		"$SOURCE/examples/make-rootfs.sh" "$own/rootfs" >&2
		mv -T "$own/rootfs" "$dir" 2>/dev/null || [ -d "$dir" ] || return
		rm -rf "$own"
	fi
	echo "$dir"
}

make_rootfs() { machine cp -a /run/rootfs "$T/rootfs/$1"; }

# --- cman --------------------------------------------------------------------------------------

# No test waits for ever: not for the program, and not for one that keeps our pipe open.
cman() { machine timeout -k 5 60 "$CMAN" -c "$CONF" "$@"; }

# cman_aside ARG...: it runs beside the test, as $ASIDE; what it prints is in $BATS_TEST_TMPDIR/aside.
cman_aside() {
	cman "$@" >"$BATS_TEST_TMPDIR/aside" 2>&1 3>&- &
	ASIDE=$!
}

# traced [STRACE-OPTION...] CMD...: CMD under strace, its calls in $T/calls. What looks for leaks traces itself, which only
# one can.
traced() {
	machine env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" \
		timeout -k 5 60 strace -qq -o "$T/calls" "$@"
}

within() {
	local name=$1

	shift
	cman exec "$name" -- "$@"
}

# write_manager [LINE...]: the manager file of a private tree. A line with "firewall" in it says
# itself what the backend is.
write_manager() {
	{
		echo "conf_dir = \"$T/conf.d\"; state_dir = \"$T/state\";"
		echo "data_dir = \"$T/data\"; log_dir = \"$T/log\";"
		echo "cgroup : { parent = \"$CGROUP\"; };"
		[ -z "${BACKEND:-}" ] || [[ $* == *firewall* ]] ||
			echo "firewall : { backend = \"$BACKEND\"; };"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$(path $CONF)"
}

container() {
	local text

	text=$(cat)
	case $text in
	*@rootfs@*) [ -d "$(path "$T/rootfs/$1")" ] || make_rootfs "$1" ;;
	esac
	printf '%s\n' "${text//@rootfs@/$T/rootfs/$1}" >"$(path "$T/conf.d/$1.conf")"
}

# A container that does nothing and ends at once when it is told to. Standard input may have more
# lines for its file, "sleeper NAME </dev/null" has none.
sleeper() { on_term "$1" 'exit 0'; }

# on_term NAME COMMANDS: likewise, with what it does when it is told to end.
on_term() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap '$2' TERM; while :; do sleep 1000 & wait; done" ];
	$(cat)
	EOF
}

# A container that cannot start, also with more lines for its file.
unstartable() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = "/no/such/program";
	$(cat)
	EOF
}

# A container that serves its own name on port 80.
server() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	echo "page of $1" >"$(path "$T/rootfs/$1/www/index.html")"
}

# logged NAME GREP-ARGUMENT...: in what it has printed, to either stream.
logged() { cman logs "$1" 2>&1 | tr -d '\0' | grep "${@:2}" >/dev/null; }

show_logs() {
	local log

	for log in "$(path $T/log)"/*.log; do
		[ -e "$log" ] || continue
		echo "--- ${log##*/}:"
		tail -n 20 "$log"
	done
}

rules() {
	if [ "${BACKEND:-}" = nftables ]; then machine nft list ruleset; else machine iptables-legacy-save; fi
}

field() { cman status --json "$1" | jq -r ".$2"; } # NAME FIELD
recorded() { sed -n "s/^$2 //p" "$(path "$T/state/containers/$1/record")"; } # NAME WORD
has_gone() { ! machine kill -0 "$1" 2>/dev/null; } # PID

kill_supervisor() { # NAME
	local supervisor

	supervisor=$(recorded "$1" supervisor)
	machine kill -KILL "${supervisor%% *}"
	wait_until 10 has_gone "${supervisor%% *}"
}

pid_of() { cman status --json "$1" | jq -r .pid; }
ip_of() { cman status --json "$1" | jq -r '.addresses[0].address // .addresses[0]'; }

# The source is built, or its Makefile asked, which begins with that.
needs_compiler() { command -v cc >/dev/null || skip "needs a C compiler"; }

# install_as TARGET VARIABLE=VALUE...: make TARGET into $dest, of what is built: with BUILD written
# as the Makefile has it nothing is built anew, under the feet of tests beside us.
install_as() {
	local build=${CMAN%/*}

	needs_compiler
	# shellcheck disable=SC2154 # set by the test
	run_ok make --no-print-directory -C "$SOURCE" "$@" DESTDIR="$dest" \
		BUILD="${build#"$SOURCE"/}" 3>&-
	# shellcheck disable=SC2154 # set by run
	[[ $output != *"  CC  "* ]] || { echo "built anew: $output"; return 1; }
}

# --- looking -----------------------------------------------------------------------------------

http_get() {
	local from=$1 url=$2
	# Not its -T: with that busybox 1.35 of Debian 12 crashes.
	local fetch=(timeout 5 busybox wget -q -O - "$url")

	case $from in
	machine) machine "${fetch[@]}" ;;
	outside) outside "${fetch[@]}" ;;
	*) within "$from" "${fetch[@]}" ;;
	esac
}

# The page of a server that may still be starting.
assert_page() { # FROM URL TEXT
	wait_until 10 page_is "$@" || {
		echo "from $1, $2: not \"$3\" but \"$(http_get "$1" "$2" 2>&1)\""
		return 1
	}
}
page_is() { [ "$(http_get "$1" "$2" 2>/dev/null)" = "$3" ]; }

assert_no_page() { # FROM URL
	local page

	if page=$(http_get "$1" "$2" 2>/dev/null); then
		echo "from $1, $2 answers: $page"
		return 1
	fi
}

wait_until() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# As "!", which bash's errexit does not look at.
refute() {
	if "$@"; then
		echo "should fail: $*"
		return 1
	fi
}

# The address that a name has for a container, "" for none: what wget says it connects to.
resolve() { # CONTAINER NAME
	within "$1" timeout 5 wget -O - "http://$2/" 2>&1 | sed -n 's/^Connecting to .*(\(.*\):80)$/\1/p'
}

assert_equal() { # GOT WANTED
	[ "$1" = "$2" ] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }
}

assert_match() { # TEXT REGEX
	[[ $1 =~ $2 ]] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }
}

# run_ok CMD..., run_fails CMD...: as bats' run, with the output shown when it is not as wanted.
run_ok() {
	run "$@"
	# shellcheck disable=SC2154 # set by run
	[ "$status" = 0 ] || { printf '%s: exit status %s\n%s\n' "$*" "$status" "$output"; return 1; }
}

run_fails() {
	run "$@"
	[ "$status" != 0 ] || { printf '%s succeeded:\n%s\n' "$*" "$output"; return 1; }
	# A crash or a time-out is no way to fail.
	[ "$status" -lt 124 ] || { printf '%s: exit status %s\n%s\n' "$*" "$status" "$output"; return 1; }
}

assert_output_has() { # TEXT...: each stands somewhere in $output
	local text

	for text in "$@"; do
		[[ $output == *"$text"* ]] || {
			printf 'missing: %s\nin:      %s\n' "$text" "$output"
			return 1
		}
	done
}

snapshot() { machine timeout 20 bash "$TESTS/snapshot.bash" "$T" "$CGROUP"; }

# The kernel takes a network namespace apart behind the back of whoever ended it: a short wait.
assert_unchanged() {
	wait_until 5 is_unchanged && return
	echo "the machine is not as it was before the test:"
	diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after" | tail -n +3
	return 1
}

is_unchanged() {
	snapshot >"$BATS_TEST_TMPDIR/after"
	cmp -s "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}
