#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman edit: a private copy, checked and planned, and the file replaced only when somebody says yes.
load lib

file() { path "$T/conf.d/web.conf"; }
copy() { path "$T/data/edit/web/web.conf"; }

# edits ANSWERS PROGRAM: cman edit web on a terminal, with an editor that runs PROGRAM of sh on the
# file "$1", and these answers typed, "y\n".
edits() {
	printf '%s\n' "$2" >"$(path "$T/editor")"
	run on_terminal "$1"
	machine rm -f "$T/editor"
}
on_terminal() {
	local status

	printf '%b' "$1" | machine env -u VISUAL EDITOR="sh -e $T/editor" timeout -k 5 60 \
		script -qec "$CMAN -c $CONF edit web" /dev/null | tr -d '\r'
	status=("${PIPESTATUS[@]}")
	return "${status[1]}"
}

nothing_left() {
	[ ! -e "$(path "$T/data/edit")" ] || { find "$(path "$T/data/edit")"; return 1; }
	assert_equal "$(ls -A "$(path "$T/conf.d")")" web.conf
}

web() { sleeper web <<<"limits : { pids = 77; };"; }
pids_are() { assert_equal "$(cman why web limits.pids --json | jq -r '.[0].now')" "$1"; }

@test "edit: checked, planned, asked, applied, and nothing is left" {
	web
	run_ok cman up web
	pid=$(pid_of web)
	edits 'y\n' 'sed -i s/77/88/ "$1"; stat -c %a "$1" "${1%/*}"'
	assert_equal "$status" 0
	assert_output_has "limits.pids: 77 -> 88" "web.conf:3" "write and apply it?" "$T/conf.d/web.conf written" \
		"web: changed limits.pids" $'600\n700'
	grep -q 'pids = 88' "$(file)"
	pids_are 88
	assert_equal "$(pid_of web)" "$pid"
	nothing_left
}

@test "edit: no is no, and the text is kept until it is taken up or thrown away" {
	web
	run_ok cman up web
	cp "$(file)" "$BATS_TEST_TMPDIR/original"
	edits 'n\n' 'sed -i s/77/88/ "$1"'
	assert_equal "$status" 1
	assert_output_has "is as it was; what was edited is in $T/data/edit/web/web.conf"
	cmp "$(file)" "$BATS_TEST_TMPDIR/original"
	grep -q 'pids = 88' "$(copy)"
	assert_equal "$(stat -c '%a %U' "$(copy)")" "600 root"
	# Nobody is asked a second time for what is not wanted now, and the end of input is no yes.
	edits 'n\n' 'exit 9'
	grep -q 'pids = 88' "$(copy)"
	edits '' 'exit 9'
	grep -q 'pids = 88' "$(copy)"
	edits 'e\ny\n' 'sed -i s/88/89/ "$1"'
	assert_equal "$status" 0
	assert_output_has "was edited before" "77 -> 89"
	pids_are 89
	nothing_left
	edits 'n\n' 'sed -i s/89/90/ "$1"'
	edits 'x\nx\n' 'grep -q 89 "$1"; sed -i s/89/91/ "$1"'
	assert_equal "$status" 1
	grep -q 'pids = 89' "$(file)"
	pids_are 89
	nothing_left
}

@test "edit: errors lead back to the editor, with file, line and column of the file itself" {
	web
	edits 'e\ny\n' 'if grep -q 77 "$1"; then echo "limts : { };" >>"$1"; sed -i s/77/78/ "$1"; else sed -i /limts/d "$1"; fi'
	assert_equal "$status" 0
	assert_output_has "$T/conf.d/web.conf:" 'unknown key "limts"' "1 error in it" "does not run" "written"
	grep -q 'pids = 78' "$(file)"
	assert_equal "$(cman status --json web | jq -r .state)" stopped
	nothing_left
	edits 'y\nq\nx\n' 'echo nonsense >"$1"'
	assert_equal "$status" 1
	grep -q 'pids = 78' "$(file)"
	nothing_left
}

@test "edit: an editor that fails, is killed, is not there, or changes nothing" {
	web
	cp -p "$(file)" "$BATS_TEST_TMPDIR/original"
	inode=$(stat -c '%i %z' "$(file)")
	edits 'y\n' 'exit 3'
	assert_equal "$status" 1
	assert_output_has "ended with exit status 3"
	edits 'y\n' 'kill -9 $$'
	assert_equal "$status" 1
	edits 'y\n' 'true'
	assert_equal "$status" 0
	assert_output_has "nothing was changed"
	nothing_left
	edits 'y\n' 'echo "# more" >>"$1"; exit 3'
	assert_equal "$status" 1
	assert_output_has "what was edited is in $T/data/edit/web/web.conf"
	grep -q '# more' "$(copy)"
	edits 'x\n' 'rm "$1"'
	assert_equal "$status" 1
	nothing_left
	run machine env -u VISUAL EDITOR=/nowhere/editor script -qec "$CMAN -c $CONF edit web" /dev/null </dev/null
	assert_equal "$status" 1
	assert_output_has "exit status 127" "set EDITOR"
	assert_equal "$(stat -c '%i %z' "$(file)")" "$inode"
	nothing_left
}

@test "edit: a file that somebody else changes meanwhile is left to him, and both texts are there" {
	web
	edits 'y\n' "sed -i s/77/88/ \"\$1\"; sed -i s/77/55/ $T/conf.d/web.conf"
	assert_equal "$status" 1
	assert_output_has "was changed by somebody else meanwhile" "what was edited is in"
	grep -q 'pids = 55' "$(file)"
	grep -q 'pids = 88' "$(copy)"
	assert_equal "$(ls -A "$(path "$T/conf.d")")" web.conf
	edits 'x\n' true
	nothing_left
}

@test "edit: owner, mode, attributes and the link to it stay" {
	web
	machine sh -c "mkdir $T/elsewhere && mv $T/conf.d/web.conf $T/elsewhere/real.conf && ln -s ../elsewhere/real.conf $T/conf.d/web.conf"
	machine chmod 640 "$T/elsewhere/real.conf"
	machine chgrp 12 "$T/elsewhere/real.conf"
	attribute=no
	if machine setfattr -n trusted.note -v kept "$T/elsewhere/real.conf" 2>/dev/null; then attribute=yes; fi
	edits 'y\n' 'sed -i s/77/88/ "$1"'
	assert_equal "$status" 0
	assert_equal "$(readlink "$(file)")" ../elsewhere/real.conf
	grep -q 'pids = 88' "$(path "$T/elsewhere/real.conf")"
	assert_equal "$(stat -c '%a %u:%g' "$(path "$T/elsewhere/real.conf")")" "640 0:12"
	[ $attribute = no ] || assert_equal "$(machine getfattr --only-values -n trusted.note "$T/elsewhere/real.conf")" kept
	assert_equal "$(machine ls -A "$T/elsewhere")" real.conf
	machine sh -c "rm $T/conf.d/web.conf; mv $T/elsewhere/real.conf $T/conf.d/web.conf; rmdir $T/elsewhere"
	nothing_left
}

@test "edit: two at once are one after the other" {
	web
	edits 'y\n' "sed -i s/77/88/ \"\$1\"; ! script -qec '$CMAN -c $CONF edit web' $T/second </dev/null >/dev/null"
	assert_equal "$status" 0
	machine cat "$T/second" | tr -d '\r' | grep -q 'web is being edited'
	machine rm "$T/second"
	grep -q 'pids = 88' "$(file)"
	nothing_left
}

@test "edit: what cannot be applied is in the file, and said; what runs is as before" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	machine sh -c 'busybox httpd -f -p 8090 -h /run </dev/null >/dev/null 2>&1 & echo $!' >"$BATS_TEST_TMPDIR/pid" 3>&-
	edits 'y\n' 'sed -i s/8080:80/8090:80/ "$1"'
	assert_equal "$status" 1
	assert_output_has "8090" "$T/conf.d/web.conf has what was edited, and is not in force: cman plan web"
	grep -q 8090:80 "$(file)"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	nothing_left
	machine kill "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "edit: without a terminal, without a file, by a name that is none" {
	web
	run_fails cman edit web </dev/null
	assert_output_has "not a terminal" "cman plan web" "cman apply web" "$T/conf.d/web.conf"
	run machine script -qec "$CMAN -c $CONF edit nobody" /dev/null </dev/null
	assert_equal "$status" 1
	assert_output_has "$T/conf.d/nobody.conf: No such file" "cman new nobody"
	run machine script -qec "$CMAN -c $CONF edit ../web" /dev/null </dev/null
	assert_equal "$status" 1
	nothing_left
}
