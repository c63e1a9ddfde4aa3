/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_entry.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The largest entry made here has five parts and less than 800 bytes. */
struct builder {
	_Alignas(struct ipt_entry) unsigned char bytes[1024];
	size_t length;
};

static struct ipt_entry *entry_of(struct builder *builder)
{
	return (struct ipt_entry *)builder->bytes;
}

/*
 * Adds a match or a target with room for size bytes of data and returns that data, zeroed. The
 * two differ in nothing but the name of their struct.
 */
static void *add_part(struct builder *builder, const char *name, uint8_t revision, size_t size)
{
	struct xt_entry_match *part = (struct xt_entry_match *)(builder->bytes + builder->length);
	size_t part_size = XT_ALIGN(sizeof(*part)) + XT_ALIGN(size);

	_Static_assert(sizeof(struct xt_entry_match) == sizeof(struct xt_entry_target), "headers");
	part->u.user.match_size = (uint16_t)part_size;
	part->u.user.revision = revision;
	snprintf(part->u.user.name, sizeof(part->u.user.name), "%s", name);
	builder->length += part_size;
	return part->data;
}

static void set_interface(char name[IFNAMSIZ], unsigned char mask[IFNAMSIZ], const char *wanted)
{
	size_t length = strnlen(wanted, IFNAMSIZ - 1);

	if (length == 0)
		return;
	memcpy(name, wanted, length);
	memset(mask, 0xff, length + 1); /* with the NUL: the whole name, not what begins so */
}

static void set_subnet(struct in_addr *address, struct in_addr *mask,
		       const struct firewall_subnet *subnet)
{
	*address = subnet->address;
	mask->s_addr = htonl(subnet->prefix ? ~0u << (32 - subnet->prefix) : 0);
}

static void set_header(struct ipt_ip *ip, const struct firewall_match *match)
{
	unsigned int invert = 0;

	set_interface(ip->iniface, ip->iniface_mask, match->in);
	set_interface(ip->outiface, ip->outiface_mask, match->out);
	set_subnet(&ip->src, &ip->smsk, &match->source);
	set_subnet(&ip->dst, &ip->dmsk, &match->destination);
	ip->proto = match->protocol;
	if (match->not_in)
		invert |= IPT_INV_VIA_IN;
	if (match->not_out)
		invert |= IPT_INV_VIA_OUT;
	if (match->not_destination)
		invert |= IPT_INV_DSTIP;
	ip->invflags = (uint8_t)invert;
}

static void add_ports(struct builder *builder, const struct firewall_match *match)
{
	if (match->protocol == IPPROTO_TCP) {
		struct xt_tcp *tcp = add_part(builder, "tcp", 0, sizeof(*tcp));

		tcp->spts[1] = UINT16_MAX;
		tcp->dpts[0] = match->port_first;
		tcp->dpts[1] = match->port_last;
	} else if (match->protocol == IPPROTO_UDP) {
		struct xt_udp *udp = add_part(builder, "udp", 0, sizeof(*udp));

		udp->spts[1] = UINT16_MAX;
		udp->dpts[0] = match->port_first;
		udp->dpts[1] = match->port_last;
	}
}

static void add_states(struct builder *builder, unsigned int states)
{
	struct xt_conntrack_mtinfo3 *info = add_part(builder, "conntrack", 3, sizeof(*info));
	unsigned int mask = 0;

	if (states & FIREWALL_STATE_ANSWERS)
		mask |= XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
			XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	if (states & FIREWALL_STATE_DNAT)
		mask |= XT_CONNTRACK_STATE_DNAT;
	info->match_flags = XT_CONNTRACK_STATE;
	info->state_mask = (uint16_t)mask;
}

static void add_matches(struct builder *builder, const struct firewall_match *match,
			const char *comment)
{
	struct xt_comment_info *info;

	builder->length = sizeof(struct ipt_entry);
	set_header(&entry_of(builder)->ip, match);
	if (match->port_first)
		add_ports(builder, match);
	if (match->destination_local) {
		struct xt_addrtype_info_v1 *type = add_part(builder, "addrtype", 1, sizeof(*type));

		type->dest = XT_ADDRTYPE_LOCAL;
	}
	if (match->states)
		add_states(builder, match->states);
	/* Last: it matches everything, so the kernel should come to it only where the rest did. */
	info = add_part(builder, "comment", 0, sizeof(*info));
	snprintf(info->comment, sizeof(info->comment), "%s", comment);
	entry_of(builder)->target_offset = (uint16_t)builder->length;
}

/* Standard targets are struct xt_standard_target: the header and a verdict libiptc fills in. */
static void add_label(struct builder *builder, const char *label)
{
	add_part(builder, label, 0, sizeof(int));
}

static void add_masquerade(struct builder *builder)
{
	struct nf_nat_ipv4_multi_range_compat *range =
		add_part(builder, "MASQUERADE", 0, sizeof(*range));

	range->rangesize = 1;
}

/* Revision 2 even for a single port: iptables-save of today prints revision 0 unrestorable. */
static void add_dnat(struct builder *builder, const struct firewall_rule *rule)
{
	struct nf_nat_range2 *range = add_part(builder, "DNAT", 2, sizeof(*range));

	range->flags = NF_NAT_RANGE_MAP_IPS;
	range->min_addr.in = rule->to;
	range->max_addr.in = rule->to;
	if (rule->to_first != rule->to_last && rule->to_first == rule->match.port_first)
		return; /* without ports in it, DNAT leaves each as it is */
	range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	range->min_proto.all = htons(rule->to_first);
	range->max_proto.all = htons(rule->to_last);
	if (rule->to_first != rule->to_last) {
		/* The n-th port of the match to the n-th of the range, not to any of them. */
		range->flags |= NF_NAT_RANGE_PROTO_OFFSET;
		range->base_proto.all = htons(rule->match.port_first);
	}
}

static struct ipt_entry *finish(struct builder *builder)
{
	struct ipt_entry *entry = entry_of(builder);

	entry->next_offset = (uint16_t)builder->length;
	return memcpy(xalloc(1, builder->length), entry, builder->length);
}

struct ipt_entry *firewall_entry_new(const struct firewall_rule *rule)
{
	struct builder builder = {0};

	add_matches(&builder, &rule->match, rule->comment);
	switch (rule->action) {
	case FIREWALL_ACCEPT:
		add_label(&builder, "ACCEPT");
		break;
	case FIREWALL_DROP:
		add_label(&builder, "DROP");
		break;
	case FIREWALL_RETURN:
		add_label(&builder, "RETURN");
		break;
	case FIREWALL_DNAT_TO:
		add_dnat(&builder, rule);
		break;
	case FIREWALL_MASQUERADE:
		add_masquerade(&builder);
		break;
	}
	return finish(&builder);
}

struct ipt_entry *firewall_entry_new_jump(const struct firewall_jump *jump, const char *chain)
{
	struct builder builder = {0};

	add_matches(&builder, &jump->match, FIREWALL_JUMP_COMMENT);
	add_label(&builder, chain);
	return finish(&builder);
}

/* The kernel writes names up to their NUL only, and what came before stays behind it. */
static void clean_name(char *name, size_t size)
{
	size_t length = strnlen(name, size - 1);

	memset(name + length, 0, size - length);
}

struct ipt_entry *firewall_entry_copy(const struct ipt_entry *entry, const char *label)
{
	struct ipt_entry *copy = memcpy(xalloc(1, entry->next_offset), entry, entry->next_offset);
	struct xt_entry_target *target = (void *)((char *)copy + copy->target_offset);

	copy->nfcache = 0;
	copy->comefrom = 0;
	for (size_t offset = sizeof(*copy); offset < copy->target_offset;) {
		struct xt_entry_match *match = (void *)((char *)copy + offset);

		clean_name(match->u.user.name, sizeof(match->u.user.name));
		offset += match->u.match_size;
	}
	if (target->u.user.name[0] == '\0') { /* standard: the verdict is an offset in the table */
		memset(target->data, 0, target->u.target_size - sizeof(*target));
		snprintf(target->u.user.name, sizeof(target->u.user.name), "%s", label);
	}
	clean_name(target->u.user.name, sizeof(target->u.user.name));
	return copy;
}

bool firewall_entry_equal(const struct ipt_entry *a, const struct ipt_entry *b)
{
	return a->next_offset == b->next_offset &&
	       memcmp(a, b, offsetof(struct ipt_entry, counters)) == 0 &&
	       memcmp(a->elems, b->elems, a->next_offset - sizeof(*a)) == 0;
}
