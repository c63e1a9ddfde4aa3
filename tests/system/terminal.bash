# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# terminal.bash: what tests share that give cman a terminal of its own.
load lib

# on_terminal STEP... -- ARGUMENT...: "cman ARGUMENT..." on a terminal: see terminal.py.
on_terminal() {
	local steps=()

	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	shift
	machine timeout -k 5 90 python3 "$TESTS/terminal.py" "${steps[@]}" -- \
		"$CMAN" -c "$CONF" "$@" </dev/null 3>&-
}
