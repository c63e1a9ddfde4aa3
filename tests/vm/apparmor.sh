#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# apparmor.sh BUILD [CGROUPS...]: profiles of AppArmor, which this host may lack: what they confine,
# and what cman says of those that cannot be had. See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="v2 v1"
needs=apparmor_parser
kernel_words="apparmor=1 security=apparmor"

profiles() {
	rules="file, network, capability, signal, ptrace,"
	cat <<-EOF
	profile cman-web flags=(attach_disconnected) { $rules deny /etc/secret rwklx, }
	profile "cman a b" flags=(attach_disconnected) { $rules profile inner { $rules } }
	profile cman-complains flags=(attach_disconnected, complain) { file, }
	profile cman-caller flags=(attach_disconnected) {
		$rules mount, umount, pivot_root,
		change_profile -> cman-web,
	}
	profile cman-narrow flags=(attach_disconnected) {
		/bin/** rmix, / r, /dev/* rw, /proc/** r, /run/cman/** rw, signal,
	}
	profile cman-mute flags=(attach_disconnected) { /bin/** rmix, / r, /dev/* rw, /proc/** r, signal, }
	profile cman-deaf flags=(attach_disconnected) { file, }
	EOF
}

# container NAME SETTINGS: whose payload says what confines it and what it can read, and stays.
container() {
	cat > "/etc/cman/conf.d/$1.conf" <<-EOF
	rootfs = "/srv/web"; read_only = true;
	command = [ "/bin/sh", "-c", "trap 'echo stopped; exit 0' TERM; $look; echo end; while :; do sleep 1000 & wait; done" ];
	$2
	EOF
	rm -f "/var/log/cman/$1.log"
}

look='cat /proc/self/attr/current; cat /etc/secret 2>&1; grep -h NoNewPrivs: /proc/self/status'

# logged NAME GREP-ARGUMENT...: in what it has printed, to either stream.
logged() {
	from=$1
	shift
	"$cman" logs "$from" 2>&1 | grep "$@" >/dev/null
}

up() { # NAME SETTINGS
	container "$1" "$2"
	"$cman" up "$1" || fail "up with $2"
	within 60 logged "$1" -x end ||
		{ "$cman" logs "$1"; fail "no word of the payload with $2"; }
}

# both NAME WANTED: what the payload and exec have seen.
both() {
	payload=$("$cman" logs "$1" 2>&1 | grep -vx end | tr '\n\t' '  ')
	program=$("$cman" exec "$1" /bin/sh -c "$look" | tr '\n\t' '  ') || fail "exec in $1"
	[ "$payload" = "$2 " ] || fail "payload of $1: \"$payload\", not \"$2\""
	[ "$program" = "$2 " ] || fail "exec in $1: \"$program\", not \"$2\""
}

has() { # WORDS...
	for words; do
		grep -qF "$words" /tmp/output || { cat /tmp/output; fail "no word of $words"; }
	done
}

# refused NAME SETTINGS WORDS...: with file and line, and nothing is left.
refused() {
	container "$1" "$2"
	name=$1
	shift 2
	before=$(snapshot)
	if "$cman" up "$name" >/tmp/output 2>&1; then fail "up of $name went well"; fi
	has "security.apparmor (/etc/cman/conf.d/$name.conf:3)" "$@"
	after=$(snapshot)
	[ "$before" = "$after" ] || { printf '%s\n--- then\n%s\n' "$before" "$after"; fail "left over"; }
}

# What confines the payload, as the host sees it.
attribute() { cat "/proc/$("$cman" status "$1" | awk '/^ *process/ { print $2 + 0 }')/attr/current"; }

# init_is NAME PROFILE: of cman-init, process 1.
init_is() {
	"$cman" exec "$1" /bin/cat /proc/1/comm | grep -qx cman-init || fail "process 1 of $1"
	[ "$(attribute "$1")" = "$2" ] || fail "process 1 of $1: $(attribute "$1"), not $2"
}

confined_as() { # PROFILE COMMAND...
	# shellcheck disable=SC2016 # for the shell in it
	sh -c 'echo "exec $0" > /proc/self/attr/apparmor/exec && exec "$@"' "$@"
}

# Its stop signal is refused; cgroup v2 kills without one, v1 must wait for a better profile.
stop_the_deaf() {
	code=0
	"$cman" down other >/tmp/output 2>&1 || code=$?
	has "other: send signal 15: Permission denied, killing it"
	if [ -e /sys/fs/cgroup/memory ]; then
		[ $code = 1 ] || fail "down on v1: $code"
		has "error: other: send signal 9: Permission denied" "signal (receive) peer=unconfined"
		echo "profile cman-deaf flags=(attach_disconnected) { file, signal, }" >/tmp/profile
		apparmor_parser -K -r /tmp/profile
		"$cman" down other || fail "down of what hears again"
	else
		[ $code = 0 ] || fail "down on v2: $code"
	fi
}

web='security : { apparmor = "cman-web"; };'
inside() {
	cman=$build/cman
	prepare_host
	mkdir -p /var/log/cman
	profiles > /tmp/profiles
	apparmor_parser -K -r /tmp/profiles /cman-default || fail "load profiles"

	# Whatever the user, with no_new_privs and without.
	up web "$web"
	both web "cman-web (enforce) cat: can't open '/etc/secret': Permission denied NoNewPrivs: 1"
	up other "user = \"1000:1000\"; $web"
	both other "cman-web (enforce) cat: can't open '/etc/secret': Permission denied NoNewPrivs: 1"
	"$cman" down other
	up other 'security : { apparmor = "cman-web"; no_new_privs = false; };'
	both other "cman-web (enforce) cat: can't open '/etc/secret': Permission denied NoNewPrivs: 0"
	"$cman" down other
	up other 'security : { apparmor = "cman a b//inner"; };'
	both other "cman a b//inner (enforce) a secret NoNewPrivs: 1"
	"$cman" down other
	up other 'security : { apparmor = "unconfined"; };'
	both other "unconfined a secret NoNewPrivs: 1"
	"$cman" down other

	# Output is handed down; opening it again is opening a pipe on the host.
	usual=$look
	look="$look; echo again > /dev/stdout"
	up other 'security : { apparmor = "cman-narrow"; };'
	logged other -x again || fail "/dev/stdout with a rule"
	"$cman" down other
	up other 'security : { apparmor = "cman-mute"; };'
	grep -q "can't create /dev/stdout" /var/log/cman/other.log || fail "/dev/stdout without a rule"
	[ "$(attribute other)" = "cman-mute (enforce)" ] || fail "cman-mute: $(attribute other)"
	"$cman" down other
	look=$usual

	# The one that comes along, and one that denies nothing.
	up other 'security : { apparmor = "cman-default"; cap_add = [ "SYS_ADMIN" ]; seccomp = "none"; };'
	both other "cman-default (enforce) a secret NoNewPrivs: 1"
	"$cman" exec other /bin/busybox mount -t tmpfs none /tmp 2>/dev/null && fail "mounted something"
	"$cman" exec other /bin/sh -c 'kill -0 1' || fail "signal within the container"
	"$cman" down other 2>&1 | grep "killing" && fail "its stop signal was denied"
	container other 'security : { apparmor = "cman-complains"; };'
	"$cman" up other 2>&1 | grep -q 'other: the profile "cman-complains" is not enforced' ||
		fail "no word of complain mode"
	"$cman" down other

	# The built-in init has it as well, needs no rule for what it runs from, and may signal.
	up other "init = true; $web"
	both other "cman-web (enforce) cat: can't open '/etc/secret': Permission denied NoNewPrivs: 1"
	init_is other "cman-web (enforce)"
	"$cman" down other 2>&1 | grep "killing" && fail "cman-init could not pass on the stop signal"
	logged other -x stopped || fail "cman-init did not pass on the stop signal"
	up other 'init = true; user = "1000:1000"; security : { apparmor = "cman-narrow"; };'
	init_is other "cman-narrow (enforce)"
	"$cman" down other
	up other 'init = true; security : { apparmor = "cman-web"; no_new_privs = false; };'
	init_is other "cman-web (enforce)"
	"$cman" down other
	up other 'init = true; security : { apparmor = "cman-web"; userns = "none"; };'
	both other "cman-web (enforce) cat: can't open '/etc/secret': Permission denied NoNewPrivs: 1"
	init_is other "cman-web (enforce)"
	"$cman" down other

	# What cannot be had.
	refused bad 'security : { apparmor = "cman-we"; };' 'no profile "cman-we" is loaded' \
		"apparmor_parser -r"
	umount /sys/kernel/security
	refused bad 'security : { apparmor = "cman-we"; };' 'change to the profile "cman-we"' \
		"No such file" "apparmor_parser -r"
	refused bad 'init = true; security : { apparmor = "cman-we"; };' 'change to the profile "cman-we"' \
		"No such file"
	mount -t securityfs security /sys/kernel/security

	# Whoever calls is confined himself: that is not taken off, for exec neither.
	container other ''
	confined_as cman-caller "$cman" up other || fail "up by a confined caller"
	within 60 logged other -x end || fail "no word of a payload started confined"
	both other "cman-caller (enforce) a secret NoNewPrivs: 1"
	confined_as cman-caller "$cman" exec other /bin/cat /proc/self/attr/current |
		grep -q cman-caller || fail "exec by a confined caller"
	"$cman" down other
	container other 'init = true;'
	confined_as cman-caller "$cman" up other || fail "up with init by a confined caller"
	init_is other "cman-caller (enforce)"
	"$cman" down other
	container bad "$web"
	confined_as cman-caller "$cman" up bad >/tmp/output 2>&1 && fail "a change with no_new_privs"
	has "security.apparmor (/etc/cman/conf.d/bad.conf:3)" "Operation not permitted" "run cman unconfined"
	container other 'security : { apparmor = "cman-web"; no_new_privs = false; };'
	confined_as cman-caller "$cman" up other || fail "a change that change_profile allows"
	within 60 logged other -x end || fail "no word of a payload after the change"
	grep -q "cman-web (enforce)" /var/log/cman/other.log || fail "change of a confined caller"
	"$cman" down other

	# One that hears no signal.
	up other 'stop_timeout = "1s"; security : { apparmor = "cman-deaf"; };'
	stop_the_deaf

	# A profile that is gone: nothing is run without it.
	printf cman-web > /sys/kernel/security/apparmor/.remove
	[ "$(attribute web)" = unconfined ] || fail "removed, and it is $(attribute web)"
	"$cman" exec web /bin/cat /etc/secret >/tmp/output 2>&1 && fail "exec without its profile"
	has "security.apparmor: change to the profile" "No such file" "apparmor_parser -r"
	grep -q "a secret" /tmp/output && fail "exec ran"
	"$cman" down web
	echo "passed"
}

outside() {
	echo "a secret" > "$tree/files/web/etc/secret"
	chmod 644 "$tree/files/web/etc/secret"
	cp "$here/../../examples/apparmor/cman-default" "$tree/root/"
}

run_test "$@"
