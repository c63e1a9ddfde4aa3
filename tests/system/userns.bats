#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# security.userns: "none" and ranges of one's own choice. What holds inside without a user namespace
# is asked by probe.bats.
load lib

namespace() { machine readlink "/proc/$1/ns/$2"; }
ids_file() { path $T/data/idranges; }

# --- none --------------------------------------------------------------------------------------

@test "none: every kind of namespace but one is its own" {
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	pid=$(pid_of web)
	for kind in pid mnt uts ipc net cgroup; do
		[ "$(namespace "$pid" $kind)" != "$(namespace 1 $kind)" ] || { echo "shared: $kind"; return 1; }
	done
	assert_equal "$(namespace "$pid" user)" "$(namespace 1 user)"
	run_ok within web sh -c 'for kind in /proc/1/ns/*; do readlink $kind; readlink /proc/self/ns/${kind##*/}; done'
	assert_equal "$(uniq -u <<<"$output")" ""
}

@test "none: root is root of the host, no range is given out, the output belongs to root" {
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	assert_equal "$(machine stat -c %u "/proc/$(pid_of web)")" 0
	assert_equal "$(machine stat -c %u:%a $T/state/containers/web/output)" 0:622
	[ ! -e "$(ids_file)" ]
	run_ok within web sh -c 'echo seen >/dev/stdout; touch /tmp/www; chown 33:33 /tmp/www'
	assert_equal "$output" seen
	assert_equal "$(machine stat -c %u:%g $T/rootfs/web/tmp/www)" 33:33
}

@test "none: groups are those of the host, further devices open as their policy says" {
	machine sh -c 'test -e /dev/net/tun' || skip "no /dev/net/tun here"
	sleeper web <<-'EOF'
	supplementary_groups = [ "70000" ];
	security : { userns = "none"; cap_add = [ "MKNOD" ]; devices = ( { path = "/dev/net/tun"; } ); };
	EOF
	run_ok cman check
	assert_output_has "web: host-ids"
	run_ok cman up web
	run_ok within web sh -c 'id -G; : <>/dev/net/tun && echo open'
	assert_output_has 70000 open
	assert_equal "$(within web stat -c %u:%g:%a /dev/net/tun)" "$(machine stat -c %u:%g:%a /dev/net/tun)"
	run_fails within web mknod /tmp/node c 1 3
	run_fails within web mknod /tmp/node b 7 0
}

@test "none: exec, status, logs and down work without today's file" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo began; trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	security : { userns = "none"; };
	EOF
	run_ok cman up web
	sed -i 's/none/auto/' "$(path $T/conf.d/web.conf)"
	run_ok within web cat /proc/self/uid_map
	assert_match "$output" '^ +0 +0 4294967295$'
	run_ok cman status web
	assert_output_has "userns     none"
	assert_equal "$(cman status --json web | jq -r .userns)" none
	assert_equal "$(cman ps --json | jq -c '[.[].marks]')" '[["host-ids","changed"]]'
	machine rm $T/conf.d/web.conf
	run_ok within web id -u
	assert_equal "$output" 0
	run_ok cman status web
	assert_output_has "userns     none"
	run_ok cman logs web
	assert_equal "$output" began
	run_ok cman down web
	assert_unchanged
}

@test "none: restart, failure and the end of the payload leave nothing" {
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	run_ok cman restart web
	machine kill -KILL "$(pid_of web)"
	wait_until 10 is_ended web
	sed -i 's/none/auto/' "$(path $T/conf.d/web.conf)"
	run_ok cman up web
	run_ok within web cat /proc/self/uid_map
	refute grep -q 4294967295 <<<"$output"
	run_ok cman down web
	sed -i 's/auto/none/; s|/bin/sh|/bin/no-such|' "$(path $T/conf.d/web.conf)"
	run_fails cman up web
	assert_output_has /bin/no-such
	assert_unchanged
}
is_ended() { [[ $(cman status "$1") == *exited* ]]; }

@test "none: volumes, a volatile and an overlay rootfs keep their owners" {
	make_rootfs web
	machine mkdir $T/volume $T/rootfs/web/mnt
	machine chown 7:7 $T/volume
	for mode in volatile overlay; do
		sleeper web <<-EOF
		security : { userns = "none"; };
		mounts = ( { source = "$T/volume"; target = "/mnt"; }, { type = "tmpfs"; target = "/tmp"; } );
		EOF
		sed -i "s|^rootfs = \(.*\);|rootfs : { path = \1; mode = \"$mode\"; };|" "$(path $T/conf.d/web.conf)"
		run_ok cman up web
		run_ok within web sh -c 'stat -c %u:%g /mnt; touch /root/made /tmp/made /mnt/made; chown 8 /mnt/made; stat -c %u /root/made'
		assert_equal "$output" $'7:7\n0'
		assert_equal "$(machine stat -c %u $T/volume/made)" 8
		[ ! -e "$(path $T/rootfs/web/root/made)" ]
		run_ok cman down web
	done
	# The layers are of root inside, with a user namespace as without.
	assert_equal "$(machine stat -c %u $T/data/overlays/web/upper/root/made)" 0
	sed -i 's/none/auto/' "$(path $T/conf.d/web.conf)"
	run_ok cman up web
	run_ok within web stat -c %u /root/made
	assert_equal "$output" 0
	run_ok cman down web
	machine rm -r $T/volume $T/data/overlays
}

@test "none: mode and owner of the host's devices cannot be changed, the devices be used" {
	sleeper web <<<'security : { userns = "none"; };'
	before=$(machine stat -c '%n %u %a %Y' /dev/null /dev/zero /dev/tty /dev/full)
	run_ok cman up web
	run within web sh -c 'for f in /dev/null /dev/zero /dev/tty /dev/full /proc/keys /proc/kpageflags; do
		chmod 600 $f && echo changed; chown 1 $f && echo changed; touch $f && echo changed; done
		echo x >/dev/null && echo works'
	refute grep changed <<<"$output"
	assert_output_has works "Read-only file system"
	assert_equal "$(machine stat -c '%n %u %a %Y' /dev/null /dev/zero /dev/tty /dev/full)" "$before"
}

@test "none: what only root of the host may look at is covered" {
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	run within web sh -c 'for f in kmsg kpagecount kpageflags kpagecgroup iomem ioports vmcore allocinfo; do
		[ ! -e /proc/$f ] || head -c 1 /proc/$f 2>/dev/null | wc -c; done
		ls -A /proc/tty/driver /proc/dynamic_debug 2>/dev/null | grep -v :
		for d in /sys/devices/pci*; do [ ! -d $d ] || ls -A $d; done
		for f in /sys/devices/virtual/dmi/id/*serial /sys/devices/virtual/dmi/id/product_uuid; do
			[ ! -e $f ] || cat $f; done'
	assert_equal "$(tr -d '0\n' <<<"$output")" ""
}

# What root inside may do with a descriptor of the host's, in this order: anything.
TAMPER='for fd in 0 1 2; do chmod 4777 /proc/self/fd/$fd; chown 5 /proc/self/fd/$fd
	[ -f /proc/self/fd/$fd ] && echo more >>/proc/self/fd/$fd; done 2>/dev/null; cat; echo out; echo err >&2; exit 7'

@test "none: files that exec is given as streams keep mode, owner and content" {
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	for name in in out err both; do machine sh -c "echo began-$name >$T/$name; chmod 640 $T/$name"; done
	run -7 machine sh -c "$CMAN -c $CONF exec web sh -c '$TAMPER' <$T/in >$T/out 2>>$T/err"
	assert_equal "$(machine cat $T/in $T/out $T/err)" $'began-in\nbegan-in\nout\nbegan-err\nerr'
	run -7 machine sh -c "$CMAN -c $CONF exec web sh -c '$TAMPER' <$T/in >$T/both 2>&1"
	assert_equal "$(machine cat $T/both)" $'began-in\nout\nerr'
	assert_equal "$(machine stat -c %a:%u $T/in $T/out $T/err $T/both | sort -u)" 640:0
	# Read where the caller left off, through a FIFO, all of it; devices.
	run_ok machine sh -c "{ read first; $CMAN -c $CONF exec web cat; } <$T/both"
	assert_equal "$output" $'out\nerr'
	machine sh -c "mkfifo $T/fifo; chmod 600 $T/fifo"
	run -7 machine sh -c "cat $T/in >$T/fifo & $CMAN -c $CONF exec web sh -c '$TAMPER' <$T/fifo"
	assert_equal "$(machine stat -c %a:%u $T/fifo)" 600:0
	run_ok machine sh -c "$CMAN -c $CONF exec web sh -c 'head -c 3000000 /dev/zero' >$T/out; wc -c <$T/out"
	assert_equal "$output" 3000000
	before=$(machine stat -c %a:%u /dev/null)
	run -7 machine sh -c "$CMAN -c $CONF exec web sh -c '$TAMPER' </dev/null >/dev/null 2>/dev/null"
	assert_equal "$(machine stat -c %a:%u /dev/null)" "$before"
	# What is left behind keeps nobody waiting.
	run_ok machine timeout 10 sh -c "$CMAN -c $CONF exec web sh -c 'sleep 30 & echo left' >$T/out; cat $T/out"
	assert_equal "$output" left
	machine rm $T/in $T/out $T/err $T/both $T/fifo
}

@test "a directory is no stream: exec refuses it, with a user namespace and without" {
	sleeper web </dev/null
	sleeper db <<<'security : { userns = "none"; };'
	run_ok cman up web db
	for name in web db; do
		run -125 machine sh -c "$CMAN -c $CONF exec $name cat </"
		assert_output_has "standard input: Is a directory"
	done
}

# --- CVE-2019-5736 -----------------------------------------------------------------------------

OVERWRITE=${CMAN%/*}/overwrite

# A private copy of cman, and a rootfs in which running "/proc/self/exe" is an attack on it.
with_attack() {
	[ -x "$OVERWRITE" ] || { echo "no $OVERWRITE: run make check-system"; return 1; }
	grep -q nostdlib "$SOURCE/Makefile" || skip "needs a machine on which it is built without libc"
	machine mkdir -p $T/bin
	machine cp "$CMAN" "$(dirname "$CMAN")/cman-supervisor" $T/bin/
	CMAN=$T/bin/cman
	make_rootfs web
	loader=$(grep -ao '/lib[a-z0-9_/]*/ld-[a-z0-9._-]*\.so\.[0-9]*' "$(path $CMAN)" | head -1)
	machine mkdir -p "$T/rootfs/web$(dirname "$loader")"
	machine cp "$OVERWRITE" "$T/rootfs/web$loader"
	machine cp "$OVERWRITE" $T/rootfs/web/bin/overwrite
	printf '#!/proc/self/exe\n' >"$(path $T/rootfs/web/bin/script)"
	machine chmod 755 $T/rootfs/web/bin/script
	before=$(machine sha256sum $T/bin/cman $T/bin/cman-supervisor; machine stat -c %a:%u $T/bin/cman)
}

assert_not_overwritten() {
	wait_until 20 machine grep -q ^done $T/rootfs/web/tmp/overwrite
	run_ok machine cat $T/rootfs/web/tmp/overwrite
	# -30: EROFS
	assert_output_has "open -30" "chmod -30" "truncate -30"
	refute grep -q write <<<"$output"
	assert_equal "$(machine sha256sum $T/bin/cman $T/bin/cman-supervisor; machine stat -c %a:%u $T/bin/cman)" "$before"
	machine rm $T/rootfs/web/tmp/overwrite
}

# A payload that becomes the program of cman, in every way there is.
attack() { # LINE of the file
	for command in /proc/self/exe /bin/script /proc/1/exe; do
		container web <<-EOF
		rootfs = "@rootfs@"; command = "$command"; stop_signal = "SIGKILL";
		security : { userns = "none"; $1 };
		EOF
		run_ok cman up web
		assert_not_overwritten
		run_ok cman down web
	done
	sleeper web <<<"security : { userns = \"none\"; $1 };"
	run_ok cman up web
	for command in /proc/self/exe /bin/script; do
		run_ok within web $command
		assert_not_overwritten
	done
	run_ok cman down web
	CMAN=$OLD_CMAN
	machine rm -r $T/bin
}

@test "none: the program of cman cannot be overwritten by those it starts (CVE-2019-5736)" {
	OLD_CMAN=$CMAN
	with_attack
	attack ""
}

@test "none: nor by those that have all capabilities" {
	OLD_CMAN=$CMAN
	with_attack
	attack 'cap_add = [ "ALL" ]; seccomp = "none"; no_new_privs = false;'
}

# In the same cgroup as what is joining: so slow that it can be looked at from outside.
@test "none: the libraries of what joins are on read-only mounts too, its name is kept" {
	sleeper web <<<'security : { userns = "none"; }; limits : { cpus = 0.01; };'
	run_ok cman up web
	for _ in 1 2 3 4 5; do cman exec web /bin/true; done &
	joining=$!
	run_ok machine timeout 30 sh -c "$(cat <<-'EOF'
	while :; do
		for process in /proc/[0-9]*; do
			pid=${process#/proc/}
			{ read name <$process/comm; } 2>/dev/null
			[ "$name" = cman ] && kill -STOP $pid 2>/dev/null || continue
			if ! grep -q "^NSpid:.*	$pid	" $process/status; then
				kill -CONT $pid
				continue
			fi
			for file in $process/exe $process/map_files/*; do
				name=$(readlink $file) || continue
				if (: >>$file); then echo "writable $name"; fi
				echo "seen $name"
			done
			kill -CONT $pid
			exit 0
		done
	done
	EOF
	)"
	wait $joining
	refute grep writable <<<"$output"
	assert_output_has libc.so
	assert_equal "$(grep -v '^seen\|Read-only\|Text file busy' <<<"$output")" ""
	[ "$(grep -c 'Read-only' <<<"$output")" -ge 5 ]
}

@test "none: arguments, directory, environment and streams are those of the caller" {
	sleeper web <<<'environment = [ "FROM_CALLER" ]; security : { userns = "none"; };'
	machine mkdir -p $T/here
	run_ok machine sh -c "cd $T/here && FROM_CALLER='a b' $CMAN -c ../container.conf up web"
	run_ok within web sh -c 'echo "$FROM_CALLER$CMAN_PROTECTED"; pwd; for a; do echo "<$a>"; done' - 'c d' '' -x
	assert_equal "$output" $'a b\n/\n<c d>\n<>\n<-x>'
	run_ok machine sh -c "echo piped | (cd $T/here && $CMAN -c ../container.conf exec web cat)"
	assert_equal "$output" piped
	run_fails machine env CMAN_PROTECTED="0 0 0 0" "$CMAN" -c $CONF ps
	assert_output_has CMAN_PROTECTED
	run_fails machine env CMAN_PROTECTED=x "$CMAN" -c $CONF ps
	assert_output_has CMAN_PROTECTED
	run -3 within web sh -c 'exit 3'
	machine rmdir $T/here
}

@test "the usual way is not run twice" {
	sleeper web </dev/null
	sleeper db <<<'security : { userns = "none"; };'
	for name in web db; do
		traced -e trace=execve,execveat,unshare "$CMAN" -c $CONF up $name >/dev/null
		calls=$(machine grep -c -e '^exec' $T/calls)
		assert_equal "$name $calls" "$name $([ $name = web ] && echo 1 || echo 2)"
	done
	machine rm $T/calls
}

# --- ids chosen by the file --------------------------------------------------------------------

@test "ids of one's own choice: in the maps, over restarts, in status" {
	sleeper web <<<'security : { userns = "0:1000000:70000"; };'
	run_ok cman up web
	run_ok machine cat "/proc/$(pid_of web)/uid_map" "/proc/$(pid_of web)/gid_map"
	assert_equal "$(tr -s ' ' <<<"$output" | sort -u)" " 0 1000000 70000"
	assert_equal "$(machine stat -c %u "/proc/$(pid_of web)" $T/state/containers/web/output | sort -u)" 1000000
	assert_equal "$(cman status --json web | jq -r .userns)" 0:1000000:70000
	run_ok cman restart web
	run_ok within web cat /proc/self/uid_map
	assert_match "$output" '^ +0 +1000000 +70000$'
	assert_equal "$(cat "$(ids_file)")" "web 1000000 70000 chosen"
}

@test "ids that another container has are refused before anything changes" {
	sleeper web </dev/null
	run_ok cman up web
	first=$(machine awk '{ print $2 }' "/proc/$(pid_of web)/uid_map")
	sleeper db <<<"security : { userns = \"0:$((first + 65535)):65536\"; };"
	before=$(snapshot; cat "$(ids_file)")
	run_fails cman up db
	assert_output_has "db.conf:3" security.userns "db may not" "those of container web" "$first"
	assert_equal "$(snapshot; cat "$(ids_file)")" "$before"
	# Between two files: neither is started.
	sleeper a <<<'security : { userns = "0:2000000:65536"; };'
	sleeper b <<<'security : { userns = "0:2065535:65536"; };'
	run_fails cman up a b
	assert_output_has "a.conf:3" "b.conf:3" "by container b too" "by container a too"
	run_fails cman check
	# The pool keeps clear of what was chosen.
	sed -i 's/2065535/589824/' "$(path $T/conf.d/b.conf)"
	machine rm $T/conf.d/db.conf
	run_ok cman up b
	sleeper c </dev/null
	run_ok cman up c
	assert_equal "$(machine awk '{ print $2 }' "/proc/$(pid_of c)/uid_map")" 655360
}

# --- what cannot be mapped ---------------------------------------------------------------------

# A copy of the root filesystem on a file system of its own: TYPE OPTIONS.
on_file_system() {
	make_rootfs web
	machine mkdir -p $T/fs
	machine mount -t "$1" -o "rw" fs $T/fs
	machine chmod 755 $T/fs
	machine cp -a $T/rootfs/web $T/fs/rootfs
	machine mkdir -p $T/fs/rootfs/mnt
	[ -z "$2" ] || machine mount -o "remount,bind,$2" $T/fs
}

on_fs() { # NAME of userns, mode of the rootfs, LINE...
	container web <<-EOF
	rootfs : { path = "$T/fs/rootfs"; mode = "$2"; };
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	security : { userns = "$1"; }; $3
	EOF
}

@test "a rootfs that cannot be mapped: the reason and both ways out, which both work" {
	on_file_system ramfs ""
	for userns in auto 0:1000000:65536; do
		on_fs $userns bind
		run_fails cman up web
		assert_output_has "map owners: file system type ramfs" "keep $T/fs/rootfs on ext4, xfs or btrfs" \
			'security.userns = "none"' "web.conf:1"
	done
	on_fs none bind
	run_ok cman up web
	run_ok within web id -u
	run_ok cman down web
	on_fs none volatile
	run_ok cman up web
	run_ok within web touch /made
	run_ok cman down web
	machine umount $T/fs
	# A volume, and a mount below the rootfs
	sleeper web <<<"mounts = ( { source = \"$T/fs\"; target = \"/mnt\"; } );"
	machine mount -t ramfs fs $T/fs
	machine mkdir -p $T/rootfs/web/mnt
	run_fails cman up web
	assert_output_has "mounts[0]" "file system type ramfs" 'security.userns = "none"'
	sleeper web </dev/null
	machine mount --bind $T/fs $T/rootfs/web/mnt
	run_fails cman up web
	assert_output_has "file system type ramfs on $T/rootfs/web/mnt" "umount $T/rootfs/web/mnt" \
		'security.userns = "none"'
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	run_ok cman down web
	machine umount $T/rootfs/web/mnt
	machine umount $T/fs
	machine rmdir $T/fs
}

# --- file systems mounted with care ------------------------------------------------------------

@test "a rootfs on a read-only file system" {
	on_file_system tmpfs ro
	for userns in auto none; do
		on_fs $userns bind
		run_ok cman up web
		run_fails within web touch /tmp/made
		assert_output_has "Read-only file system"
		run_ok within web sh -c 'echo x >/dev/null && cat /etc/hosts'
		run_ok cman down web
		on_fs $userns volatile
		run_ok cman up web
		run_ok within web touch /tmp/made
		run_ok cman down web
	done
	machine umount $T/fs
	machine rmdir $T/fs
}

@test "a rootfs on a noexec file system: told so" {
	on_file_system tmpfs noexec
	for userns in auto none; do
		for mode in bind volatile; do
			on_fs $userns $mode
			run_fails cman up web
			assert_output_has "run /bin/sh: Permission denied" "mounted noexec" "web.conf:2"
		done
	done
	machine umount $T/fs
	machine rmdir $T/fs
}

@test "a rootfs on a nosuid file system is nosuid inside" {
	on_file_system tmpfs nosuid
	for userns in auto none; do
		for mode in bind volatile; do
			on_fs $userns $mode
			for option in nosuid suid; do
				machine mount -o remount,bind,$option $T/fs
				run_ok cman up web
				run_ok within web sh -c 'grep " / " /proc/mounts'
				[ "$(grep -c "[ ,]nosuid," <<<"$output")" = $((${#option} == 6)) ]
				run_ok cman down web
			done
		done
	done
	machine umount $T/fs
	machine rmdir $T/fs
}

@test "a root filesystem whose owner the container does not have: its overlay is not begun half" {
	make_rootfs web
	machine chown 5000 $T/rootfs/web
	container web <<-EOF
	rootfs : { path = "$T/rootfs/web"; mode = "overlay"; }; command = [ "/bin/sleep", "1000" ];
	security : { userns = "0:300000:1000"; };
	EOF
	for _ in 1 2; do
		run_fails cman up web
		assert_output_has "set the owner and mode of upper: Invalid argument"
	done
	machine chown 0 $T/rootfs/web
	run_ok cman up web
	run_ok within web stat -c "%u %a" /
	assert_equal "$output" "0 755"
}
