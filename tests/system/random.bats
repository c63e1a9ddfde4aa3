#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Eight processes start, stop, restart, pause, enter and change twenty containers, and kill each
# other's commands, payloads and supervisors; then one "down --all" leaves nothing. RANDOM_OPERATIONS
# (300) says how many operations in all, RANDOM_SEED repeats a run as far as the machine lets it:
#
#   make check-system TESTS=tests/system/random.bats RANDOM_OPERATIONS=10000 RANDOM_SEED=42
OPERATIONS=${RANDOM_OPERATIONS:-300}
# Up to a second for each, on a busy machine.
export TEST_SECONDS=$((OPERATIONS + 300))

load lib

PROCESSES=8
CONTAINERS=20

# Every third has a published port, every fourth a network of its own, every fifth none.
describe_network() { # NUMBER
	if (($1 % 5 == 0)); then
		echo 'net = "none";'
	elif (($1 % 4 == 0)); then
		echo 'net : { network = "second"; };'
	elif (($1 % 3 == 0)); then
		echo "net : { ports = [ \"$((8000 + $1)):80\" ]; };"
	fi
}

# Every second is started again when it ends, every third has hooks, every fourth is checked, and
# started again when that fails; seven and fourteen end by themselves, again and again.
describe() { # NUMBER
	describe_network "$1"
	(($1 % 2 != 0)) || echo 'restart : { policy = "always"; delay = "100ms"; max_delay = "2s"; };'
	(($1 % 3 != 0)) || cat <<-'EOT'
	hooks : { pre_start = [ "/bin/true" ]; post_start = [ "/bin/true" ];
	          pre_stop = [ "/bin/true" ]; post_stop = [ "/bin/true" ]; };
	EOT
	(($1 % 4 != 0)) || cat <<-'EOT'
	health : { command = "/bin/sh -c 'test -e /bin/sh && ! test -e /dev/shm/unwell'"; interval = "1s";
	           retries = 1; on_failure = "restart"; };
	EOT
}

make_container() { # NUMBER
	describe "$1" | sleeper "c$1"
	(($1 % 7 != 0)) || sed -i 's/while :; do .*done/sleep 1/' "$(path "$T/conf.d/c$1.conf")"
	# What random.bash changes, from one line to another.
	echo 'limits : { pids = 20; memory = "32M"; }; # changed' >>"$(path "$T/conf.d/c$1.conf")"
}

@test "random operations by eight processes on twenty containers leave nothing behind" {
	local seed=${RANDOM_SEED:-$(((RANDOM << 15 | RANDOM) & 0xffffff))} i pids=()

	write_manager 'networks : { second : { subnet = "10.84.0.0/24"; }; };'
	for ((i = 1; i <= CONTAINERS; i++)); do
		make_container $i
	done
	snapshot >"$BATS_TEST_TMPDIR/before"
	echo "seed $seed, $OPERATIONS operations" | tee -a "$BATS_TEST_TMPDIR/seed"
	for ((i = 0; i < PROCESSES; i++)); do
		machine bash "$TESTS/random.bash" "$CMAN" $CONF $((seed + i)) \
			$((OPERATIONS / PROCESSES)) $CONTAINERS >"$BATS_TEST_TMPDIR/told.$i" 2>&1 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	cat "$BATS_TEST_TMPDIR"/told.*
	[ -z "$(cat "$BATS_TEST_TMPDIR"/told.*)" ]
	run_ok machine timeout -k 5 120 "$CMAN" -c $CONF down --all
	assert_unchanged
	# And all of it can be used as if nothing had been.
	run_ok machine timeout -k 5 120 "$CMAN" -c $CONF up --all
	for ((i = 1; i <= CONTAINERS; i++)); do
		((i % 7 == 0)) || run_ok cman exec c$i -- true
	done
	run_ok machine timeout -k 5 120 "$CMAN" -c $CONF down --all
	assert_unchanged
}
