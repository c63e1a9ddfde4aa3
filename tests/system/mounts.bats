#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the file system of a container is made of.
load lib

@test "read_only: nothing in the rootfs can be changed, by init or by exec" {
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	machine mount -t tmpfs sub $T/rootfs/web/data
	sleeper web <<<'read_only = true;'
	run_ok cman up web
	for path in /x /etc/x /tmp/x /data/x; do
		run_fails within web touch $path
		assert_output_has "Read-only file system"
	done
	run_fails within web sh -c 'echo x >/etc/passwd'
	run_fails within web mount -o remount,rw /
	run_ok within web sh -c 'touch /dev/shm/x && cat /etc/hostname'
	assert_equal "$output" web
	run_ok cman down web
	run_ok machine touch $T/rootfs/web/x $T/rootfs/web/data/x
	machine umount $T/rootfs/web/data
}

@test "read_only = false: the rootfs is writable" {
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web touch /x
}

# A directory of the host with a file in it.
host_directory() { # NAME
	machine mkdir -p "$T/host/$1"
	machine sh -c "echo 'content of $1' >'$T/host/$1/file'"
}

teardown_host() { machine rm -rf "$T/host"; }

@test "mounts: a directory and a file of the host, with the owners of the disk" {
	host_directory data
	machine chown 33:33 $T/host/data/file
	make_rootfs web
	machine mkdir $T/rootfs/web/data $T/rootfs/web/ro
	machine touch $T/rootfs/web/one
	sleeper web <<-EOF
	mounts = ( { source = "$T/host/data"; target = "/data"; },
	           { source = "$T/host/data"; target = "/ro"; read_only = true; options = [ "noexec", "noatime" ]; },
	           { source = "$T/host/data/file"; target = "/one"; read_only = true; } );
	EOF
	run_ok cman up web
	run_ok within web sh -c 'cat /data/file /ro/file /one; stat -c %u:%g /data/file; echo new >/data/new'
	assert_equal "$output" $'content of data\ncontent of data\ncontent of data\n33:33'
	assert_equal "$(machine stat -c %u:%g $T/host/data/new)" 0:0
	for path in /ro/x /one; do
		run_fails within web sh -c "echo x >$path"
		assert_output_has "Read-only file system"
	done
	run_ok machine cat "/proc/$(pid_of web)/mounts"
	assert_match "$output" ' /data [a-z0-9]+ rw,nosuid,nodev,'
	assert_match "$output" ' /ro [a-z0-9]+ ro,nosuid,nodev,noexec,noatime'
	assert_match "$output" ' /one [a-z0-9]+ ro,nosuid,nodev,'
	# Nothing of it outside.
	run_ok machine cat /proc/1/mountinfo
	[[ $output != *"$T/host"* && $output != *"rootfs/web"* ]]
	run_ok cman down web
	teardown_host
}

@test "mounts: tmpfs with size, mode, options, and places made in it" {
	host_directory data
	make_rootfs web
	machine mkdir $T/rootfs/web/big
	sleeper web <<-EOF
	user = "nobody";
	mounts = ( { type = "tmpfs"; target = "/tmp"; size = "1M"; mode = "1777"; options = [ "noexec" ]; },
	           { type = "tmpfs"; target = "/big"; mode = "0700"; },
	           { source = "$T/host/data"; target = "/tmp/deep/down"; },
	           { source = "$T/host/data/file"; target = "/tmp/file"; } );
	EOF
	run_ok cman up web
	run_ok within web sh -c 'cat /tmp/deep/down/file /tmp/file; stat -c "%a %u" /tmp /big; echo x >/tmp/x'
	assert_equal "$output" $'content of data\ncontent of data\n1777 0\n700 0'
	run_fails within web dd if=/dev/zero of=/tmp/zero bs=64k count=32
	assert_output_has "No space left"
	run_fails within web sh -c 'rm -f /tmp/zero; for i in $(seq 1100); do : >/tmp/f$i || exit 1; done'
	run_ok machine cat "/proc/$(pid_of web)/mounts"
	assert_match "$output" ' /tmp tmpfs rw,nosuid,nodev,noexec,.*size=1024k,nr_inodes=1024'
	assert_match "$output" ' /big tmpfs rw,nosuid,nodev,relatime,size=65536k,nr_inodes=16384,mode=700'
	run_ok cman down web
	run_fails machine ls $T/rootfs/web/tmp/x
	teardown_host
}

@test "mounts: /dev/shm and new names below /dev, made by cman" {
	host_directory data
	sleeper web <<-EOF
	mounts = ( { type = "tmpfs"; target = "/dev/shm"; size = "1M"; mode = "1777"; },
	           { source = "$T/host/data/file"; target = "/dev/log"; },
	           { source = "$T/host/data"; target = "/dev/one/two"; } );
	EOF
	run_ok cman up web
	run_ok within web sh -c 'cat /dev/log /dev/one/two/file; df -k /dev/shm | tail -n 1'
	assert_match "$output" $'content of data\ncontent of data\ntmpfs +1024 '
	run_fails machine ls $T/rootfs/web/dev/log
	run_ok cman down web
	teardown_host
}

@test "mounts: what is mounted below the source only with rbind, read-only then as a whole" {
	host_directory data
	make_rootfs web
	machine mkdir $T/host/data/sub $T/rootfs/web/plain $T/rootfs/web/rbind
	machine mount -t tmpfs sub $T/host/data/sub
	machine touch $T/host/data/sub/below
	sleeper web <<-EOF
	mounts = ( { source = "$T/host/data"; target = "/plain"; },
	           { source = "$T/host/data"; target = "/rbind"; options = [ "rbind" ]; read_only = true; } );
	EOF
	run_ok cman up web
	run_fails within web ls /plain/sub/below
	run_ok within web ls /rbind/sub/below
	run_fails within web touch /rbind/sub/x
	assert_output_has "Read-only file system"
	# No device can be opened there, and later mounts of the host stay outside.
	machine mkdir $T/host/data/late
	machine mount -t tmpfs late $T/host/data/late
	machine touch $T/host/data/late/x
	run_fails within web ls /rbind/late/x
	run_ok cman down web
	machine umount $T/host/data/late $T/host/data/sub
	teardown_host
}

@test "mounts: rslave lets later mounts of the host in, and none out" {
	host_directory data
	machine mount --bind $T/host/data $T/host/data
	machine mount --make-shared $T/host/data
	machine mkdir $T/host/data/late
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	sleeper web <<-EOF
	mounts = ( { source = "$T/host/data"; target = "/data"; options = [ "rbind", "rslave" ]; } );
	EOF
	run_ok cman up web
	machine mount -t tmpfs late $T/host/data/late
	machine touch $T/host/data/late/x
	run_ok within web ls /data/late/x
	run_ok machine cat "/proc/$(pid_of web)/mountinfo"
	[[ $output != *" shared:"* && $output == *" master:"* ]]
	run_ok cman down web
	machine umount $T/host/data/late
	machine umount $T/host/data
	teardown_host
}

@test "mounts: no device on them can be opened, and no setuid program gives rights" {
	host_directory data
	machine mknod -m 666 $T/host/data/null c 1 3
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/data\"; options = [ \"suid\" ]; } );"
	run_ok cman up web
	run_fails within web cat /data/null
	assert_output_has "Permission denied"
	run_ok cman down web
	teardown_host
}

@test "mounts: more than fit into one message" {
	host_directory data
	sleeper web <<-EOF
	mounts = ( { type = "tmpfs"; target = "/tmp"; mode = "1777"; }
	$(for i in $(seq 63); do echo ", { source = \"$T/host/data\"; target = \"/tmp/$i\"; }"; done) );
	EOF
	run_ok cman up web
	run_ok within web sh -c 'cat /tmp/1/file /tmp/32/file /tmp/33/file /tmp/63/file | sort -u; ls /tmp | wc -l'
	assert_equal "$output" $'content of data\n63'
	run_ok cman down web
	teardown_host
}

@test "mounts: without a source it fails, or goes on where it is optional" {
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	sleeper web <<<"mounts = ( { source = \"$T/nowhere\"; target = \"/data\"; } );"
	run_fails cman up web
	assert_output_has "mounts[0].source: $T/nowhere: No such file or directory" "web.conf:3:"
	sleeper web <<<"mounts = ( { source = \"$T/nowhere\"; target = \"/data\"; optional = true; } );"
	run_ok cman up web
	assert_output_has "warning" "so it is not mounted"
	run_ok within web ls /data
	assert_equal "$output" ""
}

@test "mounts: a place that is missing, or of the other kind, is an error with its line" {
	host_directory data
	sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/missing/one\"; } );"
	run_fails cman up web
	assert_output_has "mounts[0]" "web.conf:3" "/missing/one" "mkdir -p $T/rootfs/web/missing/one"
	refute machine ls $T/rootfs/web/missing
	sleeper web <<<"mounts = ( { source = \"$T/host/data/file\"; target = \"/tmp\"; } );"
	run_fails cman up web
	assert_output_has "mount a file on it: Is a directory"
	sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/etc/passwd\"; } );"
	run_fails cman up web
	assert_output_has "mount a directory on it: Not a directory"
	teardown_host
}

@test "mounts: symlinks of the rootfs as a place lead nowhere but into it" {
	host_directory data
	host_directory target
	make_rootfs web
	machine ln -s "$T/host/target" $T/rootfs/web/absolute
	machine ln -s ../../../../../../../../../../..$T/host/target $T/rootfs/web/relative
	for link in absolute relative; do
		sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/$link\"; } );"
		run_fails cman up web
		assert_output_has "No such file or directory"
	done
	# The same path inside: that is where it goes.
	machine mkdir -p "$T/rootfs/web$T/host/target"
	for link in absolute relative; do
		sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/$link\"; } );"
		run_ok cman up web
		run_ok within web cat $T/host/target/file
		assert_equal "$output" "content of data"
		assert_equal "$(machine cat $T/host/target/file)" "content of target"
		run_ok cman down web
	done
	teardown_host
}

@test "mounts: a place that a symlink bends to /, /proc, /sys or /dev is refused" {
	host_directory data
	make_rootfs web
	for to in / /proc /proc/self /proc/sys/kernel /sys /sys/fs/cgroup /dev /dev/pts /dev/mqueue; do
		machine ln -sfn $to $T/rootfs/web/link
		sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/link\"; } );"
		run_fails cman up web
		assert_output_has "/link: it leads "
	done
	for to in /proc/self/root /proc/self/cwd /proc/1/fd/3; do
		machine ln -sfn $to $T/rootfs/web/link
		run_fails cman up web
	done
	for to in /dev/null /proc/version /dev/ptmx; do
		machine ln -sfn $to $T/rootfs/web/link
		sleeper web <<<"mounts = ( { source = \"$T/host/data/file\"; target = \"/link\"; } );"
		run_fails cman up web
		assert_output_has "/link: it "
	done
	teardown_host
}

@test "mounts: a FIFO or a device as a place does not hold cman up" {
	host_directory data
	make_rootfs web
	machine mkfifo $T/rootfs/web/fifo
	machine mknod $T/rootfs/web/node c 1 5
	for place in fifo node; do
		sleeper web <<<"mounts = ( { source = \"$T/host/data/file\"; target = \"/$place\"; } );"
		run_fails cman up web
		assert_output_has "neither a regular file nor a socket"
	done
	teardown_host
}

@test "mounts: sources that are symlinks, devices, or within reach of others are refused" {
	host_directory data
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	machine ln -s data $T/host/link
	machine mknod $T/host/node c 1 3
	machine mkfifo $T/host/fifo
	machine mkdir -m 1777 $T/host/open
	machine mkdir $T/host/open/below
	for source in link link/file; do
		sleeper web <<<"mounts = ( { source = \"$T/host/$source\"; target = \"/data\"; } );"
		run_fails cman up web
		assert_output_has "there is a symbolic link in $T/host/$source" "it leads to $T/host/data"
	done
	sleeper web <<<"mounts = ( { source = \"$T/host/node\"; target = \"/data\"; } );"
	run_fails cman up web
	assert_output_has "a device cannot be mounted"
	sleeper web <<<"mounts = ( { source = \"$T/host/open/below\"; target = \"/data\"; } );"
	run_fails cman up web
	assert_output_has "$T/host/open is writable by everybody"
	# A FIFO is a way to talk with the host: nobody opens it here.
	machine touch $T/rootfs/web/fifo
	sleeper web <<<"mounts = ( { source = \"$T/host/fifo\"; target = \"/fifo\"; } );"
	run_ok cman up web
	run_ok within web test -p /fifo
	run_ok cman down web
	teardown_host
}

@test "mounts: a source that cannot be idmapped is an error that names the file system" {
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	sleeper web <<<'mounts = ( { source = "/proc/fs"; target = "/data"; } );'
	run_fails cman up web
	assert_output_has "mounts[0]" "map owners: file system type proc" "web.conf:3"
}

@test "mounts: a place swapped while cman works never leads outside" {
	host_directory data
	host_directory target
	make_rootfs web
	machine mkdir $T/rootfs/web/real
	machine ln -s $T/host/target $T/rootfs/web/link
	machine ln -s real $T/rootfs/web/place
	sleeper web <<<"mounts = ( { source = \"$T/host/data\"; target = \"/place\"; } );"
	machine sh -c "cd $T/rootfs/web; while [ ! -e stop ]; do
		ln -sfn link place; ln -sfn real place; ln -sfn / place; ln -sfn /proc place; done" 3>&- &
	for _ in $(seq 15); do
		run cman up web
		if [ "$status" = 0 ]; then
			run_ok within web cat /real/file
			run_ok cman down web
		fi
		assert_equal "$(machine cat $T/host/target/file)" "content of target"
	done
	machine touch $T/rootfs/web/stop
	wait
	run_ok machine cat /proc/self/mountinfo
	[[ $output != *"host/target"* ]]
	teardown_host
}

@test "masked_paths: files and directories look empty, for exec too" {
	host_directory data
	make_rootfs web
	machine mkdir -p $T/rootfs/web/secret/deep $T/rootfs/web/data
	machine sh -c "echo key >$T/rootfs/web/secret/deep/key; echo key >$T/rootfs/web/key"
	machine ln -s secret $T/rootfs/web/link
	machine ln -s /secret/deep $T/rootfs/web/absolute
	sleeper web <<-EOF
	mounts = ( { source = "$T/host/data"; target = "/data"; } );
	security : { masked_paths = [ "/key", "/absolute", "/data/file", "/proc/uptime", "/missing/one" ]; };
	EOF
	run_ok cman up web
	run_ok within web sh -c 'cat /key /data/file /proc/uptime; ls /secret/deep'
	assert_equal "$output" ""
	run_fails within web touch /secret/deep/x
	assert_output_has "Read-only file system"
	run_ok within web sh -c 'echo x >/key'
	run_fails within web umount /key
	run_ok machine cat $T/rootfs/web/key $T/host/data/file
	assert_equal "$output" $'key\ncontent of data'
	run_ok cman down web
	sleeper web <<<'security : { masked_paths = [ "/link" ]; };'
	run_ok cman up web
	run_ok within web ls /secret
	assert_equal "$output" ""
	run_ok cman down web
	teardown_host
}

@test "readonly_paths: a file, and a directory with what is mounted in it" {
	host_directory data
	make_rootfs web
	machine mkdir -p $T/rootfs/web/srv/data
	sleeper web <<-EOF
	mounts = ( { source = "$T/host/data"; target = "/srv/data"; } );
	security : { readonly_paths = [ "/srv", "/etc/passwd", "/missing" ]; };
	EOF
	run_ok cman up web
	for path in /srv/x /srv/data/x /etc/passwd; do
		run_fails within web sh -c "echo x >>$path"
		assert_output_has "Read-only file system"
	done
	run_ok within web sh -c 'cat /srv/data/file; touch /etc/x'
	run_fails within web mount -o remount,rw /srv
	run_ok cman down web
	teardown_host
}

@test "masked_paths, readonly_paths: a symlink to / or out of the container does no harm" {
	make_rootfs web
	machine rm -rf $T/rootfs/web/root
	machine ln -s / $T/rootfs/web/root
	machine ln -s ../../../..$T $T/rootfs/web/out
	machine ln -s /proc/self/root $T/rootfs/web/magic
	for key in masked_paths readonly_paths; do
		sleeper web <<<"security : { $key = [ \"/root\", \"/out\" ]; };"
		run_fails cman up web
		assert_output_has "security.${key}[0] (" "web.conf:3" "it is the container's root"
		sleeper web <<<"security : { $key = [ \"/out\" ]; };"
		run_ok cman up web
		run_ok machine touch $T/x
		run_ok machine rm $T/x
		run_ok cman down web
		sleeper web <<<"security : { $key = [ \"/magic\" ]; };"
		run_fails cman up web
	done
}

@test "sysctls: of net and of IPC, in the container alone, set before the command starts" {
	before=$(machine cat /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/kernel/sem /proc/sys/kernel/msgmax)
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "cat /proc/sys/net/core/somaxconn; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	security : { sysctls = [ "net.core.somaxconn=77", "net/ipv4/conf/eth0/rp_filter=2",
	             "kernel.sem=250 32000 32 99", "kernel.msgmax=4096", "fs.mqueue.msg_max=11" ]; };
	EOF
	run_ok cman up web
	wait_until 10 machine grep -q . $T/log/web.log
	run_ok cman logs web
	assert_equal "$output" 77
	run_ok within web sh -c 'cd /proc/sys; cat net/core/somaxconn net/ipv4/conf/eth0/rp_filter kernel/sem kernel/msgmax fs/mqueue/msg_max'
	assert_equal "$output" $'77\n2\n250\t32000\t32\t99\n4096\n11'
	assert_equal "$(machine cat /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/kernel/sem /proc/sys/kernel/msgmax)" "$before"
	run_fails within web sh -c 'echo 1 >/proc/sys/net/core/somaxconn'
	run_ok within web sh -c 'ls /proc/1/fd'
	assert_equal "$output" $'0\n1\n2'
}

@test "sysctls: what the kernel does not take is an error with its line, and nothing is left" {
	for setting in net.core.nowhere=1 net.core.somaxconn=many net.core.rmem_max=1; do
		sleeper web <<<"security : { sysctls = [ \"net.ipv4.ip_forward=1\", \"$setting\" ]; };"
		run_fails cman up web
		assert_output_has "security.sysctls[1] (" "web.conf:3"
	done
	sleeper web <<<'security : { sysctls = [ "kernel.core_pattern=|/x" ]; };'
	run_fails cman up web
	assert_output_has "is not the container's alone"
}

@test "sysctls: a rootfs whose proc or sys are traps does not bend them" {
	make_rootfs web
	machine mkdir -p $T/rootfs/web/proc/sys/net/core $T/rootfs/web/fake
	machine sh -c "echo trap >$T/rootfs/web/proc/sys/net/core/somaxconn"
	sleeper web <<<'security : { sysctls = [ "net.core.somaxconn=78" ]; };'
	run_ok cman up web
	run_ok within web cat /proc/sys/net/core/somaxconn
	assert_equal "$output" 78
	assert_equal "$(machine cat $T/rootfs/web/proc/sys/net/core/somaxconn)" trap
}

@test "rootfs volatile: changes are the container's, and gone with it" {
	make_rootfs web
	machine sh -c "mkdir $T/rootfs/web/dir && echo disk >$T/rootfs/web/dir/file && chown 33:33 $T/rootfs/web/dir/file && chmod 750 $T/rootfs/web"
	before=$(machine sh -c "cd $T/rootfs/web && find . | sort | md5sum && cat dir/file")
	container web <<-EOF
	rootfs : { path = "$T/rootfs/web"; mode = "volatile"; size = "2M"; };
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	EOF
	for _ in 1 2; do
		run_ok cman up web
		run_ok within web sh -c 'stat -c %u:%g /dir/file; stat -c %a:%u /; cat /dir/file; echo new >>/dir/file'
		assert_equal "$output" $'33:33\n750:0\ndisk'
		run_ok within web sh -c 'rm -r /www && mkdir /www && touch /www/x && rm /etc/passwd && ls /www && cat /dir/file'
		assert_equal "$output" $'x\ndisk\nnew'
		run_fails within web ls /etc/passwd
		run_fails within web dd if=/dev/zero of=/big bs=64k count=64
		assert_output_has "No space left"
		run_fails within web mknod /node c 1 3
		run_ok machine cat "/proc/$(pid_of web)/mounts"
		assert_output_has 'overlay / overlay rw,nodev,'
		assert_equal "$(grep -c '^overlay' <<<"$output")" 1
		[[ $output != *"/lower"* && $output != *"$T"* ]]
		run_ok cman down web
		assert_equal "$(machine sh -c "cd $T/rootfs/web && find . | sort | md5sum && cat dir/file")" "$before"
	done
}

@test "rootfs volatile and read_only: nothing can be changed" {
	make_rootfs web
	container web <<-EOF
	rootfs : { path = "$T/rootfs/web"; mode = "volatile"; };
	read_only = true;
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	EOF
	run_ok cman up web
	run_fails within web touch /x
	assert_output_has "Read-only file system"
	run_ok cman down web
}

@test "rootfs overlay: changes are kept beside the directory, for each container its own" {
	make_rootfs base
	machine sh -c "echo disk >$T/rootfs/base/file && chown 33:33 $T/rootfs/base/file"
	before=$(machine sh -c "cd $T/rootfs/base && find . | sort | md5sum && cat file")
	for name in a b; do
		container $name <<-EOF
		rootfs : { path = "$T/rootfs/base"; mode = "overlay"; };
		command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
		EOF
	done
	run_ok cman up a b
	run_ok within a sh -c "echo a >>/file && rm -r /www /etc/passwd && mkdir /www && touch /www/a"
	run_ok within b sh -c 'cat /file; ls /etc/passwd /www/a 2>&1 | head -n 1; touch /b'  || true
	run_ok cman down a b
	assert_equal "$(machine sh -c "cd $T/rootfs/base && find . | sort | md5sum && cat file")" "$before"
	assert_equal "$(machine stat -c %u:%g $T/data/overlays/a/upper/www/a $T/data/overlays/a/upper/file)" $'0:0\n33:33'
	assert_equal "$(machine stat -c %a:%u $T/data/overlays/a)" 700:0
	run_ok cman up a b
	run_ok within a sh -c 'cat /file; ls /www; stat -c %u:%g /file; test ! -e /etc/passwd && test ! -e /b'
	assert_equal "$output" $'disk\na\na\n33:33'
	run_ok within b sh -c 'cat /file; test -e /b && test -e /etc/passwd && test ! -e /www/a'
	assert_equal "$output" disk
	run_ok machine cat "/proc/$(pid_of a)/mounts"
	assert_output_has "overlay / overlay rw,nodev,"
	[[ $output != *"$T"* ]]
	run_ok cman down a b
}
