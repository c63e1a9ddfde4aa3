/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/egress.h"

#include <string.h>

#include "base/fs.h"
#include "config/egress.h"
#include "kernel/bridge_filter.h"

#define RESOLV_CONF_SIZE_MAX 65536

int egress_read_servers(int run_dir_fd, struct strlist *servers, struct error *err)
{
	static const char keyword[] = "nameserver ";
	AUTO_TEXT struct text text = {0};
	char *rest, *line;

	if (fs_read_at(run_dir_fd, "resolv.conf", RESOLV_CONF_SIZE_MAX, &text, err) < 0)
		return error_wrap(err, "name servers of the container");
	rest = text.data;
	while ((line = strsep(&rest, "\n")))
		if (text_starts_with(line, keyword) && parse_is_ip(line + strlen(keyword)))
			strlist_add(servers, line + strlen(keyword));
	return 0;
}

int egress_note(const struct container *container, const struct interface *interface,
		struct network_member *member, struct error *err)
{
	member->no_host_access = !interface->host_access;
	member->egress = interface->egress;
	memcpy(member->mac, interface->mac, sizeof(member->mac));
	if (!network_member_is_limited(member))
		return 0;
	return egress_read_servers(container->directory_fd, &member->servers, err);
}

static int refuse(const struct container *container, const struct interface *interface,
		  const struct network_record *network, struct error *err)
{
	char key[INTERFACE_KEY_MAX], where[512];

	error_hint(err, "set net.isolate = true, or networks.%s.icc = false, or leave egress out",
		   network->name);
	error_wrap(err, "br_netfilter, which keeps it from calling siblings");
	spec_interface_key(container->spec, interface, "egress", key);
	return error_wrap(err, "%s%s", key, container_where(container, key, where, sizeof(where)));
}

int egress_filter(const struct container *container, const struct interface *interface,
		  struct network_record *network, struct error *err)
{
	if (!network->filtered && !network_needs_filter(network))
		return 0;
	network->filtered = true;
	/* One that is there already may need nothing of it: somebody may have unloaded the module. */
	if (bridge_filter_load(err) == 0 || !egress_limits(&interface->egress) ||
	    interface->isolate == SETTING_YES)
		return 0;
	return refuse(container, interface, network, err);
}
