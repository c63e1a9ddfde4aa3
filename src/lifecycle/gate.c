/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/gate.h"

#include <string.h>

#include "kernel/link_gate.h"

/* How much longer than the shaper's the policer's patience is, in parts of a second. */
#define PATIENCE_DIVISOR 5

/* "net.antispoof (FILE:LINE): reason" */
static int wrap_key(const struct container *container, const struct interface *interface,
		    const char *member, struct error *err)
{
	char key[INTERFACE_KEY_MAX], where[512];

	spec_interface_key(container->spec, interface, member, key);
	return error_wrap(err, "%s%s", key, container_where(container, key, where, sizeof(where)));
}

static struct link_gate gate_of(const struct interface *interface, const struct network *network)
{
	const uint64_t bits = interface->bandwidth.egress;
	struct link_gate gate = {
		.antispoof = interface->antispoof == SETTING_YES,
		.isolate = interface->isolate == SETTING_YES,
		.address = interface->ip,
		.address6 = interface->ip6,
		.gateway = network->gateway,
		.gateway6 = network->gateway6,
		.bits = bits,
		.burst = link_gate_burst(bits, interface->mtu) + bits / 8 / PATIENCE_DIVISOR,
	};

	memcpy(gate.mac, interface->mac, sizeof(gate.mac));
	netlink_bridge_mac(network->gateway, gate.bridge_mac);
	return gate;
}

struct gate_parts gate_describe(const struct interface *interface, const struct network *network)
{
	const struct link_gate gate = gate_of(interface, network);

	return (struct gate_parts){
		.sent = link_program_judges_sent(&gate),
		.received = link_program_judges_received(&gate),
		.shaped = interface->bandwidth.ingress != BANDWIDTH_MAX,
		.shaped_inside = interface->bandwidth.egress != BANDWIDTH_MAX,
	};
}

static const char *first_key(const struct link_gate *gate)
{
	return gate->antispoof ? "antispoof" : gate->isolate ? "isolate" : "bandwidth.egress";
}

int gate_renew(struct netlink *netlink, struct netlink *inner, const struct container *container,
	       unsigned int index, const struct network *network, const char *link,
	       struct error *err)
{
	const struct interface *interface = &container->spec->interfaces[index];
	const struct bandwidth *bandwidth = &interface->bandwidth;
	const struct link_gate gate = gate_of(interface, network);

	if (link_gate_renew(netlink, link, &gate, err) < 0)
		return wrap_key(container, interface, first_key(&gate), err);
	if (link_gate_reshape(inner, interface->name, bandwidth->egress, interface->mtu, err) < 0)
		return wrap_key(container, interface, "bandwidth.egress", err);
	if (link_gate_reshape(netlink, link, bandwidth->ingress, interface->mtu, err) < 0)
		return wrap_key(container, interface, "bandwidth.ingress", err);
	return 0;
}

bool gate_differs(const struct interface *one, const struct interface *other)
{
	return one->antispoof != other->antispoof || one->isolate != other->isolate ||
	       one->bandwidth.ingress != other->bandwidth.ingress ||
	       one->bandwidth.egress != other->bandwidth.egress;
}

/*
 * What the container sends is shaped at its own end and held at ours. Only a queue in front of the
 * sender's socket makes TCP keep to the rate without losing a packet, but that queue stands in the
 * container, where CAP_NET_ADMIN takes it away; what is above the limit then is dropped on our
 * end. A queue on our end would need a further link for each container (ifb, whose module leaves
 * two more of them behind) that every packet passes on its way.
 */
int gate_make(struct netlink *netlink, struct netlink *inner, const struct container *container,
	      unsigned int index, const struct network *network, const char *link,
	      struct error *err)
{
	const struct interface *interface = &container->spec->interfaces[index];
	const struct bandwidth *bandwidth = &interface->bandwidth;
	const struct link_gate gate = gate_of(interface, network);

	if ((link_program_judges_sent(&gate) || link_program_judges_received(&gate)) &&
	    link_gate_set(netlink, link, &gate, err) < 0)
		return wrap_key(container, interface, first_key(&gate), err);
	if (bandwidth->egress != BANDWIDTH_MAX &&
	    link_gate_shape(inner, interface->name, bandwidth->egress, interface->mtu, err) < 0)
		return wrap_key(container, interface, "bandwidth.egress", err);
	if (bandwidth->ingress != BANDWIDTH_MAX &&
	    link_gate_shape(netlink, link, bandwidth->ingress, interface->mtu, err) < 0)
		return wrap_key(container, interface, "bandwidth.ingress", err);
	return 0;
}
