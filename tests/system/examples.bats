#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each of the examples does what its README says, and so does what `make quickstart` runs.
load lib
load packages

# Cgroups are of the whole host: another run of these tests beside this one has others of its own.
own_cgroups() { # FILE...
	local file

	for file in "$@"; do
		printf '\ncgroup : { parent = "%s"; };\n' "$CGROUP" | machine tee -a "$file" >/dev/null
	done
}

# The examples as they are, where README.md and their files say that things are.
prepare() {
	for dir in /srv /var/lib /var/log; do machine mount -t tmpfs -o mode=755 tmpfs $dir; done
	machine cp -r "$SOURCE/examples" "$SOURCE/conf.d" /run
	machine chown -R 0:0 /run/examples /run/conf.d
	machine chmod -R go-w /run/examples /run/conf.d
	for name in web pair untrusted systemd; do own_cgroups "/run/examples/$name/container.conf"; done
}

example() { # NAME, then as cman
	local name=$1

	shift
	machine timeout -k 5 60 "$CMAN" -c "/run/examples/$name/container.conf" "$@"
}

rootfs_for() {
	for name in "$@"; do machine cp -a /run/rootfs "/srv/$name"; done
	snapshot_again
}

snapshot_again() { snapshot >"$BATS_TEST_TMPDIR/before"; }

# The state of the examples is where it is by default. What happened is told after it, too.
taken_down() {
	run_ok example "$1" down --all
	assert_equal "$(machine find /run/cman -type f -not -name networks.lock -not -name 'events*')" ""
	machine rm -r /run/cman
	assert_unchanged
}

@test "web: a page through the published port, as www-data" {
	rootfs_for web
	run_ok example web check
	run_ok example web up web
	assert_page outside "http://$HOST_IP:8080/" "$(cat "$(path /srv/web/www/index.html)")"
	assert_page machine http://127.0.0.1:8080/ "$(cat "$(path /srv/web/www/index.html)")"
	run_ok example web exec web -- id -un
	assert_equal "$output" www-data
	run_ok example web status web
	assert_output_has 10.83.0.10
	taken_down web
}

@test "pair: found by name, through restarts" {
	rootfs_for db app
	echo "answer of db" >"$(path /srv/db/www/index.html)"
	sed -i 's/PAUSE=5/PAUSE=0.2/' "$(path /run/examples/pair/conf.d/app.conf)"
	run_ok example pair check
	run_ok example pair up app
	wait_until 10 machine grep -q "answer of db" /var/log/cman/app.log
	run_ok example pair down --no-deps db
	wait_until 10 machine grep -q "no answer" /var/log/cman/app.log
	machine sh -c ': >/var/log/cman/app.log'
	run_ok example pair up db
	wait_until 10 machine grep -q "answer of db" /var/log/cman/app.log
	run_ok example pair exec app -- cat /etc/hosts
	assert_output_has 10.84.0. db app
	taken_down pair
}

@test "untrusted: limits that hold, and no way out" {
	rootfs_for job
	outside busybox httpd -p 80 -h /run/rootfs/www
	snapshot_again
	run_ok example untrusted check
	run_ok example untrusted up job
	wait_until 10 machine grep -q " [0-9a-f]\{64\}" /var/log/cman/job.log
	run_ok example untrusted exec job -- id -un
	assert_equal "$output" nobody
	# The server is there, but not for the job.
	assert_match "$(http_get machine "http://$OUTSIDE_IP/")" Hello
	run example untrusted exec job -- timeout 3 wget -q -O - "http://$OUTSIDE_IP/"
	[ "$status" != 0 ]
	[[ $output != *Hello* ]]
	# It has no interface at all but lo.
	run_ok example untrusted exec job -- ip -o link
	assert_equal "$(wc -l <<<"$output")" 1
	assert_output_has "lo:" "LOOPBACK,UP"
	run_ok example untrusted exec job -- cat /etc/resolv.conf
	[[ $output != *nameserver* ]]
	run example untrusted exec job -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done; wait'
	assert_output_has fork
	taken_down untrusted
	machine pkill -f 'httpd -p 80'
	snapshot_again
}

@test "systemd: up, degraded by logind at most, down in order" {
	grep -q ' cgroup2 ' /proc/mounts || skip "needs a cgroup2 tree"
	machine cp -a /run/rootfs /srv/debian
	systemd_in "$(path /srv/debian)"
	snapshot_again
	run_ok example systemd check
	run_ok example systemd show debian
	assert_output_has 'stop_signal = "SIGRTMIN+3"' 'no_new_privs = false' 'target = "/run"'
	run_ok example systemd up debian
	booted() {
		[[ $(example systemd exec debian -- systemctl is-system-running 2>&1) =~ ^(running|degraded)$ ]]
	}
	wait_until 60 booted
	run_ok example systemd down debian
	refute grep -q "did not end" <<<"$output"
	machine rm -r /run/cman
	snapshot_again
}

@test "the files of conf.d and of the examples are valid as they stand" {
	rootfs_for web db app job
	for name in web pair untrusted; do run_ok example "$name" check; done
	run_ok cman check /run/conf.d/web.conf
}

@test "the file that README.md shows is valid" {
	rootfs_for web
	sed -n '/^```conf$/,/^```$/{ /^```/d; p; }' "$SOURCE/README.md" | container web
	run_ok cman check
	assert_output_has "1 container, no errors"
}

# A copy of the checkout, as a clone of root's would be; built already, so MAKE has nothing to do.
checkout() {
	machine mkdir -p /srv/cman/build /srv/cman/tests
	machine cp -r "$SOURCE/examples" "$SOURCE/conf.d" /srv/cman
	machine sed -i "s/\"cman-quickstart\"/\"$CGROUP\"/" /srv/cman/examples/quickstart.sh
	machine grep -q "$CGROUP" /srv/cman/examples/quickstart.sh
	machine cp "$SOURCE/tests/packages.sh" /srv/cman/tests
	machine cp "$CMAN" "${CMAN%/*}/cman-supervisor" /srv/cman/build
	machine chown -R 0:0 /srv/cman
	machine chmod -R go-w /srv/cman
	snapshot_again
}

quickstart() { # up|clean [VARIABLE=VALUE]
	local action=$1

	shift
	machine env MAKE=true "$@" timeout 100 /srv/cman/examples/quickstart.sh "$action" \
		/srv/cman/build/quickstart
}

@test "quickstart: makes its tree, shows the page, and cleans up" {
	needs_compiler
	checkout
	run_ok quickstart up
	assert_output_has "Hello from a container" running 8080:80 "make quickstart-clean" " exec web"
	run_ok http_get outside "http://$HOST_IP:8080/"
	run_ok quickstart up
	run_ok quickstart clean
	refute machine ls /srv/cman/build/quickstart
	assert_unchanged
	run_ok quickstart clean
}

@test "quickstart: a port that is taken is told, with the way out" {
	needs_compiler
	checkout
	machine sh -c 'exec busybox httpd -f -p 8080 -h /run/rootfs/www' 3>&- &
	wait_until 5 http_get machine http://127.0.0.1:8080/
	run_fails quickstart up
	assert_output_has 8080 PORT=8081
	run_ok quickstart up PORT=8081
	assert_output_has "Hello from a container"
	run_ok quickstart clean
	machine pkill -f 'httpd -f -p 8080'
	assert_unchanged
}

@test "quickstart without root says so" {
	checkout
	run_fails machine setpriv --reuid 65534 --regid 65534 --clear-groups \
		/srv/cman/examples/quickstart.sh up /srv/cman/build/quickstart
	assert_output_has root "sudo make quickstart"
}
