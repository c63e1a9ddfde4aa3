#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A record that is not what was written, and every kind of command: told, nothing is killed or changed by
# who only looks, nothing crashes, and down or up leave exactly what they are to leave.
export TEST_SECONDS=${TEST_SECONDS:-600}
load lib

prepare() { server web <<<'net : { ports = [ "8080:80" ]; };'; }

record_file() { path "$T/state/containers/web/record"; }

# Those that look, or do something to what runs; not those that may take it down.
KINDS=("ps" "ps --json" "status web" "status --json web" "plan web" "graph" "logs web" "events"
	"stats web" "check" "history web" "trace web $OUTSIDE_IP" "firewall" "exec web -- true" "pause web"
	"resume web" "kill -s CONT web" "wait -t 100ms web" "apply web" "rollback web" "restart web")

# ended_as_such COMMAND: by its own exit status, and in words.
assert_sound() {
	[ "$status" -lt 124 ] || [ "$status" = 125 ] || { echo "$1: exit status $status: $output"; return 1; }
	[[ $output != *Sanitizer* ]] || { echo "$1: $output"; return 1; }
}

# Nobody trusts it: no signal to what may be another's by now, and nothing said that is not known.
each_kind() { # TEXT...: in what status says
	local command

	for command in "${KINDS[@]}"; do
		[[ $command != @(apply|rollback|restart)* ]] || continue
		# shellcheck disable=SC2086 # words
		run cman $command
		assert_sound "$command"
		[[ $command != "exec web"* ]] || [ "$status" != 0 ] || { echo "$command: $output"; return 1; }
	done
	run_fails cman status web
	assert_output_has "$@"
	run_ok cman ps
	assert_match "$output" "web +unknown"
}

damage() { # KIND FILE
	case $1 in
	newer) machine sed -i 's/^version 1/version 2/' "$2" ;;
	garbage) machine sed -i 's/^end/more of it/' "$2" ;;
	empty) machine truncate -s 0 "$2" ;;
	random) machine dd if=/dev/urandom of="$2" bs=4096 count=1 status=none ;;
	foreign) machine chown 65534 "$2" ;;
	link) machine ln -sf /etc/passwd "$2" ;;
	directory) machine sh -c "rm $2; mkdir $2" ;;
	esac
}

@test "a record that is garbage, of a newer cman, unreadable or no file: every command tells, none harms" {
	for kind in newer garbage empty random foreign link directory; do
		run_ok cman up web
		pid=$(pid_of web)
		damage $kind $T/state/containers/web/record
		each_kind "record of web"
		run_ok machine kill -0 "$pid"
		http_get outside "http://$HOST_IP:8080/" >/dev/null
		run_ok cman down web
		assert_output_has "record of web"
		assert_unchanged
		wait_until 5 gone "$pid"
	done
}
gone() { ! machine kill -0 "$1" 2>/dev/null; }

@test "apply, rollback, restart and up of a container whose record is damaged: anew, or refused in words" {
	for command in "apply web" "restart web" "up web" "rollback web"; do
		run_ok cman up web
		pid=$(pid_of web)
		truncate -s 100 "$(record_file)"
		# shellcheck disable=SC2086 # words
		run cman $command
		assert_sound "$command"
		if [ "$status" = 0 ]; then
			wait_until 5 gone "$pid"
			assert_page outside "http://$HOST_IP:8080/" "page of web"
		else
			assert_output_has web
		fi
		run_ok cman down web
		assert_unchanged
	done
}

# One container for all lengths: nothing but the record is touched, so that the whole one is as good as before.
@test "a record cut off at every byte: never believed, and never a reason to change anything" {
	run_ok cman up web
	pid=$(pid_of web)
	cp "$(record_file)" "$BATS_TEST_TMPDIR/record"
	cp "$(record_file)" "$(path $T/rootfs/record)"
	run machine bash -c 'for ((size = 0; size < $(stat -c %s "$2"); size++)); do
		head -c $size "$2" >"$3"
		[[ $("$1" -c "$4" ps web 2>&1) =~ web\ +unknown ]] || echo "$size: believed"
	done' size "$CMAN" $T/rootfs/record $T/state/containers/web/record $CONF
	assert_equal "$output" ""
	cp "$BATS_TEST_TMPDIR/record" "$(record_file)"
	run_ok cman status web
	assert_equal "$(pid_of web)" "$pid"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman check
}

@test "a record cut off here and there: down and up by the names of what is there" {
	local part

	for part in 1 2 3 4 5 6 7 8 9; do
		run_ok cman up web
		truncate -s $(($(stat -c %s "$(record_file)") * part / 10)) "$(record_file)"
		if ((part % 2)); then
			run_ok cman down web
			assert_unchanged
		else
			run_ok cman up web
			assert_page outside "http://$HOST_IP:8080/" "page of web"
		fi
	done
	run_ok cman down web
}

# earlier CHANGE: the state as it was with web running, after it is gone, with another record.
earlier() {
	machine rm -rf $T/state
	cp -a "$BATS_TEST_TMPDIR/state" "$(path $T/state)"
	sed -i -E "$1" "$(record_file)"
}

@test "a record of an earlier boot, or of a number that is another process now: every command cleans up" {
	run_ok cman up web
	read -r pid _ <<<"$(sed -n 's/^init //p' "$(record_file)")"
	cp -a "$(path $T/state)" "$BATS_TEST_TMPDIR/state"
	run_ok cman down web
	machine sleep 1234 3>&- 2>/dev/null &
	wait_until 5 machine pgrep -x -f 'sleep 1234'
	other=$(machine pgrep -o -x -f 'sleep 1234')
	snapshot >"$BATS_TEST_TMPDIR/before"
	for change in "s/^boot .*/boot 00000000-1111-2222-3333-444444444444/" \
		"s/^(init|supervisor) [0-9]+/\1 $other/"; do
		for command in "${KINDS[@]}" "up web" "down web"; do
			# These look at no record, or tell and leave it as it is.
			[[ $command != @(events|check|trace|firewall)* ]] || continue
			earlier "$change"
			# shellcheck disable=SC2086 # words
			run cman $command
			assert_sound "$command"
			machine kill -0 "$other"
			case $command in
			apply* | restart* | up*) assert_page outside "http://$HOST_IP:8080/" "page of web" ;;
			*) [[ $(cman status web 2>&1) != *"running"* ]] || { echo "$command: $output"; return 1; } ;;
			esac
			run_ok cman down web
			assert_unchanged
		done
	done
	machine kill "$other"
	wait_until 5 gone "$other"
	snapshot >"$BATS_TEST_TMPDIR/before"
}
