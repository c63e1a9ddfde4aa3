/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_egress.c: whether what an interface may not call can be kept from it. */
#include "config/egress.h"
#include "config/validate.h"

static void report(const struct spec *spec, const struct interface *interface, const char *member,
		   enum severity severity, struct diagnostics *diagnostics, const char *hint,
		   const char *text)
{
	char key[INTERFACE_KEY_MAX];

	spec_interface_key(spec, interface, member, key);
	diagnostics_add(diagnostics, severity, origin_find(&spec->origins, key), hint, "%s: %s",
			key, text);
}

static void refuse(const struct spec *spec, const struct interface *interface,
		   struct diagnostics *diagnostics, const char *hint, const char *text)
{
	const struct egress *egress = &interface->egress;

	if (!interface->host_access)
		report(spec, interface, "host_access", SEVERITY_ERROR, diagnostics, hint, text);
	if (egress_limits(egress))
		report(spec, interface, egress->deny_rest ? "egress.default" : "egress.deny",
		       SEVERITY_ERROR, diagnostics, hint, text);
}

void validate_egress(const struct manager *manager, const struct network *network,
		     const struct spec *spec, const struct interface *interface, bool forges,
		     struct diagnostics *diagnostics)
{
	const bool limited = !interface->host_access || egress_limits(&interface->egress);
	AUTO_FREE char *text = NULL;

	if (!interface->egress.deny_rest && interface->egress.allow.count > 0)
		report(spec, interface, "egress.allow", SEVERITY_WARNING, diagnostics,
		       "default = \"deny\"; keeps it to the list",
		       "it changes nothing while egress.default is \"allow\"");
	if (limited && forges)
		report(spec, interface, "antispoof", SEVERITY_WARNING, diagnostics,
		       "leave it out: it is on by itself then",
		       "NET_RAW or NET_ADMIN lead past egress and host_access, which know the "
		       "container by its hardware address");
	if (manager->firewall_backend == FIREWALL_NONE)
		refuse(spec, interface, diagnostics,
		       "\"none\" leaves all rules to you; with \"auto\" cman makes them",
		       "there are no rules with firewall.backend = \"none\"");
	if (network->external)
		text = xprintf("network %s is external: rules for its bridge are not cman's",
			       network->name);
	else if (network->parent[0])
		text = xprintf("network %s is a macvlan: its packets pass no firewall of the host",
			       network->name);
	if (text)
		refuse(spec, interface, diagnostics,
		       "put the container on a network with a bridge of cman's", text);
}
