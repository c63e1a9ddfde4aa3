#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tab key offers, in bash, zsh and fish themselves.
load lib

# cman as the shells find it: it completes as the real one, and tells how it was called otherwise.
prepare() {
	N=$T/conf.d/notes
	machine mkdir -p $N/bin
	cat >"$(path $N/bin/cman)" <<-END
	#!/bin/sh
	[ "\$1" = complete ] && exec "$CMAN" -c "$CONF" "\$@"
	printf '[%s]' "\$@" >>$N/called
	echo >>$N/called
	END
	machine chmod 755 $N/bin/cman
	sleeper web </dev/null
	sleeper website </dev/null
	sleeper db </dev/null
}

offers() { cman complete -- "$@"; }
# assert_offers "CANDIDATE..." WORD...
assert_offers() {
	local wanted=$1

	shift
	run_ok offers "$@"
	assert_equal "$(cut -f1 <<<"$output" | sort | tr '\n' ' ')" "$wanted "
}

# press SHELL LINE...: types lines into the shell on a terminal of its own, each behind a prompt. What
# cman is called with then is in $N/called.
press() {
	local shell=$1 line count=0

	shift
	: >"$(path $N/called)"
	machine mkfifo $N/keys
	# Open for reading and writing: a shell sees no end of its input between two lines.
	machine sh -c 'PATH=$1/bin:$PATH HOME=$1 ZDOTDIR=$1 TERM=dumb exec timeout 60 script -qfec "$2" "$1/screen" <>"$1/keys" >/dev/null 2>&1' \
		- $N "$shell" 3>&- &
	for line in "$@"; do
		count=$((count + 1))
		wait_until 30 has_prompts $count || { echo "no prompt of $shell"; cat "$(path $N/screen)"; return 1; }
		printf '%b' "$line" >"$(path $N/keys)"
	done
	wait "$!"
}
has_prompts() { [ "$(grep -ao 'here>' "$(path $N/screen)" 2>/dev/null | wc -l)" -ge "$1" ]; }

@test "commands, options, names of containers and other values, from the table of commands" {
	run_ok offers re
	assert_output_has "restart	stop containers and bring them up as the files say now"
	refute grep -q "^revive\|^revert\|^complete" <<<"$output"
	run_ok offers up --no
	assert_output_has "--no-color	" "--no-wait	do not wait until they are ready"
	assert_offers "web website" up we
	# What is there already is not offered again; after a command alone it is all.
	assert_offers "db website" up web ""
	assert_offers "db web website" logs -f ""
	assert_offers "paused" wait --state pau
	assert_offers "paused" wait --state = pau
	assert_offers "TERM" kill -s TER
	assert_offers "exec" help exe
	assert_offers ":files" check ""
	assert_offers ":files" -c ""
	# Those of a program in the container are its own.
	assert_offers "" exec web ls -
	assert_offers "" no-such-command ""
}

@test "names of groups, templates and networks, where a command takes them" {
	write_manager 'networks : { cman0 : { subnet = "10.83.0.0/24"; }; campus : { subnet = "10.84.0.0/24"; }; };
		templates : { small : { limits : { pids = 10; }; }; };'
	sleeper queue <<<'groups = [ "back", "batch" ];'
	sleeper store <<<'groups = [ "back", "front" ];'
	assert_offers "back batch front" up -g ""
	assert_offers "back batch" down --group ba
	assert_offers "back batch" restart --group = ba
	assert_offers "small" new --template ""
	assert_offers "campus cman0" run -s net.network = ""
	assert_offers "net.network=campus" run --set net.network=ca
	assert_offers "net.name= net.nat= net.network=" run -s net.n
	assert_offers "" run -s limits.pids = ""
	assert_offers "" run -s limits.pids=
	assert_offers ":files" run -s net.network = campus ""
	assert_offers "db queue store website" trace web ""
	# A file with a fault keeps no others from being offered.
	machine sh -c "echo 'groups = [' >$T/conf.d/faulty.conf"
	assert_offers "back batch front" up -g ""
}

@test "a container that runs and has no file any more is offered" {
	run_ok cman up db
	machine rm $T/conf.d/db.conf
	run_ok offers down d
	assert_equal "$output" "db	container without a file"
}

@test "the files are those of the command line; without any nothing is said to who types" {
	machine mkdir -p $N/other
	machine sh -c "echo 'conf_dir = \"$N/other\"; state_dir = \"$T/state\";' >$N/other.conf"
	printf 'rootfs = "%s"; command = [ "/bin/sh" ];\n' "$T/rootfs/web" >"$(path $N/other/only.conf)"
	assert_offers "only" -c $N/other.conf up ""
	assert_offers "only" --config=$N/other.conf up ""
	run machine "$CMAN" -c $N/none.conf complete -- up ""
	[ "$status" != 0 ]
}

@test "bash: the tab key" {
	printf 'PS1="here>"; bind "set enable-bracketed-paste off"; . %s\n' "$SOURCE/src/completion/cman.bash" >"$(path $N/rc)"
	press "bash --noprofile --rcfile $N/rc -i" 'cman resta\td\t\n' 'cman kill --sig\tTER\tdb\n' 'cman wait --state=pau\tdb\n' 'cman run -s net.netw\tcm\t/srv\n' 'exit\n'
	assert_equal "$(<"$(path $N/called)")" "[restart][db]
[kill][--signal][TERM][db]
[wait][--state=paused][db]
[run][-s][net.network=cman0][/srv]"
}

@test "zsh: the tab key" {
	machine sh -c 'command -v zsh' >/dev/null || skip "needs zsh"
	printf 'PS1="here>"; fpath=(%s $fpath); autoload -U compinit; compinit -u -D\n' "$SOURCE/src/completion" >"$(path $N/.zshrc)"
	press "zsh -i" 'cman resta\td\t\n' 'cman kill --sig\tTER\tdb\n' 'exit\n'
	assert_equal "$(<"$(path $N/called)")" "[restart][db]
[kill][--signal][TERM][db]"
}

@test "fish: what complete tells" {
	machine sh -c 'command -v fish' >/dev/null || skip "needs fish"
	run_ok machine env PATH="$N/bin:$PATH" HOME=$N fish --no-config -c \
		"source $SOURCE/src/completion/cman.fish; complete -C 'cman resta'; complete -C 'cman up d'; complete -C 'cman kill -s TER'; complete -C 'cman check $N/bi'"
	assert_equal "$output" "restart	stop containers and bring them up as the files say now
db	container
TERM	signal
$N/bin/"
}
