/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge_filter.h: br_netfilter, by which the firewall sees what passes between ports of a bridge.
 * Documentation/networking/ip-sysctl.rst (net/bridge), linux/if_link.h (IFLA_BR_NF_CALL_IPTABLES).
 */
#ifndef KERNEL_BRIDGE_FILTER_H
#define KERNEL_BRIDGE_FILTER_H

#include "base/error.h"

/*
 * Makes sure that the kernel has it, so that a bridge of which it is asked (struct bridge, filtered)
 * is looked at. Where the module has to be loaded for that, it looks at no other bridge: by itself
 * it would at all of the host. ENOENT: this kernel has none.
 */
int bridge_filter_load(struct error *err);

#endif
