#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# quota.sh BUILD: what this host may lack: rootfs.size by project quotas of ext4 and xfs, each
# overstepped, and an image that grows, as root with every capability. See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds=v2
memory=1024
processors=2
seconds=1200
needs="mke2fs mkfs.xfs e2fsck"
libraries="$libraries libext2fs.so.2"

extra= # further lines of each file

fail() { echo "FAILED: $*"; cat /tmp/output 2>/dev/null; exit 1; }

# web MEMBERS: its file, with these in rootfs.
web() {
	cat > /etc/cman/conf.d/"${name:-web}".conf <<-END
	rootfs : { path = "/srv/web"; mode = "overlay"; $1 };
	command = [ "/bin/busybox", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	$extra
	END
}

up() { web "$1"; "$cman" up web >/tmp/output 2>&1 || fail "up with $1"; }
down() { "$cman" down web >/tmp/output 2>&1 || fail "down"; }
run() { "$cman" exec web /bin/busybox sh -c "$1" >/tmp/output 2>&1; }
said() { grep -q "$1" /tmp/output || fail "no word of $1"; }

refused() { # MEMBERS WORDS
	web "$1"
	if "$cman" up web >/tmp/output 2>&1; then fail "up with $1 went well"; fi
	said "$2"
}

status() {
	"$cman" status web >/tmp/output || fail "status"
	grep -Eq "disk .*$1" /tmp/output || fail "status: no $1"
}

# One megabyte more than there is room for, then what is said about it.
overstep() { # MEGABYTES
	if run "dd if=/dev/zero of=/big bs=1M count=$(($1 + 1))"; then fail "wrote past $1 MB"; fi
	grep -Eq "No space left|quota exceeded" /tmp/output || fail "no word of the limit"
	run "rm /big" || fail "rm"
}

# Up to the last byte, and started anew: it can be emptied.
full() {
	run 'cat /dev/zero >/full' && fail "no end"
	run 'for i in $(seq 300); do echo $i >/full$i; done; cat /dev/zero >/full0' || true
	"$cman" restart web >/tmp/output 2>&1 || fail "restart when it is full"
	run 'rm /full*' || fail "rm when it is full"
	run 'echo x >/file2 && rm /file2' || fail "write after it was full"
}

without_loops() { ! grep -q /data/ /sys/block/loop*/loop/backing_file 2>/dev/null; }
no_loops() { within 60 without_loops || fail "loop devices are left"; }

# On a file system with project quotas at /data.
project_quota() {
	echo "--- project quota on $1"
	echo "data_dir = \"/data/cman\";" > /etc/cman/container.conf
	echo "1129000000:/elsewhere" > /etc/projects
	echo "elsewhere:1129000001" > /etc/projid
	up 'size = "8M";'
	[ "$(awk '$1 == "web" { print $2 }' /data/cman/projects)" = 1129000002 ] || fail "an id of others was taken"
	status "of 8 MiB \(project quota\)"
	overstep 8
	run 'echo kept >/file; i=0; while [ $i -lt 3000 ]; do : >/etc/file$i || exit 1; i=$((i + 1)); done' &&
		fail "files without content do not end"
	run 'rm -f /etc/file*' || fail "rm"
	# What the container would do to get out of it.
	run "dd if=/dev/zero of=/big bs=1M count=4 && mv /big /tmp/big && dd if=/dev/zero of=/big bs=1M count=5" &&
		fail "moved out of the quota"
	run 'rm -f /big /tmp/big'
	down
	up 'size = "8M";'
	[ "$("$cman" exec web /bin/busybox cat /file)" = kept ] || fail "not kept"
	run 'dd if=/dev/zero of=/big bs=1M count=7' || fail "7 MB"
	down
	# Larger at once; smaller as well, unless more is in use.
	up 'size = "20M";'
	status "of 20 MiB"
	run 'dd if=/dev/zero of=/more bs=1M count=10' || fail "10 MB more"
	down
	refused 'size = "8M";' "take 17[.0-9]* MiB, more than 8M"
	up 'size = "20M";'
	run 'rm /more /big' || fail "rm"
	down
	up 'size = "8M";'
	run 'dd if=/dev/zero of=/x bs=1M count=2' || fail "2 MB"
	full
	down
	up ''
	run 'dd if=/dev/zero of=/big bs=1M count=16' || fail "still limited"
	run 'rm /big /x'
	down
	# Another container is another project.
	name=other web 'size = "8M";'
	"$cman" up other >/tmp/output 2>&1 || fail "up other"
	up 'size = "8M";'
	run 'dd if=/dev/zero of=/x bs=1M count=6' || fail "6 MB"
	"$cman" exec other /bin/busybox dd if=/dev/zero of=/x bs=1M count=6 2>/dev/null || fail "other: 6 MB"
	"$cman" down web other >/tmp/output 2>&1 || fail "down"
	rm /etc/cman/conf.d/other.conf
	[ ! -e /data/cman/overlays/web.ext4 ] || fail "there is an image"
	# A project of somebody's with a quota is left alone, whatever the files say.
	rm -r /data/cman
	up 'size = "8M";'
	id=$(awk '$1 == "web" { print $2 }' /data/cman/projects)
	[ "$id" = 1129000004 ] || fail "the project $id has a quota already"
	# Without a user namespace it could leave the project: it is an image then.
	run 'echo x >/x'
	down
	extra='security : { userns = "none"; };'
	refused 'size = "8M";' "were limited by a project quota"
	said "only an image"
	rm -r /data/cman/overlays
	up 'size = "16M";'
	status "\(image\)"
	overstep 16
	down
	no_loops
	extra=
	# Changes that were made without.
	rm -r /data/cman/overlays
	up ''
	run 'echo x >/x'
	down
	refused 'size = "8M";' "were made without this limit"
	mv /data/cman/overlays/web /data/cman/overlays/web.old
	up 'size = "8M";'
	down
	cp -a /data/cman/overlays/web.old/upper/. /data/cman/overlays/web/upper/
	up 'size = "8M";'
	run 'cat /x' || fail "not taken over"
	run "dd if=/dev/zero of=/x bs=1M count=9" && fail "what was taken over is not counted"
	down
}

image() {
	echo "--- an image on $1"
	echo "data_dir = \"/data/cman\";" > /etc/cman/container.conf
	up 'size = "16M";'
	status "\(image\)"
	run 'echo kept >/file' || fail "write"
	overstep 16
	full
	down
	no_loops
	size=32
	for next in 64 200 300; do
		up "size = \"${size}M\";"
		run "dd if=/dev/zero of=/big bs=1M count=$((size / 2))" || fail "grown to ${size}M: no room"
		overstep $size
		[ "$("$cman" exec web /bin/busybox cat /file)" = kept ] || fail "not kept"
		down
		no_loops
		e2fsck -fn /data/cman/overlays/web.ext4 >/tmp/output 2>&1 || fail "e2fsck at $size"
		size=$next
	done
	refused 'size = "16M";' "cannot be made smaller"
	no_loops
	# Killed before what is in it has grown: the file is longer, and the next start makes it good.
	truncate -s 300M /data/cman/overlays/web.ext4
	up 'size = "300M";'
	status "of 2[0-9][0-9](\.[0-9])? MiB"
	down
	e2fsck -fn /data/cman/overlays/web.ext4 >/tmp/output 2>&1 || fail "e2fsck"
	no_loops
}

mounted() { # TYPE OPTIONS
	mount -t "$1" -o "$2" "$disk" /data
}

inside() {
	cman=$build/cman
	# By its path: busybox has an ext2 one of that name.
	mke2fs=/usr/sbin/mke2fs
	prepare_host
	mkdir /data
	chmod 755 /data
	modprobe quota_v2
	modprobe xfs
	truncate -s 600M /disk.img
	disk=$(losetup -f)
	losetup "$disk" /disk.img
	"$mke2fs" -q -t ext4 -O project,quota "$disk" 64M
	mounted ext4 prjquota
	project_quota ext4
	umount /data
	mounted ext4 noquota 2>/dev/null || mounted ext4 defaults
	refused 'size = "8M";' "were limited by a project quota"
	said "prjquota"
	umount /data
	"$mke2fs" -q -F -t ext4 "$disk"
	mounted ext4 defaults
	image ext4
	umount /data
	mkfs.xfs -q -f "$disk"
	mounted xfs pquota
	project_quota xfs
	umount /data
	mounted xfs defaults
	rm -r /data/cman
	image xfs
	umount /data
	echo "passed"
}

outside() {
	for program in rm mv seq; do ln -s busybox "$tree/files/web/bin/$program"; done
}

run_test "$@"
