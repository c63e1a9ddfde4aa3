# SPDX-License-Identifier: GPL-2.0-or-later
# random.bash CMAN CONF SEED COUNT CONTAINERS: does COUNT operations, one after the other, to containers
# called c1, c2 ... as the seed has it (random.bats). What an operation ends with does not matter,
# for others run beside us; that a command crashes or hangs does, and is told.
set -u

cman=$1
conf=$2
RANDOM=$3
count=$4
containers=$5

told() { # STATUS WHAT...
	local status=$1

	shift
	case $status in
	# What is run inside is killed with its container.
	137) [ "$1" = exec ] || echo "killed after a minute: $*" ;;
	124 | 13[2-69]) echo "exit status $status: $*" ;;
	esac
}

run() {
	timeout -k 5 60 "$cman" -c "$conf" "$@" >/dev/null 2>&1 </dev/null
	told $? "$@"
}

# Killed after 0 to 79 ms: a few are through by then.
run_killed() {
	local pid status

	"$cman" -c "$conf" "$@" >/dev/null 2>&1 </dev/null &
	pid=$!
	sleep "0.0$((RANDOM % 8))$((RANDOM % 10))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	status=$?
	[ $status = 137 ] || told $status "$@"
}

# Of what runs: which process may be killed is asked first, so that it is that of the container.
kill_process() { # NAME KEY
	local pid

	pid=$(timeout -k 5 60 "$cman" -c "$conf" status --json "$1" 2>/dev/null </dev/null |
		jq -r ".$2 // empty" 2>/dev/null)
	[ -z "$pid" ] || [ "$pid" -le 1 ] || kill -KILL "$pid" 2>/dev/null
}

# Its last line becomes another: limits that are changed while it runs, a host name for which it is
# restarted, or neither. Replaced whole: others read it meanwhile.
change_file() { # NAME
	local directory=${conf%/*}/conf.d lines

	lines=('# changed: nothing' "hostname = \"h$((RANDOM % 100))\"; # changed"
		"limits : { pids = $((RANDOM % 10 + 20)); memory = \"$((RANDOM % 32 + 32))M\"; }; # changed")
	sed "s/.*# changed.*/${lines[RANDOM % 3]}/" "$directory/$1.conf" >"$directory/$1.new.$$" &&
		mv "$directory/$1.new.$$" "$directory/$1.conf"
}

for ((i = 0; i < count; i++)); do
	name=c$((RANDOM % containers + 1))
	other=c$((RANDOM % containers + 1))
	case $((RANDOM % 24)) in
	0 | 1 | 2) run up "$name" "$other" ;;
	3 | 4) run down "$name" "$other" ;;
	5) run restart "$name" ;;
	6 | 7) run_killed up "$name" "$other" ;;
	8) run_killed down "$name" "$other" ;;
	9) run_killed restart "$name" ;;
	10) kill_process "$name" pid ;;
	11 | 12) kill_process "$name" supervisor_pid ;;
	13) run pause "$name" ;;
	14) run resume "$name" ;;
	15) run exec "$name" -- true ;;
	16) run exec "$name" -- touch /dev/shm/unwell ;;
	17) run ps ;;
	18) run check --repair ;;
	19 | 20) change_file "$name" && run apply "$name" ;;
	21) change_file "$name" && run_killed apply "$name" "$other" ;;
	22) run rollback "$name" ;;
	23) run kill "$name" ;;
	esac
done
