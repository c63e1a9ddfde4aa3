/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_machine.h: what the expressions of one rule in nf_tables make of a packet, as far as it
 * can be said. linux/netfilter/nf_tables.h. Asks the kernel for the numbers of links alone.
 */
#ifndef KERNEL_FIREWALL_MACHINE_H
#define KERNEL_FIREWALL_MACHINE_H

#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/firewall_evaluate.h"

/* Where a rule leads. */
struct firewall_outcome {
	int32_t code; /* NF_DROP, NFT_JUMP, ...; NFT_CONTINUE: nowhere */
	char chain[NFT_CHAIN_MAXNAMELEN];
};

/*
 * expressions: NFTA_RULE_EXPRESSIONS. A rule that cannot be judged counts as one that does not
 * match; *unsure is then set where it may let the packet pass.
 */
struct firewall_outcome firewall_machine_run(const void *expressions, size_t length,
					     const struct firewall_packet *packet, bool *unsure);

/* Its family as nf_tables has it: NFPROTO_IPV4 or NFPROTO_IPV6. */
uint8_t firewall_machine_protocol(const struct firewall_packet *packet);

#endif
