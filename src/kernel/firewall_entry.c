/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_entry.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mac.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What the two kinds of entries have at different places, and then in common. */
static const struct {
	size_t header; /* size of struct ipt_ip or struct ip6t_ip6; struct common follows */
	size_t parts;  /* where the matches begin: the size of the entry alone */
} layouts[FIREWALL_FAMILY_COUNT] = {
	[FIREWALL_IPV4] = {offsetof(struct ipt_entry, nfcache), sizeof(struct ipt_entry)},
	[FIREWALL_IPV6] = {offsetof(struct ip6t_entry, nfcache), sizeof(struct ip6t_entry)},
};

struct common {
	unsigned int nfcache;
	uint16_t target_offset, next_offset;
	unsigned int comefrom;
};

#define ASSERT_COMMON(entry)                                                                       \
	_Static_assert(offsetof(struct entry, target_offset) ==                                    \
				       offsetof(struct entry, nfcache) +                           \
					       offsetof(struct common, target_offset) &&           \
			       offsetof(struct entry, next_offset) ==                              \
				       offsetof(struct entry, nfcache) +                           \
					       offsetof(struct common, next_offset) &&             \
			       offsetof(struct entry, comefrom) ==                                 \
				       offsetof(struct entry, nfcache) +                           \
					       offsetof(struct common, comefrom),                  \
		       "linux/netfilter headers")
ASSERT_COMMON(ipt_entry);
ASSERT_COMMON(ip6t_entry);

static struct common *common_of(enum firewall_family family, struct firewall_entry *entry)
{
	return (void *)((char *)entry + layouts[family].header);
}

static const struct common *read_common(enum firewall_family family,
					const struct firewall_entry *entry)
{
	return (const void *)((const char *)entry + layouts[family].header);
}

/* The largest entry made here has five parts and less than 800 bytes. */
struct builder {
	_Alignas(struct ip6t_entry) unsigned char bytes[1024];
	size_t length;
	enum firewall_family family;
};

static struct firewall_entry *entry_of(struct builder *builder)
{
	return (struct firewall_entry *)builder->bytes;
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

static unsigned int inversion_of(const struct firewall_match *match)
{
	return (match->not_in ? IPT_INV_VIA_IN : 0) | (match->not_out ? IPT_INV_VIA_OUT : 0) |
	       (match->not_destination ? IPT_INV_DSTIP : 0);
}

static void set_header4(struct ipt_ip *ip, const struct firewall_match *match)
{
	set_interface(ip->iniface, ip->iniface_mask, match->in);
	set_interface(ip->outiface, ip->outiface_mask, match->out);
	ip->src = match->source.address.v4;
	ip->smsk = firewall_mask(FIREWALL_IPV4, match->source.prefix).v4;
	ip->dst = match->destination.address.v4;
	ip->dmsk = firewall_mask(FIREWALL_IPV4, match->destination.prefix).v4;
	ip->proto = match->protocol;
	ip->invflags = (uint8_t)inversion_of(match);
}

_Static_assert(IPT_INV_VIA_IN == IP6T_INV_VIA_IN && IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT &&
		       IPT_INV_SRCIP == IP6T_INV_SRCIP && IPT_INV_DSTIP == IP6T_INV_DSTIP &&
		       IPT_INV_PROTO == IP6T_INV_PROTO,
	       "linux/netfilter headers");

static void set_header6(struct ip6t_ip6 *ip, const struct firewall_match *match)
{
	set_interface(ip->iniface, ip->iniface_mask, match->in);
	set_interface(ip->outiface, ip->outiface_mask, match->out);
	ip->src = match->source.address.v6;
	ip->smsk = firewall_mask(FIREWALL_IPV6, match->source.prefix).v6;
	ip->dst = match->destination.address.v6;
	ip->dmsk = firewall_mask(FIREWALL_IPV6, match->destination.prefix).v6;
	ip->proto = match->protocol;
	ip->flags = match->protocol ? IP6T_F_PROTO : 0;
	ip->invflags = (uint8_t)inversion_of(match);
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

	builder->length = layouts[builder->family].parts;
	if (builder->family == FIREWALL_IPV6)
		set_header6((struct ip6t_ip6 *)builder->bytes, match);
	else
		set_header4((struct ipt_ip *)builder->bytes, match);
	if (match->by_mac) {
		struct xt_mac_info *mac = add_part(builder, "mac", 0, sizeof(*mac));

		memcpy(mac->srcaddr, match->mac, sizeof(match->mac));
	}
	if (match->port_first)
		add_ports(builder, match);
	if (match->icmp_type) {
		struct ip6t_icmp *icmp = add_part(builder, "icmp6", 0, sizeof(*icmp));

		icmp->type = match->icmp_type;
		icmp->code[1] = UINT8_MAX;
	}
	if (match->destination_local) {
		struct xt_addrtype_info_v1 *type = add_part(builder, "addrtype", 1, sizeof(*type));

		type->dest = XT_ADDRTYPE_LOCAL;
	}
	if (match->states)
		add_states(builder, match->states);
	/* Last: it matches everything, so the kernel should come to it only where the rest did. */
	info = add_part(builder, "comment", 0, sizeof(*info));
	snprintf(info->comment, sizeof(info->comment), "%s", comment);
	common_of(builder->family, entry_of(builder))->target_offset = (uint16_t)builder->length;
}

/* Standard targets are struct xt_standard_target: the header and a verdict libiptc fills in. */
static void add_label(struct builder *builder, const char *label)
{
	add_part(builder, label, 0, sizeof(int));
}

static void add_masquerade(struct builder *builder)
{
	if (builder->family == FIREWALL_IPV4) {
		struct nf_nat_ipv4_multi_range_compat *range =
			add_part(builder, "MASQUERADE", 0, sizeof(*range));

		range->rangesize = 1;
	} else {
		add_part(builder, "MASQUERADE", 0, sizeof(struct nf_nat_range));
	}
}

/* Revision 2 even for a single port: iptables-save of today prints revision 0 unrestorable. */
static void add_dnat(struct builder *builder, const struct firewall_rule *rule)
{
	struct nf_nat_range2 *range = add_part(builder, "DNAT", 2, sizeof(*range));

	range->flags = NF_NAT_RANGE_MAP_IPS;
	memcpy(&range->min_addr, &rule->to, firewall_address_bits(rule->family) / 8);
	range->max_addr = range->min_addr;
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

static struct firewall_entry *finish(struct builder *builder)
{
	struct firewall_entry *entry = entry_of(builder);

	common_of(builder->family, entry)->next_offset = (uint16_t)builder->length;
	return memcpy(xalloc(1, builder->length), entry, builder->length);
}

struct firewall_entry *firewall_entry_new(const struct firewall_rule *rule)
{
	struct builder builder = {.family = rule->family};

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

struct firewall_entry *firewall_entry_new_jump(const struct firewall_jump *jump, const char *chain)
{
	struct builder builder = {.family = jump->family};

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

struct firewall_entry *firewall_entry_copy(enum firewall_family family,
					   const struct firewall_entry *entry, const char *label)
{
	const size_t size = read_common(family, entry)->next_offset;
	struct firewall_entry *copy = memcpy(xalloc(1, size), entry, size);
	struct common *common = common_of(family, copy);
	struct xt_entry_target *target = (void *)((char *)copy + common->target_offset);

	common->nfcache = 0;
	common->comefrom = 0;
	for (size_t offset = layouts[family].parts; offset < common->target_offset;) {
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

bool firewall_entry_equal(enum firewall_family family, const struct firewall_entry *a,
			  const struct firewall_entry *b)
{
	const size_t size = read_common(family, a)->next_offset;
	const size_t parts = layouts[family].parts;

	return size == read_common(family, b)->next_offset &&
	       memcmp(a, b, layouts[family].header + sizeof(struct common)) == 0 &&
	       memcmp((const char *)a + parts, (const char *)b + parts, size - parts) == 0;
}

struct xt_counters firewall_entry_counters(enum firewall_family family,
					   const struct firewall_entry *entry)
{
	return family == FIREWALL_IPV6 ? ((const struct ip6t_entry *)entry)->counters
				       : ((const struct ipt_entry *)entry)->counters;
}

struct firewall_header firewall_entry_header(enum firewall_family family,
					     const struct firewall_entry *entry)
{
	const struct ip6t_ip6 *ip6 = (const void *)entry;
	const struct ipt_ip *ip = (const void *)entry;

	if (family == FIREWALL_IPV6)
		return (struct firewall_header){
			.in = ip6->iniface,
			.out = ip6->outiface,
			.in_mask = ip6->iniface_mask,
			.out_mask = ip6->outiface_mask,
			.source = {.v6 = ip6->src},
			.source_mask = {.v6 = ip6->smsk},
			.destination = {.v6 = ip6->dst},
			.destination_mask = {.v6 = ip6->dmsk},
			.protocol = ip6->proto,
			.inverted = ip6->invflags,
			.is_goto = ip6->flags & IP6T_F_GOTO,
		};
	return (struct firewall_header){
		.in = ip->iniface,
		.out = ip->outiface,
		.in_mask = ip->iniface_mask,
		.out_mask = ip->outiface_mask,
		.source = {.v4 = ip->src},
		.source_mask = {.v4 = ip->smsk},
		.destination = {.v4 = ip->dst},
		.destination_mask = {.v4 = ip->dmsk},
		.protocol = ip->proto,
		.inverted = ip->invflags,
		.fragment = ip->flags & IPT_F_FRAG,
		.is_goto = ip->flags & IPT_F_GOTO,
	};
}

const struct xt_entry_match *firewall_entry_next(enum firewall_family family,
						 const struct firewall_entry *entry,
						 const struct xt_entry_match *match)
{
	const char *begin = (const char *)entry;
	const char *next = match ? (const char *)match + match->u.match_size
				 : begin + layouts[family].parts;

	return next < begin + read_common(family, entry)->target_offset ? (const void *)next : NULL;
}
