#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2046 # pairs of words
# Root filesystems, names and files made by somebody who means harm: a clear error or no harm, and
# the host as it was. What lies in mounts, sysctls and masks is in mounts.bats, what can be done
# from inside in probe.bats.
load lib

PROBE=${CMAN%/*}/probe_hostile
A_LONG_NAME=$(printf 'a%.0s' {1..1000})

# What links of the image lead to, and what must be as before afterwards.
canary() {
	machine mkdir -p $T/canary/sub
	machine sh -c "echo canary >$T/canary/file; cp /run/rootfs/etc/passwd $T/canary/passwd;
		echo 'canary:x:0:0::/:/bin/sh' >>$T/canary/passwd"
	machine cp /run/rootfs/bin/busybox $T/canary/tool
	canary_state >"$BATS_TEST_TMPDIR/canary"
}
canary_state() {
	machine find $T/canary -printf '%p %y %m %U:%G %s %T@ %C@\n' | sort
	machine cat $T/canary/file $T/canary/passwd
	machine grep -c canary /proc/self/mounts || true
}
assert_canary() { canary_state | diff "$BATS_TEST_TMPDIR/canary" -; }

# put KIND PATH: replaces what is in the image, which keep and restore bring back.
put() {
	local image=$T/rootfs/web

	case $1 in
	absolute) machine ln -s $T/canary "$image/$2" ;;
	climbing) machine ln -s ../../../../../../../../../..$T/canary/passwd "$image/$2" ;;
	circle) machine ln -s "${2##*/}" "$image/$2" ;;
	dangling) machine ln -s nowhere "$image/$2" ;;
	magic) machine ln -s /proc/1/root$T/canary/passwd "$image/$2" ;;
	fifo) machine mkfifo "$image/$2" ;;
	character) machine mknod "$image/$2" c 1 5 ;;
	block) machine mknod "$image/$2" b 7 0 ;;
	socket) machine "$PROBE" socket "$image/$2" ;;
	file) machine sh -c "echo file >'$image/$2'" ;;
	directory) machine mkdir -m 755 "$image/$2" ;;
	esac
}
keep() { machine mv "$T/rootfs/web/$1" $T/kept; }
restore() { machine rm -rf "$T/rootfs/web/$1"; machine mv $T/kept "$T/rootfs/web/$1"; }

EVERYTHING="absolute climbing circle dangling magic fifo character block socket file directory"

# With each kind in the place of PATH "up" fails with TEXT, and with HINT unless it is "".
refused() { # TEXT HINT PATH KIND...
	local text=$1 hint=$2 path=$3 kind

	shift 3
	keep "$path"
	for kind in "$@"; do
		put "$kind" "$path"
		run_fails cman up web
		assert_output_has "cman: error: web: " "$T/conf.d/web.conf:" "$text" "$hint"
		[[ $output != *canary:* ]]
		machine rm -rf "$T/rootfs/web/$path"
	done
	restore "$path"
	run_fails cman status web
	assert_canary
	assert_unchanged
}

taken() { # PATH KIND...
	local path=$1 kind

	shift
	keep "$path"
	for kind in "$@"; do
		put "$kind" "$path"
		run_ok cman up web
		[ "$path" != etc/passwd ] || run_fails within web grep canary /etc/passwd
		run_ok cman down web
		machine rm -rf "$T/rootfs/web/$path"
	done
	restore "$path"
	assert_canary
	assert_unchanged
}

prepare() { canary; }

@test "proc, sys, dev and etc as links, FIFOs, devices, sockets and files" {
	sleeper web </dev/null
	for path in proc sys dev; do
		refused "open $path in the root filesystem: Not a directory" \
			"$T/rootfs/web/$path must be a directory and no symbolic link" \
			$path ${EVERYTHING% directory}
	done
	refused "open etc in the root filesystem: " "$T/rootfs/web/etc must be a directory" etc \
		circle fifo character block socket file
	refused "open etc in the root filesystem: " \
		"hint: the symbolic link $T/rootfs/web/etc leads to where there is nothing" \
		etc absolute climbing dangling magic
}

@test "resolv.conf, hosts and hostname as whatever: covered, never followed, never opened" {
	sleeper web </dev/null
	for name in resolv.conf hosts hostname; do
		taken etc/$name ${EVERYTHING% directory}
		refused "/etc: mount on $name: " "$T/rootfs/web/etc/$name must not be a directory" \
			etc/$name directory
	done
}

@test "passwd and group as links, FIFOs, devices and sockets do not hold cman up, nor lead out" {
	sleeper web <<<'user = "nobody";'
	for name in passwd group; do
		refused "/etc/$name in the root filesystem is a FIFO, not a file" "put a file there, or remove it" etc/$name fifo
		refused "/etc/$name in the root filesystem is a device, not a file" "put a file there, or remove it" etc/$name character block
		refused "/etc/$name in the root filesystem is a socket, not a file" "put a file there, or remove it" etc/$name socket
		refused "/etc/$name in the root filesystem is a directory, not a file" "put a file there, or remove it" etc/$name directory
		refused "open etc/$name in the root filesystem: Too many levels of symbolic links" "" etc/$name \
			circle magic
	done
	# The fault is that of user, in its line.
	refused "web: user ($T/conf.d/web.conf:3): user nobody: no user \"nobody\" in /etc/passwd" \
		"name one that is there, or a number" etc/passwd absolute climbing dangling file
	taken etc/group climbing dangling file
}

@test "the program, its interpreter and the working directory as links and what cannot be run" {
	sleeper web <<<'working_dir = "/tmp";'
	refused "run /bin/sh: No such file or directory" "there is no such program in the root filesystem" bin/sh absolute climbing dangling
	refused "run /bin/sh: Too many levels of symbolic links" "" bin/sh circle
	refused "run /bin/sh: Permission denied" "the file is not executable for this user" bin/sh fifo character block socket file
	refused "run /bin/sh: Permission denied" "it is a directory" bin/sh directory
	refused "working_dir ($T/conf.d/web.conf:3): enter working_dir /tmp: " "" tmp \
		absolute climbing circle dangling fifo character socket file
	# Magic links are the kernel's, and those of the container's own /proc.
	keep tmp
	for to in /proc/self/cwd /proc/1/cwd /proc/1/root /proc/self/fd/3 /proc/self/fd/10; do
		machine ln -sfn $to $T/rootfs/web/tmp
		run cman up web
		[ "$status" != 0 ] || {
			run_ok within web pwd -P
			assert_match "$output" '^/'
			run_fails within web ls ../../../../..$T/canary
		}
		run_ok cman down web
	done
	restore tmp
	machine sh -c "printf '#!/usr/bin/none\n' >$T/rootfs/web/bin/script; chmod 755 $T/rootfs/web/bin/script"
	container web <<<"rootfs = \"$T/rootfs/web\"; command = \"/bin/script\";"
	run_fails cman up web
	assert_output_has "its interpreter is not in the root filesystem"
	assert_canary
}

# CVE-2024-21626: what the kernel resolves for execve(2) it resolves before it closes anything.
@test "no open descriptor leads the program, or its interpreter, out of the container" {
	local n up path="" userns

	for n in {3..40}; do
		for up in "" /.. /../.. /../../.. /../../../..; do
			path+=:/proc/self/fd/$n$up/canary:/proc/self/fd/$n$up$T/canary
		done
	done
	for userns in auto none; do
		container web <<-EOF
		rootfs = "@rootfs@"; command = [ "tool" ];
		environment = [ "PATH=${path#:}" ];
		security: { userns = "$userns"; };
		EOF
		run_fails cman up web
		assert_output_has "no such program in any directory of PATH"
	done
	assert_canary
}

@test "a place of mounts that is a link to the outside is not made there by the hint" {
	make_rootfs web
	machine mkdir $T/rootfs/web/place
	sleeper web <<<"mounts = ( { type = \"tmpfs\"; target = \"/place\"; } );"
	refused "/place: open /place in the root filesystem: No such file" \
		"a symbolic link in the root filesystem leads to where there is nothing in it" place \
		absolute climbing dangling
	refused "web: mounts[0] ($T/conf.d/web.conf:3): /place: " "" place ${EVERYTHING% directory}
	taken place directory
}

# swap_while ROUNDS PAIR...: brings web up and down while the pairs are exchanged.
swap_while() {
	local rounds=$1 up=0 failed=0 swapper

	shift
	machine rm -f $T/kept
	machine "$PROBE" swap $T/kept "$@" >"$BATS_TEST_TMPDIR/swapped" 2>&1 3>&- &
	swapper=$!
	for _ in $(seq "$rounds"); do
		run machine timeout -k 5 20 "$CMAN" -c $CONF up web
		[ "$status" -lt 124 ] || { echo "up: status $status: $output"; return 1; }
		if [ "$status" = 0 ]; then
			up=$((up + 1))
			run machine timeout -k 5 20 "$CMAN" -c $CONF exec web -- /bin/cat /etc/resolv.conf
			[ "$status" -lt 124 ] || [ "$status" -ge 125 ] || return 1
			[[ $output != *canary* ]]
		else
			failed=$((failed + 1))
			assert_output_has "error: "
			run_fails cman status web
		fi
		run_ok cman down web
		assert_canary
	done
	machine touch $T/kept
	wait $swapper || { cat "$BATS_TEST_TMPDIR/swapped"; return 1; }
	# Else there was no race.
	echo "up $up, failed $failed, swapped $(cat "$BATS_TEST_TMPDIR/swapped")"
	[ "$(cat "$BATS_TEST_TMPDIR/swapped")" -gt 1000 ]
	machine rm -f $T/kept
	snapshot_without_swapper
}

snapshot_without_swapper() { wait_until 5 is_unchanged || assert_unchanged; }

# other NAME TARGET: beside NAME of the image a link NAME.link to TARGET.
other() { machine ln -s "$2" "$T/rootfs/web/$1.other"; echo "$T/rootfs/web/$1" "$T/rootfs/web/$1.other"; }

@test "proc, sys, dev, etc exchanged for links to the outside while cman works" {
	sleeper web </dev/null
	for name in proc sys dev etc; do
		swap_while 10 $(other $name $T/canary)
		machine rm $T/rootfs/web/$name.other
	done
	swap_while 10 $(other proc $T/canary) $(other sys /) $(other dev /proc/1/root)
}

@test "files in etc exchanged for links, FIFOs and directories while cman works" {
	sleeper web <<<'user = "nobody";'
	machine mkfifo $T/rootfs/web/etc/passwd.fifo $T/rootfs/web/etc/group.fifo
	machine mkdir $T/rootfs/web/etc/hosts.directory
	swap_while 20 $(other etc/resolv.conf $T/canary/file) \
		$T/rootfs/web/etc/passwd $T/rootfs/web/etc/passwd.fifo
	swap_while 20 $(other etc/hostname ../../../../../..$T/canary/file) \
		$T/rootfs/web/etc/group $T/rootfs/web/etc/group.fifo
	swap_while 10 $T/rootfs/web/etc/hosts $T/rootfs/web/etc/hosts.directory
	swap_while 10 $T/rootfs/web/etc $(other etc $T/canary | cut -d' ' -f2)
}

@test "places of mounts, masked paths and the program exchanged while cman works" {
	make_rootfs web
	machine mkdir -p $T/rootfs/web/place $T/rootfs/web/secret $T/rootfs/web/fixed
	sleeper web <<-EOF
	mounts = ( { type = "tmpfs"; target = "/place"; } );
	security : { masked_paths = [ "/secret" ]; readonly_paths = [ "/fixed" ]; };
	EOF
	swap_while 30 $(other place $T/canary) $(other secret $T/canary/sub) $(other fixed /proc/1/root$T/canary)
	swap_while 10 $(other bin/sh $T/canary/file) $(other tmp $T/canary)
}

@test "overlay and volatile: what lies below is exchanged while cman works" {
	make_rootfs web
	for mode in volatile overlay; do
		container web <<-EOF
		rootfs : { path = "$T/rootfs/web"; mode = "$mode"; };
		command = [ "/bin/sleep", "1000" ];
		stop_signal = "SIGKILL";
		EOF
		swap_while 10 $(other proc $T/canary) $T/rootfs/web/etc $(other etc $T/canary | cut -d' ' -f2)
		machine rm $T/rootfs/web/etc.other $T/rootfs/web/proc.other
	done
}

@test "a rootfs that is /, relative, or behind /proc" {
	for rootfs in / // /.. /usr/../ /proc/1/root /proc/self/root /proc/self/cwd; do
		container web <<<"rootfs = \"$rootfs\";"
		run_fails cman up web
		assert_output_has "$T/conf.d/web.conf:1:10: error: rootfs: the host's own root cannot be one"
	done
	for rootfs in . rel ../rel ./rel; do
		container web <<<"rootfs = \"$rootfs\";"
		run_fails cman up web
		assert_output_has "web.conf:1:10: error: rootfs: \"$rootfs\" is not an absolute path" "begin it with /"
	done
	for rootfs in '/us\nr' '/us\x1b[2Jr'; do
		container web <<<"rootfs = \"$rootfs\";"
		run_fails cman up web
		assert_output_has "control characters are not allowed in a path"
		[[ $output != *$'\e'* ]]
	done
	container web <<<"rootfs = \"/$A_LONG_NAME\";"
	run_fails cman up web
	assert_output_has "File name too long"
}

@test "files of containers that are no files, too large, full of NULs, or lead nowhere" {
	local file=$T/conf.d/web.conf

	sleeper good </dev/null
	wrong() { # TEXT SCRIPT
		machine rm -rf $file
		machine sh -c "$2"
		run_fails cman check
		assert_output_has "$file: error: $1"
		run_fails cman up web
		assert_output_has "$file: error: $1"
		# The others have nothing to do with it.
		run_ok cman up good
		run_ok cman down good
	}
	wrong "it is a directory, not a file" "mkdir $file"
	wrong "it is a FIFO, not a file" "mkfifo $file"
	wrong "it is a device, not a file" "mknod $file c 1 5"
	wrong "it is a device, not a file" "mknod $file c 5 0"
	wrong "it is a socket, not a file" "$PROBE socket $file"
	wrong "the file is larger than 1048576 bytes" "head -c 104857600 /dev/zero | tr '\\0' '#' >$file"
	wrong "the file is larger than 1048576 bytes" "truncate -s 1T $file"
	wrong "there is a NUL byte in line 1" "head -c 100000 /dev/zero >$file"
	wrong "there is a NUL byte in line 2" "printf 'rootfs = \"/usr\";\\n\\0' >$file"
	wrong "No such file or directory" "ln -s nowhere $file"
	wrong "Too many levels of symbolic links" "ln -s web.conf $file"
	wrong "$file is writable by everybody" "echo 'rootfs = \"/usr\";' >$file; chmod 666 $file"
	wrong "$file is writable by its group" "echo 'rootfs = \"/usr\";' >$file; chmod 660 $file"
	wrong "$file belongs to user 1000" "echo 'rootfs = \"/usr\";' >$file; chown 1000 $file"
	wrong "$T/open is writable by everybody" "mkdir -p -m 777 $T/open; chmod 777 $T/open
		echo 'rootfs = \"/usr\";' >$T/open/web.conf; ln -s $T/open/web.conf $file"
	machine rm -rf $file $T/open
}

@test "the manager file and conf_dir as what they should not be" {
	sleeper web </dev/null
	cp "$(path $CONF)" "$BATS_TEST_TMPDIR/manager"
	for kind in "a directory" "a FIFO" "a device"; do
		machine rm -f $CONF
		case $kind in
		"a directory") machine mkdir $CONF ;;
		"a FIFO") machine mkfifo $CONF ;;
		*) machine mknod $CONF c 1 5 ;;
		esac
		run_fails cman up web
		assert_output_has "$CONF: error: it is $kind, not a file"
		machine rm -rf $CONF
	done
	write_manager
	machine mv $T/conf.d $T/conf.kept
	for kind in file fifo dangling; do
		case $kind in
		file) machine touch $T/conf.d ;;
		fifo) machine mkfifo $T/conf.d ;;
		dangling) machine ln -s nowhere $T/conf.d ;;
		esac
		run_fails cman up web
		assert_output_has "conf.d"
		machine rm $T/conf.d
	done
	machine mv $T/conf.kept $T/conf.d
	machine chmod 777 $T/conf.d
	run_fails cman up web
	assert_output_has "$T/conf.d is writable by everybody" "chmod go-w $T/conf.d"
	machine chmod 755 $T/conf.d
	run_ok cman up web
}

@test "@include of a directory, a FIFO, a device, itself, and files of others" {
	local file=$T/conf.d/web.conf

	machine mkfifo $T/fifo
	machine sh -c "head -c 104857600 /dev/zero | tr '\0' '#' >$T/big; touch $T/open; chmod 666 $T/open
		echo '@include \"b.inc\"' >$T/conf.d/a.inc; echo '@include \"a.inc\"' >$T/conf.d/b.inc"
	includes() { # TEXT FILE
		printf '@include "%s"\nrootfs = "/usr";\n' "$2" >"$(path $file)"
		run_fails cman up web
		assert_output_has "$1"
	}
	includes "web.conf:1:10: error: cannot include \"$T/canary/sub\": it is a directory, not a file" $T/canary/sub
	includes "cannot include \"$T/fifo\": it is a FIFO, not a file" $T/fifo
	for device in /dev/zero /dev/tty /dev/null /dev/random; do
		includes "cannot include \"$device\": it is a device, not a file" $device
	done
	includes "the file is larger than 1048576 bytes" $T/big
	includes "$T/open is writable by everybody" $T/open
	includes "cannot include \"$T/conf.d/nowhere\": No such file" nowhere
	includes "File name too long" "$A_LONG_NAME"
	includes "b.inc:1:10: error: \"$T/conf.d/a.inc\" includes itself" a.inc
	includes "\"$file\" includes itself" web.conf
	machine rm $T/fifo $T/big $T/open
}

@test "names of containers that climb, hold newlines or escapes, or are too long" {
	sleeper good </dev/null
	for name in 'a b' $'a\nb' $'a\e[2Jb' -rf 'ü' $'\xff' "${A_LONG_NAME:0:64}" "${A_LONG_NAME:0:250}" A; do
		echo 'rootfs = "/usr";' >"$(path $T/conf.d)/$name.conf"
		run_fails cman check
		assert_output_has "cannot be the name of a container" "1 to 63 small letters, digits and '-'"
		[[ $output != *$'\e'* && $output != *$'\xff'* ]]
		run_fails cman up -- "$name"
		assert_output_has "no container "
		run_ok cman up good
		rm "$(path $T/conf.d)/$name.conf"
	done
	for name in ../good ../../etc/passwd conf.d/good / . .. '' $'good\n' $'\e[31m' "$A_LONG_NAME"; do
		for command in up down status logs kill show restart; do
			run_fails cman $command -- "$name"
			assert_output_has 'no container "'
			[[ $output != *$'\e'* ]]
		done
		run -125 cman exec "$name" -- /bin/true
		assert_output_has 'no container "'
	done
	run_ok cman down good
	assert_unchanged
}

@test "values that climb, hold newlines or escapes, or are too long" {
	says() { # TEXT SETTING
		container web <<-EOF
		rootfs = "/usr"; command = "/x";
		$2
		EOF
		run_fails cman up web
		assert_output_has "$T/conf.d/web.conf:2:" "$1"
		[[ $output != *$'\e'* ]]
	}
	for name in "$A_LONG_NAME" 'a\nb' '../x' '\x1b[31m' '\xc2\x9b31m'; do
		says 'is not a host name' "hostname = \"$name\";"
		says 'cannot be a name' "net : { network = \"$name\"; };"
		says 'is not a user' "user = \"$name:$name\";"
		says 'is not a host name' "extra_hosts = [ \"$name=192.0.2.7\" ];"
		says 'is not a host name' "dns_search = [ \"$name\" ];"
		says 'is not a name server' "dns = [ \"192.0.2.7 $name\" ];"
		says 'is not an environment variable' "environment = [ \"$name \n=x\" ];"
		says 'is not a label' "labels = [ \"$name?=x\" ];"
	done
	says 'control characters are not allowed in a label' 'labels = [ "a=b\nc" ];'
	says 'is not a label' "labels = [ \"a=$A_LONG_NAME\" ];"
	says 'control characters are not allowed' 'description = "a\x1b[31m";'
	says 'control characters are not allowed' 'description = "a\xc2\x9b31m";'
	says '".." is not allowed in it' 'mounts = ( { source = "/usr"; target = "/../x"; } );'
	says '".." is not allowed in it' 'mounts = ( { source = "/usr/../etc"; target = "/x"; } );'
	says 'control characters are not allowed in a path' 'mounts = ( { source = "/usr"; target = "/a\nb"; } );'
	says 'the path is too long' "mounts = ( { source = \"/usr\"; target = \"/$(printf 'a%.0s' {1..5000})\"; } );"
	says '".." is not allowed in it' 'security : { masked_paths = [ "/../../etc" ]; };'
	says 'is not a sysctl' 'security : { sysctls = [ "net/../kernel/core_pattern=x" ]; };'
	says 'is not a value' 'security : { sysctls = [ "net.core.somaxconn=1\nx" ]; };'
	says 'it is a device, not a file' 'security : { seccomp = "/dev/zero"; };'
	says 'is not a file that may be written' 'limits : { raw = [ "../x=1" ]; };'
}

@test "long and odd values that are right arrive as they are" {
	container web <<-EOF
	rootfs = "@rootfs@";
	environment = [ "LINES=a\nb\x1b[0m", "LONG=$A_LONG_NAME" ];
	command = [ "/bin/sh", "-c", "printf '%s' \"\$LINES\$LONG\$1\" | md5sum; exec sleep 1000", "sh", "x\ny$A_LONG_NAME" ];
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up web
	wait_until 10 machine grep -q . $T/log/web.log
	run_ok cman logs web
	assert_equal "${output%% *}" "$(printf 'a\nb\e[0m%sx\ny%s' "$A_LONG_NAME" "$A_LONG_NAME" | md5sum | cut -d' ' -f1)"
	# A component that no file system has.
	sleeper web <<<"mounts = ( { type = \"tmpfs\"; target = \"/$A_LONG_NAME\"; } );"
	run_ok cman down web
	run_fails cman up web
	assert_output_has "mounts[0]" "File name too long"
}
