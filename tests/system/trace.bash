# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # used by the tests that load it; set by bats' run
# trace.bash: what the tests of cman trace share, behind lib.bash.

# The same tests for both backends: X-nftables.bats is a link to X.bats.
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac

arrives() { # ARG...: nothing stops it
	run_ok cman trace "$@"
	[[ $output != *STOP* ]] || { echo "$output"; return 1; }
}

# stops WHERE TEXT ARG...: there it stops, and these words are in that line or its remedy
stops() { told STOP "$@"; }

# The same where trace says ? or !, and what it looks at is no reason to fail.
wonders() { told '\?' "$@"; }
warns() { told '!' "$@"; }

told() { # VERDICT WHERE TEXT ARG...
	local verdict=$1 where=$2 text=$3 wanted=0

	shift 3
	[ "$verdict" != STOP ] || wanted=1
	run cman trace "$@"
	[ "$status" = $wanted ] || { printf 'exit status %s\n%s\n' "$status" "$output"; return 1; }
	[[ $(grep -A 1 -E "^$verdict +$where " <<<"$output") == *"$text"* ]] || {
		printf 'no %s at %s with: %s\nin: %s\n' "$verdict" "$where" "$text" "$output"
		return 1
	}
}

reaches_outside() { # NAME [ADDRESS]: a connection to the server beyond the uplink
	within "$1" timeout 3 busybox nc -w 2 "${2:-$OUTSIDE_IP}" 80 </dev/null
}

chain() { if [ $BACKEND = nftables ]; then echo "inet cman $1"; else echo "CMAN-$1"; fi; }

only_with() { [ $BACKEND = "$1" ] || skip "$1"; }
