#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cp: files into a container that runs and out of it, and what its payload may try meanwhile.
load lib

# On the host, where the snapshot does not look.
HERE=$T/rootfs/here

prepare() {
	make_rootfs web
	machine mkdir $T/rootfs/web/scratch
	sleeper web <<<'mounts = ( { target = "/scratch"; type = "tmpfs"; } );'
	machine mkdir $HERE
}

# In the container, as its root.
inside() { within web sh -c "$1"; }
here() { machine sh -c "cd $HERE && $1"; }
# Owner, mode and time of last change of files there.
look_here() { machine stat -c '%u:%g %a %Y %F' "$HERE/$1"; }
look_inside() { within web stat -c '%u:%g %a %Y %F' "$1"; }

@test "a file goes in and comes out again, with mode and time, and belongs to root there" {
	run_ok cman up web
	here 'head -c 300000 /dev/urandom >file && chown 1234:1235 file && chmod 640 file && touch -d @1000000000 file'
	run_ok cman cp $HERE/file web:/tmp/copied
	assert_equal "$output" ""
	assert_equal "$(look_inside /tmp/copied)" "0:0 640 1000000000 regular file"
	run_ok cman cp web:/tmp/copied $HERE/back
	here 'cmp file back'
	assert_equal "$(look_here back)" "0:0 640 1000000000 regular file"
	# Into a directory, by its own name; in place of what is there.
	run_ok cman cp web:/tmp/copied $HERE
	here 'cmp file copied; echo new >file'
	run_ok cman cp $HERE/file web:/tmp/copied
	assert_equal "$(inside 'cat /tmp/copied; ls -A /tmp')" "new
copied"
}

@test "with -a owners have the same numbers, inside and out; set-user-ID is kept with it alone" {
	run_ok cman up web
	here 'echo x >file && chown 1234:1235 file && chmod 6755 file'
	run_ok cman cp -a $HERE/file web:/tmp/a
	run_ok cman cp $HERE/file web:/tmp/b
	assert_equal "$(within web stat -c '%u:%g %a' /tmp/a /tmp/b)" "1234:1235 6755
0:0 755"
	run_ok cman cp -a web:/tmp/a $HERE/a
	run_ok cman cp web:/tmp/a $HERE/b
	assert_equal "$(machine stat -c '%u:%g %a' $HERE/a $HERE/b)" "1234:1235 6755
0:0 755"
	# A number that the user namespace does not have.
	here 'chown 100000 file'
	run_fails cman cp -a $HERE/file web:/tmp/c
	assert_output_has "set the owner of /tmp/c" "user 100000 or group 1235 has no number there"
	inside 'test ! -e /tmp/c && test -z "$(ls -A /tmp | grep cman)"'
}

@test "a directory goes with all that is in it: links, hard links, FIFOs, holes, odd names" {
	run_ok cman up web
	here 'mkdir -p tree/sub/empty && chmod 751 tree/sub && echo one >tree/one && ln tree/one tree/sub/two
		ln -s ../one tree/sub/link && ln -s /etc/passwd tree/absolute && ln -s nowhere tree/dangling
		mkfifo -m 600 tree/fifo && truncate -s 50M tree/holes && echo end >>tree/holes
		echo odd >"tree/a
b" && echo odd >"tree/ -n *" && : >tree/none && touch -d @1000000000 tree/sub'
	run_ok cman cp $HERE/tree web:/tmp
	assert_equal "$(inside 'cd /tmp/tree && ls -A && readlink sub/link && readlink absolute && readlink dangling && cat one sub/two "a
b"')" " -n *
a?b
absolute
dangling
fifo
holes
none
one
sub
../one
/etc/passwd
nowhere
one
one
odd"
	assert_equal "$(look_inside /tmp/tree/sub)" "0:0 751 1000000000 directory"
	assert_equal "$(inside 'stat -c "%h %i" /tmp/tree/one')" "$(inside 'stat -c "%h %i" /tmp/tree/sub/two')"
	[ "$(inside 'du -k /tmp/tree/holes | cut -f1')" -lt 1000 ]
	run_ok cman cp web:/tmp/tree $HERE/back
	# diff(1) would wait for the FIFO.
	assert_equal "$(machine stat -c '%F %a %h' $HERE/back/fifo)" "fifo 600 1"
	machine rm $HERE/back/fifo $HERE/tree/fifo
	machine diff -r --no-dereference $HERE/tree $HERE/back
	[ "$(machine stat -c %i $HERE/back/one)" = "$(machine stat -c %i $HERE/back/sub/two)" ]
	[ "$(machine du -k $HERE/back/holes | cut -f1)" -lt 1000 ]
	# Contents alone, into what is there: its own mode stays.
	here 'mkdir -m 700 target && echo old >target/one && echo kept >target/kept'
	run_ok cman cp web:/tmp/tree/. $HERE/target
	assert_equal "$(here 'cat target/one target/kept; stat -c %a target')" "one
kept
700"
}

@test "-L copies what links point to" {
	run_ok cman up web
	inside 'mkdir -p /tmp/tree/sub && echo one >/tmp/tree/one && ln -s ../one /tmp/tree/sub/link && ln -s tree /tmp/name'
	run_ok cman cp -L web:/tmp/name $HERE
	assert_equal "$(here 'stat -c %F name name/sub/link && cat name/sub/link')" "directory
regular file
one"
	run_ok cman cp web:/tmp/name $HERE/link
	assert_equal "$(machine readlink $HERE/link)" tree
	inside 'ln -s .. /tmp/tree/sub/round'
	run_fails cman cp -L web:/tmp/tree $HERE/round
	assert_output_has "follow /tmp/tree/sub/round" "Too many levels of symbolic links"
	here 'cd round && cat one sub/link && test ! -e sub/round'
}

@test "what cannot be read is told and left out, all else is copied, and the exit status is 1" {
	run_ok cman up web
	here 'mkdir tree tree/z; for f in a c z/d; do echo $f >tree/$f; done; ln -s nowhere tree/b; ln -s z tree/z/z; echo one >one; echo two >two'
	# Into the container, named and met on the way.
	run -1 cman cp -L $HERE/one $HERE/none $HERE/tree $HERE/two web:/tmp
	assert_equal "$(sort <<<"$output")" "cman: error: web: left out as it could not be copied: 3, all else is copied
cman: error: web: look at $HERE/none: No such file or directory
cman: error: web: look at $HERE/tree/b: No such file or directory
cman: error: web: look at $HERE/tree/z/z: Too many levels of symbolic links"
	assert_equal "$(inside 'cd /tmp && cat one two tree/a tree/c tree/z/d && find . | wc -l')" "one
two
a
c
z/d
8"
	# Out of it.
	inside 'ln -s /none/at/all /tmp/tree/e'
	run -1 cman cp -L web:/tmp/tree web:/tmp/none web:/tmp/one $HERE/z
	assert_output_has "z is to take several files"
	here 'mkdir back'
	run -1 cman cp -L web:/tmp/tree web:/tmp/none web:/tmp/one $HERE/back
	assert_equal "$output" "cman: error: web: look at /tmp/tree/e: No such file or directory
cman: error: web: look at /tmp/none: No such file or directory
cman: error: web: left out as it could not be copied: 2, all else is copied"
	assert_equal "$(here 'cd back && cat one tree/a tree/c tree/z/d && find . | wc -l')" "one
a
c
z/d
7"
	# Nothing of its name is shown as it is.
	inside 'ln -s nowhere "/tmp/tree/$(printf "x\033y")"'
	run -1 cman cp -L web:/tmp/tree $HERE/back
	[[ $output != *$'\033'* ]]
	assert_output_has "look at /tmp/tree/x?y"
}

@test "where there was nothing else it is not said to be copied" {
	run_ok cman up web
	run -1 cman cp $HERE/none web:/tmp
	assert_equal "$output" "cman: error: web: look at $HERE/none: No such file or directory
cman: error: web: left out as it could not be copied: 1"
	run -1 cman cp web:/tmp/none web:/tmp/neither $HERE
	assert_output_has "could not be copied: 2"
	[[ $output != *"all else"* ]]
	# A directory that holds nothing else is something else.
	here 'mkdir tree; ln -s nowhere tree/b'
	run -1 cman cp -L $HERE/tree web:/tmp
	assert_output_has "could not be copied: 1, all else is copied"
	inside 'mkdir /tmp/empty'
	run -1 cman cp web:/tmp/none web:/tmp/empty $HERE
	assert_output_has "could not be copied: 1, all else is copied"
}

@test "what cannot be made is told and left out, all else is copied, and the exit status is 1" {
	run_ok cman up web
	here 'mkdir -p tree/d/e tree/full tree/z; for f in a b d/e/f full/f z/y; do echo $f >tree/$f; done
		ln tree/a tree/c; ln tree/d/e/f tree/z/f; echo one >one'
	# Into the container: directories and files in each other's place, another name of what is left out.
	inside 'mkdir -p /tmp/tree/a/kept && echo kept >/tmp/tree/d && echo old >/tmp/tree/c'
	run -1 cman cp $HERE/tree $HERE/one web:/tmp
	assert_equal "$(sed -n 's/^cman: error: //p' <<<"$output")" "web: replace /tmp/tree/a: Is a directory
web: make /tmp/tree/c
web: enter /tmp/tree/d: Not a directory
web: make /tmp/tree/z/f
web: left out as it could not be copied: 4, all else is copied"
	assert_output_has "it is another name of what was left out: a" "left out: d/e/f"
	assert_equal "$(inside 'cd /tmp && cat one tree/b tree/c tree/d tree/full/f tree/z/y && find . | wc -l')" "one
b
old
kept
full/f
z/y
12"
	# Out of it, likewise; a device stays what it is, with the hint of that.
	inside 'mkdir /tmp/from && cd /tmp/from && mkdir d && for f in a d/f null z; do echo $f >$f; done'
	here 'mkdir -p to/from/a/kept && echo kept >to/from/d && mknod to/from/null c 1 3'
	run -1 cman cp web:/tmp/from web:/tmp/one $HERE/to
	assert_equal "$(sed -n 's/^cman: error: //p' <<<"$output")" "web: replace $HERE/to/from/a: Is a directory
web: enter $HERE/to/from/d: Not a directory
web: replace $HERE/to/from/null: File exists
web: left out as it could not be copied: 3, all else is copied"
	assert_output_has "devices and sockets are left as they are"
	assert_equal "$(here 'cd to && cat one from/d from/z && stat -c %F from/null && find . | wc -l')" "one
kept
z
character special file
8"
}

@test "where nothing else could be made it ends at once" {
	machine mkdir $T/rootfs/web/fixed $HERE/many
	sleeper web <<<'mounts = ( { target = "/fixed"; type = "tmpfs"; read_only = true; } );'
	run_ok cman up web
	here 'for i in 1 2 3; do echo $i >many/$i; done'
	run -1 cman cp $HERE/many/1 $HERE/many/2 $HERE/many web:/fixed
	assert_equal "$(sed -n 's/^cman: error: //p' <<<"$output")" "web: make /fixed/1: Read-only file system"
	assert_output_has "copied before that: 0 files, 0 directories"
}

@test "many that cannot be made hold nobody up" {
	run_ok cman up web
	here 'mkdir many; i=0; while [ $i -lt 3000 ]; do echo $i >many/$i; i=$((i + 1)); done; head -c 5000000 /dev/zero >many/last; chown -R 100000 many'
	inside 'mkdir /tmp/many'
	run -1 cman cp -a $HERE/many web:/tmp
	assert_output_has "left out as it could not be copied: 3001"
	[[ $output != *"all else"* ]]
	assert_equal "$(inside 'ls -A /tmp/many')" ""
}

@test "where it goes: directories, slashes, what is missing, what is in the way" {
	run_ok cman up web
	here 'echo x >file; mkdir dir; echo y >dir/in; ln -s file link; ln -s nowhere dangling'
	run_fails cman cp $HERE/file web:/none/file
	assert_output_has "web: open /none/: No such file or directory" "directories above the target are not made"
	run_fails cman cp $HERE/file web:/tmp/new/
	assert_output_has "/tmp/new/" "Not a directory"
	run_ok cman cp $HERE/dir web:/tmp/new/
	assert_equal "$(inside 'cat /tmp/new/in')" y
	run_fails cman cp $HERE/file $HERE/dir web:/tmp/other
	assert_output_has "/tmp/other is to take several files"
	run_ok cman cp $HERE/file $HERE/dir web:/tmp
	assert_equal "$(inside 'cat /tmp/file /tmp/dir/in')" "x
y"
	run_fails cman cp $HERE/dir web:/tmp/file
	assert_output_has "Not a directory"
	run_fails cman cp $HERE/file web:/tmp/new/../dir/../../no/such
	run_fails cman cp $HERE/none web:/tmp
	assert_output_has "look at $HERE/none: No such file or directory"
	run_fails cman cp web:/tmp/none $HERE
	assert_output_has "web: look at /tmp/none: No such file or directory"
	# A link that is named is written through, one that leads nowhere is not.
	run_ok cman cp web:/tmp/dir/in $HERE/link
	assert_equal "$(here 'cat file; readlink link')" "y
file"
	run_fails cman cp web:/tmp/dir/in $HERE/dangling
	assert_output_has "follow the link"
	run_fails cman cp web:/tmp/dir/in /dev/null
	assert_output_has "replace /dev/null" "devices and sockets are left as they are"
	run_fails cman cp $HERE/file web:/etc/hosts
	assert_output_has "Device or resource busy" "something is mounted on it"
}

@test "volumes and what is mounted in the container are seen; the kernel's own file systems are left out" {
	run_ok cman up web
	here 'echo x >file'
	run_ok cman cp $HERE/file web:/scratch
	assert_equal "$(inside 'cat /scratch/file')" x
	refute machine test -e $T/rootfs/web/scratch/file
	run_ok cman cp web:/scratch $HERE
	assert_equal "$(here 'cat scratch/file')" x
	run_ok cman cp web:/ $HERE/all
	assert_output_has "warning: //proc is a file system of the kernel, left out" "//sys is"
	assert_equal "$(here 'cat all/scratch/file; ls -A all/proc 2>/dev/null | wc -l; test -e all/dev/null || echo none')" "x
0
none"
	# Named itself it is read, as far as it goes.
	run_ok cman cp web:/proc/version $HERE
	machine cmp /proc/version $HERE/version
}

@test "sockets and devices are left out and told, a FIFO holds nobody up" {
	run_ok cman up web
	inside 'mkdir /tmp/d; mkfifo /tmp/d/fifo; (timeout 20 nc -l -U /tmp/d/socket || timeout 20 nc -lU /tmp/d/socket) >/dev/null 2>&1 </dev/null & : >/tmp/d/file'
	run_ok cman cp web:/tmp/d $HERE
	assert_equal "$(here 'stat -c "%n %F" d/fifo d/file')" "d/fifo fifo
d/file regular empty file"
	run_ok cman cp web:/dev/null $HERE
	assert_output_has "/dev/null is a device, left out"
	refute machine test -e $HERE/null
	run_ok cman cp web:/tmp/d/fifo $HERE/fifo
	machine test -p $HERE/fifo
}

@test "a thousand directories one in another" {
	run_ok cman up web
	here 'i=0; mkdir d && cd d; while [ $i -lt 1000 ]; do mkdir d && cd d || exit 1; i=$((i + 1)); done; echo deep >file'
	run_ok cman cp $HERE/d web:/tmp
	run_ok cman cp web:/tmp/d $HERE/back
	assert_equal "$(here 'cd back; i=0; while [ $i -lt 1000 ]; do cd d || exit 1; i=$((i + 1)); done; cat file')" deep
	machine rm -rf $HERE/back $HERE/d
	inside 'rm -rf /tmp/d'
}

@test "what stands in the way: not running, paused, not known, wrong arguments" {
	run_ok cman up web
	run_ok cman pause web
	run_fails cman cp web:/etc/passwd $HERE
	assert_output_has "web is paused" "cman resume web"
	run_ok cman resume web
	run_fails cman cp nobody:/etc/passwd $HERE
	assert_output_has nobody
	for words in "web:etc/passwd $HERE" "$HERE $T" "web:/etc web:/tmp" "web:/etc other:/etc $HERE"; do
		# shellcheck disable=SC2086 # two or three words
		run cman cp $words
		assert_equal "$status" 2
	done
	here 'echo colon >a:b'
	run_ok cman cp $HERE/a:b web:/tmp/colon
	assert_equal "$(inside 'cat /tmp/colon')" colon
	run_ok cman down web
	run_fails cman cp web:/etc/passwd $HERE
	assert_output_has "web does not run" "cman up web"
}

@test "a disk that is full is told with how far it came, and no half file is there" {
	run_ok cman up web
	here 'mkdir many; for i in 1 2 3; do head -c 100000 /dev/zero | tr "\0" x >many/$i; done; head -c 3000000 /dev/urandom >many/4'
	make_rootfs small
	machine mkdir $T/rootfs/small/small
	sleeper small <<<'mounts = ( { target = "/small"; type = "tmpfs"; size = "1M"; } );'
	run_ok cman up small
	run_fails cman cp $HERE/many small:/small
	assert_output_has "small: write /small/many/4: No space left on device" "copied before that: 3 files"
	assert_equal "$(within small ls -A /small/many)" "1
2
3"
}

# A copy that takes its time over each piece of a file, in the background.
slowly() {
	traced -f --inject=pwrite64:delay_enter=300000 "$CMAN" -c $CONF cp "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	COPY=$!
}
copying() { machine pgrep -o -f "^$CMAN -c $CONF cp"; }
has_half() { machine sh -c "ls -A $1 2>/dev/null | grep -q '^[.]cman-'"; }

interrupt() { # DIRECTORY, as the machine sees it
	local status=0

	wait_until 20 machine test -e "$1/1"
	wait_until 20 has_half "$1"
	machine kill -TERM "$(copying)"
	wait "$COPY" || status=$?
	machine rm $T/calls
	output=$(cat "$BATS_TEST_TMPDIR/out")
	assert_equal "$status" 1
	assert_output_has "cman: error: web: interrupted" "copied before that: 1 files"
	refute has_half "$1"
	refute machine test -e "$1/2"
}

@test "interrupted it says how far it came, and leaves no half file" {
	run_ok cman up web
	here 'mkdir many; echo 1 >many/1; head -c 20000000 /dev/urandom >many/2'
	slowly $HERE/many web:/tmp
	interrupt $T/rootfs/web/tmp/many
	run_ok cman cp $HERE/many web:/tmp
	slowly web:/tmp/many $HERE/back
	interrupt $HERE/back
}

@test "a container that ends while it copies is told, and a half file is not left on the host" {
	run_ok cman up web
	here 'head -c 20000000 /dev/urandom >big'
	run_ok cman cp $HERE/big web:/tmp
	slowly web:/tmp/big $HERE/back
	wait_until 20 has_half $HERE
	run_ok cman down web
	# What was read before is written, unless the pipe was empty.
	wait "$COPY" && return 1
	machine rm $T/calls
	refute has_half $HERE
	refute machine test -e $HERE/back
	machine grep -q 'cman: error: web: the process inside the container was killed' \
		<"$BATS_TEST_TMPDIR/out"
}

@test "without a user namespace too, whatever capabilities the container has" {
	run_ok cman up web
	sleeper none <<-'EOT'
	security : { userns = "none"; cap_drop = [ "ALL" ]; };
	EOT
	run_ok cman up none
	here 'echo x >file && chown 1234 file'
	run_ok cman cp -a $HERE/file none:/tmp/file
	assert_equal "$(within none stat -c %u /tmp/file)" 1234
	run_ok cman cp none:/tmp/file $HERE/back
	assert_equal "$(here 'cat back; stat -c %u back')" "x
0"
}

# --- what the payload may try ------------------------------------------------------------------

@test "links of the container lead to its own files, not the host's (CVE-2019-14271)" {
	run_ok cman up web
	here 'echo secret >secret'
	inside "ln -s $HERE /tmp/out; ln -s $HERE/secret /tmp/secret; ln -s ../../../../../../../../$HERE/secret /tmp/up"
	for path in /tmp/out/secret /tmp/../../../..$HERE/secret /proc/1/root$HERE/secret /proc/self/root$HERE/secret; do
		run_fails cman cp "web:$path" $HERE/stolen
	done
	for path in /tmp/secret /tmp/up; do
		run_fails cman cp -L "web:$path" $HERE/stolen
	done
	here 'echo planted >planted'
	run_fails cman cp $HERE/planted web:/tmp/out/planted2
	run_fails cman cp $HERE/planted web:/tmp/out
	assert_equal "$(here 'ls -A')" "planted
secret"
	# What comes out may be a link to anywhere: nothing is written through it.
	inside "mkdir /tmp/t /tmp/t/x && echo bad >/tmp/t/x/file"
	here 'mkdir -p to/t elsewhere && ln -s ../../elsewhere to/t/x'
	run_fails cman cp web:/tmp/t $HERE/to
	assert_output_has "Not a directory"
	assert_equal "$(here 'ls -A elsewhere')" ""
}

# swap DIRECTORY LINK: a directory and a link to the host's tree of the same name take turns.
swap_inside() {
	machine timeout 60 "$CMAN" -c $CONF exec web -- sh -c "
		mkdir -p /tmp/race/a && echo inside >/tmp/race/a/file && ln -s $1 /tmp/race/b
		while :; do mv -T /tmp/race/a /tmp/race/c; mv -T /tmp/race/b /tmp/race/a
			mv -T /tmp/race/a /tmp/race/b; mv -T /tmp/race/c /tmp/race/a; done" 3>&- &
	SWAPPER=$!
	wait_until 10 within web test -L /tmp/race/b -o -L /tmp/race/a
}

@test "directories exchanged for links while it copies lead nowhere (CVE-2018-15664)" {
	run_ok cman up web
	here 'mkdir -p victim source/a && echo host >victim/file && echo planted >source/a/planted'
	machine cp -a $HERE/victim $HERE/before
	swap_inside $HERE/victim
	for _ in $(seq 40); do
		machine rm -rf $HERE/out
		run cman cp web:/tmp/race $HERE/out
		[ "$status" -le 1 ]
		run cman cp -L web:/tmp/race/a/file $HERE/out2
		[ "$status" -le 1 ]
		run cman cp $HERE/source/a web:/tmp/race
		[ "$status" -le 1 ]
		run cman cp $HERE/source/a/planted web:/tmp/race/a/planted
		[ "$status" -le 1 ]
		refute machine grep -rqs host $HERE/out $HERE/out2
	done
	machine diff -r $HERE/before $HERE/victim
	kill "$SWAPPER" 2>/dev/null || true
	wait "$SWAPPER" || true
}

@test "nobody inside sees who copies, and it has no file of the host but its pipes" {
	run_ok cman up web
	local copier

	here 'head -c 20000000 /dev/urandom >big'
	slowly $HERE/big web:/tmp
	wait_until 20 has_half $T/rootfs/web/tmp
	copier=$(machine pgrep -P "$(copying)")
	run_ok machine sh -c "for fd in /proc/$copier/fd/*; do readlink \$fd; done"
	assert_equal "$(sed -E 's/:\[[0-9]+\]//; s,.*/[.]cman-[0-9a-f]*$,half,' <<<"$output" | sort -u)" "/dev/null
/tmp
half
pipe
socket"
	run_ok machine grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd|CapInh|CapAmb):' "/proc/$copier/status"
	assert_equal "$(tr -d '\t ' <<<"$output" | sort)" "CapAmb:0000000000000000
CapBnd:000000000000001b
CapEff:000000000000001b
CapInh:0000000000000000
NoNewPrivs:1
Seccomp:2"
	for ns in user mnt net ipc uts cgroup; do
		assert_equal "$(machine readlink "/proc/$copier/ns/$ns")" \
			"$(machine readlink "/proc/$(pid_of web)/ns/$ns")"
	done
	run_ok within web sh -c 'cat /proc/[0-9]*/cmdline | tr "\0" " "'
	[[ $output != *"$CMAN"* ]]
	machine kill -TERM "$(copying)"
	wait "$COPY" || true
	machine rm $T/calls
}

@test "once it has joined nothing is loaded or run" {
	run_ok cman up web
	here 'mkdir d; echo x >d/file; ln -s none d/link'
	traced -f "$CMAN" -c $CONF cp -a $HERE/d web:/tmp
	machine mv $T/calls $T/rootfs/calls
	traced -f "$CMAN" -c $CONF cp -a web:/tmp/d $HERE/e
	machine sh -c "cat $T/calls >>$T/rootfs/calls; rm $T/calls"
	[ "$(machine grep -c 'setns(' $T/rootfs/calls)" -ge 2 ]
	run machine awk '/ setns\(/ { joined[$1] = 1 }
		joined[$1] && /execve|PROT_EXEC|[.]so|\/etc\/|\/proc\// { print }' $T/rootfs/calls
	assert_equal "$output" ""
}
