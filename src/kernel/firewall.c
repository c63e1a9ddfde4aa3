/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/process.h"
#include "kernel/firewall_backend.h"
#include "kernel/firewall_build.h"

static const char *lock_path(void)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	return path && *path ? path : "/run/xtables.lock";
}

/* Whether the path still leads to the locked file: otherwise the lock excludes nobody. */
static bool is_current(int fd)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && stat(lock_path(), &named) == 0 &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

int firewall_lock(int timeout_ms, struct error *err)
{
	uint64_t end = process_monotonic_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);

	for (;;) {
		AUTO_FD int fd = fs_open_at(AT_FDCWD, lock_path(), O_RDONLY | O_CREAT, 0600, err);
		uint64_t now = process_monotonic_ms();

		if (fd < 0)
			return error_wrap(err, "lock of iptables");
		if (lock_take(fd, timeout_ms < 0 ? -1 : now < end ? (int)(end - now) : 0, err) < 0)
			return error_wrap(err, "%s", lock_path());
		if (is_current(fd))
			return take_fd(&fd);
	}
}

int firewall_choose(const char *prefix, bool ipv6, enum firewall_backend *backend, struct error *err)
{
	struct error own = {0};
	int answer;

	err = err ? err : &own;
	answer = firewall_nftables_foreign(prefix, err);
	if (answer == 0) {
		answer = firewall_iptables_available(FIREWALL_IPV4, err);
		if (answer == 1 && ipv6)
			answer = firewall_iptables_available(FIREWALL_IPV6, err);
		if (answer >= 0)
			answer = !answer;
	}
	if (answer < 0)
		return error_wrap(err, "choose firewall.backend");
	*backend = answer ? FIREWALL_NFTABLES : FIREWALL_IPTABLES;
	return 0;
}

int firewall_commit(const struct firewall_set *set, struct error *err)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct error own = {0};

	err = err ? err : &own;
	if (firewall_rules_build(set, &rules, err) < 0)
		return error_wrap(err, "firewall rules");
	switch (set->backend) {
	case FIREWALL_IPTABLES:
		return firewall_iptables_commit(set->prefix, &rules, err);
	case FIREWALL_NFTABLES:
		return firewall_nftables_commit(set->prefix, &rules, err);
	case FIREWALL_NONE:
	case FIREWALL_AUTO:
		break;
	}
	return rules.count ? error_set(err, EINVAL, "firewall rules without a backend") : 0;
}
