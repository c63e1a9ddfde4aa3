/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/bridge_filter.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "kernel/module.h"
#include "kernel/sysctl.h"

#define MODULE "br_netfilter"

/* On for every bridge, as the module comes up. */
static const char *const switches[] = {
	"net/bridge/bridge-nf-call-iptables",
	"net/bridge/bridge-nf-call-ip6tables",
	"net/bridge/bridge-nf-call-arptables",
};

static bool is_there(void)
{
	return fs_exists_at(AT_FDCWD, "/proc/sys/net/bridge/bridge-nf-call-iptables");
}

int bridge_filter_load(struct error *err)
{
	if (is_there())
		return 0;
	if (module_load(MODULE, err) < 0)
		return -1;
	if (!is_there())
		return error_set(err, ENOENT, "module %s has no switches", MODULE);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (sysctl_write(switches[i], "0", err) < 0)
			return error_wrap(err, "other bridges than ours");
	return 0;
}
