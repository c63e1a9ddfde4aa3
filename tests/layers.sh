#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# layers.sh LAYER...: each layer, given from the lowest to the highest, includes only itself and
# those below it; the supervisor and the built-in init include nearly nothing; a library is seen by one module.
set -eu
cd "$(dirname "$0")/.."

below=
wrong=0
for layer in "$@"; do
	below="$below${below:+|}$layer"
	[ -d "src/$layer" ] || continue
	if grep -snE '^#include "' "src/$layer"/*.[ch] | grep -vE "\"($below)/"; then
		echo "layers: src/$layer may include only $below" >&2
		wrong=1
	fi
done

if grep -snE '^#include "' src/supervisor/*.[ch] src/init/*.[ch] |
	grep -vE '"(supervisor/|lifecycle/supervisor_(args|console|health|notify|settings)\.h)'; then
	echo "layers: src/supervisor and src/init may include only lifecycle/supervisor_*.h" >&2
	wrong=1
fi

# library header (pattern), the files that may know it
while read -r header files; do
	if grep -rnE "^#include <$header" src | grep -vE "^src/($files):"; then
		echo "layers: <$header> belongs to src/$files alone" >&2
		wrong=1
	fi
done <<'END'
libconfig  config/[a-z_]+\.c
netlink/   kernel/(netlink|link|address|route)[a-z_]*\.[ch]
libiptc/   kernel/firewall_xtables\.c
libkmod    kernel/[a-z_]+\.c
nftables/  kernel/firewall_nftables\.c
ext2fs/    kernel/image[a-z_]*\.c
uuid       base/id\.c
seccomp\.h seccomp/generate\.c
sys/cap    kernel/capability\.c
jansson    base/json\.c
END

# "execvp(3)" in a comment is a manual page.
if grep -rnE '\b(system|popen|posix_spawnp?|execlp?|execvpe?)\([^23]' src; then
	echo "layers: cman starts no program by name" >&2
	wrong=1
fi
[ "$wrong" = 0 ] && echo "layers: ok"
exit "$wrong"
