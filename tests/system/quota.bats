#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs.size and rootfs.upper of an overlay: its changes end at the limit, and the file system of
# the host does not fill up. Here they are kept in images; project quotas take a kernel that has
# them: tests/vm/quota.sh.
load lib

# overlay NAME MEMBERS...: a container whose changes stay; all share one root filesystem.
overlay() {
	local name=$1

	shift
	[ -d "$(path $T/rootfs/base)" ] || make_rootfs base
	container "$name" <<-EOF
	rootfs : { path = "$T/rootfs/base"; mode = "overlay"; $* };
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	EOF
}

# All namespaces share the loop devices: names that no test beside this one has.
prepare() {
	DATA=$T/data/$CGROUP
	sed -i "s,data_dir = \"$T/data\",data_dir = \"$DATA\"," "$(path $CONF)"
}

image_of() { path "$DATA/overlays/$1.ext4"; }
loops() { cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep -F "$CGROUP/"; }

may_grow() { machine setpriv --dump | grep -q '^Capability bounding set:.*sys_resource'; }

assert_sound() { run_ok e2fsck -fn "$1"; }

no_loops() { ! loops; }
count_devices() { set -- /sys/block/loop*; echo $#; }

assert_clean() {
	wait_until 5 no_loops || { echo "loop devices are left:"; loops; return 1; }
	assert_unchanged
}

@test "size: writing ends at the limit, the image stays sound, and the changes stay" {
	overlay web 'size = "16M";'
	run_ok cman up web
	run_ok within web sh -c 'echo kept >/file; chown 33:33 /file; ln -s file /link; rm /etc/passwd'
	run_fails within web dd if=/dev/zero of=/big bs=64k count=1000
	assert_output_has "No space left on device"
	[ "$(stat -c %b "$(image_of web)")" -le 32768 ]
	run_ok cman status web
	assert_match "$output" 'disk +1[0-9.]+ MiB of 1[0-9.]+ MiB \(image\)'
	run_ok cman status --json web
	assert_equal "$(jq -r '.disk.kind, (.disk.used <= .disk.limit), (.disk.limit <= 16777216)' <<<"$output")" $'image\ntrue\ntrue'
	run_ok within web rm /big
	run_ok within web sh -c 'df -k / | tail -n 1'
	run_ok machine cat "/proc/$(pid_of web)/mounts"
	assert_output_has "overlay / overlay rw,nodev,"
	[[ $output != *ext4* && $output != *loop* && $output != *"$T"* ]]
	run_ok cman down web
	assert_clean
	assert_sound "$(image_of web)"
	run_ok cman restart web
	run_ok within web sh -c 'cat /file /link; stat -c %u:%g /file; test ! -e /etc/passwd && test ! -e /big'
	assert_equal "$output" $'kept\nkept\n33:33'
	run_ok cman down web
	assert_clean
}

@test "size: full up to the last byte, it starts and can be emptied" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run within web sh -c 'cat /dev/zero >/full; for i in $(seq 300); do echo $i >/full$i; done'
	assert_output_has "No space left on device"
	run_ok cman restart web
	run_ok within web sh -c 'rm /full* && rm -r /www && echo x >/file'
	run_ok cman down web
	assert_sound "$(image_of web)"
}

@test "size: what is deleted is given back to the host" {
	overlay web 'size = "64M";'
	run_ok cman up web
	before=$(stat -c %b "$(image_of web)")
	run_ok within web dd if=/dev/zero of=/big bs=64k count=300
	run_ok within web sync
	[ "$(stat -c %b "$(image_of web)")" -gt $((before + 30000)) ]
	run_ok within web sh -c 'rm /big; sync'
	freed() { [ "$(stat -c %b "$(image_of web)")" -lt $((before + 15000)) ]; }
	wait_until 20 freed
}

@test "size: files without content end too" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_fails within web sh -c 'i=0; while [ $i -lt 3000 ]; do : >/file$i || exit 1; i=$((i+1)); done' 2>&1
	assert_output_has "No space left on device"
}

@test "size: the root of the container reaches neither image nor device" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_fails within web sh -c 'mknod /loop b 7 0'
	run_fails within web sh -c 'ls /dev | grep loop'
	run_fails within web mount -o remount,rw /
	run_ok within web sh -c 'test ! -e /lost+found && test ! -e /upper && test ! -e /work'
	assert_equal "$(stat -c %a:%u "$(image_of web)")" 600:0
}

@test "size: two containers, each its own" {
	overlay a 'size = "8M";'
	overlay b 'size = "16M";'
	run_ok cman up a b
	run_ok within a sh -c 'echo a >/a'
	run_fails within a dd if=/dev/zero of=/big bs=64k count=200
	run_ok within b dd if=/dev/zero of=/big bs=64k count=150
	run_fails within b cat /a
	assert_equal "$(loops | sort -u | wc -l)" 2
	run_ok cman down a b
	assert_clean
	assert_sound "$(image_of a)"
	assert_sound "$(image_of b)"
}

@test "size: grown, it grows; made smaller, it says how" {
	overlay web 'size = "16M";'
	run_ok cman up web
	run_ok within web sh -c 'echo kept >/file'
	run_ok cman down web
	overlay web 'size = "200M";'
	if may_grow; then
		run_ok cman up web
		run_ok within web dd if=/dev/zero of=/big bs=1M count=150
		run_ok within web cat /file
		assert_equal "$output" kept
		run_ok cman down web
		assert_sound "$(image_of web)"
	else
		run_fails cman up web
		assert_output_has "rootfs.size" web.conf:1 "make the file system in it larger" CAP_SYS_RESOURCE
		assert_clean
		overlay web 'size = "16M";'
		run_ok cman up web
		run_ok cman down web
	fi
	overlay web 'size = "8M";'
	run_fails cman up web
	assert_output_has "rootfs.size (" web.conf:1 "cannot be made smaller to 8M" "resize2fs"
	assert_clean
}

@test "size: smaller by the way that the message tells" {
	overlay web 'size = "32M";'
	run_ok cman up web
	run_ok within web sh -c 'echo kept >/file'
	run_ok cman down web
	overlay web 'size = "16M";'
	run_fails cman up web
	way=$(sed -n 's/.*with the container down: \(.*\); or write.*/\1/p' <<<"$output")
	[ -n "$way" ]
	run_ok machine sh -c "PATH=\$PATH:/sbin:/usr/sbin; ${way//e2fsck -f/e2fsck -fy}"
	run_ok cman up web
	run_ok within web cat /file
	assert_equal "$output" kept
	run_fails within web dd if=/dev/zero of=/big bs=64k count=300
}

@test "size: a damaged image is an error, and nothing is left" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_ok cman down web
	image=$(image_of web)
	cp "$image" "$(path $T/data/sound)"
	for damage in "seek=1 count=1" "seek=2 count=1" "seek=0 count=64"; do
		cp "$(path $T/data/sound)" "$image"
		# shellcheck disable=SC2086 # words
		dd if=/dev/urandom of="$image" bs=1024 conv=notrunc $damage 2>/dev/null
		run_fails cman up web
		assert_output_has "image $DATA/overlays/web.ext4" "begin anew"
		assert_clean
	done
	cp "$(path $T/data/sound)" "$image"
	debugfs -w -R "set_super_value state 2" "$image" 2>/dev/null
	run_fails cman up web
	assert_output_has "the kernel has found faults in it" "e2fsck -f $DATA/overlays/web.ext4"
	assert_clean
	cp "$(path $T/data/sound)" "$image"
	truncate -s 100K "$image"
	run_fails cman up web
	assert_output_has "it was cut"
	assert_clean
	cp "$(path $T/data/sound)" "$image"
	run_ok cman up web
}

@test "size: a fault found at run time makes it read-only, and the next start tells" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_ok within web sh -c 'mkdir /dir; for i in $(seq 300); do echo $i >/dir/file$i; done'
	run_ok cman down web
	# The blocks of the directory, whose checksums are then wrong.
	for block in $(debugfs -R "blocks /upper/dir" "$(image_of web)" 2>/dev/null); do
		dd if=/dev/zero of="$(image_of web)" bs=1024 seek="$block" count=1 conv=notrunc 2>/dev/null
	done
	run_ok cman up web
	run within web sh -c 'ls /dir; echo x >/dir/x'
	read_only() { ! within web sh -c 'echo x >/x' 2>/dev/null; }
	wait_until 10 read_only
	run_ok cman down web
	run_fails cman up web
	assert_output_has "the kernel has found faults in it"
	assert_clean
}

@test "size: with and without, what is there is never left out without a word" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_ok cman down web
	overlay web ''
	run_fails cman up web
	assert_output_has "rootfs.size" "its changes are in the image" "give rootfs.size"
	assert_clean
	rm "$(image_of web)"
	run_ok cman up web
	run_ok cman down web
	# Nothing was changed: there is nothing to be left out.
	overlay web 'size = "8M";'
	run_ok cman up web
	run_ok cman down web
	rm "$(image_of web)"
	overlay web ''
	run_ok cman up web
	run_ok within web touch /x
	run_ok cman down web
	overlay web 'size = "8M";'
	run_fails cman up web
	assert_output_has "rootfs.size (" "were made without this limit" "move them away"
	assert_clean
	run_ok machine ls "$DATA/overlays/web/upper/x"
}

@test "upper: a directory of one's own, with and without a size" {
	machine mkdir -p $T/host
	overlay web "upper = \"$T/host/changes\";"
	run_ok cman up web
	run_ok within web sh -c 'echo x >/x'
	run_ok cman down web
	assert_equal "$(machine stat -c %a:%u $T/host/changes)" 700:0
	assert_equal "$(machine cat $T/host/changes/upper/x)" x
	[ ! -e "$(path "$DATA/overlays/web")" ]
	overlay web "upper = \"$T/host/other\"; size = \"8M\";"
	run_ok cman up web
	run_fails within web cat /x
	run_ok cman down web
	assert_sound "$(path $T/host/other.ext4)"
	overlay web "upper = \"$T/nowhere/changes\";"
	run_fails cman up web
	assert_output_has "rootfs.upper" web.conf:1 "mkdir -p $T/nowhere"
	machine rm -r $T/host
}

@test "upper: data that is nobody's business is not touched" {
	machine mkdir -p $T/host/work/work
	machine touch $T/host/work/data
	overlay web "upper = \"$T/host\"; size = \"8M\";"
	run_fails cman up web
	assert_output_has "were made without this limit"
	run_ok machine ls $T/host/work/data
	machine rm -r $T/host
}

@test "size: killed while it comes up, by any signal at any point, leaves nothing" {
	overlay web 'size = "8M";'
	for delay in 0.004 0.008 0.012 0.016 0.02 0.025 0.03 0.04 0.05 0.07; do
		machine timeout -s KILL $delay "$CMAN" -c $CONF up web >/dev/null 2>&1 || true
		run_ok cman down web
		assert_clean
	done
	run_ok cman up web
	run_ok cman down web
	assert_sound "$(image_of web)"
}

@test "size: the payload or its supervisor is killed: the device goes" {
	overlay web 'size = "8M";'
	run_ok cman up web
	run_ok within web sh -c 'echo kept >/file; sync'
	machine kill -KILL "$(pid_of web)"
	wait_until 10 no_loops
	run_ok cman up web
	run_ok within web cat /file
	supervisor=$(cman status --json web | jq .supervisor_pid)
	machine kill -KILL "$supervisor"
	run_ok cman down web
	assert_clean
	assert_sound "$(image_of web)"
}

@test "size: an up that fails late takes the image back" {
	overlay web 'size = "8M";'
	sed -i 's,^command.*,command = "/bin/none";,' "$(path $T/conf.d/web.conf)"
	run_fails cman up web
	assert_output_has "/bin/none"
	assert_clean
	run_fails cman up web
	assert_clean
	assert_sound "$(image_of web)"
}

@test "size: a file system of the host that is full" {
	overlay web 'size = "16M";'
	machine mkdir -p "$DATA"
	machine mount -t tmpfs -o size=4M,mode=700 tmpfs "$DATA"
	snapshot >"$BATS_TEST_TMPDIR/before"
	run_ok cman up web
	run within web sh -c 'echo kept >/file; sync; dd if=/dev/zero of=/big bs=64k count=200; sync'
	run_ok cman down web
	assert_clean
	machine mount -o remount,size=32M "$DATA"
	machine sh -c "PATH=\$PATH:/sbin:/usr/sbin; e2fsck -fy $DATA/overlays/web.ext4" || [ $? -le 1 ]
	run_ok cman up web
	run_ok within web cat /file
	assert_equal "$output" kept
	run_ok cman down web
	machine umount "$DATA"
	snapshot >"$BATS_TEST_TMPDIR/before"
}

@test "size: a hundred starts leave no loop device" {
	overlay web 'size = "8M";'
	before=$(count_devices)
	for i in $(seq 50); do
		run_ok cman up web
		run_ok within web sh -c "echo $i >>/file"
		run_ok cman restart web
	done
	run_ok within web sh -c 'wc -l </file'
	assert_equal "$output" 50
	run_ok cman down web
	assert_clean
	[ "$(count_devices)" -lt $((before + 20)) ]
	assert_sound "$(image_of web)"
}

@test "none: without a user namespace the size holds, and owners are the same with one" {
	overlay web 'size = "16M";'
	echo 'security : { userns = "none"; };' >>"$(path $T/conf.d/web.conf)"
	run_ok cman up web
	run_ok within web cat /proc/self/uid_map
	assert_match "$output" '^ +0 +0 4294967295$'
	run_ok within web sh -c 'echo kept >/file; chown 33:33 /file; rm /etc/passwd'
	run_fails within web dd if=/dev/zero of=/big bs=64k count=1000
	assert_output_has "No space left on device"
	run_ok within web rm /big
	run_fails within web sh -c 'i=0; while [ $i -lt 4000 ]; do : >/file$i || exit 1; i=$((i+1)); done' 2>&1
	assert_output_has "No space left on device"
	run_ok within web sh -c 'rm /file?*'
	run_fails within web mknod /loop b 7 0
	run_fails within web sh -c 'ls /dev | grep loop'
	run_ok cman status web
	assert_match "$output" 'of 1[0-9.]+ MiB \(image\)'
	run_ok machine cat "/proc/$(pid_of web)/mounts"
	[[ $output != *ext4* && $output != *loop* && $output != *"$T"* ]]
	run_ok cman restart web
	run_ok within web sh -c 'cat /file; stat -c %u:%g / /file; test ! -e /etc/passwd'
	assert_equal "$output" $'kept\n0:0\n33:33'
	run_ok cman down web
	assert_clean
	assert_sound "$(image_of web)"
	overlay web 'size = "16M";'
	run_ok cman up web
	run_ok within web sh -c 'cat /file; stat -c %u:%g / /file'
	assert_equal "$output" $'kept\n0:0\n33:33'
	run_ok cman down web
	assert_clean
}

@test "status: a volatile one" {
	make_rootfs web
	container web <<-EOF
	rootfs : { path = "$T/rootfs/web"; mode = "volatile"; size = "2M"; };
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	EOF
	run_ok cman up web
	run_ok within web dd if=/dev/zero of=/x bs=64k count=16
	run_ok cman status web
	assert_match "$output" 'disk +1(\.[0-9])? MiB of 2 MiB \(memory\)'
	assert_equal "$(cman status --json web | jq -r .disk.kind)" memory
}
