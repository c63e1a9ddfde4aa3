#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# make-rootfs.sh DIR: a small root filesystem from a static busybox, with all its commands and a
# page in /www. Made beside DIR and then renamed: DIR is complete or not there.
set -eu
umask 022

[ $# = 1 ] || { echo "usage: make-rootfs.sh DIR" >&2; exit 2; }
target=$1
[ ! -e "$target" ] || { echo "make-rootfs: $target is there already" >&2; exit 1; }
busybox=$(command -v busybox) || {
	echo "make-rootfs: no busybox. Debian, Ubuntu: busybox-static; Fedora: busybox" >&2
	exit 1
}

mkdir -p "$(dirname "$target")"
new=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
cd "$new"
mkdir bin dev etc proc root run sys tmp var www
chmod 1777 tmp
cp "$busybox" bin/busybox
chmod 755 bin/busybox
bin/busybox --list | sed 's/.*/[ -e "&" ] || ln -s busybox "&"/' | (cd bin && sh)
if ! chroot . /bin/busybox true 2>/dev/null && [ "$(id -u)" = 0 ]; then
	echo "make-rootfs: $busybox is not static (Debian, Ubuntu: busybox-static)" >&2
	exit 1
fi

cat >etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/bin/false
www-data:x:33:33:www-data:/www:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
END
cat >etc/group <<'END'
root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
users:x:100:www-data
nogroup:x:65534:
END
# Of the container's own, written by cman and laid over these.
: >etc/hosts
: >etc/hostname
: >etc/resolv.conf
cat >www/index.html <<'END'
<!doctype html>
<title>cman</title>
<p>Hello from a container.</p>
END

cd - >/dev/null
mv "$new" "$target"
trap - EXIT
