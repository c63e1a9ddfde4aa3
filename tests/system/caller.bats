#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Callers whose world is not as one thinks: it works, or says plainly why not, and nothing is left.
load lib

up_works() { # CMD...: with "$CMAN ..." behind it
	run_ok machine "$@" "$CMAN" -c $CONF up web
	run_ok cman status web
	run_ok machine "$@" "$CMAN" -c $CONF exec web -- /bin/echo fine
	run_ok machine "$@" "$CMAN" -c $CONF down web
	assert_unchanged
}

@test "an environment that is empty, or means harm: nothing of it is used" {
	sleeper web </dev/null
	machine mkdir $T/evil
	for program in ip iptables sh mount cman modprobe newuidmap; do
		machine sh -c "printf '#!/bin/sh\ntouch $T/evil/used\n' >$T/evil/$program; chmod 755 $T/evil/$program"
	done
	snapshot >"$BATS_TEST_TMPDIR/before"
	up_works env -i
	up_works env PATH=$T/evil IFS=/ HOME= LANG=xx_XX.bad LC_ALL=tr_TR TMPDIR=/nowhere TZ=../../etc/passwd SHELL=$T/evil/sh
	up_works env -i PATH= ENV=$T/evil/sh BASH_ENV=$T/evil/sh LD_LIBRARY_PATH=$T/evil MALLOC_CHECK_=3
	run_fails machine ls $T/evil/used
	machine rm -r $T/evil
	snapshot >"$BATS_TEST_TMPDIR/before"
}

@test "streams that are closed" {
	sleeper web </dev/null
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
		up_works sh -c "exec \"\$@\" $closed" sh
		# Nothing was written into a file that came in the place of a stream.
		run_ok machine "$CMAN" -c $CONF check
	done
}

@test "standard output that takes nothing: the exit status tells" {
	sleeper web </dev/null
	run_ok cman up web
	for command in "ps" "status web" "show web" "check" "--help" "--version"; do
		run machine sh -c "'$CMAN' -c $CONF $command >/dev/full"
		[ "$status" != 0 ] || { echo "$command: succeeded"; return 1; }
		assert_output_has "write to standard output: No space left on device"
	done
	# What is done is done, and told.
	for command in "up web" "down web"; do
		run machine sh -c "'$CMAN' -c $CONF $command >/dev/full"
		assert_equal "$output" "cman: error: write to standard output: No space left on device"
		# Whoever closed it knows.
		run_ok machine sh -c "'$CMAN' -c $CONF $command | true"
		assert_equal "$output" ""
	done
	run_fails cman status web
	run_ok machine sh -c "'$CMAN' -c $CONF up web 2>/dev/full"
}

@test "a caller who is not root: each command says that it takes root" {
	sleeper web </dev/null
	run_ok cman up web
	for command in "up web" "up --all" "down web" "restart web" "plan" "apply" "history web" "ps" \
		"status web" "exec web true" "run /srv true" "cp web:/www /tmp" "logs web" "stats" "events" \
		"kill web" "check --repair" "edit web" "why web" "firewall" "new other"; do
		# shellcheck disable=SC2086 # split at blanks
		run machine setpriv --reuid 65534 --regid 65534 --clear-groups "$CMAN" -c $CONF $command
		[ "$status" != 0 ] || { echo "$command: succeeded"; return 1; }
		assert_match "$output" "(Permission denied|Operation not permitted)"$'\n'"  hint: .*root"
	done
	run_ok machine setpriv --reuid 65534 --regid 65534 --clear-groups "$CMAN" -c $CONF check
}

@test "few open files are allowed: it works, or says so and leaves nothing" {
	sleeper web <<<'net : { ports = [ "8080:80" ]; };'
	for most in 6 7 8 9 10 12 14 16 20 24 32; do
		run machine prlimit --nofile=$most "$CMAN" -c $CONF up web
		[ "$status" -lt 124 ] || { echo "$most: status $status: $output"; return 1; }
		if [ "$status" = 0 ]; then
			run_ok cman status web
		else
			assert_output_has "error"
			run_fails cman status web
		fi
		run_ok cman down web
		assert_unchanged
	done
	[ "$status" = 0 ]
	up_works prlimit --nofile=64
}

@test "little memory is allowed: it works, or says so and leaves nothing" {
	case $CMAN in */sanitize/*) skip "no limit of memory with sanitizers" ;; esac
	sleeper web </dev/null
	for most in 4 6 8 9 10 11 12 16 24 32; do
		# 127: the loader had not enough for the libraries, and said so.
		run machine sh -c 'prlimit "$@"; status=$?; [ $status != 127 ] || exit 1; exit $status' sh \
			--as=$((most << 20)) "$CMAN" -c $CONF up web
		[ "$status" -lt 124 ] || { echo "$most: status $status: $output"; return 1; }
		[ "$status" = 0 ] || [ -n "$output" ]
		if [ "$status" = 0 ]; then run_ok cman status web; else run_fails cman status web; fi
		run_ok cman down web
		assert_unchanged
	done
	up_works prlimit --as=$((64 << 20))
}

@test "umask 0 and 0777, a working directory that is gone, a nice value, ignored signals" {
	sleeper web </dev/null
	up_works sh -c 'umask 0; exec "$@"' sh
	run_ok machine sh -c "umask 0; exec '$CMAN' -c $CONF up web"
	assert_equal "$(machine find $T/state $T/data $T/log -not -type p -perm /0022)" ""
	run_ok within web sh -c umask
	assert_equal "$output" 0022
	run_ok cman down web
	up_works sh -c 'umask 0777; exec "$@"' sh
	run_ok machine sh -c "umask 0777; exec '$CMAN' -c $CONF up web"
	assert_equal "$(machine find /sys/fs/cgroup -type d -path "*/$CGROUP*" -not -perm 0755)" ""
	run_ok cman down web
	machine mkdir $T/gone
	up_works sh -c "mkdir -p $T/gone; cd $T/gone; rmdir $T/gone; exec \"\$@\"" sh
	up_works nice -n 19
	up_works env --ignore-signal
	up_works env --block-signal
	up_works setsid -w
}
