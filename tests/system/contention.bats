#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Fifty commands at once, beside programs that change the same tables: what is whose afterwards.
#
# A table of iptables is read, and replaced as a whole. The kernel refuses to replace one that has
# another number of rules than the one that was read (EAGAIN), and that is all it can tell: where the
# number is the same again, whoever writes last undoes what was written since he read. So this much
# can be promised, and is what these tests hold cman to:
#
#   a program that takes xtables.lock       loses nothing, and cman loses nothing
#   one that takes no lock                  loses nothing by cman while it never brings the table
#                                           back to a size that it had: cman is told, and reads again
#   rules of cman, which such a program     are back with the next commit of cman at the latest. That
#   wrote over with an older table          they are not written over at all nobody can promise but
#                                           that program: cman's write came first
#
# nf_tables has transactions and tables of one owner: there nothing is lost, lock or no lock.
load lib

# The same tests for both backends: contention-nftables.bats is a link to this file.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

CONTEND=${CMAN%/*}/contend
MANY=50
# Between two changes of a writer: it is one of many programs, not one that does nothing else.
PAUSE_US=2000

# c1 to cMANY: one rule each, for its port.
prepare() {
	local i

	machine cp -a /run/rootfs "$T/rootfs/shared"
	for ((i = 1; i <= MANY; i++)); do
		container "c$i" <<-END
		rootfs = "$T/rootfs/shared";
		read_only = true;
		command = [ "/bin/sleep", "1000" ];
		net : { ports = [ "$((7000 + i)):80" ]; };
		stop_signal = "SIGKILL";
		END
	done
}

# --- many at once --------------------------------------------------------------------------------

# begin up FIRST LAST: a command of its own for each, all at once; finish waits, and all succeed.
begin() { # up|down FIRST LAST
	local i

	for ((i = $2; i <= $3; i++)); do
		cman "$1" "c$i" >"$BATS_TEST_TMPDIR/$1.c$i" 2>&1 3>&- &
		COMMANDS[$!]="$1.c$i"
	done
}

finish() {
	local pid failed=0

	for pid in "${!COMMANDS[@]}"; do
		wait "$pid" || {
			echo "${COMMANDS[$pid]}:"
			cat "$BATS_TEST_TMPDIR/${COMMANDS[$pid]}"
			failed=1
		}
	done
	COMMANDS=()
	return $failed
}
declare -gA COMMANDS=()

# The rules of cman and nothing else, without counters.
rules_of_cman() {
	if [ $BACKEND = nftables ]; then
		machine nft -s list table inet cman
	else
		machine iptables-legacy-save | grep -e ^: -e CMAN | sed -E 's/\[[0-9]+:[0-9]+\]//'
	fi
}

published() { rules_of_cman | grep -c -E -e '(--)?dport 70[0-9][0-9] ' || true; }

# What is there when all run and nobody else was about: addresses are the same at each start.
expect_rules() {
	run_ok cman up --all
	rules_of_cman >"$BATS_TEST_TMPDIR/wanted"
	assert_equal "$(published)" $MANY
	run_ok cman down --all
}

assert_rules() {
	rules_of_cman >"$BATS_TEST_TMPDIR/got"
	diff -u "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/got"
}

# --- others --------------------------------------------------------------------------------------

# Each is a process that runs until quiet, then its file has what it believes to be there.
writer() { # NAME CMD...
	local name=$1

	shift
	machine timeout 100 "$@" >"$BATS_TEST_TMPDIR/$name.rows" 2>"$BATS_TEST_TMPDIR/$name.err" 3>&- &
	WRITERS[$!]=$name
}
declare -gA WRITERS=()

# Tells all writers to come to an end, and takes their word for what is in the tables.
quiet() {
	local pid failed=0

	machine touch /run/quiet
	for pid in "${!WRITERS[@]}"; do
		wait "$pid" || {
			echo "writer ${WRITERS[$pid]} failed:"
			failed=1
		}
		cat "$BATS_TEST_TMPDIR/${WRITERS[$pid]}.err"
	done
	WRITERS=()
	machine rm /run/quiet
	return $failed
}

row_of() { cat "$BATS_TEST_TMPDIR/$1.rows"; }

# What a program without a lock has in TABLE: "FIRST-LAST" without a gap, or "none".
row_in() { # TABLE
	machine iptables-legacy-save -t "$1" |
		awk '$3 == "-s" && index($4, "198.18.") == 1 {
			split($4, part, /[.\/]/)
			number = part[3] * 256 + part[4]
			if (!first) first = number
			else if (number != last + 1) print "a gap before", number
			last = number
		} END { print first ? first "-" last : "none" }'
}

unlocked() { # NAME HOW ROW
	local table=${1%-*} chain=FORWARD

	[ "$table" = filter ] || chain=POSTROUTING
	# shellcheck disable=SC2016 # for that shell
	writer "$1" sh -c '"$@" & pid=$!
		until [ -e /run/quiet ]; do sleep 0.05; done
		kill $pid; wait $pid' sh "$CONTEND" "$table" $chain "$2" 18 "$3" 60000 $PAUSE_US
}

remove_row() { # TABLE ROW
	local chain=FORWARD

	[ "$1" = filter ] || chain=POSTROUTING
	run_ok machine "$CONTEND" "$1" $chain shrink 18 "$2" 60000 0
}

# The tool itself, with its lock: appends a rule, and each second time deletes the oldest.
locked() { # NAME
	# shellcheck disable=SC2016 # for that shell
	writer "$1" bash -c '
		table=$1 chain=$2 first=1 last=0
		until [ -e /run/quiet ]; do
			last=$((last + 1))
			iptables-legacy -w 30 -t $table -A $chain -s 198.19.0.$((last % 250)) -j RETURN || exit
			[ $((last % 2)) = 0 ] || continue
			iptables-legacy -w 30 -t $table -D $chain -s 198.19.0.$((first % 250)) -j RETURN || exit
			first=$((first + 1))
		done
		for ((i = first; i <= last; i++)); do echo "198.19.0.$((i % 250))/32"; done' \
		bash "$1" "$2"
}

locked_in() { # TABLE
	machine iptables-legacy-save -t "$1" | sed -n 's/.* -s \(198\.19\.0\.[0-9/]*\) -j RETURN$/\1/p'
}

flush_locked() { # TABLE CHAIN
	local address

	for address in $(locked_in "$1"); do
		machine iptables-legacy -w 30 -t "$1" -D "$2" -s "$address" -j RETURN
	done
}

# Another owner of nf_tables, with a table of its own and hooks in the same places.
nft_writer() { # NAME
	machine nft -f - <<-END
	table inet $1 {
		chain forward { type filter hook forward priority 10; }
		chain prerouting { type nat hook prerouting priority -90; }
	}
	END
	# shellcheck disable=SC2016 # for that shell
	writer "$1" bash -c '
		handles=() number=0 chains=(forward prerouting)
		until [ -e /run/quiet ]; do
			number=$((number + 1)) chain=${chains[number % 2]}
			added=$(nft -ae "add rule inet $1 $chain ip saddr 198.19.0.$((number % 250)) return comment \"$number\"") || exit
			handles+=("$chain ${added##*handle }")
			rules+=("$number")
			[ $((number % 3)) = 0 ] || continue
			set -- "$1" ${handles[0]}
			nft "delete rule inet $1 $2 handle $3" || exit
			handles=("${handles[@]:1}") rules=("${rules[@]:1}")
		done
		printf "%s\n" "${rules[@]}" | sort -n' bash "$1"
}

nft_rules_in() { machine nft list table inet "$1" | sed -n 's/.*return comment "\([0-9]*\)".*/\1/p' | sort -n; }

# --- tests ---------------------------------------------------------------------------------------

@test "fifty commands up at once, and fifty down: every rule is there, then none" {
	expect_rules
	begin up 1 $MANY
	finish
	assert_rules
	begin down 1 $MANY
	finish
	assert_unchanged
}

@test "beside programs that take the lock, nobody loses a rule" {
	[ $BACKEND = iptables ] || skip "nf_tables has no lock"
	expect_rules
	locked filter FORWARD
	locked nat POSTROUTING
	begin up 1 25
	finish
	begin up 26 $MANY
	begin down 1 25
	finish
	begin up 1 25
	finish
	quiet
	assert_rules
	for table in filter nat; do
		[ "$(row_of $table | wc -l)" -ge 10 ] # it did something
		assert_equal "$(locked_in $table)" "$(row_of $table)"
	done
	flush_locked filter FORWARD
	flush_locked nat POSTROUTING
	assert_rules
	begin down 1 $MANY
	finish
	assert_unchanged
}

@test "beside programs that take no lock and append, then delete, nobody loses a rule" {
	[ $BACKEND = iptables ] || skip "nf_tables has no lock"
	expect_rules
	# All append, and later all delete: no table has a size again that it had.
	unlocked filter-grow grow none
	unlocked nat-grow grow none
	begin up 1 $MANY
	finish
	quiet
	assert_rules
	for table in filter nat; do
		assert_match "$(row_of $table-grow)" '^1-[1-9][0-9]'
		assert_equal "$(row_in $table)" "$(row_of $table-grow)"
	done
	unlocked filter-shrink shrink "$(row_of filter-grow)"
	unlocked nat-shrink shrink "$(row_of nat-grow)"
	begin down 1 $MANY
	finish
	quiet
	for table in filter nat; do
		assert_equal "$(row_in $table)" "$(row_of $table-shrink)"
		remove_row $table "$(row_of $table-shrink)"
	done
	assert_unchanged
}

@test "a program that takes no lock loses nothing by commands up and down at once" {
	[ $BACKEND = iptables ] || skip "nf_tables has no lock"
	expect_rules
	begin up 1 25
	finish
	unlocked filter turn none
	unlocked nat turn none
	begin up 26 $MANY
	begin down 1 25
	finish
	begin up 1 20
	finish
	quiet
	for table in filter nat; do
		assert_match "$(row_of $table)" '^[1-9][0-9]'
		assert_equal "$(row_in $table)" "$(row_of $table)"
	done
	# One up and one down between its reading and its writing, and it puts back a table without the
	# one and with the other. The next commit is to mend that, whatever it is made for.
	begin up 21 25
	finish
	assert_rules
	for table in filter nat; do
		assert_equal "$(row_in $table)" "$(row_of $table)"
		remove_row $table "$(row_of $table)"
	done
	begin down 1 $MANY
	finish
	assert_unchanged
}

@test "beside other owners of nf_tables nobody loses a rule" {
	[ $BACKEND = nftables ] || skip "the tables of iptables have no owners"
	expect_rules
	nft_writer theirs
	nft_writer others
	begin up 1 25
	finish
	begin up 26 $MANY
	begin down 1 25
	finish
	begin up 1 25
	finish
	quiet
	assert_rules
	for name in theirs others; do
		[ "$(row_of $name | wc -l)" -ge 10 ]
		assert_equal "$(nft_rules_in $name)" "$(row_of $name)"
		machine nft delete table inet $name
	done
	begin down 1 $MANY
	finish
	assert_unchanged
}

@test "an older table that somebody wrote back is mended by the next commit" {
	run_ok cman up c1 c2 c3 c4
	rules_of_cman >"$BATS_TEST_TMPDIR/wanted"
	run_ok cman down c3 c4
	run_ok cman up c5
	machine sh -c "$([ $BACKEND = nftables ] && echo 'nft -s list ruleset' || echo iptables-legacy-save) >/run/old"
	run_ok cman down c5
	run_ok cman up c3
	# With c5, which is gone, and without c3, which runs.
	if [ $BACKEND = nftables ]; then
		machine sh -c 'nft flush ruleset && nft -f /run/old'
	else
		machine iptables-legacy-restore /run/old
	fi
	machine rm /run/old
	run_ok cman up c4
	assert_rules
}
