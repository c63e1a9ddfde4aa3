# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# order.bash: what tests share that look at who comes up, and becomes ready, before whom.
load lib

# gated NAME <<LINES: is ready when open_gate has let it be.
gated() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	ready : { file = "/go"; timeout = "50s"; };
	$(cat)
	EOF
}
open_gate() { machine touch "$T/rootfs/$1/go"; }

is_running() { cman status "$1" >/dev/null; }

# What happened to containers, as "started db", in its order.
happened() { # EVENT...
	cman events --json | jq -r --args 'select(.event as $e | $ARGS.positional | index($e)) |
		"\(.event) \(.name)"' -- "$@"
}
